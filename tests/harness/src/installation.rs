//! An installation for benchmarks and drills: a folder, a database and the program as a process of its own, with the
//! machine's clock. It can be killed, stopped and started again on the same database.
//!
//! `cargo test` and `cargo run` build no other member's binary, so a benchmark or drill starts itself again as the
//! program: its `main` gives way to [`as_program`] first.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use ahq_domain::clock::{Clock, Instant};
use ahq_domain::office::OfficeCode;
use ahq_domain::user::Role;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::users::UserInput;
use ahq_exchange::work::Exchange;
use ahq_server::command::{Line, run};
use ahq_server::lifecycle::{self, Parts, Running};
use ahq_server::{config::Config, system};
use chrono::DateTime;
use clap::Parser;
use secrecy::SecretString;

use crate::{Database, PASSWORD, network, postgres};

/// The first argument that turns a benchmark or drill into the program.
const AS_PROGRAM: &str = "ahq";
/// The first argument that turns it into the program's worker with a clock of its own: the instant at which that clock
/// began, when that was by the machine's, both in microseconds, and how many times as fast it goes.
const AS_WORKER: &str = "ahq-worker";
/// What the keys on PostgreSQL are encrypted with.
const SECRET: &str = "a secret for drills only";

/// Runs as the program when this process was started as that; none otherwise.
pub async fn as_program() -> Option<ExitCode> {
    let mut arguments = std::env::args();
    let own = arguments.next()?;
    let ended = match arguments.next()?.as_str() {
        AS_PROGRAM => run(Line::parse_from(std::iter::once(own).chain(arguments))).await,
        AS_WORKER => {
            let numbers: Vec<i64> = arguments.map(|number| number.parse().expect("a number")).collect();
            let [begins, at, rate] = numbers[..] else {
                panic!("a worker is told its clock");
            };
            let clock = TimeLapse { begins, at, rate };
            let parts = Parts {
                config: Config::load(None).expect("the settings"),
                clock: clock.clock(),
                randomness: system::randomness(),
            };
            lifecycle::work(parts).await
        }
        _ => return None,
    };
    Some(match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where the program's own binary puts it too.
            #[expect(clippy::print_stderr, reason = "what went wrong is told where people look for it")]
            {
                eprintln!("ahq: {error}");
            }
            ExitCode::FAILURE
        }
    })
}

/// A clock that begins when it is told to and goes as fast as it is told to.
#[derive(Debug, Clone, Copy)]
pub struct TimeLapse {
    begins: i64,
    at: i64,
    rate: i64,
}

impl TimeLapse {
    /// One that shows `instant` now.
    pub fn from_now(instant: Instant, rate: i64) -> Self {
        Self {
            begins: instant.timestamp_micros(),
            at: micros_now(),
            rate,
        }
    }

    /// What it shows now.
    pub fn now(self) -> Instant {
        let micros = self.begins + (micros_now() - self.at) * self.rate;
        DateTime::from_timestamp_micros(micros).expect("an instant within chrono's range")
    }

    /// It as the exchange takes it.
    pub fn clock(self) -> Clock {
        Clock::new(move || self.now())
    }
}

fn micros_now() -> i64 {
    system::clock().now().timestamp_micros()
}

/// Which build of the program is put to the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The one this process is linked with.
    Right,
    /// One with a fault built in on purpose.
    Mutant {
        /// The drill that was built with all of them.
        binary: PathBuf,
        /// Which of them is awake.
        name: &'static str,
    },
}

/// A folder, a database, and how the program is started on them.
pub struct Installation {
    folder: tempfile::TempDir,
    database: String,
    listen: SocketAddr,
    subject: Subject,
    variables: Vec<(String, String)>,
}

impl Installation {
    /// An installation on a fresh database with the tables and the network's offices, topics and holidays; none where it
    /// needs a PostgreSQL that is not there.
    pub async fn new(database: Database, subject: Subject) -> Option<Self> {
        let installation = Self::empty(database, subject)?;
        let (store, _) = lifecycle::open(&installation.config(), true)
            .await
            .expect("the migrations run");
        store.close().await;
        let exchange = installation.exchange().await;
        let network = network();
        exchange
            .write(Credentials::System, move |work| {
                work.import_network(&network.offices, &network.topics, &network.holidays)
            })
            .await
            .expect("the network is imported");
        exchange.store().close().await;
        Some(installation)
    }

    /// An installation on a database that is still without tables; none where it needs a PostgreSQL that is not there.
    pub fn empty(database: Database, subject: Subject) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = match database {
            Database::Sqlite => folder.path().join("ahq.db").display().to_string(),
            Database::Postgres => postgres::server()?.database(),
        };
        Some(Self {
            folder,
            database,
            listen: free_port(),
            subject,
            variables: Vec::new(),
        })
    }

    /// Sets a variable of the program, such as `AHQ_MAIL__PORT`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.push((name.to_owned(), value.to_string()));
        self
    }

    /// Its folder; mail that leaves into a folder lies in `outbox` there.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of its database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Where it listens once it is started, without a slash at its end.
    pub fn base(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// The address and port it listens on.
    pub fn address(&self) -> SocketAddr {
        self.listen
    }

    /// The settings of the program, for what this process does with the database itself.
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        config.database.address.clone_from(&self.database);
        config.database.secret = Some(SecretString::from(SECRET));
        config.accounts = crate::accounts();
        config
    }

    /// The exchange on this database within this process. The caller closes its store.
    pub async fn exchange(&self) -> Exchange {
        self.exchange_at(system::clock()).await
    }

    /// The same with another clock.
    pub async fn exchange_at(&self, clock: Clock) -> Exchange {
        let parts = Parts {
            config: self.config(),
            clock,
            randomness: system::randomness(),
        };
        lifecycle::exchange(&parts).await.expect("the exchange opens")
    }

    /// The program within this process, serving without its worker, with another clock.
    pub async fn serve_at(&self, clock: Clock) -> Running {
        let mut config = self.config();
        config.server.listen = self.listen;
        let parts = Parts {
            config,
            clock,
            randomness: system::randomness(),
        };
        lifecycle::start(parts, false).await.expect("the program starts")
    }

    /// Adds an active user of an office with the password [`PASSWORD`]; gives the address to sign in with.
    pub async fn add_user(&self, exchange: &Exchange, office: &str, role: Role) -> String {
        let email = format!("{role:?}.{office}@example.org").to_lowercase();
        let code: OfficeCode = office.parse().expect("an office code");
        let input = UserInput {
            name: format!("{role:?} of {office}"),
            email: email.clone(),
            role,
        };
        exchange
            .add_user(code, input, PASSWORD.to_owned())
            .await
            .expect("the user is added");
        email
    }

    /// The program with these arguments, such as `serve`, not started yet. What it logs goes to the file `log`.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_as(AS_PROGRAM, arguments)
    }

    fn command_as(&self, what: &str, arguments: &[&str]) -> Command {
        let mut command = match &self.subject {
            Subject::Right => Command::new(std::env::current_exe().expect("the path of this program")),
            Subject::Mutant { binary, name } => {
                let mut command = Command::new(binary);
                command.env("AWAKE_MUTANT", name);
                command
            }
        };
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .expect("the log opens");
        command
            .arg(what)
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AHQ_SERVER__LISTEN", self.listen.to_string())
            .env("AHQ_SERVER__PUBLIC_ADDRESS", self.base())
            .env("AHQ_DATABASE__ADDRESS", &self.database)
            .env("AHQ_DATABASE__SECRET", SECRET)
            .env("AHQ_ACCOUNTS__SECOND_FACTOR", "false")
            .env("AHQ_ACCOUNTS__SESSION_HOURS", "720")
            .env("AHQ_ACCOUNTS__SESSION_IDLE_MINUTES", "43200")
            .env("AHQ_MAIL__FOLDER", self.folder.path().join("outbox"))
            .env("AHQ_ATTACHMENTS__STORE", self.folder.path().join("attachments"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log opens twice"))
            .stderr(log);
        command
    }

    /// Starts the program with these arguments. One that serves is waited for with [`Process::ready`].
    pub fn start(&self, arguments: &[&str]) -> Process {
        self.spawn(self.command(arguments))
    }

    /// Starts a worker with a clock of its own.
    pub fn start_worker(&self, clock: TimeLapse) -> Process {
        let numbers = [clock.begins, clock.at, clock.rate].map(|number| number.to_string());
        let arguments = numbers.each_ref().map(String::as_str);
        self.spawn(self.command_as(AS_WORKER, &arguments))
    }

    fn spawn(&self, mut command: Command) -> Process {
        Process {
            child: command.spawn().expect("the program starts"),
            begun: std::time::Instant::now(),
            listen: self.listen,
        }
    }

    /// What the program has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// A port of the loopback that nobody listens on.
fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
}

/// The program at work; killed when this goes away.
pub struct Process {
    child: Child,
    begun: std::time::Instant,
    listen: SocketAddr,
}

impl Process {
    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the first reply; gives how long that took from the start, or none when it ended or took over 30 seconds.
    pub async fn ready(&mut self) -> Option<Duration> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let end = self.begun + Duration::from_secs(30);
        while std::time::Instant::now() < end && self.child.try_wait().ok()?.is_none() {
            if let Ok(mut connection) = tokio::net::TcpStream::connect(self.listen).await {
                let mut first = [0; 12];
                let asked = connection
                    .write_all(b"GET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    .await;
                if asked.is_ok() && connection.read_exact(&mut first).await.is_ok() && first.ends_with(b"200") {
                    return Some(self.begun.elapsed());
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        None
    }

    /// Ends it as a power cut would: at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it where it stands (SIGSTOP), until [`Process::resume`].
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{signal} is not sent");
    }

    /// Asks it to end (SIGTERM) and waits; gives how long that took and whether it ended well.
    pub async fn stop(&mut self) -> (Duration, bool) {
        let begun = std::time::Instant::now();
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return (begun.elapsed(), status.success());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How long it has had a processor so far: what a request takes however busy the machine is; none where the machine does
    /// not tell.
    pub fn processor_time(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // Behind its name, which may hold anything, the 12th and 13th: in hundredths of a second.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let hundredths = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Duration::from_millis(10 * (hundredths(11)? + hundredths(12)?)))
    }

    /// Begins anew to look for its memory at its highest.
    pub fn forget_highest(&self) {
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// Its memory now, and at its highest, in KiB; none where the machine does not tell.
    pub fn memory(&self) -> Option<(u64, u64)> {
        memory_of(self.child.id())
    }
}

/// The memory of a process now, and at its highest, in KiB; none where the machine does not tell.
pub fn memory_of(process: u32) -> Option<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some((value("VmRSS:")?, value("VmHWM:")?))
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
