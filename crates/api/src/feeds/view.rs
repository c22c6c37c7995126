//! Feeds as the interface shows them.

use ahq_exchange::feeds::FeedDetail;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which published queries.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedKeys {
    /// The id of a topic.
    #[param(example = "return", max_length = 100)]
    pub(crate) topic: Option<String>,
}

/// A secret address of an office's calendar feed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CalendarFeed)]
pub(crate) struct CalendarFeedView {
    /// Its id.
    id: Uuid,
    /// Whose deadlines it shows.
    #[schema(example = "LU")]
    office: String,
    /// The address itself; only in the reply that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// When it was made.
    made_at: DateTime<Utc>,
    /// The name of who made it.
    made_by: String,
    /// When it was read last, to the hour; none before that.
    read_at: Option<DateTime<Utc>>,
    /// What you may do with it.
    actions: Vec<String>,
}

impl CalendarFeedView {
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// With its address.
    pub(crate) fn at(self, address: String) -> Self {
        Self {
            address: Some(address),
            ..self
        }
    }
}

impl From<FeedDetail> for CalendarFeedView {
    fn from(detail: FeedDetail) -> Self {
        Self {
            id: detail.feed.id.0,
            office: detail.feed.office.to_string(),
            address: None,
            made_at: detail.feed.made,
            made_by: detail.made_by,
            read_at: detail.feed.read,
            // Whoever reads the list may revoke what is in it.
            actions: vec!["revoke".to_owned()],
        }
    }
}

/// The secret addresses of an office's calendar feed, the oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CalendarFeeds)]
pub(crate) struct CalendarFeedsView {
    /// The addresses.
    pub(crate) items: Vec<CalendarFeedView>,
}
