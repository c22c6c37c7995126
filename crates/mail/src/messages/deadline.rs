//! What offices and requesters tell each other about a deadline. A deadline that moved for all is told by an
//! extension, which stands with the launch.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

use super::{QueryHead, written_deadline};

/// An addressed office asks for a later deadline; this goes to the lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionAsked {
    /// The query.
    pub query: QueryHead,
    /// The office that asks, as in a sentence.
    pub asking_office: String,
    /// The deadline in force for it.
    pub deadline: NaiveDate,
    /// The date it proposes.
    pub proposed: NaiveDate,
    /// Why.
    pub reason: String,
    /// The address where the lead decides.
    pub link: String,
}

impl ExtensionAsked {
    pub(super) fn heading(&self) -> &'static str {
        "A later deadline is asked for"
    }

    pub(super) fn proposed_day(&self) -> String {
        written_date(self.proposed)
    }

    pub(super) fn proposed_written(&self) -> String {
        written_deadline(self.proposed)
    }

    pub(super) fn deadline_written(&self) -> String {
        written_deadline(self.deadline)
    }
}

/// What the lead decided when an office asked for a later deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtensionOutcome {
    /// This date holds for the office that asked, and may be another than it proposed.
    Granted(NaiveDate),
    /// The deadline stays.
    Declined,
}

/// The office that asked for a later deadline is told what the lead decided. When the lead extends for all instead,
/// an extension tells it to all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionAnswered {
    /// The query.
    pub query: QueryHead,
    /// The date the office proposed.
    pub proposed: NaiveDate,
    /// What was decided.
    pub outcome: ExtensionOutcome,
    /// What the lead adds.
    pub note: Option<String>,
    /// The address where the recipient's office answers.
    pub link: String,
}

impl ExtensionAnswered {
    pub(super) fn heading(&self) -> String {
        match self.outcome {
            ExtensionOutcome::Granted(date) => format!("Agreed date {}", written_date(date)),
            ExtensionOutcome::Declined => "No later deadline was granted".to_owned(),
        }
    }

    /// What happened, in the subject.
    pub(super) fn decided(&self) -> String {
        match self.outcome {
            ExtensionOutcome::Granted(date) => format!("Agreed date {}", written_date(date)),
            ExtensionOutcome::Declined => "Later deadline declined".to_owned(),
        }
    }

    pub(super) fn proposed_written(&self) -> String {
        written_deadline(self.proposed)
    }

    pub(super) fn granted_written(&self) -> Option<String> {
        match self.outcome {
            ExtensionOutcome::Granted(date) => Some(written_deadline(date)),
            ExtensionOutcome::Declined => None,
        }
    }
}

/// A holiday was added to a calendar while a query runs; this goes to its requesters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolidayAdded {
    /// The query.
    pub query: QueryHead,
    /// The deadline, which stays as it is.
    pub deadline: NaiveDate,
    /// The office whose calendar it is, as in a sentence.
    pub office: String,
    /// The day of the holiday.
    pub day: NaiveDate,
    /// Its name.
    pub holiday: String,
    /// The address where the deadline can be extended.
    pub link: String,
}

impl HolidayAdded {
    pub(super) fn heading(&self) -> &'static str {
        "A holiday was added"
    }

    pub(super) fn holiday_written(&self) -> String {
        format!("{}, {}", self.holiday, written_date(self.day))
    }

    pub(super) fn deadline_written(&self) -> String {
        written_deadline(self.deadline)
    }
}
