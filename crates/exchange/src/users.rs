//! Users of an office: invited, accepting, changed and disabled.

use ahq_domain::id::UserId;
use ahq_domain::office::{OfficeCode, OfficeKind};
use ahq_domain::password;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::refusal::Refusal;
use ahq_domain::user::{
    Grant, Role, User, UserStatus, check_order, check_person, keeps_a_coordinator, would_be_the_first,
};
use ahq_store::{identities, invitations, offices, second_factors, sessions, tokens, users};
use chrono::Duration;
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::keys::hash_secret;
use crate::outgoing::{AccountEvent, Note, reads_mail};
use crate::passwords;
use crate::work::{Exchange, Work, must_be_version};

/// How long an invitation holds.
pub const INVITATION_LASTS: Duration = Duration::days(7);

/// Somebody to be invited.
#[derive(Debug, Clone)]
pub struct UserInput {
    /// Their name.
    pub name: String,
    /// Their mail address.
    pub email: String,
    /// Their role, from today on and without an end.
    pub role: Role,
}

/// What may be changed about a user.
#[derive(Debug, Clone)]
pub struct UserChange {
    /// Their name.
    pub name: String,
    /// Their roles.
    pub grants: Vec<Grant>,
    /// Whether the account is disabled.
    pub disabled: bool,
}

impl Work<'_> {
    /// What the caller may do with a user now.
    ///
    /// # Errors
    /// What the tables refuse.
    pub fn user_actions(&mut self, user: &User) -> Result<Vec<&'static str>, Error> {
        let colleagues = match self.is_foreign_provider(&user.office) {
            true => users::of_office(self.conn, &user.office)?,
            false => Vec::new(),
        };
        Ok(self.user_actions_among(user, &colleagues))
    }

    /// The same, where all users of the office are known.
    pub fn user_actions_among(&self, user: &User, colleagues: &[User]) -> Vec<&'static str> {
        let roles: Vec<Role> = user.grants.iter().map(|grant| grant.role).collect();
        let highest = roles.iter().max().copied().unwrap_or(Role::Reader);
        let may_change = self.allows(Action::ManageUsers, Subject::User(&user.office, highest))
            && (!self.is_foreign_provider(&user.office)
                || would_be_the_first(colleagues, &roles, Some(user), self.today()));
        if may_change { vec!["change"] } else { Vec::new() }
    }

    /// Whether the caller is of the service provider, and this another office.
    fn is_foreign_provider(&self, office: &OfficeCode) -> bool {
        let party = self.caller.party();
        party.is_some_and(|party| party.kind == OfficeKind::ServiceProvider && party.office != *office)
    }

    /// The users of an office.
    ///
    /// # Errors
    /// Forbidden for other offices than one's own (the service provider reads all).
    pub fn list_users(&mut self, office: &OfficeCode) -> Result<Vec<User>, Error> {
        self.may(Action::ReadUsers, Subject::Office(office))?;
        self.must_know_office(office)?;
        Ok(users::of_office(self.conn, office)?)
    }

    /// One user of an office.
    ///
    /// # Errors
    /// Hidden when the office has no such user.
    pub fn user(&mut self, office: &OfficeCode, id: &str) -> Result<User, Error> {
        self.may(Action::ReadUsers, Subject::Office(office))?;
        self.find_user(office, id)
    }

    fn find_user(&mut self, office: &OfficeCode, id: &str) -> Result<User, Error> {
        let id = id.parse::<UserId>().map_err(|_| Refusal::Hidden)?;
        let user = users::find(self.conn, id)?.ok_or(Refusal::Hidden)?;
        self.must_be_here(user.office == *office, Action::ReadUsers, format!("user/{id}"))?;
        Ok(user)
    }

    pub(crate) fn must_know_office(&mut self, office: &OfficeCode) -> Result<(), Error> {
        match offices::all(self.conn)?.get(office) {
            Some(_) => Ok(()),
            None => Err(Refusal::Hidden.into()),
        }
    }

    /// Invites somebody to an account in an office: they set their password through a mailed link. The service
    /// provider invites the first coordinator of another office only.
    ///
    /// # Errors
    /// Invalid name or address, address in use, a role above one's own, another office.
    pub fn invite_user(&mut self, office: &OfficeCode, input: &UserInput) -> Result<User, Error> {
        self.may(Action::ManageUsers, Subject::User(office, input.role))?;
        self.must_know_office(office)?;
        let (name, email) = check_person(&input.name, &input.email)?;
        let appointed = self.provider_appoints_the_first(office, &[input.role], None)?;
        if users::find_by_email(self.conn, &email)?.is_some() {
            return Err(Refusal::conflict("address_in_use", "an account with this address exists already").into());
        }
        let user = User {
            id: UserId::new(self.now, self.randomness),
            version: 1,
            office: office.clone(),
            name,
            email,
            grants: vec![Grant {
                role: input.role,
                from: self.today(),
                until: None,
            }],
            status: UserStatus::Invited,
        };
        users::insert(self.conn, &user)?;
        self.send_invitation(&user)?;
        self.record(
            "user.invited",
            format!("user/{}", user.id),
            json!({"office": office, "role": input.role}),
        )?;
        if appointed {
            self.tell_of_first_coordinator(&user)?;
        }
        Ok(user)
    }

    /// Whether the service provider appoints the first coordinator of another office, which is all it may do with users
    /// there.
    fn provider_appoints_the_first(
        &mut self,
        office: &OfficeCode,
        roles: &[Role],
        handled: Option<&User>,
    ) -> Result<bool, Error> {
        if !self.is_foreign_provider(office) {
            return Ok(false);
        }
        let colleagues = users::of_office(self.conn, office)?;
        if !would_be_the_first(&colleagues, roles, handled, self.today()) {
            let refusal = Refusal::forbidden(
                "first_coordinator_only",
                "the service provider appoints an office's first coordinator only",
            );
            return Err(self
                .note_refusal(Action::ManageUsers, format!("office/{office}"), refusal)
                .into());
        }
        Ok(true)
    }

    /// Tells the office and the Commission whom the service provider appointed.
    fn tell_of_first_coordinator(&mut self, user: &User) -> Result<(), Error> {
        let told = Note::FirstCoordinator { user: user.id };
        let all = offices::all(self.conn)?;
        let commission = all.iter().filter(|office| office.kind == OfficeKind::Commission);
        let mut receivers: Vec<OfficeCode> = commission.map(|office| office.code.clone()).collect();
        if !receivers.contains(&user.office) {
            receivers.push(user.office.clone());
        }
        for office in receivers {
            self.tell_office(office, &told)?;
        }
        Ok(())
    }

    fn send_invitation(&mut self, user: &User) -> Result<(), Error> {
        let inviting = self
            .caller
            .party()
            .map_or_else(|| user.office.clone(), |party| party.office.clone());
        let message = self.tell_user(user.id, inviting, &Note::AccountInvitation)?;
        let secret = self.keys.link_secret(message);
        invitations::delete_of(self.conn, user.id)?;
        Ok(invitations::insert(
            self.conn,
            &hash_secret(&secret),
            user.id,
            self.now + INVITATION_LASTS,
        )?)
    }

    /// Whom an invitation link is for.
    ///
    /// # Errors
    /// Hidden when the link is unknown, used or past its end.
    pub fn invitation(&mut self, secret: &str) -> Result<User, Error> {
        let found = invitations::find(self.conn, &hash_secret(secret))?;
        let (user, _) = found
            .filter(|(_, expires)| self.now < *expires)
            .ok_or(Refusal::Hidden)?;
        let user = users::find(self.conn, user)?.filter(|user| user.status == UserStatus::Invited);
        Ok(user.ok_or(Refusal::Hidden)?)
    }

    fn accept_invitation(&mut self, secret: &str, password_hash: &str) -> Result<User, Error> {
        let mut user = self.invitation(secret)?;
        user.status = UserStatus::Active;
        user.version += 1;
        users::update(self.conn, &user)?;
        users::set_password(self.conn, user.id, password_hash)?;
        users::see(self.conn, user.id, self.today())?;
        invitations::delete_of(self.conn, user.id)?;
        self.record("user.accepted", format!("user/{}", user.id), json!({}))?;
        Ok(user)
    }

    /// Changes a user's name, roles or standing. Disabling ends every session on its next request.
    ///
    /// # Errors
    /// Stale, a role above one's own, the last coordinator of the office; for the service provider another office that
    /// has a coordinator.
    pub fn change_user(
        &mut self,
        office: &OfficeCode,
        id: &str,
        expected: i64,
        change: UserChange,
    ) -> Result<User, Error> {
        self.may(Action::ManageUsers, Subject::Office(office))?;
        let mut user = self.find_user(office, id)?;
        must_be_version(user.version, expected)?;
        let roles: Vec<Role> = user
            .grants
            .iter()
            .chain(&change.grants)
            .map(|grant| grant.role)
            .collect();
        for role in &roles {
            self.may(Action::ManageUsers, Subject::User(office, *role))?;
        }
        let appointed = self.provider_appoints_the_first(office, &roles, Some(&user))?;
        let (name, _) = check_person(&change.name, &user.email)?;
        user.name = name;
        user.grants = change.grants;
        let enabled = !change.disabled && user.status == UserStatus::Disabled;
        user.status = match (change.disabled, user.status) {
            (true, _) => UserStatus::Disabled,
            (false, UserStatus::Disabled) => UserStatus::Active,
            (false, status) => status,
        };
        self.must_keep_a_coordinator(&user)?;
        user.version += 1;
        users::update(self.conn, &user)?;
        if enabled {
            // Or it would be disabled again for not having been used while it could not be.
            users::see(self.conn, user.id, self.today())?;
        }
        if user.status == UserStatus::Disabled {
            self.close_account(&user)?;
        }
        let facts = json!({"disabled": user.status == UserStatus::Disabled, "grants": user.grants});
        self.record("user.changed", format!("user/{}", user.id), facts)?;
        if appointed && user.status != UserStatus::Disabled {
            self.tell_of_first_coordinator(&user)?;
        }
        Ok(user)
    }

    /// Ends all that an account opens: sessions, tokens and links.
    pub(crate) fn close_account(&mut self, user: &User) -> Result<(), Error> {
        sessions::end_all_of(self.conn, user.id, None, self.now)?;
        tokens::revoke_all_of(self.conn, user.id, self.now)?;
        invitations::delete_of(self.conn, user.id)?;
        self.end_links_of(user.id)
    }

    /// Mails a new invitation to somebody whose first one was lost or is past its end.
    ///
    /// # Errors
    /// Hidden when the office has no such user; a conflict when they have accepted or are disabled.
    pub fn renew_invitation(&mut self, office: &OfficeCode, id: &str) -> Result<User, Error> {
        self.may(Action::ManageUsers, Subject::Office(office))?;
        let user = self.find_user(office, id)?;
        let roles: Vec<Role> = user.grants.iter().map(|grant| grant.role).collect();
        for role in &roles {
            self.may(Action::ManageUsers, Subject::User(office, *role))?;
        }
        self.provider_appoints_the_first(office, &roles, Some(&user))?;
        if user.status != UserStatus::Invited {
            return Err(Refusal::conflict("not_invited", "only who has not accepted yet is invited again").into());
        }
        self.send_invitation(&user)?;
        self.record(
            "user.invited_again",
            format!("user/{}", user.id),
            json!({"office": office}),
        )?;
        Ok(user)
    }

    /// Resets an account by a written order: every session and token ends, neither the password nor identities of providers
    /// open it any longer, the second factor is taken away where the order says so, and a link to a new password is mailed. The
    /// office is told at its functional mailbox, and each of its users.
    ///
    /// # Errors
    /// Forbidden for all but the service provider; hidden when the office has no such user; a fault at `/order`; a conflict
    /// when the account is not active.
    pub fn reset_user(
        &mut self,
        office: &OfficeCode,
        id: &str,
        order: &str,
        second_factor: bool,
    ) -> Result<User, Error> {
        self.may(Action::ResetUser, Subject::Office(office))?;
        let order = check_order(order)?;
        let user = self.find_user(office, id)?;
        if user.status != UserStatus::Active {
            return Err(Refusal::conflict("not_active", "only an active account is reset").into());
        }
        // The password first: whoever signs in with it at this moment waits for the row, and is refused then.
        users::forget_password(self.conn, user.id)?;
        self.end_links_of(user.id)?;
        sessions::end_all_of(self.conn, user.id, None, self.now)?;
        tokens::revoke_all_of(self.conn, user.id, self.now)?;
        if second_factor {
            second_factors::delete(self.conn, user.id)?;
        }
        // Whoever came into the account may have linked an identity of their own.
        let identities = identities::delete_of(self.conn, user.id)?;
        let facts = json!({"office": office, "order": order, "secondFactor": second_factor, "identities": identities});
        self.record("user.reset", format!("user/{}", user.id), facts)?;
        let unlinked = identities > 0;
        let event = AccountEvent::Reset {
            order: order.clone(),
            second_factor,
            unlinked,
        };
        self.notify_user(user.id, event)?;
        self.send_password_link(&user, office)?;
        let told = Note::UserReset {
            user: user.id,
            order,
            second_factor,
            unlinked,
        };
        self.tell_office(office.clone(), &told)?;
        let today = self.today();
        let others = users::of_office(self.conn, office)?;
        for other in others
            .iter()
            .filter(|other| other.id != user.id && reads_mail(other, today))
        {
            self.tell_user(other.id, office.clone(), &told)?;
        }
        Ok(user)
    }

    pub(crate) fn must_keep_a_coordinator(&mut self, changed: &User) -> Result<(), Error> {
        users::lock_coordinators(self.conn)?;
        let before = users::of_office(self.conn, &changed.office)?;
        let rest = before.iter().filter(|user| user.id != changed.id);
        let after: Vec<User> = rest.chain([changed]).cloned().collect();
        if !keeps_a_coordinator(&before, &after, self.today()) {
            return Err(Refusal::conflict("last_coordinator", "an office keeps at least one coordinator").into());
        }
        Ok(())
    }

    /// Adds an active user with a password: the operator's command for the first administrator, and the
    /// demonstration's users. Not for any caller over the network.
    ///
    /// # Errors
    /// Invalid name or address, address in use, unknown office.
    pub fn add_user(&mut self, office: &OfficeCode, input: &UserInput, password_hash: &str) -> Result<User, Error> {
        self.must_know_office(office)?;
        let (name, email) = check_person(&input.name, &input.email)?;
        if users::find_by_email(self.conn, &email)?.is_some() {
            return Err(Refusal::conflict("address_in_use", "an account with this address exists already").into());
        }
        let user = User {
            id: UserId::new(self.now, self.randomness),
            version: 1,
            office: office.clone(),
            name,
            email,
            grants: vec![Grant {
                role: input.role,
                from: self.today(),
                until: None,
            }],
            status: UserStatus::Active,
        };
        users::insert(self.conn, &user)?;
        users::set_password(self.conn, user.id, password_hash)?;
        users::see(self.conn, user.id, self.today())?;
        self.record(
            "user.added",
            format!("user/{}", user.id),
            json!({"office": office, "role": input.role}),
        )?;
        Ok(user)
    }
}

impl Exchange {
    /// Accepts an invitation: sets the password and makes the account active.
    ///
    /// # Errors
    /// Hidden when the link is unknown, used or past its end; a password that is too short or too long.
    pub async fn accept_invitation(&self, secret: String, password: String) -> Result<User, Error> {
        let asked = secret.clone();
        let user = self
            .read(Credentials::Nobody, move |work| work.invitation(&asked))
            .await?;
        password::check(&password, false, &[&user.name, &user.email], "/password")?;
        let hash = passwords::place()?.hash(password, self.randomness()).await?;
        self.write(Credentials::Nobody, move |work| work.accept_invitation(&secret, &hash))
            .await
    }

    /// Adds an active user; for the operator's commands only.
    ///
    /// # Errors
    /// As [`Work::add_user`], and a password that is too short or too long.
    pub async fn add_user(&self, office: OfficeCode, input: UserInput, password: String) -> Result<User, Error> {
        password::check(&password, false, &[&input.name, &input.email], "/password")?;
        let hash = passwords::place()?.hash(password, self.randomness()).await?;
        self.write(Credentials::System, move |work| work.add_user(&office, &input, &hash))
            .await
    }
}
