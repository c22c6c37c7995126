//! R1: killed at random moments under many writers, nothing acknowledged is lost and nothing is invented.
//!
//! The journal lies in this process, which nobody kills. A request that a kill left without a reply may have been done or
//! not; its writer repeats it after the restart, so that at the end every operation is known and the tables have to say
//! exactly what the journal says, no row more and none less. Meanwhile each step stands on the one before it (If-Match), so
//! that a lost one shows on the very next request too.

use std::time::{Duration, Instant};

use ahq_harness::Client;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::{Installation, Process, Subject};
use ahq_server::system;
use tokio::task::JoinSet;

use crate::Order;
use crate::chance::Chance;
use crate::journal::{Difference, Life, compare};
use crate::scene::Scene;
use crate::writers::Writer;

/// How many write at once.
const WRITERS: usize = 16;
/// Their offices: each asks for one and answers for another.
const OFFICES: [&str; 8] = ["LU", "NL", "AT", "BE", "DE", "FR", "SE", "FI"];
/// How often the program is killed.
const KILLS: u32 = 1_000;
const KILLS_SHORT: u32 = 100;
const KILLS_MUTANT: u32 = 40;
/// How many operations have to be acknowledged meanwhile.
const ACKNOWLEDGED: u64 = 50_000;
const ACKNOWLEDGED_SHORT: u64 = 5_000;
/// One kill in so many falls while the program starts.
const IN_START: u64 = 10;
/// How long it may take until it is ready again.
const READY: Duration = Duration::from_secs(2);

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(Scene { installation, process }) = Scene::set(order, &OFFICES).await else {
        return Vec::new();
    };
    let (kills, wanted) = match (&order.subject, order.short) {
        (Subject::Mutant { .. }, _) => (KILLS_MUTANT, 0),
        (Subject::Right, true) => (KILLS_SHORT, ACKNOWLEDGED_SHORT),
        (Subject::Right, false) => (KILLS, ACKNOWLEDGED),
    };
    let mut clients = Vec::new();
    for office in OFFICES {
        let email = format!("coordinator.{office}@example.org").to_lowercase();
        clients.push(Client::signed_in(installation.base(), &email).await);
    }
    let writers = (0..WRITERS).map(|number| {
        let (lead, answering) = (number % OFFICES.len(), (number + 3) % OFFICES.len());
        let (asks, answers) = (clients[lead].clone(), clients[answering].clone());
        Writer::new(number, asks, answers, OFFICES[answering])
    });
    let mut round = Round {
        installation: &installation,
        process,
        clients: &clients,
        writers: writers.collect(),
        worst: Duration::ZERO,
    };
    let mut chance = Chance::new(&system::randomness());
    say(format!("  {}: {kills} kills, seed {}", order.goal("R1"), chance.state));
    let mut told = Instant::now();
    for kill in 1..=kills {
        if chance.below(IN_START) == 0 {
            round.kill_in_start(Duration::from_micros(chance.below(60_000))).await;
        }
        let load = Duration::from_millis(200 + chance.below(450));
        round.kill_under_load(load).await;
        if order.is_decided(round.writers.iter().map(|writer| writer.refused.len()).sum()) {
            break;
        }
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            let (acknowledged, _) = round.counts();
            say(format!("  {kill} kills, {acknowledged} operations acknowledged"));
        }
    }
    // What is still without a reply is repeated before the count.
    round.load(Load::Settle, Duration::ZERO).await;
    round.process.stop().await;
    let (acknowledged, found_done) = round.counts();
    let lives: Vec<Life> = round.writers.iter().flat_map(|writer| writer.lives.clone()).collect();
    let refused: Vec<&String> = round.writers.iter().flat_map(|writer| &writer.refused).collect();
    let database = order.database;
    let exchange = installation.exchange().await;
    let difference = exchange.store().read(move |conn| compare(conn, database, &lives)).await;
    exchange.store().close().await;
    let Difference { lost, invented, untold } = difference.expect("the tables are read");
    say(format!(
        "  {acknowledged} acknowledged, {found_done} without a reply found done; rows lost {}, invented {}, audit events \
         or mails missing {}, replies against the journal {}",
        lost.len(),
        invented.len(),
        untold.len(),
        refused.len()
    ));
    let all = [&lost, &invented, &untold];
    let examples = all
        .into_iter()
        .flat_map(|facts| facts.iter().take(3))
        .chain(refused.iter().copied().take(3));
    for example in examples {
        say(format!("    {example}"));
    }
    let faults = lost.len() + invented.len() + untold.len() + refused.len();
    let worst = round.worst.as_millis();
    let mut goals = vec![Goal::new(order.goal("R1"), faults, 0, faults == 0)];
    // A fault has to show in what was lost: a mutant that is merely slow was not caught.
    if order.subject == Subject::Right {
        goals.push(Goal::new(
            order.goal("R1-ready"),
            format!("{worst}ms"),
            format!("<={}ms", READY.as_millis()),
            round.worst <= READY,
        ));
        goals.push(Goal::new(
            order.goal("R1-acknowledged"),
            acknowledged,
            format!(">={wanted}"),
            acknowledged >= wanted,
        ));
    }
    goals
}

/// What writers do for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// They work until the program is gone.
    Work,
    /// They repeat what had no reply.
    Settle,
}

/// The program and its writers, from one kill to the next.
struct Round<'a> {
    installation: &'a Installation,
    process: Process,
    clients: &'a [Client],
    writers: Vec<Writer>,
    /// The longest time from a start until it was ready.
    worst: Duration,
}

impl Round<'_> {
    /// Lets the writers loose on the program, and kills it after `time`, or when they have settled; then starts it again.
    async fn load(&mut self, load: Load, time: Duration) {
        // Tokens last ten minutes: whoever reads with an ended one renews it.
        for client in self.clients {
            client.get("/me").await.expect(200);
        }
        let mut at_work = JoinSet::new();
        for writer in self.writers.drain(..) {
            match load {
                Load::Work => at_work.spawn(writer.work()),
                Load::Settle => at_work.spawn(writer.settle()),
            };
        }
        if load == Load::Work {
            tokio::time::sleep(time).await;
            self.process.kill();
        }
        while let Some(writer) = at_work.join_next().await {
            self.writers.push(writer.expect("a writer does not panic"));
        }
    }

    async fn kill_under_load(&mut self, time: Duration) {
        self.load(Load::Work, time).await;
        self.start().await;
    }

    /// Kills the idle program, and again so long after its next start.
    async fn kill_in_start(&mut self, after: Duration) {
        self.process.kill();
        self.process = self.installation.start(&["serve", "--no-worker"]);
        tokio::time::sleep(after).await;
        self.process.kill();
        self.start().await;
    }

    async fn start(&mut self) {
        self.process = self.installation.start(&["serve", "--no-worker"]);
        let ready = self.process.ready().await;
        let ready = ready.unwrap_or_else(|| panic!("it did not start again: {}", self.installation.log()));
        self.worst = self.worst.max(ready);
    }

    /// Operations acknowledged, and those without a reply that were found done.
    fn counts(&self) -> (u64, u64) {
        let sum = |count: fn(&Writer) -> u64| self.writers.iter().map(count).sum();
        (sum(|writer| writer.acknowledged), sum(|writer| writer.found_done))
    }
}
