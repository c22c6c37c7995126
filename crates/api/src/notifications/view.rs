//! How a user wants mail, as the interface takes and shows it.

use ahq_domain::id::UserId;
use ahq_domain::notification::{Absence, Notifications};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::MailWord;

/// How you want mail.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NotificationsDraft, example = json!({"mail": "digest", "weekly": true}))]
pub(crate) struct NotificationsBody {
    /// How much.
    mail: MailWord,
    /// The weekly overview of open queries and where your office stands.
    #[serde(default)]
    weekly: bool,
    /// The quarterly list of queries by topic.
    #[serde(default)]
    quarterly: bool,
    /// When you are away; none for never.
    absence: Option<AbsenceView>,
}

/// A time in which a user reads no mail; both days are inclusive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Absence)]
pub(crate) struct AbsenceView {
    /// Its first day.
    from: NaiveDate,
    /// Its last day.
    until: NaiveDate,
    /// The id of the user of your office who stands in.
    deputy: Option<Uuid>,
}

impl From<NotificationsBody> for Notifications {
    fn from(body: NotificationsBody) -> Self {
        Self {
            mail: body.mail.into(),
            weekly: body.weekly,
            quarterly: body.quarterly,
            absence: body.absence.map(|absence| Absence {
                from: absence.from,
                until: absence.until,
                deputy: absence.deputy.map(UserId),
            }),
        }
    }
}

/// How a user wants mail.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notifications)]
pub(crate) struct NotificationsView {
    /// Raised by each change.
    version: i64,
    /// How much.
    mail: MailWord,
    /// The weekly overview of open queries.
    weekly: bool,
    /// The quarterly list of queries by topic.
    quarterly: bool,
    /// When the user is away.
    absence: Option<AbsenceView>,
}

impl NotificationsView {
    pub(crate) fn new(version: i64, wishes: Notifications) -> Self {
        Self {
            version,
            mail: wishes.mail.into(),
            weekly: wishes.weekly,
            quarterly: wishes.quarterly,
            absence: wishes.absence.map(|absence| AbsenceView {
                from: absence.from,
                until: absence.until,
                deputy: absence.deputy.map(|deputy| deputy.0),
            }),
        }
    }
}
