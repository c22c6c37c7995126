//! S6 for Word forms: two hundred hostile files are uploaded to the running program by somebody who may. None is taken for a
//! form, each is answered soon and within bounded memory, nothing is written beside the database, nobody is called, and an
//! honest form is read as before.

pub(crate) mod hostile;
pub(crate) mod package;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use ahq_harness::form::Form;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::{Installation, Process};
use ahq_harness::{Client, Database, Reply};

use self::hostile::{Expected, Honest, Hostile};
use crate::Order;
use crate::load::faults_in_log;
use crate::scene::{Scene, launched};

/// How many files there are at least.
const FILES: usize = 200;
/// How long the program may take for one, counted while it has a processor: neighbours on the machine are no fault of it.
const SLOWEST: Duration = Duration::from_secs(2);
/// After how long by the clock a reply does not come.
const ENDLESS: Duration = Duration::from_secs(60);
/// How much memory they may take, in MiB.
const MEMORY: u64 = 128;
/// The office whose form it is.
const OFFICE: &str = "AT";

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    // What reads forms knows no database.
    if order.database != Database::Sqlite {
        return Vec::new();
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Files that the program writes for a while would lie there.
    let installation = Installation::new(order.database, order.subject.clone()).await;
    let installation = installation
        .expect("SQLite is always there")
        .with("TMPDIR", folder.path().display());
    let scene = Scene::serve(installation, &["LU", OFFICE, "BE"]).await;
    let trap = TcpListener::bind("127.0.0.1:0").expect("a free port");
    trap.set_nonblocking(true).expect("a listener that does not wait");
    let address = format!("http://{}", trap.local_addr().expect("its address"));
    let (lead, office) = (scene.coordinator("LU").await, scene.coordinator(OFFICE).await);
    let (path, other) = (
        launched(&lead, "Missing minors").await,
        launched(&lead, "Something else").await,
    );
    let form = filled(&office, &path, OFFICE).await;
    let hostile = hostile::all(&Honest {
        form: &form,
        other_query: &filled(&office, &other, OFFICE).await,
        other_office: &filled(&scene.coordinator("BE").await, &path, "BE").await,
        trap: &address,
    });
    let upload = Upload {
        office,
        address: format!("{path}/responses/{OFFICE}/word-form"),
        honest: form.saved(),
    };
    let as_it_was = upload.honest().await;
    let before = (files_below(scene.installation.folder()), files_below(folder.path()));
    let (mut faults, mut slowest) = (not_distinct(&hostile), (Duration::ZERO, ""));
    let mut memory = Memory::of(&scene.process);
    for file in &hostile {
        let before = used(&scene.process);
        faults.extend(upload.tried(file, &as_it_was).await);
        let time = used(&scene.process) - before;
        if time > SLOWEST / 2 {
            say(format!("  {} took {} ms", file.name, time.as_millis()));
        }
        slowest = slowest.max((time, &file.name));
        memory.look(&scene.process, &file.name);
        if order.is_decided(faults.len()) || order.is_decided(usize::from(time > SLOWEST)) {
            break;
        }
    }
    if upload.honest().await.json != as_it_was.json {
        faults.push("the honest form is not read as it was".to_owned());
    }
    if (files_below(scene.installation.folder()), files_below(folder.path())) != before {
        faults.push("files were written beside the database".to_owned());
    }
    if trap.accept().is_ok() {
        faults.push("the address that the files name was called".to_owned());
    }
    faults.extend(faults_in_log(scene.installation.folder(), &["panicked"]));
    say(format!(
        "  {} files; slowest {}; most memory with {}",
        hostile.len(),
        slowest.1,
        memory.most_with
    ));
    for fault in faults.iter().take(20) {
        say(format!("    {fault}"));
    }
    let grown = memory.grown();
    vec![
        Goal::new(order.goal("S6-forms-accepted"), faults.len(), 0, faults.is_empty()),
        Goal::new(
            order.goal("S6-forms-slowest"),
            format!("{}ms", slowest.0.as_millis()),
            format!("<={}ms", SLOWEST.as_millis()),
            slowest.0 <= SLOWEST,
        ),
        Goal::new(
            order.goal("S6-forms-memory"),
            format!("{grown}MiB"),
            format!("<={MEMORY}MiB"),
            grown <= MEMORY,
        ),
    ]
}

/// The form of an office with an answer to each question.
async fn filled(client: &Client, path: &str, office: &str) -> Form {
    let address = format!("{path}/responses/{office}/word-form");
    let form = client.get(&address).await.expect(200);
    Form::open(&form.bytes)
        .typed("q1.answer", "Yes")
        .typed("q2.answer", "By a register.")
}

/// Two hundred files that differ in name and content, or the drill is not what it says.
fn not_distinct(files: &[Hostile]) -> Vec<String> {
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let contents: BTreeSet<&[u8]> = files.iter().map(|file| file.bytes.as_slice()).collect();
    let least = names.len().min(contents.len());
    if least < FILES || least < files.len() {
        vec![format!("{least} different ones of {} files, not {FILES}", files.len())]
    } else {
        Vec::new()
    }
}

fn used(process: &Process) -> Duration {
    process
        .processor_time()
        .expect("the machine tells what a process takes")
}

/// Who uploads, and where.
struct Upload {
    office: Client,
    address: String,
    honest: Vec<u8>,
}

impl Upload {
    async fn honest(&self) -> Reply {
        let reply = self.office.upload(&self.address, self.honest.clone()).await.expect(200);
        let answer = &reply.json["draft"]["answers"]["q2"]["text"];
        assert_eq!(answer, "By a register.", "{}", reply.text);
        reply
    }

    /// Uploads a file; gives what is wrong with the reply.
    async fn tried(&self, file: &Hostile, honest: &Reply) -> Option<String> {
        let reply = self.office.upload(&self.address, file.bytes.clone());
        match tokio::time::timeout(ENDLESS, reply).await {
            Ok(reply) => unexpected(file, &reply, honest),
            Err(_) => Some(format!("{}: no reply", file.name)),
        }
    }
}

/// What a reply says that it should not.
fn unexpected(file: &Hostile, reply: &Reply, honest: &Reply) -> Option<String> {
    let faults = reply.faults();
    let code = faults.first().map_or(reply.code(), |(_, code)| code);
    let secret = reply.text.contains("root:") || reply.text.contains("/bin/");
    let right = match file.expected {
        Expected::Refused(status, wanted) => reply.status == status && code == wanted && faults.len() <= 1,
        Expected::Told(words) => reply.status == 200 && reply.text.contains(words) && reply.json != honest.json,
        Expected::Nothing => reply.status == 200 && reply.json == honest.json,
    };
    let said: String = reply.text.chars().take(200).collect();
    (secret || !right).then(|| {
        format!(
            "{}: {:?} was expected, not {} {code}: {said}",
            file.name, file.expected, reply.status
        )
    })
}

/// All files below a folder.
fn files_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path.display().to_string());
        }
    }
    found
}

/// The memory of the program at its highest.
struct Memory {
    begin: u64,
    most: u64,
    most_with: String,
}

impl Memory {
    fn of(process: &Process) -> Self {
        process.forget_highest();
        let (now, _) = process.memory().expect("the machine tells the memory of a process");
        Self {
            begin: now,
            most: now,
            most_with: "none".to_owned(),
        }
    }

    fn look(&mut self, process: &Process, name: &str) {
        let (_, most) = process.memory().expect("the program is there");
        if most > self.most {
            self.most = most;
            self.most_with = name.to_owned();
        }
    }

    /// In MiB; one that is begun counts.
    fn grown(&self) -> u64 {
        (self.most - self.begin).div_ceil(1024)
    }
}
