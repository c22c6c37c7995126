//! What ends a session, changes a standing or takes a token back, and counts on the very next request.

use ahq_domain::user::Role;
use ahq_harness::{App, Client, PASSWORD};
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::forger::{Forger, session, text};
use super::program;
use crate::scene::{draft, etag};

/// A password that is set in place of the one each user has.
const NEW_PASSWORD: &str = "another battery, another horse";

/// Looks whether a request is answered so, and notes where it is not.
fn check(faults: &mut Vec<String>, what: &str, status: u16, wanted: u16) {
    if status != wanted {
        faults.push(format!("{what}: {status}, not {wanted}"));
    }
}

/// A caller that does not renew its session.
async fn caller(app: &App, client: &Client) -> (Client, Value) {
    let tokens = session(app, client).await;
    (app.public().with_token(text(&tokens, "accessToken")), tokens)
}

async fn refreshed(app: &App, tokens: &Value) -> (u16, Value) {
    let body = json!({"refreshToken": tokens["refreshToken"]});
    let reply = app.public().post("/session/refresh", &body).await;
    (reply.status, reply.json)
}

/// What does not count at once of signing out, ending a session, a new password, a changed role, a disabled account, a reset,
/// an erasure, and of tokens of programs that are taken back or past their last day.
pub(super) async fn faults(app: &App) -> Vec<String> {
    let mut faults = Vec::new();
    let coordinator = app.coordinator("FR").await;
    let user = app.user("FR", Role::Expert).await;
    let me = user.get("/me").await.expect(200).json;
    let (id, email) = (text(&me, "id").to_owned(), text(&me, "email").to_owned());

    let (one, tokens) = caller(app, &user).await;
    check(&mut faults, "signed in", one.get("/me").await.status, 200);
    one.send(one.request(Method::DELETE, "/session")).await.expect(204);
    check(&mut faults, "signed out", one.get("/me").await.status, 401);
    check(&mut faults, "signed out, refresh", refreshed(app, &tokens).await.0, 401);

    let (one, tokens) = caller(app, &user).await;
    let own = one.get("/session").await.expect(200).json;
    user.delete(&format!("/sessions/{}", text(&own, "id")))
        .await
        .expect(204);
    check(&mut faults, "session ended", one.get("/me").await.status, 401);
    check(
        &mut faults,
        "session ended, refresh",
        refreshed(app, &tokens).await.0,
        401,
    );

    let (one, tokens) = caller(app, &user).await;
    let (changing, _) = caller(app, &user).await;
    let change = json!({"password": PASSWORD, "newPassword": NEW_PASSWORD});
    changing.post("/me/password", &change).await.expect(204);
    check(&mut faults, "new password, here", changing.get("/me").await.status, 200);
    check(&mut faults, "new password, elsewhere", one.get("/me").await.status, 401);
    check(
        &mut faults,
        "new password, refresh",
        refreshed(app, &tokens).await.0,
        401,
    );
    let back = json!({"password": NEW_PASSWORD, "newPassword": PASSWORD});
    changing.post("/me/password", &back).await.expect(204);

    let user = app.sign_in(&email).await;
    let account = format!("/offices/FR/users/{id}");
    let change = async |role: &str, disabled: bool| {
        let tag = etag(&coordinator, &account).await;
        let grants = json!([{"role": role, "from": "2026-01-01"}]);
        let body = json!({"name": "Expert of FR", "grants": grants, "disabled": disabled});
        coordinator.put_if(&account, &tag, &body).await.expect(200);
    };
    let (one, _) = caller(app, &user).await;
    let own = one.post("/me/tokens", &program("2026-12-31")).await.expect(201).json;
    let own = app.public().with_token(text(&own, "secret"));
    let drafts = draft("Role");
    check(
        &mut faults,
        "an expert drafts",
        one.post("/queries", &drafts).await.status,
        201,
    );
    change("reader", false).await;
    check(
        &mut faults,
        "a reader drafts",
        one.post("/queries", &drafts).await.status,
        403,
    );
    check(
        &mut faults,
        "a reader's program drafts",
        own.post("/queries", &drafts).await.status,
        403,
    );
    change("expert", false).await;
    check(
        &mut faults,
        "an expert again",
        one.post("/queries", &drafts).await.status,
        201,
    );

    let (one, tokens) = caller(app, &user).await;
    change("expert", true).await;
    check(&mut faults, "disabled", one.get("/me").await.status, 401);
    check(&mut faults, "disabled, refresh", refreshed(app, &tokens).await.0, 401);
    check(&mut faults, "disabled, program", own.get("/queries").await.status, 401);
    let body = json!({"email": email, "password": PASSWORD});
    let signed_in = app.public().post("/session", &body).await;
    check(&mut faults, "disabled, sign-in", signed_in.status, 401);
    change("expert", false).await;
    check(&mut faults, "enabled, old session", one.get("/me").await.status, 401);
    check(
        &mut faults,
        "enabled, old program",
        own.get("/queries").await.status,
        401,
    );

    let user = app.sign_in(&email).await;
    let provider = app.coordinator("SP").await;
    let (one, tokens) = caller(app, &user).await;
    let order = json!({"order": "SP/2026/17"});
    provider.post(&format!("{account}/reset"), &order).await.expect(200);
    check(&mut faults, "reset", one.get("/me").await.status, 401);
    check(&mut faults, "reset, refresh", refreshed(app, &tokens).await.0, 401);
    let sign_in = json!({"email": email, "password": PASSWORD});
    let old = app.public().post("/session", &sign_in).await;
    check(&mut faults, "reset, password", old.status, 401);

    let mails = app.deliver().await;
    let to_them = mails.iter().rev().filter(|mail| mail.to.address == email);
    let secret = to_them.map(|mail| mail.content.text()).find_map(|text| {
        Some(
            text.split_once("/password-resets/")?
                .1
                .split_whitespace()
                .next()?
                .to_owned(),
        )
    });
    let secret = secret.expect("a mail with a link");
    app.public()
        .post(&format!("/password-resets/{secret}"), &json!({"password": PASSWORD}))
        .await
        .expect(204);
    let user = app.sign_in(&email).await;
    let (one, tokens) = caller(app, &user).await;
    let erased = app.exchange().erase_person(email, "DPO-2026-14".to_owned()).await;
    erased.expect("an erasure");
    check(&mut faults, "erased", one.get("/me").await.status, 401);
    check(&mut faults, "erased, refresh", refreshed(app, &tokens).await.0, 401);

    let path = "/offices/FR/service-accounts";
    let ends = coordinator.post(path, &program("2026-11-20")).await.expect(201).json;
    let ends = app.public().with_token(text(&ends, "secret"));
    app.set_clock("2026-11-20T22:59:59Z");
    check(
        &mut faults,
        "a program on its last day",
        ends.get("/queries").await.status,
        200,
    );
    app.set_clock("2026-11-20T23:00:00Z");
    check(
        &mut faults,
        "a program past its last day",
        ends.get("/queries").await.status,
        401,
    );
    faults
}

/// What is wrong with refresh tokens: the same successor within ten seconds; an older one ends all of its family.
pub(super) async fn faults_of_refreshing(app: &App) -> Vec<String> {
    let mut faults = Vec::new();
    let user = app.coordinator("DE").await;
    let (status, within) = {
        let (_, tokens) = caller(app, &user).await;
        let (status, first) = refreshed(app, &tokens).await;
        check(&mut faults, "the first use", status, 200);
        app.pass(Duration::seconds(9));
        let (status, second) = refreshed(app, &tokens).await;
        check(&mut faults, "a repeat within ten seconds", status, 200);
        if first["refreshToken"] != second["refreshToken"] {
            faults.push("a repeat within ten seconds has another successor".to_owned());
        }
        refreshed(app, &second).await
    };
    check(&mut faults, "the successor", status, 200);
    if within["refreshToken"].is_null() {
        faults.push("the successor renews nothing".to_owned());
    }

    let (one, tokens) = caller(app, &user).await;
    let (_, next) = refreshed(app, &tokens).await;
    let newer = app.public().with_token(text(&next, "accessToken"));
    check(&mut faults, "before the reuse", newer.get("/me").await.status, 200);
    app.pass(Duration::seconds(10));
    check(&mut faults, "reused", refreshed(app, &tokens).await.0, 401);
    for (name, client) in [("the thief's", &one), ("the owner's", &newer)] {
        check(
            &mut faults,
            &format!("reused, {name} session"),
            client.get("/me").await.status,
            401,
        );
    }
    check(
        &mut faults,
        "reused, the newest of the family",
        refreshed(app, &next).await.0,
        401,
    );

    let (_, tokens) = caller(app, &user).await;
    let (_, next) = refreshed(app, &tokens).await;
    let (_, last) = refreshed(app, &next).await;
    check(
        &mut faults,
        "two generations old within ten seconds",
        refreshed(app, &tokens).await.0,
        401,
    );
    check(&mut faults, "its family", refreshed(app, &last).await.0, 401);

    let refresh = text(&tokens, "refreshToken");
    for token in [
        String::new(),
        "x".repeat(5_000),
        refresh.replacen('.', ".0", 1),
        format!("{refresh}0"),
        text(&tokens, "accessToken").to_owned(),
    ] {
        let status = refreshed(app, &json!({"refreshToken": token})).await.0;
        if status < 400 {
            let begin: String = token.chars().take(40).collect();
            faults.push(format!("the refresh token {begin} is accepted"));
        }
    }
    faults
}

/// What is wrong with a key that was rotated: the tokens it signed hold to their end, and then nothing it signs.
pub(super) async fn faults_of_rotation(app: &App) -> Vec<String> {
    let mut faults = Vec::new();
    let user = app.coordinator("IT").await;
    let forger = Forger::new(app, &user, &user).await;
    let exchange = app.exchange();
    let status = async || {
        let token = forger.honest_at(exchange.clock().now().timestamp());
        app.public().with_token(&token).get("/me").await.status
    };
    check(&mut faults, "before the rotation", status().await, 200);
    exchange.rotate_keys().await.expect("a rotation");
    app.pass(Duration::minutes(5));
    let (_, tokens) = caller(app, &user).await;
    let newer = app.public().with_token(text(&tokens, "accessToken"));
    check(&mut faults, "the new key", newer.get("/me").await.status, 200);
    app.pass(Duration::minutes(12));
    exchange.retire_keys().await.expect("the key before is retired");
    check(&mut faults, "the key before", status().await, 401);
    check(
        &mut faults,
        "the session of before",
        refreshed(app, &tokens).await.0,
        200,
    );
    faults
}
