//! Accounts that nobody uses: their users are told, and two weeks later they are disabled.
//!
//! An account is used by signing in and by renewing a session; what a program does with a token is no use of it. The last
//! coordinator of an office is left alone: an office keeps one.

use std::collections::BTreeMap;

use ahq_domain::account::{Disuse, disuse, unused_before};
use ahq_domain::office::OfficeCode;
use ahq_domain::user::{User, UserStatus, keeps_a_coordinator};
use ahq_store::users;
use ahq_store::users::Unseen;
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::outgoing::{AccountEvent, Note};
use crate::work::{Exchange, Work};

impl Exchange {
    /// Tells the users of accounts that nobody uses, and disables those whose time is over; gives how many were disabled. For
    /// the worker; it may run as often as it likes.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn disable_unused(&self) -> Result<usize, Error> {
        self.write(Credentials::System, |work| {
            // Two workers, or a worker and a coordinator, would both disable one of the last two coordinators. Before any
            // row is held, or they would wait for one another.
            users::lock_coordinators(work.conn)?;
            users::begin_to_see(work.conn, work.today())?;
            work.disable_unused()
        })
        .await
    }
}

impl Work<'_> {
    fn disable_unused(&mut self) -> Result<usize, Error> {
        let today = self.today();
        let mut disabled: BTreeMap<OfficeCode, Vec<_>> = BTreeMap::new();
        for unseen in users::unseen_since(self.conn, unused_before(today))? {
            let becomes = disuse(unseen.seen_on, unseen.told_on, today);
            if becomes == Disuse::None || self.is_last_coordinator(&unseen.user)? {
                continue;
            }
            let user = unseen.user.id;
            match becomes {
                Disuse::None => {}
                Disuse::Tell { until } => {
                    users::told_unused(self.conn, user, today)?;
                    self.notify_user(user, AccountEvent::Unused { until })?;
                }
                Disuse::Disable => {
                    let office = unseen.user.office.clone();
                    self.disable(unseen)?;
                    disabled.entry(office).or_default().push(user);
                }
            }
        }
        let count = disabled.values().map(Vec::len).sum();
        for (office, users) in disabled {
            self.tell_office(office, &Note::AccountsDisabled { users })?;
        }
        Ok(count)
    }

    fn is_last_coordinator(&mut self, user: &User) -> Result<bool, Error> {
        let before = users::of_office(self.conn, &user.office)?;
        let after: Vec<User> = before.iter().filter(|other| other.id != user.id).cloned().collect();
        Ok(!keeps_a_coordinator(&before, &after, self.today()))
    }

    fn disable(&mut self, unseen: Unseen) -> Result<(), Error> {
        let user = User {
            status: UserStatus::Disabled,
            version: unseen.user.version + 1,
            ..unseen.user
        };
        users::update(self.conn, &user)?;
        self.close_account(&user)?;
        let facts = json!({"office": user.office, "usedOn": unseen.seen_on});
        self.record("user.disabled_unused", format!("user/{}", user.id), facts)
    }
}
