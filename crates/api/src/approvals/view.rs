//! The settings of an office as the interface takes and shows them.

use ahq_domain::approval::OfficeSettings;
use ahq_exchange::approvals::SettingsDetail;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::ApprovalWord;

/// What an office settles for itself.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = OfficeSettingsDraft, example = json!({"approval": true, "secondFactor": true}))]
pub(crate) struct OfficeSettingsBody {
    /// Whether a response is submitted by another coordinator than whoever asked for approval.
    approval: bool,
    /// Whether all users of the office need a second factor; who has none is asked to set it up first.
    #[serde(default)]
    second_factor: bool,
}

impl From<OfficeSettingsBody> for OfficeSettings {
    fn from(body: OfficeSettingsBody) -> Self {
        Self {
            approval: body.approval,
            second_factor: body.second_factor,
        }
    }
}

/// What an office has settled for itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OfficeSettings)]
pub(crate) struct OfficeSettingsView {
    /// The office.
    #[schema(example = "LU")]
    office: String,
    /// Raised by each change.
    version: i64,
    /// Whether a response is submitted by another coordinator than whoever asked for approval.
    approval: bool,
    /// Whether all users of the office need a second factor.
    second_factor: bool,
    /// Whether the rule of approval is in force today.
    approval_rule: ApprovalWord,
    /// What you may do with it now.
    actions: Vec<String>,
}

impl OfficeSettingsView {
    /// Its version, for the ETag.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }
}

impl From<SettingsDetail> for OfficeSettingsView {
    fn from(detail: SettingsDetail) -> Self {
        Self {
            office: detail.office.to_string(),
            version: detail.version,
            approval: detail.settings.approval,
            second_factor: detail.settings.second_factor,
            approval_rule: detail.approval.into(),
            actions: detail.actions.into_iter().map(str::to_owned).collect(),
        }
    }
}
