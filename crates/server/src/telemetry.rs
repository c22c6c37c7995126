//! The log: what happened, with the request's id; no address, no token and no answer is ever in it.

use std::io::IsTerminal;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{HttpMessage, HttpRequest};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, LogConfig, LogFormat};

/// Begins the log of the process, once.
///
/// # Errors
/// A filter that cannot be read.
pub fn start(config: &LogConfig) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&config.filter).map_err(|error| {
        ConfigError(format!(
            "log.filter cannot be read ({error}): write for example `info` or `ahq_exchange=debug,info`"
        ))
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let set = match config.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    set.map_err(|error| ConfigError(error.to_string()))?;
    std::panic::set_hook(Box::new(|panic| {
        // A message put together at run time may quote what somebody wrote: only a fixed one is told.
        let message = panic.payload().downcast_ref::<&'static str>().copied();
        let place = panic.location().map(ToString::to_string);
        tracing::error!(message, place, "a panic: this is a defect of the program");
    }));
    Ok(())
}

/// The parts of a path that are ids, for the log. The secret of an invitation is not among them.
const IDS: [&str; 6] = ["query", "office", "code", "question", "number", "user"];

/// `query=2026.1 office=LU`; a part that does not look like an id is left out.
fn ids(request: &HttpRequest) -> String {
    let plain = |text: &str| text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let ids: Vec<String> = request
        .match_info()
        .iter()
        .filter(|(name, value)| IDS.contains(name) && plain(value))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    ids.join(" ")
}

/// The span of a request: its id, method, route, ids and status. The path is logged by its pattern, so that no secret of
/// an address and no query key is.
pub struct Spans;

impl RootSpanBuilder for Spans {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let route = request.match_pattern().unwrap_or_else(|| "(none)".to_owned());
        let id = request.extensions().get::<RequestId>().map(ToString::to_string);
        tracing::info_span!(
            "request",
            request_id = id.as_deref().unwrap_or("-"),
            method = %request.method(),
            route,
            ids = tracing::field::Empty,
            status = tracing::field::Empty
        )
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, actix_web::Error>) {
        let reads = outcome.as_ref().is_ok_and(|response| {
            response.request().method().is_safe()
                && !response.status().is_client_error()
                && !response.status().is_server_error()
        });
        // The figures count what was read; the log is for what was changed or refused.
        if reads && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let status = match outcome {
            Ok(response) => {
                let ids = ids(response.request());
                if !ids.is_empty() {
                    span.record("ids", ids);
                }
                response.status().as_u16()
            }
            Err(error) => error.as_response_error().status_code().as_u16(),
        };
        span.record("status", status);
        let _inside = span.enter();
        tracing::info!("done");
    }
}
