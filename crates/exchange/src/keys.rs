//! The keys of the exchange: one for signing tokens, one for hashes and derived secrets.
//!
//! On SQLite they lie in a file beside the database, on PostgreSQL in one row each, encrypted with the configured
//! secret, so that all servers share them.

use std::io::Write;
use std::path::Path;

use ahq_domain::clock::Randomness;
use ahq_domain::id::{MessageId, SessionId, UserId};
use ahq_store::Store;
use ahq_store::keys;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ed25519_dalek::{Signature, Signer, SigningKey};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// The name of the row that holds the keys on PostgreSQL.
const ROW: &str = "exchange";

/// The keys of the exchange; they never print.
#[derive(Debug)]
pub struct ServerKeys {
    /// The Ed25519 seed that access tokens are signed with.
    signing: SecretBox<[u8; 32]>,
    /// What hashes and derived secrets are keyed with.
    hashing: SecretBox<[u8; 32]>,
}

/// The keys as they are written down.
#[derive(Serialize, Deserialize)]
struct Written {
    signing: String,
    hashing: String,
}

impl ServerKeys {
    /// New keys.
    pub fn generate(randomness: &Randomness) -> Self {
        Self {
            signing: SecretBox::new(Box::new(randomness.bytes())),
            hashing: SecretBox::new(Box::new(randomness.bytes())),
        }
    }

    /// The keys in a file, made at the first start, readable by its owner alone.
    ///
    /// # Errors
    /// [`Error::Internal`] when the file cannot be read, written or understood.
    pub fn in_file(path: &Path, randomness: &Randomness) -> Result<Self, Error> {
        let fault = |error: std::io::Error| Error::Internal(format!("{}: {error}", path.display()));
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let keys = Self::generate(randomness);
                let mut options = std::fs::OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                match options.open(path) {
                    Ok(mut file) => {
                        file.write_all(keys.written()?.as_bytes()).map_err(fault)?;
                        file.sync_all().map_err(fault)?;
                        Ok(keys)
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                        Self::parse(&std::fs::read_to_string(path).map_err(fault)?)
                    }
                    Err(error) => Err(fault(error)),
                }
            }
            Err(error) => Err(fault(error)),
        }
    }

    /// The keys in the database, made at the first start, encrypted with the operator's secret.
    ///
    /// # Errors
    /// [`Error::Internal`] when the secret is not the one they were encrypted with.
    pub async fn in_database(store: &Store, secret: &SecretString, randomness: &Randomness) -> Result<Self, Error> {
        let cipher = XChaCha20Poly1305::new(&Sha256::digest(secret.expose_secret().as_bytes()));
        let fresh = Self::generate(randomness).written()?;
        let nonce: [u8; 24] = randomness.bytes();
        let sealed = cipher
            .encrypt(XNonce::from_slice(&nonce), fresh.as_bytes())
            .map_err(|_| Error::Internal("the keys could not be encrypted".to_owned()))?;
        let row = format!("{}.{}", URL_SAFE_NO_PAD.encode(nonce), URL_SAFE_NO_PAD.encode(sealed));
        let kept = store
            .write(move |conn| -> Result<Option<String>, Error> {
                keys::insert_once(conn, ROW, &row)?;
                Ok(keys::find(conn, ROW)?)
            })
            .await?;
        let opened = kept.as_deref().and_then(|kept| {
            let (nonce, sealed) = kept.split_once('.')?;
            let nonce: [u8; 24] = URL_SAFE_NO_PAD.decode(nonce).ok()?.try_into().ok()?;
            let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
            let text = cipher.decrypt(XNonce::from_slice(&nonce), sealed.as_slice()).ok()?;
            String::from_utf8(text).ok()
        });
        match opened {
            Some(text) => Self::parse(&text),
            None => Err(Error::Internal(
                "the keys in the database were encrypted with another secret: set the one they were made with"
                    .to_owned(),
            )),
        }
    }

    fn written(&self) -> Result<String, Error> {
        let written = Written {
            signing: hex::encode(self.signing.expose_secret()),
            hashing: hex::encode(self.hashing.expose_secret()),
        };
        serde_json::to_string(&written).map_err(|error| Error::Internal(error.to_string()))
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let fault = || Error::Internal("the file of keys is damaged".to_owned());
        let written: Written = serde_json::from_str(text).map_err(|_| fault())?;
        let key = |digits: &str| -> Result<SecretBox<[u8; 32]>, Error> {
            let bytes: [u8; 32] = hex::decode(digits)
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(fault)?;
            Ok(SecretBox::new(Box::new(bytes)))
        };
        Ok(Self {
            signing: key(&written.signing)?,
            hashing: key(&written.hashing)?,
        })
    }

    /// The Ed25519 seed that access tokens are signed with.
    pub fn signing_seed(&self) -> &[u8; 32] {
        self.signing.expose_secret()
    }

    /// What the signing key is called: the `kid` of access tokens.
    pub fn signing_id(&self) -> String {
        let public = SigningKey::from_bytes(self.signing_seed()).verifying_key();
        URL_SAFE_NO_PAD.encode(&Sha256::digest(public.as_bytes())[..12])
    }

    /// An Ed25519 signature. What is signed begins with what it is, so that none is taken for another.
    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 64] {
        SigningKey::from_bytes(self.signing_seed()).sign(text).to_bytes()
    }

    /// Whether this is the signing key's signature of a text.
    pub(crate) fn is_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let key = SigningKey::from_bytes(self.signing_seed()).verifying_key();
        Signature::from_slice(signature).is_ok_and(|signature| key.verify_strict(text, &signature).is_ok())
    }

    /// A keyed hash (HMAC-SHA-256) for `purpose`.
    pub fn hash(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        // A key of any length is accepted by HMAC; the error cannot occur.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(self.hashing.expose_secret()) else {
            return [0; 32];
        };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    /// Whether bytes that somebody brings are [`ServerKeys::hash`]; how long that takes says nothing of where they differ.
    pub(crate) fn is_hash(&self, purpose: &str, text: &[u8], brought: &[u8]) -> bool {
        self.hash("compared", &self.hash(purpose, text)) == self.hash("compared", brought)
    }

    /// The secret of a link in a message, derived anew each time: it rests nowhere.
    pub fn link_secret(&self, message: MessageId) -> String {
        URL_SAFE_NO_PAD.encode(self.hash("link", message.0.as_bytes()))
    }

    /// The secret of a second factor (RFC 4226, section 4, R6: 160 bits), derived anew each time: it rests nowhere.
    pub(crate) fn second_factor(&self, user: UserId, seed: &str) -> Vec<u8> {
        self.hash("second factor", format!("{user}.{seed}").as_bytes())[..20].to_vec()
    }

    /// The refresh token of a generation of a session.
    pub(crate) fn refresh_token(&self, session: SessionId, seed: &str, generation: i32) -> String {
        let mac = self.hash("refresh", format!("{session}.{seed}.{generation}").as_bytes());
        format!("{}.{generation}.{}", session.0.simple(), URL_SAFE_NO_PAD.encode(mac))
    }
}

/// The hash of a secret that was handed out, as it rests in the tables.
pub(crate) fn hash_secret(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
