//! Copies of SQLite's file, made by SQLite itself: what its log still holds is in them.

use super::{Content, check_audit, content, settle};
use crate::StoreError;
use crate::connection::{Address, Role};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// What the copy is called beside its place until it is found right.
const UNFINISHED: &str = ".restoring";
/// The database's file, and what SQLite keeps beside it.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

pub(super) fn save(address: &Address, copy: &Path) -> Result<Content, StoreError> {
    if super::is_empty(address)? {
        return Err(StoreError::Unavailable(format!(
            "there is no database at {address}: look at database.address"
        )));
    }
    let Some(target) = copy.to_str() else {
        return Err(StoreError::Address(format!("{} is no text", copy.display())));
    };
    // SQLite writes into an empty file that is there, and this one belongs to its owner alone.
    create(copy)?;
    let mut connection = address.open(Role::Write)?;
    sql_query("VACUUM INTO ?")
        .bind::<Text, _>(target)
        .execute(&mut connection)?;
    drop(connection);
    let mut copied = of_file(copy)?.open(Role::Read)?;
    let content = content(&mut copied)?;
    check_audit(&mut copied)?;
    Ok(content)
}

/// Whether the pages are sound and every reference leads somewhere.
pub(super) fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct Said {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    #[derive(QueryableByName)]
    struct Dangling {
        #[diesel(sql_type = Text)]
        table: String,
        #[diesel(sql_type = Text)]
        parent: String,
    }
    let said: Vec<Said> = sql_query("PRAGMA integrity_check").load(connection)?;
    if let Some(fault) = said.iter().find(|said| said.integrity_check != "ok") {
        return Err(StoreError::Corrupt(format!("its integrity: {}", fault.integrity_check)));
    }
    let dangling: Vec<Dangling> =
        sql_query("SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT 1").load(connection)?;
    match dangling.first() {
        None => Ok(()),
        Some(Dangling { table, parent }) => Err(StoreError::Corrupt(format!(
            "a row of {table} refers to one of {parent} that is not there"
        ))),
    }
}

pub(super) fn restore(
    file: &Path,
    copy: &Path,
    wanted: &Content,
    aside: Option<&str>,
) -> Result<Vec<PathBuf>, StoreError> {
    let unfinished = beside(file, UNFINISHED);
    remove(&unfinished)?;
    let written = write_checked(&unfinished, copy, wanted).and_then(|()| {
        let kept = match aside {
            Some(aside) => set_aside(file, aside)?,
            None => Vec::new(),
        };
        std::fs::rename(&unfinished, file).map_err(|error| fault(file, &error))?;
        sync_folder_of(file)?;
        Ok(kept)
    });
    if written.is_err() {
        remove(&unfinished)?;
    }
    written
}

fn write_checked(unfinished: &Path, copy: &Path, wanted: &Content) -> Result<(), StoreError> {
    let mut from = File::open(copy).map_err(|error| fault(copy, &error))?;
    let mut to = create(unfinished)?;
    std::io::copy(&mut from, &mut to).map_err(|error| fault(unfinished, &error))?;
    drop(to);
    // Its connection is the last on this file: when it closes, nothing is left in a log beside it.
    settle(&of_file(unfinished)?, wanted)?;
    let synced = File::open(unfinished).and_then(|file| file.sync_all());
    synced.map_err(|error| fault(unfinished, &error))
}

/// Keeps the old database under a longer name, where nobody uses it any more.
fn set_aside(file: &Path, aside: &str) -> Result<Vec<PathBuf>, StoreError> {
    if file.exists() {
        leave_log(file)?;
    }
    let mut kept = Vec::new();
    for part in PARTS {
        let old = beside(file, part);
        if !old.exists() {
            continue;
        }
        let new = beside(file, &format!("{aside}{part}"));
        std::fs::rename(&old, &new).map_err(|error| fault(&old, &error))?;
        kept.push(new);
    }
    Ok(kept)
}

/// Takes all of the log into the file, which only works where no other program has it open. A damaged file, which may
/// well be why it is to be replaced, stays as it is.
fn leave_log(file: &Path) -> Result<(), StoreError> {
    let Some(path) = file.to_str() else {
        return Ok(());
    };
    let left = SqliteConnection::establish(path)
        .map_err(|error| StoreError::Unavailable(error.to_string()))
        .and_then(|mut connection| Ok(connection.batch_execute("PRAGMA journal_mode = DELETE")?));
    match left {
        Err(StoreError::Busy(_)) => Err(StoreError::Busy(format!(
            "a program still uses {}: stop `ahq serve` and `ahq worker` first",
            file.display()
        ))),
        _ => Ok(()),
    }
}

fn create(file: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map_err(|error| fault(file, &error))
}

/// Removes an unfinished copy, and what SQLite kept beside it.
fn remove(file: &Path) -> Result<(), StoreError> {
    for part in PARTS {
        match std::fs::remove_file(beside(file, part)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fault(file, &error)),
            _ => {}
        }
    }
    Ok(())
}

fn beside(file: &Path, more: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
}

fn of_file(file: &Path) -> Result<Address, StoreError> {
    file.to_string_lossy().parse()
}

/// Makes the names in the folder of this file last through a power cut.
fn sync_folder_of(file: &Path) -> Result<(), StoreError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| fault(folder, &error))
}

fn fault(file: &Path, error: &std::io::Error) -> StoreError {
    let text = format!("{}: {error}", file.display());
    match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::Full(text),
        _ => StoreError::Unavailable(text),
    }
}
