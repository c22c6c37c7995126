//! Summaries: about a page before a compilation, begun from its figures and then edited by the requesting office.
//!
//! The first draft is written from the figures of one circle and nothing else, so that it says no more than that
//! circle may read. It never judges: it counts, and leaves what the counts mean to the office that signs.

mod finding;

use pulldown_cmark::{Event, Options, Parser, TagEnd};
use serde::{Deserialize, Serialize};

use crate::comparison::Figure;
use crate::markdown::{Block, Inline, Markdown, escape, write};
use crate::office::{OfficeCode, in_words};
use crate::question::{Key, Question};
use crate::refusal::Faults;

use finding::Teller;

/// Most characters of each part of a summary.
pub const LONGEST_PART: usize = 8_000;
/// Up to this many offices are named; of more only the number is told.
pub const FEW: usize = 3;
/// "Most" is said from this share of the answers counted on, numerator and denominator: two thirds. "All" is every
/// answer counted.
pub const MOST_FROM: (usize, usize) = (2, 3);
/// "About half" is said from this share of the answers counted on, per cent.
pub const ABOUT_HALF_FROM: usize = 40;
/// "About half" is said up to this share of the answers counted, per cent.
pub const ABOUT_HALF_TO: usize = 60;

/// The characters of background that a second paragraph may fill up.
const BACKGROUND_ENOUGH: usize = 1_500;
/// The characters of a question or option that a finding quotes.
const LONGEST_QUOTE: usize = 120;
/// Ends findings that would be too long.
const REST: &str = "- The figures of the other questions are in the comparison.";

/// A summary in its three parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Summary {
    /// Why the query was asked.
    pub background: Markdown,
    /// Who answered.
    pub respondents: Markdown,
    /// What the answers say.
    pub findings: Markdown,
}

/// An edited summary as it comes in.
#[derive(Debug, Clone, Default)]
pub struct SummaryInput {
    /// Why the query was asked.
    pub background: String,
    /// Who answered.
    pub respondents: String,
    /// What the answers say.
    pub findings: String,
}

/// What the first draft of a summary is written from: all of it as the circle of the summary may read it.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The background of the query, for the public its public wording.
    pub background: Option<&'a Markdown>,
    /// `Responses from Austria, Belgium (2 in total)`.
    pub responses_line: &'a str,
    /// The names of those who declined; empty for the public.
    pub declined: &'a [String],
    /// The names of those who were asked and have not answered; empty for the public.
    pub not_answered: &'a [String],
    /// The questions.
    pub questions: &'a [Question],
    /// Their figures.
    pub figures: &'a [Figure],
    /// The name of an office inside a sentence.
    pub names: &'a dyn Fn(&OfficeCode) -> String,
}

impl Summary {
    /// Parses an edited summary; a part may be empty.
    ///
    /// # Errors
    /// All faults at once, at `/background`, `/respondents` and `/findings`: `too_long` and what else
    /// [`Markdown::parse`] refuses.
    pub fn parse(input: SummaryInput) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let mut part = |text: &str, at: &str| {
            if text.trim().is_empty() {
                return Markdown::default();
            }
            Markdown::parse(text, LONGEST_PART).unwrap_or_else(|fault| {
                faults.add(at, fault.code, fault.detail);
                Markdown::default()
            })
        };
        let summary = Self {
            background: part(&input.background, "/background"),
            respondents: part(&input.respondents, "/respondents"),
            findings: part(&input.findings, "/findings"),
        };
        faults.or(summary)
    }
}

/// What a computed sentence tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Who answered.
    Respondents,
    /// Who declined.
    Declined,
    /// Who has not answered.
    NotAnswered,
    /// What was answered to a question.
    Question(Key),
}

/// A sentence that the program computed, or the few that tell of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// What it tells of.
    pub about: About,
    /// What it says, in Markdown.
    pub text: String,
}

/// A computed sentence in a summary that is no longer what the answers come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    /// The sentence as it stands in the summary.
    pub sentence: Sentence,
    /// What would be said now; none where nothing is left to say.
    pub now: Option<String>,
}

/// The first draft of a summary. A part that cannot be written within its length is left empty for the office to
/// write.
pub fn first_draft(material: &Material<'_>) -> Summary {
    let part = |text: String| Markdown::parse(&text, LONGEST_PART).unwrap_or_default();
    let respondents: Vec<_> = respondents(material)
        .into_iter()
        .map(|sentence| sentence.text)
        .collect();
    Summary {
        background: part(material.background.map_or_else(String::new, opening)),
        respondents: part(respondents.join(" ")),
        findings: part(bullets(&findings(material))),
    }
}

/// The sentences that the program would compute from this material.
pub fn sentences(material: &Material<'_>) -> Vec<Sentence> {
    let mut sentences = respondents(material);
    sentences.extend(findings(material));
    sentences
}

/// Which computed sentences still stand in a summary and are no longer what would be computed `now`; `earlier` are
/// those computed for it and for the editions before. What the office wrote itself is nobody else's to judge.
pub fn outdated(summary: &Summary, earlier: &[Sentence], now: &[Sentence]) -> Vec<Outdated> {
    let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut written = [&summary.respondents, &summary.findings].map(|part| spaced(part.as_str()));
    // One sentence may stand inside another ("Malta declined to answer."): the longest are looked for first, and none in
    // what was found already.
    let mut texts: Vec<String> = earlier.iter().chain(now).map(|one| spaced(&one.text)).collect();
    texts.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    texts.dedup();
    texts.retain(|text| {
        let stands = written.iter().any(|part| part.contains(text));
        written.iter_mut().for_each(|part| *part = part.replace(text, "\n"));
        stands
    });
    let mut found: Vec<Outdated> = Vec::new();
    for sentence in earlier {
        let text = spaced(&sentence.text);
        let holds = now.iter().any(|now| spaced(&now.text) == text);
        if texts.contains(&text) && !holds && found.iter().all(|known| known.sentence != *sentence) {
            let now = now.iter().find(|now| now.about == sentence.about);
            found.push(Outdated {
                sentence: sentence.clone(),
                now: now.map(|now| now.text.clone()),
            });
        }
    }
    found
}

/// The first paragraph, and the second where both are short, with what headings stand before them.
fn opening(text: &Markdown) -> String {
    let background = text.as_str();
    let (mut end, mut paragraphs, mut depth) = (0, 0, 0);
    for (event, range) in Parser::new_ext(background, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(tag) => {
                depth -= 1;
                if depth > 0 || matches!(tag, TagEnd::Heading(_)) {
                    continue;
                }
                if paragraphs == 1 && background[..range.end].chars().count() > BACKGROUND_ENOUGH {
                    break;
                }
                end = range.end;
                paragraphs += 1;
                if paragraphs == 2 {
                    break;
                }
            }
            _ => {}
        }
    }
    let kept = background[..end].trim_end().to_owned();
    // The addresses of its links may stand further down, where they are cut off: then it is written anew with them.
    let alone = Markdown::try_from(kept.clone()).unwrap_or_default().tree();
    let whole = text.tree();
    if whole.starts_with(&alone) {
        kept
    } else {
        write(&whole[..alone.len().min(whole.len())])
    }
}

fn respondents(material: &Material<'_>) -> Vec<Sentence> {
    let said = |about: About, text: String| Sentence { about, text };
    let mut sentences = vec![said(
        About::Respondents,
        format!("{}.", escape(material.responses_line)),
    )];
    let escaped = |names: &[String]| names.iter().map(|name| escape(name)).collect::<Vec<_>>();
    if !material.declined.is_empty() {
        let names = in_words(&escaped(material.declined));
        sentences.push(said(About::Declined, format!("{names} declined to answer.")));
    }
    if !material.not_answered.is_empty() {
        let names = in_words(&escaped(material.not_answered));
        let text = format!("{names} had not answered when this compilation was produced.");
        sentences.push(said(About::NotAnswered, text));
    }
    sentences
}

fn findings(material: &Material<'_>) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for (index, question) in material.questions.iter().enumerate() {
        let Some(figure) = material.figures.iter().find(|figure| figure.question == question.id) else {
            continue;
        };
        let quote = match cut(&first_words(question)) {
            nothing if nothing.is_empty() => nothing,
            words => format!(" ({})", escape(&words)),
        };
        let finding = Teller { names: material.names }.finding(question, figure);
        sentences.push(Sentence {
            about: About::Question(question.id.clone()),
            text: format!("**Question {}**{quote}: {finding}", index + 1),
        });
    }
    sentences
}

/// Findings as a list, as many as there is room for.
fn bullets(findings: &[Sentence]) -> String {
    let room = LONGEST_PART - REST.len() - 1;
    let (mut text, mut length) = (String::new(), 0);
    for finding in findings {
        let bullet = format!("- {}\n", finding.text);
        length += bullet.chars().count();
        if length > room {
            text.push_str(REST);
            break;
        }
        text.push_str(&bullet);
    }
    text
}

/// The words of the first paragraph of a question, on one line and without markup.
fn first_words(question: &Question) -> String {
    let tree = question.markdown().tree();
    let mut text = String::new();
    if let Some(Block::Paragraph(inlines) | Block::Heading { content: inlines, .. }) = tree.first() {
        add_words(inlines, &mut text);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn add_words(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(words) | Inline::Code(words) => text.push_str(words),
            Inline::Emphasis(content) | Inline::Strong(content) | Inline::Link { content, .. } => {
                add_words(content, text);
            }
            Inline::LineBreak => text.push(' '),
        }
    }
}

/// The beginning of a text, cut at a word where it is too long to quote.
fn cut(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(LONGEST_QUOTE) else {
        return text.to_owned();
    };
    let beginning = &text[..end];
    let kept = beginning.rfind(' ').map_or(beginning, |space| &beginning[..space]);
    format!("{}…", kept.trim_end_matches([' ', ',', ';', ':']))
}
