//! Reminders: on which days an office whose answer is expected is reminded, and when mail of that kind leaves.
//!
//! The days follow from what set the office's deadline last; nothing is counted by a timer. Whether the office has
//! answered, and which reminders were sent, is for the caller to look up. A year whose holidays nobody has told yet
//! has weekends only here: no reminder is lost for it.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone, Weekday};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::clock::{BRUSSELS, Instant, brussels_date};
use crate::office::OfficeCode;
use crate::query::{Launched, Query};

/// The first hour of a working day in Brussels at which reminders leave.
pub const FIRST_HOUR: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// One of the reminders before and after a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Five working days before.
    FiveBefore,
    /// One working day before.
    OneBefore,
    /// One working day after.
    OneAfter,
    /// A week after that.
    FirstWeek,
    /// Two weeks after that.
    SecondWeek,
    /// Three weeks after that.
    ThirdWeek,
    /// Four weeks after that; the last one.
    FourthWeek,
}

impl Step {
    /// All of them, in the order of their days.
    pub const ALL: [Self; 7] = [
        Self::FiveBefore,
        Self::OneBefore,
        Self::OneAfter,
        Self::FirstWeek,
        Self::SecondWeek,
        Self::ThirdWeek,
        Self::FourthWeek,
    ];

    /// Its word in the tables and the interface.
    pub fn word(self) -> &'static str {
        match self {
            Self::FiveBefore => "five_before",
            Self::OneBefore => "one_before",
            Self::OneAfter => "one_after",
            Self::FirstWeek => "first_week",
            Self::SecondWeek => "second_week",
            Self::ThirdWeek => "third_week",
            Self::FourthWeek => "fourth_week",
        }
    }

    fn is_before(self) -> bool {
        matches!(self, Self::FiveBefore | Self::OneBefore)
    }

    fn day(self, deadline: NaiveDate, calendar: &Calendar) -> NaiveDate {
        let weekly = |weeks: u64| {
            let first = working_days_on(deadline, 1, calendar);
            first_working_day(first + Days::new(7 * weeks), calendar)
        };
        match self {
            Self::FiveBefore => working_days_on(deadline, -5, calendar),
            Self::OneBefore => working_days_on(deadline, -1, calendar),
            Self::OneAfter => working_days_on(deadline, 1, calendar),
            Self::FirstWeek => weekly(1),
            Self::SecondWeek => weekly(2),
            Self::ThirdWeek => weekly(3),
            Self::FourthWeek => weekly(4),
        }
    }
}

/// What set the deadline that an office has: the launch, an extension for all, a date agreed with it. Each such event
/// names another day, so that the day tells the events of an office and a query apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClockSetting {
    /// The Brussels day on which the office was told.
    pub told: NaiveDate,
    /// The last day it has.
    pub deadline: NaiveDate,
}

impl ClockSetting {
    /// The reminders of this deadline with their days, in order; two that long holidays move to one day are sent as one. Those that would fall before the working day after the
    /// office was told are left out.
    pub fn schedule(&self, calendar: &Calendar) -> Vec<(Step, NaiveDate)> {
        let first = working_days_on(self.told, 1, calendar);
        Step::ALL
            .into_iter()
            .map(|step| (step, step.day(self.deadline, calendar)))
            .filter(|(_, day)| *day >= first)
            .collect()
    }

    /// The reminders whose day has come, in order; the last of them is the one to send now. After an outage it stands for
    /// those before it: nobody is told twice in one morning, and nobody of a day before a deadline that has passed.
    pub fn due(&self, now: Instant, calendar: &Calendar) -> Vec<Step> {
        if !is_time_to_send(now, calendar) {
            return Vec::new();
        }
        let today = brussels_date(now);
        let mut steps: Vec<Step> = self
            .schedule(calendar)
            .into_iter()
            .filter(|(_, day)| *day <= today)
            .map(|(step, _)| step)
            .collect();
        if today > self.deadline && steps.last().is_some_and(|last| last.is_before()) {
            steps.clear();
        }
        steps
    }
}

impl Query {
    /// What set the deadline of an office that is to be reminded: none where nobody expects its answer, where the query
    /// is no longer asked, or was closed early.
    pub fn reminds(&self, office: &OfficeCode) -> Option<ClockSetting> {
        let launched = self.launched()?;
        let asks = launched.withdrawn.is_none() && launched.closed_early.is_none();
        let expected = launched.addressee(office).is_some_and(|addressee| addressee.expected);
        (asks && expected).then(|| launched.clock_setting(office)).flatten()
    }
}

impl Launched {
    /// What set the deadline of an addressee; none for other offices.
    pub fn clock_setting(&self, office: &OfficeCode) -> Option<ClockSetting> {
        Some(ClockSetting {
            told: brussels_date(self.clock_set(office)?),
            deadline: match self.addressee(office)?.agreed {
                Some(agreed) if agreed.date > self.deadline.date => agreed.date,
                _ => self.deadline.date,
            },
        })
    }

    /// When the deadline of an addressee was set last, or the office was told of it; none for other offices.
    pub fn clock_set(&self, office: &OfficeCode) -> Option<Instant> {
        let addressee = self.addressee(office)?;
        let set = match addressee.agreed {
            Some(agreed) if agreed.date > self.deadline.date => agreed.at,
            _ => self.extensions.last().map_or(self.at, |extension| extension.at),
        };
        Some(set.max(addressee.told))
    }
}

/// Whether reminders and digests leave at `now`: on a working day of the Commission from eight in the morning in Brussels.
pub fn is_time_to_send(now: Instant, calendar: &Calendar) -> bool {
    let local = now.with_timezone(&BRUSSELS);
    is_working_day(local.date_naive(), calendar) && local.time() >= FIRST_HOUR
}

/// `now` where that is a time to send, else the next one.
pub fn next_time_to_send(now: Instant, calendar: &Calendar) -> Instant {
    if is_time_to_send(now, calendar) {
        return now;
    }
    let today = brussels_date(now);
    let morning = first_instant(today);
    if is_working_day(today, calendar) && now < morning {
        return morning;
    }
    first_instant(working_days_on(today, 1, calendar))
}

fn first_instant(day: NaiveDate) -> Instant {
    // Clocks in Brussels change at two or three at night: every eight o'clock exists once.
    let morning = day.and_time(FIRST_HOUR);
    BRUSSELS
        .from_local_datetime(&morning)
        .earliest()
        .map_or_else(|| morning.and_utc(), |morning| morning.to_utc())
}

/// Whether a day is a working day; where the year has no calendar, whether it is no Saturday or Sunday.
fn is_working_day(day: NaiveDate, calendar: &Calendar) -> bool {
    calendar
        .is_working_day(day)
        .unwrap_or(!matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

fn first_working_day(mut day: NaiveDate, calendar: &Calendar) -> NaiveDate {
    while !is_working_day(day, calendar) {
        day = day + Days::new(1);
    }
    day
}

fn working_days_on(from: NaiveDate, days: i32, calendar: &Calendar) -> NaiveDate {
    let mut day = from;
    for _ in 0..days.unsigned_abs() {
        loop {
            day = if days > 0 {
                day + Days::new(1)
            } else {
                day - Days::new(1)
            };
            if is_working_day(day, calendar) {
                break;
            }
        }
    }
    day
}

#[cfg(test)]
mod tests;
