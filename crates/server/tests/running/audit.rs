//! The audit as an operator meets it: numbered by the worker, verified, and held against checkpoints kept elsewhere.

use std::path::Path;
use std::time::Duration;

use ahq_server::audit::{AuditCommand, run};
use ahq_server::lifecycle::Parts;
use ahq_store::StoreError;
use diesel::connection::SimpleConnection;

use crate::{on_both, parts, started};

on_both! {
    the_worker_numbers_what_happens_and_every_touch_is_told,
}

async fn verify(parts: &Parts, checkpoints: Option<&Path>) -> Result<(), String> {
    let checkpoints = checkpoints.map(Path::to_path_buf);
    let done = run(parts, AuditCommand::Verify { checkpoints }).await;
    done.map_err(|error| error.to_string())
}

async fn the_worker_numbers_what_happens_and_every_touch_is_told(database: &str, _: &str, folder: &Path) {
    let (daily, own) = (folder.join("daily.jsonl"), folder.join("own.jsonl"));
    let mut parts = parts(database, folder);
    parts.config.audit.checkpoints = Some(daily.clone());
    let running = started(&parts, true).await;
    let waiting = || async {
        let waiting = running
            .exchange()
            .store()
            .read(|conn| ahq_store::audit::is_waiting(conn, None))
            .await;
        waiting.unwrap_or_else(|error: StoreError| panic!("{error}"))
    };
    let begun = std::time::Instant::now();
    while waiting().await || !daily.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "no worker numbers them");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The checkpoint of the day is the first one of it only.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(std::fs::read_to_string(&daily).unwrap().lines().count(), 1);
    run(&parts, AuditCommand::Checkpoint { file: own.clone() })
        .await
        .unwrap();
    run(&parts, AuditCommand::Checkpoint { file: own.clone() })
        .await
        .unwrap();
    assert_eq!(std::fs::read_to_string(&own).unwrap().lines().count(), 2);
    assert_eq!(verify(&parts, Some(&own)).await, Ok(()));
    assert_eq!(verify(&parts, None).await, Ok(()));

    let forged = std::fs::read_to_string(&own)
        .unwrap()
        .replace("\"number\":", "\"number\":1");
    let other = folder.join("forged.jsonl");
    std::fs::write(&other, forged).unwrap();
    let told = verify(&parts, Some(&other)).await.unwrap_err();
    assert!(told.contains("line 1 was changed"), "{told}");
    let told = verify(&parts, Some(&folder.join("none"))).await.unwrap_err();
    assert!(told.contains("none"), "{told}");

    running
        .exchange()
        .store()
        .write(|conn| -> Result<(), StoreError> {
            Ok(conn.batch_execute("UPDATE audit_events SET subject = 'another' WHERE action = 'network.imported'")?)
        })
        .await
        .unwrap();
    let told = verify(&parts, None).await.unwrap_err();
    assert!(told.contains("event 1 is not what was sealed"), "{told}");
    assert!(told.contains("0 events before it verified"), "{told}");
    running.stop().await;
}
