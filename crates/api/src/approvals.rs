//! A second pair of eyes: what an office settles about it, and asking for approval.

mod view;

use actix_web::{get, post, put, web};
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;

use self::view::{OfficeSettingsBody, OfficeSettingsView};
use crate::caller::Bearer;
use crate::extract::{Json, NoBody, Path, office};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;
use crate::responses::{ResponsePath, shown};

/// Reads what your office has settled for itself
///
/// Whether its responses want the approval of a second coordinator, and whether that rule is in force: with fewer than two
/// active coordinators it is off. The service provider answers nothing and has no settings.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU")),
    responses((status = 200, description = "The settings.", body = OfficeSettingsView)))]
#[get("/offices/{code}/settings")]
pub(crate) async fn read_office_settings(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    Ok(exchange
        .read(caller.0, move |work| {
            let view = OfficeSettingsView::from(work.office_settings(&office)?);
            Reply::versioned(view.version(), &view)
        })
        .await?)
}

/// Changes what your office has settled for itself
///
/// For its coordinators. It counts for what is submitted from now on.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU"), IfMatch),
    responses((status = 200, description = "The settings.", body = OfficeSettingsView)))]
#[put("/offices/{code}/settings")]
pub(crate) async fn change_office_settings(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
    version: IfMatch,
    body: Json<OfficeSettingsBody>,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    Ok(exchange
        .write(caller.0, move |work| {
            let settled = work.change_office_settings(&office, version.0, body.value.into())?;
            let view = OfficeSettingsView::from(settled);
            Reply::versioned(view.version(), &view)
        })
        .await?)
}

/// Asks for approval of your office's draft
///
/// Where your office wants a second pair of eyes and has two active coordinators. Its other coordinators are told at once;
/// one of them submits the response, which is the approval, or changes it: each change of the draft takes the request
/// back. The draft must be complete, as for a submission. What is submitted already stays in force meanwhile.
#[utoipa::path(tag = "responses", params(ResponsePath, IfMatch, IdempotencyKey), security(("bearer" = [])),
    responses((status = 200, description = "The response, which awaits approval.", body = crate::responses::view::ResponseView),
              (status = 409, description = "Approval is not needed, or was asked for, or there is no draft; the code says.")))]
#[post("/queries/{query}/responses/{office}/approval")]
pub(crate) async fn ask_for_approval(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    version: IfMatch,
    body: NoBody,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            shown(work.ask_for_approval(&parse_reference(&path.query)?, &office, version.0)?).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}
