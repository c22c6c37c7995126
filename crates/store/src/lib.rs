//! The tables of the exchange: the only crate that knows SQL, on SQLite and on PostgreSQL alike.
//!
//! A [`Store`] runs use cases. Each is a closure that is handed a [`Connection`]: in [`Store::write`] it is one
//! transaction, all of it or none; in [`Store::read`] it changes nothing. Rows stay private to this crate: domain values
//! go in and come out, and a lookup that finds nothing returns `Option`.
//!
//! It never decides what somebody may do, never reads a clock, never makes an id and never speaks to anything but the
//! database; but [`files`], where the bytes of attachments lie.

pub mod account_links;
pub mod attachments;
pub mod audit;
pub mod authorizations;
pub mod backup;
pub mod clarifications;
pub mod column;
pub mod connection;
pub mod contributions;
pub mod corrections;
pub mod documents;
pub mod editions;
pub mod erasures;
mod error;
pub mod exports;
pub mod extensions;
pub mod feeds;
pub mod files;
pub mod holds;
pub mod holidays;
pub mod identities;
pub mod invitations;
pub mod keys;
pub mod mailings;
pub mod migration;
pub mod notifications;
pub mod office_settings;
pub mod offices;
pub mod outbox;
pub mod persons;
mod pool;
pub mod queries;
pub mod reminders;
pub mod replays;
pub mod responses;
pub mod retention;
mod schema;
pub mod second_factors;
mod session;
pub mod sessions;
pub mod summaries;
pub mod suppressions;
pub mod throttles;
pub mod tokens;
pub mod topics;
pub mod user_lists;
pub mod users;
mod word;
mod write;

pub use connection::{Address, AnyConnection as Connection};
pub use error::{StoreError, changed_one};

use connection::Role;
use pool::Pool;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use write::Writer;

/// How much the store does at once, and how long callers wait.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections kept open at most: PostgreSQL's for everything, SQLite's for reading.
    pub connections: NonZeroU32,
    /// Changes that may wait for SQLite's one writer; one more is turned away as [`StoreError::Busy`].
    pub waiting_writes: NonZeroU32,
    /// How long a caller waits for a free connection before it is turned away as [`StoreError::Busy`].
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: NonZeroU32::MIN.saturating_add(7),
            waiting_writes: NonZeroU32::MIN.saturating_add(1023),
            patience: Duration::from_secs(5),
        }
    }
}

/// How busy the store is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Connections of the pool that serve a use case.
    pub in_use: usize,
    /// Connections of the pool that are open and wait for one.
    pub idle: usize,
    /// Changes that wait for SQLite's one writer; none on PostgreSQL, where each has its connection.
    pub waiting_writes: Option<usize>,
}

/// The database, open for use cases. Clones share it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Arc<Pool>,
    /// SQLite's; on PostgreSQL the pool's connections write.
    writer: Option<Writer>,
    statements: Arc<AtomicU64>,
}

impl Store {
    /// Opens the database, creating SQLite's file if it is not there. It blocks for as long as one connection takes, and
    /// runs no migration.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be reached, [`StoreError::Unfit`] if it would lose acknowledged changes.
    pub fn open(address: &Address, limits: Limits) -> Result<Self, StoreError> {
        let statements = Arc::new(AtomicU64::new(0));
        // The writer opens first: it creates the file and its log, which a reader cannot.
        let writer = match address.file() {
            Some(_) => Some(Writer::start(
                address.clone(),
                limits.waiting_writes,
                Arc::clone(&statements),
            )?),
            None => None,
        };
        let pool = Arc::new(Pool::new(
            address.clone(),
            Role::Read,
            limits.connections,
            limits.patience,
            Arc::clone(&statements),
        ));
        pool.prove()?;
        Ok(Self {
            shared: Arc::new(Shared {
                pool,
                writer,
                statements,
            }),
        })
    }

    /// Runs a use case as one transaction and returns when it is durable. It runs once, and to its end even if the caller
    /// does not wait for it. An error, or a panic, undoes all it did.
    ///
    /// On SQLite it shares a commit with its neighbours, who neither see it fail nor fail with it. An error of a
    /// statement has to be passed on, except inside a `connection.transaction(…)` of its own, which is a savepoint: on
    /// PostgreSQL nothing else can follow it, and on SQLite a full disk may have undone everything already.
    ///
    /// # Errors
    /// The use case's own, and [`StoreError`] for what happens to its transaction. After [`StoreError::Unavailable`] it
    /// is not known whether the changes stand.
    pub async fn write<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        match &self.shared.writer {
            Some(writer) => writer.write(use_case).await,
            None => self.shared.pool.lend(move |session| session.write(use_case)).await,
        }
    }

    /// Runs a use case that changes nothing; a statement that would is refused.
    ///
    /// On SQLite all its statements see one moment. On PostgreSQL each sees its own, because a common one costs two round
    /// trips, as much as the typical read itself: a use case whose statements must agree says so with
    /// `connection.transaction(…)` or, better, asks in one statement.
    ///
    /// # Errors
    /// The use case's own, and [`StoreError`] for what happens to its connection.
    pub async fn read<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        self.shared.pool.lend(move |session| session.read(use_case)).await
    }

    /// How many statements use cases have sent since the store was opened, savepoints of their own included, the
    /// transactions around them not. A test takes the difference.
    pub fn statements(&self) -> u64 {
        self.shared.statements.load(Ordering::Relaxed)
    }

    /// How busy it is right now.
    pub fn load(&self) -> Load {
        let (in_use, idle) = self.shared.pool.load();
        Load {
            in_use,
            idle,
            waiting_writes: self.shared.writer.as_ref().map(Writer::waiting),
        }
    }

    /// Takes no more use cases, waits for those it has taken, and closes every connection. Dropping the last clone drains
    /// the writer too, but blocks meanwhile.
    pub async fn close(&self) {
        let shared = Arc::clone(&self.shared);
        let drained = tokio::task::spawn_blocking(move || {
            if let Some(writer) = &shared.writer {
                writer.close();
            }
        });
        if drained.await.is_err() {
            tracing::error!("the writer of the database could not be drained");
        }
        self.shared.pool.close().await;
    }
}
