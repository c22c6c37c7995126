//! What offices want to know about a query, and what its requesters reply.

mod view;

use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;

use self::view::{ClarificationBody, ClarificationReplyBody, ClarificationView, ClarificationsView};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// Asks the requesters what is meant
///
/// About the whole query or one of its questions, while the query is open or closed, by a coordinator of an office that is
/// asked. The requesters are told at once. All who may read the query read what you ask and what they reply.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IdempotencyKey),
    responses((status = 201, description = "What you asked.", body = ClarificationView),
              (status = 409, description = "Your office cannot ask now; the code says why.")))]
#[post("/queries/{query}/clarifications")]
pub(crate) async fn ask_clarification(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    body: Json<ClarificationBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let reference = parse_reference(&query)?;
            let asked = work.ask_clarification(&reference, value.question.as_deref(), &value.text)?;
            let location = format!("{PREFIX}/queries/{}/clarifications", query.0);
            let reply = Reply::unversioned(&ClarificationView::from(asked))?;
            Ok(reply.status(StatusCode::CREATED).location(location).keep())
        })
        .await?;
    Ok(reply.into())
}

/// Lists what was asked about a query, with the replies
///
/// In the order it was asked; for all who may read the query.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.")),
    responses((status = 200, description = "What was asked and replied.", body = ClarificationsView)))]
#[get("/queries/{query}/clarifications")]
pub(crate) async fn list_clarifications(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let asked = work.list_clarifications(&parse_reference(&query)?)?;
            Reply::unversioned(&ClarificationsView {
                items: asked.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Replies to an office that asked what is meant
///
/// For the requesters, by a coordinator of one of them, once. Every office asked and the other requesters are told what was
/// asked and replied. The reply changes no text of the query: for that there are corrections.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."),
           ("clarification" = String, Path, description = "Id of what was asked."), IdempotencyKey),
    responses((status = 200, description = "What was asked, with the reply.", body = ClarificationView),
              (status = 409, description = "It has its reply, or the query was withdrawn; the code says which.")))]
#[post("/queries/{query}/clarifications/{clarification}/reply")]
pub(crate) async fn reply_to_clarification(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<(String, String)>,
    body: Json<ClarificationReplyBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let (query, clarification) = &*path;
            let replied = work.reply_to_clarification(&parse_reference(query)?, clarification, &value.text)?;
            Ok(Reply::unversioned(&ClarificationView::from(replied))?.keep())
        })
        .await?;
    Ok(reply.into())
}
