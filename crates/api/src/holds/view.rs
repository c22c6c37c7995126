//! Holds as the interface takes and shows them.

use ahq_domain::hold::{Held, HoldInput};
use ahq_exchange::holds::HoldDetail;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is to be suspended: answers of an office, or an edition.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = HoldDraft, example = json!({"office": "AT", "question": "q2", "reason": "It names a person."}))]
pub(crate) struct HoldBody {
    /// Why; the offices concerned are told.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The office whose answers are meant.
    office: Option<String>,
    /// The id of the question whose answer is meant; the whole response where it is left out.
    question: Option<String>,
    /// The number of the edition that is meant.
    #[schema(minimum = 1, maximum = 10000)]
    edition: Option<i32>,
}

impl From<HoldBody> for HoldInput {
    fn from(body: HoldBody) -> Self {
        Self {
            reason: body.reason,
            office: body.office,
            question: body.question,
            edition: body.edition,
        }
    }
}

/// A hold on answers or on an edition.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Hold)]
pub(crate) struct HoldView {
    /// Its id.
    id: Uuid,
    /// The office whose answers are suspended.
    #[schema(example = "AT")]
    office: Option<String>,
    /// The question whose answer is; none where the whole response is.
    question: Option<String>,
    /// The edition that is suspended, and those that took its place since.
    editions: Vec<i32>,
    /// Why.
    reason: String,
    /// When it was placed.
    placed_at: DateTime<Utc>,
    /// For which office.
    #[schema(example = "LU")]
    placed_by: String,
    /// When it was lifted; none while it is in force.
    lifted_at: Option<DateTime<Utc>>,
    /// For which office.
    lifted_by: Option<String>,
    /// What you may do with it now.
    #[schema(example = json!(["lift"]))]
    actions: Vec<String>,
}

impl From<HoldDetail> for HoldView {
    fn from(detail: HoldDetail) -> Self {
        let HoldDetail { hold, actions } = detail;
        let (office, question, editions) = match hold.held {
            Held::Response { office } => (Some(office), None, Vec::new()),
            Held::Answer { office, question } => (Some(office), Some(question), Vec::new()),
            Held::Edition { numbers } => (None, None, numbers),
        };
        Self {
            id: hold.id.0,
            office: office.map(|office| office.to_string()),
            question: question.map(|question| question.to_string()),
            editions,
            reason: hold.reason,
            placed_at: hold.at,
            placed_by: hold.by.to_string(),
            lifted_at: hold.lifted.as_ref().map(|lifted| lifted.at),
            lifted_by: hold.lifted.map(|lifted| lifted.by.to_string()),
            actions: actions.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Holds, in the order they were placed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Holds)]
pub(crate) struct HoldsView {
    /// The holds.
    pub(crate) items: Vec<HoldView>,
}
