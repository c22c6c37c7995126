//! The demonstration: sets an installation up, plays a past query through its own interface, and serves it.
//!
//! Its clock begins weeks ago and ends yesterday. Every answer in it is an example written for it.

mod content;
mod desk;
mod play;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ahq_domain::clock::{BRUSSELS, Clock, Instant, brussels_date, written_date};
use ahq_domain::office::{OfficeCode, OfficeKind};
use ahq_domain::user::Role;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::editions::Format;
use ahq_exchange::queries::{QueryFilter, QueryList, QuerySort};
use ahq_exchange::users::UserInput;
use ahq_exchange::work::Exchange;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone};

use crate::command::say;
use crate::data::{Network, past_queries};
use crate::lifecycle::{self, Parts, StartError};
use crate::worker::Worker;

/// The password of every user of the demonstration.
const PASSWORD: &str = "a sentence is easy to remember";

/// How the demonstration is wanted.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The folder of its database, mails and documents.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Where to serve afterwards.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// End after playing.
    #[arg(long)]
    no_serve: bool,
    /// Remove what an earlier demonstration made in the folder, and begin again.
    #[arg(long)]
    fresh: bool,
}

/// A clock that stands still until the demonstration moves it.
#[derive(Debug, Clone)]
struct MovedClock(Arc<AtomicI64>);

impl MovedClock {
    fn at(instant: Instant) -> Self {
        Self(Arc::new(AtomicI64::new(instant.timestamp_micros())))
    }

    fn set(&self, instant: Instant) {
        self.0.store(instant.timestamp_micros(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let micros = Arc::clone(&self.0);
        Clock::new(move || DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default())
    }
}

/// An hour of a day in Brussels.
fn at(date: NaiveDate, hour: u32, minute: u32) -> Instant {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or(NaiveTime::MIN);
    let local = date.and_time(time);
    BRUSSELS
        .from_local_datetime(&local)
        .earliest()
        .map_or_else(|| local.and_utc(), |local| local.to_utc())
}

/// Runs the demonstration.
///
/// # Errors
/// What stood in the way, and what to do next.
pub async fn run(parts: Parts, options: Options) -> Result<(), StartError> {
    let parts = with_folder(parts, &options);
    if options.fresh {
        remove(&options.data)?;
    }
    match found(&parts).await? {
        Found::Nothing => play_all(&parts, &options).await?,
        Found::Whole => say("The demonstration is there already; nothing was changed.")?,
        Found::Half => {
            return Err(StartError::Other(format!(
                "an earlier demonstration in {} did not come to its end: run `ahq demo --fresh` to begin again",
                options.data.display()
            )));
        }
    }
    explain(&options)?;
    if options.no_serve {
        return Ok(());
    }
    crate::telemetry::start(&parts.config.log)?;
    let running = lifecycle::start(parts, true).await?;
    say("Serving until Ctrl-C.")?;
    lifecycle::wait_for_signal().await;
    running.stop().await;
    Ok(())
}

fn with_folder(mut parts: Parts, options: &Options) -> Parts {
    let config = &mut parts.config;
    config.database.address = options.data.join("ahq.db").display().to_string();
    config.mail.transport = crate::config::MailTransport::Folder;
    config.mail.folder = options.data.join("outbox");
    config.accounts.second_factor = false;
    config.server.listen = options.listen;
    config.server.public_address = format!("http://{}", options.listen);
    "warn,ahq_server=info".clone_into(&mut config.log.filter);
    parts
}

/// Removes the files a demonstration makes, and no others.
fn remove(folder: &Path) -> Result<(), StartError> {
    let gone = |path: &Path| match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StartError::Other(format!(
            "{} cannot be removed: {error}",
            path.display()
        ))),
        _ => Ok(()),
    };
    for name in ["ahq.db", "ahq.db-wal", "ahq.db-shm", "keys.json"] {
        gone(&folder.join(name))?;
    }
    let editions = Format::ALL.map(|format| ("editions", format.extension()));
    for (part, ending) in editions.into_iter().chain([("forms", "docx"), ("outbox", "eml")]) {
        let Ok(files) = std::fs::read_dir(folder.join(part)) else {
            continue;
        };
        for file in files.flatten().map(|entry| entry.path()) {
            if file.extension().is_some_and(|found| found == ending) {
                gone(&file)?;
            }
        }
    }
    Ok(())
}

enum Found {
    Nothing,
    Half,
    Whole,
}

/// How far an earlier demonstration came.
async fn found(parts: &Parts) -> Result<Found, StartError> {
    let exchange = lifecycle::exchange(parts).await?;
    let lead = content::lead();
    let found = exchange
        .read(Credentials::System, move |work| {
            if work.list_offices()?.is_empty() {
                return Ok(Found::Nothing);
            }
            let published = work.list_public_queries(QueryList {
                filter: QueryFilter {
                    requester: Some(lead.clone()),
                    title: Some(content::TITLE.to_owned()),
                    ..QueryFilter::default()
                },
                sort: QuerySort::Requested,
                descending: true,
                after: None,
                limit: 10,
            })?;
            let played = published.items.iter().any(|item| item.edition.is_some());
            Ok(if played { Found::Whole } else { Found::Half })
        })
        .await
        .map_err(fault)?;
    exchange.store().close().await;
    Ok(found)
}

fn fault(error: ahq_exchange::error::Error) -> StartError {
    StartError::Other(error.to_string())
}

async fn play_all(parts: &Parts, options: &Options) -> Result<(), StartError> {
    let today = brussels_date(parts.clock.now());
    let network = Network::embedded().map_err(|error| StartError::Other(error.to_string()))?;
    let schedule = play::Schedule::until(today, &network)?;
    let moved = MovedClock::at(at(schedule.begin, 9, 0));
    let mut playing = parts.clone();
    playing.clock = moved.clock();
    playing.config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let running = lifecycle::start(playing.clone(), false).await?;
    let exchange = running.exchange().clone();
    set_up(&exchange, network).await?;
    let worker = Worker::new(&playing.config, exchange)?;
    let play = play::Play {
        desk: desk::Desk::new(format!("http://{}", running.address())),
        clock: moved,
        worker,
        schedule,
        folder: options.data.clone(),
    };
    play.run().await?;
    running.stop().await;
    Ok(())
}

/// Offices, topics, holidays, past queries, and users for each office that takes part.
async fn set_up(exchange: &Exchange, network: Network) -> Result<(), StartError> {
    let offices = network.offices.clone();
    exchange
        .write(Credentials::System, move |work| {
            work.import_network(&network.offices, &network.topics, &network.holidays)
        })
        .await
        .map_err(fault)?;
    let past = past_queries().map_err(|error| StartError::Other(error.to_string()))?;
    let imported = exchange
        .write(Credentials::System, move |work| work.import_queries(past))
        .await
        .map_err(fault)?;
    say(format!(
        "Set up {} offices with their holidays, and {imported} past queries.",
        offices.len()
    ))?;
    let today = brussels_date(exchange.clock().now());
    let mut users = Vec::new();
    for office in offices.iter().filter(|office| office.takes_part_on(today)) {
        users.push((office.code.clone(), Role::Coordinator, office.name.clone()));
        if office.kind == OfficeKind::NationalContactPoint && ["LU", "NL"].contains(&office.code.as_str()) {
            users.push((office.code.clone(), Role::Expert, office.name.clone()));
            users.push((office.code.clone(), Role::Reader, office.name.clone()));
        }
    }
    say(format!("Adding {} users …", users.len()))?;
    for (office, role, name) in users {
        let input = UserInput {
            name: format!("{role:?} of {name}"),
            email: email(&office, role),
            role,
        };
        exchange
            .add_user(office, input, PASSWORD.to_owned())
            .await
            .map_err(fault)?;
    }
    Ok(())
}

fn email(office: &OfficeCode, role: Role) -> String {
    format!("{role:?}.{office}@example.org").to_lowercase()
}

fn explain(options: &Options) -> Result<(), StartError> {
    let folder = options.data.display();
    let mails = std::fs::read_dir(options.data.join("outbox")).map_or(0, Iterator::count);
    let listen = options.listen;
    say(format!(
        "
Documents   {folder}/editions: the requesters', the network's and the public view in every format
            {folder}/forms: the Word form of a respondent, to be filled in and uploaded
Mails       {folder}/outbox: {mails} messages, one for each recipient
Interface   http://{listen}/api/v1, described at http://{listen}/docs/
Sign in as  requester      coordinator.lu@example.org (also expert.lu and reader.lu)
            respondent     coordinator.at@example.org (and so for each office that takes part)
            Commission     coordinator.com@example.org
            administrator  coordinator.sp@example.org, the service provider
Password    {PASSWORD}

  curl -s http://{listen}/api/v1/session -H 'Content-Type: application/json' \\
    -d '{{\"email\":\"coordinator.lu@example.org\",\"password\":\"{PASSWORD}\"}}'
"
    ))
}

/// A day of the demonstration, told.
fn day(instant: Instant, what: impl AsRef<str>) -> Result<(), StartError> {
    say(format!(
        "{:>17}  {}",
        written_date(brussels_date(instant)),
        what.as_ref()
    ))
}
