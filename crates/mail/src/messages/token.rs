//! What is told of the tokens of programs.

use ahq_domain::clock::{Instant, written_date};
use chrono::NaiveDate;

use super::written_instant;

/// A service account of an office was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccountMade {
    /// What it is called.
    pub name: String,
    /// What it may be used for, as words: `read`, `draft`, `submit`.
    pub scopes: Vec<String>,
    /// The name of who made it.
    pub made_by: String,
    /// When.
    pub at: Instant,
    /// The last day it holds.
    pub last_day: NaiveDate,
    /// The address of the office's service accounts.
    pub link: String,
}

impl ServiceAccountMade {
    pub(super) fn heading(&self) -> &'static str {
        "A service account of your office was made"
    }

    pub(super) fn scopes_written(&self) -> String {
        self.scopes.join(", ")
    }

    pub(super) fn at_written(&self) -> String {
        written_instant(self.at)
    }

    pub(super) fn last_day_written(&self) -> String {
        written_date(self.last_day)
    }
}

/// A token ends soon: a service account of an office, or the token of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEnds {
    /// What it is called.
    pub name: String,
    /// The name of its user; none for a service account.
    pub user: Option<String>,
    /// The last day it holds.
    pub last_day: NaiveDate,
    /// How many days are left.
    pub days_left: u32,
    /// The day it was used last.
    pub used_on: Option<NaiveDate>,
    /// The address of the office's service accounts, or of the user's tokens.
    pub link: String,
}

impl TokenEnds {
    pub(super) fn heading(&self) -> &'static str {
        match self.user {
            Some(_) => "One of your tokens ends soon",
            None => "A service account of your office ends soon",
        }
    }

    pub(super) fn what(&self) -> &'static str {
        match self.user {
            Some(_) => "token",
            None => "service account",
        }
    }

    /// `today`, `in 1 day`, `in 30 days`.
    pub(super) fn when(&self) -> String {
        match self.days_left {
            0 => "today".to_owned(),
            1 => "in 1 day".to_owned(),
            days => format!("in {days} days"),
        }
    }

    pub(super) fn last_day_written(&self) -> String {
        written_date(self.last_day)
    }

    pub(super) fn used_written(&self) -> String {
        self.used_on.map_or_else(|| "never".to_owned(), written_date)
    }

    pub(super) fn button(&self) -> &'static str {
        match self.user {
            Some(_) => "Your tokens",
            None => "The service accounts of your office",
        }
    }
}
