//! Erasures as the interface takes and shows them.

use ahq_domain::erasure::{Erased, ErasureInput, Position};
use ahq_exchange::erasures::ErasureDetail;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is to be erased on a written order: answers of an office, or the summary of an edition.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ErasureDraft, example = json!({"order": "SP/2026/17", "query": "2026.81", "office": "AT", "question": "q2"}))]
pub(crate) struct ErasureBody {
    /// The reference by which the written order is found: it is kept for good, so it is nobody's name, and holds no `@`.
    #[schema(min_length = 1, max_length = 200)]
    order: String,
    /// Id or number of the query.
    query: String,
    /// The office whose answers are meant.
    office: Option<String>,
    /// The id of the question whose answer is meant; the whole response where it is left out.
    question: Option<String>,
    /// The number of the edition whose summary is meant.
    #[schema(minimum = 1, maximum = 10000)]
    edition: Option<i32>,
}

impl From<ErasureBody> for ErasureInput {
    fn from(body: ErasureBody) -> Self {
        Self {
            order: body.order,
            query: body.query,
            office: body.office,
            question: body.question,
            edition: body.edition,
        }
    }
}

/// Where an erasure stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ErasureStatus)]
pub(crate) enum ErasureStatusWord {
    /// Asked for: nothing is erased yet.
    Asked,
    /// Confirmed and carried out.
    Confirmed,
    /// Withdrawn.
    Withdrawn,
}

/// An erasure on a written order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Erasure)]
pub(crate) struct ErasureView {
    /// Its id.
    pub(crate) id: Uuid,
    /// Where it stands.
    status: ErasureStatusWord,
    /// The reference of the written order.
    #[schema(example = "SP/2026/17")]
    order: String,
    /// The query.
    query: Uuid,
    /// The office whose answers are meant.
    #[schema(example = "AT")]
    office: Option<String>,
    /// The question whose answer is; none where the whole response is.
    question: Option<String>,
    /// The edition whose summary is meant.
    edition: Option<i32>,
    /// When it was asked for.
    asked_at: DateTime<Utc>,
    /// The id of the user who asked: another coordinator confirms.
    asked_by: Uuid,
    /// When it was confirmed and carried out.
    confirmed_at: Option<DateTime<Utc>>,
    /// The id of the user who confirmed it.
    confirmed_by: Option<Uuid>,
    /// When it was withdrawn.
    withdrawn_at: Option<DateTime<Utc>>,
    /// The id of the user who withdrew it.
    withdrawn_by: Option<Uuid>,
    /// What you may do with it now.
    #[schema(example = json!(["confirm", "withdraw"]))]
    actions: Vec<String>,
}

impl From<ErasureDetail> for ErasureView {
    fn from(detail: ErasureDetail) -> Self {
        let ErasureDetail { erasure, actions } = detail;
        let (office, question, edition) = match erasure.erased {
            Erased::Response { office } => (Some(office), None, None),
            Erased::Answer { office, question } => (Some(office), Some(question), None),
            Erased::Summary { edition } => (None, None, Some(edition)),
        };
        let (status, confirmed, withdrawn) = match erasure.position {
            Position::Asked => (ErasureStatusWord::Asked, None, None),
            Position::Confirmed(deed) => (ErasureStatusWord::Confirmed, Some(deed), None),
            Position::Withdrawn(deed) => (ErasureStatusWord::Withdrawn, None, Some(deed)),
        };
        Self {
            id: erasure.id.0,
            status,
            order: erasure.order,
            query: erasure.query.0,
            office: office.map(|office| office.to_string()),
            question: question.map(|question| question.to_string()),
            edition,
            asked_at: erasure.asked.at,
            asked_by: erasure.asked.by.0,
            confirmed_at: confirmed.map(|deed| deed.at),
            confirmed_by: confirmed.map(|deed| deed.by.0),
            withdrawn_at: withdrawn.map(|deed| deed.at),
            withdrawn_by: withdrawn.map(|deed| deed.by.0),
            actions: actions.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Erasures, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Erasures)]
pub(crate) struct ErasuresView {
    /// The erasures.
    pub(crate) items: Vec<ErasureView>,
}
