//! Access tokens: JWT with EdDSA (RFC 9068), ten minutes, one algorithm, two keys valid during a rotation.
//!
//! A token says which session it belongs to and no more: the session and the user's standing are looked up on every
//! request. The clock is handed in.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ahq_domain::clock::{Instant, Randomness};
use ahq_domain::id::{SessionId, UserId, uuid_v7};
use ahq_domain::signing::TOKEN_SECONDS;
use ahq_exchange::error::Error;
use ahq_exchange::keys::ServerKeys;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long a token is good, in seconds.
pub const LIFETIME: i64 = TOKEN_SECONDS;
/// How far the clocks of two servers may be apart, in seconds. A token never lives longer for it.
const SKEW: i64 = 5;
/// Longer than any token that was issued here, in bytes.
const LONGEST: usize = 2048;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 4096;
/// The media type of an access token (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// What a token says; all of it is required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is meant for.
    pub aud: String,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// When it begins, in seconds since 1970.
    pub nbf: i64,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// The user.
    pub sub: UserId,
    /// The token itself.
    pub jti: uuid::Uuid,
    /// The session.
    pub sid: SessionId,
}

/// The token is not, or no longer, good; why is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not valid")]
pub struct BadToken;

impl From<BadToken> for Error {
    fn from(_: BadToken) -> Self {
        Self::BadToken
    }
}

/// The keys tokens are signed and verified with, and those verified lately. Which keys those are now is looked up for each
/// token: they may be rotated while the program runs.
pub struct TokenKeys {
    keys: Arc<ServerKeys>,
    issuer: String,
    audience: String,
    validation: Validation,
    verified: Mutex<HashMap<[u8; 32], Claims>>,
}

impl TokenKeys {
    /// Tokens of the exchange that has these keys.
    pub fn new(keys: Arc<ServerKeys>, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library reads the system's clock: times are checked below, by the clock handed in.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            keys,
            issuer,
            audience,
            validation,
            verified: Mutex::new(HashMap::new()),
        }
    }

    /// A token for a session, good for [`LIFETIME`] seconds from `now`.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be signed.
    pub fn issue(
        &self,
        user: UserId,
        session: SessionId,
        now: Instant,
        randomness: &Randomness,
    ) -> Result<String, Error> {
        let now_seconds = now.timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            exp: now_seconds + LIFETIME,
            nbf: now_seconds,
            iat: now_seconds,
            sub: user,
            jti: uuid_v7(now, randomness),
            sid: session,
        };
        let (id, seed) = self.keys.signing_seed(now)?;
        let der = SigningKey::from_bytes(seed.expose_secret()).to_pkcs8_der();
        let der = der.map_err(|error| Error::Internal(error.to_string()))?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(id);
        let key = EncodingKey::from_ed_der(der.as_bytes());
        jsonwebtoken::encode(&header, &claims, &key).map_err(|error| Error::Internal(error.to_string()))
    }

    /// What a token says, if it is good at `now`.
    ///
    /// # Errors
    /// [`BadToken`].
    pub fn verify(&self, token: &str, now: Instant) -> Result<Claims, BadToken> {
        if token.len() > LONGEST {
            return Err(BadToken);
        }
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let remembered = self.remembered().get(&hash).cloned();
        let claims = match remembered {
            Some(claims) => claims,
            None => self.decode(token, now)?,
        };
        let seconds = now.timestamp();
        let in_time = seconds < claims.exp
            && claims.nbf <= seconds + SKEW
            && claims.iat <= seconds + SKEW
            && claims.iat < claims.exp
            && claims.exp.saturating_sub(claims.iat) <= LIFETIME;
        if !in_time {
            return Err(BadToken);
        }
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED {
            remembered.retain(|_, claims| seconds < claims.exp);
        }
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.entry(hash).or_insert_with(|| claims.clone());
        Ok(claims)
    }

    fn decode(&self, token: &str, now: Instant) -> Result<Claims, BadToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| BadToken)?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return Err(BadToken);
        }
        let id = header.kid.ok_or(BadToken)?;
        let key = self.keys.verifying(&id, now).ok_or(BadToken)?;
        jsonwebtoken::decode(token, &DecodingKey::from_ed_der(&key), &self.validation)
            .map(|data| data.claims)
            .map_err(|_| BadToken)
    }

    /// The map stays whole when a thread panics with it: it is only ever added to and cleared.
    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Claims>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKeys({})", self.issuer)
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
