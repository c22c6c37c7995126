//! A document as Word's DOCX (ECMA-376, transitional): Word's own styles by their names, heading levels, tables with
//! repeated heads, sources as footnotes, a table of contents, and a running head with the marking.
//!
//! Only what depends on the document is written here; styles and settings are files under `assets/docx`.

pub(crate) mod body;
pub(crate) mod package;
pub(crate) mod xml;

use crate::RenderError;
use crate::document::Document;
use body::Body;
use package::Package;
use xml::Xml;

/// The names of the vocabulary, on the root of every part that uses it; boxes to tick are of Word 2010.
const NAMES: [(&str, &str); 5] = [
    (
        "xmlns:w",
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        "xmlns:r",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    ("xmlns:w14", "http://schemas.microsoft.com/office/word/2010/wordml"),
    (
        "xmlns:mc",
        "http://schemas.openxmlformats.org/markup-compatibility/2006",
    ),
    ("mc:Ignorable", "w14"),
];

const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

const STYLES: &str = include_str!("../assets/docx/styles.xml");
const SETTINGS: &str = include_str!("../assets/docx/settings.xml");

/// What of a document may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Everything.
    None,
    /// Only what its controls hold.
    AllButControls,
}

impl Protection {
    fn settings(self) -> String {
        let after = "<w:zoom w:percent=\"100\"/>\n";
        match self {
            Self::None => SETTINGS.to_owned(),
            Self::AllButControls => SETTINGS.replacen(
                after,
                &format!("{after}<w:documentProtection w:edit=\"forms\" w:enforcement=\"1\"/>\n"),
                1,
            ),
        }
    }
}

/// Prints a document.
///
/// # Errors
/// [`RenderError`] when a part cannot be written.
pub(crate) fn print(document: &Document) -> Result<Vec<u8>, RenderError> {
    let mut body = Body::new(document)?;
    body.write()?;
    pack(document, body, Protection::None)
}

/// Puts the text of a document together with the parts that all documents share.
///
/// # Errors
/// [`RenderError`] when a part cannot be written.
pub(crate) fn pack(document: &Document, body: Body<'_>, protection: Protection) -> Result<Vec<u8>, RenderError> {
    let written = body.finish()?;
    let mut package = Package::default();
    package.add(
        "[Content_Types].xml",
        include_bytes!("../assets/docx/content_types.xml"),
    )?;
    package.add("_rels/.rels", include_bytes!("../assets/docx/rels.xml"))?;
    package.add("docProps/core.xml", &core(document)?)?;
    package.add("docProps/app.xml", include_bytes!("../assets/docx/app.xml"))?;
    package.add("word/document.xml", &written.document)?;
    package.add("word/_rels/document.xml.rels", &relations(true, &written.links)?)?;
    package.add("word/styles.xml", STYLES.as_bytes())?;
    package.add("word/settings.xml", protection.settings().as_bytes())?;
    package.add("word/numbering.xml", &written.numbering)?;
    package.add("word/footnotes.xml", &written.footnotes)?;
    package.add(
        "word/_rels/footnotes.xml.rels",
        &relations(false, &written.footnote_links)?,
    )?;
    package.add("word/header.xml", &header(document)?)?;
    package.add("word/footer.xml", include_bytes!("../assets/docx/footer.xml"))?;
    package.finish()
}

/// What a part refers to: the document the shared parts, and both the addresses of their links.
fn relations(of_document: bool, links: &[String]) -> Result<Vec<u8>, RenderError> {
    let mut xml = Xml::new("Relationships", &[("xmlns", RELATIONS)])?;
    if of_document {
        for kind in ["styles", "settings", "numbering", "footnotes", "header", "footer"] {
            let kind_of = format!("{RELATION}/{kind}");
            let file = format!("{kind}.xml");
            xml.empty("Relationship", &[("Id", kind), ("Type", &kind_of), ("Target", &file)])?;
        }
    }
    let kind = format!("{RELATION}/hyperlink");
    for (index, address) in links.iter().enumerate() {
        let id = body::link_id(index);
        xml.empty(
            "Relationship",
            &[
                ("Id", &id),
                ("Type", &kind),
                ("Target", address),
                ("TargetMode", "External"),
            ],
        )?;
    }
    xml.finish()
}

/// The title and the moment of the document, for the list of files.
fn core(document: &Document) -> Result<Vec<u8>, RenderError> {
    let mut xml = Xml::new(
        "cp:coreProperties",
        &[
            (
                "xmlns:cp",
                "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
            ),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:dcterms", "http://purl.org/dc/terms/"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ],
    )?;
    let title = format!("{}: {}", document.over_title, document.title);
    xml.text("dc:title", &[], &title)?;
    xml.text("dc:creator", &[], &document.author)?;
    xml.text("dc:language", &[], "en-GB")?;
    let made = document.made.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for name in ["dcterms:created", "dcterms:modified"] {
        xml.text(name, &[("xsi:type", "dcterms:W3CDTF")], &made)?;
    }
    xml.finish()
}

/// The running head: what document this is, and to whom it may be passed on.
fn header(document: &Document) -> Result<Vec<u8>, RenderError> {
    let mut xml = Xml::new("w:hdr", &NAMES)?;
    xml.open("w:p", &[])?;
    xml.open("w:pPr", &[])?;
    xml.value("w:pStyle", "Header")?;
    xml.close()?;
    xml.open("w:r", &[])?;
    xml.text(
        "w:t",
        &[("xml:space", "preserve")],
        &format!("{} \u{b7} {}", document.over_title, document.marking),
    )?;
    xml.close()?;
    xml.close()?;
    xml.finish()
}

#[cfg(test)]
mod tests;
