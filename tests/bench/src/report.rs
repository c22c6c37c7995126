//! The figures: a line for each while they come in, then the table, the goals, and everything as JSON lines.

use std::process::ExitCode;
use std::time::Duration;

use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};
use ahq_render::Format;
use serde_json::json;

use crate::documents::{Documents, PEERS};
use crate::driver::Measured;
use crate::scene::{Job, Scene};

/// What a job has to reach. The peers' rates were measured on the same data and machine, PostgreSQL with fsync on.
struct Target {
    id: &'static str,
    /// Requests a second of the best of four peers; none where they have no such thing.
    peer: Option<f64>,
    /// On SQLite: the share of the bare handler's rate, or for submissions of durable commits.
    sqlite: Share,
    /// On PostgreSQL: the share of the raw statement's rate; for the frozen edition of the bare handler's.
    postgres: Share,
}

/// A share of a floor.
struct Share {
    /// What is wanted.
    wanted: f64,
    /// What a short run must not fall below: about half of what was reached, for one round of a build with fewer
    /// optimisations beside noisy neighbours says no more.
    held: f64,
}

fn target(job: Job) -> Target {
    let (id, peer, sqlite, postgres) = match job {
        Job::List => ("P1", Some(881.0), (0.15, 0.03), (0.40, 0.25)),
        Job::Query => ("P2", Some(937.0), (0.20, 0.035), (0.25, 0.15)),
        Job::Responses => ("P3", Some(297.0), (15.0, 0.03), (0.90, 0.20)),
        Job::Edition => ("P3e", None, (0.30, 0.12), (0.30, 0.05)),
        Job::Submission => ("P4", Some(609.0), (0.60, 0.35), (0.50, 0.10)),
    };
    let share = |(wanted, held)| Share { wanted, held };
    Target {
        id,
        peer,
        sqlite: share(sqlite),
        postgres: share(postgres),
    }
}

/// One job on one database.
pub(crate) struct Row {
    pub(crate) job: Job,
    database: Database,
    scale: usize,
    rounds: Vec<(Measured, f64, Option<f64>)>,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Row {
    pub(crate) fn new(database: Database, job: Job, scale: usize) -> Self {
        Self {
            job,
            database,
            scale,
            rounds: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, measured: Measured, bare: f64, raw: Option<f64>) {
        self.rounds.push((measured, bare, raw));
    }

    fn of(&self, value: impl Fn(&(Measured, f64, Option<f64>)) -> f64) -> f64 {
        median(self.rounds.iter().map(value).collect())
    }

    fn rate(&self) -> f64 {
        self.of(|(measured, _, _)| measured.rate)
    }

    fn to_bare(&self) -> f64 {
        self.of(|(measured, bare, _)| measured.rate / bare)
    }

    fn to_raw(&self) -> Option<f64> {
        self.rounds.first()?.2?;
        Some(self.of(|(measured, _, raw)| measured.rate / raw.unwrap_or(f64::INFINITY)))
    }

    fn p99(&self) -> f64 {
        self.of(|(measured, _, _)| measured.p99.as_secs_f64() * 1e3)
    }

    fn errors(&self) -> usize {
        self.rounds.iter().map(|(measured, _, _)| measured.errors).sum()
    }

    fn cells(&self) -> Vec<String> {
        let target = target(self.job);
        let share =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{:.0} %", value * 100.0));
        vec![
            format!(
                "{} {:?}{}",
                target.id,
                self.database,
                if self.scale == 1 {
                    String::new()
                } else {
                    format!(" x{}", self.scale)
                }
            ),
            format!("{:.0}", self.rate()),
            format!("{:.1}", self.of(|(measured, _, _)| measured.p50.as_secs_f64() * 1e3)),
            format!("{:.1}", self.p99()),
            self.errors().to_string(),
            format!("{}", self.rounds.last().map_or(0, |(measured, _, _)| measured.size)),
            format!("{:.0}", self.of(|(_, bare, _)| *bare)),
            share(Some(self.to_bare())),
            self.to_raw().map_or_else(
                || "-".to_owned(),
                |_| format!("{:.0}", self.of(|(_, _, raw)| raw.unwrap_or_default())),
            ),
            share(self.to_raw()),
            target
                .peer
                .map_or_else(|| "-".to_owned(), |peer| format!("{:.1}", self.rate() / peer)),
        ]
    }

    /// Says what was measured.
    pub(crate) fn say(&self) {
        let cells = self.cells();
        say(format!(
            "  {}: {}/s, p50 {} ms, p99 {} ms, {} errors, {} bytes; {} of bare ({}/s), {} of raw ({}/s), {} x peer",
            cells[0],
            cells[1],
            cells[2],
            cells[3],
            cells[4],
            cells[5],
            cells[7],
            cells[6],
            cells[9],
            cells[8],
            cells[10]
        ));
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "id": target(self.job).id, "database": self.database.to_string(), "scale": self.scale,
            "rate": self.rate().round(), "p50Ms": self.of(|(measured, _, _)| measured.p50.as_secs_f64() * 1e3),
            "p99Ms": self.p99(), "errors": self.errors(),
            "bare": self.of(|(_, bare, _)| *bare).round(), "toBare": self.to_bare(),
            "raw": self.to_raw().map(|_| self.of(|(_, _, raw)| raw.unwrap_or_default()).round()), "toRaw": self.to_raw(),
        })
    }
}

/// Everything measured, and how it compares.
pub(crate) struct Report {
    /// Whether it is judged by what has to be held, not by what is wanted.
    short: bool,
    table: Vec<Vec<String>>,
    lines: Vec<serde_json::Value>,
    goals: Vec<Goal>,
}

impl Report {
    pub(crate) fn new(short: bool) -> Self {
        Self {
            short,
            table: Vec::new(),
            lines: Vec::new(),
            goals: Vec::new(),
        }
    }

    /// The name of a goal: what is only held has another one than what is wanted.
    fn name(&self, id: &str) -> String {
        format!("{id}{}", if self.short { "-held" } else { "" })
    }

    /// The name of a goal on this database.
    fn goal(&self, id: &str, database: Database) -> String {
        format!("{}-{database}", self.name(id))
    }

    fn at_least(&mut self, id: String, measured: f64, target: f64) {
        self.goals.push(Goal::new(
            id,
            format!("{measured:.2}"),
            format!("{target:.2}"),
            measured >= target,
        ));
    }

    fn at_most(&mut self, id: String, measured: f64, target: f64) {
        self.goals.push(Goal::new(
            id,
            format!("{measured:.1}"),
            format!("{target:.1}"),
            measured <= target,
        ));
    }

    /// Takes a row in; judges it where it was asked for.
    pub(crate) fn judge(&mut self, row: &Row, asked: bool) {
        self.table.push(row.cells());
        self.lines.push(row.json());
        if !asked {
            return;
        }
        let target = target(row.job);
        let id = self.goal(target.id, row.database);
        let (measured, share) = match (row.database, row.job) {
            (Database::Sqlite, Job::Submission) => (row.to_raw().unwrap_or_default(), target.sqlite),
            // An absolute rate is no measure on whatever machine a change is checked on.
            (Database::Sqlite, Job::Responses) if !self.short => {
                (row.rate() / target.peer.unwrap_or(1.0), target.sqlite)
            }
            (Database::Sqlite, _) => (row.to_bare(), target.sqlite),
            (Database::Postgres, Job::Edition) => (row.to_bare(), target.postgres),
            (Database::Postgres, _) => (row.to_raw().unwrap_or_default(), target.postgres),
        };
        self.at_least(id.clone(), measured, if self.short { share.held } else { share.wanted });
        self.at_most(format!("{id}-errors"), row.errors() as f64, 0.0);
    }

    /// P7: how much longer a request takes on the larger archive, both against the bare handler of their own round.
    pub(crate) fn judge_growth(&mut self, small: &Row, large: &Row) {
        self.table.push(large.cells());
        self.lines.push(large.json());
        let id = self.goal(&format!("P7-{}", target(small.job).id), small.database);
        let growth = small.to_bare() / large.to_bare();
        self.goals
            .push(Goal::new(id, format!("{growth:.2}"), "1.30", growth <= 1.3));
    }

    /// P6: how many times as long as ours each peer takes, and ours by itself.
    pub(crate) fn judge_documents(&mut self, documents: &Documents) {
        let rounds = &documents.rounds;
        for format in Format::ALL {
            let word = format.word();
            let took = median(rounds.iter().map(|round| round.of(format)).collect());
            say(format!("  {word}: {took:.2} ms"));
            self.lines.push(json!({"id": "P6", "format": word, "ms": took}));
            if format == Format::Html {
                self.at_most(self.name("P6-html-ms"), took, 3.0);
            }
        }
        for (place, peer) in PEERS.iter().enumerate() {
            let word = peer.format.word();
            let id = self.name(&format!("P6-{word}-{}", peer.name));
            let target = if self.short { peer.held } else { peer.wanted };
            let took: Option<Vec<f64>> = rounds.iter().map(|round| round.peers[place]).collect();
            let ratios: Option<Vec<f64>> = rounds.iter().map(|round| round.ratio(place)).collect();
            // A peer that could not be had has said why.
            let (Some(took), Some(ratios)) = (took.map(median), ratios.map(median)) else {
                self.goals.push(Goal::new(id, "none", format!("{target:.2}"), false));
                continue;
            };
            say(format!(
                "  {word} by {}: {took:.1} ms, {ratios:.1} times as long",
                peer.name
            ));
            self.lines
                .push(json!({"id": "P6", "format": word, "peer": peer.name, "ms": took, "toOurs": ratios}));
            self.at_least(id, ratios, target);
        }
        self.at_most(self.name("P6-peak-MiB"), documents.peak, 150.0);
    }

    /// P8: start, memory, and the slowest of a hundred against a share of the best peer's.
    pub(crate) fn judge_process(&mut self, database: Database, scene: &Scene, rows: &[Row]) {
        let started = scene
            .started
            .get(scene.started.len() / 2)
            .copied()
            .unwrap_or(Duration::MAX);
        let (start, idle, loaded) = (300.0, 40.0, 120.0);
        // The peers' p99 lay between 99 and 373 ms; the strictest of them counts.
        let slowest = 99.0 / if database == Database::Sqlite { 5.0 } else { 3.0 };
        let slack = if self.short { 2.0 } else { 1.0 };
        let ms = started.as_secs_f64() * 1e3;
        self.at_most(self.goal("P8-start-ms", database), ms, start);
        let idle_now = scene.idle as f64 / 1024.0;
        self.at_most(self.goal("P8-idle-MiB", database), idle_now, idle * slack);
        let highest = scene
            .process
            .memory()
            .map_or(f64::INFINITY, |(_, highest)| highest as f64 / 1024.0);
        self.at_most(self.goal("P8-loaded-MiB", database), highest, loaded * slack);
        for row in rows.iter().filter(|row| row.job != Job::Edition) {
            let id = format!("P8-p99-ms-{}", target(row.job).id);
            self.at_most(self.goal(&id, database), row.p99(), slowest * slack);
        }
    }

    /// Prints the table, the JSON lines and the goals.
    pub(crate) fn print(&self) -> ExitCode {
        let head = [
            "", "rate/s", "p50 ms", "p99 ms", "errors", "bytes", "bare/s", "of bare", "raw/s", "of raw", "x peer",
        ];
        if !self.table.is_empty() {
            say(format!("\n| {} |\n|{}", head.join(" | "), "---|".repeat(head.len())));
        }
        for cells in &self.table {
            say(format!("| {} |", cells.join(" | ")));
        }
        say("");
        for line in &self.lines {
            say(line);
        }
        say("");
        for goal in &self.goals {
            goal.print();
        }
        if self.goals.iter().all(|goal| goal.pass) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::Round;

    /// What is judged of a document that takes ours `ours` ms in each format, and each peer `peers` ms.
    fn judged(ours: f64, peers: Option<f64>, peak: f64) -> Vec<String> {
        let mut report = Report::new(false);
        report.judge_documents(&Documents {
            rounds: vec![Round {
                ours: Format::ALL.map(|format| (format, ours)).into(),
                peers: vec![peers; PEERS.len()],
            }],
            peak,
        });
        let failed = report.goals.into_iter().filter(|goal| !goal.pass);
        failed.map(|goal| goal.id).collect()
    }

    #[test]
    fn documents_fail_by_time_by_memory_and_without_peers() {
        let beside = [
            "P6-pdf-weasyprint",
            "P6-pdf-libreoffice",
            "P6-docx-docxtpl",
            "P6-xlsx-xlsxwriter",
        ];
        assert!(judged(1.0, Some(15.0), 150.0).is_empty());
        assert_eq!(judged(1.0, Some(2.4), 150.0), beside);
        assert_eq!(judged(1.0, None, 150.0), beside);
        assert_eq!(judged(3.1, Some(50.0), 150.0), ["P6-html-ms"]);
        assert_eq!(judged(1.0, Some(15.0), 150.1), ["P6-peak-MiB"]);
    }
}
