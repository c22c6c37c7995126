//! Sessions and users.

use ahq_domain::id::UserId;
use ahq_domain::user::Role;
use ahq_harness::{App, Database, PASSWORD};
use ahq_mail::outgoing::Outgoing;
use chrono::Duration;
use serde_json::json;

use crate::on_both;
use crate::scenario::{come_back, launched};

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
    for (password, fault) in [("short but good", "too_short"), ("passwordpassword", "too_common")] {
        let refused = app
            .public()
            .post(&path, &json!({"password": password}))
            .await
            .expect(400);
        assert_eq!(refused.faults(), [("/password".to_owned(), fault.to_owned())]);
    }
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

on_both!(actions_on_users_elsewhere_are_those_that_may_be_done, |app| {
    let provider = app.coordinator("SP").await;
    let at = app.coordinator("AT").await;
    let body = json!({"name": "First", "email": "first@example.org", "role": "coordinator"});
    let made = provider.post("/offices/BE/users", &body).await.expect(201);
    assert_eq!(made.json["actions"], json!(["change"]));
    for (client, office, actions) in [
        (&provider, "BE", json!(["change"])),
        (&provider, "AT", json!([])),
        (&at, "AT", json!(["change"])),
    ] {
        let users = format!("/offices/{office}/users");
        let listed = client.get(&users).await.expect(200).json["items"][0].clone();
        assert_eq!(listed["actions"], actions, "{office}");
        let one = format!("{users}/{}", listed["id"].as_str().expect("an id"));
        assert_eq!(client.get(&one).await.expect(200).json["actions"], actions, "{office}");
    }
});

on_both!(a_first_coordinator_is_invited_again_or_another_one_and_told_of, |app| {
    let provider = app.coordinator("SP").await;
    let commission = app.coordinator("COM").await;
    let mailbox = |office: &serde_json::Value| office["mailbox"].as_str().expect("an address").to_owned();
    let at = mailbox(&provider.get("/offices/AT").await.expect(200).json);
    let com = mailbox(&commission.get("/offices/COM").await.expect(200).json);
    let body = json!({"name": "First", "email": "first@example.org", "role": "coordinator"});
    let first = provider.post("/offices/AT/users", &body).await.expect(201);
    let about = |mail: &&Outgoing| mail.content.subject().contains("First coordinator of");
    let told = app.deliver().await;
    let mut to: Vec<&str> = told.iter().filter(about).map(|mail| mail.to.address.as_str()).collect();
    to.sort_unstable();
    let mut expected = [at.as_str(), com.as_str()];
    expected.sort_unstable();
    assert_eq!(to, expected);
    for mail in told.iter().filter(about) {
        let text = mail.content.text();
        assert!(text.contains("Coordinator: First"), "{text}");
        assert_eq!(text.contains("/offices/AT/users"), mail.to.address == at, "{text}");
    }

    let path = format!("/offices/AT/users/{}", first.json["id"].as_str().expect("an id"));
    provider
        .post(&format!("{path}/invitation"), &json!({}))
        .await
        .expect(200);
    // The address was mistyped: that account is closed, and another person invited.
    let user = provider.get(&path).await.expect(200);
    let closed = json!({"name": "First", "grants": user.json["grants"], "disabled": true});
    provider.put_if(&path, &user.etag(), &closed).await.expect(200);
    let body = json!({"name": "Second", "email": "second@example.org", "role": "coordinator"});
    provider.post("/offices/AT/users", &body).await.expect(201);
    let secret = mailed(&app, "second@example.org", "/invitations/").await;
    app.public()
        .post(&format!("/invitations/{secret}"), &json!({"password": PASSWORD}))
        .await
        .expect(201);
    // From now on the office manages its users, those without a role too.
    let second = app.sign_in("second@example.org").await;
    let user = second.get(&path).await.expect(200);
    let without = json!({"name": "First", "grants": [], "disabled": true});
    second.put_if(&path, &user.etag(), &without).await.expect(200);
    let user = provider.get(&path).await.expect(200);
    let renamed = json!({"name": "Renamed", "grants": [], "disabled": false});
    let refused = provider.put_if(&path, &user.etag(), &renamed).await.expect(403);
    assert_eq!(refused.code(), "first_coordinator_only");
});

on_both!(an_office_keeps_a_coordinator_tomorrow_too, |app| {
    let lead = app.coordinator("LU").await;
    let own = lead.get("/me").await.expect(200);
    let path = format!("/offices/LU/users/{}", own.json["id"].as_str().expect("an id"));
    let grants = |until: &str| json!([{"role": "coordinator", "from": "2026-01-01", "until": until}]);
    let change = json!({"name": "X", "grants": grants("2026-12-31")});
    assert_eq!(
        lead.put_if(&path, &own.etag(), &change).await.expect(409).code(),
        "last_coordinator"
    );
    app.second_coordinator("LU").await;
    lead.put_if(&path, &own.etag(), &change).await.expect(200);
});

async fn own_id(client: &ahq_harness::Client) -> UserId {
    let me = client.get("/me").await.expect(200);
    me.json["id"].as_str().expect("an id").parse().expect("an id")
}

/// Holds the rows of users for a moment, so that those who change them stand in a queue.
async fn rows_held(app: &App, users: Vec<UserId>) -> tokio::task::JoinHandle<()> {
    let store = app.exchange().store().clone();
    let (begun, holding) = tokio::sync::oneshot::channel();
    let held = tokio::spawn(async move {
        let done = store.write(move |conn| {
            for user in users {
                ahq_store::users::hold(conn, user)?;
            }
            begun.send(()).expect("a test that waits");
            std::thread::sleep(std::time::Duration::from_secs(2));
            Ok::<_, ahq_store::StoreError>(())
        });
        done.await.expect("rows");
    });
    holding.await.expect("rows are held");
    held
}

on_both!(of_the_last_two_coordinators_one_stays, |app| {
    let first = app.coordinator("LU").await;
    let second = app.second_coordinator("LU").await;
    let mut changes = Vec::new();
    for (client, other) in [(&first, &second), (&second, &first)] {
        let id = other.get("/me").await.expect(200).json["id"].clone();
        let path = format!("/offices/LU/users/{}", id.as_str().expect("an id"));
        let user = client.get(&path).await.expect(200);
        let change = json!({"name": user.json["name"], "grants": user.json["grants"], "disabled": true});
        let (client, tag) = (client.clone(), user.etag());
        changes.push(async move { client.put_if(&path, &tag, &change).await.status });
    }
    let ids = [own_id(&first).await, own_id(&second).await];
    let held = rows_held(&app, ids.into()).await;
    let (one, other) = (changes.remove(0), changes.remove(0));
    let (one, other) = tokio::join!(tokio::spawn(one), tokio::spawn(other));
    let mut said = [one.expect("a reply"), other.expect("a reply")];
    said.sort_unstable();
    assert_eq!(said[0], 200);
    held.await.expect("the rows are let go");
    // Of the second either the session has ended or the rule stands in the way.
    assert!([401, 403, 409].contains(&said[1]), "{said:?}");
});

on_both!(a_link_to_a_new_password_sets_one, |app| {
    let lead = app.coordinator("LU").await;
    let email = "lu.coordinator@example.org";
    app.public()
        .post("/password-resets", &json!({"email": email}))
        .await
        .expect(204);
    let path = format!("/password-resets/{}", mailed(&app, email, "/password-resets/").await);
    let held = rows_held(&app, vec![own_id(&lead).await]).await;
    let tasks: Vec<_> = (0..3)
        .map(|number| {
            let (public, path) = (app.public(), path.clone());
            let body = json!({"password": format!("{ANOTHER}, number {number}")});
            tokio::spawn(async move { public.post(&path, &body).await.status })
        })
        .collect();
    let mut said = Vec::new();
    for task in tasks {
        said.push(task.await.expect("a reply"));
    }
    held.await.expect("the row is let go");
    said.sort_unstable();
    assert_eq!(said, [204, 404, 404]);
});

on_both!(a_new_password_ends_a_change_of_address_that_was_asked_for, |app| {
    let lead = app.coordinator("LU").await;
    let asked = json!({"password": PASSWORD, "email": "mallory@example.org"});
    lead.post("/me/address", &asked).await.expect(204);
    let secret = mailed(&app, "mallory@example.org", "/address-changes/").await;
    let change = json!({"password": PASSWORD, "newPassword": ANOTHER});
    lead.post("/me/password", &change).await.expect(204);
    app.public()
        .post(&format!("/address-changes/{secret}"), &json!({}))
        .await
        .expect(404);
});

on_both!(nobody_holds_up_links_with_an_id_in_the_place_of_an_address, |app| {
    let lead = app.coordinator("LU").await;
    let id = lead.get("/me").await.expect(200).json["id"].clone();
    for _ in 0..5 {
        app.public()
            .post("/password-resets", &json!({"email": id}))
            .await
            .expect(204);
    }
    let asked = json!({"password": PASSWORD, "email": "anna@example.org"});
    lead.post("/me/address", &asked).await.expect(204);
});

/// Sets the password of the tests by the link that was mailed to an address.
pub(crate) async fn password_set_anew(app: &App, address: &str) {
    let path = format!("/password-resets/{}", mailed(app, address, "/password-resets/").await);
    app.public()
        .post(&path, &json!({"password": PASSWORD}))
        .await
        .expect(204);
}

/// The secret of the last link of this kind that was mailed to an address.
async fn mailed(app: &App, address: &str, kind: &str) -> String {
    let mails = app.deliver().await;
    let found = mails.iter().rev().find_map(|mail| {
        let text = mail.content.text();
        let start = text.find(kind)? + kind.len();
        (mail.to.address == address).then(|| text[start..].chars().take_while(|c| !c.is_whitespace()).collect())
    });
    found.expect("a link was mailed")
}

fn subjects(mails: &[Outgoing], address: &str) -> Vec<String> {
    let to = mails.iter().filter(|mail| mail.to.address == address);
    to.map(|mail| mail.content.subject().to_owned()).collect()
}

async fn try_password(app: &App, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    app.public().post("/session", &body).await.status
}

const ANOTHER: &str = "another one is too, after a week";

on_both!(a_forgotten_password_is_set_anew_by_a_mailed_link, |app| {
    let lead = app.coordinator("LU").await;
    let email = "lu.coordinator@example.org";
    for address in [email, "nobody@example.org"] {
        let reply = app.public().post("/password-resets", &json!({"email": address})).await;
        assert_eq!(reply.expect(204).text, "");
    }
    lead.get("/me").await.expect(200);
    let first = mailed(&app, email, "/password-resets/").await;
    app.public()
        .post("/password-resets", &json!({"email": email}))
        .await
        .expect(204);
    let secret = mailed(&app, email, "/password-resets/").await;
    assert_ne!(first, secret);
    let set = |secret: &str, password: &str| {
        let (public, path) = (app.public(), format!("/password-resets/{secret}"));
        let body = json!({"password": password});
        async move { public.post(&path, &body).await }
    };
    set(&first, ANOTHER).await.expect(404);
    let common = set(&secret, "passwordpassword").await.expect(400);
    assert_eq!(common.faults(), [("/password".to_owned(), "too_common".to_owned())]);
    set(&secret, ANOTHER).await.expect(204);
    set(&secret, ANOTHER).await.expect(404);
    lead.get("/me").await.expect(401);
    assert_eq!(try_password(&app, email, PASSWORD).await, 401);
    assert_eq!(try_password(&app, email, ANOTHER).await, 201);
    assert!(subjects(&app.deliver().await, email).contains(&"[EMN AHQ] Your password was changed".to_owned()));

    app.public()
        .post("/password-resets", &json!({"email": email}))
        .await
        .expect(204);
    let late = mailed(&app, email, "/password-resets/").await;
    app.pass(Duration::hours(1));
    set(&late, PASSWORD).await.expect(404);
});

on_both!(links_are_few_and_a_flood_of_guesses_stops_no_reset, |app| {
    app.coordinator("LU").await;
    let email = "lu.coordinator@example.org";
    for _ in 0..8 {
        try_password(&app, email, "not the password").await;
    }
    assert_eq!(try_password(&app, email, PASSWORD).await, 429);
    for _ in 0..6 {
        app.public()
            .post("/password-resets", &json!({"email": email}))
            .await
            .expect(204);
    }
    let secret = mailed(&app, email, "/password-resets/").await;
    let links = app
        .deliver()
        .await
        .iter()
        .filter(|mail| mail.content.text().contains("/password-resets/"))
        .count();
    assert_eq!(links, 1, "three were asked for in time, and the last of them holds");
    let path = format!("/password-resets/{secret}");
    app.public()
        .post(&path, &json!({"password": ANOTHER}))
        .await
        .expect(204);
    assert_eq!(
        try_password(&app, email, ANOTHER).await,
        201,
        "a reset forgives the account"
    );
});

on_both!(guesses_from_one_address_wait_and_open_sessions_do_not, |app| {
    let lead = app.coordinator("LU").await;
    let mut statuses = Vec::new();
    for number in 0..25 {
        let email = format!("guess{number}@example.org");
        statuses.push(try_password(&app, &email, "not the password").await);
    }
    assert_eq!(statuses[..20], [401; 20]);
    assert_eq!(statuses[20..], [429; 5]);
    lead.get("/me").await.expect(200);
    app.pass(Duration::hours(1));
    assert_eq!(try_password(&app, "lu.coordinator@example.org", PASSWORD).await, 201);
});

on_both!(a_password_is_changed_by_who_knows_it, |app| {
    let lead = app.coordinator("LU").await;
    let email = "lu.coordinator@example.org";
    let elsewhere = app.sign_in(email).await;
    let change = |password: &str, new: &str| json!({"password": password, "newPassword": new});
    let wrong = lead.post("/me/password", &change("not the password", ANOTHER)).await;
    assert_eq!(wrong.expect(401).code(), "wrong_credentials");
    let weak = lead
        .post("/me/password", &change(PASSWORD, "fourteen chars"))
        .await
        .expect(400);
    assert_eq!(weak.faults(), [("/newPassword".to_owned(), "too_short".to_owned())]);
    lead.post("/me/password", &change(PASSWORD, ANOTHER)).await.expect(204);
    lead.get("/me").await.expect(200);
    elsewhere.get("/me").await.expect(401);
    assert_eq!(try_password(&app, email, PASSWORD).await, 401);
    assert_eq!(try_password(&app, email, ANOTHER).await, 201);
    assert_eq!(
        subjects(&app.deliver().await, email),
        ["[EMN AHQ] Your password was changed"]
    );
});

on_both!(an_address_is_changed_when_the_new_one_confirms, |app| {
    let lead = app.coordinator("LU").await;
    let (old, new) = ("lu.coordinator@example.org", "anna@example.net");
    let ask = |email: &str| json!({"password": PASSWORD, "email": email});
    let bad = lead.post("/me/address", &ask("anna@nowhere")).await.expect(400);
    assert_eq!(bad.faults(), [("/email".to_owned(), "bad_address".to_owned())]);
    lead.post("/me/address", &ask(new)).await.expect(204);
    let secret = mailed(&app, new, "/address-changes/").await;
    assert_eq!(lead.get("/me").await.expect(200).json["email"], old);
    let path = format!("/address-changes/{secret}");
    app.public().post(&path, &json!({})).await.expect(204);
    app.public().post(&path, &json!({})).await.expect(404);
    assert_eq!(lead.get("/me").await.expect(200).json["email"], new);
    assert_eq!(try_password(&app, old, PASSWORD).await, 401);
    assert_eq!(try_password(&app, new, PASSWORD).await, 201);
    let mails = app.deliver().await;
    assert_eq!(subjects(&mails, old), ["[EMN AHQ] Your mail address was changed"]);
    assert_eq!(
        subjects(&mails, new),
        [
            "[EMN AHQ] Confirm your new address",
            "[EMN AHQ] Your mail address was changed"
        ]
    );
    app.user("LU", Role::Reader).await;
    lead.post("/me/address", &ask("lu.reader@example.org"))
        .await
        .expect(204);
    let secret = mailed(&app, "lu.reader@example.org", "/address-changes/").await;
    let taken = app
        .public()
        .post(&format!("/address-changes/{secret}"), &json!({}))
        .await;
    assert_eq!(taken.expect(409).code(), "address_in_use");
});

on_both!(what_comes_back_from_another_address_says_nothing_of_the_users, |app| {
    let lead = app.coordinator("LU").await;
    let me = "lu.coordinator@example.org";
    let ask = json!({"password": PASSWORD, "email": "typo@example.net"});
    lead.post("/me/address", &ask).await.expect(204);
    let mails = app.deliver().await;
    let confirmation = mails.last().expect("a mail");
    assert_eq!(confirmation.to.address, "typo@example.net");
    come_back(&app, confirmation, "5.1.1 no such user").await;
    let new = "anna@example.net";
    lead.post("/me/address", &json!({"password": PASSWORD, "email": new}))
        .await
        .expect(204);
    let secret = mailed(&app, new, "/address-changes/").await;
    app.public()
        .post(&format!("/address-changes/{secret}"), &json!({}))
        .await
        .expect(204);
    let mails = app.deliver().await;
    let to_the_old = mails.iter().rfind(|mail| mail.to.address == me).expect("a notice");
    come_back(&app, to_the_old, "5.1.1 no such user").await;
    // Nobody is told that mail does not reach the user, and it does.
    assert_eq!(app.deliver().await.len(), mails.len());
    let settings = "/me/notifications";
    lead.put_if(settings, &lead.get(settings).await.etag(), &json!({"mail": "at_once"}))
        .await
        .expect(200);
    launched(&app.coordinator("NL").await).await;
    assert!(
        subjects(&app.deliver().await, new)
            .iter()
            .any(|subject| subject.contains("Deadline"))
    );
});

on_both!(sessions_are_listed_and_ended, |app| {
    let lead = app.coordinator("LU").await;
    app.pass(Duration::minutes(1));
    let elsewhere = app.sign_in("lu.coordinator@example.org").await;
    let sessions = lead.get("/sessions").await.expect(200).json["items"].clone();
    let current: Vec<bool> = (0..2).map(|index| sessions[index]["current"] == true).collect();
    assert_eq!(current, [false, true], "the newest first: {sessions}");
    let other = format!("/sessions/{}", sessions[0]["id"].as_str().expect("an id"));
    let stranger = app.coordinator("NL").await;
    for (client, status) in [(&stranger, 404), (&lead, 204), (&lead, 404)] {
        client
            .send(client.request(reqwest::Method::DELETE, &other))
            .await
            .expect(status);
    }
    elsewhere.get("/me").await.expect(401);
    assert_eq!(
        lead.get("/sessions").await.expect(200).json["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
});

async fn strict(database: Database) -> Option<App> {
    App::start_with(database, |config| {
        config.accounts.session_idle_minutes = 12 * 60;
        config.accounts.session_hours = 48;
    })
    .await
}

on_both!(strict, a_session_ends_when_it_is_not_used_and_after_its_time, |app| {
    app.coordinator("LU").await;
    let sign_in = json!({"email": "lu.coordinator@example.org", "password": PASSWORD});
    let mut tokens = app.public().post("/session", &sign_in).await.expect(201).json;
    for _ in 0..4 {
        app.pass(Duration::minutes(12 * 60 - 1));
        let refresh = json!({"refreshToken": tokens["refreshToken"]});
        tokens = app.public().post("/session/refresh", &refresh).await.expect(200).json;
    }
    app.pass(Duration::minutes(5));
    let refresh = json!({"refreshToken": tokens["refreshToken"]});
    app.public().post("/session/refresh", &refresh).await.expect(401);
    let tokens = app.public().post("/session", &sign_in).await.expect(201).json;
    app.pass(Duration::hours(12));
    let refresh = json!({"refreshToken": tokens["refreshToken"]});
    app.public().post("/session/refresh", &refresh).await.expect(401);
});

on_both!(an_invitation_that_was_lost_is_sent_again, |app| {
    let lead = app.coordinator("LU").await;
    let body = json!({"name": "Anna Muster", "email": "anna@example.org", "role": "expert"});
    let invited = lead.post("/offices/LU/users", &body).await.expect(201);
    let path = format!(
        "/offices/LU/users/{}/invitation",
        invited.json["id"].as_str().expect("an id")
    );
    let first = mailed(&app, "anna@example.org", "/invitations/").await;
    app.pass(Duration::days(8));
    app.public().get(&format!("/invitations/{first}")).await.expect(404);
    lead.post(&path, &json!({})).await.expect(200);
    let second = mailed(&app, "anna@example.org", "/invitations/").await;
    app.public()
        .post(&format!("/invitations/{second}"), &json!({"password": PASSWORD}))
        .await
        .expect(201);
    assert_eq!(lead.post(&path, &json!({})).await.expect(409).code(), "not_invited");
});
