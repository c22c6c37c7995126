//! Offices and topics.

pub(crate) mod view;

use actix_web::{get, web};
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Refusal;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::work::Exchange;

use self::view::{OfficeView, OfficesView, TopicView, TopicsView};
use crate::caller::Bearer;
use crate::extract::Path;
use crate::problem::Problem;
use crate::reply::Reply;

/// Lists the offices
///
/// By code: contact points of members, observers and guests, past ones too, the Commission and the service provider.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    responses((status = 200, description = "The offices.", body = OfficesView)))]
#[get("/offices")]
pub(crate) async fn list_offices(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, |work| {
            let offices = work.list_offices()?;
            Reply::unversioned(&OfficesView {
                items: offices.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Reads an office
///
/// By its code; the aliases GR, GB and EC are understood.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU")),
    responses((status = 200, description = "The office.", body = OfficeView)))]
#[get("/offices/{code}")]
pub(crate) async fn read_office(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let code = code.parse::<OfficeCode>().map_err(|_| Refusal::Hidden)?;
            Reply::unversioned(&OfficeView::from(work.office_by_code(&code)?))
        })
        .await?)
}

/// Lists the topics
///
/// By name; for everybody.
#[utoipa::path(tag = "network", security(()),
    responses((status = 200, description = "The topics.", body = TopicsView)))]
#[get("/topics")]
pub(crate) async fn list_topics(exchange: web::Data<Exchange>) -> Result<Reply, Problem> {
    Ok(exchange
        .read(Credentials::Nobody, |work| {
            let topics = work.list_topics()?;
            Reply::unversioned(&TopicsView {
                items: topics
                    .into_iter()
                    .map(|topic| TopicView {
                        id: topic.id,
                        name: topic.name,
                    })
                    .collect(),
            })
        })
        .await?)
}
