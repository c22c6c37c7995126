//! What comes back, as the servers in use write it, and as somebody would who means harm.

use ahq_mail::bounce::{Action, Incoming, Notification, Outcome, read};

const DOMAIN: &str = "ahq.example.org";
const ID: &str = "01a1aafd-7620-7abc-8def-0123456789ab";

macro_rules! samples {
    ($($name:ident),*) => {
        $(const $name: (&str, &[u8]) = (
            stringify!($name),
            include_bytes!(concat!("bounces/", stringify!($name), ".eml")),
        );)*
        const ALL: &[(&str, &[u8])] = &[$($name),*];
    };
}

#[expect(non_upper_case_globals, reason = "named as their files")]
mod sample {
    samples!(
        postfix,
        postfix_delayed,
        exim,
        exchange,
        gmail,
        sendmail,
        relayed,
        away_outlook,
        away_sieve,
        read_receipt,
        reply
    );

    pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static [u8])> {
        ALL.iter().copied()
    }

    pub(super) fn named(name: &str) -> &'static [u8] {
        all().find(|(own, _)| *own == name).expect("a sample").1
    }
}

fn notification(bytes: &[u8]) -> Notification {
    match read(bytes, DOMAIN) {
        Incoming::Notification(notification) => notification,
        other => panic!("{other:?}"),
    }
}

fn only(name: &str) -> Outcome {
    // As they are on the disk, and as they come over the wire.
    let wire = String::from_utf8_lossy(sample::named(name)).replace('\n', "\r\n");
    let read = notification(sample::named(name));
    assert_eq!(read, notification(wire.as_bytes()), "{name}");
    assert_eq!(read.message.to_string(), ID, "{name}");
    assert_eq!(read.outcomes.len(), 1, "{name}");
    read.outcomes.into_iter().next().expect("one")
}

#[test]
fn each_server_is_understood() {
    let expected = [
        (
            "postfix",
            "anna@office.example.org",
            Action::Failed,
            "5.1.1",
            "550 5.1.1 (address) Recipient address rejected: User unknown in virtual mailbox table",
            true,
        ),
        (
            "postfix_delayed",
            "ncp-mt@example.org",
            Action::Delayed,
            "4.4.1",
            "connect to mail.example.org[192.0.2.9]:25: Connection timed out",
            false,
        ),
        (
            "exim",
            "bruno@office.example.org",
            Action::Failed,
            "5.1.1",
            "550-5.1.1 (address) User doesn't exist",
            true,
        ),
        (
            "exchange",
            "clara@ministry.example.org",
            Action::Failed,
            "5.1.10",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient (address) not found by SMTP address lookup",
            true,
        ),
        (
            "gmail",
            "dora@gmail.example.org",
            Action::Failed,
            "5.2.2",
            "552-5.2.2 The recipient's inbox is out of storage space. Please direct the 552-5.2.2 recipient to 552 \
             5.2.2 (link) d9443c01a7336-29 - gsmtp",
            false,
        ),
        (
            "sendmail",
            "emil@office.example.org",
            Action::Failed,
            "5.7.1",
            "550 5.7.1 Access denied",
            false,
        ),
    ];
    for (name, recipient, action, status, diagnostic, no_such_address) in expected {
        let outcome = only(name);
        assert_eq!(outcome.recipient.as_deref(), Some(recipient), "{name}");
        assert_eq!((outcome.action, outcome.status.as_str()), (action, status), "{name}");
        assert_eq!(outcome.diagnostic.as_deref(), Some(diagnostic), "{name}");
        assert_eq!(outcome.no_such_address(), no_such_address, "{name}");
    }
}

#[test]
fn several_recipients_are_told_apart() {
    let outcomes = notification(sample::named("relayed")).outcomes;
    let seen: Vec<_> = outcomes
        .iter()
        .map(|outcome| (outcome.recipient.as_deref(), outcome.action, outcome.status.as_str()))
        .collect();
    let expected = [
        (Some("ncp-pl@example.org"), Action::Relayed, "2.0.0"),
        (Some("second@example.org"), Action::Delivered, "2.1.5"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn automatic_replies_and_letters_never_count() {
    for name in ["away_outlook", "away_sieve", "read_receipt"] {
        assert_eq!(read(sample::named(name), DOMAIN), Incoming::AutoReply, "{name}");
    }
    for other in [sample::named("reply"), b"", b"\n\n", b"no headers at all", &[0xff; 100]] {
        assert!(matches!(read(other, DOMAIN), Incoming::Other(_)));
    }
}

fn changed(name: &str, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(sample::named(name).to_vec()).expect("a text");
    assert!(text.contains(from), "{name} has {from}");
    text.replace(from, to).into_bytes()
}

#[test]
fn only_messages_of_the_exchange_count() {
    for (from, to) in [
        (ID, "not-a-key"),
        ("@ahq.example.org>\nContent-Type", "@elsewhere.example>\nContent-Type"),
        ("Message-ID: <01a1", "X-Id: <01a1"),
    ] {
        let read = read(&changed("postfix", from, to), DOMAIN);
        assert_eq!(
            read,
            Incoming::Other("it is not about a message of the exchange"),
            "{to}"
        );
    }
    // Exchange may return nothing, and still answers in the thread.
    let bare = changed("exchange", "Content-Type: message/rfc822", "Content-Type: text/plain");
    assert_eq!(notification(&bare).message.to_string(), ID);
    // A message in a message is not the one that came back.
    let nested = changed(
        "postfix",
        "Content-Type: message/rfc822",
        "Content-Type: multipart/mixed",
    );
    assert!(matches!(read(&nested, DOMAIN), Incoming::Other(_)));
}

#[test]
fn a_status_is_one_or_nothing_is_read() {
    for (from, to) in [
        ("Status: 5.1.1", "Status: 5.1"),
        ("Status: 5.1.1", "Status: 9.1.1"),
        ("Status: 5.1.1", "Status: 5.1.1111"),
        ("Action: failed", "Action: exploded"),
        ("Action: failed\n", ""),
        ("Content-Type: message/delivery-status", "Content-Type: text/plain"),
    ] {
        let read = read(&changed("postfix", from, to), DOMAIN);
        let nothing = Incoming::Other("it names no recipient and what became of the message");
        assert_eq!(read, nothing, "{to:?}");
    }
    let misleading = changed("exim", "550-5.1.1 <", "452-4.1.1 <");
    assert_eq!(notification(&misleading).outcomes[0].status, "5.0.0");
    let delayed = changed("postfix", "Action: failed", "Action: delayed");
    assert!(!notification(&delayed).outcomes[0].no_such_address());
}

#[test]
fn nothing_read_carries_a_line_a_control_or_a_made_up_address() {
    let hostile = changed(
        "postfix",
        "Recipient address\n    rejected",
        "\u{1b}[31m\u{202e}a@b.example\r\n\tBcc: victim@example.org https://evil.example/",
    );
    let hostile = String::from_utf8(hostile)
        .expect("a text")
        .replace("rfc822;anna@office.example.org", "rfc822;\"a b\"@office.example.org")
        .replace("User unknown", &"unknown ".repeat(2_000));
    let outcome = &notification(hostile.as_bytes()).outcomes[0];
    assert_eq!(outcome.recipient, None);
    let diagnostic = outcome.diagnostic.as_deref().expect("a diagnostic");
    assert!(!diagnostic.contains(|c: char| c.is_control() || c == '\u{202e}'));
    assert!(!diagnostic.contains('@') && !diagnostic.contains("://"), "{diagnostic}");
    assert!(diagnostic.chars().count() <= 300);
}

#[test]
fn size_and_depth_cost_nothing() {
    let begun = std::time::Instant::now();
    let postfix = String::from_utf8(sample::named("postfix").to_vec()).expect("a text");
    let large = postfix.replace("Please respond", &"Please respond ".repeat(700_000));
    assert!(large.len() > 10_000_000);
    assert_eq!(notification(large.as_bytes()).outcomes[0].status, "5.1.1");

    let nested = "Content-Type: message/rfc822\n\n".repeat(350_000);
    assert!(matches!(read(nested.as_bytes(), DOMAIN), Incoming::Other(_)));
    let in_report = postfix.replace("From: \"EMN", &format!("{nested}From: \"EMN"));
    assert!(matches!(read(in_report.as_bytes(), DOMAIN), Incoming::Other(_)));
    let boundaries: String = (0..200_000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
        .collect();
    assert!(matches!(read(boundaries.as_bytes(), DOMAIN), Incoming::Other(_)));
    let many = postfix.replace("Final-Recipient", &"Action: failed\nStatus: 5.1.1\n\n".repeat(100_000));
    let Incoming::Other(_) = read(many.as_bytes(), DOMAIN) else {
        panic!("the returned message stands beyond what is read");
    };
    let header = format!("Subject: {}\n\n", "x".repeat(10_000_000));
    assert!(matches!(read(header.as_bytes(), DOMAIN), Incoming::Other(_)));
    // A quarter of a megabyte of each is read at the most; a reader that went through all of it takes minutes.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn whatever_is_cut_off_or_broken_is_read_or_refused() {
    for (_, bytes) in sample::all() {
        for end in 0..bytes.len() {
            read(&bytes[..end], DOMAIN);
        }
        for at in 0..bytes.len() {
            let mut broken = bytes.to_vec();
            for byte in [b'\n', 0xff] {
                broken[at] = byte;
                read(&broken, DOMAIN);
            }
        }
    }
}
