//! Invitations: open links by which somebody sets their first password. Only the hash of a link's secret is kept, and
//! whether a link still holds is for the caller to say.

use crate::column::{Id, Time};
use crate::schema::invitations;
use crate::{Connection, StoreError};
use ahq_domain::clock::Instant;
use ahq_domain::id::UserId;
use diesel::insert_into;
use diesel::prelude::*;

/// Writes a new invitation. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `invitations_secret_hash_key` when the secret is not new.
pub fn insert(conn: &mut Connection, secret_hash: &str, user: UserId, expires: Instant) -> Result<(), StoreError> {
    insert_into(invitations::table)
        .values((
            invitations::secret_hash.eq(secret_hash),
            invitations::user_id.eq(Id::from(user.0)),
            invitations::expires_at.eq(Time::from(expires)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whom an invitation is for, and when it ends. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, secret_hash: &str) -> Result<Option<(UserId, Instant)>, StoreError> {
    let found: Option<(Id, Time)> = invitations::table
        .filter(invitations::secret_hash.eq(secret_hash))
        .select((invitations::user_id, invitations::expires_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(user, expires)| (UserId(user.into()), expires.into())))
}

/// Deletes all invitations of a user. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn delete_of(conn: &mut Connection, user: UserId) -> Result<(), StoreError> {
    diesel::delete(invitations::table.filter(invitations::user_id.eq(Id::from(user.0)))).execute(conn)?;
    Ok(())
}
