//! The command line: what each command is for, and how it ends.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Refusal;
use ahq_domain::user::Role;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::error::Error;
use ahq_exchange::users::UserInput;
use clap::{Args, Parser, Subcommand, ValueEnum};

use ahq_store::backup::Kind;

use crate::audit::{self, AuditCommand};
use crate::backup::{self, Manifest, Restored};
use crate::config::Config;
use crate::data::{self, Network};
use crate::keys::{self, KeysCommand};
use crate::lifecycle::{self, Parts, StartError};
use crate::mail::{self, MailCommand};
use crate::person::{self, PersonCommand};
use crate::{demo, holidays, sbom, system, telemetry};

/// The ad-hoc query exchange of the European Migration Network.
#[derive(Debug, Parser)]
#[command(
    name = "ahq",
    version,
    about = "The ad-hoc query exchange: queries, responses, compilations and their mail",
    arg_required_else_help = true,
    after_help = "Examples:\n  ahq demo\n  ahq config check\n  ahq serve"
)]
pub struct Line {
    /// The file of settings; `ahq.toml` where it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the interface, and do the background work beside it.
    #[command(
        after_help = "Examples:\n  ahq serve\n  AHQ_DATABASE__ADDRESS=postgres://ahq@localhost/ahq ahq serve --no-worker"
    )]
    Serve {
        /// Leave the background work to `ahq worker`.
        #[arg(long)]
        no_worker: bool,
    },
    /// Do the background work only: reminders and mail, exports, the audit's numbers, retention and clearing. One worker has to
    /// run somewhere.
    #[command(after_help = "Example:\n  ahq worker --config /etc/ahq.toml")]
    Worker,
    /// Bring the tables up to date.
    #[command(after_help = "Example:\n  AHQ_DATABASE__ADDRESS=postgres://ahq@localhost/ahq ahq migrate")]
    Migrate,
    /// Copy the database and its keys into a new folder, while the program may serve.
    #[command(
        after_help = "Examples:\n  ahq backup /var/backups\n  AHQ_DATABASE__ADDRESS=postgres://ahq@localhost/ahq ahq backup /var/backups\n\nThe folder is called DIR/ahq-<instant> once all of it is written, synced and read back. It holds the keys of SQLite's\ndatabase (on PostgreSQL they are in the copy, sealed with database.secret) and personal data: keep it as safe as the\ndatabase, and the secret apart from it. PostgreSQL is copied by its own pg_dump, found in PATH or in\n/usr/lib/postgresql/*/bin."
    )]
    Backup {
        /// The folder that backups lie in; made if it is not there.
        #[arg(value_name = "DIR")]
        into: PathBuf,
    },
    /// Put a backup into the configured database, which has to be empty.
    #[command(
        after_help = "Examples:\n  ahq restore /var/backups/ahq-2026-11-23T12-00-00.000Z\n  ahq restore --replace /var/backups/ahq-2026-11-23T12-00-00.000Z\n  AHQ_DATABASE__ADDRESS=postgres://ahq@localhost/ahq_restored ahq restore /var/backups/ahq-2026-11-23T12-00-00.000Z\n\nStop the program first. Mail that left after the backup was made leaves once more, under the same Message-ID."
    )]
    Restore {
        /// The folder that `ahq backup` made.
        #[arg(value_name = "BACKUP")]
        from: PathBuf,
        /// Keep the old files of SQLite beside the new ones under dated names, and put the backup in their place.
        #[arg(long)]
        replace: bool,
    },
    /// Verify the audit, or keep a checkpoint of it elsewhere.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// List and rotate the keys that sign.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print the OpenAPI document.
    #[command(after_help = "Examples:\n  ahq openapi\n  ahq openapi --write openapi/ahq.json")]
    Openapi {
        /// Write it to this file instead.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Print what the program is made of, as CycloneDX.
    #[command(
        after_help = "Example:\n  ahq sbom > ahq.cdx.json\n\nEach part with its version, its hash and what it needs, from the lock file the program was built with: with all its\nfeatures and on any system, so some parts are in no one build."
    )]
    Sbom,
    /// Manage users from the command line.
    #[command(subcommand)]
    User(UserCommand),
    /// Export or erase what is stored on one person.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Bring in data.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Look at the messages of the exchange.
    #[command(subcommand)]
    Mail(MailCommand),
    /// Manage the holidays that working days are counted with.
    #[command(subcommand)]
    Calendar(CalendarCommand),
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Set up a demonstration, play a query through it, and serve it.
    #[command(after_help = "Examples:\n  ahq demo\n  ahq demo --no-serve --data ./try")]
    Demo(demo::Options),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add an active user: the first administrator of an installation.
    #[command(
        after_help = "Example:\n  ahq user add --office SP --name \"Anna Muster\" --email anna@example.org --role coordinator\n\nThe password is asked for on the terminal, or read from the first line of the standard input or of a file."
    )]
    Add(AddUser),
}

#[derive(Debug, Args)]
struct AddUser {
    /// Code of the office.
    #[arg(long)]
    office: String,
    /// Name of the user.
    #[arg(long)]
    name: String,
    /// Mail address of the user.
    #[arg(long)]
    email: String,
    /// Role of the user.
    #[arg(long, value_enum)]
    role: RoleWord,
    /// A file whose first line is the password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleWord {
    Reader,
    Expert,
    Coordinator,
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Offices, topics and holidays: those that come with the program, or of a folder.
    #[command(after_help = "Examples:\n  ahq import network\n  ahq import network ./data")]
    Network {
        /// A folder with offices.json, topics.json and holidays.csv.
        folder: Option<PathBuf>,
    },
    /// Past queries: those that come with the program, or of a file.
    #[command(after_help = "Examples:\n  ahq import queries\n  ahq import queries ./data/past-queries.json")]
    Queries {
        /// A file like data/past-queries.json.
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum CalendarCommand {
    /// Replace the holidays of each office and year that a file has some of.
    #[command(
        after_help = "Examples:\n  ahq calendar import holidays-2027.csv\n  ahq calendar import --office LU luxembourg-2027.ics\n\nCSV has the columns office, date and name and a head; a calendar (iCalendar) has an event for each holiday. No deadline\nmoves: the requesters of running queries with a deadline on a new holiday are told by mail."
    )]
    Import {
        /// A file of holidays, CSV or iCalendar.
        file: PathBuf,
        /// Code of the office whose holidays a calendar has.
        #[arg(long)]
        office: Option<OfficeCode>,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the settings in force, secrets hidden, and what is weak about them.
    #[command(
        after_help = "Example:\n  ahq config check --config /etc/ahq.toml\n\nEach weakness comes with what to do about it. Exit code 0 when nothing is weak, 1 when something is, or when the\nsettings cannot be used: then all of their faults are told. Secrets are never shown."
    )]
    Check,
}

/// Runs a command line to its end.
///
/// # Errors
/// What stood in the way, and what to do next.
pub async fn run(line: Line) -> Result<(), StartError> {
    if let Command::Openapi { write } = &line.command {
        return openapi(write.as_deref());
    }
    if let Command::Mail(MailCommand::Preview(preview)) = &line.command {
        return mail::preview(preview);
    }
    if let Command::Sbom = line.command {
        let document = sbom::document().map_err(StartError::Other)?;
        return say(format!("{document:#}"));
    }
    let config = Config::load(line.config.as_deref())?;
    if let Command::Config(ConfigCommand::Check) = &line.command {
        return check(&config);
    }
    if !matches!(line.command, Command::Demo(_)) {
        telemetry::start(&config.log)?;
    }
    let parts = Parts {
        config,
        clock: system::clock(),
        randomness: system::randomness(),
    };
    match line.command {
        Command::Serve { no_worker } => serve(parts, !no_worker).await,
        Command::Worker => lifecycle::work(parts).await,
        Command::Migrate => migrate(&parts).await,
        Command::Backup { into } => back_up(&parts, &into).await,
        Command::Restore { from, replace } => restore(&parts, &from, replace).await,
        Command::Audit(command) => audit::run(&parts, command).await,
        Command::Keys(command) => keys::run(&parts, command).await,
        Command::User(UserCommand::Add(user)) => add_user(&parts, user).await,
        Command::Person(command) => person::run(&parts, command).await,
        Command::Import(import) => bring_in(&parts, import).await,
        Command::Calendar(CalendarCommand::Import { file, office }) => {
            import_holidays(&parts, &file, office.as_ref()).await
        }
        Command::Demo(options) => demo::run(parts, options).await,
        Command::Mail(MailCommand::Bounce { mails }) => mail::take_bounces(&parts, &mails).await,
        Command::Openapi { .. } | Command::Mail(MailCommand::Preview(_)) | Command::Sbom | Command::Config(_) => Ok(()),
    }
}

/// Says something on the standard output.
///
/// # Errors
/// When nobody reads it any more.
pub(crate) fn say(text: impl AsRef<str>) -> Result<(), StartError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.as_ref())
        .and_then(|()| out.flush())
        .map_err(|error| StartError::Other(error.to_string()))
}

async fn serve(parts: Parts, with_worker: bool) -> Result<(), StartError> {
    for weakness in parts.config.weaknesses() {
        tracing::warn!("weak: {weakness}");
    }
    let running = lifecycle::start(parts, with_worker).await?;
    tracing::info!(address = %running.address(), "serving");
    lifecycle::wait_for_signal().await;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

async fn migrate(parts: &Parts) -> Result<(), StartError> {
    let (store, ran) = lifecycle::open(&parts.config, true).await?;
    store.close().await;
    if ran.is_empty() {
        return say("The tables are up to date.");
    }
    ran.iter().try_for_each(|name| say(format!("Ran {name}.")))
}

async fn back_up(parts: &Parts, into: &Path) -> Result<(), StartError> {
    let folder = backup::backup(parts, into).await?;
    let manifest = Manifest::read(&folder)?;
    say(format!(
        "Backed up to {}: {}, read back.",
        folder.display(),
        manifest.told()
    ))?;
    if manifest.database == Kind::Postgres {
        say("Its keys are sealed with database.secret: keep that too, apart from the backup.")?;
    }
    Ok(())
}

async fn restore(parts: &Parts, from: &Path, replace: bool) -> Result<(), StartError> {
    let Restored {
        manifest,
        kept,
        erasures,
    } = backup::restore(parts, from, replace).await?;
    for old in kept {
        say(format!("Kept {}.", old.display()))?;
    }
    say(format!(
        "Restored what was there at {}: {}, checked.",
        manifest.made,
        manifest.told()
    ))?;
    match erasures {
        Some(done) => say(format!(
            "Erasures of the list: {} carried out again, {} known to the backup, {} of queries it does not have.",
            done.applied, done.known, done.unknown
        ))?,
        None => say(
            "Warning: exchange.erasures is not set, so nothing was erased again: what was erased on a written order after \
             the backup was made is back. Carry those orders out before anybody reads.",
        )?,
    }
    let events = audit::check_restored(parts).await?;
    say(format!("Its audit is whole: {events} events verified."))?;
    if let Some(file) = &parts.config.audit.checkpoints {
        say(format!(
            "Name another file at audit.checkpoints and keep {}: its lines of after the backup are of a chain that is no \
             longer there, and `ahq audit verify` would call this one written anew.",
            file.display()
        ))?;
    }
    say(format!(
        "Accounts, sessions, tokens and passwords are as they were at {}: disable, revoke and reset again what was since.",
        manifest.made
    ))
}

fn openapi(file: Option<&std::path::Path>) -> Result<(), StartError> {
    let text = format!("{:#}", ahq_api::document());
    match file {
        None => say(text),
        Some(file) => std::fs::write(file, format!("{text}\n"))
            .map_err(|error| StartError::Other(format!("{} cannot be written: {error}", file.display()))),
    }
}

fn check(config: &Config) -> Result<(), StartError> {
    say(config.shown()?)?;
    let weak = config.weaknesses();
    if weak.is_empty() {
        return say("Nothing about these settings is weak.");
    }
    weak.iter().try_for_each(|weakness| say(format!("Weak: {weakness}.")))?;
    Err(StartError::Other(match weak.len() {
        1 => "one thing about these settings is weak".to_owned(),
        many => format!("{many} things about these settings are weak"),
    }))
}

async fn add_user(parts: &Parts, user: AddUser) -> Result<(), StartError> {
    let office: OfficeCode = user
        .office
        .parse()
        .map_err(|error| StartError::Other(format!("--office {}: {error}", user.office)))?;
    let password = password(user.password_file.as_deref())?;
    let exchange = lifecycle::exchange(parts).await?;
    let input = UserInput {
        name: user.name,
        email: user.email.clone(),
        role: match user.role {
            RoleWord::Reader => Role::Reader,
            RoleWord::Expert => Role::Expert,
            RoleWord::Coordinator => Role::Coordinator,
        },
    };
    let added = exchange.add_user(office.clone(), input, password).await;
    exchange.store().close().await;
    added.map_err(|error| match error {
        Error::Refused(Refusal::Hidden) => StartError::Other(format!(
            "there is no office {office}: run `ahq import network` first, or choose one that is there"
        )),
        other => StartError::Other(other.to_string()),
    })?;
    say(format!("Added {} to {office}.", user.email))
}

fn password(file: Option<&std::path::Path>) -> Result<String, StartError> {
    let first = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| StartError::Other(format!("{} cannot be read: {error}", file.display())))?;
            text.lines().next().unwrap_or_default().to_owned()
        }
        None => typed().map_err(|error| StartError::Other(error.to_string()))?,
    };
    if first.is_empty() {
        return Err(StartError::Other(
            "give the password on the standard input or with --password-file".to_owned(),
        ));
    }
    Ok(first)
}

/// The first line of the standard input; a terminal is asked for it, and does not show it.
fn typed() -> std::io::Result<String> {
    let terminal = std::io::stdin().is_terminal();
    // Where there is no `stty`, the password is shown and nothing worse.
    let show = |word: &str| terminal.then(|| std::process::Command::new("stty").arg(word).status());
    let mut prompt = std::io::stderr();
    if terminal {
        write!(prompt, "Password, which is not shown: ")?;
        prompt.flush()?;
    }
    show("-echo");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    show("echo");
    if terminal {
        writeln!(prompt)?;
    }
    read?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn bring_in(parts: &Parts, import: ImportCommand) -> Result<(), StartError> {
    let fault = |error: data::DataError| StartError::Other(error.to_string());
    let failed = |error: ahq_exchange::error::Error| StartError::Other(error.to_string());
    let exchange = lifecycle::exchange(parts).await?;
    let said = match import {
        ImportCommand::Network { folder } => {
            let network = match folder {
                Some(folder) => Network::in_folder(&folder),
                None => Network::embedded(),
            }
            .map_err(fault)?;
            let said = format!(
                "Imported {} offices, {} topics and {} holidays.",
                network.offices.len(),
                network.topics.len(),
                network.holidays.len()
            );
            exchange
                .write(Credentials::System, move |work| {
                    work.import_network(&network.offices, &network.topics, &network.holidays)
                })
                .await
                .map_err(failed)?;
            said
        }
        ImportCommand::Queries { file } => {
            let past = match file {
                Some(file) => data::past_queries_in(&file),
                None => data::past_queries(),
            }
            .map_err(fault)?;
            let (all, new) = (
                past.len(),
                exchange.write(Credentials::System, move |work| work.import_queries(past)),
            );
            let new = new.await.map_err(failed)?;
            format!("Imported {new} past queries; {} were there already.", all - new)
        }
    };
    exchange.store().close().await;
    say(said)
}

async fn import_holidays(parts: &Parts, file: &Path, office: Option<&OfficeCode>) -> Result<(), StartError> {
    let days = holidays::read(file, office).map_err(|error| StartError::Other(error.to_string()))?;
    let exchange = lifecycle::exchange(parts).await?;
    let replaced = exchange
        .write(Credentials::System, move |work| work.import_holidays(days))
        .await;
    exchange.store().close().await;
    let replaced = replaced.map_err(|error| StartError::Other(format!("{}: {error}", file.display())))?;
    say(format!(
        "Replaced {} years of holidays: {} days are new, {} are gone.",
        replaced.years, replaced.added, replaced.removed
    ))
}
