//! A document for Word as lines that a person can read: the style of each paragraph, and where tables stand.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The text of `word/document.xml` among the parts of a package, a line for each paragraph.
pub(crate) fn outline(package: &str) -> String {
    let (_, rest) = package.split_once("word/document.xml\n").expect("the main part");
    let (document, _) = rest.split_once("</w:document>").expect("its end");
    let mut reader = Reader::from_str(document);
    let (mut out, mut style, mut text, mut depth, mut field) =
        (String::new(), String::new(), String::new(), 0_usize, false);
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(element) => match element.name().as_ref() {
                b"w:tbl" => {
                    depth += 1;
                    out.push_str(&format!("{}table\n", "  ".repeat(depth - 1)));
                }
                b"w:tr" => out.push_str(&format!("{}row\n", "  ".repeat(depth - 1))),
                b"w:tc" => out.push_str(&format!("{}cell\n", "  ".repeat(depth))),
                b"w:p" => (style, text) = ("Normal".to_owned(), String::new()),
                b"w:instrText" => field = true,
                b"w:sectPr" => text.push_str("(end of the section)"),
                _ => {}
            },
            Event::Empty(element) => match element.name().as_ref() {
                b"w:pStyle" => style = value(&element),
                b"w:numId" => style.push_str(&format!(" list {}", value(&element))),
                b"w:ilvl" => style.push_str(&format!(" level {}", value(&element))),
                b"w:tab" => text.push_str(" | "),
                b"w:br" => text.push_str(" / "),
                b"w:tblHeader" => out.push_str(&format!("{}repeated\n", "  ".repeat(depth))),
                b"w:footnoteReference" => text.push_str("[note]"),
                _ => {}
            },
            Event::Text(part) if !field => text.push_str(&part.decode().expect("UTF-8")),
            Event::GeneralRef(part) if !field => {
                let name = part.decode().expect("UTF-8");
                text.push_str(quick_xml::escape::resolve_predefined_entity(&name).unwrap_or("?"));
            }
            Event::End(element) => match element.name().as_ref() {
                b"w:tbl" => depth -= 1,
                b"w:instrText" => field = false,
                b"w:p" => out.push_str(&format!("{}[{style}] {text}\n", "  ".repeat(depth))),
                _ => {}
            },
            Event::Eof => return out,
            _ => {}
        }
    }
}

fn value(element: &BytesStart<'_>) -> String {
    let attribute = element
        .try_get_attribute("w:val")
        .expect("attributes")
        .expect("a value");
    String::from_utf8(attribute.value.into_owned()).expect("UTF-8")
}
