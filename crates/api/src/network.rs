//! Offices, topics and calendars.

pub(crate) mod view;

use actix_web::{get, web};
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Refusal;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::error::Error;
use ahq_exchange::work::Exchange;

use self::view::{
    HolidayView, HolidaysKeys, HolidaysView, OfficeView, OfficesView, TopicView, TopicsView, WorkingDaysKeys,
    WorkingDaysView,
};
use crate::caller::Bearer;
use crate::extract::{Path, Query};
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

/// Lists holidays
///
/// Of an office, or of all, in a year.
#[utoipa::path(tag = "network", params(HolidaysKeys), security(("bearer" = [])),
    responses((status = 200, description = "The holidays.", body = HolidaysView)))]
#[get("/calendar/holidays")]
pub(crate) async fn list_holidays(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    keys: Query<HolidaysKeys>,
) -> Result<Reply, Problem> {
    let office = office(keys.0.office)?;
    Ok(exchange
        .read(caller.0, move |work| {
            let days = work.list_holidays(office.as_ref(), keys.0.year)?;
            Reply::unversioned(&HolidaysView {
                items: days
                    .into_iter()
                    .map(|(office, date, name)| HolidayView {
                        office: office.to_string(),
                        date,
                        name,
                    })
                    .collect(),
            })
        })
        .await?)
}

fn office(code: Option<String>) -> Result<Option<OfficeCode>, Error> {
    code.map(|code| code.parse::<OfficeCode>())
        .transpose()
        .map_err(|fault| Refusal::invalid("/query/office", "bad_office", fault.to_string()).into())
}

/// Counts working days
///
/// Either which day lies so many working days from a day, or how many lie between two days, in the calendar of an
/// office: the Commission's, by which deadlines are counted, unless another is named. The first day is not counted
/// (Regulation (EEC, Euratom) No 1182/71, Article 3). Each skipped day is named with its reason.
#[utoipa::path(tag = "network", params(WorkingDaysKeys), security(("bearer" = [])),
    responses((status = 200, description = "The count.", body = WorkingDaysView)))]
#[get("/calendar/working-days")]
pub(crate) async fn count_working_days(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    keys: Query<WorkingDaysKeys>,
) -> Result<Reply, Problem> {
    let WorkingDaysKeys {
        from,
        to,
        days,
        office: code,
    } = keys.0;
    let office = office(code)?.unwrap_or_else(OfficeCode::commission);
    Ok(exchange
        .read(caller.0, move |work| {
            let calendars = work.calendars(std::slice::from_ref(&office))?;
            let calendar = calendars.get(&office).map_err(|error| error.at("/query/office"))?;
            let (to, days, skipped) = match (to, days) {
                (Some(to), None) => {
                    let counted = calendar.working_days_between_explained(from, to);
                    let (days, skipped) = counted.map_err(|error| error.at("/query/to"))?;
                    (to, days, skipped)
                }
                (None, Some(days)) => {
                    let counted = calendar.add_working_days_explained(from, days);
                    let (to, skipped) = counted.map_err(|error| error.at("/query/days"))?;
                    (to, days, skipped)
                }
                _ => {
                    let detail = "name either to or days, not both and not neither";
                    return Err(Refusal::invalid("/query/days", "wrong_number", detail).into());
                }
            };
            Reply::unversioned(&WorkingDaysView {
                office: office.to_string(),
                from,
                to,
                days,
                skipped: skipped.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}
