//! Summaries as the interface shows them and takes them in.

use ahq_domain::summary::{About, Outdated, SummaryInput};
use ahq_exchange::summaries::EditionSummary;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::words::CircleWord;

/// The summary of a view of the newest edition.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Summary)]
pub(crate) struct SummaryView {
    /// Raised by each change.
    version: i64,
    /// The number of the edition it belongs to.
    edition: i32,
    /// The circle it is written for.
    circle: CircleWord,
    /// Why the query was asked, in Markdown.
    background: String,
    /// Who answered, in Markdown.
    respondents: String,
    /// What the answers say, in Markdown.
    findings: String,
    /// When the lead signed it off; none until then, and none again after a change.
    signed_at: Option<DateTime<Utc>>,
    /// The sentences in it that the program computed and that an amendment or a late response made untrue.
    outdated: Vec<OutdatedView>,
    /// What you may do with it now.
    #[schema(example = json!(["change", "sign"]))]
    actions: Vec<String>,
}

/// A computed sentence that is no longer what the answers come to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OutdatedSentence, example = json!({
    "about": "question", "question": "q1",
    "sentence": "**Question 1** (Is there a register?): yes: Austria (1 of 2); no: Belgium (1 of 2).",
    "now": "**Question 1** (Is there a register?): yes: all 2 respondents counted (Austria and Belgium)."
}))]
pub(crate) struct OutdatedView {
    /// What it tells of: `respondents`, `declined`, `not_answered` or `question`.
    about: String,
    /// The question it tells of, where it tells of one.
    question: Option<String>,
    /// The sentence as it stands in the summary, in Markdown.
    sentence: String,
    /// What the program would say now; none where nothing is left to say.
    now: Option<String>,
}

impl From<Outdated> for OutdatedView {
    fn from(outdated: Outdated) -> Self {
        let (about, question) = match outdated.sentence.about {
            About::Respondents => ("respondents", None),
            About::Declined => ("declined", None),
            About::NotAnswered => ("not_answered", None),
            About::Question(key) => ("question", Some(key.as_str().to_owned())),
        };
        Self {
            about: about.to_owned(),
            question,
            sentence: outdated.sentence.text,
            now: outdated.now,
        }
    }
}

impl From<EditionSummary> for SummaryView {
    fn from(shown: EditionSummary) -> Self {
        let (edition, stored) = (shown.edition, shown.summary);
        Self {
            actions: shown.actions.into_iter().map(str::to_owned).collect(),
            outdated: shown.outdated.into_iter().map(Into::into).collect(),
            version: stored.version,
            edition: edition.number,
            circle: stored.circle.into(),
            background: stored.summary.background.as_str().to_owned(),
            respondents: stored.summary.respondents.as_str().to_owned(),
            findings: stored.summary.findings.as_str().to_owned(),
            signed_at: stored.signed,
        }
    }
}

impl SummaryView {
    /// Its version, for the ETag.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }
}

/// The text of a summary, edited.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SummaryDraft, example = json!({
    "background": "Luxembourg is reviewing its procedures.",
    "respondents": "24 countries answered.",
    "findings": "- Most countries register missing minors."
}))]
pub(crate) struct SummaryBody {
    /// Why the query was asked, in Markdown.
    #[schema(max_length = 8000)]
    background: String,
    /// Who answered, in Markdown.
    #[schema(max_length = 8000)]
    respondents: String,
    /// What the answers say, in Markdown.
    #[schema(max_length = 8000)]
    findings: String,
}

impl From<SummaryBody> for SummaryInput {
    fn from(body: SummaryBody) -> Self {
        Self {
            background: body.background,
            respondents: body.respondents,
            findings: body.findings,
        }
    }
}

/// Whose summary.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SummaryKeys {
    /// The circle it is written for; the network's where it is left out.
    pub(crate) circle: Option<CircleWord>,
}
