//! Keeps messages in memory, for tests and for trying the program out. Nothing leaves the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::outgoing::Outgoing;
use crate::transport::{Receipt, SendError};

/// The messages sent so far; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<Outgoing>>>);

impl Memory {
    /// An empty memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was sent so far, the earliest first; a repeat stands there twice.
    pub fn sent(&self) -> Vec<Outgoing> {
        self.kept().clone()
    }

    pub(crate) fn send(&self, outgoing: &Outgoing) -> Result<Receipt, SendError> {
        outgoing.compose()?;
        self.kept().push(outgoing.clone());
        Ok(Receipt::new("kept in memory"))
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Outgoing>> {
        // A push or a clone leaves the list whole even if a holder panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
