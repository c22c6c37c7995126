//! Answers: what fits each kind of question, and every fault of what does not.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop a test that cannot go on")]

#[path = "answers/faults.rs"]
mod faults;

use ahq_domain::answer::{
    Answer, AnswerInput, Content, Instead, LONGEST_ANSWER, LONGEST_CELL, LONGEST_COMMENT, MOST_SOURCES,
    MOST_TABLE_ROWS, NumberFlag, NumberInput, NumberValue, Row, Source, YesNo,
};
use ahq_domain::dissemination::Circle;
use ahq_domain::markdown::Markdown;
use ahq_domain::question::{Choice, Column, ColumnType, Key, Kind, Question, Revision};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn markdown(text: &str) -> Markdown {
    Markdown::parse(text, LONGEST_ANSWER).unwrap()
}

fn question(kind: Kind) -> Question {
    let revision = |number| Revision {
        number,
        text: markdown("What is it?"),
    };
    Question {
        id: key("q1"),
        revisions: vec![revision(1), revision(2)],
        kind,
        required: true,
        ask_if: None,
    }
}

fn options() -> Vec<Choice> {
    ["a", "b", "c"]
        .iter()
        .map(|id| Choice {
            id: key(id),
            text: format!("Option {id}"),
        })
        .collect()
}

fn number_kind() -> Kind {
    Kind::Number {
        unit: "persons".into(),
        period: "2025".into(),
    }
}

fn table(rows: Option<&[&str]>) -> Kind {
    let column = |id: &str, column_type| Column {
        id: key(id),
        title: id.to_uppercase(),
        column_type,
    };
    Kind::Table {
        columns: vec![column("c1", ColumnType::Number), column("c2", ColumnType::Text)],
        rows: rows.map(|rows| rows.iter().map(|row| (*row).to_owned()).collect()),
    }
}

fn row(title: &str, cells: &[&str]) -> Row {
    Row {
        title: title.to_owned(),
        cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
    }
}

fn parse(kind: Kind, input: AnswerInput) -> Result<Answer, Vec<(String, &'static str)>> {
    Answer::parse(&question(kind), input, Circle::Network).map_err(|faults| {
        faults
            .into_vec()
            .into_iter()
            .map(|fault| {
                assert!(!fault.detail.is_empty());
                (fault.pointer, fault.code)
            })
            .collect()
    })
}

fn text(text: &str) -> AnswerInput {
    AnswerInput {
        text: Some(text.to_owned()),
        ..AnswerInput::default()
    }
}

fn choices(ids: &[&str]) -> AnswerInput {
    AnswerInput {
        choices: Some(ids.iter().map(|id| (*id).to_owned()).collect()),
        ..AnswerInput::default()
    }
}

fn number(number: NumberInput) -> AnswerInput {
    AnswerInput {
        number: Some(number),
        ..AnswerInput::default()
    }
}

fn value(text: &str) -> NumberInput {
    NumberInput {
        value: Some(text.to_owned()),
        ..NumberInput::default()
    }
}

fn rows(rows: Vec<Row>) -> AnswerInput {
    AnswerInput {
        rows: Some(rows),
        ..AnswerInput::default()
    }
}

#[test]
fn each_kind_takes_its_own_field() {
    let comment = || Some("More *about* it".to_owned());
    let kept = || Some(markdown("More *about* it"));
    for (kind, input, content) in [
        (
            Kind::Text,
            text("**All** of it"),
            Content::Text {
                text: markdown("**All** of it"),
            },
        ),
        (
            Kind::YesNo,
            AnswerInput {
                yes_no: Some(YesNo::Partly),
                comment: comment(),
                ..AnswerInput::default()
            },
            Content::YesNo {
                value: YesNo::Partly,
                comment: kept(),
            },
        ),
        (
            Kind::SingleChoice { options: options() },
            choices(&["b"]),
            Content::Choice {
                options: vec![key("b")],
                comment: None,
            },
        ),
        (
            // Options are kept in the order of the question.
            Kind::MultipleChoice { options: options() },
            choices(&["c", "a"]),
            Content::Choice {
                options: vec![key("a"), key("c")],
                comment: None,
            },
        ),
        (
            number_kind(),
            AnswerInput {
                comment: comment(),
                ..number(NumberInput {
                    flag: Some(NumberFlag::Estimate),
                    ..value("-1250.50")
                })
            },
            Content::Number {
                value: NumberValue::Exactly(Decimal::new(-125_050, 2)),
                flag: Some(NumberFlag::Estimate),
                comment: kept(),
            },
        ),
        (
            number_kind(),
            number(NumberInput {
                fewer_than: Some("5".into()),
                ..NumberInput::default()
            }),
            Content::Number {
                value: NumberValue::FewerThan(5.into()),
                flag: None,
                comment: None,
            },
        ),
        (
            number_kind(),
            number(NumberInput {
                confidential: true,
                ..NumberInput::default()
            }),
            Content::Number {
                value: NumberValue::Confidential,
                flag: None,
                comment: None,
            },
        ),
        (
            Kind::Date,
            AnswerInput {
                date: "2026-02-28".parse().ok(),
                ..AnswerInput::default()
            },
            Content::Date {
                date: "2026-02-28".parse().unwrap(),
                comment: None,
            },
        ),
        (
            table(Some(&["2024", "2025"])),
            rows(vec![row("2024", &["12.5", "good"]), row("2025", &["", ""])]),
            Content::Table {
                rows: vec![row("2024", &["12.5", "good"]), row("2025", &["", ""])],
                comment: None,
            },
        ),
        (
            table(None),
            rows(vec![row("Students", &["1", "=1+1"])]),
            Content::Table {
                rows: vec![row("Students", &["1", "=1+1"])],
                comment: None,
            },
        ),
    ] {
        assert_eq!(parse(kind, input).unwrap().content, content);
    }
}

#[test]
fn a_word_may_stand_instead_of_any_answer() {
    let kinds = [
        Kind::Text,
        Kind::YesNo,
        Kind::SingleChoice { options: options() },
        Kind::MultipleChoice { options: options() },
        number_kind(),
        Kind::Date,
        table(None),
    ];
    for kind in kinds {
        for word in [Instead::NotApplicable, Instead::NoInformation, Instead::ToFollow] {
            let input = AnswerInput {
                instead: Some(word),
                comment: Some("Until May".into()),
                ..AnswerInput::default()
            };
            let note = Some(markdown("Until May"));
            assert_eq!(
                parse(kind.clone(), input).unwrap().content,
                Content::Instead { word, note }
            );
        }
    }
}

#[test]
fn what_stands_beside_an_answer_is_kept() {
    let source = Source {
        title: "Aliens Act".into(),
        address: Some("https://example.org/act".into()),
    };
    let input = AnswerInput {
        ground: Some("Article 4(1)(a)".into()),
        as_of: "2026-01-31".parse().ok(),
        sources: vec![source.clone()],
        ..text("Yes.")
    };
    let answer = parse(Kind::Text, input.clone()).unwrap();
    assert_eq!(
        (answer.question.as_str(), answer.revision),
        ("q1", 2),
        "the wording in force is the one answered"
    );
    assert_eq!(answer.circle, Circle::Network, "the default circle");
    assert_eq!(answer.ground.as_deref(), Some("Article 4(1)(a)"));
    assert_eq!((answer.as_of, answer.sources), (input.as_of, vec![source]));
    let named = AnswerInput {
        circle: Some(Circle::Requester),
        ..input
    };
    assert_eq!(parse(Kind::Text, named).unwrap().circle, Circle::Requester);
}

proptest! {
    #[test]
    fn decimals_are_kept_digit_by_digit(units in any::<i64>(), scale in 0u32..19) {
        let text = Decimal::new(units, scale).to_string();
        let answer = parse(number_kind(), number(value(&text))).unwrap();
        let Content::Number { value: NumberValue::Exactly(kept), .. } = answer.content else {
            panic!("not a number");
        };
        prop_assert_eq!(kept.to_string(), text);
    }

    #[test]
    fn no_number_is_rounded(text in "-?[0-9]{1,30}(\\.[0-9]{1,30})?") {
        if let Ok(answer) = parse(number_kind(), number(value(&text))) {
            let Content::Number { value: NumberValue::Exactly(kept), .. } = answer.content else {
                panic!("not a number");
            };
            prop_assert_eq!(kept, Decimal::from_str_exact(&text).unwrap());
            let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            prop_assert_eq!(kept.scale() as usize, fraction);
        }
    }

    #[test]
    fn an_answer_comes_back_from_json_as_it_was(units in any::<i64>(), scale in 0u32..19, circle in 0usize..3) {
        let input = AnswerInput {
            circle: Some(Circle::ALL[circle]),
            ..number(value(&Decimal::new(units, scale).to_string()))
        };
        let answer = parse(number_kind(), input).unwrap();
        let json = serde_json::to_string(&answer).unwrap();
        prop_assert_eq!(serde_json::from_str::<Answer>(&json).unwrap(), answer);
    }
}
