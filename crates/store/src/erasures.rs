//! Erasures: a row each, and what they take out of the tables. Which texts are meant, and what stands in their place, is not
//! decided here.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::{
    attachments, contributions, documents, draft_answers, edition_views, editions, erasures, response_versions,
    responses,
};
use crate::word::from_word;
use crate::{Connection, StoreError, both, changed_one};
use ahq_domain::answer::Answer;
use ahq_domain::clock::Instant;
use ahq_domain::dissemination::Circle;
use ahq_domain::erasure::{Deed, Erased, Erasure, Position};
use ahq_domain::id::{ContributionId, EditionId, ErasureId, QueryId, ResponseId, UserId};
use ahq_domain::office::OfficeCode;
use ahq_domain::question::Key;
use diesel::dsl::sql;
use diesel::insert_into;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use std::collections::BTreeSet;

/// A row of `erasures`.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = erasures, check_for_backend(MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: Id,
    query_id: Id,
    office: Option<String>,
    question: Option<String>,
    edition: Option<i32>,
    written_order: String,
    asked_at: Time,
    asked_by: Id,
    confirmed_at: Option<Time>,
    confirmed_by: Option<Id>,
    withdrawn_at: Option<Time>,
    withdrawn_by: Option<Id>,
}

impl Row {
    fn of(erasure: &Erasure) -> Self {
        let (confirmed, withdrawn) = match erasure.position {
            Position::Asked => (None, None),
            Position::Confirmed(deed) => (Some(deed), None),
            Position::Withdrawn(deed) => (None, Some(deed)),
        };
        let (question, edition) = match &erasure.erased {
            Erased::Response { .. } => (None, None),
            Erased::Answer { question, .. } => (Some(question.to_string()), None),
            Erased::Summary { edition } => (None, Some(*edition)),
        };
        Self {
            id: erasure.id.0.into(),
            query_id: erasure.query.0.into(),
            office: erasure.erased.office().map(OfficeCode::to_string),
            question,
            edition,
            written_order: erasure.order.clone(),
            asked_at: erasure.asked.at.into(),
            asked_by: erasure.asked.by.0.into(),
            confirmed_at: confirmed.map(|deed| deed.at.into()),
            confirmed_by: confirmed.map(|deed| deed.by.0.into()),
            withdrawn_at: withdrawn.map(|deed| deed.at.into()),
            withdrawn_by: withdrawn.map(|deed| deed.by.0.into()),
        }
    }

    fn into_erasure(self) -> Result<Erasure, StoreError> {
        let id = ErasureId(self.id.into());
        let deed = |at: Option<Time>, by: Option<Id>| {
            at.zip(by).map(|(at, by)| Deed {
                at: at.into(),
                by: UserId(by.into()),
            })
        };
        let office = self.office.as_deref().map(from_word).transpose()?;
        let question = self.question.as_deref().map(from_word).transpose()?;
        let erased = match (office, question, self.edition) {
            (Some(office), Some(question), None) => Erased::Answer { office, question },
            (Some(office), None, None) => Erased::Response { office },
            (None, None, Some(edition)) => Erased::Summary { edition },
            _ => {
                return Err(StoreError::Corrupt(format!(
                    "erasure {id} is of nothing or of two things"
                )));
            }
        };
        let confirmed = deed(self.confirmed_at, self.confirmed_by);
        let withdrawn = deed(self.withdrawn_at, self.withdrawn_by);
        Ok(Erasure {
            id,
            query: QueryId(self.query_id.into()),
            erased,
            order: self.written_order,
            asked: Deed {
                at: self.asked_at.into(),
                by: UserId(self.asked_by.into()),
            },
            position: match (confirmed, withdrawn) {
                (Some(deed), _) => Position::Confirmed(deed),
                (None, Some(deed)) => Position::Withdrawn(deed),
                (None, None) => Position::Asked,
            },
        })
    }
}

/// Writes a new erasure. Statements: 1.
///
/// # Errors
/// Those of writing.
pub fn insert(conn: &mut Connection, erasure: &Erasure) -> Result<(), StoreError> {
    insert_into(erasures::table).values(Row::of(erasure)).execute(conn)?;
    Ok(())
}

/// Finds an erasure. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn find(conn: &mut Connection, id: ErasureId) -> Result<Option<Erasure>, StoreError> {
    let row: Option<Row> = erasures::table
        .find(Id::from(id.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Row::into_erasure).transpose()
}

/// All erasures, the newest first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn list(conn: &mut Connection) -> Result<Vec<Erasure>, StoreError> {
    let rows: Vec<Row> = both!(conn, |database| erasures::table
        .order((erasures::asked_at.desc(), erasures::id.desc()))
        .select(Row::as_select())
        .load(database))?;
    rows.into_iter().map(Row::into_erasure).collect()
}

/// Writes where an erasure stands, while it is neither confirmed nor withdrawn. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it was meanwhile.
pub fn settle(conn: &mut Connection, erasure: &Erasure) -> Result<(), StoreError> {
    let row = Row::of(erasure);
    let open = erasures::table
        .filter(erasures::id.eq(row.id))
        .filter(erasures::confirmed_at.is_null())
        .filter(erasures::withdrawn_at.is_null());
    changed_one(diesel::update(open).set(row).execute(conn)?)
}

/// Takes the answers to these questions out of the draft of a response, with the files beside them, and lets `tombstone` have
/// each of them in every version. What was said to a retraction or declination gets `words` in its place where there are some.
/// Statements: 4 or 5, and 1 for each version.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn of_response(
    conn: &mut Connection,
    response: ResponseId,
    questions: &BTreeSet<Key>,
    words: Option<&str>,
    tombstone: impl Fn(&mut Answer),
) -> Result<(), StoreError> {
    let id = Id::from(response.0);
    let keys: Vec<String> = questions.iter().map(Key::to_string).collect();
    let drafted = draft_answers::table.filter(draft_answers::response_id.eq(id));
    both!(conn, |database| diesel::delete(
        drafted.filter(draft_answers::question.eq_any(&keys))
    )
    .execute(database))?;
    let beside = attachments::table.filter(attachments::response_id.eq(Some(id)));
    both!(conn, |database| diesel::delete(
        beside.filter(attachments::question.eq_any(keys.iter().map(Some)))
    )
    .execute(database))?;
    let versions: Vec<(i32, Json<Vec<Answer>>)> = response_versions::table
        .filter(response_versions::response_id.eq(id))
        .select((response_versions::number, response_versions::answers))
        .load(conn)?;
    for (number, Json(mut answers)) in versions {
        for answer in answers.iter_mut().filter(|answer| questions.contains(&answer.question)) {
            tombstone(answer);
        }
        let version = response_versions::table
            .filter(response_versions::response_id.eq(id))
            .filter(response_versions::number.eq(number));
        diesel::update(version)
            .set(response_versions::answers.eq(Json(answers)))
            .execute(conn)?;
    }
    if let Some(words) = words {
        // It is there or not as it was: where the response stands is read from it.
        let reason = sql::<Nullable<Text>>("CASE WHEN reason IS NULL THEN NULL ELSE ")
            .bind::<Text, _>(words)
            .sql(" END");
        diesel::update(responses::table.filter(responses::id.eq(id)))
            .set(responses::reason.eq(reason))
            .execute(conn)?;
    }
    Ok(())
}

/// Writes what is left of the answers of a contribution, also when its link was ended. Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub fn set_contributed(conn: &mut Connection, id: ContributionId, answers: &[Answer]) -> Result<(), StoreError> {
    let row = contributions::table.filter(contributions::id.eq(Id::from(id.0)));
    changed_one(
        diesel::update(row)
            .set((
                contributions::version.eq(contributions::version + 1),
                contributions::answers.eq(Json(answers.to_vec())),
            ))
            .execute(conn)?,
    )
}

/// Writes what is left of a view, and when something was taken out of it; its hash stays that of what was frozen.
/// Statements: 1.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there.
pub fn set_view(
    conn: &mut Connection,
    edition: EditionId,
    circle: Circle,
    body: &str,
    body_sha256: &str,
    at: Instant,
) -> Result<(), StoreError> {
    let row = edition_views::table
        .filter(edition_views::edition_id.eq(Id::from(edition.0)))
        .filter(edition_views::circle.eq(circle.word()));
    changed_one(
        diesel::update(row)
            .set((
                edition_views::body.eq(body),
                edition_views::body_sha256.eq(body_sha256),
                edition_views::erased_at.eq(Time::from(at)),
            ))
            .execute(conn)?,
    )
}

/// Forgets the documents of all views of a query, as they were and as they are. Statements: 2.
///
/// # Errors
/// Those of writing.
pub fn forget_documents(conn: &mut Connection, query: QueryId) -> Result<(), StoreError> {
    let known: Vec<(String, Option<String>)> = editions::table
        .inner_join(edition_views::table)
        .filter(editions::query_id.eq(Id::from(query.0)))
        .select((edition_views::sha256, edition_views::body_sha256))
        .load(conn)?;
    let hashes: Vec<String> = known
        .into_iter()
        .flat_map(|(frozen, left)| [Some(frozen), left])
        .flatten()
        .collect();
    both!(conn, |database| diesel::delete(
        documents::table.filter(documents::view_sha256.eq_any(hashes))
    )
    .execute(database))?;
    Ok(())
}
