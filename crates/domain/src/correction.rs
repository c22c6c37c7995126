//! Corrections: after launch only the wording of a query changes, for a reason that everybody reads. The earlier wording
//! is kept, and an answer that was given to it says so until its office confirms or amends it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::clock::Instant;
use crate::dissemination::find;
use crate::draft::{LONGEST_BACKGROUND, check_reason};
use crate::id::{CorrectionId, QueryId};
use crate::life::Step;
use crate::markdown::Markdown;
use crate::query::Query;
use crate::question::{Key, LONGEST_QUESTION, Question, Revision};
use crate::refusal::{Faults, Refusal};

/// A correction as it comes in.
#[derive(Debug, Clone, Default)]
pub struct CorrectionInput {
    /// Why.
    pub reason: String,
    /// The new wording of the background; none where it stays.
    pub background: Option<String>,
    /// The new wording of questions.
    pub questions: Vec<WordingInput>,
}

/// The new wording of a question as it comes in.
#[derive(Debug, Clone)]
pub struct WordingInput {
    /// The id of the question.
    pub id: String,
    /// Its wording.
    pub text: String,
}

/// A correction of a query's wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Its id.
    pub id: CorrectionId,
    /// The query.
    pub query: QueryId,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: String,
    /// The background, where it was corrected.
    pub background: Option<CorrectedBackground>,
    /// The questions that were corrected, in the order of the query.
    pub questions: Vec<CorrectedQuestion>,
}

/// A background before and after its correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorrectedBackground {
    /// The earlier wording; none where the query had no background.
    pub before: Option<Markdown>,
    /// The wording since.
    pub after: Markdown,
}

/// A question before and after its correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorrectedQuestion {
    /// The question.
    pub question: Key,
    /// The number of the new wording.
    pub revision: i32,
    /// The earlier wording.
    pub before: Markdown,
    /// The wording since.
    pub after: Markdown,
}

/// What an office confirms: that its answer to a question stands for this wording of it.
#[derive(Debug, Clone)]
pub struct ConfirmationInput {
    /// The id of the question.
    pub id: String,
    /// The number of the wording that was read.
    pub revision: i32,
}

/// The wordings that answers were confirmed for.
pub type Confirmed = BTreeMap<Key, i32>;

impl Query {
    /// Corrects the wording of the background and of questions; everything else of them is fixed since the launch.
    ///
    /// # Errors
    /// Conflict `wrong_status` of a draft or a withdrawn query, `imported`; Invalid with all faults: `unknown_question`,
    /// `not_unique`, `unchanged`, `nothing_to_correct`, and those of reasons and texts.
    pub fn correct(&mut self, id: CorrectionId, input: CorrectionInput, now: Instant) -> Result<Correction, Refusal> {
        self.allows(Step::Correct, now)?;
        let mut faults = Faults::new();
        check_reason(&input.reason, "/reason", &mut faults);
        let background = self.correct_background(input.background.as_deref(), &mut faults);
        let texts = self.new_wordings(&input.questions, &mut faults);
        if input.background.is_none() && input.questions.is_empty() {
            faults.add("", "nothing_to_correct", "name a background or at least one question");
        }
        faults.or(())?;
        let mut questions = Vec::new();
        for question in &mut self.questions {
            let Some(after) = texts.get(&question.id) else {
                continue;
            };
            questions.push(CorrectedQuestion {
                question: question.id.clone(),
                revision: question.revision() + 1,
                before: question.markdown().clone(),
                after: after.clone(),
            });
            question.revisions.push(Revision {
                number: question.revision() + 1,
                text: after.clone(),
            });
        }
        if let Some(background) = &background {
            self.background = Some(background.after.clone());
        }
        self.changed = now;
        Ok(Correction {
            id,
            query: self.id,
            at: now,
            reason: input.reason.trim().to_owned(),
            background,
            questions,
        })
    }

    fn correct_background(&self, text: Option<&str>, faults: &mut Faults) -> Option<CorrectedBackground> {
        let after = Markdown::parse(text?, LONGEST_BACKGROUND)
            .map_err(|fault| faults.add("/background", fault.code, fault.detail))
            .ok()?;
        if self.background.as_ref() == Some(&after) {
            faults.add("/background", "unchanged", "this is the wording in force");
        }
        Some(CorrectedBackground {
            before: self.background.clone(),
            after,
        })
    }

    fn new_wordings(&self, inputs: &[WordingInput], faults: &mut Faults) -> BTreeMap<Key, Markdown> {
        let mut texts = BTreeMap::new();
        let mut named = BTreeSet::new();
        for (index, input) in inputs.iter().enumerate() {
            let at = format!("/questions/{index}");
            let text = Markdown::parse(&input.text, LONGEST_QUESTION)
                .map_err(|fault| faults.add(format!("{at}/text"), fault.code, fault.detail))
                .ok();
            let Some(question) = self.question(&input.id) else {
                faults.add(format!("{at}/id"), "unknown_question", self.known_questions());
                continue;
            };
            if !named.insert(&question.id) {
                faults.add(format!("{at}/id"), "not_unique", "this question stands here twice");
            }
            let Some(text) = text else {
                continue;
            };
            if *question.markdown() == text {
                faults.add(format!("{at}/text"), "unchanged", "this is the wording in force");
            }
            texts.insert(question.id.clone(), text);
        }
        texts
    }

    /// The question with this id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id.as_str() == id)
    }

    /// Which questions there are, for somebody who named another.
    pub(crate) fn known_questions(&self) -> String {
        let known: Vec<_> = self.questions.iter().map(|question| question.id.as_str()).collect();
        format!("the query has the questions {}", known.join(", "))
    }
}

/// The numbers of the questions, from 1 on, to which these answers were given in an earlier wording.
pub fn given_to_earlier(questions: &[Question], answers: &[Answer]) -> Vec<usize> {
    questions
        .iter()
        .zip(1..)
        .filter(|(question, _)| find(answers, &question.id).is_some_and(|answer| answer.is_to_earlier(question)))
        .map(|(_, number)| number)
        .collect()
}

/// What an office confirms of its answers: each was given to an earlier wording, and the one that is named is in force.
///
/// # Errors
/// All faults at once, with pointers below `/questions`: `missing_field` for none, `unknown_question` where the office has
/// no answer, `not_unique`, `not_in_force`, `not_earlier`.
pub fn check_confirmation(
    questions: &[Question],
    answers: &[Answer],
    inputs: &[ConfirmationInput],
) -> Result<Confirmed, Faults> {
    let mut faults = Faults::new();
    if inputs.is_empty() {
        faults.add("/questions", "missing_field", "name the answers that stand");
    }
    let mut confirmed = Confirmed::new();
    for (index, input) in inputs.iter().enumerate() {
        let at = format!("/questions/{index}");
        let question = questions.iter().find(|question| question.id.as_str() == input.id);
        let Some((question, answer)) = question.and_then(|asked| Some((asked, find(answers, &asked.id)?))) else {
            let detail = "your office has no answer to a question with this id";
            faults.add(format!("{at}/id"), "unknown_question", detail);
            continue;
        };
        let revision = question.revision();
        if input.revision != revision {
            let detail = format!("the wording in force is revision {revision}: read it first");
            faults.add(format!("{at}/revision"), "not_in_force", detail);
        } else if !answer.is_to_earlier(question) {
            faults.add(
                format!("{at}/id"),
                "not_earlier",
                "this answer was given to the wording in force",
            );
        }
        if confirmed.insert(question.id.clone(), revision).is_some() {
            faults.add(format!("{at}/id"), "not_unique", "this question stands here twice");
        }
    }
    faults.or(confirmed)
}

/// Lets confirmed answers count as given to the wording they were confirmed for.
pub fn confirm(answers: &mut [Answer], confirmed: &Confirmed) {
    for answer in answers {
        if let Some(revision) = confirmed.get(&answer.question) {
            answer.revision = answer.revision.max(*revision);
        }
    }
}

/// Leaves answers of a draft that is saved whole at the wording they were given to, where they say what they said before:
/// whoever writes one answer has not looked at all the others again.
pub fn keep_wording(answers: &mut [Answer], before: &[Answer]) {
    for answer in answers {
        if let Some(earlier) = find(before, &answer.question) {
            let revision = std::mem::replace(&mut answer.revision, earlier.revision);
            if *answer != *earlier {
                answer.revision = revision;
            }
        }
    }
}
