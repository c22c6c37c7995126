use chrono::{DateTime, Days, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::calendar::tests::{com, day};

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// What a refusal says: pointer and code of its only fault.
fn fault(refusal: Refusal) -> (String, &'static str) {
    let Refusal::Invalid(faults) = refusal else {
        panic!("not a fault of the input: {refusal}");
    };
    let [fault] = <[_; 1]>::try_from(faults.into_vec()).unwrap();
    (fault.pointer, fault.code)
}

const REASON: Option<&str> = Some("a court decides on Friday");

#[test]
fn deadlines_that_are_set() {
    for (launch, wish, reason, date, days, urgent, moved) in [
        // None named: twenty working days.
        ("2026-03-02T09:00:00Z", None, None, "2026-03-30", 20, false, false),
        ("2026-11-04T09:00:00Z", None, None, "2026-12-02", 20, false, false),
        ("2026-12-21T09:00:00Z", None, None, "2027-01-27", 20, false, false),
        ("2026-12-31T09:00:00Z", None, None, "2027-01-29", 20, false, false),
        // Still Monday in UTC, Tuesday in Brussels.
        (
            "2026-03-02T22:59:59.999999Z",
            None,
            None,
            "2026-03-30",
            20,
            false,
            false,
        ),
        ("2026-03-02T23:00:00Z", None, None, "2026-03-31", 20, false, false),
        (
            "2026-07-01T22:00:00Z",
            Some("2026-07-06"),
            REASON,
            "2026-07-06",
            2,
            true,
            false,
        ),
        // The bounds.
        (
            "2026-03-02T09:00:00Z",
            Some("2026-03-04"),
            REASON,
            "2026-03-04",
            2,
            true,
            false,
        ),
        (
            "2026-03-02T09:00:00Z",
            Some("2026-03-13"),
            REASON,
            "2026-03-13",
            9,
            true,
            false,
        ),
        (
            "2026-03-02T09:00:00Z",
            Some("2026-03-16"),
            None,
            "2026-03-16",
            10,
            false,
            false,
        ),
        (
            "2026-03-02T09:00:00Z",
            Some("2026-03-16"),
            REASON,
            "2026-03-16",
            10,
            false,
            false,
        ),
        (
            "2026-03-02T09:00:00Z",
            Some("2026-06-03"),
            None,
            "2026-06-03",
            60,
            false,
            false,
        ),
        // Moved off weekends, Easter and the closure at the end of the year.
        (
            "2026-03-02T09:00:00Z",
            Some("2026-03-14"),
            None,
            "2026-03-16",
            10,
            false,
            true,
        ),
        (
            "2026-03-16T09:00:00Z",
            Some("2026-04-02"),
            None,
            "2026-04-07",
            13,
            false,
            true,
        ),
        (
            "2026-04-01T09:00:00Z",
            Some("2026-04-08"),
            REASON,
            "2026-04-08",
            2,
            true,
            false,
        ),
        (
            "2026-12-07T09:00:00Z",
            Some("2026-12-24"),
            None,
            "2027-01-04",
            13,
            false,
            true,
        ),
        (
            "2026-12-24T09:00:00Z",
            Some("2027-01-05"),
            REASON,
            "2027-01-05",
            2,
            true,
            false,
        ),
    ] {
        let planned = set_deadline(at(launch), wish.map(day), reason, com()).unwrap();
        let expected = Planned {
            deadline: Deadline::on(day(date)),
            working_days: days,
            urgent,
            moved_from: wish.map(day).filter(|_| moved),
        };
        assert_eq!(planned, expected, "{launch} {wish:?}");
    }
}

#[test]
fn deadlines_that_are_refused() {
    let launch = "2026-03-02T09:00:00Z";
    for (launch, wish, reason, pointer, code) in [
        (launch, Some("2026-03-01"), REASON, "/deadline", "deadline_in_past"),
        (launch, Some("2019-03-01"), REASON, "/deadline", "deadline_in_past"),
        (
            "2026-03-02T23:00:00Z",
            Some("2026-03-02"),
            REASON,
            "/deadline",
            "deadline_in_past",
        ),
        (launch, Some("2026-03-02"), REASON, "/deadline", "deadline_too_near"),
        (launch, Some("2026-03-03"), REASON, "/deadline", "deadline_too_near"),
        (launch, Some("2026-03-03"), None, "/deadline", "deadline_too_near"),
        (
            "2026-03-06T09:00:00Z",
            Some("2026-03-07"),
            REASON,
            "/deadline",
            "deadline_too_near",
        ),
        (
            "2026-12-23T09:00:00Z",
            Some("2026-12-28"),
            REASON,
            "/deadline",
            "deadline_too_near",
        ),
        (
            launch,
            Some("2026-03-04"),
            None,
            "/urgentReason",
            "urgent_reason_missing",
        ),
        (
            launch,
            Some("2026-03-13"),
            None,
            "/urgentReason",
            "urgent_reason_missing",
        ),
        (
            launch,
            Some("2026-03-13"),
            Some(" \n"),
            "/urgentReason",
            "urgent_reason_missing",
        ),
        (launch, Some("2026-06-04"), None, "/deadline", "deadline_too_far"),
        (launch, Some("2031-12-23"), None, "/deadline", "deadline_too_far"),
        (launch, Some("2032-01-05"), None, "/deadline", "no_calendar"),
        (launch, Some("+200000-01-05"), None, "/deadline", "no_calendar"),
        ("2031-12-22T09:00:00Z", None, None, "/deadline", "no_calendar"),
        (
            "2031-12-01T09:00:00Z",
            Some("2031-12-24"),
            None,
            "/deadline",
            "no_calendar",
        ),
    ] {
        let refusal = set_deadline(at(launch), wish.map(day), reason, com()).unwrap_err();
        assert_eq!(
            fault(refusal),
            (pointer.to_owned(), code),
            "{launch} {wish:?} {reason:?}"
        );
    }
}

#[test]
fn a_refusal_says_what_would_be_right() {
    let launch = at("2026-03-02T09:00:00Z");
    for (wish, detail) in [
        ("2026-03-01", "1 March 2026 is past: today is 2 March 2026"),
        (
            "2026-03-03",
            "working days from 2 March 2026 to 3 March 2026: 1; 2 to 60 are possible",
        ),
        (
            "2026-03-13",
            "9 working days are fewer than 10: say why it is urgent, or take a later date",
        ),
    ] {
        let Refusal::Invalid(faults) = set_deadline(launch, Some(day(wish)), None, com()).unwrap_err() else {
            panic!("not a fault of the input");
        };
        assert_eq!(faults.into_vec()[0].detail, detail);
    }
}

#[test]
fn extensions() {
    let current = "2026-03-30";
    for (now, date, expected) in [
        ("2026-03-20T09:00:00Z", "2026-03-31", Ok(("2026-03-31", 7))),
        ("2026-03-20T09:00:00Z", "2026-03-30", Err("deadline_not_later")),
        ("2026-03-20T09:00:00Z", "2026-03-29", Err("deadline_not_later")),
        ("2026-03-20T09:00:00Z", "2026-03-24", Err("deadline_not_later")),
        ("2026-03-20T09:00:00Z", "2026-03-19", Err("deadline_in_past")),
        ("2026-03-20T09:00:00Z", "2026-04-04", Ok(("2026-04-07", 9))),
        ("2026-03-30T09:00:00Z", "2026-03-31", Err("deadline_too_near")),
        ("2026-03-30T09:00:00Z", "2026-04-01", Ok(("2026-04-01", 2))),
        ("2026-03-27T09:00:00Z", "2026-03-31", Ok(("2026-03-31", 2))),
        // After the deadline: the day of the extension counts, not the old deadline.
        ("2026-04-10T09:00:00Z", "2026-04-13", Err("deadline_too_near")),
        ("2026-04-10T09:00:00Z", "2026-04-14", Ok(("2026-04-14", 2))),
        ("2026-04-10T09:00:00Z", "2026-04-09", Err("deadline_in_past")),
        ("2026-03-02T09:00:00Z", "2026-06-03", Ok(("2026-06-03", 60))),
        ("2026-03-02T09:00:00Z", "2026-06-04", Err("deadline_too_far")),
        ("2026-03-20T09:00:00Z", "2032-01-05", Err("no_calendar")),
    ] {
        let extended = extend_deadline(&Deadline::on(day(current)), at(now), day(date), com());
        let expected = expected.map(|(ends, working_days)| Planned {
            deadline: Deadline::on(day(ends)),
            working_days,
            urgent: false,
            moved_from: (ends != date).then(|| day(date)),
        });
        let found = extended.map_err(|refusal| {
            let (pointer, code) = fault(refusal);
            assert_eq!(pointer, "/deadline");
            code
        });
        assert_eq!(found, expected, "{now} {date}");
    }
}

#[test]
fn the_day_ends_at_midnight_in_brussels() {
    for (date, end, hours) in [
        ("2026-01-15", "2026-01-15T23:00:00Z", 24),
        ("2026-07-15", "2026-07-15T22:00:00Z", 24),
        ("2026-03-28", "2026-03-28T23:00:00Z", 24),
        ("2026-03-29", "2026-03-29T22:00:00Z", 23),
        ("2026-10-24", "2026-10-24T22:00:00Z", 24),
        ("2026-10-25", "2026-10-25T23:00:00Z", 25),
        ("2028-02-29", "2028-02-29T23:00:00Z", 24),
        ("2026-12-31", "2026-12-31T23:00:00Z", 24),
        ("2038-01-19", "2038-01-19T23:00:00Z", 24),
        ("2038-03-28", "2038-03-28T22:00:00Z", 23),
        ("2060-07-15", "2060-07-15T22:00:00Z", 24),
    ] {
        let deadline = Deadline::on(day(date));
        assert_eq!((deadline.date, deadline.end), (day(date), at(end)), "{date}");
        let begin = Deadline::on(day(date).pred_opt().unwrap()).end;
        assert_eq!((deadline.end - begin).num_hours(), hours, "{date}");
    }
    assert_eq!(Deadline::on(NaiveDate::MAX).date, NaiveDate::MAX);
    assert_eq!(Deadline::on(NaiveDate::MIN).date, NaiveDate::MIN);
}

#[test]
fn the_last_instant_is_on_time() {
    let deadline = Deadline::on(day("2026-12-04"));
    for (received, is_late) in [
        ("2026-12-04T22:59:59.999999Z", false),
        ("2026-12-04T23:00:00Z", true),
        ("2026-12-04T23:00:00.000001Z", true),
        ("2026-12-05T00:59:59+02:00", false),
        ("2026-12-01T00:00:00Z", false),
    ] {
        assert_eq!(late(at(received), &deadline), is_late, "{received}");
        assert_eq!(deadline.is_past(at(received)), is_late, "{received}");
    }
    assert_eq!(deadline.to_string(), "4 December 2026, 23:59 Brussels time");
}

/// Any microsecond of the years that all wishes of sixty working days have data for.
fn instant() -> impl Strategy<Value = Instant> {
    let first = at("2024-01-01T00:00:00Z").timestamp_micros();
    let last = at("2031-08-31T00:00:00Z").timestamp_micros();
    (first..last).prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
}

proptest! {
    #[test]
    fn a_day_is_over_when_brussels_shows_the_next(received in instant(), days in 0u64..2) {
        // The received instant lies on the deadline's day or on the one after.
        let date = brussels_date(received) - Days::new(days);
        let deadline = Deadline::on(date);
        prop_assert_eq!(late(received, &deadline), days > 0);
        prop_assert_eq!(brussels_date(deadline.end - TimeDelta::microseconds(1)), date);
        prop_assert_eq!(brussels_date(deadline.end), date + Days::new(1));
        prop_assert!(!late(deadline.end - TimeDelta::microseconds(1), &deadline));
        prop_assert!(late(deadline.end, &deadline));
    }

    #[test]
    fn what_is_set_keeps_every_bound(from in instant(), wish in proptest::option::of(-5i64..120), urgent in any::<bool>()) {
        let today = brussels_date(from);
        let wish = wish.map(|days| today + TimeDelta::days(days));
        match set_deadline(from, wish, urgent.then_some("urgent"), com()) {
            Ok(planned) => {
                let date = planned.deadline.date;
                prop_assert!(com().is_working_day(date).unwrap());
                prop_assert!((FEWEST_WORKING_DAYS..=MOST_WORKING_DAYS).contains(&planned.working_days));
                prop_assert_eq!(com().add_working_days(today, planned.working_days), Ok(date));
                prop_assert!(date >= com().add_working_days(today, 2).unwrap());
                prop_assert!(date >= today + Days::new(2));
                prop_assert_eq!(planned.urgent, planned.working_days < 10);
                prop_assert!(urgent || !planned.urgent);
                prop_assert_eq!(planned.moved_from, wish.filter(|wish| *wish != date));
                prop_assert!(planned.moved_from.is_none_or(|wish| !com().is_working_day(wish).unwrap()));
                prop_assert!(!planned.deadline.is_past(from));
                if wish.is_none() {
                    prop_assert_eq!(planned.working_days, 20);
                }
            }
            Err(refusal) => {
                let wish = wish.unwrap();
                let date = com().next_working_day_on_or_after(wish);
                let days = date.and_then(|date| com().working_days_between(today, date)).unwrap();
                let right = match fault(refusal).1 {
                    "deadline_in_past" => wish < today,
                    "deadline_too_near" => wish >= today && days < 2,
                    "deadline_too_far" => days > 60,
                    "urgent_reason_missing" => !urgent && (2..10).contains(&days),
                    _ => false,
                };
                prop_assert!(right);
            }
        }
    }

    #[test]
    fn an_extension_is_later_and_keeps_the_bounds(launch in instant(), after in 0i64..60, wish in -5i64..120) {
        let current = set_deadline(launch, None, None, com()).unwrap().deadline;
        let now = launch + TimeDelta::days(after);
        let today = brussels_date(now);
        if let Ok(planned) = extend_deadline(&current, now, today + TimeDelta::days(wish), com()) {
            prop_assert!(planned.deadline > current);
            prop_assert!(planned.deadline.end > current.end);
            prop_assert!(com().is_working_day(planned.deadline.date).unwrap());
            prop_assert!((2..=60).contains(&planned.working_days));
            prop_assert_eq!(com().working_days_between(today, planned.deadline.date), Ok(planned.working_days));
            prop_assert!(!planned.deadline.is_past(now));
        }
    }
}
