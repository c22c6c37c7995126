//! Feeds: an office's deadlines at a secret address, and published queries for everybody.

use ahq_domain::user::Role;
use ahq_harness::{App, Client, Reply};
use chrono::Duration;
use icalendar::{Calendar, Component};
use reqwest::Method;
use serde_json::json;

use crate::on_both;
use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched};

/// Makes an address of an office; the path below the interface.
async fn made(client: &Client, office: &str) -> (Reply, String) {
    let reply = client
        .post(&format!("/offices/{office}/calendar-feeds"), &json!({}))
        .await
        .expect(201);
    let address = reply.json["address"].as_str().expect("an address");
    let path = address.split_once("/api/v1").expect("below the interface").1.to_owned();
    (reply, path)
}

/// What a calendar program finds at an address: summary, status, sequence and end of each event.
async fn events(app: &App, path: &str) -> Vec<String> {
    let reply = app.public().get(path).await.expect(200);
    assert_eq!(
        reply.header("content-type").as_deref(),
        Some("text/calendar; charset=utf-8")
    );
    let calendar: Calendar = reply.text.parse().expect("a calendar");
    calendar
        .events()
        .map(|event| {
            let value = |key: &str| event.property_value(key).unwrap_or_default().to_owned();
            assert!(event.get_start().is_some() && event.get_end().is_some());
            [value("SUMMARY"), value("STATUS"), value("SEQUENCE"), value("DTEND")].join(" | ")
        })
        .collect()
}

on_both!(deadlines_are_read_as_a_calendar, |app| {
    let (lead, at) = (app.coordinator("LU").await, app.coordinator("AT").await);
    let (_, mine) = made(&lead, "LU").await;
    let (_, theirs) = made(&at, "AT").await;
    assert_eq!(events(&app, &mine).await, [""; 0]);
    let path = launched(&lead).await;
    drafted(&lead, &draft()).await;
    let first = "Ad-Hoc Query 2026.1: reply due (Missing unaccompanied minors) | CONFIRMED | 0 | 20261201T230000Z";
    assert_eq!(events(&app, &mine).await, [first]);
    assert_eq!(events(&app, &theirs).await, [first]);
    let id = path.trim_start_matches("/queries/");
    let text = app.public().get(&theirs).await.expect(200).text;
    let text = text.replace("\r\n ", "");
    assert!(
        text.contains(&format!("\r\nUID:query-{id}-at@exchange.example.org\r\n")),
        "{text}"
    );
    assert!(text.contains("/queries/2026.1\r\n"), "{text}");

    app.pass(Duration::seconds(1));
    let body = json!({"deadline": "2026-12-11", "reason": "Several asked."});
    lead.post_if(&format!("{path}/extensions"), &etag(&lead, &path).await, &body)
        .await
        .expect(200);
    let moved = first.replace("| 0 | 20261201", "| 10 | 20261211");
    assert_eq!(events(&app, &theirs).await, std::slice::from_ref(&moved));
    answered(&at, &path, "AT", &answers("AT")).await;
    assert_eq!(
        events(&app, &theirs).await,
        std::slice::from_ref(&moved),
        "open, answered"
    );
    app.set_clock("2026-12-11T23:00:00Z");
    let lead = app.sign_in("lu.coordinator@example.org").await;
    assert_eq!(events(&app, &theirs).await, [""; 0], "closed, answered");
    assert_eq!(
        events(&app, &mine).await,
        std::slice::from_ref(&moved),
        "closed, to be compiled"
    );
    let be = app.coordinator("BE").await;
    let (_, late) = made(&be, "BE").await;
    assert_eq!(
        events(&app, &late).await,
        std::slice::from_ref(&moved),
        "closed, not answered"
    );
    let no_answer = app.public().get(&late).await.text;
    assert!(!no_answer.contains("Text of AT"));

    lead.post_if(
        &format!("{path}/withdrawal"),
        &etag(&lead, &path).await,
        &json!({"reason": "Asked elsewhere."}),
    )
    .await
    .expect(200);
    let cancelled = moved.replace("CONFIRMED | 1", "CANCELLED | 3337200");
    for feed in [&mine, &theirs, &late] {
        assert_eq!(events(&app, feed).await, std::slice::from_ref(&cancelled));
    }
    app.pass(Duration::days(30));
    assert_eq!(events(&app, &mine).await, [cancelled]);
    app.pass(Duration::microseconds(1));
    assert_eq!(events(&app, &mine).await, [""; 0], "struck out long enough");
});

on_both!(a_compiled_query_has_no_deadline_any_more, |app| {
    let (lead, at) = (app.coordinator("LU").await, app.coordinator("AT").await);
    let (_, feed) = made(&at, "AT").await;
    let path = launched(&lead).await;
    app.set_clock("2026-12-02T09:00:00Z");
    let lead = app.sign_in("lu.coordinator@example.org").await;
    assert_eq!(events(&app, &feed).await.len(), 1);
    compiled(&lead, &path).await;
    assert_eq!(events(&app, &feed).await, [""; 0]);
});

on_both!(an_address_is_secret_and_revocable, |app| {
    let (lead, reader) = (app.coordinator("LU").await, app.user("LU", Role::Reader).await);
    let (reply, path) = made(&reader, "LU").await;
    assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"));
    let secret = path
        .trim_start_matches("/feeds/deadlines/")
        .trim_end_matches(".ics")
        .to_owned();
    assert_eq!(secret.len(), 43, "256 bits");
    let list = lead.get("/offices/LU/calendar-feeds").await.expect(200);
    assert!(!list.text.contains(&secret));
    let item = &list.json["items"][0];
    assert_eq!(
        (&item["madeBy"], &item["readAt"], &item["actions"]),
        (&json!("Reader of LU"), &json!(null), &json!(["revoke"]))
    );
    let other = app.coordinator("AT").await;
    assert_eq!(
        other.get("/offices/LU/calendar-feeds").await.expect(403).code(),
        "other_office"
    );

    // It compares, it is read from other pages, and that it was read is noted once an hour.
    let get = |etag: Option<String>| {
        let client = app.public();
        let mut request = client.request(Method::GET, &path);
        if let Some(etag) = etag {
            request = request.header("If-None-Match", etag);
        }
        async move { client.send(request).await }
    };
    let whole = get(None).await.expect(200);
    assert_eq!(whole.header("access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(whole.header("cache-control").as_deref(), Some("private, no-cache"));
    get(Some(whole.etag())).await.expect(304);
    let head = app.public();
    let head = head.send(head.request(Method::HEAD, &path)).await.expect(200);
    assert_eq!((head.etag(), head.bytes.len()), (whole.etag(), 0));
    let read_at = async || lead.get("/offices/LU/calendar-feeds").await.json["items"][0]["readAt"].clone();
    assert_eq!(read_at().await, "2026-11-03T08:00:00Z");
    app.set_clock("2026-11-03T08:59:59Z");
    get(None).await;
    assert_eq!(read_at().await, "2026-11-03T08:00:00Z");
    app.set_clock("2026-11-03T09:00:00Z");
    get(None).await;
    assert_eq!(read_at().await, "2026-11-03T09:00:00Z");

    for wrong in [
        path.trim_end_matches(".ics").to_owned(),
        path.replace(&secret, &"A".repeat(43)),
        path.replace(&secret, ""),
    ] {
        app.public().get(&wrong).await.expect(404);
    }
    let revoke = format!("/offices/LU/calendar-feeds/{}", item["id"].as_str().expect("an id"));
    let delete = async |client: &Client, path: &str| client.send(client.request(Method::DELETE, path)).await;
    delete(&other, &revoke).await.expect(403);
    let moved = revoke.replace("LU", "AT");
    delete(&other, &moved).await.expect(404);
    delete(&lead, &revoke).await.expect(204);
    delete(&lead, &revoke).await.expect(404);
    get(None).await.expect(404);
    for _ in 0..10 {
        made(&lead, "LU").await;
    }
    let refused = lead.post("/offices/LU/calendar-feeds", &json!({})).await.expect(409);
    assert_eq!(refused.code(), "too_many_feeds");
});

on_both!(an_office_that_left_has_no_feed, |app| {
    let lead = app.coordinator("LU").await;
    let (_, path) = made(&lead, "LU").await;
    launched(&lead).await;
    assert_eq!(events(&app, &path).await.len(), 1);
    app.retire("LU", "2026-11-03").await;
    assert_eq!(events(&app, &path).await.len(), 1, "its last day");
    app.set_clock("2026-11-03T23:00:00Z");
    app.public().get(&path).await.expect(404);
});

/// The titles in the feed of published queries, or of those on a topic.
async fn titles(app: &App, keys: &str) -> Vec<String> {
    let reply = app
        .public()
        .get(&format!("/feeds/queries.atom{keys}"))
        .await
        .expect(200);
    assert_eq!(
        reply.header("content-type").as_deref(),
        Some("application/atom+xml; charset=utf-8")
    );
    let mut titles: Vec<String> = reply
        .text
        .split("<title>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap_or_default().to_owned())
        .collect();
    assert!(
        titles
            .remove(0)
            .starts_with("Ad-hoc queries of the European Migration Network")
    );
    titles
}

on_both!(publications_are_read_as_a_feed, |app| {
    let lead = app.coordinator("LU").await;
    let paths = [launched(&lead).await, launched(&lead).await];
    app.set_clock("2026-12-02T09:00:00Z");
    let lead = async || app.sign_in("lu.coordinator@example.org").await;
    for path in &paths {
        compiled(&lead().await, path).await;
    }
    let publish = async |path: &str, edition: i32| {
        let (lead, publication) = (lead().await, format!("{path}/publication"));
        lead.post_if(&publication, &etag(&lead, path).await, &json!({"edition": edition}))
            .await
            .expect(200);
    };
    publish(&paths[0], 1).await;
    app.set_clock("2026-12-03T09:00:00Z");
    publish(&paths[1], 1).await;
    assert_eq!(titles(&app, "").await, [""; 0], "announced is not published");
    app.set_clock("2026-12-14T09:00:00Z");
    let title = |number: i32| format!("Ad-Hoc Query 2026.{number}: Missing unaccompanied minors");
    assert_eq!(titles(&app, "").await, [title(2), title(1)]);
    assert_eq!(titles(&app, "?topic=unaccompanied_minors").await, [title(2), title(1)]);
    assert_eq!(titles(&app, "?topic=return").await, [""; 0]);
    let unknown = app.public().get("/feeds/queries.atom?topic=cheese").await.expect(400);
    assert_eq!(
        unknown.faults(),
        [("/query/topic".to_owned(), "unknown_topic".to_owned())]
    );

    let whole = app.public().get("/feeds/queries.atom").await.expect(200);
    assert_eq!(whole.header("access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(whole.header("cache-control").as_deref(), Some("public, no-cache"));
    assert!(whole.text.contains("<name>EMN NCP Luxembourg</name>"), "{}", whole.text);
    let client = app.public();
    let compared = client
        .request(Method::GET, "/feeds/queries.atom")
        .header("If-None-Match", whole.etag());
    client.send(compared).await.expect(304);
    let head = client
        .send(client.request(Method::HEAD, "/feeds/queries.atom"))
        .await
        .expect(200);
    assert_eq!((head.etag(), head.bytes.len()), (whole.etag(), 0));
    let links: Vec<&str> = whole.text.split("rel=\"alternate\"").collect();
    assert_eq!(links.len(), 3);
    let address = links[0].rsplit("href=\"").next().expect("an address");
    let document = address.split_once("/api/v1").expect("below the interface").1;
    app.public().get(document.trim_end_matches("\" ")).await.expect(200);

    // A second publication comes in front with its own moment; taken back, nothing is left.
    compiled(&lead().await, &paths[0]).await;
    publish(&paths[0], 2).await;
    app.set_clock("2027-01-12T09:00:00Z");
    assert_eq!(titles(&app, "").await, [title(1), title(2)]);
    let (lead, publication) = (lead().await, format!("{}/publication", paths[0]));
    lead.delete_if(&publication, &etag(&lead, &paths[0]).await)
        .await
        .expect(200);
    assert_eq!(titles(&app, "").await, [title(2)]);
});
