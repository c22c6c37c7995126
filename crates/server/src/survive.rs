//! Outliving a panic: one request or one message that meets a defect must not end the others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// What a future gives, or none where it panicked. The panic is told by the hook that [`crate::telemetry`] sets; the
/// future is dropped, and what it had borrowed is as it left it.
pub(crate) async fn survive<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        },
    )
    .await
}
