//! What a step that is taken changes in the model.

use std::collections::BTreeSet;

use chrono::Duration;

use crate::calendar::{Instant, day, end};
use crate::query::{Launched, Model};
use crate::step::{Asked, Audience, Caller, Office, What};

/// The members and observers of the network that play no part.
const SILENT_MEMBERS: usize = 22;
const SILENT_OBSERVERS: usize = 8;

impl Model<'_> {
    /// Takes a step that is not refused. `number` is the one a launch gets.
    pub(crate) fn take(&mut self, by: Caller, what: &What, number: String) {
        match what {
            What::Change(wish) => {
                self.wish = *wish;
                self.wished = wish.deadline.map(|days| day(self.now) + Duration::days(days));
            }
            What::Delete => self.deleted = true,
            What::Invite(office) => self.joint.push((*office, false)),
            What::AcceptInvitation => {
                for joint in self.joint.iter_mut().filter(|joint| Some(joint.0) == by.office()) {
                    joint.1 = true;
                }
            }
            What::Launch {
                asked,
                commission,
                audience,
            } => self.launch(*asked, *commission, *audience, number),
            What::SetRole(role) => self.role = *role,
            What::Pass(moment) => self.now = self.moment(*moment).unwrap_or(self.now),
            What::Compile => self.compile(),
            What::Sign => {
                if let Some(edition) = self.editions.last_mut() {
                    edition.signed = true;
                }
                self.note(|launched, _| launched.sent = true);
            }
            What::Send => self.note(|launched, _| launched.sent = true),
            What::Close => self.note(|launched, _| launched.closed_early = true),
            What::Withdraw => self.note(|launched, _| launched.withdrawn = true),
            What::Unpublish => self.note(|launched, _| launched.publications.clear()),
            What::Extend(days) => {
                let deadline = self.calendar.moved(self.extended(*days));
                self.note(|launched, _| {
                    launched.deadline = deadline;
                    launched.closed_early = false;
                    launched.extensions += 1;
                });
                self.count_late_anew();
            }
            What::Publish(back) => {
                let edition = self.edition_back(*back);
                let from = end(self.calendar.after(day(self.now), 3));
                self.note(|launched, now| {
                    launched.publications.retain(|(_, from)| *from <= now);
                    launched.publications.push((edition, from));
                });
            }
            _ => self.respond(what),
        }
    }

    fn note(&mut self, change: impl FnOnce(&mut Launched, Instant)) {
        let now = self.now;
        if let Some(launched) = &mut self.launched {
            change(launched, now);
        }
    }

    fn launch(&mut self, asked: Asked, commission: bool, audience: Option<Audience>, number: String) {
        let members = [Office::Lu, Office::Nl, Office::At, Office::Be];
        let (mut addressees, silent): (BTreeSet<Office>, usize) = match asked {
            Asked::List(offices) => (offices.iter().copied().collect(), 0),
            Asked::Members => (members.into(), SILENT_MEMBERS),
            Asked::MembersAndObservers => (
                members.into_iter().chain([Office::No]).collect(),
                SILENT_MEMBERS + SILENT_OBSERVERS,
            ),
        };
        let observers = addressees.contains(&Office::No);
        if commission {
            addressees.insert(Office::Com);
        }
        addressees.remove(&self.lead);
        self.joint.retain(|(_, accepted)| *accepted);
        self.launched = Some(Launched {
            number,
            deadline: self.planned(),
            audience: audience.unwrap_or(if observers {
                Audience::MembersAndObservers
            } else {
                Audience::Members
            }),
            addressees,
            silent,
            silent_expected: silent > 0,
            closed_early: false,
            withdrawn: false,
            extensions: 0,
            publications: Vec::new(),
            sent: false,
            last_made: None,
        });
    }
}
