//! Tokens of programs: service accounts of an office, and personal ones of a user. Only the hash of a token is kept, and
//! whether one still holds is for the caller to say.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::{office_settings, offices, second_factors, tokens, users};
use crate::word::from_word;
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use ahq_domain::id::{TokenId, UserId};
use ahq_domain::office::{self, OfficeCode, OfficeKind};
use ahq_domain::token::{Scope, Token};
use ahq_domain::user::{Grant, UserStatus};
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;
use std::collections::BTreeSet;

/// Who a token speaks for, as the tables say now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The token.
    pub token: Token,
    /// Its user, where it is a personal one.
    pub user: Option<UserStanding>,
    /// Whether all users of its office need a second factor.
    pub office_wants_second_factor: bool,
    /// What its office is.
    pub kind: OfficeKind,
    /// How its office takes part.
    pub office_standing: office::Standing,
    /// The first day its office takes part.
    pub since: NaiveDate,
    /// The last day its office takes part.
    pub until: Option<NaiveDate>,
}

/// Where the user of a personal token stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStanding {
    /// Where the account stands.
    pub status: UserStatus,
    /// The roles they have.
    pub grants: Vec<Grant>,
    /// Whether the account has a second factor.
    pub second_factor: bool,
}

/// A row of `tokens`, but for the hash.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = tokens, check_for_backend(MultiBackend))]
struct Row {
    id: Id,
    office: String,
    user_id: Option<Id>,
    name: String,
    scopes: Json<BTreeSet<Scope>>,
    made_at: Time,
    made_by: Id,
    last_day: NaiveDate,
    used_on: Option<NaiveDate>,
    revoked_at: Option<Time>,
    warned_days: Option<i32>,
}

impl Row {
    fn into_token(self) -> Result<Token, StoreError> {
        Ok(Token {
            id: TokenId(self.id.into()),
            office: from_word(&self.office)?,
            user: self.user_id.map(|user| UserId(user.into())),
            name: self.name,
            scopes: self.scopes.0,
            made: self.made_at.into(),
            made_by: UserId(self.made_by.into()),
            last_day: self.last_day,
            used_on: self.used_on,
            revoked: self.revoked_at.map(Instant::from),
            warned_days: self.warned_days,
        })
    }
}

/// What [`standing`] joins.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = tokens)]
struct StandingRow {
    #[diesel(embed)]
    token: Row,
    #[diesel(select_expression = users::status.nullable())]
    status: Option<String>,
    #[diesel(select_expression = users::grants.nullable())]
    grants: Option<Json<Vec<Grant>>>,
    #[diesel(select_expression = second_factors::confirmed_at.nullable())]
    second_factor: Option<Time>,
    #[diesel(select_expression = office_settings::second_factor.nullable())]
    office_wants_second_factor: Option<bool>,
    #[diesel(select_expression = offices::kind)]
    kind: String,
    #[diesel(select_expression = offices::standing)]
    standing: String,
    #[diesel(select_expression = offices::since)]
    since: NaiveDate,
    #[diesel(select_expression = offices::until)]
    until: Option<NaiveDate>,
}

/// Writes a new token. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `tokens_secret_hash_key` when the secret is not new.
pub fn insert(conn: &mut Connection, token: &Token, secret_hash: &str) -> Result<(), StoreError> {
    insert_into(tokens::table)
        .values((
            tokens::id.eq(Id::from(token.id.0)),
            tokens::office.eq(token.office.as_str()),
            tokens::user_id.eq(token.user.map(|user| Id::from(user.0))),
            tokens::name.eq(&token.name),
            tokens::scopes.eq(Json(token.scopes.clone())),
            tokens::secret_hash.eq(secret_hash),
            tokens::made_at.eq(Time::from(token.made)),
            tokens::made_by.eq(Id::from(token.made_by.0)),
            tokens::last_day.eq(token.last_day),
        ))
        .execute(conn)?;
    Ok(())
}

/// Who the token with this secret speaks for; it is asked with every request that brings one. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn standing(conn: &mut Connection, secret_hash: &str) -> Result<Option<Standing>, StoreError> {
    let row: Option<StandingRow> = both!(conn, |database| tokens::table
        .inner_join(offices::table.left_join(office_settings::table))
        .left_join(users::table.on(tokens::user_id.eq(users::id.nullable())))
        .left_join(second_factors::table.on(tokens::user_id.eq(second_factors::user_id.nullable())))
        .filter(tokens::secret_hash.eq(secret_hash))
        .select(StandingRow::as_select())
        .first(database))
    .optional()?;
    let Some(row) = row else { return Ok(None) };
    let user = match (row.status, row.grants) {
        (Some(status), Some(grants)) => Some(UserStanding {
            status: from_word(&status)?,
            grants: grants.0,
            second_factor: row.second_factor.is_some(),
        }),
        _ => None,
    };
    Ok(Some(Standing {
        token: row.token.into_token()?,
        user,
        office_wants_second_factor: row.office_wants_second_factor == Some(true),
        kind: from_word(&row.kind)?,
        office_standing: from_word(&row.standing)?,
        since: row.since,
        until: row.until,
    }))
}

/// A token. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, token: TokenId) -> Result<Option<Token>, StoreError> {
    let row: Option<Row> = tokens::table
        .filter(tokens::id.eq(Id::from(token.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_token).transpose()
}

/// The service accounts of an office that were not revoked, the newest first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_office(conn: &mut Connection, office: &OfficeCode) -> Result<Vec<Token>, StoreError> {
    let rows: Vec<Row> = tokens::table
        .filter(tokens::office.eq(office.as_str()))
        .filter(tokens::user_id.is_null())
        .filter(tokens::revoked_at.is_null())
        .order(tokens::id.desc())
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_token).collect()
}

/// The personal tokens of a user and the service accounts that they made, also those that were revoked, the newest first.
/// Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn concerning(conn: &mut Connection, user: UserId) -> Result<Vec<Token>, StoreError> {
    let id = Id::from(user.0);
    let rows: Vec<Row> = tokens::table
        .filter(tokens::user_id.eq(id).or(tokens::made_by.eq(id).nullable()))
        .order(tokens::id.desc())
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_token).collect()
}

/// The personal tokens of a user that were not revoked, the newest first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_user(conn: &mut Connection, user: UserId) -> Result<Vec<Token>, StoreError> {
    let rows: Vec<Row> = tokens::table
        .filter(tokens::user_id.eq(Id::from(user.0)))
        .filter(tokens::revoked_at.is_null())
        .order(tokens::id.desc())
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_token).collect()
}

/// The tokens that were not revoked and end between two days, both inclusive. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn ending(conn: &mut Connection, from: NaiveDate, until: NaiveDate) -> Result<Vec<Token>, StoreError> {
    let rows: Vec<Row> = tokens::table
        .filter(tokens::last_day.between(from, until))
        .filter(tokens::revoked_at.is_null())
        .order(tokens::id)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_token).collect()
}

/// Writes down that the end of a token is told so many days ahead, and says whether that was not told before: of two
/// who come at once one tells. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn warn(conn: &mut Connection, token: TokenId, days: i32) -> Result<bool, StoreError> {
    let untold = tokens::warned_days
        .is_null()
        .or(tokens::warned_days.gt(days).assume_not_null());
    let row = tokens::table.filter(tokens::id.eq(Id::from(token.0))).filter(untold);
    let told = diesel::update(row).set(tokens::warned_days.eq(days)).execute(conn)?;
    Ok(told == 1)
}

/// Writes down the day a token was used last. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn used(conn: &mut Connection, token: TokenId, today: NaiveDate) -> Result<(), StoreError> {
    diesel::update(tokens::table.filter(tokens::id.eq(Id::from(token.0))))
        .set(tokens::used_on.eq(today))
        .execute(conn)?;
    Ok(())
}

/// Revokes all tokens of a user. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn revoke_all_of(conn: &mut Connection, user: UserId, now: Instant) -> Result<(), StoreError> {
    let live = tokens::table
        .filter(tokens::user_id.eq(Id::from(user.0)))
        .filter(tokens::revoked_at.is_null());
    diesel::update(live)
        .set(tokens::revoked_at.eq(Time::from(now)))
        .execute(conn)?;
    Ok(())
}

/// Revokes a token; one that was revoked keeps its time. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn revoke(conn: &mut Connection, token: TokenId, now: Instant) -> Result<(), StoreError> {
    let live = tokens::table
        .filter(tokens::id.eq(Id::from(token.0)))
        .filter(tokens::revoked_at.is_null());
    diesel::update(live)
        .set(tokens::revoked_at.eq(Time::from(now)))
        .execute(conn)?;
    Ok(())
}
