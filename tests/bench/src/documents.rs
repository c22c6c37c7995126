//! P6: a compilation of 30 countries and 6 questions printed in each format, and the same printed by peers.
//!
//! Ours and the peers are processes that print one document after another, each time another one; what they do before
//! and after is not counted. Ours is told the number of a compilation and prints with one thread, the peers get what
//! ours has printed, and may use all threads they like. All that is compared was measured on one document, one after
//! the other.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use ahq_domain::answer::Content;
use ahq_domain::compilation::{View, sha256};
use ahq_harness::BEGIN;
use ahq_harness::goal::say;
use ahq_harness::installation::memory_of;
use ahq_harness::text::text_of;
use ahq_render::layout::lay_out;
use ahq_render::{Format, Order, Source, render};
use ahq_server::data::Network;
use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use crate::load::compilation;
use crate::plain::plain;

/// The first argument that turns this program into a printer.
pub(crate) const AS_PRINTER: &str = "printer";

/// Somebody who prints compilations too.
pub(crate) struct Peer {
    /// What `peers/run` knows it as.
    pub(crate) name: &'static str,
    /// What it prints.
    pub(crate) format: Format,
    /// How many times as long as ours it has to take.
    pub(crate) wanted: f64,
    /// The same in a short run: about half of what was reached.
    pub(crate) held: f64,
}

/// All of them; WeasyPrint prints our HTML, LibreOffice our DOCX.
pub(crate) const PEERS: [Peer; 4] = [
    Peer {
        name: "weasyprint",
        format: Format::Pdf,
        wanted: 15.0,
        held: 8.0,
    },
    Peer {
        name: "libreoffice",
        format: Format::Pdf,
        wanted: 2.5,
        held: 1.3,
    },
    Peer {
        name: "docxtpl",
        format: Format::Docx,
        wanted: 10.0,
        held: 5.0,
    },
    Peer {
        name: "xlsxwriter",
        format: Format::Xlsx,
        wanted: 3.0,
        held: 1.5,
    },
];

/// How long one document took in each format, and each peer, in milliseconds; none for a peer that could not be had.
pub(crate) struct Round {
    pub(crate) ours: Vec<(Format, f64)>,
    pub(crate) peers: Vec<Option<f64>>,
}

impl Round {
    /// How long ours took.
    pub(crate) fn of(&self, format: Format) -> f64 {
        let mut ours = self.ours.iter();
        ours.find(|(known, _)| *known == format)
            .map_or(f64::INFINITY, |(_, took)| *took)
    }

    /// How many times as long as ours the peer at this place took.
    pub(crate) fn ratio(&self, place: usize) -> Option<f64> {
        Some(self.peers[place]? / self.of(PEERS[place].format))
    }
}

/// What was measured.
pub(crate) struct Documents {
    pub(crate) rounds: Vec<Round>,
    /// The most memory that ours took, in MiB.
    pub(crate) peak: f64,
}

/// Prints `counted` documents with everybody, and `all` in our formats.
pub(crate) fn measure(counted: usize, all: usize) -> Documents {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../../target/bench-peers/printed");
    std::fs::create_dir_all(&folder).expect("a folder for what is printed");
    let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
    // Typst would lay pages out with every thread there is.
    command.arg(AS_PRINTER).env("RAYON_NUM_THREADS", "1");
    let mut ours = Printer::start(&mut command).expect("our own printer starts");
    let mut peers: Vec<Option<Printer>> = PEERS
        .iter()
        .map(|peer| Printer::start(Command::new(root.join("peers/run")).arg(peer.name)))
        .collect();
    let mut rounds = Vec::new();
    for number in 0..=counted {
        let round = Round {
            ours: ours.print_all(number, &folder),
            peers: PEERS
                .iter()
                .zip(&mut peers)
                .map(|(peer, printer)| {
                    printer
                        .as_mut()?
                        .print(&content(peer, number, &folder), &file(peer, &folder))
                })
                .collect(),
        };
        if number > 0 {
            rounds.push(round);
            continue;
        }
        // What is printed first takes longer, and is looked at.
        let view = view(number);
        let printed = Format::ALL.map(|format| our_file(format, &folder)).into_iter();
        let theirs = PEERS.iter().zip(&round.peers).filter(|(_, took)| took.is_some());
        for file in printed.chain(theirs.map(|(peer, _)| self::file(peer, &folder))) {
            let bytes = std::fs::read(&file).expect("a document");
            let lacking = lacking(&text_of(&bytes), &view);
            assert!(lacking.is_none(), "{} lacks {lacking:?}", file.display());
        }
    }
    for number in counted + 1..all {
        ours.print_all(number, &folder);
    }
    let peak = memory_of(ours.child.id()).map_or(f64::INFINITY, |(_, highest)| highest as f64 / 1024.0);
    Documents { rounds, peak }
}

fn our_file(format: Format, folder: &Path) -> PathBuf {
    folder.join(format!("ours.{}", format.extension()))
}

fn file(peer: &Peer, folder: &Path) -> PathBuf {
    folder.join(format!("{}.{}", peer.name, peer.format.extension()))
}

/// What a peer is handed: always what ours has printed.
fn content(peer: &Peer, number: usize, folder: &Path) -> Value {
    match peer.name {
        "weasyprint" => {
            let page = std::fs::read_to_string(our_file(Format::Html, folder)).expect("our page");
            // Breaking words anywhere, which none here needs, makes WeasyPrint take thirty times as long.
            json!(page.replace("overflow-wrap: anywhere", "overflow-wrap: break-word"))
        }
        "libreoffice" => {
            let document = our_file(Format::Docx, folder).canonicalize();
            json!(document.expect("our document"))
        }
        "docxtpl" => with_source(&view(number), |source| plain(&lay_out(source, Order::Country))),
        _ => sheets(&our_file(Format::Xlsx, folder)),
    }
}

/// The sheets of a workbook with what stands in their cells.
fn sheets(file: &Path) -> Value {
    let mut workbook: Xlsx<_> = calamine::open_workbook(file).expect("our workbook");
    let sheets = workbook.worksheets();
    let cell = |cell: &Data| match cell {
        Data::Empty => Value::Null,
        Data::Int(number) => json!(number),
        Data::Float(number) => json!(number),
        Data::DateTime(date) => json!(date.as_f64()),
        text => json!(text.to_string()),
    };
    let rows = |rows: calamine::Range<Data>| -> Vec<Vec<Value>> {
        rows.rows().map(|row| row.iter().map(cell).collect()).collect()
    };
    let sheets = sheets.into_iter();
    sheets
        .map(|(name, range)| json!({"name": name, "rows": rows(range)}))
        .collect()
}

/// The first thing of a view that a printed text does not hold: the name of a country, or how its last answer begins.
/// Where lines break does not matter.
fn lacking(text: &str, view: &View) -> Option<String> {
    let bare = |text: &str| -> String { text.split_whitespace().collect() };
    let text = bare(text);
    let wanted = view.responses.iter().flat_map(|response| {
        let last = response.rows.last().and_then(|row| row.content.as_ref());
        let Some(Content::Text { text }) = last else {
            panic!("the last answer is one in words");
        };
        [response.name.clone(), text.as_str().chars().take(40).collect()]
    });
    wanted.into_iter().find(|words| !text.contains(&bare(words)))
}

/// The compilation with this number: each has other texts and figures.
fn view(number: usize) -> View {
    let network = Network::embedded().expect("the embedded data are right");
    compilation(&network.offices, number, BEGIN.parse().expect("an instant"))
}

fn with_source<T>(view: &View, act: impl FnOnce(Source<'_>) -> T) -> T {
    let canonical = view.canonical_json().expect("a view as JSON");
    act(Source {
        view,
        canonical: &canonical,
        sha256: &sha256(&canonical),
        erased: None,
        summary: None,
        interface: "https://ahq.example.org/api/v1",
    })
}

/// A process that prints: a line in for each document, a line out with the milliseconds it took.
struct Printer {
    child: Child,
    replies: BufReader<ChildStdout>,
}

impl Printer {
    /// Starts it; none where it cannot be had, and it says why.
    fn start(command: &mut Command) -> Option<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process starts");
        let replies = BufReader::new(child.stdout.take().expect("its output"));
        let mut printer = Self { child, replies };
        (printer.reply()? == "ready").then_some(printer)
    }

    fn reply(&mut self) -> Option<String> {
        let mut line = String::new();
        self.replies.read_line(&mut line).expect("a reply in UTF-8");
        (!line.is_empty()).then(|| line.trim_end().to_owned())
    }

    /// Prints a document into a file and gives how long it took; none when it failed, and it says why.
    fn print(&mut self, content: &Value, file: &Path) -> Option<f64> {
        let input = self.child.stdin.as_mut().expect("its input");
        let told = writeln!(input, "{}", json!({"content": content, "file": file}));
        told.ok().and_then(|()| self.reply())?.parse().ok()
    }

    /// Prints a compilation in each of our formats.
    fn print_all(&mut self, number: usize, folder: &Path) -> Vec<(Format, f64)> {
        Format::ALL
            .map(|format| {
                let content = json!({"number": number, "format": format});
                let took = self.print(&content, &our_file(format, folder));
                (format, took.expect("our own printer prints"))
            })
            .into()
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        // This closes its input first, and with that it ends.
        let _ = self.child.wait();
    }
}

/// Prints what it is told until there is nothing more.
pub(crate) fn serve_printer() {
    say("ready");
    for line in std::io::stdin().lines() {
        let work: Value = serde_json::from_str(&line.expect("a line")).expect("work as JSON");
        let content = &work["content"];
        let format: Format = serde_json::from_value(content["format"].clone()).expect("a format");
        let number = serde_json::from_value(content["number"].clone()).expect("a number");
        let (printed, took) = with_source(&view(number), |source| {
            let begun = Instant::now();
            let printed = render(source, format, Order::Country).expect("a document");
            (printed, begun.elapsed())
        });
        std::fs::write(work["file"].as_str().expect("a file"), printed).expect("the document is written");
        say(took.as_secs_f64() * 1e3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_leaves_something_out_is_noticed() {
        let view = view(1);
        let page = with_source(&view, |source| render(source, Format::Html, Order::Country).unwrap());
        let page = String::from_utf8(page).unwrap();
        assert_eq!(lacking(&page, &view), None);
        assert_eq!(lacking(&page.replace("Austria", ""), &view), Some("Austria".to_owned()));
        let half = &page[..page.len() / 2];
        assert!(lacking(half, &view).is_some());
    }

    #[test]
    fn no_two_documents_are_alike() {
        let answers = |number| -> Vec<Option<_>> {
            let view = view(number);
            let rows = view.responses.into_iter().flat_map(|response| response.rows);
            rows.map(|row| row.content).collect()
        };
        let (one, other) = (answers(1), answers(2));
        assert_eq!(one.len(), 30 * 6);
        assert!(one.iter().all(|content| content.is_some() && !other.contains(content)));
    }

    #[test]
    fn a_peer_that_cannot_be_had_is_none() {
        assert!(Printer::start(&mut Command::new("false")).is_none());
        let mut ends = Printer::start(Command::new("echo").arg("ready")).unwrap();
        assert_eq!(ends.print(&json!(1), Path::new("nowhere")), None);
    }
}
