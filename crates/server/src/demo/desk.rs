//! A desk at the interface: signs in as somebody and speaks JSON, as any client does.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::PASSWORD;
use crate::lifecycle::StartError;

/// A desk.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    /// The body as JSON; null where it is none.
    pub(super) json: Value,
    /// The body.
    pub(super) bytes: Vec<u8>,
    /// The ETag.
    pub(super) etag: Option<String>,
    /// The file name it was given.
    pub(super) file_name: Option<String>,
}

impl Desk {
    pub(super) fn new(base: String) -> Self {
        Self {
            http: reqwest::Client::new(),
            base,
            token: None,
        }
    }

    /// The same desk with the coordinator of an office at it.
    pub(super) async fn coordinator(&self, office: &str) -> Result<Self, StartError> {
        let email = format!("coordinator.{}@example.org", office.to_lowercase());
        let body = json!({"email": email, "password": PASSWORD});
        let answer = self.send(Method::POST, "/session", None, Some(&body)).await?;
        Ok(Self {
            token: answer.json["accessToken"].as_str().map(str::to_owned),
            ..self.clone()
        })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, StartError> {
        self.send(Method::GET, path, None, None).await
    }

    /// The ETag of what stands at an address.
    pub(super) async fn etag(&self, path: &str) -> Result<Option<String>, StartError> {
        Ok(self.get(path).await?.etag)
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        etag: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, StartError> {
        let other = |error: reqwest::Error| StartError::Other(error.to_string());
        let mut request = self.http.request(method.clone(), format!("{}/api/v1{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(etag) = etag {
            request = request.header("If-Match", etag);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let reply = request.send().await.map_err(other)?;
        let status = reply.status();
        let header = |name: &str| {
            let value = reply.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let (etag, disposition) = (header("etag"), header("content-disposition"));
        let bytes = reply.bytes().await.map_err(other)?.to_vec();
        if status.is_client_error() || status.is_server_error() {
            return Err(StartError::Other(format!(
                "{method} {path}: {}: {}",
                StatusCode::as_u16(&status),
                String::from_utf8_lossy(&bytes)
            )));
        }
        Ok(Answer {
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
            etag,
            file_name: disposition.and_then(|value| value.split('"').nth(1).map(str::to_owned)),
        })
    }
}
