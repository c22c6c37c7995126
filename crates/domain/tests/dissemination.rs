//! Circles: what hangs on an answer is never wider than it, and nothing hidden shows.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop a test that cannot go on")]

mod support;

use ahq_domain::answer::{Content, Instead, YesNo};
use ahq_domain::dissemination::{Circle, Seen, is_asked, row_circles, seen};
use ahq_domain::question::{Kind, Question};
use proptest::prelude::*;

use support::{
    answer, choice_of, circles, hidden_changed, key, question, settled, some_answers, some_questions, yes_no,
};

/// q1 yes/no; q2 a choice, asked if q1 is yes or partly; q3 text, asked if q2 is b; q4 text, always asked.
fn chain() -> Vec<Question> {
    vec![
        question("q1", Kind::YesNo, None),
        question("q2", choice_of(&["a", "b"]), Some(("q1", &["yes", "partly"]))),
        question("q3", Kind::Date, Some(("q2", &["b"]))),
        question("q4", Kind::YesNo, None),
    ]
}

fn chosen(id: &str) -> Content {
    Content::Choice {
        options: vec![key(id)],
        comment: None,
    }
}

#[test]
fn each_circle_says_what_it_is_and_to_whom_a_document_may_go() {
    for (circle, word, passed_on) in [
        (
            Circle::Requester,
            "requester",
            "For the requesting contact points and the Commission only",
        ),
        (Circle::Network, "network", "For the EMN network only"),
        (Circle::Public, "public", "Public"),
    ] {
        assert_eq!(circle.to_string(), word);
        assert_eq!(word.parse(), Ok(circle));
        assert_eq!(circle.may_be_passed_on_to(), passed_on);
    }
}

#[test]
fn a_chain_of_conditions_is_followed_to_its_end() {
    use YesNo::{No, Partly, Unknown, Yes};
    let not_applicable = Content::Instead {
        word: Instead::NotApplicable,
        note: None,
    };
    for (q1, q2, asked) in [
        (Some(yes_no(Yes)), Some(chosen("b")), [true, true, true, true]),
        (Some(yes_no(Partly)), Some(chosen("b")), [true, true, true, true]),
        (Some(yes_no(Yes)), Some(chosen("a")), [true, true, false, true]),
        (Some(yes_no(Yes)), None, [true, true, false, true]),
        (Some(yes_no(No)), None, [true, false, false, true]),
        (Some(yes_no(Unknown)), None, [true, false, false, true]),
        (Some(not_applicable.clone()), None, [true, false, false, true]),
        (Some(yes_no(Yes)), Some(not_applicable), [true, true, false, true]),
        (None, None, [true, false, false, true]),
        // An answer to a question that was not asked does not bring back those that hang on it.
        (Some(yes_no(No)), Some(chosen("b")), [true, false, false, true]),
    ] {
        let questions = chain();
        let given = [("q1", q1), ("q2", q2)];
        let answers: Vec<_> = given
            .into_iter()
            .filter_map(|(id, content)| Some(answer(id, Circle::Public, content?)))
            .collect();
        let found: Vec<_> = questions
            .iter()
            .map(|question| is_asked(&questions, &answers, question))
            .collect();
        assert_eq!(found, asked, "{answers:?}");
    }
}

#[test]
fn a_choice_of_several_options_meets_a_condition_with_any_of_them() {
    let questions = chain();
    let both = Content::Choice {
        options: vec![key("a"), key("b")],
        comment: None,
    };
    let answers = [
        answer("q1", Circle::Public, yes_no(YesNo::Yes)),
        answer("q2", Circle::Public, both),
    ];
    assert!(is_asked(&questions, &answers, &questions[2]));
}

#[test]
fn what_hangs_on_an_answer_is_hidden_with_it() {
    use Circle::{Network, Public, Requester};
    for (q1, q2, q3, rows) in [
        (Public, Public, Public, [Public, Public, Public, Public]),
        (Requester, Public, Public, [Requester, Requester, Requester, Public]),
        (Network, Public, Public, [Network, Network, Network, Public]),
        (Public, Network, Public, [Public, Network, Network, Public]),
        (Network, Requester, Public, [Network, Requester, Requester, Public]),
        (Public, Public, Requester, [Public, Public, Requester, Public]),
    ] {
        let questions = chain();
        let date = Content::Date {
            date: "2026-01-01".parse().unwrap(),
            comment: None,
        };
        let answers = [
            answer("q1", q1, yes_no(YesNo::Yes)),
            answer("q2", q2, chosen("b")),
            answer("q3", q3, date),
        ];
        let circles = row_circles(&questions, &answers);
        let found: Vec<_> = questions.iter().map(|question| circles[&question.id]).collect();
        assert_eq!(found, rows);
    }
}

#[test]
fn skipped_shows_only_where_its_reason_may_be_seen() {
    let questions = chain();
    let skipped = [answer("q1", Circle::Network, yes_no(YesNo::No))];
    let answered = [
        answer("q1", Circle::Network, yes_no(YesNo::Yes)),
        answer("q2", Circle::Public, chosen("a")),
    ];
    let kinds = |answers, reader| -> Vec<String> {
        seen(&questions, answers, reader)
            .into_iter()
            .map(|(_, seen)| match seen {
                Seen::Answer(..) => "answer".to_owned(),
                other => format!("{other:?}").to_lowercase(),
            })
            .collect()
    };
    assert_eq!(
        kinds(&skipped, Circle::Network),
        ["answer", "skipped", "skipped", "none"]
    );
    assert_eq!(
        kinds(&answered, Circle::Network),
        ["answer", "answer", "skipped", "none"]
    );
    for hidden in [&skipped[..], &answered[..]] {
        assert_eq!(
            kinds(hidden, Circle::Public),
            ["restricted", "restricted", "restricted", "none"]
        );
    }
}

#[test]
fn circles_reach_their_own_readers_and_narrower_ones() {
    use Circle::{Network, Public, Requester};
    for (circle, reader, reaches) in [
        (Requester, Requester, true),
        (Requester, Network, false),
        (Requester, Public, false),
        (Network, Requester, true),
        (Network, Network, true),
        (Network, Public, false),
        (Public, Requester, true),
        (Public, Network, true),
        (Public, Public, true),
    ] {
        assert_eq!(circle.reaches(reader), reaches, "{circle} to {reader}");
    }
    let wider: Vec<_> = Circle::ALL.map(Circle::wider_dissemination).to_vec();
    assert_eq!(wider, ["No", "No", "Yes"]);
    for circle in Circle::ALL {
        assert_eq!(circle.word().parse(), Ok(circle));
    }
    assert!("everybody".parse::<Circle>().is_err());
}

proptest! {
    #[test]
    fn a_row_is_never_wider_than_its_answer_or_what_it_hangs_on(
        (questions, answers) in some_questions().prop_flat_map(|questions| {
            let answers = some_answers(&questions);
            (Just(questions), answers)
        })
    ) {
        let answers = settled(&questions, &answers);
        let circles = row_circles(&questions, &answers);
        for question in &questions {
            let row = circles[&question.id];
            if let Some(own) = answers.iter().find(|answer| answer.question == question.id) {
                prop_assert!(row <= own.circle);
            }
            if let Some(condition) = &question.ask_if {
                prop_assert!(row <= circles[&condition.question]);
            }
        }
    }

    #[test]
    fn a_narrower_reader_sees_what_a_wider_one_sees(
        (questions, answers) in some_questions().prop_flat_map(|questions| {
            let answers = some_answers(&questions);
            (Just(questions), answers)
        })
    ) {
        let answers = settled(&questions, &answers);
        let rows = Circle::ALL.map(|reader| seen(&questions, &answers, reader));
        prop_assert!(rows[0].iter().all(|(_, seen)| *seen != Seen::Restricted));
        for (narrow, wide) in [(0, 1), (1, 2), (0, 2)] {
            for (narrow, wide) in rows[narrow].iter().zip(&rows[wide]) {
                if wide.1 != Seen::Restricted {
                    prop_assert_eq!(narrow, wide);
                }
            }
        }
    }

    #[test]
    fn nothing_that_is_hidden_shows(
        (questions, one, other, reader) in some_questions().prop_flat_map(|questions| {
            let (one, other) = (some_answers(&questions), some_answers(&questions));
            (Just(questions), one, other, circles())
        })
    ) {
        let changed = hidden_changed(&questions, &one, &other, reader);
        let original = settled(&questions, &one);
        prop_assert_eq!(seen(&questions, &original, reader), seen(&questions, &changed, reader));
    }
}
