use super::*;

#[test]
fn the_document_of_the_program_is_complete() {
    is_complete(&crate::document());
}

/// What holds for each document that is written here.
pub(crate) fn is_complete(document: &Value) {
    assert_eq!(document["info"]["license"]["identifier"], "EUPL-1.2");
    assert_eq!(document["servers"][0]["url"], "/api/v1");
    let tags: Vec<_> = TAGS.iter().map(|(name, _)| *name).collect();
    let paths = document["paths"].as_object().unwrap();
    let mut ids = Vec::new();
    for (path, item) in paths {
        assert!(!path.ends_with('/') && path.starts_with('/'), "{path}");
        let words = path.split('/').skip(1).filter(|word| !word.starts_with('{'));
        for word in words {
            assert!(
                word.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || b"-.".contains(&byte)),
                "{path}: plural nouns in kebab-case"
            );
        }
        for operation in METHODS.into_iter().filter_map(|method| item.get(method)) {
            let id = operation["operationId"].as_str().unwrap();
            ids.push(id.to_owned());
            assert!(
                operation["summary"].is_string(),
                "{id} has no summary: write a doc comment"
            );
            let tagged = operation["tags"].as_array().unwrap();
            assert!(
                tagged.len() == 1 && tags.contains(&tagged[0].as_str().unwrap()),
                "{id}: {tagged:?}"
            );
            let mut named = Vec::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                assert!(!named.contains(&name), "{id}: {name} comes twice");
                named.push(name);
                assert_eq!(
                    parameter["in"] == "path",
                    path.contains(&format!("{{{name}}}")),
                    "{id}: {name}; is #[into_params(parameter_in = Query)] missing?"
                );
            }
            for status in ["400", "429", "500", "503"] {
                assert!(operation["responses"].get(status).is_some(), "{id} lacks {status}");
            }
        }
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "an operation id comes twice");
}

#[test]
fn every_reference_leads_somewhere() {
    fn follow(value: &Value, document: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                object.values().for_each(|value| follow(value, document));
            }
            Value::Array(items) => items.iter().for_each(|item| follow(item, document)),
            _ => {}
        }
    }
    let document = crate::document();
    follow(&document, &document);
}

#[test]
fn examples_are_of_replies() {
    let document = crate::document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(EXAMPLES.len() > 50, "they were not read");
    for name in EXAMPLES.keys() {
        assert!(
            schemas.contains_key(name),
            "{name} is nothing any more: run openapi/examples"
        );
    }
    let query = &document["paths"]["/queries/{query}"]["get"]["responses"]["200"];
    assert_eq!(query["content"]["application/json"]["example"], EXAMPLES["Query"]);
}
