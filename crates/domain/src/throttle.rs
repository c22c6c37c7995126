//! Throttles: after how many failures the next try waits, and how long.
//!
//! They hold up signing in and links that are asked for; a session that is open, and a link that was mailed, they never do.

use chrono::Duration;

use crate::clock::Instant;

/// How failures make the next try wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// So many tries never wait.
    pub free: i32,
    /// The longest wait; it begins with a second and doubles.
    pub longest: Duration,
    /// After so long without a try they are forgotten.
    pub forgotten_after: Duration,
}

/// Signing in to one account.
pub const ACCOUNT: Throttle = Throttle {
    free: 5,
    longest: Duration::minutes(15),
    forgotten_after: Duration::hours(24),
};

/// Signing in from one address of the network: an office may share one.
pub const ADDRESS: Throttle = Throttle {
    free: 20,
    longest: Duration::minutes(15),
    forgotten_after: Duration::hours(1),
};

impl Throttle {
    /// The failures that count at `now`, of so many with the last one at `last`.
    pub fn counted(&self, failures: i32, last: Instant, now: Instant) -> i32 {
        if now - last >= self.forgotten_after {
            0
        } else {
            failures
        }
    }

    /// For how long the next try has to wait at `now`; none when it need not.
    pub fn wait(&self, failures: i32, last: Instant, now: Instant) -> Option<Duration> {
        let failures = self.counted(failures, last, now);
        if failures < self.free {
            return None;
        }
        let doublings = u32::try_from((failures - self.free).min(20)).unwrap_or(0);
        let until = last + Duration::seconds(1 << doublings).min(self.longest);
        (now < until).then(|| until - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_forgotten() {
        let last: Instant = "2026-11-30T08:00:00Z".parse().unwrap();
        let at = |seconds: i64| last + Duration::seconds(seconds);
        for (failures, after, waits) in [
            (4, 0, None),
            (5, 0, Some(1)),
            (5, 1, None),
            (8, 3, Some(5)),
            (30, 0, Some(900)),
            (30, 899, Some(1)),
            (30, 900, None),
            (2_000_000, 1, Some(899)),
            (30, 24 * 3600, None),
        ] {
            let wait = ACCOUNT.wait(failures, last, at(after)).map(|wait| wait.num_seconds());
            assert_eq!(wait, waits, "{failures} failures, {after} s ago");
        }
        assert_eq!(ADDRESS.counted(30, last, at(3600)), 0);
        assert_eq!(ADDRESS.counted(30, last, at(3599)), 30);
    }
}
