//! Tokens of programs: service accounts that an office makes for its integrations, and personal ones of a user.
//!
//! A token is shown once and only its hash is kept. A service account belongs to its office; a personal token does at
//! most what its user may do, and ends with their account.

use std::collections::BTreeSet;

use ahq_domain::id::TokenId;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Caller, Subject};
use ahq_domain::refusal::Refusal;
use ahq_domain::token::{Scope, Token, WARNED_BEFORE, check};
use ahq_store::{tokens, users};
use chrono::{Days, NaiveDate};
use serde_json::json;

use crate::credentials::{Credentials, TOKEN_PREFIX};
use crate::error::Error;
use crate::keys::hash_secret;
use crate::outgoing::Note;
use crate::work::{Exchange, Work};

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

/// A token that was made, with its secret, which is shown once.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// What goes into `Authorization: Bearer …`.
    pub secret: String,
}

impl Exchange {
    /// Writes down which tokens were used today; the day alone, so that reads stay reads but for the first.
    ///
    /// # Errors
    /// What the tables refuse.
    pub(crate) async fn see_token(&self, token: TokenId, today: NaiveDate) -> Result<(), Error> {
        Ok(self.store().write(move |conn| tokens::used(conn, token, today)).await?)
    }

    /// Tells, thirty and seven days ahead, whose tokens end.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn warn_of_tokens(&self) -> Result<usize, Error> {
        self.write(Credentials::System, |work| {
            let today = work.today();
            let ahead = Days::new(
                WARNED_BEFORE
                    .into_iter()
                    .max()
                    .unwrap_or_default()
                    .unsigned_abs()
                    .into(),
            );
            let until = today.checked_add_days(ahead).unwrap_or(today);
            let mut told = 0;
            for token in tokens::ending(work.conn, today, until)? {
                if let Some(days) = token.warning_on(today) {
                    work.warn_of(&token)?;
                    tokens::warned(work.conn, token.id, days)?;
                    told += 1;
                }
            }
            Ok(told)
        })
        .await
    }
}

impl Work<'_> {
    /// The service accounts of an office.
    ///
    /// # Errors
    /// Forbidden for other offices, and without a role in one's own.
    pub fn list_service_accounts(&mut self, office: &OfficeCode) -> Result<Vec<Token>, Error> {
        self.may(Action::ReadTokens, Subject::Office(office))?;
        Ok(tokens::of_office(self.conn, office)?)
    }

    /// Makes a service account of an office.
    ///
    /// # Errors
    /// Forbidden for all but a coordinator of the office, signed in; faults of the input; a conflict when there are too
    /// many.
    pub fn make_service_account(&mut self, office: &OfficeCode, input: &TokenInput) -> Result<NewToken, Error> {
        self.may(Action::ManageTokens, Subject::Office(office))?;
        let there = tokens::of_office(self.conn, office)?;
        let made = self.make_token(office.clone(), there.len(), input, false)?;
        self.tell_office(office.clone(), &Note::ServiceAccountMade { token: made.token.id })?;
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

    /// The caller's personal tokens.
    ///
    /// # Errors
    /// Unauthenticated when nobody is signed in; forbidden for a token.
    pub fn list_tokens(&mut self) -> Result<Vec<Token>, Error> {
        let (user, _) = self.signed_in_user()?;
        Ok(tokens::of_user(self.conn, user)?)
    }

    /// Makes a personal token.
    ///
    /// # Errors
    /// As [`Work::list_tokens`]; faults of the input; a conflict when there are too many.
    pub fn make_own_token(&mut self, input: &TokenInput) -> Result<NewToken, Error> {
        let office = self.me()?.office;
        self.may(Action::MakeOwnToken, Subject::Office(&office))?;
        let there = self.list_tokens()?;
        self.make_token(office, there.len(), input, true)
    }

    /// Revokes one of the caller's personal tokens.
    ///
    /// # Errors
    /// As [`Work::list_tokens`]; hidden when there is none.
    pub fn revoke_own_token(&mut self, id: &str) -> Result<(), Error> {
        let there = self.list_tokens()?;
        self.revoke_one_of(&there, id)
    }

    fn make_token(
        &mut self,
        office: OfficeCode,
        there: usize,
        input: &TokenInput,
        personal: bool,
    ) -> Result<NewToken, Error> {
        let (user, _) = self.signed_in_user()?;
        let name = check(&input.name, &input.scopes, input.last_day, self.today())?;
        if there >= MOST {
            return Err(Refusal::conflict("too_many_tokens", format!("there are {MOST}: revoke one first")).into());
        }
        let secret = format!("{TOKEN_PREFIX}{}", hex::encode(self.randomness.bytes::<32>()));
        let token = Token {
            id: TokenId::new(self.now, self.randomness),
            office,
            user: personal.then_some(user),
            name,
            scopes: input.scopes.clone(),
            made: self.now,
            made_by: user,
            last_day: input.last_day,
            used_on: None,
            revoked: None,
            warned_days: None,
        };
        tokens::insert(self.conn, &token, &hash_secret(&secret))?;
        let facts =
            json!({"office": token.office, "personal": personal, "scopes": token.scopes, "lastDay": token.last_day});
        self.record("token.made", format!("token/{}", token.id), facts)?;
        Ok(NewToken { token, secret })
    }

    fn revoke_one_of(&mut self, there: &[Token], id: &str) -> Result<(), Error> {
        let token = there
            .iter()
            .find(|token| token.id.to_string() == id)
            .ok_or(Refusal::Hidden)?;
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
