//! Who asks, and for what: signed-in coordinators of the offices of the work.

use std::fmt::Write;

use ahq_harness::PASSWORD;
use serde_json::{Value, json};

use crate::driver::{Asker, header};

/// Reads a row of addresses over and over, beginning somewhere in it.
pub(crate) struct Reader {
    token: Option<String>,
    paths: Vec<String>,
    next: usize,
}

impl Reader {
    /// Reads these addresses.
    pub(crate) fn new(token: Option<String>, paths: Vec<String>, begin: usize) -> Self {
        let next = begin % paths.len();
        Self { token, paths, next }
    }
}

impl Asker for Reader {
    fn next(&mut self, request: &mut Vec<u8>) {
        let path = &self.paths[self.next];
        self.next = (self.next + 1) % self.paths.len();
        head(request, "GET", path, self.token.as_deref(), "");
    }

    fn look(&mut self, status: u16, _: &str) -> bool {
        status == 200
    }
}

/// Submits the drafts of an office, one after the other, each time as the next version.
pub(crate) struct Submitter {
    token: String,
    responses: Vec<(String, String)>,
    next: usize,
}

impl Submitter {
    /// Submits the drafts at these addresses, which bear these ETags.
    pub(crate) fn new(token: String, responses: Vec<(String, String)>) -> Self {
        Self {
            token,
            responses,
            next: 0,
        }
    }
}

impl Asker for Submitter {
    fn next(&mut self, request: &mut Vec<u8>) {
        let (path, etag) = &self.responses[self.next];
        let condition = format!("If-Match: {etag}\r\nContent-Length: 0\r\n");
        head(request, "POST", path, Some(&self.token), &condition);
    }

    fn look(&mut self, status: u16, head: &str) -> bool {
        let Some(etag) = header(head, "etag") else {
            return false;
        };
        self.responses[self.next].1 = etag.to_owned();
        self.next = (self.next + 1) % self.responses.len();
        status == 200
    }
}

fn head(request: &mut Vec<u8>, method: &str, path: &str, token: Option<&str>, more: &str) {
    let mut text = String::with_capacity(600);
    let _ = write!(text, "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}");
    if let Some(token) = token {
        let _ = write!(text, "Authorization: Bearer {token}\r\n");
    }
    text.push_str("\r\n");
    request.extend_from_slice(text.as_bytes());
}

/// The access token of a user who signs in as anybody would.
pub(crate) async fn sign_in(client: &reqwest::Client, base: &str, email: &str) -> String {
    let reply = client
        .post(format!("{base}/api/v1/session"))
        .json(&json!({"email": email, "password": PASSWORD}))
        .send()
        .await
        .expect("the program replies");
    let tokens: Value = reply.json().await.expect("tokens");
    tokens["accessToken"].as_str().expect("an access token").to_owned()
}

/// The ETag of what stands at an address.
pub(crate) async fn etag(client: &reqwest::Client, base: &str, path: &str, token: &str) -> String {
    let reply = client
        .get(format!("{base}{path}"))
        .bearer_auth(token)
        .send()
        .await
        .expect("the program replies");
    let status = reply.status();
    let etag = reply
        .headers()
        .get("etag")
        .map(|etag| etag.to_str().expect("an ETag in ASCII").to_owned());
    etag.unwrap_or_else(|| panic!("{path} replied {status} without an ETag"))
}
