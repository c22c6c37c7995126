//! Reminders whose day came: one row for an office, a query, a deadline of that office and a step, whether or not a
//! message left. That there is only one is what keeps anybody from being reminded twice.

use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::reminders;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use ahq_domain::id::{MessageId, QueryId};
use ahq_domain::office::OfficeCode;
use ahq_domain::reminder::Step;
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// Which reminder: a step of the schedule, or the extra one that the requesting office asked for on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// One of the schedule.
    Step(Step),
    /// The extra one of a day.
    Extra(NaiveDate),
}

/// A reminder whose day came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// The query.
    pub query: QueryId,
    /// The office.
    pub office: OfficeCode,
    /// The deadline it had then.
    pub deadline: NaiveDate,
    /// Which one.
    pub which: Which,
    /// When it was looked at.
    pub at: Instant,
    /// The message; none where the office had answered, or a later reminder stood for this one.
    pub message: Option<MessageId>,
}

/// A row of `reminders`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = reminders, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
struct Row {
    query_id: Id,
    office: String,
    deadline: NaiveDate,
    step: String,
    at: Time,
    message_id: Option<Id>,
}

impl Row {
    fn of(reminder: &Reminder) -> Result<Self, StoreError> {
        Ok(Self {
            query_id: reminder.query.0.into(),
            office: reminder.office.to_string(),
            deadline: reminder.deadline,
            step: match reminder.which {
                Which::Step(step) => to_word(&step)?,
                Which::Extra(day) => day.to_string(),
            },
            at: reminder.at.into(),
            message_id: reminder.message.map(|message| message.0.into()),
        })
    }

    fn into_reminder(self) -> Result<Reminder, StoreError> {
        Ok(Reminder {
            query: QueryId(self.query_id.into()),
            office: from_word(&self.office)?,
            deadline: self.deadline,
            which: match self.step.parse() {
                Ok(day) => Which::Extra(day),
                Err(_) => Which::Step(from_word(&self.step)?),
            },
            at: self.at.into(),
            message: self.message_id.map(|id| MessageId(id.into())),
        })
    }
}

/// Writes reminders down. Statements: 1, or none for none.
///
/// # Errors
/// [`StoreError::Unique`] when one of them was written down before.
pub fn put_all(conn: &mut Connection, reminders: &[Reminder]) -> Result<(), StoreError> {
    if reminders.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = reminders.iter().map(Row::of).collect::<Result<_, _>>()?;
    both!(conn, |database| insert_into(reminders::table)
        .values(&rows)
        .execute(database))?;
    Ok(())
}

/// The reminders about these queries, by query, office and time. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_queries(conn: &mut Connection, queries: &[QueryId]) -> Result<Vec<Reminder>, StoreError> {
    let ids: Vec<Id> = queries.iter().map(|query| query.0.into()).collect();
    let rows: Vec<Row> = both!(conn, |database| reminders::table
        .filter(reminders::query_id.eq_any(ids))
        .order((reminders::query_id, reminders::office, reminders::at, reminders::step))
        .select(Row::as_select())
        .load(database))?;
    rows.into_iter().map(Row::into_reminder).collect()
}
