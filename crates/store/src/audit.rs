//! The audit trail: who did what to which thing. Events are added with the change they tell of, and never changed or
//! deleted.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::audit_events;
use crate::word::from_word;
use crate::{Connection, StoreError};
pub use ahq_domain::audit::Event;
use ahq_domain::id::{EventId, UserId};
use ahq_domain::office::OfficeCode;
use diesel::insert_into;
use diesel::prelude::*;

mod chain;
mod list;

pub use chain::{Position, is_waiting, last_seal, seal_some, unsealed, verify_some};
pub use list::{Filter, Sealed, page};

/// A row of `audit_events`.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events, check_for_backend(MultiBackend), treat_none_as_default_value = false)]
pub(crate) struct Row {
    id: Id,
    at: Time,
    user_id: Option<Id>,
    office: Option<String>,
    action: String,
    subject: String,
    facts: Json<serde_json::Value>,
}

impl Row {
    pub(crate) fn into_event(self) -> Result<Event, StoreError> {
        Ok(Event {
            id: EventId(self.id.into()),
            at: self.at.into(),
            user: self.user_id.map(|user| UserId(user.into())),
            office: self.office.map(|office| from_word(&office)).transpose()?,
            action: self.action,
            subject: self.subject,
            facts: self.facts.0,
        })
    }
}

/// Adds an event. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn record(conn: &mut Connection, event: &Event) -> Result<(), StoreError> {
    let row = Row {
        id: event.id.0.into(),
        at: event.at.into(),
        user_id: event.user.map(|user| user.0.into()),
        office: event.office.as_ref().map(OfficeCode::to_string),
        action: event.action.clone(),
        subject: event.subject.clone(),
        facts: Json(event.facts.clone()),
    };
    insert_into(audit_events::table).values(row).execute(conn)?;
    Ok(())
}

/// What happened to one thing, in order; not to what belongs to it. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_subject(conn: &mut Connection, subject: &str) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<Row> = audit_events::table
        .filter(audit_events::subject.eq(subject))
        .order((audit_events::at, audit_events::id))
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_event).collect()
}

/// How many events are read at once when all are.
const PAGE: i64 = 5_000;

/// Reads the whole trail and gives how many events it has: each has to be one. Statements: 1 for each 5,000 events.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn read_all(conn: &mut Connection) -> Result<u64, StoreError> {
    let (mut events, mut last) = (0, None::<Id>);
    loop {
        let mut page = audit_events::table
            .order(audit_events::id)
            .limit(PAGE)
            .select(Row::as_select())
            .into_boxed();
        if let Some(last) = last {
            page = page.filter(audit_events::id.gt(last));
        }
        let rows: Vec<Row> = page.load(conn)?;
        last = rows.last().map(|row| row.id);
        for row in rows {
            row.into_event()?;
            events += 1;
        }
        if last.is_none() {
            return Ok(events);
        }
    }
}
