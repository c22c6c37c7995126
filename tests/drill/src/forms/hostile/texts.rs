//! XML that is none, or is another document to another program: types and entities, encodings, what does not close.

use super::{BROKEN, Expected, Files, Honest, NAMES, TEXT};

pub(super) fn add(honest: &Honest<'_>, files: &mut Files) {
    entities(honest, files);
    encodings(honest, files);
    let document = honest.form.document();
    let end = document.rfind("</w:body>").expect("the end of the text");
    for (name, text) in [
        ("text-without-an-end", document[..end].to_owned()),
        (
            "text-that-closes-something-else",
            document.replace("</w:body>", "</w:nobody>"),
        ),
        ("text-with-two-roots", format!("{document}<w:document {NAMES}/>")),
        (
            "text-with-words-of-no-vocabulary",
            document.replace("<w:body>", "<w:body><zz:p/>"),
        ),
        (
            "text-with-an-attribute-twice",
            document.replace("<w:body>", "<w:body><w:p w:a=\"1\" w:a=\"2\"/>"),
        ),
        (
            "text-with-an-attribute-unquoted",
            document.replace("<w:body>", "<w:body><w:p w:a=1/>"),
        ),
        ("text-empty", String::new()),
        ("text-of-blanks", " \n".to_owned()),
        ("text-of-json", "{\"w:document\": {}}".to_owned()),
        (
            "text-half-a-reference",
            document.replace("<w:body>", "<w:body><w:p>&#x;</w:p>"),
        ),
        (
            "text-of-a-letter-that-is-none",
            document.replace("<w:body>", "<w:body><w:p>&#xD800;</w:p>"),
        ),
        (
            "text-of-a-letter-too-far",
            document.replace("<w:body>", "<w:body><w:p>&#x110000;</w:p>"),
        ),
    ] {
        files.add(name, BROKEN, honest.with(TEXT, text));
    }
    for (name, xml) in [
        (
            "included-xml",
            "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" parse=\"text\"/>",
        ),
        (
            "instruction-of-a-stylesheet",
            "<?xml-stylesheet href=\"file:///etc/passwd\" type=\"text/xsl\"?>",
        ),
        ("instruction-of-php", "<?php system('id'); ?>"),
    ] {
        files.add(name, Expected::Nothing, honest.body(xml));
    }
    let script = "<w:p><w:r><w:t>By a register.&lt;script&gt;alert(1)&lt;/script&gt;</w:t></w:r></w:p>";
    files.add(
        "script-as-words",
        Expected::Told("By a register.\\\\<script\\\\>alert(1)"),
        honest.answer(script),
    );
    let controls = "<w:p><w:r><w:t>By a&#1;&#27;[31m register.</w:t></w:r></w:p>";
    files.add(
        "letters-that-control",
        Expected::Told("By a\u{fffd}\u{fffd}"),
        honest.answer(controls),
    );
}

fn entities(honest: &Honest<'_>, files: &mut Files) {
    let mut laughs = "<!ENTITY a0 \"ha\">".to_owned();
    for level in 1..12 {
        laughs.push_str(&format!(
            "<!ENTITY a{level} \"{}\">",
            format!("&a{};", level - 1).repeat(10)
        ));
    }
    let quadratic = format!("<!ENTITY a \"{}\">", "x".repeat(50_000));
    let address = honest.trap;
    let types: [(&str, String, String); 10] = [
        ("none", String::new(), String::new()),
        ("entity", "<!ENTITY a \"b\">".to_owned(), "&a;".to_owned()),
        ("a-million-laughs", laughs, "&a11;".to_owned()),
        ("one-entity-many-times", quadratic, "&a;".repeat(5_000)),
        (
            "file",
            "<!ENTITY a SYSTEM \"file:///etc/passwd\">".to_owned(),
            "&a;".to_owned(),
        ),
        (
            "address",
            format!("<!ENTITY a SYSTEM \"{address}/entity\">"),
            "&a;".to_owned(),
        ),
        (
            "parameter",
            format!("<!ENTITY % a SYSTEM \"{address}/parameter\"> %a;"),
            String::new(),
        ),
        (
            "endless-file",
            "<!ENTITY a SYSTEM \"file:///dev/zero\">".to_owned(),
            "&a;".to_owned(),
        ),
        (
            "itself",
            "<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">".to_owned(),
            "&a;".to_owned(),
        ),
        ("attribute", "<!ATTLIST w:p w:a CDATA \"x\">".to_owned(), String::new()),
    ];
    for (name, types, inside) in types {
        let header = format!("<!DOCTYPE x [{types}]><w:hdr {NAMES}><w:p>{inside}</w:p></w:hdr>");
        files.add(format!("types-{name}"), BROKEN, honest.with("word/header9.xml", header));
    }
    let outside = format!("<!DOCTYPE w:document SYSTEM \"{address}/types.dtd\">");
    for (name, part) in [
        ("text", TEXT),
        ("relations", "word/_rels/document.xml.rels"),
        ("content-types", "[Content_Types].xml"),
        ("styles", "word/styles.xml"),
        ("properties", "docProps/core.xml"),
    ] {
        let own = honest.form.parts.iter().find(|(known, _)| known == part);
        let own = String::from_utf8(own.expect("a part of the form").1.clone()).expect("UTF-8");
        let begin = own.find("?>").map_or(0, |end| end + 2);
        let text = format!("{}{outside}{}", &own[..begin], &own[begin..]);
        files.add(
            format!("types-from-an-address-in-{name}"),
            BROKEN,
            honest.with(part, text),
        );
    }
    for (name, inside) in [("unknown", "&nbsp;"), ("of-html", "&copy;"), ("without-an-end", "&amp")] {
        files.add(
            format!("reference-{name}"),
            BROKEN,
            honest.body(&format!("<w:p>{inside}</w:p>")),
        );
    }
}

fn encodings(honest: &Honest<'_>, files: &mut Files) {
    let header = format!("<w:hdr {NAMES}><w:p><w:r><w:instrText>DDEAUTO c</w:instrText></w:r></w:p></w:hdr>");
    let wide = |text: &str, of: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(of).collect::<Vec<u8>>();
    let marked = format!("\u{feff}{header}");
    files.add(
        "utf-16",
        BROKEN,
        honest.with("word/header9.xml", wide(&marked, u16::to_le_bytes)),
    );
    files.add(
        "utf-16-the-other-way",
        BROKEN,
        honest.with("word/header9.xml", wide(&marked, u16::to_be_bytes)),
    );
    files.add(
        "utf-16-without-a-mark",
        BROKEN,
        honest.with("word/header9.xml", wide(&header, u16::to_le_bytes)),
    );
    let utf_32: Vec<u8> = marked
        .chars()
        .flat_map(|letter| u32::from(letter).to_le_bytes())
        .collect();
    files.add("utf-32", BROKEN, honest.with("word/header9.xml", utf_32));
    for encoding in ["UTF-7", "UTF-16", "IBM037", "Shift_JIS", "ISO-2022-JP", "windows-1252"] {
        let text = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><w:hdr {NAMES}><w:p>+ADw-</w:p></w:hdr>");
        files.add(
            format!("{encoding}-it-says"),
            BROKEN,
            honest.with("word/header9.xml", text),
        );
    }
    for (name, bytes) in [
        ("no-utf-8", &b"\xff\xff"[..]),
        ("overlong-utf-8", b"\xc0\xbcw:p/\xc0\xbe"),
        ("half-a-letter", b"\xe2\x82"),
        ("surrogates-in-utf-8", b"\xed\xa0\x80"),
    ] {
        let mut text = format!("<w:hdr {NAMES}><w:p>").into_bytes();
        text.extend(bytes);
        text.extend(b"</w:p></w:hdr>");
        files.add(name, BROKEN, honest.with("word/header9.xml", text));
    }
}
