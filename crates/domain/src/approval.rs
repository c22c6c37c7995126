//! A second pair of eyes: where an office wants one, another coordinator submits than whoever asked for approval.

use chrono::NaiveDate;

use crate::clock::Instant;
use crate::id::UserId;
use crate::refusal::Refusal;
use crate::response::Response;
use crate::user::{Role, User, UserStatus, role_on};

/// How many active coordinators it takes.
const PAIR: usize = 2;

/// What an office has settled for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OfficeSettings {
    /// Whether its responses want approval before they are submitted.
    pub approval: bool,
    /// Whether all its users need a second factor.
    pub second_factor: bool,
}

/// Whether a response needs approval before it is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// The office does not want it.
    Off,
    /// The office wants it, but has fewer than two active coordinators: the rule is off.
    TooFewCoordinators,
    /// It does.
    InForce,
}

impl Approval {
    /// The rule for an office with these settings and so many active coordinators.
    pub fn of(settings: OfficeSettings, coordinators: usize) -> Self {
        match settings.approval {
            false => Self::Off,
            true if coordinators < PAIR => Self::TooFewCoordinators,
            true => Self::InForce,
        }
    }
}

/// The coordinators among these users on a day whose accounts are active.
pub fn active_coordinators(users: &[User], today: NaiveDate) -> impl Iterator<Item = &User> {
    users.iter().filter(move |user| {
        user.status == UserStatus::Active && role_on(&user.grants, today) == Some(Role::Coordinator)
    })
}

/// A request to approve a draft. Each change of the draft ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: Instant,
    /// Who asked; none for a service account.
    pub by: Option<UserId>,
}

impl Response {
    /// Asks for approval of the draft.
    ///
    /// # Errors
    /// Conflict `declined`, `approval_not_needed`, `already_asked`.
    pub fn ask_for_approval(&mut self, rule: Approval, by: Option<UserId>, now: Instant) -> Result<(), Refusal> {
        self.must_not_be_declined()?;
        match rule {
            Approval::InForce => {}
            Approval::Off => {
                return Err(Refusal::conflict(
                    "approval_not_needed",
                    "your office does not want approval: a coordinator submits the response",
                ));
            }
            Approval::TooFewCoordinators => {
                return Err(Refusal::conflict(
                    "approval_not_needed",
                    "your office has fewer than two active coordinators, so the rule is off: a coordinator submits the \
                     response",
                ));
            }
        }
        if self.asked.is_some() {
            return Err(Refusal::conflict(
                "already_asked",
                "approval of this draft was asked for already",
            ));
        }
        self.asked = Some(Asked { at: now, by });
        Ok(())
    }

    /// Refuses a submission without the approval that the rule wants: the submission by another coordinator than the one
    /// who asked is the approval.
    ///
    /// # Errors
    /// Conflict `approval_not_asked`, `approval_by_another`.
    pub fn must_be_approved(&self, rule: Approval, by: Option<UserId>) -> Result<(), Refusal> {
        if rule != Approval::InForce {
            return Ok(());
        }
        match self.asked {
            None => Err(Refusal::conflict(
                "approval_not_asked",
                "your office wants a second pair of eyes: ask for approval, and another coordinator submits",
            )),
            // A service account is nobody's eyes.
            Some(asked) if by.is_none() || asked.by == by => Err(Refusal::conflict(
                "approval_by_another",
                "another coordinator than the one who asked for approval submits the response",
            )),
            Some(_) => Ok(()),
        }
    }

    /// Notes that the draft was changed: an approval that was asked for is to be asked for again.
    pub fn edited(&mut self) {
        self.asked = None;
    }
}
