//! Reminders to offices that owe an answer: those of the calendar, found in the tables and the clock, and one a day that
//! the requesting office asks for.
//!
//! Which day is whose is the domain's; that each comes once is held by the table's key. Whether it is still true is looked
//! at again when it is sent.

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::calendar::Calendar;
use ahq_domain::clock::{brussels_date, written_date};
use ahq_domain::id::QueryId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::refusal::Refusal;
use ahq_domain::reminder::{ClockSetting, Step, is_time_to_send, next_time_to_send};
use ahq_domain::response::Response;
use ahq_store::queries::{self, Lock, QueryRef};
pub use ahq_store::reminders::Which;
use ahq_store::reminders::{self, Reminder};
use ahq_store::{mailings, outbox, responses};
use chrono::{Days, NaiveDate};
use serde_json::json;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::outgoing::Note;
use crate::work::{Exchange, Work, must_be_version};

/// How long after its deadline the last reminder of an office comes at the latest: a working day and four weeks, and what
/// holidays add.
const LAST_AFTER: Days = Days::new(60);

/// An office that owes an answer, as far as reminders go.
struct Debtor {
    query: QueryId,
    office: OfficeCode,
    setting: ClockSetting,
    /// The reminders whose day has come, in order, and that nobody looked at.
    steps: Vec<Step>,
    /// Whether it has answered, so that none is sent.
    answered: bool,
}

/// A reminder as those who asked see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderItem {
    /// The office.
    pub office: OfficeCode,
    /// The deadline it is about.
    pub deadline: NaiveDate,
    /// Which one.
    pub which: Which,
    /// The day it is for.
    pub on: NaiveDate,
    /// What became of it.
    pub state: ReminderState,
}

/// What became of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderState {
    /// Its day has not come.
    Planned,
    /// It went to the outbox.
    Written,
    /// The office had answered, or a later one stood for it.
    NotNeeded,
}

impl Exchange {
    /// Writes the reminders whose day has come; gives how many.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn remind(&self) -> Result<usize, Error> {
        let due = self
            .read(Credentials::System, |work| Ok(!work.debtors()?.is_empty()))
            .await?;
        if !due {
            return Ok(0);
        }
        self.write(Credentials::System, |work| work.remind()).await
    }
}

impl Work<'_> {
    fn remind(&mut self) -> Result<usize, Error> {
        mailings::lock(self.conn)?;
        let (mut rows, mut messages) = (Vec::new(), Vec::new());
        for debtor in self.debtors()? {
            let note = Note::Reminder {
                deadline: debtor.setting.deadline,
                asked: false,
            };
            let last = debtor.steps.last().filter(|_| !debtor.answered).copied();
            for step in debtor.steps {
                let message = if Some(step) == last {
                    let entry = self.entry(Some(debtor.query), debtor.office.clone(), None, &note, self.now)?;
                    let id = entry.id;
                    messages.push(entry);
                    Some(id)
                } else {
                    None
                };
                rows.push(Reminder {
                    query: debtor.query,
                    office: debtor.office.clone(),
                    deadline: debtor.setting.deadline,
                    which: Which::Step(step),
                    at: self.now,
                    message,
                });
            }
        }
        reminders::put_all(self.conn, &rows)?;
        outbox::put_all(self.conn, &messages)?;
        Ok(messages.len())
    }

    /// Who has reminders whose day has come and that nobody looked at; nobody when it is no time to send any.
    fn debtors(&mut self) -> Result<Vec<Debtor>, Error> {
        let commission = self.commission_calendar()?;
        if !is_time_to_send(self.now, &commission) {
            return Ok(Vec::new());
        }
        let running = queries::with_deadline_since(self.conn, self.today() - LAST_AFTER)?;
        let ids: Vec<QueryId> = running.iter().map(|query| query.id).collect();
        let answered = self.who_answered(&ids)?;
        let seen: BTreeSet<(QueryId, OfficeCode, NaiveDate, Which)> = reminders::of_queries(self.conn, &ids)?
            .into_iter()
            .map(|known| (known.query, known.office, known.deadline, known.which))
            .collect();
        let mut debtors = Vec::new();
        for (query, office, setting) in running.iter().flat_map(reminded) {
            let mut steps = setting.due(self.now, &commission);
            steps.retain(|step| {
                let key = (query, office.clone(), setting.deadline, Which::Step(*step));
                !seen.contains(&key)
            });
            if !steps.is_empty() {
                debtors.push(Debtor {
                    answered: answered.contains(&(query, office.clone())),
                    query,
                    office,
                    setting,
                    steps,
                });
            }
        }
        Ok(debtors)
    }

    fn who_answered(&mut self, queries: &[QueryId]) -> Result<BTreeSet<(QueryId, OfficeCode)>, Error> {
        Ok(responses::of_queries(self.conn, queries)?
            .into_iter()
            .filter(Response::is_complete)
            .map(|response| (response.query, response.office))
            .collect())
    }

    /// Reminds every office that owes an answer, beside the reminders that come by themselves; once for each working day, on
    /// which it leaves.
    ///
    /// # Errors
    /// Stale; not the lead's coordinator; `nobody_to_remind`, `reminded_today`.
    pub fn remind_now(&mut self, reference: &QueryRef, expected: i64) -> Result<Vec<OfficeCode>, Error> {
        let query = self.query_to_change(reference, Lock::Exclusive)?;
        self.may(Action::Remind, Subject::Query(&query))?;
        must_be_version(query.version, expected)?;
        let ids = [query.id];
        // Its day is the one on which it leaves: those asked for over a weekend would all leave on Monday morning.
        let due = next_time_to_send(self.now, &self.commission_calendar()?);
        let day = brussels_date(due);
        let which = Which::Extra(day);
        let known = reminders::of_queries(self.conn, &ids)?;
        if known.iter().any(|known| known.which == which) {
            let day = written_date(day);
            let detail = format!("one extra reminder a day is sent, and there is one for {day}: again after that day");
            return Err(Refusal::conflict("reminded_today", detail).into());
        }
        let answered = self.who_answered(&ids)?;
        let owing: Vec<(OfficeCode, ClockSetting)> = reminded(&query)
            .filter(|(id, office, _)| !answered.contains(&(*id, office.clone())))
            .map(|(_, office, setting)| (office, setting))
            .collect();
        if owing.is_empty() {
            return Err(Refusal::conflict("nobody_to_remind", "no office owes an answer to this query").into());
        }
        let (mut rows, mut messages) = (Vec::new(), Vec::new());
        for (office, setting) in &owing {
            let note = Note::Reminder {
                deadline: setting.deadline,
                asked: true,
            };
            let entry = self.entry(Some(query.id), office.clone(), None, &note, due)?;
            rows.push(Reminder {
                query: query.id,
                office: office.clone(),
                deadline: setting.deadline,
                which,
                at: self.now,
                message: Some(entry.id),
            });
            messages.push(entry);
        }
        reminders::put_all(self.conn, &rows)?;
        outbox::put_all(self.conn, &messages)?;
        let offices: Vec<OfficeCode> = owing.into_iter().map(|(office, _)| office).collect();
        let facts = json!({"offices": offices});
        self.record("query.reminded", format!("query/{}", query.id), facts)?;
        Ok(offices)
    }

    /// The reminders of a query, those that were sent and those to come; for the requesters, the Commission and the service
    /// provider.
    ///
    /// # Errors
    /// Hidden when the query is not there for the caller; forbidden for the rest of the audience.
    pub fn list_reminders(&mut self, reference: &QueryRef) -> Result<Vec<ReminderItem>, Error> {
        let query = self.find_query(reference)?;
        self.may(Action::ReadDeliveries, Subject::Query(&query))?;
        let commission = self.commission_calendar()?;
        let ids = [query.id];
        let known = reminders::of_queries(self.conn, &ids)?;
        let answered = self.who_answered(&ids)?;
        let mut items: BTreeMap<(OfficeCode, NaiveDate, Which), ReminderItem> = BTreeMap::new();
        for (id, office, setting) in reminded(&query) {
            if !answered.contains(&(id, office.clone())) {
                plan(&office, &setting, &commission, &mut items);
            }
        }
        for reminder in known {
            let key = (reminder.office.clone(), reminder.deadline, reminder.which);
            let on = match (reminder.which, items.get(&key)) {
                (Which::Extra(day), _) => day,
                (Which::Step(_), Some(planned)) => planned.on,
                (Which::Step(_), None) => brussels_date(reminder.at),
            };
            let item = ReminderItem {
                office: reminder.office,
                deadline: reminder.deadline,
                which: reminder.which,
                on,
                state: if reminder.message.is_some() {
                    ReminderState::Written
                } else {
                    ReminderState::NotNeeded
                },
            };
            items.insert(key, item);
        }
        let mut items: Vec<ReminderItem> = items.into_values().collect();
        items.sort_by(|a, b| (&a.office, a.on, a.which).cmp(&(&b.office, b.on, b.which)));
        Ok(items)
    }
}

fn plan(
    office: &OfficeCode,
    setting: &ClockSetting,
    commission: &Calendar,
    items: &mut BTreeMap<(OfficeCode, NaiveDate, Which), ReminderItem>,
) {
    for (step, on) in setting.schedule(commission) {
        let which = Which::Step(step);
        let item = ReminderItem {
            office: office.clone(),
            deadline: setting.deadline,
            which,
            on,
            state: ReminderState::Planned,
        };
        items.insert((office.clone(), setting.deadline, which), item);
    }
}

/// The offices whose answer to a query is expected, with what set their deadline.
fn reminded(query: &Query) -> impl Iterator<Item = (QueryId, OfficeCode, ClockSetting)> {
    query
        .launched()
        .into_iter()
        .flat_map(|launched| &launched.addressees)
        .filter_map(|addressee| Some((query.id, addressee.office.clone(), query.reminds(&addressee.office)?)))
}
