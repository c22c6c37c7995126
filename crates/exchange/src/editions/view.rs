//! A view of an edition as its reader has it: as it was frozen, or without what is suspended now, and its documents.

use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::compilation::{View, compile, sha256};
use ahq_domain::dissemination::Circle;
use ahq_domain::id::EditionId;
use ahq_domain::permission::{Action, Subject, reach};
use ahq_domain::query::{Life, Query};
use ahq_domain::refusal::Refusal;
use ahq_domain::summary::Summary;
use ahq_store::documents::{self, Source};
use ahq_store::editions::{self, FrozenView};
use ahq_store::queries::{self, Lock, QueryRef};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::{Format, Order};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::work::{Exchange, Work};

/// The number of the only edition of an imported query.
const IMPORTED_EDITION: i32 = 1;

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

impl Work<'_> {
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
