//! S5: whoever has no account learns nothing of who has one. Signing in, asking for a new password, and links that are
//! unknown, used or past their end give the same status, the same headers and the same bytes, but for the date and the id of
//! the request; and they take the same time.
//!
//! What is said is held by a clock that stands still; how long it takes is measured with the machine's, in pairs of a known
//! and an unknown account, of which now the one and now the other goes first.

use std::collections::BTreeMap;
use std::time::Duration;

use ahq_domain::user::Role;
use ahq_exchange::work::Exchange;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Installation;
use ahq_harness::{App, Client, PASSWORD, Reply};
use ahq_store::StoreError;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::Order;
use crate::scene::{Scene, etag};

/// How many pairs are measured.
const PAIRS: usize = 200;
const PAIRS_SHORT: usize = 40;
/// How far their median difference may be from nothing.
const APART: Duration = Duration::from_millis(2);
/// In the short form, whose program is not optimised and has neighbours, this and half of the time that one request takes:
/// whoever hashes no password for an unknown account is further away.
const APART_SHORT: Duration = Duration::from_millis(5);
/// A password that nobody has.
const WRONG: &str = "wrong battery, wrong horse";
/// How often each address is tried: past the number from which on tries wait.
const TRIES: usize = 8;
/// An address without an account.
const NOBODY: &str = "nobody.at.all@example.org";

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(app) = App::start(order.database).await else {
        return Vec::new();
    };
    let mut faults = faults_of_accounts(&app).await;
    faults.extend(faults_of_links(&app).await);
    for fault in faults.iter().take(20) {
        say(format!("    {fault}"));
    }
    let mut goals = vec![Goal::new(order.goal("S5-bytes"), faults.len(), 0, faults.is_empty())];
    if !order.is_decided(faults.len()) {
        goals.extend(times(order).await);
    }
    goals
}

/// All of a reply that does not name its request or its moment.
fn seen(reply: &Reply) -> (u16, BTreeMap<String, String>, String) {
    let headers = reply
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let id = reply.json["requestId"].as_str().unwrap_or("no id");
    (reply.status, headers.collect(), reply.text.replace(id, ""))
}

/// Where what is said to an account differs from what is said to nobody.
async fn faults_of_accounts(app: &App) -> Vec<String> {
    let coordinator = app.coordinator("FR").await;
    app.coordinator("LU").await;
    let expert = app.user("FR", Role::Expert).await;
    let account = expert.get("/me").await.expect(200).json;
    let path = format!("/offices/FR/users/{}", account["id"].as_str().expect("an id"));
    let body = json!({"name": "Expert of FR", "disabled": true, "grants": [{"role": "expert", "from": "2026-01-01"}]});
    let tag = etag(&coordinator, &path).await;
    coordinator.put_if(&path, &tag, &body).await.expect(200);
    invited(app, &coordinator, "invited@example.org").await;
    app.user("FR", Role::Reader).await;
    let erased = app
        .exchange()
        .erase_person("fr.reader@example.org".to_owned(), "DPO-2026-14".to_owned());
    erased.await.expect("an erasure");
    let cases = [
        ("nobody", NOBODY, WRONG),
        ("nobody else", "nobody.else@example.org", PASSWORD),
        ("an account", "lu.coordinator@example.org", WRONG),
        ("an account in capitals", "LU.Coordinator@Example.org", WRONG),
        ("a disabled account", "fr.expert@example.org", WRONG),
        ("a disabled account and its password", "fr.expert@example.org", PASSWORD),
        ("an invited account", "invited@example.org", WRONG),
        ("an erased account", "fr.reader@example.org", PASSWORD),
    ];
    let public = app.public();
    let (mut faults, mut of_nobody) = (Vec::new(), None);
    for (name, email, password) in cases {
        // So that only the account's own tries count.
        app.pass(TimeDelta::hours(25));
        let mut all = Vec::new();
        for _ in 0..TRIES {
            let body = json!({"email": email, "password": password});
            all.push(seen(&public.post("/session", &body).await));
        }
        for _ in 0..TRIES {
            let asked = public.post("/password-resets", &json!({"email": email})).await;
            all.push(seen(&asked));
        }
        let usual = of_nobody.get_or_insert_with(|| all.clone());
        for (number, (one, other)) in all.iter().zip(usual.iter()).enumerate() {
            if one != other {
                faults.push(format!("{name}, request {number}: {one:?}, to nobody {other:?}"));
            }
        }
    }
    let statuses: Vec<u16> = of_nobody.iter().flatten().map(|(status, ..)| *status).collect();
    if ![401, 429, 204].iter().all(|status| statuses.contains(status)) {
        faults.push(format!("not every kind of reply was seen: {statuses:?}"));
    }
    faults
}

async fn invited(app: &App, coordinator: &Client, email: &str) -> String {
    let body = json!({"name": "Invited", "email": email, "role": "expert"});
    coordinator.post("/offices/FR/users", &body).await.expect(201);
    link(app, email, "/invitations/").await
}

/// The newest link of this kind that was mailed to an address: its path.
async fn link(app: &App, email: &str, kind: &str) -> String {
    let mails = app.deliver().await;
    let of_kind = mails
        .iter()
        .rfind(|mail| mail.to.address == email && mail.content.text().contains(kind));
    let text = of_kind.expect("a mail with a link").content.text();
    let start = text.find(kind).expect("a link");
    text[start..].split_whitespace().next().expect("a path").to_owned()
}

/// Where what is said to a link that was used, is past its end or was made for something else differs from what is said to
/// one that never was.
async fn faults_of_links(app: &App) -> Vec<String> {
    let coordinator = app.sign_in("fr.coordinator@example.org").await;
    let public = app.public();
    let password = json!({"password": "another battery, another horse"});
    let reset = async |app: &App| {
        let body = json!({"email": "fr.coordinator@example.org"});
        public.post("/password-resets", &body).await.expect(204);
        link(app, "fr.coordinator@example.org", "/password-resets/").await
    };
    let change = async |email: &str| {
        let body = json!({"password": PASSWORD, "email": email});
        coordinator.post("/me/address", &body).await.expect(204);
        link(app, email, "/address-changes/").await
    };
    let used_invitation = invited(app, &coordinator, "used@example.org").await;
    public.post(&used_invitation, &password).await.expect(201);
    let past_invitation = invited(app, &coordinator, "past@example.org").await;
    let old_address = change("old@example.org").await;
    let past_address = change("new@example.org").await;
    let replaced_reset = reset(app).await;
    app.pass(TimeDelta::hours(25));
    let past_reset = reset(app).await;
    app.pass(TimeDelta::days(8));
    let used_reset = reset(app).await;
    public.post(&used_reset, &password).await.expect(204);

    let secret = |path: &str| path.rsplit('/').next().expect("a secret").to_owned();
    let never = "0".repeat(secret(&used_reset).len());
    let secrets = [
        ("of an invitation that was used", secret(&used_invitation)),
        ("of an invitation past its end", secret(&past_invitation)),
        ("of an address that was replaced", secret(&old_address)),
        ("of an address past its end", secret(&past_address)),
        ("of a password that was replaced", secret(&replaced_reset)),
        ("of a password past its end", secret(&past_reset)),
        ("of a password that was used", secret(&used_reset)),
    ];
    let mut faults = Vec::new();
    for (kind, body) in [
        ("/invitations", Some(&password)),
        ("/password-resets", Some(&password)),
        ("/password-resets", Some(&json!({"password": "short"}))),
        ("/address-changes", None),
    ] {
        let usual = seen(&brought(&public, kind, &never, body).await);
        if usual.0 != 404 && usual.0 != 400 {
            faults.push(format!("{kind} with a secret that never was: {usual:?}"));
        }
        for (name, secret) in &secrets {
            let one = seen(&brought(&public, kind, secret, body).await);
            if one != usual {
                faults.push(format!("{kind} with a secret {name}: {one:?}, not {usual:?}"));
            }
        }
    }
    faults
}

async fn brought(public: &Client, kind: &str, secret: &str, body: Option<&Value>) -> Reply {
    let path = format!("{kind}/{secret}");
    match body {
        Some(body) => public.post(&path, body).await,
        None => public.send(public.request(reqwest::Method::POST, &path)).await,
    }
}

/// Measures how much longer a known account takes.
async fn times(order: &Order) -> Vec<Goal> {
    let Some(installation) = Installation::new(order.database, order.subject.clone()).await else {
        return Vec::new();
    };
    let scene = Scene::serve(installation, &["LU"]).await;
    let exchange = scene.installation.exchange().await;
    let public = Client::new(scene.installation.base());
    let known = "coordinator.lu@example.org";
    let wrong = |email: &str| json!({"email": email, "password": WRONG});
    let asked = |email: &str| json!({"email": email});
    let mut goals = Vec::new();
    for (id, path, bodies, status) in [
        ("S5-sign-in", "/session", [wrong(known), wrong(NOBODY)], 401),
        ("S5-reset", "/password-resets", [asked(known), asked(NOBODY)], 204),
    ] {
        let (apart, usual) = difference(order, &exchange, &public, path, &bodies, status).await;
        let (id, most) = match order.short {
            true => (format!("{id}-short"), APART_SHORT + usual / 2),
            false => (id.to_owned(), APART),
        };
        let ms = |time: Duration| format!("{:.2}ms", time.as_secs_f64() * 1_000.0);
        goals.push(Goal::new(
            order.goal(&id),
            ms(apart),
            format!("<={}", ms(most)),
            apart <= most,
        ));
    }
    exchange.store().close().await;
    goals
}

/// The median of the differences of all pairs, whichever side it is on, and the median time of a known account.
async fn difference(
    order: &Order,
    exchange: &Exchange,
    public: &Client,
    path: &str,
    bodies: &[Value; 2],
    status: u16,
) -> (Duration, Duration) {
    let pairs = if order.short { PAIRS_SHORT } else { PAIRS };
    let (mut differences, mut known) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        forget_tries(exchange).await;
        let mut times = [Duration::ZERO; 2];
        for turn in 0..2 {
            let which = (turn + pair) % 2;
            let request = public.request(reqwest::Method::POST, path).json(&bodies[which]);
            let begun = std::time::Instant::now();
            let reply = public.send(request).await;
            times[which] = begun.elapsed();
            reply.expect(status);
        }
        let micros = |time: Duration| i64::try_from(time.as_micros()).expect("a short time");
        differences.push(micros(times[0]) - micros(times[1]));
        known.push(times[0]);
    }
    differences.sort_unstable();
    known.sort_unstable();
    (
        Duration::from_micros(differences[pairs / 2].unsigned_abs()),
        known[pairs / 2],
    )
}

/// So that no try waits for those before it.
async fn forget_tries(exchange: &Exchange) {
    let forgotten = exchange
        .store()
        .write(|conn| -> Result<(), StoreError> { Ok(conn.batch_execute("DELETE FROM throttles")?) })
        .await;
    forgotten.expect("the tries are forgotten");
}
