//! Responses: drafted, submitted, retracted, declined, narrowed or widened, and read.

pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::{delete, get, post, put, web};
use ahq_domain::answer::AnswerInput;
use ahq_domain::office::OfficeCode;
use ahq_domain::query::Query as AskedQuery;
use ahq_exchange::error::Error;
use ahq_exchange::queries::parse_reference;
use ahq_exchange::responses::{DraftAnswer, ResponseDetail};
use ahq_exchange::work::Exchange;
use serde::Deserialize;
use utoipa::IntoParams;

use self::view::{
    AnswerBody, CircleBody, DraftAnswerView, ResponseDraftBody, ResponseView, ResponsesView, VersionView, VersionsView,
    rows,
};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, NoBody, Path, Query, office};
use crate::precondition::{IfMatch, MaybeIfMatch};
use crate::problem::Problem;
use crate::queries::body::ReasonBody;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;

/// The parts of the address of a response.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ResponsePath {
    /// Id or number of the query.
    #[param(example = "2026.81")]
    pub(crate) query: String,
    /// Code of the office.
    #[param(example = "NL")]
    office: String,
}

impl ResponsePath {
    pub(crate) fn office(&self) -> Result<OfficeCode, Error> {
        office(&self.office)
    }
}

/// The parts of the address of one answer of a draft.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AnswerPath {
    /// Id or number of the query.
    #[param(example = "2026.81")]
    pub(crate) query: String,
    /// Code of the office.
    #[param(example = "NL")]
    pub(crate) office: String,
    /// Id of the question.
    #[param(example = "q1")]
    pub(crate) question: String,
}

/// The parts of the address of one version.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct VersionPath {
    /// Id or number of the query.
    #[param(example = "2026.81")]
    query: String,
    /// Code of the office.
    #[param(example = "NL")]
    office: String,
    /// Number of the version.
    #[param(example = 1)]
    number: i32,
}

/// Whether something is only tried.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TryKeys {
    /// Only says what would fail.
    #[serde(default)]
    dry_run: bool,
}

pub(crate) fn shown(detail: ResponseDetail) -> Result<Reply, Error> {
    let view = ResponseView::from(detail);
    match view.version() {
        Some(version) => Reply::versioned(version, &view),
        // Others do not hear how often it is drafted.
        None => Reply::unversioned(&view),
    }
}

fn answer_shown((query, draft): (AskedQuery, DraftAnswer)) -> Result<Reply, Error> {
    let view = DraftAnswerView::of(&query.questions, &draft);
    Reply::versioned(view.version(), &view)
}

/// Lists the responses to a query
///
/// One for each office that has answered or declined, and your own. The requesters and the Commission read the
/// answers at once, the rest of the audience from the first edition on, each answer within its circle.
#[utoipa::path(tag = "responses", security(("bearer" = [])),
    params(("query" = String, Path, description = "Id or number of the query.", example = "2026.81")),
    responses((status = 200, description = "The responses.", body = ResponsesView)))]
#[get("/queries/{query}/responses")]
pub(crate) async fn list_responses(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    query: Path<String>,
) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, move |work| {
            let list = work.list_responses(&parse_reference(&query)?)?;
            Reply::unversioned(&ResponsesView::from(list))
        })
        .await?)
}

/// Reads the response of an office
///
/// Your own with its draft. Another's with what was submitted, as far as you may read it now.
#[utoipa::path(tag = "responses", params(ResponsePath), security(("bearer" = [])),
    responses((status = 200, description = "The response.", body = ResponseView)))]
#[get("/queries/{query}/responses/{office}")]
pub(crate) async fn read_response(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    Ok(exchange
        .read(caller.0, move |work| {
            shown(work.response(&parse_reference(&path.query)?, &office)?)
        })
        .await?)
}

/// Saves the draft of your office's response
///
/// Replaces all answers of the draft; what was submitted is not touched. Without If-Match it begins the response,
/// with it the draft that was read is replaced. An answer to an earlier wording that says what it said stays one: change
/// it, save it alone, or confirm it.
#[utoipa::path(tag = "responses", params(ResponsePath, MaybeIfMatch), security(("bearer" = [])),
    responses((status = 200, description = "The response with its changed draft.", body = ResponseView),
              (status = 201, description = "The response, begun.", body = ResponseView)))]
#[put("/queries/{query}/responses/{office}")]
pub(crate) async fn save_response(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    version: MaybeIfMatch,
    body: Json<ResponseDraftBody>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    let location = format!("{PREFIX}/queries/{}/responses/{office}", path.query);
    let answers: Vec<(String, AnswerInput)> = body
        .value
        .answers
        .into_iter()
        .map(|(question, answer)| (question, answer.into()))
        .collect();
    let reply = exchange
        .write(caller.0, move |work| {
            shown(work.save_draft(&parse_reference(&path.query)?, &office, version.0, answers)?)
        })
        .await?;
    Ok(match version.0 {
        Some(_) => reply,
        None => reply.status(StatusCode::CREATED).location(location),
    })
}

/// Reads one answer of your office's draft
///
/// It has a version of its own, so that several people can write at different answers.
#[utoipa::path(tag = "responses", params(AnswerPath), security(("bearer" = [])),
    responses((status = 200, description = "The answer.", body = DraftAnswerView)))]
#[get("/queries/{query}/responses/{office}/answers/{question}")]
pub(crate) async fn read_answer(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<AnswerPath>,
) -> Result<Reply, Problem> {
    let office = office(&path.office)?;
    Ok(exchange
        .read(caller.0, move |work| {
            answer_shown(work.answer(&parse_reference(&path.query)?, &office, &path.question)?)
        })
        .await?)
}

/// Saves one answer of your office's draft
///
/// Without If-Match it must not be there yet; with it the answer that was read is replaced.
#[utoipa::path(tag = "responses", params(AnswerPath, MaybeIfMatch), security(("bearer" = [])),
    responses((status = 200, description = "The changed answer.", body = DraftAnswerView),
              (status = 201, description = "The new answer.", body = DraftAnswerView)))]
#[put("/queries/{query}/responses/{office}/answers/{question}")]
pub(crate) async fn save_answer(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<AnswerPath>,
    version: MaybeIfMatch,
    body: Json<AnswerBody>,
) -> Result<Reply, Problem> {
    let office = office(&path.office)?;
    let location = format!(
        "{PREFIX}/queries/{}/responses/{office}/answers/{}",
        path.query, path.question
    );
    let reply = exchange
        .write(caller.0, move |work| {
            let reference = parse_reference(&path.query)?;
            answer_shown(work.save_answer(&reference, &office, &path.question, version.0, body.value.into())?)
        })
        .await?;
    Ok(match version.0 {
        Some(_) => reply,
        None => reply.status(StatusCode::CREATED).location(location),
    })
}

/// Removes one answer from your office's draft
///
/// What was submitted is not touched.
#[utoipa::path(tag = "responses", params(AnswerPath, IfMatch), security(("bearer" = [])),
    responses((status = 204, description = "It is gone.")))]
#[delete("/queries/{query}/responses/{office}/answers/{question}")]
pub(crate) async fn remove_answer(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<AnswerPath>,
    version: IfMatch,
) -> Result<Reply, Problem> {
    let office = office(&path.office)?;
    exchange
        .write(caller.0, move |work| {
            work.remove_answer(&parse_reference(&path.query)?, &office, &path.question, version.0)
        })
        .await?;
    Ok(Reply::no_content())
}

/// Submits your office's draft
///
/// Makes version 1, or amends with the next one. Every question that is asked and required needs an answer or one
/// of the words that stand instead: all faults come at once. After the deadline the response is taken and marked
/// late. With `dryRun=true` nothing is submitted: 204 says that it would go through.
///
/// Where your office wants a second pair of eyes, approval must have been asked for, and another coordinator submits than
/// the one who asked.
#[utoipa::path(tag = "responses", params(ResponsePath, TryKeys, IfMatch, IdempotencyKey), security(("bearer" = [])),
    responses((status = 200, description = "The submitted response.", body = ResponseView),
              (status = 204, description = "With dryRun: it would go through.")))]
#[post("/queries/{query}/responses/{office}/submission")]
pub(crate) async fn submit_response(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    keys: Query<TryKeys>,
    version: IfMatch,
    body: NoBody,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    if keys.0.dry_run {
        exchange
            .read(caller.0, move |work| {
                work.check_submission(&parse_reference(&path.query)?, &office)
            })
            .await?;
        return Ok(Reply::no_content());
    }
    let reply = exchange
        .write_once(caller.0, body.replay, move |work| {
            shown(work.submit_response(&parse_reference(&path.query)?, &office, version.0)?).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Takes your office's submitted response back
///
/// It is drafting again and leaves every later edition; those who may have read an edition with it are told.
#[utoipa::path(tag = "responses", params(ResponsePath, IfMatch, IdempotencyKey), security(("bearer" = [])),
    responses((status = 200, description = "The response, drafting again.", body = ResponseView)))]
#[post("/queries/{query}/responses/{office}/retraction")]
pub(crate) async fn retract_response(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    version: IfMatch,
    body: Json<ReasonBody>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let reference = parse_reference(&path.query)?;
            shown(work.retract_response(&reference, &office, version.0, &value.reason)?).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Says that your office will not answer
///
/// With a reason the requesters read. If-Match is needed once the response has been begun.
#[utoipa::path(tag = "responses", params(ResponsePath, MaybeIfMatch, IdempotencyKey), security(("bearer" = [])),
    responses((status = 200, description = "The declined response.", body = ResponseView)))]
#[post("/queries/{query}/responses/{office}/declination")]
pub(crate) async fn decline_response(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    version: MaybeIfMatch,
    body: Json<ReasonBody>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let reference = parse_reference(&path.query)?;
            shown(work.decline_response(&reference, &office, version.0, &value.reason)?).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

/// Resumes a declined response
///
/// It is drafting again.
#[utoipa::path(tag = "responses", params(ResponsePath, IfMatch), security(("bearer" = [])),
    responses((status = 200, description = "The response, drafting again.", body = ResponseView)))]
#[delete("/queries/{query}/responses/{office}/declination")]
pub(crate) async fn resume_response(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    version: IfMatch,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    Ok(exchange
        .write(caller.0, move |work| {
            shown(work.resume_response(&parse_reference(&path.query)?, &office, version.0)?)
        })
        .await?)
}

/// Changes how far your office's submitted answers go
///
/// At any time. Narrowing acts at once on every edition that is now too wide: it is replaced by the same snapshot
/// less that answer, and the old view answers 410 with a pointer.
#[utoipa::path(tag = "responses", params(ResponsePath, IfMatch), security(("bearer" = [])),
    responses((status = 200, description = "The response with its changed circles.", body = ResponseView)))]
#[put("/queries/{query}/responses/{office}/circles")]
pub(crate) async fn change_circles(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    version: IfMatch,
    body: Json<CircleBody>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    let CircleBody { circle, questions } = body.value;
    Ok(exchange
        .write(caller.0, move |work| {
            let reference = parse_reference(&path.query)?;
            shown(work.change_circles(&reference, &office, version.0, circle.into(), questions)?)
        })
        .await?)
}

/// Lists the versions of a response
///
/// The oldest first; for whoever may read the response.
#[utoipa::path(tag = "responses", params(ResponsePath), security(("bearer" = [])),
    responses((status = 200, description = "The versions.", body = VersionsView)))]
#[get("/queries/{query}/responses/{office}/versions")]
pub(crate) async fn list_versions(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    Ok(exchange
        .read(caller.0, move |work| {
            let versions = work.versions(&parse_reference(&path.query)?, &office)?;
            Reply::unversioned(&VersionsView {
                items: versions
                    .into_iter()
                    .map(|(number, submitted_at)| VersionView {
                        number,
                        submitted_at,
                        rows: None,
                    })
                    .collect(),
            })
        })
        .await?)
}

/// Reads one version of a response
///
/// Each answer in the narrower of the circle it had then and the one it has now.
#[utoipa::path(tag = "responses", params(VersionPath), security(("bearer" = [])),
    responses((status = 200, description = "The version.", body = VersionView)))]
#[get("/queries/{query}/responses/{office}/versions/{number}")]
pub(crate) async fn read_version(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<VersionPath>,
) -> Result<Reply, Problem> {
    let office = office(&path.office)?;
    Ok(exchange
        .read(caller.0, move |work| {
            let detail = work.version(&parse_reference(&path.query)?, &office, path.number)?;
            let version = detail.version;
            Reply::unversioned(&VersionView {
                number: version.number,
                submitted_at: version.at,
                rows: Some(rows(
                    &detail.query.questions,
                    &version.answers,
                    detail.circle,
                    &detail.suspended,
                )),
            })
        })
        .await?)
}
