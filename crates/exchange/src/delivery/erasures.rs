//! What is said of erasures: the order and what is gone, never what it said.

use ahq_domain::clock::brussels_date;
use ahq_domain::erasure::Erased;
use ahq_domain::id::ErasureId;
use ahq_domain::office::Offices;
use ahq_domain::query::Query;
use ahq_mail::messages::{Erasure, Message, QueryHead};
use ahq_store::erasures;

use super::message::name;
use crate::error::Error;
use crate::work::Work;

impl Work<'_> {
    pub(super) fn erased(
        &mut self,
        query: &Query,
        id: ErasureId,
        offices: &Offices,
        head: QueryHead,
        link: String,
    ) -> Result<Option<Message>, Error> {
        let erasure = erasures::find(self.conn, id)?;
        let Some((erasure, deed)) = erasure.and_then(|erasure| erasure.carried_out().map(|deed| (erasure, deed)))
        else {
            return Ok(None);
        };
        let day = brussels_date(deed.at);
        let what = match &erasure.erased {
            Erased::Response { office } => format!("The response of {}", name(offices, office, day)),
            Erased::Answer { office, question } => {
                let place = query.questions.iter().position(|asked| asked.id == *question);
                let number = place.map_or(0, |place| place + 1);
                format!("The answer of {} to question {number}", name(offices, office, day))
            }
            Erased::Summary { edition } => format!("The summary of edition {edition}"),
        };
        Ok(Some(Message::Erasure(Erasure {
            what,
            erased_on: day,
            order: erasure.order,
            answers: erasure.erased.office().is_some(),
            link,
            query: head,
        })))
    }
}
