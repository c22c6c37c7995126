//! The audit on the command line, and its checkpoints: signed lines in a file that lies elsewhere than the database.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ahq_domain::audit::{ChainFault, Link};
use ahq_domain::clock::brussels_date;
use ahq_exchange::audit::{Checkpoint, Verified};
use ahq_exchange::work::Exchange;
use clap::Subcommand;

use crate::command::say;
use crate::lifecycle::{self, Parts, StartError};
use crate::lines::append_whole;

/// How often it tells how far it is, where it takes longer.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What is done with the audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Walk along the whole chain of audit events and tell its first fault.
    #[command(
        after_help = "Examples:\n  ahq audit verify\n  ahq audit verify --checkpoints /mnt/elsewhere/ahq-checkpoints.jsonl\n\nExit code 1 when an event was changed, removed, inserted or moved, when the chain ends before a checkpoint or differs\nfrom one, and when events older than a minute have no number: then no worker runs. Only a checkpoint shows that the end\nof the chain was cut off, or that all of it was written anew."
    )]
    Verify {
        /// The file of checkpoints; that of `audit.checkpoints` where it is set.
        #[arg(long, value_name = "FILE")]
        checkpoints: Option<PathBuf>,
    },
    /// Add the end of the chain, signed, to a file of checkpoints.
    #[command(
        after_help = "Example:\n  ahq audit checkpoint /mnt/elsewhere/ahq-checkpoints.jsonl\n\nKeep the file where whoever can write to the database cannot. With the setting audit.checkpoints the worker adds a line\neach day."
    )]
    Checkpoint {
        /// The file; made if it is not there.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs a command of the audit.
///
/// # Errors
/// A fault of the chain, a file that cannot be used, and what the tables refuse.
pub async fn run(parts: &Parts, command: AuditCommand) -> Result<(), StartError> {
    let exchange = lifecycle::exchange(parts).await?;
    let done = match command {
        AuditCommand::Verify { checkpoints } => {
            let file = checkpoints.as_deref().or(parts.config.audit.checkpoints.as_deref());
            verify(&exchange, file).await
        }
        AuditCommand::Checkpoint { file } => take(&exchange, &file).await,
    };
    exchange.store().close().await;
    done
}

async fn verify(exchange: &Exchange, file: Option<&Path>) -> Result<(), StartError> {
    let known = match file {
        Some(file) => open_all(exchange, file)?,
        None => Vec::new(),
    };
    let count = known.len();
    let begun = Instant::now();
    let mut told = begun;
    let progress = move |events: i64| {
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let seconds = begun.elapsed().as_secs();
            // Nobody has to watch.
            let _ = writeln!(std::io::stderr(), "verifying: {seconds} s, {events} events");
        }
    };
    let found = exchange.verify_audit(known, progress).await;
    let Verified { events, fault } = found.map_err(|error| StartError::Other(error.to_string()))?;
    match fault {
        Some(fault) => Err(StartError::Other(format!(
            "the audit has a fault: {fault} ({events} events before it verified)"
        ))),
        None if file.is_some() => say(format!("{events} events verified, {count} checkpoints met.")),
        None => say(format!("{events} events verified.")),
    }
}

/// Walks along the chain of a restored database, and gives how many events it has. It ends where the backup was made: events
/// without a number are those of its last seconds, and later checkpoints know more than it does.
///
/// # Errors
/// A fault of the chain: the database is there all the same.
pub(crate) async fn check_restored(parts: &Parts) -> Result<i64, StartError> {
    let exchange = lifecycle::exchange(parts).await?;
    let found = exchange.verify_audit(Vec::new(), |_| {}).await;
    exchange.store().close().await;
    let Verified { events, fault } = found.map_err(|error| StartError::Other(error.to_string()))?;
    match fault {
        None | Some(ChainFault::Unsealed { .. }) => Ok(events),
        Some(fault) => Err(StartError::Other(format!(
            "all of the backup is restored, but its audit has a fault, as the database had that it was made of: {fault}"
        ))),
    }
}

async fn take(exchange: &Exchange, file: &Path) -> Result<(), StartError> {
    let taken = exchange.audit_checkpoint().await;
    let Some(checkpoint) = taken.map_err(|error| StartError::Other(error.to_string()))? else {
        return Err(StartError::Other(
            "no event has a number yet: let a worker run first".to_owned(),
        ));
    };
    append(file, &checkpoint)?;
    say(format!("Added event {} to {}.", checkpoint.number(), file.display()))
}

/// Adds today's checkpoint (by the day in Brussels) to a file that has none yet; for the worker. Two workers of one moment
/// may both add one, which does no harm. Gives whether today's is there: before the first event has its number there is none.
///
/// # Errors
/// A file that cannot be read or written, and what the tables refuse.
pub(crate) async fn keep_daily(exchange: &Exchange, file: &Path) -> Result<bool, StartError> {
    let today = brussels_date(exchange.clock().now());
    let last = last_line(file)?.and_then(|line| Checkpoint::parse(&line).ok());
    if last.is_some_and(|last| brussels_date(last.at()) >= today) {
        return Ok(true);
    }
    let taken = exchange.audit_checkpoint().await;
    match taken.map_err(|error| StartError::Other(error.to_string()))? {
        Some(checkpoint) => append(file, &checkpoint).map(|()| true),
        None => Ok(false),
    }
}

/// Writes a line to the end of a file, through to the disk.
fn append(file: &Path, checkpoint: &Checkpoint) -> Result<(), StartError> {
    let line = checkpoint
        .line()
        .map_err(|error| StartError::Other(error.to_string()))?;
    append_whole(file, &format!("{line}\n")).map_err(|error| fault(file, &error))
}

fn last_line(file: &Path) -> Result<Option<String>, StartError> {
    match File::open(file) {
        Ok(open) => {
            let mut last = None;
            for line in BufReader::new(open).lines() {
                last = Some(line.map_err(|error| fault(file, &error))?);
            }
            Ok(last)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(file, &error)),
    }
}

/// What a file of checkpoints vouches for: each line has to be signed by this exchange.
fn open_all(exchange: &Exchange, file: &Path) -> Result<Vec<Link>, StartError> {
    let open = File::open(file).map_err(|error| fault(file, &error))?;
    let mut known = Vec::new();
    for (index, line) in BufReader::new(open).lines().enumerate() {
        let line = line.map_err(|error| fault(file, &error))?;
        let link = Checkpoint::parse(&line).and_then(|checkpoint| checkpoint.open(exchange.keys()));
        let wrong = |error| StartError::Other(format!("{}: line {} {error}", file.display(), index + 1));
        known.push(link.map_err(wrong)?);
    }
    if known.is_empty() {
        return Err(StartError::Other(format!("{} has no checkpoint", file.display())));
    }
    Ok(known)
}

fn fault(file: &Path, error: &std::io::Error) -> StartError {
    StartError::Other(format!("{}: {error}", file.display()))
}
