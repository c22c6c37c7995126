//! A document as one printable, accessible HTML page: no script, no outside address, one inline stylesheet.

use ahq_domain::markdown;

use crate::document::{Block, Cell, Document, Table, counted};

const STYLE: &str = include_str!("../assets/document.css");

/// Prints a document.
pub fn print(document: &Document) -> String {
    let mut out = String::with_capacity(64 * 1024);
    out.push_str("<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    escape(&format!("{}: {}", document.over_title, document.title), &mut out);
    out.push_str("</title>\n<style>\n");
    out.push_str(STYLE);
    out.push_str("</style>\n</head>\n<body>\n<header>\n<p class=\"marking\">");
    escape(&document.marking, &mut out);
    out.push_str("</p>\n<p class=\"over-title\">");
    escape(&document.over_title, &mut out);
    out.push_str("</p>\n<h1>");
    escape(&document.title, &mut out);
    out.push_str("</h1>\n</header>\n");
    contents(document, &mut out);
    out.push_str("<main>\n");
    for part in &document.blocks {
        block(part, &mut out);
    }
    out.push_str("</main>\n<footer><p class=\"marking\">");
    escape(&document.marking, &mut out);
    out.push_str("</p></footer>\n</body>\n</html>\n");
    out
}

fn contents(document: &Document, out: &mut String) {
    out.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    for part in &document.blocks {
        if let Block::Heading { level: 2, id, text } = part {
            out.push_str("<li><a href=\"#");
            escape(id, out);
            out.push_str("\">");
            escape(text, out);
            out.push_str("</a></li>\n");
        }
    }
    out.push_str("</ul>\n</nav>\n");
}

fn block(part: &Block, out: &mut String) {
    match part {
        Block::Heading { level, id, text } => {
            out.push_str(&format!("<h{level} id=\""));
            escape(id, out);
            out.push_str("\">");
            escape(text, out);
            out.push_str(&format!("</h{level}>\n"));
        }
        Block::Paragraph(text) => element("p", "", text, out),
        Block::Label(text) => element("p", "label", text, out),
        Block::Remark(text) => element("p", "remark", text, out),
        Block::Notice(text) => element("p", "notice", text, out),
        Block::Text(text) => {
            out.push_str("<div class=\"text\">");
            out.push_str(&markdown::html(&text.blocks, text.under));
            out.push_str("</div>\n");
        }
        Block::List(items) => {
            out.push_str("<ul>\n");
            for item in items {
                element("li", "", item, out);
            }
            out.push_str("</ul>\n");
        }
        Block::Facts(facts) => {
            out.push_str("<dl>\n");
            for (term, fact) in facts {
                element("dt", "", term, out);
                element("dd", "", fact, out);
            }
            out.push_str("</dl>\n");
        }
        Block::Source(reference) | Block::Attachment(reference) => {
            out.push_str("<p class=\"remark\">");
            out.push_str(if matches!(part, Block::Source(_)) {
                "Source: "
            } else {
                "Attachment: "
            });
            match &reference.address {
                Some(address) => {
                    out.push_str("<a href=\"");
                    escape(address, out);
                    out.push_str("\">");
                    escape(&reference.title, out);
                    out.push_str("</a>");
                }
                None => escape(&reference.title, out),
            }
            out.push_str("</p>\n");
        }
        Block::Table(given) => table(given, out),
        Block::Pages(_) => {}
    }
}

fn element(tag: &str, class: &str, text: &str, out: &mut String) {
    out.push('<');
    out.push_str(tag);
    if !class.is_empty() {
        out.push_str(" class=\"");
        out.push_str(class);
        out.push('"');
    }
    out.push('>');
    escape(text, out);
    out.push_str("</");
    out.push_str(tag);
    out.push_str(">\n");
}

fn table(table: &Table, out: &mut String) {
    out.push_str("<table>\n<caption>");
    escape(&table.caption, out);
    out.push_str("</caption>\n<thead><tr>");
    for head in &table.head {
        out.push_str("<th scope=\"col\">");
        escape(head, out);
        out.push_str("</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (index, cell) in row.iter().enumerate() {
            let tag = if index == 0 { "th scope=\"row\"" } else { "td" };
            let tag_end = if index == 0 { "th" } else { "td" };
            match cell {
                Cell::Text(text) => {
                    out.push_str(&format!("<{tag}>"));
                    escape(text, out);
                }
                Cell::Number(text) => {
                    out.push_str(&format!("<{tag} class=\"number\">"));
                    escape(text, out);
                }
                Cell::Count { of_these, all } => {
                    out.push_str(&format!("<{tag} class=\"number\">{}", counted(*of_these, *all)));
                    bar(*of_these, *all, out);
                }
                Cell::Blocks(blocks) => {
                    out.push_str(&format!("<{tag}>"));
                    for part in blocks {
                        block(part, out);
                    }
                }
            }
            out.push_str(&format!("</{tag_end}>"));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

/// Says what the text beside it says: hidden from who does not look.
fn bar(of_these: usize, all: usize, out: &mut String) {
    let width = 100 * of_these / all.max(1);
    out.push_str(&format!(
        "<svg class=\"bar\" aria-hidden=\"true\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\">\
         <rect class=\"all\" width=\"100\" height=\"6\"/><rect width=\"{width}\" height=\"6\"/></svg>"
    ));
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}
