//! What narrowing does to editions: a view that shows an answer that no longer goes so far is replaced.

use std::collections::BTreeMap;

use ahq_domain::compilation::in_wording_of;
use ahq_domain::dissemination::{Circle, part_circles};
use ahq_domain::hold::Held;
use ahq_domain::id::EditionId;
use ahq_domain::office::OfficeCode;
use ahq_domain::query::Query;
use ahq_domain::question::{Key, Question};
use ahq_store::editions::{self, Edition};
use ahq_store::{documents, holds, responses};

use super::view::parse_view;
use crate::error::Error;
use crate::outgoing::Note;
use crate::work::Work;

/// Answers of an office that go less far than before, each with how far it goes now.
pub(crate) type Narrowed = BTreeMap<Key, Circle>;

impl Work<'_> {
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
        let told = self.readers_of_editions(query)?;
        let note = Note::EditionReplaced {
            by: newest,
            office: office.clone(),
            edition: newest_wide.unwrap_or(last),
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
