//! One address of the network that asks much more often than the balancer lets it.

use std::collections::BTreeMap;

use ahq_harness::Client;
use ahq_harness::goal::{Goal, say};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::shape::{Servers, Shape};

/// How many ask side by side, and how often each of them: three times what is let through at once.
const CALLERS: usize = 30;
const EACH: usize = 50;
/// What is let through at once, by the configuration.
const BURST: usize = 500;

/// The goal on a balancer with its limit.
pub(crate) async fn holds_back() -> Goal {
    let shape = Shape::start(Servers::Limited).await.expect("PostgreSQL is there");
    goal(&shape).await
}

/// Whether an address that asks too often is served what it may have, and refused the rest with a problem document.
pub(crate) async fn goal(shape: &Shape) -> Goal {
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let client = Client::new(shape.base());
        callers.spawn(async move {
            let mut heard = Vec::new();
            for _ in 0..EACH {
                heard.push(ask(&client).await);
            }
            heard
        });
    }
    let mut counts = BTreeMap::<String, usize>::new();
    for heard in callers.join_all().await.into_iter().flatten() {
        *counts.entry(heard).or_default() += 1;
    }
    say(format!(
        "an address that asks {} times at once: {counts:?}",
        CALLERS * EACH
    ));
    let count = |what: &str| counts.get(what).copied().unwrap_or_default();
    let (served, refused) = (count("200"), count("429 too_many_attempts, Retry-After 1"));
    let all = served + refused == CALLERS * EACH;
    Goal::new(
        "shape-limit",
        refused,
        "1 or more",
        all && served >= BURST && refused > 0,
    )
}

/// What is said to one request.
async fn ask(client: &Client) -> String {
    let reply = client.request(reqwest::Method::GET, "/public/queries").send().await;
    let reply = reply.expect("the balancer replies");
    let status = reply.status().as_u16();
    if status == 200 {
        return status.to_string();
    }
    let wait = reply.headers().get("retry-after").cloned();
    let wait = wait
        .as_ref()
        .and_then(|wait| wait.to_str().ok())
        .unwrap_or("none")
        .to_owned();
    let body: Value = reply.json().await.unwrap_or_default();
    format!(
        "{status} {}, Retry-After {wait}",
        body["code"].as_str().unwrap_or("no problem")
    )
}
