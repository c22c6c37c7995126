//! A Word form as somebody fills it in: the controls found by their tags, changed as Word changes them.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const TEXT: &str = "word/document.xml";

/// A form, opened.
pub struct Form {
    /// Its parts by their names, in their order.
    pub parts: Vec<(String, Vec<u8>)>,
}

impl Form {
    /// Opens a form as it was downloaded.
    pub fn open(bytes: &[u8]) -> Self {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a package");
        let parts = (0..archive.len())
            .map(|index| {
                let mut part = archive.by_index(index).expect("a part");
                let mut content = Vec::new();
                part.read_to_end(&mut content).expect("its content");
                (part.name().expect("a name in UTF-8").into_owned(), content)
            })
            .collect();
        Self { parts }
    }

    /// The document itself, as XML.
    pub fn document(&self) -> String {
        let (_, content) = self.parts.iter().find(|(name, _)| name == TEXT).expect("the text");
        String::from_utf8(content.clone()).expect("UTF-8")
    }

    /// Puts another part in place of the one of that name, or beside the others.
    pub fn put(&mut self, name: &str, content: impl Into<Vec<u8>>) {
        match self.parts.iter_mut().find(|(known, _)| known == name) {
            Some((_, own)) => *own = content.into(),
            None => self.parts.push((name.to_owned(), content.into())),
        }
    }

    /// Writes into a control, as typing does: a drop-down's word, a number, a paragraph.
    #[must_use]
    pub fn typed(self, tag: &str, text: &str) -> Self {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let run = format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>");
        self.with(tag, |properties, content| {
            let content = if content.starts_with("<w:p>") {
                format!("<w:p>{run}</w:p>")
            } else {
                run
            };
            (properties.replace("<w:showingPlcHdr/>", ""), content)
        })
    }

    /// Puts paragraphs, lists or tables into a control.
    #[must_use]
    pub fn pasted(self, tag: &str, xml: &str) -> Self {
        self.with(tag, |properties, _| {
            (properties.replace("<w:showingPlcHdr/>", ""), xml.to_owned())
        })
    }

    /// Ticks a box.
    #[must_use]
    pub fn ticked(self, tag: &str) -> Self {
        self.with(tag, |properties, content| {
            (
                properties.replace("<w14:checked w14:val=\"0\"/>", "<w14:checked w14:val=\"1\"/>"),
                content.replace('\u{2610}', "\u{2612}"),
            )
        })
    }

    /// Takes a control away, as deleting it does.
    #[must_use]
    pub fn without(mut self, tag: &str) -> Self {
        let (begin, _, _, end) = self.place(tag);
        let mut document = self.document();
        document.replace_range(begin..end, "");
        self.put(TEXT, document);
        self
    }

    fn with(mut self, tag: &str, change: impl FnOnce(&str, &str) -> (String, String)) -> Self {
        let (begin, middle, after, _) = self.place(tag);
        let mut document = self.document();
        let (properties, content) = change(&document[begin..middle], &document[middle..after]);
        document.replace_range(begin..after, &format!("{properties}{content}"));
        self.put(TEXT, document);
        self
    }

    /// Where a control begins, where its content begins and ends, and where it ends.
    fn place(&self, tag: &str) -> (usize, usize, usize, usize) {
        let document = self.document();
        let at = document
            .find(&format!("<w:tag w:val=\"{tag}\"/>"))
            .unwrap_or_else(|| panic!("no control {tag}"));
        let begin = document[..at].rfind("<w:sdt>").expect("its begin");
        let opening = "<w:sdtContent>";
        let middle = at + document[at..].find(opening).expect("its content") + opening.len();
        let after = middle
            + document[middle..]
                .find("</w:sdtContent>")
                .expect("the end of its content");
        (begin, middle, after, after + "</w:sdtContent></w:sdt>".len())
    }

    /// The form as it is saved.
    pub fn saved(&self) -> Vec<u8> {
        let mut package = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.parts {
            package
                .start_file(name.as_str(), SimpleFileOptions::default())
                .expect("a part");
            package.write_all(content).expect("its content");
        }
        package.finish().expect("a package").into_inner()
    }
}
