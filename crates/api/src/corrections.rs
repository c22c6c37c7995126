//! Corrections of a query's wording, and what offices confirm of their answers to an earlier one.

mod view;

use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;

use self::view::{ConfirmationBody, CorrectionBody, CorrectionView, CorrectionsView};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, Path};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;
use crate::responses::ResponsePath;
use crate::responses::shown;
use crate::responses::view::ResponseView;

/// Corrects the wording of a launched query
///
/// With a reason: of the background, of questions, or of both; kinds, options, units and conditions are fixed. The earlier
/// wording is kept, each corrected question gets the next `revision`, and every office asked, the joint requesters and the
/// Commission are told. An answer that was given before is marked as given to the earlier wording until its office amends or
/// confirms it; it is compared all the same. Word forms that were downloaded before are no longer read.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IfMatch, IdempotencyKey),
    responses((status = 201, description = "The correction.", body = CorrectionView),
              (status = 409, description = "A draft or withdrawn query has nothing to correct.")))]
#[post("/queries/{query}/corrections")]
pub(crate) async fn correct_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: Json<CorrectionBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let correction = work.correct_query(&parse_reference(&query)?, version.0, value.into())?;
            let location = format!("{PREFIX}/queries/{}/corrections", query.0);
            let reply = Reply::unversioned(&CorrectionView::from(correction))?;
            Ok(reply.status(StatusCode::CREATED).location(location).keep())
        })
        .await?;
    Ok(reply.into())
}

/// Lists the corrections of a query
///
/// What each text was, what it became, when and why; for all who may read the query.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.")),
    responses((status = 200, description = "The corrections, the first one first.", body = CorrectionsView)))]
#[get("/queries/{query}/corrections")]
pub(crate) async fn list_corrections(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let corrections = work.list_corrections(&parse_reference(&query)?)?;
            Reply::unversioned(&CorrectionsView {
                items: corrections.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Confirms that your office's answers stand after a correction
///
/// Names each answer with the revision of its question that you read, which must be the one in force. The submitted answers
/// are meant, or those of the draft where nothing is submitted. What they say stays as it is and makes no new version; they
/// are no longer marked as given to the earlier wording. If-Match names the response.
#[utoipa::path(tag = "responses", params(ResponsePath, IfMatch, IdempotencyKey), security(("bearer" = [])),
    responses((status = 200, description = "The response with its confirmed answers.", body = ResponseView)))]
#[post("/queries/{query}/responses/{office}/confirmation")]
pub(crate) async fn confirm_answers(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    version: IfMatch,
    body: Json<ConfirmationBody>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let reference = parse_reference(&path.query)?;
            let detail = work.confirm_answers(&reference, &office, version.0, &value.inputs())?;
            shown(detail).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}
