//! Queries in each position of their life.

use ahq_domain::clock::Instant;
use ahq_domain::deadline::{Deadline, Planned};
use ahq_domain::dissemination::Circle;
use ahq_domain::draft::Draft;
use ahq_domain::id::QueryId;
use ahq_domain::launch::LaunchPlan;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::{OfficeCode, Standing};
use ahq_domain::query::{Addressee, Agreed, Audience, Imported, Life, Query};

pub(crate) const LAUNCH: &str = "2026-11-05T09:00:00Z";
pub(crate) const DEADLINE: &str = "2026-12-04";

pub(crate) fn at(instant: &str) -> Instant {
    instant.parse().unwrap()
}

pub(crate) fn office(code: &str) -> OfficeCode {
    code.parse().unwrap()
}

/// A draft of Luxembourg.
pub(crate) fn draft() -> Query {
    let draft = Draft {
        originator: None,
        title: "Return of minors".into(),
        background: None,
        public_background: None,
        never_public: false,
        topics: Vec::new(),
        keywords: Vec::new(),
        default_circle: Circle::Public,
        questions: Vec::new(),
        deadline: None,
        urgent_reason: None,
    };
    Query::draft(
        QueryId(uuid::Uuid::from_u128(1)),
        office("LU"),
        draft,
        at("2026-11-01T09:00:00Z"),
    )
}

/// `query` launched to these offices, each with a later date agreed or none.
pub(crate) fn launched(mut query: Query, audience: Audience, addressees: &[(&str, Option<&str>)]) -> Query {
    let plan = LaunchPlan {
        planned: Planned {
            deadline: Deadline::on(DEADLINE.parse().unwrap()),
            working_days: 20,
            urgent: false,
            moved_from: None,
        },
        addressees: addressees
            .iter()
            .map(|(code, agreed)| Addressee {
                office: office(code),
                standing: Standing::Member,
                expected: true,
                told: at(LAUNCH),
                agreed: agreed.map(|date| Agreed {
                    date: date.parse().unwrap(),
                    at: at(LAUNCH),
                }),
            })
            .collect(),
        audience,
    };
    let number = QueryNumber {
        year: 2026,
        sequence: 81,
    };
    query.launch(plan, number, at(LAUNCH));
    query
}

/// A past query of Luxembourg that was imported.
pub(crate) fn imported() -> Query {
    let mut query = draft();
    query.life = Life::Imported(Box::new(Imported {
        number: Some("2019.7".into()),
        requested_on: "2019-02-01".parse().unwrap(),
        reply_by: None,
        compiled_on: None,
        respondents: Vec::new(),
        note: "Imported.".into(),
    }));
    query
}
