//! What a request brings to say who calls; the tables decide what it is worth.

use ahq_domain::id::{SessionId, UserId};
use sha2::{Digest, Sha256};

/// What tokens of programs begin with, by which scanners of leaked secrets know them.
pub const TOKEN_PREFIX: &str = "ahq_";

/// What a request brings to say who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing: the caller is the public.
    Nobody,
    /// A verified access token: its user and session.
    Session {
        /// The user it was issued to.
        user: UserId,
        /// The session it belongs to.
        session: SessionId,
    },
    /// A token of a program, by its hash.
    Token {
        /// The hash.
        hash: [u8; 32],
    },
    /// A link to one contribution, by the hash of its secret.
    Link {
        /// The hash.
        hash: [u8; 32],
    },
    /// None needed: background work and the operator's commands. No request ever becomes this.
    System,
}

impl Credentials {
    /// The token of a program with this secret; none where it cannot be one.
    pub fn token(secret: &str) -> Option<Self> {
        secret.starts_with(TOKEN_PREFIX).then(|| Self::Token {
            hash: Sha256::digest(secret.as_bytes()).into(),
        })
    }

    /// The link with this secret.
    pub fn link(secret: &str) -> Self {
        Self::Link {
            hash: Sha256::digest(secret.as_bytes()).into(),
        }
    }
}
