//! Calendars: holidays and the calculator of working days.

pub(crate) mod view;

use actix_web::{get, put, web};
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::{Faults, Refusal};
use ahq_exchange::calendar::YearDetail;
use ahq_exchange::error::Error;
use ahq_exchange::work::Exchange;
use serde::Deserialize;
use utoipa::IntoParams;

use self::view::{HolidayView, HolidaysKeys, HolidaysView, WorkingDaysKeys, WorkingDaysView, YearBody, YearView};
use crate::caller::Bearer;
use crate::extract::{Json, Path, Query};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::reply::Reply;

/// The parts of the address of a year's holidays.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct YearPath {
    /// Code of the office.
    #[param(example = "LU")]
    office: String,
    /// The year.
    #[param(example = 2027)]
    year: i32,
}

impl YearPath {
    fn office(&self) -> Result<OfficeCode, Error> {
        self.office.parse().map_err(|_| Refusal::Hidden.into())
    }
}

fn shown(year: YearDetail) -> Result<Reply, Error> {
    let view = YearView::from(year);
    Reply::versioned(view.version(), &view)
}

/// The offices of a query key, every wrong code named.
fn offices(codes: Vec<String>) -> Result<Vec<OfficeCode>, Error> {
    let (mut known, mut faults) = (Vec::new(), Faults::new());
    for code in codes {
        match code.parse() {
            Ok(office) => known.push(office),
            Err(fault) => faults.add("/query/office", "bad_office", format!("{code}: {fault}")),
        }
    }
    Ok(faults.or(known)?)
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
    let office = offices(keys.0.office.into_iter().collect())?.pop();
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

/// Reads the holidays of one office in one year
///
/// None where there are no data: working days of such a year are not counted.
#[utoipa::path(tag = "network", params(YearPath), security(("bearer" = [])),
    responses((status = 200, description = "The holidays.", body = YearView)))]
#[get("/calendar/holidays/{office}/{year}")]
pub(crate) async fn read_holidays(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<YearPath>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    Ok(exchange
        .read(caller.0, move |work| shown(work.holidays_of_year(&office, path.year)?))
        .await?)
}

/// Replaces the holidays of one office in one year
///
/// For the service provider. No deadline moves: the requesters of running queries with a deadline on a day that became
/// a holiday are told by mail.
#[utoipa::path(tag = "network", params(YearPath, IfMatch), security(("bearer" = [])),
    responses((status = 200, description = "The holidays.", body = YearView)))]
#[put("/calendar/holidays/{office}/{year}")]
pub(crate) async fn replace_holidays(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<YearPath>,
    version: IfMatch,
    body: Json<YearBody>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    Ok(exchange
        .write(caller.0, move |work| {
            shown(work.replace_holidays(&office, path.year, version.0, body.value.into_days())?)
        })
        .await?)
}

/// Counts working days
///
/// Either which day lies so many working days from a day, or how many lie between two days, in the calendars of one or
/// more offices beside one another: in the Commission's, by which deadlines are counted, unless others are named. The
/// first day is not counted (Regulation (EEC, Euratom) No 1182/71, Article 3). Each skipped day is named with its reason.
#[utoipa::path(tag = "network", params(WorkingDaysKeys), security(("bearer" = [])),
    responses((status = 200, description = "The count.", body = WorkingDaysView)))]
#[get("/calendar/working-days")]
pub(crate) async fn count_working_days(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    keys: Query<WorkingDaysKeys>,
) -> Result<Reply, Problem> {
    let WorkingDaysKeys { from, to, days, office } = keys.0;
    let offices = match office {
        Some(codes) => offices(codes)?,
        None => vec![OfficeCode::commission()],
    };
    Ok(exchange
        .read(caller.0, move |work| {
            let counted = work.count_working_days(&offices, from, to, days)?;
            Reply::unversioned(&WorkingDaysView {
                from,
                items: counted.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}
