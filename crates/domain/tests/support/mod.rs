//! Queries and responses for property tests: any questions with any conditions, and responses that fit them.

use ahq_domain::answer::{Answer, Content, Instead, NumberValue, Row, YesNo};
use ahq_domain::dissemination::{Circle, is_asked};
use ahq_domain::markdown::Markdown;
use ahq_domain::question::{AskIf, Choice, Column, ColumnType, Key, Kind, Question, Revision};
use proptest::prelude::*;
use proptest::sample::Index;
use rust_decimal::Decimal;

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

pub(crate) fn question(id: &str, kind: Kind, ask_if: Option<(&str, &[&str])>) -> Question {
    Question {
        id: key(id),
        revisions: vec![Revision {
            number: 1,
            text: Markdown::parse("What is it?", 100).unwrap(),
        }],
        kind,
        required: true,
        ask_if: ask_if.map(|(question, words)| AskIf {
            question: key(question),
            one_of: words.iter().map(|word| (*word).to_owned()).collect(),
        }),
    }
}

pub(crate) fn answer(question: &str, circle: Circle, content: Content) -> Answer {
    Answer {
        question: key(question),
        revision: 1,
        circle,
        ground: None,
        as_of: None,
        sources: Vec::new(),
        attachments: Vec::new(),
        content,
    }
}

pub(crate) fn yes_no(value: YesNo) -> Content {
    Content::YesNo { value, comment: None }
}

pub(crate) fn choice_of(ids: &[&str]) -> Kind {
    Kind::SingleChoice {
        options: ids
            .iter()
            .map(|id| Choice {
                id: key(id),
                text: format!("Option {id}"),
            })
            .collect(),
    }
}

pub(crate) fn circles() -> impl Strategy<Value = Circle> {
    prop::sample::select(Circle::ALL.to_vec())
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => Just(Kind::YesNo),
        2 => Just(choice_of(&["a", "b", "c"])),
        1 => Just(Kind::Text),
        1 => Just(Kind::Date),
        1 => Just(Kind::Number { unit: "persons".into(), period: "2025".into() }),
        1 => Just(Kind::Table {
            columns: vec![
                Column { id: key("c1"), title: "Persons".into(), column_type: ColumnType::Number },
                Column { id: key("c2"), title: "Remark".into(), column_type: ColumnType::Text },
            ],
            rows: Some(vec!["2024".into(), "2025".into()]),
        }),
    ]
}

/// The words a condition may name; none where nothing can hang on a question of this kind.
fn words(kind: &Kind) -> Vec<&str> {
    match kind {
        Kind::YesNo => YesNo::ALL.into_iter().map(YesNo::word).collect(),
        Kind::SingleChoice { options } => options.iter().map(|option| option.id.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Up to six questions, about two in three of them hanging on an earlier one where that is possible.
pub(crate) fn some_questions() -> impl Strategy<Value = Vec<Question>> {
    let one = (
        kinds(),
        any::<bool>(),
        any::<Index>(),
        any::<Index>(),
        prop::bool::weighted(0.67),
    );
    prop::collection::vec(one, 1..=6).prop_map(|drawn| {
        let mut questions: Vec<Question> = Vec::new();
        for (index, (kind, two_words, on, word, hangs)) in drawn.into_iter().enumerate() {
            let ask_if = (hangs && index > 0)
                .then(|| &questions[on.index(index)])
                .and_then(|earlier| {
                    let words = words(&earlier.kind);
                    let first = (!words.is_empty()).then(|| word.index(words.len()))?;
                    let count = if two_words { 2 } else { 1 };
                    Some(AskIf {
                        question: earlier.id.clone(),
                        one_of: words
                            .iter()
                            .cycle()
                            .skip(first)
                            .take(count)
                            .map(|word| (*word).to_owned())
                            .collect(),
                    })
                });
            let mut question = question(&format!("q{index}"), kind, None);
            question.ask_if = ask_if;
            questions.push(question);
        }
        questions
    })
}

fn contents(kind: &Kind) -> BoxedStrategy<Content> {
    let own = match kind {
        Kind::YesNo => prop::sample::select(YesNo::ALL.to_vec()).prop_map(yes_no).boxed(),
        Kind::SingleChoice { options } | Kind::MultipleChoice { options } => {
            let ids: Vec<Key> = options.iter().map(|option| option.id.clone()).collect();
            let chosen = prop::sample::select(ids);
            chosen
                .prop_map(|id| Content::Choice {
                    options: vec![id],
                    comment: None,
                })
                .boxed()
        }
        Kind::Text => "[a-z]{1,8}"
            .prop_map(|text| Content::Text {
                text: Markdown::parse(&text, 100).unwrap(),
            })
            .boxed(),
        Kind::Number { .. } => (0i64..100_000, 0u32..4, 0..4)
            .prop_map(|(units, scale, form)| Content::Number {
                value: match form {
                    0 => NumberValue::FewerThan(Decimal::new(units, 0)),
                    1 => NumberValue::Confidential,
                    _ => NumberValue::Exactly(Decimal::new(units, scale)),
                },
                flag: None,
                comment: None,
            })
            .boxed(),
        Kind::Date => (1..=28u32)
            .prop_map(|day| Content::Date {
                date: chrono::NaiveDate::from_ymd_opt(2026, 2, day).unwrap(),
                comment: None,
            })
            .boxed(),
        Kind::Table { .. } => (0..1_000, 0..1_000)
            .prop_map(|(one, two)| {
                let row = |title: &str, value: i32| Row {
                    title: title.to_owned(),
                    cells: vec![value.to_string(), "-".to_owned()],
                };
                Content::Table {
                    rows: vec![row("2024", one), row("2025", two)],
                    comment: None,
                }
            })
            .boxed(),
    };
    let words = [Instead::NotApplicable, Instead::NoInformation, Instead::ToFollow];
    let instead = prop::sample::select(words.to_vec()).prop_map(|word| Content::Instead { word, note: None });
    prop_oneof![6 => own, 1 => instead].boxed()
}

/// An answer to every question, asked or not: [`settled`] makes a response of them.
pub(crate) fn some_answers(questions: &[Question]) -> impl Strategy<Value = Vec<Answer>> + use<> {
    questions
        .iter()
        .map(|question| {
            let id = question.id.as_str().to_owned();
            (circles(), contents(&question.kind)).prop_map(move |(circle, content)| answer(&id, circle, content))
        })
        .collect::<Vec<_>>()
}

/// The answers without those to questions that are not asked, as only such responses are submitted.
pub(crate) fn settled(questions: &[Question], answers: &[Answer]) -> Vec<Answer> {
    let mut kept: Vec<Answer> = Vec::new();
    for (question, answer) in questions.iter().zip(answers) {
        if is_asked(questions, &kept, question) {
            kept.push(answer.clone());
        }
    }
    kept
}

/// `one` with everything that a reader of `reader` may not see put in from `other`: contents, and with them which
/// of the questions hanging on hidden answers are asked. Circles stay, as they are no content.
pub(crate) fn hidden_changed(questions: &[Question], one: &[Answer], other: &[Answer], reader: Circle) -> Vec<Answer> {
    use ahq_domain::dissemination::{Seen, seen};
    let visible = settled(questions, one);
    let mixed: Vec<Answer> = seen(questions, &visible, reader)
        .into_iter()
        .zip(one.iter().zip(other))
        .map(|((_, seen), (one, other))| match seen {
            Seen::Restricted => Answer {
                circle: one.circle,
                ..other.clone()
            },
            _ => one.clone(),
        })
        .collect();
    settled(questions, &mixed)
}
