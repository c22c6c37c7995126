//! Documents of Word and LibreOffice and workbooks of Excel: packages of XML, each part looked through while it is unpacked.

use std::io::Read;

use ahq_domain::attachment::MediaType;

use super::watch::watch;
use super::{ACTIVE, LARGE, LOCKED, MACROS, OTHER_TYPE, OUTSIDE, Refused};
use crate::archive::{Archive, Fault, has_ending};
use crate::word_form::NotRead;
use crate::word_form::read::package::{ENDINGS, OFFICE, must_be_plain, must_stay_inside};
use crate::word_form::read::xml::{Element, parse};

/// How many entries a package may have: a report with a picture on each page.
const MOST_ENTRIES: usize = 2_000;
/// How large an entry may be.
const MOST_PART: u64 = 48 << 20;
/// How large all XML together may be.
const MOST_XML: u64 = 64 << 20;
/// How many times smaller than its content an entry may be.
const MOST_RATIO: u64 = 200;
/// How many elements, attributes and texts the lists of types and relations may have together.
const MOST_NODES: usize = 100_000;
/// How large such a list may be.
const MOST_LIST: usize = 4 << 20;

impl From<NotRead> for Refused {
    fn from(not_read: NotRead) -> Self {
        match not_read.code {
            "encrypted" => LOCKED,
            "macros" => MACROS,
            "active_content" => ACTIVE,
            "external_content" => OUTSIDE,
            "too_large" => LARGE,
            _ => OTHER_TYPE,
        }
    }
}

/// How large an entry of so many compressed bytes may be.
fn most(compressed: u64) -> u64 {
    MOST_PART.min(compressed.saturating_mul(MOST_RATIO).max(1 << 16))
}

pub(super) fn check(media_type: MediaType, bytes: &[u8]) -> Result<(), Refused> {
    // What Office writes with a password, and its format before 2007, is a compound file.
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(LOCKED);
    }
    let archive = Archive::open(bytes, MOST_ENTRIES, most).map_err(|fault| match fault {
        Fault::Broken => OTHER_TYPE,
        Fault::TooLarge => LARGE,
        Fault::Encrypted => LOCKED,
    })?;
    let is_odt = media_type == MediaType::Odt;
    for name in &archive.names {
        if is_odt {
            must_be_of_odt(name)?;
        } else {
            must_be_of_office(name)?;
        }
    }
    if is_odt {
        must_be_odt(bytes, &archive.names)?;
    }
    let mut parts = Parts {
        archive,
        left: MOST_XML,
        nodes: MOST_NODES,
    };
    parts.look_through(is_odt)?;
    if is_odt {
        Ok(())
    } else {
        parts.must_be_office(media_type)
    }
}

struct Parts<'a> {
    archive: Archive<'a>,
    left: u64,
    nodes: usize,
}

impl Parts<'_> {
    /// Every part that is XML, or is read as such.
    fn look_through(&mut self, is_odt: bool) -> Result<(), Refused> {
        for index in 0..self.archive.names.len() {
            let name = self.archive.names.get(index).cloned().unwrap_or_default();
            if !["xml", "rels", "vml", "svg", "rdf"]
                .iter()
                .any(|ending| has_ending(&name, ending))
            {
                continue;
            }
            let entry = self.archive.zip.by_index(index).map_err(|_| OTHER_TYPE)?;
            let said = entry.size();
            let most = most(entry.compressed_size()).min(self.left);
            if said > most {
                return Err(LARGE);
            }
            // Whatever size an entry claims: no more than this is read.
            let mut counted = Counted {
                entry: entry.take(said + 1),
                read: 0,
            };
            watch(&mut counted, is_odt)?;
            // What stands behind the document must be unpacked too, or nobody held it against its sum.
            std::io::copy(&mut counted, &mut std::io::sink()).map_err(|_| OTHER_TYPE)?;
            if counted.read != said {
                return Err(OTHER_TYPE);
            }
            self.left -= said;
        }
        Ok(())
    }

    fn list(&mut self, index: usize) -> Result<Element, Refused> {
        let entry = self.archive.zip.by_index(index).map_err(|_| OTHER_TYPE)?;
        let mut bytes = Vec::new();
        let most = u64::try_from(MOST_LIST).unwrap_or(u64::MAX);
        entry.take(most + 1).read_to_end(&mut bytes).map_err(|_| OTHER_TYPE)?;
        if bytes.len() > MOST_LIST {
            return Err(LARGE);
        }
        Ok(parse(&bytes, &mut self.nodes)?)
    }

    /// Its lists say that it is a document of this type, and that nothing in it runs or lies elsewhere.
    fn must_be_office(&mut self, media_type: MediaType) -> Result<(), Refused> {
        let wanted = format!("{media_type}.main+xml");
        let (mut main, mut documents) = (Vec::new(), Vec::new());
        let mut has_types = false;
        for index in 0..self.archive.names.len() {
            let name = self.archive.names.get(index).cloned().unwrap_or_default();
            if name.eq_ignore_ascii_case("[Content_Types].xml") {
                has_types = true;
                for declared in self.list(index)?.elements() {
                    must_be_plain(declared)?;
                    let kind = declared.attribute("ContentType").unwrap_or_default();
                    let kind = kind.to_ascii_lowercase();
                    must_be_harmless(&kind)?;
                    if kind == wanted {
                        main.push(declared.attribute("PartName").unwrap_or_default().to_owned());
                    }
                }
            } else if has_ending(&name, "rels") {
                let relations = self.list(index)?;
                must_stay_inside(&name, &relations)?;
                if name == "_rels/.rels" {
                    let is_document =
                        |relation: &&Element| relation.attribute("Type").is_some_and(|kind| kind.ends_with(OFFICE));
                    let found = relations.elements().filter(is_document);
                    documents.extend(found.filter_map(|relation| relation.attribute("Target").map(str::to_owned)));
                }
            }
        }
        // One document, of this type, and there.
        let ([document], true) = (documents.as_slice(), has_types) else {
            return Err(OTHER_TYPE);
        };
        let document = document.trim_start_matches('/');
        let is_main = main.iter().any(|part| part.trim_start_matches('/') == document);
        let is_there = self.archive.names.iter().any(|name| name == document);
        if is_main && is_there { Ok(()) } else { Err(OTHER_TYPE) }
    }
}

/// What a part is declared to be, in small letters.
fn must_be_harmless(kind: &str) -> Result<(), Refused> {
    for (word, refused) in [
        ("macrosheet", MACROS),
        ("intlmacrosheet", MACROS),
        ("dialogsheet", MACROS),
        ("activex", ACTIVE),
        ("oleobject", ACTIVE),
        ("ms-package", ACTIVE),
        ("customui", ACTIVE),
        ("externallink", OUTSIDE),
        ("connections+xml", OUTSIDE),
        ("querytable", OUTSIDE),
        ("webextension", OUTSIDE),
    ] {
        if kind.contains(word) {
            return Err(refused);
        }
    }
    Ok(())
}

/// A file of Office's formats that neither runs nor is a document of its own.
fn must_be_of_office(name: &str) -> Result<(), Refused> {
    let name = format!("/{}", name.to_ascii_lowercase());
    let file = name.rsplit('/').next().unwrap_or_default();
    if file.starts_with("vba") || name.contains("/macrosheets/") || name.contains("/dialogsheets/") {
        return Err(MACROS);
    }
    if [
        "/activex/",
        "/embeddings/",
        "/ctrlprops/",
        "/afchunk",
        "/customui/",
        "/webextensions/",
    ]
    .iter()
    .any(|folder| name.contains(folder))
        || file.starts_with("oleobject")
    {
        return Err(ACTIVE);
    }
    if name.contains("/externallinks/") || name.contains("/querytables/") || file == "connections.xml" {
        return Err(OUTSIDE);
    }
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let of_printer = ending == "bin" && name.contains("/printersettings/");
    if name.ends_with('/') || ENDINGS.contains(&ending) || ending == "vml" || of_printer {
        Ok(())
    } else {
        Err(ACTIVE)
    }
}

/// A file of a text of LibreOffice that neither runs nor is a document of its own.
fn must_be_of_odt(name: &str) -> Result<(), Refused> {
    let name = name.to_ascii_lowercase();
    if ["basic/", "scripts/", "dialogs/"]
        .iter()
        .any(|folder| name.starts_with(folder))
    {
        return Err(MACROS);
    }
    if name.starts_with("object") || name.starts_with("versions/") || name.starts_with("database") {
        return Err(ACTIVE);
    }
    let file = name.rsplit('/').next().unwrap_or_default();
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let plain = matches!(name.as_str(), "mimetype" | "layout-cache");
    let known = ENDINGS.contains(&ending) && ending != "rels" || matches!(ending, "rdf" | "svm" | "otf");
    if name.ends_with('/') || plain || known {
        Ok(())
    } else {
        Err(ACTIVE)
    }
}

/// Its first entry says so, unpacked, where every program looks for it; the others are those of a text.
fn must_be_odt(bytes: &[u8], names: &[String]) -> Result<(), Refused> {
    let said = MediaType::Odt.essence().as_bytes();
    let first = names.first().is_some_and(|name| name == "mimetype");
    let place = bytes.get(30..).unwrap_or_default();
    let declared = place
        .strip_prefix(b"mimetype")
        .is_some_and(|rest| rest.starts_with(said));
    let sized = bytes.get(18..22)
        == u32::try_from(said.len())
            .ok()
            .map(u32::to_le_bytes)
            .as_ref()
            .map(<[u8; 4]>::as_slice);
    let has = |name: &str| names.iter().any(|known| known == name);
    if first && declared && sized && has("content.xml") && has("META-INF/manifest.xml") {
        Ok(())
    } else {
        Err(OTHER_TYPE)
    }
}

/// What is read of an entry, counted.
struct Counted<R> {
    entry: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.entry.read(into)?;
        self.read += u64::try_from(read).unwrap_or(u64::MAX);
        Ok(read)
    }
}
