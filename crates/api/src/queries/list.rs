//! Lists of queries, and the plan of a launch.

use ahq_domain::deadline::Planned;
use ahq_domain::launch::LaunchPlan;
use ahq_domain::office::OfficeCode;
use ahq_domain::refusal::Faults;
use ahq_exchange::queries::{QueryCursor, QueryFilter, QueryItem, QueryList, QuerySort};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::{AddresseeView, QueryView};
use crate::page::default_limit;
use crate::words::{AudienceWord, ResponseStatusWord, StatusWord};

/// In which order a list stands; with a hyphen from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = QuerySort)]
pub(crate) enum SortWord {
    /// By the day of request.
    #[serde(rename = "requestedOn")]
    RequestedOn,
    /// The newest first.
    #[serde(rename = "-requestedOn")]
    RequestedOnDown,
    /// By deadline.
    #[serde(rename = "deadline")]
    Deadline,
    /// The latest deadline first.
    #[serde(rename = "-deadline")]
    DeadlineDown,
    /// By number.
    #[serde(rename = "number")]
    Number,
    /// The highest number first.
    #[serde(rename = "-number")]
    NumberDown,
    /// By title.
    #[serde(rename = "title")]
    Title,
    /// By title from the end.
    #[serde(rename = "-title")]
    TitleDown,
    /// By last change.
    #[serde(rename = "changedAt")]
    ChangedAt,
    /// The last changed first.
    #[serde(rename = "-changedAt")]
    ChangedAtDown,
}

impl SortWord {
    fn parse(self) -> (QuerySort, bool) {
        match self {
            Self::RequestedOn => (QuerySort::Requested, false),
            Self::RequestedOnDown => (QuerySort::Requested, true),
            Self::Deadline => (QuerySort::Deadline, false),
            Self::DeadlineDown => (QuerySort::Deadline, true),
            Self::Number => (QuerySort::Number, false),
            Self::NumberDown => (QuerySort::Number, true),
            Self::Title => (QuerySort::Title, false),
            Self::TitleDown => (QuerySort::Title, true),
            Self::ChangedAt => (QuerySort::Changed, false),
            Self::ChangedAtDown => (QuerySort::Changed, true),
        }
    }
}

/// In which order the list of published queries stands; with a hyphen from the end. By what has happened since their
/// publication nobody sorts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = PublicQuerySort)]
pub(crate) enum PublicSortWord {
    /// By the day of request.
    #[serde(rename = "requestedOn")]
    RequestedOn,
    /// The newest first.
    #[serde(rename = "-requestedOn")]
    RequestedOnDown,
    /// By title.
    #[serde(rename = "title")]
    Title,
    /// By title from the end.
    #[serde(rename = "-title")]
    TitleDown,
}

impl PublicSortWord {
    fn parse(self) -> (QuerySort, bool) {
        match self {
            Self::RequestedOn => (QuerySort::Requested, false),
            Self::RequestedOnDown => (QuerySort::Requested, true),
            Self::Title => (QuerySort::Title, false),
            Self::TitleDown => (QuerySort::Title, true),
        }
    }
}

/// Filters, sort and page of a list of queries.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListKeys {
    /// One or more statuses, with commas.
    status: Option<Vec<StatusWord>>,
    /// The id of a topic.
    #[param(example = "return", max_length = 100)]
    topic: Option<String>,
    /// A keyword.
    #[param(max_length = 100)]
    keyword: Option<String>,
    /// The code of a requesting office, lead or joint.
    #[param(example = "LU", min_length = 2, max_length = 3)]
    requester: Option<String>,
    /// The code of an office that answered.
    #[param(example = "NL", min_length = 2, max_length = 3)]
    respondent: Option<String>,
    /// The year of request.
    #[param(example = 2026, minimum = 1900, maximum = 2200)]
    year: Option<i32>,
    /// Words of the title.
    #[param(min_length = 1, max_length = 100)]
    title: Option<String>,
    /// Only what is addressed to your office.
    #[serde(default)]
    addressed: bool,
    /// In which order; the newest request first where it is left out.
    #[param(inline)]
    sort: Option<SortWord>,
    /// How many on a page.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where the page begins, as `Link` gave it.
    #[param(max_length = 1000)]
    #[expect(dead_code, reason = "read by the page, named here so that it is a known key")]
    cursor: Option<String>,
}

/// Filters, sort and page of the list of published queries.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PublicListKeys {
    /// The id of a topic.
    #[param(example = "return", max_length = 100)]
    topic: Option<String>,
    /// The code of a requesting office, lead or joint.
    #[param(example = "LU", min_length = 2, max_length = 3)]
    requester: Option<String>,
    /// The year of request.
    #[param(example = 2026, minimum = 1900, maximum = 2200)]
    year: Option<i32>,
    /// Words of the title.
    #[param(min_length = 1, max_length = 100)]
    title: Option<String>,
    /// In which order; the newest request first where it is left out.
    #[param(inline)]
    sort: Option<PublicSortWord>,
    /// How many on a page.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where the page begins, as `Link` gave it.
    #[param(max_length = 1000)]
    #[expect(dead_code, reason = "read by the page, named here so that it is a known key")]
    cursor: Option<String>,
}

/// A list that is wanted, once it is known whose.
pub(crate) struct Wanted {
    list: QueryList,
    addressed: bool,
}

impl Wanted {
    /// The list for a caller of `office`.
    pub(crate) fn of(mut self, office: Option<&OfficeCode>) -> QueryList {
        if self.addressed {
            self.list.filter.addressed_to = office.cloned();
        }
        self.list
    }
}

impl ListKeys {
    /// The list it asks for, from `after` on.
    ///
    /// # Errors
    /// Each key that is no office code.
    pub(crate) fn parse(self, after: Option<QueryCursor>) -> Result<Wanted, ahq_exchange::error::Error> {
        let mut faults = Faults::new();
        let filter = QueryFilter {
            status: self.status.unwrap_or_default().into_iter().map(Into::into).collect(),
            topic: self.topic,
            keyword: self.keyword,
            requester: office(self.requester, "/query/requester", &mut faults),
            respondent: office(self.respondent, "/query/respondent", &mut faults),
            year: self.year,
            title: self.title,
            addressed_to: None,
        };
        let order = self.sort.unwrap_or(SortWord::RequestedOnDown).parse();
        let list = list(filter, order, after, self.limit);
        Ok(faults.or(Wanted {
            list,
            addressed: self.addressed,
        })?)
    }
}

impl PublicListKeys {
    /// The list it asks for, from `after` on.
    ///
    /// # Errors
    /// Each key that is no office code.
    pub(crate) fn parse(self, after: Option<QueryCursor>) -> Result<QueryList, ahq_exchange::error::Error> {
        let mut faults = Faults::new();
        let filter = QueryFilter {
            topic: self.topic,
            requester: office(self.requester, "/query/requester", &mut faults),
            year: self.year,
            title: self.title,
            ..QueryFilter::default()
        };
        let order = self.sort.unwrap_or(PublicSortWord::RequestedOnDown).parse();
        Ok(faults.or(list(filter, order, after, self.limit))?)
    }
}

fn list(
    filter: QueryFilter,
    (sort, descending): (QuerySort, bool),
    after: Option<QueryCursor>,
    limit: i64,
) -> QueryList {
    QueryList {
        filter,
        sort,
        descending,
        after,
        limit,
    }
}

fn office(code: Option<String>, at: &str, faults: &mut Faults) -> Option<OfficeCode> {
    let code = code?;
    match code.parse() {
        Ok(code) => Some(code),
        Err(fault) => {
            faults.add(at, "bad_office", format!("{fault}"));
            None
        }
    }
}

/// A query as a list shows it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QueryEntry)]
pub(crate) struct QueryEntry {
    /// Its id.
    id: Uuid,
    /// Its version.
    version: i64,
    /// Its number.
    #[schema(example = "2026.81")]
    number: Option<String>,
    /// Its title.
    title: String,
    /// The requesting office.
    lead: String,
    /// Who asks with it.
    joint: Vec<String>,
    /// Ids of its topics.
    topics: Vec<String>,
    /// Where it stands now.
    status: StatusWord,
    /// The day it was requested.
    requested_on: Option<NaiveDate>,
    /// Its deadline.
    deadline: Option<NaiveDate>,
    /// The first instant after the deadline.
    deadline_ends: Option<DateTime<Utc>>,
    /// Whether it is urgent.
    urgent: bool,
    /// The number of its newest edition.
    edition: Option<i32>,
    /// When it was last changed.
    changed_at: DateTime<Utc>,
    /// Whether it is addressed to your office.
    addressed: bool,
    /// Where the response of your office stands; none before it is begun.
    own_response: Option<ResponseStatusWord>,
}

/// A page of queries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Queries)]
pub(crate) struct QueriesView {
    /// The queries of this page; the next page is behind `Link: rel="next"`.
    items: Vec<QueryEntry>,
}

impl From<Vec<QueryItem>> for QueriesView {
    fn from(items: Vec<QueryItem>) -> Self {
        Self {
            items: items
                .into_iter()
                .map(|item| QueryEntry {
                    id: item.id.0,
                    version: item.version,
                    number: item.number,
                    title: item.title,
                    lead: item.lead.to_string(),
                    joint: item.joint.iter().map(ToString::to_string).collect(),
                    topics: item.topics,
                    status: item.status.into(),
                    requested_on: item.requested_on,
                    deadline: item.deadline,
                    deadline_ends: item.ends,
                    urgent: item.urgent,
                    edition: item.edition,
                    changed_at: item.changed,
                    addressed: item.addressed,
                    own_response: item.own_response.map(Into::into),
                })
                .collect(),
        }
    }
}

/// A published query as everybody finds it: nothing in it tells of what has happened since.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicQueryEntry)]
pub(crate) struct PublicQueryEntry {
    /// Its id.
    id: Uuid,
    /// Its number.
    #[schema(example = "2026.81")]
    number: Option<String>,
    /// Its title.
    title: String,
    /// The requesting office.
    lead: String,
    /// Who asks with it.
    joint: Vec<String>,
    /// Ids of its topics.
    topics: Vec<String>,
    /// The day it was requested.
    requested_on: Option<NaiveDate>,
}

/// A page of published queries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicQueries)]
pub(crate) struct PublicQueriesView {
    /// The queries of this page; the next page is behind `Link: rel="next"`.
    items: Vec<PublicQueryEntry>,
}

impl From<Vec<QueryItem>> for PublicQueriesView {
    fn from(items: Vec<QueryItem>) -> Self {
        let entry = |item: QueryItem| PublicQueryEntry {
            id: item.id.0,
            number: item.number,
            title: item.title,
            lead: item.lead.to_string(),
            joint: item.joint.iter().map(ToString::to_string).collect(),
            topics: item.topics,
            requested_on: item.requested_on,
        };
        Self {
            items: items.into_iter().map(entry).collect(),
        }
    }
}

/// Whether a launch or an extension is only tried.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DryRunKeys {
    /// Only says what would happen, and what would fail.
    #[serde(default)]
    pub(crate) dry_run: bool,
}

/// What a launch would write down.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LaunchPlan)]
pub(crate) struct LaunchPlanView {
    /// The deadline.
    deadline: NaiveDate,
    /// The first instant after it.
    deadline_ends: DateTime<Utc>,
    /// Working days from launch to the deadline.
    working_days: i32,
    /// Whether it would be urgent.
    urgent: bool,
    /// Which offices would make up the network.
    audience: AudienceWord,
    /// Who would be asked.
    addressees: Vec<AddresseeView>,
    /// What is worth a second look before.
    warnings: Vec<String>,
}

/// A launched query, or with `dryRun=true` what the launch would write down. It only describes the reply.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = LaunchReply)]
#[expect(dead_code, reason = "the document needs it, the reply is written from its parts")]
pub(crate) enum LaunchReply {
    /// The launched query.
    Query(Box<QueryView>),
    /// The plan.
    Plan(LaunchPlanView),
}

impl LaunchPlanView {
    pub(crate) fn new(plan: LaunchPlan, warnings: Vec<String>) -> Self {
        Self {
            deadline: plan.planned.deadline.date,
            deadline_ends: plan.planned.deadline.end,
            working_days: plan.planned.working_days,
            urgent: plan.planned.urgent,
            audience: plan.audience.into(),
            addressees: plan.addressees.into_iter().map(Into::into).collect(),
            warnings,
        }
    }
}

/// What an extension would set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExtensionPlan)]
pub(crate) struct ExtensionPlanView {
    /// The deadline.
    deadline: NaiveDate,
    /// The first instant after it.
    deadline_ends: DateTime<Utc>,
    /// Working days from today to the deadline.
    working_days: i32,
    /// What is worth a second look before.
    warnings: Vec<String>,
}

/// The query with its new deadline, or with `dryRun=true` what the extension would set. It only describes the reply.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = ExtensionReply)]
#[expect(dead_code, reason = "the document needs it, the reply is written from its parts")]
pub(crate) enum ExtensionReply {
    /// The query with its new deadline.
    Query(Box<QueryView>),
    /// The plan.
    Plan(ExtensionPlanView),
}

impl ExtensionPlanView {
    pub(crate) fn new(planned: Planned, warnings: Vec<String>) -> Self {
        Self {
            deadline: planned.deadline.date,
            deadline_ends: planned.deadline.end,
            working_days: planned.working_days,
            warnings,
        }
    }
}
