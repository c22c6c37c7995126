//! Accounts that nobody uses: told of, disabled, and enabled again. By a moved clock.

use ahq_domain::user::Role;
use ahq_exchange::users::UserInput;
use ahq_harness::{App, PASSWORD, coordinator_address};
use ahq_mail::outgoing::Outgoing;
use serde_json::json;

use crate::on_both;

const EXPERT: &str = "lu.expert@example.org";

/// How many accounts the worker disables now.
async fn disabled(app: &App) -> usize {
    let disabled = app.exchange().disable_unused().await;
    disabled.expect("accounts are looked at")
}

/// The mails to an address so far that are about accounts that nobody uses.
async fn mails(app: &App, address: &str) -> Vec<Outgoing> {
    let about = |mail: &Outgoing| mail.to.address == address && mail.content.subject().contains("disabled");
    app.deliver().await.into_iter().filter(about).collect()
}

async fn try_sign_in(app: &App, email: &str) -> u16 {
    let body = json!({"email": email, "password": PASSWORD});
    app.public().post("/session", &body).await.status
}

on_both!(an_account_that_nobody_uses_is_told_of_and_disabled, |app| {
    app.coordinator("LU").await;
    app.user("LU", Role::Expert).await;
    // Both were used last on 3 November 2026.
    app.set_clock("2027-04-18T08:00:00Z");
    assert_eq!(disabled(&app).await, 0);
    assert!(mails(&app, EXPERT).await.is_empty());
    app.set_clock("2027-04-19T08:00:00Z");
    for _ in 0..2 {
        assert_eq!(disabled(&app).await, 0);
    }
    let told = mails(&app, EXPERT).await;
    assert_eq!(told.len(), 1, "once");
    assert_eq!(told[0].content.subject(), "[EMN AHQ] Your account will be disabled");
    assert!(told[0].content.text().contains("Disabled on: 3 May 2027"));
    assert!(
        mails(&app, &coordinator_address("LU")).await.is_empty(),
        "the last coordinator stays"
    );
    app.set_clock("2027-05-02T08:00:00Z");
    assert_eq!(disabled(&app).await, 0);
    app.set_clock("2027-05-03T08:00:00Z");
    assert_eq!(disabled(&app).await, 1);
    assert_eq!(disabled(&app).await, 0);
    assert_eq!(try_sign_in(&app, EXPERT).await, 401);

    let lead = app.sign_in_coordinator("LU").await;
    let mailbox = lead.get("/offices/LU").await.expect(200).json["mailbox"].clone();
    let office = mails(&app, mailbox.as_str().expect("an address")).await;
    assert_eq!(office.len(), 1);
    assert_eq!(
        office[0].content.subject(),
        "[EMN AHQ] An account of your office was disabled"
    );
    assert!(office[0].content.text().contains("Expert of LU"));

    let users = lead.get("/offices/LU/users").await.expect(200).json;
    let listed = users["items"].as_array().expect("users");
    let expert = listed.iter().find(|user| user["email"] == EXPERT).expect("the expert");
    assert_eq!(expert["status"], "disabled");
    let path = format!("/offices/LU/users/{}", expert["id"].as_str().expect("an id"));
    let tag = lead.get(&path).await.expect(200).etag();
    let enabled = json!({"name": expert["name"], "grants": expert["grants"], "disabled": false});
    lead.put_if(&path, &tag, &enabled).await.expect(200);
    assert_eq!(disabled(&app).await, 0, "its six months begin anew");
    assert_eq!(try_sign_in(&app, EXPERT).await, 201);
});

on_both!(whoever_uses_the_account_again_keeps_it, |app| {
    app.coordinator("LU").await;
    app.user("LU", Role::Expert).await;
    app.set_clock("2027-04-19T08:00:00Z");
    disabled(&app).await;
    app.set_clock("2027-05-02T08:00:00Z");
    app.sign_in(EXPERT).await;
    app.set_clock("2027-05-03T08:00:00Z");
    assert_eq!(disabled(&app).await, 0);
    // Nobody looked for months: two weeks are left all the same.
    app.set_clock("2028-01-10T08:00:00Z");
    assert_eq!(disabled(&app).await, 0);
    assert_eq!(mails(&app, EXPERT).await.len(), 2);
    app.set_clock("2028-01-23T08:00:00Z");
    assert_eq!(disabled(&app).await, 0);
    app.set_clock("2028-01-24T08:00:00Z");
    assert_eq!(disabled(&app).await, 1);
});

on_both!(an_office_keeps_one_of_two_coordinators, |app| {
    app.coordinator("LU").await;
    let second = UserInput {
        name: "Second".to_owned(),
        email: "second@example.org".to_owned(),
        role: Role::Coordinator,
    };
    let office = "LU".parse().expect("an office code");
    let added = app.exchange().add_user(office, second, PASSWORD.to_owned()).await;
    added.expect("a second coordinator");
    app.set_clock("2027-04-19T08:00:00Z");
    assert_eq!(disabled(&app).await, 0);
    app.set_clock("2027-05-03T08:00:00Z");
    assert_eq!((disabled(&app).await, disabled(&app).await), (1, 0));
    let signed_in = [
        try_sign_in(&app, &coordinator_address("LU")).await,
        try_sign_in(&app, "second@example.org").await,
    ];
    assert_eq!(
        signed_in.iter().filter(|status| **status == 201).count(),
        1,
        "{signed_in:?}"
    );
});
