//! Publication: announced ahead, then done.

use chrono::NaiveDate;

use ahq_domain::clock::{Instant, brussels_date, written_date};

use super::{QueryHead, written_instant, written_questions};

/// A query will be published; this goes to each respondent while its answers can still be narrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationNotice {
    /// The query.
    pub query: QueryHead,
    /// The edition whose public view is to be published.
    pub edition: u32,
    /// When it becomes public.
    pub public_from: Instant,
    /// The questions to which the answers of the recipient's office become public, in order.
    pub public_answers: Vec<u32>,
    /// The questions to which the answers of the recipient's office stay restricted, in order.
    pub restricted_answers: Vec<u32>,
    /// Whether a public summary goes with it.
    pub with_summary: bool,
    /// The address where the recipient's office narrows its answers.
    pub link: String,
}

impl PublicationNotice {
    pub(super) fn heading(&self) -> &'static str {
        "This query will be published"
    }

    pub(super) fn day(&self) -> String {
        written_date(brussels_date(self.public_from))
    }

    pub(super) fn public_from_written(&self) -> String {
        written_instant(self.public_from)
    }

    pub(super) fn public_written(&self) -> String {
        written_questions(&self.public_answers)
    }

    pub(super) fn restricted_written(&self) -> String {
        written_questions(&self.restricted_answers)
    }
}

/// A query is public now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The query.
    pub query: QueryHead,
    /// The edition whose public view is published.
    pub edition: u32,
    /// The day of publication in Brussels.
    pub published_on: NaiveDate,
    /// The address that everybody can read.
    pub public_link: String,
}

impl Publication {
    pub(super) fn heading(&self) -> &'static str {
        "This query is public now"
    }

    pub(super) fn published_written(&self) -> String {
        format!("{}, edition {}", written_date(self.published_on), self.edition)
    }
}
