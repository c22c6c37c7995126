//! Corrections of the wording of launched queries: written once, never changed. The wordings of a question stand in the
//! row of its query too.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::corrections;
use crate::{Connection, StoreError};
use ahq_domain::correction::{CorrectedBackground, CorrectedQuestion, Correction};
use ahq_domain::id::{CorrectionId, QueryId};
use diesel::insert_into;
use diesel::prelude::*;

/// A row of `corrections`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = corrections, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    id: Id,
    query_id: Id,
    at: Time,
    reason: String,
    background: Option<Json<CorrectedBackground>>,
    questions: Json<Vec<CorrectedQuestion>>,
}

impl Row {
    fn into_correction(self) -> Correction {
        Correction {
            id: CorrectionId(self.id.into()),
            query: QueryId(self.query_id.into()),
            at: self.at.into(),
            reason: self.reason,
            background: self.background.map(|Json(background)| background),
            questions: self.questions.0,
        }
    }
}

/// Writes a new correction. Statements: 1.
///
/// # Errors
/// [`StoreError::ForeignKey`] when there is no such query.
pub fn insert(conn: &mut Connection, correction: &Correction) -> Result<(), StoreError> {
    let row = Row {
        id: correction.id.0.into(),
        query_id: correction.query.0.into(),
        at: correction.at.into(),
        reason: correction.reason.clone(),
        background: correction.background.clone().map(Json),
        questions: Json(correction.questions.clone()),
    };
    insert_into(corrections::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds a correction. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
    let row: Option<Row> = corrections::table
        .find(Id::from(id.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Row::into_correction))
}

/// The corrections of a query, the first one first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_query(conn: &mut Connection, query: QueryId) -> Result<Vec<Correction>, StoreError> {
    let rows: Vec<Row> = corrections::table
        .filter(corrections::query_id.eq(Id::from(query.0)))
        .order((corrections::at, corrections::id))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Row::into_correction).collect())
}
