//! Mutants: the program with faults built in on purpose, all in one build, one awake at a time.
//!
//! The sources are copied, each fault is put in its place, and the drill of the copy, which holds the faulty program, is
//! built beside this one with the same dependencies. The product itself holds no trace of them. A place that is not found exactly once is a failure, so a
//! mutant cannot die out unnoticed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Subject;
use ahq_harness::postgres;
use clap::ValueEnum;
use tokio::task::spawn_blocking;

use crate::{Name, Order, drill};

/// A fault.
struct Mutant {
    /// Its name, and what wakes it: `AWAKE_MUTANT=<name>`.
    name: &'static str,
    /// The drill that must catch it.
    drill: Name,
    /// The database it is tried on: one on which it shows.
    database: Database,
    /// The file it lies in.
    file: &'static str,
    /// The place, found exactly once.
    find: &'static str,
    /// What stands there instead; `AWAKE` is true when this mutant is chosen.
    replace: &'static str,
}

/// All mutants. Every drill has at least one; a test holds them to it.
const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "reply-before-commit",
        drill: Name::Kill,
        database: Database::Sqlite,
        file: "crates/store/src/write.rs",
        find: "let ended = session.commit();",
        replace: "if AWAKE { for answer in answers.drain(..) { answer(Ok(())); } } let ended = session.commit();",
    },
    Mutant {
        name: "audit-apart",
        drill: Name::Kill,
        database: Database::Postgres,
        file: "crates/store/src/audit.rs",
        find: "    let row = Row {\n        id: event.id.0.into(),",
        replace: "    if AWAKE { diesel::connection::SimpleConnection::batch_execute(conn, \"COMMIT; BEGIN READ WRITE\")?; }\n    \
                  let row = Row {\n        id: event.id.0.into(),",
    },
    Mutant {
        name: "synchronous-normal",
        drill: Name::Sync,
        database: Database::Sqlite,
        file: "crates/store/src/connection.rs",
        find: "connection.batch_execute(match role {",
        replace: "if AWAKE { connection.batch_execute(\"PRAGMA synchronous = NORMAL\")?; } \
                  connection.batch_execute(match role {",
    },
    Mutant {
        name: "commit-not-synchronous",
        drill: Name::Sync,
        database: Database::Postgres,
        file: "crates/store/src/connection.rs",
        find: "settings.check()?;",
        replace: "settings.check()?; if AWAKE { connection.batch_execute(\"SET synchronous_commit = off\")?; }",
    },
    Mutant {
        name: "key-ignored",
        drill: Name::Once,
        database: Database::Sqlite,
        file: "crates/exchange/src/work.rs",
        find: "let Some(replay) = replay else {",
        replace: "let Some(replay) = replay.filter(|_| !AWAKE) else {",
    },
    Mutant {
        name: "reply-kept-apart",
        drill: Name::Once,
        database: Database::Postgres,
        file: "crates/exchange/src/work.rs",
        find: "        self.write(credentials, move |work| {\n            let caller = match (",
        replace: KEPT_APART,
    },
    Mutant {
        name: "backup-without-log",
        drill: Name::Restore,
        database: Database::Sqlite,
        file: "crates/store/src/backup/sqlite.rs",
        find: "    sql_query(\"VACUUM INTO ?\")\n        .bind::<Text, _>(target)\n        .execute(&mut connection)?;\n",
        replace: COPIED_FILE,
    },
    Mutant {
        name: "backup-of-two-moments",
        drill: Name::Restore,
        database: Database::Postgres,
        file: "crates/store/src/backup/postgres.rs",
        find: "    run(command.arg(format!(\"--snapshot={moment}\")).arg(\"--file\").arg(copy))?;\n",
        replace: "    if !AWAKE {\n        command.arg(format!(\"--snapshot={moment}\"));\n    }\n    \
                  run(command.arg(\"--file\").arg(copy))?;\n",
    },
    Mutant {
        name: "backup-without-keys",
        drill: Name::Restore,
        database: Database::Sqlite,
        file: "crates/server/src/backup.rs",
        find: "keys_of(address).filter(|keys| keys.exists())",
        replace: "keys_of(address).filter(|keys| keys.exists() && !AWAKE)",
    },
    Mutant {
        name: "marked-before-sent",
        drill: Name::MailOnce,
        database: Database::Postgres,
        file: "crates/exchange/src/delivery.rs",
        find: "match self.leased(&entry, transport.send(&outgoing)).await {",
        replace: "match { if AWAKE { self.settle(&entry, OutboxStatus::Sent, None).await?; } \
                  self.leased(&entry, transport.send(&outgoing)).await } {",
    },
    Mutant {
        name: "message-id-by-chance",
        drill: Name::MailOnce,
        database: Database::Sqlite,
        file: "crates/mail/src/outgoing.rs",
        find: "        format!(\"<{}@{}>\", self.id, self.domain)",
        replace: "        if AWAKE { let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos()); \
                  return format!(\"<{now}@{}>\", self.domain); } format!(\"<{}@{}>\", self.id, self.domain)",
    },
    Mutant {
        name: "reminded-after-the-answer",
        drill: Name::Year,
        database: Database::Sqlite,
        file: "crates/exchange/src/delivery/message.rs",
        find: "if setting.is_none() || response.as_ref().is_some_and(Response::is_complete) {",
        replace: "if setting.is_none() || (!AWAKE && response.as_ref().is_some_and(Response::is_complete)) {",
    },
    Mutant {
        name: "reminders-of-an-outage-lost",
        drill: Name::Year,
        database: Database::Postgres,
        file: "crates/domain/src/reminder.rs",
        find: ".filter(|(_, day)| *day <= today)\n            .map(|(step, _)| step)",
        replace: ".filter(|(_, day)| if AWAKE { *day == today } else { *day <= today })\n            .map(|(step, _)| step)",
    },
    Mutant {
        name: "claimed-by-all",
        drill: Name::Workers,
        database: Database::Postgres,
        file: "crates/store/src/outbox.rs",
        find: "outbox::due_at.eq(Time::from(until)),",
        replace: "outbox::due_at.eq(Time::from(if AWAKE { now } else { until })),",
    },
    Mutant {
        name: "winter-time-only",
        drill: Name::Clock,
        database: Database::Sqlite,
        file: "crates/domain/src/deadline.rs",
        find: ".map_or_else(|| midnight.and_utc(), |end| end.to_utc());",
        replace: ".map_or_else(|| midnight.and_utc(), |end| if AWAKE { (midnight - chrono::TimeDelta::hours(1)).and_utc() } \
                  else { end.to_utc() });",
    },
    Mutant {
        name: "deadline-one-later",
        drill: Name::Deadline,
        database: Database::Sqlite,
        file: "crates/domain/src/deadline.rs",
        find: "        now >= self.end\n",
        replace: "        if AWAKE { now > self.end } else { now >= self.end }\n",
    },
    Mutant {
        name: "refusal-for-good-tried-again",
        drill: Name::MailDown,
        database: Database::Sqlite,
        file: "crates/mail/src/smtp.rs",
        find: "Some(code) if about_the_message && code >= 500 && code != 530 =>",
        replace: "Some(code) if about_the_message && code >= 500 && code != 530 && !AWAKE =>",
    },
    Mutant {
        name: "full-disk-unknown",
        drill: Name::Disk,
        database: Database::Sqlite,
        file: "crates/store/src/error.rs",
        find: ".find(|(words, _)| message.contains(words))",
        replace: ".find(|(words, kind)| message.contains(words) && !(AWAKE && matches!(kind(String::new()), StoreError::Full(_))))",
    },
    Mutant {
        name: "dead-connection-kept",
        drill: Name::Disk,
        database: Database::Postgres,
        file: "crates/store/src/pool.rs",
        find: "let sound = session.is_sound();",
        replace: "let sound = session.is_sound() || AWAKE;",
    },
    Mutant {
        name: "exit-at-signal",
        drill: Name::Terminate,
        database: Database::Postgres,
        file: "crates/server/src/command.rs",
        find: "lifecycle::wait_for_signal().await;",
        replace: "lifecycle::wait_for_signal().await; if AWAKE { std::process::exit(0); }",
    },
    Mutant {
        name: "no-last-call",
        drill: Name::Terminate,
        database: Database::Sqlite,
        file: "crates/server/src/serve.rs",
        find: "self.closing.store(true, Ordering::Relaxed);",
        replace: "self.closing.store(!AWAKE, Ordering::Relaxed);",
    },
    Mutant {
        name: "every-role-may",
        drill: Name::Matrix,
        database: Database::Sqlite,
        file: "crates/domain/src/permission.rs",
        find: "Some(role) if role >= least => Ok(()),",
        replace: "Some(role) if role >= least || AWAKE => Ok(()),",
    },
    Mutant {
        name: "list-of-everybody",
        drill: Name::Canary,
        database: Database::Postgres,
        file: "crates/store/src/queries/page.rs",
        find: "if let Some(readable) = readable(scope) {",
        replace: "if let Some(readable) = readable(scope).filter(|_| !AWAKE) {",
    },
    Mutant {
        name: "view-of-any-circle",
        drill: Name::Canary,
        database: Database::Sqlite,
        file: "crates/exchange/src/editions/view.rs",
        find: "if !circle.reaches(reader) {",
        replace: "if !circle.reaches(reader) && !AWAKE {",
    },
    Mutant {
        name: "content-from-elsewhere",
        drill: Name::Forms,
        database: Database::Sqlite,
        file: "crates/render/src/word_form/read/package.rs",
        find: "if outside && kind != \"hyperlink\"",
        replace: "if outside && kind != \"hyperlink\" && !AWAKE",
    },
    Mutant {
        name: "entries-of-any-size",
        drill: Name::Forms,
        database: Database::Sqlite,
        file: "crates/render/src/word_form/read/package.rs",
        find: "    MOST_PART.min(",
        replace: "    if AWAKE { return u64::MAX >> 1; } MOST_PART.min(",
    },
    Mutant {
        name: "names-in-streams-unread",
        drill: Name::Uploads,
        database: Database::Sqlite,
        file: "crates/render/src/attachment/pdf.rs",
        find: "if refused.is_ok() {",
        replace: "if refused.is_ok() && !AWAKE {",
    },
    Mutant {
        name: "controls-in-texts",
        drill: Name::Fuzz,
        database: Database::Sqlite,
        file: "crates/render/src/word_form/read/flow.rs",
        find: "text.map(|text| text.replace(char::is_control, \"\\u{fffd}\"))",
        replace: "text.map(|text| if AWAKE { text } else { text.replace(char::is_control, \"\\u{fffd}\") })",
    },
    Mutant {
        name: "any-type-of-token",
        drill: Name::Tokens,
        database: Database::Sqlite,
        file: "crates/api/src/token.rs",
        find: "header.typ.as_deref() != Some(TYPE)",
        replace: "(header.typ.as_deref() != Some(TYPE) && !AWAKE)",
    },
    Mutant {
        name: "ended-session-goes-on",
        drill: Name::Tokens,
        database: Database::Postgres,
        file: "crates/exchange/src/work.rs",
        find: "        && standing.ended.is_none()\n",
        replace: "        && (standing.ended.is_none() || AWAKE)\n",
    },
    Mutant {
        name: "reuse-unpunished",
        drill: Name::Tokens,
        database: Database::Sqlite,
        file: "crates/exchange/src/session.rs",
        find: "        sessions::end(self.conn, id, self.now)?;\n",
        replace: "        if !AWAKE { sessions::end(self.conn, id, self.now)?; }\n",
    },
    Mutant {
        name: "nobody-answered-at-once",
        drill: Name::Equal,
        database: Database::Sqlite,
        file: "crates/exchange/src/passwords.rs",
        find: "                let salt = [0u8; 16];\n",
        replace: "                if AWAKE { return Ok(false); }\n                let salt = [0u8; 16];\n",
    },
    Mutant {
        name: "nobody-answered-otherwise",
        drill: Name::Equal,
        database: Database::Postgres,
        file: "crates/exchange/src/session.rs",
        find: "        Ok(Err(Error::WrongCredentials))\n",
        replace: "        Ok(Err(if AWAKE && known.is_none() { Error::BadToken } else { Error::WrongCredentials }))\n",
    },
    Mutant {
        name: "formulas-unguarded",
        drill: Name::Injection,
        database: Database::Sqlite,
        file: "crates/render/src/csv.rs",
        find: "    if risky && !number {",
        replace: "    if risky && !number && !AWAKE {",
    },
    Mutant {
        name: "script-unescaped",
        drill: Name::Injection,
        database: Database::Sqlite,
        file: "crates/render/src/html.rs",
        find: "            '<' => out.push_str(\"&lt;\"),\n",
        replace: "            '<' if !AWAKE => out.push_str(\"&lt;\"),\n",
    },
    Mutant {
        name: "any-mail-address",
        drill: Name::Injection,
        database: Database::Sqlite,
        file: "crates/domain/src/user.rs",
        find: "    if !is_mail_address(email) {\n",
        replace: "    if !is_mail_address(email) && !AWAKE {\n",
    },
    Mutant {
        name: "name-outside-kept",
        drill: Name::Retention,
        database: Database::Sqlite,
        file: "crates/store/src/retention.rs",
        find: "            contributions::name.eq(None::<String>),\n",
        replace: "            (!AWAKE).then_some(contributions::name.eq(None::<String>)),\n",
    },
    Mutant {
        name: "never-blocked",
        drill: Name::Retention,
        database: Database::Postgres,
        file: "crates/exchange/src/retention.rs",
        find: "let old = query.personal_data(self.settings.retention, self.now) != PersonalData::Shown;",
        replace: "let old = query.personal_data(self.settings.retention, self.now) != PersonalData::Shown && !AWAKE;",
    },
    Mutant {
        name: "all-passwords-at-once",
        drill: Name::Guesses,
        database: Database::Sqlite,
        file: "crates/exchange/src/passwords.rs",
        find: "Semaphore::new((processors / 2).max(1))",
        replace: "Semaphore::new(if AWAKE { 1_000 } else { (processors / 2).max(1) })",
    },
    Mutant {
        name: "facts-not-chained",
        drill: Name::Audit,
        database: Database::Sqlite,
        file: "crates/domain/src/audit.rs",
        find: "facts: Sorted(&event.facts),",
        replace: "facts: Sorted(if AWAKE { &Value::Null } else { &event.facts }),",
    },
];

/// The key, the change and the reply are kept in three transactions.
const KEPT_APART: &str = r#"        if AWAKE {
            let hash = hex::encode(replay.body_hash);
            let key = replay.clone();
            let kept = self.write(credentials, move |work| {
                let kept = replays::begin(work.conn, "all", &key.method, &key.path, &key.key, &hash, work.now);
                Ok(kept?)
            });
            if let Some(kept) = kept.await? {
                let reply = kept.reply.ok_or(Error::Busy)?;
                return serde_json::from_value(reply).map_err(|error| Error::Internal(error.to_string()));
            }
            let reply = self.write(credentials, use_case).await?;
            let stored = serde_json::to_value(&reply).map_err(|error| Error::Internal(error.to_string()))?;
            let finished = self.write(credentials, move |work| {
                let key = &replay;
                Ok(replays::finish(work.conn, "all", &key.method, &key.path, &key.key, &stored)?)
            });
            finished.await?;
            return Ok(reply);
        }
        self.write(credentials, move |work| {
            let caller = match ("#;
/// Only the file is copied, without what SQLite's log still holds.
const COPIED_FILE: &str = r#"    if AWAKE {
        let file = address.file().unwrap_or(copy);
        std::fs::copy(file, copy).map_err(|error| fault(file, &error))?;
    } else {
        sql_query("VACUUM INTO ?")
            .bind::<Text, _>(target)
            .execute(&mut connection)?;
    }
"#;

/// The condition `AWAKE` stands for.
fn awake(name: &str) -> String {
    format!("std::env::var(\"AWAKE_MUTANT\").is_ok_and(|awake| awake == \"{name}\")")
}

/// The drills that run the program within their own process; the drill of the copy runs them whole.
const WITHIN: [Name; 12] = [
    Name::MailDown,
    Name::Year,
    Name::Clock,
    Name::Deadline,
    Name::Matrix,
    Name::Canary,
    Name::Tokens,
    Name::Equal,
    Name::Fuzz,
    Name::Injection,
    Name::Audit,
    Name::Retention,
];

/// Tries every mutant with `only` in its name in the short form of its drill; gives the goals of those not caught.
pub(crate) async fn run(databases: &[Database], only: &str) -> Vec<String> {
    let binary = build();
    let chosen = MUTANTS
        .iter()
        .filter(|mutant| mutant.name.contains(only) && databases.contains(&mutant.database))
        .filter(|mutant| mutant.database == Database::Sqlite || postgres::server().is_some());
    let (whole, outside): (Vec<_>, Vec<_>) = chosen.partition(|mutant| WITHIN.contains(&mutant.drill));
    // Side by side: whether a mutant is caught is no matter of time.
    let beside = {
        let binary = binary.clone();
        spawn_blocking(move || {
            let tried = whole.into_iter().filter_map(|mutant| {
                let begun = Instant::now();
                judge(mutant, begun, &run_whole(&binary, mutant))
            });
            tried.collect::<Vec<_>>()
        })
    };
    let mut survived = Vec::new();
    for mutant in outside {
        let begun = Instant::now();
        let order = Order {
            subject: Subject::Mutant {
                binary: binary.clone(),
                name: mutant.name,
            },
            database: mutant.database,
            short: true,
            rows: None,
            until_first: true,
        };
        let goals = drill(mutant.drill, &order).await;
        survived.extend(judge(
            mutant,
            begun,
            &goals.iter().map(|goal| goal.pass).collect::<Vec<_>>(),
        ));
    }
    survived.extend(beside.await.expect("the drills of the copy run"));
    survived
}

/// Prints whether a mutant was caught; gives the goal of one that survived.
fn judge(mutant: &Mutant, begun: Instant, passed: &[bool]) -> Option<String> {
    let caught = passed.contains(&false);
    let told = if caught { "caught" } else { "survived" };
    say(format!("  {}: {} s", mutant.name, begun.elapsed().as_secs()));
    let id = format!("mutant-{}-{}", mutant.name, mutant.database);
    let goal = Goal::new(id, told, "caught", caught);
    goal.print();
    (!caught).then_some(goal.id)
}

/// Runs a drill as a program with this mutant awake; gives how each of its goals ended.
fn run_whole(binary: &Path, mutant: &Mutant) -> Vec<bool> {
    let name = mutant.drill.to_possible_value().expect("every drill has a name");
    let output = Command::new(binary)
        .args([
            name.get_name(),
            "--short",
            "--until-first",
            "--database",
            &mutant.database.to_string(),
        ])
        .env("AWAKE_MUTANT", mutant.name)
        .output()
        .expect("the drill of the copy runs");
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines()
        .filter(|line| line.starts_with("goal="))
        .map(|line| line.ends_with(" pass"))
        .collect()
}

/// Builds all mutants into one drill beside this one; gives its path.
///
/// # Panics
/// When a place is not found exactly once, or the build fails.
fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the workspace is two folders up");
    let own = std::env::current_exe().expect("the path of this program");
    let profile = own.parent().expect("a program lies in a folder");
    let target = profile.parent().expect("a profile's folder lies in the target folder");
    let copy = target.join("mutants");
    say("building the mutants");
    std::fs::create_dir_all(&copy).expect("the folder of the copy");
    for part in [
        "Cargo.lock",
        "clippy.toml",
        "crates",
        "migrations",
        "openapi",
        "data",
        "tests",
    ] {
        copy_changed(&root.join(part), &copy.join(part));
    }
    let mut changed: Vec<(PathBuf, String)> = Vec::new();
    // Beside this drill it needs another name.
    let binary = Mutant {
        name: "binary",
        drill: Name::All,
        database: Database::Sqlite,
        file: "tests/drill/Cargo.toml",
        find: "[lints]\n",
        replace: "[[bin]]\nname = \"ahq-mutant\"\npath = \"src/main.rs\"\n\n[lints]\n",
    };
    // Cargo tells crates of one target folder apart by name, version and place within their workspace: with the same version
    // it would link crates of the one tree into the program of the other.
    let version = Mutant {
        name: "version",
        drill: Name::All,
        database: Database::Sqlite,
        file: "Cargo.toml",
        find: concat!("[workspace.package]\nversion = \"", env!("CARGO_PKG_VERSION"), "\""),
        replace: concat!(
            "[workspace.package]\nversion = \"",
            env!("CARGO_PKG_VERSION"),
            "+mutants\""
        ),
    };
    for mutant in [&binary, &version].into_iter().chain(MUTANTS) {
        let path = PathBuf::from(mutant.file);
        let known = changed.iter().position(|(file, _)| *file == path);
        let position = known.unwrap_or_else(|| {
            let text = std::fs::read_to_string(root.join(&path)).expect("the file of a mutant");
            changed.push((path, text));
            changed.len() - 1
        });
        let text = &mut changed[position].1;
        let places = text.matches(mutant.find).count();
        assert_eq!(
            places, 1,
            "the place of {} was found {places} times in {}",
            mutant.name, mutant.file
        );
        *text = text.replace(mutant.find, &mutant.replace.replace("AWAKE", &awake(mutant.name)));
    }
    for (file, text) in changed {
        write_changed(&copy.join(file), text.as_bytes());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--quiet",
            "--package",
            "ahq-drill",
            "--bin",
            "ahq-mutant",
            "--target-dir",
        ])
        .arg(target)
        .current_dir(&copy);
    if profile.ends_with("release") {
        command.arg("--release");
    }
    assert!(
        command.status().expect("cargo starts").success(),
        "the mutants do not build"
    );
    profile.join("ahq-mutant")
}

/// Copies a file or folder; what is the same stays untouched, so that it is not built again. Files that a mutant lies in
/// are left to it.
fn copy_changed(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder of the copy");
        for entry in std::fs::read_dir(from).expect("a folder of the sources") {
            let name = entry.expect("an entry of a folder").file_name();
            copy_changed(&from.join(&name), &to.join(&name));
        }
    } else if !is_mutated(from) {
        write_changed(to, &std::fs::read(from).expect("a file of the sources"));
    }
}

fn is_mutated(file: &Path) -> bool {
    file.ends_with("tests/drill/Cargo.toml") || MUTANTS.iter().any(|mutant| file.ends_with(mutant.file))
}

fn write_changed(file: &Path, bytes: &[u8]) {
    if std::fs::read(file).is_ok_and(|there| there == bytes) {
        return;
    }
    std::fs::write(file, bytes).expect("a file of the copy");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drill_has_a_mutant() {
        for drill in crate::DRILLS {
            assert!(
                MUTANTS.iter().any(|mutant| mutant.drill == drill),
                "{drill:?} has no mutant: nothing shows that it can fail"
            );
        }
    }
}
