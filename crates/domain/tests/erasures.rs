//! Erasures: what is meant, who confirms it, and what is left.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop a test that cannot go on")]
#![expect(dead_code, reason = "helpers that other tests use")]

#[path = "support/query.rs"]
mod query;
#[path = "support/mod.rs"]
mod support;

use ahq_domain::answer::{Answer, Content, YesNo};
use ahq_domain::compilation::{Shown, Snapshot, Submitted, View, compile};
use ahq_domain::dissemination::Circle;
use ahq_domain::erasure::{Deed, Erased, Erasure, ErasureInput, Position, tombstone};
use ahq_domain::id::{ErasureId, QueryId, UserId};
use ahq_domain::office::Offices;
use ahq_domain::query::{Audience, Query};
use ahq_domain::question::Kind;
use ahq_domain::refusal::Refusal;

use query::{at, draft, launched, office};
use support::{answer, key, question, yes_no};

const LATER: &str = "2026-12-04T09:00:00Z";

fn deed(user: u128) -> Deed {
    Deed {
        at: at(LATER),
        by: UserId(uuid::Uuid::from_u128(user)),
    }
}

fn erasure() -> Erasure {
    Erasure {
        id: ErasureId(uuid::Uuid::from_u128(1)),
        query: QueryId(uuid::Uuid::from_u128(2)),
        erased: Erased::Response { office: office("AT") },
        order: "SP/2026/17".into(),
        asked: deed(1),
        position: Position::Asked,
    }
}

fn code<T>(result: Result<T, Refusal>) -> &'static str {
    match result {
        Err(Refusal::Conflict { code, .. } | Refusal::Forbidden { code, .. }) => code,
        _ => "none",
    }
}

/// The third question hangs on the second, which hangs on the first.
fn asked() -> Query {
    let mut query = launched(draft(), Audience::Members, &[("AT", None), ("BE", None)]);
    query.questions = vec![
        question("q1", Kind::YesNo, None),
        question("q2", Kind::YesNo, Some(("q1", &["yes"]))),
        question("q3", Kind::YesNo, Some(("q2", &["yes"]))),
        question("q4", Kind::YesNo, None),
    ];
    query
}

fn one(office_code: &str, question: &str) -> Erased {
    Erased::Answer {
        office: office(office_code),
        question: key(question),
    }
}

#[test]
fn two_people_are_needed_once() {
    let mut one = erasure();
    assert_eq!(code(one.confirm(deed(1))), "same_person");
    assert_eq!(one.carried_out(), None);
    one.confirm(deed(2)).unwrap();
    assert_eq!(one.carried_out(), Some(deed(2)));
    assert_eq!(code(one.confirm(deed(3))), "already_confirmed");
    assert_eq!(code(one.withdraw(deed(1))), "already_confirmed");
    let mut other = erasure();
    other.withdraw(deed(1)).unwrap();
    assert_eq!(code(other.confirm(deed(2))), "withdrawn");
    assert_eq!(code(other.withdraw(deed(2))), "withdrawn");
}

#[test]
fn what_is_meant_is_read_or_all_its_faults_are_named() {
    let query = asked();
    let input = |order: &str, office: Option<&str>, question: Option<&str>, edition: Option<i32>| ErasureInput {
        order: order.into(),
        query: "2026.1".into(),
        office: office.map(str::to_owned),
        question: question.map(str::to_owned),
        edition,
    };
    let known = Some(query.questions.as_slice());
    let order = "SP/2026/17".to_owned();
    assert_eq!(
        input(" SP/2026/17 ", Some("AT"), Some("q2"), None).parse(known),
        Ok((order.clone(), one("AT", "q2")))
    );
    assert_eq!(
        input("SP/2026/17", Some("AT"), None, None).parse(known),
        Ok((order.clone(), Erased::Response { office: office("AT") }))
    );
    assert_eq!(
        input("SP/2026/17", None, None, Some(2)).parse(known),
        Ok((order, Erased::Summary { edition: 2 }))
    );
    let long = "x".repeat(201);
    for (input, known, pointers) in [
        (input("", None, None, None), known, vec!["", "/order"]),
        (
            input(&long, Some("AT"), Some("q9"), None),
            known,
            vec!["/order", "/question"],
        ),
        (input("1", Some("AT"), Some("q9"), None), None, vec!["/query"]),
        (input("1", Some("AT"), None, Some(1)), known, vec!["/edition"]),
    ] {
        let faults = input.parse(known).unwrap_err();
        let mut found: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, pointers, "{input:?}");
    }
}

#[test]
fn what_hangs_on_an_erased_answer_goes_with_it() {
    let query = asked();
    let cases: [(Erased, &[&str]); 4] = [
        (one("AT", "q1"), &["q1", "q2", "q3"]),
        (one("AT", "q2"), &["q2", "q3"]),
        (one("AT", "q4"), &["q4"]),
        (Erased::Summary { edition: 1 }, &[]),
    ];
    for (erased, expected) in cases {
        let found = erased.questions(&query.questions);
        assert_eq!(found, expected.iter().map(|id| key(id)).collect(), "{erased:?}");
    }
    let whole = Erased::Response { office: office("AT") };
    assert_eq!(whole.questions(&query.questions).len(), 4);
}

fn submitted(code: &str, answers: Vec<Answer>) -> Submitted {
    Submitted {
        office: office(code),
        version: 1,
        at: at("2026-11-20T09:00:00Z"),
        late: false,
        answers,
    }
}

#[test]
fn a_view_made_after_says_the_same_as_one_made_before() {
    let query = asked();
    let all = vec![
        answer("q1", Circle::Network, yes_no(YesNo::Yes)),
        answer("q2", Circle::Public, yes_no(YesNo::Yes)),
        answer("q3", Circle::Requester, yes_no(YesNo::No)),
        answer("q4", Circle::Public, yes_no(YesNo::No)),
    ];
    let mut skipping = vec![all[0].clone(), all[3].clone()];
    skipping[0].content = yes_no(YesNo::No);
    let offices = Offices::default();
    let made = |responses: &[Submitted], circle| -> View {
        let snapshot = Snapshot {
            query: &query,
            topics: &[],
            offices: &offices,
            responses,
            declined: &[],
            now: at(LATER),
        };
        compile(&snapshot, circle, 1)
    };
    let erased = one("AT", "q1");
    let questions = erased.questions(&query.questions);
    let on = "2026-12-04".parse().unwrap();
    let mut left = Vec::new();
    for own in [all.clone(), skipping] {
        let mut responses = vec![submitted("AT", own), submitted("BE", all.clone())];
        let mut before: Vec<View> = Circle::ALL.map(|circle| made(&responses, circle)).into();
        for view in &mut before {
            let shows = view.circle != Circle::Public;
            assert_eq!(view.erase(&erased, &query.questions, on), shows, "{}", view.circle);
        }
        for answer in &mut responses[0].answers {
            if questions.contains(&answer.question) {
                answer.erase(on);
                assert_eq!(answer.content, Content::Erased { on });
            }
        }
        for view in &before {
            assert_eq!(*view, made(&responses, view.circle), "{}", view.circle);
            let first = &view.responses[0].rows[0];
            if view.circle == Circle::Public {
                assert_eq!((first.shown, &first.erased), (Shown::Restricted, &None));
            } else {
                assert_eq!(first.erased.as_deref(), Some("Content erased on 4 December 2026."));
                assert_eq!(first.erased, Some(tombstone(on)));
                assert_eq!((view.comparison[0].answers, view.comparison[0].erased), (1, 1));
            }
        }
        left.push(before);
    }
    let rows = |views: &[View]| views[0].responses[0].rows.clone();
    assert_eq!(
        rows(&left[0]),
        rows(&left[1]),
        "whether a question was skipped is not told"
    );
}
