//! Responses: drafted, submitted, retracted, declined, narrowed or widened, and read.

mod confirmation;
mod drafts;

pub(crate) use drafts::parse_answers;

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::answer::Answer;
use ahq_domain::approval::Approval;
use ahq_domain::attachment::{Attached, attach};
use ahq_domain::clock::Instant;
use ahq_domain::compilation::Submitted;
use ahq_domain::correction::given_to_earlier;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::ResponseId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject, is_shared, reach};
use ahq_domain::query::Query;
use ahq_domain::question::Key;
use ahq_domain::refusal::{Faults, Refusal};
use ahq_domain::response::{Position, Response, Version, check_complete};
use ahq_store::queries::{Lock, QueryRef};
pub use ahq_store::responses::DraftAnswer;
use ahq_store::{attachments, editions, offices, responses};
use serde_json::json;

use crate::delivery::circle_of;
use crate::editions::Narrowed;
use crate::error::Error;
use crate::outgoing::Note;
use crate::queries::parse_reason;
use crate::work::{Work, must_be_version};

/// A response as its own office reads it: what was submitted, and the draft beside it.
#[derive(Debug, Clone)]
pub struct ResponseDetail {
    /// The query.
    pub query: Query,
    /// The response.
    pub response: Response,
    /// The answers of the version in force, as far as the caller may read them; none before the first.
    pub submitted: Option<Submitted>,
    /// The circle the caller reads it in; none for its own office, which reads everything.
    pub circle: Option<Circle>,
    /// The questions whose answers are suspended and not among those given; none for its own office.
    pub suspended: BTreeSet<Key>,
    /// The draft; for the own office only.
    pub draft: Option<Vec<DraftAnswer>>,
    /// Whether it needs approval before it is submitted; for the own office only.
    pub approval: Option<Approval>,
    /// What the caller may do with it now.
    pub actions: Vec<&'static str>,
}

/// A version of a response, as its caller reads it.
#[derive(Debug, Clone)]
pub struct VersionDetail {
    /// The query.
    pub query: Query,
    /// The version, with the answers that are not suspended.
    pub version: Version,
    /// The circle the caller reads it in; none for its own office.
    pub circle: Option<Circle>,
    /// The questions whose answers are suspended; none for its own office.
    pub suspended: BTreeSet<Key>,
}

/// The responses to a query, as its caller reads them.
#[derive(Debug, Clone)]
pub struct ResponseList {
    /// The query.
    pub query: Query,
    /// Each response, with its submitted answers where the caller may read them now.
    pub items: Vec<(Response, Option<Submitted>)>,
    /// The circle the caller reads in.
    pub circle: Circle,
    /// The caller's own office, which reads all of its own.
    pub own: Option<OfficeCode>,
}

impl Work<'_> {
    fn own_response(&mut self, query: &Query, office: &OfficeCode) -> Result<Option<Response>, Error> {
        Ok(responses::find(self.conn, query.id, office)?)
    }

    /// All responses to a query, answers within the caller's circle: for the requesters and the Commission at once,
    /// for the rest of the audience from the first edition on.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller.
    pub fn list_responses(&mut self, reference: &QueryRef) -> Result<ResponseList, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadAnswers, Subject::Query(&query))?;
        let circle = reach(&self.caller, &query, self.now).ok_or(Refusal::Hidden)?;
        let own = self.caller.party().map(|party| party.office.clone());
        let items: Vec<_> = responses::with_answers(self.conn, query.id)?
            .into_iter()
            .filter(|(response, _)| {
                own.as_ref() == Some(&response.office) || !matches!(response.position, Position::Drafting { .. })
            })
            .map(|(response, submitted)| {
                let readable = own.as_ref() == Some(&response.office)
                    || circle == Circle::Requester
                    || is_shared(&query, &response.office);
                let mut submitted = submitted.filter(|_| readable);
                if own.as_ref() != Some(&response.office)
                    && let Some(submitted) = &mut submitted
                {
                    let held = query.held_answers(&response.office);
                    submitted.answers.retain(|answer| !held.contains(&answer.question));
                }
                (response, submitted)
            })
            .collect();
        let shown = items.iter().filter_map(|(response, submitted)| {
            let submitted = submitted.as_ref()?;
            Some((&response.office, response.last_version, submitted.answers.as_slice()))
        });
        self.note_answers(format!("query/{}", query.id), shown, circle);
        Ok(ResponseList {
            query,
            items,
            circle,
            own,
        })
    }

    /// One response.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller or the office has not answered; forbidden while the answers
    /// are not yet for the caller.
    pub fn response(&mut self, reference: &QueryRef, office: &OfficeCode) -> Result<ResponseDetail, Error> {
        let detail = self.readable_response(reference, office)?;
        if let (Some(circle), Some(submitted)) = (detail.circle, &detail.submitted) {
            let shown = [(office, detail.response.last_version, submitted.answers.as_slice())];
            self.note_answers(subject(&detail.query, office), shown, circle);
        }
        Ok(detail)
    }

    /// Whether the caller comes to a response as its own office, which reads its draft; others need to read the query.
    pub(crate) fn reads_as_own(&self, query: &Query, office: &OfficeCode) -> Result<bool, Refusal> {
        let own = self.caller.party().is_some_and(|party| party.office == *office);
        match own {
            true => self.may(Action::ReadDraftResponse, Subject::Response(query, office))?,
            false => self.may(Action::ReadQuery, Subject::Query(query))?,
        }
        Ok(own)
    }

    /// The same, before its answers are shown.
    fn readable_response(&mut self, reference: &QueryRef, office: &OfficeCode) -> Result<ResponseDetail, Error> {
        let query = self.find_query(reference)?;
        let own = self.reads_as_own(&query, office)?;
        let response = self.own_response(&query, office)?.ok_or(Refusal::Hidden)?;
        if !own {
            if let Position::Drafting { .. } = response.position {
                let hidden = self.note_refusal(Action::ReadDraftResponse, subject(&query, office), Refusal::Hidden);
                return Err(hidden.into());
            }
            self.may(Action::ReadAnswers, Subject::Response(&query, office))?;
        }
        self.response_detail(query, response)
    }

    pub(crate) fn response_detail(&mut self, query: Query, response: Response) -> Result<ResponseDetail, Error> {
        let own = self.caller.party().is_some_and(|party| party.office == response.office);
        let mut submitted = responses::in_force(self.conn, &response)?;
        let suspended = if own {
            BTreeSet::new()
        } else {
            query.held_answers(&response.office)
        };
        if let Some(submitted) = &mut submitted {
            submitted.answers.retain(|answer| !suspended.contains(&answer.question));
        }
        let mut draft = if own {
            let mut draft = responses::draft(self.conn, response.id)?;
            self.show_files(response.id, &mut draft)?;
            Some(draft)
        } else {
            None
        };
        let mut response = response;
        self.hide_persons(&query, draft.iter_mut().flatten());
        if self.hides_persons(&query)
            && let Some(asked) = &mut response.asked
        {
            asked.by = None;
        }
        let circle = if own {
            None
        } else {
            reach(&self.caller, &query, self.now)
        };
        let approval = match own {
            true => Some(self.approval(&response.office)?),
            false => None,
        };
        let actions = self.response_actions(
            &query,
            &response,
            approval.unwrap_or(Approval::Off),
            submitted.as_ref(),
            draft.as_deref(),
        );
        // A program that only submits is not shown what it may not read.
        let reads = self.allows(Action::ReadDraftResponse, Subject::Response(&query, &response.office));
        Ok(ResponseDetail {
            actions,
            draft: draft.filter(|_| reads),
            approval: approval.filter(|_| reads),
            query,
            response,
            submitted,
            circle,
            suspended,
        })
    }

    fn response_actions(
        &self,
        query: &Query,
        response: &Response,
        rule: Approval,
        in_force: Option<&Submitted>,
        draft: Option<&[DraftAnswer]>,
    ) -> Vec<&'static str> {
        let drafted;
        let standing = match in_force {
            Some(submitted) => submitted.answers.as_slice(),
            None => {
                drafted = answers_of(draft.unwrap_or_default());
                drafted.as_slice()
            }
        };
        let earlier = !given_to_earlier(&query.questions, standing).is_empty();
        let accepts = query.accepts_responses(&response.office, self.now).is_ok();
        let submitted = response.version_in_force().is_some();
        let declined = matches!(response.position, Position::Declined { .. });
        let asks = rule == Approval::InForce && response.asked.is_none();
        let approved = response.must_be_approved(rule, self.caller.user()).is_ok();
        [
            ("change", Action::DraftResponse, accepts && !declined),
            ("askForApproval", Action::DraftResponse, accepts && !declined && asks),
            ("submit", Action::ReleaseResponse, accepts && !declined && approved),
            ("decline", Action::ReleaseResponse, accepts && !declined && !submitted),
            ("confirm", Action::ReleaseResponse, accepts && !declined && earlier),
            ("resume", Action::ReleaseResponse, accepts && declined),
            ("retract", Action::ReleaseResponse, submitted),
            ("changeCircle", Action::ChangeCircle, response.last_version > 0),
        ]
        .into_iter()
        .filter(|(_, action, possible)| *possible && self.allows(*action, Subject::Response(query, &response.office)))
        .map(|(word, _, _)| word)
        .collect()
    }

    /// The query and the response of `office` for a change by that office; a response that is not there yet is made.
    pub(crate) fn response_to_change(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        action: Action,
    ) -> Result<(Query, Option<Response>), Error> {
        let query = self.query_to_change(reference, Lock::Shared)?;
        self.may(action, Subject::Response(&query, office))?;
        let response = self.own_response(&query, office)?;
        Ok((query, response))
    }

    pub(crate) fn begin_response(&mut self, query: &Query, office: &OfficeCode) -> Result<Response, Error> {
        let response = Response {
            id: ResponseId::new(self.now, self.randomness),
            query: query.id,
            office: office.clone(),
            version: 0,
            position: Position::Drafting { retracted: None },
            last_version: 0,
            first_submitted: None,
            late: false,
            asked: None,
        };
        responses::insert(self.conn, &response)?;
        Ok(response)
    }

    pub(crate) fn keep_response(&mut self, response: &mut Response) -> Result<(), Error> {
        response.version += 1;
        Ok(responses::update(self.conn, response)?)
    }

    /// What stands in the way of submitting the draft now; nothing when it would go through.
    ///
    /// # Errors
    /// The same as [`Work::submit_response`].
    pub fn check_submission(&mut self, reference: &QueryRef, office: &OfficeCode) -> Result<(), Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReleaseResponse, Subject::Response(&query, office))?;
        query.accepts_responses(office, self.now)?;
        let response = self.own_response(&query, office)?.ok_or_else(no_draft)?;
        response.must_not_be_declined()?;
        let rule = self.approval(office)?;
        response.must_be_approved(rule, self.caller.user())?;
        let mut answers = self.draft_answers(response.id)?;
        let attached = attachments::of_draft(self.conn, response.id)?;
        Ok(complete(&query, &mut answers, attached)?)
    }

    /// Submits the draft as the next version. The first one decides whether the response is late. An amendment that
    /// narrows an answer acts at once on every edition that is now too wide.
    ///
    /// # Errors
    /// Stale, incomplete (all faults at once), no draft, not approved, not addressed, withdrawn, not a coordinator.
    pub fn submit_response(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        expected: i64,
    ) -> Result<ResponseDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Shared)?;
        self.may(Action::ReleaseResponse, Subject::Response(&query, office))?;
        let found = responses::find_with_settings(self.conn, query.id, office)?;
        let (mut response, settings) = found.ok_or_else(no_draft)?;
        must_be_version(response.version, expected)?;
        query.accepts_responses(office, self.now)?;
        let rule = self.approval_with(office, settings)?;
        response.must_be_approved(rule, self.caller.user())?;
        let mut before = BTreeMap::new();
        if response.last_version > 0 && query.launched().is_some_and(|launched| launched.last_edition.is_some()) {
            // An amendment may narrow what stands in editions: nothing is compiled or published meanwhile.
            query = self.query_to_change(reference, Lock::Exclusive)?;
            before = responses::circles(self.conn, response.id)?;
        }
        let mut draft = responses::draft(self.conn, response.id)?;
        let mut answers = answers_of(&draft);
        let attached = attachments::of_draft(self.conn, response.id)?;
        let has_files = !attached.is_empty();
        complete(&query, &mut answers, attached)?;
        if has_files {
            attachments::submit(self.conn, response.id)?;
            for (drafted, answer) in draft.iter_mut().zip(&answers) {
                drafted.answer.attachments.clone_from(&answer.attachments);
            }
        }
        let number = response.submit(&query, &answers, self.now)?;
        let version = Version {
            number,
            at: self.now,
            by: self.caller.user(),
            answers,
        };
        responses::insert_version(self.conn, response.id, &version)?;
        response.version += 1;
        let circles = circles(&version.answers);
        responses::update_with_circles(self.conn, &response, &circles)?;
        let approved = rule == Approval::InForce;
        let facts = json!({"version": number, "late": response.late, "approved": approved});
        self.record("response.submitted", subject(&query, office), facts)?;
        self.narrow_editions(&mut query, office, &narrowed(&before, &circles))?;
        self.tell_requesters(&query, &response)?;
        // What was just written needs no reading.
        let submitted = Submitted {
            office: office.clone(),
            version: number,
            at: version.at,
            late: response.late,
            answers: version.answers,
        };
        self.hide_persons(&query, &mut draft);
        let reads = self.allows(Action::ReadDraftResponse, Subject::Response(&query, office));
        Ok(ResponseDetail {
            actions: self.response_actions(&query, &response, rule, Some(&submitted), None),
            submitted: Some(submitted),
            query,
            response,
            circle: None,
            suspended: BTreeSet::new(),
            draft: reads.then_some(draft),
            approval: reads.then_some(rule),
        })
    }

    /// Takes a submitted response back to drafting: it leaves every later edition, and those who may have read an
    /// edition with it are told.
    ///
    /// # Errors
    /// Stale, not submitted, no note, not a coordinator.
    pub fn retract_response(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        expected: i64,
        note: &str,
    ) -> Result<ResponseDetail, Error> {
        let (query, response) = self.response_to_change(reference, office, Action::ReleaseResponse)?;
        let mut response = response.ok_or(Refusal::Hidden)?;
        must_be_version(response.version, expected)?;
        response.retract(parse_reason(note)?, self.now)?;
        self.keep_response(&mut response)?;
        self.record("response.retracted", subject(&query, office), json!({}))?;
        let editions = editions::list(self.conn, query.id)?;
        let mut parts = editions.iter().flat_map(|edition| &edition.composition);
        if parts.any(|part| part.office == *office) {
            let mut told = self.readers_of_editions(&query)?;
            told.retain(|reader| reader != office);
            self.tell(&query, &told, &Note::Retraction { office: office.clone() })?;
        }
        self.response_detail(query, response)
    }

    /// Says that the office will not answer, and why.
    ///
    /// # Errors
    /// Stale, submitted or declined already, no reason, not addressed, not a coordinator.
    pub fn decline_response(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        expected: Option<i64>,
        reason: &str,
    ) -> Result<ResponseDetail, Error> {
        let (query, response) = self.response_to_change(reference, office, Action::ReleaseResponse)?;
        let reason = parse_reason(reason)?;
        query.accepts_responses(office, self.now)?;
        let mut response = self.expect_response(&query, office, response, expected)?;
        response.decline(&query, reason, self.now)?;
        self.keep_response(&mut response)?;
        self.record("response.declined", subject(&query, office), json!({}))?;
        self.response_detail(query, response)
    }

    /// Takes a declined response back to drafting.
    ///
    /// # Errors
    /// Stale, not declined, not a coordinator.
    pub fn resume_response(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        expected: i64,
    ) -> Result<ResponseDetail, Error> {
        let (query, response) = self.response_to_change(reference, office, Action::ReleaseResponse)?;
        let mut response = response.ok_or(Refusal::Hidden)?;
        must_be_version(response.version, expected)?;
        response.resume(&query, self.now)?;
        self.keep_response(&mut response)?;
        self.record("response.resumed", subject(&query, office), json!({}))?;
        self.response_detail(query, response)
    }

    /// Changes how far submitted answers go; none of `questions` means all of them. Narrowing acts at once on every
    /// edition that is now too wide.
    ///
    /// # Errors
    /// Stale, nothing submitted, no such answer, not a coordinator.
    pub fn change_circles(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        expected: i64,
        circle: Circle,
        questions: Option<Vec<String>>,
    ) -> Result<ResponseDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::ChangeCircle, Subject::Response(&query, office))?;
        let mut response = self.own_response(&query, office)?.ok_or(Refusal::Hidden)?;
        must_be_version(response.version, expected)?;
        // What was retracted stands in earlier editions still.
        if response.last_version == 0 {
            return Err(Refusal::conflict("not_submitted", "only submitted answers have a circle to change").into());
        }
        let before = responses::circles(self.conn, response.id)?;
        let chosen = chosen(&before, questions)?;
        let mut circles = before.clone();
        circles.extend(chosen.iter().map(|key| (key.clone(), circle)));
        let narrowed = narrowed(&before, &circles);
        responses::set_circles(self.conn, response.id, &circles)?;
        self.change_draft_circles(&mut response, &chosen, circle)?;
        self.keep_response(&mut response)?;
        let facts = json!({"circle": circle, "questions": chosen, "narrowed": narrowed.keys().collect::<Vec<_>>()});
        self.record("response.circle_changed", subject(&query, office), facts)?;
        self.narrow_editions(&mut query, office, &narrowed)?;
        self.response_detail(query, response)
    }

    /// The draft keeps step, so that the next version does not undo a change of circle by oversight.
    fn change_draft_circles(&mut self, response: &mut Response, chosen: &[Key], circle: Circle) -> Result<(), Error> {
        let mut draft = self.draft_answers(response.id)?;
        let mut changed = false;
        for answer in draft.iter_mut().filter(|answer| chosen.contains(&answer.question)) {
            changed |= answer.circle != circle;
            answer.circle = circle;
        }
        if !changed {
            return Ok(());
        }
        response.edited();
        Ok(responses::replace_draft(
            self.conn,
            response.id,
            &draft,
            self.now,
            self.caller.user(),
        )?)
    }

    /// The versions of a response: number and time. The own office, the requesters and the Commission read them
    /// at once, the rest of the audience from the first edition on.
    ///
    /// # Errors
    /// As [`Work::response`].
    pub fn versions(&mut self, reference: &QueryRef, office: &OfficeCode) -> Result<Vec<(i32, Instant)>, Error> {
        let detail = self.readable_response(reference, office)?;
        Ok(responses::versions(self.conn, detail.response.id)?)
    }

    /// One version, each answer in the narrower of its own and its present circle.
    ///
    /// # Errors
    /// As [`Work::response`], and Hidden for a version that is not there.
    pub fn version(&mut self, reference: &QueryRef, office: &OfficeCode, number: i32) -> Result<VersionDetail, Error> {
        let detail = self.readable_response(reference, office)?;
        let mut version = responses::version(self.conn, detail.response.id, number)?.ok_or(Refusal::Hidden)?;
        let present = responses::circles(self.conn, detail.response.id)?;
        version
            .answers
            .retain(|answer| !detail.suspended.contains(&answer.question));
        for answer in &mut version.answers {
            if let Some(circle) = present.get(&answer.question) {
                answer.circle = answer.circle.min(*circle);
            }
        }
        if let Some(circle) = detail.circle {
            let shown = [(office, number, version.answers.as_slice())];
            let subject = format!("{}/version/{number}", subject(&detail.query, office));
            self.note_answers(subject, shown, circle);
        }
        Ok(VersionDetail {
            query: detail.query,
            version,
            circle: detail.circle,
            suspended: detail.suspended,
        })
    }

    /// Tells the requesters of a version that was just submitted: at once where it came late, else in their digest.
    fn tell_requesters(&mut self, query: &Query, response: &Response) -> Result<(), Error> {
        let mut told: Vec<OfficeCode> = query.requesters().cloned().collect();
        told.retain(|office| *office != response.office);
        let note = if response.late && response.last_version == 1 {
            Note::LateResponse {
                office: response.office.clone(),
            }
        } else {
            Note::ResponseReceived {
                office: response.office.clone(),
                version: response.last_version,
            }
        };
        self.tell(query, &told, &note)
    }

    /// Offices that may have read an edition as one of the network: the requesters, the Commission, the service provider and
    /// the whole audience, also who was not asked.
    pub(crate) fn readers_of_editions(&mut self, query: &Query) -> Result<Vec<OfficeCode>, Error> {
        let offices = offices::all(self.conn)?;
        Ok(offices
            .iter()
            .filter(|office| circle_of(office, query, self.now).is_some_and(|circle| circle != Circle::Public))
            .map(|office| office.code.clone())
            .collect())
    }
}

pub(crate) fn subject(query: &Query, office: &OfficeCode) -> String {
    format!("query/{}/response/{office}", query.id)
}

fn answers_of(draft: &[DraftAnswer]) -> Vec<Answer> {
    draft.iter().map(|drafted| drafted.answer.clone()).collect()
}

pub(crate) fn no_draft() -> Refusal {
    Refusal::conflict("no_draft", "there is no draft to submit: save one first")
}

/// Checks a whole response before it is submitted, and puts the files of the draft beside its answers.
fn complete(query: &Query, answers: &mut [Answer], attached: Vec<Attached>) -> Result<(), Faults> {
    let mut faults = Faults::new();
    if let Err(found) = check_complete(&query.questions, answers) {
        faults.add_below("", found);
    }
    if let Err(found) = attach(answers, attached) {
        faults.add_below("", found);
    }
    faults.or(())
}

fn circles(answers: &[Answer]) -> BTreeMap<Key, Circle> {
    answers
        .iter()
        .map(|answer| (answer.question.clone(), answer.circle))
        .collect()
}

/// The answers that go less far than before.
fn narrowed(before: &BTreeMap<Key, Circle>, now: &BTreeMap<Key, Circle>) -> Narrowed {
    now.iter()
        .filter(|(key, circle)| before.get(*key).is_some_and(|before| *circle < before))
        .map(|(key, circle)| (key.clone(), *circle))
        .collect()
}

/// The answers meant: the named ones, or all.
fn chosen(circles: &BTreeMap<Key, Circle>, questions: Option<Vec<String>>) -> Result<Vec<Key>, Faults> {
    let Some(questions) = questions else {
        return Ok(circles.keys().cloned().collect());
    };
    let mut faults = Faults::new();
    let mut keys = Vec::new();
    for (index, question) in questions.iter().enumerate() {
        match Key::parse(question).filter(|key| circles.contains_key(key)) {
            Some(key) => keys.push(key),
            None => faults.add(
                format!("/questions/{index}"),
                "unknown_question",
                "no submitted answer belongs to a question with this id",
            ),
        }
    }
    faults.or(keys)
}
