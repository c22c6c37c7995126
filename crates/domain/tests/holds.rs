//! Holds: what is meant, what is suspended by it, who lifts it.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop a test that cannot go on")]
#![expect(dead_code, reason = "helpers that other tests use")]

#[path = "support/query.rs"]
mod query;
#[path = "support/mod.rs"]
mod support;

use ahq_domain::answer::{Answer, YesNo};
use ahq_domain::comparison::FigureBody;
use ahq_domain::compilation::{Snapshot, Submitted, View, compile};
use ahq_domain::dissemination::Circle;
use ahq_domain::hold::{Held, Hold, HoldInput, Lifted};
use ahq_domain::id::{EditionId, HoldId};
use ahq_domain::office::Offices;
use ahq_domain::query::{Audience, Query, Status};
use ahq_domain::question::Kind;
use ahq_domain::refusal::Refusal;
use proptest::prelude::*;

use query::{at, draft, imported, launched, office};
use support::{answer, key, question, settled, some_answers, some_questions, yes_no};

const LATER: &str = "2026-12-10T09:00:00Z";

fn response(code: &str) -> Held {
    Held::Response { office: office(code) }
}

fn one_answer(code: &str, question: &str) -> Held {
    Held::Answer {
        office: office(code),
        question: key(question),
    }
}

fn edition(number: i32) -> Held {
    Held::Edition { numbers: vec![number] }
}

fn hold(id: u128, held: Held) -> Hold {
    Hold {
        id: HoldId(uuid::Uuid::from_u128(id)),
        held,
        reason: "It names a person.".into(),
        at: at(LATER),
        by: office("COM"),
        lifted: None,
    }
}

fn lifted() -> Lifted {
    Lifted {
        at: at("2026-12-11T09:00:00Z"),
        by: office("AT"),
    }
}

/// Compiled, with a third question that hangs on the second, which hangs on the first.
fn compiled() -> Query {
    let mut query = launched(draft(), Audience::Members, &[("AT", None), ("BE", None)]);
    query.questions = vec![
        question("q1", Kind::YesNo, None),
        question("q2", Kind::YesNo, Some(("q1", &["yes"]))),
        question("q3", Kind::YesNo, Some(("q2", &["yes"]))),
        question("q4", Kind::YesNo, None),
    ];
    query.compile(false, at("2026-12-07T09:00:00Z")).unwrap();
    query
}

fn code<T>(result: Result<T, Refusal>) -> &'static str {
    match result {
        Err(Refusal::Conflict { code, .. } | Refusal::Forbidden { code, .. }) => code,
        Err(Refusal::Hidden) => "hidden",
        _ => "none",
    }
}

#[test]
fn what_is_meant_is_read_or_all_its_faults_are_named() {
    let asked = compiled().questions;
    let input = |office: Option<&str>, question: Option<&str>, edition: Option<i32>| HoldInput {
        reason: "Why.".into(),
        office: office.map(str::to_owned),
        question: question.map(str::to_owned),
        edition,
    };
    assert_eq!(input(Some("AT"), None, None).held(&asked), Ok(response("AT")));
    assert_eq!(
        input(Some("AT"), Some("q2"), None).held(&asked),
        Ok(one_answer("AT", "q2"))
    );
    assert_eq!(input(None, None, Some(2)).held(&asked), Ok(edition(2)));
    for (input, pointers) in [
        (input(None, None, None), vec![""]),
        (input(None, Some("q1"), None), vec!["/office"]),
        (input(Some("austria"), Some("q9"), None), vec!["/office", "/question"]),
        (input(Some("AT"), None, Some(1)), vec!["/edition"]),
        (input(None, Some("Q!"), Some(1)), vec!["/question", "/office"]),
    ] {
        let faults = input.held(&asked).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| fault.pointer.clone()).collect();
        assert_eq!(found, pointers, "{input:?}");
    }
}

#[test]
fn a_hold_is_in_force_once_until_it_is_lifted_once() {
    let mut query = compiled();
    assert_eq!(code(draft().hold(hold(1, edition(1)))), "wrong_status");
    assert_eq!(code(imported().hold(hold(1, edition(1)))), "imported");
    for (id, held) in [(1, response("AT")), (2, one_answer("AT", "q1")), (3, edition(1))] {
        query.hold(hold(id, held.clone())).unwrap();
        assert_eq!(code(query.hold(hold(9, held))), "already_held");
    }
    let id = |id| HoldId(uuid::Uuid::from_u128(id));
    query.lift_hold(id(1), lifted()).unwrap();
    assert_eq!(code(query.lift_hold(id(1), lifted())), "already_lifted");
    assert_eq!(code(query.lift_hold(id(7), lifted())), "hidden");
    assert_eq!(query.holds().len(), 3);
    query.hold(hold(4, response("AT"))).unwrap();
}

#[test]
fn what_hangs_on_a_suspended_answer_is_suspended_with_it() {
    for (held, expected) in [
        (one_answer("AT", "q1"), vec!["q1", "q2", "q3"]),
        (one_answer("AT", "q2"), vec!["q2", "q3"]),
        (one_answer("AT", "q4"), vec!["q4"]),
        (response("AT"), vec!["q1", "q2", "q3", "q4"]),
        (response("BE"), vec![]),
        (edition(1), vec![]),
    ] {
        let mut query = compiled();
        query.hold(hold(1, held.clone())).unwrap();
        let found: Vec<_> = query
            .held_answers(&office("AT"))
            .iter()
            .map(|key| key.to_string())
            .collect();
        assert_eq!(found, expected, "{held:?}");
        assert_eq!(query.has_held_answers(), held != edition(1));
        query.lift_hold(HoldId(uuid::Uuid::from_u128(1)), lifted()).unwrap();
        assert!(query.held_answers(&office("AT")).is_empty());
    }
}

#[test]
fn an_answer_is_lifted_by_its_office_alone() {
    let query = compiled();
    for (held, offices) in [
        (response("AT"), vec!["AT"]),
        (one_answer("AT", "q1"), vec!["AT"]),
        (edition(1), vec!["LU", "COM"]),
    ] {
        let hold = hold(1, held);
        let lifts = ["LU", "AT", "BE", "COM", "SP"]
            .into_iter()
            .filter(|code| hold.is_lifted_by(&query, &office(code)));
        assert_eq!(lifts.collect::<Vec<_>>(), offices);
    }
}

#[test]
fn nothing_is_public_while_a_published_edition_is_suspended() {
    let now = at("2026-12-20T09:00:00Z");
    let mut query = compiled();
    let id = |number| EditionId(uuid::Uuid::from_u128(number));
    query
        .publish(id(1), 1, at("2026-12-12T09:00:00Z"), at("2026-12-08T09:00:00Z"))
        .unwrap();
    assert_eq!(query.status(now), Status::Published);
    query.hold(hold(1, edition(1))).unwrap();
    assert_eq!(query.status(now), Status::Compiled);
    assert_eq!(query.public_since(now), None);
    assert_eq!(code(query.clone().publish(id(3), 1, now, now)), "held");
    // What takes its place is suspended; another edition is published instead.
    let mut narrowed = query.clone();
    narrowed.replace_edition((id(1), 1), (id(2), 2), true, now);
    assert!(narrowed.is_edition_held(2));
    assert_eq!(narrowed.status(now), Status::Compiled);
    let mut other = query.clone();
    other.publish(id(3), 3, now, now).unwrap();
    assert_eq!(other.status(now), Status::Published);
    other.lift_hold(HoldId(uuid::Uuid::from_u128(1)), lifted()).unwrap();
    assert_eq!(other.launched().unwrap().publication(now).unwrap().number, 3);
    query.lift_hold(HoldId(uuid::Uuid::from_u128(1)), lifted()).unwrap();
    assert_eq!(query.status(now), Status::Published);
}

#[test]
fn a_summary_signed_before_a_hold_waits_for_its_end() {
    let mut query = compiled();
    let (before, after) = (at("2026-12-09T09:00:00Z"), at("2026-12-10T10:00:00Z"));
    query.hold(hold(1, edition(1))).unwrap();
    assert!(query.shows_summary_of(before));
    query.hold(hold(2, response("AT"))).unwrap();
    assert!(!query.shows_summary_of(before));
    assert!(!query.shows_summary_of(at(LATER)), "of one moment the hold comes first");
    assert!(query.shows_summary_of(after));
    query.lift_hold(HoldId(uuid::Uuid::from_u128(2)), lifted()).unwrap();
    assert!(query.shows_summary_of(before));
}

fn view(query: &Query, answers: &[Vec<Answer>], circle: Circle) -> View {
    let responses: Vec<_> = ["AT", "BE"]
        .iter()
        .zip(answers)
        .map(|(code, answers)| Submitted {
            office: office(code),
            version: 1,
            at: at("2026-12-01T09:00:00Z"),
            late: false,
            answers: answers.clone(),
        })
        .collect();
    let snapshot = Snapshot {
        query,
        topics: &[],
        offices: &Offices::default(),
        responses: &responses,
        declined: &[],
        now: at(LATER),
    };
    compile(&snapshot, circle, 1)
}

#[test]
fn a_view_says_what_is_suspended_and_counts_without_it() {
    let mut query = compiled();
    let yes = |id: &str| answer(id, Circle::Public, yes_no(YesNo::Yes));
    let all: Vec<_> = ["q1", "q2", "q3", "q4"].map(yes).into();
    query.hold(hold(1, one_answer("AT", "q2"))).unwrap();
    let mut shown = view(&query, &[all.clone(), all], Circle::Public);
    assert!(shown.suspend(&query));
    let counts: Vec<_> = shown
        .comparison
        .iter()
        .map(|figure| (figure.answers, figure.left_out, figure.suspended))
        .collect();
    assert_eq!(counts, [(2, 0, 0), (1, 0, 1), (1, 0, 1), (2, 0, 0)]);
    let FigureBody::Counts { counts } = &shown.comparison[1].body else {
        unreachable!("a question of yes and no has counts")
    };
    assert_eq!(counts[0].offices, [office("BE")]);
    assert!(shown.note.is_some());
}

proptest! {
    #[test]
    fn the_figures_of_rows_are_those_of_answers_and_what_is_suspended_is_nowhere(
        (questions, answers, other) in some_questions().prop_flat_map(|questions| {
            let answers = some_answers(&questions);
            let other = some_answers(&questions);
            (Just(questions), answers, other)
        }),
        circle in support::circles(),
    ) {
        let mut query = compiled();
        let (answers, other) = (settled(&questions, &answers), settled(&questions, &other));
        query.questions = questions;
        let whole = view(&query, &[answers.clone(), other.clone()], circle);
        let mut same = whole.clone();
        prop_assert!(!same.suspend(&query));
        prop_assert_eq!(&same, &whole);
        query.hold(hold(1, response("AT"))).unwrap();
        let mut suspended = whole;
        suspended.suspend(&query);
        // Whatever Austria answered, the view is the same.
        let mut others = view(&query, &[other.clone(), other], circle);
        others.suspend(&query);
        prop_assert_eq!(suspended.comparison, others.comparison);
        prop_assert_eq!(suspended.responses, others.responses);
    }
}
