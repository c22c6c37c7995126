//! One open connection and what is known about it: how many statements use cases sent through it, and whether it is
//! still to be trusted. Use cases run here, inside a transaction or a savepoint, and a panic in one is an error of that
//! one alone.

use crate::connection::{Address, AnyConnection, Role};
use crate::error::StoreError;
use diesel::connection::{Connection as _, InstrumentationEvent, TransactionManager};
use diesel::r2d2::R2D2Connection;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type Transactions = AnyConnection;

/// What the statements of one connection report while they run.
struct Tally {
    /// Statements sent by use cases, over all connections of the store.
    statements: Arc<AtomicU64>,
    /// Whether a use case is running; what the store itself sends is not counted.
    counting: AtomicBool,
    /// The last failure that may have cost more than its own statement.
    trouble: Mutex<Option<StoreError>>,
}

/// An open connection.
pub(crate) struct Session {
    connection: AnyConnection,
    tally: Arc<Tally>,
    /// Set when a transaction could not be ended as it should: the connection is not to be used again.
    lost: bool,
}

impl Session {
    pub(crate) fn open(address: &Address, role: Role, statements: &Arc<AtomicU64>) -> Result<Self, StoreError> {
        let mut connection = address.open(role)?;
        let tally = Arc::new(Tally {
            statements: Arc::clone(statements),
            counting: AtomicBool::new(false),
            trouble: Mutex::new(None),
        });
        let seen = Arc::clone(&tally);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { .. } if seen.counting.load(Ordering::Relaxed) => {
                seen.statements.fetch_add(1, Ordering::Relaxed);
            }
            InstrumentationEvent::FinishQuery { error: Some(error), .. } => {
                let error = StoreError::from(error);
                if error.is_grave() {
                    *seen.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
            _ => {}
        });
        Ok(Self {
            connection,
            tally,
            lost: false,
        })
    }

    /// Runs a use case in a transaction of its own, that may change rows.
    pub(crate) fn write<T, E, F>(&mut self, use_case: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, E>,
        E: From<StoreError>,
    {
        self.begin()?;
        self.finish(1, use_case)
    }

    /// Runs a use case in a savepoint of the transaction that [`Session::begin`] opened.
    pub(crate) fn savepoint<T, E, F>(&mut self, use_case: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, E>,
        E: From<StoreError>,
    {
        Transactions::begin_transaction(&mut self.connection).map_err(StoreError::from)?;
        self.finish(2, use_case)
    }

    /// Runs a use case that changes nothing.
    pub(crate) fn read<T, E, F>(&mut self, use_case: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, E>,
        E: From<StoreError>,
    {
        self.connection.begin_read().map_err(StoreError::from)?;
        let depth = self.connection.depth().map_err(StoreError::from)?;
        self.finish(depth, use_case)
    }

    /// Opens the transaction that several use cases share.
    pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.begin_write()?)
    }

    /// Commits what [`Session::begin`] opened, or tells why none of it will ever be seen.
    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        if self.lost {
            let trouble = self.tally.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
            return Err(trouble.unwrap_or_else(|| StoreError::Unavailable("the transaction was lost".to_owned())));
        }
        Ok(Transactions::commit_transaction(&mut self.connection)?)
    }

    /// Whether a transaction could not be ended as it should.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether the connection may serve another use case: nothing is open, and after trouble it still answers.
    pub(crate) fn is_sound(&mut self) -> bool {
        let trouble = self.tally.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        !self.lost && self.connection.depth() == Ok(0) && (trouble.is_none() || self.connection.ping().is_ok())
    }

    /// Runs a use case in what was opened as number `depth`, and closes that: it stands if the use case succeeded and
    /// left nothing of its own open, and is undone otherwise.
    fn finish<T, E, F>(&mut self, depth: u32, use_case: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, E>,
        E: From<StoreError>,
    {
        self.tally.counting.store(true, Ordering::Relaxed);
        let outcome = catch_unwind(AssertUnwindSafe(|| use_case(&mut self.connection)));
        self.tally.counting.store(false, Ordering::Relaxed);
        let outcome = outcome.unwrap_or_else(|panic| Err(panicked(panic.as_ref()).into()));
        let open = self.connection.depth();
        let ended = match &outcome {
            Ok(_) if open == Ok(depth) && depth > 0 => {
                Transactions::commit_transaction(&mut self.connection).map_err(StoreError::from)
            }
            Ok(_) if open == Ok(depth) => Ok(()),
            Ok(_) => Err(StoreError::Other("a use case left a transaction open".to_owned())),
            Err(_) => {
                self.undo(depth);
                Ok(())
            }
        };
        match ended {
            Ok(()) => outcome,
            Err(error) => {
                self.undo(depth);
                Err(error.into())
            }
        }
    }

    /// Rolls back everything opened as number `depth` and above. If more than that is gone, as after a fault of the disk,
    /// the transaction around it is lost with all that was done in it.
    fn undo(&mut self, depth: u32) {
        let due = depth.saturating_sub(1);
        while self.connection.depth().is_ok_and(|open| open > due) {
            if Transactions::rollback_transaction(&mut self.connection).is_err() {
                break;
            }
        }
        self.lost |= self.connection.depth() != Ok(due);
    }
}

fn panicked(panic: &(dyn Any + Send)) -> StoreError {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message");
    StoreError::Other(format!("a use case panicked: {message}"))
}
