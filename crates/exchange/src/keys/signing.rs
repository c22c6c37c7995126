//! The signing keys, as they follow one another, and how they are written down.

use ahq_domain::clock::{Instant, Randomness};
use ahq_domain::signing::{self, KeyStatus};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// From when on the first key signs.
pub(super) const FIRST: Instant = Instant::UNIX_EPOCH;

/// One signing key. Once it is retired, it has no seed any more.
#[derive(Debug)]
struct Key {
    id: String,
    from: Instant,
    public: VerifyingKey,
    seed: Option<SecretBox<[u8; 32]>>,
}

/// A signing key as people are told of it: never its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// What it is called: the `kid` of access tokens.
    pub id: String,
    /// From when on it signs.
    pub from: Instant,
    /// Where it stands.
    pub status: KeyStatus,
}

/// The signing keys, from the oldest one on; there is always one.
#[derive(Debug)]
pub(super) struct SigningKeys(Vec<Key>);

/// A signing key as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenKey {
    from: Instant,
    /// While it signs or may sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
    /// Afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public: Option<String>,
}

/// Signing keys as they are written down: all of them, or the only one that there was before keys were rotated.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Written {
    All(Vec<WrittenKey>),
    One(String),
}

fn of_digits(digits: &str) -> Option<[u8; 32]> {
    hex::decode(digits).ok()?.try_into().ok()
}

/// What a public key is called.
fn id_of(public: &VerifyingKey) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(public.as_bytes())[..12])
}

impl Key {
    fn new(seed: [u8; 32], from: Instant) -> Self {
        let public = SigningKey::from_bytes(&seed).verifying_key();
        Self {
            id: id_of(&public),
            from,
            public,
            seed: Some(SecretBox::new(Box::new(seed))),
        }
    }

    fn retired(public: [u8; 32], from: Instant) -> Option<Self> {
        let public = VerifyingKey::from_bytes(&public).ok()?;
        Some(Self {
            id: id_of(&public),
            from,
            public,
            seed: None,
        })
    }

    fn copy(&self) -> Self {
        Self {
            id: self.id.clone(),
            from: self.from,
            public: self.public,
            seed: self
                .seed
                .as_ref()
                .map(|seed| SecretBox::new(Box::new(*seed.expose_secret()))),
        }
    }
}

impl SigningKeys {
    /// The first key.
    pub(super) fn generate(randomness: &Randomness) -> Self {
        Self(vec![Key::new(randomness.bytes(), FIRST)])
    }

    /// What was written down; none where that is damaged.
    pub(super) fn parse(written: Written) -> Option<Self> {
        let keys = match written {
            Written::One(seed) => vec![Key::new(of_digits(&seed)?, FIRST)],
            Written::All(all) => {
                let key = |written: WrittenKey| match (written.seed, written.public) {
                    (Some(seed), None) => Some(Key::new(of_digits(&seed)?, written.from)),
                    (None, Some(public)) => Key::retired(of_digits(&public)?, written.from),
                    _ => None,
                };
                all.into_iter().map(key).collect::<Option<Vec<_>>>()?
            }
        };
        let in_order = keys.windows(2).all(|two| two[0].from <= two[1].from);
        let last_signs = keys.last().is_some_and(|last| last.seed.is_some());
        (in_order && last_signs).then_some(Self(keys))
    }

    /// The first key alone is written as ever, so that an older program beside this one reads it until the first rotation.
    pub(super) fn written(&self) -> Written {
        if let [Key { seed: Some(seed), .. }] = self.0.as_slice() {
            return Written::One(hex::encode(seed.expose_secret()));
        }
        let key = |key: &Key| WrittenKey {
            from: key.from,
            seed: key.seed.as_ref().map(|seed| hex::encode(seed.expose_secret())),
            public: key.seed.is_none().then(|| hex::encode(key.public.as_bytes())),
        };
        Written::All(self.0.iter().map(key).collect())
    }

    fn froms(&self) -> Vec<Instant> {
        self.0.iter().map(|key| key.from).collect()
    }

    fn with_statuses(&self, now: Instant) -> impl Iterator<Item = (&Key, KeyStatus)> {
        self.0.iter().zip(signing::statuses(&self.froms(), now))
    }

    /// The same with a new key, which signs a while from now on.
    pub(super) fn rotated(&self, now: Instant, randomness: &Randomness) -> Result<Self, Error> {
        let from = signing::next_from(&self.froms(), now)?;
        let old = self.0.iter().map(Key::copy);
        Ok(Self(old.chain([Key::new(randomness.bytes(), from)]).collect()))
    }

    /// The same without the seeds that are no longer needed; none where there are no such.
    pub(super) fn without_retired_seeds(&self, now: Instant) -> Option<Self> {
        let is_over = |(key, status): &(&Key, KeyStatus)| *status == KeyStatus::Retired && key.seed.is_some();
        if !self.with_statuses(now).any(|key| is_over(&key)) {
            return None;
        }
        let kept = self.with_statuses(now).map(|key| {
            let seed = !is_over(&key);
            let key = key.0.copy();
            Key {
                seed: key.seed.filter(|_| seed),
                ..key
            }
        });
        Some(Self(kept.collect()))
    }

    /// All of them.
    pub(super) fn infos(&self, now: Instant) -> Vec<KeyInfo> {
        let info = |(key, status): (&Key, KeyStatus)| KeyInfo {
            id: key.id.clone(),
            from: key.from,
            status,
        };
        self.with_statuses(now).map(info).collect()
    }

    /// The one that signs now, with its seed. Should the clock show a time of a key that is retired, the next one does.
    pub(super) fn signing(&self, now: Instant) -> Result<(&str, &[u8; 32]), Error> {
        let signs = |status| !matches!(status, KeyStatus::Ending { .. } | KeyStatus::Retired);
        let mut seeds = self
            .with_statuses(now)
            .filter(|(_, status)| signs(*status))
            .filter_map(|(key, _)| Some((key.id.as_str(), key.seed.as_ref()?.expose_secret())));
        seeds.next().ok_or_else(|| Error::Internal("no key signs".to_owned()))
    }

    /// A signature, and what the key is called that made it.
    pub(super) fn sign(&self, text: impl FnOnce(&str) -> String, now: Instant) -> Result<(String, [u8; 64]), Error> {
        let (id, seed) = self.signing(now)?;
        let signature = SigningKey::from_bytes(seed).sign(text(id).as_bytes());
        Ok((id.to_owned(), signature.to_bytes()))
    }

    /// The public half of a key whose access tokens are good.
    pub(super) fn verifying(&self, id: &str, now: Instant) -> Option<[u8; 32]> {
        let mut good = self
            .with_statuses(now)
            .filter(|(_, status)| *status != KeyStatus::Retired);
        good.find(|(key, _)| key.id == id).map(|(key, _)| key.public.to_bytes())
    }

    /// Whether this is the signature of a key; none where there is no such key. Retired ones count.
    pub(super) fn is_signed(&self, id: &str, text: &[u8], signature: &[u8]) -> Option<bool> {
        let key = self.0.iter().find(|key| key.id == id)?;
        let signature = Signature::from_slice(signature);
        Some(signature.is_ok_and(|signature| key.public.verify_strict(text, &signature).is_ok()))
    }
}
