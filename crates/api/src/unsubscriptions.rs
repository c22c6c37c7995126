//! Mail that a user ends by the link in it (RFC 2369, RFC 8058).

use actix_web::http::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use ahq_domain::notification::Subscription;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::work::Exchange;
use utoipa::ToSchema;

use crate::extract::{Path, one_click};
use crate::problem::Problem;

/// The page has its own style and one form, which leads back here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// What a mail program sends, as RFC 8058 has it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it stands in the document; the form is read by hand")]
pub(crate) struct OneClick {
    /// `One-Click`.
    #[schema(rename = "List-Unsubscribe", pattern = "^One-Click$", example = "One-Click")]
    list_unsubscribe: String,
}

/// Shows what the link in a mail ends
///
/// A page for people, with a button that ends it; reading it changes nothing, for programs that check mail follow each
/// link.
#[utoipa::path(tag = "session", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
#[get("/unsubscriptions/{token}")]
pub(crate) async fn read_unsubscription(
    exchange: web::Data<Exchange>,
    token: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (_, ends) = exchange
        .read(Credentials::Nobody, move |work| work.unsubscription(&token))
        .await?;
    let (what, left) = words(ends);
    let button = "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">\
        <button type=\"submit\">End these mails</button></form>";
    Ok(page(
        "End these mails?",
        &format!("<p>{what} will no longer be mailed to you. {left}</p>{button}"),
    ))
}

/// Ends mails of a kind by the link in them
///
/// For the mail program that has one, or for the button of the page; no account is needed. Weekly overviews and quarterly
/// lists end; of everything else the obligations of your office stay, in one mail a day. A repetition changes nothing more.
/// A browser, which asks for `text/html`, gets a page instead of 204.
#[utoipa::path(tag = "session", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    request_body(content = inline(OneClick), content_type = "application/x-www-form-urlencoded",
        description = "`List-Unsubscribe=One-Click`; `multipart/form-data` is taken too."),
    responses((status = 200, description = "It has ended: a page that says so.", content_type = "text/html", body = String),
              (status = 204, description = "It has ended.")))]
#[post("/unsubscriptions/{token}")]
pub(crate) async fn end_subscription(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    token: Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    one_click(&request, payload).await?;
    let ended = exchange
        .write(Credentials::Nobody, move |work| work.unsubscribe(&token))
        .await?;
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    if !accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let (what, left) = words(ended);
    Ok(page(
        "Ended",
        &format!("<p>{what} will no longer be mailed to you. {left}</p>"),
    ))
}

/// What ends, and what stays.
fn words(ends: Subscription) -> (&'static str, &'static str) {
    match ends {
        Subscription::Mail => (
            "What your office is told, in single mails or in a daily digest,",
            "What your office has to do something about still comes, in one mail a day.",
        ),
        Subscription::Weekly => ("The weekly overview of open queries", "Other mails are not changed."),
        Subscription::Quarterly => ("The quarterly list of queries by topic", "Other mails are not changed."),
    }
}

fn page(title: &str, content: &str) -> HttpResponse {
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} – EMN ad-hoc query exchange</title>\n\
         <style>body {{ margin: 2rem auto; max-width: 36rem; padding: 0 1rem; font: 1rem/1.5 sans-serif; }}\
         button {{ font: inherit; padding: .5rem 1rem; }}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n{content}\n\
         <p>You can change this again in your notification settings.</p>\n</main>\n</body>\n</html>\n"
    );
    HttpResponse::Ok()
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .content_type("text/html; charset=utf-8")
        .body(text)
}
