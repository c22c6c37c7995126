//! The use cases: one function is one transaction, with its change, its audit event and its outgoing mail.

pub mod error;
