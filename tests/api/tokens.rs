//! Tokens of programs: made, used within their scopes, warned of, revoked; shown once and kept as a hash.

use ahq_domain::user::Role;
use ahq_harness::{App, Client, Database, Reply};
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::accounts::password_set_anew;
use crate::on_both;
use crate::persons::tables_with;
use crate::scenario::{answers, compiled, draft, etag, launched};

const ACCOUNTS: &str = "/offices/AT/service-accounts";
const OWN: &str = "/me/tokens";

fn wanted(scopes: &[&str], last_day: &str) -> Value {
    json!({"name": "Case management", "scopes": scopes, "lastDay": last_day})
}

/// The program that has the secret of a reply.
fn program(app: &App, made: &Reply) -> Client {
    app.public().with_token(made.json["secret"].as_str().expect("a secret"))
}

async fn made(maker: &Client, path: &str, scopes: &[&str]) -> Reply {
    maker.post(path, &wanted(scopes, "2027-11-03")).await.expect(201)
}

async fn deleted(client: &Client, path: &str) -> Reply {
    client.send(client.request(Method::DELETE, path)).await
}

fn at(path: &str, made: &Reply) -> String {
    format!("{path}/{}", made.json["id"].as_str().expect("an id"))
}

on_both!(a_service_account_does_what_its_scopes_are_for, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let coordinator = app.coordinator("AT").await;
    let reads = program(&app, &made(&coordinator, ACCOUNTS, &["read"]).await);
    let drafts = program(&app, &made(&coordinator, ACCOUNTS, &["draft"]).await);
    let submits = program(&app, &made(&coordinator, ACCOUNTS, &["read", "submit"]).await);
    let response = format!("{path}/responses/AT");
    for client in [&reads, &drafts, &submits] {
        client.get(&path).await.expect(200);
        let listed = client.get("/queries").await.expect(200);
        assert_eq!(listed.json["items"].as_array().map(Vec::len), Some(1));
    }
    for client in [&reads, &submits] {
        let refused = client.put(&response, &answers("AT")).await.expect(403);
        assert_eq!(refused.code(), "role_too_low");
    }
    let saved = drafts.put(&response, &answers("AT")).await.expect(201);
    let submission = format!("{response}/submission");
    for client in [&reads, &drafts] {
        let refused = client.post_if(&submission, &saved.etag(), &json!({})).await;
        assert_eq!(refused.expect(403).code(), "role_too_low");
    }
    assert_eq!(submits.get(&response).await.expect(200).json["actions"][0], "submit");
    submits
        .post_if(&submission, &saved.etag(), &json!({}))
        .await
        .expect(200);

    // It stands for Austria and for nobody else, and is told so as people are.
    let other = format!("{path}/responses/BE");
    assert_eq!(
        drafts.put(&other, &answers("BE")).await.expect(403).code(),
        "other_office"
    );
    let hidden = drafts.get("/queries/0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55").await;
    hidden.expect(404);
    let unlaunched = lead.post("/queries", &draft()).await.expect(201);
    let draft = format!("/queries/{}", unlaunched.json["id"].as_str().expect("an id"));
    drafts.get(&draft).await.expect(404);
    drafts.get("/offices/LU/service-accounts").await.expect(403);
});

on_both!(no_token_does_what_a_person_answers_for, |app| {
    let coordinator = app.coordinator("AT").await;
    let all = ["read", "draft", "submit"];
    let office = program(&app, &made(&coordinator, ACCOUNTS, &all).await);
    let own = program(&app, &made(&coordinator, OWN, &all).await);
    let user = json!({"name": "Anna Muster", "email": "anna.muster@example.org", "role": "reader"});
    let password = json!({"password": ahq_harness::PASSWORD});
    let settings = json!({"approval": false});
    let new = wanted(&["read"], "2027-01-01");
    let change = json!({"password": ahq_harness::PASSWORD, "newPassword": "another one is too, after a week"});
    let address = json!({"password": ahq_harness::PASSWORD, "email": "anna@example.net"});
    for client in [&office, &own] {
        for (method, path, body) in [
            (Method::POST, "/offices/AT/users", &user),
            (Method::PUT, "/offices/AT/settings", &settings),
            (Method::POST, ACCOUNTS, &new),
            (Method::POST, OWN, &new),
            (Method::GET, OWN, &Value::Null),
            (Method::POST, "/offices/AT/calendar-feeds", &json!({})),
            (Method::GET, "/session", &Value::Null),
            (Method::DELETE, "/session", &Value::Null),
            (Method::GET, "/sessions", &Value::Null),
            (Method::POST, "/me/password", &change),
            (Method::GET, "/me/totp", &Value::Null),
            (Method::POST, "/me/totp", &password),
            (Method::POST, "/me/totp/removal", &password),
            (Method::PUT, "/me/notifications", &json!({"mail": "digest"})),
        ] {
            let mut request = client.request(method.clone(), path).header("If-Match", "\"v0-0\"");
            if !body.is_null() {
                request = request.json(body);
            }
            let refused = client.send(request).await;
            assert_eq!(
                (refused.status, refused.code()),
                (403, "session_needed"),
                "{method} {path}"
            );
        }
        client.post("/me/address", &address).await.expect(403);
        let there = client.get(ACCOUNTS).await.expect(200);
        assert_eq!(there.json["items"][0]["actions"], json!([]));
        let path = format!("{ACCOUNTS}/{}", there.json["items"][0]["id"].as_str().expect("an id"));
        assert_eq!(deleted(client, &path).await.expect(403).code(), "session_needed");
    }
    for path in ["/me", "/me/notifications"] {
        own.get(path).await.expect(200);
        assert_eq!(office.get(path).await.expect(403).code(), "user_needed");
    }
    let export = json!({"formats": ["json"]});
    assert_eq!(office.post("/exports", &export).await.expect(403).code(), "user_needed");
    let refresh = json!({"refreshToken": made(&coordinator, OWN, &all).await.json["secret"]});
    app.public().post("/session/refresh", &refresh).await.expect(401);
});

on_both!(a_program_that_only_submits_is_shown_no_draft, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let coordinator = app.coordinator("AT").await;
    let submits = program(&app, &made(&coordinator, ACCOUNTS, &["submit"]).await);
    let response = format!("{path}/responses/AT");
    let saved = coordinator.put(&response, &answers("AT")).await.expect(201);
    submits.get(&response).await.expect(403);
    let submission = format!("{response}/submission");
    let submitted = submits
        .post_if(&submission, &saved.etag(), &json!({}))
        .await
        .expect(200);
    let retraction = format!("{response}/retraction");
    let retracted = submits
        .post_if(&retraction, &submitted.etag(), &json!({"reason": "A figure is wrong."}))
        .await
        .expect(200);
    for reply in [submitted, retracted] {
        assert_eq!(
            (&reply.json["draft"], &reply.json["approval"]),
            (&Value::Null, &Value::Null)
        );
    }
});

on_both!(a_service_account_is_shown_once_told_used_and_revoked, |app| {
    let coordinator = app.coordinator("AT").await;
    let reader = app.user("AT", Role::Reader).await;
    let made = made(&coordinator, ACCOUNTS, &["draft", "read", "read"]).await;
    assert_eq!(made.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(made.header("etag"), None);
    let address = at(ACCOUNTS, &made);
    assert_eq!(made.header("location"), Some(format!("/api/v1{address}")));
    let secret = made.json["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("ahq_") && secret.len() == 68, "{secret}");
    assert_eq!(made.json["scopes"], json!(["read", "draft"]));
    assert_eq!(tables_with(&app, &[secret]).await, Vec::<String>::new());

    let listed = async |client: &Client| client.get(ACCOUNTS).await.expect(200).json["items"][0].clone();
    let mut expected = made.json.clone();
    expected.as_object_mut().expect("an object").remove("secret");
    assert_eq!(listed(&coordinator).await, expected);
    assert_eq!(expected["usedOn"], json!(null));
    expected["actions"] = json!([]);
    assert_eq!(listed(&reader).await, expected);

    let client = program(&app, &made);
    for day in ["2026-11-03", "2026-11-04"] {
        let (first, before) = (app.statements(), client.get("/queries").await.expect(200));
        let (second, after) = (app.statements(), client.get("/queries").await.expect(200));
        assert_eq!(before.json, after.json);
        let third = app.statements();
        assert_eq!(
            (second - first, third - second),
            (3, 2),
            "noted with the first one of a day"
        );
        assert_eq!(listed(&coordinator).await["usedOn"], day);
        app.pass(Duration::days(1));
    }
    let mails = app.deliver().await;
    let told: Vec<_> = mails
        .iter()
        .filter(|mail| mail.content.subject() == "[EMN AHQ] The service account Case management was made")
        .collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].content.text().contains("Made by: Coordinator of AT"));
    assert!(!told[0].content.text().contains(secret));
    assert_eq!(told[0].to.address, mailbox(&app).await);

    assert_eq!(deleted(&reader, &address).await.expect(403).code(), "role_too_low");
    deleted(&coordinator, &address).await.expect(204);
    deleted(&coordinator, &address).await.expect(404);
    assert_eq!(client.get("/queries").await.expect(401).code(), "bad_token");
    assert_eq!(coordinator.get(ACCOUNTS).await.expect(200).json, json!({"items": []}));
});

/// The functional mailbox of Austria's office.
async fn mailbox(app: &App) -> String {
    let office = app.sign_in_coordinator("AT").await.get("/offices/AT").await.expect(200);
    office.json["mailbox"].as_str().expect("an address").to_owned()
}

on_both!(what_is_wrong_with_a_token_is_named_at_once, |app| {
    let coordinator = app.coordinator("AT").await;
    for path in [ACCOUNTS, OWN] {
        let refused = coordinator
            .post(
                path,
                &json!({"name": "", "scopes": [], "lastDay": "soon", "owner": "me"}),
            )
            .await
            .expect(400);
        let pointers: Vec<String> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
        for pointer in ["/name", "/scopes", "/lastDay", "/owner"] {
            assert!(pointers.contains(&pointer.to_owned()), "{pointer}: {}", refused.text);
        }
        for last_day in ["2026-11-03", "2027-11-04"] {
            let body = json!({"name": " ", "scopes": ["read"], "lastDay": last_day});
            let refused = coordinator.post(path, &body).await.expect(400);
            assert_eq!(
                refused.faults(),
                [
                    ("/name".to_owned(), "missing_field".to_owned()),
                    ("/lastDay".to_owned(), "out_of_range".to_owned())
                ]
            );
        }
        for _ in 0..20 {
            made(&coordinator, path, &["read"]).await;
        }
        let refused = coordinator.post(path, &wanted(&["read"], "2027-11-03")).await;
        assert_eq!(refused.expect(409).code(), "too_many_tokens");
    }
    let reader = app.user("AT", Role::Reader).await;
    let expert = app.user("AT", Role::Expert).await;
    for client in [&reader, &expert] {
        let refused = client.post(ACCOUNTS, &wanted(&["read"], "2027-11-03")).await;
        assert_eq!(refused.expect(403).code(), "role_too_low");
        made(client, OWN, &["read"]).await;
    }
    let lead = app.coordinator("LU").await;
    let refused = lead.post(ACCOUNTS, &wanted(&["read"], "2027-11-03")).await;
    assert_eq!(refused.expect(403).code(), "other_office");
    let own = coordinator.get(OWN).await.expect(200).json["items"][0]["id"].clone();
    let foreign = format!("{OWN}/{}", own.as_str().expect("an id"));
    deleted(&reader, &foreign).await.expect(404);
    let in_office = format!("{ACCOUNTS}/{}", own.as_str().expect("an id"));
    deleted(&coordinator, &in_office).await.expect(404);
    deleted(&coordinator, &foreign).await.expect(204);
});

on_both!(a_token_holds_to_the_end_of_its_last_day, |app| {
    let coordinator = app.coordinator("AT").await;
    let made = coordinator.post(ACCOUNTS, &wanted(&["read"], "2026-11-20")).await;
    let client = program(&app, &made.expect(201));
    app.set_clock("2026-11-20T22:59:59Z");
    client.get("/queries").await.expect(200);
    let item = || async { coordinator.get(ACCOUNTS).await.expect(200).json["items"][0].clone() };
    assert_eq!(item().await["ended"], false);
    app.set_clock("2026-11-20T23:00:00Z");
    assert_eq!(client.get("/queries").await.expect(401).code(), "bad_token");
    assert_eq!(item().await["ended"], true);
    app.set_clock("2026-12-20T09:00:00Z");
    let coordinator = app.sign_in_coordinator("AT").await;
    let there = async || {
        app.exchange().apply_retention().await.expect("what is over is erased");
        let listed = coordinator.get(ACCOUNTS).await.expect(200);
        listed.json["items"].as_array().map(Vec::len)
    };
    assert_eq!(there().await, Some(1));
    app.set_clock("2026-12-21T09:00:00Z");
    assert_eq!(there().await, Some(0), "thirty days later");
});

on_both!(the_end_of_a_token_is_told_thirty_and_seven_days_ahead, |app| {
    let coordinator = app.coordinator("AT").await;
    for path in [ACCOUNTS, OWN] {
        coordinator
            .post(path, &wanted(&["read"], "2026-12-31"))
            .await
            .expect(201);
    }
    let revoked = coordinator.post(OWN, &wanted(&["read"], "2026-12-31")).await;
    deleted(&coordinator, &at(OWN, &revoked.expect(201))).await.expect(204);
    let mut told = Vec::new();
    for (day, count) in [
        ("2026-11-30", 0),
        ("2026-12-01", 2),
        ("2026-12-02", 0),
        ("2026-12-24", 2),
        ("2026-12-25", 0),
        ("2027-01-01", 0),
    ] {
        app.set_clock(&format!("{day}T09:00:00Z"));
        let (one, other) = tokio::join!(app.exchange().warn_of_tokens(), app.exchange().warn_of_tokens());
        assert_eq!(one.expect("a look") + other.expect("another"), count, "{day}");
        let mails = app.deliver().await;
        told.extend(mails.iter().skip(told.len() + 3).map(|mail| {
            let subject = mail.content.subject().trim_start_matches("[EMN AHQ] ").to_owned();
            (mail.to.address.clone(), subject)
        }));
    }
    let office = mailbox(&app).await;
    told.sort();
    let mut expected = Vec::new();
    for days in [30, 7] {
        expected.push((
            office.clone(),
            format!("The service account Case management ends in {days} days"),
        ));
        let own = "at.coordinator@example.org".to_owned();
        expected.push((own, format!("The token Case management ends in {days} days")));
    }
    expected.sort();
    assert_eq!(told, expected);
});

on_both!(a_personal_token_does_no_more_than_its_user, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let coordinator = app.coordinator("AT").await;
    let expert = app.user("AT", Role::Expert).await;
    let client = program(&app, &made(&expert, OWN, &["read", "draft", "submit"]).await);
    let told = app.deliver().await;
    let of_it = told
        .iter()
        .filter(|mail| mail.content.subject() == "[EMN AHQ] Your account has a new token");
    let to: Vec<&str> = of_it.map(|mail| mail.to.address.as_str()).collect();
    assert_eq!(to, ["at.expert@example.org"]);
    let me = client.get("/me").await.expect(200).json;
    let response = format!("{path}/responses/AT");
    let saved = client.put(&response, &answers("AT")).await.expect(201);
    let submission = format!("{response}/submission");
    let refused = client.post_if(&submission, &saved.etag(), &json!({})).await;
    assert_eq!(refused.expect(403).code(), "role_too_low", "an expert submits nothing");

    let user = format!("/offices/AT/users/{}", me["id"].as_str().expect("an id"));
    let grant = async |role: &str, disabled: bool| {
        let tag = etag(&coordinator, &user).await;
        let change =
            json!({"name": "Expert of AT", "grants": [{"role": role, "from": "2026-01-01"}], "disabled": disabled});
        coordinator.put_if(&user, &tag, &change).await.expect(200);
    };
    grant("reader", false).await;
    let tag = etag(&client, &response).await;
    assert_eq!(
        client.put_if(&response, &tag, &answers("AT")).await.expect(403).code(),
        "role_too_low"
    );
    grant("coordinator", false).await;
    client.post_if(&submission, &tag, &json!({})).await.expect(200);
    assert_eq!(
        expert.get(OWN).await.expect(200).json["items"][0]["scopes"],
        json!(["read", "draft", "submit"])
    );

    grant("coordinator", true).await;
    assert_eq!(client.get("/queries").await.expect(401).code(), "bad_token");
    grant("coordinator", false).await;
    client.get("/queries").await.expect(401);
    let back = app.sign_in("at.expert@example.org").await;
    assert_eq!(
        back.get(OWN).await.expect(200).json,
        json!({"items": []}),
        "it ended with the account"
    );
});

on_both!(tokens_end_when_an_account_is_reset_or_erased, |app| {
    let coordinator = app.coordinator("AT").await;
    let provider = app.coordinator("SP").await;
    let expert = app.user("AT", Role::Expert).await;
    let id = expert.get("/me").await.expect(200).json["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let office = program(&app, &made(&coordinator, ACCOUNTS, &["read"]).await);
    let client = program(&app, &made(&expert, OWN, &["read"]).await);
    client.get("/queries").await.expect(200);
    let reset = format!("/offices/AT/users/{id}/reset");
    provider.post(&reset, &json!({"order": "SP/2026/17"})).await.expect(200);
    client.get("/queries").await.expect(401);
    office.get("/queries").await.expect(200);

    password_set_anew(&app, "at.expert@example.org").await;
    let expert = app.sign_in("at.expert@example.org").await;
    let body = json!({"name": "Notebook of the expert", "scopes": ["read"], "lastDay": "2027-01-01"});
    let client = program(&app, &expert.post(OWN, &body).await.expect(201));
    let email = || "at.expert@example.org".to_owned();
    let exported = app.exchange().export_person(email()).await.expect("an export");
    let tokens = exported["account"]["tokens"].as_array().expect("tokens");
    let told = |name: &str, revoked: bool| {
        let is = |token: &&serde_json::Value| token["name"] == name && token["revoked"].is_string() == revoked;
        tokens.iter().any(|token| is(&token))
    };
    assert!(
        told("Notebook of the expert", false) && told("Case management", true),
        "{tokens:?}"
    );
    app.exchange()
        .erase_person(email(), "DPO-2026-14".into())
        .await
        .expect("an erasure");
    client.get("/queries").await.expect(401);
    assert_eq!(tables_with(&app, &["Notebook of"]).await, Vec::<String>::new());
});

on_both!(what_a_token_did_is_in_the_audit_under_its_id, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let coordinator = app.coordinator("AT").await;
    let office = made(&coordinator, ACCOUNTS, &["read", "draft", "submit"]).await;
    let own = made(&coordinator, OWN, &["read", "draft", "submit"]).await;
    let response = format!("{path}/responses/AT");
    let client = program(&app, &office);
    let saved = client.put(&response, &answers("AT")).await.expect(201);
    program(&app, &own)
        .post_if(&format!("{response}/submission"), &saved.etag(), &json!({}))
        .await
        .expect(200);
    client
        .put(&format!("{path}/responses/BE"), &answers("BE"))
        .await
        .expect(403);
    let narrow = json!({"circle": "requester"});
    let tag = etag(&coordinator, &response).await;
    coordinator
        .put_if(&format!("{response}/circles"), &tag, &narrow)
        .await
        .expect(200);
    let asks = program(&app, &made(&lead, "/offices/LU/service-accounts", &["read"]).await);
    asks.get(&format!("{path}/responses/AT")).await.expect(200);
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    app.exchange().seal_audit(None).await.expect("the events are sealed");
    let provider = app.coordinator("SP").await;
    let events = provider.get("/audit?limit=100").await.expect(200);
    let events = events.json["items"].as_array().expect("events");
    let me = coordinator.get("/me").await.expect(200).json["id"].clone();
    for (action, user, token) in [
        ("response.drafted", json!(null), &office.json["id"]),
        ("access.refused", json!(null), &office.json["id"]),
        ("response.submitted", me.clone(), &own.json["id"]),
    ] {
        let event = events.iter().find(|event| event["action"] == action).expect("an event");
        assert_eq!(
            (&event["user"], &event["facts"]["token"]),
            (&user, token),
            "{action}: {event}"
        );
        assert_eq!(event["office"], "AT");
    }
    let read = events
        .iter()
        .find(|event| event["action"] == "answers.read")
        .expect("a read");
    assert_eq!(read["office"], "LU");
    assert!(read["facts"]["token"].is_string(), "{read}");
    let made = events.iter().filter(|event| event["action"] == "token.made");
    assert_eq!(made.count(), 3);
    assert!(!events.iter().any(|event| event.to_string().contains("Case management")));
});

async fn with_second_factors(database: Database) -> Option<App> {
    App::start_with(database, |config| config.accounts.second_factor = true).await
}

on_both!(
    with_second_factors,
    a_token_of_who_owes_a_second_factor_waits_too,
    |app| {
        let coordinator = app.coordinator("AT").await;
        let reader = app.user("AT", Role::Reader).await;
        let own = program(&app, &made(&reader, OWN, &["read"]).await);
        let office = program(&app, &made(&coordinator, ACCOUNTS, &["read"]).await);
        own.get("/queries").await.expect(200);
        let settings = "/offices/AT/settings";
        let tag = etag(&coordinator, settings).await;
        let wish = json!({"approval": false, "secondFactor": true});
        coordinator.put_if(settings, &tag, &wish).await.expect(200);
        for client in [&own, &reader] {
            assert_eq!(client.get("/queries").await.expect(403).code(), "second_factor_needed");
        }
        let refused = reader.post(OWN, &wanted(&["read"], "2027-01-01")).await;
        assert_eq!(refused.expect(403).code(), "second_factor_needed");
        office.get("/queries").await.expect(200);
        crate::second_factors::set_up(&app, &reader).await;
        own.get("/queries").await.expect(200);
    }
);

on_both!(a_service_account_is_nobodys_second_pair_of_eyes, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let coordinator = app.coordinator("AT").await;
    let second = json!({"name": "Second", "email": "second.at@example.org", "role": "coordinator"});
    coordinator.post("/offices/AT/users", &second).await.expect(201);
    let mails = app.deliver().await;
    let invitation = mails.iter().find(|mail| mail.to.address == "second.at@example.org");
    let text = invitation.expect("an invitation").content.text();
    let start = text.find("/invitations/").expect("a link");
    let link = text[start..].split_whitespace().next().expect("a secret").to_owned();
    let password = json!({"password": ahq_harness::PASSWORD});
    app.public().post(&link, &password).await.expect(201);
    let settings = "/offices/AT/settings";
    let tag = etag(&coordinator, settings).await;
    coordinator
        .put_if(settings, &tag, &json!({"approval": true}))
        .await
        .expect(200);
    let client = program(&app, &made(&coordinator, ACCOUNTS, &["read", "draft", "submit"]).await);
    let response = format!("{path}/responses/AT");
    let saved = client.put(&response, &answers("AT")).await.expect(201);
    let asked = client
        .post_if(&format!("{response}/approval"), &saved.etag(), &json!({}))
        .await
        .expect(200);
    let submission = format!("{response}/submission");
    let refused = client.post_if(&submission, &asked.etag(), &json!({})).await;
    assert_eq!(refused.expect(409).code(), "approval_by_another");
    coordinator
        .post_if(&submission, &etag(&coordinator, &response).await, &json!({}))
        .await
        .expect(200);
});
