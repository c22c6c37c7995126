//! Reads what comes back to the exchange's own address: delivery status notifications (RFC 3464), and what is none.
//!
//! Bytes in, a value out: it looks nothing up and decides nothing. Whoever calls it has to know that anybody can write
//! such a mail; it counts for the one message whose id it names, which only those know who saw that message.

use mail_parser::{Message, MessageParser, MimeHeaders};

use ahq_domain::id::MessageId;

use crate::text;
use crate::transport::{discreet, no_such_address};

/// The most bytes that are read. What is wanted stands before the message that a notification returns.
const MOST: usize = 256 * 1024;

/// The most parts of a notification, and the most recipients in one, that are read.
const PARTS: usize = 16;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A mail server says what became of a message of the exchange.
    Notification(Notification),
    /// A program answered for a person who is away, or has read it. That says nothing about delivery.
    AutoReply,
    /// Something else, and what about it.
    Other(&'static str),
}

/// What a mail server says about a message of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The message: the key of its row in the outbox.
    pub message: MessageId,
    /// What became of it, for each recipient that the server names; at least one.
    pub outcomes: Vec<Outcome>,
}

/// What became of a message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The address, where a plain one is named. It may be another than the message was sent to: mail is forwarded.
    pub recipient: Option<String>,
    /// What the server did.
    pub action: Action,
    /// How it stands (RFC 3463): `5.1.1`.
    pub status: String,
    /// What the last server said: shortened, on one line, without addresses and links.
    pub diagnostic: Option<String>,
}

/// What a server did (RFC 3464, section 2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It gave up.
    Failed,
    /// It could not deliver yet, and goes on trying.
    Delayed,
    /// It delivered.
    Delivered,
    /// It handed over to a server that sends no notifications.
    Relayed,
    /// It delivered to a list, which sent further.
    Expanded,
}

impl Outcome {
    /// Whether the server gave up since there is no such address. Only this may suppress a personal address.
    pub fn no_such_address(&self) -> bool {
        self.action == Action::Failed && no_such_address(&self.status)
    }
}

/// Reads a mail as it was received. `domain` is that of the exchange's Message-IDs.
pub fn read(bytes: &[u8], domain: &str) -> Incoming {
    let bytes = &bytes[..bytes.len().min(MOST)];
    let Some((head, body)) = opened(bytes) else {
        return Incoming::Other("it is no mail");
    };
    let report = head.attribute("report-type").map(|kind| kind.to_ascii_lowercase());
    if report.as_deref() != Some("delivery-status") {
        return if report.as_deref() == Some("disposition-notification") || is_automatic(&head) {
            Incoming::AutoReply
        } else {
            Incoming::Other("it is no delivery status notification")
        };
    }
    let Some(boundary) = head.attribute("boundary") else {
        return Incoming::Other("its parts are not told apart");
    };
    let (mut outcomes, mut message) = (Vec::new(), None);
    for (head, body) in parts(body, boundary).into_iter().filter_map(opened) {
        match head.kind().as_str() {
            "message/delivery-status" | "message/global-delivery-status" => outcomes.extend(read_outcomes(body)),
            "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/global-headers"
                if message.is_none() =>
            {
                message = opened(body).and_then(|(returned, _)| returned.field("Message-ID"));
            }
            _ => {}
        }
    }
    // Exchange returns no headers where it was told not to, but answers in the thread.
    let message = message.or_else(|| head.field("In-Reply-To"));
    match message.as_deref().and_then(|id| key(id, domain)) {
        _ if outcomes.is_empty() => Incoming::Other("it names no recipient and what became of the message"),
        None => Incoming::Other("it is not about a message of the exchange"),
        Some(message) => Incoming::Notification(Notification { message, outcomes }),
    }
}

/// The key of the outbox in a Message-ID of the exchange.
fn key(id: &str, domain: &str) -> Option<MessageId> {
    let id = id.trim().strip_prefix('<')?.strip_suffix('>')?;
    let (key, at) = id.split_once('@')?;
    at.eq_ignore_ascii_case(domain).then(|| key.parse().ok()).flatten()
}

/// A program wrote it (RFC 3834, and what older ones do).
fn is_automatic(head: &Head<'_>) -> bool {
    let says = |name: &'static str, wanted: &[&str]| {
        head.field(name).is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            wanted.iter().any(|word| value.starts_with(word))
        })
    };
    says("Auto-Submitted", &["auto-"])
        || says("Precedence", &["auto_reply", "bulk", "junk"])
        || ["X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"]
            .iter()
            .any(|name| head.field(name).is_some())
}

/// The recipients of a delivery status: blocks of fields with an empty line between them, the first about the message.
fn read_outcomes(body: &[u8]) -> Vec<Outcome> {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .filter_map(|block| read_outcome(block.trim_matches('\n').as_bytes()))
        .take(PARTS)
        .collect()
}

fn read_outcome(block: &[u8]) -> Option<Outcome> {
    let (fields, _) = opened(block)?;
    let action = match fields.field("Action")?.to_ascii_lowercase().split(' ').next()? {
        "failed" => Action::Failed,
        "delayed" => Action::Delayed,
        "delivered" => Action::Delivered,
        "relayed" => Action::Relayed,
        "expanded" => Action::Expanded,
        _ => return None,
    };
    let diagnostic = fields
        .field("Diagnostic-Code")
        .map(|text| without_type(&text).to_owned());
    let written = fields.field("Status")?;
    let status = status_in(&written)?;
    // Exim writes 5.0.0 whatever the other server said; that stands in the diagnostic.
    let closer = diagnostic
        .as_deref()
        .and_then(status_in)
        .filter(|closer| status.ends_with(".0.0") && closer.starts_with(&status[..2]));
    let recipient = fields
        .field("Original-Recipient")
        .or_else(|| fields.field("Final-Recipient"))
        .and_then(|text| address(without_type(&text)));
    Some(Outcome {
        recipient,
        action,
        status: closer.unwrap_or(status).to_owned(),
        diagnostic: diagnostic.as_deref().map(discreet).filter(|text| !text.is_empty()),
    })
}

/// What stands behind `rfc822;` or `smtp;`.
fn without_type(text: &str) -> &str {
    text.split_once(';').map_or(text, |(_, rest)| rest).trim()
}

fn address(text: &str) -> Option<String> {
    let text = text.trim_start_matches('<').trim_end_matches('>');
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"<>,;:\\".contains(&byte));
    (plain && text.len() <= 254 && text.split('@').filter(|part| !part.is_empty()).count() == 2)
        .then(|| text.to_owned())
}

/// The first word of the form `5.1.1`, also behind a reply code as in `550-5.1.1`.
fn status_in(text: &str) -> Option<&str> {
    text.split([' ', '-', '#', '(', ')', ':']).find(|word| {
        let numbers: Vec<&str> = word.split('.').collect();
        let short = |number: &&str| (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        numbers.len() == 3 && matches!(numbers[0], "2" | "4" | "5") && numbers.iter().all(short)
    })
}

/// The parts of a multipart body (RFC 2046, section 5.1.1), without looking into them: a mail that is nested a thousand
/// times costs no more than another.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let between = format!("--{boundary}");
    let (mut parts, mut begun, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.trim_ascii_end().strip_prefix(between.as_bytes());
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || *rest == b"--") {
            parts.extend(begun.map(|begun| &body[begun..at]));
            begun = rest.is_empty().then_some(at + line.len());
            if begun.is_none() || parts.len() == PARTS {
                return parts;
            }
        }
        at += line.len();
    }
    // A mail that was cut short ends inside its last part.
    parts.extend(begun.map(|begun| &body[begun..]));
    parts
}

/// The headers of a mail, a part, or a block of fields.
struct Head<'a>(Message<'a>);

/// The headers, and what follows the first empty line.
fn opened(bytes: &[u8]) -> Option<(Head<'_>, &[u8])> {
    let mut end = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
    }
    let (head, body) = bytes.split_at(end);
    let parser = MessageParser::new().with_mime_headers();
    Some((Head(parser.parse_headers(head)?), body))
}

impl Head<'_> {
    /// `message/delivery-status`.
    fn kind(&self) -> String {
        let kind = self.0.content_type();
        let written = kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
        written.unwrap_or_default().to_ascii_lowercase()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.0.content_type()?.attribute(name)
    }

    /// A field, on one line.
    fn field(&self, name: &'static str) -> Option<String> {
        self.0
            .header_raw(name)
            .map(text::one_line)
            .filter(|value| !value.is_empty())
    }
}
