//! R11: asked to end (SIGTERM) under load, the program drops no accepted request and ends well within ten seconds.
//!
//! Which requests count: every one whose first byte was sent on a connection that was open before the signal, or that
//! has had a reply, unless the last reply on it said `Connection: close`. Its whole reply has to come, and it has to be
//! the right one. The callers keep to HTTP: after `Connection: close` they send nothing more there and connect anew.
//! A connection opened after the signal that ends without a byte was never taken by the program; it lay in the
//! listener's queue, and nothing of what it asked for may have been done.
//! Connections that lie idle may be closed at any time.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ahq_domain::clock::Randomness;
use ahq_domain::user::Role;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Installation;
use ahq_harness::{Client, PASSWORD};
use ahq_server::system;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Order;
use crate::journal::mark;
use crate::load::{differences, faults_in_log};
use crate::scene::{draft, hold_lock, launched, wait_until};
use crate::sink::{Habit, Sink};

/// How many connections there are, and of which kind.
const CONNECTIONS: usize = 32;
/// How often the program is asked to end.
const ROUNDS: u64 = 100;
const ROUNDS_SHORT: u64 = 10;
/// One round in so many has a mail server that never answers, and one a database whose lock somebody holds.
const EVERY: u64 = 5;
/// How long the program may take to end.
const END: Duration = Duration::from_secs(10);
/// How long somebody else holds the lock that every change needs.
const LOCKED: Duration = Duration::from_millis(1_500);
/// How long the second half of a slow body is in coming.
const SLOW: Duration = Duration::from_millis(700);
/// The office whose coordinator calls.
const OFFICE: &str = "LU";

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(installation) = Installation::new(order.database, order.subject.clone()).await else {
        return Vec::new();
    };
    let exchange = installation.exchange().await;
    let email = installation.add_user(&exchange, OFFICE, Role::Coordinator).await;
    exchange.store().close().await;
    let mail = Sink::start(Habit::Good).await;
    let installation = installation
        .with("AHQ_MAIL__TRANSPORT", "smtp")
        .with("AHQ_MAIL__HOST", "127.0.0.1")
        .with("AHQ_MAIL__SECURITY", "plain")
        .with("AHQ_MAIL__PORT", mail.port)
        .with("AHQ_MAIL__PER_MINUTE", 0);
    let rounds = if order.short { ROUNDS_SHORT } else { ROUNDS };
    let randomness = system::randomness();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (mut worst, mut told) = (Duration::ZERO, Instant::now());
    for round in 1..=rounds {
        let ending = Ending {
            order,
            installation: &installation,
            email: &email,
            mail: &mail,
            stalled: round % EVERY == 0,
            locked: round % EVERY == 2,
            after: Duration::from_millis(200 + millis_below(&randomness, 600)),
        };
        worst = worst.max(ending.run(round, &seen).await);
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            say(format!("  round {round} of {rounds}"));
        }
        let faults = |seen: &Seen| seen.dropped.len() + seen.faults.len();
        if order.is_decided(faults(&seen.lock().expect("no caller panics"))) {
            break;
        }
    }
    let mut seen = std::mem::take(&mut *seen.lock().expect("no caller panics"));
    let exchange = installation.exchange().await;
    let (sent, acknowledged) = (seen.sent, seen.acknowledged.clone());
    let found = exchange
        .store()
        .read(move |conn| differences(conn, &sent, &acknowledged))
        .await;
    exchange.store().close().await;
    seen.faults.extend(found.expect("the tables are read"));
    seen.faults.extend(faults_in_log(
        installation.folder(),
        &["panicked", "database is locked"],
    ));
    say(format!(
        "  {} replies, {} of them after the signal; {} requests dropped, {} connections turned away unread, {} other faults",
        seen.replies,
        seen.late,
        seen.dropped.len(),
        seen.turned_away,
        seen.faults.len()
    ));
    for example in seen.dropped.iter().take(5).chain(seen.faults.iter().take(5)) {
        say(format!("    {example}"));
    }
    let faults = seen.dropped.len() + seen.faults.len();
    let mut goals = vec![Goal::new(order.goal("R11"), faults, 0, faults == 0)];
    // Without requests under way at the signal nothing was tried. A mutant may end too soon for any.
    if order.subject == crate::Subject::Right {
        let target = format!(">={}", rounds * 10);
        goals.push(Goal::new(
            order.goal("R11-under-way"),
            seen.late,
            target,
            seen.late >= rounds * 10,
        ));
    }
    goals.push(Goal::new(
        order.goal("R11-end"),
        format!("{}ms", worst.as_millis()),
        format!("<={}ms", END.as_millis()),
        worst <= END,
    ));
    goals
}

fn millis_below(randomness: &Randomness, end: u32) -> u64 {
    u64::from(u32::from_le_bytes(randomness.bytes()) % end)
}

/// What the callers have seen.
#[derive(Debug, Default)]
struct Seen {
    sent: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    /// Whole replies.
    replies: u64,
    /// Those that came after the signal.
    late: u64,
    /// Requests that count and had no whole reply.
    dropped: Vec<String>,
    /// Connections that were opened after the signal and never taken.
    turned_away: u64,
    /// Wrong replies, and a program that did not end well.
    faults: Vec<String>,
}

/// One round: the program is started, loaded, and asked to end.
struct Ending<'a> {
    order: &'a Order,
    installation: &'a Installation,
    email: &'a str,
    mail: &'a Sink,
    /// Whether the mail server never answers.
    stalled: bool,
    /// Whether somebody holds the lock that every change needs, so that all are under way for long.
    locked: bool,
    /// How long the load lasts before the signal.
    after: Duration,
}

impl Ending<'_> {
    /// Gives how long the program took to end.
    async fn run(&self, round: u64, seen: &Arc<Mutex<Seen>>) -> Duration {
        self.mail.turns(if self.stalled {
            Habit::Stalls("greeting")
        } else {
            Habit::Good
        });
        let connected = || self.mail.seen.lock().expect("the sink does not panic").connections;
        let before = connected();
        let mut process = self.installation.start(&["serve"]);
        let ready = process.ready().await;
        assert!(
            ready.is_some(),
            "the program did not start: {}",
            self.installation.log()
        );
        let lead = Client::signed_in(self.installation.base(), self.email).await;
        // Its messages are on their way to the mail server when the signal comes.
        launched(&lead, &format!("Round {round}")).await;
        if !wait_until(Duration::from_secs(10), || connected() > before).await {
            let fault = format!("round {round}: no message was on its way");
            seen.lock().expect("no caller panics").faults.push(fault);
        }
        let stopping = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for number in 0..CONNECTIONS {
            let caller = Caller {
                number,
                round,
                kind: Kind::of(number),
                address: self.installation.address(),
                head: head_of(&lead),
                email: self.email.to_owned(),
                stopping: Arc::clone(&stopping),
                seen: Arc::clone(seen),
            };
            callers.spawn(caller.run());
        }
        tokio::time::sleep(self.after).await;
        let lock = self
            .locked
            .then(|| hold_lock(self.order.database, self.installation.database()));
        if lock.is_some() {
            // Until every change waits for it.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        stopping.store(true, Ordering::SeqCst);
        let (stopped, ()) = tokio::join!(tokio::time::timeout(END * 2, process.stop()), async {
            if let Some(lock) = lock {
                tokio::time::sleep(LOCKED).await;
                drop(lock);
            }
        });
        let (took, well) = stopped.unwrap_or((END * 2, false));
        // What the program did not end is ended here, and its callers with it.
        drop(process);
        while let Some(ended) = callers.join_next().await {
            ended.expect("a caller does not panic");
        }
        if !well {
            let fault = format!(
                "round {round}: the program did not end well, after {} ms",
                took.as_millis()
            );
            seen.lock().expect("no caller panics").faults.push(fault);
        }
        took
    }
}

/// The header with the token of a signed-in client.
fn head_of(client: &Client) -> String {
    let request = client.request(reqwest::Method::GET, "/me").build().expect("a request");
    let token = request.headers().get("authorization").expect("a token").to_str();
    format!("Authorization: {}\r\n", token.expect("a token in ASCII"))
}

/// What a caller does, over and over, on one connection that is kept open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Saves a draft.
    Write,
    /// Saves a draft whose body comes in two halves.
    SlowWrite,
    /// Reads a list.
    Read,
    /// Signs in, which is slow by design.
    SignIn,
    /// Asks once and keeps the connection.
    Idle,
}

impl Kind {
    fn of(number: usize) -> Self {
        match number {
            0 | 1 => Self::SlowWrite,
            2 | 3 => Self::SignIn,
            4 | 5 => Self::Idle,
            6..=11 => Self::Read,
            _ => Self::Write,
        }
    }
}

/// One caller with one connection at a time.
struct Caller {
    number: usize,
    round: u64,
    kind: Kind,
    address: SocketAddr,
    head: String,
    email: String,
    stopping: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
}

impl Caller {
    /// Works until nobody listens any more.
    async fn run(self) {
        let mut number = 0;
        loop {
            let Ok(mut connection) = TcpStream::connect(self.address).await else {
                if !self.is_stopping() {
                    self.note(|seen| seen.faults.push("nobody listens before the signal".to_owned()));
                }
                return;
            };
            // Asked after it was opened: then it was open before the signal.
            let mut counts = !self.is_stopping();
            loop {
                number += 1;
                let mark = mark(self.number, self.round * 1_000_000 + number);
                let (head, body) = self.request(&mark);
                if matches!(self.kind, Kind::Write | Kind::SlowWrite) {
                    self.note(|seen| _ = seen.sent.insert(mark.clone()));
                }
                let slow = self.kind == Kind::SlowWrite;
                match ask(&mut connection, &head, &body, slow).await {
                    Ok(reply) => {
                        counts = true;
                        self.keep(&mark, &reply);
                        if reply.closes {
                            break;
                        }
                    }
                    Err(broken) if counts || broken.read > 0 => {
                        let what = format!(
                            "{:?} {mark} had {} bytes of its reply: {}",
                            self.kind, broken.read, broken.fault
                        );
                        self.note(|seen| seen.dropped.push(what));
                        break;
                    }
                    Err(_) => {
                        // Nobody has read it, so nothing of it may have been done.
                        self.note(|seen| {
                            seen.turned_away += 1;
                            seen.sent.remove(&mark);
                        });
                        break;
                    }
                }
                if self.kind == Kind::Idle {
                    // Nothing is sent any more; the program closes it when it ends.
                    let _ = connection.read(&mut [0]).await;
                    return;
                }
            }
        }
    }

    fn request(&self, mark: &str) -> (String, String) {
        let (method, path, body) = match self.kind {
            Kind::Write | Kind::SlowWrite => ("POST", "/queries", draft(mark)),
            Kind::Read => ("GET", "/queries?sort=-deadline", Value::Null),
            Kind::Idle => ("GET", "/me", Value::Null),
            Kind::SignIn => ("POST", "/session", json!({"email": self.email, "password": PASSWORD})),
        };
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut head = format!("{method} /api/v1{path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if self.kind != Kind::SignIn {
            head += &self.head;
        }
        if method == "POST" {
            head += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        (head + "\r\n", body)
    }

    fn keep(&self, mark: &str, reply: &Reply) {
        let wanted = if matches!(self.kind, Kind::Read | Kind::Idle) {
            200
        } else {
            201
        };
        self.note(|seen| {
            seen.replies += 1;
            seen.late += u64::from(self.is_stopping());
            if reply.status != wanted {
                let fault = format!("{:?} {mark} got {}: {}", self.kind, reply.status, reply.body);
                seen.faults.push(fault);
            } else if matches!(self.kind, Kind::Write | Kind::SlowWrite) {
                seen.acknowledged.insert(mark.to_owned());
            }
        });
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.seen.lock().expect("no caller panics"));
    }
}

/// A whole reply.
struct Reply {
    status: u16,
    body: String,
    /// Whether it says that nothing more is to be sent on this connection.
    closes: bool,
}

/// A reply that did not come whole.
struct Broken {
    /// How many bytes of it came.
    read: usize,
    fault: String,
}

/// Sends a request and reads its whole reply, whose body has a Content-Length.
async fn ask(connection: &mut TcpStream, head: &str, body: &str, slow: bool) -> Result<Reply, Broken> {
    let mut text = Vec::new();
    let outcome = async {
        let (first, second) = body.split_at(if slow { body.len() / 2 } else { body.len() });
        connection.write_all(format!("{head}{first}").as_bytes()).await?;
        if slow {
            tokio::time::sleep(SLOW).await;
            connection.write_all(second.as_bytes()).await?;
        }
        loop {
            if let Some(reply) = whole(&text) {
                return Ok(reply);
            }
            if connection.read_buf(&mut text).await? == 0 {
                return Err(std::io::Error::other("the connection was closed"));
            }
        }
    };
    let outcome = tokio::time::timeout(END * 2, outcome).await;
    let outcome = outcome.unwrap_or_else(|_| Err(std::io::Error::other("the reply is too long in coming")));
    outcome.map_err(|fault| Broken {
        read: text.len(),
        fault: fault.to_string(),
    })
}

/// The reply, when all of it is there.
fn whole(text: &[u8]) -> Option<Reply> {
    let text = std::str::from_utf8(text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    let length: usize = header("content-length")?.parse().ok()?;
    if body.len() < length {
        return None;
    }
    Some(Reply {
        status: head.split(' ').nth(1)?.parse().ok()?,
        body: body.to_owned(),
        closes: header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")),
    })
}
