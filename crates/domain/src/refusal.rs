//! Why a rule says no: one error for the whole floor, with all faults of an input at once.
//!
//! A refusal knows nothing of HTTP: the interface maps its kind to a status in one place.

use std::fmt;

/// One fault of an input: where it is, what kind it is, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The place in the input, as a JSON pointer (RFC 6901): `/questions/2/askIf`.
    pub pointer: String,
    /// A stable code such as `too_long`.
    pub code: &'static str,
    /// What is wrong and what would be right, for people.
    pub detail: String,
}

/// The faults found so far; every check adds to it, so that a caller hears of all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// No faults yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one fault.
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(Fault {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        });
    }

    /// Adds all of `other`, each below `prefix`.
    pub fn add_below(&mut self, prefix: &str, other: Faults) {
        for fault in other.0 {
            self.0.push(Fault {
                pointer: format!("{prefix}{}", fault.pointer),
                ..fault
            });
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was found, in the order of the checks.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }

    /// What was found, in the order of the checks.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// `value` when nothing was found, else the faults.
    ///
    /// # Errors
    /// The faults, when there is at least one.
    pub fn or<T>(self, value: T) -> Result<T, Faults> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}: {}", fault.pointer, fault.detail)?;
        }
        Ok(())
    }
}

/// Why a rule says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The input is wrong; every fault is named.
    #[error("the input has faults: {0}")]
    Invalid(Faults),
    /// For this caller the thing does not exist.
    #[error("there is no such thing")]
    Hidden,
    /// Nobody is signed in, and somebody must be.
    #[error("this needs a signed-in user")]
    Unauthenticated,
    /// The caller may see the thing, but not do this with it.
    #[error("{detail}")]
    Forbidden {
        /// A stable code.
        code: &'static str,
        /// What would be needed, for people.
        detail: String,
    },
    /// The thing is not in a position where this can be done.
    #[error("{detail}")]
    Conflict {
        /// A stable code such as `not_open`.
        code: &'static str,
        /// What stands in the way, for people.
        detail: String,
    },
}

impl Refusal {
    /// A single fault at `pointer`.
    pub fn invalid(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        let mut faults = Faults::new();
        faults.add(pointer, code, detail);
        Self::Invalid(faults)
    }

    /// The caller may see it but not do this.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Forbidden {
            code,
            detail: detail.into(),
        }
    }

    /// It cannot be done in the present position.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            detail: detail.into(),
        }
    }
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults)
    }
}
