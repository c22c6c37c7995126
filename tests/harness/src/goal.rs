//! The line a benchmark or a drill ends with: what was measured, what was wanted, and whether that is so.

use std::fmt::Display;
use std::io::Write;

/// One measured goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// Its name, with the database where that matters: `R1-sqlite`.
    pub id: String,
    /// What was measured.
    pub measured: String,
    /// What is wanted.
    pub target: String,
    /// Whether the one satisfies the other.
    pub pass: bool,
}

impl Goal {
    /// A goal.
    pub fn new(id: impl Display, measured: impl Display, target: impl Display, pass: bool) -> Self {
        Self {
            id: id.to_string(),
            measured: measured.to_string(),
            target: target.to_string(),
            pass,
        }
    }

    /// Prints the line: `goal=R1-sqlite measured=0 target=0 pass`.
    pub fn print(&self) {
        say(format!(
            "goal={} measured={} target={} {}",
            self.id,
            self.measured,
            self.target,
            if self.pass { "pass" } else { "fail" }
        ));
    }
}

/// Says something on the standard output, at once. A reader that went away is no fault.
pub fn say(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
