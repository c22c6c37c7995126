//! The Word form: printed as a document with controls to fill in, and read again as whoever filled it in saved it.
//!
//! Nothing that comes back is run, unpacked to a file or fetched, and none of it is trusted: sizes, counts and depths
//! are bounded before anything is read. What the controls mean is a rule of [`ahq_domain::word_form`].

mod print;
pub(crate) mod read;

use ahq_domain::clock::Instant;
use ahq_domain::compilation::View;
use ahq_domain::word_form::FormId;

pub use print::print;
pub use read::{MOST_BYTES, NotRead, read};

/// What a form is printed from.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// Which form it is.
    pub id: &'a FormId,
    /// The name of the office that is to fill it in.
    pub office: &'a str,
    /// The query, as a compilation without responses shows it to the network.
    pub query: &'a View,
    /// When the query was last changed.
    pub made: Instant,
}

/// What a control shows until it is filled in.
mod placeholder {
    pub(super) const TEXT: &str = "Write the answer here";
    pub(super) const COMMENT: &str = "Write a comment here, if you like";
    pub(super) const CHOICE: &str = "Choose";
    pub(super) const NUMBER: &str = "A number such as 1250 or 12.5, fewer than 5, or confidential";
    pub(super) const DATE: &str = "Pick a date, such as 2026-12-04";
    pub(super) const SOURCES: &str = "A source a line: title and address";
    pub(super) const CELL: &str = "\u{2026}";
    pub(super) const ROWS: &str = "More rows: paste a table with the same columns here";
    /// All of them.
    pub(super) const ALL: [&str; 8] = [TEXT, COMMENT, CHOICE, NUMBER, DATE, SOURCES, CELL, ROWS];
}

#[cfg(test)]
mod tests;
