//! What Word wrote as the tree of Markdown: paragraphs, headings, lists, tables, emphasis, links. Tracked changes are
//! taken as accepted; what has no place in an answer is named as left out.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use ahq_domain::markdown::{Alignment, Block, Inline, plain_text};
use ahq_domain::word_form::Tag;

use super::harm;
use super::package::Parts;
use super::xml::{Element, is_on};

/// How many bytes all controls may hold together, each piece of text with its address, each paragraph and each cell with
/// [`EACH`] more. The longest answers to twenty questions take half. Without it a note or an address that stands once in
/// the document could be read a hundred thousand times.
const MOST_TEXT: usize = 4 << 20;
/// How many bytes one control may hold: five times the longest answer, so that its office is told how long it is.
const MOST_IN_ONE: usize = 512 << 10;
/// What a piece of text, a paragraph or a cell takes beside its bytes.
const EACH: usize = 32;
/// How deep lists stand in each other in Word: nine levels.
const DEEPEST_LEVEL: usize = 8;

/// How a list stands in Word: which list, none for one whose bullets were typed, and how deep.
type ListPlace = (Option<i32>, usize);

/// What the text refers to, and how much more of it may be read.
pub(super) struct Flow<'a> {
    /// The addresses it links to; none where nobody should follow it.
    links: HashMap<&'a str, Option<&'a str>>,
    /// Which kind of list a list is, and of which kinds' levels bear numbers.
    lists: HashMap<i32, &'a str>,
    ordered: HashMap<(&'a str, usize), bool>,
    headings: HashMap<&'a str, u8>,
    list_styles: HashMap<&'a str, ListPlace>,
    /// The styles of placeholders: Word translates the ids of its styles, and never their names.
    placeholders: HashSet<&'a str>,
    footnotes: HashMap<&'a str, String>,
    left: Cell<Option<usize>>,
    /// The fields that have begun and not ended where it is read now.
    fields: RefCell<Vec<Field>>,
}

/// A field of Word, which may begin in one run, or paragraph, and end in another.
#[derive(Default)]
struct Field {
    instruction: String,
    /// Whether its result has begun.
    shown: bool,
    /// Where its result leads to, or what it stands in.
    link: Option<Rc<str>>,
}

/// What was read of a control's content.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) blocks: Vec<Block>,
    /// Its paragraphs and the rows of its tables as plain text, each address behind its words.
    pub(super) lines: Vec<String>,
    /// The rows of its tables as plain text.
    pub(super) rows: Vec<Vec<String>>,
    /// What was left out.
    pub(super) lost: Vec<String>,
}

/// What a paragraph is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Plain,
    Heading(u8),
    Item { place: ListPlace, ordered: bool },
}

/// A piece of text that looks the same all along.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    /// Its text; none for a line break.
    text: Option<String>,
    strong: bool,
    emphasis: bool,
    link: Option<String>,
}

enum Part {
    Paragraph(Shape, Vec<Inline>),
    Table(Vec<Vec<Vec<Inline>>>),
}

/// Whether a tracked change took this away.
pub(super) fn is_deleted(element: &Element) -> bool {
    matches!(element.name.as_str(), "w:del" | "w:moveFrom")
}

/// The tag that the first bookmark of ours in a place names, but for those in controls within.
pub(super) fn bookmarked(element: &Element) -> Option<Tag> {
    if element.name == "w:bookmarkStart" {
        return element.attribute("w:name").and_then(Tag::of_bookmark);
    }
    element
        .elements()
        .filter(|child| child.name != "w:sdt")
        .find_map(bookmarked)
}

fn all<'a>(element: &'a Element, name: &str, found: &mut Vec<&'a Element>) {
    for child in element.elements() {
        if child.name == name {
            found.push(child);
        }
        all(child, name, found);
    }
}

fn value<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    element.child(name)?.attribute("w:val")
}

impl<'a> Flow<'a> {
    pub(super) fn of(parts: &'a Parts) -> Self {
        let mut this = Self {
            links: HashMap::new(),
            lists: HashMap::new(),
            ordered: HashMap::new(),
            headings: HashMap::new(),
            list_styles: HashMap::new(),
            placeholders: HashSet::new(),
            footnotes: HashMap::new(),
            left: Cell::new(Some(MOST_TEXT)),
            fields: RefCell::default(),
        };
        // Looked at once, however often it is linked to.
        let links = parts.links.iter();
        this.links = links
            .map(|(id, to)| (id.as_str(), Some(to.as_str()).filter(|to| is_address(to))))
            .collect();
        this.read_numbering(parts.numbering.as_ref());
        this.read_styles(parts.styles.as_ref());
        // Together only when all are read: a note has no notes of its own, or they would grow in each other.
        let notes = parts.footnotes.iter().flat_map(Element::elements);
        let notes = notes.filter_map(|note| {
            let text = this.read(note).lines.join(" ").trim().to_owned();
            Some((note.attribute("w:id")?, text))
        });
        this.footnotes = notes.collect();
        this
    }

    /// Whether there was more to read than any form has; what was read then is not all.
    pub(super) fn is_too_large(&self) -> bool {
        self.left.get().is_none()
    }

    /// Takes so many bytes of what may be read; whether there were as many.
    fn take(&self, bytes: usize) -> bool {
        let left = self
            .left
            .get()
            .and_then(|left| left.checked_sub(bytes)?.checked_sub(EACH));
        self.left.set(left);
        left.is_some()
    }

    /// Which lists bear numbers.
    fn read_numbering(&mut self, numbering: Option<&'a Element>) {
        let Some(numbering) = numbering else { return };
        for list in numbering.elements().filter(|element| element.name == "w:abstractNum") {
            let kind = list.attribute("w:abstractNumId").unwrap_or_default();
            for level in list.elements().filter(|element| element.name == "w:lvl") {
                let number = level.attribute("w:ilvl").and_then(|level| level.parse().ok());
                let ordered = !matches!(value(level, "w:numFmt"), Some("bullet" | "none") | None);
                self.ordered.insert((kind, number.unwrap_or(0)), ordered);
            }
        }
        for list in numbering.elements().filter(|element| element.name == "w:num") {
            let id = list.attribute("w:numId").and_then(|id| id.parse().ok());
            if let (Some(id), Some(kind)) = (id, value(list, "w:abstractNumId")) {
                self.lists.insert(id, kind);
            }
        }
    }

    fn is_ordered(&self, place: ListPlace) -> bool {
        let kind = place.0.and_then(|list| self.lists.get(&list));
        kind.is_some_and(|kind| self.ordered.get(&(*kind, place.1)) == Some(&true))
    }

    fn read_styles(&mut self, styles: Option<&'a Element>) {
        for style in styles.into_iter().flat_map(Element::elements) {
            let Some(id) = style.attribute("w:styleId") else {
                continue;
            };
            let name = value(style, "w:name").unwrap_or_default().to_lowercase();
            // Those of the texts in our own documents too.
            let heading = name.strip_prefix("text ").unwrap_or(&name).strip_prefix("heading ");
            if let Some(level) = heading.and_then(|level| level.parse().ok()) {
                self.headings.insert(id, level);
            }
            if name == "placeholder text" {
                self.placeholders.insert(id);
            }
            if let Some(place) = style.child("w:pPr").and_then(list_place) {
                self.list_styles.insert(id, place);
            }
        }
    }

    /// Whether all that is written here is a placeholder, in whatever language Word wrote it.
    pub(super) fn is_placeholder(&self, content: &Element) -> bool {
        let mut runs = Vec::new();
        all(content, "w:r", &mut runs);
        runs.iter().filter(|run| run.child("w:t").is_some()).all(|run| {
            let style = run.child("w:rPr").and_then(|look| value(look, "w:rStyle"));
            style.is_some_and(|style| style == "PlaceholderText" || self.placeholders.contains(style))
        })
    }

    /// Reads what stands in a control, a cell or a footnote.
    pub(super) fn read(&self, content: &Element) -> Read {
        let mut read = Read::default();
        let mut parts = Vec::new();
        self.fields.take();
        let left = self.left.get();
        let most = left.map(|left| left.min(MOST_IN_ONE));
        self.left.set(most);
        self.parts(content, &mut parts, &mut read.lost);
        let rest = self.left.get();
        self.left.set(
            left.zip(most)
                .zip(rest)
                .map(|((left, most), rest)| left - (most - rest)),
        );
        if self.is_too_large() {
            return Read::default();
        }
        for part in &parts {
            match part {
                Part::Paragraph(_, inlines) => read.lines.extend(lines(inlines)),
                Part::Table(rows) => {
                    let text = |cell: &Vec<Inline>| lines(cell).join(" ").trim().to_owned();
                    let rows = rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>());
                    for row in rows {
                        read.lines.push(row.join(" "));
                        read.rows.push(row);
                    }
                }
            }
        }
        read.blocks = blocks(parts);
        read.lost.sort_unstable();
        read.lost.dedup();
        read
    }

    /// The paragraphs and tables in a place; runs that stand there by themselves are a paragraph.
    fn parts(&self, content: &Element, parts: &mut Vec<Part>, lost: &mut Vec<String>) {
        let mut pieces: Vec<Piece> = Vec::new();
        // A paragraph whose mark a tracked change took away goes on with the next one.
        let mut joined: Option<(Shape, Vec<Piece>)> = None;
        for child in content.elements() {
            match child.name.as_str() {
                "w:p" => {
                    let mut own = Vec::new();
                    self.pieces(child, None, &mut own, lost);
                    let (shape, pieces) = match joined.take() {
                        Some((shape, mut before)) => {
                            before.extend(own);
                            (shape, before)
                        }
                        None => (self.shape(child), own),
                    };
                    let mark = child.child("w:pPr").and_then(|look| look.child("w:rPr"));
                    if mark.is_some_and(|mark| mark.elements().any(is_deleted)) {
                        joined = Some((shape, pieces));
                    } else if self.take(0) {
                        parts.push(paragraph(shape, pieces));
                    }
                }
                "w:tbl" => parts.push(Part::Table(self.table(child, lost))),
                "w:tc" => self.parts(child, parts, lost),
                "w:tr" => parts.push(Part::Table(self.rows_of(std::iter::once(child), lost))),
                "w:r" | "w:hyperlink" | "w:fldSimple" => self.pieces_of(child, None, &mut pieces, lost),
                "w:del" | "w:moveFrom" | "w:sdtPr" | "w:sdtEndPr" | "mc:Fallback" | "w:tcPr" => {}
                "w:sdt"
                | "w:sdtContent"
                | "w:ins"
                | "w:moveTo"
                | "w:customXml"
                | "w:smartTag"
                | "mc:AlternateContent"
                | "mc:Choice" => {
                    if has_paragraphs(child) {
                        self.parts(child, parts, lost);
                    } else {
                        self.pieces(child, None, &mut pieces, lost);
                    }
                }
                _ => {}
            }
        }
        if let Some((shape, pieces)) = joined {
            parts.push(paragraph(shape, pieces));
        }
        if !pieces.is_empty() {
            parts.push(paragraph(Shape::Plain, pieces));
        }
    }

    fn shape(&self, paragraph: &Element) -> Shape {
        let Some(look) = paragraph.child("w:pPr") else {
            return Shape::Plain;
        };
        let style = value(look, "w:pStyle").unwrap_or_default();
        if let Some(level) = self.headings.get(style) {
            return Shape::Heading(*level);
        }
        let place = list_place(look).or_else(|| self.list_styles.get(style).copied());
        match place {
            // List 0 takes a paragraph out of the list of its style.
            Some(place) if place.0 != Some(0) => Shape::Item {
                ordered: self.is_ordered(place),
                place,
            },
            _ => Shape::Plain,
        }
    }

    /// What stands in a paragraph, or in something around runs.
    fn pieces(&self, element: &Element, link: Option<&str>, pieces: &mut Vec<Piece>, lost: &mut Vec<String>) {
        for child in element.elements() {
            self.pieces_of(child, link, pieces, lost);
        }
    }

    fn pieces_of(&self, element: &Element, link: Option<&str>, pieces: &mut Vec<Piece>, lost: &mut Vec<String>) {
        match element.name.as_str() {
            "w:r" => self.run(element, link, pieces, lost),
            "w:hyperlink" => {
                let target = element.attribute("r:id").and_then(|id| self.links.get(id)).copied();
                if target == Some(None) {
                    lost.push("an address that is none of the web or of mail".to_owned());
                }
                self.pieces(element, target.flatten(), pieces, lost);
            }
            "w:fldSimple" => {
                let target = linked_by(element.attribute("w:instr").unwrap_or_default(), lost);
                self.pieces(element, target.or(link), pieces, lost);
            }
            "m:oMath" | "m:oMathPara" => {
                lost.push("the layout of a formula".to_owned());
                let mut texts = Vec::new();
                all(element, "m:t", &mut texts);
                let text: String = texts.into_iter().map(Element::text).collect();
                if self.take(text.len()) {
                    pieces.push(Piece {
                        text: Some(text),
                        strong: false,
                        emphasis: false,
                        link: None,
                    });
                }
            }
            "w:del" | "w:moveFrom" | "w:pPr" | "w:sdtPr" | "w:sdtEndPr" | "mc:Fallback" => {}
            "w:commentRangeStart" => lost.push("a comment".to_owned()),
            _ => self.pieces(element, link, pieces, lost),
        }
    }

    fn run(&self, run: &Element, link: Option<&str>, pieces: &mut Vec<Piece>, lost: &mut Vec<String>) {
        if self.is_too_large() {
            return;
        }
        let look = run.child("w:rPr");
        let is = |name: &str| {
            let switch = look.and_then(|look| look.child(name));
            switch.is_some_and(|switch| is_on(switch, "w:val"))
        };
        if is("w:vanish") {
            lost.push("hidden text".to_owned());
            return;
        }
        if (is("w:strike") || is("w:dstrike")) && run.child("w:t").is_some() {
            lost.push("that text is struck through".to_owned());
        }
        let mut add = |text: Option<String>| {
            let of_field = || {
                let fields = self.fields.borrow();
                fields.last().and_then(|field| field.link.as_deref().map(str::to_owned))
            };
            let link = link.map(str::to_owned).or_else(of_field);
            let bytes = text.as_deref().map_or(0, str::len) + link.as_deref().map_or(0, str::len);
            if self.take(bytes) {
                pieces.push(Piece {
                    text,
                    strong: is("w:b"),
                    emphasis: is("w:i"),
                    link,
                });
            }
        };
        for child in run.elements() {
            match child.name.as_str() {
                "w:t" => add(Some(child.text())),
                "w:tab" | "w:ptab" => add(Some("\t".to_owned())),
                "w:br" | "w:cr" => add(None),
                "w:noBreakHyphen" => add(Some("\u{2011}".to_owned())),
                "w:sym" => add(Some(symbol(child.attribute("w:char").unwrap_or_default()))),
                "w:footnoteReference" => {
                    let note = child.attribute("w:id").and_then(|id| self.footnotes.get(id));
                    if let Some(note) = note.filter(|note| !note.is_empty()) {
                        add(Some(format!(" ({note})")));
                    }
                }
                "w:fldChar" => self.field(child.attribute("w:fldCharType").unwrap_or_default(), lost),
                "w:instrText" => {
                    if let Some(field) = self.fields.borrow_mut().last_mut() {
                        field.instruction.push_str(&child.text());
                    }
                }
                "w:endnoteReference" => lost.push("an endnote".to_owned()),
                "w:drawing" | "w:pict" => lost.push("a picture or drawing".to_owned()),
                "w:object" => lost.push("an embedded object".to_owned()),
                "mc:AlternateContent" => lost.push("a picture or drawing".to_owned()),
                _ => {}
            }
        }
    }

    /// The begin of a field, that of its result, or its end.
    fn field(&self, mark: &str, lost: &mut Vec<String>) {
        let mut fields = self.fields.borrow_mut();
        match mark {
            "begin" => {
                let link = fields.last().and_then(|around| around.link.clone());
                fields.push(Field {
                    link,
                    ..Field::default()
                });
            }
            "separate" => {
                if let Some(field) = fields.last_mut().filter(|field| !field.shown) {
                    field.shown = true;
                    if let Some(link) = linked_by(&field.instruction, lost) {
                        field.link = Some(link.into());
                    }
                }
            }
            "end" => {
                fields.pop();
            }
            _ => {}
        }
    }

    fn table(&self, table: &Element, lost: &mut Vec<String>) -> Vec<Vec<Vec<Inline>>> {
        let mut rows = Vec::new();
        inside(table, "w:tr", &mut rows);
        self.rows_of(rows.into_iter(), lost)
    }

    fn rows_of<'b>(&self, rows: impl Iterator<Item = &'b Element>, lost: &mut Vec<String>) -> Vec<Vec<Vec<Inline>>> {
        let mut read = Vec::new();
        let mut width = 0;
        for row in rows {
            let look = row.child("w:trPr");
            if look.is_some_and(|look| look.child("w:del").is_some()) {
                continue;
            }
            if self.is_too_large() {
                return Vec::new();
            }
            let mut cells = Vec::new();
            inside(row, "w:tc", &mut cells);
            let mut line = Vec::new();
            for cell in cells {
                let span = cell.child("w:tcPr").and_then(|look| value(look, "w:gridSpan"));
                let span: usize = span.and_then(|span| span.parse().ok()).unwrap_or(1).clamp(1, 60);
                line.push(self.cell(cell, lost));
                line.extend(std::iter::repeat_n(Vec::new(), span - 1));
            }
            width = width.max(line.len());
            // Each row is filled up to the width of the longest.
            if !self.take(width.saturating_mul(EACH)) {
                return Vec::new();
            }
            read.push(line);
        }
        if self.take(width.saturating_mul(read.len()).saturating_mul(EACH)) {
            read
        } else {
            Vec::new()
        }
    }

    /// A cell on one line: its paragraphs one after the other, those of a table inside it too.
    fn cell(&self, cell: &Element, lost: &mut Vec<String>) -> Vec<Inline> {
        let mut parts = Vec::new();
        self.parts(cell, &mut parts, lost);
        let mut line: Vec<Inline> = Vec::new();
        let mut add = |inlines: Vec<Inline>| {
            if !line.is_empty() && !inlines.is_empty() {
                line.push(Inline::LineBreak);
            }
            line.extend(inlines);
        };
        for part in parts {
            match part {
                Part::Paragraph(_, inlines) => add(inlines),
                Part::Table(rows) => rows.into_iter().flatten().for_each(&mut add),
            }
        }
        line
    }
}

/// The elements of a name, through what may stand around them, but not those of tables within.
fn inside<'b>(element: &'b Element, name: &str, found: &mut Vec<&'b Element>) {
    for child in element.elements() {
        match child.name.as_str() {
            own if own == name => found.push(child),
            "w:sdt" | "w:sdtContent" | "w:ins" | "w:customXml" => inside(child, name, found),
            _ => {}
        }
    }
}

fn has_paragraphs(element: &Element) -> bool {
    element.elements().any(|child| match child.name.as_str() {
        "w:p" | "w:tbl" | "w:tr" | "w:tc" => true,
        "w:sdt" | "w:sdtContent" | "w:ins" | "w:moveTo" | "w:customXml" | "mc:AlternateContent" | "mc:Choice" => {
            has_paragraphs(child)
        }
        _ => false,
    })
}

fn list_place(look: &Element) -> Option<ListPlace> {
    let list = look.child("w:numPr")?;
    let id = value(list, "w:numId")?.parse().ok()?;
    let level: Option<usize> = value(list, "w:ilvl").and_then(|level| level.parse().ok());
    Some((Some(id), level.unwrap_or(0).min(DEEPEST_LEVEL)))
}

/// Whether this can be followed, and stands for an address in Markdown too.
fn is_address(target: &str) -> bool {
    let schemes = ["http://", "https://", "mailto:"];
    let apart = |letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, '<' | '>' | '\\');
    schemes.iter().any(|scheme| target.starts_with(scheme)) && !target.contains(apart)
}

/// The address that the instruction of a field links to, where it does: `HYPERLINK "https://example.org" \o "A tip"`.
fn linked_by<'b>(instruction: &'b str, lost: &mut Vec<String>) -> Option<&'b str> {
    let word = harm::word(instruction).filter(|word| word.eq_ignore_ascii_case("HYPERLINK"))?;
    let given = instruction.trim_start().get(word.len()..)?.trim_start();
    // A place in the document itself.
    if given.starts_with("\\l") {
        return None;
    }
    let address = match given.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => given.split_whitespace().next(),
    };
    let address = address.filter(|address| is_address(address));
    if address.is_none() {
        lost.push("the address of a link".to_owned());
    }
    address
}

/// The few signs that Word takes from its symbol fonts.
fn symbol(code: &str) -> String {
    match code.to_ascii_uppercase().as_str() {
        "F0B7" | "F06C" => "\u{2022}",
        "F0A7" | "F06E" => "\u{25aa}",
        "F0E0" | "F0AE" => "\u{2192}",
        "F0FC" => "\u{2713}",
        "F0B3" => "\u{2265}",
        "F0A3" => "\u{2264}",
        _ => "\u{fffd}",
    }
    .to_owned()
}

/// A bullet that was typed or pasted as text, with the blank after it.
fn typed_bullet(text: &str) -> Option<&str> {
    let rest = text.strip_prefix([
        '\u{2022}', '\u{25aa}', '\u{25cf}', '\u{25e6}', '\u{2023}', '\u{f0b7}', '\u{f0a7}', '\u{b7}',
    ])?;
    rest.starts_with(char::is_whitespace).then(|| rest.trim_start())
}

fn paragraph(shape: Shape, mut pieces: Vec<Piece>) -> Part {
    let bullet = pieces.first().and_then(|piece| piece.text.as_deref());
    // The bullet and its tab may be pieces of their own.
    let begin: String = pieces.iter().map_while(|piece| piece.text.as_deref()).collect();
    if shape == Shape::Plain && bullet.is_some() && typed_bullet(&begin).is_some() {
        drop_begin(&mut pieces, begin.len() - typed_bullet(&begin).map_or(0, str::len));
        let shape = Shape::Item {
            place: (None, 0),
            ordered: false,
        };
        return Part::Paragraph(shape, inlines(&pieces));
    }
    Part::Paragraph(shape, inlines(&pieces))
}

fn drop_begin(pieces: &mut [Piece], mut bytes: usize) {
    for piece in pieces {
        let Some(text) = &mut piece.text else { return };
        let gone = bytes.min(text.len());
        *text = text.get(gone..).unwrap_or_default().to_owned();
        bytes -= gone;
        if bytes == 0 {
            return;
        }
    }
}

/// Pieces that look the same are one; blanks at both ends of a paragraph go.
fn inlines(pieces: &[Piece]) -> Vec<Inline> {
    let mut merged: Vec<Piece> = Vec::new();
    for piece in pieces {
        let text = piece.text.as_ref().map(|text| text.replace(['\t', '\n', '\r'], " "));
        // What no text may hold is seen to be missing.
        let text = text.map(|text| text.replace(char::is_control, "\u{fffd}"));
        if text.as_deref() == Some("") {
            continue;
        }
        match merged.last_mut() {
            Some(last)
                if last.text.is_some()
                    && text.is_some()
                    && (last.strong, last.emphasis, &last.link) == (piece.strong, piece.emphasis, &piece.link) =>
            {
                if let (Some(before), Some(text)) = (&mut last.text, &text) {
                    before.push_str(text);
                }
            }
            _ => merged.push(Piece { text, ..piece.clone() }),
        }
    }
    let shows = |piece: &Piece| piece.text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let Some(first) = merged.iter().position(shows) else {
        return Vec::new();
    };
    let last = merged.iter().rposition(shows).unwrap_or(first);
    let mut inlines = Vec::new();
    for (index, piece) in merged.into_iter().enumerate().take(last + 1).skip(first) {
        let Some(text) = piece.text else {
            inlines.push(Inline::LineBreak);
            continue;
        };
        let text = match (index == first, index == last) {
            (true, true) => text.trim(),
            (true, false) => text.trim_start(),
            (false, true) => text.trim_end(),
            (false, false) => &text,
        };
        let mut inline = Inline::Text(text.to_owned());
        if piece.emphasis {
            inline = Inline::Emphasis(vec![inline]);
        }
        if piece.strong {
            inline = Inline::Strong(vec![inline]);
        }
        if let Some(href) = piece.link {
            inline = Inline::Link {
                href,
                content: vec![inline],
            };
        }
        inlines.push(inline);
    }
    inlines
}

/// The lines of a paragraph as plain text.
fn lines(inlines: &[Inline]) -> Vec<String> {
    let text = plain_text(&[Block::Paragraph(inlines.to_vec())]);
    text.split('\n').map(str::to_owned).collect()
}

/// Paragraphs that are items of lists become lists, everything else stands for itself.
fn blocks(parts: Vec<Part>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut items: Vec<(usize, Option<u64>, Vec<Inline>)> = Vec::new();
    let mut counts: HashMap<Option<i32>, [u64; DEEPEST_LEVEL + 1]> = HashMap::new();
    for part in parts {
        match part {
            Part::Paragraph(_, inlines) if inlines.is_empty() => {}
            Part::Paragraph(Shape::Item { place, ordered }, inlines) => {
                let (list, level) = place;
                // An item begins what stands below it anew.
                let counts = counts.entry(list).or_default();
                counts[level] += 1;
                counts[level + 1..].fill(0);
                items.push((level, ordered.then_some(counts[level]), inlines));
            }
            other => {
                blocks.extend(lists(&std::mem::take(&mut items)));
                match other {
                    Part::Paragraph(Shape::Heading(level), content) => blocks.push(Block::Heading { level, content }),
                    Part::Paragraph(_, content) => blocks.push(Block::Paragraph(content)),
                    Part::Table(rows) => blocks.extend(table(rows)),
                }
            }
        }
    }
    blocks.extend(lists(&items));
    blocks
}

/// Items, each with how deep it stands and its number, as lists within lists.
fn lists(items: &[(usize, Option<u64>, Vec<Inline>)]) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut rest = items;
    while let Some(((level, number, inlines), after)) = rest.split_first() {
        let deeper = after.iter().take_while(|(of, _, _)| of > level).count();
        let (below, next) = after.split_at(deeper);
        let mut item = vec![Block::Paragraph(inlines.clone())];
        item.extend(lists(below));
        match found.last_mut() {
            Some(Block::List { start, items }) if start.is_some() == number.is_some() => items.push(item),
            _ => found.push(Block::List {
                start: *number,
                items: vec![item],
            }),
        }
        rest = next;
    }
    found
}

fn table(mut rows: Vec<Vec<Vec<Inline>>>) -> Option<Block> {
    let width = rows.iter().map(Vec::len).max().filter(|width| *width > 0)?;
    rows.iter_mut().for_each(|row| row.resize(width, Vec::new()));
    let head = rows.remove(0);
    Some(Block::Table {
        head,
        rows,
        alignments: vec![Alignment::Unset; width],
    })
}
