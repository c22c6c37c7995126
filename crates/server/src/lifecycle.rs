//! One installation at work: opened, served, and stopped without losing what was accepted.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ahq_domain::clock::{Clock, Instant, Randomness};
use ahq_exchange::attachments::Shelves;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::keys::ServerKeys;
use ahq_exchange::oidc::provider::Providers;
use ahq_exchange::work::{AccountSettings, Exchange, Settings};
use ahq_store::files::{Files, FilesError};
use ahq_store::{Address, Limits, Store, migration};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{Config, ConfigError, FilesPlace};
use crate::metrics::{Exposed, Metrics};
use crate::serve::Serving;
use crate::worker::Worker;
use crate::{keys, metrics, serve, worker};

/// How long the message that is on its way may take after the program was asked to end.
const LAST_MESSAGE: Duration = Duration::from_secs(9);

/// What the entry point hands in.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// Where the time comes from.
    pub clock: Clock,
    /// Where randomness comes from.
    pub randomness: Randomness,
}

/// Why an installation did not start; says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used.
    #[error("the database {address} cannot be used: {cause}")]
    Database {
        /// Which, without its password.
        address: String,
        /// Why.
        cause: String,
    },
    /// Migrations are to be run first.
    #[error("the database lacks migrations ({0}): run `ahq migrate` first")]
    Pending(String),
    /// Something else stands in the way.
    #[error("{0}")]
    Other(String),
}

/// Opens the database. SQLite is migrated at once; PostgreSQL only where `migrate` says so.
///
/// # Errors
/// A database that cannot be opened, or that lacks migrations.
pub async fn open(config: &Config, migrate: bool) -> Result<(Store, Vec<String>), StartError> {
    let address: Address = config.database.address.parse().map_err(|error| StartError::Database {
        address: "in the settings".to_owned(),
        cause: format!("{error}"),
    })?;
    let fault = |cause: String| StartError::Database {
        address: address.to_string(),
        cause,
    };
    if let Some(folder) = address.file().and_then(Path::parent)
        && !folder.as_os_str().is_empty()
    {
        std::fs::create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
    }
    let limits = Limits {
        connections: NonZeroU32::new(config.database.connections).unwrap_or(NonZeroU32::MIN),
        ..Limits::default()
    };
    let place = address.clone();
    let opened = tokio::task::spawn_blocking(move || Store::open(&place, limits)).await;
    let store = opened
        .map_err(|error| fault(error.to_string()))?
        .map_err(|error| fault(error.to_string()))?;
    if migrate || address.file().is_some() {
        let ran = store
            .write(migration::run)
            .await
            .map_err(|error| fault(error.to_string()))?;
        return Ok((store, ran));
    }
    let pending = store
        .read(migration::pending)
        .await
        .map_err(|error| fault(error.to_string()))?;
    if pending.is_empty() {
        Ok((store, Vec::new()))
    } else {
        Err(StartError::Pending(pending.join(", ")))
    }
}

/// Opens the exchange on its database, with its keys.
///
/// # Errors
/// As [`open`], and keys that cannot be read.
pub async fn exchange(parts: &Parts) -> Result<Exchange, StartError> {
    let (store, _) = open(&parts.config, false).await?;
    let other = |error: ahq_exchange::error::Error| StartError::Other(error.to_string());
    let address: Address = parts
        .config
        .database
        .address
        .parse()
        .map_err(|error| StartError::Other(format!("{error}")))?;
    let keys = match address.file() {
        Some(file) => ServerKeys::in_file(&file.with_file_name("keys.json"), &parts.randomness).map_err(other)?,
        None => {
            let secret = parts.config.database_secret()?;
            ServerKeys::in_database(&store, &secret, &parts.randomness)
                .await
                .map_err(other)?
        }
    };
    let settings = Settings {
        public_address: parts.config.server.public_address.clone(),
        publication_notice_days: parts.config.exchange.publication_notice_days,
        mail_domain: parts.config.mail.domain.clone(),
        accounts: AccountSettings {
            session_lasts: chrono::Duration::hours(parts.config.accounts.session_hours.into()),
            session_idle: chrono::Duration::minutes(parts.config.accounts.session_idle_minutes.into()),
            second_factor: parts.config.accounts.second_factor,
        },
        retention: (&parts.config.retention).into(),
    };
    let fault = |error: FilesError| StartError::Other(format!("attachments.store: {error}"));
    let files = match parts.config.files()? {
        FilesPlace::Folder(folder) => Files::in_folder(&folder).map_err(fault)?,
        #[cfg(feature = "s3")]
        FilesPlace::Bucket(bucket) => Files::in_bucket(&bucket).map_err(fault)?,
    };
    Ok(Exchange::new(
        store,
        parts.clock.clone(),
        parts.randomness.clone(),
        keys,
        settings,
        Shelves::new(files, parts.config.scanner()?),
    )
    .with_providers(Providers::new(parts.config.providers()?)))
}

/// An installation that is being served.
pub struct Running {
    exchange: Exchange,
    serving: Serving,
    exposed: Option<Exposed>,
    stop: watch::Sender<bool>,
    worker: Option<JoinHandle<()>>,
    keys: JoinHandle<()>,
}

/// Opens the exchange and serves it; with its worker inside unless told otherwise.
///
/// # Errors
/// As [`exchange`], and an address that cannot be listened on.
pub async fn start(parts: Parts, with_worker: bool) -> Result<Running, StartError> {
    let exchange = exchange(&parts).await?;
    let metrics = Arc::new(Metrics::new(parts.clock.clone(), with_worker)?);
    let (stop, stopped) = watch::channel(false);
    let worker = if with_worker {
        Some(Worker::new(&parts.config, exchange.clone())?)
    } else {
        None
    };
    let exposed = metrics::expose(parts.config.server.metrics, &metrics, &exchange)?;
    let serving = serve::start(&parts.config, exchange.clone(), &metrics)?;
    let keys = tokio::spawn(keys::follow(exchange.clone(), stopped.clone()));
    let worker = worker.map(|worker| tokio::spawn(worker::run(worker, metrics, stopped)));
    Ok(Running {
        exchange,
        serving,
        exposed,
        stop,
        worker,
        keys,
    })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// Where its figures are served, if they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.exposed.as_ref().map(Exposed::address)
    }

    /// The exchange behind the interface.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Stops: takes no more connections, finishes accepted requests, ends the worker between two messages, and
    /// closes the database when all is written. It takes about ten seconds at the most.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        tokio::join!(self.serving.stop(), async {
            if let Some(worker) = self.worker {
                end(worker).await;
            }
        });
        if let Some(exposed) = self.exposed {
            exposed.stop().await;
        }
        let _ = self.keys.await;
        self.exchange.store().close().await;
    }
}

/// Waits for a worker that was told to stop. A mail server that stays silent is not waited for: the message is sent
/// again after its lease, under the same Message-ID.
async fn end(mut worker: JoinHandle<()>) {
    match tokio::time::timeout(LAST_MESSAGE, &mut worker).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the worker ended badly"),
        Err(_) => {
            worker.abort();
            tracing::warn!("a message was on its way for too long; it will be sent again");
        }
    }
}

/// Runs the worker alone until it is told to stop.
///
/// # Errors
/// As [`exchange`], and settings of mail that cannot be used.
pub async fn work(parts: Parts) -> Result<(), StartError> {
    let exchange = exchange(&parts).await?;
    let metrics = Arc::new(Metrics::new(parts.clock.clone(), true)?);
    let (stop, stopped) = watch::channel(false);
    let worker = Worker::new(&parts.config, exchange.clone())?;
    let exposed = metrics::expose(parts.config.server.metrics, &metrics, &exchange)?;
    let keys = tokio::spawn(keys::follow(exchange.clone(), stopped.clone()));
    let worker = tokio::spawn(worker::run(worker, metrics, stopped));
    wait_for_signal().await;
    let _ = stop.send(true);
    end(worker).await;
    let _ = keys.await;
    if let Some(exposed) = exposed {
        exposed.stop().await;
    }
    exchange.store().close().await;
    Ok(())
}

/// Returns when the operator asks the program to end: SIGTERM or Ctrl-C.
pub async fn wait_for_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Whether the database answers and has all migrations, and a worker comes for the mail that is due; `since` is when the
/// process began to serve.
///
/// # Errors
/// What stands in the way.
pub async fn ready(exchange: &Exchange, since: Instant) -> Result<(), String> {
    let (pending, stuck) = exchange
        .read(Credentials::System, move |work| {
            Ok((work.pending_migrations()?, work.mail_stuck_since(since)?))
        })
        .await
        .map_err(|error| error.to_string())?;
    if !pending.is_empty() {
        return Err(format!("migrations are missing: {}", pending.join(", ")));
    }
    match stuck {
        None => Ok(()),
        Some(due) => Err(format!(
            "mail has been due since {due} and no worker came for it: see whether `ahq worker`, or `ahq serve` with its \
             worker, runs and what it logs"
        )),
    }
}
