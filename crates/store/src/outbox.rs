//! The outbox: mail to be sent, written with the change it tells of and delivered afterwards.
//!
//! A worker claims rows for a while: its lease, which it renews while it is at work on one. Each claim raises the row's
//! lease number, and only who names the number of the last claim may give the row up or back, so that a worker that was
//! held up cannot speak for one that came after it. What a mail server took is sent, whoever handed it over.
//! Nothing is sent here.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::connection::phrase::skip_locked;
use crate::schema::outbox;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use ahq_domain::id::{MessageId, QueryId, UserId};
use ahq_domain::office::OfficeCode;
use diesel::insert_into;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxStatus {
    /// To be sent once it is due.
    Waiting,
    /// Handed over.
    Sent,
    /// Not deliverable; nobody tries again.
    Failed,
    /// Not wanted any more when it was due.
    Dropped,
    /// Never sent by itself: the next digest of the office tells it.
    Digest,
    /// Not sent, since the address does not exist.
    Suppressed,
    /// Handed over, and returned afterwards.
    Bounced,
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: MessageId,
    /// What it tells of.
    pub kind: String,
    /// The query it is about.
    pub query: Option<QueryId>,
    /// The office it goes to, or speaks for when it goes to a user.
    pub office: OfficeCode,
    /// The user it goes to; none for the office's mailbox.
    pub user: Option<UserId>,
    /// What it is written from.
    pub facts: serde_json::Value,
    /// When it was written down.
    pub created: Instant,
    /// Since when it is tried: when it was to be sent, and once a try failed the first one that did.
    pub wanted: Instant,
    /// When it is tried next; while it is claimed, when the lease ends.
    pub due: Instant,
    /// Where it stands.
    pub status: OutboxStatus,
    /// How often it was claimed.
    pub attempts: i32,
    /// The number of the last claim.
    pub lease: i32,
    /// When it was sent or given up.
    pub settled: Option<Instant>,
    /// What went wrong last.
    pub fault: Option<String>,
}

/// A row of `outbox`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = outbox, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
pub(crate) struct Row {
    id: Id,
    kind: String,
    query_id: Option<Id>,
    office: String,
    user_id: Option<Id>,
    facts: Json<serde_json::Value>,
    created_at: Time,
    due_at: Time,
    status: String,
    attempts: i32,
    lease: i32,
    settled_at: Option<Time>,
    fault: Option<String>,
    wanted_at: Option<Time>,
}

impl Row {
    fn of(entry: &Entry) -> Result<Self, StoreError> {
        Ok(Self {
            id: entry.id.0.into(),
            kind: entry.kind.clone(),
            query_id: entry.query.map(|query| query.0.into()),
            office: entry.office.to_string(),
            user_id: entry.user.map(|user| user.0.into()),
            facts: Json(entry.facts.clone()),
            created_at: entry.created.into(),
            due_at: entry.due.into(),
            status: to_word(&entry.status)?,
            attempts: entry.attempts,
            lease: entry.lease,
            settled_at: entry.settled.map(Time::from),
            fault: entry.fault.clone(),
            wanted_at: Some(entry.wanted.into()),
        })
    }

    pub(crate) fn into_entry(self) -> Result<Entry, StoreError> {
        Ok(Entry {
            id: MessageId(self.id.into()),
            kind: self.kind,
            query: self.query_id.map(|query| QueryId(query.into())),
            office: from_word(&self.office)?,
            user: self.user_id.map(|user| UserId(user.into())),
            facts: self.facts.0,
            created: self.created_at.into(),
            wanted: self.wanted_at.unwrap_or(self.created_at).into(),
            due: self.due_at.into(),
            status: from_word(&self.status)?,
            attempts: self.attempts,
            lease: self.lease,
            settled: self.settled_at.map(Instant::from),
            fault: self.fault,
        })
    }
}

/// Writes new messages. Statements: 1, or none for none.
///
/// # Errors
/// [`StoreError::ForeignKey`] for a query or user that is not there.
pub fn put_all(conn: &mut Connection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = entries.iter().map(Row::of).collect::<Result<_, _>>()?;
    both!(conn, |database| insert_into(outbox::table)
        .values(&rows)
        .execute(database))?;
    Ok(())
}

/// Claims messages that are due for the caller alone until `until`, the longest due first, at most `limit`. What is not
/// settled by then is due again. Other workers neither get the same messages nor wait. Statements: 2, or 1 when
/// nothing is due.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn claim(conn: &mut Connection, now: Instant, until: Instant, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let due = outbox::table
        .filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?))
        .filter(outbox::due_at.le(Time::from(now)))
        .order((outbox::due_at, outbox::id))
        .limit(limit)
        .select(Row::as_select());
    let mut rows: Vec<Row> = skip_locked(due).load(conn)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    both!(conn, |database| diesel::update(outbox::table)
        .filter(outbox::id.eq_any(ids))
        .set((
            outbox::due_at.eq(Time::from(until)),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::lease.eq(outbox::lease + 1),
        ))
        .execute(database))?;
    for row in &mut rows {
        row.due_at = until.into();
        row.attempts += 1;
        row.lease += 1;
    }
    rows.into_iter().map(Row::into_entry).collect()
}

/// Moves the end of this claim, and says whether it still held: not when another claim came after it. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn renew(conn: &mut Connection, message: MessageId, lease: i32, until: Instant) -> Result<bool, StoreError> {
    let claimed = outbox::table
        .filter(outbox::id.eq(Id::from(message.0)))
        .filter(outbox::lease.eq(lease))
        .filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?));
    let renewed = diesel::update(claimed)
        .set(outbox::due_at.eq(Time::from(until)))
        .execute(conn)?;
    Ok(renewed == 1)
}

/// Notes that a mail server took a message, whoever has claimed it since: it must not be handed over again. Says whether
/// it was waiting. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn sent(conn: &mut Connection, message: MessageId, now: Instant) -> Result<bool, StoreError> {
    let waiting = outbox::table
        .filter(outbox::id.eq(Id::from(message.0)))
        .filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?));
    let sent = diesel::update(waiting)
        .set((
            outbox::status.eq(to_word(&OutboxStatus::Sent)?),
            outbox::settled_at.eq(Time::from(now)),
            outbox::fault.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(sent == 1)
}

/// Ends a waiting message of this claim, and says whether it did: not when another claim came after it. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn settle(
    conn: &mut Connection,
    message: MessageId,
    lease: i32,
    status: OutboxStatus,
    now: Instant,
    fault: Option<&str>,
) -> Result<bool, StoreError> {
    let claimed = outbox::table
        .filter(outbox::id.eq(Id::from(message.0)))
        .filter(outbox::lease.eq(lease))
        .filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?));
    let settled = diesel::update(claimed)
        .set((
            outbox::status.eq(to_word(&status)?),
            outbox::settled_at.eq(Time::from(now)),
            outbox::fault.eq(fault),
        ))
        .execute(conn)?;
    Ok(settled == 1)
}

/// Gives a waiting message of this claim back, to be tried again from `due` on and counted as tried since `wanted`, and
/// says whether it did: not when another claim came after it. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn postpone(
    conn: &mut Connection,
    message: MessageId,
    lease: i32,
    (due, wanted): (Instant, Instant),
    fault: &str,
) -> Result<bool, StoreError> {
    let claimed = outbox::table
        .filter(outbox::id.eq(Id::from(message.0)))
        .filter(outbox::lease.eq(lease))
        .filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?));
    let postponed = diesel::update(claimed)
        .set((
            outbox::due_at.eq(Time::from(due)),
            outbox::wanted_at.eq(Time::from(wanted)),
            outbox::fault.eq(fault),
        ))
        .execute(conn)?;
    Ok(postponed == 1)
}

/// All messages about a query, in the order they were written down. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_query(conn: &mut Connection, query: QueryId) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<Row> = outbox::table
        .filter(outbox::query_id.eq(Id::from(query.0)))
        .order((outbox::created_at, outbox::id))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// A message. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, message: MessageId) -> Result<Option<Entry>, StoreError> {
    let row: Option<Row> = outbox::table
        .find(Id::from(message.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_entry).transpose()
}

/// Where these messages stand; one that is not there is left out. Statements: 1, or none for none.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn statuses(
    conn: &mut Connection,
    messages: &[MessageId],
) -> Result<BTreeMap<MessageId, OutboxStatus>, StoreError> {
    if messages.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Id> = messages.iter().map(|message| message.0.into()).collect();
    let rows: Vec<(Id, String)> = both!(conn, |database| outbox::table
        .filter(outbox::id.eq_any(ids))
        .select((outbox::id, outbox::status))
        .load(database))?;
    rows.into_iter()
        .map(|(id, status)| Ok((MessageId(id.into()), from_word(&status)?)))
        .collect()
}

/// What was written about queries after `from` and up to `through`, to the mailboxes of offices and to users, in the order
/// it was written; of one office or of all. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn about_queries(
    conn: &mut Connection,
    office: Option<&OfficeCode>,
    from: Instant,
    through: Instant,
) -> Result<Vec<Entry>, StoreError> {
    let mut rows = outbox::table
        .filter(outbox::query_id.is_not_null())
        .filter(outbox::created_at.gt(Time::from(from)))
        .filter(outbox::created_at.le(Time::from(through)))
        .order((outbox::created_at, outbox::id))
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(office) = office {
        rows = rows.filter(outbox::office.eq(office.as_str()));
    }
    let rows: Vec<Row> = rows.load(conn)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// A page of messages, the newest first: what stands so, after the one given, at most `limit`, but none of these kinds.
/// Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn page(
    conn: &mut Connection,
    status: Option<OutboxStatus>,
    before: Option<MessageId>,
    but: &[&str],
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let mut rows = outbox::table
        .filter(outbox::kind.ne_all(but.to_vec()))
        .order(outbox::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(status) = status {
        rows = rows.filter(outbox::status.eq(to_word(&status)?));
    }
    if let Some(before) = before {
        rows = rows.filter(outbox::id.lt(Id::from(before.0)));
    }
    let rows: Vec<Row> = rows.load(conn)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// Notes that a message that was handed over came back. Gives whether it was one that had been. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn bounced(conn: &mut Connection, message: MessageId, now: Instant, fault: &str) -> Result<bool, StoreError> {
    let sent = outbox::table
        .filter(outbox::id.eq(Id::from(message.0)))
        .filter(outbox::status.eq(to_word(&OutboxStatus::Sent)?));
    let bounced = diesel::update(sent)
        .set((
            outbox::status.eq(to_word(&OutboxStatus::Bounced)?),
            outbox::settled_at.eq(Time::from(now)),
            outbox::fault.eq(fault),
        ))
        .execute(conn)?;
    Ok(bounced == 1)
}

/// Lets a message be sent again that did not arrive; gives whether it was one of those. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn requeue(conn: &mut Connection, message: MessageId, now: Instant) -> Result<bool, StoreError> {
    let given_up = [OutboxStatus::Failed, OutboxStatus::Suppressed, OutboxStatus::Bounced];
    let words = given_up.iter().map(to_word).collect::<Result<Vec<_>, _>>()?;
    let row = outbox::table
        .filter(outbox::id.eq(Id::from(message.0)))
        .filter(outbox::status.eq_any(words));
    let requeued = diesel::update(row)
        .set((
            outbox::status.eq(to_word(&OutboxStatus::Waiting)?),
            outbox::due_at.eq(Time::from(now)),
            outbox::wanted_at.eq(Time::from(now)),
            outbox::attempts.eq(0),
            outbox::settled_at.eq(None::<Time>),
        ))
        .execute(conn)?;
    Ok(requeued == 1)
}

/// The messages of a kind that wait, of one query or of all. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn waiting_of_kind(conn: &mut Connection, kind: &str, query: Option<QueryId>) -> Result<Vec<Entry>, StoreError> {
    let mut rows = outbox::table
        .filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?))
        .filter(outbox::kind.eq(kind))
        .order(outbox::id)
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(query) = query {
        rows = rows.filter(outbox::query_id.eq(Id::from(query.0)));
    }
    let rows: Vec<Row> = rows.load(conn)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// The messages of a kind to an office since a moment. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_kind_since(
    conn: &mut Connection,
    kind: &str,
    office: &OfficeCode,
    since: Instant,
) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<Row> = outbox::table
        .filter(outbox::office.eq(office.as_str()))
        .filter(outbox::kind.eq(kind))
        .filter(outbox::created_at.gt(Time::from(since)))
        .order(outbox::id)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// Drops messages that still wait, since another says what they would. Statements: 1, or none for none.
///
/// # Errors
/// Those of writing.
pub fn drop_waiting(conn: &mut Connection, messages: &[MessageId], now: Instant, why: &str) -> Result<(), StoreError> {
    if messages.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id> = messages.iter().map(|message| message.0.into()).collect();
    both!(conn, |database| diesel::update(outbox::table)
        .filter(outbox::id.eq_any(ids))
        .filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?))
        .set((
            outbox::status.eq(to_word(&OutboxStatus::Dropped)?),
            outbox::settled_at.eq(Time::from(now)),
            outbox::fault.eq(why),
        ))
        .execute(database))?;
    Ok(())
}

/// How many messages wait, and since when the longest waiting one is due. Statements: 2.
///
/// # Errors
/// Those of reading.
pub fn waiting(conn: &mut Connection) -> Result<(i64, Option<Instant>), StoreError> {
    let waiting = outbox::table.filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?));
    let count = waiting.clone().count().get_result(conn)?;
    let oldest: Option<Time> = waiting
        .order(outbox::due_at)
        .select(outbox::due_at)
        .first(conn)
        .optional()?;
    Ok((count, oldest.map(Instant::from)))
}

/// Since when a message has been due that nobody claimed, if that was before `before` and nobody has claimed any other
/// since; none while claims go on, whatever becomes of them. Statements: 1, or 2 when a message is due since before.
///
/// A claim moves what is due into the future: to the end of its lease, at the latest `soon`, and a settled message stays
/// there.
///
/// # Errors
/// Those of reading.
pub fn stuck_since(
    conn: &mut Connection,
    now: Instant,
    before: Instant,
    soon: Instant,
) -> Result<Option<Instant>, StoreError> {
    let waiting = outbox::status.eq(to_word(&OutboxStatus::Waiting)?);
    let oldest: Option<Time> = outbox::table
        .filter(waiting.clone())
        .filter(outbox::due_at.le(Time::from(before)))
        .order(outbox::due_at)
        .select(outbox::due_at)
        .first(conn)
        .optional()?;
    let Some(oldest) = oldest else {
        return Ok(None);
    };
    let claimed = waiting
        .and(outbox::attempts.gt(0))
        .and(outbox::due_at.gt(Time::from(now)))
        .and(outbox::due_at.le(Time::from(soon)));
    let over = [OutboxStatus::Sent, OutboxStatus::Failed, OutboxStatus::Dropped];
    let over = over.iter().map(to_word).collect::<Result<Vec<_>, _>>()?;
    let settled = outbox::status.eq_any(over).and(outbox::due_at.gt(Time::from(before)));
    let moved: Option<Id> = outbox::table
        .filter(claimed.or(settled))
        .select(outbox::id)
        .first(conn)
        .optional()?;
    Ok(moved.is_none().then(|| oldest.into()))
}

/// Deletes all messages about a query: a draft that is itself deleted. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn forget_query(conn: &mut Connection, query: QueryId) -> Result<(), StoreError> {
    diesel::delete(outbox::table.filter(outbox::query_id.eq(Id::from(query.0)))).execute(conn)?;
    Ok(())
}
