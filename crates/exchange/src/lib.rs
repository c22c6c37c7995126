//! The use cases: one function is one transaction, with its change, its audit event and its outgoing mail.
//!
//! A use case finds the thing or it does not exist for this caller, asks the one rule whether the caller may, lets
//! the domain decide, and keeps the result guarded by the version that was read. No network call happens inside.

pub mod accounts;
pub mod approvals;
pub mod attachments;
pub mod audit;
pub mod calendar;
pub mod clarifications;
pub mod contributions;
pub mod corrections;
pub mod credentials;
pub mod deliveries;
pub mod delivery;
pub mod digests;
pub mod editions;
pub mod erasures;
pub mod error;
pub mod exports;
pub mod extensions;
pub mod feeds;
pub mod holds;
pub mod import;
pub mod keys;
pub mod network;
pub mod notifications;
pub mod oidc;
pub mod outgoing;
pub mod passwords;
pub mod persons;
pub mod queries;
pub mod reminders;
pub mod replay;
pub mod responses;
pub mod retention;
pub mod scan;
pub mod second_factors;
pub mod session;
pub mod summaries;
pub mod tokens;
mod trail;
pub mod unsubscriptions;
pub mod unused;
pub mod user_lists;
pub mod users;
pub mod word_form;
pub mod work;
