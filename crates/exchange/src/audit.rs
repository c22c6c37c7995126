//! The audit trail: its events get their numbers and hashes in the background, can be verified at any time, and are read by
//! the service provider; an office reads what was done with its own responses.
//!
//! Events are written without a number, in the transaction of their change. Numbering them there would make all changes
//! wait for one another.

use ahq_domain::audit::{ChainFault, Link, READ_RESTRICTED, UNSEALED_SECONDS, Verifier};
use ahq_domain::clock::Instant;
use ahq_domain::id::EventId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_store::audit::{self, Position};
pub use ahq_store::audit::{Filter, Sealed};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::keys::ServerKeys;
use crate::work::{Exchange, Work};

/// How far behind the pass before a pass begins: a change that took its time may be committed behind later ones.
pub const LOOK_BACK: Duration = Duration::seconds(60);

/// What a walk along the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many events were right, from the first one on.
    pub events: i64,
    /// The first fault, where there is one.
    pub fault: Option<ChainFault>,
}

/// A place of the chain, signed, to be kept elsewhere: one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The number of the last event.
    number: i64,
    /// The hash over all events up to it, in hexadecimal digits.
    hash: String,
    /// When it was taken.
    at: Instant,
    /// Which key signed it: the `kid` of access tokens.
    key: String,
    /// The signature (Ed25519) over `ahq audit checkpoint`, number, hash, time in microseconds since 1970 and key, each
    /// with an end of line behind it.
    signature: String,
}

/// Why a checkpoint cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// It is no line of JSON with the parts of a checkpoint.
    #[error("is no checkpoint")]
    NotOne,
    /// It was signed with a key of another exchange.
    #[error("was signed with a key that this exchange never had")]
    OtherKey,
    /// Its signature does not fit.
    #[error("was changed: its signature is wrong")]
    Changed,
}

impl Checkpoint {
    pub(crate) fn new(link: Link, at: Instant, keys: &ServerKeys) -> Result<Self, Error> {
        let mut checkpoint = Self {
            number: link.number,
            hash: hex::encode(link.hash),
            at,
            key: String::new(),
            signature: String::new(),
        };
        let (key, signature) = keys.sign(|key| checkpoint.signed_by(key), at)?;
        checkpoint.key = key;
        checkpoint.signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(checkpoint)
    }

    fn signed_by(&self, key: &str) -> String {
        let Self { number, hash, at, .. } = self;
        let at = at.timestamp_micros();
        format!("ahq audit checkpoint\n{number}\n{hash}\n{at}\n{key}\n")
    }

    /// When it was taken.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// The number of the last event it knows.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The line of JSON, without its end.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be written, which does not happen.
    pub fn line(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`CheckpointFault::NotOne`].
    pub fn parse(line: &str) -> Result<Self, CheckpointFault> {
        serde_json::from_str(line).map_err(|_| CheckpointFault::NotOne)
    }

    /// The place it vouches for, once its signature is found right: a key that is retired still vouches for what it signed.
    ///
    /// # Errors
    /// Signed by another, or changed since.
    pub fn open(&self, keys: &ServerKeys) -> Result<Link, CheckpointFault> {
        let signature = URL_SAFE_NO_PAD.decode(&self.signature).unwrap_or_default();
        match keys.is_signed(&self.key, self.signed_by(&self.key).as_bytes(), &signature) {
            None => return Err(CheckpointFault::OtherKey),
            Some(false) => return Err(CheckpointFault::Changed),
            Some(true) => {}
        }
        let hash = hex::decode(&self.hash).ok().and_then(|hash| hash.try_into().ok());
        Ok(Link {
            number: self.number,
            hash: hash.ok_or(CheckpointFault::NotOne)?,
        })
    }
}

impl Exchange {
    /// Writes down that the tables were restored from a backup, begun at `made`: what happened after that is not in the chain.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn note_restored(&self, made: Instant) -> Result<(), Error> {
        self.write(Credentials::System, move |work| {
            work.record("exchange.restored", "exchange", json!({"backup": made}))
        })
        .await
    }

    /// Gives every event since `since` that has none its number and hash, in the order they happened; none for all events.
    /// Gives how many there were.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn seal_audit(&self, since: Option<Instant>) -> Result<usize, Error> {
        let mut after: Option<Position> = since.map(|since| (since, EventId(Default::default())));
        let mut sealed = 0;
        loop {
            let waiting = self
                .read(Credentials::System, move |work| {
                    Ok(audit::is_waiting(work.conn, after)?)
                })
                .await?;
            if !waiting {
                return Ok(sealed);
            }
            let some = self
                .write(Credentials::System, move |work| Ok(audit::seal_some(work.conn, after)?))
                .await?;
            let Some((count, last)) = some else {
                return Ok(sealed);
            };
            sealed += count;
            after = Some(last);
        }
    }

    /// Walks along the whole chain, holds it against what checkpoints know, and looks for events that never got a number.
    /// `told` hears after each page how many events were right so far.
    ///
    /// # Errors
    /// What the tables refuse; what is wrong with the chain is no error.
    pub async fn verify_audit(
        &self,
        checkpoints: Vec<Link>,
        mut told: impl FnMut(i64) + Send,
    ) -> Result<Verified, Error> {
        let mut verifier = Verifier::new(checkpoints);
        loop {
            let (walked, more) = self
                .read(Credentials::System, move |work| {
                    let mut verifier = verifier;
                    let more = audit::verify_some(work.conn, &mut verifier)?;
                    Ok((verifier, more))
                })
                .await?;
            verifier = walked;
            let events = verifier.at().number;
            told(events);
            match more {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => {
                    return Ok(Verified {
                        events,
                        fault: Some(fault),
                    });
                }
            }
        }
        let until = self.clock().now() - Duration::seconds(UNSEALED_SECONDS);
        let waiting = self
            .read(Credentials::System, move |work| Ok(audit::unsealed(work.conn, until)?))
            .await?;
        let fault = match (verifier.end(), waiting) {
            (Err(fault), _) => Some(fault),
            (Ok(_), Some((count, oldest))) => Some(ChainFault::Unsealed { count, oldest }),
            (Ok(_), None) => None,
        };
        Ok(Verified {
            events: verifier.at().number,
            fault,
        })
    }

    /// The end of the chain as it is now, signed; none before its first event.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn audit_checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        self.read(Credentials::System, |work| {
            let last = audit::last_seal(work.conn)?;
            last.map(|last| Checkpoint::new(last, work.now, work.keys)).transpose()
        })
        .await
    }
}

impl Work<'_> {
    /// A page of the trail, the newest first, and where the next one begins; for the service provider.
    ///
    /// # Errors
    /// Not the service provider's coordinator.
    pub fn list_audit(
        &mut self,
        filter: &Filter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<Sealed>, Option<i64>), Error> {
        self.may(Action::ReadAudit, Subject::Exchange)?;
        self.audit_page(filter, before, limit)
    }

    /// A page of what was done with the responses of an office, the newest first; for its coordinators. Of others it tells
    /// their office and not which person, and of a read of many answers only that this office's were among them.
    ///
    /// # Errors
    /// Not a coordinator of this office.
    pub fn list_office_audit(
        &mut self,
        office: &OfficeCode,
        filter: Filter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<Sealed>, Option<i64>), Error> {
        self.may(Action::ReadAudit, Subject::Office(office))?;
        let filter = Filter {
            about_responses_of: Some(office.clone()),
            ..filter
        };
        let (mut events, next) = self.audit_page(&filter, before, limit)?;
        for Sealed { event, .. } in &mut events {
            if event.office.as_ref() != Some(office) {
                event.user = None;
                // A personal token is one person's.
                if let Some(facts) = event.facts.as_object_mut() {
                    facts.remove("token");
                }
            }
            if event.action == READ_RESTRICTED {
                event.facts["offices"] = json!([office]);
            }
        }
        Ok((events, next))
    }

    fn audit_page(
        &mut self,
        filter: &Filter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<Sealed>, Option<i64>), Error> {
        let mut events = audit::page(self.conn, filter, before, limit + 1)?;
        let whole = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = events.len() > whole;
        events.truncate(whole);
        let next = events.last().filter(|_| more).map(|sealed| sealed.number);
        Ok((events, next))
    }
}
