//! The comparison of typed questions as tables: who said what, and the figures with the countries behind them.

use std::collections::BTreeMap;

use ahq_domain::clock::written_date;
use ahq_domain::comparison::{CellTotal, Count, Figure, FigureBody, OfficeNumber, written_number};
use ahq_domain::compilation::{AskedQuestion, View};
use ahq_domain::office::OfficeCode;

use super::{cells_of, flag, heading, question_heading, table, text};
use crate::document::{Block, Cell};

/// The countries behind a figure, named.
pub(crate) struct Names<'a>(BTreeMap<&'a OfficeCode, &'a str>);

impl<'a> Names<'a> {
    pub(crate) fn of(view: &'a View) -> Self {
        Self(
            view.responses
                .iter()
                .map(|response| (&response.office, response.name.as_str()))
                .collect(),
        )
    }

    fn name(&self, office: &OfficeCode) -> String {
        self.0
            .get(office)
            .map_or_else(|| office.to_string(), |name| (*name).to_owned())
    }

    /// Their names, one after the other.
    pub(crate) fn list(&self, offices: &[OfficeCode]) -> String {
        let names: Vec<_> = offices.iter().map(|office| self.name(office)).collect();
        names.join(", ")
    }
}

pub(super) fn comparison(view: &View) -> Vec<Block> {
    if view.comparison.is_empty() {
        return Vec::new();
    }
    let names = Names::of(view);
    let mut blocks = vec![heading(2, "comparison", "Comparison")];
    for figure in &view.comparison {
        let Some(question) = view.questions.iter().find(|question| question.id == figure.question) else {
            continue;
        };
        blocks.push(question_heading(3, "comparison", question));
        blocks.push(text(&question.text));
        blocks.extend(figure_blocks(figure, question, &names));
        for (count, why) in [
            (figure.left_out, "restricted"),
            (figure.suspended, "suspended"),
            (figure.erased, "erased"),
        ] {
            let word = if count == 1 { "response is" } else { "responses are" };
            if count > 0 {
                blocks.push(Block::Remark(format!("{count} {word} not counted here, being {why}")));
            }
        }
    }
    blocks
}

fn figure_blocks(figure: &Figure, question: &AskedQuestion, names: &Names<'_>) -> Vec<Block> {
    let caption = format!("Question {} compared", question.number);
    let all = figure.answers + figure.instead.iter().map(|count| count.offices.len()).sum::<usize>();
    let counts = |counts: &[Count]| -> Vec<Vec<Cell>> {
        counts
            .iter()
            .map(|count| {
                vec![
                    count.label.as_str().into(),
                    Cell::Count {
                        of_these: count.offices.len(),
                        all,
                    },
                    names.list(&count.offices).into(),
                ]
            })
            .collect()
    };
    let head = ["Answer", "Number", "Countries"];
    let mut blocks = Vec::new();
    match &figure.body {
        FigureBody::Counts { counts: given } => {
            let mut rows = counts(given);
            rows.extend(counts(&figure.instead));
            return vec![table(caption, &head, rows)];
        }
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
            let written = |number: &Option<rust_decimal::Decimal>| {
                number.map_or_else(|| "not known".to_owned(), |number| written_number(&number))
            };
            blocks.push(Block::Facts(vec![
                ("Unit and period".to_owned(), format!("{unit}, {period}")),
                ("Values given".to_owned(), values.len().to_string()),
                ("Minimum".to_owned(), written(minimum)),
                ("Median".to_owned(), written(median)),
                ("Maximum".to_owned(), written(maximum)),
                ("Total".to_owned(), written(total)),
            ]));
            let row = |number: &OfficeNumber, before: &str| -> Vec<Cell> {
                vec![
                    names.name(&number.office).into(),
                    Cell::Number(format!("{before}{}", written_number(&number.value))),
                    flag(number.flag).into(),
                ]
            };
            let mut rows: Vec<_> = values.iter().map(|number| row(number, "")).collect();
            rows.extend(fewer_than.iter().map(|number| row(number, "fewer than ")));
            rows.extend(confidential.iter().map(|office| {
                vec![
                    names.name(office).into(),
                    Cell::Number("confidential".to_owned()),
                    "".into(),
                ]
            }));
            if !rows.is_empty() {
                blocks.push(table(caption, &["Country", "Number", "Quality"], rows));
            }
        }
        FigureBody::Date {
            earliest,
            latest,
            values,
        } => {
            if let (Some(earliest), Some(latest)) = (earliest, latest) {
                blocks.push(Block::Facts(vec![
                    ("Earliest".to_owned(), written_date(*earliest)),
                    ("Latest".to_owned(), written_date(*latest)),
                ]));
            }
            let rows: Vec<_> = values
                .iter()
                .map(|value| vec![names.name(&value.office).into(), written_date(value.date).into()])
                .collect();
            if !rows.is_empty() {
                blocks.push(table(caption, &["Country", "Date"], rows));
            }
        }
        FigureBody::Table {
            columns,
            tables,
            totals,
        } => {
            let mut head = vec!["Country", "Row"];
            head.extend(columns.iter().map(|column| column.title.as_str()));
            let rows: Vec<Vec<Cell>> = tables
                .iter()
                .flat_map(|given| {
                    given.rows.iter().map(|row| {
                        let mut cells = vec![names.name(&given.office).into(), row.title.as_str().into()];
                        cells.extend(cells_of(row, columns));
                        cells
                    })
                })
                .collect();
            if !rows.is_empty() {
                blocks.push(table(caption, &head, rows));
            }
            if !totals.is_empty() {
                let mut head = vec!["Row"];
                head.extend(columns.iter().map(|column| column.title.as_str()));
                let rows = totals
                    .iter()
                    .map(|row| {
                        let mut cells: Vec<Cell> = vec![row.title.as_str().into()];
                        cells.extend(row.cells.iter().map(|cell| total_cell(cell.as_ref())));
                        cells
                    })
                    .collect();
                blocks.push(table(format!("Question {}: totals", question.number), &head, rows));
            }
        }
    }
    if !figure.instead.is_empty() {
        let caption = format!("Question {}: other replies", question.number);
        blocks.push(table(caption, &head, counts(&figure.instead)));
    }
    blocks
}

fn total_cell(cell: Option<&CellTotal>) -> Cell {
    match cell {
        Some(CellTotal {
            total: Some(total),
            offices,
        }) => {
            let word = if *offices == 1 { "country" } else { "countries" };
            Cell::Number(format!("{} ({offices} {word})", written_number(total)))
        }
        _ => Cell::Text(String::new()),
    }
}
