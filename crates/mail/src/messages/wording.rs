//! What is meant by a query: its wording is corrected, or an office asks and the requesters reply.

use chrono::NaiveDate;

use ahq_domain::clock::written_date;

use super::{QueryHead, Question, Room, written_questions};
use crate::text;

/// The most characters of a text before and after its correction; the whole texts stand behind the link.
const WORDING: usize = 1_500;

/// The most characters of what is asked and of the reply: all that the exchange takes.
const CLARIFICATION: usize = 5_000;

/// A text before and after its correction, plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewording {
    /// The earlier wording; empty where there was none.
    pub before: String,
    /// The wording in its place.
    pub after: String,
}

impl Rewording {
    pub(super) fn before(&self, room: &Room) -> String {
        text::shortened(self.before.trim(), room.of(WORDING))
    }

    pub(super) fn after(&self, room: &Room) -> String {
        text::shortened(self.after.trim(), room.of(WORDING))
    }
}

/// The wording of a query was corrected; this goes to every addressed office, the joint requesters and the Commission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The query.
    pub query: QueryHead,
    /// The day of the correction in Brussels.
    pub corrected_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// The background, where it was corrected.
    pub background: Option<Rewording>,
    /// The corrected questions with their numbers.
    pub questions: Vec<(u32, Rewording)>,
    /// The questions that the recipient's office has answered in an earlier wording.
    pub to_confirm: Vec<u32>,
    /// Whether the recipient's office may answer.
    pub answering: bool,
    /// The address where it answers, or else where the corrections are.
    pub link: String,
}

impl Correction {
    pub(super) fn heading(&self) -> String {
        format!("Correction of {}", self.what())
    }

    /// What was corrected: `the background and questions 1 and 3`.
    fn what(&self) -> String {
        let numbers: Vec<u32> = self.questions.iter().map(|(number, _)| *number).collect();
        let questions = written_questions(&numbers);
        match &self.background {
            Some(_) if numbers.is_empty() => "the background".to_owned(),
            Some(_) => format!("the background and {questions}"),
            None => questions,
        }
    }

    pub(super) fn corrected_written(&self) -> String {
        written_date(self.corrected_on)
    }

    /// What the recipient's office has to do.
    pub(super) fn to_do(&self, office: &str) -> String {
        let questions = written_questions(&self.to_confirm);
        match self.to_confirm.len() {
            0 if self.questions.is_empty() => "The questions stay as they are.".to_owned(),
            0 if self.answering => {
                "Please answer the questions in this wording. A Word form that was downloaded before \
                                    asks in the earlier one and is not read any more: please download it again."
                    .to_owned()
            }
            0 => "An answer to the earlier wording says so until its office confirms or amends it.".to_owned(),
            1 => format!(
                "The answer of {office} to {questions} was given to an earlier wording, and the compilation says so. \
                 Please confirm that it stands, or amend it."
            ),
            _ => format!(
                "The answers of {office} to {questions} were given to an earlier wording, and the compilation says so. \
                 Please confirm that they stand, or amend them."
            ),
        }
    }

    pub(super) fn button(&self) -> &'static str {
        match (self.to_confirm.is_empty(), self.answering) {
            (false, _) => "Confirm or amend",
            (true, true) => "Answer the query",
            (true, false) => "Read the corrections",
        }
    }
}

/// An addressed office wants to know what is meant; this goes to the requesters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClarificationAsked {
    /// The query.
    pub query: QueryHead,
    /// The office that asks, as in a sentence.
    pub asking_office: String,
    /// The question it is about; none where it is about the whole query.
    pub question: Option<Question>,
    /// What it wants to know, plain.
    pub text: String,
    /// The address where the requesters reply.
    pub link: String,
}

impl ClarificationAsked {
    pub(super) fn heading(&self) -> &'static str {
        "A clarification is asked for"
    }

    pub(super) fn about(&self, room: &Room) -> String {
        about(self.question.as_ref(), room)
    }

    pub(super) fn asked(&self, room: &Room) -> String {
        text::shortened(self.text.trim(), room.of(CLARIFICATION))
    }
}

/// The requesters replied to an office that wanted to know what is meant; this goes to every addressed office and the other
/// requesters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clarification {
    /// The query.
    pub query: QueryHead,
    /// The office that asked, as in a sentence.
    pub asking_office: String,
    /// The office that replied, likewise.
    pub replying_office: String,
    /// The question it is about; none where it is about the whole query.
    pub question: Option<Question>,
    /// What was asked, plain.
    pub text: String,
    /// The reply, plain.
    pub reply: String,
    /// The address of all clarifications.
    pub link: String,
}

impl Clarification {
    pub(super) fn heading(&self) -> String {
        format!("Clarification of {}", self.subject())
    }

    /// What is clarified: `question 2` or `the query`.
    fn subject(&self) -> String {
        self.question.as_ref().map_or_else(
            || "the query".to_owned(),
            |question| written_questions(&[question.number]),
        )
    }

    pub(super) fn about(&self, room: &Room) -> String {
        about(self.question.as_ref(), room)
    }

    pub(super) fn asked(&self, room: &Room) -> String {
        text::shortened(self.text.trim(), room.of(CLARIFICATION))
    }

    pub(super) fn replied(&self, room: &Room) -> String {
        text::shortened(self.reply.trim(), room.of(CLARIFICATION))
    }
}

/// The question that is meant.
fn about(question: Option<&Question>, room: &Room) -> String {
    question.map_or_else(
        || "The whole query".to_owned(),
        |question| format!("Question {}: {}", question.number, question.excerpt(room)),
    )
}
