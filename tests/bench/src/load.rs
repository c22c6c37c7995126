//! The stated work: 30 offices, 1,000 closed and 20 open queries of 6 questions, 25 responses each, 150,000 answers of about
//! 400 characters; written through the store's own functions.

use std::collections::BTreeMap;

use ahq_domain::answer::{Answer, Content, NumberValue, YesNo};
use ahq_domain::clock::{Instant, Randomness};
use ahq_domain::compilation::{Snapshot, Submitted, View, compile};
use ahq_domain::deadline::Deadline;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{QueryId, ResponseId};
use ahq_domain::markdown::Markdown;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::{Office, OfficeCode, Standing};
use ahq_domain::query::{Addressee, Audience, Launched, Life, Query};
use ahq_domain::question::{Key, Question};
use ahq_domain::response::{Position, Response, Version};
use ahq_harness::goal::say;
use ahq_store::{Connection, Store, StoreError, audit, queries, responses};
use chrono::Duration;
use diesel::connection::SimpleConnection;
use serde_json::json;

/// How many offices take part in the work.
pub(crate) const OFFICES: usize = 30;
/// How many answer each query.
pub(crate) const RESPONSES: usize = 25;
/// How many queries are open.
pub(crate) const OPEN: usize = 20;
/// How many are closed, at scale 1.
const CLOSED: usize = 1_000;
/// How many queries are written in one transaction.
const TOGETHER: usize = 20;

/// The work that was loaded.
pub(crate) struct Work {
    /// The offices, by code.
    pub(crate) offices: Vec<OfficeCode>,
    /// The open queries; query `i` is led by office `i % 30`.
    pub(crate) open: Vec<QueryId>,
    /// The closed queries, likewise; number `i` of the year [`YEAR`] has index `i - 1`.
    pub(crate) closed: Vec<QueryId>,
}

/// The year of the closed queries' numbers.
pub(crate) const YEAR: i32 = 2001;

/// Text of about `length` characters that compresses like text, different for each `seed`.
fn text(seed: usize, length: usize) -> String {
    const WORDS: [&str; 24] = [
        "the",
        "competent",
        "authority",
        "issues",
        "residence",
        "permits",
        "to",
        "applicants",
        "under",
        "national",
        "law",
        "within",
        "thirty",
        "days",
        "of",
        "registration",
        "unless",
        "an",
        "exception",
        "applies",
        "for",
        "minors",
        "and",
        "families",
    ];
    let mut state = seed.wrapping_mul(0x9E37_79B9).wrapping_add(12345);
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(WORDS[(state >> 33) % WORDS.len()]);
    }
    text
}

fn markdown(seed: usize, length: usize) -> Markdown {
    Markdown::parse(&text(seed, length), 20_000).expect("a text within its limits")
}

fn questions(seed: usize) -> Vec<Question> {
    let kinds = [
        json!({"kind": "yes_no"}),
        json!({"kind": "text"}),
        json!({"kind": "text"}),
        json!({"kind": "single_choice", "options": [{"id": "a", "text": "Yes, always"}, {"id": "b", "text": "At times"}]}),
        json!({"kind": "number", "unit": "persons", "period": "2025"}),
        json!({"kind": "text"}),
    ];
    kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| {
            let mut question = kind.clone();
            question["id"] = json!(format!("q{}", index + 1));
            question["required"] = json!(true);
            question["revisions"] = json!([{"number": 1, "text": text(seed + index, 180)}]);
            serde_json::from_value(question).expect("a question as the tables keep it")
        })
        .collect()
}

/// Six answers of about 400 characters.
pub(crate) fn answers(seed: usize) -> Vec<Answer> {
    let comment = |index: usize| Some(markdown(seed * 7 + index, 390));
    let contents = [
        Content::YesNo {
            value: YesNo::Yes,
            comment: comment(0),
        },
        Content::Text {
            text: markdown(seed * 7 + 1, 400),
        },
        Content::Text {
            text: markdown(seed * 7 + 2, 400),
        },
        Content::Choice {
            options: Key::parse("a").into_iter().collect(),
            comment: comment(3),
        },
        Content::Number {
            value: NumberValue::Exactly((seed % 10_000).to_string().parse().expect("a number")),
            flag: None,
            comment: comment(4),
        },
        Content::Text {
            text: markdown(seed * 7 + 5, 400),
        },
    ];
    contents
        .into_iter()
        .enumerate()
        .map(|(index, content)| Answer {
            question: Key::parse(&format!("q{}", index + 1)).expect("a key"),
            revision: 1,
            circle: [Circle::Public, Circle::Network, Circle::Requester][(seed + index) % 7 % 3],
            ground: None,
            as_of: None,
            sources: Vec::new(),
            attachments: Vec::new(),
            content,
        })
        .collect()
}

struct Loader {
    offices: Vec<OfficeCode>,
    now: Instant,
    randomness: Randomness,
}

impl Loader {
    fn query(&self, index: usize, open: bool) -> Query {
        let number = i32::try_from(index + 1).expect("fewer queries than i32 holds");
        let launched = if open {
            self.now - Duration::days(10)
        } else {
            self.now - Duration::days(60) - Duration::hours(i64::from(number))
        };
        let end = if open {
            self.now + Duration::days(20)
        } else {
            launched + Duration::days(28)
        };
        let lead = self.offices[index % OFFICES].clone();
        Query {
            id: QueryId::new(launched, &self.randomness),
            version: 2,
            lead: lead.clone(),
            joint: Vec::new(),
            originator: None,
            title: format!("Query {number} on {}", text(index, 60)),
            background: Some(markdown(index, 1_500)),
            public_background: None,
            never_public: false,
            topics: vec!["protection".to_owned()],
            keywords: vec!["permits".to_owned()],
            default_circle: Circle::Public,
            questions: questions(index),
            life: Life::Launched(Box::new(Launched {
                number: QueryNumber {
                    year: if open { YEAR + 1 } else { YEAR },
                    sequence: number,
                },
                at: launched,
                deadline: Deadline::on(end.date_naive()),
                urgent_reason: None,
                audience: Audience::MembersAndObservers,
                addressees: self
                    .offices
                    .iter()
                    .filter(|office| **office != lead)
                    .map(|office| Addressee {
                        office: office.clone(),
                        standing: Standing::Member,
                        expected: true,
                        told: launched,
                        agreed: None,
                    })
                    .collect(),
                extensions: Vec::new(),
                closed_early: None,
                withdrawn: None,
                last_edition: None,
                publications: Vec::new(),
                holds: Vec::new(),
                mailed: None,
            })),
            created: launched,
            changed: launched,
        }
    }

    /// The query with its responses, and on an open query a draft of every addressee, fit to be submitted.
    fn write(&self, conn: &mut Connection, query: &Query, index: usize, open: bool) -> Result<(), StoreError> {
        queries::insert(conn, query)?;
        let at = query.changed + Duration::days(5);
        for step in 1..OFFICES {
            let office = &self.offices[(index + step) % OFFICES];
            let answered = step <= RESPONSES;
            if !answered && !open {
                break;
            }
            let answers = answers(index * OFFICES + step);
            let mut response = Response {
                id: ResponseId::new(at, &self.randomness),
                query: query.id,
                office: office.clone(),
                version: 1,
                position: Position::Drafting { retracted: None },
                last_version: 0,
                first_submitted: None,
                late: false,
                asked: None,
            };
            if answered {
                response.position = Position::Submitted {
                    version: 1,
                    at,
                    in_part: false,
                };
                response.last_version = 1;
                response.first_submitted = Some(at);
            }
            responses::insert(conn, &response)?;
            if open {
                responses::replace_draft(conn, response.id, &answers, at, None)?;
            }
            if answered {
                let circles: BTreeMap<Key, Circle> = answers
                    .iter()
                    .map(|answer| (answer.question.clone(), answer.circle))
                    .collect();
                let version = Version {
                    number: 1,
                    at,
                    by: None,
                    answers,
                };
                responses::insert_version(conn, response.id, &version)?;
                responses::set_circles(conn, response.id, &circles)?;
            }
        }
        let event = audit::Event {
            id: ahq_domain::id::EventId::new(at, &self.randomness),
            at,
            user: None,
            office: None,
            action: "query.launched".to_owned(),
            subject: format!("query/{}", query.id),
            facts: json!({}),
        };
        audit::record(conn, &event)
    }
}

/// The codes of the offices that take part in the work, sorted.
fn taking_part(network: &[Office], now: Instant) -> Vec<OfficeCode> {
    let mut offices: Vec<OfficeCode> = network
        .iter()
        .filter(|office| office.takes_part_on(now.date_naive()) && office.standing == Standing::Member)
        .chain(network.iter().filter(|office| office.standing == Standing::Observer))
        .map(|office| office.code.clone())
        .take(OFFICES)
        .collect();
    assert_eq!(offices.len(), OFFICES, "the network has enough offices");
    offices.sort();
    offices
}

/// What those who asked query `index` read of its compilation when every office has answered; always the same.
pub(crate) fn compilation(network: &[Office], index: usize, now: Instant) -> View {
    let loader = Loader {
        offices: taking_part(network, now),
        now,
        randomness: Randomness::new(|buffer| buffer.fill(1)),
    };
    let query = loader.query(index, false);
    let responses: Vec<Submitted> = (0..)
        .zip(&loader.offices)
        .map(|(place, office)| Submitted {
            office: office.clone(),
            version: 1,
            at: query.changed + Duration::days(5),
            late: false,
            answers: answers(index * OFFICES + place),
        })
        .collect();
    let snapshot = Snapshot {
        query: &query,
        topics: &["International protection".to_owned()],
        offices: &network.iter().cloned().collect(),
        responses: &responses,
        declined: &[],
        now,
    };
    compile(&snapshot, Circle::Requester, 1)
}

/// Loads the work, `scale` times the closed queries.
pub(crate) async fn load(
    store: &Store,
    network: &[Office],
    scale: usize,
    now: Instant,
    randomness: Randomness,
) -> Work {
    let offices = taking_part(network, now);
    let closed = CLOSED * scale;
    let all: Vec<(usize, bool)> = (0..closed)
        .map(|index| (index, false))
        .chain((0..OPEN).map(|index| (index, true)))
        .collect();
    let mut work = Work {
        offices: offices.clone(),
        open: Vec::new(),
        closed: Vec::new(),
    };
    let begun = std::time::Instant::now();
    let mut told = begun;
    for (done, chunk) in all.chunks(TOGETHER).enumerate() {
        let chunk = chunk.to_vec();
        let loader = Loader {
            offices: offices.clone(),
            now,
            randomness: randomness.clone(),
        };
        let ids = store
            .write(move |conn| {
                let mut ids = Vec::new();
                for (index, open) in chunk {
                    let query = loader.query(index, open);
                    loader.write(conn, &query, index, open)?;
                    ids.push((query.id, open));
                }
                Ok::<_, StoreError>(ids)
            })
            .await
            .expect("the work is written");
        for (id, open) in ids {
            if open { &mut work.open } else { &mut work.closed }.push(id);
        }
        if told.elapsed().as_secs() >= 5 {
            told = std::time::Instant::now();
            say(format!("  loading: {} of {} queries", done * TOGETHER, all.len()));
        }
    }
    // What PostgreSQL's own housekeeping does within a minute: until then it plans as if the tables were empty.
    let analyse = |conn: &mut Connection| match conn {
        Connection::Sqlite(_) => Ok(()),
        Connection::Postgres(conn) => conn.batch_execute("ANALYZE"),
    };
    let analysed = store.write(move |conn| Ok::<_, StoreError>(analyse(conn)?)).await;
    analysed.expect("the tables are analysed");
    say(format!(
        "  loaded {} queries with {} answers in {:.1} s",
        all.len(),
        all.len() * RESPONSES * 6,
        begun.elapsed().as_secs_f64()
    ));
    work
}
