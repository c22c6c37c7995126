//! Offices and topics as the interface shows them.

use ahq_domain::office::Office;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::{OfficeKindWord, StandingWord};

/// Who takes part: the contact point of a country, the Commission, the service provider.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Office)]
pub(crate) struct OfficeView {
    /// Its code: EU codes for countries, `EL` for Greece.
    #[schema(example = "LU")]
    code: String,
    /// What it is.
    kind: OfficeKindWord,
    /// How it takes part.
    standing: StandingWord,
    /// Its English name.
    name: String,
    /// Its name in its own language.
    own_name: String,
    /// Earlier English names.
    former_names: Vec<FormerNameView>,
    /// The first day it takes part.
    since: NaiveDate,
    /// The last day it takes part.
    until: Option<NaiveDate>,
    /// Its functional mailbox.
    mailbox: String,
}

/// A name that an office bore until a day, inclusive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FormerName)]
pub(crate) struct FormerNameView {
    /// The name.
    name: String,
    /// The last day it was used.
    until: NaiveDate,
}

impl From<Office> for OfficeView {
    fn from(office: Office) -> Self {
        Self {
            code: office.code.to_string(),
            kind: office.kind.into(),
            standing: office.standing.into(),
            name: office.name,
            own_name: office.own_name,
            former_names: office
                .former_names
                .into_iter()
                .map(|former| FormerNameView {
                    name: former.name,
                    until: former.until,
                })
                .collect(),
            since: office.since,
            until: office.until,
            mailbox: office.mailbox,
        }
    }
}

/// The offices, by code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Offices)]
pub(crate) struct OfficesView {
    /// The offices.
    pub(crate) items: Vec<OfficeView>,
}

/// A topic of queries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Topic)]
pub(crate) struct TopicView {
    /// Its id.
    #[schema(example = "return")]
    pub(crate) id: String,
    /// Its name.
    #[schema(example = "Return")]
    pub(crate) name: String,
}

/// The topics, by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Topics)]
pub(crate) struct TopicsView {
    /// The topics.
    pub(crate) items: Vec<TopicView>,
}
