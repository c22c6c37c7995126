//! Second factors as the interface shows them and takes them in.

use ahq_exchange::second_factors::{NewSecondFactor, SecondFactorState};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a second factor stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecondFactor)]
pub(crate) struct SecondFactorView {
    /// Since when a code is asked for; none where there is no second factor.
    since: Option<DateTime<Utc>>,
    /// Whether your account needs one.
    required: bool,
    /// How many recovery codes are left.
    #[schema(minimum = 0, maximum = 10)]
    recovery_codes: i64,
}

impl From<SecondFactorState> for SecondFactorView {
    fn from(state: SecondFactorState) -> Self {
        Self {
            since: state.since,
            required: state.required,
            recovery_codes: state.recovery_codes,
        }
    }
}

/// What an authenticator needs; secrets, shown once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewSecondFactor)]
pub(crate) struct NewSecondFactorView {
    /// The secret in base32, to be typed.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// The same as an address for a QR code.
    #[schema(example = "otpauth://totp/EMN%20ad-hoc%20queries:lu@example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    address: String,
}

impl From<NewSecondFactor> for NewSecondFactorView {
    fn from(new: NewSecondFactor) -> Self {
        Self {
            secret: new.secret,
            address: new.address,
        }
    }
}

/// Codes that each open one session in the place of an authenticator's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecoveryCodes)]
pub(crate) struct RecoveryCodesView {
    /// The codes.
    #[schema(example = json!(["7kqf-2mxp-9dtw-hc3r-0vbn-8sya"]))]
    pub(crate) recovery_codes: Vec<String>,
}

/// The present password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PresentPassword, example = json!({"password": "a sentence is easy to remember"}))]
pub(crate) struct PresentPasswordBody {
    /// The present password.
    #[schema(min_length = 1, max_length = 256)]
    pub(crate) password: String,
}

/// A code.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SecondFactorCode, example = json!({"code": "492039"}))]
pub(crate) struct CodeBody {
    /// The six digits that the authenticator shows now.
    #[schema(min_length = 1, max_length = 20)]
    pub(crate) code: String,
}
