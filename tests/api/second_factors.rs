//! Second factors: set up, asked for, used once, lost and taken away.

use ahq_domain::user::Role;
use ahq_harness::{App, Client, Database, PASSWORD, Reply, coordinator_address};
use chrono::Duration;
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::accounts::password_set_anew;
use crate::on_both;

/// The code that an authenticator with this secret shows at the clock of the test.
fn code(app: &App, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).expect("base32");
    let totp = Builder::new()
        .with_secret(secret)
        .with_account_name("a")
        .build()
        .expect("a TOTP");
    let seconds = app.exchange().clock().now().timestamp();
    totp.generate(u64::try_from(seconds).expect("after 1970")).to_string()
}

/// Begins a second factor and gives its secret.
async fn begun(user: &Client) -> String {
    let begun = user.post("/me/totp", &json!({"password": PASSWORD})).await.expect(201);
    let (secret, address) = (&begun.json["secret"], &begun.json["address"]);
    let secret = secret.as_str().expect("a secret").to_owned();
    assert!(
        address.as_str().is_some_and(|address| address.contains(&secret)),
        "{address}"
    );
    secret
}

/// Sets a second factor in force; its secret and the recovery codes.
pub(crate) async fn set_up(app: &App, user: &Client) -> (String, Vec<String>) {
    let secret = begun(user).await;
    let reply = user
        .post("/me/totp/confirmation", &json!({"code": code(app, &secret)}))
        .await
        .expect(201);
    let codes = reply.json["recoveryCodes"].as_array().expect("codes");
    // Twenty-four letters of 32: 120 bits, in groups.
    assert!(
        codes
            .iter()
            .all(|code| code.as_str().is_some_and(|code| code.len() == 29))
    );
    (
        secret,
        codes
            .iter()
            .map(|code| code.as_str().expect("a code").to_owned())
            .collect(),
    )
}

async fn sign_in(app: &App, email: &str, code: Option<&str>) -> Reply {
    let mut body = json!({"email": email, "password": PASSWORD});
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    app.public().post("/session", &body).await
}

on_both!(a_code_is_asked_for_and_good_once, |app| {
    let lead = app.coordinator("LU").await;
    let email = coordinator_address("LU");
    let elsewhere = app.sign_in(&email).await;
    assert_eq!(
        lead.get("/me/totp").await.expect(200).json,
        json!({"since": null, "required": false, "recoveryCodes": 0})
    );
    let wrong = json!({"password": "not the password"});
    assert_eq!(
        lead.post("/me/totp", &wrong).await.expect(401).code(),
        "wrong_credentials"
    );
    let early = lead.post("/me/totp/confirmation", &json!({"code": "123456"})).await;
    assert_eq!(early.expect(409).code(), "not_begun");
    begun(&lead).await;
    let (secret, codes) = set_up(&app, &lead).await;
    assert_eq!(codes.len(), 10);
    elsewhere.get("/me").await.expect(401);
    assert_eq!(lead.get("/session").await.expect(200).json["secondFactor"], true);

    assert_eq!(sign_in(&app, &email, None).await.expect(401).code(), "code_missing");
    let used = code(&app, &secret);
    assert_eq!(
        sign_in(&app, &email, Some(&used)).await.expect(401).code(),
        "wrong_credentials",
        "it set the factor in force"
    );
    app.pass(Duration::seconds(30));
    let fresh = code(&app, &secret);
    let session = sign_in(&app, &email, Some(&fresh)).await.expect(201);
    app.public().with_session(&session.json).get("/me").await.expect(200);
    sign_in(&app, &email, Some(&fresh)).await.expect(401);
    app.pass(Duration::hours(25));
    let typed = codes[0].to_uppercase().replace('-', " ");
    sign_in(&app, &email, Some(&typed)).await.expect(201);
    sign_in(&app, &email, Some(&typed)).await.expect(401);
    let state = lead.get("/me/totp").await.expect(200);
    assert_eq!(state.json["recoveryCodes"], 9);
    let renewed = lead
        .post("/me/totp/recovery-codes", &json!({"password": PASSWORD}))
        .await;
    assert_eq!(
        renewed.expect(201).json["recoveryCodes"].as_array().map(Vec::len),
        Some(10)
    );
    sign_in(&app, &email, Some(&codes[1])).await.expect(401);

    let removal = json!({"password": PASSWORD});
    lead.post("/me/totp/removal", &removal).await.expect(204);
    assert_eq!(
        lead.post("/me/totp/removal", &removal).await.expect(409).code(),
        "no_second_factor"
    );
    app.pass(Duration::hours(25));
    sign_in(&app, &email, None).await.expect(201);
    let mut subjects: Vec<String> = app
        .deliver()
        .await
        .iter()
        .filter(|mail| mail.to.address == email)
        .map(|mail| mail.content.subject().to_owned())
        .collect();
    // All of one instant, so that none is before another.
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "[EMN AHQ] A recovery code was used to sign in",
            "[EMN AHQ] Your account has a second factor",
            "[EMN AHQ] Your account no longer has a second factor"
        ]
    );
});

async fn with_second_factors(database: Database) -> Option<App> {
    App::start_with(database, |config| config.accounts.second_factor = true).await
}

on_both!(
    with_second_factors,
    who_needs_one_does_nothing_before_it_is_set_up,
    |app| {
        let provider = app.coordinator("SP").await;
        let refused = provider.get("/offices/LU/users").await.expect(403);
        assert_eq!(refused.code(), "second_factor_needed");
        provider.get("/queries").await.expect(403);
        assert_eq!(provider.get("/me/totp").await.expect(200).json["required"], true);
        set_up(&app, &provider).await;
        provider.get("/offices/LU/users").await.expect(200);
        let removed = provider.post("/me/totp/removal", &json!({"password": PASSWORD})).await;
        assert_eq!(removed.expect(409).code(), "second_factor_required");

        let commission = app.user("COM", Role::Expert).await;
        commission.get("/offices").await.expect(200);
        app.coordinator("COM").await.get("/offices").await.expect(403);

        let lead = app.coordinator("LU").await;
        let reader = app.user("LU", Role::Reader).await;
        reader.get("/offices").await.expect(200);
        let settings = lead.get("/offices/LU/settings").await.expect(200);
        let wanted = json!({"approval": false, "secondFactor": true});
        lead.put_if("/offices/LU/settings", &settings.etag(), &wanted)
            .await
            .expect(200);
        assert_eq!(reader.get("/offices").await.expect(403).code(), "second_factor_needed");
        assert_eq!(lead.get("/offices").await.expect(403).code(), "second_factor_needed");
        set_up(&app, &reader).await;
        reader.get("/offices").await.expect(200);
    }
);

on_both!(the_service_provider_resets_an_account_by_a_written_order, |app| {
    let lead = app.coordinator("LU").await;
    app.user("LU", Role::Reader).await;
    let provider = app.coordinator("SP").await;
    let email = coordinator_address("LU");
    set_up(&app, &lead).await;
    let id = lead.get("/me").await.expect(200).json["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/offices/LU/users/{id}/reset");
    let order = json!({"order": "SP/2026/17", "secondFactor": true});
    assert_eq!(
        lead.post(&path, &order).await.expect(403).code(),
        "not_the_service_provider"
    );
    let without = provider.post(&path, &json!({"order": " "})).await.expect(400);
    assert_eq!(without.faults(), [("/order".to_owned(), "missing_field".to_owned())]);
    provider.post(&path, &order).await.expect(200);
    lead.get("/me").await.expect(401);
    // Whoever knew the password does not come back with it.
    let refused = sign_in(&app, &email, None).await.expect(401);
    assert_eq!(refused.code(), "wrong_credentials");
    let mails = app.deliver().await;
    let told: Vec<(&str, &str)> = mails
        .iter()
        .filter(|mail| mail.content.text().contains("SP/2026/17"))
        .map(|mail| (mail.to.address.as_str(), mail.content.subject()))
        .collect();
    assert_eq!(told.len(), 3, "the user, the mailbox and the reader: {told:?}");
    password_set_anew(&app, &email).await;
    sign_in(&app, &email, None).await.expect(201);
});

on_both!(a_reset_ends_what_signs_in_at_that_moment, |app| {
    let lead = app.coordinator("LU").await;
    let provider = app.coordinator("SP").await;
    let email = coordinator_address("LU");
    let id = lead.get("/me").await.expect(200).json["id"].clone();
    let path = format!("/offices/LU/users/{}/reset", id.as_str().expect("an id"));
    let token = json!({"name": "T", "scopes": ["read"], "lastDay": "2026-12-31"});
    let tries: Vec<_> = (0..4)
        .map(|_| {
            let (public, email) = (app.public(), email.clone());
            let body = json!({"email": email, "password": PASSWORD});
            tokio::spawn(async move { (public.post("/session", &body).await, public) })
        })
        .collect();
    let made: Vec<_> = (0..4)
        .map(|_| {
            let (lead, token) = (lead.clone(), token.clone());
            tokio::spawn(async move { lead.post("/me/tokens", &token).await })
        })
        .collect();
    provider.post(&path, &json!({"order": "SP/2026/17"})).await.expect(200);
    for task in tries {
        let (reply, public) = task.await.expect("a client that ends");
        if reply.status == 201 {
            public.with_session(&reply.json).get("/me").await.expect(401);
        }
    }
    for task in made {
        let reply = task.await.expect("a client that ends");
        if reply.status == 201 {
            let token = reply.json["secret"].as_str().expect("a token");
            app.public().with_token(token).get("/me").await.expect(401);
        }
    }
});

on_both!(a_code_that_is_missing_is_no_failure_and_stands_in_the_audit, |app| {
    let provider = app.coordinator("SP").await;
    let lead = app.coordinator("LU").await;
    let email = coordinator_address("LU");
    let (secret, _) = set_up(&app, &lead).await;
    // More often than an account and an address may fail.
    for _ in 0..21 {
        assert_eq!(sign_in(&app, &email, None).await.expect(401).code(), "code_missing");
    }
    app.pass(Duration::seconds(30));
    let fresh = code(&app, &secret);
    sign_in(&app, &email, Some(&fresh)).await.expect(201);
    app.exchange().seal_audit(None).await.expect("the events are sealed");
    let trail = provider.get("/audit?action=session.refused").await.expect(200);
    assert_eq!(trail.json["items"][0]["facts"], json!({"wrong": "code_missing"}));
});

on_both!(first_codes_are_not_guessed, |app| {
    let lead = app.coordinator("LU").await;
    let secret = begun(&lead).await;
    let right = code(&app, &secret);
    let wrong = if right == "123456" { "654321" } else { "123456" };
    for _ in 0..5 {
        let refused = lead.post("/me/totp/confirmation", &json!({"code": wrong})).await;
        assert_eq!(
            refused.expect(400).faults(),
            [("/code".to_owned(), "wrong_code".to_owned())]
        );
    }
    lead.post("/me/totp/confirmation", &json!({"code": right}))
        .await
        .expect(429);
    app.pass(Duration::minutes(1));
    let right = code(&app, &secret);
    lead.post("/me/totp/confirmation", &json!({"code": right}))
        .await
        .expect(201);
});

on_both!(a_short_password_does_not_stand_alone, |app| {
    let lead = app.coordinator("LU").await;
    set_up(&app, &lead).await;
    let short = "gr8 tea!";
    let change = json!({"password": PASSWORD, "newPassword": short});
    lead.post("/me/password", &change).await.expect(204);
    let removal = json!({"password": short});
    let refused = lead.post("/me/totp/removal", &removal).await.expect(409);
    assert_eq!(refused.code(), "password_too_weak");
    let change = json!({"password": short, "newPassword": PASSWORD});
    lead.post("/me/password", &change).await.expect(204);
    lead.post("/me/totp/removal", &json!({"password": PASSWORD}))
        .await
        .expect(204);
});
