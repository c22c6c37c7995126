//! Writers: each takes its queries through their steps, one request at a time, and keeps the journal of what was
//! acknowledged. When the connection breaks it repeats the request after the restart, as any client does.

use std::time::{Duration, Instant};

use ahq_harness::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::journal::{Life, PLAN, Step, mark};
use crate::scene::{answers, draft};

/// How long a writer waits for one reply before that counts as a broken connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// A writer with its journal.
pub(crate) struct Writer {
    number: usize,
    lead: Client,
    answering: Client,
    office: String,
    operations: u64,
    /// The request without a reply.
    pending: Option<Asked>,
    /// Its queries, the last one at work.
    pub(crate) lives: Vec<Life>,
    /// Operations whose reply came.
    pub(crate) acknowledged: u64,
    /// Operations without a reply that were found done when they were repeated.
    pub(crate) found_done: u64,
    /// Replies that contradict the journal.
    pub(crate) refused: Vec<String>,
}

/// A request.
#[derive(Debug, Clone)]
struct Asked {
    step: Step,
    path: String,
    etag: Option<String>,
    mark: String,
    body: Value,
    /// Whether it was sent before, and may have been done.
    again: bool,
}

/// What came back whole.
struct Told {
    status: u16,
    etag: Option<String>,
    body: Value,
}

impl Writer {
    /// A writer that asks with the rights of `lead`, and answers with those of `answering`, who is of `office`.
    pub(crate) fn new(number: usize, lead: Client, answering: Client, office: &str) -> Self {
        Self {
            number,
            lead,
            answering,
            office: office.to_owned(),
            operations: 0,
            pending: None,
            lives: Vec::new(),
            acknowledged: 0,
            found_done: 0,
            refused: Vec::new(),
        }
    }

    /// Works until the program is gone.
    pub(crate) async fn work(mut self) -> Self {
        while self.step().await.is_some() {}
        self
    }

    /// Repeats the request without a reply, if there is one, and does nothing new.
    pub(crate) async fn settle(mut self) -> Self {
        let end = Instant::now() + PATIENCE;
        while self.pending.is_some() && Instant::now() < end && self.step().await.is_some() {}
        if let Some(asked) = &self.pending {
            self.refused.push(format!(
                "{asked:?} is never done, although nobody kills the program any more"
            ));
        }
        self
    }

    /// Does one operation; none when the program did not reply.
    async fn step(&mut self) -> Option<()> {
        let asked = match self.pending.take() {
            Some(asked) => asked,
            None => self.next().await?,
        };
        let told = self.send(&asked).await;
        let again = Some(Asked {
            again: true,
            ..asked.clone()
        });
        let Some(told) = told else {
            self.pending = again;
            return None;
        };
        match told.status {
            200 | 201 => {
                self.acknowledged += 1;
                self.keep(asked, told);
            }
            // It was done before the kill: what it was to change is no longer as it was read.
            412 | 428 if asked.again && !asked.step.is_post() => {
                let read = match asked.step {
                    Step::Change => self.get(asked.step, &asked.path).await,
                    _ => Some(told),
                };
                let Some(read) = read else {
                    self.pending = again;
                    return None;
                };
                self.found_done += 1;
                self.keep(asked, read);
            }
            // The access token has ended, which the drill renews between two rounds.
            401 => {
                self.pending = again;
                return None;
            }
            429 | 503 => {
                self.pending = again;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            status => {
                self.refused.push(format!("{asked:?} got {status}: {}", told.body));
                self.give_up();
            }
        }
        Some(())
    }

    /// The next request; none when the program did not reply to what had to be read for it.
    async fn next(&mut self) -> Option<Asked> {
        loop {
            let Some(life) = self.lives.last().filter(|life| life.next().is_some()) else {
                return Some(self.ask(Step::Create, "/queries".to_owned(), None));
            };
            let step = life.next()?;
            let path = life.path(step);
            let etag = if step.is_of_query() {
                Some(life.etag.clone())
            } else {
                let begun = PLAN[..life.marks.len()].contains(&Step::Draft);
                let read = path.trim_end_matches("/submission").to_owned();
                if begun {
                    let told = self.get(step, &read).await?;
                    if told.status == 401 {
                        return None;
                    }
                    if told.etag.is_none() {
                        self.refused.push(format!("{read} got {}: {}", told.status, told.body));
                        self.give_up();
                        continue;
                    }
                    told.etag
                } else {
                    None
                }
            };
            return Some(self.ask(step, path, etag));
        }
    }

    fn ask(&mut self, step: Step, path: String, etag: Option<String>) -> Asked {
        self.operations += 1;
        let mark = mark(self.number, self.operations);
        let body = match step {
            Step::Create | Step::Change => draft(&mark),
            Step::Launch => json!({"addressed": "members"}),
            Step::Draft => {
                let mut body = answers();
                body["answers"]["q2"]["text"] = json!(mark);
                body
            }
            Step::Answer => json!({"text": mark}),
            Step::Submit => json!({}),
            Step::Withdraw => json!({"reason": "It is not needed any more."}),
        };
        Asked {
            step,
            path,
            etag,
            mark,
            body,
            again: false,
        }
    }

    fn client(&self, step: Step) -> &Client {
        if step.is_of_query() {
            &self.lead
        } else {
            &self.answering
        }
    }

    async fn send(&self, asked: &Asked) -> Option<Told> {
        let method = if asked.step.is_post() {
            Method::POST
        } else {
            Method::PUT
        };
        let mut request = self.client(asked.step).request(method, &asked.path).json(&asked.body);
        if asked.step.is_post() {
            request = request.header("Idempotency-Key", &asked.mark);
        }
        if let Some(etag) = &asked.etag {
            request = request.header("If-Match", etag);
        }
        receive(request).await
    }

    async fn get(&self, step: Step, path: &str) -> Option<Told> {
        receive(self.client(step).request(Method::GET, path)).await
    }

    /// Writes an operation into the journal.
    fn keep(&mut self, asked: Asked, told: Told) {
        if asked.step == Step::Create {
            self.lives.push(Life {
                id: told.body["id"].as_str().unwrap_or_default().to_owned(),
                etag: String::new(),
                office: self.office.clone(),
                addressees: 0,
                marks: Vec::new(),
                broken: false,
            });
        }
        let Some(life) = self.lives.last_mut() else {
            return;
        };
        if asked.step.is_of_query() {
            life.etag = told.etag.unwrap_or_default();
        }
        if asked.step == Step::Launch {
            life.addressees = told.body["addressees"].as_array().map_or(0, Vec::len);
        }
        life.marks.push(asked.mark);
    }

    fn give_up(&mut self) {
        if let Some(life) = self.lives.last_mut() {
            life.broken = true;
        }
    }
}

/// The whole reply; none when the connection broke before its end.
async fn receive(request: reqwest::RequestBuilder) -> Option<Told> {
    let reply = request.timeout(PATIENCE).send().await.ok()?;
    let status = reply.status().as_u16();
    let etag = reply
        .headers()
        .get("etag")
        .and_then(|etag| etag.to_str().ok())
        .map(str::to_owned);
    let text = reply.text().await.ok()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Some(Told { status, etag, body })
}
