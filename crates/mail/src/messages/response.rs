//! What becomes of a response after its deadline.

use chrono::NaiveDate;

use ahq_domain::clock::Instant;

use super::{QueryHead, written_deadline, written_instant};

/// A response came after its deadline; this goes to the requesters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateResponse {
    /// The query.
    pub query: QueryHead,
    /// The office that responded, as in a sentence.
    pub answering_office: String,
    /// When the response was received.
    pub received: Instant,
    /// The deadline of that office.
    pub deadline: NaiveDate,
    /// Whether there is an edition, which lacks the response.
    pub stale: bool,
    /// The address of the response.
    pub link: String,
}

impl LateResponse {
    pub(super) fn heading(&self) -> &'static str {
        "A late response"
    }

    pub(super) fn received_written(&self) -> String {
        written_instant(self.received)
    }

    pub(super) fn deadline_written(&self) -> String {
        written_deadline(self.deadline)
    }
}
