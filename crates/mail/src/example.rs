//! Example facts, one of each message and of each turn a message can take: what `ahq mail preview` shows and the tests
//! read. Nothing here is ever sent.

mod accounts;
mod deadlines;
mod lists;
mod queries;
mod tokens;
mod wording;

use chrono::{NaiveDate, NaiveTime};

use ahq_domain::clock::{Instant, Randomness};
use ahq_domain::id::{MessageId, QueryId};

pub use lists::{digest, quarterly_list, weekly_overview};
pub use queries::{compilation, extension, launch};

use crate::messages::{Frame, Message, QueryHead, Why};
use crate::outgoing::{Calendar, Mailbox, Method, Outgoing};

/// A day; one that is none shows as 1970 in what the tests compare.
fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

fn at(day: NaiveDate, hour: u32, minute: u32) -> Instant {
    day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default())
        .and_utc()
}

/// One example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its name, and that of its snapshots: `launch_urgent`.
    pub name: &'static str,
    /// To whom it goes.
    pub frame: Frame,
    /// What it says.
    pub message: Message,
    /// The key of its row in the outbox, if it had one.
    pub id: MessageId,
}

impl Example {
    /// The message as it would leave.
    ///
    /// # Errors
    /// Fails only when a template fails, which is a fault of the program.
    pub fn outgoing(&self) -> Result<Outgoing, askama::Error> {
        let content = self.message.render(&self.frame)?;
        let about_a_query = content.subject().starts_with("[EMN AHQ 2026.81]");
        let calendar = match &self.message {
            Message::Launch(_) | Message::Extension(_) => Some((Method::Publish, "PUBLISH", "CONFIRMED")),
            Message::Withdrawal(_) => Some((Method::Cancel, "CANCEL", "CANCELLED")),
            _ => None,
        };
        Ok(Outgoing {
            id: self.id,
            from: Mailbox::named("EMN ad-hoc query exchange", "exchange@ahq.example.org"),
            to: Mailbox::named(&self.frame.office, "recipient@example.org"),
            reply_to: self
                .frame
                .replies_to
                .as_ref()
                .map(|office| Mailbox::named(office, "reply@example.org")),
            domain: "ahq.example.org".into(),
            date: at(day(2026, 11, 27), 8, 0),
            thread: about_a_query.then(|| QueryId::new(at(day(2026, 11, 5), 9, 15), &same(1))),
            content,
            calendar: calendar.map(|(method, word, status)| Calendar {
                method,
                bytes: event(word, status),
            }),
            unsubscribe: match &self.frame.why {
                Why::User { unsubscribe, .. } => unsubscribe.clone(),
                Why::Mailbox | Why::Account | Why::Invited => None,
            },
        })
    }
}

/// Randomness that is none, so that an example is the same each time.
fn same(byte: u8) -> Randomness {
    Randomness::new(move |bytes| bytes.fill(byte))
}

/// A deadline as a calendar takes it.
fn event(method: &str, status: &str) -> Vec<u8> {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//EMN//ahq//EN\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n\
         UID:query-2026.81@ahq.example.org\r\nSEQUENCE:1\r\nDTSTAMP:20261127T080000Z\r\n\
         DTSTART:20261204T223000Z\r\nDTEND:20261204T230000Z\r\nSUMMARY:Deadline of 2026.81\r\n\
         STATUS:{status}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    .into_bytes()
}

/// All of them.
pub fn all() -> Vec<Example> {
    [
        accounts::all(),
        queries::all(),
        deadlines::all(),
        lists::all(),
        wording::all(),
        tokens::all(),
    ]
    .into_iter()
    .flatten()
    .zip(0..)
    .map(|((name, message), number)| Example {
        name,
        frame: framed(&message),
        message,
        id: MessageId::new(at(day(2026, 11, 27), 8, 0), &same(number)),
    })
    .collect()
}

/// A message goes to the functional mailbox of an office, but for those that go to people.
fn framed(message: &Message) -> Frame {
    let (why, replies_to) = match message {
        Message::AccountInvitation(_) => (Why::Invited, None),
        Message::TokenEnds(ends) if ends.user.is_some() => (Why::Account, None),
        Message::PasswordReset(_) | Message::AddressConfirmation(_) | Message::AccountNotice(_) => (Why::Account, None),
        Message::Digest(_) | Message::WeeklyOverview(_) | Message::QuarterlyList(_) => (
            Why::User {
                settings: "https://ahq.example.org/me/notifications".into(),
                unsubscribe: Some(
                    "https://ahq.example.org/api/v1/unsubscriptions/q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ".into(),
                ),
            },
            None,
        ),
        Message::ExtensionAsked(_) | Message::ClarificationAsked(_) => {
            return Frame {
                office: "EMN NCP Luxembourg".into(),
                replies_to: Some("EMN NCP Poland".into()),
                ..frame()
            };
        }
        Message::ContributionAsked(_) => {
            return Frame {
                office: "Eva Huber".into(),
                replies_to: Some("EMN NCP Poland".into()),
                why: Why::Invited,
                ..frame()
            };
        }
        Message::ApprovalAsked(_) | Message::ContributionReturned(_) => (
            Why::User {
                settings: "https://ahq.example.org/me/notifications".into(),
                unsubscribe: None,
            },
            None,
        ),
        Message::UserNotReached(_)
        | Message::UserReset(_)
        | Message::FirstCoordinator(_)
        | Message::ServiceAccountMade(_)
        | Message::TokenEnds(_)
        | Message::AccountsDisabled(_)
        | Message::UserListDue(_) => (Why::Mailbox, None),
        Message::OfficeNotReached(_) => {
            return Frame {
                office: "the service provider".into(),
                replies_to: None,
                ..frame()
            };
        }
        Message::LateResponse(_) | Message::HolidayAdded(_) => {
            return Frame {
                office: "EMN NCP Luxembourg".into(),
                replies_to: None,
                ..frame()
            };
        }
        _ => return frame(),
    };
    Frame {
        why,
        replies_to,
        ..frame()
    }
}

/// The functional mailbox of an office.
pub fn frame() -> Frame {
    Frame {
        office: "EMN NCP Poland".into(),
        replies_to: Some("EMN NCP Luxembourg".into()),
        exchange_url: "https://ahq.example.org".into(),
        why: Why::Mailbox,
    }
}

/// A launched query.
pub fn query() -> QueryHead {
    QueryHead {
        number: "2026.81".into(),
        title: "Access of third-country national students to the labour market after graduation".into(),
        requested_by: "EMN NCP Luxembourg, EMN NCP Netherlands and the Commission".into(),
        link: "https://ahq.example.org/queries/2026.81".into(),
    }
}
