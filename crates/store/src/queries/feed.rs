//! Whole queries for feeds: those whose deadline still means something to an office, and those published last.
//!
//! Conditions find their ids, a second statement their rows. Whether somebody may read them is for the caller to say.

use super::condition::{is_addressed, status};
use super::find_all;
use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::connection::phrase::{json_list_contains, newest_until, nulls_last};
use crate::schema::queries;
use crate::{Connection, StoreError};
use ahq_domain::clock::Instant;
use ahq_domain::id::QueryId;
use ahq_domain::office::OfficeCode;
use ahq_domain::query::{Query, Status};
use diesel::prelude::*;

type Ids = diesel::dsl::IntoBoxed<'static, diesel::dsl::Select<queries::table, queries::id>, MultiBackend>;

fn ids() -> Ids {
    queries::table.select(queries::id).into_boxed()
}

fn load(conn: &mut Connection, ids: Ids) -> Result<Vec<Query>, StoreError> {
    let ids: Vec<Id> = ids.load(conn)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = ids.into_iter().map(|id| QueryId(id.into())).collect();
    let mut found = find_all(conn, &ids)?;
    found.sort_by_key(|query| ids.iter().position(|id| *id == query.id));
    Ok(found)
}

/// The launched queries that are addressed to an office or led by it, and are open or closed, or are withdrawn and were
/// changed since a moment; by their end. Statements: 2, or 1 when there are none.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn with_deadline_for(
    conn: &mut Connection,
    office: &OfficeCode,
    changed_since: Instant,
) -> Result<Vec<Query>, StoreError> {
    let running = queries::withdrawn.is_null().and(queries::edition_number.is_null());
    let withdrawn = queries::withdrawn
        .is_not_null()
        .and(queries::changed_at.ge(Time::from(changed_since)));
    let rows = ids()
        .filter(queries::launched_at.is_not_null())
        .filter(running.or(withdrawn))
        .filter(is_addressed(office).or(queries::lead.eq(office.to_string()).nullable()));
    load(conn, rows.order((queries::ends_at, queries::id)))
}

/// The queries whose publications came into force last, the newest first, then imported ones by their day of request.
/// Statements: 2, or 1 when there are none.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn newest_published(
    conn: &mut Connection,
    topic: Option<&str>,
    most: i64,
    now: Instant,
) -> Result<Vec<Query>, StoreError> {
    let mut rows = ids().filter(status(now).eq(Status::Published.word()));
    if let Some(topic) = topic {
        rows = rows.filter(json_list_contains(queries::topics, topic));
    }
    let rows = rows
        .then_order_by(nulls_last(newest_until(queries::publications, now), true))
        .then_order_by(nulls_last(queries::requested_on, true))
        .then_order_by(nulls_last(queries::id, true));
    load(conn, rows.limit(most))
}
