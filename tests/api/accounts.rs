//! Sessions and users.

use ahq_domain::user::Role;
use ahq_harness::PASSWORD;
use chrono::Duration;
use serde_json::json;

use crate::on_both;

on_both!(a_session_is_renewed_and_ends_when_its_token_is_used_twice, |app| {
    app.coordinator("LU").await;
    let sign_in = json!({"email": "lu.coordinator@example.org", "password": PASSWORD});
    let first = app.public().post("/session", &sign_in).await.expect(201);
    let refresh = |token: &serde_json::Value| json!({"refreshToken": token});
    let second = app
        .public()
        .post("/session/refresh", &refresh(&first.json["refreshToken"]))
        .await
        .expect(200);
    let again = app
        .public()
        .post("/session/refresh", &refresh(&first.json["refreshToken"]))
        .await
        .expect(200);
    assert_eq!(
        second.json["refreshToken"], again.json["refreshToken"],
        "the same successor within ten seconds"
    );
    let access = second.json["accessToken"].as_str().expect("a token");
    app.public().with_token(access).get("/me").await.expect(200);
    app.pass(Duration::seconds(11));
    app.public()
        .post("/session/refresh", &refresh(&first.json["refreshToken"]))
        .await
        .expect(401);
    app.public().with_token(access).get("/me").await.expect(401);
    app.public()
        .post("/session/refresh", &refresh(&second.json["refreshToken"]))
        .await
        .expect(401);
});

on_both!(an_access_token_is_good_for_ten_minutes, |app| {
    app.coordinator("LU").await;
    let sign_in = json!({"email": "lu.coordinator@example.org", "password": PASSWORD});
    let tokens = app.public().post("/session", &sign_in).await.expect(201);
    assert_eq!(tokens.json["expiresAt"], "2026-11-03T08:10:00Z");
    let lead = app
        .public()
        .with_token(tokens.json["accessToken"].as_str().expect("a token"));
    app.pass(Duration::seconds(599));
    assert_eq!(lead.get("/me").await.expect(200).json["office"], "LU");
    app.pass(Duration::seconds(1));
    assert_eq!(lead.get("/me").await.expect(401).code(), "bad_token");
});

on_both!(signing_out_and_disabling_count_on_the_next_request, |app| {
    let lead = app.coordinator("LU").await;
    let expert = app.user("LU", Role::Expert).await;
    let reader = app.user("LU", Role::Reader).await;
    reader
        .send(reader.request(reqwest::Method::DELETE, "/session"))
        .await
        .expect(204);
    reader.get("/me").await.expect(401);
    let id = expert.get("/me").await.json["id"].as_str().expect("an id").to_owned();
    let path = format!("/offices/LU/users/{id}");
    let user = lead.get(&path).await.expect(200);
    assert_eq!(user.json["actions"], json!(["change"]));
    assert_eq!(actions_at(&expert, &path).await, json!([]));
    let mut change = json!({"name": "Expert of LU", "grants": user.json["grants"], "disabled": true});
    expert.put_if(&path, &user.etag(), &change).await.expect(403);
    let disabled = lead.put_if(&path, &user.etag(), &change).await.expect(200);
    assert_eq!(disabled.json["status"], "disabled");
    expert.get("/me").await.expect(401);
    change["disabled"] = json!(false);
    lead.put_if(&path, &disabled.etag(), &change).await.expect(200);
    let own = lead.get("/me").await;
    let path = format!("/offices/LU/users/{}", own.json["id"].as_str().expect("an id"));
    let change = json!({"name": "X", "grants": [{"role": "reader", "from": "2026-01-01"}]});
    assert_eq!(
        lead.put_if(&path, &own.etag(), &change).await.expect(409).code(),
        "last_coordinator"
    );
});

async fn actions_at(client: &ahq_harness::Client, path: &str) -> serde_json::Value {
    client.get(path).await.expect(200).json["actions"].clone()
}

on_both!(an_invitation_is_mailed_and_accepted_once, |app| {
    let lead = app.coordinator("LU").await;
    let body = json!({"name": "Anna Muster", "email": "anna.muster@example.org", "role": "expert"});
    let invited = lead.post("/offices/LU/users", &body).await.expect(201);
    assert_eq!(invited.json["status"], "invited");
    assert_eq!(
        lead.post("/offices/LU/users", &body).await.expect(409).code(),
        "address_in_use"
    );
    lead.post("/offices/NL/users", &body).await.expect(403);
    let mails = app.deliver().await;
    let mail = mails.last().expect("a mail");
    assert_eq!(mail.to.address, "anna.muster@example.org");
    let text = mail.content.text();
    let start = text.find("/invitations/").expect("a link") + "/invitations/".len();
    let secret: String = text[start..].chars().take_while(|c| !c.is_whitespace()).collect();
    let path = format!("/invitations/{secret}");
    assert_eq!(app.public().get(&path).await.expect(200).json["name"], "Anna Muster");
    let short = app
        .public()
        .post(&path, &json!({"password": "short"}))
        .await
        .expect(400);
    assert_eq!(short.faults(), [("/password".to_owned(), "too_short".to_owned())]);
    app.public()
        .post(&path, &json!({"password": PASSWORD}))
        .await
        .expect(201);
    app.public()
        .post(&path, &json!({"password": PASSWORD}))
        .await
        .expect(404);
    let anna = app.sign_in("Anna.Muster@example.org").await;
    assert_eq!(anna.get("/me").await.json["grants"][0]["role"], "expert");
    let above = json!({"name": "B", "email": "b@example.org", "role": "coordinator"});
    anna.post("/offices/LU/users", &above).await.expect(403);
});

on_both!(wrong_passwords_get_one_reply_and_then_wait, |app| {
    app.coordinator("LU").await;
    let mut texts = Vec::new();
    for email in ["lu.coordinator@example.org", "nobody@example.org"] {
        let reply = app
            .public()
            .post("/session", &json!({"email": email, "password": "not the password"}))
            .await
            .expect(401);
        let mut json = reply.json.clone();
        json["requestId"] = json!("-");
        texts.push(json);
    }
    assert_eq!(texts[0], texts[1]);
    let body = json!({"email": "lu.coordinator@example.org", "password": "not the password"});
    let mut last = 401;
    for _ in 0..6 {
        last = app.public().post("/session", &body).await.status;
    }
    assert_eq!(last, 429);
    app.pass(Duration::minutes(20));
    app.sign_in("lu.coordinator@example.org").await;
});

on_both!(the_service_provider_appoints_the_first_coordinator_only, |app| {
    let provider = app.coordinator("SP").await;
    let body = json!({"name": "First", "email": "first@example.org", "role": "coordinator"});
    provider.post("/offices/AT/users", &body).await.expect(201);
    let body = json!({"name": "Second", "email": "second@example.org", "role": "coordinator"});
    assert_eq!(
        provider.post("/offices/AT/users", &body).await.expect(403).code(),
        "first_coordinator_only"
    );
});
