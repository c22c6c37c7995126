//! Erasures: a text goes for good, on a written order that two coordinators of the service provider stand for.
//!
//! It is carried out in the transaction that confirms it. Documents are printed anew from what is left, kept replies go, and
//! the files beside an answer lose their rows, so that the worker takes them away. The audit never held a text.

use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::compilation::sha256;
use ahq_domain::erasure::{Deed, Erased, Erasure, ErasureInput, Position, tombstone};
use ahq_domain::id::{ErasureId, QueryId, UserId};
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::question::Key;
use ahq_domain::refusal::{Faults, Refusal};
use ahq_store::queries::{self, Lock, QueryRef};
use ahq_store::{contributions, editions, erasures, replays, responses, summaries};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::credentials::Credentials;
use crate::editions::parse_view;
use crate::error::Error;
use crate::outgoing::Note;
use crate::queries::parse_reference;
use crate::work::{Exchange, Work};

/// An erasure as its reader finds it.
#[derive(Debug, Clone)]
pub struct ErasureDetail {
    /// The erasure.
    pub erasure: Erasure,
    /// What the caller may do with it now.
    pub actions: Vec<&'static str>,
}

/// A line of the list that is kept apart from the database, by which what was erased is erased again after a restore. It
/// holds no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listed {
    /// Its id.
    pub erasure: ErasureId,
    query: QueryId,
    #[serde(skip_serializing_if = "Option::is_none")]
    office: Option<OfficeCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<i32>,
    order: String,
    asked_at: Instant,
    asked_by: UserId,
    confirmed_at: Instant,
    confirmed_by: UserId,
}

impl Listed {
    fn of(erasure: &Erasure) -> Option<Self> {
        let confirmed = erasure.carried_out()?;
        let (question, edition) = match &erasure.erased {
            Erased::Response { .. } => (None, None),
            Erased::Answer { question, .. } => (Some(question.clone()), None),
            Erased::Summary { edition } => (None, Some(*edition)),
        };
        Some(Self {
            erasure: erasure.id,
            query: erasure.query,
            office: erasure.erased.office().cloned(),
            question,
            edition,
            order: erasure.order.clone(),
            asked_at: erasure.asked.at,
            asked_by: erasure.asked.by,
            confirmed_at: confirmed.at,
            confirmed_by: confirmed.by,
        })
    }

    fn into_erasure(self) -> Option<Erasure> {
        let erased = match (self.office, self.question, self.edition) {
            (Some(office), Some(question), None) => Erased::Answer { office, question },
            (Some(office), None, None) => Erased::Response { office },
            (None, None, Some(edition)) => Erased::Summary { edition },
            _ => return None,
        };
        Some(Erasure {
            id: self.erasure,
            query: self.query,
            erased,
            order: self.order,
            asked: Deed {
                at: self.asked_at,
                by: self.asked_by,
            },
            position: Position::Confirmed(Deed {
                at: self.confirmed_at,
                by: self.confirmed_by,
            }),
        })
    }
}

/// What became of a list of erasures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Carried out now.
    pub applied: usize,
    /// Carried out before, as the database knows.
    pub known: usize,
    /// Of queries that are not in the database.
    pub unknown: usize,
}

impl Work<'_> {
    /// Asks for an erasure on a written order; nothing is erased yet.
    ///
    /// # Errors
    /// Not a coordinator of the service provider; all faults of the input.
    pub fn ask_erasure(&mut self, input: &ErasureInput) -> Result<ErasureDetail, Error> {
        self.may(Action::EraseTexts, Subject::Exchange)?;
        let query = match parse_reference(&input.query) {
            Ok(reference) => queries::find(self.conn, &reference)?,
            Err(_) => None,
        };
        let query = query.filter(|query| query.launched().is_some());
        let parsed = input.parse(query.as_ref().map(|query| query.questions.as_slice()));
        let (Some(query), (order, erased)) = (query, parsed?) else {
            return Err(Error::Internal("no query and no fault".to_owned()));
        };
        self.check_erased(&query, &erased)?;
        let erasure = Erasure {
            id: ErasureId::new(self.now, self.randomness),
            query: query.id,
            erased,
            order,
            asked: Deed {
                at: self.now,
                by: self.own_user()?,
            },
            position: Position::Asked,
        };
        erasures::insert(self.conn, &erasure)?;
        self.record("erasure.asked", format!("erasure/{}", erasure.id), facts(&erasure))?;
        Ok(self.erasure_detail(erasure))
    }

    /// What is named has to be there: an office that has submitted at least once, an edition.
    fn check_erased(&mut self, query: &Query, erased: &Erased) -> Result<(), Error> {
        let mut faults = Faults::new();
        match erased {
            Erased::Response { office } | Erased::Answer { office, .. } => {
                let response = responses::find(self.conn, query.id, office)?;
                if response.is_none_or(|response| response.last_version == 0) {
                    faults.add("/office", "unknown_response", "this office has submitted no response");
                }
            }
            Erased::Summary { edition } => {
                if editions::find(self.conn, query.id, *edition)?.is_none() {
                    let detail = "the query has no edition with this number";
                    faults.add("/edition", "unknown_edition", detail);
                }
            }
        }
        Ok(faults.or(())?)
    }

    /// All erasures, the newest first.
    ///
    /// # Errors
    /// Not a coordinator of the service provider.
    pub fn list_erasures(&mut self) -> Result<Vec<ErasureDetail>, Error> {
        self.may(Action::EraseTexts, Subject::Exchange)?;
        let all = erasures::list(self.conn)?;
        Ok(all.into_iter().map(|erasure| self.erasure_detail(erasure)).collect())
    }

    /// One erasure.
    ///
    /// # Errors
    /// Not a coordinator of the service provider; Hidden when it is not there.
    pub fn erasure(&mut self, id: &str) -> Result<ErasureDetail, Error> {
        let erasure = self.find_erasure(id)?;
        Ok(self.erasure_detail(erasure))
    }

    fn find_erasure(&mut self, id: &str) -> Result<Erasure, Error> {
        self.may(Action::EraseTexts, Subject::Exchange)?;
        let id = id.parse::<ErasureId>().map_err(|_| Refusal::Hidden)?;
        Ok(erasures::find(self.conn, id)?.ok_or(Refusal::Hidden)?)
    }

    /// Confirms an erasure for a second person, and carries it out.
    ///
    /// # Errors
    /// Those of [`Work::erasure`]; Forbidden `same_person`; Conflict `already_confirmed`, `withdrawn`.
    pub fn confirm_erasure(&mut self, id: &str) -> Result<ErasureDetail, Error> {
        let mut erasure = self.find_erasure(id)?;
        let deed = self.deed()?;
        erasure
            .confirm(deed)
            .map_err(|refusal| self.note_refusal(Action::EraseTexts, format!("erasure/{id}"), refusal))?;
        let mut query = self.query_to_change(&QueryRef::Id(erasure.query), Lock::Exclusive)?;
        erasures::settle(self.conn, &erasure)?;
        self.carry_out(&mut query, &erasure.erased, deed.at)?;
        self.record("erasure.confirmed", subject(&query, &erasure.erased), facts(&erasure))?;
        let mut told: Vec<OfficeCode> = query.requesters().cloned().collect();
        told.extend(
            erasure
                .erased
                .office()
                .filter(|office| !query.is_requester(office))
                .cloned(),
        );
        self.tell(&query, &told, &Note::Erasure { erasure: erasure.id })?;
        Ok(self.erasure_detail(erasure))
    }

    /// Withdraws an erasure that is not confirmed yet.
    ///
    /// # Errors
    /// Those of [`Work::erasure`]; Conflict `already_confirmed`, `withdrawn`.
    pub fn withdraw_erasure(&mut self, id: &str) -> Result<ErasureDetail, Error> {
        let mut erasure = self.find_erasure(id)?;
        erasure.withdraw(self.deed()?)?;
        erasures::settle(self.conn, &erasure)?;
        self.record("erasure.withdrawn", format!("erasure/{}", erasure.id), facts(&erasure))?;
        Ok(self.erasure_detail(erasure))
    }

    fn deed(&self) -> Result<Deed, Refusal> {
        Ok(Deed {
            at: self.now,
            by: self.own_user()?,
        })
    }

    fn erasure_detail(&self, erasure: Erasure) -> ErasureDetail {
        let mut actions = Vec::new();
        if erasure.must_be_asked().is_ok() && self.allows(Action::EraseTexts, Subject::Exchange) {
            if self.caller.user() != Some(erasure.asked.by) {
                actions.push("confirm");
            }
            actions.push("withdraw");
        }
        ErasureDetail { erasure, actions }
    }

    /// Takes a text out of everything that holds it; `at` is the moment the tombstone names.
    fn carry_out(&mut self, query: &mut Query, erased: &Erased, at: Instant) -> Result<(), Error> {
        match erased {
            Erased::Response { office } | Erased::Answer { office, .. } => {
                self.erase_answers(query, office, erased, at)?;
            }
            Erased::Summary { edition } => self.erase_summary(query, *edition, at)?,
        }
        erasures::forget_documents(self.conn, query.id)?;
        replays::forget_all(self.conn)?;
        query.changed = self.now;
        self.keep_query(query)
    }

    fn erase_answers(&mut self, query: &Query, office: &OfficeCode, erased: &Erased, at: Instant) -> Result<(), Error> {
        let Some(response) = responses::find(self.conn, query.id, office)? else {
            return Ok(());
        };
        let on = brussels_date(at);
        let questions = erased.questions(&query.questions);
        let words = matches!(erased, Erased::Response { .. }).then(|| tombstone(on));
        erasures::of_response(self.conn, response.id, &questions, words.as_deref(), |answer| {
            answer.erase(on);
        })?;
        responses::raise_version(self.conn, response.id)?;
        for mut contribution in contributions::of_office(self.conn, query.id, office)? {
            let before = contribution.answers.len();
            contribution
                .answers
                .retain(|answer| !questions.contains(&answer.question));
            if contribution.answers.len() < before {
                erasures::set_contributed(self.conn, contribution.id, &contribution.answers)?;
            }
        }
        for (edition, _, head) in editions::views_of_query(self.conn, query.id)? {
            let Some(body) = editions::body(self.conn, edition, head.circle)? else {
                continue;
            };
            let mut view = parse_view(&body)?;
            if view.erase(erased, &query.questions, on) {
                let body = view
                    .canonical_json()
                    .map_err(|error| Error::Internal(error.to_string()))?;
                erasures::set_view(self.conn, edition, head.circle, &body, &sha256(&body), at)?;
            }
        }
        Ok(())
    }

    fn erase_summary(&mut self, query: &Query, number: i32, at: Instant) -> Result<(), Error> {
        let Some(edition) = editions::find(self.conn, query.id, number)? else {
            return Ok(());
        };
        let on = brussels_date(at);
        let meant = summaries::of_edition(self.conn, edition.id)?;
        let texts = meant.iter().flat_map(|stored| stored.summary.texts());
        let texts = texts.map(str::to_owned).collect();
        for edition in editions::list(self.conn, query.id)? {
            for mut stored in summaries::of_edition(self.conn, edition.id)? {
                let erased = stored.summary.erase(&texts, on);
                if erased.map_err(|error| Error::Internal(error.to_string()))? {
                    stored.version += 1;
                    summaries::update(self.conn, &stored)?;
                }
            }
        }
        Ok(())
    }

    fn apply_erasure(&mut self, erasure: Erasure, done: &mut Applied) -> Result<(), Error> {
        let Some(deed) = erasure.carried_out() else {
            return Ok(());
        };
        let reference = QueryRef::Id(erasure.query);
        queries::lock(self.conn, &reference, Lock::Exclusive)?;
        let Some(mut query) = queries::find(self.conn, &reference)? else {
            done.unknown += 1;
            return Ok(());
        };
        match erasures::find(self.conn, erasure.id)? {
            Some(known) if known.carried_out().is_some() => {
                done.known += 1;
                return Ok(());
            }
            Some(_) => erasures::settle(self.conn, &erasure)?,
            None => erasures::insert(self.conn, &erasure)?,
        }
        self.carry_out(&mut query, &erasure.erased, deed.at)?;
        self.record("erasure.applied", subject(&query, &erasure.erased), facts(&erasure))?;
        done.applied += 1;
        Ok(())
    }
}

impl Exchange {
    /// The erasures that were carried out, the oldest first, as they stand in a list.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn carried_out_erasures(&self) -> Result<Vec<Listed>, Error> {
        self.read(Credentials::System, |work| {
            let mut all: Vec<Listed> = erasures::list(work.conn)?.iter().filter_map(Listed::of).collect();
            all.sort_by_key(|listed| (listed.confirmed_at, listed.erasure));
            Ok(all)
        })
        .await
    }

    /// Carries out again what a list says was erased and the restored database does not know; all of it or nothing. Nobody is
    /// told a second time.
    ///
    /// # Errors
    /// What the tables refuse; a line of neither answers nor a summary.
    pub async fn apply_erasures(&self, list: Vec<Listed>) -> Result<Applied, Error> {
        self.write(Credentials::System, move |work| {
            let mut done = Applied::default();
            for listed in list {
                let id = listed.erasure;
                let erasure = listed.into_erasure().ok_or_else(|| {
                    Error::Internal(format!("erasure {id} of the list is of nothing or of two things"))
                })?;
                work.apply_erasure(erasure, &mut done)?;
            }
            Ok(done)
        })
        .await
    }
}

/// What the audit keeps: the order and what is meant, never a text.
fn facts(erasure: &Erasure) -> Value {
    let (question, edition) = match &erasure.erased {
        Erased::Response { .. } => (None, None),
        Erased::Answer { question, .. } => (Some(question), None),
        Erased::Summary { edition } => (None, Some(edition)),
    };
    json!({
        "erasure": erasure.id,
        "order": erasure.order,
        "query": erasure.query,
        "office": erasure.erased.office(),
        "question": question,
        "edition": edition,
    })
}

fn subject(query: &Query, erased: &Erased) -> String {
    match erased {
        Erased::Response { office } | Erased::Answer { office, .. } => crate::responses::subject(query, office),
        Erased::Summary { edition } => format!("query/{}/edition/{edition}", query.id),
    }
}
