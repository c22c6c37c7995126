//! Use cases as transactions: what stands, what is undone, what others see, and the tables' shape.

use crate::schema::letters;
use crate::{Letter, insert, letter, limits, numbers, on_both, open, postgres_address, sqlite_address};
use ahq_store::{Address, Connection, Store, StoreError, changed_one, migration};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::*;

on_both! {
    many_writers_some_failing,
    partial_work_is_undone,
    unique_violation_inside_a_savepoint,
    keys_and_references_have_one_name,
    readers_see_only_what_is_committed,
    a_read_changes_nothing,
    a_guarded_change_notices_the_other,
    an_open_transaction_is_not_left_behind,
    statements_are_counted,
    migrations_run_once,
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
                                if number % 2 == 1 {
                                    panic!("deep inside {number}")
                                } else {
                                    Ok(())
                                }
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
            changed_one(
                diesel::update(letters::table.find(letter(9).id))
                    .set(letters::number.eq(1))
                    .execute(connection)?,
            )
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
            let twin = Letter { number: 3, ..letter(1) };
            let second = connection.transaction(|connection| insert(connection, &twin));
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
        .write(|connection| {
            insert(
                connection,
                &Letter {
                    id: letter(2).id,
                    ..letter(1)
                },
            )
        })
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

async fn a_guarded_change_notices_the_other(address: &Address) {
    let store = open(address).await;
    store
        .write(|connection| insert(connection, &Letter { number: 0, ..letter(7) }))
        .await
        .unwrap();
    let changes: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let read: i32 = store
                        .read(|connection| {
                            Ok::<_, StoreError>(letters::table.select(letters::number).get_result(connection)?)
                        })
                        .await?;
                    let outcome = store
                        .write(move |connection| {
                            let still = letters::table.find(letter(7).id).filter(letters::number.eq(read));
                            changed_one(
                                diesel::update(still)
                                    .set(letters::number.eq(read + 1))
                                    .execute(connection)?,
                            )
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

async fn statements_are_counted(address: &Address) {
    let store = open(address).await;
    let before = store.statements();
    store.read(numbers).await.unwrap();
    assert_eq!(store.statements() - before, 1);
    store
        .write(|connection| (1..=2).try_for_each(|number| insert(connection, &letter(number))))
        .await
        .unwrap();
    assert_eq!(store.statements() - before, 3);
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
    let Some(address) = postgres_address() else { return };
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
                     WHERE x.indisunique AND NOT x.indisprimary AND x.indexprs IS NULL AND n.nspname = current_schema() \
                     AND t.relname NOT LIKE '\\_\\_%'",
                )
                .load(connection)?,
            )
        })
        .await
        .unwrap();
    for Key { name, due } in keys {
        assert_eq!(name, due, "the unique key {name} must be named {due}");
    }
}

/// `.cargo/config.toml` compiles SQLite so; a build without it is slower by half and nothing else would tell.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_statements_prepared() {
    #[derive(QueryableByName)]
    struct Used {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        used: bool,
    }
    let (address, _folder) = sqlite_address();
    let store = open(&address).await;
    let used = store
        .read(|connection| {
            let options = diesel::sql_query("SELECT sqlite_compileoption_used('ENABLE_QPSG') AS used");
            Ok::<_, StoreError>(options.get_result::<Used>(connection)?.used)
        })
        .await
        .unwrap();
    assert!(used, "SQLite is compiled without ENABLE_QPSG");
}
