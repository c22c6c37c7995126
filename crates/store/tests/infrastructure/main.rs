//! The promises of the store's ground floor, held on both databases: columns, filters, transactions, and what happens
//! when something fails.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod columns;
mod faults;
#[path = "../../../../tests/harness/src/postgres.rs"]
pub mod postgres;
mod transactions;

use ahq_store::column::{Id, Json, Time};
use ahq_store::{Address, Connection, Limits, Store, StoreError};
use chrono::NaiveDate;
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::*;
use schema::letters;
use std::time::Duration;
use uuid::Uuid;

mod schema {
    diesel::table! {
        use ahq_store::column::sql::{Id, Json, Time};
        use diesel::sql_types::{Date, Integer, Nullable, Text};

        letters (id) {
            id -> Id,
            number -> Integer,
            sent_at -> Nullable<Time>,
            due -> Date,
            readers -> Json,
            subject -> Text,
        }
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
    Ok(letters::table
        .select(letters::number)
        .order(letters::number)
        .load(connection)?)
}

/// The address of a file that is not there yet, and the folder that holds it.
fn sqlite_address() -> (Address, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite://{}", folder.path().join("ahq.db").display());
    (address.parse().unwrap(), folder)
}

/// The address of an empty database, if there is a PostgreSQL on this machine.
fn postgres_address() -> Option<Address> {
    Some(postgres::server()?.database().parse().unwrap())
}

fn limits() -> Limits {
    Limits {
        patience: Duration::from_secs(20),
        ..Limits::default()
    }
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
    connection
        .transaction(|connection| letters::table.count().get_result::<i64>(connection))
        .is_ok()
}

/// Runs each test on both databases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let (address, _folder) = crate::sqlite_address();
                super::$test(&address).await;
            }
        )+}
        mod on_postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(address) = crate::postgres_address() {
                    super::$test(&address).await;
                }
            }
        )+}
    };
}
use on_both;
