//! The REST interface and its OpenAPI document.
//!
//! A handler extracts ([`caller::Bearer`], [`extract::Path`], [`extract::Query`], [`extract::Json`],
//! [`precondition::IfMatch`], [`page::Page`]), makes one call into the exchange, and wraps what comes back in a
//! [`reply::Reply`]; what goes wrong is a [`problem::Problem`]. Routes are listed once, in [`routes`], and that
//! list writes the document. No rule of the exchange stands here, and no table is known.

mod accounts;
mod approvals;
mod attachments;
mod audit;
mod calendar;
pub mod caller;
mod clarifications;
pub mod contract;
mod contributions;
mod corrections;
mod deliveries;
mod docs;
mod editions;
mod erasures;
mod exports;
mod extensions;
pub mod extract;
pub mod fallback;
mod feeds;
pub mod frame;
mod holds;
mod json;
mod network;
mod notifications;
mod oidc;
pub mod openapi;
pub mod page;
pub mod precondition;
pub mod problem;
mod queries;
mod reminders;
pub mod replay;
pub mod reply;
mod responses;
mod routes;
mod schema;
mod second_factors;
mod session;
mod summaries;
pub mod token;
mod tokens;
mod unsubscriptions;
mod user_lists;
mod users;
mod word_form;
mod words;

use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, web};
use ahq_domain::clock::Clock;
use ahq_exchange::error::Error;
use hmac::{Hmac, Mac};
use ipnet::IpNet;
use sha2::Sha256;

use crate::contract::{Contract, PREFIX};
use crate::editions::printed::Printed;
use crate::openapi::Routes;
use crate::problem::Problem;
use crate::token::TokenKeys;

/// What all handlers share: the published contract, the keys, the clock, and the documents printed lately.
#[derive(Debug)]
pub struct Api {
    contract: Contract,
    tokens: TokenKeys,
    clock: Clock,
    hash_key: [u8; 32],
    printed: Printed,
    proxies: Vec<IpNet>,
}

impl Api {
    /// The interface with all its routes. `hash_key` seals cursors and hashes bodies: derive it from the server's
    /// keys, so that all servers share it.
    ///
    /// # Errors
    /// [`Error::Internal`] when the document has a schema that cannot be compiled.
    pub fn new(tokens: TokenKeys, clock: Clock, hash_key: [u8; 32]) -> Result<Self, Error> {
        Self::with_routes(routes::described, tokens, clock, hash_key)
    }

    fn with_routes(routes: Routes, tokens: TokenKeys, clock: Clock, hash_key: [u8; 32]) -> Result<Self, Error> {
        Ok(Self {
            contract: Contract::new(openapi::document_of(routes)).map_err(Error::Internal)?,
            tokens,
            clock,
            hash_key,
            printed: Printed::default(),
            proxies: Vec::new(),
        })
    }

    /// The same behind proxies that are believed when they say whom they speak for.
    #[must_use]
    pub fn behind(mut self, proxies: Vec<IpNet>) -> Self {
        self.proxies = proxies;
        self
    }

    /// The interface a request came to.
    ///
    /// # Errors
    /// `internal` where the server did not mount it.
    pub(crate) fn of(request: &HttpRequest) -> Result<&Self, Problem> {
        request
            .app_data::<web::Data<Self>>()
            .map(|data| data.get_ref())
            .ok_or_else(|| Problem::internal("the interface is not mounted"))
    }

    /// The published contract.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The keys of access tokens.
    pub fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The documents printed lately.
    pub(crate) fn printed(&self) -> &Printed {
        &self.printed
    }

    /// What cursors are sealed with.
    pub(crate) fn hash_key(&self) -> &[u8; 32] {
        &self.hash_key
    }

    /// A keyed hash (HMAC-SHA-256) for `purpose`.
    pub(crate) fn hash(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        keyed_hash(&self.hash_key, purpose, bytes)
    }
}

pub(crate) fn keyed_hash(key: &[u8; 32], purpose: &str, bytes: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// The published document; `ahq openapi` writes it.
pub fn document() -> serde_json::Value {
    openapi::document_of(routes::described)
}

/// Mounts the interface and its description: give it to `App::configure`, after `app_data` with what handlers need.
pub fn mount(api: web::Data<Api>) -> impl FnOnce(&mut web::ServiceConfig) {
    mount_routes(api, routes::served)
}

fn mount_routes(api: web::Data<Api>, routes: fn(&mut web::ServiceConfig)) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let scope = web::scope(PREFIX)
            .configure(|config| {
                config.service(docs::get_openapi);
                routes(config);
            })
            .default_service(web::to(fallback::fallback))
            .wrap(from_fn(frame::frame));
        let docs = web::scope("/docs")
            .service(docs::docs_root)
            .service(docs::docs_file)
            .default_service(web::to(fallback::fallback))
            .wrap(from_fn(frame::frame));
        config.app_data(api).service(scope).service(docs);
    }
}

#[cfg(test)]
mod tests;
