//! Summaries: the text before a view of an edition, in the making or signed. Versions guard every change.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::summaries;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, changed_one};
use ahq_domain::clock::Instant;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{EditionId, UserId};
use ahq_domain::summary::Summary;
use diesel::insert_into;
use diesel::prelude::*;

/// The summary of one view of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSummary {
    /// The edition.
    pub edition: EditionId,
    /// Whose view it stands before.
    pub circle: Circle,
    /// Raised by each change.
    pub version: i64,
    /// Its text.
    pub summary: Summary,
    /// When it was signed off, if it is.
    pub signed: Option<Instant>,
    /// By whom.
    pub signed_by: Option<UserId>,
}

/// A row of `summaries`.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = summaries, primary_key(edition_id, circle), check_for_backend(MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    edition_id: Id,
    circle: String,
    version: i64,
    background: String,
    respondents: String,
    findings: String,
    signed_at: Option<Time>,
    signed_by: Option<Id>,
}

impl Row {
    fn of(stored: &StoredSummary) -> Result<Self, StoreError> {
        Ok(Self {
            edition_id: stored.edition.0.into(),
            circle: stored.circle.word().to_owned(),
            version: stored.version,
            background: to_word(&stored.summary.background)?,
            respondents: to_word(&stored.summary.respondents)?,
            findings: to_word(&stored.summary.findings)?,
            signed_at: stored.signed.map(Time::from),
            signed_by: stored.signed_by.map(|user| user.0.into()),
        })
    }

    fn into_summary(self) -> Result<StoredSummary, StoreError> {
        Ok(StoredSummary {
            edition: EditionId(self.edition_id.into()),
            circle: from_word(&self.circle)?,
            version: self.version,
            summary: Summary {
                background: from_word(&self.background)?,
                respondents: from_word(&self.respondents)?,
                findings: from_word(&self.findings)?,
            },
            signed: self.signed_at.map(Instant::from),
            signed_by: self.signed_by.map(|user| UserId(user.into())),
        })
    }
}

/// Finds the summary of a view. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, edition: EditionId, circle: Circle) -> Result<Option<StoredSummary>, StoreError> {
    let row = summaries::table
        .filter(summaries::edition_id.eq(Id::from(edition.0)))
        .filter(summaries::circle.eq(circle.word()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_summary).transpose()
}

/// The summaries of an edition, the narrowest circle first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_edition(conn: &mut Connection, edition: EditionId) -> Result<Vec<StoredSummary>, StoreError> {
    let rows: Vec<Row> = summaries::table
        .filter(summaries::edition_id.eq(Id::from(edition.0)))
        .select(Row::as_select())
        .load(conn)?;
    let mut found = rows.into_iter().map(Row::into_summary).collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|summary| summary.circle);
    Ok(found)
}

/// Writes a new summary. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `summaries_edition_id_circle_key` when the view has one.
pub fn insert(conn: &mut Connection, summary: &StoredSummary) -> Result<(), StoreError> {
    insert_into(summaries::table).values(Row::of(summary)?).execute(conn)?;
    Ok(())
}

/// Writes a summary, over the version before `summary.version`. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when the row is of another version or is not there.
pub fn update(conn: &mut Connection, summary: &StoredSummary) -> Result<(), StoreError> {
    let row = Row::of(summary)?;
    let before = summaries::table
        .filter(summaries::edition_id.eq(row.edition_id))
        .filter(summaries::circle.eq(summary.circle.word()))
        .filter(summaries::version.eq(summary.version - 1));
    changed_one(diesel::update(before).set(row).execute(conn)?)
}
