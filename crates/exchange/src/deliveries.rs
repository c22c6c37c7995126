//! Who was told what, when, and whether it arrived; and mail that comes back.

use ahq_domain::id::MessageId;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::refusal::Refusal;
use ahq_mail::bounce::{self, Action as BounceAction, Incoming};
use ahq_store::outbox;
pub use ahq_store::outbox::{Entry, OutboxStatus};
use ahq_store::queries::QueryRef;
use ahq_store::suppressions;
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::outgoing::Note;
use crate::work::{Exchange, Work};

/// What became of a mail that came to the exchange's own address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// A message came back: it is marked, and who can do something about it is told.
    Bounced(MessageId),
    /// A server says something about a message that changes nothing: delayed, delivered, marked before, or not of this
    /// exchange.
    Noted(MessageId),
    /// A program answered for a person: it says nothing about delivery.
    AutoReply,
    /// Something else, and what about it.
    Other(&'static str),
}

impl Exchange {
    /// Takes in a mail that came to the address the exchange sends from; `domain` is that of its Message-IDs.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn take_mail(&self, mail: &[u8], domain: &str) -> Result<Taken, Error> {
        let notification = match bounce::read(mail, domain) {
            Incoming::Notification(notification) => notification,
            Incoming::AutoReply => return Ok(Taken::AutoReply),
            Incoming::Other(what) => return Ok(Taken::Other(what)),
        };
        let message = notification.message;
        let failed = |outcome: &&bounce::Outcome| outcome.action == BounceAction::Failed;
        let Some(outcome) = notification.outcomes.iter().find(failed).cloned() else {
            return Ok(Taken::Noted(message));
        };
        self.write(Credentials::System, move |work| {
            let fault = format!(
                "{} {}",
                outcome.status,
                outcome.diagnostic.as_deref().unwrap_or_default()
            );
            if !outbox::bounced(work.conn, message, work.now, fault.trim_end())? {
                return Ok(Taken::Noted(message));
            }
            if let Some(entry) = outbox::find(work.conn, message)? {
                work.not_delivered(&entry, fault.trim_end(), outcome.no_such_address())?;
            }
            Ok(Taken::Bounced(message))
        })
        .await
    }
}

impl Work<'_> {
    /// What was told about a query, to whom and when; for the requesters, the Commission and the service provider.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller; forbidden for the rest of the audience.
    pub fn query_deliveries(&mut self, reference: &QueryRef) -> Result<Vec<Entry>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadDeliveries, Subject::Query(&query))?;
        let mut entries = outbox::of_query(self.conn, query.id)?;
        // Copies to users say who works on what; what a mail server said may name them.
        let hides_persons = self.hides_persons(&query);
        entries.retain(|entry| !hides_persons || entry.user.is_none());
        for entry in &mut entries {
            if hides_persons || entry.user.is_some() {
                entry.fault = None;
            }
        }
        Ok(entries)
    }

    /// A page of all messages but those inside an office, the newest first, and where the next one begins; for the service
    /// provider.
    ///
    /// # Errors
    /// Not the service provider's coordinator.
    pub fn list_deliveries(
        &mut self,
        status: Option<OutboxStatus>,
        before: Option<MessageId>,
        limit: i64,
    ) -> Result<(Vec<Entry>, Option<MessageId>), Error> {
        self.may(Action::ManageDeliveries, Subject::Exchange)?;
        let mut entries = outbox::page(self.conn, status, before, &Note::INTERNAL, limit + 1)?;
        let whole = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = entries.len() > whole;
        entries.truncate(whole);
        let next = entries.last().filter(|_| more).map(|entry| entry.id);
        Ok((entries, next))
    }

    /// One message; for the service provider.
    ///
    /// # Errors
    /// Not the service provider's coordinator; Hidden when there is no such message.
    pub fn delivery(&mut self, id: &str) -> Result<Entry, Error> {
        self.may(Action::ManageDeliveries, Subject::Exchange)?;
        let id = id.parse::<MessageId>().map_err(|_| Refusal::Hidden)?;
        let found = outbox::find(self.conn, id)?.filter(|entry| !Note::INTERNAL.contains(&entry.kind.as_str()));
        Ok(found.ok_or(Refusal::Hidden)?)
    }

    /// Has a message sent again that did not arrive; the address of a user gets mail again.
    ///
    /// # Errors
    /// Not the service provider's coordinator; Hidden; Conflict `not_given_up` while it waits or when it arrived.
    pub fn requeue(&mut self, id: &str) -> Result<Entry, Error> {
        let entry = self.delivery(id)?;
        if !outbox::requeue(self.conn, entry.id, self.now)? {
            return Err(Refusal::conflict(
                "not_given_up",
                "only a message that failed, was suppressed or came back is sent again",
            )
            .into());
        }
        if let Some(user) = entry.user {
            suppressions::lift(self.conn, user)?;
        }
        self.record("delivery.requeued", format!("message/{}", entry.id), json!({}))?;
        self.delivery(id)
    }
}
