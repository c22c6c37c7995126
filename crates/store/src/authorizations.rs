//! Those who were sent to a provider of identities and are to come back. Only hashes of their secrets are kept, and whether
//! they may still come back is for the caller to say.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::authorizations;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, changed_one};
use ahq_domain::clock::Instant;
use ahq_domain::id::{SessionId, UserId};
use ahq_domain::identity::Purpose;
use diesel::insert_into;
use diesel::prelude::*;

/// Somebody on the way to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The hash of the state, which goes to the provider and comes back.
    pub state_hash: String,
    /// The hash of what stays with who asked.
    pub binding_hash: String,
    /// The provider, by its name in the settings.
    pub provider: String,
    /// What they are sent for.
    pub purpose: Purpose,
    /// Whose account it is about, where that is known before.
    pub user: Option<UserId>,
    /// In which session a link was asked for.
    pub session: Option<SessionId>,
    /// The hash of the invitation that is to be accepted.
    pub invitation_hash: Option<String>,
    /// Until when they may come back.
    pub expires: Instant,
    /// When they came back.
    pub used: Option<Instant>,
    /// Who they are at the provider, where a code of the second factor is awaited.
    pub subject: Option<String>,
}

/// A row of `authorizations`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = authorizations, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    state_hash: String,
    binding_hash: String,
    provider: String,
    purpose: String,
    user_id: Option<Id>,
    session_id: Option<Id>,
    invitation_hash: Option<String>,
    expires_at: Time,
    used_at: Option<Time>,
    subject: Option<String>,
}

/// Writes down that somebody is sent to a provider. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `authorizations_state_hash_key` when the state is not new.
pub fn insert(conn: &mut Connection, authorization: &Authorization) -> Result<(), StoreError> {
    let row = Row {
        state_hash: authorization.state_hash.clone(),
        binding_hash: authorization.binding_hash.clone(),
        provider: authorization.provider.clone(),
        purpose: to_word(&authorization.purpose)?,
        user_id: authorization.user.map(|user| user.0.into()),
        session_id: authorization.session.map(|session| session.0.into()),
        invitation_hash: authorization.invitation_hash.clone(),
        expires_at: authorization.expires.into(),
        used_at: authorization.used.map(Time::from),
        subject: authorization.subject.clone(),
    };
    insert_into(authorizations::table).values(row).execute(conn)?;
    Ok(())
}

/// Who was sent with this state. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, state_hash: &str) -> Result<Option<Authorization>, StoreError> {
    let row: Option<Row> = authorizations::table
        .filter(authorizations::state_hash.eq(state_hash))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| {
        Ok(Authorization {
            state_hash: row.state_hash,
            binding_hash: row.binding_hash,
            provider: row.provider,
            purpose: from_word(&row.purpose)?,
            user: row.user_id.map(|user| UserId(user.into())),
            session: row.session_id.map(|session| SessionId(session.into())),
            invitation_hash: row.invitation_hash,
            expires: row.expires_at.into(),
            used: row.used_at.map(Instant::from),
            subject: row.subject,
        })
    })
    .transpose()
}

/// Takes a way for good, and says whether it was there to be taken: of two who come back with one state, one does.
/// Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn take(conn: &mut Connection, state_hash: &str, now: Instant) -> Result<bool, StoreError> {
    let open = authorizations::table
        .filter(authorizations::state_hash.eq(state_hash))
        .filter(authorizations::used_at.is_null());
    let taken = diesel::update(open)
        .set(authorizations::used_at.eq(Time::from(now)))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Keeps who came back, until they bring the code of their second factor. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it is over.
pub fn await_code(conn: &mut Connection, state_hash: &str, subject: &str) -> Result<(), StoreError> {
    let row = authorizations::table.filter(authorizations::state_hash.eq(state_hash));
    changed_one(
        diesel::update(row)
            .set(authorizations::subject.eq(subject))
            .execute(conn)?,
    )
}

/// Forgets a way. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it is over: of two who bring the last it needs, one does.
pub fn delete(conn: &mut Connection, state_hash: &str) -> Result<(), StoreError> {
    let row = authorizations::table.filter(authorizations::state_hash.eq(state_hash));
    changed_one(diesel::delete(row).execute(conn)?)
}
