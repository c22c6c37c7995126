//! Retention: who did what is blocked some months after a query has ended, and erased some years after.
//!
//! Blocking is read from the clock and needs no work; erasing is background work, in batches, and safe to run twice.

use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::retention::PersonalData;
use ahq_store::responses::DraftAnswer;
use ahq_store::{queries, retention};
use chrono::{Duration, Months};
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::work::{Exchange, Work};

/// What stands where personal data is blocked.
pub const BLOCKED: &str = "no longer shown";
/// Of how many queries personal data is erased in one transaction.
const BATCH: usize = 20;

impl Work<'_> {
    /// Whether who did what about a query is no longer for the caller: blocked for all but the service provider's
    /// coordinators, who see to what is stored.
    pub(crate) fn hides_persons(&self, query: &Query) -> bool {
        let old = query.personal_data(self.settings.retention, self.now) != PersonalData::Shown;
        old && !self.allows(Action::ManageDeliveries, Subject::Exchange)
    }

    /// Takes out of drafted answers who proposed them, where the caller is no longer told.
    pub(crate) fn hide_persons<'a>(&self, query: &Query, drafted: impl IntoIterator<Item = &'a mut DraftAnswer>) {
        if self.hides_persons(query) {
            drafted.into_iter().for_each(|drafted| drafted.contributed = None);
        }
    }

    /// Erases one batch; how many queries it was.
    fn erase_old_persons(&mut self) -> Result<usize, Error> {
        let kept = Months::new(self.settings.retention.erased_after_months);
        let Some(day) = self.today().checked_sub_months(kept) else {
            return Ok(0);
        };
        // The day is the first look; each query says by itself when it ended.
        let most = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let (mut over, mut behind) = (Vec::new(), None);
        // Further than the first of them: those may have an old deadline and a young edition, and hide all others.
        while over.len() < BATCH {
            let ids = retention::with_persons(self.conn, day + Duration::days(1), behind, most)?;
            behind = ids.last().copied();
            let found = queries::find_all(self.conn, &ids)?;
            let those = found
                .iter()
                .filter(|query| query.personal_data(self.settings.retention, self.now) == PersonalData::Over);
            over.extend(those.map(|query| query.id));
            if ids.len() < BATCH {
                break;
            }
        }
        over.truncate(BATCH);
        for id in &over {
            retention::erase_persons(self.conn, *id)?;
            self.record("query.persons_erased", format!("query/{id}"), json!({}))?;
        }
        Ok(over.len())
    }

    fn forget_old_traces(&mut self) -> Result<usize, Error> {
        let settings = self.settings.retention;
        let before = self.now - Duration::days(settings.sign_in_days.into());
        let mut forgotten = retention::forget_traces(self.conn, before, self.today())?;
        if let Some(before) = self.now.checked_sub_months(Months::new(settings.erased_after_months)) {
            forgotten += retention::erase_apart(self.conn, before)?;
        }
        Ok(forgotten)
    }
}

impl Exchange {
    /// Erases the personal data whose time is over; of how many queries.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn apply_retention(&self) -> Result<usize, Error> {
        self.write(Credentials::System, |work| work.forget_old_traces()).await?;
        let mut erased = 0;
        loop {
            let batch = self.write(Credentials::System, |work| work.erase_old_persons()).await?;
            erased += batch;
            if batch < BATCH {
                return Ok(erased);
            }
        }
    }
}
