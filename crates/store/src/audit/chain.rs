//! The chain over the audit events: its places stand beside them, in rows that are added and never changed.

use super::{Event, Row};
use crate::both;
use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::connection::phrase::lock_until_commit;
use crate::schema::{audit_events, audit_seals};
use crate::{Connection, StoreError};
use ahq_domain::audit::{BEGINNING, ChainFault, Hash, Link, Verifier};
use ahq_domain::clock::Instant;
use ahq_domain::id::EventId;
use diesel::dsl::{exists, not};
use diesel::insert_into;
use diesel::prelude::*;

/// What sealers of one moment wait on; no other lock of the program has this key.
const SEALS: i64 = 7_810_755_216_402_153_523;
/// How many events get their number in one transaction.
const BATCH: i64 = 500;
/// How many places of the chain are read at once.
const PAGE: i64 = 5_000;

/// A row of `audit_seals`.
#[derive(Debug, Insertable)]
#[diesel(table_name = audit_seals)]
struct NewSeal {
    number: i64,
    event_id: Id,
    hash: String,
}

/// Where an event stands among those by their time.
pub type Position = (Instant, EventId);

/// The hash that a column holds in hexadecimal digits; none when it holds something else.
pub(super) fn hash(digits: &str) -> Option<Hash> {
    let bytes = digits.as_bytes();
    let mut hash = Hash::default();
    if bytes.len() != 2 * hash.len() {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    for (out, pair) in hash.iter_mut().zip(bytes.chunks_exact(2)) {
        *out = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    Some(hash)
}

fn digits(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The last place of the chain; none before the first event has one. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn last_seal(conn: &mut Connection) -> Result<Option<Link>, StoreError> {
    let last: Option<(i64, String)> = audit_seals::table
        .order(audit_seals::number.desc())
        .select((audit_seals::number, audit_seals::hash))
        .first(conn)
        .optional()?;
    last.map(|(number, digits)| {
        let hash = hash(&digits).ok_or_else(|| StoreError::Corrupt(format!("the hash of event {number} is none")))?;
        Ok(Link { number, hash })
    })
    .transpose()
}

/// Gives the next numbers to the first events behind `after` that have none; none for all of them. Gives how many there
/// were and where the last one stands, or nothing when there was none. Two sealers wait for each other, so the chain never
/// forks. Statements: 4; on SQLite, which has one writer anyway, 3.
///
/// # Errors
/// [`StoreError::Busy`] when another sealer took too long.
pub fn seal_some(conn: &mut Connection, after: Option<Position>) -> Result<Option<(usize, Position)>, StoreError> {
    lock_until_commit(conn, SEALS)?;
    // Read under the lock: another sealer may have been at them just now.
    let rows = waiting(conn, after, BATCH)?;
    let mut at = last_seal(conn)?.unwrap_or(BEGINNING);
    let (mut seals, mut last) = (Vec::with_capacity(rows.len()), None);
    for row in rows {
        let event = row.into_event()?;
        at = at.next(&event);
        last = Some((event.at, event.id));
        seals.push(NewSeal {
            number: at.number,
            event_id: event.id.0.into(),
            hash: digits(&at.hash),
        });
    }
    let Some(last) = last else {
        return Ok(None);
    };
    both!(conn, |database| insert_into(audit_seals::table)
        .values(&seals)
        .execute(database))?;
    Ok(Some((seals.len(), last)))
}

/// Whether there are events behind `after` that have no number. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn is_waiting(conn: &mut Connection, after: Option<Position>) -> Result<bool, StoreError> {
    Ok(!waiting(conn, after, 1)?.is_empty())
}

/// Events without a number behind `after`, in the order they get one.
fn waiting(conn: &mut Connection, after: Option<Position>, limit: i64) -> Result<Vec<Row>, StoreError> {
    let sealed = audit_seals::table.filter(audit_seals::event_id.eq(audit_events::id));
    let mut rows = audit_events::table
        .filter(not(exists(sealed)))
        .order((audit_events::at, audit_events::id))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    if let Some((at, id)) = after {
        let (at, id) = (Time::from(at), Id::from(id.0));
        rows = rows
            .filter(audit_events::at.ge(at))
            .filter(audit_events::at.gt(at).or(audit_events::id.gt(id)));
    }
    Ok(rows.load(conn)?)
}

/// How many events from before `until` have no number, and when the oldest of them happened. Statements: 1, and 1 where there
/// are some.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn unsealed(conn: &mut Connection, until: Instant) -> Result<Option<(i64, Instant)>, StoreError> {
    let sealed = audit_seals::table.filter(audit_seals::event_id.eq(audit_events::id));
    let unsealed = audit_events::table
        .filter(audit_events::at.lt(Time::from(until)))
        .filter(not(exists(sealed)));
    let count: i64 = unsealed.count().get_result(conn)?;
    if count == 0 {
        return Ok(None);
    }
    let oldest: Option<Time> = unsealed
        .order(audit_events::at)
        .select(audit_events::at)
        .first(conn)
        .optional()?;
    Ok(oldest.map(|oldest| (count, oldest.into())))
}

/// Leads a verifier along the next 5,000 places of the chain; whether there may be more. Statements: 1, but one a row
/// where a row cannot be read.
///
/// # Errors
/// Those of reading. What is wrong with the chain stands inside.
pub fn verify_some(conn: &mut Connection, verifier: &mut Verifier) -> Result<Result<bool, ChainFault>, StoreError> {
    let mut limit = PAGE;
    loop {
        let behind = verifier.at().number;
        match places(conn, behind, limit) {
            Ok(places) => {
                let whole = i64::try_from(places.len()).is_ok_and(|found| found == limit);
                for (number, digits, event) in places {
                    if let Err(fault) = step(verifier, number, &digits, event) {
                        return Ok(Err(fault));
                    }
                }
                if !whole || limit == PAGE {
                    return Ok(Ok(whole));
                }
            }
            // One of them holds what no program writes: the rows before it are taken one by one.
            Err(StoreError::Corrupt(_)) if limit > 1 => limit = 1,
            Err(StoreError::Corrupt(what)) => {
                return Ok(Err(ChainFault::Unreadable {
                    number: behind + 1,
                    what,
                }));
            }
            Err(other) => return Err(other),
        }
    }
}

/// A place of the chain as it stands in its row, with its event.
type Place = (i64, String, Option<Event>);

fn places(conn: &mut Connection, behind: i64, limit: i64) -> Result<Vec<Place>, StoreError> {
    let rows: Vec<(i64, String, Option<Row>)> = audit_seals::table
        .left_join(audit_events::table)
        .filter(audit_seals::number.gt(behind))
        .order(audit_seals::number)
        .limit(limit)
        .select((audit_seals::number, audit_seals::hash, Option::<Row>::as_select()))
        .load(conn)?;
    rows.into_iter()
        .map(|(number, digits, row)| Ok((number, digits, row.map(Row::into_event).transpose()?)))
        .collect()
}

fn step(verifier: &mut Verifier, number: i64, digits: &str, event: Option<Event>) -> Result<(), ChainFault> {
    match hash(digits) {
        Some(hash) => verifier.step(Link { number, hash }, event.as_ref()),
        None => Err(ChainFault::Changed { number }),
    }
}
