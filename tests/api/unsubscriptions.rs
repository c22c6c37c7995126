//! Mails that a user ends by the link in them, without signing in.

use ahq_harness::{App, Client, Reply};
use ahq_mail::outgoing::Outgoing;
use reqwest::Method;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, etag, launched};

const FORM: &str = "application/x-www-form-urlencoded";

/// Sends a form to a link, as a mail program does.
async fn post(client: &Client, path: &str, kind: &str, body: &str) -> Reply {
    let request = client.request(Method::POST, path).header("Content-Type", kind);
    client.send(request.body(body.to_owned())).await
}

async fn wish(client: &Client, wishes: &Value) {
    let now = etag(client, "/me/notifications").await;
    client.put_if("/me/notifications", &now, wishes).await.expect(200);
}

/// The path of the link in the newest mail to somebody; none where it has none.
fn link(mails: &[Outgoing], to: &str, subject: &str) -> Option<String> {
    let mail = mails
        .iter()
        .rfind(|mail| mail.to.address == to && mail.content.subject().contains(subject))
        .unwrap_or_else(|| panic!("no mail {subject} to {to}"));
    let link = mail.unsubscribe.clone();
    for body in [mail.content.text(), mail.content.html()] {
        assert_eq!(body.contains("/unsubscriptions/"), link.is_some(), "{body}");
        assert!(link.as_ref().is_none_or(|link| body.contains(link)), "{body}");
    }
    Some(link?.split_once("/api/v1").expect("below the interface").1.to_owned())
}

async fn morning(app: &App, clock: &str) -> Vec<Outgoing> {
    app.set_clock(clock);
    app.exchange().write_digests().await.expect("digests");
    app.deliver().await
}

on_both!(a_mail_program_ends_mails_of_a_kind, |app| {
    let lead = app.coordinator("LU").await;
    wish(&lead, &json!({"mail": "digest", "weekly": true, "quarterly": true})).await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    let mails = morning(&app, "2026-11-04T08:00:00Z").await;
    let me = "lu.coordinator@example.org";
    let digest = link(&mails, me, "Digest of").expect("a link in a digest");
    assert_eq!(
        link(&mails, "ncp-lu@example.org", "Digest of"),
        None,
        "a mailbox has no wishes"
    );
    // Luxembourg is not asked and has no overview to get; its list of the last quarter is empty.
    assert!(!mails.iter().any(|mail| mail.content.subject().contains("quarter")));

    // Reading changes nothing.
    let page = app.public().get(&digest).await.expect(200);
    assert_eq!(page.header("cache-control").as_deref(), Some("no-store"));
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(
        policy.contains("form-action 'self'") && !policy.contains("script"),
        "{policy}"
    );
    insta::assert_snapshot!("unsubscription_page", page.text);
    let wished = lead.get("/me/notifications").await.expect(200);
    assert_eq!(wished.json["mail"], "digest");

    // Nor does what is no such form.
    for (kind, body, status, code) in [
        (FORM, "List-Unsubscribe=Yes", 400, "invalid_input"),
        (FORM, "", 400, "invalid_input"),
        ("application/json", "{}", 415, "unsupported_media_type"),
        (FORM, &"x".repeat(5000), 413, "too_large"),
    ] {
        let refused = post(&app.public(), &digest, kind, body).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{kind} {body:.30}");
    }
    let refused = post(&app.public(), &digest, FORM, "List-Unsubscribe=Yes").await;
    assert_eq!(
        refused.faults(),
        [("/List-Unsubscribe".to_owned(), "wrong_value".to_owned())]
    );
    assert_eq!(lead.get("/me/notifications").await.expect(200).etag(), wished.etag());

    // The form does, once; again it changes nothing.
    let one_click = "List-Unsubscribe=One-Click";
    let ended = post(&app.public(), &digest, FORM, one_click).await.expect(204);
    assert_eq!(ended.header("cache-control").as_deref(), Some("no-store"));
    let now = lead.get("/me/notifications").await.expect(200);
    assert_eq!(
        (&now.json["mail"], &now.json["weekly"], &now.json["quarterly"]),
        (&json!("obligations"), &json!(true), &json!(true))
    );
    let parts = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    post(&app.public(), &digest, "multipart/form-data; boundary=b", parts)
        .await
        .expect(204);
    assert_eq!(lead.get("/me/notifications").await.expect(200).etag(), now.etag());

    // A browser is told so.
    let request = app
        .public()
        .request(Method::POST, &digest)
        .header("Accept", "text/html");
    let request = request.header("Content-Type", FORM).body(one_click);
    let page = app.public().send(request).await.expect(200);
    insta::assert_snapshot!("unsubscription_ended", page.text);
});

on_both!(weekly_overviews_and_late_responses_end_and_obligations_do_not, |app| {
    let (lead, at) = (app.coordinator("LU").await, app.coordinator("AT").await);
    wish(&lead, &json!({"mail": "at_once"})).await;
    wish(&at, &json!({"mail": "at_once", "weekly": true})).await;
    let path = launched(&lead).await;
    let mails = app.deliver().await;
    assert_eq!(link(&mails, "at.coordinator@example.org", "Deadline 1 December"), None);
    let mails = morning(&app, "2026-11-04T08:00:00Z").await;
    let weekly = link(&mails, "at.coordinator@example.org", "open").expect("a link in an overview");
    post(&app.public(), &weekly, FORM, "List-Unsubscribe=One-Click")
        .await
        .expect(204);
    let now = at.get("/me/notifications").await.expect(200);
    assert_eq!(
        (&now.json["mail"], &now.json["weekly"]),
        (&json!("at_once"), &json!(false))
    );

    app.set_clock("2026-12-02T08:00:00Z");
    let at = app.sign_in("at.coordinator@example.org").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    let mails = app.deliver().await;
    let late = link(&mails, "lu.coordinator@example.org", "Late response").expect("a link");
    post(&app.public(), &late, FORM, "List-Unsubscribe=One-Click")
        .await
        .expect(204);
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let now = lead.get("/me/notifications").await.expect(200);
    assert_eq!(now.json["mail"], "obligations");
});

on_both!(what_was_ended_meanwhile_does_not_leave, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    wish(&at, &json!({"mail": "digest", "weekly": true, "quarterly": true})).await;
    let sent = app.deliver().await.len();
    app.set_clock("2027-01-04T08:00:00Z");
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let at = app.sign_in("at.coordinator@example.org").await;
    app.exchange().write_digests().await.expect("overviews");
    // Once the overviews are written, and a copy of a late response is.
    wish(&at, &json!({"mail": "digest"})).await;
    wish(&lead, &json!({"mail": "at_once"})).await;
    answered(&at, &path, "AT", &answers("AT")).await;
    wish(&lead, &json!({"mail": "obligations"})).await;
    let mails = app.deliver().await.split_off(sent);
    let subjects = |to: &str| -> Vec<&str> {
        let to = mails.iter().filter(|mail| mail.to.address == to);
        to.map(|mail| mail.content.subject()).collect()
    };
    let mine = subjects("at.coordinator@example.org");
    let ended = |subject: &&&str| subject.contains("Week of") || subject.contains("quarter");
    assert_eq!(mine.iter().filter(ended).count(), 0, "{mine:?}");
    let late = |to: &str| {
        subjects(to)
            .iter()
            .filter(|subject| subject.contains("Late response"))
            .count()
    };
    assert_eq!((late("ncp-lu@example.org"), late("lu.coordinator@example.org")), (1, 0));
});

on_both!(a_wrong_link_ends_nothing, |app| {
    let nobody = app.public();
    let long = "A".repeat(66);
    for token in ["AAAA", long.as_str(), "%C3%A4"] {
        let path = format!("/unsubscriptions/{token}");
        assert_eq!(nobody.get(&path).await.expect(404).code(), "not_found");
        let refused = post(&nobody, &path, FORM, "List-Unsubscribe=One-Click").await;
        assert_eq!(refused.expect(404).code(), "not_found");
    }
});
