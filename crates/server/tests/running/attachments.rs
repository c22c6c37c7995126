//! A scanner that is configured and not there: nothing is taken.

use std::path::Path;

use ahq_domain::attachment::MediaType;
use ahq_exchange::error::Error;

use crate::{on_both, parts, started};

on_both! {
    without_a_verdict_nothing_is_taken,
}

async fn without_a_verdict_nothing_is_taken(database: &str, _: &str, folder: &Path) {
    let mut parts = parts(database, folder);
    parts.config.attachments.clamd = Some("tcp:127.0.0.1:1".to_owned());
    let running = started(&parts, false).await;
    let taken = running
        .exchange()
        .take_in("a.txt", MediaType::Text, "Words".into())
        .await;
    assert!(matches!(taken, Err(Error::NotScanned)));
    assert_eq!(std::fs::read_dir(folder.join("attachments")).unwrap().count(), 0);
    running.stop().await;
}
