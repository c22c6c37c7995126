//! Documents, pure: the view of an edition in, bytes out.
//!
//! A view is laid out once as a [`document::Document`], which the printers of all formats share; the data formats
//! (JSON, CSV) are written from the view itself. Nothing here reads a table, a clock or a file: the same view gives
//! the same bytes each time.

mod archive;
pub mod atom;
pub mod attachment;
mod characters;
pub mod csv;
pub mod document;
mod docx;
#[cfg(test)]
mod example;
pub mod html;
pub mod ics;
pub mod index;
pub mod json;
pub mod layout;
mod pdf;
mod rows;
pub mod word_form;
mod xlsx;

use ahq_domain::clock::written_date;
use ahq_domain::compilation::View;
use ahq_domain::summary::Summary;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How hard packages are packed, of 9: the usual 6 takes as long as all the rest and saves a sixth at most.
const PACKED: u8 = 3;

/// The format of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One printable page.
    Html,
    /// The view as data, with its hash and summary.
    Json,
    /// One row for each country and question (RFC 4180), in UTF-8 with a byte order mark for spreadsheets.
    Csv,
    /// The same without the mark, for programs that would take it for data.
    CsvWithoutMark,
    /// A document for Word.
    Docx,
    /// Pages: tagged PDF/UA-1 and PDF/A-2a.
    Pdf,
    /// A workbook: an overview, a row for each country and question, tables, the comparison, what changed.
    Xlsx,
}

/// The longest view that pages are made from, in bytes of its canonical JSON: 2 MiB.
const LONGEST_PAGES: usize = 2 << 20;

impl Format {
    /// All formats, each in its usual form.
    pub const ALL: [Self; 6] = [Self::Html, Self::Pdf, Self::Docx, Self::Xlsx, Self::Csv, Self::Json];

    /// What tells it from all others.
    pub fn word(self) -> &'static str {
        match self {
            Self::CsvWithoutMark => "csv without mark",
            other => other.extension(),
        }
    }

    /// Its ending in file names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::Csv | Self::CsvWithoutMark => "csv",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
        }
    }

    /// How many bytes of canonical JSON it is made from at the most; none for any number. For each million of them pages
    /// take one and a half seconds and 280 MB; what compilations are made of is a tenth of that.
    pub fn longest(self) -> Option<usize> {
        match self {
            Self::Pdf => Some(LONGEST_PAGES),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Csv | Self::CsvWithoutMark => "text/csv; charset=utf-8; header=present",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
        }
    }
}

/// In which order the responses stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// One table, country by country: the network's habit.
    #[default]
    Country,
    /// One table for each question.
    Question,
}

impl Order {
    /// Its word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Question => "question",
        }
    }
}

/// What is printed: a view, its canonical JSON, its hash, and the summary signed for it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The view.
    pub view: &'a View,
    /// Its canonical JSON.
    pub canonical: &'a str,
    /// The SHA-256 of that; where something was erased, of what stood before.
    pub sha256: &'a str,
    /// The day something was erased from the view; none where it stands as it was frozen.
    pub erased: Option<NaiveDate>,
    /// The summary signed for it, where there is one.
    pub summary: Option<&'a Summary>,
    /// The address of the interface, `https://host/api/v1`, for links to attachments.
    pub interface: &'a str,
}

impl Source<'_> {
    /// What the hash is over, in words.
    fn hash_of(&self) -> String {
        match self.erased {
            None => "SHA-256 of this view".to_owned(),
            Some(on) => format!(
                "SHA-256 of this view as it stood before content was erased on {}",
                written_date(on)
            ),
        }
    }
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
        Format::Csv => csv::print(source, true),
        Format::CsvWithoutMark => csv::print(source, false),
        Format::Xlsx => xlsx::print(source),
        Format::Pdf => pdf::print(&layout::lay_out(source, order)),
        Format::Docx => docx::print(&layout::lay_out(source, order)),
    }
}
