//! The Word form: a query that goes out as a document with controls to fill in, and comes back.
//!
//! Which controls there are and what each is called, and what is read from what they hold. Nothing here knows how a
//! document is written or stored, and nothing that is read is an answer before the office confirms it.

mod reading;

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::answer::{Instead, NumberFlag, YesNo};
use crate::dissemination::Circle;
use crate::id::QueryId;
use crate::office::OfficeCode;
use crate::query::Query;

pub use reading::{Control, Filled, QuestionReading, Reading, parts, read};

/// The rows of a table for which the form has controls, where the answering office names them itself; more are pasted
/// as a table of their own.
pub const FREE_ROWS: usize = 10;

/// What a control is called: its tag, at most 64 characters as Word allows. Some programs drop the tags of controls but
/// keep bookmarks, so each stands in a bookmark of the same name too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tag {
    /// Which form this is.
    Form(FormId),
    /// How far all answers may go that say nothing of their own.
    Circle,
    /// A part of the answer to a question, by its number from 1 on.
    Question(usize, Part),
}

/// A part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The answer: a text, a word to choose, a number or a date.
    Answer,
    /// Whether an option is chosen, by its number from 1 on.
    Option(usize),
    /// A cell of a table by row and column, both from 1 on; column 0 is the title of a row.
    Cell(usize, usize),
    /// More rows, as a table.
    Rows,
    /// How sure a number is.
    Flag,
    /// More about it.
    Comment,
    /// A word that stands instead.
    Instead,
    /// The day its facts are true of.
    AsOf,
    /// Where it comes from.
    Sources,
    /// How far it may go.
    Circle,
}

/// Which form it is: of which query and office, with which wording of which questions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormId {
    /// The query.
    pub query: QueryId,
    /// The office.
    pub office: OfficeCode,
    /// What the questions were: the beginning of a hash of their ids and revisions.
    pub questions: String,
}

impl FormId {
    /// The form of an office for a query as it stands.
    pub fn of(query: &Query, office: &OfficeCode) -> Self {
        let mut hash = Sha256::new();
        for question in &query.questions {
            hash.update(format!("{}/{};", question.id, question.revision()));
        }
        Self {
            query: query.id,
            office: office.clone(),
            questions: hex::encode(hash.finalize()).chars().take(8).collect(),
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(form) => write!(f, "form.{}.{}.{}", form.query.0.simple(), form.office, form.questions),
            Self::Circle => f.write_str("circle"),
            Self::Question(number, part) => {
                write!(f, "q{number}.")?;
                match part {
                    Part::Answer => f.write_str("answer"),
                    Part::Option(option) => write!(f, "option.{option}"),
                    Part::Cell(row, column) => write!(f, "cell.{row}.{column}"),
                    Part::Rows => f.write_str("rows"),
                    Part::Flag => f.write_str("flag"),
                    Part::Comment => f.write_str("comment"),
                    Part::Instead => f.write_str("instead"),
                    Part::AsOf => f.write_str("asof"),
                    Part::Sources => f.write_str("sources"),
                    Part::Circle => f.write_str("circle"),
                }
            }
        }
    }
}

impl Tag {
    /// Its name as a bookmark: letters, digits and underscores, at most 40 characters as Word allows; none for the form's
    /// own, which stands in its text.
    pub fn bookmark(&self) -> Option<String> {
        match self {
            Self::Form(_) => None,
            Self::Circle | Self::Question(..) => Some(self.to_string().replace('.', "_")),
        }
    }

    /// The tag that a bookmark names.
    pub fn of_bookmark(name: &str) -> Option<Self> {
        name.replace('_', ".").parse().ok()
    }
}

/// A control that is none of the form's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no control of a form")]
pub struct UnknownTag;

impl FromStr for Tag {
    type Err = UnknownTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse::<usize>().map_err(|_| UnknownTag);
        let parts: Vec<&str> = text.split('.').collect();
        Ok(match parts.as_slice() {
            ["form", query, office, questions] => Self::Form(FormId {
                query: QueryId(query.parse().map_err(|_| UnknownTag)?),
                office: office.parse().map_err(|_| UnknownTag)?,
                questions: (*questions).to_owned(),
            }),
            ["circle"] => Self::Circle,
            [question, part @ ..] => {
                let question = number(question.strip_prefix('q').ok_or(UnknownTag)?)?;
                let part = match part {
                    ["answer"] => Part::Answer,
                    ["option", option] => Part::Option(number(option)?),
                    ["cell", row, column] => Part::Cell(number(row)?, number(column)?),
                    ["rows"] => Part::Rows,
                    ["flag"] => Part::Flag,
                    ["comment"] => Part::Comment,
                    ["instead"] => Part::Instead,
                    ["asof"] => Part::AsOf,
                    ["sources"] => Part::Sources,
                    ["circle"] => Part::Circle,
                    _ => return Err(UnknownTag),
                };
                Self::Question(question, part)
            }
            [] => return Err(UnknownTag),
        })
    }
}

/// The words of a drop-down, with what each stands for.
pub type Words<T> = &'static [(&'static str, T)];

/// The answers to a yes/no question.
pub const YES_NO: Words<YesNo> = &[
    ("Yes", YesNo::Yes),
    ("No", YesNo::No),
    ("Partly", YesNo::Partly),
    ("Unknown", YesNo::Unknown),
];

/// What may stand instead of any answer.
pub const INSTEAD: Words<Instead> = &[
    ("Not applicable", Instead::NotApplicable),
    ("No information available", Instead::NoInformation),
    ("To follow", Instead::ToFollow),
];

/// How sure a number is.
pub const FLAG: Words<Option<NumberFlag>> = &[
    ("Exact", None),
    ("Estimate", Some(NumberFlag::Estimate)),
    ("Provisional", Some(NumberFlag::Provisional)),
];

/// How far an answer may go.
pub const CIRCLE: Words<Circle> = &[
    ("Yes: it may be published", Circle::Public),
    ("No: for the EMN network only", Circle::Network),
    ("No: for the requesters and the Commission only", Circle::Requester),
];
