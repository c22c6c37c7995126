//! The Word form of a query: downloaded, filled in, and read.

pub(crate) mod view;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use ahq_exchange::credentials::Credentials;
use ahq_exchange::editions::Format;
use ahq_exchange::queries::parse_reference;
use ahq_exchange::word_form::{WordForm, parse};
use ahq_exchange::work::Exchange;

use self::view::FormReadingView;
use crate::caller::Bearer;
use crate::editions::File;
use crate::extract::{Path, word_document};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::responses::ResponsePath;

/// Downloads your office's form of a query
///
/// A document for Word with fields for each question: the answer as its kind asks for it, a comment, a word instead of
/// an answer, the day its facts are true of, sources, and the wider dissemination. The text around them is locked. It
/// is filled in with Word or LibreOffice and uploaded again as often as you like.
#[utoipa::path(tag = "responses", params(ResponsePath), security(("bearer" = [])),
    responses((status = 200, description = "The form.", content_type =
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", body = inline(File)),
              (status = 409, description = "The query takes no response of your office; the code says why.")))]
#[get("/queries/{query}/responses/{office}/word-form")]
pub(crate) async fn download_word_form(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
) -> Result<HttpResponse, Problem> {
    let office = path.office()?;
    let form = exchange
        .read(caller.0, move |work| {
            work.word_form(&parse_reference(&path.query)?, &office)
        })
        .await?;
    printed(form).await
}

async fn printed(form: WordForm) -> Result<HttpResponse, Problem> {
    let named = format!("attachment; filename=\"{}\"", form.file_name());
    let bytes = in_background(move || form.print()).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, Format::Docx.media_type()))
        .insert_header((CONTENT_DISPOSITION, named))
        .body(bytes))
}

/// Reads a form that your office has filled in
///
/// Nothing is saved. The reply says for each question what was read, why it is no answer yet, and what was left out;
/// `draft` is your office's draft with what was read put in its place: save it by PUT of the response, with the version
/// in `version` as If-Match where there is one.
///
/// Forms saved by Word and LibreOffice are read, tracked changes as if all were accepted, pasted lists and tables as
/// Markdown. A form of another query or office, or of an earlier wording, a document with macros, active or linked
/// content, and one that is no form are refused; of deleted fields the reply tells.
#[utoipa::path(tag = "responses", params(ResponsePath), security(("bearer" = [])),
    request_body(content = inline(File), description = "The form, as Word or LibreOffice saved it.", content_type =
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    responses((status = 200, description = "What was read.", body = FormReadingView)))]
#[post("/queries/{query}/responses/{office}/word-form")]
pub(crate) async fn read_word_form(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    payload: web::Payload,
) -> Result<Reply, Problem> {
    let (office, reference) = (path.office()?, parse_reference(&path.query)?);
    exchange
        .read(caller.0, {
            let office = office.clone();
            move |work| work.may_fill_in(&reference, &office)
        })
        .await?;
    let document = word_document(&request, payload).await?;
    let filled = in_background(move || parse(&document)).await?;
    Ok(exchange
        .read(caller.0, move |work| {
            let reading = work.read_word_form(&reference, &office, &filled)?;
            Reply::unversioned(&FormReadingView::from(reading))
        })
        .await?)
}

/// Downloads the form of the contribution that you were asked for
///
/// A document for Word with fields for those questions alone, numbered from 1; filled in with Word or LibreOffice and
/// uploaded as often as you like, until you hand the contribution in.
#[utoipa::path(tag = "contributions", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    responses((status = 200, description = "The form.", content_type =
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", body = inline(File)),
              (status = 409, description = "It was handed in or declined; the code says.")))]
#[get("/contributions/{token}/word-form")]
pub(crate) async fn download_contribution_form(
    exchange: web::Data<Exchange>,
    token: Path<String>,
) -> Result<HttpResponse, Problem> {
    let form = exchange
        .read(Credentials::link(&token), |work| work.contribution_word_form())
        .await?;
    printed(form).await
}

/// Reads a form of the contribution that you were asked for
///
/// Nothing is saved. `draft` is what has been put in with what was read in its place: save it by PUT of the contribution, with
/// `version` as If-Match. What is refused is what an office's form is refused for.
#[utoipa::path(tag = "contributions", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    request_body(content = inline(File), description = "The form, as Word or LibreOffice saved it.", content_type =
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    responses((status = 200, description = "What was read.", body = FormReadingView)))]
#[post("/contributions/{token}/word-form")]
pub(crate) async fn read_contribution_form(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    token: Path<String>,
    payload: web::Payload,
) -> Result<Reply, Problem> {
    let link = Credentials::link(&token);
    exchange.read(link, |work| work.may_put_in()).await?;
    let document = word_document(&request, payload).await?;
    let filled = in_background(move || parse(&document)).await?;
    Ok(exchange
        .read(link, move |work| {
            let reading = work.read_contribution_form(&filled)?;
            Reply::unversioned(&FormReadingView::from(reading))
        })
        .await?)
}

/// Does what takes some time beside the workers.
async fn in_background<T: Send + 'static>(
    task: impl FnOnce() -> Result<T, ahq_exchange::error::Error> + Send + 'static,
) -> Result<T, Problem> {
    let done = web::block(task).await;
    Ok(done.map_err(|error| Problem::internal(error.to_string()))??)
}
