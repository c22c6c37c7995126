//! All that can be read in a body, of whatever format: a word that is in it is in the text.

use std::io::{Cursor, Read};

use pdf_extract::{Dictionary, Document, Object, decode_text_string, extract_text_from_mem};
use zip::ZipArchive;

/// Of a package each part after its name; of a PDF its pages, then what its objects say beside them.
pub fn text_of(bytes: &[u8]) -> String {
    if bytes.starts_with(b"%PDF-") {
        return pdf(bytes);
    }
    if !bytes.starts_with(b"PK") {
        return String::from_utf8(bytes.to_vec()).expect("a body in UTF-8");
    }
    let parts = files(bytes).into_iter();
    parts.map(|(name, text)| format!("{name}\n{text}\n")).collect()
}

/// The names and texts of the files in a package, in their order.
pub fn files(bytes: &[u8]) -> Vec<(String, String)> {
    let mut package = ZipArchive::new(Cursor::new(bytes)).expect("a package");
    (0..package.len())
        .map(|index| {
            let mut part = package.by_index(index).expect("a part");
            let mut content = Vec::new();
            part.read_to_end(&mut content).expect("its content");
            (part.name().expect("a name in UTF-8").into_owned(), text_of(&content))
        })
        .collect()
}

/// What stands on the pages of a PDF.
pub fn pages(bytes: &[u8]) -> String {
    extract_text_from_mem(bytes).expect("pages")
}

fn pdf(bytes: &[u8]) -> String {
    let mut text = pages(bytes);
    let document = Document::load_mem(bytes).expect("a PDF");
    for object in document.objects.values() {
        strings(object, &mut text);
    }
    text
}

/// Titles, bookmarks, alternate texts, metadata.
fn strings(object: &Object, text: &mut String) {
    let mut all = |dictionary: &Dictionary| dictionary.iter().for_each(|(_, value)| strings(value, text));
    match object {
        Object::Dictionary(dictionary) => all(dictionary),
        Object::Stream(stream) => {
            all(&stream.dict);
            if stream.dict.has_type(b"Metadata") {
                let metadata = stream.get_plain_content().expect("metadata");
                text.push_str(&String::from_utf8_lossy(&metadata));
            }
        }
        Object::Array(values) => values.iter().for_each(|value| strings(value, text)),
        Object::String(..) => {
            text.push('\n');
            text.push_str(&decode_text_string(object).unwrap_or_default());
        }
        _ => {}
    }
}
