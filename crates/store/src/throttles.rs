//! Throttles: how often signing in failed, by account or address, for all servers together. How long that makes the
//! next try wait is for the caller to say.

use crate::column::Time;
use crate::schema::throttles;
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use diesel::insert_into;
use diesel::prelude::*;

/// How often it failed since it was cleared last, and when it did last. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, key: &str) -> Result<Option<(i32, Instant)>, StoreError> {
    let found: Option<(i32, Time)> = throttles::table
        .filter(throttles::key.eq(key))
        .select((throttles::failures, throttles::last_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(failures, last)| (failures, last.into())))
}

/// Counts one more failure. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn fail(conn: &mut Connection, key: &str, now: Instant) -> Result<(), StoreError> {
    let last = throttles::last_at.eq(Time::from(now));
    both!(conn, |database| insert_into(throttles::table)
        .values((throttles::key.eq(key), throttles::failures.eq(1), last))
        .on_conflict(throttles::key)
        .do_update()
        .set((throttles::failures.eq(throttles::failures + 1), last))
        .execute(database))?;
    Ok(())
}

/// Forgets the failures. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn clear(conn: &mut Connection, key: &str) -> Result<(), StoreError> {
    diesel::delete(throttles::table.filter(throttles::key.eq(key))).execute(conn)?;
    Ok(())
}
