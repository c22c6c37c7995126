//! One message to one recipient, and its bytes as RFC 5322 has them.
//!
//! The same facts give the same bytes each time. No header is ever written from a text that could carry a line's
//! end.

use std::time::SystemTime;

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{MultiPart, SinglePart};

use ahq_domain::clock::Instant;
use ahq_domain::id::{MessageId, QueryId};

use crate::messages::Rendered;
use crate::text;

/// A mailbox: an address, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name shown beside the address.
    pub name: Option<String>,
    /// The address: `ncp-pl@example.org`.
    pub address: String,
}

impl Mailbox {
    /// A mailbox with a name.
    pub fn named(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            address: address.into(),
        }
    }

    /// A mailbox without a name.
    pub fn bare(address: impl Into<String>) -> Self {
        Self {
            name: None,
            address: address.into(),
        }
    }

    fn parsed(&self, whose: &'static str) -> Result<lettre::message::Mailbox, ComposeError> {
        // lettre accepts quoted local parts and other scripts; the exchange's addresses are plain, and only plain
        // ones pass every server.
        if !self
            .address
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"<>,;:\\".contains(&byte))
        {
            return Err(ComposeError::Address { whose });
        }
        let address = self
            .address
            .parse()
            .map_err(|_not_an_address| ComposeError::Address { whose })?;
        let name = self.name.as_deref().map(text::one_line).filter(|name| !name.is_empty());
        Ok(lettre::message::Mailbox::new(name, address))
    }
}

/// Why a message could not be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// An address is not one.
    #[error("the address of {whose} is not a plain mail address")]
    Address {
        /// `the sender`, `the recipient` or `the reply`.
        whose: &'static str,
    },
    /// The domain of the Message-IDs is not one.
    #[error("the domain of message ids is not a domain")]
    Domain,
    /// The date is before 1970 or after 9999.
    #[error("the date of the message is before 1970 or after 9999")]
    Date,
    /// lettre refused the whole.
    #[error("the message could not be put together: {0}")]
    Whole(String),
}

/// One message to one recipient, ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The key of its row in the outbox; a repeat carries the same one.
    pub id: MessageId,
    /// The exchange's own mailbox.
    pub from: Mailbox,
    /// The one recipient.
    pub to: Mailbox,
    /// Who receives a reply: the requesting office's mailbox.
    pub reply_to: Option<Mailbox>,
    /// The domain of Message-IDs: `ahq.example.org`.
    pub domain: String,
    /// The Date header, to the second.
    pub date: Instant,
    /// The query whose thread the message belongs to.
    pub thread: Option<QueryId>,
    /// Subject, text and HTML.
    pub content: Rendered,
}

impl Outgoing {
    /// The Message-ID, made from the key: a server or reader can tell a repeat by it.
    pub fn message_id(&self) -> String {
        format!("<{}@{}>", self.id, self.domain)
    }

    /// The message as RFC 5322 has it, headers and body, ready for a transport.
    ///
    /// # Errors
    /// A [`ComposeError`] when an address, the domain or the date cannot stand in a message.
    pub fn bytes(&self) -> Result<Vec<u8>, ComposeError> {
        Ok(self.compose()?.formatted())
    }

    pub(crate) fn compose(&self) -> Result<lettre::Message, ComposeError> {
        let from = self.from.parsed("the sender")?;
        let to = self.to.parsed("the recipient")?;
        let reply_to = self
            .reply_to
            .as_ref()
            .map(|reply| reply.parsed("the reply"))
            .transpose()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if self.domain.is_empty() || !self.domain.bytes().all(plain) {
            return Err(ComposeError::Domain);
        }
        // lettre's date panics outside of these years.
        if !(0..253_402_300_800).contains(&self.date.timestamp()) {
            return Err(ComposeError::Date);
        }
        let mut builder = lettre::Message::builder()
            .from(from)
            .to(to)
            .subject(self.content.subject())
            .date(SystemTime::from(self.date))
            .message_id(Some(self.message_id()))
            // RFC 3834, section 5: no out-of-office reply to this.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", "en-GB"));
        if let Some(reply_to) = reply_to {
            builder = builder.reply_to(reply_to);
        }
        if let Some(query) = self.thread {
            let root = format!("<query-{query}@{}>", self.domain);
            builder = builder.in_reply_to(root.clone()).references(root);
        }
        let body = MultiPart::alternative()
            // lettre's own boundary is drawn by chance, and a repeat shall have the same bytes.
            .boundary(format!("part-{}", self.id))
            .singlepart(part(ContentType::TEXT_PLAIN, self.content.text()))
            .singlepart(part(ContentType::TEXT_HTML, self.content.html()));
        builder
            .multipart(body)
            .map_err(|error| ComposeError::Whole(error.to_string()))
    }
}

fn header(name: &'static str, value: &'static str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn part(kind: ContentType, body: &str) -> SinglePart {
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(body.to_owned())
}
