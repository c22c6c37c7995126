//! The tree as Markdown, for what was read from another format: it parses to a tree that says the same.

use super::{Block, Inline, parse, plain_text};

/// The blocks as Markdown.
pub fn write(blocks: &[Block]) -> String {
    let mut text = lines(blocks).join("\n");
    text.truncate(text.trim_end().len());
    text
}

fn lines(blocks: &[Block]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // Two lists of a kind, one after the other, would be one: every other has the other mark.
    let mut other = false;
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        let before = index.checked_sub(1).and_then(|before| blocks.get(before));
        other = !other && matches!(before, Some(Block::List { .. }));
        match block {
            Block::Paragraph(content) => lines.extend(paragraph(content)),
            Block::Heading { level, content } => {
                let words = inline_text(content).replace("\\\n", " ");
                lines.push(format!("{} {words}", "#".repeat(usize::from(*level).clamp(1, 6))));
            }
            Block::List { start, items } => list(*start, items, other, &mut lines),
            Block::Table { head, rows, .. } => table(head, rows, &mut lines),
            Block::Quote(blocks) => indent(self::lines(blocks), "> ", "> ", &mut lines),
            Block::Code(code) => {
                let fence = "`".repeat(longest_run(code, '`').max(2) + 1);
                lines.push(fence.clone());
                lines.extend(code.split('\n').map(str::to_owned));
                lines.push(fence);
            }
            Block::Rule => lines.push("***".to_owned()),
        }
    }
    lines
}

fn list(start: Option<u64>, items: &[Vec<Block>], other: bool, lines: &mut Vec<String>) {
    for (number, item) in (start.unwrap_or(0)..).zip(items) {
        let mark = match (start.is_some(), other) {
            (true, false) => format!("{number}. "),
            (true, true) => format!("{number}) "),
            (false, false) => "- ".to_owned(),
            (false, true) => "* ".to_owned(),
        };
        let inside = if item.is_empty() {
            vec![String::new()]
        } else {
            self::lines(item)
        };
        indent(inside, &mark, &" ".repeat(mark.len()), lines);
    }
}

fn indent(inside: Vec<String>, first: &str, others: &str, lines: &mut Vec<String>) {
    for (index, line) in inside.into_iter().enumerate() {
        let before = if index == 0 { first } else { others };
        let line = format!("{before}{line}");
        lines.push(if line.trim().is_empty() { String::new() } else { line });
    }
}

fn table(head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>], lines: &mut Vec<String>) {
    let row = |cells: &[Vec<Inline>]| {
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| inline_text(cell).replace("\\\n", " ").replace('\n', " "))
            .collect();
        format!("| {} |", cells.join(" | "))
    };
    lines.push(row(head));
    lines.push(format!("|{}", " --- |".repeat(head.len())));
    lines.extend(rows.iter().map(|cells| row(cells)));
}

/// A paragraph; where its emphasis cannot be written so that it is read again, it stands without.
fn paragraph(content: &[Inline]) -> Vec<String> {
    let written = inline_text(content);
    let said = plain_text(&[Block::Paragraph(content.to_vec())]);
    let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = spaced(&plain_text(&parse::tree(&written))) == spaced(&said);
    let written = if kept {
        written
    } else {
        inline_text(&without_emphasis(content))
    };
    written.split('\n').map(|line| guarded(line.trim_start())).collect()
}

/// Keeps the beginning of a line from beginning a list, a heading underlined, or a rule.
fn guarded(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).unwrap_or_default();
    if digits > 0 && rest.starts_with(['.', ')']) {
        format!("{}\\{rest}", line.get(..digits).unwrap_or_default())
    } else if line.starts_with(['+', '-', '=']) {
        format!("\\{line}")
    } else {
        line.to_owned()
    }
}

fn without_emphasis(inlines: &[Inline]) -> Vec<Inline> {
    let mut plain = Vec::new();
    for inline in inlines {
        match inline {
            Inline::Emphasis(content) | Inline::Strong(content) => plain.extend(without_emphasis(content)),
            Inline::Link { href, content } => plain.push(Inline::Link {
                href: href.clone(),
                content: without_emphasis(content),
            }),
            other => plain.push(other.clone()),
        }
    }
    plain
}

fn inline_text(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) => out.push_str(&escape(text)),
            Inline::Emphasis(content) => marked("*", content, &mut out),
            Inline::Strong(content) => marked("**", content, &mut out),
            Inline::Code(code) => {
                let fence = "`".repeat(longest_run(code, '`') + 1);
                out.push_str(&format!("{fence} {code} {fence}"));
            }
            Inline::Link { href, content } => out.push_str(&format!("[{}](<{href}>)", inline_text(content))),
            Inline::LineBreak => out.push_str("\\\n"),
        }
    }
    out
}

/// Marks stand at words: blanks go outside of them.
fn marked(mark: &str, content: &[Inline], out: &mut String) {
    let inside = inline_text(content);
    let words = inside.trim();
    if words.is_empty() {
        out.push_str(&inside);
        return;
    }
    let begin = inside.len() - inside.trim_start().len();
    let end = inside.trim_end().len();
    out.push_str(inside.get(..begin).unwrap_or_default());
    out.push_str(&format!("{mark}{words}{mark}"));
    out.push_str(inside.get(end..).unwrap_or_default());
}

/// Keeps characters that mean something in Markdown from meaning it.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\`*_[]<>&~|#!".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|letter| letter != of).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::markdown::Markdown;

    fn again(text: &str) -> (Vec<Block>, Vec<Block>) {
        let tree = Markdown::parse(text, 100_000).unwrap().tree();
        let written = write(&tree);
        (tree, parse::tree(&written))
    }

    #[test]
    fn what_is_written_parses_to_the_same_tree() {
        for text in [
            "One *two* **three** `four` [five](https://example.org/?a=1&b=2)  \nsix",
            "# Head\n\n> quoted\n>\n> more\n\n```\ncode ``\n```\n\n---\n",
            "- a\n- b\n  1. c\n  2. d\n     - e\n\n    para\n- f",
            "- a\n\n* b\n\n3. c\n\n4) d",
            "| a | b |\n|---|---|\n| *x* \\| y | 2 |\n|  | z |",
            "1\\. no list\n\n\\- none\n\n\\# none\n\n\\=\\=\n\n2026\\) none",
            "a \\* b \\_c\\_ \\<b\\> &amp; \\[x\\](y) ~~z~~",
        ] {
            let (tree, again) = again(text);
            assert_eq!(again, tree, "{text}");
        }
    }

    #[test]
    fn a_text_of_any_characters_is_kept() {
        let tree = vec![Block::Paragraph(vec![
            Inline::Text("- 1. = # > +".to_owned()),
            Inline::Strong(vec![Inline::Text(" (bold) ".to_owned())]),
            Inline::Text("x".to_owned()),
            Inline::LineBreak,
            Inline::Text("2. y".to_owned()),
        ])];
        assert_eq!(plain_text(&parse::tree(&write(&tree))), "- 1. = # > + (bold) x\n2. y");
    }

    proptest! {
        #[test]
        fn nothing_that_is_said_gets_lost(text in "[ -~\n]{1,120}") {
            if let Ok(markdown) = Markdown::parse(&text, 10_000) {
                let words = |tree: &[Block]| plain_text(tree).split_whitespace().collect::<Vec<_>>().join(" ");
                let tree = markdown.tree();
                let written = write(&tree);
                prop_assert_eq!(words(&parse::tree(&written)), words(&tree), "{:?}", written);
            }
        }
    }
}
