//! What a file with many editions holds: an index to read, and one for programs.

use ahq_domain::clock::{Instant, brussels_date, written_date};
use ahq_domain::dissemination::Circle;
use ahq_domain::markdown::{self, Inline};

use crate::document::{Block, Cell, Document, Table, Text};
use crate::{RenderError, csv, html};

/// A view that is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// The number of its query.
    pub number: String,
    /// The title of its query.
    pub title: String,
    /// The name of the office that asked.
    pub requester: String,
    /// When it was launched.
    pub launched: Option<Instant>,
    /// The number of the edition.
    pub edition: i32,
    /// Whose view it is.
    pub circle: Circle,
    /// The SHA-256 of the view.
    pub sha256: String,
    /// Its documents, by their names in the file.
    pub files: Vec<String>,
}

/// A view that was asked for and is not in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The number of its query, where its reader may know it.
    pub number: Option<String>,
    /// The number of the edition, where its reader may know it.
    pub edition: Option<i32>,
    /// Why it is left out, for people.
    pub why: String,
}

/// What a file holds, and what it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// When it was downloaded.
    pub made: Instant,
    /// What it holds.
    pub included: Vec<Included>,
    /// What was asked for and is left out.
    pub left_out: Vec<LeftOut>,
}

impl Contents {
    /// The index as a page, with a link to each document.
    pub fn html(&self) -> String {
        let narrowest = self.included.iter().map(|view| view.circle).min();
        let mut blocks = vec![
            Block::Paragraph(format!(
                "{} and {}, downloaded on {}.",
                counted(self.included.len(), "view of an edition", "views of editions"),
                counted(self.left_out.len(), "left out", "left out"),
                written_date(brussels_date(self.made))
            )),
            heading("editions", "Editions"),
            Block::Table(Table::new(
                "The editions in this file".to_owned(),
                [
                    "Query",
                    "Title",
                    "Requested by",
                    "Launched",
                    "Edition",
                    "View",
                    "Documents",
                ]
                .map(str::to_owned)
                .to_vec(),
                self.included.iter().map(row).collect(),
            )),
        ];
        if !self.left_out.is_empty() {
            blocks.push(heading("left-out", "Left out"));
            let told = self.left_out.iter().map(|out| match (&out.number, out.edition) {
                (Some(number), Some(edition)) => format!("{number}, edition {edition}: {}", out.why),
                _ => out.why.clone(),
            });
            blocks.push(Block::List(told.collect()));
        }
        html::print(&Document {
            over_title: "Ad-hoc queries of the European Migration Network".to_owned(),
            title: "Compilations".to_owned(),
            author: "European Migration Network".to_owned(),
            marking: narrowest.map_or("", Circle::may_be_passed_on_to).to_owned(),
            made: self.made,
            blocks,
        })
    }

    /// The index as CSV: a row for each document, and one for each view that is left out.
    ///
    /// # Errors
    /// [`RenderError`] when a row cannot be written.
    pub fn csv(&self) -> Result<Vec<u8>, RenderError> {
        let head = [
            "Query",
            "Title",
            "Requested by",
            "Launched",
            "Edition",
            "View",
            "SHA-256",
            "File",
            "Left out",
        ];
        let launched = |view: &Included| view.launched.map(|at| brussels_date(at).to_string());
        let included = self.included.iter().flat_map(|view| {
            view.files.iter().map(move |file| {
                [
                    view.number.clone(),
                    view.title.clone(),
                    view.requester.clone(),
                    launched(view).unwrap_or_default(),
                    view.edition.to_string(),
                    view.circle.to_string(),
                    view.sha256.clone(),
                    file.clone(),
                    String::new(),
                ]
            })
        });
        let left_out = self.left_out.iter().map(|out| {
            let mut row: [String; 9] = Default::default();
            row[0] = out.number.clone().unwrap_or_default();
            row[4] = out.edition.map(|edition| edition.to_string()).unwrap_or_default();
            row[8].clone_from(&out.why);
            row
        });
        csv::write(true, head, included.chain(left_out))
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn heading(id: &str, text: &str) -> Block {
    Block::Heading {
        level: 2,
        id: id.to_owned(),
        text: text.to_owned(),
    }
}

fn row(view: &Included) -> Vec<Cell> {
    let link = |file: &String| {
        vec![markdown::Block::Paragraph(vec![Inline::Link {
            href: file.clone(),
            content: vec![Inline::Text(file.clone())],
        }])]
    };
    let documents = markdown::Block::List {
        start: None,
        items: view.files.iter().map(link).collect(),
    };
    let launched = view.launched.map(|at| written_date(brussels_date(at)));
    vec![
        Cell::Text(view.number.clone()),
        Cell::Text(view.title.clone()),
        Cell::Text(view.requester.clone()),
        Cell::Text(launched.unwrap_or_default()),
        Cell::Number(view.edition.to_string()),
        Cell::Text(view.circle.to_string()),
        Cell::Blocks(vec![Block::Text(Text {
            blocks: vec![documents],
            under: 2,
        })]),
    ]
}
