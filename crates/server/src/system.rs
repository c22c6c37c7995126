//! The operating system's clock and randomness: read here, and nowhere below.

use ahq_domain::clock::{Clock, Randomness};
use chrono::Utc;

/// The clock of the machine.
#[expect(clippy::disallowed_methods, reason = "the entry point is where the clock is read")]
pub fn clock() -> Clock {
    Clock::new(Utc::now)
}

/// The randomness of the operating system; without it nothing of the exchange is safe, so the program ends.
#[expect(clippy::disallowed_methods, reason = "the entry point is where randomness is read")]
pub fn randomness() -> Randomness {
    Randomness::new(|buffer| {
        if let Err(error) = getrandom::fill(buffer) {
            tracing::error!(%error, "the operating system gives no randomness");
            // A panic would end one request only.
            std::process::abort();
        }
    })
}
