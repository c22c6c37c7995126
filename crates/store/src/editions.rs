//! Editions: frozen when they are written. All that ever changes is that a view which became too wide names the edition
//! in its place, and that an erasure leaves less of a body (see [`crate::erasures`]). It compiles nothing and keeps the bytes of a view as they were hashed.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::{edition_views, editions, summaries};
use crate::word::from_word;
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use ahq_domain::compilation::Part;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{EditionId, QueryId};
use ahq_domain::office::OfficeCode;
use ahq_domain::summary::Summary;
use diesel::insert_into;
use diesel::prelude::*;

/// An edition: what was put together, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Its id.
    pub id: EditionId,
    /// Its query.
    pub query: QueryId,
    /// 1, 2, … within its query.
    pub number: i32,
    /// When it was made.
    pub made: Instant,
    /// Which versions it took in, in which circles.
    pub composition: Vec<Part>,
    /// Who had declined.
    pub declined: Vec<OfficeCode>,
}

/// A view of an edition, as it was frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredView {
    /// Whose view it is.
    pub circle: Circle,
    /// The SHA-256 of its body, in hexadecimal digits.
    pub sha256: String,
    /// Its canonical JSON.
    pub body: String,
    /// The number of the edition in its place, once it became too wide.
    pub replaced_by: Option<i32>,
}

/// A view without its body, and the summary signed for it: what tells its printed forms from all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenView {
    /// Its edition.
    pub edition: EditionId,
    /// The SHA-256 of its body, in hexadecimal digits.
    pub sha256: String,
    /// What the hash is of now, where something was erased from the body, and when that was.
    pub erased: Option<(String, Instant)>,
    /// The number of the edition in its place, once it became too wide.
    pub replaced_by: Option<i32>,
    /// The summary, once it is signed, and when it was.
    pub summary: Option<(Summary, Instant)>,
}

/// What is known of a view without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewHead {
    /// Whose view it is.
    pub circle: Circle,
    /// The SHA-256 of its body as it was frozen, in hexadecimal digits.
    pub sha256: String,
    /// When something was erased from it.
    pub erased: Option<Instant>,
    /// The number of the edition in its place, once it became too wide.
    pub replaced_by: Option<i32>,
}

/// A row of `editions`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = editions, check_for_backend(MultiBackend))]
struct Row {
    id: Id,
    query_id: Id,
    number: i32,
    made_at: Time,
    composition: Json<Vec<Part>>,
    declined: Json<Vec<OfficeCode>>,
}

impl From<Row> for Edition {
    fn from(row: Row) -> Self {
        Self {
            id: EditionId(row.id.into()),
            query: QueryId(row.query_id.into()),
            number: row.number,
            made: row.made_at.into(),
            composition: row.composition.0,
            declined: row.declined.0,
        }
    }
}

/// Writes a new edition with its views: circle, hash and body of each. Statements: 2.
///
/// # Errors
/// [`StoreError::Unique`] `editions_query_id_number_key` when its number is taken.
pub fn insert(conn: &mut Connection, edition: &Edition, views: &[(Circle, String, String)]) -> Result<(), StoreError> {
    let row = Row {
        id: edition.id.0.into(),
        query_id: edition.query.0.into(),
        number: edition.number,
        made_at: edition.made.into(),
        composition: Json(edition.composition.clone()),
        declined: Json(edition.declined.clone()),
    };
    insert_into(editions::table).values(row).execute(conn)?;
    if views.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = views
        .iter()
        .map(|(circle, sha256, body)| {
            (
                edition_views::edition_id.eq(Id::from(edition.id.0)),
                edition_views::circle.eq(circle.word()),
                edition_views::sha256.eq(sha256),
                edition_views::body.eq(body),
            )
        })
        .collect();
    both!(conn, |database| insert_into(edition_views::table)
        .values(&rows)
        .execute(database))?;
    Ok(())
}

/// The editions of a query, the oldest first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn list(conn: &mut Connection, query: QueryId) -> Result<Vec<Edition>, StoreError> {
    let rows: Vec<Row> = editions::table
        .filter(editions::query_id.eq(Id::from(query.0)))
        .order(editions::number)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Edition::from).collect())
}

/// All editions there are: query, id, number and when it was made. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn all(conn: &mut Connection) -> Result<Vec<(QueryId, EditionId, i32, Instant)>, StoreError> {
    let rows: Vec<(Id, Id, i32, Time)> = editions::table
        .order((editions::made_at, editions::id))
        .select((editions::query_id, editions::id, editions::number, editions::made_at))
        .load(conn)?;
    let known = |(query, id, number, made): (Id, Id, i32, Time)| {
        (QueryId(query.into()), EditionId(id.into()), number, made.into())
    };
    Ok(rows.into_iter().map(known).collect())
}

/// Finds an edition by its number. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, query: QueryId, number: i32) -> Result<Option<Edition>, StoreError> {
    let row = editions::table
        .filter(editions::query_id.eq(Id::from(query.0)))
        .filter(editions::number.eq(number))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Edition::from))
}

/// The edition of a query with the highest number. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn last(conn: &mut Connection, query: QueryId) -> Result<Option<Edition>, StoreError> {
    let row = editions::table
        .filter(editions::query_id.eq(Id::from(query.0)))
        .order(editions::number.desc())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Edition::from))
}

/// One view of an edition, replaced ones too. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn view(
    conn: &mut Connection,
    query: QueryId,
    number: i32,
    circle: Circle,
) -> Result<Option<(Edition, StoredView)>, StoreError> {
    let found: Option<(Row, String, String, Option<i32>)> = editions::table
        .inner_join(edition_views::table)
        .filter(editions::query_id.eq(Id::from(query.0)))
        .filter(editions::number.eq(number))
        .filter(edition_views::circle.eq(circle.word()))
        .select((
            Row::as_select(),
            edition_views::sha256,
            edition_views::body,
            edition_views::replaced_by,
        ))
        .first(conn)
        .optional()?;
    Ok(found.map(|(row, sha256, body, replaced_by)| {
        let view = StoredView {
            circle,
            sha256,
            body,
            replaced_by,
        };
        (row.into(), view)
    }))
}

type SummaryTexts = (String, String, String, Option<Time>);
/// The hash of the body that is left of a view, and when something was erased from it.
type Left = (Option<String>, Option<Time>);
type FrozenRow = (Id, String, Left, Option<i32>, Option<SummaryTexts>);

fn frozen_view((edition, sha256, (left, erased_at), replaced_by, texts): FrozenRow) -> Result<FrozenView, StoreError> {
    Ok(FrozenView {
        edition: EditionId(edition.into()),
        sha256,
        erased: left.zip(erased_at.map(Instant::from)),
        replaced_by,
        summary: match texts {
            Some((background, respondents, findings, Some(signed))) => {
                let summary = Summary {
                    background: from_word(&background)?,
                    respondents: from_word(&respondents)?,
                    findings: from_word(&findings)?,
                };
                Some((summary, signed.into()))
            }
            _ => None,
        },
    })
}

/// The views of these editions for a circle, without their bodies, replaced ones too. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn frozen_of(conn: &mut Connection, ids: &[EditionId], circle: Circle) -> Result<Vec<FrozenView>, StoreError> {
    let ids: Vec<Id> = ids.iter().map(|id| Id::from(id.0)).collect();
    let signed = summaries::edition_id
        .eq(edition_views::edition_id)
        .and(summaries::circle.eq(edition_views::circle))
        .and(summaries::signed_at.is_not_null());
    let rows: Vec<FrozenRow> = both!(conn, |database| edition_views::table
        .left_join(summaries::table.on(signed))
        .filter(edition_views::edition_id.eq_any(ids))
        .filter(edition_views::circle.eq(circle.word()))
        .select((
            edition_views::edition_id,
            edition_views::sha256,
            (edition_views::body_sha256, edition_views::erased_at),
            edition_views::replaced_by,
            (
                summaries::background,
                summaries::respondents,
                summaries::findings,
                summaries::signed_at,
            )
                .nullable(),
        ))
        .load(database))?;
    rows.into_iter().map(frozen_view).collect()
}

/// One view of an edition without its body, replaced ones too. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn frozen(
    conn: &mut Connection,
    query: QueryId,
    number: i32,
    circle: Circle,
) -> Result<Option<FrozenView>, StoreError> {
    let signed = summaries::edition_id
        .eq(edition_views::edition_id)
        .and(summaries::circle.eq(edition_views::circle))
        .and(summaries::signed_at.is_not_null());
    let found: Option<FrozenRow> = both!(conn, |database| editions::table
        .inner_join(edition_views::table)
        .left_join(summaries::table.on(signed))
        .filter(editions::query_id.eq(Id::from(query.0)))
        .filter(editions::number.eq(number))
        .filter(edition_views::circle.eq(circle.word()))
        .select((
            editions::id,
            edition_views::sha256,
            (edition_views::body_sha256, edition_views::erased_at),
            edition_views::replaced_by,
            (
                summaries::background,
                summaries::respondents,
                summaries::findings,
                summaries::signed_at,
            )
                .nullable(),
        ))
        .first(database))
    .optional()?;
    found.map(frozen_view).transpose()
}

/// What editions took in. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn compositions(conn: &mut Connection, ids: &[EditionId]) -> Result<Vec<(EditionId, Vec<Part>)>, StoreError> {
    let ids: Vec<Id> = ids.iter().map(|id| Id::from(id.0)).collect();
    let rows: Vec<(Id, Json<Vec<Part>>)> = both!(conn, |database| editions::table
        .filter(editions::id.eq_any(ids))
        .select((editions::id, editions::composition))
        .load(database))?;
    Ok(rows
        .into_iter()
        .map(|(id, composition)| (EditionId(id.into()), composition.0))
        .collect())
}

/// The body of a view, byte for byte as it was hashed. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn body(conn: &mut Connection, edition: EditionId, circle: Circle) -> Result<Option<String>, StoreError> {
    Ok(edition_views::table
        .filter(edition_views::edition_id.eq(Id::from(edition.0)))
        .filter(edition_views::circle.eq(circle.word()))
        .select(edition_views::body)
        .first(conn)
        .optional()?)
}

/// The bodies of the views of a query for a circle, replaced ones too, the oldest edition first. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn bodies(conn: &mut Connection, query: QueryId, circle: Circle) -> Result<Vec<String>, StoreError> {
    Ok(editions::table
        .inner_join(edition_views::table)
        .filter(editions::query_id.eq(Id::from(query.0)))
        .filter(edition_views::circle.eq(circle.word()))
        .order(editions::number)
        .select(edition_views::body)
        .load(conn)?)
}

/// The views of an edition, the narrowest circle first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn views(conn: &mut Connection, edition: EditionId) -> Result<Vec<ViewHead>, StoreError> {
    let rows: Vec<HeadRow> = edition_views::table
        .filter(edition_views::edition_id.eq(Id::from(edition.0)))
        .select((
            edition_views::circle,
            edition_views::sha256,
            edition_views::erased_at,
            edition_views::replaced_by,
        ))
        .load(conn)?;
    let mut heads = rows.into_iter().map(head).collect::<Result<Vec<_>, _>>()?;
    heads.sort_by_key(|head| head.circle);
    Ok(heads)
}

/// The views of all editions of a query with the id and number of their edition, the oldest edition and the narrowest circle
/// first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn views_of_query(conn: &mut Connection, query: QueryId) -> Result<Vec<(EditionId, i32, ViewHead)>, StoreError> {
    let rows: Vec<(i32, Id, HeadRow)> = editions::table
        .inner_join(edition_views::table)
        .filter(editions::query_id.eq(Id::from(query.0)))
        .select((
            editions::number,
            editions::id,
            (
                edition_views::circle,
                edition_views::sha256,
                edition_views::erased_at,
                edition_views::replaced_by,
            ),
        ))
        .load(conn)?;
    let mut heads = rows
        .into_iter()
        .map(|(number, edition, row)| Ok((EditionId(edition.into()), number, head(row)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    heads.sort_by_key(|(_, number, head)| (*number, head.circle));
    Ok(heads)
}

/// Circle, hash, when something was erased, and the edition in its place.
type HeadRow = (String, String, Option<Time>, Option<i32>);

fn head((circle, sha256, erased, replaced_by): HeadRow) -> Result<ViewHead, StoreError> {
    Ok(ViewHead {
        circle: from_word(&circle)?,
        sha256,
        erased: erased.map(Instant::from),
        replaced_by,
    })
}

/// Notes that edition `by` took the place of a view; one that was replaced before keeps its note. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn mark_replaced(conn: &mut Connection, edition: EditionId, circle: Circle, by: i32) -> Result<(), StoreError> {
    let in_force = edition_views::table
        .filter(edition_views::edition_id.eq(Id::from(edition.0)))
        .filter(edition_views::circle.eq(circle.word()))
        .filter(edition_views::replaced_by.is_null());
    diesel::update(in_force)
        .set(edition_views::replaced_by.eq(by))
        .execute(conn)?;
    Ok(())
}
