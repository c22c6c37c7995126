//! Ids of the things the exchange keeps: UUIDs of version 7, so that they sort by the time they were made.
//!
//! Ids are made from a clock and randomness that are handed in; this module never reads either by itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::{Instant, Randomness};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, in time order after those made earlier.
            pub fn new(now: Instant, randomness: &Randomness) -> Self {
                Self(uuid_v7(now, randomness))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A query, from its first draft on. Its number comes only at launch.
    QueryId
);
id!(
    /// A person with an account.
    UserId
);
id!(
    /// One signed-in session of a user.
    SessionId
);
id!(
    /// The response of one office to one query.
    ResponseId
);
id!(
    /// A token of a program: a service account or a personal one.
    TokenId
);
id!(
    /// Who a user is at a provider of identities.
    IdentityId
);
id!(
    /// One edition of a compilation.
    EditionId
);
id!(
    /// One correction of a query's wording.
    CorrectionId
);
id!(
    /// One thing an office wants to know about a query.
    ClarificationId
);
id!(
    /// One file beside a query or an answer.
    AttachmentId
);
id!(
    /// One audit event.
    EventId
);
id!(
    /// One export: many editions asked for at once.
    ExportId
);
id!(
    /// One request of an office for more time.
    ExtensionRequestId
);
id!(
    /// One erasure of a text.
    ErasureId
);
id!(
    /// One hold on an answer, a response or an edition.
    HoldId
);
id!(
    /// One secret address of an office's calendar feed.
    FeedId
);
id!(
    /// One contribution that an office asked an expert outside for.
    ContributionId
);
id!(
    /// One row of the outbox: one message to one recipient.
    MessageId
);

/// A UUID of version 7 (RFC 9562, section 5.7) from an instant and 74 random bits.
pub fn uuid_v7(now: Instant, randomness: &Randomness) -> Uuid {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &randomness.bytes()).into_uuid()
}
