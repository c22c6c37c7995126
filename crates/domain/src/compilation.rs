//! Compilations: all responses to a query put together, and the view of them that one circle may read.
//!
//! A [`View`] is what an edition freezes: its canonical JSON is hashed and kept, and every document is printed from
//! it. Nothing a reader of the circle may not see is in it.

mod canonical;
mod changes;
mod head;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::answer::{Answer, Content, Source};
use crate::attachment::Attachment;
use crate::clock::{Instant, brussels_date};
use crate::comparison::{Figure, compare};
use crate::dissemination::{Circle, Seen, seen};
use crate::erasure::tombstone;
use crate::id::QueryId;
use crate::markdown::Markdown;
use crate::office::{OfficeCode, Offices, Standing};
use crate::query::{Life, Query};
use crate::question::{Key, Kind, Question};

use canonical::write_canonical;
pub use changes::changes;
use head::{head, in_order, name, standing};
pub use head::{requesters_line, responses_line};

/// The disclaimer of every compilation, in the network's own words.
pub const DISCLAIMER: &str = "The following responses have been provided primarily for the purpose of information \
     exchange among EMN NCPs in the framework of the EMN. The contributing EMN NCPs have provided, to the best of \
     their knowledge, information that is up-to-date, objective and reliable. Note, however, that the information \
     provided does not necessarily represent the official policy of an EMN NCPs' Member State.";

/// The submitted response of one office, as a compilation takes it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The office.
    pub office: OfficeCode,
    /// The version in force.
    pub version: i32,
    /// When that version was submitted.
    pub at: Instant,
    /// Whether its first version came late.
    pub late: bool,
    /// Its answers, each with its present circle.
    pub answers: Vec<Answer>,
}

/// What an edition took in of one office: with the same list of another moment it tells whether the edition is stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// The office.
    pub office: OfficeCode,
    /// The version.
    pub version: i32,
    /// When that version was submitted.
    pub at: Instant,
    /// Whether its first version came late.
    pub late: bool,
    /// The circle of each answer.
    pub circles: BTreeMap<Key, Circle>,
}

/// What an edition made from these responses takes in.
pub fn composition(responses: &[Submitted]) -> Vec<Part> {
    let mut parts: Vec<_> = responses
        .iter()
        .map(|response| Part {
            office: response.office.clone(),
            version: response.version,
            at: response.at,
            late: response.late,
            circles: response
                .answers
                .iter()
                .map(|answer| (answer.question.clone(), answer.circle))
                .collect(),
        })
        .collect();
    parts.sort_by(|one, other| one.office.cmp(&other.office));
    parts
}

/// Everything a compilation is made from.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// The query.
    pub query: &'a Query,
    /// The names of its topics.
    pub topics: &'a [String],
    /// The offices, for their names.
    pub offices: &'a Offices,
    /// The submitted responses.
    pub responses: &'a [Submitted],
    /// Who declined.
    pub declined: &'a [OfficeCode],
    /// When it is made.
    pub now: Instant,
}

/// An office as a document names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Named {
    /// Its code.
    pub office: OfficeCode,
    /// Its name on the day the query was requested.
    pub name: String,
}

/// An extension as a document tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Extended {
    /// The day it was given.
    pub on: NaiveDate,
    /// The deadline before.
    pub from: NaiveDate,
    /// The deadline after.
    pub to: NaiveDate,
}

/// The head of a compilation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head {
    /// The query.
    pub query: QueryId,
    /// Its number, where it bears one.
    pub number: Option<String>,
    /// Its title.
    pub title: String,
    /// Who requested it, the lead first.
    pub requesters: Vec<Named>,
    /// `Requested by EMN NCP Luxembourg on 8 January 2026`.
    pub requested_line: String,
    /// The day it was requested.
    pub requested_on: Option<NaiveDate>,
    /// The names of its topics.
    pub topics: Vec<String>,
    /// The deadline.
    pub reply_by: Option<NaiveDate>,
    /// The extensions of the deadline.
    pub extensions: Vec<Extended>,
    /// The day the compilation was produced; none where an imported one does not bear it.
    pub compiled_on: Option<NaiveDate>,
    /// `Responses from Austria, Belgium plus Norway (3 in total)`.
    pub responses_line: String,
    /// How many answered.
    pub total: usize,
    /// Who declined; none in the public view.
    pub declined: Option<Vec<Named>>,
    /// Who was asked and has not answered; none in the public view.
    pub not_answered: Option<Vec<Named>>,
}

/// A question as a compilation prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskedQuestion {
    /// Its stable id.
    pub id: Key,
    /// Its place, from 1 on.
    pub number: usize,
    /// Its wording in force.
    pub text: Markdown,
    /// The revision of that wording.
    pub revision: i32,
    /// What it asks for.
    pub asks: Kind,
    /// Under which earlier answer it is asked, in words.
    pub condition: Option<String>,
}

/// What a row of a response shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// An answer.
    Answer,
    /// The question was not asked after an earlier answer.
    Skipped,
    /// An optional question was left open.
    None,
    /// Not for this reader: the replacement sentence stands here.
    Restricted,
    /// Suspended until a hold is lifted: a sentence that says so stands here.
    Suspended,
    /// Erased on a written order: a sentence that says when stands here.
    Erased,
}

/// One row of a response: what a question got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViewRow {
    /// The question.
    pub question: Key,
    /// What the row shows.
    pub shown: Shown,
    /// "Yes" or "No", as the network prints it.
    pub wider_dissemination: String,
    /// How far the answer may go; none where it is not shown.
    pub circle: Option<Circle>,
    /// What it says; none where it is not shown.
    pub content: Option<Content>,
    /// The ground of its restriction.
    pub ground: Option<String>,
    /// The day its facts are true of.
    pub as_of: Option<NaiveDate>,
    /// Where it comes from.
    pub sources: Vec<Source>,
    /// The files beside it; none where it is not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Whether it was given to an earlier wording of the question.
    pub earlier_wording: bool,
    /// What stands in place of an answer that was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<String>,
}

/// One office's response in a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViewResponse {
    /// The office.
    pub office: OfficeCode,
    /// Its name on the day the query was requested.
    pub name: String,
    /// Its standing towards this query.
    pub standing: Standing,
    /// The version in force.
    pub version: i32,
    /// The Brussels day that version was submitted.
    pub submitted_on: NaiveDate,
    /// Whether its first version came late.
    pub late: bool,
    /// One row for each question.
    pub rows: Vec<ViewRow>,
}

/// What one circle reads of a compilation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct View {
    /// Whose view it is.
    pub circle: Circle,
    /// The number of the edition; 0 for a live compilation.
    pub edition: i32,
    /// When it was made.
    pub produced: Instant,
    /// The head.
    pub head: Head,
    /// The disclaimer.
    pub disclaimer: String,
    /// The background.
    pub background: Option<Markdown>,
    /// What a reader has to know, such as that an imported query's responses are not known.
    pub note: Option<String>,
    /// The questions.
    pub questions: Vec<AskedQuestion>,
    /// The comparison of the typed questions.
    pub comparison: Vec<Figure>,
    /// The responses in the order of the respondents.
    pub responses: Vec<ViewResponse>,
    /// What changed since the edition before, as far as this view may know it.
    pub changes: Vec<String>,
}

/// The view of `circle` on a snapshot, as edition `edition` (0 for a live compilation).
pub fn compile(snapshot: &Snapshot<'_>, circle: Circle, edition: i32) -> View {
    let query = snapshot.query;
    let questions = &query.questions;
    let ordered = in_order(snapshot);
    let figures: Vec<(OfficeCode, &[Answer])> = ordered
        .iter()
        .map(|response| (response.office.clone(), response.answers.as_slice()))
        .collect();
    let background = match circle {
        Circle::Public => query.public_background.as_ref().or(query.background.as_ref()),
        Circle::Requester | Circle::Network => query.background.as_ref(),
    };
    View {
        circle,
        edition,
        produced: snapshot.now,
        head: head(snapshot, circle, &ordered),
        disclaimer: DISCLAIMER.to_owned(),
        background: background.cloned(),
        note: match &query.life {
            Life::Imported(imported) => Some(imported.note.clone()),
            _ => None,
        },
        questions: asked_questions(questions),
        comparison: compare(questions, &figures, circle),
        responses: ordered
            .iter()
            .map(|response| view_response(snapshot, response, circle))
            .collect(),
        changes: Vec::new(),
    }
}

fn asked_questions(questions: &[Question]) -> Vec<AskedQuestion> {
    questions
        .iter()
        .enumerate()
        .map(|(index, question)| AskedQuestion {
            id: question.id.clone(),
            number: index + 1,
            text: question.markdown().clone(),
            revision: question.revision(),
            asks: question.kind.clone(),
            condition: condition(questions, question),
        })
        .collect()
}

/// `asked if question 1 was answered yes or partly`.
fn condition(questions: &[Question], question: &Question) -> Option<String> {
    let condition = question.ask_if.as_ref()?;
    let index = questions.iter().position(|other| other.id == condition.question)?;
    let words: Vec<&str> = condition
        .one_of
        .iter()
        .map(|word| {
            Key::parse(word)
                .and_then(|key| questions[index].option_text(&key))
                .unwrap_or(word)
        })
        .collect();
    Some(format!(
        "asked if question {} was answered {}",
        index + 1,
        words.join(" or ")
    ))
}

fn view_response(snapshot: &Snapshot<'_>, response: &Submitted, circle: Circle) -> ViewResponse {
    let questions = &snapshot.query.questions;
    ViewResponse {
        office: response.office.clone(),
        name: name(snapshot, &response.office),
        standing: standing(snapshot, &response.office),
        version: response.version,
        submitted_on: brussels_date(response.at),
        late: response.late,
        rows: seen(questions, &response.answers, circle)
            .into_iter()
            .map(|(question, seen)| view_row(question, seen))
            .collect(),
    }
}

fn view_row(question: &Question, seen: Seen<'_>) -> ViewRow {
    let mut row = ViewRow::without(question.id.clone(), Shown::Restricted);
    match seen {
        Seen::Restricted => {}
        Seen::Skipped | Seen::None => {
            row.shown = if matches!(seen, Seen::Skipped) {
                Shown::Skipped
            } else {
                Shown::None
            };
            row.wider_dissemination = Circle::Public.wider_dissemination().to_owned();
        }
        Seen::Answer(answer, circle) => {
            if let Some(on) = answer.erased() {
                // How far it went is not told either: a skipped question below it reads the same.
                row.shown = Shown::Erased;
                row.erased = Some(tombstone(on));
                return row;
            }
            row.shown = Shown::Answer;
            row.wider_dissemination = circle.wider_dissemination().to_owned();
            row.circle = Some(circle);
            row.content = Some(answer.content.clone());
            row.ground = answer.ground.clone();
            row.as_of = answer.as_of;
            row.sources = answer.sources.clone();
            row.attachments.clone_from(&answer.attachments);
            row.earlier_wording = answer.is_to_earlier(question);
        }
    }
    row
}

impl ViewRow {
    /// A row that shows nothing of an answer, and does not tell how far one may go.
    fn without(question: Key, shown: Shown) -> Self {
        Self {
            question,
            shown,
            wider_dissemination: Circle::Requester.wider_dissemination().to_owned(),
            circle: None,
            content: None,
            ground: None,
            as_of: None,
            sources: Vec::new(),
            attachments: Vec::new(),
            earlier_wording: false,
            erased: None,
        }
    }

    /// Takes out everything but the question.
    pub(crate) fn withhold(&mut self, shown: Shown) {
        *self = Self::without(self.question.clone(), shown);
    }
}

impl View {
    /// The canonical JSON of the view: keys sorted, no white space (as RFC 8785 has it for texts and whole numbers).
    ///
    /// # Errors
    /// When a value cannot be written as JSON, which no parsed value leads to.
    pub fn canonical_json(&self) -> Result<String, serde_json::Error> {
        let mut text = String::new();
        write_canonical(&serde_json::to_value(self)?, &mut text)?;
        Ok(text)
    }
}

/// A query and its responses in the wording of `frozen`, the requesters' view of an edition: what was corrected or
/// confirmed since does not slip into what takes the edition's place.
pub fn in_wording_of(frozen: &View, query: &Query, mut responses: Vec<Submitted>) -> (Query, Vec<Submitted>) {
    let mut query = query.clone();
    query.background.clone_from(&frozen.background);
    for question in &mut query.questions {
        if let Some(asked) = frozen.questions.iter().find(|asked| asked.id == question.id) {
            question.revisions.retain(|revision| revision.number <= asked.revision);
        }
    }
    for response in &mut responses {
        let known = frozen.responses.iter().find(|known| known.office == response.office);
        let rows = known.map(|known| known.rows.as_slice()).unwrap_or_default();
        for answer in &mut response.answers {
            let row = rows.iter().find(|row| row.question == answer.question);
            if row.is_some_and(|row| !row.earlier_wording)
                && let Some(question) = query.questions.iter().find(|asked| asked.id == answer.question)
            {
                answer.revision = question.revision();
            }
        }
    }
    (query, responses)
}

/// The SHA-256 of a view's canonical JSON, in hexadecimal digits.
pub fn sha256(canonical: &str) -> String {
    hex::encode(Sha256::digest(canonical.as_bytes()))
}
