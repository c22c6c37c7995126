//! Files to which lines are added, each whole.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// Adds lines to the end of a file, through to the disk. It is made if it is not there. Where the disk is full in the middle,
/// the file is as long as before: half a line would make all of it unreadable.
///
/// # Errors
/// What the file refuses.
pub(crate) fn append_whole(file: &Path, lines: &str) -> io::Result<()> {
    let mut out = OpenOptions::new().append(true).create(true).open(file)?;
    let before = out.metadata()?.len();
    // One write, so that no other line comes between.
    let written = out.write_all(lines.as_bytes()).and_then(|()| out.sync_all());
    if written.is_err() && out.metadata()?.len() <= before + lines.len() as u64 {
        // Longer, and another process has added its own meanwhile.
        out.set_len(before)?;
    }
    written
}
