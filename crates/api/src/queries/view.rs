//! Queries as the interface shows them.

use ahq_domain::query::{Addressee, Life, Query};
use ahq_domain::question::{ColumnType, Kind, Question};
use ahq_exchange::queries::QueryDetail;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::{AudienceWord, CircleWord, KindWord, ResponseStatusWord, StandingWord, StatusWord};

/// A query: background, questions, addressees, deadline.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Query)]
pub(crate) struct QueryView {
    /// Its id.
    id: Uuid,
    /// Raised by each change of the query itself; responses do not raise it.
    #[schema(example = 3)]
    version: i64,
    /// `YEAR.SEQUENCE`, given at launch. Past queries may have none.
    #[schema(example = "2026.81")]
    number: Option<String>,
    /// Where it stands now, computed from its facts and the clock.
    status: StatusWord,
    /// The title, without a prefix such as "Ad-Hoc Query on".
    title: String,
    /// The requesting office.
    #[schema(example = "LU")]
    lead: String,
    /// Offices that ask jointly; after launch only those that accepted.
    joint: Vec<JointView>,
    /// On whose behalf, in free words.
    originator: Option<String>,
    /// What the query is about and why, in Markdown.
    background: Option<String>,
    /// The wording of the background that may be public, where it differs.
    public_background: Option<String>,
    /// Never to be published.
    never_public: bool,
    /// Ids of topics.
    topics: Vec<String>,
    /// Free keywords.
    keywords: Vec<String>,
    /// The circle an answer gets where its office names none.
    default_circle: CircleWord,
    /// The questions in order.
    questions: Vec<QuestionView>,
    /// The deadline: of a draft the one wished for, none for 20 working days from launch.
    deadline: Option<NaiveDate>,
    /// The first instant after the deadline: midnight in Brussels. What arrives before is on time.
    deadline_ends: Option<DateTime<Utc>>,
    /// Why the query is urgent.
    urgent_reason: Option<String>,
    /// The day it was requested, in Brussels.
    requested_on: Option<NaiveDate>,
    /// When it was launched.
    launched_at: Option<DateTime<Utc>>,
    /// Which offices make up the network for this query.
    audience: Option<AudienceWord>,
    /// Who was asked, and who has answered.
    addressees: Vec<AddresseeView>,
    /// Later deadlines for all, in order.
    extensions: Vec<ExtensionView>,
    /// Closed before its deadline.
    closed_early: Option<ReasonedView>,
    /// Withdrawn.
    withdrawn: Option<ReasonedView>,
    /// The newest edition.
    last_edition: Option<LastEditionView>,
    /// The publication announced or in force.
    publication: Option<PublicationView>,
    /// What is known of an imported past query; its responses are not held.
    imported: Option<ImportedView>,
    /// When it was first saved.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    changed_at: DateTime<Utc>,
    /// What you may do with it now.
    #[schema(example = json!(["respond"]))]
    actions: Vec<String>,
}

/// An office that asks jointly with the lead.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JointOffice)]
pub(crate) struct JointView {
    /// The office.
    office: String,
    /// When the lead invited it.
    invited_at: DateTime<Utc>,
    /// When it accepted.
    accepted_at: Option<DateTime<Utc>>,
}

/// An option of a choice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Option)]
pub(crate) struct OptionView {
    /// Its stable id.
    id: String,
    /// Its text.
    text: String,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Column)]
pub(crate) struct ColumnView {
    /// Its stable id.
    id: String,
    /// Its title.
    title: String,
    /// What it holds.
    #[serde(rename = "type")]
    column_type: ColumnWord,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ColumnType)]
pub(crate) enum ColumnWord {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
}

impl From<ColumnType> for ColumnWord {
    fn from(column: ColumnType) -> Self {
        match column {
            ColumnType::Text => Self::Text,
            ColumnType::Number => Self::Number,
        }
    }
}

impl From<ColumnWord> for ColumnType {
    fn from(column: ColumnWord) -> Self {
        match column {
            ColumnWord::Text => Self::Text,
            ColumnWord::Number => Self::Number,
        }
    }
}

/// Under which earlier answer a question is asked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AskIf)]
pub(crate) struct AskIfView {
    /// The id of an earlier question.
    #[schema(example = "q1", max_length = 32)]
    pub(crate) question: String,
    /// Its answers of which one is needed: yes, no, partly, unknown, or ids of options.
    #[schema(example = json!(["yes", "partly"]), min_items = 1, max_items = 40)]
    pub(crate) one_of: Vec<String>,
}

/// A question.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Question)]
pub(crate) struct QuestionView {
    /// Its stable id inside the query.
    id: String,
    /// Its place, from 1 on.
    number: usize,
    /// Its kind.
    kind: KindWord,
    /// Its wording in force, in Markdown.
    text: String,
    /// The number of that wording: 1 until it is corrected.
    revision: i32,
    /// Whether a response is incomplete without it.
    required: bool,
    /// Options of a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<OptionView>>,
    /// Unit of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// Reference period of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<String>,
    /// Columns of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<ColumnView>>,
    /// Row titles of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<String>>,
    /// Its condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    ask_if: Option<AskIfView>,
}

/// An office asked to answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Addressee)]
pub(crate) struct AddresseeView {
    /// The office.
    office: String,
    /// Its standing at launch.
    standing: StandingWord,
    /// Whether its answer is expected: members yes, others no.
    expected: bool,
    /// When it was told.
    told_at: DateTime<Utc>,
    /// A later date agreed with this office alone.
    agreed_on: Option<NaiveDate>,
    /// What it has done; none while it is silent or drafting.
    response: Option<AnsweredView>,
}

/// How far an office has come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Answered)]
pub(crate) struct AnsweredView {
    /// Submitted or declined.
    status: ResponseStatusWord,
    /// When.
    at: DateTime<Utc>,
    /// Whether its first version came after the latest date granted.
    late: bool,
}

/// A later deadline for all.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Extension)]
pub(crate) struct ExtensionView {
    /// When it was given.
    at: DateTime<Utc>,
    /// The deadline before.
    from: NaiveDate,
    /// The deadline after.
    to: NaiveDate,
    /// Why.
    reason: String,
}

/// Something done at a moment, for a reason.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reasoned)]
pub(crate) struct ReasonedView {
    /// When.
    at: DateTime<Utc>,
    /// Why.
    reason: String,
}

/// The newest edition.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LastEdition)]
pub(crate) struct LastEditionView {
    /// Its number.
    number: i32,
    /// When it was made.
    at: DateTime<Utc>,
}

/// A publication.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Publication)]
pub(crate) struct PublicationView {
    /// The edition whose public view it is.
    edition: i32,
    /// When it was announced to the respondents.
    announced_at: DateTime<Utc>,
    /// From when on it is public.
    public_from: DateTime<Utc>,
}

/// What is known of an imported past query.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Imported)]
pub(crate) struct ImportedView {
    /// The day its compilation bears.
    compiled_on: Option<NaiveDate>,
    /// Who answered.
    respondents: Vec<String>,
    /// Where the facts come from, and what is not known.
    note: String,
}

impl From<QueryDetail> for QueryView {
    fn from(detail: QueryDetail) -> Self {
        let QueryDetail {
            query,
            status,
            responses,
            actions,
        } = detail;
        let mut view = Self::of(query, status.into());
        for addressee in &mut view.addressees {
            addressee.response = responses
                .iter()
                .find(|(office, _)| office.as_str() == addressee.office)
                .map(|(_, standing)| AnsweredView {
                    status: standing.status.into(),
                    at: standing.at,
                    late: standing.late,
                });
        }
        view.actions = actions.into_iter().map(str::to_owned).collect();
        view
    }
}

impl QueryView {
    /// Its version, for the ETag.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }

    /// Its id, for its address.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    fn of(query: Query, status: StatusWord) -> Self {
        let mut view = Self {
            id: query.id.0,
            version: query.version,
            number: query.number(),
            status,
            lead: query.lead.to_string(),
            joint: query
                .joint
                .iter()
                .map(|joint| JointView {
                    office: joint.office.to_string(),
                    invited_at: joint.invited,
                    accepted_at: joint.accepted,
                })
                .collect(),
            requested_on: query.requested_on(),
            questions: query
                .questions
                .iter()
                .enumerate()
                .map(|(index, question)| QuestionView::of(index + 1, question))
                .collect(),
            title: query.title,
            originator: query.originator,
            background: query.background.map(|text| text.as_str().to_owned()),
            public_background: query.public_background.map(|text| text.as_str().to_owned()),
            never_public: query.never_public,
            topics: query.topics,
            keywords: query.keywords,
            default_circle: query.default_circle.into(),
            deadline: None,
            deadline_ends: None,
            urgent_reason: None,
            launched_at: None,
            audience: None,
            addressees: Vec::new(),
            extensions: Vec::new(),
            closed_early: None,
            withdrawn: None,
            last_edition: None,
            publication: None,
            imported: None,
            created_at: query.created,
            changed_at: query.changed,
            actions: Vec::new(),
        };
        view.live(query.life);
        view
    }

    fn live(&mut self, life: Life) {
        let launched = match life {
            Life::Draft {
                deadline,
                urgent_reason,
            } => {
                self.deadline = deadline;
                self.urgent_reason = urgent_reason;
                return;
            }
            Life::Imported(imported) => {
                self.deadline = imported.reply_by;
                self.imported = Some(ImportedView {
                    compiled_on: imported.compiled_on,
                    respondents: imported.respondents.iter().map(ToString::to_string).collect(),
                    note: imported.note,
                });
                return;
            }
            Life::Launched(launched) => launched,
        };
        let reasoned = |reasoned: ahq_domain::query::Reasoned| ReasonedView {
            at: reasoned.at,
            reason: reasoned.reason,
        };
        self.deadline = Some(launched.deadline.date);
        self.deadline_ends = Some(launched.deadline.end);
        self.urgent_reason = launched.urgent_reason;
        self.launched_at = Some(launched.at);
        self.audience = Some(launched.audience.into());
        self.addressees = launched.addressees.into_iter().map(Into::into).collect();
        self.extensions = launched
            .extensions
            .into_iter()
            .map(|extension| ExtensionView {
                at: extension.at,
                from: extension.from,
                to: extension.to,
                reason: extension.reason,
            })
            .collect();
        self.closed_early = launched.closed_early.map(reasoned);
        self.withdrawn = launched.withdrawn.map(reasoned);
        self.last_edition = launched.last_edition.map(|edition| LastEditionView {
            number: edition.number,
            at: edition.at,
        });
        self.publication = launched.publications.last().map(|publication| PublicationView {
            edition: publication.number,
            announced_at: publication.announced,
            public_from: publication.from,
        });
    }
}

impl From<Addressee> for AddresseeView {
    fn from(addressee: Addressee) -> Self {
        Self {
            office: addressee.office.to_string(),
            standing: addressee.standing.into(),
            expected: addressee.expected,
            told_at: addressee.told,
            agreed_on: addressee.agreed.map(|agreed| agreed.date),
            response: None,
        }
    }
}

impl QuestionView {
    /// Without its condition, unless that is about one of these questions.
    pub(crate) fn with_condition_among(mut self, known: impl Fn(&str) -> bool) -> Self {
        self.ask_if = self.ask_if.filter(|condition| known(&condition.question));
        self
    }

    pub(crate) fn of(number: usize, question: &Question) -> Self {
        let mut view = Self {
            id: question.id.to_string(),
            number,
            kind: question.kind.name().into(),
            text: question.text().to_owned(),
            revision: question.revision(),
            required: question.required,
            options: None,
            unit: None,
            period: None,
            columns: None,
            rows: None,
            ask_if: question.ask_if.as_ref().map(|condition| AskIfView {
                question: condition.question.to_string(),
                one_of: condition.one_of.clone(),
            }),
        };
        match &question.kind {
            Kind::Text | Kind::YesNo | Kind::Date => {}
            Kind::SingleChoice { options } | Kind::MultipleChoice { options } => {
                let views = options.iter().map(|option| OptionView {
                    id: option.id.to_string(),
                    text: option.text.clone(),
                });
                view.options = Some(views.collect());
            }
            Kind::Number { unit, period } => {
                view.unit = Some(unit.clone());
                view.period = Some(period.clone());
            }
            Kind::Table { columns, rows } => {
                let views = columns.iter().map(|column| ColumnView {
                    id: column.id.to_string(),
                    title: column.title.clone(),
                    column_type: column.column_type.into(),
                });
                view.columns = Some(views.collect());
                view.rows.clone_from(rows);
            }
        }
        view
    }
}
