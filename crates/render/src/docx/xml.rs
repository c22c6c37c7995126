//! XML, piece by piece.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::RenderError;
use crate::characters::for_xml;

/// Writes one part of a package.
pub(crate) struct Xml {
    writer: Writer<Vec<u8>>,
    open: Vec<&'static str>,
}

impl Xml {
    /// A part that begins with its root.
    pub(crate) fn new(root: &'static str, attributes: &[(&str, &str)]) -> Result<Self, RenderError> {
        let mut this = Self {
            writer: Writer::new(Vec::with_capacity(64 * 1024)),
            open: Vec::new(),
        };
        this.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), Some("yes"))))?;
        this.open(root, attributes)?;
        Ok(this)
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), RenderError> {
        self.writer.write_event(event).map_err(RenderError::of)
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> Result<(), RenderError> {
        self.event(Event::Start(element(name, attributes)))?;
        self.open.push(name);
        Ok(())
    }

    /// Closes the element that was opened last.
    pub(crate) fn close(&mut self) -> Result<(), RenderError> {
        match self.open.pop() {
            Some(name) => self.event(Event::End(BytesEnd::new(name))),
            None => Ok(()),
        }
    }

    /// An element without content.
    pub(crate) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> Result<(), RenderError> {
        self.event(Event::Empty(element(name, attributes)))
    }

    /// An element that holds a value.
    pub(crate) fn value(&mut self, name: &'static str, value: &str) -> Result<(), RenderError> {
        self.empty(name, &[("w:val", value)])
    }

    /// An element with text.
    pub(crate) fn text(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &str)],
        text: &str,
    ) -> Result<(), RenderError> {
        self.open(name, attributes)?;
        self.event(Event::Text(BytesText::new(&for_xml(text))))?;
        self.close()
    }

    /// The part, with everything closed.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, RenderError> {
        while !self.open.is_empty() {
            self.close()?;
        }
        Ok(self.writer.into_inner())
    }
}

fn element<'a>(name: &'static str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, for_xml(value).as_str()));
    }
    start
}
