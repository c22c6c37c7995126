//! Secret addresses of calendar feeds: whose, who made them, when they were read last. Only the hash of a secret is kept,
//! and what a feed shows is for the caller to say.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::calendar_feeds;
use crate::word::from_word;
use crate::{Connection, StoreError};
use ahq_domain::clock::Instant;
use ahq_domain::id::{FeedId, UserId};
use ahq_domain::office::OfficeCode;
use diesel::insert_into;
use diesel::prelude::*;

/// A secret address of an office's calendar feed, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// Whose deadlines it shows.
    pub office: OfficeCode,
    /// When it was made.
    pub made: Instant,
    /// By whom.
    pub made_by: UserId,
    /// When it was read last, to the hour or so.
    pub read: Option<Instant>,
}

/// A row of `calendar_feeds`, but for the hash.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = calendar_feeds, check_for_backend(MultiBackend))]
struct Row {
    id: Id,
    office: String,
    made_at: Time,
    made_by: Id,
    read_at: Option<Time>,
}

impl Row {
    fn into_feed(self) -> Result<Feed, StoreError> {
        Ok(Feed {
            id: FeedId(self.id.into()),
            office: from_word(&self.office)?,
            made: self.made_at.into(),
            made_by: UserId(self.made_by.into()),
            read: self.read_at.map(Instant::from),
        })
    }
}

/// Writes a new address, not read yet. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `calendar_feeds_secret_hash_key` when the secret is not new.
pub fn insert(conn: &mut Connection, feed: &Feed, secret_hash: &str) -> Result<(), StoreError> {
    insert_into(calendar_feeds::table)
        .values((
            calendar_feeds::id.eq(Id::from(feed.id.0)),
            calendar_feeds::office.eq(feed.office.as_str()),
            calendar_feeds::secret_hash.eq(secret_hash),
            calendar_feeds::made_at.eq(Time::from(feed.made)),
            calendar_feeds::made_by.eq(Id::from(feed.made_by.0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The address with this secret. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find_by_secret(conn: &mut Connection, secret_hash: &str) -> Result<Option<Feed>, StoreError> {
    let row: Option<Row> = calendar_feeds::table
        .filter(calendar_feeds::secret_hash.eq(secret_hash))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_feed).transpose()
}

/// An address. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, feed: FeedId) -> Result<Option<Feed>, StoreError> {
    let row: Option<Row> = calendar_feeds::table
        .find(Id::from(feed.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_feed).transpose()
}

/// The addresses of an office, the oldest first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_office(conn: &mut Connection, office: &OfficeCode) -> Result<Vec<Feed>, StoreError> {
    let rows: Vec<Row> = calendar_feeds::table
        .filter(calendar_feeds::office.eq(office.as_str()))
        .order((calendar_feeds::made_at, calendar_feeds::id))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_feed).collect()
}

/// Notes that an address was read. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn mark_read(conn: &mut Connection, feed: FeedId, now: Instant) -> Result<(), StoreError> {
    diesel::update(calendar_feeds::table.find(Id::from(feed.0)))
        .set(calendar_feeds::read_at.eq(Some(Time::from(now))))
        .execute(conn)?;
    Ok(())
}

/// Deletes an address of an office; whether it was there. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn delete(conn: &mut Connection, office: &OfficeCode, feed: FeedId) -> Result<bool, StoreError> {
    let row = calendar_feeds::table
        .filter(calendar_feeds::id.eq(Id::from(feed.0)))
        .filter(calendar_feeds::office.eq(office.as_str()));
    Ok(diesel::delete(row).execute(conn)? == 1)
}
