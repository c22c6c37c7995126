//! A view as a workbook: an overview, one row for each country and question, a sheet for each question that asks for a
//! table, the comparison, and what changed. Numbers are numbers and dates are dates; no text becomes a formula.

mod sheet;

use ahq_domain::answer::{Content, NumberValue};
use ahq_domain::clock::brussels_date;
use ahq_domain::comparison::{Count, Figure, FigureBody, OfficeTable};
use ahq_domain::compilation::{AskedQuestion, View};
use ahq_domain::office::OfficeCode;
use ahq_domain::question::{ColumnType, Kind};
use rust_decimal::Decimal;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use crate::layout::{Names, names, with_flag};
use crate::rows::{answer_rows, plain};
use crate::{PACKED, RenderError, Source};
use sheet::{Column, Sheet, Value};

/// Prints a view.
///
/// # Errors
/// [`RenderError`] when a sheet cannot be written.
pub(crate) fn print(source: Source<'_>) -> Result<Vec<u8>, RenderError> {
    let view = source.view;
    let mut workbook = Workbook::new();
    workbook.set_zip_compression_level(PACKED);
    workbook.set_properties(&properties(view)?);
    overview(&mut workbook, source)?;
    responses(&mut workbook, source)?;
    for question in &view.questions {
        if let Kind::Table { columns, .. } = &question.asks {
            tables(&mut workbook, source, question, columns)?;
        }
    }
    comparison(&mut workbook, view)?;
    changes(&mut workbook, view)?;
    workbook.save_to_buffer().map_err(RenderError::of)
}

/// The title, who answers for it, and when: the same view is the same bytes.
fn properties(view: &View) -> Result<DocProperties, RenderError> {
    let moment = ExcelDateTime::from_timestamp(view.produced.timestamp()).map_err(RenderError::of)?;
    Ok(DocProperties::new()
        .set_title(&view.head.title)
        .set_author(names(&view.head.requesters))
        .set_creation_datetime(&moment))
}

/// How wide the texts of the overview are, in characters.
const TEXT_WIDTH: f64 = 110.0;

/// What stands on the first pages of the document.
fn overview(workbook: &mut Workbook, source: Source<'_>) -> Result<(), RenderError> {
    let (view, head) = (source.view, &source.view.head);
    let mut sheet = Sheet::add(
        workbook,
        "Overview",
        &[Column::new("What", 30.0), Column::new("Text", TEXT_WIDTH)],
    )?;
    let mut fact = |what: &str, value: Value| {
        let mut rows = value.parted(TEXT_WIDTH).into_iter();
        rows.try_for_each(|value| sheet.row(vec![what.into(), value]))
    };
    if let Some(number) = &head.number {
        fact("Ad-Hoc Query", number.as_str().into())?;
    }
    fact("Title", head.title.as_str().into())?;
    fact("May be passed on to", view.circle.may_be_passed_on_to().into())?;
    fact("Requested", head.requested_line.as_str().into())?;
    fact("Topics", head.topics.join(", ").into())?;
    if let Some(date) = head.reply_by {
        fact("Reply requested by", Value::Date(date))?;
    }
    for extension in &head.extensions {
        fact("Deadline extended to", Value::Date(extension.to))?;
    }
    if let Some(date) = head.compiled_on {
        fact("Compilation produced on", Value::Date(date))?;
    }
    fact("Edition", Value::Number(view.edition.into()))?;
    fact("Responses", head.responses_line.as_str().into())?;
    for (what, list) in [("Declined", &head.declined), ("Not answered", &head.not_answered)] {
        if let Some(list) = list.as_ref().filter(|list| !list.is_empty()) {
            fact(what, names(list).into())?;
        }
    }
    fact("Note", view.disclaimer.as_str().into())?;
    if let Some(note) = &view.note {
        fact("Note", note.as_str().into())?;
    }
    if let Some(summary) = source.summary {
        for (what, text) in [
            ("Summary: background", &summary.background),
            ("Summary: respondents", &summary.respondents),
            ("Summary: findings", &summary.findings),
        ] {
            if !text.as_str().is_empty() {
                fact(what, plain(text).into())?;
            }
        }
    }
    if let Some(background) = &view.background {
        fact("Background information", plain(background).into())?;
    }
    for question in &view.questions {
        fact(&format!("Question {}", question.number), plain(&question.text).into())?;
    }
    fact(&source.hash_of(), source.sha256.into())?;
    sheet.finish()
}

/// One row for each country and question.
fn responses(workbook: &mut Workbook, source: Source<'_>) -> Result<(), RenderError> {
    let mut sheet = Sheet::add(
        workbook,
        "Responses",
        &[
            Column::new("Country code", 13.0),
            Column::new("Country", 18.0),
            Column::new("Late", 7.0),
            Column::new("Question", 10.0),
            Column::new("Question text", 40.0),
            Column::new("Wider dissemination", 14.0),
            Column::new("Response", 70.0),
            Column::new("Number", 12.0),
            Column::new("Date", 18.0),
            Column::new("Comment", 50.0),
            Column::new("As of", 18.0),
            Column::new("Sources", 50.0),
            Column::new("Attachments", 50.0),
            Column::new("Wording", 12.0),
            Column::new("Ground", 40.0),
        ],
    )?;
    for answer in answer_rows(source) {
        let number = match &answer.row.content {
            Some(Content::Number {
                value: NumberValue::Exactly(number),
                ..
            }) => Value::Number(*number),
            _ => Value::Nothing,
        };
        let date = match &answer.row.content {
            Some(Content::Date { date, .. }) => Value::Date(*date),
            _ => Value::Nothing,
        };
        sheet.row(vec![
            answer.response.office.as_str().into(),
            answer.response.name.as_str().into(),
            if answer.response.late { "late" } else { "" }.into(),
            Value::Number(answer.question.number.into()),
            plain(&answer.question.text).into(),
            answer.row.wider_dissemination.as_str().into(),
            answer.answer.into(),
            number,
            date,
            answer.comment.into(),
            answer.row.as_of.map_or(Value::Nothing, Value::Date),
            answer.sources.into(),
            answer.attachments.into(),
            answer.wording.into(),
            answer.row.ground.as_deref().unwrap_or_default().into(),
        ])?;
    }
    sheet.finish()
}

/// The tables that the countries filled in for a question, one below the other.
fn tables(
    workbook: &mut Workbook,
    source: Source<'_>,
    question: &AskedQuestion,
    columns: &[ahq_domain::question::Column],
) -> Result<(), RenderError> {
    let mut heads = vec![
        Column::new("Country code", 13.0),
        Column::new("Country", 18.0),
        Column::new("Row", 30.0),
    ];
    heads.extend(columns.iter().map(|column| Column::new(&column.title, 16.0)));
    let mut sheet = Sheet::add(workbook, &format!("Question {}", question.number), &heads)?;
    for answer in answer_rows(source).filter(|answer| answer.question.id == question.id) {
        let Some(Content::Table { rows, .. }) = &answer.row.content else {
            continue;
        };
        for row in rows {
            let mut cells: Vec<Value> = vec![
                answer.response.office.as_str().into(),
                answer.response.name.as_str().into(),
                row.title.as_str().into(),
            ];
            cells.extend(row.cells.iter().zip(columns).map(|(cell, column)| {
                match (column.column_type, cell.parse::<Decimal>()) {
                    (ColumnType::Number, Ok(number)) => Value::Number(number),
                    _ => cell.as_str().into(),
                }
            }));
            sheet.row(cells)?;
        }
    }
    sheet.finish()
}

/// The figures, each with the countries behind it.
fn comparison(workbook: &mut Workbook, view: &View) -> Result<(), RenderError> {
    let mut sheet = Sheet::add(
        workbook,
        "Comparison",
        &[
            Column::new("Question", 10.0),
            Column::new("Question text", 40.0),
            Column::new("Figure", 40.0),
            Column::new("Value", 14.0),
            Column::new("Date", 18.0),
            Column::new("Unit", 22.0),
            Column::new("Countries", 90.0),
        ],
    )?;
    let countries = Names::of(view);
    for figure in &view.comparison {
        let Some(question) = view.questions.iter().find(|question| question.id == figure.question) else {
            continue;
        };
        let text = plain(&question.text);
        for Measure {
            name,
            value,
            unit,
            offices,
        } in measures(figure)
        {
            let (number, date) = match value {
                Value::Date(_) => (Value::Nothing, value),
                value => (value, Value::Nothing),
            };
            sheet.row(vec![
                Value::Number(question.number.into()),
                text.as_str().into(),
                name.into(),
                number,
                date,
                unit.into(),
                countries.list(&offices).into(),
            ])?;
        }
    }
    sheet.finish()
}

/// One figure of a comparison.
struct Measure {
    name: String,
    value: Value,
    unit: String,
    offices: Vec<OfficeCode>,
}

fn measures(figure: &Figure) -> Vec<Measure> {
    let counted = |count: &Count| Measure {
        name: count.label.clone(),
        value: Value::Number(count.offices.len().into()),
        unit: "countries".to_owned(),
        offices: count.offices.clone(),
    };
    let mut all: Vec<Measure> = match &figure.body {
        FigureBody::Counts { counts } => counts.iter().map(counted).collect(),
        FigureBody::Number {
            unit,
            period,
            minimum,
            median,
            maximum,
            total,
            values,
            fewer_than,
            confidential,
        } => {
            let unit = format!("{unit}, {period}");
            let of = |name: &str, value: Value, offices: Vec<OfficeCode>| Measure {
                name: name.to_owned(),
                value,
                unit: unit.clone(),
                offices,
            };
            let whole = [
                ("Minimum", minimum),
                ("Median", median),
                ("Maximum", maximum),
                ("Total", total),
            ];
            let given: Vec<OfficeCode> = values.iter().map(|value| value.office.clone()).collect();
            let mut all: Vec<Measure> = whole
                .into_iter()
                .filter_map(|(name, value)| Some(of(name, Value::Number((*value)?), given.clone())))
                .collect();
            for (name, numbers) in [("Value", values), ("Fewer than", fewer_than)] {
                all.extend(numbers.iter().map(|one| {
                    let name = with_flag(name.to_owned(), one.flag);
                    of(&name, Value::Number(one.value), vec![one.office.clone()])
                }));
            }
            if !confidential.is_empty() {
                all.push(of("Confidential", Value::Nothing, confidential.clone()));
            }
            all
        }
        FigureBody::Date {
            earliest,
            latest,
            values,
        } => {
            let of = |name: &str, date, offices| Measure {
                name: name.to_owned(),
                value: Value::Date(date),
                unit: String::new(),
                offices,
            };
            let given: Vec<OfficeCode> = values.iter().map(|value| value.office.clone()).collect();
            let whole = [("Earliest", earliest), ("Latest", latest)];
            let mut all: Vec<Measure> = whole
                .into_iter()
                .filter_map(|(name, date)| Some(of(name, (*date)?, given.clone())))
                .collect();
            all.extend(values.iter().map(|one| of("Date", one.date, vec![one.office.clone()])));
            all
        }
        FigureBody::Table {
            columns,
            totals,
            tables,
            ..
        } => {
            // Who left a cell of a table empty is not behind its total.
            let filled = |row: usize, column: usize| -> Vec<OfficeCode> {
                let is_filled = |table: &&OfficeTable| {
                    let cell = table.rows.get(row).and_then(|row| row.cells.get(column));
                    cell.is_some_and(|cell| Decimal::from_str_exact(cell).is_ok())
                };
                tables
                    .iter()
                    .filter(is_filled)
                    .map(|table| table.office.clone())
                    .collect()
            };
            let mut all = Vec::new();
            for (row_index, row) in totals.iter().enumerate() {
                for (column_index, (column, cell)) in columns.iter().zip(&row.cells).enumerate() {
                    if let Some(total) = cell.as_ref().and_then(|cell| cell.total) {
                        all.push(Measure {
                            name: format!("Total: {}, {}", row.title, column.title),
                            value: Value::Number(total),
                            unit: String::new(),
                            offices: filled(row_index, column_index),
                        });
                    }
                }
            }
            all
        }
    };
    all.extend(figure.instead.iter().map(counted));
    for (count, why) in [
        (figure.left_out, "restricted"),
        (figure.suspended, "suspended"),
        (figure.erased, "erased"),
    ] {
        if count > 0 {
            all.push(Measure {
                name: format!("Not counted here, being {why}"),
                value: Value::Number(count.into()),
                unit: "responses".to_owned(),
                offices: Vec::new(),
            });
        }
    }
    all
}

/// What changed since the edition before.
fn changes(workbook: &mut Workbook, view: &View) -> Result<(), RenderError> {
    let mut sheet = Sheet::add(
        workbook,
        "Changes",
        &[
            Column::new("Produced on", 18.0),
            Column::new("Change since the previous edition", 110.0),
        ],
    )?;
    for change in &view.changes {
        sheet.row(vec![Value::Date(brussels_date(view.produced)), change.as_str().into()])?;
    }
    sheet.finish()
}

#[cfg(test)]
mod tests;
