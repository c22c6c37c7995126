//! The audit trail: all of it for the service provider, what was done with its own responses for each office.

mod view;

use actix_web::{get, web};
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Refusal;
use ahq_exchange::error::Error;
use ahq_exchange::work::Exchange;

use self::view::{AuditKeys, AuditView, OfficeAuditKeys};
use crate::caller::Bearer;
use crate::extract::{Path, Query};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::Reply;

/// Reads the audit trail
///
/// The newest event first, for the service provider's coordinators; narrowed by `subject`, `action`, `office`, `user`,
/// `from` and `to`. An event has its number and hash seconds after it happened and stands here from then on: the hash is
/// over the hash before it and the event, so whoever changes, removes or moves one has to write every later hash anew. The
/// text of an answer is never among the facts. Pages follow `Link: rel="next"`.
#[utoipa::path(tag = "operation", params(AuditKeys), security(("bearer" = [])),
    responses((status = 200, description = "A page of events.", body = AuditView)))]
#[get("/audit")]
pub(crate) async fn list_audit(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    keys: Query<AuditKeys>,
    page: Page,
) -> Result<Reply, Problem> {
    let (filter, limit, before) = (keys.0.filter()?, keys.0.limit, page.after()?);
    let (events, next) = exchange
        .read(caller.0, move |work| work.list_audit(&filter, before, limit))
        .await?;
    let link = page.link(next.as_ref());
    Ok(Reply::unversioned(&AuditView::from(events))?.link(link))
}

/// Reads what was done with your office's responses
///
/// Who drafted, submitted, amended, retracted or restricted them, and who read restricted answers of theirs, the newest
/// first; for the office's coordinators. Of others than your own users it tells the office, not the person. Pages follow
/// `Link: rel="next"`.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU"), OfficeAuditKeys),
    responses((status = 200, description = "A page of events.", body = AuditView)))]
#[get("/offices/{code}/audit")]
pub(crate) async fn list_office_audit(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
    keys: Query<OfficeAuditKeys>,
    page: Page,
) -> Result<Reply, Problem> {
    let office: OfficeCode = code.parse().map_err(|_| Error::from(Refusal::Hidden))?;
    let (filter, limit, before) = (keys.0.filter(), keys.0.limit, page.after()?);
    let (events, next) = exchange
        .read(caller.0, move |work| {
            work.list_office_audit(&office, filter, before, limit)
        })
        .await?;
    let link = page.link(next.as_ref());
    Ok(Reply::unversioned(&AuditView::from(events))?.link(link))
}
