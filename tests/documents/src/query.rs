//! The queries of the samples: a usual one, one with every kind of question and answer, and the largest there can be.

use ahq_domain::answer::LONGEST_ANSWER;
use ahq_domain::clock::Instant;
use ahq_domain::compilation::{Snapshot, Submitted};
use ahq_domain::deadline::Deadline;
use ahq_domain::dissemination::Circle;
use ahq_domain::markdown::Markdown;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::{OfficeCode, OfficeKind, Offices, Standing};
use ahq_domain::query::{Addressee, Audience, Extension, Joint, Launched, Life, Query};
use ahq_domain::question::{AskIf, Choice, Column, ColumnType, Key, Kind, MOST_QUESTIONS, Question, Revision};
use ahq_server::data::Network;

use crate::answers::{changed, given};
use crate::texts::{MARKDOWN, hostile};

const LAUNCHED: &str = "2026-09-07T09:00:00Z";
const EXTENDED: &str = "2026-09-28T10:00:00Z";
/// When the editions are made.
pub(crate) const COMPILED: &str = "2026-10-26T10:00:00Z";

pub(crate) fn at(moment: &str) -> Instant {
    moment.parse().expect("a moment")
}

pub(crate) fn markdown(text: &str) -> Markdown {
    Markdown::parse(text, LONGEST_ANSWER).expect("a text")
}

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).expect("a key")
}

/// A query with the responses of its first and its second edition.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) query: Query,
    pub(crate) offices: Offices,
    pub(crate) before: Vec<Submitted>,
    pub(crate) responses: Vec<Submitted>,
    topics: Vec<String>,
    declined: Vec<OfficeCode>,
}

impl Sample {
    /// 30 countries and 6 questions.
    pub(crate) fn usual() -> Self {
        let mut questions: Vec<Question> = kinds().into_iter().take(6).enumerate().map(question).collect();
        questions.truncate(6);
        Self::of("usual", "Missing unaccompanied minors", questions, 30)
    }

    /// 35 countries and 20 questions, every kind of each, with texts that are hard to print.
    pub(crate) fn every_kind() -> Self {
        let mut questions: Vec<Question> = kinds()
            .into_iter()
            .cycle()
            .take(MOST_QUESTIONS)
            .enumerate()
            .map(question)
            .collect();
        let yes_no = questions
            .iter()
            .position(|question| question.kind == Kind::YesNo)
            .expect("a question");
        for later in [9, 13] {
            questions[later].ask_if = Some(AskIf {
                question: questions[yes_no].id.clone(),
                one_of: vec!["yes".to_owned(), "partly".to_owned()],
            });
        }
        for corrected in [0, 3] {
            questions[corrected].revisions.push(Revision {
                number: 2,
                text: markdown("The wording after a correction: what applies since 2024?\n\n- in law\n- in practice"),
            });
        }
        questions[16].required = false;
        for (question, text) in questions[17..].iter_mut().zip(hostile()) {
            question.revisions = vec![Revision {
                number: 1,
                text: markdown(&text),
            }];
        }
        Self::of(
            "every",
            "Every <kind> of \"question\" & answer: Ερώτηση, Въпрос, კითხვა, Հարց",
            questions,
            35,
        )
    }

    /// 35 countries, 20 questions, and 20,000 characters in each answer.
    pub(crate) fn largest() -> Self {
        let questions = (0..MOST_QUESTIONS).map(|index| question((index, Kind::Text))).collect();
        let mut sample = Self::of("largest", "The largest there can be", questions, 35);
        let sentence = "The authority keeps a register of every case and updates it each week, as the law requires. ";
        let paragraph = sentence.repeat(8);
        let text: String = format!("{}\n\n", paragraph.trim_end())
            .repeat(40)
            .chars()
            .take(LONGEST_ANSWER)
            .collect();
        for response in &mut sample.responses {
            for answer in &mut response.answers {
                answer.content = ahq_domain::answer::Content::Text { text: markdown(&text) };
            }
        }
        sample.before = sample.responses.clone();
        sample
    }

    fn of(name: &'static str, title: &str, questions: Vec<Question>, respondents: usize) -> Self {
        let network = Network::embedded().expect("the embedded data are right");
        let countries: Vec<_> = network
            .offices
            .iter()
            .filter(|office| office.kind == OfficeKind::NationalContactPoint && office.until.is_none())
            .cloned()
            .collect();
        let launched = at(LAUNCHED);
        let addressees = countries.iter().map(|office| Addressee {
            office: office.code.clone(),
            standing: office.standing,
            expected: office.standing == Standing::Member,
            told: launched,
            agreed: None,
        });
        let query = Query {
            id: "01997d3e-8c00-7000-8000-000000000081".parse().expect("an id"),
            version: 5,
            lead: "LU".parse().expect("a code"),
            joint: vec![Joint {
                office: "NL".parse().expect("a code"),
                invited: launched,
                accepted: Some(launched),
            }],
            originator: Some("the Ministry of Home Affairs".to_owned()),
            title: title.to_owned(),
            background: Some(markdown(&format!(
                "Luxembourg is **reviewing** its procedures.\n\n{MARKDOWN}"
            ))),
            public_background: None,
            never_public: false,
            topics: vec!["unaccompanied_minors".to_owned()],
            keywords: vec!["minors".to_owned()],
            default_circle: Circle::Public,
            questions,
            life: Life::Launched(Box::new(Launched {
                number: QueryNumber::next(launched, Some(80)),
                at: launched,
                deadline: Deadline::on(chrono::NaiveDate::from_ymd_opt(2026, 10, 16).expect("a day")),
                urgent_reason: None,
                audience: Audience::MembersAndObservers,
                addressees: addressees.collect(),
                extensions: vec![Extension {
                    at: at(EXTENDED),
                    from: chrono::NaiveDate::from_ymd_opt(2026, 10, 5).expect("a day"),
                    to: chrono::NaiveDate::from_ymd_opt(2026, 10, 16).expect("a day"),
                    reason: "Several countries asked for more time.".to_owned(),
                }],
                closed_early: None,
                withdrawn: None,
                last_edition: None,
                publications: Vec::new(),
                holds: Vec::new(),
                mailed: None,
            })),
            created: launched,
            changed: at(EXTENDED),
        };
        let responses: Vec<Submitted> = countries
            .iter()
            .take(respondents)
            .enumerate()
            .map(|(place, office)| given(&query.questions, &office.code, place))
            .collect();
        // Three are new in the second edition, one is amended, one narrowed.
        let before = responses[..respondents - 3]
            .iter()
            .cloned()
            .enumerate()
            .map(changed)
            .collect();
        Self {
            name,
            query,
            offices: network.offices.into_iter().collect(),
            before,
            responses,
            topics: vec!["Unaccompanied minors".to_owned(), "Protection".to_owned()],
            declined: countries
                .iter()
                .skip(respondents)
                .step_by(2)
                .map(|office| office.code.clone())
                .collect(),
        }
    }

    /// What an edition of these responses is made from.
    pub(crate) fn snapshot<'a>(&'a self, responses: &'a [Submitted]) -> Snapshot<'a> {
        Snapshot {
            query: &self.query,
            topics: &self.topics,
            offices: &self.offices,
            responses,
            declined: &self.declined,
            now: at(COMPILED),
        }
    }
}

/// Every kind of question.
fn kinds() -> Vec<Kind> {
    let options = |texts: &[&str]| -> Vec<Choice> {
        let each = texts.iter().enumerate();
        each.map(|(index, text)| Choice {
            id: key(&format!("o{index}")),
            text: (*text).to_owned(),
        })
        .collect()
    };
    let columns = |titles: &[(&str, ColumnType)]| -> Vec<Column> {
        let each = titles.iter().enumerate();
        each.map(|(index, (title, column_type))| Column {
            id: key(&format!("c{index}")),
            title: (*title).to_owned(),
            column_type: *column_type,
        })
        .collect()
    };
    vec![
        Kind::YesNo,
        Kind::Text,
        Kind::SingleChoice {
            options: options(&[
                "The border police",
                "The municipality or another local authority, where the child was found or lives",
                "Nobody",
            ]),
        },
        Kind::Number {
            unit: "persons".to_owned(),
            period: "2025".to_owned(),
        },
        Kind::MultipleChoice {
            options: options(&["The guardian", "The court", "The embassy", "Europol"]),
        },
        Kind::Table {
            columns: columns(&[
                ("Girls", ColumnType::Number),
                ("Boys", ColumnType::Number),
                ("Remark", ColumnType::Text),
            ]),
            rows: Some(vec![
                "Under 14".to_owned(),
                "14 to 17".to_owned(),
                "Not known".to_owned(),
            ]),
        },
        Kind::Date,
        Kind::Table {
            columns: columns(&[
                ("2022", ColumnType::Number),
                ("2023", ColumnType::Number),
                ("2024", ColumnType::Number),
                ("2025 (January to September)", ColumnType::Number),
                ("Source", ColumnType::Text),
            ]),
            rows: None,
        },
    ]
}

fn question((index, kind): (usize, Kind)) -> Question {
    let text = match &kind {
        Kind::YesNo => "Does your country register unaccompanied minors who go missing?",
        Kind::Text => "Please describe the procedure **from the report to the search**, and who takes part in it.",
        Kind::SingleChoice { .. } => "Who registers them first?",
        Kind::MultipleChoice { .. } => "Who is told?",
        Kind::Number { .. } => "How many went missing?",
        Kind::Date => "Since when does the rule apply?",
        Kind::Table { rows: Some(_), .. } => "How many were found again, by age?",
        Kind::Table { rows: None, .. } => "How many were registered, by citizenship?",
    };
    Question {
        id: key(&format!("q{}", index + 1)),
        revisions: vec![Revision {
            number: 1,
            text: markdown(text),
        }],
        kind,
        required: true,
        ask_if: None,
    }
}
