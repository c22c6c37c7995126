//! What offices have settled for themselves: a row for each that wants it other than usual. Versions guard every change.

use crate::connection::MultiBackend;
use crate::connection::phrase::insert_or_ignore;
use crate::schema::office_settings as settings;
use crate::{Connection, StoreError, changed_one};
use ahq_domain::approval::OfficeSettings;
use ahq_domain::office::OfficeCode;
use diesel::insert_into;
use diesel::prelude::*;

/// A row of `office_settings`.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = settings, primary_key(office), check_for_backend(MultiBackend))]
struct Row {
    office: String,
    version: i64,
    approval: bool,
    second_factor: bool,
}

/// What an office has settled, with the version of that; none where it never said. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, office: &OfficeCode) -> Result<Option<(i64, OfficeSettings)>, StoreError> {
    let row: Option<Row> = settings::table
        .find(office.as_str())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(|row| {
        let settled = OfficeSettings {
            approval: row.approval,
            second_factor: row.second_factor,
        };
        (row.version, settled)
    }))
}

/// Writes what an office has settled, as version `version`: the first one, or over the one before. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when another version was written meanwhile.
pub fn put(
    conn: &mut Connection,
    office: &OfficeCode,
    version: i64,
    settled: &OfficeSettings,
) -> Result<(), StoreError> {
    let row = Row {
        office: office.to_string(),
        version,
        approval: settled.approval,
        second_factor: settled.second_factor,
    };
    if version == 1 {
        let insert = insert_into(settings::table).values(row);
        return changed_one(insert_or_ignore(insert).execute(conn)?);
    }
    let before = settings::table
        .filter(settings::office.eq(office.as_str()))
        .filter(settings::version.eq(version - 1));
    changed_one(diesel::update(before).set(row).execute(conn)?)
}
