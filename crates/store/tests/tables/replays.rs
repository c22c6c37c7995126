//! Requests sent twice under one key act once.

use crate::{now, on_both, write};
use ahq_store::replays::{self, Kept};
use ahq_store::{Connection, Store, StoreError};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    a_repeat_gets_the_reply,
    keys_of_others_are_others,
    a_request_that_fails_leaves_its_key_free,
    a_twin_waits_for_the_reply,
    a_twin_of_a_request_that_fails_is_the_first,
    old_replies_are_forgotten,
);

fn begin(conn: &mut Connection, hash: &str) -> Result<Option<Kept>, StoreError> {
    replays::begin(conn, "user", "POST", "/queries", "key", hash, now())
}

fn finish(conn: &mut Connection, reply: &Value) -> Result<(), StoreError> {
    replays::finish(conn, "user", "POST", "/queries", "key", reply)
}

fn reply() -> Value {
    json!({"status": 201, "body": "{\"z\":1,\"a\":\"é\"}", "etag": null})
}

fn kept(hash: &str, reply: Option<Value>) -> Option<Kept> {
    Some(Kept {
        body_hash: hash.to_owned(),
        reply,
    })
}

async fn a_repeat_gets_the_reply(store: &Store) {
    let first = write(store, |conn| {
        let first = begin(conn, "hash")?;
        finish(conn, &reply())?;
        Ok(first)
    })
    .await;
    assert_eq!(first, Ok(None));
    for hash in ["hash", "another body"] {
        let repeat = write(store, move |conn| begin(conn, hash)).await;
        assert_eq!(repeat, Ok(kept("hash", Some(reply()))));
    }
    let twice = write(store, |conn| finish(conn, &json!(null))).await;
    assert_eq!(twice, Err(StoreError::Conflict), "a reply is never replaced");
}

async fn keys_of_others_are_others(store: &Store) {
    for (caller, method, path, key) in [
        ("a", "POST", "/q", "k"),
        ("b", "POST", "/q", "k"),
        ("a", "PUT", "/q", "k"),
        ("a", "POST", "/r", "k"),
        ("a", "POST", "/q", "l"),
    ] {
        let first = write(store, move |conn| {
            replays::begin(conn, caller, method, path, key, "hash", now())
        })
        .await;
        assert_eq!(first, Ok(None));
    }
}

async fn a_request_that_fails_leaves_its_key_free(store: &Store) {
    let failed = write(store, |conn| {
        begin(conn, "hash")?;
        Err::<(), _>(StoreError::Conflict)
    })
    .await;
    assert_eq!(failed, Err(StoreError::Conflict));
    assert_eq!(write(store, |conn| begin(conn, "other")).await, Ok(None));
    assert_eq!(write(store, |conn| begin(conn, "other")).await, Ok(kept("other", None)));
}

/// Begins a request, begins its twin while the first is at work, ends the first with or without success, and gives what
/// the twin found.
async fn twin_of(store: &Store, succeeds: bool) -> Option<Kept> {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let first = {
        let store = store.clone();
        tokio::spawn(async move {
            write(&store, move |conn| {
                assert_eq!(begin(conn, "hash")?, None);
                begun.send(()).unwrap();
                // Long enough for the twin to come and wait.
                std::thread::sleep(Duration::from_millis(300));
                finish(conn, &reply())?;
                if succeeds { Ok(()) } else { Err(StoreError::Conflict) }
            })
            .await
        })
    };
    has_begun.await.unwrap();
    let twin = write(store, |conn| begin(conn, "hash")).await.unwrap();
    assert_eq!(first.await.unwrap().is_ok(), succeeds);
    twin
}

async fn a_twin_waits_for_the_reply(store: &Store) {
    assert_eq!(twin_of(store, true).await, kept("hash", Some(reply())));
}

async fn a_twin_of_a_request_that_fails_is_the_first(store: &Store) {
    assert_eq!(twin_of(store, false).await, None);
}

async fn old_replies_are_forgotten(store: &Store) {
    write(store, |conn| {
        begin(conn, "hash")?;
        replays::begin(
            conn,
            "user",
            "POST",
            "/queries",
            "later",
            "hash",
            now() + TimeDelta::days(7),
        )
        .map(drop)
    })
    .await
    .unwrap();
    let purge = |days| write(store, move |conn| replays::purge(conn, now() + TimeDelta::days(days)));
    assert_eq!(purge(0).await, Ok(0), "begun at the very moment");
    assert_eq!(purge(7).await, Ok(1));
    assert_eq!(write(store, |conn| begin(conn, "hash")).await, Ok(None));
}
