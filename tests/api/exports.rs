//! Exports: many editions in one file, made in the background; what it holds is decided when it is downloaded.

use ahq_harness::{App, Client, Reply};
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, compiled, etag, launched};

/// Two queries of Luxembourg with an edition each, answered by Austria and Belgium; the lead, Belgium and the queries.
async fn two_compiled(app: &App) -> (Client, Client, [String; 2]) {
    let lead = app.coordinator("LU").await;
    let paths = [launched(&lead).await, launched(&lead).await];
    let (austria, belgium) = (app.coordinator("AT").await, app.coordinator("BE").await);
    for path in &paths {
        answered(&austria, path, "AT", &answers("AT")).await;
        answered(&belgium, path, "BE", &answers("BE")).await;
    }
    app.set_clock("2026-12-02T09:00:00Z");
    for path in &paths {
        compiled(&lead, path).await;
    }
    (lead, belgium, paths)
}

async fn made(app: &App, asked: &Reply) -> String {
    let path = format!("/exports/{}", asked.json["id"].as_str().expect("an id"));
    while app.exchange().make_export().await.expect("a document") {}
    path
}

/// The names and texts of the files in a ZIP, in their order.
fn files(reply: &Reply) -> Vec<(String, String)> {
    ahq_harness::text::files(&reply.bytes)
}

fn names(reply: &Reply) -> Vec<String> {
    files(reply).into_iter().map(|(name, _)| name).collect()
}

on_both!(an_export_is_made_and_downloaded, |app| {
    let (lead, _, _) = two_compiled(&app).await;
    let commission = app.coordinator("COM").await;
    let wanted = json!({"from": "2026-12-01", "formats": ["html", "csv"]});
    let asked = commission.post("/exports", &wanted).await.expect(201);
    let state = |reply: &Reply| {
        (
            reply.json["status"].clone(),
            reply.json["done"].clone(),
            reply.json["total"].clone(),
        )
    };
    assert_eq!(state(&asked), (json!("making"), json!(0), json!(4)));
    let path = format!("/exports/{}", asked.json["id"].as_str().expect("an id"));
    let early = commission.get(&format!("{path}/file")).await.expect(409);
    assert_eq!(early.code(), "not_ready");
    assert!(app.exchange().make_export().await.expect("a document"));
    let half = commission.get(&path).await.expect(200);
    assert_eq!(state(&half), (json!("making"), json!(1), json!(4)));
    made(&app, &asked).await;
    let whole = commission.get(&path).await.expect(200);
    assert_eq!(state(&whole), (json!("ready"), json!(4), json!(4)));
    assert_eq!(whole.json["actions"], json!(["download"]));

    let file = commission.get(&format!("{path}/file")).await.expect(200);
    assert_eq!(
        file.header("content-disposition").as_deref(),
        Some("attachment; filename=\"EMN_AHQ_export_2026-12-02.zip\"")
    );
    assert_eq!(
        names(&file),
        [
            "EMN_AHQ_2026.1_edition-1_requester.html",
            "EMN_AHQ_2026.1_edition-1_requester.csv",
            "EMN_AHQ_2026.2_edition-1_requester.html",
            "EMN_AHQ_2026.2_edition-1_requester.csv",
            "index.html",
            "index.csv",
        ]
    );
    for (name, text) in files(&file) {
        if name.starts_with("index") {
            insta::with_settings!({filters => vec![("[0-9a-f]{64}", "[sha256]")]}, {
                insta::assert_snapshot!(name, text);
            });
        } else {
            assert!(text.contains("Text of AT."), "{name}");
        }
    }
    // It is for who asked, for seven days.
    lead.get(&path).await.expect(404);
    app.set_clock("2026-12-09T09:00:00Z");
    commission.get(&path).await.expect(404);
});

on_both!(what_changed_since_is_left_out, |app| {
    let (_, belgium, [first, _]) = two_compiled(&app).await;
    let sweden = app.coordinator("SE").await;
    let asked = sweden.post("/exports", &json!({"formats": ["csv"]})).await.expect(201);
    let export = made(&app, &asked).await;
    let response = format!("{first}/responses/BE");
    let narrowed = json!({"circle": "requester", "questions": ["q2"]});
    belgium
        .put_if(
            &format!("{response}/circles"),
            &etag(&belgium, &response).await,
            &narrowed,
        )
        .await
        .expect(200);
    let file = sweden.get(&format!("{export}/file")).await.expect(200);
    let inside = files(&file);
    assert_eq!(
        names(&file),
        ["EMN_AHQ_2026.2_edition-1_network.csv", "index.html", "index.csv"]
    );
    let index = &inside.last().expect("the index").1;
    assert!(index.contains("It was replaced by edition 2"), "{index}");
});

on_both!(an_export_means_what_it_says, |app| {
    let (lead, _, [first, _]) = two_compiled(&app).await;
    let total = async |wanted: Value| lead.post("/exports", &wanted).await.expect(201).json["total"].clone();
    let id = first.trim_start_matches("/queries/");
    assert_eq!(total(json!({})).await, json!(2));
    assert_eq!(
        total(json!({"queries": ["2026.2"], "formats": ["pdf", "docx", "pdf"]})).await,
        json!(2)
    );
    assert_eq!(
        total(json!({"queries": [id, "2026.2"], "topic": "unaccompanied_minors"})).await,
        json!(2)
    );
    assert_eq!(total(json!({"dateOf": "launched", "to": "2026-11-03"})).await, json!(2));
    for (wanted, code) in [
        (json!({"from": "2026-12-03"}), ("", "nothing_meant")),
        (json!({"dateOf": "published"}), ("", "nothing_meant")),
        (json!({"topic": "protection"}), ("", "nothing_meant")),
        (
            json!({"from": "2026-12-03", "to": "2026-12-01"}),
            ("/to", "before_from"),
        ),
        (
            json!({"queries": ["2026.2", "2026.9"]}),
            ("/queries/1", "unknown_query"),
        ),
        (json!({"topic": "cheese"}), ("/topic", "unknown_topic")),
        (json!({"formats": []}), ("/formats", "too_few")),
    ] {
        let refused = lead.post("/exports", &wanted).await.expect(400);
        assert_eq!(refused.faults(), [(code.0.to_owned(), code.1.to_owned())], "{wanted}");
    }
});
