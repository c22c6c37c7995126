//! A second pair of eyes before a response is submitted.

use ahq_domain::user::Role;
use ahq_exchange::users::UserInput;
use ahq_harness::{App, Client, PASSWORD, Reply};
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answers, come_back, etag, launched};

const SETTINGS: &str = "/offices/AT/settings";

/// A second coordinator of Austria.
async fn second(app: &App) -> Client {
    let input = UserInput {
        name: "Bruno Muster".to_owned(),
        email: "bruno.muster@example.org".to_owned(),
        role: Role::Coordinator,
    };
    let austria = "AT".parse().expect("an office code");
    app.exchange()
        .add_user(austria, input, PASSWORD.to_owned())
        .await
        .expect("the user is added");
    app.sign_in("bruno.muster@example.org").await
}

async fn settle(client: &Client, approval: bool) -> Reply {
    let now = etag(client, SETTINGS).await;
    client
        .put_if(SETTINGS, &now, &json!({"approval": approval}))
        .await
        .expect(200)
}

async fn act(client: &Client, response: &str, act: &str) -> Reply {
    let now = etag(client, response).await;
    client.post_if(&format!("{response}/{act}"), &now, &json!({})).await
}

fn actions(response: &Value) -> Vec<&str> {
    let all = response["actions"].as_array().expect("actions");
    all.iter().filter_map(Value::as_str).collect()
}

on_both!(an_office_settles_it_for_itself, |app| {
    let at = app.coordinator("AT").await;
    let expert = app.user("AT", Role::Expert).await;
    let fresh = at.get(SETTINGS).await.expect(200);
    assert_eq!(
        fresh.json,
        json!({"office": "AT", "version": 0, "approval": false, "secondFactor": false, "approvalRule": "off", "actions": ["change"]})
    );
    assert_eq!(expert.get(SETTINGS).await.expect(200).json["actions"], json!([]));
    let wanted = json!({"approval": true});
    let refused = expert.put_if(SETTINGS, &fresh.etag(), &wanted).await.expect(403);
    assert_eq!(refused.code(), "role_too_low");
    for office in ["LU", "COM", "SP"] {
        let other = app.coordinator(office).await;
        assert_eq!(other.get(SETTINGS).await.expect(403).code(), "other_office");
        let refused = other.put_if(SETTINGS, &fresh.etag(), &wanted).await.expect(403);
        assert_eq!(refused.code(), "other_office");
    }
    at.get("/offices/SP/settings").await.expect(404);
    app.public().get(SETTINGS).await.expect(401);
    at.put(SETTINGS, &wanted).await.expect(428);
    let settled = settle(&at, true).await;
    assert_eq!(settled.json["approvalRule"], "too_few_coordinators");
    at.put_if(SETTINGS, &fresh.etag(), &wanted).await.expect(412);

    // With one coordinator the rule is off, and the response says so.
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let response = format!("{}/responses/AT", launched(&lead).await);
    let saved = at.put(&response, &answers("AT")).await.expect(201);
    assert_eq!(saved.json["approval"], json!({"rule": "too_few_coordinators"}));
    let refused = act(&at, &response, "approval").await.expect(409);
    assert_eq!(refused.code(), "approval_not_needed");
    act(&at, &response, "submission").await.expect(200);

    second(&app).await;
    assert_eq!(at.get(SETTINGS).await.expect(200).json["approvalRule"], "in_force");
});

on_both!(another_coordinator_submits_than_the_one_who_asked, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (anna, bruno) = (app.coordinator("AT").await, second(&app).await);
    let expert = app.user("AT", Role::Expert).await;
    let reader = app.user("AT", Role::Reader).await;
    settle(&anna, true).await;
    let response = format!("{path}/responses/AT");
    let before = app.deliver().await.len();

    // An incomplete draft is not to be approved.
    let begun = json!({"answers": {"q3": {"choices": ["police"]}}});
    expert.put(&response, &begun).await.expect(201);
    let refused = act(&expert, &response, "approval").await.expect(400);
    assert_eq!(
        refused.faults(),
        ["q1", "q5"].map(|question| (format!("/answers/{question}"), "missing_answer".to_owned()))
    );
    let drafted = expert
        .put_if(&response, &etag(&expert, &response).await, &answers("AT"))
        .await
        .expect(200);
    assert_eq!(drafted.json["approval"], json!({"rule": "in_force"}));
    assert_eq!(actions(&drafted.json), ["change", "askForApproval"]);
    let shown = anna.get(&response).await.expect(200);
    assert_eq!(actions(&shown.json), ["change", "askForApproval", "decline"]);

    // Nobody submits what nobody was asked to approve.
    for tried in ["submission", "submission?dryRun=true"] {
        let refused = act(&anna, &response, tried).await.expect(409);
        assert_eq!(refused.code(), "approval_not_asked");
    }
    assert_eq!(
        act(&reader, &response, "approval").await.expect(403).code(),
        "role_too_low"
    );
    let asked = act(&expert, &response, "approval").await.expect(200);
    assert_eq!(asked.json["status"], "awaiting_approval");
    assert_eq!(asked.json["approval"]["askedAt"], "2026-11-03T08:00:00Z");
    assert_eq!(actions(&asked.json), ["change"]);
    assert_eq!(
        act(&expert, &response, "approval").await.expect(409).code(),
        "already_asked"
    );
    let mails = app.deliver().await.split_off(before);
    let mut told: Vec<_> = mails.iter().map(|mail| mail.to.address.as_str()).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "at.coordinator@example.org",
            "bruno.muster@example.org",
            "ncp-at@example.org"
        ]
    );
    let to = |address: &str| mails.iter().find(|mail| mail.to.address == address);
    let mail = &to("at.coordinator@example.org").expect("a mail").content;
    assert!(mails.iter().all(|mail| mail.unsubscribe.is_none()), "an obligation");
    insta::assert_snapshot!("approval_asked_mail", format!("{}\n\n{}", mail.subject(), mail.text()));
    assert!(
        !format!("{}{}", mail.text(), mail.html()).contains("Text of AT"),
        "no answer is in a mail"
    );

    // A change takes it back, also of one answer.
    let changed = json!({"yesNo": "no"});
    let one = format!("{response}/answers/q1");
    anna.put_if(&one, &etag(&anna, &one).await, &changed).await.expect(200);
    let back = anna.get(&response).await.expect(200);
    assert_eq!(back.json["status"], "drafting");
    assert_eq!(back.json["approval"], json!({"rule": "in_force"}));
    act(&expert, &response, "approval").await.expect(400);
    let whole = answers("AT");
    anna.put_if(&response, &back.etag(), &whole).await.expect(200);
    act(&anna, &response, "approval").await.expect(200);
    let taken_back = anna
        .put_if(&response, &etag(&anna, &response).await, &whole)
        .await
        .expect(200);
    assert_eq!(taken_back.json["status"], "drafting");
    assert_eq!(
        app.deliver().await.len(),
        before + 3,
        "what was taken back before it was mailed is not mailed"
    );

    // Who asks does not submit; the other does.
    let asked = act(&anna, &response, "approval").await.expect(200);
    assert!(!actions(&asked.json).contains(&"submit"));
    let refused = act(&anna, &response, "submission").await.expect(409);
    assert_eq!(refused.code(), "approval_by_another");
    let shown = bruno.get(&response).await.expect(200);
    assert!(actions(&shown.json).contains(&"submit"));
    let listed = bruno.get("/queries").await.expect(200);
    assert_eq!(
        listed.json["items"][0]["ownResponse"], "awaiting_approval",
        "{}",
        listed.text
    );
    act(&bruno, &response, "submission?dryRun=true").await.expect(204);
    let submitted = act(&bruno, &response, "submission").await.expect(200);
    assert_eq!(submitted.json["status"], "submitted");
    assert_eq!(submitted.json["approval"], json!({"rule": "in_force"}));

    // An amendment wants it too; what is submitted stays in force meanwhile.
    let mut amended = answers("AT");
    amended["answers"]["q5"] = json!({"number": {"value": "1300"}});
    let draft = bruno.put_if(&response, &submitted.etag(), &amended).await.expect(200);
    assert_eq!(draft.json["status"], "submitted");
    assert_eq!(
        act(&anna, &response, "submission").await.expect(409).code(),
        "approval_not_asked"
    );
    let asked = act(&bruno, &response, "approval").await.expect(200);
    assert_eq!(
        (&asked.json["status"], asked.json["submittedVersion"].as_i64()),
        (&json!("submitted"), Some(1))
    );
    assert_eq!(asked.json["approval"]["rule"], "in_force");
    let all = app.deliver().await;
    let last = all.iter().rfind(|mail| mail.to.address == "at.coordinator@example.org");
    let last = last.expect("a mail");
    assert!(last.content.text().starts_with("An amended response is to be approved"));

    // Nobody else learns of it.
    let seen = lead.get(&response).await.expect(200);
    assert!(seen.json.get("approval").is_none());
    let sp = app.coordinator("SP").await;
    for deliveries in [
        lead.get(&format!("{path}/deliveries")).await.expect(200),
        sp.get("/deliveries").await.expect(200),
        sp.get(&format!("{path}/deliveries")).await.expect(200),
    ] {
        assert!(!deliveries.text.contains("approval"), "{}", deliveries.text);
    }
    let second_version = act(&anna, &response, "submission").await.expect(200);
    assert_eq!(second_version.json["submittedVersion"], 2);
});

on_both!(the_functional_mailbox_is_told_and_who_is_away_is_not, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (anna, _) = (app.coordinator("AT").await, second(&app).await);
    let expert = app.user("AT", Role::Expert).await;
    settle(&anna, true).await;
    let settings = "/me/notifications";
    let away = json!({"mail": "digest", "absence": {"from": "2026-11-03", "until": "2026-11-10"}});
    anna.put_if(settings, &etag(&anna, settings).await, &away)
        .await
        .expect(200);
    let response = format!("{path}/responses/AT");
    expert.put(&response, &answers("AT")).await.expect(201);
    let before = app.deliver().await.len();
    act(&expert, &response, "approval").await.expect(200);
    let mut mails = app.deliver().await.split_off(before);
    mails.sort_by(|a, b| a.to.address.cmp(&b.to.address));
    let told: Vec<_> = mails.iter().map(|mail| mail.to.address.as_str()).collect();
    assert_eq!(told, ["bruno.muster@example.org", "ncp-at@example.org"]);

    // The service provider learns that the mailbox is not reached, not what about.
    come_back(&app, &mails[1], "5.2.2 mailbox full").await;
    let all = app.deliver().await;
    let told = &all.last().expect("a mail").content;
    assert_eq!(told.subject(), "[EMN AHQ] Not reached: EMN NCP Austria");
    assert!(
        told.text().contains("Message: a matter of that office alone"),
        "{}",
        told.text()
    );
    assert!(
        !told.text().contains("pproval") && !told.text().contains("/deliveries/"),
        "{}",
        told.text()
    );
});
