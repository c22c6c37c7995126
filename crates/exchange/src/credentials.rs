//! What a request brings to say who calls; the tables decide what it is worth.

use ahq_domain::id::{SessionId, UserId};

/// What a request brings to say who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing: the caller is the public.
    Nobody,
    /// A verified access token: its user and session.
    Session {
        /// The user it was issued to.
        user: UserId,
        /// The session it belongs to.
        session: SessionId,
    },
    /// None needed: background work and the operator's commands. No request ever becomes this.
    System,
}
