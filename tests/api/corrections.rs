//! Corrections of a query's wording, and what becomes of answers to the earlier one.

use ahq_harness::form::Form;
use ahq_harness::{Client, Reply};
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched};

const NEW: &str = "How many were registered in 2025?";

fn correction() -> Value {
    json!({"reason": "The year was missing.", "questions": [{"id": "q5", "text": NEW}]})
}

/// The lead corrects a query.
async fn correct(lead: &Client, path: &str, body: &Value) -> Reply {
    let tag = etag(lead, path).await;
    lead.post_if(&format!("{path}/corrections"), &tag, body).await
}

/// An office confirms answers, each to a revision.
async fn confirm(client: &Client, response: &str, questions: &[(&str, i32)]) -> Reply {
    let named: Vec<_> = questions
        .iter()
        .map(|(id, revision)| json!({"id": id, "revision": revision}))
        .collect();
    let tag = etag(client, response).await;
    client
        .post_if(&format!("{response}/confirmation"), &tag, &json!({"questions": named}))
        .await
}

/// The questions whose rows, answers of a draft or rows of a view are marked as given to an earlier wording.
fn earlier(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().expect("rows").iter();
    rows.filter(|row| row["earlierWording"] == true)
        .map(|row| row["question"].as_str().expect("a question").to_owned())
        .collect()
}

on_both!(the_wording_is_corrected_and_the_earlier_one_kept, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let sent = app.deliver().await.len();
    let stale = etag(&lead, &path).await;
    app.set_clock("2026-11-04T08:00:00Z");
    let body = json!({
        "reason": " Two things were unclear. ",
        "background": "We are reviewing our procedures *this year*.",
        "questions": [{"id": "q5", "text": NEW}, {"id": "q2", "text": "How, and by whom?"}]
    });
    let corrections = format!("{path}/corrections");
    let made = lead.post_if(&corrections, &stale, &body).await.expect(201);
    assert_eq!(made.json["reason"], "Two things were unclear.");
    assert_eq!(
        made.json["background"],
        json!({"before": "We are **reviewing** our procedures.", "after": "We are reviewing our procedures *this year*."})
    );
    assert_eq!(
        made.json["questions"],
        json!([
            {"question": "q2", "revision": 2, "before": "How?", "after": "How, and by whom?"},
            {"question": "q5", "revision": 2, "before": "How many?", "after": NEW}
        ]),
        "in the order of the query"
    );
    lead.post_if(&corrections, &stale, &correction()).await.expect(412);
    lead.post(&corrections, &correction()).await.expect(428);
    let query = lead.get(&path).await.expect(200).json;
    assert_eq!(query["background"], "We are reviewing our procedures *this year*.");
    assert_eq!(
        (&query["questions"][4]["text"], &query["questions"][4]["revision"]),
        (&json!(NEW), &json!(2))
    );
    assert_eq!(query["questions"][4]["unit"], "persons");
    assert_eq!(query["questions"][0]["revision"], 1);
    app.set_clock("2026-11-04T08:05:00Z");
    let again = json!({"reason": "A word.", "questions": [{"id": "q5", "text": "How many, in 2025?"}]});
    let second = correct(&lead, &path, &again).await.expect(201);
    assert_eq!(second.json["questions"][0]["revision"], 3);
    assert_eq!(second.json["questions"][0]["before"], NEW);
    // Whoever may read the query reads them.
    for office in ["AT", "COM", "SP"] {
        let list = app.coordinator(office).await.get(&corrections).await.expect(200).json;
        assert_eq!(list["items"], json!([made.json, second.json]), "{office}");
    }
    app.coordinator("NO").await.get(&corrections).await.expect(404);
    assert_eq!(
        app.deliver().await.len(),
        sent + 2 * 26,
        "25 were asked; and the Commission"
    );
});

on_both!(only_the_leads_coordinator_corrects_and_hears_of_all_faults, |app| {
    let lead = app.coordinator("LU").await;
    let (begun, _) = drafted(&lead, &draft()).await;
    assert_eq!(
        correct(&lead, &begun, &correction()).await.expect(409).code(),
        "wrong_status"
    );
    let path = launched(&lead).await;
    assert!(
        lead.get(&path).await.json["actions"]
            .to_string()
            .contains("\"correct\"")
    );
    let at = app.coordinator("AT").await;
    assert_eq!(
        correct(&at, &path, &correction()).await.expect(403).code(),
        "not_the_requester"
    );
    let before = lead.get(&path).await.expect(200).json;
    for (body, faults) in [
        (
            json!({"reason": " "}),
            vec![("/reason", "missing_field"), ("", "nothing_to_correct")],
        ),
        (
            json!({"reason": "", "background": " ", "questions": [
                {"id": "q9", "text": ""}, {"id": "q1", "text": "Does your country register missing minors?"},
                {"id": "q5", "text": NEW}, {"id": "q5", "text": "Twice?"}
            ]}),
            vec![
                ("/reason", "missing_field"),
                ("/background", "missing_field"),
                ("/questions/0/text", "missing_field"),
                ("/questions/0/id", "unknown_question"),
                ("/questions/1/text", "unchanged"),
                ("/questions/3/id", "not_unique"),
            ],
        ),
        (
            json!({"reason": "Options.", "questions": [{"id": "q3", "text": "Who?", "options": []}]}),
            vec![("/questions/0/options", "unknown_field")],
        ),
    ] {
        let refused = correct(&lead, &path, &body).await.expect(400);
        let faults: Vec<_> = faults
            .into_iter()
            .map(|(at, code)| (at.to_owned(), code.to_owned()))
            .collect();
        assert_eq!(refused.faults(), faults);
    }
    assert_eq!(lead.get(&path).await.expect(200).json, before);
    let withdrawal = json!({"reason": "Asked elsewhere."});
    lead.post_if(&format!("{path}/withdrawal"), &etag(&lead, &path).await, &withdrawal)
        .await
        .expect(200);
    assert_eq!(
        correct(&lead, &path, &correction()).await.expect(409).code(),
        "wrong_status"
    );
});

on_both!(an_answer_is_marked_until_it_is_confirmed_or_amended, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    answered(&at, &path, "AT", &answers("AT")).await;
    answered(&be, &path, "BE", &answers("BE")).await;
    let (austria, belgium) = (format!("{path}/responses/AT"), format!("{path}/responses/BE"));
    let read = at.get(&austria).await.expect(200).json;
    assert_eq!(read["rows"][4]["revision"], 1);
    assert!(!read["actions"].to_string().contains("confirm"));
    correct(&lead, &path, &correction()).await.expect(201);

    let marked = at.get(&austria).await.expect(200).json;
    assert_eq!(
        (earlier(&marked["rows"]), earlier(&marked["draft"])),
        (vec!["q5".to_owned()], vec!["q5".to_owned()])
    );
    assert!(marked["actions"].to_string().contains("confirm"));
    let seen = lead.get(&austria).await.expect(200).json;
    assert_eq!(earlier(&seen["rows"]), ["q5"]);
    let compared = lead.get(&format!("{path}/comparison")).await.expect(200).text;
    assert!(compared.contains("2500"), "earlier answers are counted: {compared}");

    // An amendment of another answer leaves the mark.
    let q1 = format!("{austria}/answers/q1");
    at.put_if(&q1, &etag(&at, &q1).await, &json!({"yesNo": "partly"}))
        .await
        .expect(200);
    at.post_if(&format!("{austria}/submission"), &etag(&at, &austria).await, &json!({}))
        .await
        .expect(200);
    assert_eq!(earlier(&at.get(&austria).await.json["rows"]), ["q5"]);

    for (questions, faults) in [
        (vec![], vec![("/questions", "missing_field")]),
        (
            vec![("q5", 1), ("q9", 1), ("q1", 1)],
            vec![
                ("/questions/0/revision", "not_in_force"),
                ("/questions/1/id", "unknown_question"),
                ("/questions/2/id", "not_earlier"),
            ],
        ),
    ] {
        let refused = confirm(&at, &austria, &questions).await.expect(400);
        let faults: Vec<_> = faults
            .into_iter()
            .map(|(at, code)| (at.to_owned(), code.to_owned()))
            .collect();
        assert_eq!(refused.faults(), faults);
    }
    let foreign = json!({"questions": [{"id": "q5", "revision": 2}]});
    lead.post_if(&format!("{austria}/confirmation"), &etag(&at, &austria).await, &foreign)
        .await
        .expect(403);
    let confirmed = confirm(&at, &austria, &[("q5", 2)]).await.expect(200).json;
    assert_eq!(
        (earlier(&confirmed["rows"]), earlier(&confirmed["draft"])),
        (vec![], vec![])
    );
    assert_eq!(
        (&confirmed["rows"][4]["revision"], &confirmed["submittedVersion"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(confirmed["rows"][4]["answer"]["number"]["value"], "1250");
    let version = at.get(&format!("{austria}/versions/2")).await.expect(200).json;
    assert!(earlier(&version["rows"]).is_empty());
    // A confirmed answer stays confirmed when another one is amended.
    at.put_if(&q1, &etag(&at, &q1).await, &json!({"yesNo": "no"}))
        .await
        .expect(200);
    let q2 = format!("{austria}/answers/q2");
    let tag = etag(&at, &q2).await;
    at.delete_if(&q2, &tag).await.expect(204);
    at.post_if(&format!("{austria}/submission"), &etag(&at, &austria).await, &json!({}))
        .await
        .expect(200);
    assert!(earlier(&at.get(&austria).await.json["rows"]).is_empty());

    // Belgium amends; after another correction its answer is to an earlier wording again.
    assert_eq!(earlier(&lead.get(&belgium).await.json["rows"]), ["q5"]);
    let mut amended = answers("BE, again");
    answered(&be, &path, "BE", &amended).await;
    assert_eq!(
        earlier(&lead.get(&belgium).await.json["rows"]),
        ["q5"],
        "the answer to q5 says what it said"
    );
    amended["answers"]["q5"] = json!({"number": {"value": "1251"}});
    answered(&be, &path, "BE", &amended).await;
    assert!(earlier(&lead.get(&belgium).await.json["rows"]).is_empty());
    let again = json!({"reason": "A word.", "questions": [{"id": "q5", "text": "How many, in 2025?"}]});
    correct(&lead, &path, &again).await.expect(201);
    assert_eq!(earlier(&lead.get(&belgium).await.json["rows"]), ["q5"]);
    assert_eq!(earlier(&lead.get(&austria).await.json["rows"]), ["q5"]);
});

on_both!(a_draft_from_before_a_correction_counts_for_the_earlier_wording, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be, fr) = (
        app.coordinator("AT").await,
        app.coordinator("BE").await,
        app.coordinator("FR").await,
    );
    for (client, office) in [(&at, "AT"), (&be, "BE"), (&fr, "FR")] {
        let response = format!("{path}/responses/{office}");
        client.put(&response, &answers(office)).await.expect(201);
    }
    correct(&lead, &path, &correction()).await.expect(201);
    let submit = |client: Client, office: &'static str| {
        let response = format!("{path}/responses/{office}");
        async move {
            let tag = etag(&client, &response).await;
            let submission = format!("{response}/submission");
            client.post_if(&submission, &tag, &json!({})).await.expect(200).json
        }
    };
    // As it is; saved again; confirmed before it is submitted.
    assert_eq!(earlier(&submit(at.clone(), "AT").await["rows"]), ["q5"]);
    let q5 = format!("{path}/responses/BE/answers/q5");
    let drafted = be.get(&q5).await.expect(200);
    assert_eq!(
        (&drafted.json["revision"], &drafted.json["earlierWording"]),
        (&json!(1), &json!(true))
    );
    let saved = be
        .put_if(&q5, &drafted.etag(), &drafted.json["answer"])
        .await
        .expect(200);
    assert_eq!(
        (&saved.json["revision"], &saved.json["earlierWording"]),
        (&json!(2), &json!(false))
    );
    assert!(earlier(&submit(be.clone(), "BE").await["rows"]).is_empty());
    let confirmed = confirm(&fr, &format!("{path}/responses/FR"), &[("q5", 2)])
        .await
        .expect(200)
        .json;
    assert!(earlier(&confirmed["draft"]).is_empty());
    assert_eq!(confirmed["status"], "drafting");
    assert!(earlier(&submit(fr.clone(), "FR").await["rows"]).is_empty());
    // What was drafted otherwise since is not confirmed with what was submitted.
    let response = format!("{path}/responses/AT");
    let stale = json!({"reason": "A word.", "questions": [{"id": "q2", "text": "How is that done?"}]});
    let q2 = format!("{response}/answers/q2");
    at.put_if(&q2, &etag(&at, &q2).await, &json!({"text": "Otherwise."}))
        .await
        .expect(200);
    correct(&lead, &path, &stale).await.expect(201);
    let confirmed = confirm(&at, &response, &[("q2", 2), ("q5", 2)]).await.expect(200).json;
    assert!(earlier(&confirmed["rows"]).is_empty());
    assert_eq!(earlier(&confirmed["draft"]), ["q2"]);
});

on_both!(an_edition_says_so_and_keeps_its_wording, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    for (client, office) in [(&at, "AT"), (&be, "BE")] {
        answered(client, &path, office, &answers(office)).await;
    }
    app.set_clock("2026-12-02T09:00:00Z");
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let at = app.sign_in("at.coordinator@example.org").await;
    compiled(&lead, &path).await;
    let body = json!({"reason": "The year.", "background": "Why we ask.", "questions": [{"id": "q5", "text": NEW}]});
    correct(&lead, &path, &body).await.expect(201);
    let edition = |number: i32| format!("{path}/editions/{number}?format=json&circle=network");
    let view = |reply: Reply| reply.expect(200).json["view"].clone();
    assert_eq!(
        lead.get(&format!("{path}/editions")).await.json["items"][0]["stale"],
        false,
        "no response has changed"
    );
    compiled(&lead, &path).await;
    let second = view(lead.get(&edition(2)).await);
    assert_eq!(second["questions"][4]["text"], NEW);
    assert_eq!(earlier(&second["responses"][0]["rows"]), ["q5"]);
    assert_eq!(
        second["changes"],
        json!(["Background: wording corrected", "Question 5: wording corrected"])
    );
    let printed = lead
        .get(&format!("{path}/editions/2?format=html"))
        .await
        .expect(200)
        .text;
    assert_eq!(printed.matches("Given to the earlier wording.").count(), 2);
    let rows = lead
        .get(&format!("{path}/editions/2?format=csv"))
        .await
        .expect(200)
        .text;
    assert_eq!(rows.lines().filter(|line| line.ends_with(",earlier,")).count(), 2);
    confirm(&at, &format!("{path}/responses/AT"), &[("q5", 2)])
        .await
        .expect(200);
    compiled(&lead, &path).await;
    let third = view(lead.get(&edition(3)).await);
    assert_eq!(earlier(&third["responses"][0]["rows"]), [] as [String; 0]);
    assert_eq!(earlier(&third["responses"][1]["rows"]), ["q5"]);
    assert_eq!(third["changes"], json!(["Austria: confirmed (question 5)"]));

    // What takes the place of an edition after a narrowing has its wording and its marks: nothing newer slips in.
    correct(
        &lead,
        &path,
        &json!({"reason": "A word.", "background": "Why.", "questions": [{"id": "q5", "text": "How many, in 2025?"}]}),
    )
    .await
    .expect(201);
    let response = format!("{path}/responses/AT");
    let narrower = json!({"circle": "requester", "questions": ["q6"]});
    at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &narrower)
        .await
        .expect(200);
    let fourth = view(lead.get(&edition(4)).await);
    assert_eq!(
        (&fourth["questions"], &fourth["background"]),
        (&third["questions"], &third["background"])
    );
    for office in 0..2 {
        assert_eq!(
            earlier(&fourth["responses"][office]["rows"]),
            earlier(&third["responses"][office]["rows"])
        );
    }
    assert_eq!(fourth["responses"][0]["rows"][5]["shown"], "restricted");
    assert_eq!(fourth["changes"], json!(["Austria: changed (question 6)"]));
});

on_both!(a_form_from_before_a_correction_is_refused, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let address = format!("{path}/responses/AT/word-form");
    let form = at.get(&address).await.expect(200);
    correct(&lead, &path, &correction()).await.expect(201);
    let filled = Form::open(&form.bytes).typed("q1.answer", "Yes");
    let refused = at.upload(&address, filled.saved()).await.expect(409);
    assert_eq!(refused.code(), "stale_form");
    let new = at.get(&address).await.expect(200);
    assert!(new.text.contains(NEW));
    at.upload(&address, Form::open(&new.bytes).saved()).await.expect(200);
});

on_both!(a_correction_is_mailed_to_everybody_asked, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let mut restricted = answers("AT");
    restricted["answers"]["q5"] = json!({"number": {"value": "77731"}, "circle": "requester"});
    answered(&at, &path, "AT", &restricted).await;
    let settings = "/me/notifications";
    let tag = etag(&at, settings).await;
    at.put_if(settings, &tag, &json!({"mail": "at_once"})).await.expect(200);
    let sent = app.deliver().await.len();
    correct(&lead, &path, &correction()).await.expect(201);
    let mails = app.deliver().await.split_off(sent);
    let to = |address: &str| {
        let found = mails.iter().find(|mail| mail.to.address == address);
        found.unwrap_or_else(|| panic!("nothing to {address}"))
    };
    assert_eq!(
        mails.len(),
        27,
        "25 that were asked, the Commission, and one who wants all at once"
    );
    let austria = &to("ncp-at@example.org").content;
    assert_eq!(
        austria.subject(),
        "[EMN AHQ 2026.1] Correction of question 5: Missing unaccompanied minors"
    );
    insta::assert_snapshot!("answered", austria.text());
    to("at.coordinator@example.org");
    insta::assert_snapshot!("not_answered", to("ncp-be@example.org").content.text());
    assert!(
        to("com@example.org")
            .content
            .text()
            .contains("Earlier wording:\nHow many?")
    );
    for mail in &mails {
        assert!(!mail.content.text().contains("77731") && !mail.content.html().contains("77731"));
    }
    // Nothing is mailed of a query that was withdrawn meanwhile.
    correct(&lead, &path, &json!({"reason": "A word.", "background": "Why."}))
        .await
        .expect(201);
    let withdrawal = json!({"reason": "Asked elsewhere."});
    lead.post_if(&format!("{path}/withdrawal"), &etag(&lead, &path).await, &withdrawal)
        .await
        .expect(200);
    let after = app.deliver().await.split_off(sent + mails.len());
    assert!(after.iter().all(|mail| !mail.content.subject().contains("Correction")));
});

on_both!(corrections_cost_a_known_number_of_statements, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    let tag = etag(&lead, &path).await;
    let before = app.statements();
    lead.post_if(&format!("{path}/corrections"), &tag, &correction())
        .await
        .expect(201);
    let correcting = app.statements() - before;
    let response = format!("{path}/responses/AT");
    let tag = etag(&at, &response).await;
    let before = app.statements();
    let stands = json!({"questions": [{"id": "q5", "revision": 2}]});
    at.post_if(&format!("{response}/confirmation"), &tag, &stands)
        .await
        .expect(200);
    let confirming = app.statements() - before;
    let before = app.statements();
    lead.get(&format!("{path}/corrections")).await.expect(200);
    let listing = app.statements() - before;
    let before = app.statements();
    lead.get(&path).await.expect(200);
    assert_eq!(
        (correcting, confirming, listing, app.statements() - before),
        (8, 17, 3, 3)
    );
});
