//! The benchmark: the stated work, driven over HTTP by signed-in callers, beside floors taken in the same run; and
//! compilations printed beside peers.
//!
//! Every figure that is gated is a ratio to a floor of the same run, for absolute ones swing with the machine's
//! neighbours. Each is the median of its rounds; the floor is taken in the same round.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot go on has failed"
)]

mod callers;
mod documents;
mod driver;
mod floors;
mod load;
mod plain;
mod report;
mod scene;

use std::process::ExitCode;
use std::time::Duration;

use ahq_harness::Database;
use ahq_harness::goal::say;
use ahq_harness::installation::as_program;
use ahq_harness::postgres;
use clap::{Parser, ValueEnum};

use crate::documents::{AS_PRINTER, serve_printer};
use crate::floors::{AS_BARE, Bare, serve_bare};
use crate::report::{Report, Row};
use crate::scene::{Job, Scene};

/// The benchmark of the ad-hoc query exchange. Exit code 0 when every goal was reached.
#[derive(Debug, Parser)]
#[command(
    name = "ahq-bench",
    after_help = "Examples:\n  cargo run --release -p ahq-bench -- all\n  cargo run --release -p ahq-bench -- p1 p4 --database sqlite --seconds 2\n  cargo run --release -p ahq-bench -- p7 --scale 10"
)]
struct Line {
    /// What to measure.
    #[arg(value_enum, required = true)]
    names: Vec<Name>,
    /// One short round of everything, as on every change; judged by what has to be held, not by what is wanted.
    #[arg(long)]
    short: bool,
    /// How long each round lasts, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many times the closed queries: for `p7` the larger archive, else the only one.
    #[arg(long)]
    scale: Option<usize>,
    /// On one database only.
    #[arg(long, value_enum)]
    database: Option<DatabaseWord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Everything.
    All,
    /// The list of open queries, 20 a page.
    P1,
    /// One query with its questions.
    P2,
    /// All responses of one query, made live.
    P3,
    /// The same as a frozen edition.
    P3e,
    /// A response of six answers is submitted, durably.
    P4,
    /// A compilation of 30 countries and 6 questions is printed, each time another; without a database.
    P6,
    /// Growth: all of these on ten times the archive.
    P7,
    /// Start, memory and the slowest of a hundred.
    P8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DatabaseWord {
    Sqlite,
    Postgres,
}

const JOBS: [(Name, Job); 5] = [
    (Name::P1, Job::List),
    (Name::P2, Job::Query),
    (Name::P3, Job::Responses),
    (Name::P3e, Job::Edition),
    (Name::P4, Job::Submission),
];

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(code) = as_program().await {
        return code;
    }
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some(AS_BARE) => {
            serve_bare(&arguments.next().unwrap_or_default()).await;
            return ExitCode::SUCCESS;
        }
        Some(AS_PRINTER) => {
            serve_printer();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let line = Line::parse();
    let databases = match line.database {
        Some(DatabaseWord::Sqlite) => vec![Database::Sqlite],
        Some(DatabaseWord::Postgres) => vec![Database::Postgres],
        None => vec![Database::Sqlite, Database::Postgres],
    };
    let mut report = Report::new(line.short);
    if line.wants(Name::P6) {
        say("Compilations, printed by ours and by the peers");
        let (counted, all) = if line.short { (3, 20) } else { (9, 100) };
        report.judge_documents(&documents::measure(counted, all));
    }
    if line.names.iter().all(|name| *name == Name::P6) {
        return report.print();
    }
    for database in databases {
        measure(&line, database, &mut report).await;
    }
    report.print()
}

impl Line {
    fn wants(&self, name: Name) -> bool {
        self.names.contains(&name) || self.names.contains(&Name::All)
    }

    fn time(&self) -> Duration {
        Duration::from_secs(if self.short { self.seconds.min(2) } else { self.seconds })
    }

    fn rounds(&self) -> usize {
        if self.short { 1 } else { 3 }
    }
}

async fn measure(line: &Line, database: Database, report: &mut Report) {
    let growth = line.wants(Name::P7) && !line.short;
    let jobs: Vec<(Name, Job)> = JOBS
        .into_iter()
        .filter(|(name, _)| line.wants(*name) || line.wants(Name::P8) || growth)
        .collect();
    let scale = if growth { 1 } else { line.scale.unwrap_or(1) };
    say(format!("{database:?}: the archive at scale {scale}"));
    let Some(mut scene) = Scene::set(database, scale, 5).await else {
        return;
    };
    let bare = Bare::start().await;
    let time = line.time();
    let mut rows = Vec::new();
    for (name, job) in jobs {
        let mut row = Row::new(database, job, scale);
        for _ in 0..line.rounds() {
            let measured = scene.measure(job, time);
            let floor = bare.measure(measured.size, time);
            let raw = raw(&scene, database, job, time);
            row.add(measured, floor.rate, raw);
        }
        row.say();
        report.judge(&row, line.wants(name));
        rows.push(row);
    }
    if line.wants(Name::P8) {
        report.judge_process(database, &scene, &rows);
    }
    drop(scene);
    if growth {
        let larger = line.scale.unwrap_or(10);
        say(format!("{database:?}: the archive at scale {larger}"));
        let Some(mut large) = Scene::set(database, larger, 1).await else {
            return;
        };
        for row in &rows {
            let mut grown = Row::new(database, row.job, larger);
            for _ in 0..line.rounds() {
                let measured = large.measure(row.job, time);
                let floor = bare.measure(measured.size, time);
                grown.add(measured, floor.rate, None);
            }
            grown.say();
            report.judge_growth(row, &grown);
        }
    }
}

/// The floor in the database itself, where there is one for this job.
fn raw(scene: &Scene, database: Database, job: Job, time: Duration) -> Option<f64> {
    let folder = scene.installation.folder();
    let closed = scene.work.closed.len();
    let script = match (database, job) {
        (Database::Sqlite, Job::Submission) => return Some(floors::commits(folder, time)),
        (Database::Sqlite, _) | (_, Job::Edition) => return None,
        (_, Job::List) => floors::RAW_LIST.to_owned(),
        (_, Job::Query) => floors::raw_query(closed),
        (_, Job::Responses) => floors::raw_responses(closed),
        (_, Job::Submission) => floors::raw_submission(),
    };
    let pgbench = postgres::server()?.program("pgbench");
    Some(floors::pgbench(
        &pgbench,
        scene.installation.database(),
        &script,
        folder,
        time,
    ))
}
