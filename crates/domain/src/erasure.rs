//! Erasures: a text is taken away for good, on a written order that two people of the service provider confirm.
//!
//! What is left is a tombstone that says when: versions and editions stay countable, and an edition keeps its number and the
//! hash of what stood before. The order is a reference by which it is found; it holds no text.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::answer::{Answer, Content};
use crate::clock::{Instant, written_date};
use crate::comparison::compare_rows;
use crate::compilation::{Shown, View};
use crate::hold::{Held, HoldInput};
use crate::id::{ErasureId, QueryId, UserId};
use crate::markdown::{Markdown, NotTaken};
use crate::office::OfficeCode;
use crate::question::{Key, Question};
use crate::refusal::{Faults, Refusal};
use crate::summary::{LONGEST_PART, Summary};
use crate::user::check_order;

/// What stands where a text was erased.
pub fn tombstone(on: NaiveDate) -> String {
    format!("Content erased on {}.", written_date(on))
}

/// What is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erased {
    /// The whole response of an office, in every version, draft and edition.
    Response {
        /// The office.
        office: OfficeCode,
    },
    /// What an office answered to one question, and to those that hang on it.
    Answer {
        /// The office.
        office: OfficeCode,
        /// The question.
        question: Key,
    },
    /// The summary of an edition, for all circles, and the same texts where other editions took them over.
    Summary {
        /// The number of the edition.
        edition: i32,
    },
}

impl Erased {
    /// The office whose answers are erased; none for a summary.
    pub fn office(&self) -> Option<&OfficeCode> {
        match self {
            Self::Response { office } | Self::Answer { office, .. } => Some(office),
            Self::Summary { .. } => None,
        }
    }

    /// Those of these questions whose answers are erased, with those that hang on them: whether one of these was asked would
    /// tell the answer.
    pub fn questions(&self, questions: &[Question]) -> BTreeSet<Key> {
        let mut erased = BTreeSet::new();
        for question in questions {
            let above = question.ask_if.as_ref().map(|condition| &condition.question);
            let meant = match self {
                Self::Response { .. } => true,
                Self::Answer { question: one, .. } => *one == question.id,
                Self::Summary { .. } => false,
            };
            // What a question hangs on stands before it.
            if meant || above.is_some_and(|above| erased.contains(above)) {
                erased.insert(question.id.clone());
            }
        }
        erased
    }
}

/// By whom and when something was done to an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Instant,
    /// By whom of the service provider.
    pub by: UserId,
}

/// Where an erasure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Asked for: nothing is erased yet.
    Asked,
    /// Confirmed by a second person, and carried out in that moment.
    Confirmed(Deed),
    /// Withdrawn before that.
    Withdrawn(Deed),
}

/// An erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: ErasureId,
    /// Of which query.
    pub query: QueryId,
    /// What of it.
    pub erased: Erased,
    /// The reference of the written order.
    pub order: String,
    /// Who asked for it.
    pub asked: Deed,
    /// Where it stands.
    pub position: Position,
}

impl Erasure {
    /// Confirms it, after which it is carried out.
    ///
    /// # Errors
    /// Forbidden `same_person` for who asked; Conflict `already_confirmed`, `withdrawn`.
    pub fn confirm(&mut self, deed: Deed) -> Result<(), Refusal> {
        self.must_be_asked()?;
        if deed.by == self.asked.by {
            return Err(Refusal::forbidden(
                "same_person",
                "an erasure is confirmed by another coordinator than the one who asked for it",
            ));
        }
        self.position = Position::Confirmed(deed);
        Ok(())
    }

    /// Withdraws it before it is confirmed.
    ///
    /// # Errors
    /// Conflict `already_confirmed`, `withdrawn`.
    pub fn withdraw(&mut self, deed: Deed) -> Result<(), Refusal> {
        self.must_be_asked()?;
        self.position = Position::Withdrawn(deed);
        Ok(())
    }

    /// Whether it waits for a second person.
    ///
    /// # Errors
    /// Conflict `already_confirmed`, `withdrawn`.
    pub fn must_be_asked(&self) -> Result<(), Refusal> {
        match self.position {
            Position::Asked => Ok(()),
            Position::Confirmed(_) => Err(Refusal::conflict(
                "already_confirmed",
                "this erasure was confirmed, and is carried out",
            )),
            Position::Withdrawn(_) => Err(Refusal::conflict("withdrawn", "this erasure was withdrawn")),
        }
    }

    /// When it was carried out.
    pub fn carried_out(&self) -> Option<Deed> {
        match self.position {
            Position::Confirmed(deed) => Some(deed),
            Position::Asked | Position::Withdrawn(_) => None,
        }
    }
}

/// What is to be erased, as it comes in.
#[derive(Debug, Clone, Default)]
pub struct ErasureInput {
    /// The reference of the written order.
    pub order: String,
    /// The query, by its id or number.
    pub query: String,
    /// The office whose answers are meant.
    pub office: Option<String>,
    /// Which of its answers; all of them where there is none.
    pub question: Option<String>,
    /// The edition whose summary is meant.
    pub edition: Option<i32>,
}

impl ErasureInput {
    /// The reference of the order and what is meant, among the questions of the query; none where there is no such query.
    ///
    /// # Errors
    /// All faults at once: those of the order, no such query, those of [`HoldInput::held`].
    pub fn parse(&self, questions: Option<&[Question]>) -> Result<(String, Erased), Faults> {
        let mut faults = Faults::new();
        let order = check_order(&self.order);
        if let Err(found) = &order {
            faults.add_below("", found.clone());
        }
        if questions.is_none() {
            faults.add(
                "/query",
                "unknown_query",
                "there is no launched query with this id or number",
            );
        }
        let named = HoldInput {
            reason: String::new(),
            office: self.office.clone(),
            // Of a query that is not there no question is known to be wrong.
            question: self.question.clone().filter(|_| questions.is_some()),
            edition: self.edition,
        };
        let erased = match named.held(questions.unwrap_or_default()) {
            Ok(Held::Response { office }) => Some(Erased::Response { office }),
            Ok(Held::Answer { office, question }) => Some(Erased::Answer { office, question }),
            Ok(Held::Edition { numbers }) => numbers.first().map(|edition| Erased::Summary { edition: *edition }),
            Err(found) => {
                faults.add_below("", found);
                None
            }
        };
        match (order, erased) {
            (Ok(order), Some(erased)) => faults.or((order, erased)),
            _ => Err(faults),
        }
    }
}

impl Answer {
    /// Leaves a tombstone of it: its question, its wording and how far it goes, by which versions and editions are compared.
    pub fn erase(&mut self, on: NaiveDate) {
        self.ground = None;
        self.as_of = None;
        self.sources.clear();
        self.attachments.clear();
        self.content = Content::Erased { on };
    }

    /// When it was erased.
    pub fn erased(&self) -> Option<NaiveDate> {
        match self.content {
            Content::Erased { on } => Some(on),
            _ => None,
        }
    }
}

impl Summary {
    /// Leaves a tombstone of the parts that are among these texts; whether there was one.
    ///
    /// # Errors
    /// When the tombstone is no text, which no date leads to.
    pub fn erase(&mut self, texts: &BTreeSet<String>, on: NaiveDate) -> Result<bool, NotTaken> {
        let tombstone = Markdown::parse(&tombstone(on), LONGEST_PART)?;
        let mut found = false;
        for part in [&mut self.background, &mut self.respondents, &mut self.findings] {
            if !part.as_str().is_empty() && texts.contains(part.as_str()) {
                *part = tombstone.clone();
                found = true;
            }
        }
        Ok(found)
    }

    /// The texts of its parts.
    pub fn texts(&self) -> [&str; 3] {
        [&self.background, &self.respondents, &self.findings].map(|part| part.as_str())
    }
}

impl View {
    /// Takes erased answers to these questions out of a view; whether there was something. The rows stay and say when, the
    /// figures are computed without them. A row whose answer is not for the view's circle says no more than before.
    pub fn erase(&mut self, erased: &Erased, questions: &[Question], on: NaiveDate) -> bool {
        let keys = erased.questions(questions);
        // That one of these was skipped or left open tells what the answer above it said.
        let hanging: BTreeSet<&Key> = questions
            .iter()
            .filter(|question| {
                let above = question.ask_if.as_ref().map(|condition| &condition.question);
                above.is_some_and(|above| keys.contains(above))
            })
            .map(|question| &question.id)
            .collect();
        let mut found = false;
        let responses = self
            .responses
            .iter_mut()
            .filter(|response| erased.office() == Some(&response.office));
        for row in responses.flat_map(|response| &mut response.rows) {
            let gone = match row.shown {
                Shown::Answer => keys.contains(&row.question),
                Shown::Skipped | Shown::None => hanging.contains(&row.question),
                Shown::Restricted | Shown::Suspended | Shown::Erased => false,
            };
            if !gone {
                continue;
            }
            found = true;
            row.withhold(Shown::Erased);
            row.erased = Some(tombstone(on));
        }
        if found {
            self.comparison = compare_rows(&self.questions, &self.responses);
        }
        found
    }
}
