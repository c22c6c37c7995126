//! What is said of holds.

use ahq_domain::clock::brussels_date;
use ahq_domain::hold::{Held, Hold};
use ahq_domain::id::HoldId;
use ahq_domain::office::Offices;
use ahq_domain::query::Query;
use ahq_mail::messages::{HoldLifted, HoldPlaced, Message, QueryHead};

use super::message::name;
use crate::work::Work;

impl Work<'_> {
    /// Nothing where it was lifted meanwhile.
    pub(super) fn hold_placed(
        &self,
        query: &Query,
        id: HoldId,
        offices: &Offices,
        head: QueryHead,
        link: &str,
    ) -> Option<Message> {
        let hold = query.holds().iter().find(|hold| hold.id == id)?;
        let day = brussels_date(hold.at);
        hold.is_in_force().then(|| {
            Message::HoldPlaced(HoldPlaced {
                what: what(query, hold, offices),
                placed_by: name(offices, &hold.by, day),
                placed_on: day,
                reason: hold.reason.clone(),
                lifted_by: match hold.held.office() {
                    Some(office) => name(offices, office, day),
                    None => "a requester or the office that placed it".to_owned(),
                },
                edition: hold.held.office().is_none(),
                link: format!("{link}/holds"),
                query: head,
            })
        })
    }

    pub(super) fn hold_lifted(
        &self,
        query: &Query,
        id: HoldId,
        offices: &Offices,
        head: QueryHead,
        link: String,
    ) -> Option<Message> {
        let hold = query.holds().iter().find(|hold| hold.id == id)?;
        let lifted = hold.lifted.as_ref()?;
        let day = brussels_date(lifted.at);
        Some(Message::HoldLifted(HoldLifted {
            what: what(query, hold, offices),
            lifted_by: name(offices, &lifted.by, day),
            lifted_on: day,
            link,
            query: head,
        }))
    }
}

/// What is or was suspended, as a sentence begins.
fn what(query: &Query, hold: &Hold, offices: &Offices) -> String {
    let day = brussels_date(hold.at);
    match &hold.held {
        Held::Response { office } => format!("The response of {}", name(offices, office, day)),
        Held::Answer { office, question } => {
            let place = query.questions.iter().position(|asked| asked.id == *question);
            let number = place.map_or(0, |place| place + 1);
            format!("The answer of {} to question {number}", name(offices, office, day))
        }
        Held::Edition { numbers } => format!("Edition {}", numbers.first().copied().unwrap_or_default()),
    }
}
