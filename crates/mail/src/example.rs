//! Example facts, one of each message and of each turn a message can take: what `ahq mail preview` shows and the tests
//! read. Nothing here is ever sent.

mod deadlines;
mod lists;
mod queries;

use chrono::{NaiveDate, NaiveTime};

use ahq_domain::clock::Instant;

pub use lists::{digest, quarterly_list, weekly_overview};
pub use queries::{compilation, extension, launch};

use crate::messages::{Frame, Message, QueryHead, Why};

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
}

/// All of them.
pub fn all() -> Vec<Example> {
    [queries::all(), deadlines::all(), lists::all()]
        .into_iter()
        .flatten()
        .map(|(name, message)| Example {
            name,
            frame: framed(&message),
            message,
        })
        .collect()
}

/// A message goes to the functional mailbox of an office, but for those that go to people.
fn framed(message: &Message) -> Frame {
    let (why, replies_to) = match message {
        Message::AccountInvitation(_) => (Why::Invited, None),
        Message::Digest(_) | Message::WeeklyOverview(_) | Message::QuarterlyList(_) => (
            Why::User {
                settings: "https://ahq.example.org/account/notifications".into(),
            },
            None,
        ),
        Message::ExtensionAsked(_) => {
            return Frame {
                office: "EMN NCP Luxembourg".into(),
                replies_to: Some("EMN NCP Poland".into()),
                ..frame()
            };
        }
        Message::AddressSuppressed(_) => (Why::Mailbox, None),
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
