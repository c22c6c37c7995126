//! Users: accounts of offices, with their roles and the hash of their password. It checks no password and no role.

use crate::column::{Id, Json};
use crate::connection::MultiBackend;
use crate::connection::phrase::{folded, for_update, lock_until_commit};
use crate::schema::users;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, changed_one};
use ahq_domain::id::UserId;
use ahq_domain::office::OfficeCode;
use ahq_domain::user::{Grant, User, UserStatus};
use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::insert_into;
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// What those who take coordinators away wait on; no other lock of the program has this key.
const COORDINATORS: i64 = 0x6168_715f_636f_6f72;

/// A row of `users`, but for the password's hash.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, check_for_backend(MultiBackend))]
pub(crate) struct Row {
    id: Id,
    version: i64,
    office: String,
    name: String,
    email: String,
    email_key: String,
    grants: Json<Vec<Grant>>,
    status: String,
}

impl Row {
    fn of(user: &User) -> Result<Self, StoreError> {
        Ok(Self {
            id: user.id.0.into(),
            version: user.version,
            office: user.office.to_string(),
            name: user.name.clone(),
            email: user.email.clone(),
            email_key: email_key(&user.email),
            grants: Json(user.grants.clone()),
            status: to_word(&user.status)?,
        })
    }

    pub(crate) fn into_user(self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId(self.id.into()),
            version: self.version,
            office: from_word(&self.office)?,
            name: self.name,
            email: self.email,
            grants: self.grants.0,
            status: from_word(&self.status)?,
        })
    }
}

/// What addresses are compared by.
fn email_key(email: &str) -> String {
    email.to_lowercase()
}

/// Writes a new user, without a password. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `users_email_key_key` when there is an account with this address.
pub fn insert(conn: &mut Connection, user: &User) -> Result<(), StoreError> {
    insert_into(users::table).values(Row::of(user)?).execute(conn)?;
    Ok(())
}

/// Finds a user. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, user: UserId) -> Result<Option<User>, StoreError> {
    let row = users::table
        .filter(users::id.eq(Id::from(user.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_user).transpose()
}

/// Finds the user with this mail address, without regard to case, and the hash of their password where they have set
/// one. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find_by_email(conn: &mut Connection, email: &str) -> Result<Option<(User, Option<String>)>, StoreError> {
    let found: Option<(Row, Option<String>)> = users::table
        .filter(users::email_key.eq(email_key(email)))
        .select((Row::as_select(), users::password_hash))
        .first(conn)
        .optional()?;
    found.map(|(row, hash)| Ok((row.into_user()?, hash))).transpose()
}

/// Finds a user and the hash of their password, and keeps the row from changing until the transaction ends: who signs in,
/// and who ends what the account opened before, wait for one another. Statements: 1.
///
/// # Errors
/// [`StoreError::Busy`] when it waited too long; [`StoreError::Corrupt`] when a column holds what it should not.
pub fn hold(conn: &mut Connection, user: UserId) -> Result<Option<(User, Option<String>)>, StoreError> {
    let row = users::table
        .filter(users::id.eq(Id::from(user.0)))
        .select((Row::as_select(), users::password_hash));
    let found: Vec<(Row, Option<String>)> = for_update(row).load(conn)?;
    let held = found.into_iter().next();
    held.map(|(row, hash)| Ok((row.into_user()?, hash))).transpose()
}

/// Makes those who take coordinators away from offices wait for each other until the transaction ends, or each of the last
/// two would count on the other. Statements: 1 where several processes share the database, else 0.
///
/// # Errors
/// [`StoreError::Busy`] when it waited too long.
pub fn lock_coordinators(conn: &mut Connection) -> Result<(), StoreError> {
    lock_until_commit(conn, COORDINATORS)
}

/// The users of an office, by name without regard to case. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_office(conn: &mut Connection, office: &OfficeCode) -> Result<Vec<User>, StoreError> {
    let rows: Vec<Row> = users::table
        .filter(users::office.eq(office.as_str()))
        .order((folded(users::name), users::id))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_user).collect()
}

/// Writes a user, over the version before `user.version`; the password stays. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when the row is of another version or is not there; [`StoreError::Unique`] as for
/// [`insert`].
pub fn update(conn: &mut Connection, user: &User) -> Result<(), StoreError> {
    let row = Row::of(user)?;
    let before = users::table
        .filter(users::id.eq(row.id))
        .filter(users::version.eq(user.version - 1));
    changed_one(diesel::update(before).set(row).execute(conn)?)
}

/// Sets the hash of a user's password. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when there is no such user.
pub fn set_password(conn: &mut Connection, user: UserId, hash: &str) -> Result<(), StoreError> {
    let row = users::table.filter(users::id.eq(Id::from(user.0)));
    changed_one(diesel::update(row).set(users::password_hash.eq(hash)).execute(conn)?)
}

/// Takes a user's password away: it opens the account no longer. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when there is no such user.
pub fn forget_password(conn: &mut Connection, user: UserId) -> Result<(), StoreError> {
    let row = users::table.filter(users::id.eq(Id::from(user.0)));
    let none = users::password_hash.eq(None::<String>);
    changed_one(diesel::update(row).set(none).execute(conn)?)
}

/// The hash of a user's password, where they have set one. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn password(conn: &mut Connection, user: UserId) -> Result<Option<String>, StoreError> {
    let hash: Option<Option<String>> = users::table
        .filter(users::id.eq(Id::from(user.0)))
        .select(users::password_hash)
        .first(conn)
        .optional()?;
    Ok(hash.flatten())
}

/// Writes down the day on which a user used their account last. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn see(conn: &mut Connection, user: UserId, today: NaiveDate) -> Result<(), StoreError> {
    let earlier = users::seen_on.is_null().or(users::seen_on.lt(today).assume_not_null());
    diesel::update(users::table.filter(users::id.eq(Id::from(user.0))).filter(earlier))
        .set(users::seen_on.eq(today))
        .execute(conn)?;
    Ok(())
}

/// An active user whom nobody saw lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The user.
    pub user: User,
    /// The day on which they used their account last.
    pub seen_on: NaiveDate,
    /// The day on which they were told that nobody uses it.
    pub told_on: Option<NaiveDate>,
}

/// Active users who were seen last on `day` or before; those who were never seen are not among them. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn unseen_since(conn: &mut Connection, day: NaiveDate) -> Result<Vec<Unseen>, StoreError> {
    let rows: Vec<(Row, Option<NaiveDate>, Option<NaiveDate>)> = users::table
        .filter(users::status.eq(to_word(&UserStatus::Active)?))
        .filter(users::seen_on.le(day))
        .order(users::id)
        .select((Row::as_select(), users::seen_on, users::unused_told_on))
        .load(conn)?;
    rows.into_iter()
        .filter_map(|(row, seen_on, told_on)| {
            let unseen = |seen_on| {
                Ok(Unseen {
                    user: row.into_user()?,
                    seen_on,
                    told_on,
                })
            };
            seen_on.map(unseen)
        })
        .collect()
}

/// Begins to count for active users who were never seen, as from before days were written down. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn begin_to_see(conn: &mut Connection, today: NaiveDate) -> Result<(), StoreError> {
    let never = users::table
        .filter(users::status.eq(to_word(&UserStatus::Active)?))
        .filter(users::seen_on.is_null());
    diesel::update(never).set(users::seen_on.eq(today)).execute(conn)?;
    Ok(())
}

/// Writes down the day on which a user was told that nobody uses their account. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when there is no such user.
pub fn told_unused(conn: &mut Connection, user: UserId, today: NaiveDate) -> Result<(), StoreError> {
    let row = users::table.filter(users::id.eq(Id::from(user.0)));
    changed_one(diesel::update(row).set(users::unused_told_on.eq(today)).execute(conn)?)
}

/// The days on which the users of an office used their accounts last, where they did. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn seen_of_office(conn: &mut Connection, office: &OfficeCode) -> Result<HashMap<UserId, NaiveDate>, StoreError> {
    let rows: Vec<(Id, Option<NaiveDate>)> = users::table
        .filter(users::office.eq(office.as_str()))
        .select((users::id, users::seen_on))
        .load(conn)?;
    let seen = |(id, day): (Id, Option<NaiveDate>)| Some((UserId(id.into()), day?));
    Ok(rows.into_iter().filter_map(seen).collect())
}

/// How many users each office has that are not disabled; offices without any are not among them. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn counts(conn: &mut Connection) -> Result<BTreeMap<OfficeCode, i64>, StoreError> {
    let rows: Vec<(String, i64)> = users::table
        .filter(users::status.ne(to_word(&UserStatus::Disabled)?))
        .group_by(users::office)
        .select((users::office, count_star()))
        .load(conn)?;
    rows.into_iter()
        .map(|(office, count)| Ok((from_word(&office)?, count)))
        .collect()
}
