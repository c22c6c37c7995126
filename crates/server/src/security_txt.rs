//! `/.well-known/security.txt` (RFC 9116): whom to tell of a weakness of the exchange.

use ahq_domain::clock::Instant;
use chrono::Duration;

/// Where it lies.
pub(crate) const PATH: &str = "/.well-known/security.txt";
/// For how long what it says holds: less than a year (RFC 9116, section 2.5.5).
const HOLDS: Duration = Duration::days(180);

/// What the file says.
#[derive(Debug, Clone)]
pub(crate) struct SecurityTxt {
    contact: String,
    canonical: String,
}

impl SecurityTxt {
    /// The file of an exchange that is reached at `public_address`.
    pub(crate) fn new(contact: &str, public_address: &str) -> Self {
        Self {
            contact: contact.to_owned(),
            canonical: format!("{public_address}{PATH}"),
        }
    }

    /// Its text on a day.
    pub(crate) fn text(&self, now: Instant) -> String {
        let Self { contact, canonical } = self;
        let expires = (now + HOLDS).format("%Y-%m-%dT00:00:00Z");
        format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\nCanonical: {canonical}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_whom_to_tell_for_half_a_year() {
        let file = SecurityTxt::new("mailto:security@example.org", "https://ahq.example.org");
        let now = "2026-11-03T08:00:00Z".parse().unwrap();
        assert_eq!(
            file.text(now),
            "Contact: mailto:security@example.org\nExpires: 2027-05-02T00:00:00Z\nPreferred-Languages: en\nCanonical: \
             https://ahq.example.org/.well-known/security.txt\n"
        );
    }
}
