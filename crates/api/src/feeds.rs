//! Feeds: deadlines of an office as a calendar at a secret address, published queries for everybody.

pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use ahq_exchange::credentials::Credentials;
use ahq_exchange::work::Exchange;
use serde::Deserialize;
use utoipa::IntoParams;

use self::view::{CalendarFeedView, CalendarFeedsView, FeedKeys};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{NoBody, Path, Query, office};
use crate::problem::Problem;
use crate::reply::{Reply, content_tag, open};

/// What ends the address of a calendar, by which programs know what it is.
const CALENDAR: &str = ".ics";

/// The parts of the address of a calendar feed.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct FeedPath {
    /// Code of the office.
    #[param(example = "LU")]
    code: String,
    /// Id of the address.
    feed: String,
}

/// Lists the secret addresses of your office's calendar feed
///
/// Who made each, when, and when it was read last; the secrets are not kept and not shown again.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU")),
    responses((status = 200, description = "The addresses.", body = CalendarFeedsView)))]
#[get("/offices/{code}/calendar-feeds")]
pub(crate) async fn list_calendar_feeds(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    Ok(exchange
        .read(caller.0, move |work| {
            Reply::unversioned(&CalendarFeedsView {
                items: work.list_feeds(&office)?.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Makes a secret address of your office's calendar feed
///
/// Whoever has it reads the deadlines of your office with any calendar program, until it is revoked. It is shown this
/// once, so the reply is not kept for an Idempotency-Key.
#[utoipa::path(tag = "network", security(("bearer" = [])),
    params(("code" = String, Path, description = "Code of the office.", example = "LU")),
    responses((status = 201, description = "The address.", body = CalendarFeedView)))]
#[post("/offices/{code}/calendar-feeds")]
pub(crate) async fn make_calendar_feed(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    code: Path<String>,
    _body: NoBody,
) -> Result<Reply, Problem> {
    let office = office(&code)?;
    Ok(exchange
        .write(caller.0, move |work| {
            let (made, secret) = work.make_feed(&office)?;
            let address = format!("{}{PREFIX}/feeds/deadlines/{secret}{CALENDAR}", work.public_address());
            let view = CalendarFeedView::from(made).at(address);
            let location = format!("{PREFIX}/offices/{office}/calendar-feeds/{}", view.id());
            Ok(Reply::unkept(&view)?.status(StatusCode::CREATED).location(location))
        })
        .await?)
}

/// Revokes a secret address of your office's calendar feed
///
/// From now on there is nothing behind it. It never changed, so no If-Match is needed.
#[utoipa::path(tag = "network", params(FeedPath), security(("bearer" = [])),
    responses((status = 204, description = "It is revoked.")))]
#[delete("/offices/{code}/calendar-feeds/{feed}")]
pub(crate) async fn revoke_calendar_feed(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<FeedPath>,
) -> Result<Reply, Problem> {
    let office = office(&path.code)?;
    exchange
        .write(caller.0, move |work| work.revoke_feed(&office, &path.feed))
        .await?;
    Ok(Reply::no_content())
}

/// Reads the deadlines of an office as a calendar
///
/// For whoever has the address, without signing in: open queries that ask the office or that it leads, closed ones it has
/// not answered, and for 30 days those that were withdrawn. No answer is in it.
#[utoipa::path(tag = "archive", security(()),
    params(("secret" = String, Path, description = "The secret of the address, with `.ics` after it.")),
    responses((status = 200, description = "The calendar (RFC 5545).", content_type = "text/calendar", body = String,
        headers(("Access-Control-Allow-Origin" = String, description = "Any origin: `*`")))))]
#[get("/feeds/deadlines/{secret}")]
pub(crate) async fn read_deadline_feed(
    exchange: web::Data<Exchange>,
    request: HttpRequest,
    secret: Path<String>,
) -> Result<HttpResponse, Problem> {
    let secret = secret.strip_suffix(CALENDAR).ok_or_else(Problem::not_found)?.to_owned();
    let calendar = exchange.deadline_feed(secret).await?;
    let etag = content_tag(calendar.as_bytes());
    let media_type = "text/calendar; charset=utf-8";
    Ok(open(
        &request,
        media_type,
        &etag,
        "private, no-cache",
        Bytes::from(calendar),
    ))
}

/// Reads the newest published queries as a feed
///
/// For everybody, without an account: at most 50, the newest publication first, of all topics or of one.
#[utoipa::path(tag = "archive", params(FeedKeys), security(()),
    responses((status = 200, description = "The feed (RFC 4287).", content_type = "application/atom+xml", body = String,
        headers(("Access-Control-Allow-Origin" = String, description = "Any origin: `*`")))))]
#[get("/feeds/queries.atom")]
pub(crate) async fn read_query_feed(
    exchange: web::Data<Exchange>,
    request: HttpRequest,
    keys: Query<FeedKeys>,
) -> Result<HttpResponse, Problem> {
    let topic = keys.0.topic;
    let feed = exchange
        .read(Credentials::Nobody, move |work| {
            let all = format!("{}{PREFIX}/feeds/queries.atom", work.public_address());
            let address = topic
                .as_ref()
                .map_or_else(|| all.clone(), |topic| format!("{all}?topic={topic}"));
            work.published_feed(topic.as_deref(), &address)
        })
        .await?;
    let etag = content_tag(feed.as_bytes());
    let media_type = "application/atom+xml; charset=utf-8";
    Ok(open(&request, media_type, &etag, "public, no-cache", Bytes::from(feed)))
}
