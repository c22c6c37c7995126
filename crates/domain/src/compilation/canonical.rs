//! Canonical JSON: keys sorted, no white space (as RFC 8785 has it for texts and whole numbers).

/// Writes keys in the order of their UTF-16 code units, which for the ASCII keys of a view is that of their bytes.
pub(super) fn write_canonical(value: &serde_json::Value, out: &mut String) -> Result<(), serde_json::Error> {
    match value {
        serde_json::Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(item, out)?;
            }
            out.push(']');
        }
        serde_json::Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, item)) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::to_string(key)?);
                out.push(':');
                write_canonical(item, out)?;
            }
            out.push('}');
        }
        plain => out.push_str(&serde_json::to_string(plain)?),
    }
    Ok(())
}
