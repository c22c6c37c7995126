//! Summaries: begun by the program from what a circle may see, edited by the requesters, signed off by the lead.
//!
//! A summary belongs to one view of one edition. Signing the network's summary mails the compilation, once.

use ahq_domain::compilation::{Named, View};
use ahq_domain::dissemination::Circle;
use ahq_domain::life::Step;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::refusal::Refusal;
use ahq_domain::summary::{Material, Outdated, Summary, SummaryInput, first_draft, outdated, sentences};
use ahq_store::editions::{self, Edition};
use ahq_store::queries::{Lock, QueryRef};
use ahq_store::summaries::{self, StoredSummary};
use serde_json::json;

use crate::editions::parse_view;
use crate::error::Error;
use crate::outgoing::Note;
use crate::queries::network;
use crate::work::{Work, must_be_version};

/// A summary with the edition it belongs to.
#[derive(Debug, Clone)]
pub struct EditionSummary {
    /// The edition.
    pub edition: Edition,
    /// The summary.
    pub summary: StoredSummary,
    /// The computed sentences in it that an amendment or a late response made untrue.
    pub outdated: Vec<Outdated>,
    /// What the caller may do with it now.
    pub actions: Vec<&'static str>,
}

/// Does something with what a view gives to write a summary from.
fn with_material<T>(query: &Query, view: &View, write: impl FnOnce(&Material<'_>) -> T) -> T {
    let names =
        |list: &Option<Vec<Named>>| -> Vec<String> { list.iter().flatten().map(|named| named.name.clone()).collect() };
    write(&Material {
        background: view.background.as_ref(),
        responses_line: &view.head.responses_line,
        declined: &names(&view.head.declined),
        not_answered: &names(&view.head.not_answered),
        questions: &query.questions,
        figures: &view.comparison,
        names: &|office| {
            let response = view.responses.iter().find(|response| response.office == *office);
            response.map_or_else(|| office.to_string(), |response| response.name.clone())
        },
    })
}

impl Work<'_> {
    /// Begins the summary of a view of an edition from what that view shows.
    pub(crate) fn draft_summary(
        &mut self,
        query: &Query,
        edition: &Edition,
        circle: Circle,
    ) -> Result<StoredSummary, Error> {
        let (_, stored) = editions::view(self.conn, query.id, edition.number, circle)?.ok_or(Refusal::Hidden)?;
        let mut view = parse_view(&stored.body)?;
        view.suspend(query);
        let text = with_material(query, &view, first_draft);
        let summary = StoredSummary {
            edition: edition.id,
            circle,
            version: 1,
            summary: text,
            signed: None,
            signed_by: None,
        };
        summaries::insert(self.conn, &summary)?;
        Ok(summary)
    }

    /// Carries the text of an earlier edition's summary over to a new edition, unsigned.
    pub(crate) fn carry_summary(&mut self, edition: &Edition, earlier: StoredSummary) -> Result<(), Error> {
        Ok(summaries::insert(
            self.conn,
            &StoredSummary {
                edition: edition.id,
                version: 1,
                signed: None,
                signed_by: None,
                ..earlier
            },
        )?)
    }

    fn last_edition(&mut self, query: &Query) -> Result<Edition, Error> {
        let last = editions::last(self.conn, query.id)?;
        Ok(last.ok_or_else(|| Refusal::conflict("no_edition", "a summary belongs to an edition: make one first"))?)
    }

    /// A summary with the computed sentences in it that the submitted answers of this moment no longer bear out.
    fn shown_summary(
        &mut self,
        query: &Query,
        edition: Edition,
        summary: StoredSummary,
    ) -> Result<EditionSummary, Error> {
        let mut earlier = Vec::new();
        for body in editions::bodies(self.conn, query.id, summary.circle)? {
            let mut view = parse_view(&body)?;
            earlier.extend(with_material(query, &view, sentences));
            if view.suspend(query) {
                earlier.extend(with_material(query, &view, sentences));
            }
        }
        let live = self.compiled_now(query, summary.circle)?;
        let outdated = outdated(&summary.summary, &earlier, &with_material(query, &live, sentences));
        let steps = [
            ("change", Action::EditSummary, true),
            (
                "sign",
                Action::SignSummary,
                summary.signed.is_none()
                    && (summary.circle != Circle::Network || query.allows_mailing(edition.number).is_ok()),
            ),
        ];
        let in_time = query.allows(Step::Summarise, self.now).is_ok();
        Ok(EditionSummary {
            outdated,
            actions: steps
                .into_iter()
                .filter(|(_, action, possible)| in_time && *possible && self.allows(*action, Subject::Query(query)))
                .map(|(word, _, _)| word)
                .collect(),
            edition,
            summary,
        })
    }

    /// The summary of the newest edition for a circle, in the making or signed, for the requesters.
    ///
    /// # Errors
    /// Hidden when there is none yet; forbidden for others.
    pub fn summary(&mut self, reference: &QueryRef, circle: Circle) -> Result<EditionSummary, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadSummary, Subject::Query(&query))?;
        let edition = self.last_edition(&query)?;
        let summary = summaries::find(self.conn, edition.id, circle)?.ok_or(Refusal::Hidden)?;
        self.shown_summary(&query, edition, summary)
    }

    /// Writes the summary of the newest edition for a circle. `expected` is the version read; none begins it. A
    /// signed summary that is changed has to be signed again.
    ///
    /// # Errors
    /// Stale, too long, no edition, withdrawn, not a requester.
    pub fn save_summary(
        &mut self,
        reference: &QueryRef,
        circle: Circle,
        expected: Option<i64>,
        input: SummaryInput,
    ) -> Result<EditionSummary, Error> {
        let query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::EditSummary, Subject::Query(&query))?;
        let edition = self.last_edition(&query)?;
        query.allows(Step::Summarise, self.now)?;
        let text = Summary::parse(input)?;
        let summary = match (summaries::find(self.conn, edition.id, circle)?, expected) {
            (Some(mut summary), Some(expected)) => {
                must_be_version(summary.version, expected)?;
                summary.version += 1;
                summary.summary = text;
                summary.signed = None;
                summary.signed_by = None;
                summaries::update(self.conn, &summary)?;
                summary
            }
            (None, None) => {
                let mut summary = self.draft_summary(&query, &edition, circle)?;
                summary.version += 1;
                summary.summary = text;
                summaries::update(self.conn, &summary)?;
                summary
            }
            (Some(summary), None) => {
                return Err(Error::Stale {
                    current: Some(summary.version),
                });
            }
            (None, Some(_)) => return Err(Error::Stale { current: None }),
        };
        let subject = format!("query/{}/edition/{}", query.id, edition.number);
        self.record("summary.changed", subject, json!({"circle": circle}))?;
        self.shown_summary(&query, edition, summary)
    }

    /// Signs a summary off. When the network's is signed, the compilation is mailed once to every office asked, the
    /// joint requesters and the Commission.
    ///
    /// # Errors
    /// Stale, signed already, none there, withdrawn, not the lead's coordinator; `held` where this mails the compilation and
    /// its edition is suspended.
    pub fn sign_summary(
        &mut self,
        reference: &QueryRef,
        circle: Circle,
        expected: i64,
    ) -> Result<EditionSummary, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::SignSummary, Subject::Query(&query))?;
        let edition = self.last_edition(&query)?;
        query.allows(Step::Summarise, self.now)?;
        let mut summary = summaries::find(self.conn, edition.id, circle)?.ok_or(Refusal::Hidden)?;
        must_be_version(summary.version, expected)?;
        if summary.signed.is_some() {
            return Err(Refusal::conflict("already_signed", "this summary is signed off already").into());
        }
        summary.version += 1;
        summary.signed = Some(self.now);
        summary.signed_by = self.caller.user();
        summaries::update(self.conn, &summary)?;
        let subject = format!("query/{}/edition/{}", query.id, edition.number);
        self.record("summary.signed", subject, json!({"circle": circle}))?;
        if circle == Circle::Network {
            self.mail_compilation(&mut query, &edition)?;
        }
        self.shown_summary(&query, edition, summary)
    }

    /// Sends the compilation without a summary.
    ///
    /// # Errors
    /// Stale, no edition, sent already, `held`, not the lead's coordinator.
    pub fn send_compilation(&mut self, reference: &QueryRef, expected: i64) -> Result<Query, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::SignSummary, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let edition = self.last_edition(&query)?;
        query.allows(Step::Summarise, self.now)?;
        if query.launched().is_some_and(|launched| launched.mailed.is_some()) {
            return Err(Refusal::conflict("already_sent", "the compilation was mailed already").into());
        }
        self.mail_compilation(&mut query, &edition)?;
        Ok(query)
    }

    fn mail_compilation(&mut self, query: &mut Query, edition: &Edition) -> Result<(), Error> {
        query.allows_mailing(edition.number)?;
        if !query.mark_mailed(self.now) {
            return Ok(());
        }
        self.keep_query(query)?;
        let told: Vec<_> = network(query)
            .into_iter()
            .chain([OfficeCode::commission()])
            .filter(|office| *office != query.lead)
            .collect();
        let note = Note::Compilation {
            edition: edition.number,
        };
        self.record(
            "compilation.mailed",
            format!("query/{}", query.id),
            json!({"edition": edition.number}),
        )?;
        self.tell(query, &told, &note)
    }
}
