//! Queries and addressees as they stand in their rows. It maps and decides nothing.

use crate::column::{Id, Json, Time};
use crate::connection::MultiBackend;
use crate::schema::{addressees, queries};
use crate::word::{from_word, to_word};
use crate::{StoreError, holds};
use ahq_domain::clock::Instant;
use ahq_domain::deadline::Deadline;
use ahq_domain::id::QueryId;
use ahq_domain::markdown::Markdown;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::{OfficeCode, Standing};
use ahq_domain::query::{
    Addressee, Agreed, Extension, Imported, Joint, LastEdition, Launched, Life, Publication, Query, Reasoned,
};
use ahq_domain::question::Question;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;

/// A row of `queries`.
#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = queries, check_for_backend(MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct Row {
    id: Id,
    version: i64,
    lead: String,
    joint: Json<Vec<Joint>>,
    originator: Option<String>,
    title: String,
    never_public: bool,
    topics: Json<Vec<String>>,
    keywords: Json<Vec<String>>,
    default_circle: String,
    deadline: Option<NaiveDate>,
    urgent_reason: Option<String>,
    number_year: Option<i32>,
    number_sequence: Option<i32>,
    launched_at: Option<Time>,
    requested_on: Option<NaiveDate>,
    ends_at: Option<Time>,
    audience: Option<String>,
    extensions: Json<Vec<Extension>>,
    closed_early: Option<Json<Reasoned>>,
    withdrawn: Option<Json<Reasoned>>,
    edition_number: Option<i32>,
    edition_at: Option<Time>,
    publications: Json<Vec<Publication>>,
    published_from: Option<Time>,
    mailed_at: Option<Time>,
    imported: Option<Json<Imported>>,
    created_at: Time,
    changed_at: Time,
    background: Option<String>,
    public_background: Option<String>,
    questions: Json<Vec<Question>>,
}

/// A row of `addressees`.
#[derive(Debug, Insertable)]
#[diesel(table_name = addressees, treat_none_as_default_value = false)]
pub(super) struct AddresseeRow {
    query_id: Id,
    office: String,
    standing: String,
    expected: bool,
    told_at: Time,
    agreed_on: Option<NaiveDate>,
    agreed_at: Option<Time>,
}

impl Row {
    /// The row of a query; its addressees have rows of their own.
    pub(super) fn of(query: &Query) -> Result<Self, StoreError> {
        let mut row = Self {
            id: query.id.0.into(),
            version: query.version,
            lead: query.lead.to_string(),
            joint: Json(query.joint.clone()),
            originator: query.originator.clone(),
            title: query.title.clone(),
            never_public: query.never_public,
            topics: Json(query.topics.clone()),
            keywords: Json(query.keywords.clone()),
            default_circle: query.default_circle.word().to_owned(),
            deadline: None,
            urgent_reason: None,
            number_year: None,
            number_sequence: None,
            launched_at: None,
            requested_on: query.requested_on(),
            ends_at: None,
            audience: None,
            extensions: Json(Vec::new()),
            closed_early: None,
            withdrawn: None,
            edition_number: None,
            edition_at: None,
            publications: Json(Vec::new()),
            published_from: None,
            mailed_at: None,
            imported: None,
            created_at: query.created.into(),
            changed_at: query.changed.into(),
            background: query.background.clone().map(String::from),
            public_background: query.public_background.clone().map(String::from),
            questions: Json(query.questions.clone()),
        };
        match &query.life {
            Life::Draft {
                deadline,
                urgent_reason,
            } => {
                row.deadline = *deadline;
                row.urgent_reason.clone_from(urgent_reason);
            }
            Life::Launched(launched) => row.put_launched(launched)?,
            Life::Imported(imported) => {
                row.put_number(imported.number.as_ref().and_then(|number| number.parse().ok()));
                row.deadline = imported.reply_by;
                row.imported = Some(Json(imported.as_ref().clone()));
            }
        }
        Ok(row)
    }

    fn put_number(&mut self, number: Option<QueryNumber>) {
        self.number_year = number.map(|number| number.year);
        self.number_sequence = number.map(|number| number.sequence);
    }

    fn put_launched(&mut self, launched: &Launched) -> Result<(), StoreError> {
        self.put_number(Some(launched.number));
        self.launched_at = Some(launched.at.into());
        self.deadline = Some(launched.deadline.date);
        self.ends_at = Some(launched.deadline.end.into());
        self.urgent_reason.clone_from(&launched.urgent_reason);
        self.audience = Some(to_word(&launched.audience)?);
        self.extensions = Json(launched.extensions.clone());
        self.closed_early = launched.closed_early.clone().map(Json);
        self.withdrawn = launched.withdrawn.clone().map(Json);
        self.edition_number = launched.last_edition.as_ref().map(|edition| edition.number);
        self.edition_at = launched.last_edition.as_ref().map(|edition| edition.at.into());
        self.publications = Json(launched.publications.clone());
        self.published_from = launched.published_from().map(Time::from);
        self.mailed_at = launched.mailed.map(Time::from);
        Ok(())
    }

    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// The query of this row with its addressees and holds, as [`crate::connection::phrase::AddresseesOfQuery`] and
    /// [`crate::connection::phrase::HoldsOfQuery`] give them.
    pub(super) fn into_query(mut self, addressees: &str, holds: &str) -> Result<Query, StoreError> {
        let life = self.take_life(addressees, holds)?;
        Ok(Query {
            id: QueryId(self.id.into()),
            version: self.version,
            lead: from_word(&self.lead)?,
            joint: self.joint.0,
            originator: self.originator,
            title: self.title,
            background: self.background.map(markdown).transpose()?,
            public_background: self.public_background.map(markdown).transpose()?,
            never_public: self.never_public,
            topics: self.topics.0,
            keywords: self.keywords.0,
            default_circle: from_word(&self.default_circle)?,
            questions: self.questions.0,
            life,
            created: self.created_at.into(),
            changed: self.changed_at.into(),
        })
    }

    fn take_life(&mut self, addressees: &str, holds: &str) -> Result<Life, StoreError> {
        if let Some(Json(imported)) = self.imported.take() {
            return Ok(Life::Imported(Box::new(imported)));
        }
        let Some(launched_at) = self.launched_at else {
            return Ok(Life::Draft {
                deadline: self.deadline,
                urgent_reason: self.urgent_reason.take(),
            });
        };
        let (Some(year), Some(sequence)) = (self.number_year, self.number_sequence) else {
            return Err(incomplete(self.id));
        };
        let (Some(date), Some(end), Some(audience)) = (self.deadline, self.ends_at, &self.audience) else {
            return Err(incomplete(self.id));
        };
        // The end as it was announced, should the rules of Brussels time change meanwhile.
        let mut deadline = Deadline::on(date);
        deadline.end = end.into();
        Ok(Life::Launched(Box::new(Launched {
            number: QueryNumber { year, sequence },
            at: launched_at.into(),
            deadline,
            urgent_reason: self.urgent_reason.take(),
            audience: from_word(audience)?,
            addressees: parse_addressees(addressees)?,
            extensions: std::mem::take(&mut self.extensions.0),
            closed_early: self.closed_early.take().map(|Json(reasoned)| reasoned),
            withdrawn: self.withdrawn.take().map(|Json(reasoned)| reasoned),
            last_edition: match (self.edition_number, self.edition_at) {
                (Some(number), Some(at)) => Some(LastEdition { number, at: at.into() }),
                _ => None,
            },
            publications: std::mem::take(&mut self.publications.0),
            mailed: self.mailed_at.map(Into::into),
            holds: holds::parse(holds)?,
        })))
    }
}

impl AddresseeRow {
    pub(super) fn of(query: QueryId, addressee: &Addressee) -> Result<Self, StoreError> {
        Ok(Self {
            query_id: query.0.into(),
            office: addressee.office.to_string(),
            standing: to_word(&addressee.standing)?,
            expected: addressee.expected,
            told_at: addressee.told.into(),
            agreed_on: addressee.agreed.map(|agreed| agreed.date),
            agreed_at: addressee.agreed.map(|agreed| agreed.at.into()),
        })
    }
}

fn parse_addressees(list: &str) -> Result<Vec<Addressee>, StoreError> {
    type Told = (OfficeCode, Standing, u8, Instant, Option<NaiveDate>, Option<Instant>);
    let list: Vec<Told> = serde_json::from_str(list).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    let addressee = |(office, standing, expected, told, agreed_on, agreed_at): Told| Addressee {
        office,
        standing,
        expected: expected != 0,
        told,
        agreed: agreed_on.zip(agreed_at).map(|(date, at)| Agreed { date, at }),
    };
    Ok(list.into_iter().map(addressee).collect())
}

/// The number of an imported query, without the rest of its facts.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ImportedNumber {
    pub(super) number: Option<String>,
}

fn markdown(text: String) -> Result<Markdown, StoreError> {
    Markdown::try_from(text).map_err(|fault| StoreError::Corrupt(fault.to_string()))
}

fn incomplete(id: Id) -> StoreError {
    StoreError::Corrupt(format!("query {} lacks facts of its launch", uuid::Uuid::from(id)))
}
