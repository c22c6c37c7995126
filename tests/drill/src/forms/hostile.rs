//! Two hundred files that are no honest form, each with what the program has to say of it. They are made from an honest
//! form, so that nothing but what they are named after keeps them from being read.

mod active;
mod archives;
mod bombs;
mod elsewhere;
mod strangers;
mod texts;

use ahq_harness::form::Form;

use super::package::{Entry, packed};

/// The vocabularies of Word, for parts that are written here.
pub(super) const NAMES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
     xmlns:w14=\"http://schemas.microsoft.com/office/word/2010/wordml\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
     xmlns:v=\"urn:schemas-microsoft-com:vml\"";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const TEXT: &str = "word/document.xml";

/// What the program has to reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Refused with this status and this code of its only fault, or of the problem where it has none.
    Refused(u16, &'static str),
    /// Read, for only a part of it is hostile: that part is not in the reply, which says these words of it.
    Told(&'static str),
    /// Read as the honest form is: what is hostile is nothing that is read.
    Nothing,
}

/// A file.
pub(crate) struct Hostile {
    /// What it does.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: Expected,
}

pub(super) const BROKEN: Expected = Expected::Refused(400, "not_a_document");
pub(super) const LARGE: Expected = Expected::Refused(400, "too_large");
pub(crate) const ACTIVE: Expected = Expected::Refused(400, "active_content");
pub(crate) const OUTSIDE: Expected = Expected::Refused(400, "external_content");
pub(crate) const MACROS: Expected = Expected::Refused(400, "macros");
pub(crate) const LOCKED: Expected = Expected::Refused(400, "encrypted");

/// What hostile files are made from.
pub(crate) struct Honest<'a> {
    /// The form of the query and office it is uploaded for, filled in.
    pub(crate) form: &'a Form,
    /// That of another query.
    pub(crate) other_query: &'a Form,
    /// That of another office.
    pub(crate) other_office: &'a Form,
    /// An address that nobody may call.
    pub(crate) trap: &'a str,
}

impl Honest<'_> {
    fn copy(&self) -> Form {
        Form {
            parts: self.form.parts.clone(),
        }
    }

    /// The form with another part in place of that of this name, or with one more part.
    fn with(&self, name: &str, content: impl Into<Vec<u8>>) -> Vec<u8> {
        let mut form = self.copy();
        form.put(name, content);
        form.saved()
    }

    /// The form with this at the begin of its text.
    fn body(&self, xml: &str) -> Vec<u8> {
        let document = self.form.document().replacen("<w:body>", &format!("<w:body>{xml}"), 1);
        self.with(TEXT, document)
    }

    /// The form with this in the field for the answer to question 2.
    fn answer(&self, xml: &str) -> Vec<u8> {
        self.copy().pasted("q2.answer", xml).saved()
    }

    /// The form with one more part of Word's that holds this.
    fn part(&self, xml: &str) -> Vec<u8> {
        self.with("word/header9.xml", format!("<w:hdr {NAMES}>{xml}</w:hdr>"))
    }

    /// The form with one more relation of its text to something.
    fn related(&self, kind: &str, target: &str, mode: &str) -> Vec<u8> {
        let relation = format!("<Relationship Id=\"rIdX\" Type=\"{kind}\" Target=\"{target}\"{mode}/></Relationships>");
        let name = "word/_rels/document.xml.rels";
        let own = self.form.parts.iter().find(|(known, _)| known == name);
        let own = String::from_utf8(own.expect("the relations of the text").1.clone()).expect("UTF-8");
        self.with(name, own.replace("</Relationships>", &relation))
    }

    /// Its entries, packed.
    fn entries(&self) -> Vec<Entry> {
        let parts = self.form.parts.iter();
        parts.map(|(name, content)| Entry::deflated(name, content)).collect()
    }

    /// The form with one more entry.
    fn entry(&self, entry: Entry) -> Vec<u8> {
        let mut entries = self.entries();
        entries.push(entry);
        packed(&entries)
    }
}

/// A relation of the vocabulary of Office.
fn office(kind: &str) -> String {
    format!("{OFFICE}/{kind}")
}

/// The files while they are made.
#[derive(Default)]
struct Files(Vec<Hostile>);

impl Files {
    fn add(&mut self, name: impl Into<String>, expected: Expected, bytes: impl Into<Vec<u8>>) {
        self.0.push(Hostile {
            name: name.into(),
            bytes: bytes.into(),
            expected,
        });
    }
}

/// All of them.
pub(crate) fn all(honest: &Honest<'_>) -> Vec<Hostile> {
    let mut files = Files::default();
    strangers::add(honest, &mut files);
    archives::add(honest, &mut files);
    bombs::add(honest, &mut files);
    texts::add(honest, &mut files);
    active::add(honest, &mut files);
    elsewhere::add(honest, &mut files);
    files.0
}
