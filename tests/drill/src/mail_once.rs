//! R3: the worker is killed between every pair of steps of a delivery, and each message still leaves once.
//!
//! The mail server of the drill stands still at a step; then the worker is killed. A killed worker's messages stay with
//! it until its lease of a minute is over. Between rounds the drill ends these leases in the table, as if the minute had
//! passed; the long form waits for them at its end instead, so that they are seen to end by themselves too.
//!
//! A message whose worker died after SMTP's final dot and before its mark may leave twice: nobody can know whether the
//! server took it. Both then have the same Message-ID. No other message may.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ahq_domain::id::QueryId;
use ahq_exchange::work::Exchange;
use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Installation;
use ahq_store::outbox::{self, Entry, OutboxStatus};
use ahq_store::{Connection, StoreError};
use diesel::PgConnection;
use diesel::connection::{Connection as _, SimpleConnection};

use crate::Order;
use crate::scene::{Lock, Scene, hold_lock, launched};
use crate::sink::{Habit, Sink};

/// How often it is killed at each step. Each round launches a query of its own, which has more messages than steps.
const ROUNDS: usize = 10;
const ROUNDS_SHORT: usize = 2;
/// How long a step may take to be reached.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a claimed message belongs to a dead worker at the most: the lease of a minute, and a worker's pause.
const LEASE: Duration = Duration::from_secs(65);

/// Where the worker is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// So many microseconds after it claimed a message: before it is rendered, before it connects, and while it does.
    Claimed(u64),
    /// The mail server has not answered this command. At `NOOP` one message is marked and the next one is claimed.
    Unanswered(&'static str),
    /// The reply to the final dot is there, and the mark is not written.
    Unmarked,
}

const STEPS: [Step; 11] = [
    Step::Claimed(0),
    Step::Claimed(1_000),
    Step::Claimed(3_000),
    Step::Unanswered("greeting"),
    Step::Unanswered("EHLO"),
    Step::Unanswered("MAIL"),
    Step::Unanswered("RCPT"),
    Step::Unanswered("DATA"),
    Step::Unanswered("."),
    Step::Unmarked,
    Step::Unanswered("NOOP"),
];

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let sink = Sink::start(Habit::Good).await;
    let Some(Scene { installation, process }) = Scene::set(order, &["LU"]).await else {
        return Vec::new();
    };
    let rounds = if order.short { ROUNDS_SHORT } else { ROUNDS };
    let lead = Scene { installation, process };
    let client = lead.coordinator("LU").await;
    let mut queries = Vec::new();
    for round in 0..rounds {
        let path = launched(&client, &format!("Missing minors {round}")).await;
        let id = path.trim_start_matches("/queries/").parse().expect("an id");
        queries.push(QueryId(id));
    }
    let Scene {
        installation,
        mut process,
    } = lead;
    process.stop().await;
    let installation = installation
        .with("AHQ_MAIL__TRANSPORT", "smtp")
        .with("AHQ_MAIL__HOST", "127.0.0.1")
        .with("AHQ_MAIL__PORT", sink.port)
        .with("AHQ_MAIL__PER_MINUTE", 0);
    let round = Round {
        database: order.database,
        exchange: installation.exchange().await,
        installation,
        sink,
        queries,
    };
    // Messages that may leave twice.
    let mut uncertain = BTreeSet::new();
    for number in 1..=rounds {
        for step in STEPS {
            uncertain.extend(round.kill_at(step).await);
        }
        say(format!("  {number} of {rounds} rounds, {} kills", number * STEPS.len()));
        if order.short || number < rounds {
            round.end_leases().await;
        }
    }
    round
        .deliver_rest(if order.short { PATIENCE } else { LEASE + PATIENCE })
        .await;
    let rows = round.rows().await;
    round.exchange.store().close().await;
    let goals = judge(order, &rows, &round.sink, &uncertain);
    say(format!(
        "  {} messages after {} kills",
        rows.len(),
        rounds * STEPS.len()
    ));
    goals
}

/// Holds what the mail server took against the outbox.
fn judge(order: &Order, rows: &[Entry], sink: &Sink, uncertain: &BTreeSet<String>) -> Vec<Goal> {
    let seen = sink.seen.lock().expect("no holder panics");
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for message in &seen.messages {
        *taken.entry(key(message)).or_default() += 1;
    }
    let known: BTreeSet<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let unknown = taken.keys().filter(|key| !known.contains(*key)).count();
    let missing = rows
        .iter()
        .filter(|row| row.status != OutboxStatus::Sent || !taken.contains_key(&row.id.to_string()))
        .count();
    let repeated = taken.iter().filter(|(_, times)| **times > 1).map(|(key, _)| key);
    let (allowed, wrong): (Vec<_>, Vec<_>) = repeated.partition(|key| uncertain.contains(*key));
    say(format!(
        "  {} messages left twice or more, all killed after the final dot: {}",
        allowed.len() + wrong.len(),
        wrong.is_empty()
    ));
    let faults = missing + unknown + wrong.len();
    let measured = format!("missing:{missing},unknown-id:{unknown},repeated:{}", wrong.len());
    let mut goals = vec![Goal::new(order.goal("R3"), measured, "0,0,0", faults == 0)];
    // The kills after the final dot did happen where they should, or the rest says little.
    let reached = !allowed.is_empty();
    goals.push(Goal::new(order.goal("R3-same-id"), allowed.len(), ">=1", reached));
    goals
}

/// The key in the Message-ID of a message; the whole Message-ID where it is none of the exchange's.
pub(crate) fn key(message: &str) -> String {
    let line = message.lines().find_map(|line| line.strip_prefix("Message-ID: "));
    let id = line.unwrap_or("none").trim_matches(['<', '>']);
    id.strip_suffix("@exchange.example.org").unwrap_or(id).to_owned()
}

/// What is killed again and again.
struct Round {
    database: Database,
    installation: Installation,
    exchange: Exchange,
    sink: Sink,
    queries: Vec<QueryId>,
}

impl Round {
    /// Starts the worker and kills it at a step; gives the messages that may leave again.
    async fn kill_at(&self, step: Step) -> Vec<String> {
        self.sink.turns(match step {
            Step::Claimed(_) => Habit::Stalls("greeting"),
            Step::Unanswered(command) => Habit::Stalls(command),
            Step::Unmarked => Habit::Stalls("."),
        });
        let claims = self.claims().await;
        let (connections, commands) = {
            let seen = self.sink.seen.lock().expect("no holder panics");
            (seen.connections, seen.commands.len())
        };
        let reached = |command: &str| {
            let seen = self.sink.seen.lock().expect("no holder panics");
            let new = seen.commands.get(commands..).unwrap_or_default();
            match command {
                "greeting" => seen.connections > connections,
                _ => new.iter().any(|seen| seen.starts_with(command)),
            }
        };
        let mut worker = self.installation.start(&["worker"]);
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let there = match step {
                Step::Claimed(_) => self.claims().await > claims,
                Step::Unanswered(command) => reached(command),
                Step::Unmarked => reached("."),
            };
            if there {
                break;
            }
            assert!(
                std::time::Instant::now() < end,
                "{step:?} was not reached: {}",
                self.installation.log()
            );
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        match step {
            Step::Claimed(micros) => tokio::time::sleep(Duration::from_micros(micros)).await,
            Step::Unanswered(_) => {}
            Step::Unmarked => {
                // The worker reads the reply and then waits for the lock to write its mark.
                let _lock = hold_outbox(self.database, self.installation.database());
                self.sink.turns(Habit::Good);
                tokio::time::sleep(Duration::from_millis(100)).await;
                worker.kill();
            }
        }
        worker.kill();
        let after_dot = matches!(step, Step::Unanswered(".") | Step::Unmarked);
        let seen = self.sink.seen.lock().expect("no holder panics");
        seen.messages
            .last()
            .filter(|_| after_dot)
            .map(|message| key(message))
            .into_iter()
            .collect()
    }

    /// All messages.
    async fn rows(&self) -> Vec<Entry> {
        let queries = self.queries.clone();
        let rows = self.exchange.store().read(move |conn| all(conn, &queries)).await;
        rows.expect("the outbox is read")
    }

    /// How often messages were claimed so far.
    async fn claims(&self) -> i32 {
        self.rows().await.iter().map(|row| row.lease).sum()
    }

    /// Ends all leases as time would.
    async fn end_leases(&self) {
        let queries = self.queries.clone();
        let ended = self.exchange.store().write(move |conn| {
            for row in all(conn, &queries)? {
                if row.lease > 0 && row.status == OutboxStatus::Waiting {
                    outbox::postpone(conn, row.id, row.lease, (row.created, row.wanted), "its worker died")?;
                }
            }
            Ok::<_, StoreError>(())
        });
        ended.await.expect("the leases end");
    }

    /// Lets an unhindered worker deliver all that is left.
    async fn deliver_rest(&self, limit: Duration) {
        self.sink.turns(Habit::Good);
        let mut worker = self.installation.start(&["worker"]);
        let end = std::time::Instant::now() + limit;
        while std::time::Instant::now() < end {
            let rows = self.rows().await;
            if rows.iter().all(|row| row.status != OutboxStatus::Waiting) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        worker.stop().await;
    }
}

/// All messages about these queries, and the digests that left beside them: on a working day there are some.
pub(crate) fn all(conn: &mut Connection, queries: &[QueryId]) -> Result<Vec<Entry>, StoreError> {
    let mut rows = Vec::new();
    for query in queries {
        rows.extend(outbox::of_query(conn, *query)?);
    }
    let sent = outbox::page(conn, Some(OutboxStatus::Sent), None, &[], 10_000)?;
    rows.extend(sent.into_iter().filter(|row| row.query.is_none()));
    Ok(rows)
}

/// Takes the lock that a mark needs.
fn hold_outbox(database: Database, address: &str) -> Lock {
    if database == Database::Sqlite {
        return hold_lock(database, address);
    }
    let mut connection = PgConnection::establish(address).expect("the server takes a connection");
    let begun = connection.batch_execute("BEGIN; LOCK TABLE outbox IN EXCLUSIVE MODE");
    begun.expect("the lock is taken");
    Lock::Server(connection)
}
