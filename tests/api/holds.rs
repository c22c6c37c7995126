//! Holds: what is suspended leaves every artefact at once, and is there again as it was.

use ahq_harness::{App, Client, Reply};
use reqwest::Method;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, compiled, etag, launched};

const SUSPENDED: &str = "This response is suspended.";
const FORMATS: [&str; 3] = ["html", "json", "csv"];

/// A published query of Luxembourg with responses of Austria and Belgium, and who is signed in after that.
struct Scene {
    path: String,
    lead: Client,
    at: Client,
    be: Client,
    com: Client,
    sp: Client,
}

async fn published(app: &App) -> Scene {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    for office in ["AT", "BE"] {
        let client = app.coordinator(office).await;
        answered(&client, &path, office, &answers(office)).await;
    }
    for office in ["COM", "SP"] {
        app.coordinator(office).await;
    }
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let tag = etag(&lead, &path).await;
    let publication = json!({"edition": 1});
    lead.post_if(&format!("{path}/publication"), &tag, &publication)
        .await
        .expect(200);
    app.set_clock("2026-12-10T09:00:00Z");
    app.deliver().await;
    Scene {
        path,
        lead: app.sign_in_coordinator("LU").await,
        at: app.sign_in_coordinator("AT").await,
        be: app.sign_in_coordinator("BE").await,
        com: app.sign_in_coordinator("COM").await,
        sp: app.sign_in_coordinator("SP").await,
    }
}

async fn hold(client: &Client, path: &str, body: &Value) -> Reply {
    client.post(&format!("{path}/holds"), body).await
}

async fn lifting(client: &Client, address: &str) -> Reply {
    client.send(client.request(Method::DELETE, address)).await
}

/// Everything of a query that somebody reads, in every view and format they get: each text with its address.
async fn everything(app: &App, client: &Client, path: &str) -> Vec<(String, String)> {
    let mut addresses: Vec<String> = [
        "",
        "/responses",
        "/responses/AT",
        "/responses/AT/versions",
        "/responses/AT/versions/1",
        "/comparison",
        "/summary",
        "/editions",
        "/editions/1",
    ]
    .map(|part| format!("{path}{part}"))
    .into();
    for format in FORMATS {
        for circle in ["requester", "network", "public"] {
            for order in ["country", "question"] {
                addresses.push(format!(
                    "{path}/editions/1?format={format}&circle={circle}&order={order}"
                ));
            }
        }
        addresses.push(format!("/public{path}/edition?format={format}"));
    }
    addresses.push("/public/queries".to_owned());
    addresses.push("/feeds/queries.atom".to_owned());
    let mut read = Vec::new();
    for address in addresses {
        let reply = client.get(&address).await;
        if reply.status == 200 {
            read.push((address, reply.text));
        }
    }
    let asked = client
        .post("/exports", &json!({"formats": ["html", "csv", "json"]}))
        .await;
    if asked.status == 201 {
        while app.exchange().make_export().await.expect("a document") {}
        let file = format!("/exports/{}/file", asked.json["id"].as_str().expect("an id"));
        let archive = client.get(&file).await;
        read.extend(ahq_harness::text::files(&archive.bytes));
    }
    read
}

/// Where these words stand.
fn found(read: &[(String, String)], words: &[&str]) -> Vec<String> {
    let hit = |text: &str| words.iter().any(|word| text.contains(word));
    let hits = read.iter().filter(|(_, text)| hit(text));
    hits.map(|(address, _)| address.clone()).collect()
}

on_both!(a_suspended_response_leaves_everything_but_its_own_office, |app| {
    let Scene {
        path,
        lead,
        at,
        be,
        com,
        sp,
    } = published(&app).await;
    let words = ["Text of AT.", "Comment of AT."];
    let public = app.public();
    let readers = [&lead, &be, &com, &sp, &public];
    let mut before = Vec::new();
    for reader in readers {
        let read = everything(&app, reader, &path).await;
        assert!(!found(&read, &words).is_empty(), "there is something to suspend");
        before.push(read);
    }
    let placed = hold(&com, &path, &json!({"office": "AT", "reason": "It names a person."}))
        .await
        .expect(201);
    for reader in readers {
        let read = everything(&app, reader, &path).await;
        assert_eq!(found(&read, &words), Vec::<String>::new());
        assert!(found(&read, &["Text of BE."]).len() >= 3, "the other response is read");
        let documents: Vec<_> = read
            .iter()
            .filter(|(address, _)| address.contains("format=html"))
            .collect();
        assert!(!documents.is_empty());
        for (address, text) in documents {
            assert!(text.contains(SUSPENDED), "{address} says so");
            assert!(text.contains("Austria"), "{address} names the country");
            assert!(
                text.contains("2 December 2026, edition 1"),
                "{address} bears its number"
            );
            assert!(
                text.contains("1 response is not counted here, being suspended"),
                "{address}"
            );
        }
    }
    // Its own office reads it.
    let own = at.get(&format!("{path}/responses/AT")).await.expect(200);
    assert!(own.text.contains("Text of AT."));
    let version = at.get(&format!("{path}/responses/AT/versions/1")).await.expect(200);
    assert!(version.text.contains("Text of AT."));
    let edition = lead.get(&format!("{path}/editions")).await.expect(200);
    assert_eq!(edition.json["items"][0]["withoutAnswers"], true);
    assert_eq!(edition.json["items"][0]["held"], false);
    // Others cannot lift it, not even who placed it.
    let address = format!("{path}/holds/{}", placed.json["id"].as_str().expect("an id"));
    for client in [&lead, &be, &com, &sp] {
        assert_eq!(lifting(client, &address).await.expect(403).code(), "answering_office");
    }
    let lifted = lifting(&at, &address).await.expect(200);
    assert_eq!(lifted.json["liftedBy"], "AT");
    assert_eq!(lifting(&at, &address).await.expect(409).code(), "already_lifted");
    for (reader, before) in readers.iter().zip(before) {
        let frozen = |read: Vec<(String, String)>| -> Vec<(String, String)> {
            let editions = |address: &String| address.contains("/edition") && address.contains("format=");
            read.into_iter().filter(|(address, _)| editions(address)).collect()
        };
        assert_eq!(
            frozen(everything(&app, reader, &path).await),
            frozen(before),
            "as before, byte for byte"
        );
    }
});

on_both!(a_suspended_answer_takes_those_that_hang_on_it_along, |app| {
    let scene = published(&app).await;
    let path = &scene.path;
    let placed = hold(
        &scene.at,
        path,
        &json!({"office": "AT", "question": "q1", "reason": "Wrong."}),
    )
    .await
    .expect(201);
    for (address, rows) in [
        (format!("{path}/responses/AT"), "/rows"),
        (format!("{path}/responses/AT/versions/1"), "/rows"),
        (format!("{path}/comparison"), "/responses/0/rows"),
        (format!("{path}/editions/1"), "/view/responses/0/rows"),
    ] {
        let read = scene.lead.get(&address).await.expect(200);
        let rows = read.json.pointer(rows).expect("rows").clone();
        let shown: Vec<_> = (0..3).map(|row| rows[row]["shown"].clone()).collect();
        assert_eq!(shown, ["suspended", "suspended", "answer"], "{address}");
        assert!(!read.text.contains("Text of AT."), "{address}");
    }
    let edition = scene.lead.get(&format!("{path}/editions/1")).await.expect(200);
    let list = scene.lead.get(&format!("{path}/editions")).await.expect(200);
    assert_ne!(edition.json["sha256"], list.json["items"][0]["views"][0]["sha256"]);
    let figure = &edition.json["view"]["comparison"][0];
    assert_eq!(
        (&figure["answers"], &figure["leftOut"], &figure["suspended"]),
        (&json!(1), &json!(0), &json!(1))
    );
    // An edition made meanwhile freezes the answer, and shows it once that may be.
    let tag = etag(&scene.lead, path).await;
    let second = scene
        .lead
        .post_if(&format!("{path}/editions"), &tag, &json!({}))
        .await
        .expect(201);
    assert_eq!(second.json["withoutAnswers"], true);
    let lead = &scene.lead;
    assert!(
        !lead
            .get(&format!("{path}/editions/2"))
            .await
            .expect(200)
            .text
            .contains("Text of AT.")
    );
    let address = format!("{path}/holds/{}", placed.json["id"].as_str().expect("an id"));
    lifting(&scene.at, &address).await.expect(200);
    assert!(
        lead.get(&format!("{path}/editions/2"))
            .await
            .expect(200)
            .text
            .contains("Text of AT.")
    );
});

on_both!(
    a_summary_signed_before_is_left_out_while_something_is_suspended,
    |app| {
        let scene = published(&app).await;
        let (path, lead) = (&scene.path, &scene.lead);
        let summary = format!("{path}/summary?circle=network");
        let text = json!({"background": "Why.", "respondents": "Who.", "findings": "Austria says Text of AT."});
        let saved = lead
            .put_if(&summary, &etag(lead, &summary).await, &text)
            .await
            .expect(200);
        let signature = format!("{path}/summary/signature?circle=network");
        lead.post_if(&signature, &saved.etag(), &json!({})).await.expect(200);
        let edition = format!("{path}/editions/1?circle=network&format=html");
        assert!(scene.be.get(&edition).await.expect(200).text.contains("Austria says"));
        hold(&scene.at, path, &json!({"office": "AT", "reason": "Wrong."}))
            .await
            .expect(201);
        assert!(!scene.be.get(&edition).await.expect(200).text.contains("Austria says"));
        // The mail that waits says nothing of it either.
        let told = app.deliver().await;
        let compilation = told
            .iter()
            .rev()
            .find(|mail| mail.content.subject().contains("ompilation"));
        assert!(compilation.is_some_and(|mail| !mail.content.text().contains("Austria says")));
        // One that is signed knowing of it is read.
        app.pass(chrono::Duration::minutes(1));
        let changed = json!({"background": "Why.", "respondents": "Who.", "findings": "Belgium says."});
        let saved = lead
            .put_if(&summary, &etag(lead, &summary).await, &changed)
            .await
            .expect(200);
        lead.post_if(&signature, &saved.etag(), &json!({})).await.expect(200);
        assert!(scene.be.get(&edition).await.expect(200).text.contains("Belgium says."));
    }
);

on_both!(a_suspended_edition_is_read_by_nobody, |app| {
    let scene = published(&app).await;
    let path = &scene.path;
    let (lead, public) = (&scene.lead, app.public());
    let edition = format!("{path}/editions/1");
    let open = format!("/public{path}/edition");
    public.get(&open).await.expect(200);
    let asked = lead.post("/exports", &json!({"formats": ["json"]})).await.expect(201);
    while app.exchange().make_export().await.expect("a document") {}
    let placed = hold(&scene.sp, path, &json!({"edition": 1, "reason": "Its table is wrong."}))
        .await
        .expect(201);
    let again = hold(lead, path, &json!({"edition": 1, "reason": "It is."})).await;
    assert_eq!(again.expect(409).code(), "already_held");
    for client in [lead, &scene.at, &scene.com, &scene.sp] {
        assert_eq!(client.get(&edition).await.expect(403).code(), "held");
        assert_eq!(
            client.get(&format!("{edition}?format=pdf")).await.expect(403).code(),
            "held"
        );
    }
    public.get(&open).await.expect(404);
    assert_eq!(public.get("/public/queries").await.expect(200).json["items"], json!([]));
    assert!(
        !public
            .get("/feeds/queries.atom")
            .await
            .expect(200)
            .text
            .contains("<entry>")
    );
    assert_eq!(lead.get(path).await.expect(200).json["status"], "compiled");
    let listed = lead.get("/queries?status=compiled").await.expect(200);
    assert_eq!(listed.json["items"][0]["status"], "compiled");
    let list = lead.get(&format!("{path}/editions")).await.expect(200);
    assert_eq!(list.json["items"][0]["held"], true);
    assert_eq!(list.json["items"][0]["actions"], json!([]));
    let file = format!("/exports/{}/file", asked.json["id"].as_str().expect("an id"));
    let texts = ahq_harness::text::files(&lead.get(&file).await.bytes);
    assert_eq!(found(&texts, &["Text of AT."]), Vec::<String>::new());
    assert!(!found(&texts, &["It is suspended."]).is_empty());
    let tag = etag(lead, path).await;
    let publication = json!({"edition": 1});
    let refused = lead.post_if(&format!("{path}/publication"), &tag, &publication).await;
    refused.expect(409);
    // What takes its place after a narrowing is suspended too.
    let response = format!("{path}/responses/AT");
    let circle = json!({"circle": "requester", "questions": ["q2"]});
    scene
        .at
        .put_if(
            &format!("{response}/circles"),
            &etag(&scene.at, &response).await,
            &circle,
        )
        .await
        .expect(200);
    assert_eq!(lead.get(&format!("{path}/editions/2")).await.expect(403).code(), "held");
    public.get(&open).await.expect(404);
    let holds = lead.get(&format!("{path}/holds")).await.expect(200);
    assert_eq!(holds.json["items"][0]["editions"], json!([1, 2]));
    // The requesters lift it, the answering office does not.
    let address = format!("{path}/holds/{}", placed.json["id"].as_str().expect("an id"));
    assert_eq!(
        lifting(&scene.at, &address).await.expect(403).code(),
        "not_the_requester"
    );
    lifting(lead, &address).await.expect(200);
    lead.get(&format!("{path}/editions/2")).await.expect(200);
    public.get(&open).await.expect(200);
});

on_both!(another_edition_is_published_instead_of_a_suspended_one, |app| {
    let scene = published(&app).await;
    let (path, lead) = (&scene.path, &scene.lead);
    let placed = hold(lead, path, &json!({"edition": 1, "reason": "Wrong."}))
        .await
        .expect(201);
    compiled(lead, path).await;
    let tag = etag(lead, path).await;
    lead.post_if(&format!("{path}/publication"), &tag, &json!({"edition": 2}))
        .await
        .expect(200);
    app.pass(chrono::Duration::days(10));
    let open = app.public().get(&format!("/public{path}/edition")).await.expect(200);
    assert_eq!(open.json["view"]["edition"], 2);
    let address = format!("{path}/holds/{}", placed.json["id"].as_str().expect("an id"));
    lifting(lead, &address).await.expect(200);
    let open = app.public().get(&format!("/public{path}/edition")).await.expect(200);
    assert_eq!(open.json["view"]["edition"], 2);
});

on_both!(who_is_concerned_is_told_and_it_is_written_down, |app| {
    let scene = published(&app).await;
    let path = &scene.path;
    let before = app.deliver().await.len();
    let reason = json!({"office": "AT", "question": "q5", "reason": "The figure is of another year."});
    let placed = hold(&scene.lead, path, &reason).await.expect(201);
    let told = app.deliver().await.split_off(before);
    insta::assert_snapshot!("hold_placed_mail", told.first().expect("a mail").content.text());
    let mut to: Vec<_> = told.iter().map(|mail| mail.to.address.clone()).collect();
    to.sort();
    assert_eq!(to.len(), 3, "{to:?}");
    let address = format!("{path}/holds/{}", placed.json["id"].as_str().expect("an id"));
    lifting(&scene.at, &address).await.expect(200);
    assert_eq!(app.deliver().await.len(), before + 6);
    // The holds of its own answers are for their office; others of the audience see none.
    let list = |reply: Reply| reply.json["items"].as_array().map(Vec::len);
    let holds = format!("{path}/holds");
    assert_eq!(list(scene.at.get(&holds).await.expect(200)), Some(1));
    assert_eq!(list(scene.com.get(&holds).await.expect(200)), Some(1));
    assert_eq!(list(scene.be.get(&holds).await.expect(200)), Some(0));
    app.exchange().seal_audit(None).await.expect("the events are sealed");
    let trail = scene.at.get("/offices/AT/audit").await.expect(200);
    for action in ["hold.placed", "hold.lifted"] {
        assert!(trail.text.contains(action), "{action}");
    }
    assert!(!trail.text.contains("another year"), "a reason may quote an answer");
});

on_both!(all_faults_of_a_hold_are_named, |app| {
    let scene = published(&app).await;
    let (path, lead) = (&scene.path, &scene.lead);
    for (body, faults) in [
        (json!({"reason": " "}), vec!["", "/reason"]),
        (json!({"reason": "R", "office": "AT", "edition": 1}), vec!["/edition"]),
        (
            json!({"reason": " ", "office": "XX9", "question": "q99"}),
            vec!["/office", "/question", "/reason"],
        ),
        (json!({"reason": "R", "office": "FR"}), vec!["/office"]),
        (json!({"reason": "R", "edition": 9}), vec!["/edition"]),
        (json!({"reason": "R", "question": "q1"}), vec!["/office"]),
    ] {
        let refused = hold(lead, path, &body).await;
        let refused = refused.expect(400);
        let mut pointers: Vec<_> = refused.json["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|fault| fault["pointer"].as_str().expect("a pointer").to_owned())
            .collect();
        pointers.sort();
        assert_eq!(pointers, faults, "{body}");
    }
    let (draft, _) = crate::scenario::drafted(lead, &crate::scenario::draft()).await;
    let refused = hold(lead, &draft, &json!({"reason": "R", "edition": 1})).await;
    assert_eq!(refused.expect(409).code(), "wrong_status");
    lifting(lead, &format!("{path}/holds/nothing")).await.expect(404);
    // An office of the audience suspends its own answers only.
    let other = hold(&scene.be, path, &json!({"reason": "R", "office": "AT"})).await;
    other.expect(403);
});

on_both!(what_is_unpublished_leaves_every_public_artefact, |app| {
    let scene = published(&app).await;
    let (path, lead) = (&scene.path, &scene.lead);
    let public = app.public();
    let words = ["Text of AT.", "missing unaccompanied minors"];
    assert!(!found(&everything(&app, &public, path).await, &words).is_empty());
    let tag = etag(lead, path).await;
    lead.delete_if(&format!("{path}/publication"), &tag).await.expect(200);
    assert_eq!(
        found(&everything(&app, &public, path).await, &words),
        Vec::<String>::new()
    );
    assert_eq!(lead.get(path).await.expect(200).json["status"], "compiled");
    assert!(
        lead.get(&format!("{path}/editions/1"))
            .await
            .expect(200)
            .text
            .contains("Text of AT.")
    );
});

on_both!(the_one_compilation_mail_waits_for_a_suspended_edition, |app| {
    let scene = published(&app).await;
    let (path, lead) = (&scene.path, &scene.lead);
    let hold_edition = json!({"edition": 1, "reason": "Its table is wrong."});
    let place = async || {
        let placed = hold(lead, path, &hold_edition).await.expect(201);
        format!("{path}/holds/{}", placed.json["id"].as_str().expect("an id"))
    };
    let compilations = async || {
        let mails = app.deliver().await;
        let subjects = mails.iter().map(|mail| mail.content.subject());
        subjects.filter(|subject| subject.contains("Compilation:")).count()
    };
    let address = place().await;
    let dispatch = format!("{path}/dispatch");
    let refused = lead.post_if(&dispatch, &etag(lead, path).await, &json!({})).await;
    assert_eq!(refused.expect(409).code(), "held");
    let summary = format!("{path}/summary");
    let read = lead.get(&summary).await.expect(200);
    assert_eq!(read.json["actions"], json!(["change"]));
    let refused = lead
        .post_if(&format!("{summary}/signature"), &read.etag(), &json!({}))
        .await;
    assert_eq!(refused.expect(409).code(), "held");
    lifting(lead, &address).await.expect(200);

    // It is suspended again after it was sent for, and before it left.
    lead.post_if(&dispatch, &etag(lead, path).await, &json!({}))
        .await
        .expect(200);
    let address = place().await;
    assert_eq!(compilations().await, 0);
    app.pass(chrono::Duration::days(6));
    assert_eq!(compilations().await, 0, "however long that lasts");
    let lead = &app.sign_in_coordinator("LU").await;
    lifting(lead, &address).await.expect(200);
    app.pass(chrono::Duration::hours(1));
    assert_eq!(compilations().await, 26);
});

on_both!(of_a_withdrawn_query_is_told_what_becomes_of_its_editions, |app| {
    let scene = published(&app).await;
    let (path, lead) = (&scene.path, &scene.lead);
    lead.delete_if(&format!("{path}/publication"), &etag(lead, path).await)
        .await
        .expect(200);
    let reason = json!({"reason": "Asked elsewhere."});
    lead.post_if(&format!("{path}/withdrawal"), &etag(lead, path).await, &reason)
        .await
        .expect(200);
    let before = app.deliver().await.len();
    let placed = hold(
        &scene.com,
        path,
        &json!({"office": "AT", "reason": "It names a person."}),
    )
    .await
    .expect(201);
    assert_eq!(app.deliver().await.len(), before + 3);
    let address = format!("{path}/holds/{}", placed.json["id"].as_str().expect("an id"));
    lifting(&scene.at, &address).await.expect(200);
    assert_eq!(app.deliver().await.len(), before + 6);
    let response = format!("{path}/responses/AT");
    let circle = json!({"circle": "requester"});
    let narrow = format!("{response}/circles");
    scene
        .at
        .put_if(&narrow, &etag(&scene.at, &response).await, &circle)
        .await
        .expect(200);
    let told = app.deliver().await.split_off(before + 6);
    let replaced = told
        .iter()
        .filter(|mail| mail.content.subject().contains("replaced by edition"));
    assert_eq!(replaced.count(), 26, "those who were asked and the service provider");
});
