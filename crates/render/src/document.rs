//! The model of a document that all printers share: headings, texts, lists, tables, notes.
//!
//! It knows nothing of queries: [`crate::layout`] builds it, a printer writes it out.

use ahq_domain::clock::Instant;
use ahq_domain::markdown;

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What stands above the title: `Ad-Hoc Query 2026.81`.
    pub over_title: String,
    /// The title.
    pub title: String,
    /// Who answers for it.
    pub author: String,
    /// When what it shows was put together.
    pub made: Instant,
    /// To whom it may be passed on; stands on every page.
    pub marking: String,
    /// Its parts in order.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading; the title is level 1, so these begin at 2.
    Heading {
        /// 2 to 4.
        level: u8,
        /// Its anchor.
        id: String,
        /// Its text.
        text: String,
    },
    /// A paragraph of plain text.
    Paragraph(String),
    /// What the next block is about, where a heading would be too much; never parted from it by a page.
    Label(String),
    /// A small remark below what it belongs to.
    Remark(String),
    /// A boxed notice.
    Notice(String),
    /// A text its author wrote in Markdown; its headings are shifted below the document's own.
    Text(Vec<markdown::Block>),
    /// A list without numbers.
    List(Vec<String>),
    /// Terms with their texts.
    Facts(Vec<(String, String)>),
    /// A source of what stands before it.
    Source(Reference),
    /// A table.
    Table(Table),
    /// From here on pages lie so; formats without pages pass over it.
    Pages(Orientation),
}

/// Something outside the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Its title.
    pub title: String,
    /// Its address, where it has one.
    pub address: Option<String>,
}

/// How a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orientation {
    /// Higher than wide.
    Portrait,
    /// Wider than high: for tables.
    Landscape,
}

/// A table; the first cell of each row is its header.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The heads of its columns.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Plain text.
    Text(String),
    /// A number, set to the right.
    Number(String),
    /// Anything.
    Blocks(Vec<Block>),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
