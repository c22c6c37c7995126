//! Files that are small and grow, or take long, or both: in their package, in their XML, and in what is read of it.

use std::fmt::Write;

use super::super::package::{Entry, packed};
use super::{ACTIVE, BROKEN, Expected, Files, Honest, LARGE, NAMES};

/// It is read, and the reply says that no answer is as long.
const TOO_LONG: Expected = Expected::Told("too_long");

pub(super) fn add(honest: &Honest<'_>, files: &mut Files) {
    packages(honest, files);
    xml(honest, files);
    declared(honest, files);
    references(honest, files);
    tables_and_lists(honest, files);
}

fn run(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

/// Letters that cannot be packed well, to stay below the ratio that a package may have.
fn noise(letters: u32) -> String {
    (0..letters / 8)
        .map(|index| format!("{:08x}", index.wrapping_mul(2_654_435_761)))
        .collect()
}

fn nested(name: &str, deep: usize, inside: &str) -> String {
    format!(
        "{}{inside}{}",
        format!("<{name}>").repeat(deep),
        format!("</{name}>").repeat(deep)
    )
}

fn packages(honest: &Honest<'_>, files: &mut Files) {
    let blanks = vec![b' '; 100 << 20];
    files.add(
        "hundred-megabytes-of-blanks",
        LARGE,
        honest.with("word/x.xml", blanks.clone()),
    );
    files.add(
        "hundred-megabytes-as-a-picture",
        LARGE,
        honest.with("word/media/x.png", blanks.clone()),
    );
    let mut small = Entry::deflated("word/x.xml", &blanks);
    small.size = 100;
    files.add("hundred-megabytes-that-say-hundred-bytes", BROKEN, honest.entry(small));
    let page = format!("<x>{}</x>", " ".repeat(11 << 20));
    let page = Entry::deflated("word/x.xml", page.as_bytes());
    let mut entries = honest.entries();
    for index in 0..40 {
        entries.push(Entry {
            name: format!("word/x{index}.xml").into_bytes(),
            ..page.clone()
        });
    }
    files.add("forty-parts-of-eleven-megabytes", LARGE, packed(&entries));
    let inner = packed(&[Entry::deflated("x.zip", &packed(&[Entry::deflated("x", &blanks)]))]);
    files.add(
        "package-in-package-in-package",
        ACTIVE,
        honest.entry(Entry::stored("word/x.zip", &inner)),
    );
    for count in [600_usize, 6_000, 40_000] {
        let mut entries = honest.entries();
        let part = Entry::stored("x", b"<x/>");
        entries.extend((0..count).map(|index| Entry {
            name: format!("word/x{index}.xml").into_bytes(),
            ..part.clone()
        }));
        files.add(format!("{count}-entries"), LARGE, packed(&entries));
    }
}

fn xml(honest: &Honest<'_>, files: &mut Files) {
    // Each just below the ratio that the package allows.
    let noise = noise(480_000);
    let mixed = |piece: &str, count: usize| {
        let mut text = piece.repeat(count);
        text.push_str(&noise);
        text
    };
    files.add(
        "million-elements",
        LARGE,
        honest.body(&run(&noise).replace(&noise, &mixed("</w:t><w:t>", 900_000))),
    );
    files.add(
        "million-paragraphs",
        LARGE,
        honest.body(&mixed("<w:p/>", 1_000_000).replace(&noise, "")),
    );
    files.add(
        "eleven-megabytes-of-text",
        LARGE,
        honest.answer(&run(&mixed("word ", 2_200_000))),
    );
    files.add(
        "a-word-of-eleven-megabytes",
        LARGE,
        honest.answer(&run(&mixed("wwwww", 2_200_000))),
    );
    for (what, sign) in [
        ("brackets", "["),
        ("stars", "*"),
        ("backticks", "`"),
        ("pictures", "!["),
    ] {
        let long = |bytes: usize| honest.answer(&run(&sign.repeat(bytes / sign.len())));
        files.add(
            format!("megabytes-of-{what}"),
            LARGE,
            honest.answer(&run(&mixed(sign, 3_000_000 / sign.len()))),
        );
        files.add(format!("many-{what}"), TOO_LONG, long(65_000));
    }
    files.add(
        "megabytes-of-references",
        LARGE,
        honest.answer(&run(&mixed("&amp;", 600_000))),
    );
    files.add(
        "megabytes-of-numbered-letters",
        LARGE,
        honest.answer(&run(&mixed("&#65;", 500_000))),
    );
    let comments = mixed("<!-- x -->", 900_000);
    files.add(
        "megabytes-of-comments",
        LARGE,
        honest.body(&comments.replace(&noise, "")),
    );
    files.add(
        "megabytes-of-instructions",
        LARGE,
        honest.body(&mixed("<?x y?>", 1_200_000).replace(&noise, "")),
    );
    files.add("deep-elements", LARGE, honest.body(&nested("w:p", 5_000, "")));
    files.add("deep-unknown-elements", LARGE, honest.part(&nested("x", 100_000, "")));
    let deep = |begin: &str, end: &str, deep: usize| format!("{}{}{}", begin.repeat(deep), run("x"), end.repeat(deep));
    files.add(
        "tables-in-tables",
        LARGE,
        honest.answer(&deep("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>", 200)),
    );
    let control = "<w:sdt><w:sdtPr><w:tag w:val=\"q1.comment\"/></w:sdtPr><w:sdtContent>";
    files.add(
        "fields-in-fields",
        LARGE,
        honest.answer(&deep(control, "</w:sdtContent></w:sdt>", 30)),
    );
    files.add(
        "insertions-in-insertions",
        LARGE,
        honest.answer(&deep("<w:ins w:id=\"1\">", "</w:ins>", 1_000)),
    );
}

fn declared(honest: &Honest<'_>, files: &mut Files) {
    let mut attributes = String::new();
    let mut vocabularies = String::new();
    for index in 0..200_000 {
        let _ = write!(attributes, " a{index}=\"\"");
        let _ = write!(vocabularies, " xmlns:a{index}=\"u\"");
    }
    files.add(
        "attributes-without-number",
        LARGE,
        honest.part(&format!("<x{attributes}/>")),
    );
    files.add(
        "vocabularies-without-number",
        BROKEN,
        honest.part(&format!("<x{vocabularies}/>")),
    );
    let mut around = String::new();
    for level in 0..100 {
        let _ = write!(around, "<x");
        for index in 0..90 {
            let _ = write!(around, " xmlns:b{level}c{index}=\"u\"");
        }
        around.push('>');
    }
    let inside = format!("{around}{}{}", "<w:x/>".repeat(100_000), "</x>".repeat(100));
    files.add("vocabularies-around-elements", LARGE, honest.part(&inside));
    let value = "v".repeat(11 << 20);
    files.add(
        "attribute-of-eleven-megabytes",
        LARGE,
        honest.part(&format!("<x a=\"{value}\"/>")),
    );
}

fn references(honest: &Honest<'_>, files: &mut Files) {
    let note = |id: usize, inside: &str| format!("<w:footnote w:id=\"{id}\"><w:p>{inside}</w:p></w:footnote>");
    let mention = |id: usize| format!("<w:r><w:footnoteReference w:id=\"{id}\"/></w:r>");
    let mentions = format!("<w:p>{}</w:p>", mention(2).repeat(60_000));
    let with_notes = |notes: &str, answer: &str| {
        let mut form = honest.copy().pasted("q2.answer", answer);
        form.put(
            "word/footnotes.xml",
            format!("<w:footnotes {NAMES}>{notes}</w:footnotes>"),
        );
        let name = "word/_rels/document.xml.rels";
        let (_, own) = form
            .parts
            .iter()
            .find(|(known, _)| known == name)
            .expect("the relations of the text");
        let own = String::from_utf8(own.clone()).expect("UTF-8");
        let relation = format!(
            "<Relationship Id=\"rIdN\" Type=\"{}\" Target=\"footnotes.xml\"/></Relationships>",
            super::office("footnotes")
        );
        let without = own.replace("relationships/footnotes\"", "relationships/none\"");
        form.put(name, without.replace("</Relationships>", &relation));
        form.saved()
    };
    let words: String = (0..4_000).map(|index| format!("{index} ")).collect();
    let long = format!("<w:r><w:t>{words}</w:t></w:r>");
    files.add(
        "note-mentioned-sixty-thousand-times",
        LARGE,
        with_notes(&note(2, &long), &mentions),
    );
    let growing: String = (2..14)
        .map(|id| {
            let inside = if id == 2 {
                long.clone()
            } else {
                mention(id - 1).repeat(10)
            };
            note(id, &inside)
        })
        .collect();
    let last = format!("<w:p><w:r><w:t>By a register.</w:t></w:r>{}</w:p>", mention(13));
    files.add("notes-in-notes", Expected::Nothing, with_notes(&growing, &last));
    let address = format!("https://example.org/{}", noise(400_000));
    let name = "word/_rels/document.xml.rels";
    let link = format!(
        "<w:p>{}</w:p>",
        "<w:hyperlink r:id=\"rIdL\"><w:r><w:t>x</w:t></w:r></w:hyperlink>".repeat(20_000)
    );
    let mut form = honest.copy().pasted("q2.answer", &link);
    let (_, own) = form
        .parts
        .iter()
        .find(|(known, _)| known == name)
        .expect("the relations of the text");
    let own = String::from_utf8(own.clone()).expect("UTF-8");
    let relation = format!(
        "<Relationship Id=\"rIdL\" Type=\"{}\" Target=\"{address}\" TargetMode=\"External\"/></Relationships>",
        super::office("hyperlink")
    );
    form.put(name, own.replace("</Relationships>", &relation));
    files.add("address-of-twenty-thousand-links", LARGE, form.saved());
    let begin = "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r>";
    let end = "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r>";
    let instruction = |text: &str| format!("<w:r><w:instrText>{text}</w:instrText></w:r>");
    let inner = format!("{begin}{}{end}", instruction("PAGE")).repeat(20_000);
    let fields = format!("<w:p>{begin}{}{inner}{end}</w:p>", instruction(&noise(400_000)));
    files.add("instruction-judged-again-and-again", ACTIVE, honest.body(&fields));
}

fn tables_and_lists(honest: &Honest<'_>, files: &mut Files) {
    let cell = "<w:tc><w:p/></w:tc>";
    let wide = format!("<w:tr>{}</w:tr>", cell.repeat(10_000));
    let tall = format!("<w:tr>{cell}</w:tr>").repeat(20_000);
    files.add(
        "table-as-wide-as-tall",
        LARGE,
        honest.answer(&format!("<w:tbl>{wide}{tall}</w:tbl>")),
    );
    let span = "<w:tc><w:tcPr><w:gridSpan w:val=\"60\"/></w:tcPr><w:p/></w:tc>";
    let rows = format!("<w:tr>{}</w:tr>", span.repeat(20)).repeat(1_500);
    files.add(
        "cells-that-span-sixty",
        LARGE,
        honest.answer(&format!("<w:tbl>{rows}</w:tbl>")),
    );
    let levels: String = (0..40_000)
        .map(|level| format!("<w:lvl w:ilvl=\"{level}\"/>"))
        .collect();
    let lists: String = (0..20_000)
        .map(|list| format!("<w:num w:numId=\"{list}\"><w:abstractNumId w:val=\"1\"/></w:num>"))
        .collect();
    let numbering = format!(
        "<w:numbering {NAMES}><w:abstractNum w:abstractNumId=\"1\">{levels}</w:abstractNum>{lists}</w:numbering>"
    );
    files.add(
        "twenty-thousand-lists-of-forty-thousand-levels",
        Expected::Nothing,
        honest.with("word/numbering.xml", numbering),
    );
    let items: String = (1..15_000)
        .map(|list| {
            format!(
                "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"{list}\"/><w:numId w:val=\"{list}\"/></w:numPr></w:pPr>\
                 <w:r><w:t>x</w:t></w:r></w:p>"
            )
        })
        .collect();
    files.add("fifteen-thousand-lists-of-one-item", LARGE, honest.answer(&items));
    let id = noise(800_000).replace(char::is_alphabetic, "7");
    let style = format!(
        "<w:p><w:pPr><w:numPr><w:numId w:val=\"{id}\"/></w:numPr></w:pPr><w:r><w:t>By a register.</w:t></w:r></w:p>"
    );
    files.add("list-of-a-million-digits", Expected::Nothing, honest.answer(&style));
    let field = |tag: &str| {
        format!("<w:sdt><w:sdtPr><w:tag w:val=\"{tag}\"/></w:sdtPr><w:sdtContent><w:p/></w:sdtContent></w:sdt>")
    };
    let at_its_end = |fields: &str| {
        let document = honest.form.document();
        honest.with(
            super::TEXT,
            document.replace("<w:sectPr", &format!("{fields}<w:sectPr")),
        )
    };
    let told = Expected::Told("The control q2.answer is there twice");
    files.add(
        "a-field-thirty-thousand-times",
        told,
        at_its_end(&field("q2.answer").repeat(30_000)),
    );
    let others: String = (1..15_000)
        .map(|row| field(&format!("q2.cell.{row}.1")).repeat(2))
        .collect();
    files.add(
        "thirty-thousand-fields-of-no-question",
        Expected::Nothing,
        at_its_end(&others),
    );
}
