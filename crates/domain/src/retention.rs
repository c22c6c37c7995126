//! How long it is kept who did what: blocked some months after a query has ended, erased some years after. What was asked and
//! answered stays, and which offices did.

use chrono::Months;

use crate::clock::Instant;
use crate::office::OfficeCode;
use crate::query::{Life, Query};

/// For how long personal data is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Months after the end of a query from which on its personal data is blocked: kept, and not shown.
    pub blocked_after_months: u32,
    /// Months after the end of a query from which on its personal data is erased.
    pub erased_after_months: u32,
    /// Days for which what signing in leaves behind is kept: ended sessions and tokens, invitations and refused sign-ins.
    pub sign_in_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            blocked_after_months: 6,
            erased_after_months: 36,
            sign_in_days: 30,
        }
    }
}

/// Where the personal data of a query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalData {
    /// Shown to whom it is for.
    Shown,
    /// Kept, and shown to nobody.
    Blocked,
    /// To be erased.
    Over,
}

impl Query {
    /// When it ended: the last of its deadlines, those agreed with one office included, its closing, its last edition and its
    /// withdrawal, once it is past. None while it is a draft or open; an imported query has no personal data.
    pub fn ended(&self, now: Instant) -> Option<Instant> {
        let Life::Launched(launched) = &self.life else {
            return None;
        };
        if let Some(withdrawn) = &launched.withdrawn {
            return Some(withdrawn.at);
        }
        let agreed = launched.addressees.iter().map(|addressee| &addressee.office);
        let deadline = |office: &OfficeCode| launched.deadline_for(office, &self.lead).map(|deadline| deadline.end);
        let last_day = agreed.filter_map(deadline).chain([launched.deadline.end]).max();
        let closed = match &launched.closed_early {
            Some(closed) => Some(closed.at),
            None => last_day,
        };
        let compiled = launched.last_edition.as_ref().map(|edition| edition.at);
        closed.max(compiled).filter(|end| *end <= now)
    }

    /// Where its personal data stands.
    pub fn personal_data(&self, retention: Retention, now: Instant) -> PersonalData {
        let Some(end) = self.ended(now) else {
            return PersonalData::Shown;
        };
        let is_past = |months| {
            end.checked_add_months(Months::new(months))
                .is_some_and(|moment| moment <= now)
        };
        if is_past(retention.erased_after_months) {
            PersonalData::Over
        } else if is_past(retention.blocked_after_months) {
            PersonalData::Blocked
        } else {
            PersonalData::Shown
        }
    }
}
