//! Feeds: the deadlines of an office at secret addresses, and the published queries for everybody.
//!
//! What a feed shows is decided anew each time it is read, by the rule of single reads; it holds no answer.

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::clock::Instant;
use ahq_domain::id::{FeedId, QueryId};
use ahq_domain::office::{Office, OfficeCode, Offices};
use ahq_domain::permission::{Action, Caller, Subject, is_public, may};
use ahq_domain::query::{Query, Status};
use ahq_domain::refusal::Refusal;
use ahq_render::atom::{self, Published};
use ahq_render::ics::{self, DeadlineEvent};
use ahq_store::feeds::{self, Feed};
use ahq_store::{offices, queries, responses, topics, users};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::keys::hash_secret;
use crate::work::{Exchange, Work};

/// How many addresses an office may have at a time.
pub const MOST_FEEDS: usize = 10;
/// For how long a withdrawn query stays in a calendar, struck out.
const CANCELLED_FOR: Duration = Duration::days(30);
/// How exactly it is noted when a feed was read last: programs come for it many times a day.
const READ_NOTED_EVERY: Duration = Duration::hours(1);
/// How many published queries the feed for everybody has.
const MOST_PUBLISHED: i64 = 50;

/// A secret address of an office's calendar feed, without its secret.
#[derive(Debug, Clone)]
pub struct FeedDetail {
    /// The address.
    pub feed: Feed,
    /// The name of who made it.
    pub made_by: String,
}

impl Work<'_> {
    /// The addresses of an office's calendar feed.
    ///
    /// # Errors
    /// Another office, no role in one's own.
    pub fn list_feeds(&mut self, office: &OfficeCode) -> Result<Vec<FeedDetail>, Error> {
        self.may(Action::ManageFeeds, Subject::Office(office))?;
        let users = users::of_office(self.conn, office)?;
        let names: BTreeMap<_, _> = users.into_iter().map(|user| (user.id, user.name)).collect();
        let feeds = feeds::of_office(self.conn, office)?;
        let named = feeds.into_iter().map(|feed| FeedDetail {
            made_by: names.get(&feed.made_by).cloned().unwrap_or_default(),
            feed,
        });
        Ok(named.collect())
    }

    /// Makes an address of an office's calendar feed; gives its secret, which is not kept.
    ///
    /// # Errors
    /// Another office, no role in one's own; conflict `too_many_feeds`.
    pub fn make_feed(&mut self, office: &OfficeCode) -> Result<(FeedDetail, String), Error> {
        self.may(Action::ManageFeeds, Subject::Office(office))?;
        let (maker, _) = self.hold_signed_in_user()?;
        if feeds::of_office(self.conn, office)?.len() >= MOST_FEEDS {
            let detail = format!("an office has at most {MOST_FEEDS} addresses: revoke one that is not read any more");
            return Err(Refusal::conflict("too_many_feeds", detail).into());
        }
        let secret = URL_SAFE_NO_PAD.encode(self.randomness.bytes::<32>());
        let feed = Feed {
            id: FeedId::new(self.now, self.randomness),
            office: office.clone(),
            made: self.now,
            made_by: maker,
            read: None,
        };
        feeds::insert(self.conn, &feed, &hash_secret(&secret))?;
        self.record("feed.made", format!("feed/{}", feed.id), json!({"office": office}))?;
        let made_by = users::find(self.conn, maker)?.map(|user| user.name).unwrap_or_default();
        Ok((FeedDetail { feed, made_by }, secret))
    }

    /// Revokes an address of an office's calendar feed.
    ///
    /// # Errors
    /// Another office, no role in one's own; hidden when the office has no such address.
    pub fn revoke_feed(&mut self, office: &OfficeCode, id: &str) -> Result<(), Error> {
        self.may(Action::ManageFeeds, Subject::Office(office))?;
        let feed = id.parse::<FeedId>().map_err(|_| Refusal::Hidden)?;
        if !feeds::delete(self.conn, office, feed)? {
            feeds::find(self.conn, feed)?.ok_or(Refusal::Hidden)?;
            return Err(self
                .note_refusal(Action::ManageFeeds, format!("feed/{feed}"), Refusal::Hidden)
                .into());
        }
        self.record("feed.revoked", format!("feed/{feed}"), json!({"office": office}))
    }

    /// The calendar behind a secret address, and the address.
    fn deadlines(&mut self, secret: &str) -> Result<(String, Feed), Error> {
        let feed = feeds::find_by_secret(self.conn, &hash_secret(secret))?.ok_or(Refusal::Hidden)?;
        let offices = offices::all(self.conn)?;
        let office = offices.get(&feed.office).ok_or(Refusal::Hidden)?;
        if !office.takes_part_on(self.today()) {
            return Err(Refusal::Hidden.into());
        }
        let events = self.deadline_events(office)?;
        let name = format!("Ad-hoc queries: {}", office.as_requester_on(self.today()));
        Ok((ics::feed(&name, &events, &self.settings.mail_domain), feed))
    }

    /// The deadlines that still mean something to an office: of open queries, of closed ones it has not answered, and of
    /// those withdrawn lately.
    fn deadline_events(&mut self, office: &Office) -> Result<Vec<DeadlineEvent>, Error> {
        let reader = Caller::reader_of(office, self.today());
        let since = self.now - CANCELLED_FOR;
        let found = queries::with_deadline_for(self.conn, &office.code, since)?;
        let ids: Vec<QueryId> = found.iter().map(|query| query.id).collect();
        let answered: BTreeSet<QueryId> = responses::of_queries(self.conn, &ids)?
            .into_iter()
            .filter(|response| response.office == office.code && response.is_answered())
            .map(|response| response.query)
            .collect();
        let shown = |query: &Query| match query.status(self.now) {
            Status::Open => true,
            Status::Closed => !answered.contains(&query.id),
            Status::Withdrawn => query
                .launched()
                .is_some_and(|launched| launched.last_set(&office.code) >= since),
            _ => false,
        };
        let mut events: Vec<DeadlineEvent> = found
            .iter()
            .filter(|query| shown(query))
            .filter(|query| may(&reader, Action::ReadQuery, Subject::Query(query), self.now).is_ok())
            .filter_map(|query| self.deadline_event(query, &office.code))
            .collect();
        events.sort_by_key(|event| (event.deadline.end, event.query));
        Ok(events)
    }

    /// The deadline of a query as calendars of this office know it; none where it has none.
    pub(crate) fn deadline_event(&self, query: &Query, office: &OfficeCode) -> Option<DeadlineEvent> {
        let launched = query.launched()?;
        let set = launched.last_set(office);
        Some(DeadlineEvent {
            query: query.id,
            office: office.clone(),
            number: launched.number.to_string(),
            title: query.title.clone(),
            link: format!("{}/queries/{}", self.settings.public_address, launched.number),
            deadline: launched.deadline_for(office, &query.lead)?,
            // Whatever sets it later has a higher one: tenths of a second, of which a calendar's 31 bits hold six years.
            sequence: u32::try_from((set - launched.at).num_milliseconds() / 100).unwrap_or(u32::MAX),
            withdrawn: launched.withdrawn.is_some(),
            set,
        })
    }

    /// The newest published queries, or those of a topic, as a feed for everybody that stands at `address`.
    ///
    /// # Errors
    /// Invalid `unknown_topic`.
    pub fn published_feed(&mut self, topic: Option<&str>, address: &str) -> Result<String, Error> {
        let names: BTreeMap<String, String> = topics::all(self.conn)?
            .into_iter()
            .map(|topic| (topic.id, topic.name))
            .collect();
        let unknown = || {
            Refusal::invalid(
                "/query/topic",
                "unknown_topic",
                "no topic has this id; /topics lists them",
            )
        };
        let about = topic.map(|topic| names.get(topic).ok_or_else(unknown)).transpose()?;
        let offices = offices::all(self.conn)?;
        let found = queries::newest_published(self.conn, topic, MOST_PUBLISHED, self.now)?;
        let mut entries: Vec<Published> = found
            .iter()
            .filter(|query| is_public(query, self.now))
            .filter_map(|query| self.published(query, &offices, &names))
            .collect();
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.from, entry.query)));
        atom::feed(about.map(String::as_str), address, &entries).map_err(|error| Error::Internal(error.to_string()))
    }

    fn published(&self, query: &Query, offices: &Offices, topics: &BTreeMap<String, String>) -> Option<Published> {
        let requested = query.requested_on()?;
        let name = |office| {
            let office: Option<&Office> = offices.get(office);
            office.map(|office| office.as_requester_on(requested))
        };
        let number = query.number();
        Some(Published {
            query: query.id,
            link: self.public_document(query),
            number,
            title: query.title.clone(),
            requesters: query.requesters().filter_map(name).collect(),
            topics: query
                .topics
                .iter()
                .map(|id| (id.clone(), topics.get(id).unwrap_or(id).clone()))
                .collect(),
            from: query.public_since(self.now)?,
        })
    }
}

impl Exchange {
    /// The calendar behind a secret address. That it was read is noted, where it can be.
    ///
    /// # Errors
    /// Hidden when the secret is not one, or was revoked, or its office takes part no more.
    pub async fn deadline_feed(&self, secret: String) -> Result<String, Error> {
        let (calendar, feed) = self
            .read(Credentials::Nobody, move |work| work.deadlines(&secret))
            .await?;
        let now: Instant = self.clock().now();
        if feed.read.is_none_or(|read| read + READ_NOTED_EVERY <= now) {
            let noted = self
                .write(Credentials::Nobody, move |work| {
                    Ok(feeds::mark_read(work.conn, feed.id, work.now)?)
                })
                .await;
            if let Err(error) = noted {
                tracing::warn!(%error, "that a feed was read could not be noted");
            }
        }
        Ok(calendar)
    }
}
