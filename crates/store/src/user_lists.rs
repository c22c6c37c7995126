//! When offices confirmed that their users are the right ones, and when they were asked to.

use crate::column::Id;
use crate::connection::MultiBackend;
use crate::connection::phrase::insert_or_ignore;
use crate::schema::user_lists;
use crate::word::from_word;
use crate::{Connection, StoreError, changed_one};
use ahq_domain::account::UserList;
use ahq_domain::id::UserId;
use ahq_domain::office::OfficeCode;
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// A row of `user_lists`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = user_lists, check_for_backend(MultiBackend))]
struct Row {
    office: String,
    confirmed_on: Option<NaiveDate>,
    confirmed_by: Option<Id>,
    asked_on: Option<NaiveDate>,
    begun_on: Option<NaiveDate>,
    confirmations: i64,
}

impl Row {
    /// None where the row says nothing yet.
    fn into_list(self) -> Option<UserList> {
        let confirmed = self.confirmed_on.zip(self.confirmed_by);
        let begun_on = self.begun_on.or(self.confirmed_on)?;
        Some(UserList {
            begun_on,
            confirmed: confirmed.map(|(day, user)| (day, UserId(user.into()))),
            confirmations: self.confirmations,
            asked_on: self.asked_on,
        })
    }
}

/// The list of an office; none where nobody looked at it so far. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, office: &OfficeCode) -> Result<Option<UserList>, StoreError> {
    let row: Option<Row> = user_lists::table
        .find(office.as_str())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.and_then(Row::into_list))
}

/// The lists of all offices that somebody looked at. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn all(conn: &mut Connection) -> Result<BTreeMap<OfficeCode, UserList>, StoreError> {
    let rows: Vec<Row> = user_lists::table.select(Row::as_select()).load(conn)?;
    rows.into_iter()
        .map(|row| Ok((from_word(&row.office)?, row.into_list())))
        .filter_map(|read: Result<_, StoreError>| match read {
            Ok((office, list)) => Some(Ok((office, list?))),
            Err(error) => Some(Err(error)),
        })
        .collect()
}

/// Writes down from when on the year of an office counts, unless that is known. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn begin(conn: &mut Connection, office: &OfficeCode, today: NaiveDate) -> Result<(), StoreError> {
    let row =
        insert_into(user_lists::table).values((user_lists::office.eq(office.as_str()), user_lists::begun_on.eq(today)));
    insert_or_ignore(row).execute(conn)?;
    Ok(())
}

/// Writes down a confirmation, after so many before. The row has to be there. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when another one came meanwhile.
pub fn confirm(
    conn: &mut Connection,
    office: &OfficeCode,
    by: UserId,
    today: NaiveDate,
    before: i64,
) -> Result<(), StoreError> {
    let row = user_lists::table
        .filter(user_lists::office.eq(office.as_str()))
        .filter(user_lists::confirmations.eq(before));
    changed_one(
        diesel::update(row)
            .set((
                user_lists::confirmed_on.eq(today),
                user_lists::confirmed_by.eq(Id::from(by.0)),
                user_lists::confirmations.eq(before + 1),
            ))
            .execute(conn)?,
    )
}

/// Writes down that an office is asked. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when the office has no row.
pub fn asked(conn: &mut Connection, office: &OfficeCode, today: NaiveDate) -> Result<(), StoreError> {
    let row = user_lists::table.filter(user_lists::office.eq(office.as_str()));
    changed_one(diesel::update(row).set(user_lists::asked_on.eq(today)).execute(conn)?)
}
