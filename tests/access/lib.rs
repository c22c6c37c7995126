//! Who may do what, told from outside: a table of every kind of caller against every operation (S2), and a search for
//! planted words in everything that leaves the program (S3). The tests beside this run both, the drills run them on
//! programs that are wrong on purpose.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod callers;
pub mod canary;
pub mod matrix;
mod operations;
mod table;
mod world;
