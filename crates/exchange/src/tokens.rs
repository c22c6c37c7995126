//! Tokens of programs: service accounts that an office makes for its integrations, and personal ones of a user.
//!
//! A token is shown once and only its hash is kept. A service account belongs to its office; a personal token does at
//! most what its user may do, and ends with their account.

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::clock::{Instant, brussels_date};
use ahq_domain::id::TokenId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Caller, Party, Subject};
use ahq_domain::refusal::Refusal;
use ahq_domain::second_factor::is_required;
use ahq_domain::token::{Scope, Token, WARNED_BEFORE, check, within};
use ahq_domain::user::{UserStatus, role_on};
use ahq_store::{Connection, tokens, users};
use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use crate::credentials::{Credentials, TOKEN_PREFIX};
use crate::error::Error;
use crate::keys::hash_secret;
use crate::outgoing::{AccountEvent, Note};
use crate::work::{AccountSettings, Exchange, Found, Work};

/// How many tokens an office or a user has at the most.
const MOST: usize = 20;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct TokenInput {
    /// What it is called.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// The last day it holds.
    pub last_day: NaiveDate,
}

/// A token, with what is shown beside it.
#[derive(Debug, Clone)]
pub struct TokenDetail {
    /// The token.
    pub token: Token,
    /// The name of who made it.
    pub made_by: String,
    /// Whether the caller may revoke it.
    pub may_revoke: bool,
}

/// A token that was made, with its secret, which is shown once.
pub struct NewToken {
    /// The token.
    pub detail: TokenDetail,
    /// What goes into `Authorization: Bearer …`.
    pub secret: String,
}

/// Who calls with the token of a program: it speaks for its office while it holds, within what its user may do today.
pub(crate) fn program(
    conn: &mut Connection,
    secret_hash: &str,
    now: Instant,
    settings: AccountSettings,
) -> Result<Found, Error> {
    let today = brussels_date(now);
    let found = tokens::standing(conn, secret_hash)?.filter(|found| found.token.holds_on(today));
    let standing = found.ok_or(Error::BadToken)?;
    let token = standing.token;
    let (scopes, owes_second_factor) = match (token.user, standing.user) {
        (None, _) => (token.scopes, false),
        (Some(_), Some(user)) if user.status == UserStatus::Active => {
            let role = role_on(&user.grants, today);
            let needs_one =
                settings.second_factor && is_required(standing.kind, role, standing.office_wants_second_factor);
            (within(&token.scopes, role), needs_one && !user.second_factor)
        }
        (Some(_), _) => return Err(Error::BadToken),
    };
    Ok(Found {
        first_use: token.used_on.is_none_or(|day| day < today).then_some(token.id),
        caller: Caller::Token {
            token: Some(token.id),
            user: token.user,
            scopes,
            owes_second_factor,
            party: Party {
                takes_part: standing.since <= today && standing.until.is_none_or(|until| today <= until),
                office: token.office,
                kind: standing.kind,
                standing: standing.office_standing,
                since: standing.since,
            },
        },
    })
}

/// The facts of an event, with the token through which it came about.
pub(crate) fn naming(token: Option<TokenId>, mut facts: Value) -> Value {
    if let (Some(token), Some(facts)) = (token, facts.as_object_mut()) {
        facts.insert("token".to_owned(), token.to_string().into());
    }
    facts
}

impl Exchange {
    /// Tells, thirty and seven days ahead, whose tokens end; gives how many were told.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn warn_of_tokens(&self) -> Result<usize, Error> {
        self.write(Credentials::System, |work| {
            let today = work.today();
            let ahead = WARNED_BEFORE.into_iter().max().unwrap_or_default();
            let until = today + TimeDelta::days(ahead.into());
            let mut told = 0;
            for token in tokens::ending(work.conn, today, until)? {
                if let Some(days) = token.warning_on(today)
                    && tokens::warn(work.conn, token.id, days)?
                {
                    work.warn_of(&token)?;
                    told += 1;
                }
            }
            Ok(told)
        })
        .await
    }
}

impl Work<'_> {
    /// The service accounts of an office that were not revoked, the newest first.
    ///
    /// # Errors
    /// Forbidden for other offices, and without a role in one's own.
    pub fn list_service_accounts(&mut self, office: &OfficeCode) -> Result<Vec<TokenDetail>, Error> {
        self.may(Action::ReadTokens, Subject::Office(office))?;
        let may_revoke = self.allows(Action::ManageTokens, Subject::Office(office));
        let users = users::of_office(self.conn, office)?;
        let names: BTreeMap<_, _> = users.into_iter().map(|user| (user.id, user.name)).collect();
        let listed = tokens::of_office(self.conn, office)?
            .into_iter()
            .map(|token| TokenDetail {
                made_by: names.get(&token.made_by).cloned().unwrap_or_default(),
                may_revoke,
                token,
            });
        Ok(listed.collect())
    }

    /// Makes a service account of an office; the office is told.
    ///
    /// # Errors
    /// Forbidden for all but a coordinator of the office, signed in; faults of the input; a conflict when there are too
    /// many.
    pub fn make_service_account(&mut self, office: &OfficeCode, input: &TokenInput) -> Result<NewToken, Error> {
        self.may(Action::ManageTokens, Subject::Office(office))?;
        self.hold_signed_in_user()?;
        let there = tokens::of_office(self.conn, office)?;
        let made = self.make_token(office.clone(), &there, input, false)?;
        let token = made.detail.token.id;
        self.tell_office(office.clone(), &Note::ServiceAccountMade { token })?;
        Ok(made)
    }

    /// Revokes a service account of an office: it is refused from the next request on.
    ///
    /// # Errors
    /// As [`Work::make_service_account`]; hidden when there is none.
    pub fn revoke_service_account(&mut self, office: &OfficeCode, id: &str) -> Result<(), Error> {
        self.may(Action::ManageTokens, Subject::Office(office))?;
        let there = tokens::of_office(self.conn, office)?;
        self.revoke_one_of(&there, id)
    }

    /// The caller's personal tokens that were not revoked, the newest first.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in; forbidden for a token.
    pub fn list_tokens(&mut self) -> Result<Vec<TokenDetail>, Error> {
        let (user, _) = self.signed_in_user()?;
        let made_by = self.me()?.name;
        let listed = tokens::of_user(self.conn, user)?.into_iter().map(|token| TokenDetail {
            made_by: made_by.clone(),
            may_revoke: true,
            token,
        });
        Ok(listed.collect())
    }

    /// Makes a personal token; its user is told.
    ///
    /// # Errors
    /// As [`Work::list_tokens`]; faults of the input; a conflict when there are too many.
    pub fn make_own_token(&mut self, input: &TokenInput) -> Result<NewToken, Error> {
        let (user, _) = self.hold_signed_in_user()?;
        let office = self.me()?.office;
        self.may(Action::MakeOwnToken, Subject::Office(&office))?;
        let there = tokens::of_user(self.conn, user)?;
        let made = self.make_token(office, &there, input, true)?;
        let token = made.detail.token.id;
        self.notify_user(user, AccountEvent::TokenMade { token })?;
        Ok(made)
    }

    /// Revokes one of the caller's personal tokens.
    ///
    /// # Errors
    /// As [`Work::list_tokens`]; hidden when there is none.
    pub fn revoke_own_token(&mut self, id: &str) -> Result<(), Error> {
        let (user, _) = self.signed_in_user()?;
        let there = tokens::of_user(self.conn, user)?;
        self.revoke_one_of(&there, id)
    }

    fn make_token(
        &mut self,
        office: OfficeCode,
        there: &[Token],
        input: &TokenInput,
        personal: bool,
    ) -> Result<NewToken, Error> {
        let maker = self.me()?;
        let name = check(&input.name, &input.scopes, input.last_day, self.today())?;
        if there.len() >= MOST {
            let detail = format!("there are {MOST}, with those that have ended: revoke one first");
            return Err(Refusal::conflict("too_many_tokens", detail).into());
        }
        let secret = format!("{TOKEN_PREFIX}{}", hex::encode(self.randomness.bytes::<32>()));
        let token = Token {
            id: TokenId::new(self.now, self.randomness),
            office,
            user: personal.then_some(maker.id),
            name,
            scopes: input.scopes.clone(),
            made: self.now,
            made_by: maker.id,
            last_day: input.last_day,
            used_on: None,
            revoked: None,
            warned_days: None,
        };
        tokens::insert(self.conn, &token, &hash_secret(&secret))?;
        let facts =
            json!({"office": token.office, "personal": personal, "scopes": token.scopes, "lastDay": token.last_day});
        self.record("token.made", format!("token/{}", token.id), facts)?;
        let detail = TokenDetail {
            token,
            made_by: maker.name,
            may_revoke: true,
        };
        Ok(NewToken { detail, secret })
    }

    fn revoke_one_of(&mut self, there: &[Token], id: &str) -> Result<(), Error> {
        let id = id.parse::<TokenId>().map_err(|_| Refusal::Hidden)?;
        let Some(token) = there.iter().find(|token| token.id == id) else {
            // One that was revoked is there no longer.
            let found = tokens::find(self.conn, id)?.filter(|token| token.revoked.is_none());
            found.ok_or(Refusal::Hidden)?;
            return Err(self
                .note_refusal(Action::ManageTokens, format!("token/{id}"), Refusal::Hidden)
                .into());
        };
        tokens::revoke(self.conn, token.id, self.now)?;
        self.record(
            "token.revoked",
            format!("token/{}", token.id),
            json!({"office": token.office}),
        )
    }

    fn warn_of(&mut self, token: &Token) -> Result<(), Error> {
        let note = Note::TokenEnds { token: token.id };
        match token.user {
            None => self.tell_office(token.office.clone(), &note),
            Some(user) => match users::find(self.conn, user)? {
                Some(user) => self.tell_user(user.id, user.office, &note).map(|_| ()),
                None => Ok(()),
            },
        }
    }

    /// The token that calls, for the audit.
    pub(crate) fn token(&self) -> Option<TokenId> {
        match &self.caller {
            Caller::Token { token, .. } => *token,
            _ => None,
        }
    }
}
