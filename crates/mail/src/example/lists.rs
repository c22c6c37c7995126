//! What is told in lists, and what about mail itself.

use super::{day, query};
use crate::messages::{
    Digest, DigestItem, DigestQuery, ListedQuery, Message, OfficeNotReached, OpenQuery, QuarterlyList, ReminderKind,
    TopicQueries, UserNotReached, Waiting, WeeklyOverview,
};

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

/// A week's overview.
pub fn weekly_overview() -> WeeklyOverview {
    let open = |number: &str, title: &str, requested_by: &str, deadline, days, standing: &str| OpenQuery {
        number: number.into(),
        title: title.into(),
        requested_by: requested_by.into(),
        deadline,
        days,
        standing: standing.into(),
        link: format!("https://ahq.example.org/queries/{number}/responses/PL"),
    };
    WeeklyOverview {
        monday: day(2026, 11, 30),
        queries: vec![
            open(
                "2026.79",
                "Age assessment of unaccompanied minors",
                "the Commission",
                day(2026, 11, 26),
                ReminderKind::Overdue(2),
                "awaits approval",
            ),
            open(
                "2026.81",
                &query().title,
                &query().requested_by,
                day(2026, 12, 4),
                ReminderKind::DaysLeft(4),
                "draft begun",
            ),
        ],
        link: "https://ahq.example.org/queries?status=open".into(),
    }
}

/// A quarter's list.
pub fn quarterly_list() -> QuarterlyList {
    let listed = |number: &str, title: &str, requested_by: &str, launched_on, public| ListedQuery {
        number: number.into(),
        title: title.into(),
        requested_by: requested_by.into(),
        launched_on,
        public,
        link: format!("https://ahq.example.org/queries/{number}"),
    };
    QuarterlyList {
        year: 2026,
        quarter: 4,
        topics: vec![
            TopicQueries {
                topic: "Students and researchers".into(),
                queries: vec![listed(
                    "2026.81",
                    &query().title,
                    &query().requested_by,
                    day(2026, 11, 5),
                    true,
                )],
            },
            TopicQueries {
                topic: "Return".into(),
                queries: vec![
                    listed(
                        "2026.78",
                        "Detention of families with children before return",
                        "EMN NCP Estonia",
                        day(2026, 10, 29),
                        false,
                    ),
                    listed(
                        "2026.70",
                        "Return counselling",
                        "EMN NCP Ireland",
                        day(2026, 10, 2),
                        true,
                    ),
                ],
            },
        ],
        link: "https://ahq.example.org/archive?from=2026-10-01&until=2026-12-31".into(),
    }
}

pub(super) fn all() -> Vec<(&'static str, Message)> {
    let nothing_waits = Digest {
        items: digest().items.into_iter().take(1).collect(),
        waiting: Vec::new(),
        ..digest()
    };
    let nothing_open = WeeklyOverview {
        queries: Vec::new(),
        ..weekly_overview()
    };
    let suppressed = UserNotReached {
        name: "Zoë Ćwiklińska".into(),
        address: "zoe.cwiklinska@example.org".into(),
        reason: "There is no such address (550 5.1.1).".into(),
        until: Some(day(2027, 2, 25)),
        link: "https://ahq.example.org/users".into(),
    };
    let full = UserNotReached {
        reason: "The mailbox is full (552 5.2.2), for five days.".into(),
        until: None,
        ..suppressed.clone()
    };
    let not_reached = OfficeNotReached {
        office: "EMN NCP Malta".into(),
        address: "ncp-mt@example.org".into(),
        message: "Launch of 2026.81".into(),
        reason: "The mailbox is full (552 5.2.2), for five days.".into(),
        link: "https://ahq.example.org/deliveries?status=failed".into(),
    };
    vec![
        ("digest", Message::Digest(digest())),
        ("digest_short", Message::Digest(nothing_waits)),
        ("weekly_overview", Message::WeeklyOverview(weekly_overview())),
        ("weekly_overview_empty", Message::WeeklyOverview(nothing_open)),
        ("quarterly_list", Message::QuarterlyList(quarterly_list())),
        ("address_suppressed", Message::UserNotReached(suppressed)),
        ("user_not_reached", Message::UserNotReached(full)),
        ("office_not_reached", Message::OfficeNotReached(not_reached)),
    ]
}
