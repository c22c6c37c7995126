//! The audit trail: what happened, and the chain that shows whether anybody has touched it since.
//!
//! Every event gets a number and a hash over the hash before it and its own canonical JSON. Whoever changes, removes,
//! inserts or moves an event has to write every later hash anew; a checkpoint kept elsewhere then shows that too.

use std::collections::BTreeMap;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::Instant;
use crate::id::{EventId, UserId};
use crate::office::OfficeCode;

/// A SHA-256.
pub type Hash = [u8; 32];

/// What stands before the first event of a chain.
pub const BEGINNING: Link = Link {
    number: 0,
    hash: [0; 32],
};

/// What was done when somebody read restricted answers: its facts name the `offices` that gave them.
pub const READ_RESTRICTED: &str = "answers.read";

/// What was done when somebody was given views that are not public and in which no other office's answer is restricted.
pub const READ_EDITION: &str = "edition.read";

/// How long an event may wait for its number while a worker runs, in seconds.
pub const UNSEALED_SECONDS: i64 = 60;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Instant,
    /// Who did it; none for the program itself and for strangers.
    pub user: Option<UserId>,
    /// For which office.
    pub office: Option<OfficeCode>,
    /// What was done: `query.launched`.
    pub action: String,
    /// To which thing: `query/{id}`.
    pub subject: String,
    /// More about it; never the text of an answer.
    pub facts: Value,
}

/// A place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// How many events there are up to here.
    pub number: i64,
    /// The hash over all of them.
    pub hash: Hash,
}

impl Link {
    /// The place that `event` takes behind this one.
    pub fn next(&self, event: &Event) -> Self {
        let number = self.number + 1;
        Self {
            number,
            hash: hash(&self.hash, number, event),
        }
    }
}

/// An event as it is hashed: its keys in the order of the alphabet, and those of its facts too.
#[derive(Serialize)]
struct Canonical<'a> {
    action: &'a str,
    at: String,
    facts: Sorted<'a>,
    id: EventId,
    number: i64,
    office: Option<&'a OfficeCode>,
    subject: &'a str,
    user: Option<UserId>,
}

/// The hash of an event behind the hash before it: SHA-256 over those 32 bytes and the event's canonical JSON, which has
/// the keys `action`, `at` (RFC 3339 in UTC with six digits of a second), `facts`, `id`, `number`, `office`, `subject` and
/// `user` in this order, and no spaces.
fn hash(previous: &Hash, number: i64, event: &Event) -> Hash {
    let canonical = Canonical {
        action: &event.action,
        at: event.at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        facts: Sorted(&event.facts),
        id: event.id,
        number,
        office: event.office.as_ref(),
        subject: &event.subject,
        user: event.user,
    };
    let mut bytes = previous.to_vec();
    // Texts, numbers and maps with texts as keys: all of it is JSON, and a vector takes it.
    let _ = serde_json::to_writer(&mut bytes, &canonical);
    Sha256::digest(&bytes).into()
}

/// A JSON value whose objects are written in the order of their keys, however they are kept.
struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(entries) => {
                let sorted: BTreeMap<&String, &Value> = entries.iter().collect();
                let mut map = out.serialize_map(Some(sorted.len()))?;
                for (key, value) in sorted {
                    map.serialize_entry(key, &Sorted(value))?;
                }
                map.end()
            }
            Value::Array(entries) => {
                let mut list = out.serialize_seq(Some(entries.len()))?;
                for entry in entries {
                    list.serialize_element(&Sorted(entry))?;
                }
                list.end()
            }
            other => other.serialize(out),
        }
    }
}

/// What is wrong with a chain: the first fault of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// A number is not there.
    #[error("event {number} is missing: after {} comes {next}", .number - 1)]
    Missing {
        /// The number.
        number: i64,
        /// The number that follows instead.
        next: i64,
    },
    /// A number is there without its event.
    #[error("event {number} is missing: its number is there, the event is not")]
    Lost {
        /// The number.
        number: i64,
    },
    /// The event, or its hash, is another one than was sealed.
    #[error("event {number} is not what was sealed: it was changed, or stands in the place of another")]
    Changed {
        /// The number.
        number: i64,
    },
    /// A row holds what no program writes.
    #[error("event {number} cannot be read: {what}")]
    Unreadable {
        /// The number.
        number: i64,
        /// What stands in the way.
        what: String,
    },
    /// The chain is whole, but is not the one of a checkpoint.
    #[error("event {number} has another hash than in its checkpoint: the chain was written anew")]
    Rewritten {
        /// The number.
        number: i64,
    },
    /// The chain ends before a checkpoint.
    #[error("the chain was cut: it ends with event {last}, and a checkpoint knows event {number}")]
    Cut {
        /// The number in the checkpoint.
        number: i64,
        /// The last number of the chain.
        last: i64,
    },
    /// Events without a number that are too old for that.
    #[error(
        "{count} events have no number and are older than a minute, the first of {oldest}: no worker runs, or their place was removed"
    )]
    Unsealed {
        /// How many.
        count: i64,
        /// When the oldest of them happened.
        oldest: Instant,
    },
}

impl ChainFault {
    /// The number it is about; none for events without one.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Missing { number, .. }
            | Self::Lost { number }
            | Self::Changed { number }
            | Self::Unreadable { number, .. }
            | Self::Rewritten { number }
            | Self::Cut { number, .. } => Some(*number),
            Self::Unsealed { .. } => None,
        }
    }
}

/// Walks along a chain, event by event, and holds it against checkpoints.
#[derive(Debug, Clone)]
pub struct Verifier {
    at: Link,
    /// The last one first.
    checkpoints: Vec<Link>,
}

impl Verifier {
    /// Begins at the beginning; `checkpoints` are places the chain is known to have had.
    pub fn new(mut checkpoints: Vec<Link>) -> Self {
        checkpoints.sort_by_key(|known| std::cmp::Reverse(known.number));
        Self {
            at: BEGINNING,
            checkpoints,
        }
    }

    /// The place it has come to.
    pub fn at(&self) -> Link {
        self.at
    }

    /// Takes the next place of the chain and the event that stands there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn step(&mut self, found: Link, event: Option<&Event>) -> Result<(), ChainFault> {
        let number = self.at.number + 1;
        if found.number != number {
            return Err(ChainFault::Missing {
                number,
                next: found.number,
            });
        }
        let event = event.ok_or(ChainFault::Lost { number })?;
        if self.at.next(event) != found {
            return Err(ChainFault::Changed { number });
        }
        self.at = found;
        while let Some(known) = self.checkpoints.pop_if(|known| known.number <= number) {
            if known != found {
                return Err(ChainFault::Rewritten { number: known.number });
            }
        }
        Ok(())
    }

    /// Ends where the chain does; gives how many events it has.
    ///
    /// # Errors
    /// [`ChainFault::Cut`] when a checkpoint lies further on.
    pub fn end(&self) -> Result<i64, ChainFault> {
        match self.checkpoints.first() {
            Some(known) => Err(ChainFault::Cut {
                number: known.number,
                last: self.at.number,
            }),
            None => Ok(self.at.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn event(number: u128) -> Event {
        Event {
            id: EventId(Uuid::from_u128(number)),
            at: "2026-11-03T08:00:00.5Z".parse().unwrap(),
            user: Some(UserId(Uuid::from_u128(7))),
            office: Some("LU".parse().unwrap()),
            action: "query.launched".to_owned(),
            subject: format!("query/{number}"),
            facts: json!({"zebra": [1, {"b": null, "a": "é"}], "ape": "x"}),
        }
    }

    fn chain(length: u128) -> Vec<(Link, Option<Event>)> {
        let mut at = BEGINNING;
        (1..=length)
            .map(|number| {
                let event = event(number);
                at = at.next(&event);
                (at, Some(event))
            })
            .collect()
    }

    fn verify(chain: &[(Link, Option<Event>)], checkpoints: Vec<Link>) -> Result<i64, ChainFault> {
        let mut verifier = Verifier::new(checkpoints);
        for (link, event) in chain {
            verifier.step(*link, event.as_ref())?;
        }
        verifier.end()
    }

    #[test]
    fn the_hash_is_over_bytes_that_anybody_can_write() {
        let text = concat!(
            r#"{"action":"query.launched","at":"2026-11-03T08:00:00.500000Z","#,
            r#""facts":{"ape":"x","zebra":[1,{"a":"é","b":null}]},"id":"00000000-0000-0000-0000-000000000001","#,
            r#""number":1,"office":"LU","subject":"query/1","user":"00000000-0000-0000-0000-000000000007"}"#
        );
        let expected: Hash = Sha256::new().chain_update([0; 32]).chain_update(text).finalize().into();
        assert_eq!(hex::encode(BEGINNING.next(&event(1)).hash), hex::encode(expected));
    }

    #[test]
    fn every_part_of_an_event_counts() {
        let right = BEGINNING.next(&event(1)).hash;
        let changes: [fn(&mut Event); 8] = [
            |event| event.id = EventId(Uuid::from_u128(2)),
            |event| event.at += chrono::Duration::microseconds(1),
            |event| event.user = None,
            |event| event.office = None,
            |event| event.action.push('x'),
            |event| event.subject.push('x'),
            |event| event.facts = json!({}),
            |event| event.facts["zebra"][1]["b"] = json!(0),
        ];
        for change in changes {
            let mut changed = event(1);
            change(&mut changed);
            assert_ne!(BEGINNING.next(&changed).hash, right, "{changed:?}");
        }
        let later = Link { number: 1, ..BEGINNING };
        assert_ne!(later.next(&event(1)).hash, right, "so does its number");
    }

    #[test]
    fn a_chain_is_whole_or_its_first_fault_is_named() {
        let whole = chain(9);
        let last = whole[8].0;
        assert_eq!(verify(&whole, vec![last, whole[3].0]), Ok(9));
        assert_eq!(verify(&[], Vec::new()), Ok(0));

        let mut lost = whole.clone();
        lost[4].1 = None;
        assert_eq!(verify(&lost, Vec::new()), Err(ChainFault::Lost { number: 5 }));
        let mut gap = whole.clone();
        gap.remove(4);
        assert_eq!(
            verify(&gap, Vec::new()),
            Err(ChainFault::Missing { number: 5, next: 6 })
        );
        let mut swapped = whole.clone();
        (swapped[2].1, swapped[6].1) = (whole[6].1.clone(), whole[2].1.clone());
        assert_eq!(verify(&swapped, Vec::new()), Err(ChainFault::Changed { number: 3 }));
        let mut first = whole.clone();
        first.remove(0);
        assert_eq!(
            verify(&first, Vec::new()),
            Err(ChainFault::Missing { number: 1, next: 2 })
        );
    }

    #[test]
    fn checkpoints_show_a_cut_and_a_chain_written_anew() {
        let whole = chain(9);
        let (early, late) = (whole[3].0, whole[7].0);
        assert_eq!(verify(&whole[..5], Vec::new()), Ok(5), "nothing shows a cut by itself");
        assert_eq!(
            verify(&whole[..5], vec![early, late]),
            Err(ChainFault::Cut { number: 8, last: 5 })
        );
        let (mut at, mut anew) = (BEGINNING, Vec::new());
        for number in (1..=9).filter(|number| *number != 2) {
            let event = event(number);
            at = at.next(&event);
            anew.push((at, Some(event)));
        }
        assert_eq!(verify(&anew, Vec::new()), Ok(8), "it is whole");
        assert_eq!(
            verify(&anew, vec![late, early]),
            Err(ChainFault::Rewritten { number: 4 })
        );
        let other = Link { hash: [1; 32], ..early };
        assert_eq!(
            verify(&whole, vec![early, other]),
            Err(ChainFault::Rewritten { number: 4 }),
            "two checkpoints that say different things cannot both be right"
        );
    }
}
