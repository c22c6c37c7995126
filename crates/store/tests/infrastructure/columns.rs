//! Columns, filters and the statements only one database can say.

use crate::schema::letters;
use crate::{Letter, insert, letter, on_both, open, postgres_address};
use ahq_store::column::{Id, Json, JsonText, Time};
use ahq_store::connection::phrase::{
    for_share, for_update, insert_or_ignore, json_list_contains, json_list_contains_member, skip_locked, text_contains,
};
use ahq_store::{Address, StoreError, both};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

on_both! {
    columns_round_trip_and_order,
    corrupt_json_is_named,
    filters_on_lists_and_text,
    several_rows_and_ignored_ones,
    locks_around_a_query,
}

async fn columns_round_trip_and_order(address: &Address) {
    let store = open(address).await;
    let moment = |text: &str| Time::from(text.parse::<DateTime<Utc>>().unwrap());
    let moments = [
        moment("0001-01-01T00:00:00Z"),
        moment("1969-12-31T23:59:59.999999Z"),
        moment("2026-03-29T00:59:59.000001999Z"),
        moment("2026-03-29T00:59:59.1Z"),
        moment("9999-12-31T23:59:59.999999Z"),
    ];
    let mut written: Vec<Letter> = moments
        .iter()
        .zip([u128::MAX, 0x0100, 0x00ff, 1 << 127, 0])
        .zip(0..)
        .map(|((moment, id), day)| Letter {
            id: Id::from(Uuid::from_u128(id)),
            sent_at: Some(*moment),
            due: NaiveDate::from_ymd_opt(1999, 12, 30).unwrap() + TimeDelta::days(day),
            readers: Json(serde_json::json!([{"office": "EL", "words": "ΑΒγ \"'\\ 😀"}, 1.5, null, true])),
            ..letter(i32::try_from(day).unwrap())
        })
        .collect();
    written.push(letter(5));

    let rows = written.clone();
    store
        .write(move |connection| rows.iter().rev().try_for_each(|row| insert(connection, row)))
        .await
        .unwrap();
    let (by_time, by_id, by_day, later, ids, text) = store
        .read(move |connection| {
            let sent = letters::table
                .filter(letters::sent_at.is_not_null())
                .select(Letter::as_select());
            let early = moments[1];
            Ok::<_, StoreError>((
                sent.order(letters::sent_at).load(connection)?,
                letters::table
                    .select(letters::id)
                    .order(letters::id)
                    .load::<Id>(connection)?,
                sent.order(letters::due).load(connection)?,
                letters::table
                    .filter(letters::sent_at.gt(early))
                    .select(letters::number)
                    .order(letters::number)
                    .load::<i32>(connection)?,
                letters::table
                    .filter(letters::id.eq_any([Id::from(Uuid::from_u128(1 << 127)), Id::from(Uuid::nil())]))
                    .select(letters::number)
                    .order(letters::number)
                    .load::<i32>(connection)?,
                letters::table
                    .find(Id::from(Uuid::from_u128(5)))
                    .select(letters::readers)
                    .get_result::<JsonText>(connection)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(by_time, written[..5]);
    assert_eq!(by_day, written[..5]);
    let mut ordered: Vec<Id> = written.iter().map(|letter| letter.id).collect();
    ordered.sort();
    assert_eq!(by_id, ordered);
    assert_eq!(later, [2, 3, 4]);
    assert_eq!(ids, [3, 4]);
    assert_eq!(text, JsonText("[]".to_owned()));
}

async fn corrupt_json_is_named(address: &Address) {
    let store = open(address).await;
    store.write(|connection| insert(connection, &letter(1))).await.unwrap();
    let outcome = store
        .read(|connection| Ok::<Json<u64>, StoreError>(letters::table.select(letters::readers).get_result(connection)?))
        .await;
    assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
}

async fn filters_on_lists_and_text(address: &Address) {
    let store = open(address).await;
    let rows = [
        (1, serde_json::json!(["EL", "FR"]), "Family reunification"),
        (2, serde_json::json!(["EL%"]), "100 % of ÉTUDIANTS"),
        (
            3,
            serde_json::json!([{"office": "EL", "role": "reader"}, "EL-not", 7]),
            "under_score",
        ),
        (
            4,
            serde_json::json!([{"office": "FR"}, {"office": "DE", "x'y": "z"}]),
            "ΟΔΟΣ and back\\slash",
        ),
    ];
    store
        .write(move |connection| {
            rows.into_iter().try_for_each(|(number, readers, subject)| {
                insert(
                    connection,
                    &Letter {
                        readers: Json(readers),
                        subject: subject.to_owned(),
                        ..letter(number)
                    },
                )
            })
        })
        .await
        .unwrap();

    type Letters = letters::BoxedQuery<'static, ahq_store::connection::MultiBackend>;
    type Filter = Box<dyn Fn(Letters) -> Letters + Send>;
    let cases: Vec<(Filter, &[i32])> = vec![
        (Box::new(|q| q.filter(json_list_contains(letters::readers, "EL"))), &[1]),
        (
            Box::new(|q| q.filter(json_list_contains(letters::readers, "EL%"))),
            &[2],
        ),
        (Box::new(|q| q.filter(json_list_contains(letters::readers, "E"))), &[]),
        (
            Box::new(|q| q.filter(diesel::dsl::not(json_list_contains(letters::readers, "EL")))),
            &[2, 3, 4],
        ),
        (
            Box::new(|q| q.filter(json_list_contains_member(letters::readers, "office", "EL"))),
            &[3],
        ),
        (
            Box::new(|q| q.filter(json_list_contains_member(letters::readers, "x'y", "z"))),
            &[4],
        ),
        (
            Box::new(|q| q.filter(json_list_contains_member(letters::readers, "role", "EL"))),
            &[],
        ),
        (
            Box::new(|q| {
                q.filter(json_list_contains(letters::readers, "FR").or(json_list_contains_member(
                    letters::readers,
                    "office",
                    "FR",
                )))
            }),
            &[1, 4],
        ),
        (Box::new(|q| q.filter(text_contains(letters::subject, "REUN"))), &[1]),
        (
            Box::new(|q| q.filter(text_contains(letters::subject, "étudiants"))),
            &[2],
        ),
        (Box::new(|q| q.filter(text_contains(letters::subject, "%"))), &[2]),
        (Box::new(|q| q.filter(text_contains(letters::subject, "_"))), &[3]),
        (Box::new(|q| q.filter(text_contains(letters::subject, "k\\s"))), &[4]),
        (Box::new(|q| q.filter(text_contains(letters::subject, "οδοσ"))), &[4]),
        (
            Box::new(|q| {
                q.filter(text_contains(letters::subject, "a"))
                    .filter(json_list_contains(letters::readers, "FR"))
                    .filter(letters::number.lt(4))
                    .limit(5)
            }),
            &[1],
        ),
    ];
    for (position, (filter, expected)) in cases.into_iter().enumerate() {
        let found: Vec<i32> = store
            .read(move |connection| {
                let query = filter(letters::table.into_boxed())
                    .select(letters::number)
                    .order(letters::number);
                Ok::<_, StoreError>(query.load(connection)?)
            })
            .await
            .unwrap();
        assert_eq!(found, expected, "filter {position}");
    }
}

async fn several_rows_and_ignored_ones(address: &Address) {
    let store = open(address).await;
    let before = store.statements();
    let inserted = store
        .write(|connection| {
            let rows: Vec<Letter> = (1..=20).map(letter).collect();
            Ok::<_, StoreError>(both!(connection, |database| {
                diesel::insert_into(letters::table).values(&rows).execute(database)
            })?)
        })
        .await
        .unwrap();
    assert_eq!(inserted, 20);
    assert_eq!(store.statements() - before, 1, "several rows are one statement");

    let counts = store
        .write(|connection| {
            let again = insert_or_ignore(diesel::insert_into(letters::table).values(letter(1))).execute(connection)?;
            let fresh = insert_or_ignore(diesel::insert_into(letters::table).values(letter(21))).execute(connection)?;
            let renamed = Letter {
                subject: "renamed".to_owned(),
                ..letter(2)
            };
            both!(connection, |database| {
                diesel::insert_into(letters::table)
                    .values(&renamed)
                    .on_conflict(letters::id)
                    .do_update()
                    .set(letters::subject.eq(&renamed.subject))
                    .execute(database)
            })?;
            let subject: String = letters::table
                .find(renamed.id)
                .select(letters::subject)
                .get_result(connection)?;
            Ok::<_, StoreError>((again, fresh, subject))
        })
        .await
        .unwrap();
    assert_eq!(counts, (0, 1, "renamed".to_owned()));
}

async fn locks_around_a_query(address: &Address) {
    let store = open(address).await;
    store
        .write(|connection| (1..=3).try_for_each(|number| insert(connection, &letter(number))))
        .await
        .unwrap();
    let (one, shared, claimed) = store
        .write(|connection| {
            let first = letters::table.find(letter(1).id);
            Ok::<_, StoreError>((
                for_update(first.select(Letter::as_select())).get_result(connection)?,
                for_share(first.select(letters::number))
                    .get_result::<i32>(connection)
                    .optional()?,
                skip_locked(
                    letters::table
                        .into_boxed()
                        .select(letters::id)
                        .order(letters::number)
                        .limit(2),
                )
                .load::<Id>(connection)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(
        (one, shared, claimed),
        (letter(1), Some(1), vec![letter(1).id, letter(2).id])
    );
}

/// Only PostgreSQL has more than one writer to keep apart.
#[tokio::test(flavor = "multi_thread")]
async fn claims_pass_over_each_other_on_postgres() {
    let Some(address) = postgres_address() else { return };
    let store = open(&address).await;
    store
        .write(|connection| (1..=4).try_for_each(|number| insert(connection, &letter(number))))
        .await
        .unwrap();
    let together = std::sync::Arc::new(std::sync::Barrier::new(2));
    let claim = |together: std::sync::Arc<std::sync::Barrier>| {
        store.write(move |connection| {
            let claimed: Vec<i32> =
                skip_locked(letters::table.select(letters::number).order(letters::number).limit(2)).load(connection)?;
            together.wait();
            Ok::<_, StoreError>(claimed)
        })
    };
    let (left, right) = tokio::join!(claim(together.clone()), claim(together));
    let mut both = [left.unwrap(), right.unwrap()].concat();
    both.sort_unstable();
    assert_eq!(both, [1, 2, 3, 4]);
}
