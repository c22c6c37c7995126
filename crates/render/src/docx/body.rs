//! The text of a document, with its footnotes and the numbering of its lists, in the order that the schema wants.

pub(crate) mod control;
mod flow;
mod table;

use crate::RenderError;
use crate::document::{Block, Document, Orientation};

use super::NAMES;
use super::xml::Xml;

/// The list of bullets; numbered lists come after it, each with a number of its own, so that each begins anew.
const BULLETS: usize = 1;
/// The deepest level of a list that Word knows.
const DEEPEST_LEVEL: usize = 8;

/// What was written.
pub(super) struct Written {
    pub(super) document: Vec<u8>,
    pub(super) footnotes: Vec<u8>,
    pub(super) numbering: Vec<u8>,
    /// The addresses the document links to.
    pub(super) links: Vec<String>,
    /// The addresses the footnotes link to.
    pub(super) footnote_links: Vec<String>,
}

/// The id of a link's relation.
pub(super) fn link_id(index: usize) -> String {
    format!("link{}", index + 1)
}

/// Writes the text.
pub(crate) struct Body<'a> {
    source: &'a Document,
    xml: Xml,
    footnotes: Xml,
    links: Vec<String>,
    footnote_links: Vec<String>,
    /// How many footnotes there are.
    notes: usize,
    /// Of each numbered list its level and first number.
    numbered: Vec<(usize, u64)>,
    bookmarks: usize,
    /// Whether what is written leads to a table or to figures, and stays on their page.
    leading: bool,
    controls: usize,
    orientation: Orientation,
    /// Within a cell, how wide that is.
    cell: Option<u32>,
}

impl<'a> Body<'a> {
    pub(crate) fn new(source: &'a Document) -> Result<Self, RenderError> {
        let mut footnotes = Xml::new("w:footnotes", &NAMES)?;
        for (id, kind, mark) in [
            ("-1", "separator", "w:separator"),
            ("0", "continuationSeparator", "w:continuationSeparator"),
        ] {
            footnotes.open("w:footnote", &[("w:type", kind), ("w:id", id)])?;
            footnotes.open("w:p", &[])?;
            footnotes.open("w:r", &[])?;
            footnotes.empty(mark, &[])?;
            for _ in 0..3 {
                footnotes.close()?;
            }
        }
        let mut xml = Xml::new("w:document", &NAMES)?;
        xml.open("w:body", &[])?;
        Ok(Self {
            source,
            xml,
            footnotes,
            links: Vec::new(),
            footnote_links: Vec::new(),
            notes: 0,
            numbered: Vec::new(),
            bookmarks: 0,
            leading: false,
            controls: 0,
            orientation: Orientation::Portrait,
            cell: None,
        })
    }

    /// The title, what stands before the first heading, the contents, and the rest.
    pub(super) fn write(&mut self) -> Result<(), RenderError> {
        let source = self.source;
        self.title()?;
        let first = source
            .blocks
            .iter()
            .position(|block| matches!(block, Block::Heading { .. }));
        let (front, rest) = source.blocks.split_at(first.unwrap_or(source.blocks.len()));
        self.blocks(front, 0)?;
        self.contents()?;
        self.blocks(rest, 0)?;
        self.section()
    }

    /// Marking and title.
    pub(crate) fn title(&mut self) -> Result<(), RenderError> {
        let source = self.source;
        self.styled("Marking", &source.marking)?;
        self.styled("Subtitle", &source.over_title)?;
        self.styled("Title", &source.title)
    }

    pub(super) fn finish(self) -> Result<Written, RenderError> {
        Ok(Written {
            document: self.xml.finish()?,
            footnotes: self.footnotes.finish()?,
            numbering: numbering(&self.numbered)?,
            links: self.links,
            footnote_links: self.footnote_links,
        })
    }

    /// The contents, as a field that Word and LibreOffice fill with pages when they are asked to; until then its
    /// entries lead to the headings.
    fn contents(&mut self) -> Result<(), RenderError> {
        let headings: Vec<(u8, &str, &str)> = self
            .source
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Heading { level, id, text } if *level <= 3 => Some((*level - 1, id.as_str(), text.as_str())),
                _ => None,
            })
            .collect();
        if headings.is_empty() {
            return Ok(());
        }
        let xml = &mut self.xml;
        xml.open("w:sdt", &[])?;
        xml.open("w:sdtPr", &[])?;
        xml.open("w:docPartObj", &[])?;
        xml.value("w:docPartGallery", "Table of Contents")?;
        xml.empty("w:docPartUnique", &[])?;
        xml.close()?;
        xml.close()?;
        xml.open("w:sdtContent", &[])?;
        self.styled("TOCHeading", "Contents")?;
        for (index, (level, id, text)) in headings.iter().enumerate() {
            self.begin_paragraph(&Paragraph::of(&format!("TOC{level}")))?;
            if index == 0 {
                self.field_mark("begin")?;
                self.xml.open("w:r", &[])?;
                // The document's own headings alone: without \u no others of a level are listed.
                self.xml
                    .text("w:instrText", &[("xml:space", "preserve")], " TOC \\o \"1-2\" \\h \\z ")?;
                self.xml.close()?;
                self.field_mark("separate")?;
            }
            self.xml
                .open("w:hyperlink", &[("w:anchor", &bookmark(id)), ("w:history", "1")])?;
            self.run(text, &flow::Look::default())?;
            self.xml.close()?;
            if index + 1 == headings.len() {
                self.field_mark("end")?;
            }
            self.xml.close()?;
        }
        self.xml.close()?;
        self.xml.close()
    }

    fn field_mark(&mut self, kind: &str) -> Result<(), RenderError> {
        self.xml.open("w:r", &[])?;
        self.xml.empty("w:fldChar", &[("w:fldCharType", kind)])?;
        self.xml.close()
    }

    /// Pages lie otherwise from here on.
    fn turn(&mut self, orientation: Orientation) -> Result<(), RenderError> {
        if orientation == self.orientation {
            return Ok(());
        }
        self.xml.open("w:p", &[])?;
        self.xml.open("w:pPr", &[])?;
        self.section()?;
        self.xml.close()?;
        self.xml.close()?;
        self.orientation = orientation;
        Ok(())
    }

    /// The pages of the section that ends here: A4 with margins of two centimetres.
    pub(crate) fn section(&mut self) -> Result<(), RenderError> {
        let xml = &mut self.xml;
        xml.open("w:sectPr", &[])?;
        xml.empty("w:headerReference", &[("w:type", "default"), ("r:id", "header")])?;
        xml.empty("w:footerReference", &[("w:type", "default"), ("r:id", "footer")])?;
        match self.orientation {
            Orientation::Portrait => xml.empty("w:pgSz", &[("w:w", "11906"), ("w:h", "16838")])?,
            Orientation::Landscape => xml.empty(
                "w:pgSz",
                &[("w:w", "16838"), ("w:h", "11906"), ("w:orient", "landscape")],
            )?,
        }
        xml.empty(
            "w:pgMar",
            &[
                ("w:top", "1304"),
                ("w:right", "1134"),
                ("w:bottom", "1134"),
                ("w:left", "1134"),
                ("w:header", "567"),
                ("w:footer", "567"),
                ("w:gutter", "0"),
            ],
        )?;
        xml.close()
    }

    /// The width between the margins, in twentieths of a point.
    fn text_width(&self) -> u32 {
        match (self.cell, self.orientation) {
            (Some(width), _) => width,
            (None, Orientation::Portrait) => 11_906 - 2 * 1_134,
            (None, Orientation::Landscape) => 16_838 - 2 * 1_134,
        }
    }
}

/// How a paragraph stands.
#[derive(Debug, Clone, Default)]
struct Paragraph {
    /// Its style by its id; none for the normal one.
    style: Option<String>,
    /// The list and level it is an item of.
    item: Option<(usize, usize)>,
    /// How deep it stands within lists and quotations.
    depth: usize,
    /// Centred or to the right.
    align: Option<&'static str>,
}

impl Paragraph {
    fn of(style: &str) -> Self {
        Self {
            style: Some(style.to_owned()),
            ..Self::default()
        }
    }
}

/// A place in the document by the id of its heading.
fn bookmark(id: &str) -> String {
    let plain: String = id
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' })
        .collect();
    format!("h_{plain}")
}

/// The bullets, and each numbered list.
fn numbering(numbered: &[(usize, u64)]) -> Result<Vec<u8>, RenderError> {
    let mut xml = Xml::new("w:numbering", &NAMES)?;
    for (id, ordered) in [("0", false), ("1", true)] {
        xml.open("w:abstractNum", &[("w:abstractNumId", id)])?;
        xml.value("w:multiLevelType", "hybridMultilevel")?;
        for level in 0..=DEEPEST_LEVEL {
            xml.open("w:lvl", &[("w:ilvl", &level.to_string())])?;
            xml.value("w:start", "1")?;
            if ordered {
                xml.value("w:numFmt", ["decimal", "lowerLetter", "lowerRoman"][level % 3])?;
                xml.value("w:lvlText", &format!("%{}.", level + 1))?;
            } else {
                xml.value("w:numFmt", "bullet")?;
                xml.value("w:lvlText", ["\u{2022}", "\u{2013}", "\u{25aa}"][level % 3])?;
            }
            xml.value("w:lvlJc", "left")?;
            xml.open("w:pPr", &[])?;
            let left = (360 * (level + 1)).to_string();
            xml.empty("w:ind", &[("w:left", &left), ("w:hanging", "360")])?;
            xml.close()?;
            xml.close()?;
        }
        xml.close()?;
    }
    xml.open("w:num", &[("w:numId", &BULLETS.to_string())])?;
    xml.value("w:abstractNumId", "0")?;
    xml.close()?;
    for (index, (level, start)) in numbered.iter().enumerate() {
        xml.open("w:num", &[("w:numId", &(BULLETS + 1 + index).to_string())])?;
        xml.value("w:abstractNumId", "1")?;
        xml.open("w:lvlOverride", &[("w:ilvl", &level.to_string())])?;
        // Word counts up to 32,767.
        xml.value("w:startOverride", &(*start).min(32_767).to_string())?;
        xml.close()?;
        xml.close()?;
    }
    xml.finish()
}
