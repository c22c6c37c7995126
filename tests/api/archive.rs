//! Past queries: imported heads, read without an account, and what the rule makes of them.

use ahq_exchange::credentials::Credentials;
use ahq_harness::App;
use serde_json::Value;

use crate::on_both;

/// The facts as the data file gives them.
fn facts() -> Vec<Value> {
    let text = include_str!("../../data/past-queries.json");
    let file: Value = serde_json::from_str(text).expect("the data file is JSON");
    file["queries"].as_array().expect("a list of queries").clone()
}

async fn import(app: &App) -> usize {
    let past = ahq_server::data::past_queries().expect("the past queries are right");
    app.exchange()
        .write(Credentials::System, move |work| work.import_queries(past))
        .await
        .expect("the import")
}

on_both!(the_head_of_each_past_query_agrees_with_its_facts, |app| {
    assert_eq!(import(&app).await, 20);
    assert_eq!(import(&app).await, 0, "importing again doubles nothing");
    let public = app.public();
    let mut items = Vec::new();
    let mut path = "/public/queries?limit=7".to_owned();
    loop {
        let page = public.get(&path).await.expect(200);
        items.extend(page.json["items"].as_array().expect("items").clone());
        match page.header("link") {
            Some(link) => {
                let end = link.find('>').expect("an address");
                path = link[1..end].trim_start_matches("/api/v1").to_owned();
            }
            None => break,
        }
    }
    assert_eq!(items.len(), 20);
    let offices: Value = serde_json::from_str(include_str!("../../data/offices.json")).expect("JSON");
    let office = |code: &str| {
        offices["offices"]
            .as_array()
            .and_then(|all| all.iter().find(|office| office["code"] == code))
            .expect("a known office")
            .clone()
    };
    for fact in facts() {
        let title = fact["title"].as_str().expect("a title");
        let item = items.iter().find(|item| item["title"] == title).expect(title);
        let path = format!(
            "/public/queries/{}/edition?format=json",
            item["id"].as_str().expect("an id")
        );
        let head = public.get(&path).await.expect(200).json["view"]["head"].clone();
        assert_eq!(head["number"], fact["number"], "{title}");
        assert_eq!(head["requestedOn"], fact["requested_on"], "{title}");
        assert_eq!(head["replyBy"], fact["reply_by"], "{title}");
        assert_eq!(head["compiledOn"], fact["compiled_on"], "{title}");
        assert_eq!(head["requesters"][0]["office"], fact["requested_by"], "{title}");
        let topics: Vec<&str> = fact["topic"].as_str().into_iter().collect();
        assert_eq!(head["topics"], serde_json::json!(topics), "{title}");
        let respondents = fact["respondents"].as_array().expect("respondents");
        assert_eq!(
            head["total"],
            respondents.len(),
            "{title}: counted, whatever was printed"
        );
        let line = head["responsesLine"].as_str().expect("a line");
        assert!(line.ends_with(&format!("({} in total)", respondents.len())), "{line}");
        // The order of the rule: members by their English name of that day, then the others after "plus".
        let date = fact["requested_on"].as_str().expect("a date");
        let named = |code: &Value| {
            let office = office(code.as_str().expect("a code"));
            let former = office["former_names"].as_array().and_then(|names| {
                names
                    .iter()
                    .find(|name| date <= name["until"].as_str().expect("a date"))
                    .map(|name| name["name"].clone())
            });
            let name = former.unwrap_or(office["name"].clone());
            (
                office["standing"] == "member",
                name.as_str().expect("a name").to_owned(),
            )
        };
        let mut members: Vec<String> = Vec::new();
        let mut others: Vec<String> = Vec::new();
        for (member, name) in respondents.iter().map(named) {
            if member { members.push(name) } else { others.push(name) }
        }
        members.sort();
        others.sort();
        let mut expected = format!("Responses from {}", members.join(", "));
        if !others.is_empty() {
            expected.push_str(&format!(" plus {}", others.join(" and ")));
        }
        assert_eq!(line, format!("{expected} ({} in total)", respondents.len()));
    }
});
