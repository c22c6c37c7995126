//! Delivery: takes due rows of the outbox by a short lease, renders them, hands them to a transport and settles them.
//!
//! It takes no input: it looks at the table and the clock and does what is due, and may run twice and on several
//! machines at once. No transaction is open while a message leaves.

mod account;
mod digest;
mod erasures;
mod holds;
mod internal;
mod message;
mod tokens;
mod wording;

pub(crate) use digest::{SETTLED_AFTER, is_copied, is_told, is_within};
pub(crate) use message::{circle_of, name};

use ahq_domain::clock::Instant;
use ahq_domain::id::{MessageId, UserId};
use ahq_domain::office::OfficeCode;
use ahq_mail::outgoing::{Mailbox, Outgoing};
use ahq_mail::transport::{SendError, SendErrorKind, Transport};
use ahq_store::outbox::{self, Entry, OutboxStatus};
use ahq_store::suppressions::{self, Suppression};
use ahq_store::users;
use chrono::{Days, Duration};

use crate::credentials::Credentials;
use crate::error::Error;
use crate::outgoing::{Note, parse_note};
use crate::work::{Exchange, Work};

/// How long a claimed row belongs to its worker; another takes it over afterwards: within a minute, with its own pauses.
const LEASE: Duration = Duration::seconds(55);
/// How long mail may be due, and nobody take any of it, before something is wrong with those who should.
const STILL_FOR: Duration = Duration::minutes(15);
/// For how long a message that meets temporary failures is tried again.
const TRIED_FOR: Duration = Duration::days(5);
/// The longest wait between two tries, without what chance adds: so that all mail is out within ten minutes of a mail
/// server's recovery, however long it was away.
const LONGEST_WAIT: Duration = Duration::minutes(8);

/// For how long a personal address gets no mail once a mail server said that it does not exist.
const SUPPRESSED_FOR: Days = Days::new(90);

/// How long an office that was told of a user who is not reached hears nothing more of that.
const TOLD_AGAIN_AFTER: Duration = Duration::days(1);

/// Who the exchange is in mail.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Its mailbox.
    pub from: Mailbox,
    /// The domain of its Message-IDs.
    pub domain: String,
}

/// What one round of delivery did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Messages that left.
    pub sent: usize,
    /// Messages that will be tried again.
    pub postponed: usize,
    /// Messages that cannot be delivered.
    pub failed: usize,
    /// Messages that no longer had to be sent.
    pub dropped: usize,
}

impl Round {
    /// Whether there was nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of a claimed row.
enum Prepared {
    Send(Box<Outgoing>),
    Drop(&'static str),
    /// Its address does not exist.
    Suppress,
    /// Not before then, and why.
    Later(Instant, &'static str),
}

impl Exchange {
    /// Delivers what is due, at most `most` messages.
    ///
    /// # Errors
    /// What the tables refuse; a message that cannot be delivered is settled, not an error.
    pub async fn deliver_due(&self, transport: &Transport, sender: &Sender, most: i64) -> Result<Round, Error> {
        let claimed = self
            .write(Credentials::System, move |work| {
                Ok(outbox::claim(work.conn, work.now, work.now + LEASE, most)?)
            })
            .await?;
        let mut round = Round::default();
        for entry in claimed {
            self.deliver(entry, transport, sender, &mut round).await?;
        }
        Ok(round)
    }

    async fn deliver(
        &self,
        entry: Entry,
        transport: &Transport,
        sender: &Sender,
        round: &mut Round,
    ) -> Result<(), Error> {
        let (row, from) = (entry.clone(), sender.clone());
        let prepared = self
            .read(Credentials::System, move |work| work.prepare(&row, &from))
            .await;
        match prepared {
            Ok(Prepared::Drop(reason)) => {
                round.dropped += 1;
                self.settle(&entry, OutboxStatus::Dropped, Some(reason.to_owned()))
                    .await
            }
            Ok(Prepared::Suppress) => {
                round.dropped += 1;
                let reason = "the address does not exist".to_owned();
                self.settle(&entry, OutboxStatus::Suppressed, Some(reason)).await
            }
            Ok(Prepared::Later(due, why)) => {
                round.postponed += 1;
                self.postpone(&entry, due, due, why.to_owned()).await
            }
            // Whoever stood still that long no longer has it.
            Ok(Prepared::Send(_)) if self.clock().now() >= entry.due => {
                tracing::warn!(message = %entry.id, "the lease of this message ended before it was sent");
                Ok(())
            }
            Ok(Prepared::Send(outgoing)) => match self.leased(&entry, transport.send(&outgoing)).await {
                Ok(_) => {
                    round.sent += 1;
                    self.sent(&entry).await
                }
                Err(error) if error.kind == SendErrorKind::Permanent => {
                    round.failed += 1;
                    tracing::warn!(message = %entry.id, kind = entry.kind, %error, "a message cannot be delivered");
                    self.give_up(&entry, error).await
                }
                Err(error) => self.try_later(&entry, error.to_string(), round).await,
            },
            Err(error) => self.try_later(&entry, error.to_string(), round).await,
        }
    }

    /// Does something with a message, and renews its lease for as long as that takes: a slow mail server, or the pace of
    /// sending, would outlast it, and another worker send the same message meanwhile.
    async fn leased<T>(&self, entry: &Entry, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut left = entry.due - self.clock().now();
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep((left / 2).to_std().unwrap_or_default()) => {}
            }
            let (id, lease) = (entry.id, entry.lease);
            let renewed = self
                .write(Credentials::System, move |work| {
                    Ok(outbox::renew(work.conn, id, lease, work.now + LEASE)?)
                })
                .await;
            if !matches!(renewed, Ok(true)) {
                tracing::warn!(message = %id, ?renewed, "the lease of a message that is being sent was not renewed");
            }
            left = LEASE;
        }
    }

    async fn sent(&self, entry: &Entry) -> Result<(), Error> {
        let id = entry.id;
        let noted = self
            .write(Credentials::System, move |work| {
                Ok(outbox::sent(work.conn, id, work.now)?)
            })
            .await?;
        if !noted {
            tracing::warn!(message = %id, "this message was settled before it was sent");
        }
        Ok(())
    }

    async fn settle(&self, entry: &Entry, status: OutboxStatus, fault: Option<String>) -> Result<(), Error> {
        let (id, lease) = (entry.id, entry.lease);
        let ours = self
            .write(Credentials::System, move |work| {
                Ok(outbox::settle(
                    work.conn,
                    id,
                    lease,
                    status,
                    work.now,
                    fault.as_deref(),
                )?)
            })
            .await?;
        if !ours {
            tracing::warn!(message = %id, "another worker took this message over after its lease ended");
        }
        Ok(())
    }

    async fn try_later(&self, entry: &Entry, fault: String, round: &mut Round) -> Result<(), Error> {
        let now = self.clock().now();
        // What has not failed before begins to be tried now, however long nobody came to send it.
        let since = if entry.fault.is_none() { now } else { entry.wanted };
        if now >= since + TRIED_FOR {
            round.failed += 1;
            tracing::warn!(message = %entry.id, kind = entry.kind, fault, "a message was not taken for five days");
            return self.fail(entry, fault, false).await;
        }
        round.postponed += 1;
        let due = now + wait(entry.attempts, self.randomness().bytes::<1>()[0]);
        tracing::info!(message = %entry.id, kind = entry.kind, fault, "a message will be tried again");
        self.postpone(entry, due, since, fault).await
    }

    /// Ends a message that no server will take, and tells those who can do something about it.
    async fn give_up(&self, entry: &Entry, error: SendError) -> Result<(), Error> {
        let no_such_address = error.no_such_address();
        self.fail(entry, error.to_string(), no_such_address).await
    }

    async fn fail(&self, entry: &Entry, fault: String, no_such_address: bool) -> Result<(), Error> {
        let entry = entry.clone();
        self.write(Credentials::System, move |work| {
            let settled = outbox::settle(
                work.conn,
                entry.id,
                entry.lease,
                OutboxStatus::Failed,
                work.now,
                Some(&fault),
            )?;
            if settled {
                work.not_delivered(&entry, &fault, no_such_address)?;
            }
            Ok(())
        })
        .await
    }

    async fn postpone(&self, entry: &Entry, due: Instant, wanted: Instant, fault: String) -> Result<(), Error> {
        let (id, lease) = (entry.id, entry.lease);
        self.write(Credentials::System, move |work| {
            Ok(outbox::postpone(work.conn, id, lease, (due, wanted), &fault)?)
        })
        .await?;
        Ok(())
    }
}

/// One minute, doubled with each try, to eight; a random eighth is added so that messages do not stay in step.
fn wait(attempts: i32, chance: u8) -> Duration {
    let doublings = attempts.clamp(1, 10) - 1;
    let base = Duration::minutes(1 << doublings).min(LONGEST_WAIT);
    base + base / 8 * i32::from(chance) / 255
}

impl Work<'_> {
    /// What follows when a message did not arrive: of a user the office is told, and a personal address that does not exist
    /// gets no more mail for a time; of a functional mailbox, which is never suppressed, the service provider is told.
    pub(crate) fn not_delivered(&mut self, entry: &Entry, fault: &str, no_such_address: bool) -> Result<(), Error> {
        // The office that asked reads in its list that an expert was not reached; nobody else learns of it.
        let note = parse_note(entry)?;
        if matches!(note, Note::ContributionAsked { .. }) {
            return Ok(());
        }
        // Nor does another address say anything of the one that the user has.
        if note.goes_elsewhere() {
            return Ok(());
        }
        let provider = OfficeCode::service_provider();
        match entry.user {
            Some(user) if no_such_address => {
                let Some(user) = users::find(self.conn, user)? else {
                    return Ok(());
                };
                let suppression = Suppression {
                    user: user.id,
                    email: user.email,
                    reason: fault.to_owned(),
                    since: self.now,
                    until: self.today() + SUPPRESSED_FOR,
                };
                suppressions::put(self.conn, &suppression)?;
                self.tell_office(user.office, &Note::AddressSuppressed { user: user.id })
            }
            Some(user) => self.tell_of_user(user, entry.id),
            // The service provider cannot be told by mail that mail does not reach it.
            None if entry.office == provider => Ok(()),
            None => self.tell_office(provider, &Note::OfficeNotReached { message: entry.id }),
        }
    }

    /// Tells the office of a user that a message did not reach them, once a day at the most: a full mailbox returns each one.
    fn tell_of_user(&mut self, user: UserId, message: MessageId) -> Result<(), Error> {
        let Some(user) = users::find(self.conn, user)? else {
            return Ok(());
        };
        let note = Note::UserNotReached { user: user.id, message };
        let lately = outbox::of_kind_since(self.conn, note.word(), &user.office, self.now - TOLD_AGAIN_AFTER)?;
        for entry in &lately {
            if matches!(parse_note(entry)?, Note::UserNotReached { user: known, .. } if known == user.id) {
                return Ok(());
            }
        }
        self.tell_office(user.office, &note)
    }

    /// Since when mail has been due that no worker came for, where that is too long. A mail server that refuses is no
    /// such thing: then messages are taken, and put off. `since` is when the caller began to look: what stood still
    /// before that is not held against the workers.
    ///
    /// # Errors
    /// What the tables refuse.
    pub fn mail_stuck_since(&mut self, since: Instant) -> Result<Option<Instant>, Error> {
        if self.now < since + STILL_FOR {
            return Ok(None);
        }
        // A minute's lease, or the first wait of a message that was put off.
        let soon = self.now + LEASE + LEASE / 4;
        Ok(outbox::stuck_since(self.conn, self.now, self.now - STILL_FOR, soon)?)
    }

    /// How many messages wait, and since when the longest waiting one is due.
    ///
    /// # Errors
    /// What the tables refuse.
    pub fn mail_waiting(&mut self) -> Result<(i64, Option<Instant>), Error> {
        Ok(outbox::waiting(self.conn)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_eight_minutes_and_chance_adds_an_eighth_at_most() {
        let seconds = |attempts, chance| wait(attempts, chance).num_seconds();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 800].map(|attempts| seconds(attempts, 0)),
            [60, 60, 120, 240, 480, 480, 480]
        );
        assert_eq!(
            [1, 2, 3, 4, 5].map(|attempts| seconds(attempts, 255)),
            [67, 135, 270, 540, 540]
        );
        assert_eq!(seconds(4, 128), 510);
    }
}
