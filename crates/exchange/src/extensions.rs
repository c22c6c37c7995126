//! Requests of offices for a later deadline, and what the lead answers.

use ahq_domain::draft::check_reason;
use ahq_domain::extension::{Answer, ExtensionRequest, Outcome};
use ahq_domain::id::ExtensionRequestId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::refusal::{Faults, Refusal};
use ahq_store::queries::{self, Lock, QueryRef};
use ahq_store::{extensions, responses};
use chrono::NaiveDate;
use serde_json::json;

use crate::error::Error;
use crate::outgoing::Note;
use crate::queries::parse_reason;
use crate::work::{Work, must_be_version};

/// What the lead answers to a request.
#[derive(Debug, Clone)]
pub struct AnswerInput {
    /// What becomes of it.
    pub outcome: Outcome,
    /// The date to grant; none for the one that was proposed.
    pub deadline: Option<NaiveDate>,
    /// What the lead says to it; for a later date for all its reason.
    pub note: Option<String>,
}

impl Work<'_> {
    /// Asks for a later deadline of the caller's office.
    ///
    /// # Errors
    /// Not addressed, answered already, neither open nor closed, a date that is too near, too far or not later; Conflict
    /// `already_asked` while an earlier request waits.
    pub fn ask_for_extension(
        &mut self,
        reference: &QueryRef,
        proposed: NaiveDate,
        reason: &str,
    ) -> Result<ExtensionRequest, Error> {
        let query = self.query_to_change(reference, Lock::Shared)?;
        let office = self.office()?;
        self.may(Action::ReleaseResponse, Subject::Response(&query, &office))?;
        let reason = parse_reason(reason)?;
        let commission = self.commission_calendar()?;
        let response = responses::find(self.conn, query.id, &office)?;
        let planned = query.propose_extension(&office, response.as_ref(), proposed, &commission, self.now)?;
        let earlier = extensions::of_query(self.conn, query.id)?;
        if earlier
            .iter()
            .any(|request| request.office == office && request.answer.is_none())
        {
            return Err(Refusal::conflict(
                "already_asked",
                "your office has asked for a later deadline, and the requesting office has not answered yet",
            )
            .into());
        }
        let request = ExtensionRequest {
            id: ExtensionRequestId::new(self.now, self.randomness),
            query: query.id,
            office: office.clone(),
            proposed: planned.deadline.date,
            reason,
            asked: self.now,
            answer: None,
        };
        extensions::insert(self.conn, &request)?;
        let facts = json!({"office": office, "proposed": request.proposed});
        self.record("extension.asked", format!("query/{}", query.id), facts)?;
        let note = Note::ExtensionAsked { request: request.id };
        self.tell(&query, std::slice::from_ref(&query.lead), &note)?;
        Ok(request)
    }

    /// The requests for a later deadline: all for the requesters, the Commission and the service provider, an office's own
    /// for that office.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller.
    pub fn list_extension_requests(&mut self, reference: &QueryRef) -> Result<Vec<ExtensionRequest>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadQuery, Subject::Query(&query))?;
        let all = self.allows(Action::ReadDeliveries, Subject::Query(&query));
        let own = self.office()?;
        let mut requests = extensions::of_query(self.conn, query.id)?;
        requests.retain(|request| all || request.office == own);
        Ok(requests)
    }

    /// Answers a request: a later date for that office or for all, or none.
    ///
    /// # Errors
    /// Stale, not the lead's coordinator, answered already, neither open nor closed; what the dates' rules refuse;
    /// `missing_field` at `/note` where all get a later date and no reason is given.
    pub fn answer_extension(
        &mut self,
        reference: &QueryRef,
        expected: i64,
        request: &str,
        input: AnswerInput,
    ) -> Result<ExtensionRequest, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::AnswerExtension, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let id = request.parse::<ExtensionRequestId>().map_err(|_| Refusal::Hidden)?;
        let found = extensions::find(self.conn, id)?.filter(|request| request.query == query.id);
        let mut request = found.ok_or(Refusal::Hidden)?;
        request.must_be_unanswered()?;
        let note = parse_note_text(&input)?;
        let wanted = input.deadline.unwrap_or(request.proposed);
        let commission = self.commission_calendar()?;
        let granted = match input.outcome {
            Outcome::Declined => None,
            Outcome::Granted => {
                let planned = query.agree(&request.office, wanted, &commission, self.now)?;
                self.keep_agreed(&query, &request.office)?;
                Some(planned.deadline.date)
            }
            Outcome::GrantedToAll => {
                let reason = note.clone().unwrap_or_default();
                let planned = query.extend(wanted, reason, &commission, self.now)?;
                Some(planned.deadline.date)
            }
        };
        if granted.is_some() {
            self.keep_query(&mut query)?;
            self.recount_late(&query)?;
        }
        let answer = Answer {
            at: self.now,
            outcome: input.outcome,
            deadline: granted,
            note,
        };
        extensions::answer(self.conn, request.id, &answer)?;
        request.answer = Some(answer);
        let facts = json!({"office": request.office, "outcome": input.outcome, "deadline": granted});
        self.record("extension.answered", format!("query/{}", query.id), facts)?;
        if input.outcome == Outcome::GrantedToAll {
            self.tell(&query, &crate::queries::network(&query), &Note::Extension)?;
        } else {
            let note = Note::ExtensionAnswered { request: request.id };
            self.tell(&query, std::slice::from_ref(&request.office), &note)?;
        }
        Ok(request)
    }

    fn keep_agreed(&mut self, query: &Query, office: &OfficeCode) -> Result<(), Error> {
        let addressee = query.launched().and_then(|launched| launched.addressee(office));
        let addressee = addressee.ok_or(Refusal::Hidden)?.clone();
        Ok(queries::agree(self.conn, query.id, &addressee)?)
    }
}

/// What the lead says: wanted where all get a later date, for all are told why.
fn parse_note_text(input: &AnswerInput) -> Result<Option<String>, Faults> {
    let mut faults = Faults::new();
    let note = input.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    match (input.outcome, note) {
        (Outcome::GrantedToAll, note) => check_reason(note.unwrap_or_default(), "/note", &mut faults),
        (_, Some(note)) => check_reason(note, "/note", &mut faults),
        (_, None) => {}
    }
    if input.outcome == Outcome::Declined && input.deadline.is_some() {
        faults.add(
            "/deadline",
            "not_for_outcome",
            "no date is granted with outcome: declined",
        );
    }
    faults.or(note.map(str::to_owned))
}
