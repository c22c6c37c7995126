//! How users want mail: a row for each who wants it other than usual. Versions guard every change.

use crate::column::Id;
use crate::connection::MultiBackend;
use crate::connection::phrase::insert_or_ignore;
use crate::schema::{notifications, users};
use crate::users::Row as UserRow;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, both, changed_one};
use ahq_domain::id::UserId;
use ahq_domain::notification::{Absence, Notifications};
use ahq_domain::office::OfficeCode;
use ahq_domain::user::User;
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// A row of `notifications`.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = notifications, primary_key(user_id), check_for_backend(MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    user_id: Id,
    version: i64,
    mail: String,
    weekly: bool,
    quarterly: bool,
    absent_from: Option<NaiveDate>,
    absent_until: Option<NaiveDate>,
    deputy: Option<Id>,
}

impl Row {
    fn of(user: UserId, version: i64, wishes: &Notifications) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: user.0.into(),
            version,
            mail: to_word(&wishes.mail)?,
            weekly: wishes.weekly,
            quarterly: wishes.quarterly,
            absent_from: wishes.absence.map(|absence| absence.from),
            absent_until: wishes.absence.map(|absence| absence.until),
            deputy: wishes
                .absence
                .and_then(|absence| absence.deputy)
                .map(|deputy| deputy.0.into()),
        })
    }

    fn into_wishes(self) -> Result<(UserId, i64, Notifications), StoreError> {
        let absence = self.absent_from.zip(self.absent_until).map(|(from, until)| Absence {
            from,
            until,
            deputy: self.deputy.map(|deputy| UserId(deputy.into())),
        });
        let wishes = Notifications {
            mail: from_word(&self.mail)?,
            weekly: self.weekly,
            quarterly: self.quarterly,
            absence,
        };
        Ok((UserId(self.user_id.into()), self.version, wishes))
    }
}

/// How a user wants mail, with the version of that; none where they never said. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, user: UserId) -> Result<Option<(i64, Notifications)>, StoreError> {
    let row: Option<Row> = notifications::table
        .find(Id::from(user.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    let found = row.map(Row::into_wishes).transpose()?;
    Ok(found.map(|(_, version, wishes)| (version, wishes)))
}

/// The users of these offices, or of all, with how they want mail. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_users(
    conn: &mut Connection,
    offices: Option<&[OfficeCode]>,
) -> Result<Vec<(User, Notifications)>, StoreError> {
    let codes: Option<Vec<&str>> = offices.map(|offices| offices.iter().map(OfficeCode::as_str).collect());
    let rows: Vec<(UserRow, Option<Row>)> = both!(conn, |database| {
        let mut rows = users::table
            .left_join(notifications::table.on(notifications::user_id.eq(users::id)))
            .order(users::id)
            .select((UserRow::as_select(), Option::<Row>::as_select()))
            .into_boxed();
        if let Some(codes) = &codes {
            rows = rows.filter(users::office.eq_any(codes));
        }
        rows.load(database)
    })?;
    rows.into_iter()
        .map(|(user, wishes)| {
            let wishes = wishes.map(Row::into_wishes).transpose()?;
            Ok((
                user.into_user()?,
                wishes.map(|(_, _, wishes)| wishes).unwrap_or_default(),
            ))
        })
        .collect()
}

/// Writes how a user wants mail, as version `version`: the first one, or over the one before. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when another version was written meanwhile.
pub fn put(conn: &mut Connection, user: UserId, version: i64, wishes: &Notifications) -> Result<(), StoreError> {
    let row = Row::of(user, version, wishes)?;
    if version == 1 {
        let insert = insert_into(notifications::table).values(row);
        return changed_one(insert_or_ignore(insert).execute(conn)?);
    }
    let before = notifications::table
        .filter(notifications::user_id.eq(row.user_id))
        .filter(notifications::version.eq(version - 1));
    changed_one(diesel::update(before).set(row).execute(conn)?)
}
