//! A view as rows, one for each country and question: what CSV and XLSX write.

use ahq_domain::compilation::{AskedQuestion, Shown, ViewResponse, ViewRow};
use ahq_domain::dissemination::RESTRICTED;
use ahq_domain::hold::SUSPENDED;
use ahq_domain::markdown::{Markdown, plain_text};

use crate::Source;
use crate::layout::{Downloads, answer_text, comment};

/// What a country says to a question.
pub(crate) struct AnswerRow<'a> {
    pub(crate) response: &'a ViewResponse,
    pub(crate) question: &'a AskedQuestion,
    pub(crate) row: &'a ViewRow,
    /// The answer as text, or what stands in its place.
    pub(crate) answer: String,
    /// The comment or note beside it.
    pub(crate) comment: String,
    /// Its sources.
    pub(crate) sources: String,
    /// The files beside it.
    pub(crate) attachments: String,
    /// `earlier` where it was given to an earlier wording of the question.
    pub(crate) wording: &'static str,
}

/// All rows, by country and then by question.
pub(crate) fn answer_rows(source: Source<'_>) -> impl Iterator<Item = AnswerRow<'_>> {
    let view = source.view;
    view.responses.iter().flat_map(move |response| {
        let rows = view.questions.iter().zip(&response.rows);
        rows.map(move |(question, row)| answer_row(&Downloads::new(source), response, question, row))
    })
}

fn answer_row<'a>(
    files: &Downloads<'_>,
    response: &'a ViewResponse,
    question: &'a AskedQuestion,
    row: &'a ViewRow,
) -> AnswerRow<'a> {
    let (answer, comment) = match (row.shown, &row.content) {
        (Shown::Answer, Some(content)) => (
            answer_text(question, content),
            comment(content).map(plain).unwrap_or_default(),
        ),
        (Shown::Skipped, _) => ("Not asked after an earlier answer".to_owned(), String::new()),
        (Shown::None, _) => ("No answer".to_owned(), String::new()),
        (Shown::Suspended, _) => (SUSPENDED.to_owned(), String::new()),
        (Shown::Erased, _) => (row.erased.clone().unwrap_or_default(), String::new()),
        (Shown::Restricted | Shown::Answer, _) => (RESTRICTED.to_owned(), String::new()),
    };
    let sources: Vec<String> = row
        .sources
        .iter()
        .map(|source| match &source.address {
            Some(address) => format!("{} <{address}>", source.title),
            None => source.title.clone(),
        })
        .collect();
    let attachments: Vec<String> = row
        .attachments
        .iter()
        .map(|file| {
            let address = files.of(response, row, file);
            format!(
                "{} ({}, SHA-256 {}) <{address}>",
                file.name,
                file.described(),
                file.sha256
            )
        })
        .collect();
    AnswerRow {
        response,
        question,
        row,
        answer,
        comment,
        sources: sources.join("; "),
        attachments: attachments.join("; "),
        wording: if row.earlier_wording { "earlier" } else { "" },
    }
}

/// A text without its marks.
pub(crate) fn plain(text: &Markdown) -> String {
    plain_text(&text.tree())
}
