//! The tree as HTML and as plain text, for pages, documents and mails.

use super::{Alignment, Block, Inline};

/// The blocks as HTML, every text escaped. Headings are shifted down by `heading_shift` levels, six being the last.
pub fn html(blocks: &[Block], heading_shift: u8) -> String {
    let mut out = String::new();
    write_blocks(&mut out, blocks, heading_shift);
    out
}

fn write_blocks(out: &mut String, blocks: &[Block], heading_shift: u8) {
    for block in blocks {
        write_block(out, block, heading_shift);
    }
}

fn write_block(out: &mut String, block: &Block, heading_shift: u8) {
    match block {
        Block::Paragraph(content) => {
            out.push_str("<p>");
            write_inlines(out, content);
            out.push_str("</p>\n");
        }
        Block::Heading { level, content } => {
            let level = level.saturating_add(heading_shift).min(6);
            out.push_str(&format!("<h{level}>"));
            write_inlines(out, content);
            out.push_str(&format!("</h{level}>\n"));
        }
        Block::List { start, items } => {
            let name = if start.is_some() { "ol" } else { "ul" };
            match start {
                Some(first) if *first != 1 => out.push_str(&format!("<ol start=\"{first}\">\n")),
                _ => out.push_str(&format!("<{name}>\n")),
            }
            for item in items {
                out.push_str("<li>");
                write_item(out, item, heading_shift);
                out.push_str("</li>\n");
            }
            out.push_str(&format!("</{name}>\n"));
        }
        Block::Table { head, rows, alignments } => {
            out.push_str("<table>\n<thead>\n");
            write_row(out, head, alignments, "th scope=\"col\"", "th");
            out.push_str("</thead>\n<tbody>\n");
            for row in rows {
                write_row(out, row, alignments, "td", "td");
            }
            out.push_str("</tbody>\n</table>\n");
        }
        Block::Quote(blocks) => {
            out.push_str("<blockquote>\n");
            write_blocks(out, blocks, heading_shift);
            out.push_str("</blockquote>\n");
        }
        Block::Code(code) => {
            out.push_str("<pre><code>");
            escape(out, code);
            out.push_str("</code></pre>\n");
        }
        Block::Rule => out.push_str("<hr>\n"),
    }
}

/// An item of one paragraph, with or without lists below it, stands without the paragraph's space around it.
fn write_item(out: &mut String, item: &[Block], heading_shift: u8) {
    match item.split_first() {
        Some((Block::Paragraph(content), rest)) if rest.iter().all(is_list) => {
            write_inlines(out, content);
            if !rest.is_empty() {
                out.push('\n');
            }
            write_blocks(out, rest, heading_shift);
        }
        _ => write_blocks(out, item, heading_shift),
    }
}

fn is_list(block: &Block) -> bool {
    matches!(block, Block::List { .. })
}

fn write_row(out: &mut String, cells: &[Vec<Inline>], alignments: &[Alignment], open: &str, close: &str) {
    out.push_str("<tr>");
    for (index, cell) in cells.iter().enumerate() {
        let class = match alignments.get(index) {
            None | Some(Alignment::Unset) => "",
            Some(Alignment::Left) => " class=\"left\"",
            Some(Alignment::Center) => " class=\"center\"",
            Some(Alignment::Right) => " class=\"right\"",
        };
        out.push_str(&format!("<{open}{class}>"));
        write_inlines(out, cell);
        out.push_str(&format!("</{close}>"));
    }
    out.push_str("</tr>\n");
}

fn write_inlines(out: &mut String, inlines: &[Inline]) {
    for inline in inlines {
        match inline {
            Inline::Text(text) => escape(out, text),
            Inline::Emphasis(content) => {
                out.push_str("<em>");
                write_inlines(out, content);
                out.push_str("</em>");
            }
            Inline::Strong(content) => {
                out.push_str("<strong>");
                write_inlines(out, content);
                out.push_str("</strong>");
            }
            Inline::Code(code) => {
                out.push_str("<code>");
                escape(out, code);
                out.push_str("</code>");
            }
            Inline::Link { href, content } => {
                out.push_str("<a href=\"");
                escape(out, href);
                out.push_str("\" rel=\"nofollow noopener\">");
                write_inlines(out, content);
                out.push_str("</a>");
            }
            Inline::LineBreak => out.push_str("<br>\n"),
        }
    }
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// The blocks as text for people, for mails and wherever there is no markup: lines are not wrapped, the address of a
/// link stands behind its words, emphasis is not shown.
pub fn plain_text(blocks: &[Block]) -> String {
    lines(blocks, false).join("\n")
}

fn lines(blocks: &[Block], in_item: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 && !(in_item && is_list(block)) {
            lines.push(String::new());
        }
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } => {
                lines.extend(words(content).split('\n').map(str::to_owned));
            }
            Block::List { start, items } => {
                for (number, item) in (start.unwrap_or(0)..).zip(items) {
                    let marker = if start.is_some() {
                        format!("{number}. ")
                    } else {
                        "- ".to_owned()
                    };
                    indent(&mut lines, item_lines(item), &marker, &" ".repeat(marker.len()));
                }
            }
            Block::Table { head, rows, .. } => {
                for row in std::iter::once(head).chain(rows) {
                    let cells: Vec<String> = row.iter().map(|cell| words(cell).replace('\n', " ")).collect();
                    lines.push(cells.join(" | ").trim_end().to_owned());
                }
            }
            Block::Quote(blocks) => indent(&mut lines, self::lines(blocks, false), "> ", "> "),
            Block::Code(code) => {
                let code = code.split('\n').map(str::to_owned).collect();
                indent(&mut lines, code, "    ", "    ");
            }
            Block::Rule => lines.push("---".to_owned()),
        }
    }
    lines
}

fn item_lines(item: &[Block]) -> Vec<String> {
    if item.is_empty() {
        vec![String::new()]
    } else {
        lines(item, true)
    }
}

fn indent(out: &mut Vec<String>, lines: Vec<String>, first: &str, others: &str) {
    for (index, line) in lines.into_iter().enumerate() {
        let before = if index == 0 { first } else { others };
        out.push(format!("{before}{line}").trim_end().to_owned());
    }
}

fn words(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) | Inline::Code(text) => out.push_str(text),
            Inline::Emphasis(content) | Inline::Strong(content) => out.push_str(&words(content)),
            Inline::Link { href, content } => {
                let words = words(content);
                let is_address = words == *href || href.strip_prefix("mailto:") == Some(&words);
                out.push_str(&words);
                if !is_address {
                    out.push_str(&format!(" ({href})"));
                }
            }
            Inline::LineBreak => out.push('\n'),
        }
    }
    out
}
