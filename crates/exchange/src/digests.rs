//! Mail that comes by the calendar: one digest a day to each user and mailbox with something to tell, the weekly overview
//! and the quarterly list to those who asked for it.
//!
//! Who gets one is written down with the day, so that it comes once. What it says is found when it is sent.

use std::collections::BTreeMap;

use ahq_domain::clock::Instant;
use ahq_domain::id::{MessageId, UserId};
use ahq_domain::notification::{MailWish, Notifications};
use ahq_domain::office::{OfficeCode, Offices};
use ahq_domain::reminder::is_time_to_send;
use ahq_domain::user::User;
use ahq_store::outbox::{self, Entry};
use ahq_store::{mailings, notifications, offices};
use chrono::{Datelike, Days, Duration, NaiveDate};

use crate::credentials::Credentials;
use crate::delivery::{SETTLED_AFTER, is_copied, is_told, is_within};
use crate::error::Error;
use crate::outgoing::{Note, parse_note, reads_mail, wishes_on};
use crate::work::{Exchange, Work};

const DIGEST: &str = "digest";
const WEEKLY: &str = "weekly";
const QUARTERLY: &str = "quarterly";

/// How far back the first digest of somebody reaches.
const FIRST_REACHES: Duration = Duration::days(7);

/// Somebody who has a digest to come today.
struct Reader {
    /// The key of the mailing: a user's id, or an office's code.
    recipient: String,
    office: OfficeCode,
    user: Option<UserId>,
    wish: Option<MailWish>,
    /// Up to when the last one told what happened.
    from: Instant,
}

impl Exchange {
    /// Writes the digests, overviews and lists of today that are not written yet; gives how many. On a day without a working
    /// morning in Brussels, and before eight, none is.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn write_digests(&self) -> Result<usize, Error> {
        let due = self
            .read(Credentials::System, |work| {
                Ok(work.is_time_to_send()? && (!work.readers()?.is_empty() || !work.subscribers()?.is_empty()))
            })
            .await?;
        if !due {
            return Ok(0);
        }
        self.write(Credentials::System, |work| work.write_digests()).await
    }
}

impl Work<'_> {
    fn is_time_to_send(&mut self) -> Result<bool, Error> {
        Ok(is_time_to_send(self.now, &self.commission_calendar()?))
    }

    fn write_digests(&mut self) -> Result<usize, Error> {
        // After whoever writes reminders, or a digest could lack one of its morning.
        mailings::lock(self.conn)?;
        let (today, now) = (self.today(), self.now);
        let mut readers = self.readers()?;
        // What did not leave for days is told in the digest of today: one digest a day, also after an outage.
        let mut unsent: BTreeMap<(OfficeCode, Option<UserId>), (Instant, Vec<MessageId>)> = BTreeMap::new();
        for entry in outbox::waiting_of_kind(self.conn, DIGEST, None)? {
            if let Note::Digest { from, .. } = parse_note(&entry)? {
                let (earliest, ids) = unsent.entry((entry.office, entry.user)).or_insert((from, Vec::new()));
                *earliest = from.min(*earliest);
                ids.push(entry.id);
            }
        }
        for reader in &mut readers {
            if let Some((from, _)) = unsent.get(&(reader.office.clone(), reader.user)) {
                reader.from = reader.from.min(*from);
            }
        }
        let earliest = readers.iter().map(|reader| reader.from).min().unwrap_or(now);
        let written = outbox::about_queries(self.conn, None, earliest - SETTLED_AFTER, now)?;
        let (told, copies) = sorted(&written)?;
        let (mut entries, mut replaced) = (Vec::new(), Vec::new());
        for reader in readers {
            if !mailings::record(self.conn, &reader.recipient, DIGEST, today, now)? {
                continue;
            }
            let happened = told.get(&reader.office).into_iter().flatten();
            let mut news = happened.filter(|(entry, note)| is_within(entry, note, reader.from, now));
            let copies = reader
                .user
                .and_then(|user| copies.get(&user))
                .map_or(&[][..], Vec::as_slice);
            if news.any(|(entry, note)| is_told(note, entry.status, reader.wish, is_copied(entry, copies))) {
                let note = Note::Digest {
                    from: reader.from,
                    through: now,
                };
                let earlier = unsent.remove(&(reader.office.clone(), reader.user));
                replaced.extend(earlier.into_iter().flat_map(|(_, ids)| ids));
                entries.push(self.entry(None, reader.office, reader.user, &note, now)?);
            }
        }
        for (user, kind, period, note) in self.subscribers()? {
            if mailings::record(self.conn, &user.id.to_string(), kind, period, now)? {
                entries.push(self.entry(None, user.office, Some(user.id), &note, now)?);
            }
        }
        outbox::drop_waiting(self.conn, &replaced, now, "the digest of a later day tells it")?;
        outbox::put_all(self.conn, &entries)?;
        Ok(entries.len())
    }

    /// Who had no digest today: users who read mail, and offices.
    fn readers(&mut self) -> Result<Vec<Reader>, Error> {
        let (today, offices) = (self.today(), offices::all(self.conn)?);
        let first = self.now - FIRST_REACHES;
        let last: BTreeMap<String, (NaiveDate, Instant)> = mailings::last(self.conn, DIGEST)?
            .into_iter()
            .map(|(recipient, day, through)| (recipient, (day, through)))
            .collect();
        let users = notifications::of_users(self.conn, None)?;
        let readers = wishes_on(users, today)
            .into_iter()
            .filter(|(user, _)| takes_part(&offices, &user.office, today))
            .map(|(user, wish)| (user.id.to_string(), user.office, Some(user.id), Some(wish)));
        let mailboxes = offices
            .iter()
            .filter(|office| office.takes_part_on(today))
            .map(|office| (office.code.to_string(), office.code.clone(), None, None));
        Ok(readers
            .chain(mailboxes)
            .filter(|(recipient, ..)| last.get(recipient).is_none_or(|(day, _)| *day < today))
            .map(|(recipient, office, user, wish)| Reader {
                from: last.get(&recipient).map_or(first, |(_, through)| *through),
                recipient,
                office,
                user,
                wish,
            })
            .collect())
    }

    /// Who asked for an overview of this week or a list of the last quarter and has not had it.
    fn subscribers(&mut self) -> Result<Vec<(User, &'static str, NaiveDate, Note)>, Error> {
        let (today, offices) = (self.today(), offices::all(self.conn)?);
        let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
        let quarter = first_of_quarter(today);
        let before = first_of_quarter(quarter - Days::new(1));
        let users: Vec<(User, Notifications)> = notifications::of_users(self.conn, None)?
            .into_iter()
            .filter(|(user, wishes)| {
                reads_mail(user, today) && !wishes.is_absent(today) && takes_part(&offices, &user.office, today)
            })
            .collect();
        let mut due = Vec::new();
        for (kind, period, wanted) in [
            (WEEKLY, monday, (|wishes| wishes.weekly) as fn(&Notifications) -> bool),
            (QUARTERLY, quarter, |wishes| wishes.quarterly),
        ] {
            if !users.iter().any(|(_, wishes)| wanted(wishes)) {
                continue;
            }
            let last: BTreeMap<String, NaiveDate> = mailings::last(self.conn, kind)?
                .into_iter()
                .map(|(recipient, day, _)| (recipient, day))
                .collect();
            for (user, _) in users.iter().filter(|(_, wishes)| wanted(wishes)) {
                if last.get(&user.id.to_string()).is_none_or(|day| *day < period) {
                    let note = match kind {
                        WEEKLY => Note::WeeklyOverview { monday },
                        _ => Note::QuarterlyList {
                            from: before,
                            until: quarter,
                        },
                    };
                    due.push((user.clone(), kind, period, note));
                }
            }
        }
        Ok(due)
    }
}

/// What offices were told, by office.
type Told<'a> = BTreeMap<&'a OfficeCode, Vec<(&'a Entry, Note)>>;
/// What users got a copy of, by user.
type Copies<'a> = BTreeMap<UserId, Vec<&'a Entry>>;

fn sorted(written: &[Entry]) -> Result<(Told<'_>, Copies<'_>), Error> {
    let (mut told, mut copies) = (Told::new(), Copies::new());
    for entry in written {
        match entry.user {
            Some(user) => copies.entry(user).or_default().push(entry),
            None => told.entry(&entry.office).or_default().push((entry, parse_note(entry)?)),
        }
    }
    Ok((told, copies))
}

fn takes_part(offices: &Offices, office: &OfficeCode, today: NaiveDate) -> bool {
    offices.get(office).is_some_and(|office| office.takes_part_on(today))
}

/// The first day of the quarter that a day lies in.
fn first_of_quarter(day: NaiveDate) -> NaiveDate {
    let month = day.month0() / 3 * 3 + 1;
    NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_begin_in_january_april_july_and_october() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (date, first) in [
            ("2026-01-01", "2026-01-01"),
            ("2026-03-31", "2026-01-01"),
            ("2026-04-01", "2026-04-01"),
            ("2026-12-31", "2026-10-01"),
        ] {
            assert_eq!(first_of_quarter(day(date)), day(first));
        }
    }
}
