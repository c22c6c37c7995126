//! Deadlines as iCalendar (RFC 5545): one as the part of a mail (RFC 5546), or an office's own as a feed.
//!
//! A deadline is a timed event, the last hour of its day in Brussels, and never an all-day one, whose end other
//! calendars move with the reader's time zone. It holds no answer and nothing of one. Nothing here reads a clock: the
//! same facts give the same bytes.

use ahq_domain::clock::Instant;
use ahq_domain::deadline::Deadline;
use ahq_domain::id::QueryId;
use ahq_domain::office::OfficeCode;
use chrono::Duration;
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};

/// How often a calendar program is asked to read a feed again.
const READ_AGAIN: Duration = Duration::hours(1);

/// The deadline of one query for one office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineEvent {
    /// The query.
    pub query: QueryId,
    /// The office it counts for.
    pub office: OfficeCode,
    /// The number of the query.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Its page.
    pub link: String,
    /// The deadline of this office.
    pub deadline: Deadline,
    /// How often it was set again, and once more for a withdrawal: calendars take the highest.
    pub sequence: u32,
    /// Whether the query was withdrawn.
    pub withdrawn: bool,
    /// When it was set or withdrawn last.
    pub set: Instant,
}

impl DeadlineEvent {
    /// What it is known by in mails and feeds alike; `domain` is that of the exchange's mail.
    pub fn uid(&self, domain: &str) -> String {
        format!(
            "query-{}-{}@{domain}",
            self.query,
            self.office.as_str().to_ascii_lowercase()
        )
    }

    fn event(&self, domain: &str) -> Event {
        let text = [
            self.title.clone(),
            format!("Reply requested by {}", self.deadline),
            self.link.clone(),
        ];
        Event::new()
            .uid(&self.uid(domain))
            .timestamp(self.set)
            .last_modified(self.set)
            .sequence(self.sequence)
            .status(if self.withdrawn {
                EventStatus::Cancelled
            } else {
                EventStatus::Confirmed
            })
            .starts(self.deadline.end - Duration::hours(1))
            .ends(self.deadline.end)
            .summary(&printable(&format!(
                "Ad-Hoc Query {}: reply due ({})",
                self.number, self.title
            )))
            .description(&text.map(|line| printable(&line)).join("\n"))
            .url(&printable(&self.link))
            // Nobody is busy because of a deadline.
            .add_property("TRANSP", "TRANSPARENT")
            .done()
    }
}

/// The part of a mail that puts a deadline into its reader's calendar, or takes it out where the query was withdrawn;
/// the mail's `Content-Type` names the [`method`]. `organizer` is the address that the mail is from.
pub fn mail_part(event: &DeadlineEvent, domain: &str, organizer: &str) -> String {
    let mut calendar = empty();
    calendar.append_property(("METHOD", method(event)));
    let organizer = Property::new("ORGANIZER", format!("mailto:{}", printable(organizer)));
    calendar.push(event.event(domain).append_property(organizer).done());
    calendar.to_string()
}

/// The method of the [`mail_part`]: `PUBLISH` or `CANCEL`.
pub fn method(event: &DeadlineEvent) -> &'static str {
    if event.withdrawn { "CANCEL" } else { "PUBLISH" }
}

/// The feed of an office's deadlines, in the order given.
pub fn feed(name: &str, events: &[DeadlineEvent], domain: &str) -> String {
    let mut calendar = empty();
    calendar.name(&printable(name)).ttl(&READ_AGAIN);
    calendar.extend(events.iter().map(|event| event.event(domain)));
    calendar.to_string()
}

fn empty() -> Calendar {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//European Migration Network//Ad-hoc query exchange//EN"))
        .append_property(("CALSCALE", "GREGORIAN"));
    calendar
}

/// On one line, without controls: a carriage return would begin a line of its own.
fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    const DOMAIN: &str = "ahq.example.org";

    fn deadline(date: &str) -> DeadlineEvent {
        DeadlineEvent {
            query: "0190a1b2-0000-7000-8000-000000000081".parse().unwrap(),
            office: "EL".parse().unwrap(),
            number: "2026.81".to_owned(),
            title: "Housing".to_owned(),
            link: "https://ahq.example.org/queries/2026.81".to_owned(),
            deadline: Deadline::on(date.parse().unwrap()),
            sequence: 0,
            withdrawn: false,
            set: "2026-11-06T09:30:00.123456Z".parse().unwrap(),
        }
    }

    fn lines(text: &str) -> Vec<String> {
        icalendar::parser::unfold(text).lines().map(str::to_owned).collect()
    }

    fn value(text: &str, key: &str) -> Vec<String> {
        let head = format!("{key}:");
        let found = lines(text).into_iter();
        found
            .filter_map(|line| line.strip_prefix(&head).map(str::to_owned))
            .collect()
    }

    #[test]
    fn a_deadline_is_the_last_hour_of_its_day_in_brussels() {
        for (date, start, end) in [
            ("2026-12-04", "20261204T220000Z", "20261204T230000Z"),
            ("2026-07-10", "20260710T210000Z", "20260710T220000Z"),
            // The clocks change in the night before, at two or three.
            ("2026-03-29", "20260329T210000Z", "20260329T220000Z"),
            ("2026-10-25", "20261025T220000Z", "20261025T230000Z"),
        ] {
            let text = mail_part(&deadline(date), DOMAIN, "ahq@example.org");
            assert_eq!(value(&text, "DTSTART"), [start]);
            assert_eq!(value(&text, "DTEND"), [end]);
        }
    }

    #[test]
    fn a_mail_publishes_a_deadline_and_a_withdrawal_cancels_the_same_event() {
        let first = deadline("2026-12-04");
        let text = mail_part(&first, DOMAIN, "ahq@example.org");
        assert_eq!(
            text,
            "BEGIN:VCALENDAR\r\n\
             VERSION:2.0\r\n\
             PRODID:-//European Migration Network//Ad-hoc query exchange//EN\r\n\
             CALSCALE:GREGORIAN\r\n\
             METHOD:PUBLISH\r\n\
             BEGIN:VEVENT\r\n\
             DESCRIPTION:Housing\\nReply requested by 4 December 2026\\, 23:59 Brussels ti\r\n \
             me\\nhttps://ahq.example.org/queries/2026.81\r\n\
             DTEND:20261204T230000Z\r\n\
             DTSTAMP:20261106T093000Z\r\n\
             DTSTART:20261204T220000Z\r\n\
             LAST-MODIFIED:20261106T093000Z\r\n\
             ORGANIZER:mailto:ahq@example.org\r\n\
             SEQUENCE:0\r\n\
             STATUS:CONFIRMED\r\n\
             SUMMARY:Ad-Hoc Query 2026.81: reply due (Housing)\r\n\
             TRANSP:TRANSPARENT\r\n\
             UID:query-0190a1b2-0000-7000-8000-000000000081-el@ahq.example.org\r\n\
             URL:https://ahq.example.org/queries/2026.81\r\n\
             END:VEVENT\r\n\
             END:VCALENDAR\r\n"
        );
        let withdrawn = DeadlineEvent {
            sequence: 2,
            withdrawn: true,
            ..first.clone()
        };
        let text = mail_part(&withdrawn, DOMAIN, "ahq@example.org");
        assert_eq!(value(&text, "METHOD"), ["CANCEL"]);
        assert_eq!(value(&text, "STATUS"), ["CANCELLED"]);
        assert_eq!(value(&text, "SEQUENCE"), ["2"]);
        assert_eq!(value(&text, "UID"), [first.uid(DOMAIN)]);
    }

    #[test]
    fn a_feed_is_read_back_as_it_was_written() {
        let hostile = DeadlineEvent {
            office: "LU".parse().unwrap(),
            title: "Ναι; a, b\\n\r\nATTENDEE:mailto:x@example.org\rBEGIN:VALARM \u{7}".to_owned() + &"é".repeat(200),
            ..deadline("2026-12-04")
        };
        let events = [deadline("2026-12-07"), hostile.clone()];
        let text = feed("Deadlines of EMN NCP Luxembourg", &events, DOMAIN);
        let read = Calendar::from_str(&text).unwrap();
        let summaries: Vec<_> = read
            .events()
            .map(|event| event.get_summary().unwrap_or_default())
            .collect();
        assert_eq!(summaries[0], "Ad-Hoc Query 2026.81: reply due (Housing)");
        assert!(summaries[1].contains("Ναι; a, b\\n  ATTENDEE:mailto:x@example.org BEGIN:VALARM  é"));
        assert_eq!(value(&text, "METHOD"), [""; 0]);
        assert_eq!(read.get_name(), Some("Deadlines of EMN NCP Luxembourg"));
        let stray = |line: &String| line.starts_with("ATTENDEE") || line.starts_with("BEGIN:VALARM");
        assert!(!lines(&text).iter().any(stray));
        let controls = |char: char| char.is_control() && !matches!(char, '\r' | '\n');
        assert!(!text.contains(controls) && !text.replace("\r\n", "").contains(['\r', '\n']));
    }
}
