//! Answers that were given to an earlier wording and stand for the one in force.

use ahq_domain::answer::Answer;
use ahq_domain::correction::{ConfirmationInput, Confirmed, check_confirmation, confirm};
use ahq_domain::dissemination::find;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::Action;
use ahq_domain::refusal::Refusal;
use ahq_domain::response::Response;
use ahq_store::queries::QueryRef;
use ahq_store::responses;
use serde_json::json;

use super::{ResponseDetail, subject};
use crate::error::Error;
use crate::work::{Work, must_be_version};

impl Work<'_> {
    /// Confirms that answers of the caller's office to an earlier wording stand for the one in force: those that were
    /// submitted, or of a response that is not submitted those of its draft. Nothing of what they say changes.
    ///
    /// # Errors
    /// Stale, declined, not addressed, withdrawn, not a coordinator; all faults of what is confirmed at once.
    pub fn confirm_answers(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        expected: i64,
        inputs: &[ConfirmationInput],
    ) -> Result<ResponseDetail, Error> {
        let (query, response) = self.response_to_change(reference, office, Action::ReleaseResponse)?;
        let mut response = response.ok_or(Refusal::Hidden)?;
        must_be_version(response.version, expected)?;
        query.accepts_responses(office, self.now)?;
        response.must_not_be_declined()?;
        let mut draft = self.draft_answers(response.id)?;
        let submitted = responses::in_force(self.conn, &response)?.map(|submitted| submitted.answers);
        let standing = submitted.as_ref().unwrap_or(&draft);
        let confirmed = check_confirmation(&query.questions, standing, inputs)?;
        if let Some(submitted) = &submitted {
            self.confirm_version(&response, submitted, &confirmed)?;
        }
        // The draft keeps step, so that an amendment elsewhere does not undo what was confirmed; where it says something
        // else than was submitted, nobody confirmed that.
        let step: Confirmed = confirmed
            .iter()
            .filter(|(key, _)| {
                let said = |answers: &[Answer]| find(answers, key).map(|answer| answer.content.clone());
                said(&draft) == said(standing)
            })
            .map(|(key, revision)| (key.clone(), *revision))
            .collect();
        let before = draft.clone();
        confirm(&mut draft, &step);
        if draft != before {
            responses::replace_draft(self.conn, response.id, &draft, self.now, self.caller.user())?;
        }
        self.keep_response(&mut response)?;
        self.record(
            "response.confirmed",
            subject(&query, office),
            json!({"questions": confirmed}),
        )?;
        self.response_detail(query, response)
    }

    /// Keeps what is confirmed of the version in force, and what was confirmed of it before.
    fn confirm_version(
        &mut self,
        response: &Response,
        submitted: &[Answer],
        confirmed: &Confirmed,
    ) -> Result<(), Error> {
        let mut answers = submitted.to_vec();
        confirm(&mut answers, confirmed);
        let all = answers.iter().map(|answer| (answer.question.clone(), answer.revision));
        Ok(responses::confirm(
            self.conn,
            response.id,
            response.last_version,
            &all.collect(),
        )?)
    }
}
