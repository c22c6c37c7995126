//! The list of erasures: a line of JSON for each, in a file apart from the database, by which a restored older backup loses
//! again what was erased.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use ahq_exchange::erasures::{Applied, Listed};
use ahq_exchange::work::Exchange;

use crate::lifecycle::StartError;
use crate::lines::append_whole;

/// Adds the erasures that were carried out and are not in the list yet; gives how many. The file is made, empty, where it is
/// not there: an empty list says that nothing was erased, none says nothing. Two workers of one moment may both add one, which
/// does no harm.
///
/// # Errors
/// A file that cannot be read or written, and what the tables refuse.
pub async fn keep(exchange: &Exchange, file: &Path) -> Result<usize, StartError> {
    let done = exchange.carried_out_erasures().await;
    let done = done.map_err(|error| StartError::Other(error.to_string()))?;
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .map_err(|error| fault(file, &error))?;
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
        append_whole(file, &lines).map_err(|error| fault(file, &error))?;
    }
    Ok(added)
}

/// Applies the list to a restored database, and adds to the list what the database knows and the list does not.
///
/// # Errors
/// A file that is not there, cannot be used or has another line in it, and what the tables refuse: nothing is applied then.
pub async fn apply(exchange: &Exchange, file: &Path) -> Result<Applied, StartError> {
    let list = read(file)?;
    let applied = exchange.apply_erasures(list).await;
    let applied = applied.map_err(|error| StartError::Other(error.to_string()))?;
    keep(exchange, file).await?;
    Ok(applied)
}

/// The list. A file that is not there is no empty list: its disk may not be mounted.
fn read(file: &Path) -> Result<Vec<Listed>, StartError> {
    let open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(StartError::Other(format!(
                "the list of erasures is not there: {}. Bring it to its place (is its disk mounted?), or, where nothing was \
                 ever erased, make an empty file",
                file.display()
            )));
        }
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
