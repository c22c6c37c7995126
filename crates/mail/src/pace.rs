//! How fast messages leave: evenly, so many a minute. A message waits for its turn and is never dropped.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The turns of messages.
pub(crate) struct Pace {
    /// How long one turn takes.
    turn: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    /// So many messages a minute at the most; 0 for as many as there are.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            turn: Duration::from_secs(60).checked_div(per_minute).unwrap_or_default(),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for the next turn, and takes it.
    pub(crate) async fn turn(&self) {
        let turn = {
            // An instant is whole even if a holder panicked.
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + self.turn;
            turn
        };
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long so many messages take, one after the other.
    async fn taken(pace: &Pace, messages: u32) -> Duration {
        let begun = Instant::now();
        for _ in 0..messages {
            pace.turn().await;
        }
        begun.elapsed().round()
    }

    trait Round {
        fn round(self) -> Self;
    }

    impl Round for Duration {
        /// The paused clock goes in steps of a millisecond.
        fn round(self) -> Self {
            Self::from_millis(u64::try_from((self.as_millis() + 50) / 100 * 100).expect("short"))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn messages_leave_evenly() {
        let pace = Pace::new(30);
        assert_eq!(taken(&pace, 31).await, Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn turns_that_nobody_took_are_not_made_up_for() {
        let pace = Pace::new(30);
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(taken(&pace, 31).await, Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_together_leave_one_after_the_other() {
        let pace = Pace::new(60);
        let begun = Instant::now();
        tokio::join!(pace.turn(), pace.turn(), pace.turn(), pace.turn());
        assert_eq!(begun.elapsed().round(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_waits() {
        assert_eq!(taken(&Pace::new(0), 1_000).await, Duration::ZERO);
    }
}
