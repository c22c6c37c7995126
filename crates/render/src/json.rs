//! A view as data: its canonical JSON, with the hash over it and the summary beside it.

use ahq_domain::compilation::View;
use ahq_domain::summary::Summary;
use serde::Serialize;

use crate::{RenderError, Source};

#[derive(Serialize)]
struct Printed<'a> {
    sha256: &'a str,
    summary: Option<PrintedSummary<'a>>,
    view: &'a View,
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
    serde_json::to_vec(&Printed {
        sha256: source.sha256,
        summary: source.summary.map(Into::into),
        view: source.view,
    })
    .map_err(|error| RenderError(error.to_string()))
}
