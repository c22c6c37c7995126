//! How a user wants mail: everything at once, one digest a day, or obligations only; and who stands in while they are away.
//!
//! An office's functional mailbox has no wishes: what the office is told always reaches it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::refusal::Faults;

/// How much mail a user wants, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailWish {
    /// Everything the office is told, at once; reminders once a day.
    AtOnce,
    /// Everything, once a day.
    #[default]
    Digest,
    /// What the office has to do something about, once a day.
    Obligations,
}

/// What a user gets by mail beside the obligations of the office, and ends by the link in each mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subscription {
    /// What the office is told, at once or in digests.
    Mail,
    /// The weekly overview.
    Weekly,
    /// The quarterly list.
    Quarterly,
}

/// A time in which a user reads no mail; both days are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
    /// Who gets at least as much mail meanwhile as the user would.
    pub deputy: Option<UserId>,
}

/// How a user wants mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notifications {
    /// How much.
    pub mail: MailWish,
    /// The weekly overview of open queries.
    pub weekly: bool,
    /// The quarterly list of queries by topic.
    pub quarterly: bool,
    /// When the user is away.
    pub absence: Option<Absence>,
}

impl Notifications {
    /// Whether the user is away on `date`.
    pub fn is_absent(&self, date: NaiveDate) -> bool {
        self.absence
            .is_some_and(|absence| absence.from <= date && date <= absence.until)
    }

    /// The same without mail of a kind. Of what the office is told the obligations stay.
    #[must_use]
    pub fn without(self, ended: Subscription) -> Self {
        match ended {
            Subscription::Mail => Self {
                mail: MailWish::Obligations,
                ..self
            },
            Subscription::Weekly => Self { weekly: false, ..self },
            Subscription::Quarterly => Self {
                quarterly: false,
                ..self
            },
        }
    }

    /// How much mail a user gets on `date`, given what those want who are away and named them; none while they are away
    /// themselves.
    pub fn wish_on(&self, date: NaiveDate, replaced: impl IntoIterator<Item = MailWish>) -> Option<MailWish> {
        let own = (!self.is_absent(date)).then_some(self.mail)?;
        Some(replaced.into_iter().fold(own, MailWish::min))
    }
}

/// Checks an absence.
///
/// # Errors
/// `bad_period` at `/absence/until` when it ends before it begins, `over` when it has ended; `own_deputy` at
/// `/absence/deputy`.
pub fn check_absence(absence: &Absence, user: UserId, today: NaiveDate) -> Result<(), Faults> {
    let mut faults = Faults::new();
    if absence.until < absence.from {
        faults.add(
            "/absence/until",
            "bad_period",
            "an absence ends on its first day or later",
        );
    } else if absence.until < today {
        faults.add("/absence/until", "over", "this absence is over: leave it out");
    }
    if absence.deputy == Some(user) {
        faults.add(
            "/absence/deputy",
            "own_deputy",
            "somebody else of your office stands in",
        );
    }
    faults.or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_deputy_gets_as_much_as_who_is_away_would() {
        let quiet = Notifications {
            mail: MailWish::Obligations,
            ..Notifications::default()
        };
        let today = day("2026-11-30");
        assert_eq!(quiet.wish_on(today, []), Some(MailWish::Obligations));
        assert_eq!(
            quiet.wish_on(today, [MailWish::AtOnce, MailWish::Digest]),
            Some(MailWish::AtOnce)
        );
        let away = Notifications {
            absence: Some(Absence {
                from: day("2026-11-30"),
                until: day("2026-12-04"),
                deputy: None,
            }),
            ..quiet
        };
        for (date, wish) in [
            ("2026-11-29", Some(MailWish::Obligations)),
            ("2026-11-30", None),
            ("2026-12-04", None),
            ("2026-12-05", Some(MailWish::Obligations)),
        ] {
            assert_eq!(away.wish_on(day(date), []), wish, "{date}");
        }
        assert_eq!(away.wish_on(today, [MailWish::AtOnce]), None);
    }

    #[test]
    fn what_is_ended_is_ended_alone() {
        let all = Notifications {
            mail: MailWish::AtOnce,
            weekly: true,
            quarterly: true,
            absence: None,
        };
        let left = |ended| {
            let wishes = all.without(ended);
            (wishes.mail, wishes.weekly, wishes.quarterly)
        };
        assert_eq!(left(Subscription::Mail), (MailWish::Obligations, true, true));
        assert_eq!(left(Subscription::Weekly), (MailWish::AtOnce, false, true));
        assert_eq!(left(Subscription::Quarterly), (MailWish::AtOnce, true, false));
    }

    #[test]
    fn absences_are_checked() {
        let user = UserId(uuid::Uuid::from_u128(1));
        let faults = |from: &str, until: &str, deputy: u128| -> Vec<&'static str> {
            let absence = Absence {
                from: day(from),
                until: day(until),
                deputy: Some(UserId(uuid::Uuid::from_u128(deputy))),
            };
            let checked = check_absence(&absence, user, day("2026-11-30"));
            let faults = checked.err().map(Faults::into_vec).unwrap_or_default();
            faults.into_iter().map(|fault| fault.code).collect()
        };
        assert!(faults("2026-11-01", "2026-11-30", 2).is_empty());
        assert_eq!(faults("2026-12-02", "2026-12-01", 1), ["bad_period", "own_deputy"]);
        assert_eq!(faults("2026-11-01", "2026-11-29", 2), ["over"]);
    }
}
