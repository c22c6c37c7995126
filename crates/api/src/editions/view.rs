//! Editions as the interface shows them. The frozen view itself is served as the bytes that were stored; the types
//! here describe it, and a test holds the two together.

use std::collections::BTreeMap;

use ahq_exchange::editions::EditionItem;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::{CircleWord, InsteadWord, KindWord, NumberFlagWord, StandingWord, YesNoWord};

/// An edition of a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Edition)]
pub(crate) struct EditionEntry {
    /// Its number.
    number: i32,
    /// When it was made.
    made_at: DateTime<Utc>,
    /// Whether a response has changed since.
    stale: bool,
    /// How many responses it holds.
    responses: usize,
    /// The views you may read.
    views: Vec<ViewEntry>,
    /// Whether it is suspended: nobody reads it until that is lifted.
    held: bool,
    /// Whether answers in it are suspended: its views are read without them, and with another hash than the one here.
    without_answers: bool,
    /// What you may do with it now.
    #[schema(example = json!(["publish"]))]
    actions: Vec<String>,
}

/// A view of an edition.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EditionView)]
pub(crate) struct ViewEntry {
    /// Whose view it is.
    circle: CircleWord,
    /// The SHA-256 of its canonical JSON as it was frozen.
    sha256: String,
    /// When content of it was erased on a written order: the hash is of what stood before.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_at: Option<DateTime<Utc>>,
    /// The edition that replaced it, after an answer was narrowed.
    replaced_by: Option<i32>,
}

/// The editions of a query, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Editions)]
pub(crate) struct EditionsView {
    /// The editions.
    pub(crate) items: Vec<EditionEntry>,
}

impl From<EditionItem> for EditionEntry {
    fn from(item: EditionItem) -> Self {
        Self {
            number: item.edition.number,
            made_at: item.edition.made,
            stale: item.stale,
            responses: item.edition.composition.len(),
            held: item.held,
            without_answers: item.without_answers,
            actions: item.actions.into_iter().map(str::to_owned).collect(),
            views: item
                .views
                .into_iter()
                .map(|view| ViewEntry {
                    circle: view.circle.into(),
                    sha256: view.sha256,
                    erased_at: view.erased,
                    replaced_by: view.replaced_by,
                })
                .collect(),
        }
    }
}

impl EditionEntry {
    /// Its number, for its address.
    pub(crate) fn number(&self) -> i32 {
        self.number
    }
}

/// A publication to be announced.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PublicationDraft, example = json!({"edition": 1}))]
pub(crate) struct PublicationBody {
    /// The number of the edition whose public view becomes public.
    #[schema(minimum = 1, maximum = 10000)]
    pub(crate) edition: i32,
}

/// An edition as data: the frozen view, its hash, and the summary signed for it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = EditionDocument)]
pub(crate) struct EditionDocument {
    /// The SHA-256 of the canonical JSON of `view`, or of what `hashOf` says.
    sha256: String,
    /// Where content was erased on a written order: that the hash is of what stood before, and when that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "SHA-256 of this view as it stood before content was erased on 4 December 2026")]
    hash_of: Option<String>,
    /// The summary signed for this view.
    summary: Option<SummaryText>,
    /// The view.
    view: Compilation,
}

/// A signed summary, in Markdown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SummaryText {
    /// Why the query was asked.
    background: String,
    /// Who answered.
    respondents: String,
    /// What the answers say.
    findings: String,
}

/// A compilation, as its circle may read it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Compilation {
    /// Whose view it is.
    circle: CircleWord,
    /// The number of the edition; 0 for the live compilation.
    edition: i32,
    /// When it was made.
    produced: DateTime<Utc>,
    /// The head.
    head: CompilationHead,
    /// The disclaimer of every compilation.
    disclaimer: String,
    /// The background, in Markdown.
    background: Option<String>,
    /// What a reader has to know, such as that an imported query's responses are not held.
    note: Option<String>,
    /// The questions.
    questions: Vec<CompiledQuestion>,
    /// The comparison of the typed questions, computed from what this circle may read.
    comparison: Vec<Figure>,
    /// The responses in the order of the respondents.
    responses: Vec<CompiledResponse>,
    /// What changed since the edition before, as far as this view may know it.
    changes: Vec<String>,
}

/// The head of a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompilationHead {
    /// The query.
    query: Uuid,
    /// Its number.
    number: Option<String>,
    /// Its title.
    title: String,
    /// Who requested it, the lead first.
    requesters: Vec<NamedOffice>,
    /// Who requested it and when, as documents print it.
    requested_line: String,
    /// The day it was requested.
    requested_on: Option<NaiveDate>,
    /// The names of its topics.
    topics: Vec<String>,
    /// The deadline.
    reply_by: Option<NaiveDate>,
    /// The extensions of the deadline.
    extensions: Vec<ExtendedDeadline>,
    /// The day the compilation was produced; none where an imported one does not bear it.
    compiled_on: Option<NaiveDate>,
    /// Who answered, as documents print it.
    responses_line: String,
    /// How many answered.
    total: usize,
    /// Who declined; none in the public view.
    declined: Option<Vec<NamedOffice>>,
    /// Who was asked and has not answered; none in the public view.
    not_answered: Option<Vec<NamedOffice>>,
}

/// An office as a document names it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NamedOffice {
    /// Its code.
    office: String,
    /// Its name on the day the query was requested.
    name: String,
}

/// An extension as a document tells of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ExtendedDeadline {
    /// The day it was given.
    on: NaiveDate,
    /// The deadline before.
    from: NaiveDate,
    /// The deadline after.
    to: NaiveDate,
}

/// A question as a compilation prints it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledQuestion {
    /// Its stable id.
    id: String,
    /// Its place, from 1 on.
    number: usize,
    /// Its wording, in Markdown.
    text: String,
    /// The revision of that wording.
    revision: i32,
    /// What it asks for.
    asks: Asks,
    /// Under which earlier answer it is asked, in words.
    condition: Option<String>,
}

/// What a question asks for: its kind, and what belongs to that.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Asks {
    /// Its kind.
    kind: KindWord,
    /// Options of a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<CompiledOption>>,
    /// Unit of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// Reference period of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<String>,
    /// Columns of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<CompiledColumn>>,
    /// Row titles of a table, where the question gives them.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<String>>,
}

/// An option of a choice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledOption {
    /// Its id.
    id: String,
    /// Its text.
    text: String,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledColumn {
    /// Its id.
    id: String,
    /// Its title.
    title: String,
    /// What it holds.
    #[serde(rename = "type")]
    column_type: crate::queries::view::ColumnWord,
}

/// One office's response in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledResponse {
    /// The office.
    office: String,
    /// Its name on the day the query was requested.
    name: String,
    /// Its standing towards this query.
    standing: StandingWord,
    /// The version.
    version: i32,
    /// The Brussels day that version was submitted.
    submitted_on: NaiveDate,
    /// Whether its first version came late.
    late: bool,
    /// One row for each question.
    rows: Vec<CompiledRow>,
}

/// One row of a response in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledRow {
    /// The question.
    question: String,
    /// What the row shows.
    shown: crate::responses::view::ShownWord,
    /// "Yes" or "No", as the network prints it.
    wider_dissemination: String,
    /// How far the answer may go; none where it is not shown.
    circle: Option<CircleWord>,
    /// What it says; none where it is not shown.
    content: Option<CompiledContent>,
    /// The ground of its restriction.
    ground: Option<String>,
    /// The day its facts are true of.
    as_of: Option<NaiveDate>,
    /// Where it comes from.
    sources: Vec<crate::responses::view::SourceView>,
    /// The files beside it; none where it is not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<crate::attachments::view::AttachmentView>,
    /// Whether it was given to an earlier wording.
    earlier_wording: bool,
    /// What stands in place of an answer that was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Content erased on 4 December 2026.")]
    erased: Option<String>,
}

/// What an answer says: exactly one of these.
//
// Each has a schema of its own: generators of clients trip over schemas inside the alternatives of another.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum CompiledContent {
    /// A word that stands instead of any answer.
    Instead(CompiledInstead),
    /// Free text.
    Text(CompiledText),
    /// Yes, no, partly, unknown.
    YesNo(CompiledYesNo),
    /// One or more options.
    Choice(CompiledChoice),
    /// A number.
    Number(CompiledNumberAnswer),
    /// A date.
    Date(CompiledDate),
    /// A table.
    Table(CompiledTable),
}

/// A word that stands instead of an answer, in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledInstead {
    /// The word.
    word: InsteadWord,
    /// Its note, in Markdown.
    note: Option<String>,
}

/// A text in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledText {
    /// The text, in Markdown.
    text: String,
}

/// Yes, no, partly or unknown in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledYesNo {
    /// Which.
    value: YesNoWord,
    /// More about it, in Markdown.
    comment: Option<String>,
}

/// Chosen options in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledChoice {
    /// Their ids.
    options: Vec<String>,
    /// More about it, in Markdown.
    comment: Option<String>,
}

/// A number in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledNumberAnswer {
    /// The value.
    value: CompiledNumber,
    /// How sure it is.
    flag: Option<NumberFlagWord>,
    /// More about it, in Markdown.
    comment: Option<String>,
}

/// A date in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledDate {
    /// The date.
    date: NaiveDate,
    /// More about it, in Markdown.
    comment: Option<String>,
}

/// A table in a compilation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompiledTable {
    /// Its rows.
    rows: Vec<crate::responses::view::RowView>,
    /// More about it, in Markdown.
    comment: Option<String>,
}

/// A number as a decimal string, an upper bound, or the word `confidential`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CompiledNumber {
    /// The number.
    Exactly(String),
    /// Fewer than this number.
    FewerThan(String),
    /// Known, and confidential.
    Confidential,
}

/// The comparison of one typed question.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Figure {
    /// The question.
    question: String,
    /// How many answers are counted.
    answers: usize,
    /// How many responses are left out, being restricted for this circle.
    left_out: usize,
    /// How many responses are left out, being suspended; not given where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspended: Option<usize>,
    /// How many responses are left out, being erased; not given where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased: Option<usize>,
    /// Who said not applicable, no information, to follow.
    instead: Vec<FigureCount>,
    /// The figure, by its kind: counts, number, date or table.
    body: BTreeMap<String, serde_json::Value>,
}

/// How many gave an answer, and who.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FigureCount {
    /// The answer as documents write it.
    label: String,
    /// The answer's word or option id.
    word: String,
    /// The offices behind it.
    offices: Vec<String>,
}
