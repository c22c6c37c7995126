//! The tables of queries, held on both databases: what is written is read, nobody overwrites another, numbers have no
//! gaps, lists hold what their reader may read, and pages leave nothing out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod feed;
mod lists;
#[path = "../../../../tests/harness/src/postgres.rs"]
pub mod postgres;
mod random;
mod rows;
mod world;

use ahq_store::{Address, Limits, Store, StoreError, migration};
use diesel::connection::SimpleConnection;
use random::OFFICES;
use std::time::Duration;

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

/// A database with its tables and some offices.
async fn open(address: &Address) -> Store {
    let limits = Limits {
        patience: Duration::from_secs(20),
        ..Limits::default()
    };
    let store = Store::open(address, limits).unwrap();
    store
        .write(|conn| {
            migration::run(conn)?;
            for code in OFFICES {
                conn.batch_execute(&format!(
                    "INSERT INTO offices (code, kind, standing, name, own_name, former_names, since, mailbox) VALUES \
                     ('{code}', 'national_contact_point', 'member', '{code}', '{code}', '[]', '2010-01-01', 'a@b.eu')"
                ))?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    store
}

/// Runs each test on both databases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let (address, _folder) = crate::sqlite_address();
                super::$test(&crate::open(&address).await).await;
            }
        )+}
        mod on_postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(address) = crate::postgres_address() {
                    super::$test(&crate::open(&address).await).await;
                }
            }
        )+}
    };
}
use on_both;
