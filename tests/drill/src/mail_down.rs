//! R4: the mail server is down for an hour in every way; afterwards all leaves soon.
//!
//! The exchange's clock is the drill's, so that the hour and the waits after it are exact and take seconds. The worker's
//! turn is taken here: one message a round, and a silent server costs the worker's whole patience on that clock. Queries
//! are launched all through the hour, since when a message is tried again depends on when it was written down.

use std::collections::BTreeSet;
use std::time::Duration;

use ahq_domain::id::QueryId;
use ahq_exchange::delivery::Sender;
use ahq_harness::goal::{Goal, say};
use ahq_harness::{App, Client};
use ahq_mail::outgoing::Mailbox;
use ahq_mail::smtp::{STEP_TIMEOUT, Security, Smtp, SmtpSettings};
use ahq_mail::transport::Transport;
use ahq_store::outbox::{Entry, OutboxStatus};
use chrono::TimeDelta;

use crate::Order;
use crate::mail_once::{all, key};
use crate::scene::launched;
use crate::sink::{Habit, Sink};

/// How long the mail server is down.
const DOWN: TimeDelta = TimeDelta::hours(1);
/// How soon after it all mail has left.
const SOON: TimeDelta = TimeDelta::minutes(10);
/// How often the worker looks when nothing is due, on the exchange's clock.
const LOOK: TimeDelta = TimeDelta::seconds(5);
/// How long the drill's transport waits for a silent server in truth: more than the 40 ms that TCP may delay an
/// acknowledgement.
const SILENCE: Duration = Duration::from_millis(150);
/// The steps of a conversation.
const STEPS: [&str; 6] = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."];
/// An address that is not there.
const NOBODY: &str = "RCPT TO:<ncp-at@example.org>";
/// How long a server that is well takes for a message.
const HANDED_OVER: TimeDelta = TimeDelta::milliseconds(100);
/// How many times queries are listed, in turn with and without a mail server, and in how many turns.
const LISTED: usize = 200;
const TURNS: usize = 10;
/// How many times as long listing may take while the mail server is down.
const AS_LONG: f64 = 1.1;
/// The same in the short form, whose one turn stands among other work: half as much again, and what scheduling costs.
const AS_LONG_SHORT: f64 = 1.5;
const SLACK_SHORT: Duration = Duration::from_millis(10);

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(app) = App::start(order.database).await else {
        return Vec::new();
    };
    let lead = app.coordinator("LU").await;
    let sink = Sink::start(Habit::Good).await;
    let mut drill = Down {
        transport: transport(sink.port, SILENCE),
        // A port that was free a moment ago: connections are refused.
        nowhere: transport(closed_port().await, SILENCE),
        app,
        lead,
        sink,
        queries: Vec::new(),
    };
    let launches = if order.short { 5 } else { 12 };
    drill.hour(launches).await;
    let turns = if order.short { 1 } else { TURNS };
    let (mut before, mut during) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        before.extend(drill.listing().await);
        during.extend(drill.while_silent().await);
    }
    let (before, during) = (p95(before), p95(during));
    let goals = drill.recover(order).await;
    let refused = drill.refused_for_good(order).await;
    let bound = match order.short {
        true => before.mul_f64(AS_LONG_SHORT) + SLACK_SHORT,
        false => before.mul_f64(AS_LONG),
    };
    let ms = |time: Duration| format!("{:.1}ms", time.as_secs_f64() * 1_000.0);
    let listing = Goal::new(
        order.goal("R4-list-p95"),
        ms(during),
        format!("<={}", ms(bound)),
        during <= bound,
    );
    goals.into_iter().chain([refused, listing]).collect()
}

/// The time within which 95 of 100 were done.
fn p95(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 95 / 100]
}

fn transport(port: u16, step_timeout: Duration) -> Transport {
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        authorities: None,
        port,
        security: Security::Plain,
        login: None,
        step_timeout,
        connections: 1,
        per_minute: 0,
        dkim: None,
    };
    Transport::Smtp(Box::new(Smtp::new(settings).expect("settings that can be used")))
}

async fn closed_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// All ways of being down that are not about one message; none is a refused connection.
fn ways() -> Vec<Option<Habit>> {
    let mut ways = vec![None];
    for step in STEPS {
        ways.extend([
            Some(Habit::Says(step, "451 4.3.0 try later")),
            Some(Habit::Stalls(step)),
            Some(Habit::Closes(step)),
        ]);
    }
    // Before MAIL even a refusal for good is about the exchange, not about a message.
    ways.extend([
        Some(Habit::Says("greeting", "554 5.3.2 no service")),
        Some(Habit::Says("EHLO", "550 5.7.1 not you")),
    ]);
    ways
}

/// The exchange and its mail server.
struct Down {
    app: App,
    lead: Client,
    sink: Sink,
    transport: Transport,
    nowhere: Transport,
    queries: Vec<QueryId>,
}

impl Down {
    /// Launches a query to all members.
    async fn launch(&mut self) -> QueryId {
        let path = launched(&self.lead, &format!("Missing minors {}", self.queries.len())).await;
        let query = QueryId(path.trim_start_matches("/queries/").parse().expect("an id"));
        self.queries.push(query);
        query
    }

    /// One turn of the worker; whether anything was due. The time it takes passes on the exchange's clock.
    async fn turn(&self, transport: &Transport) -> bool {
        let sender = Sender {
            from: Mailbox::named("EMN ad-hoc query exchange", "exchange@example.org"),
            domain: "exchange.example.org".to_owned(),
        };
        let begun = std::time::Instant::now();
        let round = self.app.exchange().deliver_due(transport, &sender, 1).await;
        let round = round.expect("a round of delivery");
        if round.postponed > 0 && begun.elapsed() >= SILENCE {
            self.app.pass(TimeDelta::from_std(STEP_TIMEOUT).expect("half a minute"));
        }
        if round.sent > 0 {
            self.app.pass(HANDED_OVER);
        }
        if round.is_empty() {
            self.app.pass(LOOK);
        }
        !round.is_empty()
    }

    /// The hour: down in one way after the other, `launches` queries launched evenly over it.
    async fn hour(&mut self, launches: i32) {
        let (begun, ways) = (self.app.exchange().clock().now(), ways());
        let count = i32::try_from(ways.len()).expect("few ways");
        let (mut launched, mut last) = (0, usize::MAX);
        loop {
            let passed = self.app.exchange().clock().now() - begun;
            if passed >= DOWN {
                break;
            }
            if launched < launches && passed >= DOWN * launched / launches {
                self.launch().await;
                launched += 1;
            }
            let way = (0..ways.len()).rfind(|way| passed >= DOWN * i32::try_from(*way).unwrap_or(0) / count);
            let way = way.unwrap_or(0);
            if last != way {
                last = way;
                self.sink.turns(ways[way].unwrap_or(Habit::Good));
            }
            let transport = if ways[way].is_some() {
                &self.transport
            } else {
                &self.nowhere
            };
            self.turn(transport).await;
        }
        let left = self
            .rows()
            .await
            .iter()
            .filter(|row| row.status == OutboxStatus::Sent)
            .count();
        say(format!(
            "  down for an hour in {count} ways, {launches} queries launched, {left} messages left"
        ));
    }

    /// How long listing queries takes.
    async fn listing(&self) -> Vec<Duration> {
        let mut times = Vec::new();
        for _ in 0..LISTED {
            let begun = std::time::Instant::now();
            self.lead.get("/queries").await.expect(200);
            times.push(begun.elapsed());
        }
        times
    }

    /// The same while the worker waits for a silent server with mail that is due.
    async fn while_silent(&mut self) -> Vec<Duration> {
        self.launch().await;
        self.sink.turns(Habit::Stalls("greeting"));
        let silent = transport(self.sink.port, Duration::from_secs(60));
        tokio::select! {
            _ = self.turn(&silent) => panic!("the worker did not wait for the silent server"),
            times = self.listing() => times,
        }
    }

    /// The server is back, but for one address: how long until all is settled.
    async fn recover(&self, order: &Order) -> Vec<Goal> {
        let tried_before = self.tried(NOBODY);
        self.sink.turns(Habit::Says(NOBODY, "550 5.1.1 no such user"));
        let begun = self.app.exchange().clock().now();
        let passed = || self.app.exchange().clock().now() - begun;
        while self.rows().await.iter().any(|row| row.status == OutboxStatus::Waiting) && passed() < DOWN * 6 {
            self.turn(&self.transport).await;
        }
        let (took, rows) = (passed(), self.rows().await);
        // What waits no longer is not tried again either.
        self.app.pass(TimeDelta::hours(5));
        while self.turn(&self.transport).await {}
        let taken: BTreeSet<String> = {
            let seen = self.sink.seen.lock().expect("no holder panics");
            seen.messages.iter().map(|message| key(message)).collect()
        };
        let about_queries = rows.iter().filter(|row| row.query.is_some());
        let (nobody, others): (Vec<_>, Vec<_>) = about_queries.partition(|row| row.office.to_string() == "AT");
        let missing = others
            .iter()
            .filter(|row| row.status != OutboxStatus::Sent || !taken.contains(&row.id.to_string()))
            .count();
        // Those who see to the mail were told of the address that refuses.
        let known = self.rows().await;
        let unknown = taken.len() - known.iter().filter(|row| taken.contains(&row.id.to_string())).count();
        let tried = self.tried(NOBODY) - tried_before;
        let shown = nobody.iter().filter(|row| is_shown(row, "550 5.1.1")).count();
        say(format!(
            "  {} messages out within {} s of the recovery; those to one address refused for good: {shown} of {}, tried \
             {tried} times",
            others.len() - missing,
            took.num_seconds(),
            nobody.len()
        ));
        vec![
            Goal::new(
                order.goal("R4"),
                format!("missing:{missing},unknown-id:{unknown},{}s", took.num_seconds()),
                format!("0,0,<={}s", SOON.num_seconds()),
                missing == 0 && unknown == 0 && took <= SOON,
            ),
            Goal::new(
                order.goal("R4-no-such-address"),
                format!("shown:{shown},tried:{tried}"),
                format!("{0},{0}", nobody.len()),
                shown == nobody.len() && tried == nobody.len(),
            ),
        ]
    }

    /// Refused for good at each step about the message: tried once, and shown.
    async fn refused_for_good(&mut self, order: &Order) -> Goal {
        let mut refused = Vec::new();
        for step in STEPS.into_iter().skip(2) {
            refused.push(self.launch().await);
            self.sink.turns(Habit::Says(step, "554 5.7.1 not wanted"));
            while self.turn(&self.transport).await {}
        }
        self.sink.turns(Habit::Good);
        self.app.pass(TimeDelta::hours(5));
        while self.turn(&self.transport).await {}
        let rows = self.rows().await;
        let rows: Vec<_> = rows
            .iter()
            .filter(|row| row.query.is_some_and(|query| refused.contains(&query)))
            .collect();
        let right = rows
            .iter()
            .filter(|row| row.attempts == 1 && is_shown(row, "554 5.7.1"))
            .count();
        let pass = right == rows.len() && !rows.is_empty();
        Goal::new(order.goal("R4-refused-for-good"), right, rows.len(), pass)
    }

    /// How often the server was asked something.
    fn tried(&self, command: &str) -> usize {
        let seen = self.sink.seen.lock().expect("no holder panics");
        seen.commands.iter().filter(|seen| seen.starts_with(command)).count()
    }

    /// All messages.
    async fn rows(&self) -> Vec<Entry> {
        let queries = self.queries.clone();
        let rows = self.app.exchange().store().read(move |conn| all(conn, &queries)).await;
        rows.expect("the outbox is read")
    }
}

/// Whether a row says that it cannot be delivered, and with which reply.
fn is_shown(row: &Entry, reply: &str) -> bool {
    row.status == OutboxStatus::Failed && row.fault.as_ref().is_some_and(|fault| fault.contains(reply))
}
