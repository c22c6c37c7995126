//! A query from its draft to its publication.

use super::{at, day, query};
use crate::messages::{
    AccountInvitation, Compilation, EditionReplaced, Erasure, Extension, HoldLifted, HoldPlaced, JointInvitation,
    Launch, Link, Message, Publication, PublicationNotice, Question, Retraction, RichText, Summary, Withdrawal,
};

/// A launch.
pub fn launch() -> Launch {
    Launch {
        query: query(),
        launched_on: day(2026, 11, 5),
        deadline: day(2026, 12, 4),
        working_days: 20,
        urgent: None,
        expected: true,
        questions: vec![
            Question {
                number: 1,
                text: "Does your country let third-country nationals stay after graduation in order to look for \
                       work or to set up a business (Directive (EU) 2016/801, Art. 25)?"
                    .into(),
            },
            Question {
                number: 2,
                text: "For how many months? Please distinguish\n- graduates of your country's institutions,\n- graduates of institutions elsewhere in the EU."
                    .into(),
            },
            Question {
                number: 3,
                text: "How many such permits were issued in 2025, by citizenship & sex (<18, ≥18)?".into(),
            },
        ],
        link: "https://ahq.example.org/queries/2026.81/response".into(),
    }
}

fn summary() -> Summary {
    let rich = |html: &str, text: &str| RichText {
        html: html.into(),
        text: text.into(),
    };
    Summary {
        background: rich(
            "<p>Luxembourg prepares a law on the stay of graduates. It asks how others apply <em>Art. 25</em> of \
             Directive (EU) 2016/801.</p>",
            "Luxembourg prepares a law on the stay of graduates. It asks how others apply Art. 25 of Directive (EU) \
             2016/801.",
        ),
        respondents: rich(
            "<p>24 offices responded: 22 members, Norway and Serbia.</p>",
            "24 offices responded: 22 members, Norway and Serbia.",
        ),
        findings: rich(
            "<p>Nearly all countries let graduates stay:</p><ul><li><strong>yes</strong>: 21 countries, for 9 to 24 \
             months (median 12);</li><li><strong>no</strong>: 3 countries.</li></ul><table><thead><tr><th>Months</th>\
             <th>Countries</th></tr></thead><tbody><tr><td>9</td><td>BE, EL, PT</td></tr><tr><td>12</td><td>AT, EE, \
             FI, FR</td></tr></tbody></table>",
            "Nearly all countries let graduates stay:\n\n- yes: 21 countries, for 9 to 24 months (median 12), most \
             of them without a quota;\n- no: 3 countries.",
        ),
    }
}

/// A compilation with its summary.
pub fn compilation() -> Compilation {
    Compilation {
        query: query(),
        edition: 1,
        view: "network".into(),
        produced_on: day(2026, 12, 7),
        responses: "Responses from Austria, Belgium, Bulgaria, Croatia, Cyprus, Czech Republic, Estonia, Finland, \
                    France, Germany, Greece, Hungary, Ireland, Italy, Latvia, Lithuania, Luxembourg, Netherlands, \
                    Poland, Portugal, Slovak Republic, Sweden plus Norway and Serbia (24 in total)"
            .into(),
        summary: Some(summary()),
        changes: Vec::new(),
        link: "https://ahq.example.org/queries/2026.81/editions/1".into(),
        files: ["PDF", "DOCX", "XLSX"]
            .map(|label| Link {
                label: label.into(),
                url: format!(
                    "https://ahq.example.org/api/v1/queries/2026.81/editions/1?format={}&circle=network",
                    label.to_lowercase()
                ),
            })
            .to_vec(),
        passing_on: "This view is for the network: the addressed offices, the Commission and the service provider. \
                     Please do not pass it on further."
            .into(),
    }
}

fn publication_notice() -> PublicationNotice {
    PublicationNotice {
        query: query(),
        edition: 2,
        public_from: at(day(2026, 12, 18), 8, 0),
        public_answers: vec![1, 2, 4],
        restricted_answers: vec![3],
        with_summary: true,
        link: "https://ahq.example.org/queries/2026.81/response".into(),
    }
}

/// A later deadline for all.
pub fn extension() -> Extension {
    Extension {
        query: query(),
        old_deadline: day(2026, 12, 4),
        new_deadline: day(2026, 12, 11),
        kept: None,
        reason: "Several offices have to ask their ministries of labour.".into(),
        link: "https://ahq.example.org/queries/2026.81/response".into(),
    }
}

fn retraction() -> Retraction {
    Retraction {
        query: query(),
        answering_office: "EMN NCP Estonia".into(),
        retracted_on: day(2026, 12, 15),
        edition: 1,
        view: "network".into(),
        replaced_by: None,
        link: "https://ahq.example.org/queries/2026.81/editions".into(),
    }
}

fn hold_placed() -> HoldPlaced {
    HoldPlaced {
        query: query(),
        what: "The answer of EMN NCP Estonia to question 3".into(),
        placed_by: "EMN NCP Luxembourg".into(),
        placed_on: day(2026, 12, 15),
        reason: "It names a person.".into(),
        lifted_by: "EMN NCP Estonia".into(),
        edition: false,
        link: "https://ahq.example.org/queries/2026.81/holds".into(),
    }
}

pub(super) fn all() -> Vec<(&'static str, Message)> {
    let urgent = Launch {
        working_days: 6,
        deadline: day(2026, 11, 13),
        urgent: Some("The committee of parliament meets on 17 November.\nA later answer cannot be used.".into()),
        expected: false,
        questions: vec![Question {
            number: 1,
            text: "Do you issue visas to seasonal workers on arrival?".into(),
        }],
        ..launch()
    };
    let agreed = Extension {
        kept: Some(day(2026, 12, 18)),
        ..extension()
    };
    let second = Compilation {
        edition: 2,
        view: "requester".into(),
        link: "https://ahq.example.org/queries/2026.81/editions/2".into(),
        passing_on: "This view is for the requesters and the Commission. Please do not pass it on.".into(),
        summary: None,
        files: Vec::new(),
        changes: vec![
            "EMN NCP Spain responded late.".into(),
            "EMN NCP Estonia amended its answers to questions 1 and 3.".into(),
            "EMN NCP Finland retracted its response.".into(),
        ],
        ..compilation()
    };
    let nothing_public = PublicationNotice {
        public_answers: Vec::new(),
        restricted_answers: vec![1, 2, 3],
        with_summary: false,
        ..publication_notice()
    };
    let one_public = PublicationNotice {
        public_answers: vec![2],
        restricted_answers: Vec::new(),
        ..publication_notice()
    };
    let account = AccountInvitation {
        name: "Zoë Ćwiklińska".into(),
        office: "EMN NCP Poland".into(),
        role: "expert".into(),
        invited_by: "EMN NCP Poland".into(),
        link: "https://ahq.example.org/invitations/q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA".into(),
        expires: at(day(2026, 11, 12), 13, 30),
    };
    let joint = JointInvitation {
        title: query().title,
        lead: "EMN NCP Luxembourg".into(),
        deadline: None,
        questions: 4,
        link: "https://ahq.example.org/queries/0199e4a2-5c00-7000-8000-000000000051/joint".into(),
    };
    let joint_with_date = JointInvitation {
        deadline: Some(day(2026, 12, 4)),
        ..joint.clone()
    };
    let withdrawal = Withdrawal {
        query: query(),
        withdrawn_on: day(2026, 11, 20),
        reason: "The European Commission published the same figures on 18 November.".into(),
    };
    let publication = Publication {
        query: query(),
        edition: 2,
        published_on: day(2026, 12, 18),
        public_link: "https://ahq.example.org/public/queries/2026.81".into(),
    };
    let replaced_retraction = Retraction {
        replaced_by: Some(2),
        ..retraction()
    };
    let edition_replaced = EditionReplaced {
        query: query(),
        answering_office: "EMN NCP Estonia".into(),
        replaced_on: day(2026, 12, 15),
        edition: 1,
        view: "network".into(),
        replaced_by: 2,
        link: "https://ahq.example.org/queries/2026.81/editions/2".into(),
    };
    let held_edition = HoldPlaced {
        what: "Edition 1".into(),
        placed_by: "the Commission".into(),
        lifted_by: "a requester or the office that placed it".into(),
        edition: true,
        ..hold_placed()
    };
    let hold_lifted = HoldLifted {
        query: query(),
        what: "The answer of EMN NCP Estonia to question 3".into(),
        lifted_by: "EMN NCP Estonia".into(),
        lifted_on: day(2026, 12, 16),
        link: "https://ahq.example.org/queries/2026.81".into(),
    };
    vec![
        ("account_invitation", Message::AccountInvitation(account)),
        ("joint_invitation", Message::JointInvitation(joint)),
        ("joint_invitation_dated", Message::JointInvitation(joint_with_date)),
        ("launch", Message::Launch(launch())),
        ("launch_urgent", Message::Launch(urgent)),
        ("withdrawal", Message::Withdrawal(withdrawal)),
        ("extension", Message::Extension(extension())),
        ("extension_agreed", Message::Extension(agreed)),
        ("compilation", Message::Compilation(compilation())),
        ("compilation_second", Message::Compilation(second)),
        ("publication_notice", Message::PublicationNotice(publication_notice())),
        ("publication_notice_none", Message::PublicationNotice(nothing_public)),
        ("publication_notice_one", Message::PublicationNotice(one_public)),
        ("publication", Message::Publication(publication)),
        ("retraction", Message::Retraction(retraction())),
        ("retraction_replaced", Message::Retraction(replaced_retraction)),
        ("edition_replaced", Message::EditionReplaced(edition_replaced)),
        (
            "erasure",
            Message::Erasure(Erasure {
                query: query(),
                what: "The answer of EMN NCP Estonia to question 3".into(),
                erased_on: day(2026, 12, 15),
                order: "SP/2026/17".into(),
                answers: true,
                link: "https://ahq.example.org/queries/2026.81".into(),
            }),
        ),
        ("hold_placed", Message::HoldPlaced(hold_placed())),
        ("hold_placed_edition", Message::HoldPlaced(held_edition)),
        ("hold_lifted", Message::HoldLifted(hold_lifted)),
    ]
}
