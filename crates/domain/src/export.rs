//! Exports: many editions in one file. Which ones are meant; who may read each is a question for [`crate::permission`].

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::clock::{Instant, brussels_date};
use crate::dissemination::Circle;
use crate::id::EditionId;
use crate::query::Query;
use crate::refusal::Faults;

/// How many documents one export may have.
pub const MOST_DOCUMENTS: usize = 2_000;

/// Which date of an edition decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOf {
    /// The day its query was launched.
    Launched,
    /// The day it was made.
    Compiled,
    /// The day from which on it is public; one that is not has none.
    Published,
}

/// Which editions are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Which of their dates decides.
    pub date_of: DateOf,
    /// From this day on, in Brussels.
    pub from: Option<NaiveDate>,
    /// Up to this day and with it.
    pub to: Option<NaiveDate>,
    /// Of queries with this topic.
    pub topic: Option<String>,
    /// Of these queries, by id or number; of all where it is empty.
    pub queries: Vec<String>,
    /// In no fuller view than this; else in the fullest that its reader may have.
    pub circle: Option<Circle>,
}

impl Selection {
    /// Whether it can mean anything.
    ///
    /// # Errors
    /// `before_from` when it ends before it begins.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::new();
        if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
            faults.add("/to", "before_from", "a day not before `from`");
        }
        faults.or(())
    }

    /// Whether a query is asked for by name.
    pub fn names(&self, query: &Query) -> bool {
        let id = query.id.to_string();
        let number = query.number();
        let own = |wanted: &String| *wanted == id || Some(wanted) == number.as_ref();
        self.queries.iter().any(own)
    }

    /// Whether it means an edition of a query, made at `made`. Imported queries have no editions made here.
    pub fn means(&self, query: &Query, edition: EditionId, made: Instant, now: Instant) -> bool {
        let Some(launched) = query.launched() else {
            return false;
        };
        let date = match self.date_of {
            DateOf::Launched => Some(launched.at),
            DateOf::Compiled => Some(made),
            DateOf::Published => launched
                .publication(now)
                .filter(|publication| publication.edition == edition)
                .map(|publication| publication.from),
        };
        let in_time = date
            .map(brussels_date)
            .is_some_and(|date| self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to));
        let named = self.queries.is_empty() || self.names(query);
        let on_topic = self.topic.as_ref().is_none_or(|topic| query.topics.contains(topic));
        in_time && named && on_topic
    }
}
