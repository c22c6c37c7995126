//! How many statements each operation sends: held, so that none grows with the data.

use serde_json::json;

use crate::on_both;
use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched};

on_both!(reading_costs_a_known_number_of_statements, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    for office in ["AT", "BE", "NL", "FR"] {
        let client = app.coordinator(office).await;
        answered(&client, &path, office, &answers(office)).await;
        drafted(&lead, &draft()).await;
    }
    app.set_clock("2026-11-03T08:05:00Z");
    let be = app.sign_in("be.coordinator@example.org").await;
    let early = [
        // The caller is one statement, always.
        (&be, "/queries".to_owned(), 2),
        (&be, path.clone(), 3),
        (&be, format!("{path}/responses"), 3),
        (&be, format!("{path}/responses/BE"), 7),
        (&lead, format!("{path}/comparison"), 6),
        (&be, "/offices".to_owned(), 2),
        (&be, "/me".to_owned(), 2),
        (&be, "/calendar/working-days?from=2026-11-03&days=20".to_owned(), 2),
        (
            &be,
            "/calendar/working-days?from=2026-11-03&days=20&office=AT,BE,LU,PL".to_owned(),
            2,
        ),
        (&be, "/calendar/holidays/LU/2026".to_owned(), 3),
    ];
    for (client, path, expected) in early {
        let before = app.statements();
        client.get(&path).await.expect(200);
        assert_eq!(app.statements() - before, expected, "GET {path}");
    }
    let feed = be.post("/offices/BE/calendar-feeds", &json!({})).await.expect(201);
    let address = feed.json["address"].as_str().expect("an address");
    let deadlines = address.split_once("/api/v1").expect("below the interface").1;
    let atom = "/feeds/queries.atom?topic=return";
    // That a feed was read is noted once an hour; nothing is published yet.
    for (path, expected) in [(deadlines, 5 + 1), (deadlines, 5), (atom, 3)] {
        let before = app.statements();
        app.public().get(path).await.expect(200);
        assert_eq!(app.statements() - before, expected, "GET {path}");
    }
    app.set_clock("2026-12-02T09:00:00Z");
    etag(&lead, &path).await;
    compiled(&lead, &path).await;
    etag(&be, &path).await;
    let edition = format!("{path}/editions/1");
    for (client, path, expected) in [
        (&be, format!("{path}/editions"), 5),
        (&lead, format!("{path}/summary"), 9),
        // It is printed and kept, then in memory; the first time it is asked whose restricted answers were read (none), and
        // written that it was.
        (&be, edition.clone(), 8 + 2),
        (&be, edition, 3),
    ] {
        let before = app.statements();
        client.get(&path).await.expect(200);
        assert_eq!(app.statements() - before, expected, "GET {path}");
    }
});

on_both!(submitting_costs_a_known_number_of_statements, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let response = format!("{path}/responses/AT");
    let saved = at.put(&response, &answers("AT")).await.expect(201);
    let before = app.statements();
    at.post_if(&format!("{response}/submission"), &saved.etag(), &json!({}))
        .await
        .expect(200);
    assert_eq!(app.statements() - before, 10);
});

on_both!(an_export_costs_a_known_number_of_statements, |app| {
    let lead = app.coordinator("LU").await;
    let paths = [launched(&lead).await, launched(&lead).await, launched(&lead).await];
    app.set_clock("2026-12-02T09:00:00Z");
    for path in paths {
        compiled(&lead, &path).await;
    }
    let before = app.statements();
    let asked = lead.post("/exports", &json!({"formats": ["json"]})).await.expect(201);
    assert_eq!(app.statements() - before, 5);
    while app.exchange().make_export().await.expect("a document") {}
    let path = format!("/exports/{}", asked.json["id"].as_str().expect("an id"));
    let before = app.statements();
    lead.get(&path).await.expect(200);
    assert_eq!(app.statements() - before, 2);
    // What is checked costs the same for any number of editions; each document is read when it is written.
    // Whose restricted answers were read is asked once, and written.
    let before = app.statements();
    lead.get(&format!("{path}/file")).await.expect(200);
    assert_eq!(app.statements() - before, 5 + 2 + 3);
});
