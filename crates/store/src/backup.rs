//! Copies of the whole database: made while the program serves, read back before anyone relies on them, and put into a
//! database that is still empty. Everything here blocks.
//!
//! A copy is one file, and everything in it is of one moment. What it holds is counted, so that what was saved, what
//! lies in the file and what was restored can be held against each other.

mod postgres;
mod sqlite;

use crate::connection::{Address, AnyConnection, Role};
use crate::session::Session;
use crate::{StoreError, audit, migration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which database a copy was made of, and can be put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A file of this machine.
    Sqlite,
    /// A server.
    Postgres,
}

impl Kind {
    /// The kind of database at this address.
    pub fn of(address: &Address) -> Self {
        if address.file().is_some() {
            Self::Sqlite
        } else {
            Self::Postgres
        }
    }

    /// The name a copy of it goes by.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Sqlite => "ahq.db",
            Self::Postgres => "ahq.dump",
        }
    }
}

/// What a database or a copy of it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The stamps of the migrations it has seen, in order.
    pub migrations: Vec<String>,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
}

impl Content {
    /// Holds what was found against what there should be.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with what differs.
    fn must_be(&self, wanted: &Self) -> Result<(), StoreError> {
        if self.migrations != wanted.migrations {
            return Err(StoreError::Corrupt(format!(
                "the migrations are {:?} and should be {:?}",
                self.migrations, wanted.migrations
            )));
        }
        let tables = self.rows.keys().chain(wanted.rows.keys());
        let differing = tables
            .map(|table| (table, self.rows.get(table), wanted.rows.get(table)))
            .find(|(_, found, wanted)| found != wanted);
        match differing {
            None => Ok(()),
            Some((table, found, wanted)) => {
                let said = |rows: Option<&u64>| rows.map_or_else(|| "not there".to_owned(), u64::to_string);
                let (found, wanted) = (said(found), said(wanted));
                Err(StoreError::Corrupt(format!(
                    "the rows of {table}: {found} where {wanted} should be"
                )))
            }
        }
    }
}

/// Copies the database, as it stands at one moment, into a file that is not there yet, and reads that copy back: whole,
/// every reference leading somewhere, every row counted. The database goes on serving meanwhile.
///
/// The copy is readable by its owner alone. It is not synced: that is for who gives it its name.
///
/// # Errors
/// [`StoreError::Unavailable`] when there is no database, [`StoreError::Tool`] when PostgreSQL's own programs are missing,
/// too old or fail, [`StoreError::Corrupt`] when the copy is not what it should be.
pub fn save(address: &Address, copy: &Path) -> Result<Content, StoreError> {
    match address.server() {
        Some(url) => postgres::save(address, url, copy),
        None => sqlite::save(address, copy),
    }
}

/// Whether there is nothing at this address that a restored copy would stand beside or in place of.
///
/// # Errors
/// [`StoreError::Unavailable`] when a server cannot be reached.
pub fn is_empty(address: &Address) -> Result<bool, StoreError> {
    match address.file() {
        Some(file) => Ok(!std::fs::metadata(file).is_ok_and(|found| found.len() > 0)),
        None => Ok(tables(&mut address.open(Role::Read)?)?.is_empty()),
    }
}

/// The migrations among these stamps that this program does not know: those of a newer one.
///
/// # Errors
/// [`StoreError::Migration`] when the program's own cannot be read.
pub fn unknown(kind: Kind, content: &Content) -> Result<Vec<String>, StoreError> {
    let known = migration::known_stamps(kind == Kind::Sqlite)?;
    let stamps = content.migrations.iter();
    Ok(stamps.filter(|stamp| !known.contains(stamp)).cloned().collect())
}

/// Puts a copy into the database at this address, which is empty: checks it against `wanted`, brings its tables up to
/// date, and reads the audit trail. A file comes to its place only after that.
///
/// `aside` is what an old file's name is lengthened by to keep it; gives the names of the files that were kept so. A
/// server's database is never replaced.
///
/// # Errors
/// As [`save`]; [`StoreError::Busy`] when a program still uses the old file. On a server the tables may then be there, and
/// the database is to be made anew.
pub fn restore(
    address: &Address,
    copy: &Path,
    wanted: &Content,
    aside: Option<&str>,
) -> Result<Vec<PathBuf>, StoreError> {
    match (address.file(), address.server()) {
        (Some(file), _) => sqlite::restore(file, copy, wanted, aside),
        (None, Some(url)) => {
            postgres::restore(address, url, copy)?;
            settle(address, wanted)?;
            Ok(Vec::new())
        }
        (None, None) => Err(StoreError::Address("neither a file nor a server".to_owned())),
    }
}

/// Holds a restored database against what it should hold, brings its tables up to date and reads its audit trail.
fn settle(address: &Address, wanted: &Content) -> Result<(), StoreError> {
    let mut session = Session::open(address, Role::Write, &Arc::default())?;
    session.read(|conn| content(conn)?.must_be(wanted))?;
    session.write(migration::run)?;
    session.read(check_audit)
}

/// What a database holds, after everything that the database itself can check was checked.
fn content(conn: &mut AnyConnection) -> Result<Content, StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => sqlite::check(conn)?,
        AnyConnection::Postgres(conn) => postgres::check(conn)?,
    }
    count(conn)
}

fn count(conn: &mut AnyConnection) -> Result<Content, StoreError> {
    let migrations = migration::stamps(conn)?;
    if migrations.is_empty() {
        return Err(StoreError::Corrupt("it has none of the exchange's tables".to_owned()));
    }
    let rows = tables(conn)?
        .into_iter()
        .map(|table| {
            let rows = conn.count_rows(&table)?;
            Ok((table, rows))
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Content { migrations, rows })
}

fn tables(conn: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    Ok(conn.tables()?)
}

/// Reads the audit trail, event by event. One of a program with other tables is left to its own program.
fn check_audit(conn: &mut AnyConnection) -> Result<(), StoreError> {
    if !migration::pending(conn)?.is_empty() {
        return Ok(());
    }
    audit::read_all(conn)?;
    Ok(())
}
