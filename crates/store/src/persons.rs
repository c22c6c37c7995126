//! What the tables hold on one person, and its erasure: rows of many tables that belong to an account or an address. Who
//! may ask for it is not decided here.

use crate::audit::{Event, Row as EventRow};
use crate::column::{Id, Json, Time};
use crate::outbox::{Entry, OutboxStatus, Row as MailRow};
use crate::schema::{
    account_links, audit_events, authorizations, calendar_feeds, contributions, draft_answers, exports, identities,
    invitations, mailings, notifications, outbox, recovery_codes, replays, responses, second_factors, sessions,
    suppressions, throttles, tokens, users,
};
use crate::word::to_word;
use crate::{Connection, StoreError, both};
use ahq_domain::clock::Instant;
use ahq_domain::contribution::Contribution;
use ahq_domain::id::{ContributionId, SessionId, UserId};
use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

/// What stands where the name of somebody stood who was erased.
pub const ERASED: &str = "Erased person";

/// A session as it is told to whom it was of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// When it began.
    pub begun: Instant,
    /// When it ends by itself.
    pub expires: Instant,
    /// When it was ended.
    pub ended: Option<Instant>,
    /// What it was opened from, as that calls itself.
    pub client: String,
}

/// The sessions of a user, the oldest first. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn sessions(conn: &mut Connection, user: UserId) -> Result<Vec<SessionRecord>, StoreError> {
    let rows: Vec<(Id, Time, Time, Option<Time>, String)> = sessions::table
        .filter(sessions::user_id.eq(Id::from(user.0)))
        .order((sessions::created_at, sessions::id))
        .select((
            sessions::id,
            sessions::created_at,
            sessions::expires_at,
            sessions::ended_at,
            sessions::client,
        ))
        .load(conn)?;
    let record = |(id, begun, expires, ended, client): (Id, Time, Time, Option<Time>, String)| SessionRecord {
        id: SessionId(id.into()),
        begun: begun.into(),
        expires: expires.into(),
        ended: ended.map(Instant::from),
        client,
    };
    Ok(rows.into_iter().map(record).collect())
}

/// What a user did, and what was done to the account, the oldest first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn events(conn: &mut Connection, user: UserId) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<EventRow> = audit_events::table
        .filter(
            audit_events::user_id
                .eq(Id::from(user.0))
                .or(audit_events::subject.eq(format!("user/{user}")).nullable()),
        )
        .order((audit_events::at, audit_events::id))
        .select(EventRow::as_select())
        .load(conn)?;
    rows.into_iter().map(EventRow::into_event).collect()
}

/// The messages to a user, the oldest first. Statements: 1.
///
/// # Errors
/// [`StoreError::Corrupt`] when a column holds what it should not.
pub fn mails(conn: &mut Connection, user: UserId) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<MailRow> = outbox::table
        .filter(outbox::user_id.eq(Id::from(user.0)))
        .order((outbox::created_at, outbox::id))
        .select(MailRow::as_select())
        .load(conn)?;
    rows.into_iter().map(MailRow::into_entry).collect()
}

/// The secret addresses of feeds that a user made: for which office, when, and when it was read last. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn feeds(conn: &mut Connection, user: UserId) -> Result<Vec<(String, Instant, Option<Instant>)>, StoreError> {
    let rows: Vec<(String, Time, Option<Time>)> = calendar_feeds::table
        .filter(calendar_feeds::made_by.eq(Id::from(user.0)))
        .order((calendar_feeds::made_at, calendar_feeds::id))
        .select((calendar_feeds::office, calendar_feeds::made_at, calendar_feeds::read_at))
        .load(conn)?;
    let read = |(office, made, read): (String, Time, Option<Time>)| (office, made.into(), read.map(Instant::from));
    Ok(rows.into_iter().map(read).collect())
}

/// The day a user used the account last, and the day they were told that nobody uses it. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn days_of_use(conn: &mut Connection, user: UserId) -> Result<(Option<NaiveDate>, Option<NaiveDate>), StoreError> {
    let found = users::table
        .find(Id::from(user.0))
        .select((users::seen_on, users::unused_told_on))
        .first(conn);
    Ok(found.optional()?.unwrap_or_default())
}

/// The links that a user was mailed and has not used: what each is good for, the new address, and when it ends. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn links(conn: &mut Connection, user: UserId) -> Result<Vec<(String, Option<String>, Instant)>, StoreError> {
    let rows: Vec<(String, Option<String>, Time)> = account_links::table
        .filter(account_links::user_id.eq(Id::from(user.0)))
        .order((account_links::expires_at, account_links::purpose))
        .select((account_links::purpose, account_links::email, account_links::expires_at))
        .load(conn)?;
    let link = |(purpose, email, expires): (String, Option<String>, Time)| (purpose, email, expires.into());
    Ok(rows.into_iter().map(link).collect())
}

/// The ways to a provider of identities that a user began: to which, what for, and when it ended. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn authorizations(conn: &mut Connection, user: UserId) -> Result<Vec<(String, String, Instant)>, StoreError> {
    let rows: Vec<(String, String, Time)> = authorizations::table
        .filter(authorizations::user_id.eq(Id::from(user.0)))
        .order((authorizations::expires_at, authorizations::state_hash))
        .select((
            authorizations::provider,
            authorizations::purpose,
            authorizations::expires_at,
        ))
        .load(conn)?;
    let way = |(provider, purpose, ends): (String, String, Time)| (provider, purpose, ends.into());
    Ok(rows.into_iter().map(way).collect())
}

/// The replies to a user's requests that are kept for repeated ones: to what, when, and the reply. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn replies(
    conn: &mut Connection,
    user: UserId,
) -> Result<Vec<(String, Instant, Option<serde_json::Value>)>, StoreError> {
    let rows: Vec<(String, Time, Option<Json<serde_json::Value>>)> = replays::table
        .filter(replays::caller.eq(user.to_string()))
        .order((replays::created_at, replays::path, replays::key))
        .select((replays::path, replays::created_at, replays::reply))
        .load(conn)?;
    let reply = |(path, at, reply): (String, Time, Option<Json<serde_json::Value>>)| {
        (path, at.into(), reply.map(|Json(reply)| reply))
    };
    Ok(rows.into_iter().map(reply).collect())
}

/// How often signing in to an address failed since it last went well. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn refused_sign_ins(conn: &mut Connection, key: &str) -> Result<i32, StoreError> {
    let found = throttles::table.find(key).select(throttles::failures).first(conn);
    Ok(found.optional()?.unwrap_or_default())
}

/// The contributions that were asked of an address, without regard to case. Statements: 1.
///
/// # Errors
/// Those of reading.
pub fn contributions_of(conn: &mut Connection, email: &str) -> Result<Vec<ContributionId>, StoreError> {
    let same = sql::<Bool>("lower(contributions.email) = ").bind::<Text, _>(email.to_lowercase());
    let ids: Vec<Id> = contributions::table
        .filter(same)
        .order((contributions::asked_at, contributions::id))
        .select(contributions::id)
        .load(conn)?;
    Ok(ids.into_iter().map(|id| ContributionId(id.into())).collect())
}

/// Takes an account's password, the day it was used last, second factor, identities, sessions, tokens, links, invitations,
/// settings, exports and kept replies away, settles what was to be mailed to it, and forgets what mail servers said of it and
/// what its user was told of a change of address. The row of the account stays, and is for the caller to change.
/// Statements: 19.
///
/// # Errors
/// Those of writing.
pub fn forget_account(conn: &mut Connection, user: UserId, email: &str, now: Instant) -> Result<(), StoreError> {
    let id = Id::from(user.0);
    let row = users::table.filter(users::id.eq(id));
    diesel::update(row)
        .set((
            users::password_hash.eq(None::<String>),
            users::seen_on.eq(None::<NaiveDate>),
            users::unused_told_on.eq(None::<NaiveDate>),
        ))
        .execute(conn)?;
    diesel::delete(sessions::table.filter(sessions::user_id.eq(id))).execute(conn)?;
    diesel::delete(tokens::table.filter(tokens::user_id.eq(id))).execute(conn)?;
    diesel::delete(second_factors::table.filter(second_factors::user_id.eq(id))).execute(conn)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(id))).execute(conn)?;
    diesel::delete(account_links::table.filter(account_links::user_id.eq(id))).execute(conn)?;
    diesel::delete(invitations::table.filter(invitations::user_id.eq(id))).execute(conn)?;
    diesel::delete(identities::table.filter(identities::user_id.eq(id))).execute(conn)?;
    diesel::delete(authorizations::table.filter(authorizations::user_id.eq(id))).execute(conn)?;
    let deputy = notifications::table.filter(notifications::deputy.eq(id));
    diesel::update(deputy)
        .set(notifications::deputy.eq(None::<Id>))
        .execute(conn)?;
    diesel::delete(notifications::table.filter(notifications::user_id.eq(id))).execute(conn)?;
    diesel::delete(suppressions::table.filter(suppressions::user_id.eq(id))).execute(conn)?;
    diesel::delete(mailings::table.filter(mailings::recipient.eq(user.to_string()))).execute(conn)?;
    diesel::delete(exports::table.filter(exports::user_id.eq(id))).execute(conn)?;
    let address = email.to_lowercase();
    let counted = [
        format!("account:{address}"),
        format!("links:{address}"),
        format!("address-link:{user}"),
        format!("password:{user}"),
        format!("code:{user}"),
    ];
    diesel::delete(throttles::table.filter(throttles::key.eq_any(counted))).execute(conn)?;
    crate::replays::forget_all(conn)?;
    let waiting = outbox::table
        .filter(outbox::user_id.eq(id))
        .filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?));
    let dropped = (
        outbox::status.eq(to_word(&OutboxStatus::Dropped)?),
        outbox::settled_at.eq(Time::from(now)),
    );
    diesel::update(waiting).set(dropped).execute(conn)?;
    // They say where else they went.
    let notices = outbox::table
        .filter(outbox::user_id.eq(id))
        .filter(outbox::kind.eq("account_notice"));
    diesel::delete(notices).execute(conn)?;
    let told = outbox::table.filter(outbox::user_id.eq(id));
    diesel::update(told)
        .set(outbox::fault.eq(None::<String>))
        .execute(conn)?;
    Ok(())
}

/// Takes the address, the name and what was said to and by its expert out of a contribution, and the name out of what was
/// merged from it; ends its link. What was waiting to be mailed is dropped. Statements: 6.
///
/// # Errors
/// Those of writing.
pub fn forget_contributor(conn: &mut Connection, contribution: &Contribution, now: Instant) -> Result<(), StoreError> {
    let names: Vec<&str> = [Some(contribution.email.as_str()), contribution.name.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let of_office: Vec<Id> = responses::table
        .filter(responses::query_id.eq(Id::from(contribution.query.0)))
        .filter(responses::office.eq(contribution.office.as_str()))
        .select(responses::id)
        .load(conn)?;
    both!(conn, |database| diesel::update(
        draft_answers::table
            .filter(draft_answers::response_id.eq_any(of_office))
            .filter(draft_answers::contributed_by.eq_any(names))
    )
    .set(draft_answers::contributed_by.eq(ERASED))
    .execute(database))?;
    let message = outbox::table.filter(outbox::id.eq(Id::from(contribution.message.0)));
    diesel::update(message)
        .set(outbox::fault.eq(None::<String>))
        .execute(conn)?;
    let waiting = message.filter(outbox::status.eq(to_word(&OutboxStatus::Waiting)?));
    let dropped = (
        outbox::status.eq(to_word(&OutboxStatus::Dropped)?),
        outbox::settled_at.eq(Time::from(now)),
    );
    diesel::update(waiting).set(dropped).execute(conn)?;
    // A reason is there or not as it was: where the contribution stands is read from it.
    let reason = sql::<Nullable<Text>>("CASE WHEN reason IS NULL THEN NULL ELSE ")
        .bind::<Text, _>(ERASED)
        .sql(" END");
    let revoked = contribution.revoked.or(contribution.is_open(now).then_some(now));
    let row = contributions::table.filter(contributions::id.eq(Id::from(contribution.id.0)));
    diesel::update(row)
        .set((
            contributions::version.eq(contributions::version + 1),
            contributions::email.eq(format!("erased-{}", contribution.id)),
            contributions::name.eq(None::<String>),
            contributions::note.eq(None::<String>),
            contributions::reason.eq(reason),
            contributions::revoked_at.eq(revoked.map(Time::from)),
        ))
        .execute(conn)?;
    crate::replays::forget_all(conn)
}
