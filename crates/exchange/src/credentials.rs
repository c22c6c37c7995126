//! What a request brings to say who calls; the tables decide what it is worth.

use ahq_domain::id::{SessionId, UserId};
use sha2::{Digest, Sha256};

/// What tokens of programs begin with, by which scanners of leaked secrets know them.
pub const TOKEN_PREFIX: &str = "ahq_";
/// How many hexadecimal digits follow.
const TOKEN_DIGITS: usize = 64;

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
        let digits = secret.strip_prefix(TOKEN_PREFIX)?;
        let is_one = digits.len() == TOKEN_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_one.then(|| Self::Token {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_token_is_not_looked_up() {
        let right = format!("{TOKEN_PREFIX}{}", "0f".repeat(32));
        assert!(matches!(Credentials::token(&right), Some(Credentials::Token { .. })));
        for wrong in [
            "",
            "ahq_",
            "ahq_0f",
            &right[1..],
            &right[4..],
            &right[..67],
            &format!("{right}0"),
            &right.replace("f0", "xy"),
            &right.replace("f0f0", "é"),
        ] {
            assert_eq!(Credentials::token(wrong), None, "{wrong}");
        }
    }
}
