//! The production shape on one machine: two servers and two workers on one PostgreSQL behind nginx.
//!
//!     cargo run -p ahq-shape              the whole
//!     cargo run -p ahq-shape -- --short   the same with fewer kills
//!
//! It needs PostgreSQL and nginx on the machine. Each goal has a control: a shape that is wrong on purpose, which has
//! to miss the goal, or the goal is worth nothing.
#![expect(clippy::expect_used, reason = "a drill that cannot go on has failed")]

mod limit;
mod load;
mod mail;
mod shape;
#[path = "../../../crates/mail/tests/mail/sink.rs"]
#[expect(dead_code, reason = "this drill needs a good mail server only")]
mod sink;
mod story;
mod versions;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::as_program;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use crate::load::{Load, Tally};
use crate::shape::{Servers, Shape};

/// How often a server is killed.
const KILLS: usize = 50;
const KILLS_SHORT: usize = 8;
/// How long a killed server stays down: longer than a repeat waits, so that nobody but the other server can mend it.
const DOWN: Duration = Duration::from_millis(1_200);
/// How long both servers run at least before the next kill: repeats, which wait the second that Retry-After asks for,
/// are through by then. Two deaths within one request and its repeat are more than one repeat can mend.
const BETWEEN: Duration = Duration::from_millis(1_200);

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(code) = as_program().await {
        return code;
    }
    let short = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--short") => true,
        Some(_) => {
            say("--short, or nothing");
            return ExitCode::from(2);
        }
    };
    let Some(mut shape) = Shape::start(Servers::Two).await else {
        say("PostgreSQL was not found: nothing was tried");
        return ExitCode::FAILURE;
    };
    shape.work();
    let mut goals = vec![story(&shape).await, mail::once(&shape).await];
    let kills = if short { KILLS_SHORT } else { KILLS };
    goals.extend(killed(&mut shape, kills).await);
    goals.push(versions::side_by_side(&mut shape).await);
    goals.push(limit::holds_back().await);
    let missed = missed(&controls(shape).await);
    goals.push(Goal::new("shape-controls", missed, 0, missed == 0));
    goals.iter().for_each(Goal::print);
    if goals.iter().all(|goal| goal.pass) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How many controls went unnoticed.
fn missed(controls: &[(&str, bool)]) -> usize {
    for (name, noticed) in controls {
        say(format!(
            "control: {name}: {}",
            if *noticed { "noticed" } else { "NOT NOTICED" }
        ));
    }
    controls.iter().filter(|(_, noticed)| !noticed).count()
}

/// Shapes that are wrong on purpose, and whether that was noticed.
async fn controls(shape: Shape) -> Vec<(&'static str, bool)> {
    let mut noticed = vec![
        ("a message that left twice", mail::notices_a_repeat(&shape).await),
        ("a draft lost and another doubled", notices_wrong(&shape).await),
        (
            "an address that asks as often as it likes",
            !limit::goal(&shape).await.pass,
        ),
        (
            "a migration that renames a column",
            versions::notices_a_removal(&shape).await,
        ),
    ];
    drop(shape);
    let strangers = Shape::start(Servers::Strangers).await.expect("PostgreSQL is there");
    let stands = tokio::spawn(async move { story::play(&strangers, 0).await }).await;
    noticed.push((
        "a server with other keys",
        stands.is_err_and(|error| told(error).contains("bad_token")),
    ));
    let mut one = Shape::start(Servers::One).await.expect("PostgreSQL is there");
    noticed.push(("all served by one server", !story(&one).await.pass));
    let [unmended, _] = killed(&mut one, 1).await;
    noticed.push(("nobody to step in for a killed server", !unmended.pass));
    noticed
}

/// Gives a draft the title of another one; whether both are counted.
async fn notices_wrong(shape: &Shape) -> bool {
    let load = Load::start(shape).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let tally = load.stop().await;
    let (first, last) = (tally.acknowledged.first(), tally.acknowledged.last());
    let renamed = sql_query("UPDATE queries SET title = $1 WHERE title = $2")
        .bind::<Text, _>(first.expect("a draft"))
        .bind::<Text, _>(last.expect("a draft"))
        .execute(&mut shape.database());
    assert_eq!(renamed, Ok(1), "one draft gets another title");
    wrong(shape, &tally) == 2
}

/// What a task that panicked said.
fn told(error: tokio::task::JoinError) -> String {
    let panic = error.try_into_panic().ok();
    let text = panic.and_then(|panic| panic.downcast::<String>().ok());
    text.map(|text| *text).unwrap_or_default()
}

/// The end-to-end story through the balancer: each server has its share in it.
async fn story(shape: &Shape) -> Goal {
    for number in 0..3 {
        story::play(shape, number).await;
    }
    let served = shape.served();
    let all: u64 = served.values().sum();
    say(format!("story: {all} requests, by server {served:?}"));
    let share = served.values().filter(|requests| **requests * 4 >= all).count();
    Goal::new("shape-story", share, 2, share == 2)
}

/// One server after the other is killed at a random moment under load and started again.
async fn killed(shape: &mut Shape, kills: usize) -> [Goal; 2] {
    let load = Load::start(shape).await;
    for kill in 0..kills {
        tokio::time::sleep(BETWEEN + random(Duration::from_millis(600))).await;
        shape.kill(kill % 2);
        tokio::time::sleep(DOWN).await;
        shape.serve(kill % 2).await;
    }
    let tally = load.stop().await;
    tell(&format!("{kills} kills"), &tally);
    say(format!(
        "what the servers said where the balancer said 503: {:?}",
        shape.unanswered()
    ));
    let wrong = wrong(shape, &tally);
    let unmended = tally.unmended.len();
    [
        // A load that met no failure would have shown nothing.
        Goal::new("shape", unmended, 0, unmended == 0 && tally.failed > 0),
        Goal::new("shape-effects", wrong, 0, wrong == 0 && !tally.acknowledged.is_empty()),
    ]
}

fn tell(what: &str, tally: &Tally) {
    let mut faults = BTreeMap::<&str, usize>::new();
    for fault in &tally.unmended {
        *faults.entry(fault).or_default() += 1;
    }
    say(format!(
        "{what}: {} requests, {} mended by one repeat, unmended {faults:?}",
        tally.sent,
        tally
            .failed
            .saturating_sub(tally.unmended.len().try_into().unwrap_or(u64::MAX))
    ));
}

/// How many acknowledged drafts are not there, and how many are there twice.
fn wrong(shape: &Shape, tally: &Tally) -> usize {
    #[derive(QueryableByName)]
    struct Draft {
        #[diesel(sql_type = Text)]
        title: String,
        #[diesel(sql_type = BigInt)]
        times: i64,
    }
    let drafts: Vec<Draft> =
        sql_query("SELECT title, count(*) AS times FROM queries WHERE title LIKE 'Load-%' GROUP BY title")
            .load(&mut shape.database())
            .expect("the drafts are read");
    let times: BTreeMap<_, _> = drafts.iter().map(|draft| (&draft.title, draft.times)).collect();
    let lost = tally.acknowledged.iter().filter(|title| !times.contains_key(title));
    lost.count() + drafts.iter().filter(|draft| draft.times > 1).count()
}

/// A random time up to `most`.
fn random(most: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    // The hasher's keys are random; nothing here needs better.
    let part = RandomState::new().hash_one(()) % 1_000;
    most * u32::try_from(part).unwrap_or(0) / 1_000
}
