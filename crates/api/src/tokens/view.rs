//! Tokens of programs as the interface shows them and takes them in.

use ahq_exchange::tokens::{TokenDetail, TokenInput};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::ScopeWord;

/// A token of a program: a service account of an office, or a token of a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProgramToken)]
pub(crate) struct ProgramTokenView {
    /// Its id.
    id: Uuid,
    /// The office it speaks for.
    #[schema(example = "LU")]
    office: String,
    /// What it is called.
    #[schema(example = "Case management")]
    name: String,
    /// What it may be used for.
    scopes: Vec<ScopeWord>,
    /// What goes into `Authorization: Bearer …`; only in the reply that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// When it was made.
    made_at: DateTime<Utc>,
    /// The name of who made it.
    made_by: String,
    /// The last day it holds.
    last_day: NaiveDate,
    /// Whether that day is over.
    ended: bool,
    /// The day it was used last; none before that.
    used_on: Option<NaiveDate>,
    /// What you may do with it.
    #[schema(example = json!(["revoke"]))]
    actions: Vec<String>,
}

impl ProgramTokenView {
    /// As it stands on a day.
    pub(crate) fn new(detail: TokenDetail, today: NaiveDate) -> Self {
        let TokenDetail {
            token,
            made_by,
            may_revoke,
        } = detail;
        Self {
            id: token.id.0,
            office: token.office.to_string(),
            ended: !token.holds_on(today),
            name: token.name,
            scopes: token.scopes.into_iter().map(Into::into).collect(),
            secret: None,
            made_at: token.made,
            made_by,
            last_day: token.last_day,
            used_on: token.used_on,
            actions: may_revoke.then(|| "revoke".to_owned()).into_iter().collect(),
        }
    }

    /// Its id, for its address.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// With its secret.
    pub(crate) fn with_secret(self, secret: String) -> Self {
        Self {
            secret: Some(secret),
            ..self
        }
    }
}

/// Tokens of programs, the newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProgramTokens)]
pub(crate) struct ProgramTokensView {
    /// The tokens.
    pub(crate) items: Vec<ProgramTokenView>,
}

/// A token to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewProgramToken, example = json!({"name": "Case management", "scopes": ["read", "draft"], "lastDay": "2027-06-30"}))]
pub(crate) struct TokenBody {
    /// What it is called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may be used for.
    #[schema(min_items = 1, max_items = 3)]
    scopes: Vec<ScopeWord>,
    /// The last day it holds: from tomorrow to twelve months ahead.
    last_day: NaiveDate,
}

impl From<TokenBody> for TokenInput {
    fn from(body: TokenBody) -> Self {
        Self {
            name: body.name,
            scopes: body.scopes.into_iter().map(Into::into).collect(),
            last_day: body.last_day,
        }
    }
}
