//! The expected cells: `matrix.txt`, one row for each operation and status, one column for each person; and `tokens.txt`, where
//! a program gets something else than the person it works like.

use std::collections::BTreeMap;

use crate::callers::{NAMES, PEOPLE, PROGRAMS};
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

/// Where programs get something else: by operation and status, or `*` for all of them, a cell for each; `=` is none.
type Others<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a str>>;

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// All rows.
///
/// # Panics
/// When a line is not a row.
pub(crate) fn rows() -> Vec<Row> {
    let others: Others<'_> = lines(include_str!("tokens.txt"))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words.len(), 2 + PROGRAMS.len(), "a cell for each program: {line}");
            ((words[0], words[1]), words[2..].to_vec())
        })
        .collect();
    let rows: Vec<Row> = lines(include_str!("matrix.txt"))
        .map(|line| row(line, &others))
        .collect();
    for (operation, status) in others.keys() {
        let meant = |row: &Row| row.operation == *operation && (*status == "*" || row.status == *status);
        assert!(rows.iter().any(meant), "tokens.txt: no row {operation} {status}");
    }
    rows
}

fn row(line: &str, others: &Others<'_>) -> Row {
    let mut words = line.split_whitespace();
    let operation = words.next().expect("an operation").to_owned();
    let status = words.next().expect("a status");
    let known = STATUSES
        .into_iter()
        .chain(["-", INVITED])
        .find(|known| *known == status);
    let status = known.unwrap_or_else(|| panic!("no status: {line}"));
    let mut cells: Vec<String> = words.map(str::to_owned).collect();
    assert_eq!(cells.len(), PEOPLE, "a cell for each person: {line}");
    let other = others
        .get(&(operation.as_str(), status))
        .or_else(|| others.get(&(operation.as_str(), "*")));
    for (program, (_, like)) in PROGRAMS.iter().enumerate() {
        let person = NAMES
            .iter()
            .position(|name| name == like)
            .expect("a person of this name");
        let cell = other.map_or("=", |cells| cells[program]);
        cells.push(if cell == "=" {
            cells[person].clone()
        } else {
            cell.to_owned()
        });
    }
    Row {
        operation,
        status,
        cells,
    }
}
