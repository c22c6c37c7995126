//! Queries: from the draft through launch, deadline, compilation and publication, with the facts of each step.
//!
//! The status is computed from those facts and the clock, never set by hand.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::clock::{Instant, brussels_date};
use crate::deadline::Deadline;
use crate::dissemination::Circle;
use crate::draft::Draft;
use crate::hold::Hold;
use crate::id::{EditionId, QueryId};
use crate::markdown::Markdown;
use crate::number::QueryNumber;
use crate::office::{Office, OfficeCode, OfficeKind, Standing};
use crate::question::Question;
use crate::refusal::Refusal;

/// Where a query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Being written by its requesters.
    Draft,
    /// Withdrawn, with a reason.
    Withdrawn,
    /// Its public view is public.
    Published,
    /// It has an edition.
    Compiled,
    /// Its deadline has passed, or it was closed early.
    Closed,
    /// Waiting for answers.
    Open,
}

impl Status {
    /// Its word in the interface.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Withdrawn => "withdrawn",
            Self::Published => "published",
            Self::Compiled => "compiled",
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }
}

/// Which offices make up the network for one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The addressees alone.
    Addressed,
    /// All member countries, and the addressees.
    Members,
    /// All member and observer countries, and the addressees.
    MembersAndObservers,
}

/// An office that asks jointly with the lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Joint {
    /// The office.
    pub office: OfficeCode,
    /// When the lead invited it.
    pub invited: Instant,
    /// When it accepted; only then is it a requester.
    pub accepted: Option<Instant>,
}

/// An office asked to answer one query, as written down at launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The office.
    pub office: OfficeCode,
    /// Its standing at launch.
    pub standing: Standing,
    /// Whether its answer is expected: members yes, others no.
    pub expected: bool,
    /// When it was told.
    pub told: Instant,
    /// A later date agreed with this office alone.
    pub agreed: Option<Agreed>,
}

/// A later date agreed with one office.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The last day that office has.
    pub date: NaiveDate,
    /// When it was agreed.
    pub at: Instant,
}

/// A later deadline for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    /// When it was given.
    pub at: Instant,
    /// The deadline before.
    pub from: NaiveDate,
    /// The deadline after.
    pub to: NaiveDate,
    /// Why.
    pub reason: String,
}

/// Something done at a moment, for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reasoned {
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: String,
}

/// The newest edition of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastEdition {
    /// Its number.
    pub number: i32,
    /// When it was made.
    pub at: Instant,
}

/// The publication of an edition's public view: announced, then in force from a moment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The edition whose public view becomes public.
    pub edition: EditionId,
    /// Its number.
    pub number: i32,
    /// When it was announced to the respondents.
    pub announced: Instant,
    /// From when on it is public.
    pub from: Instant,
}

/// What is known of a query since its launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// Its number.
    pub number: QueryNumber,
    /// When it was launched.
    pub at: Instant,
    /// The deadline for all.
    pub deadline: Deadline,
    /// Why it is urgent, when under ten working days were given.
    pub urgent_reason: Option<String>,
    /// Who makes up the network.
    pub audience: Audience,
    /// Who was asked, by code.
    pub addressees: Vec<Addressee>,
    /// Later deadlines, in order.
    pub extensions: Vec<Extension>,
    /// Closed before its deadline.
    pub closed_early: Option<Reasoned>,
    /// Withdrawn.
    pub withdrawn: Option<Reasoned>,
    /// The newest edition.
    pub last_edition: Option<LastEdition>,
    /// Publications in the order of their announcement; the last one whose time has come is in force.
    pub publications: Vec<Publication>,
    /// When the compilation was mailed to the network; that happens once.
    pub mailed: Option<Instant>,
    /// What was suspended, in order; lifted holds stay.
    pub holds: Vec<Hold>,
}

/// What is known of a past query that was imported: it is read, found and counted, never computed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Its own number as text, where it bears one.
    pub number: Option<String>,
    /// The day it was requested.
    pub requested_on: NaiveDate,
    /// The deadline it printed.
    pub reply_by: Option<NaiveDate>,
    /// The day its compilation bears.
    pub compiled_on: Option<NaiveDate>,
    /// Who answered; their answers are not known.
    pub respondents: Vec<OfficeCode>,
    /// Where the facts come from, and what is not known.
    pub note: String,
}

/// The life of a query; each position carries its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// Not launched.
    Draft {
        /// The deadline wished for; none for twenty working days.
        deadline: Option<NaiveDate>,
        /// Why it is urgent.
        urgent_reason: Option<String>,
    },
    /// Launched.
    Launched(Box<Launched>),
    /// Imported from the past.
    Imported(Box<Imported>),
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Its id.
    pub id: QueryId,
    /// Raised by each change of the query itself; responses do not raise it.
    pub version: i64,
    /// The requesting office.
    pub lead: OfficeCode,
    /// Who asks with it; after launch only those who accepted.
    pub joint: Vec<Joint>,
    /// On whose behalf, in free words.
    pub originator: Option<String>,
    /// The title, without any prefix.
    pub title: String,
    /// What the query is about and why.
    pub background: Option<Markdown>,
    /// The wording of the background that may be public, where it differs.
    pub public_background: Option<Markdown>,
    /// Never to be published.
    pub never_public: bool,
    /// Ids of topics, one to three.
    pub topics: Vec<String>,
    /// Free keywords.
    pub keywords: Vec<String>,
    /// The circle an answer gets where its office names none.
    pub default_circle: Circle,
    /// The questions in order.
    pub questions: Vec<Question>,
    /// Its life so far.
    pub life: Life,
    /// When it was first saved.
    pub created: Instant,
    /// When it was last changed.
    pub changed: Instant,
}

impl Query {
    /// A new draft of `lead`.
    pub fn draft(id: QueryId, lead: OfficeCode, draft: Draft, now: Instant) -> Self {
        let mut query = Self {
            id,
            version: 1,
            lead,
            joint: Vec::new(),
            originator: None,
            title: String::new(),
            background: None,
            public_background: None,
            never_public: false,
            topics: Vec::new(),
            keywords: Vec::new(),
            default_circle: Circle::Public,
            questions: Vec::new(),
            life: Life::Draft {
                deadline: None,
                urgent_reason: None,
            },
            created: now,
            changed: now,
        };
        query.fill(draft, now);
        query
    }

    fn fill(&mut self, draft: Draft, now: Instant) {
        self.originator = draft.originator;
        self.title = draft.title;
        self.background = draft.background;
        self.public_background = draft.public_background;
        self.never_public = draft.never_public;
        self.topics = draft.topics;
        self.keywords = draft.keywords;
        self.default_circle = draft.default_circle;
        self.questions = draft.questions;
        self.life = Life::Draft {
            deadline: draft.deadline,
            urgent_reason: draft.urgent_reason,
        };
        self.changed = now;
    }

    /// Replaces the draft's content.
    ///
    /// # Errors
    /// Conflict `not_draft` after launch.
    pub fn redraft(&mut self, draft: Draft, now: Instant) -> Result<(), Refusal> {
        self.must_be_draft()?;
        self.fill(draft, now);
        Ok(())
    }

    /// Refuses whatever is done to drafts only.
    ///
    /// # Errors
    /// Conflict `not_draft`.
    pub fn must_be_draft(&self) -> Result<(), Refusal> {
        match self.life {
            Life::Draft { .. } => Ok(()),
            _ => Err(Refusal::conflict(
                "not_draft",
                "the query was launched: its text is fixed, only corrections of its wording remain",
            )),
        }
    }

    /// The facts since launch, when it was launched here.
    pub fn launched(&self) -> Option<&Launched> {
        match &self.life {
            Life::Launched(launched) => Some(launched),
            _ => None,
        }
    }

    /// Its number as documents print it.
    pub fn number(&self) -> Option<String> {
        match &self.life {
            Life::Draft { .. } => None,
            Life::Launched(launched) => Some(launched.number.to_string()),
            Life::Imported(imported) => imported.number.clone(),
        }
    }

    /// The day it was requested: the Brussels date of its launch.
    pub fn requested_on(&self) -> Option<NaiveDate> {
        match &self.life {
            Life::Draft { .. } => None,
            Life::Launched(launched) => Some(brussels_date(launched.at)),
            Life::Imported(imported) => Some(imported.requested_on),
        }
    }

    /// Where it stands at `now`: the first that holds of draft, withdrawn, published, compiled, closed, open.
    /// Past queries come from public compilations and are published.
    pub fn status(&self, now: Instant) -> Status {
        let launched = match &self.life {
            Life::Draft { .. } => return Status::Draft,
            Life::Imported(_) => return Status::Published,
            Life::Launched(launched) => launched,
        };
        if launched.withdrawn.is_some() {
            Status::Withdrawn
        } else if launched.publication(now).is_some() {
            Status::Published
        } else if launched.last_edition.is_some() {
            Status::Compiled
        } else if launched.closed_early.is_some() || launched.deadline.is_past(now) {
            Status::Closed
        } else {
            Status::Open
        }
    }

    /// Since when everybody may read what is public of it now; of a past query, since the day of its compilation, or of
    /// its request where that is not known.
    pub fn public_since(&self, now: Instant) -> Option<Instant> {
        match &self.life {
            Life::Draft { .. } => None,
            Life::Launched(launched) => launched.publication(now).map(|publication| publication.from),
            Life::Imported(imported) => {
                let day = imported.compiled_on.unwrap_or(imported.requested_on);
                Some(Deadline::on(day).end)
            }
        }
    }

    /// The requesters: the lead, then the joint offices that accepted.
    pub fn requesters(&self) -> impl Iterator<Item = &OfficeCode> {
        std::iter::once(&self.lead).chain(
            self.joint
                .iter()
                .filter(|joint| joint.accepted.is_some())
                .map(|joint| &joint.office),
        )
    }

    /// Whether `office` is a requester.
    pub fn is_requester(&self, office: &OfficeCode) -> bool {
        self.requesters().any(|requester| requester == office)
    }

    /// Invites an office to ask jointly.
    ///
    /// # Errors
    /// Conflict `not_draft`, `already_joint`; Invalid `bad_office`.
    pub fn invite_joint(&mut self, office: &Office, now: Instant) -> Result<(), Refusal> {
        self.must_be_draft()?;
        if office.kind == OfficeKind::ServiceProvider || !office.takes_part_on(brussels_date(now)) {
            return Err(Refusal::invalid(
                "/office",
                "bad_office",
                "only contact points that take part, and the Commission, ask",
            ));
        }
        if office.code == self.lead || self.joint.iter().any(|joint| joint.office == office.code) {
            return Err(Refusal::conflict(
                "already_joint",
                "this office is a requester or invited already",
            ));
        }
        self.joint.push(Joint {
            office: office.code.clone(),
            invited: now,
            accepted: None,
        });
        self.changed = now;
        Ok(())
    }

    /// Accepts an invitation to ask jointly.
    ///
    /// # Errors
    /// Conflict `not_draft`, `not_invited`, `already_accepted`.
    pub fn accept_joint(&mut self, office: &OfficeCode, now: Instant) -> Result<(), Refusal> {
        self.must_be_draft()?;
        let Some(joint) = self.joint.iter_mut().find(|joint| joint.office == *office) else {
            return Err(Refusal::conflict(
                "not_invited",
                "this office was not invited to ask jointly",
            ));
        };
        if joint.accepted.is_some() {
            return Err(Refusal::conflict(
                "already_accepted",
                "this office has accepted already",
            ));
        }
        joint.accepted = Some(now);
        self.changed = now;
        Ok(())
    }
}

impl Launched {
    /// The deadline that decides whether this office is late: its agreed date where that is later, else the one for
    /// all; none when it is neither addressed nor the lead.
    pub fn deadline_for(&self, office: &OfficeCode, lead: &OfficeCode) -> Option<Deadline> {
        match self.addressee(office) {
            Some(addressee) => Some(match addressee.agreed {
                Some(agreed) if agreed.date > self.deadline.date => Deadline::on(agreed.date),
                _ => self.deadline.clone(),
            }),
            None => (office == lead).then(|| self.deadline.clone()),
        }
    }

    /// The last day that this office has: that of all where it is neither addressed nor the lead.
    pub fn last_day_for(&self, office: &OfficeCode, lead: &OfficeCode) -> NaiveDate {
        self.deadline_for(office, lead)
            .map_or(self.deadline.date, |deadline| deadline.date)
    }

    /// When the deadline of this office was set last, or the query withdrawn: of two instants the later one is in force.
    pub fn last_set(&self, office: &OfficeCode) -> Instant {
        let withdrawn = self.withdrawn.as_ref().map(|withdrawn| withdrawn.at);
        let extended = || self.extensions.last().map_or(self.at, |extension| extension.at);
        withdrawn.unwrap_or_else(|| self.clock_set(office).unwrap_or_else(extended))
    }

    /// The publication in force; none while one is suspended.
    pub fn publication(&self, now: Instant) -> Option<&Publication> {
        self.published_from()?;
        self.publications
            .iter()
            .rev()
            .find(|publication| publication.from <= now)
    }

    /// What was written down of an addressee.
    pub fn addressee(&self, office: &OfficeCode) -> Option<&Addressee> {
        self.addressees.iter().find(|addressee| addressee.office == *office)
    }
}
