//! Delivery: takes due rows of the outbox by a short lease, renders them, hands them to a transport and settles them.
//!
//! It takes no input: it looks at the table and the clock and does what is due, and may run twice and on several
//! machines at once. No transaction is open while a message leaves.

use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::compilation::requesters_line;
use ahq_domain::dissemination::Circle;
use ahq_domain::markdown::{html, plain_text};
use ahq_domain::office::{Office, OfficeCode, Offices};
use ahq_domain::permission::{Caller, is_public, reach};
use ahq_domain::query::{Launched, Life, Query, Status};
use ahq_domain::user::{User, UserStatus, role_on};
use ahq_mail::messages::{
    AccountInvitation, Compilation, EditionReplaced, Extension, Frame, Granted, JointInvitation, Launch, Link, Message,
    Publication, PublicationNotice, QueryHead, Question, Retraction, RichText, Summary, Why, Withdrawal,
};
use ahq_mail::outgoing::{Mailbox, Outgoing};
use ahq_mail::transport::{SendErrorKind, Transport};
use ahq_store::outbox::{self, Entry, OutboxStatus};
use ahq_store::queries::{self, QueryRef};
use ahq_store::{editions, invitations, offices, responses, summaries, users};
use chrono::Duration;

use crate::credentials::Credentials;
use crate::editions::parse_view;
use crate::error::Error;
use crate::outgoing::Note;
use crate::work::{Exchange, Work};

/// How long a claimed row belongs to its worker; another takes it over afterwards.
const LEASE: Duration = Duration::seconds(60);
/// How long mail may be due, and nobody take any of it, before something is wrong with those who should.
const STILL_FOR: Duration = Duration::minutes(15);
/// For how long a message that meets temporary failures is tried again.
const TRIED_FOR: Duration = Duration::days(5);
/// The longest wait between two tries, without what chance adds: so that all mail is out within ten minutes of a mail
/// server's recovery, however long it was away.
const LONGEST_WAIT: Duration = Duration::minutes(8);

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
            Ok(Prepared::Send(outgoing)) => match transport.send(&outgoing).await {
                Ok(_) => {
                    round.sent += 1;
                    self.settle(&entry, OutboxStatus::Sent, None).await
                }
                Err(error) if error.kind == SendErrorKind::Permanent => {
                    round.failed += 1;
                    tracing::warn!(message = %entry.id, kind = entry.kind, %error, "a message cannot be delivered");
                    self.settle(&entry, OutboxStatus::Failed, Some(error.to_string())).await
                }
                Err(error) => self.try_later(&entry, error.to_string(), round).await,
            },
            Err(error) => self.try_later(&entry, error.to_string(), round).await,
        }
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
        if now >= entry.created.max(entry.due) + TRIED_FOR {
            round.failed += 1;
            return self.settle(entry, OutboxStatus::Failed, Some(fault)).await;
        }
        round.postponed += 1;
        let due = now + wait(entry.attempts, self.randomness().bytes::<1>()[0]);
        let (id, lease) = (entry.id, entry.lease);
        tracing::info!(message = %id, kind = entry.kind, fault, "a message will be tried again");
        self.write(Credentials::System, move |work| {
            Ok(outbox::postpone(work.conn, id, lease, due, &fault)?)
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

    fn prepare(&mut self, entry: &Entry, sender: &Sender) -> Result<Prepared, Error> {
        let note: Note =
            serde_json::from_value(entry.facts.clone()).map_err(|error| Error::Internal(error.to_string()))?;
        let offices = offices::all(self.conn)?;
        let Some(office) = offices.get(&entry.office).cloned() else {
            return Ok(Prepared::Drop("the office is not known"));
        };
        let query = match entry.query {
            Some(id) => queries::find(self.conn, &QueryRef::Id(id))?,
            None => None,
        };
        let user = match entry.user {
            Some(id) => users::find(self.conn, id)?,
            None => None,
        };
        let message = match (&query, &user) {
            (Some(query), _) => self.message_about(query, &note, &office, &offices)?,
            (None, Some(user)) => self.message_to(user, entry, &offices)?,
            (None, None) => None,
        };
        let Some(message) = message else {
            return Ok(Prepared::Drop("no longer to be sent"));
        };
        let lead = query.as_ref().and_then(|query| offices.get(&query.lead)).cloned();
        let frame = Frame {
            office: office.as_requester_on(self.today()),
            replies_to: lead.as_ref().map(|lead| lead.as_requester_on(self.today())),
            exchange_url: self.settings.public_address.clone(),
            why: if user.is_some() { Why::Invited } else { Why::Mailbox },
        };
        let content = message
            .render(&frame)
            .map_err(|error| Error::Internal(error.to_string()))?;
        let to = match &user {
            Some(user) => Mailbox::named(&user.name, &user.email),
            None => Mailbox::named(office.as_requester_on(self.today()), &office.mailbox),
        };
        Ok(Prepared::Send(Box::new(Outgoing {
            id: entry.id,
            from: sender.from.clone(),
            to,
            reply_to: lead.map(|lead| Mailbox::named(lead.as_requester_on(self.today()), &lead.mailbox)),
            domain: sender.domain.clone(),
            date: self.now,
            thread: entry.query,
            content,
        })))
    }

    fn message_to(&mut self, user: &User, entry: &Entry, offices: &Offices) -> Result<Option<Message>, Error> {
        let secret = self.keys.link_secret(entry.id);
        let Some((_, expires)) = invitations::find(self.conn, &crate::keys::hash_secret(&secret))? else {
            return Ok(None);
        };
        if user.status != UserStatus::Invited || expires <= self.now {
            return Ok(None);
        }
        let today = self.today();
        let office = |code: &OfficeCode| {
            offices
                .get(code)
                .map_or_else(|| code.to_string(), |office| office.as_requester_on(today))
        };
        let role = role_on(&user.grants, today).map_or("reader", |role| match role {
            ahq_domain::user::Role::Reader => "reader",
            ahq_domain::user::Role::Expert => "expert",
            ahq_domain::user::Role::Coordinator => "coordinator",
        });
        Ok(Some(Message::AccountInvitation(AccountInvitation {
            name: user.name.clone(),
            office: office(&user.office),
            role: role.to_owned(),
            invited_by: office(&entry.office),
            link: format!("{}/invitations/{secret}", self.settings.public_address),
            expires,
        })))
    }

    /// The message about a query, or none where it no longer has to be sent or its reader may not have it.
    fn message_about(
        &mut self,
        query: &Query,
        note: &Note,
        office: &Office,
        offices: &Offices,
    ) -> Result<Option<Message>, Error> {
        let Some(circle) = circle_of(office, query, self.now) else {
            return Ok(None);
        };
        let link = format!("{}/queries/{}", self.settings.public_address, reference(query));
        if let Note::JointInvitation = note {
            return Ok(joint_invitation(query, office, offices, link, self.now));
        }
        let Some(launched) = query.launched() else {
            return Ok(None);
        };
        if launched.withdrawn.is_some() && !matches!(note, Note::Withdrawal) {
            return Ok(None);
        }
        let head = QueryHead {
            number: launched.number.to_string(),
            title: query.title.clone(),
            requested_by: requesters_line(
                &query.requesters().cloned().collect::<Vec<_>>(),
                offices,
                brussels_date(launched.at),
            ),
            link: link.clone(),
        };
        Ok(match note {
            Note::AccountInvitation | Note::JointInvitation => None,
            Note::Launch => Some(self.launch(query, launched, office, head, &link)?),
            Note::Extension => extension(launched, office, head, &link),
            Note::Withdrawal => launched.withdrawn.as_ref().map(|withdrawn| {
                Message::Withdrawal(Withdrawal {
                    query: head,
                    withdrawn_on: brussels_date(withdrawn.at),
                    reason: withdrawn.reason.clone(),
                })
            }),
            Note::Compilation { edition } => self.compilation(query, *edition, circle, head, &link)?,
            Note::PublicationNotice => self.publication_notice(query, launched, office, head, &link)?,
            Note::Publication => self.publication(query, launched, head),
            Note::Retraction { office } => {
                Some(self.retraction(query, launched, circle, office, offices, head, &link)?)
            }
            Note::HolidayAdded { date, offices: whose } => {
                self.holiday_added(query, *date, whose, offices, head, link)?
            }
            Note::EditionReplaced { by, office, edition } => Some(Message::EditionReplaced(EditionReplaced {
                query: head,
                answering_office: name(offices, office, brussels_date(self.now)),
                replaced_on: self.today(),
                edition: unsigned(*edition),
                view: circle.word().to_owned(),
                replaced_by: unsigned(*by),
                link: format!("{link}/editions/{by}"),
            })),
        })
    }

    fn launch(
        &mut self,
        query: &Query,
        launched: &Launched,
        office: &Office,
        head: QueryHead,
        link: &str,
    ) -> Result<Message, Error> {
        let deadline = launched.deadline_for(&office.code, &query.lead);
        let date = deadline.map_or(launched.deadline.date, |deadline| deadline.date);
        let launched_on = brussels_date(launched.at);
        let days = self
            .commission_calendar()?
            .working_days_between(launched_on, date)
            .map_err(ahq_domain::refusal::Refusal::from)?;
        Ok(Message::Launch(Launch {
            query: head,
            launched_on,
            deadline: date,
            working_days: u32::try_from(days).unwrap_or(0),
            urgent: launched.urgent_reason.clone(),
            expected: launched
                .addressee(&office.code)
                .is_some_and(|addressee| addressee.expected),
            questions: query
                .questions
                .iter()
                .zip(1..)
                .map(|(question, number)| Question {
                    number,
                    text: plain_text(&question.markdown().tree()),
                })
                .collect(),
            link: format!("{link}/responses/{}", office.code),
        }))
    }

    fn compilation(
        &mut self,
        query: &Query,
        number: i32,
        circle: Circle,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        let Some((edition, stored)) = editions::view(self.conn, query.id, number, circle)? else {
            return Ok(None);
        };
        if stored.replaced_by.is_some() {
            return Ok(None);
        }
        // The summary of the reader's circle, or the network's, which the requesters may read too.
        let mut signed = None;
        for wanted in [circle, Circle::Network] {
            signed = signed.or(summaries::find(self.conn, edition.id, wanted)?
                .filter(|summary| summary.signed.is_some() && wanted.reaches(circle)));
        }
        let view = parse_view(&stored.body)?;
        let page = format!("{link}/editions/{number}");
        let rich = |text: &ahq_domain::markdown::Markdown| RichText {
            html: html(&text.tree(), 2),
            text: plain_text(&text.tree()),
        };
        Ok(Some(Message::Compilation(Compilation {
            query: head,
            edition: unsigned(number),
            view: circle.word().to_owned(),
            produced_on: brussels_date(view.produced),
            responses: view.head.responses_line,
            summary: signed.map(|signed| Summary {
                background: rich(&signed.summary.background),
                respondents: rich(&signed.summary.respondents),
                findings: rich(&signed.summary.findings),
            }),
            files: [("HTML", "html"), ("CSV", "csv"), ("JSON", "json")]
                .into_iter()
                .map(|(label, format)| Link {
                    label: label.to_owned(),
                    url: format!(
                        "{}/api/v1/queries/{}/editions/{number}?format={format}",
                        self.settings.public_address,
                        reference(query)
                    ),
                })
                .collect(),
            changes: Vec::new(),
            link: page,
            passing_on: format!("{}.", circle.may_be_passed_on_to()),
        })))
    }

    fn publication_notice(
        &mut self,
        query: &Query,
        launched: &Launched,
        office: &Office,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        let Some(publication) = launched.publications.last().filter(|last| last.from > self.now) else {
            return Ok(None);
        };
        let Some(response) = responses::find(self.conn, query.id, &office.code)? else {
            return Ok(None);
        };
        let circles = responses::circles(self.conn, response.id)?;
        let numbers = |public: bool| -> Vec<u32> {
            query
                .questions
                .iter()
                .zip(1..)
                .filter(|(question, _)| {
                    circles
                        .get(&question.id)
                        .is_some_and(|circle| (*circle == Circle::Public) == public)
                })
                .map(|(_, number)| number)
                .collect()
        };
        let summary = summaries::find(self.conn, publication.edition, Circle::Public)?;
        Ok(Some(Message::PublicationNotice(PublicationNotice {
            query: head,
            edition: unsigned(publication.number),
            public_from: publication.from,
            public_answers: numbers(true),
            restricted_answers: numbers(false),
            with_summary: summary.is_some_and(|summary| summary.signed.is_some()),
            link: format!("{link}/responses/{}", office.code),
        })))
    }

    fn publication(&self, query: &Query, launched: &Launched, head: QueryHead) -> Option<Message> {
        let publication = launched.publication(self.now).filter(|_| is_public(query, self.now))?;
        Some(Message::Publication(Publication {
            query: head,
            edition: unsigned(publication.number),
            published_on: brussels_date(publication.from),
            public_link: self.public_document(query),
        }))
    }

    /// Where everybody reads a published query.
    pub(crate) fn public_document(&self, query: &Query) -> String {
        format!(
            "{}/api/v1/public/queries/{}/edition?format=html",
            self.settings.public_address,
            reference(query)
        )
    }

    #[expect(clippy::too_many_arguments, reason = "each is one fact of the message")]
    fn retraction(
        &mut self,
        query: &Query,
        launched: &Launched,
        circle: Circle,
        by: &OfficeCode,
        offices: &Offices,
        head: QueryHead,
        link: &str,
    ) -> Result<Message, Error> {
        let last = launched.last_edition.as_ref().map_or(1, |edition| edition.number);
        let with = editions::list(self.conn, query.id)?
            .into_iter()
            .filter(|edition| edition.composition.iter().any(|part| part.office == *by))
            .map(|edition| edition.number)
            .max()
            .unwrap_or(last);
        Ok(Message::Retraction(Retraction {
            query: head,
            answering_office: name(offices, by, self.today()),
            retracted_on: self.today(),
            edition: unsigned(with),
            view: circle.word().to_owned(),
            replaced_by: (last > with).then(|| unsigned(last)),
            link: format!("{link}/editions/{last}"),
        }))
    }
}

fn joint_invitation(query: &Query, office: &Office, offices: &Offices, link: String, now: Instant) -> Option<Message> {
    let waiting = query
        .joint
        .iter()
        .any(|joint| joint.office == office.code && joint.accepted.is_none());
    let Life::Draft { deadline, .. } = &query.life else {
        return None;
    };
    waiting.then(|| {
        Message::JointInvitation(JointInvitation {
            title: query.title.clone(),
            lead: name(offices, &query.lead, brussels_date(now)),
            deadline: *deadline,
            questions: u32::try_from(query.questions.len()).unwrap_or(0),
            link,
        })
    })
}

fn extension(launched: &Launched, office: &Office, head: QueryHead, link: &str) -> Option<Message> {
    let extension = launched.extensions.last()?;
    Some(Message::Extension(Extension {
        query: head,
        old_deadline: extension.from,
        new_deadline: extension.to,
        reason: extension.reason.clone(),
        granted: Granted::Everyone,
        link: format!("{link}/responses/{}", office.code),
    }))
}

/// The circle the users of an office belong to for a query, whatever their role: none where the office may not read it.
fn circle_of(office: &Office, query: &Query, now: Instant) -> Option<Circle> {
    let caller = Caller::reader_of(office, brussels_date(now));
    reach(&caller, query, now).filter(|circle| *circle != Circle::Public || query.status(now) == Status::Published)
}

fn reference(query: &Query) -> String {
    query
        .launched()
        .map_or_else(|| query.id.to_string(), |launched| launched.number.to_string())
}

pub(crate) fn name(offices: &Offices, code: &OfficeCode, date: chrono::NaiveDate) -> String {
    offices
        .get(code)
        .map_or_else(|| code.to_string(), |office| office.as_requester_on(date))
}

fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
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
