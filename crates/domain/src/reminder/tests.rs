use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::calendar::tests::{com, day};

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn setting(told: &str, deadline: &str) -> ClockSetting {
    ClockSetting {
        told: day(told),
        deadline: day(deadline),
    }
}

fn written(schedule: &[(Step, NaiveDate)]) -> Vec<String> {
    schedule
        .iter()
        .map(|(step, day)| format!("{} {day}", step.word()))
        .collect()
}

#[test]
fn the_days_of_reminders() {
    // Twenty working days from 2 November 2026; the Commission is closed from 24 December to 1 January.
    assert_eq!(
        written(&setting("2026-11-02", "2026-12-01").schedule(com())),
        [
            "five_before 2026-11-24",
            "one_before 2026-11-30",
            "one_after 2026-12-02",
            "first_week 2026-12-09",
            "second_week 2026-12-16",
            "third_week 2026-12-23",
            // 30 December is a holiday of the Commission.
            "fourth_week 2027-01-04",
        ]
    );
    // Two working days: the day before the deadline is the first on which anybody is reminded.
    assert_eq!(
        written(&setting("2026-11-02", "2026-11-04").schedule(com()))[..2],
        ["one_before 2026-11-03", "one_after 2026-11-05"]
    );
    // Told on the day itself, as an office that is asked later: only what comes after.
    assert_eq!(
        written(&setting("2026-11-04", "2026-11-04").schedule(com()))[0],
        "one_after 2026-11-05"
    );
    // Beyond the last year with a calendar weekends alone are skipped.
    assert_eq!(
        written(&setting("2031-12-01", "2031-12-22").schedule(com()))
            .last()
            .unwrap(),
        "fourth_week 2032-01-20"
    );
}

#[test]
fn what_is_due_is_the_last_whose_day_has_come() {
    let setting = setting("2026-11-02", "2026-12-01");
    for (now, due) in [
        ("2026-11-24T06:59:59.999999Z", None),
        ("2026-11-24T07:00:00Z", Some(Step::FiveBefore)),
        ("2026-11-28T09:00:00Z", None),
        ("2026-11-30T07:00:00Z", Some(Step::OneBefore)),
        // The deadline's own day, after an outage since the 29th.
        ("2026-12-01T07:00:00Z", Some(Step::OneBefore)),
        ("2026-12-02T07:00:00Z", Some(Step::OneAfter)),
        ("2026-12-10T07:00:00Z", Some(Step::FirstWeek)),
        ("2026-12-12T09:00:00Z", None),
        ("2027-03-01T07:00:00Z", Some(Step::FourthWeek)),
    ] {
        assert_eq!(setting.due(at(now), com()).last().copied(), due, "{now}");
    }
}

#[test]
fn mail_leaves_on_working_days_from_eight_in_brussels() {
    for (now, next) in [
        ("2026-11-27T06:00:00Z", "2026-11-27T07:00:00Z"),
        ("2026-11-27T07:00:00Z", "2026-11-27T07:00:00Z"),
        ("2026-11-27T22:59:59Z", "2026-11-27T22:59:59Z"),
        ("2026-11-27T23:00:00Z", "2026-11-30T07:00:00Z"),
        ("2026-11-29T12:00:00Z", "2026-11-30T07:00:00Z"),
        // Summer time ends in the night to 25 October, and begins in the night to 28 March.
        ("2026-10-24T12:00:00Z", "2026-10-26T07:00:00Z"),
        ("2027-03-27T12:00:00Z", "2027-03-30T06:00:00Z"),
    ] {
        assert_eq!(next_time_to_send(at(now), com()), at(next), "{now}");
    }
}

proptest! {
    /// Against the words of the rule, day by day.
    #[test]
    fn a_schedule_is_what_the_rule_says(offset in 0_i64..1_500, length in 2_i32..60) {
        let told = day("2026-01-02") + TimeDelta::days(offset);
        let deadline = com().add_working_days(told, length).unwrap();
        let schedule = ClockSetting { told, deadline }.schedule(com());
        let first = com().add_working_days(told, 1).unwrap();
        prop_assert!(schedule.iter().all(|(_, day)| *day >= first && com().is_working_day(*day).unwrap()));
        prop_assert!(schedule.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        let on = |step| schedule.iter().find(|(known, _)| *known == step).map(|(_, day)| *day);
        prop_assert_eq!(on(Step::FiveBefore).is_some(), length > 5);
        if let Some(five) = on(Step::FiveBefore) {
            prop_assert_eq!(com().working_days_between(five, deadline).unwrap(), 5);
        }
        prop_assert_eq!(com().working_days_between(on(Step::OneBefore).unwrap(), deadline).unwrap(), 1);
        let after = on(Step::OneAfter).unwrap();
        prop_assert_eq!(com().working_days_between(deadline, after).unwrap(), 1);
        for (weeks, step) in (1..).zip([Step::FirstWeek, Step::SecondWeek, Step::ThirdWeek, Step::FourthWeek]) {
            let days = (on(step).unwrap() - after).num_days() - 7 * weeks;
            prop_assert!((0..=14).contains(&days), "{} days later", days);
            let between = com().working_days_between(after + TimeDelta::days(7 * weeks), on(step).unwrap()).unwrap();
            prop_assert!(days == 0 || between == 1);
        }
    }
}
