mod bounds;

use ahq_domain::word_form::{Control, Part, Tag};

use super::read;
use crate::docx::package::Package;

const NAMES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
     xmlns:w14=\"http://schemas.microsoft.com/office/word/2010/wordml\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
     xmlns:m=\"http://schemas.openxmlformats.org/officeDocument/2006/math\" \
     xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\"";
const TYPES: &str = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
     <Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn relations(of: &[(&str, &str, &str, bool)]) -> String {
    let each: String = of
        .iter()
        .map(|(id, kind, target, outside)| {
            let mode = if *outside { " TargetMode=\"External\"" } else { "" };
            format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"{mode}/>")
        })
        .collect();
    format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{each}</Relationships>"
    )
}

/// The parts of a document with this body, as Word lays them out.
fn parts(body: &str) -> Vec<(String, String)> {
    let numbering = "<w:abstractNum w:abstractNumId=\"1\"><w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"bullet\"/></w:lvl>\
         <w:lvl w:ilvl=\"1\"><w:numFmt w:val=\"decimal\"/></w:lvl></w:abstractNum>\
         <w:num w:numId=\"5\"><w:abstractNumId w:val=\"1\"/></w:num>";
    let styles = "<w:style w:type=\"paragraph\" w:styleId=\"Berschrift2\"><w:name w:val=\"heading 2\"/></w:style>\
         <w:style w:type=\"paragraph\" w:styleId=\"TextHeading3\"><w:name w:val=\"Text Heading 3\"/></w:style>\
         <w:style w:type=\"character\" w:styleId=\"Platzhaltertext\"><w:name w:val=\"Placeholder Text\"/></w:style>";
    let notes = "<w:footnote w:id=\"2\"><w:p><w:r><w:t>Law of 2019</w:t></w:r></w:p></w:footnote>";
    let own = [
        ("rId1", "hyperlink", "https://example.org/?a=1&amp;b=2", true),
        ("rId2", "numbering", "numbering.xml", false),
        ("rId3", "styles", "/word/styles.xml", false),
        ("rId4", "footnotes", "footnotes.xml", false),
        ("rId5", "hyperlink", "file:///etc/passwd", true),
    ];
    [
        ("[Content_Types].xml", TYPES.to_owned()),
        (
            "_rels/.rels",
            relations(&[("rId1", "officeDocument", "word/document.xml", false)]),
        ),
        ("word/_rels/document.xml.rels", relations(&own)),
        (
            "word/document.xml",
            format!("<w:document {NAMES}><w:body>{body}</w:body></w:document>"),
        ),
        (
            "word/numbering.xml",
            format!("<w:numbering {NAMES}>{numbering}</w:numbering>"),
        ),
        ("word/styles.xml", format!("<w:styles {NAMES}>{styles}</w:styles>")),
        (
            "word/footnotes.xml",
            format!("<w:footnotes {NAMES}>{notes}</w:footnotes>"),
        ),
    ]
    .map(|(name, content)| (name.to_owned(), content))
    .to_vec()
}

fn packed(parts: &[(String, String)]) -> Vec<u8> {
    let mut package = Package::default();
    for (name, content) in parts {
        package.add(name, content.as_bytes()).unwrap();
    }
    package.finish().unwrap()
}

fn control_around(properties: &str, content: &str) -> String {
    format!(
        "<w:sdt><w:sdtPr><w:tag w:val=\"q1.answer\"/>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"
    )
}

/// The control for the answer to question 1, as it is read from a body.
fn read_body(body: &str) -> Control {
    let filled = read(&packed(&parts(body))).unwrap();
    let answer = Tag::Question(1, Part::Answer);
    let mut controls = filled.controls.into_iter();
    controls.find(|(tag, _)| *tag == answer).unwrap().1
}

fn markdown(content: &str) -> String {
    read_body(&control_around("", content)).markdown
}

fn p(look: &str, text: &str) -> String {
    format!("<w:p><w:pPr>{look}</w:pPr><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
}

fn item(level: u8, text: &str) -> String {
    let look = format!("<w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"5\"/></w:numPr>");
    p(&look, text)
}

#[test]
fn paragraphs_lists_tables_and_links_become_markdown() {
    for (content, expected) in [
        (p("", "One") + &p("", "Two"), "One\n\nTwo"),
        (
            [item(0, "a"), item(1, "b"), item(1, "c"), item(0, "d")].concat(),
            "- a\n\n  1. b\n  2. c\n- d",
        ),
        (p("", "\u{f0b7}\ta") + &p("", "\u{2022} b"), "- a\n- b"),
        (p("<w:pStyle w:val=\"Berschrift2\"/>", "Head"), "## Head"),
        (p("<w:pStyle w:val=\"TextHeading3\"/>", "Head"), "### Head"),
        (
            "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b|c</w:t></w:r></w:p></w:tc></w:tr>\
             <w:tr><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
                .to_owned(),
            "| a | b\\|c |\n| --- | --- |\n| 1 |  |",
        ),
        (
            "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>str</w:t></w:r><w:r><w:rPr><w:b w:val=\"1\"/></w:rPr><w:t>ong</w:t></w:r>\
             <w:r><w:rPr><w:b w:val=\"0\"/><w:i/></w:rPr><w:t xml:space=\"preserve\"> soft</w:t></w:r></w:p>"
                .to_owned(),
            "**strong** *soft*",
        ),
        (
            "<w:p><w:hyperlink r:id=\"rId1\"><w:r><w:t>law</w:t></w:r></w:hyperlink></w:p>".to_owned(),
            "[law](<https://example.org/?a=1&b=2>)",
        ),
        // An address that nobody should follow is its words.
        (
            "<w:p><w:hyperlink r:id=\"rId5\"><w:r><w:t>file</w:t></w:r></w:hyperlink></w:p>".to_owned(),
            "file",
        ),
        (
            "<w:p><w:r><w:t>true</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r></w:p>".to_owned(),
            "true (Law of 2019)",
        ),
        // What looks like Markdown was typed as text.
        (p("", "*stars* # 1. &lt;b&gt;"), "\\*stars\\* \\# 1. \\<b\\>"),
    ] {
        assert_eq!(markdown(&content), expected, "{content}");
    }
}

#[test]
fn tracked_changes_are_read_as_accepted() {
    let changed = "<w:p><w:r><w:t xml:space=\"preserve\">We </w:t></w:r>\
         <w:del w:id=\"1\"><w:r><w:delText>do not</w:delText></w:r></w:del>\
         <w:ins w:id=\"2\"><w:r><w:t>register</w:t></w:r></w:ins></w:p>";
    assert_eq!(markdown(changed), "We register");
    let mark_deleted = "<w:p><w:pPr><w:rPr><w:del w:id=\"3\"/></w:rPr></w:pPr><w:r><w:t xml:space=\"preserve\">One </w:t></w:r></w:p>\
         <w:p><w:r><w:t>line</w:t></w:r></w:p>";
    assert_eq!(markdown(mark_deleted), "One line");
    let row_deleted = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr>\
         <w:tr><w:trPr><w:del w:id=\"4\"/></w:trPr><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
    assert_eq!(markdown(row_deleted), "| a |\n| --- |");
    // A control that was deleted with its text is gone.
    let deleted = format!(
        "<w:p><w:del w:id=\"5\">{}</w:del></w:p>",
        control_around("", "<w:r><w:t>x</w:t></w:r>")
    );
    assert!(read(&packed(&parts(&deleted))).unwrap().controls.is_empty());
}

/// Word writes a control within a paragraph, around paragraphs, around a cell or a row, and inside others.
#[test]
fn a_control_is_read_wherever_it_stands() {
    let run = "<w:r><w:t>here</w:t></w:r>";
    let paragraph = format!("<w:p>{run}</w:p>");
    let cell = format!("<w:tc>{paragraph}</w:tc>");
    for body in [
        format!("<w:p>{}</w:p>", control_around("", run)),
        control_around("", &paragraph),
        format!("<w:tbl><w:tr>{}</w:tr></w:tbl>", control_around("", &cell)),
        format!("<w:tbl>{}</w:tbl>", control_around("", &format!("<w:tr>{cell}</w:tr>"))),
        format!(
            "<w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>",
            control_around("", &paragraph)
        ),
        format!("<w:p><w:ins w:id=\"1\">{}</w:ins></w:p>", control_around("", run)),
        // Word wraps what is edited inside in smart tags and marks of its spelling.
        format!(
            "<w:p>{}</w:p>",
            control_around(
                "",
                &format!("<w:proofErr w:type=\"spellStart\"/><w:smartTag>{run}</w:smartTag>")
            )
        ),
    ] {
        assert_eq!(read_body(&body).text, "here", "{body}");
    }
}

/// LibreOffice up to 7.4 drops the tags of controls; bookmarks stay.
#[test]
fn a_control_without_a_tag_is_what_its_bookmark_says() {
    let control = |content: &str| format!("<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>");
    let run = |text: &str| format!("<w:r><w:t>{text}</w:t></w:r>");
    let bookmark = |name: &str| format!("<w:bookmarkStart w:id=\"1\" w:name=\"{name}\"/>");
    let form = "form.0190c1c59f1e7d8bb9a40c8f6d3f8a55.AT.1a2b3c4d";
    let paragraphs = [
        control(&run(form)),
        // Before the control, as it went out.
        bookmark("q1_comment") + &bookmark("_GoBack") + &control(&run("one")),
        control(&run("of somebody else")),
        // Within it, as LibreOffice saves it.
        control(&(bookmark("q2_cell_1_0") + &run("two"))),
        control(&run("of somebody else")),
        // LibreOffice sometimes puts one more control around a control and what follows.
        control(&control(&(bookmark("q3_answer") + &run("three")))),
    ];
    let body: String = paragraphs
        .iter()
        .map(|content| format!("<w:p>{content}</w:p>"))
        .collect();
    let filled = read(&packed(&parts(&body))).unwrap();
    let controls = filled.controls.iter();
    let read: Vec<_> = controls
        .map(|(tag, control)| (tag.to_string(), control.text.as_str()))
        .collect();
    let expected = [
        (form, form),
        ("q1.comment", "one"),
        ("q2.cell.1.0", "two"),
        ("q3.answer", "three"),
    ];
    assert_eq!(read, expected.map(|(tag, text)| (tag.to_owned(), text)));
}

#[test]
fn placeholders_ticks_and_dates() {
    let grey = "<w:r><w:rPr><w:rStyle w:val=\"PlaceholderText\"/></w:rPr><w:t>Klicken Sie hier</w:t></w:r>";
    let body = |properties: &str, content: &str| format!("<w:p>{}</w:p>", control_around(properties, content));
    // In the language of the program that wrote it.
    assert_eq!(read_body(&body("<w:showingPlcHdr/>", grey)), Control::default());
    // With the ids of its styles in that language too.
    let german = grey.replace("PlaceholderText", "Platzhaltertext");
    assert_eq!(read_body(&body("<w:showingPlcHdr/>", &german)), Control::default());
    // LibreOffice keeps the mark, and our words.
    let ours = "<w:r><w:t>Write the answer here</w:t></w:r>";
    assert_eq!(read_body(&body("<w:showingPlcHdr/>", ours)), Control::default());
    // A mark that was left behind does not hide what was typed.
    let answered = "<w:r><w:t>An answer</w:t></w:r>";
    assert_eq!(read_body(&body("<w:showingPlcHdr/>", answered)).text, "An answer");
    let tick = |value: &str| format!("<w14:checkbox><w14:checked w14:val=\"{value}\"/></w14:checkbox>");
    for (value, ticked) in [("1", true), ("true", true), ("0", false), ("false", false)] {
        assert_eq!(
            read_body(&body(&tick(value), "<w:r><w:t>\u{2612}</w:t></w:r>")).checked,
            ticked,
            "{value}"
        );
    }
    let date = read_body(&body(
        "<w:date w:fullDate=\"2019-01-31T00:00:00Z\"><w:dateFormat w:val=\"d MMMM yyyy\"/></w:date>",
        "<w:r><w:t>31 janvier 2019</w:t></w:r>",
    ));
    assert_eq!(date.date, "2019-01-31".parse().ok());
}

#[test]
fn what_is_not_taken_is_named() {
    for (content, lost) in [
        ("<w:p><w:r><w:drawing/></w:r></w:p>", "a picture or drawing"),
        (
            "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r></w:p>",
            "hidden text",
        ),
        ("<w:p><w:r><w:endnoteReference w:id=\"1\"/></w:r></w:p>", "an endnote"),
        (
            "<w:p><w:commentRangeStart w:id=\"1\"/><w:r><w:t>x</w:t></w:r></w:p>",
            "a comment",
        ),
        (
            "<w:p><w:r><w:rPr><w:strike/></w:rPr><w:t>no longer so</w:t></w:r></w:p>",
            "that text is struck through",
        ),
        (
            "<w:p><w:r><w:rPr><w:dstrike/></w:rPr><w:t>no longer so</w:t></w:r></w:p>",
            "that text is struck through",
        ),
        (
            "<w:p><w:fldSimple w:instr=\"HYPERLINK &quot;file:///c:/law.pdf&quot;\"><w:r><w:t>law</w:t></w:r></w:fldSimple></w:p>",
            "the address of a link",
        ),
        (
            "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>HYPER</w:instrText></w:r>\
             <w:r><w:instrText>LINK law.pdf</w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>\
             <w:r><w:t>law</w:t></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>",
            "the address of a link",
        ),
        (
            "<w:p><m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath></w:p>",
            "the layout of a formula",
        ),
    ] {
        assert_eq!(read_body(&control_around("", content)).lost, [lost], "{content}");
    }
}

#[test]
fn what_no_form_needs_is_refused() {
    let sound = parts(&control_around("", "<w:p/>"));
    let with = |name: &str, content: &str| {
        let mut parts = sound.clone();
        match parts.iter_mut().find(|(known, _)| known == name) {
            Some(part) => part.1 = content.to_owned(),
            None => parts.push((name.to_owned(), content.to_owned())),
        }
        packed(&parts)
    };
    let field = |instruction: &str| {
        format!(
            "<w:document {NAMES}><w:body><w:p><w:r><w:instrText>{instruction}</w:instrText></w:r></w:p></w:body></w:document>"
        )
    };
    let deep = format!(
        "<w:document {NAMES}>{}{}</w:document>",
        "<w:p>".repeat(500),
        "</w:p>".repeat(500)
    );
    let entity = format!("<!DOCTYPE x [<!ENTITY a \"b\">]><w:document {NAMES}>&a;</w:document>");
    let outside = [("rId1", "attachedTemplate", "https://example.org/t.dotm", true)];
    let object = [("rId1", "oleObject", "x.bin", false)];
    let char = |kind: &str| format!("<w:fldChar w:fldCharType=\"{kind}\"/>");
    let text = |text: &str| format!("<w:instrText>{text}</w:instrText>");
    let of_runs = |runs: &[String]| {
        let runs: String = runs.iter().map(|run| format!("<w:r>{run}</w:r>")).collect();
        format!("<w:document {NAMES}><w:body><w:p>{runs}</w:p></w:body></w:document>")
    };
    // The end of the directory says that the directory is shorter.
    let mut of_other_size = packed(&sound);
    let size = of_other_size.len() - 22 + 12;
    of_other_size[size] ^= 1;
    let mut appended = packed(&sound);
    appended.extend(b"<html>");
    let mut before = b"GIF89a".to_vec();
    before.extend(packed(&sound));
    for (bytes, code) in [
        (with("word/vbaProject.bin", "x"), "macros"),
        (
            with(
                "[Content_Types].xml",
                &TYPES.replace(
                    "application/xml",
                    "application/vnd.ms-word.document.macroEnabled.main+xml",
                ),
            ),
            "macros",
        ),
        (with("word/embeddings/oleObject1.bin", "x"), "active_content"),
        (with("word/activeX/activeX1.xml", "<x/>"), "active_content"),
        (
            with("word/_rels/settings.xml.rels", &relations(&outside)),
            "external_content",
        ),
        (
            with("word/_rels/settings.xml.rels", &relations(&object)),
            "active_content",
        ),
        (
            with(
                "word/document.xml",
                &field(" DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe"),
            ),
            "active_content",
        ),
        (
            with("word/document.xml", &field("INCLUDETEXT \"/etc/passwd\"")),
            "active_content",
        ),
        (with("word/document.xml", &entity), "not_a_document"),
        (with("word/document.xml", &deep), "too_large"),
        (with("word/document.xml", &"<a>".repeat(3)), "not_a_document"),
        (with("../outside.xml", "x"), "not_a_document"),
        (with("C:evil.xml", "<x/>"), "not_a_document"),
        (with("word/DOCUMENT.xml", "<x/>"), "not_a_document"),
        (with("word/custom.xml", "no XML"), "not_a_document"),
        (with("word/run.exe", "MZ"), "active_content"),
        (with("word/header1.xml", &field("DDE cmd")), "active_content"),
        // The instruction stands in two runs, or is the result of another field.
        (
            with(
                "word/document.xml",
                &of_runs(&[char("begin"), text("INC"), text("LUDETEXT x"), char("end")]),
            ),
            "active_content",
        ),
        (
            with(
                "word/document.xml",
                &of_runs(&[
                    char("begin"),
                    char("begin"),
                    text("QUOTE DDE"),
                    char("end"),
                    text(" cmd"),
                    char("end"),
                ]),
            ),
            "active_content",
        ),
        (
            with(
                "word/document.xml",
                &of_runs(&["<w:altChunk r:id=\"rId9\"/>".to_owned()]),
            ),
            "active_content",
        ),
        (
            with(
                "word/settings.xml",
                &format!(
                    "<w:settings {NAMES}><w:mailMerge><w:connectString w:val=\"DSN=x\"/></w:mailMerge></w:settings>"
                ),
            ),
            "external_content",
        ),
        (
            with(
                "word/document.xml",
                &of_runs(&[
                    "<i:imagedata xmlns:i=\"urn:schemas-microsoft-com:vml\" src=\"https://example.org/a.png\"/>"
                        .to_owned(),
                ]),
            ),
            "external_content",
        ),
        (of_other_size, "not_a_document"),
        (with("word/big.xml", &"<!-- -->".repeat(3 << 20)), "too_large"),
        (appended, "not_a_document"),
        (before, "not_a_document"),
        (b"%PDF-1.7".to_vec(), "not_a_document"),
        (vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1], "encrypted"),
        (Vec::new(), "not_a_document"),
    ] {
        let refused = read(&bytes).err().map(|refused| refused.code);
        assert_eq!(refused, Some(code), "{} bytes", bytes.len());
    }
}

/// Page numbers, tables of contents, references and what Zotero leaves are in many documents.
#[test]
fn fields_that_only_show_are_taken() {
    for instruction in [
        " PAGE \\* MERGEFORMAT ",
        "TOC \\o &quot;1-3&quot;",
        "HYPERLINK \\l &quot;annex&quot;",
        "=SUM(ABOVE)",
        "ADDIN ZOTERO_ITEM CSL_CITATION {}",
        "",
    ] {
        let field = format!(
            "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>{instruction}</w:instrText></w:r>\
             <w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t>7</w:t></w:r>\
             <w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>"
        );
        assert_eq!(markdown(&field), "7", "{instruction}");
        assert_eq!(
            markdown(&format!(
                "<w:p><w:fldSimple w:instr=\"{instruction}\"><w:r><w:t>8</w:t></w:r></w:fldSimple></w:p>"
            )),
            "8",
            "{instruction}"
        );
    }
}

/// Word and LibreOffice write some links as fields, with their instruction in as many runs as they like.
#[test]
fn fields_that_link_become_links() {
    let mark = |kind: &str| format!("<w:r><w:fldChar w:fldCharType=\"{kind}\"/></w:r>");
    let of_runs = |instructions: &[&str], words: &str| {
        let instructions: String = instructions
            .iter()
            .map(|text| format!("<w:r><w:instrText xml:space=\"preserve\">{text}</w:instrText></w:r>"))
            .collect();
        let (begin, separate, end) = (mark("begin"), mark("separate"), mark("end"));
        format!("{begin}{instructions}{separate}<w:r><w:t>{words}</w:t></w:r>{end}")
    };
    let page = of_runs(&["PAGE"], "7");
    let after = "<w:r><w:t xml:space=\"preserve\"> and more</w:t></w:r>";
    let address = "https://example.org/?a=1&amp;b=2";
    for field in [
        of_runs(&[&format!(" HYPERLINK \"{address}\" \\o \"A tip\" ")], "law"),
        of_runs(&["hyper", "link \"https://exam", "ple.org/?a=1&amp;b=2\""], "law"),
        of_runs(&[&format!("HYPERLINK {address}")], "law"),
        format!("<w:fldSimple w:instr=\"HYPERLINK &quot;{address}&quot;\"><w:r><w:t>law</w:t></w:r></w:fldSimple>"),
    ] {
        let control = read_body(&control_around("", &format!("<w:p>{field}{after}</w:p>")));
        assert_eq!(
            (control.markdown.as_str(), control.lost.as_slice()),
            ("[law](<https://example.org/?a=1&b=2>) and more", &[][..]),
            "{field}"
        );
    }
    // A field in the result of a link leads where that does, and one without an end leads no further than its control.
    let around =
        of_runs(&[&format!("HYPERLINK \"{address}\"")], "page").replace("</w:t></w:r>", &format!("</w:t></w:r>{page}"));
    assert_eq!(
        markdown(&format!("<w:p>{around}</w:p>")),
        "[page7](<https://example.org/?a=1&b=2>)"
    );
    let open = around.replace(&mark("end"), "");
    let both = control_around("", &format!("<w:p>{open}</w:p>"))
        + &control_around("", &p("", "next")).replace("q1.answer", "q2.answer");
    let read = read(&packed(&parts(&both))).unwrap();
    assert_eq!(read.controls[1].1.markdown, "next");
}

/// SharePoint keeps properties beside the text, with a byte order mark before them.
#[test]
fn a_part_may_begin_with_a_byte_order_mark() {
    let mut parts = parts(&control_around("", &p("", "here")));
    parts.push((
        "customXml/item1.xml".to_owned(),
        "\u{feff}<?xml version=\"1.0\"?><properties/>".to_owned(),
    ));
    assert_eq!(read(&packed(&parts)).unwrap().controls.len(), 1);
}
