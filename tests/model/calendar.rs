//! Days as the specification counts them: weekends and the Commission's holidays are skipped, a day ends at midnight
//! in Brussels.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Europe::Brussels;

/// An instant.
pub(crate) type Instant = DateTime<Utc>;

/// The Commission's calendar.
pub(crate) struct Calendar(BTreeSet<NaiveDate>);

impl Calendar {
    /// Read from the data that the program imports.
    pub(crate) fn read() -> Self {
        let holidays = include_str!("../../data/holidays.csv")
            .lines()
            .filter_map(|line| line.strip_prefix("COM,"))
            .map(|line| line[..10].parse().expect("a date"));
        Self(holidays.collect())
    }

    fn is_working(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.0.contains(&day)
    }

    /// The last day of a period of `count` working days; `day` itself is not counted.
    pub(crate) fn after(&self, mut day: NaiveDate, mut count: u32) -> NaiveDate {
        while count > 0 {
            day = day + Days::new(1);
            count -= u32::from(self.is_working(day));
        }
        day
    }

    /// The day itself, or the working day that follows.
    pub(crate) fn moved(&self, mut day: NaiveDate) -> NaiveDate {
        while !self.is_working(day) {
            day = day + Days::new(1);
        }
        day
    }

    /// The working days after `from` up to and including `to`.
    pub(crate) fn between(&self, from: NaiveDate, to: NaiveDate) -> usize {
        from.iter_days()
            .skip(1)
            .take_while(|day| *day <= to)
            .filter(|day| self.is_working(*day))
            .count()
    }
}

/// The day it is in Brussels.
pub(crate) fn day(now: Instant) -> NaiveDate {
    now.with_timezone(&Brussels).date_naive()
}

/// The first instant after a day in Brussels.
pub(crate) fn end(day: NaiveDate) -> Instant {
    let midnight = (day + Days::new(1)).and_time(NaiveTime::MIN);
    Brussels
        .from_local_datetime(&midnight)
        .single()
        .expect("every midnight of Brussels exists once")
        .to_utc()
}
