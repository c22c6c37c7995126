//! Who calls, as far as the request can say: the bearer token, and where it comes from. What it is worth now is decided in the exchange.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr};

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, USER_AGENT, X_FORWARDED_FOR};
use actix_web::{FromRequest, HttpRequest};
use ahq_exchange::credentials::Credentials;
use ahq_exchange::error::Error;
use ahq_exchange::session::Origin;
use ipnet::IpNet;

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
            .and_then(|(_, token)| credentials(api, token.trim_start()))
            .map(Self)
            .ok_or_else(|| Error::BadToken.into())
    }
}

/// What a token is worth: one of a program is looked up in the tables, one of a session says whose it is.
fn credentials(api: &Api, token: &str) -> Option<Credentials> {
    Credentials::token(token).or_else(|| {
        let claims = api.tokens().verify(token, api.clock().now()).ok()?;
        Some(Credentials::Session {
            user: claims.sub,
            session: claims.sid,
        })
    })
}

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct From(pub(crate) Origin);

impl FromRequest for From {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let origin = Api::of(request).map(|api| Origin {
            address: address(request, &api.proxies),
            client: request
                .headers()
                .get(USER_AGENT)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
        });
        ready(origin.map(Self))
    }
}

/// The address of the network that a request comes from: whom the last proxy that is believed names.
fn address(request: &HttpRequest, proxies: &[IpNet]) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let named = request.headers().get_all(X_FORWARDED_FOR);
    let named: Vec<&str> = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    forwarded(peer, &named, proxies)
}

/// Each proxy adds at the end whom it speaks for; what stands before the first one that is not believed is anybody's claim.
fn forwarded(peer: IpAddr, named: &[&str], proxies: &[IpNet]) -> IpAddr {
    let mut at = peer;
    for name in named.iter().rev() {
        let believed = proxies.iter().any(|net| net.contains(&at.to_canonical()));
        match name.trim().parse::<IpAddr>() {
            Ok(next) if believed => at = next,
            _ => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proxies_that_are_configured_are_believed() {
        let nets = ["10.0.0.0/8", "2001:db8::/32"].map(|net| net.parse::<IpNet>().unwrap());
        for (peer, named, found) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
            ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("2001:db8::1", "2001:db9::7", "2001:db9::7"),
        ] {
            let named: Vec<&str> = named.split(',').collect();
            assert_eq!(
                forwarded(peer.parse().unwrap(), &named, &nets).to_string(),
                found,
                "{peer} {named:?}"
            );
        }
    }
}
