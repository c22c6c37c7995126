//! Submitted versions of responses: written once, never changed, and read together for compilations.
//!
//! An answer of unknown circle goes to nobody but the requesters.

use super::Row;
use crate::column::{Id, Json, JsonText, Time};
use crate::schema::{response_versions, responses};
use crate::word::from_word;
use crate::{Connection, StoreError, both};
use ahq_domain::answer::Answer;
use ahq_domain::clock::Instant;
use ahq_domain::compilation::{Part, Submitted};
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{QueryId, ResponseId, UserId};
use ahq_domain::question::Key;
use ahq_domain::response::{Response, Version};
use diesel::insert_into;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Writes a new version. Statements: 1.
///
/// # Errors
/// [`StoreError::Unique`] `response_versions_response_id_number_key` when there is one with its number.
pub fn insert_version(conn: &mut Connection, response: ResponseId, version: &Version) -> Result<(), StoreError> {
    insert_into(response_versions::table)
        .values((
            response_versions::response_id.eq(Id::from(response.0)),
            response_versions::number.eq(version.number),
            response_versions::submitted_at.eq(Time::from(version.at)),
            response_versions::submitted_by.eq(version.by.map(|user| Id::from(user.0))),
            response_versions::answers.eq(Json(version.answers.clone())),
        ))
        .execute(conn)?;
    Ok(())
}

/// The versions of a response, retracted ones too: number and time, in order. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn versions(conn: &mut Connection, response: ResponseId) -> Result<Vec<(i32, Instant)>, StoreError> {
    let rows: Vec<(i32, Time)> = response_versions::table
        .filter(response_versions::response_id.eq(Id::from(response.0)))
        .order(response_versions::number)
        .select((response_versions::number, response_versions::submitted_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(number, at)| (number, at.into())).collect())
}

/// One version, its answers with the circles of its own moment. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn version(conn: &mut Connection, response: ResponseId, number: i32) -> Result<Option<Version>, StoreError> {
    let found: Option<(Time, Option<Id>, Json<Vec<Answer>>)> = response_versions::table
        .filter(response_versions::response_id.eq(Id::from(response.0)))
        .filter(response_versions::number.eq(number))
        .select((
            response_versions::submitted_at,
            response_versions::submitted_by,
            response_versions::answers,
        ))
        .first(conn)
        .optional()?;
    Ok(found.map(|(at, by, Json(answers))| Version {
        number,
        at: at.into(),
        by: by.map(|user| UserId(user.into())),
        answers,
    }))
}

/// The submitted responses to a query by office: the versions in force, each answer with its present circle.
/// Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn submitted(conn: &mut Connection, query: QueryId) -> Result<Vec<Submitted>, StoreError> {
    type Row = (String, i32, bool, Json<BTreeMap<Key, Circle>>, Time, Json<Vec<Answer>>);
    let in_force = response_versions::response_id
        .eq(responses::id)
        .and(response_versions::number.eq(responses::last_version));
    let rows: Vec<Row> = both!(conn, |database| responses::table
        .inner_join(response_versions::table.on(in_force))
        .filter(responses::query_id.eq(Id::from(query.0)))
        .filter(responses::status.eq("submitted"))
        .order(responses::office)
        .select((
            responses::office,
            responses::last_version,
            responses::late,
            responses::circles,
            response_versions::submitted_at,
            response_versions::answers,
        ))
        .load(database))?;
    rows.into_iter()
        .map(|(office, version, late, Json(circles), at, Json(answers))| {
            Ok(Submitted {
                office: from_word(&office)?,
                version,
                at: at.into(),
                late,
                answers: in_circles(answers, &circles),
            })
        })
        .collect()
}

/// All responses to a query by office, those in drafting too, each with its version in force where it is submitted, each
/// answer of that with its present circle. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn with_answers(conn: &mut Connection, query: QueryId) -> Result<Vec<(Response, Option<Submitted>)>, StoreError> {
    type Version = (Time, Json<Vec<Answer>>);
    type Found = (Row, Json<BTreeMap<Key, Circle>>, Option<Version>);
    let in_force = response_versions::response_id
        .eq(responses::id)
        .and(response_versions::number.eq(responses::last_version))
        .and(responses::status.eq("submitted"));
    let rows: Vec<Found> = both!(conn, |database| responses::table
        .left_join(response_versions::table.on(in_force))
        .filter(responses::query_id.eq(Id::from(query.0)))
        .order(responses::office)
        .select((
            Row::as_select(),
            responses::circles,
            (response_versions::submitted_at, response_versions::answers).nullable(),
        ))
        .load(database))?;
    rows.into_iter()
        .map(|(row, Json(circles), version)| {
            let response = row.into_response()?;
            let submitted = version.map(|(at, Json(answers))| Submitted {
                office: response.office.clone(),
                version: response.last_version,
                at: at.into(),
                late: response.late,
                answers: in_circles(answers, &circles),
            });
            Ok((response, submitted))
        })
        .collect()
}

/// The version in force of one response, each answer with its present circle; none while nothing is submitted.
/// Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn in_force(conn: &mut Connection, response: &Response) -> Result<Option<Submitted>, StoreError> {
    type Row = (Json<BTreeMap<Key, Circle>>, Time, Json<Vec<Answer>>);
    let Some(version) = response.version_in_force() else {
        return Ok(None);
    };
    let found: Option<Row> = both!(conn, |database| responses::table
        .inner_join(response_versions::table)
        .filter(responses::id.eq(Id::from(response.id.0)))
        .filter(response_versions::number.eq(version))
        .select((
            responses::circles,
            response_versions::submitted_at,
            response_versions::answers,
        ))
        .first(database))
    .optional()?;
    Ok(found.map(|(Json(circles), at, Json(answers))| Submitted {
        office: response.office.clone(),
        version,
        at: at.into(),
        late: response.late,
        answers: in_circles(answers, &circles),
    }))
}

/// The versions that an edition of a query named, in the order of its parts, each answer with the circle it has in its
/// part. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a version is not there, or a column holds what it should not.
pub fn versions_of(conn: &mut Connection, query: QueryId, parts: &[Part]) -> Result<Vec<Submitted>, StoreError> {
    let numbers: BTreeSet<i32> = parts.iter().map(|part| part.version).collect();
    // Other offices' versions of these numbers come along; they are not parsed.
    let rows: Vec<(String, i32, JsonText)> = both!(conn, |database| responses::table
        .inner_join(response_versions::table)
        .filter(responses::query_id.eq(Id::from(query.0)))
        .filter(response_versions::number.eq_any(numbers))
        .select((responses::office, response_versions::number, response_versions::answers))
        .load(database))?;
    parts
        .iter()
        .map(|part| {
            let named = |(office, number, _): &&(String, i32, JsonText)| {
                *number == part.version && office == part.office.as_str()
            };
            let missing = || StoreError::Corrupt(format!("{} has no version {}", part.office, part.version));
            let (_, _, JsonText(answers)) = rows.iter().find(named).ok_or_else(missing)?;
            let answers = serde_json::from_str(answers).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
            Ok(Submitted {
                office: part.office.clone(),
                version: part.version,
                at: part.at,
                late: part.late,
                answers: in_circles(answers, &part.circles),
            })
        })
        .collect()
}

fn in_circles(mut answers: Vec<Answer>, circles: &BTreeMap<Key, Circle>) -> Vec<Answer> {
    for answer in &mut answers {
        answer.circle = circles.get(&answer.question).copied().unwrap_or(Circle::Requester);
    }
    answers
}
