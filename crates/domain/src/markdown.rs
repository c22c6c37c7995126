//! The Markdown of backgrounds, questions and answers: CommonMark with tables, as a small tree of our own.
//!
//! Every printer (HTML, text, PDF, DOCX) walks the same [`Block`]s. Raw HTML, images and addresses that could run or
//! fetch something do not get into the tree: HTML becomes literal text, the others leave their words. The depth and
//! size of a tree are bounded whatever the text. Nothing here ever gives out a user's text as markup.

#[cfg(test)]
mod hostile_tests;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod write;

use serde::{Deserialize, Serialize};

pub use print::{html, plain_text};
pub(crate) use write::escape;
pub use write::write;

/// Most lists and quotes inside each other, and most emphases and links inside each other; what is nested deeper
/// stands at the deepest level.
pub const DEEPEST: usize = 12;

/// A block of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "block", content = "content", rename_all = "snake_case")]
pub enum Block {
    /// A paragraph; never empty.
    Paragraph(Vec<Inline>),
    /// A heading; never empty.
    Heading {
        /// From 1 on, without gaps: the first of a text is 1, and none is more than one deeper than the one before.
        level: u8,
        /// Its words.
        content: Vec<Inline>,
    },
    /// A list.
    List {
        /// The first number of an ordered list; none for bullets.
        start: Option<u64>,
        /// Its items; one may be empty.
        items: Vec<Vec<Block>>,
    },
    /// A table.
    Table {
        /// The head of each column.
        head: Vec<Vec<Inline>>,
        /// The rows, each with as many cells as the head.
        rows: Vec<Vec<Vec<Inline>>>,
        /// How each column stands.
        alignments: Vec<Alignment>,
    },
    /// A quotation; never empty.
    Quote(Vec<Block>),
    /// Text to be shown as it is, line by line, without a line break at its end.
    Code(String),
    /// A rule across the page.
    Rule,
}

/// A run of text inside a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "inline", content = "content", rename_all = "snake_case")]
pub enum Inline {
    /// Literal text without line breaks.
    Text(String),
    /// Emphasis.
    Emphasis(Vec<Inline>),
    /// Strong emphasis.
    Strong(Vec<Inline>),
    /// Code.
    Code(String),
    /// A link.
    Link {
        /// Its address: `http`, `https` or `mailto`, at most 2,000 characters of ASCII with everything else percent-encoded.
        href: String,
        /// Its words; never empty.
        content: Vec<Inline>,
    },
    /// A line break the writer asked for.
    LineBreak,
}

/// How a column of a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// As the document has it.
    Unset,
    /// Left.
    Left,
    /// Centred.
    Center,
    /// Right.
    Right,
}

/// A text in Markdown, with line feeds as its line ends and without control characters but those and tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Markdown(String);

/// Why a text is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct NotTaken {
    /// `missing_field`, `too_long` or `bad_character`.
    pub code: &'static str,
    /// What is wrong and what would be right, for people.
    pub detail: String,
}

impl Markdown {
    /// Takes a text of at most `max_chars` characters that shows something. Line ends become line feeds, byte order
    /// marks and blanks at the end are dropped, both before the characters are counted.
    ///
    /// # Errors
    /// `missing_field` when it shows nothing, `too_long`, `bad_character` for control characters but line ends and
    /// tabs.
    pub fn parse(text: &str, max_chars: usize) -> Result<Self, NotTaken> {
        let text = normalised(text.to_owned())?;
        let length = text.chars().count();
        if length > max_chars {
            return Err(NotTaken {
                code: "too_long",
                detail: format!("at most {max_chars} characters, not {length}"),
            });
        }
        let markdown = Self(text);
        if markdown.tree().is_empty() {
            return Err(NotTaken {
                code: "missing_field",
                detail: "a text that shows something".to_owned(),
            });
        }
        Ok(markdown)
    }

    /// The text as it was written, but for the normalisation of [`Self::parse`].
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the text says.
    pub fn tree(&self) -> Vec<Block> {
        parse::tree(&self.0)
    }
}

impl TryFrom<String> for Markdown {
    type Error = NotTaken;

    /// Takes in a text that was kept: it may have any length and be empty.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        normalised(text).map(Self)
    }
}

impl From<Markdown> for String {
    fn from(markdown: Markdown) -> Self {
        markdown.0
    }
}

fn normalised(mut text: String) -> Result<String, NotTaken> {
    // Most texts are plain, and each answer that is read from the tables comes this way: one look is enough for them.
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if text.bytes().all(plain) {
        text.truncate(text.trim_end().len());
        return Ok(text);
    }
    let refused = |found: &char| found.is_control() && !matches!(found, '\n' | '\r' | '\t');
    if let Some(found) = text.chars().find(refused) {
        return Err(NotTaken {
            code: "bad_character",
            detail: format!(
                "without control characters but line breaks and tabs; U+{:04X} was found",
                u32::from(found)
            ),
        });
    }
    let mut text = if text.contains('\r') || text.contains('\u{feff}') {
        text.replace('\u{feff}', "").replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text
    };
    text.truncate(text.trim_end().len());
    Ok(text)
}
