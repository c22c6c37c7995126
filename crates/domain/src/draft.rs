//! Drafts of queries: what the requesters may write, parsed with all faults at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::dissemination::Circle;
use crate::markdown::Markdown;
use crate::question::{Question, QuestionInput, check_line, parse_questions};
use crate::refusal::Faults;

/// Most characters of a title.
pub const LONGEST_TITLE: usize = 300;
/// Most characters of a background.
pub const LONGEST_BACKGROUND: usize = 20_000;
/// Most characters of a reason.
pub const LONGEST_REASON: usize = 2_000;

/// What the requesters may write into a draft, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// On whose behalf.
    pub originator: Option<String>,
    /// The title.
    pub title: String,
    /// The background.
    pub background: Option<Markdown>,
    /// The public wording of the background.
    pub public_background: Option<Markdown>,
    /// Never to be published.
    pub never_public: bool,
    /// Ids of topics.
    pub topics: Vec<String>,
    /// Free keywords.
    pub keywords: Vec<String>,
    /// The default circle.
    pub default_circle: Circle,
    /// The questions.
    pub questions: Vec<Question>,
    /// The deadline wished for.
    pub deadline: Option<NaiveDate>,
    /// Why it is urgent.
    pub urgent_reason: Option<String>,
}

/// The draft as it comes in.
#[derive(Debug, Clone, Default)]
pub struct DraftInput {
    /// On whose behalf.
    pub originator: Option<String>,
    /// The title, with or without a typed prefix.
    pub title: String,
    /// The background in Markdown.
    pub background: Option<String>,
    /// The public wording of the background.
    pub public_background: Option<String>,
    /// Never to be published.
    pub never_public: bool,
    /// Ids of topics.
    pub topics: Vec<String>,
    /// Free keywords.
    pub keywords: Vec<String>,
    /// The default circle.
    pub default_circle: Option<Circle>,
    /// The questions.
    pub questions: Vec<QuestionInput>,
    /// The deadline wished for.
    pub deadline: Option<NaiveDate>,
    /// Why it is urgent.
    pub urgent_reason: Option<String>,
}

/// Removes a typed prefix such as "EMN Ad-Hoc Query on" from a title, and makes its first letter a capital.
pub fn strip_title_prefix(title: &str) -> String {
    const PREFIXES: [&str; 4] = ["emn ad-hoc query on", "ad-hoc query on", "com ahq on", "ahq on"];
    let mut rest = title.trim();
    loop {
        let found = PREFIXES.iter().find_map(|prefix| {
            let head = rest.get(..prefix.len())?;
            let tail = &rest[prefix.len()..];
            let hyphens = head.to_ascii_lowercase().replace("ad hoc", "ad-hoc");
            let ends = tail.starts_with([' ', ':', '\u{a0}']);
            (hyphens == *prefix && ends).then(|| tail.trim_start_matches([' ', ':', '\u{a0}']))
        });
        match found {
            Some(tail) if !tail.is_empty() => rest = tail,
            _ => break,
        }
    }
    let mut letters = rest.chars();
    letters.next().map_or_else(String::new, |first| {
        if rest.len() == title.trim().len() {
            rest.to_owned()
        } else {
            first.to_uppercase().chain(letters).collect()
        }
    })
}

impl Draft {
    /// Parses a draft against the known topics.
    ///
    /// # Errors
    /// All faults at once: `missing_field`, `too_long`, `too_many`, `unknown_topic`, `not_unique`, and those of
    /// [`crate::question::parse_questions`].
    pub fn parse(input: DraftInput, known_topics: &BTreeSet<String>) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let title = strip_title_prefix(&input.title);
        if title.is_empty() {
            faults.add("/title", "missing_field", "a query has a title");
        }
        check_line(&title, LONGEST_TITLE, "/title", &mut faults);
        if let Some(originator) = &input.originator {
            check_line(originator, LONGEST_TITLE, "/originator", &mut faults);
        }
        if let Some(reason) = &input.urgent_reason {
            check_reason(reason, "/urgentReason", &mut faults);
        }
        let background = background(input.background.as_deref(), "/background", &mut faults);
        let public_background = background_of(&input, &mut faults);
        check_topics(&input.topics, known_topics, &mut faults);
        check_keywords(&input.keywords, &mut faults);
        let questions = parse_questions(input.questions).unwrap_or_else(|found| {
            faults.add_below("", found);
            Vec::new()
        });
        faults.or(Self {
            originator: input.originator,
            title,
            background,
            public_background,
            never_public: input.never_public,
            topics: input.topics,
            keywords: input.keywords,
            default_circle: input.default_circle.unwrap_or(Circle::Public),
            questions,
            deadline: input.deadline,
            urgent_reason: input.urgent_reason,
        })
    }
}

fn background_of(input: &DraftInput, faults: &mut Faults) -> Option<Markdown> {
    background(input.public_background.as_deref(), "/publicBackground", faults)
}

fn background(text: Option<&str>, at: &str, faults: &mut Faults) -> Option<Markdown> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    Markdown::parse(text, LONGEST_BACKGROUND)
        .map_err(|fault| faults.add(at, fault.code, fault.detail))
        .ok()
}

/// Adds the faults of a reason: it has to say something, and no more than 2,000 characters.
pub fn check_reason(reason: &str, at: &str, faults: &mut Faults) {
    if reason.trim().is_empty() {
        faults.add(at, "missing_field", "give a reason that those concerned will read");
    }
    let length = reason.chars().count();
    if length > LONGEST_REASON {
        faults.add(
            at,
            "too_long",
            format!("at most {LONGEST_REASON} characters, not {length}"),
        );
    }
    if reason.chars().any(|c| c.is_control() && c != '\n') {
        faults.add(at, "bad_character", "without control characters other than line breaks");
    }
}

fn check_topics(topics: &[String], known: &BTreeSet<String>, faults: &mut Faults) {
    if topics.len() > 3 {
        faults.add("/topics", "too_many", "one to three topics");
    }
    for (index, topic) in topics.iter().enumerate() {
        if !known.contains(topic) {
            faults.add(
                format!("/topics/{index}"),
                "unknown_topic",
                "no topic has this id; /topics lists them",
            );
        }
        if topics[..index].contains(topic) {
            faults.add(format!("/topics/{index}"), "not_unique", "this topic stands here twice");
        }
    }
}

fn check_keywords(keywords: &[String], faults: &mut Faults) {
    if keywords.len() > 20 {
        faults.add("/keywords", "too_many", "at most 20 keywords");
    }
    for (index, keyword) in keywords.iter().enumerate() {
        let at = format!("/keywords/{index}");
        if keyword.trim().is_empty() {
            faults.add(&at, "missing_field", "a keyword is a word");
        }
        check_line(keyword, 100, &at, faults);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn typed_prefixes_are_stripped() {
        for (typed, kept) in [
            ("Ad-Hoc Query on return of minors", "Return of minors"),
            ("AHQ on  Visas", "Visas"),
            ("EMN Ad-Hoc Query on EMN Ad-Hoc Query on Statelessness", "Statelessness"),
            ("COM AHQ on border checks", "Border checks"),
            ("EMN ad hoc query on: labour", "Labour"),
            ("Ad-Hoc Query only once", "Ad-Hoc Query only once"),
            ("AHQ on", "AHQ on"),
            ("the cost of a removal", "the cost of a removal"),
            ("Élargissement", "Élargissement"),
        ] {
            assert_eq!(strip_title_prefix(typed), kept, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn stripping_is_stable(title in "\\PC{0,80}") {
            let once = strip_title_prefix(&title);
            prop_assert_eq!(strip_title_prefix(&once), once);
        }
    }
}
