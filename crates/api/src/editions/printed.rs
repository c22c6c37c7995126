//! Editions as documents, printed once and kept: a frozen view always prints the same bytes, so they are known by what
//! they are printed from. Whether a caller may have them is decided before, each time.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, VARY};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use ahq_domain::summary::Summary;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::editions::{EditionView, Format, Order};
use ahq_exchange::work::Exchange;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::problem::Problem;
use crate::reply::{content_tag, is_known};

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// How many bytes of documents are kept: some hundred compilations.
const KEPT_BYTES: u64 = 24 << 20;

/// About how many documents that are.
const KEPT_DOCUMENTS: usize = 300;

/// What a document is printed from. The hash of a view covers the query's number, the edition and the circle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Source {
    sha256: String,
    summary: Option<[String; 3]>,
    format: Format,
    order: Order,
}

impl Source {
    fn of(view: &EditionView, format: Format, order: Order) -> Self {
        let texts = |summary: &Summary| {
            [&summary.background, &summary.respondents, &summary.findings].map(|text| text.as_str().to_owned())
        };
        Self {
            sha256: view.sha256.clone(),
            summary: view.summary.as_ref().map(texts),
            format,
            order,
        }
    }
}

/// A document with what its reply says of it.
#[derive(Debug)]
pub(crate) struct Document {
    media_type: &'static str,
    disposition: String,
    etag: String,
    digest: String,
    bytes: Bytes,
}

impl Document {
    /// The document with its file name (RFC 8187 is not needed: the name is plain ASCII), digest (RFC 9530) and ETag;
    /// 304 where the caller has it.
    pub(crate) fn reply(&self, request: &HttpRequest) -> HttpResponse {
        let unchanged = is_known(request, &self.etag);
        let mut reply = if unchanged {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        let headers = [
            (ETAG, self.etag.as_str()),
            (REPR_DIGEST, &self.digest),
            (CONTENT_DISPOSITION, &self.disposition),
            (CONTENT_TYPE, self.media_type),
            (VARY, "Accept"),
        ];
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                reply.insert_header((name, value));
            }
        }
        if unchanged {
            reply.finish()
        } else {
            reply.body(self.bytes.clone())
        }
    }
}

#[derive(Debug, Clone)]
struct Size;

impl Weighter<Source, Arc<Document>> for Size {
    fn weight(&self, _: &Source, document: &Arc<Document>) -> u64 {
        u64::try_from(document.bytes.len()).unwrap_or(u64::MAX)
    }
}

/// The documents that were asked for lately.
#[derive(Debug)]
pub(crate) struct Printed(Cache<Source, Arc<Document>, Size>);

impl Default for Printed {
    fn default() -> Self {
        Self(Cache::with_weighter(KEPT_DOCUMENTS, KEPT_BYTES, Size))
    }
}

impl Printed {
    /// A view that its caller may read, as a document. Printing takes a moment: it runs beside the workers.
    ///
    /// # Errors
    /// `internal` when what was stored cannot be printed.
    pub(crate) async fn of(
        &self,
        exchange: &Exchange,
        view: EditionView,
        format: Format,
        order: Order,
    ) -> Result<Arc<Document>, Problem> {
        let source = Source::of(&view, format, order);
        if let Some(document) = self.0.get(&source) {
            return Ok(document);
        }
        let (view, body) = exchange
            .read(Credentials::System, move |work| {
                let body = work.edition_body(&view)?;
                Ok((view, body))
            })
            .await?;
        let printed = web::block(move || view.render(&body, format, order).map(document)).await;
        let printed = printed.map_err(|error| Problem::internal(error.to_string()))??;
        let printed = Arc::new(printed);
        self.0.insert(source, Arc::clone(&printed));
        Ok(printed)
    }
}

fn document(printed: ahq_exchange::editions::RenderedDocument) -> Document {
    let hash = Sha256::digest(&printed.bytes);
    let shown = if printed.media_type.starts_with("text/html") {
        "inline"
    } else {
        "attachment"
    };
    Document {
        media_type: printed.media_type,
        disposition: format!("{shown}; filename=\"{}\"", printed.file_name),
        etag: content_tag(&printed.bytes),
        digest: format!("sha-256=:{}:", STANDARD.encode(hash)),
        bytes: printed.bytes.into(),
    }
}
