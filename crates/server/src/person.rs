//! What is stored on one person, on the command line: for the controller's answers to those concerned.

use std::path::{Path, PathBuf};

use ahq_domain::refusal::Refusal;
use ahq_exchange::error::Error;
use ahq_exchange::work::Exchange;
use clap::Subcommand;

use crate::command::say;
use crate::lifecycle::{self, Parts, StartError};

/// What is done with what is stored on a person.
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Write all that is stored on whoever has a mail address, as JSON.
    #[command(
        after_help = "Examples:\n  ahq person export anna@example.org\n  ahq person export anna@example.org --out anna.json\n\nThat is the account with its roles, sessions, settings, mails and audit events, and the contributions that were asked of\nthe address. The audit keeps that it was exported."
    )]
    Export {
        /// The mail address.
        #[arg(value_name = "ADDRESS")]
        email: String,
        /// Write it to this file instead, which only its owner may read.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Erase whoever has a mail address, on an order.
    #[command(
        after_help = "Example:\n  ahq person erase anna@example.org --order DPO-2026-14\n\nThe account keeps its id, so that the audit still verifies, and nothing else: it is disabled, and its name, address,\nroles, password, sessions, settings and waiting mails are gone. Contributions asked of the address lose name and address,\nand their links end. Answers are no personal data of who wrote them, and stay with their office. An office keeps a\ncoordinator: appoint another one first. The reference is kept in the audit: let it name nobody. What lies in backups is\nthere until they are deleted; erase again after restoring an older one."
    )]
    Erase {
        /// The mail address.
        #[arg(value_name = "ADDRESS")]
        email: String,
        /// The reference under which the order is kept.
        #[arg(long, value_name = "REF")]
        order: String,
    },
}

/// Runs a command about a person.
///
/// # Errors
/// Nothing is stored on the address, the last coordinator of an office, a file that cannot be written, what the tables refuse.
pub async fn run(parts: &Parts, command: PersonCommand) -> Result<(), StartError> {
    let exchange = lifecycle::exchange(parts).await?;
    let done = match command {
        PersonCommand::Export { email, out } => export(&exchange, email, out.as_deref()).await,
        PersonCommand::Erase { email, order } => erase(&exchange, email, order).await,
    };
    exchange.store().close().await;
    done
}

async fn export(exchange: &Exchange, email: String, out: Option<&Path>) -> Result<(), StartError> {
    let exported = exchange.export_person(email).await.map_err(refused)?;
    let text = format!("{exported:#}");
    let Some(file) = out else {
        return say(text);
    };
    write_private(file, &text).map_err(|error| StartError::Other(format!("{}: {error}", file.display())))?;
    say(format!("Exported to {}.", file.display()))
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    writeln!(file, "{text}")
}

async fn erase(exchange: &Exchange, email: String, order: String) -> Result<(), StartError> {
    let erased = exchange.erase_person(email, order).await.map_err(refused)?;
    let account = match erased.account {
        Some(user) => format!("account {user}"),
        None => "no account".to_owned(),
    };
    say(format!(
        "Erased {account} and {} contributions.",
        erased.contributions.len()
    ))
}

fn refused(error: Error) -> StartError {
    StartError::Other(match error {
        Error::Refused(Refusal::Hidden) => "nothing is stored on this address".to_owned(),
        Error::Refused(Refusal::Conflict {
            code: "last_coordinator",
            ..
        }) => {
            "this is the last coordinator of the office: let the service provider appoint another one first".to_owned()
        }
        other => other.to_string(),
    })
}
