//! A view as data: its canonical JSON as it was hashed, after the hash over it and the summary.

use ahq_domain::summary::Summary;
use serde::Serialize;

use crate::{RenderError, Source};

#[derive(Serialize)]
struct Head<'a> {
    sha256: &'a str,
    #[serde(rename = "hashOf", skip_serializing_if = "Option::is_none")]
    hash_of: Option<String>,
    summary: Option<PrintedSummary<'a>>,
}

#[derive(Serialize)]
struct PrintedSummary<'a> {
    background: &'a str,
    respondents: &'a str,
    findings: &'a str,
}

impl<'a> From<&'a Summary> for PrintedSummary<'a> {
    fn from(summary: &'a Summary) -> Self {
        Self {
            background: summary.background.as_str(),
            respondents: summary.respondents.as_str(),
            findings: summary.findings.as_str(),
        }
    }
}

pub(crate) fn print(source: Source<'_>) -> Result<Vec<u8>, RenderError> {
    let mut document = serde_json::to_vec(&Head {
        sha256: source.sha256,
        hash_of: source.erased.map(|_| source.hash_of()),
        summary: source.summary.map(Into::into),
    })
    .map_err(|error| RenderError(error.to_string()))?;
    // Whoever cuts the view out of the document can check its hash: it stands there byte for byte, as the last field.
    document.pop();
    document.extend_from_slice(b",\"view\":");
    document.extend_from_slice(source.canonical.as_bytes());
    document.push(b'}');
    Ok(document)
}
