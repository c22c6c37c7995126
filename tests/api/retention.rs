//! S11: personal data of a query that ended is blocked after six months and erased after three years; by a moved clock.

use crate::on_both;
use crate::persons::{OUTSIDE, tables_with, worked};

on_both!(personal_data_is_blocked_after_six_months, |app| {
    let path = worked(&app).await;
    let contributions = format!("{path}/responses/AT/contributions");
    let deliveries = format!("{path}/deliveries");
    // The deadline is 1 December 2026; the last moment before, and that moment.
    for (now, shown) in [("2027-06-01T22:59:00Z", true), ("2027-06-02T00:00:00Z", false)] {
        app.set_clock(now);
        let at = app.sign_in_coordinator("AT").await;
        let read = at.get(&contributions).await.expect(200);
        for word in OUTSIDE {
            assert_eq!(read.text.contains(word), shown, "{word} at {now}");
        }
        let lead = app.sign_in_coordinator("LU").await;
        let told = lead.get(&deliveries).await.expect(200);
        assert_eq!(told.text.contains("\"toUser\":true"), shown, "{now}");
    }
    assert_eq!(
        app.exchange().apply_retention().await.ok(),
        Some(0),
        "nothing is erased"
    );
    assert!(!tables_with(&app, &OUTSIDE).await.is_empty());
    app.coordinator("SP").await;
    let provider = app.sign_in_coordinator("SP").await;
    assert!(
        provider
            .get(&deliveries)
            .await
            .expect(200)
            .text
            .contains("\"toUser\":true")
    );
});

on_both!(personal_data_is_erased_after_three_years, |app| {
    let path = worked(&app).await;
    app.set_clock("2029-11-30T12:00:00Z");
    assert_eq!(app.exchange().apply_retention().await.ok(), Some(0));
    assert!(!tables_with(&app, &OUTSIDE).await.is_empty());
    app.set_clock("2029-12-03T12:00:00Z");
    assert_eq!(app.exchange().apply_retention().await.ok(), Some(1));
    assert_eq!(tables_with(&app, &OUTSIDE).await, Vec::<String>::new());
    assert_eq!(app.exchange().apply_retention().await.ok(), Some(0), "once");
    app.exchange().seal_audit(None).await.expect("the events are sealed");
    let verified = app
        .exchange()
        .verify_audit(Vec::new(), |_| ())
        .await
        .expect("a verification");
    assert_eq!(verified.fault, None);
    let at = app.sign_in_coordinator("AT").await;
    let response = at.get(&format!("{path}/responses/AT")).await.expect(200);
    assert!(response.text.contains("Text of AT."), "what an office said stays");
    let asked = at.get(&format!("{path}/responses/AT/contributions")).await.expect(200);
    assert_eq!(asked.json["items"][0]["status"], "declined");
});

on_both!(what_signing_in_leaves_behind_goes_after_thirty_days, |app| {
    let client = app.coordinator("AT").await;
    let wrong = serde_json::json!({"email": "nobody@example.org", "password": "not the right password"});
    app.public().post("/session", &wrong).await.expect(401);
    let words = ["account:nobody@example.org"];
    assert!(!tables_with(&app, &words).await.is_empty());
    app.pass(chrono::Duration::days(29));
    app.exchange().apply_retention().await.expect("a pass");
    assert!(!tables_with(&app, &words).await.is_empty());
    client.get("/me").await;
    app.pass(chrono::Duration::days(2));
    app.exchange().apply_retention().await.expect("a pass");
    assert_eq!(tables_with(&app, &words).await, Vec::<String>::new());
});
