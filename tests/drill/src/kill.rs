//! R1: killed at random moments under many writers, nothing acknowledged is lost and nothing is invented.

use ahq_harness::goal::Goal;
use ahq_harness::installation::Installation;

use crate::Order;

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(installation) = Installation::new(order.database, order.subject.clone()).await else {
        return Vec::new();
    };
    let mut process = installation.start(&["serve", "--no-worker"]);
    let ready = process.ready().await;
    vec![Goal::new(order.goal("R1"), format!("{ready:?}"), 0, false)]
}
