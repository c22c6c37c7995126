//! R5: three workers share one database, and one of them stands still for a minute in the middle of its work.
//!
//! Their clocks stand at eight in the morning of the day on which every office of some queries is reminded. All three look
//! for these reminders at once and deliver them; then one is stopped with a message in its hands. The others take that
//! over when its lease ends. What the stopped one had begun to hand to the mail server may leave twice, with the same
//! Message-ID; no other message may.
//!
//! In the short form their clocks go three times as fast.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ahq_domain::clock::Instant;
use ahq_domain::id::{MessageId, QueryId};
use ahq_domain::user::Role;
use ahq_exchange::work::Exchange;
use ahq_harness::Client;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::{Installation, Process, TimeLapse};
use ahq_store::outbox::{self, Entry, OutboxStatus};

use crate::Order;
use crate::mail_once::{all, key};
use crate::scene::launched;
use crate::sink::{Habit, Sink};

/// When queries are launched, without a day: twenty working days.
const LAUNCHED: &str = "2027-01-12T09:00:00Z";
/// Five working days before their deadline, at eight in Brussels.
const REMINDED: &str = "2027-02-02T07:00:00Z";
/// How many queries, each with a reminder to every office.
const QUERIES: usize = 6;
const OFFICES: usize = 25;
const WORKERS: usize = 3;
/// How often one of them is stopped.
const PAUSES: usize = 5;
/// How fast their clocks go in the short form.
const FAST: i64 = 3;
/// How soon others have to take over what a stopped one had, on their clocks.
const TAKEN_OVER: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(installation) = Installation::new(order.database, order.subject.clone()).await else {
        return Vec::new();
    };
    let sink = Sink::start(Habit::Good).await;
    let installation = installation
        .with("AHQ_MAIL__TRANSPORT", "smtp")
        .with("AHQ_MAIL__HOST", "127.0.0.1")
        .with("AHQ_MAIL__PORT", sink.port)
        .with("AHQ_MAIL__PER_MINUTE", 0);
    let queries = launch(&installation).await;
    let (rate, pauses) = if order.short { (FAST, 1) } else { (1, PAUSES) };
    let clock = TimeLapse::from_now(instant(REMINDED), rate);
    let mut room = Room {
        workers: (0..WORKERS).map(|_| installation.start_worker(clock)).collect(),
        exchange: installation.exchange_at(clock.clock()).await,
        rate,
        sink,
        queries,
    };
    let (mut slowest, mut in_hand) = (Duration::ZERO, BTreeSet::new());
    for number in 0..pauses {
        let (took, held) = room.pause(number % WORKERS).await;
        slowest = slowest.max(took);
        in_hand.extend(held);
    }
    let settled = room.settle().await && room.one_for_all().await;
    for worker in &mut room.workers {
        worker.stop().await;
    }
    let rows = room.rows().await;
    room.exchange.store().close().await;
    assert!(settled, "mail is left over: {}", installation.log());
    judge(order, &room, &rows, &in_hand, slowest)
}

/// Launches the queries with the clock at their day; gives them.
async fn launch(installation: &Installation) -> Vec<QueryId> {
    let clock = TimeLapse::from_now(instant(LAUNCHED), 1);
    let running = installation.serve_at(clock.clock()).await;
    let email = installation.add_user(running.exchange(), "LU", Role::Coordinator).await;
    let lead = Client::signed_in(installation.base(), &email).await;
    let mut queries = Vec::new();
    for number in 0..QUERIES {
        let path = launched(&lead, &format!("Missing minors {number}")).await;
        queries.push(QueryId(path.trim_start_matches("/queries/").parse().expect("an id")));
    }
    running.stop().await;
    queries
}

fn instant(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// The workers at work.
struct Room {
    workers: Vec<Process>,
    exchange: Exchange,
    rate: i64,
    sink: Sink,
    queries: Vec<QueryId>,
}

impl Room {
    async fn rows(&self) -> Vec<Entry> {
        let queries = self.queries.clone();
        let rows = self.exchange.store().read(move |conn| all(conn, &queries)).await;
        rows.expect("the outbox is read")
    }

    async fn waiting(&self) -> Vec<Entry> {
        let rows = self.rows().await.into_iter();
        rows.filter(|row| row.status == OutboxStatus::Waiting).collect()
    }

    /// Waits until nothing waits any more, after something did; whether that came.
    async fn settle(&self) -> bool {
        let end = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < end {
            let rows = self.rows().await;
            let reminders = rows.iter().filter(|row| row.kind == "reminder").count();
            if reminders >= QUERIES * OFFICES && rows.iter().all(|row| row.status != OutboxStatus::Waiting) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    }

    /// One message for all workers: while the one that took it waits for the mail server, the others leave it alone. Whether
    /// it left.
    async fn one_for_all(&self) -> bool {
        self.sink.turns(Habit::Stalls("MAIL"));
        let now = self.exchange.clock().now();
        let launch = self.rows().await.into_iter().find(|row| row.kind == "launch");
        let again = Entry {
            id: MessageId::new(now, self.exchange.randomness()),
            created: now,
            wanted: now,
            due: now,
            status: OutboxStatus::Waiting,
            attempts: 0,
            lease: 0,
            settled: None,
            fault: None,
            ..launch.expect("a launch was told")
        };
        let written = self
            .exchange
            .store()
            .write(move |conn| outbox::put_all(conn, &[again]))
            .await;
        written.expect("a message is written");
        // Each looks once a second.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        self.sink.turns(Habit::Good);
        self.settle().await
    }

    /// Stops a worker while each has a message in its hands, and lets it go on after a minute; gives how long it took the
    /// others to see to what it had, on their clocks, and the messages that it may have begun to hand over.
    async fn pause(&self, stopped: usize) -> (Duration, Vec<String>) {
        // Each stands still with a message of its own, as far as there are enough.
        self.sink.turns(Habit::Stalls("MAIL"));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let worker = &self.workers[stopped];
        let begun = std::time::Instant::now();
        worker.pause();
        let held: Vec<Entry> = self.waiting().await.into_iter().filter(|row| row.lease > 0).collect();
        self.sink.turns(Habit::Good);
        let ids: BTreeSet<String> = held.iter().map(|row| row.id.to_string()).collect();
        // The last of what was held at that moment is what the stopped worker had.
        let mut took = Duration::ZERO;
        let end = begun + PATIENCE;
        while std::time::Instant::now() < end {
            let waiting = self.waiting().await;
            if !waiting.iter().any(|row| ids.contains(&row.id.to_string())) {
                took = begun.elapsed();
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let minute = TAKEN_OVER / u32::try_from(self.rate).unwrap_or(1);
        tokio::time::sleep(minute.saturating_sub(begun.elapsed())).await;
        worker.resume();
        say(format!(
            "  one of {WORKERS} stopped with {} messages in all hands; the last of them left after {:.1} s of their clocks",
            held.len(),
            took.as_secs_f64() * self.rate as f64
        ));
        (took * u32::try_from(self.rate).unwrap_or(1), ids.into_iter().collect())
    }
}

/// Holds what the mail server took against the reminders that there should be.
fn judge(order: &Order, room: &Room, rows: &[Entry], in_hand: &BTreeSet<String>, slowest: Duration) -> Vec<Goal> {
    let seen = room.sink.seen.lock().expect("no holder panics");
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    // The Message-IDs of each reminder: of which query, to which office.
    let mut reminders: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for message in &seen.messages {
        let id = key(message);
        *times.entry(id.clone()).or_default() += 1;
        if let Some(row) = rows
            .iter()
            .find(|row| row.id.to_string() == id && row.kind == "reminder")
        {
            let query = row.query.expect("a reminder is about a query").to_string();
            reminders.entry((query, row.office.to_string())).or_default().insert(id);
        }
    }
    let missing = (QUERIES * OFFICES).saturating_sub(reminders.len());
    let double = reminders.values().filter(|ids| ids.len() > 1).count();
    let unsent = rows
        .iter()
        .filter(|row| row.status != OutboxStatus::Sent && row.status != OutboxStatus::Digest)
        .count();
    let repeated = times.iter().filter(|(_, times)| **times > 1).map(|(id, _)| id);
    let (allowed, wrong): (Vec<_>, Vec<_>) = repeated.partition(|id| in_hand.contains(*id));
    say(format!(
        "  {} messages, {} reminders; {} left twice, all in the hands of a stopped worker: {}",
        seen.messages.len(),
        reminders.len(),
        allowed.len() + wrong.len(),
        wrong.is_empty()
    ));
    let faults = missing + double + unsent + wrong.len();
    let measured = format!(
        "missing:{missing},double:{double},unsent:{unsent},repeated:{}",
        wrong.len()
    );
    let seconds = slowest.as_secs_f64();
    let taken_over = slowest > Duration::ZERO && slowest <= TAKEN_OVER;
    vec![
        Goal::new(order.goal("R5"), measured, "0,0,0,0", faults == 0),
        Goal::new(order.goal("R5-orphans"), format!("{seconds:.1}s"), "<=60s", taken_over),
    ]
}
