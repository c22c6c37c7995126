//! Connections that are kept open and lent to one use case at a time. Callers wait for a connection as tasks, so that no
//! thread stands idle for them. A use case on a server runs on a blocking thread, since it waits for the network; one on a
//! file runs where it is called: handing it over and back costs more than most of them take.

use crate::connection::{Address, Role};
use crate::error::StoreError;
use crate::session::Session;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) struct Pool {
    address: Address,
    role: Role,
    statements: Arc<AtomicU64>,
    size: u32,
    patience: Duration,
    permits: Arc<Semaphore>,
    /// The one used last lies on top, so that under little load few stay warm.
    idle: Mutex<Vec<Session>>,
}

impl Pool {
    /// A pool of at most `size` connections; a caller waits for one no longer than `patience`.
    pub(crate) fn new(
        address: Address,
        role: Role,
        size: NonZeroU32,
        patience: Duration,
        statements: Arc<AtomicU64>,
    ) -> Self {
        let size = size.get();
        let permits = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS)));
        Self {
            address,
            role,
            statements,
            size,
            patience,
            permits,
            idle: Mutex::default(),
        }
    }

    /// Opens one connection now, so that a database out of reach or unfit is found at once.
    pub(crate) fn prove(&self) -> Result<(), StoreError> {
        let session = self.take()?;
        self.give_back(session);
        Ok(())
    }

    /// Lends a connection to `work`.
    pub(crate) async fn lend<T, E, F>(self: &Arc<Self>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Session) -> Result<T, E> + Send + 'static,
    {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(self.patience, Arc::clone(&self.permits).acquire_owned())
                .await
                .map_err(|_| StoreError::Busy("all connections are in use".to_owned()))?
                .map_err(|_| closed())?,
        };
        if self.address.file().is_some() {
            return self.run(permit, work);
        }
        let pool = Arc::clone(self);
        tokio::task::spawn_blocking(move || pool.run(permit, work))
            .await
            .unwrap_or_else(|fault| Err(StoreError::Unavailable(fault.to_string()).into()))
    }

    fn run<T, E, F>(&self, permit: OwnedSemaphorePermit, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnOnce(&mut Session) -> Result<T, E>,
    {
        let mut session = self.take()?;
        let outcome = work(&mut session);
        self.give_back(session);
        drop(permit);
        outcome
    }

    /// Waits for those at work and closes every connection; later callers are turned away.
    pub(crate) async fn close(&self) {
        // Only a pool closed before has none to give.
        if let Ok(all) = self.permits.acquire_many(self.size).await {
            self.permits.close();
            drop(all);
        }
        self.idle().clear();
    }

    /// How many connections are lent, and how many are open and idle.
    pub(crate) fn load(&self) -> (usize, usize) {
        let size = usize::try_from(self.size).unwrap_or(Semaphore::MAX_PERMITS);
        let lent = size.saturating_sub(self.permits.available_permits());
        (lent, self.idle().len())
    }

    fn take(&self) -> Result<Session, StoreError> {
        let idle = self.idle().pop();
        idle.map_or_else(|| Session::open(&self.address, self.role, &self.statements), Ok)
    }

    /// A connection that failed leaves, and takes the idle ones with it: after a restart of the server they are as dead.
    fn give_back(&self, mut session: Session) {
        let sound = session.is_sound();
        let mut idle = self.idle();
        if sound {
            idle.push(session);
        } else {
            idle.clear();
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store was closed.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
