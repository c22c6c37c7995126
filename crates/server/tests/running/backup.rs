//! Backup and restore, from the folder of the one to the program that serves what was in it.

use std::path::{Path, PathBuf};

use ahq_domain::attachment::MediaType;
use ahq_server::backup::{Manifest, backup, restore};
use ahq_server::lifecycle;
use secrecy::SecretString;

use crate::{PASSWORD, on_both, parts, sign_in, started};

on_both! {
    files_of_attachments_are_backed_up_too,
    what_was_backed_up_serves_again,
    a_half_or_changed_backup_is_refused,
    a_database_that_is_not_empty_is_refused,
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn files_of_attachments_are_backed_up_too(old: &str, new: &str, folder: &Path) {
    let (old_parts, mut new_parts) = (parts(old, folder), parts(new, folder));
    new_parts.config.attachments.store = Some(folder.join("restored").display().to_string());
    let running = started(&old_parts, false).await;
    let taken = running.exchange().take_in("a.txt", MediaType::Text, "Words".into());
    let file = taken.await.unwrap();
    std::fs::write(folder.join("attachments/stranger"), "not one of ours").unwrap();
    running.stop().await;
    let kept = backup(&old_parts, &folder.join("backups")).await.unwrap();
    let manifest = Manifest::read(&kept).unwrap();
    let name = format!("attachments/{}.{}", file.sha256, file.id);
    let named: Vec<_> = manifest.files.keys().filter(|name| name.contains('/')).collect();
    assert_eq!(named, [&name]);
    restore(&new_parts, &kept, false).await.unwrap();
    let again = lifecycle::start(new_parts, false).await.unwrap();
    assert_eq!(again.exchange().file(&file).await.unwrap(), "Words");
    again.stop().await;
    // A name that leads elsewhere is no name of a file.
    let text = std::fs::read_to_string(kept.join("manifest.json")).unwrap();
    std::fs::write(
        kept.join("manifest.json"),
        text.replace("attachments/", "attachments/../"),
    )
    .unwrap();
    let mut third = old_parts.clone();
    third.config.database.address = folder.join("third/ahq.db").display().to_string();
    assert!(restore(&third, &kept, false).await.is_err());
}

async fn what_was_backed_up_serves_again(old: &str, new: &str, folder: &Path) {
    let (old_parts, new_parts) = (parts(old, folder), parts(new, folder));
    let running = started(&old_parts, true).await;
    assert_eq!(sign_in(&running, PASSWORD).await, 201);
    running.exchange().rotate_keys().await.unwrap();
    let into = folder.join("deep/backups");
    let kept = backup(&old_parts, &into).await.unwrap();
    assert_eq!(sign_in(&running, PASSWORD).await, 201, "it goes on serving");
    assert_eq!(
        names(&into),
        [kept.file_name().unwrap().to_str().unwrap()],
        "nothing unfinished is left"
    );
    let manifest = Manifest::read(&kept).unwrap();
    assert_eq!(
        (manifest.content.rows["users"], manifest.content.rows["sessions"]),
        (1, 1)
    );
    let files: Vec<&str> = manifest.files.keys().map(String::as_str).collect();
    if running_on_file(old) {
        assert_eq!(files, ["ahq.db", "keys.json"]);
    } else {
        assert_eq!((files, manifest.content.rows["keys"]), (vec!["ahq.dump"], 1));
    }
    #[cfg(unix)]
    for name in names(&kept) {
        let permissions = std::fs::metadata(kept.join(&name)).unwrap().permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&permissions);
        assert_eq!(mode & 0o777, 0o600, "{name} is its owner's alone");
    }
    let restored = restore(&new_parts, &kept, false).await.unwrap();
    assert_eq!(
        (restored.manifest, restored.kept),
        (manifest.clone(), Vec::<PathBuf>::new())
    );
    let again = lifecycle::start(new_parts.clone(), false).await.unwrap();
    let noted = again
        .exchange()
        .store()
        .read(|conn| Ok::<_, ahq_store::StoreError>(conn.count_rows_with("audit_events", "exchange.restored")?));
    assert_eq!(noted.await.unwrap(), 1, "the audit says that it was restored");
    let keys = |running: &lifecycle::Running| {
        let exchange = running.exchange();
        (
            exchange.keys().list(exchange.clock().now()),
            exchange.keys().hash("a", b"b"),
        )
    };
    assert_eq!(keys(&again), keys(&running));
    assert_eq!(sign_in(&again, PASSWORD).await, 201);
    again.stop().await;
    running.stop().await;
    let second = backup(&new_parts, &into).await.unwrap();
    assert_eq!(names(&into).len(), 2);
    let second = Manifest::read(&second).unwrap().content.rows;
    assert_eq!(
        (second["users"], second["sessions"]),
        (1, 2),
        "one sign-in more than in the first"
    );
}

fn running_on_file(address: &str) -> bool {
    !address.contains("://")
}

async fn a_half_or_changed_backup_is_refused(old: &str, new: &str, folder: &Path) {
    let (old_parts, new_parts) = (parts(old, folder), parts(new, folder));
    started(&old_parts, false).await.stop().await;
    let kept = backup(&old_parts, folder).await.unwrap();
    let manifest = kept.join("manifest.json");
    let right = std::fs::read_to_string(&manifest).unwrap();
    let refused = async |text: &str| {
        std::fs::write(&manifest, text).unwrap();
        restore(&new_parts, &kept, false).await.unwrap_err().to_string()
    };
    assert!(refused(&right[..right.len() / 2]).await.contains("damaged"));
    assert!(
        refused(&right.replace("\"format\": 1", "\"format\": 2"))
            .await
            .contains("newer program")
    );
    let later = right.replace("\"migrations\": [", "\"migrations\": [\"99991231000001\",");
    assert!(refused(&later).await.contains("newer program"));
    let outside = right.replace(
        "\"files\": {",
        "\"files\": {\"../../etc/passwd\": {\"bytes\": 0, \"sha256\": \"\"},",
    );
    assert!(refused(&outside).await.contains("no backup has"));
    let rows = right.replace("\"users\": 1", "\"users\": 2");
    if running_on_file(new) {
        assert!(refused(&rows).await.contains("users: 1 where 2 should be"));
        assert!(!Path::new(new).exists(), "nothing came to its place");
    }
    std::fs::write(&manifest, &right).unwrap();
    let file = kept.join(if running_on_file(new) { "ahq.db" } else { "ahq.dump" });
    let bytes = std::fs::read(&file).unwrap();
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(&file, changed).unwrap();
    assert!(refused(&right).await.contains("SHA-256 differs"), "one bit");
    std::fs::write(&file, bytes).unwrap();
    std::fs::remove_file(&manifest).unwrap();
    let half = restore(&new_parts, &kept, false).await.unwrap_err().to_string();
    assert!(half.contains("no whole backup"), "{half}");
    std::fs::write(&manifest, &right).unwrap();
    restore(&new_parts, &kept, false).await.unwrap();
}

async fn a_database_that_is_not_empty_is_refused(old: &str, new: &str, folder: &Path) {
    let (old_parts, new_parts) = (parts(old, folder), parts(new, folder));
    started(&old_parts, false).await.stop().await;
    let kept = backup(&old_parts, &folder.join("backups")).await.unwrap();
    started(&new_parts, false).await.stop().await;
    let refused = restore(&new_parts, &kept, false).await.unwrap_err().to_string();
    assert!(refused.contains("is not empty"), "{refused}");
    let replaced = restore(&new_parts, &kept, true).await;
    if !running_on_file(new) {
        let refused = replaced.unwrap_err().to_string();
        assert!(refused.contains("createdb"), "{refused}");
        return;
    }
    let aside = replaced.unwrap().kept;
    assert_eq!(aside.len(), 2, "{aside:?}");
    assert!(aside.iter().all(|file| file.exists()), "{aside:?}");
    let beside = names(Path::new(new).parent().unwrap());
    assert_eq!(beside.len(), 4, "the new ones and the old ones: {beside:?}");
    // Its keys are the backup's, and those kept aside are not.
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let new_keys = read(&Path::new(new).with_file_name("keys.json"));
    assert_eq!(new_keys, read(&kept.join("keys.json")));
    assert_ne!(new_keys, read(&aside[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_another_secret_are_told_of() {
    let Some(server) = crate::postgres::server() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (old_parts, mut new_parts) = (
        parts(&server.database(), folder.path()),
        parts(&server.database(), folder.path()),
    );
    started(&old_parts, false).await.stop().await;
    let kept = backup(&old_parts, folder.path()).await.unwrap();
    new_parts.config.database.secret = Some(SecretString::from("quite another secret"));
    let refused = restore(&new_parts, &kept, false).await.unwrap_err().to_string();
    assert!(
        refused.contains("is restored, but") && refused.contains("another secret"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_backup_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere.db").display().to_string();
    let into = folder.path().join("backups");
    let refused = backup(&parts(&nowhere, folder.path()), &into).await.unwrap_err();
    assert!(refused.to_string().contains("there is no database"), "{refused}");
    assert!(names(&into).is_empty());
    assert!(!Path::new(&nowhere).exists(), "nor makes one");
}
