//! What in a part of a document would run, or draw on something elsewhere, when a program opens it: the fields of Word, and
//! elements that stand for another document, a data source or a picture by its address. Nothing of it is ever followed
//! here; a document that holds it is refused, so that nobody opens it trusting that it came through the exchange.

use super::NotRead;
use super::xml::Element;

/// The fields that show something about the document itself, or text that stands in it. Every other field is refused:
/// those that start programs, read files or addresses, and those nobody here knows.
const HARMLESS_FIELDS: [&str; 40] = [
    "=",
    "ADDIN",
    "AUTHOR",
    "BIBLIOGRAPHY",
    "CITATION",
    "COMMENTS",
    "CREATEDATE",
    "DATE",
    "DOCPROPERTY",
    "EDITTIME",
    "EQ",
    "FILENAME",
    "FORMCHECKBOX",
    "FORMDROPDOWN",
    "FORMTEXT",
    "HYPERLINK",
    "INDEX",
    "KEYWORDS",
    "LASTSAVEDBY",
    "NOTEREF",
    "NUMCHARS",
    "NUMPAGES",
    "NUMWORDS",
    "PAGE",
    "PAGEREF",
    "PRINTDATE",
    "QUOTE",
    "REF",
    "REVNUM",
    "SAVEDATE",
    "SECTION",
    "SECTIONPAGES",
    "SEQ",
    "STYLEREF",
    "SUBJECT",
    "SYMBOL",
    "TC",
    "TIME",
    "TITLE",
    "TOC",
];

/// How much of an instruction is looked at: more than the longest word a field can be.
const MOST_OF_INSTRUCTION: usize = 40;

/// A field that has begun and not ended.
#[derive(Default)]
pub(crate) struct Field {
    /// The begin of its instruction, from however many runs.
    pub(crate) instruction: String,
    /// Whether its result has begun.
    pub(crate) shown: bool,
}

impl Field {
    pub(crate) fn instruct(&mut self, text: &str) {
        let text = if self.instruction.is_empty() {
            text.trim_start()
        } else {
            text
        };
        let left = MOST_OF_INSTRUCTION.saturating_sub(self.instruction.len());
        self.instruction.extend(text.chars().take(left));
    }
}

/// Looks through a part.
///
/// # Errors
/// [`NotRead`] `active_content` or `external_content`.
pub(super) fn must_be_absent(part: &Element) -> Result<(), NotRead> {
    let mut open = Vec::new();
    look(part, &mut open)?;
    // A field without an end has its instruction all the same.
    open.iter().try_for_each(|field: &Field| judge(&field.instruction))
}

fn look(element: &Element, open: &mut Vec<Field>) -> Result<(), NotRead> {
    match element.name.as_str() {
        "w:fldChar" => match element.attribute("w:fldCharType") {
            Some("begin") => {
                // What a field is must not come from the result of another.
                if open
                    .last()
                    .is_some_and(|outer| !outer.shown && word(&outer.instruction).is_none())
                {
                    return Err(NotRead::active());
                }
                open.push(Field::default());
            }
            Some("separate") => {
                if let Some(field) = open.last_mut() {
                    judge(&field.instruction)?;
                    field.shown = true;
                }
            }
            Some("end") => {
                if let Some(field) = open.pop() {
                    judge(&field.instruction)?;
                }
            }
            _ => {}
        },
        "w:instrText" | "w:delInstrText" => match open.last_mut() {
            Some(field) => field.instruct(&element.text()),
            None => judge(&element.text())?,
        },
        "w:fldSimple" => judge(element.attribute("w:instr").unwrap_or_default())?,
        "w:altChunk" | "w:subDoc" | "w:control" => return Err(NotRead::active()),
        "w:mailMerge" => return Err(NotRead::external()),
        // A picture, as itself or as a colour, of the drawings that Word had before 2010.
        "other:imagedata" | "other:fill" | "other:stroke" if element.attribute("src").is_some_and(is_elsewhere) => {
            return Err(NotRead::external());
        }
        _ => {}
    }
    element.elements().try_for_each(|child| look(child, open))
}

/// Whether an address leads out of the document.
pub(crate) fn is_elsewhere(address: &str) -> bool {
    address.contains("://") || address.starts_with("\\\\") || address.starts_with("//") || address.starts_with("file:")
}

/// The word that says what a field is; none while there is none.
pub(crate) fn word(instruction: &str) -> Option<&str> {
    let begun = instruction.trim_start();
    if begun.starts_with('=') {
        return begun.get(..1);
    }
    let end = begun.find(|letter: char| !letter.is_ascii_alphanumeric());
    let word = end.map_or(begun, |end| &begun[..end]);
    (!begun.is_empty()).then_some(word)
}

pub(crate) fn judge(instruction: &str) -> Result<(), NotRead> {
    let word = word(instruction).map(str::to_ascii_uppercase);
    match word {
        Some(word) if !HARMLESS_FIELDS.contains(&word.as_str()) => Err(NotRead::active()),
        _ => Ok(()),
    }
}
