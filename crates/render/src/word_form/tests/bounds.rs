//! What is small and grows, and what one program reads as another document than the next.

use super::*;

fn code(parts: &[(String, String)]) -> Option<&'static str> {
    read(&packed(parts)).err().map(|refused| refused.code)
}

/// The sound document with another part in place of one, or beside them.
fn with(name: &str, content: &str) -> Vec<(String, String)> {
    let mut parts = parts(&control_around("", &p("", "here")));
    match parts.iter_mut().find(|(known, _)| known == name) {
        Some(part) => part.1 = content.to_owned(),
        None => parts.push((name.to_owned(), content.to_owned())),
    }
    parts
}

fn with_answer(content: &str) -> Vec<(String, String)> {
    with("word/document.xml", &document(&control_around("", content)))
}

fn document(body: &str) -> String {
    format!("<w:document {NAMES}><w:body>{body}</w:body></w:document>")
}

#[test]
fn what_grows_when_it_is_read_is_refused() {
    let long: String = (0..4_000).map(|number| format!("{number} ")).collect();
    let note = format!(
        "<w:footnotes {NAMES}><w:footnote w:id=\"2\">{}</w:footnote></w:footnotes>",
        p("", &long)
    );
    let mention = "<w:r><w:footnoteReference w:id=\"2\"/></w:r>";
    let mut of_notes = with_answer(&format!("<w:p>{}</w:p>", mention.repeat(1_000)));
    of_notes.retain(|(name, _)| name != "word/footnotes.xml");
    of_notes.push(("word/footnotes.xml".to_owned(), note));
    let address = format!("https://example.org/{}", "a".repeat(60_000));
    let link = "<w:hyperlink r:id=\"rId1\"><w:r><w:t>x</w:t></w:r></w:hyperlink>";
    let mut of_links = with_answer(&format!("<w:p>{}</w:p>", link.repeat(1_000)));
    of_links.retain(|(name, _)| name != "word/_rels/document.xml.rels");
    of_links.push((
        "word/_rels/document.xml.rels".to_owned(),
        relations(&[("rId1", "hyperlink", &address, true)]),
    ));
    let cell = "<w:tc><w:p/></w:tc>";
    let rows = format!(
        "<w:tr>{}</w:tr>{}",
        cell.repeat(2_000),
        format!("<w:tr>{cell}</w:tr>").repeat(2_000)
    );
    let control = control_around("", "\u{0}");
    let (begin, end) = control.split_once('\u{0}').unwrap();
    let attributes: String = (0..200).map(|number| format!(" w:a{number}=\"\"")).collect();
    let vocabularies = |level: usize| {
        (0..90)
            .map(|number| format!(" xmlns:v{level}n{number}=\"u\""))
            .collect::<String>()
    };
    let around: String = (0..3).map(|level| format!("<x{}>", vocabularies(level))).collect();
    for (what, parts) in [
        ("a note", of_notes),
        ("an address", of_links),
        ("a table", with_answer(&format!("<w:tbl>{rows}</w:tbl>"))),
        ("a long text", with_answer(&p("", &long.repeat(30)))),
        (
            "controls",
            with_answer(&format!("{}{}", begin.repeat(9), end.repeat(9))),
        ),
        ("attributes", with_answer(&format!("<w:p{attributes}/>"))),
        (
            "vocabularies",
            with("word/x.xml", &format!("{around}{}", "</x>".repeat(3))),
        ),
    ] {
        assert_eq!(code(&parts), Some("too_large"), "{what}");
    }
}

/// A note of a note would be a note of a note of a note.
#[test]
fn a_note_has_no_notes() {
    let note = |id: u32, content: &str| format!("<w:footnote w:id=\"{id}\"><w:p>{content}</w:p></w:footnote>");
    let mention = |id: u32| format!("<w:r><w:footnoteReference w:id=\"{id}\"/></w:r>");
    let notes = note(2, "<w:r><w:t>Law</w:t></w:r>") + &note(3, &format!("<w:r><w:t>see</w:t></w:r>{}", mention(2)));
    let mut parts = with_answer(&format!("<w:p><w:r><w:t>true</w:t></w:r>{}</w:p>", mention(3)));
    parts.retain(|(name, _)| name != "word/footnotes.xml");
    parts.push((
        "word/footnotes.xml".to_owned(),
        format!("<w:footnotes {NAMES}>{notes}</w:footnotes>"),
    ));
    let filled = read(&packed(&parts)).unwrap();
    assert_eq!(filled.controls[0].1.text, "true (see)");
}

#[test]
fn what_is_another_document_to_another_program_is_refused() {
    let dde = "<w:p><w:r><w:instrText>DDEAUTO cmd</w:instrText></w:r></w:p>";
    let header = "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml\"";
    let declared = |element: &str| {
        let types = TYPES.replace("</Types>", &format!("<{element} {header}/></Types>"));
        let mut parts = with("[Content_Types].xml", &types);
        parts.push(("word/media/x.png".to_owned(), format!("<w:hdr {NAMES}>{dde}</w:hdr>")));
        parts
    };
    let own = |kind: &str, target: &str| {
        let relation =
            format!("<Relationship Id=\"rId9\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/></Relationships>");
        with("_rels/.rels", "").into_iter().map(move |(name, content)| {
            let content = match name.as_str() {
                "_rels/.rels" => relations(&[("rId1", "officeDocument", "word/document.xml", false)])
                    .replace("</Relationships>", &relation),
                _ => content,
            };
            (name, content)
        })
    };
    let mut pdf = with("word/x.xml", "<x/>");
    pdf.insert(0, ("word/%PDF-1.xml".to_owned(), "<x/>".to_owned()));
    let said = |encoding: &str| {
        with(
            "word/x.xml",
            &format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><x/>"),
        )
    };
    for (what, parts, expected) in [
        (
            "a part called a picture",
            declared("Override PartName=\"/word/media/x.png\""),
            Some("active_content"),
        ),
        (
            "an ending called a picture",
            declared("Default Extension=\"png\""),
            Some("active_content"),
        ),
        (
            "two texts",
            own("officeDocument", "word/x.xml").collect(),
            Some("not_a_document"),
        ),
        (
            "a package",
            own("package", "word/media/x.png").collect(),
            Some("active_content"),
        ),
        (
            "an address without a mode",
            own("image", "https://example.org/x").collect(),
            Some("external_content"),
        ),
        (
            "a relation out of it",
            own("styles", "../x.xml").collect(),
            Some("not_a_document"),
        ),
        ("another encoding", said("UTF-7"), Some("not_a_document")),
        ("its encoding", said("utf-8"), None),
        ("two roots", with("word/x.xml", "<x/><x/>"), Some("not_a_document")),
        (
            "a name that is escaped",
            with("word/%2e%2e/x.xml", "<x/>"),
            Some("not_a_document"),
        ),
        ("a name of nothing", with("word//x.xml", "<x/>"), Some("not_a_document")),
        (
            "a name with a dot behind",
            with("word/x.xml.", "<x/>"),
            Some("not_a_document"),
        ),
        ("a pdf", pdf, Some("not_a_document")),
    ] {
        assert_eq!(code(&parts), expected, "{what}");
    }
}

/// Control characters are in no text that the exchange takes, and what looks like Markdown in an address ends it.
#[test]
fn what_no_text_holds_is_seen_to_be_missing() {
    assert_eq!(markdown(&p("", "a&#1;b\u{85}c")), "a\u{fffd}b\u{fffd}c");
    let mut parts = with_answer("<w:p><w:hyperlink r:id=\"rId1\"><w:r><w:t>law</w:t></w:r></w:hyperlink></w:p>");
    parts.retain(|(name, _)| name != "word/_rels/document.xml.rels");
    parts.push((
        "word/_rels/document.xml.rels".to_owned(),
        relations(&[("rId1", "hyperlink", "https://example.org/> **no**", true)]),
    ));
    let filled = read(&packed(&parts)).unwrap();
    let control = &filled.controls[0].1;
    assert_eq!((control.markdown.as_str(), control.lost.len()), ("law", 1));
}

#[test]
fn lists_count_by_themselves() {
    let item = |level: usize, list: i32| {
        p(
            &format!("<w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{list}\"/></w:numPr>"),
            "x",
        )
    };
    let items = [
        item(1, 5),
        item(1, 5),
        item(0, 5),
        item(1, 5),
        item(99, 5),
        item(0, 99_999),
    ]
    .concat();
    assert_eq!(markdown(&items), "1. x\n2. x\n\n* x\n\n  1. x\n\n     - x\n* x");
}
