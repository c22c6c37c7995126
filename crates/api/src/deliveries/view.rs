//! Messages as the interface shows them.

use ahq_exchange::deliveries::{Entry, OutboxStatus};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::page::default_limit;

/// What became of a message: queued, sent (handed over to a mail server), failed (not taken for good, or not for five
/// days), bounced (came back), suppressed (the user's address does not exist), dropped (no longer true or not for its
/// reader when it was due), digest (told in the digest only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryStatus)]
pub(crate) enum DeliveryWord {
    /// To be sent.
    Queued,
    /// Handed over to a mail server.
    Sent,
    /// Not taken for good, or not for five days.
    Failed,
    /// Came back.
    Bounced,
    /// Not sent, for the user's address does not exist.
    Suppressed,
    /// No longer true, or not for its reader, when it was due.
    Dropped,
    /// Told in the digest only.
    Digest,
}

impl From<OutboxStatus> for DeliveryWord {
    fn from(status: OutboxStatus) -> Self {
        match status {
            OutboxStatus::Waiting => Self::Queued,
            OutboxStatus::Sent => Self::Sent,
            OutboxStatus::Failed => Self::Failed,
            OutboxStatus::Bounced => Self::Bounced,
            OutboxStatus::Suppressed => Self::Suppressed,
            OutboxStatus::Dropped => Self::Dropped,
            OutboxStatus::Digest => Self::Digest,
        }
    }
}

impl From<DeliveryWord> for OutboxStatus {
    fn from(word: DeliveryWord) -> Self {
        match word {
            DeliveryWord::Queued => Self::Waiting,
            DeliveryWord::Sent => Self::Sent,
            DeliveryWord::Failed => Self::Failed,
            DeliveryWord::Bounced => Self::Bounced,
            DeliveryWord::Suppressed => Self::Suppressed,
            DeliveryWord::Dropped => Self::Dropped,
            DeliveryWord::Digest => Self::Digest,
        }
    }
}

/// Filter and page of the list of messages.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveriesKeys {
    /// Only those of this status.
    status: Option<DeliveryWord>,
    /// How many on a page.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: i64,
    /// Where the page begins, as `Link` gave it.
    #[param(max_length = 1000)]
    #[expect(dead_code, reason = "read by the page, named here so that it is a known key")]
    cursor: Option<String>,
}

impl DeliveriesKeys {
    pub(crate) fn status(&self) -> Option<OutboxStatus> {
        self.status.map(Into::into)
    }
}

/// Messages.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Deliveries)]
pub(crate) struct DeliveriesView {
    /// The messages.
    items: Vec<DeliveryView>,
}

impl From<Vec<Entry>> for DeliveriesView {
    fn from(entries: Vec<Entry>) -> Self {
        Self {
            items: entries.into_iter().map(Into::into).collect(),
        }
    }
}

/// A message to an office, or to one of its users.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    /// Its id; its Message-ID begins with it.
    id: Uuid,
    /// What it tells of.
    #[schema(example = "launch")]
    kind: String,
    /// The query it is about.
    query: Option<Uuid>,
    /// The office it goes to.
    #[schema(example = "PL")]
    office: String,
    /// Whether it goes to a user of the office instead of its functional mailbox.
    to_user: bool,
    /// What became of it.
    status: DeliveryWord,
    /// When it was written.
    written_at: DateTime<Utc>,
    /// When it is tried next; none when nobody tries again.
    due_at: Option<DateTime<Utc>>,
    /// When it was sent or given up.
    settled_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    attempts: i32,
    /// What stood in the way last, without addresses.
    fault: Option<String>,
}

impl From<Entry> for DeliveryView {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id.0,
            kind: entry.kind,
            query: entry.query.map(|query| query.0),
            office: entry.office.to_string(),
            to_user: entry.user.is_some(),
            status: entry.status.into(),
            written_at: entry.created,
            due_at: (entry.status == OutboxStatus::Waiting).then_some(entry.due),
            settled_at: entry.settled,
            attempts: entry.attempts,
            fault: entry.fault,
        }
    }
}
