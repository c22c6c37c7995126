//! Samples of every document, made by the printers themselves.
//!
//!     ahq-documents FOLDER             writes them into a folder
//!     ahq-documents --largest FORMAT   prints the largest compilation there can be, and says what that took
//!
//! What is wrong with them is found by the checks beside this program; it only makes them.
#![expect(clippy::expect_used, reason = "samples that cannot be made are a failed check")]

mod answers;
mod query;
mod texts;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use ahq_domain::compilation::{View, changes, compile, sha256};
use ahq_domain::dissemination::Circle;
use ahq_domain::summary::{Material, Summary, first_draft};
use ahq_domain::word_form::FormId;
use ahq_harness::goal::say;
use ahq_render::index::{Contents, Included, LeftOut};
use ahq_render::word_form::{self, Form};
use ahq_render::{Format, Order, Source, render};

use query::Sample;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--largest", word] => {
            let format = Format::ALL.into_iter().find(|format| format.extension() == *word);
            largest(format.expect("a format"));
        }
        [folder] => samples(Path::new(folder)),
        _ => {
            say("ahq-documents FOLDER | --largest FORMAT");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn samples(folder: &Path) {
    let keep = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("a folder to write to");
    let mut included = Vec::new();
    for sample in [Sample::usual(), Sample::every_kind()] {
        for circle in Circle::ALL {
            let view = view(&sample, circle);
            let hash = compilation(&sample, &view, &keep);
            included.push(Included {
                number: view.head.number.clone().expect("a number"),
                title: view.head.title.clone(),
                requester: "Luxembourg".to_owned(),
                launched: sample.query.launched().map(|launched| launched.at),
                edition: view.edition,
                circle,
                sha256: hash,
                files: vec![format!("{}_{circle}_country.html", sample.name)],
            });
        }
        let form = form(&sample);
        keep(&format!("{}_form.docx", sample.name), &form);
    }
    let contents = Contents {
        made: query::at(query::COMPILED),
        included,
        left_out: vec![LeftOut {
            number: Some("2026.80".to_owned()),
            edition: Some(1),
            why: "It was replaced by edition 2".to_owned(),
        }],
    };
    keep("index.html", contents.html().as_bytes());
    keep("index.csv", &contents.csv().expect("an index"));
}

/// The second edition, as this circle reads it.
fn view(sample: &Sample, circle: Circle) -> View {
    let before = compile(&sample.snapshot(&sample.before), circle, 1);
    let mut view = compile(&sample.snapshot(&sample.responses), circle, 2);
    view.changes = changes(&before, &view);
    view
}

/// The summary that the program begins.
fn summary(sample: &Sample, view: &View) -> Summary {
    let names = |list: &Option<Vec<ahq_domain::compilation::Named>>| -> Vec<String> {
        list.iter().flatten().map(|named| named.name.clone()).collect()
    };
    let day = view.head.requested_on.expect("a launched query");
    first_draft(&Material {
        background: view.background.as_ref(),
        responses_line: &view.head.responses_line,
        declined: &names(&view.head.declined),
        not_answered: &names(&view.head.not_answered),
        questions: &sample.query.questions,
        figures: &view.comparison,
        names: &|office| sample.offices.name_on(office, day),
    })
}

/// Writes a view in every format, and in both orders where the format has them; gives its hash.
fn compilation(sample: &Sample, view: &View, keep: &dyn Fn(&str, &[u8])) -> String {
    let canonical = view.canonical_json().expect("JSON");
    let hash = sha256(&canonical);
    let summary = summary(sample, view);
    let source = Source {
        view,
        canonical: &canonical,
        sha256: &hash,
        erased: None,
        summary: Some(&summary),
        interface: "https://ahq.example.org/api/v1",
    };
    let (name, circle) = (&sample.name, view.circle);
    for format in Format::ALL {
        let orders: &[Order] = match format {
            Format::Html | Format::Pdf | Format::Docx => &[Order::Country, Order::Question],
            _ => &[Order::Country],
        };
        for order in orders {
            let bytes = render(source, format, *order).expect("a document");
            keep(
                &format!("{name}_{circle}_{}.{}", order.word(), format.extension()),
                &bytes,
            );
        }
    }
    hash
}

/// The form for Greece.
fn form(sample: &Sample) -> Vec<u8> {
    let office = "EL".parse().expect("a code");
    let query = compile(&sample.snapshot(&[]), Circle::Network, 0);
    let form = Form {
        id: &FormId::of(&sample.query, &office),
        office: "Greece",
        query: &query,
        made: sample.query.changed,
    };
    word_form::print(&form).expect("a form")
}

/// Prints the largest compilation there can be, and says how long that took and how much memory the process had.
fn largest(format: Format) {
    let sample = Sample::largest();
    let view = view(&sample, Circle::Requester);
    let canonical = view.canonical_json().expect("JSON");
    let hash = sha256(&canonical);
    let source = Source {
        view: &view,
        canonical: &canonical,
        sha256: &hash,
        erased: None,
        summary: None,
        interface: "https://ahq.example.org/api/v1",
    };
    let begun = Instant::now();
    // Who asks the exchange for a longer one is refused.
    let told = match format.longest().filter(|longest| canonical.len() > *longest) {
        Some(longest) => format!("refused=\"longer than {longest} bytes\""),
        None => {
            let printed = render(source, format, Order::Country).expect("a document");
            format!("bytes={}", printed.len())
        }
    };
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: u64 = peak
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .expect("a peak in KiB");
    say(format!(
        "format={} milliseconds={} mebibytes={} {told}",
        format.extension(),
        begun.elapsed().as_millis(),
        peak / 1024
    ));
}
