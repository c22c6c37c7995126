//! Who may do what: one function decides, and the scope of lists is the same rule as data.
//!
//! [`may`] answers for one thing; [`scope`] gives the rule for reading queries as data that the tables turn into a
//! condition. What stands in the way because of a thing's position (not open, not a draft) is not decided here.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::clock::{Instant, brussels_date};
use crate::dissemination::Circle;
use crate::hold::Hold;
use crate::id::{ContributionId, QueryId, SessionId, TokenId, UserId};
use crate::office::{Office, OfficeCode, OfficeKind, Standing};
use crate::query::{Audience, Life, Query};
use crate::question::Key;
use crate::refusal::Refusal;
use crate::token::Scope;
use crate::user::Role;

/// The office a caller speaks for, as it stands today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its code.
    pub office: OfficeCode,
    /// What it is.
    pub kind: OfficeKind,
    /// How it takes part.
    pub standing: Standing,
    /// The first day it takes part.
    pub since: NaiveDate,
    /// Whether it takes part today; one that does not reads only what is public.
    pub takes_part: bool,
}

impl Party {
    /// An office as it stands on `today`.
    pub fn of(office: &Office, today: NaiveDate) -> Self {
        Self {
            office: office.code.clone(),
            kind: office.kind,
            standing: office.standing,
            since: office.since,
            takes_part: office.takes_part_on(today),
        }
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody is signed in.
    Public,
    /// A user with a live session.
    User {
        /// The user.
        user: UserId,
        /// The session.
        session: SessionId,
        /// Their office.
        party: Party,
        /// The highest role they hold today.
        role: Option<Role>,
        /// Whether they have yet to set up the second factor that they need: until then their role is good for nothing.
        owes_second_factor: bool,
    },
    /// A token of a program: a service account of an office, or a personal one.
    Token {
        /// The token; none for whoever reads an office's mailbox or feed.
        token: Option<TokenId>,
        /// Whose it is; none for a service account.
        user: Option<UserId>,
        /// Its office.
        party: Party,
        /// What it may be used for.
        scopes: BTreeSet<Scope>,
        /// Whether its user has yet to set up the second factor that they need: until then it is good for nothing.
        owes_second_factor: bool,
    },
    /// Somebody outside who holds a link to one contribution.
    Link {
        /// The contribution.
        contribution: ContributionId,
        /// The query.
        query: QueryId,
        /// The questions.
        questions: BTreeSet<Key>,
    },
    /// The program itself: background work and commands of its operator.
    System,
}

impl Caller {
    /// The office it speaks for, when that takes part today.
    pub fn party(&self) -> Option<&Party> {
        self.belongs_to().filter(|party| party.takes_part)
    }

    /// The office it belongs to, whether that takes part today or not: what the audit says of whoever calls.
    pub fn belongs_to(&self) -> Option<&Party> {
        match self {
            Self::User { party, .. } | Self::Token { party, .. } => Some(party),
            Self::Public | Self::Link { .. } | Self::System => None,
        }
    }

    /// Any reader of an office, as it stands on `today`: whoever reads its mailbox or its feed.
    pub fn reader_of(office: &Office, today: NaiveDate) -> Self {
        Self::Token {
            token: None,
            user: None,
            party: Party::of(office, today),
            scopes: [Scope::Read].into(),
            owes_second_factor: false,
        }
    }

    /// The user, when one is signed in or has a token of theirs call.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User { user, .. } => Some(*user),
            Self::Token { user, .. } => *user,
            _ => None,
        }
    }

    fn is_somebody(&self) -> bool {
        !matches!(self, Self::Public)
    }

    fn owes_second_factor(&self) -> bool {
        matches!(
            self,
            Self::User {
                owes_second_factor: true,
                ..
            } | Self::Token {
                owes_second_factor: true,
                ..
            }
        )
    }

    /// Whether it is a token of a program that may be used for this.
    fn has_scope(&self, scope: Scope) -> bool {
        !self.owes_second_factor() && matches!(self, Self::Token { scopes, .. } if scopes.contains(&scope))
    }

    /// The highest role held for the office, as far as this caller may use it.
    fn role(&self) -> Option<Role> {
        match self {
            _ if self.owes_second_factor() => None,
            Self::User { role, .. } => *role,
            _ if self.has_scope(Scope::Draft) => Some(Role::Expert),
            _ if self.has_scope(Scope::Read) => Some(Role::Reader),
            _ => None,
        }
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Begin a draft query of one's office.
    CreateQuery,
    /// Read the query: text, deadline, who has answered.
    ReadQuery,
    /// Change a draft.
    EditQuery,
    /// Delete a draft.
    DeleteQuery,
    /// Invite a joint office.
    InviteJoint,
    /// Accept the invitation to ask jointly.
    AcceptJoint,
    /// Launch.
    LaunchQuery,
    /// Close before the deadline.
    CloseQuery,
    /// Give all a later deadline.
    ExtendQuery,
    /// Correct its wording.
    CorrectQuery,
    /// Reply to an office that wants to know what is meant.
    ReplyToClarification,
    /// Withdraw.
    WithdrawQuery,
    /// Answer an office's request for a later deadline.
    AnswerExtension,
    /// Send an extra reminder.
    Remind,
    /// Read who was told what and when, the reminders, and who asked for more time.
    ReadDeliveries,
    /// Read the draft of a response.
    ReadDraftResponse,
    /// Write the draft of a response.
    DraftResponse,
    /// Submit, retract, decline or confirm a response, ask for a later deadline or what is meant.
    ReleaseResponse,
    /// Read and put in the contribution that one holds the link to.
    Contribute,
    /// Read the submitted answers, each within its circle.
    ReadAnswers,
    /// Read the live compilation and comparison.
    ReadLive,
    /// Change how far an answer goes.
    ChangeCircle,
    /// Make an edition.
    Compile,
    /// Read an edition, in the view of one's circle.
    ReadEdition,
    /// Read a summary in the making.
    ReadSummary,
    /// Write a summary.
    EditSummary,
    /// Sign a summary off, or send the compilation without one.
    SignSummary,
    /// Announce the publication of an edition.
    Publish,
    /// Take a publication back.
    Unpublish,
    /// Suspend answers or an edition.
    PlaceHold,
    /// Lift a hold.
    LiftHold,
    /// Read offices with their mailboxes, topics with their use.
    ReadNetwork,
    /// Replace what the network looks things up in: holidays.
    ManageNetwork,
    /// Ask for many editions in one file; which of them is decided for each.
    Export,
    /// Read all mail that left or did not, and have it sent again.
    ManageDeliveries,
    /// Read the users of an office.
    ReadUsers,
    /// Invite, change or disable users of an office.
    ManageUsers,
    /// Confirm that the users of an office are the right ones.
    ConfirmUsers,
    /// Read which offices have confirmed their users.
    ReadUserLists,
    /// Read the service accounts of an office.
    ReadTokens,
    /// Make and revoke service accounts of an office.
    ManageTokens,
    /// Make a personal token.
    MakeOwnToken,
    /// Reset the account of a user by a written order.
    ResetUser,
    /// Make, list and revoke the secret addresses of an office's calendar feed.
    ManageFeeds,
    /// Read what an office has settled for itself.
    ReadSettings,
    /// Change what an office has settled for itself.
    ManageSettings,
    /// Ask for, confirm, withdraw and read erasures.
    EraseTexts,
    /// Read the audit trail: the whole of it, or what was done with the responses of an office.
    ReadAudit,
}

/// What it would be done with.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The exchange as a whole.
    Exchange,
    /// A query.
    Query(&'a Query),
    /// The response of an office to a query.
    Response(&'a Query, &'a OfficeCode),
    /// Something that is suspended.
    Hold(&'a Query, &'a Hold),
    /// An office.
    Office(&'a OfficeCode),
    /// A user of an office, by the highest role that user holds or is to hold.
    User(&'a OfficeCode, Role),
}

/// The circle a caller belongs to for a query: the fullest they may read of it, or none at all.
pub fn reach(caller: &Caller, query: &Query, now: Instant) -> Option<Circle> {
    if matches!(caller, Caller::System) {
        return Some(Circle::Requester);
    }
    let network = match (caller.party(), caller) {
        (Some(party), _) => reach_of_party(party, query, now),
        (None, Caller::Link { query: linked, .. }) if *linked == query.id => Some(Circle::Public),
        _ => None,
    };
    network.or_else(|| is_public(query, now).then_some(Circle::Public))
}

fn reach_of_party(party: &Party, query: &Query, now: Instant) -> Option<Circle> {
    if query.is_requester(&party.office) {
        return Some(Circle::Requester);
    }
    let launched = match &query.life {
        Life::Draft { .. } => {
            let invited = query.joint.iter().any(|joint| joint.office == party.office);
            return invited.then_some(Circle::Network);
        }
        Life::Launched(launched) => launched,
        Life::Imported(imported) => {
            let joined = party.standing == Standing::Member || party.since <= imported.requested_on;
            return match party.kind {
                OfficeKind::Commission => Some(Circle::Requester),
                OfficeKind::ServiceProvider => Some(Circle::Network),
                OfficeKind::NationalContactPoint => joined.then_some(Circle::Network),
            };
        }
    };
    let in_audience = launched.addressee(&party.office).is_some()
        || match launched.audience {
            Audience::Addressed => false,
            Audience::Members => party.standing == Standing::Member,
            Audience::MembersAndObservers => {
                party.standing == Standing::Member
                    || party.standing == Standing::Observer && party.since <= brussels_date(launched.at)
            }
        };
    match party.kind {
        OfficeKind::Commission => Some(Circle::Requester),
        OfficeKind::ServiceProvider => Some(Circle::Network),
        OfficeKind::NationalContactPoint if in_audience => Some(Circle::Network),
        OfficeKind::NationalContactPoint => is_public(query, now).then_some(Circle::Public),
    }
}

/// Whether everybody may read the public view in force.
pub fn is_public(query: &Query, now: Instant) -> bool {
    query.status(now) == crate::query::Status::Published
}

/// Whether `caller` may do `action` with `subject`.
///
/// # Errors
/// [`Refusal::Unauthenticated`] when nobody is signed in and somebody must be; [`Refusal::Hidden`] where even the
/// existence of the subject is not for the caller; else [`Refusal::Forbidden`].
pub fn may(caller: &Caller, action: Action, subject: Subject<'_>, now: Instant) -> Result<(), Refusal> {
    if matches!(caller, Caller::System) {
        return Ok(());
    }
    match subject {
        Subject::Exchange => may_in_exchange(caller, action),
        Subject::Query(query) => {
            let reach = visible(caller, query, now)?;
            may_with_query(caller, action, query, reach)
        }
        Subject::Response(query, office) => {
            let reach = visible(caller, query, now)?;
            may_with_response(caller, action, query, office, reach)
        }
        Subject::Hold(query, hold) => {
            visible(caller, query, now)?;
            may_with_hold(caller, query, hold)
        }
        Subject::Office(office) => may_with_office(caller, action, office),
        Subject::User(office, role) => {
            may_with_office(caller, action, office)?;
            let own = caller.role();
            let appoints = matches!(caller.party(), Some(party) if party.kind == OfficeKind::ServiceProvider);
            if action != Action::ManageUsers || own.is_some_and(|own| role <= own) || appoints {
                Ok(())
            } else {
                Err(Refusal::forbidden(
                    "role_too_high",
                    "nobody grants a role above their own",
                ))
            }
        }
    }
}

fn visible(caller: &Caller, query: &Query, now: Instant) -> Result<Circle, Refusal> {
    reach(caller, query, now).ok_or(if caller.is_somebody() {
        Refusal::Hidden
    } else {
        Refusal::Unauthenticated
    })
}

fn public_only(caller: &Caller) -> Refusal {
    if caller.is_somebody() {
        Refusal::forbidden(
            "public_only",
            "only the public view of this query is for you: see /public/queries",
        )
    } else {
        Refusal::Unauthenticated
    }
}

fn needs_role(caller: &Caller, least: Role) -> Result<(), Refusal> {
    match caller.role() {
        Some(role) if role >= least => Ok(()),
        _ if !caller.is_somebody() => Err(Refusal::Unauthenticated),
        _ if caller.owes_second_factor() => Err(Refusal::forbidden(
            "second_factor_needed",
            "your account needs a second factor: set one up at /me/totp first",
        )),
        _ => Err(Refusal::forbidden(
            "role_too_low",
            match least {
                Role::Reader => "this needs a role in your office",
                Role::Expert => "this needs an expert or a coordinator of the office",
                Role::Coordinator => "this needs a coordinator of the office",
            },
        )),
    }
}

fn may_in_exchange(caller: &Caller, action: Action) -> Result<(), Refusal> {
    if !caller.is_somebody() {
        return Err(Refusal::Unauthenticated);
    }
    let Some(party) = caller.party() else {
        return Err(Refusal::forbidden(
            "not_taking_part",
            "your office does not take part in the exchange today",
        ));
    };
    match action {
        Action::CreateQuery if party.kind == OfficeKind::ServiceProvider => Err(Refusal::forbidden(
            "service_provider",
            "the service provider runs the exchange and asks no queries",
        )),
        Action::CreateQuery => needs_role(caller, Role::Expert),
        Action::ManageDeliveries if party.kind != OfficeKind::ServiceProvider => Err(Refusal::forbidden(
            "service_provider_only",
            "the service provider sees to the mail",
        )),
        Action::ManageDeliveries => needs_role(caller, Role::Coordinator),
        Action::ManageNetwork | Action::ReadAudit | Action::ReadUserLists | Action::EraseTexts
            if party.kind == OfficeKind::ServiceProvider =>
        {
            needs_role(caller, Role::Coordinator)
        }
        Action::ManageNetwork | Action::ReadAudit | Action::ReadUserLists | Action::EraseTexts => {
            Err(Refusal::forbidden(
                "not_the_service_provider",
                "this is for the service provider, which runs the exchange",
            ))
        }
        _ => needs_role(caller, Role::Reader),
    }
}

fn may_with_query(caller: &Caller, action: Action, query: &Query, reach: Circle) -> Result<(), Refusal> {
    let office = caller.party().map(|party| &party.office);
    let requester = office.is_some_and(|office| query.is_requester(office));
    let lead = office.is_some_and(|office| *office == query.lead);
    let kind = caller.party().map(|party| party.kind);
    let somebody_else = || {
        if caller.is_somebody() {
            Refusal::forbidden("not_the_requester", "this is for the requesting office")
        } else {
            Refusal::Unauthenticated
        }
    };
    match action {
        Action::ReadQuery | Action::ReadEdition | Action::ReadAnswers => match reach {
            Circle::Public => Err(public_only(caller)),
            Circle::Requester | Circle::Network => needs_role(caller, Role::Reader),
        },
        Action::Contribute => match caller {
            Caller::Link { query: linked, .. } if *linked == query.id => Ok(()),
            _ if caller.is_somebody() => Err(Refusal::forbidden(
                "link_only",
                "a contribution is for whoever holds its link",
            )),
            _ => Err(Refusal::Unauthenticated),
        },
        Action::ReadLive => match reach {
            Circle::Requester => needs_role(caller, Role::Reader),
            _ => Err(somebody_else()),
        },
        Action::ReadDeliveries if requester || kind.is_some_and(|kind| kind != OfficeKind::NationalContactPoint) => {
            needs_role(caller, Role::Reader)
        }
        Action::EditQuery | Action::EditSummary | Action::ReadSummary if requester => needs_role(
            caller,
            if action == Action::ReadSummary {
                Role::Reader
            } else {
                Role::Expert
            },
        ),
        Action::ReplyToClarification if requester => needs_role(caller, Role::Coordinator),
        Action::DeleteQuery if lead => needs_role(caller, Role::Expert),
        Action::AcceptJoint => {
            let invited = office.is_some_and(|office| query.joint.iter().any(|joint| joint.office == *office));
            if invited {
                needs_role(caller, Role::Coordinator)
            } else {
                Err(somebody_else())
            }
        }
        Action::InviteJoint
        | Action::LaunchQuery
        | Action::CloseQuery
        | Action::ExtendQuery
        | Action::CorrectQuery
        | Action::WithdrawQuery
        | Action::AnswerExtension
        | Action::Remind
        | Action::SignSummary
        | Action::Publish
        | Action::Unpublish
            if lead =>
        {
            needs_role(caller, Role::Coordinator)
        }
        Action::PlaceHold if suspends(caller, query) => needs_role(caller, Role::Coordinator),
        Action::Compile if lead || kind == Some(OfficeKind::ServiceProvider) => needs_role(caller, Role::Coordinator),
        _ => Err(somebody_else()),
    }
}

fn may_with_response(
    caller: &Caller,
    action: Action,
    query: &Query,
    office: &OfficeCode,
    reach: Circle,
) -> Result<(), Refusal> {
    let own = caller.party().is_some_and(|party| party.office == *office);
    match action {
        Action::ReadDraftResponse if own => needs_role(caller, Role::Reader),
        Action::DraftResponse if own => needs_role(caller, Role::Expert),
        Action::ReleaseResponse | Action::ChangeCircle if own && caller.has_scope(Scope::Submit) => Ok(()),
        Action::ReleaseResponse | Action::ChangeCircle if own => needs_role(caller, Role::Coordinator),
        Action::PlaceHold if own || suspends(caller, query) => needs_role(caller, Role::Coordinator),
        Action::ReadAnswers if own => needs_role(caller, Role::Reader),
        Action::ReadAnswers => match reach {
            Circle::Requester => needs_role(caller, Role::Reader),
            Circle::Network if is_shared(query, office) => needs_role(caller, Role::Reader),
            Circle::Network => Err(Refusal::forbidden(
                "not_yet_compiled",
                "the network reads the answers from the first edition on",
            )),
            Circle::Public => Err(public_only(caller)),
        },
        _ if caller.is_somebody() => Err(Refusal::forbidden(
            "other_office",
            "an office writes and reads its own draft only",
        )),
        _ => Err(Refusal::Unauthenticated),
    }
}

/// Whether somebody speaks for an office that suspends answers of others and editions: the requesters, the Commission, the
/// service provider.
fn suspends(caller: &Caller, query: &Query) -> bool {
    caller
        .party()
        .is_some_and(|party| query.is_requester(&party.office) || party.kind != OfficeKind::NationalContactPoint)
}

fn may_with_hold(caller: &Caller, query: &Query, hold: &Hold) -> Result<(), Refusal> {
    match caller.party() {
        Some(party) if hold.is_lifted_by(query, &party.office) => needs_role(caller, Role::Coordinator),
        _ if !caller.is_somebody() => Err(Refusal::Unauthenticated),
        _ if hold.held.office().is_some() => Err(Refusal::forbidden(
            "answering_office",
            "the hold of an answer is lifted by the office that gave the answer",
        )),
        _ => Err(Refusal::forbidden(
            "not_the_requester",
            "the hold of an edition is lifted by the requesters and by the office that placed it",
        )),
    }
}

/// Whether the audience may read the answers of `office`, each within its circle: from the first edition on, the
/// lead's own response, a model, from its submission.
pub fn is_shared(query: &Query, office: &OfficeCode) -> bool {
    *office == query.lead || query.launched().is_some_and(|launched| launched.last_edition.is_some())
}

/// The refusal of what no program may do, whatever its token is for.
pub fn session_needed() -> Refusal {
    Refusal::forbidden("session_needed", "this is for a user who is signed in, not for a token")
}

fn may_with_office(caller: &Caller, action: Action, office: &OfficeCode) -> Result<(), Refusal> {
    let Some(party) = caller.party() else {
        return Err(if caller.is_somebody() {
            Refusal::forbidden(
                "not_taking_part",
                "your office does not take part in the exchange today",
            )
        } else {
            Refusal::Unauthenticated
        });
    };
    let own = party.office == *office;
    let provider = party.kind == OfficeKind::ServiceProvider;
    match action {
        // What a token may do ends with it: it makes no account, no other token and no secret address.
        Action::ManageUsers
        | Action::ResetUser
        | Action::ManageTokens
        | Action::MakeOwnToken
        | Action::ManageFeeds
        | Action::ManageSettings
        | Action::ConfirmUsers
            if matches!(caller, Caller::Token { .. }) =>
        {
            Err(session_needed())
        }
        Action::ReadUsers if own || provider => needs_role(caller, Role::Reader),
        Action::ManageUsers if own || provider => needs_role(caller, Role::Coordinator),
        Action::ConfirmUsers if own => needs_role(caller, Role::Coordinator),
        Action::ConfirmUsers => Err(Refusal::forbidden("other_office", "an office confirms its own users")),
        Action::ReadTokens if own => needs_role(caller, Role::Reader),
        Action::ManageTokens if own => needs_role(caller, Role::Coordinator),
        Action::MakeOwnToken if own => needs_role(caller, Role::Reader),
        Action::ReadTokens | Action::ManageTokens | Action::MakeOwnToken => Err(Refusal::forbidden(
            "other_office",
            "an office reads and makes its own service accounts",
        )),
        Action::ResetUser if provider => needs_role(caller, Role::Coordinator),
        Action::ResetUser => Err(Refusal::forbidden(
            "not_the_service_provider",
            "the service provider resets accounts, by a written order",
        )),
        Action::ReadAudit if own => needs_role(caller, Role::Coordinator),
        Action::ReadAudit => Err(Refusal::forbidden(
            "other_office",
            "an office reads what was done with its own responses",
        )),
        Action::ManageFeeds if own => needs_role(caller, Role::Reader),
        Action::ManageFeeds => Err(Refusal::forbidden(
            "other_office",
            "an office makes and revokes the addresses of its own feed",
        )),
        Action::ReadSettings if own => needs_role(caller, Role::Reader),
        Action::ManageSettings if own => needs_role(caller, Role::Coordinator),
        Action::ReadSettings | Action::ManageSettings => {
            Err(Refusal::forbidden("other_office", "an office settles its own affairs"))
        }
        Action::ReadUsers | Action::ManageUsers => Err(Refusal::forbidden(
            "other_office",
            "an office reads and manages its own users",
        )),
        _ => needs_role(caller, Role::Reader),
    }
}

/// Which queries a caller may read, as data that the tables turn into a condition: the same rule as [`may`] with
/// [`Action::ReadQuery`], which a property test holds it to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryScope {
    /// All, drafts included.
    All,
    /// None: only what is public, which has its own list.
    Nothing,
    /// What an office that takes part may read.
    Office(Party),
}

/// The queries that `caller` may read.
pub fn scope(caller: &Caller) -> QueryScope {
    match caller {
        Caller::System => QueryScope::All,
        Caller::Public | Caller::Link { .. } => QueryScope::Nothing,
        Caller::User { .. } | Caller::Token { .. } => match (caller.party(), caller.role()) {
            (Some(party), Some(_)) => QueryScope::Office(party.clone()),
            _ => QueryScope::Nothing,
        },
    }
}
