//! Copies of the whole database: what is restored is what was saved, and what is damaged is found on each way.

use crate::{USER, now, open, postgres_address, read, sqlite_address, write};
use ahq_domain::clock::Instant;
use ahq_domain::id::EventId;
use ahq_store::audit::{self, Event};
use ahq_store::backup::{self, Content, Kind};
use ahq_store::{Address, Connection, Store, StoreError, throttles, users};
use diesel::connection::{Connection as _, SimpleConnection};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Runs each test on both databases: with the address of one with its tables and some rows, and of an empty one.
macro_rules! with_two {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let ((from, folder), (to, _folder)) = (crate::sqlite_address(), crate::sqlite_address());
                super::$test(&from, &to, folder.path()).await;
            }
        )+}
        mod on_postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let (Some(from), Some(to)) = (crate::postgres_address(), crate::postgres_address()) {
                    let folder = tempfile::tempdir().unwrap();
                    super::$test(&from, &to, folder.path()).await;
                }
            }
        )+}
    };
}

with_two! {
    what_is_restored_is_what_was_saved,
    a_copy_is_of_one_moment,
    rows_that_are_missing_are_found,
    a_damaged_copy_is_not_restored,
    a_reference_that_leads_nowhere_is_found,
    an_audit_event_that_cannot_be_read_is_found,
}

/// Saves and restores in a place where blocking is allowed.
async fn save(address: &Address, copy: &Path) -> Result<Content, StoreError> {
    let (address, copy) = (address.clone(), copy.to_path_buf());
    tokio::task::spawn_blocking(move || backup::save(&address, &copy))
        .await
        .unwrap()
}

async fn restore(address: &Address, copy: &Path, wanted: &Content) -> Result<Vec<PathBuf>, StoreError> {
    let (address, copy, wanted) = (address.clone(), copy.to_path_buf(), wanted.clone());
    let work = move || backup::restore(&address, &copy, &wanted, None);
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn event(number: u128) -> Event {
    Event {
        id: EventId(Uuid::from_u128(number)),
        at: now(),
        user: Some(USER),
        office: None,
        action: "session.refused".to_owned(),
        subject: "session".to_owned(),
        facts: serde_json::json!({"line": "one\ntwo\\.\n\\.\n"}),
    }
}

/// One change of two rows: neither is ever without the other.
fn pair(conn: &mut Connection, number: u128, at: Instant) -> Result<(), StoreError> {
    audit::record(conn, &event(number))?;
    throttles::hold(conn, &format!("account:{number}"), at).map(|_| ())
}

async fn what_is_restored_is_what_was_saved(from: &Address, to: &Address, folder: &Path) {
    assert!(backup::is_empty(from).unwrap() && backup::is_empty(to).unwrap());
    let store = open(from).await;
    write(&store, |conn| {
        (1..=7_000).try_for_each(|number| audit::record(conn, &event(number)))
    })
    .await
    .unwrap();
    let copy = folder.join("copy");
    let saved = save(from, &copy).await.unwrap();
    assert_eq!(
        (saved.rows["audit_events"], saved.rows["offices"], saved.rows["keys"]),
        (7_000, 4, 0)
    );
    let written = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite"));
    let migrations = u64::try_from(written.unwrap().count()).unwrap();
    assert_eq!(
        (saved.rows["__diesel_schema_migrations"], saved.migrations.len()),
        (migrations, usize::try_from(migrations).unwrap())
    );
    assert_eq!(restore(to, &copy, &saved).await, Ok(Vec::new()));
    assert!(!backup::is_empty(to).unwrap());
    let restored = Store::open(to, ahq_store::Limits::default()).unwrap();
    let user = read(&restored, 1, |conn| users::find(conn, USER)).await;
    assert_eq!(user, read(&store, 1, |conn| users::find(conn, USER)).await);
    assert_eq!(read(&restored, 3, audit::read_all).await, 7_000);
    assert_eq!(
        read(&restored, 1, |conn| audit::of_subject(conn, "session")).await[0],
        event(1)
    );
    restored.close().await;
    let again = save(to, &folder.join("again")).await.unwrap();
    assert_eq!(again, saved, "and it can be saved again");
}

async fn a_copy_is_of_one_moment(from: &Address, _: &Address, folder: &Path) {
    let store = open(from).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writing = tokio::spawn(async move {
        let mut number = 0;
        while !*stopped.borrow() {
            number += 1;
            write(&store, move |conn| pair(conn, number, now())).await.unwrap();
        }
        u64::try_from(number).unwrap()
    });
    let mut counts = Vec::new();
    for copy in 0..5 {
        let saved = save(from, &folder.join(copy.to_string())).await.unwrap();
        assert_eq!(saved.rows["audit_events"], saved.rows["throttles"]);
        counts.push(saved.rows["audit_events"]);
    }
    stop.send(true).unwrap();
    let written = writing.await.unwrap();
    assert!(
        counts[0] < counts[4] && counts[4] <= written,
        "{counts:?} of {written}: nobody had to wait"
    );
}

async fn rows_that_are_missing_are_found(from: &Address, to: &Address, folder: &Path) {
    let _store = open(from).await;
    let copy = folder.join("copy");
    let saved = save(from, &copy).await.unwrap();
    let mut wanted = saved.clone();
    wanted.rows.insert("offices".to_owned(), 5);
    let refused = restore(to, &copy, &wanted).await;
    assert!(
        matches!(&refused, Err(StoreError::Corrupt(fault)) if fault.contains("offices: 4 where 5")),
        "{refused:?}"
    );
    wanted = saved.clone();
    wanted.rows.insert("more".to_owned(), 0);
    wanted.migrations.push("99991231000001".to_owned());
    assert_eq!(
        backup::unknown(Kind::of(to), &wanted),
        Ok(vec!["99991231000001".to_owned()])
    );
    assert_eq!(backup::unknown(Kind::of(to), &saved), Ok(Vec::new()));
    if to.file().is_some() {
        assert!(backup::is_empty(to).unwrap(), "nothing came to its place");
        assert!(matches!(restore(to, &copy, &wanted).await, Err(StoreError::Corrupt(_))));
        assert_eq!(
            std::fs::read_dir(to.file().unwrap().parent().unwrap()).unwrap().count(),
            0
        );
    }
}

async fn a_damaged_copy_is_not_restored(from: &Address, to: &Address, folder: &Path) {
    let _store = open(from).await;
    let copy = folder.join("copy");
    let saved = save(from, &copy).await.unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    // In the middle of the tables: the head of a page of SQLite's, of 4,096 bytes each; the compressed rows of PostgreSQL's
    // dump.
    let middle = bytes.len() / 2;
    bytes[middle - 2_500..middle + 2_500].fill(0xA5);
    std::fs::write(&copy, &bytes).unwrap();
    restore(to, &copy, &saved).await.unwrap_err();
    assert!(backup::is_empty(to).unwrap(), "all or nothing");
    std::fs::write(&copy, &bytes[..middle]).unwrap();
    restore(to, &copy, &saved).await.unwrap_err();
    assert!(backup::is_empty(to).unwrap(), "all or nothing");
}

async fn a_reference_that_leads_nowhere_is_found(from: &Address, _: &Address, folder: &Path) {
    let store = open(from).await;
    save(from, &folder.join("right")).await.unwrap();
    const ORPHAN: &str = "INSERT INTO holidays (office, date, name) VALUES ('XX', '2026-01-01', 'New Year')";
    match from.file() {
        Some(file) => {
            // A connection of its own, on which SQLite holds no references.
            let mut plain = diesel::SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            plain.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
            plain.batch_execute(ORPHAN).unwrap();
        }
        None => {
            let loosen = "ALTER TABLE holidays DROP CONSTRAINT holidays_office_fkey, \
                ADD CONSTRAINT holidays_office_fkey FOREIGN KEY (office) REFERENCES offices (code) NOT VALID";
            write(&store, |conn| Ok(conn.batch_execute(loosen)?)).await.unwrap();
        }
    }
    let refused = save(from, &folder.join("wrong")).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

async fn an_audit_event_that_cannot_be_read_is_found(from: &Address, _: &Address, folder: &Path) {
    let store = open(from).await;
    write(&store, |conn| audit::record(conn, &event(1))).await.unwrap();
    save(from, &folder.join("right")).await.unwrap();
    write(&store, |conn| {
        Ok(conn.batch_execute("UPDATE audit_events SET office = 'no office'")?)
    })
    .await
    .unwrap();
    let refused = save(from, &folder.join("wrong")).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_file_is_kept_aside_and_never_under_a_program() {
    let ((from, folder), (to, _folder)) = (sqlite_address(), sqlite_address());
    let (_old, new) = (open(&from).await, open(&to).await);
    let copy = folder.path().join("copy");
    let saved = save(&from, &copy).await.unwrap();
    write(&new, |conn| pair(conn, 1, now())).await.unwrap();
    let replace = || backup::restore(&to, &copy, &saved, Some(".before"));
    assert!(matches!(replace(), Err(StoreError::Busy(_))), "it is in use");
    assert_eq!(read(&new, 2, audit::read_all).await, 1);
    new.close().await;
    drop(new);
    let kept = replace().unwrap();
    assert_eq!(
        kept,
        [PathBuf::from(format!("{}.before", to.file().unwrap().display()))]
    );
    let old: Address = kept[0].display().to_string().parse().unwrap();
    assert_eq!(
        save(&old, &folder.path().join("old")).await.unwrap().rows["audit_events"],
        1
    );
    assert_eq!(
        save(&to, &folder.path().join("new")).await.unwrap().rows["audit_events"],
        0
    );
}

#[test]
fn nothing_is_made_where_there_is_no_database() {
    let (address, folder) = sqlite_address();
    let refused = backup::save(&address, &folder.path().join("copy"));
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(postgres_address().is_none_or(|address| backup::is_empty(&address).unwrap()));
}
