//! A compilation with its summary, and what became of an edition that somebody downloaded.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

use super::digest::{ENTRIES, short_sentence};
use super::{QueryHead, Room};

/// A text in two forms, made by the exchange from one Markdown text. The HTML is put into the mail as it is: it must
/// come from the exchange's own printer, never from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RichText {
    /// HTML: paragraphs, lists, tables, links, emphasis, code.
    pub html: String,
    /// The same as plain text.
    pub text: String,
}

/// A signed-off summary of a circle that the recipient belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Why the query was asked.
    pub background: RichText,
    /// Who answered.
    pub respondents: RichText,
    /// What came out.
    pub findings: RichText,
}

/// A named address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is there: `PDF`.
    pub label: String,
    /// The address.
    pub url: String,
}

/// A compilation is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compilation {
    /// The query.
    pub query: QueryHead,
    /// The number of the edition, from 1.
    pub edition: u32,
    /// The view that the recipient may read: `requester`, `network` or `public`.
    pub view: String,
    /// The day the edition was made, in Brussels.
    pub produced_on: NaiveDate,
    /// The line of the document that names who answered: `Responses from Austria, … (24 in total)`.
    pub responses: String,
    /// The summary of the recipient's circle; none when the lead sends the compilation without one.
    pub summary: Option<Summary>,
    /// What changed since the edition before, a plain sentence each, as far as this view may know it.
    pub changes: Vec<String>,
    /// The address of the view as a page.
    pub link: String,
    /// The view as files.
    pub files: Vec<Link>,
    /// To whom the view may be passed on, as a sentence.
    pub passing_on: String,
}

impl Compilation {
    pub(super) fn heading(&self) -> &'static str {
        if self.edition == 1 {
            "The compilation is ready"
        } else {
            "A new edition of the compilation"
        }
    }

    pub(super) fn produced_written(&self) -> String {
        let day = written_date(self.produced_on);
        format!("{day}, edition {}, {} view", self.edition, self.view)
    }

    /// Whether the summary stands in this mail: whole, or not at all.
    pub(super) fn summary_fits(&self, room: &Room) -> bool {
        room.is_whole()
    }

    pub(super) fn changes(&self, room: &Room) -> Vec<String> {
        let shown = self.changes.iter().take(room.of(ENTRIES));
        shown.map(|change| short_sentence(change)).collect()
    }

    /// How many changes there is no room for.
    pub(super) fn more_changes(&self, room: &Room) -> usize {
        self.changes.len().saturating_sub(room.of(ENTRIES))
    }
}

/// An office retracted its response, which stands in an edition that the recipient downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// The query.
    pub query: QueryHead,
    /// The office that retracted, as in a sentence.
    pub answering_office: String,
    /// The day of the retraction in Brussels.
    pub retracted_on: NaiveDate,
    /// The edition that was downloaded.
    pub edition: u32,
    /// Its view: `requester`, `network` or `public`.
    pub view: String,
    /// The edition without the response, where there is one already.
    pub replaced_by: Option<u32>,
    /// The address of the newest edition that the recipient may read.
    pub link: String,
}

impl Retraction {
    pub(super) fn heading(&self) -> &'static str {
        "A response you downloaded was retracted"
    }

    pub(super) fn retracted_written(&self) -> String {
        format!("{}, on {}", self.answering_office, written_date(self.retracted_on))
    }

    pub(super) fn downloaded_written(&self) -> String {
        format!("edition {}, {} view", self.edition, self.view)
    }

    pub(super) fn replacement_written(&self) -> Option<String> {
        self.replaced_by.map(|edition| format!("edition {edition}"))
    }
}

/// An edition that the recipient downloaded was replaced, because an answer in it was narrowed or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionReplaced {
    /// The query.
    pub query: QueryHead,
    /// The office whose answer it was, as in a sentence.
    pub answering_office: String,
    /// The day of the change in Brussels.
    pub replaced_on: NaiveDate,
    /// The edition that was downloaded.
    pub edition: u32,
    /// Its view: `requester`, `network` or `public`.
    pub view: String,
    /// The edition that stands in its place.
    pub replaced_by: u32,
    /// The address of that edition.
    pub link: String,
}

impl EditionReplaced {
    pub(super) fn heading(&self) -> &'static str {
        "An edition you downloaded was replaced"
    }

    pub(super) fn downloaded_written(&self) -> String {
        format!("edition {}, {} view", self.edition, self.view)
    }

    pub(super) fn replacement_written(&self) -> String {
        format!("edition {}, on {}", self.replaced_by, written_date(self.replaced_on))
    }

    pub(super) fn action(&self) -> String {
        format!("Get edition {}", self.replaced_by)
    }
}
