//! What is stored on a person is exported, and erased so that no table has a word of it and the audit still verifies.

use ahq_domain::refusal::Refusal;
use ahq_domain::user::Role;
use ahq_exchange::error::Error;
use ahq_harness::{App, PASSWORD};
use reqwest::Method;
use serde_json::json;

use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched};
use crate::{contributions, on_both};

/// The words of Austria's expert, and of one outside.
pub(crate) const INSIDE: [&str; 2] = ["at.expert@example.org", "Expert of AT"];
pub(crate) const OUTSIDE: [&str; 4] = ["eva.huber@police.example.org", "Eva Huber", "Dear Eva", "I am on leave"];

/// The tables in which one of these words stands.
pub(crate) async fn tables_with(app: &App, words: &[&str]) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let found = app.exchange().store().read(move |conn| {
        let mut found = Vec::new();
        for table in conn.tables()? {
            for word in &words {
                if conn.count_rows_with(&table, word)? > 0 {
                    found.push(format!("{table}: {word}"));
                }
            }
        }
        Ok::<_, ahq_store::StoreError>(found)
    });
    found.await.expect("the tables are read")
}

/// Austria's expert drafts, its coordinator asks an expert outside who declines; gives the query.
pub(crate) async fn worked(app: &App) -> String {
    let lead = app.coordinator("LU").await;
    let at = app.coordinator("AT").await;
    let expert = app.user("AT", Role::Expert).await;
    let settings = expert.get("/me/notifications").await.expect(200);
    let wishes = json!({"mail": "at_once", "weekly": true, "quarterly": true});
    expert
        .put_if("/me/notifications", &settings.etag(), &wishes)
        .await
        .expect(200);
    let path = launched(&lead).await;
    let ask = json!({"email": OUTSIDE[0], "name": OUTSIDE[1], "questions": ["q2"], "replyBy": "2026-11-13",
                     "note": "Dear Eva, how is it?"});
    let response = format!("{path}/responses/AT");
    at.post(&format!("{response}/contributions"), &ask).await.expect(201);
    let mails = app.deliver().await;
    let mail = mails
        .iter()
        .rfind(|mail| mail.to.address == OUTSIDE[0])
        .expect("a mail");
    let text = mail.content.text();
    let start = text.find("/contributions/").expect("a link");
    let link = text[start..].split_whitespace().next().expect("a secret").to_owned();
    let outside = app.public();
    let tag = outside.get(&link).await.expect(200).etag();
    let declined = json!({"reason": "I am on leave."});
    outside
        .post_if(&format!("{link}/declination"), &tag, &declined)
        .await
        .expect(200);
    answered(&at, &path, "AT", &answers("AT")).await;
    app.deliver().await;
    path
}

async fn verified(app: &App) -> bool {
    app.exchange().seal_audit(None).await.expect("the events are sealed");
    let found = app
        .exchange()
        .verify_audit(Vec::new(), |_| ())
        .await
        .expect("a verification");
    found.fault.is_none() && found.events > 0
}

on_both!(all_that_is_stored_on_a_person_is_exported, |app| {
    worked(&app).await;
    let exported = app
        .exchange()
        .export_person("AT.Expert@example.org".into())
        .await
        .expect("an export");
    let account = &exported["account"];
    assert_eq!(
        (&account["email"], &account["name"]),
        (&json!(INSIDE[0]), &json!(INSIDE[1]))
    );
    assert_eq!(account["sessions"].as_array().map(Vec::len), Some(1));
    assert_eq!(account["notifications"]["weekly"], true);
    assert_eq!(account["hasPassword"], true);
    assert_eq!(account["usedOn"], "2026-11-03");
    assert!(exported.to_string().contains("session.opened"));
    for list in ["links", "waysToProviders", "keptReplies", "tokens"] {
        assert_eq!(account[list], json!([]), "{list}");
    }
    let outside = app
        .exchange()
        .export_person(OUTSIDE[0].into())
        .await
        .expect("an export");
    assert_eq!(outside["account"], json!(null));
    for word in OUTSIDE {
        assert!(outside.to_string().contains(word), "{word}");
    }
    let nobody = app.exchange().export_person("nobody@example.org".into()).await;
    assert!(matches!(nobody, Err(Error::Refused(Refusal::Hidden))));
});

on_both!(who_is_erased_is_in_no_table_and_the_audit_verifies, |app| {
    let path = worked(&app).await;
    let expert = app.sign_in(INSIDE[0]).await;
    assert!(!tables_with(&app, &INSIDE).await.is_empty());
    assert!(!tables_with(&app, &OUTSIDE).await.is_empty());
    let without = app.exchange().erase_person(INSIDE[0].into(), " ".into()).await;
    assert!(matches!(without, Err(Error::Refused(Refusal::Invalid(_)))));
    for email in [INSIDE[0], OUTSIDE[0]] {
        app.exchange()
            .erase_person(email.into(), "DPO-2026-14".into())
            .await
            .expect("an erasure");
    }
    assert_eq!(tables_with(&app, &INSIDE).await, Vec::<String>::new());
    assert_eq!(tables_with(&app, &OUTSIDE).await, Vec::<String>::new());
    assert!(verified(&app).await);
    expert.get("/me").await.expect(401);
    let again = app
        .exchange()
        .erase_person(INSIDE[0].into(), "DPO-2026-14".into())
        .await;
    assert!(matches!(again, Err(Error::Refused(Refusal::Hidden))));
    // What the office said is the office's.
    let at = app.sign_in_coordinator("AT").await;
    let response = at.get(&format!("{path}/responses/AT")).await.expect(200);
    assert!(response.text.contains("Text of AT."));
    let asked = at.get(&format!("{path}/responses/AT/contributions")).await.expect(200);
    assert_eq!(asked.json["items"][0]["status"], "declined");
    let users = at.get("/offices/AT/users").await.expect(200);
    assert!(users.text.contains("Erased user"));
    assert!(
        app.deliver()
            .await
            .iter()
            .all(|mail| !mail.to.address.starts_with("erased-"))
    );
});

on_both!(a_kept_reply_that_names_an_expert_goes_with_them, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let change = json!({"email": "at.new@example.org", "password": PASSWORD});
    at.post("/me/address", &change).await.expect(204);
    let (contribution, link) = contributions::asked(&app, &at, &format!("{path}/responses/AT")).await;
    contributions::returned(&app, &link).await;
    let merge = at
        .request(Method::POST, &format!("{contribution}/merge"))
        .header("Idempotency-Key", "merge")
        .json(&json!({"questions": ["q2"]}));
    let merged = at.send(merge).await.expect(200);
    assert!(merged.text.contains(OUTSIDE[1]) && !merged.text.contains(OUTSIDE[0]));
    assert!(
        tables_with(&app, &OUTSIDE[..2])
            .await
            .contains(&format!("replays: {}", OUTSIDE[1]))
    );
    let of_coordinator = app.exchange().export_person("at.coordinator@example.org".into()).await;
    let account = &of_coordinator.expect("an export")["account"];
    assert_eq!(account["links"][0]["newAddress"], "at.new@example.org");
    assert!(
        account["keptReplies"][0]["to"]
            .as_str()
            .is_some_and(|to| to.ends_with("/merge"))
    );
    app.exchange()
        .erase_person(OUTSIDE[0].into(), "DPO-2026-14".into())
        .await
        .expect("an erasure");
    assert_eq!(tables_with(&app, &OUTSIDE[..2]).await, Vec::<String>::new());
});

on_both!(an_office_keeps_its_last_coordinator, |app| {
    app.coordinator("AT").await;
    let refused = app
        .exchange()
        .erase_person("at.coordinator@example.org".into(), "DPO-2026-14".into())
        .await;
    let Err(Error::Refused(Refusal::Conflict { code, .. })) = refused else {
        panic!("the last coordinator was erased");
    };
    assert_eq!(code, "last_coordinator");
    assert!(!tables_with(&app, &["at.coordinator@example.org"]).await.is_empty());
});

on_both!(young_editions_do_not_hide_what_is_over, |app| {
    let lead = app.coordinator("LU").await;
    // As many as are looked at together, and then one, have the same deadline, and each a file that somebody attached.
    let mut young = Vec::new();
    for _ in 0..21 {
        let (path, _) = drafted(&lead, &draft()).await;
        lead.attach(&format!("{path}/attachments"), "text/plain", "a.txt", "Words.")
            .await
            .expect(201);
        let tag = etag(&lead, &path).await;
        lead.post_if(&format!("{path}/launch"), &tag, &json!({"addressed": "members"}))
            .await
            .expect(200);
        young.push(path);
    }
    // Ids of one moment come in any order: the last of them is the one that is over.
    young.sort();
    young.pop();
    app.deliver().await;
    app.set_clock("2029-12-02T12:00:00Z");
    let lead = app.sign_in_coordinator("LU").await;
    for path in young {
        compiled(&lead, &path).await;
    }
    app.set_clock("2029-12-03T12:00:00Z");
    assert_eq!(app.exchange().apply_retention().await.ok(), Some(1));
    // Nothing of a person is left there, so it is not found again.
    assert_eq!(app.exchange().apply_retention().await.ok(), Some(0));
});
