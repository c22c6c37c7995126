//! Editions: the live compilation, frozen snapshots, their documents, and publication.

pub(crate) mod printed;
pub(crate) mod view;

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use ahq_domain::dissemination::Circle;
use ahq_exchange::editions::{Format, Order};
use ahq_exchange::error::Error;
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;
use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use self::view::{Compilation, EditionDocument, EditionEntry, EditionsView, PublicationBody};
use crate::Api;
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, NoBody, Path, Query};
use crate::page::Page;
use crate::precondition::IfMatch;
use crate::problem::{Kind, Problem};
use crate::queries::list::{PublicListKeys, PublicQueriesView};
use crate::queries::view::QueryView;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;
use crate::words::CircleWord;

/// A file, byte by byte.
pub(crate) struct File;

impl PartialSchema for File {
    fn schema() -> RefOr<Schema> {
        let bytes = SchemaFormat::KnownFormat(KnownFormat::Binary);
        let bytes = ObjectBuilder::new().schema_type(Type::String).format(Some(bytes));
        bytes.description(Some("A file, byte by byte.")).into()
    }
}

impl ToSchema for File {}

/// The format of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Format)]
pub(crate) enum FormatWord {
    /// One printable page.
    Html,
    /// Pages: tagged PDF/UA-1 and PDF/A-2a.
    Pdf,
    /// Data.
    Json,
    /// One row for each country and question.
    Csv,
    /// A document for Word.
    Docx,
    /// A workbook for Excel.
    Xlsx,
}

impl From<FormatWord> for Format {
    fn from(word: FormatWord) -> Self {
        match word {
            FormatWord::Html => Self::Html,
            FormatWord::Pdf => Self::Pdf,
            FormatWord::Json => Self::Json,
            FormatWord::Csv => Self::Csv,
            FormatWord::Docx => Self::Docx,
            FormatWord::Xlsx => Self::Xlsx,
        }
    }
}

/// In which order the responses stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Order)]
pub(crate) enum OrderWord {
    /// One row for each country.
    Country,
    /// One table for each question.
    Question,
}

impl From<OrderWord> for Order {
    fn from(word: OrderWord) -> Self {
        match word {
            OrderWord::Country => Self::Country,
            OrderWord::Question => Self::Question,
        }
    }
}

/// Which view, as which document.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EditionKeys {
    /// The format; where it is left out, `Accept` decides, and JSON is given in doubt.
    #[param(inline)]
    format: Option<FormatWord>,
    /// In which order the responses stand; by country where it is left out.
    #[param(inline)]
    order: Option<OrderWord>,
    /// Whether CSV begins with a byte order mark, by which spreadsheets know UTF-8; it does where this is left out.
    byte_order_mark: Option<bool>,
    /// Whose view; the fullest you may read where it is left out.
    #[param(inline)]
    circle: Option<CircleWord>,
}

/// How an edition is told.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MakeKeys {
    /// Whether a later edition is mailed to the network at once, not in the digests.
    #[serde(default)]
    important: bool,
}

/// As which document.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DocumentKeys {
    /// The format; where it is left out, `Accept` decides, and JSON is given in doubt.
    #[param(inline)]
    format: Option<FormatWord>,
    /// In which order the responses stand; by country where it is left out.
    #[param(inline)]
    order: Option<OrderWord>,
    /// Whether CSV begins with a byte order mark, by which spreadsheets know UTF-8; it does where this is left out.
    byte_order_mark: Option<bool>,
}

/// The parts of the address of an edition.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct EditionPath {
    /// Id or number of the query.
    #[param(example = "2026.81")]
    query: String,
    /// Number of the edition.
    #[param(example = 1)]
    number: i32,
}

/// What `Accept` asks for, by the order of its weights (RFC 9110, section 12.5.1).
///
/// # Errors
/// `not_acceptable` when none of the formats is among it.
fn accepted(request: &HttpRequest) -> Result<Format, Problem> {
    let values = request
        .headers()
        .get_all(ACCEPT)
        .filter_map(|value| value.to_str().ok());
    let mut ranges: Vec<(String, f32)> = values
        .flat_map(|value| value.split(','))
        .map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .and_then(|weight| weight.parse().ok())
                .unwrap_or(1.0);
            (name, weight)
        })
        .filter(|(name, weight)| !name.is_empty() && *weight > 0.0)
        .collect();
    if ranges.is_empty() {
        return Ok(Format::Json);
    }
    ranges.sort_by(|one, other| other.1.total_cmp(&one.1));
    ranges
        .iter()
        .find_map(|(name, _)| match name.as_str() {
            "*/*" | "application/*" => Some(Format::Json),
            "text/*" => Some(Format::Html),
            name => Format::ALL.into_iter().find(|format| media_type(*format) == name),
        })
        .ok_or_else(|| {
            let given = Format::ALL.map(media_type).join(", ");
            Problem::new(Kind::NotAcceptable, format!("Editions are given as {given}."))
        })
}

/// Its media type without parameters.
fn media_type(format: Format) -> &'static str {
    let whole = format.media_type();
    whole.split_once(';').map_or(whole, |(name, _)| name)
}

fn wanted(
    request: &HttpRequest,
    format: Option<FormatWord>,
    order: Option<OrderWord>,
    mark: Option<bool>,
) -> Result<(Format, Order), Problem> {
    let format = match format {
        Some(word) => word.into(),
        None => accepted(request)?,
    };
    let format = if format == Format::Csv && mark == Some(false) {
        Format::CsvWithoutMark
    } else {
        format
    };
    Ok((format, order.map_or(Order::default(), Order::from)))
}

/// A view that was replaced names the edition in its place (RFC 5829: `successor-version`).
fn replaced(error: Error, editions: &str) -> Problem {
    match error {
        Error::Replaced { by } => Problem::from(error).link(&format!("{editions}/{by}"), "successor-version"),
        other => other.into(),
    }
}

/// Reads the live compilation
///
/// All submitted answers of this moment with the comparison of the typed questions, before any edition; for the
/// requesters and the Commission.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.", example = "2026.81")),
    responses((status = 200, description = "The live compilation.", body = Compilation),
              (status = 409, description = "A draft, which has no answers to compare.")))]
#[get("/queries/{query}/comparison")]
pub(crate) async fn read_comparison(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            Reply::unversioned(&work.live_compilation(&parse_reference(&query)?)?)
        })
        .await?)
}

/// Lists the editions of a query
///
/// The newest first, each with the views you may read and whether a response has changed since.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.", example = "2026.81")),
    responses((status = 200, description = "The editions.", body = EditionsView)))]
#[get("/queries/{query}/editions")]
pub(crate) async fn list_editions(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let items = work.list_editions(&parse_reference(&query)?)?;
            Reply::unversioned(&EditionsView {
                items: items.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Makes the next edition
///
/// Freezes the submitted versions of this moment, with a view for each circle. From the deadline on, or as soon as
/// every expected office has answered or declined; by the lead, or ten working days after the deadline by the
/// service provider. If-Match names the query. Once the compilation was mailed, a later edition is told in the digests;
/// an important one is mailed at once.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), MakeKeys, IfMatch, IdempotencyKey),
    responses((status = 201, description = "The edition.", body = EditionEntry)))]
#[post("/queries/{query}/editions")]
pub(crate) async fn make_edition(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    keys: Query<MakeKeys>,
    version: IfMatch,
    body: NoBody,
) -> Result<Reply, Problem> {
    let important = keys.0.important;
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            let made = work.make_edition(&parse_reference(&query)?, version.0, important)?;
            let entry = EditionEntry::from(made);
            let location = format!("{PREFIX}/queries/{}/editions/{}", query.0, entry.number());
            let status = actix_web::http::StatusCode::CREATED;
            Ok(Reply::unversioned(&entry)?.status(status).location(location).keep())
        })
        .await?;
    Ok(reply.into())
}

/// Reads an edition
///
/// As a document, in the view asked for or else the fullest you may read. A view that became too wide after an
/// answer was narrowed answers 410 and names the edition in its place.
#[utoipa::path(tag = "compilations", params(EditionPath, EditionKeys), security(("bearer" = [])),
    responses((status = 200, description = "The edition.", content(
        (EditionDocument = "application/json"), (String = "text/html"), (String = "text/csv"),
        (File = "application/pdf"),
        (File = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (File = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 409, description = "Longer than this format is made; the detail names those that take it."),
        (status = 410, description = "Replaced by another edition.")))]
#[get("/queries/{query}/editions/{number}")]
pub(crate) async fn read_edition(
    exchange: web::Data<Exchange>,
    request: HttpRequest,
    caller: Bearer,
    path: Path<EditionPath>,
    keys: Query<EditionKeys>,
) -> Result<HttpResponse, Problem> {
    let (format, order) = wanted(&request, keys.0.format, keys.0.order, keys.0.byte_order_mark)?;
    let circle = keys.0.circle.map(Circle::from);
    let editions = format!("{PREFIX}/queries/{}/editions", path.query);
    let view = exchange
        .read(caller.0, move |work| {
            work.edition(&parse_reference(&path.query)?, path.number, circle)
        })
        .await
        .map_err(|error| replaced(error, &editions))?;
    let document = Api::of(&request)?.printed().of(&exchange, view, format, order).await?;
    Ok(document.reply(&request))
}

/// Announces the publication of an edition
///
/// Its public view becomes public some working days later, so that the respondents, who are told now, can still
/// narrow their answers. If-Match names the query.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IfMatch, IdempotencyKey),
    responses((status = 200, description = "The query with its announced publication.", body = QueryView),
              (status = 410, description = "The edition was replaced by another one.")))]
#[post("/queries/{query}/publication")]
pub(crate) async fn publish_edition(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
    body: Json<PublicationBody>,
) -> Result<Reply, Problem> {
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let reference = parse_reference(&query)?;
            work.publish(&reference, version.0, value.edition)?;
            let view = QueryView::from(work.query(&reference)?);
            Reply::versioned(view.version(), &view).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Takes a publication, or its announcement, back
///
/// The query is compiled again, and nothing of it is public any more.
#[utoipa::path(tag = "compilations", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query."), IfMatch),
    responses((status = 200, description = "The query.", body = QueryView)))]
#[delete("/queries/{query}/publication")]
pub(crate) async fn unpublish_edition(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
    version: IfMatch,
) -> Result<Reply, Problem> {
    Ok(exchange
        .write(caller.0, move |work| {
            let reference = parse_reference(&query)?;
            work.unpublish(&reference, version.0)?;
            let view = QueryView::from(work.query(&reference)?);
            Reply::versioned(view.version(), &view)
        })
        .await?)
}

/// Lists the published queries
///
/// For everybody, without an account. Pages follow `Link: rel="next"`.
#[utoipa::path(tag = "archive", params(PublicListKeys), security(()),
    responses((status = 200, description = "A page of published queries.", body = PublicQueriesView)))]
#[get("/public/queries")]
pub(crate) async fn list_public_queries(
    exchange: web::Data<Exchange>,
    keys: Query<PublicListKeys>,
    page: Page,
) -> Result<Reply, Problem> {
    let list = keys.0.parse(page.after()?)?;
    let nobody = ahq_exchange::credentials::Credentials::Nobody;
    let found = exchange
        .read(nobody, move |work| work.list_public_queries(list))
        .await?;
    let link = page.link(found.next.as_ref());
    Ok(Reply::unversioned(&PublicQueriesView::from(found.items))?.link(link))
}

/// Reads the public view in force of a published query
///
/// For everybody, without an account.
#[utoipa::path(tag = "archive", security(()),
    params(("query" = String, Path, description = "Id or number of the query.", example = "2026.81"), DocumentKeys),
    responses((status = 200, description = "The public view.", content(
        (EditionDocument = "application/json"), (String = "text/html"), (String = "text/csv"),
        (File = "application/pdf"),
        (File = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (File = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 409, description = "Longer than this format is made; the detail names those that take it.")))]
#[get("/public/queries/{query}/edition")]
pub(crate) async fn read_public_edition(
    exchange: web::Data<Exchange>,
    request: HttpRequest,
    query: Path<String>,
    keys: Query<DocumentKeys>,
) -> Result<HttpResponse, Problem> {
    let (format, order) = wanted(&request, keys.0.format, keys.0.order, keys.0.byte_order_mark)?;
    let nobody = ahq_exchange::credentials::Credentials::Nobody;
    let view = exchange
        .read(nobody, move |work| work.public_edition(&parse_reference(&query)?))
        .await?;
    let document = Api::of(&request)?.printed().of(&exchange, view, format, order).await?;
    Ok(document.reply(&request))
}
