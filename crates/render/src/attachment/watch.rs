//! XML, looked through while it is read: nothing of it is kept but the names of what is open. What would run or draw on
//! something elsewhere is known by its own name, whatever vocabulary it is said to be of, so that no vocabulary hides it.

use std::io::{BufReader, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Decoder, Reader, XmlVersion};

use super::{ACTIVE, LARGE, LOCKED, MACROS, OTHER_TYPE, OUTSIDE, Refused};
use crate::word_form::read::harm::{Field, is_elsewhere, judge, word};
use crate::word_form::read::xml::must_be_utf8;

/// How deep elements may stand in each other.
const DEEPEST: usize = 256;
/// How many attributes an element may have.
const MOST_ATTRIBUTES: usize = 200;
/// How many bytes a single element or text may have.
const MOST_EVENT: usize = 8 << 20;

/// What is known of a part on the way through it.
#[derive(Default)]
struct Watch {
    is_odt: bool,
    depth: usize,
    /// Fields of Word that have begun and not ended.
    fields: Vec<Field>,
    /// What the text that comes next is.
    inside: Inside,
    /// The text of a formula.
    formula: String,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Nothing that is looked at.
    #[default]
    Other,
    /// An instruction of a field.
    Instruction,
    /// A formula of a sheet.
    Formula,
}

/// Looks through a part.
pub(super) fn watch(part: impl Read, is_odt: bool) -> Result<(), Refused> {
    let mut reader = Reader::from_reader(BufReader::with_capacity(64 << 10, part));
    reader.config_mut().check_end_names = true;
    let mut watch = Watch {
        is_odt,
        ..Watch::default()
    };
    let decoder = reader.decoder();
    let (mut buffer, mut roots) = (Vec::new(), 0);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|_| OTHER_TYPE)?;
        match event {
            Event::Start(start) => {
                roots += usize::from(watch.depth == 0);
                watch.depth += 1;
                if watch.depth > DEEPEST {
                    return Err(LARGE);
                }
                watch.begin(&start, decoder)?;
            }
            Event::Empty(start) => {
                roots += usize::from(watch.depth == 0);
                watch.begin(&start, decoder)?;
                watch.end()?;
            }
            Event::End(_) => {
                watch.depth = watch.depth.saturating_sub(1);
                watch.end()?;
            }
            Event::Text(text) if watch.inside != Inside::Other => {
                watch.text(&text.decode().map_err(|_| OTHER_TYPE)?);
            }
            Event::CData(text) if watch.inside != Inside::Other => {
                watch.text(&text.decode().map_err(|_| OTHER_TYPE)?);
            }
            Event::GeneralRef(name) => {
                let text = if name.is_char_ref() {
                    name.resolve_char_ref().ok().flatten().map(String::from)
                } else {
                    let name = name.decode().map_err(|_| OTHER_TYPE)?;
                    quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned)
                };
                watch.text(&text.ok_or(OTHER_TYPE)?);
            }
            // Declarations of types: entities grow, and draw on what lies elsewhere.
            Event::DocType(_) => return Err(OTHER_TYPE),
            // A style sheet would be one.
            Event::PI(instruction) if instruction.starts_with(b"xml-stylesheet") => return Err(OUTSIDE),
            Event::Decl(declaration) => must_be_utf8(&declaration)?,
            Event::Eof => break,
            Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_) => {}
        }
        if buffer.len() > MOST_EVENT {
            return Err(LARGE);
        }
    }
    if watch.depth != 0 || roots != 1 {
        return Err(OTHER_TYPE);
    }
    // A field without an end has its instruction all the same.
    for field in &watch.fields {
        judge(&field.instruction)?;
    }
    Ok(())
}

impl Watch {
    fn begin(&mut self, start: &BytesStart<'_>, decoder: Decoder) -> Result<(), Refused> {
        let name = start.local_name();
        self.inside = Inside::Other;
        match name.as_ref() {
            b"script" | b"event-listener" | b"macro" | b"library" => return Err(MACROS),
            b"encryption-data" => return Err(LOCKED),
            b"altChunk"
            | b"subDoc"
            | b"control"
            | b"controls"
            | b"OLEObject"
            | b"oleObject"
            | b"oleObjects"
            | b"ddeLink"
            | b"oleLink"
            | b"object"
            | b"object-ole"
            | b"plugin"
            | b"applet"
            | b"floating-frame"
            | b"dde-source"
            | b"dde-link"
            | b"dde-connection"
            | b"dde-connection-decl"
            | b"dde-connection-decls"
            | b"foreignObject"
            | b"movie"
            | b"sound" => return Err(ACTIVE),
            b"mailMerge" | b"externalBook" | b"auto-reload" | b"connection" | b"queryTable" | b"cell-range-source" => {
                return Err(OUTSIDE);
            }
            b"instrText" | b"delInstrText" => self.inside = Inside::Instruction,
            b"f" | b"definedName" | b"formula" | b"formula1" | b"formula2" => {
                self.inside = Inside::Formula;
                self.formula.clear();
            }
            _ => {}
        }
        let mut kind = None;
        for (index, attribute) in start.attributes().enumerate() {
            if index == MOST_ATTRIBUTES {
                return Err(LARGE);
            }
            let attribute = attribute.map_err(|_| OTHER_TYPE)?;
            let key = attribute.key.local_name();
            let key = key.as_ref();
            let value = || {
                attribute
                    .decoded_and_normalized_value(XmlVersion::Implicit1_0, decoder)
                    .map_err(|_| OTHER_TYPE)
            };
            match (name.as_ref(), key) {
                (b"fldChar", b"fldCharType") => kind = Some(value()?.into_owned()),
                (b"fldSimple", b"instr") => judge(&value()?)?,
                (b"imagedata" | b"fill" | b"stroke", b"src" | b"href") if is_elsewhere(&value()?) => {
                    return Err(OUTSIDE);
                }
                (b"image" | b"use" | b"feImage", b"href") if is_elsewhere(&value()?) => return Err(OUTSIDE),
                // What a click opens is the reader's choice; it is no script.
                (b"a", b"href") if is_script(&value()?) => return Err(ACTIVE),
                (b"a", b"href") => {}
                (_, b"href") if self.is_odt && leads_out(&value()?) => return Err(OUTSIDE),
                (_, b"href") if is_script(&value()?) => return Err(ACTIVE),
                (_, key) if is_handler(key) => return Err(ACTIVE),
                (_, b"formula") if self.is_odt => must_not_call(&value()?)?,
                (b"file-entry", b"media-type") if value()?.contains("oleobject") => return Err(ACTIVE),
                _ => {}
            }
        }
        match kind.as_deref() {
            Some("begin") => {
                // What a field is must not come from the result of another.
                if self
                    .fields
                    .last()
                    .is_some_and(|outer| !outer.shown && word(&outer.instruction).is_none())
                {
                    return Err(ACTIVE);
                }
                if self.fields.len() > DEEPEST {
                    return Err(LARGE);
                }
                self.fields.push(Field::default());
            }
            Some("separate") => {
                if let Some(field) = self.fields.last_mut() {
                    judge(&field.instruction)?;
                    field.shown = true;
                }
            }
            Some("end") => {
                if let Some(field) = self.fields.pop() {
                    judge(&field.instruction)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        match self.inside {
            Inside::Instruction => {
                if self.fields.is_empty() {
                    // One that nobody began is judged at the end all the same.
                    self.fields.push(Field::default());
                }
                if let Some(field) = self.fields.last_mut() {
                    field.instruct(text);
                }
            }
            Inside::Formula if self.formula.len() < MOST_EVENT => self.formula.push_str(text),
            Inside::Formula | Inside::Other => {}
        }
    }

    fn end(&mut self) -> Result<(), Refused> {
        if self.inside == Inside::Formula {
            must_not_call(&self.formula)?;
        }
        self.inside = Inside::Other;
        Ok(())
    }
}

/// Whether an address of a text of LibreOffice leads out of its package.
fn leads_out(address: &str) -> bool {
    let address = address.trim();
    let scheme = address.split(['/', '#', '?']).next().unwrap_or_default();
    address.starts_with(['/', '\\']) || address.starts_with("..") || scheme.contains(':')
}

/// Whether an address is a program.
fn is_script(address: &str) -> bool {
    let plain: String = address
        .chars()
        .filter(|letter| !letter.is_whitespace() && !letter.is_control())
        .collect();
    let plain = plain.to_ascii_lowercase();
    [
        "javascript:",
        "vbscript:",
        "data:",
        "macro:",
        "vnd.sun.star.",
        "service:",
        "slot:",
        "file:",
        "\\\\",
        "smb:",
    ]
    .iter()
    .any(|begin| plain.starts_with(begin))
}

/// Whether an attribute is what a picture does when it is loaded or touched.
fn is_handler(key: &[u8]) -> bool {
    matches!(
        key,
        b"onload"
            | b"onclick"
            | b"onerror"
            | b"onmouseover"
            | b"onmouseenter"
            | b"onfocus"
            | b"onbegin"
            | b"onend"
            | b"onactivate"
            | b"onrepeat"
            | b"macro-name"
    )
}

/// A formula calculates, and fetches or starts nothing.
fn must_not_call(formula: &str) -> Result<(), Refused> {
    let formula: String = formula.chars().filter(|letter| !letter.is_whitespace()).collect();
    let formula = formula.to_ascii_uppercase();
    // `cmd|'/C calc'!A1`: a dynamic exchange. A bar has no other place in a formula but in its texts.
    let outside_texts: String = formula.split('"').step_by(2).collect();
    if outside_texts.contains('|') {
        return Err(ACTIVE);
    }
    for (call, refused) in [
        ("WEBSERVICE(", OUTSIDE),
        ("FILTERXML(", OUTSIDE),
        ("IMAGE(", OUTSIDE),
        ("RTD(", ACTIVE),
        ("DDE(", ACTIVE),
        ("CALL(", ACTIVE),
        ("EXEC(", ACTIVE),
        ("REGISTER(", ACTIVE),
        ("REGISTER.ID(", ACTIVE),
        ("FOPEN(", ACTIVE),
    ] {
        let whole = |at: usize| {
            let before = outside_texts.get(..at).unwrap_or_default().chars().next_back();
            before.is_none_or(|letter| !letter.is_ascii_alphanumeric() && letter != '_')
                || outside_texts.get(..at).unwrap_or_default().ends_with("_XLFN.")
        };
        if outside_texts.match_indices(call).any(|(at, _)| whole(at)) {
            return Err(refused);
        }
    }
    Ok(())
}
