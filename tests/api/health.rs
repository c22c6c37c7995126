//! Health: a process lives, and is ready when its database is and the mail that is due is taken.

use ahq_harness::{App, Database};
use chrono::Duration;
use serde_json::json;

use crate::on_both;
use crate::scenario::launched;

const SECURITY: &str = "!/.well-known/security.txt";

on_both!(ready_fails_while_nobody_takes_the_mail, |app| {
    let public = app.public();
    let ready = async |status: u16| public.get("!/health/ready").await.expect(status);
    app.pass(Duration::days(3));
    ready(200).await;
    let lead = app.coordinator("LU").await;
    launched(&lead).await;
    app.pass(Duration::minutes(14));
    assert_eq!(ready(200).await.json, json!({"status": "ready"}));
    app.pass(Duration::minutes(1));
    let problem = ready(503).await;
    assert_eq!(problem.code(), "busy");
    assert_eq!(
        problem.header("content-type").as_deref(),
        Some("application/problem+json")
    );
    assert!(problem.header("retry-after").is_some());
    assert!(!problem.text.contains("mail"), "why is for the log");
    public.get("!/health/live").await.expect(200);
    lead.get("/queries").await.expect(200);
    assert_eq!(app.deliver().await.len(), 25);
    ready(200).await;
});

async fn with_a_contact(database: Database) -> Option<App> {
    App::start_with(database, |config| {
        config.server.security_contact = Some("mailto:security@example.org".to_owned());
        config.server.public_address = "https://ahq.example.org".to_owned();
    })
    .await
}

on_both!(with_a_contact, whoever_finds_a_hole_is_told_whom_to_tell, |app| {
    let file = app.public().get(SECURITY).await.expect(200);
    assert_eq!(
        file.text,
        "Contact: mailto:security@example.org\nExpires: 2027-05-02T00:00:00Z\nPreferred-Languages: en\nCanonical: \
             https://ahq.example.org/.well-known/security.txt\n"
    );
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(file.header(name).as_deref(), Some(value), "{name}");
    }
});

on_both!(without_a_contact_there_is_no_such_file, |app| {
    let none = app.public().get(SECURITY).await.expect(404);
    assert_eq!(none.header("content-type").as_deref(), Some("application/problem+json"));
});
