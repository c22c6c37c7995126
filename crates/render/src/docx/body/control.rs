//! Content controls, each in a bookmark of its name: where a form is filled in.

use ahq_domain::word_form::Tag;

use super::flow::Look;
use super::table::Row;
use super::{Body, Paragraph};
use crate::RenderError;

/// A control.
pub(crate) struct Control<'a> {
    /// By what it is found again.
    pub(crate) tag: Tag,
    /// What it is for, as Word shows it and as assistive technology reads it.
    pub(crate) title: String,
    /// What it takes in.
    pub(crate) takes: Takes<'a>,
}

/// What a control takes in.
pub(crate) enum Takes<'a> {
    /// Nothing: its text stays.
    Nothing(&'a str),
    /// A line of text, or several.
    Text {
        /// Whether a line may be broken.
        lines: bool,
        /// What is shown until it is filled in.
        placeholder: &'a str,
    },
    /// Paragraphs, lists and tables.
    Rich {
        /// What is shown until it is filled in.
        placeholder: &'a str,
    },
    /// One of these.
    Choice {
        /// What there is to choose.
        words: Vec<&'a str>,
        /// What is shown until it is filled in.
        placeholder: &'a str,
    },
    /// A day.
    Date {
        /// What is shown until it is filled in.
        placeholder: &'a str,
    },
    /// A tick.
    Tick,
}

/// A cell of a table that is filled in.
pub(crate) enum FormCell<'a> {
    /// What it is about.
    Text(&'a str),
    /// Where it is filled in.
    Control(Control<'a>),
}

impl Body<'_> {
    /// A table to be filled in.
    pub(crate) fn form_table(
        &mut self,
        caption: &str,
        head: &[&str],
        shares: &[u32],
        rows: &[Vec<FormCell<'_>>],
    ) -> Result<(), RenderError> {
        self.styled("Caption", caption)?;
        let all = shares.iter().sum::<u32>().max(1);
        let columns: Vec<u32> = shares.iter().map(|share| self.text_width() * share / all).collect();
        self.begin_table(&columns, caption)?;
        self.begin_row(Row::Head)?;
        for (head, width) in head.iter().zip(&columns) {
            self.begin_cell(*width)?;
            self.styled("TableHead", head)?;
            self.xml.close()?;
        }
        self.xml.close()?;
        for row in rows {
            self.begin_row(Row::Whole)?;
            for (cell, width) in row.iter().zip(&columns) {
                self.begin_cell(*width)?;
                match cell {
                    FormCell::Text(text) => self.styled("TableText", text)?,
                    FormCell::Control(control) => self.line("TableText", "", control, "")?,
                }
                self.xml.close()?;
            }
            self.xml.close()?;
        }
        self.xml.close()?;
        self.after_table()
    }

    /// A paragraph with a control between two texts.
    pub(crate) fn line(
        &mut self,
        style: &str,
        before: &str,
        control: &Control<'_>,
        after: &str,
    ) -> Result<(), RenderError> {
        self.begin_paragraph(&Paragraph::of(style))?;
        if !before.is_empty() {
            self.run(before, &Look::strong())?;
        }
        self.control(control)?;
        if !after.is_empty() {
            self.run(after, &Look::default())?;
        }
        self.xml.close()
    }

    /// A control that holds paragraphs, in a place for paragraphs.
    pub(crate) fn rich_control(&mut self, control: &Control<'_>, style: &str) -> Result<(), RenderError> {
        self.begin_control(control)?;
        self.begin_paragraph(&Paragraph::of(style))?;
        self.content(control)?;
        self.xml.close()?;
        self.end_control(control)
    }

    /// A control within a paragraph.
    fn control(&mut self, control: &Control<'_>) -> Result<(), RenderError> {
        self.begin_control(control)?;
        self.content(control)?;
        self.end_control(control)
    }

    fn end_control(&mut self, control: &Control<'_>) -> Result<(), RenderError> {
        self.xml.close()?;
        self.xml.close()?;
        if control.tag.bookmark().is_some() {
            let number = self.bookmarks.to_string();
            self.xml.empty("w:bookmarkEnd", &[("w:id", &number)])?;
        }
        Ok(())
    }

    /// What is said of a control, in the order of the schema, up to its content.
    fn begin_control(&mut self, control: &Control<'_>) -> Result<(), RenderError> {
        if let Some(name) = control.tag.bookmark() {
            self.bookmarks += 1;
            let number = self.bookmarks.to_string();
            self.xml
                .empty("w:bookmarkStart", &[("w:id", &number), ("w:name", &name)])?;
        }
        self.controls += 1;
        let id = self.controls.to_string();
        let xml = &mut self.xml;
        xml.open("w:sdt", &[])?;
        xml.open("w:sdtPr", &[])?;
        xml.value("w:alias", &control.title)?;
        xml.value("w:tag", &control.tag.to_string())?;
        xml.value("w:id", &id)?;
        let lock = match control.takes {
            Takes::Nothing(_) => "sdtContentLocked",
            _ => "sdtLocked",
        };
        xml.value("w:lock", lock)?;
        if control.takes.placeholder().is_some() {
            xml.empty("w:showingPlcHdr", &[])?;
        }
        match &control.takes {
            Takes::Nothing(_) | Takes::Text { lines: false, .. } => xml.empty("w:text", &[])?,
            Takes::Text { lines: true, .. } => xml.empty("w:text", &[("w:multiLine", "1")])?,
            Takes::Rich { .. } => {}
            Takes::Choice { words, .. } => {
                xml.open("w:dropDownList", &[])?;
                for word in words {
                    xml.empty("w:listItem", &[("w:displayText", word), ("w:value", word)])?;
                }
                xml.close()?;
            }
            Takes::Date { .. } => {
                xml.open("w:date", &[])?;
                xml.value("w:dateFormat", "yyyy-MM-dd")?;
                xml.value("w:lid", "en-GB")?;
                xml.value("w:storeMappedDataAs", "dateTime")?;
                xml.value("w:calendar", "gregorian")?;
                xml.close()?;
            }
            Takes::Tick => {
                xml.open("w14:checkbox", &[])?;
                xml.empty("w14:checked", &[("w14:val", "0")])?;
                xml.empty("w14:checkedState", &[("w14:val", "2612"), ("w14:font", "MS Gothic")])?;
                xml.empty("w14:uncheckedState", &[("w14:val", "2610"), ("w14:font", "MS Gothic")])?;
                xml.close()?;
            }
        }
        xml.close()?;
        xml.open("w:sdtContent", &[])
    }

    fn content(&mut self, control: &Control<'_>) -> Result<(), RenderError> {
        match (&control.takes, control.takes.placeholder()) {
            (Takes::Nothing(text), _) => self.run(text, &Look::default()),
            (Takes::Tick, _) => self.run("\u{2610}", &Look::default()),
            (_, placeholder) => self.run(placeholder.unwrap_or_default(), &Look::placeholder()),
        }
    }
}

impl Takes<'_> {
    fn placeholder(&self) -> Option<&str> {
        match self {
            Self::Nothing(_) | Self::Tick => None,
            Self::Text { placeholder, .. }
            | Self::Rich { placeholder }
            | Self::Choice { placeholder, .. }
            | Self::Date { placeholder } => Some(placeholder),
        }
    }
}
