//! The Word form of a query: downloaded by an office that is asked, filled in where there is no exchange, and read again.
//! Nothing is saved here: what was read becomes a draft when the office saves it as one.

use ahq_domain::answer::{Answer, AnswerInput};
use ahq_domain::clock::Instant;
use ahq_domain::compilation::{View, compile};
use ahq_domain::dissemination::Circle;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::refusal::Refusal;
use ahq_domain::word_form::{self, Filled, FormId, Reading};
pub use ahq_render::word_form::MOST_BYTES;
use ahq_store::queries::QueryRef;
use ahq_store::responses;

use crate::error::Error;
use crate::responses::DraftAnswer;
use crate::work::Work;

/// A form that is to be filled in.
#[derive(Debug, Clone)]
pub struct WordForm {
    id: FormId,
    office: String,
    query: View,
    launched: Instant,
}

impl WordForm {
    /// Its name as a file.
    pub fn file_name(&self) -> String {
        let number = self.query.head.number.clone();
        let query = number.unwrap_or_else(|| self.id.query.to_string());
        format!("EMN_AHQ_{query}_form_{}.docx", self.id.office)
    }

    /// The form as a document for Word.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be printed.
    pub fn print(&self) -> Result<Vec<u8>, Error> {
        ahq_render::word_form::print(&ahq_render::word_form::Form {
            id: &self.id,
            office: &self.office,
            query: &self.query,
            made: self.launched,
        })
        .map_err(|error| Error::Internal(error.to_string()))
    }
}

/// Reads the controls of a form that came back; it touches nothing but these bytes.
///
/// # Errors
/// Invalid with the code of [`ahq_render::word_form::NotRead`].
pub fn parse(bytes: &[u8]) -> Result<Filled, Error> {
    ahq_render::word_form::read(bytes).map_err(|refused| Refusal::invalid("", refused.code, refused.detail).into())
}

/// What was read from a form, with the draft it would make.
#[derive(Debug)]
pub struct FormReading {
    /// What was read, question by question.
    pub reading: Reading,
    /// The answers of the present draft for which the form has none that could be saved.
    pub kept: Vec<Answer>,
    /// The version of the response, where it has been begun, or of the contribution: to save the draft over.
    pub version: Option<i64>,
}

impl Work<'_> {
    /// The form of an office that is asked.
    ///
    /// # Errors
    /// Hidden, not the own office, not addressed, not launched, withdrawn.
    pub fn word_form(&mut self, reference: &QueryRef, office: &OfficeCode) -> Result<WordForm, Error> {
        let query = self.query_to_fill_in(reference, office, Action::ReadDraftResponse)?;
        self.form_to(&query, office)
    }

    fn form_to(&mut self, query: &Query, office: &OfficeCode) -> Result<WordForm, Error> {
        let launched = query.launched().ok_or(Refusal::Hidden)?.at;
        let material = self.material(query, Vec::new(), Vec::new())?;
        let view = compile(&material.snapshot(query, launched), Circle::Network, 0);
        Ok(WordForm {
            id: FormId::of(query, office),
            office: material.offices.name_on(office, self.today()),
            query: view,
            launched,
        })
    }

    /// Whether the caller may bring a form back now.
    ///
    /// # Errors
    /// Hidden, not the own office, not an expert or coordinator, not addressed, withdrawn, declined.
    pub fn may_fill_in(&mut self, reference: &QueryRef, office: &OfficeCode) -> Result<(), Error> {
        let query = self.query_to_fill_in(reference, office, Action::DraftResponse)?;
        match responses::find(self.conn, query.id, office)? {
            Some(response) => Ok(response.must_not_be_declined()?),
            None => Ok(()),
        }
    }

    /// What a form says, beside what the office has drafted.
    ///
    /// # Errors
    /// Those of [`Work::may_fill_in`]; a form of another query or office, or of an earlier wording.
    pub fn read_word_form(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        filled: &Filled,
    ) -> Result<FormReading, Error> {
        let query = self.query_to_fill_in(reference, office, Action::DraftResponse)?;
        let response = responses::find(self.conn, query.id, office)?;
        let mut kept = Vec::new();
        if let Some(response) = &response {
            response.must_not_be_declined()?;
            kept = responses::draft(self.conn, response.id)?;
        }
        let mut reading = word_form::read(&query, office, filled, query.default_circle)?;
        for question in &mut reading.questions {
            let Some(answer) = question.answer.as_mut().filter(|_| question.faults.is_empty()) else {
                continue;
            };
            let of_question = |drafted: &DraftAnswer| drafted.answer.question == question.question;
            if let Some(drafted) = kept.iter().find(|drafted| of_question(drafted)) {
                keep_ground(answer, drafted, query.default_circle);
            }
            kept.retain(|drafted| !of_question(drafted));
        }
        Ok(FormReading {
            reading,
            kept: kept.into_iter().map(|drafted| drafted.answer).collect(),
            version: response.map(|response| response.version),
        })
    }

    /// The form of the questions of a contribution, for whoever holds its link.
    ///
    /// # Errors
    /// Hidden for everybody else; handed in or declined already, withdrawn.
    pub fn contribution_word_form(&mut self) -> Result<WordForm, Error> {
        let (query, contribution) = self.linked_to_put_in()?;
        self.form_to(&contribution.part_of(&query), &contribution.office)
    }

    /// Whether whoever holds the link may bring a form back now.
    ///
    /// # Errors
    /// As [`Work::contribution_word_form`].
    pub fn may_put_in(&mut self) -> Result<(), Error> {
        self.linked_to_put_in()?;
        Ok(())
    }

    /// What a form of a contribution says, beside what has been put in so far.
    ///
    /// # Errors
    /// Those of [`Work::may_put_in`]; a form of another query, office or set of questions, or of an earlier wording.
    pub fn read_contribution_form(&mut self, filled: &Filled) -> Result<FormReading, Error> {
        let (query, contribution) = self.linked_to_put_in()?;
        let part = contribution.part_of(&query);
        let reading = word_form::read(&part, &contribution.office, filled, query.default_circle)?;
        let mut kept = contribution.answers;
        for question in &reading.questions {
            if question.answer.is_some() && question.faults.is_empty() {
                kept.retain(|answer| answer.question != question.question);
            }
        }
        Ok(FormReading {
            reading,
            kept,
            version: Some(contribution.version),
        })
    }

    fn query_to_fill_in(&mut self, reference: &QueryRef, office: &OfficeCode, action: Action) -> Result<Query, Error> {
        let query = self.find_query(reference)?;
        self.may(action, Subject::Response(&query, office))?;
        query.accepts_responses(office, self.now)?;
        Ok(query)
    }
}

/// The form has no field for the ground of a restriction: one that was drafted stays with the restriction.
fn keep_ground(answer: &mut AnswerInput, drafted: &DraftAnswer, default: Circle) {
    if answer.circle.unwrap_or(default) != Circle::Public {
        answer.ground.clone_from(&drafted.answer.ground);
    }
}
