//! Offices: brought in by the operator, read whole, for there are a few dozen. They are never deleted.

use crate::column::Json;
use crate::connection::MultiBackend;
use crate::schema::offices;
use crate::word::{from_word, to_word};
use crate::{Connection, StoreError, both};
use ahq_domain::office::{FormerName, Office, Offices};
use chrono::NaiveDate;
use diesel::insert_into;
use diesel::prelude::*;

/// A row of `offices`.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = offices, primary_key(code), check_for_backend(MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    code: String,
    kind: String,
    standing: String,
    name: String,
    own_name: String,
    former_names: Json<Vec<FormerName>>,
    protocol_order: Option<i32>,
    since: NaiveDate,
    until: Option<NaiveDate>,
    mailbox: String,
    in_text: Option<String>,
}

impl Row {
    fn of(office: &Office) -> Result<Self, StoreError> {
        Ok(Self {
            code: office.code.to_string(),
            kind: to_word(&office.kind)?,
            standing: to_word(&office.standing)?,
            name: office.name.clone(),
            own_name: office.own_name.clone(),
            former_names: Json(office.former_names.clone()),
            protocol_order: office.protocol_order,
            since: office.since,
            until: office.until,
            mailbox: office.mailbox.clone(),
            in_text: office.in_text.clone(),
        })
    }

    fn into_office(self) -> Result<Office, StoreError> {
        Ok(Office {
            code: from_word(&self.code)?,
            kind: from_word(&self.kind)?,
            standing: from_word(&self.standing)?,
            name: self.name,
            own_name: self.own_name,
            former_names: self.former_names.0,
            protocol_order: self.protocol_order,
            since: self.since,
            until: self.until,
            mailbox: self.mailbox,
            in_text: self.in_text,
        })
    }
}

/// All offices. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn all(conn: &mut Connection) -> Result<Offices, StoreError> {
    let rows: Vec<Row> = offices::table.select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Row::into_office).collect()
}

/// Writes an office, new or over the one with its code. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn put(conn: &mut Connection, office: &Office) -> Result<(), StoreError> {
    let row = Row::of(office)?;
    both!(conn, |database| insert_into(offices::table)
        .values(&row)
        .on_conflict(offices::code)
        .do_update()
        .set(&row)
        .execute(database))?;
    Ok(())
}
