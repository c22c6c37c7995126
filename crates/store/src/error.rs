//! What can go wrong below the use cases, in words that are the same on both databases.
//!
//! A row that is not there is no error here: lookups return `Option`. Nothing here is meant for a caller's eyes; the
//! interface above chooses its own words, and these are for the log.
//!
//! # Names of unique keys
//! PostgreSQL reports the name of a violated key, SQLite only its table and columns. They meet in one form, the one
//! PostgreSQL gives an unnamed `UNIQUE (a, b)` by itself: `<table>_<column>[_<column>…]_key`. The migrations keep to it:
//! - a unique constraint or index, partial or not, carries that name on PostgreSQL; on SQLite its name is free;
//! - a unique index over an expression carries one and the same name, ending in `_key`, on both, because SQLite then
//!   reports the index's name;
//! - a primary key needs no name: its violation is named after its columns like any other;
//! - no name passes 63 bytes, where PostgreSQL cuts, and no table has two partial unique indexes on the same columns.

use diesel::result::{DatabaseErrorKind, Error};

/// A failure of the store.
///
/// It is cheap to clone, since one failed commit answers every writer that shared it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A guarded change met a row that is no longer what was read.
    #[error("the row is no longer what was read")]
    Conflict,
    /// A row with this key is there already; the key's name has the form `<table>_<columns>_key` on both databases.
    #[error("there is already a row with this key: {0}")]
    Unique(String),
    /// A row refers to one that is not there, or one that is referred to was to be removed.
    #[error("a reference would lead nowhere: {0}")]
    ForeignKey(String),
    /// The queue is full, no connection became free in time, or a lock was not given. Trying again later may help.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// The disk is full. Nothing was changed; reads go on.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The database cannot be reached, or the connection was lost. After a lost commit the outcome is unknown.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A stored value is not what its column promises.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// The tables are not those of this program, or could not be made so.
    #[error("the tables could not be brought up to date: {0}")]
    Migration(String),
    /// The database's address cannot be understood.
    #[error("not an address of a database: {0}")]
    Address(String),
    /// The database is set up in a way that would lose acknowledged changes or answer differently.
    #[error("the database is not fit for use: {0}")]
    Unfit(String),
    /// One of PostgreSQL's own programs is missing, too old or failed; says what to do.
    #[error("{0}")]
    Tool(String),
    /// Anything else, which is a defect of the program: a statement the database refuses, a panic in a use case.
    #[error("{0}")]
    Other(String),
}

impl StoreError {
    /// Whether this is a second row with the key of that name (`users_email_key`).
    pub fn violates(&self, key: &str) -> bool {
        matches!(self, Self::Unique(name) if name == key)
    }

    /// Whether the connection or the whole transaction may have suffered, and not the one statement alone.
    pub(crate) fn is_grave(&self) -> bool {
        !matches!(self, Self::Conflict | Self::Unique(_) | Self::ForeignKey(_))
    }
}

/// Holds a guarded change to its promise: exactly one row, or somebody else was faster.
///
/// # Errors
/// [`StoreError::Conflict`] for any other count.
pub fn changed_one(count: usize) -> Result<(), StoreError> {
    if count == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for StoreError {
    fn from(error: &Error) -> Self {
        match error {
            Error::DatabaseError(kind, information) => {
                let message = information.message();
                match kind {
                    DatabaseErrorKind::UniqueViolation => {
                        let constraint = information.constraint_name();
                        Self::Unique(key_name(constraint, information.details(), message))
                    }
                    DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => {
                        Self::ForeignKey(message.to_owned())
                    }
                    DatabaseErrorKind::SerializationFailure => Self::Busy(message.to_owned()),
                    DatabaseErrorKind::ClosedConnection => Self::Unavailable(message.to_owned()),
                    _ => from_message(message),
                }
            }
            Error::DeserializationError(cause) => Self::Corrupt(cause.to_string()),
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::from(commit_error.as_ref()),
            Error::BrokenTransactionManager => Self::Unavailable("the transaction was lost".to_owned()),
            other => Self::Other(other.to_string()),
        }
    }
}

/// The databases' own words for what diesel has no kind for.
fn from_message(message: &str) -> StoreError {
    type Kind = fn(String) -> StoreError;
    const WORDS: [(&str, Kind); 16] = [
        ("database is locked", StoreError::Busy),
        ("database table is locked", StoreError::Busy),
        ("deadlock detected", StoreError::Busy),
        ("due to lock timeout", StoreError::Busy),
        ("due to statement timeout", StoreError::Busy),
        ("too many clients", StoreError::Busy),
        ("remaining connection slots", StoreError::Busy),
        ("database or disk is full", StoreError::Full),
        ("No space left on device", StoreError::Full),
        ("terminating connection", StoreError::Unavailable),
        ("the database system is", StoreError::Unavailable),
        ("server closed the connection", StoreError::Unavailable),
        ("during recovery", StoreError::Unavailable),
        ("unable to open database file", StoreError::Unavailable),
        ("disk I/O error", StoreError::Unavailable),
        ("disk image is malformed", StoreError::Corrupt),
    ];
    let kind = WORDS
        .iter()
        .find(|(words, _)| message.contains(words))
        .map_or(StoreError::Other as Kind, |(_, kind)| *kind);
    kind(message.to_owned())
}

/// The common name of a violated key: PostgreSQL's own, or made from what SQLite says.
fn key_name(constraint: Option<&str>, details: Option<&str>, message: &str) -> String {
    if let Some(name) = constraint {
        // In every language the details say `(a, b)=(…)`; the values are left where they are.
        let columns = details.and_then(|details| Some(details.split_once(")=(")?.0.split_once('(')?.1));
        return match (name.strip_suffix("_pkey"), columns) {
            (Some(table), Some(columns)) => key_of(table, columns.split(", ")),
            _ => name.to_owned(),
        };
    }
    let Some(what) = message.strip_prefix("UNIQUE constraint failed: ") else {
        return message.to_owned();
    };
    if let Some(index) = what.strip_prefix("index '") {
        return index.trim_end_matches('\'').to_owned();
    }
    let table = what.split_once('.').map_or(what, |(table, _)| table);
    key_of(
        table,
        what.split(", ")
            .map(|place| place.split_once('.').map_or(place, |(_, column)| column)),
    )
}

fn key_of<'a>(table: &str, columns: impl Iterator<Item = &'a str>) -> String {
    let mut name = table.to_owned();
    for column in columns {
        name.push('_');
        name.push_str(column.trim_matches('"'));
    }
    name.push_str("_key");
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_name_a_key_alike() {
        let sqlite = |message: &str| key_name(None, None, message);
        let postgres = |name: &str, details: &str| key_name(Some(name), Some(details), "");
        assert_eq!(sqlite("UNIQUE constraint failed: users.email"), "users_email_key");
        assert_eq!(
            postgres("users_email_key", "Key (email)=(a@b)=(c) already exists."),
            "users_email_key"
        );
        assert_eq!(
            sqlite("UNIQUE constraint failed: index 'users_folded_key'"),
            "users_folded_key"
        );
        assert_eq!(
            sqlite("UNIQUE constraint failed: replays.caller, replays.key"),
            "replays_caller_key_key"
        );
        assert_eq!(
            postgres("replays_pkey", "Key (caller, \"key\")=(1, 2) already exists."),
            "replays_caller_key_key"
        );
    }

    #[test]
    fn a_guarded_change_changes_one_row() {
        assert_eq!(changed_one(1), Ok(()));
        assert_eq!(changed_one(0), Err(StoreError::Conflict));
        assert_eq!(changed_one(2), Err(StoreError::Conflict));
    }
}
