//! A value against its published schema: every fault at once, each with the exact place and a friendly text.
//!
//! Texts never repeat a value that was sent; names of fields are cut short.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, JsonType, ValidationError, Validator};
use serde_json::{Map, Value, json};

use crate::problem::FaultBody;

/// How many faults are told at most.
const MOST_FAULTS: usize = 100;
/// How many choices are listed at most.
const MOST_CHOICES: usize = 40;
/// How many characters of a name that was sent are repeated at most.
const MOST_REPEATED: usize = 80;

/// One compiled schema, with the components it refers to.
#[derive(Debug)]
pub(crate) struct Checker {
    validator: Validator,
    root: Value,
}

impl Checker {
    /// Compiles `schema`, whose references lead into `components` (the schemas of the document by name).
    ///
    /// # Errors
    /// What is wrong with the schema, for the log.
    pub(crate) fn compile(mut schema: Value, components: &Map<String, Value>) -> Result<Self, String> {
        let mut needed = Map::new();
        gather(&schema, components, &mut needed);
        for component in needed.values_mut() {
            bound_integers(component);
        }
        bound_integers(&mut schema);
        if let Some(object) = schema.as_object_mut() {
            object.insert("components".to_owned(), json!({"schemas": needed}));
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            validator,
            root: schema,
        })
    }

    /// Takes known read-only fields out of `value` and says what is wrong with the rest.
    pub(crate) fn check(&self, value: &mut Value) -> Vec<FaultBody> {
        drop_read_only(value, &self.root, &self.root);
        let mut faults = Vec::new();
        refuse_nul(value, &mut String::new(), &mut faults);
        for error in self.validator.iter_errors(value).take(MOST_FAULTS) {
            tell(&error, &mut faults);
        }
        tidy(faults)
    }

    /// The schema itself, resolved where it is only a reference.
    pub(crate) fn root(&self) -> &Value {
        resolve(&self.root, &self.root)
    }

    /// Follows a reference of a schema inside this one.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        resolve(schema, &self.root)
    }
}

/// The name in `#/components/schemas/<name>`.
pub(crate) fn component_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

/// Adds to `found` every component that `schema` refers to, directly or not.
pub(crate) fn gather(schema: &Value, components: &Map<String, Value>, found: &mut Map<String, Value>) {
    match schema {
        Value::Object(object) => {
            let name = object.get("$ref").and_then(Value::as_str).and_then(component_name);
            if let Some((name, component)) = name.and_then(|name| Some((name, components.get(name)?)))
                && !found.contains_key(name)
            {
                found.insert(name.to_owned(), component.clone());
                gather(component, components, found);
            }
            object.values().for_each(|value| gather(value, components, found));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, components, found)),
        _ => {}
    }
}

fn resolve<'a>(mut schema: &'a Value, root: &'a Value) -> &'a Value {
    // A chain of references is short; a circle ends here.
    for _ in 0..16 {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
            break;
        };
        match reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// `format: int32` and `int64` say a range that JSON Schema does not check.
fn bound_integers(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let integer = match object.get("type") {
                Some(Value::String(kind)) => kind == "integer",
                Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "integer"),
                _ => false,
            };
            if integer {
                let (least, most) = match object.get("format").and_then(Value::as_str) {
                    Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
                    _ => (i64::MIN, i64::MAX),
                };
                object.entry("minimum").or_insert(least.into());
                object.entry("maximum").or_insert(most.into());
            }
            object.values_mut().for_each(bound_integers);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_integers),
        _ => {}
    }
}

/// Takes out what the schema marks `readOnly`: sent back by a client that read the thing before.
fn drop_read_only(value: &mut Value, schema: &Value, root: &Value) {
    let schema = resolve(schema, root);
    match value {
        Value::Object(object) => {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                object.retain(|name, _| {
                    properties.get(name).and_then(|property| property.get("readOnly")) != Some(&Value::Bool(true))
                });
                for (name, value) in object.iter_mut() {
                    if let Some(property) = properties.get(name) {
                        drop_read_only(value, property, root);
                    }
                }
            }
            if let Some(only) = only_alternative(schema) {
                drop_read_only(value, only, root);
            }
        }
        Value::Array(items) => {
            if let Some(item) = schema.get("items") {
                items.iter_mut().for_each(|value| drop_read_only(value, item, root));
            } else if let Some(only) = only_alternative(schema) {
                drop_read_only(value, only, root);
            }
        }
        _ => {}
    }
}

/// What `oneOf` holds beside null.
pub(crate) fn only_alternative(schema: &Value) -> Option<&Value> {
    let mut others = schema
        .get("oneOf")?
        .as_array()?
        .iter()
        .filter(|branch| branch.get("type") != Some(&Value::from("null")));
    others.next().filter(|_| others.next().is_none())
}

/// The null character has no place in text, and PostgreSQL cannot keep it.
fn refuse_nul(value: &Value, pointer: &mut String, faults: &mut Vec<FaultBody>) {
    let length = pointer.len();
    match value {
        Value::String(text) if text.contains('\0') => {
            faults.push(fault(pointer, "bad_character", "holds the character U+0000"));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                refuse_nul(item, pointer, faults);
                pointer.truncate(length);
            }
        }
        Value::Object(object) => {
            for (name, item) in object {
                *pointer = below(pointer, name);
                if name.contains('\0') {
                    faults.push(fault(pointer, "bad_character", "is a name with the character U+0000"));
                }
                refuse_nul(item, pointer, faults);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Cuts what was sent before it is repeated.
pub(crate) fn short(text: &str) -> String {
    let mut start: String = text.chars().take(MOST_REPEATED).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// The pointer to `name` below `pointer` (RFC 6901, section 3).
fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", short(name).replace('~', "~0").replace('/', "~1"))
}

fn fault(pointer: &str, code: &'static str, detail: impl Into<String>) -> FaultBody {
    FaultBody {
        pointer: pointer.to_owned(),
        code: code.into(),
        detail: detail.into(),
    }
}

/// Puts one violation into the words of the interface.
fn tell(error: &ValidationError<'_>, faults: &mut Vec<FaultBody>) {
    use ValidationErrorKind as Is;
    let at = error.instance_path().as_str();
    let mut add = |code, detail: String| faults.push(fault(at, code, detail));
    match error.kind() {
        Is::AdditionalProperties { unexpected } | Is::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                let detail = format!("there is no field `{}` here", short(name));
                faults.push(fault(&below(at, name), "unknown_field", detail));
            }
        }
        Is::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            faults.push(fault(&below(at, name), "missing_field", "is needed"));
        }
        Is::Type { kind } => add("wrong_type", wrong_type(&expected(kind), error.instance())),
        Is::MaxLength { limit } => add("too_long", format!("may have at most {limit} characters")),
        Is::MinLength { limit: 1 } => add("too_short", "must not be empty".to_owned()),
        Is::MinLength { limit } => add("too_short", format!("must have at least {limit} characters")),
        Is::MaxItems { limit } => add("too_many", format!("may have at most {limit} entries")),
        Is::MinItems { limit } => add("too_few", format!("must have at least {limit} entries")),
        Is::MaxProperties { limit } => add("too_many", format!("may have at most {limit} fields")),
        Is::MinProperties { limit } => add("too_few", format!("must have at least {limit} fields")),
        Is::UniqueItems => add("not_unique", "has the same entry twice".to_owned()),
        Is::Enum { options } => add("not_one_of", choices(options.as_array().into_iter().flatten())),
        Is::Constant { expected_value } => add("not_one_of", choices([expected_value.as_ref()])),
        Is::Maximum { limit } => add("out_of_range", format!("must be at most {limit}")),
        Is::Minimum { limit } => add("out_of_range", format!("must be at least {limit}")),
        Is::ExclusiveMaximum { limit } => add("out_of_range", format!("must be less than {limit}")),
        Is::ExclusiveMinimum { limit } => add("out_of_range", format!("must be more than {limit}")),
        Is::MultipleOf { multiple_of } => add("out_of_range", format!("must be a multiple of {multiple_of}")),
        Is::Format { format } => add("bad_format", format!("must be {}", written_as(format))),
        Is::Pattern { pattern } => add("bad_format", format!("must match `{pattern}`")),
        Is::PropertyNames { error } => add("bad_key", format!("has a key that {}", first_detail(error))),
        Is::AnyOf { context } | Is::OneOfNotValid { context } => tell_alternatives(at, context, faults),
        _ => add("invalid_value", "is not what is expected here".to_owned()),
    }
}

fn first_detail(error: &ValidationError<'_>) -> String {
    let mut faults = Vec::new();
    tell(error, &mut faults);
    faults
        .into_iter()
        .next()
        .map_or_else(|| "is not expected here".to_owned(), |fault| fault.detail)
}

/// A value that fits none of several forms: the faults of the form it was meant to be, as far as that can be known.
fn tell_alternatives(at: &str, context: &[Vec<ValidationError<'_>>], faults: &mut Vec<FaultBody>) {
    let wrong_kind = |branch: &&Vec<ValidationError<'_>>| {
        branch.iter().any(|error| {
            error.instance_path().as_str() == at && matches!(error.kind(), ValidationErrorKind::Type { .. })
        })
    };
    let (strangers, fitting): (Vec<_>, Vec<_>) = context.iter().partition(wrong_kind);
    if fitting.is_empty() {
        let mut wanted = Vec::new();
        let mut found = None;
        for error in strangers.into_iter().flatten() {
            if let ValidationErrorKind::Type { kind } = error.kind()
                && error.instance_path().as_str() == at
            {
                wanted.extend(expected(kind));
                found = Some(error.instance().as_ref().clone());
            }
        }
        wanted.sort_unstable_by_key(|word| (*word == "null", *word));
        wanted.dedup();
        faults.push(fault(at, "wrong_type", wrong_type(&wanted, &found.unwrap_or_default())));
        return;
    }
    let (others, meant): (Vec<_>, Vec<_>) = fitting
        .into_iter()
        .partition(|branch| branch.iter().any(|e| is_tag(e, at)));
    match meant.as_slice() {
        [] => {
            let tags = others.into_iter().flatten().filter(|error| is_tag(error, at));
            let mut place = at.to_owned();
            let mut words = Vec::new();
            for error in tags {
                place = error.instance_path().as_str().to_owned();
                match error.kind() {
                    ValidationErrorKind::Enum { options } => {
                        words.extend(options.as_array().into_iter().flatten().cloned());
                    }
                    ValidationErrorKind::Constant { expected_value } => words.push(expected_value.as_ref().clone()),
                    _ => {}
                }
            }
            faults.push(fault(&place, "not_one_of", choices(words.iter())));
        }
        [only] => only.iter().for_each(|error| tell(error, faults)),
        several => {
            let missing = |branch: &[ValidationError<'_>]| -> Vec<String> {
                branch
                    .iter()
                    .filter_map(|error| match error.kind() {
                        ValidationErrorKind::Required { property } if error.instance_path().as_str() == at => {
                            property.as_str().map(str::to_owned)
                        }
                        _ => None,
                    })
                    .collect()
            };
            let mut common = missing(several[0]);
            for branch in &several[1..] {
                let here = missing(branch);
                common.retain(|name| here.contains(name));
            }
            if common.is_empty() {
                faults.push(fault(
                    at,
                    "no_alternative",
                    "fits none of the forms that are allowed here",
                ));
            }
            for name in common {
                faults.push(fault(&below(at, &name), "missing_field", "is needed"));
            }
        }
    }
}

/// Whether the violation is that of a word one level down which decides between alternatives: `kind`.
fn is_tag(error: &ValidationError<'_>, at: &str) -> bool {
    let one_word = match error.kind() {
        ValidationErrorKind::Enum { options } => options.as_array().is_some_and(|options| options.len() == 1),
        ValidationErrorKind::Constant { .. } => true,
        _ => false,
    };
    let child = error
        .instance_path()
        .as_str()
        .strip_prefix(at)
        .and_then(|rest| rest.strip_prefix('/'));
    one_word && child.is_some_and(|name| !name.contains('/'))
}

fn expected(kind: &TypeKind) -> Vec<&'static str> {
    match kind {
        TypeKind::Single(kind) => vec![type_word(*kind)],
        TypeKind::Multiple(kinds) => {
            let mut words: Vec<_> = kinds.iter().map(type_word).collect();
            words.sort_by_key(|word| *word == "null");
            words
        }
    }
}

fn type_word(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}

fn wrong_type(wanted: &[&str], found: &Value) -> String {
    let is = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    format!("must be {}, not {is}", wanted.join(" or "))
}

fn choices<'a>(options: impl IntoIterator<Item = &'a Value>) -> String {
    let mut words: Vec<String> = options
        .into_iter()
        .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
        .collect();
    let all = words.len();
    words.truncate(MOST_CHOICES);
    let more = if all > MOST_CHOICES { ", …" } else { "" };
    match words.as_slice() {
        [only] => format!("must be {only}"),
        _ => format!("must be one of {}{more}", words.join(", ")),
    }
}

fn written_as(format: &str) -> &str {
    match format {
        "date" => "a date such as 2026-12-04",
        "date-time" => "an instant with its offset such as 2026-12-04T10:00:00Z",
        "uuid" => "a UUID",
        "email" => "a mail address",
        "uri" => "an address such as https://example.org/",
        other => other,
    }
}

/// Drops repetitions, and whatever else is said of a field whose type is wrong.
fn tidy(faults: Vec<FaultBody>) -> Vec<FaultBody> {
    let mut kept: Vec<FaultBody> = Vec::with_capacity(faults.len());
    let wrong: Vec<String> = faults
        .iter()
        .filter(|fault| fault.code == "wrong_type")
        .map(|fault| fault.pointer.clone())
        .collect();
    for fault in faults {
        let covered = fault.code != "wrong_type" && wrong.contains(&fault.pointer);
        if !covered && !kept.contains(&fault) && kept.len() < MOST_FAULTS {
            kept.push(fault);
        }
    }
    kept
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
