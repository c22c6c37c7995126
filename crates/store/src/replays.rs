//! Replies kept for a while, so that a request sent twice under one key acts once. It neither compares bodies nor
//! decides how long a reply is kept.

use crate::column::{Json, Time};
use crate::connection::phrase::insert_or_ignore;
use crate::schema::replays;
use crate::{Connection, StoreError, changed_one};
use ahq_domain::clock::Instant;
use diesel::insert_into;
use diesel::prelude::*;

/// What is known of a request that came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The hash of its body.
    pub body_hash: String,
    /// Its reply.
    pub reply: Option<serde_json::Value>,
}

/// Begins a request under its key: none when it is the first, else what is known of the one before. A twin at work in
/// another transaction is waited for: if it succeeds its reply is found, if it fails this one is the first.
/// Statements: 1 for the first, else 2.
///
/// # Errors
/// [`StoreError::Busy`] when it waited too long, or the row was purged in the same moment.
pub fn begin(
    conn: &mut Connection,
    caller: &str,
    method: &str,
    path: &str,
    key: &str,
    body_hash: &str,
    now: Instant,
) -> Result<Option<Kept>, StoreError> {
    let row = insert_into(replays::table).values((
        replays::caller.eq(caller),
        replays::method.eq(method),
        replays::path.eq(path),
        replays::key.eq(key),
        replays::body_hash.eq(body_hash),
        replays::created_at.eq(Time::from(now)),
    ));
    if insert_or_ignore(row).execute(conn)? == 1 {
        return Ok(None);
    }
    let kept: Option<(String, Option<Json<serde_json::Value>>)> = replays::table
        .find((caller, method, path, key))
        .select((replays::body_hash, replays::reply))
        .first(conn)
        .optional()?;
    let (body_hash, reply) =
        kept.ok_or_else(|| StoreError::Busy("the reply to this request is being forgotten".to_owned()))?;
    Ok(Some(Kept {
        body_hash,
        reply: reply.map(|Json(reply)| reply),
    }))
}

/// Keeps the reply of a request that [`begin`] found to be the first. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it was not begun, or has a reply.
pub fn finish(
    conn: &mut Connection,
    caller: &str,
    method: &str,
    path: &str,
    key: &str,
    reply: &serde_json::Value,
) -> Result<(), StoreError> {
    let open = replays::table
        .find((caller, method, path, key))
        .filter(replays::reply.is_null());
    let finished = diesel::update(open)
        .set(replays::reply.eq(Json(reply.clone())))
        .execute(conn)?;
    changed_one(finished)
}

/// Forgets replies begun before a moment, and says how many. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn purge(conn: &mut Connection, before: Instant) -> Result<usize, StoreError> {
    Ok(diesel::delete(replays::table.filter(replays::created_at.lt(Time::from(before)))).execute(conn)?)
}

/// Forgets all kept replies; those of requests that are at work stay, such as the one that forgets. Statements: 1.
///
/// All of them: a thing may be named in several ways, with signs of its path encoded or not, and a reply that was missed would
/// give back what was erased. Whoever repeats a request of the last days repeats its work, too.
///
/// # Errors
/// Those of writing.
pub fn forget_all(conn: &mut Connection) -> Result<(), StoreError> {
    diesel::delete(replays::table.filter(replays::reply.is_not_null())).execute(conn)?;
    Ok(())
}
