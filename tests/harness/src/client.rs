//! A caller: speaks JSON over HTTP with the rights of whoever it is.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::contract;
use crate::text::text_of;

/// How long a connection that nobody uses is kept. The server ends one after five seconds: a request that was sent at that
/// moment would have no reply.
const REUSED_WITHIN: Duration = Duration::from_secs(2);
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A caller. One that signed in renews its session when its access token has ended, as any client does.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    tokens: Arc<Mutex<Tokens>>,
}

/// The tokens of a session, as far as there is one.
#[derive(Clone, Default)]
struct Tokens {
    access: Option<String>,
    refresh: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers, by small letters.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
    /// The body as text; of a package, such as a document for Word, each of its parts after its name; of a PDF its pages.
    pub text: String,
    /// The body as JSON; null where it is none.
    pub json: Value,
}

impl Reply {
    /// The ETag.
    ///
    /// # Panics
    /// When there is none.
    pub fn etag(&self) -> String {
        self.header("etag")
            .unwrap_or_else(|| panic!("no ETag on {}: {}", self.status, self.text))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("a header in ASCII").to_owned())
    }

    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or("")
    }

    /// The places and codes of all faults of a problem.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.json["errors"]
            .as_array()
            .map(|errors| {
                errors
                    .iter()
                    .map(|error| (text(&error["pointer"]), text(&error["code"])))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// Itself, when it has this status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

impl Client {
    /// Nobody in particular, at an address without a slash at its end.
    pub fn new(base: String) -> Self {
        Self {
            http: reqwest::Client::builder()
                .pool_idle_timeout(REUSED_WITHIN)
                .build()
                .expect("a client"),
            base,
            tokens: Arc::default(),
        }
    }

    fn with_tokens(&self, access: &str, refresh: Option<&str>) -> Self {
        Self {
            tokens: Arc::new(Mutex::new(Tokens {
                access: Some(access.to_owned()),
                refresh: refresh.map(str::to_owned),
            })),
            ..self.clone()
        }
    }

    /// A caller with this access token, which it cannot renew.
    pub fn with_token(&self, token: &str) -> Self {
        self.with_tokens(token, None)
    }

    /// A caller with the tokens of a sign-in.
    ///
    /// # Panics
    /// When they are none.
    pub fn with_session(&self, tokens: &Value) -> Self {
        let text = |name: &str| tokens[name].as_str().expect("a token");
        self.with_tokens(text("accessToken"), Some(text("refreshToken")))
    }

    /// Signs in a user of a test.
    ///
    /// # Panics
    /// When that is refused.
    pub async fn signed_in(base: String, email: &str) -> Self {
        let public = Self::new(base);
        let body = serde_json::json!({"email": email, "password": crate::PASSWORD});
        let tokens = public.post("/session", &body).await.expect(201);
        public.with_session(&tokens.json)
    }

    fn access(&self) -> Option<String> {
        self.tokens.lock().expect("no test panics holding it").access.clone()
    }

    /// Renews the session; whether that went through.
    async fn renew(&self) -> bool {
        let refresh = self.tokens.lock().expect("no test panics holding it").refresh.clone();
        let Some(refresh) = refresh else {
            return false;
        };
        let address = format!("{}/api/v1/session/refresh", self.base);
        let body = serde_json::json!({"refreshToken": refresh});
        let reply = self
            .http
            .post(address)
            .json(&body)
            .send()
            .await
            .expect("the program replies");
        if reply.status() != 200 {
            return false;
        }
        let next: Value = reply.json().await.expect("tokens");
        let mut tokens = self.tokens.lock().expect("no test panics holding it");
        tokens.access = next["accessToken"].as_str().map(str::to_owned);
        tokens.refresh = next["refreshToken"].as_str().map(str::to_owned);
        true
    }

    /// A request below `/api/v1` that is still to be sent; an address that begins with `!` stands for itself.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = match path.strip_prefix('!') {
            Some(path) => format!("{}{path}", self.base),
            None => format!("{}/api/v1{path}", self.base),
        };
        let request = self.http.request(method, address);
        match self.access() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let mut again = request.try_clone().and_then(|request| request.build().ok());
        let sent = again
            .as_ref()
            .map(|request| request.method().to_string())
            .unwrap_or_default();
        let reply = self
            .receive(&sent, request.send().await.expect("the program replies"))
            .await;
        if reply.code() != "bad_token" || !self.renew().await {
            return reply;
        }
        let (Some(mut request), Some(access)) = (again.take(), self.access()) else {
            return reply;
        };
        let bearer = format!("Bearer {access}").parse().expect("a token in ASCII");
        request.headers_mut().insert("authorization", bearer);
        self.receive(&sent, self.http.execute(request).await.expect("the program replies"))
            .await
    }

    async fn receive(&self, method: &str, reply: reqwest::Response) -> Reply {
        let path = reply.url().path().to_owned();
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let bytes = reply.bytes().await.expect("a body").to_vec();
        let text = text_of(&bytes);
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let shown = (!text.is_empty()).then_some(&json);
        contract::check(method, &path, status, &headers, shown);
        Reply {
            status,
            headers,
            bytes,
            text,
            json,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST with a body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// POST of a change to something with this ETag.
    pub async fn post_if(&self, path: &str, etag: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).header("If-Match", etag).json(body))
            .await
    }

    /// PUT of something new.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// PUT of a change to something with this ETag.
    pub async fn put_if(&self, path: &str, etag: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).header("If-Match", etag).json(body))
            .await
    }

    /// Uploads a document for Word.
    pub async fn upload(&self, path: &str, document: Vec<u8>) -> Reply {
        let request = self.request(Method::POST, path).header("Content-Type", WORD);
        self.send(request.body(document)).await
    }

    /// Attaches a file of this media type under a name.
    pub async fn attach(&self, path: &str, media_type: &str, name: &str, file: impl Into<Vec<u8>>) -> Reply {
        let request = self.request(Method::POST, path).query(&[("name", name)]);
        self.send(request.header("Content-Type", media_type).body(file.into()))
            .await
    }

    /// DELETE of something that never changed.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// DELETE of something with this ETag.
    pub async fn delete_if(&self, path: &str, etag: &str) -> Reply {
        self.send(self.request(Method::DELETE, path).header("If-Match", etag))
            .await
    }
}
