//! Every operation of the document refuses whom it should: made from the document, so that none is forgotten.

use reqwest::Method;
use serde_json::Value;

use crate::on_both;
use crate::scenario::launched;

/// What stands for a parameter of a path.
fn sample(name: &str) -> &'static str {
    match name {
        "query" => "2026.1",
        "office" | "code" => "LU",
        "question" => "q1",
        "number" => "1",
        "year" => "2026",
        _ => "0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55",
    }
}

/// One operation with sample parameters.
struct Operation {
    name: String,
    method: Method,
    path: String,
    body: Option<Value>,
    needs_somebody: bool,
}

fn operations() -> Vec<Operation> {
    let document = ahq_api::document();
    let mut all = Vec::new();
    for (template, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Some(name) = operation["operationId"].as_str() else {
                continue;
            };
            let parts: Vec<&str> = template
                .split('/')
                .map(
                    |part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                        Some(parameter) => sample(parameter),
                        None => part,
                    },
                )
                .collect();
            let schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let body = schema.map(|reference| {
                let schema = document.pointer(reference.trim_start_matches('#')).expect("a schema");
                schema["example"].clone()
            });
            let security = operation["security"].as_array().expect("security is always said");
            all.push(Operation {
                name: name.to_owned(),
                method: method.to_uppercase().parse().expect("a method"),
                path: parts.join("/") + required_keys(operation).as_str(),
                body,
                needs_somebody: !security.is_empty() && security.iter().all(|one| one.get("bearer").is_some()),
            });
        }
    }
    all
}

/// The query keys an operation cannot do without, with the examples of the document.
fn required_keys(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let keys: Vec<String> = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
        .map(|parameter| {
            let example = &parameter["example"];
            let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            format!("{}={text}", parameter["name"].as_str().unwrap_or_default())
        })
        .collect();
    if keys.is_empty() {
        String::new()
    } else {
        format!("?{}", keys.join("&"))
    }
}

on_both!(nobody_gets_past_an_operation_that_needs_somebody, |app| {
    let lead = app.coordinator("LU").await;
    launched(&lead).await;
    let all = operations();
    assert!(all.len() > 45, "the document has {} operations", all.len());
    let foreign = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.AAAA";
    for operation in &all {
        for (who, client) in [
            ("nobody", app.public()),
            ("a forged token", app.public().with_token(foreign)),
        ] {
            let mut request = client
                .request(operation.method.clone(), &operation.path)
                .header("If-Match", "\"v1-00\"");
            if let Some(body) = &operation.body {
                request = request.json(body);
            }
            let reply = client.send(request).await;
            if operation.needs_somebody {
                assert_eq!(reply.status, 401, "{} for {who}: {}", operation.name, reply.text);
                assert!(reply.header("www-authenticate").is_some(), "{}", operation.name);
            } else {
                assert_ne!(reply.status, 500, "{} for {who}: {}", operation.name, reply.text);
            }
        }
    }
});

on_both!(a_departed_office_gets_nothing_but_what_is_public, |app| {
    let lead = app.coordinator("LU").await;
    launched(&lead).await;
    let departed = app.coordinator("UK").await;
    // What everybody signed in may do: see to their own account, and say how they want mail.
    let own = [
        "read_me",
        "read_session",
        "sign_out",
        "list_sessions",
        "end_session",
        "change_password",
        "ask_address_change",
        "read_second_factor",
        "begin_second_factor",
        "confirm_second_factor",
        "renew_recovery_codes",
        "remove_second_factor",
        "list_identities",
        "link_identity",
        "list_tokens",
        "read_notifications",
        "change_notifications",
    ];
    for operation in operations() {
        if !operation.needs_somebody || own.contains(&operation.name.as_str()) {
            continue;
        }
        let mut request = departed
            .request(operation.method.clone(), &operation.path)
            .header("If-Match", "\"v1-00\"");
        if let Some(body) = &operation.body {
            request = request.json(body);
        }
        let reply = departed.send(request).await;
        assert!(
            matches!(reply.status, 403 | 404),
            "{}: {} {}",
            operation.name,
            reply.status,
            reply.text
        );
    }
});
