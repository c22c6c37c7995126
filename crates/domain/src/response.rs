//! Responses: what one office sends to one query, from its draft through its versions.
//!
//! A draft and what was submitted are apart: saving a draft never touches a submitted version.

use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::approval::Asked;
use crate::clock::Instant;
use crate::deadline::Deadline;
use crate::dissemination::{self, Circle};
use crate::id::{QueryId, ResponseId, UserId};
use crate::office::OfficeCode;
use crate::query::{Query, Status};
use crate::question::Question;
use crate::refusal::{Faults, Refusal};

/// Where a response stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseStatus {
    /// Being written, or taken back to be written again.
    Drafting,
    /// A draft that another coordinator is asked to submit.
    AwaitingApproval,
    /// A version is submitted.
    Submitted,
    /// The office says it will not answer.
    Declined,
}

/// What happened to a response last; each position carries its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Nothing submitted yet, or a draft after a retraction.
    Drafting {
        /// The retraction, when there was one.
        retracted: Option<Retraction>,
    },
    /// Submitted; `version` is the version in force.
    Submitted {
        /// The version in force.
        version: i32,
        /// When that version was submitted.
        at: Instant,
        /// Whether some of its answers are still to follow: the office keeps its reminders.
        in_part: bool,
    },
    /// Declined with a reason.
    Declined {
        /// When.
        at: Instant,
        /// Why.
        reason: String,
    },
}

/// A retraction: the response leaves every later edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// When.
    pub at: Instant,
    /// Why.
    pub note: String,
}

/// The response of one office to one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Its id.
    pub id: ResponseId,
    /// The query.
    pub query: QueryId,
    /// The office.
    pub office: OfficeCode,
    /// Raised by each change of the draft or the position.
    pub version: i64,
    /// Where it stands.
    pub position: Position,
    /// The number of the last version submitted, retracted ones included; 0 before the first.
    pub last_version: i32,
    /// When the first version was submitted; lateness is decided by it alone.
    pub first_submitted: Option<Instant>,
    /// Whether the first version came after the latest date granted.
    pub late: bool,
    /// The approval of its draft that was asked for, of an amendment too.
    pub asked: Option<Asked>,
}

/// One submitted version: immutable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// 1, 2, …
    pub number: i32,
    /// When it was submitted.
    pub at: Instant,
    /// By whom; never printed in a document.
    pub by: Option<UserId>,
    /// Its answers as they were, with the circles of that moment.
    pub answers: Vec<Answer>,
}

impl Response {
    /// Where it stands.
    pub fn status(&self) -> ResponseStatus {
        match self.position {
            Position::Drafting { .. } if self.asked.is_some() => ResponseStatus::AwaitingApproval,
            Position::Drafting { .. } => ResponseStatus::Drafting,
            Position::Submitted { .. } => ResponseStatus::Submitted,
            Position::Declined { .. } => ResponseStatus::Declined,
        }
    }

    /// Why it was declined, for a reader of `circle`: its own office (none), the requesters and the Commission. The others
    /// hear that it was.
    pub fn declined_because(&self, circle: Option<Circle>) -> Option<&str> {
        match &self.position {
            Position::Declined { reason, .. } if circle.is_none_or(|circle| circle == Circle::Requester) => {
                Some(reason)
            }
            _ => None,
        }
    }

    /// The number of the version in force, when one is.
    pub fn version_in_force(&self) -> Option<i32> {
        match self.position {
            Position::Submitted { version, .. } => Some(version),
            _ => None,
        }
    }

    /// Whether the office has said something: it has submitted or declined.
    pub fn is_answered(&self) -> bool {
        !matches!(self.position, Position::Drafting { .. })
    }

    /// Whether the office has said all it is going to: it has answered every question, or declined.
    pub fn is_complete(&self) -> bool {
        match self.position {
            Position::Drafting { .. } => false,
            Position::Submitted { in_part, .. } => !in_part,
            Position::Declined { .. } => true,
        }
    }

    /// Refuses what a declined response cannot take before it is resumed.
    ///
    /// # Errors
    /// Conflict `declined`.
    pub fn must_not_be_declined(&self) -> Result<(), Refusal> {
        match self.position {
            Position::Declined { .. } => Err(Refusal::conflict(
                "declined",
                "the office has declined: resume the response first",
            )),
            _ => Ok(()),
        }
    }

    /// Notes that the deadline was moved: late means first submitted after the latest date granted. Gives whether
    /// that changed anything.
    pub fn deadline_moved(&mut self, deadline: &Deadline) -> bool {
        let late = self.first_submitted.is_some_and(|first| deadline.is_past(first));
        std::mem::replace(&mut self.late, late) != late
    }

    /// Takes in a submission of these answers received at `received` and gives the number of its version.
    ///
    /// # Errors
    /// Conflict `declined`; what [`Query::accepts_responses`] refuses.
    pub fn submit(&mut self, query: &Query, answers: &[Answer], received: Instant) -> Result<i32, Refusal> {
        self.must_not_be_declined()?;
        let deadline = query.accepts_responses(&self.office, received)?;
        let number = self.last_version + 1;
        if self.first_submitted.is_none() {
            self.first_submitted = Some(received);
            self.late = deadline.is_past(received);
        }
        self.last_version = number;
        self.asked = None;
        self.position = Position::Submitted {
            version: number,
            at: received,
            in_part: is_partial(answers),
        };
        Ok(number)
    }

    /// Takes a submitted response back to drafting.
    ///
    /// # Errors
    /// Conflict `not_submitted`.
    pub fn retract(&mut self, note: String, now: Instant) -> Result<(), Refusal> {
        let Position::Submitted { .. } = self.position else {
            return Err(Refusal::conflict(
                "not_submitted",
                "only a submitted response can be retracted",
            ));
        };
        self.asked = None;
        self.position = Position::Drafting {
            retracted: Some(Retraction { at: now, note }),
        };
        Ok(())
    }

    /// Declines to answer.
    ///
    /// # Errors
    /// Conflict `already_submitted`, `already_declined`, or what [`Query::accepts_responses`] refuses.
    pub fn decline(&mut self, query: &Query, reason: String, now: Instant) -> Result<(), Refusal> {
        query.accepts_responses(&self.office, now)?;
        match self.position {
            Position::Submitted { .. } => Err(Refusal::conflict(
                "already_submitted",
                "this office has answered: retract the response first",
            )),
            Position::Declined { .. } => Err(Refusal::conflict(
                "already_declined",
                "this office has declined already",
            )),
            Position::Drafting { .. } => {
                self.asked = None;
                self.position = Position::Declined { at: now, reason };
                Ok(())
            }
        }
    }

    /// Takes a declined response back to drafting.
    ///
    /// # Errors
    /// Conflict `not_declined`, or what [`Query::accepts_responses`] refuses.
    pub fn resume(&mut self, query: &Query, now: Instant) -> Result<(), Refusal> {
        query.accepts_responses(&self.office, now)?;
        let Position::Declined { .. } = self.position else {
            return Err(Refusal::conflict("not_declined", "this office has not declined"));
        };
        self.position = Position::Drafting { retracted: None };
        Ok(())
    }
}

impl Query {
    /// Whether `office` may still send or change its response, and the deadline that decides whether it is late.
    ///
    /// # Errors
    /// Conflict `not_open` (draft), `withdrawn`, `not_addressed`, `closed_for_good` (twelve months after the last
    /// edition).
    pub fn accepts_responses(&self, office: &OfficeCode, now: Instant) -> Result<Deadline, Refusal> {
        let launched = match self.status(now) {
            Status::Draft => return Err(Refusal::conflict("not_open", "the query is still a draft")),
            Status::Withdrawn => return Err(Refusal::conflict("withdrawn", "the query was withdrawn")),
            _ => self
                .launched()
                .ok_or_else(|| Refusal::conflict("imported", "an imported query takes no responses"))?,
        };
        let Some(deadline) = launched.deadline_for(office, &self.lead) else {
            return Err(Refusal::conflict(
                "not_addressed",
                "the query is not addressed to this office",
            ));
        };
        if let Some(edition) = &launched.last_edition
            && now >= edition.at + chrono::Months::new(12)
        {
            return Err(Refusal::conflict(
                "closed_for_good",
                "responses are taken until twelve months after the last edition",
            ));
        }
        Ok(deadline)
    }
}

/// Checks a whole response before it is submitted: every question that is asked and required has an answer or a
/// word instead, and no answer stands where the question is skipped.
///
/// # Errors
/// All faults at once, with pointers below `/answers/{question id}`: `missing_answer`, `not_asked`.
pub fn check_complete(questions: &[Question], answers: &[Answer]) -> Result<(), Faults> {
    let mut faults = Faults::new();
    for (index, question) in questions.iter().enumerate() {
        let at = format!("/answers/{}", question.id);
        let answered = dissemination::find(answers, &question.id).is_some();
        let asked = dissemination::is_asked(questions, answers, question);
        if asked && question.required && !answered {
            faults.add(
                at,
                "missing_answer",
                format!(
                    "question {} needs an answer, or instead: not_applicable, no_information or to_follow",
                    index + 1
                ),
            );
        } else if !asked && answered {
            faults.add(
                at,
                "not_asked",
                format!(
                    "question {} is not asked after the answer given earlier: remove its answer",
                    index + 1
                ),
            );
        }
    }
    faults.or(())
}

/// Whether a submitted response still has answers to follow.
fn is_partial(answers: &[Answer]) -> bool {
    answers.iter().any(|answer| answer.content.is_to_follow())
}
