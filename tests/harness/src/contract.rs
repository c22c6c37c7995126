//! Every reply a test gets is held against the published document: its status, its media type, its ETag, its body.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(ahq_api::document);
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Holds a reply against the document.
///
/// # Panics
/// When the document does not have it so.
pub(crate) fn check(method: &str, path: &str, status: u16, headers: &HeaderMap, body: Option<&Value>) {
    if !path.starts_with("/api/v1/") {
        return;
    }
    let Some((template, operation)) = operation(method, path) else {
        assert!(
            matches!(status, 404 | 405),
            "{method} {path} is not documented and replied {status}"
        );
        return;
    };
    let name = format!("{method} {template} {status}");
    let response = &operation["responses"][status.to_string()];
    let response = match response["$ref"].as_str() {
        Some(reference) => DOCUMENT
            .pointer(reference.trim_start_matches('#'))
            .expect("a reference that leads somewhere"),
        None => response,
    };
    assert!(response.is_object(), "{name} is not documented: {body:?}");
    // What is changed by its version needs to be told of it.
    let tag = headers.get("etag").and_then(|tag| tag.to_str().ok());
    if tag.is_some_and(|tag| tag.starts_with("\"v")) && matches!(status, 200 | 201) {
        assert!(
            response["headers"]["ETag"].is_object(),
            "{name}: its ETag is not documented"
        );
    }
    let media_type = headers.get("content-type").and_then(|value| value.to_str().ok());
    let (Some(media_type), Some(body)) = (media_type, body) else {
        return;
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let content = &response["content"][essence];
    assert!(content.is_object(), "{name} is not documented as {essence}");
    if !essence.ends_with("json") {
        return;
    }
    let validator = validator(&name, &content["schema"]);
    let faults: Vec<String> = validator
        .iter_errors(body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{name}: {}\n{body:#}", faults.join("\n"));
}

fn operation<'a>(method: &str, path: &'a str) -> Option<(&'static str, &'static Value)> {
    let path: &'a str = path.strip_prefix("/api/v1")?;
    let parts: Vec<&str> = path.split('/').collect();
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let fits = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        wanted.len() == parts.len()
            && wanted
                .iter()
                .zip(&parts)
                .all(|(wanted, part)| wanted == part || (wanted.starts_with('{') && !part.is_empty()))
    };
    let method = if method == "HEAD" {
        "get".to_owned()
    } else {
        method.to_ascii_lowercase()
    };
    paths
        .iter()
        .filter(|(template, _)| fits(template))
        .min_by_key(|(template, _)| template.matches('{').count())
        .and_then(|(template, item)| Some((template.as_str(), item.get(&method)?)))
}

fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    let mut all = VALIDATORS.lock().expect("no test panics holding it");
    if let Some(found) = all.get(name) {
        return Arc::clone(found);
    }
    let mut whole =
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"]});
    for (key, value) in schema.as_object().expect("a schema") {
        whole[key] = value.clone();
    }
    let made = Arc::new(jsonschema::validator_for(&whole).expect("a schema that compiles"));
    all.insert(name.to_owned(), Arc::clone(&made));
    made
}
