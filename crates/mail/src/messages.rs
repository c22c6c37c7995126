//! The messages of the exchange: one struct each, with the facts its templates need.
//!
//! A message knows facts only. It never looks anything up, never decides who may read it, and never holds a
//! restricted answer: answers are read in the exchange, behind a link.

mod account;
mod approval;
mod compilation;
mod contribution;
mod deadline;
mod delivery;
mod digest;
mod erasure;
mod hold;
mod invitation;
mod launch;
mod overview;
mod publication;
mod reminder;
mod response;
mod token;
mod wording;

use askama::Template;
use chrono::NaiveDate;

use ahq_domain::clock::{BRUSSELS, Instant, written_date};

pub use account::{
    AccountChange, AccountNotice, AccountsDisabled, AddressConfirmation, FirstCoordinator, PasswordReset, UserListDue,
    UserReset,
};
pub use approval::ApprovalAsked;
pub use compilation::{Compilation, EditionReplaced, Link, Retraction, RichText, Summary};
pub use contribution::{ContributionAsked, ContributionReturned};
pub use deadline::{ExtensionAnswered, ExtensionAsked, ExtensionOutcome, HolidayAdded};
pub use delivery::{OfficeNotReached, UserNotReached};
pub use digest::{Digest, DigestItem, DigestQuery, Waiting};
pub use erasure::Erasure;
pub use hold::{HoldLifted, HoldPlaced};
pub use invitation::{AccountInvitation, JointInvitation};
pub use launch::{Extension, Launch, Question, Withdrawal};
pub use overview::{ListedQuery, OpenQuery, QuarterlyList, TopicQueries, WeeklyOverview};
pub use publication::{Publication, PublicationNotice};
pub use reminder::{Reminder, ReminderKind};
pub use response::LateResponse;
pub use token::{ServiceAccountMade, TokenEnds};
pub use wording::{Clarification, ClarificationAsked, Correction, Rewording};

use crate::text;

/// The most bytes of a whole message; its lists and long texts are cut to fit.
pub const MOST: usize = 40_000;

/// What is left of them for headers and a calendar.
const BESIDE: usize = 8_000;

/// The most characters of a reason: all that the exchange takes.
const REASON: usize = 2_000;

/// What every mail says about itself, whatever its message: to whom it went and why, who reads a reply, where the
/// exchange is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The recipient's office as it is written in a sentence: `EMN NCP Poland`, `the Commission`.
    pub office: String,
    /// Who receives a reply, written likewise; the office behind Reply-To.
    pub replies_to: Option<String>,
    /// The address of the exchange: `https://ahq.example.org`.
    pub exchange_url: String,
    /// Why the recipient gets it.
    pub why: Why,
}

/// Why a recipient gets a mail, and what they can change about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is the functional mailbox of the office, where its obligations always go.
    Mailbox,
    /// A user of the office, who chooses how much is mailed to them.
    User {
        /// The address of their notification settings.
        settings: String,
        /// The address that ends mails of this kind, where they can be ended.
        unsubscribe: Option<String>,
    },
    /// A user, about their own account, whatever they wish.
    Account,
    /// Somebody whom the message invites; it says so itself.
    Invited,
}

/// What the templates see of a frame.
struct Framed<'a> {
    office: &'a str,
    replies_to: Option<&'a str>,
    exchange_url: &'a str,
    why: &'a Why,
    room: Room,
}

/// How much room a message gives its lists and long texts: all, half, a quarter, and so on.
#[derive(Debug)]
struct Room(u32);

impl Room {
    /// What there is room for of a reason.
    fn cut(&self, text: &str) -> String {
        text::shortened(text, self.of(REASON))
    }

    fn is_whole(&self) -> bool {
        self.0 == 0
    }

    /// What is left here of what may be there at the most.
    fn of(&self, most: usize) -> usize {
        most >> self.0
    }
}

/// What every mail about a numbered query says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryHead {
    /// The number: `2026.81`.
    pub number: String,
    /// The title, without a prefix such as "Ad-Hoc Query on".
    pub title: String,
    /// The requesters as they are written in a sentence: `EMN NCP Luxembourg, EMN NCP Netherlands and the
    /// Commission`.
    pub requested_by: String,
    /// The address of the query's page.
    pub link: String,
}

/// A message, rendered for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    subject: String,
    text: String,
    html: String,
}

impl Rendered {
    /// Holds a message to the rules of mail: the subject becomes one line of at most 180 characters, the text is
    /// wrapped at 76 characters, control characters leave.
    pub fn new(subject: &str, text: &str, html: &str) -> Self {
        Self {
            subject: text::subject(subject),
            text: text::body(text),
            html: text::without_controls(html),
        }
    }

    /// The subject, on one line.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The plain text, its lines wrapped.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The HTML document.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// How many bytes text and HTML take in a message, as quoted-printable.
    fn encoded(&self) -> usize {
        let bytes = self.text.bytes().chain(self.html.bytes());
        let encoded: usize = bytes
            .map(|byte| if byte.is_ascii() && byte != b'=' { 1 } else { 3 })
            .sum();
        // Soft line ends.
        encoded + encoded / 24
    }
}

/// A message of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A person is invited to an account in an office.
    AccountInvitation(AccountInvitation),
    /// A user asked for a link to a new password.
    PasswordReset(PasswordReset),
    /// A user asked for another address.
    AddressConfirmation(AddressConfirmation),
    /// Something about an account was changed.
    AccountNotice(AccountNotice),
    /// The service provider reset the account of a user of the office.
    UserReset(UserReset),
    /// The service provider appointed the first coordinator of an office.
    FirstCoordinator(FirstCoordinator),
    /// A service account of the office was made.
    ServiceAccountMade(ServiceAccountMade),
    /// A service account of the office, or a token of a user, ends soon.
    TokenEnds(TokenEnds),
    /// Accounts of the office that nobody used were disabled.
    AccountsDisabled(AccountsDisabled),
    /// The office is to confirm its users.
    UserListDue(UserListDue),
    /// An office is invited to join a query as a requester.
    JointInvitation(JointInvitation),
    /// A draft of the office's own is to be approved.
    ApprovalAsked(ApprovalAsked),
    /// An expert outside is asked for a contribution.
    ContributionAsked(ContributionAsked),
    /// What came of it.
    ContributionReturned(ContributionReturned),
    /// A query was launched.
    Launch(Launch),
    /// A query was withdrawn.
    Withdrawal(Withdrawal),
    /// A deadline was moved.
    Extension(Extension),
    /// A compilation is there, with its summary.
    Compilation(Compilation),
    /// A query will be published.
    PublicationNotice(PublicationNotice),
    /// A query is published.
    Publication(Publication),
    /// A response in an edition that the recipient downloaded was retracted.
    Retraction(Retraction),
    /// An edition that the recipient downloaded was replaced, because an answer was narrowed or withdrawn.
    EditionReplaced(EditionReplaced),
    /// A text was erased on a written order.
    Erasure(Erasure),
    /// Something of a query was suspended.
    HoldPlaced(HoldPlaced),
    /// It no longer is.
    HoldLifted(HoldLifted),
    /// An office that has not answered is reminded.
    Reminder(Reminder),
    /// An addressed office asks for a later deadline.
    ExtensionAsked(ExtensionAsked),
    /// The office that asked for a later deadline is told what the lead decided.
    ExtensionAnswered(ExtensionAnswered),
    /// The wording of a query was corrected.
    Correction(Correction),
    /// An addressed office wants to know what is meant.
    ClarificationAsked(ClarificationAsked),
    /// The requesters replied to that.
    Clarification(Clarification),
    /// What a user gets in one mail a day.
    Digest(Digest),
    /// An office responded after its deadline.
    LateResponse(LateResponse),
    /// The open queries of a week, and where the office stands.
    WeeklyOverview(WeeklyOverview),
    /// The queries of a quarter by topic.
    QuarterlyList(QuarterlyList),
    /// Mail does not reach a user.
    UserNotReached(UserNotReached),
    /// A message did not reach the functional mailbox of an office.
    OfficeNotReached(OfficeNotReached),
    /// A holiday was added while a query runs.
    HolidayAdded(HolidayAdded),
}

impl Message {
    /// The subject, text and HTML of this message for one recipient.
    ///
    /// # Errors
    /// Fails only when a template fails, which is a fault of the program.
    pub fn render(&self, frame: &Frame) -> Result<Rendered, askama::Error> {
        let mut framed = Framed {
            office: &frame.office,
            replies_to: frame.replies_to.as_deref(),
            exchange_url: &frame.exchange_url,
            why: &frame.why,
            room: Room(0),
        };
        loop {
            let rendered = self.rendered(&framed)?;
            // After ten halvings nothing is left that could be cut.
            if rendered.encoded() <= MOST - BESIDE || framed.room.0 == 10 {
                return Ok(rendered);
            }
            framed.room.0 += 1;
        }
    }

    fn rendered(&self, frame: &Framed<'_>) -> Result<Rendered, askama::Error> {
        match self {
            Self::AccountInvitation(message) => message.render(frame),
            Self::PasswordReset(message) => message.render(frame),
            Self::AddressConfirmation(message) => message.render(frame),
            Self::AccountNotice(message) => message.render(frame),
            Self::UserReset(message) => message.render(frame),
            Self::FirstCoordinator(message) => message.render(frame),
            Self::ServiceAccountMade(message) => message.render(frame),
            Self::TokenEnds(message) => message.render(frame),
            Self::AccountsDisabled(message) => message.render(frame),
            Self::UserListDue(message) => message.render(frame),
            Self::JointInvitation(message) => message.render(frame),
            Self::ApprovalAsked(message) => message.render(frame),
            Self::ContributionAsked(message) => message.render(frame),
            Self::ContributionReturned(message) => message.render(frame),
            Self::Launch(message) => message.render(frame),
            Self::Withdrawal(message) => message.render(frame),
            Self::Extension(message) => message.render(frame),
            Self::Compilation(message) => message.render(frame),
            Self::PublicationNotice(message) => message.render(frame),
            Self::Publication(message) => message.render(frame),
            Self::Retraction(message) => message.render(frame),
            Self::EditionReplaced(message) => message.render(frame),
            Self::Erasure(message) => message.render(frame),
            Self::HoldPlaced(message) => message.render(frame),
            Self::HoldLifted(message) => message.render(frame),
            Self::Reminder(message) => message.render(frame),
            Self::ExtensionAsked(message) => message.render(frame),
            Self::ExtensionAnswered(message) => message.render(frame),
            Self::Correction(message) => message.render(frame),
            Self::ClarificationAsked(message) => message.render(frame),
            Self::Clarification(message) => message.render(frame),
            Self::Digest(message) => message.render(frame),
            Self::LateResponse(message) => message.render(frame),
            Self::WeeklyOverview(message) => message.render(frame),
            Self::QuarterlyList(message) => message.render(frame),
            Self::UserNotReached(message) => message.render(frame),
            Self::OfficeNotReached(message) => message.render(frame),
            Self::HolidayAdded(message) => message.render(frame),
        }
    }
}

/// Joins a message to its three templates; askama wants each path written out.
macro_rules! templates {
    ($message:ty, $subject:literal, $text:literal, $html:literal) => {
        impl $message {
            fn render(&self, frame: &Framed<'_>) -> Result<Rendered, askama::Error> {
                #[derive(Template)]
                #[template(path = $subject)]
                struct Subject<'a> {
                    m: &'a $message,
                }
                #[derive(Template)]
                #[template(path = $text)]
                struct Text<'a> {
                    m: &'a $message,
                    frame: &'a Framed<'a>,
                }
                #[derive(Template)]
                #[template(path = $html)]
                struct Html<'a> {
                    m: &'a $message,
                    frame: &'a Framed<'a>,
                }
                Ok(Rendered::new(
                    &Subject { m: self }.render()?,
                    &Text { m: self, frame }.render()?,
                    &Html { m: self, frame }.render()?,
                ))
            }
        }
    };
}

templates!(
    AccountInvitation,
    "account_invitation/subject.txt",
    "account_invitation/body.txt",
    "account_invitation/body.html"
);
templates!(
    PasswordReset,
    "password_reset/subject.txt",
    "password_reset/body.txt",
    "password_reset/body.html"
);
templates!(
    AddressConfirmation,
    "address_confirmation/subject.txt",
    "address_confirmation/body.txt",
    "address_confirmation/body.html"
);
templates!(
    AccountNotice,
    "account_notice/subject.txt",
    "account_notice/body.txt",
    "account_notice/body.html"
);
templates!(
    UserReset,
    "user_reset/subject.txt",
    "user_reset/body.txt",
    "user_reset/body.html"
);
templates!(
    FirstCoordinator,
    "first_coordinator/subject.txt",
    "first_coordinator/body.txt",
    "first_coordinator/body.html"
);
templates!(
    ServiceAccountMade,
    "service_account_made/subject.txt",
    "service_account_made/body.txt",
    "service_account_made/body.html"
);
templates!(
    TokenEnds,
    "token_ends/subject.txt",
    "token_ends/body.txt",
    "token_ends/body.html"
);
templates!(
    AccountsDisabled,
    "accounts_disabled/subject.txt",
    "accounts_disabled/body.txt",
    "accounts_disabled/body.html"
);
templates!(
    UserListDue,
    "user_list_due/subject.txt",
    "user_list_due/body.txt",
    "user_list_due/body.html"
);
templates!(
    JointInvitation,
    "joint_invitation/subject.txt",
    "joint_invitation/body.txt",
    "joint_invitation/body.html"
);
templates!(
    ApprovalAsked,
    "approval_asked/subject.txt",
    "approval_asked/body.txt",
    "approval_asked/body.html"
);
templates!(
    ContributionAsked,
    "contribution_asked/subject.txt",
    "contribution_asked/body.txt",
    "contribution_asked/body.html"
);
templates!(
    ContributionReturned,
    "contribution_returned/subject.txt",
    "contribution_returned/body.txt",
    "contribution_returned/body.html"
);
templates!(Launch, "launch/subject.txt", "launch/body.txt", "launch/body.html");
templates!(
    Withdrawal,
    "withdrawal/subject.txt",
    "withdrawal/body.txt",
    "withdrawal/body.html"
);
templates!(
    Extension,
    "extension/subject.txt",
    "extension/body.txt",
    "extension/body.html"
);
templates!(
    Compilation,
    "compilation/subject.txt",
    "compilation/body.txt",
    "compilation/body.html"
);
templates!(
    PublicationNotice,
    "publication_notice/subject.txt",
    "publication_notice/body.txt",
    "publication_notice/body.html"
);
templates!(
    Publication,
    "publication/subject.txt",
    "publication/body.txt",
    "publication/body.html"
);
templates!(
    Retraction,
    "retraction/subject.txt",
    "retraction/body.txt",
    "retraction/body.html"
);
templates!(
    EditionReplaced,
    "edition_replaced/subject.txt",
    "edition_replaced/body.txt",
    "edition_replaced/body.html"
);
templates!(Erasure, "erasure/subject.txt", "erasure/body.txt", "erasure/body.html");
templates!(
    HoldPlaced,
    "hold_placed/subject.txt",
    "hold_placed/body.txt",
    "hold_placed/body.html"
);
templates!(
    HoldLifted,
    "hold_lifted/subject.txt",
    "hold_lifted/body.txt",
    "hold_lifted/body.html"
);
templates!(
    Reminder,
    "reminder/subject.txt",
    "reminder/body.txt",
    "reminder/body.html"
);
templates!(
    ExtensionAsked,
    "extension_asked/subject.txt",
    "extension_asked/body.txt",
    "extension_asked/body.html"
);
templates!(
    ExtensionAnswered,
    "extension_answered/subject.txt",
    "extension_answered/body.txt",
    "extension_answered/body.html"
);
templates!(
    Correction,
    "correction/subject.txt",
    "correction/body.txt",
    "correction/body.html"
);
templates!(
    ClarificationAsked,
    "clarification_asked/subject.txt",
    "clarification_asked/body.txt",
    "clarification_asked/body.html"
);
templates!(
    Clarification,
    "clarification/subject.txt",
    "clarification/body.txt",
    "clarification/body.html"
);
templates!(Digest, "digest/subject.txt", "digest/body.txt", "digest/body.html");
templates!(
    LateResponse,
    "late_response/subject.txt",
    "late_response/body.txt",
    "late_response/body.html"
);
templates!(
    WeeklyOverview,
    "weekly_overview/subject.txt",
    "weekly_overview/body.txt",
    "weekly_overview/body.html"
);
templates!(
    QuarterlyList,
    "quarterly_list/subject.txt",
    "quarterly_list/body.txt",
    "quarterly_list/body.html"
);
templates!(
    UserNotReached,
    "user_not_reached/subject.txt",
    "user_not_reached/body.txt",
    "user_not_reached/body.html"
);
templates!(
    OfficeNotReached,
    "office_not_reached/subject.txt",
    "office_not_reached/body.txt",
    "office_not_reached/body.html"
);
templates!(
    HolidayAdded,
    "holiday_added/subject.txt",
    "holiday_added/body.txt",
    "holiday_added/body.html"
);

/// The last minute of a deadline's day: `4 December 2026, 23:59 Brussels time`.
fn written_deadline(date: NaiveDate) -> String {
    format!("{}, 23:59 Brussels time", written_date(date))
}

/// An instant on a clock in Brussels: `4 December 2026, 09:00 Brussels time`.
fn written_instant(instant: Instant) -> String {
    let local = instant.with_timezone(&BRUSSELS);
    format!(
        "{}, {} Brussels time",
        written_date(local.date_naive()),
        local.format("%H:%M")
    )
}

/// A count of working days: `1 working day`, `20 working days`.
fn written_working_days(days: u32) -> String {
    let noun = if days == 1 { "working day" } else { "working days" };
    format!("{days} {noun}")
}

/// Question numbers in a sentence: `question 3`, `questions 1, 2 and 4`; nothing for none.
fn written_questions(numbers: &[u32]) -> String {
    match numbers {
        [] => String::new(),
        [one] => format!("question {one}"),
        [several @ .., last] => {
            let several: Vec<String> = several.iter().map(u32::to_string).collect();
            format!("questions {} and {last}", several.join(", "))
        }
    }
}
