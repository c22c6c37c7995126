//! What may happen in a sequence: who calls, what is tried, and how it is printed.

use std::fmt;

/// An office that plays a part. The other members are asked too and stay silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Office {
    Lu,
    Nl,
    At,
    Be,
    /// An observer.
    No,
    /// Takes part no longer.
    Uk,
    Com,
    Sp,
}

impl Office {
    pub(crate) const ALL: [Self; 8] = [
        Self::Lu,
        Self::Nl,
        Self::At,
        Self::Be,
        Self::No,
        Self::Uk,
        Self::Com,
        Self::Sp,
    ];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Lu => "LU",
            Self::Nl => "NL",
            Self::At => "AT",
            Self::Be => "BE",
            Self::No => "NO",
            Self::Uk => "UK",
            Self::Com => "COM",
            Self::Sp => "SP",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    Reader,
    Expert,
    Coordinator,
}

impl Role {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Expert => "expert",
            Self::Coordinator => "coordinator",
        }
    }
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Caller {
    /// A user of an office, by the role it was made with.
    User(Office, Role),
    /// Nobody is signed in.
    Nobody,
}

/// Luxembourg's expert, whose role changes in a sequence.
pub(crate) const CHANGING: Caller = Caller::User(Office::Lu, Role::Expert);

impl Caller {
    pub(crate) const ALL: [Self; 12] = [
        Self::User(Office::Lu, Role::Coordinator),
        CHANGING,
        Self::User(Office::Lu, Role::Reader),
        Self::User(Office::Nl, Role::Coordinator),
        Self::User(Office::At, Role::Coordinator),
        Self::User(Office::At, Role::Expert),
        Self::User(Office::Be, Role::Coordinator),
        Self::User(Office::No, Role::Coordinator),
        Self::User(Office::Uk, Role::Coordinator),
        Self::User(Office::Com, Role::Coordinator),
        Self::User(Office::Sp, Role::Coordinator),
        Self::Nobody,
    ];

    pub(crate) fn office(self) -> Option<Office> {
        match self {
            Self::User(office, _) => Some(office),
            Self::Nobody => None,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(office, role) => write!(f, "{}'s {}", office.code(), role.word()),
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

/// How far an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Circle {
    Requester,
    Network,
    Public,
}

impl Circle {
    pub(crate) const ALL: [Self; 3] = [Self::Requester, Self::Network, Self::Public];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Network => "network",
            Self::Public => "public",
        }
    }
}

/// The questions of every query: `q2` hangs on `q1` being yes or partly, `q3` may be left open.
pub(crate) const QUESTIONS: [&str; 3] = ["q1", "q2", "q3"];

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Yes,
    No,
    /// A text with this number in it.
    Text(u8),
    /// A word instead of an answer.
    ToFollow,
}

/// An answer as it is sent; without a circle the default of the query holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) says: Says,
    pub(crate) circle: Option<Circle>,
}

/// The content of a draft query, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) never_public: bool,
    pub(crate) default_circle: Circle,
    /// Days from the day it is saved; none for the usual twenty working days.
    pub(crate) deadline: Option<i64>,
    pub(crate) urgent_reason: bool,
}

/// Whom a launch asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Members,
    MembersAndObservers,
    List(&'static [Office]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    Addressed,
    Members,
    MembersAndObservers,
}

impl Audience {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Addressed => "addressed",
            Self::Members => "members",
            Self::MembersAndObservers => "members_and_observers",
        }
    }
}

/// Where the clock goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    NextDay,
    /// One microsecond before the deadline is over.
    BeforeDeadline,
    /// The first instant after the deadline.
    Deadline,
    /// One microsecond before an announced publication is in force.
    BeforePublication,
    Publication,
    /// The day on which the service provider may compile, and the one before it.
    ProviderWaits,
    ProviderMay,
    /// One microsecond before twelve months after the last edition, and then.
    BeforeTwelveMonths,
    TwelveMonths,
}

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Change(Wish),
    Delete,
    Invite(Office),
    AcceptInvitation,
    Launch {
        asked: Asked,
        commission: bool,
        audience: Option<Audience>,
    },
    Close,
    /// Days after the present deadline.
    Extend(i64),
    Withdraw,
    Compile,
    /// An edition, counted back from the newest.
    Publish(u32),
    Unpublish,
    Sign,
    Send,
    SaveDraft(Office, [Option<Sent>; 3]),
    SaveAnswer(Office, usize, Sent),
    RemoveAnswer(Office, usize),
    Submit(Office),
    Retract(Office),
    Decline(Office),
    Resume(Office),
    /// None of the questions named means all.
    ChangeCircles(Office, Circle, Option<usize>),
    /// The role of the changing user; none disables it.
    SetRole(Option<Role>),
    Pass(Moment),
}

impl What {
    /// Its name in the count of what was accepted and refused.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Change(_) => "change",
            Self::Delete => "delete",
            Self::Invite(_) => "invite",
            Self::AcceptInvitation => "accept invitation",
            Self::Launch { .. } => "launch",
            Self::Close => "close",
            Self::Extend(_) => "extend",
            Self::Withdraw => "withdraw",
            Self::Compile => "compile",
            Self::Publish(_) => "publish",
            Self::Unpublish => "unpublish",
            Self::Sign => "sign",
            Self::Send => "send",
            Self::SaveDraft(..) => "save draft",
            Self::SaveAnswer(..) => "save answer",
            Self::RemoveAnswer(..) => "remove answer",
            Self::Submit(_) => "submit",
            Self::Retract(_) => "retract",
            Self::Decline(_) => "decline",
            Self::Resume(_) => "resume",
            Self::ChangeCircles(..) => "change circles",
            Self::SetRole(_) => "set role",
            Self::Pass(_) => "pass",
        }
    }

    /// Every kind there is, `create` included.
    pub(crate) const KINDS: [&'static str; 24] = [
        "create",
        "change",
        "delete",
        "invite",
        "accept invitation",
        "launch",
        "close",
        "extend",
        "withdraw",
        "compile",
        "publish",
        "unpublish",
        "sign",
        "send",
        "save draft",
        "save answer",
        "remove answer",
        "submit",
        "retract",
        "decline",
        "resume",
        "change circles",
        "set role",
        "pass",
    ];
}

/// One step: who tries what, with the ETag in force or an old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) by: Caller,
    pub(crate) what: What,
    pub(crate) stale: bool,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stale = if self.stale { " with an old ETag" } else { "" };
        match &self.what {
            What::Pass(moment) => write!(f, "the clock goes to {moment:?}"),
            what => write!(f, "{}: {what:?}{stale}", self.by),
        }
    }
}

/// A life: who drafts the query, what is in it, and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) by: Caller,
    pub(crate) wish: Wish,
    pub(crate) steps: Vec<Step>,
    /// Who looks at everything in the end.
    pub(crate) readers: Vec<Caller>,
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, " 0. {}: draft {:?}", self.by, self.wish)?;
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:2}. {step}", index + 1)?;
        }
        for reader in &self.readers {
            writeln!(f, "    {reader} looks")?;
        }
        Ok(())
    }
}
