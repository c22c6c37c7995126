//! Second factors: who needs one, and the recovery codes for when it is lost. How codes are computed is not known here.

use crate::office::OfficeKind;
use crate::user::Role;

/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 10;

/// Whether somebody with this role needs a second factor: in the service provider everybody, in the Commission its
/// coordinators, elsewhere where the office asks for it.
pub fn is_required(kind: OfficeKind, role: Option<Role>, office_asks: bool) -> bool {
    office_asks
        || match kind {
            OfficeKind::ServiceProvider => true,
            OfficeKind::Commission => role == Some(Role::Coordinator),
            OfficeKind::NationalContactPoint => false,
        }
}

/// A recovery code as people type it, cut clean: small letters and digits alone.
pub fn clean_recovery_code(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_needs_one() {
        use OfficeKind::{Commission, NationalContactPoint, ServiceProvider};
        for (kind, role, asks, needed) in [
            (ServiceProvider, Role::Reader, false, true),
            (ServiceProvider, Role::Coordinator, false, true),
            (Commission, Role::Coordinator, false, true),
            (Commission, Role::Expert, false, false),
            (Commission, Role::Expert, true, true),
            (NationalContactPoint, Role::Coordinator, false, false),
            (NationalContactPoint, Role::Reader, true, true),
        ] {
            assert_eq!(is_required(kind, Some(role), asks), needed, "{kind:?} {role:?} {asks}");
        }
    }

    #[test]
    fn recovery_codes_are_read_as_they_are_typed() {
        assert_eq!(clean_recovery_code(" 7KQF-2mxp 9dtw "), "7kqf2mxp9dtw");
    }
}
