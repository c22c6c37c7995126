//! Second factors of users, and their recovery codes. No secret rests here: one is derived from a server key and the seed,
//! and of recovery codes only hashes are kept. Which codes are good is for the caller to say.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::{recovery_codes, second_factors};
use crate::{Connection, StoreError, both, changed_one};
use ahq_domain::clock::Instant;
use ahq_domain::id::UserId;
use diesel::insert_into;
use diesel::prelude::*;

/// A second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// What its secret is derived from, together with a key that is not here.
    pub seed: String,
    /// Since when it is asked for; none until its first code was given.
    pub confirmed: Option<Instant>,
    /// The step of the last code that was given.
    pub used_step: Option<i64>,
}

/// A row of `second_factors`.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = second_factors, primary_key(user_id), check_for_backend(MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    user_id: Id,
    seed: String,
    confirmed_at: Option<Time>,
    used_step: Option<i64>,
}

/// The second factor of a user. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
    let row: Option<Row> = second_factors::table
        .filter(second_factors::user_id.eq(Id::from(user.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(|row| SecondFactor {
        seed: row.seed,
        confirmed: row.confirmed_at.map(Instant::from),
        used_step: row.used_step,
    }))
}

/// Writes the second factor of a user, over one that was begun only. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when one is in force.
pub fn put(conn: &mut Connection, user: UserId, factor: &SecondFactor) -> Result<(), StoreError> {
    let row = || Row {
        user_id: user.0.into(),
        seed: factor.seed.clone(),
        confirmed_at: factor.confirmed.map(Time::from),
        used_step: factor.used_step,
    };
    let written = both!(conn, |database| diesel::query_dsl::methods::FilterDsl::filter(
        insert_into(second_factors::table)
            .values(row())
            .on_conflict(second_factors::user_id)
            .do_update()
            .set(row()),
        second_factors::confirmed_at.is_null(),
    )
    .execute(database))?;
    changed_one(written)
}

/// Writes down that the code of a step was given, and says whether none of it or later was before. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn use_step(conn: &mut Connection, user: UserId, step: i64) -> Result<bool, StoreError> {
    let unused = second_factors::used_step
        .is_null()
        .or(second_factors::used_step.lt(step).assume_not_null());
    let of_user = second_factors::table
        .filter(second_factors::user_id.eq(Id::from(user.0)))
        .filter(unused);
    let used = diesel::update(of_user)
        .set(second_factors::used_step.eq(step))
        .execute(conn)?;
    Ok(used == 1)
}

/// Takes the second factor of a user away, with its recovery codes. Statements: 2.
///
/// # Errors
/// Those of writing.
pub fn delete(conn: &mut Connection, user: UserId) -> Result<(), StoreError> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(Id::from(user.0)))).execute(conn)?;
    diesel::delete(second_factors::table.filter(second_factors::user_id.eq(Id::from(user.0)))).execute(conn)?;
    Ok(())
}

/// Writes new recovery codes in the place of those that the user has. Statements: 1 and one a code.
///
/// # Errors
/// Those of writing.
pub fn replace_recovery_codes(conn: &mut Connection, user: UserId, hashes: &[String]) -> Result<(), StoreError> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(Id::from(user.0)))).execute(conn)?;
    for hash in hashes {
        insert_into(recovery_codes::table)
            .values((
                recovery_codes::user_id.eq(Id::from(user.0)),
                recovery_codes::code_hash.eq(hash),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Uses a recovery code up, and says whether it was there. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn use_recovery_code(conn: &mut Connection, user: UserId, hash: &str) -> Result<bool, StoreError> {
    let code = recovery_codes::table
        .filter(recovery_codes::user_id.eq(Id::from(user.0)))
        .filter(recovery_codes::code_hash.eq(hash));
    Ok(diesel::delete(code).execute(conn)? == 1)
}

/// How many recovery codes a user has left. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn count_recovery_codes(conn: &mut Connection, user: UserId) -> Result<i64, StoreError> {
    Ok(recovery_codes::table
        .filter(recovery_codes::user_id.eq(Id::from(user.0)))
        .count()
        .get_result(conn)?)
}
