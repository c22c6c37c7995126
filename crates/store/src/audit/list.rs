//! The trail as people read it: what has its number, the newest first.

use super::{Event, Row};
use crate::column::{Id, Time};
use crate::connection::MultiBackend;
use crate::schema::{audit_events, audit_seals};
use crate::{Connection, StoreError};
use ahq_domain::audit::READ_RESTRICTED;
use ahq_domain::clock::Instant;
use ahq_domain::id::UserId;
use ahq_domain::office::OfficeCode;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

/// An event with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its number.
    pub number: i64,
    /// The hash over all events up to it, in hexadecimal digits.
    pub hash: String,
    /// The event.
    pub event: Event,
}

/// Which events are meant; all where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// To this thing.
    pub subject: Option<String>,
    /// This was done.
    pub action: Option<String>,
    /// By somebody of this office.
    pub office: Option<OfficeCode>,
    /// By this user.
    pub user: Option<UserId>,
    /// From this moment on.
    pub from: Option<Instant>,
    /// Until before this moment.
    pub to: Option<Instant>,
    /// About the responses of this office: what was done to one of them, and reads that showed its restricted answers.
    pub about_responses_of: Option<OfficeCode>,
}

/// A page of the events that have a number, the newest first: those before the number `before`. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn page(
    conn: &mut Connection,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Sealed>, StoreError> {
    let mut rows = audit_seals::table
        .inner_join(audit_events::table)
        .order(audit_seals::number.desc())
        .limit(limit)
        .select((audit_seals::number, audit_seals::hash, Row::as_select()))
        .into_boxed::<MultiBackend>();
    if let Some(before) = before {
        rows = rows.filter(audit_seals::number.lt(before));
    }
    if let Some(subject) = &filter.subject {
        rows = rows.filter(audit_events::subject.eq(subject.clone()));
    }
    if let Some(action) = &filter.action {
        rows = rows.filter(audit_events::action.eq(action.clone()));
    }
    if let Some(office) = &filter.office {
        rows = rows.filter(audit_events::office.eq(office.to_string()));
    }
    if let Some(user) = filter.user {
        rows = rows.filter(audit_events::user_id.eq(Id::from(user.0)));
    }
    if let Some(from) = filter.from {
        rows = rows.filter(audit_events::at.ge(Time::from(from)));
    }
    if let Some(to) = filter.to {
        rows = rows.filter(audit_events::at.lt(Time::from(to)));
    }
    if let Some(office) = &filter.about_responses_of {
        // A code is two or three letters: nothing in it means anything to LIKE.
        let shown = diesel::dsl::sql::<Bool>("CAST(audit_events.facts AS text) LIKE ")
            .bind::<Text, _>(format!("%\"{office}\"%"));
        rows = rows.filter(
            audit_events::subject
                .like(format!("query/%/response/{office}"))
                .or(audit_events::subject.like(format!("query/%/response/{office}/%")))
                .or(audit_events::action.eq(READ_RESTRICTED).and(shown)),
        );
    }
    let rows: Vec<(i64, String, Row)> = rows.load(conn)?;
    rows.into_iter()
        .map(|(number, hash, row)| {
            Ok(Sealed {
                number,
                hash,
                event: row.into_event()?,
            })
        })
        .collect()
}
