//! A view as CSV (RFC 4180): one row for each country and question.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front.

use crate::rows::{answer_rows, plain};
use crate::{RenderError, Source};

const HEAD: [&str; 16] = [
    "Query",
    "Edition",
    "View",
    "Country code",
    "Country",
    "Late",
    "Question",
    "Question text",
    "Wider dissemination",
    "Response",
    "Comment",
    "As of",
    "Sources",
    "Attachments",
    "Wording",
    "Ground",
];

/// Prints a view; with a byte order mark spreadsheets know that it is UTF-8.
///
/// # Errors
/// [`RenderError`] when a row cannot be written.
pub(crate) fn print(source: Source<'_>, mark: bool) -> Result<Vec<u8>, RenderError> {
    let view = source.view;
    let rows = answer_rows(source).map(|answer| {
        [
            view.head.number.clone().unwrap_or_default(),
            view.edition.to_string(),
            view.circle.to_string(),
            answer.response.office.to_string(),
            answer.response.name.clone(),
            if answer.response.late { "late" } else { "" }.to_owned(),
            answer.question.number.to_string(),
            plain(&answer.question.text),
            answer.row.wider_dissemination.clone(),
            answer.answer,
            answer.comment,
            answer.row.as_of.map(|date| date.to_string()).unwrap_or_default(),
            answer.sources,
            answer.attachments,
            answer.wording.to_owned(),
            answer.row.ground.clone().unwrap_or_default(),
        ]
    });
    write(mark, HEAD, rows)
}

/// Writes rows under a head, each cell guarded.
///
/// # Errors
/// [`RenderError`] when a row cannot be written.
pub(crate) fn write<const COLUMNS: usize>(
    mark: bool,
    head: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> Result<Vec<u8>, RenderError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(if mark { "\u{feff}" } else { "" }.as_bytes().to_vec());
    writer.write_record(head).map_err(RenderError::of)?;
    for row in rows {
        writer
            .write_record(row.map(|cell| guarded(&cell)))
            .map_err(RenderError::of)?;
    }
    writer.into_inner().map_err(|error| RenderError(error.to_string()))
}

/// Puts an apostrophe before what a spreadsheet would run; a plain number stays one.
fn guarded(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let number = cell.parse::<rust_decimal::Decimal>().is_ok();
    if risky && !number {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn formulas_are_guarded_and_numbers_stay() {
        for (cell, kept) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-5", "-5"),
            ("-5+cmd", "'-5+cmd"),
            ("+32 2", "'+32 2"),
            ("plain", "plain"),
        ] {
            assert_eq!(guarded(cell), kept);
        }
    }
}
