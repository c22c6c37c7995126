//! Keys of the exchange, kept encrypted for all servers. It knows no secret and opens nothing.

use crate::connection::phrase::insert_or_ignore;
use crate::schema::keys;
use crate::{Connection, StoreError, changed_one};
use diesel::insert_into;
use diesel::prelude::*;

/// The sealed keys of this name. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(keys::table
        .filter(keys::name.eq(name))
        .select(keys::sealed)
        .first(conn)
        .optional()?)
}

/// Writes keys of this name, unless there are some. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn insert_once(conn: &mut Connection, name: &str, sealed: &str) -> Result<(), StoreError> {
    let row = insert_into(keys::table).values((keys::name.eq(name), keys::sealed.eq(sealed)));
    insert_or_ignore(row).execute(conn)?;
    Ok(())
}

/// Puts other keys in the place of those that were read. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when others were written meanwhile.
pub fn replace(conn: &mut Connection, name: &str, read: &str, sealed: &str) -> Result<(), StoreError> {
    let before = keys::table.filter(keys::name.eq(name)).filter(keys::sealed.eq(read));
    changed_one(diesel::update(before).set(keys::sealed.eq(sealed)).execute(conn)?)
}
