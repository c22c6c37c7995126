//! How the signed-in user wants mail.

mod view;

use actix_web::{get, put, web};
use ahq_exchange::work::Exchange;

use self::view::{NotificationsBody, NotificationsView};
use crate::caller::Bearer;
use crate::extract::Json;
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::reply::Reply;

/// Reads how you want mail
///
/// One digest a day unless you said otherwise. What your office has to do always goes to its functional mailbox too.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "Your settings.", body = NotificationsView)))]
#[get("/me/notifications")]
pub(crate) async fn read_notifications(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, |work| {
            let (version, wishes) = work.notifications()?;
            Reply::versioned(version, &NotificationsView::new(version, wishes))
        })
        .await?)
}

/// Changes how you want mail
///
/// How much, whether the weekly overview and the quarterly list come too, and when you are away: then no mail comes to you,
/// and your deputy gets at least as much as you would.
#[utoipa::path(tag = "session", params(IfMatch), security(("bearer" = [])),
    responses((status = 200, description = "Your settings.", body = NotificationsView)))]
#[put("/me/notifications")]
pub(crate) async fn change_notifications(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    version: IfMatch,
    body: Json<NotificationsBody>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .write(caller.0, move |work| {
            let (version, wishes) = work.change_notifications(version.0, body.value.into())?;
            Reply::versioned(version, &NotificationsView::new(version, wishes))
        })
        .await?)
}
