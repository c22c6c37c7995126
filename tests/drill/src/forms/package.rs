//! Packages byte by byte: what no honest program writes, such as two entries of one name or a size that is not so.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// An entry, and what is said of it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    /// What the entry itself is called, where that is something else than the directory says.
    pub(crate) own_name: Option<Vec<u8>>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) crc: u32,
    /// How large its content is said to be.
    pub(crate) size: u32,
    /// What the directory says beside that.
    pub(crate) extra: Vec<u8>,
    /// Its kind and rights as Unix has them.
    pub(crate) mode: u32,
    /// Its content, packed.
    pub(crate) packed: Vec<u8>,
}

impl Entry {
    /// An entry that is packed.
    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        Self::of(name, content, CompressionMethod::Deflated)
    }

    /// An entry that is kept as it is.
    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        Self::of(name, content, CompressionMethod::Stored)
    }

    fn of(name: &str, content: &[u8], method: CompressionMethod) -> Self {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file("x", options).expect("an entry");
        writer.write_all(content).expect("its content");
        let mut archive = ZipArchive::new(writer.finish().expect("a package")).expect("a package");
        let mut entry = archive.by_index_raw(0).expect("its entry");
        let mut packed = Vec::new();
        entry.read_to_end(&mut packed).expect("its content");
        Self {
            name: name.as_bytes().to_vec(),
            own_name: None,
            method: if method == CompressionMethod::Stored { 0 } else { 8 },
            flags: 0,
            crc: entry.crc32(),
            size: u32::try_from(content.len()).expect("less than 4 GiB"),
            extra: Vec::new(),
            mode: 0,
            packed,
        }
    }

    fn header(&self, of_directory: bool) -> Vec<u8> {
        let name = match &self.own_name {
            Some(own) if !of_directory => own,
            _ => &self.name,
        };
        let mut bytes = Vec::new();
        let short = |value: usize| u16::try_from(value).expect("less than 64 KiB").to_le_bytes();
        for word in [20, self.flags, self.method, 0, 0x21] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(self.crc.to_le_bytes());
        bytes.extend(u32::try_from(self.packed.len()).expect("less than 4 GiB").to_le_bytes());
        bytes.extend(self.size.to_le_bytes());
        bytes.extend(short(name.len()));
        bytes.extend(short(if of_directory { self.extra.len() } else { 0 }));
        bytes
    }
}

/// What stands in a directory of a package, and where.
pub(crate) struct Directory {
    begin: u32,
    bytes: Vec<u8>,
    entries: usize,
}

/// The package with these entries.
pub(crate) fn packed(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, directory) = content(entries);
    bytes.extend(directory.closed(0, 0));
    bytes
}

/// The entries of a package one after the other, and its directory.
pub(crate) fn content(entries: &[Entry]) -> (Vec<u8>, Directory) {
    let mut bytes = Vec::new();
    let mut places = Vec::new();
    for entry in entries {
        places.push(bytes.len());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(entry.header(false));
        bytes.extend(entry.own_name.as_ref().unwrap_or(&entry.name));
        bytes.extend(&entry.packed);
    }
    let begin = u32::try_from(bytes.len()).expect("less than 4 GiB");
    let directory = directory(entries, &places);
    let entries = entries.len();
    let made = Directory {
        begin,
        bytes: directory,
        entries,
    };
    (bytes, made)
}

/// The directory for entries that begin at these places.
fn directory(entries: &[Entry], places: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (entry, place) in entries.iter().zip(places) {
        bytes.extend(b"PK\x01\x02\x14\x03");
        bytes.extend(entry.header(true));
        // No comment, the first disk, no attributes of DOS.
        bytes.extend([0; 6]);
        bytes.extend((entry.mode << 16).to_le_bytes());
        bytes.extend(u32::try_from(*place).expect("less than 4 GiB").to_le_bytes());
        bytes.extend(&entry.name);
        bytes.extend(&entry.extra);
    }
    bytes
}

impl Directory {
    /// The directory, and an end that counts so many entries too many and says that it begins so much later.
    pub(crate) fn closed(&self, entries: isize, later: i64) -> Vec<u8> {
        let begin = u32::try_from(i64::from(self.begin) + later).expect("a place");
        let count = u16::try_from(self.entries.saturating_add_signed(entries)).expect("less than 64 Ki");
        let size = u32::try_from(self.bytes.len()).expect("less than 4 GiB");
        let mut bytes = self.bytes.clone();
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend(count.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(size.to_le_bytes());
        bytes.extend(begin.to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }
}
