//! The ways a message leaves, and what is known of it afterwards.
//!
//! A transport tries once. When to try again, and whom to tell, is decided by who calls it.

use std::fmt;

use crate::folder::Folder;
use crate::memory::Memory;
use crate::outgoing::{ComposeError, Outgoing};
use crate::smtp::Smtp;
use crate::text;

/// The most characters of a reply that are kept.
const REPLY: usize = 300;

/// A way for messages to leave.
#[derive(Debug)]
pub enum Transport {
    /// To a mail server.
    Smtp(Box<Smtp>),
    /// Into a folder of files.
    Folder(Folder),
    /// Into memory.
    Memory(Memory),
}

impl Transport {
    /// Sends one message, once.
    ///
    /// # Errors
    /// A [`SendError`] that says whether trying again makes sense and how far this try came.
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Receipt, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(outgoing).await,
            Self::Folder(folder) => folder.send(outgoing).await,
            Self::Memory(memory) => memory.send(outgoing),
        }
    }
}

/// The message has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the other side said, shortened: `250 2.0.0 queued as 4F2A`.
    pub reply: String,
}

impl Receipt {
    pub(crate) fn new(reply: &str) -> Self {
        Self { reply: discreet(reply) }
    }
}

/// Whether trying again makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendErrorKind {
    /// The message was not taken; a later try may succeed.
    Transient,
    /// The message was not taken, and the same try would fail again.
    Permanent,
    /// The message was handed over whole, but no reply came: it may have been taken. A repeat carries the same
    /// Message-ID.
    Uncertain,
}

/// How far a try came: the step that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The message was put together.
    Compose,
    /// The server was reached and greeted.
    Connect,
    /// The connection was encrypted.
    Encrypt,
    /// The exchange signed in to the server.
    SignIn,
    /// The sender was named (MAIL).
    Sender,
    /// The recipient was named (RCPT).
    Recipient,
    /// The message was announced (DATA).
    Data,
    /// The message was handed over, up to the reply after the final dot.
    Body,
    /// The file was written.
    File,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compose => "compose",
            Self::Connect => "connect",
            Self::Encrypt => "encrypt",
            Self::SignIn => "sign in",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Data => "data",
            Self::Body => "body",
            Self::File => "file",
        })
    }
}

/// A message did not leave, or nobody knows whether it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mail failed at {stage}: {reply}")]
pub struct SendError {
    /// Whether trying again makes sense.
    pub kind: SendErrorKind,
    /// The step that failed.
    pub stage: Stage,
    /// What the other side or the operating system said: shortened, on one line, without addresses and links, so
    /// that it can be stored, shown and logged.
    pub reply: String,
}

impl SendError {
    pub(crate) fn new(kind: SendErrorKind, stage: Stage, reply: &str) -> Self {
        Self {
            kind,
            stage,
            reply: discreet(reply),
        }
    }

    /// Whether the server said that there is no such address: 5.1.x of RFC 3463, section 3.2, but for 5.1.7 and
    /// 5.1.8, which find fault with the sender. Only this may suppress a personal address.
    pub fn no_such_address(&self) -> bool {
        self.kind == SendErrorKind::Permanent
            && self.stage == Stage::Recipient
            && no_such_address(self.reply.split(' ').nth(1).unwrap_or(""))
    }
}

/// Whether a status of RFC 3463 says that there is no such address.
pub(crate) fn no_such_address(status: &str) -> bool {
    status.starts_with("5.1.") && !matches!(status, "5.1.7" | "5.1.8")
}

impl From<ComposeError> for SendError {
    fn from(error: ComposeError) -> Self {
        Self::new(SendErrorKind::Permanent, Stage::Compose, &error.to_string())
    }
}

/// `reply` on one line, shortened, with addresses and links blanked: servers like to quote both.
pub(crate) fn discreet(reply: &str) -> String {
    let line = text::one_line(reply);
    let words: Vec<&str> = line
        .split(' ')
        .map(|word| match word {
            _ if word.contains('@') => "(address)",
            _ if word.contains("://") => "(link)",
            _ => word,
        })
        .collect();
    text::shortened(&words.join(" "), REPLY)
}
