//! What is suspended: one row each, lifted once. They are read with their query. Who may suspend what is not decided here.

use crate::column::{Id, Json, Time};
use crate::schema::holds;
use crate::{Connection, StoreError, changed_one};
use ahq_domain::clock::Instant;
use ahq_domain::hold::{Held, Hold, Lifted};
use ahq_domain::id::{HoldId, QueryId};
use ahq_domain::office::OfficeCode;
use ahq_domain::question::Key;
use diesel::insert_into;
use diesel::prelude::*;
use uuid::Uuid;

/// A row of `holds`.
#[derive(Debug, Insertable)]
#[diesel(table_name = holds, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    query_id: Id,
    office: Option<String>,
    question: Option<String>,
    editions: Option<Json<Vec<i32>>>,
    reason: String,
    placed_at: Time,
    placed_by: String,
    lifted_at: Option<Time>,
    lifted_by: Option<String>,
}

/// Writes a new hold on something of a query. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn insert(conn: &mut Connection, query: QueryId, hold: &Hold) -> Result<(), StoreError> {
    let (question, editions) = match &hold.held {
        Held::Response { .. } => (None, None),
        Held::Answer { question, .. } => (Some(question.to_string()), None),
        Held::Edition { numbers } => (None, Some(Json(numbers.clone()))),
    };
    let row = Row {
        id: hold.id.0.into(),
        query_id: query.0.into(),
        office: hold.held.office().map(OfficeCode::to_string),
        question,
        editions,
        reason: hold.reason.clone(),
        placed_at: hold.at.into(),
        placed_by: hold.by.to_string(),
        lifted_at: None,
        lifted_by: None,
    };
    insert_into(holds::table).values(row).execute(conn)?;
    Ok(())
}

/// Writes that a hold was lifted. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when that was written before, or it is not there.
pub fn lift(conn: &mut Connection, id: HoldId, lifted: &Lifted) -> Result<(), StoreError> {
    let in_force = holds::table
        .filter(holds::id.eq(Id::from(id.0)))
        .filter(holds::lifted_at.is_null());
    changed_one(
        diesel::update(in_force)
            .set((
                holds::lifted_at.eq(Time::from(lifted.at)),
                holds::lifted_by.eq(lifted.by.as_str()),
            ))
            .execute(conn)?,
    )
}

/// Writes which editions a hold is on, after one took the place of another. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub fn set_editions(conn: &mut Connection, id: HoldId, numbers: &[i32]) -> Result<(), StoreError> {
    let row = holds::table.filter(holds::id.eq(Id::from(id.0)));
    let numbers = Some(Json(numbers.to_vec()));
    changed_one(diesel::update(row).set(holds::editions.eq(numbers)).execute(conn)?)
}

/// The holds of a query, as [`crate::connection::phrase::HoldsOfQuery`] gives them.
pub(crate) fn parse(list: &str) -> Result<Vec<Hold>, StoreError> {
    type Listed = (
        Uuid,
        Option<OfficeCode>,
        Option<Key>,
        Option<Vec<i32>>,
        String,
        Instant,
        OfficeCode,
        Option<Instant>,
        Option<OfficeCode>,
    );
    let list: Vec<Listed> = serde_json::from_str(list).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    let hold = |(id, office, question, editions, reason, at, by, lifted_at, lifted_by): Listed| Hold {
        id: HoldId(id),
        held: match (office, question) {
            (Some(office), Some(question)) => Held::Answer { office, question },
            (Some(office), None) => Held::Response { office },
            (None, _) => Held::Edition {
                numbers: editions.unwrap_or_default(),
            },
        },
        reason,
        at,
        by,
        lifted: lifted_at.zip(lifted_by).map(|(at, by)| Lifted { at, by }),
    };
    Ok(list.into_iter().map(hold).collect())
}
