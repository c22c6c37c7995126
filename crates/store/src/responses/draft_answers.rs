//! The draft of a response: a row for each answer, each with a version of its own, so that several people of an office
//! can write at the same time.
//!
//! Versions come from a counter of the whole draft that never goes back. So a version that was read names one text for
//! ever, also when an answer was removed and written anew meanwhile.

use crate::column::{Id, Json, Time};
use crate::connection::phrase::insert_or_ignore;
use crate::schema::{draft_answers, responses};
use crate::{Connection, StoreError, both, changed_one};
use ahq_domain::answer::Answer;
use ahq_domain::clock::Instant;
use ahq_domain::id::{ResponseId, UserId};
use ahq_domain::question::Key;
use diesel::insert_into;
use diesel::prelude::*;

/// Who outside the office proposed an answer that became part of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributed {
    /// The contributor's name or mail address.
    pub by: String,
    /// When it was handed in.
    pub at: Instant,
}

impl Contributed {
    fn read(by: Option<String>, at: Option<Time>) -> Option<Self> {
        by.zip(at).map(|(by, at)| Self { by, at: at.into() })
    }
}

/// One answer of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftAnswer {
    /// The answer.
    pub answer: Answer,
    /// Raised by each change of it.
    pub version: i64,
    /// When it was changed last.
    pub changed: Instant,
    /// By whom.
    pub by: Option<UserId>,
    /// Who outside the office it began with; it stays with the answer however that is changed.
    pub contributed: Option<Contributed>,
}

/// A row of `draft_answers`.
#[derive(Debug, Insertable)]
#[diesel(table_name = draft_answers, treat_none_as_default_value = false)]
struct Row {
    response_id: Id,
    question: String,
    version: i64,
    answer: Json<Answer>,
    changed_at: Time,
    changed_by: Option<Id>,
    contributed_by: Option<String>,
    contributed_at: Option<Time>,
}

impl Row {
    fn of(response: ResponseId, answer: &Answer, version: i64, now: Instant, by: Option<UserId>) -> Self {
        Self {
            response_id: response.0.into(),
            question: answer.question.to_string(),
            version,
            answer: Json(answer.clone()),
            changed_at: now.into(),
            changed_by: by.map(|user| user.0.into()),
            contributed_by: None,
            contributed_at: None,
        }
    }
}

/// The draft of a response, by question. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn draft(conn: &mut Connection, response: ResponseId) -> Result<Vec<DraftAnswer>, StoreError> {
    type Found = (Json<Answer>, i64, Time, Option<Id>, Option<String>, Option<Time>);
    let rows: Vec<Found> = draft_answers::table
        .filter(draft_answers::response_id.eq(Id::from(response.0)))
        .select((
            draft_answers::answer,
            draft_answers::version,
            draft_answers::changed_at,
            draft_answers::changed_by,
            draft_answers::contributed_by,
            draft_answers::contributed_at,
        ))
        .load(conn)?;
    let mut draft: Vec<_> = rows
        .into_iter()
        .map(|(Json(answer), version, changed, by, contributor, at)| DraftAnswer {
            answer,
            version,
            changed: changed.into(),
            by: by.map(|user| UserId(user.into())),
            contributed: Contributed::read(contributor, at),
        })
        .collect();
    // Sorted here, because the two databases do not sort texts alike.
    draft.sort_by(|one, other| one.answer.question.cmp(&other.answer.question));
    Ok(draft)
}

/// Writes one answer of a draft, over the version that was read, or as a new one where none was. Statements: 2.
///
/// # Errors
/// [`StoreError::Conflict`] when the answer is of another version, or is there although none was read, or is not there
/// although one was, or when there is no such response.
pub fn put_draft_answer(
    conn: &mut Connection,
    response: ResponseId,
    answer: &Answer,
    read_version: Option<i64>,
    now: Instant,
    by: Option<UserId>,
) -> Result<(), StoreError> {
    let row = Row::of(response, answer, next_version(conn, response)?, now, by);
    let Some(read_version) = read_version else {
        let insert = insert_into(draft_answers::table).values(row);
        return changed_one(insert_or_ignore(insert).execute(conn)?);
    };
    let before = draft_answers::table
        .filter(draft_answers::response_id.eq(row.response_id))
        .filter(draft_answers::question.eq(row.question))
        .filter(draft_answers::version.eq(read_version));
    let changed = diesel::update(before)
        .set((
            draft_answers::version.eq(row.version),
            draft_answers::answer.eq(row.answer),
            draft_answers::changed_at.eq(row.changed_at),
            draft_answers::changed_by.eq(row.changed_by),
        ))
        .execute(conn)?;
    changed_one(changed)
}

/// Notes who outside the office an answer of a draft began with. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when there is no such answer.
pub fn set_contributed(
    conn: &mut Connection,
    response: ResponseId,
    question: &Key,
    contributed: &Contributed,
) -> Result<(), StoreError> {
    let row = draft_answers::table
        .filter(draft_answers::response_id.eq(Id::from(response.0)))
        .filter(draft_answers::question.eq(question.as_str()));
    changed_one(
        diesel::update(row)
            .set((
                draft_answers::contributed_by.eq(&contributed.by),
                draft_answers::contributed_at.eq(Time::from(contributed.at)),
            ))
            .execute(conn)?,
    )
}

/// Removes one answer from a draft, if it is of the version that was read. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it is of another version or is not there.
pub fn delete_draft_answer(
    conn: &mut Connection,
    response: ResponseId,
    question: &Key,
    read_version: i64,
) -> Result<(), StoreError> {
    let row = draft_answers::table
        .filter(draft_answers::response_id.eq(Id::from(response.0)))
        .filter(draft_answers::question.eq(question.as_str()))
        .filter(draft_answers::version.eq(read_version));
    changed_one(diesel::delete(row).execute(conn)?)
}

/// Writes a whole draft in place of the one before, unguarded: the version of its response guards it. Who an answer began
/// with stays known for as long as there is one to its question. Statements: 4, or 2 for an empty one.
///
/// # Errors
/// [`StoreError::Unique`] when two answers are to one question; [`StoreError::Conflict`] when there is no such response.
pub fn replace_draft(
    conn: &mut Connection,
    response: ResponseId,
    answers: &[Answer],
    now: Instant,
    by: Option<UserId>,
) -> Result<(), StoreError> {
    // First the counter: its row keeps twins apart.
    let version = next_version(conn, response)?;
    let before = draft_answers::table.filter(draft_answers::response_id.eq(Id::from(response.0)));
    let mut rows: Vec<_> = answers
        .iter()
        .map(|answer| Row::of(response, answer, version, now, by))
        .collect();
    if !rows.is_empty() {
        let known: Vec<(String, Option<String>, Option<Time>)> = before
            .filter(draft_answers::contributed_by.is_not_null())
            .select((
                draft_answers::question,
                draft_answers::contributed_by,
                draft_answers::contributed_at,
            ))
            .load(conn)?;
        for (question, by, at) in known {
            if let Some(row) = rows.iter_mut().find(|row| row.question == question) {
                (row.contributed_by, row.contributed_at) = (by, at);
            }
        }
    }
    diesel::delete(before).execute(conn)?;
    if rows.is_empty() {
        return Ok(());
    }
    both!(conn, |database| insert_into(draft_answers::table)
        .values(&rows)
        .execute(database))?;
    Ok(())
}

/// The next version of the draft's counter.
fn next_version(conn: &mut Connection, response: ResponseId) -> Result<i64, StoreError> {
    let row = responses::table.filter(responses::id.eq(Id::from(response.0)));
    diesel::update(row)
        .set(responses::draft_version.eq(responses::draft_version + 1))
        .returning(responses::draft_version)
        .get_result(conn)
        .optional()?
        .ok_or(StoreError::Conflict)
}
