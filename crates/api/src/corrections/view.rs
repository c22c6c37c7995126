//! Corrections as the interface takes and shows them.

use ahq_domain::correction::{ConfirmationInput, Correction, CorrectionInput, WordingInput};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A correction of a query's wording: of the background, of questions, or of both.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CorrectionDraft, example = json!({
    "reason": "The question asked for two years at once.",
    "questions": [{"id": "q2", "text": "How many were registered in 2025?"}]
}))]
pub(crate) struct CorrectionBody {
    /// Why, for all who are asked.
    #[schema(max_length = 2000)]
    reason: String,
    /// The new wording of the background, in Markdown; it stays where this is left out.
    #[schema(max_length = 20000)]
    background: Option<String>,
    /// The questions that get a new wording.
    #[serde(default)]
    #[schema(max_items = 20)]
    questions: Vec<WordingBody>,
}

/// The new wording of a question.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Wording)]
pub(crate) struct WordingBody {
    /// The id of the question.
    #[schema(example = "q2", max_length = 32)]
    id: String,
    /// Its wording, in Markdown.
    #[schema(max_length = 4000)]
    text: String,
}

impl From<CorrectionBody> for CorrectionInput {
    fn from(body: CorrectionBody) -> Self {
        Self {
            reason: body.reason,
            background: body.background,
            questions: body
                .questions
                .into_iter()
                .map(|wording| WordingInput {
                    id: wording.id,
                    text: wording.text,
                })
                .collect(),
        }
    }
}

/// A correction of a query's wording.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Correction)]
pub(crate) struct CorrectionView {
    /// Its id.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// Why.
    reason: String,
    /// The background, where it was corrected.
    background: Option<CorrectedBackgroundView>,
    /// The questions that were corrected.
    questions: Vec<CorrectedQuestionView>,
}

/// A background before and after its correction.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CorrectedBackground)]
pub(crate) struct CorrectedBackgroundView {
    /// The earlier wording; null where the query had no background.
    before: Option<String>,
    /// The wording since.
    after: String,
}

/// A question before and after its correction.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CorrectedQuestion)]
pub(crate) struct CorrectedQuestionView {
    /// Its id.
    #[schema(example = "q2")]
    question: String,
    /// The number of the new wording.
    #[schema(example = 2)]
    revision: i32,
    /// The earlier wording.
    before: String,
    /// The wording since.
    after: String,
}

impl From<Correction> for CorrectionView {
    fn from(correction: Correction) -> Self {
        Self {
            id: correction.id.0,
            at: correction.at,
            reason: correction.reason,
            background: correction.background.map(|background| CorrectedBackgroundView {
                before: background.before.map(String::from),
                after: background.after.into(),
            }),
            questions: correction
                .questions
                .into_iter()
                .map(|corrected| CorrectedQuestionView {
                    question: corrected.question.to_string(),
                    revision: corrected.revision,
                    before: corrected.before.into(),
                    after: corrected.after.into(),
                })
                .collect(),
        }
    }
}

/// The corrections of a query, the first one first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Corrections)]
pub(crate) struct CorrectionsView {
    /// The corrections.
    pub(crate) items: Vec<CorrectionView>,
}

/// The answers that stand after a correction.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Confirmation, example = json!({"questions": [{"id": "q2", "revision": 2}]}))]
pub(crate) struct ConfirmationBody {
    /// The questions whose answers stand.
    #[schema(max_items = 20)]
    questions: Vec<ConfirmedBody>,
}

/// An answer that stands.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ConfirmedAnswer)]
pub(crate) struct ConfirmedBody {
    /// The id of its question.
    #[schema(example = "q2", max_length = 32)]
    id: String,
    /// The revision of the question that you read.
    #[schema(example = 2, minimum = 1)]
    revision: i32,
}

impl ConfirmationBody {
    /// What is confirmed.
    pub(crate) fn inputs(self) -> Vec<ConfirmationInput> {
        self.questions
            .into_iter()
            .map(|confirmed| ConfirmationInput {
                id: confirmed.id,
                revision: confirmed.revision,
            })
            .collect()
    }
}
