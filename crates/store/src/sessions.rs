//! Sessions of signed-in users, and who a session speaks for at this moment. No token rests here, and whether a session
//! still holds is for the caller to say.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::{offices, sessions, users};
use crate::word::from_word;
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use ahq_domain::id::{SessionId, UserId};
use ahq_domain::office::{self, OfficeCode, OfficeKind};
use ahq_domain::user::{Grant, UserStatus};
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What its refresh tokens are derived from, together with a key that is not here.
    pub seed: String,
    /// How often it was renewed.
    pub generation: i32,
    /// When it was renewed last.
    pub rotated: Instant,
    /// When it was opened.
    pub created: Instant,
    /// When it ends at the latest.
    pub expires: Instant,
    /// When it was ended.
    pub ended: Option<Instant>,
}

/// Who a session speaks for, as the tables say now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The user.
    pub user: UserId,
    /// When the session ends at the latest.
    pub expires: Instant,
    /// When it was ended.
    pub ended: Option<Instant>,
    /// Where the user's account stands.
    pub user_status: UserStatus,
    /// The user's roles.
    pub grants: Vec<Grant>,
    /// The user's office.
    pub office: OfficeCode,
    /// What the office is.
    pub kind: OfficeKind,
    /// How the office takes part.
    pub office_standing: office::Standing,
    /// The first day the office takes part.
    pub since: NaiveDate,
    /// The last day the office takes part.
    pub until: Option<NaiveDate>,
}

/// A row of `sessions`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    id: Id,
    user_id: Id,
    seed: String,
    generation: i32,
    rotated_at: Time,
    created_at: Time,
    expires_at: Time,
    ended_at: Option<Time>,
}

/// What [`standing`] joins.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct StandingRow {
    user_id: Id,
    expires_at: Time,
    ended_at: Option<Time>,
    #[diesel(select_expression = users::status)]
    status: String,
    #[diesel(select_expression = users::grants)]
    grants: Json<Vec<Grant>>,
    #[diesel(select_expression = users::office)]
    office: String,
    #[diesel(select_expression = offices::kind)]
    kind: String,
    #[diesel(select_expression = offices::standing)]
    standing: String,
    #[diesel(select_expression = offices::since)]
    since: NaiveDate,
    #[diesel(select_expression = offices::until)]
    until: Option<NaiveDate>,
}

/// Writes a new session. Statements: 1.
///
/// # Errors
/// [`StoreError::ForeignKey`] when there is no such user.
pub fn insert(conn: &mut Connection, session: &Session) -> Result<(), StoreError> {
    let row = Row {
        id: session.id.0.into(),
        user_id: session.user.0.into(),
        seed: session.seed.clone(),
        generation: session.generation,
        rotated_at: session.rotated.into(),
        created_at: session.created.into(),
        expires_at: session.expires.into(),
        ended_at: session.ended.map(Time::from),
    };
    insert_into(sessions::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds a session, ended ones too. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, session: SessionId) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = sessions::table
        .filter(sessions::id.eq(Id::from(session.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(|row| Session {
        id: SessionId(row.id.into()),
        user: UserId(row.user_id.into()),
        seed: row.seed,
        generation: row.generation,
        rotated: row.rotated_at.into(),
        created: row.created_at.into(),
        expires: row.expires_at.into(),
        ended: row.ended_at.map(Instant::from),
    }))
}

/// Moves a session that has not ended from one generation to the next, and says whether it was of that generation.
/// Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn rotate(
    conn: &mut Connection,
    session: SessionId,
    from_generation: i32,
    now: Instant,
) -> Result<bool, StoreError> {
    let before = sessions::table
        .filter(sessions::id.eq(Id::from(session.0)))
        .filter(sessions::generation.eq(from_generation))
        .filter(sessions::ended_at.is_null());
    let rotated = diesel::update(before)
        .set((
            sessions::generation.eq(from_generation + 1),
            sessions::rotated_at.eq(Time::from(now)),
        ))
        .execute(conn)?;
    Ok(rotated == 1)
}

/// Ends a session; one that has ended keeps its time. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn end(conn: &mut Connection, session: SessionId, now: Instant) -> Result<(), StoreError> {
    let open = sessions::table
        .filter(sessions::id.eq(Id::from(session.0)))
        .filter(sessions::ended_at.is_null());
    diesel::update(open)
        .set(sessions::ended_at.eq(Time::from(now)))
        .execute(conn)?;
    Ok(())
}

/// Ends all sessions of a user. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn end_all_of(conn: &mut Connection, user: UserId, now: Instant) -> Result<(), StoreError> {
    let open = sessions::table
        .filter(sessions::user_id.eq(Id::from(user.0)))
        .filter(sessions::ended_at.is_null());
    diesel::update(open)
        .set(sessions::ended_at.eq(Time::from(now)))
        .execute(conn)?;
    Ok(())
}

/// Who a session speaks for; it is asked with every signed-in request. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn standing(conn: &mut Connection, session: SessionId) -> Result<Option<Standing>, StoreError> {
    let row: Option<StandingRow> = both!(conn, |database| sessions::table
        .inner_join(users::table.inner_join(offices::table))
        .filter(sessions::id.eq(Id::from(session.0)))
        .select(StandingRow::as_select())
        .first(database))
    .optional()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Standing {
        user: UserId(row.user_id.into()),
        expires: row.expires_at.into(),
        ended: row.ended_at.map(Instant::from),
        user_status: from_word(&row.status)?,
        grants: row.grants.0,
        office: from_word(&row.office)?,
        kind: from_word(&row.kind)?,
        office_standing: from_word(&row.standing)?,
        since: row.since,
        until: row.until,
    }))
}
