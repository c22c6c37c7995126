//! A document that holds everything a document can, some of it hostile; for the tests of the printers.

use ahq_domain::markdown::Markdown;

use crate::document::{Block, Cell, Document, Orientation, Reference, Table, Text};

pub(crate) fn document(blocks: Vec<Block>) -> Document {
    Document {
        over_title: "Ad-Hoc Query 2026.81".to_owned(),
        title: "Missing <minors> & \u{7}others".to_owned(),
        marking: "For the EMN network only".to_owned(),
        author: "Luxembourg".to_owned(),
        made: "2026-01-30T10:00:00Z".parse().unwrap(),
        blocks,
    }
}

pub(crate) fn text(markdown: &str) -> Block {
    Block::Text(Text {
        blocks: Markdown::parse(markdown, 50_000).unwrap().tree(),
        under: 2,
    })
}

pub(crate) fn heading(level: u8, id: &str, text: &str) -> Block {
    Block::Heading {
        level,
        id: id.to_owned(),
        text: text.to_owned(),
    }
}

/// Everything a document can hold, some of it hostile.
pub(crate) fn everything() -> Document {
    let deep: String = (0..10)
        .map(|level| format!("{}- level {level}\n", "  ".repeat(level)))
        .collect();
    let reference = |title: &str, address: Option<&str>| {
        Block::Source(Reference {
            title: title.to_owned(),
            address: address.map(str::to_owned),
        })
    };
    document(vec![
        Block::Paragraph("Requested by EMN NCP Luxembourg".to_owned()),
        Block::Facts(vec![("Topics".to_owned(), "Minors".to_owned())]),
        heading(2, "background", "Background information"),
        text(
            "# Head\n\nOne *two* **three** `four` [five](https://example.org/?a=1&b=2)  \nsix\n\n> quoted\n\n    code <x>\n\n---\n\n3. third\n4. fourth\n   1. inner\n",
        ),
        text(&deep),
        text("| a | b |\n|:--|--:|\n| 1 | *2* |\n"),
        text("Ελλάδα България საქართველო Հայաստան 中文 🙂 \u{202e}עברית \u{f0b7} ]]> <w:p/> =1+1"),
        Block::Pages(Orientation::Landscape),
        heading(2, "responses", "Responses"),
        Block::Table(Table::new(
            "Responses by country".to_owned(),
            vec!["Country".to_owned(), "Number".to_owned(), "Response".to_owned()],
            vec![vec![
                Cell::Text("Austria".to_owned()),
                Cell::Number("12".to_owned()),
                Cell::Blocks(vec![
                    Block::Remark("1.".to_owned()),
                    text("An answer."),
                    reference("Law", Some("https://example.org/law")),
                    reference("Own count", None),
                    Block::Table(Table::new(
                        "Answer to question 2".to_owned(),
                        vec!["Row".to_owned(), "2025".to_owned()],
                        vec![vec![Cell::Text("Applicants".to_owned()), Cell::Number("3".to_owned())]],
                    )),
                ]),
            ]],
        )),
        Block::Pages(Orientation::Portrait),
        Block::List(vec!["Austria amended".to_owned()]),
        Block::Notice("The end.".to_owned()),
    ])
}
