//! Reminders, to offices that have not answered or owe a part of their answers.

use chrono::NaiveDate;

use super::{QueryHead, written_deadline, written_working_days};

/// How a query stands for the office that is reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderKind {
    /// So many working days are left; none on the deadline's own day.
    DaysLeft(u32),
    /// The deadline passed so many working days ago, at least one.
    Overdue(u32),
}

impl ReminderKind {
    /// `5 working days left`, `1 working day overdue`.
    pub(super) fn written(self) -> String {
        match self {
            Self::DaysLeft(0) => "due today".to_owned(),
            Self::DaysLeft(days) => format!("{} left", written_working_days(days)),
            Self::Overdue(days) => format!("{} overdue", written_working_days(days)),
        }
    }
}

/// An office that has not answered is reminded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// The query.
    pub query: QueryHead,
    /// The deadline of the recipient's office.
    pub deadline: NaiveDate,
    /// How it stands.
    pub kind: ReminderKind,
    /// Whether the deadline is a date agreed with this office alone.
    pub agreed: bool,
    /// Whether the office submitted in part, with answers to follow.
    pub in_part: bool,
    /// Whether the requesting office asked for this one, beside those that come by themselves.
    pub asked: bool,
    /// The address where the recipient's office answers.
    pub link: String,
}

impl Reminder {
    pub(super) fn heading(&self) -> String {
        let what = if self.in_part {
            "Answers to follow"
        } else {
            "Your response"
        };
        format!("{what}: {}", self.kind.written())
    }

    /// Whether a response that comes now is late; an amendment never is.
    pub(super) fn would_be_late(&self) -> bool {
        matches!(self.kind, ReminderKind::Overdue(_)) && !self.in_part
    }

    pub(super) fn deadline_label(&self) -> &'static str {
        if self.agreed { "Agreed date" } else { "Deadline" }
    }

    pub(super) fn deadline_written(&self) -> String {
        let alone = if self.agreed { " (for your office alone)" } else { "" };
        format!("{}{alone}", written_deadline(self.deadline))
    }

    pub(super) fn action(&self) -> &'static str {
        if self.in_part {
            "Complete the response"
        } else {
            "Answer the query"
        }
    }
}
