//! Mail: one message for each recipient, rendered when sent, and never with a restricted answer.

use std::collections::BTreeSet;

use ahq_exchange::delivery::Sender;
use ahq_mail::outgoing::Mailbox;
use ahq_mail::smtp::{Security, Smtp, SmtpSettings};
use ahq_mail::transport::Transport;
use serde_json::json;

use crate::on_both;
use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched, launched_to};

on_both!(launch_and_compilation_are_mailed_once_to_each, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let launch = app.deliver().await;
    let addresses: BTreeSet<_> = launch.iter().map(|mail| mail.to.address.clone()).collect();
    assert_eq!(
        (launch.len(), addresses.len()),
        (25, 25),
        "one message for each recipient"
    );
    assert!(
        !addresses.contains("ncp-lu@example.org"),
        "the requesting office is not asked"
    );
    for mail in &launch {
        assert_eq!(
            mail.content.subject(),
            "[EMN AHQ 2026.1] Deadline 1 December 2026: Missing unaccompanied minors"
        );
        assert_eq!(
            mail.reply_to.as_ref().map(|to| to.address.as_str()),
            Some("ncp-lu@example.org")
        );
        assert!(
            mail.content.text().contains("1 December 2026, 23:59 Brussels time"),
            "{}",
            mail.content.text()
        );
        assert!(mail.message_id().starts_with(&format!("<{}@", mail.id)));
    }
    let nl = app.coordinator("NL").await;
    let mut secret = answers("NL");
    secret["answers"]["q2"] = json!({"text": "ZEBRA is for the requesters.", "circle": "requester"});
    answered(&nl, &path, "NL", &secret).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    assert_eq!(app.deliver().await.len(), 25, "an edition alone mails nothing");
    let summary = format!("{path}/summary");
    let begun = lead.get(&summary).await;
    let text = json!({"background": "Why **we** ask.", "respondents": "One.", "findings": "- One registers."});
    let edited = lead.put_if(&summary, &begun.etag(), &text).await.expect(200);
    let signed = lead
        .post_if(&format!("{summary}/signature"), &edited.etag(), &json!({}))
        .await
        .expect(200);
    let all = app.deliver().await;
    let compilation = &all[25..];
    let addresses: BTreeSet<_> = compilation.iter().map(|mail| mail.to.address.clone()).collect();
    assert_eq!((compilation.len(), addresses.len()), (26, 26));
    for mail in compilation {
        assert!(mail.content.subject().starts_with("[EMN AHQ 2026.1] "));
        assert!(mail.content.text().contains("One registers."));
        assert!(mail.content.html().contains("Why <strong>we</strong> ask."));
        assert!(mail.content.text().contains("Responses from Netherlands (1 in total)"));
        for part in [mail.content.text(), mail.content.html(), mail.content.subject()] {
            assert!(
                !part.contains("ZEBRA") && !part.contains("Comment of NL"),
                "no answer is in a mail"
            );
        }
    }
    // A change and a second signature mail nothing again.
    let again = lead.put_if(&summary, &signed.etag(), &text).await.expect(200);
    lead.post_if(&format!("{summary}/signature"), &again.etag(), &json!({}))
        .await
        .expect(200);
    assert_eq!(app.deliver().await.len(), all.len());
});

on_both!(what_no_longer_holds_is_not_sent, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    lead.post_if(
        &format!("{path}/withdrawal"),
        &etag(&lead, &path).await,
        &json!({"reason": "Asked elsewhere."}),
    )
    .await
    .expect(200);
    let mails = app.deliver().await;
    assert_eq!(mails.len(), 25, "the launch was overtaken by the withdrawal");
    for mail in mails {
        assert!(mail.content.text().contains("Asked elsewhere."));
    }
});

on_both!(a_retraction_is_told_to_who_may_have_read_it, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let before = app.deliver().await.len();
    let response = format!("{path}/responses/AT");
    let retracted = at
        .post_if(
            &format!("{response}/retraction"),
            &etag(&at, &response).await,
            &json!({"reason": "A mistake."}),
        )
        .await
        .expect(200);
    assert_eq!(retracted.json["status"], "drafting");
    let told = app.deliver().await;
    assert_eq!(
        told.len() - before,
        27,
        "24 others that were asked, the lead, the Commission and the service provider"
    );
    compiled(&lead, &path).await;
    let second = lead.get(&format!("{path}/editions/2?format=json")).await.expect(200);
    assert_eq!(second.json["view"]["head"]["total"], 0);
    assert_eq!(second.json["view"]["changes"], json!(["Austria: no longer included"]));

    // What came after the edition and stood in none is nobody's concern.
    let be = app.coordinator("BE").await;
    answered(&be, &path, "BE", &answers("BE")).await;
    let before = app.deliver().await.len();
    let response = format!("{path}/responses/BE");
    be.post_if(
        &format!("{response}/retraction"),
        &etag(&be, &response).await,
        &json!({"reason": "Another mistake."}),
    )
    .await
    .expect(200);
    assert_eq!(app.deliver().await.len(), before);
});

on_both!(a_retraction_is_told_to_an_audience_that_was_not_asked, |app| {
    let lead = app.coordinator("LU").await;
    let asked = json!({"addressed": "list", "offices": ["AT"], "audience": "members"});
    let path = launched_to(&lead, &asked).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    compiled(&lead, &path).await;
    let before = app.deliver().await.len();
    let response = format!("{path}/responses/AT");
    at.post_if(
        &format!("{response}/retraction"),
        &etag(&at, &response).await,
        &json!({"reason": "A mistake."}),
    )
    .await
    .expect(200);
    assert_eq!(app.deliver().await.len() - before, 27);
});

/// A mail server where nobody listens.
fn nowhere() -> Transport {
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        authorities: None,
        port: 1,
        security: Security::Plain,
        login: None,
        step_timeout: std::time::Duration::from_secs(5),
        connections: 1,
        per_minute: 0,
        dkim: None,
    };
    Transport::Smtp(Box::new(Smtp::new(settings).expect("settings that can be used")))
}

fn sender() -> Sender {
    Sender {
        from: Mailbox::bare("exchange@example.org"),
        domain: "exchange.example.org".to_owned(),
    }
}

on_both!(a_message_that_nobody_takes_ends_after_five_days, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched_to(&lead, &json!({"addressed": "list", "offices": ["AT"]})).await;
    let nowhere = nowhere();
    for (now, failed) in [
        ("2026-11-03T08:00:01Z", 0),
        ("2026-11-05T08:00:00Z", 0),
        ("2026-11-08T07:59:59Z", 0),
        ("2026-11-08T08:30:00Z", 1),
        ("2026-11-08T08:31:00Z", 0),
    ] {
        app.set_clock(now);
        let round = app
            .exchange()
            .deliver_due(&nowhere, &sender(), 1)
            .await
            .expect("a round");
        assert_eq!(round.failed, failed, "{now}");
    }
    let listed = lead.get(&format!("{path}/deliveries")).await.expect(200).json;
    assert_eq!(listed["items"][0]["status"], "failed");
    app.set_clock("2026-11-08T09:00:00Z");
    let told = app.deliver().await;
    assert_eq!(told[0].content.subject(), "[EMN AHQ] Not reached: EMN NCP Austria");
});

on_both!(a_narrowing_does_not_lose_the_compilation, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let before = app.deliver().await.len();
    let summary = format!("{path}/summary");
    let text = json!({"background": "Why.", "respondents": "One.", "findings": "Austria says Text of AT."});
    let saved = lead
        .put_if(&summary, &etag(&lead, &summary).await, &text)
        .await
        .expect(200);
    lead.post_if(&format!("{summary}/signature"), &saved.etag(), &json!({}))
        .await
        .expect(200);
    // Before any of it leaves, an answer is narrowed: the edition in its place is mailed, whose summary nobody has signed.
    let response = format!("{path}/responses/AT");
    let circle = json!({"circle": "requester"});
    at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &circle)
        .await
        .expect(200);
    let mails = app.deliver().await.split_off(before);
    let compilations: Vec<_> = mails
        .iter()
        .filter(|mail| mail.content.subject().contains("Compilation"))
        .collect();
    assert_eq!(compilations.len(), 26);
    for mail in &compilations {
        let commission = mail.to.address.contains("com");
        let edition = if commission {
            "Compilation: "
        } else {
            "Compilation, edition 2"
        };
        assert!(mail.content.subject().contains(edition), "{}", mail.content.subject());
        assert!(
            !mail.content.text().contains("Austria says"),
            "it quotes what is restricted now"
        );
    }
});

on_both!(a_message_is_tried_for_five_days_from_its_first_try_on, |app| {
    let lead = app.coordinator("LU").await;
    launched_to(&lead, &json!({"addressed": "list", "offices": ["AT"]})).await;
    let nowhere = nowhere();
    // Nobody came for six days.
    for (now, failed) in [
        ("2026-11-09T09:00:00Z", 0),
        ("2026-11-14T08:59:59Z", 0),
        ("2026-11-14T09:30:00Z", 1),
    ] {
        app.set_clock(now);
        let round = app
            .exchange()
            .deliver_due(&nowhere, &sender(), 1)
            .await
            .expect("a round");
        assert_eq!((round.failed, round.postponed), (failed, 1 - failed), "{now}");
    }
});

on_both!(
    a_reminder_that_waits_over_holidays_is_tried_for_five_days_after_them,
    |app| {
        let lead = app.coordinator("LU").await;
        let mut query = draft();
        query["deadline"] = json!("2026-12-22");
        let (path, tag) = drafted(&lead, &query).await;
        let asked = json!({"addressed": "list", "offices": ["AT"]});
        lead.post_if(&format!("{path}/launch"), &tag, &asked).await.expect(200);
        app.set_clock("2026-12-23T20:00:00Z");
        app.deliver().await;
        app.exchange().remind().await.expect("reminders");
        let nowhere = nowhere();
        for (now, failed) in [
            ("2026-12-23T20:00:00Z", 0),
            ("2026-12-24T08:00:00Z", 0),
            ("2027-01-04T08:00:00Z", 0),
            ("2027-01-04T09:00:00Z", 0),
            ("2027-01-08T17:00:00Z", 0),
        ] {
            app.set_clock(now);
            let round = app
                .exchange()
                .deliver_due(&nowhere, &sender(), 1)
                .await
                .expect("a round");
            assert_eq!((round.failed, round.postponed), (failed, 1), "{now}");
        }
    }
);
