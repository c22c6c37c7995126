//! Holds: answers, responses and editions that are suspended at once, until that is lifted.

mod view;

use actix_web::http::StatusCode;
use actix_web::{delete, get, post, web};
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;

use self::view::{HoldBody, HoldView, HoldsView};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// Suspends answers or an edition
///
/// At once, with a reason, until the hold is lifted: one answer (`office` and `question`), a whole response (`office`
/// alone), or an edition with all its views (`edition`). For the requesters, the Commission and the service provider, and for
/// the answering office its own answers.
///
/// Suspended answers are read by nobody but their own office. In compilations, editions and their documents the row stays and
/// says `This response is suspended.`, the figures are computed without it, and a summary that was signed before is left out;
/// answers that hang on a suspended one are suspended with it. The frozen view and its hash stay as they are and are read
/// again once the hold is lifted; what is read meanwhile has a hash of its own.
///
/// A suspended edition is read by nobody, under the code `held`. While it is the published or the announced one, nothing of
/// the query is public. An edition that takes its place after a narrowing is suspended too.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.", example = "2026.81"), IdempotencyKey),
    responses((status = 201, description = "The hold.", body = HoldView),
              (status = 409, description = "A draft, or suspended already; the code says which.")))]
#[post("/queries/{query}/holds")]
pub(crate) async fn place_hold(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    body: Json<HoldBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let placed = work.place_hold(&parse_reference(&query)?, &value.into())?;
            let location = format!("{PREFIX}/queries/{}/holds", query.0);
            let reply = Reply::unversioned(&HoldView::from(placed))?;
            Ok(reply.status(StatusCode::CREATED).location(location).keep())
        })
        .await?;
    Ok(reply.into())
}

/// Lists what is and was suspended
///
/// The requesters, the Commission and the service provider read all holds, another office those on its own answers.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.", example = "2026.81")),
    responses((status = 200, description = "The holds, in the order they were placed.", body = HoldsView)))]
#[get("/queries/{query}/holds")]
pub(crate) async fn list_holds(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let holds = work.list_holds(&parse_reference(&query)?)?;
            Reply::unversioned(&HoldsView {
                items: holds.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Lifts a hold
///
/// What was suspended is read again as it was. A hold on answers is lifted by the office that gave them alone; one on an
/// edition by the requesters and by the office that placed it. The hold stays in the list.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.", example = "2026.81"),
           ("hold" = String, Path, description = "Id of the hold.")),
    responses((status = 200, description = "The lifted hold.", body = HoldView),
              (status = 409, description = "It was lifted already.")))]
#[delete("/queries/{query}/holds/{hold}")]
pub(crate) async fn lift_hold(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<(String, String)>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .write(caller.0, move |work| {
            let (query, hold) = &*path;
            let lifted = work.lift_hold(&parse_reference(query)?, hold)?;
            Reply::unversioned(&HoldView::from(lifted))
        })
        .await?)
}
