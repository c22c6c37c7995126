//! Requests of offices for more time: one row each, answered once. Who may ask and what may be granted is not decided here.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::extension_requests as requests;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, changed_one};
use ahq_domain::clock::Instant;
use ahq_domain::extension::{Answer, ExtensionRequest};
use ahq_domain::id::{ExtensionRequestId, QueryId};
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// A row of `extension_requests`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = requests, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    id: Id,
    query_id: Id,
    office: String,
    proposed: NaiveDate,
    reason: String,
    asked_at: Time,
    answered_at: Option<Time>,
    outcome: Option<String>,
    granted: Option<NaiveDate>,
    note: Option<String>,
}

impl Row {
    fn into_request(self) -> Result<ExtensionRequest, StoreError> {
        let outcome = self.outcome.as_deref().map(from_word).transpose()?;
        Ok(ExtensionRequest {
            id: ExtensionRequestId(self.id.into()),
            query: QueryId(self.query_id.into()),
            office: from_word(&self.office)?,
            proposed: self.proposed,
            reason: self.reason,
            asked: self.asked_at.into(),
            answer: self
                .answered_at
                .map(Instant::from)
                .zip(outcome)
                .map(|(at, outcome)| Answer {
                    at,
                    outcome,
                    deadline: self.granted,
                    note: self.note,
                }),
        })
    }
}

/// Writes a new request, which waits. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `extension_requests_query_id_office_key` when one of this office waits already.
pub fn insert(conn: &mut Connection, request: &ExtensionRequest) -> Result<(), StoreError> {
    let row = Row {
        id: request.id.0.into(),
        query_id: request.query.0.into(),
        office: request.office.to_string(),
        proposed: request.proposed,
        reason: request.reason.clone(),
        asked_at: request.asked.into(),
        answered_at: None,
        outcome: None,
        granted: None,
        note: None,
    };
    insert_into(requests::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds a request. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, id: ExtensionRequestId) -> Result<Option<ExtensionRequest>, StoreError> {
    let row: Option<Row> = requests::table
        .find(Id::from(id.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_request).transpose()
}

/// The requests about a query, in the order they were asked. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_query(conn: &mut Connection, query: QueryId) -> Result<Vec<ExtensionRequest>, StoreError> {
    let rows: Vec<Row> = requests::table
        .filter(requests::query_id.eq(Id::from(query.0)))
        .order((requests::asked_at, requests::id))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_request).collect()
}

/// Writes the answer to a request that waits. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it was answered meanwhile.
pub fn answer(conn: &mut Connection, id: ExtensionRequestId, answer: &Answer) -> Result<(), StoreError> {
    let waiting = requests::table
        .filter(requests::id.eq(Id::from(id.0)))
        .filter(requests::answered_at.is_null());
    changed_one(
        diesel::update(waiting)
            .set((
                requests::answered_at.eq(Time::from(answer.at)),
                requests::outcome.eq(to_word(&answer.outcome)?),
                requests::granted.eq(answer.deadline),
                requests::note.eq(&answer.note),
            ))
            .execute(conn)?,
    )
}
