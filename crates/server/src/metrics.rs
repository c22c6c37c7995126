//! Figures for Prometheus: what the program did and how busy it is, on an address of its own that no balancer leads to.
//!
//! No label holds an id, an address or anything a caller wrote: a route is told by its pattern.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::{Method, StatusCode};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use ahq_domain::clock::{Clock, Instant};
use ahq_exchange::credentials::Credentials;
use ahq_exchange::delivery::Round;
use ahq_exchange::work::Exchange;
use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TEXT_FORMAT, TextEncoder,
};
use tokio::task::JoinHandle;

use crate::lifecycle::StartError;

/// The upper ends of the classes of latencies, in seconds.
const SECONDS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
/// The route of a request that none was found for, or that met a panic.
const NO_ROUTE: &str = "(none)";

/// The figures of one process.
pub struct Metrics {
    registry: Registry,
    clock: Clock,
    requests: IntCounterVec,
    seconds: HistogramVec,
    sign_in_failures: IntCounter,
    connections: IntGaugeVec,
    waiting_writes: IntGauge,
    database_up: IntGauge,
    mail_waiting: IntGauge,
    mail_oldest: Gauge,
    ticks: IntCounterVec,
    last_tick: Gauge,
    messages: IntCounterVec,
    memory: IntGauge,
}

impl Metrics {
    /// The figures of a process that starts now; those of background work only where it does that.
    ///
    /// # Errors
    /// Two figures of one name, which is a defect.
    pub fn new(clock: Clock, with_worker: bool) -> Result<Self, StartError> {
        Self::registered(clock, with_worker).map_err(|error| StartError::Other(format!("the metrics: {error}")))
    }

    fn registered(clock: Clock, with_worker: bool) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let this = Self {
            requests: IntCounterVec::new(
                Opts::new("ahq_http_requests_total", "Requests by route, method and status."),
                &["route", "method", "status"],
            )?,
            seconds: HistogramVec::new(
                HistogramOpts::new("ahq_http_request_seconds", "Time from a request to its reply.")
                    .buckets(SECONDS.to_vec()),
                &["route", "method"],
            )?,
            sign_in_failures: IntCounter::new(
                "ahq_sign_in_failures_total",
                "Sign-ins refused: wrong, unknown, or too soon after others.",
            )?,
            connections: IntGaugeVec::new(
                Opts::new("ahq_database_connections", "Connections of the pool, in use and idle."),
                &["state"],
            )?,
            waiting_writes: IntGauge::new(
                "ahq_database_waiting_writes",
                "Changes that wait for SQLite's one writer; 0 on PostgreSQL.",
            )?,
            database_up: IntGauge::new("ahq_database_up", "Whether the database answered this request.")?,
            mail_waiting: IntGauge::new("ahq_outbox_waiting", "Messages that are still to leave.")?,
            mail_oldest: Gauge::new(
                "ahq_outbox_oldest_due_seconds",
                "For how long the longest waiting message has been due.",
            )?,
            ticks: IntCounterVec::new(
                Opts::new(
                    "ahq_worker_ticks_total",
                    "Rounds of background work, by how they ended.",
                ),
                &["outcome"],
            )?,
            last_tick: Gauge::new(
                "ahq_worker_last_tick_timestamp_seconds",
                "When the last round of background work ended well.",
            )?,
            messages: IntCounterVec::new(
                Opts::new(
                    "ahq_worker_messages_total",
                    "Messages taken from the outbox, by what became of them.",
                ),
                &["outcome"],
            )?,
            memory: IntGauge::new("process_resident_memory_bytes", "Memory of the process that is in use.")?,
            registry,
            clock,
        };
        this.register(&this.requests)?;
        this.register(&this.seconds)?;
        this.register(&this.sign_in_failures)?;
        this.register(&this.connections)?;
        this.register(&this.waiting_writes)?;
        this.register(&this.database_up)?;
        this.register(&this.mail_waiting)?;
        this.register(&this.mail_oldest)?;
        if with_worker {
            for outcome in ["done", "failed"] {
                this.ticks.with_label_values(&[outcome]);
            }
            this.register(&this.ticks)?;
            this.register(&this.last_tick)?;
            this.register(&this.messages)?;
        }
        if resident_memory().is_some() {
            this.register(&this.memory)?;
        }
        let started = Gauge::new("process_start_time_seconds", "When the process started.")?;
        started.set(unix(this.clock.now()));
        this.register(&started)?;
        let build = GaugeVec::new(Opts::new("ahq_build_info", "The version of the program."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1.0);
        this.register(&build)?;
        Ok(this)
    }

    fn register(&self, figure: &(impl Collector + Clone + 'static)) -> prometheus::Result<()> {
        self.registry.register(Box::new(figure.clone()))
    }

    /// Notes a round of background work; none where it failed.
    pub(crate) fn tick(&self, round: Option<Round>) {
        let Some(round) = round else {
            self.ticks.with_label_values(&["failed"]).inc();
            return;
        };
        self.ticks.with_label_values(&["done"]).inc();
        self.last_tick.set(unix(self.clock.now()));
        for (outcome, count) in [
            ("sent", round.sent),
            ("postponed", round.postponed),
            ("failed", round.failed),
            ("dropped", round.dropped),
        ] {
            self.messages
                .with_label_values(&[outcome])
                .inc_by(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// All figures as they are now. A database that does not answer is one of them.
    async fn text(&self, exchange: &Exchange) -> Result<String, prometheus::Error> {
        let mail = exchange.read(Credentials::System, |work| work.mail_waiting()).await;
        self.database_up.set(i64::from(mail.is_ok()));
        if let Ok((waiting, oldest)) = mail {
            let due = oldest.map_or(0.0, |oldest| unix(self.clock.now()) - unix(oldest));
            self.mail_waiting.set(waiting);
            self.mail_oldest.set(due.max(0.0));
        }
        let load = exchange.store().load();
        self.connections.with_label_values(&["in_use"]).set(gauge(load.in_use));
        self.connections.with_label_values(&["idle"]).set(gauge(load.idle));
        self.waiting_writes.set(load.waiting_writes.map_or(0, gauge));
        // Requests for figures are served one after the other, and nothing is waited for between these two.
        self.sign_in_failures.reset();
        self.sign_in_failures.inc_by(exchange.refused_sign_ins());
        self.memory.set(resident_memory().unwrap_or(0));
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// One thread's hand on the figures of requests: where each route's stand is looked up once.
pub(crate) struct Recorder {
    metrics: Arc<Metrics>,
    /// By the name of the handler, or by the pattern where it has none.
    routes: RefCell<HashMap<String, Vec<Figures>>>,
}

/// The figures of one route, method and status.
struct Figures {
    method: &'static str,
    status: StatusCode,
    requests: IntCounter,
    seconds: Histogram,
}

impl Recorder {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            routes: RefCell::default(),
        }
    }

    /// Notes a reply; `request` is the one it answers, as it left the router.
    pub(crate) fn record(
        &self,
        request: Option<&HttpRequest>,
        method: &'static str,
        status: StatusCode,
        took: Duration,
    ) {
        let unnamed;
        let name = match request.and_then(HttpRequest::match_name) {
            Some(name) => name,
            None => {
                unnamed = pattern(request);
                &unnamed
            }
        };
        let mut routes = self.routes.borrow_mut();
        if !routes.contains_key(name) {
            routes.insert(name.to_owned(), Vec::new());
        }
        let Some(all) = routes.get_mut(name) else {
            return;
        };
        let fits = |figures: &Figures| figures.method == method && figures.status == status;
        let at = all.iter().position(fits).unwrap_or_else(|| {
            all.push(self.figures(&pattern(request), method, status));
            all.len() - 1
        });
        if let Some(figures) = all.get(at) {
            figures.requests.inc();
            figures.seconds.observe(took.as_secs_f64());
        }
    }

    fn figures(&self, route: &str, method: &'static str, status: StatusCode) -> Figures {
        let labels = [route, method, status.as_str()];
        Figures {
            method,
            status,
            requests: self.metrics.requests.with_label_values(&labels),
            seconds: self.metrics.seconds.with_label_values(&labels[..2]),
        }
    }
}

fn pattern(request: Option<&HttpRequest>) -> String {
    let pattern = request.and_then(HttpRequest::match_pattern);
    pattern.unwrap_or_else(|| NO_ROUTE.to_owned())
}

/// A method as a label: callers may invent others.
pub(crate) fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The figures' own server at work.
pub struct Exposed {
    address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

impl Exposed {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it at once.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        if !matches!(self.task.await, Ok(Ok(()))) {
            tracing::error!("the server of the metrics ended badly");
        }
    }
}

/// Serves the figures at `/metrics` of this address, where one is configured.
///
/// # Errors
/// An address that cannot be listened on.
pub fn expose(
    listen: Option<SocketAddr>,
    metrics: &Arc<Metrics>,
    exchange: &Exchange,
) -> Result<Option<Exposed>, StartError> {
    let Some(listen) = listen else {
        return Ok(None);
    };
    let data = (web::Data::from(Arc::clone(metrics)), web::Data::new(exchange.clone()));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.0.clone())
            .app_data(data.1.clone())
            .route("/metrics", web::get().to(read_metrics))
    })
    .workers(1)
    .disable_signals()
    .bind(listen)
    .map_err(|error| {
        StartError::Other(format!(
            "{listen} cannot be listened on ({error}): choose another with server.metrics or AHQ_SERVER__METRICS"
        ))
    })?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    let running = server.run();
    tracing::info!(%address, "metrics");
    Ok(Some(Exposed {
        address,
        handle: running.handle(),
        task: tokio::spawn(running),
    }))
}

async fn read_metrics(metrics: web::Data<Metrics>, exchange: web::Data<Exchange>) -> HttpResponse {
    match metrics.text(&exchange).await {
        Ok(text) => HttpResponse::Ok().content_type(TEXT_FORMAT).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn unix(instant: Instant) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds since 1970 are exact in a double until 2255"
    )]
    let micros = instant.timestamp_micros() as f64;
    micros / 1e6
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The memory in use, in bytes, where the system tells it.
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: i64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
