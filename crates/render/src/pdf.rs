//! A document as PDF by typst: tagged for assistive technology (PDF/UA-1, ISO 14289-1) and for archives (PDF/A-2a,
//! ISO 19005-2), with fonts for Latin, Greek, Cyrillic, Georgian and Armenian inside.
//!
//! The document goes to the template as data, never as markup. Characters that no font has are shown by a substitute,
//! since one alone would make the whole document fail.

use std::sync::LazyLock;

use chrono::{Datelike, Timelike};
use serde_json::{Value, json};
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::RenderError;
use crate::characters::for_fonts;
use crate::document::Document;

const TEMPLATE: &str = include_str!("../assets/pdf/document.typ");

/// The fonts, the first that has a character drawing it.
const FONTS: [&[u8]; 10] = [
    include_bytes!("../assets/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../assets/fonts/NotoSans-Bold.ttf"),
    include_bytes!("../assets/fonts/NotoSans-Italic.ttf"),
    include_bytes!("../assets/fonts/NotoSans-BoldItalic.ttf"),
    include_bytes!("../assets/fonts/NotoSansArmenian-Regular.ttf"),
    include_bytes!("../assets/fonts/NotoSansArmenian-Bold.ttf"),
    include_bytes!("../assets/fonts/NotoSansGeorgian-Regular.ttf"),
    include_bytes!("../assets/fonts/NotoSansGeorgian-Bold.ttf"),
    include_bytes!("../assets/fonts/NotoSansSymbols2-Regular.ttf"),
    include_bytes!("../assets/fonts/DejaVuSansMono.ttf"),
];
/// Their families, in that order.
const FAMILIES: [&str; 4] = [
    "Noto Sans",
    "Noto Sans Armenian",
    "Noto Sans Georgian",
    "Noto Sans Symbols2",
];
const MONOSPACED: &str = "DejaVu Sans Mono";

/// What all documents share.
struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    template: Source,
    data: FileId,
}

static SHARED: LazyLock<Result<Shared, RenderError>> = LazyLock::new(|| {
    let fonts: Vec<Font> = FONTS
        .into_iter()
        .flat_map(|bytes| Font::iter(Bytes::new(bytes)))
        .collect();
    // Names of files are kept for ever: these two are all there are.
    let file = |name: &str| {
        let path = VirtualPath::new(name).map_err(|_| RenderError(format!("{name} is no path")))?;
        Ok::<_, RenderError>(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
    };
    Ok(Shared {
        // Heads of rows and summaries of tables.
        library: LazyHash::new(
            Library::builder()
                .with_features([Feature::A11yExtras].into_iter().collect())
                .build(),
        ),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        template: Source::new(file("/document.typ")?, TEMPLATE.to_owned()),
        data: file("/document.json")?,
    })
});

/// One document, as the template finds it.
struct Desk {
    shared: &'static Shared,
    data: Bytes,
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.shared.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shared.book
    }

    fn main(&self) -> FileId {
        self.shared.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main() {
            Ok(self.shared.template.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.shared.data {
            Ok(self.data.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// Prints a document.
///
/// # Errors
/// [`RenderError`] when the template or the export refuses it, which is a defect.
pub(crate) fn print(document: &Document) -> Result<Vec<u8>, RenderError> {
    let shared = SHARED.as_ref().map_err(|error| RenderError(error.0.clone()))?;
    let mut data = serde_json::to_value(document).map_err(RenderError::of)?;
    shown(&mut data, &shared.fonts);
    if let Value::Object(fields) = &mut data {
        fields.insert("fonts".to_owned(), json!(FAMILIES));
        fields.insert("mono".to_owned(), json!(MONOSPACED));
    }
    let data = serde_json::to_vec(&data).map_err(RenderError::of)?;
    // What typst remembers of documents before would grow to hundreds of megabytes.
    typst::comemo::evict(0);
    let desk = Desk {
        shared,
        data: Bytes::new(data),
    };
    let pages: PagedDocument = typst::compile(&desk).output.map_err(|faults| refused(&faults))?;
    let options = PdfOptions {
        ident: Smart::Custom(format!(
            "{}: {}: {}",
            document.over_title, document.marking, document.made
        )),
        creator: Smart::Custom(Some("ahq".to_owned())),
        timestamp: moment(document),
        standards: PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
            .map_err(|error| RenderError(error.message().to_string()))?,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&pages, &options).map_err(|faults| refused(&faults))
}

/// When what it shows was put together: the same document is the same bytes.
fn moment(document: &Document) -> Option<Timestamp> {
    let made = document.made;
    let part = |number: u32| u8::try_from(number).ok();
    let moment = Datetime::from_ymd_hms(
        made.year(),
        part(made.month())?,
        part(made.day())?,
        part(made.hour())?,
        part(made.minute())?,
        part(made.second())?,
    )?;
    Some(Timestamp::new_utc(moment))
}

fn refused(faults: &[SourceDiagnostic]) -> RenderError {
    let told: Vec<String> = faults
        .iter()
        .map(|fault| {
            let hints: Vec<String> = fault.hints.iter().map(|hint| hint.v.to_string()).collect();
            format!("{} {}", fault.message, hints.join(" "))
        })
        .collect();
    RenderError(told.join("; "))
}

/// Puts what the fonts can draw in place of every text. Where a link leads is no text: it stays as it is.
fn shown(value: &mut Value, fonts: &[Font]) {
    match value {
        Value::String(text) => {
            *text = for_fonts(text, |letter| {
                let mut shown = fonts.iter().filter(|font| font.info().family != MONOSPACED);
                shown.any(|font| font.info().coverage.contains(letter.into()))
            });
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shown(value, fonts)),
        Value::Object(fields) => {
            let texts = fields
                .iter_mut()
                .filter(|(name, _)| *name != "href" && *name != "address");
            texts.for_each(|(_, value)| shown(value, fonts));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
