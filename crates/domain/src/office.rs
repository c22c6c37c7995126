//! Offices: who takes part in the exchange, under which name and standing, and when.
//!
//! An office requests and answers; a person is never named in a document.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The code of an office: two or three capital letters, EU codes for countries (`EL`, never `GR`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficeCode(String);

impl OfficeCode {
    /// The Commission.
    pub const COMMISSION: &'static str = "COM";
    /// The code of the service provider.
    pub const SERVICE_PROVIDER: &'static str = "SP";

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The Commission's code.
    pub fn commission() -> Self {
        Self(Self::COMMISSION.to_owned())
    }

    /// The service provider's code.
    pub fn service_provider() -> Self {
        Self(Self::SERVICE_PROVIDER.to_owned())
    }
}

/// A text that is not an office code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an office code has two or three capital letters, such as LU or COM")]
pub struct NotAnOfficeCode;

impl FromStr for OfficeCode {
    type Err = NotAnOfficeCode;

    /// Parses a code; the two common aliases of EU codes (`GR`, `GB`) and `EC` are accepted and turned into the
    /// codes that are printed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if !fits {
            return Err(NotAnOfficeCode);
        }
        Ok(Self(
            match text {
                "GR" => "EL",
                "GB" => "UK",
                "EC" => Self::COMMISSION,
                other => other,
            }
            .to_owned(),
        ))
    }
}

impl TryFrom<String> for OfficeCode {
    type Error = NotAnOfficeCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<OfficeCode> for String {
    fn from(code: OfficeCode) -> Self {
        code.0
    }
}

impl fmt::Display for OfficeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Codes or names as a sentence lists them: `LU, PL and SK`.
pub fn in_words(list: &[String]) -> String {
    match list.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => list.concat(),
    }
}

/// What an office is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficeKind {
    /// The contact point of a country: asks and answers.
    NationalContactPoint,
    /// Asks, reads every circle, answers only when a query is addressed to it.
    Commission,
    /// Runs the exchange; reads the network circle; answers for nobody.
    ServiceProvider,
}

/// How an office takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A member country: expected to answer when addressed.
    Member,
    /// An observer country: may be addressed, is not expected.
    Observer,
    /// A guest country: may be addressed, is not expected.
    Guest,
    /// The Commission.
    Commission,
    /// The service provider.
    ServiceProvider,
}

/// A name that an office bore until a day, inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormerName {
    /// The name.
    pub name: String,
    /// The last day it was used.
    pub until: NaiveDate,
}

/// An office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    /// Its code.
    pub code: OfficeCode,
    /// What it is.
    pub kind: OfficeKind,
    /// How it takes part.
    pub standing: Standing,
    /// Its English name today.
    pub name: String,
    /// Its name in its own language.
    pub own_name: String,
    /// Earlier English names, the earliest first.
    pub former_names: Vec<FormerName>,
    /// Its place in the order of protocol, for members.
    pub protocol_order: Option<i32>,
    /// The first day it takes part.
    pub since: NaiveDate,
    /// The last day it takes part.
    pub until: Option<NaiveDate>,
    /// Its functional mailbox.
    pub mailbox: String,
    /// How it is written inside a sentence where that differs from its name: `the Commission`.
    pub in_text: Option<String>,
}

impl Office {
    /// The English name it bore on `date`.
    pub fn name_on(&self, date: NaiveDate) -> &str {
        self.former_names
            .iter()
            .filter(|former| date <= former.until)
            .min_by_key(|former| former.until)
            .map_or(&self.name, |former| &former.name)
    }

    /// Whether it takes part on `date`.
    pub fn takes_part_on(&self, date: NaiveDate) -> bool {
        self.since <= date && self.until.is_none_or(|until| date <= until)
    }

    /// How it is named as a requester: `EMN NCP Luxembourg`, `the Commission`.
    pub fn as_requester_on(&self, date: NaiveDate) -> String {
        match self.kind {
            OfficeKind::NationalContactPoint => format!("EMN NCP {}", self.name_on(date)),
            OfficeKind::Commission | OfficeKind::ServiceProvider => {
                self.in_text.clone().unwrap_or_else(|| self.name_on(date).to_owned())
            }
        }
    }
}

/// The offices of the exchange, found by code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offices(BTreeMap<OfficeCode, Office>);

impl Offices {
    /// The office with this code.
    pub fn get(&self, code: &OfficeCode) -> Option<&Office> {
        self.0.get(code)
    }

    /// All offices, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Office> {
        self.0.values()
    }

    /// The name on `date`, or the code where the office is not known.
    pub fn name_on(&self, code: &OfficeCode, date: NaiveDate) -> String {
        self.get(code)
            .map_or_else(|| code.to_string(), |office| office.name_on(date).to_owned())
    }
}

impl FromIterator<Office> for Offices {
    fn from_iter<I: IntoIterator<Item = Office>>(offices: I) -> Self {
        Self(
            offices
                .into_iter()
                .map(|office| (office.code.clone(), office))
                .collect(),
        )
    }
}
