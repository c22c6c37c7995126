//! The data that comes with the program: offices, topics, holidays and past queries; and the same files of an operator.

use std::path::Path;

use ahq_domain::office::{FormerName, Office, OfficeCode, OfficeKind, Standing};
use ahq_domain::query::Imported;
use ahq_exchange::import::{Holiday, PastQuery, Topic};
use chrono::NaiveDate;
use serde::Deserialize;

use crate::holidays;

const OFFICES: &str = include_str!("../../../data/offices.json");
const TOPICS: &str = include_str!("../../../data/topics.json");
const HOLIDAYS: &str = include_str!("../../../data/holidays.csv");
const PAST_QUERIES: &str = include_str!("../../../data/past-queries.json");

/// What the record of an imported query says of itself.
const NOTE: &str = "Imported from the head of the public compilation: the responses themselves are not held in this \
     exchange.";

/// A data file that cannot be read, and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {fault}")]
pub struct DataError {
    file: String,
    fault: String,
}

pub(crate) fn fault(file: &str, fault: impl ToString) -> DataError {
    DataError {
        file: file.to_owned(),
        fault: fault.to_string(),
    }
}

/// What all of the network looks things up in.
#[derive(Debug, Clone)]
pub struct Network {
    /// The offices.
    pub offices: Vec<Office>,
    /// The topics.
    pub topics: Vec<Topic>,
    /// The holidays of each office.
    pub holidays: Vec<Holiday>,
}

#[derive(Deserialize)]
struct OfficesFile {
    offices: Vec<OfficeEntry>,
}

#[derive(Deserialize)]
struct OfficeEntry {
    code: OfficeCode,
    name: String,
    own_name: String,
    kind: OfficeKind,
    standing: Standing,
    protocol_order: Option<i32>,
    since: NaiveDate,
    until: Option<NaiveDate>,
    #[serde(default)]
    former_names: Vec<FormerName>,
    mailbox: String,
    in_text: Option<String>,
}

impl From<OfficeEntry> for Office {
    fn from(entry: OfficeEntry) -> Self {
        Self {
            code: entry.code,
            kind: entry.kind,
            standing: entry.standing,
            name: entry.name,
            own_name: entry.own_name,
            former_names: entry.former_names,
            protocol_order: entry.protocol_order,
            since: entry.since,
            until: entry.until,
            mailbox: entry.mailbox,
            in_text: entry.in_text,
        }
    }
}

#[derive(Deserialize)]
struct TopicsFile {
    topics: Vec<TopicEntry>,
}

#[derive(Deserialize)]
struct TopicEntry {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct PastFile {
    queries: Vec<PastEntry>,
}

#[derive(Deserialize)]
struct PastEntry {
    number: Option<String>,
    title: String,
    requested_by: OfficeCode,
    #[serde(default)]
    joint_with: Vec<OfficeCode>,
    requested_on: NaiveDate,
    reply_by: Option<NaiveDate>,
    compiled_on: Option<NaiveDate>,
    topic: Option<String>,
    respondents: Vec<OfficeCode>,
}

impl Network {
    /// The data inside the program.
    ///
    /// # Errors
    /// Never for the files it was built with, which a test holds.
    pub fn embedded() -> Result<Self, DataError> {
        Self::parse(OFFICES, TOPICS, HOLIDAYS)
    }

    /// The files `offices.json`, `topics.json` and `holidays.csv` of a folder.
    ///
    /// # Errors
    /// A file that is not there or cannot be understood, with the place.
    pub fn in_folder(folder: &Path) -> Result<Self, DataError> {
        let read = |name: &str| {
            let file = folder.join(name);
            std::fs::read_to_string(&file).map_err(|error| fault(&file.display().to_string(), error))
        };
        Self::parse(&read("offices.json")?, &read("topics.json")?, &read("holidays.csv")?)
    }

    fn parse(offices: &str, topics: &str, holidays: &str) -> Result<Self, DataError> {
        let offices: OfficesFile = serde_json::from_str(offices).map_err(|error| fault("offices.json", error))?;
        let topics: TopicsFile = serde_json::from_str(topics).map_err(|error| fault("topics.json", error))?;
        Ok(Self {
            offices: offices.offices.into_iter().map(Into::into).collect(),
            topics: topics
                .topics
                .into_iter()
                .map(|topic| Topic {
                    id: topic.id,
                    name: topic.name,
                })
                .collect(),
            holidays: holidays::of_csv(holidays).map_err(|faults| fault("holidays.csv", faults.join("; ")))?,
        })
    }
}

/// The twenty past queries inside the program.
///
/// # Errors
/// Never for the file it was built with, which a test holds.
pub fn past_queries() -> Result<Vec<PastQuery>, DataError> {
    parse_past_queries("past-queries.json", PAST_QUERIES)
}

/// The past queries of a file.
///
/// # Errors
/// A file that is not there or cannot be understood, with the place.
pub fn past_queries_in(file: &Path) -> Result<Vec<PastQuery>, DataError> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| fault(&name, error))?;
    parse_past_queries(&name, &text)
}

fn parse_past_queries(name: &str, text: &str) -> Result<Vec<PastQuery>, DataError> {
    let file: PastFile = serde_json::from_str(text).map_err(|error| fault(name, error))?;
    let topics = Network::embedded()?.topics;
    file.queries
        .into_iter()
        .map(|entry| {
            let topic = match &entry.topic {
                None => Vec::new(),
                Some(topic) => {
                    let known = topics.iter().find(|known| known.name == *topic);
                    let known = known.ok_or_else(|| fault(name, format!("no topic is named {topic}")))?;
                    vec![known.id.clone()]
                }
            };
            Ok(PastQuery {
                title: entry.title,
                lead: entry.requested_by,
                joint: entry.joint_with,
                topics: topic,
                facts: Imported {
                    number: entry.number,
                    requested_on: entry.requested_on,
                    reply_by: entry.reply_by,
                    compiled_on: entry.compiled_on,
                    respondents: entry.respondents,
                    note: NOTE.to_owned(),
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_data_are_right() {
        let network = Network::embedded().unwrap();
        assert_eq!((network.offices.len(), network.topics.len()), (39, 15));
        assert_eq!(network.holidays.len(), 3_795);
        assert_eq!(past_queries().unwrap().len(), 20);
    }
}
