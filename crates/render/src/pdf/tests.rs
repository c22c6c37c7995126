use super::print;
use crate::document::{Block, Reference};
use crate::example::{document, everything, heading, text};

#[test]
fn everything_is_printed_as_a_tagged_document_for_archives() {
    let bytes = print(&everything()).unwrap();
    assert!(bytes.starts_with(b"%PDF-1.7"));
    let text = String::from_utf8_lossy(&bytes);
    for wanted in [
        "/StructTreeRoot",
        "/Marked true",
        "/Lang",
        "pdfuaid:part",
        "pdfaid:part",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
}

#[test]
fn the_same_document_is_the_same_bytes() {
    assert_eq!(print(&everything()).unwrap(), print(&everything()).unwrap());
}

#[test]
fn links_lead_where_they_were_meant_to() {
    let address = |name: &str| format!("https://example.org/{name}/{}", "a".repeat(100));
    let reference = |name: &str| Reference {
        title: name.to_owned(),
        address: Some(address(name)),
    };
    let given = document(vec![
        heading(2, "one", "One"),
        text(&format!("[words]({})", address("text"))),
        Block::Source(reference("source")),
        Block::Attachment(reference("attachment")),
    ]);
    let bytes = print(&given).unwrap();
    let printed = String::from_utf8_lossy(&bytes);
    for name in ["text", "source", "attachment"] {
        assert!(printed.contains(&format!("/URI({})", address(name))), "{name}");
    }
}

/// No address of a PDF may have more than 8,000 bytes, and that of a source has up to 2,000 characters.
#[test]
fn the_longest_address_of_a_source_is_taken() {
    let given = document(vec![
        heading(2, "one", "One"),
        Block::Source(Reference {
            title: "A law".to_owned(),
            address: Some(format!("https://{}", "🙂".repeat(1_992))),
        }),
    ]);
    assert!(print(&given).is_ok());
}

/// None of these may make the document fail, be read as markup, or be lost unseen.
#[test]
fn no_text_makes_a_document_fail() {
    let long = "x".repeat(20_000);
    let link = format!("[words](https://example.org/{})", "a".repeat(15_000));
    let deep: String = (0..20).map(|level| format!("{}- item\n", "  ".repeat(level))).collect();
    for hostile in [
        "🙂👩‍👩‍👧 中文 日本語 한국어 \u{feff} \u{f0b7} \u{e000} \u{10ffff}",
        "ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ საქართველო Հայաստան Ελλάδα България",
        "#let x = 1; #eval(\"1\") $x^2$ @label <label> *b* _i_ \\ // /* [ ] { }",
        "e\u{301}\u{302}\u{303}\u{304} \u{202e}עברית العربية\u{202c} \u{2028}\u{2029}",
        "###### deep\n\n# high\n\n### lower",
        "|a|b|\n|-|-|\n|[x](https://example.org)|`c`|\n",
        &long,
        &link,
        &deep,
    ] {
        let given = document(vec![
            heading(2, "one", "One"),
            text(hostile),
            Block::Paragraph(hostile.to_owned()),
        ]);
        if let Err(error) = print(&given) {
            panic!("{:.60}: {error}", hostile);
        }
    }
}
