//! What offices want to know about queries: one row each, replied to once. Who may ask and reply is not decided here.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::clarifications;
use crate::word::from_word;
use crate::{Connection, StoreError, changed_one};
use ahq_domain::clarification::{Clarification, Reply};
use ahq_domain::id::{ClarificationId, QueryId};
use ahq_domain::markdown::Markdown;
use ahq_domain::question::Key;
use diesel::insert_into;
use diesel::prelude::*;

/// A row of `clarifications`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = clarifications, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    id: Id,
    query_id: Id,
    office: String,
    question: Option<String>,
    text: String,
    asked_at: Time,
    replied_at: Option<Time>,
    replied_by: Option<String>,
    reply: Option<String>,
}

impl Row {
    fn into_clarification(self) -> Result<Clarification, StoreError> {
        let reply = match (self.replied_at, self.replied_by, self.reply) {
            (Some(at), Some(office), Some(text)) => Some(Reply {
                office: from_word(&office)?,
                at: at.into(),
                text: markdown(text)?,
            }),
            _ => None,
        };
        Ok(Clarification {
            id: ClarificationId(self.id.into()),
            query: QueryId(self.query_id.into()),
            office: from_word(&self.office)?,
            question: self.question.as_deref().map(key).transpose()?,
            text: markdown(self.text)?,
            asked: self.asked_at.into(),
            reply,
        })
    }
}

fn markdown(text: String) -> Result<Markdown, StoreError> {
    Markdown::try_from(text).map_err(|fault| StoreError::Corrupt(fault.to_string()))
}

fn key(text: &str) -> Result<Key, StoreError> {
    Key::parse(text).ok_or_else(|| StoreError::Corrupt(format!("{text} is no id of a question")))
}

/// Writes a new one, which waits for its reply. Statements: 1.
///
/// # Errors
/// [`StoreError::ForeignKey`] when there is no such query.
pub fn insert(conn: &mut Connection, clarification: &Clarification) -> Result<(), StoreError> {
    let row = Row {
        id: clarification.id.0.into(),
        query_id: clarification.query.0.into(),
        office: clarification.office.to_string(),
        question: clarification.question.as_ref().map(ToString::to_string),
        text: clarification.text.as_str().to_owned(),
        asked_at: clarification.asked.into(),
        replied_at: None,
        replied_by: None,
        reply: None,
    };
    insert_into(clarifications::table).values(row).execute(conn)?;
    Ok(())
}

/// Finds one. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, id: ClarificationId) -> Result<Option<Clarification>, StoreError> {
    let row: Option<Row> = clarifications::table
        .find(Id::from(id.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_clarification).transpose()
}

/// What was asked about a query, in the order it was asked. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_query(conn: &mut Connection, query: QueryId) -> Result<Vec<Clarification>, StoreError> {
    let rows: Vec<Row> = clarifications::table
        .filter(clarifications::query_id.eq(Id::from(query.0)))
        .order((clarifications::asked_at, clarifications::id))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_clarification).collect()
}

/// Writes the reply to one that waits. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it was replied to meanwhile.
pub fn reply(conn: &mut Connection, id: ClarificationId, reply: &Reply) -> Result<(), StoreError> {
    let waiting = clarifications::table
        .filter(clarifications::id.eq(Id::from(id.0)))
        .filter(clarifications::replied_at.is_null());
    changed_one(
        diesel::update(waiting)
            .set((
                clarifications::replied_at.eq(Time::from(reply.at)),
                clarifications::replied_by.eq(reply.office.as_str()),
                clarifications::reply.eq(reply.text.as_str()),
            ))
            .execute(conn)?,
    )
}
