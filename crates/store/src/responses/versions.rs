//! Submitted versions of responses: written once, never changed, and read together for compilations. Which later wordings
//! their answers were confirmed for stands beside them.
//!
//! An answer of unknown circle goes to nobody but the requesters.

use super::Row;
use crate::column::{Id, Json, JsonText, Time};
use crate::schema::{response_versions, responses};
use crate::word::from_word;
use crate::{Connection, StoreError, both, changed_one};
use ahq_domain::answer::Answer;
use ahq_domain::clock::Instant;
use ahq_domain::compilation::{Part, Submitted};
use ahq_domain::correction::{self, Confirmed};
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

/// Writes the wordings for which answers of a version are confirmed, in place of those before. It is guarded by the version
/// of its response, which [`super::update`] raises in the same transaction. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when there is no such version.
pub fn confirm(
    conn: &mut Connection,
    response: ResponseId,
    number: i32,
    confirmed: &Confirmed,
) -> Result<(), StoreError> {
    let version = response_versions::table
        .filter(response_versions::response_id.eq(Id::from(response.0)))
        .filter(response_versions::number.eq(number));
    let confirmed = response_versions::confirmed.eq(Some(Json(confirmed.clone())));
    changed_one(diesel::update(version).set(confirmed).execute(conn)?)
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
    let found: Option<(Time, Option<Id>, Submission)> = response_versions::table
        .filter(response_versions::response_id.eq(Id::from(response.0)))
        .filter(response_versions::number.eq(number))
        .select((
            response_versions::submitted_at,
            response_versions::submitted_by,
            (response_versions::answers, response_versions::confirmed),
        ))
        .first(conn)
        .optional()?;
    Ok(found.map(|(at, by, submission)| Version {
        number,
        at: at.into(),
        by: by.map(|user| UserId(user.into())),
        answers: answers(submission),
    }))
}

/// The submitted responses to a query by office: the versions in force, each answer with its present circle.
/// Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn submitted(conn: &mut Connection, query: QueryId) -> Result<Vec<Submitted>, StoreError> {
    type Row = (String, i32, bool, Json<BTreeMap<Key, Circle>>, Time, Submission);
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
            (response_versions::answers, response_versions::confirmed),
        ))
        .load(database))?;
    rows.into_iter()
        .map(|(office, version, late, Json(circles), at, submission)| {
            Ok(Submitted {
                office: from_word(&office)?,
                version,
                at: at.into(),
                late,
                answers: in_circles(answers(submission), &circles),
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
    type Version = (Time, Submission);
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
            (
                response_versions::submitted_at,
                (response_versions::answers, response_versions::confirmed),
            )
                .nullable(),
        ))
        .load(database))?;
    rows.into_iter()
        .map(|(row, Json(circles), version)| {
            let response = row.into_response()?;
            let submitted = version.map(|(at, submission)| Submitted {
                office: response.office.clone(),
                version: response.last_version,
                at: at.into(),
                late: response.late,
                answers: in_circles(answers(submission), &circles),
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
    type Row = (Json<BTreeMap<Key, Circle>>, Time, Submission);
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
            (response_versions::answers, response_versions::confirmed),
        ))
        .first(database))
    .optional()?;
    Ok(found.map(|(Json(circles), at, submission)| Submitted {
        office: response.office.clone(),
        version,
        at: at.into(),
        late: response.late,
        answers: in_circles(answers(submission), &circles),
    }))
}

/// The versions that an edition of a query named, in the order of its parts, each answer with the circle it has in its
/// part and given to the wording it was submitted to, whatever was confirmed since. Statements: 1.
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

/// Answers as they were submitted, and the wordings they were confirmed for since.
type Submission = (Json<Vec<Answer>>, Option<Json<Confirmed>>);

fn answers((Json(mut answers), confirmed): Submission) -> Vec<Answer> {
    if let Some(Json(confirmed)) = confirmed {
        correction::confirm(&mut answers, &confirmed);
    }
    answers
}

fn in_circles(mut answers: Vec<Answer>, circles: &BTreeMap<Key, Circle>) -> Vec<Answer> {
    for answer in &mut answers {
        answer.circle = circles.get(&answer.question).copied().unwrap_or(Circle::Requester);
    }
    answers
}
