//! Contributions as the interface takes and shows them.

use std::collections::BTreeMap;

use ahq_domain::answer::Answer;
use ahq_domain::contribution::{AskInput, Position};
use ahq_exchange::contributions::{ContributionDetail, ContributionForm};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::deliveries::view::DeliveryWord;
use crate::queries::view::QuestionView;
use crate::responses::view::{AnswerBody, DeclinedView};
use crate::words::ContributionStatusWord;

/// Whom to ask for what.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ContributionDraft, example = json!({
    "email": "anna.muster@police.example.org", "name": "Anna Muster", "questions": ["q3", "q4"],
    "replyBy": "2026-11-20", "note": "Figures for 2025 would be enough."
}))]
pub(crate) struct AskContributionBody {
    /// Where the link goes.
    #[schema(max_length = 254)]
    email: String,
    /// The expert's name.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// The ids of the questions.
    #[schema(min_items = 1, max_items = 20)]
    questions: Vec<String>,
    /// The inner deadline: the last day on which you would like to have it.
    reply_by: NaiveDate,
    /// What you say to the expert, in the mail and beside the questions.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

impl From<AskContributionBody> for AskInput {
    fn from(body: AskContributionBody) -> Self {
        Self {
            email: body.email,
            name: body.name,
            questions: body.questions,
            reply_by: body.reply_by,
            note: body.note,
        }
    }
}

/// Which proposals become part of the draft.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ContributionMerge, example = json!({"questions": ["q3"]}))]
pub(crate) struct MergeBody {
    /// The ids of the questions.
    #[schema(min_items = 1, max_items = 20)]
    pub(crate) questions: Vec<String>,
}

/// What an expert puts in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ContributionAnswers, example = json!({"answers": {"q3": {"text": "Since 2019, by the police."}}}))]
pub(crate) struct ContributionDraftBody {
    /// The answers by the id of their question; what is left out is removed.
    pub(crate) answers: BTreeMap<String, AnswerBody>,
}

/// A contribution, for the office that asked for it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Contribution)]
pub(crate) struct ContributionView {
    /// Its id.
    id: Uuid,
    /// Where it stands.
    status: ContributionStatusWord,
    /// Where the link was mailed.
    email: String,
    /// The expert's name.
    name: Option<String>,
    /// The ids of the questions.
    questions: Vec<String>,
    /// The inner deadline.
    reply_by: NaiveDate,
    /// The first instant at which the link does not work any more, unless it is revoked before.
    ends_at: DateTime<Utc>,
    /// What was said to the expert.
    note: Option<String>,
    /// When it was asked for.
    asked_at: DateTime<Utc>,
    /// The id of the user who asked.
    asked_by: Option<Uuid>,
    /// Where the mail with the link stands.
    mail: Option<DeliveryWord>,
    /// When it was handed in.
    returned_at: Option<DateTime<Utc>>,
    /// When and why the expert said that it is not for them.
    declined: Option<DeclinedView>,
    /// When the link was ended.
    revoked_at: Option<DateTime<Utc>>,
    /// The proposals by the id of their question; none before it was handed in.
    answers: BTreeMap<String, AnswerBody>,
    /// What is to be known about the inner deadline.
    warnings: Vec<String>,
    /// What you may do with it now.
    actions: Vec<String>,
}

fn answers(answers: &[Answer]) -> BTreeMap<String, AnswerBody> {
    let views = answers
        .iter()
        .map(|answer| (answer.question.to_string(), answer.into()));
    views.collect()
}

fn words(words: Vec<&'static str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// When it was handed in, and when and why it was declined.
fn facts(position: &Position) -> (Option<DateTime<Utc>>, Option<DeclinedView>) {
    match position {
        Position::Asked => (None, None),
        Position::Returned { at } => (Some(*at), None),
        Position::Declined { at, reason } => (None, Some(DeclinedView::new(*at, reason))),
    }
}

impl From<ContributionDetail> for ContributionView {
    fn from(detail: ContributionDetail) -> Self {
        let contribution = detail.contribution;
        let (returned_at, declined) = facts(&contribution.position);
        Self {
            id: contribution.id.0,
            status: detail.status.into(),
            ends_at: contribution.ends(),
            answers: answers(contribution.proposals()),
            email: contribution.email,
            name: contribution.name,
            questions: contribution.questions.iter().map(ToString::to_string).collect(),
            reply_by: contribution.reply_by,
            note: contribution.note,
            asked_at: contribution.asked,
            asked_by: contribution.asked_by.map(|user| user.0),
            mail: detail.mail.map(Into::into),
            returned_at,
            declined,
            revoked_at: contribution.revoked,
            warnings: detail.warnings,
            actions: words(detail.actions),
        }
    }
}

/// The contributions that an office asked for to a query, in that order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Contributions)]
pub(crate) struct ContributionsView {
    /// The contributions.
    pub(crate) items: Vec<ContributionView>,
}

/// A contribution, for whoever holds its link.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ContributionForm)]
pub(crate) struct ContributionFormView {
    /// Raised by each change.
    version: i64,
    /// Where it stands.
    status: ContributionStatusWord,
    /// The number of the query.
    #[schema(example = "2026.81")]
    number: Option<String>,
    /// Its title.
    title: String,
    /// Who requests it.
    #[schema(example = "EMN NCP Luxembourg")]
    requested_by: String,
    /// What it is about and why, in Markdown.
    background: Option<String>,
    /// Who asks you.
    #[schema(example = "EMN NCP Netherlands")]
    office: String,
    /// What they say to you.
    note: Option<String>,
    /// The last day on which they would like to have it.
    reply_by: NaiveDate,
    /// The first instant at which the link does not work any more.
    ends_at: DateTime<Utc>,
    /// The questions you are asked.
    questions: Vec<QuestionView>,
    /// What has been put in so far, by the id of its question.
    answers: BTreeMap<String, AnswerBody>,
    /// When it was handed in.
    returned_at: Option<DateTime<Utc>>,
    /// When and why you said that it is not for you.
    declined: Option<DeclinedView>,
    /// What you may do with it now.
    actions: Vec<String>,
}

impl ContributionFormView {
    /// Its version, for the ETag.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }
}

impl From<ContributionForm> for ContributionFormView {
    fn from(form: ContributionForm) -> Self {
        let contribution = form.contribution;
        let (returned_at, declined) = facts(&contribution.position);
        let asked = |id: &str| contribution.questions.iter().any(|question| question.as_str() == id);
        Self {
            version: contribution.version,
            status: form.status.into(),
            number: form.number,
            title: form.title,
            requested_by: form.requested_by,
            background: form.background,
            office: form.office,
            reply_by: contribution.reply_by,
            ends_at: contribution.ends(),
            questions: form
                .questions
                .iter()
                .map(|(number, question)| QuestionView::of(*number, question).with_condition_among(asked))
                .collect(),
            answers: answers(&contribution.answers),
            note: contribution.note,
            returned_at,
            declined,
            actions: words(form.actions),
        }
    }
}
