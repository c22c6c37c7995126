//! An office asks what is meant, the requesters reply once, and everybody who may read the query reads both.

use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{compiled, draft, drafted, etag, launched, launched_to};

fn unclear() -> Value {
    json!({"question": "q5", "text": "Do *renewals* count?"})
}

on_both!(what_is_asked_is_replied_to_once_and_read_by_all, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    let clarifications = format!("{path}/clarifications");
    let asked = at.post(&clarifications, &unclear()).await.expect(201).json;
    assert_eq!(
        (&asked["office"], &asked["question"], &asked["text"], &asked["reply"]),
        (&json!("AT"), &json!("q5"), &json!("Do *renewals* count?"), &Value::Null)
    );
    app.set_clock("2026-11-03T08:05:00Z");
    let of_all = json!({"text": "Are those over 18 meant?"});
    let second = be.post(&clarifications, &of_all).await.expect(201).json;
    assert_eq!(second["question"], Value::Null);
    let reply = format!("{clarifications}/{}/reply", asked["id"].as_str().expect("an id"));
    let text = json!({"text": "First permits only."});
    assert_eq!(be.post(&reply, &text).await.expect(403).code(), "not_the_requester");
    assert_eq!(
        lead.post(&reply, &json!({"text": " "})).await.expect(400).faults(),
        [("/text".to_owned(), "missing_field".to_owned())]
    );
    let replied = lead.post(&reply, &text).await.expect(200).json;
    assert_eq!(
        (&replied["reply"]["office"], &replied["reply"]["text"]),
        (&json!("LU"), &json!("First permits only."))
    );
    assert_eq!(lead.post(&reply, &text).await.expect(409).code(), "already_replied");
    let (com, sp) = (app.coordinator("COM").await, app.coordinator("SP").await);
    for client in [&lead, &be, &com, &sp] {
        let list = client.get(&clarifications).await.expect(200).json;
        assert_eq!(list["items"], json!([replied, second]));
    }
    app.coordinator("NO").await.get(&clarifications).await.expect(404);
    // What belongs to another query is not there.
    let other = launched(&lead).await;
    let stray = reply.replace(&path, &other);
    lead.post(&stray, &text).await.expect(404);
    lead.post(&format!("{clarifications}/1/reply"), &text).await.expect(404);
});

on_both!(who_is_asked_asks_while_the_query_is_open_or_closed, |app| {
    let lead = app.coordinator("LU").await;
    let (begun, _) = drafted(&lead, &draft()).await;
    let ask = |path: &str| format!("{path}/clarifications");
    assert_eq!(
        lead.post(&ask(&begun), &unclear()).await.expect(409).code(),
        "wrong_status"
    );
    let path = launched_to(
        &lead,
        &json!({"addressed": "list", "offices": ["AT"], "audience": "members"}),
    )
    .await;
    let (be, com, sp) = (
        app.coordinator("BE").await,
        app.coordinator("COM").await,
        app.coordinator("SP").await,
    );
    for client in [&lead, &be, &com, &sp] {
        let refused = client.post(&ask(&path), &unclear()).await.expect(409);
        assert_eq!(refused.code(), "not_addressed");
    }
    let at = app.coordinator("AT").await;
    assert_eq!(
        at.post(&ask(&path), &json!({"question": "q9", "text": ""}))
            .await
            .expect(400)
            .faults(),
        [
            ("/question".to_owned(), "unknown_question".to_owned()),
            ("/text".to_owned(), "missing_field".to_owned())
        ]
    );
    let early = at.post(&ask(&path), &unclear()).await.expect(201).json;
    app.set_clock("2026-12-02T09:00:00Z");
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let at = app.sign_in("at.coordinator@example.org").await;
    let late = at.post(&ask(&path), &unclear()).await.expect(201).json;
    compiled(&lead, &path).await;
    assert_eq!(
        at.post(&ask(&path), &unclear()).await.expect(409).code(),
        "wrong_status"
    );
    // What was asked in time gets its reply, until the query is withdrawn.
    let reply = |asked: &Value| format!("{path}/clarifications/{}/reply", asked["id"].as_str().expect("an id"));
    let text = json!({"text": "First permits only."});
    lead.post(&reply(&early), &text).await.expect(200);
    let withdrawal = json!({"reason": "Asked elsewhere."});
    lead.post_if(&format!("{path}/withdrawal"), &etag(&lead, &path).await, &withdrawal)
        .await
        .expect(200);
    assert_eq!(lead.post(&reply(&late), &text).await.expect(409).code(), "wrong_status");
    assert_eq!(
        at.post(&ask(&path), &unclear()).await.expect(409).code(),
        "wrong_status"
    );
    assert_eq!(
        lead.get(&ask(&path)).await.expect(200).json["items"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
});

on_both!(the_requesters_are_asked_by_mail_and_all_are_told_the_reply, |app| {
    let lead = app.coordinator("LU").await;
    let nl = app.coordinator("NL").await;
    let (path, tag) = drafted(&lead, &draft()).await;
    lead.post_if(&format!("{path}/joint-offices"), &tag, &json!({"office": "NL"}))
        .await
        .expect(200);
    let accepted = nl
        .post_if(&format!("{path}/joint-acceptance"), &etag(&nl, &path).await, &json!({}))
        .await
        .expect(200);
    let launch = json!({"addressed": "list", "offices": ["AT", "BE"]});
    lead.post_if(&format!("{path}/launch"), &accepted.etag(), &launch)
        .await
        .expect(200);
    let sent = app.deliver().await.len();
    let at = app.coordinator("AT").await;
    let clarifications = format!("{path}/clarifications");
    let asked = at.post(&clarifications, &unclear()).await.expect(201).json;
    let mails = app.deliver().await.split_off(sent);
    let addresses = |mails: &[ahq_mail::outgoing::Outgoing]| {
        let mut all: Vec<_> = mails.iter().map(|mail| mail.to.address.clone()).collect();
        all.sort();
        all
    };
    assert_eq!(addresses(&mails), ["ncp-lu@example.org", "ncp-nl@example.org"]);
    let luxembourg = mails.iter().find(|mail| mail.to.address == "ncp-lu@example.org");
    insta::assert_snapshot!("asked", luxembourg.expect("a mail").content.text());
    // A joint office may reply.
    let reply = format!("{clarifications}/{}/reply", asked["id"].as_str().expect("an id"));
    nl.post(&reply, &json!({"text": "First permits *only*."}))
        .await
        .expect(200);
    let told = app.deliver().await.split_off(sent + mails.len());
    assert_eq!(
        addresses(&told),
        ["ncp-at@example.org", "ncp-be@example.org", "ncp-lu@example.org"]
    );
    assert_eq!(
        told[0].content.subject(),
        "[EMN AHQ 2026.1] Clarification of question 5: Missing unaccompanied minors"
    );
    let austria = told.iter().find(|mail| mail.to.address == "ncp-at@example.org");
    insta::assert_snapshot!("replied", austria.expect("a mail").content.text());
});

on_both!(clarifications_cost_a_known_number_of_statements, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let clarifications = format!("{path}/clarifications");
    let before = app.statements();
    let asked = at.post(&clarifications, &unclear()).await.expect(201).json;
    let asking = app.statements() - before;
    let reply = format!("{clarifications}/{}/reply", asked["id"].as_str().expect("an id"));
    let before = app.statements();
    lead.post(&reply, &json!({"text": "No."})).await.expect(200);
    let replying = app.statements() - before;
    let before = app.statements();
    at.get(&clarifications).await.expect(200);
    assert_eq!((asking, replying, app.statements() - before), (7, 8, 3));
});
