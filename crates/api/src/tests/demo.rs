//! A small resource that uses every part of the foundation, as a handler does.

use actix_web::{HttpRequest, get, post, put, web};
use ahq_domain::refusal::Refusal;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::error::Error;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::caller::Bearer;
use crate::extract::{Json, NoBody, Path, Query};
use crate::page::{Page, default_limit};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// A thing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Thing)]
struct ThingView {
    id: i64,
    version: i64,
    name: String,
    shape: Option<Shape>,
    parts: Vec<PartView>,
    replay: Option<String>,
    body_hash: Option<String>,
    actions: Vec<&'static str>,
}

/// A part as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Part)]
struct PartView {
    id: i64,
    text: String,
}

/// What a thing is made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ThingBody {
    #[schema(min_length = 1)]
    name: String,
    #[serde(default)]
    size: i64,
    shape: Option<Shape>,
    #[serde(default)]
    parts: Vec<PartBody>,
}

/// A part as it comes in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartBody {
    text: String,
}

/// A shape.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Shape {
    Round { radius: i64 },
    Boxed(Sides),
    Flat,
}

/// The sides of a box.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Sides {
    width: i64,
}

/// A page of things.
#[derive(Debug, Serialize, ToSchema)]
struct ThingList {
    items: Vec<i64>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum StatusWord {
    Open,
    Closed,
}

#[derive(Debug, Deserialize, ToSchema)]
enum SortWord {
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct ListKeys {
    /// How many to give.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where the page begins.
    #[expect(dead_code, reason = "Page reads it; here it is documented and checked")]
    cursor: Option<String>,
    /// In which order.
    #[param(inline)]
    sort: Option<SortWord>,
    /// Only these.
    #[param(inline)]
    status: Option<Vec<StatusWord>>,
    /// Only drafts.
    draft: Option<bool>,
    /// Only with this title.
    title: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct DryRun {
    /// Say what would fail, change nothing.
    #[serde(default)]
    dry_run: bool,
}

fn thing(id: i64, name: String) -> ThingView {
    ThingView {
        id,
        version: 7,
        name,
        shape: None,
        parts: vec![PartView {
            id: 1,
            text: "p".to_owned(),
        }],
        replay: None,
        body_hash: None,
        actions: vec!["change"],
    }
}

/// Lists things.
#[utoipa::path(tag = "operation", params(ListKeys), responses((status = 200, description = "A page", body = ThingList)))]
#[get("/things")]
async fn list_things(keys: Query<ListKeys>, page: Page) -> Result<Reply, Problem> {
    let after = page.after::<i64>()?.unwrap_or(0);
    let known = (&keys.0.sort, &keys.0.status, keys.0.draft, &keys.0.title);
    tracing::debug!(?known, "filters");
    let items: Vec<i64> = (1..=3)
        .filter(|id| *id > after)
        .take(usize::try_from(keys.0.limit).unwrap())
        .collect();
    let next = items.last().filter(|last| **last < 3).copied();
    Ok(Reply::unversioned(&ThingList { items })?.link(page.link(next.as_ref())))
}

/// Gives a thing.
#[utoipa::path(
    tag = "operation",
    params(("id" = i64, Path, description = "Its id")),
    responses((status = 200, description = "The thing", body = ThingView)),
    security((), ("bearer" = [])),
)]
#[get("/things/{id}")]
async fn get_thing(_caller: Bearer, id: Path<i64>) -> Result<Reply, Problem> {
    if *id > 3 {
        return Err(Refusal::Hidden.into());
    }
    Ok(Reply::versioned(7, &thing(*id, "one".to_owned()))?)
}

/// Makes a thing.
#[utoipa::path(
    tag = "operation",
    params(DryRun, IdempotencyKey),
    responses((status = 201, description = "Made", body = ThingView)),
    security(("bearer" = [])),
)]
#[post("/things")]
async fn create_thing(_caller: Bearer, keys: Query<DryRun>, body: Json<ThingBody>) -> Result<Reply, Problem> {
    tracing::debug!(dry = keys.0.dry_run, size = body.value.size, "made");
    let mut view = thing(4, body.value.name);
    view.shape = body.value.shape;
    if let Some(key) = body.replay {
        view.replay = Some(format!("{} {} {}", key.key, key.method, key.path));
        view.body_hash = Some(hex::encode(key.body_hash));
    }
    Ok(Reply::from(Reply::created("/api/v1/things/4", 1, &view)?.keep()))
}

/// Changes a thing.
#[utoipa::path(
    tag = "operation",
    params(("id" = i64, Path, description = "Its id"), IfMatch),
    responses((status = 200, description = "Changed", body = ThingView)),
    security(("bearer" = [])),
)]
#[put("/things/{id}")]
async fn put_thing(_caller: Bearer, id: Path<i64>, version: IfMatch, body: Json<ThingBody>) -> Result<Reply, Problem> {
    if version.0 != 7 {
        return Err(Error::Stale { current: Some(7) }.into());
    }
    assert!(body.value.parts.iter().all(|part| part.text == "p"));
    Ok(Reply::versioned(8, &thing(*id, body.value.name))?)
}

/// Launches a thing.
#[utoipa::path(
    tag = "operation",
    params(("id" = i64, Path, description = "Its id"), IfMatch, IdempotencyKey),
    responses((status = 204, description = "Launched")),
)]
#[post("/things/{id}/launch")]
async fn launch_thing(_id: Path<i64>, _version: IfMatch, _body: NoBody) -> Result<Reply, Problem> {
    Ok(Reply::no_content())
}

/// The parts of the address of a part.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct PartPath {
    /// Id of the thing.
    id: i64,
    /// Number of the part.
    part: i64,
}

/// Gives a part of a thing.
#[utoipa::path(tag = "operation", params(PartPath), responses((status = 200, description = "The part", body = PartView)))]
#[get("/things/{id}/parts/{part}")]
async fn get_part(path: Path<PartPath>) -> Result<Reply, Problem> {
    let part = PartView {
        id: path.part,
        text: format!("of {}", path.id),
    };
    Ok(Reply::unversioned(&part)?)
}

/// Says who calls.
#[utoipa::path(tag = "operation", responses((status = 200, description = "Who", body = String)))]
#[get("/whoami")]
async fn who_am_i(caller: Bearer) -> Result<Reply, Problem> {
    let who = match caller.0 {
        Credentials::Nobody => "nobody",
        Credentials::Session { .. } => "session",
        Credentials::Token { .. } => "token",
        Credentials::Link { .. } => "link",
        Credentials::System => "system",
    };
    Ok(Reply::unkept(&who)?)
}

/// Fails.
#[utoipa::path(tag = "operation", responses((status = 200, description = "Never")))]
#[get("/broken")]
async fn break_down(_request: HttpRequest) -> Result<Reply, Problem> {
    Err(Error::Internal("a secret cause".to_owned()).into())
}

macro_rules! register {
    ($config:ident) => {
        $config
            .service(list_things)
            .service(get_thing)
            .service(create_thing)
            .service(put_thing)
            .service(launch_thing)
            .service(get_part)
            .service(who_am_i)
            .service(break_down);
    };
}

pub(super) fn described(config: &mut ServiceConfig<'_>) {
    register!(config);
}

pub(super) fn served(config: &mut web::ServiceConfig) {
    register!(config);
}
