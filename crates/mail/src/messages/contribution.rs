//! Contributions: an expert outside is asked, and the office is told what came of it.

use chrono::NaiveDate;

use ahq_domain::clock::{Instant, written_date};

use super::{QueryHead, Question, written_deadline, written_instant, written_questions};

/// An expert outside is asked for answers to some questions. Whoever reads it has no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContributionAsked {
    /// The query.
    pub query: QueryHead,
    /// The expert's name, where the office gave it.
    pub name: Option<String>,
    /// The office that asks, as in a sentence: `EMN NCP Poland`.
    pub office: String,
    /// The questions.
    pub questions: Vec<Question>,
    /// The inner deadline.
    pub reply_by: NaiveDate,
    /// The last day on which the link works.
    pub last_day: NaiveDate,
    /// What the office says to the expert.
    pub note: Option<String>,
    /// The address where answers are put in; it holds the secret.
    pub link: String,
}

impl ContributionAsked {
    pub(super) fn heading(&self) -> &'static str {
        "Your expertise is asked for"
    }

    pub(super) fn salutation(&self) -> String {
        match &self.name {
            Some(name) => format!("Dear {name},"),
            None => "Dear expert,".to_owned(),
        }
    }

    pub(super) fn reply_by_day(&self) -> String {
        written_date(self.reply_by)
    }

    pub(super) fn reply_by_written(&self) -> String {
        written_deadline(self.reply_by)
    }

    pub(super) fn last_day_written(&self) -> String {
        written_deadline(self.last_day)
    }
}

/// What came of a contribution; this goes to whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContributionReturned {
    /// The query.
    pub query: QueryHead,
    /// The expert: a name or a mail address.
    pub contributor: String,
    /// Whether the expert says that it is not for them.
    pub declined: bool,
    /// The numbers of the questions that were answered.
    pub answered: Vec<u32>,
    /// When it came.
    pub at: Instant,
    /// The deadline of the office.
    pub deadline: NaiveDate,
    /// The address where contributions are read and merged.
    pub link: String,
}

impl ContributionReturned {
    pub(super) fn heading(&self) -> &'static str {
        if self.declined {
            "An expert will not contribute"
        } else {
            "A contribution was returned"
        }
    }

    pub(super) fn answered_written(&self) -> String {
        written_questions(&self.answered)
    }

    pub(super) fn at_written(&self) -> String {
        written_instant(self.at)
    }

    pub(super) fn deadline_written(&self) -> String {
        written_deadline(self.deadline)
    }
}
