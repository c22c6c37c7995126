//! JSON text into a value, more strictly than serde_json alone: a key that comes twice in one object is refused.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Kind, Problem};
use crate::schema::short;

/// Above this a whole number cannot be told from its neighbours in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Parses a body.
///
/// # Errors
/// `malformed_json` with line and column.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let mut source = serde_json::Deserializer::from_slice(bytes);
    Strict
        .deserialize(&mut source)
        .and_then(|value| source.end().map(|()| value))
        .map_err(|error| {
            Problem::new(
                Kind::MalformedJson,
                format!("The body cannot be read as JSON: {error}."),
            )
        })
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    /// `1.0` is an integer for JSON Schema and none for serde: made one here.
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within the exact range")]
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        if value.fract() == 0.0 && value.abs() < EXACT {
            return Ok(Value::from(value as i64));
        }
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(Key(key)) = entries.next_key()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{}` comes twice", short(&key))));
            }
            let value = entries.next_value_seed(Strict)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        String::deserialize(source).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read() {
        let value = parse(br#" {"a": [1, -2, 1.5, 3.0, "x", true, null], "b": {}} "#).unwrap();
        assert_eq!(value.to_string(), r#"{"a":[1,-2,1.5,3,"x",true,null],"b":{}}"#);
    }

    #[test]
    fn faults_name_line_and_column() {
        for (text, place) in [
            ("{\"a\": 1,\n \"b\": }", "line 2 column 7"),
            ("", "line 1 column 0"),
            ("{} x", "line 1 column 4"),
            ("{\"a\": 1, \"a\": 2}", "`a` comes twice at line 1 column 12"),
            ("\"\\ud800\"", "line 1"),
            ("1e999", "line 1"),
        ] {
            let problem = parse(text.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), "malformed_json", "{text}");
            assert!(problem.to_string().contains(place), "{problem}");
        }
        assert!(parse(&[b'"', 0xff, b'"']).is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
