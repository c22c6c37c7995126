//! From the events of the CommonMark parser to the tree.
//!
//! The parser's events nest as deep as a hostile text likes; here a stack of bounded height takes them in, so that
//! no walk over the tree can recurse deeper than [`DEEPEST`] allows.

use std::mem;
use std::ops::Range;

use pulldown_cmark::{self as cmark, Event, LinkType, Options, Parser, Tag};

use super::{Alignment, Block, DEEPEST, Inline, plain_text};

/// Most cells without words that one text may have. CommonMark tables fill short rows up to the width of the head,
/// which lets 20,000 characters ask for hundreds of thousands of cells; tables beyond this stay as they were typed.
const MOST_EMPTY_CELLS: usize = 5_000;
/// Most characters of an address, as many as a source's may have.
const LONGEST_ADDRESS: usize = 2_000;

/// What the text says.
pub(super) fn tree(text: &str) -> Vec<Block> {
    let mut builder = Builder {
        text,
        open: Vec::new(),
        frames: Vec::new(),
        current: Frame::new(Node::Container(Container::Root)),
        heading_levels: Vec::new(),
        empty_cells_left: MOST_EMPTY_CELLS,
    };
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        builder.take(event, range);
    }
    builder.current.end_line();
    builder.current.blocks
}

/// What is being built at one level, with what it holds so far.
struct Frame {
    node: Node,
    blocks: Vec<Block>,
    inlines: Vec<Inline>,
}

enum Node {
    Container(Container),
    List {
        start: Option<u64>,
        items: Vec<Vec<Block>>,
    },
    Paragraph,
    Heading(u8),
    Code,
    Table {
        alignments: Vec<Alignment>,
        rows: Vec<Vec<Vec<Inline>>>,
        source: Range<usize>,
    },
    Row(Vec<Vec<Inline>>),
    Cell,
    Emphasis,
    Strong,
    Link(String),
    Image(Option<String>),
}

enum Container {
    Root,
    Quote,
    Item,
}

impl Frame {
    fn new(node: Node) -> Self {
        Self {
            node,
            blocks: Vec::new(),
            inlines: Vec::new(),
        }
    }

    fn push_text(&mut self, text: &str) {
        if let Some(Inline::Text(before)) = self.inlines.last_mut() {
            before.push_str(text);
        } else if !text.is_empty() {
            self.inlines.push(Inline::Text(text.to_owned()));
        }
    }

    /// Makes a paragraph of inlines that stand in a container directly, as those of a tight list do.
    fn end_line(&mut self) {
        let content = without_blank_ends(mem::take(&mut self.inlines));
        if !content.is_empty() {
            self.blocks.push(Block::Paragraph(content));
        }
    }

    fn push_block(&mut self, block: Block) {
        self.end_line();
        self.blocks.push(block);
    }
}

struct Builder<'a> {
    text: &'a str,
    /// For each element the parser has open, whether it has a frame here.
    open: Vec<bool>,
    /// The frames around `current`.
    frames: Vec<Frame>,
    current: Frame,
    /// The levels, as they were typed, of the headings that the next one may stand below.
    heading_levels: Vec<u8>,
    empty_cells_left: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(_) => self.end(),
            Event::Code(code) if !self.in_image() => self.current.inlines.push(Inline::Code(code.into_string())),
            Event::Text(text) | Event::Code(text) => self.current.push_text(&text),
            Event::Html(html) | Event::InlineHtml(html) => {
                for (index, line) in html.split('\n').enumerate() {
                    if index > 0 {
                        self.line_break();
                    }
                    self.current.push_text(line);
                }
            }
            Event::SoftBreak => self.current.push_text(" "),
            Event::HardBreak => self.line_break(),
            Event::Rule => self.current.push_block(Block::Rule),
            // Mathematics, footnotes and task lists are extensions that are not switched on.
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn line_break(&mut self) {
        if self.in_image() {
            self.current.push_text(" ");
        } else {
            self.current.inlines.push(Inline::LineBreak);
        }
    }

    fn in_image(&self) -> bool {
        matches!(self.current.node, Node::Image(_))
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        let node = self.node_of(tag, range);
        self.open.push(node.is_some());
        match node {
            Some(node) => {
                let around = mem::replace(&mut self.current, Frame::new(node));
                self.frames.push(around);
            }
            None if matches!(self.current.node, Node::Container(_)) => self.current.end_line(),
            None => {}
        }
    }

    fn end(&mut self) {
        if self.open.pop() == Some(true) {
            if let Some(around) = self.frames.pop() {
                let done = mem::replace(&mut self.current, around);
                self.finish(done);
            }
        } else if matches!(self.current.node, Node::Container(_)) {
            self.current.end_line();
        }
    }

    /// What a tag opens here; none when its content belongs to what is open already.
    fn node_of(&self, tag: Tag<'_>, range: Range<usize>) -> Option<Node> {
        Some(match tag {
            Tag::Paragraph | Tag::HtmlBlock => Node::Paragraph,
            Tag::Heading { level, .. } => Node::Heading(level as u8),
            Tag::CodeBlock(_) => Node::Code,
            Tag::BlockQuote(_) if self.may_nest_block() => Node::Container(Container::Quote),
            Tag::List(start) if self.may_nest_block() => Node::List {
                start,
                items: Vec::new(),
            },
            Tag::Item if matches!(self.current.node, Node::List { .. }) => Node::Container(Container::Item),
            Tag::Table(alignments) => Node::Table {
                alignments: alignments.into_iter().map(alignment).collect(),
                rows: Vec::new(),
                source: range,
            },
            Tag::TableHead | Tag::TableRow => Node::Row(Vec::new()),
            Tag::TableCell => Node::Cell,
            Tag::Image { dest_url, .. } if !self.in_image() => Node::Image(address(&dest_url)),
            Tag::Emphasis if self.may_nest_inline() => Node::Emphasis,
            Tag::Strong if self.may_nest_inline() => Node::Strong,
            Tag::Link {
                link_type, dest_url, ..
            } if self.may_nest_inline() => Node::Link(match link_type {
                LinkType::Email => address(&format!("mailto:{dest_url}"))?,
                _ => address(&dest_url)?,
            }),
            _ => return None,
        })
    }

    fn nested(&self, counts: impl Fn(&Node) -> bool) -> usize {
        let around = self.frames.iter().filter(|frame| counts(&frame.node)).count();
        around + usize::from(counts(&self.current.node))
    }

    fn may_nest_block(&self) -> bool {
        let counts = |node: &Node| matches!(node, Node::Container(Container::Quote) | Node::List { .. });
        self.nested(counts) < DEEPEST
    }

    fn may_nest_inline(&self) -> bool {
        let counts = |node: &Node| matches!(node, Node::Emphasis | Node::Strong | Node::Link(_));
        !self.in_image() && self.nested(counts) < DEEPEST
    }

    /// Hands what is complete to the frame around it, which is `current` by now.
    fn finish(&mut self, mut done: Frame) {
        match done.node {
            Node::Container(Container::Root) => {}
            Node::Container(Container::Quote) => {
                done.end_line();
                if !done.blocks.is_empty() {
                    self.current.push_block(Block::Quote(done.blocks));
                }
            }
            Node::Container(Container::Item) => {
                done.end_line();
                if let Node::List { items, .. } = &mut self.current.node {
                    items.push(done.blocks);
                }
            }
            Node::List { start, items } => {
                if !items.iter().all(Vec::is_empty) {
                    self.current.push_block(Block::List { start, items });
                }
            }
            Node::Paragraph => {
                self.current.end_line();
                self.current.inlines = done.inlines;
                self.current.end_line();
            }
            Node::Heading(typed) => self.finish_heading(typed, done.inlines),
            Node::Code => {
                let mut code = String::new();
                for inline in done.inlines {
                    if let Inline::Text(text) = inline {
                        code.push_str(&text);
                    }
                }
                code.truncate(code.strip_suffix('\n').unwrap_or(&code).len());
                if !code.trim().is_empty() {
                    self.current.push_block(Block::Code(code));
                }
            }
            Node::Table {
                alignments,
                rows,
                source,
            } => self.finish_table(alignments, rows, source),
            Node::Row(cells) => {
                let empty = cells.iter().filter(|cell| cell.is_empty()).count();
                self.empty_cells_left = self.empty_cells_left.saturating_sub(empty);
                if let Node::Table { rows, .. } = &mut self.current.node
                    && self.empty_cells_left > 0
                {
                    rows.push(cells);
                }
            }
            Node::Cell => {
                if let Node::Row(cells) = &mut self.current.node {
                    cells.push(without_blank_ends(done.inlines));
                }
            }
            Node::Emphasis => self.push_wrapped(done.inlines, Inline::Emphasis),
            Node::Strong => self.push_wrapped(done.inlines, Inline::Strong),
            Node::Link(href) => {
                let content = if says_nothing(&done.inlines) {
                    vec![Inline::Text(href.clone())]
                } else {
                    done.inlines
                };
                self.current.inlines.push(Inline::Link { href, content });
            }
            Node::Image(address) => {
                let words = plain_text(&[Block::Paragraph(done.inlines)]);
                let text = match address {
                    Some(address) if words.is_empty() => address,
                    Some(address) => format!("{words} ({address})"),
                    None => words,
                };
                self.current.push_text(&text);
            }
        }
    }

    fn push_wrapped(&mut self, content: Vec<Inline>, wrap: fn(Vec<Inline>) -> Inline) {
        if !content.is_empty() {
            self.current.inlines.push(wrap(content));
        }
    }

    fn finish_heading(&mut self, typed: u8, content: Vec<Inline>) {
        let content = without_blank_ends(content);
        if content.is_empty() {
            return;
        }
        while self.heading_levels.last().is_some_and(|above| *above >= typed) {
            self.heading_levels.pop();
        }
        self.heading_levels.push(typed);
        // The stack holds rising levels of 1 to 6, so it is never higher than six.
        let level = u8::try_from(self.heading_levels.len()).unwrap_or(6);
        self.current.push_block(Block::Heading { level, content });
    }

    fn finish_table(&mut self, alignments: Vec<Alignment>, mut rows: Vec<Vec<Vec<Inline>>>, source: Range<usize>) {
        if self.empty_cells_left == 0 {
            let typed = self.text.get(source).unwrap_or_default().trim_end();
            self.current.push_block(Block::Code(typed.to_owned()));
        } else if !rows.iter().flatten().all(Vec::is_empty) {
            let head = rows.remove(0);
            self.current.push_block(Block::Table { head, rows, alignments });
        }
    }
}

fn alignment(alignment: cmark::Alignment) -> Alignment {
    match alignment {
        cmark::Alignment::None => Alignment::Unset,
        cmark::Alignment::Left => Alignment::Left,
        cmark::Alignment::Center => Alignment::Center,
        cmark::Alignment::Right => Alignment::Right,
    }
}

/// The inlines without line breaks and blanks around them; empty when they say nothing.
fn without_blank_ends(mut inlines: Vec<Inline>) -> Vec<Inline> {
    if says_nothing(&inlines) {
        return Vec::new();
    }
    while inlines.pop_if(|last| is_blank(last)).is_some() {}
    let blank = inlines.iter().take_while(|inline| is_blank(inline)).count();
    inlines.drain(..blank);
    if let Some(Inline::Text(first)) = inlines.first_mut() {
        first.drain(..first.len() - first.trim_start().len());
    }
    if let Some(Inline::Text(last)) = inlines.last_mut() {
        last.truncate(last.trim_end().len());
    }
    inlines
}

fn says_nothing(inlines: &[Inline]) -> bool {
    inlines.iter().all(is_blank)
}

fn is_blank(inline: &Inline) -> bool {
    match inline {
        Inline::Text(text) | Inline::Code(text) => text.trim().is_empty(),
        Inline::Emphasis(content) | Inline::Strong(content) | Inline::Link { content, .. } => says_nothing(content),
        Inline::LineBreak => true,
    }
}

/// An address that may be followed, percent-encoded; none for every other scheme, for relative addresses and for one that
/// is longer than any page of the web has, which no PDF would hold.
fn address(raw: &str) -> Option<String> {
    let raw = raw.trim();
    let allowed = ["https://", "http://", "mailto:"].iter().any(|scheme| {
        let start = raw.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && raw.len() > scheme.len()
    });
    if !allowed {
        return None;
    }
    let mut address = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        // RFC 3986, unreserved and reserved characters, and the percent sign of what is encoded already.
        if byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    (address.len() <= LONGEST_ADDRESS).then_some(address)
}
