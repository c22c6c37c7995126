//! R9: the disk is full, the database is restarted, every connection is taken: nothing acknowledged is lost, callers are
//! told when to come back, and afterwards all goes on without a restart of the program.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ahq_domain::user::Role;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::{Installation, Process};
use ahq_harness::postgres::Server;
use ahq_harness::{Client, Database, postgres};
use ahq_server::config::Config;
use ahq_server::lifecycle;
use diesel::PgConnection;
use diesel::connection::{Connection, SimpleConnection};

use crate::Order;
use crate::load::{Load, Reads, differences, faults_in_log};
use crate::scene::{hold_lock, serve};

/// How many write at once.
const WRITERS: usize = 16;
/// How many read meanwhile.
const READERS: usize = 4;
/// Their offices.
const OFFICES: [&str; 4] = ["LU", "NL", "AT", "BE"];
/// How often each failure comes.
const ROUNDS: u64 = 20;
const ROUNDS_SHORT: u64 = 4;
/// How long callers may be refused after the failure is over.
const RECOVERY: Duration = Duration::from_secs(10);
/// How long it may take until a failure shows.
const SHOWS: Duration = Duration::from_secs(20);
/// How long a state lasts beyond what shows it.
const STAY: Duration = Duration::from_millis(500);
/// How many callers there are where the connections run out, and how many connections.
const CROWD: usize = 64;
const CONNECTIONS: u32 = 2;
/// How long somebody else holds a lock that every change needs. By then each caller has to know: it waits five seconds at
/// the most for a connection, and five for the lock.
const LOCKED: Duration = Duration::from_secs(12);
/// The size of the small disk in MiB.
const DISK: u32 = 96;

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let rounds = if order.short { ROUNDS_SHORT } else { ROUNDS };
    match order.database {
        Database::Sqlite => {
            let mut goals = full_file(order, rounds).await;
            goals.extend(exhausted(order).await);
            goals
        }
        Database::Postgres => {
            let Some(server) = postgres::server() else {
                return Vec::new();
            };
            let mut goals = full_server(order, server, rounds).await;
            goals.extend(restarted(order, server, rounds).await);
            goals.extend(exhausted(order).await);
            goals
        }
    }
}

/// The failure that is tried, and what was measured of it.
struct Trial {
    /// What happens: `disk`, `restart`, `pool`.
    name: &'static str,
    installation: Installation,
    process: Process,
    clients: Vec<Client>,
    /// The longest time from the end of a failure until each caller was served again; none when that took too long.
    worst: Option<Duration>,
    /// What should not have been.
    faults: Vec<String>,
    /// What must not be in the log.
    words: &'static [&'static str],
}

impl Trial {
    /// Starts the program on an installation that has its users.
    async fn start(name: &'static str, installation: Installation) -> Self {
        let process = serve(&installation).await;
        let mut clients = Vec::new();
        for office in OFFICES {
            let email = format!("coordinator.{office}@example.org").to_lowercase();
            clients.push(Client::signed_in(installation.base(), &email).await);
        }
        Self {
            name,
            installation,
            process,
            clients,
            worst: Some(Duration::ZERO),
            faults: Vec::new(),
            words: &["panicked", "database is locked"],
        }
    }

    /// Waits until all are served again after a failure; whether they are. If not, more failures would show nothing.
    async fn recover(&mut self, load: &Load, round: u64) -> bool {
        // Longer than it may take, so that one is told from never.
        let took = load.each_served(RECOVERY * 2).await;
        self.worst = took.and_then(|took| self.worst.map(|worst| worst.max(took)));
        if took.is_none() {
            let fault = format!("round {round}: not everybody was served again");
            self.faults.push(fault);
        }
        took.is_some()
    }

    /// Ends the load and the program, and holds the tables against what was acknowledged.
    async fn end(mut self, order: &Order, load: Load, database: &str) -> Vec<Goal> {
        let (served, refused) = (load.served(), load.refused());
        let seen = load.stop().await;
        self.faults.extend(seen.faults);
        if self.process.stop().await.1 {
            let mut config = Config::default();
            config.database.address = database.to_owned();
            let (store, _) = lifecycle::open(&config, false).await.expect("the database opens");
            let (sent, acknowledged) = (seen.sent, seen.acknowledged.clone());
            let found = store.read(move |conn| differences(conn, &sent, &acknowledged)).await;
            store.close().await;
            self.faults.extend(found.expect("the tables are read"));
        } else {
            self.faults.push("the program did not end well".to_owned());
        }
        self.faults
            .extend(faults_in_log(self.installation.folder(), self.words));
        say(format!(
            "  {}: {} writes acknowledged and {} refused, {} reads and {} refused {:?}, {} faults",
            self.name,
            seen.acknowledged.len(),
            refused.0,
            served.1,
            refused.1,
            seen.codes,
            self.faults.len()
        ));
        // Kinds of faults, not each of them.
        let kinds: BTreeSet<String> = self
            .faults
            .iter()
            .map(|fault| fault.chars().take(400).collect())
            .collect();
        for fault in kinds.iter().take(10) {
            say(format!("    {fault}"));
        }
        let goal = order.goal(&format!("R9-{}", self.name));
        let took = self
            .worst
            .map_or("never".to_owned(), |worst| format!("{}ms", worst.as_millis()));
        vec![
            Goal::new(&goal, self.faults.len(), 0, self.faults.is_empty()),
            Goal::new(
                format!("{goal}-recovery"),
                took,
                format!("<={}ms", RECOVERY.as_millis()),
                self.worst.is_some_and(|worst| worst <= RECOVERY),
            ),
        ]
    }
}

/// An installation with a coordinator of each office, whose program is not started.
async fn prepared(order: &Order) -> Option<Installation> {
    let installation = Installation::new(order.database, order.subject.clone()).await?;
    let exchange = installation.exchange().await;
    for office in OFFICES {
        installation.add_user(&exchange, office, Role::Coordinator).await;
    }
    exchange.store().close().await;
    Some(installation)
}

/// SQLite on a small disk that is filled up and freed again.
async fn full_file(order: &Order, rounds: u64) -> Vec<Goal> {
    let installation = prepared(order).await.expect("SQLite is always there");
    let owner = std::fs::metadata(installation.folder()).expect("the folder").uid();
    let disk = match Disk::mount(&std::env::temp_dir(), owner) {
        Ok(disk) => disk,
        Err(fault) => return vec![without_disk(order, &fault)],
    };
    for name in ["ahq.db", "keys.json"] {
        std::fs::copy(installation.folder().join(name), disk.path.join(name)).expect("a file is copied");
    }
    let database = disk.path.join("ahq.db").display().to_string();
    let installation = installation.with("AHQ_DATABASE__ADDRESS", &database);
    let trial = Trial::start("disk", installation).await;
    fill_and_free(order, trial, &disk, rounds, &database).await
}

/// PostgreSQL with this database's tables on a small disk; its log lies elsewhere, since a server without room for that
/// stops itself.
async fn full_server(order: &Order, server: &Server, rounds: u64) -> Vec<Goal> {
    let installation = prepared(order).await.expect("the server is there");
    let database = installation.database().to_owned();
    let disk = match Disk::mount(&std::env::temp_dir(), server.owner()) {
        Ok(disk) => disk,
        Err(fault) => return vec![without_disk(order, &fault)],
    };
    let (place, name) = database.rsplit_once('/').expect("an address with a name");
    let mut other = connect(&format!("{place}/template1"));
    let folder = disk.path.join("tables");
    std::fs::create_dir(&folder).expect("a folder on the disk");
    std::os::unix::fs::chown(&folder, Some(server.owner()), None).expect("the folder is the server's");
    let place = folder.display();
    for statement in [
        format!("CREATE TABLESPACE small LOCATION '{place}'"),
        format!("ALTER DATABASE {name} SET TABLESPACE small"),
    ] {
        other.batch_execute(&statement).expect("the tables move to the disk");
    }
    let trial = Trial::start("disk", installation).await;
    let goals = fill_and_free(order, trial, &disk, rounds, &database).await;
    for statement in [
        format!("DROP DATABASE {name} WITH (FORCE)"),
        "DROP TABLESPACE small".to_owned(),
    ] {
        other.batch_execute(&statement).expect("the tables leave the disk");
    }
    goals
}

async fn fill_and_free(order: &Order, mut trial: Trial, disk: &Disk, rounds: u64, database: &str) -> Vec<Goal> {
    let load = Load::start(&trial.clients, WRITERS, READERS, Reads::GoOn);
    trial.recover(&load, 0).await;
    for round in 1..=rounds {
        tokio::time::sleep(STAY).await;
        // Now none is left, now some pages: then it is another file or another moment that finds no room.
        disk.fill((round - 1) * 24 * 1024);
        let shown = load.each_writer_refused(SHOWS).await;
        tokio::time::sleep(STAY).await;
        if !shown {
            trial.faults.push(format!(
                "round {round}: the disk was full and not every writer was refused"
            ));
        }
        if load.each_reader_served(RECOVERY).await.is_none() {
            trial.faults.push(format!("round {round}: reads did not go on"));
        }
        disk.free();
        if !trial.recover(&load, round).await || order.is_decided(trial.faults.len()) {
            break;
        }
    }
    trial.end(order, load, database).await
}

/// The server restarts in both ways, and its connections are ended, under load.
async fn restarted(order: &Order, server: &Server, rounds: u64) -> Vec<Goal> {
    let installation = prepared(order).await.expect("the server is there");
    let database = installation.database().to_owned();
    let mut trial = Trial::start("restart", installation).await;
    let load = Load::start(&trial.clients, WRITERS, READERS, Reads::MayPause);
    trial.recover(&load, 0).await;
    'rounds: for round in 1..=rounds {
        for way in ["fast", "immediate", "terminate"] {
            let before = load.refused();
            if way == "terminate" {
                connect(&database)
                    .batch_execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE datname = current_database() AND pid <> pg_backend_pid()",
                    )
                    .expect("the connections are ended");
            } else {
                tokio::task::block_in_place(|| server.restart(way));
            }
            if !trial.recover(&load, round).await {
                break 'rounds;
            }
            if load.refused() == before {
                trial.faults.push(format!("round {round}: nobody noticed {way}"));
            }
        }
        say(format!("  round {round} of {rounds}"));
    }
    trial.end(order, load, &database).await
}

/// Two connections for many callers, while somebody else holds the lock that every change needs. On SQLite reads go on;
/// on PostgreSQL the changes that wait for the lock have taken every connection.
async fn exhausted(order: &Order) -> Vec<Goal> {
    let installation = prepared(order).await.expect("the database is there");
    let database = installation.database().to_owned();
    let installation = installation.with("AHQ_DATABASE__CONNECTIONS", CONNECTIONS);
    let mut trial = Trial::start("pool", installation).await;
    // Here the log may say it, for it is so: another process keeps the lock of the file.
    trial.words = &["panicked"];
    let reads = match order.database {
        Database::Sqlite => Reads::GoOn,
        Database::Postgres => Reads::MayPause,
    };
    let load = Load::start(&trial.clients, CROWD - READERS, READERS, reads);
    trial.recover(&load, 0).await;
    let (lock, begun) = (hold_lock(order.database, &database), Instant::now());
    if !load.each_writer_refused(LOCKED).await {
        trial
            .faults
            .push(format!("not every writer was told within {} s", LOCKED.as_secs()));
    }
    tokio::time::sleep(LOCKED.saturating_sub(begun.elapsed())).await;
    drop(lock);
    trial.recover(&load, 1).await;
    trial.end(order, load, &database).await
}

fn connect(address: &str) -> PgConnection {
    PgConnection::establish(address).expect("the server takes a connection")
}

/// The goal that is not reached where no small disk can be made: left out is not passed.
fn without_disk(order: &Order, fault: &str) -> Goal {
    say(format!(
        "  a small disk is made with `mount -t tmpfs`, as root or by sudo: {fault}"
    ));
    Goal::new(order.goal("R9-disk"), "no-small-disk", 0, false)
}

/// A small disk of its own: a tmpfs, which goes away with this.
struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Mounts one in a folder, for this user.
    fn mount(folder: &Path, owner: u32) -> Result<Self, String> {
        let path = folder.join(format!("ahq-disk-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|fault| fault.to_string())?;
        as_root(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o"])
                .arg(format!("size={DISK}m,uid={owner},mode=0755"))
                .arg("ahq-disk")
                .arg(&path),
        )?;
        Ok(Self { path })
    }

    /// Fills it up but for this many bytes.
    fn fill(&self, left: u64) {
        let ballast = self.path.join("ballast");
        let mut file = File::create(&ballast).expect("the ballast");
        let zeros = [0; 4096];
        while file.write_all(&zeros).is_ok() {}
        let size = file.metadata().expect("the ballast").len();
        file.set_len(size.saturating_sub(left)).expect("the ballast is cut");
    }

    /// Takes the ballast away.
    fn free(&self) {
        std::fs::remove_file(self.path.join("ballast")).expect("the ballast is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = as_root(Command::new("umount").arg("--lazy").arg(&self.path));
        let _ = std::fs::remove_dir(&self.path);
    }
}

/// Runs a command, by sudo where it is not permitted otherwise and sudo asks nothing.
fn as_root(command: &Command) -> Result<(), String> {
    let mut said = String::new();
    for prefix in [&[][..], &["sudo", "-n"]] {
        let words: Vec<_> = prefix
            .iter()
            .map(std::ffi::OsStr::new)
            .chain([command.get_program()])
            .chain(command.get_args())
            .collect();
        let Some((program, arguments)) = words.split_first() else {
            continue;
        };
        match Command::new(program).args(arguments).stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => said = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(fault) => said = fault.to_string(),
        }
    }
    Err(said)
}
