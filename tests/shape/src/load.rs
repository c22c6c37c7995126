//! Callers that write and read without pause, send each failed request once more, and count what that did not mend.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ahq_harness::Client;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::shape::{OFFICES, Shape};
use crate::story::draft;

/// How many callers there are.
const CALLERS: usize = 6;
/// How long a caller waits for a reply.
const PATIENCE: Duration = Duration::from_secs(15);
/// Titles stay different between two loads on one database.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What the callers saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Requests, repeats not counted.
    pub(crate) sent: u64,
    /// Requests that had to be repeated.
    pub(crate) failed: u64,
    /// What went wrong with a request and its repeat too.
    pub(crate) unmended: Vec<String>,
    /// The titles of the drafts that were acknowledged.
    pub(crate) acknowledged: BTreeSet<String>,
}

/// Callers at work until they are stopped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    callers: JoinSet<Tally>,
}

impl Load {
    /// Sets them to work through the balancer.
    pub(crate) async fn start(shape: &Shape) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for number in 0..CALLERS {
            let caller = Caller {
                client: shape.coordinator(OFFICES[number % OFFICES.len()]).await,
                stop: Arc::clone(&stop),
                tally: Tally::default(),
            };
            callers.spawn(caller.work());
        }
        Self { stop, callers }
    }

    /// Lets them finish; gives what all of them saw.
    pub(crate) async fn stop(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for tally in self.callers.join_all().await {
            all.sent += tally.sent;
            all.failed += tally.failed;
            all.unmended.extend(tally.unmended);
            all.acknowledged.extend(tally.acknowledged);
        }
        all
    }
}

/// A reply.
struct Heard {
    status: u16,
    etag: String,
    /// The seconds of Retry-After; 0 where there is none.
    wait: u64,
    body: Value,
}

impl Heard {
    /// What is told of a reply that should have been another.
    fn told(&self) -> String {
        format!("{} {}", self.status, self.body["code"])
    }
}

struct Caller {
    client: Client,
    stop: Arc<AtomicBool>,
    tally: Tally,
}

impl Caller {
    async fn work(mut self) -> Tally {
        while !self.stop.load(Ordering::Relaxed) {
            if let Err(fault) = self.round().await {
                self.tally.unmended.push(fault);
                // The control would spin.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        self.tally
    }

    /// A draft, a look at it, a change of it, the list.
    async fn round(&mut self) -> Result<(), String> {
        let title = format!("Load-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let post = self.client.request(Method::POST, "/queries").json(&draft(&title));
        let made = self.ask(post.header("Idempotency-Key", &title), 201).await?;
        self.tally.acknowledged.insert(title.clone());
        let path = format!("/queries/{}", made.body["id"].as_str().unwrap_or_default());
        let seen = self.ask(self.client.request(Method::GET, &path), 200).await?;
        if seen.body["title"] != title.as_str() {
            return Err(format!("{title} reads {}", seen.body["title"]));
        }
        let mut changed = draft(&title);
        changed["background"] = "Changed.".into();
        let put = self
            .client
            .request(Method::PUT, &path)
            .json(&changed)
            .header("If-Match", made.etag);
        if let Err(fault) = self.ask(put, 200).await {
            // The first try may have been done and its reply lost: then the repeat is told that it comes second (412).
            let now = self.ask(self.client.request(Method::GET, &path), 200).await?;
            if !(fault.starts_with("412") && now.body["background"] == "Changed.") {
                return Err(fault);
            }
        }
        self.ask(self.client.request(Method::GET, "/queries?limit=5"), 200)
            .await?;
        Ok(())
    }

    /// Sends a request, and once more, when Retry-After says, where it failed; an error when that failed too.
    async fn ask(&mut self, request: RequestBuilder, wanted: u16) -> Result<Heard, String> {
        let again = request.try_clone().expect("a body that can be sent twice");
        self.tally.sent += 1;
        let first = match send(request).await {
            Ok(heard) if heard.status == wanted => return Ok(heard),
            // A refusal is no failure that a repeat could mend.
            Ok(heard) if heard.status < 500 => return Err(heard.told()),
            Ok(heard) => {
                tokio::time::sleep(Duration::from_secs(heard.wait)).await;
                heard.told()
            }
            Err(fault) => fault,
        };
        self.tally.failed += 1;
        match send(again).await {
            Ok(heard) if heard.status == wanted => Ok(heard),
            Ok(heard) => Err(format!("{} after {first}", heard.told())),
            Err(fault) => Err(format!("{fault} after {first}")),
        }
    }
}

async fn send(request: RequestBuilder) -> Result<Heard, String> {
    let reply = request.timeout(PATIENCE).send().await;
    let reply = reply.map_err(|error| format!("no reply: {error}"))?;
    let status = reply.status().as_u16();
    let header = |name: &str| reply.headers().get(name).and_then(|value| value.to_str().ok());
    let etag = header("etag").unwrap_or_default().to_owned();
    let wait = header("retry-after").and_then(|wait| wait.parse().ok()).unwrap_or(0);
    let text = reply.text().await.map_err(|error| format!("half a reply: {error}"))?;
    Ok(Heard {
        status,
        etag,
        wait,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    })
}
