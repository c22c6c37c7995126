//! Who was told what, when, and whether it arrived.

pub(crate) mod view;

use actix_web::{get, post, web};
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;

use self::view::{DeliveriesKeys, DeliveriesView, DeliveryView};
use crate::caller::Bearer;
use crate::extract::{NoBody, Path, Query};
use crate::page::Page;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// Lists what was told about a query
///
/// To which office, when, and whether it arrived; no addresses and no names. For the requesters, the Commission and the
/// service provider.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.")),
    responses((status = 200, description = "The messages, in the order they were written.", body = DeliveriesView)))]
#[get("/queries/{query}/deliveries")]
pub(crate) async fn list_query_deliveries(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let entries = work.query_deliveries(&parse_reference(&query)?)?;
            Reply::unversioned(&DeliveriesView::from(entries))
        })
        .await?)
}

/// Lists all messages
///
/// The newest first; with `status=failed,…` those that did not arrive, which are the service provider's to see to. Pages
/// follow `Link: rel="next"`.
#[utoipa::path(tag = "operation", params(DeliveriesKeys), security(("bearer" = [])),
    responses((status = 200, description = "A page of messages.", body = DeliveriesView)))]
#[get("/deliveries")]
pub(crate) async fn list_deliveries(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    keys: Query<DeliveriesKeys>,
    page: Page,
) -> Result<Reply, Problem> {
    let (status, limit, before) = (keys.0.status(), keys.0.limit, page.after()?);
    let (entries, next) = exchange
        .read(caller.0, move |work| work.list_deliveries(status, before, limit))
        .await?;
    let link = page.link(next.as_ref());
    Ok(Reply::unversioned(&DeliveriesView::from(entries))?.link(link))
}

/// Reads a message
///
/// What it is about and what became of it, never its text.
#[utoipa::path(tag = "operation", security(("bearer" = [])),
    params(("delivery" = String, Path, description = "Id of the message.")),
    responses((status = 200, description = "The message.", body = DeliveryView)))]
#[get("/deliveries/{delivery}")]
pub(crate) async fn read_delivery(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    delivery: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            Reply::unversioned(&DeliveryView::from(work.delivery(&delivery)?))
        })
        .await?)
}

/// Has a message sent again
///
/// One that failed, was suppressed or came back; a user's address gets mail again.
#[utoipa::path(tag = "operation", security(("bearer" = [])),
    params(("delivery" = String, Path, description = "Id of the message."), IdempotencyKey),
    responses((status = 200, description = "The message, queued again.", body = DeliveryView),
              (status = 409, description = "It waits, or has arrived.")))]
#[post("/deliveries/{delivery}/requeue")]
pub(crate) async fn requeue_delivery(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    delivery: Path<String>,
    body: NoBody,
) -> Result<Reply, Problem> {
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            Ok(Reply::unversioned(&DeliveryView::from(work.requeue(&delivery)?))?.keep())
        })
        .await?;
    Ok(reply.into())
}
