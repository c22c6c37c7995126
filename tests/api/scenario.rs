//! What most tests begin with: a query of Luxembourg, launched and answered.

use ahq_exchange::deliveries::Taken;
use ahq_harness::{App, Client, Reply};
use ahq_mail::outgoing::Outgoing;
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

/// Has a mail that left come back, for a reason: a status code with words.
pub(crate) async fn come_back(app: &App, mail: &Outgoing, reason: &str) {
    let (status, _) = reason.split_once(' ').expect("a code and words");
    let returned = format!(
        "From: MAILER-DAEMON@mail.example.org\r\nTo: exchange@example.org\r\nSubject: Undelivered\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\r\nMIME-Version: 1.0\r\n\r\n\
         --x\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n\
         --x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\n\r\n\
         Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; 550 {reason}\r\n\r\n\
         --x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {}\r\nSubject: Deadline\r\n\r\n--x--\r\n",
        mail.to.address,
        mail.message_id()
    );
    let taken = app
        .exchange()
        .take_mail(returned.as_bytes(), "exchange.example.org")
        .await
        .expect("it is taken in");
    assert_eq!(taken, Taken::Bounced(mail.id));
}
