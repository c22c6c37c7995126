//! The keys of the exchange: those that sign, one after the other, and one for hashes and derived secrets.
//!
//! On SQLite they lie in a file beside the database, on PostgreSQL in one row, encrypted with the configured secret, so
//! that all servers share them. Each server reads them anew now and then, for another may have rotated them.
//!
//! The hashing key stays: the links in messages that are on their way, refresh tokens and second factors derive from it,
//! so another one would sign everybody out and make every authenticator useless.

mod signing;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ahq_domain::clock::{Instant, Randomness};
use ahq_domain::id::{MessageId, SessionId, UserId};
use ahq_store::{Connection, Store, keys};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

pub use self::signing::KeyInfo;
use self::signing::SigningKeys;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::work::Exchange;

/// The name of the row that holds the keys on PostgreSQL.
const ROW: &str = "exchange";

/// The keys of the exchange; they never print.
#[derive(Debug)]
pub struct ServerKeys {
    /// What access tokens and checkpoints are signed with; another one when they were rotated.
    signing: RwLock<Arc<SigningKeys>>,
    /// What hashes and derived secrets are keyed with.
    hashing: SecretBox<[u8; 32]>,
    place: Place,
}

/// Where the keys rest.
#[derive(Debug)]
enum Place {
    /// Nowhere.
    Memory,
    /// In a file.
    File(PathBuf),
    /// In the database, encrypted with this.
    Database(SecretString),
}

/// The keys as they are written down.
#[derive(Serialize, Deserialize)]
struct Written {
    signing: signing::Written,
    hashing: String,
}

/// Keys that were read, or are to be written.
struct Parsed {
    signing: SigningKeys,
    hashing: SecretBox<[u8; 32]>,
}

impl Parsed {
    fn generate(randomness: &Randomness) -> Self {
        Self {
            signing: SigningKeys::generate(randomness),
            hashing: SecretBox::new(Box::new(randomness.bytes())),
        }
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let damaged = || Error::Internal("the file of keys is damaged".to_owned());
        let written: Written = serde_json::from_str(text).map_err(|_| damaged())?;
        let hashing: Option<[u8; 32]> = hex::decode(&written.hashing)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        Ok(Self {
            signing: SigningKeys::parse(written.signing).ok_or_else(damaged)?,
            hashing: SecretBox::new(Box::new(hashing.ok_or_else(damaged)?)),
        })
    }

    fn at(self, place: Place) -> ServerKeys {
        ServerKeys {
            signing: RwLock::new(Arc::new(self.signing)),
            hashing: self.hashing,
            place,
        }
    }
}

fn written(signing: &SigningKeys, hashing: &SecretBox<[u8; 32]>) -> Result<String, Error> {
    let written = Written {
        signing: signing.written(),
        hashing: hex::encode(hashing.expose_secret()),
    };
    serde_json::to_string(&written).map_err(|error| Error::Internal(error.to_string()))
}

fn cipher(secret: &SecretString) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Sha256::digest(secret.expose_secret().as_bytes()))
}

/// A row of the database that holds a text.
fn seal(secret: &SecretString, text: &str, randomness: &Randomness) -> Result<String, Error> {
    let nonce: [u8; 24] = randomness.bytes();
    let sealed = cipher(secret)
        .encrypt(XNonce::from_slice(&nonce), text.as_bytes())
        .map_err(|_| Error::Internal("the keys could not be encrypted".to_owned()))?;
    Ok(format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(nonce),
        URL_SAFE_NO_PAD.encode(sealed)
    ))
}

/// The text that a row of the database holds.
fn open(secret: &SecretString, row: Option<&str>) -> Result<String, Error> {
    let opened = row.and_then(|row| {
        let (nonce, sealed) = row.split_once('.')?;
        let nonce: [u8; 24] = URL_SAFE_NO_PAD.decode(nonce).ok()?.try_into().ok()?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let text = cipher(secret)
            .decrypt(XNonce::from_slice(&nonce), sealed.as_slice())
            .ok()?;
        String::from_utf8(text).ok()
    });
    opened.ok_or_else(|| {
        Error::Internal(
            "the keys in the database were encrypted with another secret: set the one they were made with".to_owned(),
        )
    })
}

fn fault(path: &Path, error: &std::io::Error) -> Error {
    Error::Internal(format!("{}: {error}", path.display()))
}

/// Writes a new file that its owner alone may read, through to the disk.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Puts a new file in the place of one: whoever reads meanwhile, and a power cut, finds the one or the other, whole.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    // Left behind by a power cut.
    let _ = std::fs::remove_file(&beside);
    write_new(&beside, text)?;
    std::fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

impl ServerKeys {
    /// New keys that rest nowhere.
    pub fn generate(randomness: &Randomness) -> Self {
        Parsed::generate(randomness).at(Place::Memory)
    }

    /// The keys in a file, made at the first start, readable by its owner alone.
    ///
    /// # Errors
    /// [`Error::Internal`] when the file cannot be read, written or understood.
    pub fn in_file(path: &Path, randomness: &Randomness) -> Result<Self, Error> {
        let fault = |error: std::io::Error| fault(path, &error);
        let parsed = match std::fs::read_to_string(path) {
            Ok(text) => Parsed::parse(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let fresh = Parsed::generate(randomness);
                match write_new(path, &written(&fresh.signing, &fresh.hashing)?) {
                    Ok(()) => fresh,
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                        Parsed::parse(&std::fs::read_to_string(path).map_err(fault)?)?
                    }
                    Err(error) => return Err(fault(error)),
                }
            }
            Err(error) => return Err(fault(error)),
        };
        Ok(parsed.at(Place::File(path.to_path_buf())))
    }

    /// The keys in the database, made at the first start, encrypted with the operator's secret.
    ///
    /// # Errors
    /// [`Error::Internal`] when the secret is not the one they were encrypted with.
    pub async fn in_database(store: &Store, secret: &SecretString, randomness: &Randomness) -> Result<Self, Error> {
        let fresh = Parsed::generate(randomness);
        let row = seal(secret, &written(&fresh.signing, &fresh.hashing)?, randomness)?;
        let kept = store
            .write(move |conn| -> Result<Option<String>, Error> {
                keys::insert_once(conn, ROW, &row)?;
                Ok(keys::find(conn, ROW)?)
            })
            .await?;
        let text = open(secret, kept.as_deref())?;
        Ok(Parsed::parse(&text)?.at(Place::Database(secret.clone())))
    }

    /// Keys as they are written down, which rest nowhere: for tests.
    ///
    /// # Errors
    /// [`Error::Internal`] when they are damaged.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Parsed::parse(text)?.at(Place::Memory))
    }

    /// What rests where they rest, and the row as it is where that is one.
    fn at_rest(&self, conn: &mut Connection) -> Result<Option<(Parsed, Option<String>)>, Error> {
        match &self.place {
            Place::Memory => Ok(None),
            Place::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| fault(path, &error))?;
                Ok(Some((Parsed::parse(&text)?, None)))
            }
            Place::Database(secret) => {
                let row = keys::find(conn, ROW)?;
                Ok(Some((Parsed::parse(&open(secret, row.as_deref())?)?, row)))
            }
        }
    }

    /// Writes down other signing keys than those that `change` is given; none where it gives none. The transaction keeps two
    /// programs from doing so at once, for a file too.
    fn change(
        &self,
        conn: &mut Connection,
        randomness: &Randomness,
        change: impl FnOnce(&SigningKeys) -> Result<Option<SigningKeys>, Error>,
    ) -> Result<Option<SigningKeys>, Error> {
        let Some((parsed, row)) = self.at_rest(conn)? else {
            return change(&self.signing());
        };
        let Some(changed) = change(&parsed.signing)? else {
            return Ok(None);
        };
        let text = written(&changed, &parsed.hashing)?;
        match (&self.place, row) {
            (Place::File(path), _) => replace(path, &text).map_err(|error| fault(path, &error))?,
            (Place::Database(secret), Some(row)) => {
                keys::replace(conn, ROW, &row, &seal(secret, &text, randomness)?)?;
            }
            _ => {}
        }
        Ok(Some(changed))
    }

    fn signing(&self) -> Arc<SigningKeys> {
        let signing = self.signing.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&signing)
    }

    fn adopt(&self, signing: SigningKeys) {
        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signing);
    }

    /// All signing keys, from the oldest one on.
    pub fn list(&self, now: Instant) -> Vec<KeyInfo> {
        self.signing().infos(now)
    }

    /// What the key that signs now is called, and its Ed25519 seed.
    ///
    /// # Errors
    /// [`Error::Internal`] when the clock shows a time of a key that is retired.
    pub fn signing_seed(&self, now: Instant) -> Result<(String, SecretBox<[u8; 32]>), Error> {
        let signing = self.signing();
        let (id, seed) = signing.signing(now)?;
        Ok((id.to_owned(), SecretBox::new(Box::new(*seed))))
    }

    /// The public half of the key of this name, where access tokens of it are good.
    pub fn verifying(&self, id: &str, now: Instant) -> Option<[u8; 32]> {
        self.signing().verifying(id, now)
    }

    /// An Ed25519 signature, and what the key is called that made it, which the text may name. What is signed begins with what
    /// it is, so that none is taken for another.
    pub(crate) fn sign(&self, text: impl FnOnce(&str) -> String, now: Instant) -> Result<(String, [u8; 64]), Error> {
        self.signing().sign(text, now)
    }

    /// Whether this is the signature of a text by the key of this name, retired or not; none where there is no such key.
    pub(crate) fn is_signed(&self, id: &str, text: &[u8], signature: &[u8]) -> Option<bool> {
        self.signing().is_signed(id, text, signature)
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

impl Exchange {
    /// Makes a new signing key, which signs a while from now on; the one before is good until all it signed is over.
    ///
    /// # Errors
    /// A conflict while a rotation is under way; keys that cannot be read or written.
    pub async fn rotate_keys(&self) -> Result<KeyInfo, Error> {
        let (rotated, newest) = self
            .write(Credentials::System, |work| {
                let (now, randomness) = (work.now, work.randomness);
                let rotate = |signing: &SigningKeys| signing.rotated(now, randomness).map(Some);
                let rotated = work.keys.change(work.conn, randomness, rotate)?;
                let newest = rotated.as_ref().and_then(|rotated| rotated.infos(now).pop());
                let newest = newest.ok_or_else(|| Error::Internal("there are no keys".to_owned()))?;
                let facts = json!({"key": newest.id, "from": newest.from});
                work.record("keys.rotated", "exchange", facts)?;
                Ok((rotated, newest))
            })
            .await?;
        if let Some(rotated) = rotated {
            self.keys().adopt(rotated);
        }
        Ok(newest)
    }

    /// Reads the keys anew: another server, or the operator, may have rotated them. Gives whether they had.
    ///
    /// # Errors
    /// Keys that cannot be read, and those of another exchange.
    pub async fn reload_keys(&self) -> Result<bool, Error> {
        let read = self
            .read(Credentials::System, |work| work.keys.at_rest(work.conn))
            .await?;
        let Some((parsed, _)) = read else {
            return Ok(false);
        };
        let keys = self.keys();
        if parsed.hashing.expose_secret() != keys.hashing.expose_secret() {
            return Err(Error::Internal(
                "the keys are those of another exchange now: start the program anew".to_owned(),
            ));
        }
        let now = self.clock().now();
        let changed = parsed.signing.infos(now) != keys.list(now);
        keys.adopt(parsed.signing);
        Ok(changed)
    }

    /// Forgets the secret half of each signing key whose access tokens are all over; for the worker.
    ///
    /// # Errors
    /// Keys that cannot be read or written.
    pub async fn retire_keys(&self) -> Result<bool, Error> {
        let kept = self
            .write(Credentials::System, |work| {
                let (now, randomness) = (work.now, work.randomness);
                let forget = |signing: &SigningKeys| Ok(signing.without_retired_seeds(now));
                work.keys.change(work.conn, randomness, forget)
            })
            .await?;
        let retired = kept.is_some();
        if let Some(kept) = kept {
            self.keys().adopt(kept);
        }
        Ok(retired)
    }
}

/// The hash of a secret that was handed out, as it rests in the tables.
pub(crate) fn hash_secret(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests;
