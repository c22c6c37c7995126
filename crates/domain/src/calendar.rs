//! Working days: Regulation (EEC, Euratom) 1182/71 over the holidays of one office.
//!
//! Working days are all days but public holidays, Saturdays and Sundays (Art. 2(2)); the day of the event a period
//! runs from is not counted (Art. 3(1)). Holidays are data that an operator can replace: a year without any holiday
//! is taken as a year without data and refused, never counted as if it had none. Nothing here knows a deadline.

pub mod year;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::office::{OfficeCode, in_words};
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
    pub fn add_working_days_explained(&self, from: NaiveDate, n: i32) -> Result<(NaiveDate, Vec<Skipped>), NoCalendar> {
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
        self.0
            .get(office)
            .ok_or_else(|| NoCalendar::Office { office: office.clone() })
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
        let codes: Vec<String> = self
            .holidays_on(date, offices)
            .keys()
            .map(ToString::to_string)
            .collect();
        (!codes.is_empty()).then(|| format!("holiday in {} on that day", in_words(&codes)))
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
pub(crate) mod tests;
