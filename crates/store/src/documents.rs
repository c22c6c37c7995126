//! Documents that were handed out, as they were: what is printed later, by another version of the program, may differ.
//! It prints nothing, and does not decide who may have one.

use crate::column::{Id, Time};
use crate::connection::phrase::insert_or_ignore;
use crate::schema::{documents, edition_views};
use crate::{Connection, StoreError};
use ahq_domain::clock::Instant;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::EditionId;
use diesel::insert_into;
use diesel::prelude::*;

/// What a document is printed from. The hash of a view covers its query, edition and circle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// The SHA-256 of the view as it stands: after an erasure not the one it was frozen with.
    pub view_sha256: String,
    /// The SHA-256 of the summary signed for it; empty where there is none.
    pub summary_sha256: String,
    /// Its format and order: `pdf by country`.
    pub form: String,
}

/// A document that was handed out before. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn find(conn: &mut Connection, source: &Source) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(documents::table
        .find((&source.view_sha256, &source.summary_sha256, &source.form))
        .select(documents::bytes)
        .first(conn)
        .optional()?)
}

/// Keeps a document, unless one is kept already; whether it was kept. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn insert(conn: &mut Connection, source: &Source, bytes: &[u8], made: Instant) -> Result<bool, StoreError> {
    let row = insert_into(documents::table).values((
        documents::view_sha256.eq(&source.view_sha256),
        documents::summary_sha256.eq(&source.summary_sha256),
        documents::form.eq(&source.form),
        documents::bytes.eq(bytes),
        documents::made_at.eq(Time::from(made)),
    ));
    Ok(insert_or_ignore(row).execute(conn)? == 1)
}

/// Forgets the documents of a view. Statements: 2.
///
/// # Errors
/// Those of writing.
pub fn remove(conn: &mut Connection, edition: EditionId, circle: Circle) -> Result<(), StoreError> {
    let view = || {
        edition_views::table
            .filter(edition_views::edition_id.eq(Id::from(edition.0)))
            .filter(edition_views::circle.eq(circle.word()))
    };
    let frozen = documents::view_sha256.eq_any(view().select(edition_views::sha256));
    diesel::delete(documents::table.filter(frozen)).execute(conn)?;
    let left = documents::view_sha256
        .nullable()
        .eq_any(view().select(edition_views::body_sha256));
    diesel::delete(documents::table.filter(left)).execute(conn)?;
    Ok(())
}
