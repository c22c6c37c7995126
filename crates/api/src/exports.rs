//! Exports: many editions in one file, made in the background.

mod package;
pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, get, post, web};
use ahq_domain::id::ExportId;
use ahq_domain::refusal::Refusal;
use ahq_exchange::error::Error;
use ahq_exchange::work::Exchange;

use self::view::{ExportBody, ExportView};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::editions::File;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

fn parse_id(id: &str) -> Result<ExportId, Error> {
    id.parse().map_err(|_| Refusal::Hidden.into())
}

/// Asks for many editions in one file
///
/// Every edition from a date on, by topic or from a list of queries, each in the fullest view that you may read or in a
/// narrower one. Their documents are made in the background: read the export to see how far they are, then download its
/// file. It is kept for seven days. Imported queries have no editions made here.
#[utoipa::path(tag = "compilations", params(IdempotencyKey), security(("bearer" = [])),
    responses((status = 201, description = "The export, its documents still to be made.", body = ExportView)))]
#[post("/exports")]
pub(crate) async fn ask_export(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    body: Json<ExportBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let view = ExportView::from(work.ask_export(value.into())?);
            let location = format!("{PREFIX}/exports/{}", view.id());
            let reply = Reply::unversioned(&view)?;
            Ok(reply.status(StatusCode::CREATED).location(location).keep())
        })
        .await?;
    Ok(reply.into())
}

/// Reads how far an export is
///
/// Only who asked for it finds it.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("export" = String, Path, description = "Id of the export.")),
    responses((status = 200, description = "The export.", body = ExportView)))]
#[get("/exports/{export}")]
pub(crate) async fn read_export(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    export: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            Reply::unversioned(&ExportView::from(work.export(parse_id(&export)?)?))
        })
        .await?)
}

/// Downloads the file of an export
///
/// A ZIP of its documents with an index as page and as CSV. What you may no longer read, and what was replaced since, is
/// left out; the index says so.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("export" = String, Path, description = "Id of the export.")),
    responses((status = 200, description = "The file.", content_type = "application/zip", body = inline(File)),
              (status = 409, description = "Its documents are still being made.")))]
#[get("/exports/{export}/file")]
pub(crate) async fn download_export(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    export: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (download, now) = exchange
        .read(caller.0, move |work| {
            Ok((work.download_export(parse_id(&export)?)?, work.now))
        })
        .await?;
    let name = format!("attachment; filename=\"EMN_AHQ_export_{}.zip\"", now.format("%Y-%m-%d"));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(package::stream(exchange.get_ref().clone(), download, now)))
}
