//! The shape itself: an installation on PostgreSQL, two servers and two workers on it, and nginx in front with the
//! configuration of `deploy/nginx.conf`.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ahq_domain::user::Role;
use ahq_harness::installation::{Installation, Subject};
use ahq_harness::{Client, Database};
use diesel::{Connection, PgConnection};

use crate::sink::{Habit, Sink};

/// The offices whose coordinators take part.
pub(crate) const OFFICES: [&str; 3] = ["LU", "BE", "AT"];
/// The configuration of the balancer, as docker-compose.yml uses it.
const BALANCER: &str = include_str!("../../../deploy/nginx.conf");
/// How long a process may take to serve.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the servers stand behind the balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Servers {
    /// Two of them on one database; whoever asks often is served.
    Two,
    /// The same, with the limit of the configuration.
    Limited,
    /// The balancer knows the first alone: a control.
    One,
    /// The second is on a database of its own, so its keys and rows are others: a control.
    Strangers,
}

/// Servers and workers behind a balancer.
pub(crate) struct Shape {
    // What runs stands first, so that it ends before its folder and its database go.
    servers: [Option<Running>; 2],
    workers: Vec<Running>,
    balancer: Option<Running>,
    listens: [SocketAddr; 2],
    front: SocketAddr,
    installation: Installation,
    /// Where the second server's rows are, when they are elsewhere.
    stranger: Option<Installation>,
    /// Where the workers' mail goes.
    pub(crate) sink: Sink,
}

impl Shape {
    /// Starts all of it but the workers; none where PostgreSQL is missing.
    pub(crate) async fn start(servers: Servers) -> Option<Self> {
        let installation = peopled().await?;
        let stranger = match servers {
            Servers::Strangers => Some(peopled().await?),
            Servers::Two | Servers::Limited | Servers::One => None,
        };
        let [one, two, front] = free_ports();
        let mut shape = Self {
            servers: [None, None],
            workers: Vec::new(),
            balancer: None,
            listens: [one, two],
            front,
            installation,
            stranger,
            sink: Sink::start(Habit::Good).await,
        };
        for number in [0, 1] {
            shape.serve(number).await;
        }
        let behind = if servers == Servers::One {
            [one, one]
        } else {
            [one, two]
        };
        shape.balance(behind, servers == Servers::Limited).await;
        Some(shape)
    }

    /// The address of the balancer, without a slash at its end.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.front)
    }

    /// Signs in the coordinator of an office through the balancer.
    pub(crate) async fn coordinator(&self, office: &str) -> Client {
        Client::signed_in(self.base(), &format!("coordinator.{office}@example.org").to_lowercase()).await
    }

    /// The program with these arguments on the shared database.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.installation.command(arguments);
        command.env("AHQ_SERVER__PUBLIC_ADDRESS", self.base());
        command
    }

    /// Starts a server and waits until `deploy/ready`, the health check of the image, says that it is ready.
    pub(crate) async fn serve(&mut self, number: usize) {
        let mut command = self.command(&["serve", "--no-worker"]);
        command.env("AHQ_SERVER__LISTEN", self.listens[number].to_string());
        if let Some(stranger) = self.stranger.as_ref().filter(|_| number == 1) {
            command.env("AHQ_DATABASE__ADDRESS", stranger.database());
        }
        let running = self.servers[number].insert(Running::start(&mut command));
        let begun = Instant::now();
        while !is_ready(self.listens[number]) {
            assert!(
                running.lives() && begun.elapsed() < PATIENCE,
                "server {} did not start: {}",
                number + 1,
                self.installation.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends a server as a power cut would.
    pub(crate) fn kill(&mut self, number: usize) {
        self.servers[number] = None;
        assert!(
            !is_ready(self.listens[number]),
            "the health check does not notice that a server is gone"
        );
    }

    /// Asks a server to end, waits for that, and starts it again.
    pub(crate) async fn restart(&mut self, number: usize) {
        if let Some(mut running) = self.servers[number].take() {
            running.ask_to_end("-TERM").await;
        }
        self.serve(number).await;
    }

    /// Whether both servers are ready.
    pub(crate) fn both_ready(&self) -> bool {
        self.listens.into_iter().all(is_ready)
    }

    /// Starts two workers. Each signs its mail, so that it can be told who sent it.
    pub(crate) fn work(&mut self) {
        for number in [1, 2] {
            let mut command = self.command(&["worker"]);
            command
                .env("AHQ_MAIL__TRANSPORT", "smtp")
                .env("AHQ_MAIL__PORT", self.sink.port.to_string())
                .env("AHQ_MAIL__PER_MINUTE", "0")
                .env("AHQ_MAIL__FROM_NAME", worker_name(number));
            self.workers.push(Running::start(&mut command));
        }
    }

    async fn balance(&mut self, [one, two]: [SocketAddr; 2], limited: bool) {
        let mut text = BALANCER.to_owned();
        let limit = "rate=50r/s";
        // All callers of the drill have one address.
        let rate = if limited { limit } else { "rate=1000000r/s" };
        for (name, here) in [
            (limit, rate.to_owned()),
            ("server server-one:8080 ", format!("server {one} ")),
            ("server server-two:8080 ", format!("server {two} ")),
            ("listen 8080;", format!("listen {};", self.front)),
        ] {
            assert_eq!(text.matches(name).count(), 1, "deploy/nginx.conf has `{name}` once");
            text = text.replace(name, &here);
        }
        let folder = self.installation.folder().join("nginx");
        std::fs::create_dir_all(&folder).expect("a folder for nginx");
        std::fs::write(folder.join("nginx.conf"), text).expect("the configuration is written");
        let log = File::create(folder.join("access.log")).expect("the access log opens");
        let mut command = Command::new(find_nginx());
        // Without `user`, root's workers would be somebody who may not enter the temporary folder.
        command
            .args([
                "-g",
                "daemon off; user root;",
                "-c",
                "nginx.conf",
                "-e",
                "error.log",
                "-p",
            ])
            .arg(&folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(File::create(folder.join("stderr.log")).expect("the error log opens"));
        let running = self.balancer.insert(Running::start(&mut command));
        let begun = Instant::now();
        while !is_ready(self.front) {
            assert!(
                running.lives() && begun.elapsed() < PATIENCE,
                "nginx did not start: {}",
                std::fs::read_to_string(folder.join("stderr.log")).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many requests below `/api/` each server has answered so far, by the balancer's own log.
    pub(crate) fn served(&self) -> BTreeMap<String, u64> {
        // The last one of several is the one that answered.
        self.counted(|line| {
            line.split(" servers=")
                .nth(1)?
                .split(" said=")
                .next()?
                .rsplit(", ")
                .next()
        })
    }

    /// What the servers said to each request that the balancer had to refuse itself, and how often.
    pub(crate) fn unanswered(&self) -> BTreeMap<String, u64> {
        self.counted(|line| {
            line.contains(" 503 ")
                .then(|| line.split(" said=").nth(1)?.split(" in=").next())?
        })
    }

    fn counted(&self, word: impl Fn(&str) -> Option<&str>) -> BTreeMap<String, u64> {
        let log = self.installation.folder().join("nginx/access.log");
        let log = std::fs::read_to_string(log).expect("the balancer writes a log");
        let mut counts = BTreeMap::new();
        for word in log.lines().filter(|line| line.contains(" /api/")).filter_map(word) {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
        counts
    }

    /// What servers and workers have logged.
    pub(crate) fn log(&self) -> String {
        self.installation.log()
    }

    /// A connection to the shared database from outside the program.
    pub(crate) fn database(&self) -> PgConnection {
        PgConnection::establish(self.installation.database()).expect("the server takes a connection")
    }
}

impl Drop for Shape {
    fn drop(&mut self) {
        // nginx's master passes a polite signal on; killed, it would leave its workers behind.
        if let Some(balancer) = &mut self.balancer {
            let _ = balancer.signal("-TERM");
            let _ = balancer.0.wait();
        }
    }
}

/// What the mail of a worker is signed with.
pub(crate) fn worker_name(number: usize) -> String {
    format!("Worker {number}")
}

/// An installation on PostgreSQL with its coordinators.
async fn peopled() -> Option<Installation> {
    let installation = Installation::new(Database::Postgres, Subject::Right).await?;
    let exchange = installation.exchange().await;
    for office in OFFICES {
        installation.add_user(&exchange, office, Role::Coordinator).await;
    }
    exchange.store().close().await;
    Some(installation)
}

/// Ports of the loopback that nobody listens on, all different.
fn free_ports() -> [SocketAddr; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("an address"))
}

/// What the image's health check says of whoever listens there.
fn is_ready(address: SocketAddr) -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/ready");
    Command::new(script)
        .args([address.ip().to_string(), address.port().to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("bash runs the health check")
        .success()
}

fn find_nginx() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("nginx"))
        .find(|program| program.is_file())
        .expect("nginx is needed: apt-get install nginx-light")
}

/// A process; killed when this goes away.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().expect("the process starts"))
    }

    fn lives(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    fn signal(&self, signal: &str) -> bool {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).stderr(Stdio::null()).status();
        sent.is_ok_and(|status| status.success())
    }

    async fn ask_to_end(&mut self, signal: &str) {
        assert!(self.signal(signal), "{signal} was not sent");
        let begun = Instant::now();
        while self.lives() {
            assert!(begun.elapsed() < PATIENCE, "a server did not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
