//! What a user is told of their own account.

use ahq_domain::account::UNUSED_MONTHS;
use ahq_domain::id::UserId;
use ahq_domain::office::{Office, OfficeCode, Offices};
use ahq_domain::user::{Role, User, UserStatus, role_on};
use ahq_mail::messages::{
    AccountChange, AccountInvitation, AccountNotice, AccountsDisabled, AddressConfirmation, FirstCoordinator, Message,
    PasswordReset, UserListDue, UserReset,
};
use ahq_store::account_links::{self, AccountLink, Purpose};
use ahq_store::outbox::Entry;
use ahq_store::{invitations, tokens, user_lists, users};

use crate::error::Error;
use crate::keys::hash_secret;
use crate::outgoing::{AccountEvent, Note};
use crate::work::Work;

impl Work<'_> {
    /// Where a message about an account goes, when that is not the address of the account.
    pub(super) fn address_of(&mut self, note: &Note, entry: &Entry) -> Result<Option<String>, Error> {
        match note {
            Note::AddressConfirmation => {
                let link = self.link_of(entry, Purpose::Address)?;
                Ok(link.and_then(|(_, link)| link.email))
            }
            Note::AccountNotice {
                event: AccountEvent::AddressChanged { told_at },
            } => Ok(told_at.clone()),
            _ => Ok(None),
        }
    }

    /// The secret of a message's link, where the link still holds.
    fn link_of(&mut self, entry: &Entry, purpose: Purpose) -> Result<Option<(String, AccountLink)>, Error> {
        let secret = self.keys.link_secret(entry.id);
        let link = account_links::find(self.conn, &hash_secret(&secret))?
            .filter(|link| link.purpose == purpose && self.now < link.expires);
        Ok(link.map(|link| (secret, link)))
    }

    pub(super) fn password_reset(&mut self, user: &User, entry: &Entry) -> Result<Option<Message>, Error> {
        let link = self.link_of(entry, Purpose::Password)?;
        Ok(link.map(|(secret, link)| {
            Message::PasswordReset(PasswordReset {
                name: user.name.clone(),
                link: format!("{}/password-resets/{secret}", self.settings.public_address),
                expires: link.expires,
            })
        }))
    }

    pub(super) fn address_confirmation(&mut self, user: &User, entry: &Entry) -> Result<Option<Message>, Error> {
        let link = self.link_of(entry, Purpose::Address)?;
        Ok(link.map(|(secret, link)| {
            Message::AddressConfirmation(AddressConfirmation {
                name: user.name.clone(),
                link: format!("{}/address-changes/{secret}", self.settings.public_address),
                expires: link.expires,
            })
        }))
    }

    /// None of a token that is gone since.
    pub(super) fn account_notice(
        &mut self,
        event: &AccountEvent,
        user: &User,
        entry: &Entry,
    ) -> Result<Option<Message>, Error> {
        Ok(Some(Message::AccountNotice(AccountNotice {
            name: user.name.clone(),
            change: match event {
                AccountEvent::PasswordChanged => AccountChange::Password,
                AccountEvent::AddressChanged { .. } => AccountChange::Address,
                AccountEvent::SecondFactorAdded => AccountChange::SecondFactorAdded,
                AccountEvent::SecondFactorRemoved => AccountChange::SecondFactorRemoved,
                AccountEvent::RecoveryCodeUsed => AccountChange::RecoveryCodeUsed,
                AccountEvent::IdentityLinked { provider } => AccountChange::IdentityLinked(provider.clone()),
                AccountEvent::IdentityRemoved { provider } => AccountChange::IdentityRemoved(provider.clone()),
                AccountEvent::Unused { until } => AccountChange::Unused { until: *until },
                AccountEvent::Reset {
                    order,
                    second_factor,
                    unlinked,
                } => AccountChange::Reset {
                    order: order.clone(),
                    second_factor: *second_factor,
                    unlinked: *unlinked,
                },
                // Told even when it was revoked meanwhile: that it was there is what its user has to know.
                AccountEvent::TokenMade { token } => match tokens::find(self.conn, *token)? {
                    Some(token) => AccountChange::TokenMade {
                        name: token.name,
                        last_day: token.last_day,
                    },
                    None => return Ok(None),
                },
            },
            at: entry.created,
            link: format!("{}/me", self.settings.public_address),
        })))
    }

    pub(super) fn user_reset(&mut self, note: &Note, entry: &Entry) -> Result<Option<Message>, Error> {
        let Note::UserReset {
            user,
            order,
            second_factor,
            unlinked,
        } = note
        else {
            return Ok(None);
        };
        let user = users::find(self.conn, *user)?;
        Ok(user.map(|user| {
            Message::UserReset(UserReset {
                name: user.name,
                order: order.clone(),
                second_factor: *second_factor,
                unlinked: *unlinked,
                at: entry.created,
                link: format!("{}/offices/{}/users", self.settings.public_address, user.office),
            })
        }))
    }

    /// Only the office itself is given the address of its users: the Commission may not read them.
    pub(super) fn first_coordinator(
        &mut self,
        user: UserId,
        told: &Office,
        entry: &Entry,
        offices: &Offices,
    ) -> Result<Option<Message>, Error> {
        let today = self.today();
        let Some(user) = users::find(self.conn, user)? else {
            return Ok(None);
        };
        let office = offices
            .get(&user.office)
            .map_or_else(|| user.office.to_string(), |office| office.as_requester_on(today));
        let own = told.code == user.office;
        let users = if own { "/users" } else { "" };
        let link = format!("{}/offices/{}{users}", self.settings.public_address, user.office);
        Ok(Some(Message::FirstCoordinator(FirstCoordinator {
            office,
            name: user.name,
            at: entry.created,
            own,
            link,
        })))
    }

    pub(super) fn accounts_disabled(&mut self, disabled: &[UserId], office: &Office) -> Result<Option<Message>, Error> {
        let users = users::of_office(self.conn, &office.code)?;
        let named = users.into_iter().filter(|user| disabled.contains(&user.id));
        let names: Vec<String> = named
            .filter(|user| user.status == UserStatus::Disabled)
            .map(|user| user.name)
            .collect();
        Ok((!names.is_empty()).then(|| {
            Message::AccountsDisabled(AccountsDisabled {
                names,
                months: UNUSED_MONTHS,
                link: format!("{}/offices/{}/users", self.settings.public_address, office.code),
            })
        }))
    }

    /// None where the office has confirmed them meanwhile.
    pub(super) fn user_list_due(&mut self, office: &Office) -> Result<Option<Message>, Error> {
        let today = self.today();
        let list = user_lists::find(self.conn, &office.code)?.filter(|list| list.is_due(today));
        Ok(list.map(|list| {
            Message::UserListDue(UserListDue {
                confirmed_on: list.confirmed.map(|(day, _)| day),
                due_on: list.due_on(),
                link: format!("{}/offices/{}/user-list", self.settings.public_address, office.code),
            })
        }))
    }

    pub(super) fn account_invitation(
        &mut self,
        user: &User,
        entry: &Entry,
        offices: &Offices,
    ) -> Result<Option<Message>, Error> {
        let secret = self.keys.link_secret(entry.id);
        let Some((_, expires)) = invitations::find(self.conn, &hash_secret(&secret))? else {
            return Ok(None);
        };
        if user.status != UserStatus::Invited || expires <= self.now {
            return Ok(None);
        }
        let today = self.today();
        let office = |code: &OfficeCode| {
            offices
                .get(code)
                .map_or_else(|| code.to_string(), |office| office.as_requester_on(today))
        };
        let role = role_on(&user.grants, today).map_or("reader", |role| match role {
            Role::Reader => "reader",
            Role::Expert => "expert",
            Role::Coordinator => "coordinator",
        });
        Ok(Some(Message::AccountInvitation(AccountInvitation {
            name: user.name.clone(),
            office: office(&user.office),
            role: role.to_owned(),
            invited_by: office(&entry.office),
            link: format!("{}/invitations/{secret}", self.settings.public_address),
            expires,
        })))
    }
}
