//! Summaries: read, edited and signed off; the compilation sent.

pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::{get, post, put, web};
use ahq_domain::dissemination::Circle;
use ahq_exchange::error::Error;
use ahq_exchange::queries::parse_reference;
use ahq_exchange::summaries::EditionSummary;
use ahq_exchange::work::Exchange;

use self::view::{SummaryBody, SummaryKeys, SummaryView};
use crate::caller::Bearer;
use crate::extract::{Json, NoBody, Path, Query};
use crate::precondition::{IfMatch, MaybeIfMatch};
use crate::problem::Problem;
use crate::queries::view::QueryView;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

fn shown(summary: EditionSummary) -> Result<Reply, Error> {
    let view = SummaryView::from(summary);
    Reply::versioned(view.version(), &view)
}

impl SummaryKeys {
    fn circle(&self) -> Circle {
        self.circle.map_or(Circle::Network, Into::into)
    }
}

/// Reads the summary of the newest edition
///
/// For the requesters. The program begins the network's summary from what the network may read; one for another
/// circle begins when it is first saved.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), SummaryKeys),
    responses((status = 200, description = "The summary.", body = SummaryView),
              (status = 409, description = "There is no edition yet.")))]
#[get("/queries/{query}/summary")]
pub(crate) async fn read_summary(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    keys: Query<SummaryKeys>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            shown(work.summary(&parse_reference(&query)?, keys.0.circle())?)
        })
        .await?)
}

/// Saves the summary of the newest edition
///
/// Without If-Match it begins one for this circle. A signed summary that is changed has to be signed again.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), SummaryKeys, MaybeIfMatch),
    responses((status = 200, description = "The changed summary.", body = SummaryView),
              (status = 201, description = "The new summary.", body = SummaryView)))]
#[put("/queries/{query}/summary")]
pub(crate) async fn save_summary(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    keys: Query<SummaryKeys>,
    version: MaybeIfMatch,
    body: Json<SummaryBody>,
) -> Result<Reply, Problem> {
    let circle = keys.0.circle();
    let reply = exchange
        .write(caller.0, move |work| {
            let reference = parse_reference(&query)?;
            shown(work.save_summary(&reference, circle, version.0, body.value.into())?)
        })
        .await?;
    Ok(if version.0.is_some() {
        reply
    } else {
        reply.status(StatusCode::CREATED)
    })
}

/// Signs a summary off
///
/// By a coordinator of the lead. Signing the network's summary mails the compilation, once, to every office asked,
/// the joint requesters and the Commission.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), SummaryKeys, IfMatch, IdempotencyKey),
    responses((status = 200, description = "The signed summary.", body = SummaryView)))]
#[post("/queries/{query}/summary/signature")]
pub(crate) async fn sign_summary(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    keys: Query<SummaryKeys>,
    version: IfMatch,
    body: NoBody,
) -> Result<Reply, Problem> {
    let circle = keys.0.circle();
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            shown(work.sign_summary(&parse_reference(&query)?, circle, version.0)?).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Sends the compilation without a summary
///
/// Once, by a coordinator of the lead, to every office asked, the joint requesters and the Commission.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IfMatch, IdempotencyKey),
    responses((status = 200, description = "The query.", body = QueryView)))]
#[post("/queries/{query}/dispatch")]
pub(crate) async fn send_compilation(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: NoBody,
) -> Result<Reply, Problem> {
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            let reference = parse_reference(&query)?;
            work.send_compilation(&reference, version.0)?;
            let view = QueryView::from(work.query(&reference)?);
            Reply::versioned(view.version(), &view).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}
