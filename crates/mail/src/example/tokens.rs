//! What is told of the tokens of programs.

use super::{at, day};
use crate::messages::{Message, ServiceAccountMade, TokenEnds};

pub(super) fn all() -> Vec<(&'static str, Message)> {
    let made = ServiceAccountMade {
        name: "Case management".into(),
        scopes: vec!["read".into(), "draft".into()],
        made_by: "Zoë Ćwiklińska".into(),
        at: at(day(2026, 11, 27), 9, 14),
        last_day: day(2027, 11, 27),
        link: "https://ahq.example.org/offices/PL/service-accounts".into(),
    };
    let of_office = TokenEnds {
        name: "Case management".into(),
        user: None,
        last_day: day(2026, 12, 27),
        days_left: 30,
        used_on: Some(day(2026, 11, 26)),
        link: "https://ahq.example.org/offices/PL/service-accounts".into(),
    };
    let of_user = TokenEnds {
        name: "Notebook".into(),
        user: Some("Zoë Ćwiklińska".into()),
        last_day: day(2026, 11, 28),
        days_left: 1,
        used_on: None,
        link: "https://ahq.example.org/me/tokens".into(),
    };
    vec![
        ("service_account_made", Message::ServiceAccountMade(made)),
        ("token_ends", Message::TokenEnds(of_office)),
        ("token_ends_of_user", Message::TokenEnds(of_user)),
    ]
}
