//! Accounts that nobody uses, and the users that an office confirms: what comes of them as time passes.

use chrono::{Days, Months, NaiveDate};

use crate::id::UserId;

/// After how many months without being used an account is disabled.
pub const UNUSED_MONTHS: u32 = 6;
/// How many days ahead its user is told.
pub const TOLD_BEFORE: Days = Days::new(14);
/// After how many months an office confirms its users again.
const CONFIRMED_MONTHS: u32 = 12;
/// After how many days it is asked again.
const ASKED_EVERY: Days = Days::new(30);

/// What becomes of an active account today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disuse {
    /// Nothing.
    None,
    /// Its user is told that it will be disabled.
    Tell {
        /// On which day, unless they use it before.
        until: NaiveDate,
    },
    /// It is disabled.
    Disable,
}

fn later(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

fn days_later(day: NaiveDate, days: Days) -> NaiveDate {
    day.checked_add_days(days).unwrap_or(NaiveDate::MAX)
}

/// What becomes of an active account that was used last on `used`, and whose user was told on `told` that nobody uses it. Nobody
/// is disabled without having been told two weeks before, whenever the program looked.
pub fn disuse(used: NaiveDate, told: Option<NaiveDate>, today: NaiveDate) -> Disuse {
    let over = later(used, UNUSED_MONTHS);
    // Whoever used it on the day they were told need be told again.
    match told.filter(|told| *told > used) {
        None if days_later(today, TOLD_BEFORE) >= over => Disuse::Tell {
            until: over.max(days_later(today, TOLD_BEFORE)),
        },
        Some(told) if today >= over && today >= days_later(told, TOLD_BEFORE) => Disuse::Disable,
        _ => Disuse::None,
    }
}

/// The last day on which an account may have been used that has to be looked at today.
pub fn unused_before(today: NaiveDate) -> NaiveDate {
    let ahead = days_later(today, TOLD_BEFORE);
    // The 28th of August is half a year before the 28th of February, and so are the three days after it.
    let day = ahead.checked_sub_months(Months::new(UNUSED_MONTHS));
    days_later(day.unwrap_or(NaiveDate::MIN), Days::new(3))
}

/// When an office confirmed its users last, and when it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserList {
    /// From when on the year counts, where it never has.
    pub begun_on: NaiveDate,
    /// The last confirmation: on which day, and by whom.
    pub confirmed: Option<(NaiveDate, UserId)>,
    /// How often it has confirmed them.
    pub confirmations: i64,
    /// The day it was asked last.
    pub asked_on: Option<NaiveDate>,
}

impl UserList {
    /// One of an office that is new.
    pub fn begun(today: NaiveDate) -> Self {
        Self {
            begun_on: today,
            confirmed: None,
            confirmations: 0,
            asked_on: None,
        }
    }

    /// The day on which it is to be confirmed again.
    pub fn due_on(&self) -> NaiveDate {
        later(self.confirmed.map_or(self.begun_on, |(day, _)| day), CONFIRMED_MONTHS)
    }

    /// Whether that day has come.
    pub fn is_due(&self, today: NaiveDate) -> bool {
        self.due_on() <= today
    }

    /// Whether the office is asked today: when it is due, and every thirty days from then on.
    pub fn is_to_be_asked(&self, today: NaiveDate) -> bool {
        let lately = |asked: NaiveDate| asked >= self.due_on() && today < days_later(asked, ASKED_EVERY);
        self.is_due(today) && !self.asked_on.is_some_and(lately)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn an_account_that_nobody_uses_is_told_of_and_then_disabled() {
        let tell = |until: &str| Disuse::Tell { until: date(until) };
        for (used, told, today, expected) in [
            ("2026-01-15", None, "2026-06-30", Disuse::None),
            ("2026-01-15", None, "2026-07-01", tell("2026-07-15")),
            ("2026-01-15", Some("2026-07-01"), "2026-07-14", Disuse::None),
            ("2026-01-15", Some("2026-07-01"), "2026-07-15", Disuse::Disable),
            // Used again, on the day they were told or later.
            ("2026-07-01", Some("2026-07-01"), "2026-07-15", Disuse::None),
            ("2026-07-01", Some("2026-07-01"), "2026-12-18", tell("2027-01-01")),
            ("2026-07-02", Some("2026-07-01"), "2026-12-31", tell("2027-01-14")),
            // No program ran for a while: two weeks are left all the same.
            ("2026-01-15", None, "2026-09-01", tell("2026-09-15")),
            ("2026-01-15", Some("2026-09-01"), "2026-09-14", Disuse::None),
            ("2026-01-15", Some("2026-09-01"), "2026-09-15", Disuse::Disable),
            // The last day of a short month.
            ("2026-08-31", Some("2027-02-14"), "2027-02-28", Disuse::Disable),
        ] {
            assert_eq!(
                disuse(date(used), told.map(date), date(today)),
                expected,
                "{used} {told:?} {today}"
            );
        }
    }

    #[test]
    fn whoever_has_to_be_looked_at_is() {
        let mut today = date("2026-01-01");
        while today < date("2029-01-01") {
            for back in 0..400 {
                let used = today - Days::new(back);
                if disuse(used, None, today) != Disuse::None {
                    assert!(used <= unused_before(today), "{used} {today}");
                }
            }
            today = today + Days::new(1);
        }
    }

    #[test]
    fn an_office_is_asked_each_year_and_then_every_thirty_days() {
        let user = UserId(Default::default());
        let list = |confirmed: Option<&str>, asked: Option<&str>| UserList {
            begun_on: date("2026-03-01"),
            confirmed: confirmed.map(|day| (date(day), user)),
            confirmations: 0,
            asked_on: asked.map(date),
        };
        for (confirmed, asked, today, due, is_asked) in [
            (None, None, "2027-02-28", "2027-03-01", false),
            (None, None, "2027-03-01", "2027-03-01", true),
            (None, Some("2027-03-01"), "2027-03-30", "2027-03-01", false),
            (None, Some("2027-03-01"), "2027-03-31", "2027-03-01", true),
            (
                Some("2027-03-10"),
                Some("2027-03-01"),
                "2027-04-30",
                "2028-03-10",
                false,
            ),
            (Some("2027-03-10"), Some("2027-03-01"), "2028-03-10", "2028-03-10", true),
            (Some("2028-02-29"), None, "2029-02-28", "2029-02-28", true),
        ] {
            let list = list(confirmed, asked);
            assert_eq!(list.due_on(), date(due), "{confirmed:?}");
            assert_eq!(
                list.is_to_be_asked(date(today)),
                is_asked,
                "{confirmed:?} {asked:?} {today}"
            );
        }
    }
}
