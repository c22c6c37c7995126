//! Calendars as the interface shows them and takes them in.

use ahq_domain::calendar::{Reason, Skipped};
use ahq_exchange::calendar::{Counted, YearDetail};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
    /// The codes of the offices whose calendars count, with commas; the Commission's where it is left out, as for
    /// deadlines.
    #[param(example = json!(["COM", "LU"]), min_items = 1, max_items = 50)]
    pub(crate) office: Option<Vec<String>>,
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

/// The answer of the calculator in one calendar.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CountedDays)]
pub(crate) struct CountedView {
    /// In whose calendar.
    office: String,
    /// The day counted to.
    to: NaiveDate,
    /// The working days between: `from` is not counted, `to` is.
    days: i32,
    /// Each day that was not counted, and why.
    skipped: Vec<SkippedView>,
}

impl From<Counted> for CountedView {
    fn from(counted: Counted) -> Self {
        Self {
            office: counted.office.to_string(),
            to: counted.to,
            days: counted.days,
            skipped: counted.skipped.into_iter().map(Into::into).collect(),
        }
    }
}

/// The answer of the calculator.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkingDays)]
pub(crate) struct WorkingDaysView {
    /// The day counted from.
    pub(crate) from: NaiveDate,
    /// The count in each calendar, in the order asked for.
    pub(crate) items: Vec<CountedView>,
}

/// A day that is a holiday of one office.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = HolidayOfYear)]
pub(crate) struct DayView {
    /// The day.
    date: NaiveDate,
    /// What it is.
    #[schema(max_length = 1000)]
    name: String,
}

/// The holidays of one office in one year, in the place of those there are.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = YearChange, example = json!({"holidays": [{"date": "2027-01-01", "name": "New Year's Day"}, {"date": "2027-06-23", "name": "National Day"}]}))]
pub(crate) struct YearBody {
    /// The days. A year without any counts as one without data, and is refused.
    #[schema(max_items = 366)]
    holidays: Vec<DayView>,
}

impl YearBody {
    pub(crate) fn into_days(self) -> Vec<(NaiveDate, String)> {
        self.holidays.into_iter().map(|day| (day.date, day.name)).collect()
    }
}

/// The holidays of one office in one year.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Year)]
pub(crate) struct YearView {
    /// The office.
    #[schema(example = "LU")]
    office: String,
    /// The year.
    #[schema(example = 2027)]
    year: i32,
    /// Tells these days from what was there before and will be after.
    version: i64,
    /// The days, in order; none where there are no data.
    holidays: Vec<DayView>,
    /// What you may do with them.
    actions: Vec<String>,
}

impl YearView {
    pub(crate) fn version(&self) -> i64 {
        self.version
    }
}

impl From<YearDetail> for YearView {
    fn from(detail: YearDetail) -> Self {
        Self {
            office: detail.office.to_string(),
            year: detail.year,
            version: detail.holidays.version(),
            holidays: detail
                .holidays
                .iter()
                .map(|(date, name)| DayView {
                    date,
                    name: name.to_owned(),
                })
                .collect(),
            actions: detail.actions.into_iter().map(str::to_owned).collect(),
        }
    }
}
