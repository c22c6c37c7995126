//! The life of a launched query: which step its position allows, and what each writes down.

use chrono::NaiveDate;

use crate::calendar::Calendar;
use crate::clock::Instant;
use crate::deadline::{Planned, extend_deadline};
use crate::id::EditionId;
use crate::query::{Extension, LastEdition, Launched, Life, Publication, Query, Reasoned, Status};
use crate::refusal::Refusal;

/// A step in the life of a launched query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Close before the deadline.
    CloseEarly,
    /// Give all a later deadline.
    Extend,
    /// Correct the wording.
    Correct,
    /// Ask what is meant.
    AskClarification,
    /// Reply to that.
    ReplyToClarification,
    /// Withdraw.
    Withdraw,
    /// Make an edition after the deadline.
    Compile,
    /// Make an edition once every expected office has answered or declined, before the deadline too.
    CompileEarly,
    /// Write or sign a summary, or send the compilation.
    Summarise,
    /// Announce a publication.
    Publish,
    /// Take a publication back.
    Unpublish,
}

impl Step {
    fn statuses(self) -> &'static [Status] {
        match self {
            Self::CloseEarly => &[Status::Open],
            Self::Extend | Self::AskClarification => &[Status::Open, Status::Closed],
            Self::Correct | Self::ReplyToClarification => {
                &[Status::Open, Status::Closed, Status::Compiled, Status::Published]
            }
            Self::Withdraw => &[Status::Open, Status::Closed, Status::Compiled],
            Self::Compile => &[Status::Closed, Status::Compiled, Status::Published],
            Self::CompileEarly => &[Status::Open, Status::Closed, Status::Compiled, Status::Published],
            Self::Summarise | Self::Publish | Self::Unpublish => &[Status::Compiled, Status::Published],
        }
    }
}

impl Query {
    /// Whether the position of the query lets this step be taken, whoever takes it.
    ///
    /// # Errors
    /// Conflict `wrong_status` (or `imported`), naming the statuses the step needs; `never_public` and
    /// `not_published` for publication and its end.
    pub fn allows(&self, step: Step, now: Instant) -> Result<(), Refusal> {
        let Life::Launched(launched) = &self.life else {
            return Err(match self.life {
                Life::Imported(_) => Refusal::conflict("imported", "an imported query is only read"),
                _ => Refusal::conflict("wrong_status", "the query is still a draft"),
            });
        };
        let (status, allowed) = (self.status(now), step.statuses());
        if !allowed.contains(&status) {
            let words: Vec<_> = allowed.iter().map(|status| status.word()).collect();
            return Err(Refusal::conflict(
                "wrong_status",
                format!(
                    "this needs a query that is {}; it is {}",
                    words.join(" or "),
                    status.word()
                ),
            ));
        }
        match step {
            Step::Publish if self.never_public => Err(Refusal::conflict(
                "never_public",
                "this query is marked never to be published",
            )),
            Step::Unpublish if launched.publications.is_empty() => Err(Refusal::conflict(
                "not_published",
                "nothing of this query is published or announced",
            )),
            _ => Ok(()),
        }
    }

    fn take(&mut self, step: Step, now: Instant) -> Result<&mut Launched, Refusal> {
        self.allows(step, now)?;
        self.changed = now;
        match &mut self.life {
            Life::Launched(launched) => Ok(launched),
            _ => Err(Refusal::Hidden),
        }
    }

    /// Closes the query before its deadline.
    ///
    /// # Errors
    /// Conflict `wrong_status` unless it is open.
    pub fn close_early(&mut self, reason: String, now: Instant) -> Result<(), Refusal> {
        self.take(Step::CloseEarly, now)?.closed_early = Some(Reasoned { at: now, reason });
        Ok(())
    }

    /// Gives all a later deadline; a closed query is open again.
    ///
    /// # Errors
    /// Conflict `wrong_status` unless it is open or closed; what [`extend_deadline`] refuses.
    pub fn extend(
        &mut self,
        date: NaiveDate,
        reason: String,
        commission: &Calendar,
        now: Instant,
    ) -> Result<Planned, Refusal> {
        let launched = self.take(Step::Extend, now)?;
        let planned = extend_deadline(&launched.deadline, now, date, commission)?;
        launched.extensions.push(Extension {
            at: now,
            from: launched.deadline.date,
            to: planned.deadline.date,
            reason,
        });
        launched.deadline = planned.deadline.clone();
        launched.closed_early = None;
        Ok(planned)
    }

    /// Withdraws the query.
    ///
    /// # Errors
    /// Conflict `wrong_status` unless it is open, closed or compiled.
    pub fn withdraw(&mut self, reason: String, now: Instant) -> Result<(), Refusal> {
        self.take(Step::Withdraw, now)?.withdrawn = Some(Reasoned { at: now, reason });
        Ok(())
    }

    /// Notes a new edition and gives its number. `all_in` says whether every expected office has answered or
    /// declined: then an open query may be compiled before its deadline.
    ///
    /// # Errors
    /// Conflict `wrong_status`.
    pub fn compile(&mut self, all_in: bool, now: Instant) -> Result<i32, Refusal> {
        let step = if all_in { Step::CompileEarly } else { Step::Compile };
        let launched = self.take(step, now)?;
        let number = launched.last_edition.as_ref().map_or(1, |edition| edition.number + 1);
        launched.last_edition = Some(LastEdition { number, at: now });
        Ok(number)
    }

    /// Announces that an edition's public view becomes public at `from`.
    ///
    /// # Errors
    /// Conflict `never_public`, `already_announced`, `held`, `wrong_status` unless it is compiled or published.
    pub fn publish(&mut self, edition: EditionId, number: i32, from: Instant, now: Instant) -> Result<(), Refusal> {
        let launched = self.take(Step::Publish, now)?;
        if launched.publications.last().is_some_and(|last| last.edition == edition) {
            return Err(Refusal::conflict(
                "already_announced",
                "this edition is published or announced already",
            ));
        }
        if launched.is_edition_held(number) {
            return Err(held());
        }
        // A suspended edition does not come back beside the one that is published instead of it.
        let mut earlier = std::mem::take(&mut launched.publications);
        earlier.retain(|earlier| earlier.from <= now && !launched.is_edition_held(earlier.number));
        launched.publications = earlier;
        launched.publications.push(Publication {
            edition,
            number,
            announced: now,
            from,
        });
        Ok(())
    }

    /// Takes the publication, or its announcement, back: the query is compiled again.
    ///
    /// # Errors
    /// Conflict `not_published`.
    pub fn unpublish(&mut self, now: Instant) -> Result<(), Refusal> {
        self.take(Step::Unpublish, now)?.publications.clear();
        Ok(())
    }

    /// Refuses to mail the compilation while its edition is suspended: it is mailed once, and nobody could read it then.
    /// Once it was mailed there is nothing to refuse.
    ///
    /// # Errors
    /// Conflict `held`.
    pub fn allows_mailing(&self, edition: i32) -> Result<(), Refusal> {
        match self.launched() {
            Some(launched) if launched.mailed.is_none() && launched.is_edition_held(edition) => Err(held()),
            _ => Ok(()),
        }
    }

    /// Notes that the compilation is mailed to the network; false when that happened before, for it happens once.
    pub fn mark_mailed(&mut self, now: Instant) -> bool {
        match &mut self.life {
            Life::Launched(launched) if launched.mailed.is_none() => {
                launched.mailed = Some(now);
                self.changed = now;
                true
            }
            _ => false,
        }
    }

    /// Puts an edition that replaces one after a narrowing in its place: as the newest, and where the public view of
    /// that one was too wide and published, as the published one. Each is named by its id and number. What replaces a
    /// suspended edition is suspended.
    pub fn replace_edition(&mut self, replaced: (EditionId, i32), by: (EditionId, i32), public: bool, now: Instant) {
        let ((replaced, earlier), (by, number)) = (replaced, by);
        self.changed = now;
        if let Life::Launched(launched) = &mut self.life {
            launched.last_edition = Some(LastEdition { number, at: now });
            launched.hold_replacement(earlier, number);
            for publication in launched
                .publications
                .iter_mut()
                .filter(|known| public && known.edition == replaced)
            {
                publication.edition = by;
                publication.number = number;
            }
        }
    }
}

fn held() -> Refusal {
    Refusal::conflict("held", "this edition is suspended: its hold is lifted first")
}
