//! The expected cells: `matrix.txt`, one row for each operation and status, one column for each caller.

use crate::callers::NAMES;
use crate::world::{INVITED, STATUSES};

/// One row.
pub(crate) struct Row {
    /// The operation's id in the document, with the query keys that make it another case: `read_edition?circle=public`.
    pub(crate) operation: String,
    /// The status of the query it is done to; `-` when it is about none.
    pub(crate) status: &'static str,
    /// One cell for each caller.
    pub(crate) cells: Vec<String>,
}

/// All rows.
///
/// # Panics
/// When a line is not a row.
pub(crate) fn rows() -> Vec<Row> {
    let lines = include_str!("matrix.txt").lines();
    let rows = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|line| {
        let mut words = line.split_whitespace();
        let operation = words.next().expect("an operation").to_owned();
        let status = words.next().expect("a status");
        let known = STATUSES
            .into_iter()
            .chain(["-", INVITED])
            .find(|known| *known == status);
        let cells: Vec<String> = words.map(str::to_owned).collect();
        assert_eq!(cells.len(), NAMES.len(), "a cell for each caller: {line}");
        Row {
            operation,
            status: known.unwrap_or_else(|| panic!("no status: {line}")),
            cells,
        }
    })
    .collect()
}
