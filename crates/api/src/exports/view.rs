//! Exports as the interface shows them and takes them in.

use ahq_domain::export::{DateOf, Selection};
use ahq_exchange::editions::{Format, Order};
use ahq_exchange::exports::{ExportDetail, KEPT, Wanted};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::editions::{FormatWord, OrderWord};
use crate::words::CircleWord;

/// Which date of an edition decides.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DateOf)]
pub(crate) enum DateOfWord {
    /// The day its query was launched.
    Launched,
    /// The day it was made.
    #[default]
    Compiled,
    /// The day from which on it is public.
    Published,
}

impl From<DateOfWord> for DateOf {
    fn from(word: DateOfWord) -> Self {
        match word {
            DateOfWord::Launched => Self::Launched,
            DateOfWord::Compiled => Self::Compiled,
            DateOfWord::Published => Self::Published,
        }
    }
}

/// Which editions are wanted, and as which documents. What is left out limits nothing.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ExportRequest, example = json!({"from": "2026-01-01", "topic": "unaccompanied_minors", "formats": ["pdf", "docx"]}))]
pub(crate) struct ExportBody {
    /// From this day on, in Brussels.
    from: Option<NaiveDate>,
    /// Up to this day and with it.
    to: Option<NaiveDate>,
    /// Which date decides; the day the edition was made where it is left out.
    date_of: Option<DateOfWord>,
    /// The id of a topic.
    topic: Option<String>,
    /// Ids or numbers of queries.
    #[schema(max_items = 500)]
    queries: Option<Vec<String>>,
    /// In no fuller view than this; else each in the fullest that you may read.
    circle: Option<CircleWord>,
    /// As which documents; PDF where it is left out.
    #[schema(min_items = 1, max_items = 6)]
    formats: Option<Vec<FormatWord>>,
    /// In which order the responses stand; by country where it is left out.
    order: Option<OrderWord>,
}

impl From<ExportBody> for Wanted {
    fn from(body: ExportBody) -> Self {
        let mut formats: Vec<Format> = Vec::new();
        for format in body.formats.unwrap_or_default().into_iter().map(Format::from) {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        if formats.is_empty() {
            formats.push(Format::Pdf);
        }
        Self {
            selection: Selection {
                date_of: body.date_of.unwrap_or_default().into(),
                from: body.from,
                to: body.to,
                topic: body.topic,
                queries: body.queries.unwrap_or_default(),
                circle: body.circle.map(Into::into),
            },
            formats,
            order: body.order.map_or(Order::default(), Order::from),
        }
    }
}

/// Whether an export can be downloaded.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportStatus)]
pub(crate) enum ExportStatusWord {
    /// Its documents are being made.
    Making,
    /// It can be downloaded.
    Ready,
}

/// An export.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Export)]
pub(crate) struct ExportView {
    /// Its id.
    id: Uuid,
    /// Whether it can be downloaded.
    status: ExportStatusWord,
    /// How many of its documents have been made.
    done: i32,
    /// How many it has in all.
    total: usize,
    /// When it was asked for.
    asked_at: DateTime<Utc>,
    /// When its last document was made.
    finished_at: Option<DateTime<Utc>>,
    /// Until when it can be downloaded.
    expires_at: DateTime<Utc>,
    /// What you may do with it now.
    actions: Vec<&'static str>,
}

impl ExportView {
    /// Its id.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

impl From<ExportDetail> for ExportView {
    fn from(detail: ExportDetail) -> Self {
        let total = detail.total();
        let export = detail.export;
        let ready = export.finished.is_some();
        Self {
            id: export.id.0,
            status: if ready {
                ExportStatusWord::Ready
            } else {
                ExportStatusWord::Making
            },
            done: export.done,
            total,
            asked_at: export.asked,
            finished_at: export.finished,
            expires_at: export.asked + KEPT,
            actions: if ready { vec!["download"] } else { Vec::new() },
        }
    }
}
