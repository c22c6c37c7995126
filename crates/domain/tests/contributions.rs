//! Contributions of experts outside, and the second pair of eyes before a response is submitted.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/query.rs"]
mod query;
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use ahq_domain::answer::{Answer, Content};
use ahq_domain::approval::{Approval, OfficeSettings, active_coordinators};
use ahq_domain::contribution::{Ask, AskInput, Contribution, ContributionStatus, Position, merged};
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{ContributionId, MessageId, ResponseId, UserId};
use ahq_domain::query::{Audience, Query};
use ahq_domain::refusal::Refusal;
use ahq_domain::response::{Position as Responded, Response, ResponseStatus};
use ahq_domain::user::{Grant, Role, User, UserStatus};
use uuid::Uuid;

use query::{at, draft, launched, office};
use support::{answer, key, question};

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn code(refused: Result<impl std::fmt::Debug, Refusal>) -> &'static str {
    match refused {
        Ok(_) => "ok",
        Err(Refusal::Conflict { code, .. }) => code,
        Err(other) => panic!("not a conflict: {other:?}"),
    }
}

fn response() -> Response {
    Response {
        id: ResponseId(Uuid::from_u128(2)),
        query: draft().id,
        office: office("AT"),
        version: 1,
        position: Responded::Drafting { retracted: None },
        last_version: 0,
        first_submitted: None,
        late: false,
        asked: None,
    }
}

#[test]
fn the_rule_is_in_force_with_two_active_coordinators() {
    for (wanted, coordinators, rule) in [
        (false, 0, Approval::Off),
        (false, 5, Approval::Off),
        (true, 0, Approval::TooFewCoordinators),
        (true, 1, Approval::TooFewCoordinators),
        (true, 2, Approval::InForce),
        (true, 3, Approval::InForce),
    ] {
        let settled = OfficeSettings {
            approval: wanted,
            ..OfficeSettings::default()
        };
        assert_eq!(Approval::of(settled, coordinators), rule);
    }
    let day = |text: &str| text.parse().unwrap();
    let person = |number, status, role, until| User {
        id: user(number),
        version: 1,
        office: office("AT"),
        name: "Anna".to_owned(),
        email: format!("{number}@example.org"),
        grants: vec![Grant {
            role,
            from: day("2026-01-01"),
            until,
        }],
        status,
    };
    let users = [
        person(1, UserStatus::Active, Role::Coordinator, None),
        person(2, UserStatus::Active, Role::Coordinator, Some(day("2026-11-02"))),
        person(3, UserStatus::Active, Role::Expert, None),
        person(4, UserStatus::Disabled, Role::Coordinator, None),
        person(5, UserStatus::Invited, Role::Coordinator, None),
    ];
    let active = |today| {
        active_coordinators(&users, day(today))
            .map(|user| user.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(active("2026-11-02"), [user(1), user(2)]);
    assert_eq!(active("2026-11-03"), [user(1)]);
}

#[test]
fn another_submits_than_the_one_who_asked() {
    let now = at("2026-11-10T09:00:00Z");
    let mut response = response();
    for rule in [Approval::Off, Approval::TooFewCoordinators] {
        assert_eq!(
            code(response.clone().ask_for_approval(rule, Some(user(1)), now)),
            "approval_not_needed"
        );
        assert_eq!(code(response.must_be_approved(rule, Some(user(1)))), "ok");
    }
    let rule = Approval::InForce;
    assert_eq!(
        code(response.must_be_approved(rule, Some(user(1)))),
        "approval_not_asked"
    );
    response.ask_for_approval(rule, Some(user(1)), now).unwrap();
    assert_eq!(response.status(), ResponseStatus::AwaitingApproval);
    assert!(!response.is_answered());
    assert_eq!(
        code(response.ask_for_approval(rule, Some(user(2)), now)),
        "already_asked"
    );
    for (by, found) in [
        (Some(user(1)), "approval_by_another"),
        (None, "approval_by_another"),
        (Some(user(2)), "ok"),
    ] {
        assert_eq!(code(response.must_be_approved(rule, by)), found, "{by:?}");
    }
    let mut changed = response.clone();
    changed.edited();
    assert_eq!(changed.status(), ResponseStatus::Drafting);
    assert_eq!(
        code(changed.must_be_approved(rule, Some(user(2)))),
        "approval_not_asked"
    );

    // A version ends it, and so does a word that there will be none.
    let query = launched(draft(), Audience::Members, &[("AT", None)]);
    let mut submitted = response.clone();
    submitted.submit(&query, &[], now).unwrap();
    assert_eq!((submitted.asked, submitted.status()), (None, ResponseStatus::Submitted));
    let mut declined = response.clone();
    declined.decline(&query, "No.".to_owned(), now).unwrap();
    assert_eq!(declined.asked, None);
    assert_eq!(code(declined.ask_for_approval(rule, None, now)), "declined");
    // An amendment is asked for beside the version in force; what is retracted then, is retracted with it.
    submitted.ask_for_approval(rule, Some(user(1)), now).unwrap();
    assert_eq!(submitted.status(), ResponseStatus::Submitted);
    submitted.retract("Wrong.".to_owned(), now).unwrap();
    assert_eq!(submitted.status(), ResponseStatus::Drafting);
}

fn contribution() -> Contribution {
    Contribution {
        id: ContributionId(Uuid::from_u128(3)),
        query: draft().id,
        office: office("AT"),
        version: 1,
        email: "eva.huber@example.org".to_owned(),
        name: None,
        questions: vec![key("q1")],
        reply_by: "2026-11-13".parse().unwrap(),
        note: None,
        asked: at("2026-11-10T09:00:00Z"),
        asked_by: Some(user(1)),
        message: MessageId(Uuid::from_u128(4)),
        position: Position::Asked,
        revoked: None,
        answers: Vec::new(),
    }
}

fn text(question: &str, circle: Circle) -> Answer {
    let content = Content::Text {
        text: "A zebra.".to_owned().try_into().unwrap(),
    };
    answer(question, circle, content)
}

#[test]
fn a_link_works_to_the_end_of_the_third_day_after_its_inner_deadline() {
    for (reply_by, ends) in [
        ("2026-11-13", "2026-11-16T23:00:00Z"),
        // Clocks go back on 25 October.
        ("2026-10-22", "2026-10-25T23:00:00Z"),
        ("2026-10-21", "2026-10-24T22:00:00Z"),
    ] {
        let contribution = Contribution {
            reply_by: reply_by.parse().unwrap(),
            ..contribution()
        };
        let (last, end) = (at(ends) - chrono::TimeDelta::microseconds(1), at(ends));
        assert!(contribution.is_open(last) && !contribution.is_open(end), "{reply_by}");
        assert_eq!(contribution.status(last), ContributionStatus::Asked);
        assert_eq!(contribution.status(end), ContributionStatus::Ended);
        let mut revoked = contribution;
        revoked.revoke(last).unwrap();
        assert!(!revoked.is_open(last));
        assert_eq!(revoked.status(last), ContributionStatus::Revoked);
        assert_eq!(code(revoked.revoke(last)), "already_revoked");
    }
}

#[test]
fn what_was_handed_in_stays() {
    let now = at("2026-11-10T10:00:00Z");
    let mut one = contribution();
    assert_eq!(code(one.hand_in(now)), "nothing_to_return");
    one.save(vec![text("q1", Circle::Public)]).unwrap();
    assert!(one.proposals().is_empty(), "not before it is handed in");
    assert_eq!(code(one.chosen(&["q1".to_owned()])), "not_returned");
    one.hand_in(now).unwrap();
    assert_eq!(one.proposals().len(), 1);
    one.revoke(now).unwrap();
    assert_eq!(one.status(now), ContributionStatus::Returned);
    assert_eq!(code(one.save(Vec::new())), "already_returned");
    assert_eq!(code(one.decline("No.".to_owned(), now)), "already_returned");
    let mut other = contribution();
    other.decline("Not for us.".to_owned(), now).unwrap();
    assert_eq!(other.status(now), ContributionStatus::Declined);
    assert_eq!(code(other.hand_in(now)), "already_declined");
    assert_eq!(
        (other.contributor(), one.chosen(&["q1".to_owned()]).unwrap().len()),
        ("eva.huber@example.org", 1)
    );
}

#[test]
fn a_proposal_goes_no_further_than_the_draft_did() {
    use Circle::{Network, Public, Requester};
    for (proposed, drafted, circle) in [
        (Public, None, Public),
        (Requester, None, Requester),
        (Public, Some(Requester), Requester),
        (Public, Some(Public), Public),
        (Requester, Some(Network), Requester),
        (Network, Some(Network), Network),
    ] {
        let of = |circle, ground: &str| Answer {
            ground: Some(ground.to_owned()),
            ..text("q1", circle)
        };
        let found = merged(
            &of(proposed, "expert"),
            drafted.map(|circle| of(circle, "office")).as_ref(),
        );
        assert_eq!(found.circle, circle, "{proposed:?} {drafted:?}");
        let settled = drafted.is_some_and(|drafted| drafted <= proposed);
        assert_eq!(found.ground.as_deref(), Some(if settled { "office" } else { "expert" }));
    }
}

#[test]
fn what_is_asked_is_checked_all_at_once() {
    let query = Query {
        questions: vec![
            question("q1", ahq_domain::question::Kind::Text, None),
            question("q2", ahq_domain::question::Kind::Text, None),
        ],
        ..draft()
    };
    let today = "2026-11-10".parse().unwrap();
    let input = |questions: &[&str], reply_by: &str, email: &str, note: &str| AskInput {
        email: email.to_owned(),
        name: Some(" ".to_owned()),
        questions: questions.iter().map(|id| (*id).to_owned()).collect(),
        reply_by: reply_by.parse().unwrap(),
        note: Some(note.to_owned()),
    };
    let good = Ask::parse(
        input(&["q2", "q1"], "2026-11-10", " eva@example.org ", ""),
        &query,
        today,
    )
    .unwrap();
    assert_eq!(
        (good.email.as_str(), good.name, good.questions, good.note),
        ("eva@example.org", None, vec![key("q1"), key("q2")], None)
    );
    let long = "x".repeat(2001);
    for (input, expected) in [
        (
            input(&[], "2026-11-09", "eva", &long),
            [
                "/email bad_address",
                "/note too_long",
                "/questions missing_field",
                "/replyBy past",
            ]
            .as_slice(),
        ),
        (
            input(&["q9", "q1", "q1"], "2027-05-10", "eva@example.org", ""),
            &[
                "/questions/0 unknown_question",
                "/questions/2 not_unique",
                "/replyBy too_far",
            ],
        ),
    ] {
        let found = Ask::parse(input, &query, today).unwrap_err().into_vec();
        let found: Vec<_> = found
            .into_iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect();
        assert_eq!(found, expected);
    }
    assert!(Ask::parse(input(&["q1"], "2027-05-09", "eva@example.org", ""), &query, today).is_ok());
}
