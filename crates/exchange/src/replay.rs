//! Idempotency-Key: what a repeated POST is recognised by, and the reply that is kept for it.

use serde::{Deserialize, Serialize};

/// What a repeated request is recognised by, beside its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayKey {
    /// The key the client chose.
    pub key: String,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// A keyed hash of the body; the body itself is not kept.
    pub body_hash: [u8; 32],
}

/// A reply as it is kept, and given again word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptReply {
    /// The status code.
    pub status: u16,
    /// `Location`, where there is one.
    pub location: Option<String>,
    /// `ETag`, where there is one.
    pub etag: Option<String>,
    /// The body, JSON text; empty where there is none.
    pub body: String,
}
