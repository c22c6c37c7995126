//! The tables' shape: the migrations of `migrations/sqlite` and `migrations/postgres`, embedded in the program, and
//! which of them the database has seen. It never runs one by itself: the program decides when.

use crate::connection::{AnyConnection, MultiBackend};
use crate::error::StoreError;
use diesel::QueryableByName;
use diesel::migration::{Migration, MigrationConnection, MigrationSource};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Where diesel writes down what has run.
const JOURNAL: &str = "__diesel_schema_migrations";

/// Runs what has not run yet, in order, and returns the names. Inside one [`crate::Store::write`]: all of it stands or
/// none. Processes that start at the same time wait for each other.
///
/// # Errors
/// [`StoreError::Migration`] if one fails, or if the database has seen migrations this program does not know.
pub fn run(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    connection.lock_schema()?;
    connection.setup()?;
    let seen = stamps(connection)?;
    let known = known(connection)?;
    if let Some(stamp) = seen
        .iter()
        .find(|stamp| !known.iter().any(|migration| stamp_of(migration) == **stamp))
    {
        return Err(StoreError::Migration(format!(
            "a newer program has changed them (migration {stamp})"
        )));
    }
    let pending: Vec<_> = known
        .into_iter()
        .filter(|migration| !seen.contains(&stamp_of(migration)))
        .collect();
    connection
        .run_migrations(&pending)
        .map_err(|fault| StoreError::Migration(fault.to_string()))?;
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}

/// The names of what has not run yet, in order. It changes nothing and suits [`crate::Store::read`].
///
/// # Errors
/// Those of reading from the database.
pub fn pending(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let seen = stamps(connection)?;
    let known = known(connection)?;
    Ok(names(
        known
            .into_iter()
            .filter(|migration| !seen.contains(&stamp_of(migration))),
    ))
}

/// The names of what has run, in order, among those this program knows. It changes nothing.
///
/// # Errors
/// Those of reading from the database.
pub fn applied(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let seen = stamps(connection)?;
    let known = known(connection)?;
    Ok(names(
        known
            .into_iter()
            .filter(|migration| seen.contains(&stamp_of(migration))),
    ))
}

type Known = Box<dyn Migration<MultiBackend>>;

/// This program's migrations for that database, in order.
fn known(connection: &AnyConnection) -> Result<Vec<Known>, StoreError> {
    in_order(match connection {
        AnyConnection::Sqlite(_) => SQLITE,
        AnyConnection::Postgres(_) => POSTGRES,
    })
}

fn in_order(source: EmbeddedMigrations) -> Result<Vec<Known>, StoreError> {
    let mut known: Vec<Known> = source
        .migrations()
        .map_err(|fault| StoreError::Migration(fault.to_string()))?;
    known.sort_by_key(stamp_of);
    Ok(known)
}

/// The stamps of this program's migrations for SQLite, or else for PostgreSQL, in order.
pub(crate) fn known_stamps(sqlite: bool) -> Result<Vec<String>, StoreError> {
    let known = in_order(if sqlite { SQLITE } else { POSTGRES })?;
    Ok(known.iter().map(stamp_of).collect())
}

fn stamp_of(migration: &Known) -> String {
    migration.name().version().to_string()
}

fn names(migrations: impl Iterator<Item = Known>) -> Vec<String> {
    migrations.map(|migration| migration.name().to_string()).collect()
}

/// The stamps of what the database has seen, in order. diesel's own question would create its table, which a read may not.
pub(crate) fn stamps(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    #[derive(QueryableByName)]
    struct Seen {
        #[diesel(sql_type = Text)]
        version: String,
    }
    if !connection.has_table(JOURNAL)? {
        return Ok(Vec::new());
    }
    let seen: Vec<Seen> = sql_query(format!("SELECT version FROM {JOURNAL} ORDER BY version")).load(connection)?;
    Ok(seen.into_iter().map(|seen| seen.version).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_migrations() {
        let names = |source: EmbeddedMigrations| {
            let known: Vec<Known> = source.migrations().unwrap();
            let mut names = names(known.into_iter());
            names.sort();
            names
        };
        assert_eq!(names(SQLITE), names(POSTGRES));
    }
}
