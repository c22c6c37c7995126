//! What is told in lists.

use super::{day, query};
use crate::messages::{Digest, DigestItem, DigestQuery, Message, Waiting};

/// A digest.
pub fn digest() -> Digest {
    let item = |number: &str, title: &str, obligation: bool, what: &str, link: &str| DigestItem {
        query: (!number.is_empty()).then(|| DigestQuery {
            number: number.into(),
            title: title.into(),
        }),
        obligation,
        what: what.into(),
        link: format!("https://ahq.example.org{link}"),
    };
    let title = query().title;
    let other = "Detention of families with children before return";
    Digest {
        day: day(2026, 11, 27),
        items: vec![
            item(
                "2026.78",
                other,
                false,
                "EMN NCP Estonia responded.",
                "/queries/2026.78/responses/EE",
            ),
            item(
                "2026.81",
                &title,
                false,
                "EMN NCP Luxembourg answered a request for clarification of question 2.",
                "/queries/2026.81/clarifications",
            ),
            item(
                "2026.81",
                &title,
                true,
                "5 working days are left to respond.",
                "/queries/2026.81/responses/PL",
            ),
            item(
                "",
                "",
                false,
                "Zoë Ćwiklińska is an expert of your office now.",
                "/users",
            ),
        ],
        waiting: vec![
            Waiting {
                number: "2026.81".into(),
                title,
                deadline: day(2026, 12, 4),
                standing: "draft begun, 5 working days left".into(),
                link: "https://ahq.example.org/queries/2026.81/responses/PL".into(),
            },
            Waiting {
                number: "2026.83".into(),
                title: "Recognition of diplomas from Ukraine".into(),
                deadline: day(2026, 12, 14),
                standing: "not begun, 11 working days left".into(),
                link: "https://ahq.example.org/queries/2026.83/responses/PL".into(),
            },
        ],
        link: "https://ahq.example.org/queries?waiting=true".into(),
    }
}

pub(super) fn all() -> Vec<(&'static str, Message)> {
    let nothing_waits = Digest {
        items: digest().items.into_iter().take(1).collect(),
        waiting: Vec::new(),
        ..digest()
    };
    vec![
        ("digest", Message::Digest(digest())),
        ("digest_short", Message::Digest(nothing_waits)),
    ]
}
