//! Summaries after their compilation: what the program computed is held against the answers of now.

use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{answered, answers, compiled, launched};

on_both!(an_amendment_makes_computed_sentences_untrue, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    let nl = app.coordinator("NL").await;
    answered(&at, &path, "AT", &answers("AT")).await;
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let address = format!("{path}/summary");
    let begun = lead.get(&address).await.expect(200);
    assert_eq!(begun.json["outdated"], json!([]));

    // The lead keeps what was computed of the first question, and writes of the third in its own words.
    let findings = begun.json["findings"].as_str().expect("findings");
    let first = findings.lines().next().expect("a finding");
    let own = format!("{first} We had expected less.\n- **Question 3**: the police register them.\n");
    let text = json!({
        "background": "Why.", "respondents": begun.json["respondents"], "findings": own
    });
    let edited = lead.put_if(&address, &begun.etag(), &text).await.expect(200);
    assert_eq!(edited.json["outdated"], json!([]));

    let mut amended = answers("AT");
    amended["answers"]["q1"] = json!({"yesNo": "no"});
    amended["answers"]["q3"] = json!({"choices": ["other"]});
    amended["answers"].as_object_mut().expect("answers").remove("q2");
    answered(&at, &path, "AT", &amended).await;
    answered(&nl, &path, "NL", &answers("NL")).await;
    let outdated = lead.get(&address).await.expect(200).json["outdated"].clone();
    let about = |outdated: &Value| -> Vec<(Value, Value)> {
        let all = outdated.as_array().expect("a list").iter();
        all.map(|one| (one["about"].clone(), one["question"].clone())).collect()
    };
    assert_eq!(
        about(&outdated),
        [
            (json!("respondents"), Value::Null),
            (json!("not_answered"), Value::Null),
            (json!("question"), json!("q1"))
        ]
    );
    insta::assert_json_snapshot!("outdated", outdated);

    // The next edition carries the text over: it is as untrue as it was, until the lead writes what is true now.
    compiled(&lead, &path).await;
    let carried = lead.get(&address).await.expect(200);
    assert_eq!(carried.json["edition"], 2);
    assert_eq!(carried.json["outdated"], outdated);
    let now = |index: usize| outdated[index]["now"].as_str().expect("what holds now").to_owned();
    let text = json!({
        "background": "Why.",
        "respondents": format!("{} {}", now(0), now(1)),
        "findings": format!("- {}\n", now(2))
    });
    let mended = lead.put_if(&address, &carried.etag(), &text).await.expect(200);
    assert_eq!(mended.json["outdated"], json!([]));
});
