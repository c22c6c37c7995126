//! The users that an office confirms once a year, and who is late with that. By a moved clock.

use ahq_domain::user::Role;
use ahq_harness::{App, Client};
use chrono::Duration;
use serde_json::{Value, json};

use crate::on_both;

const LIST: &str = "/offices/LU/user-list";
const CONFIRMATION: &str = "/offices/LU/user-list/confirmation";
const ASKED: &str = "[EMN AHQ] Confirm the users of your office";

/// How many offices the worker asks now.
async fn asked(app: &App) -> usize {
    let asked = app.exchange().ask_for_user_lists().await;
    asked.expect("offices are looked at")
}

/// To how many mailboxes that has gone so far.
async fn mailed(app: &App) -> usize {
    let mails = app.deliver().await;
    mails.iter().filter(|mail| mail.content.subject() == ASKED).count()
}

/// Where Luxembourg stands, as the service provider sees it.
async fn standing(provider: &Client) -> Value {
    let all = provider.get("/user-lists").await.expect(200).json;
    let items = all["items"].as_array().expect("offices");
    items
        .iter()
        .find(|item| item["office"] == "LU")
        .expect("Luxembourg")
        .clone()
}

on_both!(a_coordinator_confirms_what_was_read, |app| {
    let (lead, expert) = (app.coordinator("LU").await, app.user("LU", Role::Expert).await);
    let read = lead.get(LIST).await.expect(200);
    assert_eq!(read.json["confirmedOn"], Value::Null);
    assert_eq!(
        (&read.json["dueOn"], &read.json["due"]),
        (&json!("2027-11-03"), &json!(false))
    );
    assert_eq!(read.json["actions"], json!(["confirm"]));
    let users = read.json["users"].as_array().expect("users");
    let shown: Vec<_> = users.iter().map(|user| (&user["name"], &user["usedOn"])).collect();
    let (first, second) = (json!("Coordinator of LU"), json!("Expert of LU"));
    assert_eq!(shown, [(&first, &json!("2026-11-03")), (&second, &json!("2026-11-03"))]);
    assert_eq!(expert.get(LIST).await.expect(200).json["actions"], json!([]));

    lead.post(CONFIRMATION, &json!({})).await.expect(428);
    expert.post_if(CONFIRMATION, &read.etag(), &json!({})).await.expect(403);
    let provider = app.coordinator("SP").await;
    provider.get(LIST).await.expect(200);
    provider
        .post_if(CONFIRMATION, &read.etag(), &json!({}))
        .await
        .expect(403);
    lead.get("/user-lists").await.expect(403);
    let anna = json!({"name": "Anna Muster", "email": "anna@example.org", "role": "reader"});
    lead.post("/offices/LU/users", &anna).await.expect(201);
    let stale = lead.post_if(CONFIRMATION, &read.etag(), &json!({})).await;
    stale.expect(412);
    let read = lead.get(LIST).await.expect(200);
    let invited = &read.json["users"][0];
    assert_eq!(
        (&invited["name"], &invited["status"], &invited["usedOn"]),
        (&json!("Anna Muster"), &json!("invited"), &Value::Null)
    );
    app.pass(Duration::days(2));
    let confirmed = lead.post_if(CONFIRMATION, &read.etag(), &json!({})).await.expect(200);
    assert_eq!(
        (&confirmed.json["confirmedOn"], &confirmed.json["dueOn"]),
        (&json!("2026-11-05"), &json!("2027-11-05"))
    );
    assert_eq!(
        confirmed.json["confirmedBy"],
        lead.get("/me").await.expect(200).json["id"]
    );
    lead.post_if(CONFIRMATION, &read.etag(), &json!({})).await.expect(412);
    assert_eq!(standing(&provider).await["confirmedOn"], "2026-11-05");
});

on_both!(an_office_is_asked_each_year_until_it_confirms, |app| {
    app.coordinator("LU").await;
    app.coordinator("SP").await;
    assert_eq!(asked(&app).await, 0, "the year begins");
    app.set_clock("2027-11-02T12:00:00Z");
    assert_eq!(asked(&app).await, 0);
    app.set_clock("2027-11-03T12:00:00Z");
    assert_eq!(
        (asked(&app).await, asked(&app).await),
        (2, 0),
        "each that has users, once"
    );
    assert_eq!(mailed(&app).await, 2);
    let provider = app.sign_in_coordinator("SP").await;
    let luxembourg = standing(&provider).await;
    assert_eq!((&luxembourg["due"], &luxembourg["users"]), (&json!(true), &json!(1)));
    assert_eq!(
        (&luxembourg["dueOn"], &luxembourg["askedOn"]),
        (&json!("2027-11-03"), &json!("2027-11-03"))
    );
    app.set_clock("2027-12-02T12:00:00Z");
    assert_eq!(asked(&app).await, 0);
    app.set_clock("2027-12-03T12:00:00Z");
    assert_eq!(asked(&app).await, 2);
    // What an office has confirmed by the time the mail leaves, it is not asked for.
    let lead = app.sign_in_coordinator("LU").await;
    let tag = lead.get(LIST).await.expect(200).etag();
    lead.post_if(CONFIRMATION, &tag, &json!({})).await.expect(200);
    assert_eq!(mailed(&app).await, 2 + 1);
    let provider = app.sign_in_coordinator("SP").await;
    let luxembourg = standing(&provider).await;
    assert_eq!(
        (&luxembourg["due"], &luxembourg["dueOn"]),
        (&json!(false), &json!("2028-12-03"))
    );
    app.set_clock("2028-01-02T12:00:00Z");
    assert_eq!(asked(&app).await, 1, "the service provider has not");
});
