//! What offices want to know about a query, and what its requesters reply.

use ahq_domain::clarification::Clarification;
use ahq_domain::id::ClarificationId;
use ahq_domain::life::Step;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::refusal::Refusal;
use ahq_store::clarifications;
use ahq_store::queries::{Lock, QueryRef};
use serde_json::json;

use crate::error::Error;
use crate::outgoing::Note;
use crate::queries::network;
use crate::work::Work;

impl Work<'_> {
    /// Asks the requesters, for the caller's office, what is meant by a query or by one of its questions.
    ///
    /// # Errors
    /// Not a coordinator, not addressed, neither open nor closed; all faults of what is asked at once.
    pub fn ask_clarification(
        &mut self,
        reference: &QueryRef,
        question: Option<&str>,
        text: &str,
    ) -> Result<Clarification, Error> {
        let query = self.query_to_change(reference, Lock::Shared)?;
        let office = self.office()?;
        self.may(Action::ReleaseResponse, Subject::Response(&query, &office))?;
        let id = ClarificationId::new(self.now, self.randomness);
        let clarification = query.ask_clarification(id, &office, question, text, self.now)?;
        clarifications::insert(self.conn, &clarification)?;
        let facts = json!({"office": office, "question": clarification.question});
        self.record("clarification.asked", format!("query/{}", query.id), facts)?;
        let mut told: Vec<_> = query.requesters().cloned().collect();
        told.retain(|requester| *requester != office);
        let note = Note::ClarificationAsked {
            clarification: id,
            office,
        };
        self.tell(&query, &told, &note)?;
        Ok(clarification)
    }

    /// What was asked about a query and replied, in the order it was asked, for all who may read it.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller.
    pub fn list_clarifications(&mut self, reference: &QueryRef) -> Result<Vec<Clarification>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadQuery, Subject::Query(&query))?;
        Ok(clarifications::of_query(self.conn, query.id)?)
    }

    /// Replies for the requesters, once. Every office asked and the other requesters are told what was asked and replied.
    ///
    /// # Errors
    /// Not a requester's coordinator, a draft, withdrawn, replied already, a text that is not taken.
    pub fn reply_to_clarification(
        &mut self,
        reference: &QueryRef,
        clarification: &str,
        text: &str,
    ) -> Result<Clarification, Error> {
        let query = self.query_to_change(reference, Lock::Shared)?;
        self.may(Action::ReplyToClarification, Subject::Query(&query))?;
        let office = self.office()?;
        let id = clarification.parse::<ClarificationId>().map_err(|_| Refusal::Hidden)?;
        let found = clarifications::find(self.conn, id)?.filter(|asked| asked.query == query.id);
        let mut clarification = found.ok_or(Refusal::Hidden)?;
        query.allows(Step::ReplyToClarification, self.now)?;
        let reply = clarification.parse_reply(office.clone(), text, self.now)?;
        clarifications::reply(self.conn, id, &reply)?;
        clarification.reply = Some(reply);
        let facts = json!({"office": clarification.office, "question": clarification.question});
        self.record("clarification.replied", format!("query/{}", query.id), facts)?;
        let mut told = network(&query);
        told.push(query.lead.clone());
        told.retain(|code| *code != office);
        self.tell(&query, &told, &Note::Clarification { clarification: id })?;
        Ok(clarification)
    }
}
