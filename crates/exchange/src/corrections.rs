//! Corrections of a query's wording after its launch.

use ahq_domain::correction::{Correction, CorrectionInput};
use ahq_domain::id::CorrectionId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_store::corrections;
use ahq_store::queries::{Lock, QueryRef};
use serde_json::json;

use crate::error::Error;
use crate::outgoing::Note;
use crate::queries::network;
use crate::work::{Work, must_be_version};

impl Work<'_> {
    /// Corrects the wording of the background and of questions. Every office asked, the joint requesters and the Commission
    /// are told what it was and what it is.
    ///
    /// # Errors
    /// Stale, a draft, withdrawn, not the lead's coordinator; all faults of the correction at once.
    pub fn correct_query(
        &mut self,
        reference: &QueryRef,
        expected: i64,
        input: CorrectionInput,
    ) -> Result<Correction, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::CorrectQuery, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let id = CorrectionId::new(self.now, self.randomness);
        let correction = query.correct(id, input, self.now)?;
        self.keep_query(&mut query)?;
        corrections::insert(self.conn, &correction)?;
        let questions: Vec<_> = correction.questions.iter().map(|known| &known.question).collect();
        let facts = json!({"background": correction.background.is_some(), "questions": questions});
        self.record("query.corrected", format!("query/{}", query.id), facts)?;
        let mut told = network(&query);
        told.push(OfficeCode::commission());
        told.retain(|office| *office != query.lead);
        self.tell(&query, &told, &Note::Correction { correction: id })?;
        Ok(correction)
    }

    /// The corrections of a query, the first one first, for all who may read it.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller.
    pub fn list_corrections(&mut self, reference: &QueryRef) -> Result<Vec<Correction>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadQuery, Subject::Query(&query))?;
        Ok(corrections::of_query(self.conn, query.id)?)
    }
}
