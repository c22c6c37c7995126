//! Attachments: files beside queries and answers. What comes in is looked through, scanned where the operator wants that, and
//! kept before its row is written; whoever may read an answer may have its files, by the same rule.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ahq_domain::answer::Answer;
use ahq_domain::attachment::{Attached, Attachment, MediaType, clean_name, must_fit};
use ahq_domain::compilation::View;
use ahq_domain::dissemination::{Circle, row_circles};
use ahq_domain::id::{AttachmentId, ResponseId};
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject, reach};
use ahq_domain::query::{Life, Query};
use ahq_domain::question::Key;
use ahq_domain::refusal::Refusal;
use ahq_domain::response::Response;
use ahq_store::attachments::{self, Kept, Place};
use ahq_store::files::{Files, FilesError};
use ahq_store::queries::{Lock, QueryRef};
use ahq_store::responses::DraftAnswer;
use ahq_store::{editions, responses};
use bytes::Bytes;
use chrono::Duration;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::credentials::Credentials;
use crate::editions::parse_view;
use crate::error::Error;
use crate::replay::{KeptReply, ReplayKey};
use crate::responses::subject;
use crate::scan::{Scanner, Verdict};
use crate::work::{Exchange, Work};

/// How many files are looked through at a time: each takes a processor.
const DESKS: usize = 2;
/// How many files may be on their way in at a time: each lies in memory as a whole. The next is not read before.
const PLACES: usize = 8;
/// For how long one waits for a place.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
/// For how long a file may lie without a row: whoever brought it has not got a reply for longer.
const WITHOUT_ROW: Duration = Duration::days(1);
/// How many files are looked up at a time.
const AT_A_TIME: usize = 200;

/// Where files lie, and who looks through them.
#[derive(Debug, Clone)]
pub struct Shelves {
    files: Files,
    scanner: Option<Scanner>,
    desks: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Shelves {
    /// Files that lie there, each scanned first where there is a scanner.
    pub fn new(files: Files, scanner: Option<Scanner>) -> Self {
        Self {
            files,
            scanner,
            desks: Arc::new(Semaphore::new(DESKS)),
            places: Arc::new(Semaphore::new(PLACES)),
        }
    }
}

impl From<FilesError> for Error {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Full(_) => Self::Full,
            FilesError::Unavailable(cause) => {
                tracing::warn!(cause, "the files of attachments cannot be used right now");
                Self::Busy
            }
        }
    }
}

impl Exchange {
    /// A place for a file that is about to be read; it is held until what came in is kept or refused.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many are on their way in.
    pub async fn place_for_file(&self) -> Result<OwnedSemaphorePermit, Error> {
        let places = Arc::clone(&self.shelves().places);
        match timeout(PATIENCE, places.acquire_owned()).await {
            Ok(place) => place.map_err(|error| Error::Internal(error.to_string())),
            Err(_) => Err(Error::Busy),
        }
    }

    /// Writes the row of a file that was taken in, once for each `replay` key. The file is taken back where the use case is
    /// refused, and where a repeat gets the reply of the file before.
    ///
    /// # Errors
    /// Those of [`Exchange::write_once`].
    pub async fn attach_once(
        &self,
        credentials: Credentials,
        replay: Option<ReplayKey>,
        file: Attachment,
        use_case: impl FnOnce(&mut Work<'_>, &Attachment) -> Result<KeptReply, Error> + Send + 'static,
    ) -> Result<KeptReply, Error> {
        let used = Arc::new(AtomicBool::new(false));
        let (mark, given) = (Arc::clone(&used), file.clone());
        let done = self
            .write_once(credentials, replay, move |work| {
                mark.store(true, Ordering::Relaxed);
                use_case(work, &given)
            })
            .await;
        let unused = match &done {
            Ok(_) => !used.load(Ordering::Relaxed),
            // After other errors it is not known whether the row stands: a day later the worker knows.
            Err(error) => matches!(error, Error::Refused(_) | Error::KeyReused | Error::Stale { .. }),
        };
        if unused && let Err(error) = self.shelves().files.take_back(&file).await {
            tracing::warn!(%error, "a file without a row stays until the worker collects it");
        }
        done
    }

    /// Looks through a file that came in under this name, has it scanned, and keeps it; its row is still to be written.
    ///
    /// # Errors
    /// Invalid with the code of [`ahq_render::attachment::Refused`] or `infected`; [`Error::NotScanned`]; [`Error::Full`].
    pub async fn take_in(&self, name: &str, media_type: MediaType, bytes: Bytes) -> Result<Attachment, Error> {
        let shelves = self.shelves();
        let internal = |error: String| Error::Internal(error);
        let desk = Arc::clone(&shelves.desks).acquire_owned().await;
        let desk = desk.map_err(|error| internal(error.to_string()))?;
        let looked = spawn_blocking(move || {
            // It is held until this ends, also when nobody waits for it any more.
            let _desk = desk;
            let checked = ahq_render::attachment::check(media_type, bytes.to_vec());
            checked.map(|bytes| (hex::encode(Sha256::digest(&bytes)), bytes))
        });
        let looked = looked.await.map_err(|error| internal(error.to_string()))?;
        let (sha256, bytes) = looked.map_err(|refused| Refusal::invalid("", refused.code, refused.detail))?;
        if let Some(scanner) = &shelves.scanner {
            match scanner.scan(&bytes).await {
                Ok(Verdict::Clean) => {}
                Ok(Verdict::Infected) => {
                    let detail = "the scanner of the exchange found harmful software in the file";
                    return Err(Refusal::invalid("", "infected", detail).into());
                }
                Err(error) => {
                    tracing::error!(%error, "a file could not be scanned; it is refused");
                    return Err(Error::NotScanned);
                }
            }
        }
        let file = Attachment {
            id: AttachmentId::new(self.clock().now(), self.randomness()),
            name: clean_name(name, media_type),
            media_type,
            bytes: u64::try_from(bytes.len()).map_err(|error| internal(error.to_string()))?,
            sha256,
        };
        shelves.files.put(&file, bytes.into()).await?;
        Ok(file)
    }

    /// What a file holds that its caller was given.
    ///
    /// # Errors
    /// [`Error::Busy`] when it cannot be fetched now.
    pub async fn file(&self, file: &Attachment) -> Result<Bytes, Error> {
        Ok(self.shelves().files.get(file).await?)
    }

    /// Takes away the files that have lain without a row for a day: of changes that did not happen, and of drafts that are
    /// gone. Gives how many.
    ///
    /// # Errors
    /// What the tables or the files refuse.
    pub async fn collect_files(&self) -> Result<usize, Error> {
        let files = &self.shelves().files;
        let old = files.kept_before(self.clock().now() - WITHOUT_ROW).await?;
        let mut taken = 0;
        for some in old.chunks(AT_A_TIME) {
            let ids: Vec<AttachmentId> = some.iter().map(|old| old.id).collect();
            let known = self
                .read(Credentials::System, move |work| {
                    Ok(attachments::known(work.conn, &ids)?)
                })
                .await?;
            for orphan in some.iter().filter(|old| !known.contains(&old.id)) {
                files.remove(orphan).await?;
                taken += 1;
            }
        }
        Ok(taken)
    }
}

impl Work<'_> {
    /// Whether the caller may attach a file to an answer of a draft now, of so many bytes where that is to be asked.
    ///
    /// # Errors
    /// Hidden, not the own office, not an expert or coordinator, not addressed, withdrawn, declined, no such question; more or
    /// larger files than there may be.
    pub fn may_attach_to_answer(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        question: &str,
        bytes: Option<u64>,
    ) -> Result<(), Error> {
        let query = self.find_query(reference)?;
        self.may(Action::DraftResponse, Subject::Response(&query, office))?;
        query.accepts_responses(office, self.now)?;
        let question = asked(&query, question)?;
        let Some(response) = responses::find(self.conn, query.id, office)? else {
            return Ok(());
        };
        response.must_not_be_declined()?;
        match bytes {
            Some(bytes) => self.must_fit_beside(response.id, &question, bytes),
            None => Ok(()),
        }
    }

    fn must_fit_beside(&mut self, response: ResponseId, question: &Key, bytes: u64) -> Result<(), Error> {
        let drafted = attachments::of_draft(self.conn, response)?;
        let beside = drafted.iter().filter(|attached| attached.question == *question).count();
        Ok(must_fit(
            beside,
            drafted.iter().map(|attached| attached.file.bytes),
            bytes,
        )?)
    }

    /// Attaches a file that was taken in to an answer of the draft of the caller's office. Where the draft is not there yet
    /// it is begun; approval that was asked for is to be asked for again.
    ///
    /// # Errors
    /// Those of [`Work::may_attach_to_answer`]; more or larger files than there may be.
    pub fn attach_to_answer(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        question: &str,
        file: &Attachment,
    ) -> Result<(), Error> {
        let (query, response) = self.response_to_change(reference, office, Action::DraftResponse)?;
        query.accepts_responses(office, self.now)?;
        let question = asked(&query, question)?;
        let response = match response {
            Some(response) => response,
            None => self.begin_response(&query, office)?,
        };
        response.must_not_be_declined()?;
        // First its version: its row keeps twins apart, so that each counts what the other attached.
        responses::raise_version(self.conn, response.id)?;
        self.must_fit_beside(response.id, &question, file.bytes)?;
        let facts = json!({"attachment": file.id, "question": question, "mediaType": file.media_type, "bytes": file.bytes, "sha256": file.sha256});
        let place = Place::Answer {
            query: query.id,
            response: response.id,
            question,
        };
        attachments::insert(self.conn, &place, file, self.now, self.caller.user())?;
        self.record("attachment.added", subject(&query, office), facts)
    }

    /// The files beside an answer: for the own office those of the draft, for others those of the version in force, as far
    /// as they may read the answer now.
    ///
    /// # Errors
    /// As [`Work::response`]; Hidden for a question that is not there.
    pub fn answer_attachments(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        question: &str,
    ) -> Result<Vec<Attachment>, Error> {
        let detail = self.response(reference, office)?;
        let question = asked(&detail.query, question)?;
        let Some(circle) = detail.circle else {
            let drafted = attachments::of_draft(self.conn, detail.response.id)?;
            return Ok(files_of(drafted, &question));
        };
        let answers = detail.submitted.map(|submitted| submitted.answers).unwrap_or_default();
        let shown = shown(&detail.query, &answers, &question, circle);
        Ok(shown.map(|(answer, _)| answer.attachments.clone()).unwrap_or_default())
    }

    /// A file beside an answer that the caller may have: of the own office; of a version that was submitted, where the caller
    /// may read that answer of it; of a view of an edition that is for the caller.
    ///
    /// # Errors
    /// Hidden in every other case.
    pub fn answer_attachment(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        question: &str,
        id: &str,
    ) -> Result<Attachment, Error> {
        let query = self.find_query(reference)?;
        let own = self.reads_as_own(&query, office)?;
        let question = asked(&query, question)?;
        let response = responses::find(self.conn, query.id, office)?.ok_or(Refusal::Hidden)?;
        let kept = self.kept(id)?;
        let here = matches!(&kept.place, Place::Answer { response: of, question: to, .. }
            if *of == response.id && *to == question);
        self.must_be_here(here, Action::ReadAnswers, named(&kept))?;
        if own {
            return Ok(kept.file);
        }
        let reader = reach(&self.caller, &query, self.now).ok_or(Refusal::Hidden)?;
        let subject = format!("{}/attachment/{}", subject(&query, office), kept.file.id);
        let mut found = None;
        if kept.submitted && !query.held_answers(office).contains(&question) {
            found = self.in_versions(&query, &response, &question, &kept, reader)?;
            if found.is_none() {
                found = self.in_editions(&query, office, &question, &kept, reader)?;
            }
        }
        let Some(answer) = found else {
            return Err(self.note_refusal(Action::ReadAnswers, subject, Refusal::Hidden).into());
        };
        // The file is the same whichever version it stands in.
        self.note_answers(subject, [(office, 0, [answer].as_slice())], reader);
        Ok(kept.file)
    }

    /// The answer with this file in a version of a submitted response that the caller may read, in the narrower of its
    /// circle there and now.
    fn in_versions(
        &mut self,
        query: &Query,
        response: &Response,
        question: &Key,
        kept: &Kept,
        reader: Circle,
    ) -> Result<Option<Answer>, Error> {
        let readable = self.allows(Action::ReadAnswers, Subject::Response(query, &response.office));
        if response.version_in_force().is_none() || !readable {
            return Ok(None);
        }
        let present = responses::circles(self.conn, response.id)?;
        for number in (1..=response.last_version).rev() {
            let Some(mut version) = responses::version(self.conn, response.id, number)? else {
                continue;
            };
            for answer in &mut version.answers {
                if let Some(circle) = present.get(&answer.question) {
                    answer.circle = answer.circle.min(*circle);
                }
            }
            let shown = shown(query, &version.answers, question, reader);
            let found = shown.filter(|(answer, _)| answer.attachments.iter().any(|file| file.id == kept.file.id));
            if let Some((answer, circle)) = found {
                return Ok(Some(Answer {
                    circle,
                    ..answer.clone()
                }));
            }
        }
        Ok(None)
    }

    /// The answer with this file as a view in force shows it that is for the caller.
    fn in_editions(
        &mut self,
        query: &Query,
        office: &OfficeCode,
        question: &Key,
        kept: &Kept,
        reader: Circle,
    ) -> Result<Option<Answer>, Error> {
        if !self.allows(Action::ReadEdition, Subject::Query(query)) {
            return Ok(None);
        }
        let views = editions::views_of_query(self.conn, query.id)?;
        let in_force = views.into_iter().filter(|(_, number, view)| {
            view.replaced_by.is_none() && !query.is_edition_held(*number) && view.circle.reaches(reader)
        });
        for (edition, _, view) in in_force {
            let Some(body) = editions::body(self.conn, edition, view.circle)? else {
                continue;
            };
            let found = listed(&body, kept.file.id)?;
            if let Some((of, answer)) = found
                && of == *office
                && answer.question == *question
            {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    fn kept(&mut self, id: &str) -> Result<Kept, Error> {
        let id: AttachmentId = id.parse().map_err(|_| Refusal::Hidden)?;
        Ok(attachments::find(self.conn, id)?.ok_or(Refusal::Hidden)?)
    }

    /// Takes a file out of the draft of the caller's office; versions that name it keep it.
    ///
    /// # Errors
    /// Hidden when it does not stand in the draft; not the own office, not addressed, withdrawn, declined.
    pub fn detach_from_answer(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        question: &str,
        id: &str,
    ) -> Result<(), Error> {
        let (query, response) = self.response_to_change(reference, office, Action::DraftResponse)?;
        let response = response.ok_or(Refusal::Hidden)?;
        query.accepts_responses(office, self.now)?;
        response.must_not_be_declined()?;
        let question = asked(&query, question)?;
        let kept = self.kept(id)?;
        let here = matches!(&kept.place, Place::Answer { response: of, question: to, .. }
            if *of == response.id && *to == question);
        self.must_be_here(here && kept.drafted, Action::DraftResponse, named(&kept))?;
        attachments::remove(self.conn, &kept, self.now)?;
        responses::raise_version(self.conn, response.id)?;
        let facts = json!({"attachment": kept.file.id, "question": question});
        self.record("attachment.removed", subject(&query, office), facts)
    }

    /// Whether the caller may attach a file to a query now, of so many bytes where that is to be asked.
    ///
    /// # Errors
    /// Hidden, not a requester's expert or coordinator, launched; more or larger files than there may be.
    pub fn may_attach_to_query(&mut self, reference: &QueryRef, bytes: Option<u64>) -> Result<(), Error> {
        let query = self.find_query(reference)?;
        self.may(Action::EditQuery, Subject::Query(&query))?;
        query.must_be_draft()?;
        if let Some(bytes) = bytes {
            let beside = attachments::of_query(self.conn, query.id)?;
            must_fit(beside.len(), beside.iter().map(|file| file.bytes), bytes)?;
        }
        Ok(())
    }

    /// Attaches a file that was taken in to a draft query.
    ///
    /// # Errors
    /// Those of [`Work::may_attach_to_query`]; more or larger files than there may be.
    pub fn attach_to_query(&mut self, reference: &QueryRef, file: &Attachment) -> Result<(), Error> {
        let query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::EditQuery, Subject::Query(&query))?;
        query.must_be_draft()?;
        let beside = attachments::of_query(self.conn, query.id)?;
        must_fit(beside.len(), beside.iter().map(|file| file.bytes), file.bytes)?;
        attachments::insert(self.conn, &Place::Query(query.id), file, self.now, self.caller.user())?;
        let facts =
            json!({"attachment": file.id, "mediaType": file.media_type, "bytes": file.bytes, "sha256": file.sha256});
        self.record("attachment.added", format!("query/{}", query.id), facts)
    }

    /// The files beside a query.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller.
    pub fn query_attachments(&mut self, reference: &QueryRef) -> Result<Vec<Attachment>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadQuery, Subject::Query(&query))?;
        Ok(attachments::of_query(self.conn, query.id)?)
    }

    /// A file beside a query.
    ///
    /// # Errors
    /// Hidden when the query, or the file, is not there for the caller.
    pub fn query_attachment(&mut self, reference: &QueryRef, id: &str) -> Result<Attachment, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadQuery, Subject::Query(&query))?;
        let kept = self.kept(id)?;
        self.must_be_here(kept.place == Place::Query(query.id), Action::ReadQuery, named(&kept))?;
        Ok(kept.file)
    }

    /// Takes a file off a draft query.
    ///
    /// # Errors
    /// Hidden when it is not there; not a requester's expert or coordinator, launched.
    pub fn detach_from_query(&mut self, reference: &QueryRef, id: &str) -> Result<(), Error> {
        let query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::EditQuery, Subject::Query(&query))?;
        query.must_be_draft()?;
        let kept = self.kept(id)?;
        self.must_be_here(kept.place == Place::Query(query.id), Action::EditQuery, named(&kept))?;
        attachments::remove(self.conn, &kept, self.now)?;
        let facts = json!({"attachment": kept.file.id});
        self.record("attachment.removed", format!("query/{}", query.id), facts)
    }

    /// A file that the public view in force of a published query lists, for everybody.
    ///
    /// # Errors
    /// Hidden in every other case.
    pub fn public_attachment(&mut self, reference: &QueryRef, id: &str) -> Result<Attachment, Error> {
        let query = self.public_query(reference)?;
        let kept = self.kept(id)?;
        let Life::Launched(launched) = &query.life else {
            return Err(Refusal::Hidden.into());
        };
        let edition = launched.publication(self.now).ok_or(Refusal::Hidden)?.edition;
        let body = editions::body(self.conn, edition, Circle::Public)?.ok_or(Refusal::Hidden)?;
        let (office, answer) = listed(&body, kept.file.id)?.ok_or(Refusal::Hidden)?;
        if query.held_answers(&office).contains(&answer.question) {
            return Err(Refusal::Hidden.into());
        }
        Ok(kept.file)
    }

    /// Puts the files of a draft beside its answers.
    pub(crate) fn show_files(&mut self, response: ResponseId, draft: &mut [DraftAnswer]) -> Result<(), Error> {
        for Attached { question, file } in attachments::of_draft(self.conn, response)? {
            if let Some(drafted) = draft.iter_mut().find(|drafted| drafted.answer.question == question) {
                drafted.answer.attachments.push(file);
            }
        }
        Ok(())
    }
}

/// The question with this id.
fn asked(query: &Query, question: &str) -> Result<Key, Refusal> {
    let asked = query.questions.iter().find(|asked| asked.id.as_str() == question);
    Ok(asked.ok_or(Refusal::Hidden)?.id.clone())
}

fn files_of(drafted: Vec<Attached>, question: &Key) -> Vec<Attachment> {
    let of_question = drafted.into_iter().filter(|attached| attached.question == *question);
    of_question.map(|attached| attached.file).collect()
}

/// The name of a file in the audit, wherever it stands.
fn named(kept: &Kept) -> String {
    format!("attachment/{}", kept.file.id)
}

/// The answer to a question, where a reader of this circle may see it.
fn shown<'a>(query: &Query, answers: &'a [Answer], question: &Key, reader: Circle) -> Option<(&'a Answer, Circle)> {
    let circle = row_circles(&query.questions, answers).get(question).copied()?;
    let answer = answers.iter().find(|answer| answer.question == *question)?;
    circle.reaches(reader).then_some((answer, circle))
}

/// Whose answer a view lists a file beside, as the trail needs to know it.
fn listed(body: &str, id: AttachmentId) -> Result<Option<(OfficeCode, Answer)>, Error> {
    // Most views name other files, or none: they need no reading.
    if !body.contains(&id.to_string()) {
        return Ok(None);
    }
    let View { responses, .. } = parse_view(body)?;
    let mut rows = responses
        .into_iter()
        .flat_map(|response| response.rows.into_iter().map(move |row| (response.office.clone(), row)));
    let found = rows.find(|(_, row)| row.attachments.iter().any(|file| file.id == id));
    Ok(found.and_then(|(office, row)| {
        let answer = Answer {
            question: row.question,
            revision: 1,
            circle: row.circle?,
            ground: None,
            as_of: None,
            sources: Vec::new(),
            attachments: row.attachments,
            content: row.content?,
        };
        Some((office, answer))
    }))
}
