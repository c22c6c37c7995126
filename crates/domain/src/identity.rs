//! Identities: who somebody is at a provider of identities (OpenID Connect), linked to their account. How a provider is
//! spoken to is not known here.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::id::{IdentityId, UserId};
use crate::refusal::Refusal;

/// How long somebody may take at a provider.
pub const AUTHORIZATION_LASTS: Duration = Duration::minutes(10);
/// By how much the clocks of the exchange and of a provider may differ.
pub const CLOCKS_DIFFER: Duration = Duration::minutes(1);

/// Who a user is at a provider. A mail address is none: providers let people choose them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// Whose account it opens.
    pub user: UserId,
    /// The provider, by the address it signs with.
    pub issuer: String,
    /// What the provider calls them.
    pub subject: String,
    /// When it was linked.
    pub linked: Instant,
    /// The day on which it opened a session last.
    pub seen_on: Option<NaiveDate>,
}

/// What somebody is sent to a provider for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To link an identity with the account they are signed in to.
    Link,
    /// To accept an invitation.
    Invitation,
}

/// How sure a provider has to be of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assurance {
    /// The classes (`acr`) one of which has to be named; none for any.
    pub acr_values: Vec<String>,
    /// How long ago they may have signed in there.
    pub max_age: Option<Duration>,
    /// Whether one of these classes stands for the second factor too.
    pub second_factor: bool,
}

/// What a provider is not sure enough of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// It names no class, or another one.
    Class,
    /// They signed in there too long ago, or it does not say when.
    Age,
}

impl Shortfall {
    /// Its word in the audit.
    pub fn word(self) -> &'static str {
        match self {
            Self::Class => "acr",
            Self::Age => "auth_time",
        }
    }
}

impl Assurance {
    /// Whether it is enough that a provider names this class, and this time of signing in.
    ///
    /// # Errors
    /// What is not.
    pub fn judge(&self, class: Option<&str>, signed_in: Option<Instant>, now: Instant) -> Result<(), Shortfall> {
        let named = |class: &str| self.acr_values.iter().any(|accepted| accepted == class);
        if !self.acr_values.is_empty() && !class.is_some_and(named) {
            return Err(Shortfall::Class);
        }
        match (self.max_age, signed_in) {
            (None, _) => Ok(()),
            (Some(age), Some(at)) if now <= at + age + CLOCKS_DIFFER => Ok(()),
            (Some(_), _) => Err(Shortfall::Age),
        }
    }

    /// Whether who comes through this door has given a second factor: only a class that was asked for says so.
    pub fn gives_second_factor(&self) -> bool {
        self.second_factor && !self.acr_values.is_empty()
    }
}

/// An account keeps a door: a password, or an identity beside the one that is removed.
///
/// # Errors
/// A conflict `last_door`.
pub fn must_keep_a_door(has_password: bool, others: usize) -> Result<(), Refusal> {
    if has_password || others > 0 {
        return Ok(());
    }
    Err(Refusal::conflict(
        "last_door",
        "nothing else opens the account: ask for a password (POST /password-resets) first",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assurance(acr_values: &[&str], max_age: Option<i64>) -> Assurance {
        Assurance {
            acr_values: acr_values.iter().map(|value| (*value).to_owned()).collect(),
            max_age: max_age.map(Duration::seconds),
            second_factor: true,
        }
    }

    #[test]
    fn what_a_provider_has_to_be_sure_of() {
        let now: Instant = "2026-12-01T08:00:00Z".parse().unwrap();
        let ago = |seconds: i64| Some(now - Duration::seconds(seconds));
        for (accepted, max_age, class, signed_in, judged) in [
            (&[][..], None, None, None, Ok(())),
            (&[], None, Some("low"), None, Ok(())),
            (&["high", "higher"], None, Some("higher"), None, Ok(())),
            (&["high"], None, Some("low"), None, Err(Shortfall::Class)),
            (&["high"], None, Some("HIGH"), None, Err(Shortfall::Class)),
            (&["high"], None, Some("high low"), None, Err(Shortfall::Class)),
            (&["high"], None, None, None, Err(Shortfall::Class)),
            (&["high"], Some(300), Some("high"), ago(300), Ok(())),
            (&["high"], Some(300), Some("high"), ago(360), Ok(())),
            (&["high"], Some(300), Some("high"), ago(361), Err(Shortfall::Age)),
            (&[], Some(300), None, None, Err(Shortfall::Age)),
            (&[], Some(0), None, ago(0), Ok(())),
        ] {
            let seen = assurance(accepted, max_age).judge(class, signed_in, now);
            assert_eq!(seen, judged, "{accepted:?} {max_age:?} {class:?} {signed_in:?}");
        }
    }

    #[test]
    fn only_a_class_that_was_asked_for_is_a_second_factor() {
        assert!(assurance(&["high"], None).gives_second_factor());
        assert!(!assurance(&[], None).gives_second_factor());
        let one = Assurance {
            second_factor: false,
            ..assurance(&["high"], None)
        };
        assert!(!one.gives_second_factor());
    }

    #[test]
    fn an_account_keeps_a_door() {
        for (has_password, others, kept) in [(true, 0, true), (false, 1, true), (false, 0, false)] {
            assert_eq!(must_keep_a_door(has_password, others).is_ok(), kept);
        }
    }
}
