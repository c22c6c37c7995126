//! Sessions of signed-in users, and who a session speaks for at this moment. No token rests here, and whether a session
//! still holds is for the caller to say.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::{office_settings, offices, sessions, users};
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
    /// What it was opened from, as that calls itself; empty where it does not.
    pub client: String,
    /// Whether a second factor was given.
    pub second_factor: bool,
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
    /// Whether a second factor was given.
    pub second_factor: bool,
    /// Whether the office wants a second factor of all its users.
    pub office_wants_second_factor: bool,
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
    client: String,
    second_factor: bool,
}

impl Row {
    fn into_session(self) -> Session {
        Session {
            id: SessionId(self.id.into()),
            user: UserId(self.user_id.into()),
            seed: self.seed,
            generation: self.generation,
            rotated: self.rotated_at.into(),
            created: self.created_at.into(),
            expires: self.expires_at.into(),
            ended: self.ended_at.map(Instant::from),
            client: self.client,
            second_factor: self.second_factor,
        }
    }
}

/// What [`standing`] joins.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct StandingRow {
    user_id: Id,
    expires_at: Time,
    ended_at: Option<Time>,
    second_factor: bool,
    #[diesel(select_expression = office_settings::second_factor.nullable())]
    office_wants_second_factor: Option<bool>,
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
        client: session.client.clone(),
        second_factor: session.second_factor,
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
    Ok(row.map(Row::into_session))
}

/// The sessions of a user that have not ended and go on after `now`, the newest first. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn live_of(conn: &mut Connection, user: UserId, now: Instant) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sessions::table
        .filter(sessions::user_id.eq(Id::from(user.0)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(Time::from(now)))
        .order((sessions::created_at.desc(), sessions::id))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Row::into_session).collect())
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

/// Ends all sessions of a user, but for the one to be kept. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn end_all_of(
    conn: &mut Connection,
    user: UserId,
    kept: Option<SessionId>,
    now: Instant,
) -> Result<(), StoreError> {
    let open = sessions::table
        .filter(sessions::user_id.eq(Id::from(user.0)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::id.ne(Id::from(kept.map_or_else(Default::default, |kept| kept.0))));
    diesel::update(open)
        .set(sessions::ended_at.eq(Time::from(now)))
        .execute(conn)?;
    Ok(())
}

/// Says that a second factor was given in a session. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn give_second_factor(conn: &mut Connection, session: SessionId) -> Result<(), StoreError> {
    diesel::update(sessions::table.filter(sessions::id.eq(Id::from(session.0))))
        .set(sessions::second_factor.eq(true))
        .execute(conn)?;
    Ok(())
}

/// Who a session speaks for; it is asked with every signed-in request. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn standing(conn: &mut Connection, session: SessionId) -> Result<Option<Standing>, StoreError> {
    let row: Option<StandingRow> = both!(conn, |database| sessions::table
        .inner_join(users::table.inner_join(offices::table.left_join(office_settings::table)))
        .filter(sessions::id.eq(Id::from(session.0)))
        .select(StandingRow::as_select())
        .first(database))
    .optional()?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Standing {
        user: UserId(row.user_id.into()),
        expires: row.expires_at.into(),
        ended: row.ended_at.map(Instant::from),
        second_factor: row.second_factor,
        office_wants_second_factor: row.office_wants_second_factor == Some(true),
        user_status: from_word(&row.status)?,
        grants: row.grants.0,
        office: from_word(&row.office)?,
        kind: from_word(&row.kind)?,
        office_standing: from_word(&row.standing)?,
        since: row.since,
        until: row.until,
    }))
}
