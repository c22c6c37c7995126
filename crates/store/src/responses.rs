//! Responses: one row for an office and a query; its draft and its submitted versions have rows of their own.
//!
//! Versions guard every change of a row. The present circle of each answer stands beside the versions, which never
//! change: how far an answer goes now is always said by [`circles`], never by the version alone. Who may read what is
//! for the caller to say.

mod draft_answers;
mod versions;

pub use draft_answers::{
    Contributed, DraftAnswer, delete_draft_answer, draft, put_draft_answer, replace_draft, set_contributed,
};
pub use versions::{confirm, in_force, insert_version, submitted, version, versions, versions_of, with_answers};

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::{office_settings, responses};
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, both, changed_one};
use ahq_domain::approval::{Asked, OfficeSettings};
use ahq_domain::clock::Instant;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{QueryId, ResponseId, UserId};
use ahq_domain::office::OfficeCode;
use ahq_domain::question::Key;
use ahq_domain::response::{Position, Response, ResponseStatus, Retraction};
use diesel::insert_into;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// A row of `responses`, but for the circles and the draft's counter.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = responses, check_for_backend(MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: Id,
    query_id: Id,
    office: String,
    version: i64,
    status: String,
    last_version: i32,
    submitted_at: Option<Time>,
    first_submitted_at: Option<Time>,
    late: bool,
    position_at: Option<Time>,
    reason: Option<String>,
    in_part: bool,
    approval_asked_at: Option<Time>,
    approval_asked_by: Option<Id>,
}

impl Row {
    fn of(response: &Response) -> Result<Self, StoreError> {
        let mut row = Self {
            id: response.id.0.into(),
            query_id: response.query.0.into(),
            office: response.office.to_string(),
            version: response.version,
            status: to_word(&response.status())?,
            last_version: response.last_version,
            submitted_at: None,
            first_submitted_at: response.first_submitted.map(Time::from),
            late: response.late,
            position_at: None,
            reason: None,
            in_part: false,
            approval_asked_at: response.asked.map(|asked| asked.at.into()),
            approval_asked_by: response.asked.and_then(|asked| asked.by).map(|user| user.0.into()),
        };
        match &response.position {
            Position::Drafting { retracted } => {
                row.position_at = retracted.as_ref().map(|retraction| retraction.at.into());
                row.reason = retracted.as_ref().map(|retraction| retraction.note.clone());
            }
            // The version in force has no column: it is the last one for as long as the response is submitted.
            Position::Submitted { version, .. } if *version != response.last_version => {
                return Err(StoreError::Other(format!(
                    "version {version} of response {} is not its last",
                    response.id
                )));
            }
            Position::Submitted { at, in_part, .. } => {
                row.submitted_at = Some((*at).into());
                row.in_part = *in_part;
            }
            Position::Declined { at, reason } => {
                row.position_at = Some((*at).into());
                row.reason = Some(reason.clone());
            }
        }
        Ok(row)
    }

    fn into_response(self) -> Result<Response, StoreError> {
        let id = ResponseId(self.id.into());
        let position_at = self.position_at.map(Instant::from);
        let asked = self.approval_asked_at.map(|at| Asked {
            at: at.into(),
            by: self.approval_asked_by.map(|user| UserId(user.into())),
        });
        let position = match (from_word(&self.status)?, self.submitted_at, position_at, self.reason) {
            (ResponseStatus::Drafting | ResponseStatus::AwaitingApproval, None, at, note) => Position::Drafting {
                retracted: at.zip(note).map(|(at, note)| Retraction { at, note }),
            },
            (ResponseStatus::Submitted, Some(at), None, None) => Position::Submitted {
                version: self.last_version,
                at: at.into(),
                in_part: self.in_part,
            },
            (ResponseStatus::Declined, None, Some(at), Some(reason)) => Position::Declined { at, reason },
            _ => {
                return Err(StoreError::Corrupt(format!(
                    "response {id} is {} without the facts of it",
                    self.status
                )));
            }
        };
        Ok(Response {
            id,
            query: QueryId(self.query_id.into()),
            office: from_word(&self.office)?,
            version: self.version,
            position,
            last_version: self.last_version,
            first_submitted: self.first_submitted_at.map(Instant::from),
            late: self.late,
            asked,
        })
    }
}

/// Finds the response of an office. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, query: QueryId, office: &OfficeCode) -> Result<Option<Response>, StoreError> {
    let row = responses::table
        .filter(responses::query_id.eq(Id::from(query.0)))
        .filter(responses::office.eq(office.as_str()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_response).transpose()
}

/// Finds the response of an office with what the office has settled for itself. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find_with_settings(
    conn: &mut Connection,
    query: QueryId,
    office: &OfficeCode,
) -> Result<Option<(Response, OfficeSettings)>, StoreError> {
    let row: Option<(Row, Option<bool>)> = both!(conn, |database| responses::table
        .left_join(office_settings::table.on(office_settings::office.eq(responses::office)))
        .filter(responses::query_id.eq(Id::from(query.0)))
        .filter(responses::office.eq(office.as_str()))
        .select((Row::as_select(), office_settings::approval.nullable()))
        .first(database))
    .optional()?;
    row.map(|(row, approval)| {
        let settings = OfficeSettings {
            approval: approval.unwrap_or_default(),
            ..OfficeSettings::default()
        };
        Ok((row.into_response()?, settings))
    })
    .transpose()
}

/// All responses to a query, those in drafting too, by office. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_query(conn: &mut Connection, query: QueryId) -> Result<Vec<Response>, StoreError> {
    let rows: Vec<Row> = both!(conn, |database| responses::table
        .filter(responses::query_id.eq(Id::from(query.0)))
        .order(responses::office)
        .select(Row::as_select())
        .load(database))?;
    rows.into_iter().map(Row::into_response).collect()
}

/// All responses to these queries, in any order. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_queries(conn: &mut Connection, queries: &[QueryId]) -> Result<Vec<Response>, StoreError> {
    let ids: Vec<Id> = queries.iter().map(|query| query.0.into()).collect();
    let rows: Vec<Row> = both!(conn, |database| responses::table
        .filter(responses::query_id.eq_any(ids))
        .select(Row::as_select())
        .load(database))?;
    rows.into_iter().map(Row::into_response).collect()
}

/// Writes a new response, without circles. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `responses_query_id_office_key` when the office has one.
pub fn insert(conn: &mut Connection, response: &Response) -> Result<(), StoreError> {
    let circles = Json(BTreeMap::<Key, Circle>::new());
    insert_into(responses::table)
        .values((Row::of(response)?, responses::circles.eq(circles)))
        .execute(conn)?;
    Ok(())
}

/// Writes a response, over the version before `response.version`; circles and draft stay. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when the row is of another version or is not there.
pub fn update(conn: &mut Connection, response: &Response) -> Result<(), StoreError> {
    let row = Row::of(response)?;
    let before = responses::table
        .filter(responses::id.eq(row.id))
        .filter(responses::version.eq(response.version - 1));
    changed_one(diesel::update(before).set(row).execute(conn)?)
}

/// Writes a response as [`update`] does, and the present circle of each answer of its version in force. Statements: 1.
///
/// # Errors
/// As [`update`].
pub fn update_with_circles(
    conn: &mut Connection,
    response: &Response,
    circles: &BTreeMap<Key, Circle>,
) -> Result<(), StoreError> {
    let row = Row::of(response)?;
    let before = responses::table
        .filter(responses::id.eq(row.id))
        .filter(responses::version.eq(response.version - 1));
    let circles = responses::circles.eq(Json(circles.clone()));
    changed_one(diesel::update(before).set((row, circles)).execute(conn)?)
}

/// The present circle of each answer of the version in force; after a retraction, of the last one. None for a response
/// that is not there. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when the column holds what it should not.
pub fn circles(conn: &mut Connection, response: ResponseId) -> Result<BTreeMap<Key, Circle>, StoreError> {
    let found: Option<Json<BTreeMap<Key, Circle>>> = responses::table
        .filter(responses::id.eq(Id::from(response.0)))
        .select(responses::circles)
        .first(conn)
        .optional()?;
    Ok(found.map(|Json(circles)| circles).unwrap_or_default())
}

/// Writes the present circle of each answer of the version in force. It is guarded by the version that [`update`] raises
/// in the same transaction. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when there is no such response.
pub fn set_circles(
    conn: &mut Connection,
    response: ResponseId,
    circles: &BTreeMap<Key, Circle>,
) -> Result<(), StoreError> {
    let row = responses::table.filter(responses::id.eq(Id::from(response.0)));
    let circles = responses::circles.eq(Json(circles.clone()));
    changed_one(diesel::update(row).set(circles).execute(conn)?)
}

/// Raises the version of a response whose draft changed in one answer, which has its own guard; approval of the draft is
/// to be asked for again. Statements: 1, or 2 when it was.
///
/// # Errors
/// [`StoreError::Conflict`] when there is no such response.
pub fn raise_version(conn: &mut Connection, response: ResponseId) -> Result<(), StoreError> {
    let row = || responses::table.filter(responses::id.eq(Id::from(response.0)));
    let status: String = diesel::update(row())
        .set((
            responses::version.eq(responses::version + 1),
            responses::approval_asked_at.eq(None::<Time>),
            responses::approval_asked_by.eq(None::<Id>),
        ))
        .returning(responses::status)
        .get_result(conn)
        .optional()?
        .ok_or(StoreError::Conflict)?;
    if status == to_word(&ResponseStatus::AwaitingApproval)? {
        let drafting = responses::status.eq(to_word(&ResponseStatus::Drafting)?);
        diesel::update(row()).set(drafting).execute(conn)?;
    }
    Ok(())
}
