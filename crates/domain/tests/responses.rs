//! The life of a response: on time or late, amended, retracted, declined, taken up again; and when it is complete.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop a test that cannot go on"
)]

#[path = "support/query.rs"]
mod query;
mod support;

use ahq_domain::answer::{Answer, Content, Instead, YesNo};
use ahq_domain::clock::Instant;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::ResponseId;
use ahq_domain::query::{Audience, Query};
use ahq_domain::question::Kind;
use ahq_domain::refusal::Refusal;
use ahq_domain::response::{Position, Response, ResponseStatus, check_complete};
use chrono::TimeDelta;
use proptest::prelude::*;

use query::{LAUNCH, at, draft, imported, launched, office};
use support::{answer, choice_of, hidden_changed, key, question, settled, some_answers, some_questions, yes_no};

/// The midnight in Brussels after the day of the deadline: the first instant that is late.
const DEADLINE_END: &str = "2026-12-04T23:00:00Z";

fn open() -> Query {
    launched(draft(), Audience::Members, &[("AT", None), ("BE", Some("2026-12-11"))])
}

fn response(code: &str) -> Response {
    Response {
        id: ResponseId(uuid::Uuid::from_u128(2)),
        query: draft().id,
        office: office(code),
        version: 1,
        position: Position::Drafting { retracted: None },
        last_version: 0,
        first_submitted: None,
        late: false,
        asked: None,
    }
}

fn code(refused: Result<impl std::fmt::Debug, Refusal>) -> &'static str {
    match refused {
        Err(Refusal::Conflict { code, .. }) => code,
        other => panic!("not a conflict: {other:?}"),
    }
}

fn before(instant: &str, microseconds: i64) -> Instant {
    at(instant) - TimeDelta::microseconds(microseconds)
}

#[test]
fn the_last_instant_is_on_time_and_the_next_is_late() {
    for (office, received, late) in [
        ("AT", at(LAUNCH), false),
        ("AT", before(DEADLINE_END, 1), false),
        ("AT", at(DEADLINE_END), true),
        // Belgium has a later agreed date, which ends with a Brussels day too.
        ("BE", at(DEADLINE_END), false),
        ("BE", before("2026-12-11T23:00:00Z", 1), false),
        ("BE", at("2026-12-11T23:00:00Z"), true),
        // The requesting office may answer without being addressed.
        ("LU", before(DEADLINE_END, 1), false),
        ("LU", at(DEADLINE_END), true),
    ] {
        let mut response = response(office);
        assert_eq!(response.submit(&open(), &[], received), Ok(1));
        assert_eq!(
            (response.late, response.first_submitted),
            (late, Some(received)),
            "{office} {received}"
        );
        assert_eq!(response.version_in_force(), Some(1));
    }
}

#[test]
fn an_early_close_makes_nobody_late() {
    let mut query = open();
    query
        .close_early("All we need is here.".into(), at("2026-11-20T09:00:00Z"))
        .unwrap();
    let mut response = response("AT");
    response.submit(&query, &[], at("2026-11-25T09:00:00Z")).unwrap();
    assert!(!response.late);
}

#[test]
fn only_the_first_version_can_be_late() {
    let query = open();
    let mut on_time = response("AT");
    assert_eq!(on_time.submit(&query, &[], before(DEADLINE_END, 1)), Ok(1));
    assert_eq!(on_time.submit(&query, &[], at("2027-01-15T09:00:00Z")), Ok(2));
    assert!(!on_time.late);
    on_time
        .retract("A wrong figure.".into(), at("2027-01-16T09:00:00Z"))
        .unwrap();
    assert_eq!(on_time.submit(&query, &[], at("2027-01-17T09:00:00Z")), Ok(3));
    assert!(
        !on_time.late,
        "taken back and sent again, it was still first sent on time"
    );
    assert_eq!(on_time.first_submitted, Some(before(DEADLINE_END, 1)));

    let mut late = response("AT");
    late.submit(&query, &[], at(DEADLINE_END)).unwrap();
    late.submit(&query, &[], at("2027-01-15T09:00:00Z")).unwrap();
    assert!(late.late);
}

#[test]
fn a_retracted_response_has_no_version_in_force() {
    let query = open();
    let mut response = response("AT");
    assert_eq!(code(response.retract("Too early.".into(), at(LAUNCH))), "not_submitted");
    response.submit(&query, &[], at(LAUNCH)).unwrap();
    response
        .retract("A wrong figure.".into(), at("2026-11-06T09:00:00Z"))
        .unwrap();
    assert_eq!(
        (response.status(), response.version_in_force()),
        (ResponseStatus::Drafting, None)
    );
    let Position::Drafting {
        retracted: Some(retraction),
    } = &response.position
    else {
        panic!("{:?}", response.position);
    };
    assert_eq!(
        (retraction.at, retraction.note.as_str()),
        (at("2026-11-06T09:00:00Z"), "A wrong figure.")
    );
    assert_eq!(
        code(response.retract("Again.".into(), at("2026-11-06T09:00:00Z"))),
        "not_submitted"
    );
    assert_eq!(response.submit(&query, &[], at("2026-11-07T09:00:00Z")), Ok(2));
}

#[test]
fn declining_goes_back_and_forth() {
    let query = open();
    let now = at("2026-11-06T09:00:00Z");
    let mut response = response("AT");
    assert_eq!(code(response.resume(&query, now)), "not_declined");
    response.decline(&query, "Nobody to ask.".into(), now).unwrap();
    assert_eq!(response.status(), ResponseStatus::Declined);
    assert_eq!(code(response.decline(&query, "Again.".into(), now)), "already_declined");
    assert_eq!(code(response.retract("A mistake.".into(), now)), "not_submitted");
    response.resume(&query, now).unwrap();
    assert_eq!(response.position, Position::Drafting { retracted: None });
    response.submit(&query, &[], now).unwrap();
    assert_eq!(
        code(response.decline(&query, "Too late.".into(), now)),
        "already_submitted"
    );
    assert_eq!(code(response.resume(&query, now)), "not_declined");
    response.retract("A mistake.".into(), now).unwrap();
    response.decline(&query, "Nobody to ask.".into(), now).unwrap();
    assert_eq!((response.last_version, response.version_in_force()), (1, None));
}

#[test]
fn responses_are_taken_from_launch_until_twelve_months_after_the_last_edition() {
    let now = at("2026-12-10T09:00:00Z");
    let mut withdrawn = open();
    withdrawn.withdraw("Asked by mistake.".into(), now).unwrap();
    assert_eq!(code(draft().accepts_responses(&office("AT"), now)), "not_open");
    assert_eq!(code(withdrawn.accepts_responses(&office("AT"), now)), "withdrawn");
    assert_eq!(code(imported().accepts_responses(&office("AT"), now)), "imported");
    assert_eq!(code(open().accepts_responses(&office("FR"), now)), "not_addressed");

    let mut compiled = open();
    compiled.compile(false, now).unwrap();
    let end = at("2027-12-10T09:00:00Z");
    assert!(
        compiled
            .accepts_responses(&office("AT"), end - TimeDelta::microseconds(1))
            .is_ok()
    );
    assert_eq!(code(compiled.accepts_responses(&office("AT"), end)), "closed_for_good");
    compiled.compile(false, at("2027-06-01T09:00:00Z")).unwrap();
    assert!(compiled.accepts_responses(&office("AT"), end).is_ok());
}

#[test]
fn a_refused_step_changes_nothing() {
    let mut response = response("FR");
    let before = response.clone();
    let now = at(LAUNCH);
    assert_eq!(code(response.submit(&open(), &[], now)), "not_addressed");
    assert_eq!(code(response.decline(&open(), "No.".into(), now)), "not_addressed");
    assert_eq!(response, before);
}

#[test]
fn a_complete_response_answers_what_is_asked_and_required() {
    let mut questions = vec![
        question("q1", Kind::YesNo, None),
        question("q2", choice_of(&["a", "b"]), Some(("q1", &["yes"]))),
        question("q3", Kind::Date, Some(("q2", &["b"]))),
        question("q4", Kind::Text, None),
    ];
    questions[3].required = false;
    let given = |id: &str, content| answer(id, Circle::Public, content);
    let chosen = |id: &str| Content::Choice {
        options: vec![key(id)],
        comment: None,
    };
    let follows = Content::Instead {
        word: Instead::ToFollow,
        note: None,
    };
    for (answers, faults) in [
        (vec![], &[("/answers/q1", "missing_answer")][..]),
        (vec![given("q1", yes_no(YesNo::No))], &[]),
        (
            vec![given("q1", yes_no(YesNo::Yes))],
            &[("/answers/q2", "missing_answer")],
        ),
        (vec![given("q1", yes_no(YesNo::Yes)), given("q2", chosen("a"))], &[]),
        (
            vec![given("q1", yes_no(YesNo::Yes)), given("q2", chosen("b"))],
            &[("/answers/q3", "missing_answer")],
        ),
        (vec![given("q1", yes_no(YesNo::Yes)), given("q2", follows.clone())], &[]),
        (
            vec![
                given("q1", yes_no(YesNo::No)),
                given("q2", chosen("b")),
                given("q3", follows.clone()),
            ],
            &[("/answers/q2", "not_asked"), ("/answers/q3", "not_asked")],
        ),
        (
            vec![given("q3", follows)],
            &[("/answers/q1", "missing_answer"), ("/answers/q3", "not_asked")],
        ),
    ] {
        let found: Vec<(String, &str)> = check_complete(&questions, &answers)
            .err()
            .map(|faults| faults.iter().map(|fault| (fault.pointer.clone(), fault.code)).collect())
            .unwrap_or_default();
        let expected: Vec<(String, &str)> = faults.iter().map(|(at, code)| ((*at).to_owned(), *code)).collect();
        assert_eq!(found, expected, "{answers:?}");
    }
}

#[test]
fn a_response_with_answers_to_follow_is_not_complete() {
    let instead = |word| answer("q1", Circle::Public, Content::Instead { word, note: None });
    let complete = |answers: &[Answer]| {
        let mut response = response("AT");
        response.submit(&open(), answers, at(LAUNCH)).unwrap();
        response.is_complete()
    };
    assert!(!complete(&[instead(Instead::ToFollow)]));
    assert!(complete(&[
        instead(Instead::NoInformation),
        instead(Instead::NotApplicable)
    ]));
    assert!(complete(&[]));
    let mut declined = response("AT");
    assert!(!declined.is_complete());
    declined.decline(&open(), "no data".to_owned(), at(LAUNCH)).unwrap();
    assert!(declined.is_complete());
}

proptest! {
    #[test]
    fn a_response_that_follows_the_conditions_is_complete(
        (questions, answers, other) in some_questions().prop_flat_map(|questions| {
            let (one, other) = (some_answers(&questions), some_answers(&questions));
            (Just(questions), one, other)
        }),
        drop in any::<prop::sample::Index>(),
    ) {
        for answers in [settled(&questions, &answers), hidden_changed(&questions, &answers, &other, Circle::Public)] {
            prop_assert_eq!(check_complete(&questions, &answers), Ok(()));
            let mut short: Vec<Answer> = answers.clone();
            let dropped = short.remove(drop.index(answers.len()));
            let faults = check_complete(&questions, &short).unwrap_err();
            let pointer = format!("/answers/{}", dropped.question);
            prop_assert!(faults.iter().any(|fault| fault.pointer == pointer && fault.code == "missing_answer"));
        }
    }

    #[test]
    fn lateness_is_decided_to_the_microsecond(offset in -5_000_000i64..5_000_000) {
        let received = at(DEADLINE_END) + TimeDelta::microseconds(offset);
        let mut response = response("AT");
        response.submit(&open(), &[], received).unwrap();
        prop_assert_eq!(response.late, offset >= 0);
    }
}
