//! Who sees what, and when.

use ahq_harness::Client;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, compiled, etag, launched, launched_to};

const SENTENCE: &str = "This EMN NCP has provided a response to the requesting EMN NCP. However, they have requested \
     that it is not disseminated further.";

/// Answers whose every text is to go as far as `circle`.
fn in_circle(office: &str, circle: &str) -> Value {
    let mut body = answers(office);
    for answer in body["answers"].as_object_mut().expect("answers").values_mut() {
        answer["circle"] = json!(circle);
    }
    body
}

on_both!(each_view_shows_exactly_what_its_circle_may_read, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    for (office, circle) in [("AT", "public"), ("BE", "network"), ("NL", "requester")] {
        let client = app.coordinator(office).await;
        answered(&client, &path, office, &in_circle(office, circle)).await;
    }
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    for (circle, seen) in [
        ("requester", vec!["AT", "BE", "NL"]),
        ("network", vec!["AT", "BE"]),
        ("public", vec!["AT"]),
    ] {
        for format in ["html", "json", "csv"] {
            let address = format!("{path}/editions/1?circle={circle}&format={format}");
            let text = lead.get(&address).await.expect(200).text;
            for office in ["AT", "BE", "NL"] {
                let shown =
                    text.contains(&format!("Text of {office}.")) || text.contains(&format!("Comment of {office}."));
                assert_eq!(
                    shown,
                    seen.contains(&office),
                    "{office} in the {circle} view as {format}"
                );
            }
            for country in ["Austria", "Belgium", "Netherlands"] {
                assert!(
                    text.contains(country),
                    "{country} is named in the {circle} view as {format}"
                );
            }
            assert!(text.contains("(3 in total)") || format == "csv");
            let restricted = format != "json" && seen.len() < 3;
            assert_eq!(
                text.contains(SENTENCE) || text.contains(&SENTENCE.replace('"', "&quot;")),
                restricted,
                "{circle} {format}"
            );
        }
    }
});

on_both!(answers_are_read_when_their_reader_may, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be, com, sp) = (
        app.coordinator("AT").await,
        app.coordinator("BE").await,
        app.coordinator("COM").await,
        app.coordinator("SP").await,
    );
    answered(&at, &path, "AT", &in_circle("AT", "network")).await;
    let response = format!("{path}/responses/AT");
    for client in [&lead, &com, &at] {
        let seen = client.get(&response).await.expect(200);
        assert!(seen.text.contains("Text of AT."));
    }
    for client in [&be, &sp] {
        assert_eq!(client.get(&response).await.expect(403).code(), "not_yet_compiled");
        let list = client.get(&format!("{path}/responses")).await.expect(200);
        assert!(!list.text.contains("Text of AT."));
        assert_eq!(list.json["items"][0]["status"], "submitted");
        client.get(&format!("{path}/comparison")).await.expect(403);
    }
    assert!(
        lead.get(&format!("{path}/comparison"))
            .await
            .expect(200)
            .text
            .contains("Text of AT.")
    );
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    for client in [&be, &sp] {
        assert!(client.get(&response).await.expect(200).text.contains("Text of AT."));
    }
    app.public().get(&response).await.expect(401);
});

on_both!(a_draft_response_is_for_its_own_office_alone, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, com, sp) = (
        app.coordinator("AT").await,
        app.coordinator("COM").await,
        app.coordinator("SP").await,
    );
    let response = format!("{path}/responses/AT");
    at.put(&response, &answers("AT")).await.expect(201);
    for client in [&lead, &com, &sp] {
        client.get(&response).await.expect(404);
        assert!(
            !client
                .get(&format!("{path}/responses"))
                .await
                .text
                .contains("Text of AT")
        );
        client.get(&format!("{response}/answers/q2")).await.expect(403);
        client.put(&response, &answers("XX")).await.expect(403);
    }

    // Nor does anybody else hear that an amendment is drafted, or how often.
    let tag = etag(&at, &response).await;
    at.post_if(&format!("{response}/submission"), &tag, &json!({}))
        .await
        .expect(200);
    let be = app.coordinator("BE").await;
    let heard = async || {
        let mut heard = Vec::new();
        for client in [&lead, &com, &sp, &be] {
            for place in [format!("{path}/responses"), response.clone()] {
                let reply = client.get(&place).await;
                heard.push((
                    reply.header("etag"),
                    reply.json["items"].clone(),
                    reply.json["rows"].clone(),
                ));
                assert_eq!(reply.json["version"], Value::Null, "{place}");
            }
        }
        heard
    };
    let before = heard().await;
    let saved = at
        .put_if(&response, &etag(&at, &response).await, &answers("AT anew"))
        .await
        .expect(200);
    assert!(saved.json["version"].is_i64());
    let one = format!("{response}/answers/q2");
    at.put_if(&one, &etag(&at, &one).await, &json!({"text": "Text of AT, once more."}))
        .await
        .expect(200);
    assert_eq!(heard().await, before);
});

on_both!(why_an_office_declined_is_for_the_requesters, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let drafted = at.put(&response, &answers("AT")).await.expect(201);
    let reason = "No such data.";
    let body = json!({"reason": reason});
    at.post_if(&format!("{response}/declination"), &drafted.etag(), &body)
        .await
        .expect(200);
    let (com, be, sp) = (
        app.coordinator("COM").await,
        app.coordinator("BE").await,
        app.coordinator("SP").await,
    );
    let reads = async |client: &Client, place: &str| client.get(place).await.text.contains(reason);
    for (client, told) in [(&at, true), (&lead, true), (&com, true), (&be, false), (&sp, false)] {
        let list = client.get(&format!("{path}/responses")).await.expect(200);
        assert_eq!(list.json["items"][0]["status"], "declined");
        assert_eq!(list.text.contains(reason), told);
        assert_eq!(reads(client, &response).await, told);
    }
    app.set_clock("2026-12-10T09:00:00Z");
    compiled(&app.sign_in_coordinator("LU").await, &path).await;
    let be = app.sign_in_coordinator("BE").await;
    assert!(!reads(&be, &response).await && !reads(&be, &format!("{path}/responses")).await);
});

on_both!(observers_and_departed_offices_see_what_they_may, |app| {
    let lead = app.coordinator("LU").await;
    let to_members = launched(&lead).await;
    let to_all = launched_to(&lead, &json!({"addressed": "members_and_observers"})).await;
    let to_few = launched_to(
        &lead,
        &json!({"addressed": "list", "offices": ["AT"], "audience": "addressed"}),
    )
    .await;
    let rows = [
        ("AT", [200, 200, 200]),
        ("BE", [200, 200, 404]),
        ("NO", [404, 200, 404]),
        ("UK", [404, 404, 404]),
        ("COM", [200, 200, 200]),
        ("SP", [200, 200, 200]),
    ];
    for (office, expected) in rows {
        let client = app.coordinator(office).await;
        for (path, status) in [&to_members, &to_all, &to_few].into_iter().zip(expected) {
            assert_eq!(client.get(path).await.status, status, "{office} reads {path}");
            let listed = client.get("/queries?limit=100").await;
            let there = listed.text.contains(path.trim_start_matches("/queries/"));
            assert_eq!(there, status == 200, "{office} lists {path}");
        }
    }
});

on_both!(a_narrowed_answer_leaves_every_view_at_once, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let response = format!("{path}/responses/AT");
    let narrowed = at
        .put_if(
            &format!("{response}/circles"),
            &etag(&at, &response).await,
            &json!({"circle": "requester"}),
        )
        .await
        .expect(200);
    assert_eq!(narrowed.json["rows"][0]["answer"]["circle"], "requester");
    let be = app.coordinator("BE").await;
    let gone = be.get(&format!("{path}/editions/1")).await.expect(410);
    assert_eq!(gone.code(), "replaced");
    let new = be.get(&format!("{path}/editions/2?format=html")).await.expect(200);
    assert!(new.text.contains(SENTENCE) && !new.text.contains("Text of AT."));
    assert!(
        lead.get(&format!("{path}/editions/1?format=json&circle=requester"))
            .await
            .expect(200)
            .text
            .contains("Text of AT.")
    );
    let list = be.get(&format!("{path}/editions")).await.expect(200);
    assert_eq!(list.json["items"][1]["views"][0]["replacedBy"], 2);
});

on_both!(an_answer_that_only_goes_further_is_not_told_as_an_amendment, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &in_circle("AT", "network")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let mut amended = in_circle("AT", "network");
    amended["answers"]["q5"] = json!({"number": {"value": "7"}, "circle": "network"});
    answered(&at, &path, "AT", &amended).await;
    let response = format!("{path}/responses/AT");
    let wider = json!({"circle": "public", "questions": ["q6"]});
    at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &wider)
        .await
        .expect(200);
    compiled(&lead, &path).await;
    let both = [
        "Austria: changed (question 5)",
        "Austria: dissemination changed (question 6)",
    ];
    // The public hears no more than that there is an answer now.
    let public = ["Austria: changed (question 6)"];
    for (circle, changes) in [("requester", &both[..]), ("network", &both), ("public", &public)] {
        let edition = format!("{path}/editions/2?format=json&circle={circle}");
        let view = lead.get(&edition).await.expect(200).json;
        assert_eq!(view["view"]["changes"], json!(changes), "{circle}");
    }
});

on_both!(an_amendment_that_narrows_acts_on_what_is_out, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let mut amended = in_circle("AT anew", "requester");
    amended["answers"]["q1"]["circle"] = json!("network");
    answered(&at, &path, "AT", &amended).await;
    let be = app.coordinator("BE").await;
    be.get(&format!("{path}/editions/1")).await.expect(410);
    let new = be.get(&format!("{path}/editions/2?format=html")).await.expect(200);
    assert!(new.text.contains("Comment of AT.") && !new.text.contains("Text of AT."));
    assert!(!new.text.contains("anew"), "no newer text slips in");
    let public = lead
        .get(&format!("{path}/editions/2?format=html&circle=public"))
        .await
        .expect(200);
    assert!(!public.text.contains("of AT."));
});

on_both!(what_was_retracted_can_still_be_narrowed, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let response = format!("{path}/responses/AT");
    let note = json!({"reason": "The figures were wrong."});
    at.post_if(&format!("{response}/retraction"), &etag(&at, &response).await, &note)
        .await
        .expect(200);
    let body = json!({"circle": "requester"});
    at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &body)
        .await
        .expect(200);
    let be = app.coordinator("BE").await;
    be.get(&format!("{path}/editions/1")).await.expect(410);
    let new = be.get(&format!("{path}/editions/2?format=html")).await.expect(200);
    assert!(new.text.contains(SENTENCE) && !new.text.contains("Text of AT."));
});

on_both!(a_restricted_answer_hides_whether_a_question_was_skipped, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    let mut asked = answers("AT");
    asked["answers"]["q1"]["circle"] = json!("requester");
    answered(&at, &path, "AT", &asked).await;
    let mut skipped = answers("BE");
    skipped["answers"]["q1"] = json!({"yesNo": "no", "circle": "requester"});
    skipped["answers"].as_object_mut().expect("answers").remove("q2");
    answered(&be, &path, "BE", &skipped).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let view = lead
        .get(&format!("{path}/editions/1?format=json&circle=network"))
        .await
        .expect(200)
        .json;
    let row = |office: usize| view["view"]["responses"][office]["rows"][1].clone();
    assert_eq!(row(0), row(1), "a hidden answer and a hidden skip look the same");
    assert_eq!(row(0)["shown"], "restricted");
});

on_both!(the_public_reads_what_was_announced_and_nothing_newer, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-11-25T09:00:00Z");
    let body = json!({"reason": "All is in."});
    lead.post_if(&format!("{path}/closure"), &etag(&lead, &path).await, &body)
        .await
        .expect(200);
    compiled(&lead, &path).await;
    let publication = format!("{path}/publication");
    lead.post_if(&publication, &etag(&lead, &path).await, &json!({"edition": 1}))
        .await
        .expect(200);
    app.set_clock("2026-12-01T09:00:00Z");
    let public = app.public();
    let edition = "/public/queries/2026.1/edition?format=html";
    assert!(public.get(edition).await.expect(200).text.contains("Text of AT."));

    let list = public.get("/public/queries").await.expect(200).text;

    // A newer edition is not public by itself.
    answered(&at, &path, "AT", &answers("AT anew")).await;
    assert_eq!(compiled(&lead, &path).await, 2);
    let text = public.get(edition).await.expect(200).text;
    assert!(text.contains("Text of AT.") && !text.contains("anew"));
    assert_eq!(
        public.get("/public/queries").await.expect(200).text,
        list,
        "nor does the list tell of it"
    );

    // Narrowing acts at once, on the snapshot that is public and on the newest alike.
    let response = format!("{path}/responses/AT");
    let body = json!({"circle": "network", "questions": ["q2"]});
    at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &body)
        .await
        .expect(200);
    let text = public.get(edition).await.expect(200).text;
    assert!(!text.contains("Text of AT") && text.contains("Comment of AT.") && !text.contains("anew"));
    assert!(text.contains("edition 3"), "the public snapshot has a new number");
    let gone = lead.get(&format!("{path}/editions/1?circle=public")).await.expect(410);
    assert!(
        gone.header("link")
            .is_some_and(|link| link.contains("/editions/3>; rel=\"successor-version\""))
    );
    let newest = lead
        .get(&format!("{path}/editions/4?circle=network&format=html"))
        .await
        .expect(200);
    assert!(newest.text.contains("Text of AT anew."), "the network still reads it");
    lead.get(&format!("{path}/editions/2?circle=network")).await.expect(200);
    lead.get(&format!("{path}/editions/2?circle=public")).await.expect(410);
});

on_both!(who_reads_a_view_that_was_replaced_is_told_which, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let response = format!("{path}/responses/AT");
    let narrow = async |circle: &str| {
        let before = app.deliver().await.len();
        let body = json!({"circle": circle});
        at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &body)
            .await
            .expect(200);
        let mut mails = app.deliver().await.split_off(before);
        mails.retain(|mail| mail.content.subject().contains("replaced by edition"));
        mails
    };
    // The network's view of the first edition stays: nobody is to delete it.
    assert_eq!(narrow("network").await.len(), 0);
    let be = app.coordinator("BE").await;
    be.get(&format!("{path}/editions/1")).await.expect(200);
    // Austria is in no edition after the second one; its views are those that are replaced.
    let note = json!({"reason": "A mistake."});
    at.post_if(&format!("{response}/retraction"), &etag(&at, &response).await, &note)
        .await
        .expect(200);
    assert_eq!(compiled(&lead, &path).await, 3);
    let told = narrow("requester").await;
    assert!(told.len() > 20, "{}", told.len());
    for mail in &told {
        let text = mail.content.text();
        assert!(text.contains("You downloaded: edition 2, network view"), "{text}");
        assert!(text.contains("Replaced by: edition 4"), "{text}");
    }
    let requesters = ["ncp-lu@example.org", "com@example.org"];
    assert!(
        !told.iter().any(|mail| requesters.contains(&mail.to.address.as_str())),
        "theirs is in force"
    );
});
