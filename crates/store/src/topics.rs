//! Topics: what queries are about, brought in by the operator. They are never deleted.

use crate::connection::MultiBackend;
use crate::connection::phrase::folded;
use crate::schema::topics;
use crate::{Connection, StoreError, both};
use diesel::insert_into;
use diesel::prelude::*;

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = topics, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
pub struct Topic {
    /// Its id, as queries name it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// All topics, by name without regard to case. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn all(conn: &mut Connection) -> Result<Vec<Topic>, StoreError> {
    Ok(topics::table
        .order((folded(topics::name), topics::id))
        .select(Topic::as_select())
        .load(conn)?)
}

/// Writes a topic, new or over the one with its id. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn put(conn: &mut Connection, topic: &Topic) -> Result<(), StoreError> {
    both!(conn, |database| insert_into(topics::table)
        .values(topic)
        .on_conflict(topics::id)
        .do_update()
        .set(topic)
        .execute(database))?;
    Ok(())
}
