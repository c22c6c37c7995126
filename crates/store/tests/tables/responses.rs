//! Responses: positions, drafts, versions, and what compilations read of them.

use crate::{QUERY, USER, a_query, circles, code, key, now, on_both, read, write};
use ahq_domain::answer::{Answer, Content, NumberValue, Row, Source};
use ahq_domain::compilation::{Part, composition};
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{QueryId, ResponseId};
use ahq_domain::markdown::Markdown;
use ahq_domain::response::{Position, Response, Retraction, Version};
use ahq_store::responses::{self, Contributed, DraftAnswer};
use ahq_store::{Store, StoreError, queries};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use uuid::Uuid;

on_both!(
    every_position_is_read_as_written,
    an_office_has_one_response_to_a_query,
    a_change_of_a_response_meets_the_version_it_was_read_with,
    a_draft_answer_meets_the_version_it_was_read_with,
    a_version_of_a_draft_answer_names_one_text_for_ever,
    a_whole_draft_takes_the_place_of_the_one_before,
    versions_stay_as_they_were_submitted,
    submitted_responses_carry_present_circles,
    an_edition_finds_the_versions_it_named,
    a_large_compilation_is_one_statement,
);

fn id(number: u128) -> ResponseId {
    ResponseId(Uuid::from_u128(number))
}

fn a_response(number: u128, office: &str) -> Response {
    Response {
        id: id(number),
        query: QUERY,
        office: code(office),
        version: 0,
        position: Position::Drafting { retracted: None },
        last_version: 0,
        first_submitted: None,
        late: false,
        asked: None,
    }
}

fn an_answer(question: &str, circle: Circle, text: &str) -> Answer {
    Answer {
        question: key(question),
        revision: 1,
        circle,
        ground: Some("Art. 4(1)(a)".to_owned()),
        as_of: Some("2026-06-30".parse().unwrap()),
        sources: vec![Source {
            title: "Eurostat".to_owned(),
            address: None,
        }],
        attachments: Vec::new(),
        content: Content::Text {
            text: Markdown::try_from(text.to_owned()).unwrap(),
        },
    }
}

fn a_version(number: i32, answers: Vec<Answer>) -> Version {
    Version {
        number,
        at: now() + TimeDelta::minutes(i64::from(number)),
        by: Some(USER),
        answers,
    }
}

/// Writes a response that is submitted with these answers as its version `number`, and their circles.
async fn submit(store: &Store, mut response: Response, versions: Vec<Version>) -> Response {
    let last = versions.last().unwrap().clone();
    response.last_version = last.number;
    response.first_submitted = Some(versions[0].at);
    response.position = Position::Submitted {
        version: last.number,
        at: last.at,
        in_part: false,
    };
    let written = response.clone();
    write(store, move |conn| {
        responses::insert(conn, &written)?;
        for version in &versions {
            responses::insert_version(conn, written.id, version)?;
        }
        let present = last
            .answers
            .iter()
            .map(|answer| (answer.question.clone(), answer.circle));
        responses::set_circles(conn, written.id, &present.collect())
    })
    .await
    .unwrap();
    response
}

async fn every_position_is_read_as_written(store: &Store) {
    let submitted = Position::Submitted {
        version: 2,
        at: now(),
        in_part: true,
    };
    let declined = Position::Declined {
        at: now(),
        reason: "No statistics — 'none' \\ 100%".to_owned(),
    };
    let retracted = Some(Retraction {
        at: now(),
        note: "Wrong figures".to_owned(),
    });
    let mut response = a_response(10, "BE");
    let first = response.clone();
    write(store, move |conn| responses::insert(conn, &first)).await.unwrap();
    for position in [
        submitted,
        declined,
        Position::Drafting { retracted },
        Position::Drafting { retracted: None },
    ] {
        let is = |response: Response| read(store, 1, move |conn| responses::find(conn, QUERY, &response.office));
        assert_eq!(is(response.clone()).await, Some(response.clone()));
        response.version += 1;
        response.last_version = 2;
        response.first_submitted = Some(now());
        response.late = !response.late;
        response.position = position;
        let changed = response.clone();
        write(store, move |conn| responses::update(conn, &changed))
            .await
            .unwrap();
        assert_eq!(is(response.clone()).await, Some(response.clone()));
    }
    let none = read(store, 1, |conn| responses::find(conn, QUERY, &code("AT"))).await;
    assert_eq!(none, None);
}

async fn an_office_has_one_response_to_a_query(store: &Store) {
    let (be, at) = (a_response(10, "BE"), a_response(11, "AT"));
    let wanted = [at.clone(), be.clone()];
    write(store, move |conn| {
        responses::insert(conn, &be)?;
        responses::insert(conn, &at)
    })
    .await
    .unwrap();
    assert_eq!(read(store, 1, |conn| responses::of_query(conn, QUERY)).await, wanted);
    let twin = write(store, |conn| responses::insert(conn, &a_response(12, "BE"))).await;
    assert!(twin.unwrap_err().violates("responses_query_id_office_key"));
}

async fn a_change_of_a_response_meets_the_version_it_was_read_with(store: &Store) {
    let mut response = submit(
        store,
        a_response(10, "BE"),
        vec![a_version(1, vec![an_answer("q1", Circle::Public, "text")])],
    )
    .await;
    response.version = 1;
    response.late = true;
    let (one, twin) = (response.clone(), response.clone());
    write(store, move |conn| responses::update(conn, &one)).await.unwrap();
    let refused = write(store, move |conn| responses::update(conn, &twin)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
    let present = read(store, 1, |conn| responses::circles(conn, id(10))).await;
    assert_eq!(
        present,
        circles(&[("q1", Circle::Public)]),
        "a change leaves the circles"
    );
    let nobody = write(store, |conn| responses::set_circles(conn, id(99), &BTreeMap::new())).await;
    assert_eq!(nobody, Err(StoreError::Conflict));
}

async fn draft(store: &Store) -> Vec<(String, i64)> {
    let draft = read(store, 1, |conn| responses::draft(conn, id(10))).await;
    draft
        .into_iter()
        .map(|saved| (saved.answer.question.to_string(), saved.version))
        .collect()
}

async fn put(store: &Store, question: &'static str, read: Option<i64>) -> Result<(), StoreError> {
    write(store, move |conn| {
        let answer = an_answer(question, Circle::Network, "text");
        responses::put_draft_answer(conn, id(10), &answer, read, now(), Some(USER))
    })
    .await
}

async fn a_draft_answer_meets_the_version_it_was_read_with(store: &Store) {
    assert_eq!(
        put(store, "q1", None).await,
        Err(StoreError::Conflict),
        "no response yet"
    );
    write(store, |conn| responses::insert(conn, &a_response(10, "BE")))
        .await
        .unwrap();
    put(store, "q1", None).await.unwrap();
    let saved = read(store, 1, |conn| responses::draft(conn, id(10))).await;
    let wanted = DraftAnswer {
        answer: an_answer("q1", Circle::Network, "text"),
        version: 1,
        changed: now(),
        by: Some(USER),
        contributed: None,
    };
    assert_eq!(saved, [wanted]);
    assert_eq!(put(store, "q1", None).await, Err(StoreError::Conflict), "there already");
    assert_eq!(put(store, "q2", Some(1)).await, Err(StoreError::Conflict), "not there");
    put(store, "q1", Some(1)).await.unwrap();
    assert_eq!(
        put(store, "q1", Some(1)).await,
        Err(StoreError::Conflict),
        "another was faster"
    );
    let delete = |version| {
        write(store, move |conn| {
            responses::delete_draft_answer(conn, id(10), &key("q1"), version)
        })
    };
    assert_eq!(delete(1).await, Err(StoreError::Conflict));
    assert_eq!(draft(store).await, [("q1".to_owned(), 2)]);
    delete(2).await.unwrap();
    assert_eq!(draft(store).await, []);
}

async fn a_version_of_a_draft_answer_names_one_text_for_ever(store: &Store) {
    write(store, |conn| responses::insert(conn, &a_response(10, "BE")))
        .await
        .unwrap();
    put(store, "q1", None).await.unwrap();
    let (_, before) = draft(store).await.remove(0);
    write(store, move |conn| {
        responses::delete_draft_answer(conn, id(10), &key("q1"), before)
    })
    .await
    .unwrap();
    put(store, "q1", None).await.unwrap();
    assert_eq!(put(store, "q1", Some(before)).await, Err(StoreError::Conflict));
    let (_, anew) = draft(store).await.remove(0);
    let answers = [an_answer("q1", Circle::Public, "other text")];
    write(store, move |conn| {
        responses::replace_draft(conn, id(10), &answers, now(), None)
    })
    .await
    .unwrap();
    for version in [before, anew] {
        assert_eq!(put(store, "q1", Some(version)).await, Err(StoreError::Conflict));
    }
}

async fn a_whole_draft_takes_the_place_of_the_one_before(store: &Store) {
    write(store, |conn| responses::insert(conn, &a_response(10, "BE")))
        .await
        .unwrap();
    put(store, "q9", None).await.unwrap();
    let mut number = an_answer("q10", Circle::Requester, "");
    number.content = Content::Number {
        value: NumberValue::FewerThan("5.10".parse().unwrap()),
        flag: None,
        comment: None,
    };
    let mut table = an_answer("q2", Circle::Public, "");
    table.content = Content::Table {
        rows: vec![Row {
            title: "2025 „jährlich“".to_owned(),
            cells: vec!["1".to_owned(), String::new()],
        }],
        comment: None,
    };
    table.ground = None;
    table.as_of = None;
    table.sources.clear();
    let answers = [table, number];
    let brought = answers.clone();
    let before = store.statements();
    write(store, move |conn| {
        responses::replace_draft(conn, id(10), &brought, now(), None)
    })
    .await
    .unwrap();
    assert_eq!(store.statements() - before, 4);
    let found = read(store, 1, |conn| responses::draft(conn, id(10))).await;
    assert!(found.iter().all(|saved| saved.version == 2 && saved.by.is_none()));
    let [table, number] = answers;
    let found: Vec<_> = found.into_iter().map(|saved| saved.answer).collect();
    assert_eq!(found, [number.clone(), table], "by question, character by character");
    // Who an answer began with stays known with it.
    let contributed = Contributed {
        by: "Eva Huber".to_owned(),
        at: now(),
    };
    let (noted, question) = (contributed.clone(), number.question.clone());
    write(store, move |conn| {
        responses::set_contributed(conn, id(10), &question, &noted)
    })
    .await
    .unwrap();
    write(store, move |conn| {
        responses::replace_draft(conn, id(10), &[number], now(), None)
    })
    .await
    .unwrap();
    let found = read(store, 1, |conn| responses::draft(conn, id(10))).await;
    assert_eq!(found[0].contributed, Some(contributed));
    write(store, |conn| responses::replace_draft(conn, id(10), &[], now(), None))
        .await
        .unwrap();
    assert_eq!(draft(store).await, []);
}

async fn versions_stay_as_they_were_submitted(store: &Store) {
    let first = a_version(1, vec![an_answer("q1", Circle::Public, "first")]);
    let mut second = a_version(2, vec![an_answer("q1", Circle::Network, "second")]);
    second.by = None;
    submit(store, a_response(10, "BE"), vec![first.clone(), second.clone()]).await;
    let list = read(store, 1, |conn| responses::versions(conn, id(10))).await;
    assert_eq!(list, [(1, first.at), (2, second.at)]);
    write(store, |conn| {
        responses::set_circles(conn, id(10), &circles(&[("q1", Circle::Requester)]))
    })
    .await
    .unwrap();
    let find = |number| read(store, 1, move |conn| responses::version(conn, id(10), number));
    assert_eq!(find(1).await, Some(first.clone()));
    assert_eq!(find(2).await, Some(second));
    assert_eq!(find(3).await, None);
    let twin = write(store, move |conn| responses::insert_version(conn, id(10), &first)).await;
    assert!(twin.unwrap_err().violates("response_versions_response_id_number_key"));
}

async fn submitted_responses_carry_present_circles(store: &Store) {
    let answers = |text: &str| {
        vec![
            an_answer("q1", Circle::Public, text),
            an_answer("q2", Circle::Network, text),
        ]
    };
    let old = a_version(1, answers("old"));
    let new = a_version(2, answers("new"));
    submit(store, a_response(10, "BE"), vec![old.clone(), new.clone()]).await;
    let late = Response {
        late: true,
        ..a_response(11, "AT")
    };
    submit(store, late, vec![a_version(1, answers("only"))]).await;
    // Drafting, declined and retracted ones, and those to other queries, are not there.
    let mut retracted = submit(store, a_response(12, "LU"), vec![a_version(1, answers("retracted"))]).await;
    retracted.version = 1;
    retracted.position = Position::Drafting { retracted: None };
    let mut declined = a_response(13, "COM");
    declined.position = Position::Declined {
        at: now(),
        reason: "No".to_owned(),
    };
    let elsewhere = Response {
        query: crate::OTHER_QUERY,
        ..a_response(14, "BE")
    };
    write(store, move |conn| {
        responses::update(conn, &retracted)?;
        responses::insert(conn, &declined)?;
        responses::set_circles(
            conn,
            id(10),
            &circles(&[("q1", Circle::Requester), ("q2", Circle::Public)]),
        )
    })
    .await
    .unwrap();
    submit(store, elsewhere, vec![a_version(1, answers("elsewhere"))]).await;

    let found = read(store, 1, |conn| responses::submitted(conn, QUERY)).await;
    let [at, be] = found.as_slice() else {
        unreachable!("{found:?}")
    };
    assert_eq!((at.office.as_str(), at.version, at.late), ("AT", 1, true));
    assert_eq!(
        (be.office.as_str(), be.version, be.late, be.at),
        ("BE", 2, false, new.at)
    );
    let mut wanted = new.answers.clone();
    wanted[0].circle = Circle::Requester;
    wanted[1].circle = Circle::Public;
    assert_eq!(be.answers, wanted);

    // An answer whose circle is not known goes to the requesters alone.
    write(store, |conn| responses::set_circles(conn, id(10), &BTreeMap::new()))
        .await
        .unwrap();
    let found = read(store, 1, |conn| responses::submitted(conn, QUERY)).await;
    assert!(found[1].answers.iter().all(|answer| answer.circle == Circle::Requester));
}

async fn an_edition_finds_the_versions_it_named(store: &Store) {
    let answers = |text: &str| {
        vec![
            an_answer("q1", Circle::Public, text),
            an_answer("q2", Circle::Network, text),
        ]
    };
    let old = a_version(1, answers("old"));
    submit(store, a_response(10, "BE"), vec![old.clone()]).await;
    submit(
        store,
        a_response(11, "AT"),
        vec![a_version(1, answers("first")), a_version(2, answers("second"))],
    )
    .await;
    let edition = composition(&read(store, 1, |conn| responses::submitted(conn, QUERY)).await);
    // Later the two submit anew, narrow and come late: the edition named what it named.
    write(store, move |conn| {
        let mut response = responses::find(conn, QUERY, &code("BE"))?.unwrap();
        response.version += 1;
        response.last_version = 2;
        response.late = true;
        response.position = Position::Submitted {
            version: 2,
            at: now() + TimeDelta::days(1),
            in_part: false,
        };
        responses::insert_version(conn, response.id, &a_version(2, answers("new")))?;
        responses::set_circles(conn, response.id, &circles(&[("q1", Circle::Requester)]))?;
        responses::update(conn, &response)
    })
    .await
    .unwrap();
    let mut parts = edition.clone();
    parts[1].circles.insert(key("q1"), Circle::Network);
    let asked = parts.clone();
    let found = read(store, 1, move |conn| responses::versions_of(conn, QUERY, &asked)).await;
    assert_eq!(composition(&found), parts, "the same snapshot with the narrower circle");
    let mut wanted = old.answers;
    wanted[0].circle = Circle::Network;
    assert_eq!(found[1].answers, wanted);
    assert_eq!(
        found[0].answers[0].content,
        an_answer("q1", Circle::Public, "second").content
    );

    let missing = vec![Part {
        version: 7,
        ..parts[0].clone()
    }];
    let refused = store
        .read(move |conn| responses::versions_of(conn, QUERY, &missing))
        .await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    assert_eq!(
        read(store, 1, |conn| responses::versions_of(conn, QUERY, &[])).await,
        []
    );
}

async fn a_large_compilation_is_one_statement(store: &Store) {
    let large = QueryId(Uuid::from_u128(1_000));
    write(store, move |conn| queries::insert(conn, &a_query(large)))
        .await
        .unwrap();
    let text = "A paragraph of an answer as offices write them, with “quotes” and a list.\n\n".repeat(15);
    for (number, letter) in (2_000u128..).zip('A'..='Y') {
        let office = format!("Z{letter}");
        let row = crate::an_office(&office);
        write(store, move |conn| ahq_store::offices::put(conn, &row))
            .await
            .unwrap();
        let answers = (1..=6).map(|question| an_answer(&format!("q{question}"), Circle::Network, &text));
        let response = Response {
            query: large,
            ..a_response(number, &office)
        };
        submit(store, response, vec![a_version(1, answers.collect())]).await;
    }
    let found = read(store, 1, move |conn| responses::submitted(conn, large)).await;
    assert_eq!(found.len(), 25);
    assert!(found.iter().all(|submitted| submitted.answers.len() == 6));
}
