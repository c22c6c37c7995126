//! Contributions of experts outside: asked for, put in by link, merged, and seen by nobody else.

use ahq_domain::user::Role;
use ahq_harness::form::Form;
use ahq_harness::{App, Client, Reply};
use ahq_mail::outgoing::Outgoing;
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answers, etag, launched};

const EXPERT: &str = "eva.huber@police.example.org";

fn ask() -> Value {
    json!({"email": EXPERT, "name": "Eva Huber", "questions": ["q5", "q2"], "replyBy": "2026-11-13",
           "note": "Figures for 2025 would be enough."})
}

/// The link in the newest mail to somebody outside, below the interface.
async fn link(app: &App, to: &str) -> (Outgoing, String) {
    let mails = app.deliver().await;
    let mail = mails
        .iter()
        .rfind(|mail| mail.to.address == to)
        .expect("a mail")
        .clone();
    let text = mail.content.text();
    let start = text.find("/contributions/").expect("a link");
    let path = text[start..].split_whitespace().next().expect("a secret").to_owned();
    (mail, path)
}

/// Asks for a contribution of Austria; gives its path, and that of the link.
pub(crate) async fn asked(app: &App, at: &Client, response: &str) -> (String, String) {
    let contributions = format!("{response}/contributions");
    let made = at.post(&contributions, &ask()).await.expect(201);
    let id = made.json["id"].as_str().expect("an id");
    (format!("{contributions}/{id}"), link(app, EXPERT).await.1)
}

async fn act(client: &Client, link: &str, act: &str, body: &Value) -> Reply {
    let now = etag(client, link).await;
    client.post_if(&format!("{link}/{act}"), &now, body).await
}

/// Puts two answers in and hands them in.
pub(crate) async fn returned(app: &App, link: &str) {
    let expert = app.public();
    let put = json!({"answers": {"q2": {"text": "A zebra is registered."}, "q5": {"number": {"value": "41"}}}});
    expert.put_if(link, &etag(&expert, link).await, &put).await.expect(200);
    act(&expert, link, "return", &json!({})).await.expect(200);
}

fn listed(reply: &Reply) -> &Value {
    &reply.json["items"][0]
}

on_both!(an_expert_without_an_account_contributes, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let contributions = format!("{response}/contributions");
    assert_eq!(at.get(&contributions).await.expect(200).json, json!({"items": []}));

    let made = at.post(&contributions, &ask()).await.expect(201);
    assert_eq!(made.json["status"], "asked");
    assert_eq!(made.json["questions"], json!(["q2", "q5"]), "in the order of the query");
    assert_eq!(
        (&made.json["mail"], &made.json["endsAt"]),
        (&json!("queued"), &json!("2026-11-16T23:00:00Z"))
    );
    assert_eq!(
        (&made.json["warnings"], &made.json["actions"]),
        (&json!([]), &json!(["revoke"]))
    );
    let (mail, link) = link(&app, EXPERT).await;
    assert_eq!(
        mail.reply_to.as_ref().map(|to| to.address.as_str()),
        Some("ncp-at@example.org")
    );
    assert_eq!((mail.unsubscribe.as_ref(), mail.calendar.as_ref()), (None, None));
    let secret = link.trim_start_matches("/contributions/");
    assert_eq!(secret.len(), 43, "256 bits");
    let shown = mail.content.text().replace(secret, "SECRET");
    insta::assert_snapshot!(
        "contribution_asked_mail",
        format!("{}\n\n{shown}", mail.content.subject())
    );
    let one = at.get(&contributions).await.expect(200);
    assert_eq!(listed(&one)["mail"], "sent");

    // The link shows the query and those questions, nothing else.
    let expert = app.public();
    let begun = expert.get(&link).await.expect(200);
    assert_eq!(begun.header("cache-control").as_deref(), Some("private, no-cache"));
    insta::assert_json_snapshot!("contribution_form", begun.json);
    assert_eq!(
        act(&expert, &link, "return", &json!({})).await.expect(409).code(),
        "nothing_to_return"
    );

    // The same parser and refusals as for an office, all at once.
    let wrong =
        json!({"answers": {"q1": {"yesNo": "yes"}, "q2": {"yesNo": "no"}, "q5": {"number": {"value": "many"}}}});
    let refused = expert.put_if(&link, &begun.etag(), &wrong).await.expect(400);
    let mut faults: Vec<_> = refused.faults().into_iter().map(|(at, _)| at).collect();
    faults.dedup();
    assert!(faults.iter().any(|at| at == "/answers/q1"), "{faults:?}");
    assert!(faults.iter().any(|at| at.starts_with("/answers/q2")), "{faults:?}");
    assert!(faults.iter().any(|at| at.starts_with("/answers/q5")), "{faults:?}");
    let half = json!({"answers": {"q2": {"text": "A zebra is registered."}}});
    expert.put(&link, &half).await.expect(428);
    let saved = expert.put_if(&link, &begun.etag(), &half).await.expect(200);
    assert_eq!(saved.json["answers"]["q2"]["text"], "A zebra is registered.");
    assert_eq!(saved.json["actions"], json!(["change", "decline", "return"]));
    expert.put_if(&link, &begun.etag(), &half).await.expect(412);
    let one = at.get(&contributions).await.expect(200);
    assert_eq!(
        (&listed(&one)["status"], &listed(&one)["answers"]),
        (&json!("asked"), &json!({})),
        "not handed in"
    );

    let handed_in = act(&expert, &link, "return", &json!({})).await.expect(200);
    assert_eq!(
        (&handed_in.json["status"], &handed_in.json["actions"]),
        (&json!("returned"), &json!([]))
    );
    let refused = expert.put_if(&link, &handed_in.etag(), &half).await.expect(409);
    assert_eq!(refused.code(), "already_returned");
    for again in ["return", "declination"] {
        let body = if again == "return" {
            json!({})
        } else {
            json!({"reason": "Not for us."})
        };
        assert_eq!(
            act(&expert, &link, again, &body).await.expect(409).code(),
            "already_returned"
        );
    }
    let mails = app.deliver().await;
    let told: Vec<_> = mails
        .iter()
        .filter(|mail| mail.content.text().contains("was returned"))
        .collect();
    let to = |address: &str| told.iter().find(|mail| mail.to.address == address);
    assert_eq!(told.len(), 2);
    assert!(
        to("ncp-at@example.org").is_some(),
        "an obligation reaches the functional mailbox"
    );
    let mail = to("at.coordinator@example.org").expect("a mail to who asked");
    insta::assert_snapshot!(
        "contribution_returned_mail",
        format!("{}\n\n{}", mail.content.subject(), mail.content.text())
    );
    assert!(!mail.content.text().contains("zebra"), "no answer is in a mail");
    let one = at.get(&contributions).await.expect(200);
    assert_eq!(listed(&one)["answers"]["q2"]["text"], "A zebra is registered.");
    assert_eq!(listed(&one)["actions"], json!(["merge", "revoke"]));
});

on_both!(while_who_asked_is_away_a_deputy_is_told, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, expert) = (app.coordinator("AT").await, app.user("AT", Role::Expert).await);
    let response = format!("{path}/responses/AT");
    let (_, link) = asked(&app, &at, &response).await;
    let deputy = expert.get("/me").await.expect(200).json["id"].clone();
    let settings = "/me/notifications";
    let away = json!({"mail": "digest", "absence": {"from": "2026-11-03", "until": "2026-11-10", "deputy": deputy}});
    at.put_if(settings, &etag(&at, settings).await, &away).await.expect(200);
    let before = app.deliver().await.len();
    returned(&app, &link).await;
    let mut told: Vec<_> = app.deliver().await.split_off(before);
    told.sort_by(|a, b| a.to.address.cmp(&b.to.address));
    let to: Vec<_> = told.iter().map(|mail| mail.to.address.as_str()).collect();
    assert_eq!(to, ["at.expert@example.org", "ncp-at@example.org"]);
});

on_both!(who_proposed_is_blocked_with_all_personal_data, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let (contribution, link) = asked(&app, &at, &response).await;
    returned(&app, &link).await;
    let merged = at
        .post(&format!("{contribution}/merge"), &json!({"questions": ["q2"]}))
        .await
        .expect(200);
    let mut all = answers("AT");
    all["answers"]["q2"] = json!({"text": "A zebra is registered."});
    at.put_if(&response, &merged.etag(), &all).await.expect(200);
    let one = format!("{response}/answers/q2");
    // The deadline is 1 December 2026.
    for (now, shown) in [("2027-05-31T09:00:00Z", true), ("2027-06-03T09:00:00Z", false)] {
        app.set_clock(now);
        let at = app.sign_in_coordinator("AT").await;
        let saved = at
            .put_if(&one, &etag(&at, &one).await, &json!({"text": "A zebra is registered."}))
            .await
            .expect(200);
        let replies = [
            at.get(&response).await.expect(200),
            at.get(&one).await.expect(200),
            saved,
        ];
        for reply in replies {
            assert_eq!(reply.text.contains("Eva Huber"), shown, "{now}: {}", reply.text);
        }
        let asked = at.get(&format!("{response}/contributions")).await.expect(200);
        assert_eq!(listed(&asked)["askedBy"].is_string(), shown, "{now}");
    }
    let at = app.sign_in_coordinator("AT").await;
    let submitted = at
        .post_if(
            &format!("{response}/submission"),
            &etag(&at, &response).await,
            &json!({}),
        )
        .await
        .expect(200);
    assert!(!submitted.text.contains("Eva Huber"), "{}", submitted.text);
});

on_both!(proposals_become_answers_only_when_they_are_merged, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let expert = app.user("AT", Role::Expert).await;
    let reader = app.user("AT", Role::Reader).await;
    let response = format!("{path}/responses/AT");
    let (contribution, link) = asked(&app, &expert, &response).await;
    let merge = format!("{contribution}/merge");
    let chosen = json!({"questions": ["q2"]});
    assert_eq!(expert.post(&merge, &chosen).await.expect(409).code(), "not_returned");
    returned(&app, &link).await;
    at.get(&response).await.expect(404);

    let wrong = json!({"questions": ["q1", "q2", "q2"]});
    assert_eq!(
        expert.post(&merge, &wrong).await.expect(400).faults(),
        [
            ("/questions/0".to_owned(), "unknown_question".to_owned()),
            ("/questions/2".to_owned(), "not_unique".to_owned())
        ]
    );
    assert_eq!(reader.post(&merge, &chosen).await.expect(403).code(), "role_too_low");
    // Without If-Match it begins the response; with it a draft is changed.
    let begun = expert.post(&merge, &chosen).await.expect(200);
    let draft = &begun.json["draft"][0];
    assert_eq!(draft["answer"]["text"], "A zebra is registered.");
    assert_eq!(
        draft["contributed"],
        json!({"by": "Eva Huber", "at": "2026-11-03T08:00:00Z"})
    );
    expert.post(&merge, &chosen).await.expect(412);
    let mut own = answers("AT");
    own["answers"]["q5"] = json!({"number": {"value": "40"}, "circle": "requester", "ground": "Art. 4(1)(a)"});
    own["answers"]["q2"] = json!({"text": "Rewritten."});
    let saved = at.put_if(&response, &begun.etag(), &own).await.expect(200);
    let of = |reply: &Reply, question: &str| -> Value {
        let draft = reply.json["draft"].as_array().expect("a draft");
        draft
            .iter()
            .find(|one| one["question"] == question)
            .expect("an answer")
            .clone()
    };
    assert_eq!(
        of(&saved, "q2")["contributed"]["by"],
        "Eva Huber",
        "who began it stays known"
    );
    assert!(of(&saved, "q5").get("contributed").is_none());
    let both = json!({"questions": ["q2", "q5"]});
    let merged = at.post_if(&merge, &saved.etag(), &both).await.expect(200);
    let five = of(&merged, "q5");
    assert_eq!(
        (
            &five["answer"]["number"]["value"],
            &five["answer"]["circle"],
            &five["answer"]["ground"]
        ),
        (&json!("41"), &json!("requester"), &json!("Art. 4(1)(a)")),
        "no further than the office had settled"
    );
    assert_eq!(five["contributed"]["by"], "Eva Huber");
    let one = at.get(&format!("{response}/answers/q5")).await.expect(200);
    assert_eq!(one.json["contributed"]["by"], "Eva Huber");

    // What is submitted does not say whose it was, to nobody.
    let submitted = at
        .post_if(&format!("{response}/submission"), &merged.etag(), &json!({}))
        .await
        .expect(200);
    assert!(!submitted.json["rows"].to_string().contains("contributed"));
    let com = app.coordinator("COM").await;
    for client in [&lead, &com] {
        for path in [
            &response,
            &format!("{path}/responses"),
            &format!("{response}/versions/1"),
        ] {
            let text = client.get(path).await.expect(200).text;
            assert!(!text.contains("Huber") && !text.contains("contribut"), "{path}: {text}");
        }
    }
});

on_both!(nobody_outside_the_office_learns_of_it, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let reader = app.user("AT", Role::Reader).await;
    let response = format!("{path}/responses/AT");
    let contributions = format!("{response}/contributions");
    let (contribution, link) = asked(&app, &at, &response).await;
    returned(&app, &link).await;
    app.deliver().await;

    // Its readers read; only those who draft ask.
    reader.get(&contributions).await.expect(200);
    for (method, path, body) in [
        (Method::POST, contributions.clone(), ask()),
        (Method::DELETE, contribution.clone(), json!({})),
    ] {
        let request = reader.request(method, &path).json(&body);
        assert_eq!(reader.send(request).await.expect(403).code(), "role_too_low");
    }
    let (be, com, sp) = (
        app.coordinator("BE").await,
        app.coordinator("COM").await,
        app.coordinator("SP").await,
    );
    for client in [&lead, &be, &com, &sp] {
        for (method, path, body) in [
            (Method::GET, contributions.clone(), json!({})),
            (Method::POST, contributions.clone(), ask()),
            (Method::DELETE, contribution.clone(), json!({})),
            (
                Method::POST,
                format!("{contribution}/merge"),
                json!({"questions": ["q2"]}),
            ),
        ] {
            let request = client.request(method, &path).json(&body);
            assert_eq!(client.send(request).await.expect(403).code(), "other_office", "{path}");
        }
        // Nor is it among what was mailed.
        for deliveries in [format!("{path}/deliveries"), "/deliveries".to_owned()] {
            let reply = client.get(&deliveries).await;
            assert!(
                !reply.text.contains("contribution") && !reply.text.contains(EXPERT),
                "{}",
                reply.text
            );
        }
    }
    app.public().get(&contributions).await.expect(401);

    // A mail that cannot be delivered is told to the office alone.
    app.set_clock("2026-11-04T08:00:00Z");
    app.exchange().write_digests().await.expect("digests");
    for mail in app.deliver().await.iter().filter(|mail| mail.to.address != EXPERT) {
        let told = format!("{}{}", mail.content.subject(), mail.content.text());
        assert_eq!(
            told.contains("ontribution"),
            ["at.coordinator@example.org", "ncp-at@example.org"].contains(&mail.to.address.as_str())
                && told.contains("was returned"),
            "{told}"
        );
    }
});

on_both!(a_link_ends, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let (contribution, link) = asked(&app, &at, &response).await;
    let nobody = app.public();
    nobody.get(&link).await.expect(200);
    let put = json!({"answers": {"q2": {"text": "A zebra."}}});
    let tag = etag(&nobody, &link).await;

    // A wrong one, one that is no link, and one used as an access token open nothing.
    let wrong = format!("/contributions/{}", "A".repeat(43));
    assert_eq!(nobody.get(&wrong).await.expect(404).code(), "not_found");
    nobody.get("/contributions/x").await.expect(404);
    let secret = link.trim_start_matches("/contributions/");
    nobody.with_token(secret).get(&path).await.expect(401);

    // Revoked at once, while the expert is at work.
    let request = at.request(Method::DELETE, &contribution);
    at.send(request).await.expect(204);
    let request = at.request(Method::DELETE, &contribution);
    assert_eq!(at.send(request).await.expect(409).code(), "already_revoked");
    assert_eq!(nobody.get(&link).await.expect(404).code(), "not_found");
    assert_eq!(nobody.put_if(&link, &tag, &put).await.expect(404).code(), "not_found");
    for act in ["return", "declination"] {
        let body = if act == "return" {
            json!({})
        } else {
            json!({"reason": "Not for us."})
        };
        nobody.post_if(&format!("{link}/{act}"), &tag, &body).await.expect(404);
    }
    let all = at.get(&format!("{response}/contributions")).await.expect(200);
    assert_eq!(
        (&listed(&all)["status"], &listed(&all)["actions"]),
        (&json!("revoked"), &json!([]))
    );

    // Its own end: the end of the third day after the inner deadline, in Brussels.
    app.pass(Duration::seconds(1));
    let (_, link) = asked(&app, &at, &response).await;
    app.set_clock("2026-11-16T22:59:59Z");
    nobody.get(&link).await.expect(200);
    app.set_clock("2026-11-16T23:00:00Z");
    nobody.get(&link).await.expect(404);
    let at = app.sign_in("at.coordinator@example.org").await;
    let all = at.get(&format!("{response}/contributions")).await.expect(200);
    assert_eq!(all.json["items"][1]["status"], "ended");

    // "Not for us", with a text.
    let again = json!({"email": EXPERT, "questions": ["q2"], "replyBy": "2026-11-28"});
    let made = at.post(&format!("{response}/contributions"), &again).await.expect(201);
    assert_eq!(
        made.json["warnings"],
        json!(["28 November 2026 is no working day here: Saturday"])
    );
    let (mail, link) = self::link(&app, EXPERT).await;
    assert!(mail.content.text().contains("Dear expert,"));
    let empty = act(&nobody, &link, "declination", &json!({"reason": " "}))
        .await
        .expect(400);
    assert_eq!(empty.faults(), [("/reason".to_owned(), "missing_field".to_owned())]);
    let declined = act(
        &nobody,
        &link,
        "declination",
        &json!({"reason": "The border police knows."}),
    )
    .await;
    assert_eq!(declined.expect(200).json["status"], "declined");
    let all = at.get(&format!("{response}/contributions")).await.expect(200);
    let third = &all.json["items"][2];
    assert_eq!(third["declined"]["reason"], "The border police knows.");
    let mails = app.deliver().await;
    let mail = mails.last().expect("a mail");
    assert_eq!(
        mail.content.subject(),
        format!("[EMN AHQ 2026.1] No contribution of {EXPERT}: Missing unaccompanied minors")
    );

    // With the query withdrawn nothing more is put in.
    let (_, link) = asked_by(&app, &at, &response, "2026-11-20").await;
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let withdrawal = json!({"reason": "Asked elsewhere."});
    lead.post_if(&format!("{path}/withdrawal"), &etag(&lead, &path).await, &withdrawal)
        .await
        .expect(200);
    let read = nobody.get(&link).await.expect(200);
    assert_eq!(read.json["actions"], json!([]));
    assert_eq!(
        nobody.put_if(&link, &read.etag(), &put).await.expect(409).code(),
        "withdrawn"
    );
});

/// As [`asked`], by another inner deadline.
async fn asked_by(app: &App, at: &Client, response: &str, reply_by: &str) -> (String, String) {
    let contributions = format!("{response}/contributions");
    let mut body = ask();
    body["replyBy"] = json!(reply_by);
    let made = at.post(&contributions, &body).await.expect(201);
    let id = made.json["id"].as_str().expect("an id");
    (format!("{contributions}/{id}"), link(app, EXPERT).await.1)
}

on_both!(what_is_asked_is_checked_all_at_once, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let contributions = format!("{path}/responses/AT/contributions");
    let wrong = json!({"email": "police", "name": "Eva\nHuber", "questions": ["q9", "q2", "q2"],
                       "replyBy": "2026-11-02", "note": "a\u{7}"});
    let faults = at.post(&contributions, &wrong).await.expect(400).faults();
    let expected = [
        ("/email", "bad_address"),
        ("/name", "bad_character"),
        ("/note", "bad_character"),
        ("/questions/0", "unknown_question"),
        ("/questions/2", "not_unique"),
        ("/replyBy", "past"),
    ];
    assert_eq!(faults, expected.map(|(at, code)| (at.to_owned(), code.to_owned())));
    let mut late = ask();
    late["replyBy"] = json!("2027-06-01");
    let faults = at.post(&contributions, &late).await.expect(400).faults();
    assert_eq!(faults, [("/replyBy".to_owned(), "too_far".to_owned())]);
    late["replyBy"] = json!("2026-12-08");
    let made = at.post(&contributions, &late).await.expect(201);
    assert_eq!(
        made.json["warnings"],
        json!([
            "8 December 2026 is no working day here: Immaculate Conception",
            "the query's own deadline for this office is 1 December 2026"
        ])
    );
    // Who is not asked asks nobody; nor does an office that has declined.
    let com = app.coordinator("COM").await;
    let refused = com
        .post(&contributions.replace("/AT/", "/COM/"), &ask())
        .await
        .expect(409);
    assert_eq!(refused.code(), "not_addressed");
    let reason = json!({"reason": "Not a matter of ours."});
    at.post(&format!("{path}/responses/AT/declination"), &reason)
        .await
        .expect(200);
    assert_eq!(at.post(&contributions, &ask()).await.expect(409).code(), "declined");
});

on_both!(an_expert_fills_in_a_word_form, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let (_, link) = asked(&app, &at, &response).await;
    let expert = app.public();
    let address = format!("{link}/word-form");
    let form = expert.get(&address).await.expect(200);
    assert_eq!(
        form.header("content-disposition").as_deref(),
        Some("attachment; filename=\"EMN_AHQ_2026.1_form_AT.docx\"")
    );
    for (text, there) in [
        ("Missing unaccompanied minors", true),
        ("How many?", true),
        ("Does your country register", false),
        ("Who registers?", false),
    ] {
        assert_eq!(form.text.contains(text), there, "{text}");
    }
    // Question 2 of the query is the first of the form, question 5 the second.
    let filled = Form::open(&form.bytes)
        .typed("q1.answer", "A zebra is registered.")
        .typed("q2.answer", "41");
    let read = expert.upload(&address, filled.saved()).await.expect(200);
    let draft = json!({"answers": {"q2": {"text": "A zebra is registered."}, "q5": {"number": {"value": "41"}}}});
    assert_eq!((&read.json["draft"], &read.json["version"]), (&draft, &json!(1)));
    // Nothing is saved until it is confirmed.
    let begun = expert.get(&link).await.expect(200);
    assert_eq!(begun.json["answers"], json!({}));
    expert
        .put_if(&link, &begun.etag(), &read.json["draft"])
        .await
        .expect(200);
    // What is left empty in the form stays as it was put in.
    let again = expert.upload(&address, form.bytes.clone()).await.expect(200);
    assert_eq!(again.json["draft"]["answers"]["q2"]["text"], "A zebra is registered.");
    // The form of the office is another one.
    let whole = at.get(&format!("{response}/word-form")).await.expect(200);
    let refused = expert.upload(&address, whole.bytes).await.expect(409);
    assert_eq!(refused.code(), "stale_form");
    act(&expert, &link, "return", &json!({})).await.expect(200);
    assert_eq!(expert.get(&address).await.expect(409).code(), "already_returned");
    let late = expert.upload(&address, form.bytes).await.expect(409);
    assert_eq!(late.code(), "already_returned");
});
