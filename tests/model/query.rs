//! The model of a query: who sees it, who may do what with it, and where it stands. Written from the specification;
//! it asks the program nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, Months, NaiveDate};

use crate::calendar::{Calendar, Instant, day, end};
use crate::edition::Edition;
use crate::response::Response;
use crate::step::{Asked, Audience, CHANGING, Caller, Circle, Moment, Office, Role, What, Wish};

/// A rule of the model that is wrong on purpose, to show that the difference is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twist {
    /// None.
    Right,
    /// The first instant after the deadline still counts as before it.
    DeadlineTheOtherWay,
    /// A narrowed answer stays in the views that are out.
    NarrowingWaits,
    /// An amendment after the deadline makes a response late.
    AmendmentIsLate,
    /// The audience reads the answers before there is an edition.
    AudienceReadsAtOnce,
}

/// Codes of problems, each of which would be right; none means that the step is taken.
pub(crate) type Refusals = Vec<&'static str>;

/// What is known since the launch.
#[derive(Debug, Clone)]
pub(crate) struct Launched {
    pub(crate) number: String,
    pub(crate) deadline: NaiveDate,
    pub(crate) audience: Audience,
    pub(crate) addressees: BTreeSet<Office>,
    /// Addressees beside those who play a part; they stay silent.
    pub(crate) silent: usize,
    pub(crate) silent_expected: bool,
    pub(crate) closed_early: bool,
    pub(crate) withdrawn: bool,
    pub(crate) extensions: usize,
    /// Editions announced, with the instant from which each is public.
    pub(crate) publications: Vec<(u32, Instant)>,
    pub(crate) sent: bool,
    /// When the last edition got its number.
    pub(crate) last_made: Option<Instant>,
}

/// The model.
pub(crate) struct Model<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) twist: Twist,
    pub(crate) now: Instant,
    /// The role of the changing user; none while it is disabled.
    pub(crate) role: Option<Role>,
    pub(crate) lead: Office,
    pub(crate) wish: Wish,
    /// The day wished for.
    pub(crate) wished: Option<NaiveDate>,
    pub(crate) deleted: bool,
    /// Offices invited to ask jointly, and whether they accepted.
    pub(crate) joint: Vec<(Office, bool)>,
    pub(crate) launched: Option<Launched>,
    pub(crate) responses: BTreeMap<Office, Response>,
    pub(crate) editions: Vec<Edition>,
}

fn is_member(office: Office) -> bool {
    matches!(office, Office::Lu | Office::Nl | Office::At | Office::Be)
}

impl<'a> Model<'a> {
    /// A query drafted by an office.
    pub(crate) fn new(calendar: &'a Calendar, twist: Twist, now: Instant, lead: Office, wish: Wish) -> Self {
        Self {
            calendar,
            twist,
            now,
            role: Some(Role::Expert),
            lead,
            wish,
            wished: wish.deadline.map(|days| day(now) + Duration::days(days)),
            deleted: false,
            joint: Vec::new(),
            launched: None,
            responses: BTreeMap::new(),
            editions: Vec::new(),
        }
    }

    /// Why this caller may not begin a draft.
    pub(crate) fn refuses_creation(by: Caller) -> Refusals {
        match by {
            Caller::Nobody => vec!["unauthenticated"],
            Caller::User(Office::Uk, _) => vec!["not_taking_part"],
            Caller::User(Office::Sp, _) => vec!["service_provider"],
            Caller::User(_, Role::Reader) => vec!["role_too_low"],
            Caller::User(..) => vec![],
        }
    }

    /// The role a caller holds now; none when it is disabled or nobody.
    fn role_of(&self, caller: Caller) -> Option<Role> {
        match caller {
            Caller::Nobody => None,
            CHANGING => self.role,
            Caller::User(_, role) => Some(role),
        }
    }

    pub(crate) fn is_past_deadline(&self, instant: Instant) -> bool {
        let Some(launched) = &self.launched else { return false };
        let end = end(launched.deadline);
        if self.twist == Twist::DeadlineTheOtherWay {
            instant > end
        } else {
            instant >= end
        }
    }

    /// The edition whose public view is in force.
    pub(crate) fn published(&self) -> Option<u32> {
        let publications = &self.launched.as_ref()?.publications;
        let in_force = publications.iter().rev().find(|(_, from)| *from <= self.now);
        in_force.map(|(edition, _)| *edition)
    }

    pub(crate) fn status(&self) -> &'static str {
        let Some(launched) = &self.launched else { return "draft" };
        if launched.withdrawn {
            "withdrawn"
        } else if self.published().is_some() {
            "published"
        } else if !self.editions.is_empty() {
            "compiled"
        } else if launched.closed_early || self.is_past_deadline(self.now) {
            "closed"
        } else {
            "open"
        }
    }

    pub(crate) fn is_requester(&self, office: Office) -> bool {
        office == self.lead || self.joint.contains(&(office, true))
    }

    /// The circle an office belongs to; none when the query is not there for it.
    fn reach(&self, office: Office) -> Option<Circle> {
        let public = (self.status() == "published").then_some(Circle::Public);
        if office == Office::Uk {
            return public;
        }
        if self.is_requester(office) {
            return Some(Circle::Requester);
        }
        let Some(launched) = &self.launched else {
            let invited = self.joint.iter().any(|(joint, _)| *joint == office);
            return invited.then_some(Circle::Network);
        };
        let in_audience = launched.addressees.contains(&office)
            || match launched.audience {
                Audience::Addressed => false,
                Audience::Members => is_member(office),
                Audience::MembersAndObservers => is_member(office) || office == Office::No,
            };
        match office {
            Office::Com => Some(Circle::Requester),
            Office::Sp => Some(Circle::Network),
            _ if in_audience => Some(Circle::Network),
            _ => public,
        }
    }

    /// The circle a caller reads in, or why the query is not there for it.
    pub(crate) fn sees(&self, caller: Caller) -> Result<Circle, &'static str> {
        let Some(office) = caller.office() else {
            return Err("unauthenticated");
        };
        if self.role_of(caller).is_none() {
            return Err("bad_token");
        }
        if self.deleted {
            return Err("not_found");
        }
        self.reach(office).ok_or("not_found")
    }

    /// The circle a caller reads the query in.
    pub(crate) fn reads(&self, caller: Caller) -> Result<Circle, &'static str> {
        match self.sees(caller)? {
            Circle::Public => Err("public_only"),
            circle => Ok(circle),
        }
    }

    pub(crate) fn needs(&self, caller: Caller, least: Role) -> Result<(), &'static str> {
        if self.role_of(caller) >= Some(least) {
            Ok(())
        } else {
            Err("role_too_low")
        }
    }

    /// Whether the caller may do this with the query, wherever it stands.
    fn may(&self, caller: Caller, what: &What) -> Result<(), &'static str> {
        self.sees(caller)?;
        let office = caller.office().ok_or("unauthenticated")?;
        let takes_part = office != Office::Uk;
        let lead = takes_part && office == self.lead;
        let least = match what {
            What::Change(_) if takes_part && self.is_requester(office) => Role::Expert,
            What::Delete if lead => Role::Expert,
            What::AcceptInvitation if self.joint.iter().any(|(joint, _)| *joint == office) => Role::Coordinator,
            What::Compile if lead || office == Office::Sp => Role::Coordinator,
            What::Change(_) | What::Delete | What::AcceptInvitation | What::Compile => {
                return Err("not_the_requester");
            }
            _ if lead => Role::Coordinator,
            _ => return Err("not_the_requester"),
        };
        self.needs(caller, least)
    }

    /// Whether every expected office has answered or declined.
    fn all_in(&self) -> bool {
        self.launched.as_ref().is_some_and(|launched| {
            let expected = launched.addressees.iter().filter(|office| is_member(**office));
            !launched.silent_expected
                && expected.into_iter().all(|office| {
                    let response = self.responses.get(office);
                    response.is_some_and(|response| response.position.is_released())
                })
        })
    }

    fn needs_status(&self, statuses: &[&str]) -> Refusals {
        if statuses.contains(&self.status()) {
            vec![]
        } else {
            vec!["wrong_status"]
        }
    }

    /// What the position of the query has against a step, whoever takes it.
    fn position_refuses(&self, by: Caller, what: &What) -> Refusals {
        let draft = if self.launched.is_none() {
            vec![]
        } else {
            vec!["not_draft"]
        };
        match what {
            What::Change(_) | What::Delete => draft,
            What::Invite(office) => {
                let mut refusals = draft;
                if matches!(office, Office::Sp | Office::Uk) {
                    refusals.push("bad_office");
                }
                if *office == self.lead || self.joint.iter().any(|(joint, _)| joint == office) {
                    refusals.push("already_joint");
                }
                refusals
            }
            What::AcceptInvitation => {
                let mut refusals = draft;
                if by.office().is_some_and(|office| self.joint.contains(&(office, true))) {
                    refusals.push("already_accepted");
                }
                refusals
            }
            What::Launch { asked, .. } => {
                let mut refusals = draft;
                refusals.extend(self.launch_faults(*asked));
                refusals
            }
            What::Close => self.needs_status(&["open"]),
            What::Extend(days) => {
                let mut refusals = self.needs_status(&["open", "closed"]);
                refusals.extend(self.extension_faults(*days));
                refusals
            }
            What::Withdraw => self.needs_status(&["open", "closed", "compiled"]),
            What::Compile => self.compile_refuses(by),
            What::Publish(back) => self.publish_refuses(self.edition_back(*back)),
            What::Unpublish => {
                let mut refusals = self.needs_status(&["compiled", "published"]);
                if self
                    .launched
                    .as_ref()
                    .is_none_or(|launched| launched.publications.is_empty())
                {
                    refusals.push("not_published");
                }
                refusals
            }
            What::Sign => {
                let mut refusals = self.needs_status(&["compiled", "published"]);
                match self.editions.last() {
                    None => refusals.push("no_edition"),
                    Some(edition) if edition.signed => refusals.push("already_signed"),
                    Some(_) => {}
                }
                refusals
            }
            What::Send => {
                let mut refusals = self.needs_status(&["compiled", "published"]);
                match &self.launched {
                    Some(launched) if launched.sent => refusals.push("already_sent"),
                    _ if self.editions.is_empty() => refusals.push("no_edition"),
                    _ => {}
                }
                refusals
            }
            _ => vec![],
        }
    }

    fn compile_refuses(&self, by: Caller) -> Refusals {
        let mut refusals = self.needs_status(if self.all_in() {
            &["open", "closed", "compiled", "published"]
        } else {
            &["closed", "compiled", "published"]
        });
        if let (Some(Office::Sp), Some(launched)) = (by.office(), &self.launched)
            && day(self.now) <= self.calendar.after(launched.deadline, 10)
        {
            refusals.push("requester_first");
        }
        refusals
    }

    fn publish_refuses(&self, number: u32) -> Refusals {
        let mut refusals = self.needs_status(&["compiled", "published"]);
        if self.wish.never_public {
            refusals.push("never_public");
        }
        match self.edition(number) {
            None => refusals.push("unknown_edition"),
            Some(edition) if edition.is_replaced(Circle::Public) => refusals.push("replaced"),
            Some(_) => {}
        }
        let last = self.launched.as_ref().and_then(|launched| launched.publications.last());
        if last.is_some_and(|(edition, _)| *edition == number) {
            refusals.push("already_announced");
        }
        refusals
    }

    /// The number of an edition counted back from the newest; one that is not there when they do not reach so far.
    pub(crate) fn edition_back(&self, back: u32) -> u32 {
        let newest = self.editions.last().map_or(0, |edition| edition.number);
        newest.checked_sub(back).filter(|number| *number > 0).unwrap_or(999)
    }

    pub(crate) fn edition(&self, number: u32) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.number == number)
    }

    /// The deadline a launch now would set.
    pub(crate) fn planned(&self) -> NaiveDate {
        let usual = || self.calendar.after(day(self.now), 20);
        self.calendar.moved(self.wished.unwrap_or_else(usual))
    }

    fn launch_faults(&self, asked: Asked) -> Refusals {
        let mut faults = self.deadline_faults(self.wished.unwrap_or_else(|| self.planned()));
        let days = self.calendar.between(day(self.now), self.planned());
        if days < 10 && !self.wish.urgent_reason {
            faults.push("urgent_reason_missing");
        }
        if let Asked::List(offices) = asked
            && offices
                .iter()
                .any(|office| *office == self.lead || *office == Office::Uk)
        {
            faults.push("bad_office");
        }
        faults
    }

    fn deadline_faults(&self, wish: NaiveDate) -> Refusals {
        let today = day(self.now);
        let mut faults = Vec::new();
        if wish < today {
            faults.push("deadline_in_past");
        }
        match self.calendar.between(today, self.calendar.moved(wish)) {
            0 | 1 => faults.push("deadline_too_near"),
            2..=60 => {}
            _ => faults.push("deadline_too_far"),
        }
        faults
    }

    /// The day an extension asks for.
    pub(crate) fn extended(&self, days: i64) -> NaiveDate {
        let from = self
            .launched
            .as_ref()
            .map_or(day(self.now), |launched| launched.deadline);
        from + Duration::days(days)
    }

    fn extension_faults(&self, days: i64) -> Refusals {
        let wish = self.extended(days);
        let mut faults = self.deadline_faults(wish);
        if let Some(launched) = &self.launched
            && self.calendar.moved(wish) <= launched.deadline
        {
            faults.push("deadline_not_later");
        }
        faults
    }

    fn role_refuses(&self, by: Caller) -> Refusals {
        let refusal = match by {
            Caller::Nobody => "unauthenticated",
            _ if self.role_of(by).is_none() => "bad_token",
            Caller::User(Office::Uk, _) => "not_taking_part",
            Caller::User(Office::Lu, _) if self.needs(by, Role::Coordinator).is_ok() => return vec![],
            Caller::User(Office::Lu, _) => "role_too_low",
            Caller::User(Office::Sp, _) => "first_coordinator_only",
            Caller::User(..) => "other_office",
        };
        vec![refusal]
    }

    /// Why a step is refused; nothing when it is taken. An old ETag is not looked at here.
    pub(crate) fn refuses(&self, by: Caller, what: &What) -> Refusals {
        match what {
            What::SetRole(_) => self.role_refuses(by),
            What::Pass(moment) => match self.moment(*moment) {
                Some(_) => vec![],
                None => vec!["nowhere to go"],
            },
            What::SaveDraft(office, _)
            | What::SaveAnswer(office, ..)
            | What::RemoveAnswer(office, _)
            | What::Submit(office)
            | What::Retract(office)
            | What::Decline(office)
            | What::Resume(office)
            | What::ChangeCircles(office, ..) => match self.may_respond(by, *office, what) {
                Ok(()) => self.response_refuses(*office, what),
                Err(refusal) => vec![refusal],
            },
            _ => match self.may(by, what) {
                Ok(()) => self.position_refuses(by, what),
                Err(refusal) => vec![refusal],
            },
        }
    }

    /// Where the clock goes; none when that is not ahead, or beyond the calendar.
    pub(crate) fn moment(&self, moment: Moment) -> Option<Instant> {
        let launched = self.launched.as_ref();
        let microsecond = Duration::microseconds(1);
        let deadline = launched.map(|launched| end(launched.deadline));
        let publication = launched.and_then(|launched| launched.publications.last().map(|(_, from)| *from));
        let twelve_months = launched.and_then(|launched| launched.last_made.map(|made| made + Months::new(12)));
        let provider = launched.map(|launched| {
            let tenth = self.calendar.after(launched.deadline, 10);
            end(tenth) - Duration::hours(12)
        });
        let target = match moment {
            Moment::NextDay => Some(self.now + Duration::days(1)),
            Moment::BeforeDeadline => deadline.map(|end| end - microsecond),
            Moment::Deadline => deadline,
            Moment::BeforePublication => publication.map(|from| from - microsecond),
            Moment::Publication => publication,
            Moment::ProviderWaits => provider,
            Moment::ProviderMay => provider.map(|noon| noon + Duration::days(1)),
            Moment::BeforeTwelveMonths => twelve_months.map(|end| end - microsecond),
            Moment::TwelveMonths => twelve_months,
        };
        let last = "2029-12-31T00:00:00Z".parse::<Instant>().expect("an instant");
        target.filter(|target| *target > self.now && *target < last)
    }

    /// What the caller is told it may do with the query.
    pub(crate) fn actions(&self, caller: Caller) -> Vec<&'static str> {
        let wish = self.wish;
        let launch = What::Launch {
            asked: Asked::Members,
            commission: false,
            audience: None,
        };
        let draft = self.launched.is_none();
        let office = caller.office();
        let invited = office.is_some_and(|office| self.joint.contains(&(office, false)));
        let can_compile = self.compile_refuses(Caller::Nobody).is_empty();
        let can_publish = self.needs_status(&["compiled", "published"]).is_empty() && !self.wish.never_public;
        let steps = [
            ("change", What::Change(wish), draft),
            ("delete", What::Delete, draft),
            ("inviteJoint", What::Invite(Office::Nl), draft),
            ("acceptJoint", What::AcceptInvitation, draft && invited),
            ("launch", launch, draft),
            ("close", What::Close, self.needs_status(&["open"]).is_empty()),
            (
                "extend",
                What::Extend(3),
                self.needs_status(&["open", "closed"]).is_empty(),
            ),
            (
                // Whoever may extend.
                "correct",
                What::Extend(3),
                self.needs_status(&["open", "closed", "compiled", "published"])
                    .is_empty(),
            ),
            (
                "withdraw",
                What::Withdraw,
                self.position_refuses(caller, &What::Withdraw).is_empty(),
            ),
            ("compile", What::Compile, can_compile),
            ("publish", What::Publish(0), can_publish),
            (
                "unpublish",
                What::Unpublish,
                self.position_refuses(caller, &What::Unpublish).is_empty(),
            ),
        ];
        let mut actions: Vec<_> = steps
            .into_iter()
            .filter(|(_, what, possible)| *possible && self.may(caller, what).is_ok())
            .map(|(word, _, _)| word)
            .collect();
        if let Some(office) = office
            && self.takes_responses(office).is_empty()
            && self
                .may_respond(caller, office, &What::SaveDraft(office, [None; 3]))
                .is_ok()
        {
            actions.push("respond");
        }
        actions
    }
}
