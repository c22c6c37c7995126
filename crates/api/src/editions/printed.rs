//! Editions as documents, printed once and kept: in the database what was handed out, in memory what was asked for
//! lately, both known by what they are printed from. Whether a caller may have them is decided before, each time.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use ahq_exchange::editions::{EditionView, Format, Order, Source};
use ahq_exchange::work::Exchange;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::problem::Problem;
use crate::reply::{content_tag, is_known};

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// How many bytes of documents are kept: some hundred compilations.
const KEPT_BYTES: u64 = 24 << 20;

/// How many documents are printed at a time: a long one takes some hundred megabytes while it is.
const PRESSES: usize = 2;

/// About how many documents that are.
const KEPT_DOCUMENTS: usize = 300;

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
    fn new(format: Format, file_name: &str, bytes: Vec<u8>) -> Self {
        let shown = if format == Format::Html { "inline" } else { "attachment" };
        Self {
            media_type: format.media_type(),
            disposition: format!("{shown}; filename=\"{file_name}\""),
            etag: content_tag(&bytes),
            digest: format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&bytes))),
            bytes: bytes.into(),
        }
    }

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

/// The documents that were asked for lately, and the presses.
#[derive(Debug)]
pub(crate) struct Printed {
    documents: Cache<Source, Arc<Document>, Size>,
    presses: Semaphore,
}

impl Default for Printed {
    fn default() -> Self {
        Self {
            documents: Cache::with_weighter(KEPT_DOCUMENTS, KEPT_BYTES, Size),
            presses: Semaphore::new(PRESSES),
        }
    }
}

impl Printed {
    /// A view that its caller may read, as a document.
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
        let source = view.source(format, order);
        if let Some(document) = self.documents.get(&source) {
            return Ok(document);
        }
        let press = self.presses.acquire().await;
        let _press = press.map_err(|error| Problem::internal(error.to_string()))?;
        // Whoever was at the press before may have printed it.
        if let Some(document) = self.documents.get(&source) {
            return Ok(document);
        }
        let file_name = view.file_name(format);
        let bytes = exchange.document(view, format, order).await?;
        let document = Arc::new(Document::new(format, &file_name, bytes));
        self.documents.insert(source, Arc::clone(&document));
        Ok(document)
    }
}
