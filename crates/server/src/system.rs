//! The operating system's clock and randomness: read here, and nowhere below.

use ahq_domain::clock::{Clock, Randomness};
use chrono::Utc;

/// The clock of the machine.
#[expect(clippy::disallowed_methods, reason = "the entry point is where the clock is read")]
pub fn clock() -> Clock {
    Clock::new(Utc::now)
}

/// The randomness of the operating system; without it nothing of the exchange is safe, so the program ends.
#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "the entry point is where randomness is read, and there is nothing to fall back on"
)]
pub fn randomness() -> Randomness {
    Randomness::new(|buffer| getrandom::fill(buffer).expect("the operating system gives randomness"))
}
