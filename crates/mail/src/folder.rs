//! Writes messages as `.eml` files into a folder, for trying the program out without a mail server. It never reads
//! or removes a message.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs;
use tokio::io::AsyncWriteExt;

use ahq_domain::clock::Instant;

use crate::outgoing::Outgoing;
use crate::transport::{Receipt, SendError, SendErrorKind, Stage};

/// The most bytes of the recipient's address in a file name.
const RECIPIENT: usize = 80;

/// A folder of messages.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`; it is made when the first message is written.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the messages are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) async fn send(&self, outgoing: &Outgoing) -> Result<Receipt, SendError> {
        let bytes = outgoing.bytes()?;
        let name = file_name(outgoing);
        self.write(&name, outgoing, &bytes)
            .await
            .map_err(|error| SendError::new(SendErrorKind::Transient, Stage::File, &error.to_string()))?;
        Ok(Receipt::new("written to a file"))
    }

    async fn write(&self, name: &str, outgoing: &Outgoing, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.path).await?;
        // Two processes may write the same message at once; each has a temporary file of its own.
        let temporary = self.path.join(format!(".{}-{}.tmp", outgoing.id, std::process::id()));
        let mut file = fs::File::create(&temporary).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        drop(file);
        fs::rename(&temporary, self.path.join(name)).await?;
        fs::File::open(&self.path).await?.sync_all().await
    }
}

/// `20261204T225900.000Z-ncp-pl@example.org-<message id>.eml`. The time is the one inside the message id where it
/// has one, since a repeat, which may bear another date, has to find the same name.
fn file_name(outgoing: &Outgoing) -> String {
    let time = outgoing
        .id
        .0
        .get_timestamp()
        .and_then(|stamp| {
            let (seconds, nanos) = stamp.to_unix();
            Instant::from_timestamp(i64::try_from(seconds).ok()?, nanos)
        })
        .unwrap_or(outgoing.date);
    let recipient: String = outgoing
        .to
        .address
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "@.+_-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .take(RECIPIENT)
        .collect();
    format!("{}-{recipient}-{}.eml", time.format("%Y%m%dT%H%M%S%.3fZ"), outgoing.id)
}
