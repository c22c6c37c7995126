//! Replies: serialised once, with their ETag and Location, fit to be kept for an Idempotency-Key and given again.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH, LINK,
    LOCATION,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use ahq_exchange::error::Error;
use ahq_exchange::replay::KeptReply;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

/// A successful reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    status: StatusCode,
    location: Option<String>,
    etag: Option<String>,
    link: Option<String>,
    body: String,
}

impl Reply {
    /// 200 with a thing and its version: ETag `"v7-<hash>"`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the view cannot be written as JSON.
    pub fn versioned(version: i64, view: &impl Serialize) -> Result<Self, Error> {
        let body = written(view)?;
        Ok(Self {
            etag: Some(version_tag(version, body.as_bytes())),
            ..Self::bare(StatusCode::OK, body)
        })
    }

    /// 201 with the thing that was made, where it is, and its version.
    ///
    /// # Errors
    /// [`Error::Internal`] when the view cannot be written as JSON.
    pub fn created(location: impl Into<String>, version: i64, view: &impl Serialize) -> Result<Self, Error> {
        Ok(Self {
            status: StatusCode::CREATED,
            location: Some(location.into()),
            ..Self::versioned(version, view)?
        })
    }

    /// 200 with something that has no version, such as a list: ETag `"<hash>"`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the view cannot be written as JSON.
    pub fn unversioned(view: &impl Serialize) -> Result<Self, Error> {
        let body = written(view)?;
        Ok(Self {
            etag: Some(content_tag(body.as_bytes())),
            ..Self::bare(StatusCode::OK, body)
        })
    }

    /// 200 with something that is never to be compared or kept, such as tokens.
    ///
    /// # Errors
    /// [`Error::Internal`] when the view cannot be written as JSON.
    pub fn unkept(view: &impl Serialize) -> Result<Self, Error> {
        Ok(Self::bare(StatusCode::OK, written(view)?))
    }

    /// 204.
    pub fn no_content() -> Self {
        Self::bare(StatusCode::NO_CONTENT, String::new())
    }

    fn bare(status: StatusCode, body: String) -> Self {
        Self {
            status,
            location: None,
            etag: None,
            link: None,
            body,
        }
    }

    /// With another success status, such as 201 without a version or 202.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With `Location`.
    #[must_use]
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// With `Link`, as [`crate::page::Page::link`] gives it.
    #[must_use]
    pub fn link(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    /// The reply as it is kept for its Idempotency-Key. A POST has no `Link`.
    pub fn keep(self) -> KeptReply {
        KeptReply {
            status: self.status.as_u16(),
            location: self.location,
            etag: self.etag,
            body: self.body,
        }
    }
}

impl From<KeptReply> for Reply {
    fn from(kept: KeptReply) -> Self {
        Self {
            status: StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK),
            location: kept.location,
            etag: kept.etag,
            link: None,
            body: kept.body,
        }
    }
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let unchanged = self.status == StatusCode::OK
            && request.method().is_safe()
            && self.etag.as_deref().is_some_and(|etag| is_known(request, etag));
        let mut reply = HttpResponse::build(if unchanged {
            StatusCode::NOT_MODIFIED
        } else {
            self.status
        });
        let headers = [(ETAG, self.etag), (LOCATION, self.location), (LINK, self.link)];
        for (name, value) in headers {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                reply.insert_header((name, value));
            }
        }
        if unchanged || self.body.is_empty() {
            return reply.finish();
        }
        reply.content_type("application/json").body(self.body)
    }
}

/// What pages of other origins may read of the headers of what is open to them.
pub(crate) const EXPOSED: &str = "ETag, Link, API-Version, X-Request-Id";

/// A text that is read without signing in, from pages of any origin too; 304 where the caller has it. `kept` says by whom
/// it may be kept.
pub fn open(request: &HttpRequest, media_type: &str, etag: &str, kept: &'static str, text: Bytes) -> HttpResponse {
    let unchanged = is_known(request, etag);
    let mut reply = HttpResponse::build(if unchanged {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    });
    reply
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, kept))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED));
    if unchanged {
        return reply.finish();
    }
    reply.content_type(media_type).body(text)
}

fn written(view: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(view).map_err(|error| Error::Internal(error.to_string()))
}

/// The ETag of a thing with a version: If-Match looks at the version, If-None-Match at all of it.
pub fn version_tag(version: i64, body: &[u8]) -> String {
    format!("\"v{version}-{}\"", hash(body))
}

/// The ETag of bytes without a version.
pub fn content_tag(body: &[u8]) -> String {
    format!("\"{}\"", hash(body))
}

/// It tells versions apart and protects nothing, so it is a fast one.
fn hash(body: &[u8]) -> String {
    format!("{:032x}", xxh3_128(body))
}

/// Whether the caller has this representation already: `If-None-Match`, by weak comparison (RFC 9110, 13.1.2).
pub fn is_known(request: &HttpRequest, etag: &str) -> bool {
    request
        .headers()
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use actix_web::body::{MessageBody, to_bytes};
    use actix_web::test::TestRequest;
    use serde_json::json;

    use super::*;

    #[actix_web::test]
    async fn a_kept_reply_is_given_again_word_for_word() {
        let reply = Reply::created("/api/v1/things/1", 1, &json!({"name": "é"})).unwrap();
        let again = Reply::from(reply.clone().keep());
        assert_eq!(again, reply);
        let sent = again.respond_to(&TestRequest::post().to_http_request());
        assert_eq!(sent.status(), 201);
        assert_eq!(sent.headers().get(LOCATION).unwrap(), "/api/v1/things/1");
        assert_eq!(sent.headers().get(ETAG).unwrap().as_bytes()[..4], *b"\"v1-");
        assert_eq!(to_bytes(sent.into_body()).await.unwrap(), "{\"name\":\"é\"}".as_bytes());
    }

    #[test]
    fn if_none_match_compares_the_whole_tag() {
        let reply = Reply::versioned(7, &json!({"a": 1})).unwrap();
        let etag = reply.etag.clone().unwrap();
        let status = |condition: &str| {
            let request = TestRequest::get()
                .insert_header((IF_NONE_MATCH, condition))
                .to_http_request();
            reply.clone().respond_to(&request).status().as_u16()
        };
        assert_eq!(status(&etag), 304);
        assert_eq!(status(&format!("\"x\", W/{etag}")), 304);
        assert_eq!(status("*"), 304);
        assert_eq!(status("\"v7-00000000000000000000000000000000\""), 200);
        assert_eq!(status("v7"), 200);
        let other = Reply::versioned(7, &json!({"a": 2})).unwrap();
        assert_ne!(
            other.etag.unwrap(),
            etag,
            "other actions, same version: another representation"
        );
    }

    #[test]
    fn what_is_unchanged_has_no_body() {
        let reply = Reply::unversioned(&json!([])).unwrap();
        let etag = reply.etag.clone().unwrap();
        let request = TestRequest::get()
            .insert_header((IF_NONE_MATCH, etag.clone()))
            .to_http_request();
        let sent = reply.respond_to(&request);
        assert_eq!(sent.headers().get(ETAG).unwrap(), etag.as_str());
        assert!(sent.into_body().size().is_eof());
        let nothing = Reply::no_content().respond_to(&request);
        assert_eq!(nothing.status(), 204);
    }
}
