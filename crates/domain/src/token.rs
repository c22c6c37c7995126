//! Tokens of programs: service accounts of an office, which outlast its people, and personal ones, which end with theirs.

use std::collections::BTreeSet;

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::id::{TokenId, UserId};
use crate::office::OfficeCode;
use crate::question::check_line;
use crate::refusal::Faults;
use crate::user::Role;

/// How many days before its end a token's people are told.
pub const WARNED_BEFORE: [i32; 2] = [30, 7];

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read what a reader of the office reads.
    Read,
    /// Draft as an expert does.
    Draft,
    /// Submit responses.
    Submit,
}

impl Scope {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Draft => "draft",
            Self::Submit => "submit",
        }
    }

    /// The least role that may do it.
    fn role(self) -> Role {
        match self {
            Self::Read => Role::Reader,
            Self::Draft => Role::Expert,
            Self::Submit => Role::Coordinator,
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The office it speaks for.
    pub office: OfficeCode,
    /// Whose it is; none for a service account.
    pub user: Option<UserId>,
    /// What it is called.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub made: Instant,
    /// By whom.
    pub made_by: UserId,
    /// The last day it holds.
    pub last_day: NaiveDate,
    /// The day it was used last.
    pub used_on: Option<NaiveDate>,
    /// When it was revoked.
    pub revoked: Option<Instant>,
    /// How many days before its end that was told last.
    pub warned_days: Option<i32>,
}

impl Token {
    /// Whether it holds on a day.
    pub fn holds_on(&self, today: NaiveDate) -> bool {
        self.revoked.is_none() && today <= self.last_day
    }

    /// The warning that is due on a day, as days before the end: the nearest one, once.
    pub fn warning_on(&self, today: NaiveDate) -> Option<i32> {
        let left = (self.last_day - today).num_days();
        let due = WARNED_BEFORE
            .into_iter()
            .filter(|days| left <= i64::from(*days))
            .min()?;
        (self.holds_on(today) && self.warned_days.is_none_or(|told| due < told)).then_some(due)
    }
}

/// What somebody with this role may use of these scopes: a personal token never does more than its user.
pub fn within(scopes: &BTreeSet<Scope>, role: Option<Role>) -> BTreeSet<Scope> {
    let may = |scope: &Scope| role.is_some_and(|role| scope.role() <= role);
    scopes.iter().copied().filter(may).collect()
}

/// Checks the name, scopes and last day of a new token, and cuts the name clean. It holds twelve months at the most.
///
/// # Errors
/// `missing_field`, `too_long`, `bad_character` at `/name`; `missing_field` at `/scopes`; `out_of_range` at `/lastDay`.
pub fn check(name: &str, scopes: &BTreeSet<Scope>, last_day: NaiveDate, today: NaiveDate) -> Result<String, Faults> {
    let mut faults = Faults::new();
    let name = name.trim();
    if name.is_empty() {
        faults.add("/name", "missing_field", "a name tells what the token is for");
    }
    check_line(name, 100, "/name", &mut faults);
    if scopes.is_empty() {
        faults.add("/scopes", "missing_field", "at least one of read, draft and submit");
    }
    let latest = today.checked_add_months(Months::new(12)).unwrap_or(today);
    let first = today.checked_add_days(Days::new(1)).unwrap_or(today);
    if !(first..=latest).contains(&last_day) {
        faults.add(
            "/lastDay",
            "out_of_range",
            format!("a day from {first} to {latest}, twelve months ahead"),
        );
    }
    faults.or(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn token(last_day: &str, warned_days: Option<i32>) -> Token {
        Token {
            id: TokenId("0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55".parse().unwrap()),
            office: "LU".parse().unwrap(),
            user: None,
            name: "Case files".to_owned(),
            scopes: [Scope::Read].into(),
            made: Instant::UNIX_EPOCH,
            made_by: UserId("0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55".parse().unwrap()),
            last_day: date(last_day),
            used_on: None,
            revoked: None,
            warned_days,
        }
    }

    #[test]
    fn its_end_is_told_thirty_and_seven_days_ahead_each_once() {
        for (today, told, due) in [
            ("2026-11-30", None, None),
            ("2026-12-01", None, Some(30)),
            ("2026-12-02", Some(30), None),
            ("2026-12-24", Some(30), Some(7)),
            ("2026-12-25", Some(7), None),
            ("2026-12-29", None, Some(7)),
            ("2026-12-31", Some(30), Some(7)),
            ("2027-01-01", None, None),
        ] {
            assert_eq!(
                token("2026-12-31", told).warning_on(date(today)),
                due,
                "{today} {told:?}"
            );
        }
    }

    #[test]
    fn it_does_no_more_than_its_user() {
        let all: BTreeSet<Scope> = [Scope::Read, Scope::Draft, Scope::Submit].into();
        for (role, count) in [
            (None, 0),
            (Some(Role::Reader), 1),
            (Some(Role::Expert), 2),
            (Some(Role::Coordinator), 3),
        ] {
            assert_eq!(within(&all, role).len(), count, "{role:?}");
        }
    }

    #[test]
    fn it_holds_twelve_months_at_the_most() {
        let scopes = [Scope::Read].into();
        let today = date("2026-11-30");
        assert_eq!(
            check(" Case files ", &scopes, date("2027-11-30"), today).unwrap(),
            "Case files"
        );
        for (name, scopes, last_day, expected) in [
            ("", scopes.clone(), "2026-12-01", vec!["/name"]),
            ("X", BTreeSet::new(), "2026-11-30", vec!["/scopes", "/lastDay"]),
            ("X", scopes.clone(), "2027-12-01", vec!["/lastDay"]),
        ] {
            let faults = check(name, &scopes, date(last_day), today).unwrap_err();
            let found: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
            assert_eq!(found, expected);
        }
    }
}
