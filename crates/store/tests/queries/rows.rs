//! Single queries: written, found, changed, deleted, numbered, locked.

use crate::on_both;
use crate::random::{midnight, queries as some_queries};
use ahq_domain::id::QueryId;
use ahq_domain::number::QueryNumber;
use ahq_domain::query::{Life, Query};
use ahq_store::queries::{self, Lock, QueryRef};
use ahq_store::{Store, StoreError};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use uuid::Uuid;

on_both!(
    every_life_is_read_as_it_was_written,
    a_change_meets_the_version_it_was_read_with,
    only_drafts_of_that_version_are_deleted,
    launches_of_one_moment_get_numbers_without_gaps,
    a_locked_row_changes_one_by_one,
    a_past_query_is_known_by_title_requester_and_date,
);

/// Queries of the same few seeds each time, every life among them.
pub(crate) fn examples() -> Vec<Query> {
    let mut runner = TestRunner::deterministic();
    let strategy = some_queries();
    let drawn = (0..40).flat_map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let mut examples: Vec<Query> = drawn.collect();
    for (place, query) in (1u16..).zip(&mut examples) {
        query.id = QueryId(Uuid::from_u128(u128::from(place)));
        match &mut query.life {
            Life::Launched(launched) => launched.number.sequence = i32::from(place),
            Life::Imported(imported) if imported.number.as_deref().is_some_and(|number| number.contains('.')) => {
                imported.number = Some(format!("2015.{place}"));
            }
            _ => {}
        }
    }
    examples
}

fn draft() -> Query {
    let mut drafts = examples()
        .into_iter()
        .filter(|query| matches!(query.life, Life::Draft { .. }));
    drafts.next().unwrap()
}

async fn insert(store: &Store, query: &Query) {
    let query = query.clone();
    store.write(move |conn| queries::insert(conn, &query)).await.unwrap();
}

async fn find(store: &Store, reference: QueryRef) -> Option<Query> {
    store.read(move |conn| queries::find(conn, &reference)).await.unwrap()
}

async fn every_life_is_read_as_it_was_written(store: &Store) {
    for query in examples() {
        insert(store, &query).await;
        let before = store.statements();
        assert_eq!(find(store, QueryRef::Id(query.id)).await.as_ref(), Some(&query));
        assert_eq!(store.statements() - before, 1);
        if let Some(Ok(number)) = query.number().map(|number| number.parse()) {
            assert_eq!(find(store, QueryRef::Number(number)).await.as_ref(), Some(&query));
        }
    }
    assert_eq!(find(store, QueryRef::Id(QueryId(Uuid::nil()))).await, None);
    assert_eq!(
        find(
            store,
            QueryRef::Number(QueryNumber {
                year: 1999,
                sequence: 1
            })
        )
        .await,
        None
    );
}

async fn a_change_meets_the_version_it_was_read_with(store: &Store) {
    // Each example becomes the next one, so that every fact is set and unset.
    let mut query = draft();
    insert(store, &query).await;
    for other in examples() {
        let Query { id, version, .. } = query;
        query = Query {
            id,
            version: version + 1,
            ..other
        };
        if let Life::Launched(launched) = &mut query.life {
            launched.addressees.clear();
        }
        let changed = query.clone();
        store
            .write(move |conn| {
                queries::update(conn, &changed)?;
                assert_eq!(queries::find(conn, &QueryRef::Id(changed.id))?.as_ref(), Some(&changed));
                assert_eq!(queries::update(conn, &changed), Err(StoreError::Conflict));
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
    }
    assert_eq!(find(store, QueryRef::Id(query.id)).await, Some(query));
}

async fn only_drafts_of_that_version_are_deleted(store: &Store) {
    let query = draft();
    insert(store, &query).await;
    let (id, version) = (query.id, query.version);
    let old = store.write(move |conn| queries::delete(conn, id, version + 1)).await;
    assert_eq!(old, Err(StoreError::Conflict));
    store
        .write(move |conn| queries::delete(conn, id, version))
        .await
        .unwrap();
    assert_eq!(find(store, QueryRef::Id(id)).await, None);
}

async fn launches_of_one_moment_get_numbers_without_gaps(store: &Store) {
    let launched = |query: &Query| matches!(query.life, Life::Launched(_));
    let model = examples().into_iter().find(launched).unwrap();
    let launches: Vec<_> = (0..12u128)
        .map(|place| {
            let (store, mut query) = (store.clone(), model.clone());
            tokio::spawn(async move {
                query.id = QueryId(Uuid::from_u128(1_000 + place));
                store
                    .write(move |conn| {
                        queries::lock_numbers(conn)?;
                        let number = QueryNumber::next(midnight(), queries::highest_sequence(conn, 2026)?);
                        if let Life::Launched(launched) = &mut query.life {
                            launched.number = number;
                        }
                        queries::insert(conn, &query)?;
                        Ok::<_, StoreError>(number.sequence)
                    })
                    .await
            })
        })
        .collect();
    let mut numbers = BTreeSet::new();
    for launch in launches {
        numbers.insert(launch.await.unwrap().unwrap());
    }
    assert_eq!(numbers, (1..=12).collect());
    let twin = Query {
        id: QueryId(Uuid::from_u128(7)),
        ..model
    };
    let taken = store.write(move |conn| {
        let mut twin = twin;
        if let Life::Launched(launched) = &mut twin.life {
            launched.number = QueryNumber {
                year: 2026,
                sequence: 12,
            };
        }
        queries::insert(conn, &twin)
    });
    assert!(
        taken
            .await
            .unwrap_err()
            .violates("queries_number_year_number_sequence_key")
    );
}

async fn a_locked_row_changes_one_by_one(store: &Store) {
    let query = draft();
    insert(store, &query).await;
    let id = query.id;
    let changes: Vec<_> = (0..10)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |conn| {
                        assert_eq!(queries::lock(conn, &QueryRef::Id(id), Lock::Exclusive)?, Some(id));
                        let mut query = queries::find(conn, &QueryRef::Id(id))?.unwrap();
                        query.version += 1;
                        queries::update(conn, &query)
                    })
                    .await
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap().unwrap();
    }
    assert_eq!(find(store, QueryRef::Id(id)).await.unwrap().version, query.version + 10);
    let nowhere = store.write(|conn| queries::lock(conn, &QueryRef::Id(QueryId(Uuid::nil())), Lock::Shared));
    assert_eq!(nowhere.await, Ok(None));
}

async fn a_past_query_is_known_by_title_requester_and_date(store: &Store) {
    for query in examples() {
        insert(store, &query).await;
    }
    let imported = |query: &Query| matches!(query.life, Life::Imported(_));
    for query in examples() {
        let Some(day) = query.requested_on() else { continue };
        let alike = |other: &Query| {
            imported(other)
                && (&other.title, &other.lead, other.requested_on()) == (&query.title, &query.lead, Some(day))
        };
        let expected = examples().iter().any(alike);
        let known = store.read(move |conn| queries::is_imported(conn, &query.title, &query.lead, day));
        assert_eq!(known.await, Ok(expected));
    }
}
