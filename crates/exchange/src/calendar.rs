//! Calendars: the holidays of each office, who replaces them, whom that concerns, and the calculator of working days.

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::calendar::year::{HolidaysOfYear, YEARS};
use ahq_domain::calendar::{Calendars, Skipped};
use ahq_domain::office::{OfficeCode, Offices, in_words};
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::refusal::{Faults, Refusal};
use ahq_mail::messages::{HolidayAdded, Message, QueryHead};
use ahq_store::{holidays, offices, queries};
use chrono::{Datelike, NaiveDate};
use serde_json::json;

use crate::delivery::name;
use crate::error::Error;
use crate::import::Holiday;
use crate::outgoing::Note;
use crate::work::{Work, must_be_version};

/// The holidays of an office in a year, as their reader finds them.
#[derive(Debug, Clone)]
pub struct YearDetail {
    /// The office.
    pub office: OfficeCode,
    /// The year.
    pub year: i32,
    /// The holidays; none where there are no data.
    pub holidays: HolidaysOfYear,
    /// What the caller may do with them.
    pub actions: Vec<&'static str>,
}

/// How far a count of working days goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// To this day: how many lie between?
    Day(NaiveDate),
    /// So many on, or back where it is negative: which day is it?
    Days(i32),
}

/// A count in the calendar of one office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The office.
    pub office: OfficeCode,
    /// The day counted to.
    pub to: NaiveDate,
    /// The working days.
    pub days: i32,
    /// The days passed over, in the order they were met.
    pub skipped: Vec<Skipped>,
}

/// What an import of holidays changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Years of an office that were replaced.
    pub years: usize,
    /// Days that are new.
    pub added: usize,
    /// Days that are gone.
    pub removed: usize,
}

impl Work<'_> {
    /// The holidays of an office, or of all, in a year.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn list_holidays(&mut self, office: Option<&OfficeCode>, year: i32) -> Result<Vec<Holiday>, Error> {
        self.may(Action::ReadNetwork, Subject::Exchange)?;
        Ok(holidays::list(self.conn, office, Some(year))?)
    }

    /// The holidays of one office in one year, which may be none.
    ///
    /// # Errors
    /// Hidden when no office has this code, or holidays are not taken for this year.
    pub fn holidays_of_year(&mut self, office: &OfficeCode, year: i32) -> Result<YearDetail, Error> {
        self.may(Action::ReadNetwork, Subject::Exchange)?;
        self.must_have_year(office, year)?;
        let holidays = self.known_of_year(office, year)?;
        Ok(self.year_detail(office, year, holidays))
    }

    fn must_have_year(&mut self, office: &OfficeCode, year: i32) -> Result<(), Error> {
        if !YEARS.contains(&year) || offices::all(self.conn)?.get(office).is_none() {
            return Err(Refusal::Hidden.into());
        }
        Ok(())
    }

    fn known_of_year(&mut self, office: &OfficeCode, year: i32) -> Result<HolidaysOfYear, Error> {
        let days = holidays::list(self.conn, Some(office), Some(year))?;
        Ok(HolidaysOfYear::known(
            days.into_iter().map(|(_, date, name)| (date, name)),
        ))
    }

    fn year_detail(&self, office: &OfficeCode, year: i32, holidays: HolidaysOfYear) -> YearDetail {
        let change = self.allows(Action::ManageNetwork, Subject::Exchange);
        YearDetail {
            office: office.clone(),
            year,
            holidays,
            actions: if change { vec!["change"] } else { Vec::new() },
        }
    }

    /// Replaces the holidays of one office in one year. No deadline moves; the requesters of running queries with a
    /// deadline on a day that is new are told.
    ///
    /// # Errors
    /// Not the service provider's coordinator, no such office, stale, and all faults of the days at once.
    pub fn replace_holidays(
        &mut self,
        office: &OfficeCode,
        year: i32,
        expected: i64,
        days: Vec<(NaiveDate, String)>,
    ) -> Result<YearDetail, Error> {
        self.may(Action::ManageNetwork, Subject::Exchange)?;
        self.must_have_year(office, year)?;
        holidays::lock(self.conn)?;
        let before = self.known_of_year(office, year)?;
        must_be_version(before.version(), expected)?;
        let after = HolidaysOfYear::parse(year, days).map_err(Refusal::from)?;
        let added = self.keep_year(office, year, &before, &after)?;
        self.tell_of_holidays(&BTreeMap::from([(office.clone(), added)]))?;
        Ok(self.year_detail(office, year, after))
    }

    /// Brings in holidays: each year of an office that has some is replaced by them.
    ///
    /// # Errors
    /// All faults at once, each below the office and the year it is in.
    pub fn import_holidays(&mut self, days: Vec<Holiday>) -> Result<Replaced, Error> {
        let mut years: BTreeMap<(OfficeCode, i32), Vec<(NaiveDate, String)>> = BTreeMap::new();
        for (office, date, name) in days {
            years.entry((office, date.year())).or_default().push((date, name));
        }
        let offices = offices::all(self.conn)?;
        let (mut faults, mut parsed) = (Faults::new(), Vec::new());
        for ((office, year), days) in years {
            let at = format!("/{office}/{year}");
            if offices.get(&office).is_none() {
                faults.add(&at, "unknown_office", format!("no office has the code {office}"));
            }
            if !YEARS.contains(&year) {
                let detail = format!("holidays are taken from {} to {}", YEARS.start(), YEARS.end());
                faults.add(&at, "other_year", detail);
            }
            match HolidaysOfYear::parse(year, days) {
                Ok(days) => parsed.push((office, year, days)),
                Err(found) => faults.add_below(&at, found),
            }
        }
        let parsed = faults.or(parsed).map_err(Refusal::from)?;
        holidays::lock(self.conn)?;
        let mut replaced = Replaced::default();
        let mut all_added: BTreeMap<OfficeCode, BTreeSet<NaiveDate>> = BTreeMap::new();
        for (office, year, after) in parsed {
            let before = self.known_of_year(&office, year)?;
            replaced.removed += before.added_to(&after).len();
            let added = self.keep_year(&office, year, &before, &after)?;
            replaced.years += 1;
            replaced.added += added.len();
            all_added.entry(office).or_default().extend(added);
        }
        self.tell_of_holidays(&all_added)?;
        Ok(replaced)
    }

    /// Writes a year in the place of what was known; gives the days that are new.
    fn keep_year(
        &mut self,
        office: &OfficeCode,
        year: i32,
        before: &HolidaysOfYear,
        after: &HolidaysOfYear,
    ) -> Result<BTreeSet<NaiveDate>, Error> {
        let rows: Vec<Holiday> = after
            .iter()
            .map(|(date, name)| (office.clone(), date, name.to_owned()))
            .collect();
        holidays::delete_year(self.conn, office, year)?;
        holidays::put_all(self.conn, &rows)?;
        let added = after.added_to(before);
        let facts = json!({"holidays": rows.len(), "added": added, "removed": before.added_to(after)});
        self.record("holidays.replaced", format!("holidays/{office}/{year}"), facts)?;
        Ok(added)
    }

    /// Tells the requesters of running queries on which deadlines a new holiday falls.
    pub(crate) fn tell_of_holidays(&mut self, added: &BTreeMap<OfficeCode, BTreeSet<NaiveDate>>) -> Result<(), Error> {
        if added.values().all(BTreeSet::is_empty) {
            return Ok(());
        }
        for query in queries::with_deadline_since(self.conn, self.today())? {
            let mut concerned: BTreeMap<NaiveDate, Vec<OfficeCode>> = BTreeMap::new();
            for (office, days) in added {
                for date in query.deadlines_on(office, days, self.now) {
                    concerned.entry(date).or_default().push(office.clone());
                }
            }
            let told: Vec<_> = query.requesters().cloned().collect();
            for (date, offices) in concerned {
                self.tell(&query, &told, &Note::HolidayAdded { date, offices })?;
            }
        }
        Ok(())
    }

    /// The message that a day on which a deadline falls became a holiday; none where it is none any more, or the deadline
    /// has moved.
    pub(crate) fn holiday_added(
        &mut self,
        query: &Query,
        day: NaiveDate,
        whose: &[OfficeCode],
        offices: &Offices,
        head: QueryHead,
        link: String,
    ) -> Result<Option<Message>, Error> {
        let calendars = holidays::calendars(self.conn, whose)?;
        let days = BTreeSet::from([day]);
        let still = |office: &&OfficeCode| !query.deadlines_on(office, &days, self.now).is_empty();
        let named = calendars.holidays_on(day, whose.iter().filter(still));
        if named.is_empty() {
            return Ok(None);
        }
        let names: BTreeSet<&str> = named.values().copied().collect();
        let of: Vec<String> = named.keys().map(|office| name(offices, office, self.today())).collect();
        Ok(Some(Message::HolidayAdded(HolidayAdded {
            query: head,
            deadline: day,
            office: in_words(&of),
            day,
            holiday: names.into_iter().collect::<Vec<_>>().join("; "),
            link,
        })))
    }

    /// Counts working days from a day, up to `to` or so many `days` on, in the calendar of each of these offices.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in; `wrong_number` unless one of `to` and `days` is named; each office whose
    /// calendar lacks a year that is reached.
    pub fn count_working_days(
        &mut self,
        codes: &[OfficeCode],
        from: NaiveDate,
        to: Option<NaiveDate>,
        days: Option<i32>,
    ) -> Result<Vec<Counted>, Error> {
        self.may(Action::ReadNetwork, Subject::Exchange)?;
        let until = match (to, days) {
            (Some(to), None) => Until::Day(to),
            (None, Some(days)) => Until::Days(days),
            _ => {
                let detail = "name either to or days, not both and not neither";
                return Err(Refusal::invalid("/query/days", "wrong_number", detail).into());
            }
        };
        let calendars = holidays::calendars(self.conn, codes)?;
        let (mut counted, mut faults) = (Vec::new(), Faults::new());
        for office in codes {
            match count(&calendars, office, from, until) {
                Ok(one) => counted.push(one),
                Err(fault) => faults.add(fault.0, "no_calendar", fault.1),
            }
        }
        Ok(faults.or(counted).map_err(Refusal::from)?)
    }
}

/// The count of one office, or where and why there is none.
fn count(
    calendars: &Calendars,
    office: &OfficeCode,
    from: NaiveDate,
    until: Until,
) -> Result<Counted, (&'static str, String)> {
    let calendar = calendars
        .get(office)
        .map_err(|error| ("/query/office", error.to_string()))?;
    let (to, days, skipped) = match until {
        Until::Day(to) => calendar
            .working_days_between_explained(from, to)
            .map(|(days, skipped)| (to, days, skipped))
            .map_err(|error| ("/query/to", error.to_string()))?,
        Until::Days(days) => calendar
            .add_working_days_explained(from, days)
            .map(|(to, skipped)| (to, days, skipped))
            .map_err(|error| ("/query/days", error.to_string()))?,
    };
    Ok(Counted {
        office: office.clone(),
        to,
        days,
        skipped,
    })
}
