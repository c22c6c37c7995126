//! The folder and the memory.

use std::path::Path;

use ahq_mail::folder::Folder;
use ahq_mail::memory::Memory;
use ahq_mail::outgoing::{Mailbox, Outgoing};
use ahq_mail::transport::{SendErrorKind, Stage, Transport};

use crate::facts::{instant, outgoing};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_folder_keeps_one_file_a_message() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("mails/out");
    let transport = Transport::Folder(Folder::new(&folder));
    transport.send(&outgoing()).await.unwrap();
    let kept = names(&folder);
    let name = "20261105T091500.000Z-ncp-pl@example.org-01a1aafd-7620-7abc-8def-0123456789ab.eml";
    assert_eq!(kept, [name]);
    assert_eq!(
        std::fs::read(folder.join(&kept[0])).unwrap(),
        outgoing().bytes().unwrap()
    );

    let repeat = Outgoing {
        date: instant("2026-11-06T10:00:00Z"),
        ..outgoing()
    };
    transport.send(&repeat).await.unwrap();
    assert_eq!(names(&folder), kept, "a repeat finds its file");
    assert_eq!(std::fs::read(folder.join(&kept[0])).unwrap(), repeat.bytes().unwrap());
}

#[tokio::test]
async fn an_address_cannot_leave_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("out");
    let transport = Transport::Folder(Folder::new(&folder));
    let slash = Outgoing {
        to: Mailbox::bare("/etc/x@example.org"),
        ..outgoing()
    };
    transport.send(&slash).await.unwrap();
    assert!(names(&folder).iter().any(|name| name.contains("-_etc_x@example.org-")));
    assert_eq!(names(root.path()), ["out"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again_later() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let error = Transport::Folder(Folder::new(&file))
        .send(&outgoing())
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.stage), (SendErrorKind::Transient, Stage::File));
}

#[tokio::test]
async fn memory_keeps_what_was_sent_and_refuses_bad_addresses() {
    let memory = Memory::new();
    let transport = Transport::Memory(memory.clone());
    transport.send(&outgoing()).await.unwrap();
    let bad = Outgoing {
        to: Mailbox::bare("nobody"),
        ..outgoing()
    };
    let error = transport.send(&bad).await.unwrap_err();
    assert_eq!((error.kind, error.stage), (SendErrorKind::Permanent, Stage::Compose));
    assert!(!error.no_such_address());
    assert_eq!(memory.sent(), [outgoing()]);
}
