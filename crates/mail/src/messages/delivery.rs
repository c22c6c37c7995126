//! Mail that does not arrive.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

/// Mail does not reach a user; this goes to the functional mailbox of their office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserNotReached {
    /// The user's name.
    pub name: String,
    /// The address.
    pub address: String,
    /// What the mail server said, in words.
    pub reason: String,
    /// The last day without mail where the address does not exist; none where mail to it goes on being tried.
    pub until: Option<NaiveDate>,
    /// The address where it is corrected.
    pub link: String,
}

impl UserNotReached {
    pub(super) fn heading(&self) -> &'static str {
        "Mail does not reach a user of your office"
    }

    pub(super) fn until_written(&self) -> Option<String> {
        self.until.map(written_date)
    }
}

/// A message did not reach the functional mailbox of an office; this goes to the service provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeNotReached {
    /// The office, as in a sentence.
    pub office: String,
    /// Its functional mailbox.
    pub address: String,
    /// What the message was about, in words; never its text.
    pub message: String,
    /// What the mail server said, in words.
    pub reason: String,
    /// The address of the delivery.
    pub link: String,
}

impl OfficeNotReached {
    pub(super) fn heading(&self) -> &'static str {
        "An office was not reached"
    }
}
