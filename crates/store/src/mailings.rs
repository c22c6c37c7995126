//! Mail that comes by the calendar: one row for a recipient and a kind, with its last day, so that it comes once a day.

use crate::column::Time;
use crate::connection::phrase::{insert_or_ignore, lock_until_commit};
use crate::schema::mailings;
use crate::{Connection, StoreError};
use ahq_domain::clock::Instant;
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// What writers of reminders and digests wait on; no other lock of the program has this key.
const MAILINGS: i64 = 0x6168_715f_6d61_696c;

/// Makes those who write reminders and digests wait for each other until the transaction ends, so that a digest holds
/// every reminder of its morning. Statements: 1 where several processes share the database, else 0.
///
/// # Errors
/// [`StoreError::Busy`] when it waited too long.
pub fn lock(conn: &mut Connection) -> Result<(), StoreError> {
    lock_until_commit(conn, MAILINGS)
}

/// Writes down that a recipient gets this kind of mail on this day, for all up to `through`; says whether it was the first
/// to, on this day or a later one. Statements: 1 or 2.
///
/// # Errors
/// Those of writing.
pub fn record(
    conn: &mut Connection,
    recipient: &str,
    kind: &str,
    day: NaiveDate,
    through: Instant,
) -> Result<bool, StoreError> {
    let told = (mailings::day.eq(day), mailings::through.eq(Time::from(through)));
    let earlier = mailings::table
        .filter(mailings::recipient.eq(recipient))
        .filter(mailings::kind.eq(kind))
        .filter(mailings::day.lt(day));
    if diesel::update(earlier).set(told).execute(conn)? == 1 {
        return Ok(true);
    }
    let first = insert_into(mailings::table).values((mailings::recipient.eq(recipient), mailings::kind.eq(kind), told));
    Ok(insert_or_ignore(first).execute(conn)? == 1)
}

/// Who has had this kind of mail: the last day, and up to when it told what happened. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn last(conn: &mut Connection, kind: &str) -> Result<Vec<(String, NaiveDate, Instant)>, StoreError> {
    let rows: Vec<(String, NaiveDate, Time)> = mailings::table
        .filter(mailings::kind.eq(kind))
        .select((mailings::recipient, mailings::day, mailings::through))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(recipient, day, through)| (recipient, day, through.into()))
        .collect())
}
