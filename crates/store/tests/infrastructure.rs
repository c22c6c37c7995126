//! The promises of the store's ground floor, held on both databases: columns, filters, transactions, and what happens
//! when something fails.

#[path = "../../../tests/harness/src/postgres.rs"]
pub mod postgres;

use ahq_store::column::{Id, Json, JsonText, Time};
use ahq_store::connection::phrase::{
    for_share, for_update, insert_or_ignore, json_list_contains, json_list_contains_member, skip_locked,
    text_contains, text_starts_with,
};
use ahq_store::{Address, Connection, Limits, Store, StoreError, both, changed_one, migration};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::*;
use std::num::NonZeroU32;
use std::time::Duration;
use uuid::Uuid;

diesel::table! {
    use ahq_store::column::sql::{Id, Instant, Json};
    use diesel::sql_types::{Date, Integer, Nullable, Text};

    letters (id) {
        id -> Id,
        number -> Integer,
        sent_at -> Nullable<Instant>,
        due -> Date,
        readers -> Json,
        subject -> Text,
    }
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = letters, check_for_backend(ahq_store::connection::MultiBackend), treat_none_as_default_value = false)]
struct Letter {
    id: Id,
    number: i32,
    sent_at: Option<Time>,
    due: NaiveDate,
    readers: Json<serde_json::Value>,
    subject: String,
}

fn letter(number: i32) -> Letter {
    Letter {
        id: Id::from(Uuid::from_u128(u128::try_from(number).unwrap())),
        number,
        sent_at: None,
        due: NaiveDate::from_ymd_opt(2026, 3, 29).unwrap(),
        readers: Json(serde_json::json!([])),
        subject: format!("letter {number}"),
    }
}

fn insert(connection: &mut Connection, letter: &Letter) -> Result<(), StoreError> {
    diesel::insert_into(letters::table).values(letter).execute(connection)?;
    Ok(())
}

fn numbers(connection: &mut Connection) -> Result<Vec<i32>, StoreError> {
    Ok(letters::table.select(letters::number).order(letters::number).load(connection)?)
}

/// The address of an empty database, and what keeps it there. Nothing if there is no such database on this machine.
fn sqlite() -> Option<(Address, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite://{}", folder.path().join("ahq.db").display());
    Some((address.parse().unwrap(), Some(folder)))
}

fn postgres() -> Option<(Address, Option<tempfile::TempDir>)> {
    Some((postgres::server()?.database().parse().unwrap(), None))
}

fn limits() -> Limits {
    Limits { patience: Duration::from_secs(20), ..Limits::default() }
}

async fn open(address: &Address) -> Store {
    let store = Store::open(address, limits()).unwrap();
    store
        .write(|connection| {
            if connection_has_letters(connection) {
                return Ok(());
            }
            let (id, time, json) = match connection {
                Connection::Sqlite(_) => ("BLOB", "TEXT", "TEXT"),
                Connection::Postgres(_) => ("uuid", "timestamptz", "jsonb"),
            };
            connection.batch_execute(&format!(
                "CREATE TABLE letters (id {id} NOT NULL PRIMARY KEY, number integer NOT NULL, sent_at {time}, \
                 due date NOT NULL, readers {json} NOT NULL, subject text NOT NULL, \
                 CONSTRAINT letters_number_subject_key UNIQUE (number, subject)); \
                 CREATE TABLE replies (letter {id} NOT NULL REFERENCES letters (id))"
            ))?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    store
}

fn connection_has_letters(connection: &mut Connection) -> bool {
    connection.transaction(|connection| letters::table.count().get_result::<i64>(connection)).is_ok()
}

/// Runs each test on both databases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let (address, _folder) = super::sqlite().unwrap();
                super::$test(&address).await;
            }
        )+}
        mod on_postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some((address, _)) = super::postgres() {
                    super::$test(&address).await;
                }
            }
        )+}
    };
}

on_both! {
    columns_round_trip_and_order,
    corrupt_json_is_named,
    filters_on_lists_and_text,
    several_rows_and_ignored_ones,
    locks_around_a_query,
    many_writers_some_failing,
    partial_work_is_undone,
    unique_violation_inside_a_savepoint,
    keys_and_references_have_one_name,
    readers_see_only_what_is_committed,
    a_read_changes_nothing,
    statements_are_counted,
    reopening_finds_what_was_acknowledged,
    a_closed_store_turns_callers_away,
    a_caller_that_leaves_does_not_stop_its_use_case,
    an_open_transaction_is_not_left_behind,
    migrations_run_once,
    a_guarded_change_notices_the_other,
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
            let sent = letters::table.filter(letters::sent_at.is_not_null()).select(Letter::as_select());
            let early = moments[1];
            Ok::<_, StoreError>((
                sent.order(letters::sent_at).load(connection)?,
                letters::table.select(letters::id).order(letters::id).load::<Id>(connection)?,
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
                letters::table.find(Id::from(Uuid::from_u128(5))).select(letters::readers).get_result::<JsonText>(connection)?,
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
        .read(|connection| {
            Ok::<Json<u64>, StoreError>(letters::table.select(letters::readers).get_result(connection)?)
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
}

async fn filters_on_lists_and_text(address: &Address) {
    let store = open(address).await;
    let rows = [
        (1, serde_json::json!(["EL", "FR"]), "Family reunification"),
        (2, serde_json::json!(["EL%"]), "100 % of ÉTUDIANTS"),
        (3, serde_json::json!([{"office": "EL", "role": "reader"}, "EL-not", 7]), "under_score"),
        (4, serde_json::json!([{"office": "FR"}, {"office": "DE", "x'y": "z"}]), "ΟΔΟΣ and back\\slash"),
    ];
    store
        .write(move |connection| {
            rows.into_iter().try_for_each(|(number, readers, subject)| {
                insert(connection, &Letter { readers: Json(readers), subject: subject.to_owned(), ..letter(number) })
            })
        })
        .await
        .unwrap();

    type Filter = Box<dyn Fn(letters::BoxedQuery<'static, ahq_store::connection::MultiBackend>) -> letters::BoxedQuery<'static, ahq_store::connection::MultiBackend> + Send>;
    let cases: Vec<(Filter, &[i32])> = vec![
        (Box::new(|q| q.filter(json_list_contains(letters::readers, "EL"))), &[1]),
        (Box::new(|q| q.filter(json_list_contains(letters::readers, "EL%"))), &[2]),
        (Box::new(|q| q.filter(json_list_contains(letters::readers, "E"))), &[]),
        (Box::new(|q| q.filter(diesel::dsl::not(json_list_contains(letters::readers, "EL")))), &[2, 3, 4]),
        (Box::new(|q| q.filter(json_list_contains_member(letters::readers, "office", "EL"))), &[3]),
        (Box::new(|q| q.filter(json_list_contains_member(letters::readers, "x'y", "z"))), &[4]),
        (Box::new(|q| q.filter(json_list_contains_member(letters::readers, "role", "EL"))), &[]),
        (
            Box::new(|q| {
                q.filter(
                    json_list_contains(letters::readers, "FR")
                        .or(json_list_contains_member(letters::readers, "office", "FR")),
                )
            }),
            &[1, 4],
        ),
        (Box::new(|q| q.filter(text_contains(letters::subject, "REUN"))), &[1]),
        (Box::new(|q| q.filter(text_contains(letters::subject, "étudiants"))), &[2]),
        (Box::new(|q| q.filter(text_contains(letters::subject, "%"))), &[2]),
        (Box::new(|q| q.filter(text_contains(letters::subject, "_"))), &[3]),
        (Box::new(|q| q.filter(text_contains(letters::subject, "k\\s"))), &[4]),
        (Box::new(|q| q.filter(text_contains(letters::subject, "οδοσ"))), &[4]),
        (Box::new(|q| q.filter(text_starts_with(letters::subject, "fam"))), &[1]),
        (Box::new(|q| q.filter(text_starts_with(letters::subject, "score"))), &[]),
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
                let query = filter(letters::table.into_boxed()).select(letters::number).order(letters::number);
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
            let renamed = Letter { subject: "renamed".to_owned(), ..letter(2) };
            both!(connection, |database| {
                diesel::insert_into(letters::table)
                    .values(&renamed)
                    .on_conflict(letters::id)
                    .do_update()
                    .set(letters::subject.eq(&renamed.subject))
                    .execute(database)
            })?;
            let subject: String = letters::table.find(renamed.id).select(letters::subject).get_result(connection)?;
            Ok::<_, StoreError>((again, fresh, subject))
        })
        .await
        .unwrap();
    assert_eq!(counts, (0, 1, "renamed".to_owned()));
}

async fn locks_around_a_query(address: &Address) {
    let store = open(address).await;
    store.write(|connection| (1..=3).try_for_each(|number| insert(connection, &letter(number)))).await.unwrap();
    let (one, shared, claimed) = store
        .write(|connection| {
            let first = letters::table.find(letter(1).id);
            Ok::<_, StoreError>((
                for_update(first.select(Letter::as_select())).get_result(connection)?,
                for_share(first.select(letters::number)).get_result::<i32>(connection).optional()?,
                skip_locked(letters::table.into_boxed().select(letters::id).order(letters::number).limit(2))
                    .load::<Id>(connection)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!((one, shared, claimed), (letter(1), Some(1), vec![letter(1).id, letter(2).id]));
}

/// Only PostgreSQL has more than one writer to keep apart.
#[tokio::test(flavor = "multi_thread")]
async fn claims_pass_over_each_other_on_postgres() {
    let Some((address, _)) = postgres() else { return };
    let store = open(&address).await;
    store.write(|connection| (1..=4).try_for_each(|number| insert(connection, &letter(number)))).await.unwrap();
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

async fn many_writers_some_failing(address: &Address) {
    let store = open(address).await;
    let writers: Vec<_> = (0..200)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let outcome = store
                    .write(move |connection| {
                        insert(connection, &letter(number))?;
                        match number % 5 {
                            1 => Err(StoreError::Conflict),
                            2 => panic!("use case {number} was asked to"),
                            // A neighbour's panic inside a savepoint of its own.
                            3 => connection.transaction(|connection| {
                                insert(connection, &letter(number + 1000))?;
                                if number % 2 == 1 { panic!("deep inside {number}") } else { Ok(()) }
                            }),
                            _ => Ok(()),
                        }
                    })
                    .await;
                (number, outcome)
            })
        })
        .collect();
    let mut expected = Vec::new();
    for writer in writers {
        let (number, outcome) = writer.await.unwrap();
        match (number % 5, outcome) {
            (0 | 4, Ok(())) => expected.push(number),
            (3, Ok(())) if number % 2 == 0 => expected.extend([number, number + 1000]),
            (1, Err(StoreError::Conflict)) => {}
            (2 | 3, Err(StoreError::Other(message))) => assert!(message.contains("panicked"), "{message}"),
            (_, outcome) => panic!("{number}: {outcome:?}"),
        }
    }
    expected.sort_unstable();
    assert_eq!(store.read(numbers).await.unwrap(), expected);
}

async fn partial_work_is_undone(address: &Address) {
    let store = open(address).await;
    let outcome: Result<(), StoreError> = store
        .write(|connection| {
            insert(connection, &letter(1))?;
            connection.transaction(|connection| insert(connection, &letter(2)))?;
            changed_one(diesel::update(letters::table.find(letter(9).id)).set(letters::number.eq(1)).execute(connection)?)
        })
        .await;
    assert_eq!(outcome, Err(StoreError::Conflict));
    assert_eq!(store.read(numbers).await.unwrap(), [] as [i32; 0]);
}

async fn unique_violation_inside_a_savepoint(address: &Address) {
    let store = open(address).await;
    store.write(|connection| insert(connection, &letter(1))).await.unwrap();
    let second = store
        .write(|connection| {
            let second = connection.transaction(|connection| insert(connection, &letter(1)));
            insert(connection, &letter(2))?;
            Ok::<_, StoreError>(second)
        })
        .await
        .unwrap();
    assert!(second.unwrap_err().violates("letters_id_key"));
    assert_eq!(store.read(numbers).await.unwrap(), [1, 2]);
}

async fn keys_and_references_have_one_name(address: &Address) {
    let store = open(address).await;
    store.write(|connection| insert(connection, &letter(1))).await.unwrap();
    let twin = store
        .write(|connection| insert(connection, &Letter { id: letter(2).id, ..letter(1) }))
        .await
        .unwrap_err();
    assert!(twin.violates("letters_number_subject_key"), "{twin:?}");
    let astray: Result<(), StoreError> = store
        .write(|connection| {
            let nowhere = match connection {
                Connection::Sqlite(_) => "INSERT INTO replies VALUES (x'00')",
                Connection::Postgres(_) => "INSERT INTO replies VALUES ('00000000-0000-0000-0000-000000000000')",
            };
            Ok(connection.batch_execute(nowhere)?)
        })
        .await;
    assert!(matches!(astray, Err(StoreError::ForeignKey(_))), "{astray:?}");
}

async fn readers_see_only_what_is_committed(address: &Address) {
    let store = open(address).await;
    let (inserted, was_inserted) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel();
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write(move |connection| {
                    insert(connection, &letter(1))?;
                    inserted.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    Ok::<_, StoreError>(())
                })
                .await
        }
    });
    was_inserted.await.unwrap();
    assert_eq!(store.read(numbers).await.unwrap(), [] as [i32; 0]);
    go_on.send(()).unwrap();
    writer.await.unwrap().unwrap();
    assert_eq!(store.read(numbers).await.unwrap(), [1]);
}

async fn a_read_changes_nothing(address: &Address) {
    let store = open(address).await;
    let outcome = store.read(|connection| insert(connection, &letter(1))).await;
    assert!(matches!(outcome, Err(StoreError::Other(_))), "{outcome:?}");
    assert_eq!(store.read(numbers).await.unwrap(), [] as [i32; 0]);
}

async fn statements_are_counted(address: &Address) {
    let store = open(address).await;
    let before = store.statements();
    store.read(numbers).await.unwrap();
    assert_eq!(store.statements() - before, 1);
    store.write(|connection| (1..=2).try_for_each(|number| insert(connection, &letter(number)))).await.unwrap();
    assert_eq!(store.statements() - before, 3);
}

async fn reopening_finds_what_was_acknowledged(address: &Address) {
    let store = open(address).await;
    store.write(|connection| insert(connection, &letter(1))).await.unwrap();
    store.close().await;
    drop(store);
    let store = open(address).await;
    assert_eq!(store.read(numbers).await.unwrap(), [1]);
}

async fn a_closed_store_turns_callers_away(address: &Address) {
    let store = open(address).await;
    let late: Vec<_> = (1..=50)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                store.write(move |connection| insert(connection, &letter(number)).map(|()| number)).await
            })
        })
        .collect();
    store.close().await;
    let mut acknowledged = Vec::new();
    for writer in late {
        match writer.await.unwrap() {
            Ok(number) => acknowledged.push(number),
            Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}"),
        }
    }
    assert!(matches!(store.read(numbers).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.write(numbers).await, Err(StoreError::Unavailable(_))));
    acknowledged.sort_unstable();
    assert_eq!(open(address).await.read(numbers).await.unwrap(), acknowledged);
}

async fn a_caller_that_leaves_does_not_stop_its_use_case(address: &Address) {
    let store = open(address).await;
    let (inserted, was_inserted) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel();
    let caller = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write(move |connection| {
                    insert(connection, &letter(1))?;
                    inserted.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    Ok::<_, StoreError>(())
                })
                .await
        }
    });
    was_inserted.await.unwrap();
    caller.abort();
    go_on.send(()).unwrap();
    store.close().await;
    assert_eq!(open(address).await.read(numbers).await.unwrap(), [1]);
}

async fn an_open_transaction_is_not_left_behind(address: &Address) {
    let store = open(address).await;
    let begin = |connection: &mut Connection| {
        <Connection as diesel::connection::TransactionManager<Connection>>::begin_transaction(connection)?;
        Ok::<_, StoreError>(())
    };
    assert!(matches!(store.write(begin).await, Err(StoreError::Other(_))));
    assert!(matches!(store.read(begin).await, Err(StoreError::Other(_))));
    store.write(|connection| insert(connection, &letter(1))).await.unwrap();
    assert_eq!(store.read(numbers).await.unwrap(), [1]);
}

async fn migrations_run_once(address: &Address) {
    let store = Store::open(address, limits()).unwrap();
    let known = store.read(migration::pending).await.unwrap();
    assert_eq!(store.read(migration::applied).await.unwrap(), [] as [String; 0]);
    let (one, other) = tokio::join!(store.write(migration::run), store.write(migration::run));
    let mut run = [one.unwrap(), other.unwrap()].concat();
    run.sort();
    assert_eq!(run, known);
    assert_eq!(store.read(migration::pending).await.unwrap(), [] as [String; 0]);
    assert_eq!(store.read(migration::applied).await.unwrap(), known);
    store
        .write(|connection| {
            connection.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')")?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let outcome = store.write(migration::run).await;
    assert!(matches!(outcome, Err(StoreError::Migration(_))), "{outcome:?}");
}

async fn a_guarded_change_notices_the_other(address: &Address) {
    let store = open(address).await;
    store.write(|connection| insert(connection, &Letter { number: 0, ..letter(7) })).await.unwrap();
    let changes: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let read: i32 = store
                        .read(|connection| Ok::<_, StoreError>(letters::table.select(letters::number).get_result(connection)?))
                        .await?;
                    let outcome = store
                        .write(move |connection| {
                            let still = letters::table.find(letter(7).id).filter(letters::number.eq(read));
                            changed_one(diesel::update(still).set(letters::number.eq(read + 1)).execute(connection)?)
                        })
                        .await;
                    if outcome != Err(StoreError::Conflict) {
                        return outcome;
                    }
                }
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap().unwrap();
    }
    assert_eq!(store.read(numbers).await.unwrap(), [40]);
}

/// A full disk, played by SQLite's own limit on its pages: nothing acknowledged is lost, reads go on, and so do writes
/// once there is room.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_survived() {
    let (address, _folder) = sqlite().unwrap();
    let store = open(&address).await;
    store.write(|connection| insert(connection, &letter(0))).await.unwrap();
    store
        .write(|connection| Ok::<_, StoreError>(connection.batch_execute("PRAGMA max_page_count = 1")?))
        .await
        .unwrap();
    let writers: Vec<_> = (1..=100)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let large = Letter { subject: "x".repeat(20_000), ..letter(number) };
                store.write(move |connection| insert(connection, &large).map(|()| number)).await
            })
        })
        .collect();
    let mut acknowledged = vec![0];
    let mut refused = 0;
    for writer in writers {
        match writer.await.unwrap() {
            Ok(number) => acknowledged.push(number),
            Err(StoreError::Full(_)) => refused += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(refused > 0);
    acknowledged.sort_unstable();
    assert_eq!(store.read(numbers).await.unwrap(), acknowledged);
    store
        .write(|connection| Ok::<_, StoreError>(connection.batch_execute("PRAGMA max_page_count = 100000")?))
        .await
        .unwrap();
    store.write(|connection| insert(connection, &letter(500))).await.unwrap();
    acknowledged.push(500);
    assert_eq!(store.read(numbers).await.unwrap(), acknowledged);
}

/// What SQLite may do by itself on a fault of the disk: the whole shared transaction is gone. Nobody is told of success.
#[tokio::test(flavor = "multi_thread")]
async fn a_shared_transaction_that_vanished_acknowledges_nobody() {
    let (address, _folder) = sqlite().unwrap();
    let store = open(&address).await;
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let first = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write(move |connection| {
                    started.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    insert(connection, &letter(1))
                })
                .await
        }
    });
    has_started.await.unwrap();
    let neighbours = tokio::spawn({
        let store = store.clone();
        async move {
            let vanish = store.write(|connection| Ok::<_, StoreError>(connection.batch_execute("ROLLBACK")?));
            let later = store.write(|connection| insert(connection, &letter(2)));
            tokio::join!(vanish, later)
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    go_on.send(()).unwrap();
    let first = first.await.unwrap();
    let (vanish, later) = neighbours.await.unwrap();
    assert!(vanish.is_err());
    let mut expected = Vec::new();
    expected.extend(first.is_ok().then_some(1));
    expected.extend(later.is_ok().then_some(2));
    assert_eq!(store.read(numbers).await.unwrap(), expected);
    store.write(|connection| insert(connection, &letter(3))).await.unwrap();
    expected.push(3);
    assert_eq!(store.read(numbers).await.unwrap(), expected);
}

/// Every connection of the store is cut off: the next use case may fail, those after it do not.
#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_replaced() {
    let Some((address, _)) = postgres() else { return };
    let store = open(&address).await;
    let warm: Vec<_> = (0..6).map(|_| store.read(|connection| {
        connection.batch_execute("SELECT pg_sleep(0.2)")?;
        Ok::<_, StoreError>(())
    })).collect();
    for read in warm.into_iter().map(|read| async move { read.await }) {
        read.await.unwrap();
    }
    let cut = store
        .write(|connection| {
            connection.batch_execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()",
            )?;
            Ok::<_, StoreError>(())
        })
        .await;
    assert!(matches!(cut, Err(StoreError::Unavailable(_))), "{cut:?}");
    let mut failures = 0;
    while let Err(error) = store.read(numbers).await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        failures += 1;
        assert!(failures < 2, "dead connections were kept");
    }
    store.write(|connection| insert(connection, &letter(1))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_is_turned_away_in_time() {
    let (address, _folder) = sqlite().unwrap();
    let limits = Limits {
        connections: NonZeroU32::MIN,
        waiting_writes: NonZeroU32::MIN,
        patience: Duration::from_millis(100),
    };
    let store = Store::open(&address, limits).unwrap();
    let (started, has_started) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let slow_write = tokio::spawn({
        let (store, started) = (store.clone(), started.clone());
        async move {
            store
                .write(move |_| {
                    started.send(()).unwrap();
                    may_go_on.recv().map_err(|_| StoreError::Conflict)
                })
                .await
        }
    });
    let (read_on, may_read_on) = std::sync::mpsc::channel::<()>();
    let slow_read = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .read(move |_| {
                    started.send(()).unwrap();
                    may_read_on.recv().map_err(|_| StoreError::Conflict)
                })
                .await
        }
    });
    tokio::task::spawn_blocking(move || (has_started.recv().unwrap(), has_started.recv().unwrap())).await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.write(|_| Ok::<_, StoreError>(())).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let write = store.write(|_| Ok::<_, StoreError>(())).await;
    assert!(matches!(write, Err(StoreError::Busy(_))), "{write:?}");
    let read = store.read(|_| Ok::<_, StoreError>(())).await;
    assert!(matches!(read, Err(StoreError::Busy(_))), "{read:?}");
    go_on.send(()).unwrap();
    read_on.send(()).unwrap();
    slow_write.await.unwrap().unwrap();
    slow_read.await.unwrap().unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_unreachable_database_is_said_to_be_so() {
    for address in ["/nowhere/at/all/ahq.db", "postgres://localhost:1/ahq"] {
        let outcome = Store::open(&address.parse().unwrap(), limits()).err();
        assert!(matches!(outcome, Some(StoreError::Unavailable(_))), "{address}: {outcome:?}");
    }
}

/// The convention that lets an error name a key alike on both databases; see the module of the errors.
#[tokio::test(flavor = "multi_thread")]
async fn unique_keys_keep_to_the_convention() {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        due: String,
    }
    let Some((address, _)) = postgres() else { return };
    let store = Store::open(&address, limits()).unwrap();
    store.write(migration::run).await.unwrap();
    let keys: Vec<Key> = store
        .read(|connection| {
            Ok::<_, StoreError>(
                diesel::sql_query(
                    "SELECT i.relname::text AS name, t.relname || '_' || \
                     coalesce((SELECT string_agg(a.attname, '_' ORDER BY k.place) \
                       FROM unnest(x.indkey) WITH ORDINALITY k(number, place) \
                       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number), '') || '_key' AS due \
                     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
                     JOIN pg_namespace n ON n.oid = t.relnamespace \
                     WHERE x.indisunique AND x.indexprs IS NULL AND n.nspname = current_schema() \
                     AND t.relname NOT LIKE '\\_\\_%'",
                )
                .load(connection)?,
            )
        })
        .await
        .unwrap();
    for Key { name, due } in keys {
        let alone = name.strip_suffix("_pkey").map(|table| format!("{table}_id_key"));
        assert!(name == due || alone.as_ref() == Some(&due), "the unique key {name} must be named {due}");
    }
}
