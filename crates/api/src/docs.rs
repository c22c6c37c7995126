//! The description of the interface: the OpenAPI document, and Swagger UI from the binary.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_swagger_ui::Config;

use crate::contract::PREFIX;
use crate::problem::Problem;
use crate::reply::open;
use crate::{Api, fallback};

/// Swagger UI sets styles on its elements; scripts, data and pictures come from this address alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Gives this document.
///
/// Open to all, from pages of any origin. Nothing in it depends on who asks.
#[utoipa::path(
    tag = "operation",
    security(()),
    responses((status = 200, description = "The OpenAPI 3.1 document of the interface", body = serde_json::Value,
        headers(("Access-Control-Allow-Origin" = String, description = "Any origin: `*`"))))
)]
#[get("/openapi.json")]
pub(crate) async fn get_openapi(request: HttpRequest, api: web::Data<Api>) -> HttpResponse {
    let (document, etag) = api.contract().published();
    open(&request, "application/json", etag, "public, no-cache", document.clone())
}

/// `/docs` leads to `/docs/`, where the files of Swagger UI find each other.
#[get("")]
pub(crate) async fn docs_root() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "/docs/"))
        .finish()
}

/// One file of Swagger UI.
#[get("/{file:.*}")]
pub(crate) async fn docs_file(file: web::Path<String>) -> Result<HttpResponse, Problem> {
    let config = Config::new([format!("{PREFIX}/openapi.json")])
        .validator_url("none")
        .try_it_out_enabled(true);
    let found =
        utoipa_swagger_ui::serve(&file, Arc::new(config)).map_err(|error| Problem::internal(error.to_string()))?;
    let found = found.ok_or_else(fallback::unknown_path)?;
    let mut reply = HttpResponse::Ok();
    if found.gzpipped {
        reply.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(reply
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .content_type(with_charset(found.content_type))
        .body(found.bytes.into_owned()))
}

/// Texts say how their characters are encoded.
fn with_charset(kind: String) -> String {
    match kind.starts_with("text/") && !kind.contains("charset") {
        true => format!("{kind}; charset=utf-8"),
        false => kind,
    }
}
