//! A package of parts: a ZIP whose bytes depend on nothing but the parts.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::{PACKED, RenderError};

/// Parts, in the order they are added.
pub(crate) struct Package(ZipWriter<Cursor<Vec<u8>>>);

impl Default for Package {
    fn default() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }
}

impl Package {
    /// Adds a part.
    pub(crate) fn add(&mut self, name: &str, content: &[u8]) -> Result<(), RenderError> {
        // The first moment a ZIP can say: the same parts are the same bytes.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(PACKED.into()))
            .last_modified_time(DateTime::default());
        self.0.start_file(name, options).map_err(RenderError::of)?;
        self.0.write_all(content).map_err(RenderError::of)
    }

    /// Its bytes.
    pub(crate) fn finish(self) -> Result<Vec<u8>, RenderError> {
        Ok(self.0.finish().map_err(RenderError::of)?.into_inner())
    }
}
