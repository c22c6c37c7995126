//! The model of a document that all printers share: headings, texts, lists, tables, notes.
//!
//! It knows nothing of queries: [`crate::layout`] builds it, a printer writes it out.

use ahq_domain::clock::Instant;
use ahq_domain::markdown;
use serde::Serialize;

/// A document.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "block", content = "content", rename_all = "snake_case")]
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
    /// A text its author wrote in Markdown.
    Text(Text),
    /// A list without numbers.
    List(Vec<String>),
    /// Terms with their texts.
    Facts(Vec<(String, String)>),
    /// A source of what stands before it.
    Source(Reference),
    /// A file beside an answer: its name and what it is, and where to download it.
    Attachment(Reference),
    /// A table.
    Table(Table),
    /// From here on pages lie so; formats without pages pass over it.
    Pages(Orientation),
}

/// A text its author wrote in Markdown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Text {
    /// What it says.
    pub blocks: Vec<markdown::Block>,
    /// The level of the heading it stands under: its own headings begin one below, so that none is skipped.
    pub under: u8,
}

/// Something outside the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reference {
    /// Its title.
    pub title: String,
    /// Its address, where it has one.
    pub address: Option<String>,
}

/// How a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// Higher than wide.
    Portrait,
    /// Wider than high: for tables.
    Landscape,
}

/// A table; the first cell of each row is its header.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The heads of its columns.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
    /// How much of the width each column takes, against the others.
    pub shares: Vec<usize>,
    /// Which rows are so short that no page ends within them.
    pub whole: Vec<bool>,
}

impl Table {
    /// A table whose columns are as wide as what they hold needs: most for texts, for words or numbers as much as the
    /// longest, and never so little that no word fits.
    pub fn new(caption: String, head: Vec<String>, rows: Vec<Vec<Cell>>) -> Self {
        let wanted: Vec<usize> = (0..head.len())
            .map(|index| {
                let cells = rows.iter().filter_map(|row| row.get(index));
                cells.map(Cell::width).max().unwrap_or_default()
            })
            .zip(&head)
            .map(|(cells, head)| cells.max(head.chars().count().min(14)).max(8))
            .enumerate()
            .zip(&head)
            .map(|((index, wanted), head)| wanted.max(longest_word(&rows, index).max(longest(head)) + 3))
            .collect();
        let least = wanted.iter().sum::<usize>() / 14;
        let whole = rows.iter().map(|row| row.iter().all(Cell::is_short)).collect();
        Self {
            caption,
            head,
            rows,
            whole,
            shares: wanted.into_iter().map(|share| share.max(least)).collect(),
        }
    }
}

/// How long the longest word of a column's short texts is, so that none is cut: up to eighteen characters.
fn longest_word(rows: &[Vec<Cell>], index: usize) -> usize {
    rows.iter()
        .filter_map(|row| match row.get(index)? {
            Cell::Text(text) => Some(longest(text)),
            _ => None,
        })
        .max()
        .unwrap_or_default()
}

fn longest(text: &str) -> usize {
    let words = text.split(' ').map(|word| word.chars().count());
    words.max().unwrap_or_default().min(18)
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "cell", content = "content", rename_all = "snake_case")]
pub enum Cell {
    /// Plain text.
    Text(String),
    /// A number, set to the right.
    Number(String),
    /// How many of all: as text, and where a format can draw, as a bar beside it that says no more.
    Count {
        /// How many.
        of_these: usize,
        /// Of how many.
        all: usize,
    },
    /// Anything.
    Blocks(Vec<Block>),
}

impl Cell {
    /// The width it would like, in characters.
    fn width(&self) -> usize {
        match self {
            Self::Text(text) => text.chars().count().min(60),
            Self::Number(number) => number.chars().count().min(24),
            Self::Count { .. } => 18,
            Self::Blocks(_) => 90,
        }
    }

    /// Whether it takes so few lines that a page need not end within it.
    fn is_short(&self) -> bool {
        match self {
            Self::Text(text) => text.chars().count() <= SHORT,
            Self::Number(_) | Self::Count { .. } => true,
            Self::Blocks(blocks) => {
                let characters = blocks.iter().map(Block::characters);
                blocks.len() <= SHORT / A_LINE && characters.sum::<usize>() <= SHORT
            }
        }
    }
}

/// How many characters a short cell has at most, and about how many a line of it takes.
const SHORT: usize = 900;
const A_LINE: usize = 90;

impl Block {
    fn characters(&self) -> usize {
        match self {
            Self::Heading { text, .. }
            | Self::Paragraph(text)
            | Self::Label(text)
            | Self::Remark(text)
            | Self::Notice(text) => text.chars().count(),
            // Each line of it may stand alone.
            Self::Text(text) => {
                let text = markdown::plain_text(&text.blocks);
                text.lines().map(|line| line.chars().count().max(A_LINE)).sum()
            }
            Self::List(items) => items.iter().map(|item| item.chars().count().max(A_LINE)).sum(),
            Self::Facts(facts) => facts.len() * A_LINE,
            Self::Attachment(file) => file.title.chars().count().max(A_LINE),
            Self::Source(_) | Self::Pages(_) => 0,
            Self::Table(table) => (table.rows.len() + 2) * A_LINE,
        }
    }
}

/// What a count says: `5 of 24`.
pub(crate) fn counted(of_these: usize, all: usize) -> String {
    format!("{of_these} of {all}")
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
