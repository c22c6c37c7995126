//! Sessions: sign in, refresh, see who one is, list them, sign out.
//!
//! A refresh token is derived from a server key, the session's seed and its generation, so none rests in the tables.
//! Presenting an older generation ends the session; within ten seconds of a rotation it gives the same successor.

use std::net::IpAddr;

use ahq_domain::clock::Instant;
use ahq_domain::id::{SessionId, UserId};
use ahq_domain::permission::{Caller, session_needed};
use ahq_domain::refusal::Refusal;
use ahq_domain::throttle::{ACCOUNT, ADDRESS, Throttle};
use ahq_domain::user::{User, UserStatus};
use ahq_store::sessions;
pub use ahq_store::sessions::Session;
use ahq_store::{second_factors, throttles, users};
use chrono::Duration;
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::passwords;
use crate::work::{Exchange, Work};

/// How long the generation before still gives the same successor: a client whose reply was lost repeats.
const GRACE: Duration = Duration::seconds(10);
/// The longest name of a client that is kept.
const LONGEST_CLIENT: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address in the network.
    pub address: IpAddr,
    /// What it calls itself; empty where it does not.
    pub client: String,
}

impl Origin {
    /// What its throttle is called. A household or an office has a network of IPv6 for itself (RFC 6177).
    pub(crate) fn throttle(&self) -> String {
        match self.address {
            IpAddr::V4(address) => format!("address:{address}"),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => format!("address:{address}"),
                None => {
                    let [a, b, c, d, ..] = address.segments();
                    format!("address:{a:x}:{b:x}:{c:x}:{d:x}::/64")
                }
            },
        }
    }
}

/// What somebody signs in with.
pub struct SignIn {
    /// The mail address of the account.
    pub email: String,
    /// The password.
    pub password: String,
    /// The code of the second factor, or a recovery code, where the account has one.
    pub code: Option<String>,
}

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
    /// Opens a session for a user with a password, and with a code where they have a second factor.
    ///
    /// # Errors
    /// [`Error::WrongCredentials`] for a wrong password or code, an unknown and a disabled account alike;
    /// [`Error::CodeMissing`] when only that is; [`Error::TooMany`] after repeated failures of this account or address;
    /// [`Error::Busy`] when too many sign in at once.
    pub async fn sign_in(&self, origin: Origin, given: SignIn) -> Result<SignedIn, Error> {
        let signed_in = self.try_sign_in(origin, given).await;
        if matches!(signed_in, Err(Error::WrongCredentials | Error::TooMany { .. })) {
            self.count_refused_sign_in();
        }
        signed_in
    }

    /// The try counts as failed before the password is looked at, so that a thousand at once are not a thousand tries.
    async fn try_sign_in(&self, origin: Origin, given: SignIn) -> Result<SignedIn, Error> {
        let SignIn { email, password, code } = given;
        let place = passwords::place()?;
        let email = email.trim().to_owned();
        let (account, address) = (account_throttle(&email), origin.throttle());
        let keys = (account.clone(), address.clone());
        let found = self
            .write(Credentials::Nobody, move |work| {
                work.count_try(&keys.0, ACCOUNT)?;
                work.count_try(&keys.1, ADDRESS)?;
                Ok(users::find_by_email(work.conn, &email)?)
            })
            .await?;
        let (known, hash) = found.map_or((None, None), |(user, hash)| (Some(user.id), hash));
        let dated = hash.as_deref().is_some_and(passwords::is_dated);
        let right = place.verify(password.clone(), hash.clone()).await?;
        let renewed = match right && dated {
            true => Some(place.hash(password, self.randomness()).await?),
            false => None,
        };
        self.write(Credentials::Nobody, move |work| {
            // Read anew: while the password was looked at, it may have been changed or reset, the account disabled or a
            // second factor set up, and each of these ends the sessions that are open then.
            let held = match known.filter(|_| right) {
                Some(user) => users::hold(work.conn, user)?,
                None => None,
            };
            let user = held
                .filter(|(user, now)| user.status == UserStatus::Active && *now == hash)
                .map(|(user, _)| user);
            let Some(user) = user else {
                return work.refuse_sign_in(known, "password");
            };
            let factor = second_factors::find(work.conn, user.id)?.filter(|factor| factor.confirmed.is_some());
            match (&factor, code.as_deref()) {
                (Some(_), None) => {
                    // No failure yet: whoever has an authenticator comes back with a code, and an office may share an
                    // address.
                    throttles::forgive(work.conn, &account)?;
                    throttles::forgive(work.conn, &address)?;
                    work.record_refused(known, "code_missing")?;
                    return Ok(Err(Error::CodeMissing));
                }
                (Some(factor), Some(code)) if !work.is_good_code(user.id, factor, code)? => {
                    return work.refuse_sign_in(known, "code");
                }
                _ => {}
            }
            throttles::clear(work.conn, &account)?;
            throttles::forgive(work.conn, &address)?;
            if let Some(hash) = &renewed {
                users::set_password(work.conn, user.id, hash)?;
            }
            Ok(Ok(work.open_session(
                &user,
                &origin.client,
                factor.is_some(),
                "password",
            )?))
        })
        .await?
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
    /// Counts a try as failed, or refuses it. Whoever succeeds takes it back.
    pub(crate) fn count_try(&mut self, key: &str, throttle: Throttle) -> Result<(), Error> {
        let (failures, last) = throttles::hold(self.conn, key, self.now)?;
        if let Some(wait) = throttle.wait(failures, last, self.now) {
            return Err(Error::TooMany {
                retry_after: u64::try_from(wait.num_seconds() + 1).unwrap_or(1),
            });
        }
        let failures = throttle.counted(failures, last, self.now) + 1;
        Ok(throttles::put(self.conn, key, failures, self.now)?)
    }

    /// The refusal is kept: it is no error of the transaction.
    fn refuse_sign_in(&mut self, known: Option<UserId>, wrong: &str) -> Result<Result<SignedIn, Error>, Error> {
        self.record_refused(known, wrong)?;
        Ok(Err(Error::WrongCredentials))
    }

    fn record_refused(&mut self, known: Option<UserId>, wrong: &str) -> Result<(), Error> {
        let subject = known.map_or_else(|| "session".to_owned(), |user| format!("user/{user}"));
        self.record("session.refused", subject, json!({"wrong": wrong}))
    }

    /// Opens a session; `by` is the door: `password`, or the issuer of an identity.
    pub(crate) fn open_session(
        &mut self,
        user: &User,
        client: &str,
        second_factor: bool,
        by: &str,
    ) -> Result<SignedIn, Error> {
        let client = client.chars().filter(|c| !c.is_control());
        let session = Session {
            id: SessionId::new(self.now, self.randomness),
            user: user.id,
            seed: hex::encode(self.randomness.bytes::<32>()),
            generation: 1,
            rotated: self.now,
            created: self.now,
            expires: self.now + self.settings.accounts.session_lasts,
            ended: None,
            client: client.take(LONGEST_CLIENT).collect(),
            second_factor,
        };
        sessions::insert(self.conn, &session)?;
        users::see(self.conn, user.id, self.today())?;
        self.record(
            "session.opened",
            format!("user/{}", user.id),
            json!({"session": session.id, "secondFactor": second_factor, "by": by}),
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
            && self.now < session.rotated + self.settings.accounts.session_idle
            && user.is_some_and(|user| user.status == UserStatus::Active);
        if !live {
            return Ok(None);
        }
        if generation == session.generation {
            // Whether this call or a twin rotated: the successor is the same.
            sessions::rotate(self.conn, id, generation, self.now)?;
            users::see(self.conn, session.user, self.today())?;
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
        let (user, session) = self.signed_in_user()?;
        self.end(user, session)
    }

    fn end(&mut self, user: UserId, session: SessionId) -> Result<(), Error> {
        sessions::end(self.conn, session, self.now)?;
        self.record("session.ended", format!("user/{user}"), json!({"session": session}))
    }

    /// The caller's sessions that go on, the newest first.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn list_sessions(&mut self) -> Result<Vec<Session>, Error> {
        let (user, _) = self.signed_in_user()?;
        let idle = self.settings.accounts.session_idle;
        let live = sessions::live_of(self.conn, user, self.now)?;
        let now = self.now;
        Ok(live
            .into_iter()
            .filter(|session| now < session.rotated + idle)
            .collect())
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// Hidden when the caller has no such session that goes on.
    pub fn end_session(&mut self, id: &str) -> Result<(), Error> {
        let (user, _) = self.signed_in_user()?;
        let id = id.parse::<SessionId>().map_err(|_| Refusal::Hidden)?;
        let live = sessions::live_of(self.conn, user, self.now)?;
        if !live.iter().any(|session| session.id == id) {
            return Err(Refusal::Hidden.into());
        }
        self.end(user, id)
    }

    /// The user and the session of the caller; tokens of programs have none.
    pub(crate) fn signed_in_user(&self) -> Result<(UserId, SessionId), Refusal> {
        match &self.caller {
            Caller::User { user, session, .. } => Ok((*user, *session)),
            Caller::Public => Err(Refusal::Unauthenticated),
            _ => Err(session_needed()),
        }
    }

    /// The user and the session of the caller, with the account held until the transaction ends: a reset or a new password
    /// that came between ends this too.
    pub(crate) fn hold_signed_in_user(&mut self) -> Result<(UserId, SessionId), Error> {
        let (user, session) = self.signed_in_user()?;
        users::hold(self.conn, user)?;
        match sessions::find(self.conn, session)?.filter(|session| session.ended.is_none()) {
            Some(_) => Ok((user, session)),
            None => Err(Refusal::Unauthenticated.into()),
        }
    }

    /// The user whom the caller is or has a token of; service accounts are nobody's.
    pub(crate) fn own_user(&self) -> Result<UserId, Refusal> {
        match (self.caller.user(), &self.caller) {
            (Some(user), _) => Ok(user),
            (None, Caller::Public) => Err(Refusal::Unauthenticated),
            (None, _) => Err(Refusal::forbidden(
                "user_needed",
                "this is for a user, not for a service account",
            )),
        }
    }

    /// The signed-in user.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn me(&mut self) -> Result<User, Error> {
        let user = self.own_user()?;
        Ok(users::find(self.conn, user)?.ok_or(Refusal::Unauthenticated)?)
    }

    /// The signed-in user's session.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn session(&mut self) -> Result<Session, Error> {
        let (_, session) = self.signed_in_user()?;
        Ok(sessions::find(self.conn, session)?.ok_or(Refusal::Unauthenticated)?)
    }
}

/// What the throttle of an account is called.
pub(crate) fn account_throttle(email: &str) -> String {
    format!("account:{}", email.trim().to_lowercase())
}
