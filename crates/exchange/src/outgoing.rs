//! What is told to whom: rows of the outbox, written in the same transaction as the change they tell of.
//!
//! A row holds facts, never a text or a secret: it is rendered, and the rights of its reader checked, when it is sent.
//! What an office is told always goes to its functional mailbox; users who want everything at once get their own copy,
//! and all others find it in their digest.

use std::collections::BTreeMap;

use ahq_domain::clock::Instant;
use ahq_domain::id::{
    ClarificationId, ContributionId, CorrectionId, ErasureId, ExtensionRequestId, HoldId, MessageId, QueryId, TokenId,
    UserId,
};
use ahq_domain::notification::{MailWish, Notifications, Subscription};
use ahq_domain::office::OfficeCode;
use ahq_domain::query::Query;
use ahq_domain::user::{User, UserStatus, role_on};
use ahq_store::notifications;
use ahq_store::outbox::{self, Entry, OutboxStatus};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::work::Work;

/// What happened, as the outbox keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// A person is invited to an account.
    AccountInvitation,
    /// A user asked for a link to a new password.
    PasswordReset,
    /// A user asked for another address; this goes to the new one.
    AddressConfirmation,
    /// Something was done with a user's account.
    AccountNotice {
        /// What.
        event: AccountEvent,
    },
    /// An office is invited to ask jointly.
    JointInvitation,
    /// A draft of the office's own is to be approved. It stands beside the messages about the query, which others list.
    ApprovalAsked {
        /// The query.
        query: QueryId,
    },
    /// An expert outside is asked for a contribution; it goes to nobody of the office.
    ContributionAsked {
        /// The contribution.
        contribution: ContributionId,
    },
    /// It was handed in, or declined.
    ContributionReturned {
        /// The contribution.
        contribution: ContributionId,
    },
    /// A query was launched.
    Launch,
    /// Its deadline was moved.
    Extension,
    /// An office asks for a later deadline.
    ExtensionAsked {
        /// The request.
        request: ExtensionRequestId,
    },
    /// The lead answered a request for a later deadline.
    ExtensionAnswered {
        /// The request.
        request: ExtensionRequestId,
    },
    /// Its wording was corrected.
    Correction {
        /// The correction.
        correction: CorrectionId,
    },
    /// An office wants to know what is meant.
    ClarificationAsked {
        /// What it asks.
        clarification: ClarificationId,
        /// Which office.
        office: OfficeCode,
    },
    /// The requesters replied to that.
    Clarification {
        /// What was asked and replied.
        clarification: ClarificationId,
    },
    /// An office that has not answered is reminded.
    Reminder {
        /// The deadline it had then: with another one the reminder is void.
        deadline: NaiveDate,
        /// Whether the requesting office asked for it.
        asked: bool,
    },
    /// It was withdrawn.
    Withdrawal,
    /// A response came in.
    ResponseReceived {
        /// Whose.
        office: OfficeCode,
        /// Its version.
        version: i32,
    },
    /// A response came in after its deadline.
    LateResponse {
        /// Whose.
        office: OfficeCode,
    },
    /// Its compilation is there.
    Compilation {
        /// The number of the edition.
        edition: i32,
    },
    /// A later edition is there.
    NewEdition {
        /// The number of the edition.
        edition: i32,
    },
    /// It will be published.
    PublicationNotice,
    /// It is published.
    Publication,
    /// A response that stands in an edition was retracted.
    Retraction {
        /// Whose.
        office: OfficeCode,
    },
    /// An edition was replaced after a narrowing.
    EditionReplaced {
        /// The number of the edition in its place.
        by: i32,
        /// Whose answer was narrowed.
        office: OfficeCode,
        /// The number of the edition that was replaced.
        edition: i32,
    },
    /// Something was suspended.
    HoldPlaced {
        /// The hold.
        hold: HoldId,
    },
    /// It no longer is.
    HoldLifted {
        /// The hold.
        hold: HoldId,
    },
    /// A text was erased on a written order.
    Erasure {
        /// The erasure.
        erasure: ErasureId,
    },
    /// What happened in a time, in one mail.
    Digest {
        /// After when.
        from: Instant,
        /// Up to when.
        through: Instant,
    },
    /// The open queries and where the office stands.
    WeeklyOverview {
        /// The Monday of the week.
        monday: NaiveDate,
    },
    /// The queries of a quarter by topic.
    QuarterlyList {
        /// Its first day.
        from: NaiveDate,
        /// The first day of the next one.
        until: NaiveDate,
    },
    /// The service provider reset the account of a user of the office.
    UserReset {
        /// The user.
        user: UserId,
        /// The written order.
        order: String,
        /// Whether the second factor was taken away too.
        second_factor: bool,
        /// Whether identities of providers were unlinked.
        #[serde(default)]
        unlinked: bool,
    },
    /// The service provider appointed the first coordinator of an office.
    FirstCoordinator {
        /// Whom.
        user: UserId,
    },
    /// Accounts of the office that nobody used were disabled.
    AccountsDisabled {
        /// Whose.
        users: Vec<UserId>,
    },
    /// The office is to confirm its users.
    UserListDue,
    /// A service account of the office was made.
    ServiceAccountMade {
        /// The service account.
        token: TokenId,
    },
    /// A service account of the office, or a token of a user, ends soon.
    TokenEnds {
        /// The token.
        token: TokenId,
    },
    /// Mail does not reach a user of the office.
    AddressSuppressed {
        /// The user.
        user: UserId,
    },
    /// A message did not reach a user of the office, whose address gets further ones.
    UserNotReached {
        /// The user.
        user: UserId,
        /// The message.
        message: MessageId,
    },
    /// A message did not reach the functional mailbox of an office.
    OfficeNotReached {
        /// The message.
        message: MessageId,
    },
    /// A day became a holiday on which one of its deadlines falls.
    HolidayAdded {
        /// The day.
        date: NaiveDate,
        /// In whose calendars.
        offices: Vec<OfficeCode>,
    },
}

/// What was done with a user's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum AccountEvent {
    /// It has a new password.
    PasswordChanged,
    /// It has a new address.
    AddressChanged {
        /// The address before, where that is told.
        told_at: Option<String>,
    },
    /// It has a second factor.
    SecondFactorAdded,
    /// It no longer has one.
    SecondFactorRemoved,
    /// A recovery code opened a session.
    RecoveryCodeUsed,
    /// It is opened by an identity of a provider, too.
    IdentityLinked {
        /// What the provider is called.
        provider: String,
    },
    /// It is no longer opened by an identity of a provider.
    IdentityRemoved {
        /// What the provider is called.
        provider: String,
    },
    /// Nobody uses it, so it will be disabled.
    Unused {
        /// On which day, unless it is used before.
        until: NaiveDate,
    },
    /// The service provider reset it, by a written order.
    Reset {
        /// The order.
        order: String,
        /// Whether the second factor was taken away too.
        second_factor: bool,
        /// Whether identities of providers were unlinked.
        #[serde(default)]
        unlinked: bool,
    },
    /// Its user made a personal token.
    TokenMade {
        /// The token.
        token: TokenId,
    },
}

impl Note {
    /// Its word in the outbox.
    pub fn word(&self) -> &'static str {
        match self {
            Self::AccountInvitation => "account_invitation",
            Self::PasswordReset => "password_reset",
            Self::AddressConfirmation => "address_confirmation",
            Self::AccountNotice { .. } => "account_notice",
            Self::JointInvitation => "joint_invitation",
            Self::ApprovalAsked { .. } => "approval_asked",
            Self::ContributionAsked { .. } => "contribution_asked",
            Self::ContributionReturned { .. } => "contribution_returned",
            Self::Launch => "launch",
            Self::Extension => "extension",
            Self::ExtensionAsked { .. } => "extension_asked",
            Self::ExtensionAnswered { .. } => "extension_answered",
            Self::Correction { .. } => "correction",
            Self::ClarificationAsked { .. } => "clarification_asked",
            Self::Clarification { .. } => "clarification",
            Self::Reminder { .. } => "reminder",
            Self::Withdrawal => "withdrawal",
            Self::ResponseReceived { .. } => "response_received",
            Self::LateResponse { .. } => "late_response",
            Self::Compilation { .. } => "compilation",
            Self::NewEdition { .. } => "new_edition",
            Self::PublicationNotice => "publication_notice",
            Self::Publication => "publication",
            Self::Retraction { .. } => "retraction",
            Self::EditionReplaced { .. } => "edition_replaced",
            Self::HoldPlaced { .. } => "hold_placed",
            Self::HoldLifted { .. } => "hold_lifted",
            Self::Erasure { .. } => "erasure",
            Self::Digest { .. } => "digest",
            Self::WeeklyOverview { .. } => "weekly_overview",
            Self::QuarterlyList { .. } => "quarterly_list",
            Self::UserReset { .. } => "user_reset",
            Self::FirstCoordinator { .. } => "first_coordinator",
            Self::AccountsDisabled { .. } => "accounts_disabled",
            Self::UserListDue => "user_list_due",
            Self::ServiceAccountMade { .. } => "service_account_made",
            Self::TokenEnds { .. } => "token_ends",
            Self::AddressSuppressed { .. } => "address_suppressed",
            Self::UserNotReached { .. } => "user_not_reached",
            Self::OfficeNotReached { .. } => "office_not_reached",
            Self::HolidayAdded { .. } => "holiday_added",
        }
    }

    /// Whether it tells a user of their own account: that reaches them whatever they wish.
    pub(crate) fn is_about_account(&self) -> bool {
        matches!(
            self,
            Self::PasswordReset
                | Self::AddressConfirmation
                | Self::AccountNotice { .. }
                | Self::UserReset { .. }
                | Self::TokenEnds { .. }
        )
    }

    /// Whether it goes to another address than the user's: to the one that is to be confirmed, or the one before.
    pub(crate) fn goes_elsewhere(&self) -> bool {
        let Self::AccountNotice { event } = self else {
            return *self == Self::AddressConfirmation;
        };
        matches!(event, AccountEvent::AddressChanged { told_at: Some(_) })
    }

    /// Whether the office has to do something, or no longer has to.
    pub(crate) fn is_obligation(&self) -> bool {
        matches!(
            self,
            Self::JointInvitation
                | Self::ApprovalAsked { .. }
                | Self::ContributionReturned { .. }
                | Self::Launch
                | Self::Extension
                | Self::ExtensionAsked { .. }
                | Self::ExtensionAnswered { .. }
                | Self::Correction { .. }
                | Self::ClarificationAsked { .. }
                | Self::Clarification { .. }
                | Self::Reminder { .. }
                | Self::Withdrawal
                | Self::PublicationNotice
                | Self::HoldPlaced { .. }
                | Self::Erasure { .. }
                | Self::TokenEnds { .. }
        )
    }

    /// What its reader ends by the link in it, where that is a user; nothing ends an obligation. The copy of a notice of
    /// publication ends too: what it asks for is in the daily mail of obligations.
    pub(crate) fn subscription(&self) -> Option<Subscription> {
        match self {
            Self::WeeklyOverview { .. } => Some(Subscription::Weekly),
            Self::QuarterlyList { .. } => Some(Subscription::Quarterly),
            Self::PublicationNotice => Some(Subscription::Mail),
            Self::AccountInvitation
            | Self::PasswordReset
            | Self::AddressConfirmation
            | Self::AccountNotice { .. }
            | Self::UserReset { .. }
            | Self::TokenEnds { .. }
            | Self::ContributionAsked { .. } => None,
            note => (!note.is_obligation()).then_some(Subscription::Mail),
        }
    }

    /// The words of what is told inside an office and concerns nobody else, not even who runs the exchange.
    pub(crate) const INTERNAL: [&str; 3] = ["approval_asked", "contribution_asked", "contribution_returned"];

    /// Whether it comes in digests only, the one of the functional mailbox too.
    fn is_for_digests(&self) -> bool {
        matches!(self, Self::ResponseReceived { .. } | Self::NewEdition { .. })
    }

    /// Whether users who want everything at once get a copy: reminders come once a day to everybody.
    fn is_copied(&self) -> bool {
        !self.is_for_digests() && !matches!(self, Self::Reminder { .. })
    }
}

impl Work<'_> {
    /// Tells each of these offices.
    pub(crate) fn tell(&mut self, query: &Query, offices: &[OfficeCode], note: &Note) -> Result<(), Error> {
        self.tell_at(query, offices, note, self.now)
    }

    /// Tells each of these offices from `due` on; it counts as written then, so that the digest of that day tells it.
    pub(crate) fn tell_at(
        &mut self,
        query: &Query,
        offices: &[OfficeCode],
        note: &Note,
        due: Instant,
    ) -> Result<(), Error> {
        let mut offices = offices.to_vec();
        offices.sort();
        offices.dedup();
        let copies = if note.is_copied() && !offices.is_empty() {
            self.who_wants_all_at_once(&offices)?
        } else {
            Vec::new()
        };
        let mailboxes = offices.into_iter().map(|office| (office, None));
        let entries = mailboxes
            .chain(copies.into_iter().map(|user| (user.office, Some(user.id))))
            .map(|(office, user)| {
                let entry = self.entry(Some(query.id), office, user, note, due)?;
                Ok(Entry { created: due, ..entry })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(outbox::put_all(self.conn, &entries)?)
    }

    /// Tells an office something that is about no query, at its functional mailbox.
    pub(crate) fn tell_office(&mut self, office: OfficeCode, note: &Note) -> Result<(), Error> {
        self.tell_inside(&office, None, note)
    }

    /// Tells an office something inside it that is for no digest: its functional mailbox, and these of its users.
    pub(crate) fn tell_inside(
        &mut self,
        office: &OfficeCode,
        users: impl IntoIterator<Item = UserId>,
        note: &Note,
    ) -> Result<(), Error> {
        let entries = [None]
            .into_iter()
            .chain(users.into_iter().map(Some))
            .map(|user| self.entry(None, office.clone(), user, note, self.now))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(outbox::put_all(self.conn, &entries)?)
    }

    /// Tells one person; gives the key of the message, from which its link's secret is derived.
    pub(crate) fn tell_user(&mut self, user: UserId, office: OfficeCode, note: &Note) -> Result<MessageId, Error> {
        let entry = self.entry(None, office, Some(user), note, self.now)?;
        outbox::put_all(self.conn, std::slice::from_ref(&entry))?;
        Ok(entry.id)
    }

    fn who_wants_all_at_once(&mut self, offices: &[OfficeCode]) -> Result<Vec<User>, Error> {
        let today = self.today();
        let users = notifications::of_users(self.conn, Some(offices))?;
        Ok(wishes_on(users, today)
            .into_iter()
            .filter(|(_, wish)| *wish == MailWish::AtOnce)
            .map(|(user, _)| user)
            .collect())
    }

    /// Whether a user has ended, since a message to them was written, what they end by the link in it. Of mail of the office
    /// that is copies: a digest leaves out by itself what is no longer wanted.
    pub(crate) fn has_ended(&mut self, user: &User, note: &Note, copy: bool) -> Result<bool, Error> {
        let Some(subscription) = note.subscription() else {
            return Ok(false);
        };
        let users = notifications::of_users(self.conn, Some(std::slice::from_ref(&user.office)))?;
        let wishes = users
            .iter()
            .find(|(known, _)| known.id == user.id)
            .map(|(_, wishes)| *wishes);
        let ended = |wanted: fn(&Notifications) -> bool| wishes.is_some_and(|wishes| !wanted(&wishes));
        Ok(match subscription {
            Subscription::Weekly => ended(|wishes| wishes.weekly),
            Subscription::Quarterly => ended(|wishes| wishes.quarterly),
            Subscription::Mail => {
                let today = wishes_on(users, self.today());
                copy && today.contains(&(user.clone(), MailWish::Obligations))
            }
        })
    }

    /// Drops what was to be said of a publication that another announcement, or none, takes the place of.
    pub(crate) fn drop_publication(&mut self, query: QueryId) -> Result<(), Error> {
        for note in [Note::PublicationNotice, Note::Publication] {
            let waiting = outbox::waiting_of_kind(self.conn, note.word(), Some(query))?;
            let ids: Vec<MessageId> = waiting.iter().map(|entry| entry.id).collect();
            outbox::drop_waiting(
                self.conn,
                &ids,
                self.now,
                "the publication was announced anew or taken back",
            )?;
        }
        Ok(())
    }

    /// Drops what was to be said about a draft that is deleted.
    pub(crate) fn forget_messages(&mut self, query: QueryId) -> Result<(), Error> {
        Ok(outbox::forget_query(self.conn, query)?)
    }

    pub(crate) fn entry(
        &self,
        query: Option<QueryId>,
        office: OfficeCode,
        user: Option<UserId>,
        note: &Note,
        due: Instant,
    ) -> Result<Entry, Error> {
        Ok(Entry {
            id: self.message_id(),
            kind: note.word().to_owned(),
            query,
            office,
            user,
            facts: serde_json::to_value(note).map_err(|error| Error::Internal(error.to_string()))?,
            created: self.now,
            wanted: due,
            due,
            status: if note.is_for_digests() {
                OutboxStatus::Digest
            } else {
                OutboxStatus::Waiting
            },
            attempts: 0,
            lease: 0,
            settled: None,
            fault: None,
        })
    }
}

/// What happened, from a row of the outbox.
pub(crate) fn parse_note(entry: &Entry) -> Result<Note, Error> {
    serde_json::from_value(entry.facts.clone()).map_err(|error| Error::Internal(error.to_string()))
}

/// Whether a user may get mail about the exchange: active, with a role on the day.
pub(crate) fn reads_mail(user: &User, today: NaiveDate) -> bool {
    user.status == UserStatus::Active && role_on(&user.grants, today).is_some()
}

/// Who reads mail on a day, and how much of it: a deputy at least as much as those who are away would.
pub(crate) fn wishes_on(users: Vec<(User, Notifications)>, today: NaiveDate) -> Vec<(User, MailWish)> {
    let mut replaced: BTreeMap<UserId, Vec<MailWish>> = BTreeMap::new();
    for (user, wishes) in &users {
        let absence = wishes
            .absence
            .filter(|_| wishes.is_absent(today) && reads_mail(user, today));
        if let Some(deputy) = absence.and_then(|absence| absence.deputy) {
            replaced.entry(deputy).or_default().push(wishes.mail);
        }
    }
    users
        .into_iter()
        .filter(|(user, _)| reads_mail(user, today))
        .filter_map(|(user, wishes)| {
            let replaced = replaced.remove(&user.id).unwrap_or_default();
            Some((user, wishes.wish_on(today, replaced)?))
        })
        .collect()
}
