//! The session: signing in, renewing, seeing who one is, signing out.

use actix_web::http::StatusCode;
use actix_web::{delete, get, post, web};
use ahq_exchange::error::Error;
use ahq_exchange::session::SignedIn;
use ahq_exchange::work::Exchange;
use chrono::Duration;

use crate::Api;
use crate::caller::Bearer;
use crate::extract::Json;
use crate::problem::{Kind, Problem};
use crate::reply::Reply;
use crate::token::LIFETIME;
use crate::users::view::{RefreshBody, SessionView, SignInBody, TokensView, UserView};

impl Api {
    fn tokens_for(&self, exchange: &Exchange, signed_in: SignedIn) -> Result<TokensView, Error> {
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
/// With address and password. The access token is good for ten minutes and goes into `Authorization: Bearer …`; the
/// refresh token renews it. A wrong password and an unknown account get the same reply.
#[utoipa::path(tag = "session", security(()),
    responses((status = 201, description = "The tokens of the new session.", body = TokensView),
              (status = 401, description = "Address or password are wrong.")))]
#[post("/session")]
pub(crate) async fn sign_in(
    api: web::Data<Api>,
    exchange: web::Data<Exchange>,
    body: Json<SignInBody>,
) -> Result<Reply, Problem> {
    let SignInBody { email, password } = body.value;
    let signed_in = exchange.sign_in(&email, password).await.map_err(|error| match error {
        Error::BadToken => Problem::new(
            Kind::WrongCredentials,
            "No active account has this address and password.",
        ),
        other => other.into(),
    })?;
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
            Reply::unversioned(&SessionView {
                id: session.id.0,
                created_at: session.created,
                ends_at: session.expires,
            })
        })
        .await?)
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
            let view = UserView::new(user.clone(), &work.user_actions(&user));
            Reply::versioned(view.version(), &view)
        })
        .await?)
}
