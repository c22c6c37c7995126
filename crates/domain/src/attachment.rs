//! Attachments: files beside a query or an answer. What they may be, how they are called, and how much of them there may
//! be; whether a file is what it says is found out where files are looked into.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::id::AttachmentId;
use crate::question::Key;
use crate::refusal::{Faults, Refusal};

/// How many bytes a file may have: 20 MB.
pub const MOST_BYTES: usize = 20_000_000;
/// How many bytes all files of a response, or of a query, may have together: 50 MB.
pub const MOST_TOGETHER: u64 = 50_000_000;
/// How many files an answer, or a query, may have.
pub const MOST_FILES: usize = 20;
/// How many characters the name of a file may have.
pub const LONGEST_NAME: usize = 150;

/// What a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MediaType {
    /// Pages.
    #[serde(rename = "application/pdf")]
    Pdf,
    /// A document of Word.
    #[serde(rename = "application/vnd.openxmlformats-officedocument.wordprocessingml.document")]
    Docx,
    /// A workbook of Excel.
    #[serde(rename = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]
    Xlsx,
    /// A document of LibreOffice.
    #[serde(rename = "application/vnd.oasis.opendocument.text")]
    Odt,
    /// A table as text.
    #[serde(rename = "text/csv")]
    Csv,
    /// A picture.
    #[serde(rename = "image/png")]
    Png,
    /// A photograph.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// Plain text.
    #[serde(rename = "text/plain")]
    Text,
}

impl MediaType {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pdf,
        Self::Docx,
        Self::Xlsx,
        Self::Odt,
        Self::Csv,
        Self::Png,
        Self::Jpeg,
        Self::Text,
    ];

    /// Its name on the wire, without parameters.
    pub fn essence(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Csv => "text/csv",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Text => "text/plain",
        }
    }

    /// Its name with what a reader has to know: texts are kept in UTF-8.
    pub fn with_charset(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            other => other.essence(),
        }
    }

    /// What people call it.
    pub fn written(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Docx => "Word",
            Self::Xlsx => "Excel",
            Self::Odt => "OpenDocument",
            Self::Csv => "CSV",
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Text => "text",
        }
    }

    /// The endings its files have; the first is given to those that have none of them.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Odt => &["odt"],
            Self::Csv => &["csv"],
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Text => &["txt"],
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.essence())
    }
}

impl FromStr for MediaType {
    type Err = ();

    /// Parses a media type in small letters and without parameters.
    fn from_str(essence: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|known| known.essence() == essence).ok_or(())
    }
}

/// A file, as an answer or a query names it. What it holds lies elsewhere, under its hash and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// Its name, fit for any file system.
    pub name: String,
    /// What it is.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

impl Attachment {
    /// What documents say of it beside its name: `PDF, 1.2 MB`.
    pub fn described(&self) -> String {
        format!("{}, {}", self.media_type.written(), written_size(self.bytes))
    }
}

/// A number of bytes as people read it, in powers of ten.
fn written_size(bytes: u64) -> String {
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    let (unit, name) = if bytes < 1_000_000 {
        (1_000, "kB")
    } else {
        (1_000_000, "MB")
    };
    let tenths = (bytes * 10).div_ceil(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// A file beside an answer of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// To which question.
    pub question: Key,
    /// The file.
    pub file: Attachment,
}

/// Whether one more file of `bytes` fits beside those that are there: `beside` in the same place, `all` in the same response
/// or query.
///
/// # Errors
/// Conflict `too_many_attachments`, `attachments_too_large`.
pub fn must_fit(beside: usize, all: impl IntoIterator<Item = u64>, bytes: u64) -> Result<(), Refusal> {
    if beside >= MOST_FILES {
        return Err(Refusal::conflict(
            "too_many_attachments",
            format!("there are {MOST_FILES} attachments already, which is the most: remove one first"),
        ));
    }
    let before: u64 = all.into_iter().sum();
    if before.saturating_add(bytes) > MOST_TOGETHER {
        let left = MOST_TOGETHER.saturating_sub(before);
        return Err(Refusal::conflict(
            "attachments_too_large",
            format!(
                "the attachments may have {} together, and {} are left",
                written_size(MOST_TOGETHER),
                written_size(left)
            ),
        ));
    }
    Ok(())
}

/// Puts the files of a draft into its answers, as the version that is submitted names them.
///
/// # Errors
/// All faults at once, at `/answers/{question}`: `attachment_without_answer`.
pub fn attach(answers: &mut [Answer], attached: Vec<Attached>) -> Result<(), Faults> {
    let mut faults = Faults::new();
    for Attached { question, file } in attached {
        match answers.iter_mut().find(|answer| answer.question == question) {
            Some(answer) => answer.attachments.push(file),
            None => faults.add(
                format!("/answers/{question}"),
                "attachment_without_answer",
                "a file is attached here and there is no answer: answer the question, or remove the file",
            ),
        }
    }
    faults.or(())
}

/// The name of a file of this media type, made fit for any file system: the last part of a path, without control characters
/// and signs that turn the direction of text, what no file system takes replaced, with an ending of its type, 150
/// characters at the most. Letters of every script stay.
pub fn clean_name(given: &str, media_type: MediaType) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = String::new();
    for letter in last.chars() {
        match letter {
            _ if is_unseen(letter) => {}
            '<' | '>' | ':' | '"' | '|' | '?' | '*' | '%' => name.push('_'),
            _ if letter.is_whitespace() => {
                if !name.ends_with(' ') {
                    name.push(' ');
                }
            }
            other => name.push(other),
        }
    }
    let name = name.trim_matches([' ', '.', '~']);
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if has_ending(media_type, ending) => (stem, ending.to_owned()),
        _ => (
            name,
            media_type.endings().first().copied().unwrap_or_default().to_owned(),
        ),
    };
    let room = LONGEST_NAME - ending.chars().count() - 1;
    let stem: String = stem.chars().take(room).collect();
    let stem = stem.trim_end_matches([' ', '.']);
    match stem {
        "" => format!("attachment.{ending}"),
        _ if is_reserved(stem) => {
            let stem: String = stem.chars().take(room - 1).collect();
            format!("_{stem}.{ending}")
        }
        _ => format!("{stem}.{ending}"),
    }
}

fn has_ending(media_type: MediaType, ending: &str) -> bool {
    media_type.endings().iter().any(|own| own.eq_ignore_ascii_case(ending))
}

/// Control characters, marks of direction, and what takes no room: names that differ in them look the same.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The names of devices, which Windows opens in place of a file, whatever ending follows.
fn is_reserved(stem: &str) -> bool {
    let device = stem
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_ascii_uppercase();
    let numbered = |name: &str| {
        device.strip_prefix(name).is_some_and(|number| {
            matches!(
                number,
                "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
            )
        })
    };
    matches!(device.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_fit_for_any_file_system() {
        for (given, media_type, kept) in [
            ("Rapport 2026.pdf", MediaType::Pdf, "Rapport 2026.pdf"),
            ("Έκθεση – απολογισμός.PDF", MediaType::Pdf, "Έκθεση – απολογισμός.PDF"),
            ("Статистика.csv", MediaType::Csv, "Статистика.csv"),
            ("C:\\fakepath\\x.docx", MediaType::Docx, "x.docx"),
            ("../../etc/passwd", MediaType::Text, "passwd.txt"),
            ("..\\..\\boot.ini", MediaType::Text, "boot.ini.txt"),
            ("report\u{202e}fdp.exe", MediaType::Pdf, "reportfdp.exe.pdf"),
            ("a\u{0}b\r\nc.png", MediaType::Png, "abc.png"),
            ("CON", MediaType::Text, "_CON.txt"),
            ("nul.tar.txt", MediaType::Text, "_nul.tar.txt"),
            ("com1.pdf", MediaType::Pdf, "_com1.pdf"),
            ("command.pdf", MediaType::Pdf, "command.pdf"),
            (".htaccess", MediaType::Text, "htaccess.txt"),
            ("", MediaType::Jpeg, "attachment.jpg"),
            ("...", MediaType::Odt, "attachment.odt"),
            ("photo.jpeg", MediaType::Jpeg, "photo.jpeg"),
            ("what is \"this\"?.xlsx", MediaType::Xlsx, "what is _this__.xlsx"),
            ("a%2f..%2fb.pdf", MediaType::Pdf, "a_2f.._2fb.pdf"),
        ] {
            assert_eq!(clean_name(given, media_type), kept, "{given:?}");
        }
        let long = "ä".repeat(400);
        assert_eq!(clean_name(&long, MediaType::Pdf).chars().count(), LONGEST_NAME);
    }

    #[test]
    fn sizes_are_read_by_people() {
        for (bytes, written) in [
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (20_000_000, "20.0 MB"),
            (1_234_567, "1.3 MB"),
        ] {
            assert_eq!(written_size(bytes), written);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(must_fit(0, [30_000_000, 19_999_999], 1).is_ok());
        assert!(
            matches!(must_fit(0, [30_000_000, 20_000_000], 1), Err(Refusal::Conflict { code, .. }) if code == "attachments_too_large")
        );
        assert!(
            matches!(must_fit(MOST_FILES, [], 1), Err(Refusal::Conflict { code, .. }) if code == "too_many_attachments")
        );
    }

    proptest! {
        #[test]
        fn a_clean_name_stays(given in "\\PC{0,200}|[\\x00-\\x7f]{0,200}") {
            let once = clean_name(&given, MediaType::Pdf);
            prop_assert!(once.chars().count() <= LONGEST_NAME && once.to_lowercase().ends_with(".pdf"));
            let stray = ['/', '\\', ':', '"', '\r', '\n', '\u{0}', '\u{202e}'];
            prop_assert!(!once.contains(stray));
            prop_assert_eq!(clean_name(&once, MediaType::Pdf), once);
        }
    }
}
