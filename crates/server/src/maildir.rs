//! Mail that came back, in the maildir to which a mail server delivers it: each file of its folder `new` is taken in and
//! moved to `cur`. It removes nothing, and writes nothing else.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use ahq_exchange::deliveries::Taken;
use ahq_exchange::error::Error;
use ahq_exchange::work::Exchange;

use crate::mail::MOST_BYTES;

/// A maildir.
pub(crate) struct Maildir(PathBuf);

impl Maildir {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Takes in all that is new. A file that cannot be read stays where it is, and holds up no other; another worker may take
    /// it first.
    pub(crate) async fn take_all(&self, exchange: &Exchange, domain: &str) -> Result<(), Error> {
        let names = match self.new_names() {
            Ok(names) => names,
            Err(error) => {
                tracing::error!(%error, "the maildir of returned mail cannot be read");
                return Ok(());
            }
        };
        for name in names {
            let from = self.0.join("new").join(&name);
            let mail = match read(&from) {
                Ok(mail) => mail,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    tracing::error!(%error, "a returned mail cannot be read");
                    continue;
                }
            };
            match exchange.take_mail(&mail, domain).await? {
                Taken::Bounced(message) => tracing::warn!(%message, "a message came back"),
                Taken::Noted(message) => tracing::info!(%message, "a mail server told of a message"),
                Taken::AutoReply => tracing::info!("an automatic reply came in"),
                Taken::Other(what) => tracing::info!(what, "a mail that is no delivery status notification came in"),
            }
            // "S": somebody has seen it. Taken in twice it changes nothing the second time.
            let mut seen = name;
            seen.push(":2,S");
            match fs::rename(&from, self.0.join("cur").join(seen)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::error!(%error, "a returned mail cannot be moved to the folder cur");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The names of the files in `new`, sorted: a mail server's names begin with the time.
    fn new_names(&self) -> io::Result<Vec<OsString>> {
        let entries: Result<Vec<_>, _> = fs::read_dir(self.0.join("new"))?.collect();
        let mut names: Vec<OsString> = entries?.into_iter().map(|entry| entry.file_name()).collect();
        names.sort();
        Ok(names)
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    fs::File::open(file)?.take(MOST_BYTES).read_to_end(&mut mail)?;
    Ok(mail)
}
