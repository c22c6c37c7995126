//! The holidays of one office in one year, as somebody brings them in, and whose deadlines a new one falls on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use sha2::{Digest, Sha256};

use crate::clock::Instant;
use crate::office::OfficeCode;
use crate::query::{Query, Status};
use crate::question::check_line;
use crate::refusal::Faults;

/// The years that holidays are taken for.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;
/// Most characters of a holiday's name.
pub const LONGEST_NAME: usize = 200;

/// The holidays of an office in a year, by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HolidaysOfYear(BTreeMap<NaiveDate, String>);

impl HolidaysOfYear {
    /// What is known already.
    pub fn known(days: impl IntoIterator<Item = (NaiveDate, String)>) -> Self {
        Self(days.into_iter().collect())
    }

    /// Parses what replaces the holidays of `year`.
    ///
    /// # Errors
    /// All faults at once. At `/holidays`: `too_few`, for a year without any is one without data; at each day's
    /// `/date`: `other_year`, `not_unique`; at its `/name`: `missing_field`, `too_long`, `bad_character`.
    pub fn parse(year: i32, days: Vec<(NaiveDate, String)>) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        if days.is_empty() {
            let detail =
                "a year without any holiday is taken as one without data, in which no working days are counted";
            faults.add("/holidays", "too_few", detail);
        }
        let mut parsed = BTreeMap::new();
        for (index, (date, name)) in days.into_iter().enumerate() {
            let at = |field: &str| format!("/holidays/{index}/{field}");
            if date.year() != year {
                faults.add(at("date"), "other_year", format!("{date} is not a day of {year}"));
            }
            let name = name.trim();
            if name.is_empty() {
                faults.add(at("name"), "missing_field", "a holiday has a name");
            }
            check_line(name, LONGEST_NAME, &at("name"), &mut faults);
            if parsed.insert(date, name.to_owned()).is_some() {
                faults.add(at("date"), "not_unique", format!("{date} comes twice"));
            }
        }
        faults.or(Self(parsed))
    }

    /// The days with their names, in order.
    pub fn iter(&self) -> impl Iterator<Item = (NaiveDate, &str)> {
        self.0.iter().map(|(date, name)| (*date, name.as_str()))
    }

    /// The days that were not in `before`.
    pub fn added_to(&self, before: &Self) -> BTreeSet<NaiveDate> {
        let new = self.0.keys().filter(|date| !before.0.contains_key(date));
        new.copied().collect()
    }

    /// Tells this state from every other one: made from the days themselves, which have no counter.
    pub fn version(&self) -> i64 {
        let mut hash = Sha256::new();
        for (date, name) in &self.0 {
            hash.update(format!("{date} {name}\n"));
        }
        // Six bytes are exact in every client's numbers.
        let digits = hash.finalize();
        digits
            .iter()
            .take(6)
            .fold(0, |version, byte| version << 8 | i64::from(*byte))
    }
}

impl Query {
    /// On which of the days that became holidays of `office` one of its deadlines falls that is still to come: the
    /// one that counts for that office, or, where the exchange's own calendar changed, for any. It moves none.
    pub fn deadlines_on(&self, office: &OfficeCode, days: &BTreeSet<NaiveDate>, now: Instant) -> BTreeSet<NaiveDate> {
        let running = matches!(self.status(now), Status::Open | Status::Closed);
        let Some(launched) = self.launched().filter(|_| running) else {
            return BTreeSet::new();
        };
        let exchange = *office == OfficeCode::commission();
        let concerned = launched.addressees.iter().map(|addressee| &addressee.office);
        let concerned = concerned.filter(|asked| exchange || *asked == office);
        concerned
            .filter_map(|asked| launched.deadline_for(asked, &self.lead))
            .filter(|deadline| !deadline.is_past(now) && days.contains(&deadline.date))
            .map(|deadline| deadline.date)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(list: &[(&str, &str)]) -> Vec<(NaiveDate, String)> {
        list.iter()
            .map(|(date, name)| (day(date), (*name).to_owned()))
            .collect()
    }

    #[test]
    fn every_fault_of_a_year_is_told_at_once() {
        let long = "x".repeat(LONGEST_NAME + 1);
        let given = days(&[
            ("2026-05-01", "Labour Day"),
            ("2027-05-01", " "),
            ("2026-05-01", "Again"),
            ("2026-06-23", "Two\nlines"),
            ("2026-08-15", &long),
        ]);
        let faults = HolidaysOfYear::parse(2026, given).unwrap_err();
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.pointer.as_str(), fault.code))
            .collect();
        assert_eq!(
            found,
            [
                ("/holidays/1/date", "other_year"),
                ("/holidays/1/name", "missing_field"),
                ("/holidays/2/date", "not_unique"),
                ("/holidays/3/name", "bad_character"),
                ("/holidays/4/name", "too_long"),
            ]
        );
        let none = HolidaysOfYear::parse(2026, Vec::new()).unwrap_err();
        assert_eq!(none.iter().next().unwrap().code, "too_few");
    }

    #[test]
    fn a_version_tells_days_and_names_apart_and_not_their_order() {
        let year = |list: &[(&str, &str)]| HolidaysOfYear::parse(2026, days(list)).unwrap();
        let one = year(&[("2026-05-01", "Labour Day"), ("2026-06-23", "National Day")]);
        let same = year(&[("2026-06-23", "National Day "), ("2026-05-01", "Labour Day")]);
        assert_eq!(one.version(), same.version());
        for other in [
            HolidaysOfYear::default(),
            year(&[("2026-05-01", "Labour Day")]),
            year(&[("2026-05-01", "Labour day"), ("2026-06-23", "National Day")]),
            year(&[("2026-05-02", "Labour Day"), ("2026-06-23", "National Day")]),
        ] {
            assert_ne!(one.version(), other.version());
            assert!(other.version() < 1 << 48);
        }
        let before = year(&[("2026-05-01", "Another name")]);
        assert_eq!(one.added_to(&before), BTreeSet::from([day("2026-06-23")]));
    }
}
