//! Queries and their addressees: written, found, listed, and kept from changing while somebody decides on them.
//!
//! Versions guard every change: a row that another has changed meanwhile is [`StoreError::Conflict`]. It computes no
//! status of its own and knows no caller: [`page`] turns the domain's rule for reading into a condition.

mod condition;
mod feed;
mod order;
mod page;
mod row;

pub use feed::{newest_published, with_deadline_for};
pub use order::{Cursor, QuerySort};
pub use page::{QueryFilter, QueryItem, page, public_page};

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::connection::phrase::{AddresseesOfQuery, HoldsOfQuery, for_share, for_update, lock_until_commit};
use crate::schema::{addressees, queries};
use crate::{Connection, StoreError, both, changed_one};
use ahq_domain::id::QueryId;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::OfficeCode;
use ahq_domain::query::{Addressee, Query};
use chrono::NaiveDate;
use diesel::dsl::{exists, insert_into, max, select};
use diesel::prelude::*;
use row::{AddresseeRow, Row};

/// What names a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryRef {
    /// Its id.
    Id(QueryId),
    /// Its number; drafts have none.
    Number(QueryNumber),
}

/// How firmly a row is kept from changing until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Others may share it: for what depends on the query without changing it.
    Shared,
    /// Nobody else may lock it: for a change.
    Exclusive,
}

/// What launches of one moment wait on; no other lock of the program has this key.
const NUMBERS: i64 = 0x6168_715f_6e75_6d62;

/// Writes a new query, and its addressees where it has some. Statements: 1, or 2 with addressees.
///
/// # Errors
/// [`StoreError::Unique`] `queries_number_year_number_sequence_key` when its number is taken.
pub fn insert(conn: &mut Connection, query: &Query) -> Result<(), StoreError> {
    insert_into(queries::table).values(Row::of(query)?).execute(conn)?;
    match query.launched() {
        Some(launched) => insert_addressees(conn, query.id, &launched.addressees),
        None => Ok(()),
    }
}

/// Writes the addressees of a launched query. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] when one is an addressee already.
pub fn insert_addressees(conn: &mut Connection, query: QueryId, list: &[Addressee]) -> Result<(), StoreError> {
    if list.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = list
        .iter()
        .map(|addressee| AddresseeRow::of(query, addressee))
        .collect::<Result<_, _>>()?;
    both!(conn, |database| insert_into(addressees::table)
        .values(&rows)
        .execute(database))?;
    Ok(())
}

/// Finds a query with its addressees. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, reference: &QueryRef) -> Result<Option<Query>, StoreError> {
    let found = both!(conn, |database| match reference {
        QueryRef::Id(id) => queries::table
            .filter(queries::id.eq(Id::from(id.0)))
            .select((Row::as_select(), AddresseesOfQuery, HoldsOfQuery))
            .first(database),
        QueryRef::Number(number) => queries::table
            .filter(queries::number_year.eq(number.year))
            .filter(queries::number_sequence.eq(number.sequence))
            .select((Row::as_select(), AddresseesOfQuery, HoldsOfQuery))
            .first(database),
    });
    let found: Option<(Row, String, String)> = found.optional()?;
    found
        .map(|(row, asked, held)| row.into_query(&asked, &held))
        .transpose()
}

/// The queries of these ids with their addressees, in any order; those that are not there are left out. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find_all(conn: &mut Connection, ids: &[QueryId]) -> Result<Vec<Query>, StoreError> {
    let ids: Vec<Id> = ids.iter().map(|id| Id::from(id.0)).collect();
    let found: Vec<(Row, String, String)> = both!(conn, |database| queries::table
        .filter(queries::id.eq_any(ids))
        .select((Row::as_select(), AddresseesOfQuery, HoldsOfQuery))
        .load(database))?;
    found
        .into_iter()
        .map(|(row, asked, held)| row.into_query(&asked, &held))
        .collect()
}

/// The launched queries that some office may still owe an answer to: not withdrawn, not closed early, with a deadline or
/// an agreed date on `since` or later. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn with_deadline_since(conn: &mut Connection, since: NaiveDate) -> Result<Vec<Query>, StoreError> {
    let agreed = addressees::table
        .filter(addressees::query_id.eq(queries::id))
        .filter(addressees::agreed_on.ge(since));
    let found: Vec<(Row, String, String)> = both!(conn, |database| queries::table
        .filter(queries::launched_at.is_not_null())
        .filter(queries::withdrawn.is_null())
        .filter(queries::closed_early.is_null())
        .filter(queries::deadline.ge(since).or(exists(agreed)))
        .order((queries::ends_at, queries::id))
        .select((Row::as_select(), AddresseesOfQuery, HoldsOfQuery))
        .load(database))?;
    found
        .into_iter()
        .map(|(row, asked, held)| row.into_query(&asked, &held))
        .collect()
}

/// The queries launched here from `from` on and before `until`, by number. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn launched_between(conn: &mut Connection, from: NaiveDate, until: NaiveDate) -> Result<Vec<Query>, StoreError> {
    let found: Vec<(Row, String, String)> = both!(conn, |database| queries::table
        .filter(queries::launched_at.is_not_null())
        .filter(queries::requested_on.ge(from))
        .filter(queries::requested_on.lt(until))
        .order((queries::number_year, queries::number_sequence))
        .select((Row::as_select(), AddresseesOfQuery, HoldsOfQuery))
        .load(database))?;
    found
        .into_iter()
        .map(|(row, asked, held)| row.into_query(&asked, &held))
        .collect()
}

/// Writes the date agreed with an addressee. It is guarded by the query's version, which [`update`] raises in the same
/// transaction. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when the query does not ask this office.
pub fn agree(conn: &mut Connection, query: QueryId, addressee: &Addressee) -> Result<(), StoreError> {
    let row = addressees::table
        .filter(addressees::query_id.eq(Id::from(query.0)))
        .filter(addressees::office.eq(addressee.office.as_str()));
    let agreed = (
        addressees::agreed_on.eq(addressee.agreed.map(|agreed| agreed.date)),
        addressees::agreed_at.eq(addressee.agreed.map(|agreed| Time::from(agreed.at))),
    );
    changed_one(diesel::update(row).set(agreed).execute(conn)?)
}

/// Writes all facts of a query but its addressees and holds, over the version before `query.version`. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when the row is of another version or is not there.
pub fn update(conn: &mut Connection, query: &Query) -> Result<(), StoreError> {
    let row = Row::of(query)?;
    let before = queries::table
        .filter(queries::id.eq(row.id()))
        .filter(queries::version.eq(query.version - 1));
    changed_one(diesel::update(before).set(row).execute(conn)?)
}

/// Deletes a query that is of this version. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when the row is of another version or is not there; [`StoreError::ForeignKey`] when
/// something but addressees belongs to it.
pub fn delete(conn: &mut Connection, query: QueryId, version: i64) -> Result<(), StoreError> {
    let row = queries::table
        .filter(queries::id.eq(Id::from(query.0)))
        .filter(queries::version.eq(version));
    changed_one(diesel::delete(row).execute(conn)?)
}

/// The highest sequence of a year's numbers, imported ones included. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn highest_sequence(conn: &mut Connection, year: i32) -> Result<Option<i32>, StoreError> {
    Ok(queries::table
        .filter(queries::number_year.eq(year))
        .select(max(queries::number_sequence))
        .first(conn)?)
}

/// Makes launches wait for each other until the transaction ends, so that each sees the number before its own.
/// Statements: 1 where several processes share the database, else 0.
///
/// # Errors
/// [`StoreError::Busy`] when it waited too long.
pub fn lock_numbers(conn: &mut Connection) -> Result<(), StoreError> {
    lock_until_commit(conn, NUMBERS)
}

/// Keeps the row of a query from changing until the transaction ends; gives its id, where there is one. What was read
/// before may be old: read it after. Statements: 1.
///
/// # Errors
/// [`StoreError::Busy`] when it waited too long.
pub fn lock(conn: &mut Connection, reference: &QueryRef, lock: Lock) -> Result<Option<QueryId>, StoreError> {
    let rows = queries::table.select(queries::id).into_boxed::<MultiBackend>();
    let rows = match reference {
        QueryRef::Id(id) => rows.filter(queries::id.eq(Id::from(id.0))),
        QueryRef::Number(number) => rows
            .filter(queries::number_year.eq(number.year))
            .filter(queries::number_sequence.eq(number.sequence)),
    };
    let rows = match lock {
        Lock::Shared => for_share(rows),
        Lock::Exclusive => for_update(rows),
    };
    let found: Option<Id> = rows.load(conn)?.pop();
    Ok(found.map(|id| QueryId(id.into())))
}

/// Whether a past query with this title, requester and date was imported. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn is_imported(
    conn: &mut Connection,
    title: &str,
    lead: &OfficeCode,
    requested_on: NaiveDate,
) -> Result<bool, StoreError> {
    let known = queries::table
        .filter(queries::imported.is_not_null())
        .filter(queries::requested_on.eq(requested_on))
        .filter(queries::lead.eq(lead.as_str()))
        .filter(queries::title.eq(title));
    Ok(select(exists(known)).get_result(conn)?)
}
