use ahq_domain::audit::Link;
use ahq_domain::signing::{KeyStatus, SIGNS_AFTER};
use chrono::Duration;

use super::*;

fn at(minute: i64) -> Instant {
    Instant::UNIX_EPOCH + Duration::days(20_000) + Duration::minutes(minute)
}

fn randomness() -> Randomness {
    let next = std::sync::atomic::AtomicU8::new(1);
    Randomness::new(move |bytes| bytes.fill(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
}

fn old() -> String {
    format!(r#"{{"signing":"{}","hashing":"{}"}}"#, "07".repeat(32), "08".repeat(32))
}

fn text(keys: &ServerKeys) -> String {
    written(&keys.signing(), &keys.hashing).unwrap()
}

#[test]
fn what_was_written_before_keys_were_rotated_is_read_and_written_anew() {
    let keys = ServerKeys::parse(&old()).unwrap();
    let (id, seed) = keys.signing_seed(at(0)).unwrap();
    assert_eq!(seed.expose_secret(), &[7; 32]);
    assert_eq!(text(&keys), old(), "an older program reads it until the first rotation");
    keys.adopt(keys.signing().rotated(at(0), &randomness()).unwrap());
    let again = ServerKeys::parse(&text(&keys)).unwrap();
    assert_eq!(again.list(at(0)), keys.list(at(0)));
    assert_eq!((keys.list(at(0))[0].id.clone(), keys.list(at(0)).len()), (id, 2));
    assert_eq!(again.hash("a", b"b"), keys.hash("a", b"b"));
}

#[test]
fn what_is_damaged_is_refused_and_never_shown() {
    let seed = "07".repeat(32);
    let key = |from: i64, what: &str| format!(r#"{{"from":"{}","{what}":"{seed}"}}"#, at(from).to_rfc3339());
    for signing in [
        "\"07\"".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        format!("[{}]", key(0, "public")),
        format!("[{}]", key(0, "secret")),
        format!("[{},{}]", key(1, "seed"), key(0, "seed")),
        format!(r#"[{{"from":"{}"}}]"#, at(0).to_rfc3339()),
    ] {
        let text = format!(r#"{{"signing":{signing},"hashing":"{seed}"}}"#);
        let told = ServerKeys::parse(&text).unwrap_err().to_string();
        assert_eq!(told, "the file of keys is damaged", "{signing}");
    }
    assert!(!format!("{:?}", ServerKeys::parse(&old()).unwrap()).contains("7, 7"));
}

#[test]
fn a_new_key_signs_a_while_later_and_the_one_before_keeps_its_public_half() {
    let (keys, randomness) = (ServerKeys::parse(&old()).unwrap(), randomness());
    let (first, _) = keys.signing_seed(at(0)).unwrap();
    let checkpoint = |minute| {
        crate::audit::Checkpoint::new(
            Link {
                number: 3,
                hash: [9; 32],
            },
            at(minute),
            &keys,
        )
        .unwrap()
    };
    let early = checkpoint(0);
    keys.adopt(keys.signing().rotated(at(0), &randomness).unwrap());
    let second = keys.list(at(0))[1].id.clone();
    let signs = |minute| keys.signing_seed(at(minute)).unwrap().0;
    let good = |id: &str, minute| keys.verifying(id, at(minute)).is_some();
    assert_eq!(SIGNS_AFTER, Duration::minutes(5));
    assert_eq!((signs(4), signs(5)), (first.clone(), second.clone()));
    // Another server's clock may be ahead.
    assert!(good(&second, 0) && good(&first, 15) && !good(&first, 16) && good(&second, 9_999));
    assert!(!good("", 0) && !good("another", 0));

    assert!(keys.signing().without_retired_seeds(at(15)).is_none());
    keys.adopt(keys.signing().without_retired_seeds(at(16)).unwrap());
    assert!(keys.signing().without_retired_seeds(at(16)).is_none());
    assert!(!text(&keys).contains(&"07".repeat(32)), "its secret is gone");
    assert_eq!(keys.list(at(16))[0].status, KeyStatus::Retired);
    assert_eq!(signs(0), second, "a clock that goes back finds a key");

    let (late, again) = (checkpoint(20), ServerKeys::parse(&text(&keys)).unwrap());
    for checkpoint in [early, late] {
        assert!(checkpoint.open(&again).is_ok());
        let line = checkpoint.line().unwrap().replace("\"number\":3", "\"number\":4");
        let changed = crate::audit::Checkpoint::parse(&line).unwrap();
        assert_eq!(changed.open(&again), Err(crate::audit::CheckpointFault::Changed));
    }
    let other = ServerKeys::generate(&randomness);
    assert_eq!(checkpoint(0).open(&other), Err(crate::audit::CheckpointFault::OtherKey));
}

#[test]
fn a_file_is_replaced_whole_and_stays_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let keys = ServerKeys::in_file(&file, &randomness()).unwrap();
    let again = ServerKeys::in_file(&file, &randomness()).unwrap();
    assert_eq!(again.list(at(0)), keys.list(at(0)));
    std::fs::write(folder.path().join("keys.json.new"), "half").unwrap();
    replace(&file, "whole").unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "whole");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}
