//! Bad input: each a problem document with a stable code that names all faults; nothing half done.

use reqwest::Method;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, draft, drafted, etag, launched};

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
        .collect()
}

on_both!(every_fault_of_a_draft_is_named, |app| {
    let lead = app.coordinator("LU").await;
    let unknown = json!({"title": "T", "colour": "red", "questions": [{"kind": "text", "text": "W?", "size": 3}]});
    let reply = lead.post("/queries", &unknown).await.expect(400);
    assert_eq!(reply.code(), "invalid_input");
    let mut faults = reply.faults();
    faults.sort();
    assert_eq!(
        faults,
        pairs(&[("/colour", "unknown_field"), ("/questions/0/size", "unknown_field")])
    );
    let wrong = json!({"title": 5, "questions": [{"kind": "essay", "text": "W?"}], "neverPublic": "yes"});
    let mut faults = lead.post("/queries", &wrong).await.expect(400).faults();
    faults.sort();
    assert_eq!(
        faults,
        pairs(&[
            ("/neverPublic", "wrong_type"),
            ("/questions/0/kind", "not_one_of"),
            ("/title", "wrong_type")
        ])
    );
    let rules = json!({"title": "T", "topics": ["nonsense"], "questions": [
        {"kind": "single_choice", "text": "Which?"},
        {"kind": "text", "text": "Why?", "askIf": {"question": "q9", "oneOf": ["yes"]}},
        {"id": "a", "kind": "text", "text": "X?", "askIf": {"question": "b", "oneOf": ["yes"]}},
        {"id": "b", "kind": "yes_no", "text": "Y?"}]});
    assert_eq!(
        lead.post("/queries", &rules).await.expect(400).faults(),
        pairs(&[
            ("/topics/0", "unknown_topic"),
            ("/questions/0/options", "missing_field"),
            ("/questions/1/askIf/question", "unknown_question"),
            ("/questions/2/askIf/question", "not_an_earlier_question"),
        ])
    );
    let mut many = draft();
    many["questions"] = Value::Array(vec![json!({"kind": "text", "text": "W?"}); 21]);
    assert_eq!(lead.post("/queries", &many).await.expect(400).faults()[0].1, "too_many");
    assert_eq!(lead.get("/queries").await.json["items"], json!([]), "nothing was kept");
});

on_both!(deadlines_are_held_to_the_rule, |app| {
    let lead = app.coordinator("LU").await;
    for (deadline, code) in [
        ("2026-11-02", "deadline_in_past"),
        ("2026-11-04", "deadline_too_near"),
        ("2027-06-01", "deadline_too_far"),
        ("2040-01-02", "no_calendar"),
    ] {
        let mut body = draft();
        body["deadline"] = json!(deadline);
        let (path, tag) = drafted(&lead, &body).await;
        let reply = lead
            .post_if(&format!("{path}/launch"), &tag, &json!({"addressed": "members"}))
            .await
            .expect(400);
        assert_eq!(reply.faults(), pairs(&[("/deadline", code)]), "{deadline}");
        assert_eq!(lead.get(&path).await.json["status"], "draft");
    }
    let mut urgent = draft();
    urgent["deadline"] = json!("2026-11-10");
    let (path, tag) = drafted(&lead, &urgent).await;
    let launch = json!({"addressed": "members"});
    let reply = lead.post_if(&format!("{path}/launch"), &tag, &launch).await.expect(400);
    assert_eq!(reply.faults(), pairs(&[("/urgentReason", "urgent_reason_missing")]));
    urgent["urgentReason"] = json!("The law enters into force next week.");
    let changed = lead.put_if(&path, &tag, &urgent).await.expect(200);
    let open = lead
        .post_if(&format!("{path}/launch"), &changed.etag(), &launch)
        .await
        .expect(200);
    assert_eq!(open.json["urgentReason"], "The law enters into force next week.");
});

on_both!(answers_have_to_fit_their_questions, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let wrong = json!({"answers": {
        "q1": {"text": "Perhaps."},
        "q3": {"choices": ["police", "other"]},
        "q5": {"number": {"value": "1,250"}},
        "q7": {"rows": [{"title": "Under 14", "cells": ["1"]}]},
        "q99": {"yesNo": "yes"}
    }});
    let reply = at.put(&response, &wrong).await.expect(400);
    assert_eq!(
        reply.faults(),
        pairs(&[
            ("/answers/q1/text", "not_for_kind"),
            ("/answers/q1/yesNo", "missing_field"),
            ("/answers/q3/choices", "wrong_number"),
            ("/answers/q5/number/value", "bad_number"),
            ("/answers/q7/rows", "not_one_of"),
            ("/answers/q7/rows/0/cells", "wrong_number"),
            ("/answers/q99", "unknown_question"),
        ])
    );
    at.get(&response).await.expect(404);
    let partial = at
        .put(
            &response,
            &json!({"answers": {"q1": {"yesNo": "no"}, "q2": {"text": "How."}}}),
        )
        .await
        .expect(201);
    let submission = format!("{response}/submission");
    let dry = at
        .post_if(&format!("{submission}?dryRun=true"), &partial.etag(), &json!({}))
        .await
        .expect(400);
    let reply = at.post_if(&submission, &partial.etag(), &json!({})).await.expect(400);
    assert_eq!(dry.faults(), reply.faults());
    assert_eq!(
        reply.faults(),
        pairs(&[
            ("/answers/q2", "not_asked"),
            ("/answers/q3", "missing_answer"),
            ("/answers/q5", "missing_answer")
        ])
    );
});

on_both!(an_office_answers_once_for_itself_and_when_asked, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, no) = (app.coordinator("AT").await, app.coordinator("NO").await);
    no.put(&format!("{path}/responses/NO"), &answers("NO"))
        .await
        .expect(404);
    let refused = at
        .put(&format!("{path}/responses/BE"), &answers("BE"))
        .await
        .expect(403);
    assert_eq!(refused.code(), "other_office");
    answered(&at, &path, "AT", &answers("AT")).await;
    let twice = at
        .put(&format!("{path}/responses/AT"), &answers("AT"))
        .await
        .expect(412);
    assert_eq!(twice.code(), "stale");
    let expert = app.user("AT", ahq_domain::user::Role::Expert).await;
    let tag = etag(&expert, &format!("{path}/responses/AT")).await;
    let refused = expert
        .post_if(&format!("{path}/responses/AT/submission"), &tag, &json!({}))
        .await
        .expect(403);
    assert_eq!(refused.code(), "role_too_low");
});

on_both!(changes_need_the_version_they_are_meant_for, |app| {
    let lead = app.coordinator("LU").await;
    let (path, tag) = drafted(&lead, &draft()).await;
    assert_eq!(lead.put(&path, &draft()).await.expect(428).code(), "if_match_missing");
    lead.put_if(&path, &tag, &draft()).await.expect(200);
    assert_eq!(lead.put_if(&path, &tag, &draft()).await.expect(412).code(), "stale");
    assert_eq!(lead.delete_if(&path, &tag).await.expect(412).code(), "stale");
    let read = lead.get(&path).await;
    lead.put_if(&path, &read.etag(), &read.json).await.expect(200);
    let known = lead
        .request(Method::GET, &path)
        .header("If-None-Match", etag(&lead, &path).await);
    assert_eq!(lead.send(known).await.status, 304);
});

on_both!(the_frame_speaks_in_problems_too, |app| {
    let lead = app.coordinator("LU").await;
    let send = |method: Method, path: &str, kind: &str, body: Vec<u8>| {
        let request = lead.request(method, path).header("Content-Type", kind).body(body);
        let lead = lead.clone();
        async move { lead.send(request).await }
    };
    let json = "application/json";
    let rows = [
        (
            send(Method::POST, "/queries", json, b"{\"title\": ".to_vec()).await,
            400,
            "malformed_json",
        ),
        (
            send(Method::POST, "/queries", json, vec![b' '; 10 << 20]).await,
            413,
            "too_large",
        ),
        (
            send(Method::POST, "/queries", "text/plain", b"hello".to_vec()).await,
            415,
            "unsupported_media_type",
        ),
        (
            send(Method::GET, "/nothing", json, Vec::new()).await,
            404,
            "unknown_path",
        ),
        (
            send(Method::GET, "/queries/", json, Vec::new()).await,
            404,
            "unknown_path",
        ),
        (
            send(Method::PATCH, "/queries", json, Vec::new()).await,
            405,
            "method_not_allowed",
        ),
        (
            send(Method::GET, "/queries?colour=red", json, Vec::new()).await,
            400,
            "invalid_input",
        ),
        (
            send(Method::GET, "/queries?limit=1000", json, Vec::new()).await,
            400,
            "invalid_input",
        ),
        (
            send(Method::GET, "/queries?cursor=abc", json, Vec::new()).await,
            400,
            "bad_cursor",
        ),
        (
            send(Method::GET, "/queries/2026.99", json, Vec::new()).await,
            404,
            "not_found",
        ),
        (
            send(Method::GET, "/queries/nonsense", json, Vec::new()).await,
            404,
            "not_found",
        ),
    ];
    for (reply, status, code) in rows {
        assert_eq!((reply.status, reply.code()), (status, code), "{}", reply.text);
        assert_eq!(
            reply.header("content-type").as_deref(),
            Some("application/problem+json")
        );
        assert!(reply.json["requestId"].is_string());
        if status == 405 {
            assert_eq!(reply.header("allow").as_deref(), Some("GET, HEAD, OPTIONS, POST"));
        }
    }
    let head = lead.send(lead.request(Method::HEAD, "/topics")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    let nobody = app.public().get("/queries").await.expect(401);
    assert_eq!(nobody.code(), "unauthenticated");
    let forged = app.public().with_token("abc.def.ghi").get("/queries").await.expect(401);
    assert_eq!(forged.code(), "bad_token");
});
