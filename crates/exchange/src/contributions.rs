//! Contributions: asked for by a contact point, put in by an expert outside who holds a link, merged into the draft.
//!
//! Nothing of them leaves the office: no list, digest or delivery of anybody else tells of one.

use ahq_domain::answer::AnswerInput;
use ahq_domain::calendar::Calendar;
use ahq_domain::clock::written_date;
use ahq_domain::compilation::requesters_line;
use ahq_domain::contribution::{Ask, AskInput, Contribution, ContributionStatus, MOST, Position, merged};
use ahq_domain::id::{ContributionId, QueryId, UserId};
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Caller, Subject};
use ahq_domain::query::Query;
use ahq_domain::question::Question;
use ahq_domain::refusal::Refusal;
use ahq_store::outbox::{self, OutboxStatus};
use ahq_store::queries::{self, QueryRef};
use ahq_store::responses::Contributed;
use ahq_store::{contributions, holidays, notifications, offices, responses};
use serde_json::json;

use crate::error::Error;
use crate::keys::hash_secret;
use crate::outgoing::{Note, reads_mail};
use crate::queries::parse_reason;
use crate::responses::{ResponseDetail, parse_answers, subject};
use crate::retention::BLOCKED;
use crate::work::{Work, must_be_version};

/// A contribution as the office that asked reads it.
#[derive(Debug, Clone)]
pub struct ContributionDetail {
    /// The contribution.
    pub contribution: Contribution,
    /// Where it stands.
    pub status: ContributionStatus,
    /// Where the mail with the link stands.
    pub mail: Option<OutboxStatus>,
    /// What is to be known about its inner deadline.
    pub warnings: Vec<String>,
    /// What the caller may do with it now.
    pub actions: Vec<&'static str>,
}

/// A contribution as whoever holds its link reads it: the query, those questions, and what has been put in.
#[derive(Debug, Clone)]
pub struct ContributionForm {
    /// The contribution.
    pub contribution: Contribution,
    /// Where it stands.
    pub status: ContributionStatus,
    /// The number of the query.
    pub number: Option<String>,
    /// Its title.
    pub title: String,
    /// What it is about and why.
    pub background: Option<String>,
    /// Who requests it, as in a sentence.
    pub requested_by: String,
    /// Who asks for the contribution, as in a sentence.
    pub office: String,
    /// The questions with their numbers.
    pub questions: Vec<(usize, Question)>,
    /// What may be done with it now.
    pub actions: Vec<&'static str>,
}

impl Work<'_> {
    /// Asks an expert outside for answers to some questions; the link goes by mail.
    ///
    /// # Errors
    /// All faults of the input at once; not addressed, withdrawn, declined; not an expert or coordinator of the office;
    /// Conflict `too_many_contributions`.
    pub fn ask_contribution(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        input: AskInput,
    ) -> Result<ContributionDetail, Error> {
        let (query, response) = self.response_to_change(reference, office, Action::DraftResponse)?;
        query.accepts_responses(office, self.now)?;
        if let Some(response) = response {
            response.must_not_be_declined()?;
        }
        let ask = Ask::parse(input, &query, self.today())?;
        if contributions::of_office(self.conn, query.id, office)?.len() >= MOST {
            let detail = format!("an office asks for at most {MOST} contributions to a query");
            return Err(Refusal::conflict("too_many_contributions", detail).into());
        }
        let id = ContributionId::new(self.now, self.randomness);
        let note = Note::ContributionAsked { contribution: id };
        let entry = self.entry(None, office.clone(), None, &note, self.now)?;
        let contribution = Contribution {
            id,
            query: query.id,
            office: office.clone(),
            version: 1,
            email: ask.email,
            name: ask.name,
            questions: ask.questions,
            reply_by: ask.reply_by,
            note: ask.note,
            asked: self.now,
            asked_by: self.caller.user(),
            message: entry.id,
            position: Position::Asked,
            revoked: None,
            answers: Vec::new(),
        };
        outbox::put_all(self.conn, std::slice::from_ref(&entry))?;
        contributions::insert(self.conn, &contribution, &hash_secret(&self.keys.link_secret(entry.id)))?;
        let facts = json!({"questions": contribution.questions, "replyBy": contribution.reply_by});
        self.record("contribution.asked", of(&query, &contribution), facts)?;
        let calendar = holidays::calendar(self.conn, office)?;
        Ok(self.contribution_detail(&query, contribution, Some(OutboxStatus::Waiting), &calendar))
    }

    /// What the office asked for, in that order.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller; another office, no role in one's own.
    pub fn list_contributions(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
    ) -> Result<Vec<ContributionDetail>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadDraftResponse, Subject::Response(&query, office))?;
        let calendar = holidays::calendar(self.conn, office)?;
        let asked = contributions::of_office(self.conn, query.id, office)?;
        let messages: Vec<_> = asked.iter().map(|contribution| contribution.message).collect();
        let mails = outbox::statuses(self.conn, &messages)?;
        Ok(asked
            .into_iter()
            .map(|contribution| {
                let mail = mails.get(&contribution.message).copied();
                self.contribution_detail(&query, contribution, mail, &calendar)
            })
            .collect())
    }

    fn contribution_detail(
        &self,
        query: &Query,
        contribution: Contribution,
        mail: Option<OutboxStatus>,
        calendar: &Calendar,
    ) -> ContributionDetail {
        let mut contribution = contribution;
        if self.hides_persons(query) {
            BLOCKED.clone_into(&mut contribution.email);
            (contribution.name, contribution.note, contribution.asked_by) = (None, None, None);
            if let Position::Declined { reason, .. } = &mut contribution.position {
                BLOCKED.clone_into(reason);
            }
        }
        let office = &contribution.office;
        let drafts = self.allows(Action::DraftResponse, Subject::Response(query, office));
        let accepts = query.accepts_responses(office, self.now).is_ok();
        let actions = [
            ("merge", accepts && !contribution.proposals().is_empty()),
            ("revoke", contribution.is_open(self.now)),
        ];
        ContributionDetail {
            status: contribution.status(self.now),
            warnings: warnings(query, &contribution, calendar),
            actions: actions
                .into_iter()
                .filter(|(_, possible)| *possible && drafts)
                .map(|(word, _)| word)
                .collect(),
            contribution,
            mail,
        }
    }

    fn contribution_of(&mut self, query: QueryId, office: &OfficeCode, id: &str) -> Result<Contribution, Error> {
        let id = id.parse::<ContributionId>().map_err(|_| Refusal::Hidden)?;
        let found = contributions::find(self.conn, id)?.ok_or(Refusal::Hidden)?;
        let here = found.query == query && found.office == *office;
        self.must_be_here(here, Action::ReadDraftResponse, format!("contribution/{id}"))?;
        Ok(found)
    }

    /// Ends a link at once. What was handed in stays with the office.
    ///
    /// # Errors
    /// Hidden when the office has no such contribution; not an expert or coordinator of the office; Conflict
    /// `already_revoked`.
    pub fn revoke_contribution(&mut self, reference: &QueryRef, office: &OfficeCode, id: &str) -> Result<(), Error> {
        let query = self.find_query(reference)?;
        self.may(Action::DraftResponse, Subject::Response(&query, office))?;
        let mut contribution = self.contribution_of(query.id, office, id)?;
        contribution.revoke(self.now)?;
        contributions::revoke(self.conn, contribution.id, self.now)?;
        self.record("contribution.revoked", of(&query, &contribution), json!({}))
    }

    /// Puts proposals into the draft of the office, with who made them. `expected` is the version of the response; none
    /// begins it.
    ///
    /// # Errors
    /// Stale, not handed in, questions without a proposal (all faults at once), declined, not addressed, withdrawn, not an
    /// expert or coordinator of the office.
    pub fn merge_contribution(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        id: &str,
        expected: Option<i64>,
        questions: &[String],
    ) -> Result<ResponseDetail, Error> {
        let (query, response) = self.response_to_change(reference, office, Action::DraftResponse)?;
        let contribution = self.contribution_of(query.id, office, id)?;
        query.accepts_responses(office, self.now)?;
        let mut response = self.expect_response(&query, office, response, expected)?;
        response.must_not_be_declined()?;
        let chosen = contribution.chosen(questions)?;
        let Position::Returned { at } = contribution.position else {
            return Err(Refusal::Hidden.into());
        };
        let contributed = Contributed {
            by: contribution.contributor().to_owned(),
            at,
        };
        let draft = responses::draft(self.conn, response.id)?;
        let user = self.caller.user();
        for proposal in chosen {
            let drafted = draft
                .iter()
                .find(|drafted| drafted.answer.question == proposal.question);
            let answer = merged(proposal, drafted.map(|drafted| &drafted.answer));
            let version = drafted.map(|drafted| drafted.version);
            responses::put_draft_answer(self.conn, response.id, &answer, version, self.now, user)?;
            responses::set_contributed(self.conn, response.id, &answer.question, &contributed)?;
        }
        response.edited();
        self.keep_response(&mut response)?;
        let facts = json!({"contribution": contribution.id, "questions": questions});
        self.record("contribution.merged", subject(&query, office), facts)?;
        self.response_detail(query, response)
    }

    /// The contribution of whoever holds its link, with its query.
    fn linked(&mut self) -> Result<(Query, Contribution), Error> {
        let Caller::Link {
            contribution, query, ..
        } = &self.caller
        else {
            return Err(Refusal::Hidden.into());
        };
        let (id, query) = (*contribution, *query);
        let query = queries::find(self.conn, &QueryRef::Id(query))?.ok_or(Refusal::Hidden)?;
        self.may(Action::Contribute, Subject::Query(&query))?;
        let contribution = contributions::find(self.conn, id)?.ok_or(Refusal::Hidden)?;
        Ok((query, contribution))
    }

    /// What whoever holds the link sees: the query, those questions, and what has been put in so far.
    ///
    /// # Errors
    /// Hidden for everybody else.
    pub fn contribution_form(&mut self) -> Result<ContributionForm, Error> {
        let (query, contribution) = self.linked()?;
        self.form_of(&query, contribution)
    }

    fn form_of(&mut self, query: &Query, contribution: Contribution) -> Result<ContributionForm, Error> {
        let offices = offices::all(self.conn)?;
        let requesters: Vec<_> = query.requesters().cloned().collect();
        let requested = query.requested_on().unwrap_or(self.today());
        let open =
            query.accepts_responses(&contribution.office, self.now).is_ok() && contribution.position == Position::Asked;
        let mut actions = if open { vec!["change", "decline"] } else { Vec::new() };
        if open && !contribution.answers.is_empty() {
            actions.push("return");
        }
        Ok(ContributionForm {
            status: contribution.status(self.now),
            number: query.number(),
            title: query.title.clone(),
            background: query.background.as_ref().map(|text| text.as_str().to_owned()),
            requested_by: requesters_line(&requesters, &offices, requested),
            office: crate::delivery::name(&offices, &contribution.office, self.today()),
            questions: contribution
                .questions_of(query)
                .into_iter()
                .map(|(number, question)| (number, question.clone()))
                .collect(),
            contribution,
            actions,
        })
    }

    /// The contribution that whoever holds its link may still put something into.
    pub(crate) fn linked_to_put_in(&mut self) -> Result<(Query, Contribution), Error> {
        let (query, contribution) = self.linked()?;
        query.accepts_responses(&contribution.office, self.now)?;
        contribution.must_be_asked()?;
        Ok((query, contribution))
    }

    /// The contribution for a change by whoever holds its link.
    fn linked_to_change(&mut self, expected: i64) -> Result<(Query, Contribution), Error> {
        let (query, contribution) = self.linked()?;
        must_be_version(contribution.version, expected)?;
        query.accepts_responses(&contribution.office, self.now)?;
        Ok((query, contribution))
    }

    fn keep_contribution(&mut self, contribution: &mut Contribution) -> Result<(), Error> {
        contribution.version += 1;
        Ok(contributions::update(self.conn, contribution)?)
    }

    /// Keeps the answers that the expert has put in so far, in place of those before.
    ///
    /// # Errors
    /// Stale, answers that do not fit their questions (all faults at once), handed in or declined already, withdrawn.
    pub fn save_contribution(
        &mut self,
        expected: i64,
        inputs: Vec<(String, AnswerInput)>,
    ) -> Result<ContributionForm, Error> {
        let (query, mut contribution) = self.linked_to_change(expected)?;
        let questions: Vec<&Question> = contribution
            .questions_of(&query)
            .into_iter()
            .map(|(_, question)| question)
            .collect();
        let answers = parse_answers(&questions, query.default_circle, inputs)?;
        contribution.save(answers)?;
        self.keep_contribution(&mut contribution)?;
        let facts = json!({"answers": contribution.answers.len()});
        self.record("contribution.drafted", of(&query, &contribution), facts)?;
        self.form_of(&query, contribution)
    }

    /// Hands the contribution in; whoever asked for it is told.
    ///
    /// # Errors
    /// Stale, nothing put in, handed in or declined already, withdrawn.
    pub fn return_contribution(&mut self, expected: i64) -> Result<ContributionForm, Error> {
        let (query, mut contribution) = self.linked_to_change(expected)?;
        contribution.hand_in(self.now)?;
        self.keep_contribution(&mut contribution)?;
        self.record("contribution.returned", of(&query, &contribution), json!({}))?;
        self.tell_who_asked(&contribution)?;
        self.form_of(&query, contribution)
    }

    /// Says that it is not for the expert, and why; whoever asked for it is told.
    ///
    /// # Errors
    /// Stale, no reason, handed in or declined already, withdrawn.
    pub fn decline_contribution(&mut self, expected: i64, reason: &str) -> Result<ContributionForm, Error> {
        let (query, mut contribution) = self.linked_to_change(expected)?;
        contribution.decline(parse_reason(reason)?, self.now)?;
        self.keep_contribution(&mut contribution)?;
        self.record("contribution.declined", of(&query, &contribution), json!({}))?;
        self.tell_who_asked(&contribution)?;
        self.form_of(&query, contribution)
    }

    /// The functional mailbox is told at once, and whoever asked; while they are away who stands in for them.
    fn tell_who_asked(&mut self, contribution: &Contribution) -> Result<(), Error> {
        let (today, office) = (self.today(), &contribution.office);
        let users = notifications::of_users(self.conn, Some(std::slice::from_ref(office)))?;
        let find = |id: UserId| users.iter().find(|(user, _)| user.id == id && reads_mail(user, today));
        let mut told = contribution.asked_by.and_then(find);
        if let Some(absence) = told.and_then(|(_, wishes)| wishes.absence.filter(|_| wishes.is_absent(today))) {
            told = absence
                .deputy
                .and_then(find)
                .filter(|(_, wishes)| !wishes.is_absent(today));
        }
        let note = Note::ContributionReturned {
            contribution: contribution.id,
        };
        let told = told.map(|(user, _)| user.id);
        self.tell_inside(office, told, &note)
    }
}

fn of(query: &Query, contribution: &Contribution) -> String {
    format!(
        "{}/contribution/{}",
        subject(query, &contribution.office),
        contribution.id
    )
}

/// What an office should know about an inner deadline.
fn warnings(query: &Query, contribution: &Contribution, calendar: &Calendar) -> Vec<String> {
    let mut warnings = Vec::new();
    let date = contribution.reply_by;
    // A year without data warns of nothing.
    if let Ok(Some(reason)) = calendar.why_not_working(date) {
        warnings.push(format!("{} is no working day here: {reason}", written_date(date)));
    }
    let deadline = query
        .launched()
        .and_then(|launched| launched.deadline_for(&contribution.office, &query.lead));
    if let Some(deadline) = deadline.filter(|deadline| date >= deadline.date) {
        warnings.push(format!(
            "the query's own deadline for this office is {}",
            written_date(deadline.date)
        ));
    }
    warnings
}
