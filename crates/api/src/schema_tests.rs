use super::*;

fn components() -> Map<String, Value> {
    let schemas = json!({
        "Thing": {
            "type": "object",
            "required": ["title", "kind"],
            "additionalProperties": false,
            "properties": {
                "id": {"type": "string", "readOnly": true},
                "title": {"type": "string", "minLength": 1, "maxLength": 5},
                "kind": {"$ref": "#/components/schemas/Word"},
                "count": {"type": ["integer", "null"], "format": "int32", "minimum": 0},
                "big": {"type": "integer", "format": "int64"},
                "day": {"type": "string", "format": "date"},
                "at": {"type": "string", "format": "date-time"},
                "mail": {"type": "string", "format": "email"},
                "office": {"type": "string", "pattern": "^[A-Z]{2,3}$"},
                "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "uniqueItems": true},
                "parts": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Part"}},
                "maybe": {"oneOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]},
                "word": {"oneOf": [{"$ref": "#/components/schemas/Word"}, {"type": "null"}]},
                "body": {"$ref": "#/components/schemas/Tagged"},
                "notes": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "Part": {
            "type": "object",
            "required": ["a/b"],
            "additionalProperties": false,
            "properties": {
                "id": {"type": "integer", "readOnly": true},
                "a/b": {"type": "number", "exclusiveMaximum": 10},
            },
        },
        "Word": {"type": "string", "enum": ["one", "two"]},
        "Tagged": {"oneOf": [
            {"type": "object", "required": ["kind"], "additionalProperties": false,
             "properties": {"kind": {"type": "string", "enum": ["none"]}}},
            {"type": "object", "required": ["kind", "text"], "additionalProperties": false,
             "properties": {"kind": {"type": "string", "enum": ["text"]}, "text": {"type": "string", "maxLength": 3}}},
            {"type": "object", "required": ["kind", "parts"], "additionalProperties": false,
             "properties": {"kind": {"type": "string", "enum": ["many"]},
                            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}}},
        ]},
    });
    schemas.as_object().unwrap().clone()
}

fn check(mut value: Value) -> Vec<String> {
    let checker = Checker::compile(json!({"$ref": "#/components/schemas/Thing"}), &components()).unwrap();
    let mut told: Vec<_> = checker
        .check(&mut value)
        .into_iter()
        .map(|fault| format!("{} {} {}", fault.pointer, fault.code, fault.detail))
        .collect();
    told.sort();
    told
}

/// The faults of a good thing with these fields changed.
fn with(fields: Value) -> Vec<String> {
    let mut thing = json!({"title": "t", "kind": "one"});
    for (name, value) in fields.as_object().unwrap() {
        thing[name] = value.clone();
    }
    check(thing)
}

#[test]
fn a_good_thing_passes() {
    let told = with(json!({
        "count": null, "big": i64::MIN, "day": "2026-12-04", "at": "2026-12-04T10:00:00+01:00", "office": "LU",
        "mail": "a@example.org", "tags": ["x", "y"], "parts": [{"a/b": 9.5}], "maybe": null, "word": "two",
        "body": {"kind": "text", "text": "abc"}, "notes": {"any": "thing"},
    }));
    assert_eq!(told, [""; 0]);
}

#[test]
fn all_faults_come_at_once() {
    let told = check(json!({
        "title": "123456", "count": -1, "day": "2026-02-30", "office": "x", "tags": ["x", "x", "x"], "zz": 1,
        "parts": [{"a/b": 1}, {"a/b": 10, "c~d": 2}, {}],
    }));
    assert_eq!(
        told,
        [
            "/count out_of_range must be at least 0",
            "/day bad_format must be a date such as 2026-12-04",
            "/kind missing_field is needed",
            "/office bad_format must match `^[A-Z]{2,3}$`",
            "/parts/1/a~1b out_of_range must be less than 10",
            "/parts/1/c~0d unknown_field there is no field `c~d` here",
            "/parts/2/a~1b missing_field is needed",
            "/tags not_unique has the same entry twice",
            "/tags too_many may have at most 2 entries",
            "/title too_long may have at most 5 characters",
            "/zz unknown_field there is no field `zz` here",
        ]
    );
}

#[test]
fn each_wrong_value_has_one_friendly_fault() {
    for (fields, fault) in [
        (json!({"title": 5}), "/title wrong_type must be a string, not a number"),
        (json!({"title": ""}), "/title too_short must not be empty"),
        (json!({"kind": "three"}), "/kind not_one_of must be one of one, two"),
        (json!({"kind": null}), "/kind wrong_type must be a string, not null"),
        (
            json!({"count": "5"}),
            "/count wrong_type must be an integer or null, not a string",
        ),
        (
            json!({"count": 2_147_483_648_i64}),
            "/count out_of_range must be at most 2147483647",
        ),
        (
            json!({"count": 1.5}),
            "/count wrong_type must be an integer or null, not a number",
        ),
        (
            json!({"big": 1e30}),
            "/big out_of_range must be at most 9223372036854775807",
        ),
        (
            json!({"at": "2026-12-04 10:00"}),
            "/at bad_format must be an instant with its offset such as 2026-12-04T10:00:00Z",
        ),
        (json!({"mail": "x"}), "/mail bad_format must be a mail address"),
        (json!({"parts": []}), "/parts too_few must have at least 1 entries"),
        (
            json!({"maybe": 5}),
            "/maybe wrong_type must be an object or null, not a number",
        ),
        (json!({"maybe": {}}), "/maybe/a~1b missing_field is needed"),
        (json!({"word": "x"}), "/word not_one_of must be one of one, two"),
        (
            json!({"word": 1}),
            "/word wrong_type must be a string or null, not a number",
        ),
        (
            json!({"notes": {"x": 1}}),
            "/notes/x wrong_type must be a string, not a number",
        ),
        (
            json!({"title": "a\u{0}"}),
            "/title bad_character holds the character U+0000",
        ),
        (
            json!({"body": {"kind": "other"}}),
            "/body/kind not_one_of must be one of none, text, many",
        ),
        (json!({"body": {}}), "/body/kind missing_field is needed"),
        (json!({"body": 1}), "/body wrong_type must be an object, not a number"),
        (
            json!({"body": {"kind": "none", "x": 1}}),
            "/body/x unknown_field there is no field `x` here",
        ),
        (
            json!({"body": {"kind": "text", "text": "long"}}),
            "/body/text too_long may have at most 3 characters",
        ),
        (json!({"body": {"kind": "text"}}), "/body/text missing_field is needed"),
        (
            json!({"body": {"kind": "many", "parts": [{"a/b": "x"}]}}),
            "/body/parts/0/a~1b wrong_type must be a number, not a string",
        ),
    ] {
        assert_eq!(with(fields.clone()), [fault], "{fields}");
    }
    assert_eq!(check(json!([])), [" wrong_type must be an object, not an array"]);
}

#[test]
fn read_only_fields_are_dropped() {
    let checker = Checker::compile(json!({"$ref": "#/components/schemas/Thing"}), &components()).unwrap();
    let mut value = json!({
        "id": 5, "title": "t", "kind": "one", "parts": [{"id": "?", "a/b": 1}], "maybe": {"id": [], "a/b": 1},
    });
    assert_eq!(checker.check(&mut value), []);
    assert_eq!(
        value,
        json!({"title": "t", "kind": "one", "parts": [{"a/b": 1}], "maybe": {"a/b": 1}})
    );
}

#[test]
fn what_was_sent_is_not_repeated_at_length() {
    let long = "x".repeat(10_000);
    let told = with(json!({"title": long, "kind": long, long.clone(): 1}));
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|fault| fault.len() < 300), "{told:?}");
    let many: Map<String, Value> = (0..5000).map(|number| (format!("f{number}"), Value::Null)).collect();
    assert_eq!(with(Value::Object(many)).len(), MOST_FAULTS);
}
