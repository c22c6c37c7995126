//! Forms changed by chance: elements doubled, deleted, exchanged, nested and unwrapped, attributes and texts changed, pieces
//! of other forms put in, entries of the package renamed or lost, bytes flipped.

use std::path::Path;

use crate::chance::Chance;
use crate::forms::package::{Entry, packed};

/// How large a part may grow.
const MOST: usize = 2 << 20;
/// What an attribute may be.
const VALUES: [&str; 16] = [
    "",
    "0",
    "1",
    "2",
    "8",
    "9",
    "60",
    "61",
    "-1",
    "65536",
    "2147483647",
    "4294967296",
    "99999999999999999999",
    "true",
    "none",
    "1e9",
];
/// What a text may be.
const TEXTS: [&str; 22] = [
    "",
    " ",
    "*",
    "**a**",
    "- a",
    "1. a",
    "10) a",
    "# a",
    "| a |",
    "a | b",
    "`a`",
    "~~~",
    "[a](b)",
    "&lt;b&gt;",
    "\u{2022}\ta",
    "\u{f0b7} a",
    "&#9;a&#10;b",
    "&#1;",
    "\u{85}\u{200f}\u{1f600}",
    "a\\",
    "---",
    "=A1",
];
/// What may stand around something.
const WRAPS: [(&str, &str); 18] = [
    (
        "<w:sdt><w:sdtPr><w:tag w:val=\"q1.answer\"/></w:sdtPr><w:sdtContent>",
        "</w:sdtContent></w:sdt>",
    ),
    (
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>",
        "</w:sdtContent></w:sdt>",
    ),
    ("<w:ins w:id=\"1\">", "</w:ins>"),
    ("<w:del w:id=\"1\">", "</w:del>"),
    ("<w:moveTo w:id=\"1\">", "</w:moveTo>"),
    ("<w:p>", "</w:p>"),
    ("<w:r>", "</w:r>"),
    ("<w:t>", "</w:t>"),
    ("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"),
    ("<w:tr>", "</w:tr>"),
    ("<w:tc>", "</w:tc>"),
    ("<w:smartTag>", "</w:smartTag>"),
    ("<w:customXml>", "</w:customXml>"),
    ("<w:hyperlink r:id=\"rId1\">", "</w:hyperlink>"),
    ("<w:fldSimple w:instr=\"PAGE\">", "</w:fldSimple>"),
    ("<w:r><w:rPr><w:b/><w:i/></w:rPr>", "</w:r>"),
    (
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"1\"/><w:numId w:val=\"2\"/></w:numPr></w:pPr>",
        "</w:p>",
    ),
    ("<w:p><w:pPr><w:rPr><w:del w:id=\"1\"/></w:rPr></w:pPr>", "</w:p>"),
];

/// A form in its parts.
pub(super) struct Document {
    pub(super) name: String,
    parts: Vec<Part>,
}

struct Part {
    name: String,
    /// As it is, packed.
    entry: Entry,
    /// Its text, in tags and what stands between them.
    tokens: Vec<String>,
}

impl Document {
    /// Opens a folder whose files are the parts.
    pub(super) fn open(folder: &Path) -> Self {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let mut parts = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(inner) = folders.pop() {
            for entry in std::fs::read_dir(inner).expect("a folder of the corpus") {
                let path = entry.expect("a part").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).expect("a part in UTF-8");
                let within = path
                    .strip_prefix(folder)
                    .expect("a part of the form")
                    .display()
                    .to_string();
                parts.push(Part {
                    entry: Entry::deflated(&within, text.as_bytes()),
                    name: within,
                    tokens: tokens(&text),
                });
            }
        }
        parts.sort_by(|one, other| one.name.cmp(&other.name));
        Self { name, parts }
    }

    /// The form as it is.
    pub(super) fn packed(&self) -> Vec<u8> {
        packed(&self.parts.iter().map(|part| part.entry.clone()).collect::<Vec<_>>())
    }
}

/// Tags, and what stands between them.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in text.split_inclusive('>') {
        match piece.find('<') {
            Some(begin) => {
                let (before, tag) = piece.split_at(begin);
                found.extend((!before.is_empty()).then(|| before.to_owned()));
                found.push(tag.to_owned());
            }
            None => found.push(piece.to_owned()),
        }
    }
    found
}

fn is_begin(token: &str) -> bool {
    token.starts_with('<') && !token.starts_with("</") && !token.starts_with("<?") && !token.ends_with("/>")
}

/// Where an element that chance chose begins, and behind what it ends; the outermost two are never chosen.
fn element(tokens: &[String], chance: &mut Chance) -> Option<(usize, usize)> {
    let first = tokens.iter().position(|token| token == "<w:body>").unwrap_or(1) + 1;
    let from = first + chance.place(tokens.len().saturating_sub(first));
    let begin = (from..tokens.len()).find(|at| {
        let token = &tokens[*at];
        is_begin(token) || token.ends_with("/>")
    })?;
    if tokens[begin].ends_with("/>") {
        return Some((begin, begin + 1));
    }
    let mut open = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(begin) {
        if is_begin(token) {
            open += 1;
        } else if token.starts_with("</") {
            open -= 1;
            if open == 0 {
                return Some((begin, at + 1));
            }
        }
    }
    None
}

/// A form of the corpus, changed.
pub(super) fn changed(corpus: &[Document], chance: &mut Chance) -> Vec<u8> {
    let document = chance.one(corpus);
    let mut entries: Vec<Entry> = document.parts.iter().map(|part| part.entry.clone()).collect();
    let parts = 1 + usize::from(chance.below(4) == 0);
    for _ in 0..parts {
        // Mostly the text itself.
        let text = document.parts.iter().position(|part| part.name == "word/document.xml");
        let at = match text {
            Some(text) if chance.below(5) > 0 => text,
            _ => chance.place(document.parts.len()),
        };
        let part = &document.parts[at];
        let mut tokens = part.tokens.clone();
        for _ in 0..=chance.below(8) {
            change(&mut tokens, corpus, chance);
        }
        let mut text = tokens.concat().into_bytes();
        if chance.below(30) == 0 {
            flip(&mut text, chance);
        }
        // Not packed: that would take longer than to read it.
        entries[at] = Entry::stored(&part.name, &text);
    }
    if chance.below(12) == 0 {
        repack(&mut entries, chance);
    }
    let mut bytes = packed(&entries);
    match chance.below(60) {
        0 => flip(&mut bytes, chance),
        1 => bytes.truncate(chance.place(bytes.len())),
        _ => {}
    }
    bytes
}

fn flip(bytes: &mut [u8], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        let at = chance.place(bytes.len());
        let bit = chance.below(8);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << bit;
        }
    }
}

fn repack(entries: &mut Vec<Entry>, chance: &mut Chance) {
    let at = chance.place(entries.len());
    let other = chance.place(entries.len());
    match chance.below(6) {
        0 => {
            entries.remove(at);
        }
        1 => {
            let doubled = entries[at].clone();
            entries.push(doubled);
        }
        2 => entries[at].name.make_ascii_uppercase(),
        3 => entries[at].name.extend(b"x"),
        4 => {
            let (one, two) = (entries[at].name.clone(), entries[other].name.clone());
            (entries[at].name, entries[other].name) = (two, one);
        }
        _ => entries[at].size ^= 1,
    }
}

fn change(tokens: &mut Vec<String>, corpus: &[Document], chance: &mut Chance) {
    let Some((begin, end)) = element(tokens, chance) else {
        return;
    };
    match chance.below(12) {
        0 => {
            let copy = tokens[begin..end].to_vec();
            let size: usize = copy.iter().map(String::len).sum();
            let times = [1, 2, 10, 3_000][chance.place(4)].min(MOST / size.max(1));
            let copies: Vec<String> = std::iter::repeat_n(copy, times).flatten().collect();
            insert(tokens, end, copies);
        }
        1 => drop(tokens.drain(begin..end)),
        2 => {
            let copy = tokens[begin..end].to_vec();
            if let Some((from, to)) = element(tokens, chance)
                && (to <= begin || from >= end)
            {
                let other: Vec<String> = tokens.splice(from..to, copy.iter().cloned()).collect();
                let moved = if to <= begin {
                    begin + copy.len() - (to - from)
                } else {
                    begin
                };
                tokens.splice(moved..moved + copy.len(), other);
            }
        }
        3 => {
            let copy = tokens[begin..end].to_vec();
            if let Some((into, _)) = element(tokens, chance) {
                insert(tokens, into + 1, copy);
            }
        }
        4 if end - begin > 1 => {
            tokens.remove(end - 1);
            tokens.remove(begin);
        }
        5 | 6 => {
            let (before, after) = chance.one(&WRAPS);
            let deep = [1, 1, 1, 2, 9, 40][chance.place(6)];
            insert(tokens, end, vec![(*after).to_owned(); deep]);
            insert(tokens, begin, vec![(*before).to_owned(); deep]);
        }
        7 | 8 => attribute(tokens, begin, chance),
        9 => {
            let at = (begin..tokens.len()).find(|at| !tokens[*at].starts_with('<'));
            if let Some(at) = at {
                let times = [1, 1, 2, 5_000][chance.place(4)];
                tokens[at] = chance.one(&TEXTS).repeat(times);
            }
        }
        10 => {
            let other = chance.one(corpus);
            let part = chance.one(&other.parts);
            if let Some((from, to)) = element(&part.tokens, chance) {
                insert(tokens, begin, part.tokens[from..to].to_vec());
            }
        }
        _ => {
            // Another element's name and attributes.
            if let Some((other, _)) = element(tokens, chance)
                && end - begin == 1
                && tokens[other].ends_with("/>")
            {
                tokens[begin] = tokens[other].clone();
            } else if chance.below(10) == 0 {
                tokens.remove(begin);
            }
        }
    }
}

/// Puts these in, unless it would be too much.
fn insert(tokens: &mut Vec<String>, at: usize, new: Vec<String>) {
    let size: usize = tokens.iter().chain(&new).map(String::len).sum();
    if size < MOST {
        tokens.splice(at.min(tokens.len())..at.min(tokens.len()), new);
    }
}

/// Another value for an attribute in the first tag from here on that has one.
fn attribute(tokens: &mut [String], from: usize, chance: &mut Chance) {
    let Some(at) = (from..tokens.len()).find(|at| tokens[*at].starts_with('<') && tokens[*at].contains("=\"")) else {
        return;
    };
    let pieces: Vec<&str> = tokens[at].split('"').collect();
    let count = pieces.len() / 2;
    let chosen = 2 * chance.place(count) + 1;
    let value = match chance.below(4) {
        0 => {
            let other = chance.place(tokens.len());
            tokens[other].split('"').nth(1).unwrap_or_default().to_owned()
        }
        1 => "v".repeat(3_000),
        _ => (*chance.one(&VALUES)).to_owned(),
    };
    let mut changed: Vec<&str> = pieces;
    changed[chosen] = &value;
    let changed = changed.join("\"");
    tokens[at] = changed;
}
