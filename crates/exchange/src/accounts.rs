//! A user's own account: a forgotten password, a new one, a new address.
//!
//! Whoever asks for a link hears the same whether there is such an account or not. A link's secret is derived when its
//! mail is sent; only its hash rests in the tables.

use ahq_domain::id::UserId;
use ahq_domain::office::OfficeCode;
use ahq_domain::password;
use ahq_domain::refusal::Refusal;
use ahq_domain::throttle::Throttle;
use ahq_domain::user::{User, UserStatus, check_person};
use ahq_store::account_links::{self, AccountLink, Purpose};
use ahq_store::{sessions, throttles, users};
use chrono::Duration;
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::keys::hash_secret;
use crate::outgoing::{AccountEvent, Note};
use crate::passwords;
use crate::session::{Origin, account_throttle};
use crate::work::{Exchange, Work};

/// How long a link to a new password holds.
pub const RESET_LASTS: Duration = Duration::hours(1);
/// How long a link that confirms an address holds.
pub const CONFIRMATION_LASTS: Duration = Duration::days(1);
/// How often links are asked for from one address of the network.
pub(crate) const ASKING: Throttle = Throttle {
    free: 100,
    longest: Duration::minutes(15),
    forgotten_after: Duration::hours(1),
};
/// How often one account is sent links: three, and then the wait doubles to an hour.
const LINKS: Throttle = Throttle {
    free: 3,
    longest: Duration::hours(1),
    forgotten_after: Duration::hours(24),
};

impl Exchange {
    /// Mails a link to a new password, if there is an active account with this address; nobody hears whether.
    ///
    /// # Errors
    /// [`Error::TooMany`] for an address of the network that asks too often.
    pub async fn ask_password_reset(&self, origin: Origin, email: &str) -> Result<(), Error> {
        let email = email.trim().to_owned();
        self.write(Credentials::Nobody, move |work| {
            work.count_try(&origin.throttle_of_links(), ASKING)?;
            work.ask_password_reset(&email)
        })
        .await
    }

    /// Sets a new password by a mailed link; every session ends.
    ///
    /// # Errors
    /// Hidden when the link is unknown, used or past its end; faults of the password.
    pub async fn reset_password(&self, secret: String, new: String) -> Result<(), Error> {
        let asked = secret.clone();
        let (user, second_factor) = self
            .read(Credentials::Nobody, move |work| {
                let user = work.user_of_link(&asked, Purpose::Password)?.0;
                let second_factor = work.has_second_factor(user.id)?;
                Ok((user, second_factor))
            })
            .await?;
        password::check(&new, second_factor, &[&user.name, &user.email], "/password")?;
        let hash = passwords::place()?.hash(new, self.randomness()).await?;
        let holder = user.id;
        self.write(Credentials::Nobody, move |work| {
            // Held first: of two who bring one link at once, the second finds it used.
            users::hold(work.conn, holder)?;
            let (user, _) = work.user_of_link(&secret, Purpose::Password)?;
            work.end_links_of(user.id)?;
            throttles::clear(work.conn, &account_throttle(&user.email))?;
            work.set_password(user.id, &hash, "user.password_reset")?;
            sessions::end_all_of(work.conn, user.id, None, work.now)?;
            work.notify_user(user.id, AccountEvent::PasswordChanged)
        })
        .await
    }

    /// Changes the caller's password; their other sessions end.
    ///
    /// # Errors
    /// Wrong credentials when the present one is wrong; faults of the new one.
    pub async fn change_password(&self, caller: Credentials, present: String, new: String) -> Result<(), Error> {
        let (me, second_factor) = self
            .read(caller, |work| {
                let (user, _) = work.signed_in_user()?;
                Ok((work.me()?, work.has_second_factor(user)?))
            })
            .await?;
        password::check(&new, second_factor, &[&me.name, &me.email], "/newPassword")?;
        let user = self.check_own_password(caller, present).await?;
        let hash = passwords::place()?.hash(new, self.randomness()).await?;
        self.write(caller, move |work| {
            let (_, session) = work.hold_signed_in_user()?;
            work.set_password(user, &hash, "user.password_changed")?;
            work.end_links_of(user)?;
            sessions::end_all_of(work.conn, user, Some(session), work.now)?;
            work.notify_user(user, AccountEvent::PasswordChanged)
        })
        .await
    }

    /// Mails a link to a new address of the caller's; the address changes when it is confirmed.
    ///
    /// # Errors
    /// Wrong credentials for a wrong password; a fault at `/email`; too many links.
    pub async fn ask_address_change(&self, caller: Credentials, password: String, email: String) -> Result<(), Error> {
        let me = self.read(caller, |work| work.me()).await?;
        let (_, email) = check_person(&me.name, &email)?;
        let user = self.check_own_password(caller, password).await?;
        self.write(caller, move |work| {
            work.hold_signed_in_user()?;
            work.count_try(&format!("address-link:{user}"), LINKS)?;
            let message = work.tell_user(user, me.office.clone(), &Note::AddressConfirmation)?;
            let link = AccountLink {
                purpose: Purpose::Address,
                user,
                email: Some(email),
                expires: work.now + CONFIRMATION_LASTS,
            };
            account_links::replace(work.conn, &hash_secret(&work.keys.link_secret(message)), &link)?;
            work.record("user.address_change_asked", format!("user/{user}"), json!({}))
        })
        .await
    }
}

impl Origin {
    fn throttle_of_links(&self) -> String {
        format!("asking:{}", self.throttle())
    }
}

impl Work<'_> {
    fn ask_password_reset(&mut self, email: &str) -> Result<(), Error> {
        let user = users::find_by_email(self.conn, email)?
            .map(|(user, _)| user)
            .filter(|user| user.status == UserStatus::Active);
        // Whoever asks again and again for an account hears nothing of it, and its owner gets no more mail.
        let waits = match self.count_try(&format!("links:{}", email.to_lowercase()), LINKS) {
            Err(Error::TooMany { .. }) => true,
            counted => counted.map(|()| false)?,
        };
        match user {
            Some(user) if !waits => self.send_password_link(&user, &user.office.clone()),
            _ => self.record("user.password_reset_asked", "user", json!({"sent": false})),
        }
    }

    /// Mails a link to a new password, at the wish of the user or of an office.
    pub(crate) fn send_password_link(&mut self, user: &User, office: &OfficeCode) -> Result<(), Error> {
        let message = self.tell_user(user.id, office.clone(), &Note::PasswordReset)?;
        let link = AccountLink {
            purpose: Purpose::Password,
            user: user.id,
            email: None,
            expires: self.now + RESET_LASTS,
        };
        account_links::replace(self.conn, &hash_secret(&self.keys.link_secret(message)), &link)?;
        self.record(
            "user.password_reset_asked",
            format!("user/{}", user.id),
            json!({"sent": true}),
        )
    }

    /// Ends the links that change an account: one to another address, asked for by whoever knew the password, would give
    /// the account to them after all.
    pub(crate) fn end_links_of(&mut self, user: UserId) -> Result<(), Error> {
        account_links::delete_of(self.conn, user, Purpose::Password)?;
        Ok(account_links::delete_of(self.conn, user, Purpose::Address)?)
    }

    fn set_password(&mut self, user: UserId, hash: &str, action: &str) -> Result<(), Error> {
        users::set_password(self.conn, user, hash)?;
        self.record(action, format!("user/{user}"), json!({}))
    }

    /// Whose account a link changes, and the new address where it has one.
    fn user_of_link(&mut self, secret: &str, purpose: Purpose) -> Result<(User, Option<String>), Error> {
        let link = account_links::find(self.conn, &hash_secret(secret))?
            .filter(|link| link.purpose == purpose && self.now < link.expires)
            .ok_or(Refusal::Hidden)?;
        let user = users::find(self.conn, link.user)?.filter(|user| user.status == UserStatus::Active);
        Ok((user.ok_or(Refusal::Hidden)?, link.email))
    }

    /// Changes the address of an account by the link that was mailed to the new one. The old one is told.
    ///
    /// # Errors
    /// Hidden when the link is unknown, used or past its end; a conflict when the address is in use by now.
    pub fn confirm_address(&mut self, secret: &str) -> Result<(), Error> {
        let (mut user, email) = self.user_of_link(secret, Purpose::Address)?;
        let email = email.ok_or(Refusal::Hidden)?;
        let taken = users::find_by_email(self.conn, &email)?.is_some_and(|(other, _)| other.id != user.id);
        if taken {
            return Err(Refusal::conflict("address_in_use", "an account with this address exists already").into());
        }
        let before = std::mem::replace(&mut user.email, email);
        user.version += 1;
        users::update(self.conn, &user)?;
        self.end_links_of(user.id)?;
        self.record("user.address_changed", format!("user/{}", user.id), json!({}))?;
        self.notify_user(user.id, AccountEvent::AddressChanged { told_at: None })?;
        self.notify_user(user.id, AccountEvent::AddressChanged { told_at: Some(before) })
    }
}
