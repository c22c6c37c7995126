//! The documents of an edition: snapshots that a person has looked at, the same on both databases.

use ahq_harness::text::pages;
use serde_json::{Value, json};

use crate::scenario::{answered, answers, compiled, drafted, etag, launched_to};
use crate::{on_both, word, workbook};

/// The variety a compilation has to show: every kind of answer, words instead, restricted ones, a late one.
fn varied(office: &str) -> Value {
    let mut body = answers(office);
    let all = &mut body["answers"];
    match office {
        "BE" => {
            all["q1"] = json!({"yesNo": "partly", "circle": "network", "ground": "Article 4(1)(a)"});
            all["q5"] = json!({"number": {"fewerThan": "5"}, "asOf": "2026-01-01",
                "sources": [{"title": "Statistics Belgium <2026>", "address": "https://example.org/be?a=1&b=2"}]});
        }
        "EL" => {
            all["q1"] = json!({"yesNo": "no", "comment": "Όχι ακόμη."});
            all.as_object_mut().expect("answers").remove("q2");
            all["q3"] = json!({"instead": "not_applicable"});
            all["q5"] = json!({"number": {"confidential": true}});
        }
        "NL" => {
            for answer in all.as_object_mut().expect("answers").values_mut() {
                answer["circle"] = json!("requester");
            }
        }
        "AT" => {
            all["q2"] = json!({"text": "Österreich:\n\n1. erstens\n2. zweitens\n   - *unter* zweitens\n\n| a | b |\n|---|---:|\n| x | 1 |\n\n<script>alert(1)</script> [link](https://example.org) [bad](javascript:alert(1))"});
            all["q5"] = json!({"number": {"value": "1250.50", "flag": "provisional"}});
        }
        _ => {}
    }
    body
}

on_both!(an_edition_in_every_format_and_circle, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched_to(&lead, &json!({"addressed": "members_and_observers"})).await;
    for office in ["AT", "EL", "NL", "NO"] {
        let client = app.coordinator(office).await;
        answered(&client, &path, office, &varied(office)).await;
    }
    let ro = app.coordinator("RO").await;
    ro.post(
        &format!("{path}/responses/RO/declination"),
        &json!({"reason": "No data."}),
    )
    .await
    .expect(200);
    app.set_clock("2026-12-02T09:00:00Z");
    let be = app.coordinator("BE").await;
    answered(&be, &path, "BE", &varied("BE")).await;
    compiled(&lead, &path).await;
    let summary = format!("{path}/summary");
    let begun = lead.get(&summary).await.expect(200);
    insta::assert_snapshot!(
        "summary_begun",
        format!(
            "{}\n---\n{}\n---\n{}",
            begun.json["background"].as_str().unwrap_or_default(),
            begun.json["respondents"].as_str().unwrap_or_default(),
            begun.json["findings"].as_str().unwrap_or_default()
        )
    );
    lead.post_if(
        &format!("{summary}/signature"),
        &etag(&lead, &summary).await,
        &json!({}),
    )
    .await
    .expect(200);
    for circle in ["requester", "network", "public"] {
        for (format, order) in [
            ("html", "country"),
            ("html", "question"),
            ("csv", "country"),
            ("json", "country"),
            ("pdf", "country"),
            ("pdf", "question"),
            ("docx", "country"),
            ("docx", "question"),
            ("xlsx", "country"),
        ] {
            let address = format!("{path}/editions/1?circle={circle}&format={format}&order={order}");
            let reply = lead.get(&address).await.expect(200);
            let digest = reply.header("repr-digest").expect("a digest");
            assert!(digest.starts_with("sha-256=:") && digest.ends_with(':'));
            let text = match format {
                "json" => format!("{:#}", reply.json),
                "docx" => word::outline(&reply.text),
                "pdf" => pages(&reply.bytes),
                "xlsx" => workbook::outline(&reply.bytes),
                _ => reply.text,
            };
            let text = text.replace(path.trim_start_matches("/queries/"), "[query]");
            insta::with_settings!({filters => vec![("[0-9a-f]{64}", "[sha256]")]}, {
                insta::assert_snapshot!(format!("edition_{circle}_{order}_{format}"), text);
            });
        }
    }
});

on_both!(a_compilation_that_is_too_long_for_pages_says_what_takes_it, |app| {
    let lead = app.coordinator("LU").await;
    let questions: Vec<Value> = (0..20).map(|_| json!({"kind": "text", "text": "What?"})).collect();
    let draft = json!({"title": "Everything", "topics": ["return"], "questions": questions});
    let (path, etag) = drafted(&lead, &draft).await;
    lead.post_if(&format!("{path}/launch"), &etag, &json!({"addressed": "members"}))
        .await
        .expect(200);
    let long = "word ".repeat(3_999);
    let answers: serde_json::Map<String, Value> = (1..=20)
        .map(|number| (format!("q{number}"), json!({"text": long})))
        .collect();
    let body = json!({"answers": answers});
    for office in ["AT", "BE", "BG", "CY", "CZ", "DE", "EE", "EL", "ES", "FI", "FR"] {
        let client = app.coordinator(office).await;
        answered(&client, &path, office, &body).await;
    }
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let edition = format!("{path}/editions/1");
    let refused = lead.get(&format!("{edition}?format=pdf")).await.expect(409);
    assert_eq!(refused.code(), "too_long_for_format");
    assert!(
        refused.text.contains("html, docx, xlsx, csv or json"),
        "{}",
        refused.text
    );
    let csv = lead.get(&format!("{edition}?format=csv")).await.expect(200);
    assert!(csv.bytes.len() > 4 << 20);
});
