//! Contributions: asked for and merged by an office, put in by an expert outside who holds a link.

pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::{delete, get, post, put, web};
use ahq_domain::answer::AnswerInput;
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Refusal;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::error::Error;
use ahq_exchange::queries::parse_reference;
use ahq_exchange::work::Exchange;
use serde::Deserialize;
use utoipa::IntoParams;

use self::view::{
    AskContributionBody, ContributionDraftBody, ContributionFormView, ContributionView, ContributionsView, MergeBody,
};
use crate::caller::Bearer;
use crate::contract::PREFIX;
use crate::extract::{Json, NoBody, Path};
use crate::precondition::{IfMatch, MaybeIfMatch};
use crate::problem::Problem;
use crate::queries::body::ReasonBody;
use crate::replay::IdempotencyKey;
use crate::reply::Reply;
use crate::responses::view::ResponseView;
use crate::responses::{ResponsePath, shown};

/// The parts of the address of a contribution, for the office that asked for it.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ContributionPath {
    /// Id or number of the query.
    #[param(example = "2026.81")]
    query: String,
    /// Code of the office.
    #[param(example = "NL")]
    office: String,
    /// Id of the contribution.
    contribution: String,
}

impl ContributionPath {
    fn office(&self) -> Result<OfficeCode, Error> {
        self.office.parse().map_err(|_| Refusal::Hidden.into())
    }
}

/// Asks an expert outside for a contribution
///
/// To some questions, by an inner deadline; no account is needed. A link goes by mail to that address: it shows the query and
/// those questions alone, works until three days after the inner deadline, and can be revoked at any time. `warnings` says
/// what is to be known about the date. Nobody outside your office learns of it.
#[utoipa::path(tag = "responses", params(ResponsePath, IdempotencyKey), security(("bearer" = [])),
    responses((status = 201, description = "What was asked for.", body = ContributionView),
              (status = 409, description = "The query takes no response of your office; the code says why.")))]
#[post("/queries/{query}/responses/{office}/contributions")]
pub(crate) async fn ask_contribution(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
    body: Json<AskContributionBody>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let asked = work.ask_contribution(&parse_reference(&path.query)?, &office, value.into())?;
            let view = ContributionView::from(asked);
            let location = format!("{PREFIX}/queries/{}/responses/{office}/contributions", path.query);
            Ok(Reply::unversioned(&view)?
                .status(StatusCode::CREATED)
                .location(location)
                .keep())
        })
        .await?;
    Ok(reply.into())
}

/// Lists the contributions that your office asked for
///
/// In the order they were asked for, each with where it stands, whether its mail arrived, and, once it was handed in, what
/// the expert proposes.
#[utoipa::path(tag = "responses", params(ResponsePath), security(("bearer" = [])),
    responses((status = 200, description = "The contributions.", body = ContributionsView)))]
#[get("/queries/{query}/responses/{office}/contributions")]
pub(crate) async fn list_contributions(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ResponsePath>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    Ok(exchange
        .read(caller.0, move |work| {
            let asked = work.list_contributions(&parse_reference(&path.query)?, &office)?;
            Reply::unversioned(&ContributionsView {
                items: asked.into_iter().map(Into::into).collect(),
            })
        })
        .await?)
}

/// Revokes a contribution
///
/// Its link ends at once, whatever the expert is doing, so no If-Match is needed. What was handed in stays with your office.
#[utoipa::path(tag = "responses", params(ContributionPath), security(("bearer" = [])),
    responses((status = 204, description = "The link has ended.")))]
#[delete("/queries/{query}/responses/{office}/contributions/{contribution}")]
pub(crate) async fn revoke_contribution(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ContributionPath>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    exchange
        .write(caller.0, move |work| {
            work.revoke_contribution(&parse_reference(&path.query)?, &office, &path.contribution)
        })
        .await?;
    Ok(Reply::no_content())
}

/// Merges proposals of a contribution into your office's draft
///
/// The ones you choose, in place of what was drafted; who proposed each and when stays with the draft, for your office
/// alone. Where the draft had an answer, the proposal goes no further than that one did. If-Match is needed once the
/// response has been begun.
#[utoipa::path(tag = "responses", params(ContributionPath, MaybeIfMatch, IdempotencyKey), security(("bearer" = [])),
    responses((status = 200, description = "The response with its changed draft.", body = ResponseView)))]
#[post("/queries/{query}/responses/{office}/contributions/{contribution}/merge")]
pub(crate) async fn merge_contribution(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    path: Path<ContributionPath>,
    version: MaybeIfMatch,
    body: Json<MergeBody>,
) -> Result<Reply, Problem> {
    let office = path.office()?;
    let Json { value, replay } = body;
    let reply = exchange
        .write_once(caller.0, replay, move |work| {
            let reference = parse_reference(&path.query)?;
            let merged =
                work.merge_contribution(&reference, &office, &path.contribution, version.0, &value.questions)?;
            shown(merged).map(Reply::keep)
        })
        .await?;
    Ok(reply.into())
}

fn form(form: ahq_exchange::contributions::ContributionForm) -> Result<Reply, Error> {
    let view = ContributionFormView::from(form);
    Reply::versioned(view.version(), &view)
}

/// Reads the contribution that you were asked for
///
/// For whoever holds the link: the query, the questions you were asked, and what has been put in so far; nothing else. A
/// link that is wrong, has ended or was revoked is 404.
#[utoipa::path(tag = "contributions", security(()),
    params(("token" = String, Path, description = "The secret of the link.")),
    responses((status = 200, description = "The contribution.", body = ContributionFormView)))]
#[get("/contributions/{token}")]
pub(crate) async fn read_contribution(exchange: web::Data<Exchange>, token: Path<String>) -> Result<Reply, Problem> {
    Ok(exchange
        .read(Credentials::link(&token), |work| form(work.contribution_form()?))
        .await?)
}

/// Saves the contribution that you were asked for
///
/// Replaces what has been put in so far; it is handed in later. Answers are held against their questions as those of an
/// office are.
#[utoipa::path(tag = "contributions", security(()),
    params(("token" = String, Path, description = "The secret of the link."), IfMatch),
    responses((status = 200, description = "The contribution.", body = ContributionFormView)))]
#[put("/contributions/{token}")]
pub(crate) async fn save_contribution(
    exchange: web::Data<Exchange>,
    token: Path<String>,
    version: IfMatch,
    body: Json<ContributionDraftBody>,
) -> Result<Reply, Problem> {
    let answers: Vec<(String, AnswerInput)> = body
        .value
        .answers
        .into_iter()
        .map(|(question, answer)| (question, answer.into()))
        .collect();
    Ok(exchange
        .write(Credentials::link(&token), move |work| {
            form(work.save_contribution(version.0, answers)?)
        })
        .await?)
}

/// Hands in the contribution that you were asked for
///
/// What was saved becomes your proposal to the office that asked, which decides what it answers; it can be read until the link
/// ends and not changed. The address holds a secret, so no reply is kept for an Idempotency-Key: If-Match keeps a repetition
/// from doing anything.
#[utoipa::path(tag = "contributions", security(()),
    params(("token" = String, Path, description = "The secret of the link."), IfMatch),
    responses((status = 200, description = "The contribution, handed in.", body = ContributionFormView)))]
#[post("/contributions/{token}/return")]
pub(crate) async fn return_contribution(
    exchange: web::Data<Exchange>,
    token: Path<String>,
    version: IfMatch,
    _body: NoBody,
) -> Result<Reply, Problem> {
    Ok(exchange
        .write(Credentials::link(&token), move |work| {
            form(work.return_contribution(version.0)?)
        })
        .await?)
}

/// Says that the contribution is not for you
///
/// With a text that the office that asked reads.
#[utoipa::path(tag = "contributions", security(()),
    params(("token" = String, Path, description = "The secret of the link."), IfMatch),
    responses((status = 200, description = "The contribution, declined.", body = ContributionFormView)))]
#[post("/contributions/{token}/declination")]
pub(crate) async fn decline_contribution(
    exchange: web::Data<Exchange>,
    token: Path<String>,
    version: IfMatch,
    body: Json<ReasonBody>,
) -> Result<Reply, Problem> {
    let reason = body.value.reason;
    Ok(exchange
        .write(Credentials::link(&token), move |work| {
            form(work.decline_contribution(version.0, &reason)?)
        })
        .await?)
}
