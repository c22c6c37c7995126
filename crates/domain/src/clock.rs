//! The clock and the randomness that entry points hand in, and Brussels time.
//!
//! Nothing below an entry point reads the operating system's clock or randomness; clippy's disallowed methods hold
//! the code to that.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use chrono_tz::{Europe::Brussels, Tz};

/// An instant in UTC, to the microsecond.
pub type Instant = DateTime<Utc>;

/// The time zone of every deadline of the exchange.
pub const BRUSSELS: Tz = Brussels;

/// Where the time comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// A clock that reads `source` each time it is asked.
    pub fn new(source: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Now, cut to microseconds: what PostgreSQL keeps, so that a stored instant equals the one it was made from.
    pub fn now(&self) -> Instant {
        (self.0)().trunc_subsecs(6)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// Where randomness comes from: fills a buffer with bytes fit for secrets.
#[derive(Clone)]
pub struct Randomness(Arc<Fill>);

impl Randomness {
    /// Randomness that comes from `source`.
    pub fn new(source: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness")
    }
}

/// The date that a clock in Brussels shows at `instant`.
pub fn brussels_date(instant: Instant) -> NaiveDate {
    instant.with_timezone(&BRUSSELS).date_naive()
}

/// A date as the documents of the exchange write it: `4 December 2026`.
pub fn written_date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}
