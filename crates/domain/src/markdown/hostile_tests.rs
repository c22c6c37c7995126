//! Texts that mean harm: none becomes markup, and none costs much.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::tests::tree;
use super::*;

/// How deep lists and quotes, and how deep emphases and links, stand inside each other, and how many nodes there are.
#[derive(Debug, Default)]
struct Size {
    blocks: usize,
    inlines: usize,
    nodes: usize,
}

fn size_of_blocks(blocks: &[Block], depth: usize, size: &mut Size) {
    size.blocks = size.blocks.max(depth);
    for block in blocks {
        size.nodes += 1;
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } => size_of_inlines(content, 0, size),
            Block::List { items, .. } => {
                size.nodes += items.len();
                for item in items {
                    size_of_blocks(item, depth + 1, size);
                }
            }
            Block::Quote(blocks) => size_of_blocks(blocks, depth + 1, size),
            Block::Table { head, rows, .. } => {
                for row in std::iter::once(head).chain(rows) {
                    assert_eq!(row.len(), head.len());
                    size.nodes += row.len();
                    row.iter().for_each(|cell| size_of_inlines(cell, 0, size));
                }
            }
            Block::Code(_) | Block::Rule => {}
        }
    }
}

fn size_of_inlines(inlines: &[Inline], depth: usize, size: &mut Size) {
    size.inlines = size.inlines.max(depth);
    for inline in inlines {
        size.nodes += 1;
        match inline {
            Inline::Emphasis(content) | Inline::Strong(content) => size_of_inlines(content, depth + 1, size),
            Inline::Link { content, href } => {
                let allowed = ["http://", "https://", "mailto:"];
                let href = href.to_ascii_lowercase();
                assert!(
                    href.is_ascii() && allowed.iter().any(|scheme| href.starts_with(scheme)),
                    "{href}"
                );
                size_of_inlines(content, depth + 1, size);
            }
            Inline::Text(text) => assert!(!text.contains('\n'), "{text:?}"),
            Inline::Code(_) | Inline::LineBreak => {}
        }
    }
}

/// Asserts that the HTML consists of the tags that are printed here, closed in order, and of escaped text.
fn assert_harmless(html: &str) {
    const VOID: [&str; 2] = ["br", "hr"];
    const TAGS: &str = "p h1 h2 h3 h4 h5 h6 ul ol li table thead tbody tr th td blockquote pre code em strong a";
    let mut open: Vec<&str> = Vec::new();
    for (index, piece) in html.split('<').enumerate() {
        if index == 0 {
            assert!(!piece.contains('>'));
            continue;
        }
        let (tag, text) = piece.split_once('>').unwrap();
        assert!(!text.contains(['>', '"', '\'']), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(
            VOID.contains(&name) || TAGS.split(' ').any(|allowed| allowed == name),
            "{tag}"
        );
        assert_eq!(attributes.matches('"').count() % 2, 0, "{tag}");
        for attribute in attributes
            .split('"')
            .step_by(2)
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            assert!(
                ["href=", "rel=", "class=", "scope=", "start="].contains(&attribute),
                "{tag}"
            );
        }
        if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn check(source: &str) -> Size {
    let blocks = tree(source);
    let mut size = Size::default();
    size_of_blocks(&blocks, 0, &mut size);
    assert!(size.blocks <= DEEPEST && size.inlines <= DEEPEST, "{size:?}");
    let page = html(&blocks, 2);
    assert_harmless(&page);
    assert!(plain_text(&blocks).len() <= 60 * source.len() + 100);
    size
}

#[test]
fn what_is_nested_too_deep_is_flattened() {
    let size = check(&format!("{}a", "> ".repeat(40)));
    assert_eq!(size.blocks, 12);
    let deep = format!("{}a\n", "- ".repeat(40));
    assert_eq!(check(&deep).blocks, 12);
    assert_eq!(plain_text(&tree(&deep)).trim_start_matches("- "), "a");
    let items: String = (0..20)
        .map(|depth| format!("{}- item {depth}\n", "  ".repeat(depth)))
        .collect();
    let shown = plain_text(&tree(&items));
    assert!((0..20).all(|depth| shown.contains(&format!("item {depth}"))), "{shown}");
    assert_eq!(check(&items).blocks, 12);
    let emphases = format!("{}b{}", "*a ".repeat(40), " a*".repeat(40));
    assert_eq!(check(&emphases).inlines, 12);
    assert_eq!(
        plain_text(&tree(&emphases)),
        format!("{}b{}", "a ".repeat(40), " a".repeat(40))
    );
}

#[test]
fn an_address_that_no_document_holds_is_none() {
    let of = |length: usize| format!("https://e.eu/{}", "a".repeat(length - 13));
    let linked = |source: &str| html(&tree(source), 2).contains("<a ");
    for (address, taken) in [
        (of(2_000), true),
        (of(2_001), false),
        (of(15_000), false),
        // Three characters for each of its bytes.
        (format!("https://e.eu/{}", "é".repeat(331)), true),
        (format!("https://e.eu/{}", "é".repeat(332)), false),
    ] {
        let reference = format!("[a][r]\n\n[r]: {address}");
        for source in [format!("[a]({address})"), format!("<{address}>"), reference] {
            assert_eq!(linked(&source), taken, "{}", source.len());
        }
    }
    assert_eq!(plain_text(&tree(&format!("[a]({})", of(2_001)))), "a");
    assert_eq!(plain_text(&tree(&format!("![a]({})", of(2_001)))), "a");
}

#[test]
fn wide_tables_stay_as_typed() {
    let wide = format!(
        "{}|\n{}|\n{}",
        "|a".repeat(1_000),
        "|-".repeat(1_000),
        "b\n".repeat(1_000)
    );
    assert_eq!(tree(&wide), [Block::Code(wide.trim_end().to_owned())]);
    let filled = format!(
        "{}|\n{}|\n{}",
        "|a".repeat(40),
        "|-".repeat(40),
        format!("{}|\n", "|1".repeat(40)).repeat(100)
    );
    assert!(matches!(tree(&filled)[..], [Block::Table { .. }]));
    let small = "|a|b|\n|-|-|\n||2|\n";
    assert!(matches!(tree(small)[..], [Block::Table { .. }]));
}

#[test]
fn hostile_texts_cost_little() {
    let filled = |piece: &str| piece.repeat(20_000 / piece.len());
    let halves = |left: &str, right: &str| {
        format!(
            "{}{}",
            left.repeat(10_000 / left.len()),
            right.repeat(10_000 / right.len())
        )
    };
    const PIECES: &str = "[¦]¦![¦*¦_¦**a ¦*a ¦_a ¦`¦`a¦<¦<a ¦<!--¦<![CDATA[¦<?¦<!A ¦&¦&#¦\\¦> ¦>¦- ¦* ¦1. ¦> - ¦-\n¦#\n\
        ¦# ¦|¦|a¦|a\n|-\n¦a|\n¦[a](¦[a](b¦[](¦[a][¦[a]: b\n¦[a]¦![a](<¦~~~\n¦```\n¦    \n¦\t¦a\n=\n\
        ¦a  \n¦<a@a.a>¦<http://a>¦***¦*_¦\"¦'¦((¦- a\n\n¦> a\n\n¦a**b_c¦[[a](http://b)](¦*a`b*`\
        ¦\u{a0}*a¦<div>\n¦</¦<a b='¦1) ¦- - a\n¦>- >\n¦é¦a*¦[^a]¦$a$¦- [ ] ¦http://a.b ";
    let mut sources: Vec<String> = PIECES.split('¦').map(filled).collect();
    sources.extend([
        halves("[", "]"),
        halves("![", "](a)"),
        halves("*a ", " a*"),
        halves("**a ", " a**"),
        halves("_*", "*_"),
        halves("- ", "\n"),
        halves("> ", "\n"),
        halves("> ", "a\n"),
        halves("- ", "a\n"),
        halves("(", ")"),
        halves("[a](", ")"),
        halves("<", ">"),
        halves("`", "a`"),
        format!("[a]: http://{}\n\n{}", "b".repeat(9_000), "[a]".repeat(3_600)),
        format!("[a]: http://{}\n\n{}", "b".repeat(1_900), "[a]".repeat(6_000)),
        format!("[a](http://{}", "(".repeat(19_000)),
        format!(
            "{}|\n{}|\n{}",
            "|a".repeat(2_500),
            "|-".repeat(2_500),
            "b\n".repeat(5_000)
        ),
        format!("{}|\n{}|\n{}", "|".repeat(100), "|-".repeat(99), "b\n".repeat(9_800)),
        (1..199).map(|ticks| format!("{}a", "`".repeat(ticks))).collect(),
        (0..199).map(|depth| format!("{}- a\n", " ".repeat(depth))).collect(),
        (0..140)
            .map(|depth| format!("{}- a\n", "  ".repeat(depth % 70)))
            .collect(),
        (0..140).map(|depth| format!("{}a\n", "> ".repeat(depth))).collect(),
    ]);
    for source in sources {
        let begin = Instant::now();
        let size = check(&source);
        let took = begin.elapsed();
        let start: String = source.chars().take(12).collect();
        assert!(took < Duration::from_secs(10), "{start:?} took {took:?}");
        assert!(size.nodes <= 30_000, "{start:?} {size:?}");
    }
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(vec![
            "*", "_", "**", "`", "```", "[", "]", "(", ")", "![", "](", "<", ">", "&", "\"", "'", "|", "|-|\n", "\n", "\n\n", "- ", "1. ",
            "> ", "# ", "    ", "  \n", "\\", "http://a.eu", "javascript:alert(1)", "<script>", "</script>", "<img src=x onerror=y>",
            "<a href=\"", "&lt;", "&#x3C;", "---", "===", ": ", "[a]: ", "mailto:", "data:", "<!--", "-->", "<div>",
        ]).prop_map(str::to_owned),
        2 => "[a-zé ]{1,4}",
        1 => "\\PC{1,3}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_becomes_markup(source in pieces()) {
        check(&source);
    }

    #[test]
    fn what_was_taken_is_taken_again(source in pieces()) {
        if let Ok(markdown) = Markdown::parse(&source, 20_000) {
            prop_assert_eq!(Markdown::parse(markdown.as_str(), 20_000), Ok(markdown.clone()));
            prop_assert!(!plain_text(&markdown.tree()).trim().is_empty());
        }
    }
}
