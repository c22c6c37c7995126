//! `If-Match`: which version of a thing a change is meant for.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

use crate::problem::{Kind, Problem};

/// The version the caller read, from the ETag named in `If-Match`. Put it into `params(…)` of the operation too.
///
/// Missing, or `*` (which names no version): 428. Weak, several, or no tag of the exchange: 412, for it matches none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i64);

impl IfMatch {
    fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let mut values = request.headers().get_all(IF_MATCH);
        let (first, second) = (values.next(), values.next());
        let Some(first) = first.filter(|value| value.as_bytes() != b"*") else {
            return Err(Problem::new(
                Kind::IfMatchMissing,
                "A change needs If-Match with the ETag of the version it is meant for.",
            ));
        };
        first
            .to_str()
            .ok()
            .filter(|_| second.is_none())
            .and_then(version)
            .map(Self)
            .ok_or_else(|| {
                Problem::new(
                    Kind::Stale,
                    "If-Match must name one strong ETag, as the exchange gave it; this one matches no version.",
                )
            })
    }
}

/// The version in `"v7-<hash>"`.
fn version(tag: &str) -> Option<i64> {
    let inner = tag.trim().strip_prefix("\"v")?.strip_suffix('"')?;
    let (number, hash) = inner.split_once('-')?;
    let plain =
        number.bytes().all(|byte| byte.is_ascii_digit()) && hash.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { number.parse().ok() } else { None }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(
                "The ETag of the version the change is meant for; only its version counts.",
            ))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .example(Some("\"v7-5f2d8a0c1b3e4f60718293a4b5c6d7e8\"".into()))
            .build();
        vec![parameter]
    }
}

/// The version the caller read, where the thing may not be there yet: none begins it. Put it into `params(…)` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaybeIfMatch(pub Option<i64>);

impl FromRequest for MaybeIfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(if request.headers().contains_key(IF_MATCH) {
            IfMatch::read(request).map(|version| Self(Some(version.0)))
        } else {
            Ok(Self(None))
        })
    }
}

impl IntoParams for MaybeIfMatch {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = IfMatch::into_params(place);
        for parameter in &mut parameters {
            parameter.required = Required::False;
        }
        parameters
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(values: &[&str]) -> Result<i64, String> {
        let mut request = TestRequest::put();
        for value in values {
            request = request.append_header((IF_MATCH, *value));
        }
        IfMatch::read(&request.to_http_request())
            .map(|found| found.0)
            .map_err(|problem| problem.code().to_owned())
    }

    #[test]
    fn only_one_strong_tag_names_a_version() {
        assert_eq!(read(&["\"v7-0a1b\""]), Ok(7));
        assert_eq!(read(&["\"v123-ffff\""]), Ok(123));
        for missing in [vec![], vec!["*"]] {
            assert_eq!(read(&missing), Err("if_match_missing".to_owned()), "{missing:?}");
        }
        for stale in [
            "W/\"v7-0a1b\"",
            "\"v7\"",
            "v7-0a",
            "\"v-7-0a\"",
            "\"v+7-0a\"",
            "\"v99999999999999999999-0a\"",
            "\"v7-0a\", \"v8-0a\"",
            "",
            "\"\"",
        ] {
            assert_eq!(read(&[stale]), Err("stale".to_owned()), "{stale}");
        }
        assert_eq!(read(&["\"v7-0a\"", "\"v8-0a\""]), Err("stale".to_owned()));
    }
}
