//! Which database it is. Everything only one of the two can say stands in this file and its [`phrase`]s, named for what
//! it does, or, for copies of the whole, in [`crate::backup`]; nothing else asks whether it is SQLite or PostgreSQL.
//!
//! A statement both databases understand is written once, for [`AnyConnection`]. What diesel cannot carry through the
//! common connection (several rows in one INSERT, ON CONFLICT DO UPDATE) is compiled once a database by [`both!`].

pub mod phrase;

use crate::error::StoreError;
use diesel::connection::{AnsiTransactionManager, Connection as _, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{define_sql_function, sql_query};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

mod any {
    #![expect(missing_docs, reason = "the types diesel's derive adds carry none")]

    use diesel::{MultiConnection, PgConnection, SqliteConnection};

    /// One connection to one of the two databases. The rest of the program calls it [`crate::Connection`]; here it
    /// cannot bear that name, because the derive reaches for diesel's trait of the same name.
    #[derive(MultiConnection)]
    pub enum AnyConnection {
        /// A file of this machine.
        Sqlite(SqliteConnection),
        /// A server, shared by several processes.
        Postgres(PgConnection),
    }
}

pub use any::{AnyConnection, MultiBackend, MultiRawValue};

/// Compiles one expression once a database, for statements that diesel does not carry through [`AnyConnection`].
///
/// The rows' types need no more than their derives; `#[diesel(treat_none_as_default_value = false)]` on an `Insertable`
/// makes several rows one statement on SQLite too.
/// ```ignore
/// both!(connection, |database| insert_into(letters::table).values(&rows).execute(database))?;
/// ```
#[macro_export]
macro_rules! both {
    ($connection:expr, |$database:ident| $statement:expr) => {
        match $connection {
            $crate::Connection::Sqlite($database) => $statement,
            $crate::Connection::Postgres($database) => $statement,
        }
    };
}

/// Where the database is. Neither printing nor debugging it shows a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Place);

#[derive(Clone, PartialEq, Eq)]
enum Place {
    File(String),
    Server(String),
}

impl Address {
    /// The database's file, if it lives in one; a server's database is shared by several processes instead.
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Place::File(path) => Some(Path::new(path)),
            Place::Server(_) => None,
        }
    }

    /// The address of a server's database, with its password; none if it lives in a file.
    pub(crate) fn server(&self) -> Option<&str> {
        match &self.0 {
            Place::File(_) => None,
            Place::Server(url) => Some(url),
        }
    }

    /// Opens a connection and makes it durable, or refuses the database.
    pub(crate) fn open(&self, role: Role) -> Result<AnyConnection, StoreError> {
        match &self.0 {
            Place::File(path) => open_file(path, role).map(AnyConnection::Sqlite),
            Place::Server(url) => open_server(url).map(AnyConnection::Postgres),
        }
    }
}

impl FromStr for Address {
    type Err = StoreError;

    /// `postgres://…` and `postgresql://…` are a server's, `sqlite://PATH` and a plain path a file's.
    fn from_str(address: &str) -> Result<Self, StoreError> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Ok(Self(Place::Server(address.to_owned())));
        }
        let path = address.strip_prefix("sqlite://").unwrap_or(address);
        if let Some((scheme, _)) = path.split_once("://") {
            return Err(StoreError::Address(format!("unknown scheme {scheme:?}")));
        }
        if path.is_empty() || path == ":memory:" || path.starts_with("file:") {
            return Err(StoreError::Address(format!("{path:?} is no path of a file")));
        }
        Ok(Self(Place::File(path.to_owned())))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File(path) => write!(out, "sqlite://{path}"),
            Place::Server(url) => {
                let bare = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let bare = bare.split_once('?').map_or(bare, |(bare, _)| bare);
                write!(
                    out,
                    "postgres://{}",
                    bare.rsplit_once('@').map_or(bare, |(_, place)| place)
                )
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// What a connection to SQLite is for; PostgreSQL's serve both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Write,
    Read,
}

define_sql_function! {
    /// Folds capitals as [`fold`] does; known on SQLite only, where `lower` knows ASCII alone.
    #[sql_name = "ahq_fold"]
    fn ahq_fold(text: Nullable<Text>) -> Nullable<Text>;
}

/// Capitals folded letter by letter, as PostgreSQL's `lower` does under a UTF-8 locale.
pub(crate) fn fold(text: &str) -> String {
    text.chars()
        .map(|letter| letter.to_lowercase().next().unwrap_or(letter))
        .collect()
}

fn open_file(path: &str, role: Role) -> Result<SqliteConnection, StoreError> {
    #[derive(QueryableByName)]
    struct Journal {
        #[diesel(sql_type = Text)]
        journal_mode: String,
    }

    let mut connection = SqliteConnection::establish(path).map_err(unreachable)?;
    // The timeout goes first, so that the others wait when another process is just opening the same file.
    connection.batch_execute("PRAGMA busy_timeout = 5000")?;
    let journal: Journal = sql_query("PRAGMA journal_mode = WAL").get_result(&mut connection)?;
    if journal.journal_mode != "wal" {
        return Err(StoreError::Unfit(format!(
            "its file system does not carry a write-ahead log (the journal stayed {:?})",
            journal.journal_mode
        )));
    }
    // `fullfsync` matters on macOS only, where a plain fsync does not reach the disk.
    connection.batch_execute(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; \
         PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY",
    )?;
    // What is deleted or changed is written over at once, not only in erasures: a copy that was freed earlier would lie in the
    // file until its place is needed. PostgreSQL sees to it by itself when it vacuums.
    // Pages are read through the cache and not mapped: a failing disk is then an error and not a signal.
    connection.batch_execute(match role {
        Role::Write => "PRAGMA cache_size = -16000; PRAGMA secure_delete = ON",
        Role::Read => "PRAGMA cache_size = -16000; PRAGMA query_only = ON",
    })?;
    ahq_fold_utils::register_impl(&mut connection, |text: Option<String>| text.as_deref().map(fold))?;
    Ok(connection)
}

/// What a server must have switched on. Reading it costs one round trip a connection, and a server that was restarted
/// with other settings is found at once.
#[derive(QueryableByName)]
struct Settings {
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = Text)]
    full_page_writes: String,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Bool)]
    folds: bool,
}

impl Settings {
    fn check(&self) -> Result<(), StoreError> {
        for (name, value) in [
            ("fsync", &self.fsync),
            ("synchronous_commit", &self.synchronous_commit),
            ("full_page_writes", &self.full_page_writes),
        ] {
            if value == "off" {
                return Err(StoreError::Unfit(format!(
                    "{name} is off on this server, so a power cut would lose acknowledged changes: switch it on"
                )));
            }
        }
        if self.encoding != "UTF8" {
            return Err(StoreError::Unfit(format!(
                "its encoding is {} and must be UTF8",
                self.encoding
            )));
        }
        if !self.folds {
            return Err(StoreError::Unfit(
                "its locale knows no letters beyond ASCII: create it with a UTF-8 locale, such as C.UTF-8".to_owned(),
            ));
        }
        Ok(())
    }
}

fn open_server(url: &str) -> Result<PgConnection, StoreError> {
    let mut connection = PgConnection::establish(&with_timeouts(url)).map_err(unreachable)?;
    let settings: Settings = sql_query(
        "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, \
         current_setting('full_page_writes') AS full_page_writes, current_setting('server_encoding') AS encoding, \
         lower('ÄΣ') = 'äσ' AS folds",
    )
    .get_result(&mut connection)?;
    settings.check()?;
    // Read-only by default, so that a change that slipped into `Store::read` is refused. The timeouts bound the wait for
    // locks and how long a statement runs, and free the locks of a process that was paused. Compiling statements costs more than it gives here.
    connection.batch_execute(
        "SET default_transaction_read_only = on; SET lock_timeout = '5s'; SET statement_timeout = '30s'; \
         SET idle_in_transaction_session_timeout = '30s'; SET jit = off",
    )?;
    Ok(connection)
}

/// A server that does not answer is given up after seconds instead of minutes, unless the address says otherwise.
fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (key, value) in [
        ("connect_timeout", "5"),
        ("tcp_user_timeout", "10000"),
        ("application_name", "ahq"),
    ] {
        if !url.contains(&format!("{key}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(key);
            url.push('=');
            url.push_str(value);
        }
    }
    url
}

/// What libpq says when the address wants TLS and it has none, and what a server says that wants it.
const WANTS_TLS: [&str; 2] = ["SSL support is not compiled in", "no encryption"];

fn unreachable(error: ConnectionError) -> StoreError {
    let mut message = error.to_string().trim_end().to_owned();
    if !cfg!(feature = "postgres-tls") && WANTS_TLS.iter().any(|words| message.contains(words)) {
        message.push_str(" (this program was built without TLS: build it with `--features postgres-tls`)");
    }
    match &error {
        ConnectionError::InvalidConnectionUrl(_) | ConnectionError::InvalidCString(_) => StoreError::Address(message),
        _ => StoreError::Unavailable(message),
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl AnyConnection {
    /// Begins a transaction that may change rows. SQLite takes its one write lock at once: a transaction that turns to
    /// writing later fails whenever another one wrote in between.
    pub(crate) fn begin_write(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE"),
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN READ WRITE"),
        }
    }

    /// Begins what a read runs in: a snapshot on SQLite, where it is free; nothing on PostgreSQL, where it would cost
    /// two round trips.
    pub(crate) fn begin_read(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction(connection),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// How many transactions and savepoints are open.
    pub(crate) fn depth(&mut self) -> QueryResult<u32> {
        let status = <Self as TransactionManager<Self>>::transaction_manager_status_mut(self);
        Ok(status.transaction_depth()?.map_or(0, std::num::NonZeroU32::get))
    }

    /// Takes the lock under which one process at a time changes the tables' shape; it ends with the transaction.
    pub(crate) fn lock_schema(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => connection
                .batch_execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7810755216402153521)"),
        }
    }

    /// All tables, as a statement names them.
    pub fn tables(&mut self) -> QueryResult<Vec<String>> {
        #[derive(QueryableByName)]
        struct Table {
            #[diesel(sql_type = Text)]
            name: String,
        }
        let tables: Vec<Table> = sql_query(match self {
            Self::Sqlite(_) => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
            }
            Self::Postgres(_) => {
                "SELECT CASE schemaname WHEN 'public' THEN quote_ident(tablename) \
                 ELSE format('%I.%I', schemaname, tablename) END AS name FROM pg_tables \
                 WHERE schemaname <> 'information_schema' AND schemaname NOT LIKE 'pg\\_%' ORDER BY 1"
            }
        })
        .load(self)?;
        Ok(tables.into_iter().map(|table| table.name).collect())
    }

    /// How many rows a table of [`AnyConnection::tables`] has.
    pub fn count_rows(&mut self, table: &str) -> QueryResult<u64> {
        let count: Count = sql_query(format!("SELECT count(*) AS count FROM {table}")).get_result(self)?;
        Ok(count.count.unsigned_abs())
    }

    /// In how many rows of a table of [`AnyConnection::tables`] a text stands, in whatever column and without regard to case:
    /// for showing that what was erased is nowhere.
    pub fn count_rows_with(&mut self, table: &str, text: &str) -> QueryResult<u64> {
        #[derive(QueryableByName)]
        struct Column {
            #[diesel(sql_type = Text)]
            name: String,
        }
        let pattern = format!("%{text}%");
        let count: Count = match self {
            Self::Sqlite(connection) => {
                let columns: Vec<Column> = sql_query("SELECT name FROM pragma_table_info(?)")
                    .bind::<Text, _>(table)
                    .load(connection)?;
                let all: Vec<String> = columns
                    .iter()
                    .map(|column| format!("CAST(\"{}\" AS text) LIKE ?1", column.name))
                    .collect();
                let any = all.join(" OR ");
                sql_query(format!("SELECT count(*) AS count FROM {table} WHERE {any}"))
                    .bind::<Text, _>(pattern)
                    .get_result(connection)
            }
            Self::Postgres(connection) => sql_query(format!(
                "SELECT count(*) AS count FROM {table} AS found WHERE found::text ILIKE $1"
            ))
            .bind::<Text, _>(pattern)
            .get_result(connection),
        }?;
        Ok(count.count.unsigned_abs())
    }

    /// Whether there is a table of this name.
    pub(crate) fn has_table(&mut self, name: &str) -> QueryResult<bool> {
        let count: Count = match self {
            Self::Sqlite(connection) => {
                sql_query("SELECT count(*) AS count FROM sqlite_master WHERE type = 'table' AND name = ?")
                    .bind::<Text, _>(name)
                    .get_result(connection)
            }
            Self::Postgres(connection) => {
                sql_query("SELECT count(*) AS count FROM (SELECT to_regclass($1)) t(c) WHERE c IS NOT NULL")
                    .bind::<Text, _>(name)
                    .get_result(connection)
            }
        }?;
        Ok(count.count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses_the_database() {
        let parse = |address: &str| address.parse::<Address>();
        assert_eq!(
            parse("sqlite:///var/ahq.db").unwrap().file(),
            Some(Path::new("/var/ahq.db"))
        );
        assert_eq!(parse("data/ahq.db").unwrap().file(), Some(Path::new("data/ahq.db")));
        assert_eq!(parse("postgresql://host/ahq").unwrap().file(), None);
        for wrong in ["", "sqlite://", ":memory:", "file:x", "mysql://host/ahq"] {
            assert!(matches!(parse(wrong), Err(StoreError::Address(_))), "{wrong}");
        }
    }

    #[test]
    fn an_address_never_prints_its_password() {
        let address: Address = "postgres://ahq:se@cret@host:5432/ahq?password=secret".parse().unwrap();
        assert_eq!(
            format!("{address} {address:?}"),
            "postgres://host:5432/ahq postgres://host:5432/ahq"
        );
    }

    #[test]
    fn timeouts_of_the_address_stand() {
        assert_eq!(
            with_timeouts("postgres://h/d?connect_timeout=1"),
            "postgres://h/d?connect_timeout=1&tcp_user_timeout=10000&application_name=ahq"
        );
    }

    #[test]
    fn a_weak_server_is_refused() {
        let settings = |fsync: &str, commit: &str, pages: &str, encoding: &str, folds| Settings {
            fsync: fsync.into(),
            synchronous_commit: commit.into(),
            full_page_writes: pages.into(),
            encoding: encoding.into(),
            folds,
        };
        assert_eq!(settings("on", "on", "on", "UTF8", true).check(), Ok(()));
        assert_eq!(settings("on", "remote_apply", "on", "UTF8", true).check(), Ok(()));
        for weak in [
            settings("off", "on", "on", "UTF8", true),
            settings("on", "off", "on", "UTF8", true),
            settings("on", "on", "off", "UTF8", true),
            settings("on", "on", "on", "SQL_ASCII", true),
            settings("on", "on", "on", "UTF8", false),
        ] {
            assert!(matches!(weak.check(), Err(StoreError::Unfit(_))));
        }
    }
}
