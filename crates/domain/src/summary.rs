//! Summaries: about a page before a compilation, begun from its figures and then edited by the requesting office.
//!
//! The first draft is written from the figures of one circle and nothing else, so that it says no more than that
//! circle may read. It never judges: it counts, and leaves what the counts mean to the office that signs.

use pulldown_cmark::{Event, Options, Parser, TagEnd};
use serde::{Deserialize, Serialize};

use crate::clock::written_date;
use crate::comparison::{CellTotal, Count, Figure, FigureBody, OfficeNumber, RowTotals, written_number};
use crate::markdown::{Block, Inline, Markdown};
use crate::office::OfficeCode;
use crate::question::{Column, Kind, Question};
use crate::refusal::Faults;

/// Most characters of each part of a summary.
pub const LONGEST_PART: usize = 8_000;
/// Up to this many offices are named; of more only the number is told.
pub const FEW: usize = 3;
/// "Most" is said from this share of the answers counted on, numerator and denominator: two thirds. "All" is every
/// answer counted.
pub const MOST_FROM: (usize, usize) = (2, 3);
/// "About half" is said from this share of the answers counted on, per cent.
pub const ABOUT_HALF_FROM: usize = 40;
/// "About half" is said up to this share of the answers counted, per cent.
pub const ABOUT_HALF_TO: usize = 60;

/// The characters of background that a second paragraph may fill up.
const BACKGROUND_ENOUGH: usize = 1_500;
/// The characters of a question or option that a finding quotes.
const LONGEST_QUOTE: usize = 120;
/// How many options of a choice a finding tells of.
const MOST_OPTIONS_TOLD: usize = 5;
/// How many totals of a table a finding tells of.
const MOST_TOTALS_TOLD: usize = 6;
/// Ends findings that would be too long.
const REST: &str = "- The figures of the other questions are in the comparison.";

/// A summary in its three parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Summary {
    /// Why the query was asked.
    pub background: Markdown,
    /// Who answered.
    pub respondents: Markdown,
    /// What the answers say.
    pub findings: Markdown,
}

/// An edited summary as it comes in.
#[derive(Debug, Clone, Default)]
pub struct SummaryInput {
    /// Why the query was asked.
    pub background: String,
    /// Who answered.
    pub respondents: String,
    /// What the answers say.
    pub findings: String,
}

/// What the first draft of a summary is written from: all of it as the circle of the summary may read it.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The background of the query, for the public its public wording.
    pub background: Option<&'a Markdown>,
    /// `Responses from Austria, Belgium (2 in total)`.
    pub responses_line: &'a str,
    /// The names of those who declined; empty for the public.
    pub declined: &'a [String],
    /// The names of those who were asked and have not answered; empty for the public.
    pub not_answered: &'a [String],
    /// The questions.
    pub questions: &'a [Question],
    /// Their figures.
    pub figures: &'a [Figure],
    /// The name of an office inside a sentence.
    pub names: &'a dyn Fn(&OfficeCode) -> String,
}

impl Summary {
    /// Parses an edited summary; a part may be empty.
    ///
    /// # Errors
    /// All faults at once, at `/background`, `/respondents` and `/findings`: `too_long` and what else
    /// [`Markdown::parse`] refuses.
    pub fn parse(input: &SummaryInput) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let mut part = |text: &str, at: &str| {
            if text.trim().is_empty() {
                return Markdown::default();
            }
            Markdown::parse(text, LONGEST_PART).unwrap_or_else(|fault| {
                faults.add(at, fault.code, fault.detail);
                Markdown::default()
            })
        };
        let summary = Self {
            background: part(&input.background, "/background"),
            respondents: part(&input.respondents, "/respondents"),
            findings: part(&input.findings, "/findings"),
        };
        faults.or(summary)
    }
}

/// The first draft of a summary. A part that cannot be written within its length is left empty for the office to
/// write.
pub fn first_draft(material: &Material<'_>) -> Summary {
    let part = |text: String| Markdown::parse(&text, LONGEST_PART).unwrap_or_default();
    Summary {
        background: part(material.background.map_or_else(String::new, |text| opening(text.as_str()))),
        respondents: part(respondents(material)),
        findings: part(findings(material)),
    }
}

/// The first paragraph, and the second where both are short, with what headings stand before them.
fn opening(background: &str) -> String {
    let (mut end, mut paragraphs, mut depth) = (0, 0, 0);
    for (event, range) in Parser::new_ext(background, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(tag) => {
                depth -= 1;
                if depth > 0 || matches!(tag, TagEnd::Heading(_)) {
                    continue;
                }
                if paragraphs == 1 && background[..range.end].chars().count() > BACKGROUND_ENOUGH {
                    break;
                }
                end = range.end;
                paragraphs += 1;
                if paragraphs == 2 {
                    break;
                }
            }
            _ => {}
        }
    }
    background[..end].trim_end().to_owned()
}

fn respondents(material: &Material<'_>) -> String {
    let mut sentences = vec![format!("{}.", escape(material.responses_line))];
    let escaped = |names: &[String]| names.iter().map(|name| escape(name)).collect::<Vec<_>>();
    if !material.declined.is_empty() {
        sentences.push(format!("{} declined to answer.", listed(&escaped(material.declined))));
    }
    if !material.not_answered.is_empty() {
        sentences.push(format!(
            "{} had not answered when this compilation was produced.",
            listed(&escaped(material.not_answered))
        ));
    }
    sentences.join(" ")
}

fn findings(material: &Material<'_>) -> String {
    let room = LONGEST_PART - REST.len() - 1;
    let (mut text, mut length) = (String::new(), 0);
    for (index, question) in material.questions.iter().enumerate() {
        let Some(figure) = material.figures.iter().find(|figure| figure.question == question.id) else {
            continue;
        };
        let quote = match cut(&first_words(question)) {
            nothing if nothing.is_empty() => nothing,
            words => format!(" ({})", escape(&words)),
        };
        let finding = Teller { names: material.names }.finding(question, figure);
        let bullet = format!("- **Question {}**{quote}: {finding}\n", index + 1);
        length += bullet.chars().count();
        if length > room {
            text.push_str(REST);
            break;
        }
        text.push_str(&bullet);
    }
    text
}

/// Writes sentences about figures.
struct Teller<'a> {
    names: &'a dyn Fn(&OfficeCode) -> String,
}

impl Teller<'_> {
    fn finding(&self, question: &Question, figure: &Figure) -> String {
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
            1 => sentences.push("One answer is left out of this figure, as its dissemination is restricted.".to_owned()),
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
            listed(&offices.iter().map(|office| self.name(office)).collect::<Vec<_>>())
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
            [only] => clauses.push(format!(
                "{} gave the number {}, in {unit} ({period})",
                self.name(&only.office),
                written_number(&only.value)
            )),
            _ => {
                let ends = |end: &rust_decimal::Decimal| {
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
            }
        }
        let flagged = values.iter().filter(|number| number.flag.is_some()).count();
        if flagged > 0 {
            clauses.push(format!("{flagged} of {} numbers estimated or provisional", values.len()));
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
            return format!("{} respondents gave an upper bound only", bounds.len());
        }
        let each: Vec<String> = bounds
            .iter()
            .map(|bound| format!("{} (fewer than {})", self.name(&bound.office), written_number(&bound.value)))
            .collect();
        format!("{} gave an upper bound only", listed(&each))
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
        Some(format!("{row}, {column}: total {total} ({} of {answers} tables)", cell.offices))
    }));
    clauses
}

/// `Austria, Belgium and Cyprus`.
fn listed(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

/// Keeps characters that mean something in Markdown from meaning it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\`*_[]<>&~|#!".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The words of the first paragraph of a question, on one line and without markup.
fn first_words(question: &Question) -> String {
    let tree = question.revisions.last().map_or_else(Vec::new, |revision| revision.text.tree());
    let mut text = String::new();
    if let Some(Block::Paragraph(inlines) | Block::Heading { content: inlines, .. }) = tree.first() {
        add_words(inlines, &mut text);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn add_words(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(words) | Inline::Code(words) => text.push_str(words),
            Inline::Emphasis(content) | Inline::Strong(content) | Inline::Link { content, .. } => {
                add_words(content, text);
            }
            Inline::LineBreak => text.push(' '),
        }
    }
}

/// The beginning of a text, cut at a word where it is too long to quote.
fn cut(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(LONGEST_QUOTE) else {
        return text.to_owned();
    };
    let beginning = &text[..end];
    let kept = beginning.rfind(' ').map_or(beginning, |space| &beginning[..space]);
    format!("{}…", kept.trim_end_matches([' ', ',', ';', ':']))
}
