//! Queries and callers of every kind, drawn from few values, so that equal ones and boundaries are met often.

use ahq_domain::clock::Instant;
use ahq_domain::deadline::Deadline;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{ContributionId, EditionId, QueryId, SessionId, UserId};
use ahq_domain::markdown::Markdown;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::{OfficeCode, OfficeKind, Standing};
use ahq_domain::permission::{Caller, Party};
use ahq_domain::query::{
    Addressee, Agreed, Audience, Extension, Imported, Joint, LastEdition, Launched, Life, Publication, Query, Reasoned,
};
use ahq_domain::question::{Choice, Key, Kind, Question, Revision};
use ahq_domain::token::Scope;
use ahq_domain::user::Role;
use chrono::{NaiveDate, TimeDelta};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The offices that queries and callers are of.
pub(crate) const OFFICES: [&str; 6] = ["AT", "BE", "COM", "NO", "RS", "SP"];

pub(crate) const TITLES: [&str; 6] = ["Asylum", "asylum", "Äußerung", "äußerung 100%", "Zagreb", "zone_b"];

/// A summer day's midnight in Brussels, 1 July 2026, which is the moment of most tests.
pub(crate) fn midnight() -> Instant {
    "2026-06-30T22:00:00Z".parse().unwrap()
}

/// Moments around midnight and at it.
pub(crate) fn moment() -> impl Strategy<Value = Instant> {
    let offsets = vec![
        TimeDelta::days(-400),
        TimeDelta::days(-1),
        TimeDelta::microseconds(-1),
        TimeDelta::zero(),
        TimeDelta::microseconds(1),
        TimeDelta::days(1),
    ];
    select(offsets).prop_map(|offset| midnight() + offset)
}

fn date() -> impl Strategy<Value = NaiveDate> {
    let dates = vec!["2025-05-26", "2026-06-29", "2026-06-30", "2026-07-01", "2026-07-02"];
    select(dates).prop_map(|date| date.parse().unwrap())
}

pub(crate) fn office() -> impl Strategy<Value = OfficeCode> {
    select(&OFFICES[..]).prop_map(|code| code.parse().unwrap())
}

fn standing() -> impl Strategy<Value = Standing> {
    select(
        &[
            Standing::Member,
            Standing::Observer,
            Standing::Guest,
            Standing::Commission,
            Standing::ServiceProvider,
        ][..],
    )
}

fn words() -> impl Strategy<Value = String> {
    select(&["Warum? Où? 'Zitat' — \"q\" \\ 100%", "Because."][..]).prop_map(str::to_owned)
}

prop_compose! {
    fn reasoned()(at in moment(), reason in words()) -> Reasoned {
        Reasoned { at, reason }
    }
}

fn joint() -> impl Strategy<Value = Vec<Joint>> {
    btree_map(office(), (moment(), option::of(moment())), 0..3).prop_map(|offices| {
        let joint = |(office, (invited, accepted))| Joint {
            office,
            invited,
            accepted,
        };
        offices.into_iter().map(joint).collect()
    })
}

fn addressees() -> impl Strategy<Value = Vec<Addressee>> {
    btree_map(
        office(),
        (standing(), any::<bool>(), moment(), option::of((date(), moment()))),
        0..4,
    )
    .prop_map(|offices| {
        type Facts = (Standing, bool, Instant, Option<(NaiveDate, Instant)>);
        let addressee = |(office, (standing, expected, told, agreed)): (OfficeCode, Facts)| Addressee {
            office,
            standing,
            expected,
            told,
            agreed: agreed.map(|(date, at)| Agreed { date, at }),
        };
        offices.into_iter().map(addressee).collect()
    })
}

prop_compose! {
    fn publications()(froms in vec((moment(), moment(), 1i32..4), 0..3)) -> Vec<Publication> {
        let publication = |(announced, from, number)| Publication {
            edition: EditionId(Uuid::from_u128(u128::try_from(number).unwrap())),
            number,
            announced,
            from,
        };
        froms.into_iter().map(publication).collect()
    }
}

prop_compose! {
    fn launched()(
        at in moment(),
        (date, end) in (date(), moment()),
        urgent_reason in option::of(words()),
        audience in select(&[Audience::Addressed, Audience::Members, Audience::MembersAndObservers][..]),
        addressees in addressees(),
        extensions in vec((moment(), date(), date(), words()), 0..2),
        closed_early in option::weighted(0.3, reasoned()),
        withdrawn in option::weighted(0.2, reasoned()),
        last_edition in option::of((1i32..4, moment())),
        publications in publications(),
        mailed in option::of(moment()),
    ) -> Launched {
        let mut deadline = Deadline::on(date);
        deadline.end = end;
        Launched {
            number: QueryNumber { year: 2026, sequence: 1 },
            at,
            deadline,
            urgent_reason,
            audience,
            addressees,
            extensions: extensions
                .into_iter()
                .map(|(at, from, to, reason)| Extension { at, from, to, reason })
                .collect(),
            closed_early,
            withdrawn,
            last_edition: last_edition.map(|(number, at)| LastEdition { number, at }),
            publications,
            mailed,
            holds: Vec::new(),
        }
    }
}

prop_compose! {
    fn imported()(
        number in option::of(select(&["2015.1", "12-bis"][..])),
        requested_on in date(),
        reply_by in option::of(date()),
        compiled_on in option::of(date()),
        respondents in btree_set(office(), 0..4),
        note in words(),
    ) -> Imported {
        Imported {
            number: number.map(str::to_owned),
            requested_on,
            reply_by,
            compiled_on,
            respondents: respondents.into_iter().collect(),
            note,
        }
    }
}

fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        1 => (option::of(date()), option::of(words()))
            .prop_map(|(deadline, urgent_reason)| Life::Draft { deadline, urgent_reason }),
        3 => launched().prop_map(|launched| Life::Launched(Box::new(launched))),
        1 => imported().prop_map(|imported| Life::Imported(Box::new(imported))),
    ]
}

fn questions() -> Vec<Question> {
    let key = |text| Key::parse(text).unwrap();
    let choice = |id, text: &str| Choice {
        id: key(id),
        text: text.to_owned(),
    };
    let question = |id, kind| Question {
        id: key(id),
        revisions: vec![Revision {
            number: 1,
            text: markdown("Wie viele?\n\n* „Ja“\n* *no*"),
        }],
        kind,
        required: id == "q1",
        ask_if: None,
    };
    vec![
        question("q1", Kind::YesNo),
        question(
            "q2",
            Kind::SingleChoice {
                options: vec![choice("a", "Å"), choice("b", "B")],
            },
        ),
        question(
            "q3",
            Kind::Number {
                unit: "persons".to_owned(),
                period: "2025".to_owned(),
            },
        ),
    ]
}

fn markdown(text: &str) -> Markdown {
    Markdown::try_from(text.to_owned()).unwrap()
}

prop_compose! {
    fn query()(
        lead in office(),
        joint in joint(),
        title in select(&TITLES[..]),
        topics in subsequence(vec!["border", "return"], 0..=2),
        keywords in subsequence(vec!["Eurodac", "q\"\\%"], 0..=2),
        (never_public, originator) in (any::<bool>(), option::of(words())),
        (background, public_background) in (option::of(words()), option::of(words())),
        default_circle in select(&Circle::ALL[..]),
        life in life(),
        (created, changed) in (moment(), moment()),
    ) -> Query {
        Query {
            id: QueryId(Uuid::nil()),
            version: 1,
            lead,
            joint,
            originator,
            title: title.to_owned(),
            background: background.as_deref().map(markdown),
            public_background: public_background.as_deref().map(markdown),
            never_public,
            topics: topics.into_iter().map(str::to_owned).collect(),
            keywords: keywords.into_iter().map(str::to_owned).collect(),
            default_circle,
            questions: questions(),
            life,
            created,
            changed,
        }
    }
}

/// Queries with ids and numbers of their own, in no order that their other facts have.
pub(crate) fn queries() -> impl Strategy<Value = Vec<Query>> {
    vec((query(), any::<u64>()), 0..12).prop_map(|queries| {
        let number = |(place, (mut query, salt)): (usize, (Query, u64))| {
            query.id = QueryId(Uuid::from_u64_pair(salt, u64::try_from(place).unwrap()));
            let sequence = i32::try_from(place).unwrap() + 9;
            match &mut query.life {
                Life::Launched(launched) => {
                    launched.number = QueryNumber {
                        year: 2025 + sequence % 2,
                        sequence,
                    }
                }
                Life::Imported(imported) if imported.number.as_deref() == Some("2015.1") => {
                    imported.number = Some(format!("2015.{sequence}"));
                }
                _ => {}
            }
            query
        };
        queries.into_iter().enumerate().map(number).collect()
    })
}

prop_compose! {
    fn party()(
        office in office(),
        kind in select(&[
            OfficeKind::NationalContactPoint,
            OfficeKind::NationalContactPoint,
            OfficeKind::Commission,
            OfficeKind::ServiceProvider,
        ][..]),
        standing in standing(),
        since in date(),
        takes_part in prop::bool::weighted(0.9),
    ) -> Party {
        Party { office, kind, standing, since, takes_part }
    }
}

/// A caller of any kind.
pub(crate) fn caller() -> impl Strategy<Value = Caller> {
    let role = || select(&[Role::Reader, Role::Expert, Role::Coordinator][..]);
    let scopes = || subsequence(vec![Scope::Read, Scope::Draft, Scope::Submit], 0..=3);
    prop_oneof![
        8 => (party(), option::weighted(0.9, role())).prop_map(|(party, role)| Caller::User {
            user: UserId(Uuid::nil()),
            session: SessionId(Uuid::nil()),
            party,
            role,
            owes_second_factor: false,
        }),
        2 => (party(), scopes()).prop_map(|(party, scopes)| Caller::Token {
            token: None,
            user: None,
            party,
            scopes: scopes.into_iter().collect(),
            owes_second_factor: false,
        }),
        1 => Just(Caller::Public),
        1 => Just(Caller::System),
        1 => Just(Caller::Link {
            contribution: ContributionId(Uuid::nil()),
            query: QueryId(Uuid::nil()),
            questions: BTreeSet::new(),
        }),
    ]
}
