use std::io::{Cursor, Write};

use ahq_domain::attachment::MediaType;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::check;
use crate::example::everything;

/// The code a file is refused with; empty where it is taken.
fn said(media_type: MediaType, bytes: &[u8]) -> &'static str {
    check(media_type, bytes.to_vec())
        .err()
        .map_or("", |refused| refused.code)
}

/// A PDF of these objects, with nothing of it that a reader needs but a begin and an end.
fn pdf(objects: &[u8]) -> Vec<u8> {
    [
        b"%PDF-1.7\n",
        objects,
        b"\ntrailer <</Root 1 0 R>>\nstartxref\n0\n%%EOF\n",
    ]
    .concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn stream(head: &str, bytes: &[u8]) -> Vec<u8> {
    [
        b"1 0 obj <<",
        head.as_bytes(),
        b">>\nstream\r\n",
        bytes,
        b"\nendstream endobj",
    ]
    .concat()
}

fn package(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let method = if *name == "mimetype" {
            CompressionMethod::Stored
        } else {
            CompressionMethod::Deflated
        };
        let options = SimpleFileOptions::default().compression_method(method);
        package.start_file(*name, options).unwrap();
        package.write_all(content).unwrap();
    }
    package.finish().unwrap().into_inner()
}

const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">";
const KIND: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook whose only sheet holds this, with these relations and further entries.
fn workbook(sheet: &str, relations: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
        <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
        <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
        </Types>";
    let top = format!(
        "{RELATIONS}<Relationship Id=\"a\" Type=\"{KIND}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let own = format!("{RELATIONS}{relations}</Relationships>");
    let mut entries: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", top.as_bytes()),
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/_rels/workbook.xml.rels", own.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    entries.extend_from_slice(more);
    package(&entries)
}

fn odt(content: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut entries: Vec<(&str, &[u8])> = vec![
        ("mimetype", MediaType::Odt.essence().as_bytes()),
        ("content.xml", content.as_bytes()),
        ("META-INF/manifest.xml", b"<manifest/>"),
    ];
    entries.extend_from_slice(more);
    package(&entries)
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut hash = flate2::Crc::new();
    hash.update(kind);
    hash.update(data);
    let length = u32::try_from(data.len()).unwrap();
    [&length.to_be_bytes(), &kind[..], data, &hash.sum().to_be_bytes()].concat()
}

/// A picture of this size with these chunks before its points.
fn png(wide: u32, high: u32, more: &[u8], points: &[u8]) -> Vec<u8> {
    let head = [&wide.to_be_bytes()[..], &high.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(chunk(b"IHDR", &head));
    bytes.extend(more);
    bytes.extend(chunk(b"IDAT", &packed(points)));
    bytes.extend(chunk(b"IEND", &[]));
    bytes
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap();
    [&[0xff, marker], &length.to_be_bytes()[..], data].concat()
}

/// A photograph with these segments before its picture.
fn jpeg(more: &[u8], after: &[u8]) -> Vec<u8> {
    let mut bytes = b"\xff\xd8".to_vec();
    bytes.extend(segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"));
    bytes.extend(more);
    bytes.extend(segment(0xdb, &[0; 65]));
    bytes.extend(segment(0xc0, &[8, 0, 16, 0, 16, 1, 1, 0x11, 0]));
    bytes.extend(segment(0xda, &[1, 1, 0, 0, 63, 0]));
    bytes.extend(b"\x12\xff\x00\x34\xff\xd0\x56");
    bytes.extend(b"\xff\xd9");
    bytes.extend(after);
    bytes
}

#[test]
fn what_this_program_prints_is_taken() {
    let document = everything();
    let pdf = crate::pdf::print(&document).unwrap();
    assert_eq!(said(MediaType::Pdf, &pdf), "");
    assert_eq!(said(MediaType::Docx, &pdf), "not_of_its_type");
    let docx = crate::docx::print(&document).unwrap();
    assert_eq!(said(MediaType::Docx, &docx), "");
    assert_eq!(said(MediaType::Xlsx, &docx), "not_of_its_type");
    assert_eq!(said(MediaType::Odt, &docx), "active_content");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_formula(0, 0, "=SUM(B1:B2)&\"a|b\"").unwrap();
    sheet.write_url(1, 0, "https://example.org/").unwrap();
    let xlsx = book.save_to_buffer().unwrap();
    assert_eq!(said(MediaType::Xlsx, &xlsx), "");
    for media_type in MediaType::ALL {
        assert_eq!(said(media_type, b""), "empty");
    }
}

#[test]
fn nothing_runs_in_a_pdf() {
    assert_eq!(
        said(
            MediaType::Pdf,
            &pdf(b"1 0 obj <</OpenAction [2 0 R /Fit] /URI (https://example.org)>>")
        ),
        ""
    );
    for (object, code) in [
        (&b"<</S/JavaScript/JS(app.alert(1))>>"[..], "active_content"),
        (b"<</S/J#61vaScript>>", "active_content"),
        (b"<</S/#4a#61#76#61#53#63#72#69#70#74>>", "active_content"),
        (b"<</S /Launch /F (cmd.exe)>>", "active_content"),
        (b"<</Names<</EmbeddedFiles 3 0 R>>>>", "active_content"),
        (b"<</AcroForm<</XFA 3 0 R>>>>", "active_content"),
        (b"<</S/GoToR/F(\\\\\\\\server\\\\x.pdf)>>", "external_content"),
        (b"<</Encrypt 3 0 R>>", "encrypted"),
    ] {
        assert_eq!(
            said(MediaType::Pdf, &pdf(object)),
            code,
            "{}",
            String::from_utf8_lossy(object)
        );
        // In a stream of objects, behind as much as it takes to come in another piece, and in the middle of any stream.
        for before in [0, 32_750, 32_760, 100_000] {
            let hidden = [vec![b' '; before].as_slice(), object].concat();
            for head in ["/Type/ObjStm/N 1/First 4/Filter/FlateDecode", "/Filter/FlateDecode"] {
                let packed = stream(head, &packed(&hidden));
                assert_eq!(said(MediaType::Pdf, &pdf(&packed)), code, "{before} {head}");
            }
        }
    }
    for head in [
        "/Type/ObjStm/N 1/First 4/Filter/ASCIIHexDecode",
        "/Type/ObjStm/N 1/First 4/Filter[/ASCII85Decode/FlateDecode]",
        "/Type/ObjStm/N 1/First 4/Filter[/FlateDecode/FlateDecode]",
        "/Type/ObjStm/N 1/First 4/Filter/FlateDecode/DecodeParms<</Predictor 12>>",
        "/Type/#4fbjStm/N 1/First 4/Filter/LZWDecode",
        "/N 1/First 4/Filter 9 0 R",
    ] {
        let hidden = stream(head, &packed(b"nothing"));
        assert_eq!(said(MediaType::Pdf, &pdf(&hidden)), "active_content", "{head}");
    }
    let bomb = packed(&vec![b' '; 300 << 20]);
    assert_eq!(
        said(MediaType::Pdf, &pdf(&stream("/Filter/FlateDecode", &bomb))),
        "too_large"
    );
}

#[test]
fn nothing_else_is_a_pdf() {
    let honest = pdf(b"");
    for (bytes, code) in [
        ([b"<html>", honest.as_slice()].concat(), "not_of_its_type"),
        ([honest.as_slice(), b"<script>"].concat(), "two_in_one"),
        (pdf(b"<html><script>1</script>"), "two_in_one"),
        (pdf(&package(&[("x", b"x")])), "two_in_one"),
        (b"%PDF-1.7\n".to_vec(), "not_of_its_type"),
        (b"\xd0\xcf\x11\xe0".to_vec(), "not_of_its_type"),
    ] {
        assert_eq!(said(MediaType::Pdf, &bytes), code);
    }
}

#[test]
fn workbooks_calculate_and_nothing_more() {
    let sheet = |inside: &str| format!("<worksheet><sheetData>{inside}</sheetData></worksheet>");
    let plain = sheet("<row><c><f>SUM(A1:A2)</f><v>1</v></c></row>");
    assert_eq!(said(MediaType::Xlsx, &workbook(&plain, "", &[])), "");
    let link = format!(
        "<Relationship Id=\"l\" Type=\"{KIND}/hyperlink\" Target=\"https://example.org\" TargetMode=\"External\"/>"
    );
    assert_eq!(said(MediaType::Xlsx, &workbook(&plain, &link, &[])), "");
    for (inside, code) in [
        ("<c><f>cmd|'/C calc'!A0</f></c>", "active_content"),
        ("<c><f>WEBSERVICE(\"https://example.org\")</f></c>", "external_content"),
        ("<c><f>_xlfn.WEB<!-- x -->SERVICE(A1)</f></c>", "external_content"),
        ("<oleObjects/>", "active_content"),
        ("<x:controls xmlns:x=\"y\"/>", "active_content"),
        ("<c></x>", "not_of_its_type"),
    ] {
        assert_eq!(
            said(MediaType::Xlsx, &workbook(&sheet(inside), "", &[])),
            code,
            "{inside}"
        );
    }
    let doctype = format!("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>{plain}");
    assert_eq!(said(MediaType::Xlsx, &workbook(&doctype, "", &[])), "not_of_its_type");
    let template = format!(
        "<Relationship Id=\"l\" Type=\"{KIND}/attachedTemplate\" Target=\"https://example.org\" TargetMode=\"External\"/>"
    );
    assert_eq!(
        said(MediaType::Xlsx, &workbook(&plain, &template, &[])),
        "external_content"
    );
    let blanks = vec![b' '; 60 << 20];
    for (name, content, code) in [
        ("xl/vbaProject.bin", &b"x"[..], "macros"),
        ("xl/macrosheets/sheet1.xml", b"<x/>", "macros"),
        ("xl/embeddings/oleObject1.bin", b"x", "active_content"),
        ("xl/externalLinks/externalLink1.xml", b"<x/>", "external_content"),
        ("xl/connections.xml", b"<x/>", "external_content"),
        ("xl/x.exe", b"MZ", "active_content"),
        ("../x.xml", b"<x/>", "not_of_its_type"),
        ("xl/printerSettings/printerSettings1.bin", b"x", ""),
        ("xl/x.xml", &blanks, "too_large"),
    ] {
        assert_eq!(
            said(MediaType::Xlsx, &workbook(&plain, "", &[(name, content)])),
            code,
            "{name}"
        );
    }
    assert_eq!(said(MediaType::Docx, &workbook(&plain, "", &[])), "not_of_its_type");
}

#[test]
fn texts_of_libreoffice_link_and_nothing_more() {
    let document = |inside: &str| format!("<office:document-content>{inside}</office:document-content>");
    let text =
        document("<text:a xlink:href=\"https://example.org\">x</text:a><draw:image xlink:href=\"Pictures/x.png\"/>");
    assert_eq!(said(MediaType::Odt, &odt(&text, &[])), "");
    for (inside, code) in [
        (
            "<draw:image xlink:href=\"https://example.org/x.png\"/>",
            "external_content",
        ),
        ("<draw:image xlink:href=\"../../x.png\"/>", "external_content"),
        (
            "<text:section-source xlink:href=\"file:///etc/passwd\"/>",
            "external_content",
        ),
        ("<draw:object xlink:href=\"./Object 1\"/>", "active_content"),
        ("<office:dde-source office:dde-application=\"cmd\"/>", "active_content"),
        (
            "<script:event-listener xlink:href=\"vnd.sun.star.script:x\"/>",
            "macros",
        ),
        ("<text:a xlink:href=\"vnd.sun.star.script:x\"/>", "active_content"),
        ("<text:script>1</text:script>", "macros"),
    ] {
        assert_eq!(said(MediaType::Odt, &odt(&document(inside), &[])), code, "{inside}");
    }
    for (name, content, code) in [
        ("Basic/Standard/x.xml", &b"<x/>"[..], "macros"),
        ("Object 1", b"x", "active_content"),
        ("META-INF/x.xml", b"<manifest:encryption-data/>", "encrypted"),
        ("layout-cache", b"x", ""),
    ] {
        assert_eq!(said(MediaType::Odt, &odt(&text, &[(name, content)])), code, "{name}");
    }
    let late = package(&[
        ("content.xml", text.as_bytes()),
        ("mimetype", MediaType::Odt.essence().as_bytes()),
    ]);
    assert_eq!(said(MediaType::Odt, &late), "not_of_its_type");
}

#[test]
fn pictures_lose_what_is_no_picture() {
    let points = [0_u8; 2 * 7];
    let honest = png(2, 2, &[], &points);
    let gossip = [chunk(b"tEXt", b"Author\0quagga"), chunk(b"eXIf", b"MM\0*quagga")].concat();
    let cleaned = check(MediaType::Png, png(2, 2, &gossip, &points)).unwrap();
    assert_eq!(cleaned, honest);
    let mut broken = honest.clone();
    broken[40] ^= 1;
    for (bytes, code) in [
        ([honest.as_slice(), b"<script>"].concat(), "two_in_one"),
        ([honest.as_slice(), &package(&[("x", b"x")])].concat(), "two_in_one"),
        (png(2, 2, &[], &[0; 15]), "two_in_one"),
        (png(2, 2, &[], &[0; 13]), "not_of_its_type"),
        (png(2, 2, &chunk(b"EVIL", b"x"), &points), "not_of_its_type"),
        (png(1 << 24, 1 << 24, &[], &points), "too_large"),
        (png(2, 2, &chunk(b"teXt", &[]).repeat(1 << 16), &points), "too_large"),
        (png(1, 1, &[], &vec![0; 100 << 20]), "two_in_one"),
        (broken, "not_of_its_type"),
        (honest[..honest.len() - 12].to_vec(), "not_of_its_type"),
    ] {
        assert_eq!(said(MediaType::Png, &bytes), code);
    }
}

#[test]
fn photographs_lose_where_they_were_taken() {
    let honest = jpeg(&[], &[]);
    assert_eq!(check(MediaType::Jpeg, honest.clone()).unwrap(), honest);
    let exif = segment(
        0xe1,
        b"Exif\0\0II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x06\0\0\0\x1a\0\0\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0quagga",
    );
    let gossip = [
        exif,
        segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0quagga"),
        segment(0xfe, b"quagga"),
        segment(0xed, b"Photoshop quagga"),
    ]
    .concat();
    let cleaned = check(MediaType::Jpeg, jpeg(&gossip, &[])).unwrap();
    assert!(!cleaned.windows(6).any(|letters| letters == b"quagga"));
    // On its side: that alone is kept, and kept again.
    assert!(
        cleaned
            .windows(12)
            .any(|exif| exif == b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0")
    );
    assert_eq!(check(MediaType::Jpeg, cleaned.clone()).unwrap(), cleaned);
    for (bytes, code) in [
        (jpeg(&[], b"<script>"), "two_in_one"),
        (jpeg(&[], &package(&[("x", b"x")])), "two_in_one"),
        (
            jpeg(&segment(0xc3, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]), &[]),
            "not_of_its_type",
        ),
        (honest[..honest.len() - 2].to_vec(), "not_of_its_type"),
        (b"\xff\xd8\xff\xd9".to_vec(), "not_of_its_type"),
        // As many bytes as would fill up to a marker, and no marker.
        ([&b"\xff\xd8"[..], &[0xff; 1 << 20]].concat(), "not_of_its_type"),
        (b"GIF89a".to_vec(), "not_of_its_type"),
    ] {
        assert_eq!(said(MediaType::Jpeg, &bytes), code);
    }
}

#[test]
fn texts_are_texts() {
    for mark in [b"\xef\xbb\xbf".as_slice(), b"\xff\xfe", b"\xfe\xff"] {
        assert_eq!(said(MediaType::Text, mark), "empty", "nothing but a mark of order");
    }
    for honest in [
        "Ελλάδα, 1 < 2 & 3 > 2\r\n",
        "\u{feff}a;b\n1;-5\n+32 2 555;-5 (provisional)\n",
        "x",
    ] {
        assert_eq!(check(MediaType::Text, honest.into()).unwrap(), honest.as_bytes());
        assert_eq!(check(MediaType::Csv, honest.into()).unwrap(), honest.as_bytes());
    }
    let wide: Vec<u8> = "\u{feff}ä;b".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(check(MediaType::Csv, wide).unwrap(), "ä;b".as_bytes());
    for (bytes, code) in [
        (&b"a\0b"[..], "not_of_its_type"),
        (b"caf\xe9", "not_of_its_type"),
        (b"\xff\xfea", "not_of_its_type"),
        (b"\x1b]0;x", "not_of_its_type"),
        (b"  <html>", "two_in_one"),
        (b"hello <ScRiPt>1</script>", "two_in_one"),
        (b"%PDF-1.7", "two_in_one"),
        (b"{\\rtf1", "two_in_one"),
    ] {
        assert_eq!(said(MediaType::Text, bytes), code, "{}", String::from_utf8_lossy(bytes));
        assert_eq!(said(MediaType::Csv, bytes), code);
    }
    for formula in [
        "a,=1+1",
        "\"=HYPERLINK(\"\"x\"\")\"",
        "a;@SUM(1)",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "x\n =1",
    ] {
        assert_eq!(said(MediaType::Csv, formula.as_bytes()), "active_content", "{formula}");
        assert_eq!(said(MediaType::Text, formula.as_bytes()), "");
    }
}
