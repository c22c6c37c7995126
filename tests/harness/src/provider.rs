//! A provider of identities for tests: it serves on the loopback, gives codes to whom a test says is signed in there, and
//! tokens that a test may spoil.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use ahq_server::config::OidcConfig;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What the provider calls the exchange.
pub const CLIENT_ID: &str = "ahq";
/// What the exchange proves itself with; some signs in it have to be encoded.
const CLIENT_SECRET: &str = "a secret: of 50 % & more";

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// By the provider's key.
    Right,
    /// By another's key.
    Foreign,
    /// With HS256, by the provider's public key.
    Symmetric,
    /// With HS256, by the secret of the client.
    Secret,
    /// Not at all.
    None,
}

/// A token as it is to be given.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its header.
    pub header: Value,
    /// What it says.
    pub claims: Value,
    /// How it is signed.
    pub signature: Signature,
}

/// Who is to get a token for a code.
struct Grant {
    token: Token,
    challenge: String,
    redirect: String,
}

#[derive(Default)]
struct State {
    issuer: String,
    named: Option<String>,
    down: bool,
    key: u8,
    grants: HashMap<String, Grant>,
    codes: usize,
    calls: HashMap<String, usize>,
}

impl State {
    fn key(&self) -> SigningKey {
        SigningKey::from_bytes(&[self.key; 32])
    }

    fn key_id(&self) -> String {
        format!("key-{}", self.key)
    }

    fn sign(&self, token: &Token) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&token.header), part(&token.claims));
        let mac = |key: &[u8]| {
            let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("a key of any length");
            mac.update(message.as_bytes());
            mac.finalize().into_bytes().to_vec()
        };
        let signature = match token.signature {
            Signature::Right => self.key().sign(message.as_bytes()).to_bytes().to_vec(),
            Signature::Foreign => SigningKey::from_bytes(&[255; 32])
                .sign(message.as_bytes())
                .to_bytes()
                .to_vec(),
            Signature::Symmetric => mac(self.key().verifying_key().as_bytes()),
            Signature::Secret => mac(CLIENT_SECRET.as_bytes()),
            Signature::None => Vec::new(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

type Shared = web::Data<Mutex<State>>;

/// The provider; it ends when it goes away.
pub struct Provider {
    state: Shared,
    handle: ServerHandle,
}

impl Provider {
    /// Starts it.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start() -> Self {
        let state: Shared = web::Data::from(Arc::new(Mutex::new(State {
            key: 1,
            ..State::default()
        })));
        let shared = state.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/keys", web::get().to(keys))
                .route("/token", web::post().to(token))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .expect("a free port");
        let address = server.addrs()[0];
        let running = server.run();
        let handle = running.handle();
        tokio::spawn(running);
        let provider = Self { state, handle };
        provider.with(|state| state.issuer = format!("http://{address}"));
        provider
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The address it signs with.
    pub fn issuer(&self) -> String {
        self.with(|state| state.issuer.clone())
    }

    /// The settings of a program that knows it.
    pub fn settings(&self) -> OidcConfig {
        OidcConfig {
            label: "The Provider".to_owned(),
            issuer: self.issuer(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: Some(CLIENT_SECRET.to_owned().into()),
            ..OidcConfig::default()
        }
    }

    /// Names another issuer in what it says of itself.
    pub fn call_itself(&self, issuer: &str) {
        self.with(|state| state.named = Some(issuer.to_owned()));
    }

    /// Replies to nothing but with errors, or does again.
    pub fn go_down(&self, down: bool) {
        self.with(|state| state.down = down);
    }

    /// Signs with another key from now on.
    pub fn rotate(&self) {
        self.with(|state| state.key += 1);
    }

    /// How often an address was called.
    pub fn calls(&self, path: &str) -> usize {
        self.with(|state| state.calls.get(path).copied().unwrap_or_default())
    }

    /// Who was sent to an address signs in there as `subject` at `now`, in seconds; gives the code and the state that they
    /// come back with. The token may be spoiled.
    ///
    /// # Panics
    /// When the address lacks something.
    pub fn approve(&self, address: &str, subject: &str, now: i64, spoil: impl FnOnce(&mut Token)) -> (String, String) {
        let url = Url::parse(address).expect("an address");
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let of = |key: &str| {
            asked
                .get(key)
                .unwrap_or_else(|| panic!("no {key} in {address}"))
                .clone()
        };
        assert_eq!(of("response_type"), "code");
        assert_eq!(of("client_id"), CLIENT_ID);
        assert_eq!(of("code_challenge_method"), "S256");
        assert!(of("scope").split(' ').any(|scope| scope == "openid"), "{address}");
        self.with(|state| {
            let mut token = Token {
                header: json!({"alg": "EdDSA", "typ": "JWT", "kid": state.key_id()}),
                claims: json!({
                    "iss": state.issuer, "sub": subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
                    "nonce": of("nonce"), "auth_time": now, "email": "lu.coordinator@example.org",
                    "email_verified": true,
                }),
                signature: Signature::Right,
            };
            spoil(&mut token);
            state.codes += 1;
            let code = format!("code-{}", state.codes);
            let grant = Grant {
                token,
                challenge: of("code_challenge"),
                redirect: of("redirect_uri"),
            };
            state.grants.insert(code.clone(), grant);
            (code, of("state"))
        })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It is told; nobody has to wait for it.
        drop(self.handle.stop(false));
    }
}

/// What it replies, where it replies at all; counts the call.
fn reply(state: &Shared, request: &HttpRequest, told: impl FnOnce(&mut State) -> HttpResponse) -> HttpResponse {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    *state.calls.entry(request.path().to_owned()).or_default() += 1;
    if state.down {
        return HttpResponse::ServiceUnavailable().body("down");
    }
    told(&mut state)
}

async fn discovery(state: Shared, request: HttpRequest) -> HttpResponse {
    reply(&state, &request, |state| {
        let issuer = &state.issuer;
        HttpResponse::Ok().json(json!({
            "issuer": state.named.as_ref().unwrap_or(issuer),
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        }))
    })
}

async fn keys(state: Shared, request: HttpRequest) -> HttpResponse {
    reply(&state, &request, |state| {
        let public = URL_SAFE_NO_PAD.encode(state.key().verifying_key().as_bytes());
        HttpResponse::Ok().json(json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": state.key_id(), "x": public}
        ]}))
    })
}

async fn token(state: Shared, request: HttpRequest, form: web::Form<HashMap<String, String>>) -> HttpResponse {
    reply(&state, &request, |state| {
        let refused = |error: &str| HttpResponse::BadRequest().json(json!({"error": error}));
        if client(&request).as_deref() != Some(&format!("{CLIENT_ID}:{CLIENT_SECRET}")) {
            return refused("invalid_client");
        }
        let of = |key: &str| form.get(key).map(String::as_str).unwrap_or_default();
        let Some(grant) = state.grants.remove(of("code")) else {
            return refused("invalid_grant");
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier")));
        if grant.challenge != challenge || grant.redirect != of("redirect_uri") {
            return refused("invalid_grant");
        }
        HttpResponse::Ok().json(json!({
            "access_token": "none of the exchange's business",
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": state.sign(&grant.token),
        }))
    })
}

/// Who calls, and their secret: each encoded by itself (RFC 6749, section 2.3.1).
fn client(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get("authorization")?.to_str().ok()?;
    let pair = String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let url = Url::parse(&format!("http://x/?a={id}&b={secret}")).ok()?;
    let decoded: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    Some(decoded.join(":"))
}
