//! The frame of every use case: who calls, what time it is, one transaction, and the traces it leaves.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ahq_domain::clock::{Clock, Instant, Randomness, brussels_date};
use ahq_domain::id::{EventId, MessageId, TokenId};
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Caller, Party, Subject, may};
use ahq_domain::refusal::Refusal;
use ahq_domain::retention::Retention;
use ahq_domain::second_factor::is_required;
use ahq_domain::user::{UserStatus, role_on};
use ahq_store::audit::Event;
use ahq_store::{Connection, Store, audit, contributions, migration, offices, replays, sessions};
use chrono::{Duration, NaiveDate};

use crate::attachments::Shelves;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::keys::ServerKeys;
use crate::oidc::provider::Providers;
use crate::replay::{KeptReply, ReplayKey};
use crate::tokens::{naming, program};
use crate::trail::{self, Ended, Lately, Trail};

/// How long a reply is kept for its Idempotency-Key.
const REPLIES_KEPT: Duration = Duration::days(7);

/// What the operator sets for the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address people reach the exchange at, without a slash at its end: links in mails begin with it.
    pub public_address: String,
    /// How many working days ahead a publication is announced to the respondents.
    pub publication_notice_days: i32,
    /// The domain of Message-IDs, and of what calendars know a deadline by.
    pub mail_domain: String,
    /// How accounts and sessions are kept.
    pub accounts: AccountSettings,
    /// For how long personal data is kept.
    pub retention: Retention,
}

/// How accounts and sessions are kept.
#[derive(Debug, Clone, Copy)]
pub struct AccountSettings {
    /// How long a session lasts at the most.
    pub session_lasts: Duration,
    /// After how long without being renewed it ends.
    pub session_idle: Duration,
    /// Whether those who need a second factor have to have one.
    pub second_factor: bool,
}

/// The exchange: its tables, clock, randomness, keys and settings.
#[derive(Clone)]
pub struct Exchange {
    store: Store,
    clock: Clock,
    randomness: Randomness,
    keys: Arc<ServerKeys>,
    settings: Arc<Settings>,
    shelves: Shelves,
    providers: Arc<Providers>,
    refused_sign_ins: Arc<AtomicU64>,
    lately: Arc<Lately>,
}

/// One use case at work: everything it may use.
pub struct Work<'a> {
    /// The connection, inside its transaction.
    pub(crate) conn: &'a mut Connection,
    /// Who calls.
    pub caller: Caller,
    /// The time of the call; the same for all it does.
    pub now: Instant,
    pub(crate) randomness: &'a Randomness,
    pub(crate) keys: &'a ServerKeys,
    pub(crate) settings: &'a Settings,
    pub(crate) trail: RefCell<Trail>,
}

impl Exchange {
    /// The exchange on these tables and files.
    pub fn new(
        store: Store,
        clock: Clock,
        randomness: Randomness,
        keys: ServerKeys,
        settings: Settings,
        shelves: Shelves,
    ) -> Self {
        Self {
            store,
            clock,
            randomness,
            keys: Arc::new(keys),
            settings: Arc::new(settings),
            shelves,
            providers: Arc::default(),
            refused_sign_ins: Arc::default(),
            lately: Arc::default(),
        }
    }

    /// The same with providers of identities, through which people may sign in too.
    #[must_use]
    pub fn with_providers(mut self, providers: Providers) -> Self {
        self.providers = Arc::new(providers);
        self
    }

    /// The providers of identities.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// The tables.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Its keys.
    pub fn keys(&self) -> &ServerKeys {
        &self.keys
    }

    /// Its keys, for who outlives it.
    pub fn shared_keys(&self) -> Arc<ServerKeys> {
        Arc::clone(&self.keys)
    }

    pub(crate) fn shelves(&self) -> &Shelves {
        &self.shelves
    }

    /// The address people reach the exchange at, without a slash at its end.
    pub(crate) fn public_address(&self) -> &str {
        &self.settings.public_address
    }

    pub(crate) fn lately(&self) -> &Lately {
        &self.lately
    }

    /// Its randomness.
    pub fn randomness(&self) -> &Randomness {
        &self.randomness
    }

    /// How many sign-ins failed in this process: wrong passwords, accounts that are not there, tries that came too soon.
    pub fn refused_sign_ins(&self) -> u64 {
        self.refused_sign_ins.load(Ordering::Relaxed)
    }

    pub(crate) fn count_refused_sign_in(&self) {
        self.refused_sign_ins.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs a use case that changes nothing. What it showed of others' restricted answers, and what it refused, is written
    /// down before it gives anything.
    ///
    /// # Errors
    /// What the use case refuses; [`Error::BadToken`] for a session that has ended.
    pub async fn read<T: Send + 'static>(
        &self,
        credentials: Credentials,
        use_case: impl FnOnce(&mut Work<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        let now = self.clock.now();
        let done = self
            .store
            .read(move |conn| this.work(conn, credentials, now, use_case))
            .await;
        self.end(done, now).await
    }

    /// Runs a use case in one transaction.
    ///
    /// # Errors
    /// What the use case refuses; then nothing of it was kept.
    pub async fn write<T: Send + 'static>(
        &self,
        credentials: Credentials,
        use_case: impl FnOnce(&mut Work<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        let now = self.clock.now();
        let done = self
            .store
            .write(move |conn| this.work(conn, credentials, now, use_case))
            .await;
        self.end(done, now).await
    }

    /// Runs a use case in one transaction, once for each `replay` key: a repeat gets the stored reply, a twin in
    /// progress is waited for.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the key was used with another body; what the use case refuses.
    pub async fn write_once(
        &self,
        credentials: Credentials,
        replay: Option<ReplayKey>,
        use_case: impl FnOnce(&mut Work<'_>) -> Result<KeptReply, Error> + Send + 'static,
    ) -> Result<KeptReply, Error> {
        let Some(replay) = replay else {
            return self.write(credentials, use_case).await;
        };
        self.write(credentials, move |work| {
            let caller = match (work.token(), work.caller.user()) {
                (Some(token), _) => format!("token/{token}"),
                (None, Some(user)) => user.to_string(),
                (None, None) => "public".to_owned(),
            };
            let hash = hex::encode(replay.body_hash);
            let kept = replays::begin(
                work.conn,
                &caller,
                &replay.method,
                &replay.path,
                &replay.key,
                &hash,
                work.now,
            )?;
            match kept {
                None => {
                    let reply = use_case(work)?;
                    let stored = serde_json::to_value(&reply).map_err(|error| Error::Internal(error.to_string()))?;
                    replays::finish(work.conn, &caller, &replay.method, &replay.path, &replay.key, &stored)?;
                    Ok(reply)
                }
                Some(kept) if kept.body_hash != hash => Err(Error::KeyReused),
                Some(kept) => kept.reply.ok_or(Error::Busy).and_then(|reply| {
                    serde_json::from_value(reply).map_err(|error| Error::Internal(error.to_string()))
                }),
            }
        })
        .await
    }

    /// Clears the stored replies whose seven days are over.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn clear_replies(&self) -> Result<usize, Error> {
        self.write(Credentials::System, |work| {
            Ok(replays::purge(work.conn, work.now - REPLIES_KEPT)?)
        })
        .await
    }

    async fn end<T>(&self, done: Result<(T, Trail), Ended>, now: Instant) -> Result<T, Error> {
        let (done, trail) = match done {
            Ok((value, trail)) => (Ok(value), trail),
            Err(Ended { error, trail }) => (Err(error), *trail),
        };
        self.keep(trail, now).await;
        done
    }

    fn work<T>(
        &self,
        conn: &mut Connection,
        credentials: Credentials,
        now: Instant,
        use_case: impl FnOnce(&mut Work<'_>) -> Result<T, Error>,
    ) -> Result<(T, Trail), Ended> {
        let Found { caller, first_use } =
            caller(conn, credentials, now, self.settings.accounts).map_err(|error| Ended {
                error,
                trail: Box::default(),
            })?;
        let mut work = Work {
            conn,
            caller,
            now,
            randomness: &self.randomness,
            keys: &self.keys,
            settings: &self.settings,
            trail: RefCell::new(Trail::of(first_use)),
        };
        match use_case(&mut work) {
            Ok(value) => {
                let trail = work.end_trail(None);
                Ok((value, trail))
            }
            Err(error) => {
                let trail = Box::new(work.end_trail(Some(&error)));
                Err(Ended { error, trail })
            }
        }
    }
}

/// Who calls, and what is to be written down of that.
pub(crate) struct Found {
    pub(crate) caller: Caller,
    /// The token that calls, where that is its first use of the day.
    pub(crate) first_use: Option<TokenId>,
}

impl From<Caller> for Found {
    fn from(caller: Caller) -> Self {
        Self {
            caller,
            first_use: None,
        }
    }
}

/// Who calls, by what stands in the tables now: a session that ended, a user who was disabled or lost a role counts
/// on the very next request.
fn caller(
    conn: &mut Connection,
    credentials: Credentials,
    now: Instant,
    settings: AccountSettings,
) -> Result<Found, Error> {
    let (user, session) = match credentials {
        Credentials::Nobody => return Ok(Caller::Public.into()),
        Credentials::System => return Ok(Caller::System.into()),
        Credentials::Link { hash } => return Ok(link(conn, &hex::encode(hash), now)?.into()),
        Credentials::Token { hash } => return program(conn, &hex::encode(hash), now, settings),
        Credentials::Session { user, session } => (user, session),
    };
    let standing = sessions::standing(conn, session)?.ok_or(Error::BadToken)?;
    let live = standing.user == user
        && standing.ended.is_none()
        && now < standing.expires
        && standing.user_status == UserStatus::Active;
    if !live {
        return Err(Error::BadToken);
    }
    let today = brussels_date(now);
    let role = role_on(&standing.grants, today);
    let needs_second_factor =
        settings.second_factor && is_required(standing.kind, role, standing.office_wants_second_factor);
    Ok(Caller::User {
        user,
        session,
        role,
        owes_second_factor: needs_second_factor && !standing.second_factor,
        party: Party {
            takes_part: standing.since <= today && standing.until.is_none_or(|until| today <= until),
            office: standing.office,
            kind: standing.kind,
            standing: standing.office_standing,
            since: standing.since,
        },
    }
    .into())
}

/// Whoever holds a link that works; any other is as if there were none.
fn link(conn: &mut Connection, secret_hash: &str, now: Instant) -> Result<Caller, Error> {
    let found = contributions::find_by_secret(conn, secret_hash)?.filter(|found| found.is_open(now));
    let contribution = found.ok_or(Refusal::Hidden)?;
    let offices = offices::all(conn)?;
    let asks = offices.get(&contribution.office);
    if !asks.is_some_and(|office| office.takes_part_on(brussels_date(now))) {
        return Err(Refusal::Hidden.into());
    }
    Ok(Caller::Link {
        contribution: contribution.id,
        query: contribution.query,
        questions: contribution.questions.into_iter().collect(),
    })
}

impl Work<'_> {
    /// Whether the one rule allows it: for what is shown or left out, where nobody is refused anything.
    pub(crate) fn allows(&self, action: Action, subject: Subject<'_>) -> bool {
        may(&self.caller, action, subject, self.now).is_ok()
    }

    /// Asks the one rule; a refusal that the use case ends with is written down.
    pub(crate) fn may(&self, action: Action, subject: Subject<'_>) -> Result<(), Refusal> {
        may(&self.caller, action, subject, self.now)
            .map_err(|refusal| self.note_refusal(action, trail::name(&subject), refusal))
    }

    /// The address people reach the exchange at, without a slash at its end.
    pub fn public_address(&self) -> &str {
        &self.settings.public_address
    }

    /// The date in Brussels.
    pub fn today(&self) -> NaiveDate {
        brussels_date(self.now)
    }

    /// The office the caller speaks for.
    pub(crate) fn office(&self) -> Result<OfficeCode, Refusal> {
        self.caller
            .party()
            .map(|party| party.office.clone())
            .ok_or(Refusal::Unauthenticated)
    }

    /// Writes down what happened, in the same transaction. Facts never hold the text of an answer.
    pub(crate) fn record(
        &mut self,
        action: &str,
        subject: impl Into<String>,
        facts: serde_json::Value,
    ) -> Result<(), Error> {
        let event = Event {
            id: EventId::new(self.now, self.randomness),
            at: self.now,
            user: self.caller.user(),
            office: self.caller.belongs_to().map(|party| party.office.clone()),
            action: action.to_owned(),
            subject: subject.into(),
            facts: naming(self.token(), facts),
        };
        Ok(audit::record(self.conn, &event)?)
    }

    /// The migrations that the tables lack; for the program's own readiness.
    ///
    /// # Errors
    /// What the tables refuse.
    pub fn pending_migrations(&mut self) -> Result<Vec<String>, Error> {
        Ok(migration::pending(self.conn)?)
    }

    pub(crate) fn message_id(&self) -> MessageId {
        MessageId::new(self.now, self.randomness)
    }
}

/// Refuses a change of something that is no longer as the caller read it.
///
/// # Errors
/// [`Error::Stale`] with the version in force.
pub(crate) fn must_be_version(current: i64, expected: i64) -> Result<(), Error> {
    if current == expected {
        Ok(())
    } else {
        Err(Error::Stale { current: Some(current) })
    }
}
