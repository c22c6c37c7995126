//! Tables: heads that repeat on each page, the first cell of a row as its head, widths by what the columns hold.

use ahq_domain::markdown::{Alignment, Inline};

use super::flow::Look;
use super::{Body, Paragraph};
use crate::RenderError;
use crate::document::{Cell, Table, counted};

/// What a cell keeps free on its sides, in twentieths of a point.
const MARGINS: u32 = 2 * 108;

/// What the end of a page does to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// It stands again on the next page.
    Head,
    /// It goes to the next page as a whole.
    Whole,
    /// It may go on there.
    Parted,
}

impl Body<'_> {
    /// A table with its caption above it.
    pub(super) fn table(&mut self, table: &Table) -> Result<(), RenderError> {
        self.styled("Caption", &table.caption)?;
        let (whole, all) = (self.text_width() as usize, table.shares.iter().sum::<usize>().max(1));
        let width = |share: &usize| u32::try_from(whole * share / all).unwrap_or_default();
        let columns: Vec<u32> = table.shares.iter().map(width).collect();
        self.begin_table(&columns, &table.caption)?;
        self.begin_row(Row::Head)?;
        for (head, width) in table.head.iter().zip(&columns) {
            self.begin_cell(*width)?;
            self.styled("TableHead", head)?;
            self.xml.close()?;
        }
        self.xml.close()?;
        for (row, whole) in table.rows.iter().zip(&table.whole) {
            self.begin_row(if *whole { Row::Whole } else { Row::Parted })?;
            for (cell, width) in row.iter().zip(&columns) {
                self.begin_cell(*width)?;
                self.cell(cell, *width)?;
                self.xml.close()?;
            }
            self.xml.close()?;
        }
        self.xml.close()?;
        self.after_table()
    }

    /// A table that the author of a text wrote.
    pub(super) fn text_table(
        &mut self,
        head: &[Vec<Inline>],
        rows: &[Vec<Vec<Inline>>],
        alignments: &[Alignment],
    ) -> Result<(), RenderError> {
        let count = u32::try_from(head.len().max(1)).unwrap_or(u32::MAX);
        let columns = vec![self.text_width() / count; head.len()];
        self.begin_table(&columns, "")?;
        for (index, row) in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).enumerate() {
            self.begin_row(if index == 0 { Row::Head } else { Row::Parted })?;
            for (position, cell) in row.iter().enumerate() {
                self.begin_cell(columns.get(position).copied().unwrap_or_default())?;
                let align = match alignments.get(position) {
                    Some(Alignment::Center) => Some("center"),
                    Some(Alignment::Right) => Some("right"),
                    _ => None,
                };
                let style = if index == 0 { "TableHead" } else { "TableText" };
                self.begin_paragraph(&Paragraph {
                    align,
                    ..Paragraph::of(style)
                })?;
                self.inlines(cell, Look::default())?;
                self.xml.close()?;
                self.xml.close()?;
            }
            self.xml.close()?;
        }
        self.xml.close()?;
        self.after_table()
    }

    fn cell(&mut self, cell: &Cell, width: u32) -> Result<(), RenderError> {
        match cell {
            Cell::Text(text) => self.styled("TableText", text),
            Cell::Number(number) => self.number(number),
            Cell::Count { of_these, all } => self.number(&counted(*of_these, *all)),
            // Word wants a paragraph at the end of each cell; a table writes one after itself.
            Cell::Blocks(blocks) if blocks.is_empty() => self.styled("TableText", ""),
            Cell::Blocks(blocks) => {
                let outside = self.cell.replace(width.saturating_sub(MARGINS));
                self.blocks(blocks, 0)?;
                self.cell = outside;
                Ok(())
            }
        }
    }

    fn number(&mut self, number: &str) -> Result<(), RenderError> {
        self.begin_paragraph(&Paragraph {
            align: Some("right"),
            ..Paragraph::of("TableText")
        })?;
        self.run(number, &Look::default())?;
        self.xml.close()
    }

    pub(super) fn begin_table(&mut self, columns: &[u32], caption: &str) -> Result<(), RenderError> {
        let xml = &mut self.xml;
        xml.open("w:tbl", &[])?;
        xml.open("w:tblPr", &[])?;
        xml.value("w:tblStyle", "AhqTable")?;
        xml.empty("w:tblW", &[("w:w", "5000"), ("w:type", "pct")])?;
        xml.empty(
            "w:tblLook",
            &[
                ("w:val", "06A0"),
                ("w:firstRow", "1"),
                ("w:lastRow", "0"),
                ("w:firstColumn", "1"),
                ("w:lastColumn", "0"),
                ("w:noHBand", "1"),
                ("w:noVBand", "1"),
            ],
        )?;
        if !caption.is_empty() {
            xml.value("w:tblCaption", caption)?;
        }
        xml.close()?;
        xml.open("w:tblGrid", &[])?;
        for width in columns {
            xml.empty("w:gridCol", &[("w:w", &width.to_string())])?;
        }
        xml.close()
    }

    pub(super) fn begin_row(&mut self, row: Row) -> Result<(), RenderError> {
        self.xml.open("w:tr", &[])?;
        if row != Row::Parted {
            self.xml.open("w:trPr", &[])?;
            self.xml.empty("w:cantSplit", &[])?;
            if row == Row::Head {
                self.xml.empty("w:tblHeader", &[])?;
            }
            self.xml.close()?;
        }
        Ok(())
    }

    pub(super) fn begin_cell(&mut self, width: u32) -> Result<(), RenderError> {
        self.xml.open("w:tc", &[])?;
        self.xml.open("w:tcPr", &[])?;
        self.xml
            .empty("w:tcW", &[("w:w", &width.to_string()), ("w:type", "dxa")])?;
        self.xml.close()
    }

    /// Two tables in a row would be one, and a cell does not end with one.
    pub(super) fn after_table(&mut self) -> Result<(), RenderError> {
        self.styled("AfterTable", "")
    }
}
