//! The launch of a query: whom it asks, by when, and what it writes down.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::clock::{Instant, brussels_date};
use crate::deadline::{Planned, set_deadline};
use crate::number::QueryNumber;
use crate::office::{OfficeCode, OfficeKind, Offices, Standing};
use crate::query::{Addressee, Audience, Launched, Life, Query};
use crate::question::warnings;
use crate::refusal::{Faults, Refusal};

/// Whom a launch addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressed {
    /// All member contact points.
    Members,
    /// All member and observer contact points.
    MembersAndObservers,
    /// A chosen list.
    List,
}

/// A launch as it comes in.
#[derive(Debug, Clone)]
pub struct LaunchInput {
    /// Whom it addresses.
    pub addressed: Addressed,
    /// The chosen list; for the other two empty.
    pub offices: Vec<OfficeCode>,
    /// Whether the Commission is asked too.
    pub commission: bool,
    /// The audience; none for the default.
    pub audience: Option<Audience>,
}

/// What a launch would write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchPlan {
    /// The deadline and how it was found.
    pub planned: Planned,
    /// Who will be asked.
    pub addressees: Vec<Addressee>,
    /// Who makes up the network.
    pub audience: Audience,
}

impl Query {
    /// What stands in the way of a good launch without stopping it.
    pub fn launch_warnings(&self) -> Vec<String> {
        let mut warnings = warnings(&self.questions);
        if let Life::Draft { deadline: None, .. } = self.life {
            warnings.push("No deadline is named: it will be 20 working days from launch".to_owned());
        }
        if self.topics.is_empty() {
            warnings.push("No topic is named: the query will be hard to find".to_owned());
        }
        let waiting: Vec<_> = self
            .joint
            .iter()
            .filter(|joint| joint.accepted.is_none())
            .map(|joint| joint.office.as_str())
            .collect();
        if !waiting.is_empty() {
            warnings.push(format!(
                "{} did not accept yet and will not be a joint requester",
                waiting.join(", ")
            ));
        }
        warnings
    }

    /// What a launch at `now` would write down.
    ///
    /// # Errors
    /// Conflict `not_draft`; Invalid with all faults: `no_questions`, `unknown_office`, `bad_office`,
    /// `missing_field`, `not_for_choice`, and those of [`set_deadline`].
    pub fn plan_launch(
        &self,
        input: &LaunchInput,
        offices: &Offices,
        commission: &Calendar,
        now: Instant,
    ) -> Result<LaunchPlan, Refusal> {
        let Life::Draft {
            deadline,
            urgent_reason,
        } = &self.life
        else {
            self.must_be_draft()?;
            return Err(Refusal::Hidden);
        };
        let mut faults = Faults::new();
        if self.questions.is_empty() {
            faults.add("/questions", "no_questions", "a query asks at least one question");
        }
        let addressees = self.address(input, offices, now, &mut faults);
        let planned = match set_deadline(now, *deadline, urgent_reason.as_deref(), commission) {
            Ok(planned) => Some(planned),
            Err(Refusal::Invalid(found)) => {
                faults.add_below("", found);
                None
            }
            Err(other) => return Err(other),
        };
        let observers = addressees
            .iter()
            .any(|addressee| addressee.standing == Standing::Observer);
        let audience = input.audience.unwrap_or(if observers {
            Audience::MembersAndObservers
        } else {
            Audience::Members
        });
        match planned {
            Some(planned) if faults.is_empty() => Ok(LaunchPlan {
                planned,
                addressees,
                audience,
            }),
            _ => Err(Refusal::Invalid(faults)),
        }
    }

    fn address(&self, input: &LaunchInput, offices: &Offices, now: Instant, faults: &mut Faults) -> Vec<Addressee> {
        let today = brussels_date(now);
        let mut chosen: BTreeSet<&OfficeCode> = BTreeSet::new();
        match input.addressed {
            Addressed::List => {
                if input.offices.is_empty() && !input.commission {
                    faults.add("/offices", "missing_field", "name the offices to ask");
                }
                for (index, code) in input.offices.iter().enumerate() {
                    let at = format!("/offices/{index}");
                    match offices.get(code) {
                        None => faults.add(at, "unknown_office", "no office has this code; /offices lists them"),
                        Some(office)
                            if office.kind != OfficeKind::NationalContactPoint || !office.takes_part_on(today) =>
                        {
                            faults.add(at, "bad_office", "a contact point that takes part today can be asked");
                        }
                        Some(office) if office.code == self.lead => faults.add(
                            at,
                            "bad_office",
                            "the requesting office may answer without being addressed",
                        ),
                        Some(office) => {
                            chosen.insert(&office.code);
                        }
                    }
                }
            }
            Addressed::Members | Addressed::MembersAndObservers => {
                if !input.offices.is_empty() {
                    faults.add("/offices", "not_for_choice", "a list goes with addressed: list only");
                }
                let observers = input.addressed == Addressed::MembersAndObservers;
                chosen.extend(
                    offices
                        .iter()
                        .filter(|office| {
                            office.takes_part_on(today)
                                && (office.standing == Standing::Member
                                    || observers && office.standing == Standing::Observer)
                        })
                        .map(|office| &office.code),
                );
            }
        }
        let commission = OfficeCode::commission();
        if input.commission {
            chosen.insert(&commission);
        }
        chosen.remove(&self.lead);
        chosen
            .into_iter()
            .filter_map(|code| offices.get(code))
            .map(|office| Addressee {
                office: office.code.clone(),
                standing: office.standing,
                expected: office.standing == Standing::Member,
                told: now,
                agreed: None,
            })
            .collect()
    }

    /// Launches the draft: gives the number, fixes the text, drops joint offices that did not accept.
    pub fn launch(&mut self, plan: LaunchPlan, number: QueryNumber, now: Instant) {
        let urgent_reason = match &self.life {
            Life::Draft { urgent_reason, .. } if plan.planned.urgent => urgent_reason.clone(),
            _ => None,
        };
        self.joint.retain(|joint| joint.accepted.is_some());
        self.life = Life::Launched(Box::new(Launched {
            number,
            at: now,
            deadline: plan.planned.deadline,
            urgent_reason,
            audience: plan.audience,
            addressees: plan.addressees,
            extensions: Vec::new(),
            closed_early: None,
            withdrawn: None,
            last_edition: None,
            publications: Vec::new(),
            mailed: None,
            holds: Vec::new(),
        }));
        self.changed = now;
    }
}
