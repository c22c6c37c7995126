//! A workbook as lines that a person can read: each sheet with its rows, and what kind of thing each cell holds.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

/// The sheets of a workbook.
pub(crate) fn outline(bytes: &[u8]) -> String {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let mut out = String::new();
    for name in workbook.sheet_names() {
        let formulas = workbook.worksheet_formula(&name).expect("a sheet");
        assert!(formulas.used_cells().next().is_none(), "{name} holds a formula");
        out.push_str(&format!("# {name}\n"));
        for row in workbook.worksheet_range(&name).expect("a sheet").rows() {
            let cells: Vec<String> = row.iter().map(cell).collect();
            out.push_str(cells.join(" | ").trim_end());
            out.push('\n');
        }
    }
    out
}

fn cell(data: &Data) -> String {
    match data {
        Data::Empty => String::new(),
        Data::String(text) => text.replace('\n', " / "),
        Data::Float(number) => format!("number {number}"),
        Data::DateTime(date) => format!("date {}", date.as_datetime().expect("a date").date()),
        other => format!("{other:?}"),
    }
}
