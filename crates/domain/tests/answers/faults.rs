//! Every fault of an answer, all of one answer at once.

use super::*;

fn refuses(kind: Kind, input: AnswerInput, expected: &[(&str, &'static str)]) {
    let expected: Vec<_> = expected.iter().map(|(at, code)| ((*at).to_owned(), *code)).collect();
    assert_eq!(parse(kind, input).map(|answer| answer.content), Err(expected));
}

#[test]
fn a_missing_answer_is_named_with_its_field() {
    for (kind, at) in [
        (Kind::Text, "/text"),
        (Kind::YesNo, "/yesNo"),
        (Kind::SingleChoice { options: options() }, "/choices"),
        (Kind::MultipleChoice { options: options() }, "/choices"),
        (number_kind(), "/number"),
        (Kind::Date, "/date"),
        (table(None), "/rows"),
    ] {
        refuses(kind, AnswerInput::default(), &[(at, "missing_field")]);
    }
    refuses(Kind::Text, text(" \n"), &[("/text", "missing_field")]);
}

#[test]
fn fields_of_other_kinds_are_refused() {
    let all = || AnswerInput {
        text: Some("x".into()),
        yes_no: Some(YesNo::Yes),
        choices: Some(vec!["a".into()]),
        number: Some(value("1")),
        date: "2026-01-01".parse().ok(),
        rows: Some(vec![row("r", &["1", ""])]),
        ..AnswerInput::default()
    };
    let fields = ["/text", "/yesNo", "/choices", "/number", "/date", "/rows"];
    for (kind, own) in [
        (Kind::Text, "/text"),
        (Kind::YesNo, "/yesNo"),
        (Kind::SingleChoice { options: options() }, "/choices"),
        (number_kind(), "/number"),
        (Kind::Date, "/date"),
        (table(None), "/rows"),
    ] {
        let foreign = fields.iter().filter(|field| **field != own);
        let expected: Vec<_> = foreign.map(|field| (*field, "not_for_kind")).collect();
        refuses(kind.clone(), all(), &expected);
        let instead = AnswerInput {
            instead: Some(Instead::ToFollow),
            ..all()
        };
        refuses(kind, instead, &fields.map(|field| (field, "not_for_kind")));
    }
    let commented = AnswerInput {
        comment: Some("beside".into()),
        ..text("Yes.")
    };
    refuses(Kind::Text, commented, &[("/comment", "not_for_kind")]);
}

#[test]
fn choices_are_of_the_options_and_as_many_as_the_kind_wants() {
    let single = || Kind::SingleChoice { options: options() };
    let multiple = || Kind::MultipleChoice { options: options() };
    refuses(single(), choices(&[]), &[("/choices", "wrong_number")]);
    refuses(single(), choices(&["a", "b"]), &[("/choices", "wrong_number")]);
    refuses(multiple(), choices(&[]), &[("/choices", "wrong_number")]);
    refuses(
        multiple(),
        choices(&["d", "a", "a", "A"]),
        &[
            ("/choices/0", "not_one_of"),
            ("/choices/2", "not_unique"),
            ("/choices/3", "not_one_of"),
        ],
    );
}

#[test]
fn numbers_are_plain_decimals() {
    for good in [
        "0",
        "-1",
        "007",
        "12.50",
        "9999999999999999999999999999",
        "0.0000000000000000000000001",
    ] {
        let answer = parse(number_kind(), number(value(good))).unwrap();
        let expected = NumberValue::Exactly(good.parse().unwrap());
        assert!(
            matches!(answer.content, Content::Number { value, .. } if value == expected),
            "{good}"
        );
    }
    for bad in [
        "",
        " 1",
        "1 ",
        "1,000",
        "1 000",
        "1e3",
        "+1",
        ".5",
        "1.",
        "--1",
        "0x1",
        "1_000",
        "NaN",
        "½",
        "१",
        "99999999999999999999999999999",
        "0.00000000000000000000000000001",
    ] {
        refuses(number_kind(), number(value(bad)), &[("/number/value", "bad_number")]);
        let bound = NumberInput {
            fewer_than: Some(bad.to_owned()),
            ..NumberInput::default()
        };
        refuses(number_kind(), number(bound), &[("/number/fewerThan", "bad_number")]);
    }
    refuses(
        number_kind(),
        number(NumberInput::default()),
        &[("/number", "wrong_number")],
    );
    let both = NumberInput {
        confidential: true,
        ..value("1")
    };
    refuses(number_kind(), number(both), &[("/number", "wrong_number")]);
}

#[test]
fn tables_have_the_rows_and_cells_of_the_question() {
    let given = || table(Some(&["2024", "2025"]));
    for wrong in [
        vec![],
        vec![row("2024", &["1", ""])],
        vec![row("2025", &["1", ""]), row("2024", &["1", ""])],
        vec![
            row("2024", &["1", ""]),
            row("2025", &["1", ""]),
            row("2026", &["1", ""]),
        ],
    ] {
        refuses(given(), rows(wrong), &[("/rows", "not_one_of")]);
    }
    refuses(table(None), rows(vec![]), &[("/rows", "wrong_number")]);
    refuses(
        table(None),
        rows(vec![row("r", &["1", ""]); MOST_TABLE_ROWS + 1]),
        &[("/rows", "wrong_number")],
    );
    assert!(parse(table(None), rows(vec![row("r", &["1", ""]); MOST_TABLE_ROWS])).is_ok());
    refuses(
        table(None),
        rows(vec![
            row(" ", &["1"]),
            row("two", &["many", "line\nbreak"]),
            row("three", &["1", &"x".repeat(LONGEST_CELL + 1)]),
        ]),
        &[
            ("/rows/0/title", "missing_field"),
            ("/rows/0/cells", "wrong_number"),
            ("/rows/1/cells/0", "bad_number"),
            ("/rows/1/cells/1", "bad_character"),
            ("/rows/2/cells/1", "too_long"),
        ],
    );
}

#[test]
fn lengths_count_characters_not_bytes() {
    assert!(parse(Kind::Text, text(&"é".repeat(LONGEST_ANSWER))).is_ok());
    refuses(
        Kind::Text,
        text(&"é".repeat(LONGEST_ANSWER + 1)),
        &[("/text", "too_long")],
    );
    let commented = |length| AnswerInput {
        yes_no: Some(YesNo::Yes),
        comment: Some("é".repeat(length)),
        ..AnswerInput::default()
    };
    assert!(parse(Kind::YesNo, commented(LONGEST_COMMENT)).is_ok());
    refuses(Kind::YesNo, commented(LONGEST_COMMENT + 1), &[("/comment", "too_long")]);
}

#[test]
fn sources_have_titles_and_web_addresses() {
    let source = |title: &str, address: Option<&str>| Source {
        title: title.to_owned(),
        address: address.map(str::to_owned),
    };
    let with = |sources| AnswerInput {
        sources,
        ..text("Yes.")
    };
    assert!(parse(Kind::Text, with(vec![source("Act", None); MOST_SOURCES])).is_ok());
    refuses(
        Kind::Text,
        with(vec![source("Act", None); MOST_SOURCES + 1]),
        &[("/sources", "too_many")],
    );
    refuses(
        Kind::Text,
        with(vec![
            source("", Some("http://example.org")),
            source("Act", Some("javascript:alert(1)")),
            source("Act", Some("https://")),
            source("Act", Some("https://example.org/a b")),
        ]),
        &[
            ("/sources/0/title", "missing_field"),
            ("/sources/1/address", "bad_address"),
            ("/sources/2/address", "bad_address"),
            ("/sources/3/address", "bad_address"),
        ],
    );
}

#[test]
fn all_faults_of_an_answer_come_at_once() {
    refuses(
        number_kind(),
        AnswerInput {
            ground: Some("two\nlines".into()),
            sources: vec![Source {
                title: String::new(),
                address: None,
            }],
            yes_no: Some(YesNo::Yes),
            comment: Some("x".repeat(LONGEST_COMMENT + 1)),
            ..number(value("a lot"))
        },
        &[
            ("/yesNo", "not_for_kind"),
            ("/comment", "too_long"),
            ("/ground", "bad_character"),
            ("/sources/0/title", "missing_field"),
            ("/number/value", "bad_number"),
        ],
    );
    // A blank text is missing whatever else is wrong.
    refuses(
        Kind::Text,
        AnswerInput {
            yes_no: Some(YesNo::Yes),
            ..text("  ")
        },
        &[("/yesNo", "not_for_kind"), ("/text", "missing_field")],
    );
    refuses(
        Kind::Text,
        AnswerInput {
            yes_no: Some(YesNo::Yes),
            ..text("a\u{0}b")
        },
        &[("/yesNo", "not_for_kind"), ("/text", "bad_character")],
    );
}
