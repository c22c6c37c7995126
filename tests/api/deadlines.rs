//! Deadlines: on time to the last instant, late one microsecond after, with no background job running.

use serde_json::json;

use crate::on_both;
use crate::scenario::{answered, answers, compiled, etag, launched};

on_both!(the_last_instant_is_on_time_and_the_next_is_late, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    app.set_clock("2026-12-01T22:59:59.999999Z");
    assert_eq!(lead.get(&path).await.json["status"], "open");
    assert_eq!(answered(&at, &path, "AT", &answers("AT")).await.json["late"], false);
    app.set_clock("2026-12-01T23:00:00Z");
    assert_eq!(lead.get(&path).await.json["status"], "closed");
    assert_eq!(answered(&be, &path, "BE", &answers("BE")).await.json["late"], true);

    let amended = answered(&at, &path, "AT", &answers("AT, amended")).await;
    assert_eq!(amended.json["late"], false, "an amendment never makes a response late");
    assert_eq!(amended.json["submittedVersion"], 2);
});

on_both!(an_extension_reopens_and_clears_lateness_it_covers, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let be = app.coordinator("BE").await;
    app.set_clock("2026-12-02T09:00:00Z");
    assert_eq!(answered(&be, &path, "BE", &answers("BE")).await.json["late"], true);
    let body = json!({"deadline": "2026-12-11", "reason": "Several offices asked."});
    let extended = lead
        .post_if(&format!("{path}/extensions"), &etag(&lead, &path).await, &body)
        .await
        .expect(200);
    assert_eq!(extended.json["status"], "open");
    assert_eq!(extended.json["extensions"][0]["from"], "2026-12-01");
    assert_eq!(be.get(&format!("{path}/responses/BE")).await.json["late"], false);
    let back = json!({"deadline": "2026-12-10", "reason": "Too far."});
    let refused = lead
        .post_if(&format!("{path}/extensions"), &etag(&lead, &path).await, &back)
        .await
        .expect(400);
    assert_eq!(
        refused.faults(),
        [("/deadline".to_owned(), "deadline_not_later".to_owned())]
    );
});

on_both!(an_edition_goes_stale_when_a_response_is_newer, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let editions = format!("{path}/editions");
    assert_eq!(lead.get(&editions).await.json["items"][0]["stale"], false);
    answered(&at, &path, "AT", &answers("AT, amended")).await;
    assert_eq!(lead.get(&editions).await.json["items"][0]["stale"], true);
    assert_eq!(lead.get(&path).await.json["status"], "compiled");
    compiled(&lead, &path).await;
    let second = lead.get(&format!("{editions}/2?format=json")).await.expect(200);
    assert_eq!(
        second.json["view"]["changes"],
        json!(["Austria: changed (questions 1, 2)"])
    );
});
