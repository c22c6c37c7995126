//! What is kept for a time only: personal data of queries that ended long ago, and traces of signing in. When something is
//! over is for the caller to say.

use crate::column::{Id, Time};
use crate::persons::ERASED;
use crate::schema::{
    attachments, authorizations, contributions, draft_answers, editions, invitations, outbox, queries,
    response_versions, responses, sessions, summaries, suppressions, throttles, tokens,
};
use crate::{Connection, StoreError, account_links, both};
use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::id::QueryId;
use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

/// Queries launched here with a deadline before `day` that still hold who drafted, attached, submitted, signed, was asked or
/// was mailed to: the first `most` by id behind `after`. Statements: 7.
///
/// # Errors
/// Those of reading.
pub fn with_persons(
    conn: &mut Connection,
    day: NaiveDate,
    after: Option<QueryId>,
    most: i64,
) -> Result<Vec<QueryId>, StoreError> {
    let after = Id::from(after.map_or_else(Default::default, |after| after.0));
    let mut found: Vec<Id> = Vec::new();
    let old = || {
        queries::table
            .filter(queries::launched_at.is_not_null())
            .filter(queries::deadline.lt(day))
            .filter(queries::id.gt(after))
            .order(queries::id)
    };
    let mut add = |ids: Vec<Id>| found.extend(ids);
    add(old()
        .inner_join(contributions::table)
        .filter(contributions::email.like("%@%"))
        .select(queries::id)
        .distinct()
        .limit(most)
        .load(conn)?);
    add(old()
        .inner_join(outbox::table)
        .filter(outbox::user_id.is_not_null())
        .select(queries::id)
        .distinct()
        .limit(most)
        .load(conn)?);
    add(old()
        .inner_join(responses::table)
        .filter(responses::approval_asked_by.is_not_null())
        .select(queries::id)
        .distinct()
        .limit(most)
        .load(conn)?);
    add(old()
        .inner_join(responses::table.inner_join(response_versions::table))
        .filter(response_versions::submitted_by.is_not_null())
        .select(queries::id)
        .distinct()
        .limit(most)
        .load(conn)?);
    add(old()
        .inner_join(responses::table.inner_join(draft_answers::table))
        .filter(
            draft_answers::changed_by
                .is_not_null()
                .or(draft_answers::contributed_by.is_not_null()),
        )
        .select(queries::id)
        .distinct()
        .limit(most)
        .load(conn)?);
    add(old()
        .inner_join(editions::table.inner_join(summaries::table))
        .filter(summaries::signed_by.is_not_null())
        .select(queries::id)
        .distinct()
        .limit(most)
        .load(conn)?);
    add(old()
        .inner_join(attachments::table)
        .filter(attachments::added_by.is_not_null())
        .select(queries::id)
        .distinct()
        .limit(most)
        .load(conn)?);
    let mut ids: Vec<QueryId> = found.into_iter().map(|id| QueryId(id.into())).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(usize::try_from(most).unwrap_or_default());
    Ok(ids)
}

/// Erases who drafted, attached, submitted, signed, was asked or was mailed to about a query: what was said stays, the office
/// with it. Copies mailed to users leave; of the others what mail servers said. Statements: 10.
///
/// # Errors
/// Those of writing.
pub fn erase_persons(conn: &mut Connection, query: QueryId) -> Result<(), StoreError> {
    let id = Id::from(query.0);
    let messages: Vec<Id> = contributions::table
        .filter(contributions::query_id.eq(id))
        .select(contributions::message_id)
        .load(conn)?;
    both!(conn, |database| diesel::update(
        outbox::table.filter(outbox::id.eq_any(messages))
    )
    .set(outbox::fault.eq(None::<String>))
    .execute(database))?;
    let of_query = contributions::table.filter(contributions::query_id.eq(id));
    // A reason is there or not as it was: where the contribution stands is read from it.
    let reason = sql::<Nullable<Text>>("CASE WHEN reason IS NULL THEN NULL ELSE ")
        .bind::<Text, _>(ERASED)
        .sql(" END");
    diesel::update(of_query)
        .set((
            contributions::email.eq(ERASED),
            contributions::name.eq(None::<String>),
            contributions::note.eq(None::<String>),
            contributions::reason.eq(reason),
            contributions::asked_by.eq(None::<Id>),
        ))
        .execute(conn)?;
    let answered: Vec<Id> = responses::table
        .filter(responses::query_id.eq(id))
        .select(responses::id)
        .load(conn)?;
    let asked = responses::table.filter(responses::query_id.eq(id));
    diesel::update(asked)
        .set(responses::approval_asked_by.eq(None::<Id>))
        .execute(conn)?;
    both!(conn, |database| diesel::update(
        response_versions::table.filter(response_versions::response_id.eq_any(&answered))
    )
    .set(response_versions::submitted_by.eq(None::<Id>))
    .execute(database))?;
    both!(conn, |database| diesel::update(
        draft_answers::table.filter(draft_answers::response_id.eq_any(&answered))
    )
    .set((
        draft_answers::changed_by.eq(None::<Id>),
        draft_answers::contributed_by.eq(None::<String>),
        draft_answers::contributed_at.eq(None::<Time>),
    ))
    .execute(database))?;
    let made: Vec<Id> = editions::table
        .filter(editions::query_id.eq(id))
        .select(editions::id)
        .load(conn)?;
    both!(conn, |database| diesel::update(
        summaries::table.filter(summaries::edition_id.eq_any(made))
    )
    .set(summaries::signed_by.eq(None::<Id>))
    .execute(database))?;
    diesel::update(attachments::table.filter(attachments::query_id.eq(id)))
        .set(attachments::added_by.eq(None::<Id>))
        .execute(conn)?;
    let copies = outbox::table
        .filter(outbox::query_id.eq(id))
        .filter(outbox::user_id.is_not_null());
    diesel::delete(copies).execute(conn)?;
    let told = outbox::table.filter(outbox::query_id.eq(id));
    diesel::update(told)
        .set(outbox::fault.eq(None::<String>))
        .execute(conn)?;
    Ok(())
}

/// Erases the mails to users that are about no query or about one that was never launched, what was said of others, and who
/// attached files to such a query, where that was before a moment. Statements: 3.
///
/// # Errors
/// Those of writing.
pub fn erase_apart(conn: &mut Connection, before: Instant) -> Result<usize, StoreError> {
    let drafts = || {
        queries::table
            .filter(queries::launched_at.is_null())
            .select(queries::id.nullable())
    };
    let attached = attachments::table
        .filter(attachments::query_id.nullable().eq_any(drafts()))
        .filter(attachments::added_at.lt(Time::from(before)))
        .filter(attachments::added_by.is_not_null());
    let unnamed = diesel::update(attached)
        .set(attachments::added_by.eq(None::<Id>))
        .execute(conn)?;
    let old = outbox::table
        .filter(
            outbox::query_id
                .is_null()
                .nullable()
                .or(outbox::query_id.eq_any(drafts())),
        )
        .filter(outbox::created_at.lt(Time::from(before)));
    let erased = diesel::delete(old.filter(outbox::user_id.is_not_null())).execute(conn)?;
    let told = old.filter(outbox::fault.is_not_null());
    Ok(unnamed
        + erased
        + diesel::update(told)
            .set(outbox::fault.eq(None::<String>))
            .execute(conn)?)
}

/// Forgets what signing in leaves behind: sessions and tokens that ended before a moment, by themselves or not, invitations,
/// links and ways to a provider that did, refused sign-ins before it, addresses that get mail again. Statements: 7.
///
/// # Errors
/// Those of writing.
pub fn forget_traces(conn: &mut Connection, before: Instant, today: NaiveDate) -> Result<usize, StoreError> {
    let moment = Time::from(before);
    let over = sessions::expires_at
        .lt(moment)
        .nullable()
        .or(sessions::ended_at.lt(moment));
    let mut forgotten = diesel::delete(sessions::table.filter(over)).execute(conn)?;
    let over = tokens::last_day
        .lt(brussels_date(before))
        .nullable()
        .or(tokens::revoked_at.lt(moment));
    forgotten += diesel::delete(tokens::table.filter(over)).execute(conn)?;
    forgotten += diesel::delete(invitations::table.filter(invitations::expires_at.lt(moment))).execute(conn)?;
    forgotten += account_links::purge(conn, before)?;
    forgotten += diesel::delete(authorizations::table.filter(authorizations::expires_at.lt(moment))).execute(conn)?;
    forgotten += diesel::delete(throttles::table.filter(throttles::last_at.lt(moment))).execute(conn)?;
    forgotten += diesel::delete(suppressions::table.filter(suppressions::until.lt(today))).execute(conn)?;
    Ok(forgotten)
}
