//! Queries: drafted, launched, closed, extended, withdrawn and read.

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::calendar::Calendar;
use ahq_domain::clock::Instant;
use ahq_domain::deadline::Planned;
use ahq_domain::draft::{Draft, DraftInput, check_reason};
use ahq_domain::id::QueryId;
use ahq_domain::launch::{LaunchInput, LaunchPlan};
use ahq_domain::life::Step;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Caller, Subject, is_public, reach, scope};
use ahq_domain::query::{Addressee, Query, Status};
use ahq_domain::refusal::{Faults, Refusal};
use ahq_domain::response::{Response, ResponseStatus};
use ahq_store::queries::{self, Lock, QueryRef};
pub use ahq_store::queries::{Cursor as QueryCursor, QueryFilter, QueryItem, QuerySort};
use ahq_store::{holidays, offices, responses, topics};
use chrono::NaiveDate;
use serde_json::json;

use crate::error::Error;
use crate::outgoing::Note;
use crate::work::{Work, must_be_version};

/// A query as its caller reads it.
#[derive(Debug, Clone)]
pub struct QueryDetail {
    /// The query.
    pub query: Query,
    /// Where it stands now.
    pub status: Status,
    /// Who has answered or declined, by office.
    pub responses: BTreeMap<OfficeCode, Standing>,
    /// What the caller may do with it now.
    pub actions: Vec<&'static str>,
}

/// How far one office has come with its response, as all who read the query may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Submitted or declined; drafting is the office's own affair.
    pub status: ResponseStatus,
    /// When the version in force was submitted, or the office declined.
    pub at: Instant,
    /// Whether its first version came late.
    pub late: bool,
}

/// A page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page {
    /// The queries of this page.
    pub items: Vec<QueryItem>,
    /// Where the next page begins, when there is one.
    pub next: Option<QueryCursor>,
}

/// How a list of queries is wanted.
#[derive(Debug, Clone)]
pub struct QueryList {
    /// What it holds.
    pub filter: QueryFilter,
    /// In which order.
    pub sort: QuerySort,
    /// Whether from the end.
    pub descending: bool,
    /// Where it begins.
    pub after: Option<QueryCursor>,
    /// How many, 1 to 100.
    pub limit: i64,
}

/// Parses what stands in an address for a query: its id or its number.
///
/// # Errors
/// [`Refusal::Hidden`] when it is neither.
pub fn parse_reference(text: &str) -> Result<QueryRef, Refusal> {
    if let Ok(number) = text.parse::<QueryNumber>() {
        return Ok(QueryRef::Number(number));
    }
    text.parse::<QueryId>().map(QueryRef::Id).map_err(|_| Refusal::Hidden)
}

impl Work<'_> {
    /// The query, if it is there for this caller.
    pub(crate) fn find_query(&mut self, reference: &QueryRef) -> Result<Query, Error> {
        let query = queries::find(self.conn, reference)?;
        match (query, &self.caller) {
            (Some(query), caller) if reach(caller, &query, self.now).is_some() => Ok(query),
            (_, Caller::Public) => Err(Refusal::Unauthenticated.into()),
            (None, _) => Err(Refusal::Hidden.into()),
            (Some(query), _) => {
                let subject = format!("query/{}", query.id);
                Err(self.note_refusal(Action::ReadQuery, subject, Refusal::Hidden).into())
            }
        }
    }

    /// The query for a change: its row is locked until the end of the transaction.
    pub(crate) fn query_to_change(&mut self, reference: &QueryRef, lock: Lock) -> Result<Query, Error> {
        let locked = queries::lock(self.conn, reference, lock)?;
        self.find_query(&locked.map_or(*reference, QueryRef::Id))
    }

    /// The calendar of the Commission: the one deadlines are counted in.
    pub(crate) fn commission_calendar(&mut self) -> Result<Calendar, Error> {
        Ok(holidays::calendar(self.conn, &OfficeCode::commission())?)
    }

    /// Keeps a changed query, guarded by the version it was read with.
    pub(crate) fn keep_query(&mut self, query: &mut Query) -> Result<(), Error> {
        query.version += 1;
        Ok(queries::update(self.conn, query)?)
    }

    fn parse_draft(&mut self, input: DraftInput) -> Result<Draft, Error> {
        let known: BTreeSet<String> = topics::all(self.conn)?.into_iter().map(|topic| topic.id).collect();
        Ok(Draft::parse(input, &known)?)
    }

    /// Begins a draft of the caller's office.
    ///
    /// # Errors
    /// Invalid draft, or no role for it.
    pub fn create_query(&mut self, input: DraftInput) -> Result<QueryDetail, Error> {
        self.may(Action::CreateQuery, Subject::Exchange)?;
        let lead = self.office()?;
        let draft = self.parse_draft(input)?;
        let query = Query::draft(QueryId::new(self.now, self.randomness), lead, draft, self.now);
        queries::insert(self.conn, &query)?;
        self.record(
            "query.created",
            format!("query/{}", query.id),
            json!({"title": query.title}),
        )?;
        self.detail(query)
    }

    /// Reads a query.
    ///
    /// # Errors
    /// Hidden when it is not there for the caller.
    pub fn query(&mut self, reference: &QueryRef) -> Result<QueryDetail, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadQuery, Subject::Query(&query))?;
        self.detail(query)
    }

    fn detail(&mut self, query: Query) -> Result<QueryDetail, Error> {
        let responses = if query.launched().is_some() {
            responses::of_query(self.conn, query.id)?
        } else {
            Vec::new()
        };
        Ok(QueryDetail {
            status: query.status(self.now),
            actions: self.query_actions(&query, &responses),
            responses: responses.iter().filter_map(standing).collect(),
            query,
        })
    }

    fn query_actions(&self, query: &Query, responses: &[Response]) -> Vec<&'static str> {
        let draft = query.must_be_draft().is_ok();
        let office = self.caller.party().map(|party| party.office.clone());
        let invited = office.as_ref().is_some_and(|office| {
            query
                .joint
                .iter()
                .any(|joint| joint.office == *office && joint.accepted.is_none())
        });
        let compile = if all_in(query, responses) {
            Step::CompileEarly
        } else {
            Step::Compile
        };
        let steps = [
            ("change", Action::EditQuery, draft),
            ("delete", Action::DeleteQuery, draft),
            ("inviteJoint", Action::InviteJoint, draft),
            ("acceptJoint", Action::AcceptJoint, draft && invited),
            ("launch", Action::LaunchQuery, draft && !query.questions.is_empty()),
            (
                "close",
                Action::CloseQuery,
                query.allows(Step::CloseEarly, self.now).is_ok(),
            ),
            (
                "extend",
                Action::ExtendQuery,
                query.allows(Step::Extend, self.now).is_ok(),
            ),
            (
                "correct",
                Action::CorrectQuery,
                query.allows(Step::Correct, self.now).is_ok(),
            ),
            (
                "withdraw",
                Action::WithdrawQuery,
                query.allows(Step::Withdraw, self.now).is_ok(),
            ),
            ("compile", Action::Compile, query.allows(compile, self.now).is_ok()),
            (
                "publish",
                Action::Publish,
                query.allows(Step::Publish, self.now).is_ok(),
            ),
            (
                "unpublish",
                Action::Unpublish,
                query.allows(Step::Unpublish, self.now).is_ok(),
            ),
        ];
        let mut actions: Vec<_> = steps
            .into_iter()
            .filter(|(_, action, possible)| *possible && self.allows(*action, Subject::Query(query)))
            .map(|(word, _, _)| word)
            .collect();
        let responds = office.is_some_and(|office| {
            query.accepts_responses(&office, self.now).is_ok()
                && self.allows(Action::DraftResponse, Subject::Response(query, &office))
        });
        if responds {
            actions.push("respond");
        }
        actions
    }

    /// The queries the caller may read.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in.
    pub fn list_queries(&mut self, list: QueryList) -> Result<Page, Error> {
        self.may(Action::ReadNetwork, Subject::Exchange)?;
        let office = self.caller.party().map(|party| party.office.clone());
        let (items, next) = queries::page(
            self.conn,
            &scope(&self.caller),
            office.as_ref(),
            &list.filter,
            list.sort,
            list.descending,
            list.after.as_ref(),
            list.limit,
            self.now,
        )?;
        Ok(Page { items, next })
    }

    /// The published queries, for everybody.
    ///
    /// # Errors
    /// Only what the tables refuse.
    pub fn list_public_queries(&mut self, list: QueryList) -> Result<Page, Error> {
        let (items, next) = queries::public_page(
            self.conn,
            &list.filter,
            list.sort,
            list.descending,
            list.after.as_ref(),
            list.limit,
            self.now,
        )?;
        Ok(Page { items, next })
    }

    /// A published query, for everybody.
    ///
    /// # Errors
    /// Hidden unless it is published.
    pub fn public_query(&mut self, reference: &QueryRef) -> Result<Query, Error> {
        let query = queries::find(self.conn, reference)?;
        query
            .filter(|query| is_public(query, self.now))
            .ok_or_else(|| Refusal::Hidden.into())
    }

    /// Replaces the content of a draft.
    ///
    /// # Errors
    /// Stale, invalid, not a draft any more, not a requester.
    pub fn change_query(
        &mut self,
        reference: &QueryRef,
        expected: i64,
        input: DraftInput,
    ) -> Result<QueryDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::EditQuery, Subject::Query(&query))?;
        query.must_be_draft()?;
        must_be_version(query.version, expected)?;
        let draft = self.parse_draft(input)?;
        query.redraft(draft, self.now)?;
        self.keep_query(&mut query)?;
        self.record("query.changed", format!("query/{}", query.id), json!({}))?;
        self.detail(query)
    }

    /// Deletes a draft.
    ///
    /// # Errors
    /// Stale, not a draft any more, not the lead.
    pub fn delete_query(&mut self, reference: &QueryRef, expected: i64) -> Result<(), Error> {
        let query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::DeleteQuery, Subject::Query(&query))?;
        query.must_be_draft()?;
        must_be_version(query.version, expected)?;
        self.forget_messages(query.id)?;
        queries::delete(self.conn, query.id, expected)?;
        self.record(
            "query.deleted",
            format!("query/{}", query.id),
            json!({"title": query.title}),
        )
    }

    /// Invites an office to ask jointly.
    ///
    /// # Errors
    /// Unknown office, already joint, not a draft, not the lead.
    pub fn invite_joint(
        &mut self,
        reference: &QueryRef,
        expected: i64,
        code: &OfficeCode,
    ) -> Result<QueryDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::InviteJoint, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let offices = offices::all(self.conn)?;
        let office = offices.get(code).ok_or_else(|| {
            Refusal::invalid(
                "/office",
                "unknown_office",
                "no office has this code; /offices lists them",
            )
        })?;
        query.invite_joint(office, self.now)?;
        self.keep_query(&mut query)?;
        self.record(
            "query.joint_invited",
            format!("query/{}", query.id),
            json!({"office": code}),
        )?;
        self.tell(&query, std::slice::from_ref(code), &Note::JointInvitation)?;
        self.detail(query)
    }

    /// Accepts the invitation of the caller's office to ask jointly.
    ///
    /// # Errors
    /// Not invited, accepted already, not a draft.
    pub fn accept_joint(&mut self, reference: &QueryRef, expected: i64) -> Result<QueryDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::AcceptJoint, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let office = self.office()?;
        query.accept_joint(&office, self.now)?;
        self.keep_query(&mut query)?;
        self.record(
            "query.joint_accepted",
            format!("query/{}", query.id),
            json!({"office": office}),
        )?;
        self.detail(query)
    }

    /// What a launch now would write down, and what is worth a second look before.
    ///
    /// # Errors
    /// Everything that would stop the launch, all faults at once.
    pub fn preview_launch(
        &mut self,
        reference: &QueryRef,
        input: &LaunchInput,
    ) -> Result<(LaunchPlan, Vec<String>), Error> {
        let query = self.find_query(reference)?;
        self.may(Action::LaunchQuery, Subject::Query(&query))?;
        self.plan_launch(&query, input)
    }

    fn plan_launch(&mut self, query: &Query, input: &LaunchInput) -> Result<(LaunchPlan, Vec<String>), Error> {
        let offices = offices::all(self.conn)?;
        let commission = self.commission_calendar()?;
        let plan = query.plan_launch(input, &offices, &commission, self.now)?;
        let mut warnings = query.launch_warnings();
        warnings.extend(self.deadline_warnings(&plan.planned, &plan.addressees)?);
        Ok((plan, warnings))
    }

    /// Launches a draft: gives its number, writes down addressees and audience, tells every office asked.
    ///
    /// # Errors
    /// Stale, not a draft, not the lead's coordinator, and all faults of the launch at once.
    pub fn launch_query(
        &mut self,
        reference: &QueryRef,
        expected: i64,
        input: &LaunchInput,
    ) -> Result<QueryDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::LaunchQuery, Subject::Query(&query))?;
        query.must_be_draft()?;
        must_be_version(query.version, expected)?;
        let (plan, _) = self.plan_launch(&query, input)?;
        queries::lock_numbers(self.conn)?;
        let year = QueryNumber::next(self.now, None).year;
        let highest = queries::highest_sequence(self.conn, year)?;
        let number = QueryNumber::next(self.now, highest);
        query.launch(plan, number, self.now);
        self.keep_query(&mut query)?;
        let addressees = addressees(&query);
        queries::insert_addressees(self.conn, query.id, &addressees)?;
        self.record(
            "query.launched",
            format!("query/{}", query.id),
            json!({"number": number.to_string()}),
        )?;
        let told: Vec<_> = addressees.into_iter().map(|addressee| addressee.office).collect();
        self.tell(&query, &told, &Note::Launch)?;
        self.detail(query)
    }

    /// Closes an open query before its deadline.
    ///
    /// # Errors
    /// Stale, not open, not the lead's coordinator, no reason.
    pub fn close_query(&mut self, reference: &QueryRef, expected: i64, reason: &str) -> Result<QueryDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::CloseQuery, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        query.close_early(parse_reason(reason)?, self.now)?;
        self.keep_query(&mut query)?;
        self.record("query.closed", format!("query/{}", query.id), json!({}))?;
        self.detail(query)
    }

    /// Which deadline an extension now would set, and what is worth a second look before.
    ///
    /// # Errors
    /// What would stop the extension.
    pub fn preview_extension(
        &mut self,
        reference: &QueryRef,
        date: NaiveDate,
        reason: &str,
    ) -> Result<(Planned, Vec<String>), Error> {
        let mut query = self.find_query(reference)?;
        self.may(Action::ExtendQuery, Subject::Query(&query))?;
        let commission = self.commission_calendar()?;
        let planned = query.extend(date, parse_reason(reason)?, &commission, self.now)?;
        let warnings = self.deadline_warnings(&planned, &addressees(&query))?;
        Ok((planned, warnings))
    }

    /// Gives all a later deadline and tells every office asked.
    ///
    /// # Errors
    /// Stale, neither open nor closed, too near or too far, not the lead's coordinator, no reason.
    pub fn extend_query(
        &mut self,
        reference: &QueryRef,
        expected: i64,
        date: NaiveDate,
        reason: &str,
    ) -> Result<QueryDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::ExtendQuery, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let reason = parse_reason(reason)?;
        let commission = self.commission_calendar()?;
        let planned = query.extend(date, reason.clone(), &commission, self.now)?;
        self.keep_query(&mut query)?;
        self.recount_late(&query)?;
        let facts = json!({"deadline": planned.deadline.date});
        self.record("query.extended", format!("query/{}", query.id), facts)?;
        let told = network(&query);
        self.tell(&query, &told, &Note::Extension)?;
        self.detail(query)
    }

    /// A response that came late is on time when a later date covers it.
    pub(crate) fn recount_late(&mut self, query: &Query) -> Result<(), Error> {
        let Some(launched) = query.launched() else {
            return Ok(());
        };
        for mut response in responses::of_query(self.conn, query.id)? {
            let deadline = launched.deadline_for(&response.office, &query.lead);
            if deadline.is_some_and(|deadline| response.deadline_moved(&deadline)) {
                response.version += 1;
                responses::update(self.conn, &response)?;
            }
        }
        Ok(())
    }

    /// Withdraws a query and tells every office asked.
    ///
    /// # Errors
    /// Stale, neither open, closed nor compiled, not the lead's coordinator, no reason.
    pub fn withdraw_query(&mut self, reference: &QueryRef, expected: i64, reason: &str) -> Result<QueryDetail, Error> {
        let mut query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::WithdrawQuery, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let reason = parse_reason(reason)?;
        query.withdraw(reason, self.now)?;
        self.keep_query(&mut query)?;
        self.record("query.withdrawn", format!("query/{}", query.id), json!({}))?;
        let told = network(&query);
        self.tell(&query, &told, &Note::Withdrawal)?;
        self.detail(query)
    }

    /// Holidays of the offices asked on the day of the deadline: shown, never counted.
    fn deadline_warnings(&mut self, planned: &Planned, addressees: &[Addressee]) -> Result<Vec<String>, Error> {
        let asked: Vec<_> = addressees.iter().map(|addressee| addressee.office.clone()).collect();
        let calendars = holidays::calendars(self.conn, &asked)?;
        let mut warnings = Vec::new();
        if let Some(from) = planned.moved_from {
            warnings.push(format!(
                "{} is not a working day: the deadline is the next one, {}",
                ahq_domain::clock::written_date(from),
                ahq_domain::clock::written_date(planned.deadline.date)
            ));
        }
        warnings.extend(calendars.holiday_warning(planned.deadline.date, &asked));
        Ok(warnings)
    }
}

/// Whether every expected office has answered or declined.
pub(crate) fn all_in(query: &Query, responses: &[Response]) -> bool {
    query.launched().is_some_and(|launched| {
        launched
            .addressees
            .iter()
            .filter(|addressee| addressee.expected)
            .all(|addressee| {
                responses
                    .iter()
                    .any(|response| response.office == addressee.office && response.is_answered())
            })
    })
}

fn standing(response: &Response) -> Option<(OfficeCode, Standing)> {
    use ahq_domain::response::Position;
    let at = match response.position {
        Position::Drafting { .. } => return None,
        Position::Submitted { at, .. } | Position::Declined { at, .. } => at,
    };
    let standing = Standing {
        status: response.status(),
        at,
        late: response.late,
    };
    Some((response.office.clone(), standing))
}

pub(crate) fn addressees(query: &Query) -> Vec<Addressee> {
    query
        .launched()
        .map(|launched| launched.addressees.clone())
        .unwrap_or_default()
}

/// Who is told of what happens to a launched query: every office asked, and the joint requesters.
pub(crate) fn network(query: &Query) -> Vec<OfficeCode> {
    let mut told: BTreeSet<OfficeCode> = addressees(query)
        .into_iter()
        .map(|addressee| addressee.office)
        .collect();
    told.extend(query.requesters().skip(1).cloned());
    told.into_iter().collect()
}

/// A reason that was given and has something to say.
pub(crate) fn parse_reason(reason: &str) -> Result<String, Refusal> {
    let mut faults = Faults::new();
    check_reason(reason, "/reason", &mut faults);
    faults.or(reason.trim().to_owned()).map_err(Refusal::Invalid)
}
