//! Plain text and CSV: in UTF-8, or turned into it, without what makes a program take them for something else.

use super::{ACTIVE, OTHER_TYPE, Refused, TWO_IN_ONE, has_markup};

/// What other files begin with that are text to look at.
const OTHERS: [&[u8]; 6] = [b"%PDF", b"%!PS", b"{\\rtf", b"#!", b"BEGIN:VCALENDAR", b"MIME-Version:"];

pub(super) fn cleaned(bytes: Vec<u8>, is_csv: bool) -> Result<Vec<u8>, Refused> {
    let bytes = in_utf8(bytes)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| NO_UTF8)?;
    let is_stray = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{c}');
    if text.contains(is_stray) {
        return Err(OTHER_TYPE);
    }
    let begin = text
        .trim_start_matches(['\u{feff}', ' ', '\t', '\n', '\r', '\u{c}'])
        .as_bytes();
    if begin.starts_with(b"<") || OTHERS.iter().any(|other| begin.starts_with(other)) || has_markup(&bytes) {
        return Err(TWO_IN_ONE);
    }
    if is_csv {
        must_not_calculate(text)?;
    }
    Ok(bytes)
}

const NO_UTF8: Refused = Refused::new(
    "not_of_its_type",
    "the text is not written in UTF-8: save it as UTF-8 (in Excel as \"CSV UTF-8\"), or its letters would be others for \
     other readers",
);

/// UTF-16 with its mark becomes UTF-8; anything else that is not UTF-8 could be any of many alphabets.
fn in_utf8(bytes: Vec<u8>) -> Result<Vec<u8>, Refused> {
    let order: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return Ok(bytes),
    };
    let (pairs, rest) = bytes.get(2..).unwrap_or_default().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(OTHER_TYPE);
    }
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| order(*pair))).collect();
    Ok(text.map_err(|_| OTHER_TYPE)?.into_bytes())
}

/// No cell is a formula to a spreadsheet: one that begins with `=`, or that begins as a number and calls something.
fn must_not_calculate(text: &str) -> Result<(), Refused> {
    let cells = text.split([',', ';', '\t', '\n', '\r']);
    for cell in cells {
        let cell = cell.trim_start_matches(['"', '\'', ' ', '\u{feff}', '\u{a0}']);
        match cell.chars().next() {
            Some('=') => return Err(ACTIVE),
            Some('+' | '-' | '@') if calls(cell) => return Err(ACTIVE),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a cell names a function, another sheet, or another program: `+cmd|' /C calc'!A0`.
fn calls(cell: &str) -> bool {
    let mut before = ' ';
    cell.chars().any(|letter| {
        let last = std::mem::replace(&mut before, letter);
        matches!(letter, '!' | '|') || letter == '(' && last.is_alphanumeric()
    })
}
