//! Reminders, and what is said about a deadline.

use super::{day, query};
use crate::messages::{ExtensionAnswered, ExtensionAsked, ExtensionOutcome, Message, Reminder, ReminderKind};

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
    vec![
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
    ]
}
