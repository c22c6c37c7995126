//! A caller: speaks JSON over HTTP with the rights of whoever it is.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A caller.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers, by small letters.
    pub headers: reqwest::header::HeaderMap,
    /// The body as text.
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
        self.header("etag").unwrap_or_else(|| panic!("no ETag on {}: {}", self.status, self.text))
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
    pub(crate) fn new(base: String, token: Option<String>) -> Self {
        Self {
            http: reqwest::Client::new(),
            base,
            token,
        }
    }

    /// The same caller with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// A request below `/api/v1` that is still to be sent; an address that begins with `!` stands for itself.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = match path.strip_prefix('!') {
            Some(path) => format!("{}{path}", self.base),
            None => format!("{}/api/v1{path}", self.base),
        };
        let request = self.http.request(method, address);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let reply = request.send().await.expect("the program replies");
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let text = reply.text().await.expect("a body in UTF-8");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply {
            status,
            headers,
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

    /// DELETE of something with this ETag.
    pub async fn delete_if(&self, path: &str, etag: &str) -> Reply {
        self.send(self.request(Method::DELETE, path).header("If-Match", etag)).await
    }
}
