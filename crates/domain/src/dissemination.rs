//! Circles: how far an answer may go, and what a reader of a circle sees of it.
//!
//! An answer that `askIf` hangs on another is never wider than that other, and whether a question was skipped shows
//! only where its reason may be seen.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::question::{Key, Question};

/// How far an answer may go; each circle contains the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Circle {
    /// The requesters and the Commission.
    Requester,
    /// Also the audience of the query and the service provider.
    Network,
    /// Everybody.
    Public,
}

impl Circle {
    /// The three circles, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Requester, Self::Network, Self::Public];

    /// Its word in the interface and in file names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Network => "network",
            Self::Public => "public",
        }
    }

    /// Whether a reader who belongs to `reader` may see what goes as far as `self`.
    pub fn reaches(self, reader: Self) -> bool {
        self >= reader
    }

    /// What the network prints in the column "Wider Dissemination".
    pub fn wider_dissemination(self) -> &'static str {
        match self {
            Self::Public => "Yes",
            Self::Requester | Self::Network => "No",
        }
    }

    /// To whom a document made for this circle may be passed on.
    pub fn may_be_passed_on_to(self) -> &'static str {
        match self {
            Self::Requester => "For the requesting contact points and the Commission only",
            Self::Network => "For the EMN network only",
            Self::Public => "Public",
        }
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl std::str::FromStr for Circle {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|circle| circle.word() == word).ok_or(())
    }
}

/// The sentence that stands in place of an answer which the reader may not see (the network's own words).
pub const RESTRICTED: &str = "This EMN NCP has provided a response to the requesting EMN NCP. However, they have \
     requested that it is not disseminated further.";

/// How one question of a response stands for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'a> {
    /// The reader may see the answer, which goes as far as this: never wider than the one it hangs on.
    Answer(&'a Answer, Circle),
    /// The question was not asked, and the reader may know.
    Skipped,
    /// An optional question was left open.
    None,
    /// There is something the reader may not see; whether an answer or a skipped question is not told.
    Restricted,
}

/// For each question the circle in which its row may be read: that of its answer, or where it has none the widest,
/// and never wider than that of the question it hangs on.
pub fn row_circles(questions: &[Question], answers: &[Answer]) -> BTreeMap<Key, Circle> {
    rows(questions, |key| find(answers, key).map(|answer| answer.circle))
}

/// The same from the circles of the answers alone, as the parts of an edition keep them.
pub fn part_circles(questions: &[Question], answers: &BTreeMap<Key, Circle>) -> BTreeMap<Key, Circle> {
    rows(questions, |key| answers.get(key).copied())
}

fn rows(questions: &[Question], answer: impl Fn(&Key) -> Option<Circle>) -> BTreeMap<Key, Circle> {
    let mut circles: BTreeMap<Key, Circle> = BTreeMap::new();
    for question in questions {
        let own = answer(&question.id).unwrap_or(Circle::Public);
        let above = question
            .ask_if
            .as_ref()
            .and_then(|condition| circles.get(&condition.question))
            .copied()
            .unwrap_or(Circle::Public);
        circles.insert(question.id.clone(), own.min(above));
    }
    circles
}

/// What a reader of `reader` sees of each question, in the order of the questions.
pub fn seen<'a>(questions: &'a [Question], answers: &'a [Answer], reader: Circle) -> Vec<(&'a Question, Seen<'a>)> {
    let circles = row_circles(questions, answers);
    questions
        .iter()
        .map(|question| {
            let circle = circles.get(&question.id).copied().unwrap_or(Circle::Requester);
            let seen = if !circle.reaches(reader) {
                Seen::Restricted
            } else if let Some(answer) = find(answers, &question.id) {
                Seen::Answer(answer, circle)
            } else if let Some(above) = erased_above(questions, answers, question) {
                Seen::Answer(above, circle)
            } else if is_asked(questions, answers, question) {
                Seen::None
            } else {
                Seen::Skipped
            };
            (question, seen)
        })
        .collect()
}

/// The erased answer that a question without one hangs on: whether it was asked would tell what that said, so it reads as
/// erased with it.
fn erased_above<'a>(questions: &[Question], answers: &'a [Answer], question: &Question) -> Option<&'a Answer> {
    let above = &question.ask_if.as_ref()?.question;
    match find(answers, above) {
        Some(answer) => answer.erased().map(|_| answer),
        None => erased_above(questions, answers, questions.iter().find(|other| other.id == *above)?),
    }
}

/// Whether `question` is asked, given the answers to the questions it hangs on.
pub fn is_asked(questions: &[Question], answers: &[Answer], question: &Question) -> bool {
    let Some(condition) = &question.ask_if else {
        return true;
    };
    let Some(earlier) = questions.iter().find(|other| other.id == condition.question) else {
        return true;
    };
    is_asked(questions, answers, earlier)
        && find(answers, &earlier.id).is_some_and(|answer| answer.content.is_one_of(&condition.one_of))
}

/// The answer to a question.
pub fn find<'a>(answers: &'a [Answer], question: &Key) -> Option<&'a Answer> {
    answers.iter().find(|answer| answer.question == *question)
}
