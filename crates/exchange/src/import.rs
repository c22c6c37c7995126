//! What an operator brings in: offices, topics, holidays, and past queries.
//!
//! Importing twice changes nothing: what is there is left or renewed, never doubled.

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::clock::BRUSSELS;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::QueryId;
use ahq_domain::office::{Office, OfficeCode};
use ahq_domain::query::{Imported, Joint, Life, Query};
use ahq_store::queries;
pub use ahq_store::topics::Topic;
use ahq_store::{holidays, offices, topics};
use chrono::{NaiveDate, NaiveTime, TimeZone};
use serde_json::json;

use crate::error::Error;
use crate::work::Work;

/// A holiday: whose, when, what.
pub type Holiday = (OfficeCode, NaiveDate, String);

/// The facts of a past query, as its compilation's head gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastQuery {
    /// Its title.
    pub title: String,
    /// The requesting office.
    pub lead: OfficeCode,
    /// Who asked with it.
    pub joint: Vec<OfficeCode>,
    /// Ids of its topics.
    pub topics: Vec<String>,
    /// The other facts.
    pub facts: Imported,
}

impl Work<'_> {
    /// Brings in offices, topics and holidays, or renews them.
    ///
    /// # Errors
    /// Only what the tables refuse.
    pub fn import_network(&mut self, network: &[Office], subjects: &[Topic], days: &[Holiday]) -> Result<(), Error> {
        for office in network {
            offices::put(self.conn, office)?;
        }
        for topic in subjects {
            topics::put(self.conn, topic)?;
        }
        holidays::lock(self.conn)?;
        let known: BTreeSet<_> = holidays::list(self.conn, None, None)?
            .into_iter()
            .map(|(office, date, _)| (office, date))
            .collect();
        let mut added: BTreeMap<OfficeCode, BTreeSet<NaiveDate>> = BTreeMap::new();
        for (office, date, _) in days {
            if !known.contains(&(office.clone(), *date)) {
                added.entry(office.clone()).or_default().insert(*date);
            }
        }
        holidays::put_all(self.conn, days)?;
        self.tell_of_holidays(&added)?;
        let facts = json!({"offices": network.len(), "topics": subjects.len(), "holidays": days.len()});
        self.record("network.imported", "network", facts)
    }

    /// Brings in past queries; one with the same title, requester and date is there already and is left. Gives how
    /// many were new.
    ///
    /// # Errors
    /// Only what the tables refuse.
    pub fn import_queries(&mut self, past: Vec<PastQuery>) -> Result<usize, Error> {
        let mut new = 0;
        for query in past {
            if queries::is_imported(self.conn, &query.title, &query.lead, query.facts.requested_on)? {
                continue;
            }
            let midnight = query.facts.requested_on.and_time(NaiveTime::MIN);
            let requested = BRUSSELS
                .from_local_datetime(&midnight)
                .earliest()
                .map_or(self.now, |local| local.to_utc());
            let query = Query {
                id: QueryId::new(requested, self.randomness),
                version: 1,
                lead: query.lead,
                joint: query
                    .joint
                    .into_iter()
                    .map(|office| Joint {
                        office,
                        invited: requested,
                        accepted: Some(requested),
                    })
                    .collect(),
                originator: None,
                title: query.title,
                background: None,
                public_background: None,
                never_public: false,
                topics: query.topics,
                keywords: Vec::new(),
                default_circle: Circle::Public,
                questions: Vec::new(),
                life: Life::Imported(Box::new(query.facts)),
                created: self.now,
                changed: self.now,
            };
            queries::insert(self.conn, &query)?;
            new += 1;
        }
        self.record("queries.imported", "queries", json!({"new": new}))?;
        Ok(new)
    }
}
