//! The users that an office confirms once a year, and who is late with that.

use ahq_domain::account::UserList;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::refusal::Refusal;
use ahq_domain::user::{User, UserStatus};
use ahq_store::{mailings, offices, user_lists, users};
use chrono::NaiveDate;
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::outgoing::Note;
use crate::work::{Exchange, Work, must_be_version};

/// The users of an office, as it confirms them.
#[derive(Debug, Clone)]
pub struct UserListDetail {
    /// The office.
    pub office: OfficeCode,
    /// Raised by each change of a user and by each confirmation.
    pub version: i64,
    /// When it was confirmed, and when it is to be again.
    pub list: UserList,
    /// Whether that is due.
    pub due: bool,
    /// Who has access, each with the day on which they used their account last, where they did.
    pub users: Vec<(User, Option<NaiveDate>)>,
    /// What the caller may do with it.
    pub actions: Vec<&'static str>,
}

/// Where an office stands with confirming its users.
#[derive(Debug, Clone)]
pub struct UserListItem {
    /// The office.
    pub office: OfficeCode,
    /// When it was confirmed, and when it is to be again.
    pub list: UserList,
    /// Whether that is due.
    pub due: bool,
    /// How many users it has that are not disabled.
    pub users: i64,
}

impl Work<'_> {
    /// The users of an office that have access, and when they were confirmed last.
    ///
    /// # Errors
    /// Hidden when there is no such office; forbidden for other offices than one's own (the service provider reads all).
    pub fn user_list(&mut self, office: &OfficeCode) -> Result<UserListDetail, Error> {
        self.may(Action::ReadUsers, Subject::Office(office))?;
        self.must_know_office(office)?;
        let today = self.today();
        let list = user_lists::find(self.conn, office)?.unwrap_or_else(|| UserList::begun(today));
        let all = users::of_office(self.conn, office)?;
        let mut seen = users::seen_of_office(self.conn, office)?;
        let confirms = self.allows(Action::ConfirmUsers, Subject::Office(office));
        Ok(UserListDetail {
            office: office.clone(),
            version: all.iter().map(|user| user.version).sum::<i64>() + list.confirmations,
            list,
            due: list.is_due(today),
            users: all
                .into_iter()
                .filter(|user| user.status != UserStatus::Disabled)
                .map(|user| {
                    let seen = seen.remove(&user.id);
                    (user, seen)
                })
                .collect(),
            actions: if confirms { vec!["confirm"] } else { Vec::new() },
        })
    }

    /// Confirms that the users of an office are the right ones.
    ///
    /// # Errors
    /// Stale when a user was changed or the list confirmed since; forbidden for all but a coordinator of the office.
    pub fn confirm_user_list(&mut self, office: &OfficeCode, expected: i64) -> Result<UserListDetail, Error> {
        self.may(Action::ConfirmUsers, Subject::Office(office))?;
        let read = self.user_list(office)?;
        must_be_version(read.version, expected)?;
        let by = self.caller.user().ok_or(Refusal::Unauthenticated)?;
        let today = self.today();
        user_lists::begin(self.conn, office, today)?;
        user_lists::confirm(self.conn, office, by, today, read.list.confirmations)?;
        let facts = json!({"users": read.users.len()});
        self.record("office.users_confirmed", format!("office/{office}"), facts)?;
        self.user_list(office)
    }

    /// Where each office that has users and takes part stands with confirming them: those that are due first, the longest
    /// ago at the top.
    ///
    /// # Errors
    /// Forbidden for all but the service provider.
    pub fn list_user_lists(&mut self) -> Result<Vec<UserListItem>, Error> {
        self.may(Action::ReadUserLists, Subject::Exchange)?;
        self.user_list_items()
    }

    fn user_list_items(&mut self) -> Result<Vec<UserListItem>, Error> {
        let today = self.today();
        let (offices, lists) = (offices::all(self.conn)?, user_lists::all(self.conn)?);
        let counts = users::counts(self.conn)?;
        let mut items: Vec<UserListItem> = counts
            .into_iter()
            .filter(|(office, _)| offices.get(office).is_some_and(|office| office.takes_part_on(today)))
            .map(|(office, users)| {
                let list = lists.get(&office).copied().unwrap_or_else(|| UserList::begun(today));
                UserListItem {
                    due: list.is_due(today),
                    office,
                    list,
                    users,
                }
            })
            .collect();
        items.sort_by(|one, other| {
            let key = |item: &UserListItem| (item.list.due_on(), item.office.clone());
            key(one).cmp(&key(other))
        });
        Ok(items)
    }

    fn ask_for_user_lists(&mut self) -> Result<usize, Error> {
        let today = self.today();
        let mut asked = 0;
        for UserListItem { office, list, .. } in self.user_list_items()? {
            user_lists::begin(self.conn, &office, today)?;
            if list.is_to_be_asked(today) {
                user_lists::asked(self.conn, &office, today)?;
                self.tell_office(office, &Note::UserListDue)?;
                asked += 1;
            }
        }
        Ok(asked)
    }
}

impl Exchange {
    /// Asks each office whose list is due to confirm its users, once every thirty days; gives how many. For the worker.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn ask_for_user_lists(&self) -> Result<usize, Error> {
        self.write(Credentials::System, |work| {
            mailings::lock(work.conn)?;
            work.ask_for_user_lists()
        })
        .await
    }
}
