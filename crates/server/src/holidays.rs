//! Files of holidays that an operator brings in: CSV (office, date, name), or a calendar (iCalendar) of one office. It
//! reads them, all faults at once, and decides nothing.

use std::path::Path;

use ahq_domain::office::OfficeCode;
use ahq_exchange::import::Holiday;
use chrono::{Days, NaiveDate};
use icalendar::{Calendar, CalendarComponent, Component, DatePerhapsTime, Event, EventStatus};

use crate::data::{DataError, fault};

/// The first line of a calendar.
const CALENDAR: &str = "BEGIN:VCALENDAR";
/// How many days one event of a calendar may take: a longer one is no holiday.
const MOST_DAYS: u64 = 14;

/// Reads a file of holidays; `office` says whose, where the file itself does not.
///
/// # Errors
/// A file that is not there or cannot be understood, with every fault and its place.
pub(crate) fn read(file: &Path, office: Option<&OfficeCode>) -> Result<Vec<Holiday>, DataError> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| fault(&name, error))?;
    let text = text.trim_start_matches('\u{feff}');
    let is_calendar = text
        .get(..CALENDAR.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(CALENDAR));
    match (is_calendar, office) {
        (true, Some(office)) => of_calendar(text, office).map_err(|faults| fault(&name, faults.join("; "))),
        (true, None) => Err(fault(
            &name,
            "a calendar does not say whose holidays it has: name its --office",
        )),
        (false, None) => of_csv(text).map_err(|faults| fault(&name, faults.join("; "))),
        (false, Some(_)) => Err(fault(
            &name,
            "is no iCalendar; a CSV file names the office of each holiday itself: leave --office out",
        )),
    }
}

/// The rows of a CSV file with a head.
pub(crate) fn of_csv(text: &str) -> Result<Vec<Holiday>, Vec<String>> {
    let (mut days, mut faults) = (Vec::new(), Vec::new());
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize::<Holiday>() {
        match row {
            Ok(day) => days.push(day),
            // It names the line.
            Err(error) => faults.push(error.to_string()),
        }
    }
    if days.is_empty() && faults.is_empty() {
        faults.push("holds no holiday; each line has an office, a date and a name".to_owned());
    }
    if faults.is_empty() { Ok(days) } else { Err(faults) }
}

fn of_calendar(text: &str, office: &OfficeCode) -> Result<Vec<Holiday>, Vec<String>> {
    let calendar: Calendar = text.parse().map_err(|fault| vec![fault])?;
    let events = calendar.components.iter().filter_map(CalendarComponent::as_event);
    let (mut days, mut faults) = (Vec::new(), Vec::new());
    for event in events.filter(|event| event.get_status() != Some(EventStatus::Cancelled)) {
        let name = event.get_summary().unwrap_or_default().trim().to_owned();
        match days_of(event) {
            Ok(dates) => days.extend(dates.into_iter().map(|date| (office.clone(), date, name.clone()))),
            Err(why) => {
                let uid = event.get_uid().unwrap_or("without a UID");
                faults.push(format!("the event {uid} ({name}) {why}"));
            }
        }
    }
    if days.is_empty() && faults.is_empty() {
        faults.push("holds no event".to_owned());
    }
    if faults.is_empty() { Ok(days) } else { Err(faults) }
}

/// The days of an event, of which the last is the one before its end.
fn days_of(event: &Event) -> Result<Vec<NaiveDate>, &'static str> {
    let repeats = ["RRULE", "RDATE", "DURATION"];
    if repeats
        .iter()
        .any(|key| event.property_value(key).is_some() || event.multi_properties().contains_key(*key))
    {
        return Err("repeats, or has a duration: give each year's days as events of their own, with DTSTART and DTEND");
    }
    let Some(DatePerhapsTime::Date(first)) = event.get_start() else {
        return Err("does not begin on a day (DTSTART;VALUE=DATE)");
    };
    let end = match event.get_end() {
        None => first.succ_opt().unwrap_or(first),
        Some(DatePerhapsTime::Date(end)) => end,
        Some(DatePerhapsTime::DateTime(_)) => return Err("does not end on a day (DTEND;VALUE=DATE)"),
    };
    // An end on the first day, which RFC 5545 forbids, is common and means that day.
    let end = if end == first {
        first.succ_opt().unwrap_or(first)
    } else {
        end
    };
    let last = first.checked_add_days(Days::new(MOST_DAYS)).unwrap_or(first);
    if end < first || end > last {
        return Err("ends before it begins, or is longer than 14 days");
    }
    Ok(first.iter_days().take_while(|date| *date < end).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\nUID:{lines}\r\nEND:VEVENT\r\n")
    }

    fn calendar(events: &[&str]) -> String {
        let events: String = events.iter().map(|lines| event(lines)).collect();
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{events}END:VCALENDAR\r\n")
    }

    fn luxembourg() -> OfficeCode {
        "LU".parse().unwrap()
    }

    #[test]
    fn a_calendar_gives_each_of_its_days() {
        let text = calendar(&[
            "1\r\nDTSTART;VALUE=DATE:20270623\r\nDTEND;VALUE=DATE:20270624\r\nSUMMARY:National\r\n  Day\\, Luxembourg",
            "2\r\nDTSTART;VALUE=DATE:20271225\r\nDTEND;VALUE=DATE:20271227\r\nSUMMARY:Christmas",
            "3\r\nDTSTART;VALUE=DATE:20270509\r\nDTEND;VALUE=DATE:20270509\r\nSUMMARY:Europe Day",
            "4\r\nDTSTART:20271101\r\nSUMMARY:All Saints",
            "5\r\nDTSTART;VALUE=DATE:20270101\r\nSUMMARY:Moved away\r\nSTATUS:CANCELLED",
        ]);
        let days = of_calendar(&text, &luxembourg()).unwrap();
        let told: Vec<_> = days
            .iter()
            .map(|(office, date, name)| format!("{office} {date} {name}"))
            .collect();
        assert_eq!(
            told,
            [
                "LU 2027-06-23 National Day, Luxembourg",
                "LU 2027-12-25 Christmas",
                "LU 2027-12-26 Christmas",
                "LU 2027-05-09 Europe Day",
                "LU 2027-11-01 All Saints",
            ]
        );
    }

    #[test]
    fn every_event_that_is_no_day_is_told() {
        let text = calendar(&[
            "1\r\nDTSTART:20270623T100000Z\r\nSUMMARY:A meeting",
            "2\r\nDTSTART;VALUE=DATE:20270623\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Each year",
            "3\r\nDTSTART;VALUE=DATE:20270801\r\nDTEND;VALUE=DATE:20270901\r\nSUMMARY:Summer",
            "4\r\nDTSTART;VALUE=DATE:20270801\r\nDTEND;VALUE=DATE:20270731\r\nSUMMARY:Back",
            "5\r\nSUMMARY:Never",
            "6\r\nDTSTART;VALUE=DATE:20270230\r\nSUMMARY:No day",
        ]);
        let faults = of_calendar(&text, &luxembourg()).unwrap_err();
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert!(faults[1].starts_with("the event 2 (Each year) repeats"), "{faults:?}");
        for bad in [
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        ] {
            assert!(of_calendar(bad, &luxembourg()).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_line_of_a_table_that_is_wrong_is_told() {
        let days = of_csv("office,date,name\nLU,2027-06-23,\"National Day, Luxembourg\"\nGR,2027-03-25,Independence\n")
            .unwrap();
        assert_eq!(days[1].0.as_str(), "EL");
        let faults = of_csv("office,date,name\nlu,2027-06-23,Day\nPL,2027-02-30,Day\nPL,2027-05-03\n").unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(
            faults[0].contains("line: 2") && faults[2].contains("line: 4"),
            "{faults:?}"
        );
        assert!(of_csv("office,date,name\n").is_err());
    }

    #[test]
    fn only_a_calendar_needs_to_be_told_whose_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let table = write("holidays.csv", "\u{feff}office,date,name\nLU,2027-06-23,National Day\n");
        let days = write(
            "holidays.ics",
            &calendar(&["1\r\nDTSTART;VALUE=DATE:20270623\r\nSUMMARY:National Day"]),
        );
        let office = luxembourg();
        assert_eq!(read(&table, None).unwrap(), read(&days, Some(&office)).unwrap());
        for (file, office) in [(&table, Some(&office)), (&days, None)] {
            assert!(read(file, office).unwrap_err().to_string().contains("--office"));
        }
    }
}
