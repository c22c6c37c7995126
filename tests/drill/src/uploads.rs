//! S6 for attachments: two hundred hostile files of every type are attached by somebody who may. None is taken, each is
//! answered soon and within bounded memory, none of them is kept, nobody is called, and honest files are taken as before.

pub(crate) mod hostile;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use ahq_harness::form::Form;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::{Installation, Process};
use ahq_harness::{Client, Database};

use self::hostile::Hostile;
use crate::Order;
use crate::load::faults_in_log;
use crate::scene::{Scene, launched};

/// How many files there are at least.
const FILES: usize = 200;
/// How long the program may take for one, counted while it has a processor: neighbours on the machine are no fault of it.
const SLOWEST: Duration = Duration::from_secs(2);
/// How many times as long a build without optimisation may take.
const UNOPTIMISED: u32 = 6;
/// After how long by the clock a reply does not come.
const ENDLESS: Duration = Duration::from_secs(60);
/// How much memory they may take, in MiB.
const MEMORY: u64 = 128;
/// The office that attaches.
const OFFICE: &str = "AT";

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    // What looks into files knows no database.
    if order.database != Database::Sqlite {
        return Vec::new();
    }
    let installation = Installation::new(order.database, order.subject.clone()).await;
    let scene = Scene::serve(installation.expect("SQLite is always there"), &["LU", OFFICE]).await;
    let trap = TcpListener::bind("127.0.0.1:0").expect("a free port");
    trap.set_nonblocking(true).expect("a listener that does not wait");
    let address = format!("http://{}", trap.local_addr().expect("its address"));
    let (lead, office) = (scene.coordinator("LU").await, scene.coordinator(OFFICE).await);
    let path = launched(&lead, "Missing minors").await;
    let form = office
        .get(&format!("{path}/responses/{OFFICE}/word-form"))
        .await
        .expect(200);
    let form = Form::open(&form.bytes);
    let files = format!("{path}/responses/{OFFICE}/answers/q1/attachments");
    let mut faults = honest_are_taken(&office, &files, &form).await;
    let kept = kept(&scene);
    let hostile = hostile::all(&form, &address);
    let names: BTreeSet<&str> = hostile.iter().map(|file| file.name.as_str()).collect();
    if names.len() < FILES || names.len() < hostile.len() {
        faults.push(format!(
            "{} different ones of {} files, not {FILES}",
            names.len(),
            hostile.len()
        ));
    }
    let (mut slowest, mut begin, mut most) = ((Duration::ZERO, ""), 0, 0);
    scene.process.forget_highest();
    for (index, file) in hostile.iter().enumerate() {
        if index == 0 {
            (begin, _) = memory(&scene.process);
        }
        let before = used(&scene.process);
        faults.extend(tried(&office, &files, file).await);
        let time = used(&scene.process) - before;
        slowest = slowest.max((time, &file.name));
        most = most.max(memory(&scene.process).1);
        if order.is_decided(faults.len()) || order.is_decided(usize::from(time > SLOWEST * UNOPTIMISED)) {
            break;
        }
    }
    if self::kept(&scene) != kept {
        faults.push("files were kept that were refused".to_owned());
    }
    faults.extend(honest_are_taken(&office, &files, &form).await);
    if trap.accept().is_ok() {
        faults.push("the address that the files name was called".to_owned());
    }
    faults.extend(faults_in_log(scene.installation.folder(), &["panicked"]));
    say(format!("  {} files; slowest {}", hostile.len(), slowest.1));
    for fault in faults.iter().take(20) {
        say(format!("    {fault}"));
    }
    let grown = most.saturating_sub(begin).div_ceil(1024);
    // Unoptimised, as on every change, it is held to less, under another name.
    let (name, bound) = if cfg!(debug_assertions) {
        ("S6-uploads-slowest-unoptimised", SLOWEST * UNOPTIMISED)
    } else {
        ("S6-uploads-slowest", SLOWEST)
    };
    vec![
        Goal::new(order.goal("S6-uploads-accepted"), faults.len(), 0, faults.is_empty()),
        Goal::new(
            order.goal(name),
            format!("{}ms", slowest.0.as_millis()),
            format!("<={}ms", bound.as_millis()),
            slowest.0 <= bound,
        ),
        Goal::new(
            order.goal("S6-uploads-memory"),
            format!("{grown}MiB"),
            format!("<={MEMORY}MiB"),
            grown <= MEMORY,
        ),
    ]
}

/// How many files lie where they lie.
fn kept(scene: &Scene) -> usize {
    std::fs::read_dir(scene.installation.folder().join("attachments")).map_or(0, Iterator::count)
}

fn memory(process: &Process) -> (u64, u64) {
    process.memory().expect("the machine tells the memory of a process")
}

fn used(process: &Process) -> Duration {
    process
        .processor_time()
        .expect("the machine tells what a process takes")
}

/// What is wrong with what is said of files that are what they say: nothing.
async fn honest_are_taken(office: &Client, files: &str, form: &Form) -> Vec<String> {
    let mut faults = Vec::new();
    for (media_type, bytes) in hostile::honest(form) {
        let reply = office.attach(files, media_type, "honest", bytes).await;
        let removed = match reply.json["id"].as_str() {
            Some(id) => office.delete(&format!("{files}/{id}")).await.status,
            None => 0,
        };
        if removed != 204 {
            faults.push(format!(
                "an honest {media_type} is not taken: {} {}",
                reply.status, reply.text
            ));
        }
    }
    faults
}

/// Attaches a file; gives what is wrong with the reply.
async fn tried(office: &Client, files: &str, file: &Hostile) -> Option<String> {
    let reply = office.attach(files, file.media_type, &file.name, file.bytes.clone());
    match tokio::time::timeout(ENDLESS, reply).await {
        Ok(reply) => {
            let is_refused = matches!(reply.status, 400 | 413 | 415) && !reply.text.contains("root:");
            (!is_refused).then(|| format!("{} as {}: {} {}", file.name, file.media_type, reply.status, reply.text))
        }
        Err(_) => Some(format!("{}: no reply", file.name)),
    }
}
