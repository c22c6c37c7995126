//! What a row of the outbox says when it is sent: rendered then, with the rights its reader has then.

use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::compilation::requesters_line;
use ahq_domain::dissemination::Circle;
use ahq_domain::extension::Outcome;
use ahq_domain::id::{MessageId, UserId};
use ahq_domain::markdown::{html, plain_text};
use ahq_domain::office::{Office, OfficeCode, Offices};
use ahq_domain::permission::{Caller, is_public, reach};
use ahq_domain::query::{Launched, Life, Query, Status};
use ahq_domain::refusal::Refusal;
use ahq_domain::reminder::next_time_to_send;
use ahq_domain::response::{Position, Response};
use ahq_domain::user::User;
use ahq_mail::messages::{
    Compilation, EditionReplaced, Extension, ExtensionAnswered, ExtensionAsked, ExtensionOutcome, Frame,
    JointInvitation, LateResponse, Launch, Link, Message, OfficeNotReached, Publication, PublicationNotice, QueryHead,
    Question, Reminder, ReminderKind, Retraction, RichText, Summary, UserNotReached, Why, Withdrawal,
};
use ahq_mail::outgoing::{Calendar, Mailbox, Method, Outgoing};
use ahq_render::Format;
use ahq_render::ics;
use ahq_store::editions::{Edition, StoredView};
use ahq_store::outbox::{self, Entry};
use ahq_store::queries::{self, QueryRef};
use ahq_store::{editions, extensions, offices, responses, summaries, suppressions, users};
use chrono::{Duration, NaiveDate};

use super::{Prepared, Sender};
use crate::editions::parse_view;
use crate::error::Error;
use crate::outgoing::{Note, parse_note, reads_mail};
use crate::work::Work;

/// How long mail about an edition that is suspended waits before it is asked again whether it still is.
const HOLD_LASTS: Duration = Duration::hours(1);

impl Work<'_> {
    pub(super) fn prepare(&mut self, entry: &Entry, sender: &Sender) -> Result<Prepared, Error> {
        let note = parse_note(entry)?;
        let offices = offices::all(self.conn)?;
        let Some(office) = offices.get(&entry.office).cloned() else {
            return Ok(Prepared::Drop("the office is not known"));
        };
        if let Note::ContributionAsked { contribution } = note {
            return self.prepare_contribution(contribution, entry, sender, &office, &offices);
        }
        if let Note::Reminder { .. } | Note::Digest { .. } = note {
            let due = next_time_to_send(self.now, &self.commission_calendar()?);
            if due > self.now {
                return Ok(Prepared::Later(due, "on the next working day"));
            }
        }
        let query = match entry.query {
            Some(id) => queries::find(self.conn, &QueryRef::Id(id))?,
            None => None,
        };
        let user = match entry.user {
            Some(id) => users::find(self.conn, id)?,
            None => None,
        };
        if let Some(user) = &user {
            if note != Note::AccountInvitation && !reads_mail(user, self.today()) {
                return Ok(Prepared::Drop("the user reads no mail any more"));
            }
            if !note.is_about_account() && suppressions::find(self.conn, user.id, &user.email, self.today())?.is_some()
            {
                return Ok(Prepared::Suppress);
            }
            if self.has_ended(user, &note, entry.query.is_some())? {
                return Ok(Prepared::Drop("the user has ended mail of this kind"));
            }
        }
        if let Some(query) = &query
            && self.waits_for_hold(query, &note, &office)?
        {
            return Ok(Prepared::Later(self.now + HOLD_LASTS, "the edition is suspended"));
        }
        let message = match &query {
            Some(query) => self.message_about(query, &note, &office, &offices)?,
            None => self.message_beside_queries(&note, entry, &office, user.as_ref(), &offices)?,
        };
        let Some(message) = message else {
            return Ok(Prepared::Drop("no longer to be sent"));
        };
        let replies_to = match &note {
            Note::ClarificationAsked { office, .. } => offices.get(office),
            _ => query.as_ref().and_then(|query| offices.get(&query.lead)),
        };
        let settings = format!("{}/me/notifications", self.settings.public_address);
        let unsubscribe = match &user {
            Some(user) => self.unsubscription_link(user.id, &note)?,
            None => None,
        };
        let frame = self.frame(
            &office,
            replies_to,
            match &user {
                Some(_) if note == Note::AccountInvitation => Why::Invited,
                Some(_) if note.is_about_account() => Why::Account,
                Some(_) => Why::User {
                    settings,
                    unsubscribe: unsubscribe.clone(),
                },
                None => Why::Mailbox,
            },
        );
        let content = message
            .render(&frame)
            .map_err(|error| Error::Internal(error.to_string()))?;
        let calendar = query
            .as_ref()
            .and_then(|query| self.calendar_part(query, &note, &office, sender));
        let to = match &user {
            Some(user) => {
                let elsewhere = self.address_of(&note, entry)?;
                Mailbox::named(&user.name, elsewhere.as_deref().unwrap_or(&user.email))
            }
            None => Mailbox::named(office.as_requester_on(self.today()), &office.mailbox),
        };
        Ok(Prepared::Send(Box::new(Outgoing {
            id: entry.id,
            from: sender.from.clone(),
            to,
            reply_to: replies_to.map(|office| Mailbox::named(office.as_requester_on(self.today()), &office.mailbox)),
            domain: sender.domain.clone(),
            date: self.now,
            thread: entry.query,
            content,
            calendar,
            unsubscribe,
        })))
    }

    /// The deadline for the reader's calendar, with what sets it or takes it away.
    fn calendar_part(&self, query: &Query, note: &Note, office: &Office, sender: &Sender) -> Option<Calendar> {
        let sets_it = matches!(
            note,
            Note::Launch | Note::Extension | Note::ExtensionAnswered { .. } | Note::Withdrawal
        );
        let event = self.deadline_event(query, &office.code).filter(|_| sets_it)?;
        Some(Calendar {
            method: if event.withdrawn {
                Method::Cancel
            } else {
                Method::Publish
            },
            bytes: ics::mail_part(&event, &sender.domain, &sender.from.address).into_bytes(),
        })
    }

    /// What a mail to an office says about itself.
    pub(super) fn frame(&self, office: &Office, replies_to: Option<&Office>, why: Why) -> Frame {
        Frame {
            office: office.as_requester_on(self.today()),
            replies_to: replies_to.map(|office| office.as_requester_on(self.today())),
            exchange_url: self.settings.public_address.clone(),
            why,
        }
    }

    fn message_beside_queries(
        &mut self,
        note: &Note,
        entry: &Entry,
        office: &Office,
        user: Option<&User>,
        offices: &Offices,
    ) -> Result<Option<Message>, Error> {
        match (note, user) {
            (Note::AccountInvitation, Some(user)) => self.account_invitation(user, entry, offices),
            (Note::PasswordReset, Some(user)) => self.password_reset(user, entry),
            (Note::AddressConfirmation, Some(user)) => self.address_confirmation(user, entry),
            (Note::AccountNotice { event }, Some(user)) => self.account_notice(event, user, entry),
            (note @ Note::UserReset { .. }, _) => self.user_reset(note, entry),
            (Note::FirstCoordinator { user: appointed }, None) => {
                self.first_coordinator(*appointed, office, entry, offices)
            }
            (Note::ServiceAccountMade { token }, None) => self.service_account_made(*token),
            (Note::TokenEnds { token }, _) => self.token_ends(*token, user),
            (Note::AccountsDisabled { users }, None) => self.accounts_disabled(users, office),
            (Note::UserListDue, None) => self.user_list_due(office),
            (Note::Digest { from, through }, _) => self.digest(office, user, offices, *from, *through),
            (Note::WeeklyOverview { monday }, Some(_)) => self.weekly_overview(office, offices, *monday),
            (Note::QuarterlyList { from, until }, Some(_)) => self.quarterly_list(office, offices, *from, *until),
            (Note::AddressSuppressed { user }, None) => self.address_suppressed(*user),
            (Note::UserNotReached { user, message }, None) => self.user_not_reached(*user, *message),
            (Note::OfficeNotReached { message }, None) => self.office_not_reached(*message, offices),
            (Note::ContributionReturned { contribution }, _) => {
                self.contribution_returned(*contribution, office, offices)
            }
            (Note::ApprovalAsked { query }, _) => self.approval_asked(*query, office, user, offices),
            _ => Ok(None),
        }
    }

    fn address_suppressed(&mut self, user: UserId) -> Result<Option<Message>, Error> {
        let Some(user) = users::find(self.conn, user)? else {
            return Ok(None);
        };
        let found = suppressions::find(self.conn, user.id, &user.email, self.today())?;
        Ok(found.map(|suppression| {
            Message::UserNotReached(UserNotReached {
                name: user.name,
                address: suppression.email,
                reason: suppression.reason,
                until: Some(suppression.until),
                link: format!("{}/offices/{}/users", self.settings.public_address, user.office),
            })
        }))
    }

    fn user_not_reached(&mut self, user: UserId, message: MessageId) -> Result<Option<Message>, Error> {
        let (Some(user), Some(failed)) = (users::find(self.conn, user)?, outbox::find(self.conn, message)?) else {
            return Ok(None);
        };
        Ok(Some(Message::UserNotReached(UserNotReached {
            link: format!("{}/offices/{}/users", self.settings.public_address, user.office),
            name: user.name,
            address: user.email,
            reason: failed.fault.unwrap_or_default(),
            until: None,
        })))
    }

    fn office_not_reached(&mut self, message: MessageId, offices: &Offices) -> Result<Option<Message>, Error> {
        let Some(failed) = outbox::find(self.conn, message)? else {
            return Ok(None);
        };
        let Some(office) = offices.get(&failed.office) else {
            return Ok(None);
        };
        let internal = Note::INTERNAL.contains(&failed.kind.as_str());
        Ok(Some(Message::OfficeNotReached(OfficeNotReached {
            office: office.as_requester_on(self.today()),
            address: office.mailbox.clone(),
            reason: failed.fault.unwrap_or_default(),
            // What is told inside an office is not for the service provider; that it does not arrive is.
            message: if internal {
                "a matter of that office alone".to_owned()
            } else {
                failed.kind.replace('_', " ")
            },
            link: if internal {
                format!("{}/offices", self.settings.public_address)
            } else {
                format!("{}/deliveries/{message}", self.settings.public_address)
            },
        })))
    }

    /// The message about a query, or none where it no longer has to be sent or its reader may not have it.
    pub(super) fn message_about(
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
        // Nobody answers it any more; what was compiled is read as before.
        let concerns_what_is_read = matches!(
            note,
            Note::Erasure { .. }
                | Note::HoldPlaced { .. }
                | Note::HoldLifted { .. }
                | Note::Retraction { .. }
                | Note::EditionReplaced { .. }
        );
        if launched.withdrawn.is_some() && !matches!(note, Note::Withdrawal) && !concerns_what_is_read {
            return Ok(None);
        }
        let head = self.query_head(query, launched, offices);
        Ok(match note {
            Note::AccountInvitation
            | Note::PasswordReset
            | Note::AddressConfirmation
            | Note::AccountNotice { .. }
            | Note::UserReset { .. }
            | Note::FirstCoordinator { .. }
            | Note::AccountsDisabled { .. }
            | Note::UserListDue
            | Note::ServiceAccountMade { .. }
            | Note::TokenEnds { .. }
            | Note::ApprovalAsked { .. }
            | Note::ContributionAsked { .. }
            | Note::ContributionReturned { .. }
            | Note::JointInvitation
            | Note::ResponseReceived { .. }
            | Note::NewEdition { .. }
            | Note::Digest { .. }
            | Note::WeeklyOverview { .. }
            | Note::QuarterlyList { .. }
            | Note::AddressSuppressed { .. }
            | Note::UserNotReached { .. }
            | Note::OfficeNotReached { .. } => None,
            Note::ExtensionAsked { request } => {
                self.extension_asked(query, launched, *request, offices, head, &link)?
            }
            Note::ExtensionAnswered { request } => self.extension_answered(*request, office, head, &link)?,
            Note::Correction { correction } => self.correction(query, *correction, office, head, &link)?,
            Note::ClarificationAsked { clarification, .. } => {
                self.clarification_asked(query, *clarification, offices, head, &link)?
            }
            Note::Clarification { clarification } => self.clarification(query, *clarification, offices, head, &link)?,
            Note::Reminder { deadline, asked } => self.reminder(query, office, *deadline, *asked, head, &link)?,
            Note::LateResponse { office } => self.late_response(query, launched, office, offices, head, &link)?,
            Note::Launch => Some(self.launch(query, launched, office, head, &link)?),
            Note::Extension => extension(query, launched, office, head, &link),
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
            Note::HoldPlaced { hold } => self.hold_placed(query, *hold, offices, head, &link),
            Note::Erasure { erasure } => self.erased(query, *erasure, offices, head, link)?,
            Note::HoldLifted { hold } => self.hold_lifted(query, *hold, offices, head, link),
            Note::EditionReplaced { by, office, edition } => {
                // Of its views only those that were too wide are replaced: who reads another one keeps it.
                let found = editions::view(self.conn, query.id, *edition, circle)?;
                let replaced = found.is_some_and(|(_, view)| view.replaced_by.is_some());
                replaced.then(|| {
                    Message::EditionReplaced(EditionReplaced {
                        query: head,
                        answering_office: name(offices, office, brussels_date(self.now)),
                        replaced_on: self.today(),
                        edition: unsigned(*edition),
                        view: circle.word().to_owned(),
                        replaced_by: unsigned(*by),
                        link: format!("{link}/editions/{by}"),
                    })
                })
            }
        })
    }

    /// What every mail about a launched query says of it.
    pub(super) fn query_head(&self, query: &Query, launched: &Launched, offices: &Offices) -> QueryHead {
        QueryHead {
            number: launched.number.to_string(),
            title: query.title.clone(),
            requested_by: requesters_line(
                &query.requesters().cloned().collect::<Vec<_>>(),
                offices,
                brussels_date(launched.at),
            ),
            link: format!("{}/queries/{}", self.settings.public_address, reference(query)),
        }
    }

    fn launch(
        &mut self,
        query: &Query,
        launched: &Launched,
        office: &Office,
        head: QueryHead,
        link: &str,
    ) -> Result<Message, Error> {
        let date = launched.last_day_for(&office.code, &query.lead);
        let launched_on = brussels_date(launched.at);
        let days = self
            .commission_calendar()?
            .working_days_between(launched_on, date)
            .map_err(Refusal::from)?;
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
                .map(|(question, number)| numbered(number, question))
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
        let Some((edition, stored)) = self.view_in_place(query, number, circle)? else {
            return Ok(None);
        };
        let number = edition.number;
        if query.is_edition_held(number) {
            return Ok(None);
        }
        // The network's summary, for the requesters too: theirs is made of restricted answers, which no mail bears. It may
        // quote one since its view was replaced.
        let network = circle.max(Circle::Network);
        let in_force = network == circle
            || self
                .view_in_place(query, number, network)?
                .is_some_and(|(place, _)| place.id == edition.id);
        let signed = summaries::find(self.conn, edition.id, network)?
            .filter(|summary| in_force && summary.signed.is_some_and(|signed| query.shows_summary_of(signed)));
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
            files: Format::ALL
                .into_iter()
                .map(|format| Link {
                    label: format.extension().to_uppercase(),
                    url: format!(
                        "{}/api/v1/queries/{}/editions/{number}?format={}",
                        self.settings.public_address,
                        reference(query),
                        format.extension()
                    ),
                })
                .collect(),
            changes: view.changes,
            link: page,
            passing_on: format!("{}.", circle.may_be_passed_on_to()),
        })))
    }

    /// A view of an edition; where an answer in it was narrowed, that of the edition in its place: the compilation is mailed
    /// once, and a narrowing on the same day is no reason to miss it.
    fn view_in_place(
        &mut self,
        query: &Query,
        mut number: i32,
        circle: Circle,
    ) -> Result<Option<(Edition, StoredView)>, Error> {
        loop {
            let found = editions::view(self.conn, query.id, number, circle)?;
            match found.as_ref().and_then(|(_, view)| view.replaced_by) {
                // A replacement has a higher number than what it replaces.
                Some(by) => number = by,
                None => return Ok(found),
            }
        }
    }

    /// Whether a compilation waits until the hold on its edition is lifted: once that is so it is still to be read.
    fn waits_for_hold(&mut self, query: &Query, note: &Note, office: &Office) -> Result<bool, Error> {
        let withdrawn = query.launched().is_none_or(|launched| launched.withdrawn.is_some());
        let (Note::Compilation { edition }, Some(circle), false) =
            (note, circle_of(office, query, self.now), withdrawn)
        else {
            return Ok(false);
        };
        let found = self.view_in_place(query, *edition, circle)?;
        Ok(found.is_some_and(|(edition, _)| query.is_edition_held(edition.number)))
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

    fn reminder(
        &mut self,
        query: &Query,
        office: &Office,
        deadline: NaiveDate,
        asked: bool,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        // Extended, closed or withdrawn meanwhile: the reminder is void.
        let setting = query
            .reminds(&office.code)
            .filter(|setting| setting.deadline == deadline);
        let response = responses::find(self.conn, query.id, &office.code)?;
        if setting.is_none() || response.as_ref().is_some_and(Response::is_complete) {
            return Ok(None);
        }
        let agreed = query
            .launched()
            .and_then(|launched| launched.addressee(&office.code)?.agreed)
            .is_some_and(|agreed| agreed.date == deadline);
        Ok(Some(Message::Reminder(Reminder {
            query: head,
            deadline,
            kind: self.days_to(deadline)?,
            agreed,
            in_part: response.is_some_and(|response| response.version_in_force().is_some()),
            asked,
            link: format!("{link}/responses/{}", office.code),
        })))
    }

    /// How a deadline stands today, in working days; where the calendar ends, in days.
    pub(super) fn days_to(&mut self, deadline: NaiveDate) -> Result<ReminderKind, Error> {
        let today = self.today();
        let days = self
            .commission_calendar()?
            .working_days_between(today, deadline)
            .unwrap_or_else(|_| i32::try_from((deadline - today).num_days()).unwrap_or(0));
        let count = days.unsigned_abs();
        Ok(if deadline < today {
            ReminderKind::Overdue(count.max(1))
        } else {
            ReminderKind::DaysLeft(count)
        })
    }

    fn extension_asked(
        &mut self,
        query: &Query,
        launched: &Launched,
        request: ahq_domain::id::ExtensionRequestId,
        offices: &Offices,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        let request = extensions::find(self.conn, request)?.filter(|request| request.answer.is_none());
        Ok(request.map(|request| {
            Message::ExtensionAsked(ExtensionAsked {
                query: head,
                asking_office: name(offices, &request.office, self.today()),
                deadline: launched.last_day_for(&request.office, &query.lead),
                proposed: request.proposed,
                reason: request.reason,
                link: format!("{link}/extension-requests"),
            })
        }))
    }

    fn extension_answered(
        &mut self,
        request: ahq_domain::id::ExtensionRequestId,
        office: &Office,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        let Some(request) = extensions::find(self.conn, request)? else {
            return Ok(None);
        };
        let Some(answer) = request.answer else {
            return Ok(None);
        };
        let outcome = match (answer.outcome, answer.deadline) {
            (Outcome::Declined, _) => ExtensionOutcome::Declined,
            (_, Some(deadline)) => ExtensionOutcome::Granted(deadline),
            (_, None) => return Ok(None),
        };
        Ok(Some(Message::ExtensionAnswered(ExtensionAnswered {
            query: head,
            proposed: request.proposed,
            outcome,
            note: answer.note,
            link: format!("{link}/responses/{}", office.code),
        })))
    }

    fn late_response(
        &mut self,
        query: &Query,
        launched: &Launched,
        by: &OfficeCode,
        offices: &Offices,
        head: QueryHead,
        link: &str,
    ) -> Result<Option<Message>, Error> {
        let response = responses::find(self.conn, query.id, by)?;
        let Some(Position::Submitted { at, .. }) = response.map(|response| response.position) else {
            return Ok(None);
        };
        Ok(Some(Message::LateResponse(LateResponse {
            query: head,
            answering_office: name(offices, by, self.today()),
            received: at,
            deadline: launched.last_day_for(by, &query.lead),
            stale: launched.last_edition.as_ref().is_some_and(|edition| edition.at < at),
            link: format!("{link}/responses/{by}"),
        })))
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

fn extension(query: &Query, launched: &Launched, office: &Office, head: QueryHead, link: &str) -> Option<Message> {
    let extension = launched.extensions.last()?;
    let own = launched.last_day_for(&office.code, &query.lead);
    // What was agreed with the office held for it until now, where it was later than what held for all.
    let agreed = launched.addressee(&office.code).and_then(|addressee| addressee.agreed);
    let until_now = agreed
        .map(|agreed| agreed.date)
        .filter(|date| extension.from < *date && *date <= extension.to)
        .unwrap_or(extension.from);
    Some(Message::Extension(Extension {
        query: head,
        old_deadline: until_now,
        new_deadline: extension.to,
        kept: (own > extension.to).then_some(own),
        reason: extension.reason.clone(),
        link: format!("{link}/responses/{}", office.code),
    }))
}

/// The circle the users of an office belong to for a query, whatever their role: none where the office may not read it.
pub(crate) fn circle_of(office: &Office, query: &Query, now: Instant) -> Option<Circle> {
    let caller = Caller::reader_of(office, brussels_date(now));
    reach(&caller, query, now).filter(|circle| *circle != Circle::Public || query.status(now) == Status::Published)
}

pub(super) fn reference(query: &Query) -> String {
    query
        .launched()
        .map_or_else(|| query.id.to_string(), |launched| launched.number.to_string())
}

/// A question as mails show it.
pub(super) fn numbered(number: usize, question: &ahq_domain::question::Question) -> Question {
    Question {
        number: u32::try_from(number).unwrap_or(0),
        text: plain_text(&question.markdown().tree()),
    }
}

pub(crate) fn name(offices: &Offices, code: &OfficeCode, date: NaiveDate) -> String {
    offices
        .get(code)
        .map_or_else(|| code.to_string(), |office| office.as_requester_on(date))
}

fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
