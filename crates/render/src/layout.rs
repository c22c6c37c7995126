//! The order and words of a compilation, laid out as a document.
//!
//! Order: head, respondents, disclaimer, summary, background, questions, comparison, responses, changes. A row whose
//! answer the reader may not see stays, and the replacement sentence stands in it.

mod comparison;

use ahq_domain::answer::{Content, NumberFlag, NumberValue, Row};
use ahq_domain::attachment::Attachment;
use ahq_domain::clock::written_date;
use ahq_domain::comparison::written_number;
use ahq_domain::compilation::{AskedQuestion, Named, Shown, View, ViewResponse, ViewRow};
use ahq_domain::dissemination::{Circle, RESTRICTED};
use ahq_domain::erasure::tombstone;
use ahq_domain::hold::SUSPENDED;
use ahq_domain::markdown::{Markdown, plain_text};
use ahq_domain::question::{Column, Kind};
use ahq_domain::summary::Summary;
use rust_decimal::Decimal;

pub(crate) use self::comparison::Names;
use crate::document::{Block, Cell, Document, Orientation, Reference, Table, Text};
use crate::{Order, Source};

/// Lays a view out.
pub fn lay_out(source: Source<'_>, order: Order) -> Document {
    let view = source.view;
    let mut blocks = head(source);
    if let Some(summary) = source.summary {
        blocks.extend(summary_blocks(summary));
    }
    if let Some(background) = &view.background {
        blocks.push(heading(2, "background", "Background information"));
        blocks.push(text(background));
    }
    if let Some(note) = &view.note {
        blocks.push(Block::Notice(note.clone()));
    }
    if !view.questions.is_empty() {
        blocks.push(heading(2, "questions", "Questions"));
        for question in &view.questions {
            blocks.push(question_heading(3, "question", question));
            blocks.extend(question_text(question));
        }
    }
    blocks.extend(comparison::comparison(view));
    if !view.responses.is_empty() {
        blocks.push(Block::Pages(Orientation::Landscape));
        blocks.push(heading(2, "responses", "Responses"));
        blocks.extend(match order {
            Order::Country => by_country(&Downloads::new(source), view),
            Order::Question => by_question(&Downloads::new(source), view),
        });
    }
    if !view.changes.is_empty() {
        blocks.push(Block::Pages(Orientation::Portrait));
        blocks.push(heading(2, "changes", "Changes since the previous edition"));
        blocks.push(Block::List(view.changes.clone()));
    }
    place_texts(&mut blocks, 1);
    Document {
        over_title: over_title(view),
        title: view.head.title.clone(),
        author: names(&view.head.requesters),
        made: view.produced,
        marking: view.circle.may_be_passed_on_to().to_owned(),
        blocks,
    }
}

/// `Ad-Hoc Query 2026.81`.
pub(crate) fn over_title(view: &View) -> String {
    match &view.head.number {
        Some(number) => format!("Ad-Hoc Query {number}"),
        None => "Ad-Hoc Query".to_owned(),
    }
}

fn heading(level: u8, id: &str, text: &str) -> Block {
    Block::Heading {
        level,
        id: id.to_owned(),
        text: text.to_owned(),
    }
}

/// A text; which heading it stands under is written in when the document is whole.
fn text(markdown: &Markdown) -> Block {
    Block::Text(Text {
        blocks: markdown.tree(),
        under: 1,
    })
}

/// Tells each text the level of the heading it stands under.
fn place_texts(blocks: &mut [Block], mut level: u8) {
    for block in blocks {
        match block {
            Block::Heading { level: own, .. } => level = *own,
            Block::Text(text) => text.under = level,
            Block::Table(table) => {
                for cell in table.rows.iter_mut().flatten() {
                    if let Cell::Blocks(blocks) = cell {
                        place_texts(blocks, level);
                    }
                }
            }
            _ => {}
        }
    }
}

fn head(source: Source<'_>) -> Vec<Block> {
    let view = source.view;
    let head = &view.head;
    let mut facts = Vec::new();
    if !head.topics.is_empty() {
        facts.push(("Topics".to_owned(), head.topics.join(", ")));
    }
    if let Some(date) = head.reply_by {
        facts.push(("Reply requested by".to_owned(), written_date(date)));
    }
    for extension in &head.extensions {
        facts.push((
            "Deadline extended".to_owned(),
            format!(
                "on {} from {} to {}",
                written_date(extension.on),
                written_date(extension.from),
                written_date(extension.to)
            ),
        ));
    }
    if let Some(date) = head.compiled_on {
        let produced = written_date(date);
        facts.push((
            "Compilation produced on".to_owned(),
            match view.edition {
                // An imported compilation is no edition of this exchange; one with suspended responses is.
                _ if view.note.is_some() && view.responses.is_empty() => produced,
                0 => format!("{produced}, live"),
                edition => format!("{produced}, edition {edition}"),
            },
        ));
    }
    let mut blocks = vec![
        Block::Paragraph(head.requested_line.clone()),
        Block::Facts(facts),
        Block::Paragraph(head.responses_line.clone()),
    ];
    let lists = [("Declined", &head.declined), ("Not answered", &head.not_answered)];
    for (word, list) in lists {
        if let Some(list) = list
            && !list.is_empty()
        {
            blocks.push(Block::Paragraph(format!("{word}: {}", names(list))));
        }
    }
    blocks.push(Block::Notice(view.disclaimer.clone()));
    blocks.push(Block::Remark(format!("{}: {}", source.hash_of(), source.sha256)));
    blocks
}

pub(crate) fn names(list: &[Named]) -> String {
    list.iter()
        .map(|named| named.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn summary_blocks(summary: &Summary) -> Vec<Block> {
    let mut blocks = vec![heading(2, "summary", "Summary")];
    let parts = [
        ("summary-background", "Background", &summary.background),
        ("summary-respondents", "Respondents", &summary.respondents),
        ("summary-findings", "Findings", &summary.findings),
    ];
    for (id, title, part) in parts {
        if !part.as_str().is_empty() {
            blocks.push(heading(3, id, title));
            blocks.push(text(part));
        }
    }
    blocks
}

fn question_heading(level: u8, prefix: &str, question: &AskedQuestion) -> Block {
    heading(
        level,
        &format!("{prefix}-{}", question.id),
        &format!("Question {}", question.number),
    )
}

fn question_text(question: &AskedQuestion) -> Vec<Block> {
    let mut blocks = vec![text(&question.text)];
    match &question.asks {
        Kind::SingleChoice { options } | Kind::MultipleChoice { options } => {
            blocks.push(Block::List(options.iter().map(|option| option.text.clone()).collect()));
        }
        Kind::Number { unit, period } => blocks.push(Block::Remark(format!("In {unit}, for {period}"))),
        Kind::Table { columns, .. } => {
            let titles: Vec<_> = columns.iter().map(|column| column.title.as_str()).collect();
            blocks.push(Block::Remark(format!(
                "As a table with the columns {}",
                titles.join(", ")
            )));
        }
        Kind::Text | Kind::YesNo | Kind::Date => {}
    }
    if let Some(condition) = &question.condition {
        blocks.push(Block::Remark(sentence_case(condition)));
    }
    blocks
}

pub(crate) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn table(caption: String, head: &[&str], rows: Vec<Vec<Cell>>) -> Block {
    let head = head.iter().map(|head| (*head).to_owned()).collect();
    Block::Table(Table::new(caption, head, rows))
}

fn cells_of(row: &Row, columns: &[Column]) -> Vec<Cell> {
    use ahq_domain::question::ColumnType;
    row.cells
        .iter()
        .zip(columns)
        .map(|(cell, column)| match column.column_type {
            ColumnType::Number => Cell::Number(cell.clone()),
            ColumnType::Text => Cell::Text(cell.clone()),
        })
        .collect()
}

fn flag(flag: Option<NumberFlag>) -> &'static str {
    match flag {
        Some(NumberFlag::Estimate) => "estimate",
        Some(NumberFlag::Provisional) => "provisional",
        None => "",
    }
}

/// What is said of a number, with how sure it is.
pub(crate) fn with_flag(said: String, sure: Option<NumberFlag>) -> String {
    match flag(sure) {
        "" => said,
        sure => format!("{said} ({sure})"),
    }
}

const RESPONSE_HEAD: [&str; 3] = ["Country", "Wider Dissemination", "Response"];

fn country(response: &ViewResponse) -> Cell {
    if response.late {
        format!("{} (late)", response.name).into()
    } else {
        response.name.as_str().into()
    }
}

/// A row for each answer of a country, so that every page names the countries on it, each answer says how far it goes, and
/// no row is longer than an answer. A country that restricts all of its answers, or of which all are suspended, has one row.
fn by_country(files: &Downloads<'_>, view: &View) -> Vec<Block> {
    let rows = view
        .responses
        .iter()
        .flat_map(|response| country_rows(files, view, response));
    vec![table("Responses by country".to_owned(), &RESPONSE_HEAD, rows.collect())]
}

fn country_rows(files: &Downloads<'_>, view: &View, response: &ViewResponse) -> Vec<Vec<Cell>> {
    for (shown, sentence) in [(Shown::Restricted, RESTRICTED), (Shown::Suspended, SUSPENDED)] {
        if response.rows.iter().all(|row| row.shown == shown) {
            let sentence = Cell::Blocks(vec![Block::Paragraph(sentence.to_owned())]);
            return vec![vec![country(response), "No".into(), sentence]];
        }
    }
    let answers = view.questions.iter().zip(&response.rows);
    answers
        .map(|(question, row)| {
            let mut blocks = vec![Block::Label(format!("Question {}", question.number))];
            blocks.extend(row_blocks(files, response, question, row));
            vec![
                country(response),
                Cell::Text(row.wider_dissemination.clone()),
                Cell::Blocks(blocks),
            ]
        })
        .collect()
}

fn by_question(files: &Downloads<'_>, view: &View) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (index, question) in view.questions.iter().enumerate() {
        blocks.push(question_heading(3, "responses", question));
        blocks.push(text(&question.text));
        let rows = view
            .responses
            .iter()
            .filter_map(|response| response.rows.get(index).map(|row| (response, row)))
            .map(|(response, row)| {
                vec![
                    country(response),
                    Cell::Text(row.wider_dissemination.clone()),
                    Cell::Blocks(row_blocks(files, response, question, row)),
                ]
            })
            .collect();
        let caption = format!("Responses to question {}", question.number);
        blocks.push(table(caption, &RESPONSE_HEAD, rows));
    }
    blocks
}

fn row_blocks(files: &Downloads<'_>, response: &ViewResponse, question: &AskedQuestion, row: &ViewRow) -> Vec<Block> {
    let mut blocks = match (row.shown, &row.content) {
        (Shown::Answer, Some(content)) => content_blocks(question, content),
        (Shown::Skipped, _) => vec![Block::Paragraph("Not asked after an earlier answer.".to_owned())],
        (Shown::None, _) => vec![Block::Paragraph("No answer.".to_owned())],
        (Shown::Suspended, _) => return vec![Block::Paragraph(SUSPENDED.to_owned())],
        (Shown::Erased, _) => return vec![Block::Paragraph(row.erased.clone().unwrap_or_default())],
        (Shown::Restricted | Shown::Answer, _) => return vec![Block::Paragraph(RESTRICTED.to_owned())],
    };
    if row.earlier_wording {
        blocks.push(Block::Remark("Given to the earlier wording.".to_owned()));
    }
    if let Some(date) = row.as_of {
        blocks.push(Block::Remark(format!("As of {}.", written_date(date))));
    }
    if let Some(ground) = &row.ground {
        blocks.push(Block::Remark(format!("Ground of the restriction: {ground}")));
    }
    for source in &row.sources {
        blocks.push(Block::Source(Reference {
            title: source.title.clone(),
            address: source.address.clone(),
        }));
    }
    for file in &row.attachments {
        blocks.push(Block::Attachment(Reference {
            title: format!("{} ({}, SHA-256 {})", file.name, file.described(), file.sha256),
            address: Some(files.of(response, row, file)),
        }));
    }
    blocks
}

/// Where the files of a view are downloaded.
pub(crate) struct Downloads<'a> {
    view: &'a View,
    interface: &'a str,
}

impl<'a> Downloads<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        Self {
            view: source.view,
            interface: source.interface,
        }
    }

    /// The address of a file: for everybody where the view is.
    pub(crate) fn of(&self, response: &ViewResponse, row: &ViewRow, file: &Attachment) -> String {
        let (interface, query) = (self.interface, self.view.head.query);
        match self.view.circle {
            Circle::Public => format!("{interface}/public/queries/{query}/attachments/{}", file.id),
            Circle::Requester | Circle::Network => format!(
                "{interface}/queries/{query}/responses/{}/answers/{}/attachments/{}",
                response.office, row.question, file.id
            ),
        }
    }
}

/// What an answer says, as text for a table or a spreadsheet cell, without its comment.
pub(crate) fn answer_text(question: &AskedQuestion, content: &Content) -> String {
    match content {
        Content::Instead { word, .. } => word.written().to_owned(),
        Content::Text { text } => plain_text(&text.tree()),
        Content::YesNo { value, .. } => value.written().to_owned(),
        Content::Choice { options, .. } => {
            let chosen: Vec<_> = options.iter().map(|id| option_text(question, id.as_str())).collect();
            chosen.join("; ")
        }
        Content::Number { value, flag, .. } => with_flag(number_text(value, Decimal::to_string), *flag),
        Content::Date { date, .. } => written_date(*date),
        Content::Erased { on } => tombstone(*on),
        Content::Table { rows, .. } => rows
            .iter()
            .map(|row| format!("{}: {}", row.title, row.cells.join(", ")))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// A number, its digits as `written` has them: plain in a cell that a program reads, as elsewhere on a page for people.
fn number_text(value: &NumberValue, written: fn(&Decimal) -> String) -> String {
    match value {
        NumberValue::Exactly(number) => written(number),
        NumberValue::FewerThan(number) => format!("fewer than {}", written(number)),
        NumberValue::Confidential => "confidential".to_owned(),
    }
}

/// The comment or note beside an answer.
pub(crate) fn comment(content: &Content) -> Option<&Markdown> {
    match content {
        Content::Text { .. } | Content::Erased { .. } => None,
        Content::Instead { note: comment, .. }
        | Content::YesNo { comment, .. }
        | Content::Choice { comment, .. }
        | Content::Number { comment, .. }
        | Content::Date { comment, .. }
        | Content::Table { comment, .. } => comment.as_ref(),
    }
}

fn option_text<'a>(question: &'a AskedQuestion, id: &'a str) -> &'a str {
    match &question.asks {
        Kind::SingleChoice { options } | Kind::MultipleChoice { options } => options
            .iter()
            .find(|option| option.id.as_str() == id)
            .map_or(id, |option| option.text.as_str()),
        _ => id,
    }
}

fn content_blocks(question: &AskedQuestion, content: &Content) -> Vec<Block> {
    let mut blocks = match content {
        Content::Text { text: markdown } => vec![text(markdown)],
        Content::Choice { options, .. } => vec![Block::List(
            options
                .iter()
                .map(|id| option_text(question, id.as_str()).to_owned())
                .collect(),
        )],
        Content::Table { rows, .. } => vec![answer_table(question, rows)],
        Content::Number { value, flag, .. } => {
            let number = with_flag(number_text(value, written_number), *flag);
            vec![Block::Paragraph(match (value, &question.asks) {
                (NumberValue::Exactly(_) | NumberValue::FewerThan(_), Kind::Number { unit, period }) => {
                    format!("{number}, {unit}, {period}")
                }
                _ => number,
            })]
        }
        other => vec![Block::Paragraph(answer_text(question, other))],
    };
    if let Some(comment) = comment(content) {
        blocks.push(text(comment));
    }
    blocks
}

fn answer_table(question: &AskedQuestion, rows: &[Row]) -> Block {
    let columns: &[Column] = match &question.asks {
        Kind::Table { columns, .. } => columns,
        _ => &[],
    };
    let mut head = vec!["Row"];
    head.extend(columns.iter().map(|column| column.title.as_str()));
    let rows = rows
        .iter()
        .map(|row| {
            let mut cells: Vec<Cell> = vec![row.title.as_str().into()];
            cells.extend(cells_of(row, columns));
            cells
        })
        .collect();
    table(format!("Answer to question {}", question.number), &head, rows)
}
