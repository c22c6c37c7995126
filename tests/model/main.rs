//! The life of a query by chance (R12): sequences of steps are put to the real program over HTTP and to a small model
//! written from the specification; the first difference is shrunk and printed as a list of steps.
//!
//! `AHQ_MODEL_SEQUENCES` says how many sequences a database gets (100), `AHQ_MODEL_SEED` which ones (1).
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod calendar;
mod chance;
mod drive;
mod edition;
mod life;
mod look;
mod query;
mod response;
mod step;
mod world;

use std::cell::RefCell;

use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestCaseError, TestError, TestRunner};

use crate::chance::sequence;
use crate::drive::{Tally, play};
use crate::query::Twist;
use crate::step::{Sequence, What};
use crate::world::World;

/// Sequences that showed a difference once; they are played before all others.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/regressions.txt");
/// Sequences for each database where nobody asks for more.
const SHORT: u32 = 100;
/// Within how many sequences a rule that is wrong on purpose has to be found.
const FOUND_WITHIN: u32 = 300;

fn number(variable: &str, usual: u32) -> u32 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is a number")),
        Err(_) => usual,
    }
}

/// What was found.
struct Found {
    tally: Tally,
    /// The first difference, with the shortest sequence that shows it.
    difference: Option<(String, Sequence)>,
}

/// Plays sequences until one shows a difference; none where there is no such database.
fn search(database: Database, twist: Twist, sequences: u32) -> Option<Found> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let world = RefCell::new(runtime.block_on(World::start(database))?);
    let tally = RefCell::new(Tally::default());
    let right = twist == Twist::Right;
    let mut runner = TestRunner::new(Config {
        cases: sequences,
        rng_seed: RngSeed::Fixed(number("AHQ_MODEL_SEED", 1).into()),
        failure_persistence: right.then(|| Box::new(FileFailurePersistence::Direct(REGRESSIONS)) as Box<_>),
        max_shrink_iters: if right { 300 } else { 0 },
        ..Config::default()
    });
    let outcome = runner.run(&sequence(), |sequence| {
        runtime
            .block_on(play(&mut world.borrow_mut(), &sequence, twist, &mut tally.borrow_mut()))
            .map_err(TestCaseError::fail)
    });
    let difference = match outcome {
        Ok(()) => None,
        Err(TestError::Fail(reason, sequence)) => Some((reason.to_string(), sequence)),
        Err(TestError::Abort(reason)) => panic!("the search ended early: {reason}"),
    };
    Some(Found {
        tally: tally.into_inner(),
        difference,
    })
}

/// Prints how often each kind of step was taken and refused; gives those never taken.
fn print(tally: &Tally) -> Vec<&'static str> {
    let counts = |kind: &'static str| tally.kinds.get(kind).copied().unwrap_or_default();
    for kind in What::KINDS {
        let (taken, refused) = counts(kind);
        say(format!("  {kind:18} taken {taken:7} refused {refused:7}"));
    }
    What::KINDS.into_iter().filter(|kind| counts(kind).0 == 0).collect()
}

fn the_program_does_what_the_model_says(database: Database, name: &str) {
    let sequences = number("AHQ_MODEL_SEQUENCES", SHORT);
    let Some(found) = search(database, Twist::Right, sequences) else {
        return;
    };
    let (played, steps) = (found.tally.sequences, found.tally.steps());
    say(format!("R12 on {name}: {played} sequences, {steps} steps"));
    let never = print(&found.tally);
    let differences = u32::from(found.difference.is_some());
    Goal::new(format!("R12-{name}"), differences, 0, differences == 0).print();
    if let Some((reason, sequence)) = found.difference {
        panic!("the model and the program differ:\n{sequence}{reason}");
    }
    assert!(
        never.is_empty(),
        "never taken, so that nothing is shown of them: {never:?}"
    );
}

#[test]
fn sqlite() {
    the_program_does_what_the_model_says(Database::Sqlite, "sqlite");
}

#[test]
fn postgres() {
    the_program_does_what_the_model_says(Database::Postgres, "postgres");
}

/// A model with one wrong rule has to differ from the program.
fn is_found(twist: Twist) {
    let found = search(Database::Sqlite, twist, FOUND_WITHIN).expect("SQLite is always there");
    let (reason, _) = found.difference.unwrap_or_else(|| panic!("{twist:?} was not found"));
    say(format!(
        "{twist:?} is found in sequence {}: {reason}",
        found.tally.sequences
    ));
}

#[test]
fn a_deadline_the_other_way_is_found() {
    is_found(Twist::DeadlineTheOtherWay);
}

#[test]
fn narrowing_that_waits_is_found() {
    is_found(Twist::NarrowingWaits);
}

#[test]
fn an_amendment_that_makes_late_is_found() {
    is_found(Twist::AmendmentIsLate);
}

#[test]
fn an_audience_that_reads_at_once_is_found() {
    is_found(Twist::AudienceReadsAtOnce);
}
