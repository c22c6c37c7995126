//! The launch of the examples as it goes out.

use ahq_domain::clock::Instant;
use ahq_mail::example::{frame, launch};
use ahq_mail::messages::{Message, Rendered};
use ahq_mail::outgoing::{Mailbox, Outgoing};

pub(crate) fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn rendered() -> Rendered {
    Message::Launch(launch()).render(&frame()).unwrap()
}

/// The launch as it goes to the mailbox of one office.
pub(crate) fn outgoing() -> Outgoing {
    Outgoing {
        id: "01a1aafd-7620-7abc-8def-0123456789ab".parse().unwrap(),
        from: Mailbox::named("EMN ad-hoc query exchange", "exchange@ahq.example.org"),
        to: Mailbox::named("EMN NCP Poland", "ncp-pl@example.org"),
        reply_to: Some(Mailbox::named("EMN NCP Luxembourg", "ncp-lu@example.org")),
        domain: "ahq.example.org".into(),
        date: instant("2026-11-05T09:15:07.250Z"),
        thread: Some("019a5305-0000-7000-8000-000000000051".parse().unwrap()),
        content: rendered(),
        calendar: None,
        unsubscribe: None,
    }
}
