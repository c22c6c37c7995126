//! The figures: what they say after some requests, and that nobody finds them where the interface is.

use std::path::Path;
use std::time::Duration;

use ahq_server::lifecycle::Running;

use crate::{PASSWORD, on_both, parts, sign_in, started};

on_both! {
    requests_mail_and_the_database_are_counted,
}

async fn text(address: &str) -> (u16, String) {
    let reply = reqwest::get(address).await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

/// The figure with this name and these labels.
fn figure(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

async fn figures(running: &Running) -> String {
    let (status, text) = text(&format!("http://{}/metrics", running.metrics_address().unwrap())).await;
    assert_eq!(status, 200);
    text
}

async fn requests_mail_and_the_database_are_counted(database: &str, other: &str, folder: &Path) {
    let running = started(&parts(database, folder), true).await;
    let base = format!("http://{}", running.address());
    assert_eq!(sign_in(&running, "wrong wrong wrong").await, 401);
    assert_eq!(sign_in(&running, PASSWORD).await, 201);
    for path in ["offices/LU", "offices/AT", "queries/2020.999", "no/such/path"] {
        text(&format!("{base}/api/v1/{path}")).await;
    }
    let http = reqwest::Client::new();
    let invented = reqwest::Method::from_bytes(b"INVENTED").unwrap();
    http.request(invented, format!("{base}/health/live"))
        .send()
        .await
        .unwrap();
    http.head(format!("{base}/health/live")).send().await.unwrap();
    let said = figures(&running).await;
    let requests = |labels: &str| figure(&said, &format!("ahq_http_requests_total{{{labels}}}"));
    for (labels, count) in [
        ("method=\"POST\",route=\"/api/v1/session\",status=\"401\"", 1.0),
        ("method=\"POST\",route=\"/api/v1/session\",status=\"201\"", 1.0),
        ("method=\"GET\",route=\"/api/v1/offices/{code}\",status=\"401\"", 2.0),
        ("method=\"GET\",route=\"(none)\",status=\"404\"", 1.0),
        ("method=\"other\",route=\"/health/live\",status=\"405\"", 1.0),
        ("method=\"HEAD\",route=\"/health/live\",status=\"200\"", 1.0),
    ] {
        assert_eq!(requests(labels), Some(count), "{labels} in\n{said}");
    }
    for secret in ["LU", "2020.999", "INVENTED", "anna", "such"] {
        assert!(!said.contains(secret), "{secret} in\n{said}");
    }
    let named = |name: &str| figure(&said, name).unwrap_or_else(|| panic!("no {name} in\n{said}"));
    assert_eq!(
        named("ahq_http_request_seconds_count{method=\"POST\",route=\"/api/v1/session\"}"),
        2.0
    );
    // A password is hashed, which takes a while.
    assert!(named("ahq_http_request_seconds_sum{method=\"POST\",route=\"/api/v1/session\"}") > 0.002);
    assert_eq!(named("ahq_sign_in_failures_total"), 1.0);
    assert_eq!(named("ahq_database_up"), 1.0);
    assert!(named("ahq_database_connections{state=\"idle\"}") >= 1.0);
    assert_eq!(
        (named("ahq_outbox_waiting"), named("ahq_outbox_oldest_due_seconds")),
        (0.0, 0.0)
    );
    assert!(named("ahq_worker_ticks_total{outcome=\"done\"}") >= 1.0);
    assert!(named("ahq_worker_last_tick_timestamp_seconds") >= named("process_start_time_seconds"));
    for path in ["metrics", "api/v1/metrics", "health/metrics"] {
        assert_eq!(text(&format!("{base}/{path}")).await.0, 404, "{path}");
    }
    running.stop().await;

    // Without the worker nothing is said of it, mail gathers, and a database that went away is a figure.
    let running = started(&parts(other, folder), false).await;
    let invite = serde_json::json!({"name": "Bea Muster", "email": "bea@example.org", "role": "reader"});
    let token = token(&running).await;
    let address = format!("http://{}/api/v1/offices/LU/users", running.address());
    let invited = http
        .post(address)
        .bearer_auth(token)
        .json(&invite)
        .send()
        .await
        .unwrap();
    assert_eq!(invited.status(), 201, "{}", invited.text().await.unwrap());
    tokio::time::sleep(Duration::from_millis(20)).await;
    let said = figures(&running).await;
    assert!(!said.contains("ahq_worker_"), "{said}");
    assert_eq!(figure(&said, "ahq_outbox_waiting"), Some(1.0));
    assert!(figure(&said, "ahq_outbox_oldest_due_seconds").unwrap() > 0.01);
    running.exchange().store().close().await;
    let said = figures(&running).await;
    assert_eq!(figure(&said, "ahq_database_up"), Some(0.0));
    running.stop().await;
}

async fn token(running: &Running) -> String {
    let body = serde_json::json!({"email": crate::MAIL, "password": PASSWORD});
    let address = format!("http://{}/api/v1/session", running.address());
    let reply = reqwest::Client::new().post(address).json(&body).send().await.unwrap();
    let tokens: serde_json::Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    tokens["accessToken"].as_str().unwrap().to_owned()
}
