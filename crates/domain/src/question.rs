//! Questions: the seven kinds, their revisions, and under which earlier answer they are asked.
//!
//! A draft of a question comes as [`QuestionInput`] and is parsed with all faults at once; after launch only the
//! wording changes, by a correction that adds a revision.

mod parse;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::markdown::Markdown;

pub(crate) use parse::check_line;
pub use parse::{AskIfInput, ChoiceInput, ColumnInput, QuestionInput, parse_questions};

/// Most questions a query may have.
pub const MOST_QUESTIONS: usize = 20;
/// Most characters of a question's text.
pub const LONGEST_QUESTION: usize = 4_000;
/// Most options of a choice, and most columns of a table.
pub const MOST_OPTIONS: usize = 40;
/// Most rows a table may name.
pub const MOST_ROWS: usize = 200;
/// Most characters of an option, a column title, a row title, a unit or a period.
pub const LONGEST_LABEL: usize = 300;

/// The stable id of a question inside its query, or of an option or column inside its question: `q1`, `a`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// A key: 1 to 32 small letters, digits, `_` or `-`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=32).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    /// The first of `prefix1`, `prefix2`, … that is not taken.
    fn free(prefix: &str, taken: &BTreeSet<Key>) -> Self {
        let mut number = 1usize;
        loop {
            let key = Self(format!("{prefix}{number}"));
            if !taken.contains(&key) {
                return key;
            }
            number += 1;
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// Free text in Markdown.
    Text,
    /// Yes, no, partly or unknown.
    YesNo,
    /// One of given options.
    SingleChoice,
    /// Any of given options.
    MultipleChoice,
    /// A number with the question's unit and period.
    Number,
    /// A date.
    Date,
    /// A table of given columns.
    Table,
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Choice {
    /// Its stable id.
    pub id: Key,
    /// Its text.
    pub text: String,
}

/// What a column of a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
}

/// One column of a table question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Column {
    /// Its stable id.
    pub id: Key,
    /// Its title.
    pub title: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
}

/// What kind of answer a question asks for, with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Free text.
    Text,
    /// Yes, no, partly, unknown.
    YesNo,
    /// One of these options.
    SingleChoice {
        /// The options in order.
        options: Vec<Choice>,
    },
    /// Any of these options, at least one.
    MultipleChoice {
        /// The options in order.
        options: Vec<Choice>,
    },
    /// A number.
    Number {
        /// What is counted or measured: `persons`.
        unit: String,
        /// The period or day it refers to: `2025`.
        period: String,
    },
    /// A date.
    Date,
    /// A table.
    Table {
        /// The columns in order.
        columns: Vec<Column>,
        /// The titles of the rows, or none where the answering office names its own.
        rows: Option<Vec<String>>,
    },
}

impl Kind {
    /// Its name.
    pub fn name(&self) -> KindName {
        match self {
            Self::Text => KindName::Text,
            Self::YesNo => KindName::YesNo,
            Self::SingleChoice { .. } => KindName::SingleChoice,
            Self::MultipleChoice { .. } => KindName::MultipleChoice,
            Self::Number { .. } => KindName::Number,
            Self::Date => KindName::Date,
            Self::Table { .. } => KindName::Table,
        }
    }

    /// The words an `askIf` may name of an answer of this kind: yes/no words or option ids; none for other kinds.
    fn conditions(&self) -> Vec<&str> {
        match self {
            Self::YesNo => vec!["yes", "no", "partly", "unknown"],
            Self::SingleChoice { options } | Self::MultipleChoice { options } => {
                options.iter().map(|option| option.id.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The condition under which a question is asked: an earlier one has one of these answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskIf {
    /// The earlier question.
    pub question: Key,
    /// The answers (yes/no words or option ids) of which one is needed.
    pub one_of: Vec<String>,
}

/// One wording of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revision {
    /// 1 for the wording at launch, then one more for each correction.
    pub number: i32,
    /// The wording.
    pub text: Markdown,
}

/// A question of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Its stable id.
    pub id: Key,
    /// Its wordings, the first one first; never empty.
    pub revisions: Vec<Revision>,
    /// What it asks for.
    #[serde(flatten)]
    pub kind: Kind,
    /// Whether a response is incomplete without it.
    pub required: bool,
    /// Under which earlier answer it is asked.
    pub ask_if: Option<AskIf>,
}

impl Question {
    /// The wording in force, as its author wrote it.
    pub fn text(&self) -> &str {
        self.markdown().as_str()
    }

    /// The wording in force.
    pub fn markdown(&self) -> &Markdown {
        static EMPTY: LazyLock<Markdown> = LazyLock::new(Markdown::default);
        self.revisions.last().map_or(&EMPTY, |revision| &revision.text)
    }

    /// The number of the wording in force.
    pub fn revision(&self) -> i32 {
        self.revisions.last().map_or(1, |revision| revision.number)
    }

    /// The text of one of its options.
    pub fn option_text(&self, id: &Key) -> Option<&str> {
        match &self.kind {
            Kind::SingleChoice { options } | Kind::MultipleChoice { options } => options
                .iter()
                .find(|option| option.id == *id)
                .map(|option| option.text.as_str()),
            _ => None,
        }
    }
}

/// What a draft's questions would gain from a second look before launch; none of it stops a launch.
pub fn warnings(questions: &[Question]) -> Vec<String> {
    let mut warnings = Vec::new();
    if questions.len() > 5 {
        warnings.push(format!(
            "{} questions: more than five are answered later and by fewer",
            questions.len()
        ));
    }
    for (index, question) in questions.iter().enumerate() {
        if question.text().matches('?').count() > 1 {
            warnings.push(format!(
                "Question {} asks several things at once: split it, so that answers can be compared",
                index + 1
            ));
        }
    }
    warnings
}
