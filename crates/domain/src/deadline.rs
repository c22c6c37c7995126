//! Deadlines: a date, and the instant it is over in Brussels.
//!
//! Regulation (EEC, Euratom) 1182/71 says how a period runs; how long one may be is the exchange's own rule. What is
//! over is decided by comparing instants alone, never by a background job having run.

use std::fmt;

use chrono::{NaiveDate, NaiveTime, TimeZone};

use crate::calendar::Calendar;
use crate::clock::{BRUSSELS, Instant, brussels_date, written_date};
use crate::refusal::Refusal;

/// The working days from launch when a draft names no date.
pub const USUAL_WORKING_DAYS: i32 = 20;
/// The fewest working days a deadline leaves (Regulation 1182/71, Art. 3(5): at least two).
pub const FEWEST_WORKING_DAYS: i32 = 2;
/// The most working days a deadline leaves.
pub const MOST_WORKING_DAYS: i32 = 60;
/// A launch that leaves fewer working days than this is urgent and says why.
pub const NOT_URGENT_FROM: i32 = 10;

const POINTER: &str = "/deadline";

/// The end of a day in Brussels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Deadline {
    /// The last day, as Brussels counts days.
    pub date: NaiveDate,
    /// The midnight that follows it in Brussels, the first instant that is too late.
    pub end: Instant,
}

impl Deadline {
    /// The deadline that ends with the last hour of `date` (Regulation 1182/71, Art. 3(2)(b)).
    pub fn on(date: NaiveDate) -> Self {
        let midnight = date.succ_opt().unwrap_or(date).and_time(NaiveTime::MIN);
        // Clocks in Brussels change at two or three at night, so that every midnight exists once.
        let end = BRUSSELS
            .from_local_datetime(&midnight)
            .earliest()
            .map_or_else(|| midnight.and_utc(), |end| end.to_utc());
        Self { date, end }
    }

    /// Whether it is over at `now`.
    pub fn is_past(&self, now: Instant) -> bool {
        now >= self.end
    }
}

impl fmt::Display for Deadline {
    /// As it is written for people: `4 December 2026, 23:59 Brussels time`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, 23:59 Brussels time", written_date(self.date))
    }
}

/// Whether what came in at `received` is late: on time at the last instant of the day, late one microsecond after.
pub fn late(received: Instant, deadline: &Deadline) -> bool {
    deadline.is_past(received)
}

/// A deadline that may be set, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The deadline, on a working day.
    pub deadline: Deadline,
    /// The working days from the day of the launch or extension, which is not counted, up to and including its date.
    pub working_days: i32,
    /// Whether a launch leaves fewer than ten working days; an extension is never urgent.
    pub urgent: bool,
    /// The date that was wished for, when that is no working day and the deadline moved to the one that follows.
    pub moved_from: Option<NaiveDate>,
}

/// The deadline of a query launched at `from`: the day wished for, or twenty working days when none is.
///
/// # Errors
/// Invalid with one fault: at `/deadline` `deadline_in_past`, `deadline_too_near` (under two working days),
/// `deadline_too_far` (over sixty), `no_calendar`; at `/urgentReason` `urgent_reason_missing` (under ten working days
/// and no reason but blanks).
pub fn set_deadline(
    from: Instant,
    wish: Option<NaiveDate>,
    urgent_reason: Option<&str>,
    com: &Calendar,
) -> Result<Planned, Refusal> {
    let today = brussels_date(from);
    let wish = match wish {
        Some(wish) => wish,
        None => com
            .add_working_days(today, USUAL_WORKING_DAYS)
            .map_err(|error| error.at(POINTER))?,
    };
    check_not_past(wish, today)?;
    let mut planned = moved(wish, today, com)?;
    check_bounds(&planned, today)?;
    planned.urgent = planned.working_days < NOT_URGENT_FROM;
    if planned.urgent && urgent_reason.is_none_or(|reason| reason.trim().is_empty()) {
        let days = planned.working_days;
        let detail =
            format!("{days} working days are fewer than {NOT_URGENT_FROM}: say why it is urgent, or take a later date");
        return Err(Refusal::invalid("/urgentReason", "urgent_reason_missing", detail));
    }
    Ok(planned)
}

/// The deadline that replaces `current`, moved to `date` at `now`: later than it, and within the same bounds from the
/// day of the extension.
///
/// # Errors
/// Invalid with one fault at `/deadline`: `deadline_in_past`, `deadline_not_later`, `deadline_too_near`,
/// `deadline_too_far`, `no_calendar`.
pub fn extend_deadline(current: &Deadline, now: Instant, date: NaiveDate, com: &Calendar) -> Result<Planned, Refusal> {
    let today = brussels_date(now);
    check_not_past(date, today)?;
    let planned = moved(date, today, com)?;
    if planned.deadline.date <= current.date {
        let detail = format!(
            "an extension ends later than the present deadline, {}",
            written_date(current.date)
        );
        return Err(Refusal::invalid(POINTER, "deadline_not_later", detail));
    }
    check_bounds(&planned, today)?;
    Ok(planned)
}

fn check_not_past(date: NaiveDate, today: NaiveDate) -> Result<(), Refusal> {
    if date < today {
        let detail = format!("{} is past: today is {}", written_date(date), written_date(today));
        return Err(Refusal::invalid(POINTER, "deadline_in_past", detail));
    }
    Ok(())
}

/// A date on a non-working day moves to the working day that follows (Art. 3(4)).
fn moved(wish: NaiveDate, today: NaiveDate, com: &Calendar) -> Result<Planned, Refusal> {
    let date = com
        .next_working_day_on_or_after(wish)
        .map_err(|error| error.at(POINTER))?;
    let working_days = com
        .working_days_between(today, date)
        .map_err(|error| error.at(POINTER))?;
    Ok(Planned {
        deadline: Deadline::on(date),
        working_days,
        urgent: false,
        moved_from: (date != wish).then_some(wish),
    })
}

fn check_bounds(planned: &Planned, today: NaiveDate) -> Result<(), Refusal> {
    let code = match planned.working_days {
        days if days < FEWEST_WORKING_DAYS => "deadline_too_near",
        days if days > MOST_WORKING_DAYS => "deadline_too_far",
        _ => return Ok(()),
    };
    let detail = format!(
        "working days from {} to {}: {}; {FEWEST_WORKING_DAYS} to {MOST_WORKING_DAYS} are possible",
        written_date(today),
        written_date(planned.deadline.date),
        planned.working_days,
    );
    Err(Refusal::invalid(POINTER, code, detail))
}

#[cfg(test)]
mod tests;
