//! Holds: an answer, a whole response or an edition is suspended at once, for a reason, until the hold is lifted.
//!
//! Nothing that is frozen changes by it: what is held is taken out of what is shown, and is there again once it is lifted.

use std::collections::BTreeSet;

use crate::clock::Instant;
use crate::comparison::compare_rows;
use crate::compilation::{Shown, View};
use crate::id::HoldId;
use crate::office::OfficeCode;
use crate::query::{Launched, Life, Query};
use crate::question::{Key, Question};
use crate::refusal::{Faults, Refusal};

/// What stands where an answer is suspended.
pub const SUSPENDED: &str = "This response is suspended.";

/// What is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The whole response of an office, in every version.
    Response {
        /// The office.
        office: OfficeCode,
    },
    /// What an office answered to one question, in every version, and to those that hang on it.
    Answer {
        /// The office.
        office: OfficeCode,
        /// The question.
        question: Key,
    },
    /// An edition in all its views.
    Edition {
        /// Its number, and those of the editions that took its place since.
        numbers: Vec<i32>,
    },
}

impl Held {
    /// The office whose answers are held; none for an edition.
    pub fn office(&self) -> Option<&OfficeCode> {
        match self {
            Self::Response { office } | Self::Answer { office, .. } => Some(office),
            Self::Edition { .. } => None,
        }
    }

    fn is_edition(&self, number: i32) -> bool {
        matches!(self, Self::Edition { numbers } if numbers.contains(&number))
    }
}

/// When a hold was lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    /// When.
    pub at: Instant,
    /// For which office.
    pub by: OfficeCode,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// What is held.
    pub held: Held,
    /// Why.
    pub reason: String,
    /// When it was placed.
    pub at: Instant,
    /// For which office.
    pub by: OfficeCode,
    /// When it was lifted.
    pub lifted: Option<Lifted>,
}

impl Hold {
    /// Whether it is in force.
    pub fn is_in_force(&self) -> bool {
        self.lifted.is_none()
    }

    /// Whether `office` lifts it: of answers their office alone, of an edition the requesters and whoever placed it.
    pub fn is_lifted_by(&self, query: &Query, office: &OfficeCode) -> bool {
        match self.held.office() {
            Some(answering) => answering == office,
            None => self.by == *office || query.is_requester(office),
        }
    }
}

/// What is to be held, as it comes in.
#[derive(Debug, Clone, Default)]
pub struct HoldInput {
    /// Why.
    pub reason: String,
    /// The office whose answers are meant.
    pub office: Option<String>,
    /// Which of its answers; all of them where there is none.
    pub question: Option<String>,
    /// The edition that is meant.
    pub edition: Option<i32>,
}

impl HoldInput {
    /// What is meant, as far as it is said rightly.
    ///
    /// # Errors
    /// All faults at once: neither an office nor an edition or both, a question of an edition, no such question, no office
    /// of this form.
    pub fn held(&self, questions: &[Question]) -> Result<Held, Faults> {
        let mut faults = Faults::new();
        let office = self.office.as_deref().map(str::parse::<OfficeCode>);
        if let Some(Err(_)) = office {
            faults.add("/office", "unknown_office", "no office has this code");
        }
        let question = self.question.as_deref().map(Key::parse);
        let asked = |key: &Key| questions.iter().any(|question| question.id == *key);
        if question.as_ref().is_some_and(|key| !key.as_ref().is_some_and(asked)) {
            faults.add(
                "/question",
                "unknown_question",
                "the query has no question with this id",
            );
        }
        if self.question.is_some() && self.office.is_none() {
            let detail = "an answer is named by its office and its question";
            faults.add("/office", "missing_field", detail);
        }
        match (&self.office, self.edition) {
            (Some(_), Some(_)) => faults.add("/edition", "not_both", "answers of an office are meant, or an edition"),
            (None, None) if self.question.is_none() => {
                faults.add(
                    "",
                    "missing_field",
                    "name the office whose answers are meant, or an edition",
                );
            }
            _ => {}
        }
        let held = match (office, question.flatten(), self.edition) {
            (Some(Ok(office)), Some(question), _) => Some(Held::Answer { office, question }),
            (Some(Ok(office)), None, _) => Some(Held::Response { office }),
            (_, _, Some(number)) => Some(Held::Edition { numbers: vec![number] }),
            _ => None,
        };
        match held {
            Some(held) => faults.or(held),
            None => Err(faults),
        }
    }
}

impl Query {
    /// Suspends something of a launched query.
    ///
    /// # Errors
    /// Conflict `wrong_status` for drafts, `imported`, `already_held`.
    pub fn hold(&mut self, hold: Hold) -> Result<(), Refusal> {
        let launched = match &mut self.life {
            Life::Launched(launched) => launched,
            Life::Imported(_) => return Err(Refusal::conflict("imported", "an imported query is only read")),
            Life::Draft { .. } => return Err(Refusal::conflict("wrong_status", "the query is still a draft")),
        };
        let again = launched.holds.iter().any(|known| {
            known.is_in_force()
                && match (&known.held, &hold.held) {
                    (known, Held::Edition { numbers }) => numbers.iter().any(|number| known.is_edition(*number)),
                    (known, held) => known == held,
                }
        });
        if again {
            return Err(Refusal::conflict("already_held", "this is suspended already"));
        }
        self.changed = hold.at;
        launched.holds.push(hold);
        Ok(())
    }

    /// Lifts a hold.
    ///
    /// # Errors
    /// Hidden when there is no such hold; Conflict `already_lifted`.
    pub fn lift_hold(&mut self, id: HoldId, lifted: Lifted) -> Result<(), Refusal> {
        let Life::Launched(launched) = &mut self.life else {
            return Err(Refusal::Hidden);
        };
        let hold = launched.holds.iter_mut().find(|hold| hold.id == id);
        let hold = hold.ok_or(Refusal::Hidden)?;
        if !hold.is_in_force() {
            return Err(Refusal::conflict("already_lifted", "this hold was lifted already"));
        }
        self.changed = lifted.at;
        hold.lifted = Some(lifted);
        Ok(())
    }

    /// The holds on it, lifted ones too, in the order they were placed.
    pub fn holds(&self) -> &[Hold] {
        self.launched()
            .map(|launched| launched.holds.as_slice())
            .unwrap_or_default()
    }

    fn holds_in_force(&self) -> impl Iterator<Item = &Hold> {
        self.holds().iter().filter(|hold| hold.is_in_force())
    }

    /// Whether an edition is suspended.
    pub fn is_edition_held(&self, number: i32) -> bool {
        self.launched().is_some_and(|launched| launched.is_edition_held(number))
    }

    /// Whether answers are suspended.
    pub fn has_held_answers(&self) -> bool {
        self.holds_in_force().any(|hold| hold.held.office().is_some())
    }

    /// The questions to which the answers of an office are suspended, with those that hang on them: whether one of these was
    /// asked would tell the answer.
    pub fn held_answers(&self, office: &OfficeCode) -> BTreeSet<Key> {
        let mut held = BTreeSet::new();
        for hold in self.holds_in_force() {
            match &hold.held {
                Held::Response { office: whose } if whose == office => {
                    held.extend(self.questions.iter().map(|question| question.id.clone()));
                }
                Held::Answer {
                    office: whose,
                    question,
                } if whose == office => {
                    held.insert(question.clone());
                }
                _ => {}
            }
        }
        // What a question hangs on stands before it.
        for question in &self.questions {
            let above = question.ask_if.as_ref().map(|condition| &condition.question);
            if above.is_some_and(|above| held.contains(above)) {
                held.insert(question.id.clone());
            }
        }
        held
    }

    /// Whether a summary that was signed at a moment may be shown: what was suspended since may be quoted in it.
    pub fn shows_summary_of(&self, signed: Instant) -> bool {
        let mut of_answers = self.holds_in_force().filter(|hold| hold.held.office().is_some());
        of_answers.all(|hold| hold.at < signed)
    }
}

impl Launched {
    /// From when on the query is public: with its first publication, and not at all while an edition that is published or
    /// announced is suspended.
    pub fn published_from(&self) -> Option<Instant> {
        if self.publications.iter().any(|known| self.is_edition_held(known.number)) {
            return None;
        }
        self.publications.iter().map(|known| known.from).min()
    }

    pub(crate) fn is_edition_held(&self, number: i32) -> bool {
        let mut in_force = self.holds.iter().filter(|hold| hold.is_in_force());
        in_force.any(|hold| hold.held.is_edition(number))
    }

    /// An edition that takes the place of a suspended one is suspended too.
    pub(crate) fn hold_replacement(&mut self, replaced: i32, by: i32) {
        for hold in self.holds.iter_mut().filter(|hold| hold.is_in_force()) {
            if let Held::Edition { numbers } = &mut hold.held
                && numbers.contains(&replaced)
            {
                numbers.push(by);
            }
        }
    }
}

impl View {
    /// Takes out of a view what is suspended now; whether there was something. The rows stay and say so, the figures are
    /// computed without them.
    pub fn suspend(&mut self, query: &Query) -> bool {
        let mut suspended = false;
        for response in &mut self.responses {
            let held = query.held_answers(&response.office);
            for row in response.rows.iter_mut().filter(|row| held.contains(&row.question)) {
                suspended = true;
                row.withhold(Shown::Suspended);
            }
        }
        if suspended {
            self.comparison = compare_rows(&self.questions, &self.responses);
            let note =
                "Some responses are suspended: they are left out of this view and of its figures until that is lifted.";
            self.note = Some(note.to_owned());
        }
        suspended
    }
}
