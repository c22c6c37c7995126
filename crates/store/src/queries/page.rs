//! Lists of queries, page by page: what each caller may read, filtered and sorted.
//!
//! A page begins after a row, not at a count: rows that come or go meanwhile neither repeat nor hide another. Each page is
//! one statement and reads no long text.

use super::condition::{Condition, is_addressed, is_requester, readable, status};
use super::order::{Cursor, Key, QuerySort, follows};
use super::row::ImportedNumber;
use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::connection::phrase::{
    folded, json_list_contains, json_list_contains_member, json_object_list_contains, listed_until, nulls_last,
    text_contains,
};
use crate::schema::{addressees, editions, queries, responses};
use crate::word::from_word;
use crate::{Connection, StoreError};
use ahq_domain::clock::Instant;
use ahq_domain::id::QueryId;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::QueryScope;
use ahq_domain::query::{Joint, Status};
use ahq_domain::response::ResponseStatus;
use chrono::NaiveDate;
use diesel::dsl::{self, exists};
use diesel::expression::{AppearsOnTable, BoxableExpression, Expression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Bool, Nullable, Text};

/// A query in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryItem {
    /// Its id.
    pub id: QueryId,
    /// Its version.
    pub version: i64,
    /// Its number as documents print it.
    pub number: Option<String>,
    /// Its title.
    pub title: String,
    /// The requesting office.
    pub lead: OfficeCode,
    /// The joint offices that accepted.
    pub joint: Vec<OfficeCode>,
    /// Ids of its topics.
    pub topics: Vec<String>,
    /// Where it stands.
    pub status: Status,
    /// The Brussels day it was requested.
    pub requested_on: Option<NaiveDate>,
    /// The last day for answers; of a draft the one wished for.
    pub deadline: Option<NaiveDate>,
    /// The first instant too late for an answer; of launched queries only.
    pub ends: Option<Instant>,
    /// Whether it says why it is urgent.
    pub urgent: bool,
    /// The number of its newest edition.
    pub edition: Option<i32>,
    /// When it was last changed.
    pub changed: Instant,
    /// Where the response of the caller's office stands.
    pub own_response: Option<ResponseStatus>,
    /// Whether the caller's office is an addressee.
    pub addressed: bool,
}

/// What a list holds; what is not said limits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryFilter {
    /// One of these.
    pub status: Vec<Status>,
    /// A topic's id.
    pub topic: Option<String>,
    /// A keyword, as it is written.
    pub keyword: Option<String>,
    /// The lead or a joint office that accepted.
    pub requester: Option<OfficeCode>,
    /// An office that answered: its response is submitted, or an imported query names it. In the public list one that
    /// an edition names whose public view is or was public, or an imported query.
    pub respondent: Option<OfficeCode>,
    /// The Brussels year it was requested in.
    pub year: Option<i32>,
    /// Part of the title, capitals and small letters being one.
    pub title: Option<String>,
    /// An addressee.
    pub addressed_to: Option<OfficeCode>,
}

/// The columns of an item, in the order of the statement.
#[derive(Debug, Queryable)]
#[diesel(check_for_backend(MultiBackend))]
struct ItemRow {
    id: Id,
    version: i64,
    number_year: Option<i32>,
    number_sequence: Option<i32>,
    imported: Option<Json<ImportedNumber>>,
    title: String,
    lead: String,
    joint: Json<Vec<Joint>>,
    topics: Json<Vec<String>>,
    status: String,
    requested_on: Option<NaiveDate>,
    deadline: Option<NaiveDate>,
    ends_at: Option<Time>,
    urgent: bool,
    edition_number: Option<i32>,
    changed_at: Time,
    own_response: Option<String>,
    addressed: bool,
}

impl ItemRow {
    fn number(&self) -> Option<QueryNumber> {
        let (Some(year), Some(sequence)) = (self.number_year, self.number_sequence) else {
            return None;
        };
        Some(QueryNumber { year, sequence })
    }

    fn cursor(&self, sort: QuerySort) -> Cursor {
        let key = match sort {
            QuerySort::Requested => self.requested_on.map(Key::Date),
            QuerySort::Deadline => self.deadline.map(Key::Date),
            QuerySort::Number => self.number().map(Key::Number),
            QuerySort::Title => Some(Key::Title(self.title.clone())),
            QuerySort::Changed => Some(Key::Moment(self.changed_at.into())),
        };
        Cursor::of(self.id, key)
    }

    fn into_item(self) -> Result<QueryItem, StoreError> {
        let number = match &self.imported {
            Some(Json(imported)) => imported.number.clone(),
            None => self.number().map(|number| number.to_string()),
        };
        let accepted = self.joint.0.into_iter().filter(|joint| joint.accepted.is_some());
        Ok(QueryItem {
            id: QueryId(self.id.into()),
            version: self.version,
            number,
            title: self.title,
            lead: from_word(&self.lead)?,
            joint: accepted.map(|joint| joint.office).collect(),
            topics: self.topics.0,
            status: from_word(&self.status)?,
            requested_on: self.requested_on,
            deadline: self.deadline,
            ends: self.ends_at.map(Into::into),
            urgent: self.urgent,
            edition: self.edition_number,
            changed: self.changed_at.into(),
            own_response: self.own_response.as_deref().map(from_word).transpose()?,
            addressed: self.addressed,
        })
    }
}

type Boxed<T> = Box<dyn BoxableExpression<queries::table, MultiBackend, SqlType = T>>;

/// An item's columns.
type Columns = (
    queries::id,
    queries::version,
    queries::number_year,
    queries::number_sequence,
    queries::imported,
    queries::title,
    queries::lead,
    queries::joint,
    queries::topics,
    Boxed<Text>,
    queries::requested_on,
    queries::deadline,
    queries::ends_at,
    dsl::IsNotNull<queries::urgent_reason>,
    queries::edition_number,
    queries::changed_at,
    Boxed<Nullable<Text>>,
    Boxed<Bool>,
);

/// The statement of a list, to which conditions are added one by one.
type Rows = dsl::IntoBoxed<'static, dsl::Select<queries::table, Columns>, MultiBackend>;

/// A page of the queries that `scope` lets its caller read, and the cursor of the next page when there is one. `office`
/// is the caller's. Statements: 1, or none for a scope of nothing.
///
/// # Errors
/// [`StoreError::Other`] for a cursor that does not fit the sort (see [`Cursor::fits`]).
#[expect(
    clippy::too_many_arguments,
    reason = "a list has this many sides, and one place that calls it"
)]
pub fn page(
    conn: &mut Connection,
    scope: &QueryScope,
    office: Option<&OfficeCode>,
    filter: &QueryFilter,
    sort: QuerySort,
    descending: bool,
    after: Option<&Cursor>,
    limit: i64,
    now: Instant,
) -> Result<(Vec<QueryItem>, Option<Cursor>), StoreError> {
    if *scope == QueryScope::Nothing {
        return Ok((Vec::new(), None));
    }
    let mut rows = filtered(items(office, now), filter, now);
    if let Some(readable) = readable(scope) {
        rows = rows.filter(readable);
    }
    if let Some(respondent) = &filter.respondent {
        rows = rows.filter(
            exists(
                responses::table
                    .filter(responses::query_id.eq(queries::id))
                    .filter(responses::office.eq(respondent.to_string()))
                    .filter(responses::status.eq("submitted")),
            )
            .or(json_object_list_contains(
                queries::imported,
                "respondents",
                respondent.as_str(),
            )),
        );
    }
    finish(conn, rows, sort, descending, after, limit)
}

/// A page of the published queries, for everybody: nothing in it tells of what happened since. Statements: 1.
///
/// # Errors
/// As [`page`].
pub fn public_page(
    conn: &mut Connection,
    filter: &QueryFilter,
    sort: QuerySort,
    descending: bool,
    after: Option<&Cursor>,
    limit: i64,
    now: Instant,
) -> Result<(Vec<QueryItem>, Option<Cursor>), StoreError> {
    let mut rows = filtered(items(None, now), filter, now).filter(status(now).eq(Status::Published.word()));
    if let Some(respondent) = &filter.respondent {
        rows =
            rows.filter(
                AnEdition {
                    condition: listed_until(queries::publications, editions::number, now).and(
                        json_list_contains_member(editions::composition, "office", respondent.as_str()),
                    ),
                }
                .or(json_object_list_contains(
                    queries::imported,
                    "respondents",
                    respondent.as_str(),
                )),
            );
    }
    finish(conn, rows, sort, descending, after, limit)
}

/// Queries with an edition that fulfils a condition. diesel's own `exists` takes no phrases that differ by database.
#[derive(Debug, ValidGrouping)]
struct AnEdition<C> {
    condition: C,
}

impl<C> Expression for AnEdition<C> {
    type SqlType = Bool;
}
impl<C> SelectableExpression<queries::table> for AnEdition<C> {}
impl<C> AppearsOnTable<queries::table> for AnEdition<C> {}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for AnEdition<C> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        pass.push_sql("EXISTS (SELECT 1 FROM editions WHERE editions.query_id = queries.id AND ");
        self.condition.walk_ast(pass.reborrow())?;
        pass.push_sql(")");
        Ok(())
    }
}

fn items(office: Option<&OfficeCode>, now: Instant) -> Rows {
    // No office has this code.
    let office = office.map_or("", OfficeCode::as_str).to_owned();
    let own_response: Boxed<Nullable<Text>> = Box::new(
        responses::table
            .filter(responses::query_id.eq(queries::id))
            .filter(responses::office.eq(office.clone()))
            .select(responses::status)
            .single_value(),
    );
    let addressed: Boxed<Bool> = Box::new(exists(
        addressees::table
            .filter(addressees::query_id.eq(queries::id))
            .filter(addressees::office.eq(office)),
    ));
    queries::table
        .select((
            queries::id,
            queries::version,
            queries::number_year,
            queries::number_sequence,
            queries::imported,
            queries::title,
            queries::lead,
            queries::joint,
            queries::topics,
            status(now),
            queries::requested_on,
            queries::deadline,
            queries::ends_at,
            queries::urgent_reason.is_not_null(),
            queries::edition_number,
            queries::changed_at,
            own_response,
            addressed,
        ))
        .into_boxed()
}

/// Adds the conditions that mean the same in every list: all but the respondent.
fn filtered(mut rows: Rows, filter: &QueryFilter, now: Instant) -> Rows {
    let is = |wanted: &Status| -> Condition { Box::new(status(now).eq(wanted.word()).nullable()) };
    if let Some(one_of) = filter
        .status
        .iter()
        .map(is)
        .reduce(|one, other| Box::new(one.or(other)))
    {
        rows = rows.filter(one_of);
        // Open queries are few among all that there were: found by their ends, not by reading every row's status. The
        // same for each of them, the first key of the order keeps SQLite from walking all rows in the order of the rest.
        if filter.status == [Status::Open] {
            rows = rows
                .filter(queries::ends_at.gt(Time::from(now)))
                .then_order_by(queries::ends_at.is_null());
        }
    }
    if let Some(topic) = &filter.topic {
        rows = rows.filter(json_list_contains(queries::topics, topic));
    }
    if let Some(keyword) = &filter.keyword {
        rows = rows.filter(json_list_contains(queries::keywords, keyword));
    }
    if let Some(requester) = &filter.requester {
        rows = rows.filter(is_requester(requester));
    }
    if let Some(year) = filter.year {
        let of_year = |month, day| NaiveDate::from_ymd_opt(year, month, day);
        // A year that no calendar has is one in which nothing was requested.
        rows = rows.filter(queries::requested_on.between(of_year(1, 1), of_year(12, 31)));
    }
    if let Some(title) = &filter.title {
        rows = rows.filter(text_contains(queries::title, title));
    }
    if let Some(addressee) = &filter.addressed_to {
        rows = rows.filter(is_addressed(addressee));
    }
    rows
}

/// Sorts, begins after the cursor, and loads.
fn finish(
    conn: &mut Connection,
    rows: Rows,
    sort: QuerySort,
    descending: bool,
    after: Option<&Cursor>,
    limit: i64,
) -> Result<(Vec<QueryItem>, Option<Cursor>), StoreError> {
    let rows = match after {
        Some(cursor) => rows.filter(follows(sort, descending, cursor)?),
        None => rows,
    };
    let rows = match sort {
        QuerySort::Requested => rows.then_order_by(nulls_last(queries::requested_on, descending)),
        QuerySort::Deadline => rows.then_order_by(nulls_last(queries::deadline, descending)),
        QuerySort::Number => rows
            .then_order_by(nulls_last(queries::number_year, descending))
            .then_order_by(nulls_last(queries::number_sequence, descending)),
        QuerySort::Title => rows.then_order_by(nulls_last(folded(queries::title), descending)),
        QuerySort::Changed => rows.then_order_by(nulls_last(queries::changed_at, descending)),
    };
    // One row more tells whether there is a next page.
    let mut found: Vec<ItemRow> = rows
        .then_order_by(nulls_last(queries::id, descending))
        .limit(limit.saturating_add(1))
        .load(conn)?;
    let limit = usize::try_from(limit).unwrap_or(0);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.cursor(sort));
    let items = found.into_iter().map(ItemRow::into_item).collect::<Result<_, _>>()?;
    Ok((items, next))
}
