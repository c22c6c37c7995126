//! The second factor of a user: codes of an authenticator (TOTP, RFC 6238) and recovery codes.

pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use ahq_exchange::work::Exchange;

use self::view::{CodeBody, NewSecondFactorView, PresentPasswordBody, RecoveryCodesView, SecondFactorView};
use crate::caller::Bearer;
use crate::extract::Json;
use crate::problem::Problem;
use crate::reply::Reply;

/// Reads where your second factor stands
///
/// The service provider's users and the coordinators of the Commission need one, and all users of an office that asks for
/// it. Until it is set up, their role is good for nothing.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "Where it stands.", body = SecondFactorView)))]
#[get("/me/totp")]
pub(crate) async fn read_second_factor(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, |work| {
            Reply::unversioned(&SecondFactorView::from(work.second_factor()?))
        })
        .await?)
}

/// Begins to set up a second factor
///
/// Put the secret into an authenticator, as text or as a QR code of the address, and give the code that it shows to
/// `/me/totp/confirmation`. Beginning again makes a new secret.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 201, description = "What an authenticator needs; shown once.", body = NewSecondFactorView)))]
#[post("/me/totp")]
pub(crate) async fn begin_second_factor(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<PresentPasswordBody>,
) -> Result<Reply, Problem> {
    let begun = exchange.begin_second_factor(caller.0, body.value.password).await?;
    Ok(Reply::unkept(&NewSecondFactorView::from(begun))?.status(StatusCode::CREATED))
}

/// Sets your second factor in force
///
/// By its first code. From now on one is asked for when you sign in; your other sessions end. The recovery codes are shown
/// once: keep them where the authenticator is not. Each opens one session in the place of a code.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 201, description = "The recovery codes; shown once.", body = RecoveryCodesView)))]
#[post("/me/totp/confirmation")]
pub(crate) async fn confirm_second_factor(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<CodeBody>,
) -> Result<Reply, Problem> {
    let recovery_codes = exchange.confirm_second_factor(caller.0, body.value.code).await?;
    Ok(Reply::unkept(&RecoveryCodesView { recovery_codes })?.status(StatusCode::CREATED))
}

/// Makes new recovery codes
///
/// Those that are left are good no more.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 201, description = "The recovery codes; shown once.", body = RecoveryCodesView)))]
#[post("/me/totp/recovery-codes")]
pub(crate) async fn renew_recovery_codes(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<PresentPasswordBody>,
) -> Result<Reply, Problem> {
    let recovery_codes = exchange.renew_recovery_codes(caller.0, body.value.password).await?;
    Ok(Reply::unkept(&RecoveryCodesView { recovery_codes })?.status(StatusCode::CREATED))
}

/// Takes your second factor away
///
/// Not where your account needs one (409 `second_factor_required`), and not while your password is one that is good beside a
/// second factor only (409 `password_too_weak`): choose a longer one first. Your other sessions end, and you are told by
/// mail.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 204, description = "Your password alone opens the account.")))]
#[post("/me/totp/removal")]
pub(crate) async fn remove_second_factor(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<PresentPasswordBody>,
) -> Result<Reply, Problem> {
    exchange.remove_second_factor(caller.0, body.value.password).await?;
    Ok(Reply::no_content())
}
