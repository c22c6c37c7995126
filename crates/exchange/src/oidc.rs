//! Providers of identities as a second door: signing in through one, accepting an invitation with one, linking one with
//! an account and taking it away.
//!
//! Who is sent to a provider brings back the state, which went there and may be seen on the way, and the binding, which
//! stayed with them: whoever is led into another's way lacks that. The nonce and the PKCE verifier are derived from the
//! state by a server key, so that no secret rests in the tables. An identity is linked where an invitation or a password
//! says whose account it is, never by a mail address.

pub mod provider;

use std::sync::Arc;

use ahq_domain::id::{IdentityId, UserId};
use ahq_domain::identity::{AUTHORIZATION_LASTS, Identity, Purpose, must_keep_a_door};
use ahq_domain::refusal::Refusal;
use ahq_domain::throttle::{ACCOUNT, ADDRESS};
use ahq_domain::user::{User, UserStatus};
use ahq_store::authorizations::{self, Authorization};
use ahq_store::second_factors;
use ahq_store::{identities, invitations, sessions, throttles, users};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use self::provider::{Provider, Secrets, Unsaid};
use crate::accounts::ASKING;
use crate::credentials::Credentials;
use crate::error::{Error, NotLetIn};
use crate::keys::{ServerKeys, hash_secret};
use crate::outgoing::AccountEvent;
use crate::session::{Origin, SignedIn, account_throttle};
use crate::work::{Exchange, Work};

/// What somebody asks to be sent to a provider for.
#[derive(Clone)]
pub enum Wanted {
    /// To sign in.
    SignIn,
    /// To accept the invitation of this secret.
    Invitation(String),
    /// To link an identity with the account of the caller, whose password this is.
    Link(String),
}

/// Where to go, and what to bring back.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The address at the provider.
    pub address: String,
    /// What the provider gives back.
    pub state: String,
    /// What stays with who asked; a secret.
    pub binding: String,
    /// Until when they may come back.
    pub expires: ahq_domain::clock::Instant,
}

/// What somebody comes back with.
#[derive(Clone)]
pub struct Returned {
    /// The code that the provider gave.
    pub code: String,
    /// The state that it gave back.
    pub state: String,
    /// What stayed with who asked.
    pub binding: String,
    /// Who the provider says it is (RFC 9207), where it does.
    pub issuer: Option<String>,
    /// The code of the second factor, where the account has one.
    pub second_factor: Option<String>,
}

/// Where a way through a provider leads.
struct Way {
    kept: Authorization,
    provider: Arc<Provider>,
}

impl Exchange {
    /// Where to go to a provider.
    ///
    /// # Errors
    /// Hidden when there is no such provider, or no such invitation; wrong credentials for a wrong password;
    /// [`Error::TooMany`] for an address of the network that asks too often; [`Error::ProviderUnavailable`].
    pub async fn begin_authorization(
        &self,
        caller: Credentials,
        origin: Origin,
        provider: &str,
        wanted: Wanted,
    ) -> Result<Sent, Error> {
        let provider = self.provider(provider)?;
        let user = match &wanted {
            Wanted::Link(password) => Some(self.check_own_password(caller, password.clone()).await?),
            _ => None,
        };
        let caller = user.map_or(Credentials::Nobody, |_| caller);
        let (state, binding) = (self.secret(), self.secret());
        let way = Authorization {
            state_hash: hash_secret(&state),
            binding_hash: hash_secret(&binding),
            provider: provider.settings().name.clone(),
            purpose: Purpose::SignIn,
            user,
            session: None,
            invitation_hash: None,
            expires: self.clock().now() + AUTHORIZATION_LASTS,
            used: None,
            subject: None,
        };
        let expires = way.expires;
        self.write(caller, move |work| {
            work.count_try(&throttle_of_ways(&origin), ASKING)?;
            work.send(way, &wanted)
        })
        .await?;
        let secrets = secrets(self.keys(), &state);
        let address = provider
            .address(secrets, self.callback(&provider), self.clock().now())
            .await
            .map_err(|unsaid| not_said(&provider, unsaid))?;
        Ok(Sent {
            address,
            state,
            binding,
            expires,
        })
    }

    /// Opens a session for who comes back from a provider: of the account that is linked with them, or that an invitation
    /// makes.
    ///
    /// # Errors
    /// [`Error::NotLetIn`]; [`Error::CodeMissing`] when only that is, which may be brought with the same state then;
    /// [`Error::WrongCredentials`] for a wrong one; a conflict when somebody's account is linked with the identity of an
    /// invited person already; [`Error::TooMany`]; [`Error::ProviderUnavailable`].
    pub async fn sign_in_through(&self, origin: Origin, provider: &str, returned: Returned) -> Result<SignedIn, Error> {
        let signed_in = self.try_sign_in_through(origin, provider, returned).await;
        if matches!(
            signed_in,
            Err(Error::WrongCredentials | Error::NotLetIn(_) | Error::TooMany { .. })
        ) {
            self.count_refused_sign_in();
        }
        signed_in
    }

    async fn try_sign_in_through(&self, origin: Origin, provider: &str, returned: Returned) -> Result<SignedIn, Error> {
        let code = returned.second_factor.clone();
        let purposes = &[Purpose::SignIn, Purpose::Invitation];
        let (way, subject) = self
            .come_back(Credentials::Nobody, &origin, provider, returned, purposes)
            .await?;
        self.write(Credentials::Nobody, move |work| {
            let opened = match way.kept.purpose {
                Purpose::Invitation => work.accept_by(&way, &subject)?,
                _ => work.open_by(&way, &origin, &subject, code.as_deref())?,
            };
            let (user, second_factor) = match opened {
                Ok(opened) => opened,
                Err(error) => return Ok(Err(error)),
            };
            authorizations::delete(work.conn, &way.kept.state_hash)?;
            work.forgive_return(&origin)?;
            let issuer = &way.provider.settings().issuer;
            Ok(Ok(work.open_session(&user, &origin.client, second_factor, issuer)?))
        })
        .await?
    }

    /// Links who comes back from a provider with the account of the caller.
    ///
    /// # Errors
    /// [`Error::NotLetIn`]; a conflict when the identity is linked already; [`Error::TooMany`];
    /// [`Error::ProviderUnavailable`].
    pub async fn link_identity(
        &self,
        caller: Credentials,
        origin: Origin,
        provider: &str,
        returned: Returned,
    ) -> Result<Identity, Error> {
        self.read(caller, |work| Ok(work.signed_in_user()?)).await?;
        let (way, subject) = self
            .come_back(caller, &origin, provider, returned, &[Purpose::Link])
            .await?;
        self.write(caller, move |work| {
            let (user, _) = work.hold_signed_in_user()?;
            authorizations::delete(work.conn, &way.kept.state_hash)?;
            work.forgive_return(&origin)?;
            work.link(user, &way.provider, &subject)
        })
        .await
    }

    /// Takes who comes back from a provider in: the way they were sent, and who they are there.
    async fn come_back(
        &self,
        caller: Credentials,
        origin: &Origin,
        provider: &str,
        returned: Returned,
        purposes: &'static [Purpose],
    ) -> Result<(Way, String), Error> {
        let provider = self.provider(provider)?;
        let (asked, throttle, came) = (Arc::clone(&provider), origin.throttle(), returned.clone());
        let kept = self
            .write(caller, move |work| {
                work.count_try(&throttle, ADDRESS)?;
                work.take_way(&asked, &came, purposes)
            })
            .await??;
        let subject = match &kept.subject {
            Some(subject) => subject.clone(),
            None => {
                let secrets = secrets(self.keys(), &returned.state);
                let now = self.clock().now();
                let said = provider
                    .identify(returned.code, secrets, self.callback(&provider), now)
                    .await;
                match said {
                    Ok(subject) => subject,
                    Err(unsaid) => {
                        return Err(self.refuse_unsaid(caller, origin, &provider, kept.user, unsaid).await?);
                    }
                }
            }
        };
        Ok((Way { kept, provider }, subject))
    }

    /// Writes down that a provider did not say who somebody is, where that is not its own fault.
    async fn refuse_unsaid(
        &self,
        caller: Credentials,
        origin: &Origin,
        provider: &Arc<Provider>,
        known: Option<UserId>,
        unsaid: Unsaid,
    ) -> Result<Error, Error> {
        let (wrong, why) = match unsaid {
            Unsaid::Unproven(wrong) => (wrong, NotLetIn::Unproven),
            Unsaid::Unsure(shortfall) => (shortfall.word(), NotLetIn::Unsure),
            other => {
                // Nobody failed: the provider did, or this server.
                let throttle = origin.throttle();
                self.write(caller, move |work| Ok(throttles::forgive(work.conn, &throttle)?))
                    .await?;
                return Ok(not_said(provider, other));
            }
        };
        let provider = Arc::clone(provider);
        self.write(caller, move |work| work.refuse_way(&provider, known, wrong, why))
            .await
    }

    fn provider(&self, name: &str) -> Result<Arc<Provider>, Error> {
        Ok(self.providers().get(name).cloned().ok_or(Refusal::Hidden)?)
    }

    /// Where a provider sends people back to.
    fn callback(&self, provider: &Provider) -> String {
        format!("{}/oidc/{}/callback", self.public_address(), provider.settings().name)
    }

    fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.randomness().bytes::<32>())
    }
}

/// What the throttle of those who ask for ways is called. Who comes back takes theirs back: an office may share an address.
fn throttle_of_ways(origin: &Origin) -> String {
    format!("oidc:{}", origin.throttle())
}

/// The secrets of a way, derived anew each time from its state: they rest nowhere.
fn secrets(keys: &ServerKeys, state: &str) -> Secrets {
    let derived = |purpose: &str| URL_SAFE_NO_PAD.encode(keys.hash(purpose, state.as_bytes()));
    Secrets {
        state: state.to_owned(),
        nonce: derived("oidc nonce"),
        verifier: derived("oidc verifier"),
    }
}

fn not_said(provider: &Provider, unsaid: Unsaid) -> Error {
    match unsaid {
        Unsaid::Busy => Error::Busy,
        Unsaid::Unavailable(cause) => {
            tracing::warn!(
                provider = provider.settings().name,
                cause,
                "a provider of identities gives no usable reply"
            );
            Error::ProviderUnavailable
        }
        Unsaid::Unproven(_) => Error::NotLetIn(NotLetIn::Unproven),
        Unsaid::Unsure(_) => Error::NotLetIn(NotLetIn::Unsure),
    }
}

impl Work<'_> {
    /// Writes down that somebody is sent to a provider, and for what.
    fn send(&mut self, mut way: Authorization, wanted: &Wanted) -> Result<(), Error> {
        match wanted {
            Wanted::SignIn => {}
            Wanted::Invitation(secret) => {
                way.purpose = Purpose::Invitation;
                way.user = Some(self.invitation(secret)?.id);
                way.invitation_hash = Some(hash_secret(secret));
            }
            Wanted::Link(_) => {
                way.purpose = Purpose::Link;
                way.session = Some(self.signed_in_user()?.1);
            }
        }
        Ok(authorizations::insert(self.conn, &way)?)
    }

    /// The way that somebody comes back on, taken for good. The refusal is kept: it is no error of the transaction.
    fn take_way(
        &mut self,
        provider: &Provider,
        came: &Returned,
        purposes: &[Purpose],
    ) -> Result<Result<Authorization, Error>, Error> {
        let settings = provider.settings();
        let caller = match self.caller.user() {
            Some(_) => Some(self.signed_in_user()?),
            None => None,
        };
        let bound = |way: &Authorization| match way.purpose {
            Purpose::Link => way.user.zip(way.session) == caller,
            _ => true,
        };
        let found = authorizations::find(self.conn, &hash_secret(&came.state))?.filter(|way| {
            way.provider == settings.name
                && purposes.contains(&way.purpose)
                && way.binding_hash == hash_secret(&came.binding)
                && self.now < way.expires
                && bound(way)
                && came.issuer.as_ref().is_none_or(|issuer| *issuer == settings.issuer)
        });
        let awaited = found.as_ref().is_some_and(|way| way.subject.is_some());
        match found {
            Some(way) if awaited || authorizations::take(self.conn, &way.state_hash, self.now)? => Ok(Ok(way)),
            _ => {
                let known = self.caller.user();
                Ok(Err(self.refuse_way(provider, known, "state", NotLetIn::Ended)?))
            }
        }
    }

    /// Takes back what counted as failed before it was known how it ends.
    fn forgive_return(&mut self, origin: &Origin) -> Result<(), Error> {
        throttles::forgive(self.conn, &throttle_of_ways(origin))?;
        Ok(throttles::forgive(self.conn, &origin.throttle())?)
    }

    /// Writes down that somebody who came back is not let in; gives the error.
    fn refuse_way(
        &mut self,
        provider: &Provider,
        known: Option<UserId>,
        wrong: &str,
        why: NotLetIn,
    ) -> Result<Error, Error> {
        let subject = known.map_or_else(|| "session".to_owned(), |user| format!("user/{user}"));
        let facts = json!({"wrong": wrong, "by": provider.settings().issuer});
        let action = match self.caller.user() {
            Some(_) => "identity.refused",
            None => "session.refused",
        };
        self.record(action, subject, facts)?;
        Ok(Error::NotLetIn(why))
    }

    /// The account that an identity opens, and whether a second factor was given.
    fn open_by(
        &mut self,
        way: &Way,
        origin: &Origin,
        subject: &str,
        code: Option<&str>,
    ) -> Result<Result<(User, bool), Error>, Error> {
        let settings = way.provider.settings();
        let Some(identity) = identities::find(self.conn, &settings.issuer, subject)? else {
            return Ok(Err(self.refuse_way(
                &way.provider,
                None,
                "identity",
                NotLetIn::Unknown,
            )?));
        };
        // Held: a reset that takes the identity away, or a second factor that is set up, comes before this or after it.
        let held = users::hold(self.conn, identity.user)?.map(|(user, _)| user);
        let Some(user) = held.filter(|user| user.status == UserStatus::Active) else {
            return Ok(Err(self.refuse_way(
                &way.provider,
                Some(identity.user),
                "account",
                NotLetIn::Unknown,
            )?));
        };
        let given = settings.assurance.gives_second_factor();
        let factor = second_factors::find(self.conn, user.id)?.filter(|factor| factor.confirmed.is_some());
        if let Some(factor) = factor.filter(|_| !given) {
            // They need not go to the provider again for it.
            authorizations::await_code(self.conn, &way.kept.state_hash, subject)?;
            let Some(code) = code else {
                throttles::forgive(self.conn, &origin.throttle())?;
                self.refuse_way(&way.provider, Some(user.id), "code_missing", NotLetIn::Unknown)?;
                return Ok(Err(Error::CodeMissing));
            };
            let throttle = account_throttle(&user.email);
            self.count_try(&throttle, ACCOUNT)?;
            if !self.is_good_code(user.id, &factor, code)? {
                self.refuse_way(&way.provider, Some(user.id), "code", NotLetIn::Unknown)?;
                return Ok(Err(Error::WrongCredentials));
            }
            throttles::clear(self.conn, &throttle)?;
            identities::see(self.conn, identity.id, self.today())?;
            return Ok(Ok((user, true)));
        }
        identities::see(self.conn, identity.id, self.today())?;
        Ok(Ok((user, given)))
    }

    /// The account of an invitation, made active with an identity in the place of a password.
    fn accept_by(&mut self, way: &Way, subject: &str) -> Result<Result<(User, bool), Error>, Error> {
        let invitation = match &way.kept.invitation_hash {
            Some(hash) => invitations::find(self.conn, hash)?,
            None => None,
        };
        let invited = invitation.filter(|(user, expires)| self.now < *expires && way.kept.user == Some(*user));
        let user = match invited {
            Some((user, _)) => users::find(self.conn, user)?.filter(|user| user.status == UserStatus::Invited),
            None => None,
        };
        let Some(mut user) = user else {
            return Ok(Err(self.refuse_way(
                &way.provider,
                way.kept.user,
                "invitation",
                NotLetIn::Ended,
            )?));
        };
        user.status = UserStatus::Active;
        user.version += 1;
        users::update(self.conn, &user)?;
        invitations::delete_of(self.conn, user.id)?;
        let settings = way.provider.settings();
        self.record(
            "user.accepted",
            format!("user/{}", user.id),
            json!({"by": settings.issuer}),
        )?;
        let identity = self.link(user.id, &way.provider, subject)?;
        identities::see(self.conn, identity.id, self.today())?;
        Ok(Ok((user, settings.assurance.gives_second_factor())))
    }

    fn link(&mut self, user: UserId, provider: &Provider, subject: &str) -> Result<Identity, Error> {
        let settings = provider.settings();
        if identities::find(self.conn, &settings.issuer, subject)?.is_some() {
            return Err(Refusal::conflict("identity_in_use", "this identity is linked with an account already").into());
        }
        let identity = Identity {
            id: IdentityId::new(self.now, self.randomness),
            user,
            issuer: settings.issuer.clone(),
            subject: subject.to_owned(),
            linked: self.now,
            seen_on: None,
        };
        identities::insert(self.conn, &identity)?;
        self.record("identity.linked", format!("user/{user}"), of(&identity))?;
        let provider = settings.label.clone();
        self.notify_user(user, AccountEvent::IdentityLinked { provider })?;
        Ok(identity)
    }

    /// The identities of the caller's account.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn list_identities(&mut self) -> Result<Vec<Identity>, Error> {
        let (user, _) = self.signed_in_user()?;
        Ok(identities::of_user(self.conn, user)?)
    }

    /// Takes an identity of the caller's account away; every other session ends. `label` is what its provider is called.
    ///
    /// # Errors
    /// Hidden when there is none; a conflict when nothing else opens the account.
    pub fn remove_identity(&mut self, id: &str, label: impl Fn(&str) -> String) -> Result<(), Error> {
        // Held: of two who each take one away, the second sees which door is left.
        let (user, session) = self.hold_signed_in_user()?;
        let there = identities::of_user(self.conn, user)?;
        let found = there.iter().find(|identity| identity.id.to_string() == id);
        let identity = found.ok_or(Refusal::Hidden)?;
        must_keep_a_door(users::password(self.conn, user)?.is_some(), there.len() - 1)?;
        identities::delete(self.conn, identity.id)?;
        sessions::end_all_of(self.conn, user, Some(session), self.now)?;
        self.record("identity.removed", format!("user/{user}"), of(identity))?;
        let provider = label(&identity.issuer);
        self.notify_user(user, AccountEvent::IdentityRemoved { provider })
    }
}

/// What the audit says of an identity: not what the provider calls the person.
fn of(identity: &Identity) -> Value {
    json!({"identity": identity.id, "issuer": identity.issuer})
}
