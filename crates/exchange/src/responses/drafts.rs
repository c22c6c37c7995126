//! Drafts of responses: saved whole or answer by answer; what was submitted is never touched.

use ahq_domain::answer::{Answer, AnswerInput};
use ahq_domain::correction::keep_wording;
use ahq_domain::dissemination::{Circle, find};
use ahq_domain::id::ResponseId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::question::{Key, Question};
use ahq_domain::refusal::{Faults, Refusal};
use ahq_domain::response::Response;
use ahq_store::queries::QueryRef;
use ahq_store::responses::{self, DraftAnswer};
use serde_json::json;

use super::{ResponseDetail, answers_of, subject};
use crate::error::Error;
use crate::work::{Work, must_be_version};

impl Work<'_> {
    /// Replaces the draft of the caller's office. `expected` is the version read; none begins the response.
    ///
    /// # Errors
    /// Stale, answers that do not fit their questions (all faults at once), not addressed, withdrawn, declined.
    pub fn save_draft(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        expected: Option<i64>,
        inputs: Vec<(String, AnswerInput)>,
    ) -> Result<ResponseDetail, Error> {
        let (query, response) = self.response_to_change(reference, office, Action::DraftResponse)?;
        query.accepts_responses(office, self.now)?;
        let mut response = self.expect_response(&query, office, response, expected)?;
        response.must_not_be_declined()?;
        let questions: Vec<&Question> = query.questions.iter().collect();
        let mut answers = parse_answers(&questions, query.default_circle, inputs)?;
        if query.questions.iter().any(|question| question.revision() > 1) {
            keep_wording(&mut answers, &self.draft_answers(response.id)?);
        }
        responses::replace_draft(self.conn, response.id, &answers, self.now, self.caller.user())?;
        response.edited();
        self.keep_response(&mut response)?;
        self.record(
            "response.drafted",
            subject(&query, office),
            json!({"answers": answers.len()}),
        )?;
        self.response_detail(query, response)
    }

    pub(crate) fn expect_response(
        &mut self,
        query: &Query,
        office: &OfficeCode,
        response: Option<Response>,
        expected: Option<i64>,
    ) -> Result<Response, Error> {
        match (response, expected) {
            (Some(response), Some(expected)) => {
                must_be_version(response.version, expected)?;
                Ok(response)
            }
            (Some(response), None) => Err(Error::Stale {
                current: Some(response.version),
            }),
            (None, Some(_)) => Err(Error::Stale { current: None }),
            (None, None) => self.begin_response(query, office),
        }
    }

    /// Saves one answer of the draft. `expected` is the version of that answer; none when it is not there yet.
    ///
    /// # Errors
    /// Stale, an answer that does not fit its question, no such question, not addressed, withdrawn, declined.
    pub fn save_answer(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        question: &str,
        expected: Option<i64>,
        input: AnswerInput,
    ) -> Result<(Query, DraftAnswer), Error> {
        let (query, response) = self.response_to_change(reference, office, Action::DraftResponse)?;
        query.accepts_responses(office, self.now)?;
        let asked = query
            .questions
            .iter()
            .find(|asked| asked.id.as_str() == question)
            .ok_or(Refusal::Hidden)?;
        let answer = Answer::parse(asked, input, query.default_circle)?;
        let response = match response {
            Some(response) => response,
            None => self.begin_response(&query, office)?,
        };
        response.must_not_be_declined()?;
        let (now, user) = (self.now, self.caller.user());
        self.expect_answer(response.id, &answer.question, expected)?;
        responses::put_draft_answer(self.conn, response.id, &answer, expected, now, user)?;
        responses::raise_version(self.conn, response.id)?;
        self.record(
            "response.drafted",
            subject(&query, office),
            json!({"question": answer.question}),
        )?;
        let saved = self.draft_answer(response.id, &answer.question)?;
        let mut saved = saved.ok_or(Refusal::Hidden)?;
        self.show_files(response.id, std::slice::from_mut(&mut saved))?;
        self.hide_persons(&query, [&mut saved]);
        Ok((query, saved))
    }

    /// One answer of the draft, for the own office.
    ///
    /// # Errors
    /// Hidden when it is not there, forbidden for other offices.
    pub fn answer(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        question: &str,
    ) -> Result<(Query, DraftAnswer), Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadDraftResponse, Subject::Response(&query, office))?;
        let response = self.own_response(&query, office)?.ok_or(Refusal::Hidden)?;
        let key = Key::parse(question).ok_or(Refusal::Hidden)?;
        let drafted = self.draft_answer(response.id, &key)?;
        let mut drafted = drafted.ok_or(Refusal::Hidden)?;
        self.show_files(response.id, std::slice::from_mut(&mut drafted))?;
        self.hide_persons(&query, [&mut drafted]);
        Ok((query, drafted))
    }

    fn draft_answer(&mut self, response: ResponseId, question: &Key) -> Result<Option<DraftAnswer>, Error> {
        Ok(responses::draft(self.conn, response)?
            .into_iter()
            .find(|draft| draft.answer.question == *question))
    }

    fn expect_answer(&mut self, response: ResponseId, question: &Key, expected: Option<i64>) -> Result<(), Error> {
        let current = self.draft_answer(response, question)?.map(|draft| draft.version);
        match (current, expected) {
            (Some(current), Some(expected)) => must_be_version(current, expected),
            (None, None) => Ok(()),
            (Some(current), None) => Err(Error::Stale { current: Some(current) }),
            (None, Some(_)) => Err(Error::Stale { current: None }),
        }
    }

    /// Removes one answer from the draft.
    ///
    /// # Errors
    /// Stale, not there, withdrawn, declined, not the own office.
    pub fn remove_answer(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        question: &str,
        expected: i64,
    ) -> Result<(), Error> {
        let (query, response) = self.response_to_change(reference, office, Action::DraftResponse)?;
        let response = response.ok_or(Refusal::Hidden)?;
        query.accepts_responses(office, self.now)?;
        response.must_not_be_declined()?;
        let key = Key::parse(question).ok_or(Refusal::Hidden)?;
        let current = self.draft_answer(response.id, &key)?.ok_or(Refusal::Hidden)?;
        must_be_version(current.version, expected)?;
        responses::delete_draft_answer(self.conn, response.id, &key, expected)?;
        responses::raise_version(self.conn, response.id)?;
        self.record("response.drafted", subject(&query, office), json!({"removed": key}))
    }

    pub(crate) fn draft_answers(&mut self, response: ResponseId) -> Result<Vec<Answer>, Error> {
        Ok(answers_of(&responses::draft(self.conn, response)?))
    }
}

/// Parses the answers of a draft against the questions they may be to.
pub(crate) fn parse_answers(
    questions: &[&Question],
    default: Circle,
    inputs: Vec<(String, AnswerInput)>,
) -> Result<Vec<Answer>, Faults> {
    let mut faults = Faults::new();
    let mut answers: Vec<Answer> = Vec::with_capacity(inputs.len());
    for (key, input) in inputs {
        let at = format!("/answers/{key}");
        let Some(question) = questions.iter().find(|question| question.id.as_str() == key) else {
            let known: Vec<_> = questions.iter().map(|question| question.id.as_str()).collect();
            faults.add(
                at,
                "unknown_question",
                format!("the questions here are {}", known.join(", ")),
            );
            continue;
        };
        match Answer::parse(question, input, default) {
            Ok(answer) if find(&answers, &answer.question).is_none() => answers.push(answer),
            Ok(_) => faults.add(at, "not_unique", "this question stands here twice"),
            Err(found) => faults.add_below(&at, found),
        }
    }
    faults.or(answers)
}
