//! How the signed-in user wants mail.

use ahq_domain::notification::{Notifications, check_absence};
use ahq_domain::refusal::Refusal;
use ahq_store::{notifications, users};
use serde_json::json;

use crate::error::Error;
use crate::work::{Work, must_be_version};

impl Work<'_> {
    /// How the caller wants mail, with the version of that: 0 where they never said.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn notifications(&mut self) -> Result<(i64, Notifications), Error> {
        let user = self.own_user()?;
        Ok(notifications::find(self.conn, user)?.unwrap_or_default())
    }

    /// Changes how the caller wants mail.
    ///
    /// # Errors
    /// Stale; `bad_period`, `over`, `own_deputy`, `unknown_user` for the absence, all at once.
    pub fn change_notifications(
        &mut self,
        expected: i64,
        wishes: Notifications,
    ) -> Result<(i64, Notifications), Error> {
        let (user, _) = self.signed_in_user()?;
        let (version, _) = self.notifications()?;
        must_be_version(version, expected)?;
        if let Some(absence) = &wishes.absence {
            check_absence(absence, user, self.today())?;
            if let Some(deputy) = absence.deputy {
                let own = users::find(self.conn, user)?.map(|user| user.office);
                let office = users::find(self.conn, deputy)?.map(|deputy| deputy.office);
                if office.is_none() || office != own {
                    let detail = "somebody of your own office stands in; /offices/{code}/users lists them";
                    return Err(Refusal::invalid("/absence/deputy", "unknown_user", detail).into());
                }
            }
        }
        notifications::put(self.conn, user, version + 1, &wishes)?;
        self.record("user.notifications_changed", format!("user/{user}"), json!({}))?;
        Ok((version + 1, wishes))
    }
}
