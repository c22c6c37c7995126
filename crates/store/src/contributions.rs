//! Contributions: one row each, with the answers put in so far. The link's secret is not here: only a hash of it. Versions
//! guard every change but that of ending the link.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::contributions;
use crate::word::from_word;
use crate::{Connection, StoreError, changed_one};
use ahq_domain::answer::Answer;
use ahq_domain::clock::Instant;
use ahq_domain::contribution::{Contribution, Position};
use ahq_domain::id::{ContributionId, MessageId, QueryId, UserId};
use ahq_domain::office::OfficeCode;
use ahq_domain::question::Key;
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// A row of `contributions`, but for the hash of its secret.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = contributions, check_for_backend(MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: Id,
    query_id: Id,
    office: String,
    version: i64,
    email: String,
    name: Option<String>,
    questions: Json<Vec<Key>>,
    reply_by: NaiveDate,
    note: Option<String>,
    asked_at: Time,
    asked_by: Option<Id>,
    message_id: Id,
    returned_at: Option<Time>,
    declined_at: Option<Time>,
    reason: Option<String>,
    revoked_at: Option<Time>,
    answers: Json<Vec<Answer>>,
}

impl Row {
    fn of(contribution: &Contribution) -> Self {
        let (returned, declined, reason) = match &contribution.position {
            Position::Asked => (None, None, None),
            Position::Returned { at } => (Some(*at), None, None),
            Position::Declined { at, reason } => (None, Some(*at), Some(reason.clone())),
        };
        Self {
            id: contribution.id.0.into(),
            query_id: contribution.query.0.into(),
            office: contribution.office.to_string(),
            version: contribution.version,
            email: contribution.email.clone(),
            name: contribution.name.clone(),
            questions: Json(contribution.questions.clone()),
            reply_by: contribution.reply_by,
            note: contribution.note.clone(),
            asked_at: contribution.asked.into(),
            asked_by: contribution.asked_by.map(|user| user.0.into()),
            message_id: contribution.message.0.into(),
            returned_at: returned.map(Time::from),
            declined_at: declined.map(Time::from),
            reason,
            revoked_at: contribution.revoked.map(Time::from),
            answers: Json(contribution.answers.clone()),
        }
    }

    fn into_contribution(self) -> Result<Contribution, StoreError> {
        let id = ContributionId(self.id.into());
        let instant = |time: Option<Time>| time.map(Instant::from);
        let position = match (instant(self.returned_at), instant(self.declined_at), self.reason) {
            (None, None, None) => Position::Asked,
            (Some(at), None, None) => Position::Returned { at },
            (None, Some(at), Some(reason)) => Position::Declined { at, reason },
            _ => return Err(StoreError::Corrupt(format!("contribution {id} is in two positions"))),
        };
        Ok(Contribution {
            id,
            query: QueryId(self.query_id.into()),
            office: from_word(&self.office)?,
            version: self.version,
            email: self.email,
            name: self.name,
            questions: self.questions.0,
            reply_by: self.reply_by,
            note: self.note,
            asked: self.asked_at.into(),
            asked_by: self.asked_by.map(|user| UserId(user.into())),
            message: MessageId(self.message_id.into()),
            position,
            revoked: self.revoked_at.map(Instant::from),
            answers: self.answers.0,
        })
    }
}

/// Writes a new contribution, with the hash of its link's secret. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] when a secret comes twice.
pub fn insert(conn: &mut Connection, contribution: &Contribution, secret_hash: &str) -> Result<(), StoreError> {
    insert_into(contributions::table)
        .values((Row::of(contribution), contributions::secret_hash.eq(secret_hash)))
        .execute(conn)?;
    Ok(())
}

/// Finds a contribution. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, id: ContributionId) -> Result<Option<Contribution>, StoreError> {
    let row: Option<Row> = contributions::table
        .find(Id::from(id.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_contribution).transpose()
}

/// Finds the contribution behind a link, ended ones too. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find_by_secret(conn: &mut Connection, secret_hash: &str) -> Result<Option<Contribution>, StoreError> {
    let row: Option<Row> = contributions::table
        .filter(contributions::secret_hash.eq(secret_hash))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_contribution).transpose()
}

/// What an office asked for about a query, in that order. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_office(conn: &mut Connection, query: QueryId, office: &OfficeCode) -> Result<Vec<Contribution>, StoreError> {
    let rows: Vec<Row> = contributions::table
        .filter(contributions::query_id.eq(Id::from(query.0)))
        .filter(contributions::office.eq(office.as_str()))
        .order((contributions::asked_at, contributions::id))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_contribution).collect()
}

/// Writes a contribution, over the version before `contribution.version`, while its link works. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when the row is of another version, the link was ended, or it is not there.
pub fn update(conn: &mut Connection, contribution: &Contribution) -> Result<(), StoreError> {
    let row = Row::of(contribution);
    let before = contributions::table
        .filter(contributions::id.eq(row.id))
        .filter(contributions::version.eq(contribution.version - 1))
        .filter(contributions::revoked_at.is_null());
    changed_one(diesel::update(before).set(row).execute(conn)?)
}

/// Ends a link, whatever is put in meanwhile. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it was ended meanwhile or is not there.
pub fn revoke(conn: &mut Connection, id: ContributionId, now: Instant) -> Result<(), StoreError> {
    let row = contributions::table
        .filter(contributions::id.eq(Id::from(id.0)))
        .filter(contributions::revoked_at.is_null());
    changed_one(
        diesel::update(row)
            .set((
                contributions::revoked_at.eq(Time::from(now)),
                contributions::version.eq(contributions::version + 1),
            ))
            .execute(conn)?,
    )
}
