//! Floors, taken in the same run on the same machine: what no program on this machine could beat by much.
//!
//! *bare* is an actix-web handler that returns bytes of the same size. *raw* is one statement that builds the whole JSON, or
//! writes the same rows, prepared, through pgbench, without HTTP or rights. *commits* are the same rows written by
//! one thread into a SQLite file of its own, one durable commit a submission.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::callers::Reader;
use crate::driver::{Asker, CONNECTIONS, Measured, drive};
use crate::load::{YEAR, answers};

/// The first argument that turns this program into the bare server.
pub(crate) const AS_BARE: &str = "bare";

/// Serves `/{size}` with that many bytes, until it is killed.
pub(crate) async fn serve_bare(address: &str) {
    async fn bytes(size: web::Path<usize>) -> HttpResponse {
        HttpResponse::Ok()
            .content_type("application/json")
            .body(vec![b' '; *size])
    }
    let server = HttpServer::new(|| App::new().route("/{size}", web::get().to(bytes)));
    server
        .bind(address)
        .expect("a free port")
        .run()
        .await
        .expect("the bare server runs");
}

/// The bare server as a process of its own; killed when this goes away.
pub(crate) struct Bare {
    child: Child,
    address: SocketAddr,
}

impl Bare {
    /// Starts it.
    pub(crate) async fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port");
        let child = Command::new(std::env::current_exe().expect("the path of this program"))
            .args([AS_BARE, &address.to_string()])
            .stdin(Stdio::null())
            .spawn()
            .expect("the bare server starts");
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { child, address }
    }

    /// Measures it with bodies of this size.
    pub(crate) fn measure(&self, size: usize, time: Duration) -> Measured {
        let askers = (0..CONNECTIONS)
            .map(|_| Box::new(Reader::new(None, vec![format!("/{size}")], 0)) as Box<dyn Asker>)
            .collect();
        drive(self.address, askers, time).0
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Transactions a second of a script through pgbench.
pub(crate) fn pgbench(pgbench: &Path, database: &str, script: &str, folder: &Path, time: Duration) -> f64 {
    let file = folder.join("script.sql");
    std::fs::write(&file, script).expect("the script is written");
    let output = Command::new(pgbench)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={CONNECTIONS}"))
        .arg(format!("--time={}", time.as_secs().max(1)))
        .arg(format!("--file={}", file.display()))
        .arg(database)
        .output()
        .expect("pgbench starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = told
        .and_then(|told| told.split_whitespace().next())
        .and_then(|rate| rate.parse().ok());
    rate.unwrap_or_else(|| panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// P1: twenty open queries in one statement.
pub(crate) const RAW_LIST: &str = "\
SELECT json_agg(item) FROM (SELECT json_build_object('id', id, 'number', number_year || '.' || number_sequence, 'title', title,
  'lead', lead, 'joint', joint, 'topics', topics, 'keywords', keywords, 'launchedAt', launched_at, 'deadline', deadline,
  'version', version, 'addressed', (SELECT count(*) FROM addressees a WHERE a.query_id = q.id),
  'answered', (SELECT count(*) FROM responses r WHERE r.query_id = q.id AND r.status = 'submitted')) AS item
  FROM queries q WHERE ends_at > now() AND launched_at IS NOT NULL AND withdrawn IS NULL
  ORDER BY requested_on DESC, id DESC LIMIT 20) page;
";

/// P2: one query with its questions and addressees in one statement.
pub(crate) fn raw_query(closed: usize) -> String {
    format!(
        "\\set number random(1, {closed})
SELECT json_build_object('id', id, 'title', title, 'lead', lead, 'joint', joint, 'topics', topics, 'keywords', keywords,
  'background', background, 'deadline', deadline, 'launchedAt', launched_at, 'questions', questions,
  'addressees', (SELECT json_agg(json_build_object('office', a.office, 'expected', a.expected, 'agreedOn', a.agreed_on,
    'status', r.status, 'late', r.late) ORDER BY a.office)
    FROM addressees a LEFT JOIN responses r ON r.query_id = a.query_id AND r.office = a.office WHERE a.query_id = q.id))
  FROM queries q WHERE number_year = {YEAR} AND number_sequence = :number;
"
    )
}

/// P3: all responses of one query in one statement.
pub(crate) fn raw_responses(closed: usize) -> String {
    format!(
        "\\set number random(1, {closed})
SELECT json_agg(json_build_object('office', r.office, 'status', r.status, 'version', r.last_version, 'late', r.late,
  'submittedAt', v.submitted_at, 'circles', r.circles, 'answers', v.answers) ORDER BY r.office)
  FROM queries q JOIN responses r ON r.query_id = q.id
  JOIN response_versions v ON v.response_id = r.id AND v.number = r.last_version
  WHERE q.number_year = {YEAR} AND q.number_sequence = :number AND r.status = 'submitted';
"
    )
}

/// P4: the rows of a submission in one statement: the next version, the response, and the audit event. The version that
/// callers name in If-Match stays, or theirs would all be stale afterwards.
pub(crate) fn raw_submission() -> String {
    // Without the space pgbench would take what follows a colon for the name of a variable.
    let answers = serde_json::to_string(&answers(1))
        .expect("answers as JSON")
        .replace('\'', "''")
        .replace("\":", "\": ");
    format!(
        "\\set number random(1, 20)
\\set office random(1, 29)
WITH chosen AS (SELECT r.id, r.last_version FROM queries q JOIN responses r ON r.query_id = q.id
    WHERE q.number_year = {} AND q.number_sequence = :number ORDER BY r.office OFFSET :office - 1 LIMIT 1),
  changed AS (UPDATE responses r SET version = r.version, last_version = r.last_version + 1, status = 'submitted',
    submitted_at = now(), first_submitted_at = coalesce(r.first_submitted_at, now()) FROM chosen
    WHERE r.id = chosen.id RETURNING r.id, r.last_version),
  versioned AS (INSERT INTO response_versions (response_id, number, submitted_at, answers)
    SELECT id, last_version, now(), '{answers}' FROM changed RETURNING response_id)
  INSERT INTO audit_events (id, at, action, subject, facts)
    SELECT gen_random_uuid(), now(), 'response.submitted', 'response/' || response_id, '{{}}' FROM versioned;
",
        YEAR + 1
    )
}

table! {
    versions (response, number) {
        response -> BigInt,
        number -> BigInt,
        submitted_at -> Text,
        answers -> Text,
    }
}
table! {
    responses (id) {
        id -> BigInt,
        version -> BigInt,
        submitted_at -> Text,
    }
}
table! {
    events (id) {
        id -> BigInt,
        at -> Text,
        subject -> Text,
    }
}

/// Durable commits a second of the rows of a submission, by one thread, in a file of its own beside the program's.
pub(crate) fn commits(folder: &Path, time: Duration) -> f64 {
    let file = folder.join("floor.db");
    let mut conn = SqliteConnection::establish(&file.display().to_string()).expect("the floor's database opens");
    conn.batch_execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS versions (response INTEGER, number INTEGER, submitted_at TEXT, answers TEXT,
            PRIMARY KEY (response, number));
         CREATE TABLE IF NOT EXISTS responses (id INTEGER PRIMARY KEY, version INTEGER, submitted_at TEXT);
         CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, at TEXT, subject TEXT);
         DELETE FROM versions; DELETE FROM responses; DELETE FROM events",
    )
    .expect("the floor's tables");
    let text = serde_json::to_string(&answers(1)).expect("answers as JSON");
    let at = "2026-11-03T08:00:00.000000Z";
    for id in 0..600i64 {
        diesel::insert_into(responses::table)
            .values((
                responses::id.eq(id),
                responses::version.eq(1i64),
                responses::submitted_at.eq(at),
            ))
            .execute(&mut conn)
            .expect("a row of the floor");
    }
    let begun = Instant::now();
    let mut done = 0i64;
    while begun.elapsed() < time {
        conn.immediate_transaction(|conn| {
            let response = done % 600;
            diesel::insert_into(versions::table)
                .values((
                    versions::response.eq(response),
                    versions::number.eq(done),
                    versions::submitted_at.eq(at),
                    versions::answers.eq(&text),
                ))
                .execute(conn)?;
            diesel::update(responses::table.filter(responses::id.eq(response)))
                .set((responses::version.eq(done), responses::submitted_at.eq(at)))
                .execute(conn)?;
            diesel::insert_into(events::table)
                .values((events::id.eq(done), events::at.eq(at), events::subject.eq("response/1")))
                .execute(conn)
        })
        .expect("a commit of the floor");
        done += 1;
    }
    done as f64 / begun.elapsed().as_secs_f64()
}
