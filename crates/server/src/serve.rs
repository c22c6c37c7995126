//! The HTTP server around the interface: logs, headers that protect, health, and a reply even to a panic.
//!
//! Replies are not compressed: their ETags are strong, and would have to differ for each encoding (RFC 9110, 8.8.3.3);
//! a proxy in front may compress and weaken them.

use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{HttpServiceFactory, ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, CROSS_ORIGIN_OPENER_POLICY,
    CROSS_ORIGIN_RESOURCE_POLICY, HeaderName, HeaderValue, PERMISSIONS_POLICY, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpResponse, HttpServer, ResponseError, Route, web};
use ahq_api::contract::API_VERSION;
use ahq_api::problem::{Kind, Problem};
use ahq_api::token::TokenKeys;
use ahq_api::{Api, fallback, frame};
use ahq_domain::clock::Instant;
use ahq_exchange::work::Exchange;
use tokio::task::JoinHandle;
use tracing_actix_web::TracingLogger;

use crate::config::Config;
use crate::lifecycle::{StartError, ready};
use crate::metrics::{self, Metrics, Recorder};
use crate::security_txt::{self, SecurityTxt};
use crate::survive::survive;
use crate::telemetry::Spans;

/// How long accepted requests may take to end after the program was asked to.
const LAST_SECONDS: u64 = 9;
/// How long busy connections are told that they end before no more are taken.
const LAST_CALL: Duration = Duration::from_millis(300);
/// What a reply may load unless it says otherwise: nothing.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What a page may load: a compilation carries its stylesheet inside.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// What a page may use of the device it is shown on: nothing.
const DEVICE: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";
const API_VERSION_HEADER: HeaderName = HeaderName::from_static("api-version");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The server at work.
pub struct Serving {
    address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
    closing: Arc<AtomicBool>,
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections and waits for the accepted requests, ten seconds at the most. Before that, busy
    /// connections hear for a moment that they end: a request that is just arriving on one would else be lost.
    pub async fn stop(self) {
        self.closing.store(true, Ordering::Relaxed);
        tokio::time::sleep(LAST_CALL).await;
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
pub fn start(config: &Config, exchange: Exchange, metrics: &Arc<Metrics>) -> Result<Serving, StartError> {
    let other = |error: ahq_exchange::error::Error| StartError::Other(error.to_string());
    let keys = exchange.keys();
    let public = config.server.public_address.clone();
    let tokens = TokenKeys::new(exchange.shared_keys(), public.clone(), public.clone());
    let api = Api::new(tokens, exchange.clock().clone(), keys.hash("api", b""))
        .map_err(other)?
        .behind(config.server.trusted_proxies.clone());
    let (api, exchange) = (web::Data::new(api), web::Data::new(exchange));
    let closing = Arc::new(AtomicBool::new(false));
    let manner = web::Data::new(Manner {
        secure: public.starts_with("https://"),
        closing: Arc::clone(&closing),
        began: exchange.clock().now(),
        security: config
            .server
            .security_contact
            .as_deref()
            .map(|contact| SecurityTxt::new(contact, &public)),
    });
    let metrics = Arc::clone(metrics);
    let mut server = HttpServer::new(move || {
        let recorder = Rc::new(Recorder::new(Arc::clone(&metrics)));
        App::new()
            .app_data(exchange.clone())
            .app_data(manner.clone())
            .configure(ahq_api::mount(api.clone()))
            .service(rest())
            .wrap(from_fn(guard))
            .wrap(TracingLogger::<Spans>::new())
            .wrap(from_fn(move |request, next| {
                counted(Rc::clone(&recorder), request, next)
            }))
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
        closing,
    })
}

/// What the server does with every reply.
struct Manner {
    /// Whether people reach the exchange by https.
    secure: bool,
    /// Whether the program was asked to end: connections are then closed after the reply they are waiting for.
    closing: Arc<AtomicBool>,
    /// When it began to serve.
    began: Instant,
    /// Whom to tell of a weakness, where that is set.
    security: Option<SecurityTxt>,
}

impl Manner {
    /// Puts the headers that protect on a reply.
    fn dress<B>(&self, reply: &mut HttpResponse<B>) {
        if self.closing.load(Ordering::Relaxed) {
            reply.head_mut().set_connection_type(ConnectionType::Close);
        }
        let headers = reply.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(DEVICE));
        headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
        // What pages of any origin may read they may embed too, and nothing else.
        let open = headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN);
        let whose = if open { "cross-origin" } else { "same-origin" };
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static(whose));
        if !headers.contains_key(CONTENT_SECURITY_POLICY) {
            let page = headers
                .get(CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
            let policy = if page { PAGE_POLICY } else { POLICY };
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        }
        if self.secure {
            let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
            headers.insert(STRICT_TRANSPORT_SECURITY, year);
        }
    }
}

/// Stands around everything: how long each request took, and how it ended.
async fn counted<B: MessageBody + 'static>(
    recorder: Rc<Recorder>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let (method, begun) = (metrics::word(request.method()), std::time::Instant::now());
    let reply = next.call(request).await;
    let (request, status) = match &reply {
        Ok(reply) => (Some(reply.request()), reply.status()),
        Err(error) => (None, error.as_response_error().status_code()),
    };
    recorder.record(request, method, status, begun.elapsed());
    reply
}

/// Stands around everything but the log and the figures: a panic becomes a problem, and each reply is dressed.
async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let manner = request.app_data::<web::Data<Manner>>().cloned();
    let id = frame::request_id(request.request());
    // The request goes down into the handlers and is lost with a panic, so the reply to that is made without it.
    let Some(response) = survive(async move { next.call(request).await }).await else {
        return Err(Panicked { id, manner }.into());
    };
    let mut response = response?;
    if let Some(manner) = manner {
        manner.dress(response.response_mut());
    }
    Ok(response)
}

/// A request that met a defect; the hook of the log has told where.
struct Panicked {
    id: String,
    manner: Option<web::Data<Manner>>,
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a panic")
    }
}

impl ResponseError for Panicked {
    fn error_response(&self) -> HttpResponse {
        let mut reply = Problem::internal("a panic").reply(&self.id);
        let headers = reply.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(API_VERSION_HEADER, HeaderValue::from_static(API_VERSION));
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(manner) = &self.manner {
            manner.dress(&mut reply);
        }
        reply
    }
}

/// Health, whom to tell of a weakness, and what is nowhere: in the frame of the interface, so that problems have one form everywhere.
fn rest() -> impl HttpServiceFactory {
    let only_read = || web::to(|| async { Err::<HttpResponse, _>(Problem::method_not_allowed("GET, HEAD")) });
    let read_only = |path: &str, handler: Route| web::resource(path).route(handler).default_service(only_read());
    web::scope("")
        .service(read_only("/health/live", web::get().to(live)))
        .service(read_only("/health/ready", web::get().to(is_ready)))
        .service(read_only(security_txt::PATH, web::get().to(tell_whom)))
        .default_service(web::to(|| async { Err::<HttpResponse, _>(fallback::unknown_path()) }))
        .wrap(from_fn(frame::frame))
}

/// Whom to tell of a weakness.
async fn tell_whom(exchange: web::Data<Exchange>, manner: web::Data<Manner>) -> Result<HttpResponse, Problem> {
    let file = manner.security.as_ref().ok_or_else(fallback::unknown_path)?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(file.text(exchange.clock().now())))
}

/// The process serves.
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "live"}))
}

/// The database answers and has all migrations, and mail that is due is taken.
async fn is_ready(exchange: web::Data<Exchange>, manner: web::Data<Manner>) -> Result<HttpResponse, Problem> {
    match ready(&exchange, manner.began).await {
        Ok(()) => Ok(HttpResponse::Ok().json(serde_json::json!({"status": "ready"}))),
        Err(cause) => {
            tracing::warn!(cause, "not ready");
            Err(Problem::new(Kind::Busy, "The exchange is not ready yet."))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::read_body_json;
    use actix_web::test::{TestRequest, init_service, try_call_service};

    use super::*;

    fn manner(secure: bool, closing: bool) -> web::Data<Manner> {
        web::Data::new(Manner {
            secure,
            closing: Arc::new(AtomicBool::new(closing)),
            began: Instant::UNIX_EPOCH,
            security: None,
        })
    }

    #[actix_web::test]
    async fn a_panic_is_answered_with_a_problem() {
        async fn fail() -> HttpResponse {
            panic!("a defect")
        }
        let app = App::new()
            .app_data(manner(true, false))
            .route("/fail", web::get().to(fail))
            .route("/live", web::get().to(live))
            .wrap(from_fn(guard))
            .wrap(TracingLogger::<Spans>::new());
        let app = init_service(app).await;
        let failed = try_call_service(&app, TestRequest::get().uri("/fail").to_request()).await;
        let reply = failed.map(|_| ()).unwrap_err().error_response();
        assert_eq!(reply.status(), 500);
        let header = |name: &str| reply.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/problem+json");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("strict-transport-security").contains("max-age"));
        let id = header("x-request-id");
        let body = actix_web::body::to_bytes(reply.into_body()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["code"], &body["requestId"]), (&"internal".into(), &id.into()));
        let next = try_call_service(&app, TestRequest::get().uri("/live").to_request()).await;
        let next: serde_json::Value = read_body_json(next.unwrap()).await;
        assert_eq!(next["status"], "live");
    }

    #[test]
    fn a_reply_may_load_nothing_and_a_page_its_own_style() {
        let policy = |kind: &str| {
            let mut reply = HttpResponse::Ok().content_type(kind).finish();
            manner(false, false).dress(&mut reply);
            assert!(!reply.headers().contains_key(STRICT_TRANSPORT_SECURITY));
            reply
                .headers()
                .get(CONTENT_SECURITY_POLICY)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert!(!policy("application/json").contains("style-src"));
        assert!(policy("text/html; charset=utf-8").contains("style-src 'unsafe-inline'"));
    }
}
