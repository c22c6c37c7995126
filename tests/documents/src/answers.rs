//! What the countries of the samples answer: by their place, so that every run gives the same.

use ahq_domain::answer::{Answer, Content, Instead, NumberFlag, NumberValue, Row, Source, YesNo};
use ahq_domain::compilation::Submitted;
use ahq_domain::dissemination::Circle;
use ahq_domain::office::OfficeCode;
use ahq_domain::question::{Key, Kind, MOST_QUESTIONS, Question};
use chrono::NaiveDate;

use crate::query::{at, markdown};
use crate::texts::{MARKDOWN, hostile, own};

/// The response of the office in this place.
pub(crate) fn given(questions: &[Question], office: &OfficeCode, place: usize) -> Submitted {
    let late = place % 9 == 4;
    let answers: Vec<Answer> = questions
        .iter()
        .enumerate()
        .map(|(index, question)| answer(question, questions.len(), office, place, index))
        .collect();
    // What hangs on an earlier answer is answered only after that; a question that may be left open sometimes is.
    let kept = questions.iter().zip(&answers).filter(|(question, _)| {
        let asked = question.ask_if.as_ref().is_none_or(|condition| {
            let earlier = answers.iter().find(|answer| answer.question == condition.question);
            earlier.is_some_and(|answer| answer.content.is_one_of(&condition.one_of))
        });
        asked && (question.required || !place.is_multiple_of(3))
    });
    Submitted {
        office: office.clone(),
        version: if place % 6 == 2 { 2 } else { 1 },
        at: at(if late {
            "2026-10-20T08:00:00Z"
        } else {
            "2026-10-01T08:00:00Z"
        }),
        late,
        answers: kept.map(|(_, answer)| answer.clone()).collect(),
    }
}

/// The same response as an earlier edition had it.
pub(crate) fn changed((place, mut response): (usize, Submitted)) -> Submitted {
    if let (2 | 6, Some(answer)) = (place, response.answers.first_mut()) {
        answer.circle = Circle::Public;
        answer.content = Content::Instead {
            word: Instead::ToFollow,
            note: None,
        };
    }
    response
}

fn answer(question: &Question, questions: usize, office: &OfficeCode, place: usize, index: usize) -> Answer {
    let circle = if place == 5 || (place + index).is_multiple_of(11) {
        Circle::Requester
    } else if (2 * place + index).is_multiple_of(7) {
        Circle::Network
    } else {
        Circle::Public
    };
    Answer {
        question: question.id.clone(),
        revision: if place.is_multiple_of(5) {
            1
        } else {
            question.revision()
        },
        circle,
        ground: (circle != Circle::Public && place.is_multiple_of(2))
            .then(|| "Article 4(1)(a), third indent: international relations".to_owned()),
        as_of: place
            .is_multiple_of(4)
            .then(|| day(2026, 1 + u32::try_from(place % 9).unwrap_or_default())),
        sources: if place.is_multiple_of(3) {
            sources(office)
        } else {
            Vec::new()
        },
        attachments: Vec::new(),
        content: content(question, questions, office, place, index),
    }
}

fn sources(office: &OfficeCode) -> Vec<Source> {
    vec![
        Source {
            title: format!("Statistical office <{office}> & others, table 5"),
            address: Some(format!("https://example.org/{office}/statistics?table=5&year=2025")),
        },
        Source {
            title: "Own records".to_owned(),
            address: None,
        },
    ]
}

fn day(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 15).expect("a day")
}

fn content(question: &Question, questions: usize, office: &OfficeCode, place: usize, index: usize) -> Content {
    let comment = (place % 3 == 1).then(|| markdown(own(office.as_str())));
    let word = match (3 * place + 5 * index) % 23 {
        7 => Some(Instead::NotApplicable),
        11 => Some(Instead::NoInformation),
        13 => Some(Instead::ToFollow),
        _ => None,
    };
    if let Some(word) = word {
        return Content::Instead { word, note: comment };
    }
    let number = 17 * place + 31 * index;
    match &question.kind {
        Kind::Text => Content::Text {
            text: markdown(&text(questions, office, place, index)),
        },
        Kind::YesNo => Content::YesNo {
            value: YesNo::ALL[[0, 0, 1, 2, 0, 3, 1][number % 7]],
            comment,
        },
        Kind::SingleChoice { options } => Content::Choice {
            options: vec![options[number % options.len()].id.clone()],
            comment,
        },
        Kind::MultipleChoice { options } => {
            let chosen = |(bit, id): (usize, Key)| (number >> bit & 1 == 1 || bit == 0).then_some(id);
            let ids = options.iter().map(|option| option.id.clone()).enumerate();
            Content::Choice {
                options: ids.filter_map(chosen).collect(),
                comment,
            }
        }
        Kind::Number { .. } => Content::Number {
            value: match number % 8 {
                3 => NumberValue::FewerThan("5".parse().expect("a number")),
                5 => NumberValue::Confidential,
                _ => NumberValue::Exactly(
                    format!("{number}{}", ["", ".5", "250"][place % 3])
                        .parse()
                        .expect("a number"),
                ),
            },
            flag: [None, Some(NumberFlag::Estimate), Some(NumberFlag::Provisional)][place % 3],
            comment,
        },
        Kind::Date => Content::Date {
            date: day(1990 + i32::try_from(place).unwrap_or_default(), 5),
            comment,
        },
        Kind::Table { columns, rows } => {
            let own = ["Afghanistan", "Syria", "Côte d’Ivoire", "Stateless"]
                .map(str::to_owned)
                .to_vec();
            let titles = rows.clone().unwrap_or(own);
            let cell = |row: usize, column: usize| match (row + column + place) % 6 {
                _ if column + 1 == columns.len() => "Register".to_owned(),
                5 => String::new(),
                _ => (number * (row + 1) + column).to_string(),
            };
            let row = |(row, title): (usize, String)| Row {
                title,
                cells: (0..columns.len()).map(|column| cell(row, column)).collect(),
            };
            Content::Table {
                rows: titles.into_iter().enumerate().map(row).collect(),
                comment,
            }
        }
    }
}

/// Of a usual query what a country would write; of the one with everything, also what it should not.
fn text(questions: usize, office: &OfficeCode, place: usize, index: usize) -> String {
    let usual = format!("{}\n\n{}", own(office.as_str()), own("").repeat(3));
    let hostile = hostile();
    match place % 3 {
        0 if questions == MOST_QUESTIONS => hostile[(place / 3 + index) % hostile.len()].clone(),
        1 => format!("{usual}\n\n{MARKDOWN}"),
        _ => usual,
    }
}
