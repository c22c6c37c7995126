//! Erasures: a text goes for good, on a written order that two people of the service provider stand for.

mod view;

use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use ahq_exchange::work::Exchange;

use self::view::{ErasureBody, ErasureView, ErasuresView};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, NoBody, Path};
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// Asks for the erasure of a text
///
/// On a written order, by a coordinator of the service provider: one answer of an office (`office` and `question`), its whole
/// response (`office` alone), or the summary of an edition for all circles (`edition`). Nothing is erased until another
/// coordinator of the service provider confirms it. The reference of the order is kept in the audit; the text never is.
#[utoipa::path(tag = "operation", security(("bearer" = [])), params(IdempotencyKey),
    responses((status = 201, description = "The erasure, to be confirmed.", body = ErasureView)))]
#[post("/erasures")]
pub(crate) async fn ask_erasure(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<ErasureBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let asked = ErasureView::from(work.ask_erasure(&value.into())?);
            let location = format!("{PREFIX}/erasures/{}", asked.id);
            let reply = Reply::unversioned(&asked)?;
            Ok(reply.status(StatusCode::CREATED).location(location).keep())
        })
        .await?;
    Ok(reply.into())
}

/// Lists the erasures
///
/// Those that wait for a second person, those carried out and those withdrawn, the newest first; for the service provider's
/// coordinators.
#[utoipa::path(tag = "operation", security(("bearer" = [])),
    responses((status = 200, description = "The erasures.", body = ErasuresView)))]
#[get("/erasures")]
pub(crate) async fn list_erasures(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, |work| {
            let erasures = work.list_erasures()?;
            Reply::unversioned(&ErasuresView {
                items: erasures.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Reads an erasure
///
/// For the service provider's coordinators.
#[utoipa::path(tag = "operation", security(("bearer" = [])),
    params(("erasure" = String, Path, description = "Id of the erasure.")),
    responses((status = 200, description = "The erasure.", body = ErasureView)))]
#[get("/erasures/{erasure}")]
pub(crate) async fn read_erasure(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    erasure: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            Reply::unversioned(&ErasureView::from(work.erasure(&erasure)?))
        })
        .await?)
}

/// Confirms an erasure, which carries it out
///
/// By another coordinator of the service provider than the one who asked for it; it cannot be undone. `Content erased on 4
/// December 2026.` stands from then on where the text stood: in every version of the response and in every view of every
/// edition, in all formats; answers that hang on an erased one are erased with it, figures are computed without them, and
/// drafts, contributions, files, kept documents and kept replies lose it. An edition keeps its number and its hash, which is
/// that of what stood before. The office may amend its response with a new answer. The answering office and the requesters are
/// told by mail, with the reference of the order.
#[utoipa::path(tag = "operation", security(("bearer" = [])),
    params(("erasure" = String, Path, description = "Id of the erasure."), IdempotencyKey),
    responses((status = 200, description = "The erasure, carried out.", body = ErasureView),
              (status = 409, description = "Confirmed or withdrawn already; the code says which.")))]
#[post("/erasures/{erasure}/confirmation")]
pub(crate) async fn confirm_erasure(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    erasure: Path<String>,
    body: NoBody,
) -> Result<Reply, Problem> {
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            Ok(Reply::unversioned(&ErasureView::from(work.confirm_erasure(&erasure)?))?.keep())
        })
        .await?;
    Ok(reply.into())
}

/// Withdraws an erasure
///
/// Before it is confirmed, by any coordinator of the service provider. It stays in the list, as `withdrawn`.
#[utoipa::path(tag = "operation", security(("bearer" = [])),
    params(("erasure" = String, Path, description = "Id of the erasure."), IdempotencyKey),
    responses((status = 200, description = "The withdrawn erasure.", body = ErasureView),
              (status = 409, description = "Confirmed or withdrawn already; the code says which.")))]
#[post("/erasures/{erasure}/withdrawal")]
pub(crate) async fn withdraw_erasure(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    erasure: Path<String>,
    body: NoBody,
) -> Result<Reply, Problem> {
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            Ok(Reply::unversioned(&ErasureView::from(work.withdraw_erasure(&erasure)?))?.keep())
        })
        .await?;
    Ok(reply.into())
}
