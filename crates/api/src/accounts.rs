//! A user's own account: a forgotten password, a new one, a new address.

pub(crate) mod view;

use actix_web::{post, web};
use ahq_exchange::credentials::Credentials;
use ahq_exchange::work::Exchange;

use self::view::{AddressBody, NewPasswordBody, ResetAskedBody};
use crate::caller::{Bearer, From};
use crate::extract::{Json, NoBody, Path};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::users::view::PasswordBody;

/// Asks for a link to a new password
///
/// It is mailed to the address of the account and holds for an hour. The reply is the same whether there is an active
/// account with this address or not; one account is mailed a few links a day at the most. Open sessions go on until a
/// link is used.
#[utoipa::path(tag = "session", security(()),
    responses((status = 204, description = "If there is such an account, a link is on its way.")))]
#[post("/password-resets")]
pub(crate) async fn ask_password_reset(
    exchange: web::Data<Exchange>,
    from: From,
    body: Json<ResetAskedBody>,
) -> Result<Reply, Problem> {
    exchange.ask_password_reset(from.0, &body.value.email).await?;
    Ok(Reply::no_content())
}

/// Sets a new password by a mailed link
///
/// The link works once. Every session of the account ends, and its user is told by mail. The second factor stays: who has
/// lost it too asks the service provider.
#[utoipa::path(tag = "session", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    responses((status = 204, description = "The password is set.")))]
#[post("/password-resets/{token}")]
pub(crate) async fn reset_password(
    exchange: web::Data<Exchange>,
    token: Path<String>,
    body: Json<PasswordBody>,
) -> Result<Reply, Problem> {
    exchange.reset_password(token.0, body.value.password).await?;
    Ok(Reply::no_content())
}

/// Changes your password
///
/// Your other sessions end, and you are told by mail. A password has at least 15 characters, beside a second factor 8, and
/// is none of those that are tried first; it need not hold digits or signs.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 204, description = "The password is changed.")))]
#[post("/me/password")]
pub(crate) async fn change_password(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<NewPasswordBody>,
) -> Result<Reply, Problem> {
    let NewPasswordBody { password, new_password } = body.value;
    exchange.change_password(caller.0, password, new_password).await?;
    Ok(Reply::no_content())
}

/// Asks for another mail address
///
/// A link goes to the new address and holds for a day; your account keeps its address until that link is used, and then
/// both addresses are told.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 204, description = "A link is on its way to the new address.")))]
#[post("/me/address")]
pub(crate) async fn ask_address_change(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<AddressBody>,
) -> Result<Reply, Problem> {
    let AddressBody { password, email } = body.value;
    exchange.ask_address_change(caller.0, password, email).await?;
    Ok(Reply::no_content())
}

/// Confirms a new mail address by a mailed link
///
/// The link works once; whoever holds it need not be signed in.
#[utoipa::path(tag = "session", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    responses((status = 204, description = "The account has the new address.")))]
#[post("/address-changes/{token}")]
pub(crate) async fn confirm_address(
    exchange: web::Data<Exchange>,
    token: Path<String>,
    _: NoBody,
) -> Result<Reply, Problem> {
    exchange
        .write(Credentials::Nobody, move |work| work.confirm_address(&token))
        .await?;
    Ok(Reply::no_content())
}
