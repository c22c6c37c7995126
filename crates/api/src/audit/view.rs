//! Audit events as the interface shows them.

use ahq_domain::id::UserId;
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Faults;
use ahq_exchange::audit::{Filter, Sealed};
use ahq_exchange::error::Error;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::page::default_limit;

/// Filters and page of the audit trail.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditKeys {
    /// Only what was done to this thing, and not to what belongs to it.
    #[param(
        example = "query/0199c1e2-7b5e-7d60-b2c3-3f9f6a1d2e4b",
        min_length = 1,
        max_length = 200
    )]
    subject: Option<String>,
    /// Only this.
    #[param(example = "query.launched", min_length = 1, max_length = 100)]
    action: Option<String>,
    /// Only what somebody of this office did.
    #[param(example = "LU", min_length = 2, max_length = 3)]
    office: Option<String>,
    /// Only what this user did.
    user: Option<Uuid>,
    /// From this moment on.
    #[param(example = "2026-11-03T08:00:00Z")]
    from: Option<DateTime<Utc>>,
    /// Until before this moment.
    #[param(example = "2026-12-01T00:00:00Z")]
    to: Option<DateTime<Utc>>,
    /// How many on a page.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: i64,
    /// Where the page begins, as `Link` gave it.
    #[param(max_length = 1000)]
    #[expect(dead_code, reason = "read by the page, named here so that it is a known key")]
    cursor: Option<String>,
}

impl AuditKeys {
    /// Which events are asked for.
    ///
    /// # Errors
    /// An office that is no code.
    pub(crate) fn filter(&self) -> Result<Filter, Error> {
        let mut faults = Faults::new();
        let office = self.office.as_deref().and_then(|code| {
            code.parse::<OfficeCode>()
                .map_err(|fault| faults.add("/query/office", "bad_office", format!("{fault}")))
                .ok()
        });
        Ok(faults.or(Filter {
            subject: self.subject.clone(),
            action: self.action.clone(),
            office,
            user: self.user.map(UserId),
            from: self.from,
            to: self.to,
            about_responses_of: None,
        })?)
    }
}

/// Filters and page of what was done with an office's responses.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfficeAuditKeys {
    /// Only this.
    #[param(example = "response.submitted", min_length = 1, max_length = 100)]
    action: Option<String>,
    /// From this moment on.
    #[param(example = "2026-11-03T08:00:00Z")]
    from: Option<DateTime<Utc>>,
    /// Until before this moment.
    #[param(example = "2026-12-01T00:00:00Z")]
    to: Option<DateTime<Utc>>,
    /// How many on a page.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: i64,
    /// Where the page begins, as `Link` gave it.
    #[param(max_length = 1000)]
    #[expect(dead_code, reason = "read by the page, named here so that it is a known key")]
    cursor: Option<String>,
}

impl OfficeAuditKeys {
    /// Which events are asked for.
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            action: self.action.clone(),
            from: self.from,
            to: self.to,
            ..Filter::default()
        }
    }
}

/// Audit events.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvents)]
pub(crate) struct AuditView {
    /// The events.
    items: Vec<AuditEventView>,
}

impl From<Vec<Sealed>> for AuditView {
    fn from(events: Vec<Sealed>) -> Self {
        Self {
            items: events.into_iter().map(Into::into).collect(),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub(crate) struct AuditEventView {
    /// Its number: the first event has 1, and none is left out.
    #[schema(example = 1204)]
    number: i64,
    /// Its id.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// Who did it; none for the program itself, for strangers, and for other offices than one's own.
    user: Option<Uuid>,
    /// For which office.
    #[schema(example = "LU")]
    office: Option<String>,
    /// What was done.
    #[schema(example = "query.launched")]
    action: String,
    /// To which thing.
    #[schema(example = "query/0199c1e2-7b5e-7d60-b2c3-3f9f6a1d2e4b")]
    subject: String,
    /// More about it.
    #[schema(value_type = Object, example = json!({"number": "2026.81"}))]
    facts: Value,
    /// The SHA-256 over the hash before it and the event, in hexadecimal digits.
    #[schema(example = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730")]
    hash: String,
}

impl From<Sealed> for AuditEventView {
    fn from(sealed: Sealed) -> Self {
        let event = sealed.event;
        Self {
            number: sealed.number,
            id: event.id.0,
            at: event.at,
            user: event.user.map(|user| user.0),
            office: event.office.map(|office| office.to_string()),
            action: event.action,
            subject: event.subject,
            facts: event.facts,
            hash: sealed.hash,
        }
    }
}
