//! The tables of everything but queries, held on both databases: what is written is read, nobody overwrites another,
//! nobody sends or does twice what was to be done once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod backup;
mod editions;
mod feeds;
mod network;
mod outbox;
#[path = "../../../../tests/harness/src/postgres.rs"]
pub mod postgres;
mod replays;
mod responses;

use ahq_domain::clock::Instant;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{QueryId, UserId};
use ahq_domain::office::{FormerName, Office, OfficeCode, OfficeKind, Standing};
use ahq_domain::query::{Life, Query};
use ahq_domain::question::Key;
use ahq_domain::user::{Grant, Role, User, UserStatus};
use ahq_store::{Address, Connection, Limits, Store, StoreError, migration, offices, queries, users};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

const OFFICES: [&str; 4] = ["AT", "BE", "COM", "LU"];
/// A query, not launched; few tables care.
const QUERY: QueryId = QueryId(Uuid::from_u128(1));
const OTHER_QUERY: QueryId = QueryId(Uuid::from_u128(2));
/// A coordinator of LU.
const USER: UserId = UserId(Uuid::from_u128(3));

fn sqlite_address() -> (Address, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite://{}", folder.path().join("ahq.db").display());
    (address.parse().unwrap(), folder)
}

/// The address of an empty database, if there is a PostgreSQL on this machine.
fn postgres_address() -> Option<Address> {
    Some(postgres::server()?.database().parse().unwrap())
}

/// A database with its tables, some offices, a user and two queries.
async fn open(address: &Address) -> Store {
    let limits = Limits {
        patience: Duration::from_secs(20),
        ..Limits::default()
    };
    let store = Store::open(address, limits).unwrap();
    write(&store, |conn| {
        migration::run(conn)?;
        for code in OFFICES {
            offices::put(conn, &an_office(code))?;
        }
        users::insert(conn, &a_user())?;
        for id in [QUERY, OTHER_QUERY] {
            queries::insert(conn, &a_query(id))?;
        }
        Ok(())
    })
    .await
    .unwrap();
    store
}

async fn write<T: Send + 'static>(
    store: &Store,
    use_case: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    store.write(use_case).await
}

/// Runs a use case that changes nothing, and holds it to a number of statements.
async fn read<T: Send + 'static>(
    store: &Store,
    statements: u64,
    use_case: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
) -> T {
    let before = store.statements();
    let value = store.read(use_case).await.unwrap();
    assert_eq!(store.statements() - before, statements, "statements");
    value
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// A moment with all the digits that both databases keep.
fn now() -> Instant {
    at("2026-07-01T08:30:00.123456Z")
}

fn code(text: &str) -> OfficeCode {
    text.parse().unwrap()
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn circles(pairs: &[(&str, Circle)]) -> BTreeMap<Key, Circle> {
    pairs
        .iter()
        .map(|(question, circle)| (key(question), *circle))
        .collect()
}

fn an_office(office: &str) -> Office {
    Office {
        code: code(office),
        kind: OfficeKind::NationalContactPoint,
        standing: Standing::Member,
        name: format!("Office {office}"),
        own_name: "Büro".to_owned(),
        former_names: vec![FormerName {
            name: "Earlier".to_owned(),
            until: "2020-12-31".parse().unwrap(),
        }],
        protocol_order: Some(7),
        since: "2010-01-01".parse().unwrap(),
        until: None,
        mailbox: format!("{office}@example.org"),
        in_text: None,
    }
}

fn a_user() -> User {
    User {
        id: USER,
        version: 1,
        office: code("LU"),
        name: "Änne Muster".to_owned(),
        email: "Anna.Muster@example.org".to_owned(),
        grants: vec![Grant {
            role: Role::Coordinator,
            from: "2026-01-01".parse().unwrap(),
            until: None,
        }],
        status: UserStatus::Active,
    }
}

fn a_query(id: QueryId) -> Query {
    Query {
        id,
        version: 1,
        lead: code("LU"),
        joint: Vec::new(),
        originator: None,
        title: "Family reunification".to_owned(),
        background: None,
        public_background: None,
        never_public: false,
        topics: Vec::new(),
        keywords: Vec::new(),
        default_circle: Circle::Network,
        questions: Vec::new(),
        life: Life::Draft {
            deadline: None,
            urgent_reason: None,
        },
        created: now(),
        changed: now(),
    }
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
