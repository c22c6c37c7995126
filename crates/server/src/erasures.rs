//! The list of erasures: a line of JSON for each, in a file apart from the database, by which a restored older backup loses
//! again what was erased.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;

use ahq_exchange::erasures::{Applied, Listed};
use ahq_exchange::work::Exchange;

use crate::lifecycle::StartError;

/// Adds the erasures that were carried out and are not in the list yet; gives how many. Two workers of one moment may both add
/// one, which does no harm.
///
/// # Errors
/// A file that cannot be read or written, and what the tables refuse.
pub async fn keep(exchange: &Exchange, file: &Path) -> Result<usize, StartError> {
    let done = exchange.carried_out_erasures().await;
    let done = done.map_err(|error| StartError::Other(error.to_string()))?;
    if done.is_empty() {
        return Ok(0);
    }
    let known: BTreeSet<_> = read(file)?.into_iter().map(|listed| listed.erasure).collect();
    let mut lines = String::new();
    let mut added = 0;
    for listed in done.iter().filter(|listed| !known.contains(&listed.erasure)) {
        lines.push_str(&serde_json::to_string(listed).map_err(|error| StartError::Other(error.to_string()))?);
        lines.push('\n');
        added += 1;
    }
    if added > 0 {
        let written = OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .and_then(|mut out| {
                // One write, so that no other line comes between.
                out.write_all(lines.as_bytes())?;
                out.sync_all()
            });
        written.map_err(|error| fault(file, &error))?;
    }
    Ok(added)
}

/// Applies the list to a restored database, and adds to the list what the database knows and the list does not.
///
/// # Errors
/// A file that cannot be used or has another line in it, and what the tables refuse: nothing is applied then.
pub async fn apply(exchange: &Exchange, file: &Path) -> Result<Applied, StartError> {
    let list = read(file)?;
    let applied = exchange.apply_erasures(list).await;
    let applied = applied.map_err(|error| StartError::Other(error.to_string()))?;
    keep(exchange, file).await?;
    Ok(applied)
}

/// The list; an empty one where there is no file yet.
fn read(file: &Path) -> Result<Vec<Listed>, StartError> {
    let open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(file, &error)),
    };
    let mut list = Vec::new();
    for (index, line) in BufReader::new(open).lines().enumerate() {
        let line = line.map_err(|error| fault(file, &error))?;
        let listed = serde_json::from_str(&line).map_err(|error| {
            StartError::Other(format!("{}: line {} is no erasure: {error}", file.display(), index + 1))
        })?;
        list.push(listed);
    }
    Ok(list)
}

fn fault(file: &Path, error: &std::io::Error) -> StartError {
    StartError::Other(format!("{}: {error}", file.display()))
}
