//! Signing keys as an operator meets them: rotated by a command beside the program that serves.

use std::path::Path;

use ahq_domain::signing::KeyStatus;
use ahq_server::keys::{KeysCommand, run};
use ahq_server::lifecycle;

use crate::{PASSWORD, on_both, parts, sign_in, started};

on_both! {
    a_command_rotates_and_the_program_follows,
}

async fn a_command_rotates_and_the_program_follows(database: &str, _: &str, folder: &Path) {
    let parts = parts(database, folder);
    let running = started(&parts, false).await;
    let exchange = running.exchange();
    let statuses = || {
        let keys = exchange.keys().list(exchange.clock().now());
        keys.into_iter().map(|key| key.status).collect::<Vec<_>>()
    };
    assert_eq!(statuses(), [KeyStatus::Signing]);
    assert!(!exchange.reload_keys().await.unwrap());
    run(&parts, KeysCommand::Rotate).await.unwrap();
    run(&parts, KeysCommand::List).await.unwrap();
    let told = run(&parts, KeysCommand::Rotate).await.unwrap_err().to_string();
    assert!(told.contains("under way"), "{told}");
    assert!(exchange.reload_keys().await.unwrap());
    assert_eq!(statuses(), [KeyStatus::Signing, KeyStatus::Waiting]);
    assert_eq!(sign_in(&running, PASSWORD).await, 201);
    let again = lifecycle::start(parts.clone(), false).await.unwrap();
    let now = exchange.clock().now();
    assert_eq!(again.exchange().keys().list(now), exchange.keys().list(now));
    again.stop().await;
    running.stop().await;
    #[cfg(unix)]
    if !database.contains("://") {
        let file = Path::new(database).with_file_name("keys.json");
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&file, r#"{"signing":[],"hashing":""}"#).unwrap();
        assert!(
            lifecycle::exchange(&parts).await.is_err(),
            "damaged keys are told, not replaced"
        );
    }
}
