//! What was erased.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

use super::QueryHead;

/// A text was erased on a written order; this goes to the answering office and the requesters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The query.
    pub query: QueryHead,
    /// What was erased, as a sentence begins: `The answer of EMN NCP Estonia to question 3`, `The summary of edition 2`.
    pub what: String,
    /// When.
    pub erased_on: NaiveDate,
    /// The reference of the order.
    pub order: String,
    /// Whether it was answers, which their office may give anew.
    pub answers: bool,
    /// The address of the query.
    pub link: String,
}

impl Erasure {
    pub(super) fn heading(&self) -> String {
        format!("{} was erased", self.what)
    }

    pub(super) fn erased_written(&self) -> String {
        written_date(self.erased_on)
    }
}
