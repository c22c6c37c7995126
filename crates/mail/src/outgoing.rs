//! One message to one recipient, and its bytes as RFC 5322 has them.
//!
//! The same facts give the same bytes each time. No header is ever written from a text that could carry a line's
//! end.

use std::time::SystemTime;

use lettre::message::header::{ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
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
    /// The address that ends mails of a kind is not one.
    #[error("the address that ends mails of this kind is not one")]
    Unsubscribe,
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
    /// The deadline for the reader's calendar.
    pub calendar: Option<Calendar>,
    /// The address that ends mails of this kind by a POST (RFC 8058). Never with an obligation. One that is not https
    /// stays out of the message, since RFC 8058 wants that.
    pub unsubscribe: Option<String>,
}

/// What a calendar does with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Adds it, or moves the one it has.
    Publish,
    /// Takes it out.
    Cancel,
}

/// An event for the reader's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// What becomes of it; the bytes name the same method.
    pub method: Method,
    /// The iCalendar object (RFC 5545).
    pub bytes: Vec<u8>,
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
        if let Some(address) = self
            .unsubscribe
            .as_ref()
            .filter(|address| address.starts_with("https://"))
        {
            if !address
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>,".contains(&byte))
            {
                return Err(ComposeError::Unsubscribe);
            }
            builder = builder
                .raw_header(header("List-Unsubscribe", format!("<{address}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        // lettre's own boundaries are drawn by chance, and a repeat shall have the same bytes.
        let mut body = MultiPart::alternative()
            .boundary(format!("part-{}", self.id))
            .singlepart(part(ContentType::TEXT_PLAIN, self.content.text()))
            .singlepart(part(ContentType::TEXT_HTML, self.content.html()));
        if let Some(calendar) = &self.calendar {
            let (in_place, attached) = calendar.parts()?;
            body = MultiPart::mixed()
                .boundary(format!("whole-{}", self.id))
                .multipart(body.singlepart(in_place))
                .singlepart(attached);
        }
        builder
            .multipart(body)
            .map_err(|error| ComposeError::Whole(error.to_string()))
    }
}

impl Calendar {
    /// The event as an alternative to the text, which Outlook and others show as one, and as a file, for the rest.
    fn parts(&self) -> Result<(SinglePart, SinglePart), ComposeError> {
        let method = match self.method {
            Method::Publish => "PUBLISH",
            Method::Cancel => "CANCEL",
        };
        let in_place = ContentType::parse(&format!("text/calendar; method={method}; charset=utf-8"));
        // Another kind than in place, or some programs show the event twice.
        let attached = ContentType::parse("application/ics");
        let kind = |kind: Result<ContentType, _>| kind.map_err(|_not_one| ComposeError::Whole("a calendar".to_owned()));
        let part = SinglePart::builder()
            .header(kind(in_place)?)
            .header(ContentTransferEncoding::Base64)
            .body(self.bytes.clone());
        let file = SinglePart::builder()
            .header(kind(attached)?)
            .header(ContentDisposition::attachment("deadline.ics"))
            .header(ContentTransferEncoding::Base64)
            .body(self.bytes.clone());
        Ok((part, file))
    }
}

fn header(name: &'static str, value: impl Into<String>) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.into())
}

fn part(kind: ContentType, body: &str) -> SinglePart {
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(body.to_owned())
}
