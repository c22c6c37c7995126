//! A second pair of eyes.

use chrono::NaiveDate;

use ahq_domain::clock::Instant;

use super::{QueryHead, written_deadline, written_instant};

/// A draft is to be approved; this goes to the other coordinators of the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalAsked {
    /// The query.
    pub query: QueryHead,
    /// Who asks: the name of a user of the same office.
    pub asked_by: String,
    /// When.
    pub asked_at: Instant,
    /// The deadline of the office.
    pub deadline: NaiveDate,
    /// Whether an earlier version is submitted.
    pub amendment: bool,
    /// The address of the response.
    pub link: String,
}

impl ApprovalAsked {
    pub(super) fn heading(&self) -> &'static str {
        if self.amendment {
            "An amended response is to be approved"
        } else {
            "A response is to be approved"
        }
    }

    pub(super) fn asked_written(&self) -> String {
        written_instant(self.asked_at)
    }

    pub(super) fn deadline_written(&self) -> String {
        written_deadline(self.deadline)
    }
}
