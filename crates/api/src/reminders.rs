//! Reminders to offices that owe an answer.

mod view;

use actix_web::{get, post, web};
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;

use self::view::{RemindedView, RemindersView};
use crate::caller::Bearer;
use crate::extract::{NoBody, Path};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// Lists the reminders of a query
///
/// Those that were sent and those to come, by office: 5 and 1 working days before the deadline of that office, 1 after,
/// then four weekly ones, on working days from 08:00 Brussels time and only while it owes an answer. For the requesters,
/// the Commission and the service provider.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.")),
    responses((status = 200, description = "The reminders, by office and day.", body = RemindersView)))]
#[get("/queries/{query}/reminders")]
pub(crate) async fn list_reminders(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let items = work.list_reminders(&parse_reference(&query)?)?;
            Reply::unversioned(&RemindersView {
                items: items.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Sends an extra reminder
///
/// To every office that owes an answer, beside those that come by themselves; once a day. Outside of working hours it
/// leaves on the next working day. If-Match names the query.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IfMatch, IdempotencyKey),
    responses((status = 200, description = "Who is reminded.", body = RemindedView),
              (status = 409, description = "Nobody owes an answer, or one was sent today; the code says which.")))]
#[post("/queries/{query}/reminders")]
pub(crate) async fn send_reminder(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: NoBody,
) -> Result<Reply, Problem> {
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            let offices = work.remind_now(&parse_reference(&query)?, version.0)?;
            let view = RemindedView {
                offices: offices.iter().map(ToString::to_string).collect(),
            };
            Ok(Reply::unversioned(&view)?.keep())
        })
        .await?;
    Ok(reply.into())
}
