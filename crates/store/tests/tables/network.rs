//! What the operator brings in: offices, topics, holidays.

use crate::{OFFICES, an_office, code, on_both, read, write};
use ahq_domain::calendar::NoCalendar;
use ahq_domain::office::OfficeKind;
use ahq_store::topics::Topic;
use ahq_store::{Store, StoreError, holidays, offices, topics};
use chrono::NaiveDate;

on_both!(
    an_office_brought_in_again_is_renewed,
    topics_are_renewed_and_come_by_name,
    holidays_of_all_offices_load_at_once,
    a_holiday_keeps_its_name,
    a_holiday_needs_its_office,
    a_year_is_deleted_and_no_other,
);

async fn an_office_brought_in_again_is_renewed(store: &Store) {
    let mut commission = an_office("COM");
    commission.kind = OfficeKind::Commission;
    commission.protocol_order = None;
    commission.until = Some(day("2030-12-31"));
    commission.in_text = Some("the Commission".to_owned());
    commission.former_names.clear();
    let wanted = commission.clone();
    write(store, move |conn| offices::put(conn, &commission)).await.unwrap();
    let all = read(store, 1, offices::all).await;
    assert_eq!(all.iter().count(), OFFICES.len());
    assert_eq!(all.get(&code("COM")), Some(&wanted));
    assert_eq!(all.get(&code("LU")), Some(&an_office("LU")));
    let known = an_office("COM");
    write(store, move |conn| offices::put(conn, &known)).await.unwrap();
    let all = read(store, 1, offices::all).await;
    assert_eq!(
        all.get(&code("COM")),
        Some(&an_office("COM")),
        "facts taken away are gone"
    );
}

async fn topics_are_renewed_and_come_by_name(store: &Store) {
    let topic = |id: &str, name: &str| Topic {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let brought = [
        topic("a", "Visas"),
        topic("b", "asylum"),
        topic("c", "Borders"),
        topic("a", "Work"),
    ];
    write(store, move |conn| {
        brought.iter().try_for_each(|topic| topics::put(conn, topic))
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, 1, topics::all).await,
        [topic("b", "asylum"), topic("c", "Borders"), topic("a", "Work")]
    );
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn holidays_of_all_offices_load_at_once(store: &Store) {
    let mut days = Vec::new();
    for office in ["LU", "AT", "COM"] {
        let first = day("2024-01-01");
        days.extend(
            first
                .iter_days()
                .take(1_300)
                .map(|date| (code(office), date, format!("Day of {office}"))),
        );
    }
    let (mut wanted, brought) = (days.clone(), days.clone());
    let before = store.statements();
    write(store, move |conn| holidays::put_all(conn, &brought))
        .await
        .unwrap();
    assert_eq!(store.statements() - before, 4, "statements for 3,900 rows");
    wanted.sort();
    assert_eq!(read(store, 1, |conn| holidays::list(conn, None, None)).await, wanted);
    let of_one = read(store, 1, |conn| holidays::list(conn, Some(&code("AT")), Some(2025))).await;
    assert_eq!(of_one.len(), 365);
    assert_eq!(
        of_one.first(),
        Some(&(code("AT"), day("2025-01-01"), "Day of AT".to_owned()))
    );
    assert_eq!(read(store, 1, |conn| holidays::list(conn, None, Some(1999))).await, []);
    assert_eq!(
        read(store, 0, |conn| holidays::list(conn, None, Some(i32::MAX))).await,
        []
    );
    let calendar = read(store, 1, |conn| holidays::calendar(conn, &code("LU"))).await;
    assert_eq!(calendar.holidays().count(), 1_300);
    let calendars = read(store, 1, |conn| {
        holidays::calendars(conn, &[code("LU"), code("BE"), code("COM")])
    })
    .await;
    assert_eq!(calendars.get(&code("LU")), Ok(&calendar));
    assert_eq!(
        calendars.get(&code("BE")),
        Err(NoCalendar::Office { office: code("BE") })
    );
    assert!(calendars.commission().is_ok());
    assert!(calendars.get(&code("AT")).is_err(), "only those asked for");
    let none = read(store, 1, |conn| holidays::calendars(conn, &[])).await;
    assert_eq!(none.iter().count(), 0);
}

async fn a_holiday_keeps_its_name(store: &Store) {
    let row = |name: &str| [(code("LU"), day("2026-06-23"), name.to_owned())];
    let (first, second) = (row("National Day"), row("Another name"));
    write(store, move |conn| holidays::put_all(conn, &first)).await.unwrap();
    write(store, move |conn| holidays::put_all(conn, &second))
        .await
        .unwrap();
    let found = read(store, 1, |conn| holidays::list(conn, None, Some(2026))).await;
    assert_eq!(found, row("National Day"));
}

async fn a_holiday_needs_its_office(store: &Store) {
    let row = [(code("XX"), day("2026-06-23"), "Day".to_owned())];
    let refused = write(store, move |conn| holidays::put_all(conn, &row)).await;
    assert!(matches!(refused, Err(StoreError::ForeignKey(_))), "{refused:?}");
}

async fn a_year_is_deleted_and_no_other(store: &Store) {
    let day = |office: &str, date: &str| (code(office), day(date), "Day".to_owned());
    let all = [
        day("AT", "2026-06-23"),
        day("LU", "2025-12-31"),
        day("LU", "2026-01-01"),
        day("LU", "2026-12-31"),
        day("LU", "2027-01-01"),
    ];
    let brought = all.clone();
    let before = store.statements();
    write(store, move |conn| {
        holidays::put_all(conn, &brought)?;
        holidays::delete_year(conn, &code("LU"), 2026)?;
        holidays::delete_year(conn, &code("LU"), i32::MAX)
    })
    .await
    .unwrap();
    assert_eq!(store.statements() - before, 2, "a year that no calendar has needs none");
    let left = read(store, 1, |conn| holidays::list(conn, None, None)).await;
    assert_eq!(left, [all[0].clone(), all[1].clone(), all[4].clone()]);
}
