//! Providers of identities and identities as the interface shows them and takes them in.

use ahq_domain::identity::Identity;
use ahq_domain::refusal::Refusal;
use ahq_exchange::oidc::provider::Providers;
use ahq_exchange::oidc::{Returned, Sent, Wanted};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A provider of identities.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IdentityProvider)]
pub(crate) struct ProviderView {
    /// Its name in addresses.
    #[schema(example = "eulogin")]
    name: String,
    /// What people know it by.
    #[schema(example = "EU Login")]
    label: String,
}

/// The providers of identities.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IdentityProviders)]
pub(crate) struct ProvidersView {
    /// By their names.
    items: Vec<ProviderView>,
}

impl ProvidersView {
    /// The view of all of them.
    pub(crate) fn new(providers: &Providers) -> Self {
        let items = providers.iter().map(|settings| ProviderView {
            name: settings.name.clone(),
            label: settings.label.clone(),
        });
        Self { items: items.collect() }
    }
}

/// What somebody is sent to a provider for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuthorizationPurpose)]
pub(crate) enum PurposeWord {
    /// To sign in.
    SignIn,
    /// To link an identity with your account.
    Link,
    /// To accept an invitation.
    Invitation,
}

/// What a way to a provider is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AuthorizationRequest, example = json!({"purpose": "sign_in"}))]
pub(crate) struct AuthorizationBody {
    /// What for.
    purpose: PurposeWord,
    /// For `invitation`: the secret of the link that was mailed.
    #[schema(min_length = 1, max_length = 100)]
    invitation: Option<String>,
    /// For `link`: your present password.
    #[schema(min_length = 1, max_length = 256)]
    password: Option<String>,
}

impl AuthorizationBody {
    /// What is wanted.
    ///
    /// # Errors
    /// A fault where a purpose lacks what it needs.
    pub(crate) fn wanted(self) -> Result<Wanted, Refusal> {
        let missing = |pointer: &str, detail: &str| Refusal::invalid(pointer, "missing_field", detail);
        match self.purpose {
            PurposeWord::SignIn => Ok(Wanted::SignIn),
            PurposeWord::Invitation => self
                .invitation
                .map(Wanted::Invitation)
                .ok_or_else(|| missing("/invitation", "give the secret of the link that was mailed")),
            PurposeWord::Link => self
                .password
                .map(Wanted::Link)
                .ok_or_else(|| missing("/password", "give your present password")),
        }
    }
}

/// Where to go, and what to bring back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Authorization)]
pub(crate) struct AuthorizationView {
    /// The address at the provider; open it in a browser.
    #[schema(example = "https://id.example.org/authorize?response_type=code&client_id=ahq&state=q83v…")]
    authorization_url: String,
    /// What the provider gives back as `state`.
    state: String,
    /// What you bring beside it: a secret that does not leave who asked.
    binding: String,
    /// Until when to come back.
    expires_at: DateTime<Utc>,
}

impl From<Sent> for AuthorizationView {
    fn from(sent: Sent) -> Self {
        Self {
            authorization_url: sent.address,
            state: sent.state,
            binding: sent.binding,
            expires_at: sent.expires,
        }
    }
}

/// What somebody comes back from a provider with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AuthorizationReturn, example = json!({"code": "SplxlOBeZQQYbYS6WxSbIA", "state": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", "binding": "T1JhZGlvIGlzIHdoYXQgd2UgZG8gYXQgbmln"}))]
pub(crate) struct ReturnBody {
    /// The code that the provider gave.
    #[schema(min_length = 1, max_length = 2048)]
    code: String,
    /// The state that it gave back.
    #[schema(min_length = 1, max_length = 100)]
    state: String,
    /// The binding that was given with the address.
    #[schema(min_length = 1, max_length = 100)]
    binding: String,
    /// The `iss` that the provider gave (RFC 9207), where it did.
    #[schema(min_length = 1, max_length = 500)]
    issuer: Option<String>,
    /// The six digits of the authenticator or a recovery code, where that is asked for.
    #[schema(min_length = 1, max_length = 40)]
    second_factor_code: Option<String>,
}

impl From<ReturnBody> for Returned {
    fn from(body: ReturnBody) -> Self {
        Self {
            code: body.code,
            state: body.state,
            binding: body.binding,
            issuer: body.issuer,
            second_factor: body.second_factor_code,
        }
    }
}

/// What somebody comes back from a provider with to link who they are there.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = IdentityLink, example = json!({"provider": "eulogin", "code": "SplxlOBeZQQYbYS6WxSbIA", "state": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", "binding": "T1JhZGlvIGlzIHdoYXQgd2UgZG8gYXQgbmln"}))]
pub(crate) struct IdentityBody {
    /// Name of the provider.
    #[schema(min_length = 1, max_length = 40)]
    provider: String,
    /// The code that the provider gave.
    #[schema(min_length = 1, max_length = 2048)]
    code: String,
    /// The state that it gave back.
    #[schema(min_length = 1, max_length = 100)]
    state: String,
    /// The binding that was given with the address.
    #[schema(min_length = 1, max_length = 100)]
    binding: String,
    /// The `iss` that the provider gave (RFC 9207), where it did.
    #[schema(min_length = 1, max_length = 500)]
    issuer: Option<String>,
}

impl IdentityBody {
    /// The provider, and what they come back with.
    pub(crate) fn parts(self) -> (String, Returned) {
        let returned = Returned {
            code: self.code,
            state: self.state,
            binding: self.binding,
            issuer: self.issuer,
            second_factor: None,
        };
        (self.provider, returned)
    }
}

/// Who a user is at a provider.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Identity)]
pub(crate) struct IdentityView {
    /// Its id.
    id: Uuid,
    /// Name of the provider; none for one through which nobody can sign in any longer.
    #[schema(example = "eulogin")]
    provider: Option<String>,
    /// The address the provider signs with.
    #[schema(example = "https://id.example.org")]
    issuer: String,
    /// What the provider calls you.
    subject: String,
    /// When it was linked.
    linked_at: DateTime<Utc>,
    /// The day on which it opened a session last.
    seen_on: Option<NaiveDate>,
}

impl IdentityView {
    /// The view of an identity.
    pub(crate) fn new(identity: Identity, providers: &Providers) -> Self {
        let provider = providers.of_issuer(&identity.issuer);
        Self {
            id: identity.id.0,
            provider: provider.map(|settings| settings.name.clone()),
            issuer: identity.issuer,
            subject: identity.subject,
            linked_at: identity.linked,
            seen_on: identity.seen_on,
        }
    }
}

/// The identities of a user.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Identities)]
pub(crate) struct IdentitiesView {
    /// The oldest first.
    pub(crate) items: Vec<IdentityView>,
}
