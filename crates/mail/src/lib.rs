//! Messages and the ways they leave.
//!
//! A use case or the worker gathers the facts of a [`messages::Message`], renders it for one recipient, puts it
//! into an [`outgoing::Outgoing`] and hands that to a [`transport::Transport`]. This crate never decides who may
//! read what: the facts it is given are already those that the recipient may see. It never reads a clock, keeps no
//! queue and writes no log.

pub mod bounce;
pub mod example;
pub mod folder;
pub mod memory;
pub mod messages;
pub mod outgoing;
mod pace;
pub mod smtp;
mod text;
pub mod transport;
