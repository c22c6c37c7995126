//! How long the personal data of a query is shown and kept.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop a test that cannot go on")]

#[path = "support/query.rs"]
mod query;

use ahq_domain::query::{Audience, Query};
use ahq_domain::retention::{PersonalData, Retention};

use query::{at, draft, imported, launched};

fn open() -> Query {
    launched(draft(), Audience::Members, &[("AT", None), ("BE", Some("2026-12-18"))])
}

fn stands(query: &Query, now: &str) -> PersonalData {
    query.personal_data(Retention::default(), at(now))
}

#[test]
fn it_is_blocked_after_six_months_and_over_after_three_years() {
    let query = open();
    // The deadline of the office that has the most time ends with 18 December in Brussels.
    for (now, expected) in [
        ("2026-11-10T09:00:00Z", PersonalData::Shown),
        ("2027-06-18T22:59:59Z", PersonalData::Shown),
        ("2027-06-18T23:00:00Z", PersonalData::Blocked),
        ("2029-12-18T22:59:59Z", PersonalData::Blocked),
        ("2029-12-18T23:00:00Z", PersonalData::Over),
    ] {
        assert_eq!(stands(&query, now), expected, "{now}");
    }
}

#[test]
fn the_end_of_a_query_is_the_last_thing_that_ended_it() {
    let now = at("2028-01-01T09:00:00Z");
    assert_eq!(draft().ended(now), None);
    assert_eq!(imported().ended(now), None);
    assert_eq!(open().ended(at("2026-12-18T22:00:00Z")), None);
    let mut closed = open();
    closed
        .close_early("All is known.".into(), at("2026-11-20T09:00:00Z"))
        .unwrap();
    assert_eq!(closed.ended(now), Some(at("2026-11-20T09:00:00Z")));
    let mut compiled = open();
    compiled.compile(false, at("2027-03-01T09:00:00Z")).unwrap();
    assert_eq!(compiled.ended(now), Some(at("2027-03-01T09:00:00Z")));
    compiled
        .withdraw("Asked by mistake.".into(), at("2027-03-02T09:00:00Z"))
        .unwrap();
    assert_eq!(compiled.ended(now), Some(at("2027-03-02T09:00:00Z")));
}
