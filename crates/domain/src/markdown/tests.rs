use super::*;

fn text(words: &str) -> Vec<Inline> {
    vec![Inline::Text(words.to_owned())]
}

fn paragraph(words: &str) -> Block {
    Block::Paragraph(text(words))
}

pub(super) fn tree(source: &str) -> Vec<Block> {
    Markdown::try_from(source.to_owned()).unwrap().tree()
}

fn page(source: &str) -> String {
    html(&tree(source), 0)
}

#[test]
fn blocks_and_inlines() {
    let link = Inline::Link {
        href: "https://e.eu/a".into(),
        content: text("there"),
    };
    for (source, blocks) in [
        ("One\ntwo", vec![paragraph("One two")]),
        ("One\n\ntwo", vec![paragraph("One"), paragraph("two")]),
        (
            "One\\\ntwo",
            vec![Block::Paragraph(
                [text("One"), vec![Inline::LineBreak], text("two")].concat(),
            )],
        ),
        (
            "*a* **b** `c` [there](https://e.eu/a)",
            vec![Block::Paragraph(vec![
                Inline::Emphasis(text("a")),
                Inline::Text(" ".into()),
                Inline::Strong(text("b")),
                Inline::Text(" ".into()),
                Inline::Code("c".into()),
                Inline::Text(" ".into()),
                link,
            ])],
        ),
        ("~~kept~~ & &lt;b&gt; \\*", vec![paragraph("~~kept~~ & <b> *")]),
        ("> quoted\n> on", vec![Block::Quote(vec![paragraph("quoted on")])]),
        (
            "```rust\nlet a;\n\nlet b;\n```",
            vec![Block::Code("let a;\n\nlet b;".into())],
        ),
        ("a\n\n---\n\nb", vec![paragraph("a"), Block::Rule, paragraph("b")]),
        (
            "3. c\n4. d\n   - e",
            vec![Block::List {
                start: Some(3),
                items: vec![
                    vec![paragraph("c")],
                    vec![
                        paragraph("d"),
                        Block::List {
                            start: None,
                            items: vec![vec![paragraph("e")]],
                        },
                    ],
                ],
            }],
        ),
        (
            "- a\n\n  b\n-\n- c",
            vec![Block::List {
                start: None,
                items: vec![vec![paragraph("a"), paragraph("b")], vec![], vec![paragraph("c")]],
            }],
        ),
        (
            "| a | b | c | d |\n|---|:--|:-:|--:|\n| 1 | *2* |\n| 3 | 4 | 5 | 6 | 7 |",
            vec![Block::Table {
                head: vec![text("a"), text("b"), text("c"), text("d")],
                rows: vec![
                    vec![text("1"), vec![Inline::Emphasis(text("2"))], vec![], vec![]],
                    vec![text("3"), text("4"), text("5"), text("6")],
                ],
                alignments: vec![Alignment::Unset, Alignment::Left, Alignment::Center, Alignment::Right],
            }],
        ),
    ] {
        assert_eq!(tree(source), blocks, "{source}");
    }
}

#[test]
fn headings_have_no_gaps() {
    let levels = |source: &str| -> Vec<u8> {
        let level = |block: &Block| match block {
            Block::Heading { level, .. } => *level,
            other => panic!("not a heading: {other:?}"),
        };
        tree(source).iter().map(level).collect()
    };
    assert_eq!(
        levels("### a\n##### b\n#### c\n# d\n## e\n###### f"),
        [1, 2, 2, 1, 2, 3]
    );
    assert_eq!(
        levels("#\n\n## a\n\n> # "),
        [1],
        "empty headings are dropped and do not count"
    );
    assert_eq!(
        levels("a\n=\nb\n-\n### c\n#### d\n##### e\n###### f"),
        [1, 2, 3, 4, 5, 6]
    );
    assert_eq!(html(&tree("# a\n## b"), 3), "<h4>a</h4>\n<h5>b</h5>\n");
    assert_eq!(html(&tree("# a\n## b"), 5), "<h6>a</h6>\n<h6>b</h6>\n");
    assert_eq!(html(&tree("# a"), u8::MAX), "<h6>a</h6>\n");
}

#[test]
fn html_becomes_literal_text() {
    for (source, shown) in [
        (
            "<script>alert(1)</script>",
            "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
        ),
        (
            "a <b onclick=\"x\">b</b>",
            "<p>a &lt;b onclick=&quot;x&quot;&gt;b&lt;/b&gt;</p>\n",
        ),
        ("<!-- gone? -->", "<p>&lt;!-- gone? --&gt;</p>\n"),
        ("<div>\n*a*\n</div>", "<p>&lt;div&gt;<br>\n*a*<br>\n&lt;/div&gt;</p>\n"),
        (
            "<img src=x onerror=alert(1)>",
            "<p>&lt;img src=x onerror=alert(1)&gt;</p>\n",
        ),
        ("`<script>`", "<p><code>&lt;script&gt;</code></p>\n"),
        ("    <script>", "<pre><code>&lt;script&gt;</code></pre>\n"),
        (
            "```\"><script>\n</code></pre><script>\n```",
            "<pre><code>&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;</code></pre>\n",
        ),
        ("&lt;script&gt;'\"", "<p>&lt;script&gt;&#39;&quot;</p>\n"),
        (
            "|<b>|\n|-|\n|<i>|",
            "<table>\n<thead>\n<tr><th scope=\"col\">&lt;b&gt;</th></tr>\n</thead>\n<tbody>\n<tr><td>&lt;i&gt;</td></tr>\n</tbody>\n</table>\n",
        ),
    ] {
        assert_eq!(page(source), shown, "{source}");
    }
}

#[test]
fn only_harmless_addresses_are_links() {
    let link = |href: &str, words: &str| format!("<p><a href=\"{href}\" rel=\"nofollow noopener\">{words}</a></p>\n");
    for (source, shown) in [
        ("[a](https://e.eu)", link("https://e.eu", "a")),
        ("[a](HTTP://e.eu)", link("HTTP://e.eu", "a")),
        ("[a](mailto:a@e.eu)", link("mailto:a@e.eu", "a")),
        (
            "<https://e.eu/?a=1&b=2>",
            link("https://e.eu/?a=1&amp;b=2", "https://e.eu/?a=1&amp;b=2"),
        ),
        ("<a@e.eu>", link("mailto:a@e.eu", "a@e.eu")),
        ("[](https://e.eu)", link("https://e.eu", "https://e.eu")),
        ("[a][r]\n\n[r]: https://e.eu \"title\"", link("https://e.eu", "a")),
        (
            "[a](<https://e.eu/a b\"onclick=x>)",
            link("https://e.eu/a%20b%22onclick=x", "a"),
        ),
        ("[a](https://e.eu/'x)", link("https://e.eu/&#39;x", "a")),
        ("[a](https://e.eu/é%20)", link("https://e.eu/%C3%A9%20", "a")),
    ] {
        assert_eq!(page(source), shown, "{source}");
    }
    for source in [
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](&#106;avascript:alert(1))",
        "[a](java&Tab;script:alert(1))",
        "[a](<\tjavascript:alert(1)>)",
        "[a](&#1;javascript:alert(1))",
        "[a](data:text/html,x)",
        "[a](vbscript:x)",
        "[a](file:///etc/passwd)",
        "[a](/relative)",
        "[a](//e.eu)",
        "[a](#here)",
        "[a](https:e.eu)",
        "[a](https://)",
        "[a](mailto:)",
        "[a](blob:https://e.eu)",
        "[a]()",
        "[a][r]\n\n[r]: javascript:alert(1)",
    ] {
        assert_eq!(tree(source), [paragraph("a")], "{source}");
    }
    assert_eq!(tree("<javascript:alert(1)>"), [paragraph("javascript:alert(1)")]);
}

#[test]
fn images_become_text() {
    for (source, words) in [
        ("![A map](https://e.eu/m.png)", "A map (https://e.eu/m.png)"),
        (
            "See ![a *map* `x` <i>](https://e.eu/m.png \"t\").",
            "See a map x <i> (https://e.eu/m.png).",
        ),
        (
            "![a [b](https://b.eu) ![c](https://c.eu)](https://e.eu)",
            "a b c (https://e.eu)",
        ),
        ("![](https://e.eu/m.png)", "https://e.eu/m.png"),
        ("![Logo](data:image/png;base64,AAAA)", "Logo"),
        ("![Logo](media/image1.png)", "Logo"),
        ("![a\nb](javascript:alert(1))", "a b"),
        ("![](image.png)\nfoo", "foo"),
    ] {
        assert_eq!(tree(source), [paragraph(words)], "{source}");
    }
    let linked = page("[![a](https://e.eu/m.png)](https://e.eu)");
    assert!(linked.contains(">a (https://e.eu/m.png)</a>"), "{linked}");
}

#[test]
fn html_of_lists_and_tables() {
    assert_eq!(page("1. a\n2. b"), "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n");
    assert_eq!(
        page("5. a\n   - b\n\n     c"),
        "<ol start=\"5\">\n<li>a\n<ul>\n<li><p>b</p>\n<p>c</p>\n</li>\n</ul>\n</li>\n</ol>\n"
    );
    assert_eq!(
        page("|a|b|c|\n|:-|:-:|-:|\n|1|2|"),
        "<table>\n<thead>\n<tr><th scope=\"col\" class=\"left\">a</th><th scope=\"col\" class=\"center\">b</th>\
         <th scope=\"col\" class=\"right\">c</th></tr>\n</thead>\n<tbody>\n<tr><td class=\"left\">1</td>\
         <td class=\"center\">2</td><td class=\"right\"></td></tr>\n</tbody>\n</table>\n"
    );
    assert_eq!(
        page("> **a**  \n> b\n\n***"),
        "<blockquote>\n<p><strong>a</strong><br>\nb</p>\n</blockquote>\n<hr>\n"
    );
}

#[test]
fn plain_text_reads_well() {
    let source = "# Title\n\nSee *the* [law](https://e.eu/l), <https://e.eu> or <a@e.eu>.\\\nNext\n\n\
        9. nine\n10. ten\n\n    more\n    - deep\n    -\n\n> quoted\n>\n> twice\n\n---\n\n\
        ```\nx\n\n  y\n```\n\n| a | b |\n|---|---|\n| 1 |\n| 2 | **3** |";
    let shown = "Title\n\nSee the law (https://e.eu/l), https://e.eu or a@e.eu.\nNext\n\n\
        9. nine\n10. ten\n\n    more\n    - deep\n    -\n\n> quoted\n>\n> twice\n\n---\n\n\
        \u{20}   x\n\n      y\n\na | b\n1 |\n2 | 3";
    assert_eq!(plain_text(&tree(source)), shown);
    assert_eq!(plain_text(&[]), "");
}

#[test]
fn texts_that_are_taken() {
    for (text, kept) in [
        ("a", "a"),
        ("\u{feff}a\u{feff}b", "ab"),
        ("a\r\nb\rc\nd \n\t\r\n", "a\nb\nc\nd"),
        ("    code", "    code"),
        ("a\tb", "a\tb"),
        ("äöü", "äöü"),
        ("---", "---"),
    ] {
        assert_eq!(Markdown::parse(text, 10).unwrap().as_str(), kept, "{text:?}");
    }
    assert!(
        Markdown::parse("ääääääääää \r\n", 10).is_ok(),
        "characters are counted, after normalisation"
    );
}

#[test]
fn texts_that_are_not_taken() {
    for (text, code) in [
        ("", "missing_field"),
        (" \n\t", "missing_field"),
        ("\u{feff}", "missing_field"),
        ("#", "missing_field"),
        ("> -", "missing_field"),
        ("| |\n|-|", "missing_field"),
        ("![](a.png)", "missing_field"),
        ("[](a)", "missing_field"),
        ("*&#32;*", "missing_field"),
        ("[a]: b", "missing_field"),
        ("```\n```", "missing_field"),
        ("a\0", "bad_character"),
        ("a\u{b}b", "bad_character"),
        ("a\u{7f}", "bad_character"),
        ("a\u{85}", "bad_character"),
        ("\u{1b}[31m", "bad_character"),
        ("ääääääääääx", "too_long"),
    ] {
        let found = Markdown::parse(text, 10).map(|_| "taken").map_err(|not| not.code);
        assert_eq!(found, Err(code), "{text:?}");
    }
    let not = Markdown::parse("12345678901", 10).unwrap_err();
    assert_eq!(not.to_string(), "at most 10 characters, not 11");
    let not = Markdown::parse("a\u{b}", 10).unwrap_err();
    assert!(not.detail.ends_with("U+000B was found"), "{not}");
}

#[test]
fn kept_as_a_string() {
    let markdown = Markdown::parse("*a*\r\n", 10).unwrap();
    let json = serde_json::to_string(&markdown).unwrap();
    assert_eq!(json, "\"*a*\"");
    assert_eq!(serde_json::from_str::<Markdown>(&json).unwrap(), markdown);
    assert_eq!(serde_json::from_str::<Markdown>("\"\"").unwrap(), Markdown::default());
    assert!(serde_json::from_str::<Markdown>("\"\\u0000\"").is_err());
    let blocks = serde_json::to_value(tree("# a")).unwrap();
    assert_eq!(
        blocks.to_string(),
        r#"[{"block":"heading","content":{"content":[{"content":"a","inline":"text"}],"level":1}}]"#
    );
}
