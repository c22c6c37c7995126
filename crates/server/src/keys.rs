//! The signing keys on the command line, and how a program that serves follows their rotation.

use std::time::Duration;

use ahq_domain::clock::Instant;
use ahq_domain::signing::KeyStatus;
use ahq_exchange::keys::KeyInfo;
use ahq_exchange::work::Exchange;
use clap::Subcommand;
use tokio::sync::watch;

use crate::command::say;
use crate::lifecycle::{self, Parts, StartError};

/// How often the keys are read anew: several times before a new one signs, five minutes after it was made.
const READ_EVERY: Duration = Duration::from_secs(30);

/// What is done with the signing keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the signing keys: what each is called, from when on it signs, where it stands. Never a secret.
    #[command(
        after_help = "Example:\n  ahq keys list\n\nThe name is the `kid` of access tokens and the `key` of the audit's checkpoints. Times are in UTC."
    )]
    List,
    /// Make a new signing key for access tokens and checkpoints, while the program may serve.
    #[command(
        after_help = "Example:\n  ahq keys rotate\n\nThe new key signs after five minutes: by then every server has read it. The one before stays good until the last access\ntoken it signed is over; then its secret half is forgotten and its public half kept, so that `ahq audit verify` goes on\nto accept the checkpoints it signed. Nobody is signed out. Rotate once a year, and when somebody left who could read the\nkeys. Make a backup afterwards.\n\nThe hashing key stays as it is: the links in messages that are on their way, the sessions' refresh tokens and everybody's\nsecond factor derive from it.\n\nExit code 1 while the rotation before is under way."
    )]
    Rotate,
}

/// Runs a command about the signing keys.
///
/// # Errors
/// A rotation that is under way, and keys that cannot be read or written.
pub async fn run(parts: &Parts, command: KeysCommand) -> Result<(), StartError> {
    let exchange = lifecycle::exchange(parts).await?;
    let done = match command {
        KeysCommand::List => list(&exchange),
        KeysCommand::Rotate => rotate(&exchange).await,
    };
    exchange.store().close().await;
    done
}

fn list(exchange: &Exchange) -> Result<(), StartError> {
    let keys = exchange.keys().list(exchange.clock().now());
    keys.iter().try_for_each(|key| say(told(key)))
}

async fn rotate(exchange: &Exchange) -> Result<(), StartError> {
    let rotated = exchange.rotate_keys().await;
    let key = rotated.map_err(|error| StartError::Other(error.to_string()))?;
    say(told(&key))
}

/// One line of the list.
fn told(key: &KeyInfo) -> String {
    let KeyInfo { id, from, status } = key;
    let from = match *from == Instant::UNIX_EPOCH {
        true => "the start".to_owned(),
        false => from.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let status = match status {
        KeyStatus::Waiting => "will sign".to_owned(),
        KeyStatus::Signing => "signs".to_owned(),
        KeyStatus::Ending { until } => format!("verifies until {}", until.format("%Y-%m-%dT%H:%M:%SZ")),
        KeyStatus::Retired => "retired, verifies checkpoints".to_owned(),
    };
    format!("{id}  from {from}  {status}")
}

/// Reads the keys anew until the program is told to stop: another process may have rotated them.
pub(crate) async fn follow(exchange: Exchange, mut stopped: watch::Receiver<bool>) {
    let mut told = false;
    while !*stopped.borrow() {
        tokio::select! {
            () = tokio::time::sleep(READ_EVERY) => {}
            // An error is a program that is gone.
            changed = stopped.changed() => if changed.is_err() { return } else { continue },
        }
        match exchange.reload_keys().await {
            Ok(changed) => {
                if changed {
                    tracing::info!("the signing keys were rotated");
                }
                told = false;
            }
            // Told once, not at every try.
            Err(error) if !told => {
                tracing::error!(%error, "the keys are not read anew; it will be tried again");
                told = true;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_in_one_line() {
        for (status, expected) in [
            (KeyStatus::Signing, "k  from the start  signs"),
            (
                KeyStatus::Ending {
                    until: Instant::UNIX_EPOCH,
                },
                "k  from the start  verifies until 1970-01-01T00:00:00Z",
            ),
        ] {
            let key = KeyInfo {
                id: "k".to_owned(),
                from: Instant::UNIX_EPOCH,
                status,
            };
            assert_eq!(told(&key), expected);
        }
    }
}
