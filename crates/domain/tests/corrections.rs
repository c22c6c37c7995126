//! Corrections of a query's wording, what they make of answers, and clarifications.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop a test that cannot go on"
)]

#[path = "support/query.rs"]
mod query;
#[expect(dead_code, reason = "other tests use the rest of it")]
mod support;

use ahq_domain::answer::{Answer, YesNo};
use ahq_domain::clarification::LONGEST_CLARIFICATION;
use ahq_domain::correction::{
    ConfirmationInput, Correction, CorrectionInput, WordingInput, check_confirmation, confirm, given_to_earlier,
    keep_wording,
};
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{ClarificationId, CorrectionId};
use ahq_domain::query::{Audience, Query};
use ahq_domain::question::Kind;
use ahq_domain::refusal::{Faults, Refusal};

use query::{at, draft, imported, launched, office};
use support::{answer, key, question, yes_no};

const NOW: &str = "2026-11-10T09:00:00Z";

/// A query of two questions, open.
fn open() -> Query {
    let mut query = draft();
    query.questions = vec![question("q1", Kind::YesNo, None), question("q2", Kind::Text, None)];
    launched(query, Audience::Members, &[("AT", None)])
}

fn withdrawn() -> Query {
    let mut query = open();
    query.withdraw("Asked elsewhere.".into(), at(NOW)).unwrap();
    query
}

fn input(reason: &str, background: Option<&str>, questions: &[(&str, &str)]) -> CorrectionInput {
    CorrectionInput {
        reason: reason.to_owned(),
        background: background.map(str::to_owned),
        questions: questions
            .iter()
            .map(|(id, text)| WordingInput {
                id: (*id).to_owned(),
                text: (*text).to_owned(),
            })
            .collect(),
    }
}

fn correct(query: &mut Query, input: CorrectionInput) -> Result<Correction, Refusal> {
    query.correct(CorrectionId(uuid::Uuid::from_u128(9)), input, at(NOW))
}

fn pointers(faults: &Faults) -> Vec<(String, &'static str)> {
    faults.iter().map(|fault| (fault.pointer.clone(), fault.code)).collect()
}

fn faults<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> Vec<(String, &'static str)> {
    match refused {
        Err(Refusal::Invalid(faults)) => pointers(&faults),
        other => panic!("not invalid: {other:?}"),
    }
}

fn conflict<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> &'static str {
    match refused {
        Err(Refusal::Conflict { code, .. }) => code,
        other => panic!("no conflict: {other:?}"),
    }
}

#[test]
fn a_correction_keeps_the_earlier_wording() {
    let mut query = open();
    let first = correct(
        &mut query,
        input(" A word was missing. ", Some("Why we ask."), &[("q2", "How *many*?")]),
    )
    .unwrap();
    assert_eq!(first.reason, "A word was missing.");
    let background = first.background.unwrap();
    assert_eq!((background.before, background.after.as_str()), (None, "Why we ask."));
    let [corrected] = &first.questions[..] else {
        panic!("{:?}", first.questions);
    };
    assert_eq!(
        (corrected.revision, corrected.before.as_str(), corrected.after.as_str()),
        (2, "What is it?", "How *many*?")
    );
    assert_eq!(query.background.as_ref().unwrap().as_str(), "Why we ask.");
    let second = correct(&mut query, input("Again.", None, &[("q2", "How many?")])).unwrap();
    assert_eq!(second.questions[0].revision, 3);
    let texts: Vec<_> = query.questions[1]
        .revisions
        .iter()
        .map(|revision| (revision.number, revision.text.as_str()))
        .collect();
    assert_eq!(texts, [(1, "What is it?"), (2, "How *many*?"), (3, "How many?")]);
    assert_eq!(query.questions[0].revision(), 1);
}

#[test]
fn a_correction_names_all_its_faults_and_changes_nothing_then() {
    let mut query = open();
    let before = query.clone();
    let long = "x".repeat(4_001);
    for (input, found) in [
        (
            input("", None, &[]),
            vec![("/reason", "missing_field"), ("", "nothing_to_correct")],
        ),
        (
            input(" ", Some(" "), &[("q9", ""), ("q1", "What is it?"), ("q2", &long)]),
            vec![
                ("/reason", "missing_field"),
                ("/background", "missing_field"),
                ("/questions/0/text", "missing_field"),
                ("/questions/0/id", "unknown_question"),
                ("/questions/1/text", "unchanged"),
                ("/questions/2/text", "too_long"),
            ],
        ),
        (
            input("Twice.", None, &[("q1", "Which?"), ("q1", "Who?")]),
            vec![("/questions/1/id", "not_unique")],
        ),
    ] {
        let found: Vec<_> = found.into_iter().map(|(at, code)| (at.to_owned(), code)).collect();
        assert_eq!(faults(correct(&mut query, input)), found);
        assert_eq!(query, before);
    }
    let right = || input("A word.", None, &[("q1", "Which?")]);
    for (mut query, code) in [
        (draft(), "wrong_status"),
        (withdrawn(), "wrong_status"),
        (imported(), "imported"),
    ] {
        assert_eq!(conflict(correct(&mut query, right())), code);
    }
}

#[test]
fn answers_count_for_the_wording_they_were_given_to_until_they_are_confirmed() {
    let mut query = open();
    let mut answers: Vec<Answer> = vec![answer("q1", Circle::Public, yes_no(YesNo::Yes))];
    assert!(given_to_earlier(&query.questions, &answers).is_empty());
    correct(
        &mut query,
        input("Both.", None, &[("q1", "Is it so?"), ("q2", "What else?")]),
    )
    .unwrap();
    assert_eq!(given_to_earlier(&query.questions, &answers), [1]);
    let named = |id: &str, revision| ConfirmationInput {
        id: id.to_owned(),
        revision,
    };
    let check = |inputs: &[ConfirmationInput], answers: &[Answer]| {
        check_confirmation(&query.questions, answers, inputs).map_err(|faults| pointers(&faults))
    };
    assert_eq!(
        check(&[], &answers),
        Err(vec![("/questions".to_owned(), "missing_field")])
    );
    assert_eq!(
        check(&[named("q1", 1), named("q2", 2), named("q1", 2)], &answers),
        Err(vec![
            ("/questions/0/revision".to_owned(), "not_in_force"),
            ("/questions/1/id".to_owned(), "unknown_question"),
            ("/questions/2/id".to_owned(), "not_unique"),
        ])
    );
    let confirmed = check(&[named("q1", 2)], &answers).unwrap();
    assert_eq!(confirmed, [(key("q1"), 2)].into());
    confirm(&mut answers, &confirmed);
    assert!(given_to_earlier(&query.questions, &answers).is_empty());
    assert_eq!(
        check(&[named("q1", 2)], &answers),
        Err(vec![("/questions/0/id".to_owned(), "not_earlier")])
    );
}

#[test]
fn an_answer_that_is_saved_with_others_keeps_its_wording_unless_it_changes() {
    let given = |value, circle, revision| Answer {
        revision,
        ..answer("q1", circle, yes_no(value))
    };
    let before = [given(YesNo::Yes, Circle::Public, 1)];
    for (saved, revision) in [
        (given(YesNo::Yes, Circle::Public, 2), 1),
        (given(YesNo::No, Circle::Public, 2), 2),
        (given(YesNo::Yes, Circle::Network, 2), 2),
    ] {
        let mut answers = [saved, answer("q2", Circle::Public, yes_no(YesNo::No))];
        keep_wording(&mut answers, &before);
        assert_eq!(answers.map(|answer| answer.revision), [revision, 1]);
    }
}

#[test]
fn a_clarification_is_asked_by_who_is_asked_and_replied_to_once() {
    let query = open();
    let id = ClarificationId(uuid::Uuid::from_u128(8));
    let ask = |query: &Query, code: &str, question: Option<&str>, text: &str| {
        query.ask_clarification(id, &office(code), question, text, at(NOW))
    };
    let long = "x".repeat(LONGEST_CLARIFICATION + 1);
    assert_eq!(
        faults(ask(&query, "AT", Some("q9"), &long)),
        [
            ("/question".to_owned(), "unknown_question"),
            ("/text".to_owned(), "too_long")
        ]
    );
    assert_eq!(conflict(ask(&query, "LU", None, "What?")), "not_addressed");
    assert_eq!(conflict(ask(&query, "PL", None, "What?")), "not_addressed");
    for (query, code) in [
        (draft(), "wrong_status"),
        (withdrawn(), "wrong_status"),
        (imported(), "imported"),
    ] {
        assert_eq!(conflict(ask(&query, "AT", None, "What?")), code);
    }
    let mut asked = ask(&query, "AT", Some("q2"), "Which year?").unwrap();
    assert_eq!(asked.question, Some(key("q2")));
    assert_eq!(
        faults(asked.parse_reply(office("LU"), " ", at(NOW))),
        [("/text".to_owned(), "missing_field")]
    );
    let reply = asked.parse_reply(office("LU"), "Of 2025.", at(NOW)).unwrap();
    asked.reply = Some(reply);
    assert_eq!(
        conflict(asked.parse_reply(office("LU"), "Of 2024.", at(NOW))),
        "already_replied"
    );
}
