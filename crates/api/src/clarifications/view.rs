//! Clarifications as the interface takes and shows them.

use ahq_domain::clarification::Clarification;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an office wants to know.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ClarificationDraft, example = json!({"question": "q2", "text": "Do renewals count?"}))]
pub(crate) struct ClarificationBody {
    /// The id of the question it is about; left out where it is about the whole query.
    #[schema(example = "q2", max_length = 32)]
    pub(crate) question: Option<String>,
    /// What you want to know, in Markdown.
    #[schema(max_length = 5000)]
    pub(crate) text: String,
}

/// What the requesters reply.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ClarificationReplyDraft, example = json!({"text": "First permits only."}))]
pub(crate) struct ClarificationReplyBody {
    /// The reply, in Markdown.
    #[schema(max_length = 5000)]
    pub(crate) text: String,
}

/// What an office asked about a query, and the reply of its requesters.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Clarification)]
pub(crate) struct ClarificationView {
    /// Its id.
    id: Uuid,
    /// Who asks.
    #[schema(example = "PL")]
    office: String,
    /// The id of the question it is about; null where it is about the whole query.
    #[schema(example = "q2")]
    question: Option<String>,
    /// What it wants to know, in Markdown.
    text: String,
    /// When it asked.
    asked_at: DateTime<Utc>,
    /// The reply; null while there is none.
    reply: Option<ClarificationReplyView>,
}

/// The reply of the requesters.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClarificationReply)]
pub(crate) struct ClarificationReplyView {
    /// Who replied for them.
    #[schema(example = "LU")]
    office: String,
    /// When.
    at: DateTime<Utc>,
    /// The reply, in Markdown.
    text: String,
}

impl From<Clarification> for ClarificationView {
    fn from(asked: Clarification) -> Self {
        Self {
            id: asked.id.0,
            office: asked.office.to_string(),
            question: asked.question.map(|question| question.to_string()),
            text: asked.text.into(),
            asked_at: asked.asked,
            reply: asked.reply.map(|reply| ClarificationReplyView {
                office: reply.office.to_string(),
                at: reply.at,
                text: reply.text.into(),
            }),
        }
    }
}

/// What was asked about a query, in the order it was asked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Clarifications)]
pub(crate) struct ClarificationsView {
    /// What was asked.
    pub(crate) items: Vec<ClarificationView>,
}
