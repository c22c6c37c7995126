//! Providers of identities (OpenID Connect): signing in through one, and the identities of a user.

pub(crate) mod view;

use actix_web::http::StatusCode;
use actix_web::{delete, get, post, web};
use ahq_exchange::work::Exchange;

use self::view::{
    AuthorizationBody, AuthorizationView, IdentitiesView, IdentityBody, IdentityView, ProvidersView, ReturnBody,
};
use crate::Api;
use crate::caller::{Bearer, From};
use crate::contract::PREFIX;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::users::view::TokensView;

/// Lists the providers of identities
///
/// Through each of them people may sign in whose account is linked with an identity there. Which they are is set by whoever
/// runs the exchange; there may be none.
#[utoipa::path(tag = "session", security(()),
    responses((status = 200, description = "The providers, by name.", body = ProvidersView)))]
#[get("/oidc/providers")]
pub(crate) async fn list_providers(exchange: web::Data<Exchange>) -> Result<Reply, Problem> {
    Ok(Reply::unversioned(&ProvidersView::new(exchange.providers()))?)
}

/// Asks for the way to a provider
///
/// Open `authorizationUrl` in a browser within ten minutes. The provider sends it back to
/// `<address of the exchange>/oidc/<provider>/callback` with `code` and `state`; bring both to
/// `/oidc/providers/{provider}/sessions`, or to `/me/identities` to link, together with `binding`, which you keep until then where
/// nobody else reads it. To link, you are signed in and give your password; an invitation is accepted without one.
#[utoipa::path(tag = "session", security((), ("bearer" = [])),
    params(("provider" = String, Path, description = "Name of the provider.", example = "eulogin")),
    responses((status = 201, description = "Where to go, and what to bring back.", body = AuthorizationView),
              (status = 503, description = "The provider gives no usable reply (`provider_unavailable`).")))]
#[post("/oidc/providers/{provider}/authorizations")]
pub(crate) async fn begin_authorization(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    from: From,
    provider: Path<String>,
    body: Json<AuthorizationBody>,
) -> Result<Reply, Problem> {
    let wanted = body.value.wanted()?;
    let sent = exchange
        .begin_authorization(caller.0, from.0, &provider, wanted)
        .await?;
    Ok(Reply::unkept(&AuthorizationView::from(sent))?.status(StatusCode::CREATED))
}

/// Signs in through a provider
///
/// With what the provider gave back and the binding that you kept. The session is like one of a password. An invitation
/// that you were sent with is accepted, and from then on the identity opens the account; a mail address never makes that
/// link. Where the account has a second factor and the provider's assurance does not stand for it, the reply is 401
/// `code_missing`: send the same again with `secondFactorCode`.
#[utoipa::path(tag = "session", security(()),
    params(("provider" = String, Path, description = "Name of the provider.", example = "eulogin")),
    responses((status = 201, description = "The tokens of the new session.", body = TokensView),
              (status = 401, description = "Not let in: `authorization_ended`, `identity_not_proven`, `assurance_too_low`, \
                  `identity_unknown`; `code_missing` or `wrong_credentials` for the code of the second factor."),
              (status = 503, description = "The provider gives no usable reply (`provider_unavailable`).")))]
#[post("/oidc/providers/{provider}/sessions")]
pub(crate) async fn sign_in_through_provider(
    api: web::Data<Api>,
    exchange: web::Data<Exchange>,
    from: From,
    provider: Path<String>,
    body: Json<ReturnBody>,
) -> Result<Reply, Problem> {
    let signed_in = exchange.sign_in_through(from.0, &provider, body.value.into()).await?;
    Ok(Reply::unkept(&api.tokens_for(&exchange, signed_in)?)?.status(StatusCode::CREATED))
}

/// Lists your identities
///
/// The providers' names for you that open your account.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "The identities, the oldest first.", body = IdentitiesView)))]
#[get("/me/identities")]
pub(crate) async fn list_identities(exchange: web::Data<Exchange>, caller: Bearer) -> Result<Reply, Problem> {
    let providers = exchange.clone();
    Ok(exchange
        .read(caller.0, move |work| {
            let there = work.list_identities()?;
            let view = |identity| IdentityView::new(identity, providers.providers());
            Reply::unversioned(&IdentitiesView {
                items: there.into_iter().map(view).collect(),
            })
        })
        .await?)
}

/// Links an identity with your account
///
/// With what the provider gave back, in the session that asked for the way there with your password. From now on the identity
/// opens your account too, and you are told by mail.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 201, description = "The identity.", body = IdentityView),
              (status = 401, description = "Not let in: `authorization_ended`, `identity_not_proven`, `assurance_too_low`."),
              (status = 404, description = "There is no provider of this name."),
              (status = 409, description = "The identity is linked with an account already (`identity_in_use`)."),
              (status = 503, description = "The provider gives no usable reply (`provider_unavailable`).")))]
#[post("/me/identities")]
pub(crate) async fn link_identity(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    from: From,
    body: Json<IdentityBody>,
) -> Result<Reply, Problem> {
    let (provider, returned) = body.value.parts();
    let identity = exchange.link_identity(caller.0, from.0, &provider, returned).await?;
    let location = format!("{PREFIX}/me/identities");
    let view = IdentityView::new(identity, exchange.providers());
    Ok(Reply::unkept(&view)?.status(StatusCode::CREATED).location(location))
}

/// Takes an identity away
///
/// It no longer opens your account. Your other sessions end, and you are told by mail. Not where nothing else opens the
/// account: ask for a password first (`/password-resets`).
#[utoipa::path(tag = "session", security(("bearer" = [])),
    params(("identity" = String, Path, description = "Id of the identity.")),
    responses((status = 204, description = "It opens nothing here."),
              (status = 409, description = "Nothing else opens the account (`last_door`).")))]
#[delete("/me/identities/{identity}")]
pub(crate) async fn remove_identity(
    exchange: web::Data<Exchange>,
    caller: Bearer,
    identity: Path<String>,
) -> Result<Reply, Problem> {
    let providers = exchange.clone();
    exchange
        .write(caller.0, move |work| {
            work.remove_identity(&identity, |issuer| providers.providers().label_of(issuer))
        })
        .await?;
    Ok(Reply::no_content())
}
