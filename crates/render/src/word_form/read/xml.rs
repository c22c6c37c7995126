//! XML as a tree, with the names of its vocabulary, within bounds. Declarations of types are refused: nothing in a
//! document needs them, and entities grow.

use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::name::{QName, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

use super::NotRead;

/// How deep elements may stand in each other.
const DEEPEST: usize = 120;
/// How many attributes an element may have; the outermost ones of Word have some forty.
const MOST_ATTRIBUTES: usize = 100;
/// How many vocabularies may be named around an element: each of its names is looked for among them.
const MOST_VOCABULARIES: usize = 200;

/// An element. Its name begins with the prefix that its vocabulary usually has: `w:p`.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

/// What stands in an element.
#[derive(Debug)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub(crate) fn elements(&self) -> impl DoubleEndedIterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Its own text.
    pub(crate) fn text(&self) -> String {
        self.children
            .iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
            .collect()
    }
}

/// Whether a switch is on: it is when it stands there, unless it says otherwise.
pub(crate) fn is_on(element: &Element, attribute: &str) -> bool {
    !matches!(element.attribute(attribute), Some("0" | "false" | "off" | "none"))
}

/// The prefix that a vocabulary usually has; the strict form of Word's format has names of its own.
fn prefix(namespace: &[u8]) -> &'static str {
    match namespace {
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        | b"http://purl.oclc.org/ooxml/wordprocessingml/main" => "w:",
        b"http://schemas.microsoft.com/office/word/2010/wordml" => "w14:",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        | b"http://purl.oclc.org/ooxml/officeDocument/relationships" => "r:",
        b"http://schemas.openxmlformats.org/markup-compatibility/2006" => "mc:",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math"
        | b"http://purl.oclc.org/ooxml/officeDocument/math" => "m:",
        b"http://schemas.openxmlformats.org/package/2006/relationships"
        | b"http://schemas.openxmlformats.org/package/2006/content-types" => "",
        _ => "other:",
    }
}

/// Parses a part, which takes of the nodes that are left.
pub(crate) fn parse(bytes: &[u8], nodes_left: &mut usize) -> Result<Element, NotRead> {
    let mut reader = NsReader::from_reader(bytes);
    reader.config_mut().check_end_names = true;
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Element::default()];
    // How many vocabularies are named around what is open.
    let mut named = vec![0];
    loop {
        let event = reader.read_event().map_err(|_| NotRead::broken())?;
        *nodes_left = nodes_left.checked_sub(1).ok_or_else(NotRead::too_large)?;
        if open.len() > DEEPEST {
            return Err(NotRead::too_large());
        }
        match event {
            Event::Start(start) => {
                let (element, declared) = element(&reader, &start)?;
                *nodes_left = nodes_left
                    .checked_sub(element.attributes.len())
                    .ok_or_else(NotRead::too_large)?;
                named.push(named.last().map_or(declared, |around| around + declared));
                if named.last().is_some_and(|named| *named > MOST_VOCABULARIES) {
                    return Err(NotRead::too_large());
                }
                open.push(element);
            }
            Event::End(_) => {
                named.pop();
                let (Some(closed), Some(outer)) = (open.pop(), open.last_mut()) else {
                    return Err(NotRead::broken());
                };
                outer.children.push(Node::Element(closed));
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|_| NotRead::broken())?;
                add_text(&mut open, &text);
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|_| NotRead::broken())?;
                add_text(&mut open, &text);
            }
            Event::GeneralRef(name) => {
                let text = if name.is_char_ref() {
                    name.resolve_char_ref().ok().flatten().map(String::from)
                } else {
                    let name = name.decode().map_err(|_| NotRead::broken())?;
                    quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned)
                };
                add_text(&mut open, &text.ok_or_else(NotRead::broken)?);
            }
            Event::DocType(_) => return Err(NotRead::broken()),
            Event::Eof => break,
            Event::Decl(declaration) => must_be_utf8(&declaration)?,
            Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
    if open.len() > 1 {
        return Err(NotRead::broken());
    }
    let outer = open.pop().unwrap_or_default();
    let mut roots = outer.children.into_iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    });
    match (roots.next(), roots.next()) {
        (Some(root), None) => Ok(root),
        _ => Err(NotRead::broken()),
    }
}

/// What says that it is written otherwise would be another document to a program that believes it.
pub(crate) fn must_be_utf8(declaration: &BytesDecl<'_>) -> Result<(), NotRead> {
    match declaration.encoding() {
        Some(Ok(encoding))
            if !encoding.eq_ignore_ascii_case(b"utf-8") && !encoding.eq_ignore_ascii_case(b"us-ascii") =>
        {
            Err(NotRead::broken())
        }
        Some(Err(_)) => Err(NotRead::broken()),
        _ => Ok(()),
    }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        match element.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => element.children.push(Node::Text(text.to_owned())),
        }
    }
}

/// An element without what stands in it, and how many vocabularies it names.
fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<(Element, usize), NotRead> {
    let named = |name: QName<'_>, attribute: bool| -> Result<String, NotRead> {
        let (namespace, local) = if attribute {
            reader.resolver().resolve_attribute(name)
        } else {
            reader.resolver().resolve_element(name)
        };
        let prefix = match namespace {
            ResolveResult::Bound(namespace) => prefix(namespace.0),
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(_) => return Err(NotRead::broken()),
        };
        let local = std::str::from_utf8(local.into_inner()).map_err(|_| NotRead::broken())?;
        Ok(format!("{prefix}{local}"))
    };
    let (mut attributes, mut declared) = (Vec::new(), 0);
    for (index, attribute) in start.attributes().enumerate() {
        if index == MOST_ATTRIBUTES {
            return Err(NotRead::too_large());
        }
        let attribute = attribute.map_err(|_| NotRead::broken())?;
        if attribute.key.as_namespace_binding().is_some() {
            declared += 1;
            continue;
        }
        let value = attribute
            .decoded_and_normalized_value(XmlVersion::Implicit1_0, reader.decoder())
            .map_err(|_| NotRead::broken())?;
        attributes.push((named(attribute.key, true)?, value.into_owned()));
    }
    let element = Element {
        name: named(start.name(), false)?,
        attributes,
        children: Vec::new(),
    };
    Ok((element, declared))
}
