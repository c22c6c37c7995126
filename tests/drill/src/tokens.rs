//! S4: hostile access tokens, each against a read, a write and `/me`: none is accepted, and all are refused in one style, so
//! that nobody learns why. Beside them what ends a session or changes a standing, which counts on the next request; refresh
//! tokens that are used again; and a signing key that was rotated.
//!
//! The forger of the drill has the true key, for what a signature proves is only one of the things a token has to be.

mod forger;
mod standing;

use ahq_domain::user::Role;
use ahq_harness::goal::{Goal, say};
use ahq_harness::{App, Client, Reply};
use reqwest::Method;
use serde_json::{Value, json};

use self::forger::{Brought, Forger};
use crate::Order;
use crate::scene::draft;

/// How many there are at least.
const TOKENS: usize = 60;
/// What a refusal looks like apart from its request.
type Style = (u16, Option<String>, Option<String>, Value);

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(app) = App::start(order.database).await else {
        return Vec::new();
    };
    let (count, accepted, strange) = hostile(&app).await;
    for fault in accepted.iter().chain(&strange).take(20) {
        say(format!("    {fault}"));
    }
    say(format!("  {count} tokens, each against three operations"));
    let standing = standing::faults(&app).await;
    let refresh = standing::faults_of_refreshing(&app).await;
    let rotation = standing::faults_of_rotation(&app).await;
    let faults = [standing, refresh, rotation].concat();
    for fault in faults.iter().take(20) {
        say(format!("    {fault}"));
    }
    vec![
        Goal::new(order.goal("S4-tokens"), count, format!(">={TOKENS}"), count >= TOKENS),
        Goal::new(order.goal("S4-accepted"), accepted.len(), 0, accepted.is_empty()),
        Goal::new(order.goal("S4-refused-otherwise"), strange.len(), 0, strange.is_empty()),
        Goal::new(order.goal("S4-next-request"), faults.len(), 0, faults.is_empty()),
    ]
}

/// Tries all of them; gives how many there are, which were accepted, and which refused in another way than the first.
async fn hostile(app: &App) -> (usize, Vec<String>, Vec<String>) {
    let (lead, other) = (app.coordinator("LU").await, app.user("AT", Role::Reader).await);
    let forger = Forger::new(app, &lead, &other).await;
    let public = app.public();
    let before = lead.get("/queries").await.expect(200).json["items"].clone();
    let (mut accepted, mut strange) = (Vec::new(), Vec::new());
    // What the forger makes without a fault is good; else the drill would show nothing.
    if brought(&public, &forger.honest(), 0).await.status != 200 {
        strange.push("an honest token of the true key is refused".to_owned());
    }
    let all = forger.all(app).await;
    let mut first = None;
    for (name, value) in &all {
        for operation in 0..3 {
            let reply = brought(&public, value, operation).await;
            if reply.status < 400 {
                accepted.push(format!("{name}, operation {operation}: {}", reply.status));
                continue;
            }
            let style = style(&reply);
            let usual = first.get_or_insert_with(|| style.clone());
            if style != *usual || style.0 != 401 {
                strange.push(format!("{name}, operation {operation}: {style:?}"));
            }
        }
    }
    if lead.get("/queries").await.expect(200).json["items"] != before {
        accepted.push("a query was written".to_owned());
    }
    (all.len(), accepted, strange)
}

/// A request with these values of `Authorization`.
async fn brought(public: &Client, values: &Brought, operation: usize) -> Reply {
    let mut request = match operation {
        0 => public.request(Method::GET, "/me"),
        1 => public.request(Method::GET, "/queries"),
        _ => public.request(Method::POST, "/queries").json(&draft("Forged")),
    };
    for value in values {
        request = request.header("Authorization", value.as_slice());
    }
    public.send(request).await
}

fn style(reply: &Reply) -> Style {
    let mut body = reply.json.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("requestId");
    }
    let header = |name| reply.header(name);
    (reply.status, header("content-type"), header("www-authenticate"), body)
}

/// A body that makes a token of a program.
fn program(last_day: &str) -> Value {
    json!({"name": "Case management", "scopes": ["read", "draft"], "lastDay": last_day})
}
