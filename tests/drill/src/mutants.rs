//! Mutants: the program with faults built in on purpose, all in one build, one awake at a time.
//!
//! The sources are copied, each fault is put in its place, and the copy is built beside the program with the same
//! dependencies. The product itself holds no trace of them. A place that is not found exactly once is a failure, so a
//! mutant cannot die out unnoticed.

use std::path::{Path, PathBuf};
use std::process::Command;

use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Subject;

use crate::{Name, Order, drill};

/// A fault.
struct Mutant {
    /// Its name, and what wakes it: `AHQ_MUTANT=<name>`.
    name: &'static str,
    /// The drill that must catch it.
    drill: Name,
    /// The databases it shows on.
    databases: &'static [Database],
    /// The file it lies in.
    file: &'static str,
    /// The place, found exactly once.
    find: &'static str,
    /// What stands there instead; `AWAKE` is true when this mutant is chosen.
    replace: &'static str,
}

const SQLITE: &[Database] = &[Database::Sqlite];
const BOTH: &[Database] = &[Database::Sqlite, Database::Postgres];

/// All mutants. Every drill has at least one; a test holds them to it.
const MUTANTS: &[Mutant] = &[];

/// The condition `AWAKE` stands for.
fn awake(name: &str) -> String {
    format!("std::env::var(\"AHQ_MUTANT\").is_ok_and(|awake| awake == \"{name}\")")
}

/// Tries every mutant in the short form of its drill; gives how many were not caught.
pub(crate) async fn run(databases: &[Database]) -> usize {
    let binary = build();
    let mut survived = 0;
    for mutant in MUTANTS {
        for database in mutant.databases.iter().filter(|database| databases.contains(database)) {
            let order = Order {
                subject: Subject::Mutant {
                    binary: binary.clone(),
                    name: mutant.name,
                },
                database: *database,
                short: true,
            };
            let goals = drill(mutant.drill, &order).await;
            if goals.is_empty() {
                continue;
            }
            let caught = goals.iter().any(|goal| !goal.pass);
            let told = if caught { "caught" } else { "survived" };
            let id = order.goal(&format!("mutant-{}", mutant.name));
            Goal::new(id, told, "caught", caught).print();
            survived += usize::from(!caught);
        }
    }
    survived
}

/// Builds all mutants into one binary beside this program; gives its path.
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
    for part in [
        "Cargo.toml",
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
    let server = Mutant {
        name: "binary",
        drill: Name::All,
        databases: BOTH,
        file: "crates/server/Cargo.toml",
        find: "[[bin]]\nname = \"ahq\"",
        replace: "[[bin]]\nname = \"ahq-mutant\"",
    };
    for mutant in std::iter::once(&server).chain(MUTANTS) {
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
            "ahq-server",
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
    file.ends_with("crates/server/Cargo.toml") || MUTANTS.iter().any(|mutant| file.ends_with(mutant.file))
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
