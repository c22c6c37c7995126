//! Drills: they kill, stall and flood the real program, and tell whether it kept its promises.
//!
//! Each drill prints a line `goal=… measured=… target=… pass|fail` a database. Each has a mutant: the program with one
//! fault built in on purpose, which the drill must catch, or the drill itself is worth nothing.
#![expect(clippy::expect_used, clippy::panic, reason = "a drill that cannot go on has failed")]

mod audit;
mod chance;
mod clock;
mod deadline;
mod disk;
mod equal;
mod forms;
mod fuzz;
mod guesses;
mod injection;
mod journal;
mod kill;
mod load;
mod mail_down;
mod mail_once;
mod mutants;
mod once;
mod restore;
mod retention;
mod scene;
#[path = "../../../crates/mail/tests/mail/sink.rs"]
mod sink;
mod sync;
mod terminate;
mod tokens;
mod trace;
mod uploads;
mod workers;
mod writers;
mod year;

use std::process::ExitCode;
use std::time::Instant;

use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::{Subject, as_program};
use ahq_tests_access::{canary, matrix};
use clap::{Parser, ValueEnum};

/// Drills of the ad-hoc query exchange. Exit code 0 when every goal was reached.
#[derive(Debug, Parser)]
#[command(
    name = "ahq-drill",
    after_help = "Examples:\n  cargo run --release -p ahq-drill -- all --short\n  cargo run --release -p ahq-drill -- kill --database sqlite\n  cargo run --release -p ahq-drill -- audit --rows 1000000\n  cargo run --release -p ahq-drill -- mutants --only deadline"
)]
struct Line {
    /// Which drill; `all` are all of them and then the mutants, but in the short form those that the suite holds already.
    #[arg(value_enum)]
    name: Name,
    /// The short form, as on every change: seconds instead of minutes.
    #[arg(long)]
    short: bool,
    /// On one database only.
    #[arg(long, value_enum)]
    database: Option<DatabaseWord>,
    /// With `audit`: only how long `ahq audit verify` takes for a chain of so many events.
    #[arg(long)]
    rows: Option<usize>,
    /// End a drill at its first fault: enough to know that there is one, as with a mutant.
    #[arg(long)]
    until_first: bool,
    /// With `mutants`: only those with this in their names.
    #[arg(long, default_value = "")]
    only: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Every drill, then every mutant.
    All,
    /// Every mutant against its drill.
    Mutants,
    /// R1: killed at random moments under many writers, nothing acknowledged is lost.
    Kill,
    /// R2: under strace, a sync of the log stands between each change and its reply.
    Sync,
    /// R3: killed between every pair of steps of a delivery, each message leaves once.
    MailOnce,
    /// R4: the mail server is down for an hour in every way; afterwards all leaves soon.
    MailDown,
    /// A year of reminders against a model: none missing, none double, none after an answer.
    Year,
    /// R5: three workers on one database, one of them stopped for a minute.
    Workers,
    /// R6: clocks that change, jump and come to 2038; on time or late is right to the microsecond.
    Clock,
    /// R7: responses in the two seconds around a deadline are rightly marked.
    Deadline,
    /// R8: every POST five times at once under one key, and killed in the middle, acts once.
    Once,
    /// R9: the disk is full, the database is restarted, its connections run out.
    Disk,
    /// R10: backed up under load and restored, all of it is of one moment.
    Restore,
    /// R11: asked to end under load, no accepted request is dropped.
    Terminate,
    /// S2: every kind of caller against every operation, as the table says.
    Matrix,
    /// S3: planted words are seen by nobody who may not, and by everybody who may.
    Canary,
    /// S4: hostile access tokens; what ends a session counts on the next request.
    Tokens,
    /// S5: known and unknown accounts get the same bytes, after the same time.
    Equal,
    /// S6: hostile files for Word forms; none is accepted.
    Forms,
    /// S6: hostile files as attachments; none is taken.
    Uploads,
    /// S6: the readers of Word forms and attachments, fed with files that chance has changed, for an hour.
    Fuzz,
    /// S7: formulas, header lines and script that people type stay text; in a real browser.
    Injection,
    /// S8: the audit's chain, touched a thousand times; each touch is found.
    Audit,
    /// S11: who did what is blocked after six months and erased after three years; the audit still verifies.
    Retention,
    /// A thousand guesses of passwords at once: bounded memory, and the others hardly notice.
    Guesses,
}

/// The drills themselves, in the order of their goals.
const DRILLS: [Name; 23] = [
    Name::Kill,
    Name::Sync,
    Name::MailOnce,
    Name::MailDown,
    Name::Year,
    Name::Workers,
    Name::Clock,
    Name::Deadline,
    Name::Once,
    Name::Disk,
    Name::Restore,
    Name::Terminate,
    Name::Matrix,
    Name::Canary,
    Name::Tokens,
    Name::Equal,
    Name::Forms,
    Name::Uploads,
    Name::Fuzz,
    Name::Injection,
    Name::Audit,
    Name::Retention,
    Name::Guesses,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DatabaseWord {
    Sqlite,
    Postgres,
}

/// What a drill is told.
#[derive(Debug, Clone)]
struct Order {
    /// The build to try.
    subject: Subject,
    /// Which database.
    database: Database,
    /// Seconds instead of minutes.
    short: bool,
    /// How long the audit's chain is, where only its verification is measured.
    rows: Option<usize>,
    /// Whether the first fault ends it.
    until_first: bool,
}

impl Order {
    /// The name of a goal on this database.
    fn goal(&self, id: &str) -> String {
        format!("{id}-{}", self.database)
    }

    /// Whether so many faults are enough to end a drill early.
    fn is_decided(&self, faults: usize) -> bool {
        self.until_first && faults > 0
    }
}

/// Runs one drill; no goals where its database is not there.
async fn drill(name: Name, order: &Order) -> Vec<Goal> {
    match name {
        Name::All | Name::Mutants => Vec::new(),
        Name::Kill => kill::run(order).await,
        Name::Sync => sync::run(order).await,
        Name::MailOnce => mail_once::run(order).await,
        Name::MailDown => mail_down::run(order).await,
        Name::Year => year::run(order).await,
        Name::Workers => workers::run(order).await,
        Name::Clock => clock::run(order).await,
        Name::Deadline => deadline::run(order).await,
        Name::Once => once::run(order).await,
        Name::Disk => disk::run(order).await,
        Name::Restore => restore::run(order).await,
        Name::Terminate => terminate::run(order).await,
        Name::Matrix => told(matrix::run(order.database, order.until_first).await),
        Name::Canary => told(canary::run(order.database, order.until_first).await),
        Name::Tokens => tokens::run(order).await,
        Name::Equal => equal::run(order).await,
        Name::Forms => forms::run(order).await,
        Name::Uploads => uploads::run(order).await,
        Name::Fuzz => fuzz::run(order),
        Name::Injection => injection::run(order).await,
        Name::Audit => audit::run(order).await,
        Name::Retention => retention::run(order).await,
        Name::Guesses => guesses::run(order).await,
    }
}

/// Says what is wrong; gives the goal.
fn told(found: Option<(Goal, Vec<String>)>) -> Vec<Goal> {
    let Some((goal, wrong)) = found else {
        return Vec::new();
    };
    for fault in wrong.iter().take(5) {
        say(format!("    {fault}"));
    }
    vec![goal]
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(code) = as_program().await {
        return code;
    }
    let line = Line::parse();
    let databases = match line.database {
        Some(DatabaseWord::Sqlite) => vec![Database::Sqlite],
        Some(DatabaseWord::Postgres) => vec![Database::Postgres],
        None => vec![Database::Sqlite, Database::Postgres],
    };
    let chosen = match line.name {
        // The suite holds the matrix and the canary already; their mutants are tried below.
        Name::All if line.short => DRILLS
            .into_iter()
            .filter(|name| !matches!(name, Name::Matrix | Name::Canary))
            .collect(),
        Name::All => DRILLS.to_vec(),
        Name::Mutants => Vec::new(),
        one => vec![one],
    };
    let mut failed = Vec::new();
    for name in chosen {
        for database in &databases {
            let order = Order {
                subject: Subject::Right,
                database: *database,
                short: line.short,
                rows: line.rows,
                until_first: line.until_first,
            };
            let begun = Instant::now();
            for goal in drill(name, &order).await {
                goal.print();
                if !goal.pass {
                    failed.push(goal.id);
                }
            }
            let word = name.to_possible_value().expect("every drill has a name");
            say(format!(
                "  {} on {database}: {} s",
                word.get_name(),
                begun.elapsed().as_secs()
            ));
        }
    }
    if matches!(line.name, Name::All | Name::Mutants) {
        failed.extend(mutants::run(&databases, &line.only).await);
    }
    if !failed.is_empty() {
        say(format!(
            "{} goals were not reached: {}",
            failed.len(),
            failed.join(", ")
        ));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
