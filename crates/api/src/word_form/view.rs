//! What was read from a form, as the interface shows it.

use std::collections::BTreeMap;

use ahq_domain::word_form::QuestionReading;
use ahq_exchange::word_form::FormReading;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::FaultBody;
use crate::responses::view::AnswerBody;

/// What was read from a form. Nothing of it is saved.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FormReading, example = json!({
    "version": 3,
    "remarks": [],
    "questions": [
        {"question": "q1", "answer": {"yesNo": "yes", "comment": "Since 2019."}, "errors": [], "remarks": []},
        {"question": "q2", "answer": null, "errors": [], "remarks": ["These fields were deleted: the comment."]}
    ],
    "draft": {"answers": {"q1": {"yesNo": "yes", "comment": "Since 2019."}}}
}))]
pub(crate) struct FormReadingView {
    /// The version of the response, where it has been begun, or of the contribution: If-Match for saving the draft.
    version: Option<i64>,
    /// What concerns all questions.
    remarks: Vec<String>,
    /// The questions in their order.
    questions: Vec<QuestionReadingView>,
    /// The draft that PUT of the response or contribution would save: what was read, where it is an answer, and what has
    /// been drafted for the other questions.
    draft: ReadDraftView,
}

/// What was read for one question.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuestionReading)]
pub(crate) struct QuestionReadingView {
    /// Its id.
    question: String,
    /// What was filled in; null where everything was left empty, or is more than any answer may be.
    answer: Option<AnswerBody>,
    /// Why it is no answer yet, with pointers into the answer; then it is not in `draft`.
    errors: Vec<FaultBody>,
    /// What else you should know: what was left out, deleted, or could be meant otherwise.
    remarks: Vec<String>,
}

/// A draft that could be saved.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReadDraft)]
pub(crate) struct ReadDraftView {
    /// The answers by the id of their question.
    answers: BTreeMap<String, AnswerBody>,
}

impl From<FormReading> for FormReadingView {
    fn from(form: FormReading) -> Self {
        let kept = form
            .kept
            .iter()
            .map(|answer| (answer.question.to_string(), AnswerBody::from(answer)));
        let questions = form.reading.questions;
        let read = questions.iter().filter(|question| question.faults.is_empty());
        let read = read.filter_map(|question| {
            let answer = question.answer.clone()?;
            Some((question.question.to_string(), AnswerBody::from(answer)))
        });
        Self {
            version: form.version,
            remarks: form.reading.remarks,
            draft: ReadDraftView {
                answers: kept.chain(read).collect(),
            },
            questions: questions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<QuestionReading> for QuestionReadingView {
    fn from(reading: QuestionReading) -> Self {
        Self {
            question: reading.question.to_string(),
            answer: reading.answer.map(Into::into),
            errors: reading.faults.into_vec().into_iter().map(Into::into).collect(),
            remarks: reading.remarks,
        }
    }
}
