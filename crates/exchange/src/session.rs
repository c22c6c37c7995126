//! Sessions: sign in, refresh, see who one is, sign out.
//!
//! A refresh token is derived from a server key, the session's seed and its generation, so none rests in the tables.
//! Presenting an older generation ends the session; within ten seconds of a rotation it gives the same successor.

use ahq_domain::clock::Instant;
use ahq_domain::id::{SessionId, UserId};
use ahq_domain::permission::Caller;
use ahq_domain::refusal::Refusal;
use ahq_domain::user::{User, UserStatus};
use ahq_store::sessions::{self, Session};
use ahq_store::{throttles, users};
use chrono::Duration;
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::passwords;
use crate::work::{Exchange, Work};

/// How long a session lasts at the most.
pub const SESSION_LASTS: Duration = Duration::days(30);
/// How long the generation before still gives the same successor: a client whose reply was lost repeats.
const GRACE: Duration = Duration::seconds(10);
/// Failures of one account after which the next try waits.
const FREE_FAILURES: i32 = 5;
/// The longest wait after failures.
const LONGEST_WAIT: Duration = Duration::minutes(15);

/// A session, and the token that renews it.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: SessionId,
    /// The user.
    pub user: UserId,
    /// The refresh token; a secret.
    pub refresh_token: String,
    /// When the session ends at the latest.
    pub expires: Instant,
}

impl Exchange {
    /// Opens a session for a user with a password.
    ///
    /// # Errors
    /// [`Error::BadToken`] for a wrong password, an unknown and a disabled account alike; [`Error::TooMany`] after
    /// repeated failures of this account.
    pub async fn sign_in(&self, email: &str, password: String) -> Result<SignedIn, Error> {
        let signed_in = self.try_sign_in(email, password).await;
        if matches!(signed_in, Err(Error::BadToken | Error::TooMany { .. })) {
            self.count_refused_sign_in();
        }
        signed_in
    }

    async fn try_sign_in(&self, email: &str, password: String) -> Result<SignedIn, Error> {
        let account = format!("account:{}", email.trim().to_lowercase());
        let (key, email) = (account.clone(), email.trim().to_owned());
        let found = self
            .read(Credentials::Nobody, move |work| {
                work.check_throttle(&key)?;
                Ok(users::find_by_email(work.conn, &email)?)
            })
            .await?;
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let right = passwords::verify(password, hash).await?;
        let user = user.filter(|user| right && user.status == UserStatus::Active);
        self.write(Credentials::Nobody, move |work| match user {
            Some(user) => {
                throttles::clear(work.conn, &account)?;
                Ok(Some(work.open_session(&user)?))
            }
            None => {
                throttles::fail(work.conn, &account, work.now)?;
                work.record("session.refused", "session", json!({}))?;
                Ok(None)
            }
        })
        .await?
        .ok_or(Error::BadToken)
    }

    /// Renews a session: gives the next refresh token.
    ///
    /// # Errors
    /// [`Error::BadToken`] for a token that is unknown, used before, or of a session that has ended.
    pub async fn refresh(&self, token: String) -> Result<SignedIn, Error> {
        self.write(Credentials::Nobody, move |work| work.refresh(&token))
            .await?
            .ok_or(Error::BadToken)
    }
}

impl Work<'_> {
    fn check_throttle(&mut self, key: &str) -> Result<(), Error> {
        let Some((failures, last)) = throttles::find(self.conn, key)? else {
            return Ok(());
        };
        if failures < FREE_FAILURES {
            return Ok(());
        }
        let doublings = u32::try_from((failures - FREE_FAILURES).min(10)).unwrap_or(0);
        let until = last + (Duration::seconds(1 << doublings)).min(LONGEST_WAIT);
        if self.now < until {
            let seconds = (until - self.now).num_seconds() + 1;
            return Err(Error::TooMany {
                retry_after: u64::try_from(seconds).unwrap_or(1),
            });
        }
        Ok(())
    }

    fn open_session(&mut self, user: &User) -> Result<SignedIn, Error> {
        let session = Session {
            id: SessionId::new(self.now, self.randomness),
            user: user.id,
            seed: hex::encode(self.randomness.bytes::<32>()),
            generation: 1,
            rotated: self.now,
            created: self.now,
            expires: self.now + SESSION_LASTS,
            ended: None,
        };
        sessions::insert(self.conn, &session)?;
        self.record(
            "session.opened",
            format!("user/{}", user.id),
            json!({"session": session.id}),
        )?;
        Ok(self.signed_in(&session, session.generation))
    }

    fn signed_in(&self, session: &Session, generation: i32) -> SignedIn {
        SignedIn {
            session: session.id,
            user: session.user,
            refresh_token: self.keys.refresh_token(session.id, &session.seed, generation),
            expires: session.expires,
        }
    }

    /// None refuses; the transaction is kept all the same, for a reused token ends its session.
    fn refresh(&mut self, token: &str) -> Result<Option<SignedIn>, Error> {
        let mut parts = token.splitn(3, '.');
        let id = parts.next().and_then(|id| id.parse::<SessionId>().ok());
        let generation = parts.next().and_then(|number| number.parse::<i32>().ok());
        let (Some(id), Some(generation)) = (id, generation) else {
            return Ok(None);
        };
        let Some(session) = sessions::find(self.conn, id)? else {
            return Ok(None);
        };
        let expected = self.keys.refresh_token(id, &session.seed, generation);
        // Compared as keyed hashes, so that the time tells nothing of the token.
        if self.keys.hash("compare", expected.as_bytes()) != self.keys.hash("compare", token.as_bytes()) {
            return Ok(None);
        }
        let user = users::find(self.conn, session.user)?;
        let live = session.ended.is_none()
            && self.now < session.expires
            && user.is_some_and(|user| user.status == UserStatus::Active);
        if !live {
            return Ok(None);
        }
        if generation == session.generation {
            // Whether this call or a twin rotated: the successor is the same.
            sessions::rotate(self.conn, id, generation, self.now)?;
            return Ok(Some(self.signed_in(&session, generation + 1)));
        }
        if generation + 1 == session.generation && self.now < session.rotated + GRACE {
            return Ok(Some(self.signed_in(&session, session.generation)));
        }
        sessions::end(self.conn, id, self.now)?;
        self.record(
            "session.reused",
            format!("user/{}", session.user),
            json!({"session": id}),
        )?;
        Ok(None)
    }

    /// Ends the caller's session.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn sign_out(&mut self) -> Result<(), Error> {
        let Caller::User { session, user, .. } = &self.caller else {
            return Err(Refusal::Unauthenticated.into());
        };
        let (session, user) = (*session, *user);
        sessions::end(self.conn, session, self.now)?;
        self.record("session.ended", format!("user/{user}"), json!({"session": session}))
    }

    /// The signed-in user.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn me(&mut self) -> Result<User, Error> {
        let user = self.caller.user().ok_or(Refusal::Unauthenticated)?;
        Ok(users::find(self.conn, user)?.ok_or(Refusal::Unauthenticated)?)
    }

    /// The signed-in user's session: when it began and when it ends at the latest.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn session(&mut self) -> Result<Session, Error> {
        let Caller::User { session, .. } = &self.caller else {
            return Err(Refusal::Unauthenticated.into());
        };
        let session = *session;
        Ok(sessions::find(self.conn, session)?.ok_or(Refusal::Unauthenticated)?)
    }
}
