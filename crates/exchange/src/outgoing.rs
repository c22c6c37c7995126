//! What is told to whom: rows of the outbox, written in the same transaction as the change they tell of.
//!
//! A row holds facts, never a text or a secret: it is rendered, and the rights of its reader checked, when it is sent.

use ahq_domain::clock::Instant;
use ahq_domain::id::{MessageId, QueryId, UserId};
use ahq_domain::office::OfficeCode;
use ahq_domain::query::Query;
use ahq_store::outbox::{self, Entry, OutboxStatus};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::work::Work;

/// What happened, as the outbox keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// A person is invited to an account.
    AccountInvitation,
    /// An office is invited to ask jointly.
    JointInvitation,
    /// A query was launched.
    Launch,
    /// Its deadline was moved.
    Extension,
    /// It was withdrawn.
    Withdrawal,
    /// Its compilation is there.
    Compilation {
        /// The number of the edition.
        edition: i32,
    },
    /// It will be published.
    PublicationNotice,
    /// It is published.
    Publication,
    /// A response that stands in an edition was retracted.
    Retraction {
        /// Whose.
        office: OfficeCode,
    },
    /// An edition was replaced after a narrowing.
    EditionReplaced {
        /// The number of the edition in its place.
        by: i32,
        /// Whose answer was narrowed.
        office: OfficeCode,
        /// The number of the edition that was replaced.
        edition: i32,
    },
    /// A day became a holiday on which one of its deadlines falls.
    HolidayAdded {
        /// The day.
        date: NaiveDate,
        /// In whose calendars.
        offices: Vec<OfficeCode>,
    },
}

impl Note {
    /// Its word in the outbox.
    pub fn word(&self) -> &'static str {
        match self {
            Self::AccountInvitation => "account_invitation",
            Self::JointInvitation => "joint_invitation",
            Self::Launch => "launch",
            Self::Extension => "extension",
            Self::Withdrawal => "withdrawal",
            Self::Compilation { .. } => "compilation",
            Self::PublicationNotice => "publication_notice",
            Self::Publication => "publication",
            Self::Retraction { .. } => "retraction",
            Self::EditionReplaced { .. } => "edition_replaced",
            Self::HolidayAdded { .. } => "holiday_added",
        }
    }
}

impl Work<'_> {
    /// Tells each of these offices, at its functional mailbox.
    pub(crate) fn tell(&mut self, query: &Query, offices: &[OfficeCode], note: &Note) -> Result<(), Error> {
        self.tell_at(query, offices, note, self.now)
    }

    /// Tells each of these offices from `due` on.
    pub(crate) fn tell_at(
        &mut self,
        query: &Query,
        offices: &[OfficeCode],
        note: &Note,
        due: Instant,
    ) -> Result<(), Error> {
        let mut offices = offices.to_vec();
        offices.sort();
        offices.dedup();
        let entries = offices
            .into_iter()
            .map(|office| self.entry(Some(query.id), office, None, note, due))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(outbox::put_all(self.conn, &entries)?)
    }

    /// Tells one person; gives the key of the message, from which its link's secret is derived.
    pub(crate) fn tell_user(&mut self, user: UserId, office: OfficeCode, note: &Note) -> Result<MessageId, Error> {
        let entry = self.entry(None, office, Some(user), note, self.now)?;
        outbox::put_all(self.conn, std::slice::from_ref(&entry))?;
        Ok(entry.id)
    }

    /// Drops what was to be said about a draft that is deleted.
    pub(crate) fn forget_messages(&mut self, query: QueryId) -> Result<(), Error> {
        Ok(outbox::forget_query(self.conn, query)?)
    }

    fn entry(
        &self,
        query: Option<QueryId>,
        office: OfficeCode,
        user: Option<UserId>,
        note: &Note,
        due: Instant,
    ) -> Result<Entry, Error> {
        Ok(Entry {
            id: self.message_id(),
            kind: note.word().to_owned(),
            query,
            office,
            user,
            facts: serde_json::to_value(note).map_err(|error| Error::Internal(error.to_string()))?,
            created: self.now,
            due,
            status: OutboxStatus::Waiting,
            attempts: 0,
            lease: 0,
            settled: None,
            fault: None,
        })
    }
}
