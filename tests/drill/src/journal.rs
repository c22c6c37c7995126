//! What was acknowledged under the kills, kept outside the program, and what of it stands in the tables.
//!
//! Each query of a writer takes the steps of [`PLAN`] in order, and each step writes a mark of its own. So how far a
//! query came, with its marks, says every row there has to be: what it says more than the tables was lost, what the
//! tables say more was invented.

use std::collections::BTreeSet;

use ahq_harness::Database;
use ahq_store::{Connection, StoreError};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};

/// A step in the life of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Saves a draft query.
    Create,
    /// Changes its title.
    Change,
    /// Launches it.
    Launch,
    /// Saves the draft of a response.
    Draft,
    /// Changes one answer of the draft.
    Answer,
    /// Submits or amends the response.
    Submit,
    /// Withdraws the query.
    Withdraw,
}

/// The steps of each query, in order.
pub(crate) const PLAN: [Step; 13] = [
    Step::Create,
    Step::Change,
    Step::Change,
    Step::Launch,
    Step::Draft,
    Step::Answer,
    Step::Submit,
    Step::Answer,
    Step::Submit,
    Step::Draft,
    Step::Answer,
    Step::Submit,
    Step::Withdraw,
];

impl Step {
    /// Whether it is a POST, which comes with an Idempotency-Key.
    pub(crate) fn is_post(self) -> bool {
        matches!(self, Self::Create | Self::Launch | Self::Submit | Self::Withdraw)
    }

    /// Whether it changes the query itself, and not a response to it.
    pub(crate) fn is_of_query(self) -> bool {
        matches!(self, Self::Create | Self::Change | Self::Launch | Self::Withdraw)
    }

    /// What it leaves in the audit trail.
    fn action(self) -> &'static str {
        match self {
            Self::Create => "query.created",
            Self::Change => "query.changed",
            Self::Launch => "query.launched",
            Self::Draft | Self::Answer => "response.drafted",
            Self::Submit => "response.submitted",
            Self::Withdraw => "query.withdrawn",
        }
    }
}

/// One query, as far as it was acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// The id of the query.
    pub(crate) id: String,
    /// The ETag of the query after its last step.
    pub(crate) etag: String,
    /// The office that answers it.
    pub(crate) office: String,
    /// How many offices it was addressed to.
    pub(crate) addressees: usize,
    /// The mark of each step that was acknowledged, or found done after a kill.
    pub(crate) marks: Vec<String>,
    /// A reply contradicted the journal: nothing more is done with this query.
    pub(crate) broken: bool,
}

impl Life {
    /// The address of a step.
    pub(crate) fn path(&self, step: Step) -> String {
        let (id, office) = (&self.id, &self.office);
        match step {
            Step::Create => "/queries".to_owned(),
            Step::Change => format!("/queries/{id}"),
            Step::Launch => format!("/queries/{id}/launch"),
            Step::Withdraw => format!("/queries/{id}/withdrawal"),
            Step::Draft => format!("/queries/{id}/responses/{office}"),
            Step::Answer => format!("/queries/{id}/responses/{office}/answers/q2"),
            Step::Submit => format!("/queries/{id}/responses/{office}/submission"),
        }
    }

    /// The step that comes next; none when the life is over.
    pub(crate) fn next(&self) -> Option<Step> {
        PLAN.get(self.marks.len()).copied().filter(|_| !self.broken)
    }

    /// Every row there has to be.
    fn facts(&self, facts: &mut Facts) {
        let id = self.id.replace('-', "");
        let (mut query_events, mut response_events, mut submitted) = (0, 0, 0);
        let (mut title, mut text) = (None, None);
        let (mut launched, mut withdrawn) = (false, false);
        for (step, mark) in PLAN.iter().zip(&self.marks) {
            let subject = format!("query/{}", self.id);
            let (subject, number) = if step.is_of_query() {
                query_events += 1;
                (subject, query_events)
            } else {
                response_events += 1;
                (format!("{subject}/response/{}", self.office), response_events)
            };
            facts.insert(format!("event {subject} {number} {}", step.action()));
            if step.is_post() {
                facts.insert(format!("reply /api/v1{} {mark}", self.path(*step)));
            }
            match step {
                Step::Create | Step::Change => title = Some(mark),
                Step::Launch => {
                    launched = true;
                    facts.insert(format!("addressees {id} {}", self.addressees));
                    facts.insert(format!("mail {id} launch {}", self.addressees));
                }
                Step::Draft | Step::Answer => text = Some(mark),
                Step::Submit => {
                    submitted += 1;
                    let text = text.map_or("", String::as_str);
                    facts.insert(format!("version {id} {} {submitted} {text}", self.office));
                }
                Step::Withdraw => {
                    withdrawn = true;
                    facts.insert(format!("mail {id} withdrawal {}", self.addressees));
                }
            }
        }
        if submitted > 0 {
            facts.insert(format!("mail {id} response_received {submitted}"));
        }
        if let Some(title) = title {
            facts.insert(format!(
                "query {id} version {query_events} launched {} withdrawn {} {title}",
                u8::from(launched),
                u8::from(withdrawn)
            ));
        }
        if let Some(text) = text {
            let status = if submitted > 0 { "submitted" } else { "drafting" };
            facts.insert(format!("response {id} {} {status} {submitted}", self.office));
            facts.insert(format!("answer {id} {} {text}", self.office));
        }
    }
}

/// Rows, each as a line.
type Facts = BTreeSet<String>;

/// How the tables differ from the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Values that were acknowledged and are not there.
    pub(crate) lost: Vec<String>,
    /// Rows that nobody asked for.
    pub(crate) invented: Vec<String>,
    /// Changes without their audit event or their rows in the outbox.
    pub(crate) untold: Vec<String>,
}

/// Holds the journal against the tables. Statements: 9.
///
/// # Errors
/// Those of reading.
pub(crate) fn compare(conn: &mut Connection, database: Database, lives: &[Life]) -> Result<Difference, StoreError> {
    let mut wanted = Facts::new();
    for life in lives {
        life.facts(&mut wanted);
    }
    let seen = read(conn, database)?;
    let mut difference = Difference::default();
    for fact in wanted.difference(&seen) {
        let tells = fact.starts_with("event ") || fact.starts_with("mail ");
        let missing = if tells {
            &mut difference.untold
        } else {
            &mut difference.lost
        };
        missing.push(fact.clone());
    }
    difference.invented = seen.difference(&wanted).cloned().collect();
    Ok(difference)
}

/// A row: its line, and a text with a mark in it where the line ends with one.
#[derive(Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    line: String,
    #[diesel(sql_type = Text)]
    marked: String,
}

/// Reads every row that a writer can have made.
fn read(conn: &mut Connection, database: Database) -> Result<Facts, StoreError> {
    let id = |column: &str| match database {
        Database::Sqlite => format!("lower(hex({column}))"),
        Database::Postgres => format!("replace(CAST({column} AS text), '-', '')"),
    };
    let is_set = |column: &str| format!("CASE WHEN {column} IS NULL THEN '0' ELSE '1' END");
    let (query, of_query) = (id("id"), id("query_id"));
    let of_response = "responses r ON r.id = response_id";
    let statements = [
        format!(
            "SELECT 'query ' || {query} || ' version ' || version || ' launched ' || {} || ' withdrawn ' || {} AS line, \
             title AS marked FROM queries",
            is_set("number_sequence"),
            is_set("withdrawn")
        ),
        format!("SELECT 'addressees ' || {of_query} || ' ' || count(*) AS line, '' AS marked FROM addressees GROUP BY query_id"),
        format!(
            "SELECT 'response ' || {of_query} || ' ' || office || ' ' || status || ' ' || last_version AS line, \
             '' AS marked FROM responses"
        ),
        format!(
            "SELECT 'version ' || {of_query} || ' ' || office || ' ' || number AS line, CAST(answers AS text) AS marked \
             FROM response_versions JOIN {of_response}"
        ),
        format!(
            "SELECT 'answer ' || {of_query} || ' ' || office AS line, CAST(answer AS text) AS marked \
             FROM draft_answers JOIN {of_response} WHERE question = 'q2'"
        ),
        format!(
            "SELECT 'mail ' || {of_query} || ' ' || kind || ' ' || count(*) AS line, '' AS marked FROM outbox \
             WHERE query_id IS NOT NULL GROUP BY query_id, kind"
        ),
        "SELECT 'reply ' || path AS line, key AS marked FROM replays WHERE reply IS NOT NULL".to_owned(),
        "SELECT 'event ' || subject || ' ' || row_number() OVER (PARTITION BY subject ORDER BY at, id) || ' ' || action \
         AS line, '' AS marked FROM audit_events WHERE subject LIKE 'query/%' AND action NOT IN ('answers.read', 'access.refused')"
            .to_owned(),
    ];
    let mut facts = Facts::new();
    for statement in statements {
        let rows: Vec<Row> = sql_query(statement).load(conn)?;
        for row in rows {
            let mark = mark_in(&row.marked);
            let fact = if mark.is_empty() {
                row.line
            } else {
                format!("{} {mark}", row.line)
            };
            // Two rows that read the same are one too many.
            if !facts.insert(fact.clone()) {
                facts.insert(format!("{fact} twice"));
            }
        }
    }
    Ok(facts)
}

/// The mark of the operation `number` of a writer.
pub(crate) fn mark(writer: usize, number: u64) -> String {
    format!("mark-{writer}-{number}-end")
}

/// The mark in a text; empty where there is none.
fn mark_in(text: &str) -> &str {
    let begin = text.find("mark-");
    let end = text.find("-end");
    begin
        .zip(end)
        .and_then(|(begin, end)| text.get(begin..end + 4))
        .unwrap_or("")
}
