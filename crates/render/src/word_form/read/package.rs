//! The parts of a document, read from its ZIP within bounds. All its XML is read, into memory, because what would run may
//! stand in any of it; pictures and fonts stay packed.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::xml::{self, Element};
use super::{NotRead, harm};
use crate::archive::{Archive, Fault, has_ending};

/// How many entries a package may have; Word writes some twenty.
const MOST_ENTRIES: usize = 500;
/// How large an entry may be; the text of twenty questions with long answers has some hundred thousand bytes.
const MOST_PART: u64 = 12 << 20;
/// How large all XML together may be.
const MOST_XML: u64 = 24 << 20;
/// How many times smaller than its content an entry may be. XML that repeats itself reaches some fifty.
const MOST_RATIO: u64 = 200;

/// How many elements, attributes and texts all parts may have together: what they take in memory is bounded by that.
const MOST_NODES: usize = 400_000;
/// How the files in a document of Word are called: its XML, pictures, fonts and signatures.
pub(crate) const ENDINGS: [&str; 17] = [
    "bmp", "emf", "fntdata", "gif", "jpeg", "jpg", "odttf", "png", "rels", "sigs", "svg", "tif", "tiff", "ttf", "wdp",
    "wmf", "xml",
];

/// What a part may be to another so that it runs, or is a document of its own.
const ACTIVE: [&str; 8] = [
    "activexcontrolbinary",
    "afchunk",
    "attachedtoolbars",
    "control",
    "extensibility",
    "keymapcustomizations",
    "oleobject",
    "package",
];

pub(crate) const OFFICE: &str = "/relationships/officeDocument";

/// A package.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
}

/// What is read of a document.
pub(super) struct Parts {
    /// Its text.
    pub(super) document: Element,
    /// The addresses it links to, by their ids.
    pub(super) links: Vec<(String, String)>,
    /// Its lists.
    pub(super) numbering: Option<Element>,
    /// Its styles.
    pub(super) styles: Option<Element>,
    /// Its footnotes.
    pub(super) footnotes: Option<Element>,
}

fn macros() -> NotRead {
    NotRead::new(
        "macros",
        "the document holds macros: save it as .docx (Word document), which has none, and upload that",
    )
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, NotRead> {
        // What Word writes with a password, and its format before 2007, is a compound file.
        if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            return Err(NotRead::new(
                "encrypted",
                "the document is protected by a password or of an old format: save it as .docx (Word document) \
                 without a password",
            ));
        }
        let Archive { zip, names } = Archive::open(bytes, MOST_ENTRIES, most).map_err(|fault| match fault {
            Fault::Broken => NotRead::broken(),
            Fault::TooLarge => NotRead::too_large(),
            Fault::Encrypted => NotRead::new(
                "encrypted",
                "the document is protected by a password: save it without one",
            ),
        })?;
        let this = Self { archive: zip, names };
        this.must_be_harmless()?;
        Ok(this)
    }

    /// Nothing in it runs, and nothing in it is a document of its own.
    fn must_be_harmless(&self) -> Result<(), NotRead> {
        for name in &self.names {
            let name = name.to_ascii_lowercase();
            let file = name.rsplit('/').next().unwrap_or_default();
            if file.starts_with("vba") {
                return Err(macros());
            }
            let folders = ["/activex/", "/embeddings/", "/ctrlprops/", "/afchunk"];
            if folders.iter().any(|folder| format!("/{name}").contains(folder)) || file.starts_with("oleobject") {
                return Err(NotRead::active());
            }
            let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
            if !name.ends_with('/') && !ENDINGS.contains(&ending) {
                return Err(NotRead::active());
            }
        }
        Ok(())
    }

    /// The parts that are read, once all have been looked through.
    pub(super) fn parts(mut self) -> Result<Parts, NotRead> {
        let mut all = self.xml()?;
        let types = all.take("[Content_Types].xml").ok_or_else(NotRead::broken)?;
        for element in types.elements() {
            must_be_plain(element)?;
        }
        for (name, part) in &all.0 {
            if has_ending(name, "rels") {
                must_stay_inside(name, part)?;
            }
        }
        let top = all.take("_rels/.rels").ok_or_else(NotRead::broken)?;
        let is_document = |relation: &&Element| relation.attribute("Type").is_some_and(|kind| kind.ends_with(OFFICE));
        let mut documents = top.elements().filter(is_document);
        // Of two documents in a package each program may open another.
        let (Some(document), None) = (documents.next(), documents.next()) else {
            return Err(NotRead::broken());
        };
        let document = document.attribute("Target").ok_or_else(NotRead::broken)?;
        let document = document.trim_start_matches('/').to_owned();
        let (folder, file) = document.rsplit_once('/').unwrap_or(("", &document));
        let relations = all.take(&format!("{folder}/_rels/{file}.rels"));
        let mut links = Vec::new();
        let (mut numbering, mut styles, mut footnotes) = (None, None, None);
        for relation in relations.iter().flat_map(Element::elements) {
            let (Some(kind), Some(target)) = (relation.attribute("Type"), relation.attribute("Target")) else {
                continue;
            };
            let place = match target.strip_prefix('/') {
                Some(whole) => whole.to_owned(),
                None => format!("{folder}/{target}"),
            };
            match kind.rsplit('/').next() {
                Some("hyperlink") => {
                    links.push((
                        relation.attribute("Id").unwrap_or_default().to_owned(),
                        target.to_owned(),
                    ));
                }
                Some("numbering") => numbering = all.take(&place),
                Some("styles") => styles = all.take(&place),
                Some("footnotes") => footnotes = all.take(&place),
                _ => {}
            }
        }
        Ok(Parts {
            document: all.take(&document).ok_or_else(NotRead::broken)?,
            links,
            numbering,
            styles,
            footnotes,
        })
    }

    /// All its XML, each part parsed once and looked through.
    fn xml(&mut self) -> Result<All, NotRead> {
        let (mut bytes_left, mut nodes_left) = (MOST_XML, MOST_NODES);
        let mut all = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            if !has_ending(name, "xml") && !has_ending(name, "rels") {
                continue;
            }
            let entry = self.archive.by_index(index).map_err(|_| NotRead::broken())?;
            let said = entry.size();
            let most = most(entry.compressed_size()).min(bytes_left);
            let mut bytes = Vec::new();
            // Whatever size an entry claims: no more than this is read.
            entry
                .take(most + 1)
                .read_to_end(&mut bytes)
                .map_err(|_| NotRead::broken())?;
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if length > most {
                return Err(NotRead::too_large());
            }
            if length != said {
                return Err(NotRead::broken());
            }
            bytes_left -= length;
            let part = xml::parse(&bytes, &mut nodes_left)?;
            harm::must_be_absent(&part)?;
            all.push((name.clone(), part));
        }
        Ok(All(all))
    }
}

/// The parts of a package that are XML, by their names.
struct All(Vec<(String, Element)>);

impl All {
    /// A part, where there is one; it is needed once.
    fn take(&mut self, name: &str) -> Option<Element> {
        let index = self.0.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(self.0.swap_remove(index).1)
    }
}

/// How large an entry of so many compressed bytes may be.
fn most(compressed: u64) -> u64 {
    MOST_PART.min(compressed.saturating_mul(MOST_RATIO).max(1 << 16))
}

/// A part is of a kind that its name may have: nothing that runs, and no XML that is called a picture.
pub(crate) fn must_be_plain(declared: &Element) -> Result<(), NotRead> {
    let kind = declared
        .attribute("ContentType")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if kind.contains("macroenabled") || kind.contains("vba") {
        return Err(macros());
    }
    let part = declared
        .attribute("PartName")
        .or_else(|| declared.attribute("Extension"));
    let ending = part.map_or("", |part| part.rsplit_once('.').map_or(part, |(_, ending)| ending));
    let kind = kind.split(';').next().unwrap_or_default().trim_end();
    let is_xml = kind.ends_with("xml") && !kind.starts_with("image/");
    if is_xml && !ending.eq_ignore_ascii_case("xml") && !ending.eq_ignore_ascii_case("rels") && !ending.is_empty() {
        return Err(NotRead::active());
    }
    Ok(())
}

/// Links lead outside, and nothing else does; `name` is that of the part with these relations.
pub(crate) fn must_stay_inside(name: &str, relations: &Element) -> Result<(), NotRead> {
    // Those of `word/document.xml` stand in `word/_rels/document.xml.rels`.
    let deep = name.split('/').count().saturating_sub(2);
    for relation in relations.elements() {
        let target = relation.attribute("Target").unwrap_or_default();
        let mode = relation.attribute("TargetMode").unwrap_or_default();
        let kind = relation.attribute("Type").unwrap_or_default().to_ascii_lowercase();
        let kind = kind.rsplit('/').next().unwrap_or_default();
        if kind == "vbaproject" || kind == "wordvbadata" {
            return Err(macros());
        }
        if ACTIVE.contains(&kind) {
            return Err(NotRead::active());
        }
        let outside = mode.eq_ignore_ascii_case("external") || harm::is_elsewhere(target);
        if outside && kind != "hyperlink" || kind.contains("webextension") {
            return Err(NotRead::external());
        }
        if !outside && target.split('/').filter(|part| *part == "..").count() > deep {
            return Err(NotRead::broken());
        }
    }
    Ok(())
}
