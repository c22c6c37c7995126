//! Health: a process lives, and is ready when its database is and the mail that is due is taken.

use chrono::Duration;
use serde_json::json;

use crate::on_both;
use crate::scenario::launched;

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
