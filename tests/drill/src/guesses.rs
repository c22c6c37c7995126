//! A thousand guesses of passwords at once, each for another account and from another address, so that no throttle helps. The
//! hashing of passwords is bounded: it takes no more memory than there is, and leaves the other routes their processor.
//!
//! The guesses come in waves, as fast as they are answered; before each, other callers are timed in peace.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ahq_harness::Client;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Installation;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::Order;
use crate::scene::{Scene, launched};

/// How many guesses there are at once.
const GUESSES: usize = 1_000;
/// What stands for the status of a guess whose connection was lost.
const LOST: u16 = 0;
/// How many waves.
const WAVES: usize = 10;
const WAVES_SHORT: usize = 3;
/// How many callers there are beside them, and how long each rests between two requests.
const OTHERS: usize = 4;
const REST: Duration = Duration::from_millis(5);
/// How long they are timed before each wave.
const PEACE: Duration = Duration::from_secs(2);
/// How much memory the program may take, in MiB.
const MEMORY: u64 = 512;
/// How many times as long the others may wait.
const AS_LONG: f64 = 2.0;
/// The same in the short form, whose program is not optimised and has neighbours, and what is added there.
const AS_LONG_SHORT: f64 = 4.0;
const SLACK_SHORT: Duration = Duration::from_millis(100);

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(installation) = Installation::new(order.database, order.subject.clone()).await else {
        return Vec::new();
    };
    let installation = installation.with("AHQ_SERVER__TRUSTED_PROXIES", "[\"127.0.0.1/32\"]");
    let scene = Scene::serve(installation, &["LU"]).await;
    let lead = scene.coordinator("LU").await;
    let path = launched(&lead, "Missing minors").await;
    let public = Client::new(scene.installation.base());
    scene.process.forget_highest();
    let (mut before, mut during) = (Vec::new(), Vec::new());
    let (mut hashed, mut refused, mut lost, mut faults) = (0, 0, 0, Vec::new());
    for wave in 0..if order.short { WAVES_SHORT } else { WAVES } {
        before.extend(others(&lead, &path, async { tokio::time::sleep(PEACE).await }).await.0);
        let (times, statuses) = others(&lead, &path, guess(&public, wave)).await;
        during.extend(times);
        for status in statuses {
            match status {
                401 => hashed += 1,
                503 => refused += 1,
                LOST => lost += 1,
                other => faults.push(format!("a guess is answered {other}")),
            }
        }
    }
    let memory = scene
        .process
        .memory()
        .expect("the machine tells the memory of a process")
        .1;
    let memory = memory.div_ceil(1024);
    say(format!(
        "  {hashed} guesses were hashed, {refused} sent away, {lost} connections lost; the others made {} requests in peace, {} beside guesses",
        before.len(),
        during.len()
    ));
    for fault in faults.iter().take(5) {
        say(format!("    {fault}"));
    }
    let (before, during) = (p95(before), p95(during));
    let (id, bound) = match order.short {
        true => ("S-guesses-p95-short", before.mul_f64(AS_LONG_SHORT) + SLACK_SHORT),
        false => ("S-guesses-p95", before.mul_f64(AS_LONG)),
    };
    let ms = |time: Duration| format!("{:.1}ms", time.as_secs_f64() * 1_000.0);
    let answered = faults.is_empty() && hashed > 0;
    vec![
        Goal::new(order.goal("S-guesses-answered"), hashed + refused, ">0", answered),
        Goal::new(
            order.goal("S-guesses-memory"),
            format!("{memory}MiB"),
            format!("<={MEMORY}MiB"),
            memory <= MEMORY,
        ),
        Goal::new(order.goal(id), ms(during), format!("<={}", ms(bound)), during <= bound),
    ]
}

/// The time within which 95 of 100 were done.
fn p95(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 95 / 100]
}

/// A wave: all guesses are sent before the first is answered. Gives how each was.
async fn guess(public: &Client, wave: usize) -> Vec<u16> {
    let mut at_work = JoinSet::new();
    for number in 0..GUESSES {
        let number = u32::try_from(wave * GUESSES + number).expect("few guesses");
        let address = Ipv4Addr::from(0x0a00_0000 + number);
        let body = json!({"email": format!("nobody{number}@example.org"), "password": "correct horse battery"});
        let request = public
            .request(Method::POST, "/session")
            .header("X-Forwarded-For", address.to_string())
            .json(&body);
        at_work.spawn(async move { request.send().await.map_or(LOST, |reply| reply.status().as_u16()) });
    }
    at_work.join_all().await
}

/// Times other callers' requests until `work` is done; gives the times and what it gives.
async fn others<T>(lead: &Client, path: &str, work: impl Future<Output = T>) -> (Vec<Duration>, T) {
    let done = Arc::new(AtomicBool::new(false));
    let mut at_work = JoinSet::new();
    for number in 0..OTHERS {
        let (lead, done) = (lead.clone(), Arc::clone(&done));
        let path = if number % 2 == 0 {
            "/queries".to_owned()
        } else {
            path.to_owned()
        };
        at_work.spawn(async move {
            let mut times = Vec::new();
            while times.is_empty() || !done.load(Ordering::Relaxed) {
                let begun = Instant::now();
                // A connection that is lost took its time too; a client asks again.
                if let Ok(reply) = lead.request(Method::GET, &path).send().await {
                    assert_eq!(reply.status(), 200, "another caller is refused");
                    let _ = reply.bytes().await;
                }
                times.push(begun.elapsed());
                tokio::time::sleep(REST).await;
            }
            times
        });
    }
    let given = work.await;
    done.store(true, Ordering::Relaxed);
    (at_work.join_all().await.concat(), given)
}
