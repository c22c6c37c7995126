//! When which signing key counts: one signs, and the one before it is good until all that it signed is over.
//!
//! Keys follow one another, each from an instant on. A new one signs a while after it was made, so that every server has
//! read it by then.

use chrono::Duration;

use crate::clock::Instant;
use crate::refusal::Refusal;

/// How long an access token is good, in seconds.
pub const TOKEN_SECONDS: i64 = 600;
/// How long after it was made a key begins to sign: servers read the keys anew more often than that.
pub const SIGNS_AFTER: Duration = Duration::minutes(5);
/// How much longer than its last token a key is good: the clocks of two servers may be apart.
const APART: Duration = Duration::minutes(1);

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// It will sign.
    Waiting,
    /// It signs.
    Signing,
    /// What it signed may still be good; it signs no more.
    Ending {
        /// Until when.
        until: Instant,
    },
    /// All access tokens it signed are over. Its public half is kept for the checkpoints of the audit.
    Retired,
}

/// Where each key stands, given from when on each signs, in this order. The first one signs before its time too: somebody
/// has to.
pub fn statuses(from: &[Instant], now: Instant) -> Vec<KeyStatus> {
    let signing = from.iter().rposition(|from| *from <= now).unwrap_or(0);
    (0..from.len())
        .map(|at| {
            if at > signing {
                return KeyStatus::Waiting;
            }
            let Some(next) = from.get(at + 1).filter(|_| at < signing) else {
                return KeyStatus::Signing;
            };
            let until = *next + Duration::seconds(TOKEN_SECONDS) + APART;
            if now < until {
                KeyStatus::Ending { until }
            } else {
                KeyStatus::Retired
            }
        })
        .collect()
}

/// From when on a new key signs.
///
/// # Errors
/// `rotation_under_way` while two keys are good already.
pub fn next_from(from: &[Instant], now: Instant) -> Result<Instant, Refusal> {
    let settled = |status: &KeyStatus| matches!(status, KeyStatus::Signing | KeyStatus::Retired);
    if statuses(from, now).iter().all(settled) {
        return Ok(now + SIGNS_AFTER);
    }
    Err(Refusal::conflict(
        "rotation_under_way",
        "the rotation before is under way: wait until all access tokens of the key before are over, about a quarter of an hour",
    ))
}

#[cfg(test)]
mod tests {
    use super::KeyStatus::{Retired, Signing, Waiting};
    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::UNIX_EPOCH + Duration::minutes(minute)
    }

    #[test]
    fn one_key_signs_and_two_are_good_at_the_most() {
        let ending = |minute| KeyStatus::Ending { until: at(minute) };
        for (from, now, expected) in [
            (vec![0], 100, vec![Signing]),
            // A clock that shows an earlier time than when the first key was made.
            (vec![200], 100, vec![Signing]),
            (vec![200, 300], 100, vec![Signing, Waiting]),
            (vec![0, 101], 100, vec![Signing, Waiting]),
            (vec![0, 100], 100, vec![ending(111), Signing]),
            (vec![0, 90], 100, vec![ending(101), Signing]),
            (vec![0, 89], 100, vec![Retired, Signing]),
            (vec![0, 50, 101], 100, vec![Retired, Signing, Waiting]),
            (vec![0, 50, 95], 100, vec![Retired, ending(106), Signing]),
        ] {
            let from: Vec<Instant> = from.into_iter().map(at).collect();
            assert_eq!(statuses(&from, at(now)), expected, "{from:?} at {now}");
            let good = |status: &&KeyStatus| **status != Retired;
            assert!(expected.iter().filter(good).count() <= 2);
        }
    }

    #[test]
    fn a_rotation_waits_for_the_one_before() {
        for (from, now, next) in [
            (vec![0], 100, Some(105)),
            (vec![0, 101], 100, None),
            (vec![0, 100], 110, None),
            (vec![0, 100], 111, Some(116)),
            (vec![0, 50, 89], 100, Some(105)),
        ] {
            let from: Vec<Instant> = from.into_iter().map(at).collect();
            assert_eq!(next_from(&from, at(now)).ok(), next.map(at), "{from:?} at {now}");
        }
    }
}
