//! Why a use case did not happen. Each interface maps this enum to its own words in one place.

use ahq_domain::refusal::{Faults, Refusal};
use ahq_store::StoreError;

/// Why a use case did not happen; nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The thing has changed since the caller read it: `If-Match` named another version.
    #[error("another version is in force than the one named")]
    Stale {
        /// The version in force, where it is known.
        current: Option<i64>,
    },
    /// It was there, and was replaced.
    #[error("replaced by edition {by}")]
    Replaced {
        /// The number of the edition that took its place.
        by: i32,
    },
    /// The Idempotency-Key was used before with another body.
    #[error("this Idempotency-Key was used with another body")]
    KeyReused,
    /// Too many attempts; come back later.
    #[error("too many attempts")]
    TooMany {
        /// After how many seconds to try again.
        retry_after: u64,
    },
    /// The address, the password or the code is wrong; which of them is nobody's business.
    #[error("wrong credentials")]
    WrongCredentials,
    /// The password is right, and the code of the second factor is missing.
    #[error("the code of the second factor is missing")]
    CodeMissing,
    /// Who came back from a provider of identities is not let in.
    #[error("not let in by a provider of identities: {0:?}")]
    NotLetIn(NotLetIn),
    /// The provider of identities gives no usable reply; nothing was kept.
    #[error("the provider of identities gives no usable reply")]
    ProviderUnavailable,
    /// The access token is not, or no longer, good.
    #[error("the access token is not valid")]
    BadToken,
    /// More work than can be queued; come back in a moment.
    #[error("the exchange is busy")]
    Busy,
    /// No room on the disk; nothing was kept.
    #[error("no room left to write")]
    Full,
    /// The scanner gave no verdict on a file; nothing of it was kept.
    #[error("the file could not be scanned")]
    NotScanned,
    /// A fault of the program or its surroundings; the cause is for the log only.
    #[error("{0}")]
    Internal(String),
}

/// Why somebody who came back from a provider of identities is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotLetIn {
    /// They were not sent there from here, or for something else, or too long ago, or have been let in before.
    Ended,
    /// What the provider says does not hold.
    Unproven,
    /// The provider is not sure enough of them.
    Unsure,
    /// No active account is linked with them.
    Unknown,
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Self::Refused(Refusal::Invalid(faults))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            // Another change came between reading and writing; so did whoever wrote the same new row first.
            StoreError::Conflict | StoreError::Unique(_) => Self::Stale { current: None },
            StoreError::Busy(_) | StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the tables cannot be used right now");
                Self::Busy
            }
            StoreError::Full(_) => Self::Full,
            other => Self::Internal(other.to_string()),
        }
    }
}
