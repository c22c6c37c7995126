//! What all of the network looks things up in: offices, topics, holidays and the calculator of working days.

use ahq_domain::calendar::Calendars;
use ahq_domain::office::{Office, OfficeCode};
use ahq_domain::permission::{Action, Subject};
use ahq_domain::refusal::Refusal;
use ahq_store::{holidays, offices, topics};
use chrono::NaiveDate;

use crate::error::Error;
use crate::work::Work;

impl Work<'_> {
    /// All offices, by code.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn list_offices(&mut self) -> Result<Vec<Office>, Error> {
        self.may(Action::ReadNetwork, Subject::Exchange)?;
        Ok(offices::all(self.conn)?.iter().cloned().collect())
    }

    /// One office.
    ///
    /// # Errors
    /// Hidden when no office has this code.
    pub fn office_by_code(&mut self, code: &OfficeCode) -> Result<Office, Error> {
        self.may(Action::ReadNetwork, Subject::Exchange)?;
        Ok(offices::all(self.conn)?.get(code).cloned().ok_or(Refusal::Hidden)?)
    }

    /// All topics, by name; for everybody.
    ///
    /// # Errors
    /// Only what the tables refuse.
    pub fn list_topics(&mut self) -> Result<Vec<topics::Topic>, Error> {
        Ok(topics::all(self.conn)?)
    }

    /// The holidays of an office, or of all, in a year.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn list_holidays(
        &mut self,
        office: Option<&OfficeCode>,
        year: i32,
    ) -> Result<Vec<(OfficeCode, NaiveDate, String)>, Error> {
        self.may(Action::ReadNetwork, Subject::Exchange)?;
        Ok(holidays::list(self.conn, office, Some(year))?)
    }

    /// The calendars of these offices, to count working days with.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn calendars(&mut self, codes: &[OfficeCode]) -> Result<Calendars, Error> {
        self.may(Action::ReadNetwork, Subject::Exchange)?;
        Ok(holidays::calendars(self.conn, codes)?)
    }
}
