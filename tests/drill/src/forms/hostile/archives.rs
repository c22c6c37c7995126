//! Packages that say one thing and are another: names that lead out, entries twice, sizes that are not so, two files in one.

use super::super::package::{Entry, content, packed};
use super::{ACTIVE, BROKEN, Files, Honest, LARGE, LOCKED, NAMES, TEXT};

/// A harmless part under another name.
const PART: &[u8] = b"<x/>";

pub(super) fn add(honest: &Honest<'_>, files: &mut Files) {
    names(honest, files);
    two_in_one(honest, files);
    cut(honest, files);
    doubled(honest, files);
    sizes(honest, files);
    locked(honest, files);
}

fn names(honest: &Honest<'_>, files: &mut Files) {
    for (what, name) in [
        ("up", "../outside.xml"),
        ("far-up", "word/../../../../tmp/outside.xml"),
        ("up-and-down", "word/../word/x.xml"),
        ("here", "./x.xml"),
        ("absolute", "/tmp/outside.xml"),
        ("backslashes", "..\\outside.xml"),
        ("drive", "C:\\outside.xml"),
        ("drive-alone", "C:outside.xml"),
        ("server", "//server/share/outside.xml"),
        ("stream", "word/x.xml:hidden.xml"),
        ("empty-folder", "word//x.xml"),
        ("escaped-up", "word/%2e%2e/%2E%2E/x.xml"),
        ("escaped-slash", "word%2f..%2fx.xml"),
        ("dot-at-its-end", "word/x.xml."),
        ("line-break", "word/x\n.xml"),
        ("nul", "word/x.xml\0.png"),
    ] {
        files.add(format!("name-{what}"), BROKEN, honest.entry(Entry::stored(name, PART)));
    }
    files.add("name-none", BROKEN, honest.entry(Entry::stored("", PART)));
    let mut of_no_text = Entry::stored("x", PART);
    of_no_text.name = b"word/\xff\xfe.xml".to_vec();
    of_no_text.flags = 1 << 11;
    files.add("name-no-utf-8", BROKEN, honest.entry(of_no_text));
    let long = format!("word/{}.exe", "x".repeat(60_000));
    files.add("name-long", ACTIVE, honest.entry(Entry::stored(&long, PART)));
    let mut link = Entry::stored("word/link.xml", b"/etc/passwd");
    link.mode = 0o120_777;
    files.add("symbolic-link", BROKEN, honest.entry(link));
    // Info-ZIP's field for a name in UTF-8, which some programs believe more.
    let mut renamed = Entry::stored("word/x.xml", PART);
    let (other, id) = (b"../../outside.xml", 0x7075_u16);
    renamed.extra.extend(id.to_le_bytes());
    let length = u16::try_from(other.len() + 5).expect("a short name");
    renamed.extra.extend(length.to_le_bytes());
    renamed.extra.push(1);
    renamed.extra.extend(crc32(b"word/x.xml").to_le_bytes());
    renamed.extra.extend(other);
    files.add("name-beside-the-name", BROKEN, honest.entry(renamed));
}

fn crc32(bytes: &[u8]) -> u32 {
    let name = std::str::from_utf8(bytes).expect("text");
    Entry::stored("x", name.as_bytes()).crc
}

fn two_in_one(honest: &Honest<'_>, files: &mut Files) {
    let form = honest.form.saved();
    for (what, other) in [
        ("picture", &b"GIF89a"[..]),
        ("page", b"<!doctype html><script>1</script>"),
        ("pdf", b"%PDF-1.7\n"),
        ("program", b"MZ\0\0"),
        ("script", b"#!/bin/sh\nexit\n"),
    ] {
        files.add(format!("{what}-before-it"), BROKEN, [other, &form].concat());
    }
    for (what, other) in [
        ("page", &b"<html><script>1</script></html>"[..]),
        ("nul", b"\0"),
        ("program", b"\x7fELF"),
        ("pdf", b"\n%PDF-1.7\n%%EOF"),
        ("itself", &form),
    ] {
        let bytes = [&form, other].concat();
        files.add(format!("{what}-behind-it"), BROKEN, bytes);
    }
    let mut commented = form.clone();
    let end = commented.len() - 2;
    commented[end] = 6;
    commented.extend(b"<html>");
    files.add("page-as-its-comment", BROKEN, commented);
    let mut entries = honest.entries();
    entries.insert(
        0,
        Entry::stored("word/media/image1.png", b"%PDF-1.7\n1 0 obj<<>>endobj"),
    );
    files.add("pdf-as-its-first-picture", BROKEN, packed(&entries));
    files.add(
        "form-in-a-form",
        ACTIVE,
        honest.entry(Entry::stored("word/form.docx", &form)),
    );
    files.add(
        "package-in-a-package",
        ACTIVE,
        honest.entry(Entry::stored("word/more.zip", &form)),
    );
}

fn cut(honest: &Honest<'_>, files: &mut Files) {
    let form = honest.form.saved();
    for parts in [1, 3, 5, 7, 9] {
        let length = form.len() * parts / 10;
        files.add(format!("cut-after-{parts}-tenths"), BROKEN, &form[..length]);
    }
    files.add("cut-by-a-byte", BROKEN, &form[..form.len() - 1]);
    files.add("cut-before-its-end", BROKEN, &form[..form.len() - 22]);
    let (begin, directory) = content(&honest.entries());
    for (name, entries, later) in [
        ("directory-of-fewer-entries", -1, 0),
        ("directory-of-more-entries", 1, 0),
        ("directory-that-begins-later", 0, 46),
        ("directory-that-begins-earlier", 0, -4),
    ] {
        let end = directory.closed(entries, later);
        files.add(name, BROKEN, [begin.as_slice(), &end].concat());
    }
    let mut flipped = form.clone();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 40].iter_mut().for_each(|byte| *byte ^= 0x55);
    files.add("bytes-flipped", BROKEN, flipped);
}

fn doubled(honest: &Honest<'_>, files: &mut Files) {
    let other = format!("<w:document {NAMES}><w:body><w:p/></w:body></w:document>");
    for (what, name) in [
        ("same", TEXT),
        ("other-case", "word/Document.xml"),
        ("capitals", "WORD/DOCUMENT.XML"),
    ] {
        let entry = Entry::deflated(name, other.as_bytes());
        files.add(format!("text-twice-{what}"), BROKEN, honest.entry(entry.clone()));
        let mut entries = honest.entries();
        entries.insert(0, entry);
        files.add(format!("text-twice-{what}-first"), BROKEN, packed(&entries));
    }
    let mut entries = honest.entries();
    let position = entries.iter().position(|entry| entry.name == TEXT.as_bytes());
    let text = &mut entries[position.expect("the text")];
    text.own_name = Some(b"word/documenu.xml".to_vec());
    files.add("text-of-another-name-inside", BROKEN, packed(&entries));
    let relation = "<Relationship Id=\"rIdY\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/\
                    officeDocument\" Target=\"word/header9.xml\"/></Relationships>";
    let own = honest.form.parts.iter().find(|(name, _)| name == "_rels/.rels");
    let own = String::from_utf8(own.expect("the relations").1.clone()).expect("UTF-8");
    let two = own.replace("</Relationships>", relation);
    files.add("two-texts", BROKEN, honest.with("_rels/.rels", two));
}

fn sizes(honest: &Honest<'_>, files: &mut Files) {
    let text = |change: &dyn Fn(&mut Entry)| {
        let mut entries = honest.entries();
        let text = entries.iter_mut().find(|entry| entry.name == TEXT.as_bytes());
        change(text.expect("the text"));
        packed(&entries)
    };
    files.add("wrong-checksum", BROKEN, text(&|entry| entry.crc ^= 1));
    files.add("more-than-it-says", BROKEN, text(&|entry| entry.size = 10));
    files.add("less-than-it-says", BROKEN, text(&|entry| entry.size += 10));
    files.add(
        "four-gigabytes-it-says",
        LARGE,
        text(&|entry| entry.size = u32::MAX - 1),
    );
    files.add("sizes-elsewhere", LARGE, text(&|entry| entry.size = u32::MAX));
    files.add("method-that-nobody-knows", BROKEN, text(&|entry| entry.method = 77));
    files.add("method-of-bzip2", BROKEN, text(&|entry| entry.method = 12));
    files.add("stored-it-says", BROKEN, text(&|entry| entry.method = 0));
    // Two entries of one place: the second begins within the first.
    let inner = packed(&[Entry::stored("word/y.xml", PART)]);
    let outer = Entry::stored("word/x.xml", &inner);
    files.add("entry-in-an-entry", BROKEN, honest.entry(outer));
}

fn locked(honest: &Honest<'_>, files: &mut Files) {
    for (what, flags, method) in [("password", 1, 8), ("strong-encryption", 0x41, 8), ("aes", 1, 99)] {
        let mut entries = honest.entries();
        for entry in &mut entries {
            entry.flags = flags;
            entry.method = method;
        }
        files.add(format!("locked-by-{what}"), LOCKED, packed(&entries));
    }
}
