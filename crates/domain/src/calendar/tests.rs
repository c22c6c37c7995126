use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// The calendars as they are delivered.
pub(crate) static CALENDARS: LazyLock<Calendars> = LazyLock::new(|| {
    include_str!("../../../../data/holidays.csv")
        .lines()
        .skip(1)
        .map(|row| {
            let mut cells = row.splitn(3, ',');
            let mut cell = || cells.next().unwrap();
            (
                cell().parse().unwrap(),
                day(cell()),
                cell().trim_matches('"').to_owned(),
            )
        })
        .collect()
});

pub(crate) fn com() -> &'static Calendar {
    CALENDARS.commission().unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn codes(text: &str) -> Vec<OfficeCode> {
    text.split_whitespace().map(|code| code.parse().unwrap()).collect()
}

fn explained(skipped: &[Skipped]) -> Vec<String> {
    skipped
        .iter()
        .map(|day| format!("{} {}", day.date, day.reason))
        .collect()
}

#[test]
fn days_of_the_commission() {
    for (date, why) in [
        ("2026-03-31", None),
        ("2026-04-02", Some("Maundy Thursday")),
        ("2026-04-03", Some("Good Friday")),
        ("2026-04-04", Some("Saturday")),
        ("2026-04-05", Some("Sunday")),
        ("2026-04-06", Some("Easter Monday")),
        ("2026-04-07", None),
        ("2026-05-09", Some("Saturday")),
        ("2026-11-01", Some("Sunday")),
        ("2026-11-02", Some("All Souls' Day")),
        ("2026-12-23", None),
        ("2026-12-24", Some("End-of-year closure")),
        ("2026-12-31", Some("End-of-year closure")),
        ("2027-01-01", Some("New Year's Day")),
        ("2027-01-04", None),
        ("2028-02-29", None),
    ] {
        let reason = com().why_not_working(day(date)).unwrap();
        assert_eq!(reason.map(|reason| reason.to_string()).as_deref(), why, "{date}");
        assert_eq!(com().is_working_day(day(date)), Ok(why.is_none()), "{date}");
    }
}

#[test]
fn working_days_are_added_and_taken_away() {
    for (from, n, to) in [
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-07", 1, "2026-03-09"),
        ("2026-03-08", 1, "2026-03-09"),
        ("2026-03-02", 0, "2026-03-02"),
        ("2026-03-07", 0, "2026-03-07"),
        ("2026-04-01", 1, "2026-04-07"),
        ("2026-03-30", 5, "2026-04-09"),
        ("2026-04-07", -1, "2026-04-01"),
        ("2026-04-05", -1, "2026-04-01"),
        ("2026-05-12", 2, "2026-05-18"),
        ("2026-12-22", 2, "2027-01-04"),
        ("2027-01-04", -2, "2026-12-22"),
        ("2026-12-31", 20, "2027-01-29"),
        ("2026-01-05", 20, "2026-02-02"),
        ("2026-07-20", 1, "2026-07-22"),
    ] {
        assert_eq!(com().add_working_days(day(from), n), Ok(day(to)), "{from} {n}");
    }
}

#[test]
fn working_days_are_counted() {
    for (from, to, n) in [
        ("2026-03-02", "2026-03-02", 0),
        ("2026-03-02", "2026-03-03", 1),
        ("2026-03-06", "2026-03-08", 0),
        ("2026-03-06", "2026-03-09", 1),
        ("2026-03-09", "2026-03-06", -1),
        ("2026-03-08", "2026-03-06", -1),
        ("2026-03-08", "2026-03-07", 0),
        ("2026-04-01", "2026-04-06", 0),
        ("2026-04-01", "2026-04-07", 1),
        ("2026-12-23", "2027-01-03", 0),
        ("2026-12-23", "2027-01-04", 1),
        ("2026-10-30", "2026-11-03", 1),
        ("2025-12-31", "2026-12-31", 244),
    ] {
        assert_eq!(com().working_days_between(day(from), day(to)), Ok(n), "{from} {to}");
    }
}

#[test]
fn every_day_passed_over_is_named() {
    let easter = [
        "2026-04-02 Maundy Thursday",
        "2026-04-03 Good Friday",
        "2026-04-04 Saturday",
        "2026-04-05 Sunday",
        "2026-04-06 Easter Monday",
    ];
    let (date, skipped) = com().add_working_days_explained(day("2026-04-01"), 1).unwrap();
    assert_eq!(
        (date, explained(&skipped)),
        (day("2026-04-07"), easter.map(String::from).to_vec())
    );
    let (count, skipped) = com()
        .working_days_between_explained(day("2026-03-31"), day("2026-04-07"))
        .unwrap();
    assert_eq!((count, explained(&skipped)), (2, easter.map(String::from).to_vec()));
    let (date, skipped) = com().next_working_day_on_or_after_explained(day("2026-04-05")).unwrap();
    assert_eq!(
        (date, explained(&skipped)),
        (day("2026-04-07"), easter[3..].iter().map(|day| (*day).into()).collect())
    );
    let (date, skipped) = com().add_working_days_explained(day("2026-04-06"), -1).unwrap();
    let mut back = easter[..4].to_vec();
    back.reverse();
    assert_eq!(
        (date, explained(&skipped)),
        (day("2026-04-01"), back.into_iter().map(String::from).collect())
    );
}

#[test]
fn a_year_without_data_is_refused() {
    let no = |year| NoCalendar::Year {
        office: OfficeCode::commission(),
        year,
    };
    assert_eq!(com().years().collect::<Vec<_>>(), (2024..=2031).collect::<Vec<_>>());
    assert_eq!(com().is_working_day(day("2023-12-29")), Err(no(2023)));
    assert_eq!(com().is_working_day(day("2032-01-05")), Err(no(2032)));
    assert_eq!(com().add_working_days(day("2031-12-23"), 1), Err(no(2032)));
    assert_eq!(com().add_working_days(day("2024-01-03"), -1), Err(no(2023)));
    assert_eq!(com().add_working_days(day("2031-12-22"), i32::MAX), Err(no(2032)));
    assert_eq!(com().add_working_days(day("2026-01-05"), i32::MIN), Err(no(2023)));
    assert_eq!(com().add_working_days(day("2023-12-29"), 0), Err(no(2023)));
    assert_eq!(
        com().add_working_days(day("2023-12-31"), 1),
        Ok(day("2024-01-03")),
        "only days counted need data"
    );
    assert_eq!(
        com().working_days_between(day("2026-01-05"), day("2035-01-05")),
        Err(no(2035))
    );
    assert_eq!(
        com().working_days_between(day("2035-01-05"), day("2026-01-05")),
        Err(no(2035))
    );
    assert_eq!(com().next_working_day_on_or_after(day("2031-12-24")), Err(no(2032)));
    let last = Calendar::new(
        OfficeCode::commission(),
        BTreeMap::from([(NaiveDate::MAX, "End".to_owned())]),
    );
    assert_eq!(
        last.next_working_day_on_or_after(NaiveDate::MAX),
        Err(no(NaiveDate::MAX.year()))
    );
}

#[test]
fn a_refusal_names_office_and_year() {
    let lu: OfficeCode = "LU".parse().unwrap();
    let error = CALENDARS
        .get(&lu)
        .unwrap()
        .is_working_day(day("2040-01-02"))
        .unwrap_err();
    let Refusal::Invalid(faults) = error.at("/date") else {
        panic!("not a fault of the input");
    };
    let fault = &faults.into_vec()[0];
    assert_eq!((fault.pointer.as_str(), fault.code), ("/date", "no_calendar"));
    assert!(
        fault.detail.contains("LU") && fault.detail.contains("2040"),
        "{}",
        fault.detail
    );
    let sp: OfficeCode = "SP".parse().unwrap();
    let refusal = Refusal::from(CALENDARS.get(&sp).unwrap_err());
    assert_eq!(
        refusal,
        Refusal::invalid("", "no_calendar", "there is no calendar of SP")
    );
    assert_eq!(CALENDARS.iter().count(), 35);
}

#[test]
fn holidays_elsewhere_are_warned_of() {
    for (date, offices, warning) in [
        ("2026-11-11", "SK PL", Some("holiday in PL on that day")),
        ("2026-01-06", "SK PL PL", Some("holiday in PL and SK on that day")),
        (
            "2026-01-06",
            "SK PL LU AT",
            Some("holiday in AT, PL and SK on that day"),
        ),
        ("2026-03-10", "SK PL", None),
        ("2026-01-06", "", None),
        ("2026-01-06", "SP", None),
        ("2050-01-06", "SK PL", None),
    ] {
        let found = CALENDARS.holiday_warning(day(date), &codes(offices));
        assert_eq!(found.as_deref(), warning, "{date} {offices}");
    }
    let asked = codes("SK PL");
    let names: Vec<_> = CALENDARS.holidays_on(day("2026-01-06"), &asked).into_values().collect();
    assert_eq!(names.len(), 2);
    assert!(
        com()
            .holidays()
            .any(|(date, name)| date == day("2026-04-06") && name == "Easter Monday")
    );
    assert_eq!(com().office().as_str(), "COM");
}

fn calendar() -> impl Strategy<Value = &'static Calendar> {
    proptest::sample::select(CALENDARS.iter().collect::<Vec<_>>())
}

/// A day far enough from the ends of the data to add 400 working days.
fn any_day() -> impl Strategy<Value = NaiveDate> {
    (800u64..2100).prop_map(|days| day("2024-01-01") + chrono::Days::new(days))
}

proptest! {
    #[test]
    fn added_then_counted_gives_the_same(calendar in calendar(), from in any_day(), n in -400i32..=400) {
        let to = calendar.add_working_days(from, n).unwrap();
        prop_assert_eq!(calendar.working_days_between(from, to), Ok(n));
        prop_assert!(n == 0 || calendar.is_working_day(to).unwrap());
    }

    #[test]
    fn there_and_back_on_working_days(calendar in calendar(), from in any_day(), n in -400i32..=400) {
        let from = calendar.next_working_day_on_or_after(from).unwrap();
        let to = calendar.add_working_days(from, n).unwrap();
        prop_assert_eq!(calendar.add_working_days(to, -n), Ok(from));
        prop_assert_eq!(calendar.working_days_between(to, from), Ok(-n));
    }

    #[test]
    fn later_and_longer_never_end_earlier(calendar in calendar(), from in any_day(), n in -400i32..400, on in 0u64..30) {
        let to = calendar.add_working_days(from, n).unwrap();
        prop_assert!(calendar.add_working_days(from, n + 1).unwrap() > to);
        prop_assert!(calendar.add_working_days(from + chrono::Days::new(on), n).unwrap() >= to);
    }

    #[test]
    fn every_day_is_counted_or_named(calendar in calendar(), from in any_day(), days in 0u64..600) {
        let to = from + chrono::Days::new(days);
        let (count, skipped) = calendar.working_days_between_explained(from, to).unwrap();
        prop_assert_eq!(u64::try_from(count).unwrap() + u64::try_from(skipped.len()).unwrap(), days);
        for day in &skipped {
            prop_assert!(!calendar.is_working_day(day.date).unwrap());
        }
    }

    #[test]
    fn the_next_working_day_is_the_first_one(calendar in calendar(), date in any_day()) {
        let next = calendar.next_working_day_on_or_after(date).unwrap();
        prop_assert!(calendar.is_working_day(next).unwrap());
        prop_assert_eq!(calendar.add_working_days(date.pred_opt().unwrap(), 1), Ok(next));
    }
}
