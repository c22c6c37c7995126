//! What stands around every reply: its request id, the API's version, caching, and problems in one form.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, ETAG, HeaderName, HeaderValue,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use tracing_actix_web::RequestId;

use crate::Api;
use crate::contract::{API_VERSION, PREFIX};
use crate::problem::Problem;
use crate::reply::EXPOSED;

/// The header with the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header with the version of the interface.
const VERSION: HeaderName = HeaderName::from_static("api-version");
/// What is said to be the id where the server gave none.
const NO_ID: &str = "-";

/// The id the server gave the request.
pub fn request_id(request: &HttpRequest) -> String {
    match request.extensions().get::<RequestId>() {
        Some(id) => id.to_string(),
        None => NO_ID.to_owned(),
    }
}

/// Wraps the routes of the interface: `HEAD` is answered like `GET`, query keys where none are known are refused,
/// problems get their request id, and every reply its headers.
///
/// # Errors
/// Only what a wrapped middleware of the server passes through.
pub async fn frame<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = request_id(request.request());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    // The connection remembers that it was HEAD and leaves the body out, its length said.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let mut response = match refuse_early(&request) {
        Some(problem) => request.into_response(problem.reply(&id)),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    if let Some(error) = response.response().error() {
        let converted;
        let problem = match error.as_error::<Problem>() {
            Some(problem) => problem,
            None => {
                converted = Problem::from_framework(error);
                &converted
            }
        };
        if let Some(cause) = problem.cause() {
            tracing::error!(request_id = %id, cause, "a request failed");
        }
        let reply = problem.reply(&id);
        response = ServiceResponse::new(response.request().clone(), reply);
    }
    dress(&mut response, &id, reads);
    open_what_is_public(&mut response);
    Ok(response)
}

/// What can be told from the address alone.
fn refuse_early(request: &ServiceRequest) -> Option<Problem> {
    // No name holds the null character, and PostgreSQL refuses to look for one.
    if request.path().contains("%00") {
        return Some(Problem::not_found());
    }
    if request.query_string().is_empty() {
        return None;
    }
    let api = Api::of(request.request()).ok()?;
    api.contract()
        .refuse_query_keys(request.path(), request.method(), request.query_string())
}

fn dress(response: &mut ServiceResponse<BoxBody>, id: &str, reads: bool) {
    let succeeded = response.status().is_success() || response.status().is_redirection();
    let headers = response.headers_mut();
    headers.insert(VERSION, HeaderValue::from_static(API_VERSION));
    if id != NO_ID
        && let Ok(value) = HeaderValue::from_str(id)
    {
        headers.insert(REQUEST_ID, value);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        let strong = headers
            .get(ETAG)
            .is_some_and(|etag| !etag.as_bytes().starts_with(b"W/"));
        let kept = if reads && succeeded && strong {
            "private, no-cache"
        } else {
            "no-store"
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    }
}

/// Pages of any origin may read what is public: it is made for nobody, so no caller's rights go into it. All else has no
/// such header, and `OPTIONS` never has one, so that no page sends a token across origins.
fn open_what_is_public(response: &mut ServiceResponse<BoxBody>) {
    let (path, method) = (response.request().path(), response.request().method());
    let public = path
        .strip_prefix(PREFIX)
        .is_some_and(|rest| rest.starts_with("/public/"));
    if public && *method == Method::GET {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
