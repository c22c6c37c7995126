//! Users of an office, and the invitations they accept.

pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::{get, post, put, web};
use ahq_domain::user::User;
use ahq_exchange::error::Error;
use ahq_exchange::work::{Exchange, Work};
use serde::Deserialize;
use utoipa::IntoParams;

use self::view::{InviteBody, PasswordBody, ResetBody, UserBody, UserView, UsersView};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, NoBody, Path, office};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// The parts of the address of a user.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct UserPath {
    /// Code of the office.
    #[param(example = "LU")]
    code: String,
    /// Id of the user.
    user: String,
}

fn view(work: &mut Work<'_>, user: User) -> Result<UserView, Error> {
    let actions = work.user_actions(&user)?;
    Ok(UserView::new(user, &actions))
}

fn shown(work: &mut Work<'_>, user: User) -> Result<Reply, Error> {
    let view = view(work, user)?;
    Reply::versioned(view.version(), &view)
}

/// Lists the users of your office
///
/// By name. The service provider reads those of every office.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU")),
    responses((status = 200, description = "The users.", body = UsersView)))]
#[get("/offices/{code}/users")]
pub(crate) async fn list_users(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    Ok(exchange
        .read(caller.0, move |work| {
            let users = work.list_users(&office)?;
            let view = |user: &User| UserView::new(user.clone(), &work.user_actions_among(user, &users));
            Reply::unversioned(&UsersView {
                items: users.iter().map(view).collect(),
            })
        })
        .await?)
}

/// Invites somebody to an account in your office
///
/// They get a link that holds for seven days, and set their password there. Nobody grants a role above their own;
/// the service provider invites another office's first coordinator only.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU"), IdempotencyKey),
    responses((status = 201, description = "The invited user.", body = UserView)))]
#[post("/offices/{code}/users")]
pub(crate) async fn invite_user(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
    body: Json<InviteBody>,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let user = work.invite_user(&office, &value.into())?;
            let view = view(work, user)?;
            let location = format!("{PREFIX}/offices/{office}/users/{}", view.id());
            Reply::created(location, view.version(), &view).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Reads a user of your office
///
/// The service provider reads those of every office.
#[utoipa::path(tag = "network", params(UserPath), security(("bearer" = [])),
    responses((status = 200, description = "The user.", body = UserView)))]
#[get("/offices/{code}/users/{user}")]
pub(crate) async fn read_user(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<UserPath>,
) -> Result<Reply, Problem> {
    let office = office(&path.code)?;
    Ok(exchange
        .read(caller.0, move |work| {
            let user = work.user(&office, &path.user)?;
            shown(work, user)
        })
        .await?)
}

/// Changes a user of your office
///
/// Name, roles, and whether the account is disabled: then every session and every token of theirs ends with its next
/// request. An office keeps at least one coordinator.
#[utoipa::path(tag = "network", params(UserPath, IfMatch), security(("bearer" = [])),
    responses((status = 200, description = "The changed user.", body = UserView)))]
#[put("/offices/{code}/users/{user}")]
pub(crate) async fn change_user(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<UserPath>,
    version: IfMatch,
    body: Json<UserBody>,
) -> Result<Reply, Problem> {
    let office = office(&path.code)?;
    Ok(exchange
        .write(caller.0, move |work| {
            let user = work.change_user(&office, &path.user, version.0, body.value.into())?;
            shown(work, user)
        })
        .await?)
}

/// Invites a user again
///
/// For one whose invitation was lost or is past its seven days; the link before is good no more.
#[utoipa::path(tag = "network", params(UserPath, IdempotencyKey), security(("bearer" = [])),
    responses((status = 200, description = "The invited user.", body = UserView)))]
#[post("/offices/{code}/users/{user}/invitation")]
pub(crate) async fn renew_invitation(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<UserPath>,
    body: NoBody,
) -> Result<Reply, Problem> {
    let office = office(&path.code)?;
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            let user = work.renew_invitation(&office, &path.user)?;
            shown(work, user).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Resets the account of a user by a written order
///
/// For the service provider, when somebody of an office can no longer sign in. Every session and token ends, identities of
/// providers open the account no longer, the second factor is taken away where the order says so, and a link to a new
/// password is mailed to the address of the account. The order is named to the office at its functional mailbox and to each
/// of its users.
#[utoipa::path(tag = "network", params(UserPath, IdempotencyKey), security(("bearer" = [])),
    responses((status = 200, description = "The user.", body = UserView)))]
#[post("/offices/{code}/users/{user}/reset")]
pub(crate) async fn reset_user(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<UserPath>,
    body: Json<ResetBody>,
) -> Result<Reply, Problem> {
    let office = office(&path.code)?;
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let user = work.reset_user(&office, &path.user, &value.order, value.second_factor)?;
            shown(work, user).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Reads whom an invitation is for
///
/// Until it is accepted or its seven days are over.
#[utoipa::path(tag = "session", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    responses((status = 200, description = "Whom it is for.", body = UserView)))]
#[get("/invitations/{token}")]
pub(crate) async fn read_invitation(exchange: web::Data<Exchange>, token: Path<String>) -> Result<Reply, Problem> {
    Ok(exchange
        .read(ahq_exchange::credentials::Credentials::Nobody, move |work| {
            Reply::unkept(&UserView::new(work.invitation(&token)?, &["accept"]))
        })
        .await?)
}

/// Accepts an invitation
///
/// Sets the password; the account is active and can sign in.
#[utoipa::path(tag = "session", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    responses((status = 201, description = "The active user.", body = UserView)))]
#[post("/invitations/{token}")]
pub(crate) async fn accept_invitation(
    exchange: web::Data<Exchange>,
    token: Path<String>,
    body: Json<PasswordBody>,
) -> Result<Reply, Problem> {
    let user = exchange.accept_invitation(token.0, body.value.password).await?;
    Ok(Reply::unkept(&UserView::new(user, &[]))?.status(StatusCode::CREATED))
}
