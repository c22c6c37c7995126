//! Working days: Regulation (EEC, Euratom) 1182/71 over the holidays of one office.
//!
//! Working days are all days but public holidays, Saturdays and Sundays (Art. 2(2)); the day of the event a period
//! runs from is not counted (Art. 3(1)). Holidays are data that an operator can replace: a year without any holiday
//! is taken as a year without data and refused, never counted as if it had none. Nothing here knows a deadline.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::office::OfficeCode;
use crate::refusal::Refusal;

/// Why working days cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCalendar {
    /// No holidays of this office are known at all.
    #[error("there is no calendar of {office}")]
    Office {
        /// The office.
        office: OfficeCode,
    },
    /// No holidays of this office are known for a year that was reached.
    #[error("the calendar of {office} has no holidays for {year}, so its working days cannot be counted")]
    Year {
        /// The office.
        office: OfficeCode,
        /// The year.
        year: i32,
    },
}

impl NoCalendar {
    /// The refusal `no_calendar` of the input at `pointer`.
    pub fn at(&self, pointer: &str) -> Refusal {
        Refusal::invalid(pointer, "no_calendar", self.to_string())
    }
}

impl From<NoCalendar> for Refusal {
    fn from(error: NoCalendar) -> Self {
        error.at("")
    }
}

/// Why a day is not a working day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A Saturday or Sunday, whether or not it is a holiday as well.
    Weekend(Weekday),
    /// A public holiday on another day of the week, with its name.
    Holiday(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weekend(Weekday::Sat) => "Saturday",
            Self::Weekend(_) => "Sunday",
            Self::Holiday(name) => name,
        })
    }
}

/// A day that was passed over in counting, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The day.
    pub date: NaiveDate,
    /// Why it was not counted.
    pub reason: Reason,
}

/// The holidays of one office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    office: OfficeCode,
    holidays: BTreeMap<NaiveDate, String>,
    years: BTreeSet<i32>,
}

impl Calendar {
    /// The calendar of `office`; it has data for each year that at least one of `holidays` falls into.
    pub fn new(office: OfficeCode, holidays: BTreeMap<NaiveDate, String>) -> Self {
        Self {
            office,
            years: holidays.keys().map(NaiveDate::year).collect(),
            holidays,
        }
    }

    /// Whose calendar this is.
    pub fn office(&self) -> &OfficeCode {
        &self.office
    }

    /// The years it has data for, in order.
    pub fn years(&self) -> impl Iterator<Item = i32> {
        self.years.iter().copied()
    }

    /// Its holidays with their names, in order.
    pub fn holidays(&self) -> impl Iterator<Item = (NaiveDate, &str)> {
        self.holidays.iter().map(|(date, name)| (*date, name.as_str()))
    }

    /// The name of the holiday on `date`, weekends included; none also where there is no data.
    pub fn holiday(&self, date: NaiveDate) -> Option<&str> {
        self.holidays.get(&date).map(String::as_str)
    }

    /// Why `date` is not a working day; none when it is one.
    ///
    /// # Errors
    /// The year has no data.
    pub fn why_not_working(&self, date: NaiveDate) -> Result<Option<Reason>, NoCalendar> {
        self.check_year(date)?;
        Ok(match date.weekday() {
            day @ (Weekday::Sat | Weekday::Sun) => Some(Reason::Weekend(day)),
            _ => self.holidays.get(&date).cloned().map(Reason::Holiday),
        })
    }

    /// Whether `date` is neither a weekend nor a holiday (Art. 2(2)).
    ///
    /// # Errors
    /// The year has no data.
    pub fn is_working_day(&self, date: NaiveDate) -> Result<bool, NoCalendar> {
        Ok(self.why_not_working(date)?.is_none())
    }

    /// The last day of a period of `n` working days from `from`, which is not counted itself (Art. 3(1)); a negative
    /// `n` counts back, and 0 gives `from`, working day or not.
    ///
    /// # Errors
    /// A day reached lies in a year without data, which also bounds the work for any `n`.
    pub fn add_working_days(&self, from: NaiveDate, n: i32) -> Result<NaiveDate, NoCalendar> {
        Ok(self.add_working_days_explained(from, n)?.0)
    }

    /// As [`Self::add_working_days`], with the days passed over in the order they were met.
    ///
    /// # Errors
    /// As [`Self::add_working_days`].
    pub fn add_working_days_explained(
        &self,
        from: NaiveDate,
        n: i32,
    ) -> Result<(NaiveDate, Vec<Skipped>), NoCalendar> {
        let mut skipped = Vec::new();
        let mut date = from;
        let mut left = n.unsigned_abs();
        while left > 0 {
            date = self.neighbour(date, n > 0)?;
            match self.why_not_working(date)? {
                None => left -= 1,
                Some(reason) => skipped.push(Skipped { date, reason }),
            }
        }
        self.check_year(date)?;
        Ok((date, skipped))
    }

    /// How many working days lie after `from`, up to and including `to`: the `n` that
    /// [`Self::add_working_days`] needs to get from one to the other, where `to` is a working day. Negative when `to`
    /// is the earlier one; then `to` is counted and `from` is not.
    ///
    /// # Errors
    /// `to`, or a day on the way, lies in a year without data.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> Result<i32, NoCalendar> {
        Ok(self.working_days_between_explained(from, to)?.0)
    }

    /// As [`Self::working_days_between`], with the days passed over in the order they were met.
    ///
    /// # Errors
    /// As [`Self::working_days_between`].
    pub fn working_days_between_explained(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<(i32, Vec<Skipped>), NoCalendar> {
        self.check_year(to)?;
        let mut skipped = Vec::new();
        let mut count = 0;
        let mut date = from;
        while date != to {
            date = self.neighbour(date, from < to)?;
            match self.why_not_working(date)? {
                None => count += 1,
                Some(reason) => skipped.push(Skipped { date, reason }),
            }
        }
        Ok((if from < to { count } else { -count }, skipped))
    }

    /// `date` itself when it is a working day, else the working day that follows (Art. 3(4)). That article does not
    /// move periods counted back from a date.
    ///
    /// # Errors
    /// A day reached lies in a year without data.
    pub fn next_working_day_on_or_after(&self, date: NaiveDate) -> Result<NaiveDate, NoCalendar> {
        Ok(self.next_working_day_on_or_after_explained(date)?.0)
    }

    /// As [`Self::next_working_day_on_or_after`], with the days passed over.
    ///
    /// # Errors
    /// As [`Self::next_working_day_on_or_after`].
    pub fn next_working_day_on_or_after_explained(
        &self,
        date: NaiveDate,
    ) -> Result<(NaiveDate, Vec<Skipped>), NoCalendar> {
        let mut skipped = Vec::new();
        let mut date = date;
        while let Some(reason) = self.why_not_working(date)? {
            skipped.push(Skipped { date, reason });
            date = self.neighbour(date, true)?;
        }
        Ok((date, skipped))
    }

    fn check_year(&self, date: NaiveDate) -> Result<(), NoCalendar> {
        if self.years.contains(&date.year()) {
            Ok(())
        } else {
            Err(self.no_year(date))
        }
    }

    fn neighbour(&self, date: NaiveDate, forward: bool) -> Result<NaiveDate, NoCalendar> {
        let next = if forward { date.succ_opt() } else { date.pred_opt() };
        next.ok_or_else(|| self.no_year(date))
    }

    fn no_year(&self, date: NaiveDate) -> NoCalendar {
        NoCalendar::Year {
            office: self.office.clone(),
            year: date.year(),
        }
    }
}

/// The calendars of the exchange, found by office.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendars(BTreeMap<OfficeCode, Calendar>);

impl Calendars {
    /// The calendar of `office`.
    ///
    /// # Errors
    /// It has none.
    pub fn get(&self, office: &OfficeCode) -> Result<&Calendar, NoCalendar> {
        self.0.get(office).ok_or_else(|| NoCalendar::Office {
            office: office.clone(),
        })
    }

    /// The Commission's calendar, which is the exchange's.
    ///
    /// # Errors
    /// It was not loaded.
    pub fn commission(&self) -> Result<&Calendar, NoCalendar> {
        self.get(&OfficeCode::commission())
    }

    /// All calendars, by office.
    pub fn iter(&self) -> impl Iterator<Item = &Calendar> {
        self.0.values()
    }

    /// Which of `offices` have a holiday on `date`, by code and once each, with its name. An office without data is
    /// left out: this warns, and decides nothing.
    pub fn holidays_on<'a>(
        &self,
        date: NaiveDate,
        offices: impl IntoIterator<Item = &'a OfficeCode>,
    ) -> BTreeMap<&'a OfficeCode, &str> {
        offices
            .into_iter()
            .filter_map(|office| Some((office, self.0.get(office)?.holiday(date)?)))
            .collect()
    }

    /// The warning `holiday in LU, PL and SK on that day`; none when none of `offices` has a holiday on `date`.
    pub fn holiday_warning<'a>(
        &self,
        date: NaiveDate,
        offices: impl IntoIterator<Item = &'a OfficeCode>,
    ) -> Option<String> {
        let codes: Vec<&str> = self.holidays_on(date, offices).into_keys().map(OfficeCode::as_str).collect();
        let (last, others) = codes.split_last()?;
        let joined = if others.is_empty() {
            (*last).to_owned()
        } else {
            format!("{} and {last}", others.join(", "))
        };
        Some(format!("holiday in {joined} on that day"))
    }
}

impl FromIterator<(OfficeCode, NaiveDate, String)> for Calendars {
    /// The calendars that rows of office, date and name make up; a day that comes twice keeps its last name.
    fn from_iter<I: IntoIterator<Item = (OfficeCode, NaiveDate, String)>>(rows: I) -> Self {
        let mut by_office: BTreeMap<OfficeCode, BTreeMap<NaiveDate, String>> = BTreeMap::new();
        for (office, date, name) in rows {
            by_office.entry(office).or_default().insert(date, name);
        }
        Self(
            by_office
                .into_iter()
                .map(|(office, holidays)| (office.clone(), Calendar::new(office, holidays)))
                .collect(),
        )
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    /// The calendars as they are delivered.
    pub(crate) static CALENDARS: LazyLock<Calendars> = LazyLock::new(|| {
        include_str!("../../../data/holidays.csv")
            .lines()
            .skip(1)
            .map(|row| {
                let mut cells = row.splitn(3, ',');
                let mut cell = || cells.next().unwrap();
                (cell().parse().unwrap(), day(cell()), cell().trim_matches('"').to_owned())
            })
            .collect()
    });

    pub(crate) fn com() -> &'static Calendar {
        CALENDARS.commission().unwrap()
    }

    pub(crate) fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn codes(text: &str) -> Vec<OfficeCode> {
        text.split_whitespace().map(|code| code.parse().unwrap()).collect()
    }

    fn explained(skipped: &[Skipped]) -> Vec<String> {
        skipped.iter().map(|day| format!("{} {}", day.date, day.reason)).collect()
    }

    #[test]
    fn days_of_the_commission() {
        for (date, why) in [
            ("2026-03-31", None),
            ("2026-04-02", Some("Maundy Thursday")),
            ("2026-04-03", Some("Good Friday")),
            ("2026-04-04", Some("Saturday")),
            ("2026-04-05", Some("Sunday")),
            ("2026-04-06", Some("Easter Monday")),
            ("2026-04-07", None),
            ("2026-05-09", Some("Saturday")),
            ("2026-11-01", Some("Sunday")),
            ("2026-11-02", Some("All Souls' Day")),
            ("2026-12-23", None),
            ("2026-12-24", Some("End-of-year closure")),
            ("2026-12-31", Some("End-of-year closure")),
            ("2027-01-01", Some("New Year's Day")),
            ("2027-01-04", None),
            ("2028-02-29", None),
        ] {
            let reason = com().why_not_working(day(date)).unwrap();
            assert_eq!(reason.map(|reason| reason.to_string()).as_deref(), why, "{date}");
            assert_eq!(com().is_working_day(day(date)), Ok(why.is_none()), "{date}");
        }
    }

    #[test]
    fn working_days_are_added_and_taken_away() {
        for (from, n, to) in [
            ("2026-03-02", 1, "2026-03-03"),
            ("2026-03-06", 1, "2026-03-09"),
            ("2026-03-07", 1, "2026-03-09"),
            ("2026-03-08", 1, "2026-03-09"),
            ("2026-03-02", 0, "2026-03-02"),
            ("2026-03-07", 0, "2026-03-07"),
            ("2026-04-01", 1, "2026-04-07"),
            ("2026-03-30", 5, "2026-04-09"),
            ("2026-04-07", -1, "2026-04-01"),
            ("2026-04-05", -1, "2026-04-01"),
            ("2026-05-12", 2, "2026-05-18"),
            ("2026-12-22", 2, "2027-01-04"),
            ("2027-01-04", -2, "2026-12-22"),
            ("2026-12-31", 20, "2027-01-29"),
            ("2026-01-05", 20, "2026-02-02"),
            ("2026-07-20", 1, "2026-07-22"),
        ] {
            assert_eq!(com().add_working_days(day(from), n), Ok(day(to)), "{from} {n}");
        }
    }

    #[test]
    fn working_days_are_counted() {
        for (from, to, n) in [
            ("2026-03-02", "2026-03-02", 0),
            ("2026-03-02", "2026-03-03", 1),
            ("2026-03-06", "2026-03-08", 0),
            ("2026-03-06", "2026-03-09", 1),
            ("2026-03-09", "2026-03-06", -1),
            ("2026-03-08", "2026-03-06", -1),
            ("2026-03-08", "2026-03-07", 0),
            ("2026-04-01", "2026-04-06", 0),
            ("2026-04-01", "2026-04-07", 1),
            ("2026-12-23", "2027-01-03", 0),
            ("2026-12-23", "2027-01-04", 1),
            ("2026-10-30", "2026-11-03", 1),
            ("2025-12-31", "2026-12-31", 243),
        ] {
            assert_eq!(com().working_days_between(day(from), day(to)), Ok(n), "{from} {to}");
        }
    }

    #[test]
    fn every_day_passed_over_is_named() {
        let easter = [
            "2026-04-02 Maundy Thursday",
            "2026-04-03 Good Friday",
            "2026-04-04 Saturday",
            "2026-04-05 Sunday",
            "2026-04-06 Easter Monday",
        ];
        let (date, skipped) = com().add_working_days_explained(day("2026-04-01"), 1).unwrap();
        assert_eq!((date, explained(&skipped)), (day("2026-04-07"), easter.map(String::from).to_vec()));
        let (count, skipped) =
            com().working_days_between_explained(day("2026-03-31"), day("2026-04-07")).unwrap();
        assert_eq!((count, explained(&skipped)), (2, easter.map(String::from).to_vec()));
        let (date, skipped) = com().next_working_day_on_or_after_explained(day("2026-04-05")).unwrap();
        assert_eq!((date, explained(&skipped)), (day("2026-04-07"), easter[3..].iter().map(|day| (*day).into()).collect()));
        let (date, skipped) = com().add_working_days_explained(day("2026-04-06"), -1).unwrap();
        let mut back = easter[..4].to_vec();
        back.reverse();
        assert_eq!((date, explained(&skipped)), (day("2026-04-01"), back.into_iter().map(String::from).collect()));
    }

    #[test]
    fn a_year_without_data_is_refused() {
        let no = |year| NoCalendar::Year {
            office: OfficeCode::commission(),
            year,
        };
        assert_eq!(com().years().collect::<Vec<_>>(), (2024..=2031).collect::<Vec<_>>());
        assert_eq!(com().is_working_day(day("2023-12-29")), Err(no(2023)));
        assert_eq!(com().is_working_day(day("2032-01-05")), Err(no(2032)));
        assert_eq!(com().add_working_days(day("2031-12-23"), 1), Err(no(2032)));
        assert_eq!(com().add_working_days(day("2024-01-03"), -1), Err(no(2023)));
        assert_eq!(com().add_working_days(day("2031-12-22"), i32::MAX), Err(no(2032)));
        assert_eq!(com().add_working_days(day("2026-01-05"), i32::MIN), Err(no(2023)));
        assert_eq!(com().add_working_days(day("2023-12-29"), 0), Err(no(2023)));
        assert_eq!(com().add_working_days(day("2023-12-29"), 1), Ok(day("2024-01-03")), "only days counted need data");
        assert_eq!(com().working_days_between(day("2026-01-05"), day("2035-01-05")), Err(no(2035)));
        assert_eq!(com().working_days_between(day("2035-01-05"), day("2026-01-05")), Err(no(2035)));
        assert_eq!(com().next_working_day_on_or_after(day("2031-12-24")), Err(no(2032)));
        let last = Calendar::new(OfficeCode::commission(), BTreeMap::from([(NaiveDate::MAX, "End".to_owned())]));
        assert_eq!(last.next_working_day_on_or_after(NaiveDate::MAX), Err(no(NaiveDate::MAX.year())));
    }

    #[test]
    fn a_refusal_names_office_and_year() {
        let lu: OfficeCode = "LU".parse().unwrap();
        let error = CALENDARS.get(&lu).unwrap().is_working_day(day("2040-01-02")).unwrap_err();
        let Refusal::Invalid(faults) = error.at("/date") else {
            panic!("not a fault of the input");
        };
        let fault = &faults.into_vec()[0];
        assert_eq!((fault.pointer.as_str(), fault.code), ("/date", "no_calendar"));
        assert!(fault.detail.contains("LU") && fault.detail.contains("2040"), "{}", fault.detail);
        let sp: OfficeCode = "SP".parse().unwrap();
        let refusal = Refusal::from(CALENDARS.get(&sp).unwrap_err());
        assert_eq!(refusal, Refusal::invalid("", "no_calendar", "there is no calendar of SP"));
        assert_eq!(CALENDARS.iter().count(), 35);
    }

    #[test]
    fn holidays_elsewhere_are_warned_of() {
        for (date, offices, warning) in [
            ("2026-11-11", "SK PL", Some("holiday in PL on that day")),
            ("2026-01-06", "SK PL PL", Some("holiday in PL and SK on that day")),
            ("2026-01-06", "SK PL LU AT", Some("holiday in AT, PL and SK on that day")),
            ("2026-03-10", "SK PL", None),
            ("2026-01-06", "", None),
            ("2026-01-06", "SP", None),
            ("2050-01-06", "SK PL", None),
        ] {
            let found = CALENDARS.holiday_warning(day(date), &codes(offices));
            assert_eq!(found.as_deref(), warning, "{date} {offices}");
        }
        let asked = codes("SK PL");
        let names: Vec<_> = CALENDARS.holidays_on(day("2026-01-06"), &asked).into_values().collect();
        assert_eq!(names.len(), 2);
        assert!(com().holidays().any(|(date, name)| date == day("2026-04-06") && name == "Easter Monday"));
        assert_eq!(com().office().as_str(), "COM");
    }

    fn calendar() -> impl Strategy<Value = &'static Calendar> {
        proptest::sample::select(CALENDARS.iter().collect::<Vec<_>>())
    }

    /// A day far enough from the ends of the data to add 400 working days.
    fn any_day() -> impl Strategy<Value = NaiveDate> {
        (800u64..2100).prop_map(|days| day("2024-01-01") + chrono::Days::new(days))
    }

    proptest! {
        #[test]
        fn added_then_counted_gives_the_same(calendar in calendar(), from in any_day(), n in -400i32..=400) {
            let to = calendar.add_working_days(from, n).unwrap();
            prop_assert_eq!(calendar.working_days_between(from, to), Ok(n));
            prop_assert!(n == 0 || calendar.is_working_day(to).unwrap());
        }

        #[test]
        fn there_and_back_on_working_days(calendar in calendar(), from in any_day(), n in -400i32..=400) {
            let from = calendar.next_working_day_on_or_after(from).unwrap();
            let to = calendar.add_working_days(from, n).unwrap();
            prop_assert_eq!(calendar.add_working_days(to, -n), Ok(from));
            prop_assert_eq!(calendar.working_days_between(to, from), Ok(-n));
        }

        #[test]
        fn later_and_longer_never_end_earlier(calendar in calendar(), from in any_day(), n in -400i32..400, on in 0u64..30) {
            let to = calendar.add_working_days(from, n).unwrap();
            prop_assert!(calendar.add_working_days(from, n + 1).unwrap() > to);
            prop_assert!(calendar.add_working_days(from + chrono::Days::new(on), n).unwrap() >= to);
        }

        #[test]
        fn every_day_is_counted_or_named(calendar in calendar(), from in any_day(), days in 0u64..600) {
            let to = from + chrono::Days::new(days);
            let (count, skipped) = calendar.working_days_between_explained(from, to).unwrap();
            prop_assert_eq!(u64::try_from(count).unwrap() + u64::try_from(skipped.len()).unwrap(), days);
            for day in &skipped {
                prop_assert!(!calendar.is_working_day(day.date).unwrap());
            }
        }

        #[test]
        fn the_next_working_day_is_the_first_one(calendar in calendar(), date in any_day()) {
            let next = calendar.next_working_day_on_or_after(date).unwrap();
            prop_assert!(calendar.is_working_day(next).unwrap());
            prop_assert_eq!(calendar.add_working_days(date.pred_opt().unwrap(), 1), Ok(next));
        }
    }
}
