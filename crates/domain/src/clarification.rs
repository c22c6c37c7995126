//! Clarifications: an office that is asked wants to know what is meant, the requesters reply once, and everybody who may
//! read the query reads both.

use crate::clock::Instant;
use crate::id::{ClarificationId, QueryId};
use crate::life::Step;
use crate::markdown::Markdown;
use crate::office::OfficeCode;
use crate::query::Query;
use crate::question::Key;
use crate::refusal::{Faults, Refusal};

/// Most characters of what is asked, and of the reply.
pub const LONGEST_CLARIFICATION: usize = 5_000;

/// What an office wants to know about a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clarification {
    /// Its id.
    pub id: ClarificationId,
    /// The query.
    pub query: QueryId,
    /// Who asks.
    pub office: OfficeCode,
    /// The question it is about; none where it is about the whole query.
    pub question: Option<Key>,
    /// What it wants to know.
    pub text: Markdown,
    /// When it asked.
    pub asked: Instant,
    /// What the requesters replied.
    pub reply: Option<Reply>,
}

/// The reply of the requesters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Who replied for them.
    pub office: OfficeCode,
    /// When.
    pub at: Instant,
    /// What it says.
    pub text: Markdown,
}

impl Clarification {
    /// The reply of `office`.
    ///
    /// # Errors
    /// Conflict `already_replied`; Invalid at `/text`.
    pub fn parse_reply(&self, office: OfficeCode, text: &str, now: Instant) -> Result<Reply, Refusal> {
        if self.reply.is_some() {
            return Err(Refusal::conflict(
                "already_replied",
                "the requesters have replied: the office may ask again",
            ));
        }
        let mut faults = Faults::new();
        let text = parse_text(text, &mut faults);
        Ok(faults.or(Reply { office, at: now, text })?)
    }
}

impl Query {
    /// What `office` asks about the query, or about one of its questions.
    ///
    /// # Errors
    /// Conflict `wrong_status` unless it is open or closed, `imported`, `not_addressed`; Invalid with all faults:
    /// `unknown_question` at `/question`, and those of the text.
    pub fn ask_clarification(
        &self,
        id: ClarificationId,
        office: &OfficeCode,
        question: Option<&str>,
        text: &str,
        now: Instant,
    ) -> Result<Clarification, Refusal> {
        self.allows(Step::AskClarification, now)?;
        if self
            .launched()
            .is_none_or(|launched| launched.addressee(office).is_none())
        {
            return Err(Refusal::conflict(
                "not_addressed",
                "the offices that are asked ask what is meant",
            ));
        }
        let mut faults = Faults::new();
        let about = question.and_then(|id| {
            let found = self.question(id).map(|question| question.id.clone());
            if found.is_none() {
                faults.add("/question", "unknown_question", self.known_questions());
            }
            found
        });
        let text = parse_text(text, &mut faults);
        Ok(faults.or(Clarification {
            id,
            query: self.id,
            office: office.clone(),
            question: about,
            text,
            asked: now,
            reply: None,
        })?)
    }
}

fn parse_text(text: &str, faults: &mut Faults) -> Markdown {
    Markdown::parse(text, LONGEST_CLARIFICATION).unwrap_or_else(|fault| {
        faults.add("/text", fault.code, fault.detail);
        Markdown::default()
    })
}
