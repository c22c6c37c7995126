//! S7: what people type stays text. Formulas in every field come back from CSV and XLSX as text; line ends and encoded words in
//! names, titles and addresses add no header to a mail; and Markdown full of script, in every field, runs nothing and asks for
//! nothing when its documents and mails are opened from the disk in a real browser, without any rule a server might send along.
//!
//! The browser is first shown the same script as it was typed: there it runs.

mod browser;
mod formulas;
mod mails;
mod script;

use ahq_domain::user::Role;
use ahq_harness::goal::{Goal, say};
use ahq_harness::{App, Client, Database};
use ahq_mail::outgoing::Outgoing;
use serde_json::{Value, json};

use self::browser::Trap;
use crate::Order;
use crate::scene::etag;

/// The deadline of what the drill asks is past then.
const AFTER: &str = "2026-12-12T09:00:00Z";
/// Whatever stands in the fields of one line, and in those of many.
struct Words {
    line: String,
    text: String,
}

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    // What prints knows no database.
    if order.database != Database::Sqlite {
        return Vec::new();
    }
    let trap = Trap::set().await;
    let app = App::start(order.database).await.expect("SQLite is always there");
    let lead = app.coordinator("LU").await;
    let at = app.coordinator("AT").await;
    app.user("AT", Role::Expert).await;
    let mut goals = Vec::new();
    let mut goal = |id: &str, faults: &[String]| {
        for fault in faults.iter().take(10) {
            say(format!("    {fault}"));
        }
        goals.push(Goal::new(order.goal(id), faults.len(), 0, faults.is_empty()));
    };

    // The header lines first: what they change, they change of every mail.
    let typed = mails::typed(&app, &lead, &at).await;
    let script = script::words(&trap.address);
    let mut documents = Vec::new();
    let worded = asked_and_answered(&app, &lead, &at, &script).await;
    let mut formulas = Vec::new();
    let mut counted = Vec::new();
    for formula in formulas::FORMULAS {
        let words = Words {
            line: formula.to_owned(),
            text: formula.to_owned(),
        };
        counted.push((formula, asked_and_answered(&app, &lead, &at, &words).await));
    }
    app.set_clock(AFTER);
    let (lead, at) = (app.sign_in_coordinator("LU").await, app.sign_in_coordinator("AT").await);
    for (formula, path) in counted {
        let edition = compiled(&lead, &path).await;
        formulas.extend(formulas::faults(&lead, &edition, formula).await);
    }
    let edition = compiled(&lead, &worded).await;
    for document in ["order=question", "order=country", "circle=public"] {
        let reply = lead.get(&format!("{edition}?format=html&{document}")).await.expect(200);
        documents.push((document.replace('=', "-"), reply.text));
    }
    let word = lead.get(&format!("{edition}?format=docx")).await.expect(200).text;
    let form = at
        .get(&format!("{worded}/responses/AT/word-form"))
        .await
        .expect(200)
        .text;
    let mails = app.deliver().await;
    goal("S7-formulas", &formulas);
    goal("S7-mail-headers", &[typed, mails::faults(&mails)].concat());
    documents.extend(bodies(&mails));
    let mut faults = script::faults(&documents);
    faults.extend(script::faults_of_packages(&[("an edition", word), ("a form", form)]));
    faults.extend(browser::opened(&trap, &documents, &script.text).await);
    goal("S7-script", &faults);
    say(format!(
        "  {} documents and mails opened in a browser; {} mails read",
        documents.len(),
        mails.len()
    ));
    goals
}

/// The HTML of the mails, each once.
fn bodies(mails: &[Outgoing]) -> Vec<(String, String)> {
    let mut bodies: Vec<String> = mails.iter().map(|mail| mail.content.html().to_owned()).collect();
    bodies.sort_unstable();
    bodies.dedup();
    (1..)
        .zip(bodies)
        .map(|(number, body)| (format!("mail-{number}"), body))
        .collect()
}

/// Asks and answers with these words wherever somebody may type; gives the query.
async fn asked_and_answered(app: &App, lead: &Client, at: &Client, words: &Words) -> String {
    let Words { line, text } = words;
    let draft = json!({
        "title": line,
        "originator": line,
        "background": text,
        "publicBackground": text,
        "topics": ["unaccompanied_minors"],
        "keywords": ["minors"],
        "questions": [
            {"id": "q1", "kind": "yes_no", "text": text},
            {"id": "q2", "kind": "text", "text": text},
            {"id": "q3", "kind": "single_choice", "text": text,
             "options": [{"id": "a", "text": line}, {"id": "b", "text": "Other"}]},
            {"id": "q4", "kind": "number", "text": text, "unit": line, "period": line},
            {"id": "q5", "kind": "table", "text": text, "columns": [{"id": "a", "title": line, "type": "text"}]}
        ]
    });
    let reply = lead.post("/queries", &draft).await.expect(201);
    let path = format!("/queries/{}", reply.json["id"].as_str().expect("an id"));
    let launch = json!({"addressed": "list", "offices": ["AT"], "audience": "addressed"});
    lead.post_if(&format!("{path}/launch"), &reply.etag(), &launch)
        .await
        .expect(200);

    let asked = json!({"question": "q2", "text": text});
    let asked = at.post(&format!("{path}/clarifications"), &asked).await.expect(201);
    let id = asked.json["id"].as_str().expect("an id");
    let replied = json!({"text": text});
    lead.post(&format!("{path}/clarifications/{id}/reply"), &replied)
        .await
        .expect(200);
    let note: String = text.chars().take(2_000).collect();
    let extension = json!({"deadline": "2026-12-11", "reason": note});
    change(lead, &path, "extensions", &extension, 200).await;
    let correction = json!({"reason": note, "questions": [{"id": "q1", "text": format!("Corrected.\n\n{text}")}]});
    change(lead, &path, "corrections", &correction, 201).await;

    let response = format!("{path}/responses/AT");
    let expert = json!({"email": "eva.huber@police.example.org", "name": line, "questions": ["q2"],
                        "replyBy": "2026-11-13", "note": note});
    at.post(&format!("{response}/contributions"), &expert).await.expect(201);
    let answers = json!({"answers": {
        "q1": {"yesNo": "yes", "comment": text, "sources": [{"title": line, "address": "https://example.org/?a=%22onfocus%3D%22x"}]},
        "q2": {"text": text},
        "q3": {"choices": ["a"], "comment": text},
        "q4": {"number": {"value": "-5"}, "comment": text},
        "q5": {"rows": [{"title": line, "cells": [line]}], "comment": text}
    }});
    let saved = at.put(&response, &answers).await.expect(201);
    at.post_if(&format!("{response}/submission"), &saved.etag(), &json!({}))
        .await
        .expect(200);
    app.deliver().await;
    path
}

async fn change(lead: &Client, path: &str, what: &str, body: &Value, status: u16) {
    let tag = etag(lead, path).await;
    lead.post_if(&format!("{path}/{what}"), &tag, body).await.expect(status);
}

/// Compiles a query; gives the path of its edition.
async fn compiled(lead: &Client, path: &str) -> String {
    let tag = etag(lead, path).await;
    let made = lead
        .post_if(&format!("{path}/editions"), &tag, &json!({}))
        .await
        .expect(201);
    format!("{path}/editions/{}", made.json["number"])
}
