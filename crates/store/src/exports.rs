//! Exports: who asked for which editions, and how far their documents have been made. The documents lie with the others.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::connection::phrase::skip_locked;
use crate::schema::exports;
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{EditionId, ExportId, QueryId, UserId};
use diesel::insert_into;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A view that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The query.
    pub query: QueryId,
    /// The edition.
    pub edition: EditionId,
    /// Its number.
    pub number: i32,
    /// Whose view.
    pub circle: Circle,
}

/// An export.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// Who asked for it.
    pub user: UserId,
    /// When.
    pub asked: Instant,
    /// What was asked for, as the use case wrote it.
    pub wanted: Value,
    /// The views it is made of.
    pub entries: Vec<Entry>,
    /// The number of the claim it was read with.
    pub lease: i32,
    /// How many of its documents have been made.
    pub done: i32,
    /// When the last one was.
    pub finished: Option<Instant>,
}

/// A row of `exports`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = exports, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    id: Id,
    user_id: Id,
    asked_at: Time,
    wanted: Json<Value>,
    entries: Json<Vec<Entry>>,
    due_at: Time,
    lease: i32,
    done: i32,
    finished_at: Option<Time>,
}

impl From<Row> for Export {
    fn from(row: Row) -> Self {
        Self {
            id: ExportId(row.id.into()),
            user: UserId(row.user_id.into()),
            asked: row.asked_at.into(),
            wanted: row.wanted.0,
            entries: row.entries.0,
            lease: row.lease,
            done: row.done,
            finished: row.finished_at.map(Instant::from),
        }
    }
}

/// Writes a new export, due at once. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn insert(conn: &mut Connection, export: &Export) -> Result<(), StoreError> {
    let row = Row {
        id: export.id.0.into(),
        user_id: export.user.0.into(),
        asked_at: export.asked.into(),
        wanted: Json(export.wanted.clone()),
        entries: Json(export.entries.clone()),
        due_at: export.asked.into(),
        lease: export.lease,
        done: export.done,
        finished_at: export.finished.map(Time::from),
    };
    insert_into(exports::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds an export. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, id: ExportId) -> Result<Option<Export>, StoreError> {
    let row: Option<Row> = exports::table
        .find(Id::from(id.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Export::from))
}

/// Claims an export that lacks documents for the caller alone until `until`, the longest due first. Another worker gets
/// it afterwards. Statements: 2, or 1 when nothing is due.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn claim(conn: &mut Connection, now: Instant, until: Instant) -> Result<Option<Export>, StoreError> {
    let due = exports::table
        .filter(exports::finished_at.is_null())
        .filter(exports::due_at.le(Time::from(now)))
        .order((exports::due_at, exports::id))
        .limit(1)
        .select(Row::as_select());
    let mut rows: Vec<Row> = skip_locked(due).load(conn)?;
    let Some(mut row) = rows.pop() else {
        return Ok(None);
    };
    row.lease += 1;
    diesel::update(exports::table.find(row.id))
        .set((exports::due_at.eq(Time::from(until)), exports::lease.eq(row.lease)))
        .execute(conn)?;
    Ok(Some(row.into()))
}

/// Notes how many documents of a claimed export are made, and gives it back; not when another claim came after it.
/// Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn advance(
    conn: &mut Connection,
    export: &Export,
    done: i32,
    now: Instant,
    finished: bool,
) -> Result<(), StoreError> {
    let claimed = exports::table
        .filter(exports::id.eq(Id::from(export.id.0)))
        .filter(exports::lease.eq(export.lease));
    both!(conn, |database| diesel::update(claimed)
        .set((
            exports::done.eq(done),
            exports::due_at.eq(Time::from(now)),
            exports::finished_at.eq(finished.then(|| Time::from(now))),
        ))
        .execute(database))?;
    Ok(())
}

/// Forgets exports that were asked for before. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn purge(conn: &mut Connection, before: Instant) -> Result<usize, StoreError> {
    let old = exports::table.filter(exports::asked_at.lt(Time::from(before)));
    Ok(diesel::delete(old).execute(conn)?)
}
