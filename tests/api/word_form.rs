//! The Word form: downloaded, filled in, uploaded, read, and saved once its office says so.

use ahq_harness::form::Form;
use serde_json::{Value, json};

use crate::scenario::{answers, etag, launched};
use crate::{on_both, word};

/// Everything that [`answers`] says, typed into the form of Austria.
fn filled(form: &[u8]) -> Form {
    Form::open(form)
        .typed("q1.answer", "Yes")
        .pasted(
            "q1.comment",
            "<w:p><w:r><w:t>Comment of </w:t></w:r><w:r><w:t>AT.</w:t></w:r></w:p>",
        )
        .typed("q2.answer", "Text of AT.")
        .typed("q3.answer", "The police")
        .ticked("q4.option.1")
        .ticked("q4.option.2")
        .typed("q5.answer", "1 250")
        .typed("q5.flag", "Estimate")
        .typed("q6.answer", "2019-01-01")
        .typed("q7.cell.1.1", "1")
        .typed("q7.cell.1.2", "2")
        .typed("q7.cell.2.1", "3")
}

on_both!(a_form_comes_back_with_every_answer, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let address = format!("{response}/word-form");
    let form = at.get(&address).await.expect(200);
    assert_eq!(
        form.header("content-disposition").as_deref(),
        Some("attachment; filename=\"EMN_AHQ_2026.1_form_AT.docx\"")
    );
    insta::with_settings!({filters => vec![(r"form\.[0-9a-f]{32}", "form.[query]")]}, {
        insta::assert_snapshot!("form", word::outline(&form.text));
    });
    assert_eq!(
        at.get(&address).await.bytes,
        form.bytes,
        "the same form is the same bytes"
    );

    let read = at.upload(&address, filled(&form.bytes).saved()).await.expect(200);
    assert_eq!(read.json["draft"], answers("AT"));
    assert_eq!(read.json["version"], Value::Null);
    assert_eq!(read.json["remarks"], json!([]));
    for question in read.json["questions"].as_array().expect("questions") {
        assert_eq!((&question["errors"], &question["remarks"]), (&json!([]), &json!([])));
    }
    // Nothing is saved until it is confirmed.
    at.get(&response).await.expect(404);
    let saved = at.put(&response, &read.json["draft"]).await.expect(201);
    at.post_if(&format!("{response}/submission"), &saved.etag(), &json!({}))
        .await
        .expect(200);
});

on_both!(what_is_not_read_is_told, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let address = format!("{path}/responses/AT/word-form");
    let form = at.get(&address).await.expect(200);
    let spoilt = Form::open(&form.bytes)
        .typed("circle", "No: for the EMN network only")
        .typed("q1.answer", "Perhaps")
        .pasted("q2.answer", "<w:p><w:r><w:t>See </w:t><w:drawing/></w:r></w:p>")
        .without("q3.answer")
        .typed("q5.answer", "about 12")
        .typed("q5.sources", "Statistics Austria https://example.org/a")
        .typed("q6.answer", "in spring")
        .typed("q7.cell.1.1", "many");
    let read = at.upload(&address, spoilt.saved()).await.expect(200);
    insta::assert_json_snapshot!("told", read.json);
});

on_both!(a_draft_is_kept_where_the_form_is_silent, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let address = format!("{response}/word-form");
    let drafted = json!({"answers": {
        "q1": {"yesNo": "no", "circle": "network", "ground": "Article 4(1)(a)"},
        "q5": {"number": {"value": "3"}},
    }});
    let saved = at.put(&response, &drafted).await.expect(201);
    let form = at.get(&address).await.expect(200);
    let changed = Form::open(&form.bytes)
        .typed("q1.answer", "Partly")
        .typed("q1.circle", "No: for the requesters and the Commission only");
    let read = at.upload(&address, changed.saved()).await.expect(200);
    assert_eq!(
        read.json["draft"]["answers"],
        json!({
            "q1": {"yesNo": "partly", "circle": "requester", "ground": "Article 4(1)(a)"},
            "q5": {"number": {"value": "3"}, "circle": "public"},
        })
    );
    assert_eq!(read.json["version"], saved.json["version"]);
    at.put_if(&response, &etag(&at, &response).await, &read.json["draft"])
        .await
        .expect(200);
});

on_both!(a_form_of_something_else_is_refused, |app| {
    let lead = app.coordinator("LU").await;
    let (path, other) = (launched(&lead).await, launched(&lead).await);
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    let own = format!("{path}/responses/AT/word-form");
    let form = |bytes: &[u8]| Form::open(bytes).saved();
    let of_other = at.get(&format!("{other}/responses/AT/word-form")).await.expect(200);
    let of_belgium = be.get(&format!("{path}/responses/BE/word-form")).await.expect(200);
    let edition = {
        let mut form = Form::open(&of_other.bytes);
        form.put("word/vbaProject.bin", b"x".to_vec());
        form.saved()
    };
    for (document, code) in [
        (form(&of_other.bytes), "other_query"),
        (form(&of_belgium.bytes), "other_office"),
        (edition, "macros"),
        (b"no document".to_vec(), "not_a_document"),
    ] {
        let refused = at.upload(&own, document).await.expect(400);
        assert_eq!(refused.faults(), [(String::new(), code.to_owned())]);
    }
    // Austria reads no form of Belgium's, nor does somebody who only reads; everybody else not even that there is one.
    at.get(&format!("{path}/responses/BE/word-form")).await.expect(403);
    at.upload(&format!("{path}/responses/BE/word-form"), form(&of_belgium.bytes))
        .await
        .expect(403);
    let as_json = at.post(&own, &json!({})).await.expect(415);
    assert!(
        as_json
            .header("accept")
            .is_some_and(|accept| accept.contains("wordprocessingml"))
    );
    let large = at.upload(&own, vec![0; (5 << 20) + 1]).await;
    assert_eq!(large.status, 413);
});
