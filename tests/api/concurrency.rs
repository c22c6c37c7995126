//! Many at once: one wins, the others are told, nothing is lost.

use serde_json::json;

use crate::on_both;
use crate::scenario::{draft, drafted, etag};

on_both!(eight_clients_change_one_draft_at_once, |app| {
    let lead = app.coordinator("LU").await;
    let (path, _) = drafted(&lead, &draft()).await;
    for round in 0..10 {
        let tag = etag(&lead, &path).await;
        let tries: Vec<_> = (0..8)
            .map(|client| {
                let (lead, path, tag) = (lead.clone(), path.clone(), tag.clone());
                let mut body = draft();
                body["title"] = json!(format!("Round {round} of client {client}"));
                tokio::spawn(async move { (client, lead.put_if(&path, &tag, &body).await) })
            })
            .collect();
        let mut won = Vec::new();
        for task in tries {
            let (client, reply) = task.await.expect("a client that ends");
            match reply.status {
                200 => won.push(client),
                412 => assert_eq!(reply.code(), "stale"),
                other => panic!("{other}: {}", reply.text),
            }
        }
        assert_eq!(won.len(), 1, "exactly one wins a round");
        let kept = lead.get(&path).await.json["title"].clone();
        assert_eq!(kept, json!(format!("Round {round} of client {}", won[0])));
    }
    assert_eq!(lead.get(&path).await.json["version"], 11);
});

on_both!(one_idempotency_key_has_one_effect, |app| {
    let lead = app.coordinator("LU").await;
    let send = |body: serde_json::Value| {
        let lead = lead.clone();
        async move {
            let request = lead
                .request(reqwest::Method::POST, "/queries")
                .header("Idempotency-Key", "one-and-only")
                .json(&body);
            lead.send(request).await
        }
    };
    let tasks: Vec<_> = (0..5).map(|_| tokio::spawn(send(draft()))).collect();
    let mut ids = Vec::new();
    for task in tasks {
        let reply = task.await.expect("a client that ends").expect(201);
        ids.push((reply.json["id"].clone(), reply.header("location"), reply.header("etag")));
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "the same reply each time");
    assert_eq!(
        lead.get("/queries").await.json["items"].as_array().map(Vec::len),
        Some(1)
    );
    let mut other = draft();
    other["title"] = json!("Another");
    let refused = send(other).await.expect(409);
    assert_eq!(refused.code(), "idempotency_key_reused");
});
