//! What drills begin with: an installation whose program serves, callers, and queries with their answers.

use std::time::Duration;

use ahq_domain::user::Role;
use ahq_harness::installation::{Installation, Process};
use ahq_harness::{Client, Database};
use diesel::connection::{Connection, SimpleConnection};
use diesel::{PgConnection, SqliteConnection};
use serde_json::{Value, json};

use crate::Order;

/// An installation whose program serves without its worker.
pub(crate) struct Scene {
    /// The installation.
    pub(crate) installation: Installation,
    /// The program.
    pub(crate) process: Process,
}

impl Scene {
    /// Starts the program on a fresh database with a coordinator of each of these offices; none where the database is
    /// not there.
    pub(crate) async fn set(order: &Order, offices: &[&str]) -> Option<Self> {
        let installation = Installation::new(order.database, order.subject.clone()).await?;
        Some(Self::serve(installation, offices).await)
    }

    /// Starts the program of an installation likewise.
    pub(crate) async fn serve(installation: Installation, offices: &[&str]) -> Self {
        let exchange = installation.exchange().await;
        for office in offices {
            installation.add_user(&exchange, office, Role::Coordinator).await;
        }
        exchange.store().close().await;
        let process = serve(&installation).await;
        Self { installation, process }
    }

    /// Signs in the coordinator of an office.
    pub(crate) async fn coordinator(&self, office: &str) -> Client {
        let email = format!("coordinator.{office}@example.org").to_lowercase();
        Client::signed_in(self.installation.base(), &email).await
    }
}

/// Starts the program without its worker, and waits until it serves.
///
/// # Panics
/// When it does not.
pub(crate) async fn serve(installation: &Installation) -> Process {
    let mut process = installation.start(&["serve", "--no-worker"]);
    let ready = process.ready().await;
    assert!(ready.is_some(), "the program did not start: {}", installation.log());
    process
}

/// A draft query of two questions.
pub(crate) fn draft(title: &str) -> Value {
    json!({
        "title": title,
        "background": "We are **reviewing** our procedures.",
        "topics": ["unaccompanied_minors"],
        "questions": [
            {"id": "q1", "kind": "yes_no", "text": "Does your country register missing minors?"},
            {"id": "q2", "kind": "text", "text": "How?"}
        ]
    })
}

/// Answers to it.
pub(crate) fn answers() -> Value {
    json!({"answers": {"q1": {"yesNo": "yes"}, "q2": {"text": "By a register."}}})
}

/// Saves a draft; gives its path and its ETag.
pub(crate) async fn drafted(lead: &Client, title: &str) -> (String, String) {
    let reply = lead.post("/queries", &draft(title)).await.expect(201);
    let path = format!("/queries/{}", reply.json["id"].as_str().expect("an id"));
    (path, reply.etag())
}

/// Launches a query to all members; gives its path.
pub(crate) async fn launched(lead: &Client, title: &str) -> String {
    let (path, etag) = drafted(lead, title).await;
    let launch = json!({"addressed": "members"});
    lead.post_if(&format!("{path}/launch"), &etag, &launch)
        .await
        .expect(200);
    path
}

/// The ETag of what stands at an address now.
pub(crate) async fn etag(client: &Client, path: &str) -> String {
    client.get(path).await.expect(200).etag()
}

/// Waits until `condition` holds; whether it did within `limit`.
pub(crate) async fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = std::time::Instant::now() + limit;
    while !condition() {
        if std::time::Instant::now() >= end {
            return false;
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    true
}

/// A lock of the tables that every change needs; given back when it goes away.
pub(crate) enum Lock {
    /// SQLite's one write lock.
    File(#[expect(dead_code, reason = "it is held, not used")] SqliteConnection),
    /// PostgreSQL's lock of a table against changes.
    Server(#[expect(dead_code, reason = "it is held, not used")] PgConnection),
}

/// Takes it from outside the program, waiting for those who have it.
///
/// # Panics
/// When it is not given.
pub(crate) fn hold_lock(database: Database, address: &str) -> Lock {
    match database {
        Database::Sqlite => {
            let mut connection = SqliteConnection::establish(address).expect("the file opens");
            let begun = connection.batch_execute("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE");
            begun.expect("the lock is taken");
            Lock::File(connection)
        }
        Database::Postgres => {
            let mut connection = PgConnection::establish(address).expect("the server takes a connection");
            let begun = connection.batch_execute("BEGIN; LOCK TABLE queries IN EXCLUSIVE MODE");
            begun.expect("the lock is taken");
            Lock::Server(connection)
        }
    }
}
