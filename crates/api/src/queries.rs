//! Queries: drafted, launched, closed, extended, withdrawn, listed and read.

pub(crate) mod body;
pub(crate) mod list;
pub(crate) mod view;

use actix_web::{delete, get, post, put, web};
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Refusal;
use ahq_exchange::error::Error;
use ahq_exchange::queries::{QueryDetail, parse_reference};
use ahq_exchange::replay::KeptReply;
use ahq_exchange::work::Exchange;

use self::body::{ExtensionBody, JointBody, LaunchBody, QueryDraftBody, ReasonBody};
use self::list::{DryRunKeys, ExtensionPlanView, ExtensionReply, LaunchPlanView, LaunchReply, ListKeys, QueriesView};
use self::view::QueryView;
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, NoBody, Path, Query};
use crate::page::Page;
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

fn shown(detail: QueryDetail) -> Result<Reply, Error> {
    let view = QueryView::from(detail);
    Reply::versioned(view.version(), &view)
}

fn kept(detail: QueryDetail) -> Result<KeptReply, Error> {
    shown(detail).map(Reply::keep)
}

/// Lists the queries you may read
///
/// Drafts of your own office, and launched queries whose audience your office belongs to. Pages follow `Link:
/// rel="next"`; filters are joined by and.
#[utoipa::path(tag = "queries", params(ListKeys), security(("bearer" = [])),
    responses((status = 200, description = "A page of queries.", body = QueriesView)))]
#[get("/queries")]
pub(crate) async fn list_queries(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    keys: Query<ListKeys>,
    page: Page,
) -> Result<Reply, Problem> {
    let list = keys.0.parse(page.after()?)?;
    let found = exchange
        .read(caller.0, move |work| {
            let list = list.of(work.caller.party().map(|party| &party.office));
            work.list_queries(list)
        })
        .await?;
    let link = page.link(found.next.as_ref());
    Ok(Reply::unversioned(&QueriesView::from(found.items))?.link(link))
}

/// Begins a draft query of your office
///
/// Nothing is sent until it is launched. Everything but the title may be filled in later.
#[utoipa::path(tag = "queries", params(IdempotencyKey), security(("bearer" = [])),
    responses((status = 201, description = "The draft.", body = QueryView)))]
#[post("/queries")]
pub(crate) async fn create_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<QueryDraftBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let view = QueryView::from(work.create_query(value.into())?);
            let location = format!("{PREFIX}/queries/{}", view.id());
            Reply::created(location, view.version(), &view).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Reads a query by its id or number
///
/// A draft is read by its requesters' offices and those invited to ask jointly; a launched query by the requesters,
/// its audience, the Commission and the service provider.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.", example = "2026.81")),
    responses((status = 200, description = "The query.", body = QueryView)))]
#[get("/queries/{query}")]
pub(crate) async fn read_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| shown(work.query(&parse_reference(&query)?)?))
        .await?)
}

/// Replaces the content of a draft query
///
/// All requesters edit the draft. After launch the text is fixed.
#[utoipa::path(tag = "queries", params(("query" = String, Path, description = "Id or number of the query."), IfMatch), security(("bearer" = [])),
    responses((status = 200, description = "The changed draft.", body = QueryView)))]
#[put("/queries/{query}")]
pub(crate) async fn change_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: Json<QueryDraftBody>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .write(caller.0, move |work| {
            shown(work.change_query(&parse_reference(&query)?, version.0, body.value.into())?)
        })
        .await?)
}

/// Deletes a draft query
///
/// Only the lead deletes, and only before launch; a launched query is withdrawn instead.
#[utoipa::path(tag = "queries", params(("query" = String, Path, description = "Id of the query."), IfMatch), security(("bearer" = [])),
    responses((status = 204, description = "It is gone.")))]
#[delete("/queries/{query}")]
pub(crate) async fn delete_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
) -> Result<Reply, Problem> {
    exchange
        .write(caller.0, move |work| {
            work.delete_query(&parse_reference(&query)?, version.0)
        })
        .await?;
    Ok(Reply::no_content())
}

/// Launches a draft query
///
/// Gives the number, fixes the text, writes down addressees and audience, and tells every office asked. With
/// `dryRun=true` nothing happens: the reply says what a launch would write down, and what is worth a second look.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id of the query."), DryRunKeys, IfMatch, IdempotencyKey),
    responses((status = 200, description = "The launched query, or with dryRun the plan.", body = LaunchReply)))]
#[post("/queries/{query}/launch")]
pub(crate) async fn launch_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    keys: Query<DryRunKeys>,
    version: IfMatch,
    body: Json<LaunchBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let input = value.parse().map_err(Error::from)?;
    if keys.0.dry_run {
        let (plan, warnings) = exchange
            .read(caller.0, move |work| {
                work.preview_launch(&parse_reference(&query)?, &input)
            })
            .await?;
        return Ok(Reply::unkept(&LaunchPlanView::new(plan, warnings))?);
    }
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            kept(work.launch_query(&parse_reference(&query)?, version.0, &input)?)
        })
        .await?;
    Ok(reply.into())
}

/// Invites an office to ask jointly
///
/// It may read the draft from now on, and becomes a requester when it accepts, before launch.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id of the query."), IfMatch, IdempotencyKey),
    responses((status = 200, description = "The query with the invitation.", body = QueryView)))]
#[post("/queries/{query}/joint-offices")]
pub(crate) async fn invite_joint_office(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: Json<JointBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let office = value
        .office
        .parse::<OfficeCode>()
        .map_err(|fault| Error::from(Refusal::invalid("/office", "bad_office", fault.to_string())))?;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            kept(work.invite_joint(&parse_reference(&query)?, version.0, &office)?)
        })
        .await?;
    Ok(reply.into())
}

/// Accepts the invitation of your office to ask jointly
///
/// Only a coordinator accepts; from then on your office edits the draft and reads the requester circle.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id of the query."), IfMatch, IdempotencyKey),
    responses((status = 200, description = "The query, asked jointly.", body = QueryView)))]
#[post("/queries/{query}/joint-acceptance")]
pub(crate) async fn accept_joint_invitation(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: NoBody,
) -> Result<Reply, Problem> {
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            kept(work.accept_joint(&parse_reference(&query)?, version.0)?)
        })
        .await?;
    Ok(reply.into())
}

/// Closes an open query before its deadline
///
/// Responses are still taken, and are not late before the deadline.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IfMatch, IdempotencyKey),
    responses((status = 200, description = "The closed query.", body = QueryView)))]
#[post("/queries/{query}/closure")]
pub(crate) async fn close_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: Json<ReasonBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            kept(work.close_query(&parse_reference(&query)?, version.0, &value.reason)?)
        })
        .await?;
    Ok(reply.into())
}

/// Gives all a later deadline
///
/// With a reason; everyone asked is told. A closed query is open again. The new day is at least 2 and at most 60
/// working days ahead; a day that is not a working day moves to the next one. With `dryRun=true` nothing happens: the
/// reply says which deadline it would be, and whose holiday that is.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), DryRunKeys, IfMatch, IdempotencyKey),
    responses((status = 200, description = "The query with its new deadline, or with dryRun the plan.", body = ExtensionReply)))]
#[post("/queries/{query}/extensions")]
pub(crate) async fn extend_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    keys: Query<DryRunKeys>,
    version: IfMatch,
    body: Json<ExtensionBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    if keys.0.dry_run {
        let (planned, warnings) = exchange
            .read(caller.0, move |work| {
                work.preview_extension(&parse_reference(&query)?, value.deadline, &value.reason)
            })
            .await?;
        return Ok(Reply::unkept(&ExtensionPlanView::new(planned, warnings))?);
    }
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let reference = parse_reference(&query)?;
            kept(work.extend_query(&reference, version.0, value.deadline, &value.reason)?)
        })
        .await?;
    Ok(reply.into())
}

/// Withdraws a query
///
/// With a reason, from open, closed or compiled; everyone asked is told. It stays readable and takes no responses.
#[utoipa::path(tag = "queries", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IfMatch, IdempotencyKey),
    responses((status = 200, description = "The withdrawn query.", body = QueryView)))]
#[post("/queries/{query}/withdrawal")]
pub(crate) async fn withdraw_query(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: Json<ReasonBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            kept(work.withdraw_query(&parse_reference(&query)?, version.0, &value.reason)?)
        })
        .await?;
    Ok(reply.into())
}
