//! Copies of a PostgreSQL database, made and put back by PostgreSQL's own `pg_dump` and `pg_restore`.
//!
//! A transaction of ours and `pg_dump` look at one and the same moment, so that the rows counted here are the rows there.

use super::{Content, check_audit, content};
use crate::StoreError;
use crate::connection::{Address, Role};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Text};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian and its kin keep PostgreSQL's programs, one folder a version.
const VERSIONS: &str = "/usr/lib/postgresql";

pub(super) fn save(address: &Address, url: &str, copy: &Path) -> Result<Content, StoreError> {
    #[derive(QueryableByName)]
    struct Moment {
        #[diesel(sql_type = Text)]
        moment: String,
    }
    let mut connection = address.open(Role::Read)?;
    let (dump, restore) = {
        let version = version_of(&mut connection)?;
        (program("pg_dump", version)?, program("pg_restore", version)?)
    };
    // It waits for `pg_dump` with nothing to say, longer than a transaction otherwise may. Closing the connection ends it.
    connection.batch_execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0",
    )?;
    let Moment { moment } = sql_query("SELECT pg_export_snapshot() AS moment").get_result(&mut connection)?;
    let held = content(&mut connection)?;
    check_audit(&mut connection)?;
    let mut command = tool(&dump, url);
    command.args(["--format=custom", "--no-owner", "--no-privileges"]);
    run(command.arg(format!("--snapshot={moment}")).arg("--file").arg(copy))?;
    drop(connection);
    let dumped = Content {
        migrations: held.migrations.clone(),
        rows: rows_in(&restore, copy)?,
    };
    dumped.must_be(&held)?;
    Ok(held)
}

pub(super) fn restore(address: &Address, url: &str, copy: &Path) -> Result<(), StoreError> {
    let version = version_of(&mut address.open(Role::Read)?)?;
    let mut command = tool(&program("pg_restore", version)?, url);
    command.args([
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
    ]);
    run(command.arg(copy))
}

/// Whether every reference is held to lead somewhere. Pages are the server's own business.
pub(super) fn check(connection: &mut PgConnection) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let loose: Count =
        sql_query("SELECT count(*) AS count FROM pg_constraint WHERE contype = 'f' AND NOT convalidated")
            .get_result(connection)?;
    if loose.count > 0 {
        return Err(StoreError::Corrupt(format!(
            "{} foreign keys were never validated",
            loose.count
        )));
    }
    Ok(())
}

/// The server's major version.
fn version_of(connection: &mut crate::Connection) -> Result<u32, StoreError> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Integer)]
        version: i32,
    }
    let found: Version =
        sql_query("SELECT current_setting('server_version_num')::int / 10000 AS version").get_result(connection)?;
    Ok(found.version.unsigned_abs())
}

/// One of PostgreSQL's programs, of this major version or a later one: in the path, or where Debian keeps them.
fn program(name: &str, at_least: u32) -> Result<PathBuf, StoreError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = std::fs::read_dir(VERSIONS)
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let mut old = Vec::new();
    for folder in folders {
        let found = folder.join(name);
        match major_version(&found) {
            Some(version) if version >= at_least => return Ok(found),
            Some(version) => old.push(format!("{} is of version {version}", found.display())),
            None => {}
        }
    }
    let seen = if old.is_empty() {
        format!("neither in PATH nor in {VERSIONS}/*/bin")
    } else {
        old.join(", ")
    };
    Err(StoreError::Tool(format!(
        "{name} of PostgreSQL {at_least} or later is needed ({seen}): install it, on Debian with \
         `apt install postgresql-client-{at_least}`"
    )))
}

fn major_version(program: &Path) -> Option<u32> {
    if !program.is_file() {
        return None;
    }
    let said = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    parse_version(&String::from_utf8_lossy(&said.stdout))
}

/// `pg_dump (PostgreSQL) 17.6 (Debian 17.6-1)` is 17.
fn parse_version(said: &str) -> Option<u32> {
    let word = said
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits = word.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// A program of PostgreSQL's on this database. The password goes through the environment, which other users cannot see.
fn tool(program: &Path, url: &str) -> Command {
    let (address, password) = without_password(url);
    let mut command = Command::new(program);
    command.arg("--dbname").arg(address);
    command.env("PGAPPNAME", "ahq");
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command
}

/// The address without its password, and that, decoded.
fn without_password(url: &str) -> (String, Option<String>) {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (bare, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (mut address, mut password) = (bare.to_owned(), None);
    if let Some((scheme, rest)) = bare.split_once("://")
        && let Some((login, place)) = rest.rsplit_once('@')
        && let Some((user, secret)) = login.split_once(':')
    {
        address = format!("{scheme}://{user}@{place}");
        password = Some(decoded(secret));
    }
    let mut kept = Vec::new();
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.strip_prefix("password=") {
            Some(secret) => password = Some(decoded(secret)),
            None => kept.push(parameter),
        }
    }
    if !kept.is_empty() {
        address = format!("{address}?{}", kept.join("&"));
    }
    (address, password)
}

fn run(command: &mut Command) -> Result<(), StoreError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let ended = command.stdin(Stdio::null()).output();
    let ended = ended.map_err(|error| StoreError::Tool(format!("{name}: {error}")))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
    Err(StoreError::Tool(format!("{name} failed: {said}")))
}

/// The rows of each table in a dump, which is read to its end for that.
fn rows_in(restore: &Path, copy: &Path) -> Result<BTreeMap<String, u64>, StoreError> {
    let failed = |error: std::io::Error| StoreError::Tool(format!("{}: {error}", restore.display()));
    let mut command = Command::new(restore);
    command.args(["--data-only", "--file=-"]).arg(copy);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let counted = match child.stdout.take() {
        Some(script) => count_copied(BufReader::new(script)).map_err(failed)?,
        None => BTreeMap::new(),
    };
    let mut said = String::new();
    if let Some(mut complaints) = child.stderr.take() {
        complaints.read_to_string(&mut said).map_err(failed)?;
    }
    if child.wait().map_err(failed)?.success() {
        Ok(counted)
    } else {
        Err(StoreError::Corrupt(format!("the dump cannot be read: {}", said.trim())))
    }
}

/// Counts the lines between `COPY public.offices (…) FROM stdin;` and `\.`: one a row, for line breaks are escaped there.
fn count_copied(mut script: impl BufRead) -> std::io::Result<BTreeMap<String, u64>> {
    let (mut rows, mut table) = (BTreeMap::new(), None::<(String, u64)>);
    let mut line = Vec::new();
    while script.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        table = match table.take() {
            Some((name, count)) if text == b"\\." => {
                rows.insert(name, count);
                None
            }
            Some((name, count)) => Some((name, count + 1)),
            None => copied_table(text).map(|name| (name, 0)),
        };
        line.clear();
    }
    Ok(rows)
}

fn copied_table(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let (name, _) = line
        .strip_prefix("COPY ")?
        .strip_suffix(" FROM stdin;")?
        .split_once(" (")?;
    Some(name.strip_prefix("public.").unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("pg_dump (PostgreSQL) 17.6 (Debian 17.6-1)\n"), Some(17));
        assert_eq!(parse_version("pg_restore (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("no version"), None);
    }

    #[test]
    fn a_program_too_old_or_missing_is_named_with_what_to_do() {
        let said = program("pg_dump_that_is_not_there", 17).unwrap_err().to_string();
        assert!(
            said.contains("neither in PATH") && said.contains("postgresql-client-17"),
            "{said}"
        );
        // Every PostgreSQL is older than that.
        if program("pg_dump", 1).is_ok() {
            let said = program("pg_dump", 999).unwrap_err().to_string();
            assert!(said.contains("is of version"), "{said}");
        }
    }

    #[test]
    fn a_password_leaves_the_address() {
        for (url, address, password) in [
            ("postgres://h/d", "postgres://h/d", None),
            (
                "postgres://u@h/d?sslmode=require",
                "postgres://u@h/d?sslmode=require",
                None,
            ),
            ("postgres://u:p%40ss@h:1/d?a=b", "postgres://u@h:1/d?a=b", Some("p@ss")),
            (
                "postgres://u@h/d?password=p%26q&a=b",
                "postgres://u@h/d?a=b",
                Some("p&q"),
            ),
            ("postgres://u:x@%2Ftmp%2Fs/d", "postgres://u@%2Ftmp%2Fs/d", Some("x")),
        ] {
            assert_eq!(without_password(url), (address.to_owned(), password.map(str::to_owned)));
        }
    }

    #[test]
    fn rows_of_a_script_are_counted() {
        let script =
            b"--\nCOPY public.a (x, y) FROM stdin;\n1\t\\N\n2\tCOPY z\n\\.\n\nCOPY other.\"B\" (x) FROM stdin;\n\\.\n";
        let rows = count_copied(&script[..]).unwrap();
        assert_eq!(
            rows,
            BTreeMap::from([("a".to_owned(), 2), ("other.\"B\"".to_owned(), 0)])
        );
    }
}
