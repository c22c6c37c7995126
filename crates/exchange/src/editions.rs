//! Editions: the live compilation, frozen snapshots with a view for each circle, and their publication.

mod narrowing;
mod view;

use ahq_domain::calendar::Calendar;
use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::compilation::{Snapshot, Submitted, View, changes, compile, composition, sha256};
use ahq_domain::dissemination::Circle;
use ahq_domain::id::EditionId;
use ahq_domain::life::Step;
use ahq_domain::office::{OfficeCode, OfficeKind};
use ahq_domain::permission::{Action, Subject, is_public, reach};
use ahq_domain::query::Query;
use ahq_domain::refusal::Refusal;
use ahq_domain::response::{Position, Response};
pub use ahq_render::{Format, Order};
pub use ahq_store::documents::Source;
pub use ahq_store::editions::ViewHead;
use ahq_store::editions::{self, Edition};
use ahq_store::queries::{Lock, QueryRef};
use ahq_store::{offices, responses, summaries, topics};
use serde_json::json;

pub(crate) use self::narrowing::Narrowed;
pub use self::view::EditionView;
pub(crate) use self::view::parse_view;
use crate::error::Error;
use crate::outgoing::Note;
use crate::queries::{all_in, network};
use crate::work::{Work, must_be_version};

/// Working days after the deadline from which on the service provider may compile for an absent requester.
pub const PROVIDER_COMPILES_AFTER: i32 = 10;

/// An edition as its reader finds it in a list.
#[derive(Debug, Clone)]
pub struct EditionItem {
    /// The edition.
    pub edition: Edition,
    /// Whether a response has changed since.
    pub stale: bool,
    /// The views this caller may read.
    pub views: Vec<ViewHead>,
    /// Whether it is suspended: nobody reads it now.
    pub held: bool,
    /// Whether answers in it are suspended: its views are read without them, with other hashes.
    pub without_answers: bool,
    /// What the caller may do with it now.
    pub actions: Vec<&'static str>,
}

/// What a snapshot is made from, read from the tables.
pub(crate) struct Material {
    topics: Vec<String>,
    pub(crate) offices: ahq_domain::office::Offices,
    responses: Vec<Submitted>,
    declined: Vec<OfficeCode>,
}

impl Material {
    pub(crate) fn snapshot<'a>(&'a self, query: &'a Query, now: Instant) -> Snapshot<'a> {
        Snapshot {
            query,
            topics: &self.topics,
            offices: &self.offices,
            responses: &self.responses,
            declined: &self.declined,
            now,
        }
    }
}

impl Work<'_> {
    pub(crate) fn material(
        &mut self,
        query: &Query,
        responses: Vec<Submitted>,
        declined: Vec<OfficeCode>,
    ) -> Result<Material, Error> {
        let names = topics::all(self.conn)?;
        Ok(Material {
            topics: query
                .topics
                .iter()
                .filter_map(|id| names.iter().find(|topic| topic.id == *id))
                .map(|topic| topic.name.clone())
                .collect(),
            offices: offices::all(self.conn)?,
            responses,
            declined,
        })
    }

    fn material_of_now(&mut self, query: &Query) -> Result<Material, Error> {
        let heads = responses::of_query(self.conn, query.id)?;
        let submitted = responses::submitted(self.conn, query.id)?;
        self.material(query, submitted, declined(&heads))
    }

    /// The live compilation with its comparison, for the requesters and the Commission.
    ///
    /// # Errors
    /// Hidden, or forbidden for other readers; conflict for drafts.
    pub fn live_compilation(&mut self, reference: &QueryRef) -> Result<View, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadLive, Subject::Query(&query))?;
        if query.launched().is_none() {
            return Err(Refusal::conflict("not_open", "there are answers to compare from the launch on").into());
        }
        let circle = reach(&self.caller, &query, self.now).ok_or(Refusal::Hidden)?;
        let material = self.material_of_now(&query)?;
        self.note_submitted(&query, &material.responses, circle);
        let mut view = compile(&material.snapshot(&query, self.now), circle, 0);
        view.suspend(&query);
        Ok(view)
    }

    /// What an edition made now would show to a circle.
    pub(crate) fn compiled_now(&mut self, query: &Query, circle: Circle) -> Result<View, Error> {
        let material = self.material_of_now(query)?;
        let mut view = compile(&material.snapshot(query, self.now), circle, 0);
        view.suspend(query);
        Ok(view)
    }

    /// Makes the next edition from the submitted versions of this moment, with a view for each circle. Once the compilation
    /// was mailed, later editions come in the digests, an important one at once.
    ///
    /// # Errors
    /// Stale, before the deadline while answers are missing, not the lead (or the service provider ten working days
    /// after the deadline).
    pub fn make_edition(&mut self, reference: &QueryRef, expected: i64, important: bool) -> Result<EditionItem, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::Compile, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let heads = responses::of_query(self.conn, query.id)?;
        let step = if all_in(&query, &heads) {
            Step::CompileEarly
        } else {
            Step::Compile
        };
        query.allows(step, self.now)?;
        self.provider_waits(&query)?;
        let submitted = responses::submitted(self.conn, query.id)?;
        let material = self.material(&query, submitted, declined(&heads))?;
        let before = editions::last(self.conn, query.id)?;
        let number = query.compile(all_in(&query, &heads), self.now)?;
        let edition = self.freeze(&query, &material, number, before.as_ref(), self.now)?;
        self.keep_query(&mut query)?;
        self.begin_summary(&query, &edition, before.as_ref())?;
        self.record(
            "edition.made",
            format!("query/{}/edition/{number}", query.id),
            json!({"responses": edition.composition.len()}),
        )?;
        if query.launched().is_some_and(|launched| launched.mailed.is_some()) {
            let note = if important {
                Note::Compilation { edition: number }
            } else {
                Note::NewEdition { edition: number }
            };
            let told = network(&query).into_iter().chain([OfficeCode::commission()]);
            self.tell(&query, &told.collect::<Vec<_>>(), &note)?;
        }
        self.item(&query, edition)
    }

    /// The service provider compiles for an absent requester ten working days after the deadline, not before.
    fn provider_waits(&mut self, query: &Query) -> Result<(), Error> {
        let provider = self
            .caller
            .party()
            .is_some_and(|party| party.kind == OfficeKind::ServiceProvider);
        let (true, Some(launched)) = (provider, query.launched()) else {
            return Ok(());
        };
        let calendar: Calendar = self.commission_calendar()?;
        let from = calendar
            .add_working_days(launched.deadline.date, PROVIDER_COMPILES_AFTER)
            .map_err(Refusal::from)?;
        if self.today() <= from {
            return Err(Refusal::conflict(
                "requester_first",
                "the service provider may compile from the tenth working day after the deadline on",
            )
            .into());
        }
        Ok(())
    }

    /// Freezes a snapshot as edition `number`; changes are told against the edition before.
    fn freeze(
        &mut self,
        query: &Query,
        material: &Material,
        number: i32,
        before: Option<&Edition>,
        made: Instant,
    ) -> Result<Edition, Error> {
        let edition = Edition {
            id: EditionId::new(self.now, self.randomness),
            query: query.id,
            number,
            made,
            composition: composition(&material.responses),
            declined: material.declined.clone(),
        };
        let mut views = Vec::new();
        for circle in Circle::ALL {
            let mut view = compile(&material.snapshot(query, made), circle, number);
            if let Some(before) = before
                && let Some((_, stored)) = editions::view(self.conn, query.id, before.number, circle)?
            {
                view.changes = changes(&parse_view(&stored.body)?, &view);
            }
            let body = view
                .canonical_json()
                .map_err(|error| Error::Internal(error.to_string()))?;
            views.push((circle, sha256(&body), body));
        }
        editions::insert(self.conn, &edition, &views)?;
        Ok(edition)
    }

    /// The first draft of the network summary of a new edition: the text of the edition before where there is one,
    /// begun anew else; unsigned in any case.
    fn begin_summary(&mut self, query: &Query, edition: &Edition, before: Option<&Edition>) -> Result<(), Error> {
        let earlier = match before {
            Some(before) => summaries::of_edition(self.conn, before.id)?,
            None => Vec::new(),
        };
        if earlier.is_empty() {
            self.draft_summary(query, edition, Circle::Network)?;
        }
        for summary in earlier {
            self.carry_summary(edition, summary)?;
        }
        Ok(())
    }

    fn item(&mut self, query: &Query, edition: Edition) -> Result<EditionItem, Error> {
        let reader = reach(&self.caller, query, self.now).ok_or(Refusal::Hidden)?;
        let now = composition(&responses::submitted(self.conn, query.id)?);
        let views = editions::views(self.conn, edition.id)?;
        Ok(EditionItem {
            stale: edition.composition != now,
            actions: self.edition_actions(query, &edition, &views),
            views: readable(views, reader),
            held: query.is_edition_held(edition.number),
            without_answers: is_without_answers(query, &edition),
            edition,
        })
    }

    fn edition_actions(&self, query: &Query, edition: &Edition, views: &[ViewHead]) -> Vec<&'static str> {
        if query.is_edition_held(edition.number) {
            return Vec::new();
        }
        let in_force = views
            .iter()
            .any(|view| view.circle == Circle::Public && view.replaced_by.is_none());
        let may_publish = in_force
            && query.allows(Step::Publish, self.now).is_ok()
            && self.allows(Action::Publish, Subject::Query(query));
        if may_publish { vec!["publish"] } else { Vec::new() }
    }

    /// The editions of a query, the newest first.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller.
    pub fn list_editions(&mut self, reference: &QueryRef) -> Result<Vec<EditionItem>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadEdition, Subject::Query(&query))?;
        let reader = reach(&self.caller, &query, self.now).ok_or(Refusal::Hidden)?;
        let now = composition(&responses::submitted(self.conn, query.id)?);
        let mut items = Vec::new();
        let views = editions::views_of_query(self.conn, query.id)?;
        for edition in editions::list(self.conn, query.id)? {
            let own: Vec<_> = views
                .iter()
                .filter(|(id, _, _)| *id == edition.id)
                .map(|(_, _, view)| view.clone())
                .collect();
            items.push(EditionItem {
                stale: edition.composition != now,
                actions: self.edition_actions(&query, &edition, &own),
                views: readable(own, reader),
                held: query.is_edition_held(edition.number),
                without_answers: is_without_answers(&query, &edition),
                edition,
            });
        }
        items.sort_by_key(|item| std::cmp::Reverse(item.edition.number));
        Ok(items)
    }

    /// Announces that an edition's public view becomes public, a number of working days ahead, and tells the
    /// respondents so that they can narrow.
    ///
    /// # Errors
    /// Stale, no such edition, replaced, never public, announced already, not the lead's coordinator.
    pub fn publish(&mut self, reference: &QueryRef, expected: i64, number: i32) -> Result<Query, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::Publish, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        query.allows(Step::Publish, self.now)?;
        let (edition, stored) = editions::view(self.conn, query.id, number, Circle::Public)?.ok_or_else(|| {
            Refusal::invalid(
                "/edition",
                "unknown_edition",
                "the query has no edition with this number",
            )
        })?;
        if let Some(by) = stored.replaced_by {
            return Err(Error::Replaced { by });
        }
        let from = self.publication_from()?;
        let public_already = is_public(&query, self.now);
        query.publish(edition.id, number, from, self.now)?;
        self.keep_query(&mut query)?;
        let facts = json!({"edition": number, "from": from, "again": public_already});
        self.record("query.publication_announced", format!("query/{}", query.id), facts)?;
        self.drop_publication(query.id)?;
        let respondents: Vec<_> = edition.composition.iter().map(|part| part.office.clone()).collect();
        self.tell(&query, &respondents, &Note::PublicationNotice)?;
        let everybody: Vec<_> = network(&query)
            .into_iter()
            .chain([query.lead.clone(), OfficeCode::commission()])
            .collect();
        self.tell_at(&query, &everybody, &Note::Publication, from)?;
        Ok(query)
    }

    /// The beginning of the Brussels day from which on a publication announced now is in force.
    fn publication_from(&mut self) -> Result<Instant, Error> {
        let days = self.settings.publication_notice_days;
        if days == 0 {
            return Ok(self.now);
        }
        let calendar = self.commission_calendar()?;
        let last = calendar
            .add_working_days(brussels_date(self.now), days)
            .map_err(Refusal::from)?;
        Ok(ahq_domain::deadline::Deadline::on(last).end)
    }

    /// Takes a publication, or its announcement, back.
    ///
    /// # Errors
    /// Stale, nothing published or announced, not the lead's coordinator.
    pub fn unpublish(&mut self, reference: &QueryRef, expected: i64) -> Result<Query, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::Unpublish, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        query.unpublish(self.now)?;
        self.keep_query(&mut query)?;
        self.drop_publication(query.id)?;
        self.record("query.unpublished", format!("query/{}", query.id), json!({}))?;
        Ok(query)
    }
}

/// Whether answers that an edition took in are suspended now.
fn is_without_answers(query: &Query, edition: &Edition) -> bool {
    let mut parts = edition.composition.iter();
    query.has_held_answers() && parts.any(|part| !query.held_answers(&part.office).is_empty())
}

fn declined(responses: &[Response]) -> Vec<OfficeCode> {
    responses
        .iter()
        .filter(|response| matches!(response.position, Position::Declined { .. }))
        .map(|response| response.office.clone())
        .collect()
}

fn readable(mut views: Vec<ViewHead>, reader: Circle) -> Vec<ViewHead> {
    views.retain(|view| view.circle.reaches(reader));
    views
}
