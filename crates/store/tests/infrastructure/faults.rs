//! What goes wrong around a use case: callers that leave, full disks, lost connections, crowds, closing.

use crate::{Letter, insert, letter, limits, numbers, on_both, open, postgres_address, sqlite_address};
use ahq_store::{Address, Connection, Limits, Store, StoreError};
use diesel::connection::SimpleConnection;
use std::num::NonZeroU32;
use std::time::Duration;

on_both! {
    reopening_finds_what_was_acknowledged,
    a_closed_store_turns_callers_away,
    a_caller_that_leaves_does_not_stop_its_use_case,
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
                store
                    .write(move |connection| insert(connection, &letter(number)).map(|()| number))
                    .await
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

/// A full disk, played by SQLite's own limit on its pages: nothing acknowledged is lost, reads go on, and so do writes
/// once there is room.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_survived() {
    let (address, _folder) = sqlite_address();
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
                let large = Letter {
                    subject: "x".repeat(20_000),
                    ..letter(number)
                };
                store
                    .write(move |connection| insert(connection, &large).map(|()| number))
                    .await
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
    store
        .write(|connection| insert(connection, &letter(500)))
        .await
        .unwrap();
    acknowledged.push(500);
    assert_eq!(store.read(numbers).await.unwrap(), acknowledged);
}

/// What SQLite may do by itself on a fault of the disk: the whole shared transaction is gone. Nobody is told of success.
#[tokio::test(flavor = "multi_thread")]
async fn a_shared_transaction_that_vanished_acknowledges_nobody() {
    let (address, _folder) = sqlite_address();
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
    let Some(address) = postgres_address() else { return };
    let store = open(&address).await;
    let warm: Vec<_> = (0..6)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let asleep = |connection: &mut Connection| {
                    Ok::<_, StoreError>(connection.batch_execute("SELECT pg_sleep(0.2)")?)
                };
                store.read(asleep).await
            })
        })
        .collect();
    for read in warm {
        read.await.unwrap().unwrap();
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
    let (address, _folder) = sqlite_address();
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
    tokio::task::spawn_blocking(move || (has_started.recv().unwrap(), has_started.recv().unwrap()))
        .await
        .unwrap();
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
async fn all_who_wait_for_a_held_lock_are_turned_away_together() {
    let (address, _folder) = sqlite_address();
    let store = open(&address).await;
    let holder = open(&address).await;
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let held = tokio::spawn(async move {
        holder
            .write(move |_| {
                locked.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok::<_, StoreError>(())
            })
            .await
    });
    is_locked.await.unwrap();
    let begun = std::time::Instant::now();
    let waiting: Vec<_> = (1..=4)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.write(move |connection| insert(connection, &letter(number))).await })
        })
        .collect();
    for writer in waiting {
        let error = writer.await.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
    }
    // SQLite waits five seconds for a lock; one after the other they would have waited twenty.
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    go_on.send(()).unwrap();
    held.await.unwrap().unwrap();
    store.write(|connection| insert(connection, &letter(1))).await.unwrap();
    assert_eq!(store.read(numbers).await.unwrap(), [1]);
}

#[tokio::test]
async fn an_unreachable_database_is_said_to_be_so() {
    for address in ["/nowhere/at/all/ahq.db", "postgres://localhost:1/ahq"] {
        let outcome = Store::open(&address.parse().unwrap(), limits()).err();
        assert!(
            matches!(outcome, Some(StoreError::Unavailable(_))),
            "{address}: {outcome:?}"
        );
    }
}
