//! The model of editions: frozen snapshots, a view for each circle, and what narrowing does to them.

use std::collections::BTreeMap;

use crate::query::{Model, Twist};
use crate::response::{Answers, Position, row_circles, rows, said};
use crate::step::{Caller, Circle, Office};

/// What an edition took in of one office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) version: usize,
    pub(crate) answers: Answers,
    pub(crate) late: bool,
}

/// An edition.
#[derive(Debug, Clone)]
pub(crate) struct Edition {
    pub(crate) number: u32,
    pub(crate) parts: BTreeMap<Office, Part>,
    pub(crate) declined: Vec<Office>,
    /// The views that were replaced.
    pub(crate) replaced: Vec<Circle>,
    /// Whether the summary of its network view is signed.
    pub(crate) signed: bool,
    /// What changed since the edition before, for each view.
    pub(crate) changes: Vec<(Circle, Vec<String>)>,
}

impl Edition {
    pub(crate) fn is_replaced(&self, view: Circle) -> bool {
        self.replaced.contains(&view)
    }

    /// Whether the view shows an answer of the office to this question.
    fn shows(&self, view: Circle, office: Office, question: usize) -> bool {
        self.parts.get(&office).is_some_and(|part| {
            part.answers[question].is_some() && row_circles(&part.answers)[question] >= view && !self.is_replaced(view)
        })
    }

    /// What this view says to be changed since `before`.
    fn changes_since(&self, before: &Self, view: Circle) -> Vec<String> {
        let mut changes = Vec::new();
        for (office, part) in &self.parts {
            match before.parts.get(office) {
                None if part.late => changes.push(format!("{}: new response, late", name(*office))),
                None => changes.push(format!("{}: new response", name(*office))),
                Some(earlier) => {
                    let (now, then) = (rows(&part.answers, view), rows(&earlier.answers, view));
                    // The same answer in both, which goes further now or less far.
                    let same_answer = |index: usize| {
                        let shown = |edition: &Part| {
                            let answer = edition.answers[index].map(|answer| said(answer.says));
                            answer.filter(|_| row_circles(&edition.answers)[index] >= view)
                        };
                        shown(part).is_some() && shown(part) == shown(earlier)
                    };
                    for (what, elsewhere) in [("changed", false), ("dissemination changed", true)] {
                        let numbers: Vec<String> = (0..3)
                            .filter(|index| now[*index] != then[*index] && same_answer(*index) == elsewhere)
                            .map(|index| (index + 1).to_string())
                            .collect();
                        let word = if numbers.len() == 1 { "question" } else { "questions" };
                        if !numbers.is_empty() {
                            changes.push(format!("{}: {what} ({word} {})", name(*office), numbers.join(", ")));
                        }
                    }
                }
            }
        }
        for office in before.parts.keys().filter(|office| !self.parts.contains_key(office)) {
            changes.push(format!("{}: no longer included", name(*office)));
        }
        changes.sort();
        changes
    }
}

/// The name of an office in a document.
pub(crate) fn name(office: Office) -> &'static str {
    match office {
        Office::Lu => "Luxembourg",
        Office::Nl => "Netherlands",
        Office::At => "Austria",
        Office::Be => "Belgium",
        Office::No => "Norway",
        Office::Uk => "United Kingdom",
        Office::Com => "European Commission",
        Office::Sp => "Service provider",
    }
}

impl Model<'_> {
    /// What an edition made now would take in.
    pub(crate) fn parts(&self) -> BTreeMap<Office, Part> {
        let part = |(office, response): (&Office, &crate::response::Response)| {
            let answers = response.submitted()?;
            let part = Part {
                version: response.versions.len(),
                answers,
                late: response.late,
            };
            Some((*office, part))
        };
        self.responses.iter().filter_map(part).collect()
    }

    /// Whether the list of office, version and circle of an edition is not that of now.
    pub(crate) fn is_stale(&self, edition: &Edition) -> bool {
        let list = |parts: &BTreeMap<Office, Part>| -> Vec<_> {
            parts
                .iter()
                .map(|(office, part)| {
                    (
                        *office,
                        part.version,
                        part.answers.map(|answer| answer.map(|a| a.circle)),
                    )
                })
                .collect()
        };
        list(&edition.parts) != list(&self.parts())
    }

    fn freeze(&mut self, parts: BTreeMap<Office, Part>, declined: Vec<Office>, before: Option<&Edition>) {
        let mut edition = Edition {
            number: self.editions.last().map_or(1, |last| last.number + 1),
            parts,
            declined,
            replaced: Vec::new(),
            signed: false,
            changes: Vec::new(),
        };
        edition.changes = Circle::ALL
            .into_iter()
            .map(|view| {
                (
                    view,
                    before.map_or_else(Vec::new, |before| edition.changes_since(before, view)),
                )
            })
            .collect();
        self.editions.push(edition);
        let now = self.now;
        if let Some(launched) = &mut self.launched {
            launched.last_made = Some(now);
        }
    }

    /// Freezes what is submitted now.
    pub(crate) fn compile(&mut self) {
        let declined = self
            .responses
            .iter()
            .filter(|(_, response)| response.position == Position::Declined)
            .map(|(office, _)| *office)
            .collect();
        let before = self.editions.last().cloned();
        self.freeze(self.parts(), declined, before.as_ref());
    }

    /// Replaces every view that shows an answer now narrowed by the same snapshot less that answer. The newest edition
    /// and what is published get a new number each; older views point to the newest of those, and where neither is too
    /// wide the newest that is gets one.
    pub(crate) fn narrow(&mut self, office: Office, narrowed: [Option<Circle>; 3]) {
        let wide = |edition: &Edition| -> Vec<Circle> {
            let too_wide = |view: Circle| {
                (0..3).any(|question| {
                    narrowed[question].is_some_and(|now| now < view) && edition.shows(view, office, question)
                })
            };
            Circle::ALL.into_iter().filter(|view| too_wide(*view)).collect()
        };
        let too_wide: Vec<(Edition, Vec<Circle>)> = self
            .editions
            .iter()
            .map(|edition| (edition.clone(), wide(edition)))
            .filter(|(_, views)| !views.is_empty())
            .collect();
        let Some((newest_wide, _)) = too_wide.last() else {
            return;
        };
        let published: Vec<u32> = self
            .launched
            .iter()
            .flat_map(|launched| launched.publications.iter().map(|(edition, _)| *edition))
            .collect();
        let is_published = |edition: &Edition, views: &[Circle]| {
            views.contains(&Circle::Public) && published.contains(&edition.number)
        };
        for edition in &mut self.editions {
            let views = wide(edition);
            edition.replaced.extend(views);
        }
        for (edition, views) in &too_wide {
            let public = is_published(edition, views);
            if edition.number != newest_wide.number && !public {
                continue;
            }
            let mut parts = edition.parts.clone();
            if let Some(part) = parts.get_mut(&office) {
                for (answer, now) in part.answers.iter_mut().zip(narrowed) {
                    if let (Some(answer), Some(now)) = (answer, now) {
                        answer.circle = answer.circle.min(now);
                    }
                }
            }
            self.freeze(parts, edition.declined.clone(), Some(edition));
            let number = self.editions.last().map_or(0, |last| last.number);
            if public && let Some(launched) = &mut self.launched {
                for publication in launched
                    .publications
                    .iter_mut()
                    .filter(|known| known.0 == edition.number)
                {
                    publication.0 = number;
                }
            }
        }
    }

    /// Whether the audience reads the answers of an office.
    pub(crate) fn is_shared(&self, office: Office) -> bool {
        office == self.lead || !self.editions.is_empty() || self.twist == Twist::AudienceReadsAtOnce
    }

    /// The circle in which a caller reads the answers of an office; none while they are not yet for it.
    pub(crate) fn reads_answers(&self, caller: Caller, office: Office) -> Option<Circle> {
        let circle = self.reads(caller).ok()?;
        if caller.office() == Some(office) {
            return Some(Circle::Requester);
        }
        (circle == Circle::Requester || self.is_shared(office)).then_some(circle)
    }
}
