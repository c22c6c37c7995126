//! Exports: many editions asked for at once. Their documents are made in the background, one at a time, and kept where
//! all documents are; what is handed out is decided anew when it is downloaded.

use std::collections::HashMap;

use ahq_domain::dissemination::Circle;
use ahq_domain::export::{MOST_DOCUMENTS, Selection};
use ahq_domain::id::{ExportId, QueryId};
use ahq_domain::permission::{Action, Subject, reach};
use ahq_domain::query::Query;
use ahq_domain::refusal::{Faults, Refusal};
pub use ahq_render::index::{Contents, Included, LeftOut};
use ahq_store::editions::{self, FrozenView};
use ahq_store::exports::{self, Entry, Export};
use ahq_store::queries::{self, QueryRef};
use ahq_store::{offices, topics};
use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::credentials::Credentials;
use crate::editions::{EditionView, Format, Order};
use crate::error::Error;
use crate::work::{Exchange, Work};

/// How long a claimed export belongs to its worker; another takes it over afterwards.
const LEASE: Duration = Duration::seconds(60);
/// How long an export can be downloaded.
pub const KEPT: Duration = Duration::days(7);

/// What an export is to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Which editions.
    pub selection: Selection,
    /// In which formats, none of them twice.
    pub formats: Vec<Format>,
    /// In which order their responses stand.
    pub order: Order,
}

/// An export as it stands.
#[derive(Debug, Clone)]
pub struct ExportDetail {
    /// The export.
    pub export: Export,
    /// What it is to hold.
    pub wanted: Wanted,
}

impl ExportDetail {
    /// How many documents it has in all.
    pub fn total(&self) -> usize {
        self.export.entries.len() * self.wanted.formats.len()
    }
}

/// What a download begins with: what is still for its caller, and what is not.
#[derive(Debug)]
pub struct Download {
    /// The views, with their query.
    pub views: Vec<(EditionView, Included)>,
    /// What is left out.
    pub left_out: Vec<LeftOut>,
    /// What it is to hold.
    pub wanted: Wanted,
}

fn parsed(export: Export) -> Result<ExportDetail, Error> {
    let wanted = serde_json::from_value(export.wanted.clone()).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(ExportDetail { export, wanted })
}

impl Work<'_> {
    /// Writes an export down: the editions that it means now and that the caller may read.
    ///
    /// # Errors
    /// Invalid: it ends before it begins, names a query that is not there for the caller or an unknown topic, means
    /// nothing, or more than [`MOST_DOCUMENTS`].
    pub fn ask_export(&mut self, wanted: Wanted) -> Result<ExportDetail, Error> {
        self.may(Action::Export, Subject::Exchange)?;
        let user = self.own_user()?;
        wanted.selection.check()?;
        let entries = self.meant(&wanted.selection)?;
        let total = entries.len() * wanted.formats.len();
        if total == 0 {
            return Err(Refusal::invalid("", "nothing_meant", "no edition that you may read is meant by this").into());
        }
        if total > MOST_DOCUMENTS {
            let detail = format!("this means {total} documents; one export has at most {MOST_DOCUMENTS}");
            return Err(Refusal::invalid("", "too_many", detail).into());
        }
        let export = Export {
            id: ExportId::new(self.now, self.randomness),
            user,
            asked: self.now,
            wanted: serde_json::to_value(&wanted).map_err(|error| Error::Internal(error.to_string()))?,
            entries,
            lease: 0,
            done: 0,
            finished: None,
        };
        exports::insert(self.conn, &export)?;
        let facts = json!({"wanted": export.wanted, "documents": total});
        self.record("export.asked", format!("export/{}", export.id), facts)?;
        Ok(ExportDetail { export, wanted })
    }

    /// The views a selection means, each the fullest of it that the caller may read.
    fn meant(&mut self, selection: &Selection) -> Result<Vec<Entry>, Error> {
        let all = editions::all(self.conn)?;
        let ids: Vec<QueryId> = all.iter().map(|(query, ..)| *query).collect();
        let known = self.queries_by_id(ids)?;
        let readable = |query: &QueryId| {
            let query = known.get(query)?;
            if !self.allows(Action::ReadEdition, Subject::Query(query)) {
                return None;
            }
            Some((query, reach(&self.caller, query, self.now)?))
        };
        let mut entries: Vec<Entry> = all
            .iter()
            .filter_map(|(id, edition, number, made)| {
                let (query, reach) = readable(id)?;
                selection.means(query, *edition, *made, self.now).then_some(Entry {
                    query: *id,
                    edition: *edition,
                    number: *number,
                    circle: selection.circle.map_or(reach, |circle| circle.max(reach)),
                })
            })
            .collect();
        // Two of one moment have no order of their own.
        entries.sort_by_key(|entry| {
            let launched = known.get(&entry.query).and_then(Query::launched);
            (launched.map(|launched| launched.number), entry.number)
        });
        let mut faults = Faults::new();
        for (index, wanted) in selection.queries.iter().enumerate() {
            let one = Selection {
                queries: vec![wanted.clone()],
                ..selection.clone()
            };
            if !known
                .iter()
                .any(|(id, query)| one.names(query) && readable(id).is_some())
            {
                let detail = format!("{wanted} is no query with editions that you may read");
                faults.add(format!("/queries/{index}"), "unknown_query", detail);
            }
        }
        if let Some(topic) = &selection.topic
            && !topics::all(self.conn)?.iter().any(|known| known.id == *topic)
        {
            faults.add("/topic", "unknown_topic", format!("{topic} is the id of no topic"));
        }
        Ok(faults.or(entries)?)
    }

    fn queries_by_id(&mut self, mut ids: Vec<QueryId>) -> Result<HashMap<QueryId, Query>, Error> {
        ids.sort_unstable();
        ids.dedup();
        let found = queries::find_all(self.conn, &ids)?;
        Ok(found.into_iter().map(|query| (query.id, query)).collect())
    }

    /// An export of the caller's.
    ///
    /// # Errors
    /// Hidden when it is not there, is another's, or is over.
    pub fn export(&mut self, id: ExportId) -> Result<ExportDetail, Error> {
        self.may(Action::Export, Subject::Exchange)?;
        let export = exports::find(self.conn, id)?.ok_or(Refusal::Hidden)?;
        if self.caller.user() != Some(export.user) {
            let hidden = self.note_refusal(Action::Export, format!("export/{id}"), Refusal::Hidden);
            return Err(hidden.into());
        }
        if export.asked + KEPT <= self.now {
            return Err(Refusal::Hidden.into());
        }
        parsed(export)
    }

    /// What an export holds for the caller now: rights may have changed since it was asked for, and views been replaced.
    ///
    /// # Errors
    /// Those of [`Work::export`]; conflict `not_ready` while documents are being made.
    pub fn download_export(&mut self, id: ExportId) -> Result<Download, Error> {
        let ExportDetail { export, wanted } = self.export(id)?;
        if export.finished.is_none() {
            return Err(
                Refusal::conflict("not_ready", "its documents are still being made: read how far they are").into(),
            );
        }
        let known = self.queries_by_id(export.entries.iter().map(|entry| entry.query).collect())?;
        let frozen = self.frozen_by_entry(&export.entries)?;
        let offices = offices::all(self.conn)?;
        let mut download = Download {
            views: Vec::new(),
            left_out: Vec::new(),
            wanted,
        };
        for (entry, frozen) in export.entries.iter().zip(frozen) {
            let query = known.get(&entry.query);
            let readable = query.filter(|query| {
                let circle = reach(&self.caller, query, self.now);
                self.allows(Action::ReadEdition, Subject::Query(query))
                    && circle.is_some_and(|circle| entry.circle.reaches(circle))
            });
            match (readable, frozen) {
                (Some(query), Some(frozen)) if frozen.replaced_by.is_none() => {
                    if query.is_edition_held(entry.number) {
                        download.left_out.push(LeftOut {
                            number: query.number(),
                            edition: Some(entry.number),
                            why: "It is suspended.".to_owned(),
                        });
                        continue;
                    }
                    let view = self.view_of(query.clone(), frozen, entry.number, entry.circle)?;
                    let included = Included {
                        title: query.title.clone(),
                        requester: offices.name_on(&query.lead, self.today()),
                        launched: query.launched().map(|launched| launched.at),
                        files: download
                            .wanted
                            .formats
                            .iter()
                            .map(|format| view.file_name(*format))
                            .collect(),
                        number: query.number().unwrap_or_default(),
                        edition: entry.number,
                        circle: entry.circle,
                        sha256: view.sha256.clone(),
                    };
                    download.views.push((view, included));
                }
                (Some(query), frozen) => {
                    let by = frozen.and_then(|frozen| frozen.replaced_by);
                    download.left_out.push(LeftOut {
                        number: query.number(),
                        edition: Some(entry.number),
                        why: match by {
                            Some(by) => format!("It was replaced by edition {by}, which this export does not hold."),
                            None => "It is no longer there.".to_owned(),
                        },
                    });
                }
                // Of what is no longer for the caller nothing is told.
                (None, _) => download.left_out.push(LeftOut {
                    number: None,
                    edition: None,
                    why: "It is no longer for your office.".to_owned(),
                }),
            }
        }
        let given = download.views.iter().map(|(view, _)| view.key());
        self.note_views(format!("export/{id}"), given);
        Ok(download)
    }

    /// The views of entries as they are frozen, in their order; a statement for each circle.
    fn frozen_by_entry(&mut self, entries: &[Entry]) -> Result<Vec<Option<FrozenView>>, Error> {
        let mut found: HashMap<_, FrozenView> = HashMap::new();
        for circle in Circle::ALL {
            let of_circle = entries.iter().filter(|entry| entry.circle == circle);
            let ids: Vec<_> = of_circle.map(|entry| entry.edition).collect();
            if ids.is_empty() {
                continue;
            }
            for view in editions::frozen_of(self.conn, &ids, circle)? {
                found.insert((view.edition, circle), view);
            }
        }
        Ok(entries
            .iter()
            .map(|entry| found.get(&(entry.edition, entry.circle)).cloned())
            .collect())
    }
}

impl Exchange {
    /// Makes the next document of an export that lacks one; whether there was one to make.
    ///
    /// # Errors
    /// What the tables refuse. A document that cannot be printed is passed over: the download tries it once more.
    pub async fn make_export(&self) -> Result<bool, Error> {
        let claimed = self
            .write(Credentials::System, |work| {
                exports::claim(work.conn, work.now, work.now + LEASE)?
                    .map(parsed)
                    .transpose()
            })
            .await?;
        let Some(ExportDetail { export, wanted }) = claimed else {
            return Ok(false);
        };
        let formats = wanted.formats.len().max(1);
        let done = usize::try_from(export.done).unwrap_or_default();
        if let (Some(entry), Some(format)) = (export.entries.get(done / formats), wanted.formats.get(done % formats)) {
            let entry = *entry;
            let view = self
                .read(Credentials::System, move |work| {
                    work.edition(&QueryRef::Id(entry.query), entry.number, Some(entry.circle))
                })
                .await;
            let made = match view {
                Ok(view) => self.document(view, *format, wanted.order).await.map(|_| ()),
                Err(error) => Err(error),
            };
            if let Err(error) = made {
                tracing::warn!(export = %export.id, %error, "a document of an export was not made");
            }
        }
        let next = export.done.saturating_add(1);
        let finished = usize::try_from(next).unwrap_or(usize::MAX) >= export.entries.len() * formats;
        self.write(Credentials::System, move |work| {
            Ok(exports::advance(work.conn, &export, next, work.now, finished)?)
        })
        .await?;
        Ok(true)
    }

    /// Forgets the exports whose seven days are over.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn clear_exports(&self) -> Result<usize, Error> {
        self.write(Credentials::System, |work| {
            Ok(exports::purge(work.conn, work.now - KEPT)?)
        })
        .await
    }
}
