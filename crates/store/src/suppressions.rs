//! Personal addresses that a mail server said do not exist: no mail goes there until a day. A functional mailbox is never
//! among them.

use crate::column::{Id, Time};
use crate::schema::suppressions;
use crate::{Connection, StoreError};
use ahq_domain::clock::Instant;
use ahq_domain::id::UserId;
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// An address that gets no mail for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Whose it is.
    pub user: UserId,
    /// The address: another one of the same user is not meant.
    pub email: String,
    /// What the mail server said, shortened.
    pub reason: String,
    /// Since when.
    pub since: Instant,
    /// The first day on which mail goes there again.
    pub until: NaiveDate,
}

/// The suppression of a user's address that holds on `today`. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(
    conn: &mut Connection,
    user: UserId,
    email: &str,
    today: NaiveDate,
) -> Result<Option<Suppression>, StoreError> {
    let row: Option<(String, String, Time, NaiveDate)> = suppressions::table
        .filter(suppressions::user_id.eq(Id::from(user.0)))
        .filter(suppressions::email.eq(email))
        .filter(suppressions::until.gt(today))
        .select((
            suppressions::email,
            suppressions::reason,
            suppressions::since,
            suppressions::until,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(email, reason, since, until)| Suppression {
        user,
        email,
        reason,
        since: since.into(),
        until,
    }))
}

/// Writes a suppression in place of an earlier one of the same user. Statements: 2.
///
/// # Errors
/// Those of writing.
pub fn put(conn: &mut Connection, suppression: &Suppression) -> Result<(), StoreError> {
    lift(conn, suppression.user)?;
    insert_into(suppressions::table)
        .values((
            suppressions::user_id.eq(Id::from(suppression.user.0)),
            suppressions::email.eq(&suppression.email),
            suppressions::reason.eq(&suppression.reason),
            suppressions::since.eq(Time::from(suppression.since)),
            suppressions::until.eq(suppression.until),
        ))
        .execute(conn)?;
    Ok(())
}

/// Lets mail go to a user's address again. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn lift(conn: &mut Connection, user: UserId) -> Result<bool, StoreError> {
    let row = suppressions::table.filter(suppressions::user_id.eq(Id::from(user.0)));
    Ok(diesel::delete(row).execute(conn)? == 1)
}
