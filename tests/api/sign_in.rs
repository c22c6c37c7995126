//! Signing in: a password exactly as it was set, and each try written down.

use ahq_harness::PASSWORD;
use serde_json::{Value, json};

use crate::on_both;

const ADDRESS: &str = "lu.coordinator@example.org";

on_both!(a_password_is_kept_letter_by_letter, |app| {
    let lead = app.coordinator("LU").await;
    let new = format!(" {} Größe {}", "Ab c".repeat(20), "x".repeat(100));
    let change = json!({"password": PASSWORD, "newPassword": new});
    lead.post("/me/password", &change).await.expect(204);
    let cut: String = new.chars().take(72).collect();
    for wrong in [new.trim(), &new.to_lowercase(), &cut, &format!("{new} ")] {
        let body = json!({"email": ADDRESS, "password": wrong});
        assert_eq!(
            app.public().post("/session", &body).await.expect(401).code(),
            "wrong_credentials"
        );
    }
    let body = json!({"email": ADDRESS, "password": new});
    app.public().post("/session", &body).await.expect(201);
});

on_both!(a_session_is_opened_refused_and_ended_in_the_audit, |app| {
    let provider = app.coordinator("SP").await;
    let lead = app.coordinator("LU").await;
    let wrong = json!({"email": ADDRESS, "password": "not the password"});
    app.public().post("/session", &wrong).await.expect(401);
    lead.send(lead.request(reqwest::Method::DELETE, "/session"))
        .await
        .expect(204);
    app.exchange().seal_audit(None).await.expect("the events are sealed");
    let trail = provider.get("/audit?limit=100").await.expect(200);
    let items: &Vec<Value> = trail.json["items"].as_array().expect("items");
    for action in ["session.opened", "session.refused", "session.ended"] {
        let event = items.iter().find(|event| event["action"] == action);
        let event = event.unwrap_or_else(|| panic!("{action} is not written down"));
        assert!(event["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{event}");
    }
    assert!(!trail.text.contains("not the password"), "no try is repeated");
});
