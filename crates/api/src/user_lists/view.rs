//! The users that an office confirms, as the interface shows them.

use ahq_domain::user::User;
use ahq_exchange::user_lists::{UserListDetail, UserListItem};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::users::view::GrantView;
use crate::words::UserStatusWord;

/// Whom an office gives access.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserList)]
pub(crate) struct UserListView {
    /// The office.
    #[schema(example = "LU")]
    office: String,
    /// Raised by each change of a user and by each confirmation.
    version: i64,
    /// When it was confirmed last; none where it never was.
    #[schema(example = "2026-03-10")]
    confirmed_on: Option<NaiveDate>,
    /// The id of the user who did.
    confirmed_by: Option<Uuid>,
    /// By when it is to be confirmed again.
    #[schema(example = "2027-03-10")]
    due_on: NaiveDate,
    /// Whether that day has come.
    due: bool,
    /// The users that are invited or active, by name.
    users: Vec<ListedUserView>,
    /// What you may do with it now.
    #[schema(example = json!(["confirm"]))]
    actions: Vec<String>,
}

/// A user whom an office gives access.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListedUser)]
pub(crate) struct ListedUserView {
    /// Their id.
    id: Uuid,
    /// Their name.
    #[schema(example = "Anna Muster")]
    name: String,
    /// Their mail address.
    #[schema(example = "anna.muster@example.org")]
    email: String,
    /// Their roles.
    grants: Vec<GrantView>,
    /// Where the account stands.
    status: UserStatusWord,
    /// The day on which they used their account last; none where they never did. An account that nobody uses for six months
    /// is disabled.
    #[schema(example = "2026-11-02")]
    used_on: Option<NaiveDate>,
}

impl ListedUserView {
    fn new(user: User, used_on: Option<NaiveDate>) -> Self {
        Self {
            id: user.id.0,
            name: user.name,
            email: user.email,
            grants: user.grants.into_iter().map(GrantView::from).collect(),
            status: user.status.into(),
            used_on,
        }
    }
}

impl UserListView {
    /// Its version, for the ETag.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }
}

impl From<UserListDetail> for UserListView {
    fn from(detail: UserListDetail) -> Self {
        let (confirmed_on, confirmed_by) = detail.list.confirmed.unzip();
        Self {
            office: detail.office.to_string(),
            version: detail.version,
            confirmed_on,
            confirmed_by: confirmed_by.map(|user| user.0),
            due_on: detail.list.due_on(),
            due: detail.due,
            users: detail
                .users
                .into_iter()
                .map(|(user, used_on)| ListedUserView::new(user, used_on))
                .collect(),
            actions: detail.actions.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Where the offices stand with confirming their users.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserLists)]
pub(crate) struct UserListsView {
    /// Each office that has users, the one that has been due for longest first.
    items: Vec<UserListItemView>,
}

/// Where an office stands with confirming its users.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserListItem)]
pub(crate) struct UserListItemView {
    /// The office.
    #[schema(example = "LU")]
    office: String,
    /// When it confirmed them last; none where it never did.
    #[schema(example = "2026-03-10")]
    confirmed_on: Option<NaiveDate>,
    /// By when it is to confirm them again.
    #[schema(example = "2027-03-10")]
    due_on: NaiveDate,
    /// Whether that day has come.
    due: bool,
    /// When it was asked last; none where it never was.
    asked_on: Option<NaiveDate>,
    /// How many users it has that are invited or active.
    #[schema(example = 4)]
    users: i64,
}

impl From<Vec<UserListItem>> for UserListsView {
    fn from(items: Vec<UserListItem>) -> Self {
        let view = |item: UserListItem| UserListItemView {
            office: item.office.to_string(),
            confirmed_on: item.list.confirmed.map(|(day, _)| day),
            due_on: item.list.due_on(),
            due: item.due,
            asked_on: item.list.asked_on,
            users: item.users,
        };
        Self {
            items: items.into_iter().map(view).collect(),
        }
    }
}
