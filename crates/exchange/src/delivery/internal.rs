//! What is told inside an office: that a draft is to be approved.

use ahq_domain::approval::active_coordinators;
use ahq_domain::id::QueryId;
use ahq_domain::office::{Office, Offices};
use ahq_domain::response::ResponseStatus;
use ahq_domain::user::User;
use ahq_mail::messages::{ApprovalAsked, Message};
use ahq_store::queries::{self, QueryRef};
use ahq_store::{responses, users};

use crate::error::Error;
use crate::work::Work;

impl Work<'_> {
    /// The message that a draft is to be approved; none where it was changed or submitted meanwhile, or its reader may not.
    pub(super) fn approval_asked(
        &mut self,
        query: QueryId,
        office: &Office,
        user: &User,
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
        let approves = active_coordinators(std::slice::from_ref(user), self.today())
            .next()
            .is_some();
        if !approves || asked.by == Some(user.id) {
            return Ok(None);
        }
        let asked_by = match asked.by {
            Some(user) => users::find(self.conn, user)?.map(|user| user.name),
            None => None,
        };
        let deadline = launched.deadline_for(&office.code, &query.lead);
        let head = self.query_head(&query, launched, offices);
        Ok(Some(Message::ApprovalAsked(ApprovalAsked {
            link: format!("{}/responses/{}", head.link, office.code),
            query: head,
            asked_by: asked_by.unwrap_or_else(|| "A service account".to_owned()),
            asked_at: asked.at,
            deadline: deadline.map_or(launched.deadline.date, |deadline| deadline.date),
            amendment: response.status() == ResponseStatus::Submitted,
        })))
    }
}
