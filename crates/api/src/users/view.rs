//! Users and sessions as the interface shows them and takes them in.

use ahq_domain::user::{Grant, User};
use ahq_exchange::session::{Session, SignIn};
use ahq_exchange::users::{UserChange, UserInput};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::{RoleWord, UserStatusWord};

/// A role granted for a time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Grant)]
pub(crate) struct GrantView {
    /// The role.
    role: RoleWord,
    /// Its first day.
    from: NaiveDate,
    /// Its last day; none for no end.
    until: Option<NaiveDate>,
}

impl From<Grant> for GrantView {
    fn from(grant: Grant) -> Self {
        Self {
            role: grant.role.into(),
            from: grant.from,
            until: grant.until,
        }
    }
}

/// A person with an account in one office. Never printed in a document.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(crate) struct UserView {
    /// Their id.
    id: Uuid,
    /// Raised by each change.
    version: i64,
    /// Their office.
    #[schema(example = "LU")]
    office: String,
    /// Their name.
    name: String,
    /// Their mail address.
    email: String,
    /// Their roles.
    grants: Vec<GrantView>,
    /// Where the account stands.
    status: UserStatusWord,
    /// What you may do with it now.
    #[schema(example = json!(["change"]))]
    actions: Vec<String>,
}

impl UserView {
    /// The view of a user for whom these actions are open to the caller.
    pub(crate) fn new(user: User, actions: &[&str]) -> Self {
        Self {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            id: user.id.0,
            version: user.version,
            office: user.office.to_string(),
            name: user.name,
            email: user.email,
            grants: user.grants.into_iter().map(GrantView::from).collect(),
            status: user.status.into(),
        }
    }
}

impl UserView {
    /// Its version, for the ETag.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }

    /// Its id, for its address.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

/// The users of an office.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Users)]
pub(crate) struct UsersView {
    /// The users, by name.
    pub(crate) items: Vec<UserView>,
}

/// Somebody to be invited.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UserInvitation, example = json!({"name": "Anna Muster", "email": "anna.muster@example.org", "role": "expert"}))]
pub(crate) struct InviteBody {
    /// Their name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Their mail address.
    #[schema(min_length = 3, max_length = 254)]
    email: String,
    /// Their role, from today on.
    role: RoleWord,
}

impl From<InviteBody> for UserInput {
    fn from(body: InviteBody) -> Self {
        Self {
            name: body.name,
            email: body.email,
            role: body.role.into(),
        }
    }
}

/// A change of a user.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UserChange, example = json!({"name": "Anna Muster", "grants": [{"role": "expert", "from": "2026-11-01"}], "disabled": false}))]
pub(crate) struct UserBody {
    /// Their name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Their roles.
    #[schema(max_items = 20)]
    grants: Vec<GrantView>,
    /// Whether the account is disabled: every session ends with its next request.
    #[serde(default)]
    disabled: bool,
}

impl From<UserBody> for UserChange {
    fn from(body: UserBody) -> Self {
        Self {
            name: body.name,
            grants: body
                .grants
                .into_iter()
                .map(|grant| Grant {
                    role: grant.role.into(),
                    from: grant.from,
                    until: grant.until,
                })
                .collect(),
            disabled: body.disabled,
        }
    }
}

/// Address and password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SignIn, example = json!({"email": "lu@example.org", "password": "a sentence is easy to remember"}))]
pub(crate) struct SignInBody {
    /// The mail address of the account.
    #[schema(min_length = 1, max_length = 254)]
    pub(crate) email: String,
    /// The password.
    #[schema(min_length = 1, max_length = 256)]
    pub(crate) password: String,
    /// The six digits of the authenticator or a recovery code, where the account has a second factor.
    #[schema(min_length = 1, max_length = 40)]
    pub(crate) code: Option<String>,
}

impl From<SignInBody> for SignIn {
    fn from(body: SignInBody) -> Self {
        Self {
            email: body.email,
            password: body.password,
            code: body.code,
        }
    }
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Refresh, example = json!({"refreshToken": "0199…"}))]
pub(crate) struct RefreshBody {
    /// The newest refresh token of the session.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) refresh_token: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Password, example = json!({"password": "a sentence is easy to remember"}))]
pub(crate) struct PasswordBody {
    /// The password: at least 15 characters, beside a second factor 8; a sentence is easy to remember.
    #[schema(min_length = 8, max_length = 256)]
    pub(crate) password: String,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tokens)]
pub(crate) struct TokensView {
    /// The access token: `Authorization: Bearer …`, for ten minutes.
    pub(crate) access_token: String,
    /// When the access token ends.
    pub(crate) expires_at: DateTime<Utc>,
    /// The refresh token: good once; using an older one ends the session.
    pub(crate) refresh_token: String,
    /// When the session ends at the latest.
    pub(crate) session_ends_at: DateTime<Utc>,
}

/// A session.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(crate) struct SessionView {
    /// Its id.
    id: Uuid,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it was renewed last.
    renewed_at: DateTime<Utc>,
    /// When it ends at the latest.
    ends_at: DateTime<Utc>,
    /// What it was opened from, as that calls itself; empty where it does not.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")]
    client: String,
    /// Whether a second factor was given.
    second_factor: bool,
    /// Whether it is the one of this request.
    current: bool,
}

impl SessionView {
    /// The view of a session.
    pub(crate) fn new(session: &Session, current: bool) -> Self {
        Self {
            id: session.id.0,
            created_at: session.created,
            renewed_at: session.rotated,
            ends_at: session.expires,
            client: session.client.clone(),
            second_factor: session.second_factor,
            current,
        }
    }
}

/// The sessions of a user.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Sessions)]
pub(crate) struct SessionsView {
    /// Those that go on, the newest first.
    pub(crate) items: Vec<SessionView>,
}

/// A written order to reset an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UserReset, example = json!({"order": "SP/2026/17 of 26 November 2026", "secondFactor": true}))]
pub(crate) struct ResetBody {
    /// The reference by which the written order is found: it is kept for good, so it is nobody's name, and holds no `@`.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) order: String,
    /// Whether the second factor is taken away too.
    #[serde(default)]
    pub(crate) second_factor: bool,
}
