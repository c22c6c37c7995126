//! The commands about mail: how the exchange's messages read, without sending any; and what came back.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ahq_exchange::deliveries::Taken;
use ahq_mail::example::{self, Example};
use ahq_mail::outgoing::Outgoing;
use clap::{Args, Subcommand};

use crate::command::say;
use crate::lifecycle::{self, Parts, StartError};

/// The most that is read of a mail.
pub(crate) const MOST_BYTES: u64 = 16 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Show a message with example facts: its subject and text, or all of them as files.
    #[command(
        after_help = "Examples:\n  ahq mail preview\n  ahq mail preview reminder_overdue\n  ahq mail preview --all ./mails\n\nWithout a name it lists the names. Nothing is sent, and no settings are read."
    )]
    Preview(Preview),
    /// Take in a mail that came back: a delivery status notification on the standard input.
    #[command(
        after_help = "Examples:\n  ahq mail bounce < returned.eml\n  ahq mail bounce ./Maildir/new/*\n\nIn a mail server's aliases, for the address that the exchange sends from:\n  ahq: \"|/usr/local/bin/ahq mail bounce --config /etc/ahq.toml\"\n\nThe message it speaks of is marked as returned, a user's address that does not exist gets no more mail for 90 days, and\nthose who can do something about it are told. Auto-replies change nothing."
    )]
    Bounce {
        /// Mails in files, instead of one on the standard input.
        mails: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// The name of the message.
    message: Option<String>,
    /// Write all of them into this folder, each as .eml, .html and .txt.
    #[arg(long, value_name = "DIR", conflicts_with = "message")]
    all: Option<PathBuf>,
}

/// Takes in mails that came back, and says what became of each.
pub(crate) async fn take_bounces(parts: &Parts, mails: &[PathBuf]) -> Result<(), StartError> {
    let mut taken = Vec::new();
    if mails.is_empty() {
        let mut mail = Vec::new();
        std::io::stdin()
            .lock()
            .take(MOST_BYTES)
            .read_to_end(&mut mail)
            .map_err(|error| StartError::Other(format!("the standard input cannot be read: {error}")))?;
        taken.push(("The mail".to_owned(), mail));
    }
    for file in mails {
        let mail =
            fs::read(file).map_err(|error| StartError::Other(format!("{} cannot be read: {error}", file.display())))?;
        taken.push((file.display().to_string(), mail));
    }
    let exchange = lifecycle::exchange(parts).await?;
    let mut told = Ok(());
    for (name, mail) in taken {
        let became = exchange.take_mail(&mail, &parts.config.mail.domain).await;
        told = became
            .map_err(|error| StartError::Other(format!("{name}: {error}")))
            .and_then(|became| {
                say(match became {
                    Taken::Bounced(message) => format!("{name}: message {message} came back."),
                    Taken::Noted(message) => format!("{name}: nothing changes for message {message}."),
                    Taken::AutoReply => format!("{name}: an automatic reply; nothing changes."),
                    Taken::Other(what) => format!("{name}: no delivery status notification: {what}."),
                })
            });
        if told.is_err() {
            break;
        }
    }
    exchange.store().close().await;
    told
}

/// Shows messages with example facts.
pub(crate) fn preview(preview: &Preview) -> Result<(), StartError> {
    let examples = example::all();
    if let Some(folder) = &preview.all {
        for example in &examples {
            write(folder, example)?;
        }
        return say(format!("Wrote {} messages to {}.", examples.len(), folder.display()));
    }
    let names: Vec<&str> = examples.iter().map(|example| example.name).collect();
    let Some(wanted) = &preview.message else {
        return say(names.join("\n"));
    };
    let example = examples.iter().find(|example| example.name == wanted).ok_or_else(|| {
        StartError::Other(format!(
            "there is no message {wanted}: `ahq mail preview` lists those there are"
        ))
    })?;
    let content = rendered(example)?.content;
    say(format!(
        "Subject: {}\n\n{}",
        content.subject(),
        content.text().trim_end()
    ))
}

fn rendered(example: &Example) -> Result<Outgoing, StartError> {
    example
        .outgoing()
        .map_err(|error| StartError::Other(format!("{} cannot be rendered: {error}", example.name)))
}

fn write(folder: &Path, example: &Example) -> Result<(), StartError> {
    let outgoing = rendered(example)?;
    let message = outgoing
        .bytes()
        .map_err(|error| StartError::Other(format!("{}: {error}", example.name)))?;
    let files = [
        ("eml", message.as_slice()),
        ("html", outgoing.content.html().as_bytes()),
        ("txt", outgoing.content.text().as_bytes()),
    ];
    fs::create_dir_all(folder)
        .and_then(|()| {
            files
                .iter()
                .try_for_each(|(kind, bytes)| fs::write(folder.join(example.name).with_extension(kind), bytes))
        })
        .map_err(|error| StartError::Other(format!("{} cannot be written: {error}", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(message: Option<&str>, all: Option<&Path>) -> Result<(), StartError> {
        super::preview(&Preview {
            message: message.map(str::to_owned),
            all: all.map(Path::to_owned),
        })
    }

    #[test]
    fn each_message_is_shown_and_written() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mails");
        preview(None, Some(&folder)).unwrap();
        for example in example::all() {
            preview(Some(example.name), None).unwrap();
            let file = |kind| fs::read_to_string(folder.join(format!("{}.{kind}", example.name))).unwrap();
            assert!(file("eml").starts_with("From: "), "{}", example.name);
            assert!(file("html").starts_with("<!DOCTYPE html>"), "{}", example.name);
            assert!(file("txt").contains("EMN ad-hoc query exchange"), "{}", example.name);
        }
    }

    #[test]
    fn a_name_or_a_folder_that_is_none_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "in the way").unwrap();
        assert!(preview(Some("no_such_message"), None).is_err());
        assert!(preview(None, Some(&file)).is_err());
    }
}
