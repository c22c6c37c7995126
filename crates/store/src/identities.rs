//! Identities: who users are at providers of identities. Whether one opens anything is for the caller to say.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::identities;
use crate::{Connection, StoreError, changed_one};
use ahq_domain::id::{IdentityId, UserId};
use ahq_domain::identity::Identity;
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// A row of `identities`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = identities, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    id: Id,
    user_id: Id,
    issuer: String,
    subject: String,
    linked_at: Time,
    seen_on: Option<NaiveDate>,
}

impl Row {
    fn into_identity(self) -> Identity {
        Identity {
            id: IdentityId(self.id.into()),
            user: UserId(self.user_id.into()),
            issuer: self.issuer,
            subject: self.subject,
            linked: self.linked_at.into(),
            seen_on: self.seen_on,
        }
    }
}

/// Links an identity. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `identities_issuer_subject_key` when it is linked already.
pub fn insert(conn: &mut Connection, identity: &Identity) -> Result<(), StoreError> {
    let row = Row {
        id: identity.id.0.into(),
        user_id: identity.user.0.into(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        linked_at: identity.linked.into(),
        seen_on: identity.seen_on,
    };
    insert_into(identities::table).values(row).execute(conn)?;
    Ok(())
}

/// Who is called this at a provider. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
    let row: Option<Row> = identities::table
        .filter(identities::issuer.eq(issuer))
        .filter(identities::subject.eq(subject))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Row::into_identity))
}

/// The identities of a user, the oldest first. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn of_user(conn: &mut Connection, user: UserId) -> Result<Vec<Identity>, StoreError> {
    let rows: Vec<Row> = identities::table
        .filter(identities::user_id.eq(Id::from(user.0)))
        .order((identities::linked_at, identities::id))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Row::into_identity).collect())
}

/// Writes down the day on which an identity opened a session. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it was taken away meanwhile.
pub fn see(conn: &mut Connection, identity: IdentityId, today: NaiveDate) -> Result<(), StoreError> {
    let row = identities::table.filter(identities::id.eq(Id::from(identity.0)));
    changed_one(diesel::update(row).set(identities::seen_on.eq(today)).execute(conn)?)
}

/// Takes an identity away. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn delete(conn: &mut Connection, identity: IdentityId) -> Result<(), StoreError> {
    diesel::delete(identities::table.filter(identities::id.eq(Id::from(identity.0)))).execute(conn)?;
    Ok(())
}

/// Takes all identities of a user away; how many they were. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn delete_of(conn: &mut Connection, user: UserId) -> Result<usize, StoreError> {
    let of_user = identities::table.filter(identities::user_id.eq(Id::from(user.0)));
    Ok(diesel::delete(of_user).execute(conn)?)
}
