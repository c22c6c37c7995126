//! What goes wrong, as RFC 9457 problems: the only place where errors meet status codes.
//!
//! The public text and the inner cause are kept apart: a cause is logged once, by the frame around every reply, and
//! never reaches a body.

use std::borrow::Cow;
use std::fmt;

use actix_web::HttpResponse;
use actix_web::ResponseError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName, HeaderValue, LINK, RETRY_AFTER, WWW_AUTHENTICATE};
use ahq_domain::refusal::{Fault, Faults, Refusal};
use ahq_exchange::error::{Error, NotLetIn};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of every problem.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// What begins every `type`; the code follows.
const TYPE: &str = "urn:ahq:problem:";
/// After how many seconds to come back when the exchange is busy.
const BUSY_SECONDS: u64 = 2;
/// After how many seconds to come back when the disk is full.
const FULL_SECONDS: u64 = 60;

/// The kinds of problems; each has its code, status and title in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Fields or query keys are wrong; every one is named.
    InvalidInput,
    /// The body is not JSON.
    MalformedJson,
    /// The cursor is not one of this list, sort and filters.
    BadCursor,
    /// The Idempotency-Key cannot be one.
    BadIdempotencyKey,
    /// Nobody is signed in.
    Unauthenticated,
    /// The access token is not, or no longer, good.
    BadToken,
    /// Address, password or second factor are wrong.
    WrongCredentials,
    /// The password is right, and the code of the second factor is missing.
    CodeMissing,
    /// Who came back from a provider of identities is not let in; the code says why.
    NotLetIn,
    /// Seen but not allowed; the code is the rule's.
    Forbidden,
    /// There is no such thing for this caller.
    NotFound,
    /// There is no such path.
    UnknownPath,
    /// The path is there, not with this method.
    MethodNotAllowed,
    /// None of the media types asked for is to be had.
    NotAcceptable,
    /// Not in this position; the code is the rule's.
    Conflict,
    /// The Idempotency-Key was used with another body.
    KeyReused,
    /// It was there and was replaced.
    Replaced,
    /// `If-Match` named another version.
    Stale,
    /// The body is too large.
    TooLarge,
    /// The body is not of a media type that is read here.
    UnsupportedMediaType,
    /// A change without `If-Match`.
    IfMatchMissing,
    /// Too many attempts.
    TooMany,
    /// A fault of the program or its surroundings.
    Internal,
    /// More work than can be queued.
    Busy,
    /// No room left.
    Full,
}

impl Kind {
    /// Code, status and title.
    fn row(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::InvalidInput => ("invalid_input", StatusCode::BAD_REQUEST, "The input has faults"),
            Self::MalformedJson => ("malformed_json", StatusCode::BAD_REQUEST, "The body is not JSON"),
            Self::BadCursor => ("bad_cursor", StatusCode::BAD_REQUEST, "The cursor does not fit"),
            Self::BadIdempotencyKey => (
                "bad_idempotency_key",
                StatusCode::BAD_REQUEST,
                "The Idempotency-Key cannot be read",
            ),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED, "Sign in first"),
            Self::BadToken => ("bad_token", StatusCode::UNAUTHORIZED, "The access token is not valid"),
            Self::WrongCredentials => (
                "wrong_credentials",
                StatusCode::UNAUTHORIZED,
                "Address, password or code are wrong",
            ),
            Self::CodeMissing => (
                "code_missing",
                StatusCode::UNAUTHORIZED,
                "The code of the second factor is missing",
            ),
            Self::NotLetIn => ("not_let_in", StatusCode::UNAUTHORIZED, "The sign-in is not taken"),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "Not allowed"),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND, "Not found"),
            Self::UnknownPath => ("unknown_path", StatusCode::NOT_FOUND, "There is no such path"),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "Not with this method",
            ),
            Self::NotAcceptable => ("not_acceptable", StatusCode::NOT_ACCEPTABLE, "Not in this media type"),
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "Not in this position"),
            Self::KeyReused => (
                "idempotency_key_reused",
                StatusCode::CONFLICT,
                "The Idempotency-Key was used before",
            ),
            Self::Replaced => ("replaced", StatusCode::GONE, "Replaced"),
            Self::Stale => ("stale", StatusCode::PRECONDITION_FAILED, "Changed in the meantime"),
            Self::TooLarge => ("too_large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body is not of a media type read here",
            ),
            Self::IfMatchMissing => (
                "if_match_missing",
                StatusCode::PRECONDITION_REQUIRED,
                "If-Match is missing",
            ),
            Self::TooMany => ("too_many_attempts", StatusCode::TOO_MANY_REQUESTS, "Too many attempts"),
            Self::Internal => (
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here",
            ),
            Self::Busy => ("busy", StatusCode::SERVICE_UNAVAILABLE, "The exchange is busy"),
            Self::Full => ("full", StatusCode::INSUFFICIENT_STORAGE, "No room left to write"),
        }
    }

    /// Its code; rules that forbid or conflict bring their own.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// Its status.
    pub fn status(self) -> StatusCode {
        self.row().1
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        self.row().2
    }
}

/// A problem on its way to the caller. Boxed, so that good results stay small.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: Kind,
    code: Cow<'static, str>,
    detail: String,
    errors: Vec<FaultBody>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// Why a request did not succeed (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// `urn:ahq:problem:` and the code.
    #[schema(example = "urn:ahq:problem:invalid_input")]
    r#type: String,
    /// The kind of problem in a few words.
    #[schema(example = "The input has faults")]
    title: &'static str,
    /// The status code of the reply.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    status: u16,
    /// What happened this time, for people.
    #[schema(example = "One field is wrong; `errors` names it.")]
    detail: &'a str,
    /// A stable word for programs.
    #[schema(example = "invalid_input")]
    code: &'a str,
    /// The id of the request: name it when asking for help.
    #[schema(example = "0190c1c5-9f1e-7d8b-b9a4-0c8f6d3f8a55")]
    request_id: &'a str,
    /// All faults of the input, where there are any.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FaultBody],
}

/// One fault of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemFault)]
pub struct FaultBody {
    /// Where: a JSON pointer (RFC 6901) into the body; `/query/…` for a query key, `/header/…` for a header.
    #[schema(example = "/questions/2/text")]
    pub pointer: String,
    /// A stable word for programs.
    #[schema(example = "too_long", value_type = String)]
    pub code: Cow<'static, str>,
    /// What is wrong and what would be right, for people.
    #[schema(example = "may have at most 4000 characters")]
    pub detail: String,
}

impl From<Fault> for FaultBody {
    fn from(fault: Fault) -> Self {
        Self {
            pointer: fault.pointer,
            code: fault.code.into(),
            detail: fault.detail,
        }
    }
}

impl Problem {
    /// A problem of this kind, told in `detail`.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let problem = Self(Box::new(Parts {
            kind,
            code: kind.code().into(),
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            cause: None,
        }));
        match kind {
            // RFC 6750, section 3: no error code where no token came, `invalid_token` where one did.
            Kind::Unauthenticated | Kind::WrongCredentials | Kind::CodeMissing | Kind::NotLetIn => {
                problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            Kind::BadToken => problem.header(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer error=\"invalid_token\""),
            ),
            Kind::Busy => problem.retry_after(BUSY_SECONDS),
            Kind::Full => problem.retry_after(FULL_SECONDS),
            _ => problem,
        }
    }

    /// 400 with all faults.
    pub fn invalid(errors: Vec<FaultBody>) -> Self {
        let detail = match errors.len() {
            1 => "One field is wrong; `errors` names it.".to_owned(),
            count => format!("{count} fields are wrong; `errors` names them."),
        };
        let mut problem = Self::new(Kind::InvalidInput, detail);
        problem.0.errors = errors;
        problem
    }

    /// 404: for this caller there is no such thing.
    pub fn not_found() -> Self {
        Self::new(
            Kind::NotFound,
            "There is no such thing here, or it is not there for you.",
        )
    }

    /// 405, with the methods that would do.
    pub fn method_not_allowed(allow: &str) -> Self {
        let problem = Self::new(
            Kind::MethodNotAllowed,
            format!("This path is there, but only with {allow}."),
        );
        match HeaderValue::from_str(allow) {
            Ok(value) => problem.header(ALLOW, value),
            Err(_) => problem,
        }
    }

    /// 500: the cause goes to the log, not to the caller.
    pub fn internal(cause: impl Into<String>) -> Self {
        let mut problem = Self::new(
            Kind::Internal,
            "It has been written down; name the request id when asking for help.",
        );
        problem.0.cause = Some(cause.into());
        problem
    }

    /// Adds `Link`, such as `rel="successor-version"` on what was replaced.
    #[must_use]
    pub fn link(self, address: &str, relation: &str) -> Self {
        match HeaderValue::from_str(&format!("<{address}>; rel=\"{relation}\"")) {
            Ok(value) => self.header(LINK, value),
            Err(_) => self,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    fn with_code(mut self, code: &'static str) -> Self {
        self.0.code = code.into();
        self
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Its code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The faults of the input.
    pub fn errors(&self) -> &[FaultBody] {
        &self.0.errors
    }

    /// What it came from, for the log alone.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The whole reply, with the id of its request.
    pub fn reply(&self, request_id: &str) -> HttpResponse {
        let status = self.0.kind.status();
        let mut reply = HttpResponse::build(status);
        for (name, value) in &self.0.headers {
            reply.append_header((name.clone(), value.clone()));
        }
        reply.content_type(MEDIA_TYPE).json(ProblemBody {
            r#type: format!("{TYPE}{}", self.0.code),
            title: self.0.kind.title(),
            status: status.as_u16(),
            detail: &self.0.detail,
            code: &self.0.code,
            request_id,
            errors: &self.0.errors,
        })
    }

    /// What actix itself refuses, in the same form.
    pub fn from_framework(error: &actix_web::Error) -> Self {
        let status = error.as_response_error().status_code();
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(Kind::TooLarge, "The body is larger than is read here."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(Kind::UnsupportedMediaType, "This media type is not read here.")
            }
            StatusCode::NOT_FOUND => Self::not_found(),
            status if status.is_client_error() => Self::new(Kind::InvalidInput, "The request could not be read."),
            _ => Self::internal(error.to_string()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    /// The frame around every reply writes the request id in; outside it there is none.
    fn error_response(&self) -> HttpResponse {
        self.reply("-")
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::invalid(faults.into_vec().into_iter().map(FaultBody::from).collect())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(faults) => faults.into(),
            Refusal::Hidden => Self::not_found(),
            Refusal::Unauthenticated => Self::new(Kind::Unauthenticated, "This needs a signed-in user."),
            Refusal::Forbidden { code, detail } => Self::new(Kind::Forbidden, detail).with_code(code),
            Refusal::Conflict { code, detail } => Self::new(Kind::Conflict, detail).with_code(code),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Stale { current: Some(current) } => Self::new(
                Kind::Stale,
                format!("Version {current} is in force: read it, and try again with its ETag."),
            ),
            Error::Stale { current: None } => Self::new(
                Kind::Stale,
                "Another version is in force: read it, and try again with its ETag.",
            ),
            Error::Replaced { by } => Self::new(Kind::Replaced, format!("It was replaced by edition {by}.")),
            Error::KeyReused => Self::new(
                Kind::KeyReused,
                "This Idempotency-Key came before with another body: take a new key for a new request.",
            ),
            Error::TooMany { retry_after } => Self::new(
                Kind::TooMany,
                format!("Too many attempts: come back in {retry_after} seconds."),
            )
            .retry_after(retry_after),
            Error::WrongCredentials => Self::new(
                Kind::WrongCredentials,
                "No active account has this address, password and code.",
            ),
            Error::CodeMissing => Self::new(
                Kind::CodeMissing,
                "This account has a second factor: send its code, or a recovery code, too.",
            ),
            Error::NotLetIn(why) => {
                let (code, detail) = match why {
                    NotLetIn::Ended => (
                        "authorization_ended",
                        "You were not sent to the provider for this from here, or too long ago, or were let in before: begin anew.",
                    ),
                    NotLetIn::Unproven => (
                        "identity_not_proven",
                        "What the provider says does not hold: begin anew, and tell the service provider if it happens again.",
                    ),
                    NotLetIn::Unsure => (
                        "assurance_too_low",
                        "The provider is not sure enough of you: sign in there again, with a stronger means.",
                    ),
                    NotLetIn::Unknown => (
                        "identity_unknown",
                        "No active account is linked with this identity: follow your invitation, or sign in with your password \
                         and link it.",
                    ),
                };
                Self::new(Kind::NotLetIn, detail).with_code(code)
            }
            Error::ProviderUnavailable => Self::new(
                Kind::Busy,
                "The provider of identities gives no usable reply now: come back later, or sign in with your password.",
            )
            .with_code("provider_unavailable"),
            Error::BadToken => Self::new(
                Kind::BadToken,
                "The access token is not valid, or no longer: refresh it or sign in again.",
            ),
            Error::Busy => Self::new(
                Kind::Busy,
                "More is asked than can be done at once: come back in a moment.",
            ),
            Error::NotScanned => Self::new(
                Kind::Busy,
                "Files are scanned for harmful software before they are taken, and the scanner gives no verdict now: come \
                 back later.",
            )
            .with_code("not_scanned"),
            Error::Full => Self::new(Kind::Full, "There is no room left to write; nothing was kept."),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}

#[cfg(test)]
#[path = "problem_tests.rs"]
mod tests;
