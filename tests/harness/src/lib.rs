//! Starts the real program with a fresh database and a fixed clock.

pub mod postgres;
