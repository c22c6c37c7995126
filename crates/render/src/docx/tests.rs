use std::io::Read;

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

use super::print;
use crate::example::everything;

fn parts(bytes: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut part = archive.by_index(index).unwrap();
            let mut content = String::new();
            part.read_to_string(&mut content).unwrap();
            (part.name().unwrap().into_owned(), content)
        })
        .collect()
}

fn part(parts: &[(String, String)], name: &str) -> String {
    parts.iter().find(|(part, _)| part == name).unwrap().1.clone()
}

#[test]
fn every_part_is_well_formed_and_named() {
    let parts = parts(print(&everything()).unwrap());
    let types = part(&parts, "[Content_Types].xml");
    for (name, content) in &parts {
        let mut reader = Reader::from_str(content);
        reader.config_mut().check_end_names = true;
        let mut elements = 0;
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(_) => elements += 1,
                Err(error) => panic!("{name}: {error}"),
            }
        }
        assert!(elements > 2, "{name}");
        let typed = name.ends_with(".rels") || name == "[Content_Types].xml";
        assert!(typed || types.contains(&format!("\"/{name}\"")), "{name} has no type");
    }
}

#[test]
fn every_reference_has_what_it_refers_to() {
    let parts = parts(print(&everything()).unwrap());
    let ids = |text: &str, before: &str| -> Vec<String> {
        text.split(before)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    for (name, relations) in [
        ("word/document.xml", "word/_rels/document.xml.rels"),
        ("word/footnotes.xml", "word/_rels/footnotes.xml.rels"),
    ] {
        let known = ids(&part(&parts, relations), "Id=\"");
        let used = ids(&part(&parts, name), "r:id=\"");
        assert!(!used.is_empty(), "{name}");
        assert!(
            used.iter().all(|id| known.contains(id)),
            "{name}: {used:?} of {known:?}"
        );
    }
    let document = part(&parts, "word/document.xml");
    let styles = ids(&part(&parts, "word/styles.xml"), "w:styleId=\"");
    for element in ["w:pStyle w:val=\"", "w:rStyle w:val=\"", "w:tblStyle w:val=\""] {
        let used = ids(&document, element);
        assert!(
            !used.is_empty() && used.iter().all(|style| styles.contains(style)),
            "{used:?}"
        );
    }
    let lists = ids(&part(&parts, "word/numbering.xml"), "w:numId=\"");
    assert!(
        ids(&document, "<w:numId w:val=\"")
            .iter()
            .all(|list| lists.contains(list))
    );
    let notes = ids(&part(&parts, "word/footnotes.xml"), "<w:footnote w:id=\"");
    assert_eq!(ids(&document, "<w:footnoteReference w:id=\""), notes);
    let anchors = ids(&document, "w:anchor=\"");
    let places = ids(&document, "w:name=\"");
    assert!(!anchors.is_empty() && anchors.iter().all(|anchor| places.contains(anchor)));
}

#[test]
fn numbered_lists_begin_where_they_say_and_heads_repeat() {
    let parts = parts(print(&everything()).unwrap());
    let numbering = part(&parts, "word/numbering.xml");
    assert!(numbering.contains("<w:lvlOverride w:ilvl=\"0\"><w:startOverride w:val=\"3\"/>"));
    assert!(numbering.contains("<w:lvlOverride w:ilvl=\"1\"><w:startOverride w:val=\"1\"/>"));
    let document = part(&parts, "word/document.xml");
    assert_eq!(
        document.matches("<w:tblHeader/>").count(),
        document.matches("<w:tbl>").count()
    );
    assert_eq!(document.matches("<w:sectPr>").count(), 3);
    assert!(document.contains("w:orient=\"landscape\""));
    assert!(!document.contains("</w:tbl></w:tc>"), "a cell ends with a paragraph");
}

#[test]
fn the_same_document_is_the_same_bytes() {
    assert_eq!(print(&everything()).unwrap(), print(&everything()).unwrap());
}

#[test]
fn the_contents_list_the_headings_of_the_document_and_none_of_its_texts() {
    let parts = parts(print(&everything()).unwrap());
    let document = part(&parts, "word/document.xml");
    let (contents, rest) = document.split_once("</w:sdtContent>").unwrap();
    // Word fills them anew with what has the style of a heading, not with what only has its level.
    assert!(contents.contains("\\h \\z </w:instrText>"));
    assert!(contents.contains("Background information") && !contents.contains("Head<"));
    for (style, words) in [("Heading1", "Background information"), ("TextHeading2", "Head")] {
        let paragraph = rest
            .split("<w:p>")
            .find(|paragraph| paragraph.contains(&format!(">{words}<")));
        assert!(paragraph.unwrap().contains(&format!("<w:pStyle w:val=\"{style}\"/>")));
    }
}
