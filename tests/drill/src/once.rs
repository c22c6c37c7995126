//! R8: every POST of the document five times at once under one Idempotency-Key, and killed in the middle: one effect, and
//! the same reply.
//!
//! An effect is what a single request adds to the tables, counted in all of them: five at once, or one repeated after a
//! kill, must add as much and no more. An operation of the document without an arrangement here is a fault.

mod cast;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ahq_exchange::work::Exchange;
use ahq_harness::goal::{Goal, say};
use ahq_server::system;
use ahq_store::{StoreError, replays};
use reqwest::Method;

use self::cast::{Ask, Cast, FILE};
use crate::Order;
use crate::scene::{Scene, serve};

/// POSTs that take no key, and why.
const WITHOUT_KEY: [(&str, &str); 23] = [
    ("sign_in", "its reply holds secrets, which are never stored"),
    ("make_calendar_feed", "its reply holds a secret, which is never stored"),
    (
        "make_service_account",
        "its reply holds a secret, which is never stored",
    ),
    ("make_token", "its reply holds a secret, which is never stored"),
    (
        "refresh_session",
        "its reply holds secrets; a repeat within ten seconds gets the same successor",
    ),
    (
        "accept_invitation",
        "its link works once, and its body holds a password",
    ),
    (
        "ask_password_reset",
        "asking again makes a new link, and a few a day are mailed",
    ),
    ("reset_password", "as accept_invitation"),
    ("change_password", "its body holds passwords"),
    ("ask_address_change", "its body holds a password"),
    ("confirm_address", "its link works once"),
    ("begin_second_factor", "its reply holds a secret, which is never stored"),
    (
        "confirm_second_factor",
        "its reply holds secrets, which are never stored",
    ),
    (
        "renew_recovery_codes",
        "its reply holds secrets, which are never stored",
    ),
    ("remove_second_factor", "its body holds a password"),
    (
        "begin_authorization",
        "its reply holds a secret, which is never stored; asking again makes another way",
    ),
    (
        "sign_in_through_provider",
        "its state works once, and its reply holds secrets",
    ),
    ("link_identity", "its state works once"),
    (
        "end_subscription",
        "mail programs send no key, and a repetition changes nothing",
    ),
    (
        "return_contribution",
        "its address holds a secret, which is never stored; If-Match keeps a repetition from doing anything",
    ),
    ("decline_contribution", "as return_contribution"),
    ("read_contribution_form", "it says what it read and changes nothing"),
    ("read_word_form", "it says what it read and changes nothing"),
];
/// How many requests come at once.
const AT_ONCE: usize = 5;
/// How often each operation is killed.
const KILLS: usize = 20;
const KILLS_SHORT: usize = 1;

/// What a reply must repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    status: u16,
    location: Option<String>,
    etag: Option<String>,
    body: String,
}

/// The rows of each table, or how many more there are than before.
type Rows = BTreeMap<String, i64>;

/// The operation ids of all POSTs of the document, and whether each takes an Idempotency-Key.
fn operations() -> Vec<(String, bool)> {
    let document = ahq_api::document();
    let paths = document["paths"].as_object().expect("a document has paths");
    paths
        .values()
        .filter_map(|path| path.get("post"))
        .map(|post| {
            let id = post["operationId"]
                .as_str()
                .expect("an operation has its id")
                .to_owned();
            let parameters = post["parameters"].as_array();
            let keyed = parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"));
            (id, keyed)
        })
        .collect()
}

/// Sends a request; none when no whole reply came back.
async fn send(ask: &Ask, key: &str) -> Option<Told> {
    let request = ask.caller.request(Method::POST, &ask.path);
    let mut request = match ask.body.as_str() {
        Some(FILE) => request.header("Content-Type", "text/plain").body(FILE),
        _ => request.json(&ask.body),
    };
    request = request.header("Idempotency-Key", key);
    if let Some(etag) = &ask.etag {
        request = request.header("If-Match", etag);
    }
    let reply = request.send().await.ok()?;
    let header = |name: &str| Some(reply.headers().get(name)?.to_str().ok()?.to_owned());
    let (status, location, etag) = (reply.status().as_u16(), header("location"), header("etag"));
    let body = reply.text().await.ok()?;
    Some(Told {
        status,
        location,
        etag,
        body,
    })
}

async fn rows(exchange: &Exchange) -> Rows {
    let counted = exchange.store().read(|conn| {
        let tables = conn.tables()?;
        let counts = tables
            .into_iter()
            .map(|table| Ok((table.clone(), conn.count_rows(&table)?.cast_signed())));
        counts.collect::<Result<Rows, StoreError>>()
    });
    counted.await.expect("the tables are counted")
}

/// The rows before a request, and no reply kept: an erasure forgets those there are, which is not its effect.
async fn rows_before(exchange: &Exchange) -> Rows {
    let forgotten = exchange.store().write(replays::forget_all).await;
    forgotten.expect("the kept replies are forgotten");
    rows(exchange).await
}

/// By how many rows each table changed.
fn added(before: &Rows, after: &Rows) -> Rows {
    let changed = after
        .iter()
        .map(|(table, count)| (table.clone(), count - before[table]));
    changed.filter(|(_, count)| *count != 0).collect()
}

/// What was found out.
#[derive(Default)]
struct Findings {
    faults: usize,
    /// Requests that a kill left without a reply.
    cut: usize,
    /// Those of them whose effect was there when the program came back.
    done: usize,
}

impl Findings {
    fn fault(&mut self, operation: &str, text: impl std::fmt::Display) {
        self.faults += 1;
        say(format!("  {operation}: {text}"));
    }
}

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(mut scene) = Scene::set(order, &["LU", "NL", "AT", "BE", "SP"]).await else {
        return Vec::new();
    };
    let exchange = scene.installation.exchange().await;
    let mut findings = Findings::default();
    let (mut next, mut tried) = (0, 0);
    for (operation, keyed) in operations() {
        let exempt = WITHOUT_KEY.iter().any(|(name, _)| *name == operation);
        if exempt == keyed {
            findings.fault(
                &operation,
                "takes a key and is listed without one, or the other way round",
            );
        }
        if !keyed {
            continue;
        }
        let mut cast = Cast::of(&scene, next).await;
        tried += 1;
        say(format!("  {}: {operation}", order.goal("R8")));
        one(&operation, order, &mut scene, &mut cast, &exchange, &mut findings).await;
        next = cast.next;
        if order.is_decided(findings.faults) {
            break;
        }
    }
    exchange.store().close().await;
    say(format!(
        "  {tried} operations; {} requests without a reply, {} of them done when the program came back",
        findings.cut, findings.done
    ));
    let measured = findings.faults;
    vec![Goal::new(order.goal("R8"), measured, 0, measured == 0 && tried > 0)]
}

/// One operation: alone, five times at once, and killed.
async fn one(
    operation: &str,
    order: &Order,
    scene: &mut Scene,
    cast: &mut Cast,
    exchange: &Exchange,
    findings: &mut Findings,
) {
    let Some(ask) = cast.arrange(operation, exchange).await else {
        findings.fault(operation, "has no row");
        return;
    };
    let (before, begun) = (rows_before(exchange).await, Instant::now());
    let alone = send(&ask, "alone").await;
    let took = begun.elapsed();
    let effect = added(&before, &rows(exchange).await);
    if alone.as_ref().is_none_or(|told| told.status >= 300) {
        findings.fault(operation, format!("was not done: {alone:?}"));
        return;
    }
    if effect.keys().all(|table| table == "replays") {
        findings.fault(operation, "left no trace in the tables");
    }

    let ask = cast.arrange(operation, exchange).await.expect("it has a row");
    let before = rows_before(exchange).await;
    let told = five_at_once(&ask).await;
    if told.iter().any(|one| one.is_none() || *one != told[0]) || told[0].as_ref().is_none_or(|one| one.status >= 300) {
        findings.fault(operation, format!("five at once were told different things: {told:?}"));
    }
    let now = added(&before, &rows(exchange).await);
    if now != effect {
        findings.fault(operation, format!("five at once added {now:?} instead of {effect:?}"));
    }

    for turn in 0..if order.short { KILLS_SHORT } else { KILLS } {
        let ask = cast.arrange(operation, exchange).await.expect("it has a row");
        let before = rows_before(exchange).await;
        let key = format!("killed-{turn}");
        killed(operation, &ask, &key, took, &before, &effect, scene, exchange, findings).await;
    }
}

/// Sends a request five times at once.
async fn five_at_once(ask: &Ask) -> Vec<Option<Told>> {
    let (a, b, c, d, e) = tokio::join!(
        send(ask, "five"),
        send(ask, "five"),
        send(ask, "five"),
        send(ask, "five"),
        send(ask, "five"),
    );
    let told = vec![a, b, c, d, e];
    assert_eq!(told.len(), AT_ONCE);
    told
}

/// Sends a request, kills the program at a random moment, and repeats it.
#[expect(clippy::too_many_arguments, reason = "each is one thing the step looks at")]
async fn killed(
    operation: &str,
    ask: &Ask,
    key: &str,
    took: Duration,
    before: &Rows,
    effect: &Rows,
    scene: &mut Scene,
    exchange: &Exchange,
    findings: &mut Findings,
) {
    let chance = f64::from(system::randomness().bytes::<1>()[0]) / 255.0;
    let (first, ()) = tokio::join!(send(ask, key), async {
        tokio::time::sleep(took.mul_f64(chance * 1.2)).await;
        scene.process.kill();
    });
    if first.is_none() {
        findings.cut += 1;
        findings.done += usize::from(!added(before, &rows(exchange).await).is_empty());
    }
    scene.process = serve(&scene.installation).await;
    let second = send(ask, key).await;
    let third = send(ask, key).await;
    if second.is_none() || second != third || second.as_ref().is_some_and(|told| told.status >= 300) {
        findings.fault(operation, format!("after a kill: {second:?}, then {third:?}"));
    }
    if first.is_some() && first != second {
        findings.fault(operation, format!("before the kill {first:?}, after it {second:?}"));
    }
    let now = added(before, &rows(exchange).await);
    if now != *effect {
        findings.fault(
            operation,
            format!("a kill and a repeat added {now:?} instead of {effect:?}"),
        );
    }
}
