//! Attachments: uploaded, listed, submitted with their answers, compiled, narrowed, published, and refused.

use ahq_harness::Client;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched};

const TEXT: &str = "text/plain";
/// In each of these a file that the reader may have is named.
const FORMATS: [&str; 6] = ["html", "pdf", "docx", "xlsx", "csv", "json"];

fn files(path: &str, office: &str, question: &str) -> String {
    format!("{path}/responses/{office}/answers/{question}/attachments")
}

async fn attached(client: &Client, files: &str, name: &str, text: &str) -> String {
    let made = client.attach(files, TEXT, name, text).await.expect(201);
    let id = made.json["id"].as_str().expect("an id");
    format!("{files}/{id}")
}

/// Saves the answers of an office, changes their circles, attaches a file to each of them, and submits.
async fn answered_with_files(client: &Client, path: &str, office: &str, circles: &[(&str, &str)]) -> Vec<String> {
    let response = format!("{path}/responses/{office}");
    let mut body = answers(office);
    for (question, circle) in circles {
        body["answers"][*question]["circle"] = json!(circle);
    }
    client.put(&response, &body).await.expect(201);
    let mut made = Vec::new();
    for (question, circle) in circles {
        let name = format!("{office}{circle}.txt");
        made.push(attached(client, &files(path, office, question), &name, &name).await);
    }
    let tag = etag(client, &response).await;
    client
        .post_if(&format!("{response}/submission"), &tag, &json!({}))
        .await
        .expect(200);
    made
}

on_both!(a_file_is_of_its_office_alone_until_it_is_submitted, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    let expert = app.user("AT", ahq_domain::user::Role::Expert).await;
    let q1 = files(&path, "AT", "q1");
    // The draft is begun with its first file.
    let made = expert
        .attach(&q1, TEXT, "../Größe \u{202e}der\r\n Städte?.TXT", "Wörter")
        .await
        .expect(201);
    let (id, hash) = (made.json["id"].clone(), made.json["sha256"].clone());
    let file = format!("{q1}/{}", id.as_str().expect("an id"));
    assert_eq!(made.header("location"), Some(format!("/api/v1{file}")));
    assert_eq!(made.json["name"], "Größe der Städte_.TXT");
    assert_eq!(
        (&made.json["mediaType"], &made.json["bytes"]),
        (&json!("text/plain"), &json!(7))
    );
    let listed = at.get(&q1).await.expect(200);
    assert_eq!(listed.json["items"], json!([made.json]));

    let got = at.get(&file).await.expect(200);
    assert_eq!(got.bytes, "Wörter".as_bytes());
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        (
            "content-disposition",
            "attachment; filename=\"Gr__e der St_dte_.TXT\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20der%20St%C3%A4dte_.TXT",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(got.header(name).as_deref(), Some(value), "{name}");
    }
    assert!(
        got.header("repr-digest")
            .is_some_and(|digest| digest.starts_with("sha-256=:"))
    );
    assert_eq!(got.etag(), format!("\"{}\"", hash.as_str().expect("a hash")));
    let again = at
        .request(reqwest::Method::GET, &file)
        .header("If-None-Match", got.etag());
    assert_eq!(at.send(again).await.status, 304);

    for (client, status) in [(&lead, 404), (&be, 404), (&app.public(), 401)] {
        client.get(&file).await.expect(status);
    }
    for (client, status) in [(&lead, 403), (&be, 403)] {
        client.attach(&q1, TEXT, "x", "x").await.expect(status);
        client.delete(&file).await.expect(status);
    }
    // A file whose question has no answer is told with everything else that is missing.
    let response = format!("{path}/responses/AT");
    let submission = format!("{response}/submission");
    let refused = at
        .post_if(&submission, &etag(&at, &response).await, &json!({}))
        .await
        .expect(400);
    let faults = refused.faults();
    assert!(faults.contains(&("/answers/q1".to_owned(), "attachment_without_answer".to_owned())));
    assert!(faults.contains(&("/answers/q1".to_owned(), "missing_answer".to_owned())));
    let saved = at
        .put_if(&response, &etag(&at, &response).await, &answers("AT"))
        .await
        .expect(200);
    let draft = saved.json["draft"].as_array().expect("a draft");
    let first = draft.iter().find(|answer| answer["question"] == "q1").expect("q1");
    assert_eq!(first["answer"]["attachments"], json!([made.json]));
    // What was read is saved back as it is.
    let read = at.get(&format!("{response}/answers/q1")).await.expect(200);
    at.put_if(&format!("{response}/answers/q1"), &read.etag(), &read.json["answer"])
        .await
        .expect(200);
    let submitted = at
        .post_if(&submission, &etag(&at, &response).await, &json!({}))
        .await
        .expect(200);
    assert_eq!(submitted.json["rows"][0]["answer"]["attachments"], json!([made.json]));

    let seen = lead.get(&response).await.expect(200);
    assert_eq!(seen.json["rows"][0]["answer"]["attachments"], json!([made.json]));
    lead.get(&file).await.expect(200);
    assert_eq!(lead.get(&q1).await.expect(200).json["items"], json!([made.json]));
    be.get(&file).await.expect(404);
    be.get(&q1).await.expect(403);
});

/// Which of the files somebody may have.
async fn had(client: &Client, files: &[String]) -> Vec<bool> {
    let mut had = Vec::new();
    for file in files {
        let status = client.get(file).await.status;
        assert!([200, 401, 403, 404].contains(&status), "{status} for {file}");
        had.push(status == 200);
    }
    had
}

/// The names that an edition shows in a format.
async fn shown(client: &Client, path: &str, edition: i64, query: &str, format: &str) -> Vec<&'static str> {
    let document = client
        .get(&format!("{path}/editions/{edition}?format={format}{query}"))
        .await
        .expect(200);
    ["ATrequester", "ATnetwork", "ATpublic"]
        .into_iter()
        .filter(|name| document.text.contains(&format!("{name}.txt")))
        .collect()
}

on_both!(a_file_goes_as_far_as_its_answer, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, be, com) = (
        app.coordinator("AT").await,
        app.coordinator("BE").await,
        app.coordinator("COM").await,
    );
    // The second question hangs on the first, so what is beside it goes no further.
    let circles = [
        ("q1", "network"),
        ("q2", "public"),
        ("q3", "requester"),
        ("q5", "public"),
    ];
    let made = answered_with_files(&at, &path, "AT", &circles).await;
    assert_eq!(had(&lead, &made).await, [true; 4]);
    assert_eq!(had(&com, &made).await, [true; 4]);
    assert_eq!(had(&be, &made).await, [false; 4], "before the first edition");
    app.set_clock("2026-12-02T09:00:00Z");
    let edition = compiled(&lead, &path).await;
    assert_eq!(had(&be, &made).await, [true, true, false, true]);
    for format in FORMATS {
        let all = ["ATrequester", "ATnetwork", "ATpublic"];
        assert_eq!(shown(&lead, &path, edition, "", format).await, all, "{format}");
        assert_eq!(shown(&be, &path, edition, "", format).await, all[1..], "{format}");
        assert_eq!(
            shown(&be, &path, edition, "&circle=public", format).await,
            all[2..],
            "{format}"
        );
    }
    let json = lead
        .get(&format!("{path}/editions/{edition}?format=json"))
        .await
        .expect(200);
    let listed = json.json["view"]["responses"][0]["rows"][0]["attachments"].clone();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    // A restricted row tells not even how many there are.
    let json = be
        .get(&format!("{path}/editions/{edition}?format=json"))
        .await
        .expect(200);
    assert_eq!(json.json["view"]["responses"][0]["rows"][2]["attachments"], Value::Null);

    let response = format!("{path}/responses/AT");
    let narrowing = json!({"circle": "requester", "questions": ["q1"]});
    at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &narrowing)
        .await
        .expect(200);
    assert_eq!(had(&be, &made).await, [false, false, false, true], "at once");
    assert_eq!(had(&lead, &made).await, [true; 4]);
    let edition = lead.get(&format!("{path}/editions")).await.expect(200).json["items"][0]["number"].clone();
    let edition = edition.as_i64().expect("a number");
    assert_eq!(shown(&be, &path, edition, "", "html").await, ["ATpublic"]);

    // The public has what the public view lists, where that says it is.
    let public: Vec<String> = made
        .iter()
        .map(|file| {
            let id = file.rsplit('/').next().expect("an id");
            format!("/public{path}/attachments/{id}")
        })
        .collect();
    assert_eq!(had(&app.public(), &public).await, [false; 4]);
    lead.post_if(
        &format!("{path}/publication"),
        &etag(&lead, &path).await,
        &json!({"edition": edition}),
    )
    .await
    .expect(200);
    app.set_clock("2026-12-12T09:00:00Z");
    let (at, be) = (
        app.sign_in("at.coordinator@example.org").await,
        app.sign_in("be.coordinator@example.org").await,
    );
    assert_eq!(had(&app.public(), &public).await, [false, false, false, true]);
    let page = app
        .public()
        .get(&format!("/public{path}/edition?format=html"))
        .await
        .expect(200);
    let id = made[3].rsplit('/').next().expect("an id");
    assert!(page.text.contains(&format!("/attachments/{id}\"")) && page.text.contains("ATpublic.txt"));

    // Retracted, it is in what was compiled still, and nowhere else.
    at.post_if(
        &format!("{response}/retraction"),
        &etag(&at, &response).await,
        &json!({"reason": "Wrong."}),
    )
    .await
    .expect(200);
    assert_eq!(had(&be, &made).await, [false, false, false, true]);
    be.get(&response).await.expect(404);
});

on_both!(a_suspended_answer_takes_its_files_along, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    app.coordinator("BE").await;
    let made = answered_with_files(&at, &path, "AT", &[("q1", "public"), ("q3", "public")]).await;
    app.set_clock("2026-12-02T09:00:00Z");
    let edition = compiled(&lead, &path).await;
    lead.post_if(
        &format!("{path}/publication"),
        &etag(&lead, &path).await,
        &json!({"edition": edition}),
    )
    .await
    .expect(200);
    app.set_clock("2026-12-12T09:00:00Z");
    let (lead, at, be) = (
        app.sign_in_coordinator("LU").await,
        app.sign_in_coordinator("AT").await,
        app.sign_in_coordinator("BE").await,
    );
    let public: Vec<String> = made
        .iter()
        .map(|file| {
            let id = file.rsplit('/').next().expect("an id");
            format!("/public{path}/attachments/{id}")
        })
        .collect();
    let names = shown(&be, &path, edition, "", "html").await;
    assert_eq!(names, ["ATpublic"]);
    assert_eq!(had(&app.public(), &public).await, [true, true]);

    let held = json!({"office": "AT", "question": "q1", "reason": "Names a person."});
    lead.post(&format!("{path}/holds"), &held).await.expect(201);
    for client in [&lead, &be] {
        assert_eq!(had(client, &made).await, [false, true]);
        let json = client
            .get(&format!("{path}/editions/{edition}?format=json"))
            .await
            .expect(200);
        let rows = &json.json["view"]["responses"][0]["rows"];
        assert_eq!(rows[0]["attachments"], Value::Null, "{rows}");
        assert_eq!(rows[2]["attachments"].as_array().map(Vec::len), Some(1), "{rows}");
    }
    assert_eq!(had(&at, &made).await, [true, true], "its own office reads it on");
    assert_eq!(had(&app.public(), &public).await, [false, true]);

    let held = json!({"edition": edition, "reason": "It was made too early."});
    lead.post(&format!("{path}/holds"), &held).await.expect(201);
    assert_eq!(had(&app.public(), &public).await, [false, false]);
});

on_both!(versions_keep_what_the_draft_loses, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let made = answered_with_files(&at, &path, "AT", &[("q1", "public")]).await;
    let response = format!("{path}/responses/AT");
    at.delete(&made[0]).await.expect(204);
    at.delete(&made[0]).await.expect(404);
    assert_eq!(at.get(&files(&path, "AT", "q1")).await.json["items"], json!([]));
    let other = attached(&at, &files(&path, "AT", "q1"), "second", "2").await;
    let unused = attached(&at, &files(&path, "AT", "q1"), "third", "3").await;
    at.delete(&unused).await.expect(204);
    assert_eq!(
        had(&lead, &[made[0].clone(), other.clone(), unused.clone()]).await,
        [true, false, false]
    );
    at.post_if(
        &format!("{response}/submission"),
        &etag(&at, &response).await,
        &json!({}),
    )
    .await
    .expect(200);
    assert_eq!(
        had(&lead, &[made[0].clone(), other, unused.clone()]).await,
        [true, true, false]
    );
    assert_eq!(had(&at, &[made[0].clone(), unused]).await, [true, false]);
    for (number, name) in [(1, "ATpublic.txt"), (2, "second.txt")] {
        let version = lead.get(&format!("{response}/versions/{number}")).await.expect(200);
        assert_eq!(version.json["rows"][0]["answer"]["attachments"][0]["name"], name);
    }
    // A file of another answer is not here.
    let elsewhere = made[0].replace("/q1/", "/q2/");
    lead.get(&elsewhere).await.expect(404);
    at.get(&elsewhere).await.expect(404);
    at.delete(&elsewhere).await.expect(404);
});

on_both!(files_of_a_query_are_for_its_readers, |app| {
    let lead = app.coordinator("LU").await;
    let (path, tag) = drafted(&lead, &draft()).await;
    let files = format!("{path}/attachments");
    let made = attached(&lead, &files, "Directive.txt", "Article 1").await;
    let unwanted = attached(&lead, &files, "Old.txt", "Article 0").await;
    let (at, no) = (app.coordinator("AT").await, app.coordinator("NO").await);
    at.get(&made).await.expect(404);
    lead.delete(&unwanted).await.expect(204);
    lead.post_if(&format!("{path}/launch"), &tag, &json!({"addressed": "members"}))
        .await
        .expect(200);
    let listed = at.get(&files).await.expect(200);
    assert_eq!(listed.json["items"][0]["name"], "Directive.txt");
    assert_eq!(listed.json["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(at.get(&made).await.expect(200).bytes, b"Article 1");
    no.get(&made).await.expect(404);
    app.public().get(&made).await.expect(401);
    assert_eq!(
        lead.attach(&files, TEXT, "late", "x").await.expect(409).code(),
        "not_draft"
    );
    lead.delete(&made).await.expect(409);
    at.attach(&files, TEXT, "x", "x").await.expect(403);
});

on_both!(what_is_no_attachment_is_refused, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let files = files(&path, "AT", "q1");
    let other = at.attach(&files, "application/zip", "x.zip", "PK").await.expect(415);
    assert!(
        other
            .header("accept")
            .is_some_and(|accept| accept.contains("application/pdf"))
    );
    for (media_type, file, code) in [
        (TEXT, &b""[..], "empty"),
        (TEXT, b"a\0b", "not_of_its_type"),
        (TEXT, b"<script>1</script>", "two_in_one"),
        ("text/csv", b"a,=1+1", "active_content"),
        (
            "application/pdf",
            b"%PDF-1.7\n<</S/JavaScript>>\nstartxref\n0\n%%EOF\n",
            "active_content",
        ),
        ("image/png", b"GIF89a", "not_of_its_type"),
    ] {
        let refused = at.attach(&files, media_type, "x", file).await.expect(400);
        assert_eq!(refused.faults(), [(String::new(), code.to_owned())], "{media_type}");
    }
    at.attach(&files, TEXT, "x", vec![b'x'; 20_000_001]).await.expect(413);
    let unnamed = at
        .request(reqwest::Method::POST, &files)
        .header("Content-Type", TEXT)
        .body("x");
    assert_eq!(
        at.send(unnamed).await.expect(400).faults(),
        [("/query/name".to_owned(), "missing_field".to_owned())]
    );
    at.attach(&files.replace("q1", "q9"), TEXT, "x", "x").await.expect(404);
    assert_eq!(app.kept_files().len(), 0, "nothing of it was kept");
    // The same key, the same file: once.
    let twice = || {
        let request = at.request(reqwest::Method::POST, &files).query(&[("name", "x.txt")]);
        request
            .header("Content-Type", TEXT)
            .header("Idempotency-Key", "one")
            .body("x")
    };
    let (first, second) = (at.send(twice()).await.expect(201), at.send(twice()).await.expect(201));
    assert_eq!(first.json, second.json);
    assert_eq!(app.kept_files().len(), 1, "the second time it was for nothing");
    assert_eq!(at.get(&files).await.json["items"].as_array().map(Vec::len), Some(1));
    for number in 1..20 {
        attached(&at, &files, &number.to_string(), "x").await;
    }
    let refused = at.attach(&files, TEXT, "x", "x").await.expect(409);
    assert_eq!(refused.code(), "too_many_attachments");
    let request = at.request(reqwest::Method::POST, &files).query(&[("name", "x.txt")]);
    let with_key = request
        .header("Content-Type", TEXT)
        .header("Idempotency-Key", "two")
        .body("x");
    let refused = at.send(with_key).await.expect(409);
    assert_eq!(refused.code(), "too_many_attachments");
    assert_eq!(app.kept_files().len(), 20, "what has no room is not kept");
    assert_eq!(
        at.send(twice()).await.expect(201).json,
        first.json,
        "also when all is full"
    );
});

on_both!(what_has_no_room_is_refused_before_it_comes, |app| {
    let lead = app.coordinator("LU").await;
    let (path, _) = drafted(&lead, &draft()).await;
    let files = format!("{path}/attachments");
    for name in ["a", "b"] {
        lead.attach(&files, TEXT, name, vec![b'x'; 20_000_000])
            .await
            .expect(201);
    }
    // Not of its type, which is seen only when it has come.
    let refused = lead.attach(&files, TEXT, "c", vec![0; 12_000_000]).await.expect(409);
    assert_eq!(refused.code(), "attachments_too_large");
    assert_eq!(app.kept_files().len(), 2);
});

on_both!(orphans_are_collected, |app| {
    let lead = app.coordinator("LU").await;
    let (path, tag) = drafted(&lead, &draft()).await;
    let other = launched(&lead).await;
    attached(&lead, &format!("{path}/attachments"), "a", "a").await;
    let at = app.coordinator("AT").await;
    let kept = attached(&at, &files(&other, "AT", "q1"), "b", "b").await;
    lead.delete_if(&path, &tag).await.expect(204);
    assert_eq!(app.kept_files().len(), 2);
    // The files bear the time of the machine.
    app.set_clock("2020-01-01T00:00:00Z");
    assert_eq!(app.exchange().collect_files().await.expect("files"), 0);
    app.set_clock("2090-01-01T00:00:00Z");
    assert_eq!(app.exchange().collect_files().await.expect("files"), 1);
    app.set_clock("2026-11-03T09:00:00Z");
    assert_eq!(app.kept_files().len(), 1);
    at.get(&kept).await.expect(200);
});

on_both!(what_was_done_with_files_is_in_the_audit, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let made = answered_with_files(&at, &path, "AT", &[("q1", "requester")]).await;
    at.delete(&made[0]).await.expect(204);
    lead.get(&made[0]).await.expect(200);
    app.exchange().seal_audit(None).await.expect("sealed");
    let audit = at.get("/offices/AT/audit?limit=100").await.expect(200);
    let subject = made[0].replacen("/queries/", "query/", 1);
    let id = subject.rsplit('/').next().expect("an id");
    let items = audit.json["items"].as_array().expect("items");
    let about: Vec<(&str, &str)> = items
        .iter()
        .filter(|event| event.to_string().contains(id))
        .map(|event| {
            (
                event["action"].as_str().unwrap_or(""),
                event["office"].as_str().unwrap_or(""),
            )
        })
        .collect();
    for wanted in [
        ("attachment.added", "AT"),
        ("attachment.removed", "AT"),
        ("answers.read", "LU"),
    ] {
        assert!(about.contains(&wanted), "{wanted:?} in {about:?}");
    }
    assert!(!audit.text.contains("ATrequester"), "no name of a file");
    answered(&app.coordinator("BE").await, &path, "BE", &answers("BE")).await;
});

on_both!(
    a_file_beside_an_answer_that_hangs_on_a_restricted_one_is_not_read_unseen,
    |app| {
        let lead = app.coordinator("LU").await;
        let path = launched(&lead).await;
        let at = app.coordinator("AT").await;
        let made = answered_with_files(&at, &path, "AT", &[("q1", "network"), ("q2", "public")]).await;
        lead.get(&made[1]).await.expect(200);
        app.exchange().seal_audit(None).await.expect("sealed");
        let audit = at.get("/offices/AT/audit?action=answers.read").await.expect(200);
        let subject = made[1].replacen("/queries/", "query/", 1);
        let id = subject.rsplit('/').next().expect("an id");
        assert!(audit.text.contains(id), "{}", audit.text);
    }
);
