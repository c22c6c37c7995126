//! PDF. Nothing of it is drawn or resolved: every byte of the file, and of every stream that is packed as Flate, is looked
//! through for the names of what runs, opens or holds something else. So it does not matter by which of its tables a
//! program finds an object, or whether that lies in the middle of another.

use super::unpack::{Budget, Ended, unpack};
use super::{ACTIVE, LARGE, LOCKED, OTHER_TYPE, OUTSIDE, Refused, TWO_IN_ONE, has_markup};

/// How much may come out of all streams together. A page that was scanned in colours has some 25 MB.
const MOST_UNPACKED: u64 = 256 << 20;
/// The longest name that is looked for, with its slash, every letter written as `#4a`.
const LONGEST: usize = 64;
/// How far from its end the end of a directory of ZIP may lie.
const END_OF_ZIP: usize = 65_557;

/// What none of its objects may be or have, each with why.
const NAMES: [(&[u8], Refused); 20] = [
    (b"Encrypt", LOCKED),
    (b"JavaScript", ACTIVE),
    (b"Launch", ACTIVE),
    (b"EmbeddedFile", ACTIVE),
    (b"EmbeddedFiles", ACTIVE),
    (b"FileAttachment", ACTIVE),
    (b"XFA", ACTIVE),
    (b"RichMedia", ACTIVE),
    (b"RichMediaExecute", ACTIVE),
    (b"OnInstantiate", ACTIVE),
    (b"Rendition", ACTIVE),
    (b"Movie", ACTIVE),
    (b"Sound", ACTIVE),
    (b"SubmitForm", ACTIVE),
    (b"ImportData", ACTIVE),
    (b"GoToE", ACTIVE),
    (b"GoToR", OUTSIDE),
    (b"GoToDp", ACTIVE),
    (b"FFilter", OUTSIDE),
    (b"FDecodeParms", OUTSIDE),
];

/// How a stream may be packed beside Flate, by the long and the short name.
const OTHER_FILTERS: [&[u8]; 15] = [
    b"ASCIIHexDecode",
    b"AHx",
    b"ASCII85Decode",
    b"A85",
    b"LZWDecode",
    b"LZW",
    b"RunLengthDecode",
    b"RL",
    b"CCITTFaxDecode",
    b"CCF",
    b"JBIG2Decode",
    b"DCTDecode",
    b"DCT",
    b"JPXDecode",
    b"Crypt",
];

pub(super) fn check(bytes: &[u8]) -> Result<(), Refused> {
    if !bytes.starts_with(b"%PDF-1.") && !bytes.starts_with(b"%PDF-2.") {
        return Err(OTHER_TYPE);
    }
    must_be_nothing_else(bytes)?;
    let mut names = Names::default();
    names.look(bytes)?;
    let mut budget = Budget {
        read: MOST_UNPACKED,
        out: MOST_UNPACKED,
    };
    let (mut at, mut begin) = (0, 0);
    while let Some(found) = find(bytes, b"stream", at) {
        at = found + b"stream".len();
        let is_end = bytes.get(..found).is_some_and(|before| before.ends_with(b"end"));
        let data = match bytes.get(at..) {
            _ if is_end => continue,
            Some([b'\r', b'\n', data @ ..] | [b'\n' | b'\r', data @ ..]) => data,
            _ => continue,
        };
        let head = bytes.get(begin..found).unwrap_or_default();
        let head = rfind(head, b"obj").and_then(|last| head.get(last..)).unwrap_or(head);
        begin = at;
        let ended = {
            let mut names = Names::default();
            let mut refused = Ok(());
            let ended = if begins_zlib(data) {
                unpack([data], &mut budget, |piece| {
                    if refused.is_ok() {
                        refused = names.look(piece);
                    }
                })
            } else {
                Ended::Damaged
            };
            refused?;
            ended
        };
        if ended == Ended::TooLarge {
            return Err(LARGE);
        }
        must_be_readable(head, ended)?;
    }
    Ok(())
}

/// Whether zlib begins there (RFC 1950, 2.2): most that is called a stream and is none ends here.
fn begins_zlib(data: &[u8]) -> bool {
    matches!(data, [method, flags, ..]
        if method & 15 == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

/// It ends with its own end, and begins as nothing else does.
fn must_be_nothing_else(bytes: &[u8]) -> Result<(), Refused> {
    let tail = bytes.get(bytes.len().saturating_sub(2_048)..).unwrap_or(bytes);
    let end = rfind(tail, b"%%EOF").ok_or(OTHER_TYPE)?;
    if find(tail, b"startxref", 0).is_none() {
        return Err(OTHER_TYPE);
    }
    let after = tail.get(end + b"%%EOF".len()..).unwrap_or_default();
    let directory = bytes.get(bytes.len().saturating_sub(END_OF_ZIP)..).unwrap_or(bytes);
    let begin = bytes.get(..1_024).unwrap_or(bytes);
    if !after.iter().all(u8::is_ascii_whitespace)
        || find(directory, b"PK\x05\x06", 0).is_some()
        || find(directory, b"PK\x06\x06", 0).is_some()
        || has_markup(begin)
    {
        return Err(TWO_IN_ONE);
    }
    Ok(())
}

/// A stream that holds objects is packed so that it could be looked through; `head` is what stands before it.
fn must_be_readable(head: &[u8], ended: Ended) -> Result<(), Refused> {
    let names: Vec<Vec<u8>> = names_in(head).collect();
    let has = |name: &[u8]| names.iter().any(|known| known == name);
    // Some programs look for these two alone.
    let holds_objects = has(b"ObjStm") || has(b"First") && has(b"N");
    if !holds_objects {
        return Ok(());
    }
    let packed_otherwise = OTHER_FILTERS.iter().any(|filter| has(filter));
    let flate = has(b"FlateDecode") || has(b"Fl");
    let filters = names
        .iter()
        .filter(|name| *name == b"FlateDecode" || *name == b"Fl")
        .count();
    // Where the filter is an object of its own, or rows are told from each other, or it is packed twice.
    let in_doubt = has(b"DecodeParms") || has(b"DP") || has(b"F") && !flate || filters > 1;
    let unread = flate && ended == Ended::Damaged;
    let hidden = (has(b"Filter") || has(b"F")) && !flate;
    if packed_otherwise || in_doubt || unread || hidden {
        return Err(ACTIVE);
    }
    Ok(())
}

/// Looks for names in pieces of a whole.
#[derive(Default)]
struct Names {
    /// The end of the piece before.
    before: Vec<u8>,
}

impl Names {
    fn look(&mut self, piece: &[u8]) -> Result<(), Refused> {
        if !self.before.is_empty() {
            let begin = piece.get(..LONGEST).unwrap_or(piece);
            self.before.extend_from_slice(begin);
            look(&self.before)?;
        }
        look(piece)?;
        let end = if piece.len() >= LONGEST {
            piece.get(piece.len() - LONGEST..).unwrap_or_default().to_vec()
        } else {
            let mut end = std::mem::take(&mut self.before);
            if end.is_empty() {
                end.extend_from_slice(piece);
            }
            let from = end.len().saturating_sub(LONGEST);
            end.split_off(from)
        };
        self.before = end;
        Ok(())
    }
}

fn look(bytes: &[u8]) -> Result<(), Refused> {
    for name in names_in(bytes) {
        if let Some((_, refused)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Err(*refused);
        }
    }
    Ok(())
}

/// Every name, as it reads.
fn names_in(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.filter_map(|(at, _)| {
        let rest = bytes.get(at + 1..)?;
        // A short one is at hand: most slashes stand in what is packed, and are no names.
        let mut name = Vec::new();
        let mut letters = rest.iter().take(LONGEST);
        while let Some(letter) = letters.next() {
            match letter {
                b'#' => {
                    let digits =
                        [letters.next(), letters.next()].map(|digit| char::from(*digit.unwrap_or(&b' ')).to_digit(16));
                    let [Some(high), Some(low)] = digits else { return None };
                    name.push(u8::try_from(high * 16 + low).ok()?);
                }
                0 | b'\t' | b'\n' | 12 | b'\r' | b' ' | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}'
                | b'/' | b'%' => break,
                other => name.push(*other),
            }
        }
        (!name.is_empty()).then_some(name)
    })
}

pub(super) fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let first = *what.first()?;
    let mut at = 0;
    while let Some(next) = rest.get(at..)?.iter().position(|byte| *byte == first) {
        at += next;
        if rest.get(at..)?.starts_with(what) {
            return Some(from + at);
        }
        at += 1;
    }
    None
}

fn rfind(bytes: &[u8], what: &[u8]) -> Option<usize> {
    (0..bytes.len())
        .rev()
        .find(|at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(what)))
}
