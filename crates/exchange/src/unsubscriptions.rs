//! Mail that a user ends by the link in it, without signing in (RFC 8058).
//!
//! The link names the user and what it ends, and is sealed with a key of the server: no row holds it, it is the same in
//! each mail, and it does not expire.

use ahq_domain::id::UserId;
use ahq_domain::notification::Subscription;
use ahq_domain::refusal::Refusal;
use ahq_store::{notifications, users};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::error::Error;
use crate::keys::ServerKeys;
use crate::outgoing::Note;
use crate::work::Work;

const PURPOSE: &str = "unsubscription";
/// The bytes of a user's id and of what is ended.
const NAMED: usize = 17;

fn byte(subscription: Subscription) -> u8 {
    match subscription {
        Subscription::Mail => 0,
        Subscription::Weekly => 1,
        Subscription::Quarterly => 2,
    }
}

fn token(keys: &ServerKeys, user: UserId, subscription: Subscription) -> String {
    let mut bytes = user.0.as_bytes().to_vec();
    bytes.push(byte(subscription));
    bytes.extend(keys.hash(PURPOSE, &bytes));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a token names, where it is one of this server's.
fn named(keys: &ServerKeys, token: &str) -> Option<(UserId, Subscription)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (named, seal) = bytes.split_at_checked(NAMED)?;
    if !keys.is_hash(PURPOSE, named, seal) {
        return None;
    }
    let (user, ended) = named.split_at(NAMED - 1);
    let ended = [Subscription::Mail, Subscription::Weekly, Subscription::Quarterly]
        .into_iter()
        .find(|subscription| [byte(*subscription)] == *ended)?;
    Some((hex::encode(user).parse().ok()?, ended))
}

impl Work<'_> {
    /// The address that ends mails like this one for a user; none where it would change nothing.
    pub(crate) fn unsubscription_link(&mut self, user: UserId, note: &Note) -> Result<Option<String>, Error> {
        let Some(subscription) = note.subscription() else {
            return Ok(None);
        };
        let wishes = notifications::find(self.conn, user)?.unwrap_or_default().1;
        Ok((wishes.without(subscription) != wishes).then(|| {
            format!(
                "{}/api/v1/unsubscriptions/{}",
                self.settings.public_address,
                token(self.keys, user, subscription)
            )
        }))
    }

    /// What a link in a mail ends.
    ///
    /// # Errors
    /// Hidden when it is no such link, or its user is not there any more.
    pub fn unsubscription(&mut self, token: &str) -> Result<(UserId, Subscription), Error> {
        let (user, subscription) = named(self.keys, token).ok_or(Refusal::Hidden)?;
        users::find(self.conn, user)?.ok_or(Refusal::Hidden)?;
        Ok((user, subscription))
    }

    /// Ends what a link in a mail ends; what has ended stays so.
    ///
    /// # Errors
    /// As [`Work::unsubscription`].
    pub fn unsubscribe(&mut self, token: &str) -> Result<Subscription, Error> {
        let (user, ended) = self.unsubscription(token)?;
        let (version, wishes) = notifications::find(self.conn, user)?.unwrap_or_default();
        let left = wishes.without(ended);
        if left != wishes {
            notifications::put(self.conn, user, version + 1, &left)?;
            self.record("user.unsubscribed", format!("user/{user}"), json!({"ended": ended}))?;
        }
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use ahq_domain::clock::Randomness;

    use super::*;

    #[test]
    fn a_link_names_its_user_and_what_it_ends_and_no_other_does() {
        let keys = |byte: u8| {
            let randomness = Randomness::new(move |bytes| bytes.fill(byte));
            ServerKeys::generate(&randomness)
        };
        let user: UserId = "01a1aafd-7620-7abc-8def-0123456789ab".parse().unwrap();
        for ended in [Subscription::Mail, Subscription::Weekly, Subscription::Quarterly] {
            let link = token(&keys(1), user, ended);
            assert_eq!(named(&keys(1), &link), Some((user, ended)));
            assert_eq!(named(&keys(2), &link), None, "another server");
            for at in 0..link.len() {
                let mut other = link.clone().into_bytes();
                other[at] = if other[at] == b'A' { b'B' } else { b'A' };
                let other = String::from_utf8(other).unwrap();
                assert_eq!(named(&keys(1), &other), None, "{at}");
            }
            assert_eq!(named(&keys(1), &link[..60]), None);
        }
        assert_eq!(named(&keys(1), ""), None);
        assert_eq!(named(&keys(1), "ä"), None);
    }
}
