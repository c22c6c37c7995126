//! Public holidays: one row for an office and a day, brought in by the operator. It counts no days.

use crate::connection::phrase::lock_until_commit;
use crate::schema::holidays;
use crate::word::from_word;
use crate::{Connection, StoreError, both};
use ahq_domain::calendar::{Calendar, Calendars};
use ahq_domain::office::OfficeCode;
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// Rows of one statement, well below the bound parameters that a statement may have.
const CHUNK: usize = 1_000;

/// What changes of holidays wait on; no other lock of the program has this key.
const HOLIDAYS: i64 = 0x6168_715f_686f_6c69;

/// Makes changes of holidays wait for each other until the transaction ends, so that each sees the one before its own.
/// Statements: 1 where several processes share the database, else 0.
///
/// # Errors
/// [`StoreError::Busy`] when it waited too long.
pub fn lock(conn: &mut Connection) -> Result<(), StoreError> {
    lock_until_commit(conn, HOLIDAYS)
}

/// The calendar of one office, without data where it has no rows. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn calendar(conn: &mut Connection, office: &OfficeCode) -> Result<Calendar, StoreError> {
    let rows: Vec<(NaiveDate, String)> = holidays::table
        .filter(holidays::office.eq(office.as_str()))
        .select((holidays::date, holidays::name))
        .load(conn)?;
    Ok(Calendar::new(office.clone(), rows.into_iter().collect()))
}

/// The calendars of these offices; one without rows is left out. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn calendars(conn: &mut Connection, offices: &[OfficeCode]) -> Result<Calendars, StoreError> {
    let codes: Vec<&str> = offices.iter().map(OfficeCode::as_str).collect();
    let rows: Vec<(String, NaiveDate, String)> = both!(conn, |database| holidays::table
        .filter(holidays::office.eq_any(&codes))
        .load(database))?;
    rows.into_iter()
        .map(|(office, date, name)| Ok((from_word(&office)?, date, name)))
        .collect()
}

/// The holidays of one office or of all, of one year or of all, by office and date. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn list(
    conn: &mut Connection,
    office: Option<&OfficeCode>,
    year: Option<i32>,
) -> Result<Vec<(OfficeCode, NaiveDate, String)>, StoreError> {
    let mut rows = holidays::table.into_boxed();
    if let Some(office) = office {
        rows = rows.filter(holidays::office.eq(office.as_str()));
    }
    if let Some(year) = year {
        // A year that no calendar has is one without holidays.
        let Some((first, last)) = bounds(year) else {
            return Ok(Vec::new());
        };
        rows = rows.filter(holidays::date.between(first, last));
    }
    let rows: Vec<(String, NaiveDate, String)> = rows.order((holidays::office, holidays::date)).load(conn)?;
    rows.into_iter()
        .map(|(office, date, name)| Ok((from_word(&office)?, date, name)))
        .collect()
}

fn bounds(year: i32) -> Option<(NaiveDate, NaiveDate)> {
    NaiveDate::from_ymd_opt(year, 1, 1).zip(NaiveDate::from_ymd_opt(year, 12, 31))
}

/// Deletes the holidays of an office in a year. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn delete_year(conn: &mut Connection, office: &OfficeCode, year: i32) -> Result<(), StoreError> {
    if let Some((first, last)) = bounds(year) {
        let days = holidays::table
            .filter(holidays::office.eq(office.as_str()))
            .filter(holidays::date.between(first, last));
        diesel::delete(days).execute(conn)?;
    }
    Ok(())
}

/// Writes holidays; a day that its office has already keeps its name. Statements: 1 for each thousand.
///
/// # Errors
/// [`StoreError::ForeignKey`] for an office that is not there.
pub fn put_all(conn: &mut Connection, days: &[(OfficeCode, NaiveDate, String)]) -> Result<(), StoreError> {
    for chunk in days.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|(office, date, name)| {
                (
                    holidays::office.eq(office.as_str()),
                    holidays::date.eq(date),
                    holidays::name.eq(name),
                )
            })
            .collect();
        both!(conn, |database| insert_into(holidays::table)
            .values(&rows)
            .on_conflict_do_nothing()
            .execute(database))?;
    }
    Ok(())
}
