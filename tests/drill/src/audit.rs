//! S8: a chain of audit events is touched by chance, a thousand times: an event changed in one of its parts, removed with or
//! without its place, put in the place of another, slipped in behind the program's back, or the end of the chain cut off.
//! Each has to be found, and the untouched chain has to be right.
//!
//! Each touch happens in a transaction that ends with its verification and is then undone.
//!
//! With `--rows` another question is put instead: how long `ahq audit verify` takes for a chain of so many events.

use std::collections::BTreeMap;
use std::ops::Range;

use ahq_domain::audit::{ChainFault, Event, Link, Verifier};
use ahq_domain::clock::{Instant, Randomness};
use ahq_domain::id::{EventId, UserId};
use ahq_exchange::work::Exchange;
use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Installation;
use ahq_store::{Connection, Store, StoreError, audit};
use chrono::Duration;
use diesel::connection::SimpleConnection;
use serde_json::json;

use crate::Order;
use crate::chance::Chance;

/// How long the chain is, and how often it is touched.
const EVENTS: usize = 400;
const TOUCHES: usize = 1_000;
const TOUCHES_SHORT: usize = 150;
/// How many events are written in one transaction, and sealed before the next.
const TOGETHER: usize = 10_000;
/// How long their verification may take, be they a million.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(10);

/// What can be done to a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Touch {
    At,
    User,
    Office,
    Action,
    Subject,
    Facts,
    Id,
    Hash,
    EventGone,
    PlaceGone,
    BothGone,
    EventsSwapped,
    PlacesSwapped,
    SlippedIn,
    CutWithEvents,
    CutPlaces,
}

const ALL: [Touch; 16] = [
    Touch::At,
    Touch::User,
    Touch::Office,
    Touch::Action,
    Touch::Subject,
    Touch::Facts,
    Touch::Id,
    Touch::Hash,
    Touch::EventGone,
    Touch::PlaceGone,
    Touch::BothGone,
    Touch::EventsSwapped,
    Touch::PlacesSwapped,
    Touch::SlippedIn,
    Touch::CutWithEvents,
    Touch::CutPlaces,
];

/// Ends a transaction with what was found in it, so that all of it is undone.
enum Undone {
    Found(Option<ChainFault>),
    Failed(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What a run of touches came to.
struct Touched {
    /// How many were found.
    found: usize,
    /// How often which kind was not.
    missed: BTreeMap<Touch, usize>,
}

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(installation) = Installation::new(order.database, order.subject.clone()).await else {
        return Vec::new();
    };
    if let Some(rows) = order.rows {
        return vec![verified(order, &installation, rows).await];
    }
    let exchange = installation.exchange().await;
    let mut chance = Chance::new(exchange.randomness());
    say(format!("  {}: seed {}", order.goal("S8"), chance.state));
    let touches = if order.short { TOUCHES_SHORT } else { TOUCHES };
    let Touched { found, missed } = touch_all(&exchange, order.database, &mut chance, touches).await;
    let verify = || {
        let status = installation.command(&["audit", "verify"]).status();
        status.expect("the program starts").success()
    };
    let right = verify();
    commit(
        exchange.store(),
        "UPDATE audit_events SET action = 'x' WHERE action = 'network.imported'",
    )
    .await;
    let wrong = verify();
    exchange.store().close().await;
    if !missed.is_empty() {
        say(format!("    not found: {missed:?}"));
    }
    if !right || wrong {
        let log = installation.log();
        say(format!(
            "    `ahq audit verify`: untouched {right}, touched {wrong}: {log}"
        ));
    }
    let pass = found == touches && right && !wrong;
    vec![Goal::new(order.goal("S8"), found, touches, pass)]
}

/// Makes a chain of so many events, and measures how long the program takes to verify it.
async fn verified(order: &Order, installation: &Installation, rows: usize) -> Goal {
    let exchange = installation.exchange().await;
    let begin = exchange.clock().now() - Duration::days(400);
    let begun = std::time::Instant::now();
    for from in (0..rows).step_by(TOGETHER) {
        let some = from..rows.min(from + TOGETHER);
        record(exchange.store(), exchange.randomness(), begin, some).await;
    }
    exchange.seal_audit(None).await.expect("the chain is sealed");
    exchange.store().close().await;
    say(format!(
        "  {rows} events written in {:.1} s",
        begun.elapsed().as_secs_f64()
    ));
    let begun = std::time::Instant::now();
    let status = installation.command(&["audit", "verify"]).status();
    let (took, right) = (begun.elapsed(), status.expect("the program starts").success());
    if !right {
        say(format!("    {}", installation.log()));
    }
    Goal::new(
        order.goal("S8-verified"),
        format!("{:.1}s", took.as_secs_f64()),
        format!("<={:.1}s", LONGEST.as_secs_f64()),
        right && took <= LONGEST,
    )
}

/// Makes a chain and touches it so many times.
async fn touch_all(exchange: &Exchange, database: Database, chance: &mut Chance, touches: usize) -> Touched {
    let (store, begin) = (exchange.store(), exchange.clock().now() - Duration::hours(2));
    record(store, exchange.randomness(), begin, 0..EVENTS).await;
    exchange.seal_audit(None).await.expect("the chain is sealed");
    let known = exchange.audit_checkpoint().await.expect("the chain is read");
    let known = known
        .and_then(|known| known.open(exchange.keys()).ok())
        .expect("its end");
    let whole = exchange
        .verify_audit(vec![known], |_| {})
        .await
        .expect("the chain is read");
    assert_eq!(whole.fault, None, "a chain that nobody touched");
    loosen(store, database).await;
    let mut touched = Touched {
        found: 0,
        missed: BTreeMap::new(),
    };
    for number in 0..touches {
        let touch = ALL[number % ALL.len()];
        let places = two(chance, whole.events);
        match try_one(store, database, touch, places, known, begin).await {
            Some(_) => touched.found += 1,
            None => *touched.missed.entry(touch).or_default() += 1,
        }
    }
    touched
}

/// Writes events of many kinds, a second apart.
async fn record(store: &Store, randomness: &Randomness, begin: Instant, numbers: Range<usize>) {
    let events: Vec<Event> = numbers
        .map(|number| {
            let at = begin + std::time::Duration::from_secs(number as u64);
            Event {
                id: EventId::new(at, randomness),
                at,
                user: (number % 5 > 0).then(|| UserId(EventId::new(begin, randomness).0)),
                office: ["LU", "AT", "COM"]
                    .get(number % 4)
                    .map(|code| code.parse().expect("an office code")),
                action: "response.drafted".to_owned(),
                subject: format!("query/{}/response/AT", number % 20),
                facts: json!({"version": number, "questions": ["q1", {"b": null, "a": "é\n"}]}),
            }
        })
        .collect();
    let written = store
        .write(move |conn| -> Result<(), StoreError> { events.iter().try_for_each(|event| audit::record(conn, event)) })
        .await;
    written.expect("the events are written");
}

/// Takes away what the database itself would refuse: whoever may write to it can do that first.
async fn loosen(store: &Store, database: Database) {
    let sql = match database {
        Database::Postgres => {
            "ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_event_id_fkey; DROP INDEX audit_seals_event_id_key"
        }
        Database::Sqlite => {
            "ALTER TABLE audit_seals RENAME TO bound; CREATE TABLE audit_seals (number integer PRIMARY KEY, event_id blob, \
             hash text); INSERT INTO audit_seals SELECT number, event_id, hash FROM bound; DROP TABLE bound"
        }
    };
    commit(store, sql).await;
    commit(store, "CREATE TABLE places AS SELECT * FROM audit_seals").await;
    commit(store, "CREATE TABLE events AS SELECT * FROM audit_events").await;
}

async fn commit(store: &Store, sql: &'static str) {
    let done = store
        .write(move |conn| -> Result<(), StoreError> { Ok(conn.batch_execute(sql)?) })
        .await;
    done.expect("the tables can be written to");
}

/// Two numbers, the first below the second.
fn two(chance: &mut Chance, events: i64) -> (i64, i64) {
    let mut below = |end: i64| i64::try_from(chance.below(u64::try_from(end).unwrap_or(1))).unwrap_or(0);
    let one = 1 + below(events - 1);
    (one, one + 1 + below(events - one))
}

/// The id of the event at a place, as it was.
fn of(number: i64) -> String {
    format!("(SELECT event_id FROM places WHERE number = {number})")
}

/// Touches the chain, looks, and undoes it; gives what was found.
async fn try_one(
    store: &Store,
    database: Database,
    touch: Touch,
    (one, other): (i64, i64),
    known: Link,
    begin: Instant,
) -> Option<ChainFault> {
    let sql = statements(touch, one, other, database);
    let until = begin + Duration::hours(1);
    let ended = store
        .write(move |conn: &mut Connection| -> Result<(), Undone> {
            conn.batch_execute(&sql)?;
            Err(Undone::Found(verify(conn, known, until)?))
        })
        .await;
    match ended {
        Err(Undone::Found(fault)) => fault,
        Err(Undone::Failed(error)) => panic!("{touch:?} of {one} and {other}: {error}"),
        Ok(()) => None,
    }
}

fn verify(conn: &mut Connection, known: Link, until: Instant) -> Result<Option<ChainFault>, StoreError> {
    let mut verifier = Verifier::new(vec![known]);
    loop {
        match audit::verify_some(conn, &mut verifier)? {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => return Ok(Some(fault)),
        }
    }
    if let Err(fault) = verifier.end() {
        return Ok(Some(fault));
    }
    let unsealed = audit::unsealed(conn, until)?;
    Ok(unsealed.map(|(count, oldest)| ChainFault::Unsealed { count, oldest }))
}

/// What somebody with the database in their hands would send.
fn statements(touch: Touch, one: i64, other: i64, database: Database) -> String {
    let (id, cut) = (of(one), format!("number > {}", one - 1));
    let edit = |what: &str| format!("UPDATE audit_events SET {what} WHERE id = {id}");
    let new_id = match database {
        Database::Sqlite => "randomblob(16)",
        Database::Postgres => "gen_random_uuid()",
    };
    let of_other = |column: &str| format!("(SELECT {column} FROM events WHERE id = {})", of(other));
    match touch {
        Touch::At => edit(&format!("at = {}", of_other("at"))),
        Touch::User => edit(&format!(
            "user_id = CASE WHEN user_id IS NULL THEN {new_id} ELSE NULL END"
        )),
        Touch::Office => edit("office = CASE office WHEN 'BE' THEN 'NL' ELSE 'BE' END"),
        Touch::Action => edit("action = action || '.'"),
        Touch::Subject => edit("subject = replace(subject, 'response/AT', 'response/BE')"),
        Touch::Facts => edit(&format!("facts = {}", of_other("facts"))),
        Touch::Id => edit(&format!("id = {new_id}")),
        Touch::Hash => format!(
            "UPDATE audit_seals SET hash = (SELECT hash FROM places WHERE number = {other}) WHERE number = {one}"
        ),
        Touch::EventGone => format!("DELETE FROM audit_events WHERE id = {id}"),
        Touch::PlaceGone => format!("DELETE FROM audit_seals WHERE number = {one}"),
        Touch::BothGone => {
            format!("DELETE FROM audit_seals WHERE number = {one}; DELETE FROM audit_events WHERE id = {id}")
        }
        Touch::EventsSwapped => {
            let set =
                |from: i64, to: i64| format!("UPDATE audit_seals SET event_id = {} WHERE number = {to}", of(from));
            format!("{}; {}", set(one, other), set(other, one))
        }
        Touch::PlacesSwapped => format!(
            "UPDATE audit_seals SET number = -1 WHERE number = {one}; UPDATE audit_seals SET number = {one} WHERE number = \
             {other}; UPDATE audit_seals SET number = {other} WHERE number = -1"
        ),
        Touch::SlippedIn => format!(
            "INSERT INTO audit_events (id, at, user_id, office, action, subject, facts) SELECT {new_id}, at, user_id, office, \
             action, subject, facts FROM events WHERE id = {id}"
        ),
        Touch::CutWithEvents => format!(
            "DELETE FROM audit_seals WHERE {cut}; DELETE FROM audit_events WHERE id IN (SELECT event_id FROM places WHERE {cut})"
        ),
        Touch::CutPlaces => format!("DELETE FROM audit_seals WHERE {cut}"),
    }
}

#[cfg(test)]
mod tests {
    use ahq_harness::installation::Subject;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn each_kind_of_touch_is_found() {
        for database in [Database::Sqlite, Database::Postgres] {
            let Some(installation) = Installation::new(database, Subject::Right).await else {
                continue;
            };
            let exchange = installation.exchange().await;
            let touched = touch_all(&exchange, database, &mut Chance::of(8), 4 * ALL.len()).await;
            assert_eq!(touched.missed, BTreeMap::new(), "on {database}");
            exchange.store().close().await;
        }
    }
}
