//! Editions: the live compilation, frozen snapshots with a view for each circle, and what narrowing does to them.

use std::collections::BTreeMap;

use ahq_domain::calendar::Calendar;
use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::compilation::{Snapshot, Submitted, View, changes, compile, composition, in_wording_of, sha256};
use ahq_domain::dissemination::{Circle, part_circles};
use ahq_domain::hold::Held;
use ahq_domain::id::EditionId;
use ahq_domain::life::Step;
use ahq_domain::office::{OfficeCode, OfficeKind};
use ahq_domain::permission::{Action, Subject, is_public, reach};
use ahq_domain::query::{Life, Query};
use ahq_domain::question::{Key, Question};
use ahq_domain::refusal::Refusal;
use ahq_domain::response::{Position, Response};
use ahq_domain::summary::Summary;
pub use ahq_render::{Format, Order};
use ahq_store::documents;
pub use ahq_store::documents::Source;
pub use ahq_store::editions::ViewHead;
use ahq_store::editions::{self, Edition, FrozenView};
use ahq_store::queries::{self, Lock, QueryRef};
use ahq_store::{holds, offices, responses, summaries, topics};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::outgoing::Note;
use crate::queries::{all_in, network};
use crate::work::{Exchange, Work, must_be_version};

/// Working days after the deadline from which on the service provider may compile for an absent requester.
pub const PROVIDER_COMPILES_AFTER: i32 = 10;

/// The number of the only edition of an imported query.
const IMPORTED_EDITION: i32 = 1;

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

/// A view of an edition, as it was frozen; its canonical JSON is read by [`Work::edition_body`].
#[derive(Debug, Clone)]
pub struct EditionView {
    query: Query,
    edition: EditionId,
    number: i32,
    circle: Circle,
    /// The SHA-256 of the canonical JSON; where something was erased, of what stood before.
    pub sha256: String,
    /// What the hash is of now, where something was erased, and when that was.
    erased: Option<(String, Instant)>,
    /// The summary signed for this view.
    pub summary: Option<Summary>,
    /// The canonical JSON, where answers are suspended and it is not the one that was frozen.
    without_answers: Option<String>,
}

impl EditionView {
    /// Of which edition, in which circle.
    pub(crate) fn key(&self) -> (EditionId, Circle) {
        (self.edition, self.circle)
    }

    /// What tells the document of this view in a format and order from all others.
    pub fn source(&self, format: Format, order: Order) -> Source {
        let texts = |summary: &Summary| {
            let parts = [&summary.background, &summary.respondents, &summary.findings];
            sha256(&json!(parts.map(|part| part.as_str())).to_string())
        };
        Source {
            view_sha256: self
                .erased
                .as_ref()
                .map_or_else(|| self.sha256.clone(), |(left, _)| left.clone()),
            summary_sha256: self.summary.as_ref().map(texts).unwrap_or_default(),
            form: format!("{} by {}", format.word(), order.word()),
        }
    }

    /// Its name as a file.
    pub fn file_name(&self, format: Format) -> String {
        let query = self.query.number().unwrap_or_else(|| self.query.id.to_string());
        format!(
            "EMN_AHQ_{query}_edition-{}_{}.{}",
            self.number,
            self.circle,
            format.extension()
        )
    }

    /// The view, of which `body` is the canonical JSON, as a document of `format`, by country or by question; attachments
    /// are linked below `interface`.
    ///
    /// # Errors
    /// Conflict `too_long_for_format`; [`Error::Internal`] when what was stored cannot be printed.
    pub fn render(&self, body: &str, format: Format, order: Order, interface: &str) -> Result<Vec<u8>, Error> {
        if let Some(longest) = format.longest().filter(|longest| body.len() > *longest) {
            let detail = format!(
                "this compilation has {} MB of text, and {} is made of at most {}: take it as html, docx, xlsx, csv or json",
                body.len() >> 20,
                format.extension(),
                longest >> 20,
            );
            return Err(Refusal::conflict("too_long_for_format", detail).into());
        }
        let source = ahq_render::Source {
            view: &parse_view(body)?,
            canonical: body,
            sha256: &self.sha256,
            erased: self.erased.as_ref().map(|(_, at)| brussels_date(*at)),
            summary: self.summary.as_ref(),
            interface,
        };
        ahq_render::render(source, format, order).map_err(|error| Error::Internal(error.to_string()))
    }
}

pub(crate) fn parse_view(body: &str) -> Result<View, Error> {
    serde_json::from_str(body).map_err(|error| Error::Internal(format!("a stored view does not parse: {error}")))
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

/// Answers of an office that go less far than before, each with how far it goes now.
pub(crate) type Narrowed = BTreeMap<Key, Circle>;

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

    /// Replaces every view in force that shows one of the narrowed answers by the same snapshot with the narrower
    /// circle. The newest edition that is too wide and those that are published get a number each; views of the others
    /// point to the newest replacement.
    pub(crate) fn narrow_editions(
        &mut self,
        query: &mut Query,
        office: &OfficeCode,
        narrowed: &Narrowed,
    ) -> Result<(), Error> {
        if narrowed.is_empty() {
            return Ok(());
        }
        let all = editions::list(self.conn, query.id)?;
        let views = editions::views_of_query(self.conn, query.id)?;
        let in_force = |edition: &Edition, circle: Circle| {
            let mut own = views.iter().filter(|(id, _, _)| *id == edition.id);
            own.any(|(_, _, view)| view.circle == circle && view.replaced_by.is_none())
        };
        let mut wide: Vec<(&Edition, Vec<Circle>)> = Vec::new();
        for edition in &all {
            let mut views = too_wide(&query.questions, edition, office, narrowed);
            views.retain(|view| in_force(edition, *view));
            if !views.is_empty() {
                wide.push((edition, views));
            }
        }
        let newest_wide = wide.iter().map(|(edition, _)| edition.number).max();
        let published: Vec<EditionId> = query
            .launched()
            .map(|launched| launched.publications.iter().map(|known| known.edition).collect())
            .unwrap_or_default();
        let last = all.iter().map(|edition| edition.number).max().unwrap_or(0);
        let mut number = last;
        let mut replacements: Vec<(EditionId, i32)> = Vec::new();
        for (edition, views) in &wide {
            let public = views.contains(&Circle::Public) && published.contains(&edition.id);
            if Some(edition.number) != newest_wide && !public {
                continue;
            }
            number += 1;
            let replacement = self.freeze_narrowed(query, edition, office, narrowed, number)?;
            let (replaced, by) = ((edition.id, edition.number), (replacement.id, number));
            query.replace_edition(replaced, by, public, self.now);
            self.begin_summary(query, &replacement, Some(edition))?;
            replacements.push((edition.id, number));
        }
        let Some((_, newest)) = replacements.last().copied() else {
            return Ok(());
        };
        for (edition, views) in &wide {
            let by = replacements
                .iter()
                .find(|(id, _)| *id == edition.id)
                .map_or(newest, |(_, by)| *by);
            for view in views {
                editions::mark_replaced(self.conn, edition.id, *view, by)?;
                documents::remove(self.conn, edition.id, *view)?;
            }
        }
        self.keep_query(query)?;
        for hold in query.holds() {
            if let Held::Edition { numbers } = &hold.held
                && numbers.iter().any(|held| *held > last)
            {
                holds::set_editions(self.conn, hold.id, numbers)?;
            }
        }
        let told: Vec<_> = network(query).into_iter().chain([query.lead.clone()]).collect();
        let note = Note::EditionReplaced {
            by: newest,
            office: office.clone(),
            edition: last,
        };
        self.tell(query, &told, &note)
    }

    fn freeze_narrowed(
        &mut self,
        query: &Query,
        edition: &Edition,
        office: &OfficeCode,
        narrowed: &Narrowed,
        number: i32,
    ) -> Result<Edition, Error> {
        let mut parts = edition.composition.clone();
        for part in parts.iter_mut().filter(|part| part.office == *office) {
            for (key, circle) in narrowed {
                if let Some(present) = part.circles.get_mut(key) {
                    *present = (*present).min(*circle);
                }
            }
        }
        let submitted = responses::versions_of(self.conn, query.id, &parts)?;
        let fullest = editions::view(self.conn, query.id, edition.number, Circle::Requester)?;
        let (_, frozen) = fullest.ok_or_else(|| Error::Internal("an edition without its views".to_owned()))?;
        let (query, submitted) = in_wording_of(&parse_view(&frozen.body)?, query, submitted);
        let material = self.material(&query, submitted, edition.declined.clone())?;
        self.freeze(&query, &material, number, Some(edition), edition.made)
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

    /// One edition, in the view asked for or else the fullest this caller may read.
    ///
    /// # Errors
    /// Hidden when it is not there, forbidden for a fuller view than the caller's, replaced (with the number of the
    /// edition that took its place) after a narrowing.
    pub fn edition(&mut self, reference: &QueryRef, number: i32, circle: Option<Circle>) -> Result<EditionView, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadEdition, Subject::Query(&query))?;
        let reader = reach(&self.caller, &query, self.now).ok_or(Refusal::Hidden)?;
        let circle = circle.unwrap_or(reader);
        if !circle.reaches(reader) {
            let refusal = Refusal::forbidden(
                "narrower_circle",
                format!("the {circle} view is not for your office; yours is the {reader} view"),
            );
            let subject = format!("query/{}/edition/{number}", query.id);
            return Err(self.note_refusal(Action::ReadEdition, subject, refusal).into());
        }
        let subject = format!("query/{}/edition/{number}", query.id);
        if query.is_edition_held(number) {
            let refusal = Refusal::forbidden(
                "held",
                "this edition is suspended: nobody reads it until that is lifted",
            );
            return Err(self.note_refusal(Action::ReadEdition, subject, refusal).into());
        }
        let view = self.edition_view(query, number, circle)?;
        if view.query.launched().is_some() {
            self.note_views(subject, [view.key()]);
        }
        Ok(view)
    }

    fn edition_view(&mut self, query: Query, number: i32, circle: Circle) -> Result<EditionView, Error> {
        if let Life::Imported(_) = query.life {
            return self.imported_view(query, number, circle);
        }
        let frozen = editions::frozen(self.conn, query.id, number, circle)?.ok_or(Refusal::Hidden)?;
        if let Some(by) = frozen.replaced_by {
            return Err(Error::Replaced { by });
        }
        self.view_of(query, frozen, number, circle)
    }

    /// The view of an edition of a query: as it is frozen, or without the answers that are suspended now, and then without a
    /// summary that was signed before.
    pub(crate) fn view_of(
        &mut self,
        query: Query,
        frozen: FrozenView,
        number: i32,
        circle: Circle,
    ) -> Result<EditionView, Error> {
        let mut view = EditionView {
            edition: frozen.edition,
            number,
            circle,
            sha256: frozen.sha256,
            erased: frozen.erased,
            summary: None,
            without_answers: None,
            query,
        };
        let shown = frozen
            .summary
            .filter(|(_, signed)| view.query.shows_summary_of(*signed));
        view.summary = shown.map(|(summary, _)| summary);
        if !view.query.has_held_answers() {
            return Ok(view);
        }
        let body = editions::body(self.conn, view.edition, circle)?.ok_or(Refusal::Hidden)?;
        let mut whole = parse_view(&body)?;
        if !whole.suspend(&view.query) {
            return Ok(view);
        }
        let body = whole
            .canonical_json()
            .map_err(|error| Error::Internal(error.to_string()))?;
        // It is of what is shown.
        view.sha256 = sha256(&body);
        view.erased = None;
        view.without_answers = Some(body);
        Ok(view)
    }

    /// The canonical JSON of a view that the caller was given.
    ///
    /// # Errors
    /// Those of reading.
    fn edition_body(&mut self, view: &EditionView) -> Result<String, Error> {
        if let Some(body) = &view.without_answers {
            return Ok(body.clone());
        }
        if let Life::Imported(_) = view.query.life {
            return self.imported_body(&view.query, view.circle);
        }
        Ok(editions::body(self.conn, view.edition, view.circle)?.ok_or(Refusal::Hidden)?)
    }

    /// Keeps a document of a view, and gives what is kept: where two print the same at once, the first one's. One of a
    /// view that was replaced in the meantime, or of which something was erased, is not kept, and none of a view that lacks suspended answers for a time.
    ///
    /// # Errors
    /// Those of writing.
    fn keep_document(&mut self, view: &EditionView, source: &Source, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        if view.without_answers.is_some() {
            return Ok(bytes);
        }
        // A narrowing or an erasure waits for this, or is seen by it.
        queries::lock(self.conn, &QueryRef::Id(view.query.id), Lock::Shared)?;
        let frozen = editions::frozen(self.conn, view.query.id, view.number, view.circle)?;
        // An imported query has none.
        if let Some(frozen) = frozen {
            if frozen.replaced_by.is_some() {
                return Ok(bytes);
            }
            let now = self.view_of(view.query.clone(), frozen, view.number, view.circle)?;
            let now = now.source(Format::Json, Order::default());
            if (&source.view_sha256, &source.summary_sha256) != (&now.view_sha256, &now.summary_sha256) {
                return Ok(bytes);
            }
        }
        if documents::insert(self.conn, source, &bytes, self.now)? {
            return Ok(bytes);
        }
        Ok(documents::find(self.conn, source)?.unwrap_or(bytes))
    }

    /// The head of an imported query as its only edition: its respondents are named, their answers are not known.
    fn imported_view(&mut self, query: Query, number: i32, circle: Circle) -> Result<EditionView, Error> {
        if number != IMPORTED_EDITION {
            return Err(Refusal::Hidden.into());
        }
        Ok(EditionView {
            edition: EditionId(query.id.0),
            number,
            circle,
            sha256: sha256(&self.imported_body(&query, circle)?),
            erased: None,
            summary: None,
            without_answers: None,
            query,
        })
    }

    fn imported_body(&mut self, query: &Query, circle: Circle) -> Result<String, Error> {
        let material = self.material(query, Vec::new(), Vec::new())?;
        let view = compile(&material.snapshot(query, query.created), circle, IMPORTED_EDITION);
        view.canonical_json()
            .map_err(|error| Error::Internal(error.to_string()))
    }

    /// The public view in force of a published query, for everybody.
    ///
    /// # Errors
    /// Hidden unless the query is published.
    pub fn public_edition(&mut self, reference: &QueryRef) -> Result<EditionView, Error> {
        let query = self.public_query(reference)?;
        let number = match &query.life {
            Life::Launched(launched) => launched
                .publication(self.now)
                .map(|publication| publication.number)
                .ok_or(Refusal::Hidden)?,
            _ => IMPORTED_EDITION,
        };
        self.edition_view(query, number, Circle::Public)
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
        self.record("query.unpublished", format!("query/{}", query.id), json!({}))?;
        Ok(query)
    }
}

/// What a document is made of, as it was found.
enum Found {
    /// The document, printed before.
    Document(Vec<u8>),
    /// The canonical JSON of its view.
    Body(String),
}

impl Exchange {
    /// A view that its caller was given, as a document: the one that was handed out before, else printed now, beside
    /// whatever else goes on, and kept. Where it cannot be kept, the disk being full, it is given all the same.
    ///
    /// # Errors
    /// Conflict `too_long_for_format`; [`Error::Internal`] when what was stored cannot be printed.
    pub async fn document(&self, view: EditionView, format: Format, order: Order) -> Result<Vec<u8>, Error> {
        let source = view.source(format, order);
        let (view, found) = self
            .read(Credentials::System, {
                let source = source.clone();
                move |work| {
                    let found = match documents::find(work.conn, &source)? {
                        Some(bytes) => Found::Document(bytes),
                        None => Found::Body(work.edition_body(&view)?),
                    };
                    Ok((view, found))
                }
            })
            .await?;
        let body = match found {
            Found::Document(bytes) => return Ok(bytes),
            Found::Body(body) => body,
        };
        let interface = format!("{}/api/v1", self.public_address());
        let printed = spawn_blocking(move || {
            let printed = view.render(&body, format, order, &interface);
            printed.map(|bytes| (view, bytes))
        })
        .await;
        let (view, bytes) = printed.map_err(|error| Error::Internal(error.to_string()))??;
        let kept = self
            .write(Credentials::System, {
                let bytes = bytes.clone();
                move |work| work.keep_document(&view, &source, bytes)
            })
            .await;
        Ok(kept.unwrap_or_else(|error| {
            tracing::warn!(%error, "a document could not be kept");
            bytes
        }))
    }
}

/// The views of an edition that show one of these answers of an office, and no longer may.
fn too_wide(questions: &[Question], edition: &Edition, office: &OfficeCode, narrowed: &Narrowed) -> Vec<Circle> {
    let before: Vec<(Circle, Circle)> = edition
        .composition
        .iter()
        .filter(|part| part.office == *office)
        .flat_map(|part| {
            let rows = part_circles(questions, &part.circles);
            rows.into_iter()
                .filter(|(key, _)| part.circles.contains_key(key))
                .filter_map(|(key, before)| Some((before, *narrowed.get(&key)?)))
        })
        .collect();
    let is_too_wide = |view: Circle| {
        before
            .iter()
            .any(|(before, now)| before.reaches(view) && !now.reaches(view))
    };
    Circle::ALL.into_iter().filter(|view| is_too_wide(*view)).collect()
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
