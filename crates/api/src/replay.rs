//! `Idempotency-Key`: reading it, and the keyed hash of the body it came with. The looking up is the exchange's.

use actix_web::HttpRequest;
use ahq_exchange::replay::ReplayKey;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

use crate::Api;
use crate::problem::{Kind, Problem};

/// The name of the header.
const NAME: &str = "Idempotency-Key";
/// How long a key may be.
const LONGEST: usize = 255;

/// Documents the header: put it into `params(…)` of every POST that is not exempt. Its value comes with the body.
#[derive(Debug)]
pub struct IdempotencyKey;

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = ParameterBuilder::new()
            .name(NAME)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "1 to 255 visible ASCII characters of your choice, quoted or not. The same key with the same body gives \
                 the stored reply again for seven days.",
            ))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(LONGEST)),
            ))
            .example(Some("0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55".into()))
            .build();
        vec![parameter]
    }
}

/// What a repetition of this request would be recognised by, where it brings a key.
///
/// # Errors
/// `bad_idempotency_key`.
pub(crate) fn replay_key(request: &HttpRequest, api: &Api, body: &[u8]) -> Result<Option<ReplayKey>, Problem> {
    let mut values = request.headers().get_all(NAME);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().and_then(parse).filter(|_| values.next().is_none());
    let key = key.ok_or_else(|| {
        Problem::new(
            Kind::BadIdempotencyKey,
            "Idempotency-Key must come once and hold 1 to 255 visible ASCII characters, quoted or not.",
        )
    })?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    Ok(Some(ReplayKey {
        key,
        method: request.method().to_string(),
        path: path.to_owned(),
        body_hash: api.hash("body", body),
    }))
}

/// A quoted string of RFC 8941, section 3.3.3, or the bare word many clients send.
fn parse(text: &str) -> Option<String> {
    let key = match text.strip_prefix('"') {
        None => text.to_owned(),
        Some(rest) => {
            let mut key = String::new();
            let mut characters = rest.strip_suffix('"')?.chars();
            while let Some(character) = characters.next() {
                match character {
                    '"' => return None,
                    '\\' => key.push(characters.next().filter(|next| matches!(next, '"' | '\\'))?),
                    other => key.push(other),
                }
            }
            key
        }
    };
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    (visible && (1..=LONGEST).contains(&key.len())).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_keys_are_the_same() {
        assert_eq!(parse("abc-1"), Some("abc-1".to_owned()));
        assert_eq!(parse("\"abc-1\""), Some("abc-1".to_owned()));
        assert_eq!(parse(r#""a\"b\\c""#), Some(r#"a"b\c"#.to_owned()));
        assert_eq!(parse(&"x".repeat(255)).map(|key| key.len()), Some(255));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "x".repeat(256);
        for text in [
            "", "\"\"", "a b", "\"a b\"", "\"a", "\"", r#""a\x""#, r#""a"b""#, "é", &long,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
