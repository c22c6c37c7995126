//! A day that becomes a holiday: whose deadlines fall on it; and since when a query is public.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop a test that cannot go on")]

#[path = "support/query.rs"]
mod query;

use std::collections::BTreeSet;

use ahq_domain::calendar::Calendars;
use ahq_domain::query::{Audience, Life, Query};
use chrono::NaiveDate;

use query::{DEADLINE, LAUNCH, at, draft, imported, launched, office};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Asks Austria, and Poland by a later date.
fn asked() -> Query {
    launched(draft(), Audience::Members, &[("AT", None), ("PL", Some("2026-12-11"))])
}

/// The days of those that become holidays of an office on which deadlines fall.
fn on(query: &Query, code: &str, now: &str) -> Vec<String> {
    let days: BTreeSet<_> = [DEADLINE, "2026-12-10", "2026-12-11"].map(day).into();
    let found = query.deadlines_on(&office(code), &days, at(now));
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_holiday_concerns_the_deadline_of_its_office_and_the_exchanges_own_every_deadline() {
    let query = asked();
    assert_eq!(on(&query, "AT", LAUNCH), [DEADLINE]);
    assert_eq!(on(&query, "PL", LAUNCH), ["2026-12-11"], "its agreed date");
    assert_eq!(on(&query, "COM", LAUNCH), [DEADLINE, "2026-12-11"]);
    assert_eq!(on(&query, "FR", LAUNCH), [""; 0], "not asked");
    // After the deadline for all the query is closed, and Poland's date is still to come.
    assert_eq!(on(&query, "AT", "2026-12-04T23:00:00Z"), [""; 0]);
    assert_eq!(on(&query, "COM", "2026-12-04T23:00:00Z"), ["2026-12-11"]);
    assert_eq!(on(&query, "PL", "2026-12-11T23:00:00Z"), [""; 0]);
}

#[test]
fn only_running_queries_are_concerned() {
    let mut withdrawn = asked();
    withdrawn.withdraw("Asked elsewhere.".to_owned(), at(LAUNCH)).unwrap();
    let mut compiled = asked();
    compiled.compile(true, at(LAUNCH)).unwrap();
    for query in [withdrawn, compiled, draft(), imported()] {
        assert_eq!(on(&query, "COM", LAUNCH), [""; 0], "{:?}", query.life);
    }
}

#[test]
fn when_a_deadline_was_set_last() {
    let set = |query: &Query| ["AT", "PL", "LU"].map(|code| query.launched().unwrap().last_set(&office(code)));
    let mut query = asked();
    assert_eq!(set(&query), [at(LAUNCH); 3]);
    let holidays = [("2026-12-25", "Christmas Day")].map(|(date, name)| (office("COM"), day(date), name.to_owned()));
    let calendars: Calendars = holidays.into_iter().collect();
    let commission = calendars.commission().unwrap();
    let alone = at("2026-11-19T09:00:00Z");
    query
        .agree(&office("PL"), day("2026-12-16"), commission, alone)
        .unwrap();
    assert_eq!(set(&query), [at(LAUNCH), alone, at(LAUNCH)]);
    let later = at("2026-11-20T09:00:00Z");
    query
        .extend(day("2026-12-18"), "More time.".to_owned(), commission, later)
        .unwrap();
    assert_eq!(set(&query), [later; 3], "the later date holds for Poland too");
    let last = at("2026-11-21T09:00:00Z");
    query.withdraw("Asked elsewhere.".to_owned(), last).unwrap();
    assert_eq!(set(&query), [last; 3]);
}

#[test]
fn what_is_public_is_so_since_its_publication_or_its_compilation() {
    let mut query = asked();
    query.compile(true, at(LAUNCH)).unwrap();
    let (first, second) = (at("2026-12-10T23:00:00Z"), at("2026-12-20T23:00:00Z"));
    let edition = |number| ahq_domain::id::EditionId(uuid::Uuid::from_u128(number));
    query.publish(edition(1), 1, first, at(LAUNCH)).unwrap();
    query.publish(edition(2), 2, second, first).unwrap();
    assert_eq!(query.public_since(at("2026-12-10T22:59:59Z")), None);
    assert_eq!(query.public_since(first), Some(first));
    assert_eq!(query.public_since(second), Some(second));
    assert_eq!(draft().public_since(second), None);
    let mut past = imported();
    assert_eq!(past.public_since(second), Some(at("2019-02-01T23:00:00Z")));
    if let Life::Imported(facts) = &mut past.life {
        facts.compiled_on = Some(day("2019-07-01"));
    }
    assert_eq!(past.public_since(second), Some(at("2019-07-01T22:00:00Z")));
}
