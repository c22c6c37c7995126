//! Holds: answers, responses and editions that are suspended at once, and lifted again.

use ahq_domain::draft::check_reason;
use ahq_domain::hold::{Held, Hold, HoldInput, Lifted};
use ahq_domain::id::HoldId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::refusal::{Faults, Refusal};
use ahq_store::queries::{Lock, QueryRef};
use ahq_store::{editions, holds, responses};
use serde_json::json;

use crate::error::Error;
use crate::outgoing::Note;
use crate::work::Work;

/// A hold as its reader finds it.
#[derive(Debug, Clone)]
pub struct HoldDetail {
    /// The hold.
    pub hold: Hold,
    /// What the caller may do with it now.
    pub actions: Vec<&'static str>,
}

impl Work<'_> {
    /// Suspends answers of an office or an edition, at once and for everybody but the office that gave the answers.
    ///
    /// # Errors
    /// Neither the requesters nor the Commission, the service provider or, of its own answers, the answering office; all
    /// faults of the input; Conflict `already_held`, `wrong_status` for drafts.
    pub fn place_hold(&mut self, reference: &QueryRef, input: &HoldInput) -> Result<HoldDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        let parsed = input.held(&query.questions);
        match parsed.as_ref().ok().and_then(Held::office) {
            Some(office) => self.may(Action::PlaceHold, Subject::Response(&query, office))?,
            None => self.may(Action::PlaceHold, Subject::Query(&query))?,
        }
        if query.launched().is_none() {
            return Err(Refusal::conflict("wrong_status", "something is suspended from the launch on").into());
        }
        let mut faults = Faults::new();
        check_reason(&input.reason, "/reason", &mut faults);
        let held = match parsed {
            Ok(held) => {
                self.check_held(&query, &held, &mut faults)?;
                Some(held)
            }
            Err(found) => {
                faults.add_below("", found);
                None
            }
        };
        let Some(held) = faults.or(held)? else {
            return Err(Error::Internal("nothing to hold and no fault".to_owned()));
        };
        let hold = Hold {
            id: HoldId::new(self.now, self.randomness),
            held,
            reason: input.reason.trim().to_owned(),
            at: self.now,
            by: self.office()?,
            lifted: None,
        };
        query.hold(hold.clone())?;
        self.keep_query(&mut query)?;
        holds::insert(self.conn, query.id, &hold)?;
        let facts = json!({"hold": hold.id, "question": question_of(&hold)});
        self.record("hold.placed", subject(&query, &hold), facts)?;
        self.tell(&query, &concerned(&query, &hold), &Note::HoldPlaced { hold: hold.id })?;
        Ok(self.hold_detail(&query, hold))
    }

    /// What is named has to be there: an office that has submitted at least once, an edition.
    fn check_held(&mut self, query: &Query, held: &Held, faults: &mut Faults) -> Result<(), Error> {
        match held {
            Held::Response { office } | Held::Answer { office, .. } => {
                let response = responses::find(self.conn, query.id, office)?;
                if response.is_none_or(|response| response.last_version == 0) {
                    faults.add("/office", "unknown_response", "this office has submitted no response");
                }
            }
            Held::Edition { numbers } => {
                for number in numbers {
                    if editions::find(self.conn, query.id, *number)?.is_none() {
                        faults.add(
                            "/edition",
                            "unknown_edition",
                            "the query has no edition with this number",
                        );
                    }
                }
            }
        }
        Ok(())
    }

    /// The holds on a query, lifted ones too: all for the requesters, the Commission and the service provider, those on its
    /// own answers for another office.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller.
    pub fn list_holds(&mut self, reference: &QueryRef) -> Result<Vec<HoldDetail>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadQuery, Subject::Query(&query))?;
        let all = self.allows(Action::ReadDeliveries, Subject::Query(&query));
        let own = self.office()?;
        let readable = |hold: &&Hold| all || hold.held.office() == Some(&own);
        let found: Vec<Hold> = query.holds().iter().filter(readable).cloned().collect();
        Ok(found.into_iter().map(|hold| self.hold_detail(&query, hold)).collect())
    }

    /// Lifts a hold: what was suspended is there again, as it was frozen.
    ///
    /// # Errors
    /// Hidden; not the answering office, or of an edition neither a requester nor who placed it; Conflict
    /// `already_lifted`.
    pub fn lift_hold(&mut self, reference: &QueryRef, hold: &str) -> Result<HoldDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::ReadQuery, Subject::Query(&query))?;
        let id = hold.parse::<HoldId>().map_err(|_| Refusal::Hidden)?;
        let hold = query.holds().iter().find(|hold| hold.id == id);
        let mut hold = hold.cloned().ok_or(Refusal::Hidden)?;
        self.may(Action::LiftHold, Subject::Hold(&query, &hold))?;
        let lifted = Lifted {
            at: self.now,
            by: self.office()?,
        };
        query.lift_hold(id, lifted.clone())?;
        self.keep_query(&mut query)?;
        holds::lift(self.conn, id, &lifted)?;
        hold.lifted = Some(lifted);
        let facts = json!({"hold": hold.id, "question": question_of(&hold)});
        self.record("hold.lifted", subject(&query, &hold), facts)?;
        self.tell(&query, &concerned(&query, &hold), &Note::HoldLifted { hold: id })?;
        Ok(self.hold_detail(&query, hold))
    }

    fn hold_detail(&self, query: &Query, hold: Hold) -> HoldDetail {
        let lifts = hold.is_in_force() && self.allows(Action::LiftHold, Subject::Hold(query, &hold));
        HoldDetail {
            actions: if lifts { vec!["lift"] } else { Vec::new() },
            hold,
        }
    }
}

fn question_of(hold: &Hold) -> Option<String> {
    match &hold.held {
        Held::Answer { question, .. } => Some(question.to_string()),
        Held::Response { .. } | Held::Edition { .. } => None,
    }
}

fn subject(query: &Query, hold: &Hold) -> String {
    match &hold.held {
        Held::Response { office } | Held::Answer { office, .. } => crate::responses::subject(query, office),
        Held::Edition { numbers } => {
            let number = numbers.first().copied().unwrap_or_default();
            format!("query/{}/edition/{number}", query.id)
        }
    }
}

/// Who is told: the answering office, the requesters, the Commission.
fn concerned(query: &Query, hold: &Hold) -> Vec<OfficeCode> {
    let requesters = query.requesters().cloned();
    let others = hold
        .held
        .office()
        .cloned()
        .into_iter()
        .chain([OfficeCode::commission()]);
    requesters.chain(others).collect()
}
