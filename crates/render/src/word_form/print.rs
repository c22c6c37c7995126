//! The form as a document: the query with a control for each part of each answer; the text around them is locked.

use ahq_domain::clock::written_date;
use ahq_domain::compilation::AskedQuestion;
use ahq_domain::question::Kind;
use ahq_domain::word_form::{CIRCLE, FLAG, FREE_ROWS, INSTEAD, Part, Tag, Words, YES_NO};

use super::{Form, placeholder};
use crate::RenderError;
use crate::document::{Block, Document, Text};
use crate::docx::body::Body;
use crate::docx::body::control::{Control, FormCell, Takes};
use crate::docx::{Protection, pack};
use crate::layout::{over_title, sentence_case};

const HOW: &str = "Fill in the fields and upload this document again; the rest of the text is locked. What you leave empty \
     stays unanswered. Text, lists and tables may be pasted into the fields for answers and comments. Nothing is \
     submitted by uploading: the exchange shows what it has read, and your office confirms it.";

/// Prints a form.
///
/// # Errors
/// [`RenderError`] when a part cannot be written.
pub fn print(form: &Form<'_>) -> Result<Vec<u8>, RenderError> {
    let document = Document {
        over_title: over_title(form.query),
        title: form.query.head.title.clone(),
        author: "European Migration Network".to_owned(),
        made: form.made,
        marking: format!("Form for {}", form.office),
        blocks: Vec::new(),
    };
    let mut body = Body::new(&document)?;
    body.title()?;
    head(&mut body, form)?;
    for question in &form.query.questions {
        Answer {
            body: &mut body,
            question,
        }
        .print()?;
    }
    body.section()?;
    pack(&document, body, Protection::AllButControls)
}

fn heading(level: u8, id: String, text: String) -> Block {
    Block::Heading { level, id, text }
}

fn head(body: &mut Body<'_>, form: &Form<'_>) -> Result<(), RenderError> {
    // Its tag is its text too: there are programs that drop tags.
    let tag = Tag::Form(form.id.clone());
    let name = tag.to_string();
    let identity = Control {
        tag,
        title: "Which form this is".to_owned(),
        takes: Takes::Nothing(&name),
    };
    body.line("Normal", "Number of this form: ", &identity, "")?;
    let mut blocks = vec![Block::Paragraph(form.query.head.requested_line.clone())];
    if let Some(date) = form.query.head.reply_by {
        let date = written_date(date);
        blocks.push(Block::Facts(vec![("Reply requested by".to_owned(), date)]));
    }
    blocks.push(Block::Notice(HOW.to_owned()));
    body.blocks(&blocks, 0)?;
    let circle = Control {
        tag: Tag::Circle,
        title: "Wider dissemination of all answers".to_owned(),
        takes: choice(words(CIRCLE)),
    };
    body.line("Normal", "Wider dissemination of all answers: ", &circle, "")?;
    let remark = "It applies to every answer below that does not say otherwise. \u{201c}No\u{201d} does not by itself \
                  exclude disclosure under Regulation (EC) No 1049/2001.";
    body.blocks(&[Block::Remark(remark.to_owned())], 0)?;
    if let Some(background) = &form.query.background {
        let blocks = [
            heading(2, "background".to_owned(), "Background information".to_owned()),
            Block::Text(Text {
                blocks: background.tree(),
                under: 2,
            }),
        ];
        body.blocks(&blocks, 0)?;
    }
    Ok(())
}

fn words<T>(words: Words<T>) -> Vec<&'static str> {
    words.iter().map(|(word, _)| *word).collect()
}

fn choice(words: Vec<&str>) -> Takes<'_> {
    Takes::Choice {
        words,
        placeholder: placeholder::CHOICE,
    }
}

/// The part of the form that is for one question.
struct Answer<'a, 'b> {
    body: &'a mut Body<'b>,
    question: &'a AskedQuestion,
}

impl Answer<'_, '_> {
    fn print(mut self) -> Result<(), RenderError> {
        let question = self.question;
        let mut blocks = vec![
            heading(
                2,
                format!("question-{}", question.id),
                format!("Question {}", question.number),
            ),
            Block::Text(Text {
                blocks: question.text.tree(),
                under: 2,
            }),
        ];
        if let Kind::Number { unit, period } = &question.asks {
            blocks.push(Block::Remark(format!("In {unit}, for {period}")));
        }
        let condition = question.condition.as_deref().map(sentence_case);
        blocks.extend(condition.map(Block::Remark));
        self.body.blocks(&blocks, 0)?;
        self.answer()?;
        if question.asks != Kind::Text {
            self.rich(Part::Comment, "Comment", placeholder::COMMENT)?;
        }
        self.more()
    }

    fn control<'c>(&self, part: Part, of: &str, takes: Takes<'c>) -> Control<'c> {
        Control {
            tag: Tag::Question(self.question.number, part),
            title: format!("Question {}: {of}", self.question.number),
            takes,
        }
    }

    fn line(&mut self, part: Part, label: &str, takes: Takes<'_>) -> Result<(), RenderError> {
        let control = self.control(part, &label.to_lowercase(), takes);
        self.body.line("Normal", &format!("{label}: "), &control, "")
    }

    fn rich(&mut self, part: Part, label: &str, placeholder: &str) -> Result<(), RenderError> {
        self.body.blocks(&[Block::Label(label.to_owned())], 0)?;
        let control = self.control(part, &label.to_lowercase(), Takes::Rich { placeholder });
        self.body.rich_control(&control, "Normal")
    }

    fn answer(&mut self) -> Result<(), RenderError> {
        let question = self.question;
        match &question.asks {
            Kind::Text => self.rich(Part::Answer, "Answer", placeholder::TEXT),
            Kind::YesNo => self.line(Part::Answer, "Answer", choice(words(YES_NO))),
            Kind::SingleChoice { options } => {
                let words = options.iter().map(|option| option.text.as_str()).collect();
                self.line(Part::Answer, "Answer", choice(words))
            }
            Kind::MultipleChoice { options } => {
                let label = "Answer: tick what applies".to_owned();
                self.body.blocks(&[Block::Label(label)], 0)?;
                for (index, option) in options.iter().enumerate() {
                    let control = self.control(Part::Option(index + 1), &option.text, Takes::Tick);
                    self.body.line("Normal", "", &control, &format!(" {}", option.text))?;
                }
                Ok(())
            }
            Kind::Number { .. } => {
                let takes = Takes::Text {
                    lines: false,
                    placeholder: placeholder::NUMBER,
                };
                self.line(Part::Answer, "Answer", takes)?;
                self.line(Part::Flag, "How sure it is", choice(words(FLAG)))
            }
            Kind::Date => {
                let takes = Takes::Date {
                    placeholder: placeholder::DATE,
                };
                self.line(Part::Answer, "Answer", takes)
            }
            Kind::Table { columns, rows } => {
                let titles: Vec<&str> = columns.iter().map(|column| column.title.as_str()).collect();
                self.table(&titles, rows.as_deref())
            }
        }
    }

    fn table(&mut self, columns: &[&str], titles: Option<&[String]>) -> Result<(), RenderError> {
        let count = titles.map_or(FREE_ROWS, <[String]>::len);
        let name = |row: usize| titles.and_then(|titles| titles.get(row - 1)).map(String::as_str);
        let cell = |row: usize, column: usize| {
            let of = match column.checked_sub(1).and_then(|index| columns.get(index)) {
                Some(title) => match name(row) {
                    Some(name) => format!("{name}, {title}"),
                    None => format!("row {row}, {title}"),
                },
                None => format!("title of row {row}"),
            };
            let takes = Takes::Text {
                lines: false,
                placeholder: placeholder::CELL,
            };
            FormCell::Control(self.control(Part::Cell(row, column), &of, takes))
        };
        let rows: Vec<Vec<FormCell<'_>>> = (1..=count)
            .map(|row| {
                let first = name(row).map_or_else(|| cell(row, 0), FormCell::Text);
                std::iter::once(first)
                    .chain((1..=columns.len()).map(|column| cell(row, column)))
                    .collect()
            })
            .collect();
        let mut head = vec!["Row"];
        head.extend(columns);
        let shares = vec![1; head.len()];
        let caption = format!("Answer to question {}", self.question.number);
        self.body.form_table(&caption, &head, &shares, &rows)?;
        if titles.is_none() {
            self.rich(Part::Rows, "Further rows", placeholder::ROWS)?;
        }
        Ok(())
    }

    /// What may be said of any answer.
    fn more(&mut self) -> Result<(), RenderError> {
        let rows = [
            (Part::Instead, "Instead of an answer", choice(words(INSTEAD))),
            (
                Part::AsOf,
                "True as of",
                Takes::Date {
                    placeholder: placeholder::DATE,
                },
            ),
            (
                Part::Sources,
                "Sources",
                Takes::Text {
                    lines: true,
                    placeholder: placeholder::SOURCES,
                },
            ),
            (Part::Circle, "Wider dissemination", choice(words(CIRCLE))),
        ];
        let rows: Vec<Vec<FormCell<'_>>> = rows
            .into_iter()
            .map(|(part, label, takes)| {
                let control = self.control(part, &label.to_lowercase(), takes);
                vec![FormCell::Text(label), FormCell::Control(control)]
            })
            .collect();
        let caption = format!("More about the answer to question {}", self.question.number);
        self.body
            .form_table(&caption, &["About the answer", "Where it applies"], &[1, 3], &rows)
    }
}
