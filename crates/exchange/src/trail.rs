//! What is written down of calls that change nothing: restricted answers that were shown, and refused access to things that
//! are there. A use case notes it; once it has ended, one small transaction writes it, so that reads stay reads.
//!
//! That somebody read the same again within an hour is not written again by the same process: the same answers of the same
//! versions, in the same circles.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use ahq_domain::answer::Answer;
use ahq_domain::audit::{Event, READ_EDITION, READ_RESTRICTED};
use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::compilation::Submitted;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{EditionId, EventId, TokenId, UserId};
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::question::Key;
use ahq_domain::refusal::Refusal;
use ahq_store::{Connection, StoreError, audit, editions, tokens};
use chrono::Duration;
use serde_json::json;

use crate::error::Error;
use crate::tokens::naming;
use crate::work::{Exchange, Work};

/// How long a read that was written down is not written down again.
const ONCE_IN: Duration = Duration::hours(1);
/// How many reads are remembered.
const REMEMBERED: usize = 4_096;

/// What a use case has noted so far.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    user: Option<UserId>,
    token: Option<TokenId>,
    office: Option<OfficeCode>,
    /// The token whose first use of the day this is.
    first_use: Option<TokenId>,
    shown: Vec<Shown>,
    refused: Option<Refused>,
}

impl Trail {
    /// The one of a call; with the token whose first use of the day it is.
    pub(crate) fn of(first_use: Option<TokenId>) -> Self {
        Self {
            first_use,
            ..Self::default()
        }
    }
}

/// Restricted answers that are shown.
#[derive(Debug)]
struct Shown {
    /// To which thing the caller came for them.
    subject: String,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Answers of these offices: of which version, and which of them are restricted, each to which circle.
    Answers(BTreeMap<OfficeCode, (i32, Vec<(Key, Circle)>)>),
    /// What is in these views.
    Views(Vec<(EditionId, Circle)>),
}

/// A thing that is there, and was refused.
#[derive(Debug)]
struct Refused {
    subject: String,
    wanted: String,
    refusal: Refusal,
}

/// How a use case ended that did not happen, and what is written down of it all the same.
pub(crate) struct Ended {
    pub(crate) error: Error,
    pub(crate) trail: Box<Trail>,
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self {
            error: error.into(),
            trail: Box::default(),
        }
    }
}

/// The reads that this process wrote down lately.
#[derive(Debug, Default)]
pub(crate) struct Lately(Mutex<HashMap<String, Instant>>);

impl Lately {
    /// Whether it is new.
    fn is_new(&self, read: &str, now: Instant) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(read).is_none_or(|at| now >= *at + ONCE_IN || now < *at)
    }

    fn remember(&self, reads: Vec<String>, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + reads.len() > REMEMBERED {
            known.clear();
        }
        known.extend(reads.into_iter().map(|read| (read, now)));
    }
}

/// Whether an answer of this circle is restricted and shown to another.
fn is_restricted(circle: Circle, reader: Circle) -> bool {
    circle != Circle::Public && circle.reaches(reader)
}

impl Work<'_> {
    /// Notes that the caller is shown answers of these offices, each of a version, as far as they reach `reader`; its own are
    /// not told.
    pub(crate) fn note_answers<'a>(
        &self,
        subject: String,
        responses: impl IntoIterator<Item = (&'a OfficeCode, i32, &'a [Answer])>,
        reader: Circle,
    ) {
        let Some(party) = self.caller.party() else {
            return;
        };
        let of_others = responses.into_iter().filter(|(office, ..)| **office != party.office);
        let shown: BTreeMap<_, _> = of_others
            .filter_map(|(office, version, answers)| {
                let restricted = answers.iter().filter(|answer| is_restricted(answer.circle, reader));
                let restricted: Vec<_> = restricted
                    .map(|answer| (answer.question.clone(), answer.circle))
                    .collect();
                (!restricted.is_empty()).then(|| (office.clone(), (version, restricted)))
            })
            .collect();
        if !shown.is_empty() {
            let what = What::Answers(shown);
            self.trail.borrow_mut().shown.push(Shown { subject, what });
        }
    }

    /// Notes that the caller is shown all of a query's submitted responses.
    pub(crate) fn note_submitted(&self, query: &Query, responses: &[Submitted], reader: Circle) {
        let all = responses
            .iter()
            .map(|response| (&response.office, response.version, response.answers.as_slice()));
        self.note_answers(format!("query/{}", query.id), all, reader);
    }

    /// Notes that the caller is given these views.
    pub(crate) fn note_views(&self, subject: String, views: impl IntoIterator<Item = (EditionId, Circle)>) {
        let restricted: Vec<_> = views
            .into_iter()
            .filter(|(_, circle)| *circle != Circle::Public)
            .collect();
        if self.caller.party().is_some() && !restricted.is_empty() {
            let what = What::Views(restricted);
            self.trail.borrow_mut().shown.push(Shown { subject, what });
        }
    }

    /// Notes that a thing that is there is refused, should the use case end with that; gives the refusal back.
    pub(crate) fn note_refusal(&self, wanted: Action, subject: String, refusal: Refusal) -> Refusal {
        if self.caller.belongs_to().is_some() && matches!(refusal, Refusal::Hidden | Refusal::Forbidden { .. }) {
            self.trail.borrow_mut().refused = Some(Refused {
                subject,
                wanted: format!("{wanted:?}"),
                refusal: refusal.clone(),
            });
        }
        refusal
    }

    /// What is there, but not where it is asked for, is hidden, and that somebody asked is noted.
    ///
    /// # Errors
    /// Hidden when it is not here.
    pub(crate) fn must_be_here(&self, here: bool, wanted: Action, subject: String) -> Result<(), Refusal> {
        match here {
            true => Ok(()),
            false => Err(self.note_refusal(wanted, subject, Refusal::Hidden)),
        }
    }

    /// What was noted, once it is known how the use case ended.
    pub(crate) fn end_trail(&self, error: Option<&Error>) -> Trail {
        let mut trail = self.trail.take();
        match error {
            None => trail.refused = None,
            Some(error) => {
                // What is refused on the way, such as an entry of a list that is left out, is no refused access.
                let why = |refused: &Refused| matches!(error, Error::Refused(refusal) if *refusal == refused.refusal);
                trail.refused = trail.refused.filter(why);
                trail.shown.clear();
            }
        }
        trail.user = self.caller.user();
        trail.token = self.token();
        trail.office = self.caller.belongs_to().map(|party| party.office.clone());
        trail
    }
}

/// The name of a thing in the trail.
pub(crate) fn name(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Exchange => "exchange".to_owned(),
        Subject::Query(query) | Subject::Hold(query, _) => format!("query/{}", query.id),
        Subject::Response(query, office) => format!("query/{}/response/{office}", query.id),
        Subject::Office(office) | Subject::User(office, _) => format!("office/{office}"),
    }
}

impl Exchange {
    /// Writes down what was noted. Where that cannot be, because the disk is full or the database away, the call goes on and
    /// the log says it.
    pub(crate) async fn keep(&self, trail: Trail, now: Instant) {
        let Trail {
            user,
            token,
            office,
            first_use,
            shown,
            refused,
        } = trail;
        let named = |shown: &Shown| format!("{user:?} {token:?} {office:?} {} {:?}", shown.subject, shown.what);
        let shown: Vec<(String, Shown)> = shown
            .into_iter()
            .map(|shown| (named(&shown), shown))
            .filter(|(name, _)| self.lately().is_new(name, now))
            .collect();
        if shown.is_empty() && refused.is_none() && first_use.is_none() {
            return;
        }
        let randomness = self.randomness().clone();
        let (names, shown): (Vec<_>, Vec<_>) = shown.into_iter().unzip();
        let subjects: Vec<String> = shown.iter().map(|shown| shown.subject.clone()).collect();
        let refused_subject = refused.as_ref().map(|refused| refused.subject.clone());
        let written = self.store().write(move |conn| -> Result<(), StoreError> {
            let record = |conn: &mut Connection, action: &str, subject: String, facts| {
                let event = Event {
                    id: EventId::new(now, &randomness),
                    at: now,
                    user,
                    office: office.clone(),
                    action: action.to_owned(),
                    subject,
                    facts: naming(token, facts),
                };
                audit::record(conn, &event)
            };
            if let Some(token) = first_use {
                tokens::used(conn, token, brussels_date(now))?;
            }
            for Shown { subject, what } in shown {
                let mut offices = match what {
                    What::Answers(shown) => shown.into_keys().collect(),
                    What::Views(views) => in_views(conn, &views)?,
                };
                if let Some(own) = &office {
                    offices.remove(own);
                }
                match offices.is_empty() {
                    true => record(conn, READ_EDITION, subject, json!({}))?,
                    false => record(conn, READ_RESTRICTED, subject, json!({"offices": offices}))?,
                }
            }
            if let Some(Refused {
                subject,
                wanted,
                refusal,
            }) = refused
            {
                let code = match refusal {
                    Refusal::Forbidden { code, .. } => code,
                    _ => "hidden",
                };
                record(conn, "access.refused", subject, json!({"wanted": wanted, "code": code}))?;
            }
            Ok(())
        });
        match written.await {
            Ok(()) => self.lately().remember(names, now),
            Err(error) => {
                tracing::error!(%error, ?user, ?token, ?subjects, ?refused_subject, "what was read or refused is not in the audit");
            }
        }
    }
}

/// The offices whose restricted answers stand in these views. Statements: 1.
fn in_views(conn: &mut Connection, views: &[(EditionId, Circle)]) -> Result<BTreeSet<OfficeCode>, StoreError> {
    let ids: Vec<EditionId> = views.iter().map(|(edition, _)| *edition).collect();
    let mut offices = BTreeSet::new();
    for (edition, parts) in editions::compositions(conn, &ids)? {
        for (_, reader) in views.iter().filter(|(id, _)| *id == edition) {
            let restricted = parts
                .iter()
                .filter(|part| part.circles.values().any(|circle| is_restricted(*circle, *reader)));
            offices.extend(restricted.map(|part| part.office.clone()));
        }
    }
    Ok(offices)
}
