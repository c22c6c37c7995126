//! Figures: who said what, exact numbers, and nothing of what their reader may not see.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop a test that cannot go on"
)]

mod support;

use ahq_domain::answer::{Answer, Content, Instead, NumberFlag, NumberValue, Row, YesNo};
use ahq_domain::comparison::{Figure, FigureBody, compare, written_number};
use ahq_domain::dissemination::Circle;
use ahq_domain::office::OfficeCode;
use ahq_domain::question::{Column, ColumnType, Kind, Question};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;

use support::{
    answer, choice_of, circles, hidden_changed, key, question, settled, some_answers, some_questions, yes_no,
};

fn office(code: &str) -> OfficeCode {
    code.parse().unwrap()
}

fn figures(questions: &[Question], responses: &[(&str, Vec<Answer>)], reader: Circle) -> Vec<Figure> {
    let responses: Vec<(OfficeCode, &[Answer])> = responses
        .iter()
        .map(|(code, answers)| (office(code), answers.as_slice()))
        .collect();
    compare(questions, &responses, reader)
}

fn number(text: &str) -> Content {
    Content::Number {
        value: NumberValue::Exactly(text.parse().unwrap()),
        flag: None,
        comment: None,
    }
}

fn persons() -> Kind {
    Kind::Number {
        unit: "persons".into(),
        period: "2025".into(),
    }
}

/// Median and total of these values, as they are written.
fn median_and_total(values: &[&str]) -> (Option<String>, Option<String>) {
    let codes = ["AT", "BE", "BG", "HR", "CY", "CZ"];
    let responses: Vec<_> = values
        .iter()
        .zip(codes)
        .map(|(value, code)| (code, vec![answer("q1", Circle::Public, number(value))]))
        .collect();
    let figures = figures(&[question("q1", persons(), None)], &responses, Circle::Public);
    let FigureBody::Number { median, total, .. } = &figures[0].body else {
        panic!("not a number");
    };
    (median.map(|it| it.to_string()), total.map(|it| it.to_string()))
}

#[test]
fn yes_and_no_are_counted_with_their_countries() {
    let questions = [
        question("q1", Kind::YesNo, None),
        question("q2", Kind::Text, Some(("q1", &["yes"]))),
        question("q3", choice_of(&["a", "b"]), Some(("q1", &["yes"]))),
    ];
    let chosen = |id: &str| Content::Choice {
        options: vec![key(id)],
        comment: None,
    };
    let instead = |word| Content::Instead { word, note: None };
    let responses = [
        (
            "SE",
            vec![
                answer("q1", Circle::Public, yes_no(YesNo::Yes)),
                answer("q3", Circle::Public, chosen("b")),
            ],
        ),
        ("AT", vec![answer("q1", Circle::Public, yes_no(YesNo::No))]),
        (
            "BE",
            vec![
                answer("q1", Circle::Public, yes_no(YesNo::Yes)),
                answer("q3", Circle::Network, chosen("a")),
            ],
        ),
        ("CY", vec![answer("q1", Circle::Requester, yes_no(YesNo::No))]),
        ("EE", vec![answer("q1", Circle::Public, instead(Instead::ToFollow))]),
        (
            "LU",
            vec![answer("q1", Circle::Public, instead(Instead::NotApplicable))],
        ),
    ];
    let expected = json!([
        {
            "question": "q1",
            "answers": 3,
            "leftOut": 1,
            "instead": [
                { "label": "Not applicable", "word": "not_applicable", "offices": ["LU"] },
                { "label": "To follow", "word": "to_follow", "offices": ["EE"] },
            ],
            "body": {
                "kind": "counts",
                "counts": [
                    { "label": "Yes", "word": "yes", "offices": ["SE", "BE"] },
                    { "label": "No", "word": "no", "offices": ["AT"] },
                    { "label": "Partly", "word": "partly", "offices": [] },
                    { "label": "Unknown", "word": "unknown", "offices": [] },
                ],
            },
        },
        {
            "question": "q3",
            "answers": 1,
            "leftOut": 2,
            "instead": [],
            "body": {
                "kind": "counts",
                "counts": [
                    { "label": "Option a", "word": "a", "offices": [] },
                    { "label": "Option b", "word": "b", "offices": ["SE"] },
                ],
            },
        },
    ]);
    let found = figures(&questions, &responses, Circle::Public);
    assert_eq!(serde_json::to_value(&found).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Vec<Figure>>(expected).unwrap(), found);
    let requester = figures(&questions, &responses, Circle::Requester);
    assert_eq!((requester[0].answers, requester[0].left_out), (4, 0));
    assert_eq!((requester[1].answers, requester[1].left_out), (2, 0));
}

#[test]
fn numbers_are_told_with_what_is_not_in_the_figure() {
    let value = |value, flag| Content::Number {
        value,
        flag,
        comment: None,
    };
    let estimate = value(
        NumberValue::Exactly("1250.50".parse().unwrap()),
        Some(NumberFlag::Estimate),
    );
    let responses = [
        ("AT", vec![answer("q1", Circle::Public, number("12"))]),
        ("BE", vec![answer("q1", Circle::Public, estimate)]),
        (
            "CY",
            vec![answer(
                "q1",
                Circle::Public,
                value(NumberValue::FewerThan(5.into()), None),
            )],
        ),
        (
            "EE",
            vec![answer("q1", Circle::Public, value(NumberValue::Confidential, None))],
        ),
        ("LU", vec![answer("q1", Circle::Requester, number("99999"))]),
    ];
    let found = figures(&[question("q1", persons(), None)], &responses, Circle::Network);
    assert_eq!(
        serde_json::to_value(&found[0]).unwrap(),
        json!({
            "question": "q1",
            "answers": 4,
            "leftOut": 1,
            "instead": [],
            "body": {
                "kind": "number",
                "unit": "persons",
                "period": "2025",
                "minimum": "12",
                "median": "631.25",
                "maximum": "1250.50",
                "total": "1262.5",
                "values": [
                    { "office": "AT", "value": "12", "flag": null },
                    { "office": "BE", "value": "1250.50", "flag": "estimate" },
                ],
                "fewerThan": [{ "office": "CY", "value": "5", "flag": null }],
                "confidential": ["EE"],
            },
        })
    );
}

#[test]
fn decimals_are_exact_or_left_out() {
    let some = |text: &str| Some(text.to_owned());
    for (values, median, total) in [
        (&[][..], None, None),
        (&["7"], some("7"), some("7")),
        (&["3", "1", "2"], some("2"), some("6")),
        (&["1", "2"], some("1.5"), some("3")),
        (&["0.1", "0.2"], some("0.15"), some("0.3")),
        (&["-3", "2"], some("-0.5"), some("-1")),
        (&["2.50", "2.50"], some("2.5"), some("5")),
        (&["4", "1", "2", "3"], some("2.5"), some("10")),
        // Both would need more digits than a decimal keeps: no number is better than a rounded one.
        (
            &["1000000000000000000000000000", "0.0000000000000000000000001"],
            None,
            None,
        ),
        (&["9999999999999999999999999999", "0.5"], None, None),
    ] {
        assert_eq!(median_and_total(values), (median, total), "{values:?}");
    }
    assert_eq!(
        median_and_total(&["79228162514264337593543950335", "79228162514264337593543950335"]).0,
        some("79228162514264337593543950335")
    );
}

#[test]
fn dates_go_from_the_earliest_to_the_latest() {
    let date = |text: &str| Content::Date {
        date: text.parse().unwrap(),
        comment: None,
    };
    let responses = [
        ("AT", vec![answer("q1", Circle::Public, date("2026-03-01"))]),
        ("BE", vec![answer("q1", Circle::Public, date("2019-12-31"))]),
        ("CY", vec![answer("q1", Circle::Network, date("1999-01-01"))]),
    ];
    let found = figures(&[question("q1", Kind::Date, None)], &responses, Circle::Public);
    assert_eq!(
        serde_json::to_value(&found[0].body).unwrap(),
        json!({
            "kind": "date",
            "earliest": "2019-12-31",
            "latest": "2026-03-01",
            "values": [{ "office": "AT", "date": "2026-03-01" }, { "office": "BE", "date": "2019-12-31" }],
        })
    );
}

#[test]
fn tables_stand_side_by_side_and_given_rows_have_totals() {
    let columns = vec![
        Column {
            id: key("c1"),
            title: "Permits".into(),
            column_type: ColumnType::Number,
        },
        Column {
            id: key("c2"),
            title: "Remark".into(),
            column_type: ColumnType::Text,
        },
    ];
    let table = |rows: &[(&str, &str)]| Content::Table {
        rows: rows
            .iter()
            .map(|(title, cell)| Row {
                title: (*title).to_owned(),
                cells: vec![(*cell).to_owned(), "7".to_owned()],
            })
            .collect(),
        comment: None,
    };
    let given = |rows: Option<Vec<String>>| {
        question(
            "q1",
            Kind::Table {
                columns: columns.clone(),
                rows,
            },
            None,
        )
    };
    let responses = [
        (
            "AT",
            vec![answer("q1", Circle::Public, table(&[("2024", "0.1"), ("2025", "")]))],
        ),
        (
            "BE",
            vec![answer("q1", Circle::Public, table(&[("2024", "0.2"), ("2025", "")]))],
        ),
        (
            "CY",
            vec![answer("q1", Circle::Network, table(&[("2024", "50"), ("2025", "60")]))],
        ),
    ];
    let found = figures(
        &[given(Some(vec!["2024".into(), "2025".into()]))],
        &responses,
        Circle::Public,
    );
    let body = serde_json::to_value(&found[0].body).unwrap();
    assert_eq!(
        body["totals"],
        json!([
            { "title": "2024", "cells": [{ "total": "0.3", "offices": 2 }, null] },
            { "title": "2025", "cells": [{ "total": null, "offices": 0 }, null] },
        ])
    );
    assert_eq!(body["tables"].as_array().unwrap().len(), 2);
    assert_eq!(body["tables"][1]["office"], "BE");
    assert_eq!((found[0].answers, found[0].left_out), (2, 1));
    let free = figures(&[given(None)], &responses, Circle::Public);
    assert_eq!(serde_json::to_value(&free[0].body).unwrap()["totals"], json!([]));
}

#[test]
fn a_figure_of_nobody_is_still_a_figure() {
    let questions = [question("q1", Kind::YesNo, None), question("q2", persons(), None)];
    let found = figures(&questions, &[], Circle::Public);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|figure| figure.answers == 0 && figure.left_out == 0));
}

#[test]
fn unknown_fields_of_a_kept_figure_are_refused() {
    let figure = json!({ "question": "q1", "answers": 0, "leftOut": 0, "instead": [], "body": { "kind": "counts", "counts": [] } });
    assert!(serde_json::from_value::<Figure>(figure.clone()).is_ok());
    let mut outside = figure.clone();
    outside["more"] = json!(1);
    assert!(serde_json::from_value::<Figure>(outside).is_err());
    let mut inside = figure;
    inside["body"]["more"] = json!(1);
    assert!(serde_json::from_value::<Figure>(inside).is_err());
}

#[test]
fn numbers_are_written_with_thousands_apart() {
    for (number, written) in [
        ("0", "0"),
        ("999", "999"),
        ("1000", "1,000"),
        ("-1250.5", "-1,250.5"),
        ("1234567.8901", "1,234,567.8901"),
    ] {
        assert_eq!(written_number(&number.parse::<Decimal>().unwrap()), written);
    }
}

proptest! {
    #[test]
    fn figures_do_not_depend_on_what_is_restricted(
        (questions, responses, reader) in some_questions().prop_flat_map(|questions| {
            let pair = (some_answers(&questions), some_answers(&questions));
            (Just(questions), prop::collection::vec(pair, 1..5), circles())
        })
    ) {
        let codes = ["AT", "BE", "BG", "HR", "CY"];
        let original: Vec<_> = responses.iter().map(|(one, _)| settled(&questions, one)).collect();
        let changed: Vec<_> = responses
            .iter()
            .map(|(one, other)| hidden_changed(&questions, one, other, reader))
            .collect();
        let with_codes = |all: Vec<Vec<Answer>>| codes.into_iter().zip(all).collect::<Vec<_>>();
        let before = figures(&questions, &with_codes(original), reader);
        let after = figures(&questions, &with_codes(changed), reader);
        prop_assert_eq!(serde_json::to_string(&before).unwrap(), serde_json::to_string(&after).unwrap());
        let text = serde_json::to_string(&before).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<Figure>>(&text).unwrap(), before);
    }

    #[test]
    fn totals_and_medians_are_those_of_whole_numbers(
        units in prop::collection::vec(-1_000_000_000i64..1_000_000_000, 1..6),
        scale in 0u32..10,
    ) {
        let texts: Vec<String> = units.iter().map(|unit| Decimal::new(*unit, scale).to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (median, total) = median_and_total(&texts);
        let mut sorted = units.clone();
        sorted.sort_unstable();
        let middle = sorted.len() / 2;
        let doubled = if sorted.len() % 2 == 1 { 2 * sorted[middle] } else { sorted[middle - 1] + sorted[middle] };
        let total: Decimal = total.unwrap().parse().unwrap();
        let median: Decimal = median.unwrap().parse().unwrap();
        prop_assert_eq!(total, Decimal::new(units.iter().sum(), scale));
        prop_assert_eq!(median * Decimal::from(2), Decimal::new(doubled, scale));
    }
}
