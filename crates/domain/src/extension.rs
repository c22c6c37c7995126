//! Requests for more time: an office that is asked proposes a later date; the lead grants it to that office or to all,
//! grants another date, or declines.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::clock::Instant;
use crate::deadline::{Planned, extend_deadline};
use crate::id::{ExtensionRequestId, QueryId};
use crate::life::Step;
use crate::office::OfficeCode;
use crate::query::{Agreed, Life, Query};
use crate::refusal::Refusal;
use crate::response::Response;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A later date was agreed with the office that asked.
    Granted,
    /// All got a later date.
    GrantedToAll,
    /// The deadline stays.
    Declined,
}

/// The answer of the lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// When.
    pub at: Instant,
    /// What became of the request.
    pub outcome: Outcome,
    /// The date that was granted.
    pub deadline: Option<NaiveDate>,
    /// What the lead says to it; for a later date for all its reason.
    pub note: Option<String>,
}

/// A request of an office for more time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionRequest {
    /// Its id.
    pub id: ExtensionRequestId,
    /// The query.
    pub query: QueryId,
    /// Who asks.
    pub office: OfficeCode,
    /// The last day it would like to have.
    pub proposed: NaiveDate,
    /// Why.
    pub reason: String,
    /// When it asked.
    pub asked: Instant,
    /// What the lead answered.
    pub answer: Option<Answer>,
}

impl ExtensionRequest {
    /// Refuses a second answer.
    ///
    /// # Errors
    /// Conflict `already_answered`.
    pub fn must_be_unanswered(&self) -> Result<(), Refusal> {
        match self.answer {
            None => Ok(()),
            Some(_) => Err(Refusal::conflict(
                "already_answered",
                "this request was answered: the office may ask again",
            )),
        }
    }
}

impl Query {
    /// The date that `office` proposes for itself, moved to a working day.
    ///
    /// # Errors
    /// Conflict `wrong_status` unless the query is open or closed, `not_addressed`, `already_submitted` when all of its
    /// response is there; what [`extend_deadline`] refuses of the date.
    pub fn propose_extension(
        &self,
        office: &OfficeCode,
        response: Option<&Response>,
        proposed: NaiveDate,
        commission: &Calendar,
        now: Instant,
    ) -> Result<Planned, Refusal> {
        self.allows(Step::Extend, now)?;
        let current = self.accepts_responses(office, now)?;
        if self
            .launched()
            .is_some_and(|launched| launched.addressee(office).is_none())
        {
            return Err(Refusal::conflict(
                "not_addressed",
                "the requesting office sets the deadline, it does not ask for one",
            ));
        }
        if response.is_some_and(Response::is_complete) {
            return Err(Refusal::conflict(
                "already_submitted",
                "this office has answered or declined: an amendment is never late and needs no later date",
            ));
        }
        extend_deadline(&current, now, proposed, commission)
    }

    /// Agrees a later date with one office. A query that is closed stays closed for the others.
    ///
    /// # Errors
    /// Conflict `wrong_status` unless it is open or closed, `not_addressed`; what [`extend_deadline`] refuses.
    pub fn agree(
        &mut self,
        office: &OfficeCode,
        date: NaiveDate,
        commission: &Calendar,
        now: Instant,
    ) -> Result<Planned, Refusal> {
        self.allows(Step::Extend, now)?;
        let current = self.accepts_responses(office, now)?;
        let planned = extend_deadline(&current, now, date, commission)?;
        self.changed = now;
        if let Life::Launched(launched) = &mut self.life
            && let Some(addressee) = launched.addressees.iter_mut().find(|asked| asked.office == *office)
        {
            addressee.agreed = Some(Agreed {
                date: planned.deadline.date,
                at: now,
            });
        }
        Ok(planned)
    }
}
