//! Requests for a later deadline as the interface takes and shows them.

use ahq_domain::extension::ExtensionRequest;
use ahq_exchange::extensions::AnswerInput;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::OutcomeWord;

/// A request for a later deadline.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ExtensionRequestDraft, example = json!({"deadline": "2026-12-18", "reason": "The ministry answers in a week."}))]
pub(crate) struct AskBody {
    /// The last day your office would like to have.
    pub(crate) deadline: NaiveDate,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: String,
}

/// What the requesting office answers.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ExtensionAnswerDraft, example = json!({"outcome": "granted", "deadline": "2026-12-16"}))]
pub(crate) struct ExtensionAnswerBody {
    /// What becomes of the request.
    outcome: OutcomeWord,
    /// The date to grant; the one proposed where it is left out.
    deadline: Option<NaiveDate>,
    /// What you say to it; for `granted_to_all` the reason that all are told.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

impl From<ExtensionAnswerBody> for AnswerInput {
    fn from(body: ExtensionAnswerBody) -> Self {
        Self {
            outcome: body.outcome.into(),
            deadline: body.deadline,
            note: body.note,
        }
    }
}

/// A request of an office for a later deadline.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExtensionRequest)]
pub(crate) struct ExtensionRequestView {
    /// Its id.
    id: Uuid,
    /// Who asks.
    #[schema(example = "PL")]
    office: String,
    /// The last day it would like to have.
    proposed: NaiveDate,
    /// Why.
    reason: String,
    /// When it asked.
    asked_at: DateTime<Utc>,
    /// What was answered; none while it waits.
    answer: Option<ExtensionAnswerView>,
}

/// The answer to a request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExtensionAnswer)]
pub(crate) struct ExtensionAnswerView {
    /// When.
    at: DateTime<Utc>,
    /// What became of the request.
    outcome: OutcomeWord,
    /// The date that was granted.
    deadline: Option<NaiveDate>,
    /// What the requesting office said to it.
    note: Option<String>,
}

impl From<ExtensionRequest> for ExtensionRequestView {
    fn from(request: ExtensionRequest) -> Self {
        Self {
            id: request.id.0,
            office: request.office.to_string(),
            proposed: request.proposed,
            reason: request.reason,
            asked_at: request.asked,
            answer: request.answer.map(|answer| ExtensionAnswerView {
                at: answer.at,
                outcome: answer.outcome.into(),
                deadline: answer.deadline,
                note: answer.note,
            }),
        }
    }
}

/// Requests for a later deadline, in the order they were made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExtensionRequests)]
pub(crate) struct ExtensionRequestsView {
    /// The requests.
    pub(crate) items: Vec<ExtensionRequestView>,
}
