//! What is told inside an office, or by it to an expert outside: that a draft is to be approved, that a contribution is asked
//! for, and that it came.

use ahq_domain::approval::active_coordinators;
use ahq_domain::contribution::{Contribution, ContributionStatus, Position};
use ahq_domain::id::{ContributionId, QueryId};
use ahq_domain::office::{Office, Offices};
use ahq_domain::query::Query;
use ahq_domain::response::ResponseStatus;
use ahq_domain::user::User;
use ahq_mail::messages::{ApprovalAsked, ContributionAsked, ContributionReturned, Frame, Message, Why};
use ahq_mail::outgoing::{Mailbox, Outgoing};
use ahq_store::outbox::Entry;
use ahq_store::queries::{self, QueryRef};
use ahq_store::{contributions, responses, users};

use super::message::numbered;
use super::{Prepared, Sender};
use crate::error::Error;
use crate::keys::hash_secret;
use crate::work::Work;

impl Work<'_> {
    /// The message that a draft is to be approved; none where it was changed or submitted meanwhile, or its reader may
    /// not; the functional mailbox always has it.
    pub(super) fn approval_asked(
        &mut self,
        query: QueryId,
        office: &Office,
        user: Option<&User>,
        offices: &Offices,
    ) -> Result<Option<Message>, Error> {
        let Some(query) = queries::find(self.conn, &QueryRef::Id(query))? else {
            return Ok(None);
        };
        let (Some(launched), Some(response)) = (query.launched(), responses::find(self.conn, query.id, &office.code)?)
        else {
            return Ok(None);
        };
        let Some(asked) = response
            .asked
            .filter(|_| query.accepts_responses(&office.code, self.now).is_ok())
        else {
            return Ok(None);
        };
        let approves = |user: &User| {
            let mut coordinators = active_coordinators(std::slice::from_ref(user), self.today());
            coordinators.next().is_some() && asked.by != Some(user.id)
        };
        if user.is_some_and(|user| !approves(user)) {
            return Ok(None);
        }
        let asked_by = match asked.by {
            Some(user) => users::find(self.conn, user)?.map(|user| user.name),
            None => None,
        };
        let head = self.query_head(&query, launched, offices);
        Ok(Some(Message::ApprovalAsked(ApprovalAsked {
            link: format!("{}/responses/{}", head.link, office.code),
            query: head,
            asked_by: asked_by.unwrap_or_else(|| "A service account".to_owned()),
            asked_at: asked.at,
            deadline: launched.last_day_for(&office.code, &query.lead),
            amendment: response.status() == ResponseStatus::Submitted,
        })))
    }

    fn contribution_with_query(&mut self, id: ContributionId) -> Result<Option<(Query, Contribution)>, Error> {
        let Some(contribution) = contributions::find(self.conn, id)? else {
            return Ok(None);
        };
        let query = queries::find(self.conn, &QueryRef::Id(contribution.query))?;
        Ok(query.map(|query| (query, contribution)))
    }

    /// The mail with the link of a contribution, whose secret is derived here and rests nowhere.
    pub(super) fn prepare_contribution(
        &mut self,
        id: ContributionId,
        entry: &Entry,
        sender: &Sender,
        office: &Office,
        offices: &Offices,
    ) -> Result<Prepared, Error> {
        let void = Ok(Prepared::Drop("no longer to be sent"));
        let Some((query, contribution)) = self.contribution_with_query(id)? else {
            return void;
        };
        let secret = self.keys.link_secret(entry.id);
        let ours = contributions::find_by_secret(self.conn, &hash_secret(&secret))?;
        let asked = contribution.status(self.now) == ContributionStatus::Asked
            && ours.is_some_and(|ours| ours.id == id)
            && office.takes_part_on(self.today())
            && query.accepts_responses(&office.code, self.now).is_ok();
        let (Some(launched), true) = (query.launched(), asked) else {
            return void;
        };
        let asks = office.as_requester_on(self.today());
        let message = Message::ContributionAsked(ContributionAsked {
            query: self.query_head(&query, launched, offices),
            name: contribution.name.clone(),
            office: asks.clone(),
            questions: contribution
                .questions_of(&query)
                .into_iter()
                .map(|(number, question)| numbered(number, question))
                .collect(),
            reply_by: contribution.reply_by,
            last_day: contribution.last_day(),
            note: contribution.note.clone(),
            link: format!("{}/contributions/{secret}", self.settings.public_address),
        });
        let frame = Frame {
            office: contribution.contributor().to_owned(),
            replies_to: Some(asks.clone()),
            exchange_url: self.settings.public_address.clone(),
            why: Why::Invited,
        };
        let content = message
            .render(&frame)
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Prepared::Send(Box::new(Outgoing {
            id: entry.id,
            from: sender.from.clone(),
            to: Mailbox {
                name: contribution.name,
                address: contribution.email,
            },
            reply_to: Some(Mailbox::named(asks, &office.mailbox)),
            domain: sender.domain.clone(),
            date: self.now,
            thread: Some(query.id),
            content,
            calendar: None,
            unsubscribe: None,
        })))
    }

    /// The message to whoever asked for a contribution that it came, or that it will not.
    pub(super) fn contribution_returned(
        &mut self,
        id: ContributionId,
        office: &Office,
        offices: &Offices,
    ) -> Result<Option<Message>, Error> {
        let Some((query, contribution)) = self.contribution_with_query(id)? else {
            return Ok(None);
        };
        let Some(launched) = query.launched() else {
            return Ok(None);
        };
        let (at, declined) = match &contribution.position {
            Position::Asked => return Ok(None),
            Position::Returned { at } => (*at, false),
            Position::Declined { at, .. } => (*at, true),
        };
        let head = self.query_head(&query, launched, offices);
        let answered = |id| contribution.proposals().iter().any(|answer| answer.question == id);
        Ok(Some(Message::ContributionReturned(ContributionReturned {
            link: format!("{}/responses/{}/contributions", head.link, office.code),
            query: head,
            contributor: contribution.contributor().to_owned(),
            declined,
            answered: contribution
                .questions_of(&query)
                .into_iter()
                .filter(|(_, question)| answered(question.id.clone()))
                .map(|(number, _)| u32::try_from(number).unwrap_or(0))
                .collect(),
            at,
            deadline: launched.last_day_for(&office.code, &query.lead),
        })))
    }
}
