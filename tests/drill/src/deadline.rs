//! R7: responses in the two seconds around a deadline are each stored and rightly marked.
//!
//! All offices submit at once while the exchange's clock runs through the deadline. The drill holds that clock: it runs as
//! slowly as this machine needs to take all responses within the two seconds, and stands still for a while at the last
//! instant that is on time, at the first that is late and at the one after it. Some queries are extended in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ahq_domain::clock::Instant;
use ahq_harness::goal::{Goal, say};
use ahq_harness::{App, Client, Reply};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Order;
use crate::scene::{answers, etag, launched};

/// The offices that answer; Luxembourg asks.
const OFFICES: [&str; 20] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT", "LV", "NL", "SE",
    "SK",
];
/// How many queries each of them answers.
const QUERIES: usize = 500;
const QUERIES_SHORT: usize = 50;
/// One query in so many is extended while the responses come in.
const EXTENDED: usize = 5;
/// The first instant that is too late: twenty working days after the launch, in UTC.
const END: &str = "2026-12-01T23:00:00Z";
/// How many requests of an office are under way at once.
const AT_ONCE: usize = 2;

/// A response that was acknowledged.
struct Acknowledged {
    query: usize,
    path: String,
    /// The exchange's clock when the request was sent and when its reply was there.
    between: (Instant, Instant),
    first: Instant,
    late: bool,
}

/// A query, and where it stands.
struct Asked {
    path: String,
    etag: String,
}

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(app) = App::start(order.database).await else {
        return Vec::new();
    };
    let app = Arc::new(app);
    let lead = app.coordinator("LU").await;
    let mut offices = Vec::new();
    for office in OFFICES {
        offices.push((office, app.coordinator(office).await));
    }
    let count = if order.short { QUERIES_SHORT } else { QUERIES };
    let wanted = count * OFFICES.len();
    let mut queries = Vec::new();
    for number in 0..count {
        let path = launched(&lead, &format!("Missing minors {number}")).await;
        let etag = etag(&lead, &path).await;
        queries.push(Asked { path, etag });
    }
    let queries = Arc::new(queries);
    let begun = std::time::Instant::now();
    let etags = drafted(&offices, &queries).await;
    let took = begun.elapsed();
    say(format!("  {wanted} responses drafted in {:.1} s", took.as_secs_f32()));

    let end: Instant = END.parse().expect("an instant");
    app.set_clock(&(end - TimeDelta::seconds(1)).to_rfc3339());
    // Whoever signed in before has to renew its session first.
    for client in offices.iter().map(|(_, client)| client).chain([&lead]) {
        client.get("/me").await.expect(200);
    }
    let done = Arc::new(AtomicUsize::new(0));
    let (clock, submitted, extended) = tokio::join!(
        run_clock(&app, &done, wanted),
        submit_all(&app, &offices, &queries, &etags, &done),
        extend_some(&app, &lead, &queries, end),
    );
    clock.expect("the clock ran");
    let (acknowledged, refused) = submitted;
    judge(order, &offices, wanted, end, &acknowledged, &extended, &refused).await
}

/// Saves the draft of every office for every query; gives their ETags, by office and query.
async fn drafted(offices: &[(&'static str, Client)], queries: &Arc<Vec<Asked>>) -> Vec<Vec<String>> {
    let mut at_work = JoinSet::new();
    for (number, (office, client)) in offices.iter().enumerate() {
        let (office, client, queries) = (*office, client.clone(), Arc::clone(queries));
        at_work.spawn(async move {
            let mut etags = Vec::new();
            for query in queries.iter() {
                let path = format!("{}/responses/{office}", query.path);
                etags.push(client.put(&path, &answers()).await.expect(201).etag());
            }
            (number, etags)
        });
    }
    let mut all = vec![Vec::new(); offices.len()];
    while let Some(drafted) = at_work.join_next().await {
        let (number, etags) = drafted.expect("no office panics");
        all[number] = etags;
    }
    all
}

/// Moves the clock from one second before the deadline to one second after it, as the responses come in.
async fn run_clock(app: &Arc<App>, done: &Arc<AtomicUsize>, wanted: usize) -> Result<(), tokio::task::JoinError> {
    let (app, done) = (Arc::clone(app), Arc::clone(done));
    let moved = tokio::task::spawn_blocking(move || {
        let (second, instant) = (TimeDelta::seconds(1), TimeDelta::microseconds(1));
        // At each of these it stands still until a tenth of the responses came in.
        let mut stops = [second - instant, second, second + instant].into_iter().peekable();
        let (mut passed, mut came_at) = (TimeDelta::zero(), None);
        loop {
            let count = done.load(Ordering::SeqCst);
            let part = i32::try_from(count * 2_000 / wanted).unwrap_or(2_000);
            let mut to = TimeDelta::milliseconds(1) * part;
            if let Some(stop) =
                stops.next_if(|stop| passed == *stop && came_at.is_some_and(|at| count >= at + wanted / 10))
            {
                (to, came_at) = (to.max(stop), None);
            }
            if let Some(stop) = stops.peek().filter(|_| count < wanted) {
                to = to.min(*stop);
                if to == *stop && came_at.is_none() {
                    came_at = Some(count);
                }
            }
            if to > passed {
                app.pass(to - passed);
                passed = to;
            }
            if count >= wanted {
                return;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    moved.await
}

/// Submits all responses, each office query by query; gives the acknowledged ones and what was refused.
async fn submit_all(
    app: &Arc<App>,
    offices: &[(&'static str, Client)],
    queries: &Arc<Vec<Asked>>,
    etags: &[Vec<String>],
    done: &Arc<AtomicUsize>,
) -> (Vec<Acknowledged>, Vec<String>) {
    let mut at_work = JoinSet::new();
    for ((office, client), etags) in offices.iter().zip(etags) {
        for lane in 0..AT_ONCE {
            let (app, queries, done) = (Arc::clone(app), Arc::clone(queries), Arc::clone(done));
            let (office, client, etags) = (*office, client.clone(), etags.clone());
            at_work.spawn(async move {
                let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
                for (number, query) in queries.iter().enumerate().skip(lane).step_by(AT_ONCE) {
                    let path = format!("{}/responses/{office}", query.path);
                    let submission = format!("{path}/submission");
                    let sent = app.exchange().clock().now();
                    let mut reply = client.post_if(&submission, &etags[number], &json!({})).await;
                    if reply.status == 412 {
                        // An extension that came after the draft may have raised the response's version.
                        let etag = etag(&client, &path).await;
                        reply = client.post_if(&submission, &etag, &json!({})).await;
                    }
                    let received = app.exchange().clock().now();
                    done.fetch_add(1, Ordering::SeqCst);
                    match first_of(&reply) {
                        Some((first, late)) => acknowledged.push(Acknowledged {
                            query: number,
                            path,
                            between: (sent, received),
                            first,
                            late,
                        }),
                        None => refused.push(format!("{submission} got {}: {}", reply.status, reply.text)),
                    }
                }
                (acknowledged, refused)
            });
        }
    }
    let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
    while let Some(lane) = at_work.join_next().await {
        let (some, other) = lane.expect("no office panics");
        acknowledged.extend(some);
        refused.extend(other);
    }
    (acknowledged, refused)
}

/// Extends one query in so many, evenly over the two seconds; gives each one's first instant too late, or the refusal.
async fn extend_some(
    app: &Arc<App>,
    lead: &Client,
    queries: &Arc<Vec<Asked>>,
    end: Instant,
) -> Vec<(usize, Result<Instant, String>)> {
    let chosen: Vec<usize> = (0..queries.len()).step_by(EXTENDED).collect();
    let mut extended = Vec::new();
    for (turn, number) in chosen.iter().enumerate() {
        let share = TimeDelta::milliseconds(1_900) * i32::try_from(turn).expect("few queries");
        let at = end - TimeDelta::milliseconds(950) + share / i32::try_from(chosen.len()).expect("few queries");
        while app.exchange().clock().now() < at {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let query = &queries[*number];
        let body = json!({"deadline": "2026-12-11", "reason": "Several offices asked."});
        let path = format!("{}/extensions", query.path);
        let mut reply = lead.post_if(&path, &query.etag, &body).await;
        for _ in 0..5 {
            if reply.status == 412 {
                let now = etag(lead, &query.path).await;
                reply = lead.post_if(&path, &now, &body).await;
            }
        }
        let until = "2026-12-11T23:00:00Z".parse().expect("an instant");
        let outcome = if reply.status == 200 {
            Ok(until)
        } else {
            Err(reply.text)
        };
        extended.push((*number, outcome));
    }
    extended
}

/// When a response was first submitted and whether it is late; none where the reply says no such thing.
fn first_of(reply: &Reply) -> Option<(Instant, bool)> {
    let first: DateTime<Utc> = time(&reply.json["firstSubmittedAt"])?;
    let stored = matches!(reply.status, 200 | 201) && time(&reply.json["submittedAt"]) == Some(first);
    reply.json["late"]
        .as_bool()
        .filter(|_| stored)
        .map(|late| (first, late))
}

fn time(value: &Value) -> Option<Instant> {
    value.as_str()?.parse().ok()
}

/// Holds what was acknowledged against the deadline and against what is stored.
async fn judge(
    order: &Order,
    offices: &[(&'static str, Client)],
    wanted: usize,
    end: Instant,
    acknowledged: &[Acknowledged],
    extended: &[(usize, Result<Instant, String>)],
    refused: &[String],
) -> Vec<Goal> {
    let mut faults: Vec<String> = refused.to_vec();
    for (number, outcome) in extended {
        if let Err(told) = outcome {
            faults.push(format!("query {number} was not extended: {told}"));
        }
    }
    for response in acknowledged {
        let path = &response.path;
        let granted = extended.iter().find(|(number, _)| *number == response.query);
        let last = granted.and_then(|(_, outcome)| outcome.clone().ok()).unwrap_or(end);
        let (sent, received) = response.between;
        if response.first < sent || response.first > received {
            let first = response.first;
            faults.push(format!(
                "{path} came in at {first}, sent at {sent} and received at {received}"
            ));
        }
        // In the middle of an extension the reply tells of the deadline before it or after it.
        if response.late != (response.first >= last) && response.late != (response.first >= end) {
            faults.push(format!(
                "{path} came in at {} and was told late: {}",
                response.first, response.late
            ));
        }
        let (_, client) = offices
            .iter()
            .find(|(office, _)| path.ends_with(office))
            .expect("an office that answers");
        let stored = client.get(path).await;
        let late = response.first >= last;
        if first_of(&stored) != Some((response.first, late)) {
            let seen = &stored.json;
            faults.push(format!(
                "{path} came in at {}, late: {late}; stored {} late: {}",
                response.first, seen["firstSubmittedAt"], seen["late"]
            ));
        }
    }
    let at = |micros: i64| {
        let instant = end + TimeDelta::microseconds(micros);
        acknowledged.iter().filter(|response| response.first == instant).count()
    };
    let (before, on, after) = (at(-1), at(0), at(1));
    let late = acknowledged.iter().filter(|response| response.first >= end).count();
    let span = TimeDelta::seconds(1);
    let outside = acknowledged
        .iter()
        .filter(|response| (response.first - end).abs() > span)
        .count();
    say(format!(
        "  {} acknowledged, {late} after the deadline; {before} at the last instant, {on} at the first too late, {after} \
         one later; {} queries extended meanwhile",
        acknowledged.len(),
        extended.len()
    ));
    for fault in faults.iter().take(5) {
        say(format!("    {fault}"));
    }
    let around = before.min(on).min(after);
    let all = acknowledged.len() == wanted && outside == 0;
    vec![
        Goal::new(order.goal("R7"), faults.len(), 0, faults.is_empty()),
        Goal::new(order.goal("R7-acknowledged"), acknowledged.len(), wanted, all),
        Goal::new(order.goal("R7-each-instant"), around, ">=1", around > 0),
    ]
}
