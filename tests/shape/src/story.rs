//! A query from its draft to its publication through the balancer, so that each request may meet another server.

use ahq_harness::{Client, PASSWORD, Reply};
use reqwest::Method;
use serde_json::{Value, json};

use crate::shape::Shape;

/// A draft query of two questions.
pub(crate) fn draft(title: &str) -> Value {
    json!({
        "title": title,
        "topics": ["unaccompanied_minors"],
        "questions": [
            {"id": "q1", "kind": "yes_no", "text": "Does your country register missing minors?"},
            {"id": "q2", "kind": "text", "text": "How?"}
        ]
    })
}

/// Plays it; `number` tells one play from another.
///
/// # Panics
/// When a reply is not the one that a single server would give.
pub(crate) async fn play(shape: &Shape, number: usize) {
    let [lead, be, at] = [
        shape.coordinator("LU").await,
        shape.coordinator("BE").await,
        shape.coordinator("AT").await,
    ];
    // Both servers know everybody, whichever of them signed somebody in.
    for client in [&lead, &be, &at] {
        for _ in 0..4 {
            client.get("/me").await.expect(200);
        }
    }
    let path = drafted_once(&lead, number).await;
    let launched = change(&lead, &path, "launch", &json!({"addressed": "members"})).await;

    let response = format!("{path}/responses/BE");
    let answers = json!({"answers": {"q1": {"yesNo": "yes"}, "q2": {"text": "By a register."}}});
    be.put(&response, &answers).await.expect(201);
    change(&be, &response, "submission", &json!({})).await;
    let declined = format!("{path}/responses/AT");
    at.put(&declined, &json!({"answers": {}})).await.expect(201);
    change(
        &at,
        &declined,
        "declination",
        &json!({"reason": "We have no such cases."}),
    )
    .await;

    let deadline = launched.json["deadline"].as_str().expect("a deadline");
    let day = deadline.split('T').next().unwrap_or(deadline);
    let later = lead.get(&format!("/calendar/working-days?from={day}&days=5")).await;
    let later = later.expect(200).json["items"][0]["to"].clone();
    change(
        &lead,
        &path,
        "extensions",
        &json!({"deadline": later, "reason": "Several asked."}),
    )
    .await;
    for client in [&be, &at, &be, &at] {
        let seen = client.get(&path).await.expect(200);
        assert_eq!(seen.json["extensions"][0]["to"], later, "{}", seen.text);
    }

    change(&lead, &path, "closure", &json!({"reason": "All have answered."})).await;
    let seen = etag(&lead, &path).await;
    let edition = lead.post_if(&format!("{path}/editions"), &seen, &json!({})).await;
    let number = edition.expect(201).json["number"].clone();
    let frozen = format!("{path}/editions/{number}?circle=public");
    let (one, other) = (lead.get(&frozen).await.expect(200), be.get(&frozen).await.expect(200));
    assert_eq!(one.text, other.text, "an edition is the same from both servers");

    let left = signed_out(shape).await;
    for _ in 0..4 {
        assert_eq!(
            left.get("/me").await.code(),
            "bad_token",
            "who signed out is out on both servers"
        );
    }
}

/// Sends a draft six times with one key, at once and one after another: one effect, one reply.
async fn drafted_once(lead: &Client, number: usize) -> String {
    let (body, key) = (draft("Told six times, done once"), format!("story-{number}"));
    let send = || {
        let request = lead.request(Method::POST, "/queries").json(&body);
        lead.send(request.header("Idempotency-Key", &key))
    };
    let (a, b, c) = tokio::join!(send(), send(), send());
    let (d, e, f) = (send().await, send().await, send().await);
    let replies = [a, b, c, d, e, f].map(|reply| reply.expect(201));
    for reply in &replies[1..] {
        assert_eq!(reply.json["id"], replies[0].json["id"], "one key, two effects");
    }
    format!("/queries/{}", replies[0].json["id"].as_str().expect("an id"))
}

/// Changes something by one of its sub-resources, and looks at it from both servers.
async fn change(client: &Client, path: &str, what: &str, body: &Value) -> Reply {
    let before = etag(client, path).await;
    let changed = client
        .post_if(&format!("{path}/{what}"), &before, body)
        .await
        .expect(200);
    let (one, other) = (client.get(path).await.expect(200), client.get(path).await.expect(200));
    assert_eq!(one.json["version"], other.json["version"]);
    assert_ne!(etag(client, path).await, before, "{what} shows on both servers");
    changed
}

async fn etag(client: &Client, path: &str) -> String {
    client.get(path).await.expect(200).etag()
}

/// Renews a session four times, then ends it; gives who had it.
async fn signed_out(shape: &Shape) -> Client {
    let public = Client::new(shape.base());
    let login = json!({"email": "coordinator.at@example.org", "password": PASSWORD});
    let mut tokens = public.post("/session", &login).await.expect(201).json;
    for _ in 0..4 {
        let body = json!({"refreshToken": tokens["refreshToken"]});
        tokens = public.post("/session/refresh", &body).await.expect(200).json;
    }
    let client = public.with_token(tokens["accessToken"].as_str().expect("a token"));
    client
        .send(client.request(Method::DELETE, "/session"))
        .await
        .expect(204);
    client
}
