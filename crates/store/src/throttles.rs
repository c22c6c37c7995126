//! Throttles: how often signing in failed, by account or address, for all servers together. How long that makes the
//! next try wait is for the caller to say.

use crate::column::Time;
use crate::schema::throttles;
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use diesel::insert_into;
use diesel::prelude::*;

/// How often it failed and when it did last, held until the transaction ends: twins wait for one another. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn hold(conn: &mut Connection, key: &str, now: Instant) -> Result<(i32, Instant), StoreError> {
    // One statement: between two of them, a twin that succeeds may delete the row.
    let (failures, last): (i32, Time) = both!(conn, |database| insert_into(throttles::table)
        .values((
            throttles::key.eq(key),
            throttles::failures.eq(0),
            throttles::last_at.eq(Time::from(now)),
        ))
        .on_conflict(throttles::key)
        .do_update()
        .set(throttles::failures.eq(throttles::failures))
        .returning((throttles::failures, throttles::last_at))
        .get_result(database))?;
    Ok((failures, last.into()))
}

/// Writes down how often it failed, the last time at `now`. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn put(conn: &mut Connection, key: &str, failures: i32, now: Instant) -> Result<(), StoreError> {
    diesel::update(throttles::table.filter(throttles::key.eq(key)))
        .set((throttles::failures.eq(failures), throttles::last_at.eq(Time::from(now))))
        .execute(conn)?;
    Ok(())
}

/// Takes one failure back. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn forgive(conn: &mut Connection, key: &str) -> Result<(), StoreError> {
    let failed = throttles::table
        .filter(throttles::key.eq(key))
        .filter(throttles::failures.gt(0));
    diesel::update(failed)
        .set(throttles::failures.eq(throttles::failures - 1))
        .execute(conn)?;
    Ok(())
}

/// Forgets what failed last before `before`. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn purge(conn: &mut Connection, before: Instant) -> Result<usize, StoreError> {
    let old = throttles::table.filter(throttles::last_at.lt(Time::from(before)));
    Ok(diesel::delete(old).execute(conn)?)
}

/// Forgets the failures. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn clear(conn: &mut Connection, key: &str) -> Result<(), StoreError> {
    diesel::delete(throttles::table.filter(throttles::key.eq(key))).execute(conn)?;
    Ok(())
}
