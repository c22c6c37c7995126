//! The file of an export, written while it is sent: no more than one document is in memory at a time.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::vec::IntoIter;

use actix_web::web::Bytes;
use ahq_domain::clock::Instant;
use ahq_exchange::editions::{EditionView, Format, Order};
use ahq_exchange::error::Error;
use ahq_exchange::exports::{Contents, Download, Included, LeftOut};
use ahq_exchange::work::Exchange;
use futures_util::stream::{Stream, try_unfold};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What was written and has not been sent.
#[derive(Debug, Clone, Default)]
struct Unsent(Arc<Mutex<Vec<u8>>>);

impl Unsent {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Unsent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut unsent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unsent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Package {
    exchange: Exchange,
    formats: Vec<Format>,
    order: Order,
    /// The views that are still to be written; none once the index is.
    views: Option<IntoIter<(EditionView, Included)>>,
    contents: Contents,
    zip: ZipWriter<StreamWriter<Unsent>>,
    unsent: Unsent,
}

/// The bytes of the file, view by view, the index last: it tells what became of each.
pub(super) fn stream(exchange: Exchange, download: Download, now: Instant) -> impl Stream<Item = Result<Bytes, Error>> {
    let unsent = Unsent::default();
    let package = Package {
        exchange,
        formats: download.wanted.formats,
        order: download.wanted.order,
        views: Some(download.views.into_iter()),
        contents: Contents {
            made: now,
            included: Vec::new(),
            left_out: download.left_out,
        },
        zip: ZipWriter::new_stream(unsent.clone()),
        unsent,
    };
    try_unfold(package, Package::next)
}

impl Package {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        let Some(views) = &mut self.views else {
            return Ok(None);
        };
        match views.next() {
            Some((view, included)) => self.write(view, included).await?,
            None => {
                self.views = None;
                let (page, rows) = (self.contents.html(), self.contents.csv());
                let rows = rows.map_err(|error| Error::Internal(error.to_string()))?;
                self.add("index.html", page.as_bytes())?;
                self.add("index.csv", &rows)?;
                let zip = std::mem::replace(&mut self.zip, ZipWriter::new_stream(Unsent::default()));
                zip.finish().map_err(|error| Error::Internal(error.to_string()))?;
            }
        }
        let bytes = self.unsent.take();
        Ok(Some((bytes, self)))
    }

    async fn write(&mut self, view: EditionView, mut included: Included) -> Result<(), Error> {
        included.files.clear();
        for format in self.formats.clone() {
            match self.exchange.document(view.clone(), format, self.order).await {
                Ok(document) => {
                    let name = view.file_name(format);
                    self.add(&name, &document)?;
                    included.files.push(name);
                }
                Err(error) => {
                    tracing::error!(%error, "a document is left out of an export");
                    self.contents.left_out.push(LeftOut {
                        number: Some(included.number.clone()),
                        edition: Some(included.edition),
                        why: format!("It could not be printed as {}.", format.word()),
                    });
                }
            }
        }
        self.contents.included.push(included);
        Ok(())
    }

    fn add(&mut self, name: &str, content: &[u8]) -> Result<(), Error> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default());
        let written = self
            .zip
            .start_file(name, options)
            .map_err(io::Error::from)
            .and_then(|()| self.zip.write_all(content));
        written.map_err(|error| Error::Internal(error.to_string()))
    }
}
