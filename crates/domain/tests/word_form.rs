//! What is read from the controls of a Word form that came back.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop a test that cannot go on"
)]

#[path = "support/query.rs"]
#[expect(dead_code, reason = "the tests of responses need more of it")]
mod query;
#[expect(dead_code, reason = "the tests of answers need more of it")]
mod support;

use ahq_domain::answer::{AnswerInput, Instead, NumberFlag, NumberInput, Row, YesNo};
use ahq_domain::dissemination::Circle;
use ahq_domain::query::{Audience, Query};
use ahq_domain::question::{Choice, Column, ColumnType, Kind, Question};
use ahq_domain::refusal::Refusal;
use ahq_domain::word_form::{Control, Filled, FormId, Part, QuestionReading, Reading, Tag, parts, read};
use proptest::prelude::*;

use query::{draft, launched, office};
use support::{choice_of, key, question, some_questions};

fn asking(kinds: Vec<Kind>) -> Query {
    let mut query = launched(draft(), Audience::Members, &[("AT", None), ("BE", None)]);
    query.questions = kinds
        .into_iter()
        .enumerate()
        .map(|(index, kind)| question(&format!("q{}", index + 1), kind, None))
        .collect();
    query
}

fn column(id: &str, title: &str, column_type: ColumnType) -> Column {
    Column {
        id: key(id),
        title: title.into(),
        column_type,
    }
}

fn free_table() -> Kind {
    Kind::Table {
        columns: vec![
            column("persons", "Persons", ColumnType::Number),
            column("remark", "Remark", ColumnType::Text),
        ],
        rows: None,
    }
}

fn number() -> Kind {
    Kind::Number {
        unit: "persons".into(),
        period: "2025".into(),
    }
}

fn typed(text: &str) -> Control {
    Control {
        text: text.into(),
        markdown: text.into(),
        ..Control::default()
    }
}

/// The form of Austria as it goes out, with these of its controls filled in.
fn form(query: &Query, filled: &[(Tag, Control)]) -> Filled {
    let mut controls = vec![
        (Tag::Form(FormId::of(query, &office("AT"))), Control::default()),
        (Tag::Circle, Control::default()),
    ];
    for (index, question) in query.questions.iter().enumerate() {
        let tags = parts(question).into_iter().map(|part| Tag::Question(index + 1, part));
        controls.extend(tags.map(|tag| (tag, Control::default())));
    }
    for (tag, control) in filled {
        let place = controls.iter_mut().find(|(known, _)| known == tag);
        place.unwrap().1 = control.clone();
    }
    Filled { controls }
}

fn first(query: &Query, filled: &[(Part, Control)]) -> QuestionReading {
    let filled: Vec<_> = filled
        .iter()
        .map(|(part, control)| (Tag::Question(1, *part), control.clone()))
        .collect();
    let mut reading = read(query, &office("AT"), &form(query, &filled), Circle::Public).unwrap();
    reading.questions.remove(0)
}

fn faults(reading: QuestionReading) -> Vec<(String, String)> {
    let faults = reading.faults.into_vec().into_iter();
    faults
        .map(|fault| (fault.pointer.to_string(), fault.code.to_string()))
        .collect()
}

fn refused(query: &Query, filled: &Filled) -> (String, bool) {
    match read(query, &office("AT"), filled, Circle::Public) {
        Err(Refusal::Invalid(faults)) => (faults.iter().next().unwrap().code.to_string(), false),
        Err(Refusal::Conflict { code, .. }) => (code.to_string(), true),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_form_as_it_went_out_answers_nothing() {
    let query = asking(vec![Kind::Text, Kind::YesNo, number(), Kind::Date, free_table()]);
    let reading = read(&query, &office("AT"), &form(&query, &[]), Circle::Public).unwrap();
    assert!(reading.remarks.is_empty());
    for question in reading.questions {
        assert_eq!(
            (question.answer, question.faults.is_empty(), question.remarks),
            (None, true, Vec::new())
        );
    }
}

#[test]
fn numbers_are_read_as_people_write_them() {
    let exactly = |value: &str| NumberInput {
        value: Some(value.into()),
        ..NumberInput::default()
    };
    let below = |value: &str| NumberInput {
        fewer_than: Some(value.into()),
        ..NumberInput::default()
    };
    for (typed_text, expected, remarked) in [
        ("1250", exactly("1250"), false),
        ("1 250", exactly("1250"), false),
        ("1\u{202f}250", exactly("1250"), false),
        ("1'250", exactly("1250"), false),
        ("12.5", exactly("12.5"), false),
        ("1.250", exactly("1.250"), true),
        ("fewer than 5", below("5"), false),
        ("Less than 5", below("5"), false),
        ("< 5", below("5"), false),
        (
            "Confidential",
            NumberInput {
                confidential: true,
                ..NumberInput::default()
            },
            false,
        ),
    ] {
        let reading = first(&asking(vec![number()]), &[(Part::Answer, typed(typed_text))]);
        assert_eq!(reading.answer.unwrap().number, Some(expected), "{typed_text}");
        assert!(reading.faults.is_empty(), "{typed_text}");
        assert_eq!(!reading.remarks.is_empty(), remarked, "{typed_text}");
    }
    for typed_text in ["1,250", "about 12", "12 persons", "-"] {
        let reading = first(&asking(vec![number()]), &[(Part::Answer, typed(typed_text))]);
        assert!(!reading.faults.is_empty(), "{typed_text}");
        assert!(reading.answer.is_some(), "what was typed is shown: {typed_text}");
    }
}

#[test]
fn how_sure_a_number_is_goes_with_it() {
    let filled = [(Part::Answer, typed("7")), (Part::Flag, typed("Estimate"))];
    let reading = first(&asking(vec![number()]), &filled);
    assert_eq!(reading.answer.unwrap().number.unwrap().flag, Some(NumberFlag::Estimate));
}

#[test]
fn dates_are_picked_or_typed() {
    let picked = |text: &str| Control {
        date: "2019-01-31".parse().ok(),
        ..typed(text)
    };
    for (control, expected) in [
        (picked("2019-01-31"), "2019-01-31"),
        (typed("2020-02-29"), "2020-02-29"),
        (typed("29/02/2020"), "2020-02-29"),
        (typed("29.02.2020"), "2020-02-29"),
        (typed("29 February 2020"), "2020-02-29"),
        // Typed over what was picked.
        (picked("2020-02-29"), "2020-02-29"),
        // Written out in another language by a program that keeps the day beside it.
        (picked("31 janvier 2019"), "2019-01-31"),
    ] {
        let reading = first(&asking(vec![Kind::Date]), &[(Part::Answer, control.clone())]);
        assert_eq!(reading.answer.unwrap().date, expected.parse().ok(), "{control:?}");
    }
    let reading = first(&asking(vec![Kind::Date]), &[(Part::Answer, typed("in spring"))]);
    assert_eq!(faults(reading), [("/date".to_owned(), "bad_date".to_owned())]);
}

#[test]
fn words_are_chosen_from_their_lists() {
    let yes_no = |text: &str| first(&asking(vec![Kind::YesNo]), &[(Part::Answer, typed(text))]);
    assert_eq!(yes_no("  partly ").answer.unwrap().yes_no, Some(YesNo::Partly));
    assert_eq!(
        faults(yes_no("Maybe")),
        [("/yesNo".to_owned(), "not_one_of".to_owned())]
    );
    let choice = |text: &str| first(&asking(vec![choice_of(&["a", "b"])]), &[(Part::Answer, typed(text))]);
    assert_eq!(choice("Option b").answer.unwrap().choices, Some(vec!["b".to_owned()]));
    assert_eq!(
        faults(choice("Option c")),
        [("/choices/0".to_owned(), "not_one_of".to_owned())]
    );
    let options = ["x", "y", "z"].map(|id| Choice {
        id: key(id),
        text: id.to_uppercase(),
    });
    let kind = Kind::MultipleChoice {
        options: options.to_vec(),
    };
    let ticked = Control {
        checked: true,
        ..typed("\u{2612}")
    };
    let filled = [(Part::Option(1), ticked.clone()), (Part::Option(3), ticked)];
    let reading = first(&asking(vec![kind]), &filled);
    assert_eq!(
        reading.answer.unwrap().choices,
        Some(vec!["x".to_owned(), "z".to_owned()])
    );
}

#[test]
fn a_table_takes_typed_rows_and_pasted_ones() {
    fn cells(row: usize, texts: [&str; 3]) -> impl Iterator<Item = (Part, Control)> {
        let texts = texts.into_iter().enumerate();
        texts.map(move |(column, text)| (Part::Cell(row, column), typed(text)))
    }
    let pasted = Control {
        rows: vec![
            vec!["Year".into(), "persons".into(), "Remark".into()],
            vec!["2025".into(), "1 250".into(), "final".into()],
            vec!["2026".into(), "7".into()],
        ],
        ..Control::default()
    };
    let filled: Vec<_> = cells(1, ["2023", "5", ""])
        .chain(cells(3, ["2024", "6", "estimate"]))
        .chain([(Part::Rows, pasted)])
        .collect();
    let row = |title: &str, cells: [&str; 2]| Row {
        title: title.into(),
        cells: cells.map(str::to_owned).to_vec(),
    };
    let reading = first(&asking(vec![free_table()]), &filled);
    assert!(reading.faults.is_empty(), "{:?}", reading.faults);
    assert_eq!(
        reading.answer.unwrap().rows.unwrap(),
        [
            row("2023", ["5", ""]),
            row("2024", ["6", "estimate"]),
            row("2025", ["1250", "final"]),
            row("2026", ["7", ""]),
        ]
    );
}

#[test]
fn sources_are_a_line_each() {
    let lines = "Statistics Austria, https://example.org/a?b=1\nhttps://example.org/c\nThe Aliens Act\nReport (https://example.org/d), page 4";
    let reading = first(
        &asking(vec![Kind::Text]),
        &[(Part::Answer, typed("It is.")), (Part::Sources, typed(lines))],
    );
    let sources = reading.answer.unwrap().sources;
    let read: Vec<_> = sources
        .iter()
        .map(|source| (source.title.as_str(), source.address.as_deref()))
        .collect();
    assert_eq!(
        read,
        [
            ("Statistics Austria", Some("https://example.org/a?b=1")),
            ("https://example.org/c", Some("https://example.org/c")),
            ("The Aliens Act", None),
            ("Report page 4", Some("https://example.org/d")),
        ]
    );
}

#[test]
fn what_stands_instead_takes_the_text_as_its_note() {
    let filled = [
        (Part::Instead, typed("To follow")),
        (Part::Answer, typed("The figures come in March.")),
    ];
    let answer = first(&asking(vec![Kind::Text]), &filled).answer.unwrap();
    assert_eq!(answer.instead, Some(Instead::ToFollow));
    assert_eq!(
        (answer.text, answer.comment.as_deref()),
        (None, Some("The figures come in March."))
    );
}

#[test]
fn an_answer_goes_as_far_as_it_says_else_as_far_as_all() {
    let query = asking(vec![Kind::YesNo, Kind::YesNo]);
    let filled = form(
        &query,
        &[
            (Tag::Circle, typed("No: for the EMN network only")),
            (Tag::Question(1, Part::Answer), typed("Yes")),
            (Tag::Question(2, Part::Answer), typed("No")),
            (Tag::Question(2, Part::Circle), typed("Yes: it may be published")),
        ],
    );
    let reading = read(&query, &office("AT"), &filled, Circle::Public).unwrap();
    let circles: Vec<_> = answers(reading).into_iter().map(|answer| answer.circle).collect();
    assert_eq!(circles, [Some(Circle::Network), Some(Circle::Public)]);
}

/// What was chosen for all and cannot be read is told, not taken for permission to publish.
#[test]
fn a_dissemination_that_cannot_be_read_is_told() {
    let query = asking(vec![Kind::YesNo]);
    let filled = form(
        &query,
        &[
            (Tag::Circle, typed("Only for friends")),
            (Tag::Question(1, Part::Answer), typed("Yes")),
        ],
    );
    let reading = read(&query, &office("AT"), &filled, Circle::Public).unwrap();
    assert_eq!(reading.remarks.len(), 1);
    assert!(reading.remarks.iter().all(|remark| remark.contains("Only for friends")));
    let faults = reading.questions.into_iter().next().map(faults).unwrap();
    assert_eq!(faults, [("/circle".to_owned(), "not_one_of".to_owned())]);
}

fn answers(reading: Reading) -> Vec<AnswerInput> {
    reading
        .questions
        .into_iter()
        .filter_map(|question| question.answer)
        .collect()
}

#[test]
fn deleted_and_doubled_controls_are_told() {
    let query = asking(vec![Kind::YesNo]);
    let mut filled = form(&query, &[(Tag::Question(1, Part::Answer), typed("Yes"))]);
    filled
        .controls
        .retain(|(tag, _)| *tag != Tag::Circle && *tag != Tag::Question(1, Part::Comment));
    filled.controls.push((Tag::Question(1, Part::Answer), typed("No")));
    let reading = read(&query, &office("AT"), &filled, Circle::Public).unwrap();
    assert!(reading.remarks.iter().any(|remark| remark.contains("deleted")));
    let question = reading.questions.into_iter().next().unwrap();
    assert!(
        question.remarks.iter().any(|remark| remark.contains("the comment")),
        "{:?}",
        question.remarks
    );
    assert!(question.remarks.iter().any(|remark| remark.contains("twice")));
    assert_eq!(question.answer.unwrap().yes_no, Some(YesNo::Yes));
}

#[test]
fn a_form_of_something_else_is_refused() {
    let query = asking(vec![Kind::YesNo]);
    assert_eq!(refused(&query, &Filled::default()), ("not_a_form".to_owned(), false));
    let with = |id: FormId| Filled {
        controls: vec![(Tag::Form(id), Control::default())],
    };
    let own = FormId::of(&query, &office("AT"));
    let mut other = query.clone();
    other.id.0 = uuid::Uuid::from_u128(77);
    assert_eq!(
        refused(&query, &with(FormId::of(&other, &office("AT")))),
        ("other_query".to_owned(), false)
    );
    assert_eq!(
        refused(&query, &with(FormId::of(&query, &office("BE")))),
        ("other_office".to_owned(), false)
    );
    let mut corrected = query.clone();
    let revision = corrected.questions[0].revisions[0].clone();
    corrected.questions[0]
        .revisions
        .push(ahq_domain::question::Revision { number: 2, ..revision });
    assert_eq!(refused(&corrected, &with(own)), ("stale_form".to_owned(), true));
}

proptest! {
    /// A tag is found again by its text, and fits where Word keeps it.
    #[test]
    fn a_tag_is_read_as_written(questions in some_questions()) {
        let mut query = asking(Vec::new());
        query.questions = questions;
        let form = Tag::Form(FormId::of(&query, &office("AT")));
        let tags = query.questions.iter().enumerate().flat_map(|(index, question): (usize, &Question)| {
            parts(question).into_iter().map(move |part| Tag::Question(index + 1, part))
        });
        for tag in tags.chain([form, Tag::Circle]) {
            let text = tag.to_string();
            prop_assert!(text.len() <= 64, "{}", text);
            prop_assert_eq!(text.parse::<Tag>().ok(), Some(tag.clone()));
            if let Some(name) = tag.bookmark() {
                prop_assert!(name.len() <= 40, "{}", name);
                prop_assert_eq!(Tag::of_bookmark(&name), Some(tag));
            }
        }
    }
}
