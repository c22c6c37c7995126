//! Queries with their responses and editions, and looks at many of them, each in a database that holds nothing else.

use crate::random::{midnight, office, queries as some_queries};
use ahq_domain::office::OfficeCode;
use ahq_domain::query::Query;
use ahq_domain::response::ResponseStatus;
use ahq_store::column::{Id, Json, Time};
use ahq_store::{Connection, Store, StoreError, queries};
use diesel::prelude::*;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

diesel::table! {
    use ahq_store::column::sql::{Id, Json};
    use diesel::sql_types::{BigInt, Bool, Integer, Text};

    responses (id) {
        id -> Id,
        query_id -> Id,
        office -> Text,
        version -> BigInt,
        status -> Text,
        last_version -> Integer,
        late -> Bool,
        circles -> Json,
    }
}

diesel::table! {
    use ahq_store::column::sql::{Id, Json, Time};
    use diesel::sql_types::Integer;

    editions (id) {
        id -> Id,
        query_id -> Id,
        number -> Integer,
        made_at -> Time,
        composition -> Json,
        declined -> Json,
    }
}

/// The responses to one query, and who is in each of its editions.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) responses: BTreeMap<OfficeCode, ResponseStatus>,
    pub(crate) editions: Vec<BTreeSet<OfficeCode>>,
}

fn answered() -> impl Strategy<Value = Answered> {
    let status = select(
        &[
            ResponseStatus::Drafting,
            ResponseStatus::Submitted,
            ResponseStatus::Declined,
        ][..],
    );
    (btree_map(office(), status, 0..4), vec(btree_set(office(), 0..3), 3))
        .prop_map(|(responses, editions)| Answered { responses, editions })
}

/// Queries, each with its responses.
pub(crate) fn world() -> impl Strategy<Value = Vec<(Query, Answered)>> {
    (some_queries(), vec(answered(), 12)).prop_map(|(queries, answered)| queries.into_iter().zip(answered).collect())
}

pub(crate) fn fill(conn: &mut Connection, world: &[(Query, Answered)]) -> Result<(), StoreError> {
    for (query, answered) in world {
        queries::insert(conn, query)?;
        let id = Id::from(query.id.0);
        if query.launched().is_none() {
            continue;
        }
        for (place, (office, status)) in answered.responses.iter().enumerate() {
            let response = Uuid::from_u64_pair(query.id.0.as_u64_pair().1, u64::try_from(place).unwrap());
            diesel::insert_into(responses::table)
                .values((
                    responses::id.eq(Id::from(response)),
                    responses::query_id.eq(id),
                    responses::office.eq(office.as_str()),
                    responses::version.eq(1i64),
                    responses::status.eq(serde_json::to_value(status).unwrap().as_str().unwrap().to_owned()),
                    responses::last_version.eq(0),
                    responses::late.eq(false),
                    responses::circles.eq(Json(serde_json::json!({}))),
                ))
                .execute(conn)?;
        }
        for (number, offices) in (1i32..).zip(&answered.editions) {
            let edition = Uuid::from_u64_pair(query.id.0.as_u64_pair().1, u64::try_from(number).unwrap());
            let parts: Vec<_> = offices
                .iter()
                .map(|office| serde_json::json!({"office": office}))
                .collect();
            diesel::insert_into(editions::table)
                .values((
                    editions::id.eq(Id::from(edition)),
                    editions::query_id.eq(id),
                    editions::number.eq(number),
                    editions::made_at.eq(Time::from(midnight())),
                    editions::composition.eq(Json(serde_json::Value::from(parts))),
                    editions::declined.eq(Json(serde_json::json!([]))),
                ))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// What stops a transaction that only looked.
enum Stop {
    Looked,
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Draws `cases` times and looks at each in a database that holds nothing else. A failing look panics.
pub(crate) async fn for_all<S, F>(store: &Store, cases: u32, strategy: S, look: F)
where
    S: Strategy + Send + 'static,
    S::Value: Clone + Send,
    F: Fn(&mut Connection, &S::Value) -> Result<(), StoreError> + Copy + Send + 'static,
{
    let store = store.clone();
    let runtime = tokio::runtime::Handle::current();
    let run = move || {
        let config = ProptestConfig {
            cases,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        TestRunner::new(config).run(&strategy, |case| {
            let looked = runtime.block_on(store.write(move |conn| {
                look(conn, &case)?;
                Err::<(), _>(Stop::Looked)
            }));
            match looked {
                Err(Stop::Failed(error)) => Err(TestCaseError::fail(error.to_string())),
                _ => Ok(()),
            }
        })
    };
    if let Err(failure) = tokio::task::spawn_blocking(run).await.unwrap() {
        panic!("{failure}");
    }
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T, what: &str) -> Result<(), StoreError> {
    if found == expected {
        return Ok(());
    }
    Err(StoreError::Other(format!(
        "{what}: found {found:?}, expected {expected:?}"
    )))
}
