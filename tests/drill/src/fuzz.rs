//! What reads files, fed with files that chance has changed, in this process: Word forms and attachments in turn. It never
//! panics and is never slow; what is read of a form is bounded, and the Markdown says what was read.
//!
//! The same seed draws the same files. One that is wrong is written down, and its seed and number told.

mod files;
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ahq_domain::markdown::{Markdown, plain_text};
use ahq_domain::word_form::{Control, Filled};
use ahq_exchange::word_form::parse;
use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};

use self::files::Files;
use self::mutate::{Document, changed};
use crate::Order;
use crate::chance::{Chance, given_seed};

/// How long files are drawn; in the short form so many, whatever the machine.
const LONG: Duration = Duration::from_secs(3_600);
const SHORT: u64 = 2_000;
/// How long the look at one may take, in seconds; without optimisation six times as long.
const SLOWEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 12 } else { 2 });
/// After how long the look at one has not ended and never will.
const ENDLESS: Duration = Duration::from_secs(30);
/// How many bytes may be read of one form.
const MOST_READ: usize = 16 << 20;
/// The seed, where none is given: chance decides no check.
const SEED: u64 = 1;

/// Runs the fuzzer.
pub(crate) fn run(order: &Order) -> Vec<Goal> {
    // What reads files knows no database.
    if order.database != Database::Sqlite {
        return Vec::new();
    }
    let corpus = corpus();
    let seed = given_seed().unwrap_or(SEED);
    let begun = Instant::now();
    let (mut number, mut read, mut taken, mut faults) = (0, 0_u64, 0_u64, 0_usize);
    // One with the questions that the hostile ones are made for.
    let form = corpus
        .iter()
        .find(|document| document.name == "own-empty")
        .expect("the form");
    let files = Files::new(&form.packed());
    let watched = Watched::begin(seed);
    // The forms as they are, before any that chance has changed.
    let unchanged = corpus.iter().filter(|document| {
        let sound =
            timed(|| look(&document.packed())).map(|filled| filled.is_some_and(|filled| !filled.controls.is_empty()));
        sound != Ok(true)
    });
    for document in unchanged {
        say(format!("    {} is not read as it is", document.name));
        faults += 1;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let is_over = |number: u64| {
        if order.short {
            number >= SHORT
        } else {
            begun.elapsed() >= LONG
        }
    };
    while !is_over(number) && faults < 5 {
        number += 1;
        let mut chance = Chance::of(seed.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ number);
        watched.number.store(number, Ordering::Relaxed);
        let (bytes, wrong) = if number % 2 == 0 {
            let bytes = changed(&corpus, &mut chance);
            let looked = timed(|| look(&bytes)).map(|filled| read += u64::from(filled.is_some()));
            (bytes, looked.err())
        } else {
            let (media_type, bytes) = files.drawn(&mut chance);
            let looked = timed(|| files::look(media_type, bytes.clone())).map(|kept| taken += u64::from(kept));
            (bytes, looked.err())
        };
        if let Some(wrong) = wrong {
            faults += 1;
            let path = kept(seed, number, &bytes);
            say(format!(
                "    seed {seed}, file {number}: {wrong}; it is kept in {}",
                path.display()
            ));
        }
    }
    let _ = std::panic::take_hook();
    watched.number.store(u64::MAX, Ordering::Relaxed);
    let half = (number / 2).max(1);
    say(format!(
        "  seed {seed}: {half} forms, {read} of them read; as many attachments, {taken} of them taken"
    ));
    // Files that are all refused at the door try nothing.
    let share = |of: u64| of * 100 / half;
    let (read, taken) = (share(read), share(taken));
    vec![
        Goal::new(order.goal("S6-fuzz"), faults, 0, faults == 0),
        Goal::new(order.goal("S6-fuzz-read"), format!("{read}%"), ">=20%", read >= 20),
        Goal::new(order.goal("S6-fuzz-taken"), format!("{taken}%"), ">=5%", taken >= 5),
    ]
}

/// Looks at a file; a panic or too long a look is a fault.
fn timed<T>(look: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let begun = used();
    let looked = catch_unwind(AssertUnwindSafe(look)).map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|&words| words.to_owned()));
        format!("a panic: {}", words.unwrap_or_default())
    })?;
    let time = used().saturating_sub(begun);
    if time > SLOWEST {
        return Err(format!("it took {} ms", time.as_millis()));
    }
    looked
}

/// Reads a form as the program does; gives what was read, or what is wrong with it.
fn look(bytes: &[u8]) -> Result<Option<Filled>, String> {
    let Ok(filled) = parse(bytes) else {
        return Ok(None);
    };
    let bytes: usize = filled.controls.iter().map(|(_, control)| size(control)).sum();
    if bytes > MOST_READ {
        return Err(format!("{bytes} bytes were read"));
    }
    for (tag, control) in &filled.controls {
        says_the_same(control).map_err(|wrong| format!("{tag}: {wrong}"))?;
    }
    Ok(Some(filled))
}

/// How long this thread has had a processor: neighbours on the machine are no fault of the reader.
fn used() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the machine tells what a thread takes");
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

fn size(control: &Control) -> usize {
    let cells = control.rows.iter().flatten().map(String::len).sum::<usize>();
    control.text.len() + control.markdown.len() + cells
}

/// The Markdown is one that the exchange takes, and says what was read, letter by letter.
fn says_the_same(control: &Control) -> Result<(), String> {
    let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>();
    let said = match Markdown::parse(&control.markdown, usize::MAX) {
        Ok(markdown) => plain_text(&markdown.tree()),
        Err(refused) if refused.code == "missing_field" => String::new(),
        Err(refused) => return Err(format!("its Markdown is not taken: {refused}")),
    };
    let (said, read) = (letters(&said), letters(&control.text));
    if said == read {
        Ok(())
    } else {
        let differs = said
            .chars()
            .zip(read.chars())
            .take_while(|(said, read)| said == read)
            .count();
        let around = |text: &str| {
            text.chars()
                .skip(differs.saturating_sub(20))
                .take(60)
                .collect::<String>()
        };
        Err(format!(
            "its Markdown says {:?} where {:?} was read",
            around(&said),
            around(&read)
        ))
    }
}

/// Forms in their parts, as they are kept beside this drill.
fn corpus() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/forms");
    let mut documents: Vec<Document> = std::fs::read_dir(&folder)
        .expect("the corpus")
        .map(|entry| entry.expect("a form of the corpus").path())
        .filter(|path| path.is_dir())
        .map(|path| Document::open(&path))
        .collect();
    documents.sort_by(|one, other| one.name.cmp(&other.name));
    documents
}

/// Keeps a file that is wrong.
fn kept(seed: u64, number: u64, bytes: &[u8]) -> PathBuf {
    let folder = Path::new("target/fuzz");
    let path = folder.join(format!("file-{seed}-{number}"));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
    written.expect("the file is kept");
    path
}

/// Ends this process when a look never ends.
struct Watched {
    number: Arc<AtomicU64>,
}

impl Watched {
    fn begin(seed: u64) -> Self {
        let number = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&number);
        std::thread::spawn(move || {
            let mut last = (0, Instant::now());
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let now = seen.load(Ordering::Relaxed);
                if now == u64::MAX {
                    return;
                }
                if now != last.0 {
                    last = (now, Instant::now());
                } else if last.1.elapsed() > ENDLESS {
                    Goal::new(
                        "S6-fuzz-sqlite",
                        format!("seed {seed}, file {now} never ends"),
                        0,
                        false,
                    )
                    .print();
                    std::process::exit(1);
                }
            }
        });
        Self { number }
    }
}
