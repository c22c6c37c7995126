//! Who calls, as far as the request can say: the bearer token. What it is worth now is decided in the exchange.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use ahq_exchange::credentials::Credentials;
use ahq_exchange::error::Error;

use crate::Api;
use crate::problem::Problem;

/// The credentials of a request: none at all, or a verified access token. Anything else is 401, never anonymous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer(pub Credentials);

impl Bearer {
    fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let mut values = request.headers().get_all(AUTHORIZATION);
        let Some(value) = values.next() else {
            return Ok(Self(Credentials::Nobody));
        };
        let api = Api::of(request)?;
        value
            .to_str()
            .ok()
            .filter(|_| values.next().is_none())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| api.tokens().verify(token.trim_start(), api.clock().now()).ok())
            .map(|claims| {
                Self(Credentials::Session {
                    user: claims.sub,
                    session: claims.sid,
                })
            })
            .ok_or_else(|| Error::BadToken.into())
    }
}

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}
