//! Links by which somebody sets a new password or confirms a new address. Only the hash of a link's secret is kept, and
//! whether a link still holds is for the caller to say.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::account_links;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError};
use ahq_domain::clock::Instant;
use ahq_domain::id::UserId;
use diesel::insert_into;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A new password.
    Password,
    /// A new address.
    Address,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLink {
    /// What it is good for.
    pub purpose: Purpose,
    /// Whose account it changes.
    pub user: UserId,
    /// The new address, where that is its purpose.
    pub email: Option<String>,
    /// When it ends.
    pub expires: Instant,
}

/// A row of `account_links`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = account_links, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    secret_hash: String,
    purpose: String,
    user_id: Id,
    email: Option<String>,
    expires_at: Time,
}

/// Writes a new link in the place of those of this purpose that the user has. Statements: 2.
///
/// # Errors
/// [`StoreError::Unique`] `account_links_secret_hash_key` when the secret is not new.
pub fn replace(conn: &mut Connection, secret_hash: &str, link: &AccountLink) -> Result<(), StoreError> {
    delete_of(conn, link.user, link.purpose)?;
    let row = Row {
        secret_hash: secret_hash.to_owned(),
        purpose: to_word(&link.purpose)?,
        user_id: link.user.0.into(),
        email: link.email.clone(),
        expires_at: link.expires.into(),
    };
    insert_into(account_links::table).values(row).execute(conn)?;
    Ok(())
}

/// The link with this secret. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, secret_hash: &str) -> Result<Option<AccountLink>, StoreError> {
    let row: Option<Row> = account_links::table
        .filter(account_links::secret_hash.eq(secret_hash))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| {
        Ok(AccountLink {
            purpose: from_word(&row.purpose)?,
            user: UserId(row.user_id.into()),
            email: row.email,
            expires: row.expires_at.into(),
        })
    })
    .transpose()
}

/// Deletes the links of a user that are good for this. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn delete_of(conn: &mut Connection, user: UserId, purpose: Purpose) -> Result<(), StoreError> {
    let of_user = account_links::table
        .filter(account_links::user_id.eq(Id::from(user.0)))
        .filter(account_links::purpose.eq(to_word(&purpose)?));
    diesel::delete(of_user).execute(conn)?;
    Ok(())
}

/// Deletes the links that ended before `now`. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn purge(conn: &mut Connection, now: Instant) -> Result<usize, StoreError> {
    let over = account_links::table.filter(account_links::expires_at.lt(Time::from(now)));
    Ok(diesel::delete(over).execute(conn)?)
}
