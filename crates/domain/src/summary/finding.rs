//! What a figure says, in sentences: counts, never judgements.

use rust_decimal::Decimal;

use super::{ABOUT_HALF_FROM, ABOUT_HALF_TO, FEW, MOST_FROM, cut, escape};
use crate::answer::NumberFlag;
use crate::clock::written_date;
use crate::comparison::{CellTotal, Count, Figure, FigureBody, OfficeNumber, RowTotals, written_number};
use crate::office::{OfficeCode, in_words};
use crate::question::{Column, Kind, Question};

/// How many options of a choice a finding tells of.
const MOST_OPTIONS_TOLD: usize = 5;
/// How many totals of a table a finding tells of.
const MOST_TOTALS_TOLD: usize = 6;

/// Writes sentences about figures.
pub(super) struct Teller<'a> {
    /// The name of an office inside a sentence.
    pub(super) names: &'a dyn Fn(&OfficeCode) -> String,
}

impl Teller<'_> {
    /// What a figure says, in sentences.
    pub(super) fn finding(&self, question: &Question, figure: &Figure) -> String {
        let mut sentences = Vec::new();
        let clauses = match &figure.body {
            _ if figure.answers == 0 => vec!["no answers are counted".to_owned()],
            FigureBody::Counts { counts } if question.kind == Kind::YesNo => self.yes_no(counts, figure.answers),
            FigureBody::Counts { counts } => self.choices(counts, figure.answers),
            FigureBody::Number { .. } => self.numbers(&figure.body),
            FigureBody::Date { .. } => self.dates(&figure.body),
            FigureBody::Table { columns, totals, .. } => table(columns, totals, figure.answers),
        };
        sentences.push(format!("{}.", clauses.join("; ")));
        sentences.extend(figure.instead.iter().map(|count| self.instead(count)));
        match figure.left_out {
            0 => {}
            1 => {
                sentences.push("One answer is left out of this figure, as its dissemination is restricted.".to_owned())
            }
            many => sentences.push(format!(
                "{many} answers are left out of this figure, as their dissemination is restricted."
            )),
        }
        sentences.join(" ")
    }

    fn name(&self, office: &OfficeCode) -> String {
        escape(&(self.names)(office))
    }

    /// The names where they are few, else their number.
    fn few(&self, offices: &[OfficeCode]) -> String {
        if offices.len() <= FEW {
            in_words(&offices.iter().map(|office| self.name(office)).collect::<Vec<_>>())
        } else {
            format!("{} respondents", offices.len())
        }
    }

    /// `most respondents (18 of 24)`: who, and their share of the answers counted.
    fn who(&self, offices: &[OfficeCode], answers: usize) -> String {
        let count = offices.len();
        if count == answers && count == 1 {
            self.few(offices)
        } else if count == answers && count <= FEW {
            format!("all {count} respondents counted ({})", self.few(offices))
        } else if count == answers {
            format!("all {count} respondents counted")
        } else if count <= FEW {
            format!("{} ({count} of {answers})", self.few(offices))
        } else if count * MOST_FROM.1 >= answers * MOST_FROM.0 {
            format!("most respondents ({count} of {answers})")
        } else if (answers * ABOUT_HALF_FROM..=answers * ABOUT_HALF_TO).contains(&(count * 100)) {
            format!("about half of the respondents ({count} of {answers})")
        } else {
            format!("{count} of {answers} respondents")
        }
    }

    fn yes_no(&self, counts: &[Count], answers: usize) -> Vec<String> {
        counts
            .iter()
            .filter(|count| !count.offices.is_empty())
            .map(|count| {
                let who = self.who(&count.offices, answers);
                match count.word.as_str() {
                    "unknown" => format!("{who} answered that this is unknown"),
                    word => format!("{who} answered {word}"),
                }
            })
            .collect()
    }

    fn choices(&self, counts: &[Count], answers: usize) -> Vec<String> {
        let mut chosen: Vec<&Count> = counts.iter().filter(|count| !count.offices.is_empty()).collect();
        chosen.sort_by_key(|count| std::cmp::Reverse(count.offices.len()));
        let mut clauses: Vec<String> = chosen
            .iter()
            .take(MOST_OPTIONS_TOLD)
            .map(|count| {
                let who = self.who(&count.offices, answers);
                format!("{who} chose ‘{}’", escape(&cut(&count.label)))
            })
            .collect();
        match chosen.len().saturating_sub(MOST_OPTIONS_TOLD) {
            0 => {}
            1 => clauses.push("one further option is in the comparison".to_owned()),
            more => clauses.push(format!("{more} further options are in the comparison")),
        }
        clauses
    }

    fn numbers(&self, body: &FigureBody) -> Vec<String> {
        let FigureBody::Number {
            unit,
            period,
            minimum,
            median,
            maximum,
            total,
            values,
            fewer_than,
            confidential,
        } = body
        else {
            return Vec::new();
        };
        let (unit, period) = (escape(unit), escape(period));
        let mut clauses = Vec::new();
        match values.as_slice() {
            [] => {}
            [only] => {
                clauses.push(format!(
                    "{} gave the number {}, in {unit} ({period})",
                    self.name(&only.office),
                    written_number(&only.value)
                ));
                clauses.extend(only.flag.map(|flag| format!("it is {}", flagged(flag))));
            }
            _ => {
                let ends = |end: &Decimal| {
                    let there = values.iter().filter(|number| number.value == *end);
                    let offices: Vec<OfficeCode> = there.map(|number| number.office.clone()).collect();
                    format!("{} ({})", written_number(end), self.few(&offices))
                };
                let parts = [
                    minimum.map(|least| format!("minimum {}", ends(&least))),
                    median.map(|middle| format!("median {}", written_number(&middle))),
                    maximum.map(|greatest| format!("maximum {}", ends(&greatest))),
                    total.map(|total| format!("total {}", written_number(&total))),
                ];
                clauses.push(format!(
                    "{} respondents gave a number, in {unit} ({period}): {}",
                    values.len(),
                    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
                ));
                let unsure = unsure(values);
                if unsure > 0 {
                    clauses.push(format!("{unsure} of {} numbers estimated or provisional", values.len()));
                }
            }
        }
        if !fewer_than.is_empty() {
            clauses.push(self.fewer_than(fewer_than));
        }
        if !confidential.is_empty() {
            let keep = if confidential.len() == 1 { "keeps" } else { "keep" };
            clauses.push(format!("{} {keep} the number confidential", self.few(confidential)));
        }
        clauses
    }

    fn fewer_than(&self, bounds: &[OfficeNumber]) -> String {
        if bounds.len() > FEW {
            let all = format!("{} respondents gave an upper bound only", bounds.len());
            return match unsure(bounds) {
                0 => all,
                unsure => format!("{all}, {unsure} of them estimated or provisional"),
            };
        }
        let each: Vec<String> = bounds
            .iter()
            .map(|bound| {
                let sure = bound
                    .flag
                    .map_or_else(String::new, |flag| format!(", {}", flagged(flag)));
                format!(
                    "{} (fewer than {}{sure})",
                    self.name(&bound.office),
                    written_number(&bound.value)
                )
            })
            .collect();
        format!("{} gave an upper bound only", in_words(&each))
    }

    fn dates(&self, body: &FigureBody) -> Vec<String> {
        let FigureBody::Date {
            earliest: Some(earliest),
            latest: Some(latest),
            values,
        } = body
        else {
            return Vec::new();
        };
        let at = |date| {
            let there = values.iter().filter(|value| value.date == date);
            let offices: Vec<OfficeCode> = there.map(|value| value.office.clone()).collect();
            format!("{} ({})", written_date(date), self.few(&offices))
        };
        vec![match values.as_slice() {
            [only] => format!("{} gave the date {}", self.name(&only.office), written_date(only.date)),
            _ if earliest == latest => format!("all {} dates counted are {}", values.len(), at(*earliest)),
            _ => format!("{} dates, from {} to {}", values.len(), at(*earliest), at(*latest)),
        }]
    }

    fn instead(&self, count: &Count) -> String {
        let who = self.few(&count.offices);
        match (count.word.as_str(), count.offices.len()) {
            ("not_applicable", _) => format!("The question is not applicable for {who}."),
            ("no_information", _) => format!("No information is available from {who}."),
            (_, 1) => format!("The answer of {who} is to follow."),
            _ => format!("The answers of {who} are to follow."),
        }
    }
}

/// How many of these are estimated or provisional.
fn unsure(numbers: &[OfficeNumber]) -> usize {
    numbers.iter().filter(|number| number.flag.is_some()).count()
}

/// What is said of a number that is not sure.
fn flagged(flag: NumberFlag) -> &'static str {
    match flag {
        NumberFlag::Estimate => "an estimate",
        NumberFlag::Provisional => "provisional",
    }
}

fn table(columns: &[Column], totals: &[RowTotals], answers: usize) -> Vec<String> {
    let mut cells: Vec<(&RowTotals, &Column, &CellTotal)> = Vec::new();
    for row in totals {
        for (column, cell) in columns.iter().zip(&row.cells) {
            if let Some(cell) = cell {
                cells.push((row, column, cell));
            }
        }
    }
    let mut clauses = vec![match answers {
        1 => "one respondent filled in the table".to_owned(),
        many => format!("{many} respondents filled in the table"),
    }];
    if cells.len() > MOST_TOTALS_TOLD {
        clauses.push("the totals are in the comparison".to_owned());
        return clauses;
    }
    clauses.extend(cells.iter().filter_map(|(row, column, cell)| {
        let total = written_number(&cell.total?);
        let (row, column) = (escape(&cut(&row.title)), escape(&cut(&column.title)));
        Some(format!(
            "{row}, {column}: total {total} ({} of {answers} tables)",
            cell.offices
        ))
    }));
    clauses
}
