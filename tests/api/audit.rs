//! The audit trail: numbered and chained after the fact, read by those it is for, and every touch of it found.

use ahq_domain::audit::ChainFault;
use ahq_domain::user::Role;
use ahq_exchange::audit::Checkpoint;
use ahq_harness::{App, Client};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched};

/// Gives all events their numbers; how many got one.
async fn sealed(app: &App) -> usize {
    app.exchange().seal_audit(None).await.expect("the events are sealed")
}

/// The first fault of the chain.
async fn fault(app: &App, checkpoints: &[Checkpoint]) -> Option<ChainFault> {
    let keys = app.exchange().keys();
    let known = checkpoints
        .iter()
        .map(|known| known.open(keys).expect("a checkpoint of ours"));
    let found = app.exchange().verify_audit(known.collect(), |_| {}).await;
    found.expect("the chain is read").fault
}

/// Changes the tables behind the program's back.
async fn touch(app: &App, sql: &'static str) {
    app.exchange()
        .store()
        .write(move |conn| -> Result<(), ahq_store::StoreError> { Ok(conn.batch_execute(sql)?) })
        .await
        .expect("the tables can be written to");
}

/// All pages of a list, from its first one on.
async fn pages(client: &Client, path: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), path.to_owned());
    loop {
        let page = client.get(&next).await.expect(200);
        items.extend(page.json["items"].as_array().expect("items").clone());
        let Some(link) = page.header("link") else {
            return items;
        };
        let address = link.split(['<', '>']).nth(1).expect("an address");
        next = address.strip_prefix("/api/v1").expect("below the interface").to_owned();
    }
}

fn numbers(items: &[Value]) -> Vec<i64> {
    items
        .iter()
        .map(|item| item["number"].as_i64().expect("a number"))
        .collect()
}

fn actions(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["action"].as_str().expect("an action"))
        .collect()
}

on_both!(
    events_get_numbers_without_gaps_and_are_read_by_the_service_provider,
    |app| {
        let lead = app.coordinator("LU").await;
        let sp = app.coordinator("SP").await;
        assert_eq!(
            sp.get("/audit").await.expect(200).json,
            json!({"items": []}),
            "no worker came"
        );
        app.set_clock("2026-11-03T09:00:00Z");
        let path = launched(&lead).await;
        let count = sealed(&app).await;
        assert!(count > 4, "{count}");
        assert_eq!(sealed(&app).await, 0, "each event once");
        assert_eq!(fault(&app, &[]).await, None);

        let all = pages(&sp, "/audit?limit=2").await;
        let down: Vec<i64> = (1..=i64::try_from(count).expect("few")).rev().collect();
        assert_eq!(numbers(&all), down, "the newest first, none left out");
        assert_eq!(all, pages(&sp, "/audit?limit=100").await);
        let launch = &all
            .iter()
            .find(|event| event["action"] == "query.launched")
            .expect("the launch");
        assert_eq!(launch["office"], "LU");
        assert_eq!(launch["hash"].as_str().map(str::len), Some(64));
        assert!(
            launch["user"].is_string() && launch["at"] == "2026-11-03T09:00:00Z",
            "{launch}"
        );

        let subject = launch["subject"].as_str().expect("a subject");
        let user = launch["user"].as_str().expect("a user");
        for (filter, right) in [
            (
                format!("subject={subject}"),
                &(|event: &Value| event["subject"] == subject) as &dyn Fn(&Value) -> bool,
            ),
            ("action=session.opened".to_owned(), &|event| {
                event["action"] == "session.opened"
            }),
            ("office=LU".to_owned(), &|event| event["office"] == "LU"),
            (format!("user={user}"), &|event| event["user"] == user),
            ("from=2026-11-03T09:00:00Z".to_owned(), &|event| {
                event["at"].as_str() >= Some("2026-11-03T09:00:00Z")
            }),
            ("to=2026-11-03T09:00:00Z".to_owned(), &|event| {
                event["at"].as_str() < Some("2026-11-03T09:00:00Z")
            }),
            (format!("user={user}&action=query.launched"), &|event| event == *launch),
        ] {
            let wanted: Vec<Value> = all.iter().filter(|event| right(event)).cloned().collect();
            assert!(
                !wanted.is_empty() && wanted.len() < all.len(),
                "{filter} says something"
            );
            assert_eq!(
                pages(&sp, &format!("/audit?{filter}&limit=1")).await,
                wanted,
                "{filter}"
            );
        }
        let wrong = sp.get("/audit?office=l1&limit=0").await.expect(400);
        assert!(!wrong.faults().is_empty());
        lead.get("/audit").await.expect(403);
        app.user("SP", Role::Expert).await.get("/audit").await.expect(403);
        assert!(path.starts_with("/queries/"));
    }
);

on_both!(an_office_reads_what_was_done_with_its_own_responses, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    for office in ["AT", "BE"] {
        let client = app.coordinator(office).await;
        answered(&client, &path, office, &answers(office)).await;
    }
    sealed(&app).await;
    let at = app.sign_in("at.coordinator@example.org").await;
    let found = pages(&at, "/offices/AT/audit?limit=1").await;
    assert_eq!(actions(&found), ["response.submitted", "response.drafted"]);
    assert!(
        found
            .iter()
            .all(|event| event["office"] == "AT" && event["user"].is_string()),
        "{found:?}"
    );
    let drafted = pages(&at, "/offices/AT/audit?action=response.drafted").await;
    assert_eq!(drafted, found[1..]);
    assert_eq!(at.get("/offices/BE/audit").await.expect(403).code(), "other_office");
    app.user("AT", Role::Expert)
        .await
        .get("/offices/AT/audit")
        .await
        .expect(403);
    app.coordinator("SP").await.get("/offices/AT/audit").await.expect(403);
});

on_both!(two_sealers_at_once_make_one_chain, |app| {
    let lead = app.coordinator("LU").await;
    launched(&lead).await;
    let exchange = app.exchange().clone();
    let tries: Vec<_> = (0..4)
        .map(|_| {
            let exchange = exchange.clone();
            tokio::spawn(async move { exchange.seal_audit(None).await })
        })
        .collect();
    let mut count = 0;
    for one in tries {
        count += one.await.expect("no panic").expect("each waits for the others");
    }
    let sp = app.coordinator("SP").await;
    let numbers = numbers(&pages(&sp, "/audit?limit=100").await);
    assert_eq!(numbers.len(), count);
    assert_eq!(fault(&app, &[]).await, None);
});

on_both!(a_late_commit_is_sealed_by_the_pass_that_looks_back, |app| {
    app.coordinator("LU").await;
    sealed(&app).await;
    app.set_clock("2026-11-03T08:10:00Z");
    app.sign_in("lu.coordinator@example.org").await;
    let since = |text: &str| Some(text.parse().expect("an instant"));
    assert_eq!(
        app.exchange().seal_audit(since("2026-11-03T08:10:01Z")).await.ok(),
        Some(0)
    );
    assert_eq!(
        app.exchange().seal_audit(since("2026-11-03T08:10:00Z")).await.ok(),
        Some(1)
    );
});

on_both!(what_was_touched_is_found, |app| {
    let lead = app.coordinator("LU").await;
    launched(&lead).await;
    assert_eq!(fault(&app, &[]).await, None, "a minute is left to the worker");
    app.set_clock("2026-11-03T08:02:00Z");
    assert!(matches!(
        fault(&app, &[]).await,
        Some(ChainFault::Unsealed { count: 5.., .. })
    ));
    let last = i64::try_from(sealed(&app).await).expect("few");
    let checkpoint = app.exchange().audit_checkpoint().await.expect("read").expect("one");
    let again = Checkpoint::parse(&checkpoint.line().expect("a line")).expect("a checkpoint");
    assert_eq!((again.number(), &again), (last, &checkpoint));
    assert_eq!(fault(&app, std::slice::from_ref(&checkpoint)).await, None);

    touch(
        &app,
        "DELETE FROM audit_seals WHERE number = (SELECT max(number) FROM audit_seals)",
    )
    .await;
    assert!(matches!(
        fault(&app, std::slice::from_ref(&checkpoint)).await,
        Some(ChainFault::Cut { .. })
    ));
    sealed(&app).await;
    assert_eq!(
        fault(&app, std::slice::from_ref(&checkpoint)).await,
        None,
        "the same event at the same place"
    );
    touch(
        &app,
        "UPDATE audit_events SET office = 'AT' WHERE action = 'query.launched'",
    )
    .await;
    assert!(matches!(fault(&app, &[]).await, Some(ChainFault::Changed { .. })));
    touch(
        &app,
        "UPDATE audit_events SET office = 'no office' WHERE action = 'query.launched'",
    )
    .await;
    assert!(matches!(fault(&app, &[]).await, Some(ChainFault::Unreadable { .. })));
    // Written anew as a whole, it is a chain again, but not the one of the checkpoint.
    touch(
        &app,
        "UPDATE audit_events SET office = 'AT' WHERE action = 'query.launched'; DELETE FROM audit_seals",
    )
    .await;
    sealed(&app).await;
    assert_eq!(fault(&app, &[]).await, None);
    assert_eq!(
        fault(&app, &[checkpoint]).await,
        Some(ChainFault::Rewritten { number: last })
    );
});

on_both!(a_checkpoint_is_signed, |app| {
    app.coordinator("LU").await;
    sealed(&app).await;
    let checkpoint = app.exchange().audit_checkpoint().await.expect("read").expect("one");
    let keys = app.exchange().keys();
    assert!(checkpoint.open(keys).is_ok());
    let line = checkpoint.line().expect("a line");
    let whole: Value = serde_json::from_str(&line).expect("JSON");
    for (part, value) in [
        ("number", json!(1000)),
        ("hash", json!("00".repeat(32))),
        ("at", json!("2026-11-03T08:00:01Z")),
        ("key", json!("another")),
        ("signature", json!("AAAA")),
    ] {
        let mut forged = whole.clone();
        forged[part] = value;
        let forged = Checkpoint::parse(&forged.to_string()).expect("it looks like one");
        assert!(forged.open(keys).is_err(), "{part}");
    }
    assert!(Checkpoint::parse("{}").is_err() && Checkpoint::parse("").is_err());
});

/// Answers whose every text is to go no further than the network.
fn restricted(office: &str) -> Value {
    let mut body = answers(office);
    for answer in body["answers"].as_object_mut().expect("answers").values_mut() {
        answer["circle"] = json!("network");
    }
    body
}

/// Action, subject and facts of the events with this action, the newest first.
async fn with_action(app: &App, sp: &Client, action: &str) -> Vec<(String, Value, Value)> {
    sealed(app).await;
    let found = pages(sp, &format!("/audit?action={action}")).await;
    let part = |event: &Value| {
        let subject = event["subject"].as_str().expect("a subject").to_owned();
        (subject, event["office"].clone(), event["facts"].clone())
    };
    found.iter().map(part).collect()
}

on_both!(reads_of_restricted_answers_are_written_down, |app| {
    let (lead, sp) = (app.coordinator("LU").await, app.coordinator("SP").await);
    let path = launched(&lead).await;
    let (at, be) = (app.coordinator("AT").await, app.coordinator("BE").await);
    answered(&at, &path, "AT", &restricted("AT")).await;
    answered(&be, &path, "BE", &answers("BE")).await;
    let query = path.trim_start_matches('/').replace("queries/", "query/");
    let read = "answers.read";

    at.get(&format!("{path}/responses")).await.expect(200);
    at.get(&format!("{path}/responses/AT")).await.expect(200);
    lead.get(&format!("{path}/responses/BE")).await.expect(200);
    be.get(&format!("{path}/responses")).await.expect(200);
    assert_eq!(
        with_action(&app, &sp, read).await,
        [],
        "its own, what is public, and what is not shown yet"
    );
    let of_austria = json!({"offices": ["AT"]});
    let list = (query.clone(), json!("LU"), of_austria.clone());
    for _ in 0..2 {
        lead.get(&format!("{path}/responses")).await.expect(200);
        assert_eq!(
            with_action(&app, &sp, read).await,
            std::slice::from_ref(&list),
            "the same is told once an hour"
        );
    }
    lead.get(&format!("{path}/responses/AT")).await.expect(200);
    let one = (format!("{query}/response/AT"), json!("LU"), of_austria.clone());
    assert_eq!(with_action(&app, &sp, read).await[0], one);

    app.set_clock("2026-12-02T09:00:00Z");
    let (lead, sp, be) = (
        app.sign_in("lu.coordinator@example.org").await,
        app.sign_in("sp.coordinator@example.org").await,
        app.sign_in("be.coordinator@example.org").await,
    );
    compiled(&lead, &path).await;
    let edition = format!("{path}/editions/1");
    for document in ["?format=json", "?format=html", "?circle=public"] {
        be.get(&format!("{edition}{document}")).await.expect(200);
    }
    let view = (format!("{query}/edition/1"), json!("BE"), of_austria);
    let found = with_action(&app, &sp, read).await;
    assert_eq!((found.len(), &found[0]), (3, &view), "nothing of the public view");

    // Austria reads who read its answers: the office, not the person.
    let at = app.sign_in("at.coordinator@example.org").await;
    let own = pages(&at, "/offices/AT/audit?action=answers.read").await;
    assert_eq!(own.len(), 3);
    assert!(
        own.iter()
            .all(|event| event["user"].is_null() && event["office"].is_string()),
        "{own:?}"
    );
    assert_eq!(
        pages(&be, "/offices/BE/audit?action=answers.read").await,
        Vec::<Value>::new()
    );

    // A personal token is a person's: only the service provider reads through which one it was.
    let com = app.coordinator("COM").await;
    let wanted = json!({"name": "Reports", "scopes": ["read"], "lastDay": "2027-01-31"});
    let made = com.post("/me/tokens", &wanted).await.expect(201);
    let program = app.public().with_token(made.json["secret"].as_str().expect("a secret"));
    program.get(&format!("{path}/responses")).await.expect(200);
    sealed(&app).await;
    let newest = "audit?action=answers.read&limit=1";
    let (at, sp) = (app.sign_in_coordinator("AT").await, app.sign_in_coordinator("SP").await);
    for (client, address, told) in [
        (&at, format!("/offices/AT/{newest}"), false),
        (&sp, format!("/{newest}"), true),
    ] {
        let read = &client.get(&address).await.expect(200).json["items"][0];
        assert_eq!(read["office"], "COM");
        assert_eq!(read["facts"]["token"].is_string(), told, "{read}");
    }
});

on_both!(another_answer_is_another_read, |app| {
    let (lead, sp) = (app.coordinator("LU").await, app.coordinator("SP").await);
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    answered(&at, &path, "AT", &restricted("AT")).await;
    let reads = async || {
        lead.get(&response).await.expect(200);
        lead.get(&response).await.expect(200);
        with_action(&app, &sp, "answers.read").await.len()
    };
    assert_eq!(reads().await, 1);
    // Within the hour: another version, and another circle.
    let mut again = restricted("AT");
    again["answers"]["q2"]["text"] = json!("Another text of AT.");
    at.put_if(&response, &etag(&at, &response).await, &again)
        .await
        .expect(200);
    at.post_if(
        &format!("{response}/submission"),
        &etag(&at, &response).await,
        &json!({}),
    )
    .await
    .expect(200);
    assert_eq!(reads().await, 2);
    let narrower = json!({"circle": "requester", "questions": ["q1"]});
    at.put_if(&format!("{response}/circles"), &etag(&at, &response).await, &narrower)
        .await
        .expect(200);
    assert_eq!(reads().await, 3);
    // What they are is no read; which version was read is told.
    lead.get(&format!("{response}/versions")).await.expect(200);
    lead.get(&format!("{response}/versions/1")).await.expect(200);
    let found = with_action(&app, &sp, "answers.read").await;
    assert_eq!(found.len(), 4);
    assert!(found[0].0.ends_with("/response/AT/version/1"), "{found:?}");
    let at = app.sign_in_coordinator("AT").await;
    assert_eq!(pages(&at, "/offices/AT/audit?action=answers.read").await.len(), 4);
});

on_both!(editions_that_are_not_public_are_never_read_unseen, |app| {
    let (lead, sp) = (app.coordinator("LU").await, app.coordinator("SP").await);
    let path = launched(&lead).await;
    let be = app.coordinator("BE").await;
    answered(&app.coordinator("AT").await, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    let (lead, sp_now) = (app.sign_in_coordinator("LU").await, app.sign_in_coordinator("SP").await);
    drop((sp, be));
    compiled(&lead, &path).await;
    let be = app.sign_in_coordinator("BE").await;
    be.get(&format!("{path}/editions/1?circle=public")).await.expect(200);
    assert_eq!(with_action(&app, &sp_now, "edition.read").await, []);
    for format in ["html", "json"] {
        be.get(&format!("{path}/editions/1?format={format}")).await.expect(200);
    }
    let query = path.trim_start_matches('/').replace("queries/", "query/");
    let read = (format!("{query}/edition/1"), json!("BE"), json!({}));
    assert_eq!(with_action(&app, &sp_now, "edition.read").await, [read]);
    assert_eq!(with_action(&app, &sp_now, "answers.read").await, []);
});

on_both!(refused_access_to_what_is_there_is_written_down, |app| {
    let (lead, sp) = (app.coordinator("LU").await, app.coordinator("SP").await);
    let path = launched(&lead).await;
    let (draft, _) = drafted(&lead, &draft()).await;
    let be = app.coordinator("BE").await;
    be.get("/queries").await.expect(200);
    be.get(&path).await.expect(200);
    be.get("/queries/2020.999").await.expect(404);
    be.get("/offices/XX").await.expect(404);
    assert_eq!(
        with_action(&app, &sp, "access.refused").await,
        [],
        "lists leave out; what is not there is not refused"
    );
    be.get(&format!("{path}/deliveries")).await.expect(403);
    be.get(&draft).await.expect(404);
    let tag = etag(&be, &path).await;
    be.post_if(&format!("{path}/withdrawal"), &tag, &json!({"reason": "No."}))
        .await
        .expect(403);
    be.get("/offices/LU/users").await.expect(403);
    be.get("/audit").await.expect(403);
    // What stands elsewhere, by an address of one's own.
    let me = lead.get("/me").await.expect(200).json["id"].clone();
    let feed = lead
        .post("/offices/LU/calendar-feeds", &json!({}))
        .await
        .expect(201)
        .json["id"]
        .clone();
    let account = json!({"name": "Case management", "scopes": ["read"], "lastDay": "2027-01-31"});
    let account = lead
        .post("/offices/LU/service-accounts", &account)
        .await
        .expect(201)
        .json["id"]
        .clone();
    let id = |value: &Value| value.as_str().expect("an id").to_owned();
    be.get(&format!("/offices/BE/users/{}", id(&me))).await.expect(404);
    be.delete(&format!("/offices/BE/calendar-feeds/{}", id(&feed)))
        .await
        .expect(404);
    be.delete(&format!("/offices/BE/service-accounts/{}", id(&account)))
        .await
        .expect(404);
    be.delete(&format!("/offices/BE/service-accounts/{}", id(&me)))
        .await
        .expect(404);
    let attached = lead
        .attach(&format!("{draft}/attachments"), "text/plain", "a.txt", "Words.")
        .await;
    let file = id(&attached.expect(201).json["id"]);
    be.get(&format!("{path}/attachments/{file}")).await.expect(404);
    let office = json!({"name": "Coordinator of LU", "disabled": true, "grants": [{"role": "coordinator", "from": "2026-01-01"}]});
    let user = format!("/offices/LU/users/{}", id(&me));
    let tag = etag(&sp, &user).await;
    assert_eq!(
        sp.put_if(&user, &tag, &office).await.expect(403).code(),
        "first_coordinator_only"
    );
    app.public().get(&path).await.expect(401);
    let named = |path: &str| path.trim_start_matches('/').replace("queries/", "query/");
    let refused =
        |subject: String, wanted: &str, code: &str| (subject, json!("BE"), json!({"wanted": wanted, "code": code}));
    let mut found = with_action(&app, &sp, "access.refused").await;
    let mut wanted = vec![
        refused("exchange".to_owned(), "ReadAudit", "not_the_service_provider"),
        refused("office/LU".to_owned(), "ReadUsers", "other_office"),
        refused(named(&path), "WithdrawQuery", "not_the_requester"),
        refused(named(&draft), "ReadQuery", "hidden"),
        refused(named(&path), "ReadDeliveries", "not_the_requester"),
        refused(format!("user/{}", id(&me)), "ReadUsers", "hidden"),
        refused(format!("feed/{}", id(&feed)), "ManageFeeds", "hidden"),
        refused(format!("token/{}", id(&account)), "ManageTokens", "hidden"),
        refused(format!("attachment/{file}"), "ReadQuery", "hidden"),
        (
            "office/LU".to_owned(),
            json!("SP"),
            json!({"wanted": "ManageUsers", "code": "first_coordinator_only"}),
        ),
    ];
    // All of one moment: their order is by chance.
    for events in [&mut found, &mut wanted] {
        events.sort_by_key(|(subject, _, facts)| format!("{subject} {facts}"));
    }
    assert_eq!(found, wanted);

    // An office that takes part no longer reads what is public; what it tries beyond that is seen.
    touch(&app, "UPDATE offices SET until = '2026-11-02' WHERE code = 'BE'").await;
    be.get(&path).await.expect(404);
    let found = with_action(&app, &sp, "access.refused").await;
    assert!(
        found.contains(&refused(named(&path), "ReadQuery", "hidden")),
        "{found:?}"
    );
});
