//! The digest: what a user gets in one mail a day.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

use super::Room;
use crate::text;

/// The most entries of one list in a mail; the rest stands behind its link.
pub(super) const ENTRIES: usize = 60;

/// The most characters of a title in a list.
const TITLE: usize = 160;

/// The most characters of a sentence in a list.
const SENTENCE: usize = 300;

/// A title in a list.
pub(super) fn short_title(title: &str) -> String {
    text::shortened(&text::one_line(title), TITLE)
}

/// A sentence in a list.
pub(super) fn short_sentence(sentence: &str) -> String {
    text::shortened(&text::one_line(sentence), SENTENCE)
}

/// The query that an item of a digest is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestQuery {
    /// Its number: `2026.81`.
    pub number: String,
    /// Its title.
    pub title: String,
}

/// One thing that happened, or that the reader's office has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestItem {
    /// The query it is about.
    pub query: Option<DigestQuery>,
    /// Whether the reader's office has to do something.
    pub obligation: bool,
    /// What it is: one plain sentence.
    pub what: String,
    /// Where it stands.
    pub link: String,
}

/// A query that waits for the reader's office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number: `2026.81`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// The deadline of the reader's office.
    pub deadline: NaiveDate,
    /// How it stands, in words: `draft begun, 2 working days left`.
    pub standing: String,
    /// The address where the reader's office answers.
    pub link: String,
}

impl Waiting {
    pub(super) fn short_title(&self) -> String {
        short_title(&self.title)
    }

    pub(super) fn day(&self) -> String {
        written_date(self.deadline)
    }
}

/// What a user gets in one mail a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// The day in Brussels.
    pub day: NaiveDate,
    /// What happened since the last digest, in the order it happened.
    pub items: Vec<DigestItem>,
    /// What waits for the reader's office.
    pub waiting: Vec<Waiting>,
    /// The address where all of it stands.
    pub link: String,
}

/// The items about one query.
#[derive(Debug)]
pub(super) struct Group<'a> {
    query: Option<&'a DigestQuery>,
    pub(super) items: Vec<&'a DigestItem>,
}

impl Group<'_> {
    /// `2026.81: Title`; what is about no query stands under a heading of its own.
    pub(super) fn heading(&self) -> String {
        match self.query {
            Some(query) => format!("{}: {}", query.number, short_title(&query.title)),
            None => "The exchange".to_owned(),
        }
    }
}

impl DigestItem {
    pub(super) fn sentence(&self) -> String {
        short_sentence(&self.what)
    }
}

impl Digest {
    pub(super) fn heading(&self) -> String {
        format!("Digest of {}", self.day_written())
    }

    pub(super) fn day_written(&self) -> String {
        written_date(self.day)
    }

    /// `2 to do, 5 new`.
    pub(super) fn counts(&self) -> String {
        let to_do = self.items.iter().filter(|item| item.obligation).count();
        match (to_do, self.items.len()) {
            (0, all) => format!("{all} new"),
            (to_do, all) => format!("{to_do} to do, {all} new"),
        }
    }

    /// The items by query, queries with an obligation first, as many as there is room for.
    pub(super) fn groups(&self, room: &Room) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for item in &self.items {
            let query = item.query.as_ref();
            match groups.iter_mut().find(|group| group.query == query) {
                Some(group) => group.items.push(item),
                None => groups.push(Group {
                    query,
                    items: vec![item],
                }),
            }
        }
        for group in &mut groups {
            group.items.sort_by_key(|item| !item.obligation);
        }
        groups.sort_by_key(|group| !group.items.iter().any(|item| item.obligation));
        let mut left = room.of(ENTRIES);
        for group in &mut groups {
            group.items.truncate(left);
            left -= group.items.len();
        }
        groups.retain(|group| !group.items.is_empty());
        groups
    }

    /// How many items there is no room for.
    pub(super) fn more_items(&self, room: &Room) -> usize {
        self.items.len().saturating_sub(room.of(ENTRIES))
    }

    pub(super) fn waiting(&self, room: &Room) -> &[Waiting] {
        &self.waiting[..self.waiting.len().min(room.of(ENTRIES))]
    }

    /// How many queries there is no room for.
    pub(super) fn more_waiting(&self, room: &Room) -> usize {
        self.waiting.len() - self.waiting(room).len()
    }
}
