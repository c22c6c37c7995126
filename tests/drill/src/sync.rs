//! R2: a power cut, which a killed process cannot stand in for: what it wrote is still in the kernel's hands, synced or
//! not. So the system calls are watched: between the write of a change and the reply that acknowledges it the log of the
//! database has to be synced. Many replies may share one sync.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ahq_domain::user::Role;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Installation;
use ahq_harness::{Client, Database};

use crate::Order;
use crate::journal::mark;
use crate::scene::draft;
use crate::trace::Trace;

/// A writer of each office.
const OFFICES: [&str; 8] = ["LU", "NL", "AT", "BE", "DE", "FR", "SE", "FI"];
/// How many changes each writer makes.
const CHANGES: u64 = 150;
const CHANGES_SHORT: u64 = 30;
/// What is watched. Texts are shown as far as a page of the log or a reply is long.
const WATCHED: [&str; 5] = [
    "-f",
    "-y",
    "--string-limit=16384",
    "--interruptible=waiting",
    "--trace=write,writev,pwrite64,pwritev,sendto,sendmsg,recvfrom,fsync,fdatasync",
];

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let failed = |why: &str| {
        say(format!("*** {} cannot be shown: {why} ***", order.goal("R2")));
        vec![Goal::new(order.goal("R2"), "nothing", 0, false)]
    };
    if Command::new("strace").arg("--version").output().is_err() {
        return failed("install strace");
    }
    let Some(installation) = Installation::new(order.database, order.subject.clone()).await else {
        return Vec::new();
    };
    let exchange = installation.exchange().await;
    let mut emails = Vec::new();
    for office in OFFICES {
        emails.push(installation.add_user(&exchange, office, Role::Coordinator).await);
    }
    exchange.store().close().await;

    let server = (order.database == Database::Postgres).then(|| postmaster(installation.database()));
    if server.is_some_and(|server| !may_watch(server)) {
        let why = "strace may not watch the server of PostgreSQL; run as root, or lower kernel.yama.ptrace_scope";
        if std::env::var_os("AHQ_REQUIRE_POSTGRES").is_some_and(|value| value != "0") {
            return failed(why);
        }
        say(format!("*** {} is LEFT OUT: {why} ***", order.goal("R2")));
        return Vec::new();
    }
    let file = installation.folder().join("trace");
    let watched = Watched::start(&installation, &file, server).await;
    let changes = if order.short { CHANGES_SHORT } else { CHANGES };
    let acknowledged = write(&installation, &emails, changes).await;
    watched.stop().await;

    let trace = Trace::read(&file, order.database);
    let (mut unsynced, mut unseen) = (0, 0);
    for mark in &acknowledged {
        match trace.is_synced(mark) {
            Some(true) => {}
            Some(false) => unsynced += 1,
            None => unseen += 1,
        }
    }
    say(format!(
        "  {}: {} replies, {} syncs of the log; {unsynced} replies without a sync before them, {unseen} not found in the \
         trace",
        order.goal("R2"),
        acknowledged.len(),
        trace.syncs()
    ));
    let faults = unsynced + unseen;
    vec![Goal::new(
        order.goal("R2"),
        faults,
        0,
        faults == 0 && acknowledged.len() >= 200,
    )]
}

/// Lets each user save drafts; gives the marks of those that were acknowledged.
async fn write(installation: &Installation, emails: &[String], changes: u64) -> Vec<String> {
    let mut writers = tokio::task::JoinSet::new();
    for (number, email) in emails.iter().enumerate() {
        let client = Client::signed_in(installation.base(), email).await;
        writers.spawn(async move {
            let mut marks = Vec::new();
            for change in 0..changes {
                let mark = mark(number, change);
                let request = client
                    .request(reqwest::Method::POST, "/queries")
                    .header("Idempotency-Key", &mark)
                    .json(&draft(&mark));
                client.send(request).await.expect(201);
                marks.push(mark);
            }
            marks
        });
    }
    writers.join_all().await.concat()
}

/// The program under strace, which watches the database's server with it where there is one.
struct Watched {
    strace: Child,
}

impl Watched {
    async fn start(installation: &Installation, file: &Path, server: Option<u32>) -> Self {
        let program = installation.command(&["serve", "--no-worker"]);
        let mut strace = Command::new("strace");
        strace.args(WATCHED).arg("--output").arg(file);
        if let Some(server) = server {
            strace.arg(format!("--attach={server}"));
        }
        strace.arg(program.get_program()).args(program.get_args());
        let folder = program.get_current_dir().expect("the program has its folder");
        strace.current_dir(folder);
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                strace.env(name, value);
            }
        }
        let log = std::fs::File::create(folder.join("strace.log")).expect("a log of strace");
        let mut strace = strace
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log opens twice"))
            .stderr(log)
            .spawn()
            .expect("strace starts");
        let ready = format!("{}/health/ready", installation.base());
        let end = Instant::now() + Duration::from_secs(60);
        while !reqwest::get(&ready).await.is_ok_and(|reply| reply.status() == 200) {
            let at_work = strace.try_wait().is_ok_and(|ended| ended.is_none());
            assert!(
                at_work && Instant::now() < end,
                "the program did not start under strace: {}",
                std::fs::read_to_string(folder.join("strace.log")).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { strace }
    }

    /// Ends the program, and then strace, which lets go of the server.
    async fn stop(mut self) {
        let strace = self.strace.id();
        let children = std::fs::read_to_string(format!("/proc/{strace}/task/{strace}/children"));
        for program in children.expect("the program is a child of strace").split_whitespace() {
            end(program);
            while Path::new("/proc").join(program).exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        end(&strace.to_string());
        let _ = self.strace.wait();
    }
}

/// Asks a process to end.
fn end(process: &str) {
    let _ = Command::new("kill").arg(process).status();
}

/// The first process of the server a database lies on, from the lock beside its socket.
fn postmaster(address: &str) -> u32 {
    let host = address.split_once('@').and_then(|(_, rest)| rest.split_once('/'));
    let folder = host.expect("a host in the address").0.replace("%2F", "/");
    let lock = Path::new(&folder).join(".s.PGSQL.5432.lock");
    let text = std::fs::read_to_string(lock).expect("the lock beside the socket");
    let first = text.lines().next().and_then(|line| line.parse().ok());
    first.expect("the lock names the process")
}

/// Whether strace may attach to a process.
fn may_watch(process: u32) -> bool {
    let attached = Command::new("timeout")
        .args(["1", "strace", "--interruptible=waiting", "-e", "trace=none", "-p"])
        .arg(process.to_string())
        .output()
        .expect("timeout runs");
    String::from_utf8_lossy(&attached.stderr).contains("attached")
}
