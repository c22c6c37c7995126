//! The outbox: claimed by one worker at a time, settled by the last one to claim.

use crate::{OTHER_QUERY, QUERY, USER, code, now, on_both, read, write};
use ahq_domain::clock::Instant;
use ahq_domain::id::{MessageId, QueryId};
use ahq_store::outbox::{self, Entry, OutboxStatus};
use ahq_store::{Store, StoreError};
use chrono::TimeDelta;
use serde_json::json;
use std::sync::mpsc::channel;
use std::time::Duration;
use uuid::Uuid;

on_both!(
    messages_are_read_as_written,
    only_what_is_due_is_claimed,
    two_workers_never_claim_the_same,
    only_the_last_claim_settles,
    a_claim_is_renewed_and_what_was_sent_stays_so,
    what_waits_is_dropped,
    a_postponed_message_is_due_again,
    a_deleted_draft_is_not_told_of,
    mail_that_nobody_takes_is_stuck,
);

fn minutes(minutes: i64) -> Instant {
    now() + TimeDelta::minutes(minutes)
}

fn entry(id: u128, due: Instant) -> Entry {
    Entry {
        id: MessageId(Uuid::from_u128(id)),
        kind: "launch".to_owned(),
        query: Some(QUERY),
        office: code("BE"),
        user: None,
        facts: json!({"kind": "launch"}),
        created: now(),
        wanted: due,
        due,
        status: OutboxStatus::Waiting,
        attempts: 0,
        lease: 0,
        settled: None,
        fault: None,
    }
}

async fn put(store: &Store, entries: Vec<Entry>) {
    let before = store.statements();
    write(store, move |conn| outbox::put_all(conn, &entries)).await.unwrap();
    assert_eq!(store.statements() - before, 1, "statements");
}

async fn claim(store: &Store, at: Instant, until: Instant, limit: i64) -> Vec<Entry> {
    write(store, move |conn| outbox::claim(conn, at, until, limit))
        .await
        .unwrap()
}

async fn of_query(store: &Store, query: QueryId) -> Vec<Entry> {
    read(store, 1, move |conn| outbox::of_query(conn, query)).await
}

fn ids(entries: &[Entry]) -> Vec<u128> {
    entries.iter().map(|entry| entry.id.0.as_u128()).collect()
}

async fn messages_are_read_as_written(store: &Store) {
    write(store, |conn| outbox::put_all(conn, &[])).await.unwrap();
    assert_eq!(read(store, 2, outbox::waiting).await, (0, None));
    let settled = Entry {
        user: Some(USER),
        facts: json!({"office": "AT", "edition": 2}),
        status: OutboxStatus::Failed,
        attempts: 3,
        lease: 4,
        settled: Some(minutes(9)),
        fault: Some("no such mailbox".to_owned()),
        ..entry(12, minutes(-5))
    };
    let without_query = Entry {
        query: None,
        ..entry(13, minutes(2))
    };
    put(store, vec![settled.clone(), entry(11, minutes(1)), without_query]).await;
    assert_eq!(of_query(store, QUERY).await, [entry(11, minutes(1)), settled]);
    assert_eq!(read(store, 2, outbox::waiting).await, (2, Some(minutes(1))));
    let unknown = Entry {
        query: Some(QueryId(Uuid::from_u128(99))),
        ..entry(14, now())
    };
    let refused = write(store, move |conn| outbox::put_all(conn, &[unknown])).await;
    assert!(matches!(refused, Err(StoreError::ForeignKey(_))), "{refused:?}");
}

async fn only_what_is_due_is_claimed(store: &Store) {
    let sent = Entry {
        status: OutboxStatus::Sent,
        ..entry(14, minutes(-9))
    };
    let waiting = vec![
        entry(11, minutes(0)),
        entry(12, minutes(-1)),
        entry(13, minutes(1)),
        sent,
    ];
    put(store, waiting).await;
    let claimed = claim(store, now(), minutes(5), 10).await;
    let wanted = |id, due| Entry {
        attempts: 1,
        lease: 1,
        due: minutes(5),
        ..entry(id, due)
    };
    assert_eq!(
        claimed,
        [wanted(12, minutes(-1)), wanted(11, minutes(0))],
        "the longest due first, due to the very moment"
    );
    assert_eq!(
        of_query(store, QUERY).await[..2],
        [wanted(11, minutes(0)), wanted(12, minutes(-1))],
        "and it is written down"
    );
    assert_eq!(claim(store, now(), minutes(5), 10).await, []);
    assert_eq!(ids(&claim(store, minutes(1), minutes(6), 10).await), [13]);
    assert_eq!(
        ids(&claim(store, minutes(5), minutes(9), 1).await),
        [11],
        "no more than asked for"
    );
    let again = claim(store, minutes(5), minutes(9), 10).await;
    assert_eq!((ids(&again), again[0].attempts, again[0].lease), (vec![12], 2, 2));
}

async fn two_workers_never_claim_the_same(store: &Store) {
    put(store, (11..15).map(|id| entry(id, now())).collect()).await;
    let (claimed, has_claimed) = tokio::sync::oneshot::channel();
    let (other_done, wait) = channel::<()>();
    let slow = {
        let store = store.clone();
        tokio::spawn(async move {
            write(&store, move |conn| {
                let mine = outbox::claim(conn, now(), minutes(5), 2)?;
                claimed.send(()).unwrap();
                // SQLite's one writer serves the other worker afterwards, so this does not wait for ever.
                let meanwhile = wait.recv_timeout(Duration::from_millis(1_000)).is_ok();
                Ok((mine, meanwhile))
            })
            .await
            .unwrap()
        })
    };
    has_claimed.await.unwrap();
    let others = claim(store, now(), minutes(5), 10).await;
    let _ = other_done.send(());
    let (mine, meanwhile) = slow.await.unwrap();
    assert_eq!((ids(&mine), ids(&others)), (vec![11, 12], vec![13, 14]));
    let shared = write(store, |conn| Ok(matches!(conn, ahq_store::Connection::Postgres(_))))
        .await
        .unwrap();
    assert_eq!(meanwhile, shared, "on PostgreSQL a worker does not wait for another");
}

async fn only_the_last_claim_settles(store: &Store) {
    put(store, vec![entry(11, now())]).await;
    let slow = claim(store, now(), minutes(1), 1).await.remove(0);
    let fast = claim(store, minutes(1), minutes(2), 1).await.remove(0);
    assert_eq!((slow.id, slow.lease, fast.lease), (fast.id, 1, 2));
    let id = slow.id;
    let settle = |lease, status, fault: Option<&'static str>| {
        write(store, move |conn| {
            outbox::settle(conn, id, lease, status, minutes(1), fault)
        })
    };
    let late = settle(slow.lease, OutboxStatus::Failed, Some("timed out")).await;
    assert_eq!(late, Ok(false));
    let postponed = write(store, move |conn| {
        outbox::postpone(conn, id, slow.lease, (minutes(9), now()), "timed out")
    })
    .await;
    assert_eq!(postponed, Ok(false));
    assert_eq!(
        of_query(store, QUERY).await,
        std::slice::from_ref(&fast),
        "a late worker changed nothing"
    );
    assert_eq!(settle(fast.lease, OutboxStatus::Sent, None).await, Ok(true));
    assert_eq!(settle(fast.lease, OutboxStatus::Failed, None).await, Ok(false), "once");
    let wanted = Entry {
        status: OutboxStatus::Sent,
        settled: Some(minutes(1)),
        ..fast
    };
    assert_eq!(of_query(store, QUERY).await, [wanted]);
    assert_eq!(claim(store, minutes(60), minutes(61), 10).await, []);
    assert_eq!(read(store, 2, outbox::waiting).await, (0, None));
}

async fn a_claim_is_renewed_and_what_was_sent_stays_so(store: &Store) {
    put(store, vec![entry(11, now())]).await;
    let slow = claim(store, now(), minutes(1), 1).await.remove(0);
    let id = slow.id;
    let renew = |lease, until| write(store, move |conn| outbox::renew(conn, id, lease, until));
    assert_eq!(renew(slow.lease, minutes(3)).await, Ok(true));
    assert_eq!(claim(store, minutes(2), minutes(4), 1).await, [], "it is being sent");
    let fast = claim(store, minutes(3), minutes(4), 1).await.remove(0);
    assert_eq!(
        renew(slow.lease, minutes(9)).await,
        Ok(false),
        "it was held up for too long"
    );
    // Its mail server took the message all the same, which the other worker does not undo.
    let sent = || write(store, move |conn| outbox::sent(conn, id, minutes(3)));
    assert_eq!(sent().await, Ok(true));
    assert_eq!(sent().await, Ok(false), "once");
    assert_eq!(renew(fast.lease, minutes(9)).await, Ok(false));
    let failed = write(store, move |conn| {
        outbox::settle(conn, id, fast.lease, OutboxStatus::Failed, minutes(4), Some("550"))
    });
    assert_eq!(failed.await, Ok(false));
    let read = of_query(store, QUERY).await.remove(0);
    assert_eq!(
        (read.status, read.settled, read.fault),
        (OutboxStatus::Sent, Some(minutes(3)), None)
    );
    assert_eq!(claim(store, minutes(60), minutes(61), 1).await, []);
}

async fn what_waits_is_dropped(store: &Store) {
    let other_kind = Entry {
        kind: "digest".to_owned(),
        query: None,
        ..entry(13, now())
    };
    let sent = Entry {
        status: OutboxStatus::Sent,
        ..entry(14, now())
    };
    put(
        store,
        vec![entry(11, now()), entry(12, now()), other_kind.clone(), sent],
    )
    .await;
    let digests = read(store, 1, |conn| outbox::waiting_of_kind(conn, "digest", None)).await;
    assert_eq!(digests, [other_kind]);
    let waiting = read(store, 1, |conn| outbox::waiting_of_kind(conn, "launch", Some(QUERY))).await;
    assert_eq!(ids(&waiting), [11, 12]);
    let others = read(store, 1, |conn| {
        outbox::waiting_of_kind(conn, "launch", Some(OTHER_QUERY))
    })
    .await;
    assert_eq!(others, []);
    write(store, |conn| {
        outbox::drop_waiting(conn, &[], minutes(1), "")?;
        let dropped = [11, 14].map(|id| MessageId(Uuid::from_u128(id)));
        outbox::drop_waiting(conn, &dropped, minutes(1), "said anew")
    })
    .await
    .unwrap();
    let rows = of_query(store, QUERY).await;
    let statuses: Vec<_> = rows.iter().map(|row| (row.id.0.as_u128(), row.status)).collect();
    let (waiting, sent) = (OutboxStatus::Waiting, OutboxStatus::Sent);
    assert_eq!(statuses, [(11, OutboxStatus::Dropped), (12, waiting), (14, sent)]);
    assert_eq!(
        (rows[0].settled, rows[0].fault.as_deref()),
        (Some(minutes(1)), Some("said anew"))
    );
}

async fn a_postponed_message_is_due_again(store: &Store) {
    put(store, vec![entry(11, now())]).await;
    let claimed = claim(store, now(), minutes(1), 1).await.remove(0);
    let (id, lease) = (claimed.id, claimed.lease);
    let postponed = write(store, move |conn| {
        outbox::postpone(conn, id, lease, (minutes(9), minutes(2)), "421 busy")
    })
    .await;
    assert_eq!(postponed, Ok(true));
    assert_eq!(read(store, 2, outbox::waiting).await, (1, Some(minutes(9))));
    assert_eq!(claim(store, minutes(8), minutes(10), 1).await, []);
    let again = claim(store, minutes(9), minutes(10), 1).await.remove(0);
    assert_eq!(
        (again.attempts, again.lease, again.wanted, again.fault.as_deref()),
        (2, 2, minutes(2), Some("421 busy"))
    );
}

async fn a_deleted_draft_is_not_told_of(store: &Store) {
    let other = Entry {
        query: Some(OTHER_QUERY),
        ..entry(13, now())
    };
    put(store, vec![entry(11, now()), entry(12, now()), other.clone()]).await;
    write(store, |conn| {
        outbox::forget_query(conn, QUERY)?;
        ahq_store::queries::delete(conn, QUERY, 1)
    })
    .await
    .unwrap();
    assert_eq!(of_query(store, QUERY).await, []);
    assert_eq!(of_query(store, OTHER_QUERY).await, [other]);
}

async fn mail_that_nobody_takes_is_stuck(store: &Store) {
    // Fifteen minutes without a claim; a lease ends within a minute.
    let stuck = async |at: i64, statements: u64| {
        let (now, before, soon) = (minutes(at), minutes(at - 15), minutes(at + 1));
        read(store, statements, move |conn| {
            outbox::stuck_since(conn, now, before, soon)
        })
        .await
    };
    assert_eq!(stuck(60, 1).await, None, "nothing is due");
    put(
        store,
        vec![entry(11, now()), entry(12, minutes(1)), entry(13, minutes(300))],
    )
    .await;
    assert_eq!(stuck(14, 1).await, None, "not for long enough");
    assert_eq!(stuck(15, 2).await, Some(now()), "fifteen minutes to the moment");
    claim(store, minutes(20), minutes(21), 1).await;
    assert_eq!(
        stuck(20, 2).await,
        None,
        "somebody is at work, though not on the oldest"
    );
    assert_eq!(stuck(22, 2).await, Some(minutes(1)), "who never came back");
    let second = claim(store, minutes(22), minutes(23), 1).await.remove(0);
    write(store, move |conn| {
        outbox::postpone(conn, second.id, second.lease, (minutes(200), now()), "421 busy")
    })
    .await
    .unwrap();
    assert_eq!(stuck(24, 1).await, None, "what is put off is not due");
    assert_eq!(stuck(36, 2).await, Some(minutes(21)), "nor a sign of life for hours");
    put(store, vec![entry(14, minutes(30))]).await;
    let first = claim(store, minutes(36), minutes(37), 1).await.remove(0);
    let settle = write(store, move |conn| {
        outbox::settle(
            conn,
            first.id,
            first.lease,
            OutboxStatus::Failed,
            minutes(36),
            Some("550"),
        )
    });
    assert_eq!(settle.await, Ok(true));
    assert_eq!(
        stuck(51, 2).await,
        None,
        "a message was settled since, however that went"
    );
    assert_eq!(stuck(52, 2).await, Some(minutes(30)));
}
