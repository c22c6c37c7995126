//! The commands about mail: how the exchange's messages read, without sending any.

use std::fs;
use std::path::{Path, PathBuf};

use ahq_mail::example::{self, Example};
use ahq_mail::outgoing::Outgoing;
use clap::{Args, Subcommand};

use crate::command::say;
use crate::lifecycle::StartError;

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Show a message with example facts: its subject and text, or all of them as files.
    #[command(
        after_help = "Examples:\n  ahq mail preview\n  ahq mail preview reminder_overdue\n  ahq mail preview --all ./mails\n\nWithout a name it lists the names. Nothing is sent, and no settings are read."
    )]
    Preview(Preview),
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// The name of the message.
    message: Option<String>,
    /// Write all of them into this folder, each as .eml, .html and .txt.
    #[arg(long, value_name = "DIR", conflicts_with = "message")]
    all: Option<PathBuf>,
}

pub(crate) fn run(command: &MailCommand) -> Result<(), StartError> {
    let MailCommand::Preview(preview) = command;
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
        run(&MailCommand::Preview(Preview {
            message: message.map(str::to_owned),
            all: all.map(Path::to_owned),
        }))
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
