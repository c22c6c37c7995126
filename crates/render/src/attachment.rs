//! Files that come in to stay beside a query or an answer: whether each is what it says it is, and holds nothing that runs,
//! is locked, draws on something elsewhere, or grows when it is opened.
//!
//! Nothing is written to a disk and nothing is unpacked whole: streams are looked through while they are unpacked, within
//! bounds. Pictures come out anew with nothing but the picture in them, texts in UTF-8; all other files as they came.

mod jpeg;
mod package;
mod pdf;
mod png;
#[cfg(test)]
mod tests;
mod text;
mod unpack;
mod watch;

use ahq_domain::attachment::MediaType;

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// `empty`, `not_of_its_type`, `two_in_one`, `encrypted`, `macros`, `active_content`, `external_content` or `too_large`.
    pub code: &'static str,
    /// What is wrong and what would be right, for people.
    pub detail: &'static str,
}

impl Refused {
    const fn new(code: &'static str, detail: &'static str) -> Self {
        Self { code, detail }
    }
}

const EMPTY: Refused = Refused::new("empty", "the file is empty");
const OTHER_TYPE: Refused = Refused::new(
    "not_of_its_type",
    "the file is damaged, or not of the type that it is sent as: open it, save it anew as that type, and send it with its \
     media type",
);
const TWO_IN_ONE: Refused = Refused::new(
    "two_in_one",
    "the file is of two types at once, or something stands before or after it: save it anew",
);
const LOCKED: Refused = Refused::new(
    "encrypted",
    "the file is protected by a password or by rights, or is of an old format: save it without, in a format of today",
);
const MACROS: Refused = Refused::new("macros", "the file holds macros: save it without them");
const ACTIVE: Refused = Refused::new(
    "active_content",
    "the file holds something that runs, or another file: scripts, forms that calculate, embedded objects or files, formulas \
     in a CSV; remove them, or save it anew without",
);
const OUTSIDE: Refused = Refused::new(
    "external_content",
    "the file draws on content from elsewhere (a template, a picture, data, a linked object): put it in, or remove it; links \
     may stay",
);
const LARGE: Refused = Refused::new(
    "too_large",
    "the file grows too large when it is opened, or is nested too deep: make it smaller or divide it",
);

/// Looks through a file that is sent as one of this type, and gives the bytes to keep.
///
/// # Errors
/// [`Refused`].
pub fn check(media_type: MediaType, bytes: Vec<u8>) -> Result<Vec<u8>, Refused> {
    if bytes.is_empty() {
        return Err(EMPTY);
    }
    let kept = match media_type {
        MediaType::Pdf => pdf::check(&bytes).map(|()| bytes),
        MediaType::Docx | MediaType::Xlsx | MediaType::Odt => package::check(media_type, &bytes).map(|()| bytes),
        MediaType::Png => png::cleaned(&bytes),
        MediaType::Jpeg => jpeg::cleaned(&bytes),
        MediaType::Csv => text::cleaned(bytes, true),
        MediaType::Text => text::cleaned(bytes, false),
    }?;
    // A text of nothing but its mark of order has no letter.
    if kept.is_empty() || kept == "\u{feff}".as_bytes() {
        return Err(EMPTY);
    }
    Ok(kept)
}

/// What makes a page of a text, for a program that guesses: browsers look at the begin, mail programs everywhere.
const MARKUP: [&[u8]; 12] = [
    b"<!doctype",
    b"<?php",
    b"<?xml",
    b"<embed",
    b"<html",
    b"<iframe",
    b"<meta",
    b"<object",
    b"<script",
    b"<style",
    b"<svg",
    b"javascript:",
];

/// Whether something of [`MARKUP`] stands there.
fn has_markup(bytes: &[u8]) -> bool {
    let begins_with = |rest: &[u8], mark: &[u8]| {
        rest.get(..mark.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(mark))
    };
    (0..bytes.len())
        .filter(|at| matches!(bytes.get(*at), Some(b'<' | b'j' | b'J')))
        .filter_map(|at| bytes.get(at..))
        .any(|rest| MARKUP.iter().any(|mark| begins_with(rest, mark)))
}
