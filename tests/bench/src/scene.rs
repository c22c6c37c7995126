//! One program at work on the stated work, with its callers signed in.

use std::time::Duration;

use ahq_domain::user::Role;
use ahq_harness::Database;
use ahq_harness::installation::{Installation, Process, Subject};
use ahq_server::data::Network;
use ahq_server::system;
use serde_json::json;

use crate::callers::{Reader, Submitter, etag, sign_in};
use crate::driver::{Asker, CONNECTIONS, Measured, drive};
use crate::load::{OFFICES, Work, load};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// P1: the list of open queries, 20 a page.
    List,
    /// P2: one query with its questions.
    Query,
    /// P3: all responses of one query, made live.
    Responses,
    /// P3e: the same as a frozen edition.
    Edition,
    /// P4: a response of six answers is submitted.
    Submission,
}

/// A program at work.
pub(crate) struct Scene {
    /// Its folder and database.
    pub(crate) installation: Installation,
    /// The program.
    pub(crate) process: Process,
    /// How long it took from its start to the first reply.
    pub(crate) started: Vec<Duration>,
    /// Its memory before the first request, in KiB.
    pub(crate) idle: u64,
    /// What was loaded.
    pub(crate) work: Work,
    tokens: Vec<String>,
    client: reqwest::Client,
    submitters: Vec<Box<dyn Asker>>,
}

impl Scene {
    /// Loads the work, starts the program and signs the callers in; none where the database is not there.
    pub(crate) async fn set(database: Database, scale: usize, starts: usize) -> Option<Self> {
        let installation = Installation::new(database, Subject::Right).await?;
        let exchange = installation.exchange().await;
        let network = Network::embedded().expect("the embedded data are right");
        let now = system::clock().now();
        let work = load(exchange.store(), &network.offices, scale, now, system::randomness()).await;
        let mut emails = Vec::new();
        for office in &work.offices {
            emails.push(
                installation
                    .add_user(&exchange, office.as_str(), Role::Coordinator)
                    .await,
            );
        }
        exchange.store().close().await;
        let mut started = Vec::new();
        let mut process = installation.start(&["serve", "--no-worker"]);
        started.push(process.ready().await.expect("the program starts"));
        for _ in 1..starts {
            process.stop().await;
            process = installation.start(&["serve", "--no-worker"]);
            started.push(process.ready().await.expect("the program starts"));
        }
        started.sort();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let idle = process.memory().map_or(0, |(now, _)| now);
        let client = reqwest::Client::new();
        let mut tokens = Vec::new();
        for caller in 0..CONNECTIONS {
            tokens.push(sign_in(&client, &installation.base(), &emails[caller % OFFICES]).await);
        }
        let mut scene = Self {
            installation,
            process,
            started,
            idle,
            work,
            tokens,
            client,
            submitters: Vec::new(),
        };
        scene.compile().await;
        scene.submitters = scene.submitters().await;
        Some(scene)
    }

    /// Each office compiles the first closed query it leads.
    async fn compile(&self) {
        for lead in 0..OFFICES {
            let path = format!("/api/v1/queries/{}", self.work.closed[lead]);
            let base = self.installation.base();
            let etag = etag(&self.client, &base, &path, &self.tokens[lead]).await;
            let reply = self
                .client
                .post(format!("{base}{path}/editions"))
                .bearer_auth(&self.tokens[lead])
                .header("If-Match", etag)
                .json(&json!({}))
                .send()
                .await
                .expect("the program replies");
            assert_eq!(reply.status(), 201, "an edition is made");
        }
    }

    /// Each caller has open queries of its own to answer, so that nobody waits for another's version.
    async fn submitters(&self) -> Vec<Box<dyn Asker>> {
        let mut askers: Vec<Box<dyn Asker>> = Vec::new();
        for (caller, token) in self.tokens.iter().enumerate() {
            let office = caller % OFFICES;
            let mut responses = Vec::new();
            for (index, query) in self.work.open.iter().enumerate() {
                // The first two offices have two callers each.
                let others = CONNECTIONS - OFFICES > office && index % 2 != caller / OFFICES;
                if index % OFFICES == office || others {
                    continue;
                }
                let path = format!("/api/v1/queries/{query}/responses/{}", self.work.offices[office]);
                let tag = etag(&self.client, &self.installation.base(), &path, token).await;
                responses.push((format!("{path}/submission"), tag));
            }
            askers.push(Box::new(Submitter::new(token.clone(), responses)));
        }
        askers
    }

    /// Asks for `job` from every connection for this time.
    pub(crate) fn measure(&mut self, job: Job, time: Duration) -> Measured {
        let address = self.installation.address();
        if job == Job::Submission {
            let (measured, submitters) = drive(address, std::mem::take(&mut self.submitters), time);
            self.submitters = submitters;
            return measured;
        }
        let askers = (0..CONNECTIONS)
            .map(|caller| {
                let paths = self.paths(job, caller % OFFICES);
                let reader = Reader::new(Some(self.tokens[caller].clone()), paths, caller * 7);
                Box::new(reader) as Box<dyn Asker>
            })
            .collect();
        drive(address, askers, time).0
    }

    fn paths(&self, job: Job, office: usize) -> Vec<String> {
        let closed = self.work.closed.iter();
        match job {
            Job::List => vec!["/api/v1/queries?status=open&limit=20".to_owned()],
            Job::Query => closed.map(|query| format!("/api/v1/queries/{query}")).collect(),
            // The live answers are for those who asked.
            Job::Responses => closed
                .skip(office)
                .step_by(OFFICES)
                .map(|query| format!("/api/v1/queries/{query}/responses"))
                .collect(),
            Job::Edition => closed
                .take(OFFICES)
                .map(|query| format!("/api/v1/queries/{query}/editions/1?circle=network"))
                .collect(),
            Job::Submission => Vec::new(),
        }
    }
}
