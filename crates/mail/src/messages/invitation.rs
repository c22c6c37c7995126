//! Invitations: a person to an account, an office to a joint query.

use chrono::NaiveDate;

use ahq_domain::clock::Instant;

use super::{written_deadline, written_instant};

/// A person is invited to an account in an office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountInvitation {
    /// The person's name.
    pub name: String,
    /// The office of the account, as in a sentence: `EMN NCP Poland`.
    pub office: String,
    /// The role: `coordinator`, `expert` or `reader`.
    pub role: String,
    /// The office that invites, as in a sentence.
    pub invited_by: String,
    /// The address that sets up the account; it holds the secret.
    pub link: String,
    /// When the address stops working.
    pub expires: Instant,
}

impl AccountInvitation {
    pub(super) fn heading(&self) -> &'static str {
        "Set up your account"
    }

    /// `an expert`, `a coordinator`.
    pub(super) fn role_in_sentence(&self) -> String {
        let article = if self.role.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "an"
        } else {
            "a"
        };
        format!("{article} {}", self.role)
    }

    pub(super) fn expires_written(&self) -> String {
        written_instant(self.expires)
    }
}

/// An office is invited to join a query as a requester, before launch; the query has no number yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointInvitation {
    /// The title of the draft.
    pub title: String,
    /// The lead, as in a sentence: `EMN NCP Luxembourg`.
    pub lead: String,
    /// The deadline that the draft names, if it names one.
    pub deadline: Option<NaiveDate>,
    /// How many questions the draft has now.
    pub questions: u32,
    /// The address where the invitation is accepted or refused.
    pub link: String,
}

impl JointInvitation {
    pub(super) fn heading(&self) -> &'static str {
        "You are invited to a joint query"
    }

    pub(super) fn deadline_written(&self) -> String {
        // A draft without a date gets 20 working days at launch (exchange.md, Deadlines).
        self.deadline
            .map_or_else(|| "20 working days from launch".to_owned(), written_deadline)
    }
}
