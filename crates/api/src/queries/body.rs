//! Queries as they come in.

use ahq_domain::draft::DraftInput;
use ahq_domain::launch::LaunchInput;
use ahq_domain::office::OfficeCode;
use ahq_domain::question::{AskIfInput, ChoiceInput, ColumnInput, QuestionInput};
use ahq_domain::refusal::Faults;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{AskIfView, ColumnWord};
use crate::words::{AddressedWord, AudienceWord, CircleWord, KindWord};

/// The content of a draft query.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = QueryDraft, example = json!({
    "title": "Missing unaccompanied minors",
    "background": "We are reviewing our procedures and want to learn from others.",
    "topics": ["unaccompanied_minors"],
    "questions": [
        {"id": "q1", "kind": "yes_no", "text": "Does your country register missing unaccompanied minors?"},
        {"id": "q2", "kind": "number", "text": "How many were registered?", "unit": "persons", "period": "2025",
         "askIf": {"question": "q1", "oneOf": ["yes", "partly"]}}
    ]
}))]
pub(crate) struct QueryDraftBody {
    /// The title; a typed prefix such as "Ad-Hoc Query on" is removed.
    #[schema(min_length = 1, max_length = 400)]
    title: String,
    /// On whose behalf, in free words.
    #[schema(max_length = 300)]
    originator: Option<String>,
    /// What the query is about and why, in Markdown.
    #[schema(max_length = 20000)]
    background: Option<String>,
    /// The wording of the background that may be public, where it differs.
    #[schema(max_length = 20000)]
    public_background: Option<String>,
    /// Never to be published.
    #[serde(default)]
    never_public: bool,
    /// Ids of one to three topics.
    #[serde(default)]
    #[schema(max_items = 3)]
    topics: Vec<String>,
    /// Free keywords.
    #[serde(default)]
    #[schema(max_items = 20)]
    keywords: Vec<String>,
    /// The circle an answer gets where its office names none; public unless said otherwise.
    default_circle: Option<CircleWord>,
    /// The questions in order; 20 at most, more than five are advised against.
    #[serde(default)]
    #[schema(max_items = 20)]
    questions: Vec<QuestionBody>,
    /// The deadline wished for; none for 20 working days from launch.
    deadline: Option<NaiveDate>,
    /// Why the query is urgent: needed at launch when fewer than ten working days are given.
    #[schema(max_length = 2000)]
    urgent_reason: Option<String>,
}

/// A question of a draft. Which other fields belong to it is decided by its kind.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = QuestionDraft)]
pub(crate) struct QuestionBody {
    /// Its stable id inside the query; given by the program where it is left out.
    #[schema(example = "q1", min_length = 1, max_length = 32, pattern = "^[a-z0-9_-]+$")]
    id: Option<String>,
    /// Its kind.
    kind: KindWord,
    /// Its wording, in Markdown.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// Whether a response is incomplete without it; true unless said otherwise.
    required: Option<bool>,
    /// Options of a single_choice or multiple_choice question.
    #[schema(max_items = 40)]
    options: Option<Vec<OptionBody>>,
    /// Unit of a number question.
    #[schema(example = "persons", max_length = 300)]
    unit: Option<String>,
    /// Reference period of a number question.
    #[schema(example = "2025", max_length = 300)]
    period: Option<String>,
    /// Columns of a table question.
    #[schema(max_items = 40)]
    columns: Option<Vec<ColumnBody>>,
    /// Row titles of a table question; left out where each office names its own.
    #[schema(max_items = 200)]
    rows: Option<Vec<String>>,
    /// Asked only if an earlier question has a certain answer.
    ask_if: Option<AskIfView>,
}

/// An option of a choice.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = OptionDraft)]
pub(crate) struct OptionBody {
    /// Its stable id; given by the program where it is left out.
    #[schema(min_length = 1, max_length = 32, pattern = "^[a-z0-9_-]+$")]
    id: Option<String>,
    /// Its text.
    #[schema(min_length = 1, max_length = 300)]
    text: String,
}

/// A column of a table.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ColumnDraft)]
pub(crate) struct ColumnBody {
    /// Its stable id; given by the program where it is left out.
    #[schema(min_length = 1, max_length = 32, pattern = "^[a-z0-9_-]+$")]
    id: Option<String>,
    /// Its title.
    #[schema(min_length = 1, max_length = 300)]
    title: String,
    /// What it holds.
    #[serde(rename = "type")]
    column_type: ColumnWord,
}

impl From<QueryDraftBody> for DraftInput {
    fn from(body: QueryDraftBody) -> Self {
        Self {
            originator: body.originator,
            title: body.title,
            background: body.background,
            public_background: body.public_background,
            never_public: body.never_public,
            topics: body.topics,
            keywords: body.keywords,
            default_circle: body.default_circle.map(Into::into),
            questions: body.questions.into_iter().map(Into::into).collect(),
            deadline: body.deadline,
            urgent_reason: body.urgent_reason,
        }
    }
}

impl From<QuestionBody> for QuestionInput {
    fn from(body: QuestionBody) -> Self {
        Self {
            id: body.id,
            kind: body.kind.into(),
            text: body.text,
            required: body.required.unwrap_or(true),
            options: body.options.map(|options| {
                options
                    .into_iter()
                    .map(|option| ChoiceInput {
                        id: option.id,
                        text: option.text,
                    })
                    .collect()
            }),
            unit: body.unit,
            period: body.period,
            columns: body.columns.map(|columns| {
                columns
                    .into_iter()
                    .map(|column| ColumnInput {
                        id: column.id,
                        title: column.title,
                        column_type: column.column_type.into(),
                    })
                    .collect()
            }),
            rows: body.rows,
            ask_if: body.ask_if.map(|condition| AskIfInput {
                question: condition.question,
                one_of: condition.one_of,
            }),
        }
    }
}

/// Whom a launch addresses, and who makes up the network.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Launch, example = json!({"addressed": "members_and_observers"}))]
pub(crate) struct LaunchBody {
    /// All members, members and observers, or a chosen list.
    addressed: AddressedWord,
    /// The chosen list, with `addressed: list`.
    #[serde(default)]
    #[schema(max_items = 100, example = json!([]))]
    offices: Vec<String>,
    /// Whether the Commission is asked too.
    #[serde(default)]
    commission: bool,
    /// Which offices make up the network; by default members and observers when observers are asked, else members.
    audience: Option<AudienceWord>,
}

impl LaunchBody {
    /// The launch it asks for.
    ///
    /// # Errors
    /// Each text that is no office code.
    pub(crate) fn parse(self) -> Result<LaunchInput, Faults> {
        let mut faults = Faults::new();
        let mut offices = Vec::new();
        for (index, code) in self.offices.iter().enumerate() {
            match code.parse::<OfficeCode>() {
                Ok(code) => offices.push(code),
                Err(fault) => faults.add(format!("/offices/{index}"), "bad_office", fault.to_string()),
            }
        }
        faults.or(LaunchInput {
            addressed: self.addressed.into(),
            offices,
            commission: self.commission,
            audience: self.audience.map(Into::into),
        })
    }
}

/// A reason that those concerned will read.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Reason, example = json!({"reason": "Every expected office has answered."}))]
pub(crate) struct ReasonBody {
    /// The reason.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: String,
}

/// A later deadline for all.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ExtensionDraft, example = json!({"deadline": "2026-12-18", "reason": "Several offices asked for a week more."}))]
pub(crate) struct ExtensionBody {
    /// The new deadline.
    pub(crate) deadline: NaiveDate,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: String,
}

/// An office to ask jointly.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JointInvitation, example = json!({"office": "NL"}))]
pub(crate) struct JointBody {
    /// Its code.
    #[schema(example = "NL", min_length = 2, max_length = 3)]
    pub(crate) office: String,
}
