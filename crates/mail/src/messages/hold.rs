//! What is suspended, and what no longer is.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

use super::QueryHead;

/// An answer, a response or an edition was suspended; this goes to the answering office, the requesters and the Commission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldPlaced {
    /// The query.
    pub query: QueryHead,
    /// What is suspended, as a sentence begins: `The answer of EMN NCP Estonia to question 3`, `Edition 2`.
    pub what: String,
    /// The office that placed the hold, as in a sentence.
    pub placed_by: String,
    /// When.
    pub placed_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// Who lifts it, as in a sentence.
    pub lifted_by: String,
    /// Whether it is an edition.
    pub edition: bool,
    /// The address of the holds.
    pub link: String,
}

impl HoldPlaced {
    pub(super) fn heading(&self) -> String {
        format!("{} is suspended", self.what)
    }

    pub(super) fn placed_written(&self) -> String {
        format!("{}, {}", self.placed_by, written_date(self.placed_on))
    }
}

/// A hold was lifted; this goes to whom it was told that it was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldLifted {
    /// The query.
    pub query: QueryHead,
    /// What was suspended, as a sentence begins.
    pub what: String,
    /// The office that lifted the hold, as in a sentence.
    pub lifted_by: String,
    /// When.
    pub lifted_on: NaiveDate,
    /// The address of the query.
    pub link: String,
}

impl HoldLifted {
    pub(super) fn heading(&self) -> String {
        format!("{} is no longer suspended", self.what)
    }

    pub(super) fn lifted_written(&self) -> String {
        format!("{}, {}", self.lifted_by, written_date(self.lifted_on))
    }
}
