//! Answers: what fits each kind of question, and the words that may stand instead.
//!
//! An answer comes as [`AnswerInput`] and is parsed against its question with all faults at once. Decimals stay
//! decimals; nothing is rounded.

use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::attachment::Attachment;
use crate::dissemination::Circle;
use crate::markdown::Markdown;
use crate::question::{ColumnType, Key, Kind, Question, check_line};
use crate::refusal::Faults;

/// Most characters of a free text answer.
pub const LONGEST_ANSWER: usize = 20_000;
/// Most characters of a comment or note.
pub const LONGEST_COMMENT: usize = 4_000;
/// Most sources of an answer.
pub const MOST_SOURCES: usize = 20;
/// Most rows of a table that the answering office names itself.
pub const MOST_TABLE_ROWS: usize = 500;
/// Most characters of a table cell.
pub const LONGEST_CELL: usize = 1_000;

/// Yes, no, or between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
    /// In part.
    Partly,
    /// Not known.
    Unknown,
}

impl YesNo {
    /// All of them, in the order tables show them.
    pub const ALL: [Self; 4] = [Self::Yes, Self::No, Self::Partly, Self::Unknown];

    /// Its word in the interface and in conditions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Partly => "partly",
            Self::Unknown => "unknown",
        }
    }

    /// How a document writes it.
    pub fn written(self) -> &'static str {
        match self {
            Self::Yes => "Yes",
            Self::No => "No",
            Self::Partly => "Partly",
            Self::Unknown => "Unknown",
        }
    }
}

/// Words that may stand instead of any answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// The question does not apply in this country.
    NotApplicable,
    /// The country has no information.
    NoInformation,
    /// The answer will come later; the response is submitted in part.
    ToFollow,
}

impl Instead {
    /// How a document writes it.
    pub fn written(self) -> &'static str {
        match self {
            Self::NotApplicable => "Not applicable",
            Self::NoInformation => "No information available",
            Self::ToFollow => "To follow",
        }
    }
}

/// A value of a number question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NumberValue {
    /// The number.
    Exactly(Decimal),
    /// Fewer than this number, as statistics are protected.
    FewerThan(Decimal),
    /// Known, and confidential.
    Confidential,
}

/// How sure a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFlag {
    /// An estimate.
    Estimate,
    /// Provisional.
    Provisional,
}

/// One row of a table answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The title of the row.
    pub title: String,
    /// One cell for each column, empty where nothing is known.
    pub cells: Vec<String>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// One of the words that may stand instead of any answer, with a note.
    Instead {
        /// The word.
        word: Instead,
        /// Why, or until when.
        note: Option<Markdown>,
    },
    /// Free text.
    Text {
        /// The text.
        text: Markdown,
    },
    /// Yes, no, partly, unknown.
    YesNo {
        /// Which.
        value: YesNo,
        /// More about it.
        comment: Option<Markdown>,
    },
    /// One or more options.
    Choice {
        /// Their ids, in the order of the question.
        options: Vec<Key>,
        /// More about it.
        comment: Option<Markdown>,
    },
    /// A number.
    Number {
        /// The value.
        value: NumberValue,
        /// How sure it is.
        flag: Option<NumberFlag>,
        /// More about it.
        comment: Option<Markdown>,
    },
    /// A date.
    Date {
        /// The date.
        date: NaiveDate,
        /// More about it.
        comment: Option<Markdown>,
    },
    /// A table.
    Table {
        /// Its rows.
        rows: Vec<Row>,
        /// More about it.
        comment: Option<Markdown>,
    },
    /// Nothing any more: it was erased on a written order.
    Erased {
        /// The day in Brussels.
        on: NaiveDate,
    },
}

impl Content {
    /// Whether this is one of the answers a condition names.
    pub fn is_one_of(&self, words: &[String]) -> bool {
        match self {
            Self::YesNo { value, .. } => words.iter().any(|word| word == value.word()),
            Self::Choice { options, .. } => options
                .iter()
                .any(|option| words.iter().any(|word| word == option.as_str())),
            _ => false,
        }
    }

    /// Whether the answer is still to come.
    pub fn is_to_follow(&self) -> bool {
        matches!(
            self,
            Self::Instead {
                word: Instead::ToFollow,
                ..
            }
        )
    }
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Its title.
    pub title: String,
    /// Its address, http or https.
    pub address: Option<String>,
}

/// One answer of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The question it answers.
    pub question: Key,
    /// The revision of the question's wording it was given to.
    pub revision: i32,
    /// How far it may go.
    pub circle: Circle,
    /// The ground of a restriction (Regulation (EC) No 1049/2001, Article 4), in the office's words.
    pub ground: Option<String>,
    /// The day its facts are true of.
    pub as_of: Option<NaiveDate>,
    /// Where it comes from.
    pub sources: Vec<Source>,
    /// The files beside it, of an answer that was submitted; those of a draft stand beside it until then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What it says.
    pub content: Content,
}

/// A number as it comes in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberInput {
    /// The number, as a decimal string.
    pub value: Option<String>,
    /// Fewer than this number.
    pub fewer_than: Option<String>,
    /// Known and confidential.
    pub confidential: bool,
    /// How sure it is.
    pub flag: Option<NumberFlag>,
}

/// An answer as it comes in: the fields of all kinds, of which its question's kind decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerInput {
    /// How far it may go; none for the default.
    pub circle: Option<Circle>,
    /// The ground of a restriction.
    pub ground: Option<String>,
    /// The day its facts are true of.
    pub as_of: Option<NaiveDate>,
    /// Where it comes from.
    pub sources: Vec<Source>,
    /// A word that stands instead.
    pub instead: Option<Instead>,
    /// Free text.
    pub text: Option<String>,
    /// Yes, no, partly, unknown.
    pub yes_no: Option<YesNo>,
    /// Ids of options.
    pub choices: Option<Vec<String>>,
    /// A number.
    pub number: Option<NumberInput>,
    /// A date.
    pub date: Option<NaiveDate>,
    /// Rows of a table.
    pub rows: Option<Vec<Row>>,
    /// More about it; the note of a word that stands instead.
    pub comment: Option<String>,
}

impl Answer {
    /// Whether it was given to an earlier wording of `question`.
    pub fn is_to_earlier(&self, question: &Question) -> bool {
        self.revision < question.revision()
    }

    /// Parses the answer to `question`; `default_circle` is taken where the input names none.
    ///
    /// # Errors
    /// All faults at once, with pointers relative to the answer: `missing_field`, `not_for_kind`, `not_one_of`,
    /// `too_many`, `too_long`, `bad_number`, `bad_address`, `wrong_number`.
    pub fn parse(question: &Question, input: AnswerInput, default_circle: Circle) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        refuse_foreign_fields(&question.kind, &input, &mut faults);
        let comment = markdown(input.comment.as_deref(), LONGEST_COMMENT, "/comment", &mut faults);
        if let Some(ground) = &input.ground {
            check_line(ground, LONGEST_COMMENT, "/ground", &mut faults);
        }
        check_sources(&input.sources, &mut faults);
        let content = if let Some(word) = input.instead {
            Some(Content::Instead { word, note: comment })
        } else {
            parse_content(&question.kind, &input, comment, &mut faults)
        };
        match content {
            Some(content) if faults.is_empty() => Ok(Self {
                question: question.id.clone(),
                revision: question.revision(),
                circle: input.circle.unwrap_or(default_circle),
                ground: input.ground,
                as_of: input.as_of,
                sources: input.sources,
                attachments: Vec::new(),
                content,
            }),
            _ => Err(faults),
        }
    }
}

/// The field that holds the answer of a kind.
fn field_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::YesNo => "yesNo",
        Kind::SingleChoice { .. } | Kind::MultipleChoice { .. } => "choices",
        Kind::Number { .. } => "number",
        Kind::Date => "date",
        Kind::Table { .. } => "rows",
    }
}

fn refuse_foreign_fields(kind: &Kind, input: &AnswerInput, faults: &mut Faults) {
    let own = field_of(kind);
    let present = [
        ("text", input.text.is_some()),
        ("yesNo", input.yes_no.is_some()),
        ("choices", input.choices.is_some()),
        ("number", input.number.is_some()),
        ("date", input.date.is_some()),
        ("rows", input.rows.is_some()),
    ];
    for (field, present) in present {
        if present && field != own {
            faults.add(
                format!("/{field}"),
                "not_for_kind",
                format!("the question wants {own}, not {field}"),
            );
        } else if present && input.instead.is_some() {
            faults.add(
                format!("/{field}"),
                "not_for_kind",
                "either an answer or a word instead of it, not both",
            );
        }
    }
    if matches!(kind, Kind::Text) && input.comment.is_some() && input.instead.is_none() {
        faults.add(
            "/comment",
            "not_for_kind",
            "a text answer has no comment beside it: put it into the text",
        );
    }
}

fn parse_content(kind: &Kind, input: &AnswerInput, comment: Option<Markdown>, faults: &mut Faults) -> Option<Content> {
    let field = field_of(kind);
    let missing = |faults: &mut Faults| {
        faults.add(
            format!("/{field}"),
            "missing_field",
            format!("the question wants {field}, or instead: not_applicable, no_information or to_follow"),
        );
        None
    };
    match kind {
        Kind::Text => match input.text.as_deref().filter(|text| !text.trim().is_empty()) {
            Some(text) => markdown(Some(text), LONGEST_ANSWER, "/text", faults).map(|text| Content::Text { text }),
            None => missing(faults),
        },
        Kind::YesNo => match input.yes_no {
            Some(value) => Some(Content::YesNo { value, comment }),
            None => missing(faults),
        },
        Kind::SingleChoice { .. } | Kind::MultipleChoice { .. } => match &input.choices {
            Some(choices) => Some(Content::Choice {
                options: parse_choices(kind, choices, faults),
                comment,
            }),
            None => missing(faults),
        },
        Kind::Number { .. } => match &input.number {
            Some(number) => parse_number(number, faults).map(|value| Content::Number {
                value,
                flag: number.flag,
                comment,
            }),
            None => missing(faults),
        },
        Kind::Date => match input.date {
            Some(date) => Some(Content::Date { date, comment }),
            None => missing(faults),
        },
        Kind::Table { columns, rows } => match &input.rows {
            Some(given) => {
                let types: Vec<ColumnType> = columns.iter().map(|column| column.column_type).collect();
                check_rows(&types, rows.as_deref(), given, faults);
                Some(Content::Table {
                    rows: given.clone(),
                    comment,
                })
            }
            None => missing(faults),
        },
    }
}

fn parse_choices(kind: &Kind, given: &[String], faults: &mut Faults) -> Vec<Key> {
    let (Kind::SingleChoice { options } | Kind::MultipleChoice { options }) = kind else {
        return Vec::new();
    };
    if given.is_empty() || (matches!(kind, Kind::SingleChoice { .. }) && given.len() > 1) {
        let wanted = if matches!(kind, Kind::SingleChoice { .. }) {
            "choose exactly one option"
        } else {
            "choose at least one option"
        };
        faults.add("/choices", "wrong_number", wanted);
    }
    for (index, id) in given.iter().enumerate() {
        if !options.iter().any(|option| option.id.as_str() == id) {
            let known: Vec<_> = options.iter().map(|option| option.id.as_str()).collect();
            let detail = format!("the question has the options {}", known.join(", "));
            faults.add(format!("/choices/{index}"), "not_one_of", detail);
        }
        if given[..index].contains(id) {
            faults.add(
                format!("/choices/{index}"),
                "not_unique",
                "this option stands here twice",
            );
        }
    }
    options
        .iter()
        .filter(|option| given.iter().any(|id| id == option.id.as_str()))
        .map(|option| option.id.clone())
        .collect()
}

fn parse_number(input: &NumberInput, faults: &mut Faults) -> Option<NumberValue> {
    let given =
        usize::from(input.value.is_some()) + usize::from(input.fewer_than.is_some()) + usize::from(input.confidential);
    if given != 1 {
        faults.add(
            "/number",
            "wrong_number",
            "exactly one of value, fewerThan and confidential: true",
        );
        return None;
    }
    if input.confidential {
        return Some(NumberValue::Confidential);
    }
    if let Some(text) = &input.value {
        return decimal(text, "/number/value", faults).map(NumberValue::Exactly);
    }
    decimal(
        input.fewer_than.as_deref().unwrap_or_default(),
        "/number/fewerThan",
        faults,
    )
    .map(NumberValue::FewerThan)
}

/// A decimal as it is written in JSON, kept digit by digit: a point, no thousands separator, no exponent.
fn decimal(text: &str, at: &str, faults: &mut Faults) -> Option<Decimal> {
    let number = is_plain_decimal(text).then(|| Decimal::from_str(text).ok()).flatten();
    if number.is_none() {
        faults.add(
            at,
            "bad_number",
            "a decimal number such as \"1250\" or \"12.5\": digits and a point, no separators, at most 28 digits",
        );
    }
    number
}

fn is_plain_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(fraction) && digits.len() <= 29
}

fn check_rows(types: &[ColumnType], titles: Option<&[String]>, rows: &[Row], faults: &mut Faults) {
    if let Some(titles) = titles {
        if !rows.iter().map(|row| &row.title).eq(titles) {
            let detail = format!("the question gives the rows, in this order: {}", titles.join(", "));
            faults.add("/rows", "not_one_of", detail);
        }
    } else if rows.is_empty() || rows.len() > MOST_TABLE_ROWS {
        faults.add("/rows", "wrong_number", format!("1 to {MOST_TABLE_ROWS} rows"));
    }
    for (index, row) in rows.iter().enumerate() {
        let at = format!("/rows/{index}");
        if row.title.trim().is_empty() {
            faults.add(format!("{at}/title"), "missing_field", "each row has a title");
        }
        check_line(&row.title, LONGEST_CELL, &format!("{at}/title"), faults);
        if row.cells.len() != types.len() {
            faults.add(
                format!("{at}/cells"),
                "wrong_number",
                format!(
                    "one cell for each of the {} columns, empty where nothing is known",
                    types.len()
                ),
            );
        }
        for (column, (cell, column_type)) in row.cells.iter().zip(types).enumerate() {
            let at = format!("{at}/cells/{column}");
            check_line(cell, LONGEST_CELL, &at, faults);
            if *column_type == ColumnType::Number && !cell.is_empty() {
                decimal(cell, &at, faults);
            }
        }
    }
}

fn check_sources(sources: &[Source], faults: &mut Faults) {
    if sources.len() > MOST_SOURCES {
        faults.add("/sources", "too_many", format!("at most {MOST_SOURCES} sources"));
    }
    for (index, source) in sources.iter().enumerate() {
        let at = format!("/sources/{index}");
        if source.title.trim().is_empty() {
            faults.add(format!("{at}/title"), "missing_field", "each source has a title");
        }
        check_line(&source.title, LONGEST_CELL, &format!("{at}/title"), faults);
        if let Some(address) = &source.address {
            check_line(address, 2_000, &format!("{at}/address"), faults);
            let web = ["https://", "http://"].iter().any(|scheme| {
                address
                    .strip_prefix(scheme)
                    .is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
            });
            if !web {
                faults.add(
                    format!("{at}/address"),
                    "bad_address",
                    "an address that begins with https:// or http://",
                );
            }
        }
    }
}

fn markdown(text: Option<&str>, longest: usize, at: &str, faults: &mut Faults) -> Option<Markdown> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    match Markdown::parse(text, longest) {
        Ok(markdown) => Some(markdown),
        Err(fault) => {
            faults.add(at, fault.code, fault.detail);
            None
        }
    }
}
