//! The HTTP server around the interface: logs, headers that protect, health, and a reply even to a panic.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpResponse, HttpServer, web};
use ahq_api::problem::{Kind, Problem};
use ahq_api::token::TokenKeys;
use ahq_api::{Api, fallback};
use ahq_exchange::work::Exchange;
use tokio::task::JoinHandle;
use tracing_actix_web::TracingLogger;

use crate::config::Config;
use crate::lifecycle::{StartError, ready};
use crate::telemetry::Spans;

/// How long accepted requests may take to end after the program was asked to.
const LAST_SECONDS: u64 = 10;
/// What pages may load by default: nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
const CONTENT_SECURITY_POLICY: HeaderName = HeaderName::from_static("content-security-policy");

/// The server at work.
pub struct Serving {
    address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections and waits for the accepted requests, ten seconds at the most.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        if !matches!(self.task.await, Ok(Ok(()))) {
            tracing::error!("the server ended badly");
        }
    }
}

/// Starts the server.
///
/// # Errors
/// An address that cannot be listened on.
pub fn start(config: &Config, exchange: Exchange) -> Result<Serving, StartError> {
    let other = |error: ahq_exchange::error::Error| StartError::Other(error.to_string());
    let keys = exchange.keys();
    let public = config.server.public_address.clone();
    let tokens = TokenKeys::new(keys.signing_seed(), None, public.clone(), public.clone()).map_err(other)?;
    let api = Api::new(tokens, exchange.clock().clone(), keys.hash("api", b"")).map_err(other)?;
    let (api, exchange) = (web::Data::new(api), web::Data::new(exchange));
    let secure = public.starts_with("https://");
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(exchange.clone())
            .app_data(web::Data::new(Secure(secure)))
            .configure(ahq_api::mount(api.clone()))
            .route("/health/live", web::get().to(live))
            .route("/health/ready", web::get().to(is_ready))
            .default_service(web::to(|| async { Err::<HttpResponse, _>(fallback::unknown_path()) }))
            .wrap(from_fn(protect))
            .wrap(TracingLogger::<Spans>::new())
    })
    .shutdown_timeout(LAST_SECONDS)
    .client_request_timeout(Duration::from_secs(10))
    .disable_signals();
    if let Some(workers) = config.server.workers {
        server = server.workers(workers.max(1));
    }
    let server = server.bind(config.server.listen).map_err(|error| {
        StartError::Other(format!(
            "{} cannot be listened on ({error}): choose another with server.listen or AHQ_SERVER__LISTEN",
            config.server.listen
        ))
    })?;
    let address = server
        .addrs()
        .first()
        .copied()
        .ok_or_else(|| StartError::Other("the server has no address".to_owned()))?;
    let running = server.run();
    Ok(Serving {
        address,
        handle: running.handle(),
        task: tokio::spawn(running),
    })
}

/// Whether people reach the exchange by https.
struct Secure(bool);

/// Headers that protect every reply.
async fn protect(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let secure = request.app_data::<web::Data<Secure>>().is_some_and(|secure| secure.0);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if !headers.contains_key(&CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    Ok(response)
}

/// The process serves.
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "live"}))
}

/// The database answers and has all migrations.
async fn is_ready(exchange: web::Data<Exchange>) -> Result<HttpResponse, Problem> {
    match ready(&exchange).await {
        Ok(()) => Ok(HttpResponse::Ok().json(serde_json::json!({"status": "ready"}))),
        Err(cause) => {
            tracing::warn!(cause, "not ready");
            Err(Problem::new(Kind::Busy, "The exchange is not ready yet."))
        }
    }
}
