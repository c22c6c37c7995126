//! The rules of the exchange: pure functions and values, without input or output, clock or chance, SQL or HTTP.
//!
//! Holding a value of this crate means it is valid, because it was parsed. A rule is a method that returns a
//! [`refusal::Refusal`] when it says no; faults of an input come all at once.

pub mod account;
pub mod answer;
pub mod approval;
pub mod attachment;
pub mod audit;
pub mod calendar;
pub mod clarification;
pub mod clock;
pub mod comparison;
pub mod compilation;
pub mod contribution;
pub mod correction;
pub mod deadline;
pub mod dissemination;
pub mod draft;
pub mod erasure;
pub mod export;
pub mod extension;
pub mod hold;
pub mod id;
pub mod identity;
pub mod launch;
pub mod life;
pub mod markdown;
pub mod notification;
pub mod number;
pub mod office;
pub mod password;
pub mod permission;
pub mod query;
pub mod question;
pub mod refusal;
pub mod reminder;
pub mod response;
pub mod retention;
pub mod second_factor;
pub mod signing;
pub mod summary;
pub mod throttle;
pub mod token;
pub mod user;
pub mod word_form;
