//! Offices, topics and calendars as the interface shows them.

use ahq_domain::calendar::{Reason, Skipped};
use ahq_domain::office::Office;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// Whose holidays, and when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HolidaysKeys {
    /// The year.
    #[param(example = 2026, minimum = 1900, maximum = 2200)]
    pub(crate) year: i32,
    /// The code of an office; all where it is left out.
    #[param(example = "COM", min_length = 2, max_length = 3)]
    pub(crate) office: Option<String>,
}

/// A holiday of an office.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Holiday)]
pub(crate) struct HolidayView {
    /// The office.
    pub(crate) office: String,
    /// The day.
    pub(crate) date: NaiveDate,
    /// What it is.
    pub(crate) name: String,
}

/// Holidays, by office and date.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Holidays)]
pub(crate) struct HolidaysView {
    /// The holidays.
    pub(crate) items: Vec<HolidayView>,
}

/// From where to where, or how many working days on; in whose calendar.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkingDaysKeys {
    /// The day counted from; it is not counted itself (Regulation 1182/71, Article 3(1)).
    #[param(example = "2026-11-23")]
    pub(crate) from: NaiveDate,
    /// The last day counted: asks how many working days lie between. Not together with `days`.
    pub(crate) to: Option<NaiveDate>,
    /// How many working days on, or back where it is negative. Not together with `to`.
    #[param(example = 20, minimum = -500, maximum = 500)]
    pub(crate) days: Option<i32>,
    /// The code of the office whose calendar counts; the Commission's where it is left out, as for deadlines.
    #[param(example = "COM", min_length = 2, max_length = 3)]
    pub(crate) office: Option<String>,
}

/// A day that is not counted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SkippedDay)]
pub(crate) struct SkippedView {
    /// The day.
    date: NaiveDate,
    /// `weekend` or `holiday`.
    kind: SkippedWord,
    /// The day of the week, or the name of the holiday.
    #[schema(example = "Saturday")]
    reason: String,
}

/// Why a day is not counted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SkippedKind)]
pub(crate) enum SkippedWord {
    /// A Saturday or Sunday.
    Weekend,
    /// A holiday of the office.
    Holiday,
}

impl From<Skipped> for SkippedView {
    fn from(skipped: Skipped) -> Self {
        Self {
            date: skipped.date,
            kind: match skipped.reason {
                Reason::Weekend(_) => SkippedWord::Weekend,
                Reason::Holiday(_) => SkippedWord::Holiday,
            },
            reason: skipped.reason.to_string(),
        }
    }
}

/// The answer of the calculator.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkingDays)]
pub(crate) struct WorkingDaysView {
    /// In whose calendar.
    pub(crate) office: String,
    /// The day counted from.
    pub(crate) from: NaiveDate,
    /// The day counted to.
    pub(crate) to: NaiveDate,
    /// The working days between: `from` is not counted, `to` is.
    pub(crate) days: i32,
    /// Each day that was not counted, and why.
    pub(crate) skipped: Vec<SkippedView>,
}
