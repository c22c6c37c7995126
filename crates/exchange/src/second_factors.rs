//! Second factors: codes of an authenticator (TOTP, RFC 6238) and recovery codes, set up and taken away by their user.
//!
//! A secret is derived from a server key and a seed, so that none rests in the tables; a step's code is good once.

use ahq_domain::clock::Instant;
use ahq_domain::id::UserId;
use ahq_domain::password;
use ahq_domain::refusal::Refusal;
use ahq_domain::second_factor::{RECOVERY_CODES, clean_recovery_code, is_required};
use ahq_domain::throttle::ACCOUNT;
use ahq_domain::user::role_on;
use ahq_store::second_factors::{self, SecondFactor};
use ahq_store::{office_settings, offices, sessions, throttles, users};
use serde_json::json;
use totp_rs::{Builder, Secret, Totp};

use crate::credentials::Credentials;
use crate::error::Error;
use crate::keys::hash_secret;
use crate::outgoing::{AccountEvent, Note};
use crate::passwords;
use crate::work::{Exchange, Work};

/// What authenticators call the exchange.
const ISSUER: &str = "EMN ad-hoc queries";
/// Characters of recovery codes: none that is taken for another.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// Characters of a recovery code: 120 bits, so that a plain hash is enough for what is kept of it.
const RECOVERY_LENGTH: usize = 24;
/// Characters of a recovery code that stand together.
const RECOVERY_GROUP: usize = 4;

/// Where the caller's second factor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactorState {
    /// Since when it is asked for; none where there is none.
    pub since: Option<Instant>,
    /// Whether the caller needs one.
    pub required: bool,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
}

/// What an authenticator needs; secrets, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecondFactor {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The same as an address for a QR code.
    pub address: String,
}

impl Exchange {
    /// Begins to set up a second factor: it is asked for once its first code was given.
    ///
    /// # Errors
    /// Wrong credentials for a wrong password; a conflict when there is one.
    pub async fn begin_second_factor(&self, caller: Credentials, password: String) -> Result<NewSecondFactor, Error> {
        let user = self.check_own_password(caller, password).await?;
        self.write(caller, move |work| work.begin_second_factor(user)).await
    }

    /// Takes the second factor away; every other session ends.
    ///
    /// # Errors
    /// Wrong credentials for a wrong password; a conflict when there is none, when the account needs one, or when the
    /// password is good beside one only.
    pub async fn remove_second_factor(&self, caller: Credentials, password: String) -> Result<(), Error> {
        let user = self.check_own_password(caller, password.clone()).await?;
        self.write(caller, move |work| work.remove_second_factor(user, &password))
            .await
    }

    /// Sets the second factor in force by its first code, and gives the recovery codes, which are shown once. Tries count
    /// like those of the password.
    ///
    /// # Errors
    /// A conflict when none was begun or it is in force; a fault at `/code` for a wrong one; [`Error::TooMany`].
    pub async fn confirm_second_factor(&self, caller: Credentials, code: String) -> Result<Vec<String>, Error> {
        self.write(caller, |work| {
            let (user, _) = work.signed_in_user()?;
            work.count_try(&throttle_of_code(user), ACCOUNT)
        })
        .await?;
        self.write(caller, move |work| work.confirm_second_factor(&code)).await
    }

    /// New recovery codes in the place of those that are left.
    ///
    /// # Errors
    /// Wrong credentials for a wrong password; a conflict when there is no second factor.
    pub async fn renew_recovery_codes(&self, caller: Credentials, password: String) -> Result<Vec<String>, Error> {
        let user = self.check_own_password(caller, password).await?;
        self.write(caller, move |work| {
            work.hold_signed_in_user()?;
            if work.confirmed_factor(user)?.is_none() {
                return Err(none_there());
            }
            work.record("second_factor.codes_renewed", format!("user/{user}"), json!({}))?;
            work.new_recovery_codes(user)
        })
        .await
    }

    /// Whether the caller's password is this one; tries count like those of signing in.
    pub(crate) async fn check_own_password(&self, caller: Credentials, password: String) -> Result<UserId, Error> {
        let place = passwords::place()?;
        let (user, hash, throttle) = self
            .write(caller, |work| {
                let (user, _) = work.signed_in_user()?;
                let throttle = format!("password:{user}");
                work.count_try(&throttle, ACCOUNT)?;
                Ok((user, users::password(work.conn, user)?, throttle))
            })
            .await?;
        if !place.verify(password, hash).await? {
            return Err(Error::WrongCredentials);
        }
        self.write(caller, move |work| Ok(throttles::clear(work.conn, &throttle)?))
            .await?;
        Ok(user)
    }
}

impl Work<'_> {
    /// Where the caller's second factor stands.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn second_factor(&mut self) -> Result<SecondFactorState, Error> {
        let (user, _) = self.signed_in_user()?;
        Ok(SecondFactorState {
            since: self.confirmed_factor(user)?.and_then(|factor| factor.confirmed),
            required: self.needs_second_factor(user)?,
            recovery_codes: second_factors::count_recovery_codes(self.conn, user)?,
        })
    }

    fn confirmed_factor(&mut self, user: UserId) -> Result<Option<SecondFactor>, Error> {
        Ok(second_factors::find(self.conn, user)?.filter(|factor| factor.confirmed.is_some()))
    }

    /// Whether a user has a second factor that is asked for.
    pub(crate) fn has_second_factor(&mut self, user: UserId) -> Result<bool, Error> {
        Ok(self.confirmed_factor(user)?.is_some())
    }

    fn needs_second_factor(&mut self, user: UserId) -> Result<bool, Error> {
        let user = users::find(self.conn, user)?.ok_or(Refusal::Hidden)?;
        let kind = offices::all(self.conn)?.get(&user.office).map(|office| office.kind);
        let asks = office_settings::find(self.conn, &user.office)?.is_some_and(|(_, settled)| settled.second_factor);
        let role = role_on(&user.grants, self.today());
        Ok(self.settings.accounts.second_factor && kind.is_some_and(|kind| is_required(kind, role, asks)))
    }

    fn begin_second_factor(&mut self, user: UserId) -> Result<NewSecondFactor, Error> {
        if self.has_second_factor(user)? {
            return Err(Refusal::conflict(
                "second_factor_there",
                "the account has a second factor: remove it first, or use it",
            )
            .into());
        }
        let factor = SecondFactor {
            seed: hex::encode(self.randomness.bytes::<16>()),
            confirmed: None,
            used_step: None,
        };
        second_factors::put(self.conn, user, &factor)?;
        let email = users::find(self.conn, user)?.ok_or(Refusal::Hidden)?.email;
        let totp = self.totp(user, &factor, &email)?;
        Ok(NewSecondFactor {
            secret: totp.secret().to_base32(),
            address: totp.to_url().map_err(|error| Error::Internal(error.to_string()))?,
        })
    }

    fn confirm_second_factor(&mut self, code: &str) -> Result<Vec<String>, Error> {
        let (user, session) = self.hold_signed_in_user()?;
        let begun = second_factors::find(self.conn, user)?.filter(|factor| factor.confirmed.is_none());
        let mut factor = begun
            .ok_or_else(|| Refusal::conflict("not_begun", "begin with POST /me/totp, then give the first code here"))?;
        let step = self.step_of(user, &factor, code)?.ok_or_else(|| {
            Refusal::invalid(
                "/code",
                "wrong_code",
                "this is not the code that the authenticator shows now",
            )
        })?;
        factor.confirmed = Some(self.now);
        factor.used_step = Some(step);
        second_factors::put(self.conn, user, &factor)?;
        throttles::clear(self.conn, &throttle_of_code(user))?;
        sessions::end_all_of(self.conn, user, Some(session), self.now)?;
        sessions::give_second_factor(self.conn, session)?;
        self.record("second_factor.added", format!("user/{user}"), json!({}))?;
        self.notify_user(user, AccountEvent::SecondFactorAdded)?;
        self.new_recovery_codes(user)
    }

    fn remove_second_factor(&mut self, user: UserId, password: &str) -> Result<(), Error> {
        let (_, session) = self.hold_signed_in_user()?;
        if !self.has_second_factor(user)? {
            return Err(none_there());
        }
        if self.needs_second_factor(user)? {
            return Err(Refusal::conflict("second_factor_required", "your account needs its second factor").into());
        }
        let me = self.me()?;
        if password::check(password, false, &[&me.name, &me.email], "/password").is_err() {
            let detail = format!(
                "your password is good beside a second factor only: choose one of at least {} characters first",
                password::SHORTEST
            );
            return Err(Refusal::conflict("password_too_weak", detail).into());
        }
        second_factors::delete(self.conn, user)?;
        sessions::end_all_of(self.conn, user, Some(session), self.now)?;
        self.record("second_factor.removed", format!("user/{user}"), json!({}))?;
        self.notify_user(user, AccountEvent::SecondFactorRemoved)
    }

    /// Whether a code is one of the authenticator's, or a recovery code; each is good once.
    pub(crate) fn is_good_code(&mut self, user: UserId, factor: &SecondFactor, code: &str) -> Result<bool, Error> {
        if let Some(step) = self.step_of(user, factor, code)? {
            return Ok(second_factors::use_step(self.conn, user, step)?);
        }
        let hash = recovery_hash(user, &clean_recovery_code(code));
        let used = second_factors::use_recovery_code(self.conn, user, &hash)?;
        if used {
            self.record("second_factor.recovery_code_used", format!("user/{user}"), json!({}))?;
            self.notify_user(user, AccountEvent::RecoveryCodeUsed)?;
        }
        Ok(used)
    }

    /// The step of which this is the code, within one on either side of now.
    fn step_of(&self, user: UserId, factor: &SecondFactor, code: &str) -> Result<Option<i64>, Error> {
        let seconds = u64::try_from(self.now.timestamp()).unwrap_or_default();
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let step = self.totp(user, factor, "account")?.check(&digits, seconds);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    fn totp(&self, user: UserId, factor: &SecondFactor, account: &str) -> Result<Totp, Error> {
        Builder::new()
            .with_secret(Secret::new(
                self.keys.second_factor(user, &factor.seed).into_boxed_slice(),
            ))
            .with_account_name(account)
            .with_issuer(Some(ISSUER))
            .build()
            .map_err(|error| Error::Internal(error.to_string()))
    }

    fn new_recovery_codes(&mut self, user: UserId) -> Result<Vec<String>, Error> {
        let codes: Vec<String> = (0..RECOVERY_CODES)
            .map(|_| {
                let bytes: [u8; RECOVERY_LENGTH] = self.randomness.bytes();
                bytes
                    .iter()
                    .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
                    .collect()
            })
            .collect();
        let hashes: Vec<String> = codes.iter().map(|code| recovery_hash(user, code)).collect();
        second_factors::replace_recovery_codes(self.conn, user, &hashes)?;
        let grouped = |code: &String| {
            let letters: Vec<char> = code.chars().collect();
            let groups: Vec<String> = letters.chunks(RECOVERY_GROUP).map(String::from_iter).collect();
            groups.join("-")
        };
        Ok(codes.iter().map(grouped).collect())
    }

    /// Tells a user, at their own address, what was done with their account.
    pub(crate) fn notify_user(&mut self, user: UserId, event: AccountEvent) -> Result<(), Error> {
        let office = users::find(self.conn, user)?.ok_or(Refusal::Hidden)?.office;
        self.tell_user(user, office, &Note::AccountNotice { event })?;
        Ok(())
    }
}

fn none_there() -> Error {
    Refusal::conflict("no_second_factor", "the account has no second factor").into()
}

/// What the throttle of first codes is called; their own, or guesses would lock the password's door.
fn throttle_of_code(user: UserId) -> String {
    format!("code:{user}")
}

/// Sixty random bits need no slow hash.
fn recovery_hash(user: UserId, code: &str) -> String {
    hash_secret(&format!("{user}.{code}"))
}
