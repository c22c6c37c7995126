//! Signing keys: rotated while the program serves, by one server of several, and nobody notices.

use ahq_domain::signing::KeyStatus;
use ahq_domain::user::Role;
use ahq_exchange::audit::Checkpoint;
use ahq_exchange::work::Exchange;
use ahq_harness::{App, Client, PASSWORD, coordinator_address};
use chrono::Duration;
use serde_json::{Value, json};

use crate::on_both;

/// The tokens of a new session at one server.
async fn signed_in(client: &Client) -> Value {
    let body = json!({"email": coordinator_address("LU"), "password": PASSWORD});
    client.post("/session", &body).await.expect(201).json
}

fn access(tokens: &Value) -> &str {
    tokens["accessToken"].as_str().expect("a token")
}

/// The `kid` of a token, which stands in its header; of each key this tells which signed it.
fn is_of(token: &str, other: &str) -> bool {
    token.split('.').next() == other.split('.').next()
}

fn statuses(exchange: &Exchange) -> Vec<KeyStatus> {
    let keys = exchange.keys().list(exchange.clock().now());
    keys.into_iter().map(|key| key.status).collect()
}

async fn checkpoint(app: &App) -> Checkpoint {
    app.exchange().seal_audit(None).await.expect("the events are sealed");
    let taken = app.exchange().audit_checkpoint().await.expect("a checkpoint");
    taken.expect("there are events")
}

on_both!(a_rotation_signs_nobody_out_and_old_checkpoints_verify, |app| {
    app.user("LU", Role::Coordinator).await;
    let other = app.beside().await;
    let there = Client::new(format!("http://{}", other.address()));
    let here = app.public();
    let old = checkpoint(&app).await;
    let first = signed_in(&here).await;
    assert!(is_of(access(&first), access(&signed_in(&there).await)));

    let rotated = app.exchange().rotate_keys().await.expect("a rotation");
    assert_eq!(rotated.status, KeyStatus::Waiting);
    assert!(app.exchange().rotate_keys().await.is_err(), "one is under way");
    assert_eq!(other.exchange().reload_keys().await.ok(), Some(true));
    assert_eq!(other.exchange().reload_keys().await.ok(), Some(false));
    assert!(other.exchange().rotate_keys().await.is_err(), "one is under way");
    app.pass(Duration::minutes(4));
    let second = signed_in(&here).await;
    assert!(is_of(access(&second), access(&first)), "the new key does not sign yet");
    app.pass(Duration::minutes(1));
    let third = signed_in(&here).await;
    assert!(!is_of(access(&third), access(&first)), "now it does");
    assert!(is_of(access(&third), access(&signed_in(&there).await)), "at both");
    for tokens in [&first, &second, &third] {
        for server in [&here, &there] {
            server.with_token(access(tokens)).get("/me").await.expect(200);
        }
    }
    // The last token of the key before is good for its ten minutes and no longer; the session goes on.
    app.pass(Duration::minutes(8));
    there.with_token(access(&second)).get("/me").await.expect(200);
    app.pass(Duration::minutes(1));
    there.with_token(access(&second)).get("/me").await.expect(401);
    there.with_session(&second).get("/me").await.expect(200);

    assert_eq!(
        app.exchange().retire_keys().await.ok(),
        Some(false),
        "its minute of grace"
    );
    app.pass(Duration::minutes(2));
    assert_eq!(app.exchange().retire_keys().await.ok(), Some(true));
    assert_eq!(app.exchange().retire_keys().await.ok(), Some(false));
    other.exchange().reload_keys().await.expect("the keys are read anew");
    let ended = app.beside().await;
    for exchange in [app.exchange(), other.exchange(), ended.exchange()] {
        assert_eq!(statuses(exchange), [KeyStatus::Retired, KeyStatus::Signing]);
        assert!(
            old.open(exchange.keys()).is_ok(),
            "a retired key vouches for what it signed"
        );
    }
    let new = checkpoint(&app).await;
    let known = [old, new].map(|checkpoint| {
        checkpoint
            .open(ended.exchange().keys())
            .expect("its signature is right")
    });
    let verified = app.exchange().verify_audit(known.to_vec(), |_| ()).await;
    assert_eq!(verified.expect("a verification").fault, None);
    ended.stop().await;
    other.stop().await;
});
