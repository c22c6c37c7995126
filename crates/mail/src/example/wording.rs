//! What is said about the wording of a query.

use super::{day, query};
use crate::messages::{Clarification, ClarificationAsked, Correction, Message, Question, Rewording};

fn question() -> Question {
    Question {
        number: 3,
        text: "How many such permits were issued in 2025, by citizenship & sex (<18, ≥18)?".into(),
    }
}

/// A correction that an office hears of which has not answered.
fn correction() -> Correction {
    Correction {
        query: query(),
        corrected_on: day(2026, 11, 9),
        reason: "The question asked for two years at once.".into(),
        background: None,
        questions: vec![(
            3,
            Rewording {
                before: "How many such permits were issued in 2024 and 2025, by citizenship & sex (<18, ≥18)?".into(),
                after: question().text,
            },
        )],
        to_confirm: Vec::new(),
        answering: true,
        link: "https://ahq.example.org/queries/2026.81/responses/PL".into(),
    }
}

pub(super) fn all() -> Vec<(&'static str, Message)> {
    let background = Rewording {
        before: "Luxembourg prepares a law on the stay of students.".into(),
        after: "Luxembourg prepares a law on the stay of graduates.\n\nIt asks about those who look for work.".into(),
    };
    let answered = Correction {
        background: Some(background.clone()),
        questions: vec![
            (
                1,
                Rewording {
                    before: "Does your country let students stay?".into(),
                    after: "Does your country let graduates stay?".into(),
                },
            ),
            correction().questions.remove(0),
        ],
        to_confirm: vec![1, 3],
        ..correction()
    };
    let one = Correction {
        to_confirm: vec![3],
        ..correction()
    };
    let told = Correction {
        background: Some(Rewording {
            before: String::new(),
            ..background
        }),
        questions: Vec::new(),
        answering: false,
        link: "https://ahq.example.org/queries/2026.81/corrections".into(),
        ..correction()
    };
    let asked = ClarificationAsked {
        query: query(),
        asking_office: "EMN NCP Poland".into(),
        question: Some(question()),
        text: "Do renewals count?\n\nOur register keeps\n\n- first permits,\n- renewals.".into(),
        link: "https://ahq.example.org/queries/2026.81/clarifications".into(),
    };
    let given = Clarification {
        query: query(),
        asking_office: "EMN NCP Poland".into(),
        replying_office: "EMN NCP Luxembourg".into(),
        question: asked.question.clone(),
        text: asked.text.clone(),
        reply: "First permits only.".into(),
        link: asked.link.clone(),
    };
    let of_all = Clarification {
        question: None,
        text: "Are doctoral students meant?".into(),
        reply: "No.".into(),
        ..given.clone()
    };
    vec![
        ("correction", Message::Correction(correction())),
        ("correction_answered", Message::Correction(answered)),
        ("correction_answered_one", Message::Correction(one)),
        ("correction_told", Message::Correction(told)),
        ("clarification_asked", Message::ClarificationAsked(asked)),
        ("clarification", Message::Clarification(given)),
        ("clarification_of_all", Message::Clarification(of_all)),
    ]
}
