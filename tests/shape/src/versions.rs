//! Two versions of the program over one migration.
//!
//! The newer version is not built. What it would do to the tables before it serves is done by hand: a migration's SQL
//! and its row in the journal, in one transaction, as `ahq migrate` has it. The older version is the program itself.

use std::time::Duration;

use ahq_harness::goal::{Goal, say};
use diesel::connection::SimpleConnection;

use crate::load::Load;
use crate::shape::Shape;
use crate::tell;

/// A migration as the rule has it: it adds.
const ADDS: &str = "
    BEGIN;
    SET LOCAL lock_timeout = '5s';
    ALTER TABLE queries ADD COLUMN newer text;
    CREATE TABLE newer (id uuid PRIMARY KEY, query_id uuid NOT NULL REFERENCES queries (id));
    INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001');
    COMMIT;";
/// One against the rule: it takes away what the older version still reads.
const TAKES_AWAY: &str = "
    BEGIN;
    SET LOCAL lock_timeout = '5s';
    ALTER TABLE queries RENAME COLUMN title TO heading;
    INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000002');
    COMMIT;";
/// How long the load goes on around it.
const WHILE: Duration = Duration::from_millis(1_500);

/// The older version goes on serving over a newer additive migration, stays ready, and can be restarted one server
/// after the other; to migrate it refuses. Counts the requests that one repeat did not mend.
pub(crate) async fn side_by_side(shape: &mut Shape) -> Goal {
    let load = Load::start(shape).await;
    tokio::time::sleep(WHILE).await;
    shape.database().batch_execute(ADDS).expect("the migration runs");
    tokio::time::sleep(WHILE).await;
    let ready = shape.both_ready();
    for number in [0, 1] {
        shape.restart(number).await;
        tokio::time::sleep(WHILE).await;
    }
    let tally = load.stop().await;
    tell("two versions", &tally);
    let log = shape.log().len();
    let migrated = shape.command(&["migrate"]).status().expect("the program runs");
    let refused = !migrated.success() && shape.log()[log..].contains("a newer program has changed them");
    say(format!(
        "two versions: ready={ready}, `ahq migrate` of the older one refused by name={refused}"
    ));
    let unmended = tally.unmended.len();
    let served = tally.acknowledged.len() > 10;
    Goal::new(
        "shape-versions",
        unmended,
        0,
        unmended == 0 && ready && refused && served,
    )
}

/// Whether a migration that takes away makes the older version fail visibly.
pub(crate) async fn notices_a_removal(shape: &Shape) -> bool {
    let load = Load::start(shape).await;
    shape.database().batch_execute(TAKES_AWAY).expect("the migration runs");
    tokio::time::sleep(WHILE).await;
    let tally = load.stop().await;
    tell("a column renamed", &tally);
    !tally.unmended.is_empty()
}
