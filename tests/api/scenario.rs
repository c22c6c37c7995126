//! What most tests begin with: a query of Luxembourg, launched and answered.

use ahq_harness::{Client, Reply};
use serde_json::{Value, json};

/// A draft with a question of every kind, the second hanging on the first.
pub(crate) fn draft() -> Value {
    json!({
        "title": "AHQ on missing unaccompanied minors",
        "background": "We are **reviewing** our procedures.",
        "topics": ["unaccompanied_minors"],
        "keywords": ["minors"],
        "questions": [
            {"id": "q1", "kind": "yes_no", "text": "Does your country register missing minors?"},
            {"id": "q2", "kind": "text", "text": "How?", "askIf": {"question": "q1", "oneOf": ["yes", "partly"]}},
            {"id": "q3", "kind": "single_choice", "text": "Who registers?",
             "options": [{"id": "police", "text": "The police"}, {"id": "other", "text": "Somebody else"}]},
            {"id": "q4", "kind": "multiple_choice", "text": "Who is told?", "required": false,
             "options": [{"id": "guardian", "text": "The guardian"}, {"id": "court", "text": "The court"}]},
            {"id": "q5", "kind": "number", "text": "How many?", "unit": "persons", "period": "2025"},
            {"id": "q6", "kind": "date", "text": "Since when?", "required": false},
            {"id": "q7", "kind": "table", "text": "By age", "required": false,
             "columns": [{"id": "girls", "title": "Girls", "type": "number"},
                         {"id": "boys", "title": "Boys", "type": "number"}],
             "rows": ["Under 14", "14 to 17"]}
        ]
    })
}

/// Answers to all of it, every text bearing the office's name.
pub(crate) fn answers(office: &str) -> Value {
    json!({"answers": {
        "q1": {"yesNo": "yes", "comment": format!("Comment of {office}.")},
        "q2": {"text": format!("Text of {office}.")},
        "q3": {"choices": ["police"]},
        "q4": {"choices": ["guardian", "court"]},
        "q5": {"number": {"value": "1250", "flag": "estimate"}},
        "q6": {"date": "2019-01-01"},
        "q7": {"rows": [{"title": "Under 14", "cells": ["1", "2"]}, {"title": "14 to 17", "cells": ["3", ""]}]}
    }})
}

/// Saves a draft; gives its address and ETag.
pub(crate) async fn drafted(lead: &Client, body: &Value) -> (String, String) {
    let reply = lead.post("/queries", body).await.expect(201);
    let path = format!("/queries/{}", reply.json["id"].as_str().expect("an id"));
    (path, reply.etag())
}

/// Drafts and launches a query to all members; gives its address.
pub(crate) async fn launched(lead: &Client) -> String {
    launched_to(lead, &json!({"addressed": "members"})).await
}

/// Drafts and launches a query; gives its address.
pub(crate) async fn launched_to(lead: &Client, launch: &Value) -> String {
    let (path, etag) = drafted(lead, &draft()).await;
    lead.post_if(&format!("{path}/launch"), &etag, launch).await.expect(200);
    path
}

/// Saves a draft response and submits it.
pub(crate) async fn answered(client: &Client, path: &str, office: &str, body: &Value) -> Reply {
    let response = format!("{path}/responses/{office}");
    let saved = match client.get(&response).await {
        reply if reply.status == 200 => client.put_if(&response, &reply.etag(), body).await.expect(200),
        _ => client.put(&response, body).await.expect(201),
    };
    client
        .post_if(&format!("{response}/submission"), &saved.etag(), &json!({}))
        .await
        .expect(200)
}

/// The ETag of what stands at an address now.
pub(crate) async fn etag(client: &Client, path: &str) -> String {
    client.get(path).await.expect(200).etag()
}

/// Makes an edition; gives its number.
pub(crate) async fn compiled(lead: &Client, path: &str) -> i64 {
    let etag = etag(lead, path).await;
    let reply = lead
        .post_if(&format!("{path}/editions"), &etag, &json!({}))
        .await
        .expect(201);
    reply.json["number"].as_i64().expect("a number")
}
