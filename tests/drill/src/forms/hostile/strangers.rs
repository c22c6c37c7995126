//! What is no document for Word at all, is one of something else, or is the form of something else.

use super::super::package::{Entry, packed};
use super::{ACTIVE, BROKEN, Expected, Files, Honest, LOCKED, NAMES, TEXT};

/// What a compound file begins with: Word's format before 2007, and every document with a password.
const COMPOUND: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

pub(super) fn add(honest: &Honest<'_>, files: &mut Files) {
    for (name, begin) in [
        ("nothing", ""),
        ("one-letter", "P"),
        ("plain-text", "q1.answer: yes"),
        ("page", "<!doctype html><html><script>fetch('/')</script></html>"),
        ("rtf", "{\\rtf1\\ansi{\\*\\generator x;}\\pard yes\\par}"),
        (
            "pdf",
            "%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(x)>>>>endobj",
        ),
        ("postscript", "%!PS-Adobe-3.0\n(/etc/passwd) (r) file"),
        ("shell-script", "#!/bin/sh\nrm -rf /\n"),
        ("program-of-windows", "MZ\u{0}\u{0}PE"),
        ("mail", "MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n"),
        ("json", "{\"answers\": {\"q1\": {\"yesNo\": \"yes\"}}}"),
        ("csv", "=cmd|'/c calc'!A0,yes\r\n"),
        ("only-the-begin-of-an-entry", "PK\u{3}\u{4}"),
        ("empty-package", "PK\u{5}\u{6}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        ("shortcut", "[InternetShortcut]\r\nURL=file://server/share\r\n"),
    ] {
        files.add(name, BROKEN, begin);
    }
    for (name, begin) in [
        ("program-of-linux", &b"\x7fELF\x02\x01\x01"[..]),
        ("picture", b"\x89PNG\r\n\x1a\n"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0"),
        ("seven-zip", b"7z\xbc\xaf\x27\x1c"),
        ("rar", b"Rar!\x1a\x07\x01\0"),
        ("text-in-utf-16", b"\xff\xfeq\x001\0"),
    ] {
        let mut bytes = begin.to_vec();
        bytes.resize(4_000, 0);
        files.add(name, BROKEN, bytes);
    }
    // Chance, but the same each time.
    for seed in 1..=3_u32 {
        let mut state = seed;
        let noise = std::iter::repeat_with(move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        files.add(format!("noise-{seed}"), BROKEN, noise.take(100_000).collect::<Vec<_>>());
    }
    let compound = |inside: &str| {
        let mut bytes = COMPOUND.to_vec();
        bytes.resize(512, 0);
        bytes.extend(inside.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    files.add("document-of-word-97", LOCKED, compound("WordDocument"));
    files.add("document-with-a-password", LOCKED, compound("EncryptedPackage"));
    files.add(
        "larger-than-any-form",
        Expected::Refused(413, "too_large"),
        vec![0; (5 << 20) + 1],
    );
    files.add("flat-document-of-word", BROKEN, flat(honest));

    let with = |parts: &[(&str, &str)]| {
        let entries: Vec<_> = parts
            .iter()
            .map(|(name, content)| Entry::stored(name, content.as_bytes()))
            .collect();
        packed(&entries)
    };
    let odt = [
        ("mimetype", "application/vnd.oasis.opendocument.text"),
        ("content.xml", "<office/>"),
        ("META-INF/manifest.xml", "<manifest/>"),
    ];
    files.add("document-of-libreoffice", ACTIVE, with(&odt));
    files.add(
        "book",
        ACTIVE,
        with(&[("mimetype", "application/epub+zip"), ("a.opf", "<package/>")]),
    );
    files.add(
        "java-program",
        ACTIVE,
        with(&[("META-INF/MANIFEST.MF", "Main-Class: X"), ("X.class", "x")]),
    );
    files.add("folder-of-texts", ACTIVE, with(&[("a.txt", "yes"), ("b.txt", "no")]));
    files.add(
        "package-of-nothing-but-xml",
        BROKEN,
        with(&[("word/document.xml", "<document/>")]),
    );
    for (name, left) in [
        ("without-content-types", "[Content_Types].xml"),
        ("without-relations", "_rels/.rels"),
        ("without-its-text", TEXT),
    ] {
        let mut form = honest.copy();
        form.parts.retain(|(known, _)| known != left);
        files.add(name, BROKEN, form.saved());
    }
    for (name, kind) in [
        ("workbook", "spreadsheetml.sheet"),
        ("slides", "presentationml.presentation"),
    ] {
        let types = format!(
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" \
             ContentType=\"application/vnd.openxmlformats-officedocument.{kind}.main+xml\"/></Types>"
        );
        let mut form = honest.copy();
        form.put("[Content_Types].xml", types);
        form.put(TEXT, "<main xmlns=\"urn:x\"/>");
        files.add(name, Expected::Refused(400, "not_a_form"), form.saved());
    }
    forms_of_others(honest, files);
}

/// The whole document as one file of XML, which Word opens as well.
fn flat(honest: &Honest<'_>) -> String {
    format!(
        "<?xml version=\"1.0\"?><?mso-application progid=\"Word.Document\"?>\
         <pkg:package xmlns:pkg=\"http://schemas.microsoft.com/office/2006/xmlPackage\">{}</pkg:package>",
        honest.form.document()
    )
}

fn forms_of_others(honest: &Honest<'_>, files: &mut Files) {
    let refused = |code| Expected::Refused(400, code);
    files.add(
        "form-of-another-query",
        refused("other_query"),
        honest.other_query.saved(),
    );
    files.add(
        "form-of-another-office",
        refused("other_office"),
        honest.other_office.saved(),
    );
    let document = honest.form.document();
    let id = id_of(&document);
    let (head, _) = id.rsplit_once('.').expect("a hash");
    let renamed = |other: &str| honest.with(TEXT, document.replace(&id, other));
    let stale = Expected::Refused(409, "stale_form");
    files.add(
        "form-of-an-earlier-wording",
        stale,
        renamed(&format!("{head}.00000000")),
    );
    files.add("form-without-the-wording", refused("not_a_form"), renamed(head));
    files.add(
        "form-of-no-query",
        refused("not_a_form"),
        renamed("form.zz.AT.00000000"),
    );
    files.add(
        "form-of-an-unknown-office",
        refused("other_office"),
        renamed(&id.replace(".AT.", ".XX.")),
    );
    let of_nobody = renamed(&format!("form.{}.AT.00000000", "0".repeat(32)));
    files.add("form-of-a-query-that-is-not-there", refused("other_query"), of_nobody);
    let second = format!(
        "<w:sdt><w:sdtPr><w:tag w:val=\"{}\"/></w:sdtPr><w:sdtContent><w:p/></w:sdtContent></w:sdt>",
        id_of(&honest.other_query.document())
    );
    let two = document.replace("<w:sectPr", &format!("{second}<w:sectPr"));
    files.add("two-forms-in-one", refused("other_query"), honest.with(TEXT, two));
    let empty = format!("<w:document {NAMES}><w:body><w:p/></w:body></w:document>");
    files.add(
        "document-that-is-no-form",
        refused("not_a_form"),
        honest.with(TEXT, empty),
    );
}

/// What a form says it is.
fn id_of(document: &str) -> String {
    let begin = document.find("form.").expect("which form it is");
    document[begin..].split(['<', '"']).next().expect("its end").to_owned()
}
