//! What users send about their own account.

use serde::Deserialize;
use utoipa::ToSchema;

/// The address of an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PasswordResetRequest, example = json!({"email": "lu@example.org"}))]
pub(crate) struct ResetAskedBody {
    /// The mail address of the account.
    #[schema(min_length = 1, max_length = 254)]
    pub(crate) email: String,
}

/// The present password and a new one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PasswordChange, example = json!({"password": "a sentence is easy to remember", "newPassword": "another one is too, after a week"}))]
pub(crate) struct NewPasswordBody {
    /// The present password.
    #[schema(min_length = 1, max_length = 256)]
    pub(crate) password: String,
    /// The new password: at least 15 characters, beside a second factor 8.
    #[schema(min_length = 8, max_length = 256)]
    pub(crate) new_password: String,
}

/// The present password and another mail address.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AddressChange, example = json!({"password": "a sentence is easy to remember", "email": "anna.muster@example.org"}))]
pub(crate) struct AddressBody {
    /// The present password.
    #[schema(min_length = 1, max_length = 256)]
    pub(crate) password: String,
    /// The new address.
    #[schema(min_length = 3, max_length = 254)]
    pub(crate) email: String,
}
