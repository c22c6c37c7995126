//! Sessions: signing in, renewing, seeing who one is and where one is signed in, signing out.

use actix_web::http::StatusCode;
use actix_web::{delete, get, post, web};
use ahq_exchange::error::Error;
use ahq_exchange::session::SignedIn;
use ahq_exchange::work::Exchange;
use chrono::Duration;

use crate::Api;
use crate::caller::{Bearer, From};
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::token::LIFETIME;
use crate::users::view::{RefreshBody, SessionView, SessionsView, SignInBody, TokensView, UserView};

impl Api {
    pub(crate) fn tokens_for(&self, exchange: &Exchange, signed_in: SignedIn) -> Result<TokensView, Error> {
        let now = self.clock().now();
        let access_token = self
            .tokens()
            .issue(signed_in.user, signed_in.session, now, exchange.randomness())?;
        Ok(TokensView {
            access_token,
            expires_at: now + Duration::seconds(LIFETIME),
            refresh_token: signed_in.refresh_token,
            session_ends_at: signed_in.expires,
        })
    }
}

/// Signs in
///
/// With address and password, and with a code where the account has a second factor: the six digits of the authenticator,
/// or a recovery code. The access token is good for ten minutes and goes into `Authorization: Bearer …`; the refresh token
/// renews it. A wrong password, a wrong code and an unknown account get the same reply. After five failures of an account, or
/// twenty from one address of the network, the next try waits.
#[utoipa::path(tag = "session", security(()),
    responses((status = 201, description = "The tokens of the new session.", body = TokensView),
              (status = 401, description = "Address, password or code are wrong (`wrong_credentials`), or the code is missing (`code_missing`).")))]
#[post("/session")]
pub(crate) async fn sign_in(
    api: web::Data<Api>,
    exchange: web::Data<Exchange>,
    from: From,
    body: Json<SignInBody>,
) -> Result<Reply, Problem> {
    let signed_in = exchange.sign_in(from.0, body.value.into()).await?;
    Ok(Reply::unkept(&api.tokens_for(&exchange, signed_in)?)?.status(StatusCode::CREATED))
}

/// Renews the session
///
/// Gives the next access and refresh tokens. A refresh token is good once; using an older one ends the session,
/// but within ten seconds a repeat gets the same successor.
#[utoipa::path(tag = "session", security(()),
    responses((status = 200, description = "The next tokens.", body = TokensView),
              (status = 401, description = "The refresh token is not, or no longer, good.")))]
#[post("/session/refresh")]
pub(crate) async fn refresh_session(
    api: web::Data<Api>,
    exchange: web::Data<Exchange>,
    body: Json<RefreshBody>,
) -> Result<Reply, Problem> {
    let signed_in = exchange.refresh(body.value.refresh_token).await?;
    Ok(Reply::unkept(&api.tokens_for(&exchange, signed_in)?)?)
}

/// Reads the session you are in
///
/// When it began and when it ends at the latest.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "The session.", body = SessionView)))]
#[get("/session")]
pub(crate) async fn read_session(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, |work| {
            let session = work.session()?;
            Reply::unversioned(&SessionView::new(&session, true))
        })
        .await?)
}

/// Lists your sessions
///
/// Those that go on, the newest first. End one that you do not know.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "The sessions.", body = SessionsView)))]
#[get("/sessions")]
pub(crate) async fn list_sessions(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, |work| {
            let own = work.session()?.id;
            let live = work.list_sessions()?;
            Reply::unversioned(&SessionsView {
                items: live
                    .iter()
                    .map(|session| SessionView::new(session, session.id == own))
                    .collect(),
            })
        })
        .await?)
}

/// Ends one of your sessions
///
/// Its access and refresh tokens are refused from the next request on.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    params(("session" = String, Path, description = "Id of the session.")),
    responses((status = 204, description = "The session has ended.")))]
#[delete("/sessions/{session}")]
pub(crate) async fn end_session(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    session: Path<String>,
) -> Result<Reply, Problem> {
    exchange.write(caller.0, move |work| work.end_session(&session)).await?;
    Ok(Reply::no_content())
}

/// Signs out
///
/// Ends the session: its access and refresh tokens are refused from the next request on.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 204, description = "The session has ended.")))]
#[delete("/session")]
pub(crate) async fn sign_out(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    exchange.write(caller.0, |work| work.sign_out()).await?;
    Ok(Reply::no_content())
}

/// Reads who you are
///
/// The signed-in user with office and roles.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "The signed-in user.", body = UserView)))]
#[get("/me")]
pub(crate) async fn read_me(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    Ok(exchange
        .read(caller.0, |work| {
            let user = work.me()?;
            let actions = work.user_actions(&user)?;
            let view = UserView::new(user, &actions);
            Reply::versioned(view.version(), &view)
        })
        .await?)
}
