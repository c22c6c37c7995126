//! What offices and users are told of their tokens.

use ahq_domain::id::TokenId;
use ahq_domain::user::User;
use ahq_mail::messages::{Message, ServiceAccountMade, TokenEnds};
use ahq_store::{tokens, users};

use crate::error::Error;
use crate::work::Work;

impl Work<'_> {
    /// Told even when it was revoked meanwhile: that it was there is what the office has to know.
    pub(super) fn service_account_made(&mut self, token: TokenId) -> Result<Option<Message>, Error> {
        let Some(token) = tokens::find(self.conn, token)? else {
            return Ok(None);
        };
        let made_by = users::find(self.conn, token.made_by)?;
        Ok(Some(Message::ServiceAccountMade(ServiceAccountMade {
            name: token.name,
            scopes: token.scopes.iter().map(|scope| scope.word().to_owned()).collect(),
            made_by: made_by.map(|user| user.name).unwrap_or_default(),
            at: token.made,
            last_day: token.last_day,
            link: self.service_accounts_page(token.office.as_str()),
        })))
    }

    /// None where it was revoked or has ended since.
    pub(super) fn token_ends(&mut self, token: TokenId, user: Option<&User>) -> Result<Option<Message>, Error> {
        let today = self.today();
        let found = tokens::find(self.conn, token)?;
        Ok(found.filter(|token| token.holds_on(today)).map(|token| {
            Message::TokenEnds(TokenEnds {
                name: token.name,
                user: user.map(|user| user.name.clone()),
                last_day: token.last_day,
                days_left: u32::try_from((token.last_day - today).num_days()).unwrap_or(0),
                used_on: token.used_on,
                link: match user {
                    Some(_) => format!("{}/me/tokens", self.settings.public_address),
                    None => self.service_accounts_page(token.office.as_str()),
                },
            })
        }))
    }

    fn service_accounts_page(&self, office: &str) -> String {
        format!("{}/offices/{office}/service-accounts", self.settings.public_address)
    }
}
