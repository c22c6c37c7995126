//! The orders of lists, and where in one of them a page begins.

use super::condition::Condition;
use crate::StoreError;
use crate::column::{Id, Time};
use crate::connection::phrase::folded;
use crate::schema::queries;
use ahq_domain::clock::Instant;
use ahq_domain::id::QueryId;
use ahq_domain::number::QueryNumber;
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};
use diesel::prelude::*;
use diesel::sql_types::Text;

/// What a list is sorted by; rows without such a value stand last in both directions, equal ones by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuerySort {
    /// The day it was requested: descending is newest first.
    Requested,
    /// The deadline.
    Deadline,
    /// The number, by year and sequence.
    Number,
    /// The title, capitals and small letters being one.
    Title,
    /// When it was last changed.
    Changed,
}

/// The last row of a page, after which the next one begins. It belongs to one sort.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cursor {
    /// The row's sort value as text; none where it has none.
    pub key: Option<String>,
    /// The row.
    pub id: QueryId,
}

impl Cursor {
    pub(super) fn of(id: Id, key: Option<Key>) -> Self {
        Self {
            key: key.map(Key::into_text),
            id: QueryId(id.into()),
        }
    }

    /// Whether its key is a value of this sort: one that a caller made up may be none.
    pub fn fits(&self, sort: QuerySort) -> bool {
        match &self.key {
            Some(key) => Key::parse(key, sort).is_some(),
            None => matches!(sort, QuerySort::Requested | QuerySort::Deadline | QuerySort::Number),
        }
    }
}

/// A sort value.
pub(super) enum Key {
    Date(NaiveDate),
    Number(QueryNumber),
    Title(String),
    Moment(Instant),
}

impl Key {
    fn into_text(self) -> String {
        match self {
            Self::Date(date) => date.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Title(title) => title,
            Self::Moment(moment) => moment.to_rfc3339_opts(SecondsFormat::Micros, true),
        }
    }

    fn parse(text: &str, sort: QuerySort) -> Option<Self> {
        match sort {
            QuerySort::Requested | QuerySort::Deadline => text.parse().ok().map(Self::Date),
            QuerySort::Number => text.parse().ok().map(Self::Number),
            // What no text column can hold is no title.
            QuerySort::Title => (!text.contains('\0')).then(|| Self::Title(text.to_owned())),
            QuerySort::Changed => {
                let moment = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
                (0..=9999).contains(&moment.year()).then_some(Self::Moment(moment))
            }
        }
    }
}

/// Rows that stand after the cursor's in this order.
pub(super) fn follows(sort: QuerySort, descending: bool, cursor: &Cursor) -> Result<Condition, StoreError> {
    let id = Id::from(cursor.id.0);
    macro_rules! beyond {
        ($column:expr, $value:expr) => {
            if descending {
                Box::new($column.lt($value).nullable()) as Condition
            } else {
                Box::new($column.gt($value).nullable())
            }
        };
    }
    let Some(text) = &cursor.key else {
        let without: Condition = match sort {
            QuerySort::Requested => Box::new(queries::requested_on.is_null().nullable()),
            QuerySort::Deadline => Box::new(queries::deadline.is_null().nullable()),
            QuerySort::Number => Box::new(queries::number_sequence.is_null().nullable()),
            QuerySort::Title | QuerySort::Changed => return Err(unfit()),
        };
        return Ok(Box::new(without.and(beyond!(queries::id, id))));
    };
    macro_rules! beyond_row {
        ($column:expr, $value:expr) => {
            beyond!($column, $value).or($column.eq($value).and(beyond!(queries::id, id)))
        };
    }
    Ok(match (sort, Key::parse(text, sort).ok_or_else(unfit)?) {
        (QuerySort::Requested, Key::Date(date)) => {
            Box::new(beyond_row!(queries::requested_on, date).or(queries::requested_on.is_null()))
        }
        (QuerySort::Deadline, Key::Date(date)) => {
            Box::new(beyond_row!(queries::deadline, date).or(queries::deadline.is_null()))
        }
        (QuerySort::Number, Key::Number(number)) => {
            let later = queries::number_year
                .eq(number.year)
                .and(beyond!(queries::number_sequence, number.sequence));
            Box::new(
                beyond!(queries::number_year, number.year)
                    .or(later)
                    .or(queries::number_sequence.is_null()),
            )
        }
        (QuerySort::Title, Key::Title(title)) => {
            let value = folded(title.into_sql::<Text>());
            Box::new(beyond_row!(folded(queries::title), value.clone()))
        }
        (QuerySort::Changed, Key::Moment(moment)) => Box::new(beyond_row!(queries::changed_at, Time::from(moment))),
        _ => return Err(unfit()),
    })
}

fn unfit() -> StoreError {
    StoreError::Other("a cursor that does not fit the sort".to_owned())
}
