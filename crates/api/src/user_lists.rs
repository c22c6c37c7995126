//! The users that an office confirms once a year.

mod view;

use actix_web::{get, post, web};
use ahq_exchange::error::Error;
use ahq_exchange::user_lists::UserListDetail;
use ahq_exchange::work::Exchange;

use self::view::{UserListView, UserListsView};
use crate::caller::Bearer;
use crate::extract::{NoBody, Path, office};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

fn shown(detail: UserListDetail) -> Result<Reply, Error> {
    let view = UserListView::from(detail);
    Reply::versioned(view.version(), &view)
}

/// Reads whom your office gives access, as it confirms it
///
/// Its users that are invited or active, each with the day they used their account last; when the list was confirmed, and by
/// when it is to be confirmed again: a year later. From that day on the office is asked at its functional mailbox, and every
/// thirty days again. The service provider reads those of every office.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU")),
    responses((status = 200, description = "The list.", body = UserListView)))]
#[get("/offices/{code}/user-list")]
pub(crate) async fn read_user_list(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    Ok(exchange
        .read(caller.0, move |work| shown(work.user_list(&office)?))
        .await?)
}

/// Confirms the users of your office
///
/// For its coordinators: all who are listed still need their account, with the role they have. Disable whoever does not
/// first. The version in `If-Match` is that of the list: it is stale once a user was invited, changed or disabled since.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU"), IfMatch, IdempotencyKey),
    responses((status = 200, description = "The confirmed list.", body = UserListView)))]
#[post("/offices/{code}/user-list/confirmation")]
pub(crate) async fn confirm_user_list(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
    version: IfMatch,
    body: NoBody,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            shown(work.confirm_user_list(&office, version.0)?).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Lists where the offices stand with confirming their users
///
/// For the service provider's coordinators: each office that has users, the one that has been due for longest first.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    responses((status = 200, description = "The offices.", body = UserListsView)))]
#[get("/user-lists")]
pub(crate) async fn list_user_lists(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            Reply::unversioned(&UserListsView::from(work.list_user_lists()?))
        })
        .await?)
}
