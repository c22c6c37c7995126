//! A document as docxtpl's template takes it: headings, paragraphs, lists and tables of texts.

use ahq_domain::markdown::plain_text;
use ahq_render::document::{Block, Cell, Document};
use serde_json::{Value, json};

/// The document without what the template has no part for.
pub(crate) fn plain(document: &Document) -> Value {
    json!({
        "over_title": document.over_title,
        "title": document.title,
        "blocks": document.blocks.iter().flat_map(parts).collect::<Vec<_>>(),
    })
}

fn parts(block: &Block) -> Vec<Value> {
    match block {
        Block::Heading { level, text, .. } => vec![json!({"heading": level, "text": text})],
        Block::List(items) => vec![json!({"list": items})],
        Block::Table(table) => {
            let rows = table
                .rows
                .iter()
                .map(|row| row.iter().map(paragraphs_of).collect::<Vec<_>>());
            vec![json!({"caption": table.caption, "table": {"head": table.head, "rows": rows.collect::<Vec<_>>()}})]
        }
        other => {
            let texts = paragraphs(other).into_iter();
            texts.map(|text| json!({"paragraph": text})).collect()
        }
    }
}

fn paragraphs(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(text)
        | Block::Label(text)
        | Block::Remark(text)
        | Block::Notice(text)
        | Block::Heading { text, .. } => vec![text.clone()],
        Block::Text(text) => vec![plain_text(&text.blocks)],
        Block::List(items) => items.clone(),
        Block::Facts(facts) => facts.iter().map(|(term, fact)| format!("{term}: {fact}")).collect(),
        Block::Source(reference) | Block::Attachment(reference) => vec![reference.title.clone()],
        Block::Table(table) => table.rows.iter().flatten().flat_map(paragraphs_of).collect(),
        Block::Pages(_) => Vec::new(),
    }
}

fn paragraphs_of(cell: &Cell) -> Vec<String> {
    match cell {
        Cell::Text(text) | Cell::Number(text) => vec![text.clone()],
        Cell::Count { of_these, all } => vec![format!("{of_these} of {all}")],
        Cell::Blocks(blocks) => blocks.iter().flat_map(paragraphs).collect(),
    }
}
