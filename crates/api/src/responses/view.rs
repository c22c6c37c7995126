//! Responses and answers as the interface shows them and takes them in.

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::answer::{Answer, AnswerInput, Content, NumberInput, NumberValue, Row, Source};
use ahq_domain::compilation::Submitted;
use ahq_domain::dissemination::{Circle, Seen, seen};
use ahq_domain::erasure::tombstone;
use ahq_domain::question::{Key, Question};
use ahq_domain::response::{Position, Response};
use ahq_exchange::responses::DraftAnswer;
use ahq_exchange::responses::{ResponseDetail, ResponseList};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::attachments::view::AttachmentView;
use crate::words::{ApprovalWord, CircleWord, InsteadWord, NumberFlagWord, ResponseStatusWord, YesNoWord};

/// Where an answer comes from.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Source)]
pub(crate) struct SourceView {
    /// Its title.
    #[schema(min_length = 1, max_length = 1000)]
    title: String,
    /// Its address, http or https.
    #[schema(max_length = 2000, example = "https://example.org/report")]
    address: Option<String>,
}

/// A number: exactly one of value, fewerThan and confidential.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Number)]
pub(crate) struct NumberView {
    /// The number, as a decimal string: nothing is rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1250", max_length = 30)]
    value: Option<String>,
    /// Fewer than this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "5", max_length = 30)]
    fewer_than: Option<String>,
    /// Known, and confidential.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    confidential: bool,
    /// How sure it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<NumberFlagWord>,
}

/// A row of a table: its title and one cell for each column, empty where nothing is known.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Row)]
pub(crate) struct RowView {
    /// The title of the row.
    #[schema(max_length = 1000)]
    title: String,
    /// One cell for each column.
    #[schema(max_items = 40)]
    cells: Vec<String>,
}

/// An answer. Its question's kind decides which of text, yesNo, choices, number, date and rows belongs to it; a
/// word in `instead` may stand in place of any.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Answer, example = json!({"circle": "network", "yesNo": "partly", "comment": "Only in the capital."}))]
pub(crate) struct AnswerBody {
    /// How far it may go; the default of the query where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    circle: Option<CircleWord>,
    /// The ground of a restriction (Regulation (EC) No 1049/2001, Article 4). A restriction does not by itself
    /// exclude disclosure under that Regulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    ground: Option<String>,
    /// The day its facts are true of.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    sources: Vec<SourceView>,
    /// The files beside it; they come and go by its attachments, not with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(read_only)]
    attachments: Vec<AttachmentView>,
    /// A word that stands instead of an answer, with its note in `comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<InsteadWord>,
    /// To a text question, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20000)]
    text: Option<String>,
    /// To a yes_no question.
    #[serde(skip_serializing_if = "Option::is_none")]
    yes_no: Option<YesNoWord>,
    /// To a choice: ids of options.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 40)]
    choices: Option<Vec<String>>,
    /// To a number question.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<NumberView>,
    /// To a date question.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<NaiveDate>,
    /// To a table question.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 500)]
    rows: Option<Vec<RowView>>,
    /// More about it, in Markdown; not for text questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    comment: Option<String>,
}

impl From<AnswerBody> for AnswerInput {
    fn from(body: AnswerBody) -> Self {
        Self {
            circle: body.circle.map(Into::into),
            ground: body.ground,
            as_of: body.as_of,
            sources: body
                .sources
                .into_iter()
                .map(|source| Source {
                    title: source.title,
                    address: source.address,
                })
                .collect(),
            instead: body.instead.map(Into::into),
            text: body.text,
            yes_no: body.yes_no.map(Into::into),
            choices: body.choices,
            number: body.number.map(|number| NumberInput {
                value: number.value,
                fewer_than: number.fewer_than,
                confidential: number.confidential,
                flag: number.flag.map(Into::into),
            }),
            date: body.date,
            rows: body.rows.map(|rows| {
                rows.into_iter()
                    .map(|row| Row {
                        title: row.title,
                        cells: row.cells,
                    })
                    .collect()
            }),
            comment: body.comment,
        }
    }
}

impl From<AnswerInput> for AnswerBody {
    fn from(input: AnswerInput) -> Self {
        let source = |source: Source| SourceView {
            title: source.title,
            address: source.address,
        };
        let row = |row: Row| RowView {
            title: row.title,
            cells: row.cells,
        };
        Self {
            circle: input.circle.map(Into::into),
            ground: input.ground,
            as_of: input.as_of,
            sources: input.sources.into_iter().map(source).collect(),
            attachments: Vec::new(),
            instead: input.instead.map(Into::into),
            text: input.text,
            yes_no: input.yes_no.map(Into::into),
            choices: input.choices,
            number: input.number.map(|number| NumberView {
                value: number.value,
                fewer_than: number.fewer_than,
                confidential: number.confidential,
                flag: number.flag.map(Into::into),
            }),
            date: input.date,
            rows: input.rows.map(|rows| rows.into_iter().map(row).collect()),
            comment: input.comment,
        }
    }
}

impl From<&Answer> for AnswerBody {
    fn from(answer: &Answer) -> Self {
        let mut body = Self {
            circle: Some(answer.circle.into()),
            ground: answer.ground.clone(),
            as_of: answer.as_of,
            sources: answer
                .sources
                .iter()
                .map(|source| SourceView {
                    title: source.title.clone(),
                    address: source.address.clone(),
                })
                .collect(),
            attachments: answer.attachments.iter().map(Into::into).collect(),
            ..Self::default()
        };
        let comment = match &answer.content {
            Content::Instead { word, note } => {
                body.instead = Some((*word).into());
                note
            }
            Content::Text { text } => {
                body.text = Some(text.as_str().to_owned());
                &None
            }
            Content::YesNo { value, comment } => {
                body.yes_no = Some((*value).into());
                comment
            }
            Content::Choice { options, comment } => {
                body.choices = Some(options.iter().map(ToString::to_string).collect());
                comment
            }
            Content::Number { value, flag, comment } => {
                body.number = Some(number_view(value, flag.map(Into::into)));
                comment
            }
            Content::Date { date, comment } => {
                body.date = Some(*date);
                comment
            }
            // Its row says so.
            Content::Erased { .. } => &None,
            Content::Table { rows, comment } => {
                let views = rows.iter().map(|row| RowView {
                    title: row.title.clone(),
                    cells: row.cells.clone(),
                });
                body.rows = Some(views.collect());
                comment
            }
        };
        body.comment = comment.as_ref().map(|comment| comment.as_str().to_owned());
        body
    }
}

fn number_view(value: &NumberValue, flag: Option<NumberFlagWord>) -> NumberView {
    let mut view = NumberView {
        flag,
        ..NumberView::default()
    };
    match value {
        NumberValue::Exactly(number) => view.value = Some(number.to_string()),
        NumberValue::FewerThan(number) => view.fewer_than = Some(number.to_string()),
        NumberValue::Confidential => view.confidential = true,
    }
    view
}

/// What a row of a submitted response shows.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Shown)]
pub(crate) enum ShownWord {
    /// An answer.
    Answer,
    /// The question was not asked after an earlier answer.
    Skipped,
    /// An optional question was left open.
    None,
    /// There is something that is not for you.
    Restricted,
    /// The answer is suspended: nobody but its office reads it.
    Suspended,
    /// The answer was erased on a written order.
    Erased,
}

/// One row of a submitted response.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResponseRow)]
pub(crate) struct RowOfResponse {
    /// The question.
    question: String,
    /// What the row shows.
    shown: ShownWord,
    /// "Yes" or "No", as the network prints it.
    wider_dissemination: String,
    /// Whether the answer was given to an earlier wording of the question, and is neither amended nor confirmed since.
    earlier_wording: bool,
    /// The revision of the question that the answer was given to or confirmed for, where the row shows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i32>,
    /// The answer, where the row shows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerBody>,
    /// What stands in place of an answer that was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Content erased on 4 December 2026.")]
    erased: Option<String>,
}

impl RowOfResponse {
    fn suspended(question: &Question) -> Self {
        Self {
            question: question.id.to_string(),
            shown: ShownWord::Suspended,
            wider_dissemination: Circle::Requester.wider_dissemination().to_owned(),
            earlier_wording: false,
            revision: None,
            answer: None,
            erased: None,
        }
    }
}

/// An answer of the draft.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DraftAnswer)]
pub(crate) struct DraftAnswerView {
    /// The question.
    question: String,
    /// Raised by each change of this answer.
    version: i64,
    /// When it was last changed.
    changed_at: DateTime<Utc>,
    /// The revision of the question that the answer was given to or confirmed for.
    revision: i32,
    /// Whether that is an earlier wording: submitted as it is, the answer is marked so.
    earlier_wording: bool,
    /// The answer.
    answer: AnswerBody,
    /// Which contribution it began with; it is never submitted or printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    contributed: Option<ContributedView>,
}

/// Who outside your office proposed an answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Contributed)]
pub(crate) struct ContributedView {
    /// The expert's name or mail address.
    by: String,
    /// When it was handed in.
    at: DateTime<Utc>,
}

impl DraftAnswerView {
    /// The answer to one of these questions.
    pub(crate) fn of(questions: &[Question], draft: &DraftAnswer) -> Self {
        let mut asked = questions.iter();
        let question = asked.find(|question| question.id == draft.answer.question);
        Self {
            question: draft.answer.question.to_string(),
            version: draft.version,
            changed_at: draft.changed,
            revision: draft.answer.revision,
            earlier_wording: question.is_some_and(|question| draft.answer.is_to_earlier(question)),
            answer: (&draft.answer).into(),
            contributed: draft.contributed.as_ref().map(|contributed| ContributedView {
                by: contributed.by.clone(),
                at: contributed.at,
            }),
        }
    }

    /// Its version, for the ETag.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }
}

/// The response of one office.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Response)]
pub(crate) struct ResponseView {
    /// Its id.
    id: Uuid,
    /// Raised by each change of the draft or the position; for the own office only.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// The query.
    query: Uuid,
    /// The office.
    office: String,
    /// Where it stands.
    status: ResponseStatusWord,
    /// The number of the version in force.
    submitted_version: Option<i32>,
    /// When that version was submitted.
    submitted_at: Option<DateTime<Utc>>,
    /// When the first version was submitted.
    first_submitted_at: Option<DateTime<Utc>>,
    /// Whether the first version came after the latest date granted.
    late: bool,
    /// When and why it was declined.
    declined: Option<DeclinedView>,
    /// When and why it was retracted, until it is submitted again.
    retracted: Option<DeclinedView>,
    /// The rows of the version in force; none before the first, and none while they are not yet for you.
    rows: Option<Vec<RowOfResponse>>,
    /// The draft; for the own office only.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<Vec<DraftAnswerView>>,
    /// Whether the draft needs approval, and who asked for it; for the own office only.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalView>,
    /// What you may do with it now.
    actions: Vec<String>,
}

/// Whether a draft needs approval before it is submitted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Approval)]
pub(crate) struct ApprovalView {
    /// Whether the rule is in force today.
    rule: ApprovalWord,
    /// When approval of the draft was asked for; each change of the draft takes that back.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_at: Option<DateTime<Utc>>,
    /// The id of the user who asked: another coordinator submits.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<Uuid>,
}

/// When and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Declined)]
pub(crate) struct DeclinedView {
    /// When.
    at: DateTime<Utc>,
    /// Why; for the own office, the requesters and the Commission.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl DeclinedView {
    pub(crate) fn new(at: DateTime<Utc>, reason: &str) -> Self {
        Self {
            at,
            reason: Some(reason.to_owned()),
        }
    }
}

impl ResponseView {
    /// Its version, for the ETag.
    pub(crate) fn version(&self) -> Option<i64> {
        self.version
    }

    /// The head, for a reader of `circle`; the own office (none) reads all of its own.
    fn head(response: &Response, circle: Option<Circle>) -> Self {
        let mut view = Self {
            id: response.id.0,
            version: circle.is_none().then_some(response.version),
            query: response.query.0,
            office: response.office.to_string(),
            status: response.status().into(),
            submitted_version: None,
            submitted_at: None,
            first_submitted_at: response.first_submitted,
            late: response.late,
            declined: None,
            retracted: None,
            rows: None,
            draft: None,
            approval: None,
            actions: Vec::new(),
        };
        match &response.position {
            Position::Drafting { retracted } => {
                view.retracted = retracted.as_ref().map(|retraction| DeclinedView {
                    at: retraction.at,
                    reason: Some(retraction.note.clone()),
                });
            }
            Position::Submitted { version, at, .. } => {
                view.submitted_version = Some(*version);
                view.submitted_at = Some(*at);
            }
            Position::Declined { at, .. } => {
                view.declined = Some(DeclinedView {
                    at: *at,
                    reason: response.declined_because(circle).map(str::to_owned),
                });
            }
        }
        view
    }
}

/// The rows of submitted answers for a reader of `circle`; the own office (none) reads all of its own. What is suspended is
/// not among the answers.
pub(crate) fn rows(
    questions: &[Question],
    answers: &[Answer],
    circle: Option<Circle>,
    suspended: &BTreeSet<Key>,
) -> Vec<RowOfResponse> {
    seen(questions, answers, circle.unwrap_or(Circle::Requester))
        .into_iter()
        .map(|(question, seen)| {
            if suspended.contains(&question.id) {
                return RowOfResponse::suspended(question);
            }
            let erased = match seen {
                Seen::Answer(answer, _) => answer.erased().map(tombstone),
                _ => None,
            };
            let (shown, answer) = match seen {
                Seen::Answer(..) if erased.is_some() => (ShownWord::Erased, None),
                Seen::Answer(answer, circle) => (ShownWord::Answer, Some((answer, circle))),
                Seen::Skipped => (ShownWord::Skipped, None),
                Seen::None => (ShownWord::None, None),
                Seen::Restricted => (ShownWord::Restricted, None),
            };
            let wider = match seen {
                _ if erased.is_some() => Circle::Requester.wider_dissemination(),
                Seen::Answer(_, circle) => circle.wider_dissemination(),
                Seen::Restricted => Circle::Requester.wider_dissemination(),
                Seen::Skipped | Seen::None => Circle::Public.wider_dissemination(),
            };
            RowOfResponse {
                question: question.id.to_string(),
                shown,
                wider_dissemination: wider.to_owned(),
                earlier_wording: answer.is_some_and(|(answer, _)| answer.is_to_earlier(question)),
                revision: answer.map(|(answer, _)| answer.revision),
                answer: answer.map(|(answer, circle)| AnswerBody {
                    circle: Some(circle.into()),
                    ..answer.into()
                }),
                erased,
            }
        })
        .collect()
}

impl From<ResponseDetail> for ResponseView {
    fn from(detail: ResponseDetail) -> Self {
        let mut view = Self::head(&detail.response, detail.circle);
        view.rows = detail.submitted.map(|submitted: Submitted| {
            rows(
                &detail.query.questions,
                &submitted.answers,
                detail.circle,
                &detail.suspended,
            )
        });
        let questions = &detail.query.questions;
        let drafted = |draft: Vec<DraftAnswer>| {
            draft
                .iter()
                .map(|draft| DraftAnswerView::of(questions, draft))
                .collect()
        };
        view.draft = detail.draft.map(drafted);
        let asked = detail.response.asked;
        view.approval = detail.approval.map(|rule| ApprovalView {
            rule: rule.into(),
            asked_at: asked.map(|asked| asked.at),
            asked_by: asked.and_then(|asked| asked.by).map(|user| user.0),
        });
        view.actions = detail.actions.into_iter().map(str::to_owned).collect();
        view
    }
}

/// The responses to a query that you may know of.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Responses)]
pub(crate) struct ResponsesView {
    /// One for each office that has answered or declined, and your own; by code.
    items: Vec<ResponseView>,
}

impl From<ResponseList> for ResponsesView {
    fn from(list: ResponseList) -> Self {
        let questions = &list.query.questions;
        Self {
            items: list
                .items
                .iter()
                .map(|(response, submitted)| {
                    let circle = (list.own.as_ref() != Some(&response.office)).then_some(list.circle);
                    let suspended = match circle {
                        Some(_) => list.query.held_answers(&response.office),
                        None => BTreeSet::new(),
                    };
                    let mut view = ResponseView::head(response, circle);
                    view.rows = submitted
                        .as_ref()
                        .map(|submitted| rows(questions, &submitted.answers, circle, &suspended));
                    view
                })
                .collect(),
        }
    }
}

/// The draft of a response: answers by the id of their question.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ResponseDraft, example = json!({"answers": {
    "q1": {"yesNo": "yes", "comment": "Since 2019."},
    "q2": {"circle": "network", "number": {"value": "1250", "flag": "estimate"}}
}}))]
pub(crate) struct ResponseDraftBody {
    /// The answers by the id of their question; what is left out is removed from the draft.
    pub(crate) answers: BTreeMap<String, AnswerBody>,
}

/// A change of how far submitted answers go.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CircleChange, example = json!({"circle": "network", "questions": ["q2"]}))]
pub(crate) struct CircleBody {
    /// How far they may go from now on.
    pub(crate) circle: CircleWord,
    /// The ids of the questions meant; all of them where it is left out.
    #[schema(max_items = 20)]
    pub(crate) questions: Option<Vec<String>>,
}

/// One submitted version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResponseVersion)]
pub(crate) struct VersionView {
    /// Its number.
    pub(crate) number: i32,
    /// When it was submitted.
    pub(crate) submitted_at: DateTime<Utc>,
    /// Its rows, each answer in the narrower of its own and its present circle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<Vec<RowOfResponse>>,
}

/// The versions of a response, the oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResponseVersions)]
pub(crate) struct VersionsView {
    /// The versions.
    pub(crate) items: Vec<VersionView>,
}
