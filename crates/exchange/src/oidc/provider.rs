//! How a provider of identities is spoken to (OpenID Connect Core 1.0, authorization code with PKCE): its configuration is
//! discovered, people are sent to it, and for the code they come back with it is asked who they are.
//!
//! It holds no rule of accounts. Calls block, follow no redirect and take seconds at the most; they are made on threads of
//! their own, never inside a transaction.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use ahq_domain::clock::Instant;
use ahq_domain::identity::{Assurance, CLOCKS_DIFFER, Shortfall};
use chrono::Duration;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier,
    CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::http::{self, Uri};
use openidconnect::{
    AuthType, AuthenticationContextClass, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, TokenResponse,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// How long one call may take in all.
const PATIENCE: StdDuration = StdDuration::from_secs(5);
/// The most bytes of a reply that are read.
const MOST_BYTES: u64 = 1 << 20;
/// How many are spoken with at once; more are sent away, so that a provider that stalls holds up few threads.
static GATE: Semaphore = Semaphore::const_new(16);
/// After how long what a provider says of itself is read again.
const KNOWN_FOR: Duration = Duration::hours(24);
/// How long at least it is not read again, whatever keys its tokens name.
const NOT_BEFORE: Duration = Duration::minutes(1);
/// How tokens may be signed: by a key that the provider alone has.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the operator sets for a provider.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Its name in addresses.
    pub name: String,
    /// What people know it by.
    pub label: String,
    /// The address it signs with, below which it describes itself.
    pub issuer: String,
    /// What it calls the exchange.
    pub client_id: String,
    /// What the exchange proves to it who it is with, where it has something.
    pub client_secret: Option<SecretString>,
    /// What is asked of it beside `openid`.
    pub scopes: Vec<String>,
    /// How sure it has to be of somebody.
    pub assurance: Assurance,
    /// Who signs its certificate, where that is no public authority.
    pub authorities: Option<Authorities>,
}

/// Certificates of authorities that are trusted in the place of the public ones.
#[derive(Debug, Clone)]
pub struct Authorities(RootCerts);

impl Authorities {
    /// Those in a text.
    ///
    /// # Errors
    /// What is wrong with it, for the operator: it is not PEM, or holds no certificate.
    pub fn from_pem(text: &[u8]) -> Result<Self, &'static str> {
        let mut found = Vec::new();
        for item in parse_pem(text) {
            if let PemItem::Certificate(certificate) = item.map_err(|_| "is not PEM")? {
                found.push(certificate);
            }
        }
        if found.is_empty() {
            return Err("holds no certificate (PEM is expected: -----BEGIN CERTIFICATE-----)");
        }
        Ok(Self(RootCerts::new_with_certs(&found)))
    }
}

/// A provider of identities.
pub struct Provider {
    settings: ProviderSettings,
    agent: Agent,
    known: Mutex<Option<Known>>,
}

/// What a provider said of itself, with its keys, and when.
#[derive(Clone)]
struct Known {
    metadata: CoreProviderMetadata,
    read: Instant,
}

/// The secrets of one way to a provider and back.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    /// Goes there in the address, and comes back in it.
    pub(crate) state: String,
    /// Goes there in the address, and comes back in the token.
    pub(crate) nonce: String,
    /// Its hash goes there in the address, itself with the code.
    pub(crate) verifier: String,
}

/// Why a provider did not say who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unsaid {
    /// It gives no usable reply; the cause is for the log.
    Unavailable(String),
    /// What it says does not hold: a word for the audit.
    Unproven(&'static str),
    /// It is not sure enough.
    Unsure(Shortfall),
    /// Too many are spoken with at once.
    Busy,
}

/// The providers by their names.
#[derive(Debug, Default)]
pub struct Providers(BTreeMap<String, Arc<Provider>>);

impl Providers {
    /// These providers.
    pub fn new(settings: impl IntoIterator<Item = ProviderSettings>) -> Self {
        let provider = |settings: ProviderSettings| (settings.name.clone(), Arc::new(Provider::new(settings)));
        Self(settings.into_iter().map(provider).collect())
    }

    /// The provider of a name.
    pub fn get(&self, name: &str) -> Option<&Arc<Provider>> {
        self.0.get(name)
    }

    /// All of them, by their names.
    pub fn iter(&self) -> impl Iterator<Item = &ProviderSettings> {
        self.0.values().map(|provider| &provider.settings)
    }

    /// The one that signs with this address.
    pub fn of_issuer(&self, issuer: &str) -> Option<&ProviderSettings> {
        self.iter().find(|settings| settings.issuer == issuer)
    }

    /// What people know that one by, or its address where it is none of these.
    pub fn label_of(&self, issuer: &str) -> String {
        self.of_issuer(issuer)
            .map_or_else(|| issuer.to_owned(), |settings| settings.label.clone())
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl Provider {
    fn new(settings: ProviderSettings) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent("ahq");
        // A proxy of the surroundings stands between the exchange and others, not between it and its own machine.
        let local = settings.issuer.parse::<Uri>().is_ok_and(|issuer| is_loopback(&issuer));
        let agent = if local { agent.proxy(None) } else { agent };
        let agent = match &settings.authorities {
            Some(Authorities(roots)) => agent.tls_config(TlsConfig::builder().root_certs(roots.clone()).build()),
            None => agent,
        };
        Self {
            settings,
            agent: agent.build().new_agent(),
            known: Mutex::default(),
        }
    }

    /// What the operator set.
    pub fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// The address that people are sent to.
    pub(crate) async fn address(
        self: &Arc<Self>,
        secrets: Secrets,
        redirect: String,
        now: Instant,
    ) -> Result<String, Unsaid> {
        self.aside(move |provider| provider.address_to(&secrets, redirect, now))
            .await
    }

    /// Who came back with this code: the subject.
    pub(crate) async fn identify(
        self: &Arc<Self>,
        code: String,
        secrets: Secrets,
        redirect: String,
        now: Instant,
    ) -> Result<String, Unsaid> {
        self.aside(move |provider| provider.identity_of(code, secrets, redirect, now))
            .await
    }

    /// Runs what blocks on a thread for that.
    async fn aside(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<String, Unsaid> + Send + 'static,
    ) -> Result<String, Unsaid> {
        let _place = GATE.try_acquire().map_err(|_| Unsaid::Busy)?;
        let this = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&this))
            .await
            .map_err(unavailable)?
    }

    fn address_to(&self, secrets: &Secrets, redirect: String, now: Instant) -> Result<String, Unsaid> {
        let client = CoreClient::from_provider_metadata(
            self.known(now)?.metadata,
            ClientId::new(self.settings.client_id.clone()),
            None,
        )
        .set_redirect_uri(RedirectUrl::new(redirect).map_err(unavailable)?);
        let (state, nonce) = (secrets.state.clone(), secrets.nonce.clone());
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in self.settings.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let assurance = &self.settings.assurance;
        for class in &assurance.acr_values {
            request = request.add_auth_context_value(AuthenticationContextClass::new(class.clone()));
        }
        if let Some(age) = assurance.max_age.and_then(|age| age.to_std().ok()) {
            request = request.set_max_age(age);
        }
        Ok(request.url().0.to_string())
    }

    fn identity_of(&self, code: String, secrets: Secrets, redirect: String, now: Instant) -> Result<String, Unsaid> {
        let known = self.known(now)?;
        let token = self.token(&known.metadata, code, secrets.verifier, redirect)?;
        let nonce = Nonce::new(secrets.nonce);
        let claims = match self.claims(&known.metadata, &token, &nonce, now) {
            Err(error) if is_unknown_key(&error) => match self.known_anew(&known, now)? {
                Some(anew) => self.claims(&anew.metadata, &token, &nonce, now),
                None => Err(error),
            },
            claims => claims,
        };
        let claims = claims.map_err(|error| {
            tracing::warn!(provider = self.settings.name, %error, "an ID token does not hold");
            Unsaid::Unproven(word(&error))
        })?;
        // Where it says for whom it was made, that is the exchange.
        if claims
            .authorized_party()
            .is_some_and(|party| **party != self.settings.client_id)
        {
            return Err(Unsaid::Unproven("azp"));
        }
        let class = claims.auth_context_ref().map(|class| class.as_str());
        self.settings
            .assurance
            .judge(class, claims.auth_time(), now)
            .map_err(Unsaid::Unsure)?;
        Ok(claims.subject().to_string())
    }

    /// The ID token for a code.
    fn token(
        &self,
        metadata: &CoreProviderMetadata,
        code: String,
        verifier: String,
        redirect: String,
    ) -> Result<CoreIdToken, Unsaid> {
        let secret = self.settings.client_secret.as_ref();
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned())),
        )
        .set_redirect_uri(RedirectUrl::new(redirect).map_err(unavailable)?)
        .set_auth_type(auth_type(metadata));
        let reply = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(unavailable)?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request(&|request| self.call(request))
            .map_err(|error| match error {
                // The code is none, or not of this way: that is of who brings it. All else is of the two programs.
                RequestTokenError::ServerResponse(said) if said.error().as_ref() == "invalid_grant" => {
                    Unsaid::Unproven("code")
                }
                RequestTokenError::ServerResponse(said) => Unsaid::Unavailable(format!("it says {}", said.error())),
                RequestTokenError::Request(error) => unavailable(error),
                RequestTokenError::Parse(error, _) => unavailable(error),
                RequestTokenError::Other(error) => Unsaid::Unavailable(error),
            })?;
        reply.id_token().cloned().ok_or(Unsaid::Unproven("id_token"))
    }

    /// What a token says, where it is signed by the provider, for the exchange, for this way, and not over.
    fn claims(
        &self,
        metadata: &CoreProviderMetadata,
        token: &CoreIdToken,
        nonce: &Nonce,
        now: Instant,
    ) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
        let client_id = ClientId::new(self.settings.client_id.clone());
        let verifier =
            CoreIdTokenVerifier::new_public_client(client_id, metadata.issuer().clone(), metadata.jwks().clone())
                .set_allowed_algs(ALGORITHMS)
                .set_time_fn(move || now)
                .set_issue_time_verifier_fn(move |issued| {
                    if issued <= now + CLOCKS_DIFFER {
                        Ok(())
                    } else {
                        Err("issued in the future".to_owned())
                    }
                });
        token.claims(&verifier, nonce).cloned()
    }

    /// What the provider says of itself; read a day ago at the most.
    fn known(&self, now: Instant) -> Result<Known, Unsaid> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known.filter(|known| known.read <= now && now - known.read < KNOWN_FOR) {
            Some(known) => Ok(known),
            None => self.discover(now),
        }
    }

    /// The same read again, where that was not done just now.
    fn known_anew(&self, known: &Known, now: Instant) -> Result<Option<Known>, Unsaid> {
        if known.read <= now && now - known.read < NOT_BEFORE {
            return Ok(None);
        }
        self.discover(now).map(Some)
    }

    fn discover(&self, now: Instant) -> Result<Known, Unsaid> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(unavailable)?;
        // That it names itself as it is configured is looked at there.
        let metadata = CoreProviderMetadata::discover(&issuer, &|request| self.call(request)).map_err(unavailable)?;
        let known = Known { metadata, read: now };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    /// One call. What a provider names as its addresses has to be as safe as its own.
    fn call(&self, request: HttpRequest) -> Result<HttpResponse, io::Error> {
        if !is_safe(request.uri()) {
            return Err(io::Error::other("an address is not https"));
        }
        let (head, body) = request.into_parts();
        let sent = if body.is_empty() {
            self.agent.run(http::Request::from_parts(head, ()))
        } else {
            self.agent.run(http::Request::from_parts(head, body))
        };
        let (head, mut body) = sent.map_err(io::Error::other)?.into_parts();
        let body = body
            .with_config()
            .limit(MOST_BYTES)
            .read_to_vec()
            .map_err(io::Error::other)?;
        Ok(http::Response::from_parts(head, body))
    }
}

/// As the header says where the provider takes that, which it does when it says nothing (RFC 8414), else in the body.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
    if basic {
        AuthType::BasicAuth
    } else {
        AuthType::RequestBody
    }
}

/// Whether an address is https, or of this machine.
pub fn is_safe(address: &Uri) -> bool {
    match address.scheme_str() {
        Some("https") => address.host().is_some_and(|host| !host.is_empty()),
        Some("http") => is_loopback(address),
        _ => false,
    }
}

fn is_loopback(address: &Uri) -> bool {
    let host = address.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn unavailable(error: impl std::error::Error) -> Unsaid {
    // The cause stands behind: who refused a connection, and which name is not known.
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let told = causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"));
    Unsaid::Unavailable(told)
}

fn is_unknown_key(error: &ClaimsVerificationError) -> bool {
    let ClaimsVerificationError::SignatureVerification(error) = error else {
        return false;
    };
    matches!(error, SignatureVerificationError::NoMatchingKey)
}

/// What does not hold of a token, in a word for the audit.
fn word(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "exp",
        ClaimsVerificationError::InvalidAudience(_) => "aud",
        ClaimsVerificationError::InvalidIssuer(_) => "iss",
        ClaimsVerificationError::InvalidNonce(_) => "nonce",
        ClaimsVerificationError::SignatureVerification(_) => "signature",
        _ => "id_token",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_of_this_machine() {
        for (address, safe) in [
            ("https://id.example.org/x", true),
            ("http://id.example.org/x", false),
            ("http://127.0.0.1:8080/x", true),
            ("http://[::1]:8080", true),
            ("http://localhost", true),
            ("http://127.0.0.1.example.org", false),
            ("ftp://id.example.org", false),
            ("/x", false),
        ] {
            assert_eq!(
                address.parse::<Uri>().is_ok_and(|address| is_safe(&address)),
                safe,
                "{address}"
            );
        }
    }
}
