//! Tokens of programs: service accounts of an office, and the personal tokens of a user.

pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::{delete, get, post, web};
use ahq_exchange::error::Error;
use ahq_exchange::tokens::{NewToken, TokenDetail};
use ahq_exchange::work::{Exchange, Work};
use serde::Deserialize;
use utoipa::IntoParams;

use self::view::{ProgramTokenView, ProgramTokensView, TokenBody};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, Path, office};
use crate::problem::Problem;
use crate::reply::Reply;

/// The parts of the address of a service account.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ServiceAccountPath {
    /// Code of the office.
    #[param(example = "LU")]
    code: String,
    /// Id of the service account.
    token: String,
}

fn listed(work: &Work<'_>, tokens: Vec<TokenDetail>) -> Result<Reply, Error> {
    let today = work.today();
    let view = |detail| ProgramTokenView::new(detail, today);
    Reply::unversioned(&ProgramTokensView {
        items: tokens.into_iter().map(view).collect(),
    })
}

fn made(work: &Work<'_>, NewToken { detail, secret }: NewToken, beside: &str) -> Result<Reply, Error> {
    let view = ProgramTokenView::new(detail, work.today()).with_secret(secret);
    let location = format!("{PREFIX}{beside}/{}", view.id());
    Ok(Reply::unkept(&view)?.status(StatusCode::CREATED).location(location))
}

/// Lists the service accounts of your office
///
/// The newest first, with those that ended in the last thirty days: what each may do, who made it, until when it holds, the
/// day it was used last. The secrets are not kept and not shown again.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU")),
    responses((status = 200, description = "The service accounts.", body = ProgramTokensView)))]
#[get("/offices/{code}/service-accounts")]
pub(crate) async fn list_service_accounts(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    Ok(exchange
        .read(caller.0, move |work| {
            let tokens = work.list_service_accounts(&office)?;
            listed(work, tokens)
        })
        .await?)
}

/// Makes a service account of your office
///
/// For a program that works for the office and not for one person: `read` reads what its readers read, `draft` drafts what its
/// experts draft, `submit` submits, retracts and declines its responses; none releases a query, manages users or makes
/// tokens. At most 20, each for at most twelve months; the office's functional mailbox is told now, and again 30 and 7 days
/// before the end. The secret goes into `Authorization: Bearer …` and is shown this once, so the reply is not kept for an
/// Idempotency-Key.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU")),
    responses((status = 201, description = "The service account, with its secret.", body = ProgramTokenView)))]
#[post("/offices/{code}/service-accounts")]
pub(crate) async fn make_service_account(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
    body: Json<TokenBody>,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    Ok(exchange
        .write(caller.0, move |work| {
            let new = work.make_service_account(&office, &body.value.into())?;
            made(work, new, &format!("/offices/{office}/service-accounts"))
        })
        .await?)
}

/// Revokes a service account of your office
///
/// From the next request on its secret is refused. It never changed, so no If-Match is needed.
#[utoipa::path(tag = "network", params(ServiceAccountPath), security(("bearer" = [])),
    responses((status = 204, description = "It is revoked.")))]
#[delete("/offices/{code}/service-accounts/{token}")]
pub(crate) async fn revoke_service_account(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ServiceAccountPath>,
) -> Result<Reply, Problem> {
    let office = office(&path.code)?;
    exchange
        .write(caller.0, move |work| work.revoke_service_account(&office, &path.token))
        .await?;
    Ok(Reply::no_content())
}

/// Lists your tokens
///
/// The newest first, with those that ended in the last thirty days. The secrets are not kept and not shown again.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "Your tokens.", body = ProgramTokensView)))]
#[get("/me/tokens")]
pub(crate) async fn list_tokens(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, |work| {
            let tokens = work.list_tokens()?;
            listed(work, tokens)
        })
        .await?)
}

/// Makes a token of yours
///
/// For a program that works for you: it does at most what you may do yourself on the day, and ends with your account. It
/// is no session: it changes nothing about your account and makes no tokens. At most 20, each for at most twelve months;
/// you are told 30 and 7 days before the end. The secret goes into `Authorization: Bearer …` and is shown this once, so
/// the reply is not kept for an Idempotency-Key.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 201, description = "The token, with its secret.", body = ProgramTokenView)))]
#[post("/me/tokens")]
pub(crate) async fn make_token(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<TokenBody>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .write(caller.0, move |work| {
            let new = work.make_own_token(&body.value.into())?;
            made(work, new, "/me/tokens")
        })
        .await?)
}

/// Revokes a token of yours
///
/// From the next request on its secret is refused. It never changed, so no If-Match is needed.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    params(("token" = String, Path, description = "Id of the token.")),
    responses((status = 204, description = "It is revoked.")))]
#[delete("/me/tokens/{token}")]
pub(crate) async fn revoke_token(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    token: Path<String>,
) -> Result<Reply, Problem> {
    exchange
        .write(caller.0, move |work| work.revoke_own_token(&token))
        .await?;
    Ok(Reply::no_content())
}
