//! What those who asked for it are told once a week and once a quarter.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

use super::digest::{ENTRIES, short_title};
use super::{ReminderKind, Room};

/// One open query in the weekly overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuery {
    /// Its number: `2026.81`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// The requesters, as in a sentence.
    pub requested_by: String,
    /// The deadline of the reader's office.
    pub deadline: NaiveDate,
    /// How many working days are left or over.
    pub days: ReminderKind,
    /// Where the reader's office stands, in words: `draft begun`.
    pub standing: String,
    /// The address where the reader's office answers.
    pub link: String,
}

impl OpenQuery {
    pub(super) fn short_title(&self) -> String {
        short_title(&self.title)
    }

    pub(super) fn deadline_written(&self) -> String {
        format!("{}, {}", written_date(self.deadline), self.days.written())
    }
}

/// The open queries of a week, and where the reader's office stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeeklyOverview {
    /// The week's Monday.
    pub monday: NaiveDate,
    /// The queries, in the order of their deadlines.
    pub queries: Vec<OpenQuery>,
    /// The address where all of them stand.
    pub link: String,
}

impl WeeklyOverview {
    pub(super) fn heading(&self) -> &'static str {
        "Open queries and where you stand"
    }

    pub(super) fn week(&self) -> String {
        format!("Week of {}", written_date(self.monday))
    }

    pub(super) fn count(&self) -> String {
        match self.queries.len() {
            0 => "no open query".to_owned(),
            1 => "1 open query".to_owned(),
            several => format!("{several} open queries"),
        }
    }

    pub(super) fn shown(&self, room: &Room) -> &[OpenQuery] {
        &self.queries[..self.queries.len().min(room.of(ENTRIES))]
    }

    /// How many queries there is no room for.
    pub(super) fn more(&self, room: &Room) -> usize {
        self.queries.len() - self.shown(room).len()
    }
}

/// One query in the quarterly list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedQuery {
    /// Its number: `2026.81`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// The requesters, as in a sentence.
    pub requested_by: String,
    /// The day of launch in Brussels.
    pub launched_on: NaiveDate,
    /// Whether it is public.
    pub public: bool,
    /// The address of its page.
    pub link: String,
}

impl ListedQuery {
    pub(super) fn short_title(&self) -> String {
        short_title(&self.title)
    }

    pub(super) fn launched_written(&self) -> String {
        written_date(self.launched_on)
    }
}

/// The queries of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicQueries {
    /// The topic's name.
    pub topic: String,
    /// Its queries, the newest first.
    pub queries: Vec<ListedQuery>,
}

/// The queries of a quarter by topic; one with several topics stands below each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarterlyList {
    /// The year.
    pub year: i32,
    /// The quarter, 1 to 4.
    pub quarter: u32,
    /// The topics that have queries, in their order.
    pub topics: Vec<TopicQueries>,
    /// The address where all of them stand.
    pub link: String,
}

impl QuarterlyList {
    pub(super) fn heading(&self) -> String {
        format!("Queries of {}", self.period())
    }

    /// `the third quarter of 2026`.
    pub(super) fn period(&self) -> String {
        let quarter = match self.quarter {
            1 => "first",
            2 => "second",
            3 => "third",
            _ => "fourth",
        };
        format!("the {quarter} quarter of {}", self.year)
    }

    /// Each topic with those of its queries that there is room for.
    pub(super) fn shown(&self, room: &Room) -> Vec<(&str, &[ListedQuery])> {
        let mut left = room.of(ENTRIES);
        let mut shown = Vec::new();
        for topic in &self.topics {
            let queries = &topic.queries[..topic.queries.len().min(left)];
            left -= queries.len();
            if !queries.is_empty() {
                shown.push((topic.topic.as_str(), queries));
            }
        }
        shown
    }

    /// How many entries there is no room for.
    pub(super) fn more(&self, room: &Room) -> usize {
        let all: usize = self.topics.iter().map(|topic| topic.queries.len()).sum();
        all.saturating_sub(room.of(ENTRIES))
    }
}
