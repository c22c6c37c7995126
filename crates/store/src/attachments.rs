//! Attachments: a row for each file beside a query or an answer. What it holds lies in [`crate::files`]; who may have it is
//! not decided here.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::attachments;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, both, changed_one};
use ahq_domain::attachment::{Attached, Attachment};
use ahq_domain::clock::Instant;
use ahq_domain::id::{AttachmentId, QueryId, ResponseId, UserId};
use ahq_domain::question::Key;
use diesel::insert_into;
use diesel::prelude::*;
use std::collections::BTreeSet;

/// Where a file is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Beside a query.
    Query(QueryId),
    /// Beside an answer of a response.
    Answer {
        /// The query.
        query: QueryId,
        /// The response.
        response: ResponseId,
        /// The question.
        question: Key,
    },
}

/// A file, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where it is attached.
    pub place: Place,
    /// The file.
    pub file: Attachment,
    /// Whether a version that was submitted names it.
    pub submitted: bool,
    /// Whether it stands in the draft still.
    pub drafted: bool,
}

/// A row of `attachments`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    id: Id,
    query_id: Id,
    response_id: Option<Id>,
    question: Option<String>,
    name: String,
    media_type: String,
    bytes: i64,
    sha256: String,
    added_at: Time,
    added_by: Option<Id>,
    submitted: bool,
    removed_at: Option<Time>,
}

impl Row {
    fn into_file(self) -> Result<Attachment, StoreError> {
        Ok(Attachment {
            id: AttachmentId(self.id.into()),
            media_type: from_word(&self.media_type)?,
            bytes: u64::try_from(self.bytes).map_err(|error| StoreError::Corrupt(error.to_string()))?,
            name: self.name,
            sha256: self.sha256,
        })
    }

    fn key(&self) -> Result<Option<Key>, StoreError> {
        self.question.as_deref().map(from_word).transpose()
    }

    fn into_kept(self) -> Result<Kept, StoreError> {
        let query = QueryId(self.query_id.into());
        let place = match (self.response_id, self.key()?) {
            (Some(response), Some(question)) => Place::Answer {
                query,
                response: ResponseId(response.into()),
                question,
            },
            (None, None) => Place::Query(query),
            _ => return Err(StoreError::Corrupt("an attachment of half an answer".to_owned())),
        };
        Ok(Kept {
            place,
            submitted: self.submitted,
            drafted: self.removed_at.is_none(),
            file: self.into_file()?,
        })
    }
}

/// Writes a new file. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn insert(
    conn: &mut Connection,
    place: &Place,
    file: &Attachment,
    now: Instant,
    by: Option<UserId>,
) -> Result<(), StoreError> {
    let (query, response, question) = match place {
        Place::Query(query) => (*query, None, None),
        Place::Answer {
            query,
            response,
            question,
        } => (*query, Some(*response), Some(question.to_string())),
    };
    let row = Row {
        id: file.id.0.into(),
        query_id: query.0.into(),
        response_id: response.map(|response| response.0.into()),
        question,
        name: file.name.clone(),
        media_type: to_word(&file.media_type)?,
        bytes: i64::try_from(file.bytes).map_err(|error| StoreError::Other(error.to_string()))?,
        sha256: file.sha256.clone(),
        added_at: now.into(),
        added_by: by.map(|user| user.0.into()),
        submitted: false,
        removed_at: None,
    };
    insert_into(attachments::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds a file. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, id: AttachmentId) -> Result<Option<Kept>, StoreError> {
    let row: Option<Row> = attachments::table
        .find(Id::from(id.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_kept).transpose()
}

/// The files beside a query, in the order they came. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_query(conn: &mut Connection, query: QueryId) -> Result<Vec<Attachment>, StoreError> {
    let rows: Vec<Row> = both!(conn, |database| attachments::table
        .filter(attachments::query_id.eq(Id::from(query.0)))
        .filter(attachments::response_id.is_null())
        .order(attachments::id)
        .select(Row::as_select())
        .load(database))?;
    rows.into_iter().map(Row::into_file).collect()
}

/// The files of the draft of a response, in the order they came. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_draft(conn: &mut Connection, response: ResponseId) -> Result<Vec<Attached>, StoreError> {
    let rows: Vec<Row> = both!(conn, |database| attachments::table
        .filter(attachments::response_id.eq(Some(Id::from(response.0))))
        .filter(attachments::removed_at.is_null())
        .order(attachments::id)
        .select(Row::as_select())
        .load(database))?;
    rows.into_iter()
        .map(|row| {
            let half = || StoreError::Corrupt("an attachment of a response without a question".to_owned());
            Ok(Attached {
                question: row.key()?.ok_or_else(half)?,
                file: row.into_file()?,
            })
        })
        .collect()
}

/// Notes that a version that was submitted names the files of the draft. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn submit(conn: &mut Connection, response: ResponseId) -> Result<(), StoreError> {
    let drafted = attachments::table
        .filter(attachments::response_id.eq(Some(Id::from(response.0))))
        .filter(attachments::removed_at.is_null());
    diesel::update(drafted)
        .set(attachments::submitted.eq(true))
        .execute(conn)?;
    Ok(())
}

/// Takes a file out of the draft it stands in: one that a version names stays for that version, any other is gone.
/// Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it does not stand there any more.
pub fn remove(conn: &mut Connection, kept: &Kept, now: Instant) -> Result<(), StoreError> {
    let row = attachments::table
        .filter(attachments::id.eq(Id::from(kept.file.id.0)))
        .filter(attachments::submitted.eq(kept.submitted))
        .filter(attachments::removed_at.is_null());
    changed_one(if kept.submitted {
        diesel::update(row)
            .set(attachments::removed_at.eq(Some(Time::from(now))))
            .execute(conn)?
    } else {
        diesel::delete(row).execute(conn)?
    })
}

/// Those of these files that have a row. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn known(conn: &mut Connection, ids: &[AttachmentId]) -> Result<BTreeSet<AttachmentId>, StoreError> {
    let ids: Vec<Id> = ids.iter().map(|id| id.0.into()).collect();
    let found: Vec<Id> = both!(conn, |database| attachments::table
        .filter(attachments::id.eq_any(ids))
        .select(attachments::id)
        .load(database))?;
    Ok(found.into_iter().map(|id| AttachmentId(id.into())).collect())
}
