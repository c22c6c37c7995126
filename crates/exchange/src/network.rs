//! What all of the network looks things up in: offices and topics.

use ahq_domain::office::{Office, OfficeCode};
use ahq_domain::permission::{Action, Subject};
use ahq_domain::refusal::Refusal;
use ahq_store::{offices, topics};

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
}
