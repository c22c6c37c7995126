//! A sheet that holds one table: frozen heads, a filter on each column, and typed cells.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, Table, TableColumn, TableStyle, Workbook, Worksheet};

use crate::RenderError;
use crate::characters::for_xml;

/// The most characters a cell may hold; Excel repairs a file that has more in one.
const LONGEST: usize = 32_767;
/// The most of a title that stands as the head of a column: Excel repairs a file whose head has more than 255, and a number
/// may come behind it.
const LONGEST_HEAD: usize = 200;
/// What tells that a text goes on elsewhere.
const CUT: &str = " [goes on in the other formats]";

/// The height of a line, in points, and the most that a row may have.
const LINE: f64 = 15.0;
const HIGHEST: f64 = 409.0;

/// A column: its head, and its width in characters.
pub(super) struct Column {
    head: String,
    width: f64,
}

impl Column {
    pub(super) fn new(head: &str, width: f64) -> Self {
        let head = for_xml(head);
        let head = match begin(&head, LONGEST_HEAD) {
            whole if whole == head => head,
            begin => format!("{begin}…"),
        };
        Self { head, width }
    }
}

/// What a cell holds.
pub(super) enum Value {
    Nothing,
    Text(String),
    Number(Decimal),
    Date(NaiveDate),
}

impl Value {
    /// How many lines it takes in a column of this width.
    fn lines(&self, width: f64) -> f64 {
        match self {
            Self::Text(text) => text.split('\n').map(|line| lines(line, width)).sum(),
            _ => 1.0,
        }
    }

    /// The value, a text in so many parts that a row takes each whole: parted between its lines.
    pub(super) fn parted(self, width: f64) -> Vec<Self> {
        let Self::Text(text) = self else {
            return vec![self];
        };
        let (mut parts, mut taken) = (Vec::<String>::new(), 0.0);
        for line in text.split('\n') {
            let height = LINE * lines(line, width);
            match parts.last_mut() {
                Some(part) if taken + height <= HIGHEST => {
                    part.push('\n');
                    part.push_str(line);
                    taken += height;
                }
                _ => {
                    parts.push(line.to_owned());
                    taken = height;
                }
            }
        }
        parts.into_iter().map(Self::Text).collect()
    }
}

/// How many lines one line of a text takes in a column of this width.
fn lines(line: &str, width: f64) -> f64 {
    let length = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
    // Words that are broken to the next line leave something free.
    (f64::from(length) / (width * 0.9)).ceil().max(1.0)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A sheet under way.
pub(super) struct Sheet<'a> {
    worksheet: &'a mut Worksheet,
    heads: Vec<String>,
    widths: Vec<f64>,
    next: u32,
    text: Format,
    date: Format,
    number: Format,
}

impl<'a> Sheet<'a> {
    /// Adds a sheet with these columns.
    pub(super) fn add(workbook: &'a mut Workbook, name: &str, columns: &[Column]) -> Result<Self, RenderError> {
        let worksheet = workbook.add_worksheet();
        worksheet.set_name(name).map_err(RenderError::of)?;
        worksheet.set_freeze_panes(1, 0).map_err(RenderError::of)?;
        worksheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
        worksheet.set_repeat_rows(0, 0).map_err(RenderError::of)?;
        // A table wants heads that differ.
        let mut heads: Vec<String> = Vec::new();
        for (index, column) in (0_u16..).zip(columns) {
            worksheet
                .set_column_width(index, column.width)
                .map_err(RenderError::of)?;
            let again = (2..).map(|number| format!("{} ({number})", column.head));
            let mut candidates = std::iter::once(column.head.clone()).chain(again);
            let is_new = |head: &String| heads.iter().all(|known| known.to_lowercase() != head.to_lowercase());
            heads.extend(candidates.find(is_new));
        }
        let top = || Format::new().set_align(FormatAlign::Top);
        Ok(Self {
            worksheet,
            heads,
            widths: columns.iter().map(|column| column.width).collect(),
            next: 1,
            text: top().set_text_wrap(),
            date: top().set_align(FormatAlign::Left).set_num_format("d mmmm yyyy"),
            number: top(),
        })
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<Value>) -> Result<(), RenderError> {
        // Not every program makes a row as high as its texts by itself.
        let lines = cells.iter().zip(&self.widths).map(|(cell, width)| cell.lines(*width));
        let height = HIGHEST.min(LINE * lines.fold(1.0, f64::max));
        self.worksheet
            .set_row_height(self.next, height)
            .map_err(RenderError::of)?;
        for (column, cell) in (0_u16..).zip(cells) {
            let (row, sheet) = (self.next, &mut *self.worksheet);
            match cell {
                Value::Nothing => sheet.write_blank(row, column, &self.text),
                Value::Text(text) => sheet.write_string_with_format(row, column, fitting(&text), &self.text),
                Value::Number(number) => match number.to_f64() {
                    Some(number) => sheet.write_number_with_format(row, column, number, &self.number),
                    None => sheet.write_string_with_format(row, column, number.to_string(), &self.text),
                },
                Value::Date(date) => match excel_date(date) {
                    Some(date) => sheet.write_datetime_with_format(row, column, &date, &self.date),
                    None => sheet.write_string_with_format(row, column, date.to_string(), &self.text),
                },
            }
            .map_err(RenderError::of)?;
        }
        self.next += 1;
        Ok(())
    }

    /// Makes what was written a table; one without rows has an empty one, as Excel wants it.
    pub(super) fn finish(self) -> Result<(), RenderError> {
        let columns: Vec<TableColumn> = self
            .heads
            .iter()
            .map(|head| TableColumn::new().set_header(head))
            .collect();
        let table = Table::new().set_columns(&columns).set_style(TableStyle::Light9);
        let last = u16::try_from(self.heads.len().saturating_sub(1)).map_err(RenderError::of)?;
        self.worksheet
            .add_table(0, 0, self.next.saturating_sub(1).max(1), last, &table)
            .map_err(RenderError::of)?;
        Ok(())
    }
}

/// A text that a cell can hold.
fn fitting(text: &str) -> String {
    let text = for_xml(text);
    if text.encode_utf16().count() <= LONGEST {
        return text;
    }
    begin(&text, LONGEST - CUT.len()).to_owned() + CUT
}

/// The begin of a text, at most so many UTF-16 units, in which Excel counts.
fn begin(text: &str, most: usize) -> &str {
    let mut length = 0;
    let mut letters = text.char_indices();
    let end = letters.find(|(_, letter)| {
        length += letter.len_utf16();
        length > most
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// Excel knows no day before 1900.
fn excel_date(date: NaiveDate) -> Option<ExcelDateTime> {
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    ExcelDateTime::from_ymd(u16::try_from(date.year()).ok()?, month, day).ok()
}
