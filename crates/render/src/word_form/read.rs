//! A form that came back, read as Word, LibreOffice or whatever else saved it left it.

mod flow;
pub(crate) mod harm;
pub(crate) mod package;
pub(crate) mod xml;

use ahq_domain::markdown::{plain_text, write};
use ahq_domain::word_form::{Control, Filled, Tag};
use chrono::NaiveDate;

use super::placeholder;
use flow::Flow;
use package::Package;
use xml::Element;

/// How many controls may stand in each other: what stands in the innermost is read with each of them.
const MOST_AROUND: usize = 8;

/// How large a form may be: 5 MiB.
pub const MOST_BYTES: usize = 5 << 20;

/// Why a document is not read as a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct NotRead {
    /// `not_a_document`, `encrypted`, `macros`, `active_content`, `external_content` or `too_large`.
    pub code: &'static str,
    /// What is wrong and what would be right, for people.
    pub detail: &'static str,
}

impl NotRead {
    fn new(code: &'static str, detail: &'static str) -> Self {
        Self { code, detail }
    }

    fn active() -> Self {
        Self::new(
            "active_content",
            "the document holds embedded objects or active content: remove them, and paste their content as text or as \
             a table",
        )
    }

    fn external() -> Self {
        Self::new(
            "external_content",
            "the document draws on content from elsewhere (a template, a picture, a linked object): remove it, or \
             paste your answers into a form downloaded afresh",
        )
    }

    fn too_large() -> Self {
        Self::new(
            "too_large",
            "the document holds more, or is nested deeper, than any form: download the form again and fill that in",
        )
    }

    fn broken() -> Self {
        Self::new(
            "not_a_document",
            "this is no Word document that can be read: save the form as .docx (Word document) and upload that",
        )
    }
}

/// Reads the controls of a form.
///
/// # Errors
/// [`NotRead`] when it is no document, or holds what no form needs: macros, active or embedded content, content from
/// elsewhere, more than any form has.
pub fn read(bytes: &[u8]) -> Result<Filled, NotRead> {
    let parts = Package::open(bytes)?.parts()?;
    let flow = Flow::of(&parts);
    let mut controls = Controls {
        flow: &flow,
        found: Vec::new(),
        next: None,
    };
    controls.collect(&parts.document, 0)?;
    Ok(Filled {
        controls: controls.found,
    })
}

/// The controls on the way through a document.
struct Controls<'a, 'b> {
    flow: &'a Flow<'b>,
    found: Vec<(Tag, Control)>,
    /// What the bookmark before says that the next control is.
    next: Option<Tag>,
}

impl Controls<'_, '_> {
    /// Every control that is one of ours by its tag or its bookmark, those inside others too. LibreOffice puts the begin of
    /// a bookmark around a control into it.
    fn collect(&mut self, element: &Element, around: usize) -> Result<(), NotRead> {
        // What a tracked change took away is gone.
        if flow::is_deleted(element) {
            return Ok(());
        }
        let is_control = element.name == "w:sdt";
        let around = around + usize::from(is_control);
        if around > MOST_AROUND {
            return Err(NotRead::too_large());
        }
        if element.name == "w:bookmarkStart" {
            let named = flow::bookmarked(element);
            self.next = named.or_else(|| self.next.take());
        }
        if is_control && let Some(properties) = element.child("w:sdtPr") {
            let tag = properties.child("w:tag").and_then(|tag| tag.attribute("w:val"));
            let tag = tag.and_then(|tag| tag.parse().ok());
            let control = control(element, properties, self.flow);
            if self.flow.is_too_large() {
                return Err(NotRead::too_large());
            }
            let by_text = || control.text.trim().parse().ok();
            let by_bookmark = || flow::bookmarked(element).or_else(|| self.next.take());
            if let Some(tag) = tag.or_else(by_bookmark).or_else(by_text) {
                self.found.push((tag, control));
            }
        }
        for child in element.elements() {
            self.collect(child, around)?;
        }
        if is_control {
            self.next = None;
        }
        Ok(())
    }
}

fn control(element: &Element, properties: &Element, flow: &Flow<'_>) -> Control {
    let Some(content) = element.child("w:sdtContent") else {
        return Control::default();
    };
    let checked = properties
        .child("w14:checkbox")
        .and_then(|checkbox| checkbox.child("w14:checked"))
        .is_some_and(|checked| xml::is_on(checked, "w14:val"));
    let read = flow.read(content);
    let text = plain_text(&read.blocks);
    let shows_placeholder = placeholder::ALL.contains(&text.trim())
        || (properties.child("w:showingPlcHdr").is_some() && flow.is_placeholder(content));
    if shows_placeholder {
        return Control {
            checked,
            ..Control::default()
        };
    }
    let date = properties
        .child("w:date")
        .and_then(|date| date.attribute("w:fullDate"))
        .and_then(|date| date.get(..10))
        .and_then(|date| NaiveDate::parse_from_str(date, "%Y-%m-%d").ok());
    Control {
        text: read.lines.join("\n"),
        markdown: write(&read.blocks),
        rows: read.rows,
        checked,
        date,
        lost: read.lost,
    }
}
