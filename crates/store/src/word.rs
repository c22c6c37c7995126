//! Values of the domain that stand in a text column, by the word or text they are in JSON. It knows no value by name.

use crate::StoreError;
use serde::Serialize;
use serde::de::value::{Error as NoWord, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

/// The text a value has in JSON, which is its text in a column too.
pub(crate) fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::Other("a value without a word for its column".to_owned())),
    }
}

/// The value of a text in a column.
pub(crate) fn from_word<T: DeserializeOwned>(word: &str) -> Result<T, StoreError> {
    let reader: StrDeserializer<'_, NoWord> = word.into_deserializer();
    T::deserialize(reader).map_err(|fault| {
        // Words are short; what is long is a text, which no error may repeat.
        let shown: String = word.chars().take(40).collect();
        StoreError::Corrupt(format!("{shown:?}: {fault}"))
    })
}
