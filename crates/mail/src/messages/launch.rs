//! A query goes out, gets a later deadline, or is withdrawn.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

use super::{QueryHead, Room, written_deadline, written_working_days};
use crate::text;

/// The most characters of one question that a mail carries; the whole text stands behind the link.
const QUESTION: usize = 1_000;

/// One question as the mail of a launch prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its number in the query, from 1.
    pub number: u32,
    /// Its text, plain.
    pub text: String,
}

impl Question {
    /// How far the further lines of the text stand in, in spaces: below its first line in `12. Text`.
    pub(super) fn hanging(&self) -> usize {
        self.number.to_string().len() + 2
    }

    pub(super) fn excerpt(&self, room: &Room) -> String {
        text::shortened(self.text.trim(), room.of(QUESTION))
    }
}

/// A query was launched; this goes to every addressed office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The query.
    pub query: QueryHead,
    /// The day of launch in Brussels.
    pub launched_on: NaiveDate,
    /// The deadline: the last day on which a response is on time.
    pub deadline: NaiveDate,
    /// Working days from launch to the deadline.
    pub working_days: u32,
    /// Why the query is urgent, when it is.
    pub urgent: Option<String>,
    /// Whether the recipient's office is expected to respond (members are, observers and guests are not).
    pub expected: bool,
    /// The questions in their order.
    pub questions: Vec<Question>,
    /// The address where the recipient's office answers.
    pub link: String,
}

impl Launch {
    pub(super) fn heading(&self) -> String {
        if self.expected {
            format!("Please respond by {}", self.day())
        } else {
            format!("A query you may respond to by {}", self.day())
        }
    }

    pub(super) fn day(&self) -> String {
        written_date(self.deadline)
    }

    pub(super) fn launched_written(&self) -> String {
        written_date(self.launched_on)
    }

    pub(super) fn deadline_with_days(&self) -> String {
        let days = written_working_days(self.working_days);
        format!("{} ({days} from launch)", written_deadline(self.deadline))
    }
}

/// A query was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The query.
    pub query: QueryHead,
    /// The day of withdrawal in Brussels.
    pub withdrawn_on: NaiveDate,
    /// Why.
    pub reason: String,
}

impl Withdrawal {
    pub(super) fn heading(&self) -> &'static str {
        "This query was withdrawn"
    }

    pub(super) fn withdrawn_written(&self) -> String {
        written_date(self.withdrawn_on)
    }
}

/// The deadline was moved for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The query.
    pub query: QueryHead,
    /// The deadline that held until now; for an office with an agreed date that date.
    pub old_deadline: NaiveDate,
    /// The deadline that holds now.
    pub new_deadline: NaiveDate,
    /// The date agreed with the recipient's office where it is later still: that office keeps it.
    pub kept: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// The address where the recipient's office answers.
    pub link: String,
}

impl Extension {
    pub(super) fn heading(&self) -> String {
        match self.kept {
            Some(kept) => format!("Your office keeps its agreed date, {}", written_date(kept)),
            None => format!("New deadline {}", written_date(self.new_deadline)),
        }
    }

    pub(super) fn kept_written(&self) -> Option<String> {
        self.kept.map(written_deadline)
    }

    pub(super) fn old_written(&self) -> String {
        written_deadline(self.old_deadline)
    }

    pub(super) fn new_written(&self) -> String {
        written_deadline(self.new_deadline)
    }
}
