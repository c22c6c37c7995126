//! The largest of each message, and that nothing that does not fit goes missing in silence.

use ahq_mail::example::{Example, all, compilation, digest, launch, quarterly_list, weekly_overview};
use ahq_mail::messages::{
    AccountChange, Compilation, Digest, Launch, MOST, Message, QuarterlyList, QueryHead, Question, Rewording, RichText,
    WeeklyOverview,
};
use ahq_mail::outgoing::{Calendar, Method, Outgoing};

use crate::facts::outgoing;

/// Letters that take most room: two bytes each, six as quoted-printable.
fn greek(letters: usize) -> String {
    "Άδεια διαμονής φοιτητών ".chars().cycle().take(letters).collect()
}

fn hundred<T: Clone>(one: &T) -> Vec<T> {
    vec![one.clone(); 100]
}

/// The message with titles of 500 letters, reasons of 2,000 and lists of 100.
fn at_its_largest(message: Message) -> Message {
    let (title, reason) = (greek(500), greek(2_000));
    let head = |query: QueryHead| QueryHead {
        title: title.clone(),
        ..query
    };
    match message {
        Message::AccountInvitation(_) => message,
        Message::PasswordReset(mut m) => {
            m.name = greek(200);
            Message::PasswordReset(m)
        }
        Message::AddressConfirmation(mut m) => {
            m.name = greek(200);
            Message::AddressConfirmation(m)
        }
        Message::UserReset(mut m) => {
            (m.name, m.order) = (greek(200), greek(200));
            Message::UserReset(m)
        }
        Message::FirstCoordinator(mut m) => {
            m.name = greek(200);
            Message::FirstCoordinator(m)
        }
        Message::ServiceAccountMade(mut m) => {
            (m.name, m.made_by) = (greek(100), greek(200));
            Message::ServiceAccountMade(m)
        }
        Message::TokenEnds(mut m) => {
            m.name = greek(100);
            m.user = m.user.map(|_| greek(200));
            Message::TokenEnds(m)
        }
        Message::UserListDue(_) => message,
        Message::AccountsDisabled(mut m) => {
            m.names = hundred(&greek(200));
            Message::AccountsDisabled(m)
        }
        Message::AccountNotice(mut m) => {
            m.name = greek(200);
            match &mut m.change {
                AccountChange::Reset { order, .. } => *order = greek(200),
                AccountChange::TokenMade { name, .. } => *name = greek(100),
                _ => {}
            }
            Message::AccountNotice(m)
        }
        Message::JointInvitation(mut m) => {
            m.title = title;
            Message::JointInvitation(m)
        }
        Message::ContributionAsked(mut m) => {
            (m.query, m.note, m.name) = (head(m.query), Some(reason), Some(greek(200)));
            m.questions = (1..=20)
                .map(|number| Question {
                    number,
                    text: greek(10_000),
                })
                .collect();
            Message::ContributionAsked(m)
        }
        Message::ContributionReturned(mut m) => {
            (m.query, m.contributor) = (head(m.query), greek(200));
            m.answered = (1..=20).collect();
            Message::ContributionReturned(m)
        }
        Message::ApprovalAsked(mut m) => {
            (m.query, m.asked_by) = (head(m.query), greek(200));
            Message::ApprovalAsked(m)
        }
        Message::Launch(mut m) => {
            m.query = head(m.query);
            m.urgent = Some(reason);
            m.questions = (1..=20)
                .map(|number| Question {
                    number,
                    text: greek(10_000),
                })
                .collect();
            Message::Launch(m)
        }
        Message::Withdrawal(mut m) => {
            (m.query, m.reason) = (head(m.query), reason);
            Message::Withdrawal(m)
        }
        Message::Extension(mut m) => {
            (m.query, m.reason) = (head(m.query), reason);
            Message::Extension(m)
        }
        Message::Compilation(mut m) => {
            let part = RichText {
                html: greek(8_000),
                text: greek(8_000),
            };
            m.query = head(m.query);
            m.changes = vec![greek(400); 100];
            if let Some(summary) = &mut m.summary {
                (summary.background, summary.respondents) = (part.clone(), part.clone());
                summary.findings = part;
            }
            Message::Compilation(m)
        }
        Message::PublicationNotice(mut m) => {
            m.query = head(m.query);
            (m.public_answers, m.restricted_answers) = ((1..=20).collect(), (1..=20).collect());
            Message::PublicationNotice(m)
        }
        Message::Publication(mut m) => {
            m.query = head(m.query);
            Message::Publication(m)
        }
        Message::Retraction(mut m) => {
            m.query = head(m.query);
            Message::Retraction(m)
        }
        Message::EditionReplaced(mut m) => {
            m.query = head(m.query);
            Message::EditionReplaced(m)
        }
        Message::HoldPlaced(mut m) => {
            (m.query, m.reason) = (head(m.query), reason);
            Message::HoldPlaced(m)
        }
        Message::Erasure(mut m) => {
            m.query = head(m.query);
            Message::Erasure(m)
        }
        Message::HoldLifted(mut m) => {
            m.query = head(m.query);
            Message::HoldLifted(m)
        }
        Message::Reminder(mut m) => {
            m.query = head(m.query);
            Message::Reminder(m)
        }
        Message::ExtensionAsked(mut m) => {
            (m.query, m.reason) = (head(m.query), reason);
            Message::ExtensionAsked(m)
        }
        Message::ExtensionAnswered(mut m) => {
            (m.query, m.note) = (head(m.query), Some(reason));
            Message::ExtensionAnswered(m)
        }
        Message::Correction(mut m) => {
            let rewording = |letters: usize| Rewording {
                before: greek(letters),
                after: greek(letters),
            };
            (m.query, m.reason) = (head(m.query), reason);
            m.background = Some(rewording(20_000));
            m.questions = (1..=20).map(|number| (number, rewording(4_000))).collect();
            m.to_confirm = (1..=20).collect();
            Message::Correction(m)
        }
        Message::ClarificationAsked(mut m) => {
            (m.query, m.text) = (head(m.query), greek(5_000));
            m.question = Some(Question {
                number: 20,
                text: greek(4_000),
            });
            Message::ClarificationAsked(m)
        }
        Message::Clarification(mut m) => {
            (m.query, m.text, m.reply) = (head(m.query), greek(5_000), greek(5_000));
            m.question = Some(Question {
                number: 20,
                text: greek(4_000),
            });
            Message::Clarification(m)
        }
        Message::Digest(mut m) => {
            if let Some(item) = m.items.first_mut() {
                item.what = greek(400);
                item.query.as_mut().unwrap().title = title.clone();
                m.items = hundred(item);
            }
            if let Some(waiting) = m.waiting.first_mut() {
                waiting.title = title;
                m.waiting = hundred(waiting);
            }
            Message::Digest(m)
        }
        Message::WeeklyOverview(mut m) => {
            if let Some(query) = m.queries.first_mut() {
                query.title = title;
                m.queries = hundred(query);
            }
            Message::WeeklyOverview(m)
        }
        Message::QuarterlyList(mut m) => {
            for topic in &mut m.topics {
                topic.queries[0].title.clone_from(&title);
                topic.queries = hundred(&topic.queries[0]);
            }
            m.topics = m.topics.into_iter().cycle().take(20).collect();
            Message::QuarterlyList(m)
        }
        Message::LateResponse(mut m) => {
            m.query = head(m.query);
            Message::LateResponse(m)
        }
        Message::HolidayAdded(mut m) => {
            m.query = head(m.query);
            Message::HolidayAdded(m)
        }
        Message::UserNotReached(mut m) => {
            m.reason = greek(300);
            Message::UserNotReached(m)
        }
        Message::OfficeNotReached(mut m) => {
            m.reason = greek(300);
            Message::OfficeNotReached(m)
        }
    }
}

#[test]
fn the_largest_message_of_each_kind_fits() {
    for Example {
        name, frame, message, ..
    } in all()
    {
        let content = at_its_largest(message).render(&frame).unwrap();
        for link in [frame.exchange_url.as_str(), "https://ahq.example.org/"] {
            assert!(content.text().contains(link), "{name}");
        }
        let largest = Outgoing {
            content,
            calendar: Some(Calendar {
                method: Method::Publish,
                bytes: vec![b'A'; 2_000],
            }),
            unsubscribe: Some(format!("https://ahq.example.org/unsubscribe/{}", "x".repeat(200))),
            ..outgoing()
        };
        let bytes = largest.bytes().unwrap().len();
        assert!(bytes <= MOST, "{name}: {bytes} bytes");
    }
}

/// The number in `And 37 more`, in the text and in the HTML.
fn more(message: &Message) -> (usize, usize) {
    let rendered = message.render(&ahq_mail::example::frame()).unwrap();
    let number = |text: &str| {
        let rest = text.split("And ").nth(1).expect("what is missing is counted");
        rest.split(' ').next().unwrap().parse().unwrap()
    };
    (number(rendered.text()), number(rendered.html()))
}

#[test]
fn what_a_list_leaves_out_is_counted() {
    let digest_of = |items: usize| {
        let item = digest().items.remove(0);
        Message::Digest(Digest {
            items: vec![item; items],
            waiting: Vec::new(),
            ..digest()
        })
    };
    assert_eq!(more(&digest_of(97)), (37, 37));
    let whole = digest_of(60).render(&ahq_mail::example::frame()).unwrap();
    assert_eq!(whole.text().matches("EMN NCP Estonia responded.").count(), 60);
    assert!(!whole.text().contains("more, see"));

    let query = weekly_overview().queries.remove(0);
    let weekly = Message::WeeklyOverview(WeeklyOverview {
        queries: vec![query; 61],
        ..weekly_overview()
    });
    let (text, html) = more(&weekly);
    let rendered = weekly.render(&ahq_mail::example::frame()).unwrap();
    assert_eq!(rendered.text().matches("Age assessment").count() + text, 61);
    assert_eq!(text, html);

    let mut topics = quarterly_list().topics;
    let listed = topics[0].queries.remove(0);
    topics[0].queries = vec![listed.clone(); 50];
    topics[1].queries = vec![listed; 50];
    let quarterly = Message::QuarterlyList(QuarterlyList {
        topics,
        ..quarterly_list()
    });
    let rendered = quarterly.render(&ahq_mail::example::frame()).unwrap();
    assert_eq!(rendered.text().matches("2026.81:").count() + more(&quarterly).0, 100);
}

#[test]
fn what_does_not_fit_is_cut_at_its_end_or_stays_behind_its_link() {
    let questions = (1..=20)
        .map(|number| Question {
            number,
            text: "How many residence permits <were> issued? ".repeat(60),
        })
        .collect();
    let long = Message::Launch(Launch { questions, ..launch() });
    let rendered = long.render(&ahq_mail::example::frame()).unwrap();
    assert_eq!(rendered.html().matches('…').count(), 20);

    let mut summary = compilation().summary.unwrap();
    summary.findings.html = format!("<p>{}</p>", "found ".repeat(8_000));
    let long = Message::Compilation(Compilation {
        summary: Some(summary),
        ..compilation()
    });
    let rendered = long.render(&ahq_mail::example::frame()).unwrap();
    for part in [rendered.text(), rendered.html()] {
        assert!(part.contains("The summary is too long for a mail"));
        assert!(!part.contains("found found"));
    }
}
