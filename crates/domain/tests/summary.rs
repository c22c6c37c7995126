//! Summaries: what the first draft says, and what an edited one may be.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop a test that cannot go on")]

mod support;

use ahq_domain::answer::{Answer, Content, Instead, NumberFlag, NumberValue, YesNo};
use ahq_domain::comparison::compare;
use ahq_domain::dissemination::Circle;
use ahq_domain::markdown::{Markdown, plain_text};
use ahq_domain::office::OfficeCode;
use ahq_domain::question::{Kind, Question, Revision};
use ahq_domain::summary::{About, LONGEST_PART, Material, Sentence, Summary, SummaryInput, first_draft, outdated};
use proptest::prelude::*;

use support::{
    answer, choice_of, circles, hidden_changed, key, question, settled, some_answers, some_questions, yes_no,
};

const CODES: [&str; 10] = ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES"];
const LINE: &str = "Responses from Austria, Belgium plus Norway (3 in total)";

fn worded(mut question: Question, text: &str) -> Question {
    question.revisions = vec![Revision {
        number: 1,
        text: Markdown::parse(text, 4_000).unwrap(),
    }];
    question
}

fn name(office: &OfficeCode) -> String {
    match office.as_str() {
        "AT" => "Austria".to_owned(),
        "BE" => "Belgium".to_owned(),
        "BG" => "Bulgaria".to_owned(),
        code => format!("Land {code}"),
    }
}

fn draft(background: Option<&str>, questions: &[Question], responses: &[Vec<Answer>], reader: Circle) -> Summary {
    let responses: Vec<(OfficeCode, &[Answer])> = CODES
        .iter()
        .zip(responses)
        .map(|(code, answers)| (code.parse().unwrap(), answers.as_slice()))
        .collect();
    let figures = compare(questions, &responses, reader);
    first_draft(&Material {
        background: background.map(|text| Markdown::parse(text, 20_000).unwrap()).as_ref(),
        responses_line: LINE,
        declined: &[],
        not_answered: &[],
        questions,
        figures: &figures,
        names: &name,
    })
}

/// The findings of one question that these offices answered, in the order of [`CODES`].
fn finding(kind: Kind, contents: &[Content]) -> String {
    let responses: Vec<_> = contents
        .iter()
        .map(|content| vec![answer("q1", Circle::Public, content.clone())])
        .collect();
    let questions = [worded(question("q1", kind, None), "Is it?")];
    let findings = draft(None, &questions, &responses, Circle::Public).findings;
    findings
        .as_str()
        .strip_prefix("- **Question 1** (Is it?): ")
        .unwrap()
        .to_owned()
}

fn answers(yes: usize, no: usize) -> Vec<Content> {
    let mut contents = vec![yes_no(YesNo::Yes); yes];
    contents.extend(vec![yes_no(YesNo::No); no]);
    contents
}

#[test]
fn shares_are_said_by_their_thresholds_and_few_are_named() {
    for (yes, no, said) in [
        (0, 0, "no answers are counted."),
        (1, 0, "Austria answered yes."),
        (2, 0, "all 2 respondents counted (Austria and Belgium) answered yes."),
        (10, 0, "all 10 respondents counted answered yes."),
        (
            2,
            1,
            "Austria and Belgium (2 of 3) answered yes; Bulgaria (1 of 3) answered no.",
        ),
        (
            6,
            3,
            "most respondents (6 of 9) answered yes; Land DK, Land EE and Land EL (3 of 9) answered no.",
        ),
        (
            4,
            6,
            "about half of the respondents (4 of 10) answered yes; about half of the respondents (6 of 10) answered no.",
        ),
        (
            5,
            3,
            "5 of 8 respondents answered yes; Land DE, Land DK and Land EE (3 of 8) answered no.",
        ),
    ] {
        assert_eq!(finding(Kind::YesNo, &answers(yes, no)), said);
    }
}

#[test]
fn other_words_and_restricted_answers_are_told_apart() {
    let instead = |word| Content::Instead { word, note: None };
    let mut contents = answers(1, 0);
    contents.push(yes_no(YesNo::Unknown));
    contents.push(instead(Instead::NotApplicable));
    contents.push(instead(Instead::NoInformation));
    contents.push(instead(Instead::ToFollow));
    let mut responses: Vec<_> = contents
        .iter()
        .map(|content| vec![answer("q1", Circle::Public, content.clone())])
        .collect();
    responses.push(vec![answer("q1", Circle::Network, yes_no(YesNo::No))]);
    responses.push(vec![answer("q1", Circle::Requester, yes_no(YesNo::No))]);
    let questions = [worded(
        question("q1", Kind::YesNo, None),
        "Is *it* [so](https://example.org)?\n\nMore.",
    )];
    assert_eq!(
        draft(None, &questions, &responses, Circle::Public).findings.as_str(),
        "- **Question 1** (Is it so?): Austria (1 of 2) answered yes; Belgium (1 of 2) answered that this is unknown. \
         The question is not applicable for Bulgaria. No information is available from Land CY. The answer of \
         Land CZ is to follow. 2 answers are left out of this figure, as their dissemination is restricted."
    );
    let network = draft(None, &questions, &responses, Circle::Network).findings;
    assert!(
        network
            .as_str()
            .ends_with("One answer is left out of this figure, as its dissemination is restricted.")
    );
    assert!(
        !draft(None, &questions, &responses, Circle::Requester)
            .findings
            .as_str()
            .contains("left out")
    );
}

#[test]
fn options_come_by_their_count() {
    let chosen = |ids: &[&str]| Content::Choice {
        options: ids.iter().map(|id| key(id)).collect(),
        comment: None,
    };
    let contents = [chosen(&["b"]), chosen(&["b"]), chosen(&["b", "a"]), chosen(&["b"])];
    assert_eq!(
        finding(choice_of(&["a", "b", "c"]), &contents),
        "all 4 respondents counted chose ‘Option b’; Bulgaria (1 of 4) chose ‘Option a’."
    );
    let six = choice_of(&["a", "b", "c", "d", "e", "f", "g"]);
    let text = finding(six, &[chosen(&["a", "b", "c", "d", "e", "f", "g"])]);
    assert!(text.ends_with("; 2 further options are in the comparison."), "{text}");
}

#[test]
fn numbers_have_their_unit_and_what_is_not_in_them() {
    let persons = Kind::Number {
        unit: "persons".into(),
        period: "2025".into(),
    };
    let number = |value, flag| Content::Number {
        value,
        flag,
        comment: None,
    };
    let exactly = |value: i64| number(NumberValue::Exactly(value.into()), None);
    let contents = [
        exactly(1_200),
        exactly(20),
        number(NumberValue::Exactly(20.into()), Some(NumberFlag::Provisional)),
        number(NumberValue::FewerThan(5.into()), None),
        number(NumberValue::Confidential, None),
    ];
    assert_eq!(
        finding(persons.clone(), &contents),
        "3 respondents gave a number, in persons (2025): minimum 20 (Belgium and Bulgaria), median 20, maximum 1,200 \
         (Austria), total 1,240; 1 of 3 numbers estimated or provisional; Land CY (fewer than 5) gave an upper bound \
         only; Land CZ keeps the number confidential."
    );
    for (flag, said) in [
        (None, ""),
        (Some(NumberFlag::Estimate), "; it is an estimate"),
        (Some(NumberFlag::Provisional), "; it is provisional"),
    ] {
        assert_eq!(
            finding(persons.clone(), &[number(NumberValue::Exactly(1_200.into()), flag)]),
            format!("Austria gave the number 1,200, in persons (2025){said}.")
        );
    }
    let below = |flag| number(NumberValue::FewerThan(5.into()), flag);
    assert_eq!(
        finding(persons.clone(), &[below(Some(NumberFlag::Estimate)), below(None)]),
        "Austria (fewer than 5, an estimate) and Belgium (fewer than 5) gave an upper bound only."
    );
    assert_eq!(
        finding(persons, &vec![below(Some(NumberFlag::Provisional)); 4]),
        "4 respondents gave an upper bound only, 4 of them estimated or provisional."
    );
}

#[test]
fn dates_are_written_out() {
    let date = |text: &str| Content::Date {
        date: text.parse().unwrap(),
        comment: None,
    };
    for (dates, said) in [
        (&["2026-01-02"][..], "Austria gave the date 2 January 2026."),
        (
            &["2026-01-02", "2026-01-02"],
            "all 2 dates counted are 2 January 2026 (Austria and Belgium).",
        ),
        (
            &["2026-01-02", "2024-12-31", "2025-05-05"],
            "3 dates, from 31 December 2024 (Belgium) to 2 January 2026 (Austria).",
        ),
    ] {
        let contents: Vec<_> = dates.iter().map(|text| date(text)).collect();
        assert_eq!(finding(Kind::Date, &contents), said);
    }
}

#[test]
fn the_background_is_cut_between_paragraphs() {
    let short = "One reason.";
    let long = "Many words, and more of them. ".repeat(60);
    let long = long.trim();
    for (background, kept) in [
        (short.to_owned(), short.to_owned()),
        (format!("{short}\n\nTwo.\n\nThree."), format!("{short}\n\nTwo.")),
        (format!("{short}\n\n{long}\n\nThree."), short.to_owned()),
        (format!("{long}\n\nTwo."), long.to_owned()),
        (
            format!("# Why\n\n{short}\n\n- a\n- b\n\nThree."),
            format!("# Why\n\n{short}\n\n- a\n- b"),
        ),
        (
            format!("See *the* [law][l] & more!\n\n{long}\n\n[l]: https://example.org/law"),
            "See *the* [law](<https://example.org/law>) \\& more\\!".to_owned(),
        ),
        // One paragraph alone that does not fit is for the office to shorten.
        ("word ".repeat(2_000).trim().to_owned(), String::new()),
    ] {
        let summary = draft(Some(&background), &[], &[], Circle::Public);
        assert_eq!(summary.background.as_str(), kept);
    }
    assert_eq!(draft(None, &[], &[], Circle::Public).background, Markdown::default());
}

#[test]
fn respondents_are_told_with_who_did_not_answer() {
    let summary = first_draft(&Material {
        background: None,
        responses_line: LINE,
        declined: &["Malta".to_owned()],
        not_answered: &["Cyprus".to_owned(), "Poland".to_owned(), "Spain".to_owned()],
        questions: &[],
        figures: &[],
        names: &name,
    });
    assert_eq!(
        summary.respondents.as_str(),
        "Responses from Austria, Belgium plus Norway (3 in total). Malta declined to answer. Cyprus, Poland and Spain \
         had not answered when this compilation was produced."
    );
    assert_eq!(summary.findings, Markdown::default());
}

#[test]
fn a_sentence_that_stands_in_a_newer_one_is_not_outdated() {
    let said = |about: About, text: &str| Sentence {
        about,
        text: text.to_owned(),
    };
    let declined = |text: &str| said(About::Declined, text);
    let question = |text: &str| said(About::Question(key("q1")), text);
    let (one, two) = ("Malta declined to answer.", "Cyprus and Malta declined to answer.");
    let (short, long) = (
        "**Question 1**: Austria answered yes.",
        "**Question 1**: Austria answered yes. The answer of Belgium is to follow.",
    );
    let found = |respondents: &str, findings: &str, earlier: &[Sentence], now: &[Sentence]| -> Vec<String> {
        let summary = Summary::parse(SummaryInput {
            background: String::new(),
            respondents: respondents.to_owned(),
            findings: findings.to_owned(),
        });
        let outdated = outdated(&summary.unwrap(), earlier, now);
        outdated.into_iter().map(|outdated| outdated.sentence.text).collect()
    };
    let earlier = [declined(one), question(short)];
    let now = [declined(two), question(long)];
    assert_eq!(found(two, long, &earlier, &now), [""; 0]);
    assert_eq!(found(one, short, &earlier, &now), [one, short]);
    assert_eq!(found(&format!("{two} {one}"), "", &earlier, &now), [one]);
    // The other way round the longer one is outdated, and the shorter is not found in it.
    assert_eq!(found(two, "", &now, &earlier), [two]);
}

#[test]
fn findings_that_would_be_too_long_end_with_a_pointer() {
    let label = "very_long ".repeat(29);
    let kind = Kind::MultipleChoice {
        options: ["a", "b", "c", "d", "e"]
            .iter()
            .map(|id| ahq_domain::question::Choice {
                id: key(id),
                text: format!("{label}{id}"),
            })
            .collect(),
    };
    let questions: Vec<_> = (0..20)
        .map(|index| {
            worded(
                question(&format!("q{index}"), kind.clone(), None),
                &"Which one? ".repeat(30),
            )
        })
        .collect();
    let chosen = Content::Choice {
        options: ["a", "b", "c", "d", "e"].iter().map(|id| key(id)).collect(),
        comment: None,
    };
    let response: Vec<_> = questions
        .iter()
        .map(|question| answer(question.id.as_str(), Circle::Public, chosen.clone()))
        .collect();
    let findings = draft(None, &questions, &vec![response; 3], Circle::Public).findings;
    assert!(findings.as_str().chars().count() <= LONGEST_PART);
    assert!(findings.as_str().chars().count() > LONGEST_PART / 2);
    assert!(
        findings
            .as_str()
            .ends_with("\n- The figures of the other questions are in the comparison.")
    );
}

#[test]
fn an_edited_summary_is_parsed_with_all_faults() {
    let input = SummaryInput {
        background: "x".repeat(LONGEST_PART),
        respondents: String::new(),
        findings: " ".into(),
    };
    assert!(Summary::parse(input).is_ok());
    let input = SummaryInput {
        background: "x".repeat(LONGEST_PART + 1),
        respondents: "a\u{0}b".into(),
        findings: "é".repeat(LONGEST_PART + 1),
    };
    let faults = Summary::parse(input).unwrap_err();
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault.pointer.as_str(), fault.code))
        .collect();
    assert_eq!(
        found,
        [
            ("/background", "too_long"),
            ("/respondents", "bad_character"),
            ("/findings", "too_long"),
        ]
    );
}

proptest! {
    #[test]
    fn a_label_means_itself_and_nothing_in_markdown(label in "[ -~¢-ž‘’“”]{1,60}") {
        prop_assume!(!label.trim().is_empty());
        let kind = Kind::SingleChoice {
            options: vec![ahq_domain::question::Choice { id: key("a"), text: label.trim().to_owned() }],
        };
        let text = finding_tree(kind, Content::Choice { options: vec![key("a")], comment: None });
        let expected = format!("‘{}’.", label.trim());
        prop_assert!(text.trim_end().ends_with(&expected), "{text} / {expected}");
    }

    #[test]
    fn a_summary_does_not_depend_on_what_is_restricted(
        (questions, responses, reader) in some_questions().prop_flat_map(|questions| {
            let pair = (some_answers(&questions), some_answers(&questions));
            (Just(questions), prop::collection::vec(pair, 1..8), circles())
        })
    ) {
        let original: Vec<_> = responses.iter().map(|(one, _)| settled(&questions, one)).collect();
        let changed: Vec<_> = responses
            .iter()
            .map(|(one, other)| hidden_changed(&questions, one, other, reader))
            .collect();
        let before = draft(None, &questions, &original, reader);
        prop_assert_eq!(&before, &draft(None, &questions, &changed, reader));
        let typed = questions.iter().filter(|question| question.kind != Kind::Text).count();
        prop_assert_eq!(before.findings.as_str().lines().count(), typed);
        let again = SummaryInput {
            background: before.background.as_str().to_owned(),
            respondents: before.respondents.as_str().to_owned(),
            findings: before.findings.as_str().to_owned(),
        };
        prop_assert_eq!(Summary::parse(again).unwrap(), before);
    }
}

fn finding_tree(kind: Kind, content: Content) -> String {
    let questions = [question("q1", kind, None)];
    let responses = [vec![answer("q1", Circle::Public, content)]];
    plain_text(&draft(None, &questions, &responses, Circle::Public).findings.tree())
}
