//! The schemas of bodies, made strict: closed to unknown fields, and open to the read-only ones a client sends back.

use serde_json::{Map, Value, json};

use super::METHODS;
use crate::schema::{component_name, gather, only_alternative};

/// The names of the schemas that request bodies of JSON refer to.
pub(crate) fn request_bodies(paths: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<String> = operations(paths).filter_map(request_body).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn operations(paths: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    paths
        .values()
        .flat_map(|item| METHODS.into_iter().filter_map(|method| item.get(method)))
}

fn request_body(operation: &Value) -> Option<String> {
    json_schema(operation.get("requestBody")?)
}

fn json_schema(holder: &Value) -> Option<String> {
    let reference = holder["content"]["application/json"]["schema"]["$ref"].as_str()?;
    component_name(reference).map(str::to_owned)
}

/// An enum's variant around a struct comes as `allOf` of the struct and its tag, which no closed struct can fit: made
/// one object.
pub(super) fn merge_all_of(schema: &mut Value, all: &Map<String, Value>) {
    if let Some(merged) = schema.get("allOf").and_then(|parts| merged(parts, all))
        && let Some(object) = schema.as_object_mut()
    {
        object.remove("allOf");
        for (name, value) in merged {
            object.entry(name).or_insert(value);
        }
    }
    match schema {
        Value::Object(object) => object.values_mut().for_each(|value| merge_all_of(value, all)),
        Value::Array(items) => items.iter_mut().for_each(|item| merge_all_of(item, all)),
        _ => {}
    }
}

fn merged(parts: &Value, all: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (mut properties, mut required, mut open) = (Map::new(), Vec::new(), true);
    for part in parts.as_array()? {
        let part = match part.get("$ref").and_then(Value::as_str).and_then(component_name) {
            Some(name) => all.get(name)?,
            None => part,
        };
        properties.extend(part.get("properties")?.as_object()?.clone());
        required.extend(
            part.get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .cloned(),
        );
        open &= part.get("additionalProperties") != Some(&Value::Bool(false));
    }
    let mut object = Map::new();
    object.insert("type".to_owned(), "object".into());
    object.insert("required".to_owned(), required.into());
    object.insert("properties".to_owned(), properties.into());
    if !open {
        object.insert("additionalProperties".to_owned(), false.into());
    }
    Some(object)
}

/// Unknown fields are refused: every object a request body can hold says so.
pub(super) fn close_request_bodies(paths: &Map<String, Value>, schemas: &mut Map<String, Value>) {
    let mut reached = Map::new();
    for name in request_bodies(paths) {
        gather(
            &json!({"$ref": format!("#/components/schemas/{name}")}),
            schemas,
            &mut reached,
        );
    }
    for name in reached.keys() {
        if let Some(schema) = schemas.get_mut(name) {
            close(schema);
        }
    }
}

fn close(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.contains_key("properties") {
        object.entry("additionalProperties").or_insert(false.into());
    }
    for holder in ["properties", "items", "additionalProperties", "oneOf", "anyOf"] {
        match object.get_mut(holder) {
            Some(Value::Object(inner)) if holder == "properties" => inner.values_mut().for_each(close),
            Some(Value::Array(items)) => items.iter_mut().for_each(close),
            Some(inner) => close(inner),
            None => {}
        }
    }
}

/// Fields a GET shows and the PUT beside it does not take are known and read-only: clients send back what they read.
pub(super) fn mark_read_only(paths: &Map<String, Value>, schemas: &mut Map<String, Value>) {
    for put in paths.values().filter_map(|item| item.get("put")) {
        if let (Some(taken), Some(given)) = (request_body(put), json_schema(&put["responses"]["200"])) {
            copy_read_only(&taken, &given, schemas, &mut Vec::new());
        }
    }
}

fn copy_read_only(taken: &str, given: &str, schemas: &mut Map<String, Value>, done: &mut Vec<(String, String)>) {
    let pair = (taken.to_owned(), given.to_owned());
    if taken == given || done.contains(&pair) {
        return;
    }
    done.push(pair);
    let Some(shown) = schemas
        .get(given)
        .and_then(|schema| schema["properties"].as_object())
        .cloned()
    else {
        return;
    };
    let Some(fields) = schemas
        .get_mut(taken)
        .and_then(|schema| schema["properties"].as_object_mut())
    else {
        return;
    };
    let mut deeper = Vec::new();
    for (name, mut property) in shown {
        match fields.get(&name) {
            Some(field) => deeper.extend(referred(field).zip(referred(&property))),
            None => {
                property["readOnly"] = true.into();
                fields.insert(name, property);
            }
        }
    }
    for (taken, given) in deeper {
        copy_read_only(&taken, &given, schemas, done);
    }
}

/// The component a property holds: itself, as entries of a list, or beside null.
fn referred(property: &Value) -> Option<String> {
    let inner = property.get("items").unwrap_or(property);
    let inner = only_alternative(inner).unwrap_or(inner);
    component_name(inner.get("$ref")?.as_str()?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_around_a_closed_struct_becomes_one_object() {
        let all = json!({
            "Inner": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}, "additionalProperties": false},
            "Tagged": {"oneOf": [{"allOf": [
                {"$ref": "#/components/schemas/Inner"},
                {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["new"]}}},
            ]}]},
        });
        let all = all.as_object().unwrap();
        let mut tagged = all["Tagged"].clone();
        merge_all_of(&mut tagged, all);
        assert_eq!(
            tagged,
            json!({"oneOf": [{
                "type": "object",
                "required": ["a", "kind"],
                "properties": {"a": {"type": "string"}, "kind": {"type": "string", "enum": ["new"]}},
                "additionalProperties": false,
            }]})
        );
    }
}
