//! Queries beside the main line: deleted, closed early, compiled early or by the service provider, listed.

use serde_json::json;

use crate::on_both;
use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched, launched_to};

on_both!(a_draft_is_deleted_by_its_lead_alone, |app| {
    let lead = app.coordinator("LU").await;
    let (path, tag) = drafted(&lead, &draft()).await;
    let reader = app.user("LU", ahq_domain::user::Role::Reader).await;
    assert_eq!(reader.delete_if(&path, &tag).await.expect(403).code(), "role_too_low");
    lead.delete_if(&path, &tag).await.expect(204);
    lead.get(&path).await.expect(404);
    let path = launched(&lead).await;
    let refused = lead.delete_if(&path, &etag(&lead, &path).await).await.expect(409);
    assert_eq!(refused.code(), "not_draft");
});

on_both!(a_query_closed_early_takes_answers_that_are_not_late, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let body = json!({"reason": "We have what we need."});
    let closed = lead
        .post_if(&format!("{path}/closure"), &etag(&lead, &path).await, &body)
        .await
        .expect(200);
    assert_eq!(closed.json["status"], "closed");
    assert_eq!(closed.json["closedEarly"]["reason"], "We have what we need.");
    let at = app.coordinator("AT").await;
    assert_eq!(answered(&at, &path, "AT", &answers("AT")).await.json["late"], false);
    assert_eq!(compiled(&lead, &path).await, 1);
});

on_both!(an_open_query_is_compiled_once_all_expected_have_answered, |app| {
    let lead = app.coordinator("LU").await;
    let launch = json!({"addressed": "list", "offices": ["AT", "BE", "NO"]});
    let path = launched_to(&lead, &launch).await;
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    answered(&at, &path, "AT", &answers("AT")).await;
    assert!(!lead.get(&path).await.json["actions"].to_string().contains("compile"));
    be.post(
        &format!("{path}/responses/BE/declination"),
        &json!({"reason": "No staff."}),
    )
    .await
    .expect(200);
    let seen = lead.get(&path).await;
    assert_eq!(seen.json["status"], "open");
    assert!(
        seen.json["actions"].to_string().contains("compile"),
        "Norway is asked but not expected"
    );
    assert_eq!(compiled(&lead, &path).await, 1);
});

on_both!(
    the_service_provider_compiles_ten_working_days_after_the_deadline,
    |app| {
        let lead = app.coordinator("LU").await;
        let path = launched(&lead).await;
        let provider = app.coordinator("SP").await;
        let editions = format!("{path}/editions");
        app.set_clock("2026-12-15T12:00:00Z");
        let (provider, lead) = {
            drop((provider, lead));
            (
                app.sign_in("sp.coordinator@example.org").await,
                app.sign_in("lu.coordinator@example.org").await,
            )
        };
        let refused = provider
            .post_if(&editions, &etag(&provider, &path).await, &json!({}))
            .await
            .expect(409);
        assert_eq!(refused.code(), "requester_first");
        app.set_clock("2026-12-16T12:00:00Z");
        provider
            .post_if(&editions, &etag(&provider, &path).await, &json!({}))
            .await
            .expect(201);
        let full = format!("{editions}/1?circle=requester&format=json");
        assert_eq!(provider.get(&full).await.expect(403).code(), "narrower_circle");
        lead.get(&full).await.expect(200);
        let body = json!({"edition": 1});
        provider
            .post_if(&format!("{path}/publication"), &etag(&provider, &path).await, &body)
            .await
            .expect(403);
    }
);

on_both!(lists_are_filtered_and_go_on_where_they_stopped, |app| {
    let lead = app.coordinator("LU").await;
    for number in 0..5 {
        let mut body = draft();
        body["title"] = json!(format!("Query {number}"));
        body["topics"] = json!([if number % 2 == 0 { "return" } else { "visas" }]);
        drafted(&lead, &body).await;
    }
    launched(&lead).await;
    let at = app.coordinator("AT").await;
    let titles = |reply: &ahq_harness::Reply| -> Vec<String> {
        let items = reply.json["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|item| item["title"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let mut all = Vec::new();
    let mut path = "/queries?sort=title&status=draft&limit=2".to_owned();
    loop {
        let page = lead.get(&path).await.expect(200);
        all.extend(titles(&page));
        let Some(link) = page.header("link") else { break };
        let end = link.find('>').expect("an address");
        path = link[1..end].trim_start_matches("/api/v1").to_owned();
    }
    assert_eq!(all, ["Query 0", "Query 1", "Query 2", "Query 3", "Query 4"]);
    let returns = lead.get("/queries?topic=return&sort=-title").await;
    assert_eq!(titles(&returns), ["Query 4", "Query 2", "Query 0"]);
    assert_eq!(titles(&lead.get("/queries?title=query%203").await), ["Query 3"]);
    let mine = at.get("/queries?addressed=true&status=open,closed").await.expect(200);
    assert_eq!(titles(&mine), ["Missing unaccompanied minors"]);
    assert_eq!(mine.json["items"][0]["addressed"], true);
    assert_eq!(titles(&at.get("/queries?status=draft").await), Vec::<String>::new());
    let wrong = lead.get("/queries?requester=Luxembourg&status=lost").await.expect(400);
    assert_eq!(wrong.faults().len(), 2, "{}", wrong.text);
});

on_both!(versions_stay_and_show_the_narrower_circle, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    answered(&at, &path, "AT", &answers("AT again")).await;
    let response = format!("{path}/responses/AT");
    let versions = at.get(&format!("{response}/versions")).await.expect(200);
    assert_eq!(versions.json["items"].as_array().map(Vec::len), Some(2));
    let body = json!({"circle": "requester", "questions": ["q2"]});
    at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &body)
        .await
        .expect(200);
    let first = lead.get(&format!("{response}/versions/1")).await.expect(200);
    assert_eq!(first.json["rows"][1]["answer"]["text"], "Text of AT.");
    assert_eq!(first.json["rows"][1]["answer"]["circle"], "requester");
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let be = app.coordinator("BE").await;
    let seen = be.get(&format!("{response}/versions/1")).await.expect(200);
    assert_eq!(seen.json["rows"][1]["shown"], "restricted");
    be.get(&format!("{response}/versions/3")).await.expect(404);
});
