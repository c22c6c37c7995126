//! Two hundred files that nobody should open: those that are no harmless form for Word, and others of every type.

use ahq_harness::form::Form;

use crate::forms::hostile as forms;
use crate::forms::package::{Entry, packed};

pub(crate) const PDF: &str = "application/pdf";
pub(crate) const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
pub(crate) const ODT: &str = "application/vnd.oasis.opendocument.text";
pub(crate) const CSV: &str = "text/csv";
pub(crate) const PNG: &str = "image/png";
pub(crate) const JPEG: &str = "image/jpeg";
pub(crate) const TEXT: &str = "text/plain";
const TYPES: [&str; 8] = [PDF, DOCX, XLSX, ODT, CSV, PNG, JPEG, TEXT];
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A file.
pub(crate) struct Hostile {
    /// What it does.
    pub(crate) name: String,
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// A file of each type that is what it says.
pub(crate) fn honest(form: &Form) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        (PDF, pdf(b"1 0 obj <</Type/Catalog/URI (https://example.org)>> endobj")),
        (DOCX, form.saved()),
        (XLSX, workbook("<c><f>SUM(A1:A2)</f></c>", "", &[])),
        (ODT, odt("<text:a xlink:href=\"https://example.org\"/>", &[])),
        (CSV, b"a;b\n1;-2\n".to_vec()),
        (PNG, png(1, 1, &[0; 4], &[])),
        (JPEG, jpeg(&[])),
        (TEXT, "Ελλάδα".as_bytes().to_vec()),
    ]
}

/// All of them; `trap` is an address that nobody may call.
pub(crate) fn all(form: &Form, trap: &str) -> Vec<Hostile> {
    let mut files = Vec::new();
    let mut add = |name: String, media_type: &'static str, bytes: Vec<u8>| {
        files.push(Hostile {
            name,
            media_type,
            bytes,
        });
    };
    // What a form may not be a document may not be, but that it is long, or another form.
    let of_forms = forms::all(&forms::Honest {
        form,
        other_query: form,
        other_office: form,
        trap,
    });
    for file in of_forms {
        let hostile = [forms::ACTIVE, forms::OUTSIDE, forms::MACROS, forms::LOCKED];
        if hostile.contains(&file.expected) {
            add(format!("form-{}", file.name), DOCX, file.bytes);
        }
    }
    // Everything sent as everything else.
    for (own, bytes) in honest(form) {
        for other in TYPES {
            let both_texts = [own, other].iter().all(|media_type| [CSV, TEXT].contains(media_type));
            if own != other && !both_texts {
                add(format!("{own}-as-{other}").replace('/', "-"), other, bytes.clone());
            }
        }
    }
    pdfs(&mut add);
    books_and_texts(trap, &mut add);
    pictures(&mut add);
    for (own, bytes) in honest(form) {
        for (what, more) in [
            ("page", &b"<html><script>1</script></html>"[..]),
            ("package", &packed(&[Entry::stored("x", b"x")])),
        ] {
            add(
                format!("{own}-with-a-{what}-behind").replace('/', "-"),
                own,
                [&bytes, more].concat(),
            );
        }
    }
    for formula in [
        "=1+1",
        "=cmd|'/C calc'!A0",
        "@SUM(1)",
        "+A1(2)",
        "-2+3+cmd|' /C calc'!A0",
        "\"=HYPERLINK(1)\"",
    ] {
        add(
            format!("csv {formula}"),
            CSV,
            format!("a;b\n1;{formula}\n").into_bytes(),
        );
    }
    files
}

type Add<'a> = &'a mut dyn FnMut(String, &'static str, Vec<u8>);

fn pdf(objects: &[u8]) -> Vec<u8> {
    [
        b"%PDF-1.7\n",
        objects,
        b"\ntrailer <</Root 1 0 R>>\nstartxref\n0\n%%EOF\n",
    ]
    .concat()
}

/// Bytes as zlib packs them: two bytes, deflate, and a sum.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let entry = Entry::deflated("x", bytes);
    let (mut one, mut two) = (1_u32, 0_u32);
    for byte in bytes {
        one = (one + u32::from(*byte)) % 65_521;
        two = (two + one) % 65_521;
    }
    [
        &[0x78, 0x9c],
        entry.packed.as_slice(),
        &((two << 16) | one).to_be_bytes(),
    ]
    .concat()
}

fn stream(head: &str, bytes: &[u8]) -> Vec<u8> {
    [
        b"1 0 obj <<",
        head.as_bytes(),
        b">>\nstream\n",
        bytes,
        b"\nendstream endobj",
    ]
    .concat()
}

fn pdfs(add: Add<'_>) {
    for (name, object) in [
        ("script", "<</S/JavaScript/JS(app.alert(1))>>"),
        ("script-in-digits", "<</S/#4aavaScript/JS(app.alert(1))>>"),
        ("launch", "<</S/Launch/F(cmd.exe)>>"),
        ("embedded", "<</Names<</EmbeddedFiles 2 0 R>>>>"),
        ("attached", "<</Subtype/FileAttachment>>"),
        ("xfa", "<</AcroForm<</XFA 2 0 R>>>>"),
        ("encrypted", "<</Encrypt 2 0 R>>"),
        ("rich-media", "<</Subtype/RichMedia>>"),
        ("remote", "<</S/GoToR/F(\\\\\\\\server\\\\x.pdf)>>"),
        ("submit", "<</S/SubmitForm/F(https://example.org)>>"),
        ("rendition", "<</S/Rendition/JS(1)>>"),
    ] {
        add(format!("pdf-{name}"), PDF, pdf(object.as_bytes()));
        for head in ["/Type/ObjStm/N 1/First 4/Filter/FlateDecode", "/Filter/FlateDecode"] {
            let hidden = stream(head, &zlib(object.as_bytes()));
            add(format!("pdf-{name}-in {}", head.len()), PDF, pdf(&hidden));
        }
    }
    for filter in [
        "/ASCIIHexDecode",
        "/LZWDecode",
        "[/A85/Fl]",
        "[/Fl/Fl]",
        "9 0 R",
        "/Fl/DecodeParms<</Predictor 12>>",
    ] {
        let hidden = stream(&format!("/Type/ObjStm/N 1/First 4/Filter {filter}"), &zlib(b"x"));
        add(format!("pdf-objects-by {filter}"), PDF, pdf(&hidden));
    }
    let bomb = zlib(&vec![0; 300 << 20]);
    add("pdf-bomb".to_owned(), PDF, pdf(&stream("/Filter/FlateDecode", &bomb)));
    // Many streams, each of them the rest of the file.
    let inside = [b"\nstream\n".repeat(200_000), bomb].concat();
    add("pdf-streams-in-streams".to_owned(), PDF, pdf(&inside));
    let mut begins = b"stream\n\x78\x9c\x00\xf0\xff\x0f\x00".repeat(100_000);
    begins.extend(vec![b'/'; 1 << 20]);
    add(
        "pdf-thousand-begins".to_owned(),
        PDF,
        [pdf(&begins), b"x".to_vec()].concat(),
    );
    add(
        "pdf-page-before".to_owned(),
        PDF,
        [b"<html>".to_vec(), pdf(b"")].concat(),
    );
    add("pdf-page-inside".to_owned(), PDF, pdf(b"<html><script>1</script>"));
}

fn workbook(inside: &str, relations: &str, more: &[Entry]) -> Vec<u8> {
    let list = |inside: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{inside}</Relationships>"
        )
    };
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
        <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/></Types>";
    let top = list(&format!(
        "<Relationship Id=\"a\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>"
    ));
    let mut entries = vec![
        Entry::deflated("[Content_Types].xml", types.as_bytes()),
        Entry::deflated("_rels/.rels", top.as_bytes()),
        Entry::deflated("xl/workbook.xml", b"<workbook/>"),
        Entry::deflated("xl/_rels/workbook.xml.rels", list(relations).as_bytes()),
        Entry::deflated(
            "xl/worksheets/sheet1.xml",
            format!("<worksheet>{inside}</worksheet>").as_bytes(),
        ),
    ];
    entries.extend_from_slice(more);
    packed(&entries)
}

fn odt(inside: &str, more: &[Entry]) -> Vec<u8> {
    let mut entries = vec![
        Entry::stored("mimetype", ODT.as_bytes()),
        Entry::deflated(
            "content.xml",
            format!("<office:document-content>{inside}</office:document-content>").as_bytes(),
        ),
        Entry::deflated("META-INF/manifest.xml", b"<manifest:manifest/>"),
    ];
    entries.extend_from_slice(more);
    packed(&entries)
}

fn books_and_texts(trap: &str, add: Add<'_>) {
    for (name, inside) in [
        ("dde", "<c><f>cmd|'/C calc'!A0</f></c>".to_owned()),
        ("web", format!("<c><f>WEBSERVICE(\"{trap}\")</f></c>")),
        ("web-later", format!("<c><f>_xlfn.WEBSERVICE(\"{trap}\")</f></c>")),
        ("call", "<c><f>CALL(\"x\")</f></c>".to_owned()),
        ("objects", "<oleObjects/>".to_owned()),
        ("controls", "<controls/>".to_owned()),
        ("half", "<c>".to_owned()),
        ("entity", "&x;".to_owned()),
        ("deep", "<x>".repeat(10_000)),
    ] {
        add(format!("book-{name}"), XLSX, workbook(&inside, "", &[]));
    }
    for (name, kind) in [
        ("template", "attachedTemplate"),
        ("link", "externalLinkPath"),
        ("ole", "oleObject"),
        ("vba", "vbaProject"),
    ] {
        let relation =
            format!("<Relationship Id=\"x\" Type=\"{OFFICE}/{kind}\" Target=\"{trap}\" TargetMode=\"External\"/>");
        add(format!("book-related-{name}"), XLSX, workbook("", &relation, &[]));
    }
    let doctype = b"<!DOCTYPE x [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><x>&x;</x>";
    let laughs = b"<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><x>&b;</x>";
    let blanks = vec![b' '; 100 << 20];
    for (name, part, content) in [
        ("xxe", "x.xml", &doctype[..]),
        ("laughs", "x.xml", laughs),
        ("bomb", "x.xml", &blanks),
        ("bomb-as-picture", "Pictures/x.png", &blanks),
        ("program", "x.exe", b"MZ"),
        ("up", "../x.xml", b"<x/>"),
        ("absolute", "/etc/x.xml", b"<x/>"),
        ("backslash", "..\\x.xml", b"<x/>"),
        ("style-sheet", "x.xml", b"<?xml-stylesheet href=\"x\"?><x/>"),
        ("script-in-svg", "Pictures/x.svg", b"<svg><script>1</script></svg>"),
        ("handler-in-svg", "Pictures/x.svg", b"<svg onload=\"1\"/>"),
    ] {
        let entry = Entry::deflated(part, content);
        add(
            format!("book-{name}"),
            XLSX,
            workbook("", "", std::slice::from_ref(&entry)),
        );
        add(format!("text-{name}"), ODT, odt("", std::slice::from_ref(&entry)));
    }
    for (name, part) in [
        ("macros", "xl/vbaProject.bin"),
        ("old-macros", "xl/macrosheets/sheet1.xml"),
        ("data", "xl/connections.xml"),
        ("embedded", "xl/embeddings/x.xlsx"),
        ("form", "xl/activeX/activeX1.xml"),
    ] {
        add(
            format!("book-{name}"),
            XLSX,
            workbook("", "", &[Entry::deflated(part, b"<x/>")]),
        );
    }
    for (name, part) in [
        ("basic", "Basic/Standard/x.xml"),
        ("python", "Scripts/python/x.py"),
        ("object", "Object 1"),
        ("sub-document", "Object 1/content.xml"),
    ] {
        add(format!("text-{name}"), ODT, odt("", &[Entry::deflated(part, b"<x/>")]));
    }
    for (name, inside) in [
        (
            "picture-elsewhere",
            format!("<draw:image xlink:href=\"{trap}/x.png\"/>"),
        ),
        (
            "section-elsewhere",
            "<text:section-source xlink:href=\"file:///etc/passwd\"/>".to_owned(),
        ),
        ("server", "<draw:image xlink:href=\"//server/share/x.png\"/>".to_owned()),
        (
            "listener",
            "<script:event-listener xlink:href=\"vnd.sun.star.script:x\"/>".to_owned(),
        ),
        (
            "link-that-runs",
            "<text:a xlink:href=\"vnd.sun.star.script:x\"/>".to_owned(),
        ),
        ("dde", "<office:dde-source office:dde-application=\"cmd\"/>".to_owned()),
        ("ole", "<draw:object-ole xlink:href=\"./Object 1\"/>".to_owned()),
        ("plugin", "<draw:plugin xlink:href=\"x\"/>".to_owned()),
        ("script", "<text:script>1</text:script>".to_owned()),
        ("locked", "<manifest:encryption-data/>".to_owned()),
    ] {
        add(format!("text-with-{name}"), ODT, odt(&inside, &[]));
    }
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let summed = [&kind[..], data].concat();
    let length = u32::try_from(data.len()).expect("a short chunk");
    let sum = Entry::stored("x", &summed).crc;
    [&length.to_be_bytes()[..], &summed, &sum.to_be_bytes()].concat()
}

fn png(wide: u32, high: u32, points: &[u8], more: &[u8]) -> Vec<u8> {
    let head = [&wide.to_be_bytes()[..], &high.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head),
        more.to_vec(),
        chunk(b"IDAT", &zlib(points)),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

fn jpeg(more: &[u8]) -> Vec<u8> {
    let segment = |marker: u8, data: &[u8]| {
        let length = u16::try_from(data.len() + 2).expect("a short segment");
        [&[0xff, marker], &length.to_be_bytes()[..], data].concat()
    };
    [
        b"\xff\xd8".to_vec(),
        more.to_vec(),
        segment(0xdb, &[0; 65]),
        segment(0xc0, &[8, 0, 16, 0, 16, 1, 1, 0x11, 0]),
        segment(0xda, &[1, 1, 0, 0, 63, 0]),
        b"\x12\x34\xff\xd9".to_vec(),
    ]
    .concat()
}

fn pictures(add: Add<'_>) {
    for (name, bytes) in [
        ("bomb", png(1, 1, &vec![0; 100 << 20], &[])),
        ("endless-size", png(u32::MAX, u32::MAX, &[0; 4], &[])),
        ("large", png(30_000, 30_000, &[0; 4], &[])),
        ("too-little", png(2, 2, &[0; 4], &[])),
        ("unknown-part", png(1, 1, &[0; 4], &chunk(b"EVIL", b"x"))),
        ("two-heads", png(1, 1, &[0; 4], &chunk(b"IHDR", &[0; 13]))),
        ("cut", png(1, 1, &[0; 4], &[])[..50].to_vec()),
        ("crumbs", png(1, 1, &[0; 4], &chunk(b"teXt", &[]).repeat(1_600_000))),
        ("wrong-sum", png(1, 1, &[0; 4], b"\0\0\0\0tEXt\0\0\0\0")),
    ] {
        add(format!("png-{name}"), PNG, bytes);
    }
    for (name, bytes) in [
        ("cut", jpeg(&[])[..60].to_vec()),
        ("lossless", jpeg(b"\xff\xc3\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0")),
        ("two-frames", jpeg(b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0")),
        ("no-size", jpeg(b"\xff\xc0\0\x0b\x08\0\0\0\0\x01\x01\x11\0")),
        ("large", jpeg(b"\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0")),
        ("empty", b"\xff\xd8\xff\xd9".to_vec()),
        ("false-length", jpeg(b"\xff\xe1\0\0")),
        ("filled-up", [&b"\xff\xd8"[..], &[0xff; 1 << 20]].concat()),
    ] {
        add(format!("jpeg-{name}"), JPEG, bytes);
    }
    for (name, bytes) in [
        ("nul", &b"a\0b"[..]),
        ("latin", b"caf\xe9"),
        ("escape", b"\x1b]0;x"),
        ("page", b"<!doctype html><p>"),
        ("script", b"text <script>1</script>"),
        ("svg", b"text <svg onload=1>"),
        ("php", b"text <?php 1 ?>"),
        ("rtf", b"{\\rtf1 x}"),
        ("shell", b"#!/bin/sh\nexit"),
        ("post-script", b"%!PS\n"),
        ("half-of-utf-16", b"\xff\xfea"),
    ] {
        add(format!("txt-{name}"), TEXT, bytes.to_vec());
        add(format!("csv-{name}"), CSV, bytes.to_vec());
    }
}
