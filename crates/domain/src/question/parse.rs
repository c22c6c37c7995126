//! Questions as they come in: parsed with all faults at once.

use std::collections::BTreeSet;

use super::{
    AskIf, Choice, Column, ColumnType, Key, Kind, KindName, LONGEST_LABEL, LONGEST_QUESTION, MOST_OPTIONS,
    MOST_QUESTIONS, MOST_ROWS, Question, Revision,
};
use crate::markdown::Markdown;
use crate::refusal::Faults;

/// One option as it comes in.
#[derive(Debug, Clone, Default)]
pub struct ChoiceInput {
    /// Its id, or none: then the program gives one.
    pub id: Option<String>,
    /// Its text.
    pub text: String,
}

/// One column as it comes in.
#[derive(Debug, Clone)]
pub struct ColumnInput {
    /// Its id, or none: then the program gives one.
    pub id: Option<String>,
    /// Its title.
    pub title: String,
    /// What it holds.
    pub column_type: ColumnType,
}

/// The condition as it comes in.
#[derive(Debug, Clone)]
pub struct AskIfInput {
    /// The id of the earlier question.
    pub question: String,
    /// The answers.
    pub one_of: Vec<String>,
}

/// A question as it comes in.
#[derive(Debug, Clone)]
pub struct QuestionInput {
    /// Its id, or none: then the program gives one.
    pub id: Option<String>,
    /// The name of its kind.
    pub kind: KindName,
    /// Its wording.
    pub text: String,
    /// Whether a response is incomplete without it.
    pub required: bool,
    /// Options of a choice.
    pub options: Option<Vec<ChoiceInput>>,
    /// Unit of a number.
    pub unit: Option<String>,
    /// Reference period of a number.
    pub period: Option<String>,
    /// Columns of a table.
    pub columns: Option<Vec<ColumnInput>>,
    /// Row titles of a table.
    pub rows: Option<Vec<String>>,
    /// Its condition.
    pub ask_if: Option<AskIfInput>,
}

/// Parses the questions of a draft.
///
/// # Errors
/// All faults at once, with pointers below `/questions`: `too_many`, `bad_key`, `not_unique`, `empty`, `too_long`,
/// `missing_field`, `not_for_kind`, `unknown_question`, `not_an_earlier_question`, `not_one_of`.
pub fn parse_questions(inputs: Vec<QuestionInput>) -> Result<Vec<Question>, Faults> {
    let mut faults = Faults::new();
    if inputs.len() > MOST_QUESTIONS {
        let detail = format!(
            "a query has at most {MOST_QUESTIONS} questions, this one has {}",
            inputs.len()
        );
        faults.add("/questions", "too_many", detail);
        return Err(faults);
    }
    let keys = parse_keys(
        inputs.iter().map(|input| input.id.as_deref()),
        "q",
        |index| format!("/questions/{index}/id"),
        &mut faults,
    );
    let mut questions: Vec<Question> = Vec::with_capacity(inputs.len());
    for (index, (input, id)) in inputs.into_iter().zip(&keys).enumerate() {
        let at = format!("/questions/{index}");
        let text = Markdown::parse(&input.text, LONGEST_QUESTION).unwrap_or_else(|fault| {
            faults.add(format!("{at}/text"), fault.code, fault.detail);
            Markdown::default()
        });
        let ask_if = input
            .ask_if
            .as_ref()
            .and_then(|condition| parse_ask_if(condition, &questions, &keys, &at, &mut faults));
        questions.push(Question {
            id: id.clone(),
            revisions: vec![Revision { number: 1, text }],
            required: input.required,
            kind: parse_kind(input, &at, &mut faults),
            ask_if,
        });
    }
    faults.or(questions)
}

/// Gives each thing its key: the one it brought, or the next free one.
fn parse_keys<'a>(
    ids: impl Iterator<Item = Option<&'a str>> + Clone,
    prefix: &str,
    pointer: impl Fn(usize) -> String,
    faults: &mut Faults,
) -> Vec<Key> {
    let mut taken: BTreeSet<Key> = BTreeSet::new();
    let mut brought = Vec::new();
    for (index, id) in ids.enumerate() {
        let key = id.and_then(|text| {
            let key = Key::parse(text);
            if key.is_none() {
                faults.add(
                    pointer(index),
                    "bad_key",
                    "an id has 1 to 32 small letters, digits, hyphens or underscores",
                );
            }
            key
        });
        if let Some(key) = &key
            && !taken.insert(key.clone())
        {
            faults.add(pointer(index), "not_unique", format!("the id {key} stands here twice"));
        }
        brought.push(key);
    }
    brought
        .into_iter()
        .map(|key| {
            key.unwrap_or_else(|| {
                let key = Key::free(prefix, &taken);
                taken.insert(key.clone());
                key
            })
        })
        .collect()
}

fn parse_ask_if(input: &AskIfInput, earlier: &[Question], all: &[Key], at: &str, faults: &mut Faults) -> Option<AskIf> {
    let Some(asked) = earlier.iter().find(|question| question.id.as_str() == input.question) else {
        let pointer = format!("{at}/askIf/question");
        if all.iter().any(|key| key.as_str() == input.question) {
            faults.add(
                pointer,
                "not_an_earlier_question",
                format!(
                    "a question can hang on an earlier one only, and {} is not earlier",
                    input.question
                ),
            );
        } else {
            faults.add(pointer, "unknown_question", "no question of this query has this id");
        }
        return None;
    };
    let allowed = asked.kind.conditions();
    if allowed.is_empty() {
        faults.add(
            format!("{at}/askIf/question"),
            "not_for_kind",
            "a question can hang on a yes_no, single_choice or multiple_choice question only",
        );
        return None;
    }
    if input.one_of.is_empty() {
        faults.add(format!("{at}/askIf/oneOf"), "empty", "name at least one answer");
    }
    for (index, answer) in input.one_of.iter().enumerate() {
        if !allowed.contains(&answer.as_str()) {
            faults.add(
                format!("{at}/askIf/oneOf/{index}"),
                "not_one_of",
                format!("question {} has the answers {}", asked.id, allowed.join(", ")),
            );
        }
    }
    Some(AskIf {
        question: asked.id.clone(),
        one_of: input.one_of.clone(),
    })
}

fn parse_kind(input: QuestionInput, at: &str, faults: &mut Faults) -> Kind {
    let kind = input.kind;
    let choice = matches!(kind, KindName::SingleChoice | KindName::MultipleChoice);
    let foreign = [
        ("options", input.options.is_some() && !choice),
        ("unit", input.unit.is_some() && kind != KindName::Number),
        ("period", input.period.is_some() && kind != KindName::Number),
        ("columns", input.columns.is_some() && kind != KindName::Table),
        ("rows", input.rows.is_some() && kind != KindName::Table),
    ];
    for (field, present) in foreign {
        if present {
            faults.add(
                format!("{at}/{field}"),
                "not_for_kind",
                format!("a question of this kind has no {field}"),
            );
        }
    }
    match kind {
        KindName::Text => Kind::Text,
        KindName::YesNo => Kind::YesNo,
        KindName::Date => Kind::Date,
        KindName::SingleChoice => Kind::SingleChoice {
            options: parse_options(input.options, at, faults),
        },
        KindName::MultipleChoice => Kind::MultipleChoice {
            options: parse_options(input.options, at, faults),
        },
        KindName::Number => Kind::Number {
            unit: label(input.unit, &format!("{at}/unit"), "the unit, such as persons", faults),
            period: label(
                input.period,
                &format!("{at}/period"),
                "the reference period, such as 2025",
                faults,
            ),
        },
        KindName::Table => parse_table(input.columns, input.rows, at, faults),
    }
}

fn parse_options(input: Option<Vec<ChoiceInput>>, at: &str, faults: &mut Faults) -> Vec<Choice> {
    let options = input.unwrap_or_default();
    if !(2..=MOST_OPTIONS).contains(&options.len()) {
        faults.add(
            format!("{at}/options"),
            if options.is_empty() {
                "missing_field"
            } else {
                "wrong_number"
            },
            format!("a choice has 2 to {MOST_OPTIONS} options"),
        );
    }
    let keys = parse_keys(
        options.iter().map(|option| option.id.as_deref()),
        "o",
        |index| format!("{at}/options/{index}/id"),
        faults,
    );
    options
        .into_iter()
        .zip(keys)
        .enumerate()
        .map(|(index, (option, id))| Choice {
            id,
            text: label(
                Some(option.text),
                &format!("{at}/options/{index}/text"),
                "the text of the option",
                faults,
            ),
        })
        .collect()
}

fn parse_table(columns: Option<Vec<ColumnInput>>, rows: Option<Vec<String>>, at: &str, faults: &mut Faults) -> Kind {
    let columns = columns.unwrap_or_default();
    if !(1..=MOST_OPTIONS).contains(&columns.len()) {
        faults.add(
            format!("{at}/columns"),
            if columns.is_empty() {
                "missing_field"
            } else {
                "wrong_number"
            },
            format!("a table has 1 to {MOST_OPTIONS} columns"),
        );
    }
    if let Some(rows) = &rows
        && !(1..=MOST_ROWS).contains(&rows.len())
    {
        faults.add(
            format!("{at}/rows"),
            "wrong_number",
            format!("a table names 1 to {MOST_ROWS} rows, or leaves rows out for free ones"),
        );
    }
    let keys = parse_keys(
        columns.iter().map(|column| column.id.as_deref()),
        "c",
        |index| format!("{at}/columns/{index}/id"),
        faults,
    );
    Kind::Table {
        columns: columns
            .into_iter()
            .zip(keys)
            .enumerate()
            .map(|(index, (column, id))| Column {
                id,
                title: label(
                    Some(column.title),
                    &format!("{at}/columns/{index}/title"),
                    "the title of the column",
                    faults,
                ),
                column_type: column.column_type,
            })
            .collect(),
        rows: rows.map(|rows| {
            rows.into_iter()
                .enumerate()
                .map(|(index, row)| label(Some(row), &format!("{at}/rows/{index}"), "the title of the row", faults))
                .collect()
        }),
    }
}

/// A short text on one line, as options, titles, units and names are.
pub(crate) fn label(text: Option<String>, at: &str, what: &str, faults: &mut Faults) -> String {
    let text = text.unwrap_or_default();
    let text = text.trim();
    if text.is_empty() {
        faults.add(at, "missing_field", format!("needed here: {what}"));
    }
    check_line(text, LONGEST_LABEL, at, faults);
    text.to_owned()
}

/// Adds the faults of a text that has to stand on one line and to have at most `longest` characters.
pub(crate) fn check_line(text: &str, longest: usize, at: &str, faults: &mut Faults) {
    let length = text.chars().count();
    if length > longest {
        faults.add(at, "too_long", format!("at most {longest} characters, not {length}"));
    }
    if text.chars().any(char::is_control) {
        faults.add(
            at,
            "bad_character",
            "one line, without tabs or other control characters",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: KindName, text: &str) -> QuestionInput {
        QuestionInput {
            id: None,
            kind,
            text: text.into(),
            required: true,
            options: None,
            unit: None,
            period: None,
            columns: None,
            rows: None,
            ask_if: None,
        }
    }

    #[test]
    fn ids_are_given_where_none_was_brought() {
        let mut second = input(KindName::Text, "Why?");
        second.id = Some("q1".into());
        let questions = parse_questions(vec![input(KindName::YesNo, "Is it?"), second]).unwrap();
        let ids: Vec<_> = questions.iter().map(|question| question.id.as_str()).collect();
        assert_eq!(ids, ["q2", "q1"]);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let mut choice = input(KindName::SingleChoice, "Which?");
        choice.unit = Some("persons".into());
        let mut early = input(KindName::Text, "");
        early.ask_if = Some(AskIfInput {
            question: "q3".into(),
            one_of: vec!["yes".into()],
        });
        let faults = parse_questions(vec![choice, early, input(KindName::YesNo, "Is it?")]).unwrap_err();
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.pointer.as_str(), fault.code))
            .collect();
        assert_eq!(
            found,
            [
                ("/questions/0/unit", "not_for_kind"),
                ("/questions/0/options", "missing_field"),
                ("/questions/1/text", "missing_field"),
                ("/questions/1/askIf/question", "not_an_earlier_question"),
            ]
        );
    }

    #[test]
    fn a_condition_names_answers_the_earlier_question_has() {
        let mut second = input(KindName::Text, "Why?");
        second.ask_if = Some(AskIfInput {
            question: "q1".into(),
            one_of: vec!["perhaps".into()],
        });
        let faults = parse_questions(vec![input(KindName::YesNo, "Is it?"), second]).unwrap_err();
        assert_eq!(faults.iter().next().unwrap().pointer, "/questions/1/askIf/oneOf/0");
    }

    #[test]
    fn twenty_questions_are_the_most() {
        let many = vec![input(KindName::Text, "What?"); 21];
        assert_eq!(
            parse_questions(many).unwrap_err().iter().next().unwrap().code,
            "too_many"
        );
        assert_eq!(
            parse_questions(vec![input(KindName::Text, "What?"); 20]).unwrap().len(),
            20
        );
    }
}
