//! Reminders, digests and preferences; requests for a later deadline; who was told what.

use ahq_harness::App;
use ahq_mail::outgoing::Outgoing;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, come_back, compiled, etag, launched};

/// What left since `before`, after the worker's round of reminders and digests.
async fn round(app: &App, before: usize) -> Vec<Outgoing> {
    app.exchange().remind().await.expect("reminders");
    app.exchange().write_digests().await.expect("digests");
    app.deliver().await.split_off(before)
}

fn subjects(mails: &[Outgoing], to: &str) -> Vec<String> {
    let mine = mails.iter().filter(|mail| mail.to.address == to);
    mine.map(|mail| mail.content.subject().to_owned()).collect()
}

/// Offices whose mailbox got a mail with this in its subject.
fn told(mails: &[Outgoing], what: &str) -> Vec<String> {
    let mut told: Vec<String> = mails
        .iter()
        .filter(|mail| mail.content.subject().contains(what))
        .filter_map(|mail| Some(mail.to.address.strip_prefix("ncp-")?.split('@').next()?.to_uppercase()))
        .collect();
    told.sort();
    told
}

on_both!(who_owes_an_answer_is_reminded_on_its_days, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    let be = app.coordinator("BE").await;
    let mut in_part = answers("BE");
    in_part["answers"]["q5"] = json!({"instead": "to_follow", "comment": "In a week."});
    answered(&be, &path, "BE", &in_part).await;
    let mut sent = app.deliver().await.len();
    // The deadline is Tuesday 1 December; five working days before is Tuesday 24 November.
    app.set_clock("2026-11-24T06:59:59Z");
    assert!(told(&round(&app, sent).await, "Reminder").is_empty());
    app.set_clock("2026-11-24T07:00:00Z");
    let mails = round(&app, sent).await;
    let reminded = told(&mails, "Reminder, 5 working days left");
    assert_eq!(reminded.len(), 24, "{reminded:?}");
    assert!(!reminded.contains(&"AT".to_owned()) && reminded.contains(&"BE".to_owned()));
    sent += mails.len();
    assert!(told(&round(&app, sent).await, "Reminder").is_empty(), "once");
    // Two days without a worker; then the day before the deadline.
    app.set_clock("2026-11-30T10:00:00Z");
    let mails = round(&app, sent).await;
    assert_eq!(told(&mails, "Reminder, 1 working day left").len(), 24);
    sent += mails.len();
    let fr = app.coordinator("FR").await;
    answered(&fr, &path, "FR", &answers("FR")).await;
    app.set_clock("2026-12-02T07:00:00Z");
    let mails = round(&app, sent).await;
    let overdue = told(&mails, "Reminder, 1 working day overdue");
    assert_eq!(overdue.len(), 23, "{overdue:?}");
    assert!(!overdue.contains(&"FR".to_owned()));
    sent += mails.len();
    // A later deadline for all sets the clock anew, and voids what was written before.
    let body = json!({"deadline": "2026-12-18", "reason": "Several offices asked."});
    lead.post_if(&format!("{path}/extensions"), &etag(&lead, &path).await, &body)
        .await
        .expect(200);
    sent += app.deliver().await.len() - sent;
    app.set_clock("2026-12-09T07:00:00Z");
    assert!(told(&round(&app, sent).await, "Reminder").is_empty());
    sent = app.deliver().await.len();
    app.set_clock("2026-12-11T07:00:00Z");
    assert_eq!(
        told(&round(&app, sent).await, "Reminder, 5 working days left").len(),
        23
    );
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let at = app.sign_in("at.coordinator@example.org").await;
    let list = lead.get(&format!("{path}/reminders")).await.expect(200).json;
    let states = |office: &str, state: &str| {
        let items = list["items"].as_array().expect("items");
        items
            .iter()
            .filter(|item| item["office"] == office && item["state"] == state)
            .count()
    };
    assert_eq!((states("BG", "written"), states("BG", "planned")), (4, 6));
    assert_eq!((states("AT", "not_needed"), states("AT", "planned")), (4, 0));
    at.get(&format!("{path}/reminders")).await.expect(403);
});

on_both!(an_extra_reminder_a_day, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let sent = app.deliver().await.len();
    let reminders = format!("{path}/reminders");
    let asked = lead
        .post_if(&reminders, &etag(&lead, &path).await, &json!({}))
        .await
        .expect(200);
    assert_eq!(asked.json["offices"].as_array().map(Vec::len), Some(25));
    let again = lead.post_if(&reminders, &etag(&lead, &path).await, &json!({})).await;
    assert_eq!(again.expect(409).code(), "reminded_today");
    assert_eq!(told(&app.deliver().await[sent..], "Reminder").len(), 25);
    // On a Saturday it waits until Monday morning, and says what is true then.
    app.set_clock("2026-11-07T12:00:00Z");
    lead.post_if(&reminders, &etag(&lead, &path).await, &json!({}))
        .await
        .expect(200);
    assert_eq!(app.deliver().await.len(), sent + 25);
    // On Sunday there is one for Monday already.
    app.set_clock("2026-11-08T12:00:00Z");
    let again = lead.post_if(&reminders, &etag(&lead, &path).await, &json!({})).await;
    let again = again.expect(409);
    assert_eq!(again.code(), "reminded_today");
    assert!(
        again.text.contains("there is one for 9 November 2026"),
        "{}",
        again.text
    );
    let listed = lead.get(&reminders).await.expect(200).json;
    let extra = |day: &str| {
        let items = listed["items"].as_array().expect("items");
        items
            .iter()
            .filter(|item| item["state"] == "written" && item["on"] == day)
            .count()
    };
    assert_eq!(
        (extra("2026-11-03"), extra("2026-11-07"), extra("2026-11-09")),
        (25, 0, 25)
    );
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-11-09T07:00:00Z");
    assert_eq!(told(&app.deliver().await[sent + 25..], "Reminder").len(), 24);
});

on_both!(an_office_asks_for_more_time, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (pl, sk) = (app.coordinator("PL").await, app.coordinator("SK").await);
    let requests = format!("{path}/extension-requests");
    let ask = json!({"deadline": "2026-12-12", "reason": "The ministry answers in a week."});
    let asked = pl.post(&requests, &ask).await.expect(201).json;
    assert_eq!(asked["proposed"], "2026-12-14", "a Saturday moves to Monday");
    assert_eq!(pl.post(&requests, &ask).await.expect(409).code(), "already_asked");
    let sooner = json!({"deadline": "2026-11-30", "reason": "No."});
    assert_eq!(
        sk.post(&requests, &sooner).await.expect(400).faults(),
        [("/deadline".to_owned(), "deadline_not_later".to_owned())]
    );
    assert_eq!(lead.post(&requests, &ask).await.expect(409).code(), "not_addressed");
    let of = |list: Value| list["items"].as_array().map_or(0, Vec::len);
    assert_eq!(of(lead.get(&requests).await.expect(200).json), 1);
    assert_eq!(
        of(sk.get(&requests).await.expect(200).json),
        0,
        "another office's is not for it"
    );
    let sent = app.deliver().await;
    assert!(subjects(&sent, "ncp-lu@example.org")[0].contains("EMN NCP Poland asks for 14 December 2026"));

    let answer = format!("{requests}/{}/answer", asked["id"].as_str().expect("an id"));
    let granted = json!({"outcome": "granted", "note": "Gladly."});
    pl.post_if(&answer, &etag(&pl, &path).await, &granted).await.expect(403);
    let stale = etag(&lead, &path).await;
    let answered_request = lead.post_if(&answer, &stale, &granted).await.expect(200).json;
    assert_eq!(answered_request["answer"]["deadline"], "2026-12-14");
    lead.post_if(&answer, &stale, &granted).await.expect(412);
    assert_eq!(
        lead.post_if(&answer, &etag(&lead, &path).await, &granted)
            .await
            .expect(409)
            .code(),
        "already_answered"
    );
    let told = app.deliver().await.split_off(sent.len());
    assert_eq!(told.len(), 1, "Poland alone is told");
    let calendar = told[0].calendar.as_ref().expect("the deadline for the calendar");
    assert!(String::from_utf8_lossy(&calendar.bytes).contains("20261214T"));

    // Poland is on time until its own day, others are not; the query closes for the others.
    app.set_clock("2026-12-14T22:59:59Z");
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let pl = app.sign_in("pl.coordinator@example.org").await;
    let sk = app.sign_in("sk.coordinator@example.org").await;
    assert_eq!(lead.get(&path).await.json["status"], "closed");
    assert_eq!(answered(&pl, &path, "PL", &answers("PL")).await.json["late"], false);
    assert_eq!(answered(&sk, &path, "SK", &answers("SK")).await.json["late"], true);
});

on_both!(an_extension_for_all_tells_an_office_the_date_that_it_has, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let pl = app.coordinator("PL").await;
    let requests = format!("{path}/extension-requests");
    let ask = json!({"deadline": "2026-12-14", "reason": "The ministry answers in a week."});
    let asked = pl.post(&requests, &ask).await.expect(201).json;
    let answer = format!("{requests}/{}/answer", asked["id"].as_str().expect("an id"));
    lead.post_if(&answer, &etag(&lead, &path).await, &json!({"outcome": "granted"}))
        .await
        .expect(200);
    let mut sent = app.deliver().await.len();
    for (deadline, subject, lines) in [
        (
            "2026-12-11",
            "Your office keeps its agreed date, 14 December 2026",
            [
                "Date agreed with your office: 14 December 2026",
                "New deadline of the other offices: 11 December 2026",
                "Deadline until now: 1 December 2026",
            ],
        ),
        (
            "2026-12-18",
            "New deadline 18 December 2026",
            [
                "New deadline: 18 December 2026",
                "Deadline until now: 14 December 2026",
                "holds for every addressed office",
            ],
        ),
    ] {
        let body = json!({"deadline": deadline, "reason": "Others asked too."});
        lead.post_if(&format!("{path}/extensions"), &etag(&lead, &path).await, &body)
            .await
            .expect(200);
        let mails = app.deliver().await.split_off(sent);
        sent += mails.len();
        assert_eq!(mails.len(), 25);
        let mine = mails.iter().find(|mail| mail.to.address == "ncp-pl@example.org");
        let mine = &mine.expect("a mail to Poland").content;
        assert!(mine.subject().contains(subject), "{}", mine.subject());
        for line in lines {
            assert!(mine.text().contains(line), "{line} in {}", mine.text());
        }
    }
});

on_both!(a_request_is_granted_to_all_or_declined, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (pl, sk) = (app.coordinator("PL").await, app.coordinator("SK").await);
    let requests = format!("{path}/extension-requests");
    let ask = json!({"deadline": "2026-12-11", "reason": "Holidays."});
    let id = |reply: Value| reply["id"].as_str().expect("an id").to_owned();
    let first = id(pl.post(&requests, &ask).await.expect(201).json);
    let second = id(sk.post(&requests, &ask).await.expect(201).json);
    let sent = app.deliver().await.len();
    let answer = |id: &str| format!("{requests}/{id}/answer");
    let declined = json!({"outcome": "declined", "deadline": "2026-12-11"});
    assert_eq!(
        lead.post_if(&answer(&first), &etag(&lead, &path).await, &declined)
            .await
            .expect(400)
            .faults(),
        [("/deadline".to_owned(), "not_for_outcome".to_owned())]
    );
    let declined = json!({"outcome": "declined", "note": "We need them in time."});
    lead.post_if(&answer(&first), &etag(&lead, &path).await, &declined)
        .await
        .expect(200);
    let all = json!({"outcome": "granted_to_all"});
    assert_eq!(
        lead.post_if(&answer(&second), &etag(&lead, &path).await, &all)
            .await
            .expect(400)
            .faults(),
        [("/note".to_owned(), "missing_field".to_owned())]
    );
    let all = json!({"outcome": "granted_to_all", "note": "Holidays in several countries."});
    lead.post_if(&answer(&second), &etag(&lead, &path).await, &all)
        .await
        .expect(200);
    assert_eq!(lead.get(&path).await.json["deadline"], "2026-12-11");
    let mails = app.deliver().await.split_off(sent);
    assert_eq!(told(&mails, "declined"), ["PL"]);
    assert_eq!(told(&mails, "New deadline").len(), 25);
});

on_both!(one_digest_a_day_unless_somebody_wants_otherwise, |app| {
    let lead = app.coordinator("LU").await;
    let at = app.coordinator("AT").await;
    let mine = "at.coordinator@example.org";
    let mailbox = "ncp-at@example.org";
    let sent = app.deliver().await.len();
    let path = launched(&lead).await;
    launched(&lead).await;
    let mails = app.deliver().await.split_off(sent);
    assert_eq!((subjects(&mails, mailbox).len(), subjects(&mails, mine).len()), (2, 0));
    app.set_clock("2026-11-04T06:00:00Z");
    let mut sent = app.deliver().await.len();
    assert!(round(&app, sent).await.is_empty(), "not before eight");
    app.set_clock("2026-11-04T07:30:00Z");
    let mails = round(&app, sent).await;
    assert_eq!(
        subjects(&mails, mine),
        ["[EMN AHQ] Digest of 4 November 2026: 2 to do, 2 new"]
    );
    let digest = mails.iter().find(|mail| mail.to.address == mine).expect("the digest");
    assert!(digest.content.text().contains("2026.1: Missing unaccompanied minors"));
    assert!(digest.content.text().contains("Deadline 1 December 2026"));
    assert!(subjects(&mails, mailbox).is_empty(), "the mailbox was told at once");
    sent += mails.len();
    assert!(round(&app, sent).await.is_empty(), "one a day");

    // Everything at once from now on; and what the lead hears of responses is in its digest, that of its mailbox too.
    let settings = "/me/notifications";
    let read = at.get(settings).await.expect(200);
    assert_eq!(read.json["mail"], "digest");
    at.put_if(settings, &read.etag(), &json!({"mail": "at_once"}))
        .await
        .expect(200);
    at.put_if(settings, &read.etag(), &json!({"mail": "digest"}))
        .await
        .expect(412);
    answered(&at, &path, "AT", &answers("AT")).await;
    let body = json!({"deadline": "2026-12-18", "reason": "More time."});
    lead.post_if(&format!("{path}/extensions"), &etag(&lead, &path).await, &body)
        .await
        .expect(200);
    let mails = app.deliver().await.split_off(sent);
    assert_eq!(subjects(&mails, mine).len(), 1, "a copy at once");
    assert!(
        subjects(&mails, "ncp-lu@example.org").is_empty(),
        "nothing at once of a response"
    );
    sent += mails.len();
    app.set_clock("2026-11-05T07:30:00Z");
    let mails = round(&app, sent).await;
    assert!(subjects(&mails, mine).is_empty(), "all of it came at once");
    for to in ["ncp-lu@example.org", "lu.coordinator@example.org"] {
        assert_eq!(
            subjects(&mails, to),
            ["[EMN AHQ] Digest of 5 November 2026: 1 new"],
            "{to}"
        );
        let digest = mails.iter().find(|mail| mail.to.address == to).expect("the digest");
        assert!(digest.content.text().contains("Response of EMN NCP Austria"));
    }
});

on_both!(who_is_away_gets_nothing_and_a_deputy_as_much, |app| {
    let lead = app.coordinator("LU").await;
    let (at, expert) = (
        app.coordinator("AT").await,
        app.user("AT", ahq_domain::user::Role::Expert).await,
    );
    let me = expert.get("/me").await.expect(200).json;
    let settings = "/me/notifications";
    let wishes = json!({"mail": "at_once", "absence":
        {"from": "2026-11-03", "until": "2026-11-04", "deputy": me["id"]}});
    at.put_if(settings, &etag(&at, settings).await, &wishes)
        .await
        .expect(200);
    let quiet = json!({"mail": "obligations"});
    expert
        .put_if(settings, &etag(&expert, settings).await, &quiet)
        .await
        .expect(200);
    let wrong = json!({"mail": "digest", "absence": {"from": "2026-11-04", "until": "2026-11-03", "deputy": me["id"]}});
    assert_eq!(
        expert
            .put_if(settings, &etag(&expert, settings).await, &wrong)
            .await
            .expect(400)
            .faults(),
        [
            ("/absence/until".to_owned(), "bad_period".to_owned()),
            ("/absence/deputy".to_owned(), "own_deputy".to_owned())
        ]
    );
    let sent = app.deliver().await.len();
    launched(&lead).await;
    let mails = app.deliver().await.split_off(sent);
    let (coordinator, deputy) = ("at.coordinator@example.org", "at.expert@example.org");
    assert_eq!(subjects(&mails, coordinator).len(), 0);
    assert_eq!(subjects(&mails, deputy).len(), 1);
    let mut sent = sent + mails.len();

    // The deputy had a copy, so it is in no digest; that of the office's own wishes would have been.
    app.set_clock("2026-11-04T08:00:00Z");
    let mails = round(&app, sent).await;
    assert_eq!(subjects(&mails, deputy).len(), 0);
    sent += mails.len();
    // Who wants everything at once and was away reads the next morning what they had no copy of.
    app.set_clock("2026-11-05T08:00:00Z");
    let mails = round(&app, sent).await;
    assert_eq!(
        subjects(&mails, coordinator),
        ["[EMN AHQ] Digest of 5 November 2026: 1 to do, 1 new"]
    );
    sent += mails.len();

    // A digest no longer wanted loses nothing of its last day, and everything at once is not told again.
    launched(&lead).await;
    let at = app.sign_in(coordinator).await;
    let lead = app.sign_in("lu.coordinator@example.org").await;
    for (wish, copies) in [("digest", 1), ("at_once", 0)] {
        at.put_if(settings, &etag(&at, settings).await, &json!({"mail": wish}))
            .await
            .expect(200);
        let mails = app.deliver().await.split_off(sent);
        assert_eq!(subjects(&mails, coordinator).len(), copies, "{wish}");
        sent += mails.len();
        launched(&lead).await;
    }
    app.set_clock("2026-11-06T08:00:00Z");
    let mails = round(&app, sent).await;
    let digest: Vec<_> = mails
        .iter()
        .filter(|mail| mail.to.address == coordinator && mail.content.subject().contains("Digest"))
        .collect();
    assert_eq!(digest.len(), 1);
    let text = digest[0].content.text();
    // The second had a copy; the third came while digests were wanted; the fourth left at once.
    for (number, told) in [("2026.2:", false), ("2026.3:", true), ("2026.4:", false)] {
        let news = text.split("WAITING FOR").next().unwrap_or(text);
        assert_eq!(news.contains(number), told, "{number} in {text}");
    }
});

on_both!(those_who_asked_get_the_week_and_the_quarter, |app| {
    let lead = app.coordinator("LU").await;
    let at = app.coordinator("AT").await;
    launched(&lead).await;
    let settings = "/me/notifications";
    let wishes = json!({"mail": "obligations", "weekly": true, "quarterly": true});
    at.put_if(settings, &etag(&at, settings).await, &wishes)
        .await
        .expect(200);
    app.set_clock("2026-11-09T07:00:00Z");
    let mut sent = app.deliver().await.len();
    let mails = round(&app, sent).await;
    let mine = subjects(&mails, "at.coordinator@example.org");
    assert!(
        mine.contains(&"[EMN AHQ] Week of 9 November 2026: 1 open query".to_owned()),
        "{mine:?}"
    );
    assert!(
        !mine.iter().any(|subject| subject.contains("quarter")),
        "none was launched in the third"
    );
    sent += mails.len();
    app.set_clock("2026-11-10T07:00:00Z");
    assert!(round(&app, sent).await.is_empty());
    app.set_clock("2027-01-04T07:00:00Z");
    let mails = round(&app, sent).await;
    let mine = subjects(&mails, "at.coordinator@example.org");
    assert!(
        mine.contains(&"[EMN AHQ] Queries of the fourth quarter of 2026".to_owned()),
        "{mine:?}"
    );
});

on_both!(later_editions_come_in_the_digest_unless_important, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    lead.post_if(&format!("{path}/dispatch"), &etag(&lead, &path).await, &json!({}))
        .await
        .expect(200);
    let sent = app.deliver().await.len();
    compiled(&lead, &path).await;
    assert_eq!(app.deliver().await.len(), sent);
    lead.post_if(
        &format!("{path}/editions?important=true"),
        &etag(&lead, &path).await,
        &json!({}),
    )
    .await
    .expect(201);
    let mails = app.deliver().await.split_off(sent);
    assert_eq!(told(&mails, "Compilation, edition 3").len(), 25);
    app.set_clock("2026-12-03T09:00:00Z");
    let mails = round(&app, sent + mails.len()).await;
    let digest = mails
        .iter()
        .find(|mail| mail.to.address == "ncp-at@example.org")
        .expect("a digest of the mailbox");
    assert!(digest.content.text().contains("Edition 2 of the compilation"));
});

on_both!(who_was_told_what_and_whether_it_arrived, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let (at, sp) = (app.coordinator("AT").await, app.coordinator("SP").await);
    let deliveries = format!("{path}/deliveries");
    at.get(&deliveries).await.expect(403);
    let listed = lead.get(&deliveries).await.expect(200).json;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(25));
    assert_eq!(listed["items"][0]["status"], "queued");
    let mails = app.deliver().await;
    let to_austria = mails
        .iter()
        .find(|mail| mail.to.address == "ncp-at@example.org")
        .expect("the launch");
    come_back(&app, to_austria, "5.1.1 no such user").await;
    let listed = lead.get(&deliveries).await.expect(200).json;
    let austria = listed["items"]
        .as_array()
        .and_then(|items| items.iter().find(|item| item["office"] == "AT"))
        .expect("Austria's");
    assert_eq!(austria["status"], "bounced");
    assert!(!listed.to_string().contains("ncp-at@"), "no addresses");
    // The service provider is told, sees it, and has it sent again.
    let mails = app.deliver().await;
    let told = mails.last().expect("a message");
    assert_eq!(told.content.subject(), "[EMN AHQ] Not reached: EMN NCP Austria");
    lead.get("/deliveries").await.expect(403);
    let failed = sp.get("/deliveries?status=bounced").await.expect(200).json;
    let id = failed["items"][0]["id"].as_str().expect("an id").to_owned();
    let requeue = format!("/deliveries/{id}/requeue");
    assert_eq!(sp.post(&requeue, &json!({})).await.expect(200).json["status"], "queued");
    assert_eq!(sp.post(&requeue, &json!({})).await.expect(409).code(), "not_given_up");
    assert_eq!(
        app.deliver().await.last().expect("a message").message_id(),
        to_austria.message_id(),
        "the same message again"
    );
    // Of a user who is not reached the office is told, once a day at the most.
    let settings = "/me/notifications";
    at.put_if(settings, &etag(&at, settings).await, &json!({"mail": "at_once"}))
        .await
        .expect(200);
    for _ in 0..2 {
        launched(&lead).await;
        let mails = app.deliver().await;
        let copy = mails
            .iter()
            .rfind(|mail| mail.to.address == "at.coordinator@example.org");
        come_back(&app, copy.expect("a copy"), "5.2.2 mailbox full").await;
        let mails = app.deliver().await;
        let subject = "Mail does not reach";
        let told: Vec<_> = mails
            .iter()
            .filter(|mail| mail.content.subject().contains(subject))
            .collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].to.address, "ncp-at@example.org");
        let text = told[0].content.text();
        assert!(
            text.contains("mailbox full") && text.contains("Further ones are tried"),
            "{text}"
        );
    }
    let mut page = sp.get("/deliveries?limit=10").await.expect(200);
    assert_eq!(page.json["items"].as_array().map(Vec::len), Some(10));
    let next = page.header("link").expect("a next page");
    let next = next.split(['<', '>']).nth(1).expect("an address");
    page = sp.get(next.trim_start_matches("/api/v1")).await.expect(200);
    assert_eq!(page.json["items"].as_array().map(Vec::len), Some(10));
});

on_both!(a_publication_is_told_once_and_to_everybody, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    compiled(&lead, &path).await;
    // The first edition is announced, taken back and announced again; then the second one instead.
    let publication = format!("{path}/publication");
    for (edition, taken_back) in [(1, true), (1, false), (2, false)] {
        let announce = json!({"edition": edition});
        lead.post_if(&publication, &etag(&lead, &path).await, &announce)
            .await
            .expect(200);
        if taken_back {
            lead.delete_if(&publication, &etag(&lead, &path).await)
                .await
                .expect(200);
        }
    }
    let mut sent = app.deliver().await.len();
    // Every morning has its digests; the publication is in force at the beginning of 8 December.
    let mut mine = Vec::new();
    for day in ["03", "04", "07", "08", "09"] {
        app.set_clock(&format!("2026-12-{day}T08:00:00Z"));
        let mails = round(&app, sent).await;
        sent += mails.len();
        let published = told(&mails, "Published");
        assert_eq!(
            published.len(),
            if day == "08" { 26 } else { 0 },
            "{day}: {published:?}"
        );
        let digests = mails
            .iter()
            .filter(|mail| mail.to.address == "at.coordinator@example.org");
        let news = digests.filter(|mail| mail.content.text().contains("Published"));
        mine.extend(news.map(|_| day));
    }
    assert_eq!(mine, ["08"], "whoever has a digest reads it there, once");
});

on_both!(after_an_outage_of_mail_there_is_one_digest, |app| {
    let lead = app.coordinator("LU").await;
    app.coordinator("AT").await;
    launched(&lead).await;
    let sent = app.deliver().await.len();
    app.set_clock("2026-11-04T08:00:00Z");
    app.exchange().write_digests().await.expect("digests");
    launched(&lead).await;
    app.set_clock("2026-11-05T08:00:00Z");
    app.exchange().write_digests().await.expect("digests");
    app.set_clock("2026-11-06T08:00:00Z");
    let mails = round(&app, sent).await;
    let mine = "at.coordinator@example.org";
    assert_eq!(
        subjects(&mails, mine),
        ["[EMN AHQ] Digest of 6 November 2026: 2 to do, 2 new"]
    );
    let digest = mails.iter().find(|mail| mail.to.address == mine).expect("the digest");
    for number in ["2026.1", "2026.2"] {
        assert!(digest.content.text().contains(number), "{number}");
    }
});
