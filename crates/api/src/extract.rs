//! Bodies, query keys and path parts, checked against the published schema before they become values: all faults at
//! once, each with its place.

use std::future::{Future, Ready, ready};
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest};
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Refusal;
use ahq_exchange::editions::Format;
use ahq_exchange::error::Error;
use ahq_exchange::replay::ReplayKey;
use ahq_exchange::word_form;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

use crate::contract::pairs;
use crate::problem::{FaultBody, Kind, Problem};
use crate::schema::short;
use crate::{Api, json, replay};

/// How large a JSON body may be: 1 MiB.
pub const MOST_BYTES: usize = 1 << 20;

/// How large a form may be.
const MOST_FORM_BYTES: usize = 4096;

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// A JSON body that fits the schema of `T` in the published document.
///
/// Fields the document marks read-only are dropped before the check; unknown ones are refused.
#[derive(Debug, Clone)]
pub struct Json<T> {
    /// What it holds.
    pub value: T,
    /// What a repetition would be recognised by, where the request has an `Idempotency-Key`.
    pub replay: Option<ReplayKey>,
}

impl<T: ToSchema + DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let api = Api::of(&request)?;
            must_be_json(&request)?;
            let bytes = read(&request, &mut payload, MOST_BYTES).await?;
            let replay = replay::replay_key(&request, api, &bytes)?;
            let mut value = json::parse(&bytes)?;
            let name = T::name();
            let checker = api
                .contract()
                .body(&name)
                .ok_or_else(|| Problem::internal(format!("no operation publishes the body {name}")))?;
            let faults = checker.check(&mut value);
            if !faults.is_empty() {
                return Err(Problem::invalid(faults));
            }
            let value = serde_json::from_value(value).map_err(|error| unfit("", &error))?;
            Ok(Self { value, replay })
        })
    }
}

/// A request that has nothing to say in its body: none, white space or `{}`.
#[derive(Debug, Clone)]
pub struct NoBody {
    /// What a repetition would be recognised by, where the request has an `Idempotency-Key`.
    pub replay: Option<ReplayKey>,
}

impl FromRequest for NoBody {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let api = Api::of(&request)?;
            let bytes = read(&request, &mut payload, MOST_BYTES).await?;
            let replay = replay::replay_key(&request, api, &bytes)?;
            if bytes.iter().all(u8::is_ascii_whitespace) {
                return Ok(Self { replay });
            }
            must_be_json(&request)?;
            let faults: Vec<_> = match json::parse(&bytes)? {
                serde_json::Value::Object(fields) => fields
                    .keys()
                    .map(|name| FaultBody {
                        pointer: format!("/{}", short(name).replace('~', "~0").replace('/', "~1")),
                        code: "unknown_field".into(),
                        detail: "this operation has no fields".to_owned(),
                    })
                    .collect(),
                _ => vec![FaultBody {
                    pointer: String::new(),
                    code: "wrong_type".into(),
                    detail: "this operation has no body".to_owned(),
                }],
            };
            if faults.is_empty() {
                Ok(Self { replay })
            } else {
                Err(Problem::invalid(faults))
            }
        })
    }
}

/// Reads a document for Word, not yet looked into; `application/octet-stream` is taken too, as some programs send any
/// file.
///
/// # Errors
/// `unsupported_media_type`, `too_large`.
pub async fn word_document(request: &HttpRequest, payload: web::Payload) -> Result<Bytes, Problem> {
    let word = Format::Docx.media_type();
    if !essence(request).is_some_and(|essence| essence == word || essence == "application/octet-stream") {
        let problem = Problem::new(
            Kind::UnsupportedMediaType,
            format!("The body must be a Word document (.docx): send it with Content-Type: {word}."),
        );
        return Err(problem.header(ACCEPT, HeaderValue::from_static(word)));
    }
    read(request, &mut payload.into_inner(), word_form::MOST_BYTES).await
}

/// Reads the form that ends mails (RFC 8058): `List-Unsubscribe=One-Click`, as one or the other kind of form.
///
/// # Errors
/// `unsupported_media_type`, `too_large`; `missing_field` or `wrong_value` at `/List-Unsubscribe`.
pub async fn one_click(request: &HttpRequest, payload: web::Payload) -> Result<(), Problem> {
    const FIELD: &str = "List-Unsubscribe";
    let form = "application/x-www-form-urlencoded";
    let kind = essence(request).unwrap_or_default();
    if kind != form && kind != "multipart/form-data" {
        let problem = Problem::new(
            Kind::UnsupportedMediaType,
            format!("The body must be a form: send it with Content-Type: {form}."),
        );
        return Err(problem.header(ACCEPT, HeaderValue::from_static(form)));
    }
    let bytes = read(request, &mut payload.into_inner(), MOST_FORM_BYTES).await?;
    let text = String::from_utf8_lossy(&bytes);
    let value = if kind == form {
        pairs(&text)
            .into_iter()
            .find(|(name, _)| name == FIELD)
            .map(|(_, value)| value)
    } else {
        // A part is its headers, an empty line and the value.
        text.split_once(&format!("name=\"{FIELD}\""))
            .and_then(|(_, part)| part.split_once("\r\n\r\n"))
            .map(|(_, value)| value.lines().next().unwrap_or_default().to_owned())
    };
    let (code, detail) = match value.as_deref() {
        Some("One-Click") => return Ok(()),
        Some(_) => ("wrong_value", "must be One-Click"),
        None => ("missing_field", "must be there, and be One-Click"),
    };
    Err(Problem::invalid(vec![FaultBody {
        pointer: format!("/{FIELD}"),
        code: code.into(),
        detail: detail.to_owned(),
    }]))
}

/// Query keys that fit the parameters of `T`: unknown and doubled keys are refused, lists come with commas.
///
/// Faults point to `/query/<key>`.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: IntoParams + DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Api::of(request).and_then(|api| {
            let keys = api.contract().query::<T>().map_err(Problem::internal)?;
            let value = keys.read(request.query_string())?;
            serde_json::from_value(value)
                .map(Self)
                .map_err(|error| unfit("/query", &error))
        }))
    }
}

/// Parts of the path; what cannot be one is not there: 404.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let found = web::Path::<T>::from_request(request, payload).into_inner();
        ready(
            found
                .map(|path| Self(path.into_inner()))
                .map_err(|_| Problem::not_found()),
        )
    }
}

impl<T> Deref for Path<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Reads a body of at most `limit` bytes; for uploads, which are not JSON.
///
/// # Errors
/// `too_large`; `unsupported_media_type` for a compressed body.
pub async fn read(request: &HttpRequest, payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !request.headers().get_all(CONTENT_ENCODING).all(plain) {
        return Err(Problem::new(
            Kind::UnsupportedMediaType,
            "Compressed bodies are not read: send it without Content-Encoding.",
        ));
    }
    let payload = web::Payload::from_request(request, payload)
        .await
        .map_err(|error| Problem::from_framework(&error))?;
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(Problem::from_framework(&error)),
        Err(_) => Err(Problem::new(
            Kind::TooLarge,
            format!("The body may have at most {limit} bytes."),
        )),
    }
}

/// The office that a path names.
///
/// # Errors
/// Hidden when that is no code of an office.
pub(crate) fn office(code: &str) -> Result<OfficeCode, Error> {
    code.parse().map_err(|_| Refusal::Hidden.into())
}

/// The media type of the body without its parameters.
pub(crate) fn essence(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(|value| value.trim().to_ascii_lowercase())
}

fn must_be_json(request: &HttpRequest) -> Result<(), Problem> {
    let json = essence(request).is_some_and(|essence| {
        let rest = essence.strip_prefix("application/");
        rest.is_some_and(|rest| rest == "json" || (rest.len() > 5 && rest.ends_with("+json")))
    });
    if json {
        return Ok(());
    }
    let problem = Problem::new(
        Kind::UnsupportedMediaType,
        "The body must be JSON: send it with Content-Type: application/json.",
    );
    Err(problem.header(ACCEPT, HeaderValue::from_static("application/json")))
}

/// What passed the schema and still is no value of its type: the schema says less than the type.
fn unfit(pointer: &str, error: &serde_json::Error) -> Problem {
    Problem::invalid(vec![FaultBody {
        pointer: pointer.to_owned(),
        code: "invalid_value".into(),
        detail: short(&error.to_string()),
    }])
}
