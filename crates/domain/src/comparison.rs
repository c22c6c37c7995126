//! Comparisons: one figure for each typed question, computed from the answers its reader may see.
//!
//! Nothing here looks at what a restricted row holds: such a row is counted as left out, whether an answer or a
//! skipped question stands behind it. Decimals are added and halved exactly, never rounded.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Content, Instead, NumberFlag, NumberValue, Row, YesNo};
use crate::compilation::{AskedQuestion, Shown, ViewResponse};
use crate::dissemination::{Circle, Seen, seen};
use crate::office::OfficeCode;
use crate::question::{Choice, Column, ColumnType, Key, Kind, Question};

/// What the answers to one typed question come to, for one reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Figure {
    /// The question.
    pub question: Key,
    /// How many offices gave an answer that is counted in the body.
    pub answers: usize,
    /// How many rows this reader may not see; whether they hold an answer is not told.
    pub left_out: usize,
    /// How many rows are suspended; not in the JSON where none is, as in every frozen view.
    #[serde(default, skip_serializing_if = "is_none")]
    pub suspended: usize,
    /// How many rows are erased; not in the JSON where none is.
    #[serde(default, skip_serializing_if = "is_none")]
    pub erased: usize,
    /// The words that stand instead of an answer, only those that occur.
    pub instead: Vec<Count>,
    /// The figure itself.
    pub body: FigureBody,
}

/// The offices that gave the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Count {
    /// The answer as documents write it; of a choice the text of the option.
    pub label: String,
    /// The answer as the interface writes it: `yes`, the id of an option, `not_applicable`.
    pub word: String,
    /// Who gave it, in the order of the respondents.
    pub offices: Vec<OfficeCode>,
}

/// The figure of a question, by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum FigureBody {
    /// Of yes/no questions and choices.
    Counts {
        /// One for each answer the question allows, in its order, those nobody gave included. Of a multiple choice
        /// an office may stand in several.
        counts: Vec<Count>,
    },
    /// Of numbers. The minimum to the total are of the values alone, and none where there is none.
    Number {
        /// The unit of all values.
        unit: String,
        /// The period they refer to.
        period: String,
        /// The least.
        minimum: Option<Decimal>,
        /// The middle one, or the mean of the two in the middle; none too where it has more digits than are kept.
        median: Option<Decimal>,
        /// The greatest.
        maximum: Option<Decimal>,
        /// The sum; none too where it has more digits than are kept.
        total: Option<Decimal>,
        /// The values, in the order of the respondents.
        values: Vec<OfficeNumber>,
        /// Who says only that it is fewer than a number.
        fewer_than: Vec<OfficeNumber>,
        /// Who keeps the number confidential.
        confidential: Vec<OfficeCode>,
    },
    /// Of dates.
    Date {
        /// The first.
        earliest: Option<NaiveDate>,
        /// The last.
        latest: Option<NaiveDate>,
        /// The dates, in the order of the respondents.
        values: Vec<OfficeDate>,
    },
    /// Of tables.
    Table {
        /// The columns of every table.
        columns: Vec<Column>,
        /// The tables side by side, in the order of the respondents.
        tables: Vec<OfficeTable>,
        /// For each row that the question gives, its totals; empty where the offices name their own rows.
        totals: Vec<RowTotals>,
    },
}

/// The number of one office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfficeNumber {
    /// The office.
    pub office: OfficeCode,
    /// Its number.
    pub value: Decimal,
    /// How sure it is.
    pub flag: Option<NumberFlag>,
}

/// The date of one office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfficeDate {
    /// The office.
    pub office: OfficeCode,
    /// Its date.
    pub date: NaiveDate,
}

/// The table of one office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfficeTable {
    /// The office.
    pub office: OfficeCode,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// The totals of one row that the question gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowTotals {
    /// The title of the row.
    pub title: String,
    /// One for each column; none where the column holds text.
    pub cells: Vec<Option<CellTotal>>,
}

/// The total of one cell over all tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CellTotal {
    /// The sum; none where no office filled the cell, or where it has more digits than are kept.
    pub total: Option<Decimal>,
    /// How many offices filled the cell.
    pub offices: usize,
}

/// The figures of the typed questions, in their order, for a reader of `reader`; offices stand in the order given.
pub fn compare(questions: &[Question], responses: &[(OfficeCode, &[Answer])], reader: Circle) -> Vec<Figure> {
    let read: Vec<(&OfficeCode, Vec<(&Question, Seen<'_>)>)> = responses
        .iter()
        .map(|(office, answers)| (office, seen(questions, answers, reader)))
        .collect();
    questions
        .iter()
        .enumerate()
        .filter_map(|(index, question)| {
            let rows = read
                .iter()
                .filter_map(|(office, rows)| rows.get(index).map(|(_, seen)| (*office, told(*seen))));
            figure(&question.id, &question.kind, rows)
        })
        .collect()
}

/// The same from the rows of a view.
pub(crate) fn compare_rows(questions: &[AskedQuestion], responses: &[ViewResponse]) -> Vec<Figure> {
    let asked = questions.iter().enumerate();
    let figures = asked.filter_map(|(index, question)| {
        let rows = responses.iter().filter_map(|response| {
            let row = response.rows.get(index)?;
            Some((&response.office, (row.shown, row.content.as_ref())))
        });
        figure(&question.id, &question.asks, rows)
    });
    figures.collect()
}

type Told<'a> = (Shown, Option<&'a Content>);

/// What a reader sees, as a row of a view says it.
fn told(seen: Seen<'_>) -> Told<'_> {
    match seen {
        Seen::Restricted => (Shown::Restricted, None),
        Seen::Skipped => (Shown::Skipped, None),
        Seen::None => (Shown::None, None),
        Seen::Answer(answer, _) => (Shown::Answer, Some(&answer.content)),
    }
}

fn figure<'a>(id: &Key, kind: &Kind, rows: impl Iterator<Item = (&'a OfficeCode, Told<'a>)>) -> Option<Figure> {
    let mut given: Vec<Given<'_>> = Vec::new();
    let mut instead: Vec<(&OfficeCode, Instead)> = Vec::new();
    let (mut left_out, mut suspended, mut erased) = (0, 0, 0);
    for (office, (shown, content)) in rows {
        match (shown, content) {
            (Shown::Restricted, _) => left_out += 1,
            (Shown::Suspended, _) => suspended += 1,
            (Shown::Erased, _) | (Shown::Answer, Some(Content::Erased { .. })) => erased += 1,
            (Shown::Skipped | Shown::None, _) | (Shown::Answer, None) => {}
            (Shown::Answer, Some(Content::Instead { word, .. })) => instead.push((office, *word)),
            (Shown::Answer, Some(content)) => given.push((office, content)),
        }
    }
    Some(Figure {
        question: id.clone(),
        answers: given.len(),
        left_out,
        suspended,
        erased,
        instead: count_instead(&instead),
        body: body(kind, &given)?,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

type Given<'a> = (&'a OfficeCode, &'a Content);

fn count_instead(given: &[(&OfficeCode, Instead)]) -> Vec<Count> {
    [
        (Instead::NotApplicable, "not_applicable"),
        (Instead::NoInformation, "no_information"),
        (Instead::ToFollow, "to_follow"),
    ]
    .into_iter()
    .map(|(word, name)| Count {
        label: word.written().to_owned(),
        word: name.to_owned(),
        offices: given
            .iter()
            .filter(|(_, given)| *given == word)
            .map(|(office, _)| (*office).clone())
            .collect(),
    })
    .filter(|count| !count.offices.is_empty())
    .collect()
}

fn body(kind: &Kind, given: &[Given<'_>]) -> Option<FigureBody> {
    match kind {
        Kind::Text => None,
        Kind::YesNo => Some(FigureBody::Counts {
            counts: YesNo::ALL
                .into_iter()
                .map(|word| Count {
                    label: word.written().to_owned(),
                    word: word.word().to_owned(),
                    offices: offices_with(
                        given,
                        |content| matches!(content, Content::YesNo { value, .. } if *value == word),
                    ),
                })
                .collect(),
        }),
        Kind::SingleChoice { options } | Kind::MultipleChoice { options } => Some(FigureBody::Counts {
            counts: options.iter().map(|option| count_option(option, given)).collect(),
        }),
        Kind::Number { unit, period } => Some(numbers(unit, period, given)),
        Kind::Date => Some(dates(given)),
        Kind::Table { columns, rows } => Some(tables(columns, rows.as_deref().unwrap_or_default(), given)),
    }
}

fn offices_with(given: &[Given<'_>], wanted: impl Fn(&Content) -> bool) -> Vec<OfficeCode> {
    given
        .iter()
        .filter(|(_, content)| wanted(content))
        .map(|(office, _)| (*office).clone())
        .collect()
}

fn count_option(option: &Choice, given: &[Given<'_>]) -> Count {
    Count {
        label: option.text.clone(),
        word: option.id.as_str().to_owned(),
        offices: offices_with(
            given,
            |content| matches!(content, Content::Choice { options, .. } if options.contains(&option.id)),
        ),
    }
}

fn numbers(unit: &str, period: &str, given: &[Given<'_>]) -> FigureBody {
    let (mut values, mut fewer_than, mut confidential) = (Vec::new(), Vec::new(), Vec::new());
    for (office, content) in given {
        let Content::Number { value, flag, .. } = content else {
            continue;
        };
        let number = |value: Decimal| OfficeNumber {
            office: (*office).clone(),
            value,
            flag: *flag,
        };
        match value {
            NumberValue::Exactly(value) => values.push(number(*value)),
            NumberValue::FewerThan(value) => fewer_than.push(number(*value)),
            NumberValue::Confidential => confidential.push((*office).clone()),
        }
    }
    let mut sorted: Vec<Decimal> = values.iter().map(|number| number.value).collect();
    sorted.sort();
    FigureBody::Number {
        unit: unit.to_owned(),
        period: period.to_owned(),
        minimum: sorted.first().copied(),
        median: median(&sorted),
        maximum: sorted.last().copied(),
        total: total(&sorted),
        values,
        fewer_than,
        confidential,
    }
}

fn dates(given: &[Given<'_>]) -> FigureBody {
    let values: Vec<OfficeDate> = given
        .iter()
        .filter_map(|(office, content)| match content {
            Content::Date { date, .. } => Some(OfficeDate {
                office: (*office).clone(),
                date: *date,
            }),
            _ => None,
        })
        .collect();
    FigureBody::Date {
        earliest: values.iter().map(|value| value.date).min(),
        latest: values.iter().map(|value| value.date).max(),
        values,
    }
}

fn tables(columns: &[Column], titles: &[String], given: &[Given<'_>]) -> FigureBody {
    let tables: Vec<OfficeTable> = given
        .iter()
        .filter_map(|(office, content)| match content {
            Content::Table { rows, .. } => Some(OfficeTable {
                office: (*office).clone(),
                rows: rows.clone(),
            }),
            _ => None,
        })
        .collect();
    let totals = titles
        .iter()
        .enumerate()
        .map(|(row, title)| RowTotals {
            title: title.clone(),
            cells: columns
                .iter()
                .enumerate()
                .map(|(column, it)| (it.column_type == ColumnType::Number).then(|| cell_total(&tables, row, column)))
                .collect(),
        })
        .collect();
    FigureBody::Table {
        columns: columns.to_vec(),
        tables,
        totals,
    }
}

/// Rows that the question gives stand at the same place in every table, so that place finds them.
fn cell_total(tables: &[OfficeTable], row: usize, column: usize) -> CellTotal {
    let filled: Vec<Decimal> = tables
        .iter()
        .filter_map(|table| table.rows.get(row)?.cells.get(column))
        .filter_map(|cell| Decimal::from_str_exact(cell).ok())
        .collect();
    CellTotal {
        total: total(&filled),
        offices: filled.len(),
    }
}

fn total(values: &[Decimal]) -> Option<Decimal> {
    if values.is_empty() {
        return None;
    }
    let (units, scale) = sum(values)?;
    exactly(units, scale)
}

fn median(sorted: &[Decimal]) -> Option<Decimal> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let (units, scale) = sum(&[*sorted.get(middle.checked_sub(1)?)?, upper])?;
    if units % 2 == 0 {
        exactly(units / 2, scale)
    } else {
        exactly(units.checked_mul(5)?, scale + 1)
    }
}

/// The sum as a whole number of units of `10^-scale`: the addition of [`Decimal`] itself rounds where digits run out.
fn sum(values: &[Decimal]) -> Option<(i128, u32)> {
    let values: Vec<Decimal> = values.iter().map(Decimal::normalize).collect();
    let scale = values.iter().map(Decimal::scale).max().unwrap_or(0);
    let units = values.iter().try_fold(0i128, |sum, value| {
        let units = value
            .mantissa()
            .checked_mul(10i128.checked_pow(scale - value.scale())?)?;
        sum.checked_add(units)
    })?;
    Some((units, scale))
}

/// The decimal `units * 10^-scale` without zeros at its end, when it can be kept digit by digit.
fn exactly(mut units: i128, mut scale: u32) -> Option<Decimal> {
    while scale > 0 && units % 10 == 0 {
        units /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(units, scale).ok()
}

/// A number as documents write it: `1,250.5`.
pub fn written_number(number: &Decimal) -> String {
    let text = number.to_string();
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut written = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            written.push(',');
        }
        written.push(digit);
    }
    if let Some(fraction) = fraction {
        written.push('.');
        written.push_str(fraction);
    }
    written
}
