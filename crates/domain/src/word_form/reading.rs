//! What is read from the controls of a form that came back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{CIRCLE, FLAG, FREE_ROWS, FormId, INSTEAD, Part, Tag, Words, YES_NO};
use crate::answer::{Answer, AnswerInput, NumberInput, Row, Source};
use crate::dissemination::Circle;
use crate::office::OfficeCode;
use crate::query::Query;
use crate::question::{Choice, Column, Key, Kind, Question};
use crate::refusal::{Faults, Refusal};

/// The codes of what is larger than any answer.
const TOO_LARGE: [&str; 3] = ["too_long", "too_many", "wrong_number"];
/// How many deleted controls are named.
const MOST_NAMED: usize = 5;

/// What a control holds; nothing where it still shows what should be filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// Its text, a line for each paragraph; of a drop-down what was chosen.
    pub text: String,
    /// Its text with lists, tables, emphasis and links, in Markdown.
    pub markdown: String,
    /// The rows of the tables in it, as text.
    pub rows: Vec<Vec<String>>,
    /// Of a box whether it is ticked.
    pub checked: bool,
    /// Of a date the day that was picked.
    pub date: Option<NaiveDate>,
    /// What was in it and is not taken: `a picture`.
    pub lost: Vec<String>,
}

/// A form that came back: its controls by their tags, as often as each occurs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// The controls.
    pub controls: Vec<(Tag, Control)>,
}

/// What was read, question by question. It is no draft before the office saves it as one.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What concerns all questions.
    pub remarks: Vec<String>,
    /// The questions of the query in their order.
    pub questions: Vec<QuestionReading>,
}

/// What was read for one question.
#[derive(Debug, Clone)]
pub struct QuestionReading {
    /// The question.
    pub question: Key,
    /// What was filled in; none where everything was left empty, or is more than any answer may be.
    pub answer: Option<AnswerInput>,
    /// Why it is no answer yet, with pointers into the answer.
    pub faults: Faults,
    /// What else its office should know: what was left out, deleted or read with doubt.
    pub remarks: Vec<String>,
}

/// The parts of the answer to a question, in the order the form has them.
pub fn parts(question: &Question) -> Vec<Part> {
    let mut parts = Vec::new();
    match &question.kind {
        Kind::Text | Kind::YesNo | Kind::SingleChoice { .. } | Kind::Date => parts.push(Part::Answer),
        Kind::MultipleChoice { options } => parts.extend((1..=options.len()).map(Part::Option)),
        Kind::Number { .. } => parts.extend([Part::Answer, Part::Flag]),
        Kind::Table { columns, rows } => {
            let first = usize::from(rows.is_some());
            for row in 1..=rows.as_ref().map_or(FREE_ROWS, Vec::len) {
                parts.extend((first..=columns.len()).map(|column| Part::Cell(row, column)));
            }
            if rows.is_none() {
                parts.push(Part::Rows);
            }
        }
    }
    if question.kind != Kind::Text {
        parts.push(Part::Comment);
    }
    parts.extend([Part::Instead, Part::AsOf, Part::Sources, Part::Circle]);
    parts
}

/// Reads a form of `office` to a query. `default_circle` is that of answers that say nothing of their own.
///
/// # Errors
/// Invalid `not_a_form` when it does not say which form it is, `other_query`, `other_office`; conflict `stale_form`
/// when the wording of a question has changed since it was downloaded.
pub fn read(query: &Query, office: &OfficeCode, filled: &Filled, default_circle: Circle) -> Result<Reading, Refusal> {
    must_be_form_of(query, office, filled)?;
    let mut controls: BTreeMap<&Tag, &Control> = BTreeMap::new();
    let mut doubled: BTreeSet<&Tag> = BTreeSet::new();
    for (tag, control) in &filled.controls {
        if controls.contains_key(tag) {
            doubled.insert(tag);
        } else {
            controls.insert(tag, control);
        }
    }
    let mut faults = Faults::new();
    let of_all = controls
        .get(&Tag::Circle)
        .and_then(|control| chosen(CIRCLE, &control.text, "/circle", &mut faults));
    let unread = faults.clone();
    let mut remarks: Vec<String> = faults
        .into_vec()
        .into_iter()
        .map(|fault| format!("The wider dissemination of all answers: {}.", fault.detail))
        .collect();
    if !controls.contains_key(&Tag::Circle) {
        remarks.push("The control for the wider dissemination of all answers was deleted.".to_owned());
    }
    let questions = query
        .questions
        .iter()
        .enumerate()
        .map(|(index, question)| {
            let number = index + 1;
            let answering = Answering {
                question,
                number,
                controls: &controls,
                faults: Faults::new(),
                remarks: parts(question)
                    .into_iter()
                    .map(|part| Tag::Question(number, part))
                    .filter(|tag| doubled.contains(tag))
                    .map(|tag| format!("The control {tag} is there twice: the first one was read."))
                    .collect(),
            };
            answering.read(of_all, &unread, default_circle)
        })
        .collect();
    Ok(Reading { remarks, questions })
}

fn must_be_form_of(query: &Query, office: &OfficeCode, filled: &Filled) -> Result<(), Refusal> {
    let mut forms = filled.controls.iter().filter_map(|(tag, _)| match tag {
        Tag::Form(form) => Some(form),
        _ => None,
    });
    let refused = |code: &'static str, detail: &str| Err(Refusal::invalid("", code, detail));
    let Some(form) = forms.next() else {
        return refused(
            "not_a_form",
            "the control at its top that says which form this is was deleted, or it is no form of the exchange: \
             download the form and fill that in",
        );
    };
    let wanted = FormId::of(query, office);
    if form.query != wanted.query || forms.any(|other| other.query != form.query) {
        return refused("other_query", "this is the form of another query");
    }
    if form.office != wanted.office {
        return refused(
            "other_office",
            &format!("this is the form of {}, not of {office}", form.office),
        );
    }
    if form.questions != wanted.questions {
        return Err(Refusal::conflict(
            "stale_form",
            "the wording of a question has changed since this form was downloaded: download it again",
        ));
    }
    Ok(())
}

/// One question while its controls are read.
struct Answering<'a> {
    question: &'a Question,
    number: usize,
    controls: &'a BTreeMap<&'a Tag, &'a Control>,
    faults: Faults,
    remarks: Vec<String>,
}

impl Answering<'_> {
    fn control(&self, part: Part) -> Option<&Control> {
        self.controls.get(&Tag::Question(self.number, part)).copied()
    }

    /// The text of a part, where something is filled in.
    fn text(&self, part: Part) -> Option<String> {
        let text = self.control(part)?.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn markdown(&self, part: Part) -> Option<String> {
        let text = self.control(part)?.markdown.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// What is chosen for all answers and could not be read is a fault of each that says nothing of its own: it may
    /// have been a restriction.
    fn read(mut self, of_all: Option<Circle>, unread: &Faults, default_circle: Circle) -> QuestionReading {
        self.tell_of_lost_parts();
        let mut input = AnswerInput::default();
        let mut begun = self.answer(&mut input);
        input.comment = self.markdown(Part::Comment);
        input.instead = self.choice(INSTEAD, Part::Instead, "/instead");
        if input.instead.is_some() && self.question.kind == Kind::Text {
            // A text question has no comment of its own: what stands there says why.
            input.comment = input.text.take();
        }
        input.as_of = self.date(Part::AsOf, "/asOf");
        input.sources = self.sources();
        let own = self.choice(CIRCLE, Part::Circle, "/circle");
        begun |= own.is_some()
            || input.comment.is_some()
            || input.instead.is_some()
            || input.as_of.is_some()
            || !input.sources.is_empty()
            || !self.faults.is_empty();
        input.circle = own.or(of_all);
        if begun && input.circle.is_none() && self.faults.is_empty() {
            self.faults.add_below("", unread.clone());
        }
        let parsed = Answer::parse(self.question, input.clone(), default_circle);
        let faults = parsed.err().filter(|_| begun).unwrap_or_default();
        // What is larger than any answer is not repeated.
        let is_too_large = faults.iter().any(|fault| TOO_LARGE.contains(&fault.code));
        if self.faults.is_empty() {
            self.faults = faults;
        }
        QuestionReading {
            question: self.question.id.clone(),
            answer: (begun && !is_too_large).then_some(input),
            faults: self.faults,
            remarks: self.remarks,
        }
    }

    /// Controls that were deleted, and what was in controls and cannot be taken.
    fn tell_of_lost_parts(&mut self) {
        let mut deleted = Vec::new();
        for part in parts(self.question) {
            match self.control(part) {
                None => deleted.push(named(part)),
                Some(control) => {
                    let lost: Vec<_> = control.lost.iter().map(String::as_str).collect();
                    if !lost.is_empty() {
                        let remark = format!("Of {} this was left out: {}.", named(part), lost.join(", "));
                        self.remarks.push(remark);
                    }
                }
            }
        }
        if !deleted.is_empty() {
            let more = deleted.len().saturating_sub(MOST_NAMED);
            deleted.truncate(MOST_NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            self.remarks.push(format!(
                "The controls for these were deleted, and what they held is not read: {}{more}.",
                deleted.join(", ")
            ));
        }
    }

    /// The answer itself; whether anything of it is filled in.
    fn answer(&mut self, input: &mut AnswerInput) -> bool {
        let question = self.question;
        match &question.kind {
            Kind::Text => {
                input.text = self.markdown(Part::Answer);
                input.text.is_some()
            }
            Kind::YesNo => {
                input.yes_no = self.choice(YES_NO, Part::Answer, "/yesNo");
                input.yes_no.is_some()
            }
            Kind::SingleChoice { options } => {
                input.choices = self.option(options).map(|id| vec![id]);
                input.choices.is_some()
            }
            Kind::MultipleChoice { options } => {
                let ticked = |index: &usize| self.control(Part::Option(index + 1)).is_some_and(|box_| box_.checked);
                let ids: Vec<String> = (0..options.len())
                    .filter(ticked)
                    .filter_map(|index| options.get(index))
                    .map(|option| option.id.to_string())
                    .collect();
                let begun = !ids.is_empty();
                input.choices = begun.then_some(ids);
                begun
            }
            Kind::Number { .. } => {
                let flag = self.choice(FLAG, Part::Flag, "/number/flag").flatten();
                input.number = self.text(Part::Answer).map(|text| NumberInput {
                    flag,
                    ..self.number(&text)
                });
                input.number.is_some() || flag.is_some()
            }
            Kind::Date => {
                input.date = self.date(Part::Answer, "/date");
                input.date.is_some()
            }
            Kind::Table { columns, rows } => {
                let read = self.rows(columns, rows.as_deref());
                let begun = !read.is_empty();
                input.rows = begun.then_some(read);
                begun
            }
        }
    }

    fn choice<T: Copy>(&mut self, words: Words<T>, part: Part, at: &str) -> Option<T> {
        let text = self.text(part)?;
        chosen(words, &text, at, &mut self.faults)
    }

    fn option(&mut self, options: &[Choice]) -> Option<String> {
        let text = self.text(Part::Answer)?;
        let found = options.iter().find(|option| same(&option.text, &text));
        if found.is_none() {
            let known: Vec<_> = options.iter().map(|option| option.text.as_str()).collect();
            let detail = format!("\u{201c}{text}\u{201d} is none of: {}", known.join("; "));
            self.faults.add("/choices/0", "not_one_of", detail);
        }
        found.map(|option| option.id.to_string())
    }

    fn date(&mut self, part: Part, at: &str) -> Option<NaiveDate> {
        let control = self.control(part)?;
        let (picked, text) = (control.date, control.text.trim().to_owned());
        if text.is_empty() {
            return None;
        }
        let typed = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %B %Y"]
            .into_iter()
            .find_map(|format| NaiveDate::parse_from_str(&text, format).ok());
        if picked.is_none() && typed.is_none() {
            let detail = format!("a date such as 2026-12-04, not \u{201c}{text}\u{201d}");
            self.faults.add(at, "bad_date", detail);
        }
        // Who types over a date that was picked means what was typed.
        typed.or(picked)
    }

    fn number(&mut self, text: &str) -> NumberInput {
        let small = text.to_lowercase();
        if small == "confidential" {
            return NumberInput {
                confidential: true,
                ..NumberInput::default()
            };
        }
        let below = ["fewer than", "less than", "<"]
            .into_iter()
            .find_map(|word| small.strip_prefix(word));
        let digits = self.digits(below.unwrap_or(&small));
        match below {
            Some(_) => NumberInput {
                fewer_than: Some(digits),
                ..NumberInput::default()
            },
            None => NumberInput {
                value: Some(digits),
                ..NumberInput::default()
            },
        }
    }

    /// A number without the blanks that part thousands; one that could be meant otherwise is remarked upon.
    fn digits(&mut self, text: &str) -> String {
        if text.chars().any(char::is_alphabetic) {
            return text.trim().to_owned();
        }
        let number: String = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && !matches!(letter, '\'' | '\u{2019}'))
            .collect();
        if let Some((whole, rest)) = number.split_once('.')
            && rest.len() == 3
            && (1..=3).contains(&whole.len())
        {
            self.remarks.push(format!(
                "{number} was read with a decimal point: write {whole}{rest} if thousands are meant."
            ));
        }
        number
    }

    fn rows(&mut self, columns: &[Column], titles: Option<&[String]>) -> Vec<Row> {
        let count = titles.map_or(FREE_ROWS, <[String]>::len);
        let mut rows: Vec<Row> = (1..=count)
            .map(|row| Row {
                title: match titles.and_then(|titles| titles.get(row - 1)) {
                    Some(title) => title.clone(),
                    None => self.text(Part::Cell(row, 0)).unwrap_or_default(),
                },
                cells: (1..=columns.len())
                    .map(|column| self.text(Part::Cell(row, column)).unwrap_or_default())
                    .collect(),
            })
            .collect();
        match titles {
            Some(_) if rows.iter().all(|row| row.cells.iter().all(String::is_empty)) => rows.clear(),
            Some(_) => {}
            None => {
                rows.retain(|row| !row.title.is_empty() || row.cells.iter().any(|cell| !cell.is_empty()));
                let pasted = self.control(Part::Rows).map(|control| control.rows.clone());
                rows.extend(pasted_rows(columns, pasted.unwrap_or_default()));
            }
        }
        for row in &mut rows {
            for (cell, column) in row.cells.iter_mut().zip(columns) {
                if column.column_type == crate::question::ColumnType::Number {
                    *cell = self.digits(cell);
                }
            }
        }
        rows
    }

    /// A source on each line, its address anywhere in it.
    fn sources(&self) -> Vec<Source> {
        let text = self.text(Part::Sources).unwrap_or_default();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(source).collect()
    }
}

fn source(line: &str) -> Source {
    let Some(begin) = line.find("https://").or_else(|| line.find("http://")) else {
        return Source {
            title: line.to_owned(),
            address: None,
        };
    };
    let (before, rest) = line.split_at(begin);
    let end = rest
        .find(|letter: char| letter.is_whitespace() || matches!(letter, '>' | ')' | ']'))
        .unwrap_or(rest.len());
    let (address, after) = rest.split_at(end);
    let blank = |letter: char| letter.is_whitespace() || "<>()[]:,;-\u{2013}\u{2014}".contains(letter);
    let title = format!("{} {}", before.trim_matches(blank), after.trim_matches(blank));
    let title = title.trim();
    Source {
        title: if title.is_empty() { address } else { title }.to_owned(),
        address: Some(address.to_owned()),
    }
}

/// The rows of a pasted table, without its head where that repeats the columns' titles.
fn pasted_rows(columns: &[Column], pasted: Vec<Vec<String>>) -> Vec<Row> {
    let is_head = |row: &Vec<String>| {
        let titles = row.iter().skip(1).zip(columns);
        row.len() > columns.len()
            && titles.clone().count() > 0
            && titles.clone().all(|(cell, column)| same(cell, &column.title))
    };
    pasted
        .into_iter()
        .filter(|row| !is_head(row) && row.iter().any(|cell| !cell.trim().is_empty()))
        .map(|row| {
            let mut cells = row.into_iter().map(|cell| cell.trim().to_owned());
            let title = cells.next().unwrap_or_default();
            let mut cells: Vec<String> = cells.collect();
            while cells.len() < columns.len() {
                cells.push(String::new());
            }
            Row { title, cells }
        })
        .collect()
}

fn chosen<T: Copy>(words: Words<T>, text: &str, at: &str, faults: &mut Faults) -> Option<T> {
    if text.trim().is_empty() {
        return None;
    }
    let found = words.iter().find(|(word, _)| same(word, text));
    if found.is_none() {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let detail = format!("\u{201c}{}\u{201d} is none of: {}", text.trim(), known.join("; "));
        faults.add(at, "not_one_of", detail);
    }
    found.map(|(_, value)| *value)
}

/// Whether two texts are the same but for blanks and capitals.
fn same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(one) == plain(other)
}

fn named(part: Part) -> String {
    match part {
        Part::Answer => "the answer".to_owned(),
        Part::Option(option) => format!("option {option}"),
        Part::Cell(row, 0) => format!("the title of row {row}"),
        Part::Cell(row, column) => format!("row {row}, column {column}"),
        Part::Rows => "further rows".to_owned(),
        Part::Flag => "how sure the number is".to_owned(),
        Part::Comment => "the comment".to_owned(),
        Part::Instead => "a word instead of an answer".to_owned(),
        Part::AsOf => "the date its facts are true of".to_owned(),
        Part::Sources => "the sources".to_owned(),
        Part::Circle => "the wider dissemination".to_owned(),
    }
}
