//! Reminders, and what is said about a deadline.

use super::{at, day, launch, query};
use crate::messages::{
    ApprovalAsked, ContributionAsked, ContributionReturned, ExtensionAnswered, ExtensionAsked, ExtensionOutcome,
    HolidayAdded, LateResponse, Message, Reminder, ReminderKind,
};

const ANSWER: &str = "https://ahq.example.org/queries/2026.81/responses/PL";

fn reminder(kind: ReminderKind) -> Reminder {
    Reminder {
        query: query(),
        deadline: day(2026, 12, 4),
        kind,
        agreed: false,
        in_part: false,
        asked: false,
        link: ANSWER.into(),
    }
}

pub(super) fn all() -> Vec<(&'static str, Message)> {
    let last_day = Reminder {
        asked: true,
        ..reminder(ReminderKind::DaysLeft(0))
    };
    let agreed = Reminder {
        deadline: day(2026, 12, 11),
        agreed: true,
        ..reminder(ReminderKind::Overdue(6))
    };
    let in_part = Reminder {
        in_part: true,
        ..reminder(ReminderKind::Overdue(1))
    };
    let asked = ExtensionAsked {
        query: query(),
        asking_office: "EMN NCP Poland".into(),
        deadline: day(2026, 12, 4),
        proposed: day(2026, 12, 11),
        reason: "The ministry of labour has the figures, and needs another week.".into(),
        link: "https://ahq.example.org/queries/2026.81/extensions".into(),
    };
    let granted = ExtensionAnswered {
        query: query(),
        proposed: day(2026, 12, 11),
        outcome: ExtensionOutcome::Granted(day(2026, 12, 9)),
        note: Some("The ministry needs the compilation on the 10th.".into()),
        link: ANSWER.into(),
    };
    let declined = ExtensionAnswered {
        outcome: ExtensionOutcome::Declined,
        note: None,
        ..granted.clone()
    };
    let late = LateResponse {
        query: query(),
        answering_office: "EMN NCP Estonia".into(),
        received: at(day(2026, 12, 7), 9, 41),
        deadline: day(2026, 12, 4),
        stale: false,
        link: "https://ahq.example.org/queries/2026.81/responses/EE".into(),
    };
    let late_and_stale = LateResponse {
        received: at(day(2026, 12, 9), 15, 2),
        stale: true,
        ..late.clone()
    };
    let approval = ApprovalAsked {
        query: query(),
        asked_by: "Anna Muster".into(),
        asked_at: at(day(2026, 11, 27), 9, 41),
        deadline: day(2026, 12, 4),
        amendment: false,
        link: ANSWER.into(),
    };
    let approval_of_amendment = ApprovalAsked {
        amendment: true,
        ..approval.clone()
    };
    let contribution = ContributionAsked {
        query: query(),
        name: Some("Eva Huber".into()),
        office: "EMN NCP Poland".into(),
        questions: launch().questions.split_off(1),
        reply_by: day(2026, 11, 20),
        last_day: day(2026, 11, 23),
        note: Some("Figures for 2025 would be enough.\nThank you.".into()),
        link: "https://ahq.example.org/contributions/q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA".into(),
    };
    let contribution_short = ContributionAsked {
        name: None,
        note: None,
        questions: launch().questions.split_off(2),
        ..contribution.clone()
    };
    let returned = ContributionReturned {
        query: query(),
        contributor: "Eva Huber".into(),
        declined: false,
        answered: vec![2, 3],
        at: at(day(2026, 11, 19), 15, 2),
        deadline: day(2026, 12, 4),
        link: "https://ahq.example.org/queries/2026.81/responses/PL/contributions".into(),
    };
    let declined_contribution = ContributionReturned {
        declined: true,
        answered: Vec::new(),
        ..returned.clone()
    };
    let holiday = HolidayAdded {
        query: query(),
        deadline: day(2026, 12, 4),
        office: "EMN NCP Romania".into(),
        day: day(2026, 12, 1),
        holiday: "National Day".into(),
        link: "https://ahq.example.org/queries/2026.81/deadline".into(),
    };
    vec![
        ("contribution_asked", Message::ContributionAsked(contribution)),
        (
            "contribution_asked_short",
            Message::ContributionAsked(contribution_short),
        ),
        ("contribution_returned", Message::ContributionReturned(returned)),
        (
            "contribution_declined",
            Message::ContributionReturned(declined_contribution),
        ),
        ("approval_asked", Message::ApprovalAsked(approval)),
        (
            "approval_asked_amendment",
            Message::ApprovalAsked(approval_of_amendment),
        ),
        ("reminder", Message::Reminder(reminder(ReminderKind::DaysLeft(5)))),
        ("reminder_last_day", Message::Reminder(last_day)),
        (
            "reminder_overdue",
            Message::Reminder(reminder(ReminderKind::Overdue(1))),
        ),
        ("reminder_agreed", Message::Reminder(agreed)),
        ("reminder_in_part", Message::Reminder(in_part)),
        ("extension_asked", Message::ExtensionAsked(asked)),
        ("extension_granted", Message::ExtensionAnswered(granted)),
        ("extension_declined", Message::ExtensionAnswered(declined)),
        ("late_response", Message::LateResponse(late)),
        ("late_response_stale", Message::LateResponse(late_and_stale)),
        ("holiday_added", Message::HolidayAdded(holiday)),
    ]
}
