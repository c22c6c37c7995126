//! Requests of offices for a later deadline, and their answers.

mod view;

use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;

use self::view::{AskBody, ExtensionAnswerBody, ExtensionRequestView, ExtensionRequestsView};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, Path};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// Asks for a later deadline for your office
///
/// With a date and a reason, while the query is open or closed and your office has not answered; one request at a time
/// waits. The requesting office is told, and grants that date or another to your office or to all, or declines. A day that
/// is not a working day moves to the next one.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IdempotencyKey),
    responses((status = 201, description = "The request.", body = ExtensionRequestView),
              (status = 409, description = "Your office cannot ask now; the code says why.")))]
#[post("/queries/{query}/extension-requests")]
pub(crate) async fn ask_for_extension(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    body: Json<AskBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let asked = work.ask_for_extension(&parse_reference(&query)?, value.deadline, &value.reason)?;
            let location = format!("{PREFIX}/queries/{}/extension-requests", query.0);
            let reply = Reply::unversioned(&ExtensionRequestView::from(asked))?;
            Ok(reply.status(StatusCode::CREATED).location(location).keep())
        })
        .await?;
    Ok(reply.into())
}

/// Lists the requests for a later deadline
///
/// The requesters, the Commission and the service provider read all of them, another office its own.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.")),
    responses((status = 200, description = "The requests, in the order they were made.", body = ExtensionRequestsView)))]
#[get("/queries/{query}/extension-requests")]
pub(crate) async fn list_extension_requests(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let requests = work.list_extension_requests(&parse_reference(&query)?)?;
            Reply::unversioned(&ExtensionRequestsView {
                items: requests.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Answers a request for a later deadline
///
/// Grants a date to the office that asked (the one proposed unless another is named), or to all with a reason in `note`,
/// or declines. A date agreed with one office leaves a closed query closed for the others; reminders and lateness of that
/// office follow it. If-Match names the query.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."),
           ("request" = String, Path, description = "Id of the request."), IfMatch, IdempotencyKey),
    responses((status = 200, description = "The answered request.", body = ExtensionRequestView)))]
#[post("/queries/{query}/extension-requests/{request}/answer")]
pub(crate) async fn answer_extension_request(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<(String, String)>,
    version: IfMatch,
    body: Json<ExtensionAnswerBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let (query, request) = &*path;
            let answered = work.answer_extension(&parse_reference(query)?, version.0, request, value.into())?;
            Ok(Reply::unversioned(&ExtensionRequestView::from(answered))?.keep())
        })
        .await?;
    Ok(reply.into())
}
