//! Erasures: after two people of the service provider stood for it, a text is nowhere, and a tombstone says when it went.

use ahq_domain::user::Role;
use ahq_harness::{App, Client, Database, Reply, postgres, text};
use ahq_server::{backup, erasures, lifecycle};
use reqwest::Method;
use serde_json::{Value, json};

use crate::on_both;
use crate::persons::tables_with;
use crate::scenario::{answered, answers, compiled, etag, launched};

/// Stands in everything that is to be erased, and nowhere else.
const WORD: &str = "zebcanary";
const TOMBSTONE: &str = "Content erased on 10 December 2026.";
const FORMATS: [&str; 6] = ["html", "pdf", "docx", "xlsx", "csv", "json"];
/// Those that are printed fast.
const FEW: [&str; 3] = ["html", "csv", "json"];
const CIRCLES: [&str; 3] = ["requester", "network", "public"];

/// A published query of Luxembourg with two versions of Austria's response in two editions; q1 and q2 have the word, in texts,
/// a file, a source, a contribution, a draft and a summary.
struct Scene {
    path: String,
    lead: Client,
    at: Client,
    be: Client,
    com: Client,
    first: Client,
    second: Client,
}

fn planted(version: &str) -> Value {
    let mut body = answers("AT");
    body["answers"]["q1"]["comment"] = json!(format!("A {WORD} of {version}."));
    body["answers"]["q2"] = json!({
        "text": format!("It is a {WORD} of {version}."),
        "sources": [{"title": format!("{WORD} law"), "address": format!("https://example.org/{WORD}")}],
        "asOf": "2026-01-01",
    });
    body
}

async fn submit(client: &Client, response: &str, key: &str) -> Reply {
    let tag = etag(client, response).await;
    let submission = client
        .request(Method::POST, &format!("{response}/submission"))
        .header("If-Match", tag)
        .header("Idempotency-Key", key)
        .json(&json!({}));
    client.send(submission).await.expect(200)
}

async fn contributed(app: &App, at: &Client, path: &str) {
    let ask = json!({"email": "eva@police.example.org", "name": "Eva", "questions": ["q2"], "replyBy": "2026-11-13"});
    at.post(&format!("{path}/responses/AT/contributions"), &ask)
        .await
        .expect(201);
    let mails = app.deliver().await;
    let mail = mails
        .iter()
        .rfind(|mail| mail.to.address == "eva@police.example.org")
        .expect("a mail");
    let words = mail.content.text();
    let start = words.find("/contributions/").expect("a link");
    let link = words[start..].split_whitespace().next().expect("a secret").to_owned();
    let outside = app.public();
    let put = json!({"answers": {"q2": {"text": format!("Eva knows a {WORD}.")}}});
    outside
        .put_if(&link, &etag(&outside, &link).await, &put)
        .await
        .expect(200);
    let handed_in = outside
        .request(Method::POST, &format!("{link}/return"))
        .header("If-Match", etag(&outside, &link).await)
        .header("Idempotency-Key", "eva")
        .json(&json!({}));
    outside.send(handed_in).await.expect(200);
}

async fn scene(app: &App) -> Scene {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    contributed(app, &at, &path).await;
    let response = format!("{path}/responses/AT");
    at.put(&response, &planted("version one")).await.expect(201);
    let files = format!("{response}/answers/q2/attachments");
    at.attach(
        &files,
        "text/plain",
        &format!("{WORD}.txt"),
        format!("File of a {WORD}."),
    )
    .await
    .expect(201);
    // The same address, written as nobody does.
    submit(&at, &response.replace('-', ""), "one").await;
    answered(&app.coordinator("BE").await, &path, "BE", &answers("BE")).await;
    for office in ["COM", "SP"] {
        app.coordinator(office).await;
    }
    app.second_coordinator("SP").await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let tag = etag(&at, &response).await;
    at.put_if(&response, &tag, &planted("version two")).await.expect(200);
    submit(&at, &response, "two").await;
    compiled(&lead, &path).await;
    let summary = format!("{path}/summary");
    let tag = etag(&lead, &summary).await;
    let words = json!({"background": "Why.", "respondents": "Two.", "findings": format!("- One has a {WORD}.")});
    lead.put_if(&summary, &tag, &words).await.expect(200);
    let tag = etag(&lead, &summary).await;
    lead.post_if(&format!("{summary}/signature"), &tag, &json!({}))
        .await
        .expect(200);
    let tag = etag(&lead, &path).await;
    lead.post_if(&format!("{path}/publication"), &tag, &json!({"edition": 2}))
        .await
        .expect(200);
    // What is drafted since has it too.
    let tag = etag(&at, &response).await;
    at.put_if(&response, &tag, &planted("a draft")).await.expect(200);
    app.set_clock("2026-12-10T09:00:00Z");
    app.deliver().await;
    Scene {
        lead: app.sign_in_coordinator("LU").await,
        at: app.sign_in_coordinator("AT").await,
        be: app.sign_in_coordinator("BE").await,
        com: app.sign_in_coordinator("COM").await,
        first: app.sign_in_coordinator("SP").await,
        second: app.second_coordinator("SP").await,
        path,
    }
}

/// Everything of the query that somebody reads: each text with its address.
async fn everything(app: &App, client: &Client, path: &str, formats: &[&str]) -> Vec<(String, String)> {
    let mut addresses: Vec<String> = [
        "",
        "/responses",
        "/responses/AT",
        "/responses/AT/answers/q1",
        "/responses/AT/answers/q2",
        "/responses/AT/answers/q2/attachments",
        "/responses/AT/contributions",
        "/responses/AT/versions",
        "/responses/AT/versions/1",
        "/responses/AT/versions/2",
        "/responses/AT/word-form",
        "/comparison",
        "/summary",
        "/editions",
        "/deliveries",
        "/holds",
    ]
    .map(|part| format!("{path}{part}"))
    .into();
    for (edition, formats) in [(1, &FEW[..]), (2, formats)] {
        for format in formats {
            for circle in CIRCLES {
                addresses.push(format!("{path}/editions/{edition}?format={format}&circle={circle}"));
            }
        }
    }
    for format in FEW {
        addresses.push(format!("/public{path}/edition?format={format}&order=question"));
    }
    for address in [
        "/public/queries",
        "/queries",
        "/feeds/queries.atom",
        "/audit",
        "/offices/AT/audit",
        "/erasures",
        "/queries?q=zebcanary",
    ] {
        addresses.push(address.to_owned());
    }
    let mut read = Vec::new();
    for address in addresses {
        let reply = client.get(&address).await;
        if reply.status == 200 {
            read.push((address, text::text_of(&reply.bytes)));
        }
    }
    let asked = client.post("/exports", &json!({"formats": FEW})).await;
    if asked.status == 201 {
        while app.exchange().make_export().await.expect("a document") {}
        let file = format!("/exports/{}/file", asked.json["id"].as_str().expect("an id"));
        read.extend(text::files(&client.get(&file).await.bytes));
    }
    read
}

fn found(read: &[(String, String)], word: &str) -> Vec<String> {
    let hits = read.iter().filter(|(_, text)| text.contains(word));
    hits.map(|(address, _)| address.clone()).collect()
}

async fn asked(client: &Client, path: &str, what: Value) -> String {
    let mut body = json!({"order": "SP/2026/17", "query": path.trim_start_matches("/queries/")});
    for (name, value) in what.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let made = client.post("/erasures", &body).await.expect(201);
    assert_eq!(made.json["status"], "asked");
    format!("/erasures/{}", made.json["id"].as_str().expect("an id"))
}

async fn confirmed(client: &Client, erasure: &str) -> Reply {
    client.post(&format!("{erasure}/confirmation"), &json!({})).await
}

async fn withdrawn(client: &Client, erasure: &str) -> Reply {
    client.post(&format!("{erasure}/withdrawal"), &json!({})).await
}

on_both!(an_erased_text_is_nowhere, |app| {
    let Scene {
        path,
        lead,
        at,
        be,
        com,
        first,
        second,
    } = scene(&app).await;
    let public = app.public();
    let readers = [&at, &be, &com, &first, &public];
    for (reader, formats) in [(&lead, &FORMATS[..]), (&public, &FEW)] {
        let read = everything(&app, reader, &path, formats).await;
        assert!(!found(&read, WORD).is_empty(), "there is something to erase");
    }
    let before = tables_with(&app, &[WORD]).await;
    for table in [
        "attachments",
        "contributions",
        "draft_answers",
        "edition_views",
        "replays",
        "response_versions",
        "summaries",
    ] {
        assert!(before.contains(&format!("{table}: {WORD}")), "{table} in {before:?}");
    }
    let editions = lead.get(&format!("{path}/editions")).await.expect(200);
    let document = format!("{path}/editions/2?format=html");
    let old_tag = lead.get(&document).await.expect(200).etag();
    let response_tag = etag(&be, &format!("{path}/responses/AT")).await;

    // q2 hangs on q1: it goes along.
    let answer = asked(&first, &path, json!({"office": "AT", "question": "q1"})).await;
    let summary = asked(&first, &path, json!({"edition": 2})).await;
    for erasure in [&answer, &summary] {
        assert_eq!(confirmed(&first, erasure).await.expect(403).code(), "same_person");
    }
    assert_eq!(tables_with(&app, &[WORD]).await, before, "one person erases nothing");
    for erasure in [&answer, &summary] {
        // All kept replies are forgotten but this one's own: whoever asks again gets it again.
        let under_key = || {
            second
                .request(Method::POST, &format!("{erasure}/confirmation"))
                .header("Idempotency-Key", erasure.as_str())
                .json(&json!({}))
        };
        let done = second.send(under_key()).await.expect(200);
        assert_eq!(second.send(under_key()).await.expect(200).json, done.json);
        assert_eq!(
            (&done.json["status"], &done.json["confirmedAt"]),
            (&json!("confirmed"), &json!("2026-12-10T09:00:00Z"))
        );
        assert_eq!(
            confirmed(&second, erasure).await.expect(409).code(),
            "already_confirmed"
        );
        assert_eq!(
            withdrawn(&second, erasure).await.expect(409).code(),
            "already_confirmed"
        );
    }

    assert_eq!(tables_with(&app, &[WORD]).await, Vec::<String>::new());
    let told = app.deliver().await;
    for mail in told.iter().filter(|mail| mail.content.subject().contains("erased")) {
        assert!(!mail.content.text().contains(WORD));
    }
    for (reader, formats) in readers
        .map(|reader| (reader, &FEW[..]))
        .into_iter()
        .chain([(&lead, &FORMATS[..])])
    {
        let read = everything(&app, reader, &path, formats).await;
        assert_eq!(found(&read, WORD), Vec::<String>::new());
        let shown = found(&read, TOMBSTONE);
        let places = read.iter().map(|(place, _)| place);
        for place in places.filter(|place| place.contains("/editions/") || place.contains("edition?")) {
            assert!(shown.contains(place), "the tombstone stands in {place}");
        }
    }
    assert_eq!(tables_with(&app, &[WORD]).await, Vec::<String>::new());
    app.set_clock("2090-01-01T00:00:00Z");
    assert_eq!(app.exchange().collect_files().await.expect("files"), 1);
    app.set_clock("2026-12-10T10:00:00Z");
    assert_eq!(app.kept_files(), Vec::<String>::new());

    // Numbers and hashes stay, and say what they are of.
    let after = lead.get(&format!("{path}/editions")).await.expect(200);
    for (old, new) in [0, 1].map(|index| (&editions.json["items"][index], &after.json["items"][index])) {
        assert_eq!((&old["number"], &old["stale"]), (&new["number"], &new["stale"]));
        for view in 0..3 {
            assert_eq!(old["views"][view]["sha256"], new["views"][view]["sha256"]);
            assert_eq!(new["views"][view]["erasedAt"], "2026-12-10T09:00:00Z");
            assert_eq!(old["views"][view].get("erasedAt"), None);
        }
    }
    let html = lead.get(&document).await.expect(200);
    assert_ne!(html.etag(), old_tag);
    assert!(
        html.text
            .contains("SHA-256 of this view as it stood before content was erased on 10 December 2026")
    );
    let whole = lead.get(&format!("{path}/editions/2?format=json")).await.expect(200);
    assert_eq!(whole.json["sha256"], editions.json["items"][0]["views"][0]["sha256"]);
    assert_eq!(
        whole.json["hashOf"],
        "SHA-256 of this view as it stood before content was erased on 10 December 2026"
    );
    let row = &whole.json["view"]["responses"][0]["rows"][1];
    assert_eq!(
        (&row["shown"], &row["erased"], &row["content"]),
        (&json!("erased"), &json!(TOMBSTONE), &Value::Null)
    );
    let figure = &whole.json["view"]["comparison"][0];
    assert_eq!((&figure["answers"], &figure["erased"]), (&json!(1), &json!(1)));
    let network = format!("{path}/editions/2?format=json&circle=network");
    let network = lead.get(&network).await.expect(200);
    assert_eq!(network.json["summary"]["findings"], TOMBSTONE);

    // The office reads that its draft lacks them, and amends with a new answer.
    let response = format!("{path}/responses/AT");
    let own = at.get(&response).await.expect(200);
    assert_ne!(own.etag(), response_tag);
    assert_eq!(
        (&own.json["rows"][0]["shown"], &own.json["rows"][0]["erased"]),
        (&json!("erased"), &json!(TOMBSTONE))
    );
    assert!(own.json["rows"][2]["answer"].is_object(), "the others stay");
    let versions = at.get(&format!("{response}/versions")).await.expect(200);
    assert_eq!(versions.json["items"].as_array().map(Vec::len), Some(2));
    let refused = at
        .post_if(&format!("{response}/submission"), &own.etag(), &json!({}))
        .await
        .expect(400);
    assert_eq!(refused.faults()[0].1, "missing_answer");
    answered(&at, &path, "AT", &answers("AT")).await;
    assert_eq!(compiled(&lead, &path).await, 3);
    let third = lead.get(&format!("{path}/editions/3?format=html")).await.expect(200);
    assert!(third.text.contains("Text of AT."));
    let second_edition = lead.get(&document).await.expect(200);
    assert!(second_edition.text.contains(TOMBSTONE));

    app.exchange().seal_audit(None).await.expect("sealed");
    let verified = app.exchange().verify_audit(Vec::new(), |_| ()).await.expect("verified");
    assert_eq!(verified.fault, None);
    let audit = first.get("/audit?action=erasure.confirmed").await.expect(200);
    let subject = format!("query/{}/response/AT", path.trim_start_matches("/queries/"));
    let items = audit.json["items"].as_array().expect("items");
    let about = items.iter().find(|event| event["subject"] == subject);
    assert_eq!(about.expect("an event")["facts"]["order"], "SP/2026/17");
});

on_both!(a_whole_response_is_erased, |app| {
    let Scene {
        path,
        at,
        first,
        second,
        ..
    } = scene(&app).await;
    let response = format!("{path}/responses/AT");
    let tag = etag(&at, &response).await;
    at.post_if(
        &format!("{response}/retraction"),
        &tag,
        &json!({"reason": format!("It had a {WORD}.")}),
    )
    .await
    .expect(200);
    let erasure = asked(&first, &path, json!({"office": "AT"})).await;
    confirmed(&second, &erasure).await.expect(200);
    let summary = asked(&second, &path, json!({"edition": 2})).await;
    confirmed(&first, &summary).await.expect(200);
    assert_eq!(tables_with(&app, &[WORD]).await, Vec::<String>::new());
    let left = at.get(&response).await.expect(200);
    assert_eq!(left.json["retracted"]["reason"], TOMBSTONE);
    assert_eq!(left.json["draft"], json!([]));
    let version = at.get(&format!("{response}/versions/2")).await.expect(200);
    let rows = version.json["rows"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row["shown"] == "erased"), "{rows:?}");
});

on_both!(who_is_concerned_is_told_and_nobody_else_asks, |app| {
    let Scene {
        path,
        lead,
        at,
        com,
        first,
        second,
        ..
    } = scene(&app).await;
    let number = lead.get(&path).await.expect(200).json["number"].clone();
    let body = json!({"order": "SP/2026/17", "query": number, "office": "AT", "question": "q3"});
    for client in [&lead, &at, &com] {
        assert_eq!(
            client.post("/erasures", &body).await.expect(403).code(),
            "not_the_service_provider"
        );
        client.get("/erasures").await.expect(403);
    }
    app.public().get("/erasures").await.expect(401);
    let reader = app.user("SP", Role::Expert).await;
    assert_eq!(reader.post("/erasures", &body).await.expect(403).code(), "role_too_low");

    let wrong = json!({"order": " ", "query": "2026.99", "edition": 1, "office": "austria"});
    let mut faults = first.post("/erasures", &wrong).await.expect(400).faults();
    faults.sort();
    let pointers: Vec<&str> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/edition", "/office", "/order", "/query"]);
    for (wrong, code) in [
        (
            json!({"order": "1", "query": number, "office": "NL"}),
            "unknown_response",
        ),
        (json!({"order": "1", "query": number, "edition": 9}), "unknown_edition"),
        (
            json!({"order": "1", "query": number, "office": "AT", "question": "q9"}),
            "unknown_question",
        ),
    ] {
        assert_eq!(first.post("/erasures", &wrong).await.expect(400).faults()[0].1, code);
    }

    let made = first.post("/erasures", &body).await.expect(201);
    let address = format!("/erasures/{}", made.json["id"].as_str().expect("an id"));
    assert_eq!(made.header("location"), Some(format!("/api/v1{address}")));
    assert_eq!(made.json["actions"], json!(["withdraw"]));
    let read = second.get(&address).await.expect(200);
    assert_eq!(read.json["actions"], json!(["confirm", "withdraw"]));
    let done = withdrawn(&second, &address).await.expect(200);
    assert_eq!(
        (&done.json["status"], &done.json["actions"]),
        (&json!("withdrawn"), &json!([]))
    );
    assert_eq!(confirmed(&second, &address).await.expect(409).code(), "withdrawn");
    second.get("/erasures/nothing").await.expect(404);

    app.pass(chrono::Duration::seconds(1));
    let known = app.deliver().await.len();
    let again = asked(&first, &path, json!({"office": "AT", "question": "q3"})).await;
    assert_eq!(app.deliver().await.len(), known, "nothing is told before it is done");
    confirmed(&second, &again).await.expect(200);
    let told = app.deliver().await;
    let told: Vec<_> = told
        .iter()
        .filter(|mail| mail.content.subject().contains("was erased"))
        .collect();
    let mut to: Vec<&str> = told.iter().map(|mail| mail.to.address.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ncp-at@example.org", "ncp-lu@example.org"]);
    let to_lead = told.iter().find(|mail| mail.to.address == "ncp-lu@example.org");
    insta::assert_snapshot!("erasure_mail", to_lead.expect("a mail").content.text());
    let listed = first.get("/erasures").await.expect(200);
    let statuses: Vec<&Value> = (0..2).map(|index| &listed.json["items"][index]["status"]).collect();
    assert_eq!(statuses, ["confirmed", "withdrawn"]);
});

/// Restores `kept` into a database beside, with the list of erasures or without.
async fn restored(
    app: &App,
    database: Database,
    kept: &std::path::Path,
    list: Option<&str>,
) -> (lifecycle::Running, Option<usize>) {
    let mut parts = app.parts().clone();
    let beside = if list.is_some() { "with" } else { "without" };
    parts.config.database.address = match database {
        Database::Sqlite => app.folder().join(beside).join("ahq.db").display().to_string(),
        Database::Postgres => postgres::server().expect("a server").database(),
    };
    parts.config.exchange.erasures = list.map(|name| app.folder().join(name));
    let restored = backup::restore(&parts, kept, false).await.expect("restored");
    let running = lifecycle::start(parts, false).await.expect("it serves");
    (running, restored.erasures.map(|done| done.applied))
}

async fn an_older_backup_loses_it_again(database: Database) {
    let Some(app) = App::start(database).await else {
        return;
    };
    let Scene {
        path, first, second, ..
    } = scene(&app).await;
    let kept = backup::backup(app.parts(), &app.folder().join("backups"))
        .await
        .expect("a backup");
    for what in [json!({"office": "AT", "question": "q1"}), json!({"edition": 2})] {
        confirmed(&second, &asked(&first, &path, what).await).await.expect(200);
    }
    let list = app.folder().join("erasures.jsonl");
    let missing = erasures::apply(app.exchange(), &list).await.expect_err("no list");
    assert!(missing.to_string().contains("is not there"), "{missing}");
    assert_eq!(erasures::keep(app.exchange(), &list).await.expect("a list"), 2);
    assert_eq!(erasures::keep(app.exchange(), &list).await.expect("a list"), 0, "once");
    let text = std::fs::read_to_string(&list).expect("a list");
    assert!(text.lines().count() == 2 && !text.contains(WORD), "{text}");

    app.set_clock("2026-12-20T09:00:00Z");
    let (without, done) = restored(&app, database, &kept, None).await;
    assert_eq!(done, None);
    let held = |conn: &mut ahq_store::Connection| conn.count_rows_with("response_versions", WORD);
    let count = without
        .exchange()
        .store()
        .read(move |conn| Ok::<_, ahq_store::StoreError>(held(conn)?));
    assert!(count.await.expect("a count") > 0, "the backup has it");
    without.stop().await;

    let (again, done) = restored(&app, database, &kept, Some("erasures.jsonl")).await;
    assert_eq!(done, Some(2));
    let tables = again.exchange().store().read(|conn| {
        let mut found = Vec::new();
        for table in conn.tables()? {
            if conn.count_rows_with(&table, WORD)? > 0 {
                found.push(table);
            }
        }
        Ok::<_, ahq_store::StoreError>(found)
    });
    assert_eq!(tables.await.expect("the tables"), Vec::<String>::new());
    let reader = Client::new(format!("http://{}", again.address()));
    let html = reader
        .get(&format!("/public{path}/edition?format=html"))
        .await
        .expect(200);
    assert!(
        html.text.contains(TOMBSTONE),
        "it names the day it was erased, not that of the restore"
    );
    again.stop().await;
    let after = std::fs::read_to_string(&list).expect("a list");
    assert_eq!(after, text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_backup_loses_it_again_sqlite() {
    an_older_backup_loses_it_again(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_backup_loses_it_again_postgres() {
    an_older_backup_loses_it_again(Database::Postgres).await;
}

on_both!(an_erasure_in_a_withdrawn_query_is_told, |app| {
    let Scene {
        path,
        lead,
        first,
        second,
        ..
    } = scene(&app).await;
    let publication = format!("{path}/publication");
    lead.delete_if(&publication, &etag(&lead, &path).await)
        .await
        .expect(200);
    let reason = json!({"reason": "Asked elsewhere."});
    lead.post_if(&format!("{path}/withdrawal"), &etag(&lead, &path).await, &reason)
        .await
        .expect(200);
    let before = app.deliver().await.len();
    let erasure = asked(&first, &path, json!({"office": "AT"})).await;
    confirmed(&second, &erasure).await.expect(200);
    let told = app.deliver().await.split_off(before);
    assert!(!told.is_empty());
    for mail in told {
        assert!(mail.content.subject().contains("rased"), "{}", mail.content.subject());
    }
});
