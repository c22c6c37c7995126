//! Whole queries for feeds: the same as the domain has them.

use crate::on_both;
use crate::random::{OFFICES, midnight};
use crate::rows::examples;
use ahq_domain::query::{Life, Query, Status};
use ahq_store::{Store, queries};
use chrono::TimeDelta;

on_both!(
    an_office_finds_what_has_a_deadline_for_it,
    what_was_published_last_comes_first,
);

async fn inserted(store: &Store) -> Vec<Query> {
    let all = examples();
    let written = all.clone();
    store
        .write(move |conn| written.iter().try_for_each(|query| queries::insert(conn, query)))
        .await
        .unwrap();
    all
}

fn sorted(mut queries: Vec<Query>) -> Vec<Query> {
    queries.sort_by_key(|query| query.id);
    queries
}

async fn an_office_finds_what_has_a_deadline_for_it(store: &Store) {
    let all = inserted(store).await;
    let now = midnight();
    let mut withdrawn = 0;
    for office in OFFICES {
        let office: ahq_domain::office::OfficeCode = office.parse().unwrap();
        for since in [now - TimeDelta::days(2), now] {
            let of = office.clone();
            let found = store
                .read(move |conn| queries::with_deadline_for(conn, &of, since))
                .await
                .unwrap();
            let mut expected = all.clone();
            expected.retain(|query| {
                query.launched().is_some_and(|launched| {
                    let kept = match &launched.withdrawn {
                        Some(_) => query.changed >= since,
                        None => launched.last_edition.is_none(),
                    };
                    kept && launched.deadline_for(&office, &query.lead).is_some()
                })
            });
            withdrawn += expected
                .iter()
                .filter(|query| query.status(now) == Status::Withdrawn)
                .count();
            assert_eq!(sorted(found), sorted(expected), "{office} {since}");
        }
    }
    assert!(withdrawn > 0);
}

async fn what_was_published_last_comes_first(store: &Store) {
    let all = inserted(store).await;
    let now = midnight();
    let newest = |query: &Query| {
        let launched = query.launched();
        let in_force = launched.into_iter().flat_map(|launched| &launched.publications);
        in_force
            .map(|publication| publication.from)
            .filter(|from| *from <= now)
            .max()
    };
    let topics = all
        .iter()
        .flat_map(|query| query.topics.clone())
        .collect::<std::collections::BTreeSet<_>>();
    for topic in topics.into_iter().map(Some).chain([None]) {
        let mut expected = all.clone();
        expected.retain(|query| {
            query.status(now) == Status::Published && topic.as_ref().is_none_or(|topic| query.topics.contains(topic))
        });
        expected.sort_by_key(|query| std::cmp::Reverse((newest(query), query.requested_on(), query.id)));
        let most = expected.len().div_ceil(2);
        let asked = topic.clone();
        let found = store
            .read(move |conn| queries::newest_published(conn, asked.as_deref(), i64::try_from(most).unwrap(), now))
            .await
            .unwrap();
        assert_eq!(found, expected[..most], "{topic:?}");
        if topic.is_none() {
            let imported = |query: &Query| matches!(query.life, Life::Imported(_));
            assert!(
                expected.iter().any(imported) && expected.iter().filter(|query| newest(query).is_some()).count() > 1
            );
        }
    }
}
