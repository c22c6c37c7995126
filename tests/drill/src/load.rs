//! Load while something around the program fails: callers that write and read, what was acknowledged, and how they were
//! refused meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ahq_harness::Client;
use ahq_store::{Connection, StoreError};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::journal::mark;
use crate::scene::draft;

/// How long a caller waits for a reply; longer is a fault.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a refused caller waits before it asks again. Real ones keep to Retry-After.
const AGAIN: Duration = Duration::from_millis(20);

/// What the callers have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Marks of writes whose reply came.
    pub(crate) acknowledged: BTreeSet<String>,
    /// Marks of writes that were sent.
    pub(crate) sent: BTreeSet<String>,
    /// How often each caller was served.
    served: Vec<u64>,
    /// How often each caller was refused as it should be.
    refused: Vec<u64>,
    /// How often with which code.
    pub(crate) codes: BTreeMap<String, u64>,
    /// Replies that should not be, or none at all.
    pub(crate) faults: Vec<String>,
}

impl Seen {
    fn refuse(&mut self, number: usize, code: String) {
        self.refused[number] += 1;
        *self.codes.entry(code).or_default() += 1;
    }
}

/// Callers at work until they are stopped.
pub(crate) struct Load {
    /// What they have seen so far.
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    callers: JoinSet<()>,
    writers: usize,
}

/// What a caller may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Reads go on whatever happens.
    GoOn,
    /// Reads may be refused for a while, as writes are.
    MayPause,
}

impl Load {
    /// Lets `writers` write and `readers` read, with the rights of `clients` in turn.
    pub(crate) fn start(clients: &[Client], writers: usize, readers: usize, reads: Reads) -> Self {
        let seen = Arc::new(Mutex::new(Seen {
            served: vec![0; writers + readers],
            refused: vec![0; writers + readers],
            ..Seen::default()
        }));
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for number in 0..writers + readers {
            let caller = Caller {
                number,
                client: clients[number % clients.len()].clone(),
                seen: Arc::clone(&seen),
                stop: Arc::clone(&stop),
            };
            if number < writers {
                callers.spawn(caller.write());
            } else {
                callers.spawn(caller.read(reads));
            }
        }
        Self {
            seen,
            stop,
            callers,
            writers,
        }
    }

    /// How often writers, and how often readers, were refused.
    pub(crate) fn refused(&self) -> (u64, u64) {
        let seen = self.seen.lock().expect("no caller panics");
        let (writers, readers) = seen.refused.split_at(self.writers);
        (writers.iter().sum(), readers.iter().sum())
    }

    /// How often writers, and how often readers, were served.
    pub(crate) fn served(&self) -> (u64, u64) {
        let seen = self.seen.lock().expect("no caller panics");
        let (writers, readers) = seen.served.split_at(self.writers);
        (writers.iter().sum(), readers.iter().sum())
    }

    /// Waits until each writer was refused; whether that was so within `limit`.
    pub(crate) async fn each_writer_refused(&self, limit: Duration) -> bool {
        let writers = self.writers;
        self.each_counted_on(limit, |seen| seen.refused[..writers].to_vec())
            .await
            .is_some()
    }

    /// Waits until each caller is served again; gives how long that took, or none when it took longer than `limit`.
    pub(crate) async fn each_served(&self, limit: Duration) -> Option<Duration> {
        self.each_counted_on(limit, |seen| seen.served.clone()).await
    }

    /// Waits until each reader is served once more; gives how long that took, or none when it took longer than `limit`.
    pub(crate) async fn each_reader_served(&self, limit: Duration) -> Option<Duration> {
        let writers = self.writers;
        self.each_counted_on(limit, |seen| seen.served[writers..].to_vec())
            .await
    }

    async fn each_counted_on(&self, limit: Duration, counts: impl Fn(&Seen) -> Vec<u64>) -> Option<Duration> {
        let counted = || counts(&self.seen.lock().expect("no caller panics"));
        let (begun, before) = (Instant::now(), counted());
        while begun.elapsed() < limit {
            if counted().iter().zip(&before).all(|(now, then)| now > then) {
                return Some(begun.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        None
    }

    /// Ends the load; gives what was seen.
    pub(crate) async fn stop(mut self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.callers.join_next().await {
            ended.expect("a caller does not panic");
        }
        std::mem::take(&mut *self.seen.lock().expect("no caller panics"))
    }
}

/// One caller.
struct Caller {
    number: usize,
    client: Client,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
}

impl Caller {
    /// Saves drafts of queries. One that was refused is sent again under its key until it is acknowledged.
    async fn write(self) {
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            let mark = mark(self.number, number);
            self.note(|seen| _ = seen.sent.insert(mark.clone()));
            loop {
                let request = self.client.request(Method::POST, "/queries");
                let request = request.header("Idempotency-Key", &mark).json(&draft(&mark));
                match outcome(request, 201).await {
                    Outcome::Served => {
                        self.note(|seen| {
                            seen.served[self.number] += 1;
                            seen.acknowledged.insert(mark.clone());
                        });
                        break;
                    }
                    Outcome::Refused(code) => self.note(|seen| seen.refuse(self.number, code)),
                    Outcome::Fault(fault) => self.note(|seen| seen.faults.push(format!("write {mark}: {fault}"))),
                }
                if self.is_over() {
                    return;
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// Reads the list of queries and itself in turn.
    async fn read(self, reads: Reads) {
        for path in ["/queries", "/me"].iter().cycle() {
            if self.is_over() {
                return;
            }
            match outcome(self.client.request(Method::GET, path), 200).await {
                Outcome::Served => self.note(|seen| seen.served[self.number] += 1),
                Outcome::Refused(code) if reads == Reads::MayPause => {
                    self.note(|seen| seen.refuse(self.number, code));
                    tokio::time::sleep(AGAIN).await;
                }
                Outcome::Refused(fault) | Outcome::Fault(fault) => {
                    self.note(|seen| seen.faults.push(format!("read {path}: {fault}")));
                    tokio::time::sleep(AGAIN).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.seen.lock().expect("no caller panics"));
    }
}

/// How a request ended.
enum Outcome {
    Served,
    /// A problem of this code, that says when to come back.
    Refused(String),
    Fault(String),
}

/// Sends a request. Only 503 and 507 refuse, as problems with Retry-After that tell nothing of the database.
async fn outcome(request: RequestBuilder, served: u16) -> Outcome {
    let reply = match request.timeout(PATIENCE).send().await {
        Ok(reply) => reply,
        Err(error) => return Outcome::Fault(format!("no reply: {error:?}")),
    };
    let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
    let text = match reply.text().await {
        Ok(text) => text,
        Err(error) => return Outcome::Fault(format!("half a reply {status}: {error:?}")),
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let told = format!("{status} {text}");
    if status == served {
        return Outcome::Served;
    }
    let is_problem = header("content-type") == Some("application/problem+json");
    let is_dated = header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok());
    if matches!(status, 503 | 507) && is_problem && is_dated && !text.contains("database") {
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        Outcome::Refused(problem["code"].as_str().unwrap_or("none").to_owned())
    } else {
        Outcome::Fault(told)
    }
}

/// How the tables differ from what the callers have seen: each a line.
///
/// # Errors
/// Those of reading.
pub(crate) fn differences(
    conn: &mut Connection,
    sent: &BTreeSet<String>,
    acknowledged: &BTreeSet<String>,
) -> Result<Vec<String>, StoreError> {
    #[derive(QueryableByName)]
    struct Title {
        #[diesel(sql_type = Text)]
        title: String,
    }
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let titles: Vec<Title> = sql_query("SELECT title FROM queries WHERE title LIKE 'mark-%'").load(conn)?;
    let events: Count =
        sql_query("SELECT count(*) AS count FROM audit_events WHERE action = 'query.created'").get_result(conn)?;
    let queries: Count = sql_query("SELECT count(*) AS count FROM queries").get_result(conn)?;
    let mut kept: BTreeMap<String, u64> = BTreeMap::new();
    for row in titles {
        *kept.entry(row.title).or_default() += 1;
    }
    let mut differences: Vec<String> = acknowledged
        .iter()
        .filter(|mark| !kept.contains_key(*mark))
        .map(|mark| format!("{mark} was acknowledged and is lost"))
        .collect();
    for (mark, times) in kept {
        if times != 1 || !sent.contains(&mark) {
            differences.push(format!("{mark} is there {times} times"));
        }
    }
    if events.count != queries.count {
        differences.push(format!("{} queries have {} audit events", queries.count, events.count));
    }
    Ok(differences)
}

/// Lines of the program's log with one of these words, which must not be.
pub(crate) fn faults_in_log(folder: &Path, words: &[&str]) -> Vec<String> {
    let log = std::fs::read_to_string(folder.join("log")).expect("the log");
    log.lines()
        .filter(|line| words.iter().any(|words| line.contains(words)))
        .map(|line| format!("log: {line}"))
        .collect()
}
