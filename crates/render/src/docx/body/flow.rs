//! Paragraphs, runs, lists and footnotes.

use ahq_domain::markdown::{self, Inline};

use super::{BULLETS, Body, DEEPEST_LEVEL, Paragraph, bookmark, link_id};
use crate::RenderError;
use crate::document::{Block, Reference, Text};

/// How a run looks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    /// Its style, by its id.
    style: Option<&'static str>,
    strong: bool,
    emphasis: bool,
    code: bool,
}

impl Look {
    pub(super) fn placeholder() -> Self {
        Self {
            style: Some("PlaceholderText"),
            ..Self::default()
        }
    }

    pub(super) fn strong() -> Self {
        Self {
            strong: true,
            ..Self::default()
        }
    }
}

impl Body<'_> {
    /// A paragraph of a style.
    pub(crate) fn styled(&mut self, style: &str, text: &str) -> Result<(), RenderError> {
        self.begin_paragraph(&Paragraph::of(style))?;
        self.run(text, &Look::default())?;
        self.xml.close()
    }

    /// Blocks, one after the other; `depth` is how deep they stand. Sources become footnotes of a line of their own.
    pub(crate) fn blocks(&mut self, blocks: &[Block], depth: usize) -> Result<(), RenderError> {
        let mut rest = blocks;
        while let Some((block, after)) = rest.split_first() {
            rest = after;
            let leads = matches!(block, Block::Paragraph(_) | Block::Text(_) | Block::Facts(_));
            let outside = self.leading;
            self.leading = leads && matches!(after.first(), Some(Block::Table(_) | Block::Facts(_)));
            match block {
                Block::Heading { level, id, text } => self.heading(*level, id, text)?,
                Block::Paragraph(text) => self.plain(
                    text,
                    Paragraph {
                        depth,
                        ..Paragraph::default()
                    },
                )?,
                Block::Label(text) => self.styled("Label", text)?,
                Block::Remark(text) => self.plain(
                    text,
                    Paragraph {
                        depth,
                        ..Paragraph::of("Remark")
                    },
                )?,
                Block::Notice(text) => self.plain(
                    text,
                    Paragraph {
                        depth,
                        ..Paragraph::of("Notice")
                    },
                )?,
                Block::Text(text) => self.texts(text, depth)?,
                Block::List(items) => {
                    for item in items {
                        let place = Paragraph {
                            item: Some((BULLETS, depth.min(DEEPEST_LEVEL))),
                            ..Paragraph::of("ListParagraph")
                        };
                        self.plain(item, place)?;
                    }
                }
                Block::Facts(facts) => {
                    for (term, fact) in facts {
                        self.begin_paragraph(&Paragraph::of("Fact"))?;
                        self.run(term, &Look::strong())?;
                        self.xml.open("w:r", &[])?;
                        self.xml.empty("w:tab", &[])?;
                        self.xml.close()?;
                        self.run(fact, &Look::default())?;
                        self.xml.close()?;
                    }
                }
                Block::Source(first) => {
                    let more = after.iter().map_while(|block| match block {
                        Block::Source(reference) => Some(reference),
                        _ => None,
                    });
                    let all: Vec<&Reference> = std::iter::once(first).chain(more).collect();
                    rest = after.get(all.len() - 1..).unwrap_or_default();
                    self.sources(&all, depth)?;
                }
                Block::Attachment(file) => self.attachment(file, depth)?,
                Block::Pages(orientation) => self.turn(*orientation)?,
                Block::Table(table) => self.table(table)?,
            }
            self.leading = outside;
        }
        Ok(())
    }

    fn plain(&mut self, text: &str, place: Paragraph) -> Result<(), RenderError> {
        self.begin_paragraph(&place)?;
        self.run(text, &Look::default())?;
        self.xml.close()
    }

    /// A heading of the document; its title is level 1, and Word's first level is what follows it.
    fn heading(&mut self, level: u8, id: &str, text: &str) -> Result<(), RenderError> {
        self.begin_paragraph(&Paragraph::of(&format!("Heading{}", level.saturating_sub(1).max(1))))?;
        self.bookmarks += 1;
        let number = self.bookmarks.to_string();
        self.xml
            .empty("w:bookmarkStart", &[("w:id", &number), ("w:name", &bookmark(id))])?;
        self.run(text, &Look::default())?;
        self.xml.empty("w:bookmarkEnd", &[("w:id", &number)])?;
        self.xml.close()
    }

    /// A text that its author wrote in Markdown.
    fn texts(&mut self, text: &Text, depth: usize) -> Result<(), RenderError> {
        self.texts_in(&text.blocks, text.under, depth, None)
    }

    /// The same; `item` is the list whose item begins with the first paragraph.
    fn texts_in(
        &mut self,
        blocks: &[markdown::Block],
        under: u8,
        depth: usize,
        mut item: Option<(usize, usize)>,
    ) -> Result<(), RenderError> {
        // An item that begins with something else, or is empty, still has its mark.
        if item.is_some() && !matches!(blocks.first(), Some(markdown::Block::Paragraph(_))) {
            self.begin_paragraph(&Paragraph {
                item: item.take(),
                ..Paragraph::of("ListParagraph")
            })?;
            self.xml.close()?;
        }
        for block in blocks {
            match block {
                markdown::Block::Paragraph(content) => {
                    let place = match item.take() {
                        Some(item) => Paragraph {
                            item: Some(item),
                            ..Paragraph::of("ListParagraph")
                        },
                        None => Paragraph {
                            depth,
                            ..Paragraph::default()
                        },
                    };
                    self.begin_paragraph(&place)?;
                    self.inlines(content, Look::default())?;
                    self.xml.close()?;
                }
                markdown::Block::Heading { level, content } => {
                    // Headings of the same levels that the contents do not list.
                    let style = format!("TextHeading{}", (under.saturating_sub(1) + level).clamp(1, 9));
                    self.begin_paragraph(&Paragraph {
                        depth,
                        ..Paragraph::of(&style)
                    })?;
                    self.inlines(content, Look::default())?;
                    self.xml.close()?;
                }
                markdown::Block::List { start, items } => {
                    let level = depth.min(DEEPEST_LEVEL);
                    let number = match start {
                        None => BULLETS,
                        Some(start) => {
                            self.numbered.push((level, *start));
                            BULLETS + self.numbered.len()
                        }
                    };
                    for blocks in items {
                        self.texts_in(blocks, under, depth + 1, Some((number, level)))?;
                    }
                }
                markdown::Block::Table { head, rows, alignments } => self.text_table(head, rows, alignments)?,
                markdown::Block::Quote(blocks) => self.texts_in(blocks, under, depth + 1, None)?,
                markdown::Block::Code(code) => {
                    self.begin_paragraph(&Paragraph {
                        depth,
                        ..Paragraph::of("HTMLPreformatted")
                    })?;
                    for (index, line) in code.split('\n').enumerate() {
                        if index > 0 {
                            self.line_break()?;
                        }
                        self.run(line, &Look::default())?;
                    }
                    self.xml.close()?;
                }
                markdown::Block::Rule => {
                    self.begin_paragraph(&Paragraph::of("Rule"))?;
                    self.xml.close()?;
                }
            }
        }
        Ok(())
    }

    /// Opens a paragraph with what is said of it, in the order of the schema.
    pub(super) fn begin_paragraph(&mut self, place: &Paragraph) -> Result<(), RenderError> {
        let xml = &mut self.xml;
        xml.open("w:p", &[])?;
        let nothing = place.style.is_none() && place.item.is_none() && place.depth == 0 && place.align.is_none();
        if nothing && !self.leading {
            return Ok(());
        }
        xml.open("w:pPr", &[])?;
        if let Some(style) = &place.style {
            xml.value("w:pStyle", style)?;
        }
        if self.leading {
            xml.empty("w:keepNext", &[])?;
        }
        if let Some((list, level)) = place.item {
            xml.open("w:numPr", &[])?;
            xml.value("w:ilvl", &level.to_string())?;
            xml.value("w:numId", &list.to_string())?;
            xml.close()?;
        }
        if place.item.is_none() && place.depth > 0 {
            xml.empty("w:ind", &[("w:left", &(360 * place.depth.min(12)).to_string())])?;
        }
        if let Some(align) = place.align {
            xml.value("w:jc", align)?;
        }
        xml.close()
    }

    pub(super) fn inlines(&mut self, inlines: &[Inline], look: Look) -> Result<(), RenderError> {
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.run(text, &look)?,
                Inline::Emphasis(content) => self.inlines(content, Look { emphasis: true, ..look })?,
                Inline::Strong(content) => self.inlines(content, Look { strong: true, ..look })?,
                Inline::Code(code) => self.run(code, &Look { code: true, ..look })?,
                Inline::Link { href, content } => {
                    self.links.push(href.clone());
                    let id = link_id(self.links.len() - 1);
                    self.xml.open("w:hyperlink", &[("r:id", &id), ("w:history", "1")])?;
                    let style = Some("Hyperlink");
                    self.inlines(content, Look { style, ..look })?;
                    self.xml.close()?;
                }
                Inline::LineBreak => self.line_break()?,
            }
        }
        Ok(())
    }

    /// A run of text; line feeds in it break the line.
    pub(super) fn run(&mut self, text: &str, look: &Look) -> Result<(), RenderError> {
        let xml = &mut self.xml;
        xml.open("w:r", &[])?;
        look_of(xml, look)?;
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                xml.empty("w:br", &[])?;
            }
            xml.text("w:t", &[("xml:space", "preserve")], line)?;
        }
        xml.close()
    }

    fn line_break(&mut self) -> Result<(), RenderError> {
        self.xml.open("w:r", &[])?;
        self.xml.empty("w:br", &[])?;
        self.xml.close()
    }

    /// One line with the name of a file, which leads to its download.
    fn attachment(&mut self, file: &Reference, depth: usize) -> Result<(), RenderError> {
        self.begin_paragraph(&Paragraph {
            depth,
            ..Paragraph::of("Remark")
        })?;
        self.run("Attachment: ", &Look::default())?;
        let title = Inline::Text(file.title.clone());
        match &file.address {
            Some(href) => {
                let (href, content) = (href.clone(), vec![title]);
                self.inlines(&[Inline::Link { href, content }], Look::default())?;
            }
            None => self.inlines(&[title], Look::default())?,
        }
        self.xml.close()
    }

    /// One line that says that there are sources, with a footnote for each.
    fn sources(&mut self, all: &[&Reference], depth: usize) -> Result<(), RenderError> {
        self.begin_paragraph(&Paragraph {
            depth,
            ..Paragraph::of("Remark")
        })?;
        self.run(if all.len() == 1 { "Source" } else { "Sources" }, &Look::default())?;
        for (index, reference) in all.iter().enumerate() {
            if index > 0 {
                self.run(" ", &Look::default())?;
            }
            self.notes += 1;
            let id = self.notes.to_string();
            self.xml.open("w:r", &[])?;
            self.xml.open("w:rPr", &[])?;
            self.xml.value("w:rStyle", "FootnoteReference")?;
            self.xml.close()?;
            self.xml.empty("w:footnoteReference", &[("w:id", &id)])?;
            self.xml.close()?;
            self.footnote(&id, reference)?;
        }
        self.xml.close()
    }

    fn footnote(&mut self, id: &str, reference: &Reference) -> Result<(), RenderError> {
        let xml = &mut self.footnotes;
        xml.open("w:footnote", &[("w:id", id)])?;
        xml.open("w:p", &[])?;
        xml.open("w:pPr", &[])?;
        xml.value("w:pStyle", "FootnoteText")?;
        xml.close()?;
        xml.open("w:r", &[])?;
        xml.open("w:rPr", &[])?;
        xml.value("w:rStyle", "FootnoteReference")?;
        xml.close()?;
        xml.empty("w:footnoteRef", &[])?;
        xml.close()?;
        let preserve = [("xml:space", "preserve")];
        xml.open("w:r", &[])?;
        xml.text("w:t", &preserve, " ")?;
        xml.close()?;
        if let Some(address) = &reference.address {
            self.footnote_links.push(address.clone());
            let link = link_id(self.footnote_links.len() - 1);
            xml.open("w:hyperlink", &[("r:id", &link), ("w:history", "1")])?;
        }
        xml.open("w:r", &[])?;
        if reference.address.is_some() {
            xml.open("w:rPr", &[])?;
            xml.value("w:rStyle", "Hyperlink")?;
            xml.close()?;
        }
        xml.text("w:t", &preserve, &reference.title)?;
        xml.close()?;
        if reference.address.is_some() {
            xml.close()?;
        }
        xml.close()?;
        xml.close()
    }
}

/// What is said of a run, in the order of the schema.
fn look_of(xml: &mut crate::docx::xml::Xml, look: &Look) -> Result<(), RenderError> {
    if look.style.is_none() && !look.strong && !look.emphasis && !look.code {
        return Ok(());
    }
    xml.open("w:rPr", &[])?;
    match look.style {
        Some(style) => xml.value("w:rStyle", style)?,
        None if look.code => xml.value("w:rStyle", "HTMLCode")?,
        None => {}
    }
    for (given, name) in [(look.strong, "w:b"), (look.emphasis, "w:i")] {
        if given {
            xml.empty(name, &[])?;
        }
    }
    xml.close()
}
