//! What users are told of their own account.

use ahq_domain::clock::{Instant, written_date};
use chrono::NaiveDate;

use super::{Room, written_instant};

/// A user asked for a link to a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    /// The user's name.
    pub name: String,
    /// The address that sets the password; it holds the secret.
    pub link: String,
    /// When the address stops working.
    pub expires: Instant,
}

impl PasswordReset {
    pub(super) fn heading(&self) -> &'static str {
        "Choose a new password"
    }

    pub(super) fn expires_written(&self) -> String {
        written_instant(self.expires)
    }
}

/// A user asked for another mail address; this goes to the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressConfirmation {
    /// The user's name.
    pub name: String,
    /// The address that confirms; it holds the secret.
    pub link: String,
    /// When the address stops working.
    pub expires: Instant,
}

impl AddressConfirmation {
    pub(super) fn heading(&self) -> &'static str {
        "Confirm your new address"
    }

    pub(super) fn expires_written(&self) -> String {
        written_instant(self.expires)
    }
}

/// What was changed about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountChange {
    /// It has a new password.
    Password,
    /// It has a new mail address.
    Address,
    /// It has a second factor.
    SecondFactorAdded,
    /// It no longer has one.
    SecondFactorRemoved,
    /// A recovery code was used to sign in.
    RecoveryCodeUsed,
    /// An identity of a provider opens it too; the provider's name.
    IdentityLinked(String),
    /// An identity of a provider no longer opens it.
    IdentityRemoved(String),
    /// Nobody uses it, so it will be disabled.
    Unused {
        /// On which day, unless it is used before.
        until: NaiveDate,
    },
    /// The service provider reset it.
    Reset {
        /// The written order that asked for it.
        order: String,
        /// Whether the second factor was taken away too.
        second_factor: bool,
        /// Whether identities of providers were unlinked.
        unlinked: bool,
    },
    /// A program may act for its user.
    TokenMade {
        /// What the token is called.
        name: String,
        /// The last day it holds.
        last_day: NaiveDate,
    },
}

/// Something about an account was changed; this goes to its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountNotice {
    /// The user's name.
    pub name: String,
    /// What was changed.
    pub change: AccountChange,
    /// When.
    pub at: Instant,
    /// The address of the account.
    pub link: String,
}

impl AccountNotice {
    pub(super) fn heading(&self) -> &'static str {
        match self.change {
            AccountChange::Password => "Your password was changed",
            AccountChange::Address => "Your mail address was changed",
            AccountChange::SecondFactorAdded => "Your account has a second factor",
            AccountChange::SecondFactorRemoved => "Your account no longer has a second factor",
            AccountChange::RecoveryCodeUsed => "A recovery code was used to sign in",
            AccountChange::IdentityLinked(_) => "Your account has another way to sign in",
            AccountChange::IdentityRemoved(_) => "Your account lost a way to sign in",
            AccountChange::Unused { .. } => "Your account will be disabled",
            AccountChange::Reset { .. } => "Your account was reset",
            AccountChange::TokenMade { .. } => "Your account has a new token",
        }
    }

    pub(super) fn told(&self) -> String {
        match &self.change {
            AccountChange::Password => {
                "Your account has a new password. Every other session was signed out.".to_owned()
            }
            AccountChange::Address => {
                "Your account has another mail address: you sign in with that, and mail goes there. This is the last \
                 mail to the address before."
                    .to_owned()
            }
            AccountChange::SecondFactorAdded => {
                "From now on a code of your authenticator is asked for when you sign in. Every other session was \
                 signed out."
                    .to_owned()
            }
            AccountChange::SecondFactorRemoved => {
                "From now on your password alone opens your account. Every other session was signed out.".to_owned()
            }
            AccountChange::RecoveryCodeUsed => {
                "Somebody signed in to your account with one of your recovery codes in the place of your \
                 authenticator. That code is used up."
                    .to_owned()
            }
            AccountChange::IdentityLinked(provider) => {
                format!("From now on you can sign in through {provider}.")
            }
            AccountChange::IdentityRemoved(provider) => {
                format!("From now on {provider} no longer opens your account. Every other session was signed out.")
            }
            AccountChange::Unused { .. } => {
                "Nobody has signed in with your account for more than five months. Sign in before the day below, and it \
                 stays as it is; else it is disabled on that day. A coordinator of your office can enable it again."
                    .to_owned()
            }
            AccountChange::Reset {
                order,
                second_factor,
                unlinked,
            } => {
                let factor = if *second_factor { " Your second factor was taken away." } else { "" };
                let providers = if *unlinked {
                    " No provider opens your account any more: link yours again once you have signed in."
                } else {
                    ""
                };
                format!(
                    "The service provider reset your account by written order {order}. Your password no longer holds, \
                     every session was signed out, and every token of yours was revoked.{factor}{providers} Another mail \
                     has a link to a new password."
                )
            }
            AccountChange::TokenMade { name, last_day } => format!(
                "The token \u{201c}{name}\u{201d} was made for a program, which may act for you with it until {}. You can \
                 revoke it at any time.",
                written_date(*last_day)
            ),
        }
    }

    pub(super) fn advice(&self) -> &'static str {
        match self.change {
            AccountChange::Unused { .. } => "If you no longer need the account, you have nothing to do.",
            _ => "If this was not you, tell a coordinator of your office or the service provider at once.",
        }
    }

    /// What the day or time below is.
    pub(super) fn at_label(&self) -> &'static str {
        match self.change {
            AccountChange::Unused { .. } => "Disabled on",
            _ => "When",
        }
    }

    pub(super) fn at_written(&self) -> String {
        match self.change {
            AccountChange::Unused { until } => written_date(until),
            _ => written_instant(self.at),
        }
    }
}

/// The service provider reset the account of a user; this goes to the office and to its other users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserReset {
    /// Whose account.
    pub name: String,
    /// The written order that asked for it.
    pub order: String,
    /// Whether the second factor was taken away too.
    pub second_factor: bool,
    /// Whether identities of providers were unlinked.
    pub unlinked: bool,
    /// When.
    pub at: Instant,
    /// The address of the office's users.
    pub link: String,
}

impl UserReset {
    pub(super) fn heading(&self) -> &'static str {
        "An account of your office was reset"
    }

    pub(super) fn at_written(&self) -> String {
        written_instant(self.at)
    }

    pub(super) fn what(&self) -> String {
        let factor = self.second_factor.then_some("second factor taken away");
        let providers = self.unlinked.then_some("providers unlinked");
        let done = ["password no longer holds", "sessions and tokens ended"]
            .into_iter()
            .chain(factor)
            .chain(providers);
        let all: Vec<&str> = done.chain(["a link to a new password mailed"]).collect();
        all.join(", ")
    }
}

/// The service provider appointed the first coordinator of an office; this goes to the office and to the Commission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstCoordinator {
    /// Of which office.
    pub office: String,
    /// Who.
    pub name: String,
    /// When.
    pub at: Instant,
    /// Whether it goes to that office.
    pub own: bool,
    /// The address of the office's users, for the office itself, and else of the office.
    pub link: String,
}

impl FirstCoordinator {
    pub(super) fn heading(&self) -> &'static str {
        "The service provider appointed a first coordinator"
    }

    pub(super) fn link_label(&self) -> &'static str {
        if self.own {
            "The users of your office"
        } else {
            "The office"
        }
    }

    pub(super) fn at_written(&self) -> String {
        written_instant(self.at)
    }
}

/// The most names in one mail.
const NAMES: usize = 100;

/// Accounts of an office that nobody used were disabled; this goes to the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountsDisabled {
    /// Whose.
    pub names: Vec<String>,
    /// For how many months nobody used them.
    pub months: u32,
    /// The address of the office's users.
    pub link: String,
}

impl AccountsDisabled {
    pub(super) fn heading(&self) -> &'static str {
        match self.names.len() {
            1 => "An account of your office was disabled",
            _ => "Accounts of your office were disabled",
        }
    }

    pub(super) fn names(&self, room: &Room) -> &[String] {
        &self.names[..self.names.len().min(room.of(NAMES))]
    }

    /// How many names there is no room for.
    pub(super) fn more(&self, room: &Room) -> usize {
        self.names.len() - self.names(room).len()
    }
}

/// An office is to confirm its users; this goes to the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserListDue {
    /// When it confirmed them last, where it has.
    pub confirmed_on: Option<NaiveDate>,
    /// Since when that is due again.
    pub due_on: NaiveDate,
    /// The address of the list.
    pub link: String,
}

impl UserListDue {
    pub(super) fn heading(&self) -> &'static str {
        "Confirm the users of your office"
    }

    pub(super) fn confirmed_written(&self) -> String {
        self.confirmed_on.map_or_else(|| "never".to_owned(), written_date)
    }

    pub(super) fn due_written(&self) -> String {
        written_date(self.due_on)
    }
}
