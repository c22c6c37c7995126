//! Documents, pure: the view of an edition in, bytes out.
//!
//! A view is laid out once as a [`document::Document`], which the printers of all formats share; the data formats
//! (JSON, CSV) are written from the view itself. Nothing here reads a table, a clock or a file: the same view gives
//! the same bytes each time.

mod characters;
pub mod csv;
pub mod document;
mod docx;
pub mod html;
pub mod json;
pub mod layout;
mod rows;
mod xlsx;

use ahq_domain::compilation::View;
use ahq_domain::summary::Summary;

/// The format of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One printable page.
    Html,
    /// The view as data, with its hash and summary.
    Json,
    /// One row for each country and question (RFC 4180), in UTF-8 with a byte order mark for spreadsheets.
    Csv,
    /// A document for Word.
    Docx,
    /// A workbook: an overview, a row for each country and question, tables, the comparison, what changed.
    Xlsx,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Html, Self::Json, Self::Csv, Self::Docx, Self::Xlsx];

    /// Its word in addresses and its ending in file names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// In which order the responses stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// One row for each country: the network's habit.
    #[default]
    Country,
    /// One table for each question.
    Question,
}

/// What is printed: a view, its canonical JSON, its hash, and the summary signed for it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The view.
    pub view: &'a View,
    /// Its canonical JSON.
    pub canonical: &'a str,
    /// The SHA-256 of that.
    pub sha256: &'a str,
    /// The summary signed for it, where there is one.
    pub summary: Option<&'a Summary>,
}

/// A view that could not be printed: a fault of the program.
#[derive(Debug, thiserror::Error)]
#[error("the document could not be printed: {0}")]
pub struct RenderError(String);

impl RenderError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Prints a view.
///
/// # Errors
/// [`RenderError`] when a printer fails.
pub fn render(source: Source<'_>, format: Format, order: Order) -> Result<Vec<u8>, RenderError> {
    match format {
        Format::Html => Ok(html::print(&layout::lay_out(source, order)).into_bytes()),
        Format::Json => json::print(source),
        Format::Csv => csv::print(source.view),
        Format::Xlsx => xlsx::print(source),
        Format::Docx => docx::print(&layout::lay_out(source, order)),
    }
}
