//! Digests, weekly overviews and quarterly lists, as they stand when they are sent.

use std::collections::BTreeMap;

use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::compilation::requesters_line;
use ahq_domain::deadline::Deadline;
use ahq_domain::id::QueryId;
use ahq_domain::notification::MailWish;
use ahq_domain::office::{Office, Offices};
use ahq_domain::query::{Query, Status};
use ahq_domain::response::{Position, Response};
use ahq_domain::user::User;
use ahq_mail::messages::{
    Digest, DigestItem, DigestQuery, ListedQuery, Message, OpenQuery, QuarterlyList, TopicQueries, Waiting,
    WeeklyOverview, Why,
};
use ahq_store::outbox::{self, Entry, OutboxStatus};
use ahq_store::queries::{self, QueryRef};
use ahq_store::{notifications, responses, topics};
use chrono::{Duration, NaiveDate};

use super::message::{circle_of, name, reference};
use crate::error::Error;
use crate::outgoing::{Note, parse_note, wishes_on};
use crate::work::Work;

/// A query that an office may still answer, and how it stands with that.
struct Open {
    query: Query,
    number: String,
    deadline: Deadline,
    response: Option<Response>,
}

impl Open {
    fn owes(&self, office: &Office) -> bool {
        self.query.reminds(&office.code).is_some() && !self.response.as_ref().is_some_and(Response::is_complete)
    }

    /// How the office stands with it, in words.
    fn standing(&self) -> &'static str {
        match self.response.as_ref().map(|response| &response.position) {
            None => "not begun",
            Some(Position::Drafting { .. })
                if self.response.as_ref().is_some_and(|response| response.asked.is_some()) =>
            {
                "draft awaits approval"
            }
            Some(Position::Drafting { .. }) => "draft begun",
            Some(Position::Submitted { in_part: true, .. }) => "submitted in part, answers to follow",
            Some(Position::Submitted { .. }) => "submitted",
            Some(Position::Declined { .. }) => "declined",
        }
    }
}

impl Work<'_> {
    /// What happened since the last digest, as far as its reader may know it now; none where nothing is left to tell.
    pub(super) fn digest(
        &mut self,
        office: &Office,
        user: Option<&User>,
        offices: &Offices,
        from: Instant,
        through: Instant,
    ) -> Result<Option<Message>, Error> {
        let wish = match user {
            None => None,
            Some(user) => {
                let users = notifications::of_users(self.conn, Some(std::slice::from_ref(&office.code)))?;
                let wishes = wishes_on(users, self.today());
                match wishes.into_iter().find(|(known, _)| known.id == user.id) {
                    Some((_, wish)) => Some(wish),
                    None => return Ok(None),
                }
            }
        };
        let mut queries: BTreeMap<QueryId, Option<Query>> = BTreeMap::new();
        let mut items = Vec::new();
        let written = outbox::about_queries(self.conn, Some(&office.code), from - SETTLED_AFTER, through)?;
        let own = |entry: &&Entry| entry.user.is_some() && entry.user == user.map(|user| user.id);
        let copies: Vec<&Entry> = written.iter().filter(own).collect();
        for entry in written.iter().filter(|entry| entry.user.is_none()) {
            let note = parse_note(entry)?;
            let copied = is_copied(entry, &copies);
            let told = is_within(entry, &note, from, through) && is_told(&note, entry.status, wish, copied);
            let Some(id) = entry.query.filter(|_| told) else {
                continue;
            };
            let query = match queries.get(&id) {
                Some(known) => known.clone(),
                None => {
                    let found = queries::find(self.conn, &QueryRef::Id(id))?;
                    queries.insert(id, found.clone());
                    found
                }
            };
            if let Some(query) = query {
                items.extend(self.digest_item(&query, &note, office, offices)?);
            }
        }
        // The same said twice is said once: of an extension after an extension the last one holds.
        let mut seen = Vec::new();
        items.retain(|item: &DigestItem| {
            let new = !seen.contains(item);
            seen.push(item.clone());
            new
        });
        if items.is_empty() {
            return Ok(None);
        }
        let waiting = self
            .open_for(office)?
            .into_iter()
            .filter(|open| open.owes(office))
            .map(|open| Waiting {
                standing: open.standing().to_owned(),
                link: format!(
                    "{}/queries/{}/responses/{}",
                    self.settings.public_address, open.number, office.code
                ),
                number: open.number,
                title: open.query.title,
                deadline: open.deadline.date,
            })
            .collect();
        Ok(Some(Message::Digest(Digest {
            day: self.today(),
            items,
            waiting,
            link: format!("{}/queries", self.settings.public_address),
        })))
    }

    /// One line of a digest, where its reader may still know it.
    fn digest_item(
        &mut self,
        query: &Query,
        note: &Note,
        office: &Office,
        offices: &Offices,
    ) -> Result<Option<DigestItem>, Error> {
        let page = format!("{}/queries/{}", self.settings.public_address, reference(query));
        let readable = circle_of(office, query, self.now).is_some();
        let (what, link) = match note {
            Note::ResponseReceived { office: by, version } if readable && query.is_requester(&office.code) => {
                let by_name = name(offices, by, self.today());
                let what = match version {
                    1 => format!("Response of {by_name}"),
                    _ => format!("Response of {by_name}, amended (version {version})"),
                };
                (what, format!("{page}/responses/{by}"))
            }
            Note::NewEdition { edition } if readable => (
                format!("Edition {edition} of the compilation"),
                format!("{page}/editions/{edition}"),
            ),
            Note::ResponseReceived { .. } | Note::NewEdition { .. } => return Ok(None),
            _ => {
                // Its subject without the title, under which all lines about a query stand.
                let untitled = Query {
                    title: String::new(),
                    ..query.clone()
                };
                let Some(message) = self.message_about(&untitled, note, office, offices)? else {
                    return Ok(None);
                };
                let frame = self.frame(office, None, Why::Mailbox);
                let rendered = message
                    .render(&frame)
                    .map_err(|error| Error::Internal(error.to_string()))?;
                let subject = rendered.subject();
                let what = subject.split_once("] ").map_or(subject, |(_, what)| what);
                (what.trim_end_matches([':', ' ']).to_owned(), page)
            }
        };
        Ok(Some(DigestItem {
            query: Some(DigestQuery {
                number: query.number().unwrap_or_else(|| "draft".to_owned()),
                title: query.title.clone(),
            }),
            obligation: note.is_obligation(),
            what,
            link,
        }))
    }

    /// The open queries and where the office stands; none where there are none.
    pub(super) fn weekly_overview(
        &mut self,
        office: &Office,
        offices: &Offices,
        monday: NaiveDate,
    ) -> Result<Option<Message>, Error> {
        let mut listed = Vec::new();
        for open in self.open_for(office)? {
            let launched_on = open.query.requested_on().unwrap_or(monday);
            let requesters: Vec<_> = open.query.requesters().cloned().collect();
            listed.push(OpenQuery {
                requested_by: requesters_line(&requesters, offices, launched_on),
                days: self.days_to(open.deadline.date)?,
                standing: open.standing().to_owned(),
                link: format!("{}/queries/{}", self.settings.public_address, open.number),
                number: open.number,
                title: open.query.title,
                deadline: open.deadline.date,
            });
        }
        Ok((!listed.is_empty()).then(|| {
            Message::WeeklyOverview(WeeklyOverview {
                monday,
                queries: listed,
                link: format!("{}/queries", self.settings.public_address),
            })
        }))
    }

    /// The queries launched in a quarter that the office may read, by topic; none where there are none.
    pub(super) fn quarterly_list(
        &mut self,
        office: &Office,
        offices: &Offices,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Option<Message>, Error> {
        use chrono::Datelike;
        let mut launched = queries::launched_between(self.conn, from, until)?;
        launched.retain(|query| circle_of(office, query, self.now).is_some());
        let mut listed = Vec::new();
        for topic in topics::all(self.conn)? {
            let about: Vec<ListedQuery> = launched
                .iter()
                .filter(|query| query.topics.contains(&topic.id))
                .map(|query| self.listed(query, offices, from))
                .collect();
            if !about.is_empty() {
                listed.push(TopicQueries {
                    topic: topic.name,
                    queries: about,
                });
            }
        }
        let untitled: Vec<ListedQuery> = launched
            .iter()
            .filter(|query| query.topics.is_empty())
            .map(|query| self.listed(query, offices, from))
            .collect();
        if !untitled.is_empty() {
            listed.push(TopicQueries {
                topic: "Without a topic".to_owned(),
                queries: untitled,
            });
        }
        Ok((!listed.is_empty()).then(|| {
            Message::QuarterlyList(QuarterlyList {
                year: from.year(),
                quarter: from.month0() / 3 + 1,
                topics: listed,
                link: format!("{}/queries", self.settings.public_address),
            })
        }))
    }

    fn listed(&self, query: &Query, offices: &Offices, from: NaiveDate) -> ListedQuery {
        let launched_on = query.requested_on().unwrap_or(from);
        let requesters: Vec<_> = query.requesters().cloned().collect();
        ListedQuery {
            number: query.number().unwrap_or_default(),
            title: query.title.clone(),
            requested_by: requesters_line(&requesters, offices, launched_on),
            launched_on,
            public: query.status(self.now) == Status::Published,
            link: format!("{}/queries/{}", self.settings.public_address, reference(query)),
        }
    }

    /// The queries an office is asked whose deadline for it has not passed, or to which it owes an answer; the earliest
    /// deadline first.
    fn open_for(&mut self, office: &Office) -> Result<Vec<Open>, Error> {
        let today = brussels_date(self.now);
        let running = queries::with_deadline_since(self.conn, today - chrono::Days::new(60))?;
        let asked: Vec<Query> = running
            .into_iter()
            .filter(|query| {
                query
                    .launched()
                    .is_some_and(|launched| launched.addressee(&office.code).is_some())
                    && circle_of(office, query, self.now).is_some()
            })
            .collect();
        let ids: Vec<QueryId> = asked.iter().map(|query| query.id).collect();
        let mut own: BTreeMap<QueryId, Response> = responses::of_queries(self.conn, &ids)?
            .into_iter()
            .filter(|response| response.office == office.code)
            .map(|response| (response.query, response))
            .collect();
        let mut open: Vec<Open> = asked
            .into_iter()
            .filter_map(|query| {
                let launched = query.launched()?;
                let deadline = launched.deadline_for(&office.code, &query.lead)?;
                let open = Open {
                    number: launched.number.to_string(),
                    response: own.remove(&query.id),
                    deadline,
                    query,
                };
                (!open.deadline.is_past(self.now) || open.owes(office)).then_some(open)
            })
            .collect();
        open.sort_by(|a, b| a.deadline.cmp(&b.deadline).then_with(|| a.number.cmp(&b.number)));
        Ok(open)
    }
}

/// How long after its instant everything that happened then is sure to be in the tables: no transaction takes longer.
pub(crate) const SETTLED_AFTER: Duration = Duration::minutes(1);

/// Whether a row falls into the time that a digest tells of. What was written in the last minute before it may lack
/// neighbours that are not committed yet, and waits for the next one; but reminders wait for each other and for digests.
pub(crate) fn is_within(entry: &Entry, note: &Note, from: Instant, through: Instant) -> bool {
    let settled = match note {
        Note::Reminder { .. } => entry.created,
        _ => entry.created + SETTLED_AFTER,
    };
    from < settled && settled <= through
}

/// Whether one of these copies to a user is of what an office was told: of the same event, so written at the same moment.
pub(crate) fn is_copied(told: &Entry, copies: &[&Entry]) -> bool {
    copies.iter().any(|copy| {
        (copy.query, copy.created, &copy.facts) == (told.query, told.created, &told.facts)
            && copy.status != OutboxStatus::Dropped
    })
}

/// Whether a note to the office belongs into a digest: of its mailbox (no wish) what comes in digests only, of users what
/// they did not get at once. What counts is whether a copy was written then, not what the user wishes now: wishes change,
/// and people go away and come back.
pub(crate) fn is_told(note: &Note, status: OutboxStatus, wish: Option<MailWish>, copied: bool) -> bool {
    if status == OutboxStatus::Dropped || copied {
        return false;
    }
    match wish {
        None => status == OutboxStatus::Digest,
        Some(MailWish::AtOnce | MailWish::Digest) => true,
        Some(MailWish::Obligations) => note.is_obligation(),
    }
}
