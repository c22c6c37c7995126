//! Contributions: an expert outside drafts answers to some questions for the contact point that asked, by a link that ends.
//!
//! What comes in is a proposal: it is an answer of the office only once the office has put it into its draft.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::clock::Instant;
use crate::deadline::Deadline;
use crate::draft::check_reason;
use crate::id::{ContributionId, MessageId, QueryId, UserId};
use crate::office::OfficeCode;
use crate::query::Query;
use crate::question::{Key, Question, check_line};
use crate::refusal::{Faults, Refusal};
use crate::user::is_mail_address;

/// For how many days after the inner deadline the link still works.
const GRACE: Days = Days::new(3);
/// How far ahead an inner deadline may lie: as far as a query's own may, with room for extensions.
const FURTHEST: Days = Days::new(180);
/// How many contributions an office may have asked for to one query.
pub const MOST: usize = 50;

/// What was handed in last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Nothing yet.
    Asked,
    /// The answers.
    Returned {
        /// When.
        at: Instant,
    },
    /// "Not for us".
    Declined {
        /// When.
        at: Instant,
        /// Why.
        reason: String,
    },
}

/// Where a contribution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContributionStatus {
    /// The expert was asked.
    Asked,
    /// The expert has handed it in.
    Returned,
    /// The expert says that it is not for them.
    Declined,
    /// The link ended before anything was handed in.
    Ended,
    /// The office ended the link before anything was handed in.
    Revoked,
}

/// An expert's draft for some questions, asked for by an office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Its id.
    pub id: ContributionId,
    /// The query.
    pub query: QueryId,
    /// The office that asks.
    pub office: OfficeCode,
    /// Raised by each change.
    pub version: i64,
    /// Where the link was mailed.
    pub email: String,
    /// The expert's name, where the office gave it.
    pub name: Option<String>,
    /// The questions, in the order of the query.
    pub questions: Vec<Key>,
    /// The inner deadline.
    pub reply_by: NaiveDate,
    /// What the office says to the expert.
    pub note: Option<String>,
    /// When it was asked for.
    pub asked: Instant,
    /// By whom; never shown to anybody outside the office.
    pub asked_by: Option<UserId>,
    /// The message with the link.
    pub message: MessageId,
    /// What was handed in.
    pub position: Position,
    /// When the office ended the link.
    pub revoked: Option<Instant>,
    /// What has been put in so far.
    pub answers: Vec<Answer>,
}

impl Contribution {
    /// The last day on which the link works.
    pub fn last_day(&self) -> NaiveDate {
        self.reply_by + GRACE
    }

    /// The first instant at which the link does not work any more.
    pub fn ends(&self) -> Instant {
        Deadline::on(self.last_day()).end
    }

    /// Whether the link works.
    pub fn is_open(&self, now: Instant) -> bool {
        self.revoked.is_none() && now < self.ends()
    }

    /// Where it stands.
    pub fn status(&self, now: Instant) -> ContributionStatus {
        match self.position {
            Position::Returned { .. } => ContributionStatus::Returned,
            Position::Declined { .. } => ContributionStatus::Declined,
            Position::Asked if self.revoked.is_some() => ContributionStatus::Revoked,
            Position::Asked if now >= self.ends() => ContributionStatus::Ended,
            Position::Asked => ContributionStatus::Asked,
        }
    }

    /// Who contributes: the name, or the address where there is none.
    pub fn contributor(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.email)
    }

    /// The questions it is about, with their numbers.
    pub fn questions_of<'a>(&self, query: &'a Query) -> Vec<(usize, &'a Question)> {
        (1..)
            .zip(&query.questions)
            .filter(|(_, question)| self.questions.contains(&question.id))
            .collect()
    }

    /// The query with those questions alone, from 1 on; a condition about another question is not known here.
    pub fn part_of(&self, query: &Query) -> Query {
        let mut part = query.clone();
        part.questions.retain(|question| self.questions.contains(&question.id));
        for question in &mut part.questions {
            question
                .ask_if
                .take_if(|condition| !self.questions.contains(&condition.question));
        }
        part
    }

    /// What the office may read of the answers: nothing before they were handed in.
    pub fn proposals(&self) -> &[Answer] {
        match self.position {
            Position::Returned { .. } => &self.answers,
            Position::Asked | Position::Declined { .. } => &[],
        }
    }

    /// Refuses what is too late once it was handed in or declined.
    ///
    /// # Errors
    /// Conflict `already_returned`, `already_declined`.
    pub fn must_be_asked(&self) -> Result<(), Refusal> {
        match self.position {
            Position::Asked => Ok(()),
            Position::Returned { .. } => Err(Refusal::conflict(
                "already_returned",
                "this contribution was handed in: the contact point asks again where it wants more",
            )),
            Position::Declined { .. } => Err(Refusal::conflict(
                "already_declined",
                "you have said that this is not for you: the contact point asks again where it wants an answer",
            )),
        }
    }

    /// Keeps what the expert has put in so far.
    ///
    /// # Errors
    /// Conflict `already_returned`, `already_declined`.
    pub fn save(&mut self, answers: Vec<Answer>) -> Result<(), Refusal> {
        self.must_be_asked()?;
        self.answers = answers;
        Ok(())
    }

    /// Hands it in.
    ///
    /// # Errors
    /// Conflict `already_returned`, `already_declined`, `nothing_to_return`.
    pub fn hand_in(&mut self, now: Instant) -> Result<(), Refusal> {
        self.must_be_asked()?;
        if self.answers.is_empty() {
            return Err(Refusal::conflict(
                "nothing_to_return",
                "no answer has been saved yet: save one, or say that this is not for you",
            ));
        }
        self.position = Position::Returned { at: now };
        Ok(())
    }

    /// Says that it is not for the expert.
    ///
    /// # Errors
    /// Conflict `already_returned`, `already_declined`.
    pub fn decline(&mut self, reason: String, now: Instant) -> Result<(), Refusal> {
        self.must_be_asked()?;
        self.position = Position::Declined { at: now, reason };
        Ok(())
    }

    /// Ends the link. What was handed in stays with the office.
    ///
    /// # Errors
    /// Conflict `already_revoked`.
    pub fn revoke(&mut self, now: Instant) -> Result<(), Refusal> {
        if self.revoked.is_some() {
            return Err(Refusal::conflict("already_revoked", "this link was ended before"));
        }
        self.revoked = Some(now);
        Ok(())
    }

    /// The proposals to the questions that an office names.
    ///
    /// # Errors
    /// Conflict `not_returned`; all faults at once: `missing_field` at `/questions`, `unknown_question`, `not_unique` at
    /// `/questions/{index}`.
    pub fn chosen(&self, questions: &[String]) -> Result<Vec<&Answer>, Refusal> {
        if !matches!(self.position, Position::Returned { .. }) {
            return Err(Refusal::conflict(
                "not_returned",
                "the expert has not handed this contribution in",
            ));
        }
        let mut faults = Faults::new();
        let mut chosen: Vec<&Answer> = Vec::new();
        if questions.is_empty() {
            faults.add("/questions", "missing_field", "name the questions to take over");
        }
        for (index, wanted) in questions.iter().enumerate() {
            let at = format!("/questions/{index}");
            match self.answers.iter().find(|answer| answer.question.as_str() == wanted) {
                None => faults.add(
                    at,
                    "unknown_question",
                    "this contribution has no answer to a question with this id",
                ),
                Some(answer) if chosen.contains(&answer) => {
                    faults.add(at, "not_unique", "this question stands here twice");
                }
                Some(answer) => chosen.push(answer),
            }
        }
        Ok(faults.or(chosen)?)
    }
}

/// Who is asked for what, as it came in.
#[derive(Debug, Clone)]
pub struct AskInput {
    /// Where the link goes.
    pub email: String,
    /// The expert's name.
    pub name: Option<String>,
    /// Ids of questions.
    pub questions: Vec<String>,
    /// The inner deadline.
    pub reply_by: NaiveDate,
    /// What the office says to the expert.
    pub note: Option<String>,
}

/// Who is asked for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Where the link goes.
    pub email: String,
    /// The expert's name.
    pub name: Option<String>,
    /// The questions, in the order of the query.
    pub questions: Vec<Key>,
    /// The inner deadline.
    pub reply_by: NaiveDate,
    /// What the office says to the expert.
    pub note: Option<String>,
}

impl Ask {
    /// Checks who is asked for what.
    ///
    /// # Errors
    /// All faults at once: `bad_address` at `/email`; `too_long`, `bad_character` at `/name` and `/note`; `missing_field`
    /// at `/questions`; `unknown_question`, `not_unique` at `/questions/{index}`; `past`, `too_far` at `/replyBy`.
    pub fn parse(input: AskInput, query: &Query, today: NaiveDate) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let email = input.email.trim().to_owned();
        if !is_mail_address(&email) {
            faults.add(
                "/email",
                "bad_address",
                "a mail address such as anna.muster@example.org",
            );
        }
        let filled = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let (name, note) = (filled(input.name), filled(input.note));
        if let Some(name) = &name {
            check_line(name, 200, "/name", &mut faults);
        }
        if let Some(note) = &note {
            check_reason(note, "/note", &mut faults);
        }
        let mut wanted = BTreeSet::new();
        if input.questions.is_empty() {
            faults.add("/questions", "missing_field", "name at least one question");
        }
        for (index, id) in input.questions.iter().enumerate() {
            let at = format!("/questions/{index}");
            if !query.questions.iter().any(|question| question.id.as_str() == id) {
                let known: Vec<_> = query.questions.iter().map(|question| question.id.as_str()).collect();
                let detail = format!("the query has the questions {}", known.join(", "));
                faults.add(at, "unknown_question", detail);
            } else if !wanted.insert(id.as_str()) {
                faults.add(at, "not_unique", "this question stands here twice");
            }
        }
        if input.reply_by < today {
            faults.add("/replyBy", "past", "an inner deadline is today or later");
        } else if input.reply_by > today + FURTHEST {
            faults.add("/replyBy", "too_far", "an inner deadline is at most 180 days ahead");
        }
        let questions = query
            .questions
            .iter()
            .filter(|question| wanted.contains(question.id.as_str()))
            .map(|question| question.id.clone())
            .collect();
        faults.or(Self {
            email,
            name,
            questions,
            reply_by: input.reply_by,
            note,
        })
    }
}

/// How a proposal stands in a draft: where the draft has an answer already, no further than that one may go, and with its
/// ground.
pub fn merged(proposal: &Answer, drafted: Option<&Answer>) -> Answer {
    let mut answer = proposal.clone();
    if let Some(drafted) = drafted
        && drafted.circle <= answer.circle
    {
        answer.circle = drafted.circle;
        answer.ground.clone_from(&drafted.ground);
    }
    answer
}
