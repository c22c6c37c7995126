//! Starts the real program with a fresh database and a clock that stands still until it is moved.
//!
//! Tests speak HTTP to it as any client would; callers differ only in who they are.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod client;
mod contract;
pub mod form;
pub mod goal;
pub mod installation;
pub mod postgres;
pub mod provider;
pub mod text;

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use ahq_domain::clock::{Clock, Instant, Randomness};
use ahq_domain::office::OfficeCode;
use ahq_domain::user::Role;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::delivery::Sender;
use ahq_exchange::users::UserInput;
use ahq_mail::memory::Memory;
use ahq_mail::outgoing::{Mailbox, Outgoing};
use ahq_mail::transport::Transport;
use ahq_server::config::{AccountsConfig, Config};
use ahq_server::lifecycle::{Parts, Running, start};
use ahq_store::{Limits, Store, migration};
use chrono::{DateTime, Duration};
use secrecy::SecretString;

pub use client::{Client, Reply};

/// When a test begins unless it says otherwise: Monday 2 November 2026 is a holiday of the Commission, so the Tuesday
/// after it, 09:00 in Brussels.
pub const BEGIN: &str = "2026-11-03T08:00:00Z";

/// The password of every user of a test.
pub const PASSWORD: &str = "correct horse battery staple";

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// SQLite in a folder that goes away with the test.
    Sqlite,
    /// A database of its own on a throwaway server.
    Postgres,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// A running program.
pub struct App {
    running: Running,
    parts: Parts,
    address: SocketAddr,
    micros: Arc<AtomicI64>,
    outbox: Memory,
    folder: tempfile::TempDir,
}

/// Randomness that is the same in each run, so that nothing a test sees depends on chance.
fn counted() -> Randomness {
    let next = AtomicU64::new(1);
    Randomness::new(move |buffer| {
        for chunk in buffer.chunks_mut(8) {
            // SplitMix64: well mixed, and different for each call.
            let mut z = next.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let bytes = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    })
}

/// The settings of a test: a port of its own, few threads and connections, no background work.
fn config(address: String, folder: &std::path::Path) -> Config {
    let mut config = Config::default();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.server.workers = Some(2);
    config.accounts = accounts();
    config.database.address = address;
    config.database.connections = 4;
    config.database.secret = Some(SecretString::from("a secret for tests only"));
    config.attachments.store = Some(folder.join("attachments").display().to_string());
    config
}

/// Accounts of tests: a password opens each, and a session lasts while a test moves the clock.
fn accounts() -> AccountsConfig {
    AccountsConfig {
        second_factor: false,
        session_hours: 30 * 24,
        session_idle_minutes: 30 * 24 * 60,
    }
}

fn instant(text: &str) -> Instant {
    text.parse().expect("an instant in RFC 3339")
}

impl App {
    /// Starts the program; none where the test needs a PostgreSQL that is not there.
    pub async fn start(database: Database) -> Option<Self> {
        Self::start_with(database, |_| {}).await
    }

    /// Starts the program with some settings of its own.
    pub async fn start_with(database: Database, change: impl FnOnce(&mut Config)) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = match database {
            Database::Sqlite => folder.path().join("ahq.db").display().to_string(),
            Database::Postgres => migrated(postgres::server()?).await,
        };
        let micros = Arc::new(AtomicI64::new(instant(BEGIN).timestamp_micros()));
        let shown = Arc::clone(&micros);
        let clock = Clock::new(move || {
            DateTime::from_timestamp_micros(shown.load(Ordering::SeqCst)).expect("an instant within chrono's range")
        });
        let mut config = config(address, folder.path());
        change(&mut config);
        let parts = Parts {
            config,
            clock,
            randomness: counted(),
        };
        let running = start(parts.clone(), false).await.expect("the program starts");
        let app = Self {
            address: running.address(),
            running,
            parts,
            micros,
            outbox: Memory::new(),
            folder,
        };
        app.import_network().await;
        Some(app)
    }

    async fn import_network(&self) {
        let network = network();
        self.running
            .exchange()
            .write(Credentials::System, move |work| {
                work.import_network(&network.offices, &network.topics, &network.holidays)
            })
            .await
            .expect("the offices, topics and holidays are imported");
    }

    /// Makes a day the last one that an office takes part.
    pub async fn retire(&self, office: &str, last_day: &str) {
        let known = network().offices.iter().find(|known| known.code.as_str() == office);
        let mut office = known.expect("an office of this code").clone();
        office.until = Some(last_day.parse().expect("a day"));
        self.exchange()
            .write(Credentials::System, move |work| {
                work.import_network(&[office], &[], &[])
            })
            .await
            .expect("the office is renewed");
    }

    /// The program behind the interface, for what only an operator does.
    pub fn exchange(&self) -> &ahq_exchange::work::Exchange {
        self.running.exchange()
    }

    /// What the program was started from, for the operator's commands.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// A folder of this test alone.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Another server on the same database, with the same clock. Whoever starts it stops it.
    pub async fn beside(&self) -> Running {
        start(self.parts.clone(), false).await.expect("another program starts")
    }

    /// The names of the files that are kept of attachments.
    pub fn kept_files(&self) -> Vec<String> {
        let kept = std::fs::read_dir(self.folder.path().join("attachments")).expect("the folder of attachments");
        kept.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// The address of the interface, without a slash at its end.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the clock.
    pub fn set_clock(&self, text: &str) {
        self.micros.store(instant(text).timestamp_micros(), Ordering::SeqCst);
    }

    /// Moves the clock on.
    pub fn pass(&self, time: Duration) {
        let micros = time.num_microseconds().expect("a duration of fewer than 290,000 years");
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// Nobody in particular.
    pub fn public(&self) -> Client {
        Client::new(self.base())
    }

    /// A signed-in user of an office, made for this test.
    pub async fn user(&self, office: &str, role: Role) -> Client {
        let email = format!("{}.{role:?}@example.org", office.to_lowercase()).to_lowercase();
        let input = UserInput {
            name: format!("{role:?} of {office}"),
            email: email.clone(),
            role,
        };
        let code: OfficeCode = office.parse().expect("an office code");
        self.exchange()
            .add_user(code, input, PASSWORD.to_owned())
            .await
            .expect("the user is added");
        self.sign_in(&email).await
    }

    /// A coordinator of an office.
    pub async fn coordinator(&self, office: &str) -> Client {
        self.user(office, Role::Coordinator).await
    }

    /// Another coordinator of an office, made where there is none yet: two people are needed for some things.
    pub async fn second_coordinator(&self, office: &str) -> Client {
        let email = format!("{}.second@example.org", office.to_lowercase());
        let input = UserInput {
            name: format!("Second of {office}"),
            email: email.clone(),
            role: Role::Coordinator,
        };
        let code: OfficeCode = office.parse().expect("an office code");
        // The address is taken by whoever it was made for before.
        let _ = self.exchange().add_user(code, input, PASSWORD.to_owned()).await;
        self.sign_in(&email).await
    }

    /// Signs in the coordinator of an office that is there.
    pub async fn sign_in_coordinator(&self, office: &str) -> Client {
        self.sign_in(&coordinator_address(office)).await
    }

    /// Signs in a user that is there.
    pub async fn sign_in(&self, email: &str) -> Client {
        Client::signed_in(self.base(), email).await
    }

    /// Delivers what is due and gives all messages that have left so far.
    pub async fn deliver(&self) -> Vec<Outgoing> {
        self.deliver_through(&Transport::Memory(self.outbox.clone())).await;
        self.outbox.sent()
    }

    /// Delivers what is due over a transport.
    pub async fn deliver_through(&self, transport: &Transport) {
        while !self
            .exchange()
            .deliver_due(transport, &sender(), 100)
            .await
            .expect("a round of delivery")
            .is_empty()
        {}
    }

    /// How many statements use cases have sent so far.
    pub fn statements(&self) -> u64 {
        self.exchange().store().statements()
    }
}

/// The address of the coordinator that [`App::coordinator`] makes.
pub fn coordinator_address(office: &str) -> String {
    format!("{}.coordinator@example.org", office.to_lowercase())
}

/// Who the exchange is in the mails of tests and drills.
pub fn sender() -> Sender {
    Sender {
        from: Mailbox::named("EMN ad-hoc query exchange", "exchange@example.org"),
        domain: "exchange.example.org".to_owned(),
    }
}

/// The address of a database on the server with all migrations run.
async fn migrated(server: &postgres::Server) -> String {
    let address = server.database();
    let store = Store::open(&address.parse().expect("an address"), Limits::default()).expect("the database opens");
    store.write(migration::run).await.expect("the migrations run");
    store.close().await;
    address
}

/// The network's data, read once.
fn network() -> &'static ahq_server::data::Network {
    static NETWORK: OnceLock<ahq_server::data::Network> = OnceLock::new();
    NETWORK.get_or_init(|| ahq_server::data::Network::embedded().expect("the embedded data are right"))
}
