//! ZIP packages that came from outside, opened within bounds: what they hold is one thing to every program that reads them.

use std::io::Cursor;

use zip::ZipArchive;

/// How many bytes the end of a directory without a comment has.
const END_OF_DIRECTORY: usize = 22;

/// A package whose entries are named once, none of them protected or larger than it may be.
pub(crate) struct Archive<'a> {
    pub(crate) zip: ZipArchive<Cursor<&'a [u8]>>,
    /// The names of its entries, in their order.
    pub(crate) names: Vec<String>,
}

/// Why a package is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is none, or not the same to everybody.
    Broken,
    /// It has more, or larger, entries than it may.
    TooLarge,
    /// It is protected by a password.
    Encrypted,
}

impl<'a> Archive<'a> {
    /// Opens a package of at most so many entries, each of them no larger than `most` says of its packed size.
    pub(crate) fn open(bytes: &'a [u8], most_entries: usize, most: fn(u64) -> u64) -> Result<Self, Fault> {
        // A package begins with its first entry; what has something else before it is also something else. A PDF may begin
        // anywhere in the first 1024 bytes.
        let begin = bytes.get(..1024).unwrap_or(bytes);
        if !bytes.starts_with(b"PK\x03\x04") || begin.windows(5).any(|begin| begin == b"%PDF-") {
            return Err(Fault::Broken);
        }
        // And it ends with its directory: no comment, no other file behind it.
        let end = bytes.len().saturating_sub(END_OF_DIRECTORY);
        if !bytes.get(end..).is_some_and(|end| end.starts_with(b"PK\x05\x06")) {
            return Err(Fault::Broken);
        }
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Fault::Broken)?;
        if zip.len() > most_entries {
            return Err(Fault::TooLarge);
        }
        let mut names: Vec<String> = Vec::new();
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index).map_err(|_| Fault::Broken)?;
            if entry.encrypted() {
                return Err(Fault::Encrypted);
            }
            if entry.size() > most(entry.compressed_size()) {
                return Err(Fault::TooLarge);
            }
            let name = std::str::from_utf8(entry.name_raw()).map_err(|_| Fault::Broken)?;
            // The names of parts differ in more than the case of their letters (ECMA-376 part 2).
            let is_known = names.iter().any(|known| known.eq_ignore_ascii_case(name));
            if is_known || entry.is_symlink() || !is_part_name(name) {
                return Err(Fault::Broken);
            }
            names.push(name.to_owned());
        }
        // Its directory is where it says, and says of each entry what the entry says of itself: two programs must not find
        // two documents in it. Only then, because what is too large or protected has a better explanation.
        let directory = zip.central_directory_start();
        let is_consistent = zip.validate_header_consistency().is_ok();
        if !is_consistent || !ends_with_directory(bytes, directory) {
            return Err(Fault::Broken);
        }
        Ok(Self { zip, names })
    }
}

/// Whether a file has this ending.
pub(crate) fn has_ending(name: &str, ending: &str) -> bool {
    let own = name.rsplit_once('.').map(|(_, own)| own);
    own.is_some_and(|own| own.eq_ignore_ascii_case(ending))
}

/// Whether the directory that begins there fills the place up to its end, and the end says so.
fn ends_with_directory(bytes: &[u8], begin: u64) -> bool {
    let end = bytes.len().saturating_sub(END_OF_DIRECTORY);
    let number = |at: usize| -> Option<u64> {
        let four = bytes.get(end + at..end + at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_le_bytes(four)))
    };
    let (Some(size), Some(offset)) = (number(12), number(16)) else {
        return false;
    };
    offset == begin && u64::try_from(end).is_ok_and(|end| offset + size == end)
}

/// Whether an entry may be called so in a package, and names the same file on every machine (ECMA-376 part 2, 6.2.2).
fn is_part_name(name: &str) -> bool {
    let name = name.strip_suffix('/').unwrap_or(name);
    let escaped = name.to_ascii_lowercase();
    !name.contains(['\\', ':'])
        && !name.contains(char::is_control)
        && !["%2e", "%2f", "%5c"].iter().any(|sign| escaped.contains(sign))
        && name.split('/').all(|part| !part.is_empty() && !part.ends_with('.'))
}
