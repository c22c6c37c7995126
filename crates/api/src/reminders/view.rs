//! Reminders as the interface shows them.

use ahq_exchange::reminders::{ReminderItem, ReminderState, Which};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Reminders, by office and day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reminders)]
pub(crate) struct RemindersView {
    /// The reminders.
    pub(crate) items: Vec<ReminderView>,
}

/// A reminder of one office.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reminder)]
pub(crate) struct ReminderView {
    /// Who is reminded.
    #[schema(example = "PL")]
    office: String,
    /// The deadline it is about.
    deadline: NaiveDate,
    /// Which one: `five_before`, `one_before`, `one_after`, `first_week` to `fourth_week`, or `extra`.
    #[schema(example = "five_before")]
    step: String,
    /// The day it is for.
    on: NaiveDate,
    /// What became of it.
    state: ReminderStateWord,
}

/// What became of a reminder: planned, written (to the outbox; deliveries tell whether it arrived), not_needed (the
/// office had answered, or a later reminder stood for it).
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReminderState)]
pub(crate) enum ReminderStateWord {
    /// Its day has not come.
    Planned,
    /// It went to the outbox.
    Written,
    /// The office had answered, or a later one stood for it.
    NotNeeded,
}

impl From<ReminderItem> for ReminderView {
    fn from(item: ReminderItem) -> Self {
        Self {
            office: item.office.to_string(),
            deadline: item.deadline,
            step: match item.which {
                Which::Step(step) => step.word().to_owned(),
                Which::Extra(_) => "extra".to_owned(),
            },
            on: item.on,
            state: match item.state {
                ReminderState::Planned => ReminderStateWord::Planned,
                ReminderState::Written => ReminderStateWord::Written,
                ReminderState::NotNeeded => ReminderStateWord::NotNeeded,
            },
        }
    }
}

/// Who is reminded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reminded)]
pub(crate) struct RemindedView {
    /// Codes of the offices that owe an answer.
    pub(crate) offices: Vec<String>,
}
