//! What is stored on one person, and its erasure: for the operator's commands, on behalf of the controller.
//!
//! The audit stays as it is: it holds ids of users, no names and no addresses, so that it still verifies.

use ahq_domain::audit::Event;
use ahq_domain::contribution::{Contribution, Position};
use ahq_domain::id::{ContributionId, UserId};
use ahq_domain::notification::Notifications;
use ahq_domain::refusal::Refusal;
use ahq_domain::user::{User, UserStatus, check_order};
use ahq_store::outbox::Entry;
use ahq_store::persons;
use ahq_store::{contributions, identities, notifications, second_factors, suppressions, tokens, users};
use serde_json::{Value, json};

use crate::credentials::Credentials;
use crate::error::Error;
use crate::work::{Exchange, Work};

/// The name of an account that was erased.
pub const ERASED_USER: &str = "Erased user";

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// The account.
    pub account: Option<UserId>,
    /// Contributions asked of the address.
    pub contributions: Vec<ContributionId>,
}

/// Whoever has an address.
struct Person {
    /// The account, and whether it has a password.
    account: Option<(User, bool)>,
    /// The contributions asked of the address.
    asked: Vec<Contribution>,
}

impl Work<'_> {
    fn person(&mut self, email: &str) -> Result<Person, Error> {
        let account = users::find_by_email(self.conn, email)?.map(|(user, hash)| (user, hash.is_some()));
        let mut asked = Vec::new();
        for id in persons::contributions_of(self.conn, email)? {
            asked.extend(contributions::find(self.conn, id)?);
        }
        if account.is_none() && asked.is_empty() {
            return Err(Refusal::Hidden.into());
        }
        Ok(Person { account, asked })
    }

    fn export_person(&mut self, email: &str) -> Result<Value, Error> {
        let Person { account, asked } = self.person(email)?;
        let key = format!("account:{}", email.to_lowercase());
        let refused = persons::refused_sign_ins(self.conn, &key)?;
        let account = match account {
            Some((user, has_password)) => Some(self.export_account(&user, has_password, refused)?),
            None => None,
        };
        let exported = json!({
            "address": email,
            "at": self.now,
            "account": account,
            "contributions": asked.iter().map(contribution_value).collect::<Vec<_>>(),
        });
        self.record("person.exported", subject(&account_id(&exported)), json!({}))?;
        Ok(exported)
    }

    fn export_account(&mut self, user: &User, has_password: bool, refused: i32) -> Result<Value, Error> {
        let settings = notifications::find(self.conn, user.id)?.map(|(_, settings)| settings_value(&settings));
        let suppressed = suppressions::find(self.conn, user.id, &user.email, self.today())?;
        let sessions = persons::sessions(self.conn, user.id)?.into_iter().map(|session| {
            json!({"id": session.id, "begun": session.begun, "expires": session.expires, "ended": session.ended, "client": session.client})
        });
        let linked = identities::of_user(self.conn, user.id)?.into_iter().map(|identity| {
            json!({
                "id": identity.id, "issuer": identity.issuer, "subject": identity.subject, "linked": identity.linked,
                "seenOn": identity.seen_on,
            })
        });
        let linked: Vec<Value> = linked.collect();
        let tokens = tokens::concerning(self.conn, user.id)?;
        let tokens = tokens.iter().map(|token| {
            json!({
                "id": token.id, "personal": token.user.is_some(), "name": token.name, "scopes": token.scopes,
                "made": token.made, "lastDay": token.last_day, "usedOn": token.used_on, "revoked": token.revoked,
            })
        });
        let links = persons::links(self.conn, user.id)?.into_iter();
        let links = links.map(|(purpose, email, ends)| json!({"for": purpose, "newAddress": email, "ends": ends}));
        let ways = persons::authorizations(self.conn, user.id)?.into_iter();
        let ways = ways.map(|(provider, purpose, ends)| json!({"provider": provider, "for": purpose, "ended": ends}));
        let replies = persons::replies(self.conn, user.id)?.into_iter();
        let replies = replies.map(|(to, at, reply)| json!({"to": to, "at": at, "reply": reply}));
        let second_factor = second_factors::find(self.conn, user.id)?;
        let (used_on, unused_told_on) = persons::days_of_use(self.conn, user.id)?;
        let feeds = persons::feeds(self.conn, user.id)?;
        let feeds = feeds
            .into_iter()
            .map(|(office, made, read)| json!({"office": office, "made": made, "read": read}));
        Ok(json!({
            "id": user.id,
            "office": user.office,
            "name": user.name,
            "email": user.email,
            "roles": user.grants,
            "status": user.status,
            "hasPassword": has_password,
            "identities": linked,
            "usedOn": used_on,
            "unusedToldOn": unused_told_on,
            "links": links.collect::<Vec<_>>(),
            "waysToProviders": ways.collect::<Vec<_>>(),
            "keptReplies": replies.collect::<Vec<_>>(),
            "secondFactorSince": second_factor.and_then(|factor| factor.confirmed),
            "refusedSignIns": refused,
            "notifications": settings,
            "suppressed": suppressed.map(|found| json!({"reason": found.reason, "until": found.until})),
            "sessions": sessions.collect::<Vec<_>>(),
            "tokens": tokens.collect::<Vec<_>>(),
            "calendarFeeds": feeds.collect::<Vec<_>>(),
            "mails": persons::mails(self.conn, user.id)?.iter().map(mail_value).collect::<Vec<_>>(),
            "audit": persons::events(self.conn, user.id)?.iter().map(event_value).collect::<Vec<_>>(),
        }))
    }

    fn erase_person(&mut self, email: &str, order: &str) -> Result<Erased, Error> {
        let order = check_order(order)?;
        let Person { account, asked } = self.person(email)?;
        let mut erased = Erased::default();
        if let Some((mut user, _)) = account {
            let known = user.email.clone();
            user.name = ERASED_USER.to_owned();
            // Unique, and no address that mail could go to.
            user.email = format!("erased-{}", user.id);
            user.status = UserStatus::Disabled;
            user.grants.clear();
            self.must_keep_a_coordinator(&user)?;
            user.version += 1;
            users::update(self.conn, &user)?;
            persons::forget_account(self.conn, user.id, &known, self.now)?;
            erased.account = Some(user.id);
        }
        for contribution in asked {
            persons::forget_contributor(self.conn, &contribution, self.now)?;
            erased.contributions.push(contribution.id);
        }
        let facts = json!({"order": order, "contributions": erased.contributions});
        self.record("person.erased", subject(&erased.account), facts)?;
        Ok(erased)
    }
}

impl Exchange {
    /// All that is stored on whoever has an address: the account, and contributions asked of it.
    ///
    /// # Errors
    /// Hidden when nothing is.
    pub async fn export_person(&self, email: String) -> Result<Value, Error> {
        self.write(Credentials::System, move |work| work.export_person(email.trim()))
            .await
    }

    /// Erases who has an address, on an order: the account keeps its id and no name, address, password, session or setting, and
    /// contributions asked of the address no name and no address.
    ///
    /// # Errors
    /// Hidden when nothing is stored; Invalid without an order; Conflict `last_coordinator`.
    pub async fn erase_person(&self, email: String, order: String) -> Result<Erased, Error> {
        self.write(Credentials::System, move |work| work.erase_person(email.trim(), &order))
            .await
    }
}

fn subject(account: &Option<UserId>) -> String {
    account.map_or_else(|| "contributor".to_owned(), |user| format!("user/{user}"))
}

fn account_id(exported: &Value) -> Option<UserId> {
    exported["account"]["id"].as_str()?.parse().ok()
}

fn contribution_value(contribution: &Contribution) -> Value {
    let (returned, declined, reason) = match &contribution.position {
        Position::Asked => (None, None, None),
        Position::Returned { at } => (Some(at), None, None),
        Position::Declined { at, reason } => (None, Some(at), Some(reason)),
    };
    json!({
        "id": contribution.id,
        "query": contribution.query,
        "office": contribution.office,
        "email": contribution.email,
        "name": contribution.name,
        "questions": contribution.questions,
        "replyBy": contribution.reply_by,
        "note": contribution.note,
        "asked": contribution.asked,
        "returned": returned,
        "declined": declined,
        "reason": reason,
        "revoked": contribution.revoked,
        "answers": contribution.answers,
    })
}

fn settings_value(settings: &Notifications) -> Value {
    json!({
        "mail": settings.mail,
        "weekly": settings.weekly,
        "quarterly": settings.quarterly,
        "absence": settings.absence.as_ref().map(|absence| {
            json!({"from": absence.from, "until": absence.until, "deputy": absence.deputy})
        }),
    })
}

fn mail_value(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "kind": entry.kind,
        "query": entry.query,
        "facts": entry.facts,
        "written": entry.created,
        "settled": entry.settled,
        "fault": entry.fault,
    })
}

fn event_value(event: &Event) -> Value {
    json!({
        "id": event.id,
        "at": event.at,
        "by": event.user,
        "office": event.office,
        "action": event.action,
        "subject": event.subject,
        "facts": event.facts,
    })
}
