//! What is said about the wording of a query: corrections, and what offices wanted to know.

use ahq_domain::clarification::Clarification;
use ahq_domain::clock::brussels_date;
use ahq_domain::correction::{Correction, given_to_earlier};
use ahq_domain::id::{ClarificationId, CorrectionId};
use ahq_domain::markdown::{Markdown, plain_text};
use ahq_domain::office::{Office, Offices};
use ahq_domain::query::Query;
use ahq_mail::messages::{self, Message, QueryHead, Question, Rewording};
use ahq_store::{clarifications, corrections, responses};

use super::message::name;
use crate::error::Error;
use crate::work::Work;

impl Work<'_> {
    pub(super) fn correction(
        &mut self,
        query: &Query,
        id: CorrectionId,
        office: &Office,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        let Some(correction) = corrections::find(self.conn, id)? else {
            return Ok(None);
        };
        let response = responses::find(self.conn, query.id, &office.code)?;
        let submitted = match &response {
            Some(response) => responses::in_force(self.conn, response)?,
            None => None,
        };
        let answers = submitted.map(|submitted| submitted.answers).unwrap_or_default();
        let answering = query.accepts_responses(&office.code, self.now).is_ok();
        Ok(Some(Message::Correction(messages::Correction {
            corrected_on: brussels_date(correction.at),
            reason: correction.reason.clone(),
            background: correction.background.as_ref().map(|background| Rewording {
                before: background.before.as_ref().map(plain).unwrap_or_default(),
                after: plain(&background.after),
            }),
            questions: reworded(query, &correction),
            to_confirm: given_to_earlier(&query.questions, &answers)
                .into_iter()
                .filter_map(|number| u32::try_from(number).ok())
                .collect(),
            answering,
            link: if answering {
                format!("{link}/responses/{}", office.code)
            } else {
                format!("{link}/corrections")
            },
            query: head,
        })))
    }

    pub(super) fn clarification_asked(
        &mut self,
        query: &Query,
        id: ClarificationId,
        offices: &Offices,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        let asked = clarifications::find(self.conn, id)?.filter(|asked| asked.reply.is_none());
        Ok(asked.map(|asked| {
            Message::ClarificationAsked(messages::ClarificationAsked {
                query: head,
                asking_office: name(offices, &asked.office, self.today()),
                question: about(query, &asked),
                text: plain(&asked.text),
                link: format!("{link}/clarifications"),
            })
        }))
    }

    pub(super) fn clarification(
        &mut self,
        query: &Query,
        id: ClarificationId,
        offices: &Offices,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        let Some(asked) = clarifications::find(self.conn, id)? else {
            return Ok(None);
        };
        let question = about(query, &asked);
        Ok(asked.reply.map(|reply| {
            Message::Clarification(messages::Clarification {
                query: head,
                asking_office: name(offices, &asked.office, self.today()),
                replying_office: name(offices, &reply.office, self.today()),
                question,
                text: plain(&asked.text),
                reply: plain(&reply.text),
                link: format!("{link}/clarifications"),
            })
        }))
    }
}

fn plain(text: &Markdown) -> String {
    plain_text(&text.tree())
}

/// The questions of a correction, as they were and as it made them.
fn reworded(query: &Query, correction: &Correction) -> Vec<(u32, Rewording)> {
    let numbers = query.questions.iter().zip(1..);
    numbers
        .filter_map(|(question, number)| {
            let mut corrected = correction.questions.iter();
            let corrected = corrected.find(|corrected| corrected.question == question.id)?;
            let rewording = Rewording {
                before: plain(&corrected.before),
                after: plain(&corrected.after),
            };
            Some((number, rewording))
        })
        .collect()
}

/// The question that is meant, as it is worded now.
fn about(query: &Query, asked: &Clarification) -> Option<Question> {
    let mut numbers = query.questions.iter().zip(1..);
    let (question, number) = numbers.find(|(question, _)| asked.question.as_ref() == Some(&question.id))?;
    Some(Question {
        number,
        text: plain(question.markdown()),
    })
}
