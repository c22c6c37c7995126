//! What answers where no route does: 405 with `Allow` where the path is there, `OPTIONS`, else 404.

use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse};

use crate::Api;
use crate::problem::{Kind, Problem};

/// For paths of the interface.
///
/// # Errors
/// `method_not_allowed` or `unknown_path`.
pub async fn fallback(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let allow = Api::of(&request)?.contract().allow(request.path());
    match allow {
        None => Err(unknown_path()),
        Some(allow) if *request.method() == Method::OPTIONS => {
            Ok(HttpResponse::NoContent().insert_header((ALLOW, allow)).finish())
        }
        Some(allow) => Err(Problem::method_not_allowed(&allow)),
    }
}

/// For the server: paths that are neither of the interface nor a page.
pub fn unknown_path() -> Problem {
    Problem::new(
        Kind::UnknownPath,
        "There is no such path; the interface is described at /api/v1/openapi.json. Paths have no slash at their end.",
    )
}
